"""Lessons on a Dask worker: each is an async pipeline on vidkit's loop in the worker's process."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import anyio
from distributed import WorkerPlugin, get_worker, secede
from distributed.protocol.pickle import dumps, loads

from ..core import loop
from ..core.errors import (
    Cancelled,
    ClusterError,
    Fault,
    LessonError,
    OutputError,
    SettingsError,
    StoreError,
    VidkitError,
)
from ..core.events import Event, Events, Noticed
from ..core.system import usable_cores, vidkit_version
from ..models.lesson import Lesson
from ..models.settings import Settings
from ..pipeline.context import LessonContext, Maker, RunControl, Runtime, Source, describe
from ..pipeline.lesson import make_here
from ..pipeline.output import LOCK, Output
from ..pipeline.run import gate_of, in_use
from ..providers.answers import Answer
from ..providers.base import ImageMaker, VoiceMaker
from ..providers.registry import image_makers, voice_makers
from ..report.reports import VideoReport
from ..store import Store
from ..store.ledger import Journal, JournalProxy
from ..store.locks import try_lock
from .scheduler import SCHEDULER, STREAM, Channel, Message, Service, portable

# What a worker is sent: one lesson, and what it needs to know to make it. Never a key.


_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
_KEY = re.compile(rb"\bsk-[\w-]{8,}")
SHORTEST = 8
"""A secret of fewer characters would be found everywhere."""


@dataclass(frozen=True)
class LessonTask:
    """One try at one lesson. run, number: of which run, and which try of the run. version: the
    client's vidkit. settings: as `packed` gives them. position: the lesson's in the run. notes:
    for the lesson's report. store, owner: the shared store's folder and the client's opening of
    it; None where nothing is kept. again: another worker was lost while it made the lesson.
    """

    run: str
    number: int
    version: str
    settings: bytes
    lesson: Lesson
    folder: Path
    position: int
    notes: tuple[str, ...] = ()
    store: Path | None = None
    owner: str | None = None
    again: bool = False


@dataclass(frozen=True)
class Hold:
    """How a run is held: sections made at once, whether nothing may begin now, and why nothing
    may begin any more.
    """

    sections: int
    held: bool = False
    stop: VidkitError | None = None


@dataclass(frozen=True)
class Unfit:
    """What came of a try on a worker that can make no lesson of this run: why not."""

    why: VidkitError


Outcome = VideoReport | VidkitError | Unfit
"""What a worker sends back: a report, the error that kept the lesson from beginning, or the
reason why it is not the worker for it."""


def packed(settings: Settings) -> bytes:
    """Settings as they are sent, without what the client keeps: its budget and its bars.

    Raises `SettingsError` where a provider cannot be sent, or would take a key along.
    """
    try:
        bare = settings.with_(budget=None, progress=False, cache_dir=None)
        sent: bytes = dumps(bare)
    except SettingsError:
        raise
    except Exception as error:
        raise SettingsError(
            f"a provider or an effect cannot be sent to the workers ({error}); name a provider by "
            "its text, such as images='openai', or let it be one that can be pickled"
        ) from None
    for name, value in os.environ.items():
        if _SECRET.search(name) and len(value) >= SHORTEST and value.encode() in sent:
            raise _holds_key(f"what is in {name}")
    if _KEY.search(sent):
        raise _holds_key("a key")
    return sent


def _holds_key(what: str) -> SettingsError:
    return SettingsError(
        f"a provider holds {what}, and keys are not sent to workers; set the key in the "
        "environment of each worker, and name the provider by its text, such as images='openai'"
    )


# What a lesson on a worker takes for a journal, a store and a rate limiter: proxies of those
# that the whole cluster has in common.


T = TypeVar("T")
_numbers = itertools.count(1)

CALLS = {"begin_run", "end_run", "reserve", "end", "spent", "tally"}
"""What a worker may ask of the journal."""


def journal_at_client(
    channel: Channel, run: str, number: int, note: Callable[[str], None]
) -> JournalProxy:
    """The journal of the client's store, for the lesson that is try `number` of `run`.

    The client alone writes it, in the order in which it is asked, and knows the budgets of its run.
    Methods block until it has answered, but for `need`; they raise `StoreError` where it is gone.
    """

    def ask(call: str, **asked: Any) -> Any:
        if call == "need":
            return channel.send(run, "need", number, asked)
        try:
            return channel.ask_blocking(run, "journal", number, call, asked)
        except ClusterError as error:
            raise StoreError(f"the journal, which is with the client, is gone: {error}") from error

    return JournalProxy(ask, note)


class StoreProxy(Store):
    """The client's store on the shared folder: its files are here, its journal is not.

    owner: the client's own opening of the store, which has to be seen from here. renewed: gets
    the keys of what another worker made anew in this run; None where nothing is to be made anew.
    Raises `StoreError` where `folder` is not the client's.
    """

    def __init__(
        self,
        folder: Path,
        owner: str,
        journal: Journal,
        channel: Channel,
        run: str,
        renewed: set[str] | None,
        on_note: Callable[[str], None],
    ) -> None:
        self._journal_proxy = journal
        self._channel = channel
        self._run = run
        self._renewed = renewed
        if not (folder / "processes" / f"{owner}.lock").is_file():
            raise StoreError(
                f"{folder} is not the folder of the client's store; all machines need it under "
                "one path: name a shared folder with VIDKIT_CACHE (cache_dir=), or share nothing "
                "with cache=False"
            )
        super().__init__(folder)
        for sentence in self.notes:
            on_note(sentence)
        self.listeners.append(on_note)
        # a process that ends has no channel any more; what it left is swept by the next opening
        self._leave.atexit = False

    def _open_journal(self, folder: Path, used: bool) -> Journal:
        return self._journal_proxy

    def _sweep(self, folder: Path) -> None:
        """What is to be settled is the client's."""

    shared_locks = True

    @asynccontextmanager
    async def elsewhere(self, key: str) -> AsyncIterator[None]:
        """As `Store.elsewhere`, in the whole cluster, whatever locks the shared folder keeps."""
        asset, number = (str(self.folder), key), next(_numbers)
        try:
            before = await self._channel.ask(SCHEDULER, "claim", self._run, asset, number)
            if before and self._renewed is not None:
                self._renewed.add(key)
            yield
        except BaseException:
            self._channel.send(SCHEDULER, "leave", number)
            raise
        self._channel.send(SCHEDULER, "said", number, self._renewed is not None)


