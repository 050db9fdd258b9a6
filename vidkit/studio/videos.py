"""A row for each lesson of a batch: its state, its sections, its length and its video."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

import ipywidgets as widgets
from IPython.display import HTML

from ..earlier import read_report
from ..events import Event, LessonEnded, LessonStarted, SectionEnded
from ..report import BatchReport, VideoReport, clock_time, count
from .film import link
from .look import Tone, button, mark
from .part import show

Watch = Callable[[VideoReport], None]


class Row:
    """One lesson of a batch. `report` is what came of it, as soon as it is over."""

    def __init__(self, path: Path, watch: Watch | None) -> None:
        self.path = path
        self.report: VideoReport | None = None
        self.over = 0
        self._started: LessonStarted | None = None
        self._ended: LessonEnded | None = None
        self._changed = True
        self._watch = watch
        self._text = widgets.HTML()
        self.widget = widgets.HBox([self._text])
        self.widget.add_class("vidkit-video-row")
        self.paint()

    def hear(self, event: Event) -> None:
        """Take in an event of this lesson."""
        match event:
            case LessonStarted():
                self._started, self._ended, self.over = event, None, 0
            case SectionEnded() if event.state != "cancelled":
                self.over += 1
            case LessonEnded():
                self._ended = event
            case _:
                return
        self._changed = True

    def take(self, report: VideoReport) -> None:
        """Show what came of it."""
        self.report, self._changed = report, True
        self.paint()

    def paint(self) -> None:
        """Show what changed since the last time."""
        if not self._changed:
            return
        self._changed = False
        if self._ended and self._started and self.report is None:
            self.report = read_report(self._started.folder, self.path)
        self._text.value = self._line()
        if self.report and self.report.path and len(self.widget.children) == 1:
            self._offer(self.report, self.report.path)

    @property
    def state(self) -> tuple[str, Tone]:
        """How it stands, in a word and a colour."""
        if self.report is None and self._ended is None:
            return ("making", "working") if self._started else ("waiting", "waiting")
        sections = self.report.sections if self.report else ()
        if any(section.state == "cancelled" for section in sections):
            return "cancelled", "waiting"
        if self.report is None or self.report.path is None:
            return "failed", "failed"
        return ("made", "ok") if self.report.made else ("partly made", "paid")

    def _line(self) -> str:
        total = len(self._started.sections) if self._started else 0
        over, length, why = self.over, "", self._ended.error if self._ended else None
        if self.report:
            total = len(self.report.sections)
            over = sum(section.made for section in self.report.sections)
            length = clock_time(self.report.length) if self.report.path else ""
            why = self.report.error
        done = f"{over} of {count(total, 'section')}" if total else ""
        bar = f'<progress max="{total}" value="{over}" aria-hidden="true"></progress>'
        cells = (
            f'<span class="vidkit-name" dir="auto">{escape(self.path.stem)}</span>',
            mark(*self.state),
            f'<span class="vidkit-small">{done}</span>',
            bar if total else "<span></span>",
            f'<span class="vidkit-small">{length}</span>',
        )
        told = f'<div class="vidkit-wrong vidkit-why" dir="auto">{escape(why)}</div>' if why else ""
        return f'<div class="vidkit-cells">{"".join(cells)}</div>{told}'

    def _offer(self, report: VideoReport, video: Path) -> None:
        """Offer the video: to watch it here, and as a file."""
        output = widgets.Output()
        output.append_display_data(HTML(link(video, "Open")))
        offered: list[widgets.Widget] = [self._text, output]
        if watch := self._watch:
            tooltip = f"Show the video of {self.path.stem} here"
            offered.insert(1, button("Watch", tooltip, lambda: watch(self.report or report)))
        self.widget.children = tuple(offered)


class Videos:
    """The rows of a batch over the lessons `paths`, in its order.

    watch: what *Watch* does with a report; None offers a link to the file alone.
    """

    def __init__(self, paths: Sequence[Path], watch: Watch | None = None) -> None:
        self.rows = [Row(path, watch) for path in paths]
        self.widget = widgets.VBox([row.widget for row in self.rows])
        self.widget.add_class("vidkit-videos")

    @property
    def over(self) -> int:
        """Lessons to which nothing more will happen."""
        return sum(row.state[0] not in ("waiting", "making") for row in self.rows)

    def hear(self, event: Event) -> None:
        """Pass an event on to its row."""
        lesson = getattr(event, "lesson", None)
        if lesson is not None and lesson < len(self.rows):
            self.rows[lesson].hear(event)

    def paint(self) -> None:
        """Show what changed in all rows."""
        for row in self.rows:
            row.paint()

    def take(self, report: BatchReport) -> None:
        """Show what came of the batch."""
        for row, video in zip(self.rows, report, strict=True):
            row.take(video)

    def _ipython_display_(self) -> None:
        show(self)

    def __repr__(self) -> str:
        return f"Videos: {self.over} of {count(len(self.rows), 'lesson')} over"
