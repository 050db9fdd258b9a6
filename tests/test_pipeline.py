"""The three levels of parallelism, in virtual time: order, counts, isolation."""

from __future__ import annotations

import asyncio
import errno
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from stand_ins import NoMedia, Rehearsal, written

from vidkit.core.loop import run_virtually
from vidkit.errors import Cancelled, MediaError, OutputError, RateLimited, Refused, SettingsError
from vidkit.events import (
    LessonEnded,
    LessonStarted,
    RunStarted,
    SectionEnded,
    StepEnded,
    StepStarted,
    WorkEnded,
    WorkStarted,
)
from vidkit.models import Settings
from vidkit.pipeline import Job, ungated
from vidkit.providers.limiter import RateLimiter
from vidkit.providers.simulated import Simulated

TICK = 0.001
"""Seconds of virtual time by which a run may exceed the arithmetic."""


def jobs(folder: Path, count: int, sections: int) -> list[Job]:
    """Lessons of equal length, each with a folder of its own."""
    return [
        Job(written(folder, f"lesson {i}", sections), folder / f"output_{i}") for i in range(count)
    ]


def video(folder: Path) -> list[str]:
    """The clips in the stand-in's video, in order."""
    return (folder / "final_video.mp4").read_text().splitlines()


@pytest.mark.parametrize(
    ("workers", "together", "seconds"),
    [(1, True, 150), (4, True, 45), (10, True, 15), (1, False, 300), (4, False, 90)],
)
def test_sections_and_parts_overlap_as_asked(
    tmp_path: Path, workers: int, together: bool, seconds: float
) -> None:
    """Ten sections of 15 s take four workers three rounds, and one worker ten."""
    run = Rehearsal(Settings(section_workers=workers, concurrent_parts=together))
    run.make(jobs(tmp_path, 1, 10))
    assert seconds <= run.seconds <= seconds + TICK


@pytest.mark.parametrize(("videos", "seconds"), [(1, 8 * 45), (2, 4 * 45), (4, 2 * 45)])
def test_lessons_overlap_as_asked(tmp_path: Path, videos: int, seconds: float) -> None:
    """Eight equal lessons take two video workers half of the time of one."""
    run = Rehearsal(Settings(video_workers=videos))
    run.make(jobs(tmp_path, 8, 10))
    assert seconds <= run.seconds <= seconds + TICK


def test_calls_under_way_never_exceed_what_the_settings_say(tmp_path: Path) -> None:
    """`peak_calls` is the number of calls that really come together, and no more."""
    calls = Simulated(latency=15, spread=0.5, seconds=0.1)
    settings = Settings(section_workers=3, video_workers=2)
    Rehearsal(settings, images=calls, voice=calls).make(jobs(tmp_path, 5, 7))
    assert calls.peak == settings.peak_calls == 12


@given(seed=st.integers(0, 10_000), workers=st.integers(1, 8), sections=st.integers(1, 14))
@tries(max_examples=25, deadline=None)
def test_clips_stand_in_the_lessons_order(
    tmp_path_factory: pytest.TempPathFactory, seed: int, workers: int, sections: int
) -> None:
    """Whatever finishes first, the eleventh section follows the tenth."""
    folder = tmp_path_factory.mktemp("order")
    slow = Simulated(latency=5, spread=1, seconds=0.1, seed=seed)
    run = Rehearsal(Settings(section_workers=workers), images=slow, voice=slow)
    report = run.make(jobs(folder, 1, sections))
    assert video(folder / "output_0") == [f"section-{i + 1:02}.mp4" for i in range(sections)]
    assert [s.index for s in report[0].sections] == list(range(sections))


def test_a_clip_is_cut_as_soon_as_its_two_parts_are_there(tmp_path: Path) -> None:
    """The first clip begins when the first section's calls end, not after the last section."""
    run = Rehearsal(Settings(section_workers=1))
    run.make(jobs(tmp_path, 1, 3))
    clips = [e.at for e in run.told(StepStarted) if e.step == "clip"]
    assert clips == pytest.approx([15, 30, 45], abs=TICK)


def test_a_clip_holds_no_worker_slot(tmp_path: Path) -> None:
    """While a clip waits for a core, the next section's calls are under way."""
    run = Rehearsal(Settings(section_workers=1))
    run.make(jobs(tmp_path, 1, 2))
    order = [(e.step, e.section) for e in run.told(StepStarted)]
    assert order.index(("image", 1)) < order.index(("join", None))
    starts = {(e.step, e.section): e.at for e in run.told(StepStarted)}
    assert starts["image", 1] == pytest.approx(15, abs=TICK)


