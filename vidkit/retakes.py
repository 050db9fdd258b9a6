"""Earlier takes of a section's image or narration, and how to have one back.

`force="audio"` with `only=[3]` makes section 3's narration anew. The one before stays in the
store beside it; `take_back` lets it count again, and the next run puts it in the video.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .calls import Pathlike
from .equipment import store_of
from .errors import SettingsError, StoreError
from .lesson import Lesson, load_lesson
from .paths import shortened
from .pipeline import Source
from .pipeline.choice import PartKind, choices, keys, stored
from .providers import image_makers, voice_makers
from .providers.recorded import own_files
from .settings import Settings, settled, whole
from .store import Asset, NoStore, Store


def takes(
    lesson: Pathlike | Lesson,
    number: int,
    part: PartKind,
    settings: Settings | None = None,
    **changes: Any,
) -> list[Asset]:
    """All takes of the image or the narration ("audio") of section `number`, counted from 1,
    the oldest first. Settings as for the run that made them.
    """
    chosen = settled(settings, changes)
    store = store_of(chosen)
    return store.takes(_key(lesson, number, part, chosen, store))


def present_take(
    lesson: Pathlike | Lesson,
    number: int,
    part: PartKind,
    settings: Settings | None = None,
    **changes: Any,
) -> Asset | None:
    """The take that counts now, None where there is none. Arguments as for `takes`."""
    chosen = settled(settings, changes)
    store = store_of(chosen)
    return store.find(_key(lesson, number, part, chosen, store))


def take_back(
    lesson: Pathlike | Lesson,
    number: int,
    part: PartKind,
    take: int | None = None,
    settings: Settings | None = None,
    **changes: Any,
) -> Path:
    """Let an earlier take count again, by its number or the one before the present one; gives
    its file. Run the lesson again, and it is in the video.

    Raises `StoreError` where there is no such take.
    """
    chosen = settled(settings, changes)
    if take is not None:
        whole("take", take, 1, 1_000_000)
    store = store_of(chosen)
    key = _key(lesson, number, part, chosen, store)
    if take is None:
        present = store.find(key)
        earlier = [one.take for one in store.takes(key) if present and one.take < present.take]
        if not earlier:
            raise StoreError(
                f"section {number} has no earlier {part}; force={part!r} makes a new one"
            )
        take = earlier[-1]
    return store.bring_back(key, take).path


def _key(
    lesson: Pathlike | Lesson,
    number: int,
    part: PartKind,
    settings: Settings,
    store: Store | NoStore,
) -> str:
    loaded = lesson if isinstance(lesson, Lesson) else load_lesson(lesson)
    if isinstance(number, bool) or not isinstance(number, int):
        told = shortened(number)
        raise SettingsError(f"number is {told}; give the number of a section, counted from 1")
    if not 1 <= number <= len(loaded.sections):
        raise SettingsError(f"there is no section {number}; there are {len(loaded.sections)}")
    if part not in ("image", "audio"):
        raise SettingsError(f"part is {shortened(part)}; choose 'image' or 'audio'")
    makers: Sequence[Any] = (image_makers if part == "image" else voice_makers)(settings)
    sources = [Source(maker) for maker in makers]
    there = choices(part, loaded, number - 1, settings, sources, own_files)
    # of several providers, the one whose take the video has
    if found := stored(there, store):
        return found[0].key()
    return next((key for _, key in keys(there)), None) or there[0].key()
