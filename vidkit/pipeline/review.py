"""What can be measured of a lesson's teaching without a viewer, offline and the same each time.

Each measure names the principle behind it, where that is from, its bound and the mend. Before a
lesson is made the times are those of its words at an ordinary pace, by their letters; then those of
its narrations. Nothing is rendered but the slides.

The score counts what is good: each section, picture and question adds to it, and whatever is taken
away takes its points along. So leaving something out never raises it.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING, Any, NamedTuple

from ..core.errors import VidkitError
from ..core.format import in_sections, json_in_lines
from ..models.lesson import Lesson, Section
from ..models.settings import Settings
from ..providers.files import own_on_a_slide
from ..providers.registry import image_makers, speaks, voice_makers
from ..slides.analysis import script_language
from ..slides.follow import Found, between, moments, spoken_times
from ..slides.layouts import KINDS
from ..slides.mentions import Narrated
from ..slides.slide import Layout, Region, Slide
from ..text.captions import Word, cues
from ..text.languages import language_note
from .assets import Cached, image_ask
from .reveal import picture_kept

if TYPE_CHECKING:
    from ..providers.base import Picture
    from ..providers.slides import Slides

VERSION = 3
"""Counts up when the same lesson is measured in another way."""

PACE = 165
"""Words a minute that are reckoned with, where `rate` says nothing."""

PICTURED: frozenset[Layout] = frozenset(name for name, kind in KINDS.items() if kind.drawn)
"""Layouts that show more than words in boxes; steps and cards do with an emoji each."""

_RUN = 5
"""Words in a row, shown and said alike, from which on the slide repeats the voice."""

_WORTH = 8
"""Points for a picture and for a question: as many as a slide's own measures can give together, so
that a slide with less on it is never worth more."""

_PICTURED_SHARE = 0.7
"""The share of sections that should have a picture."""

_GRID = (32, 18)
"""Fields across and down into which a frame is divided to see how much of it is used."""
_SEEN = 40
"""Grey levels from the ground by which something in a field is seen."""


@dataclass(frozen=True)
class Measure:
    """One thing that was measured, of the section `section` (from 1) or of the lesson (None).

    least, most: its bounds, None where there is none on that side. points: what it can give to
    the score, and earned: what it gives. where: the words or places that it is about.
    """

    name: str
    value: float
    section: int | None
    least: float | None
    most: float | None
    principle: str
    source: str
    mend: str
    points: int = 0
    earned: int = 0
    where: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether it keeps to its bounds."""
        return (self.least is None or self.value >= self.least) and (
            self.most is None or self.value <= self.most
        )

    @property
    def bound(self) -> str:
        """Its bounds in words."""
        found = [f"at least {self.least:g}"] if self.least is not None else []
        if self.most is not None:
            found.append(f"at most {self.most:g}")
        return " and ".join(found)

    def __str__(self) -> str:
        where = "lesson" if self.section is None else f"section {self.section}"
        about = f" ({', '.join(self.where)})" if self.where else ""
        told = f"{where}: {self.name} {self.value:.3g}{about}, {self.bound}"
        return f"{told}: {self.mend} ({self.source})"


@dataclass(frozen=True)
class Spoken:
    """A section as it was made: the words of its narration with their times, the seconds of its
    clip, its loudness in LUFS, None where nobody measured it, and its picture.
    """

    words: tuple[Word, ...]
    seconds: float
    loudness: float | None = None
    image: Cached | None = None

    @property
    def shaping(self) -> list[object]:
        """What of it shapes a review, as JSON values."""
        words = [[word.text, word.start, word.end] for word in self.words]
        return [words, self.seconds, self.loudness, self.image and self.image.asset.sha256]


_MAYER = "Mayer 2017"
_OURS = "vidkit's own bound"
_RETRIEVAL = "Roediger and Karpicke 2006"


class _Kind(NamedTuple):
    """A kind of measure: the principle behind it, where that is from, the mend, and its bounds."""

    principle: str
    source: str
    mend: str
    least: float | None = None
    most: float | None = None


