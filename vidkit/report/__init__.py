"""What came of a run, and how it is shown."""

from __future__ import annotations

from .bars import Bar
from .html import Row, Shown, Table
from .reports import BatchReport, SectionReport, VideoReport
from .timeline import Timeline

__all__ = [
    "Bar",
    "BatchReport",
    "Row",
    "SectionReport",
    "Shown",
    "Table",
    "Timeline",
    "VideoReport",
]
