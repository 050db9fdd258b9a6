"""Locks between processes. The kernel holds them, and drops them when their process dies."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import StoreError

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
