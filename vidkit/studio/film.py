"""A video that is ready to play: with its chapters to jump to, its captions, and its files."""

from __future__ import annotations

from html import escape
from pathlib import Path

import ipywidgets as widgets
from IPython.display import HTML

from ..events import Event
from ..output import REPORT, SRT, VTT
from ..report import SectionReport, VideoReport, clock_time, count
from .part import reveal, show
from .reach import embedded, url

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
