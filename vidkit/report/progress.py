"""How far a run is: one line for all that it makes, drawn with tqdm from the events of the run, and
`batch_report.json` for who looks from outside.

In a terminal the line is drawn anew, in a notebook it is put in the place of the one before, so
that a saved notebook has the last; a file or a pipe gets a plain line for each section.
"""

from __future__ import annotations

import io
import json
import os
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from ..core.events import (
    Event,
    GateDecided,
    LessonEnded,
    LessonStarted,
    Noticed,
    RunEnded,
    SectionEnded,
    StepEnded,
    StepStarted,
)
from ..core.format import count, printable, took
from ..core.notebook import in_kernel, put
from ..core.paths import content_of, why_unwritable
from ..core.system import vidkit_version
from .reports import BatchReport, Troubles, VideoReport

_DOING = {"image": "drawing", "audio": "speaking", "clip": "cutting", "join": "joining"}
STEPS = 3
"""Of a section: its image, its narration, its clip. A lesson has one more, the join."""
COLUMNS = 60
"""What a line is wide at most: it has to fit on narrow terminals and in a column of a notebook."""
NAME, BAR = 12, 10
"""Letters of a lesson's name in it, and of the bar."""
DRAW_SECONDS = 0.1
"""Seconds between two drawings."""


def bars(
    lessons: int | None, sections: Sequence[int | None] = (), stream: TextIO | None = None
) -> Bar | Lines:
    """What shows a run of `lessons` lessons (None: nobody knows how many), of so many `sections`
    each as far as that is known, from its events: a line where somebody watches, lines where
    `stream` (default: standard error) is a file, or a terminal that moves no cursor.
    """
    stream = stream or sys.stderr or io.StringIO()
    progress = Progress(lessons, sections)
    if in_kernel():
        return Bar(progress, in_cell())
    return Bar(progress, on_terminal(stream)) if in_one_line(stream) else Lines(progress, stream)


def in_one_line(stream: TextIO | None = None) -> bool:
    """Whether a run is shown as one line, which has no room for why a section failed; by `stream`
    as in `bars`.
    """
    stream = stream or sys.stderr or io.StringIO()
    return in_kernel() or (stream.isatty() and os.environ.get("TERM") != "dumb")


