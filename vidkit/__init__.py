"""vidkit turns lessons written as JSON into narrated videos.

    >>> import vidkit
    >>> vidkit.generate_video_from_json("lesson.json", "output")

`generate_video_from_json` makes one lesson's video, `process_all_videos` those of a
folder; `generate_video` and `process_videos` are the same as coroutines. Names are loaded
when they are first used, so that importing vidkit costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .calls import (
        generate_video,
        generate_video_from_json,
        process_all_videos,
        process_videos,
        start,
    )
    from .errors import VidkitError
    from .lesson import Lesson, Section, load_lesson
    from .nested import allow_nested
    from .report import BatchReport, SectionReport, VideoReport
    from .settings import Settings

_HOMES = {
    "BatchReport": "report",
    "Lesson": "lesson",
    "Section": "lesson",
    "SectionReport": "report",
    "Settings": "settings",
    "VideoReport": "report",
    "VidkitError": "errors",
    "allow_nested": "nested",
    "generate_video": "calls",
    "generate_video_from_json": "calls",
    "load_lesson": "lesson",
    "process_all_videos": "calls",
    "process_videos": "calls",
    "start": "calls",
}

__all__ = [
    "BatchReport",
    "Lesson",
    "Section",
    "SectionReport",
    "Settings",
    "VideoReport",
    "VidkitError",
    "allow_nested",
    "generate_video",
    "generate_video_from_json",
    "load_lesson",
    "process_all_videos",
    "process_videos",
    "start",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from .report import vidkit_version

        return vidkit_version()
    if name not in _HOMES:
        raise AttributeError(f"module 'vidkit' has no attribute {name!r}")
    return getattr(import_module(f"vidkit.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
