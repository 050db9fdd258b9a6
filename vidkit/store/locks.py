"""Locks between processes. The kernel holds them, and drops them when their process dies.

`HeldLock`      a lock that is held, as a file in some folder
`KeyLock`       the right to make one asset
`ProcessLock`   one for each who opened the store, with a folder for temporary files
"""

from __future__ import annotations

import errno
import itertools
import os
import platform
import re
import shutil
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..core.errors import StoreError

if sys.platform != "win32":
    import fcntl

PATIENCE = 60.0
"""Seconds to wait for a lock that is only ever held for moments."""
WAITS = (0.02, 0.25)
"""Seconds between two looks at a key that somebody else holds: at first, and at most."""
DAY = 86_400.0
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_KEY_LOCK = re.compile(r"[0-9a-f]{64}\.lock")
_NAME = re.compile(r"[A-Za-z0-9-]+\.\d+\.[0-9a-f]+-\d+")
_number = itertools.count(1)


class HeldLock:
    """A lock that this process holds, until it lets go or ends. A child that it forks does not.

    path: its file, in the opened folder `folder` where there is one. opened: the file, opened.
    """

    def __init__(self, path: str | Path, folder: int | None, opened: int) -> None:
        self._path = path
        self._folder = folder
        self._opened: int | None = opened
        _held.add(self)

    def let_go(self) -> None:
        """Release it and remove its file, so that used locks do not pile up.

        Whoever opened the file before it went sees that it has no name any more, and begins anew.
        """
        if self._opened is None:
            return
        with suppress(OSError):
            os.unlink(self._path, dir_fd=self._folder)
        self._release()

    def _release(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None and sys.platform != "win32":
            try:  # also for a child that is about to become a program
                fcntl.flock(opened, fcntl.LOCK_UN)
            finally:
                os.close(opened)

    __del__ = _release

    def leave(self) -> None:
        """Hold it no more, and leave it to the process that does."""
        opened, self._opened = self._opened, None
        if opened is not None:
            os.close(opened)


_held: weakref.WeakSet[HeldLock] = weakref.WeakSet()
"""The locks that this process holds, or held."""
_opening = threading.RLock()
"""Held while a file is opened and until `_held` knows it. Nobody forks meanwhile: the child would
hold what it does not know of."""


def _leave_locks() -> None:
    for lock in tuple(_held):
        lock.leave()
    _opening.release()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(
        before=_opening.acquire,
        after_in_parent=_opening.release,
        after_in_child=_leave_locks,
    )


class _WindowsLock:
    """As `HeldLock`, where a lock is no file's but a range of its bytes."""

    def __init__(self, path: Path) -> None:
        self._lock: Any = None
        if sys.platform == "win32":  # nothing else needs filelock
            from filelock import FileLock

            self._lock = FileLock(path, thread_local=False, fallback_to_soft=False)
            self._lock.acquire(blocking=False)

    def let_go(self) -> None:
        """Release it; its file stays, where it is open elsewhere, for the next opening to sweep."""
        with suppress(OSError):
            Path(self._lock.lock_file).unlink()
        self._lock.release()


AnyLock = HeldLock | _WindowsLock


def try_lock(path: str | Path, folder: int | None = None) -> AnyLock | None:
    """The lock that is the file `path`, in the opened folder `folder` where there is one; None
    where somebody holds it, in this process or another.

    Raises OSError where the folder is not there or keeps no locks, or where a link has the name.
    """
    if sys.platform == "win32":
        from filelock import Timeout

        with suppress(Timeout):
            return _WindowsLock(Path(path))
        return None
    while True:
        with _opening:
            opened = os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o600, dir_fd=folder)
            lock = HeldLock(path, folder, opened)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.leave()
            if error.errno in (errno.EACCES, errno.EAGAIN):
                return None
            raise
        with suppress(FileNotFoundError):  # who held it has removed it meanwhile
            there = os.stat(path, dir_fd=folder, follow_symlinks=False)
            if os.path.samestat(there, os.fstat(opened)):
                return lock
        lock.leave()


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
        lock.let_go()


class KeyLock:
    """The right to make the asset whose lock file is `path`, for one task of one process; with
    None there is nothing to share, and it is always free.

    Both methods block, and may be called from several threads.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._held: AnyLock | None = None
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
                held.let_go()


def is_locked(path: Path) -> bool:
    """Whether somebody holds the lock at `path` now."""
    if not path.exists():
        return False
    with suppress(OSError):
        if (lock := try_lock(path)) is not None:
            lock.let_go()
            return False
    return True


def sweep_key_locks(folder: Path) -> None:
    """Remove the lock files that makers left who died."""
    for path in folder.glob("*.lock"):
        if _KEY_LOCK.fullmatch(path.name) and (lock := try_lock(path)) is not None:
            lock.let_go()


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
            self._lock.let_go()


def sweep_processes(processes: Path) -> set[str]:
    """Remove what dead processes left. Gives the names of those that live."""
    names = {path.stem if path.suffix == ".lock" else path.name for path in processes.iterdir()}
    return {n for n in sorted(names) if _NAME.fullmatch(n) and not _swept(processes, n)}


def _swept(processes: Path, name: str) -> bool:
    """Whether a process is dead; what it left is removed now."""
    path, folder = processes / f"{name}.lock", processes / name
    # The lock of another machine may not be seen from here, and one whose file somebody
    # removed tells nothing: they count as living until a day has passed without a change.
    telling = path.exists() and name.partition(".")[0] == _host()
    if not telling and time.time() - _changed(path, folder) < DAY:
        return False
    lock = try_lock(path)
    if lock is None:
        return False
    shutil.rmtree(folder, ignore_errors=True)
    lock.let_go()
    return True


def _changed(*paths: Path) -> float:
    """When one of the paths changed last, in seconds since 1970; 0 where none is there."""
    latest = 0.0
    for path in paths:
        with suppress(OSError):
            latest = max(latest, path.stat().st_mtime)
    return latest


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", platform.node())[:60] or "host"
