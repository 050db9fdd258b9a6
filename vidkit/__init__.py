"""vidkit turns lessons written as JSON into narrated videos.

    >>> import vidkit
    >>> vidkit.generate_video_from_json("lesson.json", "output")

`generate_video_from_json` makes one lesson's video, `process_all_videos` those of a
folder; `generate_video` and `process_videos` are the same as coroutines. Names are loaded
when they are first used, so that importing vidkit costs next to nothing.

The house, from the ground up; a module imports from lower floors only:

7  `studio` panels for notebooks · `cli` the command line
6  `api` the public functions
5  `forecasting` what a run would take · `cluster` a run on many machines · `draft` a lesson
   from a notebook, Markdown or slides
4  `pipeline` lesson → video, lessons → videos
3  `providers` text → image, text → speech, and how fast each may be asked
2  `models` lessons and settings · `store` assets by content, and the ledger · `media`
   picture + sound → clip → video · `slides` · `report` what came of a run
1  `core` errors, events, the loop, paths · `text` markup, speech, captions

`errors` and `events` are those of `core`, under the names by which others import them.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import (
        Run,
        Snapshot,
        generate_video,
        generate_video_from_json,
        plan,
        process_all_videos,
        process_videos,
        start,
        start_all,
        take_back,
        takes,
    )
    from .core.errors import VidkitError
    from .core.loop import allow_nested
    from .draft.course import course_from, lesson_from
    from .forecasting.plan import Forecast, Plan, forecast
    from .forecasting.sweep import Sweep, sweep
    from .models.editing import edited, save_lesson
    from .models.lesson import Lesson, Section
    from .models.reading import load_lesson
    from .models.settings import Settings
    from .report.reports import BatchReport, SectionReport, VideoReport
    from .store.ledger import Budget
    from .studio.studio import Studio

_NAMES = {
    "api": "Run Snapshot generate_video generate_video_from_json plan process_all_videos "
    "process_videos start start_all take_back takes",
    "core.errors": "VidkitError",
    "core.loop": "allow_nested",
    "draft.course": "course_from lesson_from",
    "forecasting.plan": "Forecast Plan forecast",
    "forecasting.sweep": "Sweep sweep",
    "models.editing": "edited save_lesson",
    "models.lesson": "Lesson Section",
    "models.reading": "load_lesson",
    "models.settings": "Settings",
    "report.reports": "BatchReport SectionReport VideoReport",
    "store.ledger": "Budget",
    "studio.magics": "load_ipython_extension",
    "studio.studio": "Studio",
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names.split()}

__all__ = [
    "BatchReport",
    "Budget",
    "Forecast",
    "Lesson",
    "Plan",
    "Run",
    "Section",
    "SectionReport",
    "Settings",
    "Snapshot",
    "Studio",
    "Sweep",
    "VideoReport",
    "VidkitError",
    "allow_nested",
    "course_from",
    "edited",
    "forecast",
    "generate_video",
    "generate_video_from_json",
    "lesson_from",
    "load_lesson",
    "plan",
    "process_all_videos",
    "process_videos",
    "save_lesson",
    "start",
    "start_all",
    "sweep",
    "take_back",
    "takes",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from .core.system import vidkit_version

        return vidkit_version()
    if name not in _HOMES:
        raise AttributeError(f"module 'vidkit' has no attribute {name!r}")
    return getattr(import_module(f"vidkit.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__


if "IPython" in sys.modules:
    import_module("vidkit.core.notebook").shorten_errors()
