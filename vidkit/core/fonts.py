"""Text in pictures: how wide it is, cut to its room, and in which font.

Widths are reckoned without a font, a little on the wide side, so that what is laid out for a
browser also fits in a PNG, and the other way round.
"""

from __future__ import annotations

import struct
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont


# Which characters a font has: the bundled one, those that typst brings, those of this machine.


Ranges = tuple[tuple[int, int], ...]
"""First and last code points, in order, without overlap."""

WITH_TYPST: Ranges = (
    # Arrows, mathematics, boxes and shapes: New Computer Modern Math and DejaVu Sans Mono, both
    # part of typst, have these blocks whole; of the pictographs only what is listed.
    (0x2190, 0x22FF),
    (0x2500, 0x25FF),
    (0x2607, 0x262F),
    (0x263D, 0x268B),
    (0x2713, 0x2713),
    (0x2717, 0x2727),
    (0x2729, 0x274B),
    (0x27E8, 0x27E9),
    (0x1D400, 0x1D7FF),
)
_PREFERRED = {
    "ja": ("Noto Sans CJK JP", "Hiragino Sans", "Yu Gothic", "Meiryo"),
    "ko": ("Noto Sans CJK KR", "Apple SD Gothic Neo", "Malgun Gothic"),
    "zh-tw": ("Noto Sans CJK TC", "PingFang TC", "Microsoft JhengHei"),
    "zh-hk": ("Noto Sans CJK HK", "PingFang HK", "Microsoft JhengHei"),
}
_ANYWHERE = (
    "Noto Sans CJK SC",
    "PingFang SC",
    "Microsoft YaHei",
    "Noto Sans Arabic",
    "Noto Naskh Arabic",
    "Geeza Pro",
    "Noto Sans Hebrew",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Noto Color Emoji",
    "Apple Color Emoji",
    "Segoe UI Emoji",
    "DejaVu Sans",
    "Segoe UI",
    "Arial Unicode MS",
)


@dataclass(frozen=True, slots=True)
class Font:
    """A font file of this machine: its family, and its place in the file where that holds many."""

    family: str
    path: str
    index: int = 0


def covers(ranges: Ranges, code: int) -> bool:
    """Whether `code` lies in `ranges`."""
    place = bisect_right(ranges, (code, 0x110000)) - 1
    return place >= 0 and ranges[place][0] <= code <= ranges[place][1]


def uncovered(text: str, ranges: Ranges) -> list[str]:
    """The characters of `text` that no bundled font can show, in order, each once."""
    return [
        sign
        for sign in dict.fromkeys(text)
        if ord(sign) > 0x7E
        and not _is_invisible(sign)
        and not covers(ranges, ord(sign))
        and not covers(WITH_TYPST, ord(sign))
    ]


def choose_fonts(signs: Iterable[str], fonts: Sequence[Font]) -> dict[str, Font]:
    """For each of `signs` the first of `fonts` that has it; signs that none has are left out."""
    found: dict[str, Font] = {}
    left = list(signs)
    for font in fonts:
        if not left:
            break
        ranges = coverage(font.path, font.index)
        found |= {sign: font for sign in left if covers(ranges, ord(sign))}
        left = [sign for sign in left if sign not in found]
    return found


def by_preference(fonts: Iterable[Font], language: str) -> list[Font]:
    """`fonts`: those that suit `language`, those with much in them, then the rest by name."""
    wanted = (*_PREFERRED.get(language.lower(), _PREFERRED.get(language[:2], ())), *_ANYWHERE)
    rank = {family: place for place, family in enumerate(wanted)}
    last = len(wanted)

    def place(font: Font) -> tuple[int, bool, str, str, int]:
        plain = font.family.startswith("Noto Sans")
        return rank.get(font.family, last), not plain, font.family, font.path, font.index

    return sorted(fonts, key=place)


def replaced(text: str, missing: Iterable[str]) -> str:
    """`text` without the signs in `missing`: symbols go, a run of letters becomes "…"."""
    gone = set(missing)
    if not gone:
        return text
    kept: list[str] = []
    for sign in text:
        if sign not in gone:
            kept.append(sign)
        elif unicodedata.category(sign)[0] in "LN" and kept[-1:] != ["…"]:
            kept.append("…")
    return "".join(kept)


@lru_cache(maxsize=1024)
def coverage(path: str, index: int = 0) -> Ranges:
    """The characters of a font file; none where the file cannot be read as a font."""
    try:
        with Path(path).open("rb") as file:
            return _merged(_of_table(file, index))
    except (OSError, struct.error, KeyError):
        return ()


