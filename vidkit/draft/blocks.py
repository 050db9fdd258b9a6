"""What a source holds, in its own order, whatever kind of file it is.

Readers (`notebook`, `markdown`, `powerpoint`, `pdf`) give a `Source`; `sections` makes the
sections of a lesson from it. Nothing here is read from a disk or a network.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any


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


def with_stops(lines: Sequence[str]) -> list[str]:
    """Lines of running text, those that were ended on purpose with a full stop: the next begins
    with a capital, and would have had room for its first word.
    """
    widest = max(map(len, lines), default=0)
    found = list(lines)
    for at, (line, following) in enumerate(pairwise(lines)):
        first = following.split(" ", 1)[0]
        roomy = len(line) + 1 + len(first) <= widest
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
    return text if text.endswith((".", "!", "?", ":", ";", ",", "…", "。")) else f"{text}."
