"""The calls: a lesson to a video, a folder of lessons to a folder of videos.

`generate_video` and `process_videos` are coroutines and the core. The names of the script
that vidkit replaces, `generate_video_from_json` and `process_all_videos`, wait for them.
All four work in a script, in a notebook cell and inside a running asyncio program: every
run lives on vidkit's own loop.
"""

from __future__ import annotations

from collections.abc import Iterable
from glob import has_magic
from pathlib import Path
from typing import Any

from . import loop
from .equipment import store_of
from .errors import SettingsError
from .events import Listener
from .lesson import Lesson, load_lesson
from .lineup import Lessons, Lineup, folder_given, output_folder
from .order import Order
from .paths import is_file, is_folder, path_given, several_given, shortened
from .pipeline import Job
from .planning import Plan, plan_lessons
from .providers import image_makers, voice_makers
from .report import BatchReport, VideoReport
from .run import Run
from .settings import Settings, settled

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
    base_dir: Lessons = "lessons",
    max_workers: int | None = None,
    parallel: bool = True,
    *,
    output_dir: Pathlike | None = None,
    settings: Settings | None = None,
    listener: Listener | None = None,
    client: Any = None,
    **changes: Any,
) -> BatchReport:
    """Make the videos of many lessons, each in `output_<name>` beside its lesson.

    base_dir: a folder, a glob such as "lessons/*.json", a list of files and `Lesson`s, or a
    generator of them, which is drawn from in a thread of vidkit's as lessons come to be made.
    No file is opened before its turn; one that is named twice is made once. max_workers:
    lessons made at once (2 unless the settings say otherwise); the sections of each are made
    side by side as `section_workers` says, and the clips of as many lessons more may still be
    cut. parallel=False makes one lesson after the other. output_dir: a folder for all
    outputs, in which folders stand as they do around the lessons.
    client: a `distributed.Client`, whose workers make the lessons, each of them `max_workers` at
    once; lessons, outputs and the store have to lie on folders that all machines share.
    Further arguments as in `generate_video`.

    Gives a `BatchReport` with one `VideoReport` for each lesson, in the order in which
    people count, or in that of the list. A lesson that fails is in it as such, and leaves the
    others alone; an error of the generator ends the batch, as the report's `failure`.
    Raises `SettingsError` (a ValueError) for a faulty argument, and where there is no folder
    or no lesson in it.
    """
    order = _many(base_dir, max_workers, parallel, output_dir, settings, listener, client, changes)
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
    named = settings is not None or "section_workers" in changes
    workers = None if named and max_workers == 4 else max_workers
    order = _one(json_path, output_dir, workers, settings, listener, changes)
    with order:
        path = loop.run(order.make_one(), order.end).path
    assert path is not None  # make_one raises where there is none
    return path


def process_all_videos(
    base_dir: Lessons = "lessons",
    max_workers: int | None = 2,
    parallel: bool = True,
    *,
    output_dir: Pathlike | None = None,
    settings: Settings | None = None,
    listener: Listener | None = None,
    client: Any = None,
    **changes: Any,
) -> BatchReport:
    """Make the videos of all lessons of a folder: `process_videos`, waited for.

    A client that lives on the loop of the calling thread cannot be waited for; await
    `process_videos` with it.
    """
    if client is not None and getattr(client, "asynchronous", False):
        raise SettingsError(
            "this client lives on the loop that is to wait; await process_videos(…, client=client)"
        )
    named = settings is not None or "video_workers" in changes
    workers = None if named and max_workers == 2 else max_workers
    order = _many(base_dir, workers, parallel, output_dir, settings, listener, client, changes)
    with order:
        return loop.run(order.make_all(), order.end)


