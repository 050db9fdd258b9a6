"""Blocking calls: one after another, but for those that take long."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from vidkit.core.loop import InTurn

FOR_EVER = 3600.0


class Counted:
    """Calls that note when they begin, and how many are under way at once."""

    def __init__(self) -> None:
        self.began: list[int] = []
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def call(self, number: int) -> Callable[[], int]:
        def work() -> int:
            with self._lock:
                self.began.append(number)
                self._now += 1
                self.most = max(self.most, self._now)
            threading.Event().wait(0.0005)
            with self._lock:
                self._now -= 1
            if number % 7 == 3:
                raise ValueError(number)
            return number

        return work


def test_short_calls_come_one_after_another() -> None:
    """Whoever comes first is first, alone, and gets an answer or an error."""
    counted = Counted()

    async def many() -> list[int | BaseException]:
        aside = InTurn(FOR_EVER)
        return await asyncio.gather(
            *(aside(counted.call(number)) for number in range(50)), return_exceptions=True
        )

    answers = asyncio.run(many())
    assert counted.most == 1
    assert counted.began == list(range(50))
    for number, answer in enumerate(answers):
        if number % 7 == 3:
            assert isinstance(answer, ValueError)
        else:
            assert answer == number


def test_a_long_call_holds_nobody_up() -> None:
    """Calls that wait for each other are all let in, and short ones pass them."""
    gate = threading.Barrier(3)

    async def main() -> list[int]:
        aside = InTurn(0.001)
        long = [asyncio.ensure_future(aside(gate.wait, 30)) for _ in range(2)]
        short = [await aside(int, number) for number in range(20)]
        await asyncio.gather(aside(gate.wait, 30), *long)
        return short

    assert asyncio.run(main()) == list(range(20))


@pytest.mark.parametrize("waiting", [0, 1, 2])
def test_who_no_longer_waits_is_passed_over(waiting: int) -> None:
    """One that is cancelled while it works, or before, lets the others have their turn."""
    let, begun = threading.Event(), asyncio.Event()
    loop: asyncio.AbstractEventLoop
    done: list[int] = []

    def work(number: int) -> None:
        done.append(number)
        loop.call_soon_threadsafe(begun.set)
        let.wait(30)

    async def main() -> None:
        nonlocal loop
        loop, aside = asyncio.get_running_loop(), InTurn(FOR_EVER)
        tasks = [asyncio.ensure_future(aside(work, number)) for number in range(4)]
        await begun.wait()
        tasks[waiting].cancel()
        await asyncio.sleep(0)
        let.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(found[waiting], asyncio.CancelledError)

    asyncio.run(main())
    # who works already cannot be stopped; who waits never begins
    assert done == [number for number in range(4) if not number == waiting != 0]


def test_one_whose_turn_has_come_can_be_cancelled() -> None:
    """A turn that was given and not taken goes on to the next."""
    let = threading.Event()

    async def main() -> int:
        aside = InTurn(FOR_EVER)
        first = asyncio.ensure_future(aside(let.wait, 30))
        await asyncio.sleep(0)
        second = asyncio.ensure_future(aside(int, 2))
        third = asyncio.ensure_future(aside(int, 3))
        first.add_done_callback(lambda _: second.cancel())
        await asyncio.sleep(0.01)
        let.set()
        await first
        return await third

    assert asyncio.run(main()) == 3


def test_another_loop_starts_anew() -> None:
    """A loop that ended with calls under way leaves no turn taken."""
    aside, let = InTurn(FOR_EVER), threading.Event()
    before = asyncio.new_event_loop()
    left = before.create_task(aside(let.wait, 30))
    before.run_until_complete(asyncio.sleep(0.01))
    assert asyncio.run(aside(int, 5)) == 5
    let.set()
    before.run_until_complete(left)
    before.close()
