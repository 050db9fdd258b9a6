"""What came of a run, and how it is shown."""

from ..core.format import clock_time, count, in_runs, in_sections, took
from ..core.system import vidkit_version
from .bars import Bar, Kind, Mark, Stretch, Tally, Workers
from .html import Page, Row, Shown, Table, step_lines, step_table
from .reports import BatchReport, SectionReport, VideoReport
from .timeline import Timeline

__all__ = [
    "Bar",
    "BatchReport",
    "Kind",
    "Mark",
    "Page",
    "Row",
    "SectionReport",
    "Shown",
    "Stretch",
    "Table",
    "Tally",
    "Timeline",
    "VideoReport",
    "Workers",
    "clock_time",
    "count",
    "in_runs",
    "in_sections",
    "step_lines",
    "step_table",
    "took",
    "vidkit_version",
]
