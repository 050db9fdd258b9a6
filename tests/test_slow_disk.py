"""A disk that takes its time holds up nobody but those who wait for it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

import pytest
from stand_ins import written

import vidkit

CALLS = (
    "stat", "lstat", "open", "mkdir", "rename", "replace", "unlink", "listdir", "scandir", "utime",
    "fsync", "rmdir", "chmod",
)  # fmt: skip
"""What asks a disk something."""

HOW: dict[str, Any] = {"images": "simulated:0", "voice": "simulated:latency=0,seconds=0.1"}
HOW |= {"size": (64, 36), "progress": False}


@pytest.mark.parametrize("cache", [True, False])
def test_no_file_is_touched_on_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: bool
) -> None:
    """On a file system whose every answer takes a while, vidkit's loop is never held: all that
    asks the disk is asked in threads, when assets are made and when they are hits.
    """
    vidkit.start(written(tmp_path, "warm", 1), cache=cache, **HOW).result()
    lesson, held = written(tmp_path, sections=2), set[str]()

    def slow(name: str) -> Any:
        real = getattr(os, name)

        def call(*args: Any, **how: Any) -> Any:
            path = args[0] if args else ""
            if threading.current_thread().name == "vidkit" and str(tmp_path.parent) in str(path):
                frames = traceback.extract_stack()
                ours = [f"{f.name}:{f.lineno}" for f in frames if "vidkit" in f.filename]
                held.add(f"{name} {' < '.join(reversed(ours[-4:]))}")
            return real(*args, **how)

        return call

    for name in CALLS:
        monkeypatch.setattr(os, name, slow(name))
    for _ in range(2):
        assert vidkit.start(lesson, cache=cache, **HOW).result().made
        assert vidkit.start_all([lesson], cache=cache, **HOW).result().made
    assert not held, "\n".join(sorted(held))


def test_a_report_is_written_however_slow_the_disk(tmp_path: Path) -> None:
    """A program that ends while a run goes on waits until its report is written, also where the
    disk takes seconds for that.
    """
    lesson = written(tmp_path, sections=2)
    code = """
import sys, time, vidkit
from pathlib import Path
from vidkit.pipeline import output
real = output.Output.write_report
def slow(self, report):
    if report.get("state") != "under way":
        time.sleep(2.5)
    return real(self, report)
output.Output.write_report = slow
vidkit.start(sys.argv[1], images="simulated:latency=600", voice="simulated:latency=600",
             progress=False)
while not Path(sys.argv[1]).with_name("output_lesson").joinpath("report.json").exists():
    time.sleep(0.01)
"""
    subprocess.run([sys.executable, "-c", code, str(lesson)], check=True, timeout=120)
    report = (tmp_path / "output_lesson" / "report.json").read_text()
    assert "cancelled; what was finished is kept" in report