def test_work_on_clips_holds_no_slot(tmp_path: Path) -> None:
    """Clips that take a minute each, on two cores, keep no section from its calls."""

    async def aside(call: Any, /, *args: Any, **kwargs: Any) -> Any:
        if media.make_clip in args:
            await asyncio.sleep(60)
        return call(*args, **kwargs)

    media = NoMedia()
    run = Rehearsal(Settings(section_workers=1), media=media)
    run_virtually(run._make(jobs(tmp_path, 1, 6), aside))
    starts = [e.at for e in run.told(StepStarted) if e.step == "image"]
    assert starts == pytest.approx([0, 15, 30, 45, 60, 75], abs=TICK)
    assert run.seconds == pytest.approx(15 + 3 * 60, abs=30)


def test_a_pause_of_the_image_gate_delays_no_narration(tmp_path: Path) -> None:
    """While a provider of images has everybody wait, each section that has a worker speaks, and
    is cut as soon as its image is there.
    """

    class Limited(Simulated):
        async def _call(self, kind: str, text: str) -> None:
            await super()._call(kind, text)
            if self.calls <= 4:
                raise RateLimited("slow down", 100)

    gates = RateLimiter("limited"), RateLimiter("voice")
    run = Rehearsal(Settings(section_workers=4), images=Limited(latency=15), gates=gates)
    report = run.make(jobs(tmp_path, 1, 8))
    assert report.made
    spoken = {e.section: e.at for e in run.told(StepEnded) if e.step == "audio"}
    assert [spoken[section] for section in range(4)] == pytest.approx([15] * 4, abs=TICK)
    drawn = {e.section: e.at for e in run.told(StepEnded) if e.step == "image"}
    assert all(at > 100 for at in drawn.values())
    worked = [e.at for e in run.told(WorkStarted) if e.step == "audio"]
    began = {e.section: e.at for e in run.told(StepStarted) if e.step == "audio"}
    assert sorted(worked) == pytest.approx(sorted(began.values()), abs=TICK)


class Fails:
    """An image provider that refuses chosen sections."""

    name = "fails"
    places = None

    def __init__(self, *indexes: int, error: Exception | None = None) -> None:
        self.indexes = indexes
        self.error = error or Refused("too sad for a lesson")
        self.good = Simulated(latency=15)

    def shape(self, ask: Any) -> dict[str, Any]:
        return {}

    async def draw(self, ask: Any, request: Any) -> Any:
        if ask.index in self.indexes:
            await asyncio.sleep(1)
            raise self.error
        return await self.good.draw(ask, request)


def test_a_failed_section_is_skipped_and_named(tmp_path: Path) -> None:
    """By default the others make the video, and the report says which is missing and why."""
    run = Rehearsal(images=Fails(1))
    report = run.make(jobs(tmp_path, 1, 3))[0]
    assert len(video(tmp_path / "output_0")) == 2
    assert [s.number for s in report.failed] == [2]
    assert "too sad for a lesson" in str(report)
    assert report.path is not None
    assert not report.made


def test_the_narration_of_a_section_without_an_image_is_kept(tmp_path: Path) -> None:
    """What was paid for stays on disk when the other half of its section fails."""
    report = Rehearsal(images=Fails(0)).make(jobs(tmp_path, 1, 2))[0]
    kept = report.sections[0].audio
    assert kept is not None
    assert kept.exists()


def test_a_placeholder_stands_for_a_failed_section(tmp_path: Path) -> None:
    """With `placeholder` a card takes the place, for as long as the narration if there is one."""
    cards: list[tuple[object, object]] = []
    media = NoMedia()

    def clip(picture: Any, narration: Any, out: Path, frame: Any, **how: Any) -> Any:
        if picture == b"card":
            cards.append((narration, how["seconds"]))
        return media.make_clip(picture, narration, out, frame, **how)

    watching = NoMedia(make_clip=clip)
    settings = Settings(on_failure="placeholder")
    run = Rehearsal(settings, images=Fails(1), media=watching)
    report = run.make(jobs(tmp_path, 1, 3))[0]
    assert len(video(tmp_path / "output_0")) == 3
    assert [s.state for s in report.sections] == ["made", "placeholder", "made"]
    assert cards[0][0] is not None
    assert cards[0][1] is None


class Mute(Fails):
    """A voice that fails on chosen sections."""

    async def speak(self, ask: Any, request: Any) -> Any:
        if ask.index in self.indexes:
            raise self.error
        return await self.good.speak(ask, request)


