"""A batch on more than one machine: `client=` of the calls, a client of Dask.

Each lesson is one task, and the whole pipeline of it runs in the worker's process. Between
machines go lessons, events, reports and store keys; images, sounds and videos go by the shared
folder. The client keeps the journal, the scheduler the rate limiters, and a worker its own keys.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio

from ..core import loop
from ..core.errors import ClusterError, ProviderError, SettingsError, VidkitError
from ..core.events import (
    Event,
    Events,
    GateDecided,
    LessonEnded,
    LessonStarted,
    Listener,
    Noticed,
    RequestRetried,
    WorkersChanged,
)
from ..core.system import vidkit_version
from ..models.settings import Settings
from ..pipeline.batch import Batch, Job
from ..pipeline.context import LessonContext, Maker, RunControl, Runtime, Source
from ..pipeline.run import Runner
from ..pipeline.shared import gate_of, in_use
from ..pipeline.source import LessonSource
from ..providers.base import Request
from ..providers.registry import image_makers, voice_makers
from ..report.reports import VideoReport
from ..store import Store
from .attempts import Attempt, EventFilter, WorkerSlots, answer_journal
from .messages import Channel, Message
from .scheduler import ClusterPlugin
from .worker import Hold, LessonTask, Outcome, Start, Unfit

if TYPE_CHECKING:
    from .scheduler import Service
    from .worker import ToolsFor


class ClusterRunner(Runner):
    """A run that the workers of a Dask cluster carry out.

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
        self._client = require_client(client)
        from .worker import packed

        self._sent = packed(settings)
        self.jobs = _with_absolute_paths(self.jobs)

    def _anew(self, jobs: Sequence[Job]) -> Runner:
        return ClusterRunner(self._client, self.settings.with_(force=None), jobs, *self.listeners)

    @asynccontextmanager
    async def _run(self) -> AsyncIterator[Batch]:
        dispatcher = Dispatcher(self._client, self._sent, make_on_worker)
        self._control, self._make = dispatcher.control, dispatcher.make
        async with super()._run() as batch:
            await dispatcher.open(batch.runtime, self.settings, batch.now, batch.spread)
            try:
                yield batch
            finally:
                await asyncio.shield(dispatcher.close())


def require_client(client: Any) -> Any:
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


def make_on_worker(task: LessonTask) -> None:
    """Make a lesson on the Dask worker that runs this task."""
    from distributed import get_worker, secede

    from .worker import service_of

    worker: Any = get_worker()
    # how many lessons are made here at once is the run's to say, not the worker's threads'
    secede()
    here = asyncio.run_coroutine_threadsafe(service_of(worker), worker.loop.asyncio_loop).result()
    loop.run(here.make(task, open_tools))


@asynccontextmanager
async def open_tools(
    settings: Settings, cores: anyio.CapacityLimiter, limited: Callable[[Service], Request]
) -> AsyncIterator[ToolsFor]:
    """The providers of a run, for its lessons on a worker. What is online passes the cluster's
    rate limiter, and what works on this machine the process's own.

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
        return Source(maker, limited(service))

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


def _with_absolute_paths(jobs: Any) -> Iterator[Job]:
    """Jobs with paths that mean the same wherever the process stands."""
    for job in jobs:
        lesson = job.lesson
        if hasattr(lesson, "sections"):
            lesson = replace(lesson, path=lesson.path.absolute())
        else:
            lesson = lesson.absolute()
        yield replace(job, lesson=lesson, folder=job.folder.absolute())


# A batch over the workers of a Dask cluster, seen from the client: who makes which lesson, what
# they tell meanwhile, and what happens when one of them is lost.


T = TypeVar("T")

TRIES = 3
"""Workers that a lesson may lose; the first beside other lessons, the others alone."""
CANCEL_TIMEOUT = 10.0
"""Seconds that a lesson has to write down what it was doing when it is cancelled at once."""


class DispatchedControl(RunControl):
    """The control of a run whose lessons are elsewhere. changed: called when they are."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self._changed = changed

    def hold(self) -> None:
        """As `RunControl.hold`."""
        super().hold()
        self._changed()

    def go(self) -> None:
        """As `RunControl.go`."""
        super().go()
        self._changed()

    def end(self, why: VidkitError) -> None:
        """As `RunControl.end`."""
        super().end(why)
        self._changed()


