"""Lessons on a Dask worker: each is an async pipeline on vidkit's loop in the worker's process."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import anyio
from distributed import WorkerPlugin

from .. import loop
from ..errors import Cancelled, ClusterError, Fault, LessonError, OutputError, VidkitError
from ..events import Event, Events, Noticed
from ..lesson import Lesson
from ..machine import usable_cores
from ..output import LOCK, Output
from ..pipeline import Reins, Tools
from ..pipeline.lesson import make_here
from ..pipeline.place import Place
from ..pipeline.step import told
from ..providers import Request
from ..report import VideoReport, vidkit_version
from ..settings import Settings
from ..store import NoStore, Store
from ..store.locks import let_go, try_lock
from .errand import Errand, Held, Outcome, Start, Unfit, unpacked
from .far import FarGate, FarJournal, FarStore
from .letters import Letter, portable
from .line import Line
from .turns import Service

LEASE, LOOK = 150.0, 0.5
"""Seconds for which a file server may keep the locks of a dead machine (NFS: 90), and between
two looks."""
PIECES = 1_000_000
"""Numbers for pieces of work that one try has for itself."""


Equip = Callable[[Store | NoStore, Events], Tools]
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

    errand: Errand
    reins: Reins = field(default_factory=Reins)
    place: Place | None = None
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

    async def make(self, errand: Errand, kit: Kit) -> None:
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
            return error if isinstance(error, VidkitError) else VidkitError(told(error))

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
            tools.renewed, tools.reins = renewed, work.reins
            tools.pieces = itertools.count(errand.number * PIECES + 1)
            work.place = Place(
                position=errand.position,
                lesson=errand.lesson,
                output=Output(errand.folder),
                settings=run.settings,
                tools=tools,
                slots=anyio.CapacityLimiter(start.how.sections),
                started=time.monotonic() - start.at,
                notes=[*errand.notes],
                calls_over=lambda: self.line.tell(errand.run, "called", errand.number),
            )
            work.hold(start.how)
            return await make_here(work.place)

    async def _run(self, errand: Errand, kit: Kit) -> _Run:
        """What the lessons of the run have in common; the first of them makes it."""
        if errand.run not in self._runs:
            self._runs[errand.run] = asyncio.create_task(self._equipped(errand, kit))
        return await asyncio.shield(self._runs[errand.run])

    async def _equipped(self, errand: Errand, kit: Kit) -> _Run:
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

    def _store(self, errand: Errand, renewed: set[str] | None) -> Store | NoStore:
        def note(sentence: str) -> None:
            self.line.tell(errand.run, "note", sentence)

        journal = FarJournal(self.line, errand.run, errand.number, note)
        if errand.store is None or errand.owner is None:
            bare = NoStore()
            bare.journal = journal
            return bare
        return FarStore(errand.store, errand.owner, journal, self.line, errand.run, renewed, note)

    def _tell(self, errand: Errand, event: Event) -> None:
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


def _settings(errand: Errand) -> Settings:
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
        for field, file in (("image", section.image), ("audio", section.audio))
        if file is not None and not file.is_file()
    ]
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
