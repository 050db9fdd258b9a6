"""What goes between the notebook, the scheduler and the workers: letters, many in one envelope."""

from __future__ import annotations

import asyncio
import itertools
import pickle
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from ..core import errors
from ..core.errors import (
    ClusterError,
    LessonError,
    OverBudget,
    RateLimited,
    Unreachable,
    VidkitError,
)

HUB = "hub"
"""The box of the scheduler itself."""


@dataclass(frozen=True, slots=True)
class Letter:
    """Something to be said to `to`: the hub, a run, or a worker by its address.

    kind: what it is about; what: the rest, all of it small. back: who waits for an answer, and
    under which number. The answer is a letter of the kind "answer" or "error" with that number
    first.
    """

    to: str
    kind: str
    what: tuple[Any, ...] = ()
    back: tuple[str, int] | None = None


def sealed(letters: Iterable[Letter]) -> bytes:
    """Letters as they travel. Dask's own messages are pickles too, from the same senders."""
    return pickle.dumps([(each.to, each.kind, each.what, each.back) for each in letters])


def opened(envelope: bytes) -> list[Letter]:
    """The letters in an envelope, in the order in which they were written."""
    return [Letter(*each) for each in pickle.loads(envelope)]  # noqa: S301


def answer(back: tuple[str, int], value: Any) -> Letter:
    """The letter that answers another."""
    to, number = back
    return Letter(to, "answer", (number, value))


def refusal(back: tuple[str, int], error: Exception) -> Letter:
    """The letter that lets whoever asked have an error."""
    to, number = back
    return Letter(to, "error", (number, portable(error)))


def portable(error: BaseException) -> VidkitError:
    """An error that every machine can read: one of vidkit's own kinds, with the same words."""
    for kind in type(error).__mro__:
        if kind.__module__ != errors.__name__:
            continue
        if type(error) is kind and isinstance(error, VidkitError):
            return error
        if issubclass(kind, RateLimited | Unreachable):
            told = kind(str(error), getattr(error, "retry_after", None))
            if isinstance(told, Unreachable):
                told.again = getattr(error, "again", True)
            return told
        if issubclass(kind, VidkitError) and not issubclass(kind, LessonError | OverBudget):
            return kind(str(error))
    return VidkitError(f"unforeseen {type(error).__name__}: {error}")


# One end of the line to the scheduler: letters out, letters in, each side in its order.


PATIENCE = 120.0
"""Seconds that a thread waits for an answer before it takes the other side for dead."""
COMPANY = 0.05
"""Seconds that what is only told may wait: bars and panels are drawn no more often."""
LAST_WORDS = 2.0
"""Seconds that a line which closes takes to send what is still to be sent."""


class Desk(Protocol):
    """The scheduler as Dask's clients and workers call it."""

    async def vidkit_post(self, *, sender: str, envelope: bytes) -> bool: ...

    async def vidkit_wait(self, *, sender: str) -> bytes | None: ...


