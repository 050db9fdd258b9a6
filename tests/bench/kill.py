"""Kill a run that pays, again and again, and count what was paid for twice.

    python kill.py FOLDER [--assets 120] [--kills 25] [--at-once 8] [--seed 4]

A worker makes so many paid assets, several at once; SIGKILL ends it at random moments, and it
is started again each time. The provider's own count is a file to which each call is added as
it is billed, so no kill can hide one.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from vidkit.store import Asset, MaintainedStore, Store, cache_key

DOLLARS = 0.01
LATENCY = (0.05, 0.4)
"""Seconds that the provider takes to answer, after it has billed."""


def key_of(number: int) -> str:
    """The key of an asset, by its number."""
    return cache_key("image", {"provider": "counted", "number": number})


def content(key: str) -> bytes:
    """What the provider makes of a key: 20 to 200 kB that are the same every time."""
    seed = hashlib.sha256(key.encode()).digest()
    return seed * (600 + int(key[:4], 16) % 5000)


@asynccontextmanager
async def holding(store: Store, key: str) -> AsyncIterator[None]:
    """Hold the right to make an asset."""
    lock = store.key_lock(key)
    try:
        while not lock.try_acquire():  # noqa: ASYNC110 - another process lets it go
            await asyncio.sleep(0.01)
        yield
    finally:
        lock.release()


async def make(store: Store, run: int, key: str, bills: Path) -> Asset:
    """Find or make one asset, as the pipeline does."""
    if found := await asyncio.to_thread(store.find, key):
        return found
    async with holding(store, key):
        if found := await asyncio.to_thread(store.find, key):
            return found
        money = await asyncio.to_thread(
            store.journal.reserve,
            run=run,
            key=key,
            kind="image",
            provider="counted",
            lesson="kill",
            dollars=DOLLARS,
        )
        with bills.open("a") as file:
            file.write(f"{key} {money.id}\n")
        await asyncio.sleep(random.uniform(*LATENCY))
        await asyncio.to_thread(money.paid, DOLLARS)
        about = {"kind": "image", "dollars": DOLLARS}
        return await asyncio.to_thread(store.keep, key, content(key), ".png", about)


async def work(folder: Path, assets: int, at_once: int) -> None:
    """Make all assets; the worker's whole life."""
    store = MaintainedStore(folder / "store")
    keys = [key_of(number) for number in range(assets)]
    run = store.journal.begin_run("kill", keys)
    print("begun", flush=True)
    places = asyncio.Semaphore(at_once)

    async def one(key: str) -> None:
        async with places:
            await make(store, run, key, folder / "bills")

    await asyncio.gather(*map(one, keys))
    store.journal.end_run(run, finished=True)
    store.close()


def start(folder: Path, assets: int, at_once: int) -> subprocess.Popen[str]:
    """Start a worker; gives it back when it has begun."""
    order = [sys.executable, __file__, str(folder), f"--assets={assets}", f"--at-once={at_once}"]
    worker = subprocess.Popen([*order, "--work"], stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    assert worker.stdout.readline() == "begun\n"
    return worker


@dataclass
class Outcome:
    """What came of it. Of these, `paid_again`, `unaccounted`, `wrong` and `left_over` must be 0.

    kills: times it was killed. billed: calls that the provider billed. in_flight: of these,
    those that a kill lost. unconfirmed: calls so noted in the journal. paid_again: calls for
    assets that were published before. unaccounted: calls that the journal has neither as paid
    nor as unconfirmed, or not at their price. wrong: assets that are missing, damaged or not
    what an undisturbed run makes. left_over: files of dead processes after the next start.
    """

    kills: int = 0
    billed: int = 0
    in_flight: int = 0
    unconfirmed: int = 0
    paid_again: int = 0
    unaccounted: int = 0
    wrong: int = 0
    left_over: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        return "\n".join(f"{each.name:12} {getattr(self, each.name):g}" for each in fields(self))


def kill_test(folder: Path, assets: int, kills: int, at_once: int, seed: int) -> Outcome:
    """Kill the worker so many times, let it finish, and count."""
    began, luck, out = time.monotonic(), random.Random(seed), Outcome()
    paid_by_then: dict[str, int] = {}
    for _ in range(kills):
        worker = start(folder, assets, at_once)
        time.sleep(luck.uniform(0, LATENCY[1] / 2))
        worker.kill()
        out.kills += worker.wait() < 0
        worker.communicate()
        billed = Counter(key for key, _ in bills(folder))
        for path in (folder / "store" / "assets").rglob("facts.json"):
            key = path.parent.parent.name
            paid_by_then.setdefault(key, billed[key])
    last = start(folder, assets, at_once)
    assert last.wait() == 0
    last.communicate()
    billed = Counter(key for key, _ in bills(folder))
    out.paid_again = sum(billed[key] - times for key, times in paid_by_then.items())
    count(folder, assets, out)
    out.seconds = time.monotonic() - began
    return out


def count(folder: Path, assets: int, out: Outcome) -> None:
    """Look into the store and the journal, and beside them into the provider's own count."""
    with MaintainedStore(folder / "store") as store:
        here = {path.name for path in (store.folder / "processes").iterdir()}
        locks = (store.folder / "flights").iterdir()
        out.left_over = sum(path.name != "all.lock" for path in locks)
        out.left_over += sum(f".{os.getpid()}." not in name for name in here)
        out.wrong = len(store.verify().bad) + len(store.notes)
        for key in map(key_of, range(assets)):
            found = store.find(key)
            out.wrong += found is None or found.path.read_bytes() != content(key)
        entries = {entry.id: entry for entry in store.journal.entries()}
        calls = [entries[number].state for _, number in bills(folder)]
        spent = store.journal.spent()
    out.billed = len(calls)
    out.in_flight = calls.count("unconfirmed")
    out.unconfirmed = sum(entry.state == "unconfirmed" for entry in entries.values())
    out.unaccounted = sum(state not in ("paid", "unconfirmed") for state in calls)
    out.unaccounted += round(spent.total / DOLLARS) != len(entries)


def bills(folder: Path) -> list[tuple[str, int]]:
    """What the provider billed, in order: the key, and the number of the journal's entry."""
    lines = (folder / "bills").read_text().split("\n")[:-1] if (folder / "bills").exists() else []
    return [(line.split()[0], int(line.split()[1])) for line in lines]


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--assets", type=int, default=120)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        asyncio.run(work(asked.folder, asked.assets, asked.at_once))
        return
    asked.folder.mkdir(parents=True, exist_ok=True)
    out = kill_test(asked.folder, asked.assets, asked.kills, asked.at_once, asked.seed)
    print(out)
    sys.exit(bool(out.paid_again or out.unaccounted or out.wrong or out.left_over))


if __name__ == "__main__":
    main()
