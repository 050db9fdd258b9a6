"""What a run has to do, as seconds and limits; and the time that no way of doing it can beat."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any, Literal

from ..core.events import Event, WorkEnded, WorkersChanged
from ..core.format import count
from ..models.settings import MOST_WORKERS, Settings
from ..providers.limiter import RateLimiter
from .context import Runtime, Source
from .scaling import Loan

ANY = "the provider"
"""The name of a provider of which nothing is known but its seconds."""

Kind = Literal["image", "audio"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One image or narration: `requests` side by side, each of `seconds` and `dollars` (None
    where nobody knows). `own` is a file of the section's own, which asks nobody.
    """

    seconds: float
    requests: int = 1
    dollars: float | None = 0.0
    own: bool = False

    def taking(self, factor: float, more: float) -> Piece:
        """The same, so many times as long and so many seconds more; a file is there at once."""
        return self if self.own else replace(self, seconds=factor * self.seconds + more)


@dataclass(frozen=True, slots=True)
class SectionLoad:
    """What one section takes; `clip` is seconds of a core."""

    image: Piece
    audio: Piece
    clip: float
    title: str | None = None

    def piece(self, kind: Kind) -> Piece:
        """Its image, or its narration."""
        return self.image if kind == "image" else self.audio

    def calls(self, together: bool) -> float:
        """Seconds that its calls take, the image beside the narration or before it."""
        parts = (self.image.seconds, self.audio.seconds)
        return max(parts) if together else sum(parts)


@dataclass(frozen=True)
class Provider:
    """What limits a provider: `places` for calls at once, and requests a minute."""

    name: str
    places: int | None
    online: bool
    per_minute: float | None

    def paced(self, per_minute: float | None, *, changed: bool) -> Provider:
        """The same with another limit. With other seconds (`changed`) one that is bound to the
        cores of this machine stands for any other.
        """
        online = self.online or per_minute is not None
        if changed and not self.online:
            return Provider(ANY, None, online, per_minute)
        return replace(self, online=online, per_minute=per_minute)


@dataclass(frozen=True)
class Load:
    """Everything that a forecast starts from, the same for any worker counts.

    lessons: the sections of each. names: of the lessons. join: a core's seconds to join a
    lesson. images, voice: who is asked.
    """

    lessons: tuple[tuple[SectionLoad, ...], ...]
    names: tuple[str, ...]
    join: float
    images: Provider
    voice: Provider

    def asked(self, settings: Settings) -> list[list[SectionLoad]]:
        """The sections of each lesson that are to be made with these settings."""
        only = settings.only
        return [
            [s for number, s in enumerate(lesson, 1) if only is None or number in only]
            for lesson in self.lessons
        ]

    def mean(self, kind: Kind) -> float:
        """Seconds that an image, or a narration, takes on average; 0 where all are files."""
        asked = [
            piece.seconds
            for lesson in self.lessons
            for section in lesson
            if not (piece := section.piece(kind)).own
        ]
        return fmean(asked) if asked else 0.0

    def with_figures(
        self, seconds: Mapping[Kind, float], per_minute: Mapping[Kind, float | None]
    ) -> Load:
        """The same with other providers: with other mean seconds, spread over the sections as
        before, and with other limits.
        """
        share = {kind: _share(mean, self.mean(kind)) for kind, mean in seconds.items()}
        return replace(
            self,
            lessons=tuple(
                tuple(
                    replace(
                        section,
                        image=section.image.taking(*share["image"]),
                        audio=section.audio.taking(*share["audio"]),
                    )
                    for section in lesson
                )
                for lesson in self.lessons
            ),
            images=self.images.paced(per_minute["image"], changed=share["image"] != SAME),
            voice=self.voice.paced(per_minute["audio"], changed=share["audio"] != SAME),
        )


SAME = (1.0, 0.0)


def _share(mean: float, was: float) -> tuple[float, float]:
    """A factor and a summand that make of seconds with the mean `was` such with `mean`."""
    if abs(mean - was) < 1e-9:
        return SAME
    return (mean / was, 0.0) if was else (0.0, mean)


