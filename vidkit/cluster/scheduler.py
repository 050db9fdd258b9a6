"""What the cluster has in common, at the scheduler: letters, gates, flights, and who is there.

Everything on one machine, the hub sees in one order: what a worker said before it was lost
comes before the news that it was. Money is not here: the journal is the client's, on its disk.
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
from .messages import HUB, Letter, answer, opened, portable, refusal, sealed

# Who makes an asset: one worker of the cluster at a time.
#
# A lock of the shared folder would do where the file system keeps locks between machines; some
# keep them for each machine alone, and tell nobody. The scheduler sees all machines.


Asset = tuple[str, str]
"""A store's folder, and the key of an asset in it."""
Who = tuple[str, int]
"""A worker's address, and the number of a flight there."""


@dataclass(frozen=True, slots=True)
class Flight:
    """A worker's right, or wish, to make an asset. back: where its beginning is to be told."""

    run: str
    who: Who
    back: tuple[str, int]


class Flights:
    """The flights of all assets, by store and key, first come, first served.

    begin: called with the flight that may begin now, and whether its run made this asset
    since it began, so that what is to be made anew is made anew once in a run.
    """

    def __init__(self, begin: Callable[[Flight, bool], None]) -> None:
        self._begin = begin
        self._lines: dict[Asset, deque[Flight]] = {}
        self._made: dict[str, set[Asset]] = {}

    def ask(self, asset: Asset, flight: Flight) -> None:
        """Stand in the line of an asset."""
        line = self._lines.setdefault(asset, deque())
        line.append(flight)
        if line[0] is flight:
            self._start(asset, flight)

    def land(self, asset: Asset, who: Who, made: bool) -> None:
        """End a flight, or the wish for it; made: the asset was made anew, as the run wants it."""
        line = self._lines.get(asset, deque())
        for flight in [each for each in line if each.who == who]:
            if made:
                self._made.setdefault(flight.run, set()).add(asset)
            self._drop(asset, flight)

    def lost(self, worker: str) -> None:
        """End all flights and wishes of a worker that is gone."""
        for asset, line in list(self._lines.items()):
            for flight in [each for each in line if each.who[0] == worker]:
                self._drop(asset, flight)

    def over(self, run: str) -> None:
        """Forget what a run made."""
        self._made.pop(run, None)

    def _drop(self, asset: Asset, flight: Flight) -> None:
        line = self._lines[asset]
        held = line[0] is flight
        line.remove(flight)
        if not line:
            del self._lines[asset]
        elif held:
            self._start(asset, line[0])

    def _start(self, asset: Asset, flight: Flight) -> None:
        self._begin(flight, asset in self._made.get(flight.run, ()))


# The gates of the whole cluster: the same `Gate` as on one machine, standing at the scheduler.
#
# A request is let in here and sent from a worker. The worker tells what came of it, and the gate
# decides, for all machines at once, whether it is sent again and when the next may start.


Back = tuple[str, int]
Verdict = tuple[Literal["go", "raise"], VidkitError | None]
"""Send now, or raise this error, None being one's own."""

REMEMBERED = 64
"""Gates that no run uses and that are kept, with what they have learnt."""


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
class _Turn:
    """A request on its way through a gate. back: who waits for the gate's next word."""

    back: Back | None
    task: asyncio.Task[None] | None = None
    outcome: asyncio.Future[Answer[None]] | None = None
    own: BaseException | None = None


