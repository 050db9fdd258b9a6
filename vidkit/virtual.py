"""An event loop whose clock is virtual: hours of waiting pass at once.

A forecast runs the pipeline on one. Nothing on such a loop may wait for the world outside, a
thread, a process or the network: the clock would run away meanwhile.
"""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _NoWait(selectors.SelectSelector):
    """Where a loop would sleep, its clock jumps ahead instead."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return []  # there is something to do now; asking the system takes as long as doing it
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("nothing is scheduled, and nothing ever will be")
            self.loop.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in which hours of waiting pass at once; `now` is its time in seconds."""

    def __init__(self) -> None:
        self.now = 0.0
        selector = _NoWait()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self.now


def virtually(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine under a virtual clock. Only where no loop is running in this thread."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)


def virtually_aside(coroutine: Coroutine[Any, Any, T]) -> T:
    """The same from anywhere, also from a notebook's cell, whose loop is running: in a thread
    of its own, which is waited for.
    """
    done: list[T] = []
    wrong: list[BaseException] = []

    def run() -> None:
        try:
            done.append(virtually(coroutine))
        except BaseException as error:
            wrong.append(error)

    thread = threading.Thread(target=run, name="vidkit forecast")
    thread.start()
    thread.join()
    if wrong:
        raise wrong[0]
    return done[0]
