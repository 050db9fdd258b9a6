"""A run that is steered while it works: by the provider's own count, with real threads."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from stand_ins import Held, written

import vidkit
from vidkit.core import loop
from vidkit.errors import (
    Cancelled,
    OutputError,
    RateLimited,
    Refused,
    SettingsError,
    VidkitError,
)
from vidkit.events import Event, Sampled, StepEnded, WorkEnded, WorkStarted
from vidkit.models import Settings
from vidkit.pipeline.run import store_of
from vidkit.providers import ImageAsk, Picture, Request
from vidkit.providers.simulated import Simulated


def until(true: Callable[[], bool]) -> None:
    """Wait until something is so; give up after a minute."""
    for _ in range(6000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to be")


def started(lesson: Path, voice: Simulated, **changes: Any) -> vidkit.Run[vidkit.VideoReport]:
    how = {"images": "simulated:0", "voice": voice, "size": (64, 36), "progress": False}
    return vidkit.start(lesson, **how | changes)


def test_more_workers_take_effect_at_once(tmp_path: Path) -> None:
    """Growing from 2 to 8 is seen in the provider's own count of concurrent calls."""
    voice = Held(seconds=0.2)
    run = started(written(tmp_path, sections=12), voice, section_workers=2)
    until(lambda: voice.under_way == 2)
    run.resize(sections=8)
    until(lambda: voice.under_way == 8)
    voice.open()
    assert run.result().made
    assert voice.peak == 8
    assert run.snapshot().section_workers == 8


def test_fewer_workers_take_effect_as_calls_end(tmp_path: Path) -> None:
    """Shrinking to 1 lets what is under way end, and then nothing runs beside another."""
    voice = Held(seconds=0.2)
    run = started(written(tmp_path, sections=9), voice, section_workers=4)
    until(lambda: voice.under_way == 4)
    run.resize(sections=1)
    voice.let_go(4)
    until(lambda: voice.under_way == 1 and voice.calls == 5)
    voice.peak = 0
    voice.open()
    assert run.result().made
    assert voice.peak <= 1


def test_a_pause_begins_nothing(tmp_path: Path) -> None:
    """While it is paused no call begins; resumed, the run goes on to its end."""
    ended: list[Event] = []

    def listen(event: Event) -> None:
        if isinstance(event, StepEnded) and event.step == "audio":
            ended.append(event)

    async def turns() -> None:
        for _ in range(100):  # of the run's own loop: enough for a call that might begin
            await asyncio.sleep(0)

    voice = Held(seconds=0.2)
    run = started(written(tmp_path, sections=8), voice, section_workers=1, listener=listen)
    voice.let_go(1)
    until(lambda: voice.calls == 2)
    run.pause()
    voice.let_go(1)
    until(lambda: len(ended) == 2)
    loop.run(turns())
    assert voice.calls == 2
    assert run.snapshot().paused
    run.resume()
    voice.open()
    assert run.result().made


def test_a_cancel_lets_paid_calls_finish(tmp_path: Path) -> None:
    """What is under way at a cancel is finished, kept and paid once; the next run goes on."""
    voice = Held(seconds=0.2, price=0.01)
    lesson = written(tmp_path, sections=8)
    run = started(lesson, voice, section_workers=2)
    voice.let_go(2)
    until(lambda: voice.calls == 4 and voice.under_way == 2)
    run.cancel()
    voice.open()
    report = run.result()
    assert report.path is None
    assert isinstance(report.failure, Cancelled)
    assert sum(section.audio is not None for section in report.sections) == 4
    assert voice.calls == 4
    journal = store_of(Settings()).journal
    assert {entry.state for entry in journal.entries()} == {"paid"}
    again = started(lesson, voice, section_workers=8).result()
    assert again.made
    assert voice.calls == 8


class Busy(Simulated):
    """A provider that says after its first call that it is asked too often: a pause of minutes."""

    name = "busy"
    online = True

    @property
    def gate_key(self) -> tuple[str, ...]:
        return (self._account,)

    async def _call(self, kind: str, text: str) -> None:
        self.calls += 1
        if self.calls > 1:
            raise RateLimited("too many", 240)


class Refusing(Held):
    """A provider that refuses what it is let go."""

    async def _call(self, kind: str, text: str) -> None:
        await super()._call(kind, text)
        raise Refused("not this")