def test_a_placeholder_without_narration_stands_three_seconds(tmp_path: Path) -> None:
    """A card that has nothing to be heard is silent and 3 s long."""
    lengths: list[object] = []
    media = NoMedia()

    def clip(picture: Any, narration: Any, out: Path, frame: Any, **how: Any) -> Any:
        lengths.append((narration is None, how["seconds"]))
        return media.make_clip(picture, narration, out, frame, **how)

    watching = NoMedia(make_clip=clip)
    Rehearsal(Settings(on_failure="placeholder"), voice=Mute(0), media=watching).make(
        jobs(tmp_path, 1, 1)
    )
    assert lengths == [(True, 3.0)]


def test_stop_ends_the_lesson_at_once(tmp_path: Path) -> None:
    """With `stop` no further call is made after the first failure, and the lesson says where."""
    images = Fails(0)
    run = Rehearsal(Settings(on_failure="stop", section_workers=1), images=images)
    report = run.make(jobs(tmp_path, 1, 5))[0]
    assert report.path is None
    assert "section 1" in (report.error or "")
    assert images.good.calls == 0
    assert run.seconds <= 15 + TICK


@pytest.mark.parametrize("together", [True, False])
def test_no_call_begins_after_the_failure_that_stops(tmp_path: Path, together: bool) -> None:
    """The picture fails at 1 s; what was under way beside it is finished, and nothing else is
    asked for, by any worker.
    """
    settings = Settings(on_failure="stop", section_workers=4, concurrent_parts=together)
    voice = Simulated(latency=15, seconds=0.1)
    images = Fails(0)
    report = Rehearsal(settings, images=images, voice=voice).make(jobs(tmp_path, 1, 12))[0]
    assert voice.calls == (4 if together else 0)
    assert images.good.calls == 3
    assert report.sections[0].state == "failed"
    assert "too sad" in (report.sections[0].error or "")


def test_a_provider_that_cancels_itself_fails_its_section_alone(tmp_path: Path) -> None:
    """A CancelledError out of a provider's library is that call's failure, not the run's."""
    images = Fails(1)
    images.error = asyncio.CancelledError()  # type: ignore[assignment]
    report = Rehearsal(images=images).make(jobs(tmp_path, 2, 3))
    assert [s.state for s in report[0].sections] == ["made", "failed", "made"]
    assert "broke off" in (report[0].sections[1].error or "")


def test_a_stopped_lesson_leaves_the_batch_alone(tmp_path: Path) -> None:
    """The failure of one lesson costs no other lesson anything."""
    good, bad = jobs(tmp_path, 2, 2)
    bad = Job(tmp_path / "gone.json", tmp_path / "output_gone")
    report = Rehearsal().make([bad, good])
    assert report[0].path is None
    assert "gone.json" in (report[0].error or "")
    assert report[1].made


@pytest.mark.parametrize("seed", range(5))
def test_one_call_in_three_failing_makes_every_lesson(tmp_path: Path, seed: int) -> None:
    """Every lesson becomes a video, every failed section is named, nothing hangs."""
    shaky = Simulated(latency=2, errors=1 / 3, seconds=0.1, seed=seed)
    report = Rehearsal(images=shaky, voice=shaky).make(jobs(tmp_path, 4, 10))
    for i, each in enumerate(report):
        assert each.path is not None
        assert len(video(tmp_path / f"output_{i}")) + len(each.failed) == 10
        assert all(s.error for s in each.failed)
    assert sum(len(each.failed) for each in report) > 5


def test_all_calls_failing_is_a_clear_error(tmp_path: Path) -> None:
    """A lesson of which nothing could be made says so, with the first reason."""
    dead = Simulated(latency=1, errors=1)
    report = Rehearsal(images=dead, voice=dead).make(jobs(tmp_path, 1, 3))[0]
    assert report.path is None
    assert "no section could be made" in (report.error or "")
    assert "this call was to fail" in (report.error or "")


def test_an_unforeseen_error_is_a_value_too(tmp_path: Path) -> None:
    """A bug in a provider costs its section, and shows no traceback to a person."""
    report = Rehearsal(images=Fails(1, error=KeyError("oops"))).make(jobs(tmp_path, 1, 3))[0]
    assert "unforeseen KeyError" in (report.sections[1].error or "")
    assert report.sections[2].made


