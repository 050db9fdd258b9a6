"""One try at one lesson on one worker: what it has under way, so that it can be tidied up after
when its worker is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from ..errors import ClusterError, StoreError
from ..events import (
    Event,
    LessonEnded,
    LessonStarted,
    Paid,
    SectionEnded,
    StepEnded,
    StepStarted,
    WorkEnded,
    WorkStarted,
)
from ..pipeline.place import Place
from .errand import Outcome, Unfit


class Told:
    """What of a run's lessons was told already: a lesson that is made again begins once, and each
    of its sections ends once.
    """

    def __init__(self) -> None:
        self._once: set[tuple[type[Event], int, int | None]] = set()

    def news(self, event: Event) -> bool:
        """Whether an event is to be told."""
        what: tuple[type[Event], int, int | None]
        match event:
            case LessonStarted() | LessonEnded():
                what = (type(event), event.lesson, None)
            case SectionEnded():
                what = (SectionEnded, event.lesson, event.section)
            case _:
                return True
        new = what not in self._once
        self._once.add(what)
        return new

    def forget(self, lesson: int) -> None:
        """A lesson is over."""
        self._once = {what for what in self._once if what[1] != lesson}


class Attempt:
    """A try at the lesson of `place` by `worker`. alone: no other lesson is made there. before:
    the try whose worker was lost; the money of both is that of one run in the journal.

    outcome: what came of it, None where the worker was lost. called: only clips are left to be
    cut.
    """

    def __init__(
        self, number: int, place: Place, worker: str, before: Attempt | None = None
    ) -> None:
        self.number = number
        self.place = place
        self.worker = worker
        self.alone = before is not None
        self.called = False
        self.outcome: asyncio.Future[Outcome | None] = asyncio.get_running_loop().create_future()
        self._begun = False
        self._steps: dict[tuple[int | None, str], StepStarted] = {}
        self._work: dict[int, WorkStarted] = {}
        self._turn = asyncio.Lock()
        self._writing: set[asyncio.Future[Any]] = set()
        self._needs: list[str] = []
        self._money: dict[int, Mapping[str, Any]] = {}
        self._run: int | None = None if before is None else before._run

    def begins(self, worker: str) -> bool:
        """Whether `worker` may begin: Dask might start a task twice."""
        wanted = worker == self.worker and not self._begun and not self.outcome.done()
        self._begun = self._begun or wanted
        return wanted

    def end(self, outcome: Outcome | None) -> None:
        """It is over; None: its worker is gone."""
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def task_ended(self, future: asyncio.Future[None]) -> None:
        """Dask has done with its task, which has told the outcome before, if it could."""
        if future.cancelled():
            self.end(None)
        elif (error := future.exception()) is not None:
            why = ClusterError(f"Dask says {type(error).__name__}: {error}")
            killed = type(error).__name__ == "KilledWorker"
            self.end(None if killed else why if self._begun else Unfit(why))

    def follow(self, event: Event) -> None:
        """Take note of what begins and ends."""
        match event:
            case StepStarted():
                self._steps[event.section, event.step] = event
            case StepEnded():
                self._steps.pop((event.section, event.step), None)
            case WorkStarted():
                self._work[event.piece] = event
            case WorkEnded():
                self._work.pop(event.piece, None)
            case _:
                pass

    async def write(self, call: str, do: Callable[[], Any], asked: Mapping[str, Any]) -> Any:
        """Do in a thread what the worker asks of the journal, one thing after the other, and note
        what that leaves open.
        """
        async with self._turn:
            if call == "begin_run" and (run := self._run) is not None:
                journal = self.place.tools.store.journal
                await self._aside(partial(journal.need, run, asked["keys"]))
                return run
            answer = await self._aside(do)
        match call:
            case "begin_run":
                self._run = answer
            case "end_run":
                self._run = None
            case "reserve":
                self._money[answer] = asked
            case "end":
                self._money.pop(asked["entry"], None)
        return answer

    async def need(self, asked: Mapping[str, Any]) -> None:
        """Write down what the lesson needs, together with what else it came to need meanwhile."""
        self._needs.extend(asked["keys"])
        async with self._turn:
            keys, self._needs = self._needs, []
            if keys:
                journal = self.place.tools.store.journal
                with suppress(StoreError):
                    await self._aside(partial(journal.need, asked["run"], keys))

    async def _aside(self, do: Callable[[], Any]) -> Any:
        doing = asyncio.ensure_future(asyncio.to_thread(do))
        self._writing.add(doing)
        try:
            return await doing
        finally:
            self._writing.discard(doing)

    async def broken_off(self, now: float) -> list[Event]:
        """Write down that what a lost worker had asked for may be billed; gives what is to be
        told, so that all that began also ends.
        """
        await asyncio.gather(*self._writing, return_exceptions=True)
        await asyncio.to_thread(self._close_books)
        lesson = self.place.position
        told: list[Event] = [
            WorkEnded(
                now, lesson, w.section, w.step, w.by, w.piece, "cancelled", max(0.0, now - w.at)
            )
            for w in self._work.values()
        ]
        told += [
            StepEnded(now, lesson, s.section, s.step, s.by, "cancelled", max(0.0, now - s.at))
            for s in self._steps.values()
        ]
        told += [
            Paid(now, lesson, None, asked["kind"], asked["provider"], asked["dollars"], sure=False)
            for asked in self._money.values()
            if asked["dollars"]
        ]
        return told

    async def give_up(self) -> None:
        """Write down that the lesson is not finished, where no worker did."""
        if (run := self._run) is not None:
            with suppress(StoreError):
                journal = self.place.tools.store.journal
                await asyncio.to_thread(partial(journal.end_run, run, finished=False))

    def _close_books(self) -> None:
        with suppress(StoreError):
            for entry in self._money:
                self.place.tools.store.journal.end(entry, "unconfirmed")
