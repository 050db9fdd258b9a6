"""One maker at a time: what is asked for twice at once is made once."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from bench.kill import bills, content, holding, key_of, start

from vidkit.pipeline.folder import Folder
from vidkit.store import Store, cache_key
from vidkit.store.locks import KeyLock, is_locked, try_lock

KEY = cache_key("image", {"n": 1})


async def make(store: Store, made: list[int], number: int) -> bytes:
    """Find or make the asset; who really makes it is noted."""
    async with holding(store, KEY):
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
    assert [path.name for path in (tmp_path / "flights").iterdir()] == []


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


def test_a_lock_ends_however_its_maker_does(tmp_path: Path) -> None:
    """A maker that fails, one that is cancelled, and one that gives up waiting leave the key
    free for the next.
    """

    async def all_three() -> None:
        with Store(tmp_path) as store:
            with pytest.raises(ZeroDivisionError):
                async with holding(store, KEY):
                    _ = 1 / 0
            begun = asyncio.Event()

            async def hold() -> None:
                async with holding(store, KEY):
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
            async with holding(store, KEY):
                pass

    asyncio.run(all_three())
    assert [path.name for path in (tmp_path / "flights").iterdir()] == []


def test_waiting_does_not_block_the_loop(tmp_path: Path) -> None:
    """While a task waits for a key that another store holds, its loop goes on turning."""

    async def turn() -> int:
        turns = 0
        with Store(tmp_path) as one, Store(tmp_path) as two:
            async with holding(one, KEY):
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
from vidkit.store.locks import KeyLock
lock = KeyLock(Path(sys.argv[1]))
held = lock.try_acquire()
if len(sys.argv) > 2 and os.fork() == 0:
    os.write(1, b"%d\\n" % os.getpid())
    time.sleep(60)
    os._exit(0)
os.write(1, b"True\\n" if held else b"False\\n")
time.sleep(60)
"""


@pytest.mark.parametrize("child", [[], ["fork"]])
def test_a_killed_process_holds_nothing(tmp_path: Path, child: list[str]) -> None:
    """What another process makes is under way until it dies, also where a child of its own
    goes on.
    """
    path = tmp_path / f"{KEY}.lock"
    words = [sys.executable, "-c", HOLD, str(path), *child]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        told = {holder.stdout.readline().strip() for _ in range(1 + len(child))}
        assert "True" in told
        assert is_locked(path)
        assert not KeyLock(path).try_acquire()
        holder.kill()
        holder.wait()
        assert KeyLock(path).try_acquire()
        for pid in told - {"True"}:
            os.kill(int(pid), signal.SIGKILL)


FORKING = """
import os, sys, threading, time
from pathlib import Path
from vidkit.store.locks import try_lock
held, children = [], []
up, there = os.pipe()
def take():
    for number in range(400):
        held.append(try_lock(Path(sys.argv[1]) / f"{number}.lock"))
taking = threading.Thread(target=take)
taking.start()
while taking.is_alive() and len(children) < 30:
    children.append(os.fork())
    if children[-1] == 0:
        os.write(there, b".")
        time.sleep(60)
        os._exit(0)
taking.join()
for _ in children:
    os.read(up, 1)
print(*children, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_child_of_any_moment_holds_nothing(tmp_path: Path) -> None:
    """A child that is forked while another thread takes a lock does not have it when its parent is
    gone.
    """
    words = [sys.executable, "-W", "ignore", "-c", FORKING, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        children = [int(pid) for pid in holder.stdout.readline().split()]
        holder.kill()
        holder.wait()
        stuck = [number for number in range(400) if try_lock(tmp_path / f"{number}.lock") is None]
        for pid in children:
            os.kill(pid, signal.SIGKILL)
    assert children
    assert stuck == []


def test_a_folder_that_is_locked_stays_so(tmp_path: Path) -> None:
    """A second try to lock an output folder comes to nothing, whoever makes it, and takes nothing
    from who has it.
    """
    mine, other = Folder(tmp_path), Folder(tmp_path)
    assert mine.lock("lock")
    assert not other.lock("lock")
    assert not mine.lock("lock")
    assert not other.lock("lock")
    mine.unlock()
    assert other.lock("lock")


def test_a_wait_that_was_given_up_takes_nothing(tmp_path: Path) -> None:
    """A try that ends after its lock was let go of comes to nothing, and holds up nobody."""
    with Store(tmp_path) as store:
        late, other = store.key_lock(KEY), store.key_lock(KEY)
        late.release()
        assert not late.try_acquire()
        assert other.try_acquire()
        assert not store.key_lock(KEY).try_acquire()
        other.release()
    assert list((tmp_path / "flights").iterdir()) == []
