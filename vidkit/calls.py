"""The calls: a lesson to a video, a folder of lessons to a folder of videos.

`generate_video` and `process_videos` are coroutines and the core. The names of the script
that vidkit replaces, `generate_video_from_json` and `process_all_videos`, wait for them.
All four work in a script, in a notebook cell and inside a running asyncio program: every
run lives on vidkit's own loop.
"""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
import weakref
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio

from . import loop, media
from .errors import NothingMade, SettingsError
from .events import Events, Listener, Noticed
from .gate import Gate
from .lesson import Lesson, lesson_files, load_lesson
from .machine import usable_cores
from .pipeline import Editor, Job, Run, Tools
from .planning import Plan, plan_lessons
from .progress import Watcher, bars
from .providers import ImageMaker, VoiceMaker, image_maker, voice_maker
from .report import BatchReport, VideoReport
from .settings import Settings
from .store import Budget, NoStore, Store, default_folder, open_store

Pathlike = str | Path


async def generate_video(
    lesson: Pathlike | Lesson,
    output_dir: Pathlike | None = None,
    max_workers: int | None = None,
    *,
    settings: Settings | None = None,
    listener: Listener | None = None,
    **changes: Any,
) -> VideoReport:
    """Make one lesson's video.

    lesson: the JSON file, or a `Lesson`. output_dir: where all of it goes; None is
    `output_<name>` beside the lesson. max_workers: sections made at once (4 unless the
    settings say otherwise). listener: called with each event of the run, in vidkit's thread.
    Further keywords are settings, such as images="simulated", on_failure="placeholder".

    Gives a `VideoReport`; its `.path` is the video. Sections that failed are in
    `.failed`, and missing from the video or held by a placeholder.
    Raises `LessonError` for a faulty lesson, `SettingsError` (a ValueError) for a faulty
    argument, `OutputError` where the folder is not ours to write, `NothingMade` where no
    section could be made, `SectionError` where on_failure="stop" stopped it.
    """
    order = _one(lesson, output_dir, max_workers, settings, listener, changes)
    with order:
        return await loop.hop(order.make_one())


async def process_videos(
    base_dir: Pathlike | Iterable[Pathlike] = "lessons",
    max_workers: int | None = None,
    parallel: bool = True,
    *,
    settings: Settings | None = None,
    listener: Listener | None = None,
    **changes: Any,
) -> BatchReport:
    """Make the videos of all lessons of a folder, each in `<base_dir>/output_<name>/`.

    base_dir: the folder, or the lessons' files one by one. max_workers: lessons made at
    once (2 unless the settings say otherwise); the sections of each are made side by side
    as `section_workers` says. parallel=False makes one lesson after the other.
    Further arguments as in `generate_video`.

    Gives a `BatchReport` with one `VideoReport` for each lesson, in the order in which
    people count. A lesson that fails is in it as such, and leaves the others alone.
    Raises `SettingsError` (a ValueError) for a faulty argument, `LessonError` where the
    folder is missing or holds no lesson.
    """
    order = _many(base_dir, max_workers, parallel, settings, listener, changes)
    with order:
        return await loop.hop(order.make_all())


def generate_video_from_json(
    json_path: Pathlike | Lesson,
    output_dir: Pathlike | None = None,
    max_workers: int | None = 4,
    *,
    settings: Settings | None = None,
    listener: Listener | None = None,
    **changes: Any,
) -> Path:
    """Make one lesson's video and give its path: `generate_video`, waited for."""
    order = _one(json_path, output_dir, max_workers, settings, listener, changes)
    with order:
        path = loop.run(order.make_one()).path
    assert path is not None  # make_one raises where there is none
    return path


def process_all_videos(
    base_dir: Pathlike | Iterable[Pathlike] = "lessons",
    max_workers: int | None = 2,
    parallel: bool = True,
    *,
    settings: Settings | None = None,
    listener: Listener | None = None,
    **changes: Any,
) -> BatchReport:
    """Make the videos of all lessons of a folder: `process_videos`, waited for."""
    order = _many(base_dir, max_workers, parallel, settings, listener, changes)
    with order:
        return loop.run(order.make_all())


