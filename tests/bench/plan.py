"""How right a plan is: `python tests/bench/plan.py [LESSON …]`.

Each lesson (default: the six of `notebooks/lessons`) is planned and then made, cold, with one
store; the first of them teaches the ledger how long pieces take on this machine. Then the same
with simulated providers of known seconds. Prints what was told and what it took, and ends with 1
where one, but for the first, was more than a fifth away.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

LESSONS = Path(__file__).parents[2] / "notebooks/lessons"
MOST = 0.2


def measured(lesson: Path, out: Path, **how: Any) -> float:
    """The seconds that were told, by those that it took."""
    import vidkit

    told = vidkit.plan(lesson, **how).seconds
    began = time.perf_counter()
    vidkit.generate_video_from_json(lesson, out, progress=False, **how)
    took = time.perf_counter() - began
    print(f"{lesson.stem:16} told {told:6.1f} s, took {took:6.1f} s: {told / took:.2f}", flush=True)
    return told / took


def main() -> int:
    """Plan and make; 1 where a plan was wrong."""
    reader = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[1])
    reader.add_argument("lessons", type=Path, nargs="*", default=sorted(LESSONS.glob("*.json")))
    lessons = reader.parse_args().lessons
    simulated = {"images": "simulated:latency=3", "voice": "simulated:latency=1.5,seconds=4"}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        os.environ["VIDKIT_CACHE"] = str(folder / "store")
        print("offline")
        _, *right = [measured(each, folder / each.stem) for each in lessons]
        print("simulated providers")
        right += [
            measured(each, folder / f"{each.stem} simulated", **simulated) for each in lessons
        ]
    wrong = [ratio for ratio in right if abs(ratio - 1) > MOST]
    print(f"{len(right) - len(wrong)} of {len(right)} within {MOST:.0%}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
