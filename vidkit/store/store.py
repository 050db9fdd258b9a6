"""The store: assets by content, found again in whole or not at all, and the journal of money.

vidkit-store.json     the manifest: this folder is a store, of this layout
assets/               what was made
aside/                the quarantine: what was found damaged
processes/            who uses the store, and their temporary files
flights/              the locks of what is being made just now
journal-….sqlite      what was asked, and what it cost
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import secrets
import shutil
import weakref
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Self

from ..core.errors import StoreError
from ..core.loop import run_in_thread, run_to_end
from ..core.paths import content_of, is_folder, path_given, why_unwritable, write_through
from .assets import (
    Asset,
    AssetDirectory,
    checked_key,
    checked_suffix,
    copy,
    describe,
    digest,
    flush,
    kind_of,
    without_credentials,
)
from .database import make_private
from .ledger import Journal
from .locks import WAITS, KeyLock, ProcessLock, locked, sweep_key_locks, sweep_processes

MANIFEST = "vidkit-store.json"
LAYOUT = 1
ROOMS = ("assets", "aside", "processes", "flights")
OPENING = "opening.lock"
_OURS = {*ROOMS, OPENING, "mending.lock", MANIFEST, f"{MANIFEST}.new"}
_JOURNAL = re.compile(r"journal-[\w.-]+\.sqlite(-wal|-shm|-journal)?|journal\.json")
_MANIFEST_TEXT = {
    "store": "vidkit",
    "layout": LAYOUT,
    "note": "Images, narrations and clips that vidkit made, some of them paid for. "
    "`vidkit cache` shows and tidies them.",
}


def default_folder() -> Path:
    """`VIDKIT_CACHE` from the environment, or vidkit's folder in the user's cache."""
    if named := os.environ.get("VIDKIT_CACHE"):
        return path_given("VIDKIT_CACHE", named, "the folder of the store")
    import platformdirs

    return platformdirs.user_cache_path("vidkit", appauthor=False)


def refuse_strangers(folder: Path) -> None:
    """Raise `StoreError` where the folder carries no mark and holds somebody else's files."""
    names = {path.name for path in folder.iterdir()}
    linked = sorted(room for room in ROOMS if (folder / room).is_symlink())
    if linked:
        raise StoreError(f"{folder / linked[0]} is a link; a store's rooms are folders of its own")
    if has_manifest(folder):
        return
    journals = {name for name in names if _JOURNAL.fullmatch(name)}
    others = sorted(names - _OURS - journals)
    if not others and not journals:
        # no journal and something in the rooms: whatever that is, vidkit did not put it there
        filled = (
            (folder / room, any((folder / room).iterdir())) for room in ROOMS if room in names
        )
        others = [str(room.name) for room, full in filled if full]
    if others:
        raise StoreError(
            f"{folder} is not a store of vidkit and holds other files ({others[0]}, …); "
            "choose an empty folder with VIDKIT_CACHE (cache_dir=)"
        )


def init_folder(folder: Path) -> bool:
    """Make the rooms of a store; only under the opening lock.

    Gives True where something was there before, be it without its mark. Raises `StoreError`
    for a layout that a newer vidkit made.
    """
    refuse_strangers(folder)
    known, layout, _ = _read(folder)
    if layout > LAYOUT:
        raise StoreError(
            f"{folder} was made by a newer vidkit (layout {layout}, this one knows {LAYOUT}); "
            "update vidkit, or choose another folder with VIDKIT_CACHE (cache_dir=)"
        )
    for room in ROOMS:
        (folder / room).mkdir(mode=0o700, exist_ok=True)
    return known or any((folder / "assets").iterdir())


def put_manifest(folder: Path) -> bool:
    """Mark the folder as a store, last of all: what is marked is complete, and has a secret.

    Gives True where it was not marked.
    """
    known, _, secret = _read(folder)
    if not secret:
        scratch = folder / f"{MANIFEST}.new"
        text = {**_MANIFEST_TEXT, "secret": secrets.token_hex(32)}
        try:
            scratch.unlink(missing_ok=True)
            write_through(scratch, [json.dumps(text, indent=2).encode()])
            scratch.replace(folder / MANIFEST)
        except OSError:
            if not known:  # one of an earlier release does without, where its disk is full
                raise
    return not known