def plan(
    lessons: Pathlike | Lesson | Iterable[Pathlike | Lesson],
    settings: Settings | None = None,
    **changes: Any,
) -> Plan:
    """What a run over `lessons` would do, before it does it: calls, cost and time.

    lessons: a lesson, a folder of them, or several. Nothing is called and nothing is made.
    Raises `LessonError` for a faulty lesson, `SettingsError` for a faulty argument.
    """
    chosen = _settings(settings, changes)
    if isinstance(lessons, Lesson):
        given: list[Pathlike | Lesson] = [lessons]
    elif isinstance(lessons, str | Path):
        path = _path("lessons", lessons)
        given = list(lesson_files(path)) if path.is_dir() else [path]
    else:
        given = list(lessons)
    return plan_lessons(
        [each if isinstance(each, Lesson) else load_lesson(each) for each in given],
        chosen,
        image_maker(chosen.images),
        voice_maker(chosen.voice),
        store_of(chosen),
    )


def start(
    lesson: Pathlike | Lesson,
    output_dir: Pathlike | None = None,
    max_workers: int | None = None,
    *,
    settings: Settings | None = None,
    listener: Listener | None = None,
    **changes: Any,
) -> loop.Work[VideoReport]:
    """Start making one lesson's video and return at once, in a script or a cell.

    Arguments as in `generate_video`. The handle can be awaited, `wait`ed for, `cancel`led
    and asked whether it is `done`.
    """
    order = _one(lesson, output_dir, max_workers, settings, listener, changes)

    async def make() -> VideoReport:
        with order:
            return await order.make_one()

    return loop.submit(make())


class _Order:
    """A run that is about to start: made in the caller's thread, where faults of the
    arguments are found and a notebook's cell owns the bars; carried out on vidkit's loop.
    """

    def __init__(self, settings: Settings, jobs: Sequence[Job], listener: Listener | None) -> None:
        self.settings = settings
        self.jobs = jobs
        self.budgets = _budgets(settings)
        self.images = image_maker(settings.images)
        self.voice = voice_maker(settings.voice)
        self.listener = listener
        self._bars: Watcher | None = None

    def __enter__(self) -> None:
        if self.settings.progress:
            self._bars = bars(len(self.jobs), self.settings.video_workers)

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.close()

    async def make_one(self) -> VideoReport:
        run = await self._run()
        report = self._with_retry(await run.make_one(self.jobs[0]), self.jobs[0])
        if report.path is None:
            raise report.failure or NothingMade(f"{report.name}: there is no video")
        return report

    async def make_all(self) -> BatchReport:
        run = await self._run()
        report = await run.make(self.jobs)
        videos = map(self._with_retry, report.videos, self.jobs)
        return replace(report, videos=tuple(videos), retry=self._retry_all)

    def _with_retry(self, report: VideoReport, job: Job) -> VideoReport:
        """The report, which can make again what failed."""

        def again() -> VideoReport:
            order = _Order(self._unforced(), [job], self.listener)
            with order:
                return loop.run(order.make_one())

        return replace(report, retry=again)

    def _retry_all(self) -> BatchReport:
        order = _Order(self._unforced(), self.jobs, self.listener)
        with order:
            return loop.run(order.make_all())

    def _unforced(self) -> Settings:
        """The same settings for a second run: what was made anew is not made anew again."""
        return self.settings.with_(force=None)

    async def _run(self) -> Run:
        """A run with real tools, on the loop that it will live on."""
        events = Events()
        for listener in (self._bars, self.listener):
            if listener is not None:
                events.subscribe(listener)
        store = await asyncio.to_thread(store_of, self.settings)
        _hearing.add(events)
        tools = Tools(
            images=self.images,
            voice=self.voice,
            image_gate=_gate("images", self.images),
            voice_gate=_gate("voice", self.voice),
            editor=_editor(),
            aside=asyncio.to_thread,
            cores=anyio.CapacityLimiter(usable_cores()),
            clock=time.monotonic,
            store=store,
            budgets=self.budgets,
            events=events,
        )
        return Run(self.settings, tools)


_stores: dict[Path, Store | NoStore] = {}
_opening = threading.Lock()
_hearing: weakref.WeakSet[Events] = weakref.WeakSet()


def store_of(settings: Settings) -> Store | NoStore:
    """The store that a run with these settings uses; one for each folder of the process.

    A folder that cannot be used gives one that keeps nothing, with a note that says why.
    """
    if not settings.cache:
        return NoStore()
    folder = Path(settings.cache_dir or default_folder()).expanduser().absolute()
    with _opening:
        store = _stores.get(folder)
        if store is None or not store.keeps:
            store = _stores[folder] = open_store(folder, on_note=_noticed)
        return store


