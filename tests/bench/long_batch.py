"""A long batch, measured: memory, processor time for each section, and what a bar costs.

    python tests/bench/long_batch.py [--lessons 1000] [--sections 12]

Lessons of simulated pictures and narrations, with clips of a few frames, are made with a store
of their own in a temporary folder. Prints

- memory held after lesson 50 and after the last, when what was freed is handed back as the run
  itself does about once a second, and how much more that is; and the most that was ever held;
- processor time for each section, without what the simulated providers and the encodes took:
  pipeline, gate and store;
- how much longer batches of 40 take, in processor time and by the clock, with real bars on a
  terminal than without, in turn, the median of seven pairs.

Much of the processor time is what the disk takes to make sure of each file: in a folder in memory
(TMPDIR=/dev/shm) it is vidkit's own. Ends with 1 where memory grew by more than 10 %, a section
took more than 5 ms, or bars took more than 5 % of processor time.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from stand_ins import written

EARLY = 50
MORE = 1.10
MOST_SECONDS = 0.005
PAIRS, FEW = 7, 40
MOST_FOR_BARS = 1.05


class Set:
    """Processor seconds that were spent in functions that are not looked at here."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lock = threading.Lock()

    def aside(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            began = time.thread_time()
            try:
                return call(*args, **kwargs)
            finally:
                with self._lock:
                    self.seconds += time.thread_time() - began

        return timed


def memory() -> int:
    """Bytes this process holds in memory."""
    from vidkit.core.system import hand_back_memory

    hand_back_memory()
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def most_memory() -> int:
    """The most bytes that this process ever held in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def filled(folder: Path, lessons: int, sections: int) -> Path:
    """A folder of lessons, each with its own texts."""
    for number in range(lessons):
        written(folder, f"{folder.name} {number}", sections)
    return folder


@contextmanager
def a_terminal() -> Iterator[None]:
    """Standard error is a terminal, whose output nobody keeps."""
    ours, theirs = os.openpty()

    def read() -> None:
        try:
            while os.read(ours, 65536):
                pass
        except OSError:  # closed at the other end
            pass

    reader = threading.Thread(target=read)
    reader.start()
    before = sys.stderr
    with os.fdopen(theirs, "w") as sys.stderr:
        try:
            yield
        finally:
            shown, sys.stderr = sys.stderr, before
            shown.flush()
    reader.join()
    os.close(ours)


def long_batch(folder: Path, given: argparse.Namespace, others: Set, **how: Any) -> bool:
    """Make the batch and print its figures; True where they are good."""
    from vidkit import process_all_videos
    from vidkit.events import Event, LessonEnded

    lessons = filled(folder / "long", given.lessons, given.sections)
    held: dict[int, int] = {}
    over = 0

    def watch(event: Event) -> None:
        nonlocal over
        if isinstance(event, LessonEnded):
            over += 1
            if over in (EARLY, given.lessons) or over % 100 == 0:
                most, held[over] = most_memory(), memory()
                told = f"{held[over] / 1e6:.1f} MB, {most / 1e6:.1f} MB at most"
                print(f"  {over} lessons: {told}", flush=True)

    others.seconds = 0.0
    began, cpu = time.perf_counter(), time.process_time()
    report = process_all_videos(lessons, given.videos, listener=watch, progress=False, **how)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    assert report.made, report
    count = given.lessons * given.sections
    each = (cpu - others.seconds) / count
    print(f"{count} sections in {took:.1f} s, {cpu / count * 1000:.2f} ms of processor each")
    print(f"  of that {others.seconds / count * 1000:.2f} ms in providers and encodes")
    print(f"  pipeline, gate and store: {each * 1000:.2f} ms")
    growth = held[given.lessons] / held[min(EARLY, given.lessons)]
    print(f"memory after the last, by that after lesson {EARLY}: {growth:.3f}")
    return each <= MOST_SECONDS and growth <= MORE


def bars(folder: Path, given: argparse.Namespace, **how: Any) -> bool:
    """Make small batches with bars and without; True where the bars cost little."""
    from vidkit import process_all_videos

    spent, took = [], []
    with a_terminal():
        for pair in range(PAIRS):
            figures = []
            for shown in (True, False) if pair % 2 else (False, True):
                name = f"{pair} {'with' if shown else 'without'} bars"
                lessons = filled(folder / name, FEW, given.sections)
                began, cpu = time.perf_counter(), time.process_time()
                process_all_videos(lessons, given.videos, progress=shown, **how)
                figures.append((shown, time.process_time() - cpu, time.perf_counter() - began))
            without, with_bars = sorted(figures)
            spent.append(with_bars[1] / without[1])
            took.append(with_bars[2] / without[2])
    more, longer = statistics.median(spent), statistics.median(took)
    print(f"with bars on a terminal: {more:.3f} times the processor time", end=" ")
    print(f"({min(spent):.3f} to {max(spent):.3f}), {longer:.3f} times as long")
    return more <= MOST_FOR_BARS


def main() -> int:
    """Make the batches and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lessons", type=int, default=1000)
    parser.add_argument("--sections", type=int, default=12)
    parser.add_argument("--videos", type=int, default=4)
    parser.add_argument("--workers", type=int, default=6)
    given = parser.parse_args()

    from vidkit import media, process_all_videos
    from vidkit.providers import simulated

    others = Set()
    for name in ("check_picture", "check_sound", "make_clip", "join_clips", "poster"):
        setattr(media, name, others.aside(getattr(media, name)))
    media.contact_sheet = others.aside(media.contact_sheet)  # type: ignore[assignment]
    simulated._card = others.aside(simulated._card)  # type: ignore[assignment]
    simulated._murmur = others.aside(simulated._murmur)  # type: ignore[assignment]

    how: dict[str, Any] = {
        "images": "simulated:0",
        "voice": "simulated:latency=0,seconds=0.1",
        "section_workers": given.workers,
        "size": (64, 36),
        "gap": 0,
    }
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        os.environ["VIDKIT_CACHE"] = str(folder / "store")
        process_all_videos(filled(folder / "warm", 1, 2), progress=False, **how)
        good = [long_batch(folder, given, others, **how), bars(folder, given, **how)]
    print("held" if all(good) else "NOT HELD")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
