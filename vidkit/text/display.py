"""Text as written → text as it is shown: in captions, titles and chapters, in parts on slides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from . import maths
from .markup import (
    HIDDEN,
    MARKUP,
    MATHS,
    MATHS_END,
    UNSHIELD,
    Claim,
    MappedText,
    rewrite,
    rewrite_once,
    rule,
)

_SPACES = rule("one space", r"\s{2,}|[^\S ]", lambda found: "\n" if "\n" in found.group() else " ")
ZONE = re.compile(f"{MATHS}([^{MATHS}{MATHS_END}]*){MATHS_END}")
_TYPED = re.compile(r"[\^_\\]")


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a text that is shown in one way: "text" or "maths".

    `text` is what is shown of it in plain characters; `node` is the tree of an equation.
    """

    kind: str
    text: str
    node: maths.Node | None = None


def shown(text: str) -> MappedText:
    """`text` without marks, its equations in plain signs ("x²", "V_GS", "√2"), with a map back."""
    return _shown(text)


def plain(text: str) -> str:
    """`shown` as a line of text, for a title, a headline or a chapter."""
    return " ".join(_shown(text).text.split())


def segments(text: str) -> list[Segment]:
    """`text` without marks, in parts: equations apart, so that a slide can typeset them.

    Equations are what the text marks as such, and what is typed as one: "V_G", "x^2", "H_2O".
    """
    bare = rewrite(MappedText.of(text), (*HIDDEN, *MARKUP, *UNSHIELD)).text
    found: list[Segment] = []
    at = 0
    for start, end, node in mathematics(bare):
        if at < start:
            found.append(Segment("text", bare[at:start]))
        found.append(Segment("maths", maths.signs(node), node))
        at = end
    return [*found, Segment("text", bare[at:])] if at < len(bare) else found


_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_MEASURE = re.compile(r"(?<![\w.,])(?=\d[\d.,]*\s?(?:%|°|[A-Za-zµμΩ]))")


def measures_kept(line: str) -> str:
    """A line in which a number keeps its Latin unit on its right side, also where the line runs
    from right to left.
    """
    return _MEASURE.sub("\u200e", line) if _RIGHT_TO_LEFT.search(line) else line


@lru_cache(maxsize=256)
def _shown(text: str) -> MappedText:
    bare = rewrite(MappedText.of(text), (*HIDDEN, *MARKUP, *UNSHIELD))
    return rewrite(rewrite_once(bare, (_signs,)), (_SPACES,))


def _signs(text: str) -> Iterator[Claim]:
    for start, end, node in mathematics(text):
        yield start, end, [(maths.signs(node), start)]


def mathematics(text: str, typed: re.Pattern[str] = _TYPED) -> list[tuple[int, int, maths.Node]]:
    """The equations of a text after `MARKUP` that are marked as such or hold what is `typed`, and
    so would not be shown by plain characters as they are meant.
    """
    zones = [found.span() for found in ZONE.finditer(text)]
    found = [(a, b, maths.read(text[a + 1 : b - 1])) for a, b in zones]
    if typed.search(text):
        for start, end, node in maths.equations(text):
            inside = any(a < end and start < b for a, b in zones)
            if not inside and typed.search(text, start, end):
                found.append((start, end, node))
    return sorted(found, key=lambda each: each[0])
