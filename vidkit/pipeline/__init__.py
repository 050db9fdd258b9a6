"""Lesson → video, lessons → videos: the three levels of work side by side.

    one section     its image beside its narration            `section`
    one lesson      its sections beside each other            `lesson`
    one batch       its lessons beside each other             `run`

Everything it works with is handed in (`tools`), so that a forecast can run it with
stand-ins under a virtual clock.
"""

from .run import Job, Run
from .tools import Aside, Editor, Tools, directly, straight

__all__ = ["Aside", "Editor", "Job", "Run", "Tools", "directly", "straight"]
