"""The calls: a lesson to a video, a folder of lessons to a folder of videos.

`generate_video` and `process_videos` are coroutines and the core. The names of the script
that vidkit replaces, `generate_video_from_json` and `process_all_videos`, wait for them.
All four work in a script, in a notebook cell and inside a running asyncio program: every
run lives on vidkit's own loop.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from glob import has_magic
from inspect import iscoroutinefunction
from pathlib import Path
from threading import Lock
from typing import Any, Generic, TypeVar

from .core import loop
from .core.errors import LessonError, SettingsError, StoreError
from .core.events import Event, LessonEnded, Listener, SectionEnded, StepEnded, StepStarted
from .core.notebook import show_latest
from .core.paths import is_file, is_folder, path_given, several_given, shortened
from .core.terminal import say
from .forecasting.plan import Plan, plan_lessons
from .models.lesson import Lesson
from .models.reading import load_lesson
from .models.settings import MOST_WORKERS, Settings, settled, whole
from .pipeline.assets import candidates, find_stored, keys_of
from .pipeline.batch import (
    Job,
    Lessons,
    LessonSource,
    folder_given,
    named_lessons,
    output_folder,
)
from .pipeline.context import PartKind, Source
from .pipeline.run import Runner, store_of
from .providers.registry import image_makers, voice_makers
from .report.progress import in_one_line
from .report.reports import BatchReport, VideoReport, in_groups
from .store import Asset, Store

# A run that is under way, and how to steer it from anywhere: a cell, a script, a callback.


T = TypeVar("T")


@dataclass(frozen=True)
class Snapshot:
    """A run at one moment.

    sections: those that are over, failed: those of them that failed. lessons: those that are
    over. under_way: pieces of work that go on. section_workers, video_workers: as they are
    set now. paused, ending: whether it is held, and whether it was cancelled.
    """

    lessons: int
    sections: int
    failed: int
    under_way: int
    section_workers: int
    video_workers: int
    paused: bool
    ending: bool


class Run(Generic[T]):
    """A run that was started; `await run` or `run.result()` gives its report."""

    def __init__(self, runner: Runner, coroutine: Coroutine[Any, Any, T]) -> None:
        self._runner = runner
        self._lock = Lock()
        self._counts = {"lessons": 0, "sections": 0, "failed": 0, "under_way": 0}
        self._workers = (runner.settings.section_workers, runner.settings.video_workers)
        self._paused = self._ending = False
        runner.watchers.append(self._on_event)
        runner.__enter__()
        self._work = loop.submit(coroutine)
        self._work.future.add_done_callback(lambda _: runner.__exit__())

    def resize(self, sections: int | None = None, videos: int | None = None) -> None:
        """Make so many sections of a lesson, or lessons, at once from now on. Growing takes
        effect at once, shrinking as calls end. Raises `SettingsError` outside 1 to 64.
        """
        for name, number in (("sections", sections), ("videos", videos)):
            if number is not None:
                whole(name, number, 1, MOST_WORKERS)
        self._workers = (sections or self._workers[0], videos or self._workers[1])
        self._runner.steer(lambda batch: batch.resize(sections, videos))

    def pause(self) -> None:
        """Begin nothing more until `resume`; calls under way are finished."""
        self._paused = True
        self._runner.steer(lambda batch: batch.runtime.control.hold())

    def resume(self) -> None:
        """Go on after `pause`."""
        self._paused = False
        self._runner.steer(lambda batch: batch.runtime.control.go())

    def cancel(self) -> None:
        """End the run. Calls under way, which may be paid for, are let finish and are kept, and
        so is a clip that is being cut; a second `cancel` ends those too.
        """
        if self._ending:
            self._work.cancel()
        self._ending = True
        self._runner.end()

    def done(self) -> bool:
        """True when it is over."""
        return self._work.done()

    def when_done(self, call: Callable[[], None]) -> None:
        """Call something when it is over, in vidkit's thread or, where it is over, here."""
        self._work.future.add_done_callback(lambda _: call())

    def result(self, ease: Callable[[], None] | None = None) -> T:
        """Wait for the report. An interrupt (Ctrl-C) cancels, or calls `ease`.

        Raises what kept the run from beginning, and `Cancelled` after a second `cancel`.
        """
        return self._work.wait(ease or self.cancel)

    def __await__(self) -> Generator[Any, None, T]:
        return self._work.__await__()

    def snapshot(self) -> Snapshot:
        """The run as it is now."""
        with self._lock:
            return Snapshot(
                **self._counts,
                section_workers=self._workers[0],
                video_workers=self._workers[1],
                paused=self._paused,
                ending=self._ending,
            )

    def _on_event(self, event: Event) -> None:
        with self._lock:
            match event:
                case StepStarted():
                    self._counts["under_way"] += 1
                case StepEnded():
                    self._counts["under_way"] -= 1
                case SectionEnded():
                    self._counts["sections"] += 1
                    self._counts["failed"] += event.state in ("failed", "over budget")
                case LessonEnded():
                    self._counts["lessons"] += 1
                case _:
                    pass


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
    runner = _one(lesson, output_dir, max_workers, settings, listener, changes)
    with runner:
        return await loop.await_on_loop(runner.make_one())


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
    runner = _many(base_dir, max_workers, parallel, output_dir, settings, listener, client, changes)
    with runner:
        return await loop.await_on_loop(runner.make_all())


