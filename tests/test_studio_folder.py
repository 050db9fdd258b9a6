"""A folder of lessons, opened one by one, and the search over it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from stand_ins import written

from vidkit.errors import SettingsError
from vidkit.models import load_lesson
from vidkit.studio.lessons import Folder, spoken_seconds, spoken_words


def test_nothing_is_opened_before_it_is_asked_for(tmp_path: Path) -> None:
    """A folder of a hundred lessons costs a listing, whatever is in them."""
    for number in range(100):
        (tmp_path / f"{number}.json").write_text("{")
    folder = Folder(tmp_path)
    assert [path.stem for path in folder.paths] == [str(number) for number in range(100)]
    assert not any(folder.known(path) for path in folder.paths)


def test_a_lesson_is_read_once_and_again_when_it_changed(tmp_path: Path) -> None:
    """The same file gives the same lesson; a changed one gives what it holds now."""
    path = written(tmp_path, title="Before")
    folder = Folder(tmp_path)
    assert folder.open(path) is folder.open(path)
    written(tmp_path, title="After now")
    opened = folder.open(path)
    assert opened.lesson is not None
    assert opened.lesson.title == "After now"


def test_a_file_beside_a_lesson_counts_after_a_second_look(tmp_path: Path) -> None:
    """A picture that was missing and has come is found when the folder is read again."""
    path = written(tmp_path, sections=[{"image": "leaf.png", "content": "A leaf."}])
    folder = Folder(tmp_path)
    assert folder.open(path).lesson is None
    (tmp_path / "leaf.png").write_bytes(b"png")
    folder.look_again()
    assert folder.open(path).lesson is not None


def test_faults_are_kept_and_not_raised(tmp_path: Path) -> None:
    """A faulty lesson has its faults in place of a lesson."""
    path = written(tmp_path, sections=[{"content": "Words."}])
    opened = Folder(tmp_path).open(path)
    assert opened.lesson is None
    assert [(fault.section, fault.field) for fault in opened.faults] == [(1, "image_description")]


def test_a_lesson_that_vanished_is_a_fault(tmp_path: Path) -> None:
    """Somebody removes a file between the listing and the choice: that is told, not raised."""
    path = written(tmp_path)
    folder = Folder(tmp_path)
    path.unlink()
    assert "no such file" in str(folder.open(path).faults[0])


def test_a_search_finds_every_field_of_every_lesson(tmp_path: Path) -> None:
    """File names, titles, narrations and image descriptions are searched, whatever the case,
    across line breaks, and the place is told.
    """
    one = written(
        tmp_path,
        "1-leaf",
        [{"title": "A Leaf", "image_description": "Green.", "content": "Sugar\nfrom light."}],
    )
    two = written(
        tmp_path,
        "2-sun",
        [{"image_description": "A LEAF at noon.", "content": "It shines."}],
        title="Leaf and sun",
    )
    folder = Folder(tmp_path)
    assert [(hit.path, hit.section, hit.field) for hit in folder.search("leaf")] == [
        (one, None, "file"),
        (one, 1, "title"),
        (two, None, "title"),
        (two, 1, "image description"),
    ]
    [hit] = folder.search("sugar  FROM")
    assert (hit.section, hit.field, hit.found, hit.after) == (
        1,
        "narration",
        "Sugar\nfrom",
        " light.",
    )
    assert folder.search("  ") == []
    assert folder.search("(.*") == []


def test_a_faulty_lesson_is_found_by_its_name(tmp_path: Path) -> None:
    """What cannot be read can still be looked for."""
    path = written(tmp_path, "leaf", [])
    assert [hit.path for hit in Folder(tmp_path).search("LEAF")] == [path]


def test_long_texts_are_shown_in_part(tmp_path: Path) -> None:
    """A hit in the middle of a long narration has some words on each side, and dots."""
    written(
        tmp_path, sections=[{"image_description": "x", "content": "a " * 500 + "leaf" + " b" * 500}]
    )
    [hit] = Folder(tmp_path).search("leaf")
    assert hit.before.startswith("…")
    assert hit.after.endswith("…")
    assert len(hit.before) < 100 > len(hit.after)


def test_words_and_seconds(tmp_path: Path) -> None:
    """The length is words by rate; a section that brings its sound has no words to speak."""
    (tmp_path / "own.wav").write_bytes(b"wav")
    lesson = load_lesson(
        written(
            tmp_path,
            sections=[
                {"image_description": "x", "content": "one two three"},
                {"image_description": "x", "content": "one two", "audio": "own.wav"},
            ],
        )
    )
    assert [spoken_words(section) for section in lesson.sections] == [3, 0]
    assert spoken_seconds(100, 200) == 30
    assert spoken_seconds(175) == 60


def test_an_empty_folder_has_no_lesson_yet_and_a_missing_one_is_refused(tmp_path: Path) -> None:
    """A first lesson can be begun in a folder that holds none; a name that is none is an error."""
    assert Folder(tmp_path).paths == []
    with pytest.raises(SettingsError, match="no folder"):
        Folder(tmp_path / "elsewhere")


def test_a_file_of_the_same_size_is_read_again(tmp_path: Path) -> None:
    """The age of a file counts, not its size alone."""
    path = written(tmp_path, title="ab")
    folder = Folder(tmp_path)
    before = folder.open(path).lesson
    written(tmp_path, title="cd")
    os.utime(path, ns=(1, 1))
    after = folder.open(path).lesson
    assert before is not None
    assert after is not None
    assert (before.title, after.title) == ("ab", "cd")
