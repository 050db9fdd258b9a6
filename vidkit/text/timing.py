"""When each character of a section's text is spoken.

A voice may tell the times of its words. Where it does not, the text shares out the time by the
length of its spoken form ("1953" is longer than "in"), and its sentence ends are pinned to the
silences in the sound.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, islice, pairwise

from .speech import spoken

Span = tuple[float, float]
"""From when to when, in seconds of a section."""

WORDS_A_MINUTE = 175
"""How fast a lesson is spoken where nobody says, pauses included: the default voice with the five
English lessons in `notebooks/lessons` (171 to 182)."""

SENTENCE_ENDS = ".!?…。！？｡؟۔।॥።჻။៕"
CLAUSE_ENDS = ",;:—–،؛،、，；：፣፤၊"
CLOSING = "\"'”’)]»」』）*_"


@dataclass(frozen=True, slots=True)
class Word:
    """One written word and when it is spoken, in seconds from the start of its narration."""

    text: str
    start: float
    end: float


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
        words: Sequence[Word],
        speech: Span | None,
        seconds: float,
        *,
        pauses: Sequence[Span] = (),
        pieces: Sequence[Word] = (),
        language: str = "en",
        say: Mapping[str, str] | None = None,
    ) -> Clock:
        """The clock of `text`, which is spoken in `speech` of a section of so many `seconds`.

        `words` are times that the voice told; `pauses` the silences in its sound, `pieces` the
        parts of the text that were asked for one by one, with the times of their sounds.
        """
        first, last = speech or (0.0, seconds)
        if not 0 <= first < last:
            first, last = 0.0, seconds
        weight = tuple(accumulate(_weights(text, language, say), initial=0.0))
        told = list(_told(text, words))
        if not told:
            told = list(_pinned_pieces(text, weight, (first, last), pauses, pieces))
        begin = [(0, min([first, *(time for _, time in told[:1])]))]
        finish = [(len(text), max([last, *(time for _, time in told[-1:])]))]
        if told and told[-1][0] >= len(text):
            finish = []
        anchors, latest = [], 0.0
        for place, time in [*begin, *told, *finish]:
            latest = min(max(latest, time), seconds)
            anchors.append((place, latest))
        return cls(tuple(anchors), weight)

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


def estimated_words(
    text: str,
    speech: Span,
    pauses: Sequence[Span],
    language: str = "en",
    say: Mapping[str, str] | None = None,
    pieces: Sequence[Word] = (),
) -> tuple[Word, ...]:
    """A `Word` for each word of `text`, at the times at which it is likely spoken: in `speech`,
    by the length of what is said, sentence ends at the `pauses`, and the `pieces` that were asked
    for one by one where they are heard; seconds from the sound's start.
    """
    clock = Clock.of(
        text, (), speech, speech[1], pauses=pauses, pieces=pieces, language=language, say=say
    )
    return tuple(
        Word(
            found[0], round(clock.at(found.start()), 3), round(clock.at(found.end(), after=True), 3)
        )
        for found in _WRITTEN.finditer(text)
    )


# Chinese and Japanese write no spaces; there a "word" ends at their punctuation.
_WRITTEN = re.compile(
    r"[^\s、。，．！？；：]+[、。，．！？；：]*[」』）”’》】]*|[、。，．！？；：]+"
)


def placed(
    text: str, words: Iterable[Word], near: int | None = None
) -> Iterator[tuple[int, int, Word]]:
    """From where to where each of `words` is written in `text`, in order; those that are not found,
    or not within `near` characters of the one before, are left out.
    """
    done = 0
    for word in words:
        place = text.find(word.text, done, None if near is None else done + len(word.text) + near)
        if word.text and place >= 0:
            done = place + len(word.text)
            yield place, done, word


def _told(text: str, words: Sequence[Word]) -> Iterator[tuple[int, float]]:
    """Places of the text whose time a voice told: the start and the end of each word."""
    timed = (word for word in words if math.isfinite(word.start) and math.isfinite(word.end))
    for place, end, word in placed(text, timed, 400):
        yield place, max(0.0, word.start)
        yield end, max(0.0, word.start, word.end)


# ── how long a text takes to say ────────────────────────────────────────────────────────────


def _weights(text: str, language: str, say: Mapping[str, str] | None) -> list[float]:
    """For each character of `text` how long it is spoken, in letters, pauses left out."""
    said = spoken(text, language, say)
    each = [0.0] * len(text)
    for found in re.finditer(r"\d+(?:,\d{3})+(?!\d)|\d+|\D", said.text):
        digits = found[0].replace(",", "") if len(found[0]) > 1 else found[0]
        length = _number(digits) if digits.isdecimal() else _breath(found[0])
        share = length / len(found[0])
        for at in range(found.start(), found.end()):
            each[said.origin[at]] += share
    return each


@lru_cache(maxsize=4096)
def _breath(character: str) -> float:
    if character in SENTENCE_ENDS:
        return 2.0
    if character in CLAUSE_ENDS:
        return 2.0
    if character.isalpha():
        # a syllable of Chinese or Japanese is one character, one of Korean too
        return 3.2 if "\u2e80" <= character <= "\uffdc" else 1.0
    return {" ": 0.4, "\n": 0.4, "%": 7.0, "&": 3.0, "=": 6.0, "+": 4.0, "-": 0.4}.get(
        character, 0.2
    )


_SMALL = (4, 3, 3, 5, 4, 4, 3, 5, 5, 4, 3, 6, 6, 8, 8, 7, 7, 9, 8, 8)
_TENS = (0, 0, 6, 6, 5, 5, 5, 7, 6, 6)


@lru_cache(maxsize=4096)
def _number(digits: str) -> float:
    """Letters of a number in words, about: those of English, which other languages are near."""
    if len(digits) > 12 or (len(digits) > 1 and digits[0] == "0"):
        return sum(_SMALL[int(digit)] + 0.5 for digit in digits)
    letters, value = 0.0, int(digits)
    if value == 0:
        return 4.0
    for size, name in ((10**9, 7), (10**6, 7), (1000, 8), (1, 0)):
        part, value = divmod(value, size)
        if part:
            letters += _under_a_thousand(part) + name
    return letters


def _under_a_thousand(value: int) -> float:
    hundreds, rest = divmod(value, 100)
    letters = _SMALL[hundreds] + 7.0 if hundreds else 0.0
    if rest < 20:
        return letters + (_SMALL[rest] if rest else 0)
    return letters + _TENS[rest // 10] + (_SMALL[rest % 10] if rest % 10 else 0)


# ── where the silences belong ───────────────────────────────────────────────────────────────

SHORTEST_PAUSE = 0.12
"""Seconds of silence that a pause in the text may account for."""
SURE_PAUSE = 0.4
"""Seconds of a silence that belongs to the end of a sentence, or a paragraph."""
_WINDOW = 14
"""Ends of sentences and clauses, and silences, that may be passed over between two that match."""
_PARAGRAPH, _SENTENCE, _CLAUSE = 3, 2, 1


_SEAM = 0.15
"""Seconds from the joint of two pieces to a silence in which it lies."""


def _pinned_pieces(
    text: str, weight: Sequence[float], speech: Span, pauses: Sequence[Span], pieces: Sequence[Word]
) -> Iterator[tuple[int, float]]:
    """As `_pinned`, within each of the pieces that were asked for one by one."""
    parts: list[tuple[int, float, float]] = [(0, *speech)]
    for place, _, piece in islice(placed(text, pieces), 1, None):
        joint = piece.start
        near = [(a, b) for a, b in pauses if a - _SEAM <= joint <= b + _SEAM]
        start, stop = max(near, key=lambda each: each[1] - each[0], default=(joint, joint))
        begin, first, last = parts[-1]
        if place > begin and first < start and stop < last:
            parts[-1:] = [(begin, first, start), (place, stop, last)]
    for (place, first, last), (end, *_) in pairwise([*parts, (len(text), 0.0, 0.0)]):
        if place:
            yield place, first
        own = [each - weight[place] for each in weight[place : end + 1]]
        for at, seconds in _pinned(text[place:end], own, (first, last), pauses):
            yield place + at, seconds
        if end < len(text):
            yield place + len(text[place:end].rstrip()), last


def _pinned(
    text: str, weight: Sequence[float], speech: Span, pauses: Sequence[Span]
) -> Iterator[tuple[int, float]]:
    """Places whose time the silences tell: the end of what is said, and the start of the next."""
    first, last = speech
    silences = [(a, b) for a, b in pauses if first < a and b < last and b - a >= SHORTEST_PAUSE]
    ends = _ends(text)
    whole = weight[-1]
    spoken_for = last - first - sum(b - a for a, b in silences)
    if not silences or not ends or whole <= 0 or spoken_for <= 0:
        return
    # seconds of speech, silences left out, by the text and by the sound
    said = [0.0, *(weight[place] / whole * spoken_for for place, _, _ in ends), spoken_for]
    quiet = [0.0, *accumulate(b - a for a, b in silences)]
    heard = [
        0.0,
        *(a - first - gone for (a, _), gone in zip(silences, quiet, strict=False)),
        spoken_for,
    ]
    kinds = [_PARAGRAPH, *(kind for _, _, kind in ends), _PARAGRAPH]
    lengths = [1.0, *(b - a for a, b in silences), 1.0]
    for end, silence in _matched(said, heard, kinds, lengths):
        place, following, _ = ends[end - 1]
        start, stop = silences[silence - 1]
        yield place, start
        yield following, stop


def _ends(text: str) -> list[tuple[int, int, int]]:
    """Where sentences, clauses and paragraphs end: the place after them, that of what follows,
    and the kind.
    """
    found = []
    stops = re.escape(SENTENCE_ENDS + CLAUSE_ENDS)
    pattern = (
        rf"[{stops}]+[{re.escape(CLOSING)}]*(?=\s)\s*|\s*\n\s*|[。！？、，；：।॥]"
        r"|<[^<>]{1,80}>|\[[a-z ]{3,20}\]|\s—\s"
    )
    for each in re.finditer(pattern, text):
        if each.end() >= len(text.rstrip()) or each.start() == 0:
            continue
        mark, place = each[0], each.start() + len(each[0].rstrip())
        if mark.count("\n") > 1 or mark[0] in "<[":
            kind = _PARAGRAPH
        elif "\n" in mark or set(mark) & set(SENTENCE_ENDS):
            kind = _SENTENCE
        else:
            kind = _CLAUSE
        found.append((place, each.end(), kind))
    return found


def _matched(
    said: Sequence[float], heard: Sequence[float], kinds: Sequence[int], lengths: Sequence[float]
) -> list[tuple[int, int]]:
    """Which end of the text belongs to which silence, both in order.

    The cheapest way through: speech between two matches takes as long as its text should, and
    neither ends of sentences nor long silences are passed over lightly.
    """
    miss_end = [
        0.0,
        *accumulate({_PARAGRAPH: 3.0, _SENTENCE: 1.6, _CLAUSE: 0.25}[k] for k in kinds),
    ]
    miss_pause = [0.0, *accumulate(min(4.0, 6.0 * n * n + 0.2) for n in lengths)]
    best: dict[tuple[int, int], tuple[float, tuple[int, int] | None]] = {(0, 0): (0.0, None)}
    for end in range(1, len(said)):
        lowest = max(0, bisect_left(heard, said[end] - 6.0 - 0.15 * said[end]) - 1)
        highest = bisect_right(heard, said[end] + 6.0 + 0.15 * said[end])
        for silence in range(max(1, lowest), min(len(heard), highest)):
            last = end == len(said) - 1
            if last != (silence == len(heard) - 1):
                continue
            found = None
            for e in range(max(0, end - _WINDOW), end):
                for s in range(max(0, silence - _WINDOW), silence):
                    back = best.get((e, s))
                    if back is None:
                        continue
                    by_text, by_sound = said[end] - said[e], heard[silence] - heard[s]
                    cost = back[0] + _unlike(by_text, by_sound)
                    cost += (
                        miss_end[end] - miss_end[e + 1] + miss_pause[silence] - miss_pause[s + 1]
                    )
                    if found is None or cost < found[0]:
                        found = (cost, (e, s))
            if found is not None:
                fit = 0.0 if last else _unfit(kinds[end], lengths[silence])
                best[end, silence] = (found[0] + fit, found[1])
    way: list[tuple[int, int]] = []
    at: tuple[int, int] | None = (len(said) - 1, len(heard) - 1)
    if at not in best:
        return []
    while at is not None:
        way.append(at)
        at = best[at][1]
    return way[::-1][1:-1]


def _unlike(by_text: float, by_sound: float) -> float:
    """What it costs that a stretch of speech is longer or shorter than its text."""
    off = abs(by_text - by_sound)
    return 4.0 * (off / (0.25 + 0.12 * max(by_text, by_sound))) ** 2 if off < 20 else 1e6


def _unfit(kind: int, seconds: float) -> float:
    """What it costs that a silence of so many seconds stands at an end of this kind."""
    if kind == _CLAUSE:
        return 6.0 * max(0.0, seconds - SURE_PAUSE)
    return 3.0 * max(0.0, 0.25 - seconds)
