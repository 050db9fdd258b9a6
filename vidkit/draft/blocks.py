"""What a source holds, in its own order, whatever kind of file it is; and the pictures in it.

Readers (`notebook`, `markdown`, `deck`, `pages`) give a `Source`; `sections` makes the sections of
a lesson from it. Pictures are those in the file itself and those beside it: nothing is fetched.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ..core.errors import MediaError
from ..core.paths import open_unlinked


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of `level` (1 is the highest)."""

    text: str
    level: int
    where: str


@dataclass(frozen=True, slots=True)
class Said:
    """Words to be said: one paragraph. `quiet` ones are for the ear alone, and never shown."""

    text: str
    where: str
    quiet: bool = False


FIGURE: Mapping[str, Any] = {"layout": "picture"}
"""The slide of a figure: under its headline, and whole."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The bytes of a picture that was decoded once, and its suffix such as ".png"."""

    data: bytes
    suffix: str


@dataclass(frozen=True, slots=True)
class Shown:
    """Something to be shown, as a wish for a slide (`slide` of a section) or a picture.

    words: its own words, such as the items of a list, the comments of a program, the words
    that stand for a picture. title: its own heading. must: whether it has to be shown even
    where nothing is said of it.
    """

    where: str
    wish: Mapping[str, Any] = field(default_factory=dict)
    picture: Picture | None = None
    words: str = ""
    title: str = ""
    must: bool = False

    @property
    def kind(self) -> str:
        """ "picture", or the layout of the slide."""
        return "picture" if self.picture else str(self.wish.get("layout", ""))


@dataclass(frozen=True, slots=True)
class Notes:
    """What the speaker of a slide has to say: it takes the place of what stands on the slide."""

    text: str
    where: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A new slide begins here."""

    where: str


Block = Heading | Said | Shown | Notes | Turn


@dataclass
class Source:
    """What one file holds. `notes` are sentences for the person: what was left out, and why; a
    `deck` holds slides, each of which is something to see.
    """

    name: str
    blocks: list[Block] = field(default_factory=list)
    title: str = ""
    language: str = ""
    deck: bool = False
    notes: list[str] = field(default_factory=list)


GOES_ON = re.compile(
    r"\b(?:a|an|the|and|or|of|from|to|in|on|for|with|by|at|as|than|that|between|into|is|are|our|"
    r"und|oder|der|die|das|von|mit|für|et|ou|de|la|le|les|des|du|el|los|las|con|para)$"
)
"""A word that seldom ends a sentence: something follows it."""


def with_stops(lines: Sequence[str]) -> list[str]:
    """Lines of running text, those that were ended on purpose with a full stop: the next begins
    with a capital, and would have had room for its first word.
    """
    widest = max(map(len, lines), default=0)
    found = list(lines)
    for at, (line, following) in enumerate(pairwise(lines)):
        first = following.split(" ", 1)[0]
        roomy = len(line) + 1 + len(first) <= widest and not GOES_ON.search(line)
        if roomy and first[:1].isupper() and re.search(r"\w[)\]'\"”»*`]*$", line):
            found[at] = f"{line}."
    return found


def points(items: list[str], where: str, *, ordered: bool = False) -> list[Block]:
    """Lines as points, in parts that a slide can hold; a few short ones in order as steps."""
    if not items:
        return []
    short = all(len(item) <= 48 for item in items) and 2 <= len(items) <= 5
    layout = "steps" if ordered and short else "points"
    parts = [items] if layout == "steps" else _parted(items)
    words = [" ".join(sentence(item) for item in part) for part in parts]
    return [
        Shown(where, {"layout": layout, "points": part}, words=text)
        for part, text in zip(parts, words, strict=True)
    ]


def _parted(items: list[str]) -> list[list[str]]:
    """A long list in parts that one slide can hold, of a like length: at most 6 points and 420
    characters.
    """
    fair = -(-len(items) // -(-len(items) // 6))
    parts: list[list[str]] = [[]]
    for item in items:
        if parts[-1] and (len(parts[-1]) == fair or sum(map(len, parts[-1])) + len(item) > 420):
            parts.append([])
        parts[-1].append(item)
    return parts


def sentence(text: str) -> str:
    """`text` with a stop at its end, if it has none of any kind."""
    ended = text.endswith((".", "!", "?", ":", ";", ",", "…", "。"))
    # only what joins it to the next point: "Turn it on" ends with one of `GOES_ON`, and is whole
    return text if ended or re.search(r"[ ,](?:and|or|und|oder|et|ou)$", text) else f"{text}."


# Pictures.

LARGEST_PICTURE = 50_000_000
"""Bytes of one picture that are read."""

SMALLEST_SIDE = 32
"""Pixels: smaller ones are icons and spacers, and no figures."""

SVG_PIXELS = 1600
"""Pixels of a drawing's longer side."""

_DATA = re.compile(r"data:image/[\w.+-]+(?:;[\w=.-]+)*?(;base64)?,", re.I)
_LINKED = re.compile(rb"<(?:\w+:)?image\b(?![^>]*href\s*=\s*[\"']\s*data:)[^>]*>(?:\s*</[\w:]+>)?")
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]+:|//)", re.I)


class NoPicture(Exception):
    """A picture that cannot be shown; the text says why."""


def picture_of(data: bytes) -> Picture:
    """The picture in `data`: of a kind that vidkit opens, or a drawing in SVG, which is set as PNG.

    Raises `NoPicture` for what is none, damaged, or no larger than an icon.
    """
    from ..media.images import open_picture, picture_suffix

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
    return Picture(data, picture_suffix(data) or ".png")


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
