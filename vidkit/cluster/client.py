"""A batch on more than one machine: `client=` of the calls, a client of Dask.

Each lesson is one task, and the whole pipeline of it runs in the worker's process. Between
machines go lessons, events, reports and store keys; images, sounds and videos go by the shared
folder. The client keeps the journal, the scheduler the gates, and a worker its own keys.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio

from ..core import loop
from ..core.errors import ClusterError, ProviderError, SettingsError, StoreError, VidkitError
from ..core.events import (
    Event,
    Events,
    GateDecided,
    LessonEnded,
    LessonStarted,
    Listener,
    Noticed,
    Paid,
    RequestRetried,
    SectionEnded,
    StepEnded,
    StepStarted,
    WorkEnded,
    WorkersChanged,
    WorkStarted,
)
from ..core.system import vidkit_version
from ..models.settings import Settings
from ..pipeline.batch import Batch, Job
from ..pipeline.context import LessonContext, Maker, RunControl, Runtime, Source
from ..pipeline.planning import LessonSource
from ..pipeline.run import Runner
from ..pipeline.shared import gate_of, in_use
from ..providers.base import Request
from ..providers.registry import image_makers, voice_makers
from ..report.reports import VideoReport
from ..store import Store
from ..store.ledger import Reservation
from .messages import Letter, Line
from .scheduler import Hub
from .worker import CALLS, Held, LessonTask, Outcome, Start, Unfit

if TYPE_CHECKING:
    from .scheduler import Service
    from .worker import Equip


class FleetOrder(Runner):
    """An order that the workers of a Dask cluster carry out.

    Raises `SettingsError` where `client` is none, or a provider cannot be sent to workers.
    """

    tunes = False

    def __init__(
        self,
        client: Any,
        settings: Settings,
        jobs: Sequence[Job] | LessonSource,
        *listeners: Listener,
    ) -> None:
        super().__init__(settings, jobs, *listeners)
        self._client = demand_client(client)
        from .worker import packed

        self._sent = packed(settings)
        self.jobs = _everywhere(self.jobs)

    def _anew(self, jobs: Sequence[Job]) -> Runner:
        return FleetOrder(self._client, self.settings.with_(force=None), jobs, *self.listeners)

    @asynccontextmanager
    async def _run(self) -> AsyncIterator[Batch]:
        # MOVED

        spread = Spread(self._client, self._sent, make_there)
        self._control, self._make = spread.reins, spread.make
        async with super()._run() as batch:
            await spread.open(batch.runtime, self.settings, batch.now, batch.spread)
            try:
                yield batch
            finally:
                await asyncio.shield(spread.close())


def demand_client(client: Any) -> Any:
    """`client`, where it is a Dask client. Raises `SettingsError` where it is none."""
    from distributed import Client

    if not isinstance(client, Client):
        raise SettingsError(
            f"client is a {type(client).__name__}; give distributed.Client('tcp://…:8786')"
        )
    return client


def connected(address: str) -> Any:
    """A Dask client of the scheduler at `address`, such as tcp://10.0.0.5:8786; close it.

    Raises `SettingsError` where there is no scheduler.
    """
    from distributed import Client

    try:
        return Client(address, timeout=10)
    except (OSError, ValueError, TypeError) as error:
        raise SettingsError(
            f"there is no Dask scheduler at {address} ({error}); start one with `dask scheduler`, "
            "and workers with `dask worker ADDRESS`"
        ) from None


def make_there(errand: LessonTask) -> None:
    """Make a lesson on the Dask worker that runs this task."""
    from distributed import get_worker, secede

    from .worker import station

    worker: Any = get_worker()
    # how many lessons are made here at once is the run's to say, not the worker's threads'
    secede()
    here = asyncio.run_coroutine_threadsafe(station(worker), worker.loop.asyncio_loop).result()
    loop.run(here.make(errand, equipped))


@asynccontextmanager
async def equipped(
    settings: Settings, cores: anyio.CapacityLimiter, far: Callable[[Service], Request]
) -> AsyncIterator[Equip]:
    """The real tools for the lessons of a run on a worker. What is online passes the cluster's
    gate, and what works on this machine the process's own.

    Raises `ProviderError` where no provider of a kind can be asked from here.
    """
    from .scheduler import Service

    def source(kind: str, maker: Maker) -> Source[Maker]:
        if getattr(maker, "missing", None):
            return Source(maker)
        if not getattr(maker, "online", False):
            return Source(maker, gate_of(kind, maker))
        key = tuple(getattr(maker, "gate_key", ()))
        service = Service(kind, maker.name, key, settings.adaptive, maker.places, settings.pace)
        return Source(maker, far(service))

    def tools(store: Store, events: Events) -> Runtime:
        return Runtime(
            images=drawing,
            voice=speaking,
            cores=cores,
            clock=time.monotonic,
            store=store,
            events=events,
        )

    images, voices = image_makers(settings), voice_makers(settings)
    for makers in (images, voices):
        missing: list[ProviderError | None] = [getattr(each, "missing", None) for each in makers]
        if (why := missing[0]) is not None and None not in missing:
            raise why
    drawing = [source("images", maker) for maker in images]
    speaking = [source("voice", maker) for maker in voices]
    async with in_use([*images, *voices]):
        yield tools


def _everywhere(jobs: Any) -> Iterator[Job]:
    """Jobs with paths that mean the same wherever the process stands."""
    for job in jobs:
        lesson = job.lesson
        if hasattr(lesson, "sections"):
            lesson = replace(lesson, path=lesson.path.absolute())
        else:
            lesson = lesson.absolute()
        yield replace(job, lesson=lesson, folder=job.folder.absolute())


# One try at one lesson on one worker: what it has under way, so that it can be tidied up after
# when its worker is lost.


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
        self, number: int, place: LessonContext, worker: str, before: Attempt | None = None
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
                journal = self.place.runtime.store.journal
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
                journal = self.place.runtime.store.journal
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
                journal = self.place.runtime.store.journal
                await asyncio.to_thread(partial(journal.end_run, run, finished=False))

    def _close_books(self) -> None:
        with suppress(StoreError):
            for entry in self._money:
                self.place.runtime.store.journal.end(entry, "unconfirmed")


# What the client does for its workers: it writes the journal, and holds the reins.


async def answered(
    line: Line,
    letter: Letter,
    tools: Runtime,
    attempt: Attempt | None,
    call: str,
    asked: Mapping[str, Any],
) -> None:
    """Do in the journal what a worker asks for in `letter`, and answer it. attempt: the lesson
    that it is about, None where that is not made there any more.
    """
    given = {"budgets": tools.budgets} if call == "reserve" else {}

    def do() -> Any:
        answer = getattr(tools.store.journal, call)(**asked, **given)
        return answer.id if isinstance(answer, Reservation) else answer

    try:
        if call not in CALLS:
            raise ClusterError(f"a worker does not {call} in the journal")
        if call == "tally":
            answer = await asyncio.to_thread(do)
        elif attempt is None:
            raise ClusterError("this lesson is made elsewhere by now")
        else:
            answer = await attempt.write(call, do, asked)
    except Exception as error:
        line.refuse(letter, error)
    else:
        line.reply(letter, answer)


class FarReins(RunControl):
    """The reins of a run whose lessons are elsewhere. changed: called when they are."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self._changed = changed

    def hold(self) -> None:
        """As `Reins.hold`."""
        super().hold()
        self._changed()

    def go(self) -> None:
        """As `Reins.go`."""
        super().go()
        self._changed()

    def end(self, why: VidkitError) -> None:
        """As `Reins.end`."""
        super().end(why)
        self._changed()


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


