"""What this machine really lends to the process: containers report the host's cores and memory.

A container, a batch system or a service manager puts the process into a control group (cgroup)
and the group into others; each may have a limit, and the least of them counts. Both kinds are
read: version 2 has one tree, version 1 a tree for each of processor and memory.
"""

from __future__ import annotations

import ctypes
import math
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

CGROUP = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")

ENDLESS = 1 << 60
"""Bytes that no machine has: version 1 writes a number beyond this for "no limit"."""


def usable_cores() -> int:
    """Processor cores this process may keep busy: its affinity, or its container's quota
    where that is less; at least 1.
    """
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS or Windows
        cores = os.cpu_count() or 1
    quotas = [quota for level in _levels("cpu") if (quota := _quota(level))]
    return max(1, math.floor(min([cores, *quotas])))


def usable_memory() -> int:
    """Bytes of memory this process may hold: its container's limit, or else the machine's."""
    limits = [limit for limit, _ in _memory()]
    return min([*limits, psutil.virtual_memory().total])


def memory_left() -> int:
    """Bytes of memory that nobody in the container, or on the machine, holds; what the system
    would drop at once, such as the copies of files, counts as free.
    """
    left = [limit - used for limit, used in _memory()]
    return max(0, min([*left, psutil.virtual_memory().available]))


def in_forked_child(forget: Callable[[], None]) -> Callable[[], None]:
    """Have a function called in every child that is forked: what the parent holds is the parent's,
    and nobody would ever open a lock that was held. A decorator.
    """
    if hasattr(os, "register_at_fork"):  # not on Windows
        os.register_at_fork(after_in_child=forget)
    return forget


def hand_back_memory() -> None:
    """Give the system what this process has freed. Its allocator keeps that for each thread that
    ever worked, which grows for hours and looks like memory held (glibc's `malloc_trim`; others
    need no such call). Takes some milliseconds, without the GIL.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _levels(kind: str) -> Iterator[Path]:
    """The folders of the groups that the process is in, for "cpu" or "memory": its own, those
    around it, and the outermost, which is a container's own.
    """
    try:
        lines = OWN.read_text("utf-8").splitlines()
    except OSError:
        lines = []
    for line in ["0::/", f"1:{kind}:/", *lines]:
        _, _, rest = line.partition(":")
        kinds, _, path = rest.partition(":")
        if kinds and kind not in kinds.split(","):
            continue
        root = CGROUP / kind if kinds else CGROUP
        inner = Path(path.lstrip("/"))
        for each in (inner, *inner.parents):
            if (root / each).is_dir():
                yield root / each


def _quota(level: Path) -> float | None:
    """Cores granted by a group (`cpu.max`, or `cpu.cfs_quota_us`), None without a limit."""
    try:
        quota, period = (level / "cpu.max").read_text("utf-8").split()
    except (OSError, ValueError):
        try:
            quota = (level / "cpu.cfs_quota_us").read_text("utf-8").strip()
            period = (level / "cpu.cfs_period_us").read_text("utf-8").strip()
        except OSError:
            return None
    if not quota.isdigit() or not period.isdigit() or int(period) == 0:
        return None
    return int(quota) / int(period)


def _memory() -> Iterator[tuple[int, int]]:
    """The limit of each group that has one, and what cannot be dropped of what it holds."""
    for level in _levels("memory"):
        for limit, used, files in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            most = _number(level / limit)
            if most is not None and most < ENDLESS:
                held = _number(level / used) or 0
                yield most, max(0, held - _field(level / "memory.stat", files))


def _number(path: Path) -> int | None:
    try:
        text = path.read_text("utf-8").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _field(path: Path, name: str) -> int:
    """A number of a file with a name and a number on each line; 0 where it is not there."""
    with suppress(OSError):
        for line in path.read_text("utf-8").splitlines():
            first, _, number = line.partition(" ")
            if first == name and number.isdigit():
                return int(number)
    return 0


DISTRIBUTION = "vidkit-lessons"
"""What this package is called where packages are installed from: there, `vidkit` is another's."""


@cache
def vidkit_version() -> str:
    """The installed version; "unknown" where the package runs without being installed."""
    for name in (DISTRIBUTION, "vidkit"):  # the second is that of installations before the name
        with suppress(PackageNotFoundError):
            return version(name)
    return "unknown"
