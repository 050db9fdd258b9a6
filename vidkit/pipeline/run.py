"""A run that is about to start: the real tools, chosen for its settings, and its bars."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
import uuid
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from .. import media
from ..core import loop
from ..core.errors import Cancelled, DiskFull, NothingMade, SettingsError, StoreError
from ..core.events import Event, Events, Listener, Noticed, Sampled
from ..core.format import took
from ..core.loop import InTurn
from ..core.paths import path_given, shortened
from ..core.system import memory_left, usable_cores
from ..models.settings import Settings
from ..providers.base import ImageMaker, VoiceMaker
from ..providers.limiter import PATIENCE, RateLimiter
from ..providers.registry import image_makers, left_aside, voice_makers
from ..report.progress import Watcher, bars
from ..report.reports import BatchReport, ResourceTally, Summary, VideoReport
from ..store.ledger import Budget
from ..store.store import NoStore, Store, default_folder, open_store
from .assets import Editor, Maker, RunControl, Source, Tools
from .batch import Batch, Job, MakeLesson
from .bound import Bound, Yardstick, limits_of
from .lesson import make_here
from .planning import LessonSource
from .scaling import SHARE, Cores, Loan, Monitor, Steering, encode_memory

# What the runs of a process share: stores, gates, the editor, and providers that are in use.


log = logging.getLogger("vidkit.equipment")

_stores: dict[Path, Store | NoStore] = {}
_opening = threading.Lock()
_hearing: dict[Path | None, weakref.WeakSet[Events]] = {}
_used: weakref.WeakSet[Store | NoStore] = weakref.WeakSet()


def store_of(settings: Settings) -> Store | NoStore:
    """The store that a run with these settings uses; one for each folder of the process.

    A folder that cannot be used gives one that keeps nothing, with a note that says why.
    """
    if not settings.cache:
        return NoStore()
    named = settings.cache_dir or default_folder()
    folder = path_given("cache_dir", named, "the folder of the store").absolute()
    with _opening:
        store = _stores.get(folder)
        if store is None or not store.keeps:
            store = _stores[folder] = open_store(folder, on_note=partial(_noticed, folder))
        return store


def hears(events: Events, store: Store | NoStore) -> bool:
    """Let the listeners of a run have the notes of its store from now on; True for the first run
    that uses it, which has to tell those of its opening.
    """
    _hearing.setdefault(store.folder, weakref.WeakSet()).add(events)
    first = store not in _used
    _used.add(store)
    return first


def _noticed(folder: Path, sentence: str) -> None:
    """Pass a note of a store on to every run that uses it."""

    def tell() -> None:
        for events in tuple(_hearing.get(folder, ())):
            events.tell(Noticed(0.0, None, sentence))

    loop.event_loop().call_soon_threadsafe(tell)


def _forget() -> None:
    """In a forked child: what the parent had open is the parent's."""
    global _opening
    _opening = threading.Lock()
    _stores.clear()
    _gates.clear()
    _cores.clear()
    _in_use.clear()
    _hearing.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def real_editor() -> Editor:
    """The real editor. The slides come in only if a card is drawn."""

    def card(heading: str, line: str, size: tuple[int, int]) -> bytes:
        from ..providers.slides import card as draw

        return draw(heading, line, size)

    return Editor(
        check_picture=media.check_picture,
        check_sound=media.check_sound,
        card=card,
        clip=media.make_clip,
        effects=media.apply_effects,
        seam=media.make_seam,
        join=media.join_clips,
        poster=media.poster,
        sheet=media.contact_sheet,
        starts=media.section_starts,
    )


aside = InTurn()
"""Calls what blocks, for all runs of the process. Only for vidkit's loop."""

_cores: list[Cores] = []


def cores_of(settings: Settings) -> Loan:
    """The cores of this process for the encodes of a run, as many as the machine lends at this
    moment: its affinity, its container's quota, and the memory that is left. Only for vidkit's
    loop.
    """
    if not _cores:
        _cores.append(Cores(1))
    (cores,) = _cores
    left = memory_left()
    cores.resize(usable_cores(), int(left * SHARE) + cores.held if left else None)
    return cores.lend(encode_memory(settings))