class Dispatcher:
    """One run over a cluster. Lives on vidkit's loop; Dask's client has a loop of its own.

    client: Dask's. settings: as `packed` made them. task: what a worker calls with a `LessonTask`.
    """

    def __init__(self, client: Any, settings: bytes, task: Callable[[LessonTask], None]) -> None:
        self.run = f"vidkit-{uuid.uuid4().hex}"
        self._client = client
        self._settings = settings
        self._task = task
        self._dask: asyncio.AbstractEventLoop = client.loop.asyncio_loop
        self._attempts: dict[int, Attempt] = {}
        self._number = 0
        self._filter = EventFilter()
        self._side: set[asyncio.Future[None]] = set()
        self._broken: VidkitError | None = None
        self._slots = WorkerSlots()
        home = asyncio.get_running_loop()
        self.control = DispatchedControl(self._send_hold)
        self._channel = Channel(
            self.run,
            client.scheduler,
            self._dask,
            lambda messages: home.call_soon_threadsafe(self._receive, messages),
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
        self._slots.changed = changed
        self._deaf = tools.events.subscribe(self._resize)
        try:
            workers = await self._on_dask(self._begin())
        except Exception as error:
            raise ClusterError(
                f"Dask's scheduler at {self._address} does not take vidkit in: "
                f"{error or 'no answer'}; it needs vidkit {vidkit_version()}, as each worker does"
            ) from error
        for worker in workers:
            self._slots.add(worker)
        if not workers:
            self._notice(None, f"the cluster at {self._address} has no worker yet; waiting for one")

    async def _begin(self) -> list[str]:
        await self._client.register_plugin(ClusterPlugin())
        client = self._client
        workers: list[str] = await client.scheduler.vidkit_open(run=self.run, client=client.id)
        await self._channel.open()
        return workers

    @property
    def _address(self) -> str:
        return str(self._client.scheduler.address)

    async def close(self) -> None:
        """The run is over."""
        self._deaf()
        if self._side:
            await asyncio.wait(self._side, timeout=CANCEL_TIMEOUT)
        await self._on_dask(self._end())

    async def _end(self) -> None:
        await self._channel.close()
        if self._broken is None:
            await self._client.scheduler.vidkit_close(run=self.run)

    async def make(self, context: LessonContext) -> VideoReport:
        """Make a lesson on a worker, and on another where that one is lost.

        Raises what kept the lesson from beginning, and `ClusterError` where it lost too many
        workers or none is fit for it.
        """
        try:
            await context.runtime.run_in_thread(_make_folder, context.output.folder)
            return await self._make_with_retries(context)
        except (Exception, asyncio.CancelledError) as error:
            now, position, name = self._now(), context.position, context.lesson.name
            self._emit(LessonStarted(now, position, name, (), context.output.folder))
            self._emit(LessonEnded(now, position, name, None, str(error) or "cancelled"))
            raise
        finally:
            self._filter.forget(context.position)

    async def _make_with_retries(self, context: LessonContext) -> VideoReport:
        lost, attempt = 0, None
        try:
            while True:
                worker = await self._slots.acquire(self._capacity, alone=lost > 0)
                self._number += 1
                attempt = Attempt(self._number, context, worker, attempt if lost else None)
                try:
                    outcome = await self._try(attempt)
                finally:
                    self._slots.release(worker, attempt.called)
                match outcome:
                    case VideoReport():
                        return outcome
                    case Unfit():
                        self._exclude(worker, outcome.why)
                    case None:
                        lost += 1
                        self._count_lost(context, worker, lost)
                    case _:
                        raise outcome
        finally:
            if attempt is not None:
                await asyncio.shield(attempt.close_run())

    def _exclude(self, worker: str, why: VidkitError) -> None:
        if self._slots.remove(worker, why):
            self._notice(None, f"the worker {worker} makes no lessons: {why}")

    def _count_lost(self, context: LessonContext, worker: str, lost: int) -> None:
        name = context.lesson.path.name
        if lost >= TRIES:
            raise ClusterError(
                f"{name}: {lost} workers were lost while they made it, the last of them "
                f"{worker}, where it was alone; look for the reason in that worker's log (mostly "
                "it is out of memory), or make the lesson on this machine, without client="
            )
        sentence = f"the worker {worker} was lost, and {name} is made again on another"
        context.notes.append(sentence)
        self._notice(context.position, sentence)

    def _capacity(self) -> int:
        """How many lessons a worker may have. Raises where nothing may begin any more."""
        if (stop := self._broken or self.control.stop) is not None:
            raise stop
        return self._most

    async def _try(self, attempt: Attempt) -> Outcome | None:
        """Try once to make a lesson; None where the worker is lost."""
        self._attempts[attempt.number] = attempt
        task = self._on_dask(self._submit(self._task_of(attempt), attempt.worker))
        task.add_done_callback(attempt.task_ended)
        self._side.add(task)
        task.add_done_callback(self._side.discard)
        try:
            outcome = await asyncio.shield(attempt.outcome)
        except asyncio.CancelledError:
            self._channel.send(attempt.worker, "drop", self.run, attempt.number)
            await asyncio.wait([attempt.outcome], timeout=CANCEL_TIMEOUT)
            raise
        finally:
            if not attempt.outcome.done() or attempt.outcome.result() is None:
                task.cancel()
                for event in await attempt.abandon(self._now()):
                    self._emit(event)
            del self._attempts[attempt.number]
        return outcome

    def _task_of(self, attempt: Attempt) -> LessonTask:
        context, store = attempt.context, attempt.context.runtime.store
        return LessonTask(
            run=self.run,
            number=attempt.number,
            version=vidkit_version(),
            settings=self._settings,
            lesson=context.lesson,
            folder=context.output.folder,
            position=context.position,
            notes=tuple(context.notes),
            store=store.folder,
            owner=store.opening if isinstance(store, Store) else None,
            again=attempt.alone,
        )

    async def _submit(self, task: LessonTask, worker: str) -> None:
        """Have Dask run the task there and nowhere else; on Dask's loop. Raises what it raises."""
        from distributed import wait

        name = f"vidkit-{task.lesson.name}-{self.run[7:15]}-{task.number}"
        future = self._client.submit(
            self._task, task, workers=[worker], key=name, pure=False, retries=0
        )
        try:
            await wait(future)
            if future.status != "finished":
                raise await future.exception()
        finally:
            if not future.done():
                await self._client.cancel([future], force=True)

    def _on_dask(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Future[T]:
        """A coroutine that runs on Dask's loop, awaited on this one."""
        return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self._dask))

    def _receive(self, messages: list[Message]) -> None:
        for message in messages:
            self._handle(message)

    def _handle(self, message: Message) -> None:
        match message.kind, message.args:
            case "begin", (number, worker):
                attempt = self._attempts.get(number)
                wanted = attempt is not None and attempt.starts(worker)
                held = Hold(self._sections, self.control.held, self.control.stop)
                self._channel.reply(message, Start(self._now(), held) if wanted else None)
            case "event", (number, event):
                if attempt := self._attempts.get(number):
                    attempt.note(event)
                    self._emit(event)
            case "called", (number,):
                if (attempt := self._attempts.get(number)) and not attempt.alone:
                    self._calls_over(attempt)
            case "outcome", (number, outcome):
                self._channel.reply(message)
                if attempt := self._attempts.get(number):
                    attempt.end(outcome)
            case "need", (number, asked):
                if attempt := self._attempts.get(number):
                    self._in_background(attempt.need(asked))
            case "journal", (number, call, asked):
                attempt = self._attempts.get(number)
                self._in_background(
                    answer_journal(self._channel, message, self._tools, attempt, call, asked)
                )
            case "note", (sentence,):
                self._tools.events.emit(Noticed(self._now(), None, sentence))
            case "limiter", (event,):
                self._tell_limiter_event(event)
            case "joined", (worker,):
                self._slots.add(worker)
            case "lost", (worker,):
                self._worker_lost(worker)
            case "broken", (error,):
                self._fail_all(error)

    def _emit(self, event: Event) -> None:
        if self._filter.is_new(event):
            self._tools.events.emit(event)

    def _tell_limiter_event(self, event: GateDecided | RequestRetried) -> None:
        self._tools.events.emit(replace(event, at=self._now()))

    def _calls_over(self, attempt: Attempt) -> None:
        """A lesson has no calls left to make; another may begin beside it."""
        if not attempt.called and not attempt.outcome.done():
            attempt.called = True
            self._slots.calls_over(attempt.worker)
            attempt.context.calls_over()

    def _worker_lost(self, worker: str) -> None:
        if self._slots.remove(worker) and not len(self._slots):
            self._notice(None, "the cluster has no worker left; waiting for one")
        for attempt in self._attempts.values():
            if attempt.worker == worker:
                attempt.end(None)

    def _fail_all(self, error: VidkitError) -> None:
        self._broken = error
        self.control.end(error)
        for attempt in self._attempts.values():
            attempt.end(error)
        self._slots.notify()

    def _send_hold(self) -> None:
        """Let the workers know how the run is held now."""
        how = Hold(self._sections, self.control.held, self.control.stop)
        for worker in {attempt.worker for attempt in self._attempts.values()}:
            self._channel.send(worker, "hold", self.run, how)
        self._slots.notify()

    def _resize(self, event: Event) -> None:
        if isinstance(event, WorkersChanged):
            self._sections, self._most = event.sections, event.videos
            self._send_hold()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = loop.event_loop().create_task(work)
        self._side.add(task)
        task.add_done_callback(self._side.discard)

    def _notice(self, lesson: int | None, sentence: str) -> None:
        self._tools.events.emit(Noticed(self._now(), lesson, sentence))


def _make_folder(folder: Path) -> None:
    """Have the output folder there, so that a worker can see whether it shares it."""
    folder.mkdir(parents=True, exist_ok=True)
