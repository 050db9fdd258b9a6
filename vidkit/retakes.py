"""Earlier takes of a section's image or narration, and how to have one back.

`force="audio"` with `only=[3]` makes section 3's narration anew. The one before stays in the
store beside it; `take_back` lets it count again, and the next run puts it in the video.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from .calls import Pathlike
from .errors import SettingsError, StoreError
from .lesson import Lesson, load_lesson
from .order import store_of
from .pipeline.shape import image_ask, voice_ask
from .providers import ImageMaker, VoiceMaker, image_maker, voice_maker
from .providers.recorded import own_files
from .settings import Settings
from .store import Asset, asset_key

Part = Literal["image", "audio"]


def takes(
    lesson: Pathlike | Lesson,
    number: int,
    part: Part,
    settings: Settings | None = None,
    **changes: Any,
) -> list[Asset]:
    """All takes of the image or the narration ("audio") of section `number`, counted from 1,
    the oldest first. Settings as for the run that made them.
    """
    chosen = (settings or Settings()).with_(**changes)
    return store_of(chosen).takes(_key(lesson, number, part, chosen))


def take_back(
    lesson: Pathlike | Lesson,
    number: int,
    part: Part,
    take: int | None = None,
    settings: Settings | None = None,
    **changes: Any,
) -> Path:
    """Let an earlier take count again, by its number or the one before the present one; gives
    its file. Run the lesson again, and it is in the video.

    Raises `StoreError` where there is no such take.
    """
    chosen = (settings or Settings()).with_(**changes)
    store, key = store_of(chosen), _key(lesson, number, part, chosen)
    if take is None:
        present = store.find(key)
        earlier = [one.take for one in store.takes(key) if present and one.take < present.take]
        if not earlier:
            raise StoreError(
                f"section {number} has no earlier {part}; force={part!r} makes a new one"
            )
        take = earlier[-1]
    return store.bring_back(key, take).path


def _key(lesson: Pathlike | Lesson, number: int, part: Part, settings: Settings) -> str:
    loaded = lesson if isinstance(lesson, Lesson) else load_lesson(lesson)
    if not 1 <= number <= len(loaded.sections):
        raise SettingsError(f"there is no section {number}; there are {len(loaded.sections)}")
    section = loaded.sections[number - 1]
    if part == "image":
        drawer: ImageMaker = own_files if section.image else image_maker(settings.images)
        return asset_key(part, drawer.shape(image_ask(loaded, number - 1, settings)))
    if part != "audio":
        raise SettingsError(f"part is {part!r}; choose 'image' or 'audio'")
    speaker: VoiceMaker = own_files if section.audio else voice_maker(settings.voice)
    return asset_key(part, speaker.shape(voice_ask(loaded, number - 1, settings)))