def dollars(sections: Iterable[SectionLoad]) -> float | None:
    """What these sections cost; None where a price is unknown."""
    total = 0.0
    for section in sections:
        for piece in (section.image, section.audio):
            if piece.dollars is None:
                return None
            total += piece.dollars * piece.requests
    return total


@dataclass(frozen=True)
class Bound:
    """At the least so many `seconds`, because of `limit`: a phrase such as "the longest
    section". `workers`: more workers would lower it.
    """

    seconds: float
    limit: str
    workers: bool = False


def bounds(load: Load, settings: Settings, cores: int) -> list[Bound]:
    """All lower bounds of the run, the highest first; the first is the one that counts."""
    wide, tall = settings.video_workers, settings.section_workers
    together = settings.concurrent_parts
    lessons = load.asked(settings)
    tail = min(s.clip for lesson in lessons for s in lesson) + load.join
    found = [
        _longest_section(load, lessons, together),
        _all_workers(lessons, wide, tall, together, tail),
        _longest_lesson(lessons, tall, together, tail),
        _lessons_in_turn(lessons, wide, tall, together, tail),
        _cores(load, lessons, together, cores),
    ]
    sections = [section for lesson in lessons for section in lesson]
    found += _of_provider("image", load.images, [s.image for s in sections], tail)
    found += _of_provider("narration", load.voice, [s.audio for s in sections], tail)
    return sorted(found, key=lambda bound: -bound.seconds)


Lessons = list[list[SectionLoad]]


def _longest_section(load: Load, lessons: Lessons, together: bool) -> Bound:
    longest = max(s.calls(together) + s.clip for lesson in lessons for s in lesson)
    return Bound(longest + load.join, "the longest section")


def _all_workers(lessons: Lessons, wide: int, tall: int, together: bool, tail: float) -> Bound:
    """All sections' calls, spread over all workers."""
    wide = min(wide, len(lessons))
    seconds = _shared([s.calls(together) for lesson in lessons for s in lesson], wide * tall)
    many = f"{count(wide, 'video')} × {count(tall, 'section')} at once"
    return Bound(seconds + tail, many, workers=True)


def _longest_lesson(lessons: Lessons, tall: int, together: bool, tail: float) -> Bound:
    """One lesson's calls, spread over the workers of a lesson."""
    longest = max(_shared([s.calls(together) for s in lesson], tall) for lesson in lessons)
    limit = f"the longest lesson with {count(tall, 'section')} at once"
    return Bound(longest + tail, limit, workers=True)


def _lessons_in_turn(lessons: Lessons, wide: int, tall: int, together: bool, tail: float) -> Bound:
    """Each lesson's calls with its own workers, which another lesson's sections do not use."""
    each = [_shared([s.calls(together) for s in lesson], tall) for lesson in lessons]
    many = f"{count(min(wide, len(lessons)), 'lesson')} at once, each with {count(tall, 'section')}"
    return Bound(_shared(each, min(wide, len(lessons))) + tail, many, workers=True)


def _shared(pieces: list[float], workers: int) -> float:
    """The seconds that so many workers need for all pieces, at the least.

    They cannot do more than all work at once. And of any k·workers + 1 pieces, one of them has
    k + 1: ten equal pieces take four workers three rounds.
    """
    falling = sorted(pieces, reverse=True)
    rounds = (k * piece for k, piece in enumerate(falling[::workers], 1))
    return max(sum(pieces) / workers, *rounds)


def _cores(load: Load, lessons: Lessons, together: bool, cores: int) -> Bound:
    """All clips and joins, spread over the cores."""
    work = sum(s.clip for lesson in lessons for s in lesson) + load.join * len(lessons)
    first = min(s.calls(together) for lesson in lessons for s in lesson)
    return Bound(first + work / cores, f"the clips on {count(cores, 'core')}")


