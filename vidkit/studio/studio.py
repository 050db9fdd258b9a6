"""All of it: choose a lesson, see what it would cost, edit it, *Make*, watch, and play.

The cell that shows it returns at once. The run lives on vidkit's loop; a later cell may
`report = await studio`.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from threading import RLock
from typing import Any

from .. import api
from ..api import Run
from ..core import loop
from ..core.errors import Cancelled, VidkitError
from ..core.events import Event, LessonEnded, LessonStarted, RunEnded, RunStarted, WorkersChanged
from ..core.format import count
from ..forecasting.plan import Plan
from ..models.editing import TEXTS
from ..models.lesson import Lesson
from ..models.settings import Settings
from ..pipeline.batch import output_folder
from ..pipeline.output import read_report
from ..report.reports import BatchReport, VideoReport, outcome
from ..store.ledger import Budget
from .editing import Draft
from .lessons import Lessons
from .monitor import Controls, Meters, Timeline
from .sections import Sections
from .settings import AS_ASKED, Subject, Workers
from .videos import Film, Videos
from .widgets import Painter, Part, View

log = logging.getLogger("vidkit.studio")

Report = VideoReport | BatchReport

_UNSAVED: dict[Path, Draft] = {}
"""Lessons with changes that are not saved, by their files: whoever runs the cell of a Studio again
finds them in the new one."""

_GOING: dict[Path, Studio] = {}
"""Whose run goes on, by the folder of its lessons: a Studio that is made meanwhile takes it up."""


class Studio(Part):
    """A panel over the lessons of `folder`, or of the folder of one lesson's file, which is chosen
    then; settings and further keywords are those of its runs.

    Its parts are `lessons`, `workers`, `controls`, `film`, `meters`, `timeline`, `sections` with
    the cards of the chosen lesson (None where that is faulty), and `videos` with the rows of the
    latest batch. `run` is the latest run and `report` what came of it; `await studio` waits for it.
    Raises `SettingsError` where the folder is missing.
    """

    component = "studio"

    def __init__(
        self, folder: str | Path = "lessons", settings: Settings | None = None, **changes: Any
    ) -> None:
        super().__init__()
        self._lock = RLock()
        self.workers = Workers(settings, **{"progress": False} | changes)
        self.lessons = Lessons(folder, self.workers.settings.rate, reader=False)
        self.controls = Controls()
        self.film = Film()
        self.meters = Meters(self.workers.settings)
        self.timeline = Timeline()
        self.videos = Videos()
        self.sections: Sections | None = None
        self.run: Run[Any] | None = None
        self.report: Report | None = None
        self._batch = False
        self._paths: tuple[Path, ...] = ()
        self._heard: dict[int, list[Event]] = {}
        self._heirs: list[Studio] = []
        self._kin = [self]
        self._kept: dict[Path, Sections] = {}
        self._following: loop.Work[None] | None = None
        self.lessons.on_choose(self._chosen)
        self.workers.on_change(self._settled)
        self.controls.status = "Choose a lesson, then Make."
        other, one = _GOING.get(self._here), Path(folder).is_file()
        if other is not None and (not one or self.lessons.path in other._paths):
            self._take_up(other)
        self._chosen()

    @property
    def widget(self) -> View:
        """The panel, made when it is first asked for."""
        if self._view is None:
            self._view = View([self, *self._parts()], shown=("studio",))
            self.paint()
        return self._view

    # ---- what can be done

    def make(self) -> None:
        """Start making the chosen lesson, as it is edited here; returns at once."""
        if self.controls.run is not None:
            return
        self._chosen()
        try:
            if self.sections is None:
                path = self.lessons.path
                why = (
                    f"{path.name} has faults; mend them first" if path else "there is no lesson yet"
                )
                raise VidkitError(why)
            self._start(self.sections.take_in())
        except VidkitError as error:
            self.trouble(str(error))

    def make_all(self) -> None:
        """Start making every lesson of the folder, as their files are; returns at once."""
        if self.controls.run is not None:
            return
        folder = self.lessons.folder
        paths = tuple(folder.paths)
        lessons = [folder.open(path).lesson for path in paths]
        try:
            sections = [len(lesson.sections) if lesson else 0 for lesson in lessons]
            self._begin(paths, sections, Videos(paths, self._watched))
            run = api.start_all(paths, settings=self.workers.settings, listener=self.on_event)
        except VidkitError as error:
            self.trouble(str(error))
            return
        self._follow(run, count(len(paths), "lesson"))

    do_make, do_make_all = make, make_all

    def do_code(self) -> None:
        """*Python*: shown, or hidden again."""
        self.controls.code = "" if self.controls.code else self.code()
        self.controls.say(self.controls.status, self.controls.tone)

    def trouble(self, text: str) -> None:
        """Tell what went wrong."""
        self.controls.trouble(text)

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
        settings, path = self.workers.settings, self.lessons.path
        if self._batch or path is None:
            return making_all(self.lessons.folder.path, settings)
        shown = self.sections.lesson if self.sections else None
        return making(path, settings, shown, self.lessons.lesson)

    def __await__(self) -> Generator[Any, None, Report]:
        """The report of the latest run, whatever came of it."""
        if self.run is None:
            raise VidkitError("nothing is being made yet: press Make, or call make()")
        return self._wait().__await__()

    async def _wait(self) -> Report:
        following = None
        while following is not self._following:
            following = self._following
            assert following is not None
            await following  # `_ended` has been called, and the notebook shows it
        assert self.report is not None
        return self.report

    # ---- a part, made of parts

    def on_event(self, event: Event) -> None:
        """Take in an event of its run."""
        for part in (self.controls, self.meters, self.timeline):
            part.on_event(event)
        if self._batch:
            self.videos.on_event(event)
        self._hear(event)

    def paint(self) -> None:
        """Show what changed since the last time."""
        for part in self._parts():
            part.paint()

    def _parts(self) -> list[Part]:
        parts = [self.lessons, self.workers, self.controls, self.film]
        return [*parts, self.meters, self.timeline, self.videos, *self._all()]

    def _all(self) -> list[Sections]:
        """The cards that are shown, and those of other lessons that are kept."""
        shown = [] if self.sections is None else [self.sections]
        return [*shown, *(kept for kept in self._kept.values() if kept is not self.sections)]

    def page(self) -> str:
        """The video and the cards as HTML that needs no kernel: what a saved notebook shows."""
        return self.film.page() + (self.sections.page() if self.sections else "")

    def _ipython_display_(self) -> None:
        if self.sections is not None:
            self.sections.wait()
        super()._ipython_display_()

    def __repr__(self) -> str:
        lessons = count(len(self.lessons.folder.paths), "lesson")
        return f"Studio({str(self.lessons.folder.path)!r}): {lessons}, {self.controls.status}"

    # ---- the chosen lesson

    def _chosen(self) -> None:
        """Show the chosen lesson: its cards, its video, and what it would cost."""
        lesson, path = self.lessons.lesson, self.lessons.path
        with self._lock:
            self._show_cards(path, lesson, self.lessons.read_anew)
        self.controls.several = len(self.lessons.folder.paths) > 1
        if lesson is not None:
            self.workers.speak(lesson.language)
        self._show_film()
        self._plan()
        self._settled()
        self.store()

    def _show_cards(self, path: Path | None, lesson: Lesson | None, anew: bool) -> None:
        """Show the cards of `lesson`, which the file `path` holds now; none where it is faulty.

        Cards with edits stay as they are, and those that wait to be made. anew: not where the
        file was changed besides.
        """
        shown = self.sections
        if shown is not None and (shown.edited or shown.waiting):
            self._kept[shown.lesson.path] = shown
        here = self._kept.pop(path, None) if path else None
        if shown is not None and shown.lesson.path == path:
            here = shown
        if here is not None and lesson is not None and lesson in (here.lesson, here.draft.file):
            here.draft.reread(lesson)
        elif here is not None and (anew or not here.edited):
            _UNSAVED.pop(here.lesson.path.resolve(), None)
            here = None
        if here is None and lesson is not None:
            here = self._cards(lesson)
        self._place(here)

    def _cards(self, lesson: Lesson) -> Sections:
        """Cards for a lesson, with the edits of an earlier Studio and what its run has done."""
        draft = _UNSAVED.get(lesson.path.resolve())
        if draft is not None:
            draft = draft.copy() if draft.file.seal == lesson.seal else None
        sections = Sections(lesson, self.workers.settings, self._start, draft)
        sections.as_filed = self._batch
        sections.on_change(lambda: self._edited(sections))
        for index, path in enumerate(self._paths):
            for event in self._heard.get(index, ()) if path == lesson.path else ():
                sections.on_event(event)
        return sections

    def _place(self, sections: Sections | None) -> None:
        if sections is not self.sections or sections is None:
            self.sections = sections
            if self._view is not None:
                if sections is not None:
                    self._view.member(sections)
                    sections.paint()
                else:
                    self._view.dismiss("sections")
                    self._view.put({"lesson": {}, "sections": [], "states": {}})

    def _edited(self, sections: Sections) -> None:
        """The lesson says something else: that counts at once."""
        path = sections.lesson.path.resolve()
        if sections.edited:
            _UNSAVED[path] = sections.draft
        else:
            _UNSAVED.pop(path, None)
        self._plan()
        self._settled()
        self.store()

    def _plan(self) -> None:
        """Tell anew of the lesson as it is edited, and what a run would do: of this lesson, and of
        all as files are.
        """
        self.lessons.tell_of(self.sections.lesson if self.sections else None)
        folder, subjects = self.lessons.folder, []
        if self.sections is not None:
            lesson = self.sections.lesson
            subjects = [Subject("This lesson", (lesson.path, id(lesson)), lambda: [lesson])]
        if len(folder.paths) > 1:
            there = len(folder.paths)
            name = f"All {there} lessons"
            subjects.append(Subject(name, folder.key, folder.lessons, there))
        self.workers.plan_for(*subjects)

    def _settled(self) -> None:
        """The settings were changed, or what they are for."""
        if self.sections is not None:
            self.sections.settings = self.workers.settings
        if self.controls.code:
            self.controls.code = self.code()
            self.controls.say(self.controls.status, self.controls.tone)

    def _show_film(self) -> None:
        """Show the video of the chosen lesson, also one that was made earlier."""
        path = self.lessons.path
        videos = self.report.videos if isinstance(self.report, BatchReport) else [self.report]
        mine = next((video for video in videos if video and video.lesson == path), None)
        if mine is None and path is not None:
            mine = read_report(output_folder(path), path)
        self.film.show_report(mine)

    # ---- running

    def _start(self, lesson: Lesson, **changes: Any) -> Run[VideoReport] | None:
        """Start a run of one lesson; None where another goes on. Raises `VidkitError`."""
        if self.controls.run is not None:
            return None
        settings = self.workers.settings.with_(**changes)
        only = settings.only
        self._begin((lesson.path,), [len(only or lesson.sections)], None)
        run = api.start(lesson, None, settings=settings, listener=self.on_event)
        part = f"section {', '.join(map(str, only))} of " if only else ""
        self._follow(run, f"{part}{lesson.title or lesson.name}")
        return run

    def _begin(self, paths: Sequence[Path], sections: Sequence[int], videos: Videos | None) -> None:
        self._batch = videos is not None
        if videos is not None:
            self.videos = videos
            if self._view is not None:
                self._view.member(videos)
        self.report = None
        with self._lock:
            self._paths, self._heard, self._heirs = tuple(paths), {}, []
        self.controls.begin(sections)
        self.meters.settle(self.workers.settings)
        self._settled()

    def _follow(self, run: Run[Any], what: str) -> None:
        _GOING[self._here] = self
        self.controls.watch(run, what, self._planned())
        self._steer(run)

    def _steer(self, run: Run[Any]) -> None:
        self.run = run
        self.workers.watch(run)
        kin = tuple(self._kin)  # what waits to be made in any of them goes on when this is over
        self._following = Painter().watch(run, *kin, after=lambda: self._ended(run))

    def _take_up(self, other: Studio) -> None:
        """Show and steer what another Studio makes of these lessons: its cell was run again, or
        stands elsewhere.
        """
        with other._lock:
            run = other.run
            if run is None or run.done():
                return
            for name in ("controls", "meters", "timeline", "videos"):
                part = getattr(other, name)
                part.share()
                setattr(self, name, part)
            self._batch, self._paths = other._batch, other._paths
            self._heard = {lesson: [*events] for lesson, events in other._heard.items()}
            other._heirs.append(self)
            other._kin.append(self)
            self._kin = other._kin
        self.videos.watch = self._watched
        if not self._batch and self._paths[0] in self.lessons.folder.paths:
            self.lessons.choose(self._paths[0])
        now = run.snapshot()
        asked = WorkersChanged(0.0, now.section_workers, now.video_workers, AS_ASKED)
        self.workers.on_event(asked)
        self._steer(run)

    def _watched(self, video: VideoReport) -> None:
        self.lessons.choose(video.lesson)

    @property
    def _here(self) -> Path:
        return self.lessons.folder.path.resolve()

    def _planned(self) -> Plan | None:
        """The plan of the run, as far as there is one."""
        name = f"All {len(self.lessons.folder.paths)} lessons" if self._batch else "This lesson"
        plan = dict(self.workers.answers).get(name)
        return plan if isinstance(plan, Plan) else None

    def _hear(self, event: Event) -> None:
        """Take in an event with the parts that no other Studio has."""
        self.workers.on_event(event)
        with self._lock:
            self._note(event)
            for sections in self._all():
                if self._concerns(event, sections):
                    sections.as_filed = self._batch
                    sections.on_event(event)
            for heir in self._heirs:
                heir._hear(event)

    def _note(self, event: Event) -> None:
        """Keep what happened to lessons that are under way, for cards that are shown later; of
        lessons that are over the folder tells.
        """
        lesson = getattr(event, "lesson", None)
        if isinstance(event, LessonStarted):
            self._heard[event.lesson] = [event]
        elif isinstance(event, LessonEnded):
            self._heard.pop(event.lesson, None)
        elif lesson in self._heard:
            self._heard[lesson].append(event)

    def _concerns(self, event: Event, sections: Sections) -> bool:
        lesson = getattr(event, "lesson", None)
        if lesson is None:
            mine = sections.lesson.path in self._paths
            return mine and isinstance(event, RunStarted | RunEnded)
        return bool(lesson < len(self._paths) and self._paths[lesson] == sections.lesson.path)

    def _ended(self, run: Run[Any]) -> None:
        """Show what came of a run. Called once for each, however it ended."""
        if _GOING.get(self._here) is self:
            del _GOING[self._here]
        try:
            report = run.result()
        except VidkitError as error:
            report = self._so_far(error)
        except Exception as error:
            log.exception("a run of the Studio broke down")
            report = self._so_far(VidkitError(f"{type(error).__name__}: {error}"))
        self.report = report
        if isinstance(report, BatchReport):
            self.videos.take(report)
        self._show_film()
        self.controls.say(*_verdict(report))
        if self.sections is not None and self._batch:
            self.sections.look()
            self.sections.wait()
        self.store()

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
    """What came of a run, in a line and a tone."""
    if isinstance(report.failure, Cancelled):
        return str(report.failure), "state"
    if report.failure is not None:
        return str(report.failure), "wrong"
    if isinstance(report, BatchReport):
        line = str(report).splitlines()[-1].partition(";")[0]
        line = line[:1].upper() + line[1:]
    else:  # with its name: it stays in sight where another lesson is chosen
        line = f"{report.title or report.name}: {outcome(report).partition(';')[0]}"
    return line, "state" if report.made else "wrong"


_TO_SAVE = "# press Save lesson first: the panel has changes that the file does not have"


def making(
    path: Path, settings: Settings, shown: Lesson | None = None, read: Lesson | None = None
) -> str:
    """Makes the video of the lesson in the file `path`. shown, read: the lesson as the panel has
    it, and as its file has it, where both are known; edits between them are made there too.
    """
    subject, before = repr(str(path)), _edits(shown, read) if shown and read else []
    if before and before != [_TO_SAVE]:
        subject, before = "lesson", ["", f"lesson = vidkit.load_lesson({subject})", *before]
    return _cell(before, _call("generate_video", subject, settings))


def making_all(folder: Path, settings: Settings) -> str:
    """Makes the videos of a folder."""
    return _cell([], _call("process_videos", repr(str(folder)), settings))


def _cell(before: list[str], call: list[str]) -> str:
    return "\n".join(["import vidkit", *(before or [""]), *call, "report"])


def _edits(lesson: Lesson, read: Lesson) -> list[str]:
    """What makes of the lesson in the file the one that the panel has."""
    head = replace(lesson, sections=read.sections, warnings=read.warnings)
    if head != read or len(lesson.sections) != len(read.sections):
        return [_TO_SAVE]
    lines = []
    for index, (now, before) in enumerate(zip(lesson.sections, read.sections, strict=True)):
        if now != replace(before, **{key: getattr(now, key) for key in TEXTS}):
            return [_TO_SAVE]
        changed = [key for key in TEXTS if getattr(now, key) != getattr(before, key)]
        given = "".join(f", {key}={getattr(now, key) or ''!r}" for key in changed)
        if given:
            lines.append(f"lesson = vidkit.edited(lesson, {index}{given})")
    return lines


def _call(name: str, subject: str, settings: Settings) -> list[str]:
    lines = [f"    {subject},"]
    unknown = []
    default = Settings()
    for each in fields(Settings):
        value = getattr(settings, each.name)
        if each.name == "progress" or value == getattr(default, each.name):
            continue  # bars are what the panel chooses for itself
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
