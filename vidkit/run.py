"""A run that is under way, and how to steer it from anywhere: a cell, a script, a callback."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from threading import Lock
from typing import Any, Generic, TypeVar

from . import loop
from .events import Event, LessonEnded, SectionEnded, StepEnded, StepStarted
from .order import Order
from .settings import MOST_WORKERS, whole

T = TypeVar("T")


@dataclass(frozen=True)
class Snapshot:
    """A run at one moment.

    sections: those that are over, failed: those of them that failed. lessons: those that are
    over. under_way: pieces of work that go on. section_workers, video_workers: as they are
    set now. paused, ending: whether it is held, and whether it was cancelled.
    """

    lessons: int
    sections: int
    failed: int
    under_way: int
    section_workers: int
    video_workers: int
    paused: bool
    ending: bool


class Run(Generic[T]):
    """A run that was started; `await run` or `run.result()` gives its report."""

    def __init__(self, order: Order, coroutine: Coroutine[Any, Any, T]) -> None:
        self._order = order
        self._lock = Lock()
        self._counts = {"lessons": 0, "sections": 0, "failed": 0, "under_way": 0}
        self._workers = (order.settings.section_workers, order.settings.video_workers)
        self._paused = self._ending = False
        order.watchers.append(self._hear)
        order.__enter__()
        self._work = loop.submit(coroutine)
        self._work.future.add_done_callback(lambda _: order.__exit__())

    def resize(self, sections: int | None = None, videos: int | None = None) -> None:
        """Make so many sections of a lesson, or lessons, at once from now on. Growing takes
        effect at once, shrinking as calls end. Raises `SettingsError` outside 1 to 64.
        """
        for name, number in (("sections", sections), ("videos", videos)):
            if number is not None:
                whole(name, number, 1, MOST_WORKERS)
        self._workers = (sections or self._workers[0], videos or self._workers[1])
        self._order.steer(lambda batch: batch.resize(sections, videos))

    def pause(self) -> None:
        """Begin nothing more until `resume`; calls under way are finished."""
        self._paused = True
        self._order.steer(lambda batch: batch.tools.reins.hold())

    def resume(self) -> None:
        """Go on after `pause`."""
        self._paused = False
        self._order.steer(lambda batch: batch.tools.reins.go())

    def cancel(self) -> None:
        """End the run. Calls under way, which may be paid for, are let finish and are kept, and
        so is a clip that is being cut; a second `cancel` ends those too.
        """
        if self._ending:
            self._work.cancel()
        self._ending = True
        self._order.end()

    def done(self) -> bool:
        """True when it is over."""
        return self._work.done()

    def when_done(self, call: Callable[[], None]) -> None:
        """Call something when it is over, in vidkit's thread or, where it is over, here."""
        self._work.future.add_done_callback(lambda _: call())

    def result(self, ease: Callable[[], None] | None = None) -> T:
        """Wait for the report. An interrupt (Ctrl-C) cancels, or calls `ease`.

        Raises what kept the run from beginning, and `Cancelled` after a second `cancel`.
        """
        return self._work.wait(ease or self.cancel)

    def __await__(self) -> Generator[Any, None, T]:
        return self._work.__await__()

    def snapshot(self) -> Snapshot:
        """The run as it is now."""
        with self._lock:
            return Snapshot(
                **self._counts,
                section_workers=self._workers[0],
                video_workers=self._workers[1],
                paused=self._paused,
                ending=self._ending,
            )

    def _hear(self, event: Event) -> None:
        with self._lock:
            match event:
                case StepStarted():
                    self._counts["under_way"] += 1
                case StepEnded():
                    self._counts["under_way"] -= 1
                case SectionEnded():
                    self._counts["sections"] += 1
                    self._counts["failed"] += event.state in ("failed", "over budget")
                case LessonEnded():
                    self._counts["lessons"] += 1
                case _:
                    pass
