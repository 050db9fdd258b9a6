"""The cores of this process, and the memory for what they work on: places for encodes.

All runs of the process share them. A clip waits for a place and holds nothing else meanwhile; it
gets one when a core is free and there is memory for one more of its kind.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from .settings import Settings

BASE = 20_000_000
"""Bytes that an encode takes besides its pictures: sound, encoder, file."""

A_PIXEL = {"still": 45, "zoom": 90, "fade": 90}
"""Bytes that it takes for each pixel of the frame (measured with noise, which needs most:
`tests/bench/encode_memory.py`)."""

WITH_EFFECTS = 130
"""The same for a clip that passes through moviepy."""

SHARE = 0.75
"""Of the memory that is left; the rest is for what is not foreseen here."""


def encode_memory(settings: Settings) -> int:
    """Bytes that an encode of a run with these settings holds at its most."""
    each = WITH_EFFECTS if settings.effects else A_PIXEL[settings.motion]
    return BASE + each * settings.size[0] * settings.size[1]


class Cores:
    """So many cores, and so many bytes of memory, None where nobody knows. A piece of work that
    needs more memory than there is gets it when nothing else is at work.

    Belongs to one event loop.
    """

    def __init__(self, count: int, memory: int | None = None) -> None:
        self.count = count
        self.memory = memory
        self.busy = 0
        self.held = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return sum(not place.done() for _, place in self._waiting)

    def places(self, each: int) -> int:
        """How many pieces of work that hold `each` bytes can be under way at once."""
        by_memory = self.count if self.memory is None or not each else self.memory // each
        return max(1, min(self.count, by_memory))

    def resize(self, count: int, memory: int | None) -> None:
        """Have so many from now on; what is under way is finished."""
        self.count, self.memory = count, memory
        self._let_in()

    def lend(self, each: int = 0) -> Loan:
        """A way to a place for work that holds `each` bytes: `async with` it, as often as one
        likes and many times at once.
        """
        return Loan(self, each)

    async def take(self, each: int) -> None:
        """Wait for a place."""
        place = asyncio.get_running_loop().create_future()
        self._waiting.append((each, place))
        self._let_in()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.give_back(each)
            else:
                self._let_in()
            raise

    def give_back(self, each: int) -> None:
        """Let go of a place."""
        self.busy -= 1
        self.held -= each
        self._let_in()

    def _let_in(self) -> None:
        """Let in those who have waited longest, as long as there is room."""
        while self._waiting:
            each, place = self._waiting[0]
            if not place.done():
                if not self._has_room(each):
                    return
                self.busy += 1
                self.held += each
                place.set_result(None)
            self._waiting.popleft()

    def _has_room(self, each: int) -> bool:
        if self.busy >= self.count:
            return False
        return self.busy == 0 or self.memory is None or self.held + each <= self.memory


@dataclass(frozen=True)
class Loan:
    """A way to a place among `cores` for work that holds `each` bytes."""

    cores: Cores
    each: int

    async def __aenter__(self) -> None:
        await self.cores.take(self.each)

    async def __aexit__(self, *_: object) -> None:
        self.cores.give_back(self.each)
