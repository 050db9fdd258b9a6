"""Panels for notebooks: choose a lesson and its workers, make it, and watch it appear.

`Studio` is all of it. Its parts can stand alone, and be put together in a cell:

    lessons, workers = Lessons("lessons"), Workers()
    timeline = Timeline()
    run = vidkit.start(lessons.lesson, settings=workers.settings, listener=timeline.on_event)
    Painter().watch(run, timeline)
"""

from .lessons import Lessons
from .monitor import Meters, Timeline
from .sections import Sections
from .settings import Workers
from .studio import Studio
from .tuner import Tuner
from .videos import Film, Videos
from .widgets import Painter

__all__ = [
    "Film",
    "Lessons",
    "Meters",
    "Painter",
    "Sections",
    "Studio",
    "Timeline",
    "Tuner",
    "Videos",
    "Workers",
]
