"""When the next request may start: after a pause, at a pace, by what headers say is left."""

from __future__ import annotations

from random import Random

from .limits import Limits
from .rate import MINUTE, Rate, Start

LONGEST_BACKOFF = 60.0
CAREFUL = 8
"""Requests after a pause that start one by one, each when a 429 to the last would be here."""
LONGEST_GAP = 1.0
KEPT = 1.0
"""Requests left unused of what headers say is left: two clocks are never quite the same."""


class Pace:
    """When the next request may start. Seconds on any clock; the caller says what time it is.

    adaptive=False learns no rate and only keeps the pauses. most: starts in a minute, whatever
    is learnt; None sets no limit. chance spreads the pauses a
    little, so that two programs at one limit do not come back together.
    """

    def __init__(self, chance: Random, adaptive: bool = True, most: float | None = None) -> None:
        self._chance = chance
        self._adaptive = adaptive
        self._most = most
        self._free = 0.0
        self._rate = Rate()
        self._paused_until = 0.0
        self._next = 0.0
        self._bucket: tuple[Limits, float] | None = None
        self._told = float("-inf")
        self._misses = 0
        self._careful = 0
        self._gap = 0.0

    @property
    def a_minute(self) -> float | None:
        """Requests that may start in a minute, None where nothing is known to limit them."""
        known = (self._most, self.learnt)
        return min((pace for pace in known if pace is not None), default=None)

    @property
    def learnt(self) -> float | None:
        """The same, by what the provider says and does alone."""
        if (pace := self._rate.pace) is not None:
            return MINUTE * pace
        return self._bucket[0].per_minute if self._bucket else None

    def paused(self, now: float) -> float:
        """Seconds for which nothing starts, 0 where there is no pause."""
        return max(0.0, self._paused_until - now)

    def wait(self, now: float) -> float:
        """Seconds until a request may start; 0 or less is now."""
        until = max(self._paused_until, self._next, self._free)
        if self._bucket is not None and (left := self._left(now)) < 1:
            until = max(until, now + (1 - left) * MINUTE / self._bucket[0].per_minute)
        return until - now

    def start(self, now: float) -> tuple[Start, str | None]:
        """Count a request that starts now. Gives it back, and why the pace rose, if it did."""
        start = self._rate.start(now)
        if self._most is not None:
            gap = MINUTE / self._most
            # from when it might have begun, so that late timers slow nothing
            self._free = max(self._free, now - gap) + gap
        if self._bucket is not None:
            self._bucket = Limits(self._bucket[0].per_minute, self._left(now) - 1), now
        if (pace := self._rate.pace) is None:
            if self._careful:
                self._careful -= 1
                self._next = now + self._gap
            return start, None
        self._next = max(self._next, now - 1 / pace) + 1 / pace
        if (borne := self._rate.rise(now)) is None:
            return start, None
        return start, f"faster, because {borne} requests in a row were let through"

    def pause(self, now: float, seconds: float) -> float:
        """Start nothing for so long, or a little longer. Gives how long from now."""
        spread = min(1.0, 0.05 * seconds) * self._chance.random()
        self._paused_until = max(self._paused_until, now + seconds + spread)
        return self._paused_until - now

    def hint(self, start: Start, limits: Limits) -> None:
        """Take note of what the answer to `start` says of limits; a 429 outweighs it."""
        if self._adaptive and self._rate.borne is None:
            left = limits.left - self._rate.since(start) - KEPT
            self._bucket = Limits(limits.per_minute, left), start.at

    def rejected(self, start: Start, now: float, after: float | None) -> tuple[float, bool] | None:
        """Take note of a 429 to `start`; `after` is what the provider says, in seconds.

        Gives how long everybody pauses from now, and whether the 429s turned out to have
        nothing to do with the pace; None where this one is no news because its request was
        sent before the last pause began.
        """
        self._rate.refuse(start)
        if start.at <= self._told:
            if after is not None:
                self.pause(now, after)
            return None
        self._misses = self._misses + 1 if self._rate.nothing_since(start) else 0
        moody = self._adaptive and self._rate.learn(start, after)
        self._bucket = None
        self._told = now
        self._careful, self._gap = CAREFUL, min(LONGEST_GAP, 1.5 * (now - start.at))
        seconds = self.pause(now, self._backoff() if after is None else after)
        self._next = self._paused_until
        if (borne := self._rate.borne) is not None:
            # A small store of quota, gathered while nothing starts, is what the pace then
            # spends; without it every second request would cross the limit again.
            self._next += max(1.0, borne) / borne
        self._rate.resume(self._paused_until)
        return seconds, moody

    def forget(self) -> None:
        """Unlearn the rate: it was not the pace that was too high."""
        self._rate.forget()
        self._next = 0.0

    def _left(self, now: float) -> float:
        """Requests left of what headers told, as far as one can know without being told again."""
        assert self._bucket is not None
        limits, at = self._bucket
        return min(limits.per_minute, limits.left + (now - at) * limits.per_minute / MINUTE)

    def _backoff(self) -> float:
        """A pause where the provider names none, twice as long after each that was too short."""
        first = max(1.0, 1 / self._rate.borne) if self._rate.borne is not None else 1.0
        seconds = min(LONGEST_BACKOFF, first * 2.0 ** min(self._misses, 6))
        return seconds * self._chance.uniform(0.8, 1.2)
