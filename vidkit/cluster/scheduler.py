"""What the cluster has in common: messages between the client, the scheduler and the workers, and a
plugin of Dask's scheduler that passes them on, and has the rate limiters and the locks of assets.

Messages go on the streams that Dask keeps, in the order in which they were sent, many in one
packet. All in one place, the scheduler sees one order: what a worker said before it was lost comes
before the news that it was. Money is not here: the journal is the client's, on its disk.
"""

from __future__ import annotations

import asyncio
import itertools
import pickle
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from distributed import SchedulerPlugin

from ..core import errors
from ..core.errors import (
    ClusterError,
    LessonError,
    OverBudget,
    RateLimited,
    Unreachable,
    VidkitError,
)
from ..core.events import Event
from ..providers.answers import Answer
from ..providers.limiter import RateLimiter

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


# What the scheduler does for the workers.


Asset = tuple[str, str]
"""A store's folder, and the key of an asset in it."""
DialogueId = tuple[str, int]
"""A worker's address, and the number of a dialogue there."""
Post = Callable[[Message], None]
"""Sends a message."""


class Dialogue:
    """What a worker asks for, is answered, and then says of it, by turns."""

    def __init__(self, post: Post, reply_to: ReplyTo) -> None:
        self._post = post
        self._reply_to: ReplyTo | None = reply_to
        self._said: asyncio.Future[Any] | None = None

    def tell(self, value: Any) -> None:
        """Answer the worker, where it waits for an answer."""
        reply_to, self._reply_to = self._reply_to, None
        if reply_to is not None:
            self._post(answer_to(reply_to, value))

    async def ask(self, value: Any) -> Any:
        """Answer the worker, and give what it says next."""
        self._said = asyncio.get_running_loop().create_future()
        self.tell(value)
        return await self._said

    def hear(self, value: Any, reply_to: ReplyTo | None) -> None:
        """Take in what the worker says; reply_to: where it waits for an answer to that."""
        if self._said is not None and not self._said.done():
            self._reply_to = reply_to
            self._said.set_result(value)


class AssetLocks:
    """One worker of the cluster at a time makes an asset; first come, first served.

    A lock of the shared folder would do where the file system keeps locks between machines; some
    keep them for each machine alone, and tell nobody. The scheduler sees all machines.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[Asset, asyncio.Lock] = WeakValueDictionary()

    async def hold(self, made: set[Asset], asset: Asset, dialogue: Dialogue) -> None:
        """Tell the worker when it may begin, and whether the asset is among those that its run
        made anew since it began, so that this is done once in a run. The worker says whether it
        made it anew.
        """
        lock = self._locks.setdefault(asset, asyncio.Lock())
        async with lock:
            if await dialogue.ask(asset in made):
                made.add(asset)


# The limiters of the whole cluster: the same `RateLimiter` as on one machine.
#
# A request is let in here and sent from a worker. The worker tells what came of it, and the limiter
# decides, for all machines at once, whether it is sent again and when the next may start.


REMEMBERED = 64
"""Limiters that no run uses and that are kept, with what they have learnt."""


@dataclass(frozen=True, slots=True)
class Service:
    """What one limiter stands before: a provider with its key (as a digest) and its model; and
    the terms on which a run uses it.
    """

    kind: str
    name: str
    key: tuple[str, ...]
    adaptive: bool = field(compare=False)
    places: int | None = None
    pace: float | None = field(default=None, compare=False)


@dataclass(slots=True)
class _Shared:
    """A limiter, and what ends its use by each run that uses it."""

    limiter: RateLimiter
    ends: dict[str, Callable[[], None]] = field(default_factory=dict)


class Limiters:
    """The rate limiters of all services. Only for the scheduler's loop."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._shared: dict[Service, _Shared] = {}

    async def let_through(self, run: str, service: Service, dialogue: Dialogue) -> None:
        """A request on its way. The worker is told "go", as often as it is to be sent, and says
        the limits that came with its answer, or its error; or it is told "raise", and an error,
        None being its own.
        """
        own: Exception | None = None

        async def send() -> Answer[None]:
            nonlocal own
            said = await dialogue.ask(("go", None))
            if isinstance(said, Exception):
                own = said
                raise said
            return Answer(None, said)

        try:
            await self._limiter(run, service)(send)
        except Exception as error:
            dialogue.tell(("raise", None if error is own else portable(error)))

    def run_ended(self, run: str) -> None:
        """A run is over; no limiter tells it anything more, or keeps to its terms."""
        for shared in self._shared.values():
            if (end := shared.ends.pop(run, None)) is not None:
                end()
        idle = [service for service, shared in self._shared.items() if not shared.ends]
        for service in idle[:-REMEMBERED]:
            del self._shared[service]

    def _limiter(self, run: str, service: Service) -> RateLimiter:
        shared = self._shared.get(service)
        if shared is None:
            shared = self._shared[service] = _Shared(RateLimiter(service.name, service.places))
            shared.limiter.subscribe(partial(self._publish, shared))
        if run not in shared.ends:
            shared.limiter.reopen()
            end = shared.limiter.use(adaptive=service.adaptive, pace=service.pace)
            shared.ends[run] = end
        return shared.limiter

    def _publish(self, shared: _Shared, event: Event) -> None:
        for run in shared.ends:
            self._post(Message(run, "limiter", (event,)))


