"""What a section itself says of its slide, `Section.slide`: it wins over every rule.

`EXAMPLES` has one for each layout. `points` are what a layout is made of; a name and what is said
of it are divided by ": ", and may begin with an emoji. Where only the layout is named, it is filled
from the section. Figures bring their data:

    {"chart": {"bars": {"Oceans": 97, "Ice": 2}, "unit": "%", "strong": "Ice"}}
    {"chart": {"lines": {"Earth": [[0, 0], [3, 29.4]]}, "x": "Time (s)", "y": "Speed (m/s)"}}
    {"diagram": {"edges": ["Sun -> Sea: heat", "Sea -> Cloud"], "icons": {"Sun": "☀️"}}}
    {"diagram": {"ring": ["🌊 Evaporation: the Sun warms water", "Rain", "Rivers"]}}
    {"table": [["", "singular", "plural"], ["1st", "qu*ie*ro", "!queremos"]]}
    {"talk": ["Luis: ¿Qué desea?", "Ana: Un café, por favor."]}
    {"quote": "If I have seen further …", "by": "Isaac Newton, 1675"}
    {"question": "Which one lands first?", "choices": ["Iron", "Wood"], "answer": "Both at once"}
    {"hero": "🌈", "line": "Where does it end?"}
    {"layout": "picture", "labels": [{"at": [0.4, 0.5], "text": "Nucleus"}]}

A cell that begins with "!" is marked, what stands between asterisks is emboldened. A figure takes
only what its drawing can hold at a readable size; more is an error that says so.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeGuard

from ..core.errors import Refused
from .analysis import Reading, clean, equation_lines, signs_of
from .figures import (
    LONGEST_CELL,
    LONGEST_TURN,
    MOST_BARS,
    MOST_CHOICES,
    MOST_TURNS,
    BarChart,
    Cell,
    Edge,
    Entry,
    Figure,
    Flow,
    Hero,
    LabelledPicture,
    LineChart,
    PictureLabel,
    Question,
    Quote,
    Ring,
    Series,
    Table,
    Talk,
    depth,
    figure,
    height_of,
    shape_of,
)
from .layouts import BY_LAYOUT, KINDS, LAYOUTS, before_formula, cut_code, left_out
from .render import leading_emoji
from .slide import MOST_POINTS, Curve, Layout, Side, Slide
from .summary import draft

MOST_SERIES, MOST_SERIES_POINTS = 5, 200
MOST_NODES, MOST_EDGES, MOST_LAYERS = 12, 20, 6
MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 12, 7, 60
MOST_LABELS = 12
LONGEST_NAME, LONGEST_QUOTE = 60, 500


# ------------------------------------------------------------ figures with data


def read_figure(
    wish: Mapping[str, Any], layout: str = "", picture: Path | None = None
) -> tuple[Layout, Figure] | None:
    """The figure that `wish`, a section's `slide`, declares, with its layout; None where it
    declares none. `picture` is the section's own, for `layout` "picture". Raises `Refused` for data
    that is wrong, with the mend.
    """
    declared = [name for name in READERS if wish.get(name) not in (None, "", [], {})]
    if len(declared) > 1:
        both = " and ".join(f"`{name}`" for name in declared)
        raise Refused(f"`slide` of the section has {both}; a slide shows one of them")
    if declared and layout and layout != declared[0]:
        raise Refused(
            f"`slide` of the section asks for the layout {layout!r} and has `{declared[0]}`; "
            "leave one of them out"
        )
    if declared:
        return declared[0], READERS[declared[0]](wish)
    if layout != "picture":
        return None
    if picture is None:
        raise Refused(
            '`slide` of the section asks for the layout "picture"; name the file in `image` of the '
            'section, as "image": "pictures/cell.png"'
        )
    return "picture", LabelledPicture(picture, _labels(wish.get("labels") or []))


def _chart(wish: Mapping[str, Any]) -> Figure:
    chart = _object(wish, "chart", '{"bars": {"Oceans": 97, "Ice": 2}, "unit": "%"}')
    if chart.get("bars") is not None:
        pairs = _pairs(chart["bars"], "chart.bars", '{"Oceans": 97, "Ice": 2}')
        _count(pairs, "bars", 1, MOST_BARS, "chart")
        bars = tuple((name, _number(value, f"the bar {name!r}")) for name, value in pairs)
        strong = _line(chart.get("strong", ""), "chart.strong", LONGEST_NAME)
        if strong and strong not in dict(bars):
            raise Refused(f"`slide`: `chart.strong` is {strong!r}, which is none of the bars")
        return BarChart(bars, _line(chart.get("unit", ""), "chart.unit", 20), strong)
    if chart.get("lines") is not None:
        pairs = _pairs(chart["lines"], "chart.lines", '{"Earth": [[0, 0], [3, 29.4]]}')
        _count(pairs, "lines", 1, MOST_SERIES, "chart")
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
    if not _is_list(value):
        raise Refused(f"`slide`: the line {name!r} of the chart is no list of points; {example}")
    if not 2 <= len(value) <= MOST_SERIES_POINTS:
        raise Refused(
            f"`slide`: the line {name!r} of the chart has {len(value):,} points; "
            f"give from 2 to {MOST_SERIES_POINTS}"
        )
    found = []
    for point in value:
        if not _is_list(point, 2):
            raise Refused(f"`slide`: {point!r} of the line {name!r} is no [x, y]; {example}")
        x, y = (_number(v, f"a point of the line {name!r}") for v in point)
        found.append((x, y))
    if any(a[0] >= b[0] for a, b in itertools.pairwise(found)):
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
                f"`slide`: the edge {text!r} does not lead from one box to another; "
                'write such as "Sun -> Sea: heat"'
            )
        for one, other in itertools.pairwise(parts):
            if one == other:
                raise Refused(
                    f"`slide`: the edge {text!r} leads from a box to itself; leave it out"
                )
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
    deep = depth(flow)
    if deep > MOST_LAYERS:
        raise Refused(
            f"`slide`: the diagram has {deep} boxes one after the other; "
            f"{MOST_LAYERS} is the most, divide it or use the layout `steps`"
        )
    return flow


def _node(
    text: str, icons: Mapping[str, Any], strong: str, glosses: Mapping[str, Any] | None = None
) -> Entry:
    icon, rest = leading_emoji(text)
    name, _, gloss = rest.partition(": ")
    named = icons.get(text) or icons.get(name)
    if named is not None:
        icon = _emoji(named, "diagram.icons")
    said = (glosses or {}).get(text) or gloss
    return Entry(
        _line(name, "diagram", LONGEST_NAME),
        _line(said, "diagram.boxes", LONGEST_CELL),
        icon,
        bool(strong) and strong in (text, name),
    )


def _table(wish: Mapping[str, Any]) -> Figure:
    example = 'write [["", "singular"], ["1st", "quiero"]]'
    rows = wish["table"]
    if not _is_list(rows):
        raise Refused(f"`slide`: `table` is no list of rows; {example}")
    if not 2 <= len(rows) <= MOST_ROWS:
        raise Refused(
            f"`slide`: `table` has {len(rows):,} rows; give from 2, the first with the names of "
            f"the columns, to {MOST_ROWS}"
        )
    found = []
    for number, row in enumerate(rows, 1):
        if not _is_list(row):
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
    return Table(tuple(found), _line(wish.get("note", ""), "note", LONGEST_CELL))


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
        turns.append((who.strip(), said.strip()) if named else ("", text))
    return Talk(tuple(turns))


def _quote(wish: Mapping[str, Any]) -> Figure:
    text = _line(wish["quote"], "quote", LONGEST_QUOTE).strip('"“”„«» ')
    return Quote(text, _line(wish.get("by", ""), "by", LONGEST_CELL))


def _question(wish: Mapping[str, Any]) -> Figure:
    choices = _lines(wish.get("choices") or [], "choices", LONGEST_CELL)
    _count(choices, "choices", 0, MOST_CHOICES, "question")
    bare = tuple(re.sub(r"^[A-Ha-h][).:]\s+", "", choice) for choice in choices)
    answer = _line(wish.get("answer", ""), "answer", LONGEST_TURN)
    return Question(_line(wish["question"], "question", LONGEST_TURN), bare, answer)


def _hero(wish: Mapping[str, Any]) -> Figure:
    return Hero(_emoji(wish["hero"], "hero"), _line(wish.get("line", ""), "line", LONGEST_TURN))


def _labels(labels: object) -> tuple[PictureLabel, ...]:
    example = 'write "labels": [{"at": [0.4, 0.5], "text": "Nucleus"}]'
    if not _is_list(labels):
        raise Refused(f"`slide`: `labels` is no list; {example}")
    _count(labels, "labels", 0, MOST_LABELS, "picture")
    found = []
    for label in labels:
        place = label.get("at") if isinstance(label, Mapping) else None
        if not _is_list(place, 2):
            raise Refused(f"`slide`: a label of the picture has no place; {example}")
        x, y = (_number(v, "the place of a label") for v in place)
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise Refused(
                f"`slide`: the label at [{x:g}, {y:g}] lies outside its picture; `at` counts from "
                "0 to 1, from the left and from the top"
            )
        found.append(PictureLabel(x, y, _line(label.get("text", ""), "labels", LONGEST_NAME)))
    if any(not label.text for label in found):
        raise Refused(f"`slide`: a label of the picture has no text; {example}")
    return tuple(found)


READERS: Mapping[Layout, Callable[[Mapping[str, Any]], Figure]] = {
    "chart": _chart,
    "diagram": _diagram,
    "table": _table,
    "talk": _talk,
    "quote": _quote,
    "question": _question,
    "hero": _hero,
}
"""What reads each kind of figure from a section's `slide`, by the key that declares it."""

