"""What `vidkit.lesson` promises: a lesson, or everything that is wrong with it."""

from __future__ import annotations

import json
import os
import random
import socket
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rights import bound_by_permissions
from some_lessons import GOOD, LESSONS, VALUES

from vidkit import Settings
from vidkit.errors import LessonError, SettingsError
from vidkit.models import Lesson, lesson_files, lesson_order, load_lesson, read_lesson
from vidkit.models.files import LARGEST
from vidkit.pipeline.assets import voice_ask

HERE = Path("lesson.json")
posix = pytest.mark.skipif(os.name != "posix", reason="links, pipes and permissions of POSIX")


def written(folder: Path, value: object, name: str = "lesson.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def read(value: object, path: Path = HERE) -> Lesson:
    return read_lesson(json.dumps(value).encode(), path)


def told(value: object, path: Path = HERE) -> str:
    """What is said of a lesson that is refused."""
    with pytest.raises(LessonError) as error:
        read(value, path)
    return str(error.value)


def of_section(path: Path = HERE, **keys: Any) -> str:
    return told({"sections": [{**GOOD, **keys}]}, path)


# ---- what is accepted


def test_the_smallest_lesson_is_read() -> None:
    """A section needs a description and a content, and nothing else."""
    lesson = read({"sections": [GOOD]})
    assert lesson.name == "lesson"
    assert lesson.title is None
    assert lesson.language == "en"
    assert lesson.warnings == ()
    (section,) = lesson.sections
    assert section.content == GOOD["content"]
    assert section.image_description == GOOD["image_description"]
    assert (section.title, section.image, section.audio, section.voice) == (None,) * 4
    assert section.say == section.slide == section.extra == {}


def test_everything_a_lesson_can_say_is_kept(tmp_path: Path) -> None:
    """Each optional key arrives where it belongs."""
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "leaf.JPG").write_bytes(b"jpeg")
    (tmp_path / "leaf.opus").write_bytes(b"opus")
    slide = {"layout": "code", "code": "a = 1\nb = 2", "lang": "python", "own": {"x": [1, 2.5]}}
    section = {
        "title": "Leaves",
        "image": "pictures/leaf.JPG",
        "audio": "./pictures/../leaf.opus",
        "voice": "en-us+f3",
        "say": {"chlorophyll": "klorofil"},
        "slide": slide,
    }
    path = written(tmp_path, {"title": "Light", "language": "zh-hant-tw", "sections": [section]})
    lesson = load_lesson(str(path))
    assert (lesson.title, lesson.language) == ("Light", "zh-Hant-TW")
    assert not any("no key" in warning for warning in lesson.warnings)
    (read,) = lesson.sections
    assert read.image == (tmp_path / "pictures" / "leaf.JPG").resolve()
    assert read.audio == (tmp_path / "leaf.opus").resolve()
    assert (read.title, read.voice, read.say, read.slide) == (
        "Leaves",
        "en-us+f3",
        {"chlorophyll": "klorofil"},
        slide,
    )


def test_null_and_an_empty_text_are_as_good_as_nothing() -> None:
    """What a program writes for a field without a value is no fault."""
    empty = {"title": "\x07", "image": None, "audio": "", "voice": " ", "say": None, "slide": None}
    assert read({"title": "", "language": None, "sections": [{**GOOD, **empty}]}) == read(
        {"sections": [GOOD]}
    )


def test_texts_are_trimmed_and_titles_take_one_line() -> None:
    """White space around a text means nothing; a title never breaks its line."""
    section = {**GOOD, "content": "  One.\r\n\r\nTwo.  ", "title": " A\n title "}
    (read_back,) = read({"sections": [section]}).sections
    assert read_back.content == "One.\n\nTwo."
    assert read_back.title == "A title"


def test_control_characters_are_left_out_with_a_warning() -> None:
    """A character that nobody sees costs a warning and not the lesson."""
    lesson = read({"sections": [GOOD, {**GOOD, "content": "Sug\x00ar\x7f."}]})
    assert lesson.sections[1].content == "Sugar."
    (warning,) = lesson.warnings
    assert warning.startswith("section 2: `content` held U+0000, U+007F")


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    """A lesson saved by an editor that marks UTF-8 is read."""
    path = tmp_path / "lesson.json"
    path.write_text(json.dumps({"sections": [GOOD]}), encoding="utf-8-sig")
    assert load_lesson(path).sections[0].content == GOOD["content"]


