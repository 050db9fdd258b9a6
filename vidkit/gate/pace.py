"""How fast requests may start, learnt from the answers.

A provider that limits requests does not say where its limit is; it says 429 to the request
that crosses it. Between two such moments it let through just what it bears, whether it
counts with a bucket that refills or by a sliding minute. So the rate between two 429s *is*
the limit, and a pace a little above it crosses the limit once in a while and keeps the
figure true. Where that crossing does not come, the limit has risen, and the pace follows.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from random import Random

from .limits import Limits

MINUTE = 60.0
PROBE = 0.04
"""The pace is so much above the rate that is known to be borne: one 429 in some 40 requests."""
BOLDEST_PROBE = 0.75
"""The same while the rate is a first guess; each 429 that makes it surer halves it."""
SURPLUS = 2.0
"""Requests borne beyond the rate that show the rate to be too low."""
ENOUGH = 8
"""Requests let through between two 429s that give a rate; of 8, one more or less is 12 %."""
FEW = 3
LESS = 0.85
"""The rate after a 429 that came within a few requests of the last one."""
LONGEST_BACKOFF = 60.0
KEPT = 1.0
"""Requests left unused of what headers say is left: two clocks are never quite the same."""
SURGE = 64.0
"""A rate, in requests a second, that is none: 64 places hardly send more."""


@dataclass(frozen=True, slots=True)
class Start:
    """A request that was started: its number, counted from 1, and when."""

    number: int
    at: float


@dataclass(frozen=True, slots=True)
class _Mark:
    """A moment at which the limit was met, and how many requests had been let through."""

    at: float
    passed: int


class Pace:
    """When the next request may start. Seconds on any clock; the caller says what time it is.

    adaptive=False learns no rate and only keeps the pauses. chance spreads the pauses a
    little, so that two programs at one limit do not come back together.
    """

    def __init__(self, chance: Random, adaptive: bool = True) -> None:
        self._chance = chance
        self._adaptive = adaptive
        self._rate: float | None = None
        self._over = BOLDEST_PROBE
        self._paused_until = 0.0
        self._next = 0.0
        self._bucket: tuple[Limits, float] | None = None
        self._starts = 0
        self._rejects = 0
        self._recent: deque[float] = deque()
        self._marks: deque[_Mark] = deque(maxlen=16)
        self._told = float("-inf")
        self._misses = 0
        self._risen = False
        self._since = 0.0
        self._passed_since = 0

    @property
    def a_minute(self) -> float | None:
        """Requests that may start in a minute, None where nothing is known to limit them."""
        if self._rate is not None:
            return MINUTE * self._rate * (1 + self._over)
        return self._bucket[0].per_minute if self._bucket else None

    def paused(self, now: float) -> float:
        """Seconds for which nothing starts, 0 where there is no pause."""
        return max(0.0, self._paused_until - now)

    def wait(self, now: float) -> float:
        """Seconds until a request may start; 0 or less is now."""
        until = max(self._paused_until, self._next)
        if self._bucket is not None and (left := self._left(now)) < 1:
            until = max(until, now + (1 - left) * MINUTE / self._bucket[0].per_minute)
        return until - now

    def start(self, now: float) -> tuple[Start, str | None]:
        """Count a request that starts now. Gives it back, and why the pace rose, if it did."""
        self._starts += 1
        self._passed_since += 1
        start = Start(self._starts, now)
        if not self._adaptive:
            return start, None
        self._recent.append(now)
        while self._recent[0] < now - MINUTE:
            self._recent.popleft()
        if self._bucket is not None:
            self._bucket = Limits(self._bucket[0].per_minute, self._left(now) - 1), now
        if self._rate is None:
            return start, None
        step = 1 / (self._rate * (1 + self._over))
        self._next = max(self._next, now - step) + step
        return start, self._rise(now)

    def pause(self, now: float, seconds: float) -> float:
        """Start nothing for so long, or a little longer. Gives how long from now."""
        spread = min(1.0, 0.05 * seconds) * self._chance.random()
        self._paused_until = max(self._paused_until, now + seconds + spread)
        return self._paused_until - now

    def hint(self, start: Start, limits: Limits) -> None:
        """Take note of what the answer to `start` says of limits; a 429 outweighs it."""
        if self._adaptive and self._rate is None:
            since = self._starts - start.number
            self._bucket = Limits(limits.per_minute, limits.left - since - KEPT), start.at

    def rejected(self, start: Start, now: float, after: float | None) -> float | None:
        """Take note of a 429 to `start`; `after` is what the provider says, in seconds.

        Gives how long everybody pauses from now, None where this 429 is no news because
        its request was sent before the last pause began.
        """
        self._rejects += 1
        self._passed_since -= start.at >= self._since
        if self._recent:
            self._recent.remove(start.at)
        if start.at <= self._told:
            if after is not None:
                self.pause(now, after)
            return None
        passed = start.number - self._rejects
        nothing = bool(self._marks) and passed <= self._marks[-1].passed + 1
        self._misses = self._misses + 1 if nothing else 0
        if self._adaptive:
            self._learn(start, passed, after)
        self._told = now
        seconds = self.pause(now, self._backoff() if after is None else after)
        self._next = self._paused_until
        if self._rate is not None:
            # A small store of quota, gathered while nothing starts, is what the pace then
            # spends; without it every second request would cross the limit again.
            self._next += max(1.0, self._rate) / self._rate
        self._begin_count(self._paused_until)
        return seconds

    def forget(self) -> None:
        """Unlearn the rate: it was not the pace that was too high."""
        self._rate = None
        self._next = 0.0
        self._over = BOLDEST_PROBE
        self._marks.clear()

    def _left(self, now: float) -> float:
        """Requests left of what headers told, as far as one can know without being told again."""
        assert self._bucket is not None
        limits, at = self._bucket
        return min(limits.per_minute, limits.left + (now - at) * limits.per_minute / MINUTE)

    def _backoff(self) -> float:
        """A pause where the provider names none, twice as long after each that was too short."""
        first = max(1.0, 1 / self._rate) if self._rate is not None else 1.0
        seconds = min(LONGEST_BACKOFF, first * 2.0 ** min(self._misses, 6))
        return seconds * self._chance.uniform(0.8, 1.2)

    def _begin_count(self, now: float) -> None:
        self._since, self._passed_since = now, 0

    def _rise(self, now: float) -> str | None:
        """Raise the rate, where more is borne than it says."""
        assert self._rate is not None
        if self._passed_since - self._rate * (now - self._since) < SURPLUS:
            return None
        borne = self._passed_since
        self._rate *= 1 + self._over
        self._over = min(2 * self._over, BOLDEST_PROBE)
        self._risen = True
        self._begin_count(now)
        if self._rate > SURGE:
            self._rate = None
        return f"faster, because {borne} requests in a row were let through"

    def _learn(self, start: Start, passed: int, after: float | None) -> None:
        rate, sure = self._estimate(start, passed, after)
        self._marks.append(_Mark(start.at, passed))
        self._bucket = None
        self._risen = False
        if rate is not None:
            self._rate = max(rate, 1 / MINUTE)
            self._over = max(PROBE, self._over / 2) if sure else BOLDEST_PROBE

    def _estimate(
        self, start: Start, passed: int, after: float | None
    ) -> tuple[float | None, bool]:
        """Requests a second that are borne, and whether 429s of two moments say so."""
        at = start.at
        last_minute = sum(each >= at - MINUTE for each in self._recent)
        last_minute -= self._starts - start.number
        if not self._marks:
            return self._guess(at, last_minute, after), False
        if self._rate is not None and passed - self._marks[-1].passed < FEW:
            return LESS * self._rate, True
        if at - self._marks[0].at >= MINUTE and last_minute >= ENOUGH:
            # What was borne since a rise may be more than the whole minute shows.
            borne = self._rate if self._rate is not None and self._risen else 0.0
            return max(last_minute / MINUTE, borne), True
        for enough in (ENOUGH, FEW):
            for mark in reversed(self._marks):
                got, span = passed - mark.passed, at - mark.at
                if got >= enough and span > 0:
                    return got / span, enough == ENOUGH
        return self._rate, False

    def _guess(self, at: float, passed: int, after: float | None) -> float | None:
        """The rate by the first 429; None where it comes too soon to tell."""
        if passed < FEW:
            return None
        span = at - self._recent[0]
        if after is not None and after > 4 * MINUTE / passed:
            # A long pause is the rest of a window, which has let these through.
            return passed / (span + after)
        # Else a bucket was full of a minute's requests, and more came in meanwhile.
        return passed / (span + MINUTE)
