"""A timeline in words: one sentence for all of it, one line for each thing in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from ..wording import times, took
from .bar import Bar, Kind, Mark, Tally, Workers

_NOUNS: dict[Kind, tuple[str, str]] = {
    "lesson": ("lesson", "lessons"),
    "image": ("image", "images"),
    "audio": ("narration", "narrations"),
    "clip": ("clip", "clips"),
    "join": ("video", "videos"),
}
_ENDS = {"made": "made", "kept": "from the store", "failed": "failed", "cancelled": "cancelled"}


class Told(Protocol):
    """What is told of a `Timeline`."""

    @property
    def bars(self) -> list[Bar]: ...
    @property
    def tallies(self) -> list[Tally]: ...
    @property
    def marks(self) -> list[Mark]: ...
    @property
    def ended(self) -> float | None: ...


def sentence(timeline: Told, now: float) -> str:
    """All of it in one sentence: "Timeline of 12 s: 3 images made, 1 failed; …"."""
    parts = []
    by_kind: dict[Kind, dict[str, int]] = {}
    for tally in timeline.tallies:
        counts = by_kind.setdefault(tally.kind, {})
        for outcome in _ENDS:
            counts[outcome] = counts.get(outcome, 0) + getattr(tally, outcome)
    for bar in timeline.bars:
        if bar.end is None:
            counts = by_kind.setdefault(bar.kind, {})
            how = "under way" if bar.work and bar.work[-1].end is None else "waiting"
            how = "under way" if bar.kind == "lesson" else how
            counts[how] = counts.get(how, 0) + 1
    lessons = sum(by_kind.get("lesson", {}).values())
    for kind, counts in by_kind.items():
        if kind == "lesson" and lessons < 2:
            continue
        if told := _counted(_NOUNS[kind], counts):
            parts.append(told)
    refused = sum(tally.refused for tally in timeline.tallies)
    if refused:
        parts.append(f"{refused} {'request was' if refused == 1 else 'requests were'} told 429")
    so_far = "" if timeline.ended is not None else " so far"
    return f"Timeline of {took(now)}{so_far}: {'; '.join(parts) or 'nothing yet'}."


def _counted(nouns: tuple[str, str], counts: dict[str, int]) -> str:
    """ "3 images made, 1 failed"; "" where there are none."""
    names = {**_ENDS, "under way": "under way", "waiting": "waiting"}
    told: list[str] = []
    for outcome, name in names.items():
        if number := counts.get(outcome, 0):
            noun = "" if told else f" {nouns[number != 1]}"
            told.append(f"{number}{noun} {name}")
    return ", ".join(told)


def of_bar(bar: Bar, now: float) -> str:
    """What a bar is, on one line for a pointer that rests on it."""
    if bar.kind == "lesson":
        what = bar.name or "lessons"
    elif bar.section is not None:
        what = f"section {bar.section + 1}: {_NOUNS[bar.kind][0]} by {bar.by}"
    else:
        what = _NOUNS[bar.kind][bar.steps != 1] + ("" if bar.by == "vidkit" else f" by {bar.by}")
    if bar.steps > 1:
        what = f"{bar.steps} {_NOUNS[bar.kind][1]}"
    elif bar.name and bar.kind != "lesson":
        what = f"{bar.name}, {what}"
    how = "lasts" if bar.outcome is None else _ENDS[bar.outcome]
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


def of_workers(change: Workers) -> str:
    """When the numbers of workers changed, to what, and why."""
    return (
        f"at {took(change.at)}: {change.sections} sections of a lesson at once, "
        f"{change.videos} lessons; {change.reason}"
    )