@given(LESSONS)
@settings(max_examples=60, deadline=None)
def test_a_valid_lesson_comes_back_as_it_was_written(value: dict[str, Any]) -> None:
    """Nothing of a valid lesson is lost or changed."""
    lesson = read(value)
    back: dict[str, Any] = {"language": lesson.language, "title": lesson.title}
    back["sections"] = [
        {key: getattr(section, key) for key in asked}
        for section, asked in zip(lesson.sections, value["sections"], strict=True)
    ]
    assert {key: back[key] for key in value} == value
    assert not any("no key" in warning or "left out" in warning for warning in lesson.warnings)


# ---- unknown keys


def test_unknown_keys_are_kept_and_named_once_with_the_nearest_known() -> None:
    """A key nobody knows is kept, and told once however many sections have it."""
    odd = {**GOOD, "contnet": 1, "id": "x", "speakers": {"Ana": "x"}}
    lesson = read({"sections": [odd, odd, odd], "$schema": "x", "tittle": 2, "audio": "Anna"})
    assert lesson.extra == {"$schema": "x", "tittle": 2, "audio": "Anna"}
    assert lesson.sections[2].extra == {"contnet": 1, "id": "x", "speakers": {"Ana": "x"}}
    assert lesson.warnings == (
        "`tittle` is no key that vidkit knows, and is not used; did you mean `title`?",
        "`audio` is no key that vidkit knows, and is not used; it belongs in a section",
        "section 1 and 2 more: `contnet` is no key that vidkit knows, and is not used; "
        "did you mean `content`?",
        "section 1 and 2 more: `id` is no key that vidkit knows, and is not used",
        "section 1 and 2 more: `speakers` is no key that vidkit knows, and is not used; "
        "it belongs at the top of the lesson",
    )


def test_a_misspelt_key_that_is_needed_is_recognised() -> None:
    """Where a needed key is missing, the mend points at the one that looks like it."""
    said = told({"sections": [{"image_descripton": "A leaf.", "contents": "Leaves."}]})
    assert "section 1: `image_description` is missing; rename `image_descripton`" in said
    assert "section 1: `content` is missing; rename `contents`" in said


def test_a_flood_of_unknown_keys_is_told_in_a_few_lines() -> None:
    """Thousands of unknown keys give fifty warnings and a count."""
    sections = [{**GOOD, **{f"k{n}_{m}": 1 for m in range(100)}} for n in range(20)]
    lesson = read({"sections": sections})
    assert len(lesson.warnings) == 51
    assert "1,950 more keys" in lesson.warnings[-1]
    said = told({"sections": [{**GOOD, **{str(n): 1 for n in range(300)}}]})
    assert "section 1: there are 302 keys" in said


# ---- what is refused


def test_every_fault_is_told_at_once_with_its_section_and_mend() -> None:
    """One reading finds every fault of every section, counted from 1."""
    value = {
        "language": "English",
        "sections": [
            {"image_description": "A leaf.", "content": " "},
            GOOD,
            {"content": 5, "image": "../leaf.png"},
            "a text",
            {"image_description": [], "audio": "x.txt", "say": {"a": 1}},
        ],
    }
    with pytest.raises(LessonError) as error:
        read(value)
    assert [(fault.section, fault.field) for fault in error.value.faults] == [
        (None, "language"),
        (1, "content"),
        (3, "content"),
        (3, "image"),
        (4, None),
        (5, "image_description"),
        (5, "audio"),
        (5, "say"),
    ]
    assert all(fault.mend for fault in error.value.faults)
    assert error.value.path == HERE
    first = "section 1: `content` is empty; write what is to be said, or remove the section"
    assert first in str(error.value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([GOOD], "the lesson is a bare list of sections; put it into an object"),
        ([], "bare list"),
        ("text", "the lesson is text"),
        (None, "the lesson is null"),
        (True, "the lesson is true"),
        (3, "the lesson is the number 3"),
        ({}, "`sections` is missing"),
        ({"section": [GOOD]}, "`sections` is missing; rename `section`"),
        ({"sections": []}, "`sections` is empty; write at least one section"),
        ({"sections": None}, "`sections` is missing"),
        ({"sections": GOOD}, "`sections` is an object; write a list"),
        ({"sections": "x"}, "`sections` is text"),
        ({"sections": [GOOD] * 1001}, "has 1,001 of them; 1,000 is the most"),
        ({"sections": [GOOD], "title": 3}, "`title` is the number 3"),
        ({"sections": [GOOD], "title": "x" * 301}, "`title` has 301 characters; 300 is the most"),
        ({"sections": [GOOD, None]}, "section 2: this is null"),
        ({"sections": [[]]}, "section 1: this is a list"),
    ],
)
def test_a_lesson_of_another_shape_is_refused(value: object, words: str) -> None:
    """A lesson that is not an object with a list of sections is refused with a mend."""
    assert words in told(value)