def test_an_asset_that_does_not_decode_fails_its_section(tmp_path: Path) -> None:
    """What a provider gives is checked before it counts."""

    def refuse(data: bytes, name: str) -> None:
        raise MediaError(f"{name}: not a picture")

    media = NoMedia(check_picture=refuse)
    report = Rehearsal(media=media).make(jobs(tmp_path, 1, 1))[0]
    assert "what simulated gave: not a picture" in (report.error or "")


def test_only_chosen_sections_are_made(tmp_path: Path) -> None:
    """`only=[3, 5]` asks the providers for two sections, counted from 1."""
    calls = Simulated(latency=1, seconds=0.1)
    report = Rehearsal(Settings(only=[5, 3]), images=calls).make(jobs(tmp_path, 1, 6))[0]
    assert [s.number for s in report.sections] == [3, 5]
    assert calls.calls == 2


def test_only_beyond_the_last_section_is_told(tmp_path: Path) -> None:
    """A section that does not exist is an error that says how many there are."""
    report = Rehearsal(Settings(only=[7])).make(jobs(tmp_path, 1, 3))[0]
    assert isinstance(report.failure, SettingsError)
    assert "3 sections" in str(report.failure)


def test_every_step_that_starts_ends_once(tmp_path: Path) -> None:
    """The stream tells of each begin one end, and of each section and lesson one."""
    shaky = Simulated(latency=2, errors=0.4, spread=0.5, seconds=0.1)
    run = Rehearsal(images=shaky, voice=shaky)
    run.make(jobs(tmp_path, 3, 6))
    begun = [(e.lesson, e.section, e.step) for e in run.told(StepStarted)]
    ended = [(e.lesson, e.section, e.step) for e in run.told(StepEnded)]
    assert sorted(begun, key=str) == sorted(ended, key=str)
    assert len(begun) == len(set(begun))
    assert len(run.told(SectionEnded)) == 18
    assert len(run.told(LessonEnded)) == 3


def test_a_cancelled_run_writes_its_report(tmp_path: Path) -> None:
    """What was finished at a cancel is on disk and listed, and nothing is half-written."""
    run = Rehearsal(Settings(section_workers=1))
    folder = tmp_path / "output_0"

    async def cancel_later() -> None:
        task = asyncio.ensure_future(run._make(jobs(tmp_path, 1, 4)))
        await asyncio.sleep(40)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run_virtually(cancel_later())
    report = json.loads((folder / "report.json").read_text())
    states = [section["state"] for section in report["sections"]]
    assert states == ["made", "made", "cancelled", "cancelled"]
    assert report["video"] is None
    assert not list(folder.rglob("*.part"))
    assert {path for path in report["files"] if path.startswith("clips")} == {
        "clips/section-01.mp4",
        "clips/section-02.mp4",
    }


def test_a_report_tells_work_from_waiting(tmp_path: Path) -> None:
    """With one place at the gate, the second picture takes two calls' time, one of it work."""
    limiter = RateLimiter("one", 1, adaptive=False)
    run = Rehearsal(Settings(section_workers=2), gates=(limiter, ungated))
    first, second = run.make(jobs(tmp_path, 1, 2))[0].sections
    assert first.seconds["image"] == first.work["image"] == 15
    assert second.seconds["image"] == 30 and second.work["image"] == 15
    assert second.seconds["audio"] == second.work["audio"] == 15


def test_waiting_is_told_apart_from_working(tmp_path: Path) -> None:
    """Each step's pieces of work begin no sooner than the step, end no later, and pair up."""
    run = Rehearsal(Settings(section_workers=4))
    run.make(jobs(tmp_path, 2, 5))
    began = {e.piece: e for e in run.events if isinstance(e, WorkStarted)}
    ended = {e.piece: e for e in run.events if isinstance(e, WorkEnded)}
    assert began.keys() == ended.keys() and len(began) == 2 * (5 * 3 + 1)
    steps = {(e.lesson, e.section, e.step): e for e in run.events if isinstance(e, StepEnded)}
    for piece, over in ended.items():
        step = steps[over.lesson, over.section, over.step]
        assert step.at - step.seconds <= began[piece].at <= over.at <= step.at
        assert over.outcome == "done" and over.seconds == over.at - began[piece].at


