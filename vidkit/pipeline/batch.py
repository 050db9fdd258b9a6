"""A batch: lessons beside each other, each with its own sections and its own errors.

Its lessons are drawn one by one, when a worker is free: a generator of ten thousand lessons is
never held as a list, and no file is opened before its turn.
"""

from __future__ import annotations

import asyncio
import glob
import itertools
import os
from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
    Sized,
)
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import anyio

from ..core.errors import OutputError, SettingsError, VidkitError
from ..core.events import LessonEnded, LessonStarted, Noticed, RunEnded, RunStarted, WorkersChanged
from ..core.paths import is_file, is_folder, path_given, resolved, shortened, stamp
from ..models.files import is_lesson_name, lesson_files, lesson_order
from ..models.lesson import Lesson
from ..models.reading import load_lesson
from ..models.settings import Settings
from ..report.reports import BatchReport, VideoReport
from .context import LessonContext, Runtime, as_ours, describe
from .lesson import make_here

# The lessons of a batch, in their order, and the folder to which the output of each goes.


@dataclass(frozen=True)
class Job:
    """A lesson to make, as a file that is opened when its turn comes or as a `Lesson`, and
    the folder its output goes to. refusal: why it is not made at all.
    """

    lesson: Path | Lesson
    folder: Path
    refusal: VidkitError | None = None

    @property
    def path(self) -> Path:
        """The lesson's file."""
        return _path(self.lesson)


Pathlike = str | Path
Lessons = Pathlike | Lesson | Iterable[Pathlike | Lesson]
"""What a batch may be made of: a folder, a glob such as "lessons/*.json", a list of these, files
and `Lesson`s, or a generator of files and `Lesson`s."""


class LessonSource:
    """The lessons of a batch. Going through it gives a `Job` for each, and can be done once
    where they come from a generator.

    lessons: as in `Lessons`. output_dir: the folder that the outputs go to, as `output_<name>`
    in folders as they are around the lessons; None is beside each lesson.

    count: how many lessons there are, None where a generator knows. home: the folder for what
    concerns them all, None where they lie in several, or a generator knows where. notes:
    sentences about lessons that were left out, because they were named before.

    Raises `SettingsError` where there is no lesson, or something is named that is none.
    """

    def __init__(self, lessons: Lessons, output_dir: Pathlike | None = None) -> None:
        self.notes: list[str] = []
        self._into = None if output_dir is None else folder_given("output_dir", output_dir)
        self._base: Path | None = None
        self._apart = False
        self._source: Iterable[Path | Lesson]
        self.count: int | None = None
        if isinstance(lessons, str | Path):
            self._base, named = _found(path_given("base_dir", lessons))
            self._source = self._once(named)
        elif isinstance(lessons, Lesson):
            self._source = [lessons]
        elif isinstance(lessons, bytes | Mapping) or not isinstance(lessons, Iterable):
            raise SettingsError(
                f"base_dir is {shortened(lessons)}; give a folder of lessons, a glob, a list of "
                "them or a generator"
            )
        elif isinstance(lessons, Collection):
            listed = [one for each in lessons for one in named_lessons(each)]
            listed = listed or [_lesson(each) for each in lessons]
            if not listed:
                raise SettingsError("base_dir is an empty list; name at least one lesson")
            self._base = _common(listed)
            self._source = self._once(listed)
            self._apart = any(_path(each).parent.absolute() != self._base for each in listed)
        else:
            self._source = self._drawn(iter(lessons))
        if isinstance(self._source, list):
            self.count = len(self._source)

    @property
    def home(self) -> Path | None:
        """Where the report of the whole batch goes."""
        return self._into or (None if self._apart else self._base)

    def __iter__(self) -> Iterator[Job]:
        taken: set[str] = set()
        for lesson in self._source:
            path = _path(lesson)
            folder = self._output(path)
            mark = str(folder.absolute()).casefold()
            refusal = None
            if mark in taken:
                refusal = OutputError(
                    f"{path} would be written to {folder}, as another lesson of this batch is; "
                    "rename one of them"
                )
            taken.add(mark)
            yield Job(lesson, folder, refusal)

    def _output(self, path: Path) -> Path:
        if self._into is None:
            return output_folder(path)
        parent = path.parent.absolute()
        for base in (self._base, Path.cwd()):
            if base is not None and parent.is_relative_to(base.absolute()):
                place = self._into / parent.relative_to(base.absolute())
                return output_folder(place / path.name)
        return output_folder(self._into.joinpath(*parent.parts[1:], path.name))

    def _once(self, named: list[Path | Lesson]) -> list[Path | Lesson]:
        """Each lesson once, under its own name rather than that of a link to it."""
        files = {id(each): _file(each) for each in named}
        own = {
            file: each
            for each in reversed(named)
            if (file := files[id(each)]) is not None and not _is_link(each)
        }
        kept: list[Path | Lesson] = []
        for each in named:
            file = files[id(each)]
            if file is None or own.setdefault(file, each) is each:
                kept.append(each)
            else:
                first = own[file]
                how = "was named before" if first == each else f"is the same lesson as {first}"
                self.notes.append(f"{each} {how}, and is made once")
        return kept

    def _drawn(self, source: Iterator[Pathlike | Lesson]) -> Iterator[Path | Lesson]:
        """What a generator gives, each lesson once."""
        seen: set[str] = set()
        for given in source:
            lesson = _lesson(given)
            if (file := _file(lesson)) is not None:
                if file in seen:
                    self.notes.append(f"{lesson} was named before, and is made once")
                    continue
                seen.add(file)
            yield lesson


