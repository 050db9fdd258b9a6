"""Locks between processes. The kernel holds them, and drops them when their process dies."""

from __future__ import annotations

import errno
import itertools
import os
import platform
import re
import shutil
import struct
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from ..core.errors import StoreError

PATIENCE = 60.0
"""Seconds to wait for a lock that is only ever held for moments."""


def try_lock(path: Path) -> FileLock | None:
    """The lock at `path`, or None where somebody holds it, in this process or another.

    Raises OSError where the folder is not there or keeps no locks.
    """
    # A soft lock would outlive a killed process, so none is taken in its place.
    lock = FileLock(path, thread_local=False, fallback_to_soft=False)
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


# Who is making what: a right for each key, held by one task of one process at a time.
#
# One byte of one file stands for each key, and the kernel keeps the locks on those bytes. It drops
# them when their process dies, and no file comes or goes for a key, which costs a busy disk more
# than the work it guards. Where the system has no such locks, each key has a file of its own.


BOARD = "all.lock"
"""The file whose bytes stand for keys; it is empty, since a lock needs no byte to be there."""
_FLIGHT = re.compile(r"[0-9a-f]{64}\.lock")
_BUSY = (errno.EAGAIN, errno.EACCES)
_OPEN = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
_NOT_HERE = (errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
"""What a disk says that keeps no locks of bytes."""


class Flights:
    """The flights in `folder`, seen by all who opened the store. From any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._guard = threading.Lock()
        self._files: dict[str, FileLock | None] = {}
        self._of_bytes = _OF_BYTES
        self._board: int | None = None
        _all.add(self)

    def begin(self, key: str) -> Callable[[], None] | None:
        """The right to make the asset `key`, as a function that gives it back; None where
        somebody has it. Raises OSError where the folder keeps no locks.
        """
        with self._guard:
            if key in self._files:
                return None
            file: FileLock | None = None
            if self._of_bytes:
                try:
                    if not _lock_byte(self._opened(), key, _SET, _WRITE):
                        return None
                except OSError as error:
                    if error.errno not in _NOT_HERE:
                        raise
                    self._of_bytes = False
            if not self._of_bytes:
                self.folder.mkdir(exist_ok=True)
                if (file := try_lock(self._file(key))) is None:
                    return None
            self._files[key] = file
        return partial(self._end, key)

    def _end(self, key: str) -> None:
        with self._guard:
            file = self._files.pop(key, None)
            if file is not None:
                let_go(file)
            elif self._board is not None:
                with suppress(OSError):  # it went with the board
                    _lock_byte(self._board, key, _SET, _FREE)

    def under_way(self, key: str) -> bool:
        """Whether somebody has the right to make the asset `key` now."""
        with self._guard:
            if key in self._files or self._file(key).exists():
                return True
            return self._of_bytes and not _lock_byte(self._opened(), key, _ASK, _WRITE)

    def sweep(self) -> None:
        """Remove the lock files that makers left who died."""
        for path in self.folder.glob("*.lock"):
            if _FLIGHT.fullmatch(path.name) and (lock := try_lock(path)) is not None:
                let_go(lock)

    def close(self) -> None:
        """Give back everything."""
        with self._guard:
            if self._board is not None:
                os.close(self._board)
                self._board = None

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}.lock"

    def _opened(self) -> int:
        """The board, opened; anew where somebody has removed its file."""
        path = self.folder / BOARD
        with suppress(FileNotFoundError):
            found = path.stat()
            if self._board is not None and os.path.samestat(found, os.fstat(self._board)):
                return self._board
        if self._board is not None:
            os.close(self._board)
            self._board = None
        try:
            self._board = os.open(path, _OPEN, 0o666)
        except FileNotFoundError:
            self.folder.mkdir(exist_ok=True)
            self._board = os.open(path, _OPEN, 0o666)
        return self._board


_all: weakref.WeakSet[Flights] = weakref.WeakSet()


def _forget() -> None:
    """In a forked child: what it inherited would outlive the parent whose rights these are."""
    for flights in tuple(_all):
        flights._guard = threading.Lock()
        flights.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


if sys.platform == "linux" and sys.maxsize > 2**32:
    import fcntl

    _OF_BYTES = True
    _SET, _ASK = fcntl.F_OFD_SETLK, fcntl.F_OFD_GETLK
    _WRITE, _FREE = fcntl.F_WRLCK, fcntl.F_UNLCK

    def _lock_byte(board: int, key: str, order: int, kind: int) -> bool:
        """Lock or free the byte of a key; False where somebody else has it."""
        # struct flock of <linux/fcntl.h>: type, whence, start, length, process
        asked = struct.pack("hhqqi4x", kind, os.SEEK_SET, int(key[:15], 16), 1, 0)
        try:
            answer = fcntl.fcntl(board, order, asked)
        except OSError as error:
            if order == _SET and error.errno in _BUSY:
                return False
            raise
        return order == _SET or bool(struct.unpack_from("h", answer)[0] == _FREE)

else:
    _OF_BYTES = False
    _SET, _ASK, _WRITE, _FREE = 0, 1, 2, 3

    def _lock_byte(board: int, key: str, order: int, kind: int) -> bool:
        raise OSError("no locks of bytes here")


# Who is using the store: one lock and one folder for temporary files for each who opened it.
#
#     processes/<host>.<pid>.<start>.lock    held for as long as the process lives
#     processes/<host>.<pid>.<start>/        its temporary files
#
# A process that was killed cannot tidy up, but the kernel drops its lock. So the lock, and not
# the number of the process, which may belong to somebody else by now, says whether it lives.


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