_gates: dict[tuple[str, ...], RateLimiter] = {}


FALLBACK_PATIENCE = 60.0
"""Seconds without a success for which a provider is waited for where another takes its place."""


def gate_of(kind: str, maker: ImageMaker | VoiceMaker) -> RateLimiter:
    """The limiter of a provider, its key and its model, shared by every run of the process.

    What works on this machine needs no feeling its way. Only for vidkit's loop.
    """
    which = (kind, maker.name, *getattr(maker, "gate_key", ()))
    gate = _gates.get(which)
    if gate is None:
        online = getattr(maker, "online", False)
        gate = _gates[which] = RateLimiter(maker.name, maker.places, adaptive=online, retry=online)
    gate.reopen()
    return gate


def use(
    gate: RateLimiter, maker: ImageMaker | VoiceMaker, settings: Settings, last: bool
) -> Callable[[], object]:
    """Use a limiter on the terms of a run; the function that is returned ends that, from any
    thread. last: nobody takes the provider's place, and so it is waited for.
    """
    online = getattr(maker, "online", False)
    end = gate.use(
        adaptive=settings.adaptive and online,
        pace=settings.pace if online else None,
        patience=PATIENCE if last else FALLBACK_PATIENCE,
    )
    return lambda: loop.event_loop().call_soon_threadsafe(end)


_in_use: Counter[int] = Counter()
"""How many runs use a provider, by its `id`. Only for vidkit's loop."""


@asynccontextmanager
async def in_use(makers: Iterable[ImageMaker | VoiceMaker]) -> AsyncIterator[None]:
    """Use providers; at the end those that no other run uses close their connections."""
    makers = [*makers]
    _in_use.update(map(id, makers))
    try:
        yield
    finally:
        await asyncio.shield(_let_go(makers))


async def _let_go(makers: Iterable[ImageMaker | VoiceMaker]) -> None:
    """Close the providers that no run uses any more."""
    for maker in makers:
        _in_use[id(maker)] -= 1
        if _in_use[id(maker)] > 0:
            continue
        del _in_use[id(maker)]
        if (close := getattr(maker, "aclose", None)) is not None:
            try:
                await close()
            except Exception:
                log.exception("the provider %s could not be closed", maker.name)