class LimiterProxy:
    """The way to a provider through the cluster's rate limiter for it, at the scheduler."""

    def __init__(self, channel: Channel, run: str, service: Service) -> None:
        self._channel = channel
        self._run = run
        self._service = service

    async def __call__(self, send: Callable[[], Awaitable[T]], /) -> T:
        """As `RateLimiter.__call__`."""
        number, channel = next(_numbers), self._channel
        own: Exception = ClusterError("the rate limiter was closed")
        try:
            decision, error = await channel.ask(
                SCHEDULER, "enter", self._run, self._service, number
            )
            while decision == "go":
                try:
                    answer = await send()
                except Exception as failure:
                    own = failure
                    told = portable(failure)
                    decision, error = await channel.ask(SCHEDULER, "said", number, told)
                else:
                    limits = answer.limits if isinstance(answer, Answer) else None
                    channel.send(SCHEDULER, "said", number, limits)
                    return answer
        except BaseException:
            channel.send(SCHEDULER, "leave", number)
            raise
        if error is None:
            raise own
        raise error from own


LEASE, POLL = 150.0, 0.5
"""Seconds for which a file server may keep the locks of a dead machine (NFS: 90), and between
two looks."""
PIECES = 1_000_000
"""Numbers for pieces of work that one try has for itself."""


@dataclass
class _Run:
    """A run that has lessons here: its settings and providers. close: lets go of those."""

    settings: Settings
    images: Sequence[Source[ImageMaker]]
    voice: Sequence[Source[VoiceMaker]]
    close: Callable[[], Awaitable[None]]


@dataclass
class _Attempt:
    """A try that goes on here."""

    task: LessonTask
    control: RunControl = field(default_factory=RunControl)
    context: LessonContext | None = None
    running: asyncio.Task[Any] | None = None

    def hold(self, how: Hold) -> None:
        """Be held as the client says."""
        if how.stop is not None:
            self.control.end(how.stop)
        (self.control.hold if how.held else self.control.go)()
        if self.context is not None:
            self.context.slots.total_tokens = how.sections


