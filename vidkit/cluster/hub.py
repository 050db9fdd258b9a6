"""What the cluster has in common, at the scheduler: letters, gates, flights, and who is there.

Everything on one machine, the hub sees in one order: what a worker said before it was lost
comes before the news that it was. Money is not here: the journal is the client's, on its disk.
"""

from __future__ import annotations

import asyncio
from typing import Any

from distributed import SchedulerPlugin

from ..errors import ClusterError
from .flights import Flight, Flights
from .letters import HUB, Letter, answer, opened, refusal, sealed
from .turns import Turns

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
