"""What a limiter learns of a provider, by what it lets through and what it refuses.

`RateEstimator`         how many requests a second it bears, by its 429s
`Pacer`                 when the next may start: pauses, a pace, what headers say is left
`OutageDetector`        what to do about a provider that does not answer

How many requests may be under way at once is learnt in `concurrency`.
"""

from __future__ import annotations

import math
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from .answers import MINUTE, Limits
from .concurrency import FIRST_DOUBT

# How many requests a second a provider bears, by what it lets through and what it refuses.
#
# A provider that limits requests does not say where its limit is; it says 429 to the request
# that crosses it. Between two such moments it let through just what it bears, whether it
# counts with a bucket that refills or by a sliding minute. So the rate between two 429s *is*
# the limit, and a pace a little above it crosses the limit once in a while and keeps the
# figure true. Where that crossing does not come, the limit has risen, and the pace follows.
#
# Not every 429 is about the rate: one now and then, of an overloaded provider, costs less
# than a pace that is too low. There is a pace only once 429s come thick, and it is left
# again when they come as often as before though it has fallen and fallen.


SLOWEST = 1 / MINUTE
FASTEST = 64.0
"""A rate, in requests a second, that is none: 64 places hardly send more."""

PROBE = 0.04
"""The pace is so much above the rate that is known to be borne: one 429 in some 40 requests."""
BOLDEST_PROBE = 0.75
"""The same while the rate is a first guess."""
SURER = 3.0
"""The probe is divided by it at each 429 that corrects the rate."""
SURPLUS = 2.0
"""Requests borne beyond the rate that show the rate to be too low."""

FEW = 3
"""Fewer requests than these between two 429s: they come thick."""
A_LITTLE_LESS = 0.94
"""The rate after such a 429: with a small store of quota, one comes at the limit itself."""
LESS = 0.75
"""The rate after the second such 429 in a row, and each more: the limit has fallen."""
ENOUGH = 8
"""Requests let through between two 429s that give a rate; of 8, one more or less is 12 %."""
CLEAN = 20
"""Requests let through between two 429s that show the pace to be nearly right."""

THICK = 3
"""429s in a row, each after few requests, that call for a pace."""
OFTEN = 0.3
"""429s for each success that call for a pace too, counted since a few 429s ago."""
LATELY = 4
"""How many 429s ago; twice as many once a pace was of no use, and so on."""
CUTS = 4
"""429s that came far too soon for their pace, less those that did not: none is of use."""
LEAP = 4.0
"""Times as fast where the pace turned out to be of no use."""


@dataclass(slots=True)
class Start:
    """A request that was started: its number, counted from 1, when, and whether it was refused."""

    number: int
    at: float
    refused: bool = False


@dataclass(frozen=True, slots=True)
class _Mark:
    """A moment of a 429, and how many requests had been let through and refused by then."""

    at: float
    passed: int
    refused: int


