"""When each character of a section's text is spoken."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from ..plain import Traced
from .cue import Word, columns


@dataclass(frozen=True, slots=True)
class Clock:
    """The time at each place of the text as written.

    Between `anchors` (place, seconds), which both only rise, time passes with `weight`: the
    sum up to each place of how long its characters take to speak.
    """

    anchors: tuple[tuple[int, float], ...]
    weight: tuple[float, ...]

    @classmethod
    def of(
        cls,
        text: str,
        shown: Traced,
        words: Sequence[Word],
        speech: tuple[float, float] | None,
        seconds: float,
    ) -> Clock:
        each = [0.0] * (max(shown.origin) + 1)
        for character, place in zip(shown.text, shown.origin, strict=True):
            each[place] = _breath(character)
        first, last = speech or (0.0, seconds)
        if not 0 <= first < last:
            first, last = 0.0, seconds
        told = list(_told(text, words))
        begin = [(0, min([first, *(time for _, time in told[:1])]))]
        finish = [(len(each), max([last, *(time for _, time in told[-1:])]))]
        if told and told[-1][0] >= len(each):
            finish = []
        anchors, latest = [], 0.0
        for place, time in [*begin, *told, *finish]:
            latest = min(max(latest, time), seconds)
            anchors.append((place, latest))
        return cls(tuple(anchors), tuple(accumulate(each, initial=0.0)))

    def at(self, place: int, *, after: bool = False) -> float:
        """Seconds from the start of the section at which the text at `place` is spoken; with
        `after`, at which the text before it is over.
        """
        place = min(place, len(self.weight) - 1)
        key = (place, -1.0 if after else math.inf)
        following = bisect_right(self.anchors, key)
        if following == 0:
            return self.anchors[0][1]
        if following == len(self.anchors):
            return self.anchors[-1][1]
        (low, early), (high, late) = self.anchors[following - 1 : following + 1]
        high = min(high, len(self.weight) - 1)
        whole = self.weight[high] - self.weight[low]
        part = (self.weight[place] - self.weight[low]) / whole if whole > 0 else 0.0
        return early + (late - early) * part


@lru_cache(maxsize=4096)
def _breath(character: str) -> float:
    # In letters: a stop is about as long as six of them, a comma as three.
    if character in ".!?。！？":
        return 6.0
    if character in ",;:，、；：—":
        return 3.0
    if character.isdigit():
        return 3.0
    return float(columns(character)) if character.isalpha() else 0.5


def _told(text: str, words: Sequence[Word]) -> Iterator[tuple[int, float]]:
    """Places of the text whose time a voice told: the start and the end of each word."""
    done = 0
    for word in words:
        if not word.text or not math.isfinite(word.start) or not math.isfinite(word.end):
            continue
        place = text.find(word.text, done, done + len(word.text) + 400)
        if place < 0:
            continue
        done = place + len(word.text)
        yield place, max(0.0, word.start)
        yield done, max(0.0, word.start, word.end)
