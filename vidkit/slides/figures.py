"""Figures on a slide: their data, what the template needs to draw them, and their items."""

from __future__ import annotations

import io
import itertools
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

Run = dict[str, Any]
Inline = Callable[[str], list[Run]]
"""Turns a text into the runs that the template sets."""


@dataclass(frozen=True, slots=True)
class Item:
    """What appears on its own on a slide.

    `key` is its name in the template's marks, `text` what is said when it appears, `gloss` what may
    be said of it. `after` names the items that must be there before it; `held` says that it is not
    shown at all before its time, and that its time is after those of `after`. Items of one kind
    that are `ordered` are spoken of in their order. `scene` is what the section's description says
    around the item, where it is one of its labels.
    """

    key: str
    text: str
    gloss: str = ""
    after: tuple[str, ...] = ()
    held: bool = False
    ordered: bool = False
    scene: str = ""

    @property
    def kind(self) -> str:
        """The first part of the key."""
        return self.key.split(".")[0]


MOST_BARS, MOST_CHOICES = 12, 6
LONGEST_CELL = 80
"""Bars, choices of a question, and characters of one that a slide holds at a readable size."""
MOST_TURNS, LONGEST_TURN = 8, 200
"""Turns of a conversation, and characters of one."""


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars (name, value) under one another, each with its value and `unit`; the one named `strong`
    stands out.
    """

    bars: tuple[tuple[str, float], ...]
    unit: str = ""
    strong: str = ""

    def spec(self, inline: Inline) -> dict[str, Any]:
        values = [
            {
                "name": inline(name),
                "value": value,
                "shown": figure(value, self.unit),
                "strong": name == self.strong,
            }
            for name, value in self.bars
        ]
        return {"kind": "bars", "values": values}

    def items(self) -> list[Item]:
        return [
            Item(f"bar.{i}", name, f"{value:g} {self.unit}".strip())
            for i, (name, value) in enumerate(self.bars)
        ]


@dataclass(frozen=True, slots=True)
class Series:
    """A line of a chart through `points` (x, y), x rising."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class LineChart:
    """Lines over two named axes with numbers."""

    lines: tuple[Series, ...]
    x: str
    y: str

    def spec(self, inline: Inline) -> dict[str, Any]:
        across = [x for line in self.lines for x, _ in line.points]
        upward = [y for line in self.lines for _, y in line.points]
        from_zero = min(upward) >= 0 and min(upward) < 0.5 * max(upward)
        return {
            "kind": "lines",
            "x": _axis(inline(self.x), across, False),
            "y": _axis(inline(self.y), upward, from_zero),
            "lines": [
                {"name": inline(line.name), "points": line.points, "dots": len(line.points) <= 10}
                for line in self.lines
            ],
        }

    def items(self) -> list[Item]:
        return [Item(f"line.{i}", line.name) for i, line in enumerate(self.lines)]


