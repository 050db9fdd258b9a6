"""Drawings of emoji that come with the package: a slide has them whatever fonts there are."""

from __future__ import annotations

import json
import lzma
import re
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "emoji" / "fluent.json.xz"
_VARIATION = "\ufe0f"
_ONE = (
    "[\U0001f000-\U0001f0ff\U0001f10d-\U0001f1ff\U0001f200-\U0001faff\u203c\u2049\u2122\u2139"
    "\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b55\u3030"
    "\u303d\u3297\u3299\u00a9\u00ae]"
)
EMOJI = re.compile(
    rf"(?:{_ONE}|[0-9#*](?=\ufe0f?\u20e3))[\ufe0f\u20e3\U0001f3fb-\U0001f3ff]*(?:\u200d{_ONE}[\ufe0f\U0001f3fb-\U0001f3ff]*)*"
)
"""An emoji with all that belongs to it: variation, skin tone, what a joiner adds."""

_COLOURED = frozenset(
    "⌚⌛⏩⏪⏫⏬⏰⏳◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿⬛⬜⭐⭕"
)
"""Signs below U+1F000 that are drawings by themselves; others become one by U+FE0F."""

_TONES = re.compile("[\U0001f3fb-\U0001f3ff]")


def svg(emoji: str) -> str | None:
    """The drawing of `emoji` as an SVG, without its skin tone; None where there is none."""
    body = _drawings().get(_TONES.sub("", emoji).replace(_VARIATION, ""))
    if body is None:
        return None
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">{body}</svg>'


def is_drawn(emoji: str) -> bool:
    """Whether `emoji` inside a text is meant as a drawing, and there is one: "☀️" is, "©" is not."""
    meant = _VARIATION in emoji or ord(emoji[0]) >= 0x1F000 or emoji[0] in _COLOURED
    return meant and svg(emoji) is not None


def without(text: str) -> str:
    """`text` without the emoji that are drawn."""
    return EMOJI.sub(lambda match: "" if svg(match[0]) else match[0], text)


def leading(text: str) -> tuple[str, str]:
    """The emoji that `text` opens with, "" where there is no drawing of one, and the rest."""
    found = EMOJI.match(text.lstrip())
    if not found or svg(found[0]) is None:
        return "", text
    return found[0], text.lstrip()[found.end() :].lstrip()


@cache
def _drawings() -> dict[str, str]:
    """The inside of each drawing, 32 by 32, by its emoji without U+FE0F."""
    found: dict[str, str] = json.loads(lzma.decompress(_FILE.read_bytes()))
    return found
