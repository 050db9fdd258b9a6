"""Who waits before a gate."""

from __future__ import annotations

import asyncio
from collections import deque

from .rate import Start


class Line:
    """Requests that wait, first come, first served; one that comes back stands in front."""

    def __init__(self) -> None:
        self._new: deque[asyncio.Future[Start]] = deque()
        self._back: deque[asyncio.Future[Start]] = deque()

    def join(self, again: bool) -> asyncio.Future[Start]:
        """Stand in the line; the future is set when it is one's turn."""
        waiter: asyncio.Future[Start] = asyncio.get_running_loop().create_future()
        (self._back if again else self._new).append(waiter)
        return waiter

    def call(self) -> asyncio.Future[Start] | None:
        """The next that still waits, who then stands there no longer."""
        for side in (self._back, self._new):
            while side:
                if not (waiter := side.popleft()).done():
                    return waiter
        return None

    def __len__(self) -> int:
        return sum(not waiter.done() for side in (self._back, self._new) for waiter in side)

    def __bool__(self) -> bool:
        return bool(self._back or self._new)