def test_the_sections_of_a_bare_list_are_looked_at_too() -> None:
    """The fault of the whole does not hide those of the parts."""
    assert "section 2: `content` is missing" in told([GOOD, {"image_description": "x"}])


def test_a_key_of_a_turn_that_nobody_knows_is_told() -> None:
    """A language that is not spoken in, and what else came to nothing."""
    turns = [{"text": "Hola.", "lang": "es"}, {"text": "Hello.", "lang": "en"}]
    (note,) = read({"sections": [{**GOOD, "content": turns}]}).warnings
    assert note == "section 1: `lang` is no key of a turn, and is not used"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"content": ""}, "`content` is empty"),
        ({"content": "\u2003\n"}, "`content` is empty"),
        ({"content": None}, "`content` is missing"),
        ({"content": ["a"]}, "`content` is a list"),
        ({"content": []}, "`content` is empty; write turns"),
        ({"content": [{"text": "a"}, {"speaker": "Ana"}]}, "`content` lacks `text` of item 2"),
        ({"content": [{"text": 5}]}, "`content` gives `text` of item 1 as the number 5"),
        (
            {"content": [{"text": "a", "language": "English"}]},
            "`content` gives `language` of item 1 as `English`; write a tag such as en",
        ),
        ({"focus": [{"at": [0, 0, 1], "words": "a"}]}, "`focus` has 3 items at `at` of item 1"),
        ({"focus": [{"at": [0, 0, 2, 1], "words": "a"}]}, "gives item 3 of `at` of item 1 as the"),
        ({"focus": [{"at": [0, 0, 1, 1]}]}, "`focus` lacks `words` of item 1"),
        (
            {"content": "a" * 50_001},
            "`content` has 50,001 characters; 50,000 is the most; shorten it",
        ),
        ({"content": "— … !"}, "which has no word to say"),
        ({"content": "\u200b\u200d"}, "which has no word to say"),
        ({"content": "\x00\x01"}, "which has no word to say"),
        ({"content": "a\ud800"}, "half a character"),
        ({"image_description": ""}, "`image_description` is empty"),
        ({"image_description": "\x00\x1b"}, "`image_description` is empty"),
        ({"image_description": {}}, "`image_description` is an object"),
        ({"title": []}, "`title` is a list"),
        ({"voice": 7}, "`voice` is the number 7"),
        ({"voice": "openai:alloy"}, "the provider is chosen with voice= in the call"),
        ({"voice": "../../etc/passwd"}, "which is not the name of a voice"),
        ({"voice": "a\\b"}, "which is not the name of a voice"),
        ({"voice": "-w/x"}, "which is not the name of a voice"),
        ({"voice": "a\nb"}, "which is not the name of a voice"),
        ({"voice": "a\u202eb"}, "which is not the name of a voice"),
        ({"voice": "a" * 81}, "`voice` has 81 characters"),
        ({"say": ["a"]}, "`say` is a list"),
        ({"say": {"a": 1}}, "`say` gives `a` as the number 1"),
        ({"say": {"a": " "}}, "`say` has an empty text at `a`"),
        ({"say": {"": "a"}}, "`say` has an empty text"),
        ({"say": {"a": "b" * 201}}, "more than 200 characters at `a`"),
        ({"say": {str(n): "a" for n in range(1001)}}, "has 1,001 words"),
        ({"slide": "points"}, "`slide` is text"),
        ({"slide": {"layout": 1}}, "`slide` gives `layout` as the number 1"),
        (
            {"slide": {"points": ["a", 1]}},
            "`slide` gives item 2 of `points` as the number 1; write",
        ),
        ({"slide": {"equation": {}}}, "`slide` gives `equation` as an object"),
        ({"slide": {"code": ["a"]}}, "`slide` gives `code` as a list"),
        ({"slide": {"own": float("nan")}}, "`slide` holds NaN"),
        ({"mine": {"a": [float("-inf")]}}, "`mine` holds -Infinity"),
        ({"mine": "\udfff"}, "`mine` holds half a character"),
        ({"\ud800": 1}, "`U+D800` holds half a character"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(keys: dict[str, Any], words: str) -> None:
    """Each key takes what it is for, and the fault says what stands there instead."""
    said = of_section(**keys)
    assert words in said
    assert "section 1: " in said
    said.encode()


@pytest.mark.parametrize(
    "tag",
    [
        "Englisch!",
        "e",
        "en_GB",
        "en-",
        "-en",
        "en--GB",
        "12",
        "en GB",
        "en-GB\n",
        "en\x00",
        "日本",
    ],
)
def test_a_bad_language_is_refused(tag: str) -> None:
    """A language is a tag, and what looks like none is refused with examples."""
    assert "write a tag such as en, en-GB or zh-Hant" in told({"language": tag, "sections": [GOOD]})


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("español", "es"),
        ("Espanol", "es"),
        ("SPANISH", "es"),
        ("Français", "fr"),
        ("русский", "ru"),
    ],
)
def test_the_name_of_a_language_is_told_with_its_tag(name: str, tag: str) -> None:
    """Who writes a language as people call it, in English or in itself, is told what to write."""
    assert f'write the tag of that language, "{tag}"' in told(
        {"language": name, "sections": [GOOD]}
    )


