"""Bars for a terminal or a notebook, drawn with tqdm from the events of a run.

One bar counts the lessons; each lesson under way has one for its sections, with what is
being made now and what failed. Where the output is a file, plain lines take their place.
"""

from __future__ import annotations

import io
import os
import sys
from collections import Counter
from typing import Any, Protocol, TextIO

from ..core.events import (
    Event,
    LessonEnded,
    LessonStarted,
    Noticed,
    RunEnded,
    SectionEnded,
    StepEnded,
    StepStarted,
)
from ..core.format import printable

_DOING = {"image": "drawing", "audio": "speaking", "clip": "cutting", "join": "joining"}
_COUNT = "{desc} {n_fmt} [{elapsed}{postfix}]"
_BAR = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"


class Watcher(Protocol):
    """Something that follows a run's events until it is closed."""

    def __call__(self, event: Event) -> None: ...

    def close(self) -> None:
        """Tidy up; also after a run that broke off."""


def bars(lessons: int | None, at_once: int, stream: TextIO | None = None) -> Watcher:
    """What shows a run of `lessons` lessons (None: nobody knows how many), `at_once` of them at
    the same time: bars where somebody watches, lines where `stream` (default: standard error)
    is a file, or a terminal that moves no cursor.
    """
    stream = stream or sys.stderr or io.StringIO()
    if _in_notebook() or (stream.isatty() and os.environ.get("TERM") != "dumb"):
        return Bars(lessons, at_once)
    return Lines(stream)


def _in_notebook() -> bool:
    """True in a kernel, where tqdm draws widgets."""
    shell = sys.modules.get("IPython")
    found = shell.get_ipython() if shell else None
    return found is not None and "IPKernelApp" in getattr(found, "config", {})


class Bars:
    """tqdm bars. All are created at once, in the caller's thread, where a notebook's cell
    still owns its output; a lesson takes the first bar that is free, or else that of the lesson
    that began first, which will soon be over.
    """

    def __init__(self, lessons: int | None, at_once: int) -> None:
        from tqdm.auto import tqdm

        form = _COUNT if lessons is None else _BAR
        self._whole = tqdm(total=lessons, desc="lessons", bar_format=form) if lessons != 1 else None
        most = at_once if lessons is None else min(lessons, at_once)
        self._free = [tqdm(total=0, desc="…", bar_format=_BAR) for _ in range(most)]
        self._bars = list(self._free)
        self._of: dict[int, Any] = {}
        self._doing: dict[int, Counter[str]] = {}
        self._failed: Counter[int] = Counter()

    def __call__(self, event: Event) -> None:
        match event:
            case LessonStarted():
                bar = self._free.pop(0) if self._free else self._of.pop(next(iter(self._of)))
                self._of[event.lesson] = bar
                bar.reset(total=len(event.sections))
                bar.set_description_str(printable(event.name, line=True))
                self._doing[event.lesson] = Counter()
            case StepStarted():
                self._change(event.lesson, event.step, 1)
            case StepEnded():
                self._change(event.lesson, event.step, -1)
            case SectionEnded() if event.state != "cancelled":
                self._failed[event.lesson] += event.state != "made"
                if event.lesson in self._of:
                    self._of[event.lesson].update()
                self._show(event.lesson)
            case LessonEnded():
                self._end(event)
            case RunEnded():
                self.close()
            case _:
                pass

    def _change(self, lesson: int, step: str, by: int) -> None:
        self._doing[lesson][step] += by
        self._show(lesson)

    def _show(self, lesson: int) -> None:
        if lesson not in self._of:
            return
        now = [f"{_DOING[step]} {n}" for step, n in self._doing[lesson].items() if n > 0]
        if self._failed[lesson]:
            now.append(f"{self._failed[lesson]} failed")
        self._of[lesson].set_postfix_str(", ".join(now), refresh=False)
        self._of[lesson].refresh()

    def _end(self, event: LessonEnded) -> None:
        bar = self._of.pop(event.lesson, None)
        if bar is not None:
            bar.set_postfix_str("failed" if event.path is None else self._verdict(event.lesson))
            self._free.append(bar)
        self._doing.pop(event.lesson, None)
        self._failed.pop(event.lesson, None)
        if self._whole is not None:
            self._whole.update()

    def _verdict(self, lesson: int) -> str:
        return f"{self._failed[lesson]} failed" if self._failed[lesson] else "done"

    def close(self) -> None:
        """Leave the bars as they stand."""
        for bar in (*self._bars, *([self._whole] if self._whole else [])):
            bar.close()


class Lines:
    """A line for each section and each lesson, for logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._total: dict[int, int] = {}
        self._name: dict[int, str] = {}
        self._over: Counter[int] = Counter()

    def __call__(self, event: Event) -> None:
        match event:
            case LessonStarted():
                self._total[event.lesson] = len(event.sections)
                self._name[event.lesson] = event.name
            case SectionEnded() if event.state != "cancelled":
                self._over[event.lesson] += 1
                how = event.state + (f": {event.error}" if event.error else "")
                self._say(
                    f"{self._name[event.lesson]}: section {event.section + 1} {how} "
                    f"({self._over[event.lesson]} of {self._total[event.lesson]})"
                )
            case LessonEnded():
                for counts in (self._total, self._name, self._over):
                    counts.pop(event.lesson, None)
                self._say(f"{event.name}: {event.path or event.error}")
            case Noticed():
                self._say(f"note: {event.message}")
            case _:
                pass

    def _say(self, line: str) -> None:
        print(printable(line, line=True), file=self._stream, flush=True)

    def close(self) -> None:
        """Nothing is left open."""
