"""Pictures: whatever a provider or a teacher gives is shown, or refused by name."""

from __future__ import annotations

import itertools
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_media import noise_picture, picture, saved
from PIL import Image, ImageCms

from vidkit.errors import MediaError
from vidkit.media import Frame, check_picture, fit_picture, open_picture
from vidkit.media.images import frame_picture

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def halves(mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (60, 40), "red")
    image.paste("blue", (30, 0, 60, 40))
    return image.convert(mode)


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that claims a size and has hardly anything in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


KINDS = ["PNG", "JPEG", "WEBP", "GIF", "AVIF", "TIFF", "BMP"]
COLOURS = ["RGB", "L", "P", "RGBA", "CMYK", "1", "LA"]
THERE_IS_NONE = [
    ("JPEG", "P"), ("JPEG", "RGBA"), ("JPEG", "LA"), ("PNG", "CMYK"), ("GIF", "CMYK"),
    ("BMP", "CMYK"), ("BMP", "LA"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "mode"),
    [each for each in itertools.product(KINDS, COLOURS) if each not in THERE_IS_NONE],
)
def test_kinds_and_colours_are_opened(kind: str, mode: str) -> None:
    """Each kind of file and of colour that can be saved comes back as it looks, in RGB."""
    image = halves(mode)
    opened = open_picture(saved(image, kind))
    assert (opened.mode, opened.size) == ("RGB", (60, 40))
    expected = np.asarray(image.convert("RGB"), float)
    assert np.abs(np.asarray(opened, float) - expected).mean() < 8


def test_sixteen_bits_keep_their_greys() -> None:
    """A grey picture of 16 bits is not cut off at 255."""
    values = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    opened = np.asarray(open_picture(saved(Image.fromarray(values))))
    assert np.abs(opened[..., 0].ravel() - np.arange(256)).max() <= 1


def test_fractions_are_white_at_one() -> None:
    """A TIFF of floating-point greys from 0 to 1, as numerical tools save them, is not black."""
    values = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    opened = np.asarray(open_picture(saved(Image.fromarray(values), "TIFF")))
    assert np.abs(opened[..., 0].ravel() - np.arange(256)).max() <= 1


def swapped(profile: bytes = SRGB) -> bytes:
    """A colour profile whose red is blue, and the other way round."""
    return profile.replace(b"rXYZ", b"....").replace(b"bXYZ", b"rXYZ").replace(b"....", b"bXYZ")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_the_colour_profile_of_a_picture_is_followed(mode: str) -> None:
    """A photograph of a phone, or a screen shot, has the colours that a browser gives it."""
    opened = open_picture(saved(halves(mode), icc_profile=swapped()))
    left, right = np.asarray(opened)[20, 10], np.asarray(opened)[20, 50]
    assert (left.argmax(), right.argmax()) == (2, 0)
    assert max(np.sort(left)[1], np.sort(right)[1]) < 16


@pytest.mark.parametrize("profile", [b"rubbish" * 30, swapped()[:300]])
def test_a_profile_that_cannot_be_read_is_passed_over(profile: bytes) -> None:
    """The picture is shown as if it had none."""
    assert open_picture(saved(halves(), icc_profile=profile)).getpixel((10, 20)) == (255, 0, 0)


@pytest.mark.parametrize("kind", ["PDF", "PPM", "ICO", "EPS", "TGA"])
def test_other_kinds_are_refused(kind: str) -> None:
    """Only kinds on the list are opened, whatever else Pillow could read."""
    data = saved(Image.new("RGB", (60, 40)), kind)
    with pytest.raises(MediaError, match="give a PNG, JPEG, WebP, AVIF"):
        open_picture(data, "slide")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "I;16", "CMYK"])
def test_large_picture_is_reduced_without_a_trace(mode: str) -> None:
    """A picture shrunk strip by strip looks like one that was shrunk in one piece."""
    ramp = Image.linear_gradient("L").resize((1300, 900))
    if mode == "I;16":
        image = Image.fromarray(np.asarray(ramp).astype(np.uint16) * 257)
    else:
        image = Image.merge("RGB", [ramp, ramp.rotate(180), ramp]).convert(mode)
    data = saved(image, "JPEG" if mode == "CMYK" else "PNG")
    frame = Frame(size=(96, 64))
    whole = fit_picture(open_picture(data), frame)
    pieces = frame_picture(data, frame)
    assert np.abs(np.asarray(whole, float) - np.asarray(pieces, float)).mean() < 1.5


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "AVIF", "TIFF", "BMP"])
def test_garbled_picture_is_refused_or_shown(kind: str) -> None:
    """Whatever bytes are broken, the answer is a picture or an error that names it."""
    data = saved(noise_picture((40, 30)), kind)
    rng = np.random.default_rng(2)
    for _ in range(60):
        broken = bytearray(data)
        for place in rng.integers(0, len(data), 6):
            broken[place] = int(rng.integers(256))
        try:
            shown = frame_picture(bytes(broken), Frame(size=(32, 32)))
        except MediaError as error:
            assert str(error).startswith("the picture")
        else:
            assert shown.size == (32, 32)