def has_manifest(folder: Path) -> bool:
    """True where the folder carries the store's mark."""
    return _read(folder)[0]


def _read(folder: Path) -> tuple[bool, int, bytes]:
    """Whether there is a mark, of which layout, and its secret (none in earlier releases)."""
    try:
        found = json.loads(content_of(folder / MANIFEST).decode())
    except (FileNotFoundError, ValueError, RecursionError):
        return False, 0, b""
    if not isinstance(found, dict) or found.get("store") != "vidkit":
        return False, 0, b""
    layout, secret = found.get("layout"), found.get("secret", "")
    secret = secret.encode() if isinstance(secret, str) else b""
    return (True, layout, secret) if isinstance(layout, int) else (False, 0, b"")


_TALLY = 64
"""Hits and misses are written down after so many, and at the end."""


def _note_taker(notes: list[str], listeners: list[Callable[[str], None]]) -> Callable[[str], None]:
    """What keeps a sentence in `notes`, and tells it to those who listen, once."""

    def note(sentence: str) -> None:
        if sentence in notes:
            return
        notes.append(sentence)
        for listener in tuple(listeners):
            listener(sentence)

    return note


class Store:
    """A folder of assets and its journal, which several processes may use at once.

        with Store() as store:
            key = cache_key("image", fields)
            if (asset := store.find(key)) is None:
                …                                         # reserve, ask, and then
                asset = store.keep(key, picture, ".png", {"kind": "image"})

    folder: None is `VIDKIT_CACHE`, or vidkit's folder in the user's cache. `notes` has each
    sentence that a person should read (an asset that was damaged, a journal that was gone);
    `listeners` are called with those that come, from the thread that finds it. `journal` is the
    store's `Journal`.

    Its methods block, and may be called from several threads. Each raises `StoreError` where
    the folder cannot be read or written. A forked child opens a store of its own.

    `Store.null()` is one that keeps nothing: no file, no lock; its journal is in memory, so that
    a budget holds in this process and no further.
    """

    folder: Path | None
    journal: Journal
    _process: ProcessLock | None
    shared_locks = False
    """Whether other machines have to be asked before an asset is made (`elsewhere`)."""

    def __init__(self, folder: Path | None = None) -> None:
        named = folder if folder is not None else default_folder()
        self.folder = path_given("cache_dir", named, "the folder of the store").absolute()
        self._begin()
        with self._in_words("opened"):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                refuse_strangers(self.folder)
            except StoreError:
                # a new store that somebody else is making in this moment has no manifest yet
                if not (self.folder / OPENING).exists() and not has_manifest(self.folder):
                    raise
            make_private(self.folder, self.folder)
            with locked(self.folder / OPENING):
                self._process = self._open(self.folder)
        self.directory = AssetDirectory(self.folder, self._process, self._note)
        self._leave = weakref.finalize(self, _leave, self._process, self.journal, self._counts)

    @classmethod
    def null(cls, why: str = "", journal: Journal | None = None) -> Self:
        """A store that keeps nothing. why: what keeps a store that was asked for from being
        used, for `notes`; nothing is paid for then.
        """
        store = cls.__new__(cls)
        store.folder = store._process = None
        store._begin(why)
        store.journal = journal or Journal()
        store.directory = AssetDirectory(None, None, store._note)
        store._leave = weakref.finalize(store, _leave, None, store.journal, {})
        return store

    def _begin(self, why: str = "") -> None:
        self.broken = why or None
        self._held: dict[str, Asset] = {}
        self.notes = [why] if why else []
        self.listeners: list[Callable[[str], None]] = []
        self._note = _note_taker(self.notes, self.listeners)
        self._counts = {"hits": 0, "misses": 0}

    @property
    def secret(self) -> bytes:
        """What nobody else knows, and so proves that a list is of this store's own writing; empty
        where nothing is kept.
        """
        return _read(self.folder)[2] if self.folder is not None and self.keeps else b""

    @property
    def keeps(self) -> bool:
        """False where nothing is kept (`null`)."""
        return self._process is not None

    def _open(self, folder: Path) -> ProcessLock:
        if has_manifest(folder) and not is_folder(folder / "assets"):
            self._note(f"the assets of the store in {folder} were gone; they have to be made again")
        used = init_folder(folder)
        with ExitStack() as undo:
            process = self._process = ProcessLock(folder / "processes")
            undo.callback(process.leave)
            self.journal = self._open_journal(folder, used)
            undo.callback(self.journal.close)
            self._sweep(folder)
            if put_manifest(folder) and used:
                self._note(f"the mark of the store in {folder} was missing or damaged; put back")
            undo.pop_all()
        return process

    def _open_journal(self, folder: Path, used: bool) -> Journal:
        return Journal(folder, self.opening, self._note, expected=used)

    @property
    def opening(self) -> str:
        """The name of this opening, unique for all time: processes/<name>.lock is held by it."""
        return self._process.name if self._process is not None else ""

    def find(self, key: str) -> Asset | None:
        """The asset that counts for `key`, if it is there and whole.

        A damaged one is quarantined, with a note, and None is given. Its content is hashed, at
        least once in each process.
        """
        checked_key(key)
        asset = self._held_back(key)
        if asset is None:
            with self._in_words("read"):
                asset = self.directory.counting(key)
        if asset is not None:
            self._count("hits")
        return asset

    def keep(
        self,
        key: str,
        data: bytes | Path,
        suffix: str,
        about: Mapping[str, Any],
        *,
        fresh: bool = False,
    ) -> Asset:
        """Keep what was made for `key`, and give it as it is kept.

        data: the content, or a file with it: one of `scratch` is moved, another is copied.
        about: JSON facts to keep with it; "kind" names its kind. Credentials are left out.
        fresh: keep a new take beside those that are there, and let it count. Without it,
        one that is there and whole stays, and is given.
        What fails leaves the store as it was.
        """
        checked_key(key)
        kind, suffix = kind_of(about), checked_suffix(suffix)
        if not self.keeps:
            return unkept(key, data, kind, suffix, about)
        filled = self.directory.scratch()
        file = filled / f"{kind}{suffix}"
        try:
            with self._in_words(f"written: the {kind} {key[:12]} is not kept"):
                filled.mkdir()
                self._bring(data, file)
                content = data if isinstance(data, bytes) else None
                facts = describe(filled, key, file, without_credentials(about), content)
                asset = self.directory.publish(filled, facts, fresh=fresh)
        finally:
            shutil.rmtree(filled, ignore_errors=True)
        self._count("misses")
        self.broken = None
        return asset

    def hold(
        self, key: str, data: bytes, suffix: str, about: Mapping[str, Any], *, fresh: bool = False
    ) -> Asset:
        """As `keep`, for what may have been paid for: where the disk does not let it be kept, also
        at a second try, it is held in memory until `find` can keep it, and the store is `broken`.
        """
        for _ in range(2):
            try:
                return self.keep(key, data, suffix, about, fresh=fresh)
            except StoreError as error:
                self.broken = str(error)
        self._note(f"{self.broken}; it is used all the same, and nothing more is paid for")
        return self._held.setdefault(key, unkept(key, data, kind_of(about), suffix, about))

    def _held_back(self, key: str) -> Asset | None:
        """What is held in memory for a key, and kept by now where that can be."""
        held = self._held.get(key)
        if held is None or held.data is None:
            return None
        try:
            asset = self.keep(key, held.data, held.suffix, held.about, fresh=True)
        except StoreError:
            return held
        del self._held[key]
        return asset

    def scratch(self, suffix: str) -> Path:
        """A name in the store's folder for a file that is to be kept; it goes if it is not.
        Touches no disk. Raises `StoreError` where nothing is kept.
        """
        return self.directory.scratch(checked_suffix(suffix))

    def versions(self, key: str) -> list[Asset]:
        """All versions of an asset that are whole, the oldest first."""
        checked_key(key)
        with self._in_words("read"):
            found = (self.directory.version(key, number) for number in self.directory.numbers(key))
            return [asset for asset in found if asset is not None]

    def bring_back(self, key: str, number: int) -> Asset:
        """Let an earlier version count again, until a newer one is kept.

        Raises `StoreError` where there is no such version.
        """
        checked_key(key)
        with self._in_words("written"):
            asset = self.directory.version(key, number)
            if asset is None:
                there = ", ".join(map(str, self.directory.numbers(key))) or "none"
                raise StoreError(f"there is no take {number} of {key[:12]}; there are: {there}")
            self.directory.bring_back(key, number)
        return asset

    def key_lock(self, key: str) -> KeyLock:
        """The right to make an asset, not taken yet: one task of one process has it at a time.

        Look with `find` again when it is taken: somebody else may have made it meanwhile. Hold
        one at a time. The kernel ends it when its process dies.
        """
        return KeyLock(self._key_lock_file(checked_key(key)))

    @asynccontextmanager
    async def holding(self, key: str) -> AsyncIterator[None]:
        """Hold the right to make an asset, from a coroutine, whose loop is not blocked."""
        lock, (wait, longest) = self.key_lock(key), WAITS
        try:
            while not await run_in_thread(lock.try_acquire):
                await asyncio.sleep(wait)
                wait = min(wait * 1.5, longest)
            yield
        finally:
            await run_to_end(run_in_thread(lock.release))

    def _key_lock_file(self, key: str) -> Path | None:
        return None if self.folder is None else self.folder / "flights" / f"{key}.lock"

    @asynccontextmanager
    async def elsewhere(self, key: str) -> AsyncIterator[None]:
        """Keep other machines from making an asset, where there are any (`shared_locks`)."""
        yield

    def close(self) -> None:
        """Remove the temporary files of this opening and close the journal. What it had
        reserved is unconfirmed from the next opening on.
        """
        self._leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _bring(self, data: bytes | Path, file: Path) -> None:
        """Let the content be in `file`, on the disk."""
        if isinstance(data, bytes):
            write_through(file, [data])
            return
        if self._process is not None and data.parent == self._process.folder:
            data.replace(file)
        else:
            with file.open("wb") as whole:
                copy(data, whole)
        flush(file)

    def _sweep(self, folder: Path) -> None:
        """Remove what dead processes left: temporary files, locks, and money that they had
        reserved, which is unconfirmed from now on.
        """
        sweep_key_locks(folder / "flights")
        self.journal.settle(sweep_processes(folder / "processes"))

    def _count(self, name: str) -> None:
        self._counts[name] += 1
        if sum(self._counts.values()) >= _TALLY:
            self._write_counts()

    def _write_counts(self) -> dict[str, int]:
        counts = dict(self._counts)
        for name, number in counts.items():
            self._counts[name] -= number
        return self.journal.tally(**counts)

    @contextmanager
    def _in_words(self, what: str) -> Iterator[None]:
        """Tell an error of the system in words for a person."""
        try:
            yield
        except OSError as error:
            why = why_unwritable(self.folder or Path(), error, "VIDKIT_CACHE (cache_dir=)")
            raise StoreError(f"the store in {self.folder} cannot be {what}: {why}") from error


def _leave(process: ProcessLock | None, journal: Journal, counts: Mapping[str, int]) -> None:
    try:
        if any(counts.values()):
            journal.tally(**counts)
    except StoreError:
        pass  # a count of hits is not worth an error at the end
    finally:
        journal.close()
        if process is not None:
            process.leave()


def unkept(key: str, data: bytes | Path, kind: str, suffix: str, about: Mapping[str, Any]) -> Asset:
    """An asset that is not kept: its `path` is the file that was given, or with bytes it names
    nothing and `data` has them.
    """
    if isinstance(data, Path):
        return Asset(key, data, digest(data), data.stat().st_size, suffix, 1, about)
    seal = hashlib.sha256(data).hexdigest()
    return Asset(key, Path(f"{kind}{suffix}"), seal, len(data), suffix, 1, about, data)


def open_store(folder: Path | None = None) -> Store:
    """The store in `folder` (as `Store`), or where it cannot be used one that keeps nothing, whose
    note says why: what is free is made, and nothing that would be paid for and lost.
    """
    try:
        return Store(folder)
    except StoreError as error:
        return Store.null(f"this run keeps nothing for the next one: {error}")
