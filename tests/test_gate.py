"""The gate: how many requests are under way at once."""

from __future__ import annotations

import asyncio

from virtual import virtually

from vidkit.gate import Gate


def test_no_more_requests_than_the_limit_are_under_way() -> None:
    """Ten requests of a second pass a gate of three in four seconds, three at a time."""

    async def ten() -> tuple[float, int]:
        gate, most = Gate("provider", 3), 0

        async def send() -> None:
            nonlocal most
            most = max(most, gate.under_way)
            await asyncio.sleep(1)

        await asyncio.gather(*(gate(send) for _ in range(10)))
        return asyncio.get_running_loop().time(), most

    assert virtually(ten()) == (4.0, 3)


def test_one_task_may_send_side_by_side() -> None:
    """A narration of several requests is limited by the request, not by its task."""

    async def both() -> list[int]:
        gate = Gate("provider", 2)

        async def send() -> int:
            return gate.under_way

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(gate(send)) for _ in range(2)]
        return [task.result() for task in tasks] + [gate.under_way]

    assert virtually(both())[-1] == 0


def test_a_failed_request_gives_its_place_back() -> None:
    """Errors and cancels leave no place taken."""

    async def fail() -> int:
        gate = Gate("provider", 1)

        async def send() -> None:
            raise OSError

        for _ in range(3):
            await asyncio.gather(gate(send), return_exceptions=True)
        slow = asyncio.ensure_future(gate(lambda: asyncio.sleep(9)))
        waiting = asyncio.ensure_future(gate(lambda: asyncio.sleep(9)))
        await asyncio.sleep(1)
        slow.cancel()
        waiting.cancel()
        await asyncio.gather(slow, waiting, return_exceptions=True)
        return gate.under_way

    assert virtually(fail()) == 0


def test_the_hard_limit_is_sixty_four() -> None:
    """Whatever is asked, no gate lets more than 64 requests through at once."""

    async def limits() -> list[int]:
        return [Gate("any").limit, Gate("many", 1000).limit, Gate("few", 2).limit]

    assert virtually(limits()) == [64, 64, 2]
