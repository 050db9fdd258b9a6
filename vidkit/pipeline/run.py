"""A run: what it is to make and with what, its bars, what is measured while it goes on, and what it
shares with the other runs of its process.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import uuid
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..core import loop
from ..core.errors import (
    Cancelled,
    DiskFull,
    NothingMade,
    SettingsError,
    StoreError,
    VidkitError,
)
from ..core.events import Event, Events, Listener, Noticed, RunEnded, Sampled
from ..core.format import took
from ..core.loop import run_in_thread, run_to_end
from ..core.paths import path_given, shortened
from ..core.system import in_forked_child, memory_left, usable_cores
from ..models.files import section_count
from ..models.settings import Settings
from ..providers.base import ImageMaker, VoiceMaker
from ..providers.limiter import PATIENCE, RateLimiter
from ..providers.registry import image_makers, left_aside, voice_makers
from ..report.progress import Bar, Lines, Summary, bars
from ..report.reports import BatchReport, ResourceTally, VideoReport
from ..store import Store, default_folder, open_store
from ..store.ledger import Budget
from .batch import Batch, Job, LessonSource, MakeLesson
from .context import Maker, RunControl, Runtime, Source
from .lesson import make_here
from .review import review_as_json
from .scaling import MEMORY_SHARE, Cores, Loan, Monitor, Steering, encode_memory
from .workload import Bound, BoundTracker, limits_of

log = logging.getLogger("vidkit.pipeline")

# What the runs of one process share: stores, rate limiters, cores, and connections in use.


MOST_LIMITERS = 64
"""Rate limiters that are remembered with what they learnt; of more, those go that were used
longest ago."""

FALLBACK_PATIENCE = 60.0
"""Seconds without a success for which a provider is waited for where another takes its place."""


@dataclass
class _Shared:
    """All of it; a forked child begins with an empty one, for what the parent had open is the
    parent's. But for the stores, which any thread may open, only for vidkit's loop.

    announced: stores whose first notes were told. in_use: how many runs use a provider, by its
    `id`.
    """

    opening: threading.Lock = field(default_factory=threading.Lock)
    stores: dict[Path, Store] = field(default_factory=dict)
    announced: weakref.WeakSet[Store] = field(default_factory=weakref.WeakSet)
    limiters: dict[tuple[object, ...], RateLimiter] = field(default_factory=dict)
    cores: Cores = field(default_factory=lambda: Cores(1))
    in_use: Counter[int] = field(default_factory=Counter)


_shared = _Shared()


@in_forked_child
def _forget() -> None:
    global _shared
    _shared = _Shared()


def store_of(settings: Settings) -> Store:
    """The store that a run with these settings uses; one for each folder of the process. Blocks.

    A folder that cannot be used gives one that keeps nothing, with a note that says why.
    """
    if not settings.cache:
        return Store.null()
    named = settings.cache_dir or default_folder()
    folder = path_given("cache_dir", named, "the folder of the store").absolute()
    with _shared.opening:
        store = _shared.stores.get(folder)
        if store is None or not store.keeps:
            store = open_store(folder)
            _shared.stores[folder] = store
        store.broken = store.broken if not store.keeps else None  # a new run tries the disk again
        return store


def cores_of(settings: Settings) -> Loan:
    """The cores of this process for the encodes of a run, as many as the machine lends at this
    moment: its affinity, its container's quota, and the memory that is left.
    """
    cores, left = _shared.cores, memory_left()
    cores.resize(usable_cores(), int(left * MEMORY_SHARE) + cores.held if left else None)
    return cores.lend(encode_memory(settings))


def gate_of(kind: str, maker: ImageMaker | VoiceMaker) -> RateLimiter:
    """The rate limiter of a provider, its key and its model, shared by every run of the process.

    What works on this machine needs no feeling its way.
    """
    online = getattr(maker, "online", False)
    which = (kind, maker.name, online, *getattr(maker, "gate_key", ()))
    limiters = _shared.limiters
    limiter = limiters.pop(which, None)
    if limiter is None:
        limiter = RateLimiter(maker.name, maker.places, adaptive=online, retry=online)
    limiters[which] = limiter  # the last is the one used last
    while len(limiters) > MOST_LIMITERS:
        del limiters[next(iter(limiters))]
    limiter.reopen()
    return limiter


def use(
    limiter: RateLimiter, maker: ImageMaker | VoiceMaker, settings: Settings, last: bool
) -> Callable[[], object]:
    """Use a limiter on the terms of a run; the function that is returned ends that, from any
    thread. last: nobody takes the provider's place, and so it is waited for.
    """
    online = getattr(maker, "online", False)
    end = limiter.use(
        adaptive=settings.adaptive and online,
        pace=settings.pace if online else None,
        patience=PATIENCE if last else FALLBACK_PATIENCE,
    )
    return lambda: loop.event_loop().call_soon_threadsafe(end)


@asynccontextmanager
async def in_use(makers: Iterable[ImageMaker | VoiceMaker]) -> AsyncIterator[None]:
    """Use providers; at the end those that no other run uses close their connections."""
    makers = [*makers]
    _shared.in_use.update(map(id, makers))
    try:
        yield
    finally:
        await asyncio.shield(_close_unused(makers))


async def _close_unused(makers: Iterable[ImageMaker | VoiceMaker]) -> None:
    """Close the providers that no run uses any more."""
    counts = _shared.in_use
    for maker in makers:
        counts[id(maker)] -= 1
        if counts[id(maker)] > 0:
            continue
        del counts[id(maker)]
        if (close := getattr(maker, "aclose", None)) is not None:
            try:
                await close()
            except Exception:  # a provider may be anybody's
                log.exception("the provider %s could not be closed", maker.name)


# One run.


class Runner:
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
        self.budgets = budgets_of(settings)
        self.images = image_makers(settings)
        self.voice = voice_makers(settings)
        self.listeners = list(listeners)
        self.watchers: list[Listener] = []
        self.batch: Batch | None = None
        self._bars: Bar | Lines | None = None
        self._unsubscribe: list[Callable[[], object]] = []
        self._began = 0.0
        self._changes: list[Callable[[Batch], None]] = []
        self._control = RunControl()
        self._make: MakeLesson = make_here
        self._store: Store | None = None
        self._bound: Bound | None = None
        self._used = ResourceTally()
        self.forecast: Callable[[], tuple[float, int]] | None = None

    def __enter__(self) -> None:
        if self.settings.progress:
            self._bars = bars(self.count, self._sections())

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.close()
        for unsubscribe in self._unsubscribe:
            unsubscribe()

    def steer(self, change: Callable[[Batch], None]) -> None:
        """Do something to the batch, now or as soon as there is one. From any thread."""
        loop.event_loop().call_soon_threadsafe(self._steer, change)

    def _steer(self, change: Callable[[Batch], None]) -> None:
        if self.batch is None:
            self._changes.append(change)
        else:
            change(self.batch)

    def end(self) -> None:
        """Let nothing more begin; what is under way is finished and kept. From any thread."""
        why = Cancelled("cancelled; what was finished is kept")
        self.steer(lambda batch: batch.runtime.control.end(why))

    async def make_one(self) -> VideoReport:
        """The only lesson's report. Raises where there is no video."""
        report = await self.report_one()
        if report.path is None:
            raise report.failure or NothingMade(f"{report.name}: there is no video")
        return report

    async def report_one(self) -> VideoReport:
        """The only lesson's report, whatever came of it."""
        (job,) = self.jobs
        async with self._run() as batch:
            report = await batch.make_one(job)
        return replace(self._with_retry(report, job), resources=self._used.resources)

    async def make_all(self) -> BatchReport:
        """The reports of all lessons, in their order."""
        summary = Summary(self._home or Path(), self.count)

        async def on_report(position: int, video: VideoReport) -> None:
            await run_in_thread(summary.add, position, video)

        async with self._run() as batch:
            for note in self._notes:
                batch.runtime.events.emit(Noticed(0.0, None, note))
            if self._home is not None:
                await run_in_thread(summary.claim)
            report = await batch.make(self.jobs, self.count, on_report)
        notes = (*self._notes, *summary.notes)
        report = replace(report, notes=notes, resources=self._used.resources)
        if self._bound is not None:
            report = replace(report, least=self._bound.seconds, limit=self._bound.limit)
        await run_in_thread(summary.over, report)
        report = replace(report, notes=(*self._notes, *summary.notes))
        unmade = batch.unmade
        videos = list(report.videos)
        for position, job in unmade.items():
            videos[position] = self._with_retry(videos[position], job)
        report = replace(report, videos=tuple(videos))
        return replace(report, retry=lambda: self._retry_all(report, unmade))

    def _with_retry(self, report: VideoReport, job: Job) -> VideoReport:
        """The report, which can make again what failed."""
        return replace(report, retry=lambda: self._retry_one(job))

    def _retry_one(self, job: Job) -> VideoReport:
        runner = self._again([job])
        with runner:
            return loop.run(runner.make_one(), runner.end)

    def _retry_all(self, report: BatchReport, unmade: Mapping[int, Job]) -> BatchReport:
        """The report, after what failed in it was made again."""
        runner = self._again(list(unmade.values()))
        with runner:
            again = loop.run(runner.make_all(), runner.end)
        videos = dict(enumerate(report.videos)) | dict(zip(unmade, again.videos, strict=True))
        return replace(again, videos=tuple(videos.values()), notes=report.notes)

    def _again(self, jobs: Sequence[Job]) -> Runner:
        """A second run, which has what is left of this one's budget."""
        runner, store = self._anew(jobs), self._store
        runner.budgets = self.budgets
        if store is not None and not store.keeps:  # and so nobody else knows what was spent
            runner.budgets = tuple(
                Budget(budget.name, store.journal.left(budget)) for budget in self.budgets
            )
        return runner

    def _anew(self, jobs: Sequence[Job]) -> Runner:
        """A second run: what was made anew is not made anew again."""
        return Runner(self.settings.with_(force=None), jobs, *self.listeners)

    def _sections(self) -> list[int | None]:
        """How many sections each lesson has, where somebody watches how far they are; nothing
        where there are too many lessons to look into each beforehand.
        """
        if self.count is None or self.count > MOST_COUNTED:
            return []
        only = self.settings.only
        counted = [section_count(job.lesson) for job in self.jobs]
        if only is None or self.settings.join == "all":
            return counted
        return [n if n is None else sum(each <= n for each in only) for n in counted]

    async def _expect(self) -> None:
        """Have the bar hear what the forecast says; without one it tells no time."""
        if self.forecast is None or self._bars is None:
            return
        with suppress(VidkitError):
            self._bars.expect(*await run_in_thread(self.forecast))

    def _source(self, kind: str, maker: Maker, events: Events) -> Source[Maker]:
        """A provider and its limiter, whose decisions this run's listeners get."""
        if getattr(maker, "missing", None):
            return Source(maker)
        gate = gate_of(kind, maker)
        last = maker is (self.images if kind == "images" else self.voice)[-1]
        self._unsubscribe.append(use(gate, maker, self.settings, last))

        def emit(event: Event) -> None:
            events.emit(replace(event, at=time.monotonic() - self._began))

        self._unsubscribe.append(gate.subscribe(emit))
        return Source(maker, gate)

    @asynccontextmanager
    async def _run(self) -> AsyncIterator[Batch]:
        """A run with real dependencies, on the loop that it lives on."""
        async with in_use([*self.images, *self.voice]):
            batch = await self._batch()
            watch = _Watch(batch, self.settings, self._used, tunes=self.tunes)
            expecting = asyncio.create_task(self._expect())
            try:
                yield batch
            finally:
                expecting.cancel()
                self._bound = await watch.end()

    async def _batch(self) -> Batch:
        events = Events()
        if self._bars is not None:
            events.subscribe(self._bars)
        for listener in (*self.listeners, *self.watchers):
            events.subscribe(listener)
        store = self._store = await run_in_thread(store_of, self.settings)
        _refuse_unshared(store, self.settings.budget)
        # the first run that uses a store has to tell the notes of its opening
        news = () if store in _shared.announced else tuple(store.notes)
        _shared.announced.add(store)
        self._listen_to(store, events)
        self._began = time.monotonic()
        runtime = Runtime(
            images=[self._source("images", maker, events) for maker in self.images],
            voice=[self._source("voice", maker, events) for maker in self.voice],
            cores=cores_of(self.settings),
            clock=time.monotonic,
            store=store,
            budgets=self.budgets,
            events=events,
            control=self._control,
            review=review_as_json,
        )
        warnings = [
            each for maker in (*self.images, *self.voice) for each in getattr(maker, "warnings", ())
        ]
        notes = [*left_aside(self.settings), *dict.fromkeys(warnings), *news]
        self.batch = Batch(self.settings, runtime, notes, self._make)
        for change in self._changes:
            change(self.batch)
        return self.batch

    def _listen_to(self, store: Store, events: Events) -> None:
        """Have the listeners of the run hear what the store finds while it goes on."""

        def on_note(sentence: str) -> None:
            noticed = Noticed(0.0, None, sentence)
            loop.event_loop().call_soon_threadsafe(events.emit, noticed)

        store.listeners.append(on_note)
        self._unsubscribe.append(lambda: store.listeners.remove(on_note))