def output_folder(lesson: Path) -> Path:
    """`output_<name>` beside a lesson's file; `1.JSON` keeps its suffix there, to be told from
    `1.json`.
    """
    odd = lesson.suffix != ".json" and lesson.suffix.casefold() == ".json"
    return lesson.parent / f"output_{lesson.name if odd else lesson.stem}"


def folder_given(name: str, value: object) -> Path:
    """The folder that the argument `name` gives, which need not be there yet."""
    folder = path_given(name, value, "the path of a folder")
    if is_file(folder):
        raise SettingsError(f"{name} is {folder}, which is a file; name a folder")
    return folder


def _lesson(given: object) -> Path | Lesson:
    return given if isinstance(given, Lesson) else path_given("base_dir", given)


def named_lessons(name: Pathlike | Lesson) -> list[Path | Lesson]:
    """The lessons that one name of several gives: a folder or a glob those in it, and what vidkit
    made none, which a shell's `*` names as well.
    """
    lesson = _lesson(name)
    if isinstance(lesson, Lesson):
        return [lesson]
    if is_folder(lesson) or (glob.has_magic(str(lesson)) and not is_file(lesson)):
        with suppress(SettingsError):  # which says what a folder alone lacks; here it fails alone
            return _found(lesson)[1]
    made = _is_report(lesson) or _is_report(lesson / "report.json")
    return [] if made else [lesson]


def _is_report(path: Path) -> bool:
    """Whether it is a report of vidkit's, and no lesson that is called so."""
    try:
        if is_lesson_name(path.name) or not path.is_file():  # a pipe would be waited for
            return False
        with path.open("rb") as file:
            return b'"vidkit":' in file.read(20)
    except OSError:
        return False


def _found(path: Path) -> tuple[Path, list[Path | Lesson]]:
    """The lessons of a folder or of a glob, and the folder that holds them."""
    if is_folder(path) or is_file(path) or not glob.has_magic(str(path)):
        return path, list(lesson_files(path))
    plain = list(path.parts[: next(i for i, p in enumerate(path.parts) if glob.has_magic(p))])
    found = [Path(each) for each in glob.glob(str(path), recursive=True)]  # noqa: PTH207
    lessons = [each for each in found if is_lesson_name(each.name) and not each.is_dir()]
    if not lessons:
        raise SettingsError(f"no lesson fits {path}; check the pattern")
    lessons.sort(key=lesson_order)
    return Path(*plain), list(lessons)


