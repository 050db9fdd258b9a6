"""A run that is about to start: the real tools, chosen for its settings.

Makers, gates, the store, cores and bars come together here. Gates and stores are shared by
all runs of the process.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
import uuid
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import anyio

from . import loop, media
from .errors import Cancelled, NothingMade, SettingsError, StoreError
from .events import Event, Events, Listener, Noticed
from .gate import Gate
from .lineup import Lineup
from .machine import usable_cores
from .paths import path_given
from .pipeline import Batch, Editor, Job, Source, Tools
from .pipeline.tools import Maker
from .progress import Watcher, bars
from .providers import ImageMaker, VoiceMaker, image_makers, left_aside, voice_makers
from .report import BatchReport, VideoReport
from .settings import Settings
from .store import Budget, NoStore, Store, default_folder, open_store

log = logging.getLogger("vidkit.order")


class Order:
    """A run that is about to start: made in the caller's thread, where faults of the
    arguments are found and a notebook's cell owns the bars; carried out on vidkit's loop.
    """

    def __init__(
        self, settings: Settings, jobs: Sequence[Job] | Lineup, *listeners: Listener
    ) -> None:
        self.settings = settings
        self.jobs: Iterable[Job] = jobs
        self.count = jobs.count if isinstance(jobs, Lineup) else len(jobs)
        self._notes = jobs.notes if isinstance(jobs, Lineup) else []
        self.budgets = _budgets(settings)
        self.images = image_makers(settings)
        self.voice = voice_makers(settings)
        self.listeners = list(listeners)
        self.watchers: list[Listener] = []
        self._bars: Watcher | None = None
        self._deaf: list[Callable[[], None]] = []
        self._began = 0.0
        self._waiting: list[Callable[[Batch], None]] = []
        self.batch: Batch | None = None

    def __enter__(self) -> None:
        if self.settings.progress:
            self._bars = bars(self.count, self.settings.video_workers)

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
            return self._with_retry(await run.make_one(job), job)

    async def make_all(self) -> BatchReport:
        """The reports of all lessons, in their order."""
        async with self._run() as run:
            for note in self._notes:
                run.tools.events.tell(Noticed(0.0, None, note))
            report = await run.make(self.jobs, self.count)
        unmade = run.unmade
        videos = list(report.videos)
        for position, job in unmade.items():
            videos[position] = self._with_retry(videos[position], job)
        report = replace(report, videos=tuple(videos), notes=tuple(self._notes))
        return replace(report, retry=lambda: self._retry_all(report, unmade))

    def _with_retry(self, report: VideoReport, job: Job) -> VideoReport:
        """The report, which can make again what failed."""

        def again() -> VideoReport:
            order = Order(self._unforced(), [job], *self.listeners)
            with order:
                return loop.run(order.make_one(), order.end)

        return replace(report, retry=again)

    def _retry_all(self, report: BatchReport, unmade: Mapping[int, Job]) -> BatchReport:
        """The report, after what failed in it was made again."""
        order = Order(self._unforced(), list(unmade.values()), *self.listeners)
        with order:
            again = loop.run(order.make_all(), order.end)
        videos = dict(enumerate(report.videos)) | dict(zip(unmade, again.videos, strict=True))
        return replace(again, videos=tuple(videos.values()), notes=report.notes)

    def _unforced(self) -> Settings:
        """The same settings for a second run: what was made anew is not made anew again."""
        return self.settings.with_(force=None)

    def _source(self, kind: str, maker: Maker, events: Events) -> Source[Maker]:
        """A provider and its gate, whose decisions this run's listeners hear."""
        if getattr(maker, "missing", None):
            return Source(maker)
        gate = _gate(kind, maker, self.settings.adaptive)

        def tell(event: Event) -> None:
            events.tell(replace(event, at=time.monotonic() - self._began))

        self._deaf.append(gate.subscribe(tell))
        return Source(maker, gate)

    @asynccontextmanager
    async def _run(self) -> AsyncIterator[Batch]:
        """A run with real tools, on the loop that it lives on; at its end providers that no
        other run uses close their connections.
        """
        makers: list[ImageMaker | VoiceMaker] = [*self.images, *self.voice]
        _in_use.update(map(id, makers))
        try:
            yield await self._batch()
        finally:
            await asyncio.shield(_let_go(makers))

    async def _batch(self) -> Batch:
        events = Events()
        if self._bars is not None:
            events.subscribe(self._bars)
        for listener in (*self.listeners, *self.watchers):
            events.subscribe(listener)
        known = set(_stores)
        store = await asyncio.to_thread(store_of, self.settings)
        opened = store.folder is None or store.folder not in known
        _refuse_unshared(store, self.settings.budget)
        _hearing.setdefault(store.folder, weakref.WeakSet()).add(events)
        self._began = time.monotonic()
        tools = Tools(
            images=[self._source("images", maker, events) for maker in self.images],
            voice=[self._source("voice", maker, events) for maker in self.voice],
            editor=_editor(),
            aside=asyncio.to_thread,
            cores=anyio.CapacityLimiter(usable_cores()),
            clock=time.monotonic,
            store=store,
            budgets=self.budgets,
            events=events,
        )
        notes = [*left_aside(self.settings), *(store.notes if opened else ())]
        self.batch = Batch(self.settings, tools, notes)
        for change in self._waiting:
            change(self.batch)
        return self.batch


_stores: dict[Path, Store | NoStore] = {}
_opening = threading.Lock()
_hearing: dict[Path | None, weakref.WeakSet[Events]] = {}


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


def _noticed(folder: Path, sentence: str) -> None:
    """Pass a note of a store on to every run that uses it."""

    def tell() -> None:
        for events in tuple(_hearing.get(folder, ())):
            events.tell(Noticed(0.0, None, sentence))

    loop.event_loop().call_soon_threadsafe(tell)


def _forget() -> None:
    """In a forked child: what the parent had open is the parent's."""
    _stores.clear()
    _gates.clear()
    _in_use.clear()
    _hearing.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


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
        elif isinstance(each, int | float) and not isinstance(each, bool) and each >= 0:
            budgets.append(Budget(f"run {uuid.uuid4().hex[:12]}", float(each)))
        else:
            raise SettingsError(f"budget is {each!r}; give dollars, or Budget('name', dollars)")
    return tuple(budgets)


def _editor() -> Editor:
    """The real editor. The slides come in only if a card is drawn."""

    def card(heading: str, line: str, size: tuple[int, int]) -> bytes:
        from .providers.slides import card as draw

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


_gates: dict[tuple[str, ...], Gate] = {}


def _gate(kind: str, maker: ImageMaker | VoiceMaker, adaptive: bool) -> Gate:
    """The gate of a provider, its key and its model, shared by every run of the process.

    What works on this machine needs no feeling its way. Only for vidkit's loop.
    """
    which = (kind, maker.name, str(adaptive), *getattr(maker, "gate_key", ()))
    gate = _gates.get(which)
    if gate is None:
        online = getattr(maker, "online", False)
        gate = _gates[which] = Gate(
            maker.name, maker.places, adaptive=adaptive and online, retry=online
        )
    gate.reopen()
    return gate


_in_use: Counter[int] = Counter()
"""How many runs use a provider, by its `id`. Only for vidkit's loop."""


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
