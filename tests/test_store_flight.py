"""One flight: what is asked for twice at once is made once."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from bench.kill import bills, content, key_of, start

from vidkit.store import Store, cache_key
from vidkit.store.locks import Flights

KEY = cache_key("image", {"n": 1})


async def make(store: Store, made: list[int], number: int) -> bytes:
    """Find or make the asset; who really makes it is noted."""
    async with store.flight(KEY):
        asset = store.find(KEY)
        if asset is None:
            made.append(number)
            await asyncio.sleep(0.02)
            asset = store.keep(KEY, b"%d" % number, ".png", {})
    return asset.path.read_bytes()


def test_tasks_of_one_loop_make_it_once(tmp_path: Path) -> None:
    """Eight tasks that want the same asset at once get the one that the first of them makes."""
    made: list[int] = []

    async def all_at_once() -> list[bytes]:
        with Store(tmp_path) as store:
            return await asyncio.gather(*(make(store, made, number) for number in range(8)))

    got = asyncio.run(all_at_once())
    assert len(made) == 1
    assert set(got) == {b"%d" % made[0]}
    assert [path.name for path in (tmp_path / "flights").iterdir()] in ([], ["all.lock"])


def test_loops_of_one_process_make_it_once(tmp_path: Path) -> None:
    """Two event loops in two threads, each with a store of its own, make one asset."""
    made: list[int] = []

    def turn(number: int) -> None:
        with Store(tmp_path) as store:
            asyncio.run(make(store, made, number))

    threads = [threading.Thread(target=turn, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_two_processes_make_each_once(tmp_path: Path) -> None:
    """Two processes that make the same forty assets at the same time pay for forty."""
    both = [start(tmp_path, 40, 8) for _ in range(2)]
    for worker in both:
        worker.communicate()
        assert worker.returncode == 0
    assert sorted(key for key, _ in bills(tmp_path)) == sorted(map(key_of, range(40)))
    with Store(tmp_path / "store") as store:
        for key in map(key_of, range(40)):
            found = store.find(key)
            assert found is not None
            assert found.path.read_bytes() == content(key)
        assert store.journal.spent().paid == 0.40
        assert store.journal.spent().total == 0.40


def test_a_flight_ends_however_its_maker_does(tmp_path: Path) -> None:
    """A maker that fails, one that is cancelled, and one that gives up waiting leave the flight
    free for the next.
    """

    async def all_three() -> None:
        with Store(tmp_path) as store:
            with pytest.raises(ZeroDivisionError):
                async with store.flight(KEY):
                    _ = 1 / 0
            begun = asyncio.Event()

            async def hold() -> None:
                async with store.flight(KEY):
                    begun.set()
                    await asyncio.sleep(3600)

            holder = asyncio.create_task(hold())
            await begun.wait()
            waiter = asyncio.create_task(hold())
            await asyncio.sleep(0.05)
            assert not waiter.done()
            waiter.cancel()
            holder.cancel()
            await asyncio.wait([holder, waiter])
            async with store.flight(KEY):
                pass

    asyncio.run(all_three())
    assert [path.name for path in (tmp_path / "flights").iterdir()] in ([], ["all.lock"])


def test_waiting_does_not_block_the_loop(tmp_path: Path) -> None:
    """While a task waits for a flight that another store holds, its loop goes on turning."""

    async def turn() -> int:
        turns = 0
        with Store(tmp_path) as one, Store(tmp_path) as two:
            async with one.flight(KEY):
                waiter = asyncio.create_task(make(two, [], 2))
                for _ in range(20):
                    await asyncio.sleep(0.001)
                    turns += 1
                assert not waiter.done()
            await waiter
        return turns

    assert asyncio.run(turn()) == 20


HOLD = """
import os, sys, time
from pathlib import Path
from vidkit.store.locks import Flights
end = Flights(Path(sys.argv[1])).begin(sys.argv[2])
if len(sys.argv) > 3 and os.fork() == 0:
    os.write(1, b"%d\\n" % os.getpid())
    time.sleep(60)
    os._exit(0)
os.write(1, b"True\\n" if end else b"False\\n")
time.sleep(60)
"""


@pytest.mark.parametrize("child", [[], ["fork"]])
def test_a_killed_process_holds_nothing(tmp_path: Path, child: list[str]) -> None:
    """What another process makes is under way until it dies, also where a child of its own
    goes on.
    """
    words = [sys.executable, "-c", HOLD, str(tmp_path / "flights"), KEY, *child]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        told = {holder.stdout.readline().strip() for _ in range(1 + len(child))}
        flights = Flights(tmp_path / "flights")
        assert "True" in told
        assert flights.under_way(KEY)
        assert flights.begin(KEY) is None
        holder.kill()
        holder.wait()
        assert flights.begin(KEY) is not None
        for pid in told - {"True"}:
            os.kill(int(pid), signal.SIGKILL)


@pytest.mark.parametrize("of_bytes", [True, False])
def test_a_key_is_held_once_however_locks_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of_bytes: bool
) -> None:
    """By bytes of one file, or by a file for each key where the disk knows no such locks."""
    if not of_bytes:

        def refuse(*_: object) -> bool:
            raise OSError(errno.EINVAL, "no such locks")

        monkeypatch.setattr("vidkit.store.locks._lock_byte", refuse)
    one, other = (Flights(tmp_path / "flights") for _ in range(2))
    end = one.begin(KEY)
    assert end is not None
    assert one.begin(KEY) is None
    assert other.begin(KEY) is None
    assert one.under_way(KEY)
    end()
    assert not one.under_way(KEY)
    again = other.begin(KEY)
    assert again is not None
    again()
    assert [path.name for path in (tmp_path / "flights").iterdir()] in ([], ["all.lock"])


def test_a_board_that_somebody_removed_is_put_up_again(tmp_path: Path) -> None:
    """Who opens the store after that and who had it open see each other's flights."""
    one = Flights(tmp_path / "flights")
    assert one.begin(KEY) is not None
    (tmp_path / "flights/all.lock").unlink(missing_ok=True)
    other = Flights(tmp_path / "flights")
    assert other.begin(key_of(1)) is not None
    assert one.begin(key_of(1)) is None