def _common(lessons: list[Path | Lesson]) -> Path | None:
    """The folder in which all lessons lie, however deep; None where that is no folder at all."""
    parents = [os.path.abspath(_path(each).parent) for each in lessons]  # noqa: PTH100
    try:
        common = Path(os.path.commonpath(parents))
    except ValueError:  # on several drives
        return None
    return common if common != Path(common.anchor) else None


def _path(lesson: Path | Lesson) -> Path:
    return lesson.path if isinstance(lesson, Lesson) else lesson


def _file(lesson: Path | Lesson) -> str | None:
    """The file that a path names in the end; None for a `Lesson`, which is as it is."""
    return None if isinstance(lesson, Lesson) else str(resolved(lesson))


def _is_link(lesson: Path | Lesson) -> bool:
    return isinstance(lesson, Path) and os.path.islink(lesson)  # noqa: PTH114 - which never raises


# The batch itself: who may be made when, and what came of it.


class WorkerPool:
    """The video workers of a batch, for the lessons at positions 0, 1, …

    A lesson holds a worker while it may call providers. When its calls are over and only clips
    are left to cut, the worker goes on to the next lesson, so that nobody's calls wait for
    another's encodes. As many lessons as there are workers may be finished beside those that
    call; a single worker makes one lesson after the other.
    """

    def __init__(self, workers: int) -> None:
        self._workers = anyio.CapacityLimiter(workers)
        self._holding: set[int] = set()
        self._called: list[int] = []
        self._finishing: set[int] = set()

    def resize(self, workers: int) -> None:
        """Have so many workers from now on: more at once, fewer as lessons give them back."""
        self._workers.total_tokens = workers
        self._promote()

    @property
    def waiting(self) -> int:
        """Lessons that wait for a worker; those that are not drawn yet do not count."""
        return self._workers.statistics().tasks_waiting

    async def enter(self, position: int) -> None:
        """Wait for a worker."""
        await self._workers.acquire_on_behalf_of(position)
        self._holding.add(position)

    def pass_on(self, position: int) -> None:
        """Say that a lesson's calls are over."""
        if position in self._holding:
            self._called.append(position)
            self._promote()

    def leave(self, position: int) -> None:
        """Say that a lesson is over."""
        self._finishing.discard(position)
        if position in self._called:
            self._called.remove(position)
        self._give_back(position)
        self._promote()

    def _promote(self) -> None:
        """Let lessons whose calls are over give back their workers, as long as there is room."""
        room = int(self._workers.total_tokens)
        while self._called and room > 1 and len(self._finishing) < room:
            position = self._called.pop(0)
            self._finishing.add(position)
            self._give_back(position)

    def _give_back(self, position: int) -> None:
        if position in self._holding:
            self._holding.remove(position)
            self._workers.release_on_behalf_of(position)


MakeLesson = Callable[[LessonContext], Awaitable[VideoReport]]
"""Makes a lesson in its context; an error is what kept it from beginning."""

OnReport = Callable[[int, VideoReport], Awaitable[None]]
"""Awaited with the position and the report of each lesson that is over."""


