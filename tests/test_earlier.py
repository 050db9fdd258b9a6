"""The report that is read back from an output folder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stand_ins import written

from vidkit import api
from vidkit.pipeline.output import read_report
from vidkit.report import VideoReport


@pytest.fixture
def made(tmp_path: Path) -> VideoReport:
    """A lesson of two sections, the second of which fails."""
    sections = [
        {"title": "One", "image_description": "x", "content": "One word."},
        {"image": "own.png", "content": "Two words."},
    ]
    (tmp_path / "own.png").write_bytes(b"no picture")
    return api.start(
        written(tmp_path, sections=sections, title="A Lesson"),
        images="simulated:0",
        voice="simulated:latency=0,seconds=0.3",
        size=(64, 36),
        progress=False,
    ).result()


def without_time(report: VideoReport) -> dict[str, Any]:
    """What a report tells, but for the seconds that the run took."""
    return {key: told for key, told in report.as_json().items() if key != "seconds"}


def test_what_was_written_is_read_back(made: VideoReport) -> None:
    """The report from the folder tells what the run told; its own writing is not in its time."""
    again = read_report(made.folder)
    assert again is not None
    assert again.path is not None
    assert without_time(again) == without_time(made)
    assert [section.made for section in again.sections] == [True, False]
    assert again.sections[0].clip == made.sections[0].clip


def test_files_that_are_gone_are_left_out(made: VideoReport) -> None:
    """Somebody removed the video: the report of it has none."""
    assert made.path is not None
    made.path.unlink()
    again = read_report(made.folder)
    assert again is not None
    assert again.path is None


def test_a_report_names_nothing_outside_of_its_folder(made: VideoReport, tmp_path: Path) -> None:
    """A report that somebody wrote leads to no file of another folder."""
    (tmp_path / "other.mp4").write_bytes(b"other")
    told = json.loads((made.folder / "report.json").read_text())
    for name in ("../other.mp4", str(tmp_path / "other.mp4")):
        (made.folder / "report.json").write_text(json.dumps(told | {"video": name}))
        again = read_report(made.folder)
        assert again is not None
        assert again.path is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"lesson": 5}', "null", '"a"', '{"sections": 3}', "[" * 9999]
)
def test_what_is_no_report_gives_none(tmp_path: Path, text: str) -> None:
    """No report, a damaged one, or somebody else's: there is nothing to show."""
    assert read_report(tmp_path / "nothing") is None
    (tmp_path / "report.json").write_text(text)
    assert read_report(tmp_path) is None


def test_the_lesson_may_have_moved(made: VideoReport, tmp_path: Path) -> None:
    """The caller knows where the lesson is now."""
    again: Any = read_report(made.folder, tmp_path / "moved.json")
    assert again.lesson == tmp_path / "moved.json"
    assert without_time(replace(again, lesson=made.lesson)) == without_time(made)
