"""Lessons on a Dask worker: each is an async pipeline on vidkit's loop in the worker's process."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import anyio
from distributed import WorkerPlugin

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
from ..pipeline.context import LessonContext, RunControl, Runtime, describe
from ..pipeline.lesson import make_here
from ..pipeline.output import LOCK, Output
from ..providers.base import Request
from ..providers.headers import Answer
from ..report.reports import VideoReport
from ..store import Store
from ..store.ledger import Budget, Journal, Money, PaymentState, Reservation
from ..store.locks import let_go, try_lock
from .messages import HUB, Letter, Line, portable
from .scheduler import Service

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
class Held:
    """How a run is held: sections made at once, whether nothing may begin now, and why nothing
    may begin any more.
    """

    sections: int
    held: bool = False
    stop: VidkitError | None = None


@dataclass(frozen=True)
class Start:
    """What a worker is told when it begins: seconds since the run began, and how it is held."""

    at: float
    how: Held


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
    from distributed.protocol.pickle import dumps

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


def unpacked(sent: bytes) -> Settings:
    """The settings that `packed` sent."""
    from distributed.protocol.pickle import loads

    settings: Settings = loads(sent)
    return settings


def _holds_key(what: str) -> SettingsError:
    return SettingsError(
        f"a provider holds {what}, and keys are not sent to workers; set the key in the "
        "environment of each worker, and name the provider by its text, such as images='openai'"
    )


# What a lesson on a worker takes for a journal, a store and a gate: each speaks with the place
# where the one for the whole cluster is.


T = TypeVar("T")
_numbers = itertools.count(1)

CALLS = {"begin_run", "end_run", "reserve", "end", "spent", "tally"}
"""What a worker may ask of the journal."""


class FarJournal(Journal):
    """The journal of the client's store, for the lesson that is try `number` of `run`.

    The client alone writes it, in the order in which it is asked, and knows the budgets. Methods
    block until it has answered; they raise `StoreError` where it is gone.
    """

    def __init__(self, line: Line, run: str, number: int, note: Callable[[str], None]) -> None:
        self._line = line
        self._run = run
        self._number = number
        self._note = note

    def begin_run(self, lesson: str, keys: Iterable[str] = ()) -> int:
        """As `Journal.begin_run`."""
        number: int = self._ask("begin_run", lesson=lesson, keys=[*keys])
        return number

    def need(self, run: int, keys: Iterable[str]) -> None:
        """As `Journal.need`, without waiting until it is written."""
        needed = {"run": run, "keys": [*keys]}
        self._line.mention(self._run, "need", self._number, needed)

    def end_run(
        self, run: int, *, finished: bool, seconds: Mapping[str, float] | None = None
    ) -> None:
        """As `Journal.end_run`."""
        self._ask("end_run", run=run, finished=finished, seconds=seconds)

    def reserve(
        self,
        *,
        run: int | None,
        key: str,
        kind: str,
        provider: str,
        lesson: str,
        dollars: float | None,
        budgets: Sequence[Budget] = (),
    ) -> Reservation:
        """As `Journal.reserve`, under the budgets of the client's run."""
        asked = {"run": run, "key": key, "kind": kind, "provider": provider}
        return Reservation(self, self._ask("reserve", **asked, lesson=lesson, dollars=dollars))

    def end(self, entry: int, state: PaymentState, dollars: float | None = None) -> None:
        """As `Journal.end`."""
        self._ask("end", entry=entry, state=state, dollars=dollars)

    def spent(self, run: int | None = None, budget: str | None = None) -> Money:
        """As `Journal.spent`."""
        money: Money = self._ask("spent", run=run, budget=budget)
        return money

    def tally(self, **more: int) -> dict[str, int]:
        """As `Journal.tally`."""
        counts: dict[str, int] = self._ask("tally", **more)
        return counts

    def close(self) -> None:
        """Nothing is open here."""

    def _ask(self, call: str, **asked: Any) -> Any:
        try:
            return self._line.wait(self._run, "journal", self._number, call, asked)
        except ClusterError as error:
            raise StoreError(f"the journal, which is with the client, is gone: {error}") from error


class FarStore(Store):
    """The client's store on the shared folder: its files are here, its journal is not.

    owner: the client's own opening of the store, which has to be seen from here. renewed: gets
    the keys of what another worker made anew in this run; None where nothing is to be made anew.
    Raises `StoreError` where `folder` is not the client's.
    """

    def __init__(
        self,
        folder: Path,
        owner: str,
        journal: FarJournal,
        line: Line,
        run: str,
        renewed: set[str] | None,
        on_note: Callable[[str], None],
    ) -> None:
        self._far = journal
        self._line = line
        self._run = run
        self._renewed = renewed
        if not (folder / "processes" / f"{owner}.lock").is_file():
            raise StoreError(
                f"{folder} is not the folder of the client's store; all machines need it under "
                "one path: name a shared folder with VIDKIT_CACHE (cache_dir=), or share nothing "
                "with cache=False"
            )
        super().__init__(folder, on_note=on_note)
        # a process that ends has no line any more; what it left is swept by the next opening
        self._leave.atexit = False

    def _open_journal(self, folder: Path, used: bool) -> Journal:
        return self._far

    def _sweep(self, folder: Path) -> int:
        return 0  # what is to be settled is the client's

    shared_locks = True

    @asynccontextmanager
    async def elsewhere(self, key: str) -> AsyncIterator[None]:
        """As `Store.elsewhere`, in the whole cluster, whatever locks the shared folder keeps."""
        asset, number, made = (str(self.folder), key), next(_numbers), False
        try:
            before = await self._line.answer(HUB, "flight", self._run, asset, number)
            if before and self._renewed is not None:
                self._renewed.add(key)
            yield
            made = self._renewed is not None
        finally:
            self._line.mention(HUB, "land", asset, number, made)


