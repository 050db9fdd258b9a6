"""What a run uses now: calls under way, processor, memory and money, and what its gates decided."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import ipywidgets as widgets

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
from ..core.format import clock_time, count, in_brief, times, took
from ..models.settings import Settings
from ..report import timeline
from ..report.html import Page, html
from ..store.ledger import Budget
from .widgets import Stored, Tone, button, show

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
    told: str
    tone: Tone = "working"


class Meters:
    """The meters of a run. `settings` say how many calls may be under way and what may be spent;
    without them a scale has no end until an event tells one. `meters()` gives them as values.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._lock = threading.Lock()
        self._settings = settings
        self._begin()
        self._page = widgets.HTML()
        self.widget = widgets.VBox([self._page])
        self.widget.add_class("vidkit-meters")
        self.paint()

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

    def _ipython_display_(self) -> None:
        show(self)

    def __repr__(self) -> str:
        return "\n".join(f"{meter.name}: {meter.told}" for meter in self.meters())

    def meters(self) -> list[Meter]:
        """The meters as they are now."""
        with self._lock:
            return [*self._calls(), *self._machine(), self._money()]

    def settle(self, settings: Settings) -> None:
        """The next run has these settings."""
        with self._lock:
            self._settings = settings

    def hear(self, event: Event) -> None:
        """Take in an event of the run, in any thread."""
        with self._lock:
            self._take(event)

    def paint(self) -> None:
        """Show what changed since the last time."""
        if not self._changed:
            return
        self._changed = False
        page = _page(self.meters(), list(self._decisions))
        if self._page.value != page:
            self._page.value = page

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
        rows = sorted({*under_way, *waiting, *self._asked}, key=_order)
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
        name = _NAMES[step] if by == "vidkit" else f"{_NAMES[step]} by {in_brief(by, 40)}"
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


def _order(row: Row) -> tuple[int, str]:
    return list(_NAMES).index(row[0]), row[1]


def _size(bytes_: int) -> str:
    """Bytes as people say them: "640 MB", "1.2 GB", "41 GB"."""
    if bytes_ < 1e9:
        return f"{bytes_ / 1e6:.0f} MB"
    return f"{bytes_ / 1e9:.1f} GB" if bytes_ < 1e10 else f"{bytes_ / 1e9:.0f} GB"


def _page(meters: list[Meter], decisions: list[GateDecided]) -> str:
    """The meters and the decisions as HTML, all text escaped."""
    lines = "".join(map(_line, meters))
    gates = ""
    if decisions:
        told = "".join(f"<li>{_decision(each)}</li>" for each in decisions)
        gates = f'<ul class="vidkit-decisions" aria-label="What the gates decided">{told}</ul>'
    return f'<div class="vidkit-gauges" role="group" aria-label="Meters">{lines}</div>{gates}'


def _line(meter: Meter) -> str:
    bar = "<span></span>"
    if meter.full is not None:
        full = min(max(meter.full, 0.0), 1.0)
        bar = (
            f'<span class="vidkit-gauge vidkit-{meter.tone}" aria-hidden="true">'
            f'<span style="width:{100 * full:.0f}%"></span></span>'
        )
    warns = " vidkit-failed" if meter.tone == "failed" else ""
    name = f'<span class="vidkit-state">{escape(meter.name)}</span>'
    return f'{name}{bar}<span class="vidkit-told{warns}">{escape(meter.told)}</span>'


def _decision(event: GateDecided) -> str:
    """When, who and why: "0:12 openai waits 5 s: too many requests …"."""
    tone = _COURSES.get(event.course, "waiting")
    pause = f" {took(event.seconds)}" if event.seconds else ""
    head = f"{in_brief(event.gate, 40)} {event.course}{pause}"
    return (
        f'<span class="vidkit-small">{clock_time(event.at)}</span> '
        f'<span class="vidkit-{tone}">{escape(head)}</span>: {escape(in_brief(event.reason, 200))}'
    )


# Every call of a run as a bar on its lane, as it happens.


STILL = 0.25
"""Seconds between two paints while nothing happens and bars only grow."""
BYTES_A_SECOND = 250_000
"""What a large picture sends at most, so that a slow connection keeps up."""
RECENT = 120.0
"""Seconds that *Last 2 minutes* shows."""


class Timeline:
    """A run as a picture that grows with it. `timeline` has its bars and their tally as plain
    values, and `png()` is the same picture for a notebook that is to be read later.

    clock: seconds, from any origin; it moves what lasts on between two events.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.timeline = timeline.Timeline()
        self._clock = clock
        self._offset: float | None = None
        self._heard = 0
        self._shown = (-1, False)
        self._painted, self._size = float("-inf"), 0
        self._recent = False
        self._picture = widgets.HTML()
        self._span = button("Last 2 minutes", "Show the last two minutes, or all", self.turn)
        self._span.layout.display = "none"
        self.widget = widgets.VBox([self._picture, self._span])
        self.paint()
        self._painted = float("-inf")
        self._stored: Stored | None = None

    def _ipython_display_(self) -> None:
        self._stored = Stored()
        show(self, self._stored)
        self._store()

    def _store(self) -> None:
        """What a saved notebook shows: the picture when the run is over, words until then."""
        if self._stored is not None:
            over = self.timeline.ended is not None
            page = Page(repr(self), drawing=self.timeline.scene if over else None)
            self._stored.show(html(page))

    def __repr__(self) -> str:
        return self.timeline.sentence(self._now())

    def hear(self, event: Event) -> None:
        """Take in an event of the run, in any thread."""
        if isinstance(event, RunStarted) or self._offset is None:
            self._offset = None if isinstance(event, Noticed) else self._clock() - event.at
        self.timeline.hear(event)
        self._heard += 1

    def turn(self) -> None:
        """Show the last two minutes instead of the whole run, or the whole run again."""
        self._recent = not self._recent
        self._span.description = "Whole run" if self._recent else "Last 2 minutes"
        self.paint()

    def paint(self) -> None:
        """Show what changed; while nothing does, what lasts grows now and then."""
        state, clock = (self._heard, self._recent), self._clock()
        over = self.timeline.ended is not None
        still = state[0] == self._shown[0]
        if state == self._shown and (over or self._offset is None):
            return
        rest = max(self._size / BYTES_A_SECOND, STILL if still else 0.0)
        if not over and state[1] == self._shown[1] and clock < self._painted + rest:
            return
        now = self._now()
        since = max(0.0, now - RECENT) if self._recent else 0.0
        page = self.timeline.html(now=now, since=since)
        self._shown, self._painted, self._size = state, clock, len(page)
        self._picture.value = page
        if over:
            self._store()
        if now > RECENT:
            self._span.layout.display = ""

    def png(self, dark: bool = False) -> bytes:
        """The picture as it is now, as a PNG."""
        return self.timeline.png(dark=dark, now=self._now())

    def _now(self) -> float:
        """Seconds on the run's clock."""
        if self._offset is None or self.timeline.ended is not None:
            return self.timeline.last
        return max(self.timeline.last, self._clock() - self._offset)