class WorkerService(WorkerPlugin):
    """All lessons that one worker makes. Lives on vidkit's loop, and as long as the worker.

    worker: Dask's; its loop is another one, and messages come in there.
    """

    def __init__(self, worker: Any) -> None:
        self.address: str = worker.address
        self._home = loop.event_loop()
        self._attempts: dict[tuple[str, int], _Attempt] = {}
        self._runs: dict[str, asyncio.Task[_Run]] = {}
        self.channel = Channel(
            self.address,
            worker.loop.asyncio_loop,
            worker.batched_send,
            lambda message: self._home.call_soon_threadsafe(self._handle, message),
        )
        worker.stream_handlers[STREAM] = self.channel.receive
        # as many as Dask lends this worker: others of the machine have their own
        self.cores = anyio.CapacityLimiter(min(usable_cores(), worker.state.nthreads))

    async def make(self, task: LessonTask) -> None:
        """Make a lesson, and let its client have the outcome."""
        try:
            start = await self.channel.ask(task.run, "begin", task.number, self.address)
        except ClusterError:
            return  # nobody is there who wanted it
        if start is None:
            return
        which = task.run, task.number
        attempt = self._attempts[which] = _Attempt(task, running=asyncio.current_task())
        outcome: Outcome
        try:
            outcome = await self._made(attempt, *start)
        except asyncio.CancelledError:
            outcome = Cancelled("cancelled; what was finished is kept")
        except Exception as error:
            outcome = error if isinstance(error, VidkitError) else VidkitError(describe(error))
        finally:
            del self._attempts[which]
        try:
            await self.channel.ask(task.run, "outcome", task.number, outcome)
        except ClusterError:
            return  # what was made is in the store, for whoever asks next

    async def _made(self, attempt: _Attempt, at: float, how: Hold) -> VideoReport | Unfit:
        """Make the lesson. at: seconds since the run began. how: it is held now."""
        task, renewed = attempt.task, set[str]()
        events = Events()
        events.subscribe(lambda event: self._send_event(task, event))
        async with AsyncExitStack() as opened:
            try:
                run = await self._run(task)
                anew = renewed if run.settings.force else None
                store = await asyncio.to_thread(self._store, task, anew)
            except Exception as error:
                return Unfit(portable(error))
            opened.push_async_callback(asyncio.to_thread, store.close)
            await asyncio.to_thread(_require_files, task.lesson, task.folder, self.address)
            if task.again:
                await _wait_for_lock(task.folder)
            runtime = Runtime(
                images=run.images,
                voice=run.voice,
                cores=self.cores,
                clock=time.monotonic,
                store=store,
                events=events,
                renewed=renewed,
                control=attempt.control,
                pieces=itertools.count(task.number * PIECES + 1),
            )
            attempt.context = LessonContext(
                position=task.position,
                lesson=task.lesson,
                output=Output(task.folder, store),
                settings=run.settings,
                runtime=runtime,
                slots=anyio.CapacityLimiter(how.sections),
                started=time.monotonic() - at,
                notes=[*task.notes],
                calls_over=lambda: self.channel.send(task.run, "called", task.number),
            )
            attempt.hold(how)
            return await make_here(attempt.context)

    async def _run(self, task: LessonTask) -> _Run:
        """What the lessons of the run have in common; the first of them makes it."""
        if task.run not in self._runs:
            self._runs[task.run] = asyncio.create_task(self._opened(task))
        return await asyncio.shield(self._runs[task.run])

    async def _opened(self, task: LessonTask) -> _Run:
        """The run's providers. Raises `ProviderMissing` where none of a kind can be asked from
        here.
        """
        settings = await asyncio.to_thread(_settings, task)
        images, voices = image_makers(settings), voice_makers(settings)
        opened = AsyncExitStack()
        await opened.enter_async_context(in_use([*images, *voices]))
        return _Run(
            settings,
            [self._source(task.run, "images", maker, settings) for maker in images],
            [self._source(task.run, "voice", maker, settings) for maker in voices],
            opened.aclose,
        )

    def _source(self, run: str, kind: str, maker: Maker, settings: Settings) -> Source[Maker]:
        """A provider: what is online passes the cluster's rate limiter, and what works on this
        machine the process's own.
        """
        if getattr(maker, "missing", None):
            return Source(maker)
        if not getattr(maker, "online", False):
            return Source(maker, gate_of(kind, maker))
        key = tuple(getattr(maker, "gate_key", ()))
        service = Service(kind, maker.name, key, settings.adaptive, maker.places, settings.pace)
        return Source(maker, LimiterProxy(self.channel, run, service))

    async def _forget(self, run: str) -> None:
        """A run is over; its providers close their connections."""
        opening = self._runs.pop(run, None)
        if opening is not None:
            with suppress(Exception):  # a provider may be anybody's, and the run is over
                await (await opening).close()

    def _store(self, task: LessonTask, renewed: set[str] | None) -> Store:
        def note(sentence: str) -> None:
            self.channel.send(task.run, "note", sentence)

        journal = journal_at_client(self.channel, task.run, task.number, note)
        if task.store is None or task.owner is None:
            return Store.null(journal=journal)
        return StoreProxy(task.store, task.owner, journal, self.channel, task.run, renewed, note)

    def _send_event(self, task: LessonTask, event: Event) -> None:
        if not (isinstance(event, Noticed) and event.lesson is None):
            self.channel.send(task.run, "event", task.number, event)

    def _handle(self, message: Message) -> None:
        match message.kind, message.args:
            case "hold", (run, how):
                for attempt in self._of(run):
                    attempt.hold(how)
            case "drop", (run, number):
                dropped = self._attempts.get((run, number))
                if dropped is not None and dropped.running is not None:
                    dropped.running.cancel()
            case "over", (run,):
                gone = ClusterError("the program that began this run is gone")
                self.channel.give_up(gone, run)
                for attempt in self._of(run):
                    attempt.control.end(gone)
                self._closing = asyncio.ensure_future(self._forget(run))

    def teardown(self, worker: Any) -> None:
        """The worker ends, or has lost its scheduler, and its lessons with it; by Dask."""
        gone = ClusterError("the Dask worker has ended; what was finished is kept")
        self.channel.close(gone)
        self._home.call_soon_threadsafe(self._end, gone)

    def _end(self, why: ClusterError) -> None:
        for attempt in self._attempts.values():
            attempt.control.end(why)
            if attempt.running is not None:
                attempt.running.cancel()

    def _of(self, run: str) -> list[_Attempt]:
        return [attempt for attempt in self._attempts.values() if attempt.task.run == run]


