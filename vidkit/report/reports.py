"""What came of a run: a section, a lesson, a batch, each as values that show themselves."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.errors import NothingMade, OutputError, SectionError, VidkitError
from ..core.events import Event, Sampled, State, Step
from ..core.format import clock_time, count, in_runs, in_sections, printable, same, told_once, took
from ..core.notebook import show_video
from ..core.paths import from_here, path_given
from ..core.system import vidkit_version
from .html import Page, Row, Shown, Table, step_lines, step_table, write_page
from .timeline import Timeline

# What went wrong in a batch, once for all lessons that met the same, and what to do about it.


AGAIN = "run the same call again: it goes on where it stopped, and what is made is kept"
MENDS = {
    "LessonError": "mend the file and run again",
    "SettingsError": "change what was asked for and run again",
    "OutputError": "mend that and run again",
    "StoreError": "make room and the right to write, and run again",
    "DiskFull": "make room on the disk and run again; nothing more was begun",
    "MediaError": "replace the file, or make it anew with force=",
    "ProviderMissing": "install it or name another provider, and run again",
    "KeyMissing": "set a key that works, and run again",
    "ModelMissing": "name a model that there is, and run again",
    "Refused": "reword these sections, or name a second provider that takes the first one's place",
    "Offline": "run again when the network is back",
    "Unreachable": "run again later",
    "Unconfirmed": "run again later; look at the provider's bill, for it may have been paid",
    "RateLimited": "run again later, or with fewer workers",
    "QuotaExhausted": "top up the account or name another provider, and run again",
    "OverBudget": "raise the budget and run again",
}
"""What to do about an error, by the name of its kind."""

MOST_NAMED = 5
"""Lessons that are named where a trouble is told in one line."""


@dataclass(frozen=True)
class Trouble:
    """One thing that went wrong, wherever it did.

    kind: the name of the error's class, such as "Refused". problem: what is wrong, and mend:
    what to do about it, as sentences. where: the lessons that met it, each with the numbers of
    its sections, counted from 1; none of them where it met the lesson as a whole. apart: lessons
    of one name lie in several folders.
    """

    kind: str
    problem: str
    mend: str
    where: tuple[tuple[Path, tuple[int, ...]], ...]
    apart: bool = False

    @property
    def lessons(self) -> int:
        """How many lessons met it."""
        return len(self.where)

    @property
    def sections(self) -> int:
        """How many sections met it."""
        return sum(len(numbers) for _, numbers in self.where)

    @property
    def place(self) -> str:
        """Where it was met: "rain: section 3", "7 sections of 2 lessons (rain: 1-4, …)"."""
        if self.lessons == 1:
            path, numbers = self.where[0]
            # a lesson that fails as a whole is mostly a file that is to be mended
            name = self._name(path, path.stem if numbers else path.name)
            return f"{name}: {in_sections(numbers)}" if numbers else name
        named = []
        for path, numbers in self.where[:MOST_NAMED]:
            name = self._name(path, path.stem)
            named.append(f"{name}: {in_runs(numbers)}" if numbers else name)
        if self.lessons > MOST_NAMED:
            named.append(f"and {self.lessons - MOST_NAMED} more")
        of = f"{count(self.sections, 'section')} of " if self.sections else ""
        return f"{of}{count(self.lessons, 'lesson')} ({'; '.join(named)})"

    def _name(self, path: Path, name: str) -> str:
        folder = path.absolute().parent.name
        return printable(f"{folder}/{name}" if self.apart else name, line=True)

    def __str__(self) -> str:
        return f"{self.place}: {printable(self.problem)}. To do: {self.mend}"

    def as_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "kind": self.kind,
            "problem": self.problem,
            "to_do": self.mend,
            "where": [
                {"lesson": str(path), "sections": list(numbers)} for path, numbers in self.where
            ],
        }


class Troubles:
    """Collects what lessons met that went wrong; `listed` has each trouble once, the most
    widespread first.
    """

    def __init__(self, videos: Iterable[VideoReport] = ()) -> None:
        self._where: dict[tuple[str, str], dict[Path, list[int]]] = {}
        self._told: dict[str, dict[str, None]] = {}
        self._named: dict[str, Path] = {}
        self._apart = False
        for video in videos:
            self.add(video)

    def add(self, video: VideoReport) -> None:
        """Take in what a lesson and its sections met."""
        self._apart |= self._named.setdefault(video.name, video.lesson) != video.lesson
        failed = [section for section in video.failed if section.state != "cancelled"]
        for section in failed:
            kind = section.kinds[0] if section.kinds else "ProviderError"
            self._numbers(video, kind, section.error or section.state).append(section.number)
        told = bool(failed) and isinstance(video.failure, NothingMade | SectionError)
        if video.failure is not None and not told:
            # the name of its file is told beside it
            problem = str(video.failure).removeprefix(f"{video.lesson}: ")
            self._numbers(video, type(video.failure).__name__, problem)

    def _numbers(self, video: VideoReport, kind: str, problem: str) -> list[int]:
        """The sections of a lesson that met this; none of them is the lesson as a whole."""
        self._told.setdefault(same(problem), {})[problem] = None
        return self._where.setdefault((kind, same(problem)), {}).setdefault(video.lesson, [])

    @property
    def listed(self) -> tuple[Trouble, ...]:
        """All of them."""
        found = [
            Trouble(
                kind,
                told_once(self._told[problem]).rstrip(". "),
                MENDS.get(kind, AGAIN),
                tuple((path, tuple(sorted(numbers))) for path, numbers in lessons.items()),
                self._apart,
            )
            for (kind, problem), lessons in self._where.items()
        ]
        return tuple(sorted(found, key=lambda t: (-max(t.sections, t.lessons), -t.lessons)))


# What a run used of the machine: peaks and means of its samples.


_MB = 1 << 20


@dataclass(frozen=True, repr=False)
class Resources(Shown):
    """What a run used, as it was sampled while it went on.

    samples: how many there are. peak_cores, mean_cores: processor cores that were busy, of
    usable_cores. peak_memory, mean_memory: bytes that the process held, of memory_limit.
    least_disk: bytes that were left where the store is. peak_calls, mean_calls: provider calls
    that were under way at once.
    """

    samples: int
    peak_cores: float
    mean_cores: float
    usable_cores: int
    peak_memory: int
    mean_memory: int
    memory_limit: int
    least_disk: int
    peak_calls: int
    mean_calls: float

    def _page(self) -> Page:
        return Page(
            head=f"sampled {count(self.samples, 'time')}",
            lines=(
                f"processor: {self.mean_cores:.1f} of {count(self.usable_cores, 'core')} on "
                f"average, {self.peak_cores:.1f} at most",
                f"memory: {self.mean_memory / _MB:,.0f} MB on average, "
                f"{self.peak_memory / _MB:,.0f} MB at most"
                + (f", of {self.memory_limit / _MB:,.0f} MB" if self.memory_limit else ""),
                f"disk: {self.least_disk / _MB:,.0f} MB left at least",
                f"provider calls at once: {self.mean_calls:.1f} on average, "
                f"{self.peak_calls} at most",
            ),
        )


class ResourceTally:
    """Listens to a run and sums up its samples, in the room of one."""

    def __init__(self) -> None:
        self._samples = 0
        self._sums = [0.0, 0.0, 0.0]
        self._peaks = [0.0, 0, 0]
        self._least_disk = sys.maxsize
        self._last: Sampled | None = None

    def on_event(self, event: Event) -> None:
        """Take in one event of the run."""
        if not isinstance(event, Sampled):
            return
        used = (event.cores, event.memory, event.calls)
        self._sums = [total + one for total, one in zip(self._sums, used, strict=True)]
        self._peaks = [max(peak, one) for peak, one in zip(self._peaks, used, strict=True)]
        self._least_disk = min(self._least_disk, event.disk_free)
        self._samples += 1
        self._last = event

    @property
    def resources(self) -> Resources | None:
        """What was used so far, None where nothing was sampled."""
        if self._last is None:
            return None
        cores, memory, calls = (total / self._samples for total in self._sums)
        return Resources(
            samples=self._samples,
            peak_cores=self._peaks[0],
            mean_cores=cores,
            usable_cores=self._last.usable_cores,
            peak_memory=int(self._peaks[1]),
            mean_memory=round(memory),
            memory_limit=self._last.memory_limit,
            least_disk=self._least_disk,
            peak_calls=int(self._peaks[2]),
            mean_calls=calls,
        )


# What came of a section.


AS_TOLD = ("title", "state", "error", "image_by", "voice_by", "spoken")
"""What `report.json` has of a section as it is here, under the same names."""


@dataclass(frozen=True, repr=False)
class SectionReport(Shown):
    """What came of one section.

    index: its position from 0; `number` is the same from 1. state: "made", "placeholder",
    "failed" or "cancelled". image, audio, clip: the files, where they were made.
    image_by, voice_by: the providers. spoken: the words that the voice was handed. seconds: how
    long each step took; work: how long one piece of it took on average, a request or a core's
    work on the clip, without any waiting; kept: the steps whose piece was in the store already;
    dollars: what was paid for the others; error: why it failed, and kinds: the names of its
    errors' classes, such as "Refused".
    """

    index: int
    title: str | None = None
    state: State = "made"
    image: Path | None = None
    audio: Path | None = None
    clip: Path | None = None
    image_by: str | None = None
    voice_by: str | None = None
    spoken: str | None = None
    start: float | None = None
    length: float | None = None
    seconds: dict[Step, float] = field(default_factory=dict)
    work: dict[Step, float] = field(default_factory=dict)
    kept: tuple[Step, ...] = ()
    dollars: float = 0.0
    error: str | None = None
    kinds: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """The section's number as people count."""
        return self.index + 1

    @property
    def name(self) -> str:
        """Its title, or its number where it has none."""
        return self.title or f"Section {self.number}"

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
        "slides, made before"; "" where it is not there.
        """
        if step not in self.seconds or getattr(self, step) is None:
            return ""
        by = {"image": self.image_by, "audio": self.voice_by}.get(step)
        how = "made before" if step in self.kept else took(self.seconds[step])
        by = "your own file" if by == "recorded" else by
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
            **{name: getattr(self, name) for name in AS_TOLD},
            "start": rounded(self.start),
            "length": rounded(self.length),
            "seconds": {step: rounded(taken) for step, taken in self.seconds.items()},
            "work": {step: rounded(taken) for step, taken in self.work.items()},
            "from_store": list(self.kept),
            "dollars": self.dollars,
            **{part: relative(getattr(self, part), folder) for part in ("image", "audio", "clip")},
        }


def section_table(sections: Sequence[SectionReport]) -> Table:
    """What came of each section, and who made it."""
    rows = [
        Row(
            {
                "No.": str(section.number),
                "Section": section.title or "",
                "Image": section.made_by("image"),
                "Narration": section.made_by("audio"),
                "Clip": section.made_by("clip"),
                "Length": clock_time(section.length) if section.length else "",
                "Paid": f"${section.dollars:.2f}" if section.dollars else "",
                "State": section.state,
            },
            not section.made,
        )
        for section in sections
    ]
    return Table(rows, "section", numbers=("No.", "Length", "Paid"))


def relative(path: Path | None, folder: Path) -> str | None:
    return path.relative_to(folder).as_posix() if path else None


def rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


# What came of a lesson.


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
    review: Mapping[str, Any] | None = field(default=None, compare=False)
    timeline: Timeline | None = field(default=None, compare=False)
    resources: Resources | None = field(default=None, compare=False)
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
    def picture(self) -> Path | None:
        """The first picture that was made for it."""
        return next((section.image for section in self.sections if section.image), None)

    @property
    def failed(self) -> tuple[SectionReport, ...]:
        """The sections that are not in the video as they should be."""
        return tuple(section for section in self.sections if not section.made)

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What went wrong, and what to do about it."""
        return Troubles([self]).listed

    @property
    def state(self) -> str:
        """ "made", "partly made" or "failed", for people and for the manifest."""
        return "made" if self.made else "partly made" if self.path else "failed"

    def clips(self) -> list[Any]:
        """The sections as moviepy clips, in order, ready for an edit of one's own.

        Each is a `moviepy.VideoFileClip` on the section's file; close them when you are done.
        """
        from ..media.clips import moviepy

        return [
            moviepy().VideoFileClip(str(section.clip)) for section in self.sections if section.clip
        ]

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
            **({"review": dict(self.review)} if self.review else {}),
        }

    def export_html(self, path: str | Path) -> Path:
        """Write a page that plays anywhere, for who has neither vidkit nor a notebook: one file
        with the video, its captions, its chapters and what failed in it. Gives its path.

        Raises `OutputError` where there is no video, where `path` is a file that is no such page,
        and where it cannot be written.
        """
        if self.path is None:
            raise OutputError(
                f"{self.name} has no video to export: {self.error or 'none was made'}"
            )
        page = path_given("path", path, "the name of an HTML file")
        return write_page(self.title or self.name, [self], page)

    def _ipython_display_(self) -> None:
        """Have a notebook show the video first, and then the report as ever."""
        show_video(self)
        raise NotImplementedError

    def _page(self) -> Page:
        return Page(
            head=f"{self.title or self.name}: {outcome(self)}",
            pictures=tuple(
                (section.image, f"{section.number}. {section.title or section.state}")
                for section in self.sections
                if section.image is not None
            ),
            wrong=tuple(in_groups(self)),
            lines=(*money(self), *(f"note: {note}" for note in self.notes)),
            told=(*lesson_lines(self), *(f"  {line}" for line in step_lines(self.timeline))),
            tables=(section_table(self.sections), *step_table(self.timeline)),
            link=self.path,
            drawing=self.timeline.drawing if self.timeline else None,
        )


