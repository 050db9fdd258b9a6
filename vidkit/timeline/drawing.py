"""One bar as shapes: waiting pale, working full, with what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from ..lettering import cut, width_of
from .bar import Bar
from .dress import Role
from .folding import fold
from .scene import TINY, Box, Scale, Shape, Sign, Text

MANY = 60
"""Bars of a group from which on those too short to be seen apart are drawn as one."""
NARROW = 6
"""Pixels of a bar that nobody can point at."""
VERY_MANY = 200
"""Bars of a group from which on only those of `WIDE` pixels are told when one points at them."""
WIDE = 40
LETTERS = 12
"""Pixels of a lane that has room for a section's number."""
LEAST = 1.5
"""Pixels of the shortest bar."""


def fewer(bars: Sequence[Bar], scale: Scale) -> list[Bar]:
    """`bars`, with those as one that together are but a few pixels wide, where there are many."""
    if len(bars) <= MANY:
        return list(bars)
    over = [bar for bar in bars if bar.end is not None]
    return [*fold(over, NARROW / scale.second), *(bar for bar in bars if bar.end is None)]


def is_told(bar: Bar, scale: Scale, among: int, now: float) -> bool:
    """Whether a bar `among` so many says what it is when one points at it."""
    wide = scale.x(now if bar.end is None else bar.end) - scale.x(bar.placed)
    return among <= MANY or wide >= (NARROW if among <= VERY_MANY else WIDE)


def draw_bar(
    bar: Bar, scale: Scale, y: float, high: float, now: float, several: bool
) -> list[Shape]:
    """The shapes of a bar on a lane at `y`, `high` pixels high. `several`: the picture has more
    than one lesson, and names sections with it.
    """
    end = now if bar.end is None else bar.end
    x, to = scale.x(bar.placed), scale.x(end)
    wide = max(to - x - 0.8, LEAST)
    if bar.kind == "lesson":
        fill: Role = "lesson-soft" if bar.outcome != "failed" else "failed-soft"
        return [Box(x, y, wide, high, fill), *_name(bar.name, x, wide, y, high, "ink")]
    if bar.outcome == "kept":
        return _kept(bar, x, wide, y, high)
    full, soft = _fills(bar)
    # of several bars in one nobody knows where between them it waited and where it was idle
    pale = bar.steps == 1 and (wide > NARROW or bar.waited(now) * scale.second > 1)
    shapes: list[Shape] = [Box(x, y, wide, high, soft)] if pale or not bar.work else []
    longest = (0.0, 0.0)
    for stretch in bar.work:
        at = scale.x(stretch.start)
        stop = scale.x(now if stretch.end is None else stretch.end)
        length = max(min(stop, x + wide) - at, LEAST)
        shapes.append(Box(at, y, length, high, full, min(2, length / 4, high / 4)))
        longest = max(longest, (length, at))
    shapes += _label(bar, longest, (x, wide), y, high, several)
    shapes += _refused(bar, scale, y, high)
    return shapes + _failed(bar, scale, x, wide, y, high)


def _failed(bar: Bar, scale: Scale, x: float, wide: float, y: float, high: float) -> list[Shape]:
    """A cross at the end of what failed; on what is too short for it, one that is seen all the
    same where lanes have room for letters.
    """
    size = min(4.0, high / 2 - 1)
    short = wide < 2 * size + 6
    if bar.outcome != "failed" or bar.steps > 1 or (short and high < LETTERS):
        return []
    at = x + wide / 2 if short else x + wide - size - 3
    ends = [(scale.x(each.start), scale.x(each.end or each.start)) for each in bar.work]
    on = not short and any(start <= at - size and at <= end for start, end in ends)
    return [Sign(at, y + high / 2, "cross", "on" if on else "failed", size)]


def _fills(bar: Bar) -> tuple[Role, Role]:
    if bar.outcome == "failed":
        return "failed", "failed-soft"
    if bar.outcome == "cancelled":
        return "gone", "lesson-soft"
    return cast(Role, bar.kind), cast(Role, f"{bar.kind}-soft")


def _kept(bar: Bar, x: float, wide: float, y: float, high: float) -> list[Shape]:
    """From the store: a tick, after the time for which it waited where somebody else made it."""
    tick = Box(max(x + wide - 2.5, x), y, 2.5, high, "kept", 0)
    return [Box(x, y, wide, high, cast(Role, f"{bar.kind}-soft")), tick] if wide > 6 else [tick]


def _refused(bar: Bar, scale: Scale, y: float, high: float) -> list[Shape]:
    """A sign where it was told 429, as many as can be told apart."""
    shapes: list[Shape] = []
    size = min(4.0, high / 2 - 1)
    for at in bar.refused:
        x = scale.x(at)
        if not shapes or x - cast(Sign, shapes[-1]).x >= 2 * size + 2:
            shapes.append(Sign(x, y + high / 2, "diamond", "refused", size))
    return shapes


def _label(
    bar: Bar,
    work: tuple[float, float],
    whole: tuple[float, float],
    y: float,
    high: float,
    several: bool,
) -> list[Shape]:
    """The section's number, on what was worked, or else on what waits."""
    numbers = [bar.lesson if several else None, bar.section]
    name = "·".join(str(number + 1) for number in numbers if number is not None)
    if not name or bar.steps > 1 or high < LETTERS:
        return []
    needs = width_of(name, TINY) + 6
    length, at = work
    if needs <= length:
        return [Text(at + length / 2, y + high / 2, name, "on", TINY, "middle")]
    x, wide = whole
    if needs <= wide - length and at >= x + needs:
        return [Text(x + (at - x) / 2, y + high / 2, name, "ink", TINY, "middle")]
    if not bar.work and needs <= wide:
        return [Text(x + wide / 2, y + high / 2, name, "ink", TINY, "middle")]
    return []


def _name(name: str, x: float, wide: float, y: float, high: float, colour: Role) -> list[Shape]:
    shown = cut(name, TINY, wide - 10)
    return [Text(x + 5, y + high / 2, shown, colour, TINY)] if shown else []