def _of_provider(word: str, provider: Provider, all_: list[Piece], tail: float) -> list[Bound]:
    """What the provider bears: calls at once, and requests a minute.

    By the time t a bucket of N requests that refills at N a minute has let through at most
    N·(1 + t/60), so the last of n starts no sooner than 60·(n/N - 1), and takes its time. A
    bucket of less than one request holds one.
    """
    pieces = [piece for piece in all_ if not piece.own]
    if not pieces:
        return []
    places = min(provider.places or MOST_WORKERS, MOST_WORKERS)
    work = sum(piece.seconds * piece.requests for piece in pieces) / places
    found = [Bound(work + tail, f"{count(places, f'{word} call')} at once")]
    if provider.per_minute is not None:
        asked = sum(piece.requests for piece in pieces)
        ready = max(1.0, provider.per_minute)
        wait = 60 * max(0.0, asked - ready) / provider.per_minute
        last = min(piece.seconds for piece in pieces)
        limit = f"{provider.per_minute:g} {word} requests a minute"
        found.append(Bound(wait + last + tail, limit))
    return found


# How long a run could have taken at the least, measured by its own pieces.
#
# The time of each request and of each clip is taken from the run's events, so that the bound
# holds for this run with its calls, its limits and its cores, and for no other.


_FIELDS = {"image": 0, "audio": 2, "clip": 4}
_WIDTH = 5


@dataclass(frozen=True)
class Limits:
    """What limited a run: places of the providers' gates, and cores."""

    images: int
    voice: int
    cores: int


def limits_of(runtime: Runtime) -> Limits:
    """What limits a run; several providers of a kind limit nothing together."""
    cores = runtime.cores.cores.count if isinstance(runtime.cores, Loan) else 1
    return Limits(_places(runtime.images), _places(runtime.voice), cores)


def _places(sources: Sequence[Source[Any]]) -> int:
    if len(sources) == 1 and isinstance(sources[0].gate, RateLimiter):
        return sources[0].gate.snapshot().ceiling
    return MOST_WORKERS


class BoundTracker:
    """Listens to a run, in the room of twenty bytes a section."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sections = int(settings.section_workers)
        self._videos = int(settings.video_workers)
        self._open: dict[int, dict[int, list[float]]] = {}
        self._rows = array("f")
        self._lengths: list[int] = []
        self._join = float("inf")

    def on_event(self, event: Event) -> None:
        """Take in one event of the run."""
        match event:
            case WorkEnded(outcome="done", step="join"):
                self._join = min(self._join, event.seconds)
                self._close(event.lesson)
            case WorkEnded(outcome="done", section=int(section)) if event.step in _FIELDS:
                lesson = self._open.setdefault(event.lesson, {})
                row = lesson.setdefault(section, [0.0] * _WIDTH)
                place = _FIELDS[event.step]
                row[place] += event.seconds
                if event.step != "clip":
                    row[place + 1] += 1
            case WorkersChanged():
                self._sections = max(self._sections, event.sections)
                self._videos = max(self._videos, event.videos)
            case _:
                pass

    def _close(self, lesson: int) -> None:
        rows = self._open.pop(lesson, {})
        self._lengths.append(len(rows))
        for index in sorted(rows):
            self._rows.extend(rows[index])

    def bound(self, limits: Limits) -> Bound | None:
        """What no run with these pieces can beat; None where nothing was made."""
        for lesson in tuple(self._open):
            self._close(lesson)
        lessons, at = [], 0
        for length in self._lengths:
            rows = [self._rows[n * _WIDTH : (n + 1) * _WIDTH] for n in range(at, at + length)]
            at += length
            if rows:
                lessons.append(tuple(_section_load(row) for row in rows))
        if not lessons:
            return None
        s = self._settings.with_(
            section_workers=self._sections, video_workers=self._videos, only=None
        )
        load = Load(
            lessons=tuple(lessons),
            names=("",) * len(lessons),
            join=self._join if self._join < float("inf") else 0.0,
            images=Provider("images", limits.images, True, s.pace),
            voice=Provider("voice", limits.voice, True, s.pace),
        )
        return bounds(load, s, limits.cores)[0]


def _section_load(row: array[float]) -> SectionLoad:
    image, images, audio, audios, clip = row
    return SectionLoad(_piece(image, images), _piece(audio, audios), clip)


def _piece(seconds: float, requests: float) -> Piece:
    """Requests of equal length, side by side; none where the store had it."""
    number = int(requests)
    return Piece(seconds / number, number) if number else Piece(0.0, own=True)
