"""What the runs of a process share: stores, gates, the editor, and providers that are in use."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from . import loop, media
from .aside import InTurn
from .cores import SHARE, Cores, Loan, encode_memory
from .events import Events, Noticed
from .gate import Gate
from .machine import memory_left, usable_cores
from .paths import path_given
from .pipeline import Editor
from .providers import ImageMaker, VoiceMaker
from .settings import Settings
from .store import NoStore, Store, default_folder, open_store

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


_gates: dict[tuple[str, ...], Gate] = {}


def gate_of(kind: str, maker: ImageMaker | VoiceMaker, settings: Settings) -> Gate:
    """The gate of a provider, its key and its model, shared by every run of the process.

    What works on this machine needs no feeling its way. Only for vidkit's loop.
    """
    how = (str(settings.adaptive), str(settings.pace))
    which = (kind, maker.name, *how, *getattr(maker, "gate_key", ()))
    gate = _gates.get(which)
    if gate is None:
        online = getattr(maker, "online", False)
        gate = _gates[which] = Gate(
            maker.name,
            maker.places,
            adaptive=settings.adaptive and online,
            retry=online,
            pace=settings.pace if online else None,
        )
    gate.reopen()
    return gate


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
