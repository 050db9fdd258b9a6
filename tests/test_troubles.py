"""What went wrong, once for all that met the same, and what to do about it."""

from __future__ import annotations

from pathlib import Path

from vidkit.errors import Cancelled, Fault, KeyMissing, LessonError, NothingMade, OutputError
from vidkit.report import BatchReport, SectionReport, VideoReport
from vidkit.report.reports import MENDS


def failed(index: int, error: str, kind: str) -> SectionReport:
    return SectionReport(index, state="failed", error=error, kinds=(kind,))


def lesson(name: str, *sections: SectionReport, **more: object) -> VideoReport:
    path, folder = Path(f"{name}.json"), Path(f"output_{name}")
    video = None if "failure" in more else folder / "final_video.mp4"
    return VideoReport(path, folder, path=video, sections=sections, **more)  # type: ignore[arg-type]


def test_the_same_trouble_is_told_once_for_all_lessons() -> None:
    """Seven sections of two lessons that met one error are one trouble, with each place."""
    refused = "image: openai refuses it"
    batch = BatchReport(
        (
            lesson("rain", *(failed(i, refused, "Refused") for i in (0, 1, 2, 6))),
            lesson("snow", SectionReport(0), *(failed(i, refused, "Refused") for i in (3, 4, 5))),
            lesson("hail", failed(1, "audio: no answer", "Unreachable")),
        )
    )
    first, second = batch.troubles
    assert (first.kind, first.sections, first.lessons) == ("Refused", 7, 2)
    assert first.where[0] == (Path("rain.json"), (1, 2, 3, 7))
    assert first.place == "7 sections of 2 lessons (rain: 1-3, 7; snow: 4-6)"
    assert second.place == "hail: section 2"
    assert "reword" in first.mend
    assert str(first) in str(batch)
    assert first.as_json()["where"][1] == {"lesson": "snow.json", "sections": [4, 5, 6]}


def test_a_lessons_own_failure_is_a_trouble_of_the_lesson() -> None:
    """A faulty file and a missing key are told as such, with what to do."""
    fault = LessonError(Path("hail.json"), [Fault("it is empty", "write a lesson")])
    batch = BatchReport(
        (
            lesson("hail", failure=fault),
            *(lesson(f"{n}", failure=KeyMissing("openai: no key")) for n in range(7)),
        )
    )
    key, file = batch.troubles
    assert (key.lessons, key.sections) == (7, 0)
    assert key.place == "7 lessons (0; 1; 2; 3; 4; and 2 more)"
    assert "set a key" in key.mend
    assert str(file) == "hail.json: it is empty; write a lesson. To do: mend the file and run again"


def test_a_budget_that_ends_is_one_trouble_whatever_each_section_may_cost() -> None:
    """What a hundred sections may cost differs, and so does what was left: it is told once."""
    sums = [f"image: over budget: may cost $0.02{n}, and $0.{9 - n} is left" for n in range(9)]
    sections = [
        SectionReport(n, state="over budget", error=error, kinds=("OverBudget",))
        for n, error in enumerate(sums)
    ]
    videos = tuple(lesson(name, *sections) for name in ("rain", "snow"))
    (trouble,) = BatchReport(videos).troubles
    assert (trouble.sections, trouble.problem) == (18, f"{sums[0]} (and the like)")
    assert str(videos[0]).count("over budget: ") == 2


def test_lessons_of_one_name_are_told_with_their_folders() -> None:
    """Each week of a course may have its own intro.json."""
    fault = LessonError(Path("intro.json"), [Fault("it is empty", "write a lesson")])
    faulty, good = lesson("1/intro", failure=fault), lesson("2/intro", failed(1, "image: no", "X"))
    named = [trouble.place for trouble in BatchReport((faulty, good)).troubles]
    assert named == ["1/intro.json", "2/intro: section 2"]


def test_what_keeps_a_folder_from_being_written_says_alone_what_to_do() -> None:
    """A name that two lessons share is no matter of room or rights."""
    batch = BatchReport((lesson("Rain", failure=OutputError("two are called so; rename one")),))
    assert str(batch.troubles[0]).endswith("; rename one. To do: mend that and run again")


def test_a_lesson_of_which_nothing_was_made_names_its_sections() -> None:
    """The reason stands with the sections, and not once more with the lesson."""
    video = lesson(
        "rain", failed(0, "image: refused", "Refused"), failure=NothingMade("no section, because …")
    )
    assert [trouble.kind for trouble in video.troubles] == ["Refused"]


def test_what_was_cancelled_goes_on_with_the_same_call() -> None:
    """Sections that were not begun are no troubles of their own."""
    cut = SectionReport(1, state="cancelled", error="not made")
    video = lesson("rain", SectionReport(0), cut, failure=Cancelled("cancelled"))
    (trouble,) = video.troubles
    assert trouble.kind == "Cancelled"
    assert "goes on" in trouble.mend


def test_nothing_wrong_is_no_trouble() -> None:
    """A batch that was made has nothing to do."""
    assert BatchReport((lesson("rain", SectionReport(0)),)).troubles == ()


def test_a_long_batch_is_told_in_a_few_lines() -> None:
    """A thousand lessons that met three troubles are told in three lines and the sum."""
    lessons = [lesson(str(n), SectionReport(0)) for n in range(900)]
    lessons += [lesson(f"x{n}", failed(0, f"image: {n % 3}", "Refused")) for n in range(100)]
    text = str(BatchReport(tuple(lessons)))
    assert len(text.splitlines()) == 4
    assert "900 of 1000 lessons complete" in text


def test_a_name_from_outside_stays_a_name() -> None:
    """What a terminal would obey is shown as Python writes it."""
    (trouble,) = lesson("a\x1b[2J", failed(0, "no\x1b[31m", "Refused")).troubles
    assert "\x1b" not in str(trouble)


def test_every_mend_is_for_an_error_that_there_is() -> None:
    """The table names classes of `vidkit.errors`."""
    import vidkit.errors

    assert all(hasattr(vidkit.errors, kind) for kind in MENDS)
