"""What came of a lesson."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..errors import NothingMade, SectionError, VidkitError
from ..packed import Packed
from ..paths import from_here
from ..plain import printable
from ..showing import Page, Shown, step_lines, step_table
from ..timeline import Timeline
from ..troubles import Met, Trouble, Troubles
from ..wording import clock_time, count, in_sections, took
from .resources import Resources
from .section import SectionReport, relative, rounded, section_table


@dataclass(frozen=True, repr=False)
class VideoReport(Shown):
    """What came of one lesson.

    path: the video, None where there is none. lesson: the lesson's file. folder: where all
    of it lies. sections: one report for each section that was asked for, in order. seconds:
    how long it took; length: how long the video is. failure: why there is no video. notes:
    what a person should know that stopped nothing. dollars: what was paid in this run;
    unconfirmed: what may have been besides, for calls that were sent and never answered.
    timeline: when each call waited and worked; None where nobody watched.
    resources: what the run used of the machine.
    """

    lesson: Path
    folder: Path
    path: Path | None = None
    title: str | None = None
    sections: Sequence[SectionReport] = ()
    seconds: float = 0.0
    length: float = 0.0
    failure: VidkitError | None = None
    notes: tuple[str, ...] = ()
    dollars: float = 0.0
    unconfirmed: float = 0.0
    timeline: Timeline | None = field(default=None, compare=False)
    resources: Resources | None = field(default=None, compare=False)
    retry: Callable[[], VideoReport] | None = field(default=None, compare=False)

    def packed(self) -> VideoReport:
        """The same in little room, for a batch that keeps thousands."""
        return replace(self, sections=Packed(self.sections))

    def retry_failed(self) -> VideoReport:
        """Make what failed, and the video again; what was made comes from the store."""
        return self if self.made or self.retry is None else self.retry()

    @property
    def error(self) -> str | None:
        """Why there is no video, or why it stopped, in words."""
        return str(self.failure) if self.failure else None

    @property
    def name(self) -> str:
        """The lesson's file name without its suffix."""
        return self.lesson.stem

    @property
    def made(self) -> bool:
        """True where there is a video and every section is in it."""
        return self.path is not None and all(section.made for section in self.sections)

    @property
    def failed(self) -> tuple[SectionReport, ...]:
        """The sections that are not in the video as they should be."""
        return tuple(section for section in self.sections if not section.made)

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What went wrong, and what to do about it."""
        return Troubles(met(self)).listed

    @property
    def state(self) -> str:
        """ "made", "partly made" or "failed", for people and for the manifest."""
        return "made" if self.made else "partly made" if self.path else "failed"

    def clips(self) -> list[Any]:
        """The sections as moviepy clips, in order, ready for an edit of one's own.

        Each is a `moviepy.VideoFileClip` on the section's file; close them when you are done.
        """
        from moviepy import VideoFileClip

        return [VideoFileClip(str(section.clip)) for section in self.sections if section.clip]

    def as_json(self) -> dict[str, Any]:
        """The content of `report.json`, without its list of files."""
        return {
            "vidkit": vidkit_version(),
            "lesson": str(self.lesson),
            "title": self.title,
            "state": self.state,
            "video": relative(self.path, self.folder),
            "length": rounded(self.length),
            "seconds": rounded(self.seconds),
            "error": self.error,
            "dollars": self.dollars,
            "unconfirmed": self.unconfirmed,
            "notes": list(self.notes),
            "sections": [section.as_json(self.folder) for section in self.sections],
        }

    def _page(self) -> Page:
        return Page(
            head=f"{self.title or self.name}: {outcome(self)}",
            wrong=tuple(in_groups(self)),
            lines=(*money(self), *(f"note: {note}" for note in self.notes)),
            told=(*lesson_lines(self), *(f"  {line}" for line in step_lines(self.timeline))),
            tables=(section_table(self.sections), *step_table(self.timeline)),
            link=self.path,
            timeline=self.timeline,
        )


def met(video: VideoReport) -> Iterator[Met]:
    """What a lesson and its sections met that went wrong."""
    failed = [section for section in video.failed if section.state != "cancelled"]
    for section in failed:
        kind = section.kinds[0] if section.kinds else "ProviderError"
        yield Met(video.lesson, section.number, kind, section.error or section.state)
    told = bool(failed) and isinstance(video.failure, NothingMade | SectionError)
    if video.failure is not None and not told:
        yield Met(video.lesson, None, type(video.failure).__name__, _said(video))


def _said(video: VideoReport) -> str:
    """A lesson's error without the name of its file, which is told beside it."""
    return (video.error or "").removeprefix(f"{video.lesson}: ")


def outcome(video: VideoReport) -> str:
    """What came of a lesson, in half a sentence."""
    if video.path is None:
        return f"failed: {video.error}"
    complete = sum(section.made for section in video.sections)
    kept = sum(section.from_store for section in video.sections)
    store = f", {kept} of them from the store," if kept else ""
    of_all = f"{complete} of {count(len(video.sections), 'section')}{store}"
    return f"{of_all} in {took(video.seconds)}, {clock_time(video.length)} long"


def lesson_lines(video: VideoReport) -> list[str]:
    """A lesson as lines of text: one for itself, one for each thing that went wrong."""
    name = printable(video.name, line=True)
    path = f": {printable(str(from_here(video.path)), line=True)}" if video.path else ""
    rest = [*in_groups(video), *money(video), *(f"note: {note}" for note in video.notes)]
    return [f"{name}: {outcome(video)}{path}", *(f"  {line}" for line in rest)]


def in_groups(video: VideoReport) -> list[str]:
    """What went wrong, once for all sections that met the same; nothing where all of them met
    what the lesson's own error tells.
    """
    first, *others = {section.error or "" for section in video.sections} or {""}
    if video.path is None and first and not others and (video.error or "").endswith(first):
        return []
    alike: dict[str, list[int]] = {}
    for section in video.failed:
        alike.setdefault(f"{section.state}: {section.error}", []).append(section.number)
    return [f"{in_sections(numbers)}: {what}" for what, numbers in alike.items()]


def money(video: VideoReport) -> list[str]:
    """What it cost, where it cost something."""
    told = [f"paid ${video.dollars:.2f}"] if video.dollars else []
    if video.unconfirmed:
        told.append(f"${video.unconfirmed:.2f} more may be gone, for calls never answered")
    return told


@cache
def vidkit_version() -> str:
    """The installed version; "unknown" where the package runs without being installed."""
    try:
        return version("vidkit")
    except PackageNotFoundError:
        return "unknown"
