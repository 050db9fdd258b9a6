"""Sections' reports in little room."""

from __future__ import annotations

import sys
from pathlib import Path

from stand_ins import Rehearsal, written

from vidkit.pipeline import Job
from vidkit.report import SectionReport
from vidkit.report.reports import Packed


def reports(count: int) -> tuple[SectionReport, ...]:
    folder = Path("/somewhere/lessons/output_rain")
    return tuple(
        SectionReport(
            index,
            title=f"Title {index}",
            image=folder / f"images/section_{index}.png",
            audio=folder / f"audio/section_{index}.wav",
            clip=folder / f"clips/section_{index}.mp4",
            image_by="slides",
            voice_by="espeak",
            start=index * 20.5,
            length=20.5,
            seconds={"image": 0.1 * index, "audio": 0.2, "clip": 0.3},
        )
        for index in range(count)
    )


def test_what_is_packed_reads_as_before() -> None:
    """Length, order, slices, equality and words are those of the tuple."""
    before = reports(5)
    packed = Packed(before)
    assert len(packed) == 5
    assert list(packed) == list(before)
    assert packed[1] == before[1]
    assert packed[-2:] == before[-2:]
    assert packed == before == packed
    assert packed == Packed(before)
    assert packed != before[1:]
    assert before[2] in packed
    assert repr(packed) == repr(before)


def test_a_lesson_of_twelve_takes_little_room() -> None:
    """A thousand lessons' sections take some two megabytes."""
    packed = Packed(reports(12))
    assert sys.getsizeof(packed._data) < 2000


def test_a_batch_packs_the_sections_of_its_lessons(tmp_path: Path) -> None:
    """Each lesson's report says the same, packed or not."""
    lesson = written(tmp_path, sections=3)
    (video,) = Rehearsal().make([Job(lesson, tmp_path / "out")])
    assert isinstance(video.sections, Packed)
    assert [section.number for section in video.sections] == [1, 2, 3]
    assert video.made
    assert "3 of 3 sections" in str(video)
