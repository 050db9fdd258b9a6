"""Figures that a lesson declares in a section's `slide`: their data, checked, and their items.

    {"chart": {"bars": {"Oceans": 97, "Ice": 2}, "unit": "%", "strong": "Ice"}}
    {"chart": {"lines": {"Earth": [[0, 0], [3, 29.4]]}, "x": "Time (s)", "y": "Speed (m/s)"}}
    {"diagram": {"edges": ["Sun -> Sea: heat", "Sea -> Cloud"], "icons": {"Sun": "☀️"}}}
    {"diagram": {"ring": ["🌊 Evaporation: the Sun warms water", "Rain", "Rivers"]}}
    {"table": [["", "singular", "plural"], ["1st", "qu*ie*ro", "!queremos"]]}
    {"talk": ["Luis: ¿Qué desea?", "Ana: Un café, por favor."]}
    {"quote": "If I have seen further …", "by": "Isaac Newton, 1675"}
    {"question": "Which one lands first?", "choices": ["Iron", "Wood"], "answer": "Both at once"}
    {"hero": "🌈", "line": "Where does it end?"}
    {"picture": "cell.png", "labels": [{"at": [0.4, 0.5], "text": "Nucleus"}]}

A cell that begins with "!" is marked, what stands between asterisks is emboldened. A figure takes
only what its drawing can hold at a readable size; more is an error that says so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import Refused
from . import emoji
from .analysis import clean

MOST_BARS = 12
MOST_LINES, MOST_LINE_POINTS = 5, 200
MOST_NODES, MOST_EDGES, MOST_LAYERS = 12, 20, 6
MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 12, 7, 60
MOST_TURNS, MOST_CHOICES, MOST_LABELS = 8, 6, 12
LONGEST_NAME, LONGEST_CELL, LONGEST_TURN, LONGEST_QUOTE = 60, 80, 200, 500

Run = dict[str, Any]
Inline = Callable[[str], list[Run]]
"""Turns a text into the runs that the template sets."""


@dataclass(frozen=True, slots=True)
class Item:
    """What appears on its own on a slide.

    `key` is its name in the template's marks, `text` what is said when it appears, `gloss` what may
    be said of it. `after` names the items that must be there before it; `held` says that it is not
    shown at all before its time, and that its time is after those of `after`.
    """

    key: str
    text: str
    gloss: str = ""
    after: tuple[str, ...] = ()
    held: bool = False

    @property
    def kind(self) -> str:
        """The first part of the key: items of one kind share an order."""
        return self.key.split(".")[0]


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: its name and its value."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars under one another, each with its value and `unit`; the one named `strong` stands out."""

    bars: tuple[Bar, ...]
    unit: str = ""
    strong: str = ""

    def spec(self, inline: Inline) -> dict[str, Any]:
        values = [
            {
                "name": inline(bar.name),
                "value": bar.value,
                "shown": figure(bar.value, self.unit),
                "strong": bar.name == self.strong,
            }
            for bar in self.bars
        ]
        return {"kind": "bars", "values": values}

    def items(self) -> list[Item]:
        return [
            Item(f"bar.{i}", bar.name, f"{bar.value:g} {self.unit}".strip())
            for i, bar in enumerate(self.bars)
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
class Node:
    """A box of a diagram, with an emoji and what is said of it."""

    name: str
    gloss: str = ""
    icon: str = ""
    strong: bool = False

    def spec(self, inline: Inline) -> dict[str, Any]:
        return {
            "name": inline(self.name) if self.name else [],
            "gloss": inline(self.gloss) if self.gloss else [],
            "icon": self.icon,
            "strong": self.strong,
        }


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow from the node at `start` to the one at `end`, with the words on it."""

    start: int
    end: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """Boxes joined by arrows, in layers."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def spec(self, inline: Inline) -> dict[str, Any]:
        laid = _laid_out(len(self.nodes), self.edges)
        blank = Node("").spec(inline)
        nodes = [node.spec(inline) for node in self.nodes]
        nodes += [dict(blank) for _ in range(len(laid.layer) - len(nodes))]
        for i, node in enumerate(nodes):
            node["layer"], node["row"] = laid.layer[i], laid.row[i]
        edges = [
            {
                "from": part.start,
                "to": part.end,
                "label": inline(part.label) if part.label else [],
                "tip": part.tip,
                "back": part.back,
                "of": part.of,
            }
            for part in laid.parts
        ]
        return {"kind": "flow", "nodes": nodes, "edges": edges, "layers": laid.layers}

    def items(self) -> list[Item]:
        nodes = [Item(f"node.{i}", n.name, n.gloss) for i, n in enumerate(self.nodes)]
        return nodes + [
            Item(f"edge.{k}", edge.label, after=(f"node.{edge.start}", f"node.{edge.end}"))
            for k, edge in enumerate(self.edges)
        ]


@dataclass(frozen=True, slots=True)
class Ring:
    """Boxes on a circle, each leading to the next and the last to the first."""

    nodes: tuple[Node, ...]
    centre: str = ""

    def spec(self, inline: Inline) -> dict[str, Any]:
        return {
            "kind": "ring",
            "nodes": [node.spec(inline) for node in self.nodes],
            "centre": inline(self.centre) if self.centre else [],
        }

    def items(self) -> list[Item]:
        nodes = [Item(f"node.{i}", n.name, n.gloss) for i, n in enumerate(self.nodes)]
        count = len(nodes)
        return nodes + [
            Item(f"edge.{i}", "", after=(f"node.{i}", f"node.{(i + 1) % count}"))
            for i in range(count)
        ]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table; a marked one has a ground of its own."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first row names the columns."""

    rows: tuple[tuple[Cell, ...], ...]

    def spec(self, inline: Inline) -> dict[str, Any]:
        first, *rest = self.rows
        return {
            "kind": "table",
            "head": [self._cell(cell, inline) for cell in first],
            "rows": [[self._cell(cell, inline) for cell in row] for row in rest],
        }

    @staticmethod
    def _cell(cell: Cell, inline: Inline) -> dict[str, Any]:
        strong = [part for part in re.split(r"(\*[^*]+\*)", cell.text) if part]
        runs = [
            run
            for part in strong
            for run in (
                [{"t": part[1:-1], "k": "b"}]
                if len(part) > 2 and part[0] == part[-1] == "*"
                else inline(part)
            )
        ]
        return {"runs": runs, "marked": cell.marked, "bold": False}

    def items(self) -> list[Item]:
        found = []
        for i, row in enumerate(self.rows[1:]):
            texts = [cell.text.replace("*", "") for cell in row if cell.text]
            found.append(Item(f"row.{i}", texts[0] if texts else "", " ".join(texts[1:])))
        return found


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker says."""

    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation, each turn in a bubble on its speaker's side."""

    turns: tuple[Turn, ...]

    def spec(self, inline: Inline) -> dict[str, Any]:
        lines = [{"who": turn.who, "runs": inline(turn.text)} for turn in self.turns]
        return {"kind": "talk", "lines": lines}

    def items(self) -> list[Item]:
        return [Item(f"line.{i}", turn.text) for i, turn in enumerate(self.turns)]


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody's words, and whose they are."""

    text: str
    by: str = ""
    mark: str = "“"

    def spec(self, inline: Inline) -> dict[str, Any]:
        by = inline(self.by) if self.by else []
        return {"kind": "quote", "runs": inline(self.text), "by": by, "mark": self.mark}

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
            "answer": inline(self.answer) if self.answer else [],
        }

    def items(self) -> list[Item]:
        found = [Item("question.0", self.text)]
        found += [
            Item(f"choice.{i}", choice, after=("question.0",))
            for i, choice in enumerate(self.choices)
        ]
        if self.answer:
            found.append(Item("answer.0", self.answer, after=("question.0",), held=True))
        return found