def test_transparency_shows_white() -> None:
    """What is transparent is white, and what is half transparent is half so."""
    image = Image.new("RGBA", (20, 10), (0, 0, 0, 0))
    image.paste((255, 0, 0, 128), (10, 0, 20, 10))
    opened = open_picture(saved(image))
    assert opened.getpixel((2, 2)) == (255, 255, 255)
    assert opened.getpixel((15, 5)) == pytest.approx((255, 127, 127), abs=2)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_stand_upright(orientation: int) -> None:
    """A photograph's EXIF orientation is applied, in both ways of opening it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(halves(), "JPEG", exif=exif.tobytes(), quality=95)
    opened = open_picture(data)
    assert opened.size == ((60, 40) if orientation < 5 else (40, 60))
    left, right, top, bottom = (
        opened.getpixel(at)
        for at in (
            (4, opened.height // 2),
            (opened.width - 5, opened.height // 2),
            (opened.width // 2, 4),
            (opened.width // 2, opened.height - 5),
        )
    )
    red = {1: left, 2: right, 3: right, 4: left, 5: top, 6: top, 7: bottom, 8: bottom}
    assert red[orientation] == pytest.approx((254, 0, 0), abs=12)
    fitted = frame_picture(data, Frame(size=opened.size))
    assert np.abs(np.asarray(fitted, float) - np.asarray(opened, float)).mean() < 2


def test_moving_picture_shows_its_first_frame() -> None:
    """Of an animated GIF the first frame is taken."""
    frames = [Image.new("RGB", (16, 16), name) for name in ("lime", "red", "blue")]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert open_picture(data).getpixel((8, 8)) == (0, 255, 0)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_truncated_picture_is_refused_by_name(kind: str) -> None:
    """Half a file is damage, and the message has the file's name."""
    data = saved(noise_picture((80, 60)), kind)
    for use in (open_picture, check_picture):
        with pytest.raises(MediaError, match=r"images/section_3\.png is damaged"):
            use(data[: len(data) // 2], "images/section_3.png")


@pytest.mark.parametrize(
    "data", [b"", b'{"error": "quota"}', b"<svg xmlns='x'/>", b"\x00" * 99, b"%!PS-Adobe"]
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    """A text, an empty answer or an unknown format is refused, and the mend is told."""
    with pytest.raises(MediaError, match=r"answer is .*; give a PNG, JPEG"):
        check_picture(data, "answer")


def test_missing_picture_is_refused_by_name(tmp_path: Path) -> None:
    """A picture that is not there is named."""
    with pytest.raises(MediaError, match=r"slide\.png is not there"):
        open_picture(tmp_path / "slide.png")


def test_enormous_picture_is_refused_before_it_is_decoded() -> None:
    """A picture of 20,000 x 20,000 pixels is refused from its header, with its size."""
    with pytest.raises(MediaError, match="20000 x 20000"):
        open_picture(png_of_size(20_000, 20_000), "big.png")


def test_wide_picture_is_made() -> None:
    """A picture 20,000 pixels wide is shown whole."""
    wide = Image.new("RGB", (20_000, 300), "teal")
    fitted = frame_picture(saved(wide), Frame(size=(160, 90)))
    assert fitted.getpixel((80, 45)) == (0, 128, 128)


@given(
    size=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    frame=st.tuples(st.integers(8, 80), st.integers(8, 80)),
    fit=st.sampled_from(["contain", "cover"]),
)
@settings(max_examples=60, deadline=None)
def test_fitted_picture_has_the_size_of_the_frame(
    size: tuple[int, int], frame: tuple[int, int], fit: str
) -> None:
    """Whatever its shape, a fitted picture is RGB of exactly the frame's size."""
    wanted = (frame[0] * 2, frame[1] * 2)
    fitted = fit_picture(Image.new("RGB", size, "navy"), Frame(size=wanted, fit=fit))  # type: ignore[arg-type]
    assert (fitted.mode, fitted.size) == ("RGB", wanted)


@pytest.mark.parametrize("fit", ["contain", "cover"])
@pytest.mark.parametrize("size", [(400, 400), (900, 300), (300, 900)])
def test_circles_stay_round(fit: str, size: tuple[int, int]) -> None:
    """A picture is never stretched: a circle in it is as wide as it is high."""
    from PIL import ImageDraw

    image = Image.new("RGB", size, "black")
    middle, radius = (size[0] // 2, size[1] // 2), 100
    ImageDraw.Draw(image).circle(middle, radius, fill="white")
    fitted = fit_picture(image, Frame(size=(640, 360), fit=fit))  # type: ignore[arg-type]
    white = np.asarray(fitted.convert("L")) > 127
    across, down = white.any(0).sum(), white.any(1).sum()
    assert across < 640 and (down == 360 or abs(int(across) - int(down)) <= 2)


def test_free_space_takes_the_colour_of_the_edge() -> None:
    """Beside a square picture the frame has the colour of the picture's own edge."""
    image = Image.new("RGB", (100, 100), (10, 120, 200))
    image.paste("white", (30, 30, 70, 70))
    fitted = fit_picture(image, Frame(size=(320, 180)))
    assert fitted.getpixel((5, 90)) == fitted.getpixel((315, 90)) == (10, 120, 200)
    assert fitted.getpixel((160, 90)) == (255, 255, 255)


def test_picture_from_a_file_and_from_bytes_is_the_same(tmp_path: Path) -> None:
    """A path and the bytes behind it give the same pixels."""
    (tmp_path / "a:b.png").write_bytes(picture(2))
    assert open_picture(tmp_path / "a:b.png") == open_picture(picture(2))
