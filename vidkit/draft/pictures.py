"""Pictures of a source: those in the file itself and those beside it. Nothing is fetched."""

from __future__ import annotations

import base64
import binascii
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from ..core.errors import MediaError
from ..core.paths import open_unlinked
from .blocks import Picture

LARGEST_PICTURE = 50_000_000
"""Bytes of one picture that are read."""

SMALLEST_SIDE = 32
"""Pixels: smaller ones are icons and spacers, and no figures."""

SVG_PIXELS = 1600
"""Pixels of a drawing's longer side."""

_SUFFIXES = ((b"\x89PNG", ".png"), (b"\xff\xd8\xff", ".jpg"), (b"GIF8", ".gif"), (b"RIFF", ".webp"))
_DATA = re.compile(r"data:image/[\w.+-]+(?:;[\w=.-]+)*?(;base64)?,", re.I)
_LINKED = re.compile(rb"<(?:\w+:)?image\b(?![^>]*href\s*=\s*[\"']\s*data:)[^>]*>(?:\s*</[\w:]+>)?")
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]+:|//)", re.I)


class NoPicture(Exception):
    """A picture that cannot be shown; the text says why."""


def picture_of(data: bytes) -> Picture:
    """The picture in `data`: PNG, JPEG, GIF, WebP, or a drawing in SVG, which is set as PNG.

    Raises `NoPicture` for what is none, damaged, or no larger than an icon.
    """
    from ..media.images import open_picture

    if len(data) > LARGEST_PICTURE:
        raise NoPicture(f"it has {len(data) // 1_000_000} MB")
    if _is_svg(data):
        data = png_of_svg(data)
    try:
        width, height = open_picture(data).size
    except MediaError as error:
        raise NoPicture(str(error)) from None
    if min(width, height) < SMALLEST_SIDE:
        raise NoPicture(f"it is only {width} x {height} pixels")
    suffix = next(suffix for start, suffix in _SUFFIXES if data.startswith(start))
    return Picture(data, suffix)


def picture_at(
    address: str,
    folder: Path | None,
    attached: Mapping[str, Mapping[str, object]] | None = None,
    beside: Path | None = None,
) -> Picture:
    """The picture that a text names by `address`: within the text, attached to it, or a file
    inside `folder`, that of the source; `beside` is the folder of the text where it is another.
    Raises `NoPicture`, for those of the network always.
    """
    address = address.strip().strip("<>")
    if inline := _DATA.match(address):
        rest = unquote(address[inline.end() :])
        return picture_of(from_base64(rest) if inline[1] else rest.encode())
    if address.startswith("attachment:"):
        kinds = (attached or {}).get(unquote(address.removeprefix("attachment:")), {})
        for value in kinds.values() if isinstance(kinds, Mapping) else ():
            return picture_of(from_base64(value))
        raise NoPicture("nothing of this name is attached")
    if _ADDRESS.match(address) and not re.match(r"[a-z]:[\\/]", address, re.I):
        raise NoPicture("it is not on this machine, and nothing is fetched")
    return picture_of(file_inside(unquote(re.split(r"[?#]", address)[0]), folder, beside))


def from_base64(value: object) -> bytes:
    """The bytes that a text, or a list of its lines, holds as base64. Raises `NoPicture`."""
    text = "".join(map(str, value)) if isinstance(value, list) else str(value)
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        raise NoPicture("its data is damaged") from None


def file_inside(name: str, folder: Path | None, beside: Path | None = None) -> bytes:
    """The content of a file inside `folder`; a link that leads outside is not followed. Raises
    `NoPicture`.
    """
    if folder is None:
        raise NoPicture("there is no folder to look for it")
    try:
        return read_inside(path_inside(name, folder, beside), LARGEST_PICTURE)
    except (OSError, ValueError, RuntimeError) as error:
        raise NoPicture(f"it cannot be read ({error})") from None


def path_inside(name: str, folder: Path, beside: Path | None = None) -> Path:
    """The file `name` inside `folder`. A bare name, and one from the root of a site, may also be
    that of a file in a folder of it, as Obsidian and Slidev have it. Raises `NoPicture`.
    """
    root = folder.resolve()
    path = ((beside or folder) / name).resolve()
    if path.is_relative_to(root) and path.is_file():
        return path
    if name.startswith("/") or not re.search(r"[/\\]", name):
        below = (each for each in sorted(root.iterdir()) if each.is_dir())
        for each in (root, *below):
            found = (each / name.lstrip("/")).resolve()
            if found.is_relative_to(root) and found.is_file():
                return found
    inside = path.is_relative_to(root) or name.startswith("/")
    raise NoPicture("there is no such file" if inside else "it is outside the folder of the source")


def read_inside(path: Path, most: int) -> bytes:
    """The content of a file that `path_inside` gave, of at most so many bytes; no link has come in
    between. Raises `NoPicture` and `OSError`.
    """
    with open_unlinked(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise NoPicture(f"it has {size // 1_000_000} MB")
        return file.read(most)


def _is_svg(data: bytes) -> bool:
    start = data[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<svg", b"<?xml", b"<!doctype svg", b"<!--")) and b"<svg" in data


def png_of_svg(data: bytes) -> bytes:
    """A drawing as PNG on white. It is set by typst in an empty folder: scripts do not run, and
    pictures that are not in it, but in a file or at an address, are left out. Raises `NoPicture`.
    """
    import typst

    page = f"""
        #set page(width: auto, height: auto, margin: 0pt, fill: white)
        #context {{
            let size = measure(image("drawing.svg"))
            let longest = calc.max(size.width, size.height, 1pt)
            image("drawing.svg", width: size.width / longest * {SVG_PIXELS / 2}pt)
        }}"""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "drawing.svg").write_bytes(_LINKED.sub(b"", data))
        Path(folder, "page.typ").write_text(page, "utf-8")
        try:
            drawn = typst.compile(str(Path(folder, "page.typ")), root=folder, format="png", ppi=144)
        except RuntimeError as error:
            first = str(error).splitlines()[0]
            raise NoPicture(f"the drawing cannot be set ({first})") from None
    if not isinstance(drawn, bytes):
        raise NoPicture("the drawing has no size")
    return drawn