class Seats:
    """The workers of a cluster and the lessons on them. Only for the run's loop.

    changed: called with how many workers there are whenever that changes.
    """

    def __init__(self) -> None:
        self.changed: Callable[[int], None] = lambda _: None
        self._workers: dict[str, _Worker] = {}
        self._unfit: dict[str, VidkitError] = {}
        self._news = asyncio.Event()

    def __len__(self) -> int:
        return len(self._workers)

    async def take(self, most: Callable[[], int], *, alone: bool = False) -> str:
        """The address of the worker with the fewest lessons, fewer than `most()`; alone: where
        no other lesson is, or will be meanwhile. Waits for one.

        Raises `ClusterError` where there are none but unfit ones, and what `most` raises.
        """
        kept: _Worker | None = None
        try:
            while True:
                self._demand_some()
                if alone and kept not in self._workers.values():
                    kept = self._keep_free()
                if (found := self._free(most(), kept, alone)) is not None:
                    worker = self._workers[found]
                    worker.lessons += 1
                    worker.alone = alone
                    return found
                await self._news.wait()
        finally:
            if kept is not None:
                kept.kept_free = False

    def finish(self, address: str) -> None:
        """A lesson there calls nobody any more, so that another may begin."""
        if (worker := self._workers.get(address)) is not None:
            worker.lessons -= 1
            worker.finishing += 1
        self.look_again()

    def leave(self, address: str, finishing: bool) -> None:
        """A lesson is no longer made there; finishing: as `finish` said before."""
        if (worker := self._workers.get(address)) is not None:
            worker.finishing -= finishing
            worker.lessons -= not finishing
            worker.alone = False
        self.look_again()

    def join(self, address: str) -> None:
        """A worker has come."""
        self._unfit.pop(address, None)
        self._workers.setdefault(address, _Worker())
        self.changed(len(self))
        self.look_again()

    def drop(self, address: str, why: VidkitError | None = None) -> bool:
        """A worker is gone, or with `why` can make no lesson. True where it was there."""
        was = self._workers.pop(address, None) is not None
        if why is not None:
            self._unfit[address] = why
        self.changed(len(self))
        self.look_again()
        return was

    def look_again(self) -> None:
        """Wake all that wait: what they wait for may be other than it was."""
        self._news.set()
        self._news = asyncio.Event()

    def _demand_some(self) -> None:
        if not self._workers and self._unfit:
            worker, why = next(iter(self._unfit.items()))
            raise ClusterError(f"no worker of the cluster can make lessons; {worker}: {why}")

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


