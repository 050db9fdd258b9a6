"""What a section itself says of its slide, `Section.slide`: it wins over every rule.

`EXAMPLES` has one for each layout. `points` are what a layout is made of; a name and what is said
of it are divided by ": ", and may begin with an emoji. Where only the layout is named, it is filled
from the section. Figures with data are read in `declared`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..core.errors import Refused
from . import emoji
from .analysis import Reading, clean, equation_lines, signs_of
from .declared import BESIDE, READERS, read_figure
from .figures import height_of, shape_of
from .layouts import BY_LAYOUT, KINDS, LAYOUTS, before_formula, cut_code
from .slide import Curve, Entry, Layout, Side, Slide
from .summary import draft

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

MOST_POINTS, MOST_BESIDE = 16, 4
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
    count = len(given.split("\n") if isinstance(given, str) else given)
    text = f"the slide shows {most} of {count} {what}; divide the section"
    return (text,) if count > most else ()


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
    icon, rest = emoji.leading(point)
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