def test_lessons_are_opened_as_workers_come_free(tmp_path: Path) -> None:
    """A lesson is drawn when its turn comes: never more are open than call or are finished."""
    lessons = jobs(tmp_path, 9, 4)
    drawn: list[float] = []

    def lazily() -> Iterator[Job]:
        for job in lessons:
            drawn.append(asyncio.get_running_loop().time())
            yield job

    run = Rehearsal(Settings(video_workers=3))
    report = run.make(lazily())
    assert [round(at) for at in drawn] == [0, 0, 0, 15, 15, 15, 30, 30, 30]
    assert len(report) == 9 and report.made
    assert run.events[0] == RunStarted(0.0, None)


def test_a_generator_that_fails_ends_the_batch_after_what_is_under_way(tmp_path: Path) -> None:
    """Its error is in the report, and the lessons that it gave are made."""

    def breaks() -> Iterator[Job]:
        yield from jobs(tmp_path, 3, 2)
        raise KeyError("oops")

    report = Rehearsal().make(breaks())
    assert [video.made for video in report] == [True] * 3
    assert "oops" in str(report.failure)
    assert not report.made
    assert "oops" in str(report)


def test_a_generator_that_waits_for_ever_holds_up_no_cancel(tmp_path: Path) -> None:
    """A run that is to end does not wait for the next lesson."""
    (job,) = jobs(tmp_path, 1, 2)
    run = Rehearsal(Settings(video_workers=2))

    left = iter([job])

    async def waits(call: Any, *args: Any, **kwargs: Any) -> Any:
        if call is next and not left.__length_hint__():
            await asyncio.sleep(10**6)
        return call(*args, **kwargs)

    async def cancelled() -> Any:
        making = asyncio.ensure_future(run._make(left, run_in_thread=waits))
        await asyncio.sleep(100)
        run.batch.runtime.control.end(Cancelled("enough"))
        return await making

    report = run_virtually(cancelled())
    assert [video.made for video in report] == [True]
    assert isinstance(report.failure, Cancelled)
    assert run.seconds < 200


def test_every_lesson_is_told_of_from_its_begin_to_its_end(tmp_path: Path) -> None:
    """Also a file that cannot be read, a folder that is not ours and a refused one begin
    before they end, and each does both once.
    """
    good = jobs(tmp_path, 2, 2)
    gone = Job(tmp_path / "gone.json", tmp_path / "output_gone")
    taken = Job(written(tmp_path, "taken", 1), tmp_path / "file")
    taken.folder.write_text("mine")
    refused = Job(written(tmp_path, "refused", 1), tmp_path / "r", SettingsError("not this one"))
    run = Rehearsal()
    report = run.make([gone, *good, taken, refused])
    told = [(type(e).__name__, e.lesson) for e in run.events if hasattr(e, "name")]
    for position in range(5):
        assert [kind for kind, lesson in told if lesson == position] == [
            "LessonStarted",
            "LessonEnded",
        ]
    ends = {e.lesson: e.error for e in run.told(LessonEnded)}
    assert [bool(ends[position]) for position in range(5)] == [True, False, False, True, True]
    assert [video.made for video in report] == [False, True, True, False, False]


TURNS = [
    {"speaker": "Ana", "text": "Hello."},
    {"speaker": "Luis", "text": "¿Sí?", "language": "es"},
]


@pytest.mark.parametrize("content", ["Hello.", TURNS])
def test_what_waits_out_a_pause_ends_with_the_run(tmp_path: Path, content: Any) -> None:
    """A narration is given up where its provider asked for ten minutes, also one in turns."""

    class Busy(Simulated):
        online = True

        async def _call(self, kind: str, text: str) -> None:
            raise RateLimited("slow down", 600)

    path = written(tmp_path, "lesson", [{"image_description": "A hand.", "content": content}])
    free = Simulated(latency=0)
    run = Rehearsal(images=free, voice=Busy(), gates=(ungated, RateLimiter("busy")))

    async def ended() -> Any:
        making = asyncio.ensure_future(run._make([Job(path, tmp_path / "out")]))
        await asyncio.sleep(20)
        run.batch.runtime.control.end(Cancelled("enough"))
        return await making

    assert not run_virtually(ended())[0].made
    assert run.seconds < 30


def test_lessons_that_never_began_are_cancelled_in_the_report(tmp_path: Path) -> None:
    """After a stop each lesson that was named has a report, and no event of its own."""
    run = Rehearsal(Settings(video_workers=1))

    async def ended() -> Any:
        making = asyncio.ensure_future(run._make(jobs(tmp_path, 5, 2)))
        await asyncio.sleep(20)
        run.batch.runtime.control.end(Cancelled("enough"))
        return await making

    report = run_virtually(ended())
    assert [video.made for video in report] == [True, False, False, False, False]
    assert all(isinstance(video.failure, Cancelled) for video in report.failed)
    assert len(run.told(LessonStarted)) == len(run.told(LessonEnded)) < 5
    assert set(run.batch.unmade) == {1, 2, 3, 4}


