"""Messages between the client, the scheduler and the workers, many in one call."""

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

SCHEDULER = "scheduler"
"""The address of the scheduler's own plugin."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something to be said to `to`: the scheduler, a run, or a worker by its address.

    kind: what it is about; args: the rest, all of it small. reply_to: who waits for an answer, and
    under which number. The answer is a message of the kind "answer" or "error" with that number
    first.
    """

    to: str
    kind: str
    args: tuple[Any, ...] = ()
    reply_to: tuple[str, int] | None = None


def encoded(messages: Iterable[Message]) -> bytes:
    """Messages as they travel. Dask's own messages are pickles too, from the same senders."""
    return pickle.dumps([(each.to, each.kind, each.args, each.reply_to) for each in messages])


def decoded(payload: bytes) -> list[Message]:
    """The messages in an payload, in the order in which they were written."""
    return [Message(*each) for each in pickle.loads(payload)]  # noqa: S301


def answer_to(reply_to: tuple[str, int], value: Any) -> Message:
    """The message that answers another."""
    to, number = reply_to
    return Message(to, "answer", (number, value))


def error_to(reply_to: tuple[str, int], error: Exception) -> Message:
    """The message that lets whoever asked have an error."""
    to, number = reply_to
    return Message(to, "error", (number, portable(error)))


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


# One end of the channel to the scheduler: messages out, messages in, each side in its order.


ANSWER_TIMEOUT = 120.0
"""Seconds that a thread waits for an answer before it takes the other side for dead."""
GATHERING = 0.05
"""Seconds that what is only told may wait: bars and panels are drawn no more often."""
CLOSE_TIMEOUT = 2.0
"""Seconds that a line which closes takes to send what is still to be sent."""


class SchedulerCalls(Protocol):
    """The scheduler as Dask's clients and workers call it."""

    async def vidkit_post(self, *, sender: str, payload: bytes) -> bool: ...

    async def vidkit_wait(self, *, sender: str) -> bytes | None: ...


class Channel:
    """The line of `name`, a run or a worker's address. Any thread may use it; what it sends
    and receives it does on Dask's loop.

    While an payload is on its way the next messages gather in another, and what has time waits a
    moment for others, so that a flood of events costs few calls. on_messages: called with the
    messages that come and are no answers, on Dask's loop; one of the kind "broken", with the error,
    is the last.
    """

    def __init__(
        self,
        name: str,
        scheduler: SchedulerCalls,
        loop: asyncio.AbstractEventLoop,
        on_messages: Callable[[list[Message]], object],
    ) -> None:
        self.name = name
        self._scheduler = scheduler
        self._loop = loop
        self._on_messages = on_messages
        self._out: deque[Message] = deque()
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

    def send(self, to: str, kind: str, *args: Any) -> None:
        """Send a message; one that nobody can receive any more is dropped."""
        self._put(Message(to, kind, args))

    def send_soon(self, to: str, kind: str, *args: Any) -> None:
        """Send a message that may wait for company, for `GATHERING` seconds at most."""
        self._put(Message(to, kind, args), urgent=False)

    def request(self, to: str, kind: str, *args: Any) -> Future[Any]:
        """Send a message whose answer will be in the future, and raise what it was refused with.
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
        self._put(Message(to, kind, args, (self.name, number)))
        return waiting

    async def ask(self, to: str, kind: str, *args: Any) -> Any:
        """`request`, awaited on any loop."""
        return await asyncio.wrap_future(self.request(to, kind, *args))

    def ask_blocking(self, to: str, kind: str, *args: Any) -> Any:
        """`request`, waited for in a thread that is not Dask's."""
        try:
            return self.request(to, kind, *args).result(ANSWER_TIMEOUT)
        except TimeoutError:
            raise ClusterError(
                f"no answer for {ANSWER_TIMEOUT:.0f} s to {kind!r} by {to}"
            ) from None

    def reply(self, message: Message, value: Any = None) -> None:
        """Answer a message that waits for it."""
        if message.reply_to is not None:
            self._put(answer_to(message.reply_to, value))

    def reply_error(self, message: Message, error: Exception) -> None:
        """Answer a message with an error."""
        if message.reply_to is not None:
            self._put(error_to(message.reply_to, error))

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
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    await self._sent.wait()
        self._end(ClusterError("the line to the cluster was closed"))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _put(self, message: Message, urgent: bool = True) -> None:
        self._out.append(message)
        if self._closed is not None or not self._loop.is_running():
            return
        if urgent:
            self._loop.call_soon_threadsafe(self._filled.set)
        elif not self._lingering:
            self._lingering = True
            self._loop.call_soon_threadsafe(self._loop.call_later, GATHERING, self._filled.set)

    async def _send(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            if not self._out:
                continue
            self._lingering = False
            batch = [*self._out]
            try:
                taken = await self._scheduler.vidkit_post(sender=self.name, payload=encoded(batch))
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
                payload = await self._scheduler.vidkit_wait(sender=self.name)
            except Exception as error:
                return self._break(str(error))
            if payload is None:
                return self._break("it does not know us any more")
            news = []
            for message in decoded(payload) if payload else ():
                if message.kind in ("answer", "error"):
                    self._receive(message)
                else:
                    news.append(message)
            if news:
                self._on_messages(news)

    def _receive(self, message: Message) -> None:
        number, value = message.args
        with self._lock:
            _, waiting = self._waiting.pop(number, ("", None))
        if waiting is None or not waiting.set_running_or_notify_cancel():
            return
        if message.kind == "answer":
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
        self._on_messages([Message(self.name, "broken", (error,))])

    def _end(self, error: ClusterError) -> None:
        with self._lock:
            self._closed = self._closed or error
        self.give_up(error)