BESIDE: Mapping[Layout, tuple[str, ...]] = {
    "table": ("note",),
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
    pairs = list(value.items()) if isinstance(value, Mapping) else value
    if not _is_list(pairs) or not all(_is_list(pair, 2) for pair in pairs):
        raise Refused(f"`slide`: `{key}` must be an object; write {example}")
    return [(_line(name, key, LONGEST_NAME), number) for name, number in pairs[:5_000]]


def _is_list(value: object, length: int | None = None) -> TypeGuard[Sequence[Any]]:
    """Whether it is a list, of so many values where that is told."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return False
    return length is None or len(value) == length


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
    icon, rest = leading_emoji(text)
    if not icon or rest:
        raise Refused(
            f"`slide`: `{key}` is {text!r}, which is no emoji that there is a drawing of; "
            'write one such as "🌈"'
        )
    return icon


# ------------------------------------------------------------ the slide that is asked for

KEYS = (
    "layout",
    "points",
    "equation",
    "code",
    "lang",
    "output",
    *READERS,
    *sum(BESIDE.values(), ()),
)
"""What a section's `slide` may have."""

MOST_BESIDE = 4
LONGEST_POINT = 300
LONGEST_CODE = 20_000
LONGEST_EQUATION = 80
MOST_EQUATIONS = 6
CODE_BESIDE_POINTS = 8
"""Lines of code that can be read beside points; with more, points that nobody asked for go."""

_WHY = "the lesson asks for it"
_MADE_OF_BOXES = frozenset(name for name, kind in KINDS.items() if kind.boxes)

EXAMPLES: Mapping[Layout, Mapping[str, Any]] = {name: kind.example for name, kind in KINDS.items()}
"""For each layout a `slide` that gives it; "picture" stands beside the section's `image`."""


def wished(wish: Mapping[str, Any], reading: Reading, picture: Path | None = None) -> Slide:
    """The slide that `wish` asks for, what it leaves open filled from the section; `picture` is the
    section's own.

    Raises `Refused` for a layout that is none, a value of the wrong kind, and a layout that the
    section gives nothing for.
    """
    code, lang = _text(wish, "code", LONGEST_CODE), _text(wish, "lang", 20)
    equations = tuple(e for text in _texts(wish, "equation") for e in equation_lines(text))
    points = _texts(wish, "points")
    layout = _layout(wish, bool(code), bool(equations))
    declared = read_figure(wish, layout, picture)
    if declared is not None:
        slide = draft(reading, declared[0], _WHY, 0, figure=declared[1])
        slide = replace(slide, points=points[:MOST_BESIDE], terms=())
        return replace(slide, notes=(*_left_out(points, MOST_BESIDE, "points"), *_unknown(wish)))
    slide = _filled(layout, points, reading)
    if layout == "code" and code:
        shown, notes = cut_code(code)
        printed, more = cut_code(_text(wish, "output", LONGEST_CODE))
        slide = replace(slide, code=shown, code_language=lang.lower(), notes=(*notes, *more))
        slide = replace(slide, output=printed)
        lines = f"{shown}\n{printed}".strip().split("\n")
        if wish.get("points") == [] or (not points and len(lines) > CODE_BESIDE_POINTS):
            slide = replace(slide, points=())
    if layout == "equation" and equations:
        _check_lengths(equations)
        notes = _left_out(equations, MOST_EQUATIONS, "equations")
        slide = replace(slide, equations=equations[:MOST_EQUATIONS], notes=notes)
        if not points:
            kept = (before_formula(point, _texts(wish, "equation")) for point in slide.points)
            slide = replace(slide, points=tuple(filter(None, kept)))
    _check(slide, points)
    cut = _left_out(wish.get("points") or (), MOST_POINTS, "points") if points else ()
    return replace(slide, notes=(*slide.notes, *cut, *_unknown(wish)))


def _left_out(given: Any, most: int, what: str) -> tuple[str, ...]:
    """A note where more is given than the slide shows."""
    return left_out(len(given.split("\n") if isinstance(given, str) else given), most, what)


def _layout(wish: Mapping[str, Any], code: bool, equation: bool) -> Layout:
    named = _text(wish, "layout", 40).strip().lower()
    if not named:
        declared = [name for name in READERS if wish.get(name)]
        if declared:
            return declared[0]
        return "code" if code else "equation" if equation else "points"
    if named in LAYOUTS:
        return named
    near = get_close_matches(named, LAYOUTS, 1)
    meant = f"write {near[0]!r}" if near else f"choose from: {', '.join(LAYOUTS)}"
    raise Refused(f"`slide` of the section asks for the layout {named!r}, which is none; {meant}")


def _filled(layout: Layout, points: tuple[str, ...], reading: Reading) -> Slide:
    """A slide of `layout` with `points` where there are some, else from the section."""
    if layout not in BY_LAYOUT:
        return draft(reading, layout, _WHY, 0)
    if not points:
        found = BY_LAYOUT[layout](reading, True)
        if found is None or found.layout != layout:
            found = draft(reading, layout, _WHY)
        return replace(found, why=_WHY)
    if layout in _MADE_OF_BOXES:
        entries = tuple(_entry(point) for point in points)
        return draft(reading, layout, _WHY, 0, entries=entries)
    if layout == "compare":
        return draft(reading, layout, _WHY, 0, sides=_sides(points))
    if layout == "curve":
        return _wish_curve(points, reading)
    slide = replace(draft(reading, layout, _WHY, 0), points=points, terms=())
    if layout == "statement" and reading.title is None:
        slide = replace(slide, headline=points[0], points=points[1:], headline_why=_WHY)
    return slide


def _entry(point: str) -> Entry:
    """ "🌧️ Rain: drops of water" as an entry with its icon, its name and its gloss."""
    icon, rest = leading_emoji(point)
    name, gloss = _parted(rest or point)
    return Entry(name, gloss, icon if rest else "")


def _sides(points: Sequence[str]) -> tuple[Side, ...]:
    """ "A: one", "B: two", "A: three" as two sides, A with two points."""
    told: dict[str, list[str]] = {}
    for point in points:
        name, text = _parted(point)
        told.setdefault(name, []).extend([text] if text else [])
    return tuple(Side(name, tuple(texts)) for name, texts in told.items())


def _wish_curve(points: Sequence[str], reading: Reading) -> Slide:
    axes = {"x": "", "y": ""}
    curves = []
    for point in points:
        name, text = _parted(point)
        if name.lower() in axes:
            axes[name.lower()] = text
            continue
        shape = shape_of(text or name)
        if shape is None:
            raise Refused(
                f"`slide` of the section does not say how the curve {point!r} goes; write such as "
                '"Falling body: rises steadily"'
            )
        curves.append(Curve(shape, name if text else "", height_of(text, shape)))
    return draft(
        reading,
        "curve",
        _WHY,
        3,
        axes=(axes["x"], axes["y"]),
        curves=tuple(curves[:3]),
        notes=_left_out(curves, 3, "curves"),
    )


def _check_lengths(equations: Sequence[str]) -> None:
    for equation in equations:
        if (count := signs_of(equation)) > LONGEST_EQUATION:
            raise Refused(
                f"`slide` of the section has an equation of {count} characters, "
                f"{equation[:20]!r}…; {LONGEST_EQUATION} is the most, divide it"
            )


def _check(slide: Slide, points: Sequence[str]) -> None:
    """Raises `Refused` where a layout lacks what it is made of."""
    if slide.layout not in BY_LAYOUT:
        example = json.dumps(EXAMPLES[slide.layout], ensure_ascii=False)
        raise Refused(
            f"`slide` of the section asks for the layout {slide.layout!r} and gives nothing "
            f"for it; write such as {example}"
        )
    lacking = {
        "code": not slide.code,
        "equation": not slide.equations,
        "compare": len(slide.sides) != 2 or not all(side.points for side in slide.sides),
        "curve": not slide.curves or not all(slide.axes),
    }.get(slide.layout, slide.layout in _MADE_OF_BOXES and len(slide.entries) < 2)
    if slide.layout == "timeline":
        lacking = lacking or not all(entry.gloss for entry in slide.entries)
    if lacking:
        given = {k: v for k, v in EXAMPLES[slide.layout].items() if k != "layout"}
        example = json.dumps(given, ensure_ascii=False)[1:-1]
        source = "`points` do not fit it" if points else "the section gives nothing for it"
        raise Refused(
            f"`slide` of the section asks for the layout {slide.layout!r}, "
            f"but {source}; add {example}"
        )


def _parted(point: str) -> tuple[str, str]:
    """ "Rain: drops of water" as the name and what is said of it."""
    name, _, text = point.partition(": ")
    if not text:
        name, _, text = point.partition(" : ")
    return (name.strip(), text.strip()) if text.strip() else (point, "")


def _texts(wish: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = wish.get(key)
    lines = value.split("\n") if isinstance(value, str) else value
    if lines is None:
        return ()
    if not isinstance(lines, Sequence) or not all(isinstance(line, str) for line in lines):
        raise Refused(f'`slide` of the section: `{key}` must be a list of texts such as ["…", "…"]')
    cleaned = (" ".join(clean(line, LONGEST_POINT).split()) for line in lines[:MOST_POINTS])
    return tuple(line for line in cleaned if line)


def _text(wish: Mapping[str, Any], key: str, most: int) -> str:
    value = wish.get(key, "")
    if value is not None and not isinstance(value, str):
        raise Refused(f"`slide` of the section: `{key}` must be text in quotation marks")
    return clean(value or "", most)


def _unknown(wish: Mapping[str, Any]) -> tuple[str, ...]:
    keys = [key for key in wish if key not in KEYS]
    if not keys:
        return ()
    near = {key: get_close_matches(key, KEYS, 1) for key in keys}
    meant = [f"{key!r} for {match[0]!r}" for key, match in near.items() if match]
    mend = f"did you write {', '.join(meant)}?" if meant else f"known: {', '.join(KEYS)}"
    return (f"`slide` has {', '.join(map(repr, keys))}, which slides do not know; {mend}",)


# ------------------------------------------------------------ help to write it

ABOUT: Mapping[Layout, str] = {name: kind.about for name, kind in KINDS.items()}
"""What each layout is for."""


def layouts_page() -> str:
    """Every layout with what it is for and an example of `slide`, as lines of text."""
    return "\n".join(
        f"{name}: {about}\n  {json.dumps(EXAMPLES[name], ensure_ascii=False)}"
        for name, about in ABOUT.items()
    )


def prompt_page() -> str:
    """A page to paste for a person or a model who is to write a lesson."""
    page = (Path(__file__).parent / "prompt.md").read_text(encoding="utf-8")
    return page.replace("{layouts}", layouts_page())
