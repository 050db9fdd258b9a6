"""Root without its right to pass over permissions, so that tests of them mean something to it."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

_VERSION_3 = 0x20080522
_PASS_OVER = 1 << 1 | 1 << 2
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH of <linux/capability.h>."""


@contextmanager
def bound_by_permissions() -> Iterator[None]:
    """This thread, and those that it starts meanwhile, may do what permissions say and no more."""
    if os.geteuid() != 0:
        yield
        return
    if sys.platform != "linux":
        pytest.skip("root may write anywhere, and gives that up on Linux only")
    had = _capabilities()
    less = (ctypes.c_uint32 * 6)(*had)
    less[0] &= ~_PASS_OVER
    _have(less)
    try:
        yield
    finally:
        _have(had)


def _capabilities() -> ctypes.Array[ctypes.c_uint32]:
    """Of this thread: effective, permitted, inheritable, and the upper halves of the same."""
    found = (ctypes.c_uint32 * 6)()
    _told(ctypes.CDLL(None, use_errno=True).capget(_header(), found))
    return found


def _have(capabilities: ctypes.Array[ctypes.c_uint32]) -> None:
    _told(ctypes.CDLL(None, use_errno=True).capset(_header(), capabilities))


def _header() -> ctypes.Array[ctypes.c_uint32]:
    return (ctypes.c_uint32 * 2)(_VERSION_3, 0)


def _told(failed: int) -> None:
    if failed:
        raise OSError(ctypes.get_errno(), "capabilities")