def test_a_lesson_names_the_voice_of_sections_that_name_none() -> None:
    """One `voice` beside `language` is enough, and a section may have another."""
    lesson = read({"voice": "Anna", "sections": [GOOD, {**GOOD, "voice": "Ben"}]})
    assert [voice_ask(lesson, at, Settings()).voice for at in (0, 1)] == ["Anna", "Ben"]


def test_a_text_in_the_place_of_another_is_noticed() -> None:
    """A file's name that would be spoken or drawn, and a title that is all of the narration."""
    odd = [{**GOOD, "content": "My volcano.PNG"}, {**GOOD, "image_description": "cell.jpg"}]
    odd += [{**GOOD, "title": "Rock that melts comes out of a mountain. " * 4}]
    first, second, third = read({"sections": odd}).warnings
    assert '`content` is the name of a file; to use it, write "image": "My volcano.PNG"' in first
    assert (
        '`image_description` is the name of a file; to use it, write "image": "cell.jpg"' in second
    )
    assert "section 3: `title` is much longer than `content`" in third
    fine = [{**GOOD, "content": "Open a.png now."}, {**GOOD, "title": "Rock " * 20}]
    assert read({"sections": fine}).warnings == ()


@pytest.mark.parametrize(
    ("tag", "usual"),
    [
        ("EN", "en"),
        ("en-gb", "en-GB"),
        ("ZH-hANT", "zh-Hant"),
        ("sr-latn-rs", "sr-Latn-RS"),
        ("es-419", "es-419"),
        ("zh-yue", "zh-yue"),
        ("en-gb-scotland", "en-GB-scotland"),
        ("en-gb-x-rp", "en-GB-x-rp"),
        ("de-1996", "de-1996"),
    ],
)
def test_a_language_is_written_in_its_usual_case(tag: str, usual: str) -> None:
    """However a tag is written, it is the same language."""
    assert read({"language": tag, "sections": [GOOD]}).language == usual


