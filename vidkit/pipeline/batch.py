"""A batch: lessons beside each other, each with its own sections and its own errors."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import anyio

from ..errors import VidkitError
from ..events import LessonEnded, RunEnded, RunStarted, WorkersChanged
from ..lesson import Lesson
from ..report import BatchReport, VideoReport
from ..settings import Settings
from .lesson import make_lesson
from .place import Place
from .section import told
from .tools import Tools


@dataclass(frozen=True)
class Job:
    """A lesson to make, as a file that is opened when its turn comes or as a `Lesson`, and
    the folder its output goes to.
    """

    lesson: Path | Lesson
    folder: Path

    @property
    def path(self) -> Path:
        """The lesson's file."""
        return self.lesson.path if isinstance(self.lesson, Lesson) else self.lesson


class Batch:
    """A run over one or more lessons. Lives on one event loop, and is steered from there."""

    def __init__(self, settings: Settings, tools: Tools, notes: Sequence[str] = ()) -> None:
        self.settings = settings
        self.tools = tools
        self._notes = tuple(notes)
        self._videos = anyio.CapacityLimiter(settings.video_workers)
        self._places: list[Place] = []
        self.started: float | None = None

    def resize(
        self, sections: int | None = None, videos: int | None = None, reason: str = "as asked"
    ) -> None:
        """Make so many sections of a lesson, or lessons, at once from now on: more of them at
        once, fewer as they end.
        """
        if videos is not None:
            self._videos.total_tokens = videos
            self.settings = self.settings.with_(video_workers=videos)
        if sections is not None:
            self.settings = self.settings.with_(section_workers=sections)
            for place in self._places:
                place.slots.total_tokens = sections
        s = self.settings
        now = 0.0 if self.started is None else self._now()
        self.tools.events.tell(WorkersChanged(now, s.section_workers, s.video_workers, reason))

    async def make(self, jobs: Sequence[Job]) -> BatchReport:
        """Make every lesson. One that fails leaves the others alone."""
        self._begin(len(jobs))
        try:
            async with asyncio.TaskGroup() as batch:
                tasks = [batch.create_task(self._turn(i, job)) for i, job in enumerate(jobs)]
        finally:
            self._end()
        s = self.settings
        return BatchReport(
            videos=tuple(task.result() for task in tasks),
            seconds=self._now(),
            peak_calls=s.peak_calls,
            workers=f"{s.video_workers} videos × {s.section_workers} sections"
            + (" × 2" if s.concurrent_parts else ""),
        )

    async def make_one(self, job: Job) -> VideoReport:
        """Make one lesson. Raises what kept it from beginning."""
        self._begin(1)
        try:
            return await self._lesson(0, job)
        finally:
            self._end()

    def _begin(self, lessons: int) -> None:
        self.started = self.tools.clock()
        self.tools.events.tell(RunStarted(0.0, lessons))

    def _end(self) -> None:
        self.tools.events.tell(RunEnded(self._now()))

    def _now(self) -> float:
        return self.tools.clock() - (self.started or 0.0)

    async def _turn(self, position: int, job: Job) -> VideoReport:
        """A lesson of a batch, when a video worker is free; its error is a value."""
        async with self._videos:
            began = self._now()
            try:
                if stop := self.tools.reins.stop:
                    raise stop
                return await self._lesson(position, job)
            except Exception as error:
                failure = error if isinstance(error, VidkitError) else VidkitError(told(error))
                self.tools.events.tell(
                    LessonEnded(self._now(), position, job.path.stem, None, str(failure))
                )
                return VideoReport(
                    job.path, job.folder, failure=failure, seconds=self._now() - began
                )

    async def _lesson(self, position: int, job: Job) -> VideoReport:
        lesson = job.lesson
        if not isinstance(lesson, Lesson):
            lesson = await self.tools.aside(self.tools.read, lesson)
        place = Place(
            position=position,
            lesson=lesson,
            output=self.tools.output(job.folder),
            settings=self.settings,
            tools=self.tools,
            slots=anyio.CapacityLimiter(self.settings.section_workers),
            started=self.started or 0.0,
            notes=list(self._notes),
        )
        self._places.append(place)
        try:
            return await make_lesson(place)
        finally:
            self._places.remove(place)
