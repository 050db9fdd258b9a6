"""Files that are whole or not there: writing them through to the disk, digests and copies."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

FICLONE = 0x40049409
"""The request "let this file share the blocks of that one", from Linux's <linux/fs.h>."""

CHUNK = 1 << 20
"""Bytes that are copied at a time."""


def digest(path: Path) -> str:
    """SHA-256 of a file's content, as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(path: Path, data: bytes) -> None:
    """Write a new file through to the disk."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def flush(path: Path) -> None:
    """Have the system put a file's content, or the names in a folder, on the disk."""
    if path.is_dir():
        with suppress(OSError):  # Windows, and some network disks, flush no folders
            _flush(os.open(path, os.O_RDONLY))
    else:
        _flush(os.open(path, os.O_RDWR))


def _flush(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def copy(source: Path, target: Path) -> None:
    """Make `target` a file of its own with the content of `source`.

    Where the disk can (btrfs, XFS, …) the two share their blocks until one of them is
    written to, which costs neither time nor room. What fails leaves no `target`, and raises
    OSError.
    """
    try:
        with source.open("rb") as whence, target.open("wb") as whither:
            if not _clone(whence.fileno(), whither.fileno()):
                shutil.copyfileobj(whence, whither, CHUNK)
    except OSError:
        with suppress(OSError):
            target.unlink()
        raise


if sys.platform == "linux":
    import fcntl

    def _clone(whence: int, whither: int) -> bool:
        try:
            fcntl.ioctl(whither, FICLONE, whence)
        except OSError:
            return False
        return True

else:

    def _clone(whence: int, whither: int) -> bool:
        return False