def slow_clips(seconds: float, settings: Settings) -> tuple[Rehearsal, Any]:
    """A run whose clips take so long each, and the `aside` for it."""
    media = NoMedia()

    async def aside(call: Any, /, *args: Any, **kwargs: Any) -> Any:
        if media.make_clip in args:
            await asyncio.sleep(seconds)
        return call(*args, **kwargs)

    return Rehearsal(settings, media=media), aside


def test_nobodys_calls_wait_for_anothers_encodes(tmp_path: Path) -> None:
    """While a lesson's clips are cut, its video worker makes the calls of the next one."""
    run, aside = slow_clips(20, Settings(video_workers=2, section_workers=2))
    run_virtually(run._make(jobs(tmp_path, 4, 2), aside))
    calls = sorted({e.at for e in run.told(WorkStarted) if e.step == "image"})
    assert calls == pytest.approx([0, 15], abs=TICK)
    # two cores cut eight clips of 20 s: nothing else takes time after the first calls
    assert run.seconds == pytest.approx(15 + 4 * 20, abs=TICK)


def test_encodes_that_lag_behind_hold_up_the_next_lessons(tmp_path: Path) -> None:
    """No more lessons wait for their clips than there are video workers beside those that
    call, so that neither memory nor disk fills with half of a batch.
    """
    run, aside = slow_clips(100, Settings(video_workers=2, section_workers=2))
    run_virtually(run._make(jobs(tmp_path, 8, 2), aside))
    under_way = most = 0
    for event in run.events:
        under_way += isinstance(event, LessonStarted)
        under_way -= isinstance(event, LessonEnded)
        most = max(most, under_way)
    assert most == 4


def test_a_single_video_worker_makes_one_lesson_after_the_other(tmp_path: Path) -> None:
    """With one worker no lesson begins before the one before it is over, clips and all."""
    run, aside = slow_clips(20, Settings(video_workers=1))
    run_virtually(run._make(jobs(tmp_path, 3, 2), aside))
    order = [type(e).__name__ for e in run.events if isinstance(e, LessonStarted | LessonEnded)]
    assert order == ["LessonStarted", "LessonEnded"] * 3


def test_a_full_disk_begins_nothing_more(tmp_path: Path) -> None:
    """What would be made is paid for and lost: the lessons after it are not begun, in words
    that say what to do, and the same call goes on when there is room.
    """
    full = True
    media = NoMedia()

    def clip(picture: Any, narration: Any, out: Path, frame: Any, **how: Any) -> Any:
        if full:
            try:
                raise OSError(errno.ENOSPC, "No space left on device")
            except OSError as error:
                raise OutputError(f"{out} cannot be written") from error
        return media.make_clip(picture, narration, out, frame, **how)

    calls = Simulated(latency=15, seconds=0.1)
    lessons = jobs(tmp_path, 6, 3)
    run = Rehearsal(
        Settings(video_workers=1, section_workers=1),
        images=calls,
        media=NoMedia(make_clip=clip),
    )
    report = run.make(lessons)
    assert calls.calls <= 2
    assert {type(video.failure).__name__ for video in report.videos[1:]} == {"DiskFull"}
    assert "Make room" in str(report.troubles[0])
    full = False
    again = Rehearsal(Settings(), media=run.media)
    assert again.make(lessons).made


def test_a_lesson_that_changes_under_way_is_made_as_it_was(tmp_path: Path) -> None:
    """A file that is saved anew, or removed, while its video is made is told of, and the others
    are made; one that vanished before its turn fails alone.
    """
    lessons = jobs(tmp_path, 4, 2)

    class Meddles(Simulated):
        async def draw(self, ask: Any, request: Any) -> Any:
            if "lesson 0" in ask.description:
                written(tmp_path, "lesson 0", 5)
                lessons[1].path.unlink(missing_ok=True)
                lessons[3].path.unlink(missing_ok=True)
            return await super().draw(ask, request)

    report = Rehearsal(Settings(video_workers=2), images=Meddles(latency=5)).make(lessons)
    assert [video.made for video in report] == [True, True, True, False]
    assert "changed while" in report[0].notes[-1]
    assert "removed while" in report[1].notes[-1]
    assert not report[2].notes
    assert len(report[0].sections) == 2
    assert report[3].troubles[0].kind == "LessonError"
