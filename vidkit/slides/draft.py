"""What every rule ends with: a slide with its headline and the points that it has room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .headline import headline
from .points import key_points, many
from .reading import Reading
from .slide import Layout, Slide


def draft(
    reading: Reading,
    layout: Layout,
    why: str,
    points: int | None = None,
    said: Sequence[str] = (),
    heading: str | None = None,
    **content: Any,
) -> Slide:
    """A slide of `layout` with `content`, the headline of `reading` and at most `points` points
    (as many as suit its length for None), none of which says again what `said` does.
    """
    own, source = headline(reading)
    if heading is not None and reading.title is None:
        own, source = heading, "the two sides"
    return Slide(
        layout,
        why,
        own,
        points_beside(reading, own, points, said),
        terms=tuple(reading.terms),
        language=reading.language,
        headline_why=source,
        **content,
    )


def points_beside(
    reading: Reading, heading: str, most: int | None = None, said: Sequence[str] = ()
) -> tuple[str, ...]:
    """The points of a section that repeat neither the headline nor `said`."""
    count = many(reading.speech) if most is None else most
    return key_points(reading.speech, reading.terms, count, reading.language, heading, said)


def figure_alone(slide: Slide) -> Slide:
    """`slide` without its points where a single one would stand lost beside the figure."""
    return replace(slide, points=()) if len(slide.points) < 2 else slide