@dataclass(frozen=True, slots=True)
class Entry:
    """A box with a name: a card, a step, a layer, a part, an event, a node of a diagram. `gloss` is
    what is said of it in a few words, `icon` an emoji; a `strong` one stands out.
    """

    name: str
    gloss: str = ""
    icon: str = ""
    strong: bool = False

    def spec(self, inline: Inline) -> dict[str, Any]:
        return {
            "name": inline(self.name),
            "gloss": inline(self.gloss),
            "icon": self.icon,
            "strong": self.strong,
        }


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow from the box at `start` to that at `end`, counted from 0, with the words on it."""

    start: int
    end: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """Boxes joined by arrows, in layers."""

    nodes: tuple[Entry, ...]
    edges: tuple[Edge, ...]

    def spec(self, inline: Inline) -> dict[str, Any]:
        layer, row, layers, parts = _laid_out(len(self.nodes), self.edges)
        blanks = [Entry("")] * (len(layer) - len(self.nodes))
        nodes = [
            box.spec(inline) | {"layer": at, "row": place}
            for box, at, place in zip([*self.nodes, *blanks], layer, row, strict=True)
        ]
        edges = [
            {
                "from": part.start,
                "to": part.end,
                "label": inline(part.label),
                "tip": part.tip,
                "back": part.back,
                "of": part.of,
            }
            for part in parts
        ]
        return {"kind": "flow", "nodes": nodes, "edges": edges, "layers": layers}

    def items(self) -> list[Item]:
        nodes = [Item(f"node.{i}", n.name, n.gloss) for i, n in enumerate(self.nodes)]
        return nodes + [
            Item(f"edge.{k}", edge.label, after=(f"node.{edge.start}", f"node.{edge.end}"))
            for k, edge in enumerate(self.edges)
        ]


@dataclass(frozen=True, slots=True)
class Ring:
    """Boxes on a circle, each leading to the next and the last to the first."""

    nodes: tuple[Entry, ...]
    centre: str = ""

    def spec(self, inline: Inline) -> dict[str, Any]:
        return {
            "kind": "ring",
            "nodes": [node.spec(inline) for node in self.nodes],
            "centre": inline(self.centre),
        }

    def items(self) -> list[Item]:
        nodes = [Item(f"node.{i}", n.name, n.gloss) for i, n in enumerate(self.nodes)]
        keys = [node.key for node in nodes]
        ways = zip(keys, keys[1:] + keys[:1], strict=True)
        return nodes + [Item(f"edge.{i}", "", after=way) for i, way in enumerate(ways)]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table; a marked one has a ground of its own."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first row names the columns."""

    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    def spec(self, inline: Inline) -> dict[str, Any]:
        first, *rest = self.rows
        return {
            "kind": "table",
            "head": [self._cell(cell, inline) for cell in first],
            "rows": [[self._cell(cell, inline) for cell in row] for row in rest],
            "note": inline(self.note),
        }

    @staticmethod
    def _cell(cell: Cell, inline: Inline) -> dict[str, Any]:
        runs: list[Run] = []
        for place, part in enumerate(re.split(r"\*([^*]+)\*", cell.text)):
            runs += [{"t": part, "k": "b"}] if place % 2 else inline(part)
        return {"runs": runs, "marked": cell.marked}

    def items(self) -> list[Item]:
        found = []
        for i, row in enumerate(self.rows[1:]):
            first, *rest = [cell.text.replace("*", "") for cell in row if cell.text] or [""]
            found.append(Item(f"row.{i}", first, " ".join(rest), ordered=True))
        return found


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation: turns (who, text), each in a bubble on its speaker's side."""

    turns: tuple[tuple[str, str], ...]

    def spec(self, inline: Inline) -> dict[str, Any]:
        lines = [{"who": who, "runs": inline(text)} for who, text in self.turns]
        return {"kind": "talk", "lines": lines}

    def items(self) -> list[Item]:
        return [Item(f"line.{i}", text, ordered=True) for i, (_, text) in enumerate(self.turns)]


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody's words, and whose they are."""

    text: str
    by: str = ""

    def spec(self, inline: Inline) -> dict[str, Any]:
        return {"kind": "quote", "runs": inline(self.text), "by": inline(self.by)}

    def items(self) -> list[Item]:
        found = [Item("quote.0", self.text)]
        return [*found, Item("by.0", self.by)] if self.by else found


@dataclass(frozen=True, slots=True)
class Question:
    """A question, what may be chosen from, and the answer, which is held back until it is said."""

    text: str
    choices: tuple[str, ...] = ()
    answer: str = ""

    def spec(self, inline: Inline) -> dict[str, Any]:
        return {
            "kind": "question",
            "question": inline(self.text),
            "choices": [inline(choice) for choice in self.choices],
            "answer": inline(self.answer),
        }

    def items(self) -> list[Item]:
        found = [Item("question.0", self.text)]
        found += [
            Item(f"choice.{i}", choice, after=("question.0",))
            for i, choice in enumerate(self.choices)
        ]
        if self.answer:
            shown = tuple(item.key for item in found)
            found.append(Item("answer.0", self.answer, after=shown, held=True))
        return found


@dataclass(frozen=True, slots=True)
class Hero:
    """One large drawing beside the headline, with a `line` under it."""

    icon: str
    line: str = ""

    def spec(self, inline: Inline) -> dict[str, Any]:
        return {"kind": "hero", "icon": self.icon, "line": inline(self.line)}

    def items(self) -> list[Item]:
        return [Item("line.0", self.line)] if self.line else []


