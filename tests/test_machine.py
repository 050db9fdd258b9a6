"""What the machine lends: affinity, and the limits of a container."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TypeVar
from unittest.mock import patch

import psutil
import pytest

from vidkit.core import system
from vidkit.core.system import memory_left, usable_cores, usable_memory

GB = 1 << 30


@pytest.fixture
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """What a process in a container reads: its group seems to be the outermost."""
    (tmp_path / "own").write_text("0::/\n")
    return tmp_path / "own"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of 64 GiB, of which half is free."""
    memory = SimpleNamespace(total=64 * GB, available=32 * GB)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)


T = TypeVar("T")


def within(look: Callable[[], T], groups: Path, own: Path) -> T:
    """What `look` gives in a process whose control groups these folders and this file show."""
    with patch.multiple(system, CGROUP=groups, OWN=own):
        return look()


def write(folder: Path, **files: str | int) -> Path:
    """The files of a group; a double underscore in a name stands for a point."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(f"{text}\n")
    return folder


@pytest.mark.usefixtures("eight_cores")
@pytest.mark.parametrize(
    ("quota", "cores"),
    [("200000 100000", 2), ("150000 100000", 1), ("50000 100000", 1), ("max 100000", 8)],
)
def test_a_containers_quota_is_believed(tmp_path: Path, own: Path, quota: str, cores: int) -> None:
    """A cgroup of so much processor time counts as so many whole cores, never less than one."""
    assert within(usable_cores, write(tmp_path / "groups", cpu__max=quota), own) == cores


@pytest.mark.usefixtures("eight_cores")
def test_the_older_kind_of_cgroup_is_believed_too(tmp_path: Path, own: Path) -> None:
    """cgroup v1 says the same in two files."""
    group = tmp_path / "groups/cpu"
    write(group, cpu__cfs_quota_us=300000, cpu__cfs_period_us=100000)
    assert within(usable_cores, tmp_path / "groups", own) == 3


@pytest.mark.usefixtures("eight_cores")
def test_the_least_quota_around_the_process_counts(tmp_path: Path) -> None:
    """A group within groups has no more than each of them grants."""
    own = tmp_path / "own"
    own.write_text("4:memory:/\n2:cpu,cpuacct:/user/alice/job\n0::/slice/session\n")
    groups = tmp_path / "groups"
    write(groups / "slice", cpu__max="400000 100000")
    write(groups / "slice/session", cpu__max="max 100000")
    assert within(usable_cores, groups, own) == 4
    write(groups / "cpu/user", cpu__cfs_quota_us=250000, cpu__cfs_period_us=100000)
    write(groups / "cpu/user/alice/job", cpu__cfs_quota_us=-1, cpu__cfs_period_us=100000)
    assert within(usable_cores, groups, own) == 2


@pytest.mark.usefixtures("eight_cores")
def test_without_a_quota_the_affinity_counts(tmp_path: Path) -> None:
    """No cgroup, no limit beyond the cores the process may run on."""
    assert within(usable_cores, tmp_path, tmp_path / "none") == 8


def test_a_containers_memory_is_believed(tmp_path: Path, own: Path, machine: None) -> None:
    """The limit of the container counts, and what it holds but cannot drop is not left."""
    group = write(tmp_path / "groups", memory__max=GB, memory__current=GB * 3 // 4)
    (group / "memory.stat").write_text(f"anon 5\ninactive_file {GB // 2}\n")
    assert within(usable_memory, group, own) == GB
    assert within(memory_left, group, own) == GB * 3 // 4


def test_the_older_kind_of_memory_limit_is_believed_too(tmp_path: Path, machine: None) -> None:
    """cgroup v1 has other names, and a number beyond all machines for "no limit"."""
    own = tmp_path / "own"
    own.write_text("4:memory:/jobs/7\n")
    groups = tmp_path / "groups"
    write(groups / "memory/jobs", memory__limit_in_bytes=9223372036854771712)
    group = groups / "memory/jobs/7"
    write(group, memory__limit_in_bytes=2 * GB, memory__usage_in_bytes=GB)
    (group / "memory.stat").write_text("total_inactive_file 0\n")
    assert within(usable_memory, groups, own) == 2 * GB
    assert within(memory_left, groups, own) == GB


def test_without_a_limit_the_machines_memory_counts(tmp_path: Path, machine: None) -> None:
    """What is there, and what the system says is free."""
    assert within(usable_memory, tmp_path, tmp_path / "none") == 64 * GB
    assert within(memory_left, tmp_path, tmp_path / "none") == 32 * GB


def test_this_machine_has_something_to_lend() -> None:
    """The real files can be read: at least a core and some memory."""
    assert usable_cores() >= 1
    assert 0 < memory_left() <= usable_memory()


HOARD = """
import threading
from vidkit.core.system import hand_back_memory

def held():
    fields = open("/proc/self/status").read().split("VmRSS:")[1]
    return int(fields.split()[0]) / 1000

def work():
    freed, kept = [], []
    for number in range(100_000):
        (freed if number % 100 else kept).append(bytes(1000))
    left.append(kept)

left = []
workers = [threading.Thread(target=work) for _ in range(2)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
before = held()
hand_back_memory()
print(before - held())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators give it back")
def test_what_threads_have_freed_is_handed_back() -> None:
    """200 MB that threads freed around what they kept are not held for ever."""
    done = subprocess.run([sys.executable, "-c", HOARD], capture_output=True, check=True)
    assert float(done.stdout) > 100