@dataclass(frozen=True, slots=True)
class Hero:
    """One large drawing beside the headline, with a `line` under it."""

    icon: str
    line: str = ""

    def spec(self, inline: Inline) -> dict[str, Any]:
        line = inline(self.line) if self.line else []
        return {"kind": "hero", "icon": self.icon, "line": line}

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


Figure = (
    BarChart
    | LineChart
    | Flow
    | Ring
    | Table
    | Talk
    | Quote
    | Question
    | Hero
    | LabelledPicture
)


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
    if high <= low:
        low, high = (low - 1, high + 1) if low else (0.0, 1.0)
    step = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(step * m for m in (1, 2, 2.5, 5, 10) if (high - low) / (step * m) <= most)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{i * step:.10g}") for i in range(first, last + 1)]


def _axis(name: list[Run], values: Sequence[float], from_zero: bool) -> dict[str, Any]:
    found = ticks(min([0.0, *values]) if from_zero else min(values), max(values))
    marks = [{"at": tick, "shown": figure(tick)} for tick in found]
    return {"name": name, "low": found[0], "high": found[-1], "ticks": marks}


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


@dataclass(frozen=True, slots=True)
class _Layout:
    """The layer and the row of each node, empty places included, and the edges between them."""

    layer: list[int]
    row: list[int]
    layers: list[list[int]]
    parts: list[_Part]