def _noticed(sentence: str) -> None:
    """Pass a note of the store on to every run that is under way."""

    def tell() -> None:
        for events in tuple(_hearing):
            events.tell(Noticed(0.0, None, sentence))

    loop.event_loop().call_soon_threadsafe(tell)


def _budgets(settings: Settings) -> tuple[Budget, ...]:
    """The caps of one run: a number is a budget of its own, that no other run shares."""
    given = settings.budget
    if given is None:
        return ()
    several = given if isinstance(given, list | tuple) else [given]
    budgets = []
    for each in several:
        if isinstance(each, Budget):
            budgets.append(each)
        elif isinstance(each, int | float) and not isinstance(each, bool) and each >= 0:
            budgets.append(Budget(f"run {uuid.uuid4().hex[:12]}", float(each)))
        else:
            raise SettingsError(f"budget is {each!r}; give dollars, or Budget('name', dollars)")
    return tuple(budgets)


def _editor() -> Editor:
    """The real editor. The slides come in only if a card is drawn."""

    def card(heading: str, line: str, size: tuple[int, int]) -> bytes:
        from .providers.slides import card as draw

        return draw(heading, line, size)

    return Editor(
        check_picture=media.check_picture,
        check_sound=media.check_sound,
        card=card,
        clip=media.make_clip,
        effects=media.apply_effects,
        seam=media.make_seam,
        join=media.join_clips,
        poster=media.poster,
        sheet=media.contact_sheet,
        starts=media.section_starts,
    )


_gates: dict[tuple[str, str], Gate] = {}


def _gate(kind: str, maker: ImageMaker | VoiceMaker) -> Gate:
    """The gate of a provider, shared by every run of the process. Only for vidkit's loop."""
    gate = _gates.get((kind, maker.name))
    if gate is None:
        gate = _gates[kind, maker.name] = Gate(maker.name, maker.places)
    return gate


def _one(
    lesson: Pathlike | Lesson,
    output_dir: Pathlike | None,
    max_workers: int | None,
    settings: Settings | None,
    listener: Listener | None,
    changes: dict[str, Any],
) -> _Order:
    chosen = _settings(settings, changes, section_workers=max_workers)
    if isinstance(lesson, Lesson):
        return _Order(chosen, [Job(lesson, _folder(lesson.path, output_dir))], listener)
    path = _path("json_path", lesson)
    return _Order(chosen, [Job(path, _folder(path, output_dir))], listener)


def _many(
    base_dir: Pathlike | Iterable[Pathlike],
    max_workers: int | None,
    parallel: bool,
    settings: Settings | None,
    listener: Listener | None,
    changes: dict[str, Any],
) -> _Order:
    chosen = _settings(settings, changes, video_workers=max_workers)
    if not parallel:
        chosen = chosen.with_(video_workers=1)
    if isinstance(base_dir, str | Path):
        paths = lesson_files(_path("base_dir", base_dir))
    else:
        paths = [_path("base_dir", each) for each in base_dir]
    if not paths:
        raise SettingsError("base_dir is an empty list; name at least one lesson")
    twice = [path for path, times in Counter(p.resolve() for p in paths).items() if times > 1]
    if twice:
        raise SettingsError(f"{twice[0]} is named twice; name each lesson once")
    return _Order(chosen, [Job(path, _folder(path, None)) for path in paths], listener)


def _settings(
    settings: Settings | None, changes: dict[str, Any], **workers: int | None
) -> Settings:
    given = {name: number for name, number in workers.items() if number is not None}
    for name in given:
        if name in changes:
            raise SettingsError(f"give max_workers or {name}, not both: they are the same")
    return (settings or Settings()).with_(**given, **changes)


def _path(name: str, value: object) -> Path:
    if not isinstance(value, str | Path) or not str(value):
        raise SettingsError(f"{name} is {value!r}; give the path of a lesson")
    return Path(value).expanduser()


def _folder(lesson: Path, output_dir: Pathlike | None) -> Path:
    """Where a lesson's output goes: where the caller says, or beside the lesson."""
    if output_dir is None:
        return lesson.parent / f"output_{lesson.stem}"
    folder = _path("output_dir", output_dir)
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"output_dir is {folder}, which is a file; name a folder")
    return folder
