"""The video with its chapters, and the rows of a batch, without a browser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from stand_ins import written

from vidkit import api
from vidkit.errors import VidkitError
from vidkit.events import Event, LessonEnded, LessonStarted, RunStarted, SectionEnded
from vidkit.report import BatchReport, SectionReport, VideoReport
from vidkit.studio import Film, Videos

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


def page(film: Film) -> str:
    """The HTML that a film shows."""
    return "".join(output["data"]["text/html"] for output in film.widget.outputs)


def test_chapters_jump_to_their_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each section that is in the video is a button with its time; one that is not says so."""
    monkeypatch.chdir(tmp_path)
    shown = page(Film(reported(tmp_path / "out")))
    assert shown.count("<button") == 2
    assert 'data-start="5.250"' in shown
    assert "Two</span>" in shown
    assert "not in the video" in shown
    assert "1:05 long · 2 of 3 sections" in shown


def test_captions_and_files_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The player has the captions as a track, and the files are linked relative to the notebook."""
    monkeypatch.chdir(tmp_path)
    report = reported(tmp_path / "out")
    shown = page(Film(report))
    assert '<track kind="captions" label="Captions" src="out/captions.vtt?v=' in shown
    assert 'href="out/captions.srt"' in shown
    (report.folder / "captions.vtt").unlink()
    (report.folder / "captions.srt").unlink()
    shown = page(Film(report))
    assert "captions.vtt" not in shown
    assert "captions.srt" not in shown


def test_there_may_be_no_video(tmp_path: Path) -> None:
    """Nothing is shown where nothing was made, and what was shown before goes."""
    film = Film()
    assert page(film) == ""
    film.show_report(reported(tmp_path / "out"))
    assert page(film)
    film.show_report(VideoReport(tmp_path / "lesson.json", tmp_path, failure=VidkitError("no")))
    assert page(film) == ""


def test_titles_are_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The names of lessons, sections and folders are escaped."""
    monkeypatch.chdir(tmp_path)
    sections = (SectionReport(0, EVIL, start=0.0), SectionReport(1, EVIL, state="failed"))
    shown = page(Film(reported(tmp_path / "a&b", title=EVIL, sections=sections)))
    assert "<img" not in shown
    assert "&lt;img" in shown
    assert "a%26b/final_video.mp4" in shown


def rows(videos: Videos) -> list[str]:
    """The text of all rows."""
    return [row.widget.children[0].value for row in videos.rows]


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
        videos.hear(event)
    videos.paint()
    first, second = rows(videos)
    assert "failed" in first
    assert "&lt;img" in first
    assert "<img" not in first
    assert "making" in second
    assert "2 of 3 sections" in second
    assert videos.over == 1


def test_a_lesson_that_is_over_shows_its_length_and_video(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As soon as it is over, while others go on: its report is read from its folder."""
    monkeypatch.chdir(tmp_path)
    paths = [written(tmp_path, "1", 2), written(tmp_path, "2", [])]
    watched: list[VideoReport] = []
    videos = Videos(paths, watched.append)
    report = api.start_all(
        paths,
        images="simulated:0",
        voice="simulated:latency=0,seconds=0.6",
        size=(64, 36),
        progress=False,
        listener=videos.hear,
    ).result()
    videos.paint()
    first, second = rows(videos)
    assert "2 of 2 sections" in first
    assert ">0:02<" in first
    assert "failed" in second
    _, watch, output = videos.rows[0].widget.children
    assert 'href="output_1/final_video.mp4"' in output.outputs[0]["data"]["text/html"]
    watch.click()
    assert [each.path for each in watched] == [paths[0].parent / "output_1/final_video.mp4"]
    videos.take(report)
    assert [row.state[0] for row in videos.rows] == ["made", "failed"]
    assert len(videos.rows[0].widget.children) == 3
    assert len(videos.rows[1].widget.children) == 1


def test_a_cancelled_lesson_is_no_failure(tmp_path: Path) -> None:
    """What was stopped on the way is told as that."""
    videos = Videos([tmp_path / "1.json"])
    sections = (SectionReport(0), SectionReport(1, state="cancelled"))
    path = tmp_path / "1.json"
    videos.take(BatchReport((VideoReport(path, tmp_path, sections=sections),)))
    assert videos.rows[0].state == ("cancelled", "waiting")
    assert "1 of 2 sections" in rows(videos)[0]


def test_a_damaged_report_is_passed_over(tmp_path: Path) -> None:
    """Somebody wrote into the folder while the lesson was being made."""
    videos = Videos([tmp_path / "1.json"])
    (tmp_path / "report.json").write_text(json.dumps({"video": 5}))
    videos.hear(LessonStarted(0, 0, "1", (0,), tmp_path))
    videos.hear(LessonEnded(1, 0, "1", None, "no"))
    videos.paint()
    assert "failed" in rows(videos)[0]
