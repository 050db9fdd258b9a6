"""What the cluster has in common: a plugin of Dask's scheduler with mailboxes, rate limiters and
locks of assets.

All in one place, it sees one order: what a worker said before it was lost comes before the news
that it was. Money is not here: the journal is the client's, on its disk.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from distributed import SchedulerPlugin

from ..core.errors import ClusterError, VidkitError
from ..core.events import Event
from ..providers.headers import Answer, Limits
from ..providers.limiter import RateLimiter
from .messages import SCHEDULER, Message, answer_to, decoded, encoded, error_to, portable

# Locks of assets: one worker of the cluster at a time makes an asset.
#
# A lock of the shared folder would do where the file system keeps locks between machines; some
# keep them for each machine alone, and tell nobody. The scheduler sees all machines.


Asset = tuple[str, str]
"""A store's folder, and the key of an asset in it."""
RequestId = tuple[str, int]
"""A worker's address, and the number of a claim or request there."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's right, or wish, to make an asset. reply_to: where its beginning is to be told."""

    run: str
    request_id: RequestId
    reply_to: tuple[str, int]


class AssetLocks:
    """The claims of all assets, by store and key, first come, first served.

    on_start: called with the claim that may begin now, and whether its run made this asset
    since it began, so that what is to be made anew is made anew once in a run.
    """

    def __init__(self, on_start: Callable[[Claim, bool], None]) -> None:
        self._on_start = on_start
        self._claims: dict[Asset, deque[Claim]] = {}
        self._made: dict[str, set[Asset]] = {}

    def acquire(self, asset: Asset, claim: Claim) -> None:
        """Stand in the queue of an asset."""
        queue = self._claims.setdefault(asset, deque())
        queue.append(claim)
        if queue[0] is claim:
            self._start(asset, claim)

    def release(self, asset: Asset, request_id: RequestId, made: bool) -> None:
        """End a claim, or the wish for it; made: the asset was made anew, as the run wants it."""
        queue = self._claims.get(asset, deque())
        for claim in [each for each in queue if each.request_id == request_id]:
            if made:
                self._made.setdefault(claim.run, set()).add(asset)
            self._drop(asset, claim)

    def worker_lost(self, worker: str) -> None:
        """End all claims of a worker that is gone."""
        for asset, queue in list(self._claims.items()):
            for claim in [each for each in queue if each.request_id[0] == worker]:
                self._drop(asset, claim)

    def run_ended(self, run: str) -> None:
        """Forget what a run made."""
        self._made.pop(run, None)

    def _drop(self, asset: Asset, claim: Claim) -> None:
        queue = self._claims[asset]
        held = queue[0] is claim
        queue.remove(claim)
        if not queue:
            del self._claims[asset]
        elif held:
            self._start(asset, queue[0])

    def _start(self, asset: Asset, claim: Claim) -> None:
        self._on_start(claim, asset in self._made.get(claim.run, ()))


# The limiters of the whole cluster: the same `RateLimiter` as on one machine.
#
# A request is let in here and sent from a worker. The worker tells what came of it, and the limiter
# decides, for all machines at once, whether it is sent again and when the next may start.


ReplyTo = tuple[str, int]
Decision = tuple[Literal["go", "raise"], VidkitError | None]
"""Send now, or raise this error, None being one's own."""

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
class _Request:
    """A request on its way through a limiter. reply_to: who waits for the limiter's next word."""

    reply_to: ReplyTo | None
    task: asyncio.Task[None] | None = None
    outcome: asyncio.Future[Answer[None]] | None = None
    own: BaseException | None = None