@dataclass(frozen=True, slots=True)
class PictureLabel:
    """A name at the place (x, y) of a picture, both from 0 to 1, from its top left corner."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """A picture of the lesson's own, whose labels are set by us."""

    file: Path
    labels: tuple[PictureLabel, ...] = ()

    def spec(self, inline: Inline) -> dict[str, Any]:
        labels = [
            {"x": label.x, "y": label.y, "text": inline(label.text), "index": i}
            for i, label in enumerate(self.labels)
        ]
        return {"kind": "picture", "labels": labels}

    def items(self) -> list[Item]:
        return [Item(f"label.{i}", label.text) for i, label in enumerate(self.labels)]


def plain_colours(image: Image.Image) -> Image.Image:
    """`image` in sRGB with 8 bits a channel: RGB, or RGBA where it has transparency. The profile of
    its colours is followed, as browsers do; one that cannot be is passed over.
    """
    from PIL import ImageCms

    profile = image.info.get("icc_profile")
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = _eight_bits(image)
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if not profile:
        return image.convert(mode)
    if mode == "RGBA" or image.mode not in ("L", "CMYK"):
        image = image.convert(mode)
    try:
        srgb = ImageCms.createProfile("sRGB")
        made = ImageCms.profileToProfile(image, io.BytesIO(profile), srgb, outputMode=mode)
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        made = None
    return made or image.convert(mode)


def _eight_bits(image: Image.Image) -> Image.Image:
    """A grey picture of 16 bits as one of 8 bits (Pillow alone would cut at 255). One of fractions,
    as numerical tools save them, is white at 1."""
    import numpy as np
    from PIL import Image

    values = np.asarray(image, dtype=np.float32)
    white = 1 if image.mode == "F" and values.max() <= 1 else 65_535
    return Image.fromarray((values * (255 / white)).round().clip(0, 255).astype(np.uint8))


Figure = (
    BarChart | LineChart | Flow | Ring | Table | Talk | Quote | Question | Hero | LabelledPicture
)


def beside_items(figure: Figure) -> list[str]:
    """What is written on `figure` that does not appear on its own: axes, a centre, a head row."""
    match figure:
        case LineChart():
            return [figure.x, figure.y]
        case Ring():
            return [figure.centre]
        case Table():
            return [*(cell.text for cell in figure.rows[0]), figure.note]
    return []


# ------------------------------------------------------------ numbers


