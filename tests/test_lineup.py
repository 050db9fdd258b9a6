"""The lessons of a batch: what may be named, in which order, and where each output goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from stand_ins import written

from vidkit import plan
from vidkit.errors import OutputError, SettingsError
from vidkit.models import load_lesson
from vidkit.pipeline.batch import LessonSource, output_folder


def names(lineup: LessonSource) -> list[str]:
    return [job.path.name for job in lineup]


def test_a_folder_and_a_glob_give_lessons_in_counting_order(tmp_path: Path) -> None:
    """2 comes before 10, and reports are no lessons."""
    for name in ("10", "9", "2", "report", "batch_report"):
        written(tmp_path / "a", name, 1)
    written(tmp_path / "b", "1", 1)
    assert names(LessonSource(tmp_path / "a")) == ["2.json", "9.json", "10.json"]
    several = LessonSource(str(tmp_path / "*" / "*.json"))
    assert names(several) == ["2.json", "9.json", "10.json", "1.json"]
    assert several.count == 4
    assert several.home == tmp_path


def test_a_list_keeps_its_order_and_knows_its_length(tmp_path: Path) -> None:
    """What is named one by one is made in that order, files and `Lesson`s alike."""
    b, a = written(tmp_path, "b", 1), load_lesson(written(tmp_path, "a", 1))
    lineup = LessonSource([b, a])
    assert names(lineup) == ["b.json", "a.json"]
    assert lineup.count == 2
    assert lineup.home == tmp_path


def test_what_a_shell_names_with_a_star_are_the_lessons_in_it(tmp_path: Path) -> None:
    """Folders give theirs; reports of vidkit and its output folders are none, and a folder of
    pictures fails alone.
    """
    a, b = written(tmp_path, "a", 1), written(tmp_path / "week", "b", 1)
    own = written(tmp_path / "mine", "report", 1)
    (tmp_path / "pictures").mkdir()
    for report in ("batch_report.json", "output_a/report.json"):
        (tmp_path / report).parent.mkdir(exist_ok=True)
        (tmp_path / report).write_text('{\n  "vidkit": "0.1.0"}', "utf-8")
    source = LessonSource(sorted(tmp_path.iterdir()))
    assert [job.path for job in source] == [a, tmp_path / "mine", tmp_path / "pictures", b]
    assert source.count == 4 and source.home is None
    assert [job.path for job in LessonSource([own, b])] == [own, b]
    assert plan([*tmp_path.glob("*.json"), tmp_path / "week"]).lessons == 2


def test_a_generator_is_drawn_from_one_by_one(tmp_path: Path) -> None:
    """Nothing is taken from it before it is asked for, and nobody knows how many there are."""
    drawn: list[int] = []

    def endless() -> Iterator[Path]:
        for number in range(10**9):
            drawn.append(number)
            yield tmp_path / f"{number}.json"

    lineup = LessonSource(endless())
    assert lineup.count is None
    assert drawn == []
    jobs = iter(lineup)
    assert [next(jobs).path.stem for _ in range(3)] == ["0", "1", "2"]
    assert drawn == [0, 1, 2]


def test_a_link_to_a_lesson_is_left_out_with_a_note(tmp_path: Path) -> None:
    """The file itself is made, under its own name, wherever its links sort."""
    written(tmp_path, "m", 1)
    for link in ("a", "z"):
        (tmp_path / f"{link}.json").symlink_to(tmp_path / "m.json")
    lineup = LessonSource(tmp_path)
    assert names(lineup) == ["m.json"]
    assert lineup.count == 1
    assert [note.split("/")[-1] for note in lineup.notes] == ["m.json, and is made once"] * 2


def test_a_link_from_elsewhere_is_a_lesson_of_its_own(tmp_path: Path) -> None:
    """A link is followed where what it names is not in the batch itself."""
    lesson = written(tmp_path / "there", "x", 1)
    (tmp_path / "here").mkdir()
    (tmp_path / "here/1.json").symlink_to(lesson)
    (job,) = LessonSource(tmp_path / "here")
    assert job.folder == tmp_path / "here" / "output_1"


@pytest.mark.parametrize("lazily", [False, True])
def test_what_is_named_twice_is_made_once(tmp_path: Path, lazily: bool) -> None:
    """A list or a generator that repeats itself costs nothing, and is told of."""
    a, b = written(tmp_path, "a", 1), written(tmp_path, "b", 1)
    named = [a, b, a, str(b)]
    lineup = LessonSource(iter(named) if lazily else named)
    assert names(lineup) == ["a.json", "b.json"]
    assert len(lineup.notes) == 2
    assert "named before" in lineup.notes[0]


def test_equal_names_get_different_outputs(tmp_path: Path) -> None:
    """Lessons of the same name lie in different folders, and so do their outputs."""
    lessons = [written(tmp_path / folder, "1", 1) for folder in "ab"]
    assert [job.folder for job in LessonSource(lessons)] == [
        tmp_path / "a/output_1",
        tmp_path / "b/output_1",
    ]
    apart = [job.folder for job in LessonSource(lessons, tmp_path / "out")]
    assert apart == [tmp_path / "out/a/output_1", tmp_path / "out/b/output_1"]
    lazily = [job.folder for job in LessonSource(iter(lessons), tmp_path / "out")]
    assert len(set(lazily)) == 2
    assert all(folder.is_relative_to(tmp_path / "out") for folder in lazily)


def test_a_suffix_in_capitals_has_an_output_of_its_own(tmp_path: Path) -> None:
    """`1.json` and `1.JSON` are two lessons, whatever order they come in."""
    assert output_folder(Path("x/1.json")) == Path("x/output_1")
    assert output_folder(Path("x/1.JSON")) == Path("x/output_1.JSON")
    assert output_folder(Path("x/lesson.txt")) == Path("x/output_lesson")


def test_two_that_differ_by_case_alone_do_not_share_a_folder(tmp_path: Path) -> None:
    """Where some disks would mix two lessons up, the second is refused and the first is made."""
    rain, loud = written(tmp_path, "rain", 1), written(tmp_path, "Rain", 1)
    first, second = LessonSource([rain, loud])
    assert first.refusal is None
    assert isinstance(second.refusal, OutputError)
    assert "rename" in str(second.refusal)


def test_an_output_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    """The mistake is found before anything is made."""
    lesson = written(tmp_path, "a", 1)
    with pytest.raises(SettingsError, match="output_dir"):
        LessonSource([lesson], lesson)
