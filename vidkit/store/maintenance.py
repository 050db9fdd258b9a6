"""Looking after a store: what is in it, whether it is whole, and making room."""

from __future__ import annotations

import math
import re
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from ..core.errors import SettingsError, StoreError
from ..core.paths import shortened
from .assets import Version
from .ledger import Journal
from .locks import is_locked, sweep_processes
from .store import MANIFEST, Store, has_manifest

_QUARANTINED = re.compile(r"[a-z]{1,16}-[0-9a-f]{12}-[\w.]+-([0-9a-f]+)")


@dataclass(frozen=True)
class Verdict:
    """What a look at every byte found. good: how many versions are whole; bad: a sentence for each
    thing that is not, set aside by now, and for each folder that cannot be looked into.
    """

    good: int
    bad: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.bad:
            return f"{_assets(self.good)}, all whole"
        return "\n".join((f"{_assets(self.good)} whole, {len(self.bad)} damaged:", *self.bad))


@dataclass(frozen=True)
class Contents:
    """What is in the store. kinds: (assets, bytes) of each kind; earlier versions count as assets.
    aside: the same of what was set aside. hits: assets that were found; misses: assets that
    had to be made.
    """

    assets: int = 0
    bytes: int = 0
    kinds: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    aside: tuple[int, int] = (0, 0)
    hits: int = 0
    misses: int = 0

    @property
    def rate(self) -> float | None:
        """The part of assets that were found and not made, from 0 to 1; None before the first."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else None

    def __str__(self) -> str:
        lines = [f"{_assets(self.assets)}, {in_size(self.bytes)}"]
        lines += [f"  {n:,} × {kind}, {in_size(b)}" for kind, (n, b) in sorted(self.kinds.items())]
        if self.aside[0]:
            lines.append(f"  {self.aside[0]:,} set aside as damaged, {in_size(self.aside[1])}")
        if self.rate is not None:
            lines.append(f"  {self.rate:.0%} of what was asked for was there")
        return "\n".join(lines)


@dataclass(frozen=True)
class Removal:
    """What was removed, or with `dry` what would be: assets, damaged ones that had been set
    aside, and the bytes of both. held: assets that were to go and stay, since a lesson that
    is not finished needs them.
    """

    assets: int = 0
    aside: int = 0
    bytes: int = 0
    held: int = 0
    dry: bool = False

    def __str__(self) -> str:
        what = _assets(self.assets)
        if self.aside:
            what += f" and {self.aside:,} that were set aside"
        said = f"{'would remove' if self.dry else 'removed'} {what}, {in_size(self.bytes)}"
        if self.held:
            said += f"; {self.held:,} more stay, since lessons that are not finished need them"
        return said


def in_size(size: float) -> str:
    """Bytes for a person: 512 B, 3.4 MB (a megabyte is a million bytes)."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _assets(number: int) -> str:
    return f"{number:,} asset{'' if number == 1 else 's'}"


def _quarantined(folder: Path | None) -> list[tuple[Path, float, int]]:
    """What was set aside: where it is, since when (seconds since 1970), and its bytes."""
    found = []
    for path in folder.iterdir() if folder is not None and folder.is_dir() else ():
        if (named := _QUARANTINED.fullmatch(path.name)) and path.is_dir():
            size = sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
            found.append((path, int(named[1], 16) / 1e9, size))
    return found