def test_keys_given_twice_are_refused_where_they_stand() -> None:
    """JSON would take the last of two contents in silence; a lesson does not."""
    text = """{"title": "a", "title": "b", "sections": [
        {"image_description": "x", "content": "a", "content": "b"},
        {"image_description": "x", "content": "a", "say": {"w": "a", "w": "b"}}]}"""
    with pytest.raises(LessonError) as error:
        read_lesson(text.encode(), HERE)
    assert [(f.section, f.field) for f in error.value.faults] == [
        (None, "title"),
        (1, "content"),
        (2, "say"),
    ]


# ---- pictures and sounds


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("/etc/passwd.png", "not inside the lesson's folder"),
        ("//host/share/a.png", "not inside the lesson's folder"),
        ("\\\\host\\share\\a.png", "not inside the lesson's folder"),
        ("C:\\pictures\\a.png", "not inside the lesson's folder"),
        ("c:a.png", "not inside the lesson's folder"),
        ("C:/a.png", "not inside the lesson's folder"),
        ("pictures\\a.png", "a backslash, where / belongs"),
        ("..\\a.png", "a backslash, where / belongs"),
        ("https://example.org/a.png", "an address and not a file"),
        ("file:///etc/a.png", "an address and not a file"),
        ("data:image/png;base64,AAAA.png", "an address and not a file"),
        ("../a.png", "leaves the lesson's folder with `..`"),
        ("pictures/../../a.png", "leaves the lesson's folder with `..`"),
        ("../lessons/leaf.png", "leaves the lesson's folder with `..`"),
        ("a\x00.png", "a character that cannot be seen"),
        ("a\n.png", "a character that cannot be seen"),
        ("leaf.svg", "which is none of png, jpg, jpeg, webp, gif"),
        ("leaf", "which is none of"),
        ("leaf.png/", "which is none of"),
        ("leaf.png ", "which is none of"),
        (".", "which is none of"),
        ("lesson.json", "which is none of"),
        ("laef.png", "there is no such file; there is 'leaf.png' in its folder"),
        ("nowhere/leaf.png", "there is no such file; check the name of its folder"),
        ("leaf.png/leaf.png", "names `leaf.png/leaf.png`, and there is no such file"),
        ("folder.png", "which is not a file"),
        ("empty.png", "which is empty"),
        ("x" * 300 + ".png", "the name is too long"),
        ("x" * 1001 + ".png", "`image` has 1,005 characters"),
    ],
)
def test_a_picture_that_is_not_beside_the_lesson_is_refused(
    tmp_path: Path, name: str, words: str
) -> None:
    """A lesson reaches the files of its own folder and nothing else."""
    folder = tmp_path / "lessons"
    (folder / "folder.png").mkdir(parents=True)
    (folder / "pictures").mkdir()
    (folder / "leaf.png").write_bytes(b"png")
    (folder / "empty.png").touch()
    (tmp_path / "a.png").write_bytes(b"png")
    said = of_section(folder / "lesson.json", image=name)
    assert words in said
    assert "section 1: `image`" in said


def test_a_sound_is_no_picture(tmp_path: Path) -> None:
    """Pictures and sounds are not taken for each other."""
    (tmp_path / "a.wav").write_bytes(b"wav")
    (tmp_path / "a.png").write_bytes(b"png")
    assert "`image` names `a.wav`" in of_section(tmp_path / "x.json", image="a.wav")
    assert "`audio` names `a.png`" in of_section(tmp_path / "x.json", audio="a.png")


@posix
def test_a_link_may_stay_in_the_folder_and_not_leave_it(tmp_path: Path) -> None:
    """A symbolic link is followed, and must end inside the lesson's folder."""
    folder = tmp_path / "lessons"
    folder.mkdir()
    (folder / "leaf.png").write_bytes(b"png")
    (tmp_path / "secret.png").write_bytes(b"png")
    (folder / "inside.png").symlink_to("leaf.png")
    (folder / "outside.png").symlink_to(tmp_path / "secret.png")
    (folder / "up").symlink_to(tmp_path)
    (folder / "loop.png").symlink_to("loop.png")
    path = folder / "lesson.json"
    lesson = read({"sections": [{**GOOD, "image": "inside.png"}]}, path)
    assert lesson.sections[0].image == (folder / "leaf.png").resolve()
    for name in ("outside.png", "up/secret.png"):
        assert "leaves the lesson's folder through a link" in of_section(path, image=name)
    assert "a link that leads to itself" in of_section(path, image="loop.png")