@dataclass(slots=True)
class _Run:
    """A run of a client, given by its id. made: the assets that the run made anew."""

    client: str
    over: asyncio.Event = field(default_factory=asyncio.Event)
    made: set[Asset] = field(default_factory=set)


class ClusterPlugin(SchedulerPlugin):
    """The plugin that vidkit's client registers at the scheduler; one for all of its runs."""

    name = "vidkit-3"
    idempotent = True

    async def start(self, scheduler: Any) -> None:
        """Take calls; by Dask, when it is registered."""
        self._scheduler = scheduler
        self._runs: dict[str, _Run] = {}
        self._workers: set[str] = set()
        self._dialogues: dict[DialogueId, tuple[Dialogue, asyncio.Task[None]]] = {}
        self._limiters = Limiters(self._deliver)
        self._locks = AssetLocks()
        scheduler.handlers["vidkit_begin"] = self.vidkit_begin
        scheduler.handlers["vidkit_over"] = self.vidkit_over
        scheduler.stream_handlers[STREAM] = self._receive

    async def vidkit_begin(self, run: str, client: str) -> list[str]:
        """A client begins a run; gives the addresses of the workers."""
        self._runs[run] = _Run(client)
        return list(self._scheduler.workers)

    async def vidkit_over(self, run: str) -> None:
        """Wait until a run is over; returns at once where it is not known."""
        if found := self._runs.get(run):
            await found.over.wait()

    def add_worker(self, scheduler: Any, worker: str) -> None:
        """A worker has come; by Dask."""
        for run in self._runs:
            self._deliver(Message(run, "joined", (worker,)))

    def remove_worker(self, scheduler: Any, worker: str, **_: Any) -> None:
        """A worker is gone, however it went; by Dask."""
        for key in [key for key in self._dialogues if key[0] == worker]:
            self._leave(key)
        self._workers.discard(worker)
        for run in self._runs:
            self._deliver(Message(run, "lost", (worker,)))

    def remove_client(self, scheduler: Any, client: str) -> None:
        """A client is gone; by Dask. Its runs end, with what is under way."""
        for run in [run for run, of in self._runs.items() if of.client == client]:
            self._end(run)

    def _receive(self, payload: bytes, worker: str = "", client: str = "") -> None:
        message = decoded(payload)
        if worker:
            self._workers.add(worker)
        if message.to == SCHEDULER:
            self._handle(worker, message)
        else:
            self._deliver(message)

    def _deliver(self, message: Message) -> None:
        """Pass a message on. Only a worker that sent one takes one."""
        if run := self._runs.get(message.to):
            self._scheduler.client_send(run.client, message.on_stream() | {"run": message.to})
        elif message.to in self._workers:
            self._scheduler.worker_send(message.to, message.on_stream())
        elif message.reply_to is not None:
            gone = ClusterError("the program that began this run is gone")
            self._deliver(answer_to(message.reply_to, gone))

    def _handle(self, worker: str, message: Message) -> None:
        match message.kind, message.args:
            case "end", (run,):
                self._end(run)
            case "enter", (run, service, number):
                dialogue = self._dialogue(message)
                serving = self._limiters.let_through(run, service, dialogue)
                self._begin((worker, number), dialogue, serving)
            case "claim", (run, asset, number):
                dialogue = self._dialogue(message)
                made = self._runs[run].made if run in self._runs else set()
                self._begin((worker, number), dialogue, self._locks.hold(made, asset, dialogue))
            case "said", (number, value):
                if (worker, number) in self._dialogues:
                    self._dialogues[worker, number][0].hear(value, message.reply_to)
            case "leave", (number,):
                self._leave((worker, number))

    def _dialogue(self, message: Message) -> Dialogue:
        assert message.reply_to is not None
        return Dialogue(self._deliver, message.reply_to)

    def _begin(
        self, key: DialogueId, dialogue: Dialogue, serving: Coroutine[Any, Any, None]
    ) -> None:
        task = asyncio.create_task(serving)
        self._dialogues[key] = dialogue, task
        task.add_done_callback(lambda _: self._dialogues.pop(key, None))

    def _leave(self, key: DialogueId) -> None:
        """Nobody waits for this any more."""
        if key in self._dialogues:
            self._dialogues[key][1].cancel()

    def _end(self, run: str) -> None:
        """A run is over, or its client is gone."""
        if (ended := self._runs.pop(run, None)) is not None:
            ended.over.set()
            self._limiters.run_ended(run)
            for worker in self._workers:
                self._deliver(Message(worker, "over", (run,)))
