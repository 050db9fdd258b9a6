"""What a caption is, and how much of one a reader can take."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

LINE = 42
"""Columns of a line; a Chinese character or its like takes two."""
LINES = 2
SHORTEST = 1.0
"""Seconds that a cue stays at least."""
LONGEST = 7.0
"""Seconds after which a cue begins to look stuck."""
READING = 20
"""Characters that a reader takes in within a second; a cue stays into silence for it."""
FLICKER = 0.3
"""A gap between cues that is shorter than this (seconds) is closed."""


@dataclass(frozen=True, slots=True)
class Word:
    """One written word and when it is spoken, in seconds from the start of its narration."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption: `text`, one line or two, shown from `start` to `end` (seconds of the video)."""

    start: float
    end: float
    text: str


def columns(text: str) -> int:
    """Columns that `text` takes in a line: two for a wide character, such as a Chinese one."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
