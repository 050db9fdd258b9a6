"""vidkit turns lessons written as JSON into narrated videos.

    >>> import vidkit
    >>> vidkit.generate_video_from_json("lesson.json", "output")

`generate_video_from_json` makes one lesson's video, `process_all_videos` those of a
folder; `generate_video` and `process_videos` are the same as coroutines. Names are loaded
when they are first used, so that importing vidkit costs next to nothing.

The house, from the ground up; a module imports from lower floors only:

7  `studio` panels · `__main__`, `options` the command line · `magics`, `lab` in JupyterLab
6  `calls` the public functions · `order` what a run is given · `run` how it is steered ·
   `fleet` on a cluster · `retakes` earlier takes · `nested` asyncio.run in a cell
5  `planning` and `forecasting` before a run · `monitor`, `tuning`, `progress` beside it ·
   `summary` after it · `lineup` which lessons · `equipment` what runs share · `cluster` Dask ·
   `offers` which providers · `earlier` videos of earlier runs · `look` a lesson's slides
4  `pipeline` lesson → video, lessons → videos · `report` what came of it
3  `providers` text → image, text → speech · `showing` and `timeline` how runs are shown ·
   `troubles` what to do about what failed
2  `lesson` · `settings` · `store` assets by content · `gate` one limiter a provider · `media`
   picture + sound → clip → video · `output` the folder · `slides` · `speech` · `cores`,
   `machine` what the machine lends · `lettering`
1  `events` · `errors` · `loop`, `aside` what blocks · `captions` · `virtual` time · `paths` ·
   `plain`, `wording`, `terminal` texts for people · `secret`, `packed`, `interrupts`
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .calls import (
        generate_video,
        generate_video_from_json,
        plan,
        process_all_videos,
        process_videos,
        start,
        start_all,
    )
    from .errors import VidkitError
    from .forecasting import Forecast, Sweep, forecast, sweep
    from .lesson import Lesson, Section, edited, load_lesson, save_lesson
    from .nested import allow_nested
    from .planning import Plan
    from .report import BatchReport, SectionReport, VideoReport
    from .retakes import take_back, takes
    from .run import Run, Snapshot
    from .settings import Settings
    from .store import Budget

_HOMES = {
    "BatchReport": "report",
    "Budget": "store",
    "Forecast": "forecasting",
    "Lesson": "lesson",
    "Plan": "planning",
    "Run": "run",
    "Section": "lesson",
    "SectionReport": "report",
    "Settings": "settings",
    "Snapshot": "run",
    "Sweep": "forecasting",
    "VideoReport": "report",
    "VidkitError": "errors",
    "allow_nested": "nested",
    "edited": "lesson",
    "forecast": "forecasting",
    "generate_video": "calls",
    "generate_video_from_json": "calls",
    "load_ipython_extension": "magics",
    "load_lesson": "lesson",
    "plan": "calls",
    "process_all_videos": "calls",
    "process_videos": "calls",
    "save_lesson": "lesson",
    "start": "calls",
    "start_all": "calls",
    "sweep": "forecasting",
    "take_back": "retakes",
    "takes": "retakes",
}

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
    "Sweep",
    "VideoReport",
    "VidkitError",
    "allow_nested",
    "edited",
    "forecast",
    "generate_video",
    "generate_video_from_json",
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
        from .report import vidkit_version

        return vidkit_version()
    if name not in _HOMES:
        raise AttributeError(f"module 'vidkit' has no attribute {name!r}")
    return getattr(import_module(f"vidkit.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