# A batch over the workers of a Dask cluster, seen from the client: who makes which lesson, what
# they tell meanwhile, and what happens when one of them is lost.


T = TypeVar("T")

TRIES = 3
"""Workers that a lesson may lose; the first beside other lessons, the others alone."""
LAST_WORDS = 10.0
"""Seconds that a lesson has to write down what it was doing when it is cancelled at once."""


class Spread:
    """One run over a cluster. Lives on vidkit's loop; Dask's client has a loop of its own.

    client: Dask's. settings: as `packed` made them. task: what a worker calls with an `Errand`.
    """

    def __init__(self, client: Any, settings: bytes, task: Callable[[LessonTask], None]) -> None:
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
        tools: Runtime,
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

    async def make(self, place: LessonContext) -> VideoReport:
        """Make a lesson on a worker, and on another where that one is lost.

        Raises what kept the lesson from beginning, and `ClusterError` where it lost too many
        workers or none is fit for it.
        """
        try:
            await place.runtime.run_in_thread(_furnish, place.output.folder)
            return await self._made(place)
        except (Exception, asyncio.CancelledError) as error:
            now, position, name = self._now(), place.position, place.lesson.name
            self._tell(LessonStarted(now, position, name, (), place.output.folder))
            self._tell(LessonEnded(now, position, name, None, str(error) or "cancelled"))
            raise
        finally:
            self._told.forget(place.position)

    async def _made(self, place: LessonContext) -> VideoReport:
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

    def _count_lost(self, place: LessonContext, worker: str, lost: int) -> None:
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

    def _errand(self, attempt: Attempt) -> LessonTask:
        place, store = attempt.place, attempt.place.runtime.store
        return LessonTask(
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

    async def _submit(self, errand: LessonTask, worker: str) -> None:
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
