"""Reports: what they say to a person, to a program and to a browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidkit.core.format import clock_time, json_in_lines, took
from vidkit.errors import NothingMade
from vidkit.report import BatchReport, SectionReport, VideoReport

FOLDER = Path("out")
GOOD = SectionReport(0, "Light", length=12.0, clip=FOLDER / "clips/section-01.mp4")
BAD = SectionReport(1, "Rain", state="failed", error="image: <b>no</b> & never")


def a_video(*sections: SectionReport, **more: object) -> VideoReport:
    return VideoReport(
        Path("lessons/1.json"),
        FOLDER,
        path=FOLDER / "final_video.mp4",
        sections=sections,
        seconds=7.25,
        length=307,
        **more,  # type: ignore[arg-type]
    )


def test_a_video_says_what_was_made_and_what_was_not() -> None:
    """One line for the lesson, one for each section that failed, with why."""
    lines = str(a_video(GOOD, BAD)).splitlines()
    assert lines[0].startswith("1: 1 of 2 sections in 7.2 s, 5:07 long: ")
    assert lines[1] == "  section 2: failed: image: <b>no</b> & never"


def test_a_lesson_without_a_video_says_why() -> None:
    """The reason stands where the path would."""
    report = VideoReport(Path("1.json"), FOLDER, failure=NothingMade("nothing could be made"))
    assert str(report) == "1: failed: nothing could be made"
    assert not report.made


def test_what_all_sections_met_is_told_once() -> None:
    """Of a lesson without a video, the error that is told is that of its sections."""
    bad = [SectionReport(i, state="failed", error="image: no key; set KEY") for i in range(9)]
    why = NothingMade("no section could be made; the first: image: no key; set KEY")
    report = VideoReport(Path("1.json"), FOLDER, sections=tuple(bad), failure=why)
    assert str(report).count("set KEY") == 1
    assert BatchReport((report,)).videos[0]._repr_html_().count("set KEY") == 1


def test_html_holds_outside_text_as_text() -> None:
    """A title, a path and a provider's message reach the browser escaped."""
    evil = "<img src=x onerror=alert(1)>"
    page = BatchReport((a_video(GOOD, BAD, title=evil, notes=(evil,)),))._repr_html_()
    assert "<img" not in page
    assert "&lt;img" in page
    assert "<b>" not in page


def test_a_batch_says_its_peak() -> None:
    """The summary ends with the formula of the calls at once."""
    report = BatchReport((a_video(GOOD),), 3.0, 16, "2 videos × 4 sections × 2")
    assert str(report).endswith("2 videos × 4 sections × 2 = at most 16 provider calls at once")
    assert len(report) == 1
    assert report[0].made
    assert list(report) == [report[0]]


def test_a_batch_says_what_it_paid_and_what_may_be_gone() -> None:
    """Also of more lessons than are told of one by one, a bill's two sums stand at the end."""
    lines = str(BatchReport(40 * (a_video(GOOD, dollars=0.25, unconfirmed=0.05),))).splitlines()
    assert lines[0] == "paid $10.00"
    assert lines[1] == "$2.00 more may be gone, for calls never answered"


def test_the_notes_of_many_lessons_are_told_once() -> None:
    """Who took whose place, and what was paid for again, is told of 40 lessons as well."""
    videos = [
        VideoReport(Path(f"{n}.json"), FOLDER, notes=(f"paid again for {n} of the images",))
        for n in range(1, 41)
    ]
    first, *_ = str(BatchReport(tuple(videos))).splitlines()
    where = "note: 40 lessons (1; 2; 3; 4; 5; and 35 more): "
    assert first == f"{where}paid again for 1 of the images (and the like)"


def test_json_paths_are_relative_to_the_folder() -> None:
    """A folder that is moved keeps a true report."""
    told = a_video(GOOD).as_json()
    assert told["video"] == "final_video.mp4"
    assert told["sections"][0]["clip"] == "clips/section-01.mp4"
    assert told["sections"][0]["number"] == 1


@pytest.mark.parametrize(
    ("seconds", "words", "clock"),
    [(0.84, "0.8 s", "0:01"), (12.3, "12 s", "0:12"), (200, "3 min 20 s", "3:20")],
)
def test_times_read_as_people_say_them(seconds: float, words: str, clock: str) -> None:
    """Seconds as words, and as players show them."""
    assert (took(seconds), clock_time(seconds)) == (words, clock)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(value=VALUES, levels=st.integers(0, 3))
def test_json_in_lines_is_what_it_was_written_from(value: Any, levels: int) -> None:
    """A report's JSON holds all of it, whatever its texts are."""
    assert json.loads(json_in_lines(value, levels)) == value


def test_json_in_lines_has_texts_for_names() -> None:
    """A name that is no text is refused, and not written as what nobody can read."""
    with pytest.raises(TypeError):
        json_in_lines({"files": {1: "one"}})
