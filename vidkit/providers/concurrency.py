"""How many requests a provider works on at once, learnt from its refusals and its times.

`ConcurrencyDetector`   whether it limits how many are under way, and not how many a minute
`ConcurrencyLimit`      how many may be under way at once, by how long they take
"""

from __future__ import annotations

import math

# Whether a provider limits how many requests it works on at once, and not how many a minute.


FIRST_DOUBT = 3
"""429s in a row at the same number under way that make it the limit."""
SETTLED = 20
"""Requests answered by each place before one place more than was borne is tried."""


class ConcurrencyDetector:
    """Looks for a number under way at which the 429s come. `limit` is that number, or None.

    A provider that counts by the minute refuses now with three under way and now with
    seven; one that counts those under way refuses always with the same number, and has
    never let in more since.
    """

    def __init__(self) -> None:
        self.limit: int | None = None
        self._borne = 0
        self._met = 0
        self._most = 0
        self._times = 0
        self._doubt = FIRST_DOUBT
        self._answers = 0

    def let_in(self, under_way: int) -> None:
        """Take note of how many are under way now that one more is."""
        self._most = max(self._most, under_way)

    def rejected(self, others: int) -> bool:
        """Take note of a 429 that came while `others` were under way.

        True where that number has now become the limit.
        """
        if self.limit is not None:
            self._question(others)
            return False
        same = others == self._met and self._most <= others + 1
        self._times = self._times + 1 if same else 1
        self._met = self._most = others
        if others < 2 or self._times < self._doubt:
            return False
        self.limit = self._borne = others
        self._answers = 0
        return True

    def _question(self, others: int) -> None:
        """A 429 in spite of the limit: one place too many was tried, or it is not the limit."""
        if others >= self._borne:
            self.limit = others
        else:
            self.limit = None
            self._doubt *= 2
        self._met = self._most = others
        self._times = 0

    def answered(self, full: bool) -> None:
        """Take note of an answer; after many that came with all places taken, try one more."""
        self._answers += full
        if self.limit is not None and self._answers > SETTLED * self.limit:
            self.limit += 1
            self._answers = 0


# How many requests may be under way at once, learnt from how long they take.
#
# A provider that is asked for more than it can work on answers more slowly, and no sooner in
# all. So the room grows while requests take as long as they took at first, and shrinks where
# they take much longer. If they take just as long in the smaller room, then it was not the
# room: the provider is slower today, and the room opens again.


FIRST = 8
"""Places at the outset: a provider that bears five requests a minute refuses three."""
STEP = 1.0
"""Seconds for each place more while the first answers are awaited."""
OPENING = 2
"""Places more for each request answered at the outset: three times as many in each round."""
GROWTH = 1.25
"""Times as many places for each round later on."""
FEWEST = 2
SAME = 1.35
"""Requests that take up to so many times as long as usual take as long as usual."""
LONGER = 1.7
SHRINK = 0.6
NO_HELP = 0.78
"""In a room of 0.6, requests of a crowded provider take 0.6 times as long, those of a slow
one as long as before; the geometric mean of the two tells them apart."""
FEWEST_SAMPLES = 6
QUICKER, LATER = 0.2, 0.05
"""How much of a shorter, of a longer time goes into what is usual."""


class ConcurrencyLimit:
    """The number of places, between 1 and `most`. Seconds on any clock.

    adaptive=False has always `most` places.
    """

    def __init__(self, most: int, adaptive: bool = True) -> None:
        self.most = most
        self.adaptive = adaptive
        self.at_once = ConcurrencyDetector()
        self._learnt = float(FIRST)
        self._opening = True
        self._refused = False
        self._opened: float | None = None
        self._usual: float | None = None
        self._test: tuple[float, float] | None = None
        self._logs: list[float] = []
        self._since = float("-inf")
        self._full = False

    @property
    def places(self) -> int:
        """How many requests may be under way at once."""
        if not self.adaptive:
            return self.most
        return min(int(self._learnt), self.most, self.at_once.limit or self.most)

    def open(self, now: float) -> float | None:
        """Open the room a little while somebody waits for the first answers.

        A 429 comes back within a second and an image in ten: where none came, there is room
        for one more. Gives the seconds until the next look, None where there is no need.
        """
        if not (self.adaptive and self._opening) or self._learnt >= 2 * FIRST:
            return None
        if self._opened is None:
            self._opened = now
        elif now - self._opened >= STEP:
            self._learnt += 1
            self._opened = now
            return 0.0
        return self._opened + STEP - now

    def rejected(self, others: int) -> bool:
        """Take note of a 429 that came while `others` were under way.

        True where it is the number at once that the provider seems to limit.
        """
        self._refused |= self._opening
        self._opening = False
        return self.adaptive and self.at_once.rejected(others)

    def reopen(self) -> None:
        """Go on growing as before the first refusal, which meant nothing."""
        self._opening, self._refused = self._opening or self._refused, False

    def answered(self, began: float, now: float, full: bool) -> str | None:
        """Take note of a request that took from `began` to `now`.

        full: somebody waits for a place. Gives why the room changed, where it did so for a
        reason: "slower, because …" or "faster, because …".
        """
        if not self.adaptive or began < self._since:
            return None
        self.at_once.answered(full)
        self._full |= full
        self._logs.append(math.log(max(now - began, 1e-6)))
        if full and self._opening and self._learnt < self.most:
            self._learnt += OPENING
        if len(self._logs) < (FIRST if self._opening else max(FEWEST_SAMPLES, self.places)):
            return None
        took = math.exp(sum(self._logs) / len(self._logs))
        full, self._full = self._full, False
        self._logs.clear()
        return self._judge(took, full, now)

    def _judge(self, took: float, full: bool, now: float) -> str | None:
        """What a round of requests that took so long on average says of the room."""
        if self._usual is None:
            self._usual = took
            return None
        if self._test is not None:
            places, then = self._test
            self._test = None
            if took > NO_HELP * then:
                self._usual = took
                return self._change(
                    places, now, f"faster, because fewer at once take {took:.2g} s too"
                )
        if took > LONGER * self._usual and self._opening:
            # How long they take in this room is known when it has stopped to grow.
            self._opening = False
            return self._change(self._learnt, now, None)
        if took > LONGER * self._usual and self.places > FEWEST:
            self._test = (self._learnt, took)
            return self._change(
                max(FEWEST, self._learnt * SHRINK),
                now,
                f"slower, because requests take {took:.2g} s instead of {self._usual:.2g} s",
            )
        if took <= SAME * self._usual:
            self._usual += (QUICKER if took < self._usual else LATER) * (took - self._usual)
            if full and not self._opening and self._learnt < self.most:
                self._learnt *= GROWTH
        return None

    def _change(self, places: float, now: float, why: str | None) -> str | None:
        """Only what begins from now on tells something of the changed room."""
        self._learnt, self._since = places, now
        return why