class MaintainedStore(Store):
    """A store that is opened to be looked after, also where its disk is full: its journal may be
    one that cannot be written, or not even be read, for want of room; `notes` says so, and which
    folders cannot be looked into. Everything else is as in `Store`.
    """

    _unread = _unsettled = False

    def verify(self) -> Verdict:
        """Read and hash everything; set aside what is damaged, and tell."""
        good, shut, before = 0, list[str](), len(self.notes)
        with self._in_words("read"):
            if wrong := self.journal.check():
                self._note(f"the journal is damaged: {wrong}")
            for key, number in list(self.directory.everywhere(shut.append)):
                good += self.directory.version(key, number, hashed=True) is not None
        return Verdict(good, (*self.notes[before:], *shut))

    def contents(self) -> Contents:
        """What is in the store, and how often it had what was asked for."""
        counts = self._write_counts()
        kinds: dict[str, tuple[int, int]] = {}
        with self._in_words("read"):
            for version in self.directory.versions(self._note):
                number, size = kinds.get(version.kind, (0, 0))
                kinds[version.kind] = (number + 1, size + version.bytes)
            aside = _quarantined(self.directory.quarantined)
        return Contents(
            assets=sum(number for number, _ in kinds.values()),
            bytes=sum(size for _, size in kinds.values()),
            kinds=kinds,
            aside=(len(aside), sum(size for _, _, size in aside)),
            hits=counts.get("hits", 0),
            misses=counts.get("misses", 0),
        )

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
        Raises `StoreError` where the folder does not carry the store's manifest, and where the
        journal cannot be read: nobody knows then what unfinished lessons need; `SettingsError` for
        what is no time and no size.
        """
        if older_than is not None and not isinstance(older_than, timedelta):
            told = shortened(older_than)
            raise SettingsError(f"older_than is {told}; give a time, such as timedelta(days=30)")
        if keep_bytes is not None and (not isinstance(keep_bytes, int) or keep_bytes < 0):
            told = shortened(keep_bytes)
            raise SettingsError(f"keep_bytes is {told}; give a whole number of bytes")
        if self._unread:
            raise StoreError(
                "what unfinished lessons need cannot be read, so that nothing is pruned; make room "
                "elsewhere, or remove everything with: vidkit cache clear"
            )
        self._demand_manifest()
        with self._in_words("written"):
            before = time.time() - older_than.total_seconds() if older_than is not None else 0.0
            return self._remove(self._stays(self.journal.needed()), before, keep_bytes, dry)

    def clear(self, *, dry: bool = False) -> Removal:
        """Remove all assets but those that a run needs which goes on now; with `dry` only tell.
        The journal stays: what was spent was spent. Where what dead runs left cannot be written
        down, all assets go, if no other process has the store open; `StoreError` where one has,
        and as `prune` does.
        """
        if not self._unread and not self._unsettled:
            self._demand_manifest()
            with self._in_words("written"):
                stays = self._stays(self.journal.needed(under_way=True))
                return self._remove(stays, math.inf, None, dry)
        assert self.folder is not None
        if sweep_processes(self.folder / "processes") - {self.opening}:
            raise StoreError(
                f"{self.notes[-1]}; another process has the store open, and what it needs cannot "
                "be told: end it first"
            )
        with self._in_words("written"):
            removal = self._remove(lambda _: False, math.inf, None, dry)
        if not dry:
            with suppress(StoreError):
                super()._sweep(self.folder)
        return removal

    def _remove(
        self, stays: Callable[[str], bool], before: float, keep_bytes: int | None, dry: bool
    ) -> Removal:
        """Remove what was not used since `before` (seconds since 1970), and then what was used
        longest ago until no more than `keep_bytes` are left. What was set aside goes first; what
        has a key of which `stays` is true does not go.
        """
        directory = self.directory
        aside = sorted(_quarantined(directory.quarantined), key=lambda each: each[1])
        versions = sorted(directory.versions(self._note), key=lambda version: version.used)
        total = sum(size for _, _, size in aside) + sum(version.bytes for version in versions)
        most = total if keep_bytes is None else keep_bytes
        staying = {version.key for version in versions if stays(version.key)}
        old: list[Path] = []
        going: list[Version] = []
        removed = 0
        for path, when, size in aside:
            if when < before or total - removed > most:
                old.append(path)
                removed += size
        for version in versions:
            if version.key not in staying and (version.used < before or total - removed > most):
                going.append(version)
                removed += version.bytes
        too_many = total - removed > most
        held = sum(v.key in staying and (v.used < before or too_many) for v in versions)
        if not dry:
            going = [version for version in going if directory.remove(version)]
            for path in old:
                shutil.rmtree(path, ignore_errors=True)
        return Removal(len(going), len(old), removed, held, dry)

    def _demand_manifest(self) -> None:
        if self.folder is not None and not has_manifest(self.folder):
            raise StoreError(
                f"{self.folder} does not carry the manifest of a store ({MANIFEST}), so nothing in "
                "it is removed; look whether it is the folder you mean"
            )

    def _stays(self, needed: set[str]) -> Callable[[str], bool]:
        def stays(key: str) -> bool:
            path = self._key_lock_file(key)  # there while it is being made
            return key in needed or (path is not None and is_locked(path))

        return stays

    def _open_journal(self, folder: Path, used: bool) -> Journal:
        try:
            return super()._open_journal(folder, used)
        except StoreError as error:
            self._note(str(error))
            self._unread = True
            return Journal()

    def _sweep(self, folder: Path) -> None:
        try:
            super()._sweep(folder)
        except StoreError as error:
            self._note(str(error))
            self._unsettled = True

    def _write_counts(self) -> dict[str, int]:
        try:
            return super()._write_counts()
        except StoreError:
            return {}
