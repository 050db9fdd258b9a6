"""How long a batch takes, against list scheduling of the same pieces, and against the bound.

    python tests/bench/makespan.py [--latency 6] [--motion still]

Eight lessons of 10, 12, 16, 9, 11, 8, 9 and 14 sections are made with simulated providers, whose
calls take `latency` seconds give or take 60 %, and with real clips of 1280x720 and 25 s. Then
each piece's own time, as it was measured in the run, goes into a greedy list scheduling: two
lessons at once, four sections of each in their order, clips and joins on the cores, and a lesson
follows when one is over. Prints both, and what the report says of the bound; ends with 1 where
the batch took more than 5 % longer than the list.
"""

from __future__ import annotations

import argparse
import heapq
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from stand_ins import written

SECTIONS = (10, 12, 16, 9, 11, 8, 9, 14)
VIDEOS, WIDE = 2, 4
MOST = 1.05

Pieces = Mapping[tuple[int, int | None, str], float]


class Cores:
    """So many cores; work goes to the first that is free."""

    def __init__(self, count: int) -> None:
        self._free = [0.0] * count

    def work(self, ready: float, seconds: float) -> float:
        """When a piece is done that is ready at a time and takes so long."""
        start = max(ready, heapq.heappop(self._free))
        heapq.heappush(self._free, start + seconds)
        return start + seconds


def listed(pieces: Pieces, cores: int) -> float:
    """The makespan of greedy list scheduling."""
    workers, machine, last = [0.0] * VIDEOS, Cores(cores), 0.0
    for lesson, sections in enumerate(SECTIONS):
        slots = [heapq.heappop(workers)] * WIDE
        ready = []
        for section in range(sections):
            calls = max(pieces[lesson, section, "image"], pieces[lesson, section, "audio"])
            over = heapq.heappop(slots) + calls
            heapq.heappush(slots, over)
            ready.append((over, pieces[lesson, section, "clip"]))
        clips = [machine.work(at, clip) for at, clip in sorted(ready)]
        done = machine.work(max(clips), pieces[lesson, None, "join"])
        heapq.heappush(workers, done)
        last = max(last, done)
    return last


def main() -> int:
    """Make the batch, schedule its pieces, compare."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=6.0)
    parser.add_argument("--motion", default="still")
    parser.add_argument("--seconds", type=float, default=25.0)
    given = parser.parse_args()

    from vidkit import process_all_videos
    from vidkit.core.system import usable_cores
    from vidkit.events import Event, WorkEnded

    pieces: dict[tuple[int, int | None, str], float] = defaultdict(float)

    def watch(event: Event) -> None:
        if isinstance(event, WorkEnded):
            pieces[event.lesson, event.section, event.step] += event.seconds

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        os.environ["VIDKIT_CACHE"] = str(folder / "store")
        for number, sections in enumerate(SECTIONS):
            written(folder, str(number), sections)
        report = process_all_videos(
            folder,
            VIDEOS,
            section_workers=WIDE,
            images=f"simulated:latency={given.latency},spread=0.6,seed=1",
            voice=f"simulated:latency={given.latency / 2},spread=0.6,seed=2,"
            f"seconds={given.seconds}",
            motion=given.motion,
            listener=watch,
            progress=False,
        )
    assert report.made, report
    best = listed(pieces, usable_cores())
    share = report.seconds / best
    print(f"batch {report.seconds:.1f} s, list scheduling {best:.1f} s: {share:.3f}")
    print(f"bound {report.least:.1f} s ({report.limit})")
    print(report)
    return 0 if share <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
