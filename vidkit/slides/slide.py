"""What a slide shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from .figures import Figure, Item, beside_items

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
    "chart",
    "diagram",
    "table",
    "talk",
    "quote",
    "question",
    "hero",
    "picture",
]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)


@dataclass(frozen=True, slots=True)
class Kind:
    """A layout as people are told of it: what it is for, and an example of a section's `slide` that
    gives it ("picture" stands beside the section's `image`). `boxes`: its points become boxes with
    a name and a gloss; `drawn`: it shows more than text.
    """

    about: str
    example: Mapping[str, Any]
    boxes: bool = False
    drawn: bool = False


KINDS: Mapping[Layout, Kind] = {
    "statement": Kind(
        "one sentence in large",
        {"layout": "statement", "points": ["A rainbow is light, not a thing"]},
    ),
    "points": Kind(
        "a headline and two to five points",
        {"layout": "points", "points": ["Light bends", "Light bounces back"]},
    ),
    "cards": Kind(
        "two to nine things side by side, each with a name and what it is",
        {
            "layout": "cards",
            "points": ["☀️ Sunlight: from behind you", "🌧️ Raindrops: in front of you"],
        },
        boxes=True,
    ),
    "compare": Kind(
        "two sides, each with its points; a name twice for its second point",
        {
            "layout": "compare",
            "points": ["Aristotle: heavy things fall faster", "Galileo: all things fall alike"],
        },
    ),
    "steps": Kind(
        "what follows one another",
        {"layout": "steps", "points": ["🥣 Mix", "🔥 Bake", "❄️ Cool"]},
        boxes=True,
    ),
    "layers": Kind(
        "what lies on one another, the top first",
        {"layout": "layers", "points": ["Crust: thin", "Mantle: hot rock", "Core: iron"]},
        boxes=True,
    ),
    "timeline": Kind(
        "events with their hours, days, years or eras",
        {
            "layout": "timeline",
            "points": ["1638: Galileo publishes his law", "1687: Newton explains it"],
        },
        boxes=True,
        drawn=True,
    ),
    "equation": Kind(
        "one to six equations, aligned; the last of three or more is the conclusion",
        {"equation": ["F = m * g", "F = m * a", "a = g"]},
        drawn=True,
    ),
    "code": Kind(
        "a program",
        {"code": "for n in range(3):\n    print(n)", "lang": "python"},
        drawn=True,
    ),
    "parts": Kind(
        "names in boxes, beside what is said of them",
        {"layout": "parts", "points": ["Sun", "Observer", "Raindrops"]},
        boxes=True,
    ),
    "curve": Kind(
        "a sketch without numbers; for numbers use a chart",
        {
            "layout": "curve",
            "points": ["x: Time", "y: Speed", "Falling body: rises steadily"],
        },
        drawn=True,
    ),
    "chart": Kind(
        "bars, or lines over two axes with numbers",
        {
            "chart": {
                "bars": {"Oceans": 97, "Ice": 2, "The rest": 1},
                "unit": "%",
                "strong": "Oceans",
            }
        },
        drawn=True,
    ),
    "diagram": Kind(
        "boxes and arrows, as a flow or a ring",
        {
            "diagram": {
                "edges": ["Sun -> Sea: heat", "Sea -> Cloud: vapour", "Cloud -> Sea: rain"],
                "icons": {"Sun": "☀️", "Sea": "🌊", "Cloud": "☁️"},
            }
        },
        drawn=True,
    ),
    "table": Kind(
        "rows and columns; ! marks a cell, *…* stresses a part of it",
        {
            "table": [
                ["", "singular", "plural"],
                ["1st", "qu*ie*ro", "queremos"],
                ["2nd", "qu*ie*res", "queréis"],
            ]
        },
        drawn=True,
    ),
    "talk": Kind(
        "what speakers say to each other",
        {"talk": ["Luis: ¿Qué desea?", "Ana: Un café, por favor."]},
    ),
    "quote": Kind(
        "somebody's words",
        {
            "quote": "If I have seen further, it is by standing on the shoulders of giants.",
            "by": "Isaac Newton, 1675",
        },
    ),
    "question": Kind(
        "a question; the answer is held back until it is said",
        {
            "question": "Which one lands first?",
            "choices": ["The heavy ball", "The light ball", "Both at once"],
            "answer": "Both at once",
        },
    ),
    "hero": Kind(
        "one large emoji beside the headline, with a line or a few points",
        {"hero": "🌈", "line": "Where does a rainbow end?"},
        drawn=True,
    ),
    "picture": Kind(
        "the section's own image with labels; at counts from 0 to 1, from the top left",
        {"layout": "picture", "labels": [{"at": [0.4, 0.5], "text": "Nucleus"}]},
        drawn=True,
    ),
}
"""The layouts, in the order in which people are told of them."""

MOST_LINES = 24
MOST_COLUMNS = 96
"""Lines and columns of code that can still be read on a slide."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an item stands: a `box` (left, top, right, bottom) in pixels; with a `path`, points
    (x, y), only what lies within `width` pixels of that line and has the colour `ink`.
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
class Entry:
    """A card, a step, a layer, a part or an event: its name, and in a few words what it is; `icon`
    is an emoji.
    """

    name: str
    gloss: str = ""
    icon: str = ""


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
    embolden in points; `output` is what `code` prints; `labels` stand in a row at the foot; `axes`
    are the names of x and y. `arrow` says that one side of a comparison becomes the other.
    `scenes` are labels of the description, in lower case, each with the words around it.
    `language` is a tag such as "en". `headline_why` says where the headline is from; `notes` are
    sentences for the person who looks. `before` are the steps on the slide before this one.
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
