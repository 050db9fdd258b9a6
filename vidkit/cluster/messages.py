"""Messages between the client, the scheduler and the workers, on the streams that Dask keeps
between them: in the order in which they were sent, many in one packet.
"""

from __future__ import annotations

import asyncio
import itertools
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from ..core import errors
from ..core.errors import (
    ClusterError,
    LessonError,
    OverBudget,
    RateLimited,
    Unreachable,
    VidkitError,
)

STREAM = "vidkit-message"
"""What Dask's streams call such a message; its `payload` is a pickle, as are Dask's own."""
SCHEDULER = "scheduler"
"""The address of the scheduler's own plugin."""
ANSWER_TIMEOUT = 120.0
"""Seconds that a thread waits for an answer before it takes the other side for dead."""

ReplyTo = tuple[str, int]
"""Who waits for an answer, and under which number."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something to be said to `to`: the scheduler, a run, or a worker by its address.

    kind: what it is about; args: the rest, all of it small. The answer to one with a `reply_to`
    is a message of the kind "answer" or "error" with its number first.
    """

    to: str
    kind: str
    args: tuple[Any, ...] = ()
    reply_to: ReplyTo | None = None

    def on_stream(self) -> dict[str, Any]:
        """It as Dask's streams take it."""
        return {"op": STREAM, "payload": pickle.dumps(self)}


def decoded(payload: bytes) -> Message:
    """The message in what a stream brought."""
    message: Message = pickle.loads(payload)  # noqa: S301
    return message


def answer_to(reply_to: ReplyTo, value: Any) -> Message:
    """The message that answers another; an error is raised where it is waited for."""
    to, number = reply_to
    if isinstance(value, Exception):
        return Message(to, "error", (number, portable(value)))
    return Message(to, "answer", (number, value))


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


class Channel:
    """The line between `name`, a run or a worker's address, and the scheduler. Any thread may use
    it.

    loop: Dask's; only there `post` is called, which puts a message on Dask's stream. on_message:
    called there with each message that comes and is no answer.
    """

    def __init__(
        self,
        name: str,
        loop: asyncio.AbstractEventLoop,
        post: Callable[[dict[str, Any]], object],
        on_message: Callable[[Message], object],
    ) -> None:
        self.name = name
        self._loop = loop
        self._post = post
        self._on_message = on_message
        self._lock = threading.Lock()
        self._waiting: dict[int, tuple[str, Future[Any]]] = {}
        self._numbers = itertools.count(1)
        self._closed: ClusterError | None = None

    def send(self, to: str, kind: str, *args: Any) -> None:
        """Send a message; one that nobody can receive any more is dropped."""
        self._put(Message(to, kind, args))

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
        """Answer a message that waits for it, also with an error."""
        if message.reply_to is not None:
            self._put(answer_to(message.reply_to, value))

    def receive(self, payload: bytes) -> None:
        """Take in what the stream brought; on Dask's loop."""
        message = decoded(payload)
        if message.kind not in ("answer", "error"):
            self._on_message(message)
            return
        number, value = message.args
        with self._lock:
            _, waiting = self._waiting.pop(number, ("", None))
        if waiting is None or not waiting.set_running_or_notify_cancel():
            return
        if message.kind == "answer":
            waiting.set_result(value)
        else:
            waiting.set_exception(value)

    def give_up(self, error: ClusterError, to: str | None = None) -> None:
        """Let those who wait for an answer, by `to` or by anybody, have an error."""
        with self._lock:
            hopeless = [n for n, (whom, _) in self._waiting.items() if to in (None, whom)]
            waiting = [self._waiting.pop(number)[1] for number in hopeless]
        for each in waiting:
            if each.set_running_or_notify_cancel():
                each.set_exception(error)

    def close(self, error: ClusterError) -> None:
        """Nothing passes any more; who waits, or asks from now on, has the error."""
        with self._lock:
            self._closed = self._closed or error
        self.give_up(error)

    def _put(self, message: Message) -> None:
        if self._closed is None and self._loop.is_running():
            self._loop.call_soon_threadsafe(self._post, message.on_stream())
