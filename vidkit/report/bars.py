"""What a timeline holds, as plain values. Times are seconds on the run's clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Literal

from ..core.events import Outcome, WorkersChanged
from ..core.format import by, times, took

Kind = Literal["lesson", "image", "audio", "clip", "join"]
"""What a bar is about: a whole lesson, or one of its steps. Each kind has lanes of its own."""

KINDS: tuple[Kind, ...] = ("lesson", "image", "audio", "clip", "join")
ON_CORES: tuple[Kind, ...] = ("clip", "join")
"""Those that wait for a core of this machine. However many wait, they take a lane only when one
is theirs; an image waits on its lane, which is its section's worker.
"""


@dataclass(slots=True)
class Stretch:
    """A time in which a request was under way or a core at work; `end` is None while it lasts.
    Between its stretches a bar waits.
    """

    start: float
    end: float | None = None


@dataclass(slots=True)
class Bar:
    """One step of a section, or a lesson: from when it had its place to its end.

    lesson, section: positions from 0, None where it stands for several. name: the lesson's.
    by: the provider, "vidkit" for clips and joins. lane: its place among those of its kind,
    from 0, which it has from `placed` to its end; bars of a lane never overlap. None while it
    waits for a core. end, outcome: None while it lasts. work: when it worked; requests: pieces
    of work that were begun; refused: the moments at which it was told 429. error: why it
    failed. steps: how many steps it stands for, more than one where bars too short to see were
    folded into one.
    """

    kind: Kind
    lesson: int | None
    section: int | None
    name: str
    by: str
    lane: int | None
    placed: float
    start: float
    end: float | None = None
    outcome: Outcome | None = None
    work: list[Stretch] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    error: str | None = None
    requests: int = 0
    steps: int = 1

    def worked(self, now: float) -> float:
        """Seconds in which at least one of its pieces was worked on, until `now` if it lasts."""
        total, reached = 0.0, self.start
        for stretch in sorted(self.work, key=lambda each: each.start):
            end = now if stretch.end is None else stretch.end
            total += max(0.0, end - max(stretch.start, reached))
            reached = max(reached, end)
        return total

    def waited(self, now: float) -> float:
        """Seconds in which it waited: for its gate, for a core, for who makes the same."""
        end = now if self.end is None else self.end
        return max(0.0, end - self.start - self.worked(now))


@dataclass(slots=True)
class Mark:
    """Something a gate did: `kind` is "retried" or the course of its decision, `reason` says why
    in words. `seconds` is for how long nothing starts; `times`: how many such it stands for.
    """

    at: float
    gate: str
    kind: str
    reason: str
    seconds: float = 0.0
    times: int = 1


Workers = WorkersChanged
"""What it was called in earlier pickles."""


@dataclass(slots=True)
class Tally:
    """All steps of one kind by one provider that are over.

    made, kept (in the store already), failed, cancelled: how they ended. requests: pieces of
    work that were begun; refused: those that were told 429. waited, worked: seconds, of all steps
    together; those from the store count for neither. No bar is ever missing here.
    """

    kind: Kind
    by: str
    made: int = 0
    kept: int = 0
    failed: int = 0
    cancelled: int = 0
    requests: int = 0
    refused: int = 0
    waited: float = 0.0
    worked: float = 0.0


# Many bars as fewer: neighbours that are too short to see become one.


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


# What is in a timeline in words: one line for each thing.


NOUNS: dict[Kind, tuple[str, str]] = {
    "lesson": ("lesson", "lessons"),
    "image": ("image", "images"),
    "audio": ("narration", "narrations"),
    "clip": ("clip", "clips"),
    "join": ("video", "videos"),
}
ENDS = {"made": "made", "kept": "made before", "failed": "failed", "cancelled": "cancelled"}


def counted(kind: Kind, counts: Counter[str]) -> str:
    """ "3 images made, 1 failed"."""
    told: list[str] = []
    for outcome in (*ENDS, "under way", "waiting"):
        if number := counts[outcome]:
            noun = "" if told else f" {NOUNS[kind][number != 1]}"
            told.append(f"{number}{noun} {ENDS.get(outcome, outcome)}")
    return ", ".join(told)


def of_bar(bar: Bar, now: float) -> str:
    """What a bar is, on one line for a pointer that rests on it."""
    if bar.kind == "lesson":
        what = bar.name or "lessons"
    elif bar.section is not None:
        what = f"section {bar.section + 1}: {by(NOUNS[bar.kind][0], bar.by)}"
    else:
        what = by(NOUNS[bar.kind][bar.steps != 1], bar.by)
    if bar.steps > 1:
        what = f"{bar.steps} {NOUNS[bar.kind][1]}"
    elif bar.name and bar.kind != "lesson":
        what = f"{bar.name}, {what}"
    how = "lasts" if bar.outcome is None else ENDS[bar.outcome]
    told = [what, f"{how}, {took((now if bar.end is None else bar.end) - bar.start)}"]
    if bar.kind != "lesson" and bar.outcome != "kept":
        told.append(f"waited {took(bar.waited(now))}, worked {took(bar.worked(now))}")
    if bar.refused:
        told.append(f"told 429 {times(len(bar.refused))}")
    if bar.error:
        told.append(bar.error)
    return "; ".join(told)


def of_marks(marks: Sequence[Mark]) -> str:
    """What a gate did at one place, each reason once."""
    lines: Counter[str] = Counter()
    for mark in marks:
        what = "sent again: " if mark.kind == "retried" else ""
        pause = f", nothing starts for {took(mark.seconds)}" if mark.seconds else ""
        lines[f"{what}{mark.reason}{pause}"] += mark.times
    told = [line if n == 1 else f"{line} ({n} times)" for line, n in lines.items()]
    return f"{marks[0].gate} at {took(marks[0].at)}: " + "; ".join(told[:8])


def of_workers(change: WorkersChanged) -> str:
    """When the numbers of workers changed, to what, and why."""
    return (
        f"at {took(change.at)}: {change.sections} sections of a lesson at once, "
        f"{change.videos} lessons; {change.reason}"
    )