class FarGate:
    """The way to a provider through the cluster's gate for it, which stands at the scheduler."""

    def __init__(self, line: Line, run: str, service: Service) -> None:
        self._line = line
        self._run = run
        self._service = service

    async def __call__(self, send: Callable[[], Awaitable[T]], /) -> T:
        """As `Gate.__call__`."""
        number, line = next(_numbers), self._line
        own: Exception = ClusterError("the gate was closed")
        try:
            verdict, error = await line.answer(HUB, "enter", self._run, self._service, number)
            while verdict == "go":
                try:
                    answer = await send()
                except Exception as failure:
                    own = failure
                    told = portable(failure)
                    verdict, error = await line.answer(HUB, "failed", number, told)
                else:
                    limits = answer.limits if isinstance(answer, Answer) else None
                    line.tell(HUB, "ended", number, limits)
                    return answer
        except BaseException:
            line.tell(HUB, "leave", number)
            raise
        if error is None:
            raise own
        raise error from own


LEASE, LOOK = 150.0, 0.5
"""Seconds for which a file server may keep the locks of a dead machine (NFS: 90), and between
two looks."""
PIECES = 1_000_000
"""Numbers for pieces of work that one try has for itself."""


Equip = Callable[[Store, Events], Runtime]
"""Gives the tools for one lesson of a run."""


class Kit(Protocol):
    """Equips the lessons of a run for real: makers chosen for its settings, their gates, an
    editor.

    far: the way to a service through the gate of the whole cluster.
    """

    def __call__(
        self,
        settings: Settings,
        cores: anyio.CapacityLimiter,
        far: Callable[[Service], Request],
    ) -> AbstractAsyncContextManager[Equip]: ...


@dataclass
class _Run:
    """A run that has lessons here: its settings and tools, as long as it lasts."""

    settings: Settings
    equip: Equip
    leave: Callable[[], Awaitable[None]]


@dataclass
class _Work:
    """A try that goes on here."""

    errand: LessonTask
    reins: RunControl = field(default_factory=RunControl)
    place: LessonContext | None = None
    task: asyncio.Task[Any] | None = None

    def hold(self, how: Held) -> None:
        """Be held as the client says."""
        if how.stop is not None:
            self.reins.end(how.stop)
        (self.reins.hold if how.held else self.reins.go)()
        if self.place is not None:
            self.place.slots.total_tokens = how.sections


