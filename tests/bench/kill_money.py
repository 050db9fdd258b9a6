"""Two processes, one budget, a server with every fault, and SIGKILL:
`python tests/bench/kill_money.py [--kills 40] [--sections 24] [--seed N]`.

A server on this machine bills by its own book and answers 30 % of the requests with a fault. Two
processes make a lesson each with its pictures, under one `Budget` in one store; one of them is
killed at a random moment, again and again, and started anew by the same call. Ends with 1 unless,
after each kill and at the end,

- the server's bill is at most what the ledger holds as paid and unconfirmed, and that at most the
  cap;
- every section was made in the end, where the cap has room for it;
- no asset that was published was asked for again.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from fake_openai import COST, FakeOpenAI
from stand_ins import written

PATHS = os.pathsep.join(sys.path[:2])
FAULTS = ["429", "500", "in 200", "drop", "cut", "502", "504", "520", "524", "html", "cut png"]
FAULTS += ["cut json", "empty", "rubbish", "unverified"]

SCRIPT = """
import sys
import vidkit.providers.account as account
import vidkit.providers.limiter as limiter
from vidkit import Budget, Settings, generate_video_from_json

account.HOME = sys.argv[3]
limiter.OutageDetector.wait = lambda self, tries: 0.02
settings = Settings(
    images="openai", voice="simulated:latency=0,seconds=0.2", size=(160, 90), progress=False,
    budget=Budget("cap", float(sys.argv[4])), section_workers=4,
)
generate_video_from_json(sys.argv[1], sys.argv[2], settings=settings)
"""


@dataclass
class Outcome:
    """What came of it. `wrong` names what must not be."""

    kills: int = 0
    billed: float = 0.0
    paid: float = 0.0
    unconfirmed: float = 0.0
    cap: float = 0.0
    most_asked: int = 0
    made: int = 0
    wrong: list[str] = field(default_factory=list)


def killed(folder: Path, kills: int, sections: int, seed: int, cap: float) -> Outcome:
    """Make two lessons in two processes that are killed `kills` times in all."""
    chance, number = random.Random(seed), itertools.count()
    out = Outcome(cap=cap)
    server = FakeOpenAI(seconds=0.05)

    def choose(_: str) -> str:
        return FAULTS[next(number) % len(FAULTS)] if chance.random() < 0.3 else ""

    server.choose = choose
    lessons = [written(folder, name, sections) for name in ("one", "two")]
    environment = {**os.environ, "VIDKIT_CACHE": str(folder / "store"), "PYTHONPATH": PATHS}
    environment |= {"OPENAI_API_KEY": "sk-none-at-all"}
    with server:
        environment["OPENAI_BASE_URL"] = server.base_url

        def begin(lesson: Path) -> subprocess.Popen[bytes]:
            given = [str(lesson), str(folder / lesson.stem), server.base_url, str(cap)]
            return subprocess.Popen(
                [sys.executable, "-c", SCRIPT, *given],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

        running = [begin(lesson) for lesson in lessons]
        while out.kills < kills:
            heard = len(server.requests)
            until, waits = chance.randrange(1, 4), 0
            while len(server.requests) < heard + until and waits < 400:
                time.sleep(0.01)
                waits += 1
                if all(process.poll() is not None for process in running):
                    break
            which = chance.randrange(2)
            running[which].kill()
            running[which].wait()
            out.kills += 1
            _look(folder, server, out)
            running[which] = begin(lessons[which])
        for process in running:
            process.wait(timeout=300)
        for _ in range(3):  # what a fault of the account shut is made when it is over
            for process in [begin(lesson) for lesson in lessons]:
                process.wait(timeout=300)
        _look(folder, server, out)
    out.most_asked = max(server.billed.values(), default=0)
    out.made = sum(len([*folder.glob(f"{path.stem}/images/section*")]) for path in lessons)
    if out.made < 2 * sections and out.paid + out.unconfirmed < cap - 0.05:
        out.wrong.append(f"{out.made} of {2 * sections} pictures were made")
    _twice(folder, out)
    return out


def _look(folder: Path, server: FakeOpenAI, out: Outcome) -> None:
    """Compare the server's book with the ledger: the bill first, for the ledger only grows."""
    from vidkit.store import Store

    out.billed = sum(server.billed.values()) * COST
    with Store(folder / "store") as store:
        spent = store.journal.spent(budget="cap")
    out.paid, out.unconfirmed = spent.paid, spent.unconfirmed
    held = spent.paid + spent.unconfirmed + getattr(spent, "reserved", 0.0)
    if out.billed > held + 1e-9:
        out.wrong.append(f"after {out.kills} kills ${out.billed:.4f} billed, ${held:.4f} held")
    if held > out.cap + 1e-9:
        out.wrong.append(f"after {out.kills} kills ${held:.4f} held, over the cap")


def _twice(folder: Path, out: Outcome) -> None:
    """Name what was paid for twice."""
    import sqlite3

    (path,) = (folder / "store").glob("journal-*.sqlite")
    with sqlite3.connect(path) as journal:
        rows = journal.execute("SELECT key FROM entry WHERE state = 'paid'").fetchall()
    paid = Counter(key for (key,) in rows)
    if again := sum(count > 1 for count in paid.values()):
        out.wrong.append(f"{again} published assets were paid for more than once")


def main() -> int:
    """Run it and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--sections", type=int, default=24)
    parser.add_argument("--cap", type=float, default=6.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = killed(Path(folder), given.kills, given.sections, given.seed, given.cap)
    print(out, f"seed {given.seed}")
    return 1 if out.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
