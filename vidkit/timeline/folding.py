"""Many bars as fewer: neighbours that are too short to see become one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from ..events import Outcome
from .bar import KINDS, ON_CORES, Bar, Kind, Mark, Stretch

_WORST: tuple[Outcome, ...] = ("failed", "cancelled", "made", "kept")


def fold(bars: Iterable[Bar], grain: float) -> list[Bar]:
    """`bars`, of which neighbours on a lane that together take at most `grain` seconds are one.

    What they worked and waited, how many steps they are and whether one failed is kept.
    """
    placed = sorted(bars, key=lambda bar: (KINDS.index(bar.kind), bar.lane or 0, bar.placed))
    found: list[Bar] = []
    for bar in placed:
        last = found[-1] if found else None
        if last is not None and _together(last, bar, grain):
            found[-1] = _one(last, bar, grain)
        else:
            found.append(bar)
    return found


def _together(one: Bar, other: Bar, grain: float) -> bool:
    assert one.end is not None and other.end is not None
    return (one.kind, one.lane) == (other.kind, other.lane) and other.end - one.placed <= grain


def _one(one: Bar, other: Bar, grain: float) -> Bar:
    """Two neighbours as one bar; what differs between them is told of neither."""
    same = one.lesson == other.lesson
    assert one.outcome and other.outcome
    return Bar(
        kind=one.kind,
        lesson=one.lesson if same else None,
        section=one.section if same and one.section == other.section else None,
        name=one.name if same else "",
        by=one.by if one.by == other.by else "several",
        lane=one.lane,
        placed=one.placed,
        start=one.start,
        end=other.end,
        outcome=min(one.outcome, other.outcome, key=_WORST.index),
        work=joined([*one.work, *other.work], grain / 10),
        refused=(one.refused + other.refused)[:20],
        error=one.error or other.error,
        requests=one.requests + other.requests,
        steps=one.steps + other.steps,
    )


def joined(work: Iterable[Stretch], gap: float) -> list[Stretch]:
    """Stretches that overlap, or lie at most `gap` seconds apart, as one. All have ended."""
    found: list[Stretch] = []
    for each in sorted(work, key=lambda stretch: stretch.start):
        last = found[-1] if found else None
        if last and last.end is not None and each.end is not None and each.start <= last.end + gap:
            last.end = max(last.end, each.end)
            last.outcome = each.outcome
        else:
            found.append(replace(each))
    return found


def fold_marks(marks: Sequence[Mark]) -> list[Mark]:
    """Half as many marks: each two of a gate and of one kind that follow each other are one, at
    the place of the first.
    """
    order = sorted(marks, key=lambda mark: (mark.gate, mark.kind, mark.at))
    found: list[Mark] = []
    for _, alike in groupby(order, key=lambda mark: (mark.gate, mark.kind)):
        same = list(alike)
        for one, other in zip(same[::2], same[1::2], strict=False):
            end = max(one.at + one.seconds, other.at + other.seconds)
            found.append(
                replace(
                    one,
                    seconds=min(end - one.at, one.seconds + other.seconds),
                    times=one.times + other.times,
                )
            )
        found += same[len(same) // 2 * 2 :]
    return sorted(found, key=lambda mark: mark.at)


def shifted(bar: Bar, by: float) -> Bar:
    """The bar, so many seconds later."""
    return replace(
        bar,
        placed=bar.placed + by,
        start=bar.start + by,
        end=None if bar.end is None else bar.end + by,
        work=[
            replace(each, start=each.start + by, end=None if each.end is None else each.end + by)
            for each in bar.work
        ],
        refused=[at + by for at in bar.refused],
    )


def lanes_of(bars: Sequence[Bar]) -> dict[Kind, list[float | None]]:
    """Put `bars` on as few lanes as they need, and give these lanes."""
    lanes: dict[Kind, list[float | None]] = {}
    for bar in sorted(bars, key=_wants_lane_at):
        end = float("inf") if bar.end is None else bar.end
        ends = lanes.setdefault(bar.kind, [])
        at = _wants_lane_at(bar)
        free = [lane for lane, freed in enumerate(ends) if freed is not None and freed <= at]
        bar.lane = free[0] if free else len(ends)
        bar.placed = max(bar.start, ends[bar.lane] or 0.0) if free else bar.start
        if not bar.work and bar.kind in ON_CORES:
            bar.placed = end
        ends[bar.lane : bar.lane + 1] = [end]
    return lanes


def _wants_lane_at(bar: Bar) -> float:
    if bar.kind not in ON_CORES:
        return bar.start
    return bar.work[0].start if bar.work else bar.end or bar.start
