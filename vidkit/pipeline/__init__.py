"""Lesson → video, lessons → videos: the three levels of work side by side.

    one section     its image beside its narration            `section`
    one lesson      its sections beside each other            `lesson`
    one batch       its lessons beside each other             `batch`

Everything it works with is handed in (`context.Runtime`), so that a forecast can run it with
stand-ins under a virtual clock.
"""

from __future__ import annotations

from ..providers.base import ungated
from .batch import Batch, Job
from .context import Media, RunControl, RunInThread, Runtime, Source, run_directly

__all__ = [
    "Batch",
    "Job",
    "Media",
    "RunControl",
    "RunInThread",
    "Runtime",
    "Source",
    "run_directly",
    "ungated",
]