def _laid_out(count: int, edges: Sequence[Edge]) -> _Layout:
    """Longest-path layers, without the edges that close a circle; rows by barycentre.

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
    return _Layout(layer, row, layers, parts)


def _closing(count: int, edges: Sequence[Edge]) -> set[int]:
    """The edges that close a circle, found by walking from each node in turn."""
    state = [0] * count  # 0 not seen, 1 on the way, 2 done
    found: set[int] = set()
    for root in range(count):
        stack = [(root, iter([k for k, e in enumerate(edges) if e.start == root]))]
        if state[root]:
            continue
        state[root] = 1
        while stack:
            node, ways = stack[-1]
            k = next(ways, None)
            if k is None:
                state[node] = 2
                stack.pop()
                continue
            end = edges[k].end
            if state[end] == 1:
                found.add(k)
            elif state[end] == 0:
                state[end] = 1
                stack.append((end, iter([j for j, e in enumerate(edges) if e.start == end])))
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


# ------------------------------------------------------------ from the lesson


def read_figure(wish: Mapping[str, Any]) -> tuple[str, Figure] | None:
    """The figure that `wish`, a section's `slide`, declares, with the name of its layout; None
    where it declares none. Raises `Refused` for data that is wrong, with the mend.
    """
    declared = [name for name in READERS if wish.get(name) not in (None, "", [], {})]
    if not declared:
        return None
    if len(declared) > 1:
        both = " and ".join(f"`{name}`" for name in declared)
        raise Refused(f"`slide` of the section has {both}; a slide shows one of them")
    return declared[0], READERS[declared[0]](wish)


def _chart(wish: Mapping[str, Any]) -> Figure:
    chart = _object(wish, "chart", '{"bars": {"Oceans": 97, "Ice": 2}, "unit": "%"}')
    if chart.get("bars") is not None:
        pairs = _pairs(chart["bars"], "chart.bars", '{"Oceans": 97, "Ice": 2}')
        _count(pairs, "bars", 1, MOST_BARS, "chart")
        bars = tuple(Bar(name, _number(value, f"the bar {name!r}")) for name, value in pairs)
        strong = _line(chart.get("strong", ""), "chart.strong", LONGEST_NAME)
        if strong and strong not in [bar.name for bar in bars]:
            raise Refused(f"`slide`: `chart.strong` is {strong!r}, which is none of the bars")
        return BarChart(bars, _line(chart.get("unit", ""), "chart.unit", 20), strong)
    if chart.get("lines") is not None:
        pairs = _pairs(chart["lines"], "chart.lines", '{"Earth": [[0, 0], [3, 29.4]]}')
        _count(pairs, "lines", 1, MOST_LINES, "chart")
        lines = tuple(Series(name, _points(name, value)) for name, value in pairs)
        axes = [_line(chart.get(a, ""), f"chart.{a}", LONGEST_NAME) for a in ("x", "y")]
        if not all(axes):
            raise Refused('`slide`: `chart` does not name both axes; add "x": "Time (s)", "y": "…"')
        return LineChart(lines, axes[0], axes[1])
    raise Refused(
        '`slide`: `chart` has neither `bars` nor `lines`; write {"bars": {"Oceans": 97, "Ice": 2}}'
    )


def _points(name: str, value: object) -> tuple[tuple[float, float], ...]:
    example = f'write "{name}": [[0, 0], [1, 9.8]]'
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise Refused(f"`slide`: the line {name!r} of the chart is no list of points; {example}")
    if not 2 <= len(value) <= MOST_LINE_POINTS:
        raise Refused(
            f"`slide`: the line {name!r} of the chart has {len(value):,} points; "
            f"give from 2 to {MOST_LINE_POINTS}"
        )
    found = []
    for point in value:
        if not isinstance(point, Sequence) or isinstance(point, str) or len(point) != 2:
            raise Refused(f"`slide`: {point!r} of the line {name!r} is no [x, y]; {example}")
        x, y = (_number(v, f"a point of the line {name!r}") for v in point)
        found.append((x, y))
    if any(a[0] >= b[0] for a, b in zip(found, found[1:], strict=False)):
        raise Refused(f"`slide`: the points of the line {name!r} do not rise in x; sort them")
    return tuple(found)


def _diagram(wish: Mapping[str, Any]) -> Figure:
    diagram = _object(wish, "diagram", '{"edges": ["Sun -> Sea: heat", "Sea -> Cloud"]}')
    icons = diagram.get("icons") or {}
    if not isinstance(icons, Mapping):
        raise Refused('`slide`: `diagram.icons` must be an object such as {"Sun": "☀️"}')
    strong = _line(diagram.get("strong", ""), "diagram.strong", LONGEST_NAME)
    if diagram.get("ring"):
        texts = _lines(diagram["ring"], "diagram.ring", LONGEST_TURN)
        _count(texts, "boxes", 3, 8, "ring")
        nodes = tuple(_node(text, icons, strong) for text in texts)
        return Ring(nodes, _line(diagram.get("centre", ""), "diagram.centre", LONGEST_NAME))
    texts = _lines(diagram.get("edges") or [], "diagram.edges", LONGEST_TURN)
    _count(texts, "edges", 1, MOST_EDGES, "diagram")
    names: dict[str, int] = {}
    edges = []
    for text in texts:
        ends, _, label = text.partition(": ")
        parts = [part.strip() for part in re.split(r"\s*(?:->|→|⟶)\s*", ends)]
        if len(parts) < 2 or not all(parts):
            raise Refused(
                f'`slide`: the edge {text!r} leads from nowhere to nowhere; write "Sun -> Sea: heat"'
            )
        for one, other in zip(parts, parts[1:], strict=False):
            if one == other:
                raise Refused(f"`slide`: the edge {text!r} leads from a box to itself; leave it out")
            start, end = (names.setdefault(name, len(names)) for name in (one, other))
            edges.append(Edge(start, end, label.strip()))
    _count(list(names), "boxes", 2, MOST_NODES, "diagram")
    for name in names:
        _line(name, "diagram.edges", LONGEST_NAME)
    glosses = diagram.get("boxes") or {}
    if not isinstance(glosses, Mapping):
        raise Refused('`slide`: `diagram.boxes` must be an object such as {"Sun": "gives heat"}')
    for key in (*icons, *glosses):
        if key not in names:
            raise Refused(f"`slide`: `diagram` names {str(key)!r}, which is in none of its edges")
    nodes = tuple(_node(name, icons, strong, glosses) for name in names)
    flow = Flow(nodes, tuple(edges))
    deep = max(_laid_out(len(nodes), flow.edges).layer) + 1
    if deep > MOST_LAYERS:
        raise Refused(
            f"`slide`: the diagram has {deep} boxes one after the other; {MOST_LAYERS} is the most, "
            "divide it or use the layout `steps`"
        )
    return flow


def _node(
    text: str, icons: Mapping[str, Any], strong: str, glosses: Mapping[str, Any] | None = None
) -> Node:
    icon, rest = emoji.leading(text)
    name, _, gloss = rest.partition(": ")
    named = icons.get(text) or icons.get(name)
    if named is not None:
        icon = _emoji(named, "diagram.icons")
    said = (glosses or {}).get(text) or gloss
    return Node(
        _line(name, "diagram", LONGEST_NAME),
        _line(said, "diagram.boxes", LONGEST_CELL),
        icon,
        bool(strong) and strong in (text, name),
    )


def _table(wish: Mapping[str, Any]) -> Figure:
    example = 'write [["", "singular"], ["1st", "quiero"]]'
    rows = wish["table"]
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise Refused(f"`slide`: `table` is no list of rows; {example}")
    if not 2 <= len(rows) <= MOST_ROWS:
        raise Refused(
            f"`slide`: `table` has {len(rows):,} rows; give from 2, the first with the names of "
            f"the columns, to {MOST_ROWS}"
        )
    found = []
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Sequence) or isinstance(row, str):
            raise Refused(f"`slide`: row {number} of `table` is no list of cells; {example}")
        found.append(tuple(_cell(cell, number) for cell in row))
    widths = {len(row) for row in found}
    if len(widths) > 1:
        raise Refused(
            "`slide`: the rows of `table` have "
            + " and ".join(map(str, sorted(widths)))
            + ' cells; give each as many, with "" for an empty one'
        )
    columns = widths.pop()
    if not 1 <= columns <= MOST_COLUMNS or columns * len(found) > MOST_CELLS:
        raise Refused(
            f"`slide`: `table` has {len(found)} rows of {columns} cells; {MOST_COLUMNS} columns "
            f"and {MOST_CELLS} cells are the most, divide it"
        )
    return Table(tuple(found))


def _cell(cell: object, row: int) -> Cell:
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise Refused(f"`slide`: row {row} of `table` has a cell that is no text and no number")
    if isinstance(cell, int | float):
        return Cell(figure(_number(cell, f"a cell of row {row}")))
    text = _line(cell, f"row {row} of `table`", LONGEST_CELL)
    return Cell(text[1:].lstrip(), True) if text.startswith("!") else Cell(text)


def _talk(wish: Mapping[str, Any]) -> Figure:
    texts = _lines(wish["talk"], "talk", LONGEST_TURN)
    _count(texts, "turns", 1, MOST_TURNS, "talk")
    turns = []
    for text in texts:
        who, colon, said = text.partition(": ")
        named = bool(colon) and len(who) <= 24
        turns.append(Turn(who.strip(), said.strip()) if named else Turn("", text))
    return Talk(tuple(turns))


def _quote(wish: Mapping[str, Any]) -> Figure:
    text = _line(wish["quote"], "quote", LONGEST_QUOTE).strip("\"“”„«» ")
    return Quote(text, _line(wish.get("by", ""), "by", LONGEST_CELL))


def _question(wish: Mapping[str, Any]) -> Figure:
    choices = _lines(wish.get("choices") or [], "choices", LONGEST_CELL)
    _count(choices, "choices", 0, MOST_CHOICES, "question")
    bare = tuple(re.sub(r"^[A-Ha-h][).:]\s+", "", choice) for choice in choices)
    answer = _line(wish.get("answer", ""), "answer", LONGEST_TURN)
    return Question(_line(wish["question"], "question", LONGEST_TURN), bare, answer)


def _hero(wish: Mapping[str, Any]) -> Figure:
    return Hero(_emoji(wish["hero"], "hero"), _line(wish.get("line", ""), "line", LONGEST_TURN))


def _picture(wish: Mapping[str, Any]) -> Figure:
    example = 'write "labels": [{"at": [0.4, 0.5], "text": "Nucleus"}]'
    labels = wish.get("labels") or []
    if not isinstance(labels, Sequence) or isinstance(labels, str):
        raise Refused(f"`slide`: `labels` is no list; {example}")
    _count(labels, "labels", 0, MOST_LABELS, "picture")
    found = []
    for label in labels:
        place = label.get("at") if isinstance(label, Mapping) else None
        if not isinstance(place, Sequence) or isinstance(place, str) or len(place) != 2:
            raise Refused(f"`slide`: a label of `picture` has no place; {example}")
        x, y = (_number(v, "the place of a label") for v in place)
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise Refused(
                f"`slide`: the label at [{x:g}, {y:g}] lies outside its picture; `at` counts from "
                "0 to 1, from the left and from the top"
            )
        found.append(PictureLabel(x, y, _line(label.get("text", ""), "labels", LONGEST_NAME)))
    if any(not label.text for label in found):
        raise Refused(f"`slide`: a label of `picture` has no text; {example}")
    return LabelledPicture(Path(_line(wish["picture"], "picture", 1_000)), tuple(found))


READERS: Mapping[str, Callable[[Mapping[str, Any]], Figure]] = {
    "chart": _chart,
    "diagram": _diagram,
    "table": _table,
    "talk": _talk,
    "quote": _quote,
    "question": _question,
    "hero": _hero,
    "picture": _picture,
}
"""What reads each kind of figure from a section's `slide`, by the key that declares it."""

