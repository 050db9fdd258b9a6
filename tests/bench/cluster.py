"""How much sooner a batch is made on more workers: 40 lessons, calls of 2 seconds, pretended media.

    python tests/bench/cluster.py FOLDER [WORKERS …]

FOLDER gets the lessons, their outputs and a store. The workers are processes of this machine that
wait for most of the time; they are warm: each has made a lesson before. Cores, store, journal,
events and files are the real ones.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent.parent
sys.path.insert(0, str(TESTS))

LESSONS, SECTIONS, LATENCY = 40, 4, 2.0


def pretend() -> None:
    """On a worker: cut no clips, leave empty files."""
    from stand_ins import NoMedia

    from vidkit import media

    for name in ("check_picture", "check_sound", "make_clip", "join_clips", "poster"):
        setattr(media, name, getattr(NoMedia(), name))
    media.contact_sheet = NoMedia().contact_sheet  # type: ignore[assignment]


def measure(folder: Path, workers: int) -> float:
    """Seconds for the batch on so many warm workers."""
    from distributed import Client, LocalCluster
    from stand_ins import written

    import vidkit

    shutil.rmtree(folder, ignore_errors=True)
    os.environ["VIDKIT_CACHE"] = str(folder / "store")
    for number in range(LESSONS):
        written(folder / "lessons", f"lesson{number}", SECTIONS)
    for number in range(4 * workers):
        written(folder / "warm", f"warm{number}", 1)
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        client.run(pretend)

        def make(lessons: Path, latency: float) -> Any:
            provider = f"simulated:latency={latency},seconds=0.2"
            how = {"images": provider, "voice": provider, "size": (64, 36), "progress": False}
            return vidkit.process_all_videos(lessons, client=client, **how)

        make(folder / "warm", 0.2)
        began = time.perf_counter()
        report = make(folder / "lessons", LATENCY)
        took = time.perf_counter() - began
        assert report.made, report
        return took


def main() -> None:
    folder, *given = sys.argv[1:]
    numbers = [int(each) for each in given] or [1, 2, 4]
    rounds = -(-LESSONS // 2)
    print(f"{LESSONS} lessons of {SECTIONS} sections, calls of {LATENCY:.0f} s, 2 lessons a worker")
    print("workers  seconds  speed-up  over the calls alone")
    first = 0.0
    for workers in numbers:
        took = measure(Path(folder) / str(workers), workers)
        first = first or took * workers
        alone = -(-rounds // workers) * LATENCY
        print(f"{workers:7}  {took:7.1f}  {first / took:8.2f}  {took / alone:19.2f}", flush=True)


if __name__ == "__main__":
    main()
