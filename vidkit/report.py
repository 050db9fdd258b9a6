"""What came of a run: a section, a lesson, a batch, each as values that show themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .errors import VidkitError
from .events import State, Step
from .packed import Packed
from .plain import printable
from .showing import Page, Row, Shown, Table, step_lines, step_table
from .timeline import Timeline
from .wording import clock_time, count, in_runs, in_sections, took

__all__ = [
    "BatchReport",
    "SectionReport",
    "VideoReport",
    "clock_time",
    "count",
    "in_runs",
    "in_sections",
    "took",
    "vidkit_version",
]


@dataclass(frozen=True, repr=False)
class SectionReport(Shown):
    """What came of one section.

    index: its position from 0; `number` is the same from 1. state: "made", "placeholder",
    "failed" or "cancelled". image, audio, clip: the files, where they were made.
    image_by, voice_by: the providers. seconds: how long each step took; work: how long one
    piece of it took on average, a request or a core's work on the clip, without any waiting; kept:
    the steps whose piece was in the store already; dollars: what was paid for the others; error:
    why it failed.
    """

    index: int
    title: str | None = None
    state: State = "made"
    image: Path | None = None
    audio: Path | None = None
    clip: Path | None = None
    image_by: str | None = None
    voice_by: str | None = None
    start: float | None = None
    length: float | None = None
    seconds: dict[Step, float] = field(default_factory=dict)
    work: dict[Step, float] = field(default_factory=dict)
    kept: tuple[Step, ...] = ()
    dollars: float = 0.0
    error: str | None = None

    @property
    def number(self) -> int:
        """The section's number as people count."""
        return self.index + 1

    @property
    def made(self) -> bool:
        """True where the section stands in the video as its lesson wants it."""
        return self.state == "made"

    @property
    def from_store(self) -> bool:
        """True where nothing had to be made for it."""
        return self.made and set(self.kept) >= {"image", "audio", "clip"}

    def made_by(self, step: Step) -> str:
        """Who made the image, the narration or the clip, and in what time: "openai, 12 s",
        "slides, from the store"; "" where it is not there.
        """
        if step not in self.seconds or getattr(self, step) is None:
            return ""
        by = {"image": self.image_by, "audio": self.voice_by}.get(step)
        how = "from the store" if step in self.kept else took(self.seconds[step])
        return f"{by}, {how}" if by else how

    def _page(self) -> Page:
        parts: tuple[tuple[Step, str], ...] = (
            ("image", "image"), ("audio", "narration"), ("clip", "clip"),
        )  # fmt: skip
        told = [f"{name}: {self.made_by(step)}" for step, name in parts if self.made_by(step)]
        long = f", {clock_time(self.length)} long" if self.length else ""
        title = f", {self.title}" if self.title else ""
        return Page(
            head=f"section {self.number}{title}: {self.state}{long}",
            wrong=(self.error,) if self.error else (),
            lines=(*told, *([f"paid ${self.dollars:.2f}"] if self.dollars else [])),
            picture=self.image,
        )

    def as_json(self, folder: Path) -> dict[str, Any]:
        """JSON values; paths are relative to the output `folder`."""
        return {
            "number": self.number,
            "title": self.title,
            "state": self.state,
            "error": self.error,
            "image_by": self.image_by,
            "voice_by": self.voice_by,
            "start": _rounded(self.start),
            "length": _rounded(self.length),
            "seconds": {step: _rounded(taken) for step, taken in self.seconds.items()},
            "work": {step: _rounded(taken) for step, taken in self.work.items()},
            "from_store": list(self.kept),
            "dollars": self.dollars,
            **{part: _relative(getattr(self, part), folder) for part in ("image", "audio", "clip")},
        }