class RateEstimator:
    """The rate that is borne, `borne`, in requests a second; None where none is known.

    Seconds on any clock; who calls says what time it is.
    """

    def __init__(self) -> None:
        self.borne: float | None = None
        self._over = BOLDEST_PROBE
        self._starts = 0
        self._refused = 0
        self._recent: deque[float] = deque()
        self._marks: deque[_Mark] = deque(maxlen=16)
        self._since = 0.0
        self._passed_since = 0
        self._risen = False
        self._thick = 0
        self._cuts = 0
        self._moods = 0
        self._moody = False

    @property
    def pace(self) -> float | None:
        """Requests a second that may start: a little more than is known to be borne."""
        return None if self.borne is None else self.borne * (1 + self._over)

    @property
    def doubtful(self) -> bool:
        """Whether nothing is known yet, or 429s have come far too soon for their pace."""
        return self.borne is None or self._cuts > 1

    def since(self, start: Start) -> int:
        """How many requests were started after `start`."""
        return self._starts - start.number

    def start(self, now: float) -> Start:
        """Count a request that starts now."""
        self._starts += 1
        self._passed_since += 1
        self._recent.append(now)
        while self._recent[0] < now - MINUTE:
            self._recent.popleft()
        return Start(self._starts, now)

    def rise(self, now: float) -> int | None:
        """Raise the rate where more is borne than it says; gives how many were, or None."""
        if self.borne is None or self._passed_since - self.borne * (now - self._since) < SURPLUS:
            return None
        passed = self._passed_since
        self.borne *= 1 + self._over
        self._over = min(2 * self._over, BOLDEST_PROBE)
        self._risen = True
        self._cuts = max(0, self._cuts - 1)
        self.resume(now)
        if self.borne > FASTEST:
            self.borne = None
        return passed

    def resume(self, now: float) -> None:
        """Count what is borne from `now` on, the end of a pause."""
        self._since, self._passed_since = now, 0

    def refuse(self, start: Start) -> None:
        """Take back a request that was refused."""
        self._refused += 1
        self._passed_since -= start.at >= self._since
        with suppress(ValueError):  # sent longer than a minute ago
            self._recent.remove(start.at)

    def nothing_since(self, start: Start) -> bool:
        """Whether nothing was let through between the last 429 and the one to `start`."""
        return bool(self._marks) and start.number - self._refused <= self._marks[-1].passed + 1

    def forget(self) -> None:
        """Unlearn the rate: it was not the pace that was too high."""
        self.borne = None
        self._over = BOLDEST_PROBE
        self._cuts = self._thick = 0
        self._marks.clear()

    def _mark(self, start: Start) -> _Mark:
        return _Mark(start.at, start.number - self._refused, self._refused)

    def note(self, start: Start) -> None:
        """Take note of a 429 to `start`, which is taken back, and learn nothing from it."""
        self._marks.append(self._mark(start))

    def learn(self, start: Start, after: float | None) -> bool:
        """Learn from a 429 to `start`, which is taken back; `after` as the provider says.

        True where it shows that 429s come at any pace.
        """
        mark = self._mark(start)
        since = mark.passed - (self._marks[-1].passed if self._marks else 0)
        self._thick = self._thick + 1 if self._marks and since < FEW else 0
        paced = self.borne is not None and not self._moody
        over = self._over
        if paced:
            rate = self._corrected(start, mark.passed)
            self._over = max(PROBE, over / SURER)
        else:
            rate = self._guessed(start, mark.passed, after)
        self._marks.append(mark)
        self._risen = False
        if rate is None:
            return False
        self.borne = max(rate, SLOWEST)
        if not paced:
            self._over, self._cuts, self._moody = BOLDEST_PROBE, 0, False
            return False
        return self._of_no_use(since, over)

    def _of_no_use(self, since: int, over: float) -> bool:
        """Whether the pace is left, as 429s come long before it can have crossed a limit."""
        if since >= CLEAN:
            self._cuts = max(0, self._cuts - 1)
        elif since < 0.5 / over:
            self._cuts += 1
        if self._cuts < CUTS or self.borne is None:
            return False
        # Not all at once: if this is wrong, a few 429s in a row bring the pace back.
        self.borne *= LEAP
        self._over, self._cuts, self._thick = BOLDEST_PROBE, 0, 0
        self._moody, self._moods = True, self._moods + 1
        return True

    def _corrected(self, start: Start, passed: int) -> float | None:
        """The rate between 429s, while there is a pace."""
        assert self.borne is not None
        few = passed - self._marks[-1].passed < FEW if self._marks else False
        if few and not self._risen:
            return (LESS if self._thick > 1 else A_LITTLE_LESS) * self.borne
        inside = self._last_minute(start)
        if self._marks and start.at - self._marks[0].at >= MINUTE and inside >= ENOUGH:
            # What was borne since a rise may be more than the whole minute shows.
            risen = MINUTE * self.borne if self._risen else 0.0
            return max(inside, min(risen, 2 * inside)) / MINUTE
        if few:
            return LESS * self.borne
        for enough in (ENOUGH, FEW):
            for mark in reversed(self._marks):
                got, span = passed - mark.passed, start.at - mark.at
                if got >= enough and span > 0:
                    return got / span
        return self.borne

    def _guessed(self, start: Start, passed: int, after: float | None) -> float | None:
        """The rate by 429s that come while nothing holds requests back; None where they are
        no reason for a pace.
        """
        inside = self._last_minute(start)
        if inside < 1:
            return None
        span = start.at - self._recent[0]
        if after is not None and inside >= FEW and after > 4 * MINUTE / inside:
            # A long pause is the rest of a window, which has let these through.
            return inside / (span + after)
        if not self._calls_for_pace(passed):
            return None
        if passed > inside:
            return inside / MINUTE
        # A bucket was full of a minute's requests, and more came in meanwhile. What it says
        # of the next that will come in counts too.
        guess = inside / (span + MINUTE)
        return guess if after is None else max(guess, min(1 / max(after, 0.01), 4 * guess))

    def _calls_for_pace(self, passed: int) -> bool:
        if self._thick >= THICK:
            return True
        many = LATELY * (1 + self._moods)
        if len(self._marks) < many:
            return False
        mark = self._marks[-many]
        return self._refused - mark.refused > OFTEN * (passed - mark.passed)

    def _last_minute(self, start: Start) -> int:
        """Requests let through in the minute before `start`."""
        return sum(each >= start.at - MINUTE for each in self._recent) - self.since(start)


