"""A batch over the workers of a Dask cluster, seen from the client: who makes which lesson, what
they tell meanwhile, and what happens when one of them is lost.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from .. import loop
from ..errors import ClusterError, VidkitError
from ..events import (
    Event,
    GateDecided,
    LessonEnded,
    LessonStarted,
    Noticed,
    RequestRetried,
    WorkersChanged,
)
from ..pipeline import Tools
from ..pipeline.place import Place
from ..report import VideoReport, vidkit_version
from ..settings import Settings
from ..store import Store
from .attempt import Attempt, Told
from .books import FarReins, answered
from .errand import Errand, Held, Outcome, Start, Unfit
from .hub import Hub
from .letters import Letter
from .line import Line
from .seats import Seats

T = TypeVar("T")

TRIES = 3
"""Workers that a lesson may lose; the first beside other lessons, the others alone."""
LAST_WORDS = 10.0
"""Seconds that a lesson has to write down what it was doing when it is cancelled at once."""


class Spread:
    """One run over a cluster. Lives on vidkit's loop; Dask's client has a loop of its own.

    client: Dask's. settings: as `packed` made them. task: what a worker calls with an `Errand`.
    """

    def __init__(self, client: Any, settings: bytes, task: Callable[[Errand], None]) -> None:
        self.run = f"vidkit-{uuid.uuid4().hex}"
        self._client = client
        self._settings = settings
        self._task = task
        self._dask: asyncio.AbstractEventLoop = client.loop.asyncio_loop
        self._attempts: dict[int, Attempt] = {}
        self._number = 0
        self._told = Told()
        self._side: set[asyncio.Future[None]] = set()
        self._broken: VidkitError | None = None
        self._seats = Seats()
        home = asyncio.get_running_loop()
        self.reins = FarReins(self._hold)
        self._line = Line(
            self.run,
            client.scheduler,
            self._dask,
            lambda letters: home.call_soon_threadsafe(self._hear_all, letters),
        )

    async def open(
        self,
        tools: Tools,
        settings: Settings,
        now: Callable[[], float],
        changed: Callable[[int], None],
    ) -> None:
        """Let the scheduler know the run. now: seconds since it began. changed: called with the
        number of workers whenever it changes.

        Raises `ClusterError` where it cannot be reached, or does not take vidkit in.
        """
        self._tools, self._now, self._sections = tools, now, settings.section_workers
        self._most: int = settings.video_workers
        self._seats.changed = changed
        self._deaf = tools.events.subscribe(self._resize)
        try:
            workers = await self._there(self._begin())
        except Exception as error:
            raise ClusterError(
                f"Dask's scheduler at {self._address} does not take vidkit in: "
                f"{error or 'no answer'}; it needs vidkit {vidkit_version()}, as each worker does"
            ) from error
        for worker in workers:
            self._seats.join(worker)
        if not workers:
            self._notice(None, f"the cluster at {self._address} has no worker yet; waiting for one")

    async def _begin(self) -> list[str]:
        await self._client.register_plugin(Hub())
        client = self._client
        workers: list[str] = await client.scheduler.vidkit_open(run=self.run, client=client.id)
        await self._line.open()
        return workers

    @property
    def _address(self) -> str:
        return str(self._client.scheduler.address)

    async def close(self) -> None:
        """The run is over."""
        self._deaf()
        if self._side:
            await asyncio.wait(self._side, timeout=LAST_WORDS)
        await self._there(self._end())

    async def _end(self) -> None:
        await self._line.close()
        if self._broken is None:
            await self._client.scheduler.vidkit_close(run=self.run)

    async def make(self, place: Place) -> VideoReport:
        """Make a lesson on a worker, and on another where that one is lost.

        Raises what kept the lesson from beginning, and `ClusterError` where it lost too many
        workers or none is fit for it.
        """
        try:
            await place.tools.aside(_furnish, place.output.folder)
            return await self._made(place)
        except (Exception, asyncio.CancelledError) as error:
            now, position, name = self._now(), place.position, place.lesson.name
            self._tell(LessonStarted(now, position, name, (), place.output.folder))
            self._tell(LessonEnded(now, position, name, None, str(error) or "cancelled"))
            raise
        finally:
            self._told.forget(place.position)

    async def _made(self, place: Place) -> VideoReport:
        lost, attempt = 0, None
        try:
            while True:
                worker = await self._seats.take(self._room, alone=lost > 0)
                self._number += 1
                attempt = Attempt(self._number, place, worker, attempt if lost else None)
                try:
                    outcome = await self._try(attempt)
                finally:
                    self._seats.leave(worker, attempt.called)
                match outcome:
                    case VideoReport():
                        return outcome
                    case Unfit():
                        self._bar(worker, outcome.why)
                    case None:
                        lost += 1
                        self._count_lost(place, worker, lost)
                    case _:
                        raise outcome
        finally:
            if attempt is not None:
                await asyncio.shield(attempt.give_up())

    def _bar(self, worker: str, why: VidkitError) -> None:
        if self._seats.drop(worker, why):
            self._notice(None, f"the worker {worker} makes no lessons: {why}")

    def _count_lost(self, place: Place, worker: str, lost: int) -> None:
        name = place.lesson.path.name
        if lost >= TRIES:
            raise ClusterError(
                f"{name}: {lost} workers were lost while they made it, the last of them "
                f"{worker}, where it was alone; look for the reason in that worker's log (mostly "
                "it is out of memory), or make the lesson on this machine, without client="
            )
        sentence = f"the worker {worker} was lost, and {name} is made again on another"
        place.notes.append(sentence)
        self._notice(place.position, sentence)

    def _room(self) -> int:
        """How many lessons a worker may have. Raises where nothing may begin any more."""
        if (stop := self._broken or self.reins.stop) is not None:
            raise stop
        return self._most

    async def _try(self, attempt: Attempt) -> Outcome | None:
        """Try once to make a lesson; None where the worker is lost."""
        self._attempts[attempt.number] = attempt
        task = self._there(self._submit(self._errand(attempt), attempt.worker))
        task.add_done_callback(attempt.task_ended)
        self._side.add(task)
        task.add_done_callback(self._side.discard)
        try:
            outcome = await asyncio.shield(attempt.outcome)
        except asyncio.CancelledError:
            self._line.tell(attempt.worker, "drop", self.run, attempt.number)
            await asyncio.wait([attempt.outcome], timeout=LAST_WORDS)
            raise
        finally:
            if not attempt.outcome.done() or attempt.outcome.result() is None:
                task.cancel()
                for event in await attempt.broken_off(self._now()):
                    self._tell(event)
            del self._attempts[attempt.number]
        return outcome

    def _errand(self, attempt: Attempt) -> Errand:
        place, store = attempt.place, attempt.place.tools.store
        return Errand(
            run=self.run,
            number=attempt.number,
            version=vidkit_version(),
            settings=self._settings,
            lesson=place.lesson,
            folder=place.output.folder,
            position=place.position,
            notes=tuple(place.notes),
            store=store.folder,
            owner=store.opening if isinstance(store, Store) else None,
            again=attempt.alone,
        )

    async def _submit(self, errand: Errand, worker: str) -> None:
        """Have Dask run the task there and nowhere else; on Dask's loop. Raises what it raises."""
        from distributed import wait

        name = f"vidkit-{errand.lesson.name}-{self.run[7:15]}-{errand.number}"
        future = self._client.submit(
            self._task, errand, workers=[worker], key=name, pure=False, retries=0
        )
        try:
            await wait(future)
            if future.status != "finished":
                raise await future.exception()
        finally:
            if not future.done():
                await self._client.cancel([future], force=True)

    def _there(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Future[T]:
        """A coroutine that runs on Dask's loop, awaited on this one."""
        return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self._dask))

    def _hear_all(self, letters: list[Letter]) -> None:
        for letter in letters:
            self._hear(letter)

    def _hear(self, letter: Letter) -> None:
        match letter.kind, letter.what:
            case "begin", (number, worker):
                attempt = self._attempts.get(number)
                wanted = attempt is not None and attempt.begins(worker)
                held = Held(self._sections, self.reins.held, self.reins.stop)
                self._line.reply(letter, Start(self._now(), held) if wanted else None)
            case "event", (number, event):
                if attempt := self._attempts.get(number):
                    attempt.follow(event)
                    self._tell(event)
            case "called", (number,):
                if (attempt := self._attempts.get(number)) and not attempt.alone:
                    self._pass_on(attempt)
            case "outcome", (number, outcome):
                self._line.reply(letter)
                if attempt := self._attempts.get(number):
                    attempt.end(outcome)
            case "need", (number, asked):
                if attempt := self._attempts.get(number):
                    self._aside(attempt.need(asked))
            case "journal", (number, call, asked):
                attempt = self._attempts.get(number)
                self._aside(answered(self._line, letter, self._tools, attempt, call, asked))
            case "note", (sentence,):
                self._tools.events.tell(Noticed(self._now(), None, sentence))
            case "gate", (event,):
                self._tell_of_gate(event)
            case "joined", (worker,):
                self._seats.join(worker)
            case "lost", (worker,):
                self._lose(worker)
            case "broken", (error,):
                self._break(error)

    def _tell(self, event: Event) -> None:
        if self._told.news(event):
            self._tools.events.tell(event)

    def _tell_of_gate(self, event: GateDecided | RequestRetried) -> None:
        self._tools.events.tell(replace(event, at=self._now()))

    def _pass_on(self, attempt: Attempt) -> None:
        """A lesson has no calls left to make; another may begin beside it."""
        if not attempt.called and not attempt.outcome.done():
            attempt.called = True
            self._seats.finish(attempt.worker)
            attempt.place.calls_over()

    def _lose(self, worker: str) -> None:
        if self._seats.drop(worker) and not len(self._seats):
            self._notice(None, "the cluster has no worker left; waiting for one")
        for attempt in self._attempts.values():
            if attempt.worker == worker:
                attempt.end(None)

    def _break(self, error: VidkitError) -> None:
        self._broken = error
        self.reins.end(error)
        for attempt in self._attempts.values():
            attempt.end(error)
        self._seats.look_again()

    def _hold(self) -> None:
        """Let the workers know how the run is held now."""
        how = Held(self._sections, self.reins.held, self.reins.stop)
        for worker in {attempt.worker for attempt in self._attempts.values()}:
            self._line.tell(worker, "hold", self.run, how)
        self._seats.look_again()

    def _resize(self, event: Event) -> None:
        if isinstance(event, WorkersChanged):
            self._sections, self._most = event.sections, event.videos
            self._hold()

    def _aside(self, work: Coroutine[Any, Any, None]) -> None:
        task = loop.event_loop().create_task(work)
        self._side.add(task)
        task.add_done_callback(self._side.discard)

    def _notice(self, lesson: int | None, sentence: str) -> None:
        self._tools.events.tell(Noticed(self._now(), lesson, sentence))


def _furnish(folder: Path) -> None:
    """Have the output folder there, so that a worker can see whether it shares it."""
    folder.mkdir(parents=True, exist_ok=True)
