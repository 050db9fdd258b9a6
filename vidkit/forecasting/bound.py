"""What no way of making the videos can beat, and why: the lower bound of a run's time."""

from __future__ import annotations

from dataclasses import dataclass

from ..report import count
from ..settings import MOST_WORKERS, Settings
from .load import Load, Piece, Provider, SectionLoad


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
