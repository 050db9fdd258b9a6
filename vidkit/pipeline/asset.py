"""An asset: from the store, or made once and kept there, and its money written down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from ..errors import Unconfirmed
from ..providers import Request
from ..store import Asset, Reservation
from .tools import Tools

T = TypeVar("T")


async def obtain(
    tools: Tools, key: str, make: Callable[[], Awaitable[Asset]], *, fresh: bool = False
) -> tuple[Asset, bool]:
    """The asset under `key`, and whether it was in the store already.

    `make` makes and keeps it where it was not, or with `fresh` in any case. One maker is at
    work on a key at a time, in all processes; the others wait, and find what it made.
    """
    if not fresh and (asset := await tools.aside(tools.store.find, key)):
        return asset, True
    async with tools.store.flight(key):
        if not fresh and (asset := await tools.aside(tools.store.find, key)):
            return asset, True
        return await make(), False


@dataclass
class Bill:
    """The money of one asset. Its `request` is the gated one, with each attempt reserved in
    the journal before it is sent; a call of a free provider leaves no trace.

    dollars: what a request may cost; None where nobody knows. cost: what the provider says
    that all of it cost. spent: what was paid, once it is settled.
    """

    tools: Tools
    gate: Request
    run: int | None
    key: str
    kind: str
    provider: str
    lesson: str
    dollars: float | None
    cost: float | None = None
    spent: float = 0.0
    _open: list[Reservation] = field(default_factory=list)

    async def request(self, send: Callable[[], Awaitable[T]], /) -> T:
        """Pass the gate, reserve, send."""
        await self.tools.reins.passed()
        return await self.gate(lambda: self._attempt(send))

    async def _attempt(self, send: Callable[[], Awaitable[T]]) -> T:
        if self.tools.reins.stop is not None:
            raise asyncio.CancelledError
        if self.dollars == 0:
            return await send()
        reservation = await self.tools.aside(
            self.tools.store.journal.reserve,
            run=self.run,
            key=self.key,
            kind=self.kind,
            provider=self.provider,
            lesson=self.lesson,
            dollars=self.dollars,
            budgets=self.tools.budgets,
        )
        try:
            answer = await send()
        except (Unconfirmed, asyncio.CancelledError):
            # it was sent, and whether it was billed nobody knows
            reservation.unconfirmed()
            raise
        except BaseException:
            reservation.failed()
            raise
        self._open.append(reservation)
        return answer

    async def settle(self) -> None:
        """Write down what the answered requests cost: what the provider said, or else what was
        reserved. Called when the asset is kept, so that what is killed before is unconfirmed.
        """
        open_, self._open = self._open, []
        for number, reservation in enumerate(open_):
            share = None if self.cost is None else self.cost if number == 0 else 0.0
            await self.tools.aside(reservation.paid, share)
        if open_:
            self.spent = (self.dollars or 0.0) * len(open_) if self.cost is None else self.cost