def _settings(task: LessonTask) -> Settings:
    """The settings that `packed` sent. Raises `ClusterError` where vidkit's version is another."""
    if (here := vidkit_version()) != task.version:
        raise ClusterError(f"it has vidkit {here}, and the client {task.version}")
    settings: Settings = loads(task.settings)
    return settings


def _require_files(lesson: Lesson, folder: Path, address: str) -> None:
    """Raise an error where this machine does not see what the client sees."""
    if not folder.is_dir():
        raise OutputError(
            f"{folder} is not to be seen from the worker {address}; keep lessons on a folder that "
            "all machines share under one path"
        )
    mend = "keep the lesson and its files on a folder that all machines share under one path"
    faults = [
        Fault(f"{file} is not to be seen from the worker {address}", mend, number, field)
        for number, section in enumerate(lesson.sections, 1)
        for field, file in (
            ("image", section.image),
            ("audio", section.audio),
            ("video", section.video.file if section.video else None),
        )
        if file is not None and not file.is_file()
    ]
    if lesson.music and not lesson.music.file.is_file():
        problem = f"{lesson.music.file} is not to be seen from the worker {address}"
        faults.append(Fault(problem, mend, field="music"))
    if faults:
        raise LessonError(lesson.path, faults)


async def _wait_for_lock(folder: Path) -> None:
    """Wait until the lock of a lost machine's run is gone: a file server keeps it for a while."""
    until = time.monotonic() + LEASE
    while time.monotonic() < until:
        try:
            held = await asyncio.to_thread(try_lock, folder / LOCK)
        except OSError:
            return
        if held is not None:
            held.let_go()
            return
        await asyncio.sleep(POLL)


def make_on_worker(task: LessonTask) -> None:
    """Make a lesson on the Dask worker that runs this task."""
    worker: Any = get_worker()
    # how many lessons are made here at once is the run's to say, not the worker's threads'
    secede()
    service = asyncio.run_coroutine_threadsafe(service_of(worker), worker.loop.asyncio_loop)
    loop.run(service.result().make(task))


async def service_of(worker: Any) -> WorkerService:
    """The service of a Dask worker, there from its first lesson on; on Dask's loop."""
    if "vidkit" not in worker.plugins:
        await worker.plugin_add(plugin=WorkerService(worker), name="vidkit")
    service: WorkerService = worker.plugins["vidkit"]
    return service