def figure(value: float, unit: str = "") -> str:
    """`value` as people write it, with its unit: "3\u202f000\u00a0m", "97.2\u00a0%"."""
    shown = f"{value:,.10g}" if abs(value) < 1e12 else f"{value:.4g}"
    whole, dot, rest = shown.partition(".")
    digits = whole.replace(",", "")
    whole = whole.replace(",", "\u202f") if len(digits.lstrip("-")) > 4 else digits
    text = (whole + dot + rest).replace("-", "−")
    return f"{text}\u00a0{unit}" if unit else text


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from `low` or a little below to `high` or a little above it, `most` steps."""
    if high - low < 1e-300:  # where a step would be nothing
        low, high = (low - 1, high + 1) if low else (0.0, 1.0)
    step = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(step * m for m in (1, 2, 2.5, 5, 10) if (high - low) / (step * m) <= most)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{i * step:.10g}") for i in range(first, last + 1)]


def _axis(name: list[Run], values: Sequence[float], from_zero: bool) -> dict[str, Any]:
    found = sorted(set(values))
    if not from_zero and len(found) <= 8 and _even(found):
        marks = [{"at": value, "shown": figure(value)} for value in found]
        return {"name": name, "low": found[0], "high": found[-1], "ticks": marks}
    found = ticks(min([0.0, *values]) if from_zero else min(values), max(values))
    marks = [{"at": tick, "shown": figure(tick)} for tick in found]
    return {"name": name, "low": found[0], "high": found[-1], "ticks": marks}


def _even(values: Sequence[float]) -> bool:
    """Whether there are several `values`, all equally far apart."""
    steps = {round(b - a, 9) for a, b in itertools.pairwise(values)}
    return len(steps) == 1


# ------------------------------------------------------------ layers of a diagram


@dataclass(frozen=True, slots=True)
class _Part:
    """An edge between neighbouring layers; `of` is the edge of the diagram that it belongs to."""

    start: int
    end: int
    of: int
    label: str = ""
    tip: bool = True
    back: bool = False


def depth(flow: Flow) -> int:
    """How many layers the boxes of `flow` need."""
    return len(_laid_out(len(flow.nodes), flow.edges)[2])


def _laid_out(
    count: int, edges: Sequence[Edge]
) -> tuple[list[int], list[int], list[list[int]], list[_Part]]:
    """The layer and the row of each node, empty places included, the layers, and the edges between
    them: longest-path layers, without the edges that close a circle; rows by barycentre.

    An edge over several layers goes through an empty place in each of those between (Sugiyama,
    Tagawa and Toda, 1981).
    """
    back = _closing(count, edges)
    layer = _depths(count, [e for k, e in enumerate(edges) if k not in back])
    parts: list[_Part] = []
    for k, edge in enumerate(edges):
        if k in back:
            parts.append(_Part(edge.start, edge.end, k, edge.label, back=True))
            continue
        at, label = edge.start, edge.label
        for depth in range(layer[edge.start] + 1, layer[edge.end]):
            layer.append(depth)
            parts.append(_Part(at, len(layer) - 1, k, label, tip=False))
            at, label = len(layer) - 1, ""
        parts.append(_Part(at, edge.end, k, label))
    layers = [[i for i in range(len(layer)) if layer[i] == d] for d in range(max(layer) + 1)]
    for _ in range(4):
        for depth in range(1, len(layers)):
            _by_barycentre(layers[depth], layers[depth - 1], [(p.start, p.end) for p in parts])
        for depth in range(len(layers) - 2, -1, -1):
            _by_barycentre(layers[depth], layers[depth + 1], [(p.end, p.start) for p in parts])
    row = [0] * len(layer)
    for members in layers:
        for place, i in enumerate(members):
            row[i] = place
    return layer, row, layers, parts


def _closing(count: int, edges: Sequence[Edge]) -> set[int]:
    """The edges that close a circle, found by walking from each node in turn."""
    found: set[int] = set()
    on_the_way: set[int] = set()
    seen: set[int] = set()

    def walk(node: int) -> None:
        seen.add(node)
        on_the_way.add(node)
        for k, edge in enumerate(edges):
            if edge.start == node and edge.end in on_the_way:
                found.add(k)
            elif edge.start == node and edge.end not in seen:
                walk(edge.end)
        on_the_way.remove(node)

    for root in range(count):
        if root not in seen:
            walk(root)
    return found


def _depths(count: int, edges: Sequence[Edge]) -> list[int]:
    """For each node the length of the longest way to it; `edges` close no circle."""
    depth = [0] * count
    for _ in range(count):
        for edge in edges:
            depth[edge.end] = max(depth[edge.end], depth[edge.start] + 1)
    return depth


def _by_barycentre(
    members: list[int], beside: Sequence[int], pairs: Iterable[tuple[int, int]]
) -> None:
    """Sorts `members` by the mean place of their neighbours in the layer `beside`."""
    place = {node: i for i, node in enumerate(beside)}
    near: dict[int, list[int]] = {i: [] for i in members}
    for one, other in pairs:
        if other in near and one in place:
            near[other].append(place[one])
    old = {node: i for i, node in enumerate(members)}
    members.sort(key=lambda i: (sum(near[i]) / len(near[i]) if near[i] else old[i], old[i]))


# ------------------------------------------------------------ sketched curves

POINTS = 49

Course = tuple[tuple[float, float], ...]
"""Points (x, y) of a curve, both from 0 to 1, x rising."""

_SHAPES: dict[str, Callable[[float], float]] = {
    "level": lambda t: (1 - math.exp(-4.2 * t)) / (1 - math.exp(-4.2)),
    "swell": lambda t: math.expm1(3 * t) / math.expm1(3),
    "line": lambda t: t,
    "fall": lambda t: 1 - 0.92 * t,
    "decay": lambda t: math.exp(-3.4 * t),
    "s": lambda t: 1 / (1 + math.exp(-11 * (t - 0.52))),
    "drop": lambda t: 1 - 0.94 / (1 + math.exp(-18 * (t - 0.5))),
    "bell": lambda t: math.exp(-((t - 0.5) ** 2) / 0.035),
    "dip": lambda t: 1 - 0.9 * math.exp(-((t - 0.5) ** 2) / 0.035),
    "wave": lambda t: 0.5 + 0.5 * math.sin(4 * math.pi * t),
    "flat": lambda _: 1.0,
}
SHAPES: tuple[str, ...] = tuple(_SHAPES)

# What a description says of a curve, the more special before the more general.
_CUES: tuple[tuple[str, str], ...] = (
    ("wave", r"\b(?:sine|cosine|wav[ey]|oscillat\w*|periodic\w*|swings? up and down)\b"),
    (
        "bell",
        r"\b(?:bell|hump|peaks?\b.{0,40}\b(?:falls?|drops?|declin\w*)|rises? and (?:then )?falls?)",
    ),
    ("dip", r"\b(?:u-shaped|dips?|falls? and (?:then )?rises?|valley)\b"),
    ("drop", r"\b(?:drops? (?:sharply|steeply|vertically|suddenly)|inverted s|sharp drop)"),
    ("s", r"\b(?:s-?shaped|s-?curve|sigmoid\w*|logistic)\b"),
    (
        "swell",
        r"\b(?:exponential(?:ly)?(?! decay)|accelerat\w*|steeper and steeper|faster and faster)",
    ),
    ("s", r"\b(?:slowly|late)\b.{0,80}\b(?:surpass\w*|overtak\w*|plateau|then (?:fast|steep)\w*)"),
    (
        "level",
        r"\b(?:flattens?|levels? off|plateaus?|saturat\w*|approach\w* a (?:limit|maximum)|"
        r"diminishing|abflach\w*|sättigt)\b",
    ),
    ("decay", r"\b(?:decay\w*|half-?life|cools? (?:down|off)|exponential\w* (?:decay|fall\w*))\b"),
    (
        "fall",
        r"\b(?:falls?|drops?|decreas\w*|sinks?|declin\w*|goes down|slopes? down\w*|fällt|sinkt)\b",
    ),
    ("line", r"\b(?:straight|linear\w*|steadily|proportional\w*|gerade)\b"),
    ("swell", r"\b(?:rises? slowly|slowly (?:rises?|climbs?))\b"),
    ("line", r"\b(?:rises?|grows?|increas\w*|climbs?|goes up|steigt|wächst)\b"),
    ("flat", r"\b(?:constant|flat|horizontal line|unchanged)\b"),
)
_WHERE = r"\b(?:{})\b[^,.]{{0,20}}\b(?:level|plateau|value|height|line|place|\w+ level|niveau)\b"
_LOW = re.compile(_WHERE.format("low|lower|lowest|small"))
_MIDDLE = re.compile(_WHERE.format("moderate|modest|medium|middle"))


def shape_of(words: str) -> str | None:
    """The shape that `words` tell of, None where they tell of none."""
    low = words.lower()
    return next((shape for shape, cue in _CUES if re.search(cue, low)), None)


def height_of(words: str, shape: str = "line") -> float:
    """How high the curve gets, of the axis: what `words` say, else what is usual for its shape
    beside others, so that what grows ever faster ends above what grows steadily.
    """
    low = words.lower()
    usual = {"line": 0.62, "level": 0.62, "flat": 0.5}.get(shape, 0.9)
    return 0.55 if _MIDDLE.search(low) else 0.28 if _LOW.search(low) else usual


def path(shape: str, height: float = 0.9, floor: float = 0.03) -> Course:
    """The points of `shape` between `floor` and `height`."""
    course = _SHAPES[shape]
    steps = (i / (POINTS - 1) for i in range(POINTS))
    return tuple(
        (round(0.97 * t, 4), round(floor + (height - floor) * course(t), 4)) for t in steps
    )


def together(curves: Sequence[tuple[str, float]]) -> list[Course]:
    """The paths of curves (shape, height) in one sketch: where one is level all along, the others
    come near it and do not cross it.
    """
    line = next((height for shape, height in curves if shape == "flat"), None)
    found = []
    for shape, height in curves:
        if line is not None and shape == "decay" and line < 0.5:
            found.append(path(shape, height, line))
        elif line is not None and shape in ("level", "s") and line >= 0.5:
            found.append(path(shape, line - 0.02))
        else:
            found.append(path(shape, height))
    return found
