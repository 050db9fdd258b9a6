"""Whether a provider limits how many requests it works on at once, and not how many a minute."""

from __future__ import annotations

FIRST_DOUBT = 3
"""429s in a row at the same number under way that make it the limit."""
SETTLED = 20
"""Requests answered by each place before one place more than was borne is tried."""


class AtOnce:
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
