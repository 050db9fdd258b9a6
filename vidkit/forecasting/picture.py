"""A sweep as a picture: how many times as fast each worker count is, a column for each.

A row for each number of videos at once, in it a column for each number of sections. Behind each
stands how fast so many workers would be if nothing held them up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..lettering import width_of
from ..timeline.dress import Role
from ..timeline.scene import SMALL, TINY, Box, Scene, Shape, Sign, Text
from ..wording import count, took

GUTTER, MARGIN = 108, 14
HIGH = 46
"""Pixels of the highest column."""
HEAD = 16
"""Pixels above a column, for its number."""
WIDEST = 48


@dataclass(frozen=True)
class Column:
    """One pair of worker counts. `times`: how many times as fast as the fewest workers, and how
    many if nothing held them up. `near` is within 5 % of the best, `knee` has the fewest workers
    of those; `chosen` is what somebody chose. `told` says it in words.
    """

    times: float
    ideal: float
    told: str
    near: bool = False
    knee: bool = False
    chosen: bool = False


def told(sections: int, videos: int, seconds: float, times: float, why: str) -> str:
    """A column in words."""
    at_once = f"{count(sections, 'section')} × {count(videos, 'video')} at once"
    return f"{at_once}: {took(seconds)}, {in_times(times)} as fast; limit: {why}"


def in_times(times: float) -> str:
    """How many times as fast: "1×", "2.5×", "12×"."""
    return f"{times:.0f}×" if times >= 9.95 else f"{times:.1f}".removesuffix(".0") + "×"


def laid_out(
    columns: Mapping[tuple[int, int], Column],
    width: int,
    words: str,
    tall: Sequence[int] = (),
) -> Scene:
    """The picture of `columns`, by (sections, videos) at once, `width` pixels wide; `words` says
    what it shows. tall: the numbers of sections that there is room for, also where a column is
    still missing.
    """
    tall = tall or sorted({sections for sections, _ in columns})
    wide = sorted({videos for _, videos in columns})
    plot = (float(GUTTER), float(max(width - MARGIN, GUTTER + 20)))
    page = Scene(width, plot, told=words)
    _legend(page, columns)
    top = max((column.times for column in columns.values()), default=1.0)
    for videos in wide:
        row = [columns.get((sections, videos)) for sections in tall]
        _row(page, videos, row, top, plot)
    _axis(page, tall, plot)
    return page


def _row(
    page: Scene,
    videos: int,
    row: Sequence[Column | None],
    top: float,
    plot: tuple[float, float],
) -> None:
    """The columns for one number of videos at once."""
    y, (left, right) = page.height, plot
    ground = y + HEAD + HIGH
    page.add(0, Box(left - 4, y, right - left + 8, HEAD + HIGH, "track", 3))
    page.put(Text(left - 12, y + (HEAD + HIGH) / 2, count(videos, "video"), "ink", SMALL, "end"))
    slot = (right - left) / len(row)
    for number, column in enumerate(row):
        if column is not None:
            _column(page, column, left + slot * (number + 0.5), ground, slot, top)
    page.height = ground + 8


def _column(page: Scene, column: Column, x: float, ground: float, slot: float, top: float) -> None:
    """One column around `x`, with its number above it."""
    wide = min(0.62 * slot, WIDEST)
    high = HIGH * column.times / top
    behind = HIGH * min(column.ideal / top, 1.0)
    fill: Role = "clip" if column.knee else "clip-soft" if column.near else "lesson-soft"
    shapes: list[Shape] = [
        Box(x - wide / 2, ground - behind, wide, behind, "line"),
        Box(x - wide / 2, ground - high, wide, high, fill),
    ]
    name = in_times(column.times)
    if width_of(name, TINY) + 4 <= slot:
        strong = column.knee or column.chosen
        y = ground - high - 7
        shapes.append(Text(x, y, name, "ink", TINY, "middle", strong))
    if column.chosen:
        shapes.append(Sign(x, ground + 4, "up", "ink", 4))
    page.add(2, *shapes, title=column.told)


def _axis(page: Scene, tall: Sequence[int], plot: tuple[float, float]) -> None:
    """The numbers of sections, below the last row."""
    left, right = plot
    slot = (right - left) / max(len(tall), 1)
    y = page.height + 5
    for number, sections in enumerate(tall):
        page.add(3, Text(left + slot * (number + 0.5), y, str(sections), "quiet", TINY, "middle"))
    page.put(Text(left - 12, y, "sections at once", "quiet", TINY, "end"))
    page.height = y + 12


def _legend(page: Scene, columns: Mapping[tuple[int, int], Column]) -> None:
    """What the colours say, those that are there."""
    entries: list[tuple[Role, str]] = []
    if any(column.knee for column in columns.values()):
        entries.append(("clip", "enough, with the fewest workers"))
    if any(column.near and not column.knee for column in columns.values()):
        entries.append(("clip-soft", "within 5 % of the best"))
    if any(not column.near for column in columns.values()):
        entries.append(("lesson-soft", "slower"))
    entries.append(("line", "if nothing held them up"))
    x, y = float(GUTTER), 10.0
    for fill, name in entries:
        wide = 18 + width_of(name, TINY) + 14
        if x + wide > page.width and x > GUTTER:
            x, y = float(GUTTER), y + 16
        page.put(Box(x, y - 5, 12, 10, fill), Text(x + 18, y, name, "quiet", TINY))
        x += wide
    page.height = y + 14
