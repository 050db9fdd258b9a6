"""The way to a provider: as many requests at once, and as fast, as it can bear.

One limiter stands before each provider, key and model. Providers send everything through it,
so a narration of 14 requests is limited by the request and not by the section. What it learns
of the provider, how fast and how many at once, is in `adaptive`.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Protocol, TypeVar

from ..core.errors import (
    Damaged,
    KeyMissing,
    Misconfigured,
    ModelMissing,
    Offline,
    OverBudget,
    ProviderError,
    ProviderMissing,
    QuotaExhausted,
    RateLimited,
    Unconfirmed,
    Unreachable,
    copy_error,
)
from ..core.events import Course, Events, GateDecided, Listener, RequestRetried
from ..models.settings import MOST_WORKERS
from .adaptive import OutageDetector, Pacer, RefusalPattern, Start
from .answers import MINUTE, Answer, seconds_in
from .concurrency import ConcurrencyLimit


class Queue:
    """Requests that wait, first come, first served; one that comes back stands in front."""

    def __init__(self) -> None:
        self._new: deque[asyncio.Future[Start]] = deque()
        self._back: deque[asyncio.Future[Start]] = deque()

    def join(self, again: bool) -> asyncio.Future[Start]:
        """Stand in the line; the future is set when it is one's turn."""
        waiter: asyncio.Future[Start] = asyncio.get_running_loop().create_future()
        (self._back if again else self._new).append(waiter)
        return waiter

    def call(self, new_first: bool = False) -> asyncio.Future[Start] | None:
        """The next that still waits, who then stands there no longer."""
        for side in (self._new, self._back) if new_first else (self._back, self._new):
            while side:
                if not (waiter := side.popleft()).done():
                    return waiter
        return None

    def __len__(self) -> int:
        return sum(not waiter.done() for side in (self._back, self._new) for waiter in side)

    def __bool__(self) -> bool:
        return bool(self._back or self._new)


T = TypeVar("T")

PATIENCE = 900.0
"""Seconds without one success after which a gate stops asking."""
TRIES = 8
"""Times that one request is sent where others are answered meanwhile."""
UNCONFIRMED_TRIES = 2
"""Times that a request is sent which may have been paid for without an answer."""
TURNED_AWAY_TRIES = 3
"""Times that a request is sent which is turned away as if for its account: by a firewall, say."""
LONGEST_ALONE = 10.0
"""Seconds for which one request waits alone; who is told to wait longer means everybody."""
SHUT = 3
"""Requests in a row that were turned away to their last try, with no success between them, after
which nothing more is sent."""
SHUT_UNHEARD = 6
"""Answers in a row that are of no use, before there was any success, that mean the same."""
SHUT_DAMAGED = 12
"""Answers in a row that came damaged, after there was one: each of them may have been paid."""
PROBE = 30.0
"""Seconds after which one request may find out whether that is over."""
SLEPT = 300.0
"""Seconds for which no provider lets anybody wait for an answer."""
SPARE = 0.5
"""Seconds before the end of patience at which a last look is over."""
MOMENT = 1e-6


class Clock(Protocol):
    """What tells the time in seconds and calls back later: an event loop, real or virtual."""

    def time(self) -> float: ...

    def call_later(
        self, delay: float, callback: Callable[[], object], /
    ) -> asyncio.TimerHandle: ...


@dataclass(frozen=True, slots=True)
class LimiterState:
    """A gate at one moment.

    places: requests that may be under way at once, of `ceiling` at the very most. pace:
    requests that may start in a minute, None where nothing is known to limit them. pause:
    seconds for which nothing starts. closed: why nothing passes any more, or None. The counts are
    those of the gate's whole life.
    """

    places: int
    ceiling: int
    under_way: int
    waiting: int
    pace: float | None
    pause: float
    closed: str | None
    sent: int
    answered: int
    rate_limited: int


@dataclass(slots=True)
class _Tries:
    """How often one request was sent since `asked`, and how often for nothing."""

    asked: float
    sent: int = 0
    lost: int = 0
    unconfirmed: int = 0
    damaged: int = 0
    turned_away: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class _Terms:
    """What one run asks of a limiter that it shares with others."""

    adaptive: bool
    pace: float | None
    patience: float


