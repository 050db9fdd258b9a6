"""A batch on more than one machine: `client=` of the calls, a client of Dask.

Each lesson is one task, and the whole pipeline of it runs in the worker's process. Between
machines go lessons, events, reports and store keys; images, sounds and videos go by the shared
folder. The client keeps the journal, the scheduler the rate limiters, and a worker its own keys.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from distributed import Client, wait

from ..core import loop
from ..core.errors import ClusterError, SettingsError, VidkitError
from ..core.events import (
    Event,
    LessonEnded,
    LessonStarted,
    Listener,
    Noticed,
    SectionEnded,
    WorkersChanged,
)
from ..core.system import vidkit_version
from ..models.settings import Settings
from ..pipeline.batch import Batch, Job, LessonSource
from ..pipeline.context import LessonContext, RunControl, Runtime
from ..pipeline.run import Runner
from ..report.reports import VideoReport
from ..store import Store
from ..store.ledger import Reservation
from .attempts import Attempt, WorkerSlots
from .scheduler import SCHEDULER, STREAM, Channel, ClusterPlugin, Message
from .worker import CALLS, Hold, LessonTask, Outcome, Unfit, make_on_worker, packed


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
        self._sent = packed(settings)
        self.jobs = _with_absolute_paths(self.jobs)

    def _anew(self, jobs: Sequence[Job]) -> Runner:
        return ClusterRunner(self._client, self.settings.with_(force=None), jobs, *self.listeners)

    @asynccontextmanager
    async def _run(self) -> AsyncIterator[Batch]:
        dispatcher = Dispatcher(self._client, self._sent)
        self._control, self._make = dispatcher.control, dispatcher.make
        async with super()._run() as batch:
            await dispatcher.open(batch.runtime, self.settings, batch.now, batch.spread)
            try:
                yield batch
            finally:
                await asyncio.shield(dispatcher.close())


def require_client(client: Any) -> Any:
    """`client`, where it is a Dask client. Raises `SettingsError` where it is none."""
    if not isinstance(client, Client):
        raise SettingsError(
            f"client is a {type(client).__name__}; give distributed.Client('tcp://…:8786')"
        )
    return client


def connected(address: str) -> Any:
    """A Dask client of the scheduler at `address`, such as tcp://10.0.0.5:8786; close it.

    Raises `SettingsError` where there is no scheduler.
    """
    try:
        return Client(address, timeout=10)
    except (OSError, ValueError, TypeError) as error:
        raise SettingsError(
            f"there is no Dask scheduler at {address} ({error}); start one with `dask scheduler`, "
            "and workers with `dask worker ADDRESS`"
        ) from None


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


_channels: WeakValueDictionary[str, Channel] = WeakValueDictionary()


def _receive(run: str, payload: bytes) -> None:
    """Take what the scheduler sends to a run of this process; on Dask's loop."""
    if (channel := _channels.get(run)) is not None:
        channel.receive(payload)