def _of_table(file: BinaryIO, index: int) -> list[tuple[int, int]]:
    """The ranges of the font's best `cmap` (OpenType 1.9, `cmap` formats 4 and 12)."""
    start = 0
    if file.read(4) == b"ttcf":
        start = _unpack(file, ">I", 12 + 4 * index)[0]
    tables = {}
    for i in range(_unpack(file, ">H", start + 4)[0]):
        tag, _, offset, _ = _unpack(file, ">4sIII", start + 12 + 16 * i)
        tables[tag] = offset
    cmap = tables[b"cmap"]
    found: list[tuple[int, int]] = []
    for i in range(_unpack(file, ">H", cmap + 2)[0]):
        offset = cmap + _unpack(file, ">HHI", cmap + 4 + 8 * i)[2]
        kind = _unpack(file, ">H", offset)[0]
        if kind == 12:
            return _groups(file, offset)
        if kind == 4 and not found:
            found = _segments(file, offset)
    return found


def _groups(file: BinaryIO, offset: int) -> list[tuple[int, int]]:
    count = _unpack(file, ">I", offset + 12)[0]
    values = _unpack(file, f">{3 * count}I", offset + 16)
    return list(zip(values[0::3], values[1::3], strict=True))


def _segments(file: BinaryIO, offset: int) -> list[tuple[int, int]]:
    count = _unpack(file, ">H", offset + 6)[0] // 2
    last = _unpack(file, f">{count}H", offset + 14)
    first = _unpack(file, f">{count}H", offset + 16 + 2 * count)
    return [pair for pair in zip(first, last, strict=True) if pair != (0xFFFF, 0xFFFF)]


def _unpack(file: BinaryIO, form: str, offset: int) -> tuple[Any, ...]:
    file.seek(offset)
    return struct.unpack(form, file.read(struct.calcsize(form)))


def _merged(pairs: list[tuple[int, int]]) -> Ranges:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(pairs):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return tuple(merged)


def _is_invisible(sign: str) -> bool:
    """Spaces, joiners and marks that choose how the sign before them looks."""
    return (
        sign in "\u00ad\u200a\u200b\u200c\u200d\u2060"
        or "\ufe00" <= sign <= "\ufe0f"
        or (unicodedata.category(sign) in ("Zs", "Cf"))
    )


FONTS = Path(__file__).parent.parent / "slides" / "fonts"
"""The fonts that come with vidkit."""
_OTHERS = (
    "NotoSansCJK-Regular.ttc",
    "PingFang.ttc",
    "msyh.ttc",
    "Arial Unicode.ttf",
    "DejaVuSans.ttf",
    "arial.ttf",
)
"""Common fonts of other systems, for what the one that comes with vidkit has not."""

_NARROW, _WIDE = frozenset("iljtfrI.,:;'|!()[]/- ·"), frozenset("mwMW@%—…")


def width_of(text: str, size: float) -> float:
    """How many pixels a line of `text` takes, roughly, in letters of `size` pixels."""
    return size * sum(map(_em, text))


@lru_cache(maxsize=4096)
def _em(sign: str) -> float:
    if unicodedata.combining(sign):
        return 0.0
    if unicodedata.east_asian_width(sign) in "WF":
        return 1.0
    if sign in _NARROW:
        return 0.34
    if sign in _WIDE:
        return 0.92
    return 0.68 if sign.isupper() else 0.6


def cut(text: str, size: float, room: float) -> str:
    """`text` as far as it fits into `room` pixels, with "…" where it does not; "" where not even
    a letter does.
    """
    if width_of(text, size) <= room:
        return text
    room -= width_of("…", size)
    for place, sign in enumerate(text):
        room -= size * _em(sign)
        if room < 0:
            return f"{text[:place].rstrip()}…" if place else ""
    return text


def font_for(text: str, size: int) -> FreeTypeFont:
    """The bundled font, or one of this machine where only that has all signs of `text`."""
    signs = set(map(ord, text))
    bundled = _font(str(FONTS / "Inter-Medium.otf"), size)
    assert bundled is not None
    for font in (bundled, *(_font(name, size) for name in _OTHERS)):
        if font and all(covers(coverage(str(font.path), font.index), s) for s in signs):
            return font
    return bundled


@lru_cache(maxsize=128)
def _font(name: str, size: int) -> FreeTypeFont | None:
    from PIL import ImageFont

    try:
        return ImageFont.truetype(name, size)
    except OSError:
        return None
