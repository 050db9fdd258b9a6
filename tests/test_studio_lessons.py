"""The panel that explores lessons, without a browser."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest
from a_page import Page
from stand_ins import written

import vidkit
from vidkit.errors import SettingsError
from vidkit.studio import Lessons, Studio


def told(lessons: Lessons) -> dict[str, Any]:
    """What the page shows."""
    values: dict[str, Any] = lessons.values()["lessons"]
    return values


def shown(lessons: Lessons) -> str:
    """All words beside the list."""
    return json.dumps({**told(lessons), "options": []}, ensure_ascii=False)


def labels(lessons: Lessons) -> list[str]:
    """The lines of the list, when all lessons have been opened once."""
    lessons.wait()
    return [option["label"] for option in told(lessons)["options"]]


def test_the_first_lesson_is_chosen_and_shown(tmp_path: Path) -> None:
    """Its title, sections, words, length, and each section's text and image description."""
    written(
        tmp_path,
        "1",
        [{"title": "Leaves", "image_description": "A green leaf.", "content": "one " * 175}],
        title="How Plants Eat",
    )
    written(tmp_path, "2")
    lessons = Lessons(tmp_path)
    assert lessons.path == tmp_path / "1.json"
    assert lessons.lesson is not None
    page = shown(lessons)
    for words in ("How Plants Eat", "1 section ·", "175 words", "about 1:00 long", "A green leaf."):
        assert words in page


def test_one_lesson_s_file_opens_its_folder_with_that_lesson(tmp_path: Path) -> None:
    """So that nobody has to know that a panel is over a folder; `vidkit.Studio` is the same one."""
    written(tmp_path, "1")
    second = written(tmp_path, "2", title="Two")
    assert Lessons(second).path == second
    assert vidkit.Studio is Studio
    panel = vidkit.Studio(second)
    assert panel.lessons.path == second
    assert labels(panel.lessons) == ["1", "2 · Two"]
    with pytest.raises(SettingsError, match="there is no lesson"):
        Lessons(tmp_path / "notes.txt" if (tmp_path / "notes.txt").write_text("x") else "")


def test_the_list_names_titles_and_faults(tmp_path: Path) -> None:
    """Every lesson is listed in the order in which people count, faulty ones marked."""
    written(tmp_path, "10", title="Ten")
    written(tmp_path, "2", [{"content": "x"}, {"image_description": "x"}])
    written(tmp_path, "1")
    assert labels(Lessons(tmp_path)) == ["1", "⚠ 2 · 2 faults", "10 · Ten"]


def test_a_faulty_lesson_shows_its_faults_by_section_and_field(tmp_path: Path) -> None:
    """What is wrong and what to do stands in place of the sections, and there is no lesson."""
    written(tmp_path, sections=[{"image_description": "x", "content": "x"}, {"content": 5}])
    lessons = Lessons(tmp_path)
    assert lessons.lesson is None
    page = shown(lessons)
    assert "2 faults to mend" in page
    assert "Section 2, content" in page
    assert "Section 2, image_description" in page
    assert "is the number 5" in page


def test_choosing_tells_whoever_listens(tmp_path: Path) -> None:
    """A choice, by name or in the list, shows the lesson and is told once."""
    for name in ("1-a", "2-b", "3-c"):
        written(tmp_path, name, title=name.upper())
    lessons = Lessons(tmp_path)
    heard: list[Path | None] = []
    lessons.on_choose(lambda: heard.append(lessons.path))
    lessons.choose("2-b")
    Page(lessons).did("lessons", "choose", at=2)
    lessons.wait()
    assert heard == [tmp_path / "2-b.json", tmp_path / "3-c.json"]
    assert "3-C" in shown(lessons)
    with pytest.raises(SettingsError, match="no lesson 'nothing'"):
        lessons.choose("nothing")


def test_a_search_narrows_the_list_and_shows_where(tmp_path: Path) -> None:
    """The lessons that hold the words stay in the list, each place is shown, and the section of
    the chosen one is open; the choice stays as it was.
    """
    written(tmp_path, "1", [{"image_description": "x", "content": "Sugar from light."}])
    written(tmp_path, "2", [{"image_description": "x", "content": "Nothing."}])
    lessons = Lessons(tmp_path)
    heard: list[Path | None] = []
    lessons.on_choose(lambda: heard.append(lessons.path))
    hits = lessons.search("sugar")
    assert [(hit.path.stem, hit.section) for hit in hits] == [("1", 1)]
    assert labels(lessons) == ["1"]
    [found] = told(lessons)["found"]
    assert (found["before"], found["found"], found["after"]) == ("", "Sugar", " from light.")
    assert told(lessons)["reader"][0]["open"]
    lessons.search("nowhere")
    assert labels(lessons) == []
    assert "No lesson holds" in shown(lessons)
    lessons.search("")
    assert labels(lessons) == ["1", "2"]
    assert heard == []
    assert lessons.path is not None
    assert lessons.path.stem == "1"


def test_a_lesson_out_of_the_search_can_be_chosen(tmp_path: Path) -> None:
    """To choose what the search hides ends the search."""
    written(tmp_path, "1", [{"image_description": "x", "content": "Sugar."}])
    written(tmp_path, "2")
    lessons = Lessons(tmp_path)
    lessons.search("sugar")
    lessons.choose("2")
    assert lessons.path is not None
    assert lessons.path.stem == "2"
    assert labels(lessons) == ["1", "2"]


