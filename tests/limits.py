"""Providers with limits, in virtual time, and what no way of calling them can beat.

Shared by the tests of the gate and by `bench/gate.py`.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from vidkit.errors import RateLimited, Unreachable
from vidkit.providers.answers import Answer, Limits

SPREAD = 0.35
"""Of the log-normal times that calls take."""
REJECTION = 0.3
"""Seconds that a 429 takes to come back."""


def mean(median: float) -> float:
    """The mean of calls with that median, both in seconds."""
    return median * math.exp(SPREAD**2 / 2)


@dataclass
class Provider:
    """A provider with limits, on the running loop's clock.

    a_minute: requests that it bears. store: how many of them it keeps ready after a quiet
    time (None: a minute's). median: seconds a call takes. knee: calls under way at once
    beyond which all of them slow down together. window: counts by a sliding minute and not
    with a bucket that refills. says: sends Retry-After. hints: sends x-ratelimit headers.
    reject_costs: requests that a refused request counts as. failing: fraction of calls that
    end as 5xx. rates, slows: (since when, requests a minute), (since when, times as slow).
    queue: works on so many at once, and lets the others wait in a line. penalty: seconds more
    for which each 429 keeps everybody out than the one before. tokens: counts these and not
    requests; a request takes from half to one and a half times so many.
    down: from when to when nothing is answered. taken: fraction of the quota that somebody
    else uses up. at_once: more calls than this at once get a 429 each.
    """

    a_minute: float = 1e9
    median: float = 12.0
    store: float | None = None
    knee: float = math.inf
    window: bool = False
    says: bool = True
    hints: bool = False
    reject_costs: float = 0.0
    failing: float = 0.0
    rates: tuple[tuple[float, float], ...] = ()
    slows: tuple[tuple[float, float], ...] = ()
    down: tuple[float, float] = (math.inf, math.inf)
    taken: float = 0.0
    at_once: float = math.inf
    moody: float = 0.0
    queue: int = 0
    penalty: float = 0.0
    tokens: float = 0.0
    seed: int = 1

    under_way: int = 0
    peak: int = 0
    answered: int = 0
    rejected: int = 0
    broken: int = 0
    _tokens: float = field(default=0.0, init=False)
    _at: float = field(default=0.0, init=False)
    _log: deque[float] = field(default_factory=deque, init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self._tokens = self._most = self.a_minute if self.store is None else self.store
        self._shut_until = 0.0
        self._line = asyncio.Semaphore(self.queue) if self.queue else None

    def rate(self, now: float) -> float:
        """Requests a second that it bears now."""
        return _since(self.rates, now, self.a_minute) / 60

    async def call(self) -> Answer[None]:
        """One call. Raises `RateLimited` or `Unreachable`."""
        now = asyncio.get_running_loop().time()
        if self.down[0] <= now < self.down[1]:
            self.broken += 1
            await asyncio.sleep(REJECTION)
            raise Unreachable("no answer")
        wait, left = self._count(now)
        moody = self.chance.random() < self.moody
        if wait > 0 or self.under_way >= self.at_once or moody:
            self.rejected += 1
            await asyncio.sleep(min(REJECTION, self.median))
            raise RateLimited("too many requests", wait if self.says else None)
        self.under_way += 1
        self.peak = max(self.peak, self.under_way)
        try:
            if self._line is not None:
                async with self._line:
                    await self._work(asyncio.get_running_loop().time())
            else:
                await self._work(now)
        finally:
            self.under_way -= 1
        if self.chance.random() < self.failing:
            self.broken += 1
            raise Unreachable("500")
        self.answered += 1
        return Answer(None, Limits(self.rate(now) * 60, left) if self.hints else None)

    def _count(self, now: float) -> tuple[float, float]:
        """Seconds until this request would pass, 0 if it does, and how many more would."""
        if self.window:
            return self._count_window(now)
        rate = self.rate(now)
        own = rate * (1 - self.taken)
        self._tokens = min(self._most, self._tokens + (now - self._at) * own)
        self._at = now
        takes = self.chance.uniform(0.5, 1.5) if self.tokens else 1.0
        if now >= self._shut_until and self._tokens >= takes:
            self._tokens -= takes
            return 0.0, self._tokens
        if self.penalty:
            longer = self.penalty * (1 + self.rejected)
            self._shut_until = max(self._shut_until, now) + longer
            return self._shut_until - now, 0.0
        self._tokens -= self.reject_costs
        return (1 - self._tokens) / own, 0.0

    def _count_window(self, now: float) -> tuple[float, float]:
        most = int(self.rate(now) * 60)
        while self._log and self._log[0] <= now - 60:
            self._log.popleft()
        if len(self._log) < most:
            self._log.append(now)
            return 0.0, most - len(self._log)
        if self.chance.random() < self.reject_costs:
            self._log.append(now)
        return max(0.05, self._log[len(self._log) - most] + 60 - now), 0.0

    async def _work(self, now: float) -> None:
        work = self.chance.lognormvariate(math.log(self.median), SPREAD)
        work *= _since(self.slows, now, 1.0)
        clock = asyncio.get_running_loop().time
        while work > 1e-9:
            slow = max(1.0, self.under_way / self.knee)
            step = min(work, 1.0) if self.knee < math.inf else work
            if (left := self.down[0] - clock()) < step * slow and left >= 0:
                await asyncio.sleep(left)
                self.broken += 1
                raise Unreachable("the connection broke off")
            await asyncio.sleep(step * slow)
            work -= step


def _since(steps: tuple[tuple[float, float], ...], now: float, first: float) -> float:
    value = first
    for at, then in steps:
        if now >= at:
            value = then
    return value


@dataclass(frozen=True)
class Scenario:
    """So many calls to such a provider; `bound` is the seconds that they take at the very least."""

    name: str
    calls: int
    bound: float
    limits: dict[str, Any]

    def provider(self, seed: int) -> Provider:
        """A fresh provider."""
        return Provider(**self.limits, seed=seed)


def bucket(name: str, calls: int, a_minute: float, median: float = 12, **more: Any) -> Scenario:
    """A bucket of b requests, full at the start, refilled at r a second.

    By time t it has let through at most b + r·t requests, so the last of n starts no sooner
    than (n - b)/r, and takes its median on top.
    """
    store = more.get("store", a_minute)
    bound = max(0.0, (calls - store) / (a_minute / 60)) + median
    return Scenario(name, calls, bound, {"a_minute": a_minute, "median": median, **more})


def window(name: str, calls: int, a_minute: int, **more: Any) -> Scenario:
    """At most N requests in any 60 seconds.

    The first N may start at once, the k-th N no sooner than 60·(k - 1) seconds later, so the
    last of n starts at 60·(⌈n/N⌉ - 1), and takes its median on top.
    """
    bound = 60.0 * (math.ceil(calls / a_minute) - 1) + 12
    return Scenario(name, calls, bound, {"a_minute": a_minute, "window": True, **more})


def crowded(name: str, calls: int, knee: float, median: float = 12, **more: Any) -> Scenario:
    """A provider that works on K calls at full speed, and on more of them no faster in all.

    Each call is `mean` seconds of its work, K seconds of which it does in a second: n calls
    take n·mean/K. A rate limit on top, as in `bucket`, is not what binds here.
    """
    by_work = calls * mean(median) / knee
    by_rate = bucket(name, calls, more["a_minute"], median).bound if "a_minute" in more else 0.0
    limits = {"median": median, "knee": knee, **more}
    return Scenario(name, calls, max(by_work, by_rate), limits)


def changing(
    name: str, calls: int, rates: tuple[tuple[float, float], ...], **more: Any
) -> Scenario:
    """A bucket whose refill changes: b + ∫r dt requests by time t, solved for the last of n."""
    first = rates[0][1]
    left, end = calls - first, 0.0
    for (at, a_minute), (until, _) in zip(rates, (*rates[1:], (math.inf, 0.0)), strict=True):
        if left <= (until - at) * a_minute / 60:
            end = at + left * 60 / a_minute
            break
        left -= (until - at) * a_minute / 60
    return Scenario(name, calls, end + 12, {"a_minute": first, "rates": rates, **more})


def down_for_two_minutes(name: str, calls: int = 600, knee: float = 16) -> Scenario:
    """A crowded provider (see there) that answers nothing from 200 s to 320 s.

    It works for none of these 120 s, and all of n·mean/K seconds are work: the sum of both.
    What was under way at 200 s is lost and done again, which the bound leaves out.
    """
    bound = calls * mean(12) / knee + 120
    return Scenario(name, calls, bound, {"knee": knee, "down": (200.0, 320.0)})


def four_at_once(name: str, calls: int = 200, places: int = 4) -> Scenario:
    """Work for `places` calls at once, each a mean long, and a 429 to any more of them."""
    bound = calls * mean(12) / places
    return Scenario(name, calls, bound, {"at_once": places, "says": False})


def moody(name: str, calls: int = 600, fraction: float = 0.1, **more: Any) -> Scenario:
    """No limit but the 64 places, and a 429 to every tenth call, whatever one does.

    64 places finish 64/mean calls a second; that nobody can be told to wait is left out.
    """
    median = more.get("median", 12)
    bound = calls * mean(median) / 64
    return Scenario(name, calls, bound, {"moody": fraction, **more})


def half_taken(name: str, calls: int = 480, a_minute: float = 60) -> Scenario:
    """A bucket (see there) of b, of whose refill another program uses half.

    What is left by time t is at most b + r/2·t requests, so the last of n starts no sooner
    than (n - b)/(r/2).
    """
    bound = (calls - a_minute) / (a_minute / 120) + 12
    return Scenario(name, calls, bound, {"a_minute": a_minute, "taken": 0.5})


def slower_at_noon(name: str, calls: int = 2000, noon: float = 200) -> Scenario:
    """No limit but the 64 places; calls that begin after noon take three times as long.

    64 places finish 64/mean calls a second, and 64/(3·mean) of those begun after noon. In
    the time T, they finish 64·noon/mean + 64·(T - noon)/(3·mean) of them; for T it is n.
    """
    before = 64 * noon / mean(12)
    bound = noon + (calls - before) * 3 * mean(12) / 64
    return Scenario(name, calls, bound, {"slows": ((noon, 3.0),)})


SCENARIOS = (
    bucket("5 a minute", 120, 5),
    bucket("20 a minute", 480, 20),
    bucket("20 a minute, no Retry-After, a 429 costs half", 480, 20, says=False, reject_costs=0.5),
    window("20 in a sliding minute, a 429 counts", 480, 20, reject_costs=1.0),
    crowded("150 a minute, crowded beyond 24, 1 % fail", 1500, 24, a_minute=150, failing=0.01),
    changing("60, then 20, then 60 a minute", 600, ((0, 60), (300, 20), (900, 60))),
    bucket("speech: 500 a minute, 3 s", 2000, 500, median=3),
    down_for_two_minutes("down for two minutes"),
    half_taken("60 a minute, half taken by others"),
    slower_at_noon("three times as slow from noon on"),
    bucket("20 a minute, with headers", 480, 20, hints=True),
    crowded("this machine's neighbour: crowded beyond 12", 600, 12, median=4),
)
"""The seven of the prototype's table, and more."""

TRICKIER = (
    bucket("60 a minute, one at a time", 300, 60, store=1),
    bucket("20 a minute, store of three, no Retry-After", 300, 20, store=3, says=False),
    four_at_once("a 429 to the fifth at once"),
)
"""Limits that no header and no usual habit gives away."""

MOODY = (
    moody("every tenth a 429, whatever one does"),
    moody("every tenth a 429 without Retry-After", says=False),
)
"""429s that have nothing to do with a limit."""


def queueing(name: str, calls: int = 600, places: int = 12, median: float = 4) -> Scenario:
    """A server that works on `places` calls at once and lets all others wait in a line.

    Each call is a mean of work, and no more than `places` seconds of it are done in a second: n
    calls take n·mean/places, whatever waits in the line.
    """
    return Scenario(name, calls, calls * mean(median) / places, {"queue": places, "median": median})


def unforgiving(name: str, calls: int = 240, a_minute: float = 20) -> Scenario:
    """A bucket (see there) that shuts everybody out after a 429, each time for longer.

    The bound is the bucket's own, (n - b)/r and a median. The first 429, by which alone one can
    learn of the limit, is left out of it.
    """
    bound = (calls - a_minute) / (a_minute / 60) + 12
    return Scenario(name, calls, bound, {"a_minute": a_minute, "penalty": 1.0})


def by_tokens(name: str, calls: int = 480, a_minute: float = 60) -> Scenario:
    """A bucket that counts tokens, of which a request takes a half to one and a half.

    n requests take n tokens on average; by time t there were at most b + r·t of them, so the last
    of n starts no sooner than about (n - b)/r, and takes its median on top.
    """
    bound = (calls - a_minute) / (a_minute / 60) + 12
    return Scenario(name, calls, bound, {"a_minute": a_minute, "tokens": 1.0})


FOREIGN = (
    queueing("a line in place of 429s, 12 at a time"),
    unforgiving("20 a minute, and longer out for each 429"),
    by_tokens("60 a minute, counted in tokens"),
)
"""What servers other than OpenAI's do."""

Call = Callable[[], Any]


@dataclass(frozen=True)
class Outcome:
    """How it went: seconds, 429s for each success, most calls at once, sections lost."""

    seconds: float
    rejections: float
    peak: int
    lost: int


async def rehearse(scenario: Scenario, seed: int, through: Callable[[Call], Any]) -> Outcome:
    """All calls of a scenario, wanted at once, each through `through`, in virtual time."""
    provider = scenario.provider(seed)
    calls = (through(provider.call) for _ in range(scenario.calls))
    ends = await asyncio.gather(*calls, return_exceptions=True)
    lost = sum(isinstance(end, BaseException) for end in ends)
    return Outcome(
        asyncio.get_running_loop().time(),
        provider.rejected / max(1, provider.answered),
        provider.peak,
        lost,
    )
