"""An asset: from the store, or made once and kept there, and its money written down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from ..errors import ProviderError, Unconfirmed, VidkitError
from ..events import Paid
from ..store import Asset, Reservation
from .choice import Choice
from .place import Place
from .tools import Tools

T = TypeVar("T")


async def obtain(
    tools: Tools,
    key: Callable[[], str],
    make: Callable[[str], Awaitable[Asset]],
    *,
    fresh: bool = False,
) -> tuple[Asset, bool]:
    """The asset under `key`, which is worked out where blocking is allowed, and whether it was
    in the store already.

    `make` makes and keeps it where it was not, or with `fresh` once in the run in any case.
    One maker is at work on a key at a time, in all processes; the others wait, and find what
    it made.
    """

    def found(key: str) -> Asset | None:
        return None if fresh and key not in tools.renewed else tools.store.find(key)

    def sought() -> tuple[str, Asset | None]:
        return (which := key()), found(which)

    which, asset = await tools.aside(sought)
    if asset is not None:
        return asset, True
    async with tools.store.flight(which) as waited:
        # what nobody was making a moment ago is hardly there, and a look at nothing is quick
        asset = await tools.aside(found, which) if waited else found(which)
        if asset is not None:
            return asset, True
        asset = await make(which)
        if fresh:
            tools.renewed.add(which)
        return asset, False


@dataclass
class Bill:
    """The money of one asset, which a provider is to make for the section at `index`. Its
    `request` is the gated one, with each attempt reserved in the journal before it is sent; a
    call of a free provider leaves no trace there.

    key: that of the asset, known before the first request. dollars: what a request may cost;
    None where nobody knows. cost: what the provider says
    that all of it cost. spent: what was paid, once it is settled.
    """

    place: Place
    index: int
    choice: Choice
    key: str = ""
    dollars: float | None = field(init=False)
    cost: float | None = None
    spent: float = 0.0
    _open: list[Reservation] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dollars = self.choice.price

    async def request(self, send: Callable[[], Awaitable[T]], /) -> T:
        """Pass the gate, reserve, send."""
        await self.place.passed()
        return await self.choice.gate(lambda: self._attempt(send))

    async def _attempt(self, send: Callable[[], Awaitable[T]]) -> T:
        await self.place.passed()
        if self.dollars == 0:
            with self._working():
                return await send()
        reservation = await self._reserve()
        try:
            with self._working():
                answer = await send()
        except ProviderError as error:
            sent = isinstance(error, Unconfirmed)
            await (self._leave_open(reservation) if sent else self._write(reservation.failed))
            raise
        except BaseException:
            # it was sent, and whether it was billed nobody knows
            await self._leave_open(reservation)
            raise
        self._open.append(reservation)
        return answer

    def _working(self) -> AbstractContextManager[None]:
        return self.place.working(self.index, self.choice.kind, self.choice.name)

    async def _leave_open(self, reservation: Reservation) -> None:
        """Write down that a request was sent and may have been billed."""
        await self._write(reservation.unconfirmed)
        self._tell(self.dollars or 0.0, sure=False)

    def _tell(self, dollars: float, sure: bool) -> None:
        place = self.place
        step, by = self.choice.kind, self.choice.name
        place.tell(Paid(place.now(), place.position, self.index, step, by, dollars, sure))

    async def _reserve(self) -> Reservation:
        """Set the price aside; a cancel in this very moment gives it back."""
        tools, place = self.place.tools, self.place
        asking = asyncio.ensure_future(
            tools.aside(
                tools.store.journal.reserve,
                run=place.run,
                key=self.key,
                kind=self.choice.kind,
                provider=self.choice.name,
                lesson=place.name_in_journal,
                dollars=self.dollars,
                budgets=tools.budgets,
            )
        )
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            with suppress(VidkitError):
                await self._write((await asking).failed)
            raise

    async def _write(self, ending: Callable[[], None]) -> None:
        """Write an end into the journal, also while the run is being cancelled."""
        await asyncio.shield(self.place.tools.aside(ending))

    async def settle(self) -> None:
        """Write down what the answered requests cost: what the provider said, or else what was
        reserved. Called when the asset is kept, so that what is killed before is unconfirmed.
        """
        open_, self._open = self._open, []
        for number, reservation in enumerate(open_):
            share = None if self.cost is None else self.cost if number == 0 else 0.0
            await self._write(partial(reservation.paid, share))
        if open_:
            self.spent = (self.dollars or 0.0) * len(open_) if self.cost is None else self.cost
            self._tell(self.spent, sure=True)