class Requests:
    """All requests that wait at a limiter or are under way. Only for the scheduler's loop.

    post: sends a message.
    """

    def __init__(self, post: Callable[[Message], None]) -> None:
        self._post = post
        self._limiters: dict[Service, RateLimiter] = {}
        self._runs: dict[Service, set[str]] = {}
        self._ends: dict[str, list[Callable[[], None]]] = {}
        self._requests: dict[RequestId, _Request] = {}

    def enter(self, run: str, service: Service, key: RequestId, reply_to: ReplyTo) -> None:
        """Let a request wait at its limiter; the answer to `reply_to` is a `Decision`."""
        request = self._requests[key] = _Request(reply_to)
        request.task = asyncio.create_task(self._through(self._limiter(run, service), key, request))

    def ended(self, key: RequestId, limits: Limits | None) -> None:
        """A request was answered."""
        request = self._requests.get(key)
        if request is not None and request.outcome is not None and not request.outcome.done():
            request.outcome.set_result(Answer(None, limits))

    def failed(self, key: RequestId, error: Exception, reply_to: ReplyTo) -> None:
        """A request failed; the answer to `reply_to` says whether it is sent again."""
        request = self._requests.get(key)
        if request is None or request.outcome is None or request.outcome.done():
            self._post(answer_to(reply_to, ("raise", None)))
            return
        request.reply_to, request.own = reply_to, error
        request.outcome.set_exception(error)

    def leave(self, key: RequestId) -> None:
        """Nobody waits for this request any more."""
        if (request := self._requests.pop(key, None)) is not None and request.task is not None:
            request.task.cancel()

    def worker_lost(self, worker: str) -> None:
        """A worker is gone, with all its requests."""
        for key in [key for key in self._requests if key[0] == worker]:
            self.leave(key)

    def run_ended(self, run: str) -> None:
        """A run is over; no limiter tells it anything more, or keeps to its terms."""
        for end in self._ends.pop(run, ()):
            end()
        for runs in self._runs.values():
            runs.discard(run)
        for service in [service for service, runs in self._runs.items() if not runs][:-REMEMBERED]:
            del self._limiters[service], self._runs[service]

    async def _through(self, limiter: RateLimiter, key: RequestId, request: _Request) -> None:
        async def send() -> Answer[None]:
            request.outcome = asyncio.get_running_loop().create_future()
            self._decide(request, ("go", None))
            return await request.outcome

        try:
            await limiter(send)
        except Exception as error:
            self._decide(request, ("raise", None if error is request.own else portable(error)))
        finally:
            if self._requests.get(key) is request:
                del self._requests[key]

    def _decide(self, request: _Request, decision: Decision) -> None:
        reply_to, request.reply_to = request.reply_to, None
        if reply_to is not None:
            self._post(answer_to(reply_to, decision))

    def _limiter(self, run: str, service: Service) -> RateLimiter:
        limiter = self._limiters.get(service)
        if limiter is None:
            limiter = self._limiters[service] = RateLimiter(service.name, service.places)
            limiter.subscribe(lambda event: self._publish(service, event))
        runs = self._runs.setdefault(service, set())
        if run not in runs:
            runs.add(run)
            limiter.reopen()
            end = limiter.use(adaptive=service.adaptive, pace=service.pace)
            self._ends.setdefault(run, []).append(end)
        return limiter

    def _publish(self, service: Service, event: Event) -> None:
        for run in self._runs.get(service, ()):
            self._post(Message(run, "limiter", (event,)))


# The plugin, and the mailboxes in which messages wait to be fetched.


LONGEST_WAIT = 20.0
"""Seconds after which a side that hears nothing asks again, so that no dead one is waited for."""


UNHURRIED = {"event", "note", "need", "limiter"}
GATHERING = 0.02
"""Seconds that messages of these kinds wait for others, where somebody waits for none of them."""