class Order:
    """A run that is about to start: made in the caller's thread, where faults of the
    arguments are found and a notebook's cell owns the bars; carried out on vidkit's loop.
    """

    tunes = True
    """Whether what is measured here is all that there is, so that workers can follow from it."""

    def __init__(
        self, settings: Settings, jobs: Sequence[Job] | LessonSource, *listeners: Listener
    ) -> None:
        self.settings = settings
        self.jobs: Iterable[Job] = jobs
        self.count = jobs.count if isinstance(jobs, LessonSource) else len(jobs)
        self._notes = jobs.notes if isinstance(jobs, LessonSource) else []
        self._home = jobs.home if isinstance(jobs, LessonSource) else None
        self.budgets = _budgets(settings)
        self.images = image_makers(settings)
        self.voice = voice_makers(settings)
        self.listeners = list(listeners)
        self.watchers: list[Listener] = []
        self._bars: Watcher | None = None
        self._deaf: list[Callable[[], object]] = []
        self._began = 0.0
        self._waiting: list[Callable[[Batch], None]] = []
        self._reins = RunControl()
        self._make: MakeLesson = make_here
        self._store: Store | NoStore | None = None
        self._bound: Bound | None = None
        self._used = ResourceTally()
        self.batch: Batch | None = None

    def __enter__(self) -> None:
        if self.settings.progress:
            self._bars = bars(self.count, self._at_once())

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.close()
        for deaf in self._deaf:
            deaf()

    def steer(self, change: Callable[[Batch], None]) -> None:
        """Do something to the batch, now or as soon as there is one. From any thread."""

        def now() -> None:
            if self.batch is None:
                self._waiting.append(change)
            else:
                change(self.batch)

        loop.event_loop().call_soon_threadsafe(now)

    def end(self) -> None:
        """Let nothing more begin; what is under way is finished and kept. From any thread."""
        why = Cancelled("cancelled; what was finished is kept")
        self.steer(lambda batch: batch.tools.reins.end(why))

    async def make_one(self) -> VideoReport:
        """The only lesson's report. Raises where there is no video."""
        report = await self.report_one()
        if report.path is None:
            raise report.failure or NothingMade(f"{report.name}: there is no video")
        return report

    async def report_one(self) -> VideoReport:
        """The only lesson's report, whatever came of it."""
        (job,) = self.jobs
        async with self._run() as run:
            report = await run.make_one(job)
        return replace(self._with_retry(report, job), resources=self._used.resources)

    async def make_all(self) -> BatchReport:
        """The reports of all lessons, in their order."""
        summary = None if self._home is None else Summary(self._home, self.count)
        async with self._run() as run:
            for note in self._notes:
                run.tools.events.tell(Noticed(0.0, None, note))
            report = await self._summed(run, summary)
        report = replace(report, notes=self._noted(summary), resources=self._used.resources)
        if self._bound is not None:
            report = replace(report, least=self._bound.seconds, limit=self._bound.limit)
        if summary is not None:
            await aside(summary.over, report)
            report = replace(report, notes=self._noted(summary))
        unmade = run.unmade
        videos = list(report.videos)
        for position, job in unmade.items():
            videos[position] = self._with_retry(videos[position], job)
        report = replace(report, videos=tuple(videos))
        return replace(report, retry=lambda: self._retry_all(report, unmade))

    def _noted(self, summary: Summary | None) -> tuple[str, ...]:
        """What a person should know of the batch so far."""
        return (*self._notes, *(summary.notes if summary is not None else ()))

    async def _summed(self, run: Batch, summary: Summary | None) -> BatchReport:
        """Make all lessons, and sum up in `batch_report.json` what came of them."""
        if summary is None:
            return await run.make(self.jobs, self.count)

        async def heard(position: int, video: VideoReport) -> None:
            await aside(summary.heard, position, video)

        await aside(summary.claim)
        return await run.make(self.jobs, self.count, heard)

    def _with_retry(self, report: VideoReport, job: Job) -> VideoReport:
        """The report, which can make again what failed."""

        def again() -> VideoReport:
            order = self._again([job])
            with order:
                return loop.run(order.make_one(), order.end)

        return replace(report, retry=again)

    def _retry_all(self, report: BatchReport, unmade: Mapping[int, Job]) -> BatchReport:
        """The report, after what failed in it was made again."""
        order = self._again(list(unmade.values()))
        with order:
            again = loop.run(order.make_all(), order.end)
        videos = dict(enumerate(report.videos)) | dict(zip(unmade, again.videos, strict=True))
        return replace(again, videos=tuple(videos.values()), notes=report.notes)

    def _again(self, jobs: Sequence[Job]) -> Order:
        """An order for a second run, which has what is left of this one's budget."""
        order, store = self._anew(jobs), self._store
        order.budgets = self.budgets
        if store is not None and not store.keeps:  # and so nobody else knows what was spent
            order.budgets = tuple(
                Budget(budget.name, store.journal.left(budget)) for budget in self.budgets
            )
        return order

    def _anew(self, jobs: Sequence[Job]) -> Order:
        """An order for a second run: what was made anew is not made anew again."""
        return Order(self.settings.with_(force=None), jobs, *self.listeners)

    def _at_once(self) -> int:
        """Lessons that are made at once, about."""
        workers: int = self.settings.video_workers
        return workers

    def _source(self, kind: str, maker: Maker, events: Events) -> Source[Maker]:
        """A provider and its gate, whose decisions this run's listeners hear."""
        if getattr(maker, "missing", None):
            return Source(maker)
        gate = gate_of(kind, maker)
        last = maker is (self.images if kind == "images" else self.voice)[-1]
        self._deaf.append(use(gate, maker, self.settings, last))

        def tell(event: Event) -> None:
            events.tell(replace(event, at=time.monotonic() - self._began))

        self._deaf.append(gate.subscribe(tell))
        return Source(maker, gate)

    @asynccontextmanager
    async def _run(self) -> AsyncIterator[Batch]:
        """A run with real tools, on the loop that it lives on."""
        async with in_use([*self.images, *self.voice]):
            batch = await self._batch()
            with self._watched(batch):
                yield batch

    @contextmanager
    def _watched(self, batch: Batch) -> Iterator[None]:
        """Sample what the run uses while it goes on, and let its workers follow from that."""
        events, store = batch.tools.events, batch.tools.store
        steering = Steering(batch, self.settings) if self.tunes else None

        folder = store.folder or Path()
        before, going_on = batch.now(), True

        def tell(sampled: Sampled) -> None:
            nonlocal before
            self._used.hear(sampled)
            if not going_on:
                return
            late, before = sampled.at - before, sampled.at
            if late > ASLEEP:
                events.tell(Noticed(sampled.at, None, _slept(late)))
            if sampled.disk_free < LEAST_ROOM:
                batch.tools.reins.end(_no_room(folder))
            events.tell(sampled)
            if steering is not None:
                steering.steer(sampled)

        monitor = Monitor(tell, batch.now, folder)
        deaf = [events.subscribe(monitor.hear)]
        yardstick = Yardstick(self.settings) if self.tunes else None
        if yardstick is not None:
            deaf.append(events.subscribe(yardstick.hear))
        if steering is not None:
            deaf.append(events.subscribe(steering.hear))
        watching = asyncio.create_task(monitor.watch())
        try:
            yield
        finally:
            watching.cancel()
            for each in deaf:
                each()
            # also a run of less than a second has a sample
            going_on = False
            monitor.look()
            if yardstick is not None:
                self._bound = yardstick.bound(limits_of(batch.tools))

    async def _batch(self) -> Batch:
        events = Events()
        if self._bars is not None:
            events.subscribe(self._bars)
        for listener in (*self.listeners, *self.watchers):
            events.subscribe(listener)
        store = self._store = await asyncio.to_thread(store_of, self.settings)
        _refuse_unshared(store, self.settings.budget)
        news = store.notes if hears(events, store) else ()
        self._began = time.monotonic()
        tools = Tools(
            images=[self._source("images", maker, events) for maker in self.images],
            voice=[self._source("voice", maker, events) for maker in self.voice],
            editor=real_editor(),
            aside=aside,
            cores=cores_of(self.settings),
            clock=time.monotonic,
            store=store,
            budgets=self.budgets,
            events=events,
            reins=self._reins,
        )
        notes = [*left_aside(self.settings), *news]
        self.batch = Batch(self.settings, tools, notes, self._make)
        for change in self._waiting:
            change(self.batch)
        return self.batch