_KINDS: dict[str, _Kind] = {
    "minutes": _Kind("segmenting", "Guo, Kim and Rubin 2014", "divide the lesson", most=6),
    "share of sections with a picture": _Kind(
        "multimedia",
        _MAYER,
        "add a chart, a diagram, a table, a film or an emoji",
        least=_PICTURED_SHARE,
    ),
    "questions": _Kind(
        "retrieval practice", _RETRIEVAL, 'add a section with "question" and "answer"', least=1
    ),
    "terms used before they are explained": _Kind(
        "pre-training", _MAYER, "explain them first, or use other words before", most=0
    ),
    "narrations in another language": _Kind(
        "voice", _MAYER, "write the `language` that is spoken", most=0
    ),
    "words that are said": _Kind("modality", _MAYER, "say something", least=1),
    "words a minute": _Kind(
        "pacing",
        "Tauroza and Allison 1990",
        "choose a `rate` between 120 and 180",
        least=100,
        most=190,
    ),
    "share of its languages that a voice speaks": _Kind(
        "voice",
        _MAYER,
        "name a voice that speaks it; `vidkit voices LANGUAGE` lists those of this machine",
        least=1,
    ),
    "loudness in LUFS": _Kind(
        "legibility of speech",
        "AES TD1008",
        "record it closer to the microphone",
        least=-17.5,
        most=-14.5,
    ),
    "seconds": _Kind("segmenting", _MAYER, "divide the section", most=60),
    "characters of captions a second": _Kind(
        "pacing", "BBC subtitle guidelines", "say it more slowly, or in fewer words", most=20
    ),
    "seconds without a change": _Kind(
        "signalling", _MAYER, "show more items, or say them more evenly", most=10
    ),
    "share of items that are said": _Kind(
        "temporal contiguity", _MAYER, "say what is shown, or leave it out", least=0.9
    ),
    "words on the slide": _Kind("coherence", _MAYER, "shorten its points", most=45),
    "share of words said alike": _Kind(
        "redundancy", _MAYER, "shorten the points to 2 to 7 words", most=0.6
    ),
    "smallest text in points of 1080": _Kind("legibility", _OURS, "show less on it", least=24),
    "contrast of text": _Kind(
        "legibility", "WCAG 2, 1.4.3", "choose another accent or picture", least=4.5
    ),
    "share of the frame used": _Kind(
        "coherence", _OURS, "show what is spoken of: a picture, a chart, three points", least=0.1
    ),
    "answers given away": _Kind(
        "retrieval practice", _RETRIEVAL, "ask first, and say the answer afterwards", most=0
    ),
}


@dataclass(frozen=True)
class Review:
    """All that was measured of a lesson."""

    measures: tuple[Measure, ...]

    @property
    def score(self) -> int:
        """Points for what is good in the lesson, of `most`. Taking away a section, a picture or a
        question never raises it.
        """
        return sum(measure.earned for measure in self.measures)

    @property
    def most(self) -> int:
        """The points that a lesson of so many sections could have."""
        return sum(measure.points for measure in self.measures)

    @property
    def share(self) -> int:
        """The score as percent of `most`."""
        return round(100 * self.score / max(1, self.most))

    @property
    def faults(self) -> tuple[Measure, ...]:
        """What does not keep to its bounds."""
        return tuple(measure for measure in self.measures if not measure.good)

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {
            "score": self.score,
            "most": self.most,
            "share": self.share,
            "measures": [{**vars(m), "good": m.good} for m in self.measures],
        }

    def __str__(self) -> str:
        head = f"{self.score} of {self.most} points ({self.share} %)"
        alike: dict[str, list[Measure]] = {}
        for fault in self.faults:
            alike.setdefault(fault.name, []).append(fault)
        return "\n".join([head, *(f"  {_told(faults)}" for faults in alike.values())])


def _told(faults: Sequence[Measure]) -> str:
    """One thing that is wrong, in a line for all sections where it is."""
    first, *more = faults
    if not more:
        return str(first)
    values = [fault.value for fault in faults]
    least, most = min(values), max(values)
    spread = f"{least:.3g}" if least == most else f"{least:.3g} to {most:.3g}"
    where = in_sections([fault.section for fault in faults if fault.section])
    told = f"{where}: {first.name} {spread}, {first.bound}"
    return f"{told}: {first.mend} ({first.source})"


def review(
    lesson: Lesson,
    settings: Settings | None = None,
    spoken: Mapping[int, Spoken] | None = None,
) -> Review:
    """What can be measured of the teaching of `lesson`. spoken: its narrations as they were made,
    by the positions of their sections; where there is none, the times are reckoned.

    Raises `Refused` where the `slide` of a section that is shown as one asks for what cannot be.
    """
    reviewing = _Reviewing(lesson, settings or Settings(), spoken or {})
    sections = [reviewing.section(index) for index in range(len(lesson.sections))]
    return Review((*reviewing.whole(), *(measure for each in sections for measure in each)))


