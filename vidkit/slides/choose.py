"""The layout of a slide, chosen from the section alone: the first rule that finds its cue."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from .boxes import layers, parts, steps, terms, timeline
from .draft import draft
from .exact import code, curve, equation
from .formula import is_formula
from .labels import with_role
from .reading import Reading
from .sides import compare
from .slide import Layout, Slide
from .words import likeness, stems

Rule = Callable[[Reading, bool], Slide | None]
"""A rule gives a slide where it finds its cue; asked for (True), it makes do with less."""

_OPENING = re.compile(
    r"\b(?:cinematic|opening shot|title card|dramatic|epic|zooms? out|zoom-out|photorealistic|"
    r"establishing shot|final shot|sunrise|panorama)\b"
)


def choose(reading: Reading) -> Slide:
    """What the slide of a section shows."""
    for rule in _IN_TURN:
        slide = rule(reading, False)
        if slide is not None:
            return slide
    return points(reading, True)


def points(reading: Reading, asked: bool = False) -> Slide:
    """Headline and points: what is left where nothing asks for a figure."""
    slide = draft(reading, "points", "nothing in the section asks for a figure")
    if slide.points or asked:
        return slide
    return statement(reading, True)


def statement(reading: Reading, asked: bool = False) -> Slide:
    """One sentence in large, with what supports it."""
    return draft(reading, "statement", "one statement says it", 1)


def _opening(reading: Reading, asked: bool = False) -> Slide | None:
    """A statement, where the description shows a scene with words laid over it."""
    overlaid = [
        label.text
        for label in with_role(reading.labels, "overlay")
        if len(label.text.split()) >= 3 and not is_formula(label.text)
    ]
    if not overlaid or len(reading.parts) > 1:
        return None
    if not _OPENING.search(reading.scene) and not overlaid[0].endswith("?"):
        return None
    slide = draft(reading, "statement", "words laid over a scene, as at an opening", 1)
    own, laid = (stems(text, reading.language) for text in (slide.headline, overlaid[0]))
    same = slide.headline.casefold() == overlaid[0].casefold() or likeness(own, laid) > 0.6
    return slide if same else replace(slide, points=(overlaid[0],))


def _little_to_list(reading: Reading, asked: bool = False) -> Slide | None:
    slide = draft(reading, "statement", "there is little to list: one statement says it", 2)
    return slide if len(slide.points) < 2 else None


_IN_TURN: tuple[Rule, ...] = (
    code,
    timeline,
    curve,
    terms,
    compare,
    _opening,
    steps,
    layers,
    equation,
    parts,
    _little_to_list,
)

BY_LAYOUT: Mapping[Layout, Rule] = {
    "statement": statement,
    "points": points,
    "cards": terms,
    "compare": compare,
    "steps": steps,
    "layers": layers,
    "timeline": timeline,
    "equation": equation,
    "code": code,
    "parts": parts,
    "curve": curve,
}
"""The rule that makes each layout when a lesson asks for it."""
