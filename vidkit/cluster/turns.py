"""The gates of the whole cluster: the same `Gate` as on one machine, standing at the scheduler.

A request is let in here and sent from a worker. The worker tells what came of it, and the gate
decides, for all machines at once, whether it is sent again and when the next may start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ..errors import VidkitError
from ..events import Event
from ..gate import Answer, Gate, Limits
from .letters import Letter, answer, portable

Who = tuple[str, int]
"""A request: its worker's address, and its number there."""
Back = tuple[str, int]
Verdict = tuple[Literal["go", "raise"], VidkitError | None]
"""Send now, or raise this error, None being one's own."""

REMEMBERED = 64
"""Gates that no run uses and that are kept, with what they have learnt."""


@dataclass(frozen=True, slots=True)
class Service:
    """What one gate stands before: a provider with its key (as a digest) and its model."""

    kind: str
    name: str
    key: tuple[str, ...]
    adaptive: bool
    places: int | None = None
    pace: float | None = None


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
        self._gates: dict[Service, Gate] = {}
        self._runs: dict[Service, set[str]] = {}
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
        """A run is over; no gate tells it anything more."""
        for runs in self._runs.values():
            runs.discard(run)
        for service in [service for service, runs in self._runs.items() if not runs][:-REMEMBERED]:
            del self._gates[service], self._runs[service]

    async def _through(self, gate: Gate, who: Who, turn: _Turn) -> None:
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

    def _gate(self, run: str, service: Service) -> Gate:
        gate = self._gates.get(service)
        if gate is None:
            gate = self._gates[service] = Gate(
                service.name, service.places, adaptive=service.adaptive, pace=service.pace
            )
            gate.subscribe(lambda event: self._tell(service, event))
        runs = self._runs.setdefault(service, set())
        if run not in runs:
            runs.add(run)
            gate.reopen()
        return gate

    def _tell(self, service: Service, event: Event) -> None:
        for run in self._runs.get(service, ()):
            self._post(Letter(run, "gate", (event,)))
