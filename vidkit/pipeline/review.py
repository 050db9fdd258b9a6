"""What can be measured of a lesson's teaching without a viewer, offline and the same each time.

Each measure names the principle behind it, where that is from, its bound and the mend. The times
are those of the narration at an ordinary pace, by the letters of its words; nothing is rendered but
the slides. A section without something to see counts as such: leaving things out never helps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import fmean
from typing import Any

from ..models.lesson import Lesson
from ..models.settings import Settings
from ..providers.slides import Slides
from ..slides.follow import Found, Narrated, between, moments, spoken_times
from ..slides.slide import KINDS, Layout, Slide
from ..text.captions import Word, cues
from .assets import image_ask

PACE = 165
"""Words a minute that are reckoned with, where `rate` says nothing."""

PICTURED: frozenset[Layout] = frozenset(name for name, kind in KINDS.items() if kind.drawn)
"""Layouts that show more than words in boxes; steps and cards do with an emoji each."""

_RUN = 5
"""Words in a row, shown and said alike, from which on the slide repeats the voice."""


@dataclass(frozen=True)
class Measure:
    """One thing that was measured, of the section `section` (from 1) or of the lesson (None).

    least, most: its bounds, None where there is none on that side.
    """

    name: str
    value: float
    section: int | None
    least: float | None
    most: float | None
    principle: str
    source: str
    mend: str

    @property
    def good(self) -> bool:
        """Whether it keeps to its bounds."""
        return (self.least is None or self.value >= self.least) and (
            self.most is None or self.value <= self.most
        )

    def __str__(self) -> str:
        where = "lesson" if self.section is None else f"section {self.section}"
        bound = f"at least {self.least:g}" if self.least is not None else f"at most {self.most:g}"
        return f"{where}: {self.name} {self.value:.3g}, {bound}: {self.mend} ({self.source})"


_MAYER = "Mayer 2017"
_KINDS: dict[str, tuple[float | None, float | None, str, str, str]] = {
    "minutes": (None, 6, "segmenting", "Guo, Kim and Rubin 2014", "divide the lesson"),
    "share of sections with a picture": (
        0.7,
        None,
        "multimedia",
        _MAYER,
        "add a chart, a diagram, a table or an emoji",
    ),
    "questions": (
        1,
        None,
        "retrieval practice",
        "Roediger and Karpicke 2006",
        'add a section with "question" and "answer"',
    ),
    "seconds": (None, 60, "segmenting", _MAYER, "divide the section"),
    "seconds without a change": (
        None,
        10,
        "signalling",
        _MAYER,
        "show more items, or say them more evenly",
    ),
    "share of items that are said": (
        0.9,
        None,
        "temporal contiguity",
        _MAYER,
        "say what is shown, or leave it out",
    ),
    "words on the slide": (None, 45, "coherence", _MAYER, "shorten its points"),
    "share of words said alike": (
        None,
        0.6,
        "redundancy",
        _MAYER,
        "shorten the points to 2 to 7 words",
    ),
    "smallest text in points of 1080": (24, None, "legibility", "WCAG 2", "show less on it"),
    "characters of captions a second": (
        None,
        20,
        "pacing",
        "BBC subtitle guidelines",
        "say it more slowly, or in fewer words",
    ),
    "answers given away": (
        None,
        0,
        "retrieval practice",
        "Roediger and Karpicke 2006",
        "ask first, and say the answer afterwards",
    ),
}
"""Each measure: least, most, the principle, its source, and the mend."""


@dataclass(frozen=True)
class Review:
    """All that was measured of a lesson."""

    measures: tuple[Measure, ...]

    @property
    def score(self) -> int:
        """How many of a hundred measures keep to their bounds; the lesson's count as much as those
        of all its sections together.
        """
        parts = [
            [m.good for m in self.measures if (m.section is None) == whole]
            for whole in (True, False)
        ]
        return round(100 * fmean(fmean(part) for part in parts if part))

    @property
    def faults(self) -> tuple[Measure, ...]:
        """What does not keep to its bounds."""
        return tuple(measure for measure in self.measures if not measure.good)

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {
            "score": self.score,
            "measures": [{**asdict(m), "good": m.good} for m in self.measures],
        }

    def __str__(self) -> str:
        return "\n".join([f"{self.score} of 100", *(f"  {fault}" for fault in self.faults)])


def review(lesson: Lesson, settings: Settings | None = None) -> Review:
    """What can be measured of the teaching of `lesson`.

    Raises `Refused` where a section's `slide` asks for what cannot be.
    """
    settings = settings or Settings()
    slides = Slides()
    measures: list[Measure] = []
    seconds: list[float] = []
    pictured: list[bool] = []
    questions = 0
    for index, section in enumerate(lesson.sections):
        ask = image_ask(lesson, index, settings)
        slide = slides.slide(ask)
        words = clocked(section.content, settings.rate or PACE)
        length = (words[-1].end if words else 0.0) + settings.gap
        seconds.append(length)
        pictured.append(section.image is not None or _pictured(slide))
        questions += slide.layout == "question" or "?" in slide.headline
        found = _of_section(slide, section.content, words, length, lesson.language, settings)
        found["smallest text in points of 1080"] = slides.smallest(slide, settings.size)
        measures += [_measure(name, value, index + 1) for name, value in found.items()]
    whole = {
        "minutes": sum(seconds) / 60,
        "share of sections with a picture": fmean(pictured),
        "questions": float(questions),
    }
    return Review((*(_measure(name, value, None) for name, value in whole.items()), *measures))


def clocked(text: str, pace: float) -> list[Word]:
    """The words of `text` with times, at `pace` words a minute, each by its letters."""
    written = re.findall(r"\S+", text)
    letters = sum(len(word) + 1 for word in written)
    each = 60 * len(written) / pace / max(1, letters)
    found, at = [], 0.0
    for word in written:
        end = at + each * (len(word) + 1)
        found.append(Word(word, at, end))
        at = end
    return found


def _measure(name: str, value: float, section: int | None) -> Measure:
    least, most, principle, source, mend = _KINDS[name]
    return Measure(name, round(value, 4), section, least, most, principle, source, mend)


def _pictured(slide: Slide) -> bool:
    return slide.layout in PICTURED or any(entry.icon for entry in slide.entries)


def _of_section(
    slide: Slide,
    text: str,
    words: Sequence[Word],
    length: float,
    language: str,
    settings: Settings,
) -> dict[str, float]:
    items = slide.items()
    narrated = Narrated(text, words, language)
    times = spoken_times(items, narrated)
    shown = moments(items, between(items, times, narrated, length), length, settings.reveal)
    starts = [moment.start for moment in shown] + [length]
    with_words = [i for i, item in enumerate(items) if item.text or item.gloss]
    said = [times[i] is not None for i in with_words]
    read = [len(cue.text) / (cue.end - cue.start) for cue in cues(text, words, 0.0, length)]
    given = {
        "seconds": length,
        "seconds without a change": max(b - a for a, b in pairwise(starts)),
        "share of items that are said": fmean(said) if said else 1.0,
        "words on the slide": float(sum(len(t.split()) for t in slide.texts())),
        "share of words said alike": _alike([*slide.points, *_glosses(slide)], text),
        "characters of captions a second": max(read, default=0.0),
    }
    if any(item.held for item in items):
        given["answers given away"] = float(_given_away(slide, times))
    return given


def _glosses(slide: Slide) -> Iterator[str]:
    yield from (entry.gloss for entry in slide.entries if entry.gloss)
    for side in slide.sides:
        yield from side.points


def _alike(shown: Sequence[str], said: str) -> float:
    """The share of the words of `shown` that stand in runs of `_RUN` words of `said`."""
    spoken = _words(said)
    runs = {tuple(spoken[i : i + _RUN]) for i in range(len(spoken) - _RUN + 1)}
    count = alike = 0
    for text in shown:
        own = _words(text)
        covered = {
            i + k
            for i in range(len(own) - _RUN + 1)
            if tuple(own[i : i + _RUN]) in runs
            for k in range(_RUN)
        }
        count += len(own)
        alike += len(covered)
    return alike / count if count else 0.0


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _given_away(slide: Slide, times: Sequence[Found | None]) -> int:
    """Answers that are said before their question."""
    by_key = {item.key: found for item, found in zip(slide.items(), times, strict=True)}
    asked = by_key.get("question.0")
    return sum(
        1
        for item in slide.items()
        if item.held and asked and (told := by_key[item.key]) and told.seconds < asked.seconds
    )
