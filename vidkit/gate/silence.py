"""A provider that does not answer: one request's bad luck, no network, or an outage."""

from __future__ import annotations

from random import Random

DOWN = 4
"""Failures in a row, with no answer between them, that mean the provider is down."""
OFFLINE_TRIES = 3
"""Connections that fail before a provider that never answered counts as out of reach."""
LONGEST_LOOK = 8.0
"""Seconds between two looks at a provider that is down: what is lost when it comes back."""
LONGEST_WAIT = 30.0


class Silence:
    """Counts failures since the last answer. Seconds on any clock."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._looked = float("-inf")
        self.forget()

    def forget(self) -> None:
        """Begin anew, as if nothing had ever been asked."""
        self._failures = 0
        self._heard = False

    @property
    def down(self) -> bool:
        """True while the provider answers nobody: one request at a time looks after it."""
        return self._failures >= DOWN

    @property
    def unheard(self) -> bool:
        """True where the provider has never been heard of, and was asked often enough."""
        return not self._heard and self._failures >= OFFLINE_TRIES

    def answered(self) -> bool:
        """Take note of an answer, whatever it says; True where the provider was down."""
        was_down = self.down
        self._heard, self._failures = True, 0
        return was_down

    def failed(self, began: float) -> bool:
        """Take note of a request sent at `began` that nobody answered.

        True where this is news: of all that were under way when the provider went down,
        only the first tells something.
        """
        news = began > self._looked or not self.down
        self._failures += news
        return news

    def look_again(self, now: float) -> tuple[float, bool]:
        """Seconds until the next look at a provider that is down, and whether it just went down."""
        seconds = min(LONGEST_LOOK, 2.0 ** (self._failures - DOWN))
        self._looked = now
        return seconds * self._chance.uniform(0.75, 1.25), self._failures == DOWN

    def wait(self, times: int) -> float:
        """Seconds until a request is sent again that failed so many times."""
        return min(LONGEST_WAIT, 2.0 ** (times - 1)) * self._chance.uniform(0.5, 1.0)