def outcome(video: VideoReport) -> str:
    """What came of a lesson, in half a sentence."""
    if video.path is None:
        return f"failed: {video.error}"
    complete = sum(section.made for section in video.sections)
    kept = sum(section.from_store for section in video.sections)
    store = f", {kept} of them made before," if kept else ""
    of_all = f"{complete} of {count(len(video.sections), 'section')}{store}"
    return f"{of_all} in {took(video.seconds)}, {clock_time(video.length)} long"


def lesson_lines(video: VideoReport, *, why: bool = True) -> list[str]:
    """A lesson as lines of text: one for itself and, unless that is told elsewhere (why=False),
    one for each thing that went wrong.
    """
    name = printable(video.name, line=True)
    path = f": {printable(str(from_here(video.path)), line=True)}" if video.path else ""
    rest = [*money(video), *(f"note: {note}" for note in video.notes)]
    if why:
        rest = [*in_groups(video), *rest]
    came = outcome(video) if why or video.path else "failed"
    return [f"{name}: {came}{path}", *(f"  {line}" for line in rest)]


def in_groups(video: VideoReport) -> list[str]:
    """What went wrong, once for all sections that met the same; nothing where all of them met
    what the lesson's own error tells.
    """
    first, *others = {section.error or "" for section in video.sections} or {""}
    if video.path is None and first and not others and (video.error or "").endswith(first):
        return []
    told: dict[str, dict[str, None]] = {}
    alike: dict[str, list[int]] = {}
    for section in video.failed:
        what = f"{section.state}: {section.error}"
        told.setdefault(same(what), {})[what] = None
        alike.setdefault(same(what), []).append(section.number)
    return [f"{in_sections(numbers)}: {told_once(told[what])}" for what, numbers in alike.items()]


