"""The virtual clock that forecasts run on."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from vidkit.core.loop import run_virtually, run_virtually_in_thread


async def an_hour() -> float:
    await asyncio.gather(*(asyncio.sleep(seconds) for seconds in (3600, 1800, 1)))
    return asyncio.get_running_loop().time()


def test_hours_pass_at_once() -> None:
    """The clock jumps to whatever comes next, and stands at the latest of them in the end."""
    assert run_virtually(an_hour()) == 3600


def test_a_forecast_can_be_asked_for_in_a_running_loop() -> None:
    """A notebook's cell, whose loop is running, gets its answer from a loop beside it."""

    async def cell() -> float:
        return run_virtually_in_thread(an_hour())

    assert asyncio.run(cell()) == 3600


def test_an_error_comes_back() -> None:
    """What goes wrong on the loop beside goes wrong for who asked."""

    async def wrong() -> None:
        raise ValueError("so it is")

    with pytest.raises(ValueError, match="so it is"):
        run_virtually_in_thread(wrong())


def test_a_wait_for_nothing_is_told() -> None:
    """What waits for something that never comes ends with an error and not in a silent stall."""

    async def forever() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(RuntimeError, match="nothing is scheduled"):
        run_virtually(forever())


def test_a_forecast_at_the_end_of_a_program_is_left_without_a_warning() -> None:
    """No thread takes it any more: that is an error, and Python complains of no coroutine."""
    script = (
        "import asyncio, atexit\n"
        "from vidkit.core.loop import run_virtually_in_thread\n"
        "atexit.register(lambda: run_virtually_in_thread(asyncio.sleep(1)))\n"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stderr
    assert "after interpreter shutdown" in told and "never awaited" not in told
