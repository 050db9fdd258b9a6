"""A whole batch under SIGKILL: `python tests/bench/kill_batch.py [--kills 10] [--seed N]`.

Eight lessons of ten sections, 160 simulated paid assets, are made in a batch that is killed at
random moments and started again by the same call each time. The provider writes down every call
itself, in a file that outlives it. Then a calm run with a store of its own makes the same
lessons. Prints what happened, and ends with 1 unless

- the last call finished, and said so in `batch_report.json`;
- after each kill that file was whole, or not there yet;
- nothing was asked for twice but what was in flight at a kill;
- no asset is damaged, and no temporary file is left;
- every video, caption and picture is that of the calm run, byte for byte.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from booked import counts
from stand_ins import written

PATHS = os.pathsep.join(sys.path[:2])
AT_ONCE = 24
"""Calls that can be under way when a batch is killed."""

SCRIPT = """
import sys, vidkit
from booked import Booked

how = dict(book=sys.argv[3], latency=float(sys.argv[4]), spread=0.9, price=0.01, seconds=0.3)
report = vidkit.process_all_videos(
    sys.argv[1], 3, output_dir=sys.argv[2], section_workers=4, progress=False, size=(160, 90),
    images=Booked(**how), voice=Booked(**how))
sys.exit(not report.made)
"""

MADE = ("final_video.mp4", "captions.vtt", "captions.srt", "poster.png", "contact_sheet.png")


@dataclass
class Outcome:
    """What came of it. `wrong` names what must not be."""

    kills: int = 0
    assets: int = 0
    asked: int = 0
    again: int = 0
    unconfirmed: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


def kill_batch(
    folder: Path, lessons: int, sections: int, kills: int, seed: int, latency: float = 0.4
) -> Outcome:
    """Kill, finish, compare."""
    out, chance, began = Outcome(), random.Random(seed), time.monotonic()
    for number in range(lessons):
        written(folder / "lessons", str(number), sections)
    out.assets = 2 * lessons * sections

    def start(name: str, wait: float) -> subprocess.Popen[bytes]:
        own = os.environ | {"VIDKIT_CACHE": str(folder / f"store {name}"), "PYTHONPATH": PATHS}
        words = [sys.executable, "-c", SCRIPT, str(folder / "lessons"), str(folder / name)]
        return subprocess.Popen([*words, str(folder / f"book {name}"), str(wait)], env=own)

    while out.kills < kills:
        process = start("killed", latency)
        try:
            process.wait(0.6 + chance.random() * 1.4)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            out.kills += 1
        if process.wait() == 0:  # it was over before it could be killed
            break
        _look_at_summary(folder / "killed", out)
    if start("killed", 0.0).wait() != 0:
        out.wrong.append("the last call did not finish")
    if start("calm", 0.0).wait() != 0:
        out.wrong.append("the calm run did not finish")
    _compare(folder, lessons, out)
    out.seconds = time.monotonic() - began
    return out


def _look_at_summary(folder: Path, out: Outcome) -> None:
    path = folder / "batch_report.json"
    if path.exists():
        try:
            json.loads(path.read_text("utf-8"))
        except ValueError:
            out.wrong.append("batch_report.json was not whole")


def _compare(folder: Path, lessons: int, out: Outcome) -> None:
    from vidkit.store import MaintainedStore

    asked = counts(folder / "book killed")
    out.asked, out.again = asked.total(), sum(times - 1 for times in asked.values())
    with MaintainedStore(folder / "store killed") as store:
        states = Counter(entry.state for entry in store.journal.entries())
        damaged = store.verify().bad
    out.unconfirmed = states["unconfirmed"]
    for wrong, what in (
        (len(asked) != out.assets, f"{len(asked)} of {out.assets} assets were asked for"),
        (not set(states) <= {"paid", "unconfirmed"}, f"the journal has {dict(states)}"),
        (out.again > out.unconfirmed, f"{out.again} calls again, {out.unconfirmed} unconfirmed"),
        (out.unconfirmed > out.kills * AT_ONCE, f"{out.unconfirmed} unconfirmed"),
        (bool(damaged), f"damaged: {damaged}"),
        (bool(left := [*folder.rglob("*.part")]), f"left over: {left[:3]}"),
    ):
        if wrong:
            out.wrong.append(what)
    for number in range(lessons):
        for name in MADE:
            one, other = (folder / run / f"output_{number}" / name for run in ("killed", "calm"))
            if not one.is_file() or one.read_bytes() != other.read_bytes():
                out.wrong.append(f"output_{number}/{name} differs")
    summary = json.loads((folder / "killed/batch_report.json").read_text("utf-8"))
    if (summary["state"], summary["made"]) != ("made", lessons):
        out.wrong.append(f"batch_report.json says {summary['state']}, {summary['made']} made")


def main() -> int:
    """Print what came of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--lessons", type=int, default=8)
    parser.add_argument("--sections", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        out = kill_batch(Path(place), given.lessons, given.sections, given.kills, given.seed)
    print(f"{out.kills} kills, {out.asked} calls for {out.assets} assets in {out.seconds:.0f} s")
    print(f"asked again {out.again}, unconfirmed {out.unconfirmed}")
    print("\n".join(out.wrong) or "held: finished, identical videos")
    return 1 if out.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
