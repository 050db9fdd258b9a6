"""Locks between processes. The kernel holds them, and drops them when their process dies.

`KeyLock`       the right to make one asset
`ProcessLock`   one for each who opened the store, with a folder for temporary files
"""

from __future__ import annotations

import itertools
import os
import platform
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ..core.errors import StoreError

PATIENCE = 60.0
"""Seconds to wait for a lock that is only ever held for moments."""
WAITS = (0.02, 0.25)
"""Seconds between two looks at a key that somebody else holds: at first, and at most."""
DAY = 86_400.0
_KEY_LOCK = re.compile(r"[0-9a-f]{64}\.lock")
_NAME = re.compile(r"[A-Za-z0-9-]+\.\d+\.[0-9a-f]+-\d+")
_number = itertools.count(1)


def try_lock(path: Path) -> FileLock | None:
    """The lock at `path`, or None where somebody holds it, in this process or another.

    Raises OSError where the folder is not there or keeps no locks.
    """
    # A soft lock would outlive a killed process, so none is taken in its place.
    lock = FileLock(path, mode=0o600, thread_local=False, fallback_to_soft=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return None
    return lock


def let_go(lock: FileLock) -> None:
    """Release a lock and remove its file, so that used locks do not pile up.

    Whoever opened the file before it went sees that it has no name any more, and begins anew.
    """
    with suppress(OSError):  # Windows removes no open file; the next opening sweeps it
        Path(lock.lock_file).unlink()
    lock.release()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock at `path`. Blocks for a minute at most, then raises `StoreError`; OSError
    as `try_lock`.
    """
    until = time.monotonic() + PATIENCE
    while (lock := try_lock(path)) is None:
        if time.monotonic() > until:
            raise StoreError(
                f"{path} has been held by another process for {PATIENCE:.0f} s; "
                "end that process, or choose another folder with VIDKIT_CACHE (cache_dir=)"
            )
        time.sleep(0.005)
    try:
        yield
    finally:
        let_go(lock)


class KeyLock:
    """The right to make the asset whose lock file is `path`, for one task of one process; with
    None there is nothing to share, and it is always free.

    Both methods block, and may be called from several threads.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._held: FileLock | None = None
        self._over = False

    def try_acquire(self) -> bool:
        """Take it, where nobody has it; False where somebody has, or after `release`.

        Raises `StoreError` where the folder cannot be written or keeps no locks.
        """
        with self._guard:
            if self._over:
                return False
            if self._path is None or self._held is not None:
                return True
            try:
                self._path.parent.mkdir(mode=0o700, exist_ok=True)
                self._held = try_lock(self._path)
            except OSError as error:
                raise StoreError(
                    f"{self._path.parent} keeps no locks: {error.strerror or error}; choose "
                    "another folder with VIDKIT_CACHE (cache_dir=)"
                ) from error
            return self._held is not None

    def release(self) -> None:
        """Give it back for good; a try that is under way in another thread comes to nothing."""
        with self._guard:
            self._over = True
            held, self._held = self._held, None
            if held is not None:
                let_go(held)


def is_locked(path: Path) -> bool:
    """Whether somebody holds the lock at `path` now."""
    if not path.exists():
        return False
    with suppress(OSError):
        if (lock := try_lock(path)) is not None:
            let_go(lock)
            return False
    return True


def sweep_key_locks(folder: Path) -> None:
    """Remove the lock files that makers left who died."""
    for path in folder.glob("*.lock"):
        if _KEY_LOCK.fullmatch(path.name) and (lock := try_lock(path)) is not None:
            let_go(lock)


class ProcessLock:
    """This opening of the store, seen by other processes. `name` is unique for all time.

        processes/<host>.<pid>.<start>.lock    held for as long as the process lives
        processes/<host>.<pid>.<start>/        its temporary files

    A process that was killed cannot tidy up, but the kernel drops its lock. So the lock, and not
    the number of the process, which may belong to somebody else by now, says whether it lives.
    """

    def __init__(self, processes: Path) -> None:
        self.pid = os.getpid()
        self.name = f"{_host()}.{self.pid}.{time.time_ns():x}-{next(_number)}"
        lock = try_lock(processes / f"{self.name}.lock")
        if lock is None:
            raise StoreError(f"{processes} holds a lock that is not free; open the store again")
        self._lock = lock
        self.folder = processes / self.name
        self.folder.mkdir(mode=0o700)

    def scratch(self, suffix: str = "") -> Path:
        """A name for a temporary file or folder that nobody else uses. Raises `StoreError` in a
        forked child.
        """
        if os.getpid() != self.pid:
            raise StoreError(
                "this store was opened by the process that forked this one; open it here anew"
            )
        return self.folder / f"{next(_number)}{suffix}"

    def leave(self) -> None:
        """Remove the temporary files and give up the lock. Does nothing in a forked child."""
        if os.getpid() == self.pid:
            shutil.rmtree(self.folder, ignore_errors=True)
            let_go(self._lock)


def sweep_processes(processes: Path) -> tuple[set[str], int]:
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
