"""A picture as shapes at their places, in pixels, ready to be drawn, and the colours of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

Role = Literal[
    "paper", "track", "line", "ink", "quiet", "on",
    "lesson", "image", "audio", "clip", "join", "failed", "gone",
    "lesson-soft", "image-soft", "audio-soft", "clip-soft", "join-soft", "failed-soft",
    "kept", "refused", "pause", "now",
]  # fmt: skip
"""What a colour says. `on` is for text on a bar; `-soft` is for what waits; `gone` for what was
cancelled; `kept` for what came from the store; `refused` is a 429."""

HUES = ("lesson", "image", "audio", "clip", "join", "failed")

LIGHT: dict[Role, str] = {
    "paper": "#ffffff",
    "track": "#f4f5f6",
    "line": "#e1e4e8",
    "ink": "#24292f",
    "quiet": "#616161",
    "on": "#ffffff",
    "lesson": "#5b6672",
    "image": "#2c6cb0",
    "audio": "#a8560c",
    "clip": "#2a7a4b",
    "join": "#7153a8",
    "failed": "#b3261e",
    "gone": "#8b949e",
    "lesson-soft": "#d3d7db",
    "image-soft": "#c3d6ea",
    "audio-soft": "#eed3b8",
    "clip-soft": "#bfdccb",
    "join-soft": "#d6cce8",
    "failed-soft": "#f2c9c6",
    "kept": "#6b7480",
    "refused": "#b3261e",
    "pause": "#f0d48a",
    "now": "#57606a",
}
"""On white. The full hues bear white text, at a contrast of 4.5 or more (WCAG 2, level AA)."""

DARK: dict[Role, str] = {
    "paper": "#1c1e21",
    "track": "#26292d",
    "line": "#373b41",
    "ink": "#e6e8eb",
    "quiet": "#bdbdbd",
    "on": "#14171a",
    "lesson": "#a9b3be",
    "image": "#7fb4ee",
    "audio": "#eba868",
    "clip": "#76c795",
    "join": "#bda5f0",
    "failed": "#ff9a92",
    "gone": "#78818a",
    "lesson-soft": "#454b52",
    "image-soft": "#34495f",
    "audio-soft": "#5b4733",
    "clip-soft": "#335042",
    "join-soft": "#4a4363",
    "failed-soft": "#61403e",
    "kept": "#a3acb6",
    "refused": "#ff9a92",
    "pause": "#6b5823",
    "now": "#98a1ab",
}
"""On a dark ground; the hues bear dark text."""

SMALL, TINY = 11, 10

SignKind = Literal["diamond", "cross", "up", "down", "dot", "hold"]
Layer = Literal[0, 1, 2, 3]
"""Grounds, the grid, bars, and what stands before them."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with corners of `radius`."""

    x: float
    y: float
    width: float
    height: float
    fill: Role
    radius: float = 2.0


@dataclass(frozen=True, slots=True)
class Line:
    """A thin line, straight down or across."""

    x: float
    y: float
    to_x: float
    to_y: float
    colour: Role
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text, the middle of its height at `y`."""

    x: float
    y: float
    text: str
    colour: Role
    size: int = SMALL
    anchor: Literal["start", "middle", "end"] = "start"
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Sign:
    """A small sign around a point."""

    x: float
    y: float
    kind: SignKind
    colour: Role
    size: float = 4.0


Shape = Box | Line | Text | Sign


@dataclass(frozen=True, slots=True)
class Thing:
    """Shapes that belong together; `title` says what they are when one points at them. `plot`:
    they stand on the time axis, and not beside or above it.
    """

    layer: Layer
    shapes: tuple[Shape, ...]
    title: str | None = None
    plot: bool = True


@dataclass(slots=True)
class Scene:
    """A picture: its size in pixels, what is in it, and what it shows, in words. plot: where the
    time axis begins and ends.
    """

    width: int
    plot: tuple[float, float]
    height: float = 0.0
    description: str = ""
    _things: list[Thing] = field(default_factory=list)

    def add(self, layer: Layer, *shapes: Shape, title: str | None = None) -> None:
        """Put shapes of the plot before all others of their layer."""
        self._things.append(Thing(layer, shapes, title))

    def put(self, *shapes: Shape, title: str | None = None) -> None:
        """Put shapes beside or above the plot."""
        self._things.append(Thing(3, shapes, title, plot=False))

    @property
    def things(self) -> list[Thing]:
        """All that is in it, from back to front."""
        return sorted(self._things, key=lambda thing: thing.layer)


@dataclass(frozen=True, slots=True)
class Scale:
    """From seconds to pixels: `start` is at `left`, `end` at `right`."""

    start: float
    end: float
    left: float
    right: float

    def x(self, at: float) -> float:
        """Where a moment is, within the axis."""
        share = (at - self.start) / max(self.end - self.start, 1e-9)
        return self.left + min(max(share, 0.0), 1.0) * (self.right - self.left)

    @property
    def second(self) -> float:
        """Pixels for a second."""
        return (self.right - self.left) / max(self.end - self.start, 1e-9)


def moved(shape: Shape, x: float, y: float) -> Shape:
    """The shape, so many pixels to the right and down."""
    if isinstance(shape, Line):
        shape = replace(shape, to_x=shape.to_x + x, to_y=shape.to_y + y)
    return replace(shape, x=shape.x + x, y=shape.y + y)


def signs(kind: SignKind, x: float, y: float, size: float) -> list[list[tuple[float, float]]]:
    """The polygons that a sign is made of; none for a dot, which is a circle."""
    s = size
    match kind:
        case "diamond":
            return [[(x, y - s), (x + s, y), (x, y + s), (x - s, y)]]
        case "up":
            return [[(x - s, y + s * 0.7), (x, y - s * 0.9), (x + s, y + s * 0.7)]]
        case "down":
            return [[(x - s, y - s * 0.7), (x, y + s * 0.9), (x + s, y - s * 0.7)]]
        case "hold":
            w = s * 0.6
            return [
                [(left, y - s), (left + w, y - s), (left + w, y + s), (left, y + s)]
                for left in (x - s * 0.8, x + s * 0.2)
            ]
        case "cross":
            t = s * 0.32
            return [
                [(x - s, y - s + t), (x - s + t, y - s), (x + s, y + s - t), (x + s - t, y + s)],
                [(x + s - t, y - s), (x + s, y - s + t), (x - s + t, y + s), (x - s, y + s - t)],
            ]
        case "dot":
            return []
