"""What is wanted of a lesson: which sections its video will have, and the assets they need."""

from __future__ import annotations

from ..errors import SettingsError
from ..paths import shortened
from .choice import Choice, keys, stored
from .place import Place


def chosen(place: Place) -> tuple[int, ...]:
    """The positions of the sections that the video will have: all, or with `only` those, and
    the others as far as the store has them. Raises `SettingsError` where one beyond the last is
    to be made, or to have effects.
    """
    there, only = len(place.lesson.sections), place.settings.only
    for name, numbers in (("only", only or ()), ("effects", place.settings.effects)):
        if beyond := [number for number in numbers if number > there]:
            raise SettingsError(
                f"{name}={shortened(beyond[0])}: {place.lesson.path.name} has "
                f"{there} sections, counted from 1"
            )
    if only is None:
        return tuple(range(there))
    return tuple(index for index in range(there) if index + 1 in only or _kept(place, index))


def part_keys(place: Place) -> list[str]:
    """The keys of all images and narrations of the lesson, also of sections that are not to be
    made now: nobody may prune them until it is finished.
    """
    there = range(len(place.lesson.sections))
    return [key for index in there for part in _parts(place, index) for _, key in keys(part)]


def _parts(place: Place, index: int) -> tuple[tuple[Choice, ...], ...]:
    """Who may make a section's image, and who its narration."""
    return place.choices("image", index), place.choices("audio", index)


def _kept(place: Place, index: int) -> bool:
    """Whether the store has a section's image and narration."""
    store = place.tools.store
    return all(stored(part, store) is not None for part in _parts(place, index))