class Station:
    """All lessons that one worker makes. Lives on vidkit's loop.

    worker: Dask's; its loop is another one, and letters come in there.
    """

    def __init__(self, worker: Any) -> None:
        self.address: str = worker.address
        self._works: dict[tuple[str, int], _Work] = {}
        self._runs: dict[str, asyncio.Task[_Run]] = {}
        home = loop.event_loop()
        self.line = Line(
            self.address,
            worker.scheduler,
            worker.loop.asyncio_loop,
            lambda letters: home.call_soon_threadsafe(self._hear_all, letters),
        )
        # as many as Dask lends this worker: others of the machine have their own
        self.cores = anyio.CapacityLimiter(min(usable_cores(), worker.state.nthreads))

    async def make(self, errand: LessonTask, kit: Kit) -> None:
        """Make a lesson, and let its client have the outcome."""
        try:
            start = await self.line.answer(errand.run, "begin", errand.number, self.address)
        except ClusterError:
            return  # nobody is there who wanted it
        if start is None:
            return
        which = errand.run, errand.number
        work = self._works[which] = _Work(errand, task=asyncio.current_task())
        try:
            outcome = await self._outcome(work, start, kit)
        finally:
            del self._works[which]
        try:
            await self.line.answer(errand.run, "outcome", errand.number, outcome)
        except ClusterError:
            return  # what was made is in the store, for whoever asks next

    async def _outcome(self, work: _Work, start: Start, kit: Kit) -> Outcome:
        try:
            return await self._made(work, start, kit)
        except _Unfit as unfit:
            return Unfit(portable(unfit.why))
        except asyncio.CancelledError:
            return Cancelled("cancelled; what was finished is kept")
        except Exception as error:
            return error if isinstance(error, VidkitError) else VidkitError(describe(error))

    async def _made(self, work: _Work, start: Start, kit: Kit) -> VideoReport:
        errand, renewed = work.errand, set[str]()
        events = Events()
        events.subscribe(lambda event: self._tell(errand, event))
        async with AsyncExitStack() as equipped:
            try:
                run = await self._run(errand, kit)
                anew = renewed if run.settings.force else None
                store = await asyncio.to_thread(self._store, errand, anew)
            except Exception as error:
                raise _Unfit(error) from error
            equipped.push_async_callback(asyncio.to_thread, store.close)
            tools = run.equip(store, events)
            await asyncio.to_thread(_demand_files, errand.lesson, errand.folder, self.address)
            if errand.again:
                await _let_go_of(errand.folder)
            tools.renewed, tools.control = renewed, work.reins
            tools.pieces = itertools.count(errand.number * PIECES + 1)
            work.place = LessonContext(
                position=errand.position,
                lesson=errand.lesson,
                output=Output(errand.folder),
                settings=run.settings,
                runtime=tools,
                slots=anyio.CapacityLimiter(start.how.sections),
                started=time.monotonic() - start.at,
                notes=[*errand.notes],
                calls_over=lambda: self.line.tell(errand.run, "called", errand.number),
            )
            work.hold(start.how)
            return await make_here(work.place)

    async def _run(self, errand: LessonTask, kit: Kit) -> _Run:
        """What the lessons of the run have in common; the first of them makes it."""
        if errand.run not in self._runs:
            self._runs[errand.run] = asyncio.create_task(self._equipped(errand, kit))
        return await asyncio.shield(self._runs[errand.run])

    async def _equipped(self, errand: LessonTask, kit: Kit) -> _Run:
        settings = await asyncio.to_thread(_settings, errand)
        equipped = AsyncExitStack()
        equip = await equipped.enter_async_context(
            kit(settings, self.cores, lambda service: FarGate(self.line, errand.run, service))
        )
        return _Run(settings, equip, equipped.aclose)

    async def _forget(self, run: str) -> None:
        """A run is over; its providers close their connections."""
        task = self._runs.pop(run, None)
        if task is not None:
            with suppress(Exception):
                await (await task).leave()

    def _store(self, errand: LessonTask, renewed: set[str] | None) -> Store:
        def note(sentence: str) -> None:
            self.line.tell(errand.run, "note", sentence)

        journal = FarJournal(self.line, errand.run, errand.number, note)
        if errand.store is None or errand.owner is None:
            bare = Store.null()
            bare.journal = journal
            return bare
        return FarStore(errand.store, errand.owner, journal, self.line, errand.run, renewed, note)

    def _tell(self, errand: LessonTask, event: Event) -> None:
        if not (isinstance(event, Noticed) and event.lesson is None):
            self.line.mention(errand.run, "event", errand.number, event)

    def _hear_all(self, letters: list[Letter]) -> None:
        for letter in letters:
            self._hear(letter)

    def _hear(self, letter: Letter) -> None:
        match letter.kind, letter.what:
            case "hold", (run, how):
                for work in self._of(run):
                    work.hold(how)
            case "drop", (run, number):
                dropped = self._works.get((run, number))
                if dropped is not None and dropped.task is not None:
                    dropped.task.cancel()
            case "over", (run,):
                gone = ClusterError("the program that began this run is gone")
                self.line.give_up(gone, run)
                for work in self._of(run):
                    work.reins.end(gone)
                self._closing = asyncio.ensure_future(self._forget(run))
            case "broken", (error,):
                for work in self._works.values():
                    work.reins.end(error)
                    if work.task is not None:
                        work.task.cancel()

    def _of(self, run: str) -> list[_Work]:
        return [work for work in self._works.values() if work.errand.run == run]


class _Unfit(Exception):
    """This worker can make no lesson of the run."""

    def __init__(self, why: Exception) -> None:
        self.why = why


def _settings(errand: LessonTask) -> Settings:
    if (here := vidkit_version()) != errand.version:
        raise ClusterError(f"it has vidkit {here}, and the client {errand.version}")
    return unpacked(errand.settings)


def _demand_files(lesson: Lesson, folder: Path, address: str) -> None:
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


async def _let_go_of(folder: Path) -> None:
    """Wait until the lock of a lost machine's run is gone: a file server keeps it for a while."""
    until = time.monotonic() + LEASE
    while time.monotonic() < until:
        try:
            held = await asyncio.to_thread(try_lock, folder / LOCK)
        except OSError:
            return
        if held is not None:
            let_go(held)
            return
        await asyncio.sleep(LOOK)


_stations: dict[str, Station] = {}


async def station(worker: Any) -> Station:
    """The station of a Dask worker, opened on its first lesson and closed with it; on Dask's
    loop.
    """
    found = _stations.get(worker.address)
    if found is None or found.line.broken:
        found = _stations[worker.address] = Station(worker)
        await found.line.open()
        await worker.plugin_add(plugin=_Closing(found), name="vidkit")
    return found


class _Closing(WorkerPlugin):
    """Closes the station when Dask closes the worker."""

    def __init__(self, station: Station) -> None:
        self._station = station

    async def teardown(self, worker: Any) -> None:
        _stations.pop(self._station.address, None)
        await self._station.line.close()