BLINK = 0.02
"""Seconds in which a limit that is reached lets hardly anything more in."""
SETTLES = 1.0
"""Seconds after its start when a request that is refused has been refused."""
AMONG = 2
"""Requests let through within a blink after one that was refused: no limit on a rate does that."""
MOST_OF_THEM = 0.4
"""The part of all that were sent within a blink, which is more than comes in by a fast limit."""
LOOKED_AT = 16
"""Starts by which it is judged whether refusals that follow no rate still follow none."""
TOO_MANY = 0.6
"""The part of them that was refused: a limit that is far exceeded refuses nearly all."""


class RefusalPattern:
    """Whether refusals follow the rate at all. `random` is True while they seem not to.

    A limit on a rate, once it is reached, refuses all that comes in the same moment. A provider
    that refuses at random, because it is overloaded, refuses one and lets the next through. Where
    that is seen, requests are sent again one by one and nothing is slowed, for as long as no more
    than some of them are refused. Seconds on any clock.
    """

    def __init__(self) -> None:
        self.random = False
        self._recent: deque[Start] = deque(maxlen=4 * LOOKED_AT)
        self._among = AMONG
        self._doubt = False

    def start(self, start: Start) -> None:
        """Take note of a request that starts."""
        self._recent.append(start)

    def refuse(self, start: Start) -> None:
        """Take note that it was refused."""
        if start in self._recent:
            start.refused = self._doubt = True

    def judge(self, now: float) -> bool:
        """Judge by what has been let through by now; True where `random` changed."""
        if not self._doubt:
            return False
        settled = [each for each in self._recent if each.at <= now - SETTLES]
        if self.random:
            last = settled[-LOOKED_AT:]
            refused = sum(each.refused for each in last)
            if len(last) < LOOKED_AT or refused <= TOO_MANY * LOOKED_AT:
                return False
            self.random, self._among = False, 2 * self._among
            self._recent.clear()
            return True
        through, sent = self._among_refused(settled)
        if through < self._among or through < MOST_OF_THEM * sent:
            return False
        self.random = True
        self._recent.clear()
        return True

    def _among_refused(self, settled: list[Start]) -> tuple[int, int]:
        """Requests that were let through within a blink after one that was refused, and all that
        were sent then.
        """
        through = sent = 0
        refused_at = -math.inf
        for each in settled:
            close = each.at - refused_at <= BLINK
            sent += close
            through += close and not each.refused
            if each.refused:
                refused_at = each.at
        return through, sent


LONGEST_BACKOFF = 60.0
BELIEVED = 8
"""429s in a row, with nothing let through between them, for which what a provider says of when to
come back is taken at its word."""
CAREFUL = 8
"""Requests after a pause that start one by one, each when a 429 to the last would be here."""
LONGEST_GAP = 1.0
GATHERED = 1.5
"""Requests' worth of a pause that a provider asks for which is more than a bucket's refill."""
TESTS = 5
"""Pauses after which a few requests start at once where nothing is known yet: does a provider
that has just refused one refuse all of them?"""
KEPT = 1.0
"""Requests left unused of what headers say is left: two clocks are never quite the same."""


