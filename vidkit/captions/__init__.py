"""Captions: words and their times → cues that can be read → WebVTT and SubRip.

A section's text is cut where a reader would pause (`cutting`), each piece gets the time at
which it is spoken (`clock`), and the times are moved as little as it takes for every cue to
stay long enough.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence

from ..plain import HIDDEN, MARKUP, UNSHIELD, Traced, rewrite, rule
from .clock import Clock
from .cue import FLICKER, LINE, LINES, READING, SHORTEST, Cue, Word
from .cutting import Atom, atoms, cut, lines, text_of
from .files import to_srt, to_vtt

__all__ = ["Cue", "Word", "cues", "to_srt", "to_vtt"]


def cues(
    text: str,
    words: Sequence[Word],
    start: float,
    end: float,
    speech: tuple[float, float] | None = None,
) -> list[Cue]:
    """The captions of one section, which is shown from `start` to `end` (seconds of the video).

    `words` are those of `text` with their times; without them the text is laid out by its
    letters over `speech`, the seconds of the section in which there is sound (all of it
    for None). Marks of Markdown are not shown. Cues are in order, apart, within the
    section, at least `SHORTEST` long (or all of a shorter section), and of at most `LINES`
    lines of `LINE` columns; a text that is far too long for its time is cut, with "…".
    A text without a letter or digit has no cues.
    """
    if not any(character.isalnum() for character in text):
        return []
    first, last = math.ceil(start * 1000), math.floor(end * 1000)
    most = max(1, (last - first) // 1000)
    text = text[: 4 * LINES * LINE * (most + 2)]
    shown = _shown(text)
    if last <= first or not any(character.isalnum() for character in shown.text):
        return []
    clock = Clock.of(text, shown, words, speech, (last - first) / 1000)
    # A line of Arabic that begins with a Latin word would run the wrong way without a mark.
    mark = "\u200f" if _right_to_left(shown.text) else ""
    room = LINE - len(mark)
    pieces = cut(atoms(shown, clock), most, room)
    return [
        Cue((first + a) / 1000, (first + b) / 1000, "\n".join(mark + x for x in lines(piece, room)))
        for piece, (a, b) in zip(pieces, _settle(pieces, last - first), strict=True)
    ]


_SPACES = rule("one space", r"\s{2,}|[^\S ]", lambda found: "\n" if "\n" in found.group() else " ")


def _shown(text: str) -> Traced:
    return rewrite(Traced.of(text), (*HIDDEN, *MARKUP, *UNSHIELD, _SPACES))


def _right_to_left(text: str) -> bool:
    if text.isascii():
        return False
    sides = [unicodedata.bidirectional(character) for character in text]
    return sum(side in ("R", "AL") for side in sides) > sides.count("L")


def _settle(pieces: Sequence[Sequence[Atom]], length: int) -> list[tuple[int, int]]:
    """From when to when each piece is shown, in milliseconds of a section of `length`."""
    least = int(SHORTEST * 1000)
    if len(pieces) == 1 and length < least:
        return [(0, length)]
    starts = [round(piece[0].start * 1000) for piece in pieces]
    for k, start in enumerate(starts):
        starts[k] = max(start, starts[k - 1] + least if k else 0)
    latest = length
    for k in reversed(range(len(starts))):
        latest = starts[k] = min(starts[k], latest - least)
    settled = []
    for piece, start, following in zip(pieces, starts, [*starts[1:], length], strict=True):
        read = round(1000 * len(text_of(piece)) / READING)
        end = min(following, max(round(piece[-1].end * 1000), start + max(least, read)))
        if following - end < 1000 * FLICKER and following < length:
            end = following
        settled.append((start, end))
    return settled