def review_as_json(lesson: Lesson, settings: Settings, spoken: Mapping[int, Spoken]) -> bytes:
    """The review of a lesson that was made, as a file."""
    found = review(lesson, settings, spoken).as_dict()
    return json_in_lines(found).encode()


class _Reviewing:
    """One pass over a lesson."""

    def __init__(self, lesson: Lesson, settings: Settings, spoken: Mapping[int, Spoken]) -> None:
        self._lesson = lesson
        self._settings = settings
        self._spoken = spoken
        self._slides, self._by_slides = _slides(settings)
        self._voices = voice_makers(settings, keyless=True)
        self._seconds: list[float] = []
        self._pictured: list[bool] = []
        self._questions = 0
        self._terms: list[tuple[int, str]] = []

    def section(self, index: int) -> list[Measure]:
        """The measures of one section."""
        section = self._lesson.sections[index]
        ask = image_ask(self._lesson, index, self._settings)
        slide = None
        if self._by_slides and (ask.file is None or own_on_a_slide(ask)):
            slide = self._slides.slide(ask)
        told = self._spoken.get(index)
        words = told.words if told else tuple(clocked(section.content, self._settings.rate or PACE))
        length = told.seconds if told else (words[-1].end if words else 0) + self._settings.gap
        self._seconds.append(length)
        self._pictured.append(slide is None or section.image is not None or _pictured(slide))
        asks = slide is not None and (slide.layout == "question" or "?" in slide.headline)
        self._questions += asks
        script = script_language(section.content) or ask.language
        explained = _explained(section.content, slide.language if slide else script)
        self._terms += [(index, term) for term in explained]
        found = self._heard(section, words, length)
        if told and told.loudness is not None:
            found["loudness in LUFS"] = told.loudness
        if slide is not None:
            found |= _of_slide(slide, section, words, length, self._lesson, self._settings)
            picture = self._picture(slide, told)
            if picture.smallest is not None:
                found["smallest text in points of 1080"] = picture.smallest
            found["contrast of text"], found["share of the frame used"] = _looked_at(
                picture.data, picture.regions
            )
        return [_measure(name, value, index + 1) for name, value in found.items()]

    def _picture(self, slide: Slide, told: Spoken | None) -> Picture:
        """A section's slide: as it was made, or else drawn anew."""
        if told and told.image and "smallest" in told.image.asset.about:
            return picture_kept(told.image.read(), told.image.asset.about)
        return self._slides.picture(slide, self._settings.size)

    def _heard(self, section: Section, words: Sequence[Word], length: float) -> dict[str, float]:
        """What the narration gives."""
        own = section.audio is not None or (section.video and section.video.sound == "instead")
        said = len(words) or (1 if own else 0)
        read = [len(c.text) / (c.end - c.start) for c in cues(section.content, words, 0.0, length)]
        found = {
            "words that are said": float(said),
            "seconds": length,
            "characters of captions a second": max(read, default=0.0),
        }
        if len(words) > 1 and (spent := words[-1].end - words[0].start) > 0:
            found["words a minute"] = 60 * len(words) / spent
        if not own:
            language = section.language or self._lesson.language
            asked = {language, *(turn.language or language for turn in section.spoken_turns)}
            found["share of its languages that a voice speaks"] = fmean(
                any(speaks(voice, each) for voice in self._voices) for each in sorted(asked)
            )
        return found

    def whole(self) -> Iterator[Measure]:
        """The measures of the lesson, after those of its sections."""
        sections = self._lesson.sections
        yield _measure("minutes", sum(self._seconds) / 60, None)
        pictured, wanted = sum(self._pictured), math.ceil(_PICTURED_SHARE * len(sections))
        share = _measure("share of sections with a picture", pictured / len(sections), None)
        yield replace(share, points=_WORTH * max(wanted, pictured), earned=_WORTH * pictured)
        asked = _measure("questions", float(self._questions), None)
        earned = _WORTH * self._questions
        yield replace(asked, points=max(_WORTH, earned), earned=earned)
        early = self._early()
        terms = _measure("terms used before they are explained", float(len(early)), None)
        yield replace(terms, where=tuple(early), points=1, earned=int(not early))
        spoken = "\n\n".join(each.content for each in sections if each.language is None)
        odd = language_note(spoken, self._lesson.language)
        yield _measure("narrations in another language", float(bool(odd)), None)

    def _early(self) -> list[str]:
        """Terms, each with the section that uses it before another one explains it."""
        found = []
        for index, term in self._terms:
            known = any(at < index and each == term for at, each in self._terms)
            pattern = re.compile(rf"(?<!\w){re.escape(term)}(?!\w)", re.IGNORECASE)
            uses = (n for n in range(index) if pattern.search(self._lesson.sections[n].content))
            if not known and (first := next(uses, None)) is not None:
                found.append(f"{term!r} in section {first + 1}, explained in {index + 1}")
        return found