class RateLimiter:
    """Lets requests through: at most `ceiling` at once (64 where nobody says less).

    By default it finds out how many the provider bears and how fast; adaptive=False lets
    `ceiling` requests through at once and only keeps the pauses. It sends again what may
    pass (429, no answer) and never what will not (a refusal, a faulty request).

    It is shut, and all that wait get the error, by what is true for the account (a key that never
    was accepted, quota used up, a retired model), where no request can be sent (no network, a
    proxy), after `patience` seconds without a success, by three requests in a row that are turned
    away for what may be their own fault, or by a dozen answers in a row that came damaged. In the
    last three cases one request after a while finds out whether that is over; `reopen` opens it
    for a new run.

    It belongs to the event loop in which it is first used. retry=False gives every error
    back at once, for what works on this machine. pace: requests that may start in a minute, at
    the very most. clock: the time and the timers, the running
    loop's unless given. chance: spreads the pauses.
    """

    def __init__(
        self,
        name: str,
        ceiling: int | None = None,
        *,
        adaptive: bool = True,
        retry: bool = True,
        patience: float = PATIENCE,
        pace: float | None = None,
        clock: Clock | None = None,
        chance: Random | None = None,
    ) -> None:
        self.name = name
        self._retry = retry
        self._given = _Terms(adaptive, pace, patience)
        self._terms: list[_Terms] = []
        self._clock = clock
        chance = chance or Random()  # noqa: S311 - spreads pauses, keeps no secret
        self._pace = Pacer(chance, adaptive, pace)
        most = MOST_WORKERS if ceiling is None else max(1, min(ceiling, MOST_WORKERS))
        self._room = ConcurrencyLimit(most, adaptive)
        self._refusals = RefusalPattern()
        self._silence = OutageDetector(chance)
        self._line = Queue()
        self._timer: asyncio.TimerHandle | None = None
        self._events = Events()
        self._under_way = 0
        self._closed: ProviderError | None = None
        self._closed_at, self._probe_at = -math.inf, math.inf
        self._odd = self._shut_out = 0
        self._told_odd = False
        self._succeeded = False
        self._succeeded_at = self._woke_at = float("-inf")
        self._counts: Counter[str] = Counter()

    @property
    def limit(self) -> int:
        """Requests that may be under way at once now."""
        return 1 if self._silence.down else self._room.places

    @property
    def under_way(self) -> int:
        """Requests that are under way now."""
        return self._under_way

    @property
    def patience(self) -> float:
        """Seconds without one success after which it stops asking."""
        return max((each.patience for each in self._terms), default=self._given.patience)

    def use(
        self, *, adaptive: bool = True, pace: float | None = None, patience: float = PATIENCE
    ) -> Callable[[], None]:
        """Let a run use it on its own terms; the function that is returned ends that.

        Runs share one limiter for a key: the slowest pace of those that use it now holds for all,
        the longest patience, and it learns where all of them let it.
        """
        terms = _Terms(adaptive, pace, patience)
        self._terms.append(terms)
        self._agree()

        def end() -> None:
            if any(each is terms for each in self._terms):
                self._terms = [each for each in self._terms if each is not terms]
                self._agree()

        return end

    def _agree(self) -> None:
        """Take on the terms of all runs that use it; those of the last where none does."""
        if self._terms:
            paces = [each.pace for each in self._terms if each.pace is not None]
            self._given = _Terms(
                all(each.adaptive for each in self._terms),
                min(paces, default=None),
                self.patience,
            )
        self._pace.adaptive = self._room.adaptive = self._given.adaptive
        self._pace.most = self._given.pace
        if self._clock is not None:
            self._let_in()

    def snapshot(self) -> LimiterState:
        """The gate as it is now."""
        return LimiterState(
            places=self.limit,
            ceiling=self._room.most,
            under_way=self._under_way,
            waiting=len(self._line),
            pace=self._pace.a_minute,
            pause=self._pace.paused(self._clock.time()) if self._clock else 0.0,
            closed=str(self._closed) if self._closed else None,
            sent=self._counts["sent"],
            answered=self._counts["answered"],
            rate_limited=self._counts["rate limited"],
        )

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each `GateDecided` and `RequestRetried` from now on.

        Their `at` is on the gate's own clock. Returns a function that ends it.
        """
        return self._events.subscribe(listener)

    def reopen(self) -> None:
        """Let requests through again after what closed the gate may be mended: for a new run. One
        that is open, and that others use, stays as it is.
        """
        if self._closed is None and self._terms:
            return
        self._closed = None
        self._odd = self._shut_out = 0
        self._silence.forget()

    async def __call__(self, send: Callable[[], Awaitable[T]], /) -> T:
        """Wait for a place and for the pace, send, and give the answer.

        `send` is called again for each retry. Raises what `send` raises where another try
        is of no use, and the error that closed the gate where it is closed.
        """
        if self._clock is None:
            self._clock = asyncio.get_running_loop()
        tries = _Tries(asked=self._now())
        while True:
            start = await self._enter(again=tries.sent > 0)
            tries.sent += 1
            wait = 0.0
            try:
                answer = await send()
            except RateLimited as error:
                wait = self._rejected(start, tries, error)
            except Unreachable as error:
                wait = self._unanswered(start, tries, error)
            except (ProviderMissing, QuotaExhausted) as error:
                wait = self._turned_away(tries, error)
            except OverBudget:
                raise  # nobody was asked
            except ProviderError:
                self._heard()
                raise
            else:
                self._answered(start, answer)
                return answer
            finally:
                self._under_way -= 1
                self._let_in()
            if wait:
                await self._sleep(wait)

    async def _enter(self, again: bool) -> Start:
        """Wait until a request may be sent; it then counts as under way."""
        now = self._now()
        if self._closed is not None:
            if now < self._probe_at:
                raise copy_error(self._closed)
            self._probe_at = now + PROBE
        if not self._line and self._has_place() and self._pace.wait(now) <= MOMENT:
            return self._begin(now)
        waiter = self._line.join(again)
        self._let_in()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._under_way -= 1
                self._let_in()
            raise

    def _has_place(self) -> bool:
        return self._under_way < self.limit

    def _begin(self, now: float) -> Start:
        self._under_way += 1
        self._counts["sent"] += 1
        self._room.at_once.let_in(self._under_way)
        start, why = self._pace.start(now)
        self._refusals.start(start)
        if why:
            self._decided("faster", why)
        return start

    def _let_in(self) -> None:
        """Let in all that may come in now, and look again when the next may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._line:
            now = self._now()
            self._judge_refusals(now)
            wait: float | None = self._pace.wait(now)
            if not self._has_place():
                wait = None if self._silence.down else self._room.open(now)
            if wait is None:
                return
            if wait > MOMENT or not self._has_place():
                assert self._clock is not None
                self._timer = self._clock.call_later(max(wait, MOMENT), self._let_in)
                return
            # a look at a provider that is down may cost a request its last try: one that has
            # more of them goes first
            if (waiter := self._line.call(new_first=self._silence.down)) is not None:
                waiter.set_result(self._begin(now))

    async def _sleep(self, seconds: float) -> None:
        assert self._clock is not None
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self._clock.call_later(seconds, over.cancel)
        try:
            await asyncio.wait([over])
        finally:
            timer.cancel()

    def _heard(self) -> None:
        self._counts["answered"] += 1
        self._odd = self._shut_out = 0
        if self._silence.answered():
            self._decided("goes on", f"{self.name} answers again")

    def _answered(self, start: Start, answer: object) -> None:
        now = self._now()
        self._heard()
        self._succeeded, self._succeeded_at = True, now
        if self._closed is not None and start.at > self._closed_at:
            self._closed = None
            self._decided("goes on", f"{self.name} lets requests in again")
        if self._slept(start, now):
            return
        if isinstance(answer, Answer):
            self._hinted(start, answer)
        full = bool(self._line) and self._under_way >= self._room.places
        if why := self._room.answered(start.at, now, full):
            self._decided("faster" if why.startswith("faster") else "slower", why)

    def _hinted(self, start: Start, answer: Answer[object]) -> None:
        """Take note of what an answer says of limits; what cannot be meant is told once."""
        if answer.limits is not None:
            self._pace.hint(start, answer.limits)
        if answer.odd is not None and not self._told_odd:
            self._told_odd = True
            self._decided("goes on", f"{self.name} says {answer.odd}; that is ignored as a mistake")

    def _rejected(self, start: Start, tries: _Tries, error: RateLimited) -> float:
        """A 429: everybody waits as long as the provider says, and goes on as it bears. Where the
        refusals follow no rate, this request alone waits: gives for how many seconds.
        """
        now = self._now()
        self._slept(start, now)
        self._counts["rate limited"] += 1
        if self._silence.answered():
            self._decided("goes on", f"{self.name} answers again")
        if not self._retry:
            raise error
        after = error.retry_after if error.retry_after is not None else seconds_in(str(error))
        after = None if after is None else max(0.0, after)  # anybody's, and -1 or nan maybe
        if (after or 0.0) > self.patience or self._left(now, tries) < 0:
            raise self._close(error, after or PROBE) from error
        self._refusals.refuse(start)
        self._judge_refusals(now)
        if self._refusals.random and (after or 0.0) <= LONGEST_ALONE:
            return self._wait_alone(start, tries, error, after)
        before = self._pace.learnt
        news = self._pace.rejected(start, now, after)
        pause = self._pace.paused(now)
        self._events.emit(RequestRetried(now, self.name, tries.sent, str(error), pause))
        if news is not None:
            self._slow_down(*news, before, after)
        return 0.0

    def _judge_refusals(self, now: float) -> None:
        """Look whether refusals follow the rate, and begin anew where they turn out not to."""
        if not (self._room.adaptive and self._refusals.judge(now)):
            return
        if self._refusals.random:
            self._pace.unpause()
            self._room.reopen()
            reason = f"{self.name} says 429 to some and not to others: nothing is slowed for that"
            self._decided("faster", reason)

    def _wait_alone(
        self, start: Start, tries: _Tries, error: RateLimited, after: float | None
    ) -> float:
        """Seconds until a request is sent again that was refused for no reason of its own."""
        self._pace.refused(start)
        tries.refused += 1
        wait = self._silence.wait(min(tries.refused, 4)) if after is None else after
        self._events.emit(RequestRetried(self._now(), self.name, tries.sent, str(error), wait))
        return wait

    def _slow_down(
        self, seconds: float, moody: bool, before: float | None, after: float | None
    ) -> None:
        """Tell what a 429 has changed for all."""
        if moody:
            self._decided("faster", f"{self.name} says 429 at any pace: none is of use")
        # one that says when to come back counts by time, until a pace proves to be no help
        if (before is not None or after is None) and self._room.rejected(self._under_way - 1):
            self._pace.forget()
            places = self._room.places
            self._decided("slower", f"it is {places} at once that {self.name} bears, not a pace")
        elif (pace := self._pace.learnt) is not None and (before is None or pace < before):
            self._decided("slower", f"{self.name} lets no more than that through in a minute")
        when = "says" if after is not None else "does not say"
        reason = f"too many requests for {self.name} (429), which {when} when to come back"
        until = _clock_time(seconds) if seconds > MINUTE else ""
        reason += f"; it goes on at {until}" if until else ""
        self._decided("waits", reason, seconds, until)

    def _unanswered(self, start: Start, tries: _Tries, error: Unreachable) -> float:
        """Seconds until the request is sent again. Raises where it is not."""
        now = self._now()
        self._slept(start, now)
        if not self._retry:
            raise error
        tries.lost += 1
        damaged = isinstance(error, Damaged)
        tries.damaged += damaged
        tries.unconfirmed += isinstance(error, Unconfirmed) and not damaged
        news = self._silence.failed(start.at)
        offline = isinstance(error, Offline) and self._silence.unheard
        left, took = self._left(now, tries), now - start.at
        if offline or (self._silence.down and left < 2 * SPARE):
            raise self._close(error, PROBE) from error
        if damaged and self._of_no_use(SHUT_DAMAGED):
            raise self._close(error, PROBE) from error
        spent = tries.unconfirmed >= UNCONFIRMED_TRIES or tries.damaged >= TRIES
        if not error.again or spent:
            raise error
        wait = 0.0
        if error.retry_after is not None and error.retry_after <= self.patience:
            self._pace.pause(now, error.retry_after)
        if not self._silence.down:
            if tries.lost >= TRIES:
                raise error
            wait = self._silence.wait(tries.lost)
        elif news:  # the last look fails when patience ends, and not after it, where it is so short
            last = left - SPARE
            last -= took if took < last else 0.0
            self._pace.pause(now, min(self._silence.look_again(now), last))
        pause = max(wait, self._pace.paused(now))
        if self._silence.is_to_be_told(isinstance(error, Offline)):
            until = _clock_time(left)
            reason = f"{self.name} does not answer: {error}; it is asked again until {until}"
            self._decided("waits", reason, pause, until)
        self._events.emit(RequestRetried(now, self.name, tries.sent, str(error), pause))
        return wait

    def _turned_away(self, tries: _Tries, error: ProviderMissing | QuotaExhausted) -> float:
        """Seconds until a request is sent again that was turned away: by the account's fault, or
        by what may be the request's own. Raises where it is not sent again.
        """
        account = isinstance(error, QuotaExhausted | ModelMissing | Misconfigured)
        if account or (isinstance(error, KeyMissing) and not self._succeeded):
            raise self._close(error) from error
        tries.turned_away += 1
        if self._of_no_use():
            raise self._close(error, PROBE) from error
        if self._retry and tries.turned_away < TURNED_AWAY_TRIES:
            wait = self._silence.wait(tries.turned_away)
            self._events.emit(RequestRetried(self._now(), self.name, tries.sent, str(error), wait))
            return wait
        self._shut_out += 1
        if self._shut_out >= SHUT:
            raise self._close(error, PROBE) from error
        raise error

    def _of_no_use(self, most: float = math.inf) -> bool:
        """Count an answer that is of no use; True where there have been nothing but those, or
        `most` of them in a row.
        """
        self._odd += 1
        return self._odd >= (most if self._succeeded else SHUT_UNHEARD)

    def _left(self, now: float, tries: _Tries) -> float:
        """Seconds of patience that are left."""
        return max(self._succeeded_at, self._woke_at, tries.asked) + self.patience - now

    def _slept(self, start: Start, now: float) -> bool:
        """Whether the machine slept, or the process was stopped, while a request was under way.
        Patience begins anew then, and once more only after a success: who is slow has an end.
        """
        slept = now - start.at > max(self.patience, SLEPT)
        if slept and self._woke_at <= self._succeeded_at:
            self._woke_at = now
        return slept

    def _close(self, error: ProviderError, probe: float = math.inf) -> ProviderError:
        """Let nothing more through, but for one request after `probe` seconds; all that wait get
        the error that is given back.
        """
        self._probe_at = self._now() + probe
        if self._closed is None:
            self._closed, self._closed_at = error, self._now()
            self._decided("closed", str(error))
        while (waiter := self._line.call()) is not None:
            waiter.set_exception(copy_error(self._closed))
        return copy_error(self._closed)

    def _decided(self, course: Course, reason: str, seconds: float = 0.0, until: str = "") -> None:
        self._events.emit(
            GateDecided(
                self._now(),
                self.name,
                course,
                reason,
                self.limit,
                self._pace.a_minute,
                seconds,
                until,
            )
        )

    def _now(self) -> float:
        return self._clock.time() if self._clock is not None else 0.0


def _clock_time(seconds: float) -> str:
    """The time of day in so many seconds, as 14:05."""
    return (datetime.now().astimezone() + timedelta(seconds=seconds)).strftime("%H:%M")
