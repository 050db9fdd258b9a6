"""What a run reports while it works: one stream that bars, panels, reports and logs read.

Every event is a small frozen record. `at` is in seconds on the run's own clock
(0 is its start, virtual in a forecast); `lesson` is the position of the lesson
in the run and `section` that of the section in its lesson, both from 0.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

log = logging.getLogger("vidkit.events")

Step = Literal["image", "audio", "clip", "join"]
Outcome = Literal["made", "kept", "failed", "cancelled"]
"""How a step ended; "kept" was in the store already."""
State = Literal["made", "failed", "over budget", "placeholder", "cancelled"]
WorkOutcome = Literal["done", "too many", "failed", "cancelled"]
"""How a piece of work ended; "too many" is a 429, which the gate asks again."""
Course = Literal["faster", "slower", "waits", "goes on", "resized", "held", "closed"]


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""

    at: float


@dataclass(frozen=True, slots=True)
class RunStarted(Event):
    """A run begins; `lessons` is how many it will make, None where nobody knows yet."""

    lessons: int | None


@dataclass(frozen=True, slots=True)
class LessonStarted(Event):
    """A lesson got a video worker; `sections` are the positions it will make."""

    lesson: int
    name: str
    sections: tuple[int, ...]
    folder: Path


@dataclass(frozen=True, slots=True)
class StepEvent(Event):
    """Base of what happens to a step of a section, or of a lesson where `section` is None; `by` is
    who does it.
    """

    lesson: int
    section: int | None
    step: Step
    by: str


@dataclass(frozen=True, slots=True)
class StepStarted(StepEvent):
    """A piece of work begins: its section has a worker slot. It may still wait for its
    provider's gate, for a core, or for somebody who is making the same."""


@dataclass(frozen=True, slots=True)
class StepEnded(StepEvent):
    """The same piece of work is over after `seconds`; `path` is what it left."""

    outcome: Outcome
    seconds: float
    path: Path | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class WorkStarted(StepEvent):
    """A piece of a step no longer waits: its request was let through the provider's gate, or a
    core is at work on it. A step has as many pieces as it sends requests, retries included, and
    none where the store had it. `piece` is the piece's number in the run.
    """

    piece: int


@dataclass(frozen=True, slots=True)
class WorkEnded(StepEvent):
    """The same piece is over, after `seconds` of work."""

    piece: int
    outcome: WorkOutcome
    seconds: float


@dataclass(frozen=True, slots=True)
class Paid(StepEvent):
    """A step cost `dollars`; `sure` is False where a call was sent and never answered, so that
    nobody knows whether it was billed.
    """

    dollars: float
    sure: bool = True


@dataclass(frozen=True, slots=True)
class SectionEnded(Event):
    """Nothing more will happen to this section."""

    lesson: int
    section: int
    state: State
    error: str | None = None


@dataclass(frozen=True, slots=True)
class LessonEnded(Event):
    """Nothing more will happen to this lesson; `path` is its video, if there is one."""

    lesson: int
    name: str
    path: Path | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Noticed(Event):
    """Something a person should know that stops nothing: a warning, an odd input."""

    lesson: int | None
    message: str


@dataclass(frozen=True, slots=True)
class GateDecided(Event):
    """A gate changed how it lets requests through, and `reason` says why, in words.

    `places` is how many requests may now be under way at once, `pace` how many may start
    in a minute (None: as many as there are places for), `seconds` how long nothing starts
    (0 where nothing is stopped). `until` is the time of day at which it goes on, or gives up, where
    that is so long that a person should know; else "".
    """

    gate: str
    course: Course
    reason: str
    places: int
    pace: float | None = None
    seconds: float = 0.0
    until: str = ""


@dataclass(frozen=True, slots=True)
class RequestRetried(Event):
    """A request failed in a way that may pass and is sent again, no sooner than after
    `seconds`; `attempt` is the number of the one that failed, from 1.
    """

    gate: str
    attempt: int
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class WorkersChanged(Event):
    """So many sections of a lesson, and lessons, are made at once from now on, and why."""

    sections: int
    videos: int
    reason: str


@dataclass(frozen=True, slots=True)
class Sampled(Event):
    """What the run uses at one moment.

    `cores` is how many processor cores this process and its children keep busy, of
    `usable_cores`; `memory` what they hold, of `memory_limit`, and `disk_free` what is left where
    the store is, all in bytes; `calls` is how many provider calls are under way.
    """

    cores: float
    usable_cores: int
    memory: int
    memory_limit: int
    disk_free: int
    calls: int


@dataclass(frozen=True, slots=True)
class RunEnded(Event):
    """The run is over, however it ended."""


Listener = Callable[[Event], None]


@dataclass(eq=False)
class Events:
    """A stream of events. Listeners are called in the loop's thread, in the order they came,
    and must be quick; one that fails is logged, the first time in full, and does not disturb the
    run or its neighbours.
    """

    _listeners: list[Listener] = field(default_factory=list)
    _failed: list[Listener] = field(default_factory=list)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event from now on. Returns a function that ends it."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def emit(self, event: Event) -> None:
        """Pass one event to everybody who listens."""
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except (Exception, SystemExit, KeyboardInterrupt):
                known = listener in self._failed
                level = logging.DEBUG if known else logging.ERROR
                log.log(level, "a listener failed on %s", type(event).__name__, exc_info=not known)
                if not known:
                    self._failed.append(listener)