MOST_COUNTED = 200
"""Lessons up to which the sections of all are counted before the first is made."""


class _Watch:
    """Samples what a run uses, once a second from now on, and hands that on; `end` gives the time
    that no run with its pieces could beat. tunes: workers follow from what is measured.
    """

    def __init__(
        self, batch: Batch, settings: Settings, used: ResourceTally, *, tunes: bool
    ) -> None:
        self._batch = batch
        self._used = used
        self._folder = batch.runtime.store.folder or Path()
        self._steering = Steering(batch, settings) if tunes else None
        self._bound_tracker = BoundTracker(settings) if tunes else None
        self._monitor = Monitor(self._on_sample, batch.now, self._folder)
        self._before, self._over = batch.now(), False
        listeners = (self, self._monitor, self._bound_tracker, self._steering)
        subscribe = batch.runtime.events.subscribe
        self._unsubscribe = [subscribe(each.on_event) for each in listeners if each is not None]
        self._watching = asyncio.create_task(self._monitor.watch())

    def on_event(self, event: Event) -> None:
        """Tell no samples after the end of the run: a cluster lets go of its workers after it."""
        if isinstance(event, RunEnded):
            self._over = True

    async def end(self) -> Bound | None:
        """Stop; also a run of less than a second has a sample."""
        self._watching.cancel()
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._over = True
        await run_to_end(run_in_thread(self._monitor.look))
        if self._bound_tracker is None:
            return None
        return self._bound_tracker.bound(*limits_of(self._batch.runtime))

    def _on_sample(self, sampled: Sampled) -> None:
        runtime = self._batch.runtime
        self._used.on_event(sampled)
        if self._over:
            return
        late, self._before = sampled.at - self._before, sampled.at
        if late > SLEEP_SECONDS:
            what = f"nothing happened for {took(late)}: the machine slept or was stopped"
            runtime.events.emit(Noticed(sampled.at, None, f"{what}; the run goes on"))
        if sampled.disk_free < LEAST_DISK:  # what is made now would be paid and lost
            left = f"the disk of {self._folder} has less than {LEAST_DISK // 10**6} MB left"
            why = f"{left}, and so nothing more was begun. Make room and run again"
            runtime.control.end(DiskFull(why))
        runtime.events.emit(sampled)
        if self._steering is not None:
            self._steering.steer(sampled)


SLEEP_SECONDS = 30.0
"""Seconds between two samples after which it was the machine that slept, or a process that was
stopped."""
LEAST_DISK = 32_000_000
"""Bytes that must be left on the store's disk for anything more to be begun."""


def _refuse_unshared(store: Store, budget: object) -> None:
    """A budget that runs share needs a journal that they share."""
    given = budget if isinstance(budget, list | tuple) else [budget]
    named = [each.name for each in given if isinstance(each, Budget)]
    if named and not store.keeps:
        raise StoreError(
            f"budget {named[0]!r} is shared through the store, and this run has none: "
            + (store.notes[0] if store.notes else "use it with the cache on")
        )


def budgets_of(settings: Settings, what: str = "run") -> tuple[Budget, ...]:
    """The caps of one run, or of `what` else there is: a number is a budget of its own, that no
    other run shares.
    """
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
                budgets.append(Budget(f"{what} {uuid.uuid4().hex[:12]}", each))
            except SettingsError:
                told = shortened(each)
                raise SettingsError(
                    f"budget is {told}; give dollars from 0 to 1e9, or Budget('name', dollars)"
                ) from None
    return tuple(budgets)