def _slides(settings: Settings) -> tuple[Slides, bool]:
    """The slides of the run, or those that it would have with no other provider; and whether its
    pictures are slides, which can be measured.
    """
    from ..providers.slides import Slides  # which loads typst

    try:
        makers = image_makers(settings, keyless=True)
    except VidkitError:
        makers = ()
    first = makers[0] if makers else None
    return (first, True) if isinstance(first, Slides) else (Slides(), False)


_DEFINITION = re.compile(
    r"(?:^|[.!?:;]\s+|\n)An?\s+((?!(?:\w+\s)?(?:that|which|who)\b)(?:[a-z][\w-]+\s)?[a-z][\w-]{3,}),?"
    r"\s+(?:is|means)\s+(?:an?|this|what)\s"
)
"""A sentence that says what something is: "A prism is a block of glass"."""


def _explained(text: str, language: str) -> list[str]:
    """The terms that a section explains, in small letters."""
    if not language.lower().startswith("en"):
        return []
    return list(dict.fromkeys(found[1].casefold() for found in _DEFINITION.finditer(text)))


def _looked_at(data: bytes, regions: Sequence[Region]) -> tuple[float, float]:
    """The least contrast of what is written in a picture to its ground (WCAG 2), and the share of
    the frame in which there is something.
    """
    import numpy as np
    from PIL import Image

    with Image.open(io.BytesIO(data)) as opened:
        rgb, grey = np.asarray(opened.convert("RGB")), np.asarray(opened.convert("L"))
    level = np.arange(256) / 255
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    channels = [share * linear for share in (0.2126, 0.7152, 0.0722)]
    boxes = [
        spot.box
        for region in regions
        if region.page == 0 and region.item.text
        for spot in region.spots
        if not spot.path
    ]
    contrasts = []
    for left, top, right, bottom in boxes or [(0, 0, rgb.shape[1], rgb.shape[0])]:
        part = rgb[max(0, top) : bottom, max(0, left) : right]
        if part.size:
            light = sum(of[part[..., at]] for at, of in enumerate(channels)).ravel()
            places = [len(light) // 250, len(light) // 2, len(light) - 1 - len(light) // 250]
            low, ground, high = np.partition(light, places)[places] + 0.05
            contrasts.append(float(max(ground / low, high / ground)))
    high, broad = grey.shape
    across, down = min(_GRID[0], broad), min(_GRID[1], high)
    tall, wide = high // down, broad // across
    ground = int(np.bincount(grey.ravel()).argmax())
    apart = np.abs(grey[: tall * down, : wide * across].astype(np.int16) - ground)
    seen = apart.reshape(down, tall, across, wide).max((1, 3)) > _SEEN
    return min(contrasts, default=21.0), float(seen.mean())


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
    """A measure; one of a section gives a point where it is good."""
    kind = _KINDS[name]
    bounds, about = (kind.least, kind.most), (kind.principle, kind.source, kind.mend)
    found = Measure(name, round(value, 4), section, *bounds, *about)
    return found if section is None else replace(found, points=1, earned=int(found.good))


def _pictured(slide: Slide) -> bool:
    return slide.layout in PICTURED or any(entry.icon for entry in slide.entries)


def _of_slide(
    slide: Slide,
    section: Section,
    words: Sequence[Word],
    length: float,
    lesson: Lesson,
    settings: Settings,
) -> dict[str, float]:
    """What a slide gives beside its narration."""
    items = slide.items()
    narrated = Narrated(section.content, words, section.language or lesson.language)
    times = spoken_times(items, narrated)
    shown = moments(items, between(items, times, narrated, length), length, settings.reveal)
    starts = [moment.start for moment in shown] + [length]
    with_words = [i for i, item in enumerate(items) if item.text or item.gloss]
    said = [times[i] is not None for i in with_words]
    given = {
        "seconds without a change": max(b - a for a, b in pairwise(starts)),
        "share of items that are said": fmean(said) if said else 1.0,
        "words on the slide": float(sum(len(t.split()) for t in slide.texts())),
        "share of words said alike": _alike([*slide.points, *_glosses(slide)], section.content),
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
