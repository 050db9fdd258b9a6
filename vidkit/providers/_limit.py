"""A pretended rate limit, as providers count it: a bucket of requests that refills."""

from __future__ import annotations

import asyncio

from ..errors import RateLimited, SettingsError

REJECTION = 0.3
"""Seconds that a 429 takes to come back; a provider that is quicker says no as quickly."""


class RateLimit:
    """So many requests a minute, on the running loop's clock.

    A minute's worth lies ready at first and after a quiet minute, and comes back evenly. That
    is how most providers count; where one more is asked for, `pass_` says when to come back.
    `rejected` counts those.

    Raises `SettingsError` for a number that is not above 0.
    """

    def __init__(self, per_minute: float) -> None:
        number = isinstance(per_minute, int | float) and not isinstance(per_minute, bool)
        if not number or not 0 < per_minute <= 1_000_000:
            raise SettingsError(
                f"per_minute is {per_minute!r}; give the requests a minute, more than 0"
            )
        self.per_minute = per_minute
        self.rejected = 0
        self._ready = max(1.0, per_minute)
        self._at = 0.0

    async def pass_(self, name: str, latency: float) -> None:
        """Count one request to `name`, whose answers take `latency` seconds. Raises
        `RateLimited`, after a moment, where it is one too many.
        """
        now = asyncio.get_running_loop().time()
        refill = self.per_minute / 60
        self._ready = min(max(1.0, self.per_minute), self._ready + (now - self._at) * refill)
        self._at = now
        # a hair less than one, or the very request that was told to come now would be refused
        if self._ready >= 1 - 1e-6:
            self._ready -= 1
            return
        self.rejected += 1
        wait = (1 - self._ready) / refill
        await asyncio.sleep(min(REJECTION, latency))
        raise RateLimited(f"{name}: more than {self.per_minute:g} requests a minute", wait)
