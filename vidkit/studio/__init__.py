"""Panels for notebooks: choose a lesson and its workers, make it, and watch it appear.

`Studio` is all of it. Its parts can stand alone, and be put together in a cell:

    lessons, workers = Lessons("lessons"), Workers()
    timeline = Timeline()
    run = vidkit.start(lessons.lesson, settings=workers.settings, listener=timeline.hear)
    Painter().watch(run, timeline)
"""

from .film import Film
from .lessons import Lessons
from .meters import Meters
from .paint import Painter
from .sections import Sections
from .studio import Studio
from .timeline import Timeline
from .tuner import Tuner
from .videos import Videos
from .workers import Workers

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
