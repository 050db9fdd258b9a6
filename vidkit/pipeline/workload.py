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
    lessons, together = load.asked(settings), settings.concurrent_parts
    wide, tall = min(settings.video_workers, len(lessons)), settings.section_workers
    sections = [section for lesson in lessons for section in lesson]
    calls = [section.calls(together) for section in sections]
    # seconds that one lesson's calls take its own workers, which no other lesson's sections use
    apart = [_shared([s.calls(together) for s in lesson], tall) for lesson in lessons]
    longest = max(call + section.clip for call, section in zip(calls, sections, strict=True))
    on_cores = sum(section.clip for section in sections) + load.join * len(lessons)
    tail = min(section.clip for section in sections) + load.join
    each = count(tall, "section")
    in_turn = f"{count(wide, 'lesson')} at once, each with {each}"
    found = [
        Bound(longest + load.join, "the longest section"),
        Bound(
            _shared(calls, wide * tall) + tail,
            f"{count(wide, 'video')} × {each} at once",
            workers=True,
        ),
        Bound(max(apart) + tail, f"the longest lesson with {each} at once", workers=True),
        Bound(_shared(apart, wide) + tail, in_turn, workers=True),
        Bound(min(calls) + on_cores / cores, f"the clips on {count(cores, 'core')}"),
    ]
    found += _of_provider("image", load.images, [s.image for s in sections], tail)
    found += _of_provider("narration", load.voice, [s.audio for s in sections], tail)
    return sorted(found, key=lambda bound: -bound.seconds)


def _shared(pieces: list[float], workers: int) -> float:
    """The seconds that so many workers need for all pieces, at the least.

    They cannot do more than all work at once. And of any k·workers + 1 pieces, one of them has
    k + 1: ten equal pieces take four workers three rounds.
    """
    falling = sorted(pieces, reverse=True)
    rounds = (k * piece for k, piece in enumerate(falling[::workers], 1))
    return max(sum(pieces) / workers, *rounds)


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


def limits_of(runtime: Runtime) -> tuple[int, int, int]:
    """What limited a run: places for images and for narrations, and cores. Several providers of a
    kind limit nothing together.
    """
    cores = runtime.cores.cores.count if isinstance(runtime.cores, Loan) else 1
    return _places(runtime.images), _places(runtime.voice), cores


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

    def bound(self, images: int, voice: int, cores: int) -> Bound | None:
        """What no run with these pieces can beat, by its limits as `limits_of` gives them; None
        where nothing was made.
        """
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
            images=Provider("images", images, True, s.pace),
            voice=Provider("voice", voice, True, s.pace),
        )
        return bounds(load, s, cores)[0]


def _section_load(row: array[float]) -> SectionLoad:
    image, images, audio, audios, clip = row
    return SectionLoad(_piece(image, images), _piece(audio, audios), clip)


def _piece(seconds: float, requests: float) -> Piece:
    """Requests of equal length, side by side; none where the store had it."""
    number = int(requests)
    return Piece(seconds / number, number) if number else Piece(0.0, own=True)
