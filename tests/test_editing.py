"""Texts that are edited, and saved into the lesson's file."""

from __future__ import annotations

import errno
import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from some_lessons import GOOD, LESSONS
from stand_ins import written

from vidkit.errors import LessonError, SettingsError
from vidkit.models import TEXTS, Lesson, edited, lesson_files, load_lesson, save_lesson

AS_WRITTEN = """{
   "course" : "biology",\t"sections": [
  {"id": 7, "content": "Leaves \\u006dake sugar.",
     "image_description":"A leaf.", "notes": [1.50, {"a": "}"}]},
  { "image_description": "A root.", "content": "Roots drink." }
  ]
}
"""


def saved(folder: Path, text: str) -> Lesson:
    """A lesson on disk, with just this text."""
    path = folder / "1.json"
    path.write_bytes(text.encode())
    return load_lesson(path)


def test_an_edit_changes_one_text_of_one_section(tmp_path: Path) -> None:
    """What was not named stays as it is, and so do the other sections and the file."""
    lesson = saved(tmp_path, AS_WRITTEN)
    after = edited(lesson, 1, content="  Roots drink water. ")
    assert after.sections[0] == lesson.sections[0]
    assert after.sections[1] == replace(lesson.sections[1], content="Roots drink water.")
    assert lesson.path.read_text() == AS_WRITTEN


def test_an_empty_title_is_none(tmp_path: Path) -> None:
    """A title can be taken away again."""
    lesson = edited(saved(tmp_path, AS_WRITTEN), 0, title="Leaves")
    assert lesson.sections[0].title == "Leaves"
    assert edited(lesson, 0, title=" ").sections[0].title is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ({"content": ""}, "section 2: `content` is empty; write what is to be said"),
        ({"content": "?!"}, "which has no word to say"),
        ({"image_description": " "}, "`image_description` is empty"),
        ({"title": "x" * 301}, "`title` has 301 characters; 300 is the most"),
        ({"content": "half a \ud800"}, "half a character"),
    ],
)
def test_an_edit_is_checked_as_a_lesson_is(tmp_path: Path, text: dict[str, str], told: str) -> None:
    """What reading would refuse an edit refuses too, with the same words and the section."""
    with pytest.raises(LessonError) as error:
        edited(saved(tmp_path, AS_WRITTEN), 1, **text)
    assert told in str(error.value)
    assert error.value.faults[0].section == 2


def test_a_section_with_files_of_its_own_needs_no_text(tmp_path: Path) -> None:
    """Beside a picture and a sound of one's own the texts may be empty."""
    for name in ("a.png", "a.wav"):
        (tmp_path / name).write_bytes(b"x")
    own = [{**GOOD, "image": "a.png", "audio": "a.wav"}]
    after = edited(
        load_lesson(written(tmp_path, sections=own)), 0, content="", image_description=""
    )
    assert after.sections[0].image == tmp_path / "a.png"
    assert after.sections[0].content == ""
    assert save_lesson(after).sections == after.sections


