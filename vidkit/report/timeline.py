"""Events → lanes and bars, as they happen."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from ..core.events import (
    Event,
    GateDecided,
    LessonEnded,
    LessonStarted,
    Noticed,
    Outcome,
    RequestRetried,
    RunEnded,
    RunStarted,
    StepEnded,
    StepStarted,
    WorkEnded,
    WorkersChanged,
    WorkStarted,
)
from ..core.format import in_brief, took
from .bars import (
    ENDS,
    KINDS,
    ON_CORES,
    Bar,
    Kind,
    Mark,
    Stretch,
    Tally,
    counted,
    fold,
    fold_marks,
    joined,
    lanes_of,
    shifted,
)
from .charts import laid_out
from .drawing import Scene, as_img, as_png, as_svg, fluid

MOST_BARS = 6000
"""Bars that are kept; with more, neighbours too short to see become one."""
MOST_MARKS = 600
SHOWN = 860
"""Pixels across which a notebook shows a timeline."""
FINEST = 1 / 1000
"""Of a run's length: what is shorter is folded first."""

_RENAMED = {"_last": "last", "_ended": "ended"}
"""What attributes are called now that had other names in earlier pickles."""


class Timeline:
    """A run as bars on lanes, fed with its events by `on_event`. It belongs to any thread, and
    holds at most a few thousand bars however long the run is.

    A `RunStarted` begins it anew: it shows one run. Events that it missed the beginning of
    are left out.

    last: seconds of the latest event; of the end, when the run is over. ended: when it was over;
    None while it lasts.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begin()

    @classmethod
    def from_events(cls, events: Iterable[Event]) -> Timeline:
        """The timeline of a run whose events are at hand, in their order."""
        timeline = cls()
        for event in events:
            timeline.on_event(event)
        return timeline

    def _begin(self) -> None:
        self._over: list[Bar] = []
        self._open: dict[tuple[Kind, int, int | None], Bar] = {}
        self._pieces: dict[int, tuple[Bar, Stretch]] = {}
        self._lanes: dict[Kind, list[float | None]] = {}
        self._most_waiting: dict[Kind, int] = {}
        self._names: dict[int, str] = {}
        self._marks: list[Mark] = []
        self._workers: list[WorkersChanged] = []
        self._tallies: dict[tuple[Kind, str], Tally] = {}
        self._grain = 0.0
        self.last = 0.0
        self.ended: float | None = None

    @property
    def bars(self) -> list[Bar]:
        """All bars: those that are over, and those that last."""
        with self._lock:
            return [*self._over, *self._open.values()]

    @property
    def marks(self) -> list[Mark]:
        """What the gates did, in order."""
        with self._lock:
            return list(self._marks)

    @property
    def workers(self) -> list[WorkersChanged]:
        """When the numbers of workers were changed, and to what."""
        with self._lock:
            return list(self._workers)

    @property
    def tallies(self) -> list[Tally]:
        """Waiting and working by step and provider, of all steps that are over."""
        with self._lock:
            return sorted(self._tallies.values(), key=lambda each: KINDS.index(each.kind))

    def waiting(self, kind: Kind) -> int:
        """How many of a kind wait for a core now; of a run that is over, the most that ever did."""
        with self._lock:
            if self.ended is not None:
                return self._most_waiting.get(kind, 0)
            return self._waiting(kind)

    def on_event(self, event: Event) -> None:
        """Take in one event of the run."""
        with self._lock:
            self._on_event(event)

    def _on_event(self, event: Event) -> None:
        if not isinstance(event, Noticed | RunStarted):
            self.last = max(self.last, event.at)
        match event:
            case RunStarted():
                self._begin()
            case LessonStarted():
                self._names[event.lesson] = in_brief(event.name, 80)
                self._start("lesson", event.lesson, None, "vidkit", event.at)
            case LessonEnded():
                how: Outcome = "made" if event.path is not None else "failed"
                self._end("lesson", event.lesson, None, event.at, how, event.error)
                self._names.pop(event.lesson, None)
            case StepStarted():
                self._start(event.step, event.lesson, event.section, event.by, event.at)
            case StepEnded():
                which = (event.step, event.lesson, event.section)
                if which in self._open:
                    # it may have been finished by another than it was begun with
                    self._open[which].by = event.by
                self._end(*which, event.at, event.outcome, event.error)
            case WorkStarted():
                self._work(event)
            case WorkEnded():
                self._rest(event)
            case GateDecided():
                self._mark(event.at, event.gate, event.course, event.reason, event.seconds)
            case RequestRetried():
                self._mark(event.at, event.gate, "retried", event.reason, event.seconds)
            case WorkersChanged():
                changed = replace(event, reason=in_brief(event.reason, 200))
                self._workers = [*self._workers[-99:], changed]
            case RunEnded():
                self._finish(event.at)
            case _:
                pass

    def _start(self, kind: Kind, lesson: int, section: int | None, by: str, at: float) -> None:
        if (kind, lesson, section) in self._open:
            self._end(kind, lesson, section, at, "cancelled", None)
        lane, placed = (None, at) if kind in ON_CORES else self._place(kind, at)
        name = self._names.get(lesson, "")
        self._open[kind, lesson, section] = Bar(kind, lesson, section, name, by, lane, placed, at)
        if lane is None:
            waiting = self._waiting(kind)
            self._most_waiting[kind] = max(waiting, self._most_waiting.get(kind, 0))

    def _place(self, kind: Kind, since: float) -> tuple[int, float]:
        """The first free lane of this kind, taken now, and from when it is free for a bar that
        began at `since`.
        """
        lanes = self._lanes.setdefault(kind, [])
        lane = next((number for number, freed in enumerate(lanes) if freed is not None), len(lanes))
        freed = lanes[lane] if lane < len(lanes) else None
        lanes[lane : lane + 1] = [None]
        return lane, since if freed is None else max(since, freed)

    def _waiting(self, kind: Kind) -> int:
        return sum(bar.kind == kind and bar.lane is None for bar in self._open.values())

    def _work(self, event: WorkStarted) -> None:
        bar = self._open.get((event.step, event.lesson, event.section))
        if bar is not None:
            if bar.lane is None:
                bar.lane, bar.placed = self._place(bar.kind, bar.start)
            bar.requests += 1
            stretch = Stretch(event.at)
            bar.work.append(stretch)
            self._pieces[event.piece] = (bar, stretch)
            self._tally(bar.kind, event.by).requests += 1

    def _rest(self, event: WorkEnded) -> None:
        bar, stretch = self._pieces.pop(event.piece, (None, None))
        if bar is not None and stretch is not None:
            stretch.end = event.at
            if event.outcome == "too many":
                bar.refused.append(event.at)
                self._tally(bar.kind, event.by).refused += 1

    def _end(
        self,
        kind: Kind,
        lesson: int,
        section: int | None,
        at: float,
        outcome: Outcome,
        error: str | None,
    ) -> None:
        bar = self._open.pop((kind, lesson, section), None)
        if bar is None:
            return
        for piece in [number for number, (owner, _) in self._pieces.items() if owner is bar]:
            self._pieces.pop(piece)[1].end = at
        if outcome == "made" and bar.work:
            # what comes after the last answer is checking it and writing it down
            bar.work[-1].end = at
        if bar.lane is None:
            bar.lane, _ = self._place(kind, at)
            bar.placed = at
        bar.end, bar.outcome, bar.error = at, outcome, in_brief(error, 300) if error else None
        self._lanes[kind][bar.lane] = at
        self._count(bar, outcome)
        bar.work = joined(bar.work, (at - bar.start) / 200)
        self._over.append(bar)
        if len(self._over) > MOST_BARS:
            self._fold()

    def _count(self, bar: Bar, outcome: Outcome) -> None:
        tally = self._tally(bar.kind, bar.by)
        setattr(tally, outcome, getattr(tally, outcome) + 1)
        if outcome != "kept" and bar.end is not None:
            tally.worked += bar.worked(bar.end)
            tally.waited += bar.waited(bar.end)

    def _tally(self, kind: Kind, by: str) -> Tally:
        return self._tallies.setdefault((kind, by), Tally(kind, by))

    def _mark(self, at: float, gate: str, kind: str, reason: str, seconds: float) -> None:
        self._marks.append(Mark(at, gate, kind, in_brief(reason, 200), seconds))
        if len(self._marks) > MOST_MARKS:
            self._marks = fold_marks(self._marks)

    def _fold(self) -> None:
        """Make fewer bars of many, coarser each time."""
        while len(self._over) > MOST_BARS // 2 and self._grain <= self.last:
            self._grain = max(2 * self._grain, self.last * FINEST, 1e-9)
            self._over = fold(self._over, self._grain)

    def _finish(self, at: float) -> None:
        self.ended = at
        for kind, lesson, section in list(self._open):
            self._end(kind, lesson, section, at, "cancelled", None)

    def apart(self) -> dict[int, Timeline]:
        """The timeline of each lesson by its position, whose clock begins with it, on lanes of its
        own. None at all where bars were folded with those of other lessons, in a run of many.
        """
        by_lesson: dict[int, list[Bar]] = {}
        for bar in self.bars:
            if bar.lesson is None:
                return {}
            by_lesson.setdefault(bar.lesson, []).append(bar)
        marks = self.marks
        return {lesson: self._excerpt(bars, marks) for lesson, bars in by_lesson.items()}

    def _excerpt(self, bars: Sequence[Bar], marks: Sequence[Mark]) -> Timeline:
        found = Timeline()
        began = min(bar.start for bar in bars)
        ended = max(self.last if bar.end is None else bar.end for bar in bars)
        found._over = [shifted(bar, -began) for bar in bars]
        found.ended = found.last = ended - began
        found._lanes = lanes_of(found._over)
        for bar in found._over:
            found._count(bar, bar.outcome or "cancelled")
            tally = found._tally(bar.kind, bar.by)
            tally.requests += bar.requests
            tally.refused += len(bar.refused)
        found._marks = [
            replace(mark, at=mark.at - began) for mark in marks if began <= mark.at <= ended
        ]
        return found

    def sentence(self, now: float | None = None) -> str:
        """The picture in words, for those who do not see it, at `now` (default: the latest):
        "Timeline of 12 s: 3 images made, 1 failed; …".
        """
        by_kind: defaultdict[Kind, Counter[str]] = defaultdict(Counter)
        tallies = self.tallies
        for tally in tallies:
            by_kind[tally.kind].update({outcome: getattr(tally, outcome) for outcome in ENDS})
        for bar in self.bars:
            if bar.end is None:
                at_work = bar.kind == "lesson" or (bar.work and bar.work[-1].end is None)
                by_kind[bar.kind]["under way" if at_work else "waiting"] += 1
        if by_kind["lesson"].total() < 2:
            del by_kind["lesson"]
        parts = [counted(kind, counts) for kind, counts in by_kind.items() if counts.total()]
        if refused := sum(tally.refused for tally in tallies):
            parts.append(f"{refused} {'request was' if refused == 1 else 'requests were'} told 429")
        so_far = "" if self.ended is not None else " so far"
        told = "; ".join(parts) or "nothing yet"
        return f"Timeline of {took(self._moment(now))}{so_far}: {told}."

    def scene(self, width: int, now: float | None = None, since: float = 0.0) -> Scene:
        """The picture as shapes, for who draws it beside others; arguments as in `svg`."""
        return laid_out(self, width, self._moment(now), since)

    @property
    def drawing(self) -> Callable[[int], Scene] | None:
        """What draws it for a report; None where there is nothing to draw."""
        return self.scene if self.bars else None

    def svg(self, width: int = 960, now: float | None = None, since: float = 0.0) -> str:
        """The picture as an SVG element, `width` pixels wide where there is room for it, in
        JupyterLab's colours, light or dark. `now`: where what lasts ends, in seconds (default:
        the latest event). `since`: leave out what was over before.
        """
        return as_svg(self.scene(width, now, since))

    def html(self, width: int = SHOWN, now: float | None = None, since: float = 0.0) -> str:
        """The picture as an HTML element that takes the width it is given. What has room for its
        name is reckoned for `width` pixels; the rest as in `svg`.
        """
        return fluid(self.scene(width, now, since))

    def png(
        self, width: int = 960, dark: bool = False, now: float | None = None, since: float = 0.0
    ) -> bytes:
        """The same picture as a PNG, with two pixels for each of the `width` that it is meant to
        be shown at.
        """
        return as_png(self.scene(width, now, since), dark)

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The picture for a notebook, live or stored, which JupyterLab turns dark where its theme
        is; its PNG for what shows no HTML, and the sentence for a terminal.
        """
        scene = self.scene(SHOWN)
        png = as_png(scene)
        html = f'<div class="vidkit-report">{as_img(png, scene)}</div>'
        data = {"text/plain": self.sentence(), "text/html": html, "image/png": png}
        return data, {"image/png": {"width": SHOWN}}

    def _moment(self, now: float | None) -> float:
        if self.ended is not None or now is None:
            return self.last
        return max(now, self.last)

    def __getstate__(self) -> dict[str, Any]:
        with self._lock:
            return {name: value for name, value in vars(self).items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update({_RENAMED.get(name, name): value for name, value in state.items()})
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return self.sentence()
