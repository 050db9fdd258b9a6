"""Who is making what: a right for each key, held by one task of one process at a time.

One byte of one file stands for each key, and the kernel keeps the locks on those bytes. It drops
them when their process dies, and no file comes or goes for a key, which costs a busy disk more
than the work it guards. Where the system has no such locks, each key has a file of its own.
"""

from __future__ import annotations

import errno
import os
import re
import struct
import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from filelock import FileLock

from .locks import let_go, try_lock

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
