"""Text in pictures: how wide it is, cut to its room, and in which font.

Widths are reckoned without a font, a little on the wide side, so that what is laid out for a
browser also fits in a PNG, and the other way round.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from .slides import glyphs

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

Weight = Literal["Regular", "Medium", "SemiBold"]

_BUNDLED = Path(__file__).parent / "slides" / "fonts"
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


def font_for(text: str, size: int, weight: Weight = "Medium") -> FreeTypeFont:
    """The bundled font, or one of this machine where only that has all signs of `text`."""
    signs = set(map(ord, text))
    bundled = _font(str(_BUNDLED / f"Inter-{weight}.otf"), size)
    assert bundled is not None
    for font in (bundled, *(_font(name, size) for name in _OTHERS)):
        if font and all(glyphs.has(glyphs.of_file(str(font.path), font.index), s) for s in signs):
            return font
    return bundled


@lru_cache(maxsize=128)
def _font(name: str, size: int) -> FreeTypeFont | None:
    from PIL import ImageFont

    try:
        return ImageFont.truetype(name, size)
    except OSError:
        return None
