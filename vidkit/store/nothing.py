"""No store: the same methods, and nothing is kept."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import StoreError
from .asset import Asset, checked_key, checked_suffix, kind_of
from .files import digest
from .journal import Journal
from .keeping import Contents, Removal, Verdict
from .store import Store


class NoStore:
    """A store that keeps nothing: no file, no thread, no lock; for a run without a cache and
    for a forecast.

    why: a sentence for `notes`. Its journal is in memory, so a budget holds in this process
    and no further.
    """

    keeps = False
    opening = ""
    """No process holds anything here."""

    def __init__(self, why: str = "", *, on_note: Callable[[str], None] | None = None) -> None:
        self.folder: Path | None = None
        self.notes: list[str] = [why] if why else []
        if why and on_note is not None:
            on_note(why)

    @cached_property
    def journal(self) -> Journal:
        """A journal in memory."""
        return Journal()

    def find(self, key: str) -> Asset | None:
        """None."""
        checked_key(key)
        return None

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
        """The asset, checked and not kept: its `path` is the file that was given, or with
        bytes it names nothing and `data` has them.
        """
        kind, suffix = kind_of(about), checked_suffix(suffix)
        given = data if isinstance(data, bytes) else None
        if isinstance(data, Path):
            path, seal, size = data, digest(data), data.stat().st_size
            if check is not None:
                check(path)
        else:
            path, seal, size = Path(kind + suffix), hashlib.sha256(data).hexdigest(), len(data)
            if check is not None:
                _check(check, data, path.name)
        return Asset(checked_key(key), path, seal, size, suffix, 1, about, given)

    def scratch(self, suffix: str) -> Path:
        """Raises `StoreError`: there is no folder for it."""
        raise StoreError("there is no store to write to; write beside the output instead")

    def takes(self, key: str) -> list[Asset]:
        """None at all."""
        return []

    def bring_back(self, key: str, take: int) -> Asset:
        """Raises `StoreError`: there are no takes."""
        raise StoreError(f"there is no take {take} of {key[:12]}: this run keeps nothing")

    @asynccontextmanager
    async def flight(self, key: str) -> AsyncIterator[bool]:
        """Nothing to wait for: what somebody else makes is not kept either."""
        yield False

    def sweep(self) -> int:
        """0."""
        return 0

    def verify(self) -> Verdict:
        """Nothing is there, and all of it is whole."""
        return Verdict(0)

    def contents(self) -> Contents:
        """Nothing."""
        return Contents()

    def prune(
        self,
        older_than: timedelta | None = None,
        keep_bytes: int | None = None,
        *,
        dry: bool = False,
    ) -> Removal:
        """Nothing to remove."""
        return Removal(dry=dry)

    def clear(self, *, dry: bool = False) -> Removal:
        """Nothing to remove."""
        return Removal(dry=dry)

    def close(self) -> None:
        """Close the journal."""
        if "journal" in self.__dict__:
            self.journal.close()

    def __enter__(self) -> NoStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_store(
    folder: Path | None = None, *, on_note: Callable[[str], None] | None = None
) -> Store | NoStore:
    """The store in `folder` (as `Store`), or where it cannot be used a `NoStore` whose note
    says why: the run goes on, and keeps nothing.
    """
    try:
        return Store(folder, on_note=on_note)
    except StoreError as error:
        return NoStore(f"this run keeps nothing for the next one: {error}", on_note=on_note)


def _check(check: Callable[[Path], None], data: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        check(path)
