"""What an engine tells of its words → when each written word is spoken; and a sound as WAV."""

from __future__ import annotations

import io
import re
import wave
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..text.captions import Word
from ..text.markup import MappedText

NOTHING = 1.0
"""Seconds of silence for a text in which nothing can be spoken."""

LONGEST_WORD = 200
"""Characters without a space. At 400 of A.A.A.… espeak-ng 1.52 writes past its memory and is ended
by the system, and at 300 it is not.
"""

# Thai, Chinese and their neighbours write no spaces, and are not broken
_SPACED = r"[^\s\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\U0010ffff]"
_LONG = re.compile(f"{_SPACED}{{{LONGEST_WORD + 1},}}")


def broken(text: MappedText) -> tuple[MappedText, tuple[str, ...]]:
    """`text` with spaces in words that are too long, and a note where there is one. They come
    after a sign where there is one: before it, a dot would begin a word, which harms as much.
    """
    pieces: list[str] = []
    origin: list[int] = []
    done = 0
    for found in _LONG.finditer(text.text):
        while found.end() - (at := max(done, found.start())) > LONGEST_WORD:
            signs = [n for n in range(at + 1, at + LONGEST_WORD) if not text.text[n - 1].isalnum()]
            end = signs[-1] if signs else at + LONGEST_WORD
            pieces += text.text[done:end], " "
            origin += text.origin[done:end]
            origin.append(text.origin[end - 1])
            done = end
    if not done:
        return text, ()
    note = f"a word of more than {LONGEST_WORD} characters is spoken in pieces; put spaces into it"
    return MappedText("".join(pieces) + text.text[done:], origin + text.origin[done:]), (note,)


# Chinese and Japanese write no spaces; there a "word" ends at their punctuation.
_WRITTEN = re.compile(
    r"[^\s、。，．！？；：]+[、。，．！？；：]*[」』）”’》】]*|[、。，．！？；：]+"
)

QUIET = 150
"""Samples below this (-47 dB of full scale) are silence."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A spoken paragraph: its place in the spoken text (characters) and in the sound
    (samples), and its words as the engine told them: (character from 1, sample), or with the
    sample at which the word ends, where the engine tells that, too.
    """

    place: int
    start: int
    words: Sequence[Sequence[int]]


class Sound:
    """Samples of one narration, mono, 16 bits."""

    def __init__(self, pcm: bytes, hertz: int) -> None:
        self.samples = array("h", pcm)
        self.hertz = hertz

    def __len__(self) -> int:
        return len(self.samples)

    def first_heard(self, start: int, end: int) -> int:
        """Where the sound rises that begins at `start` or later, before `end` (samples); `start`
        where all of that is silence.
        """
        loud = (at for at in range(start, end) if abs(self.samples[at]) > QUIET)
        return next(loud, start)

    def last_heard(self, start: int, end: int) -> int:
        """Where the sound that begins at `start` falls silent before `end` (samples)."""
        step = self.hertz // 200
        while end - step > start:
            block = self.samples[end - step : end]
            if max(block) > QUIET or min(block) < -QUIET:
                break
            end -= step
        return end


def word_times(
    written: str, text: MappedText, paragraphs: Sequence[Paragraph], sound: Sound
) -> tuple[Word, ...]:
    """A `Word` for every word of `written`, in order, none before the one that precedes it.

    The engine gives some words no time of their own (it joins "of the"), and a sign that is
    not spoken has none: these share the time of what stands before them, by their letters.
    A word that is told in the silence before it starts where it is heard.
    """
    spans = [found.span() for found in _WRITTEN.finditer(written)]
    if not spans:
        return ()
    starts, ends = _known(spans, text, paragraphs)
    _share([_letters(written[a:b]) for a, b in spans], starts, sound)
    words = []
    filled = [start or 0 for start in starts]
    next_ones = [*filled[1:], len(sound)]
    for (a, b), told, following, told_end in zip(spans, filled, next_ones, ends, strict=True):
        end = following if told_end is None else min(told_end, following)
        start = sound.first_heard(told, end)
        if told_end is None:
            end = sound.last_heard(start, following)
        words.append(Word(written[a:b], round(start / sound.hertz, 4), round(end / sound.hertz, 4)))
    return tuple(words)


def _known(
    spans: Sequence[tuple[int, int]], text: MappedText, paragraphs: Sequence[Paragraph]
) -> tuple[list[int | None], list[int | None]]:
    """The first and the last sample of each written word that the engine told of."""
    firsts = [a for a, _ in spans]
    starts: list[int | None] = [None] * len(spans)
    ends = starts.copy()
    latest, reached = 0, -1
    for paragraph in paragraphs:
        for character, sample, *last in paragraph.words:
            place = paragraph.place + character - 1
            if character < 1 or place >= len(text.origin):
                continue
            word = max(0, bisect_right(firsts, text.origin[place]) - 1)
            latest = max(latest, paragraph.start + sample)
            # A time for an earlier word would make those after it run backwards.
            if word > reached:
                starts[word] = latest
                reached = word
            if last and word == reached:
                ends[word] = max(latest, paragraph.start + last[0])
    return starts, ends


def _share(letters: Sequence[int], starts: list[int | None], sound: Sound) -> None:
    for first, end in _gaps(starts):
        begin = first - 1 if first > 0 else 0
        low = starts[begin] or 0
        following = starts[end] if end < len(starts) else None
        high = sound.last_heard(low, len(sound) if following is None else following)
        total = sum(letters[begin:end])
        passed = 0
        for word in range(begin, end):
            starts[word] = low + (high - low) * passed // max(1, total)
            passed += letters[word]


def _gaps(starts: Sequence[int | None]) -> Iterator[tuple[int, int]]:
    word = 0
    while word < len(starts):
        end = word
        while end < len(starts) and starts[end] is None:
            end += 1
        if end > word:
            yield word, end
        word = end + 1


def _letters(word: str) -> int:
    return sum(character.isalnum() for character in word)


def wav(pcm: bytes, hertz: int) -> bytes:
    """PCM of 16 bits, mono, as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(hertz)
        sound.writeframes(pcm)
    return file.getvalue()
