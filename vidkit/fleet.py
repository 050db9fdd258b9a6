"""A batch on more than one machine: `client=` of the calls, a client of Dask.

Each lesson is one task, and the whole pipeline of it runs in the worker's process. Between
machines go lessons, events, reports and store keys; images, sounds and videos go by the shared
folder. The client keeps the journal, the scheduler the gates, and a worker its own keys.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio

from . import loop
from .equipment import aside, gate_of, in_use, real_editor
from .errors import ProviderError, SettingsError
from .events import Events, Listener
from .lineup import Lineup
from .order import Order
from .pipeline import Batch, Job, Source, Tools
from .pipeline.tools import Maker
from .providers import Request, image_makers, voice_makers
from .settings import Settings
from .store import NoStore, Store

if TYPE_CHECKING:
    from .cluster.errand import Errand
    from .cluster.station import Equip
    from .cluster.turns import Service

MOST_BARS = 16
"""Bars for lessons; more than these nobody reads."""


class FleetOrder(Order):
    """An order that the workers of a Dask cluster carry out.

    Raises `SettingsError` where `client` is none, or a provider cannot be sent to workers.
    """

    tunes = False

    def __init__(
        self, client: Any, settings: Settings, jobs: Sequence[Job] | Lineup, *listeners: Listener
    ) -> None:
        super().__init__(settings, jobs, *listeners)
        self._client = demand_client(client)
        from .cluster.errand import packed

        self._sent = packed(settings)
        self.jobs = _everywhere(self.jobs)

    def _anew(self, jobs: Sequence[Job]) -> Order:
        return FleetOrder(self._client, self.settings.with_(force=None), jobs, *self.listeners)

    def _at_once(self) -> int:
        workers = len(self._client.nthreads()) if not self._client.asynchronous else 1
        videos: int = self.settings.video_workers
        return min(MOST_BARS, videos * max(1, workers))

    @asynccontextmanager
    async def _run(self) -> AsyncIterator[Batch]:
        from .cluster.spread import Spread

        spread = Spread(self._client, self._sent, make_there)
        self._reins, self._make = spread.reins, spread.make
        async with super()._run() as batch:
            await spread.open(batch.tools, self.settings, batch.now, batch.spread)
            try:
                yield batch
            finally:
                await asyncio.shield(spread.close())


def demand_client(client: Any) -> Any:
    """`client`, where it is a Dask client. Raises `SettingsError` where it is none, or where
    Dask is not installed.
    """
    try:
        from distributed import Client
    except ImportError:
        raise SettingsError(
            "client= needs Dask, which is not installed; install it on every machine: "
            "pip install 'vidkit[dask]'"
        ) from None
    if not isinstance(client, Client):
        raise SettingsError(
            f"client is a {type(client).__name__}; give distributed.Client('tcp://…:8786')"
        )
    return client


def connected(address: str) -> Any:
    """A Dask client of the scheduler at `address`, such as tcp://10.0.0.5:8786; close it.

    Raises `SettingsError` where there is no scheduler, or Dask is not installed.
    """
    try:
        from distributed import Client
    except ImportError:
        return demand_client(None)
    try:
        return Client(address, timeout=10)
    except (OSError, ValueError, TypeError) as error:
        raise SettingsError(
            f"there is no Dask scheduler at {address} ({error}); start one with `dask scheduler`, "
            "and workers with `dask worker ADDRESS`"
        ) from None


def make_there(errand: Errand) -> None:
    """Make a lesson on the Dask worker that runs this task."""
    from distributed import get_worker, secede

    from .cluster.station import station

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
    from .cluster.turns import Service

    def source(kind: str, maker: Maker) -> Source[Maker]:
        if getattr(maker, "missing", None):
            return Source(maker)
        if not getattr(maker, "online", False):
            return Source(maker, gate_of(kind, maker, settings))
        key = tuple(getattr(maker, "gate_key", ()))
        service = Service(kind, maker.name, key, settings.adaptive, maker.places, settings.pace)
        return Source(maker, far(service))

    def tools(store: Store | NoStore, events: Events) -> Tools:
        return Tools(
            images=drawing,
            voice=speaking,
            editor=real_editor(),
            aside=aside,
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
