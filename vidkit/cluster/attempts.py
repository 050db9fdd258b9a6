"""Tries at lessons, as the client of a cluster sees them: which worker makes a lesson, and what a
try has under way, so that it can be tidied up after when its worker is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..core.errors import ClusterError, StoreError, VidkitError
from ..core.events import (
    Event,
    Paid,
    StepEnded,
    StepStarted,
    WorkEnded,
    WorkStarted,
)
from ..pipeline.context import LessonContext
from .worker import Outcome, Unfit

# Which worker makes a lesson, and which workers there are.


@dataclass(eq=False, slots=True)
class _Worker:
    """A worker: how many lessons it makes that may still call providers, of how many it only
    cuts clips, and whether one of them is to be alone there.
    """

    lessons: int = 0
    finishing: int = 0
    alone: bool = False
    kept_free: bool = False

    @property
    def all(self) -> int:
        return self.lessons + self.finishing


class WorkerSlots:
    """The workers of a cluster and the lessons on them. Only for the run's loop.

    changed: called with how many workers there are whenever that changes.
    """

    def __init__(self) -> None:
        self.changed: Callable[[int], None] = lambda _: None
        self._workers: dict[str, _Worker] = {}
        self._unfit: dict[str, VidkitError] = {}
        self._changed_event = asyncio.Event()

    def __len__(self) -> int:
        return len(self._workers)

    async def acquire(self, most: Callable[[], int], *, alone: bool = False) -> str:
        """The address of the worker with the fewest lessons, fewer than `most()`; alone: where
        no other lesson is, or will be meanwhile. Waits for one.

        Raises `ClusterError` where there are none but unfit ones, and what `most` raises.
        """
        kept: _Worker | None = None
        try:
            while True:
                if not self._workers and self._unfit:
                    worker, why = next(iter(self._unfit.items()))
                    raise ClusterError(
                        f"no worker of the cluster can make lessons; {worker}: {why}"
                    )
                if alone and kept not in self._workers.values():
                    kept = self._keep_free()
                if (found := self._free(most(), kept, alone)) is not None:
                    self._workers[found].lessons += 1
                    self._workers[found].alone = alone
                    return found
                await self._changed_event.wait()
        finally:
            if kept is not None:
                kept.kept_free = False

    def calls_over(self, address: str) -> None:
        """A lesson there calls nobody any more, so that another may begin."""
        if (worker := self._workers.get(address)) is not None:
            worker.lessons -= 1
            worker.finishing += 1
        self.notify()

    def release(self, address: str, finishing: bool) -> None:
        """A lesson is no longer made there; finishing: as `calls_over` said before."""
        if (worker := self._workers.get(address)) is not None:
            worker.finishing -= finishing
            worker.lessons -= not finishing
            worker.alone = False
        self.notify()

    def add(self, address: str) -> None:
        """A worker has come."""
        self._unfit.pop(address, None)
        self._workers.setdefault(address, _Worker())
        self.changed(len(self))
        self.notify()

    def remove(self, address: str, why: VidkitError | None = None) -> bool:
        """A worker is gone, or with `why` can make no lesson. True where it was there."""
        was = self._workers.pop(address, None) is not None
        if why is not None:
            self._unfit[address] = why
        self.changed(len(self))
        self.notify()
        return was

    def notify(self) -> None:
        """Wake all that wait: what they wait for may be other than it was."""
        self._changed_event.set()
        self._changed_event = asyncio.Event()

    def _free(self, most: int, kept: _Worker | None, alone: bool) -> str | None:
        fits = {
            address: worker.lessons
            for address, worker in self._workers.items()
            if (worker is kept and not worker.all)
            or (not alone and worker.lessons < most and not (worker.alone or worker.kept_free))
        }
        return min(fits, key=lambda address: fits[address]) if fits else None

    def _keep_free(self) -> _Worker | None:
        """Send nothing more to the least busy worker, so that it will be free."""
        open_ = [each for each in self._workers.values() if not (each.alone or each.kept_free)]
        worker = min(open_, key=lambda each: each.all, default=None)
        if worker is not None:
            worker.kept_free = True
        return worker


# A try, its events and its bookkeeping.


class Attempt:
    """A try at the lesson of `context` by `worker`. alone: no other lesson is made there. before:
    the try whose worker was lost; the money of both is that of one run in the journal.

    outcome: what came of it, None where the worker was lost. called: only clips are left to be
    cut.
    """

    def __init__(
        self, number: int, context: LessonContext, worker: str, before: Attempt | None = None
    ) -> None:
        self.number = number
        self.context = context
        self.worker = worker
        self.alone = before is not None
        self.called = False
        self.outcome: asyncio.Future[Outcome | None] = asyncio.get_running_loop().create_future()
        self._journal = context.runtime.store.journal
        self._begun = False
        self._steps: dict[tuple[int | None, str], StepStarted] = {}
        self._work: dict[int, WorkStarted] = {}
        self._turn = asyncio.Lock()
        self._needs: list[str] = []
        self._money: dict[int, Mapping[str, Any]] = {}
        self._run: int | None = None if before is None else before._run

    def starts(self, worker: str) -> bool:
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

    def note(self, event: Event) -> None:
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

    async def ask_journal(self, call: str, do: Callable[[], Any], asked: Mapping[str, Any]) -> Any:
        """Do in a thread what the worker asks of the journal, one thing after the other, and note
        what that leaves open.
        """
        async with self._turn:
            if call == "begin_run" and (run := self._run) is not None:
                await asyncio.to_thread(self._journal.need, run, asked["keys"])
                return run
            answer = await asyncio.to_thread(do)
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
                with suppress(StoreError):
                    await asyncio.to_thread(self._journal.need, asked["run"], keys)

    async def abandon(self, now: float) -> list[Event]:
        """Write down that what a lost worker had asked for may be billed; gives what is to be
        told, so that all that began also ends.
        """

        def unconfirmed() -> None:
            with suppress(StoreError):
                for entry in self._money:
                    self._journal.end(entry, "unconfirmed")

        async with self._turn:
            await asyncio.to_thread(unconfirmed)
        lesson = self.context.position
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

    async def close_run(self) -> None:
        """Write down that the lesson is not finished, where no worker did."""
        if (run := self._run) is not None:
            with suppress(StoreError):
                await asyncio.to_thread(self._journal.end_run, run, finished=False)