class Progress:
    """How far a run is, in plain numbers, fed with its events.

    lessons: how many there are, None where nobody knows; over: those that are over. done: the
    sections that are over, failed: those of them that are not made. share: how much of the run is
    done, from 0 to 1; it never falls.
    """

    def __init__(
        self,
        lessons: int | None,
        sections: Sequence[int | None] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.lessons = lessons
        self.over = self.done = self.failed = 0
        self.share = 0.0
        self.name = ""
        self.cancelled = False
        self.doing: Counter[str] = Counter()
        self._clock, self._began = clock, clock()
        self._weight = {
            n: _steps_of(known) for n, known in enumerate(sections) if known is not None
        }
        self._total = sum(self._weight.values())
        self._past, self._whole = 0, 0
        self._at: dict[int, _UnderWay] = {}
        self._made = 0
        self._expected: tuple[float, int] | None = None
        self._until: float | None = None
        self._waits: dict[str, str] = {}

    @property
    def sections(self) -> int | None:
        """How many sections there are in all lessons; None where nobody knows yet."""
        if self.lessons is None or len(self._weight) < self.lessons:
            return None
        return (self._total - len(self._weight)) // STEPS

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return self._clock() - self._began

    @property
    def to_go(self) -> float | None:
        """Seconds until it is over, as the forecast and the run so far say; None where nobody
        can tell.
        """
        left = None if self._until is None else self._until - self.elapsed
        return left if left is not None and left > 0 else None

    def expect(self, seconds: float, steps: int) -> None:
        """Hear what a forecast says: how long the run takes, and how many steps are to be made
        in it, for the others are there already.
        """
        self._expected = (seconds, steps)
        self._reckon()

    def on_event(self, event: Event) -> None:
        """Take in one event."""
        match event:
            case LessonStarted():
                self.name = event.name
                self._weigh(event.lesson, len(event.sections))
                self._at[event.lesson] = _UnderWay()
            case StepStarted():
                self.doing[event.step] += 1
            case StepEnded():
                self.doing[event.step] -= 1
                self._end_step(event)
            case SectionEnded():
                self._end_section(event)
            case LessonEnded():
                self._end_lesson(event)
            case GateDecided() if event.course == "waits":
                self._waits[event.gate] = event.until
            case GateDecided():
                self._waits.pop(event.gate, None)
            case _:
                pass

    def _weigh(self, lesson: int, sections: int) -> None:
        self._total += _steps_of(sections) - self._weight.get(lesson, 0)
        self._weight[lesson] = _steps_of(sections)

    def _end_step(self, event: StepEnded) -> None:
        self._made += event.outcome == "made"
        at = self._at.get(event.lesson)
        if at is not None and event.outcome != "cancelled" and event.section not in at.ended:
            at.steps += 1
        self._settle()

    def _end_section(self, event: SectionEnded) -> None:
        if event.state == "cancelled":
            self.cancelled = True
            return
        self.done += 1
        self.failed += event.state != "made"
        if at := self._at.get(event.lesson):
            at.ended.add(event.section)
            at.steps = max(at.steps, STEPS * len(at.ended))
        self._settle()

    def _end_lesson(self, event: LessonEnded) -> None:
        self.over += 1
        self.name = self.name or event.name
        at = self._at.pop(event.lesson, None)
        if event.lesson not in self._weight:
            self._weigh(event.lesson, 0)  # it could not even be read
        if (event.error or "").startswith("cancelled"):
            self.cancelled = True
            self._past += at.steps if at else 0
        else:
            self._past += self._weight[event.lesson]
            self._whole += 1
        self._settle()

    def _settle(self) -> None:
        """How much is done: of all steps where their number is known, else of the lessons."""
        steps = {n: min(at.steps, self._weight[n] - 1) for n, at in self._at.items()}
        if self.sections is not None and self._total:
            share = (self._past + sum(steps.values())) / self._total
        else:
            parts = sum(done / self._weight[lesson] for lesson, done in steps.items())
            share = (self._whole + parts) / self.lessons if self.lessons else 0.0
        self.share = max(self.share, min(share, 1.0))
        self._reckon()

    def _reckon(self) -> None:
        """When it is over: as the forecast says at first, and as it went more and more."""
        if self._expected is None:
            return
        seconds, steps = self._expected
        made = min(1.0, self._made / steps) if steps else self.share
        left = (1 - made) * seconds
        if made > 0:
            weight = min(1.0, 2 * made)
            left = (1 - weight) * left + weight * self.elapsed * (1 - made) / made
        self._until = self.elapsed + left

    def status_lines(self, *, over: bool = False) -> list[str]:
        """It in words, what matters most first: "2/6 lessons", "14/62 sections", "1 failed"."""
        told = []
        if self.lessons != 1:
            told.append(_of(self.over, self.lessons, "lesson"))
        told.append(_of(self.done, self.sections, "section"))
        if self.failed:
            told.append(f"{self.failed} failed")
        if over:
            how = "cancelled after" if self.cancelled else "took"
            return [*told, f"{how} {took(self.elapsed)}"]
        if self.cancelled:
            return [*told, "cancelled"]
        told += [f"{gate} waits until {until}" for gate, until in self._waits.items() if until]
        if (left := self.to_go) is not None:
            told.append(f"{_roughly(left)} to go")
        now = [f"{_DOING[step]} {number}" for step, number in self.doing.items() if number > 0]
        return [*told, *now]


@dataclass
class _UnderWay:
    """A lesson under way: the steps of it that are done, and the sections that are over."""

    steps: int = 0
    ended: set[int | None] = field(default_factory=set)


def _steps_of(sections: int) -> int:
    """The steps of a lesson: those of its sections, and the join."""
    return STEPS * sections + 1


def _of(number: int, total: int | None, what: str) -> str:
    return count(number, what) if total is None else f"{number}/{count(total, what)}"


def _roughly(seconds: float) -> str:
    """A time that nobody knows to the second."""
    return took(max(1.0, round(seconds)) if seconds < 90 else 60 * round(seconds / 60)).replace(
        " 00 s", ""
    )


Draw = Callable[[str, bool], None]
"""Draws a line in the place of the one before; True with the last one, which stays."""


def on_terminal(stream: TextIO) -> Draw:
    """Draws on a terminal, whose cursor can go back."""
    from tqdm.std import tqdm

    show = tqdm.status_printer(stream)

    def draw(line: str, last: bool) -> None:
        show(line)
        if last:
            stream.write("\n")
            stream.flush()

    return draw


def in_cell() -> Draw:
    """Draws in the output of a notebook's cell, made in the caller's thread, which owns the
    cell.
    """
    name, there = f"vidkit-progress-{uuid.uuid4().hex[:12]}", False

    def draw(line: str, last: bool) -> None:
        nonlocal there
        put({"text/plain": line}, name, again=there)
        there = True

    return draw


class Bar:
    """One line with a bar. Called in any thread."""

    def __init__(self, progress: Progress, draw: Draw) -> None:
        self.progress = progress
        self._draw_line = draw
        self._over = False
        self._drawn = 0.0
        self._lock = threading.Lock()
        self._draw()

    def __call__(self, event: Event) -> None:
        with self._lock:
            self.progress.on_event(event)
            if time.monotonic() - self._drawn >= DRAW_SECONDS:
                self._draw()
        if isinstance(event, RunEnded):
            self.close()

    def expect(self, seconds: float, steps: int) -> None:
        """Hear the forecast."""
        with self._lock:
            self.progress.expect(seconds, steps)
            self._draw()

    def close(self) -> None:
        """Leave the last line; also after a run that broke off."""
        with self._lock:
            if not self._over:
                self._over = True
                self._draw_line(self.text(), True)

    def _draw(self) -> None:
        if not self._over:
            self._drawn = time.monotonic()
            self._draw_line(self.text(), False)

    def text(self) -> str:
        """The line as it is now: as much of it as has room."""
        from tqdm.std import tqdm

        progress = self.progress
        name = printable(progress.name, line=True) if progress.lessons == 1 else ""
        name = f"{name[: NAME - 1]}…" if len(name) > NAME else name
        bar: Any = tqdm.format_meter(
            n=progress.share,
            total=1,
            elapsed=progress.elapsed,
            prefix=f"{name} " if name else "",
            bar_format=f"{{desc}}{{percentage:3.0f}}%|{{bar:{BAR}}}| ",
        )
        first, *others = progress.status_lines(over=self._over)
        line = f"{bar}{first}"
        for each in others:
            if len(line) + len(each) + 2 > COLUMNS:
                break
            line += f", {each}"
        return line


class Lines:
    """A line for each section and each lesson, for logs."""

    def __init__(self, progress: Progress, stream: TextIO) -> None:
        self.progress = progress
        self._stream = stream
        self._name: dict[int, str] = {}

    def __call__(self, event: Event) -> None:
        self.progress.on_event(event)
        match event:
            case LessonStarted():
                self._name[event.lesson] = event.name
            case SectionEnded() if event.state != "cancelled":
                how = event.state + (f": {event.error}" if event.error else "")
                done, of = self.progress.done, self.progress.sections
                counted = f"{done} of {of}" if of is not None else count(done, "section")
                name = self._name.get(event.lesson, "")
                self._say(f"{name}: section {event.section + 1} {how} ({counted})")
            case LessonEnded():
                self._name.pop(event.lesson, None)
                if event.path or self.progress.lessons != 1:  # who asked for one is told the error
                    self._say(f"{event.name}: {event.path or event.error}")
            case Noticed():
                self._say(f"note: {event.message}")
            case GateDecided() if event.until:
                self._say(f"note: {event.reason}")
            case _:
                pass

    def _say(self, line: str) -> None:
        print(printable(line, line=True), file=self._stream, flush=True)

    def expect(self, seconds: float, steps: int) -> None:
        """Say how long it takes."""
        if seconds >= 1:
            self._say(f"about {took(seconds)} to go")

    def close(self) -> None:
        """Nothing is left open."""


# What came of a batch so far as a file, for people and programs that look at it from outside while
# it goes on, and after it was killed.


SUMMARY = "batch_report.json"
WRITE_SECONDS = 1.0
"""Seconds between two writings; a batch of ten thousand is not written ten thousand times."""
HOUR = 3600.0


class Summary:
    """The file in `folder` that tells of a batch: claimed before its first lesson, written as
    lessons end, and at its end; one that is not claimed is not written. count: how many lessons
    there are, None where nobody knows.

    A file of that name that is not vidkit's is left alone. `notes` says so, and where the file
    cannot be written; the batch goes on without it. The methods block.
    """

    def __init__(
        self, folder: Path, count: int | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.path = folder / SUMMARY
        self.notes: list[str] = []
        self._count = count
        self._clock = clock
        self._began = self._written = clock()
        self._ours = False
        self._troubles = Troubles()
        self._rows: dict[int, str] = {}
        self._made = 0
        self._dollars = self._unconfirmed = 0.0

    def claim(self) -> None:
        """Take the name, and write that the batch is under way."""
        if os.path.lexists(self.path) and not _is_summary(self.path):
            self.notes.append(
                f"{self.path} was not made by vidkit, and so is not overwritten; move it away, "
                "and the next run sums up there"
            )
            return
        self._ours = True
        with suppress(OSError):
            for left in self.path.parent.glob(f".{SUMMARY}.*.part"):
                if time.time() - left.stat().st_mtime > HOUR:
                    left.unlink()
        self._write("under way", self._so_far())

    def add(self, position: int, video: VideoReport) -> None:
        """Take in the report of a lesson that is over."""
        if not self._ours:
            return
        self._troubles.add(video)
        self._made += video.made
        self._dollars += video.dollars
        self._unconfirmed += video.unconfirmed
        self._rows[position] = json.dumps(self._row(video), ensure_ascii=False)
        if self._clock() - self._written >= WRITE_SECONDS:
            self._write("under way", self._so_far())

    def over(self, report: BatchReport) -> None:
        """Write what came of the whole batch."""
        if not self._ours:
            return
        for position, video in enumerate(report.videos):
            if position not in self._rows:
                self._rows[position] = json.dumps(self._row(video), ensure_ascii=False)
        state = "made" if report.made else "partly made" if self._made else "failed"
        about = self._so_far() | {
            "seconds": round(report.seconds, 3),
            "lessons": len(report.videos) if report.failure is None else self._count,
            "workers": report.workers,
            "least_seconds": report.least,
            "resources": asdict(report.resources) if report.resources else None,
            "error": str(report.failure) if report.failure else None,
            "notes": list(report.notes),
            "to_do": [trouble.as_json() for trouble in report.troubles],
        }
        self._write(state, about)

    def _so_far(self) -> dict[str, Any]:
        return {
            "lessons": self._count,
            "over": len(self._rows),
            "made": self._made,
            "seconds": round(self._clock() - self._began, 3),
            "dollars": self._dollars,
            "unconfirmed": self._unconfirmed,
            "to_do": [trouble.as_json() for trouble in self._troubles.listed],
        }

    def _row(self, video: VideoReport) -> dict[str, Any]:
        return {
            "lesson": self._from_here(video.lesson),
            "state": video.state,
            "video": self._from_here(video.path) if video.path else None,
            "sections": len(video.sections),
            "made": sum(section.made for section in video.sections),
            "length": round(video.length, 3),
            "seconds": round(video.seconds, 3),
            "dollars": video.dollars,
            "error": video.error,
        }

    def _from_here(self, path: Path) -> str:
        home, there = self.path.parent.absolute(), path.absolute()
        return there.relative_to(home).as_posix() if there.is_relative_to(home) else str(there)

    def _write(self, state: str, about: Mapping[str, Any]) -> None:
        """The whole file appears at once, or none."""
        head = json.dumps({"vidkit": vidkit_version(), "state": state, **about}, indent=1)
        rows = ",\n  ".join(self._rows[position] for position in sorted(self._rows))
        text = f'{head[:-2]},\n "videos": [\n  {rows}\n ]\n}}\n'
        scratch = self.path.with_name(f".{SUMMARY}.{os.getpid()}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            scratch.write_text(text, "utf-8", "backslashreplace")
            scratch.replace(self.path)
        except OSError as error:
            with suppress(OSError):
                scratch.unlink()
            self._ours = False
            why = why_unwritable(self.path.parent, error, "output_dir=")
            self.notes.append(f"{self.path} cannot be written: {why}")
        self._written = self._clock()


def _is_summary(path: Path) -> bool:
    try:
        found = json.loads(content_of(path))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "vidkit" in found and isinstance(found.get("videos"), list)
