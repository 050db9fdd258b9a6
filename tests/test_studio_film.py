"""The video with its chapters, and the rows of a batch, without a browser."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from a_page import Page
from stand_ins import written

from vidkit import api
from vidkit.errors import VidkitError
from vidkit.events import Event, LessonEnded, LessonStarted, RunStarted, SectionEnded
from vidkit.models import load_lesson
from vidkit.pipeline.review import review
from vidkit.report import BatchReport, SectionReport, VideoReport
from vidkit.studio import Film, Videos
from vidkit.studio.widgets import PIECE

EVIL = "<img src=x onerror=alert(1)>"


def reported(folder: Path, **changes: object) -> VideoReport:
    """A report of a lesson with three sections, the second of which is missing."""
    folder.mkdir(exist_ok=True)
    for name in ("final_video.mp4", "captions.vtt", "captions.srt", "report.json"):
        (folder / name).write_bytes(b"x")
    values = {
        "lesson": folder.parent / "lesson.json",
        "folder": folder,
        "path": folder / "final_video.mp4",
        "title": "A Lesson",
        "length": 65.0,
        "sections": (
            SectionReport(0, "One", start=0.0, length=5.0),
            SectionReport(1, "Two", state="failed", error="no"),
            SectionReport(2, "Three", start=5.25, length=60.0),
        ),
    }
    return VideoReport(**{**values, **changes})  # type: ignore[arg-type]


def shown(film: Film) -> dict[str, Any]:
    """What the page shows of a film."""
    values: dict[str, Any] = film.values()["player"]
    return values


def test_chapters_have_their_seconds(tmp_path: Path) -> None:
    """Each section that is in the video has its time; one that is not has none."""
    told = shown(Film(reported(tmp_path / "out")))
    starts = {chapter["title"]: chapter["start"] for chapter in told["chapters"]}
    assert starts == {"One": 0.0, "Two": None, "Three": 5.25}
    assert told["facts"] == "1:05 long · 2 of 3 sections"


def test_the_film_comes_in_pieces_whole_and_with_its_captions(tmp_path: Path) -> None:
    """Nothing of it is in the panel's values; the page fetches it, and it is what lies on disk."""
    film, data = Film(reported(tmp_path / "out")), os.urandom(2 * PIECE + 7)
    assert film.report is not None
    (film.report.folder / "final_video.mp4").write_bytes(data)
    page = Page(film)
    told = shown(film)
    assert page.fetched(told["film"]) == (data, "video/mp4")
    assert page.fetched(told["captions"]) == (b"x", "text/vtt")
    (film.report.folder / "captions.vtt").unlink()
    assert shown(film)["captions"] is None


def test_what_a_review_found_is_told_in_words(tmp_path: Path) -> None:
    """A line for each kind of finding, with its sections, the mend and the source, and no name of
    a measure; a title from anywhere is text, and a review that is none is not shown.
    """
    wordy = {"image_description": "x", "content": "Light bends in water. " * 60}
    lesson = load_lesson(written(tmp_path, sections=[{**wordy, "title": EVIL}, wordy, wordy]))
    found = review(lesson)
    sections = tuple(SectionReport(at, each.title) for at, each in enumerate(lesson.sections))
    report = reported(tmp_path / "out", sections=sections, review=found.as_dict())
    told = shown(Film(report))["review"]
    names = {fault.name for fault in found.faults}
    assert told["title"] == f"What could be better ({len(names)})"
    assert told["score"] == f"{found.score} of {found.most} points for what can be measured."
    assert not any(f"{name}:" in line["what"] for line in told["lines"] for name in names)
    asked = next(line for line in told["lines"] if line["what"] == "Nothing is asked in it.")
    assert asked["where"] == "The lesson"
    assert asked["mend"].startswith("Add a section")
    assert any(line["where"] == "Sections 1-3" and line["source"] for line in told["lines"])
    alone = [{**each, "good": each["section"] != 1} for each in found.as_dict()["measures"]]
    one = reported(
        tmp_path / "out", sections=sections, review={**found.as_dict(), "measures": alone}
    )
    assert shown(Film(one))["review"]["lines"][0]["where"] == f"Section 1: {EVIL}"
    assert not shown(Film(reported(tmp_path / "out")))["review"]
    for broken in ("x", {"measures": [5]}, {"measures": [{"good": False}]}, {"score": 1}):
        assert not shown(Film(reported(tmp_path / "out", review=broken)))["review"]


def test_there_may_be_no_video(tmp_path: Path) -> None:
    """Nothing is shown where nothing was made, and what was shown before goes."""
    film = Film()
    page = Page(film)
    assert page.view.player == {}
    film.show_report(reported(tmp_path / "out"))
    assert page.view.player["film"]
    film.show_report(VideoReport(tmp_path / "lesson.json", tmp_path, failure=VidkitError("no")))
    assert page.view.player == {}


