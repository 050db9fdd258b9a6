"""What a slide shows."""

from __future__ import annotations

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

MOST_LINES = 24
MOST_COLUMNS = 96
"""Lines and columns of code that can still be read on a slide."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A card, a step, a layer, a part or an event: its name, and in a few words what it is."""

    name: str
    gloss: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison."""

    name: str
    points: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Loop:
    """The way from step `start` back to step `end`, counted from 0, with the words on it."""

    start: int
    end: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve of a sketch: its name, its `shape` (see `vidkit.slides.shapes`), and how high it
    gets, from 0 to 1 of the axis.
    """

    shape: str
    name: str = ""
    height: float = 0.86


@dataclass(frozen=True, slots=True)
class Slide:
    """One slide: its layout and why it was chosen, and what stands on it.

    `points` are statements, `entries` the boxes of the figure in order, `terms` the words to
    embolden in points; `axes` are the names of x and y. `arrow` says that one side of a comparison
    becomes the other. `language` is a tag such as "en". `headline_why` says where the headline is
    from; `notes` are sentences for the person who looks.
    """

    layout: Layout
    why: str
    headline: str
    points: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    sides: tuple[Side, ...] = ()
    arrow: bool = False
    loop: Loop | None = None
    equations: tuple[str, ...] = ()
    code: str = ""
    code_language: str = ""
    axes: tuple[str, str] = ("", "")
    curves: tuple[Curve, ...] = ()
    terms: tuple[str, ...] = ()
    language: str = "en"
    headline_why: str = ""
    notes: tuple[str, ...] = ()

    def lighter(self) -> Slide | None:
        """The slide with a little less on it, None where nothing is left to leave out."""
        least = 1 if self.layout == "points" else 0
        longest = max((len(side.points) for side in self.sides), default=0)
        if len(self.points) > least:
            return replace(self, points=self.points[:-1])
        if self.layout != "timeline" and any(entry.gloss for entry in self.entries):
            return replace(self, entries=tuple(Entry(entry.name) for entry in self.entries))
        if len(self.entries) > 2:
            last = len(self.entries) - 2
            kept = self.loop if self.loop and max(self.loop.start, self.loop.end) <= last else None
            return replace(self, entries=self.entries[:-1], loop=kept)
        if longest > 1:
            sides = tuple(Side(side.name, side.points[: longest - 1]) for side in self.sides)
            return replace(self, sides=sides)
        if len(self.equations) > 1:
            return replace(self, equations=self.equations[:-1])
        lines = self.code.split("\n")
        if len(lines) > 4:
            return replace(self, code="\n".join(lines[:-2]))
        if self.layout not in ("points", "statement"):
            names = tuple(entry.name for entry in self.entries) or tuple(s.name for s in self.sides)
            return Slide("points", self.why, self.headline, names, language=self.language)
        return None