class _Mailbox:
    """The messages that wait for somebody."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.filled = asyncio.Event()
        self.open = True
        self._readers = 0

    def put(self, message: Message) -> None:
        self.messages.append(message)
        self.filled.set()

    async def take(self) -> bytes | None:
        """All messages, as soon as there is one; none after a while; None where it is closed.

        Only the last reader gets them: an earlier one broke off, and hears nothing.
        """
        self._readers += 1
        reader = self._readers
        self.filled.set()
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                while self.open and not self.messages and reader == self._readers:
                    self.filled.clear()
                    await self.filled.wait()
            if all(message.kind in UNHURRIED for message in self.messages):
                await asyncio.sleep(GATHERING)
        except TimeoutError:
            return b""
        if reader != self._readers:
            return b""
        messages, self.messages = self.messages, []
        return encoded(messages) if messages or self.open else None

    def close(self) -> None:
        self.open = False
        self.filled.set()


class ClusterPlugin(SchedulerPlugin):
    """The plugin that vidkit's client registers at the scheduler; one for all of its runs."""

    name = "vidkit-2"
    idempotent = True

    async def start(self, scheduler: Any) -> None:
        """Take calls; by Dask, when it is registered."""
        self._scheduler = scheduler
        self._mailboxes: dict[str, _Mailbox] = {}
        self._runs: dict[str, str] = {}
        self._requests = Requests(self._deliver)
        self._locks = AssetLocks(self._begin)
        for call in (self.vidkit_open, self.vidkit_close, self.vidkit_post, self.vidkit_wait):
            scheduler.handlers[call.__name__] = call

    async def vidkit_open(self, run: str, client: str) -> list[str]:
        """A client begins a run; gives the addresses of the workers."""
        self._runs[run] = client
        self._mailboxes[run] = _Mailbox()
        return list(self._scheduler.workers)

    async def vidkit_close(self, run: str) -> None:
        """A run is over, or its client is gone."""
        if self._runs.pop(run, None) is None:
            return
        self._requests.run_ended(run)
        self._locks.run_ended(run)
        self._mailboxes.pop(run).close()
        for worker in self._scheduler.workers:
            if worker in self._mailboxes:
                self._deliver(Message(worker, "over", (run,)))

    async def vidkit_post(self, sender: str, payload: bytes) -> bool:
        """Messages of a run or a worker; False where that is not known (any more)."""
        if not self._known(sender):
            return False
        for message in decoded(payload):
            if message.to == SCHEDULER:
                self._do(sender, message)
            else:
                self._deliver(message)
        return True

    async def vidkit_wait(self, sender: str) -> bytes | None:
        """The messages for a run or a worker; None where that is not known (any more)."""
        return await self._mailbox(sender).take() if self._known(sender) else None

    def add_worker(self, scheduler: Any, worker: str) -> None:
        """A worker has come; by Dask."""
        for run in self._runs:
            self._deliver(Message(run, "joined", (worker,)))

    def remove_worker(self, scheduler: Any, worker: str, **_: Any) -> None:
        """A worker is gone, however it went; by Dask."""
        self._requests.worker_lost(worker)
        self._locks.worker_lost(worker)
        if mailbox := self._mailboxes.pop(worker, None):
            mailbox.close()
        for run in self._runs:
            self._deliver(Message(run, "lost", (worker,)))

    def remove_client(self, scheduler: Any, client: str) -> None:
        """A client is gone; by Dask. Its runs end, with what is under way."""
        for run in [run for run, of in self._runs.items() if of == client]:
            self._closing = asyncio.ensure_future(self.vidkit_close(run))

    def _known(self, sender: str) -> bool:
        return sender in self._runs or sender in self._scheduler.workers

    def _mailbox(self, name: str) -> _Mailbox:
        return self._mailboxes.setdefault(name, _Mailbox())

    def _deliver(self, message: Message) -> None:
        if self._known(message.to):
            self._mailbox(message.to).put(message)
        elif message.reply_to is not None:
            gone = ClusterError("the program that began this run is gone")
            self._deliver(error_to((message.reply_to[0], message.reply_to[1]), gone))

    def _do(self, sender: str, message: Message) -> None:
        match message.kind, message.args:
            case "enter", (run, service, number):
                assert message.reply_to is not None
                self._requests.enter(run, service, (sender, number), message.reply_to)
            case "ended", (number, limits):
                self._requests.ended((sender, number), limits)
            case "failed", (number, error):
                assert message.reply_to is not None
                self._requests.failed((sender, number), error, message.reply_to)
            case "leave", (number,):
                self._requests.leave((sender, number))
            case "claim", (run, asset, number):
                assert message.reply_to is not None
                self._locks.acquire(asset, Claim(run, (sender, number), message.reply_to))
            case "release", (asset, number, made):
                self._locks.release(asset, (sender, number), made)

    def _begin(self, claim: Claim, made: bool) -> None:
        self._deliver(answer_to(claim.reply_to, made))
