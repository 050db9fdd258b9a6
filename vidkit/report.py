"""What came of a run: a section, a lesson, a batch, each as values, as text and as HTML."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .errors import VidkitError
from .events import State, Step
from .plain import printable
from .timeline import Timeline


@dataclass(frozen=True)
class SectionReport:
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
class VideoReport:
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
    sections: tuple[SectionReport, ...] = ()
    seconds: float = 0.0
    length: float = 0.0
    failure: VidkitError | None = None
    notes: tuple[str, ...] = ()
    dollars: float = 0.0
    unconfirmed: float = 0.0
    timeline: Timeline | None = field(default=None, compare=False)
    retry: Callable[[], VideoReport] | None = field(default=None, compare=False)

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

    def __repr__(self) -> str:
        return "\n".join(_lines(self))

    def _repr_html_(self) -> str:
        return _table([self])


@dataclass(frozen=True, repr=False)
class BatchReport:
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

    def __repr__(self) -> str:
        lines = [line for video in self.videos for line in _lines(video)]
        return "\n".join([*lines, *self._of_all(), self._headline()])

    def _of_all(self) -> list[str]:
        ended = [f"the batch ended early: {self.failure}"] if self.failure else []
        return [*ended, *(f"note: {note}" for note in self.notes)]

    def _repr_html_(self) -> str:
        told = "<br>".join(escape(line) for line in (*self._of_all(), self._headline()))
        return f"{_table(self.videos)}<p>{told}</p>"


def took(seconds: float) -> str:
    """Seconds as people say them: "0.8 s", "12 s", "3 min 20 s"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def clock_time(seconds: float) -> str:
    """A length as players show it: "5:07", "1:02:03"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def count(number: int, noun: str) -> str:
    """A number with its noun: "1 lesson", "2 lessons"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def in_runs(numbers: Iterable[int]) -> str:
    """Numbers as people write them: "1, 3-7, 9"."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ", ".join("-".join(map(str, run)) for run in runs)


def in_sections(numbers: Collection[int]) -> str:
    """Numbers of sections: "section 3", "sections 1, 4-7"."""
    return f"section{'s' if len(set(numbers)) > 1 else ''} {in_runs(numbers)}"


@cache
def vidkit_version() -> str:
    """The installed version; "unknown" where the package runs without being installed."""
    try:
        return version("vidkit")
    except PackageNotFoundError:
        return "unknown"


def _lines(video: VideoReport) -> list[str]:
    """A lesson as lines of text: one for itself, one for each thing that went wrong."""
    complete = sum(section.made for section in video.sections)
    name = printable(video.name, line=True)
    if video.path is None:
        head = f"{name}: failed: {video.error}"
    else:
        kept = sum(section.from_store for section in video.sections)
        store = f", {kept} of them from the store," if kept else ""
        head = (
            f"{name}: {complete} of {count(len(video.sections), 'section')}{store} "
            f"in {took(video.seconds)}, {clock_time(video.length)} long: {video.path}"
        )
    lines = [
        head,
        *(f"  {trouble}" for trouble in _troubles(video)),
        *_money(video),
        *(f"  note: {note}" for note in video.notes),
    ]
    return [printable(line) for line in lines]


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


def _table(videos: Sequence[VideoReport]) -> str:
    """Lessons as an HTML table. Everything that comes from outside is escaped."""
    rows = []
    for video in videos:
        complete = sum(section.made for section in video.sections)
        troubles = _troubles(video) or ([video.error] if video.error else [])
        cells = (
            video.title or video.name,
            f"{complete} of {len(video.sections)}",
            clock_time(video.length) if video.path else "",
            took(video.seconds),
            str(video.path or ""),
        )
        told = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        why = "<br>".join(escape(trouble) for trouble in (*troubles, *video.notes))
        rows.append(f"<tr>{told}<td>{why}</td></tr>")
    head = "".join(
        f'<th scope="col">{name}</th>'
        for name in ("Lesson", "Sections", "Length", "Took", "Video", "To know")
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _relative(path: Path | None, folder: Path) -> str | None:
    return path.relative_to(folder).as_posix() if path else None


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
