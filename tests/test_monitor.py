"""What a run uses, as samples."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vidkit.events import Sampled, WorkEnded, WorkStarted
from vidkit.pipeline.scaling import TIDY_SHARE, Monitor

TICK = 2 / os.sysconf("SC_CLK_TCK")
"""Seconds by which two readings of a process's times, each in whole ticks, can be too small."""


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0
        self.worked = 7.0

    def __call__(self) -> float:
        return self.now


def watched(tmp_path: Path) -> tuple[Monitor, Clock, list[Sampled]]:
    clock = Clock()
    told: list[Sampled] = []
    monitor = Monitor(
        told.append, lambda: clock.now, tmp_path / "new", clock=clock, worked=lambda: clock.worked
    )
    return monitor, clock, told


def test_cores_are_those_kept_busy_since_the_sample_before(tmp_path: Path) -> None:
    """Three seconds of work in two seconds are one and a half cores."""
    monitor, clock, told = watched(tmp_path)
    clock.now, clock.worked = 102.0, 10.0
    monitor.look()
    clock.now, clock.worked = 103.0, 10.0
    monitor.look()
    assert [sampled.cores for sampled in told] == [1.5, 0.0]


def test_a_sample_knows_the_machine(tmp_path: Path) -> None:
    """A sample says what there is, also before the store's folder is made."""
    monitor, _, told = watched(tmp_path)
    monitor.look()
    (sampled,) = told
    assert sampled.usable_cores >= 1 and sampled.disk_free > 0
    assert sampled.memory > 1_000_000 and (
        not sampled.memory_limit or sampled.memory < sampled.memory_limit
    )


def test_a_machine_that_slept_is_no_error(tmp_path: Path) -> None:
    """Two samples in one moment, or time that stood still, give no number out of the world."""
    monitor, clock, told = watched(tmp_path)
    monitor.look()
    clock.worked = 6.0
    monitor.look()
    assert [sampled.cores for sampled in told] == [0.0, 0.0]


def test_calls_under_way_are_counted(tmp_path: Path) -> None:
    """Only requests to providers count, and each until it is over."""
    monitor, _, told = watched(tmp_path)
    for piece, step in enumerate(("image", "audio", "clip")):
        monitor.on_event(WorkStarted(0.0, 0, 0, step, "x", piece))  # type: ignore[arg-type]
    monitor.look()
    monitor.on_event(WorkEnded(0.0, 0, 0, "image", "x", 0, "failed", 1.0))
    monitor.look()
    assert [sampled.calls for sampled in told] == [2, 1]


def test_children_are_seen_while_they_live_and_counted_when_they_ended(tmp_path: Path) -> None:
    """What a child holds is memory of the run, and what it worked is work of the run."""
    burn = "import time\nuntil = time.process_time() + 0.3\nwhile time.process_time() < until: pass"
    told: list[Sampled] = []
    monitor = Monitor(told.append, lambda: 0.0, tmp_path)
    subprocess.run([sys.executable, "-c", burn], check=True)
    before = monitor._processor_seconds()
    subprocess.run([sys.executable, "-c", burn], check=True)
    assert monitor._processor_seconds() - before >= 0.3 - TICK
    monitor.look()
    hold = "import sys; x = bytes(60_000_000); print(len(x), flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        monitor.look()
        child.communicate()
    assert told[1].memory > told[0].memory + 5_000_000


def test_handing_back_memory_takes_its_share_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it takes ten milliseconds it is done every other second: half a hundredth of a core."""
    monitor, clock, _ = watched(tmp_path)
    times: list[float] = []

    def hand_back() -> None:
        times.append(clock.now)
        clock.now += 0.010

    monkeypatch.setattr("vidkit.pipeline.scaling.hand_back_memory", hand_back)
    for second in range(100):
        clock.now = 200.0 + second
        monitor._tidy_sample()
    assert len(times) == 50
    assert 0.010 * len(times) / 100 <= TIDY_SHARE
