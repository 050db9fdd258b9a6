"""What the machine lends: affinity, and the quota of a container."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vidkit.machine import usable_cores


@pytest.fixture
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)


@pytest.mark.usefixtures("eight_cores")
@pytest.mark.parametrize(
    ("quota", "cores"),
    [("200000 100000", 2), ("150000 100000", 1), ("50000 100000", 1), ("max 100000", 8)],
)
def test_a_containers_quota_is_believed(tmp_path: Path, quota: str, cores: int) -> None:
    """A cgroup of so much processor time counts as so many whole cores, never less than one."""
    (tmp_path / "cpu.max").write_text(quota + "\n")
    assert usable_cores(tmp_path) == cores


@pytest.mark.usefixtures("eight_cores")
def test_the_older_kind_of_cgroup_is_believed_too(tmp_path: Path) -> None:
    """cgroup v1 says the same in two files."""
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text("300000\n")
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000\n")
    assert usable_cores(tmp_path) == 3


@pytest.mark.usefixtures("eight_cores")
def test_without_a_quota_the_affinity_counts(tmp_path: Path) -> None:
    """No cgroup, no limit beyond the cores the process may run on."""
    assert usable_cores(tmp_path) == 8
