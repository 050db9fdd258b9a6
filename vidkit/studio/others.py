"""The takes of a section that do not count now, and could."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import VidkitError
from ..lesson import Lesson
from ..pipeline.choice import PartKind
from ..retakes import present_take, takes
from ..settings import Settings
from .face import NAMES

PARTS: tuple[PartKind, ...] = ("image", "audio")


@dataclass(frozen=True)
class Choice:
    """Another take of a part of a section, that could count instead of the present one."""

    part: PartKind
    take: int
    name: str


def other_takes(lesson: Lesson, number: int, settings: Settings) -> tuple[Choice, ...]:
    """The other takes of the image and the narration of section `number`, the oldest first;
    none where the store cannot be asked. Blocks while it looks.
    """
    return tuple(each for part in PARTS for each in _others(lesson, number, part, settings))


def _others(lesson: Lesson, number: int, part: PartKind, settings: Settings) -> list[Choice]:
    try:
        every = takes(lesson, number, part, settings)
        present = present_take(lesson, number, part, settings) if len(every) > 1 else None
    except VidkitError:
        return []
    if present is None:
        return []
    return [
        Choice(part, each.take, f"{when} {NAMES[part]} (take {each.take})")
        for each in every
        if each.take != present.take
        for when in ("Earlier" if each.take < present.take else "Later",)
    ]
