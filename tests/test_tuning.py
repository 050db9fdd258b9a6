"""Workers that follow from what is measured."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from stand_ins import Rehearsal, written

from vidkit.events import Sampled, WorkersChanged
from vidkit.models import Settings
from vidkit.pipeline import Batch, Job
from vidkit.pipeline.scaling import CAREFUL, SETTLING, Measured, Steering, Tuning
from vidkit.providers.simulated import Simulated

GB = 1 << 30
CALM = Measured(
    sections=4,
    videos=2,
    waiting_sections=6,
    waiting_lessons=1,
    idle=True,
    cores=0.2,
    usable_cores=4,
    memory_left=6 * GB,
    memory_limit=8 * GB,
    local=False,
)
SHORT = replace(CALM, memory_left=GB // 2)

measurements = st.builds(
    Measured,
    sections=st.integers(1, 64),
    videos=st.integers(1, 64),
    waiting_sections=st.integers(0, 20),
    waiting_lessons=st.integers(0, 3),
    idle=st.booleans(),
    cores=st.floats(0, 8),
    usable_cores=st.integers(1, 8),
    memory_left=st.integers(0, 8 * GB),
    memory_limit=st.sampled_from([0, 8 * GB]),
    local=st.booleans(),
)


@given(course=st.lists(measurements, max_size=60))
@tries(max_examples=150, deadline=None)
def test_no_ceiling_is_passed_and_no_worker_is_the_last_to_go(course: list[Measured]) -> None:
    """Whatever is measured, workers stay from 1 to their ceilings, and each change has a reason."""
    tuning, sections, videos = Tuning(12, 4), 4, 2
    for measured in course:
        change = tuning.decide(replace(measured, sections=sections, videos=videos))
        if change is None:
            continue
        assert change.reason and (change.sections, change.videos) != (sections, videos)
        sections, videos = change.sections or sections, change.videos or videos
        assert 1 <= sections <= 12 and 1 <= videos <= 4


@given(
    runs=st.lists(st.tuples(measurements, st.integers(1, 30)), min_size=1, max_size=40),
)
@tries(max_examples=150, deadline=None)
def test_workers_do_not_flap(runs: list[tuple[Measured, int]]) -> None:
    """After a step down there is none up for a while, which doubles each time that it took back
    a step up; two steps up have a pause between.
    """
    tuning, sections, videos = Tuning(12, 4), 4, 2
    up, down, careful, rising = -CAREFUL, -CAREFUL, CAREFUL, False
    for at, measured in enumerate(each for each, times in runs for _ in range(times)):
        change = tuning.decide(replace(measured, sections=sections, videos=videos))
        if change is None:
            continue
        grew = (change.sections or sections, change.videos or videos) > (sections, videos)
        sections, videos = change.sections or sections, change.videos or videos
        if grew:
            assert at - up >= SETTLING and at - down >= careful
            up = at
        else:
            careful *= 2 if rising else 1
            down = at
        rising = grew


def test_idle_providers_get_more_sections_then_more_lessons() -> None:
    """Sections that wait come first; lessons are added where sections have workers enough."""
    assert (change := Tuning(12, 4).decide(CALM)) and change.sections == 6
    nobody = replace(CALM, waiting_sections=0)
    assert (change := Tuning(12, 4).decide(nobody)) and change.videos == 3
    assert Tuning(12, 4).decide(replace(CALM, idle=False)) is None
    assert Tuning(4, 2).decide(CALM) is None


def test_short_memory_takes_lessons_first() -> None:
    """Lessons go one by one, then half of the sections, down to one; at the end nothing."""
    assert (change := Tuning(12, 4).decide(SHORT)) and change.videos == 1
    single = replace(SHORT, videos=1)
    assert (change := Tuning(12, 4).decide(single)) and change.sections == 2
    assert Tuning(12, 4).decide(replace(single, sections=1)) is None
    assert Tuning(None, None).decide(SHORT) is None


def test_providers_of_this_machine_get_no_more_than_its_cores() -> None:
    """Where drawing and speaking keep all cores busy, more sections than cores are taken back;
    where others are asked, busy cores take nothing back."""
    here = replace(CALM, sections=9, cores=3.9, local=True)
    tuning = Tuning(12, 4)
    changes = [tuning.decide(here) for _ in range(3)]
    assert changes[:2] == [None, None] and changes[2] and changes[2].sections == 4
    away = Tuning(12, 4)
    assert [away.decide(replace(here, local=False)) for _ in range(9)] == [None] * 9


def sampled(at: float) -> Sampled:
    return Sampled(at, 0.1, 4, GB, 8 * GB, GB, 0)


class Steered(Rehearsal):
    """A rehearsal that is steered at each virtual second."""

    async def _carried_out(self, batch: Batch, jobs: Iterable[Job]) -> Any:
        steering = Steering(batch, self.settings, lambda: 4 * GB)
        batch.runtime.events.subscribe(steering.on_event)

        async def steer() -> None:
            while True:
                await asyncio.sleep(1)
                steering.steer(sampled(batch.now()))

        steers = asyncio.create_task(steer())
        try:
            return await batch.make(jobs)
        finally:
            steers.cancel()


def steered(tmp_path: Path, settings: Settings) -> Steered:
    calls = Simulated(latency=4, seconds=0.1)
    run = Steered(settings, images=calls, voice=calls)
    jobs = [Job(written(tmp_path, f"{i}", 24), tmp_path / f"o{i}") for i in range(4)]
    run.make(jobs)
    return run


def test_auto_is_faster_than_what_it_begins_with(tmp_path: Path) -> None:
    """A batch on "auto" grows to its ceilings while providers are idle, and says why."""
    auto = steered(tmp_path / "auto", Settings(section_workers="auto:12", video_workers="auto"))
    fixed = steered(tmp_path / "fixed", Settings())
    changes = [event for event in auto.events if isinstance(event, WorkersChanged)]
    assert max(change.sections for change in changes) == 12
    assert all("wait" in change.reason for change in changes)
    assert not any(isinstance(event, WorkersChanged) for event in fixed.events)
    assert auto.seconds < 0.7 * fixed.seconds


def test_what_a_person_sets_stays(tmp_path: Path) -> None:
    """Workers that are changed by hand are left alone from then on; the others are not."""

    class ByHand(Steered):
        async def _carried_out(self, batch: Batch, jobs: Iterable[Job]) -> Any:
            asyncio.get_running_loop().call_later(0.5, batch.resize, 3)
            return await super()._carried_out(batch, jobs)

    calls = Simulated(latency=4, seconds=0.1)
    settings = Settings(section_workers="auto", video_workers="auto:3")
    run = ByHand(settings, images=calls, voice=calls)
    run.make([Job(written(tmp_path, f"{i}", 3), tmp_path / f"o{i}") for i in range(9)])
    changes = run.told(WorkersChanged)
    assert {change.sections for change in changes} == {3}
    assert max(change.videos for change in changes) == 3
