"""How long things waited and worked, by step and provider."""

from __future__ import annotations

from ..timeline import Kind, Tally, Timeline
from ..wording import times, took
from .page import Row, Table

_NAMES: dict[Kind, str] = {
    "image": "images",
    "audio": "narrations",
    "clip": "clips",
    "join": "video",
}
_COLUMNS = (
    "Step",
    "By",
    "Made",
    "From the store",
    "Failed",
    "Cancelled",
    "Requests",
    "Told 429",
    "Worked",
    "Waited",
)


def step_table(timeline: Timeline | None) -> tuple[Table, ...]:
    """A row for each step and provider of a run; none where nobody watched it."""
    tallies = _tallies(timeline)
    if not tallies:
        return ()
    rows = tuple(Row(_cells(tally)) for tally in tallies)
    caption = "How long all of a step worked and waited, together:"
    numbers = frozenset(range(2, len(_COLUMNS)))
    return (Table(_COLUMNS, rows, "step", numbers, caption=caption).without_empty(),)


def step_lines(timeline: Timeline | None) -> tuple[str, ...]:
    """The same, a line for each: "images by openai: 11 made, worked 2 min 10 s, waited 5.3 s"."""
    return tuple(_line(tally) for tally in _tallies(timeline))


def _tallies(timeline: Timeline | None) -> list[Tally]:
    return [each for each in timeline.tallies if each.kind in _NAMES] if timeline else []


def _by(tally: Tally) -> str:
    return "" if tally.by == "vidkit" else tally.by


def _cells(tally: Tally) -> tuple[str, ...]:
    counts = (tally.made, tally.kept, tally.failed, tally.cancelled, tally.requests, tally.refused)
    times = (tally.worked, tally.waited) if tally.requests else (0.0, tally.waited)
    return (
        _NAMES[tally.kind],
        _by(tally),
        *(str(count) if count else "" for count in counts),
        *(took(seconds) if seconds >= 0.05 else "" for seconds in times),
    )


def _line(tally: Tally) -> str:
    who = f"{_NAMES[tally.kind]} by {_by(tally)}" if _by(tally) else _NAMES[tally.kind]
    counted = {
        "made": tally.made,
        "from the store": tally.kept,
        "failed": tally.failed,
        "cancelled": tally.cancelled,
    }
    told = [f"{number} {how}" for how, number in counted.items() if number]
    if tally.refused:
        told.append(f"told 429 {times(tally.refused)}")
    if tally.worked >= 0.05:
        told.append(f"worked {took(tally.worked)}")
    if tally.waited >= 0.05:
        told.append(f"waited {took(tally.waited)}")
    return f"{who}: {', '.join(told) or 'nothing'}"
