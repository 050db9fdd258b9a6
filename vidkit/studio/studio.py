"""All of it: choose a lesson and workers, see what it would cost, *Make*, watch, and play.

The cell that shows it returns at once. The run lives on vidkit's loop; a later cell may
`report = await studio`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from html import escape
from pathlib import Path
from threading import Lock
from typing import Any

import ipywidgets as widgets

from .. import api
from ..api import Run
from ..core import loop
from ..core.errors import Cancelled, VidkitError
from ..core.events import Event, LessonEnded, LessonStarted, RunEnded, RunStarted, SectionEnded
from ..core.format import clock_time, count
from ..models.editing import TEXTS
from ..models.lesson import Lesson
from ..models.settings import Settings
from ..pipeline.output import read_report
from ..pipeline.planning import output_folder
from ..report.reports import BatchReport, VideoReport
from ..store.ledger import Budget
from .lessons import Lessons
from .monitor import Meters, Timeline
from .sections import Make, Sections
from .settings import Subject, Workers
from .videos import Film, Videos, film
from .widgets import Painter, Part, Stored, button, reveal, show, words

# The Python that does what a panel does, ready to paste into a cell.


_PANEL_ONLY = ("progress",)
"""Settings that the panel chooses for itself."""


def making(
    path: Path, settings: Settings, shown: Lesson | None = None, read: Lesson | None = None
) -> str:
    """Makes the video of the lesson in the file `path`. shown, read: the lesson as the panel has
    it, and as its file has it, where both are known; edits between them are made there too.
    """
    changes = _edits(shown, read) if shown and read else []
    if not changes:
        return _cell([], _call("generate_video", repr(str(path)), settings))
    before = [
        "",
        f"lesson = vidkit.load_lesson({str(path)!r})",
        *changes,
    ]
    return _cell(before, _call("generate_video", "lesson", settings))


def making_all(folder: Path, settings: Settings) -> str:
    """Makes the videos of a folder."""
    return _cell([], _call("process_videos", repr(str(folder)), settings))


def _cell(before: list[str], call: list[str]) -> str:
    return "\n".join(["import vidkit", *(before or [""]), *call, "report"])


def _edits(lesson: Lesson, read: Lesson) -> list[str]:
    """What makes of the lesson in the file the one that the panel has."""
    lines = []
    for index, (now, before) in enumerate(zip(lesson.sections, read.sections, strict=False)):
        texts = {
            key: getattr(now, key) or ""
            for key in TEXTS
            if getattr(now, key) != getattr(before, key)
        }
        given = "".join(f", {key}={text!r}" for key, text in texts.items())
        if given:
            lines.append(f"lesson = vidkit.edited(lesson, {index}{given})")
    return lines


def _call(name: str, subject: str, settings: Settings) -> list[str]:
    lines = [f"    {subject},"]
    unknown = []
    default = Settings()
    for each in fields(Settings):
        value = getattr(settings, each.name)
        if each.name in _PANEL_ONLY or value == getattr(default, each.name):
            continue
        written = _written(value)
        if written is None:
            unknown.append(f"# add {each.name}=, which you gave the panel as an object")
        else:
            lines.append(f"    {each.name}={written},")
    if len(lines) == 1:
        return [*unknown, f"report = await vidkit.{name}({subject})"]
    return [*unknown, f"report = await vidkit.{name}(", *lines, ")"]


def _written(value: Any) -> str | None:
    """A value as Python; None where it is an object that only its maker can write."""
    match value:
        case None | bool() | int() | float() | str():
            return repr(value)
        case Path():
            return repr(str(value))
        case Budget():
            return f"vidkit.Budget({value.name!r}, {value.dollars!r})"
        case list() | tuple():
            parts = [_written(each) for each in value]
            if None in parts:
                return None
            told = ", ".join(part or "" for part in parts)
            if isinstance(value, list):
                return f"[{told}]"
            return f"({told},)" if len(parts) == 1 else f"({told})"
    return None


# The buttons that start, hold and end a run, and the line that says how far it is.


class Controls:
    """*Make*, *Make all*, *Pause* and *Cancel*, and how far the run is.

    make, make_all: what the buttons start; make_all=None for a single lesson. `told` is what
    the line says.
    """

    def __init__(
        self, make: Callable[[], object], make_all: Callable[[], object] | None = None
    ) -> None:
        self._run: Run[Any] | None = None
        self.told = ""
        self._ending = False
        self._began = 0.0
        self._what = ""
        self._forget()
        self._make = button("Make", "Make the video of this lesson", make, chief=True)
        self._make_all = button(
            "Make all", "Make the videos of all lessons, as their files are", make_all or make
        )
        self._pause = button("Pause", "", self.pause)
        self._cancel = button("Cancel", "", self.cancel)
        starts = [self._make, self._make_all] if make_all else [self._make]
        self._row = widgets.HBox([*starts, self._pause, self._cancel])
        self._row.add_class("vidkit-row")
        self._said = widgets.HTML()
        self._bar = widgets.HTML()
        self.widget = widgets.VBox([self._row, self._said, self._bar])
        self.widget.add_class("vidkit-controls")
        self._settle()

    @property
    def run(self) -> Run[Any] | None:
        """The run that goes on, None where none does."""
        return self._run if self._run is not None and not self._run.done() else None

    def add(self, *buttons: widgets.Button) -> None:
        """Put further buttons beside the others."""
        self._row.children += buttons

    def watch(self, run: Run[Any], what: str) -> None:
        """Steer `run` until it is over; `what` is being made, in a few words."""
        self._run, self._what, self._ending = run, what, False
        self._began = time.monotonic()
        self._settle()
        self.paint()
        run.when_done(self._settle)

    def say(self, text: str, kind: str = "state") -> None:
        """Say something in the place of how far it is, until another run begins."""
        self._tell(text, kind)
        if self.run is None:
            reveal(self._bar, False)

    def pause(self) -> None:
        """Hold the run, or let it go on."""
        if (run := self.run) is not None:
            (run.resume if run.snapshot().paused else run.pause)()
            self._settle()
            self.paint()

    def cancel(self) -> None:
        """End the run: calls under way are finished and kept. A second time, those end too."""
        if (run := self.run) is not None:
            self._ending = True
            run.cancel()
            self._settle()
            self.paint()

    def hear(self, event: Event) -> None:
        """Count what is over."""
        match event:
            case RunStarted():
                self._forget()
                self._lessons = event.lessons or 0
            case LessonStarted():
                self._sections += len(event.sections)
            case SectionEnded() if event.state != "cancelled":
                self._over += 1
                self._failed += event.state != "made"
            case LessonEnded():
                self._lessons_over += 1
            case _:
                pass

    def paint(self) -> None:
        """Show how far it is."""
        run = self.run
        if run is None:
            return
        state = "Making"
        if self._ending:
            state = "Cancelling, and finishing what is under way:"
        elif run.snapshot().paused:
            state = "Paused:"
        failed = f", {self._failed} failed" if self._failed else ""
        lessons = ""
        if self._lessons > 1:
            lessons = f"{self._lessons_over} of {count(self._lessons, 'lesson')}, "
        done = f"{lessons}{self._over} of {count(self._sections, 'section')}{failed}"
        self._tell(f"{state} {self._what}: {done}")
        taken = clock_time(time.monotonic() - self._began)
        bar = (
            f'<div class="vidkit-progress"><progress max="{self._sections or 1}" '
            f'value="{self._over}" aria-label="sections that are over"></progress>'
            f'<span class="vidkit-small">{taken}</span></div>'
        )
        if self._bar.value != bar:
            self._bar.value = bar
            reveal(self._bar, True)

    def _forget(self) -> None:
        self._lessons = self._lessons_over = 0
        self._sections = self._over = self._failed = 0

    def _settle(self) -> None:
        """Let each button say what it would do now."""
        run = self.run
        busy = run is not None
        self._make.disabled = self._make_all.disabled = busy
        self._pause.disabled = self._cancel.disabled = not busy
        paused = run is not None and run.snapshot().paused
        self._pause.description = "Resume" if paused else "Pause"
        self._pause.tooltip = (
            "Go on where it was held" if paused else "Begin nothing more until Resume"
        )
        ending = busy and self._ending
        self._cancel.description = "Stop at once" if ending else "Cancel"
        self._cancel.tooltip = (
            "Break off what is under way; calls may have been paid"
            if ending
            else "End the run; what is under way is finished and kept"
        )

    def _tell(self, text: str, kind: str = "state") -> None:
        self.told = text
        page = f'<div role="status" aria-live="polite">{words(text, kind)}</div>'
        if self._said.value != page:
            self._said.value = page


# The cards of the chosen lesson: kept while they hold edits, and told what the run has done.


class Desk:
    """Shows one lesson's cards at a time. make: starts a run of a lesson, for its cards."""

    def __init__(self, make: Make) -> None:
        self.sections: Sections | None = None
        self.widget = widgets.VBox()
        self._make = make
        self._lock = Lock()
        self._paths: tuple[Path, ...] = ()
        self._heard: list[Event] = []
        self._kept: dict[Path, Sections] = {}
        self._read: dict[Path, Lesson] = {}

    def show(self, path: Path, lesson: Lesson | None, settings: Settings, anew: bool) -> None:
        """Show the cards of `lesson`, which the file `path` holds now; none where it is faulty.

        Cards with edits stay as they are. anew: not where the file was changed besides.
        """
        if self.sections is not None and self.sections.lesson.path != path:
            self._leave(self.sections)
        sections = self._kept.get(path) or self.sections
        if sections is not None and self._still(sections, lesson, anew):
            if lesson is not None and sections.lesson == lesson:
                self._read[path] = lesson
        elif sections is not None:
            self._drop(sections)
            sections = None
        if sections is None and lesson is not None:
            self._read[path] = lesson
            sections = Sections(lesson, settings, self._make)
        self._place(sections)

    def settle(self, settings: Settings) -> None:
        """The next run has these settings: earlier takes and prices are looked up by them."""
        if self.sections is not None:
            self.sections.settings = settings

    def begin(self, paths: Sequence[Path]) -> None:
        """A run over these lessons begins."""
        with self._lock:
            self._paths, self._heard = tuple(paths), []

    def hear(self, event: Event) -> None:
        """Pass an event of the run on to the cards, if it concerns their lesson, and keep it for
        those that are shown later.
        """
        with self._lock:
            self._heard.append(event)
            for sections in self._all():
                if self._concerns(event, sections):
                    sections.hear(event)

    def paint(self) -> None:
        """Show what changed on the cards, and let those that wait make their sections."""
        for sections in self._all():
            sections.paint()

    def _all(self) -> list[Sections]:
        shown = [] if self.sections is None else [self.sections]
        return [*shown, *(kept for kept in self._kept.values() if kept not in shown)]

    def _still(self, sections: Sections, lesson: Lesson | None, anew: bool) -> bool:
        """Whether cards show what they should: the file as it is, or edits of it."""
        path = sections.lesson.path
        if lesson is not None and lesson in (sections.lesson, self._read.get(path)):
            return True
        return not anew and self._edited(sections)

    def _edited(self, sections: Sections) -> bool:
        try:
            return sections.take_in() != self._read.get(sections.lesson.path)
        except VidkitError:
            return True  # faulty texts in an open field

    def _leave(self, sections: Sections) -> None:
        """Another lesson is shown: keep the cards where they hold edits."""
        path = sections.lesson.path
        if self._edited(sections):
            self._kept[path] = sections
            self.sections = None
        else:
            self._drop(sections)

    def _drop(self, sections: Sections) -> None:
        path = sections.lesson.path
        self._kept.pop(path, None)
        self._read.pop(path, None)
        self.widget.children = ()
        with self._lock:
            if self.sections is sections:
                self.sections = None
        sections.close()

    def _place(self, sections: Sections | None) -> None:
        """Put cards on the desk, told of everything that their lesson's run did."""
        if sections is self.sections and self.widget.children:
            return
        with self._lock:
            if sections is not None and sections.lesson.path not in self._kept:
                for event in self._heard:
                    if self._concerns(event, sections):
                        sections.hear(event)
            self.sections = sections
        if sections is not None:
            self._kept.pop(sections.lesson.path, None)
            sections.paint()
        self.widget.children = (sections.widget,) if sections else ()

    def _concerns(self, event: Event, sections: Sections) -> bool:
        lesson = getattr(event, "lesson", None)
        if lesson is None:
            mine = sections.lesson.path in self._paths
            return mine and isinstance(event, RunStarted | RunEnded)
        return bool(lesson < len(self._paths) and self._paths[lesson] == sections.lesson.path)


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
            run = api.start_all(paths, settings=self.workers.settings, listener=self.hear)
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
            return making_all(self.lessons.folder.path, settings)
        read, path = self.lessons.lesson, self.lessons.path
        shown = self.desk.sections.lesson if self.desk.sections else None
        return making(path, settings, shown, read)

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
        run = api.start(lesson, None, settings=settings, listener=self.hear)
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
