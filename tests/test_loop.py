"""vidkit's loop: reached from everywhere, blocking nobody."""

from __future__ import annotations

import asyncio
import multiprocessing
import subprocess
import sys
import threading
import time

import pytest

from vidkit.core import loop
from vidkit.errors import Cancelled, VidkitError


async def where() -> tuple[str, int]:
    await asyncio.sleep(0)
    return threading.current_thread().name, id(asyncio.get_running_loop())


def test_every_way_leads_to_the_same_loop() -> None:
    """A script, another loop and a running loop that waits all reach one thread and one loop."""

    async def elsewhere() -> list[tuple[str, int]]:
        return [await loop.await_on_loop(where()), loop.run(where())]

    found = {loop.run(where()), *asyncio.run(elsewhere())}
    assert len(found) == 1
    assert next(iter(found))[0] == "vidkit"


def test_waiting_on_the_loop_itself_is_refused() -> None:
    """A call that would wait for its own thread for ever is told to await instead."""

    async def inside() -> None:
        loop.run(where())

    with pytest.raises(VidkitError, match="await"):
        loop.run(inside())


def test_a_coroutine_hops_from_the_loop_to_itself() -> None:
    """On vidkit's own loop, await_on_loop is an ordinary await."""

    async def inside() -> tuple[str, int]:
        return await loop.await_on_loop(where())

    assert loop.run(inside())[0] == "vidkit"


def test_errors_come_back_as_they_are() -> None:
    """What a coroutine raises is raised where it is waited for."""

    async def fails() -> None:
        raise ValueError("as it is")

    with pytest.raises(ValueError, match="as it is"):
        loop.run(fails())
    with pytest.raises(ValueError, match="as it is"):
        asyncio.run(loop.await_on_loop(fails()))


def test_a_cancelled_wait_sees_the_work_end() -> None:
    """Cancelling the caller cancels the work, and returns when its clean-up is done."""
    over = threading.Event()

    async def long() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0.05)
            over.set()

    async def caller() -> None:
        task = asyncio.ensure_future(loop.await_on_loop(long()))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert over.is_set()

    asyncio.run(caller())


def test_a_cancelled_work_says_so() -> None:
    """Waiting for work that somebody cancelled raises vidkit's own error."""
    work = loop.submit(asyncio.sleep(3600))
    work.cancel()
    with pytest.raises(Cancelled):
        work.wait()


def test_waiting_for_work_on_the_loop_itself_is_refused() -> None:
    """What was started elsewhere cannot be waited for there either, until it is done."""
    work = loop.submit(asyncio.sleep(0.3, "done"))

    async def inside() -> str:
        with pytest.raises(VidkitError, match="await"):
            work.wait()
        await work
        return work.wait()

    assert loop.run(inside()) == "done"


@pytest.mark.parametrize("end", [SystemExit(3), KeyboardInterrupt()])
def test_nobody_ends_the_program_from_the_loop(end: BaseException) -> None:
    """What asyncio stops for is an error for who waits, and the loop turns on for the others."""

    async def ends() -> None:
        raise end

    other = loop.submit(asyncio.sleep(0.3, "still here"))
    with pytest.raises(VidkitError, match=type(end).__name__):
        loop.run(ends())
    assert other.wait() == "still here"


def _in_child(answers: multiprocessing.SimpleQueue[str]) -> None:
    answers.put(loop.run(where())[0])


def test_a_forked_child_gets_a_loop_of_its_own() -> None:
    """The thread does not survive a fork; the child's first call starts another."""
    loop.run(where())
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=_in_child, args=(answers,))
    child.start()
    child.join(20)
    assert child.exitcode == 0
    assert answers.get() == "vidkit"


ENDS = """
import asyncio, sys, threading, time
from vidkit.core import loop
async def long():
    try:
        await asyncio.to_thread(time.sleep, 0.1)
        await asyncio.sleep(3600)
    finally:
        await asyncio.to_thread(print, "tidied", flush=True)
work = loop.submit(long())
time.sleep({before})
{end}
"""


@pytest.mark.parametrize("before", [0, 0.05, 0.3])
@pytest.mark.parametrize("end", ["pass", "sys.exit(0)", "1 / 0"])
def test_a_program_ends_with_work_under_way(before: float, end: str) -> None:
    """It ends at once, what is under way tidies up before the threads go, and nothing is said of
    what could not be begun any more.
    """
    code = ENDS.format(before=before, end=end)
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == (1 if "0" in end and "/" in end else 0)
    assert [line for line in run.stderr.splitlines() if "Error" in line] == (
        ["ZeroDivisionError: division by zero"] if "/" in end else []
    )
    if before == 0.3:
        assert run.stdout == "tidied\n"


def _held_in_child(answers: multiprocessing.SimpleQueue[str]) -> None:
    answers.put(loop.run(where())[0])


def test_a_child_that_is_forked_while_the_loop_begins_hangs_nowhere() -> None:
    """A lock that some thread holds at the fork is held by nobody in the child."""
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    with loop._lock:
        child = context.Process(target=_held_in_child, args=(answers,))
        child.start()
    child.join(20)
    assert child.exitcode == 0
    assert answers.get() == "vidkit"


def test_short_calls_are_made_in_turn_and_a_long_one_leaves_the_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of calls in threads one is made at a time; one that takes long holds up the next for a
    moment, and the others behind it not at all.
    """
    begun, goes_on, at_work = threading.Event(), threading.Event(), threading.Semaphore(1)

    def endless() -> None:
        begun.set()
        goes_on.wait()

    def short() -> bool:
        alone = at_work.acquire(blocking=False)
        time.sleep(0.001)
        if alone:
            at_work.release()
        return alone

    async def calls() -> list[bool]:
        monkeypatch.setattr(loop, "PATIENCE", 600.0)
        found = await asyncio.gather(*(loop.run_in_thread(short) for _ in range(20)))
        monkeypatch.setattr(loop, "PATIENCE", 0.01)
        long = asyncio.create_task(loop.run_in_thread(endless))
        await asyncio.to_thread(begun.wait)
        await loop.run_in_thread(short)
        monkeypatch.setattr(loop, "PATIENCE", 600.0)
        async with asyncio.timeout(60):
            for _ in range(3):
                await loop.run_in_thread(short)
        goes_on.set()
        await long
        return found

    try:
        assert all(loop.run(calls()))
    finally:
        goes_on.set()