BESIDE: Mapping[str, tuple[str, ...]] = {
    "quote": ("by",),
    "question": ("choices", "answer"),
    "hero": ("line",),
    "picture": ("labels",),
}
"""The keys that may stand beside the one that declares a figure."""


# ------------------------------------------------------------ values, checked


def _object(wish: Mapping[str, Any], key: str, example: str) -> Mapping[str, Any]:
    value = wish[key]
    if not isinstance(value, Mapping):
        raise Refused(f"`slide`: `{key}` must be an object; write {example}")
    return value


def _pairs(value: object, key: str, example: str) -> list[tuple[str, Any]]:
    """Names with their values, from an object or from a list of pairs."""
    if isinstance(value, Mapping):
        pairs = list(value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        if not all(isinstance(p, Sequence) and not isinstance(p, str) and len(p) == 2 for p in value):
            raise Refused(f"`slide`: `{key}` must be an object; write {example}")
        pairs = [(pair[0], pair[1]) for pair in value]
    else:
        raise Refused(f"`slide`: `{key}` must be an object; write {example}")
    return [(_line(name, key, LONGEST_NAME), number) for name, number in pairs[:5_000]]


def _count(values: Sequence[Any], what: str, least: int, most: int, figure_name: str) -> None:
    if not least <= len(values) <= most:
        several = f"at least {least}" if len(values) < least else f"{most} is the most, divide it"
        raise Refused(f"`slide`: the {figure_name} has {len(values):,} {what}; {several}")


def _number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(f"`slide`: {what} is {value!r}, which is no number")
    found = float(value)
    if not math.isfinite(found) or abs(found) > 1e15:
        raise Refused(f"`slide`: {what} is {value!r}, which cannot be drawn")
    return found


def _line(value: object, key: str, longest: int) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = f"{value:g}"
    if not isinstance(value, str):
        raise Refused(f"`slide`: `{key}` must be text in quotation marks")
    text = " ".join(clean(value[: 4 * longest + 400], 4 * longest).split())
    if len(text) > longest:
        raise Refused(
            f"`slide`: `{key}` has a text of {len(value):,} characters, {text[:24]!r}…; "
            f"{longest} is the most"
        )
    return text


def _lines(value: object, key: str, longest: int) -> list[str]:
    if isinstance(value, str):
        value = value.split("\n")
    if not isinstance(value, Sequence):
        raise Refused(f'`slide`: `{key}` must be a list of texts such as ["…", "…"]')
    return [line for line in (_line(line, key, longest) for line in value[:5_000]) if line]


def _emoji(value: object, key: str) -> str:
    text = _line(value, key, 60)
    icon, rest = emoji.leading(text)
    if not icon or rest:
        raise Refused(
            f"`slide`: `{key}` is {text!r}, which is no emoji that there is a drawing of; "
            'write one such as "🌈"'
        )
    return icon