ASLEEP = 30.0
"""Seconds between two samples after which it was the machine that slept, or a process that was
stopped."""
LEAST_ROOM = 32_000_000
"""Bytes that must be left on the store's disk for anything more to be begun."""


def _slept(seconds: float) -> str:
    return (
        f"nothing happened for {took(seconds)}: the machine slept or was stopped; the run goes on"
    )


def _no_room(folder: Path) -> DiskFull:
    """Why nothing more is begun on a disk that is about to be full: it would be paid and lost."""
    return DiskFull(
        f"the disk of {folder} has less than {LEAST_ROOM // 10**6} MB left, and so nothing more "
        "was begun. Make room and run again"
    )


def _refuse_unshared(store: Store | NoStore, budget: object) -> None:
    """A budget that runs share needs a journal that they share."""
    given = budget if isinstance(budget, list | tuple) else [budget]
    named = [each.name for each in given if isinstance(each, Budget)]
    if named and not store.keeps:
        raise StoreError(
            f"budget {named[0]!r} is shared through the store, and this run has none: "
            + (store.notes[0] if store.notes else "use it with the cache on")
        )


def _budgets(settings: Settings) -> tuple[Budget, ...]:
    """The caps of one run: a number is a budget of its own, that no other run shares."""
    given = settings.budget
    if given is None:
        return ()
    several = given if isinstance(given, list | tuple) else [given]
    budgets = []
    for each in several:
        if isinstance(each, Budget):
            budgets.append(each)
        else:
            try:
                budgets.append(Budget(f"run {uuid.uuid4().hex[:12]}", each))
            except SettingsError:
                told = shortened(each)
                raise SettingsError(
                    f"budget is {told}; give dollars from 0 to 1e9, or Budget('name', dollars)"
                ) from None
    return tuple(budgets)
