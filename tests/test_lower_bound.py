"""How long a run could have taken at the least, by its own pieces."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from stand_ins import Rehearsal, written

from vidkit.events import Event, WorkEnded, WorkersChanged
from vidkit.models import Settings
from vidkit.pipeline import Job
from vidkit.pipeline.workload import BoundTracker
from vidkit.providers.simulated import Simulated
from vidkit.report import BatchReport

FREE = (64, 64, 64)


def measured(
    events: list[Event], settings: Settings, limits: tuple[int, int, int] = FREE
) -> tuple[float, str]:
    tracker = BoundTracker(settings)
    for event in events:
        tracker.on_event(event)
    bound = tracker.bound(*limits)
    assert bound is not None
    return bound.seconds, bound.limit


def rehearsed(
    folder: Path, lessons: int, sections: int, settings: Settings, seed: int = 1
) -> Rehearsal:
    calls = Simulated(latency=10, spread=0.7, seconds=0.1, seed=seed)
    run = Rehearsal(settings, images=calls, voice=calls)
    run.make([Job(written(folder, f"{n}", sections), folder / f"o{n}") for n in range(lessons)])
    return run


@given(
    lessons=st.integers(1, 5),
    sections=st.integers(1, 9),
    workers=st.tuples(st.integers(1, 5), st.integers(1, 4)),
    seed=st.integers(0, 1000),
)
@tries(max_examples=30, deadline=None)
def test_no_run_beats_its_bound(
    tmp_path_factory: pytest.TempPathFactory,
    lessons: int,
    sections: int,
    workers: tuple[int, int],
    seed: int,
) -> None:
    """And a run with nothing in its way but its workers comes close to it."""
    settings = Settings(section_workers=workers[0], video_workers=workers[1])
    run = rehearsed(tmp_path_factory.mktemp("run"), lessons, sections, settings, seed)
    least, limit = measured(run.events, settings)
    assert limit
    assert least <= run.seconds + 0.01
    assert run.seconds <= 2 * least


def test_more_workers_under_way_lower_it(tmp_path: Path) -> None:
    """The most workers that the run ever had count."""
    run = rehearsed(tmp_path, 2, 8, Settings(section_workers=2))
    few, _ = measured(run.events, Settings(section_workers=2))
    many, _ = measured([*run.events, WorkersChanged(1, 8, 2, "as asked")], Settings())
    assert many < few


def test_what_limits_is_named(tmp_path: Path) -> None:
    """Places of a gate, and cores."""
    run = rehearsed(tmp_path, 2, 8, Settings())
    _, limit = measured(run.events, Settings(), (1, 64, 64))
    assert "1 image call at once" in limit
    clips = [WorkEnded(99, 0, n, "clip", "vidkit", 900 + n, "done", 50.0) for n in range(8)]
    seconds, limit = measured([*clips, *run.events], Settings(), (64, 64, 2))
    assert seconds > 200
    assert "2 cores" in limit


def test_nothing_made_has_no_bound() -> None:
    """Where no piece was made there is nothing to measure by."""
    assert BoundTracker(Settings()).bound(*FREE) is None


def test_the_report_says_how_far_it_was() -> None:
    """In words, where the run was long enough to be compared."""
    text = str(BatchReport(seconds=110.0, least=100.0, limit="the longest section"))
    assert "10% longer than it had to; no less than 1 min 40 s was possible" in text
    assert "longer" not in str(BatchReport(seconds=1.0, least=0.5, limit="x"))
