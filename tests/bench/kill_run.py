"""Whole runs under SIGKILL: `python tests/bench/kill_run.py [--kills 25] [--seed N]`.

A lesson of 60 sections, 120 simulated paid assets, eight calls at once, is killed at random
moments and started again each time. The provider writes down every call itself, in a file that
outlives it. Then a calm run with a store of its own makes the same lesson. Prints what was
asked, paid and unconfirmed, and ends with 1 unless

- every call that the provider saw is in the journal, as paid or as unconfirmed;
- nothing was asked for twice but what was in flight at a kill;
- no asset is damaged, and no temporary file is left;
- both videos are the same, byte for byte.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from booked import counts
from stand_ins import written

PATHS = os.pathsep.join(sys.path[:2])
AT_ONCE = 8

SCRIPT = """
import sys, vidkit
from booked import Booked

how = dict(book=sys.argv[3], latency=0.4, spread=0.9, price=0.01, seconds=0.3)
vidkit.generate_video_from_json(sys.argv[1], sys.argv[2], 4, progress=False, size=(160, 90),
                                images=Booked(**how), voice=Booked(**how))
"""


def main() -> int:
    """Kill, finish, compare."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--sections", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        lesson = written(folder, "lesson", given.sections)
        book = folder / "book"

        def run(name: str, counted: Path) -> subprocess.Popen[bytes]:
            own = os.environ | {"VIDKIT_CACHE": str(folder / f"store {name}"), "PYTHONPATH": PATHS}
            words = [sys.executable, "-c", SCRIPT, str(lesson), str(folder / name), str(counted)]
            return subprocess.Popen(words, env=own)

        kills = 0
        for _ in range(given.kills):
            process = run("killed", book)
            try:
                process.wait(0.7 + chance.random() * 0.6)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                kills += 1
            process.wait()
        assert run("killed", book).wait() == 0
        assert run("calm", folder / "other book").wait() == 0
        return _verdict(folder, counts(book), kills, given.sections)


def _verdict(folder: Path, asked: Counter[str], kills: int, sections: int) -> int:
    from vidkit.store import MaintainedStore

    began = time.perf_counter()
    with MaintainedStore(folder / "store killed") as store:
        opened = time.perf_counter() - began
        entries = store.journal.entries()
        damaged = store.verify().bad
    states = Counter(entry.state for entry in entries)
    again = sum(times - 1 for times in asked.values())
    left = list(folder.rglob("*.part"))
    videos = [(folder / name / "final_video.mp4").read_bytes() for name in ("killed", "calm")]
    print(f"{kills} kills, {asked.total()} calls for {2 * sections} assets; {dict(states)}")
    print(f"asked again {again}, damaged {len(damaged)}, left over {len(left)}")
    print(f"opened in {opened * 1000:.1f} ms; videos equal: {videos[0] == videos[1]}")
    good = (
        len(asked) == 2 * sections
        and set(states) <= {"paid", "unconfirmed"}
        and asked.total() <= len(entries) <= asked.total() + kills * AT_ONCE
        and again <= states["unconfirmed"] <= kills * AT_ONCE
        and not damaged
        and not left
        and videos[0] == videos[1]
    )
    print("held" if good else "NOT HELD")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
