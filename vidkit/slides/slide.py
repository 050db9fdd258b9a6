"""What a slide shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

Layout = Literal[
    "statement",
    "points",
    "cards",
    "compare",
    "steps",
    "layers",
    "timeline",
    "equation",
    "code",
    "parts",
    "curve",
]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)


@dataclass(frozen=True, slots=True)
class Entry:
    """A card, a step, a layer, a part or an event: its name, and in a few words what it is."""

    name: str
    gloss: str = ""


@dataclass(frozen=True, slots=True)
class Slide:
    """One slide: its layout and why it was chosen, and what stands on it.

    `points` are statements, `entries` the boxes of the figure in order, `terms` the words to
    embolden in points. `language` is a tag such as "en".
    """

    layout: Layout
    why: str
    headline: str
    points: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    terms: tuple[str, ...] = ()
    language: str = "en"

    def lighter(self) -> Slide | None:
        """The slide with a little less on it, None where nothing is left to leave out."""
        if self.entries and any(entry.gloss for entry in self.entries) and len(self.entries) > 4:
            return replace(self, entries=tuple(Entry(entry.name) for entry in self.entries))
        if len(self.points) > (0 if self.layout not in ("points", "statement") else 1):
            return replace(self, points=self.points[:-1])
        if len(self.entries) > 2:
            return replace(self, entries=self.entries[:-1])
        return None


def entries_of(names: Sequence[str], glosses: dict[str, str]) -> tuple[Entry, ...]:
    """An entry for each of `names`, with its gloss where there is one."""
    return tuple(Entry(name, glosses.get(name, "")) for name in names)