def test_reading_again_finds_what_changed(tmp_path: Path) -> None:
    """New, mended and vanished lessons are seen, and the choice stays where it can."""
    written(tmp_path, "1")
    second = written(tmp_path, "2", [])
    lessons = Lessons(tmp_path)
    lessons.choose("2")
    assert lessons.lesson is None
    written(tmp_path, "2", title="Mended")
    assert lessons.lesson is not None
    assert "Mended" in shown(lessons)
    written(tmp_path, "3")
    second.unlink()
    lessons.read_again()
    assert labels(lessons) == ["1", "3"]
    assert lessons.path is not None
    assert lessons.path.stem == "1"


def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    """Reading again where nothing is left tells it in the panel, without a traceback."""
    folder = tmp_path / "lessons"
    path = written(folder)
    lessons = Lessons(folder)
    lessons.wait()
    path.unlink()
    folder.rmdir()
    lessons.read_again()
    assert "there is no folder" in shown(lessons)


def test_a_first_lesson_is_begun_in_an_empty_folder(tmp_path: Path) -> None:
    """*New lesson* writes a lesson that can be made at once, chooses it, and overwrites none."""
    lessons = Lessons(tmp_path, reader=False)
    page = Page(lessons)
    assert (lessons.path, lessons.lesson) == (None, None)
    assert "no lesson yet" in shown(lessons)
    given = {"name": "bees", "title": "Las abejas", "language": "es"}
    assert page.did("lessons", "new", **given) == ""
    assert lessons.path == tmp_path / "bees.json"
    assert lessons.lesson is not None
    assert (lessons.lesson.title, lessons.lesson.language) == ("Las abejas", "es")
    assert "there is a lesson of that name" in page.did("lessons", "new", **given)
    for wrong in ({"name": " "}, {"name": "b", "language": "Spanish!"}):
        assert page.did("lessons", "new", **(given | wrong))
    assert [path.name for path in tmp_path.iterdir()] == ["bees.json"]


def test_a_lesson_for_which_there_is_no_room_leaves_its_name_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is in the list that somebody would have to clear away."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    page = Page(Studio(tmp_path))
    given = {"name": "light", "title": "Light", "language": "en"}
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        assert "No space left" in page.did("lessons", "new", **given)
    assert list(tmp_path.iterdir()) == []
    assert page.did("lessons", "new", **given) == ""


def drafted(studio: Studio, name: str, data: bytes) -> None:
    """Upload a file in two pieces, and wait until the lesson that is drafted of it is there."""
    page = Page(studio)
    page.did("lessons", "put", data[:10], name=name, start=0)
    page.did("lessons", "put", data[10:], name=name, start=10)
    page.did("lessons", "draft", source=name, own=True)
    studio.lessons.wait()


def test_a_lesson_is_drafted_of_what_somebody_has(tmp_path: Path) -> None:
    """*New lesson from…* drafts an uploaded file into the folder and opens it: its cards say where
    they are from, and can be edited. What was edited is never written over, and what cannot be
    read is told.
    """
    written(tmp_path, "a")
    studio = Studio(tmp_path)
    text = "# Light\n\nLight is fast. ![x](https://example.org/x.png)\n\n# Sound\n\nIt is slow.\n"
    drafted(studio, "deck.md", text.encode())
    assert studio.lessons.path == tmp_path / "deck.json"
    assert "from deck.md" in shown(studio.lessons)
    assert "'https://example.org/x.png' is not shown" in shown(studio.lessons)
    assert [Page(studio).card(n)["origin"] for n in (1, 2)] == [
        "From lines 1, 3",
        "From lines 5, 7",
    ]
    assert studio.sections is not None
    studio.sections.edit(1, content="Light is very fast.")
    studio.sections.save()
    drafted(studio, "deck.md", text.encode())
    assert studio.lessons.path == tmp_path / "deck-2.json"
    assert "very fast" in (tmp_path / "deck.json").read_text("utf-8")
    drafted(studio, "broken.ipynb", b"this is no notebook")
    assert "broken.ipynb: this is no notebook" in shown(studio.lessons)
    assert studio.lessons.path == tmp_path / "deck-2.json"
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".json") == [
        "a.json",
        "deck-2.json",
        "deck.json",
    ]


def test_files_that_lie_here_are_offered_and_a_long_one_is_divided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files beside the notebook and in the folder of lessons can be named; a long text becomes
    lessons in order, of which the first is opened.
    """
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "lessons", "a")
    chapters = (f"# Part {n}\n\n" + "One word more of it. " * 130 for n in (1, 2))
    (tmp_path / "book.md").write_text("\n\n".join(chapters), "utf-8")
    (tmp_path / "lessons" / "own.ipynb").write_text("{}", "utf-8")
    lessons = Lessons("lessons", reader=False)
    page = Page(lessons)
    assert page.did("lessons", "sources")["files"] == ["book.md", "lessons/own.ipynb"]
    page.did("lessons", "draft", source="book.md")
    lessons.wait()
    assert labels(lessons) == ["a", "book-1-part-1 · Part 1", "book-2-part-2 · Part 2"]
    assert lessons.path == Path("lessons/book-1-part-1.json")


def test_what_listens_and_fails_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A listener that fails keeps nobody from choosing."""
    written(tmp_path, "1")
    written(tmp_path, "2")
    lessons = Lessons(tmp_path)
    lessons.on_choose(lambda: 1 / 0)
    lessons.choose("2")
    assert "the choice of lessons failed" in caplog.text


def test_a_terminal_shows_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there are no widgets the panel is a line of text."""
    written(tmp_path, "1")
    lessons = Lessons(tmp_path)
    lessons._ipython_display_()
    assert capsys.readouterr().out.strip() == repr(lessons)
    assert "1 lesson, 1.json is chosen" in repr(lessons)
