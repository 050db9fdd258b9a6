"""What a slide shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .figures import Edge, Entry, Figure, Item, beside_items

Layout = str
"""The name of a layout: a row of `layouts.KINDS`."""

MOST_LINES = 24
MOST_COLUMNS = 96
"""Lines and columns of code that can still be read on a slide."""
MOST_POINTS = 16
"""Points of a section, on two slides."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an item stands: a `box` (left, top, right, bottom) in pixels; with a `path`, points
    (x, y), only what lies within `width` pixels of that line and has the colour `ink`, or what the
    line encloses where it has no width.
    """

    box: tuple[int, int, int, int]
    path: tuple[tuple[float, float], ...] = ()
    width: float = 0.0
    ink: str = ""


@dataclass(frozen=True, slots=True)
class Region:
    """An item of a finished picture, and the spots that it takes, on the `page` from 0."""

    item: Item
    spots: tuple[Spot, ...]
    page: int = 0


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison."""

    name: str
    points: tuple[str, ...] = ()


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

    `points` are statements, `entries` the boxes of the figure in order, `loop` the way back from
    one to another, `terms` the words to embolden in points; `output` is what `code` prints;
    `labels` stand in a row at the foot; `axes` are the names of x and y. `arrow` says that one side
    of a comparison becomes the other. `scenes` are labels of the description, in lower case, each
    with the words around it. `language` is a tag such as "en". `headline_why` says where the
    headline is from; `notes` are sentences for the person who looks. `before` are the steps on the
    slide before this one.
    """

    layout: Layout
    why: str
    headline: str
    points: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    sides: tuple[Side, ...] = ()
    arrow: bool = False
    loop: Edge | None = None
    equations: tuple[str, ...] = ()
    code: str = ""
    code_language: str = ""
    output: str = ""
    axes: tuple[str, str] = ("", "")
    curves: tuple[Curve, ...] = ()
    figure: Figure | None = None
    labels: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    scenes: tuple[tuple[str, str], ...] = ()
    language: str = "en"
    headline_why: str = ""
    notes: tuple[str, ...] = ()
    before: int = 0

    def items(self) -> list[Item]:
        """What appears on its own, in the order of reading."""
        turn = self.layout in ("steps", "timeline")
        found = [
            Item(f"entry.{i}", e.name, e.gloss, ordered=turn) for i, e in enumerate(self.entries)
        ]
        if self.loop:
            ends = (f"entry.{self.loop.start}", f"entry.{self.loop.end}")
            found.append(Item("loop.0", "", after=ends))
        for i, side in enumerate(self.sides):
            points = tuple(f"sidepoint.{i}.{j}" for j in range(len(side.points)))
            found.append(Item(f"side.{i}", side.name, " ".join(side.points[:1])))
            texts = zip(points, side.points, strict=True)
            found += [Item(key, point, ordered=True) for key, point in texts]
        found += [
            Item(f"equation.{i}", text, ordered=True) for i, text in enumerate(self.equations)
        ]
        found += [Item(f"curve.{i}", c.name) for i, c in enumerate(self.curves) if c.name]
        found += self.figure.items() if self.figure else []
        found += [Item(f"chip.{i}", label) for i, label in enumerate(self.labels)]
        lines = enumerate(self.points)
        found += [Item(f"point.{i}", point, ordered=True) for i, point in lines]
        scenes = dict(self.scenes)
        return [replace(item, scene=scenes.get(item.text.casefold(), "")) for item in found]

    def texts(self) -> list[str]:
        """All that is written on it."""
        found = [
            self.headline,
            self.code,
            self.output,
            *self.axes,
            self.loop.label if self.loop else "",
        ]
        if self.figure:
            found += beside_items(self.figure)
        for item in self.items():
            found += [item.text, item.gloss]
        return [text for text in found if text]

    def halves(self) -> tuple[Slide, Slide] | None:
        """Two slides for one that is too full; None where it is not made of what can be parted."""
        boxes, lines = -(-len(self.entries) // 2), -(-len(self.points) // 2)
        alone = len(self.entries) == 3 and self.points and not self.entries[-1].gloss
        if boxes > 1 and not self.loop and not alone and self.layout != "layers":
            first = replace(self, entries=self.entries[:boxes])
            rest = self.entries[boxes:]
            return first, replace(self, entries=rest, points=(), labels=(), before=boxes)
        if lines > 2 and self.layout == "points":
            first = replace(self, points=self.points[:lines])
            return first, replace(self, points=self.points[lines:], labels=())
        return None

    def lighter(self) -> Slide | None:
        """The slide with a little less on it, None where nothing is left to leave out."""
        least = 1 if self.layout == "points" else 0
        longest = max((len(side.points) for side in self.sides), default=0)
        if len(self.points) > least:
            return replace(self, points=self.points[:-1])
        if self.layout != "timeline" and any(entry.gloss for entry in self.entries):
            return replace(self, entries=tuple(replace(e, gloss="") for e in self.entries))
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
        if self.figure is not None or self.layout in ("points", "statement"):
            return None  # what a lesson declares is checked to fit, and not left out
        names = tuple(entry.name for entry in self.entries) or tuple(s.name for s in self.sides)
        return Slide("points", self.why, self.headline, names, language=self.language)