class Turns:
    """All requests that wait at a gate or are under way. Only for the scheduler's loop.

    post: sends a letter.
    """

    def __init__(self, post: Callable[[Letter], None]) -> None:
        self._post = post
        self._gates: dict[Service, RateLimiter] = {}
        self._runs: dict[Service, set[str]] = {}
        self._ends: dict[str, list[Callable[[], None]]] = {}
        self._turns: dict[Who, _Turn] = {}

    def enter(self, run: str, service: Service, who: Who, back: Back) -> None:
        """Let a request wait at its gate; the answer to `back` is a `Verdict`."""
        turn = self._turns[who] = _Turn(back)
        turn.task = asyncio.create_task(self._through(self._gate(run, service), who, turn))

    def ended(self, who: Who, limits: Limits | None) -> None:
        """A request was answered."""
        turn = self._turns.get(who)
        if turn is not None and turn.outcome is not None and not turn.outcome.done():
            turn.outcome.set_result(Answer(None, limits))

    def failed(self, who: Who, error: Exception, back: Back) -> None:
        """A request failed; the answer to `back` says whether it is sent again."""
        turn = self._turns.get(who)
        if turn is None or turn.outcome is None or turn.outcome.done():
            self._post(answer(back, ("raise", None)))
            return
        turn.back, turn.own = back, error
        turn.outcome.set_exception(error)

    def leave(self, who: Who) -> None:
        """Nobody waits for this request any more."""
        if (turn := self._turns.pop(who, None)) is not None and turn.task is not None:
            turn.task.cancel()

    def lost(self, worker: str) -> None:
        """A worker is gone, with all its requests."""
        for who in [who for who in self._turns if who[0] == worker]:
            self.leave(who)

    def over(self, run: str) -> None:
        """A run is over; no limiter tells it anything more, or keeps to its terms."""
        for end in self._ends.pop(run, ()):
            end()
        for runs in self._runs.values():
            runs.discard(run)
        for service in [service for service, runs in self._runs.items() if not runs][:-REMEMBERED]:
            del self._gates[service], self._runs[service]

    async def _through(self, gate: RateLimiter, who: Who, turn: _Turn) -> None:
        async def send() -> Answer[None]:
            turn.outcome = asyncio.get_running_loop().create_future()
            self._say(turn, ("go", None))
            return await turn.outcome

        try:
            await gate(send)
        except Exception as error:
            self._say(turn, ("raise", None if error is turn.own else portable(error)))
        finally:
            if self._turns.get(who) is turn:
                del self._turns[who]

    def _say(self, turn: _Turn, verdict: Verdict) -> None:
        back, turn.back = turn.back, None
        if back is not None:
            self._post(answer(back, verdict))

    def _gate(self, run: str, service: Service) -> RateLimiter:
        gate = self._gates.get(service)
        if gate is None:
            gate = self._gates[service] = RateLimiter(service.name, service.places)
            gate.subscribe(lambda event: self._tell(service, event))
        runs = self._runs.setdefault(service, set())
        if run not in runs:
            runs.add(run)
            gate.reopen()
            end = gate.use(adaptive=service.adaptive, pace=service.pace)
            self._ends.setdefault(run, []).append(end)
        return gate

    def _tell(self, service: Service, event: Event) -> None:
        for run in self._runs.get(service, ()):
            self._post(Letter(run, "gate", (event,)))


LONGEST_WAIT = 20.0
"""Seconds after which a side that hears nothing asks again, so that no dead one is waited for."""


PATIENT = {"event", "note", "need", "gate"}
COMPANY = 0.02
"""Seconds that letters of these kinds wait for others, where somebody waits for none of them."""


