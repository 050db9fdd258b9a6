"""The store: assets by content, found again in whole or not at all."""

from __future__ import annotations

import asyncio
import shutil
import weakref
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from ..errors import SettingsError, StoreError
from ..paths import is_folder, path_given, shortened, why_unwritable
from . import keeping
from .asset import Asset, checked_key, checked_suffix, describe, kind_of
from .files import copy, flush, write
from .flights import Flights
from .journal import Journal
from .keeping import Contents, Removal, Verdict
from .key import without_credentials
from .locks import locked
from .mark import OPENING, default_folder, demand_mark, furnish, marked, put_mark, refuse_strangers
from .presence import Presence, sweep
from .shelf import Shelf

WAITS = (0.02, 0.25)
"""Seconds between two looks at a flight: at first, and at most."""

_TALLY = 64
"""Hits and misses are written down after so many, and at the end."""


class Notes:
    """Sentences for a person, kept and passed on."""

    def __init__(self, listener: Callable[[str], None] | None) -> None:
        self.sentences: list[str] = []
        self._listener = listener

    def add(self, sentence: str) -> None:
        """Keep a sentence, and tell it to whoever listens."""
        self.sentences.append(sentence)
        if self._listener is not None:
            self._listener(sentence)


class Store:
    """A folder of assets and its journal, which several processes may use at once.

    folder: None is `VIDKIT_CACHE`, or vidkit's folder in the user's cache. on_note: called
    with each sentence that a person should read (an asset that was damaged, a journal that was
    gone), from the thread that finds it; `notes` keeps them. `journal` is the store's `Journal`.

    Its methods block, and may be called from several threads. Each raises `StoreError` where
    the folder cannot be read or written. A forked child opens a store of its own.
    """

    keeps = True
    """False where nothing is kept (`NoStore`)."""

    def __init__(
        self, folder: Path | None = None, *, on_note: Callable[[str], None] | None = None
    ) -> None:
        named = folder if folder is not None else default_folder()
        self.folder = path_given("cache_dir", named, "the folder of the store").absolute()
        self._told_of = Notes(on_note)
        with self._told("opened"):
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                refuse_strangers(self.folder)
            except StoreError:
                # a new store that somebody else is furnishing in this moment has no mark yet
                if not (self.folder / OPENING).exists() and not marked(self.folder):
                    raise
            with locked(self.folder / OPENING):
                self._open()
        self.shelf = Shelf(self.folder, self._presence, self._told_of.add)
        self._counts = {"hits": 0, "misses": 0}
        self._leave = weakref.finalize(
            self, _leave, self._presence, self.journal, self._flights, self._counts
        )

    def _open(self) -> None:
        if marked(self.folder) and not is_folder(self.folder / "assets"):
            self._told_of.add(
                f"the assets of the store in {self.folder} were gone; they have to be made again"
            )
        used = furnish(self.folder)
        with ExitStack() as undo:
            self._presence = Presence(self.folder / "processes")
            undo.callback(self._presence.leave)
            self.journal = self._open_journal(used)
            undo.callback(self.journal.close)
            self._flights = Flights(self.folder / "flights")
            undo.callback(self._flights.close)
            self._sweep()
            if put_mark(self.folder) and used:
                self._told_of.add(
                    f"the mark of the store in {self.folder} was missing or damaged; put back"
                )
            undo.pop_all()

    def _open_journal(self, used: bool) -> Journal:
        return Journal(self.folder, self._presence.name, self._told_of.add, expected=used)

    @property
    def opening(self) -> str:
        """The name of this opening, unique for all time: processes/<name>.lock is held by it."""
        return self._presence.name

    @property
    def notes(self) -> list[str]:
        """What a person should read of this opening, in the order in which it was found."""
        return self._told_of.sentences

    def find(self, key: str) -> Asset | None:
        """The asset that counts for `key`, if it is there and whole.

        A damaged one is set aside, with a note, and None is given. Its size and time are
        looked at, and its content where they have changed.
        """
        checked_key(key)
        with self._told("read"):
            asset = self.shelf.counting(key)
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
        check: Callable[[Path], None] | None = None,
        fresh: bool = False,
    ) -> Asset:
        """Keep what was made for `key`, and give it as it is kept.

        data: the content, or a file with it: one of `scratch` is moved, another is copied.
        about: JSON facts to keep with it; "kind" names its kind. Credentials are left out.
        check: called with the file before it is kept; what it raises goes on up.
        fresh: keep a new take beside those that are there, and let it count. Without it,
        one that is there and whole stays, and is given.
        What fails leaves the store as it was.
        """
        checked_key(key)
        kind, suffix = kind_of(about), checked_suffix(suffix)
        with self._told(f"written: the {kind} {key[:12]} is not kept"):
            filled = self._presence.scratch()
            try:
                filled.mkdir()
                file = filled / f"{kind}{suffix}"
                self._bring(data, file)
                if check is not None:
                    with _passing_on():
                        check(file)
                content = data if isinstance(data, bytes) and check is None else None
                describe(filled, key, file, without_credentials(about), content)
                asset = self.shelf.publish(key, filled, fresh=fresh)
            finally:
                if filled.exists():
                    shutil.rmtree(filled, ignore_errors=True)
        self._count("misses")
        return asset

    def scratch(self, suffix: str) -> Path:
        """A name in the store's folder for a file that is to be kept; it goes if it is not."""
        with self._told("written"):
            return self._presence.scratch(checked_suffix(suffix))

    def takes(self, key: str) -> list[Asset]:
        """All takes of an asset that are whole, the oldest first."""
        checked_key(key)
        with self._told("read"):
            found = (self.shelf.take(key, number) for number in self.shelf.numbers(key))
            return [asset for asset in found if asset is not None]

    def bring_back(self, key: str, take: int) -> Asset:
        """Let an earlier take count again, until a newer one is kept.

        Raises `StoreError` where there is no such take.
        """
        checked_key(key)
        with self._told("written"):
            asset = self.shelf.take(key, take)
            if asset is None:
                there = ", ".join(map(str, self.shelf.numbers(key))) or "none"
                raise StoreError(f"there is no take {take} of {key[:12]}; there are: {there}")
            self.shelf.bring_back(key, take)
        return asset

    @asynccontextmanager
    async def flight(self, key: str) -> AsyncIterator[bool]:
        """Hold the right to make an asset: one task of one process at a time, in all loops.
        Gives whether somebody else had it, and so had to be waited for.

        Look with `find` again inside: somebody else may have made it meanwhile. Hold one at a
        time. The kernel ends the flight of a process that dies.
        """
        checked_key(key)
        wait, longest = WAITS
        while True:
            with self._told("written"):
                end = self._flights.begin(key)
            if end is not None:
                break
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, longest)
        try:
            yield wait > WAITS[0]
        finally:
            end()

    def sweep(self) -> int:
        """Remove what dead processes left: temporary files, locks, and money that they had
        reserved, which is unconfirmed from now on. Gives how many temporary files went.
        An opening does it by itself.
        """
        with self._told("written"), locked(self.folder / OPENING):
            return self._sweep()

    def verify(self) -> Verdict:
        """Read and hash everything; set aside what is damaged, and tell."""
        before = len(self.notes)
        with self._told("read"):
            if wrong := self.journal.check():
                self._told_of.add(f"the journal is damaged: {wrong}")
            return keeping.verify(self.shelf, lambda: self.notes[before:])

    def contents(self) -> Contents:
        """What is in the store, and how often it had what was asked for."""
        counts = self._write_counts()
        with self._told("read"):
            return keeping.contents(self.shelf, counts.get("hits", 0), counts.get("misses", 0))

    def prune(
        self,
        older_than: timedelta | None = None,
        keep_bytes: int | None = None,
        *,
        dry: bool = False,
    ) -> Removal:
        """Remove what was not used for `older_than`, then what was used longest ago until no
        more than `keep_bytes` are left; with `dry` only tell. What a lesson that is not
        finished needs stays, and what is being made. A use counts to the hour.
        Raises `StoreError` where the folder does not carry the store's mark, `SettingsError`
        for what is no time and no size.
        """
        if older_than is not None and not isinstance(older_than, timedelta):
            told = shortened(older_than)
            raise SettingsError(f"older_than is {told}; give a time, such as timedelta(days=30)")
        if keep_bytes is not None and (not isinstance(keep_bytes, int) or keep_bytes < 0):
            told = shortened(keep_bytes)
            raise SettingsError(f"keep_bytes is {told}; give a whole number of bytes")
        demand_mark(self.folder)
        with self._told("written"):
            needed = self.journal.needed()
            return keeping.prune(self.shelf, self._stays(needed), older_than, keep_bytes, dry=dry)

    def clear(self, *, dry: bool = False) -> Removal:
        """Remove all assets but those that a run needs which goes on now; with `dry` only tell.
        The journal stays: what was spent was spent. Raises `StoreError` as `prune` does.
        """
        demand_mark(self.folder)
        with self._told("written"):
            needed = self.journal.needed(under_way=True)
            return keeping.clear(self.shelf, self._stays(needed), dry=dry)

    def close(self) -> None:
        """Remove the temporary files of this opening and close the journal. What it had
        reserved is unconfirmed from the next opening on.
        """
        self._leave()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _bring(self, data: bytes | Path, file: Path) -> None:
        """Let the content be in `file`, on the disk."""
        if isinstance(data, bytes):
            write(file, data)
            return
        if data.parent == self._presence.folder:
            data.replace(file)
        else:
            copy(data, file)
        flush(file)

    def _stays(self, needed: Collection[str]) -> Callable[[str], bool]:
        return lambda key: key in needed or self._flights.under_way(key)

    def _sweep(self) -> int:
        living, removed = sweep(self.folder / "processes")
        self._flights.sweep()
        self.journal.settle(living)
        return removed

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
    def _told(self, what: str) -> Iterator[None]:
        """Tell an error of the system in words for a person."""
        try:
            yield
        except _Passed as passed:
            raise passed.error from None
        except OSError as error:
            why = why_unwritable(self.folder, error, "VIDKIT_CACHE (cache_dir=)")
            raise StoreError(f"the store in {self.folder} cannot be {what}: {why}") from error


class _Passed(Exception):
    """Carries what a check raised past `_told`, which tells the store's own errors alone."""

    def __init__(self, error: Exception) -> None:
        self.error = error


@contextmanager
def _passing_on() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise _Passed(error) from error


def _leave(
    presence: Presence, journal: Journal, flights: Flights, counts: Mapping[str, int]
) -> None:
    try:
        if any(counts.values()):
            journal.tally(**counts)
    except StoreError:
        pass  # a count of hits is not worth an error at the end
    finally:
        journal.close()
        flights.close()
        presence.leave()
