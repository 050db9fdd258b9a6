"""A row for each lesson of a batch: its state, its sections, its length and its video."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

import ipywidgets as widgets
from IPython.display import HTML

from ..core.events import Event, LessonEnded, LessonStarted, SectionEnded
from ..core.format import clock_time, count
from ..pipeline.output import REPORT, SRT, VTT, read_report
from ..report.reports import BatchReport, SectionReport, VideoReport
from .widgets import Tone, button, embedded, mark, reveal, show, url

# A video that is ready to play: with its chapters to jump to, its captions, and its files.


_SEEK = (
    "const video = this.closest('.vidkit-film').querySelector('video');"
    "video.currentTime = this.dataset.start; video.play()"
)


class Film:
    """The video of a `VideoReport`. Shows nothing where there is none."""

    def __init__(self, report: VideoReport | None = None) -> None:
        self.report: VideoReport | None = None
        self.widget = widgets.Output()
        self.show_report(report)

    def show_report(self, report: VideoReport | None) -> None:
        """Show another video, or none."""
        self.report = report
        self.widget.outputs = ()
        page = film(report) if report else ""
        if page:
            self.widget.append_display_data(HTML(page))
        reveal(self.widget, bool(page))

    def hear(self, event: Event) -> None:
        """A run's video is shown when its report is there."""

    def paint(self) -> None:
        """What is shown changes only with another report."""

    def _ipython_display_(self) -> None:
        show(self)

    def __repr__(self) -> str:
        there = self.report and self.report.path
        return f"Film: {there}" if there else "Film: no video yet"


def film(report: VideoReport) -> str:
    """The video as HTML: player, chapters, files; "" where there is no video."""
    if report.path is None:
        return ""
    name = escape(report.title or report.name)
    chapters = "".join(map(_chapter, report.sections))
    return (
        f'<div class="vidkit-film">{_player(report, report.path, name)}'
        f'<div><div class="vidkit-heading" dir="auto">{name}</div>'
        f'<div class="vidkit-small">{_facts(report)}</div>'
        f'<ol class="vidkit-chapters" aria-label="Chapters">{chapters}</ol>'
        f"{_files(report)}</div></div>"
    )


def _player(report: VideoReport, video: Path, name: str) -> str:
    """The video to play, with its captions to switch on; its path where no notebook reaches it."""
    source = url(video) or embedded(video)
    if source is None:
        where = f"The video lies where no notebook shows it: {_told(video)}"
        return f'<div class="vidkit-small">{where}</div>'
    captions = url(report.folder / VTT)
    track = ""
    if captions:
        track = f'<track kind="captions" label="Captions" src="{escape(captions)}">'
    return (
        f'<video controls preload="metadata" src="{escape(source)}" aria-label="{name}">'
        f"{track}</video>"
    )


def _facts(report: VideoReport) -> str:
    made = sum(section.made for section in report.sections)
    total = len(report.sections)
    how_many = count(total, "chapter") if made == total else f"{made} of {count(total, 'section')}"
    return f"{clock_time(report.length)} long · {how_many}"


def _chapter(section: SectionReport) -> str:
    """A line that jumps to where a section begins, or says that it is not in the video."""
    title = escape(section.title or f"Section {section.number}")
    if section.start is None:
        return (
            f'<li><span class="vidkit-missing" dir="auto">{title}</span> '
            '<span class="vidkit-small">not in the video</span></li>'
        )
    return (
        f'<li><button type="button" data-start="{section.start:.3f}" onclick="{_SEEK}">'
        f'<span class="vidkit-small">{clock_time(section.start)}</span>'
        f'<span dir="auto">{title}</span></button></li>'
    )


def _files(report: VideoReport) -> str:
    """Links to what lies in the folder."""
    assert report.path is not None
    named = (
        ("Video", report.path),
        ("Captions", report.folder / VTT),
        ("Captions as SRT", report.folder / SRT),
        ("Report", report.folder / REPORT),
    )
    links = " · ".join(link(path, name) for name, path in named if path.is_file())
    return f'<div class="vidkit-small vidkit-files">{links}</div>'


def link(path: Path, name: str) -> str:
    """A link to a file, relative to the notebook; its path where no notebook reaches it."""
    address = url(path)
    if address is None:
        return f"{escape(name)}: {_told(path)}"
    return f'<a href="{escape(address.partition("?")[0])}" target="_blank">{escape(name)}</a>'


def _told(path: Path) -> str:
    return f'<code dir="auto">{escape(str(path))}</code>'


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
