"""`batch_report.json`: what came of a batch, on disk, while it goes on and after it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rights import bound_by_permissions
from stand_ins import written

import vidkit
from vidkit.errors import Refused
from vidkit.events import Event, RunEnded
from vidkit.report import BatchReport, SectionReport, VideoReport
from vidkit.report.progress import SUMMARY, Summary

QUICK: dict[str, Any] = {
    "images": "simulated:0",
    "voice": "simulated:latency=0,seconds=0.2",
    "size": (64, 36),
    "progress": False,
}


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def video(folder: Path, number: int, **more: Any) -> VideoReport:
    out = folder / f"output_{number}"
    return VideoReport(
        folder / f"{number}.json",
        out,
        path=out / "final_video.mp4",
        sections=(SectionReport(0, **more),),
        dollars=0.25,
    )


def read(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / SUMMARY).read_text("utf-8"))
    return found


def test_it_grows_as_lessons_end_and_says_what_to_do(tmp_path: Path) -> None:
    """Begun, half, over: each time the whole file is true."""
    clock = Clock()
    summary = Summary(tmp_path, 2, clock)
    summary.claim()
    assert read(tmp_path)["state"] == "under way"
    assert read(tmp_path)["lessons"] == 2
    clock.now += 5
    summary.add(1, one := video(tmp_path, 1, state="failed", error="no", kinds=("Refused",)))
    half = read(tmp_path)
    assert (half["over"], half["made"], half["seconds"]) == (1, 0, 5.0)
    assert half["to_do"][0]["where"] == [{"lesson": str(tmp_path / "1.json"), "sections": [1]}]
    clock.now += 5
    summary.add(0, zero := video(tmp_path, 0))
    summary.over(BatchReport((zero, one), seconds=10.0, workers="2 videos"))
    over = read(tmp_path)
    assert over["state"] == "partly made"
    assert [row["lesson"] for row in over["videos"]] == ["0.json", "1.json"]
    assert over["videos"][0]["video"] == "output_0/final_video.mp4"
    assert over["dollars"] == 0.5
    assert summary.notes == []


def test_a_long_batch_is_not_written_for_each_lesson(tmp_path: Path) -> None:
    """A thousand lessons that end within a second are written at the end."""
    clock = Clock()
    summary = Summary(tmp_path, 1000, clock)
    summary.claim()
    writings = 0
    for number in range(1000):
        before = (tmp_path / SUMMARY).stat().st_mtime_ns
        clock.now += 0.01
        summary.add(number, video(tmp_path, number))
        writings += (tmp_path / SUMMARY).stat().st_mtime_ns != before
    assert writings <= 10


@pytest.mark.parametrize("text", ["mine", "{}", '{"vidkit": "a poem"}', "[]"])
def test_a_strangers_file_is_left_alone(tmp_path: Path, text: str) -> None:
    """The batch is made, its report says why there is no summary, and the file is as it was."""
    written(tmp_path, "a", 1)
    (tmp_path / SUMMARY).write_text(text)
    report = vidkit.process_all_videos(tmp_path, **QUICK)
    assert report.made
    assert any(SUMMARY in note for note in report.notes)
    assert (tmp_path / SUMMARY).read_text() == text


def test_a_batch_writes_it_and_the_next_one_takes_it_over(tmp_path: Path) -> None:
    """It stands in the folder of the lessons, is no lesson itself, and tells of the last run."""
    written(tmp_path, "a", 1)
    (tmp_path / "b.json").write_text("{")
    vidkit.process_all_videos(tmp_path, **QUICK)
    first = read(tmp_path)
    assert first["state"] == "partly made"
    assert [row["state"] for row in first["videos"]] == ["made", "failed"]
    assert first["to_do"][0]["kind"] == "LessonError"
    written(tmp_path, "b", 1)
    assert vidkit.process_all_videos(tmp_path, **QUICK).made
    assert read(tmp_path)["state"] == "made"
    assert read(tmp_path)["to_do"] == []
    assert not list(tmp_path.glob(".*.part"))


def test_it_goes_to_the_outputs_where_they_are_elsewhere(tmp_path: Path) -> None:
    """`output_dir=` has it, also for a generator of lessons; lessons in many folders have none."""
    lessons = [written(tmp_path / name, "1", 1) for name in "ab"]
    out = tmp_path / "out"
    assert vidkit.process_all_videos(iter(lessons), output_dir=out, **QUICK).made
    assert len(read(out)["videos"]) == 2
    vidkit.process_all_videos(lessons, **QUICK)
    assert not list(tmp_path.glob(f"*{SUMMARY}")) and not list(tmp_path.glob(f"?/{SUMMARY}"))


def test_a_folder_that_cannot_be_written_ends_no_batch(tmp_path: Path) -> None:
    """The note says so, once."""
    tmp_path.chmod(0o500)
    summary = Summary(tmp_path, 1)
    with bound_by_permissions():
        summary.claim()
        summary.over(BatchReport((video(tmp_path, 0),)))
    tmp_path.chmod(0o700)
    assert len(summary.notes) == 1


def test_a_summary_that_cannot_be_ended_is_told(tmp_path: Path) -> None:
    """What keeps the last writing from being done is a note of the report, after the others."""
    lessons = [written(tmp_path, name, 1) for name in "ab"]

    def spoil(event: Event) -> None:
        if isinstance(event, RunEnded):
            (tmp_path / SUMMARY).unlink()
            (tmp_path / SUMMARY).mkdir()

    report = vidkit.process_all_videos([*lessons, lessons[0]], listener=spoil, **QUICK)
    twice, last = report.notes
    assert "a.json" in twice
    assert f"{SUMMARY} cannot be written" in last


def test_a_file_in_the_folders_place_ends_no_batch(tmp_path: Path) -> None:
    """What cannot be written is a note of the report."""
    (tmp_path / "out").write_text("a file")
    summary = Summary(tmp_path / "out", 1)
    summary.claim()
    assert "cannot be written" in summary.notes[0]


def test_an_error_in_the_report_is_told_in_the_file(tmp_path: Path) -> None:
    """A batch that ended early says why, and how many lessons there were to be."""
    summary = Summary(tmp_path, 5)
    summary.claim()
    summary.add(0, video(tmp_path, 0))
    summary.over(BatchReport((video(tmp_path, 0),), failure=Refused("enough")))
    found = read(tmp_path)
    assert (found["error"], found["lessons"], found["over"]) == ("enough", 5, 1)
