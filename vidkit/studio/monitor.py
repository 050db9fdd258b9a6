"""A run as it goes on: how far it is, what it uses, and every call of it on a line of time."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..api import Run, Snapshot
from ..core.events import (
    Event,
    GateDecided,
    Noticed,
    Paid,
    RunEnded,
    RunStarted,
    Sampled,
    Step,
    StepEnded,
    StepStarted,
    WorkEnded,
    WorkersChanged,
    WorkStarted,
)
from ..core.format import by as made_by
from ..core.format import clock_time, count, in_brief, times, took
from ..forecasting.plan import Plan
from ..models.settings import Settings
from ..report import timeline
from ..report.progress import Progress
from ..store.ledger import Budget
from .widgets import Part, Tone, line


class Controls(Part):
    """The buttons that make, hold and end a run, and how far it is: `status` is what the line
    says.
    """

    component = "run"

    def __init__(self) -> None:
        super().__init__()
        self._run: Run[Any] | None = None
        self._what = ""
        self._progress = Progress(0)
        self.several = False
        self.code = ""

    @property
    def run(self) -> Run[Any] | None:
        """The run that goes on, None where none does."""
        return self._run if self._run is not None and not self._run.done() else None

    def begin(self, sections: Sequence[int]) -> None:
        """A run is about to begin, over lessons of so many sections each."""
        self._progress = Progress(len(sections), sections)

    def watch(self, run: Run[Any], what: str, plan: Plan | None = None) -> None:
        """Steer `run` until it is over. `what` is being made, in a few words. plan: of the run,
        where there is one.
        """
        self._run, self._what = run, what
        if plan is not None:
            self._progress.expect(plan.seconds, plan.new + plan.clips + plan.lessons)
        self.paint()

    def pause(self) -> None:
        """Hold the run, or let it go on."""
        if (run := self.run) is not None:
            (run.resume if run.snapshot().paused else run.pause)()
            self.paint()

    def cancel(self) -> None:
        """End the run: calls under way are finished and kept. A second time, those end too."""
        if (run := self.run) is not None:
            run.cancel()
            self.paint()

    do_pause, do_cancel = pause, cancel

    def on_event(self, event: Event) -> None:
        """Count what is over."""
        self._progress.on_event(event)

    def paint(self) -> None:
        """Show how far it is, and how long it has taken."""
        if self.run is not None:
            self._changed = True
        super().paint()

    def values(self) -> Mapping[str, Any]:
        """What may be done, what is said, and how far the run is."""
        run, progress = self.run, self._progress
        now = run.snapshot() if run is not None else None
        if now is not None:
            self.status, self.tone = self._sentence(now), "state"
        return {
            "run": {
                "busy": now is not None,
                "ran": self._run is not None,
                "several": self.several,
                "paused": now is not None and now.paused,
                "ending": now is not None and now.ending,
                "said": self.status,
                "tone": self.tone,
                "done": progress.done,
                "total": progress.sections or 0,
                "taken": int(progress.elapsed),
                "left": self._left(now),
                "code": self.code,
            }
        }

    def _left(self, now: Snapshot | None) -> int | None:
        """Seconds until the run is over, where anybody can tell."""
        left = self._progress.to_go
        return None if left is None or now is None or now.paused or now.ending else round(left)

    def _sentence(self, now: Snapshot) -> str:
        progress, state = self._progress, "Making"
        if now.ending:
            state = "Cancelling, and finishing what is under way:"
        elif now.paused:
            state = "Paused:"
        failed = f", {progress.failed} failed" if progress.failed else ""
        lessons = ""
        if progress.lessons and progress.lessons > 1:
            lessons = f"{progress.over} of {count(progress.lessons, 'lesson')}, "
        sections = f"{progress.done} of {count(progress.sections or 0, 'section')}"
        return f"{state} {self._what}: {lessons}{sections}{failed}"


DECISIONS = 4
"""Decisions of the gates that stay in sight."""
NEARLY = 0.9
"""The share of what there is from which on a meter warns."""

Row = tuple[Step, str]
"""A kind of call and who answers it."""

_NAMES: dict[Step, str] = {"image": "Images", "audio": "Narrations", "clip": "Clips"}
_COURSES: dict[str, Tone] = {
    "faster": "ok",
    "goes on": "ok",
    "slower": "paid",
    "waits": "paid",
    "held": "waiting",
    "resized": "waiting",
    "closed": "failed",
}


@dataclass(frozen=True, slots=True)
class Meter:
    """A line: its name, how full it is (0 to 1, None where there is no full), and in words."""

    name: str
    full: float | None
    status: str
    tone: Tone = "working"


class Meters(Part):
    """The meters of a run. `settings` say how many calls may be under way and what may be spent;
    without them a scale has no end until an event tells one. `meters()` gives them as values.
    """

    component = "meters"

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._settings = settings
        self._begin()

    def _begin(self) -> None:
        """Forget the run before; what a gate allowed is still so."""
        s = self._settings
        self._workers = (s.section_workers, s.video_workers) if s else None
        self._lessons: int | None = None
        self._open: dict[tuple[int, int | None, Step], str] = {}
        self._pieces: dict[int, tuple[tuple[int, int | None, Step], str]] = {}
        self._asked: Counter[Row] = Counter()
        self._refused: Counter[Row] = Counter()
        self._over = False
        self._gates: dict[str, GateDecided] = getattr(self, "_gates", {})
        self._decisions: deque[GateDecided] = deque(maxlen=DECISIONS)
        self._sample: Sampled | None = None
        self._paid = self._unsure = 0.0
        self._changed = True

    def __repr__(self) -> str:
        return "\n".join(f"{meter.name}: {meter.status}" for meter in self.meters())

    def meters(self) -> list[Meter]:
        """The meters as they are now."""
        with self._lock:
            return [*self._calls(), *self._machine(), self._money()]

    def settle(self, settings: Settings) -> None:
        """The next run has these settings."""
        with self._lock:
            self._settings = settings

    def on_event(self, event: Event) -> None:
        """Take in an event of the run, in any thread."""
        with self._lock:
            self._take(event)

    def values(self) -> Mapping[str, Any]:
        """The meters, and the latest decisions of the gates."""
        meters = list(map(_meter, self.meters()))
        with self._lock:
            decisions = list(map(_decision, self._decisions))
        return {"meters": {"meters": meters, "decisions": decisions}}

    def page(self) -> str:
        """The meters as lines, for a saved notebook."""
        return "".join(line(f"{meter.name}: {meter.status}") for meter in self.meters())

    def _take(self, event: Event) -> None:
        self._changed = True
        match event:
            case RunStarted():
                self._begin()
                self._lessons = event.lessons
            case StepStarted() if event.step in _NAMES:
                self._open[event.lesson, event.section, event.step] = event.by
            case StepEnded():
                self._end(event)
            case WorkStarted() if event.step in _NAMES:
                which = (event.lesson, event.section, event.step)
                self._pieces[event.piece] = (which, event.by)
                self._asked[event.step, event.by] += 1
            case WorkEnded():
                self._pieces.pop(event.piece, None)
                self._refused[event.step, event.by] += event.outcome == "too many"
            case GateDecided():
                self._gates[event.gate] = event
                self._decisions.appendleft(event)
            case Sampled():
                self._sample = event
            case Paid():
                self._paid += event.dollars if event.sure else 0.0
                self._unsure += 0.0 if event.sure else event.dollars
            case WorkersChanged():
                self._workers = (event.sections, event.videos)
            case RunEnded():
                self._over = True
                self._open.clear()
                self._pieces.clear()
            case _:
                pass

    def _end(self, event: StepEnded) -> None:
        which = (event.lesson, event.section, event.step)
        self._open.pop(which, None)
        for piece in [number for number, (owner, _) in self._pieces.items() if owner == which]:
            del self._pieces[piece]

    def _calls(self) -> list[Meter]:
        """A meter for each kind of call and provider: under way, waiting, refused."""
        under_way = Counter((which[2], by) for which, by in self._pieces.values())
        at_work = {which for which, _ in self._pieces.values()}
        waiting = Counter((w[2], by) for w, by in self._open.items() if w not in at_work)
        kinds = list(_NAMES)
        seen = {*under_way, *waiting, *self._asked}
        rows = sorted(seen, key=lambda row: (kinds.index(row[0]), row[1]))
        return [self._call(row, under_way[row], waiting[row], rows) for row in rows]

    def _call(self, row: Row, under_way: int, waiting: int, rows: list[Row]) -> Meter:
        step, by = row
        most = self._most(row, rows)
        told = [f"{under_way} under way" if most is None else f"{under_way} of {most} under way"]
        if self._over:
            asked = self._asked[row]
            told = [f"{asked} done" if step == "clip" else count(asked, "request")]
        told += [f"{waiting} waiting"] if waiting else []
        gate = self._gate(row, rows)
        if gate is not None and gate.pace is not None and not self._over:
            told.append(f"{gate.pace:.0f} a minute")
        if refused := self._refused[row]:
            told.append(f"told 429 {times(refused)}")
        name = made_by(_NAMES[step], in_brief(by, 40))
        full = None if self._over or not most else under_way / most
        return Meter(name, full, ", ".join(told))

    def _gate(self, row: Row, rows: list[Row]) -> GateDecided | None:
        """What the row's gate decided last; None where two gates have its provider's name."""
        alone = sum(by == row[1] for _, by in rows) == 1
        return self._gates.get(row[1]) if alone else None

    def _most(self, row: Row, rows: list[Row]) -> int | None:
        """How many may be under way at once, as far as anybody said."""
        if row[0] == "clip":
            return self._sample.usable_cores if self._sample else None
        if (gate := self._gate(row, rows)) is not None:
            return gate.places
        if self._workers is None:
            return None
        sections, videos = self._workers
        return int(sections * min(videos, self._lessons or videos))

    def _machine(self) -> list[Meter]:
        now = self._sample
        if now is None:
            return []
        cores, memory = now.cores / max(now.usable_cores, 1), now.memory / max(now.memory_limit, 1)
        held = f"{_size(now.memory)} of {_size(now.memory_limit)}"
        low = now.disk_free < 1e9
        return [
            Meter("Processor", cores, f"{now.cores:.1f} of {now.usable_cores} cores"),
            Meter("Memory", memory, held, "failed" if memory > NEARLY else "working"),
            Meter("Disk", None, f"{_size(now.disk_free)} free", "failed" if low else "working"),
        ]

    def _money(self) -> Meter:
        told, full, tone = f"${self._paid:.2f}", None, "working"
        budget = self._settings.budget if self._settings else None
        caps = budget if isinstance(budget, list | tuple) else [budget]
        own = [float(cap) for cap in caps if isinstance(cap, int | float)]
        if own:
            told += f" of ${min(own):.2f}"
            full = (self._paid + self._unsure) / min(own) if min(own) else 1.0
            tone = "failed" if full > NEARLY else "working"
        for cap in caps:
            if isinstance(cap, Budget):
                told += f", from the ${cap.dollars:.2f} of {in_brief(cap.name, 40)}"
        if self._unsure:
            told += f"; ${self._unsure:.2f} more may be gone, for calls never answered"
        return Meter("Paid", full, told, "failed" if tone == "failed" else "working")


def _size(bytes_: int) -> str:
    """Bytes as people say them: "640 MB", "1.2 GB", "41 GB"."""
    if bytes_ < 1e9:
        return f"{bytes_ / 1e6:.0f} MB"
    return f"{bytes_ / 1e9:.1f} GB" if bytes_ < 1e10 else f"{bytes_ / 1e9:.0f} GB"


def _meter(meter: Meter) -> dict[str, Any]:
    """A meter for the page."""
    full = None if meter.full is None else round(min(max(meter.full, 0.0), 1.0), 2)
    return {"name": meter.name, "full": full, "told": meter.status, "tone": meter.tone}


def _decision(event: GateDecided) -> dict[str, str]:
    """When, who and why: "0:12", "openai waits 5 s", "too many requests …"."""
    pause = f" {took(event.seconds)}" if event.seconds else ""
    return {
        "at": clock_time(event.at),
        "head": f"{in_brief(event.gate, 40)} {event.course}{pause}",
        "tone": _COURSES.get(event.course, "waiting"),
        "reason": in_brief(event.reason, 200),
    }


STILL = 0.25
"""Seconds between two paints while nothing happens and bars only grow."""
BYTES_A_SECOND = 250_000
"""What a large picture sends at most, so that a slow connection keeps up."""
RECENT = 120.0
"""Seconds that *Last 2 minutes* shows."""


class Timeline(Part):
    """A run as a picture that grows with it. `timeline` has its bars and their tally as plain
    values, and `png()` is the same picture for a notebook that is to be read later.

    clock: seconds, from any origin; it moves what lasts on between two events.
    """

    component = "timeline"

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.timeline = timeline.Timeline()
        self._clock = clock
        self._offset: float | None = None
        self._heard = 0
        self._shown: tuple[int, bool] | None = None
        self._painted, self._size = float("-inf"), 0
        self._recent = False

    def __repr__(self) -> str:
        return self.timeline.sentence(self._now())

    def on_event(self, event: Event) -> None:
        """Take in an event of the run, in any thread."""
        if isinstance(event, RunStarted) or self._offset is None:
            self._offset = None if isinstance(event, Noticed) else self._clock() - event.at
        self.timeline.on_event(event)
        self._heard += 1

    def turn(self) -> None:
        """Show the last two minutes instead of the whole run, or the whole run again."""
        self._recent = not self._recent
        self.paint()

    do_turn = turn

    def paint(self) -> None:
        """Show what changed; while nothing does, what lasts grows now and then."""
        if self._view is None:
            return
        state, clock = (self._heard, self._recent), self._clock()
        over = self.timeline.ended is not None
        if state == self._shown and (over or self._offset is None) and not self._changed:
            return
        if not over and self._shown is not None and state[1] == self._shown[1]:
            rest = max(self._size / BYTES_A_SECOND, STILL if state[0] == self._shown[0] else 0.0)
            if clock < self._painted + rest:
                return
        self._shown, self._painted, self._changed = state, clock, True
        super().paint()
        if over:
            self.store()

    def values(self) -> Mapping[str, Any]:
        """The picture as it is now."""
        now = self._now()
        since = max(0.0, now - RECENT) if self._recent else 0.0
        picture = self.timeline.html(now=now, since=since)
        self._size = len(picture)
        return {"timeline": {"picture": picture, "long": now > RECENT, "recent": self._recent}}

    def page(self) -> str:
        """What a saved notebook shows: the picture when the run is over, words until then."""
        told = line(repr(self))
        return self.timeline.html() + told if self.timeline.ended is not None else told

    def png(self, dark: bool = False) -> bytes:
        """The picture as it is now, as a PNG."""
        return self.timeline.png(dark=dark, now=self._now())

    def _now(self) -> float:
        """Seconds on the run's clock."""
        if self._offset is None or self.timeline.ended is not None:
            return self.timeline.last
        return max(self.timeline.last, self._clock() - self._offset)