class _Box:
    """The letters that wait for somebody."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.filled = asyncio.Event()
        self.open = True
        self._readers = 0

    def put(self, letter: Letter) -> None:
        self.letters.append(letter)
        self.filled.set()

    async def take(self) -> bytes | None:
        """All letters, as soon as there is one; none after a while; None where it is closed.

        Only the last who asked gets them: an earlier one broke off, and hears nothing.
        """
        self._readers += 1
        reader = self._readers
        self.filled.set()
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                while self.open and not self.letters and reader == self._readers:
                    self.filled.clear()
                    await self.filled.wait()
            if all(letter.kind in PATIENT for letter in self.letters):
                await asyncio.sleep(COMPANY)
        except TimeoutError:
            return b""
        if reader != self._readers:
            return b""
        letters, self.letters = self.letters, []
        return sealed(letters) if letters or self.open else None

    def close(self) -> None:
        self.open = False
        self.filled.set()


class Hub(SchedulerPlugin):
    """The plugin that vidkit's client registers at the scheduler; one for all of its runs."""

    name = "vidkit-1"
    idempotent = True

    async def start(self, scheduler: Any) -> None:
        """Take calls; by Dask, when it is registered."""
        self._scheduler = scheduler
        self._boxes: dict[str, _Box] = {}
        self._runs: dict[str, str] = {}
        self._turns = Turns(self._deliver)
        self._flights = Flights(self._begin)
        for call in (self.vidkit_open, self.vidkit_close, self.vidkit_post, self.vidkit_wait):
            scheduler.handlers[call.__name__] = call

    async def vidkit_open(self, run: str, client: str) -> list[str]:
        """A client begins a run; gives the addresses of the workers."""
        self._runs[run] = client
        self._boxes[run] = _Box()
        return list(self._scheduler.workers)

    async def vidkit_close(self, run: str) -> None:
        """A run is over, or its client is gone."""
        if self._runs.pop(run, None) is None:
            return
        self._turns.over(run)
        self._flights.over(run)
        self._boxes.pop(run).close()
        for worker in self._scheduler.workers:
            if worker in self._boxes:
                self._deliver(Letter(worker, "over", (run,)))

    async def vidkit_post(self, sender: str, envelope: bytes) -> bool:
        """Letters of a run or a worker; False where that is not known (any more)."""
        if not self._known(sender):
            return False
        for letter in opened(envelope):
            if letter.to == HUB:
                self._do(sender, letter)
            else:
                self._deliver(letter)
        return True

    async def vidkit_wait(self, sender: str) -> bytes | None:
        """The letters for a run or a worker; None where that is not known (any more)."""
        return await self._box(sender).take() if self._known(sender) else None

    def add_worker(self, scheduler: Any, worker: str) -> None:
        """A worker has come; by Dask."""
        for run in self._runs:
            self._deliver(Letter(run, "joined", (worker,)))

    def remove_worker(self, scheduler: Any, worker: str, **_: Any) -> None:
        """A worker is gone, however it went; by Dask."""
        self._turns.lost(worker)
        self._flights.lost(worker)
        if box := self._boxes.pop(worker, None):
            box.close()
        for run in self._runs:
            self._deliver(Letter(run, "lost", (worker,)))

    def remove_client(self, scheduler: Any, client: str) -> None:
        """A client is gone; by Dask. Its runs end, with what is under way."""
        for run in [run for run, of in self._runs.items() if of == client]:
            self._closing = asyncio.ensure_future(self.vidkit_close(run))

    def _known(self, sender: str) -> bool:
        return sender in self._runs or sender in self._scheduler.workers

    def _box(self, name: str) -> _Box:
        return self._boxes.setdefault(name, _Box())

    def _deliver(self, letter: Letter) -> None:
        if self._known(letter.to):
            self._box(letter.to).put(letter)
        elif letter.back is not None:
            gone = ClusterError("the program that began this run is gone")
            self._deliver(refusal((letter.back[0], letter.back[1]), gone))

    def _do(self, sender: str, letter: Letter) -> None:
        match letter.kind, letter.what:
            case "enter", (run, service, number):
                assert letter.back is not None
                self._turns.enter(run, service, (sender, number), letter.back)
            case "ended", (number, limits):
                self._turns.ended((sender, number), limits)
            case "failed", (number, error):
                assert letter.back is not None
                self._turns.failed((sender, number), error, letter.back)
            case "leave", (number,):
                self._turns.leave((sender, number))
            case "flight", (run, asset, number):
                assert letter.back is not None
                self._flights.ask(asset, Flight(run, (sender, number), letter.back))
            case "land", (asset, number, made):
                self._flights.land(asset, (sender, number), made)

    def _begin(self, flight: Flight, made: bool) -> None:
        self._deliver(answer(flight.back, made))
