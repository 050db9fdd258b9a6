"""What came of a run: a section, a lesson, a batch, each as values that show themselves."""

from ..wording import clock_time, count, in_runs, in_sections, took
from .batch import BatchReport
from .section import SectionReport
from .video import VideoReport, met, vidkit_version

__all__ = [
    "BatchReport",
    "SectionReport",
    "VideoReport",
    "clock_time",
    "count",
    "in_runs",
    "in_sections",
    "met",
    "took",
    "vidkit_version",
]
