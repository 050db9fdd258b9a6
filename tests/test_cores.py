"""Places for encodes: as many as there are cores and memory for, shared by all runs."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

from vidkit.core.loop import run_virtually
from vidkit.models import Settings
from vidkit.pipeline.scaling import ENCODE_BYTES, Cores, encode_memory


async def work(cores: Cores, each: int, most: list[tuple[int, int]], seconds: float = 10) -> None:
    async with cores.lend(each):
        most.append((cores.busy, cores.held))
        await asyncio.sleep(seconds)


@given(
    count=st.integers(1, 5),
    memory=st.one_of(st.none(), st.integers(0, 100)),
    needs=st.lists(st.integers(0, 60), min_size=1, max_size=12),
)
@tries(max_examples=60, deadline=None)
def test_neither_cores_nor_memory_are_lent_twice(
    count: int, memory: int | None, needs: list[int]
) -> None:
    """All work is done, and what is under way fits, but for a piece that fits nowhere and works
    alone.
    """
    seen: list[tuple[int, int]] = []

    async def all_of_it() -> Cores:
        cores = Cores(count, memory)
        await asyncio.gather(*(work(cores, each, seen) for each in needs))
        return cores

    cores = run_virtually(all_of_it())
    assert len(seen) == len(needs)
    assert (cores.busy, cores.held) == (0, 0)
    for busy, held in seen:
        assert busy <= count
        assert memory is None or held <= memory or busy == 1


def test_who_waits_longest_comes_first() -> None:
    """A piece that needs much is not passed by for ever by small ones."""
    order: list[str] = []

    async def piece(cores: Cores, name: str, each: int) -> None:
        async with cores.lend(each):
            order.append(name)
            await asyncio.sleep(1)

    async def run() -> None:
        cores = Cores(4, 10)
        await asyncio.gather(
            *(piece(cores, name, each) for name, each in (("a", 4), ("b", 9), ("c", 1), ("d", 1)))
        )

    run_virtually(run())
    assert order == ["a", "b", "c", "d"]


def test_a_wait_that_is_cancelled_leaves_its_place_to_others() -> None:
    """Whether it was let in already or not."""

    async def run() -> None:
        cores = Cores(1)
        seen: list[tuple[int, int]] = []
        first, second, third = (asyncio.ensure_future(work(cores, 0, seen)) for _ in range(3))
        await asyncio.sleep(1)
        second.cancel()
        first.cancel()
        await asyncio.wait([first, second])
        await third
        assert len(seen) == 2
        assert cores.busy == 0

    run_virtually(run())


def test_places_follow_a_resize() -> None:
    """More memory lets in who waits, less lets what is under way finish."""

    async def run() -> None:
        cores, seen = Cores(4, 10), list[tuple[int, int]]()
        tasks = [asyncio.ensure_future(work(cores, 10, seen)) for _ in range(4)]
        await asyncio.sleep(1)
        assert (cores.busy, cores.waiting) == (1, 3)
        cores.resize(4, 40)
        await asyncio.sleep(1)
        assert (cores.busy, cores.waiting) == (4, 0)
        cores.resize(1, 10)
        await asyncio.gather(*tasks, work(cores, 10, seen))
        assert seen[-1] == (1, 10)

    run_virtually(run())


@pytest.mark.parametrize(("count", "memory", "most"), [(64, 300, 4), (64, 1, 1), (2, None, 2)])
def test_a_small_container_gets_few_places(count: int, memory: int | None, most: int) -> None:
    """Cores that the memory does not feed are no places."""
    seen: list[tuple[int, int]] = []

    async def run() -> None:
        cores = Cores(count, memory)
        await asyncio.gather(*(work(cores, 70, seen) for _ in range(6)))

    run_virtually(run())
    assert max(busy for busy, _ in seen) == most


def test_what_moves_and_what_is_large_needs_more() -> None:
    """An encode's memory follows the frame, the motion and moviepy's effects."""
    still = encode_memory(Settings())
    assert ENCODE_BYTES < still < encode_memory(Settings(motion="zoom"))
    assert encode_memory(Settings(motion="fade")) < encode_memory(Settings(effects={1: [len]}))
    assert encode_memory(Settings(size=(3840, 2160))) > 5 * still