def generate_video_from_json(
    json_path: Pathlike | Lesson,
    output_dir: Pathlike | None = None,
    max_workers: int | None = None,
    *,
    settings: Settings | None = None,
    listener: Listener | None = None,
    **changes: Any,
) -> Path:
    """Make one lesson's video and give its path: `generate_video`, waited for.

    In a notebook the cell ends in the video with its chapters, unless `progress=False`.
    """
    runner = _one(json_path, output_dir, max_workers, settings, listener, changes)
    with runner:
        report = loop.run(runner.make_one(), runner.end)
    if runner.settings.progress:
        for failed in in_groups(report) if in_one_line() else ():
            say(f"{report.lesson.name}: {failed}", trouble=True)
        show_latest(report)
    assert report.path is not None  # make_one raises where there is none
    return report.path


def process_all_videos(
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
    """Make the videos of all lessons of a folder: `process_videos`, waited for.

    A client that lives on the loop of the calling thread cannot be waited for; await
    `process_videos` with it.
    """
    if client is not None and getattr(client, "asynchronous", False):
        raise SettingsError(
            "this client lives on the loop that is to wait; await process_videos(…, client=client)"
        )
    runner = _many(base_dir, max_workers, parallel, output_dir, settings, listener, client, changes)
    with runner:
        return loop.run(runner.make_all(), runner.end)


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
        given = [job.path for job in LessonSource(path)] if several else [path]
    else:
        listed = several_given("lessons", lessons, "a lesson, a folder of them, or a list")
        given = [lesson for each in listed for lesson in named_lessons(each)]
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
    runner = _one(lesson, output_dir, max_workers, settings, listener, changes)
    return Run(runner, runner.report_one())


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
    runner = _many(base_dir, max_workers, True, output_dir, settings, listener, client, changes)
    return Run(runner, runner.make_all())


def _one(
    lesson: Pathlike | Lesson,
    output_dir: Pathlike | None,
    max_workers: int | None,
    settings: Settings | None,
    listener: Listener | None,
    changes: dict[str, Any],
) -> Runner:
    chosen = _settings(settings, changes, section_workers=max_workers)
    given = lesson if isinstance(lesson, Lesson) else path_given("json_path", lesson)
    if output_dir is not None:
        folder = folder_given("output_dir", output_dir)
    else:
        folder = output_folder(given.path if isinstance(given, Lesson) else given)
    return _with_forecast(Runner(chosen, [Job(given, folder)], *_listeners(listener)))


def _many(
    base_dir: Lessons,
    max_workers: int | None,
    parallel: bool,
    output_dir: Pathlike | None,
    settings: Settings | None,
    listener: Listener | None,
    client: Any,
    changes: dict[str, Any],
) -> Runner:
    chosen = _settings(settings, changes, video_workers=max_workers)
    if parallel not in (True, False):
        raise SettingsError(f"parallel is {shortened(parallel)}; give True or False")
    if not parallel:
        chosen = chosen.with_(video_workers=1)
    source, listeners = LessonSource(base_dir, output_dir), _listeners(listener)
    if client is None:
        return _with_forecast(Runner(chosen, source, *listeners))
    if not parallel:
        raise SettingsError("parallel=False makes one lesson after the other; give no client= then")
    from .cluster import demand_dask

    demand_dask()
    from .cluster.client import ClusterRunner

    return ClusterRunner(client, chosen, source, *listeners)


MOST_FORECAST = 50
"""Lessons up to which the time to go is told: a forecast looks at every section."""


def _with_forecast(runner: Runner) -> Runner:
    """The run, whose bar tells the time to go as a plan of it does."""

    def forecast() -> tuple[float, int]:
        lessons = []
        for job in runner.jobs:
            with suppress(LessonError):
                lessons.append(
                    job.lesson if isinstance(job.lesson, Lesson) else load_lesson(job.lesson)
                )
        store = store_of(runner.settings)
        made = plan_lessons(lessons, runner.settings, runner.images, runner.voice, store)
        return made.seconds, made.new + made.clips + len(lessons)

    if runner.count is not None and runner.count <= MOST_FORECAST:
        runner.forecast = forecast
    return runner


def _listeners(listener: Listener | None) -> tuple[Listener, ...]:
    # nobody would await what a coroutine function gives
    if listener is not None and (not callable(listener) or iscoroutinefunction(listener)):
        raise SettingsError(
            f"listener is {shortened(listener)}; give a function, without async, which is called "
            "with each event"
        )
    return () if listener is None else (listener,)


def _settings(
    settings: Settings | None, changes: dict[str, Any], **workers: int | None
) -> Settings:
    given = {name: number for name, number in workers.items() if number is not None}
    for name in given:
        if name in changes:
            raise SettingsError(f"give max_workers or {name}, not both: they are the same")
        try:
            settled(None, given)
        except SettingsError as error:
            raise SettingsError(str(error).replace(f"{name} is", "max_workers is")) from None
    return settled(settings, given | changes)


# Earlier takes of a section's image or narration, and how to have one back.
#
# `force="audio"` with `only=[3]` makes section 3's narration anew. The one before stays in the
# store beside it; `take_back` lets it count again, and the next run puts it in the video.


def takes(
    lesson: Pathlike | Lesson,
    number: int,
    part: PartKind,
    settings: Settings | None = None,
    **changes: Any,
) -> list[Asset]:
    """All takes of the image or the narration ("audio") of section `number`, counted from 1,
    the oldest first. Settings as for the run that made them.
    """
    store, key = _stored(lesson, number, part, settled(settings, changes))
    return store.versions(key)


def present_take(
    lesson: Pathlike | Lesson,
    number: int,
    part: PartKind,
    settings: Settings | None = None,
    **changes: Any,
) -> Asset | None:
    """The take that counts now, None where there is none. Arguments as for `takes`."""
    store, key = _stored(lesson, number, part, settled(settings, changes))
    return store.find(key)


def take_back(
    lesson: Pathlike | Lesson,
    number: int,
    part: PartKind,
    take: int | None = None,
    settings: Settings | None = None,
    **changes: Any,
) -> Path:
    """Let an earlier take count again, by its number or the one before the present one; gives
    its file. Run the lesson again, and it is in the video.

    Raises `StoreError` where there is no such take.
    """
    chosen = settled(settings, changes)
    if take is not None:
        whole("take", take, 1, 1_000_000)
    store, key = _stored(lesson, number, part, chosen)
    if take is None:
        present = store.find(key)
        earlier = [one.take for one in store.versions(key) if present and one.take < present.take]
        if not earlier:
            raise StoreError(
                f"section {number} has no earlier {part}; force={part!r} makes a new one"
            )
        take = earlier[-1]
    return store.bring_back(key, take).path


def _stored(
    lesson: Pathlike | Lesson, number: int, part: PartKind, settings: Settings
) -> tuple[Store, str]:
    """The store of these settings, and the key in it of what the section's part is made as."""
    store = store_of(settings)
    loaded = lesson if isinstance(lesson, Lesson) else load_lesson(lesson)
    if isinstance(number, bool) or not isinstance(number, int):
        told = shortened(number)
        raise SettingsError(f"number is {told}; give the number of a section, counted from 1")
    if not 1 <= number <= len(loaded.sections):
        raise SettingsError(f"there is no section {number}; there are {len(loaded.sections)}")
    if part not in ("image", "audio"):
        raise SettingsError(f"part is {shortened(part)}; choose 'image' or 'audio'")
    makers: Sequence[Any] = (image_makers if part == "image" else voice_makers)(settings)
    sources = [Source(maker) for maker in makers]
    there = candidates(part, loaded, number - 1, settings, sources)
    # of several providers, the one whose take the video has
    if found := find_stored(there, store):
        return store, found[0].key()
    return store, next((key for _, key in keys_of(there)), None) or there[0].key()
