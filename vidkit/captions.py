"""Cues from words and times (written in full by the captions work; the types are here)."""

from __future__ import annotations

from dataclasses import dataclass


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