def money(*videos: VideoReport) -> list[str]:
    """What they cost, where they cost something."""
    paid = sum(video.dollars for video in videos)
    unconfirmed = sum(video.unconfirmed for video in videos)
    told = [f"paid ${paid:.2f}"] if paid else []
    if unconfirmed:
        told.append(f"${unconfirmed:.2f} more may be gone, for calls never answered")
    return told


# What came of a batch.


def noted(videos: Iterable[VideoReport]) -> list[str]:
    """The notes of many lessons, each once for all that have it, whatever its numbers are."""
    told: dict[str, dict[str, dict[Path, tuple[int, ...]]]] = {}
    for video in videos:
        for note in video.notes:
            each = told.setdefault(re.sub(r"\d+", "", note), {})
            each.setdefault(note, {})[video.lesson] = ()
    where = [{path: () for each in notes.values() for path in each} for notes in told.values()]
    places = (Trouble("", "", "", tuple(each.items())).place for each in where)
    return [f"note: {at}: {told_once(n)}" for at, n in zip(places, told.values(), strict=True)]


SHORT = 5.0
"""Seconds below which a run is not compared with its bound."""
MOST_TOLD = 30
"""Lessons that are told of one by one; of more, what went wrong is told once for all."""


@dataclass(frozen=True, repr=False)
class BatchReport(Shown):
    """What came of a batch: `videos` has a report for each lesson, in the lessons' order.

    It has a length, can be indexed and gone through; `peak_calls` is how many provider calls
    could be under way at once; `timeline` is when each call of the run waited and worked, and
    `resources` what it used of the machine.
    failure: why the batch ended before its last lesson; notes: what a person should know of the
    batch as a whole, such as lessons that were named twice. least: the seconds that no run with
    these pieces, workers, limits and cores can beat, None where nothing was made; limit: which of
    them says so.
    """

    videos: tuple[VideoReport, ...] = ()
    seconds: float = 0.0
    peak_calls: int = 0
    workers: str = ""
    failure: VidkitError | None = None
    notes: tuple[str, ...] = ()
    least: float | None = None
    limit: str = ""
    timeline: Timeline | None = field(default=None, compare=False)
    resources: Resources | None = field(default=None, compare=False)
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

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What went wrong, once for all lessons that met the same, and what to do about it; the
        most widespread first.
        """
        return Troubles(self.videos).listed

    def __len__(self) -> int:
        return len(self.videos)

    def __iter__(self) -> Iterator[VideoReport]:
        return iter(self.videos)

    def __getitem__(self, position: int) -> VideoReport:
        return self.videos[position]

    def export_html(self, path: str | Path) -> Path:
        """Write a page with all videos that plays anywhere, as that of a `VideoReport` does."""
        if not any(video.path for video in self):
            raise OutputError("there is no video to export: none was made")
        page = path_given("path", path, "the name of an HTML file")
        return write_page(page.stem, self.videos, page)

    def _ipython_display_(self) -> None:
        """Have a notebook show the videos first, and then the report as ever."""
        show_video(self)
        raise NotImplementedError

    def _headline(self) -> str:
        complete = sum(video.made for video in self.videos)
        return (
            f"{complete} of {count(len(self.videos), 'lesson')} complete in {took(self.seconds)}; "
            f"{self.workers} = at most {self.peak_calls} provider calls at once"
        )

    def _compared(self) -> list[str]:
        """How far the run was from the least that it could take; not told of a run so short that
        its beginning and its end count most.
        """
        if self.least is None or self.least < SHORT:
            return []
        more = max(0.0, self.seconds / self.least - 1)
        least = f"no less than {took(self.least)} was possible: {self.limit}"
        return [f"took {more:.0%} longer than it had to; {least}"]

    def _page(self) -> Page:
        steps = step_lines(self.timeline)
        ended = [f"the batch ended early: {self.failure}"] if self.failure else []
        few = len(self.videos) <= MOST_TOLD
        lines = [*self._compared(), *money(*self.videos)]
        lines += [f"note: {note}" for note in self.notes]
        told = [line for v in self.videos for line in lesson_lines(v, why=False)] if few else []
        told += [] if few else noted(self.videos)
        to_do = [str(trouble) for trouble in self.troubles]
        return Page(
            head=self._headline(),
            pictures=tuple(
                (video.picture, video.title or video.name) for video in self.videos if video.picture
            ),
            wrong=(*ended, *to_do),
            lines=tuple(lines),
            told=(*told, *steps, *ended, *to_do, *lines, self._headline()),
            tables=(video_table(self.videos), *step_table(self.timeline)),
            drawing=self.timeline.drawing if self.timeline else None,
        )


def video_table(videos: Sequence[VideoReport]) -> Table:
    """What came of each lesson."""
    rows = []
    for video in videos:
        complete = sum(section.made for section in video.sections)
        troubles = in_groups(video) or ([video.error] if video.error else [])
        cells = {
            "Lesson": video.title or video.name,
            "Sections": f"{complete} of {len(video.sections)}",
            "Length": clock_time(video.length) if video.path else "",
            "Took": took(video.seconds),
            "Paid": f"${video.dollars:.2f}" if video.dollars else "",
            "Video": str(video.path or ""),
            "To know": "\n".join((*troubles, *video.notes)),
        }
        rows.append(Row(cells, not video.made))
    return Table(rows, "lesson", ("Sections", "Length", "Took", "Paid"), paths=("Video",))
