"""The layout of a slide, chosen from the section alone."""

from __future__ import annotations

from collections.abc import Callable

from .headline import headline, repeats
from .points import key_points, many
from .reading import Reading
from .slide import Entry, Slide
from .words import capitalised


def choose(reading: Reading) -> Slide:
    """What the slide of a section shows: the first rule that finds its cue decides."""
    return next(slide for rule in _RULES if (slide := rule(reading)) is not None)


def _points(reading: Reading, heading: str, most: int | None = None) -> tuple[str, ...]:
    """The points of a section, none of which repeats the headline."""
    count = many(reading.speech) if most is None else most
    found = key_points(reading.speech, reading.terms, count + 1, reading.language)
    return tuple(p for p in found if not repeats(heading, p, reading.language))[:count]


def _statement(reading: Reading) -> Slide | None:
    heading, _ = headline(reading)
    points = _points(reading, heading, 2)
    if len(points) > 1:
        return None
    why = "there is little to list: one statement says it"
    return Slide("statement", why, heading, points, language=reading.language)


def _labelled_parts(reading: Reading) -> Slide | None:
    heading, _ = headline(reading)
    names = [label.text for label in reading.parts if label.text.casefold() != heading.casefold()]
    if len(names) < 2:
        return None
    why = f"the description labels {len(names)} parts"
    entries = tuple(Entry(capitalised(name)) for name in names[:6])
    points = _points(reading, heading, min(3, many(reading.speech)))
    return Slide("parts", why, heading, points, entries, tuple(reading.terms), reading.language)


def _plain_points(reading: Reading) -> Slide:
    heading, _ = headline(reading)
    points = _points(reading, heading)
    why = "nothing in the section asks for a figure"
    return Slide("points", why, heading, points, (), tuple(reading.terms), reading.language)


_RULES: tuple[Callable[[Reading], Slide | None], ...] = (_labelled_parts, _statement, _plain_points)