@posix
def test_the_folder_of_a_lesson_may_itself_be_a_link(tmp_path: Path) -> None:
    """A lesson reached through a link to its folder finds its pictures."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "leaf.png").write_bytes(b"png")
    (tmp_path / "link").symlink_to("real")
    path = written(tmp_path / "link", {"sections": [{**GOOD, "image": "leaf.png"}]})
    assert load_lesson(path).sections[0].image == (tmp_path / "real" / "leaf.png").resolve()


@posix
def test_a_pipe_is_neither_picture_nor_lesson(tmp_path: Path) -> None:
    """A named pipe is refused at once, and nobody waits for what comes through it."""
    os.mkfifo(tmp_path / "pipe.png")
    os.mkfifo(tmp_path / "pipe.json")
    assert "which is not a file" in of_section(tmp_path / "x.json", image="pipe.png")
    with pytest.raises(LessonError, match="a pipe or a device"):
        load_lesson(tmp_path / "pipe.json")


# ---- files


@posix
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lessn.json", "there is no such file; there is 'lesson.json' in its folder"),
        ("lesson", "there is no such file; there is 'lesson.json' in its folder"),
        ("nowhere/lesson.json", "there is no such file; check the name of its folder"),
        ("lesson.json/lesson.json", "there is no such file"),
        (".", "this is a folder"),
        ("a\x00b.json", "no file can have this name"),
        ("\ud800.json", "no file can have this name"),
        ("x" * 300, "the name is too long for a file"),
        ("loop.json", "a link that leads to itself"),
        ("gone.json", "the file that this link leads to is gone"),
        ("socket.json", "a pipe or a device"),
    ],
)
def test_what_is_no_file_is_refused(tmp_path: Path, name: str, words: str) -> None:
    """A path to anything but a file is refused with what it is."""
    written(tmp_path, {"sections": [GOOD]})
    (tmp_path / "loop.json").symlink_to("loop.json")
    (tmp_path / "gone.json").symlink_to("nowhere.json")
    with socket.socket(socket.AF_UNIX) as listening, inside(tmp_path):
        listening.bind("socket.json")
        with pytest.raises(LessonError) as error:
            load_lesson(tmp_path / name)
    assert words in str(error.value)


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """The working directory, for names of sockets, which may have 107 bytes at most."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@posix
@pytest.mark.parametrize("path", ["/dev/null", "/dev/zero", "/dev/tty", "/proc/self/mem"])
def test_a_device_is_refused_and_not_read(path: str) -> None:
    """Devices end in an error, and an endless one does not fill the memory."""
    with pytest.raises(LessonError):
        load_lesson(path)


@pytest.mark.parametrize("path", [None, 3, b"lesson.json", ["lesson.json"]])
def test_what_is_no_path_is_refused(path: Any) -> None:
    """A number is not taken for an open file."""
    with pytest.raises(SettingsError, match="is no path"):
        load_lesson(path)


