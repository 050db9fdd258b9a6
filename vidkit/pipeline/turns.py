"""Whose turn it is: the video workers of a batch, and the lessons that need none any more."""

from __future__ import annotations

import anyio


class Turns:
    """The video workers of a batch, for the lessons at positions 0, 1, …

    A lesson holds a worker while it may call providers. When its calls are over and only clips
    are left to cut, the worker goes on to the next lesson, so that nobody's calls wait for
    another's encodes. As many lessons as there are workers may be finished beside those that
    call; a single worker makes one lesson after the other.
    """

    def __init__(self, workers: int) -> None:
        self._workers = anyio.CapacityLimiter(workers)
        self._holding: set[int] = set()
        self._called: list[int] = []
        self._finishing: set[int] = set()

    def resize(self, workers: int) -> None:
        """Have so many workers from now on: more at once, fewer as lessons give them back."""
        self._workers.total_tokens = workers
        self._promote()

    @property
    def waiting(self) -> int:
        """Lessons that wait for a worker; those that are not drawn yet do not count."""
        return self._workers.statistics().tasks_waiting

    async def enter(self, position: int) -> None:
        """Wait for a worker."""
        await self._workers.acquire_on_behalf_of(position)
        self._holding.add(position)

    def pass_on(self, position: int) -> None:
        """Say that a lesson's calls are over."""
        if position in self._holding:
            self._called.append(position)
            self._promote()

    def leave(self, position: int) -> None:
        """Say that a lesson is over."""
        self._finishing.discard(position)
        if position in self._called:
            self._called.remove(position)
        self._give_back(position)
        self._promote()

    def _promote(self) -> None:
        """Let lessons whose calls are over give back their workers, as long as there is room."""
        room = int(self._workers.total_tokens)
        while self._called and room > 1 and len(self._finishing) < room:
            position = self._called.pop(0)
            self._finishing.add(position)
            self._give_back(position)

    def _give_back(self, position: int) -> None:
        if position in self._holding:
            self._holding.remove(position)
            self._workers.release_on_behalf_of(position)
