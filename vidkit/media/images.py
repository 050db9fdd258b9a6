"""Pictures as they come: opened, checked, and fitted to a video's frame."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from PIL import Image, ImageOps
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from ..core.errors import MediaError
from ..core.system import in_forked_child
from ..slides.figures import plain_colours
from .frame import Frame, decoding, unknown

MOST_PIXELS = 200_000_000
"""Larger pictures are refused: one of this size already takes 800 MB to decode."""

LARGE_PIXELS = 25_000_000
"""Pictures from here on are decoded one at a time, whatever number of threads is at work."""

Planes = tuple[NDArray[np.uint8], ...]
"""A frame as its Y, U and V planes; U and V have half the width and height."""

_KINDS: tuple[tuple[bytes, Callable[[BinaryIO], ImageFile], str], ...] = (
    (rb"\x89PNG\r\n\x1a\n", PngImageFile, ".png"),
    (rb"\xff\xd8\xff", JpegImageFile, ".jpg"),
    (rb"GIF8", GifImageFile, ".gif"),
    (rb"(?s)RIFF....WEBP", WebPImageFile, ".webp"),
    (rb"(?s)....ftypavi[fs]", AvifImageFile, ".avif"),
    (rb"II\*\x00|MM\x00\*", TiffImageFile, ".tif"),
    (rb"(?s)BM....\x00{4}", BmpImageFile, ".bmp"),
)
"""The pictures that are opened: how each begins, what decodes it, and its usual suffix. It is this
and not Pillow's search that chooses: that one knows formats which start other programs, and warns
of sizes that are welcome here.
"""
_large = threading.Lock()


@in_forked_child
def _forget() -> None:
    """In a forked child: nobody would ever open a lock that was held."""
    global _large
    _large = threading.Lock()


def open_picture(source: Path | bytes, name: str = "") -> Image.Image:
    """The picture in `source` as RGB, upright, its first frame if it moves.

    Transparency shows white. `name` stands for `source` in messages.
    Raises `MediaError` for what is damaged, too large or no picture.
    """
    with _opened(source, name) as image:
        return _upright(_rgb(image), image)


def jpeg(source: Path | bytes, most: tuple[int, int], quality: int = 82) -> bytes:
    """The picture in `source` as a JPEG of at most so many pixels. Raises as `open_picture`."""
    with _opened(source) as opened:
        opened.draft(None, most)
        image = _upright(_rgb(opened), opened)
    image.thumbnail(most, Image.Resampling.LANCZOS, reducing_gap=2.0)
    file = BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def check_picture(source: Path | bytes, name: str = "") -> None:
    """Decodes the whole picture in `source`. Raises `MediaError` as `open_picture` does."""
    with _opened(source, name) as image:
        image.load()


def frame_picture(source: Path | bytes, frame: Frame) -> Image.Image:
    """`fit_picture(open_picture(source), frame)`, in less memory for a large picture."""
    with _opened(source) as image:
        longest = 2 * max(frame.size)
        image.draft(None, (longest, longest))
        image.load()
        factor = min(image.size) // longest
        whole = factor < 2 or image.mode == "F"
        plain = _rgb(image) if whole else _reduced(image, factor)
        return fit_picture(_upright(plain, image), frame)


def _reduced(image: Image.Image, factor: int) -> Image.Image:
    """`image` as RGB with each side divided by `factor`, strip by strip: a picture of 200
    megapixels is not to be copied whole when its colours are converted."""
    width, height = (-(-side // factor) for side in image.size)
    small = Image.new("RGB", (width, height))
    rows = 64 * factor
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(image.height, top + rows)))
        small.paste(_rgb(strip).reduce(factor), (0, top // factor))
    return small


def fit_picture(image: Image.Image, frame: Frame) -> Image.Image:
    """`image` as RGB of exactly `frame.size` pixels, undistorted.

    With "contain" what the picture leaves free takes the colour of its edges there; with
    "cover" the picture is centred and cut.
    """
    image = image.convert("RGB")
    if image.size == frame.size:
        return image
    if frame.fit == "cover":
        return ImageOps.fit(image, frame.size, Image.Resampling.LANCZOS)
    width, height = frame.size
    scale = min(width / image.width, height / image.height)
    size = (
        min(width, max(1, round(image.width * scale))),
        min(height, max(1, round(image.height * scale))),
    )
    fitted = image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)
    canvas = Image.new("RGB", frame.size, _edge_colour(fitted, sides=size[0] < width))
    canvas.paste(fitted, ((width - size[0]) // 2, (height - size[1]) // 2))
    return canvas


def _edge_colour(image: Image.Image, *, sides: bool) -> tuple[int, int, int]:
    pixels = np.asarray(image)
    edges = (pixels[:, 0], pixels[:, -1]) if sides else (pixels[0], pixels[-1])
    red, green, blue = np.median(np.concatenate(edges), axis=0).round().astype(int).tolist()
    return red, green, blue


def _rgb(image: Image.Image) -> Image.Image:
    plain = plain_colours(image)
    if plain.mode == "RGB":
        return plain
    if plain.getchannel("A").getextrema() == (255, 255):
        return plain.convert("RGB")
    white = Image.new("RGB", plain.size, "white")
    white.paste(plain, mask=plain.getchannel("A"))
    return white


def _upright(image: Image.Image, source: Image.Image) -> Image.Image:
    """`image` turned as the EXIF data of `source`, which it was made of, says."""
    turned = source.getexif().get(_ORIENTATION, 1)
    return image.transpose(_TURNS[turned]) if turned in _TURNS else image


_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What sets a picture upright, by its EXIF orientation (EXIF 2.32, tag 274)."""


@contextmanager
def _opened(source: Path | bytes, name: str = "") -> Iterator[ImageFile]:
    """An image file, undecoded. What goes wrong inside becomes a `MediaError`."""
    name = name or (str(source) if isinstance(source, Path) else "the picture")
    # A damaged file surfaces as OSError, SyntaxError, ValueError, struct.error or zlib.error,
    # depending on where the damage is.
    with (
        decoding(name, "picture", damage=(Exception,)),
        source.open("rb") if isinstance(source, Path) else BytesIO(source) as file,
    ):
        image = _recognised(file, name)
        pixels = image.width * image.height
        if pixels > MOST_PIXELS:
            raise MediaError(
                f"{name} is {image.width} x {image.height} pixels, more than "
                f"{MOST_PIXELS // 1_000_000} million; make it smaller"
            )
        with _large if pixels > LARGE_PIXELS else nullcontext():
            yield image


def picture_suffix(data: bytes) -> str | None:
    """The suffix of a picture file, by its first bytes; None where they are no picture."""
    return next((suffix for begins, _, suffix in _KINDS if re.match(begins, data)), None)


def _recognised(file: BinaryIO, name: str) -> ImageFile:
    start = file.read(16)
    file.seek(0)
    for begins, opened, _ in _KINDS:
        if re.match(begins, start):
            return opened(file)
    found = unknown(start, "picture")
    raise MediaError(f"{name} is {found}; give a PNG, JPEG, WebP, AVIF, GIF, TIFF or BMP picture")


def planes_of(frame: VideoFrame) -> Planes:
    """The planes of a yuv420p frame, without the padding of their rows."""
    return tuple(rows_of(plane) for plane in frame.planes)


def rows_of(plane: Any) -> NDArray[np.uint8]:
    """The pixels of a PyAV plane, shared with it."""
    return np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