@dataclass(frozen=True, repr=False)
class VideoReport(Shown):
    """What came of one lesson.

    path: the video, None where there is none. lesson: the lesson's file. folder: where all
    of it lies. sections: one report for each section that was asked for, in order. seconds:
    how long it took; length: how long the video is. failure: why there is no video. notes:
    what a person should know that stopped nothing. dollars: what was paid in this run;
    unconfirmed: what may have been besides, for calls that were sent and never answered.
    timeline: when each call waited and worked; None where nobody watched.
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
            "video": _relative(self.path, self.folder),
            "length": _rounded(self.length),
            "seconds": _rounded(self.seconds),
            "error": self.error,
            "dollars": self.dollars,
            "unconfirmed": self.unconfirmed,
            "notes": list(self.notes),
            "sections": [section.as_json(self.folder) for section in self.sections],
        }

    def _page(self) -> Page:
        return Page(
            head=f"{self.title or self.name}: {_outcome(self)}",
            wrong=tuple(_troubles(self)),
            lines=(*_money(self), *(f"note: {note}" for note in self.notes)),
            told=(*_lines(self), *(f"  {line}" for line in step_lines(self.timeline))),
            tables=(_section_table(self.sections), *step_table(self.timeline)),
            link=self.path,
            timeline=self.timeline,
        )


@dataclass(frozen=True, repr=False)
class BatchReport(Shown):
    """What came of a batch: `videos` has a report for each lesson, in the lessons' order.

    It has a length, can be indexed and gone through; `peak_calls` is how many provider calls
    could be under way at once; `timeline` is when each call of the run waited and worked.
    failure: why the batch ended before its last lesson; notes: what a person should know of the
    batch as a whole, such as lessons that were named twice.
    """

    videos: tuple[VideoReport, ...] = ()
    seconds: float = 0.0
    peak_calls: int = 0
    workers: str = ""
    failure: VidkitError | None = None
    notes: tuple[str, ...] = ()
    timeline: Timeline | None = field(default=None, compare=False)
    retry: Callable[[], BatchReport] | None = field(default=None, compare=False)

    def retry_failed(self) -> BatchReport:
        """Make what failed in any lesson; what was made comes from the store."""
        return self if self.made or self.retry is None else self.retry()

    @property
    def made(self) -> bool:
        """True where every section of every lesson was made, and no lesson is left."""
        return self.failure is None and all(video.made for video in self.videos)

    @property
    def failed(self) -> tuple[VideoReport, ...]:
        """The lessons that are missing, or miss sections."""
        return tuple(video for video in self.videos if not video.made)

    def __len__(self) -> int:
        return len(self.videos)

    def __iter__(self) -> Iterator[VideoReport]:
        return iter(self.videos)

    def __getitem__(self, position: int) -> VideoReport:
        return self.videos[position]

    def _headline(self) -> str:
        complete = sum(video.made for video in self.videos)
        return (
            f"{complete} of {count(len(self.videos), 'lesson')} complete in {took(self.seconds)}; "
            f"{self.workers} = at most {self.peak_calls} provider calls at once"
        )

    def _page(self) -> Page:
        steps = step_lines(self.timeline)
        paid = sum(video.dollars for video in self.videos)
        ended = [f"the batch ended early: {self.failure}"] if self.failure else []
        lines = [*([f"paid ${paid:.2f}"] if paid else []), *(f"note: {n}" for n in self.notes)]
        told = [line for video in self.videos for line in _lines(video)]
        return Page(
            head=self._headline(),
            wrong=tuple(ended),
            lines=tuple(lines),
            told=(*told, *steps, *ended, *lines, self._headline()),
            tables=(_video_table(self.videos), *step_table(self.timeline)),
            timeline=self.timeline,
        )


@cache
def vidkit_version() -> str:
    """The installed version; "unknown" where the package runs without being installed."""
    try:
        return version("vidkit")
    except PackageNotFoundError:
        return "unknown"


def _outcome(video: VideoReport) -> str:
    """What came of a lesson, in half a sentence."""
    if video.path is None:
        return f"failed: {video.error}"
    complete = sum(section.made for section in video.sections)
    kept = sum(section.from_store for section in video.sections)
    store = f", {kept} of them from the store," if kept else ""
    of_all = f"{complete} of {count(len(video.sections), 'section')}{store}"
    return f"{of_all} in {took(video.seconds)}, {clock_time(video.length)} long"


def _lines(video: VideoReport) -> list[str]:
    """A lesson as lines of text: one for itself, one for each thing that went wrong."""
    name = printable(video.name, line=True)
    path = f": {printable(str(video.path), line=True)}" if video.path else ""
    rest = [*_troubles(video), *_money(video), *(f"note: {note}" for note in video.notes)]
    return [f"{name}: {_outcome(video)}{path}", *(f"  {line}" for line in rest)]


def _troubles(video: VideoReport) -> list[str]:
    """What went wrong, once for all sections that met the same."""
    alike: dict[str, list[int]] = {}
    for section in video.failed:
        alike.setdefault(f"{section.state}: {section.error}", []).append(section.number)
    return [f"{in_sections(numbers)}: {what}" for what, numbers in alike.items()]


def _money(video: VideoReport) -> list[str]:
    """What it cost, where it cost something."""
    told = [f"paid ${video.dollars:.2f}"] if video.dollars else []
    if video.unconfirmed:
        told.append(f"${video.unconfirmed:.2f} more may be gone, for calls never answered")
    return told


def _section_table(sections: Sequence[SectionReport]) -> Table:
    """What came of each section, and who made it."""
    columns = ("No.", "Section", "Image", "Narration", "Clip", "Length", "Paid", "State")
    rows = tuple(
        Row(
            (
                str(section.number),
                section.title or "",
                section.made_by("image"),
                section.made_by("audio"),
                section.made_by("clip"),
                clock_time(section.length) if section.length else "",
                f"${section.dollars:.2f}" if section.dollars else "",
                section.state,
            ),
            not section.made,
        )
        for section in sections
    )
    numbers = frozenset((0, 5, 6))
    return Table(columns, rows, "section", numbers, detail=True).without_empty()


def _video_table(videos: Sequence[VideoReport]) -> Table:
    """What came of each lesson."""
    columns = ("Lesson", "Sections", "Length", "Took", "Paid", "Video", "To know")
    rows = []
    for video in videos:
        complete = sum(section.made for section in video.sections)
        troubles = _troubles(video) or ([video.error] if video.error else [])
        cells = (
            video.title or video.name,
            f"{complete} of {len(video.sections)}",
            clock_time(video.length) if video.path else "",
            took(video.seconds),
            f"${video.dollars:.2f}" if video.dollars else "",
            str(video.path or ""),
            "\n".join((*troubles, *video.notes)),
        )
        rows.append(Row(cells, not video.made))
    numbers, paths = frozenset((1, 2, 3, 4)), frozenset((5,))
    return Table(columns, tuple(rows), "lesson", numbers, paths).without_empty()


def _relative(path: Path | None, folder: Path) -> str | None:
    return path.relative_to(folder).as_posix() if path else None


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