def plan(
    lessons: Pathlike | Lesson | Iterable[Pathlike | Lesson],
    settings: Settings | None = None,
    **changes: Any,
) -> Plan:
    """What a run over `lessons` would do, before it does it: calls, cost and time.

    lessons: a lesson, a folder of them, or several. Nothing is called and nothing is made, and
    no key is needed.
    Raises `LessonError` for a faulty lesson, `SettingsError` for a faulty argument.
    """
    chosen = _settings(settings, changes)
    if isinstance(lessons, Lesson):
        given: list[Pathlike | Lesson] = [lessons]
    elif isinstance(lessons, str | Path):
        path = path_given("lessons", lessons)
        several = is_folder(path) or (has_magic(str(path)) and not is_file(path))
        given = [job.path for job in Lineup(path)] if several else [path]
    else:
        given = several_given("lessons", lessons, "a lesson, a folder of them, or a list")
    return plan_lessons(
        [each if isinstance(each, Lesson) else load_lesson(each) for each in given],
        chosen,
        image_makers(chosen, keyless=True),
        voice_makers(chosen, keyless=True),
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
) -> Run[VideoReport]:
    """Start making one lesson's video and return at once, in a script or a cell.

    Arguments as in `generate_video`. The `Run` can be resized, paused and cancelled while it
    works; `await run` or `run.result()` gives the report, whatever came of it.
    """
    order = _one(lesson, output_dir, max_workers, settings, listener, changes)
    return Run(order, order.report_one())


def start_all(
    base_dir: Lessons = "lessons",
    max_workers: int | None = None,
    *,
    output_dir: Pathlike | None = None,
    settings: Settings | None = None,
    listener: Listener | None = None,
    client: Any = None,
    **changes: Any,
) -> Run[BatchReport]:
    """Start making the videos of all lessons of a folder and return at once.

    Arguments as in `process_videos`, the `Run` as in `start`.
    """
    order = _many(base_dir, max_workers, True, output_dir, settings, listener, client, changes)
    return Run(order, order.make_all())


def _one(
    lesson: Pathlike | Lesson,
    output_dir: Pathlike | None,
    max_workers: int | None,
    settings: Settings | None,
    listener: Listener | None,
    changes: dict[str, Any],
) -> Order:
    chosen = _settings(settings, changes, section_workers=max_workers)
    if isinstance(lesson, Lesson):
        return Order(chosen, [Job(lesson, _folder(lesson.path, output_dir))], *_heard(listener))
    path = path_given("json_path", lesson)
    return Order(chosen, [Job(path, _folder(path, output_dir))], *_heard(listener))


def _many(
    base_dir: Lessons,
    max_workers: int | None,
    parallel: bool,
    output_dir: Pathlike | None,
    settings: Settings | None,
    listener: Listener | None,
    client: Any,
    changes: dict[str, Any],
) -> Order:
    chosen = _settings(settings, changes, video_workers=max_workers)
    if not parallel:
        chosen = chosen.with_(video_workers=1)
    lineup, heard = Lineup(base_dir, output_dir), _heard(listener)
    if client is None:
        return Order(chosen, lineup, *heard)
    if not parallel:
        raise SettingsError("parallel=False makes one lesson after the other; give no client= then")
    from .fleet import FleetOrder

    return FleetOrder(client, chosen, lineup, *heard)


def _heard(listener: Listener | None) -> tuple[Listener, ...]:
    if listener is not None and not callable(listener):
        raise SettingsError(
            f"listener is {shortened(listener)}; give a function, which is called with each event"
        )
    return () if listener is None else (listener,)


def _settings(
    settings: Settings | None, changes: dict[str, Any], **workers: int | None
) -> Settings:
    given = {name: number for name, number in workers.items() if number is not None}
    for name in given:
        if name in changes:
            raise SettingsError(f"give max_workers or {name}, not both: they are the same")
    return settled(settings, given | changes)


def _folder(lesson: Path, output_dir: Pathlike | None) -> Path:
    """Where a lesson's output goes: where the caller says, or beside the lesson."""
    return output_folder(lesson) if output_dir is None else folder_given("output_dir", output_dir)
