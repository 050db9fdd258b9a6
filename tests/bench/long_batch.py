"""A long batch, measured: memory, processor time for each section, and what a bar costs.

    python tests/bench/long_batch.py [--lessons 1000] [--sections 12] [--profile FILE]

Lessons of simulated pictures and narrations, with clips of a few frames, are made with a store
of their own in a temporary folder. Prints

- memory held after lesson 50 and after the last, and how much more that is;
- processor time for each section, without what the simulated providers and the encodes took:
  pipeline, gate and store;
- how long a listener that counts as a bar does holds up the loop.

Ends with 1 where memory grew by more than 10 % or a section took more than 5 ms.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

EARLY = 50
MORE = 1.10
MOST_SECONDS = 0.005


class Set:
    """Processor seconds that were spent in functions that are not looked at here."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.calls = 0
        self._lock = threading.Lock()

    def aside(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            began = time.thread_time()
            try:
                return call(*args, **kwargs)
            finally:
                with self._lock:
                    self.seconds += time.thread_time() - began
                    self.calls += 1

        return timed


def memory() -> int:
    """Bytes this process holds in memory."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def main() -> int:
    """Make the batch and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lessons", type=int, default=1000)
    parser.add_argument("--sections", type=int, default=12)
    parser.add_argument("--videos", type=int, default=4)
    parser.add_argument("--workers", type=int, default=6)
    parser.add_argument("--profile", type=Path, help="write a cProfile of all threads there")
    given = parser.parse_args()

    from vidkit import order, process_all_videos
    from vidkit.events import Event, LessonEnded
    from vidkit.providers import simulated

    others = Set()
    editor = order.real_editor()
    order.real_editor = lambda: type(editor)(  # type: ignore[assignment]
        **{name: others.aside(call) for name, call in vars(editor).items()}
    )
    simulated._card = others.aside(simulated._card)  # type: ignore[assignment]
    simulated._murmur = others.aside(simulated._murmur)  # type: ignore[assignment]

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        os.environ["VIDKIT_CACHE"] = str(folder / "store")
        (folder / "lessons").mkdir()
        for number in range(given.lessons):
            sections = [
                {"image_description": f"picture {number}.{i}", "content": f"words {number}.{i}"}
                for i in range(given.sections)
            ]
            path = folder / f"lessons/{number}.json"
            path.write_text(json.dumps({"sections": sections}))
        how: dict[str, Any] = {
            "images": "simulated:0",
            "voice": "simulated:latency=0,seconds=0.1",
            "section_workers": given.workers,
            "size": (64, 36),
            "gap": 0,
            "progress": False,
        }
        process_all_videos([folder / "lessons/0.json"], output_dir=folder / "warm", **how)
        others.seconds = 0.0
        held: dict[int, int] = {}
        spent: dict[int, tuple[float, float]] = {}
        over = 0

        def watch(event: Event) -> None:
            nonlocal over
            if isinstance(event, LessonEnded):
                over += 1
                if over in (EARLY, given.lessons) or over % 100 == 0:
                    held[over] = memory()
                    spent[over] = (time.process_time(), others.seconds)
                    print(f"  {over} lessons: {held[over] / 1e6:.1f} MB", flush=True)

        began, cpu = time.perf_counter(), time.process_time()
        report = process_all_videos(
            folder / "lessons",
            given.videos,
            listener=watch,
            **how,
        )
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
    assert report.made, report
    count = given.lessons * given.sections
    each = (cpu - others.seconds) / count
    print(f"{count} sections in {took:.1f} s, {cpu / count * 1000:.2f} ms of processor each")
    print(f"  of that {others.seconds / count * 1000:.2f} ms in providers and encodes")
    print(f"  pipeline, gate and store: {each * 1000:.2f} ms")
    growth = held.get(given.lessons, 0) / held.get(EARLY, held.get(given.lessons, 1))
    print(f"memory after the last, by that after lesson {EARLY}: {growth:.3f}")
    good = each <= MOST_SECONDS and growth <= MORE
    print("held" if good else "NOT HELD")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