class Pacer:
    """When the next request may start. Seconds on any clock; the caller says what time it is.

    adaptive=False learns no rate and only keeps the pauses. most: starts in a minute, whatever
    is learnt; None sets no limit. chance spreads the pauses a
    little, so that two programs at one limit do not come back together.
    """

    def __init__(self, chance: Random, adaptive: bool = True, most: float | None = None) -> None:
        self._chance = chance
        self.adaptive = adaptive
        self.most = most
        self._free = 0.0
        self._rate = RateEstimator()
        self._paused_until = 0.0
        self._next = 0.0
        self._bucket: tuple[Limits, float] | None = None
        self._told = float("-inf")
        self._misses = 0
        self._careful = self._tested = 0
        self._tests = TESTS
        self._rejections = 0
        self._gap = 0.0

    @property
    def a_minute(self) -> float | None:
        """Requests that may start in a minute, None where nothing is known to limit them."""
        known = (self.most, self.learnt)
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
        if self.most is not None:
            gap = MINUTE / self.most
            # from when it might have begun, so that late timers slow nothing
            self._free = max(self._free, now - gap) + gap
        if self._bucket is not None:
            self._bucket = Limits(self._bucket[0].per_minute, self._left(now) - 1), now
        if self._tested:
            self._tested -= 1
            return start, None
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
        if self.adaptive and self._rate.borne is None:
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
        moody = False
        if self.adaptive:
            moody = self._rate.learn(start, after)
        else:
            self._rate.note(start)
        self._bucket = None
        self._told = now
        self._careful, self._gap = CAREFUL, min(LONGEST_GAP, 1.5 * (now - start.at))
        if moody:
            self._tests = TESTS
        self._rejections += 1
        unclear = self._rejections > FIRST_DOUBT and (moody or self._rate.doubtful)
        if after is None and self._tests and unclear:
            self._tests, self._tested = self._tests - 1, AMONG + 1
        pause = self._backoff() if after is None else after
        if self._misses > BELIEVED:  # it names a wait that is no help
            pause = max(min(LONGEST_BACKOFF, 2.0 ** min(self._misses - BELIEVED, 6)), pause)
        seconds = self.pause(now, pause)
        self._next = self._paused_until
        borne = self._rate.borne
        if borne is not None and (after is None or after < GATHERED / borne):
            # A small store of quota, gathered while nothing starts, is what the pace then
            # spends; without it every second request would cross the limit again. A longer wait
            # is the rest of a window, which has room for more than one when it is over.
            self._next += max(1.0, borne) / borne
        self._rate.resume(self._paused_until)
        return seconds, moody

    def forget(self) -> None:
        """Unlearn the rate: it was not the pace that was too high."""
        self._rate.forget()
        self._next = 0.0

    def unpause(self) -> None:
        """Forget the rate, and the pause that the refusals were answered with."""
        self.forget()
        self._paused_until = self._told = -math.inf
        self._careful = self._misses = 0

    def refused(self, start: Start) -> None:
        """Take back a request that was refused for no reason that a pace could mend."""
        self._rate.refuse(start)

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


# A provider that does not answer: one request's bad luck, no network, or an outage.


DOWN = 4
"""Failures in a row, with no answer between them, that mean the provider is down."""
TOLD = 3
"""Failures in a row after which a person is told, in three seconds; one connection that was not
made is enough.
"""
OFFLINE_TRIES = 3
"""Connections that fail before a provider that never answered counts as out of reach."""
LONGEST_LOOK = 8.0
"""Seconds between two looks at a provider that is down: what is lost when it comes back."""
LONGEST_WAIT = 30.0


class OutageDetector:
    """Counts failures since the last answer. Seconds on any clock."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._looked = float("-inf")
        self.forget()

    def forget(self) -> None:
        """Begin anew, as if nothing had ever been asked."""
        self._failures = 0
        self._heard = self._told = False

    @property
    def down(self) -> bool:
        """True while the provider answers nobody: one request at a time looks after it."""
        return self._failures >= DOWN

    @property
    def unheard(self) -> bool:
        """True where the provider has never been heard of, and was asked often enough."""
        return not self._heard and self._failures >= OFFLINE_TRIES

    def answered(self) -> bool:
        """Take note of an answer, whatever it says; True where the provider was down, or a person
        was told that it does not answer.
        """
        was_down = self.down or self._told
        self._heard, self._told, self._failures = True, False, 0
        return was_down

    def failed(self, began: float) -> bool:
        """Take note of a request sent at `began` that nobody answered.

        True where this is news: of all that were under way when the provider went down,
        only the first tells something.
        """
        news = began > self._looked or not self.down
        self._failures += news
        return news

    def is_to_be_told(self, offline: bool) -> bool:
        """Whether a person is to be told of this failure: once in an outage."""
        told, self._told = self._told, self._told or offline or self._failures >= TOLD
        return self._told and not told

    def look_again(self, now: float) -> float:
        """Seconds until the next look at a provider that is down."""
        seconds = min(LONGEST_LOOK, 2.0 ** min(self._failures - DOWN, 10))
        self._looked = now
        return seconds * self._chance.uniform(0.75, 1.25)

    def wait(self, times: int) -> float:
        """Seconds until a request is sent again that failed so many times."""
        return min(LONGEST_WAIT, 2.0 ** (times - 1)) * self._chance.uniform(0.5, 1.0)
