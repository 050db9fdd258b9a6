"""Lesson → video, lessons → videos: the three levels of work side by side.

    one section     its image beside its narration            `section`
    one lesson      its sections beside each other            `lesson`
    one batch       its lessons beside each other             `batch`

Everything it works with is handed in (`tools`), so that a forecast can run it with
stand-ins under a virtual clock.
"""

from .batch import Batch, Job
from .tools import Aside, Editor, Reins, Source, Tools, directly, straight

__all__ = ["Aside", "Batch", "Editor", "Job", "Reins", "Source", "Tools", "directly", "straight"]