@posix
def test_a_file_that_may_not_be_read_is_told_so() -> None:
    """Without permission there is an error of vidkit and no other."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        path = written(folder, {"sections": [{**GOOD, "image": "leaf.png"}]})
        (folder / "leaf.png").write_bytes(b"png")
        assert load_lesson(path).sections[0].image
        path.chmod(0)
        (folder / "leaf.png").chmod(0)
        with bound_by_permissions():
            with pytest.raises(LessonError, match="you may not read this file"):
                load_lesson(path)
            said = of_section(path, image="leaf.png")
    assert "`image` names `leaf.png`, and you may not read this file; allow it" in said


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    """No more than the limit is read, however large a file is."""
    path = tmp_path / "lesson.json"
    with path.open("wb") as file:
        file.truncate(LARGEST * 20)
    tracemalloc.start()
    try:
        with pytest.raises(LessonError, match="larger than 10 MB"):
            load_lesson(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * LARGEST


# ---- hostile bytes


def survives(data: bytes) -> None:
    try:
        lesson = read_lesson(data, HERE)
    except LessonError as error:
        assert error.faults
        assert all(fault.problem and fault.mend for fault in error.faults)
        str(error).encode()
    else:
        assert lesson.sections
        assert all(section.content or section.audio for section in lesson.sections)
        "".join(lesson.warnings).encode()


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
@example(b"\xff\xfe\x00\x00")
@example(b'{"sections": ' + b"9" * 5000 + b"}")
@example(b"[" * 100_000)
@example(b'{"sections":[{"\\ud800":NaN,"\\ud800":1}]}')
def test_any_bytes_give_a_lesson_or_a_lesson_error(data: bytes) -> None:
    """No bytes bring another error than `LessonError`."""
    survives(data)


@given(VALUES)
@settings(max_examples=200, deadline=None)
def test_any_json_gives_a_lesson_or_a_lesson_error(value: object) -> None:
    """No JSON brings another error than `LessonError`."""
    survives(json.dumps(value).encode())
    survives(json.dumps({"sections": [value, {**GOOD, "slide": value}]}).encode())


@given(LESSONS, st.integers(0, 2**32), VALUES)
@settings(max_examples=150, deadline=None)
def test_a_damaged_lesson_gives_a_lesson_or_a_lesson_error(
    lesson: dict[str, Any], seed: int, value: object
) -> None:
    """A lesson with a few bytes lost, doubled or changed, or a value swapped, breaks nothing."""
    chance = random.Random(seed)
    data = bytearray(json.dumps(lesson, ensure_ascii=chance.random() < 0.5).encode())
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data))
        match chance.randrange(4):
            case 0:
                del data[at : at + chance.randint(1, 8)]
            case 1:
                data[at:at] = chance.choice(
                    [b'"', b"{", b"]", b",", b"\\", b"\x00", b"\xff", b"1e999"]
                )
            case 2:
                data[at] = chance.randrange(256)
            case 3:
                data[at:at] = data[at : at + 30]
        if not data:
            return
    survives(bytes(data))
    section = chance.choice(lesson["sections"])
    section[chance.choice([*section, "image", "audio", "other"])] = value
    survives(json.dumps(lesson).encode())


def test_many_faults_in_a_large_lesson_are_all_told() -> None:
    """A thousand bad sections give a thousand faults."""
    with pytest.raises(LessonError) as error:
        read({"sections": [{**GOOD, "content": ""}] * 1000})
    assert len(error.value.faults) == 1000
    assert error.value.faults[-1].section == 1000


# ---- order and folders


def test_lessons_sort_as_people_count() -> None:
    """2 comes before 10, letters of either case together, and every order is the same one."""
    names = ["1.json", "2.json", "2-b.json", "10.json", "010.json", "a2.json", "A10.json", "b.json"]
    wanted = [
        "1.json",
        "2.json",
        "2-b.json",
        "010.json",
        "10.json",
        "a2.json",
        "A10.json",
        "b.json",
    ]
    for seed in range(5):
        random.Random(seed).shuffle(names)
        assert sorted(names, key=lesson_order) == wanted
        assert sorted(map(Path, names), key=lesson_order) == [Path(name) for name in wanted]


def test_lessons_of_several_folders_stay_together() -> None:
    """Folders are counted as lessons are, and a lesson above them sorts with the rest."""
    paths = ["week10/1.json", "week2/3.json", "1.json", "week2/10.json", "/a/1.json"]
    wanted = ["1.json", "/a/1.json", "week2/3.json", "week2/10.json", "week10/1.json"]
    assert sorted(paths, key=lesson_order) == wanted


@given(st.lists(st.text(st.characters(exclude_characters="\x00"), min_size=1), min_size=2))
@example(["9" * 5000, "9" * 4999 + "8", "٣", "²", "１"])
@settings(max_examples=100, deadline=None)
def test_any_names_can_be_ordered(names: list[str]) -> None:
    """Whatever files are called, there is one order and it does not depend on the start."""
    backwards = names[::-1]
    assert sorted(names, key=lesson_order) == sorted(backwards, key=lesson_order)


def test_a_folder_gives_its_lessons_and_nothing_else(tmp_path: Path) -> None:
    """Hidden files, reports, folders and what lies in them are no lessons."""
    for name in ("10.json", "2.json", "1-a.JSON", ".hidden.json", "report.json", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "batch_report.json").touch()
    for folder in ("output_2", "more", "folder.json"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "3.json").touch()
    names = [path.name for path in lesson_files(tmp_path)]
    assert names == ["1-a.JSON", "2.json", "10.json"]
    assert lesson_files(str(tmp_path)) == lesson_files(tmp_path)


def test_a_folder_without_lessons_is_told_so(tmp_path: Path) -> None:
    """A missing folder, a file and an empty folder each have their own words."""
    (tmp_path / "1.json").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "report.json").touch()
    for name, words in (
        ("nowhere", "there is no folder"),
        ("1.json", "is a file"),
        ("empty", "has no lessons"),
        ("a\x00b", "cannot be read"),
    ):
        with pytest.raises(SettingsError, match=words):
            lesson_files(tmp_path / name)


def test_a_narration_may_be_a_list_of_turns() -> None:
    """Its text is that of all turns, a paragraph each; who says them, and in which language, is
    kept beside, until somebody changes the text."""
    turns = [
        {"speaker": "Ana", "text": " Good morning. "},
        {"speaker": "Luis", "text": "Buenos días.", "language": "ES"},
        {"text": "They shake hands."},
    ]
    lesson = read({"sections": [{**GOOD, "content": turns}], "speakers": {"Ana": "hibari:heart"}})
    (section,) = lesson.sections
    assert section.content == "Good morning.\n\nBuenos días.\n\nThey shake hands."
    assert [(turn.speaker, turn.language) for turn in section.spoken_turns] == [
        ("Ana", None),
        ("Luis", "es"),
        (None, None),
    ]
    assert lesson.speakers == {"Ana": "hibari:heart"}
    assert replace(section, content="Good morning.").spoken_turns == ()


@pytest.mark.parametrize(
    ("turns", "words"),
    [
        ([], "`content` is empty"),
        ([{"speaker": "Ana"}], "`content`"),
        ([{"text": "Hi.", "language": "not a tag"}], "`content`"),
        ([{"text": "Hi.", "speaker": 3}], "`content`"),
    ],
)
def test_a_faulty_turn_is_told(turns: list[object], words: str) -> None:
    """With its section and what to write."""
    said = told({"sections": [{**GOOD, "content": turns}]})
    assert words in said and "section 1" in said


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"image": "a.png", "slide": {"points": ["A"]}}, ["`slide` is not shown, for `image` is"]),
        (
            {"image": "a.png", "slide": {"labels": [{"at": [0.4, 0.5], "text": "A"}]}},
            ['`slide` is not shown, for `image` is; for its labels write "layout": "picture"'],
        ),
        ({"image": "a.png", "slide": {"layout": "picture", "labels": []}}, []),
        (
            {"video": "a.mp4", "slide": {"points": ["A"]}, "image": "a.png"},
            ["`image` is not shown, for `video` is", "`slide` is not shown, for `video` is"],
        ),
        (
            {"video": "a.mp4", "focus": [{"at": [0, 0, 1, 1], "words": "A leaf"}]},
            ["`focus` is not shown, for `video` is"],
        ),
    ],
)
def test_what_a_section_brings_and_does_not_show_is_told(
    tmp_path: Path, more: dict[str, Any], told: list[str]
) -> None:
    """A picture or a film of one's own stands alone, unless its slide is one with labels."""
    for name in ("a.png", "a.mp4"):
        (tmp_path / name).write_bytes(b"any")
    section = {"image_description": "A leaf.", "content": "A leaf.", **more}
    path = tmp_path / "lesson.json"
    path.write_text(json.dumps({"sections": [section]}))
    assert load_lesson(path).warnings == tuple(f"section 1: {each}" for each in told)
