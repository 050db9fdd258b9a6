"""Lesson → video, lessons → videos: the three levels of work side by side.

    one section     its image beside its narration            `section`
    one lesson      its sections beside each other            `lesson`
    one batch       its lessons beside each other             `batch`

Everything it works with is handed in (`tools`), so that a forecast can run it with
stand-ins under a virtual clock.
"""

from __future__ import annotations

from .assets import Aside, Editor, RunControl, Source, Tools, directly, straight
from .batch import Batch, Job

__all__ = [
    "Aside",
    "Batch",
    "Editor",
    "Job",
    "RunControl",
    "Source",
    "Tools",
    "directly",
    "straight",
]