@pytest.mark.parametrize("failing", [False, True])
def test_what_waits_out_a_pause_is_given_up(tmp_path: Path, failing: bool) -> None:
    """At a cancel, or a failure at which the lesson stops, none waits for a provider's pause, and
    what was made is kept."""
    voice = Busy(price=0.01)
    images = Refusing()
    lesson = written(tmp_path, sections=4)
    run = started(lesson, voice, images=images if failing else "simulated:0", on_failure="stop")
    until(lambda: voice.calls > 1)
    images.open()
    if not failing:
        run.cancel()
    until(run.done)
    report = run.result()
    assert report.path is None
    assert sum(section.audio is not None for section in report.sections) == 1
    states = [entry.state for entry in store_of(Settings()).journal.entries()]
    assert states.count("paid") == 1
    assert set(states) <= {"paid", "failed"}


def test_a_second_cancel_is_hard(tmp_path: Path) -> None:
    """Calls that will not end are left at the second cancel, and recorded as unconfirmed."""
    voice = Simulated(latency=3600, price=0.01)
    run = started(written(tmp_path, sections=2), voice)
    until(lambda: voice.under_way == 2)
    run.cancel()
    run.cancel()
    with pytest.raises(Cancelled):
        run.result()
    assert voice.under_way == 0
    journal = store_of(Settings()).journal
    assert [entry.state for entry in journal.entries()] == ["unconfirmed"] * 2


def test_a_batch_can_be_cancelled(tmp_path: Path) -> None:
    """Lessons that had not begun say that they were cancelled."""
    for name in "abcd":
        written(tmp_path, name, 3)
    voice = Held(seconds=0.2)
    how: dict[str, Any] = {"images": "simulated:0", "voice": voice, "size": (64, 36)}
    run = vidkit.start_all(tmp_path, 1, progress=False, section_workers=1, **how)
    voice.let_go(1)
    until(lambda: voice.calls == 2)
    run.cancel()
    voice.open()
    report = run.result()
    assert len(report) == 4
    assert all(isinstance(video.failure, Cancelled) for video in report)
    assert run.snapshot().ending


def test_a_run_can_be_awaited(tmp_path: Path) -> None:
    """`await run` gives the report, on any loop."""

    async def program() -> vidkit.VideoReport:
        return await started(written(tmp_path), Simulated(latency=0.05, seconds=0.2))

    report = asyncio.run(program())
    assert report.made


def test_workers_have_their_bounds(tmp_path: Path) -> None:
    """Nobody can ask for no workers, or for more than helps."""
    run = started(written(tmp_path), Simulated(latency=0.05, seconds=0.2))
    for wrong in (0, 65, 1.5):
        with pytest.raises(SettingsError, match="sections"):
            run.resize(sections=wrong)  # type: ignore[arg-type]
    run.result()


def test_two_runs_do_not_write_to_one_folder(tmp_path: Path) -> None:
    """The second of two runs into one folder is refused and touches nothing; when the first is
    over, the folder is free.
    """
    lesson = written(tmp_path, sections=2)
    slow = Held(seconds=0.2)
    first = started(lesson, slow)
    until(lambda: slow.under_way > 0)
    with pytest.raises(OutputError, match="another run is writing"):
        started(lesson, Simulated(latency=0.0, seconds=0.2)).result()
    slow.open()
    assert first.result().made
    assert started(lesson, slow).result().made
    assert not list((tmp_path / "output_lesson").glob(".*lock"))


def cutting() -> bool:
    """Whether some thread is at work in `vidkit.media`."""
    stacks = (traceback.extract_stack(frame) for frame in sys._current_frames().values())
    media = str(Path("vidkit/media"))
    return any(media in each.filename for stack in stacks for each in stack)


def test_a_hard_cancel_while_cutting_leaves_no_scrap(tmp_path: Path) -> None:
    """Without a store a clip is cut beside the output, and the cut that goes on in its thread
    after the run was cancelled leaves no temporary file.
    """
    ended: list[Event] = []

    def cancel(event: Event) -> None:
        if isinstance(event, WorkStarted) and event.step == "clip":
            run.cancel()
            run.cancel()
        elif isinstance(event, WorkEnded):
            ended.append(event)

    voice = Simulated(latency=0.0, seconds=20.0)
    lesson = written(tmp_path, sections=1)
    run = started(lesson, voice, cache=False, size=(640, 360), motion="zoom", listener=cancel)
    with pytest.raises(Cancelled):
        run.result()
    assert [(event.step, event.outcome) for event in ended][-1] == ("clip", "cancelled")
    until(lambda: not cutting())
    assert not list(tmp_path.rglob("*.part"))


