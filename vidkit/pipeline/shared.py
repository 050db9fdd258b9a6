"""What the runs of one process share: stores, rate limiters, cores, and connections in use."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ..core import loop
from ..core.events import Events, Noticed
from ..core.paths import path_given
from ..core.system import memory_left, usable_cores
from ..models.settings import Settings
from ..providers.base import ImageMaker, VoiceMaker
from ..providers.limiter import PATIENCE, RateLimiter
from ..store import Store, default_folder, open_store
from .scaling import SHARE, Cores, Loan, encode_memory

log = logging.getLogger("vidkit.pipeline")

MOST_LIMITERS = 64
"""Rate limiters that are remembered with what they learnt; of more, those go that were used
longest ago."""

FALLBACK_PATIENCE = 60.0
"""Seconds without a success for which a provider is waited for where another takes its place."""


@dataclass
class _Shared:
    """All of it; a forked child begins with an empty one, for what the parent had open is the
    parent's. But for the stores, which any thread may open, only for vidkit's loop.

    listening: the events of the runs that use the store of a folder. announced: stores whose first
    notes were told. in_use: how many runs use a provider, by its `id`.
    """

    opening: threading.Lock = field(default_factory=threading.Lock)
    stores: dict[Path, Store] = field(default_factory=dict)
    listening: dict[Path | None, weakref.WeakSet[Events]] = field(default_factory=dict)
    announced: weakref.WeakSet[Store] = field(default_factory=weakref.WeakSet)
    limiters: dict[tuple[str, ...], RateLimiter] = field(default_factory=dict)
    cores: Cores = field(default_factory=lambda: Cores(1))
    in_use: Counter[int] = field(default_factory=Counter)


_shared = _Shared()


def _forget() -> None:
    global _shared
    _shared = _Shared()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


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
            store = open_store(folder, on_note=partial(_on_note, folder))
            _shared.stores[folder] = store
        store.broken = store.broken if not store.keeps else None  # a new run tries the disk again
        return store


def listen_to(store: Store, events: Events) -> bool:
    """Let the listeners of a run have the notes of its store from now on; True for the first run
    that uses it, which has to tell those of its opening.
    """
    _shared.listening.setdefault(store.folder, weakref.WeakSet()).add(events)
    first = store not in _shared.announced
    _shared.announced.add(store)
    return first


def _on_note(folder: Path, sentence: str) -> None:
    """Pass a note of a store on to every run that uses it. From any thread."""
    loop.event_loop().call_soon_threadsafe(_emit_note, folder, sentence)


def _emit_note(folder: Path, sentence: str) -> None:
    for events in tuple(_shared.listening.get(folder, ())):
        events.emit(Noticed(0.0, None, sentence))


def cores_of(settings: Settings) -> Loan:
    """The cores of this process for the encodes of a run, as many as the machine lends at this
    moment: its affinity, its container's quota, and the memory that is left.
    """
    cores, left = _shared.cores, memory_left()
    cores.resize(usable_cores(), int(left * SHARE) + cores.held if left else None)
    return cores.lend(encode_memory(settings))


def gate_of(kind: str, maker: ImageMaker | VoiceMaker) -> RateLimiter:
    """The rate limiter of a provider, its key and its model, shared by every run of the process.

    What works on this machine needs no feeling its way.
    """
    which = (kind, maker.name, *getattr(maker, "gate_key", ()))
    limiters = _shared.limiters
    limiter = limiters.pop(which, None)
    if limiter is None:
        online = getattr(maker, "online", False)
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