class Batch:
    """A run over one or more lessons. Lives on one event loop, and is steered from there.

    make: makes a lesson in its context; on this machine unless it is given. `unmade` has the jobs,
    by their position, of the lessons that were not made in full.
    """

    def __init__(
        self,
        settings: Settings,
        runtime: Runtime,
        notes: Sequence[str] = (),
        make: MakeLesson = make_here,
    ) -> None:
        self.settings = settings
        self.runtime = runtime
        self.unmade: dict[int, Job] = {}
        self._notes = tuple(notes)
        self._make = make
        self._machines = 1
        self._workers = WorkerPool(settings.video_workers)
        self._contexts: list[LessonContext] = []
        self.started: float | None = None
        self.timeline = runtime.timeline
        self._reports: dict[int, VideoReport] = {}
        self._on_report: OnReport | None = None

    def resize(
        self, sections: int | None = None, videos: int | None = None, reason: str = "as asked"
    ) -> None:
        """Make so many sections of a lesson, or lessons, at once from now on: more of them at
        once, fewer as they end.
        """
        if videos is not None:
            self.settings = replace(self.settings, video_workers=videos)
            self._workers.resize(videos * self._machines)
        if sections is not None:
            self.settings = replace(self.settings, section_workers=sections)
            for context in self._contexts:
                context.slots.total_tokens = sections
        s = self.settings
        self.runtime.events.emit(
            WorkersChanged(self.now(), s.section_workers, s.video_workers, reason)
        )

    @property
    def waiting(self) -> tuple[int, int]:
        """Sections that wait for a worker of their lesson, and lessons that wait for theirs."""
        sections = sum(context.slots.statistics().tasks_waiting for context in self._contexts)
        return sections, self._workers.waiting

    def spread(self, machines: int) -> None:
        """Make `video_workers` lessons at once on each of so many machines."""
        self._machines = max(1, machines)
        self._workers.resize(self.settings.video_workers * self._machines)

    async def make(
        self, jobs: Iterable[Job], count: int | None = None, on_report: OnReport | None = None
    ) -> BatchReport:
        """Make every lesson. One that fails leaves the others alone.

        jobs are drawn one by one, when a video worker is free, where blocking is allowed. count:
        how many there are, where it is known. What drawing them raises ends the batch after the
        lessons that are under way, as the report's `failure`.
        """
        if count is None and isinstance(jobs, Sized):
            count = len(jobs)
        self._on_report = on_report
        source, failure = iter(jobs), None
        with self._under_way(count):
            async with asyncio.TaskGroup() as group:
                failure = await self._draw(source, count is not None, group)
        stop, reports = self.runtime.control.stop, self._reports
        begun = len(reports)
        if stop is not None and failure is stop and count is not None:
            for job in source:
                self.unmade[len(reports)] = job
                reports[len(reports)] = VideoReport(job.path, job.folder, failure=stop)
            failure = stop if len(reports) > begun else None
        apart = self.timeline.apart() if self.timeline is not None else {}
        return BatchReport(
            videos=tuple(
                replace(reports[position], timeline=apart.get(position))
                for position in sorted(reports)
            ),
            seconds=self.now(),
            peak_calls=self.settings.peak_calls * self._machines,
            workers=self._workers_in_words(),
            failure=failure,
            timeline=self.timeline,
        )

    def _workers_in_words(self) -> str:
        s = self.settings
        machines = f"{self._machines} machines × " if self._machines > 1 else ""
        parts = " × 2" if s.concurrent_parts else ""
        return f"{machines}{s.video_workers} videos × {s.section_workers} sections{parts}"

    async def make_one(self, job: Job) -> VideoReport:
        """Make one lesson. Raises what kept it from beginning."""
        with self._under_way(1):
            report = await self._lesson(0, job)
        return replace(report, timeline=self.timeline)

    @contextmanager
    def _under_way(self, lessons: int | None) -> Iterator[None]:
        """Emit the run's begin and end."""
        events, self.started = self.runtime.events, self.runtime.clock()
        with ExitStack() as listening:
            if self.timeline is not None:
                listening.callback(events.subscribe(self.timeline.on_event))
            events.emit(RunStarted(0.0, lessons))
            try:
                yield
            finally:
                events.emit(RunEnded(self.now()))

    def now(self) -> float:
        """Seconds since the run began, 0 before."""
        return 0.0 if self.started is None else self.runtime.clock() - self.started

    async def _draw(
        self, source: Iterator[Job], known: bool, group: asyncio.TaskGroup
    ) -> VidkitError | None:
        """Start the lessons of `source` as video workers come free, until the run is to end.

        known: they are at hand, and none is waited for. Gives what kept the others from being
        drawn: why the run is to end, or an error of the source.
        """
        for position in itertools.count():
            await self._workers.enter(position)
            job, failure = None, self.runtime.control.stop
            if failure is None:
                try:
                    job = await self._next(source, known)
                except SettingsError as error:
                    failure = error
                except Exception as error:  # a generator is somebody's own code
                    failure = VidkitError(f"no more lessons could be drawn: {describe(error)}")
            if job is None:
                self._workers.leave(position)
                return failure or self.runtime.control.stop
            group.create_task(self._make_in_turn(position, job))
        raise AssertionError("numbers do not end")

    async def _next(self, source: Iterator[Job], known: bool) -> Job | None:
        """The next lesson; None where there is none, or where the run is to end meanwhile: a
        generator may wait for ever.
        """
        drawing: asyncio.Future[Job | None] = asyncio.ensure_future(
            self.runtime.run_in_thread(next, source, None)
        )
        if known:
            return await drawing
        ending = asyncio.ensure_future(self.runtime.control.ended.wait())
        either: list[asyncio.Future[Any]] = [drawing, ending]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            return drawing.result() if drawing.done() else None
        finally:
            drawing.cancel()
            ending.cancel()

    async def _make_in_turn(self, position: int, job: Job) -> None:
        """A lesson of a batch, which has a video worker; its error is a value."""
        began = self.now()
        try:
            report = await self._lesson(position, job)
        except Exception as error:
            report = VideoReport(
                job.path, job.folder, failure=as_ours(error), seconds=self.now() - began
            )
        finally:
            self._workers.leave(position)
        self._reports[position] = report
        if not report.made:
            self.unmade[position] = job
        if self._on_report is not None:
            await self._on_report(position, report)

    async def _lesson(self, position: int, job: Job) -> VideoReport:
        """Make one lesson, and tell of its begin and its end whatever comes of it."""
        run_in_thread = self.runtime.run_in_thread
        try:
            before = await run_in_thread(_stamp, job)
            context = await self._opened(position, job)
        except Exception as error:
            events, name, now = self.runtime.events, job.path.stem, self.now()
            events.emit(LessonStarted(now, position, name, (), job.folder))
            events.emit(LessonEnded(now, position, name, None, str(as_ours(error))))
            raise
        self._contexts.append(context)
        try:
            report = await self._make(context)
        finally:
            self._contexts.remove(context)
        if (after := await run_in_thread(_stamp, job)) == before:
            return report
        what = "changed" if after else "removed"
        note = f"{job.path.name} was {what} while its video was made, which has it as it was"
        self.runtime.events.emit(Noticed(self.now(), position, note))
        return replace(report, notes=(*report.notes, note))

    async def _opened(self, position: int, job: Job) -> LessonContext:
        if refusal := job.refusal or self.runtime.control.stop:
            raise refusal
        lesson = job.lesson
        if not isinstance(lesson, Lesson):
            lesson = await self.runtime.run_in_thread(load_lesson, lesson)
        return LessonContext(
            position=position,
            lesson=lesson,
            output=self.runtime.output(job.folder, self.runtime.store),
            settings=self.settings,
            runtime=self.runtime,
            slots=anyio.CapacityLimiter(self.settings.section_workers),
            started=self.started or 0.0,
            notes=list(self._notes),
            calls_over=partial(self._workers.pass_on, position),
        )


def _stamp(job: Job) -> tuple[int, int] | None:
    """What tells whether a lesson's file is as it was; None where there is none."""
    return None if isinstance(job.lesson, Lesson) else stamp(job.lesson)
