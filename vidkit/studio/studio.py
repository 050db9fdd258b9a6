"""All of it: choose a lesson and workers, see what it would cost, *Make*, watch, and play.

The cell that shows it returns at once. The run lives on vidkit's loop; a later cell may
`report = await studio`.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from .. import calls, loop
from ..earlier import read_report
from ..errors import Cancelled, VidkitError
from ..events import Event
from ..lesson import Lesson
from ..lineup import output_folder
from ..report import BatchReport, VideoReport, count
from ..run import Run
from ..settings import Settings
from . import python
from .controls import Controls
from .desk import Desk
from .estimate import Subject
from .film import Film, film
from .lessons import Lessons
from .look import button
from .meters import Meters
from .paint import Painter
from .part import Part, reveal, show
from .stored import Stored
from .timeline import Timeline
from .videos import Videos
from .workers import Workers

log = logging.getLogger("vidkit.studio")

Report = VideoReport | BatchReport


class Studio:
    """A panel over the lessons of `folder`; settings and further keywords are those of its runs.

    Its parts are `lessons`, `workers`, `controls`, `film`, `meters`, `timeline`, `desk` with the
    cards of the chosen lesson, and `videos` with the rows of the latest batch. `run` is the latest
    run and `report` what came of it; `await studio` waits for that.
    Raises `SettingsError` where the folder is missing or holds no lesson.
    """

    def __init__(
        self, folder: str | Path = "lessons", settings: Settings | None = None, **changes: Any
    ) -> None:
        self.workers = Workers(settings, **{"progress": False} | changes)
        self.lessons = Lessons(folder, self.workers.settings.rate)
        self.controls = Controls(self.make, self.make_all)
        self.film = Film()
        self.desk = Desk(self._start)
        self.meters = Meters(self.workers.settings)
        self.timeline = Timeline()
        self.videos: Videos | None = None
        self.run: Run[Any] | None = None
        self.report: Report | None = None
        self._batch = False
        self._paths: tuple[Path, ...] = ()
        self._reports: dict[Path, VideoReport] = {}
        self._stored: Stored | None = None
        self._rows, self._code = widgets.VBox(), widgets.HTML()
        self.controls.add(button("Python", "The Python that does the same", self._show_code))
        choose = widgets.Box([self.lessons.widget, self.workers.widget])
        choose.add_class("vidkit-choose")
        self._course = widgets.Box([self.meters.widget, self.timeline.widget])
        self._course.add_class("vidkit-course")
        parts = (self.controls, self.film, self.desk)
        controls, film, cards = (part.widget for part in parts)
        self.widget = widgets.VBox(
            [choose, controls, self._code, self._rows, film, self._course, cards]
        )
        self.widget.add_class("vidkit-studio")
        for part in (self._rows, self._code, self._course):
            reveal(part, False)
        self.lessons.on_choose(self._chosen)
        self.workers.on_change(self._settled)
        self._chosen()
        self.controls.say("Choose a lesson, then Make.")

    # ---- what can be done

    def make(self) -> None:
        """Start making the chosen lesson, as it is edited here; returns at once."""
        if self.controls.run is not None:
            return
        self._chosen()
        try:
            if self.desk.sections is None:
                raise VidkitError(f"{self.lessons.path.name} has faults; mend them first")
            self._start(self.desk.sections.take_in())
        except VidkitError as error:
            self.controls.say(str(error), "wrong")

    def make_all(self) -> None:
        """Start making every lesson of the folder, as their files are; returns at once."""
        if self.controls.run is not None:
            return
        paths = tuple(self.lessons.folder.paths)
        videos = Videos(paths, self._watch)
        try:
            self._begin(paths, videos)
            run = calls.start_all(paths, settings=self.workers.settings, listener=self.hear)
        except VidkitError as error:
            self.controls.say(str(error), "wrong")
            return
        self._rows.children = (videos.widget,)
        reveal(self._rows, True)
        self._follow(run, count(len(paths), "lesson"))

    def pause(self) -> None:
        """Hold the run, or let it go on."""
        self.controls.pause()

    def cancel(self) -> None:
        """End the run: calls under way are finished and kept. A second time, those end too."""
        self.controls.cancel()

    def code(self) -> str:
        """The Python that does the same, to paste into a cell: what was made last, with what is
        chosen now.
        """
        settings = self.workers.settings
        if self._batch:
            return python.making_all(self.lessons.folder.path, settings)
        read, path = self.lessons.lesson, self.lessons.path
        shown = self.desk.sections.lesson if self.desk.sections else None
        return python.making(path, settings, shown, read)

    def __await__(self) -> Generator[Any, None, Report]:
        """The report of the latest run, whatever came of it."""
        if self.run is None:
            raise VidkitError("nothing is being made yet: press Make, or call make()")
        return self._wait(self.run).__await__()

    async def _wait(self, run: Run[Any]) -> Report:
        with suppress(Exception):  # the report says why
            await run
        await loop.hop(_turned())  # `_ended` has been called
        assert self.report is not None
        return self.report

    # ---- a part, made of parts

    def hear(self, event: Event) -> None:
        """Take in an event of its run."""
        for part in self._parts():
            part.hear(event)

    def paint(self) -> None:
        """Show what changed since the last time."""
        for part in self._parts():
            part.paint()

    def _parts(self) -> tuple[Part, ...]:
        rows = (self.videos,) if self.videos and self._batch else ()
        return (self.controls, self.workers, self.meters, self.timeline, *rows, self.desk)

    def page(self) -> str:
        """The video and the cards as HTML that needs no kernel: what a saved notebook shows."""
        shown = film(self.film.report) if self.film.report else ""
        return shown + (self.desk.sections.page() if self.desk.sections else "")

    def _ipython_display_(self) -> None:
        self._stored = Stored()
        show(self, self._stored)
        self._stored.show(self.page())

    def _store(self) -> None:
        """Have a saved notebook show what there is now."""
        if self._stored is not None:
            self._stored.show(self.page())

    def __repr__(self) -> str:
        lessons = count(len(self.lessons.folder.paths), "lesson")
        return f"Studio({str(self.lessons.folder.path)!r}): {lessons}, {self.controls.told}"

    # ---- choosing

    def _chosen(self) -> None:
        """Show the chosen lesson: its cards, its video, and what it would cost."""
        lesson, path, folder = self.lessons.lesson, self.lessons.path, self.lessons.folder
        self.desk.show(path, lesson, self.workers.settings, self.lessons.read_anew)
        self._show_film(path)
        subjects = []
        if lesson is not None:
            subjects = [Subject("This lesson", (path, lesson.seal), lambda: [lesson])]
        if len(folder.paths) > 1:
            name = f"All {len(folder.paths)} lessons"
            subjects.append(Subject(name, folder.key, folder.lessons))
        self.workers.plan_for(*subjects)
        self._settled()
        self._store()

    def _settled(self) -> None:
        """The workers were set."""
        self.desk.settle(self.workers.settings)
        if self._code.value:
            self._code.value = _shown(self.code())

    def _show_film(self, path: Path) -> None:
        """Show the video of a lesson, also one that was made earlier."""
        report = self._reports.get(path)
        if report is None:
            report = read_report(output_folder(path), path)
        if report != self.film.report:
            self.film.show_report(report)

    def _watch(self, report: VideoReport) -> None:
        self._reports[report.lesson] = report
        self.lessons.choose(report.lesson)

    def _show_code(self) -> None:
        self._code.value = "" if self._code.value else _shown(self.code())
        reveal(self._code, bool(self._code.value))

    # ---- running

    def _start(self, lesson: Lesson, **changes: Any) -> Run[VideoReport] | None:
        """Start a run of one lesson; None where another goes on. Raises `VidkitError`."""
        if self.controls.run is not None:
            return None
        settings = self.workers.settings.with_(**changes)
        self._begin((lesson.path,), None)
        run = calls.start(lesson, None, settings=settings, listener=self.hear)
        only = settings.only
        part = f"section {', '.join(map(str, only))} of " if only else ""
        self._follow(run, f"{part}{lesson.title or lesson.name}")
        return run

    def _begin(self, paths: tuple[Path, ...], videos: Videos | None) -> None:
        self._batch = videos is not None
        self.videos = videos or self.videos
        self.report = None
        self._paths = paths
        self.desk.begin(paths)
        self.meters.settle(self.workers.settings)
        self._settled()

    def _follow(self, run: Run[Any], what: str) -> None:
        self.run = run
        reveal(self._course, True)
        self.controls.watch(run, what)
        self.workers.watch(run)
        Painter().watch(run, self)
        run.when_done(lambda: self._ended(run))

    def _ended(self, run: Run[Any]) -> None:
        """Show what came of a run. Called once for each, in vidkit's thread, however it ended."""
        try:
            report = run.result()
        except VidkitError as error:
            report = self._so_far(error)
        except Exception as error:
            log.exception("a run of the Studio broke down")
            report = self._so_far(VidkitError(f"{type(error).__name__}: {error}"))
        self.report = report
        videos = report.videos if isinstance(report, BatchReport) else (report,)
        for video in videos:
            self._reports[video.lesson] = video
        if isinstance(report, BatchReport) and self.videos is not None:
            self.videos.take(report)
        self._show_film(self.lessons.path)
        self.controls.say(*_verdict(report))
        self.desk.paint()
        self._store()

    def _so_far(self, error: VidkitError) -> Report:
        """What a run that broke off left behind, by the reports in its lessons' folders."""
        stopped = isinstance(error, Cancelled)
        videos = []
        for path in self._paths:
            folder = output_folder(path)
            found = read_report(folder, path) if stopped else None
            videos.append(replace(found or VideoReport(path, folder), failure=error))
        return BatchReport(tuple(videos), failure=error) if self._batch else videos[0]


def _verdict(report: Report) -> tuple[str, str]:
    """What came of a run, in a line and a look."""
    if isinstance(report.failure, Cancelled):
        return str(report.failure), "state"
    if report.failure is not None:
        return str(report.failure), "wrong"
    line = str(report).splitlines()[-1 if isinstance(report, BatchReport) else 0]
    return line, "state" if report.made else "wrong"


def _shown(code: str) -> str:
    return f'<pre class="vidkit-code" tabindex="0">{escape(code)}</pre>'


async def _turned() -> None:
    """vidkit's loop has done what it was asked to before."""
