"""How long a run could have taken at the least, measured by its own pieces.

The time of each request and of each clip is taken from the run's events, so that the bound
holds for this run with its calls, its limits and its cores, and for no other.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .cores import Loan
from .events import Event, WorkEnded, WorkersChanged
from .forecasting.bound import Bound, bounds
from .forecasting.load import Load, Piece, Provider, SectionLoad
from .gate import Gate
from .pipeline import Source, Tools
from .settings import MOST_WORKERS, Settings

__all__ = ["Bound", "Limits", "Yardstick", "limits_of"]

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
    if len(sources) == 1 and isinstance(sources[0].gate, Gate):
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