def test_a_section_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Sections count from 0 in code, and a person is told how many there are."""
    with pytest.raises(SettingsError, match="no section 3; there are 2"):
        edited(saved(tmp_path, AS_WRITTEN), 2, title="x")


def test_saving_changes_the_texts_and_not_a_byte_beside_them(tmp_path: Path) -> None:
    """Order, layout, unknown keys, numbers and escapes stand as they were written."""
    lesson = saved(tmp_path, AS_WRITTEN)
    lesson = edited(lesson, 0, image_description='A "green" leaf.', title="Ein Blatt – ja")
    save_lesson(edited(lesson, 1, content="Roots\ndrink."))
    assert lesson.path.read_text("utf-8") == (
        AS_WRITTEN.replace('"A leaf."', '"A \\"green\\" leaf."')
        .replace('{"id": 7', '{"title": "Ein Blatt – ja", "id": 7')
        .replace('"Roots drink."', '"Roots\\ndrink."')
    )


def test_the_old_file_is_kept_beside_and_is_no_lesson(tmp_path: Path) -> None:
    """Each save leaves what was there before under a name of its own."""
    lesson = saved(tmp_path, AS_WRITTEN)
    lesson = save_lesson(edited(lesson, 0, content="One."))
    once = lesson.path.read_text()
    save_lesson(edited(lesson, 0, content="Two."))
    assert (tmp_path / "1.json.bak").read_text() == AS_WRITTEN
    assert (tmp_path / "1.json.bak2").read_text() == once
    assert lesson_files(tmp_path) == [lesson.path]


def test_a_lesson_without_edits_is_left_alone(tmp_path: Path) -> None:
    """Saving what is there already writes nothing."""
    lesson = saved(tmp_path, AS_WRITTEN)
    assert save_lesson(lesson) == lesson
    assert [path.name for path in tmp_path.iterdir()] == ["1.json"]


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    """What somebody else wrote stays, and the mend is told."""
    lesson = edited(saved(tmp_path, AS_WRITTEN), 0, content="Mine.")
    theirs = AS_WRITTEN.replace("Roots", "Old roots")
    lesson.path.write_text(theirs)
    with pytest.raises(LessonError, match=r"changed since it was read.*load the lesson again"):
        save_lesson(lesson)
    assert lesson.path.read_text() == theirs
    lesson.path.unlink()
    with pytest.raises(LessonError, match="no such file"):
        save_lesson(lesson)
    assert list(tmp_path.iterdir()) == []


def test_what_is_saved_can_be_edited_and_saved_again(tmp_path: Path) -> None:
    """The lesson that saving gives belongs to the file as it is now."""
    lesson = save_lesson(edited(saved(tmp_path, AS_WRITTEN), 0, title="A"))
    assert lesson == load_lesson(lesson.path)
    lesson = save_lesson(edited(lesson, 0, title=""))
    assert load_lesson(lesson.path).sections[0].title is None


def test_whatever_was_changed_is_saved(tmp_path: Path) -> None:
    """Titles, voices, sections that are gone or stand elsewhere: the file says it, read again it
    is the same lesson, and what nobody touched is as it was written.
    """
    lesson = saved(tmp_path, AS_WRITTEN)
    first, second, *rest = lesson.sections
    for changed in (
        replace(lesson, title="x", language="de"),
        replace(lesson, sections=(second, replace(first, voice="Anna"), *rest, second)),
        replace(lesson, sections=(first,)),
    ):
        lesson = save_lesson(replace(changed, seal=lesson.seal))
        assert replace(load_lesson(lesson.path), warnings=changed.warnings) == changed
    assert load_lesson(lesson.path).extra == lesson.extra
    assert len(list(tmp_path.glob("1.json.bak*"))) == 3


def test_a_link_stays_a_link_and_a_mode_stays_the_mode(tmp_path: Path) -> None:
    """A lesson that is a link is saved where it leads to, with the permissions it had."""
    lesson = saved(tmp_path, AS_WRITTEN)
    lesson.path.chmod(0o640)
    link = tmp_path / "elsewhere" / "2.json"
    link.parent.mkdir()
    link.symlink_to(lesson.path)
    save_lesson(edited(load_lesson(link), 0, content="Through a link."))
    assert link.is_symlink()
    assert load_lesson(lesson.path).sections[0].content == "Through a link."
    assert stat.S_IMODE(lesson.path.stat().st_mode) == 0o640


def test_a_file_that_cannot_be_saved_is_told_and_stays(tmp_path: Path) -> None:
    """What keeps a lesson from being saved is told in words, and nothing is left behind."""
    path = tmp_path / f"{'x' * 247}.json"  # a name with no room for .bak
    path.write_text(AS_WRITTEN)
    with pytest.raises(LessonError, match="cannot be saved"):
        save_lesson(edited(load_lesson(path), 0, content="Mine."))
    assert path.read_text() == AS_WRITTEN
    assert list(tmp_path.iterdir()) == [path]


def test_what_may_not_even_be_cleared_away_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that may only be read refuses to remove as well what was never written."""
    lesson = saved(tmp_path, AS_WRITTEN)

    def refused(path: Path, *_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr("vidkit.models.editing.write_through", refused)
    monkeypatch.setattr(Path, "unlink", refused)
    with pytest.raises(LessonError, match=r"cannot be saved \(Read-only"):
        save_lesson(edited(lesson, 0, content="Mine."))


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_marks_and_line_ends_stay(tmp_path: Path, ends: str, mark: str) -> None:
    """A byte-order mark and the ends of lines are those of the file."""
    lesson = saved(tmp_path, mark + AS_WRITTEN.replace("\n", ends))
    save_lesson(edited(lesson, 1, content="New."))
    text = lesson.path.read_bytes().decode()
    assert text == mark + AS_WRITTEN.replace("Roots drink.", "New.").replace("\n", ends)


@given(value=LESSONS, texts=..., indent=...)
@settings(max_examples=60, deadline=None)
def test_any_edit_of_any_lesson_is_read_again_as_it_was_edited(
    tmp_path_factory: pytest.TempPathFactory,
    value: dict[str, Any],
    texts: tuple[bool, bool, bool],
    indent: bool,
) -> None:
    """What `edited` gives, `save_lesson` writes and `load_lesson` reads are one lesson."""
    folder = tmp_path_factory.mktemp("lesson")
    text = json.dumps(value, indent=2 if indent else None, ensure_ascii=indent)
    lesson = saved(folder, text)
    new = {key: f'a new {key} "\\/\x85 é' for key, asked in zip(TEXTS, texts, strict=True) if asked}
    for index in range(len(lesson.sections)):
        lesson = edited(lesson, index, **new)
    after = save_lesson(lesson)
    assert after == load_lesson(lesson.path)
    assert replace(after, warnings=lesson.warnings) == lesson  # notes follow the new words
    back = json.loads(lesson.path.read_text("utf-8"))
    for section, before in zip(back["sections"], value["sections"], strict=True):
        assert {**before, **{key: section[key] for key in new}} == section
    assert {**back, "sections": []} == {**value, "sections": []}