def test_a_cancel_begins_no_more_clips(tmp_path: Path) -> None:
    """Clips that wait for a core when a run is cancelled are left for the next run: nobody
    waits for the cutting of a whole lesson.
    """
    clips: list[Event] = []

    def cancel(event: Event) -> None:
        if isinstance(event, WorkStarted) and event.step == "clip":
            clips.append(event)
            if len(clips) == 1:
                run.cancel()

    lesson = written(tmp_path, sections=12)
    voice = Simulated(latency=0.0, seconds=3.0)
    run = started(lesson, voice, size=(320, 180), motion="zoom", listener=cancel)
    report = run.result()
    assert len(clips) < 12
    assert {section.state for section in report.sections} == {"made", "cancelled"}
    assert started(lesson, voice, size=(320, 180), motion="zoom").result().made


class Ender:
    """Draws all but the second section, where it tries to end the program."""

    name, places, price = "ender", None, 0.0

    def __init__(self, end: BaseException) -> None:
        self._end = end
        self._real = Simulated(latency=0.0)

    def shape(self, ask: ImageAsk) -> Mapping[str, Any]:
        return {"of": ask.description}

    async def draw(self, ask: ImageAsk, request: Request) -> Picture:
        if ask.index == 1:
            raise self._end
        return await self._real.draw(ask, request)


class Odd(BaseException):
    """An error that is no `Exception`."""


@pytest.mark.parametrize("end", [SystemExit(3), KeyboardInterrupt(), Odd("odd")])
def test_a_provider_that_ends_the_program_fails_its_section(
    tmp_path: Path, end: BaseException
) -> None:
    """It costs its section, which says so, and the run goes on."""
    report = started(
        written(tmp_path), Simulated(latency=0.0, seconds=0.2), images=Ender(end)
    ).result()
    assert [section.made for section in report.sections] == [True, False, True]
    assert f"tried to end the whole program ({type(end).__name__}" in str(report.sections[1].error)


# moviepy leaves its pipes to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_effect_that_ends_the_program_fails_its_section(tmp_path: Path) -> None:
    """So it is with an effect, which runs in a thread."""
    report = started(
        written(tmp_path),
        Simulated(latency=0.0, seconds=0.2),
        effects={2: [lambda clip: sys.exit(3)]},
    ).result()
    assert [section.made for section in report.sections] == [True, False, True]


def test_a_run_is_not_waited_for_by_its_listener(tmp_path: Path) -> None:
    """A listener that waits for its own run is told to await, and the run goes on."""
    told: list[Exception] = []

    def wait(event: Event) -> None:
        try:
            run.result()
        except VidkitError as error:
            told.append(error)

    run = started(written(tmp_path), Simulated(latency=0.1, seconds=0.2), listener=wait)
    assert run.result().made
    assert "await" in str(told[0])


def test_a_program_that_ends_under_way_leaves_a_true_report(tmp_path: Path) -> None:
    """A script that starts a run and ends says nothing, hangs nowhere, and leaves a report that
    says that it was cancelled, no scrap and no lock.
    """
    lesson = written(tmp_path, sections=4)
    code = """
import sys, time, vidkit
from vidkit.events import StepEnded
made = []
run = vidkit.start(sys.argv[1], images="simulated:0", voice="simulated:latency=600,seconds=0.2",
    size=(64, 36), progress=False,
    listener=lambda event: made.append(event) if isinstance(event, StepEnded) else None)
while not made:
    time.sleep(0.01)
"""
    words = [sys.executable, "-c", code, str(lesson)]
    run = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    folder = tmp_path / "output_lesson"
    report = json.loads((folder / "report.json").read_text())
    assert report["state"] == "failed"
    assert "cancelled" in report["error"]
    assert not list(folder.rglob("*.part"))
    assert not list(folder.glob("*.lock"))


def test_a_disk_that_is_about_to_be_full_begins_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is under way is finished and kept; the lessons after it say to make room."""
    monkeypatch.setattr("vidkit.pipeline.run.LEAST_DISK", 1 << 60)
    for name in "abcd":
        written(tmp_path, name, 4)
    voice = Held(seconds=0.2)

    def listen(event: Event) -> None:
        if isinstance(event, Sampled):
            voice.open()

    how: dict[str, Any] = {"images": "simulated:0", "voice": voice, "size": (64, 36)}
    report = vidkit.process_all_videos(
        tmp_path, 1, progress=False, section_workers=1, listener=listen, **how
    )
    assert voice.calls < 4
    assert {type(video.failure).__name__ for video in report} == {"DiskFull"}
    assert [trouble.kind for trouble in report.troubles] == ["DiskFull"]
    monkeypatch.undo()
    again = vidkit.process_all_videos(tmp_path, progress=False, section_workers=8, **how)
    assert again.made
