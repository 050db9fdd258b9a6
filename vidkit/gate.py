"""The way to a provider: how many requests may be under way at once.

One gate stands before each provider. Providers send everything through it, so a
narration of 14 requests is limited by the request and not by the section.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from .settings import MOST_WORKERS

T = TypeVar("T")


class Gate:
    """Lets at most `limit` requests through at once (64 where nobody says less).

    It belongs to the event loop in which it is first used.
    """

    def __init__(self, name: str, limit: int | None = None) -> None:
        self.name = name
        self._places = anyio.CapacityLimiter(min(limit or MOST_WORKERS, MOST_WORKERS))

    @property
    def limit(self) -> int:
        """Requests that may be under way at once."""
        return int(self._places.total_tokens)

    @property
    def under_way(self) -> int:
        """Requests that are under way now."""
        return int(self._places.borrowed_tokens)

    async def __call__(self, send: Callable[[], Awaitable[T]], /) -> T:
        """Wait for a place, send, and give the answer."""
        # A borrower of its own for each request: one task may send several side by side.
        async with _Place(self._places):
            return await send()


class _Place:
    def __init__(self, places: anyio.CapacityLimiter) -> None:
        self._places = places

    async def __aenter__(self) -> None:
        await self._places.acquire_on_behalf_of(self)

    async def __aexit__(self, *_: object) -> None:
        self._places.release_on_behalf_of(self)
