"""What a section itself says of its slide, `Section.slide`: it wins over every rule.

    {"layout": "steps", "points": ["Look at the middle", "Compare", "Keep one half"]}
    {"layout": "cards", "points": ["Rain: drops of water", "Hail: balls of ice"]}
    {"layout": "timeline", "points": ["1638: Galileo publishes", "1687: Newton explains"]}
    {"layout": "compare", "points": ["Steel: strong but heavy", "Wood: light but weak"]}
    {"layout": "curve", "points": ["x: Time", "y: Speed", "Falling body: rises steadily"]}
    {"code": "print(1)", "lang": "python"}
    {"equation": ["v = g * t", "g = 9.8 m/s²"]}

`points` are what the layout is made of; a name and what is said of it are divided by ": ".
Where only the layout is named, it is filled from the section.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from ..errors import Refused
from .choose import BY_LAYOUT
from .draft import draft
from .exact import cut_code
from .reading import Reading
from .shapes import height_of, shape_of
from .slide import LAYOUTS, Curve, Entry, Layout, Side, Slide
from .words import clean

KEYS = ("layout", "points", "equation", "code", "lang")
MOST_POINTS = 12
LONGEST_POINT = 300
LONGEST_CODE = 20_000
LONGEST_EQUATION = 80
MOST_EQUATIONS = 4

_WHY = "the lesson asks for it"
_MADE_OF_BOXES = ("cards", "steps", "layers", "parts", "timeline")
_EXAMPLES = {
    "steps": '"points": ["Mix", "Bake", "Cool"]',
    "cards": '"points": ["Rain: drops of water", "Hail: balls of ice"]',
    "timeline": '"points": ["1638: Galileo publishes his law", "1687: Newton explains it"]',
    "compare": '"points": ["Aristotle: heavy things fall faster", "Galileo: all fall alike"]',
    "curve": '"points": ["x: Time", "y: Speed", "Falling body: rises steadily"]',
    "equation": '"equation": "v = g * t"',
    "code": '"code": "print(1)", "lang": "python"',
}


def wished(wish: Mapping[str, Any], reading: Reading) -> Slide:
    """The slide that `wish` asks for, what it leaves open filled from the section.

    Raises `Refused` for a layout that is none, a value of the wrong kind, and a layout that the
    section gives nothing for.
    """
    code, lang = _text(wish, "code", LONGEST_CODE), _text(wish, "lang", 20)
    equations = _texts(wish, "equation")
    points = _texts(wish, "points")
    layout = _layout(wish, bool(code), bool(equations))
    slide = _filled(layout, points, reading)
    if layout == "code" and code:
        shown, notes = cut_code(code)
        slide = replace(slide, code=shown, code_language=lang.lower(), notes=notes)
    if layout == "equation" and equations:
        _check_lengths(equations)
        slide = replace(slide, equations=equations[:MOST_EQUATIONS])
    _check(slide, points)
    return replace(slide, notes=(*slide.notes, *_unknown(wish)))


def _layout(wish: Mapping[str, Any], code: bool, equation: bool) -> Layout:
    named = _text(wish, "layout", 40).strip().lower()
    if not named:
        return "code" if code else "equation" if equation else "points"
    for layout in LAYOUTS:
        if layout == named:
            return layout
    near = get_close_matches(named, LAYOUTS, 1)
    meant = f"write {near[0]!r}" if near else f"choose from: {', '.join(LAYOUTS)}"
    raise Refused(f"`slide` of the section asks for the layout {named!r}, which is none; {meant}")


def _filled(layout: Layout, points: tuple[str, ...], reading: Reading) -> Slide:
    """A slide of `layout` with `points` where there are some, else from the section."""
    if not points:
        found = BY_LAYOUT[layout](reading, True)
        if found is None or found.layout != layout:
            found = draft(reading, layout, _WHY)
        return replace(found, why=_WHY)
    if layout in _MADE_OF_BOXES:
        entries = tuple(Entry(*_parted(point)) for point in points)
        return draft(reading, layout, _WHY, 0, entries=entries)
    if layout == "compare":
        return draft(reading, layout, _WHY, 0, sides=_sides(points))
    if layout == "curve":
        return _curve(points, reading)
    return replace(draft(reading, layout, _WHY, 0), points=points, terms=())


def _sides(points: Sequence[str]) -> tuple[Side, ...]:
    """ "A: one", "B: two", "A: three" as two sides, A with two points."""
    told: dict[str, list[str]] = {}
    for point in points:
        name, text = _parted(point)
        told.setdefault(name, []).extend([text] if text else [])
    return tuple(Side(name, tuple(texts)) for name, texts in told.items())


def _curve(points: Sequence[str], reading: Reading) -> Slide:
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
    return draft(reading, "curve", _WHY, 3, axes=(axes["x"], axes["y"]), curves=tuple(curves[:3]))


def _check_lengths(equations: Sequence[str]) -> None:
    for equation in equations:
        if len(equation) > LONGEST_EQUATION:
            raise Refused(
                f"`slide` of the section has an equation of {len(equation)} characters, "
                f"{equation[:20]!r}…; {LONGEST_EQUATION} is the most, divide it"
            )


def _check(slide: Slide, points: Sequence[str]) -> None:
    """Raises `Refused` where a layout lacks what it is made of."""
    lacking = {
        "code": not slide.code,
        "equation": not slide.equations,
        "compare": len(slide.sides) != 2 or not all(side.points for side in slide.sides),
        "curve": not slide.curves or not all(slide.axes),
    }.get(slide.layout, slide.layout in _MADE_OF_BOXES and len(slide.entries) < 2)
    if slide.layout == "timeline":
        lacking = lacking or not all(entry.gloss for entry in slide.entries)
    if lacking:
        example = _EXAMPLES.get(slide.layout, _EXAMPLES["steps"])
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
    known = ", ".join(KEYS)
    return (f"`slide` has {', '.join(map(repr, keys))}, which slides do not know; known: {known}",)
