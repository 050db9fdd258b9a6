"""A batch in a control group of its own: one core and one GiB, unless told otherwise.

    sudo python tests/bench/container.py [--cores 1] [--memory 1024] [--size 1920x1080]
        [--motion zoom] [--lessons 4] [--sections 6] [--seconds 8]

Makes lessons of simulated pictures and narrations with real clips, in a group with a quota of
processor time and a limit of memory (MiB), and prints how many clips the run encoded at once,
the most memory the group held, and how many processes were killed for it. Ends with 1 where one
was, where a section is missing, or where more clips were encoded at once than there are cores, or
room for. Needs root on Linux; knows both versions of control groups.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from stand_ins import written

ROOT = Path("/sys/fs/cgroup")
PERIOD = 100_000

SCRIPT = """
import json, sys, vidkit
from vidkit.pipeline.scaling import encode_memory
from vidkit.core.system import memory_left, usable_cores, usable_memory
from vidkit.events import WorkEnded, WorkStarted

how = json.loads(sys.argv[2])
settings = vidkit.Settings(**how)
each = encode_memory(settings)
told = dict(cores=usable_cores(), memory=usable_memory(), left=memory_left(), each=each, encodes=0)
under_way = set()

def watch(event):
    if isinstance(event, WorkStarted) and event.step == "clip":
        under_way.add(event.piece)
    elif isinstance(event, WorkEnded):
        under_way.discard(event.piece)
    told["encodes"] = max(told["encodes"], len(under_way))

how |= dict(section_workers=4, progress=False, listener=watch)
report = vidkit.process_all_videos(sys.argv[1], 2, **how)
told["made"] = sum(section.made for video in report.videos for section in video.sections)
told["peak"] = report.resources.peak_memory
print(json.dumps(told))
"""


class Group:
    """A control group with limits. Raises OSError where it may not be made."""

    def __init__(self, cores: float, memory: int) -> None:
        name = f"vidkit-{os.getpid()}"
        self.second = (ROOT / "cgroup.controllers").exists()
        if self.second:
            (ROOT / "cgroup.subtree_control").write_text("+cpu +memory")
        kinds = [""] if self.second else ["cpu", "memory"]
        self.folders = [ROOT / kind / name for kind in kinds]
        for folder in self.folders:
            folder.mkdir()
        self.cpu, self.memory = self.folders[0], self.folders[-1]
        if self.second:
            (self.cpu / "cpu.max").write_text(f"{int(cores * PERIOD)} {PERIOD}")
            (self.memory / "memory.max").write_text(str(memory))
            with suppress(OSError):  # there is no swap to forbid
                (self.memory / "memory.swap.max").write_text("0")
        else:
            (self.cpu / "cpu.cfs_period_us").write_text(str(PERIOD))
            (self.cpu / "cpu.cfs_quota_us").write_text(str(int(cores * PERIOD)))
            (self.memory / "memory.limit_in_bytes").write_text(str(memory))

    def enter(self) -> None:
        """Put this process into the group, for good."""
        for folder in self.folders:
            (folder / "cgroup.procs").write_text("0")

    @property
    def peak(self) -> int:
        """The most bytes that the group held, copies of files included."""
        name = "memory.peak" if self.second else "memory.max_usage_in_bytes"
        return int((self.memory / name).read_text())

    @property
    def killed(self) -> int:
        """Processes that were killed for want of memory."""
        name = "memory.events" if self.second else "memory.oom_control"
        lines = dict(line.split() for line in (self.memory / name).read_text().splitlines())
        return int(lines.get("oom_kill", 0))

    def remove(self) -> None:
        """Remove the group, whose processes have ended."""
        for folder in self.folders:
            folder.rmdir()


def main() -> int:
    """Make the batch in its group and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cores", type=float, default=1)
    parser.add_argument("--memory", type=int, default=1024)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--motion", default="zoom")
    parser.add_argument("--lessons", type=int, default=4)
    parser.add_argument("--sections", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=8)
    given = parser.parse_args()
    how = {
        "images": "simulated:0.1",
        "voice": f"simulated:latency=0.1,seconds={given.seconds}",
        "size": [int(pixels) for pixels in given.size.split("x")],
        "motion": given.motion,
    }
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for number in range(given.lessons):
            written(folder, str(number), given.sections)
        group = Group(given.cores, given.memory << 20)
        try:
            began = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-c", SCRIPT, str(folder), json.dumps(how)],
                env=os.environ | {"VIDKIT_CACHE": str(folder / "store"), "PYTHONPATH": sys.path[0]},
                preexec_fn=group.enter,
                stdout=subprocess.PIPE,
                text=True,
            )
            took, peak, killed = time.perf_counter() - began, group.peak, group.killed
        finally:
            group.remove()
    if done.returncode:
        print(f"ended with {done.returncode}; killed for memory: {killed}\nNOT HELD")
        return 1
    told = json.loads(done.stdout.splitlines()[-1])
    room = max(1, int(given.memory * 2**20 // told["each"]))
    print(f"the run saw {told['cores']} cores and {told['memory'] / 2**20:.0f} MiB", end=", ")
    print(f"{told['left'] / 2**20:.0f} MiB of it free; an encode of {given.size} needs", end=" ")
    print(f"{told['each'] / 2**20:.0f} MiB: {told['encodes']} at once")
    print(
        f"{told['made']} sections in {took:.1f} s; the process held {told['peak'] / 2**20:.0f} MiB"
    )
    print(f"the group {peak / 2**20:.0f} MiB, with copies of files; killed for memory: {killed}")
    good = (
        killed == 0
        and told["made"] == given.lessons * given.sections
        and told["encodes"] <= min(max(1, int(given.cores)), room)
    )
    print("held" if good else "NOT HELD")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
