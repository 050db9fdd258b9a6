"""Time a store that holds many assets.

    python store.py FOLDER [--assets 10000]

Prints milliseconds: the median and the slowest of a hundred. The store in FOLDER is filled
once, without waiting for the disk, and used again.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from vidkit.store import Budget, MaintainedStore, Store, cache_key

WORDS = [["word", 0.25, 0.5]] * 150
"""Times of the words of one narration, as an asset's facts hold them."""


def fill(folder: Path, assets: int) -> None:
    """Let the store hold so many narrations of 20 kB."""
    flush, os.fsync = os.fsync, lambda _: None
    try:
        with MaintainedStore(folder) as store:
            for number in range(assets):
                key = key_of(number)
                if store.find(key) is None:
                    about = {"kind": "audio", "words": WORDS}
                    store.keep(key, key.encode() * 320, ".wav", about)
    finally:
        os.fsync = flush


def key_of(number: int) -> str:
    """The key of an asset, by its number."""
    return cache_key("audio", {"number": number})


def times(name: str, work: Callable[[int], object], count: int = 100) -> None:
    """Print how long `work` takes, in milliseconds."""
    taken = []
    for number in range(count):
        began = time.perf_counter()
        work(number)
        taken.append(1000 * (time.perf_counter() - began))
    print(f"{name:28} {statistics.median(taken):9.3f} {max(taken):9.3f}")


def locks(store: Store) -> None:
    """Take a hundred rights to make an asset that nobody else wants."""
    for number in range(100):
        lock = store.key_lock(key_of(number))
        assert lock.try_acquire()
        lock.release()


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(description="Time a store that holds many assets.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--assets", type=int, default=10_000)
    asked = parser.parse_args()
    folder, fresh = asked.folder / "store", asked.folder / "fresh"
    fill(folder, asked.assets)
    shutil.rmtree(fresh, ignore_errors=True)
    print(f"{'':28} {'median':>9} {'slowest':>9}")
    times("open and close", lambda _: MaintainedStore(folder).close())
    with MaintainedStore(fresh) as store:
        times("keep 1 MB", lambda n: store.keep(key_of(n), b"x" * 10**6, ".png", {}))
    with MaintainedStore(folder) as store:
        journal, course = store.journal, Budget("course", 1000)
        step = max(asked.assets // 100, 1)
        times("hit", lambda n: store.find(key_of(n * step)))
        times("miss", lambda n: store.find(key_of(-1 - n)))
        held = []
        times(
            "reserve",
            lambda n: held.append(
                journal.reserve(
                    run=None,
                    key=key_of(n),
                    kind="audio",
                    provider="timed",
                    lesson="bench",
                    dollars=0.01,
                    budgets=[course],
                )
            ),
        )
        times("paid", lambda n: held[n].paid(0.01))
        times("100 locks of keys", lambda _: locks(store), 1)
        times("contents", lambda _: store.contents(), 3)
        times("prune, dry", lambda _: store.prune(keep_bytes=0, dry=True), 3)
        times("verify", lambda _: store.verify(), 1)


if __name__ == "__main__":
    main()