class Line:
    """The line of `name`, a run or a worker's address. Any thread may use it; what it sends
    and receives it does on Dask's loop.

    While an envelope is on its way the next letters gather in another, and what has time waits a
    moment for company, so that a flood of letters costs few messages. hear: called with the
    letters that come and are no answers, on Dask's loop; one of the kind "broken", with the error,
    is the last.
    """

    def __init__(
        self,
        name: str,
        desk: Desk,
        loop: asyncio.AbstractEventLoop,
        hear: Callable[[list[Letter]], object],
    ) -> None:
        self.name = name
        self._desk = desk
        self._loop = loop
        self._hear = hear
        self._out: deque[Letter] = deque()
        self._filled = asyncio.Event()
        self._sent = asyncio.Event()
        self._lingering = False
        self._lock = threading.Lock()
        self._waiting: dict[int, tuple[str, Future[Any]]] = {}
        self._numbers = itertools.count(1)
        self._closed: ClusterError | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Begin to send and to listen; on Dask's loop."""
        self._tasks = [asyncio.create_task(turn()) for turn in (self._send, self._listen)]

    @property
    def broken(self) -> bool:
        """True where nothing passes any more."""
        return self._closed is not None

    def tell(self, to: str, kind: str, *what: Any) -> None:
        """Send a letter; one that nobody can receive any more is dropped."""
        self._put(Letter(to, kind, what))

    def mention(self, to: str, kind: str, *what: Any) -> None:
        """Send a letter that may wait for company, for `COMPANY` seconds at most."""
        self._put(Letter(to, kind, what), urgent=False)

    def ask(self, to: str, kind: str, *what: Any) -> Future[Any]:
        """Send a letter whose answer will be in the future, and raise what it was refused with.
        A `ClusterError` where the line is, or breaks, before there is an answer.
        """
        waiting: Future[Any] = Future()
        number = next(self._numbers)
        with self._lock:
            if self._closed is None and not self._loop.is_running():
                self._closed = ClusterError("the Dask worker has ended")
            if self._closed is not None:
                waiting.set_exception(self._closed)
                return waiting
            self._waiting[number] = to, waiting
        self._put(Letter(to, kind, what, (self.name, number)))
        return waiting

    async def answer(self, to: str, kind: str, *what: Any) -> Any:
        """`ask`, awaited on any loop."""
        return await asyncio.wrap_future(self.ask(to, kind, *what))

    def wait(self, to: str, kind: str, *what: Any) -> Any:
        """`ask`, waited for in a thread that is not Dask's."""
        try:
            return self.ask(to, kind, *what).result(PATIENCE)
        except TimeoutError:
            raise ClusterError(f"no answer for {PATIENCE:.0f} s to {kind!r} by {to}") from None

    def reply(self, letter: Letter, value: Any = None) -> None:
        """Answer a letter that waits for it."""
        if letter.back is not None:
            self._put(answer(letter.back, value))

    def refuse(self, letter: Letter, error: Exception) -> None:
        """Answer a letter with an error."""
        if letter.back is not None:
            self._put(refusal(letter.back, error))

    def give_up(self, error: ClusterError, to: str | None = None) -> None:
        """Let those who wait for an answer, by `to` or by anybody, have an error."""
        with self._lock:
            hopeless = [n for n, (whom, _) in self._waiting.items() if to in (None, whom)]
            waiting = [self._waiting.pop(number)[1] for number in hopeless]
        for each in waiting:
            if each.set_running_or_notify_cancel():
                each.set_exception(error)

    async def close(self) -> None:
        """Send what is still to be sent, and end; on Dask's loop."""
        if self._closed is None and self._out:
            self._sent.clear()
            self._filled.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS):
                    await self._sent.wait()
        self._end(ClusterError("the line to the cluster was closed"))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _put(self, letter: Letter, urgent: bool = True) -> None:
        self._out.append(letter)
        if self._closed is not None or not self._loop.is_running():
            return
        if urgent:
            self._loop.call_soon_threadsafe(self._filled.set)
        elif not self._lingering:
            self._lingering = True
            self._loop.call_soon_threadsafe(self._loop.call_later, COMPANY, self._filled.set)

    async def _send(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            if not self._out:
                continue
            self._lingering = False
            batch = [*self._out]
            try:
                taken = await self._desk.vidkit_post(sender=self.name, envelope=sealed(batch))
            except Exception as error:
                return self._break(str(error))
            if not taken:
                return self._break("it does not know us any more")
            for _ in batch:
                self._out.popleft()
            (self._filled if self._out else self._sent).set()

    async def _listen(self) -> None:
        while True:
            try:
                envelope = await self._desk.vidkit_wait(sender=self.name)
            except Exception as error:
                return self._break(str(error))
            if envelope is None:
                return self._break("it does not know us any more")
            news = []
            for letter in opened(envelope) if envelope else ():
                if letter.kind in ("answer", "error"):
                    self._receive(letter)
                else:
                    news.append(letter)
            if news:
                self._hear(news)

    def _receive(self, letter: Letter) -> None:
        number, value = letter.what
        with self._lock:
            _, waiting = self._waiting.pop(number, ("", None))
        if waiting is None or not waiting.set_running_or_notify_cancel():
            return
        if letter.kind == "answer":
            waiting.set_result(value)
        else:
            waiting.set_exception(value)

    def _break(self, why: str) -> None:
        if self._closed is not None:
            return
        error = ClusterError(
            f"Dask's scheduler cannot be reached any more ({why or 'no reason'}); "
            "what was finished is kept, and the same call goes on"
        )
        self._end(error)
        self._hear([Letter(self.name, "broken", (error,))])

    def _end(self, error: ClusterError) -> None:
        with self._lock:
            self._closed = self._closed or error
        self.give_up(error)
