"""Blocking calls out of the loop's way: in threads, and one after another as long as they are
short.

Threads that read and write small files let go of the interpreter's lock at each of them, and spend
more time taking it from each other than with the files (the convoy of D. Beazley, "Understanding
the Python GIL", 2010). One at a time, the sections of a batch take a quarter less processor time
and are done sooner (`tests/bench/long_batch.py`). But a call that does not come back, because the
disk is slow or because it works outside the interpreter as an encoder does, must not hold up the
others.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 0.002
"""Seconds after which a call is no longer waited for, and the next begins beside it: some
times what a short one takes, and less than a disk takes to make sure of a file."""


class InTurn:
    """Calls blocking functions in threads, in the order in which they come: `await aside(function,
    …)`. patience: seconds. On one loop at a time.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._loop: asyncio.AbstractEventLoop | None = None
        self._busy = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __call__(self, call: Callable[..., T], /, *args: object, **kwargs: object) -> T:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # the one before has ended, or belongs to a forked parent
            self._loop, self._busy, self._waiting = loop, False, deque()
        await self._turn()
        awaited = True

        def next_one() -> None:
            nonlocal awaited
            if awaited:
                awaited = False
                self._next()

        slow = loop.call_later(self._patience, next_one)
        try:
            return await asyncio.to_thread(call, *args, **kwargs)
        finally:
            slow.cancel()
            next_one()

    async def _turn(self) -> None:
        """Wait until no call is under way, but for such as are no longer waited for."""
        if not self._busy:
            self._busy = True
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._next()
            raise

    def _next(self) -> None:
        """Let the next call begin."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._busy = False
