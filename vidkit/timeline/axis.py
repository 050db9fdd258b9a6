"""Where a time axis has its ticks, and what they are called."""

from __future__ import annotations

_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30)
_MINUTES = (1, 2, 5, 10, 15, 30)
_HOURS = (1, 2, 3, 6, 12, 24, 48, 168, 720)
STEPS = (*_SECONDS, *(60 * n for n in _MINUTES), *(3600 * n for n in _HOURS))
"""Seconds between two ticks, as people count: tens and halves, then quarters of an hour."""


def step_for(seconds: float, most: int) -> float:
    """The step with which `seconds` have at most `most` ticks."""
    for step in STEPS:
        if seconds / step <= most:
            return step
    return seconds / most


def ticks(start: float, end: float, most: int) -> list[tuple[float, str]]:
    """The ticks from `start` to `end` seconds, each with its name, at most `most` + 1."""
    step = step_for(end - start, most)
    first = -int(-start // step)
    last = int(end / step + 1e-9)
    return [(number * step, name(number * step, step)) for number in range(first, last + 1)]


def name(seconds: float, step: float) -> str:
    """What a tick at `seconds` is called where ticks are `step` apart: "0.5 s", "1:30",
    "12 min", "2 h".
    """
    if seconds == 0:
        return "0"
    if step < 1:
        return f"{seconds:.{1 if step >= 0.1 else 2}f} s"
    if step < 60:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes}:{rest:02}" if minutes else f"{rest} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    if step < 3600 and not hours:
        return f"{minutes} min"
    return f"{hours}:{minutes:02} h" if minutes else f"{hours} h"


def end_for(seconds: float, most: int) -> float:
    """Where an axis ends that shows `seconds` of a run that goes on: at a tick, so that the
    picture stands still until it is reached.
    """
    step = step_for(max(seconds, 1.0) * 1.02, most)
    return step * (int(max(seconds, 1.0) * 1.02 / step) + 1)