class Dispatcher:
    """One run over a cluster. Lives on vidkit's loop; Dask's client has a loop of its own.

    client: Dask's. settings: as `packed` made them.
    """

    def __init__(self, client: Any, settings: bytes) -> None:
        self.run = f"vidkit-{uuid.uuid4().hex}"
        self._client = client
        self._settings = settings
        self._dask: asyncio.AbstractEventLoop = client.loop.asyncio_loop
        self._attempts: dict[int, Attempt] = {}
        self._number = 0
        self._told: set[tuple[type[Event], int | None, int | None]] = set()
        self._side: set[asyncio.Future[None]] = set()
        self._closing = False
        self._slots = WorkerSlots()
        self._home = asyncio.get_running_loop()
        self.control = RunControl(self._send_hold)
        self._channel = _channels[self.run] = Channel(
            self.run,
            self._dask,
            self._post,
            lambda message: self._home.call_soon_threadsafe(self._handle, message),
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
        client = self._client
        await client.register_plugin(ClusterPlugin())
        # not `subscribe_topic`: a topic's messages stay in the scheduler's memory
        client._stream_handlers[STREAM] = _receive
        workers: list[str] = await client.scheduler.vidkit_begin(run=self.run, client=client.id)
        self._watching = asyncio.create_task(self._watch())
        return workers

    async def _watch(self) -> None:
        """Notice when the scheduler ends the run, or is gone; on Dask's loop."""
        try:
            await self._client.scheduler.vidkit_over(run=self.run)
            why = "it does not know us any more"
        except Exception as error:
            why = str(error) or "no reason"
        lost = ClusterError(
            f"Dask's scheduler cannot be reached any more ({why}); "
            "what was finished is kept, and the same call goes on"
        )
        self._channel.close(lost)
        if not self._closing:
            self._home.call_soon_threadsafe(self._fail_all, lost)

    def _post(self, message: dict[str, Any]) -> None:
        # where the stream is closed, the watch has it told
        with suppress(OSError, AttributeError):
            self._client.scheduler_comm.send(message)

    @property
    def _address(self) -> str:
        return str(self._client.scheduler.address)

    async def close(self) -> None:
        """The run is over."""
        self._deaf()
        if self._side:
            await asyncio.wait(self._side, timeout=CANCEL_TIMEOUT)
        self._closing = True
        self._channel.send(SCHEDULER, "end", self.run)
        await self._on_dask(self._end())

    async def _end(self) -> None:
        await asyncio.wait([self._watching], timeout=CANCEL_TIMEOUT)
        self._watching.cancel()

    async def make(self, context: LessonContext) -> VideoReport:
        """Make a lesson on a worker, and on another where that one is lost.

        Raises what kept the lesson from beginning, and `ClusterError` where it lost too many
        workers or none is fit for it.
        """
        try:
            # by which a worker sees whether it shares it
            make_folder = context.output.folder.mkdir
            await context.runtime.run_in_thread(make_folder, parents=True, exist_ok=True)
            return await self._make_with_retries(context)
        except (Exception, asyncio.CancelledError) as error:
            now, position, name = self._now(), context.position, context.lesson.name
            self._emit(LessonStarted(now, position, name, (), context.output.folder))
            self._emit(LessonEnded(now, position, name, None, str(error) or "cancelled"))
            raise
        finally:
            self._told = {what for what in self._told if what[1] != context.position}

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
                    case Unfit(why):
                        if self._slots.remove(worker, why):
                            self._notice(None, f"the worker {worker} makes no lessons: {why}")
                    case None:
                        lost += 1
                        self._count_lost(context, worker, lost)
                    case _:
                        raise outcome
        finally:
            if attempt is not None:
                await asyncio.shield(attempt.close_run())

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
        if self.control.stop is not None:
            raise self.control.stop
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
        name = f"vidkit-{task.lesson.name}-{self.run[7:15]}-{task.number}"
        future = self._client.submit(
            make_on_worker, task, workers=[worker], key=name, pure=False, retries=0
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

    def _handle(self, message: Message) -> None:
        match message.kind, message.args:
            case "begin", (number, worker):
                attempt = self._attempts.get(number)
                wanted = attempt is not None and attempt.starts(worker)
                held = Hold(self._sections, self.control.held, self.control.stop)
                self._channel.reply(message, (self._now(), held) if wanted else None)
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
                self._in_background(self._answer_journal(message, attempt, call, asked))
            case "note", (sentence,):
                self._tools.events.emit(Noticed(self._now(), None, sentence))
            case "limiter", (event,):
                self._tools.events.emit(replace(event, at=self._now()))
            case "joined", (worker,):
                self._slots.add(worker)
            case "lost", (worker,):
                self._worker_lost(worker)

    async def _answer_journal(
        self, message: Message, attempt: Attempt | None, call: str, asked: Mapping[str, Any]
    ) -> None:
        """Do in the journal what a worker asks for. attempt: the lesson that it is about, None
        where that is not made there any more.
        """

        def do() -> Any:
            known = {"budgets": self._tools.budgets} if call == "reserve" else {}
            answer = getattr(self._tools.store.journal, call)(**{**asked, **known})
            return answer.id if isinstance(answer, Reservation) else answer

        try:
            if call not in CALLS:
                raise ClusterError(f"a worker does not {call} in the journal")
            if call == "tally":
                answer = await asyncio.to_thread(do)
            elif attempt is None:
                raise ClusterError("this lesson is made elsewhere by now")
            else:
                answer = await attempt.ask_journal(call, do, asked)
        except Exception as error:
            answer = error
        self._channel.reply(message, answer)

    def _emit(self, event: Event) -> None:
        """Tell the run; a lesson that is made again begins once, and each of its sections ends
        once.
        """
        if isinstance(event, LessonStarted | LessonEnded | SectionEnded):
            what = type(event), event.lesson, getattr(event, "section", None)
            if what in self._told:
                return
            self._told.add(what)
        self._tools.events.emit(event)

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
        self.control.end(error)
        for attempt in self._attempts.values():
            attempt.end(error)

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