def test_titles_are_text_in_a_saved_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The names of lessons, sections and folders are escaped."""
    monkeypatch.chdir(tmp_path)
    sections = (SectionReport(0, EVIL, start=0.0), SectionReport(1, EVIL, state="failed"))
    saved = Film(reported(tmp_path / "a&b", title=EVIL, sections=sections)).page()
    assert "<img" not in saved
    assert "&lt;img" in saved
    assert "a%26b/final_video.mp4" in saved


def rows(videos: Videos) -> list[dict[str, Any]]:
    """What the page shows of all rows."""
    told: list[dict[str, Any]] = videos.values()["videos"]["rows"]
    return told


def test_rows_follow_the_batch(tmp_path: Path) -> None:
    """Each lesson waits, is made section by section, and is over, whatever the others do."""
    videos = Videos([tmp_path / "1.json", tmp_path / "2.json"])
    told: list[Event] = [
        RunStarted(0, 2),
        LessonStarted(0, 1, "2", (0, 1, 2), tmp_path / "output_2"),
        SectionEnded(1, 1, 2, "made"),
        SectionEnded(2, 1, 0, "failed", "no"),
        LessonEnded(3, 0, "1", None, f"{EVIL} has faults"),
    ]
    for event in told:
        videos.on_event(event)
    videos.paint()
    first, second = rows(videos)
    assert (first["state"], second["state"]) == ("failed", "making")
    assert first["why"] == f"{EVIL} has faults"
    assert second["done"] == "2 of 3 sections"
    assert videos.over == 1


def test_what_happens_while_rows_are_told_is_told_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events come from another thread: none of them leaves a row out, or is lost."""
    videos = Videos([tmp_path / "1.json", tmp_path / "2.json"])
    second = videos.rows[1]
    plain = second.values

    def interrupted() -> dict[str, Any]:
        videos.on_event(LessonStarted(1, 0, "1", (0,), tmp_path))
        told = plain()
        videos.on_event(SectionEnded(2, 1, 0, "made"))
        return told

    videos.on_event(RunStarted(0, 2))
    videos.on_event(LessonStarted(0, 1, "2", (0, 1), tmp_path))
    monkeypatch.setattr(second, "values", interrupted)
    assert [row["name"] for row in rows(videos)] == ["1", "2"]
    monkeypatch.setattr(second, "values", plain)
    assert [row["state"] for row in rows(videos)] == ["making", "making"]
    assert rows(videos)[1]["done"] == "1 of 2 sections"


def test_a_lesson_that_is_over_shows_its_length_and_video(tmp_path: Path) -> None:
    """As soon as it is over, while others go on: its report is read from its folder."""
    paths = [written(tmp_path, "1", 2), written(tmp_path, "2", [])]
    watched: list[VideoReport] = []
    videos = Videos(paths, watched.append)
    report = api.start_all(
        paths,
        images="simulated:0",
        voice="simulated:latency=0,seconds=0.6",
        size=(64, 36),
        progress=False,
        listener=videos.on_event,
    ).result()
    videos.paint()
    first, second = rows(videos)
    assert (first["done"], first["length"], first["watch"]) == ("2 of 2 sections", "0:02", True)
    assert (second["state"], second["watch"]) == ("failed", False)
    kept = videos.rows[0].report
    assert kept is not None
    assert kept.review is None, "a thousand of them would fill the memory"
    Page(videos).did("videos", "watch", row=0)
    assert [each.path for each in watched] == [paths[0].parent / "output_1/final_video.mp4"]
    assert watched[0].review == report[0].review
    assert watched[0].review
    videos.take(report)
    assert [row.state[0] for row in videos.rows] == ["made", "failed"]


def test_a_cancelled_lesson_is_no_failure(tmp_path: Path) -> None:
    """What was stopped on the way is told as that."""
    videos = Videos([tmp_path / "1.json"])
    sections = (SectionReport(0), SectionReport(1, state="cancelled"))
    path = tmp_path / "1.json"
    videos.take(BatchReport((VideoReport(path, tmp_path, sections=sections),)))
    assert videos.rows[0].state == ("cancelled", "waiting")
    assert rows(videos)[0]["done"] == "1 of 2 sections"


def test_a_damaged_report_is_passed_over(tmp_path: Path) -> None:
    """Somebody wrote into the folder while the lesson was being made."""
    videos = Videos([tmp_path / "1.json"])
    (tmp_path / "report.json").write_text(json.dumps({"video": 5}))
    videos.on_event(LessonStarted(0, 0, "1", (0,), tmp_path))
    videos.on_event(LessonEnded(1, 0, "1", None, "no"))
    videos.paint()
    assert rows(videos)[0]["state"] == "failed"
