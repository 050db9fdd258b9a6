"""Who is using the store: one lock and one folder for temporary files for each who opened it.

    processes/<host>.<pid>.<start>.lock    held for as long as the process lives
    processes/<host>.<pid>.<start>/        its temporary files

A process that was killed cannot tidy up, but the kernel drops its lock. So the lock, and not
the number of the process, which may belong to somebody else by now, says whether it lives.
"""

from __future__ import annotations

import itertools
import os
import platform
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

from ..errors import StoreError
from .locks import let_go, try_lock

DAY = 86_400.0
_NAME = re.compile(r"[A-Za-z0-9-]+\.\d+\.[0-9a-f]+-\d+")
_number = itertools.count(1)


class Presence:
    """This opening of the store, seen by other processes. `name` is unique for all time."""

    def __init__(self, processes: Path) -> None:
        self.pid = os.getpid()
        self.name = f"{_host()}.{self.pid}.{time.time_ns():x}-{next(_number)}"
        lock = try_lock(processes / f"{self.name}.lock")
        if lock is None:
            raise StoreError(f"{processes} holds a lock that is not free; open the store again")
        self._lock = lock
        self._folder = processes / self.name
        self._folder.mkdir()

    @property
    def folder(self) -> Path:
        """Where this opening writes its temporary files. Raises `StoreError` in a forked child."""
        if os.getpid() != self.pid:
            raise StoreError(
                "this store was opened by the process that forked this one; open it here anew"
            )
        if not self._folder.is_dir():
            self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder

    def scratch(self, suffix: str = "") -> Path:
        """A name for a temporary file or folder that nobody else uses."""
        return self.folder / f"{next(_number)}{suffix}"

    def leave(self) -> None:
        """Remove the temporary files and give up the lock. Does nothing in a forked child."""
        if os.getpid() == self.pid:
            shutil.rmtree(self._folder, ignore_errors=True)
            let_go(self._lock)


def sweep(processes: Path) -> tuple[set[str], int]:
    """Remove what dead processes left. Gives the names of those that live, and how many
    temporary files went.
    """
    names = {path.stem if path.suffix == ".lock" else path.name for path in processes.iterdir()}
    names = {name for name in names if _NAME.fullmatch(name)}
    living, removed = set(), 0
    for name in sorted(names):
        gone = _sweep_one(processes, name)
        if gone is None:
            living.add(name)
        else:
            removed += gone
    return living, removed


def _sweep_one(processes: Path, name: str) -> int | None:
    """How many files a dead process left, which are removed now; None where it lives."""
    path, folder = processes / f"{name}.lock", processes / name
    # The lock of another machine may not be seen from here, and one whose file somebody
    # removed tells nothing: they count as living until a day has passed without a change.
    telling = path.exists() and name.partition(".")[0] == _host()
    if not telling and time.time() - _changed(path, folder) < DAY:
        return None
    lock = try_lock(path)
    if lock is None:
        return None
    left = sum(1 for each in folder.rglob("*") if not each.is_dir())
    shutil.rmtree(folder, ignore_errors=True)
    let_go(lock)
    return left


def _changed(*paths: Path) -> float:
    """When one of the paths changed last, in seconds since 1970; 0 where none is there."""
    latest = 0.0
    for path in paths:
        with suppress(OSError):
            latest = max(latest, path.stat().st_mtime)
    return latest


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", platform.node())[:60] or "host"
