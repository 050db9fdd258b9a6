"""The corpus of `hostile`, run through `check`, `make`, the Studio and `slides`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_openai import FakeOpenAI
from fake_server import Reply
from hostile import ANSWERS, FOLDERS, LESSONS, NOTEBOOKS, SECRET, Item, lesson, section
from made_media import picture

from vidkit import Settings, lesson_from, load_lesson, start
from vidkit.cli import main
from vidkit.errors import LessonError, VidkitError
from vidkit.studio import Studio

QUICK = Settings(
    images="simulated:0", voice="simulated:latency=0,seconds=0.2", size=(64, 36), progress=False
)


def ids(item: Item) -> str:
    return item.name.replace(" ", "-")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The item's folder, beside a private one; nothing outside of the first is touched, read or
    run.
    """
    private, items = tmp_path / "private", tmp_path / "items"
    for each in (private, items):
        each.mkdir()
    (private / "id_rsa").write_bytes(SECRET)
    (private / "id_rsa.png").write_bytes(picture())
    before = {path: path.read_bytes() for path in private.iterdir()}
    monkeypatch.chdir(items)
    yield items
    assert {path: path.read_bytes() for path in private.iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["items", "private"]
    assert not list(tmp_path.rglob("ran"))
    for path in items.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert SECRET not in path.read_bytes(), path


def outcome(path: Path, settings: Settings = QUICK) -> tuple[str, str]:
    """Whether a lesson was made or refused, and what was said of it."""
    try:
        report = start(path, "out", settings=settings).result()
    except VidkitError as error:
        return "refused", str(error)
    return ("made" if report.made else "refused"), str(report)


def as_it_must(item: Item, came: str, said: str) -> None:
    assert item.must in (came, "either"), f"{item.tries}: {came}\n{said}"
    assert "Traceback" not in said and "unforeseen" not in said, said
    assert came == "made" or said.strip()


@pytest.mark.parametrize("item", LESSONS, ids=ids)
def test_a_hostile_lesson(folder: Path, item: Item, capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused with its fault, or made: alike by `check`, `make`, the Studio and `slides`."""
    item.make(folder)
    path = folder / "lesson.json"
    try:
        load_lesson(path)
        loads = True
    except LessonError as error:
        assert "lesson.json" in str(error)
        loads = False
    came, said = outcome(path)
    as_it_must(item, came, said)
    checked = main(["check", str(path)])
    assert loads or checked == 2
    drawn = main(["slides", str(path), "-o", "sheet.png"])
    assert drawn in (0, 1, 2) and (loads or drawn == 2)
    heard = capsys.readouterr()
    assert "Traceback" not in heard.out + heard.err
    assert "\x1b[2J" not in heard.out + heard.err
    studio = Studio(folder, QUICK)
    studio.lessons.wait()
    shown = json.dumps(studio.values(), ensure_ascii=False, default=str)
    assert "Traceback" not in shown
    studio.widget.close()


def contents(folder: Path) -> set[bytes]:
    """What the files in a folder hold, but for lists, which are written anew."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {path.read_bytes() for path in files if path.name != ".vidkit.json"}


@pytest.mark.parametrize("item", FOLDERS, ids=ids)
def test_a_hostile_folder(folder: Path, item: Item) -> None:
    """An output folder that came from elsewhere is refused, or used, and leads nowhere; what
    stood in it stands there still, under whatever name.
    """
    (folder / "out").mkdir()
    lesson(section())(folder)
    item.make(folder / "out")
    for link in (folder / "out").rglob("*"):
        if link.is_symlink():  # the item is written as if its folder stood beside the private one
            target = str(link.readlink())
            link.unlink()
            link.symlink_to("../" + target)
    before = contents(folder / "out")
    as_it_must(item, *outcome(folder / "lesson.json"))
    assert before <= contents(folder / "out")


@pytest.mark.parametrize("item", NOTEBOOKS, ids=ids)
def test_a_hostile_notebook(folder: Path, item: Item) -> None:
    """It becomes a lesson that can be made, or is refused with its fault."""
    item.make(folder)
    try:
        draft = lesson_from(folder / "course.ipynb")
    except VidkitError as error:
        as_it_must(item, "refused", str(error))
        return
    came, said = outcome(draft.path)
    as_it_must(item, came, said)
    assert came == "made", said


@pytest.mark.parametrize("item", ANSWERS, ids=ids)
def test_a_hostile_answer(folder: Path, item: Item, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that was paid for is found, whatever is odd beside it; all else is a failure of
    that section, in words, and no more than the usual number of requests.
    """
    answer = item.make(folder)
    server = FakeOpenAI(shape=lambda body: answer if "data" in body and "created" in body else body)
    if isinstance(answer, bytes):
        monkeypatch.setattr(
            server, "made", lambda path, text: Reply(200, answer, {"content-type": "text/html"})
        )
    lesson(section())(folder)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none-at-all")
    # what is asked for again is asked for at once
    monkeypatch.setattr("vidkit.providers.adaptive.LONGEST_WAIT", 0.001)
    monkeypatch.setattr("vidkit.providers.adaptive.LONGEST_LOOK", 0.001)
    with server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        came, said = outcome(folder / "lesson.json", QUICK.with_(images="openai"))
    as_it_must(item, came, said)
    assert "\x1b" not in said
    assert len(server.requests) <= 8


def test_the_corpus_is_large_and_says_what_each_item_tries() -> None:
    """At least 80 items, each with a name of its own in its part."""
    parts: list[list[Any]] = [LESSONS, FOLDERS, NOTEBOOKS, ANSWERS]
    assert sum(map(len, parts)) >= 80
    for part in parts:
        assert len({item.name for item in part}) == len(part)
        assert all(item.tries for item in part)


def test_a_picture_on_a_slide_starts_no_program(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostScript under the name of a picture is a program, which Pillow would have Ghostscript
    run.
    """
    (folder / "bin").mkdir()
    interpreter = folder / "bin" / "gs"
    interpreter.write_text(f"#!/bin/sh\ntouch '{folder / 'ran'}'\n")
    interpreter.chmod(0o755)
    monkeypatch.setenv("PATH", f"{interpreter.parent}{os.pathsep}{os.environ['PATH']}")
    page = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n%%EndComments\nshowpage\n%%EOF\n"
    (folder / "picture.png").write_bytes(page)
    lesson(section(image="picture.png", slide={"layout": "picture"}))(folder)
    came, said = outcome(folder / "lesson.json", QUICK.with_(images="slides"))
    assert came == "refused" and "picture.png" in said
