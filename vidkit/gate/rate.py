"""How many requests a second a provider bears, by what it lets through and what it refuses.

A provider that limits requests does not say where its limit is; it says 429 to the request
that crosses it. Between two such moments it let through just what it bears, whether it
counts with a bucket that refills or by a sliding minute. So the rate between two 429s *is*
the limit, and a pace a little above it crosses the limit once in a while and keeps the
figure true. Where that crossing does not come, the limit has risen, and the pace follows.

Not every 429 is about the rate: one now and then, of an overloaded provider, costs less
than a pace that is too low. There is a pace only once 429s come thick, and it is left
again when they come as often as before though it has fallen and fallen.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass

MINUTE = 60.0
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


@dataclass(frozen=True, slots=True)
class Start:
    """A request that was started: its number, counted from 1, and when."""

    number: int
    at: float


@dataclass(frozen=True, slots=True)
class _Mark:
    """A moment of a 429, and how many requests had been let through and refused by then."""

    at: float
    passed: int
    refused: int


class Rate:
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

    def learn(self, start: Start, after: float | None) -> bool:
        """Learn from a 429 to `start`, which is taken back; `after` as the provider says.

        True where it shows that 429s come at any pace.
        """
        mark = _Mark(start.at, start.number - self._refused, self._refused)
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
