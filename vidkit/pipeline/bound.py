"""What no way of making the videos can beat, and why: the lower bound of a run's time."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..core.events import Event, WorkEnded, WorkersChanged
from ..core.format import count
from ..models.settings import MOST_WORKERS, Settings
from ..providers.limiter import RateLimiter
from .assets import Source, Tools
from .scaling import Loan
from .workload import Load, Piece, Provider, SectionLoad


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


def limits_of(tools: Tools) -> Limits:
    """What limits a run with these tools; several providers of a kind limit nothing together."""
    cores = tools.cores.cores.count if isinstance(tools.cores, Loan) else 1
    return Limits(_places(tools.images), _places(tools.voice), cores)


def _places(sources: Sequence[Source[Any]]) -> int:
    if len(sources) == 1 and isinstance(sources[0].gate, RateLimiter):
        return sources[0].gate.snapshot().ceiling
    return MOST_WORKERS


class Yardstick:
    """Listens to a run, in the room of twenty bytes a section."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sections = int(settings.section_workers)
        self._videos = int(settings.video_workers)
        self._open: dict[int, dict[int, list[float]]] = {}
        self._rows = array("f")
        self._lengths: list[int] = []
        self._join = float("inf")

    def hear(self, event: Event) -> None:
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
                lessons.append(tuple(_load(row) for row in rows))
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


def _load(row: array[float]) -> SectionLoad:
    image, images, audio, audios, clip = row
    return SectionLoad(_piece(image, images), _piece(audio, audios), clip)


def _piece(seconds: float, requests: float) -> Piece:
    """Requests of equal length, side by side; none where the store had it."""
    number = int(requests)
    return Piece(seconds / number, number) if number else Piece(0.0, own=True)
