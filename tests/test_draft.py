"""Drafts: a lesson from a notebook, Markdown, PowerPoint or PDF."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from a_source import contents, held_to_its_source, made_up, source_text  # noqa: F401  a fixture
from fake_openai import FakeOpenAI
from PIL import Image

import vidkit
from vidkit.cli import main
from vidkit.draft.course import new_lessons
from vidkit.draft.notebook import is_saved, running_notebook
from vidkit.draft.writer import new_facts
from vidkit.errors import (
    LessonError,
    OutputError,
    ProviderError,
    Refused,
    SettingsError,
    StoreError,
    Unreachable,
)
from vidkit.providers.base import WriteAsk
from vidkit.providers.limiter import RateLimiter
from vidkit.store import Store

pytestmark = pytest.mark.usefixtures("held_to_its_source")


def picture(colour: str = "navy", size: tuple[int, int] = (320, 200)) -> bytes:
    """A PNG of one colour."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def figure(colour: str = "navy") -> dict[str, Any]:
    """An output as matplotlib leaves it."""
    data = {"image/png": base64.b64encode(picture(colour)).decode(), "text/plain": ["<Figure>"]}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def html(text: str, plain: str = "") -> dict[str, Any]:
    data = {"text/html": text} | ({"text/plain": plain} if plain else {})
    return {"output_type": "execute_result", "data": data, "metadata": {}}


def printed(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def said(text: str, *tags: str, **more: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "source": text, "metadata": {"tags": list(tags)}} | more


def program(code: str, *outputs: Mapping[str, Any], tags: tuple[str, ...] = ()) -> dict[str, Any]:
    meta = {"tags": list(tags)}
    return {"cell_type": "code", "source": code, "outputs": [*outputs], "metadata": meta}


def notebook(folder: Path, *cells: Mapping[str, Any], name: str = "penguins") -> Path:
    """A notebook of these cells, saved."""
    path = folder / f"{name}.ipynb"
    meta = {"language_info": {"name": "python"}}
    data = {"cells": cells, "metadata": meta, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(data), "utf-8")
    return path


def markdown(folder: Path, text: str, name: str = "deck.md") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def layouts(lesson: vidkit.Lesson) -> list[str]:
    """What each section shows: "picture", its layout, or "" for text alone."""
    return ["picture" if s.image else s.slide.get("layout", "") for s in lesson.sections]


# Notebooks


def test_a_notebook_becomes_a_lesson_with_its_figures_tables_and_programs(tmp_path: Path) -> None:
    """Headings divide, text is said over the program and the figure that come after it, and a
    data frame is a table of its first rows with its size.
    """
    frame = (
        "<div><style>th {color: red}</style><table><thead><tr><th></th><th>bill</th></tr></thead>"
        "<tbody><tr><th>0</th><td>39.1</td></tr></tbody></table><p>344 rows × 7 columns</p></div>"
    )
    path = notebook(
        tmp_path,
        said("# Penguins\n\nWe look at penguins."),
        said("## The data\n\nHere are the *first* rows."),
        program("import pandas as pd\nframe = pd.read_csv('p.csv')\nframe.head()", html(frame)),
        said("## Bills\n\nWe draw the lengths. The figure shows two groups."),
        program("ax = frame.plot()", figure()),
        said("The plot shows that Gentoo bills are long."),
    )
    lesson = vidkit.lesson_from(path)
    assert layouts(lesson) == ["statement", "table", "code", "picture"]
    assert contents(lesson)[1:3] == ["Here are the first rows.", "We draw the lengths."]
    assert contents(lesson)[3] == (
        "The figure shows two groups.\n\nThe plot shows that Gentoo bills are long."
    )
    titles = ["Penguins", "The data", "Bills", "The figure shows two groups"]
    assert [s.title for s in lesson.sections] == titles
    assert [s.source for s in lesson.sections] == [
        "cell 1",
        "cells 2, 3",
        "cells 4, 5",
        "cells 4, 5, 6",
    ]
    assert lesson.title == "Penguins" and lesson.source == "penguins.ipynb"
    assert lesson.sections[1].slide["points"] == ["344 rows × 7 columns"]
    assert lesson.sections[3].image and lesson.sections[3].image.read_bytes() == picture()
    assert not lesson.warnings


def test_a_cell_without_text_says_its_comments_and_a_bare_figure_its_title(tmp_path: Path) -> None:
    """A comment or a docstring is said where a cell has no text; a figure without any word says
    the title that its program gives it, or the heading; anything else without words is left out.
    """
    path = notebook(
        tmp_path,
        said("# Bills"),
        program('def mean(a):\n    """Give the middle of a."""\n    return sum(a) / len(a)'),
        program("# x = mean(b)\nx = 1", printed("1\n")),
        program("plt.title('Length of bills')\nplt.show()", figure("red")),
        program("plt.show()", figure("green")),
        program("# Draw the depth again\nplt.show()", figure("blue")),
    )
    lesson = vidkit.lesson_from(path)
    assert layouts(lesson) == ["code", "picture", "picture", "picture"]
    assert contents(lesson) == [
        "Give the middle of a.",
        "Length of bills",
        "Bills",
        "Draw the depth again.",
    ]
    assert lesson.sections[1].title == "Length of bills"


def test_a_comment_beside_code_is_said_only_where_there_is_no_other(tmp_path: Path) -> None:
    """Comments on lines of their own are sentences; those at the end of a line are mostly names."""
    path = notebook(
        tmp_path,
        program("# Set the masses\nm = 1  # of the car\nk = 2  # of the road"),
        program("g = 9.8  # gravity on Earth"),
    )
    assert contents(vidkit.lesson_from(path)) == ["Set the masses.", "gravity on Earth."]


def test_a_wide_table_keeps_to_its_slide(tmp_path: Path) -> None:
    """Long names in many columns are cut to what stands side by side."""
    names = [f"A10Green_Technology_A10J_S72_{n}" for n in range(5)]
    row = "".join(f"<td>{name}</td>" for name in names)
    path = notebook(
        tmp_path, said("See this."), program("t", html(f"<table><tr>{row}</tr></table>"))
    )
    (head,) = vidkit.lesson_from(path).sections[0].slide["table"][1:]
    assert [name[:8] for name in head] == ["A10Green"] * 5
    assert sum(map(len, head)) <= 90


def test_what_is_not_shown_of_a_program_is_told(tmp_path: Path) -> None:
    """Further steps of which nothing is said are left out, with their place in a note."""
    code = "\n".join(f"go({n})" for n in range(20))
    path = notebook(tmp_path, said("We let the robot go."), program(code), program("print(1)"))
    (lesson,), (note,) = new_lessons(path, tmp_path / "out")
    assert note.startswith("cell 2, cell 3: ") and "say what it does" in note
    assert "go(9)" in lesson.sections[0].slide["code"]
    whole = notebook(tmp_path, said("We let the robot go."), program("go(1)"))
    assert new_lessons(whole, tmp_path / "whole")[1] == []


def test_long_programs_are_shown_in_steps_of_twelve_lines(tmp_path: Path) -> None:
    """Steps end between statements, and say their own comments; no line of the program is lost."""
    parts = [f"# Make part {n} of the whole\na{n} = [\n    1,\n    2,\n]\n" for n in range(7)]
    lesson = vidkit.lesson_from(notebook(tmp_path, program("\n".join(parts))))
    codes = [section.slide["code"] for section in lesson.sections]
    assert all(len(code.split("\n")) <= 12 for code in codes) and len(codes) >= 4
    assert [line for code in codes for line in code.split("\n") if line] == [
        line for part in parts for line in part.split("\n") if line
    ]
    assert all(code.startswith("# Make part") for code in codes)


def test_the_last_step_of_a_program_says_something(tmp_path: Path) -> None:
    """It is not a bracket, or a line, alone; what runs a program is neither said nor its title."""
    inner = "".join(f"{'  ' * n}# go {n} times\n{'  ' * n}f({n}, [\n" for n in range(5))
    ends = "".join(f"{'  ' * n}])\n" for n in reversed(range(5)))
    lesson = vidkit.lesson_from(
        notebook(tmp_path, program(f"#!/usr/bin/env python3\n{inner}{ends}"))
    )
    assert len(re.findall(r"\w+", lesson.sections[-1].slide["code"])) > 5
    assert contents(lesson)[0].startswith("go 0 times")


def test_what_a_program_printed_stands_under_it_or_after_it(tmp_path: Path) -> None:
    """A few lines stand under the program, an error is one of them, more lines are a slide."""
    error = {"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": []}
    path = notebook(
        tmp_path,
        said("We print one number."),
        program("print(a)", printed("\x1b[31m0%\r50%\r100%\x1b[0m\n42\n")),
        said("This one fails."),
        program("b['x']", error),
        said("This is long. Look at it."),
        program("help(a)", printed("\n".join(f"line {n}" for n in range(40)))),
    )
    lesson = vidkit.lesson_from(path)
    assert lesson.sections[0].slide["output"] == "100%\n42"
    assert lesson.sections[1].slide["output"] == "KeyError: 'x'"
    assert lesson.sections[2].slide["code"] == "help(a)"


def test_tags_choose_what_is_said_and_shown(tmp_path: Path) -> None:
    """`vidkit:skip`, `vidkit:notes`, `vidkit:show`, and the tags that hide an input, an output."""
    path = notebook(
        tmp_path,
        said("# One", "vidkit:show"),
        said("Not for the video.", "vidkit:skip"),
        said("- Only said", "vidkit:notes"),
        program("a = 1", tags=("vidkit:show",)),
        program("b = 2", tags=("vidkit:show",)),
        said("Here is a figure."),
        program("plt.show()", figure(), tags=("hide-input",)),
        said("And no figure."),
        program("c = 3", figure(), tags=("remove_output",)),
    )
    lesson = vidkit.lesson_from(path)
    assert contents(lesson) == ["Only said.", "One", "Here is a figure.", "And no figure."]
    assert [s.slide.get("code") for s in lesson.sections] == ["a = 1", "b = 2", None, "c = 3"]


def test_pictures_of_a_text_are_those_of_the_file_and_of_its_folder(tmp_path: Path) -> None:
    """Attached, written into the text, or a file beside the notebook; one of the network, of
    another folder or of no picture is named in a note, and its section goes without.
    """
    (tmp_path / "inner").mkdir()
    (tmp_path / "leaf one.png").write_bytes(picture("green"))
    (tmp_path / "inner" / "pic.png").write_bytes(picture("red"))
    (tmp_path / "inner" / "text.png").write_text("no picture")
    attached = {"a.png": {"image/png": base64.b64encode(picture("blue")).decode()}}
    inline = base64.b64encode(picture("black")).decode()
    path = notebook(
        tmp_path / "inner",
        said("A file. ![A red square](pic.png)"),
        said("# Attached\n\nOne. ![](attachment:a.png)", attachments=attached),
        said(f"# Inline\n\nTwo. <img src='data:image/png;base64,{inline}'>"),
        said("# None\n\nThree. ![x](../leaf%20one.png) ![y](https://example.org/a.png)"),
        said("![z](/etc/passwd) ![v](text.png) ![w](file:///etc/passwd) ![u](gone.png)"),
    )
    lesson = vidkit.lesson_from(path)
    found = [s.image.read_bytes() if s.image else None for s in lesson.sections]
    assert found == [picture("red"), picture("blue"), picture("black"), None]
    assert contents(lesson) == ["A file.", "One.", "Two.", "Three."]


@pytest.mark.parametrize("kind", ["bmp", "tiff", "avif", "webp"])
def test_a_picture_of_any_kind_that_is_opened_is_shown(tmp_path: Path, kind: str) -> None:
    """What a lesson may bring of its own a source may bring too, and it goes beside the lesson."""
    Image.new("RGB", (64, 48), "navy").save(tmp_path / f"sea.{kind}")
    lesson = vidkit.lesson_from(markdown(tmp_path, f"# Sea\n\nBlue.\n\n![The sea](sea.{kind})"))
    shown = [section.image for section in lesson.sections if section.image]
    assert len(shown) == 1 and shown[0].read_bytes() == (tmp_path / f"sea.{kind}").read_bytes()


def test_a_drawing_is_set_as_a_picture_and_reaches_for_nothing(tmp_path: Path) -> None:
    """An SVG output becomes a PNG; scripts in it do not run, files that it names are not read."""
    (tmp_path / "secret.png").write_bytes(picture("red"))
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100"><script>alert(1)</script>'
        f'<image href="{tmp_path}/secret.png" width="200" height="100"/>'
        '<image href="https://example.org/a.png" width="9" height="9"/>'
        '<rect width="100" height="100" fill="#0000ff"/></svg>'
    )
    output = {"output_type": "display_data", "data": {"image/svg+xml": [svg]}}
    lesson = vidkit.lesson_from(notebook(tmp_path, said("# A drawing"), program("d", output)))
    assert lesson.sections[0].image
    with Image.open(lesson.sections[0].image) as drawn:
        assert drawn.convert("RGB").getpixel((drawn.width // 4, drawn.height // 2)) == (0, 0, 255)
        assert drawn.convert("RGB").getpixel((drawn.width * 3 // 4, 20)) == (255, 255, 255)


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" %s><rect width="90" height="90" fill="blue"/>%s</svg>'
)
ENTITIES = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
HOSTILE_DRAWINGS = {
    "very tall": SVG % ('width="1" height="100000000"', ""),
    "very wide": SVG % ('width="100000000" height="1"', ""),
    "entities": f'<!DOCTYPE svg [<!ENTITY e0 "ha">{ENTITIES}]>{SVG % ("", "<text>&e9;</text>")}',
    "a file": '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + SVG % ("", "&x;"),
    "a decoy": SVG % ("", '<image title="href=\'data:\'" href="FOLDER/secret.png"/>'),
    "a filter": SVG
    % (
        "",
        '<filter id="f"><feImage href="FOLDER/secret.png"/></filter>'
        '<rect filter="url(#f)" width="50" height="50"/>',
    ),
    "deep": SVG % ("", "<g>" * 20_000 + "</g>" * 20_000),
    "no end": "<svg" + " " * 5_000,
}


@pytest.mark.parametrize("svg", HOSTILE_DRAWINGS.values(), ids=HOSTILE_DRAWINGS)
def test_a_hostile_drawing_is_left_out(
    svg: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that would take the memory, or reaches for a file, is named in a note; the rest is
    drafted.
    """
    (tmp_path / "secret.png").write_bytes(picture("red"))
    svg = svg.replace("FOLDER", str(tmp_path))
    output = {"output_type": "display_data", "data": {"image/svg+xml": svg}}
    path = notebook(tmp_path, said("Look at this."), program("d", output))
    assert main(["draft", str(path)]) == 0
    assert "cell 2: a picture is not shown: " in capsys.readouterr().out
    lesson = vidkit.load_lesson(path.with_suffix(".json"))
    assert contents(lesson) == ["Look at this."] and not lesson.sections[0].image


def test_old_notebooks_are_read(tmp_path: Path) -> None:
    """Those of format 3 are brought into format 4."""
    cells = [
        {"cell_type": "heading", "level": 1, "source": "Old", "metadata": {}},
        {"cell_type": "markdown", "source": ["We add.\n"], "metadata": {}},
        {"cell_type": "code", "input": ["1 + 1"], "language": "python", "outputs": []},
    ]
    data = {"worksheets": [{"cells": cells}], "metadata": {}, "nbformat": 3, "nbformat_minor": 0}
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps(data))
    lesson = vidkit.lesson_from(path)
    assert (lesson.title, contents(lesson)) == ("Old", ["We add."])
    assert lesson.sections[0].slide["code"] == "1 + 1"


HOSTILE = {
    "script": html("<script>alert('pwned')</script><iframe src='https://example.org'></iframe>"),
    "table": html(
        "<table><tr><th>a<script>alert('pwned')</script></th></tr>"
        "<tr><td onclick='alert(1)'>1<img src='https://example.org/x.png'></td></tr></table>"
    ),
    "javascript": {"output_type": "display_data", "data": {"application/javascript": "alert(1)"}},
    "no data": {"output_type": "display_data", "data": None},
    "a number": {"output_type": "stream", "name": "stdout", "text": 5},
    "damaged": {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo=!!"}},
    "no base64": {"output_type": "display_data", "data": {"image/png": [1, {"a": 2}]}},
    "half letters": printed("\ud800 half"),
    "list": ["no output"],
}


def test_odd_cells_are_read_as_what_they_say(tmp_path: Path) -> None:
    """Control characters, links to programs, attachments of no kind and endless lines do not show
    and do not take long.
    """
    path = notebook(
        tmp_path,
        said(
            "# T\n\nA \x00\x1b[31mred [word](javascript:alert(1)). ![x](attachment:a)",
            attachments=1,
        ),
        said("Go ![x](attachment:a) on.", attachments={"a": "x"}),
        program("x = " + "'#' " * 5_000),
    )
    lesson = vidkit.lesson_from(path)
    assert contents(lesson)[0].startswith("A red word.") and not lesson.warnings


@pytest.mark.parametrize("output", HOSTILE.values(), ids=HOSTILE)
def test_hostile_outputs_run_nothing_and_fetch_nothing(
    output: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever an output is, the lesson is made of the rest, and no connection is opened."""
    monkeypatch.setattr(socket, "socket", None)
    path = notebook(tmp_path, said("Look at this."), program("show()", output))
    lesson = vidkit.lesson_from(path)
    assert contents(lesson) == ["Look at this."]
    assert "alert" not in path.with_suffix(".json").read_text("utf-8")


def test_an_output_of_fifty_megabytes_is_cut(tmp_path: Path) -> None:
    """Only its first lines are shown, and the lesson stays small."""
    big = [printed("x" * 25_000_000), html("<p>" + "y" * 25_000_000)]
    path = notebook(tmp_path, said("This is large."), program("print(x)", *big))
    vidkit.lesson_from(path)
    assert path.with_suffix(".json").stat().st_size < 50_000


BROKEN = {
    "no JSON": "{",
    "a list": "[]",
    "no cells": '{"nbformat": 4}',
    "cells of no kind": '{"cells": [1, null, {}], "nbformat": 4}',
    "cells of odd values": '{"cells": [{"cell_type": "markdown", "source": 3, "metadata": []}]}',
    "nothing to say": '{"cells": [{"cell_type": "raw", "source": "x"}]}',
    "deep": "[" * 100_000,
    "an old one": '{"worksheets": 1, "nbformat": 3}',
    "nothing": "",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_notebook_is_told_in_words(text: str, tmp_path: Path) -> None:
    """The error names the file, what is wrong and the mend; nothing is written."""
    path = tmp_path / "broken.ipynb"
    path.write_text(text)
    with pytest.raises(LessonError, match=r"broken\.ipynb: .+; .+"):
        vidkit.lesson_from(path)
    assert [file.name for file in tmp_path.iterdir()] == ["broken.ipynb"]


def test_this_is_the_notebook_that_runs_and_knows_whether_it_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The front end's word comes first, then the latest of the folder that asks with `%vidkit
    this`; a cell that was changed or run since it was saved is seen.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    first, asks = {"execution_count": 1}, {"execution_count": 2}
    path = notebook(tmp_path, program("a = 1") | first, program("%vidkit this") | asks)
    other = notebook(tmp_path, program("b = 1"), name="other")
    assert running_notebook({}) == path
    assert running_notebook({"__vsc_ipynb_file__": str(other)}) == other
    monkeypatch.setenv("JPY_SESSION_NAME", str(other))
    assert running_notebook({}) == other
    assert is_saved(path, {0: "", 1: "a = 1"})
    assert not is_saved(path, {0: "", 1: "a = 2"})
    assert not is_saved(path, {1: "a = 1", 3: "a = 1"})


# Files that are written


def test_the_same_source_gives_the_same_files_and_changes_are_kept(tmp_path: Path) -> None:
    """Drafting again changes nothing; a changed source makes a new draft; a lesson that somebody
    edited, or that is another, is never written over.
    """
    path = notebook(tmp_path, said("One."), program("p()", figure()))
    lesson = vidkit.lesson_from(path)
    before = lesson.path.read_bytes()
    assert vidkit.lesson_from(path) == lesson and lesson.path.read_bytes() == before
    notebook(tmp_path, said("Two."), program("p()", figure()))
    again = vidkit.lesson_from(path)
    assert contents(again) == ["Two."]
    vidkit.save_lesson(vidkit.edited(again, 0, content="Mine."))
    with pytest.raises(OutputError, match="was changed since it was drafted"):
        vidkit.lesson_from(path)
    assert contents(vidkit.load_lesson(lesson.path)) == ["Mine."]
    assert contents(vidkit.lesson_from(path, tmp_path / "other.json")) == ["Two."]


def test_a_draft_is_told_as_long_as_the_default_voice_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the 175 words a minute with which the Studio tells of the same lesson."""
    path = markdown(tmp_path, "# Rain\n\n" + "\n\n".join(["rain " * 69 + "falls."] * 5), "a.md")
    assert main(["draft", str(path), "-o", str(tmp_path / "a.json")]) == 0
    assert "about 2.0 minutes" in capsys.readouterr().out


def test_a_long_source_becomes_a_course_in_order(tmp_path: Path) -> None:
    """Each lesson has at most so many minutes, and begins with a heading; nothing is lost."""
    text = "\n\n".join(
        f"# Chapter {n}\n\n" + "\n\n".join("word " * 59 + f"end{n}{k}." for k in range(4))
        for n in range(1, 6)
    )
    lessons = vidkit.course_from(markdown(tmp_path, text, "book.md"), minutes=4)
    names = [lesson.path.name for lesson in lessons]
    assert names == ["1-chapter-1.json", "2-chapter-3.json", "3-chapter-5.json"]
    assert {lesson.path.parent.name for lesson in lessons} == {"book"}
    whole = vidkit.lesson_from(tmp_path / "book.md")
    assert [c for lesson in lessons for c in contents(lesson)] == contents(whole)
    with pytest.raises(SettingsError, match="minutes is 0"):
        vidkit.course_from(tmp_path / "book.md", minutes=0)


def test_the_command_drafts_and_says_what_it_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`vidkit draft` names the lessons, their length and its notes; `check` finds no fault."""
    path = notebook(tmp_path, said("Hello there. ![x](https://example.org/x.png)"))
    assert main(["draft", str(path), "-o", str(tmp_path / "a.json")]) == 0
    out = capsys.readouterr().out
    assert "a.json: 1 section, about 0.0 minutes" in out
    assert "cell 1: the picture 'https://example.org/x.png' is not shown" in out
    assert main(["check", str(tmp_path / "a.json")]) == 0
    assert main(["draft", str(tmp_path / "gone.md")]) == 2
    assert main(["draft", __file__]) == 2
    assert "name a file that ends in .ipynb" in capsys.readouterr().err


# Markdown


def test_markdown_is_read_as_a_person_would(tmp_path: Path) -> None:
    """Links are their words, comments, addresses, footnotes and contents are left out, prices are
    no formulas, roles and attributes vanish, and asides say what they are.
    """
    text = """# Reading {#top}

- [One](#one)
- [Two](#two)

See [the *page*](https://example.org "x"), {ref}`the oven <oven>` and :func:`open`.[^1]
It costs $5 and $6. <!-- nobody reads this --> We know $x^2$ &amp; `a_b`.

https://example.org/long/address

```{note}
Keep cool.
```

> [!tip] Try it
> Eat well.

[^1]: A footnote.
"""
    lesson = vidkit.lesson_from(markdown(tmp_path, text))
    assert lesson.sections[0].title == "Reading"
    assert lesson.sections[0].content.split("\n\n") == [
        "See the page, the oven and `open`. It costs $5 and $6. We know $x^2$ & `a_b`.",
        "Note: Keep cool.",
        "Try it: Eat well.",
    ]


def test_lists_tables_formulas_and_code_of_markdown_are_shown(tmp_path: Path) -> None:
    """Each has its slide, and is said with the text before it."""
    text = """We need:

- flour
- [x] water

# Steps

1. Mix
2. Bake

# Sums

The law is

$$
\\begin{aligned}
F &= m a \\\\
a &= g
\\end{aligned}
$$

where $m$ is the mass.

# Table

| a | b |
|---|---|
| 1 | 2 |

# Code

Print it.

```python
print(1)
```
"""
    lesson = vidkit.lesson_from(markdown(tmp_path, text))
    assert layouts(lesson) == ["points", "steps", "equation", "table", "code"]
    assert contents(lesson) == [
        "We need:\n\nflour. water.",
        "Mix. Bake.",
        "The law is\n\nwhere $m$ is the mass.",
        "a, b. 1, 2.",
        "Print it.",
    ]
    assert lesson.sections[2].slide["equation"] == ["F = m a", "a = g"]
    assert lesson.sections[3].slide["table"] == [["a", "b"], ["1", "2"]]
    assert [s.source for s in lesson.sections][:2] == ["lines 1, 3", "lines 6, 8"]


def test_what_only_a_program_reads_of_markdown_is_left_out(tmp_path: Path) -> None:
    """Targets and references of MyST and LaTeX are not said, and a heading under which nothing is
    left takes no part in the next one's.
    """
    text = """(intro)=

# Sums

## Contents

- [More](#more)

## Videos

## More {#more}

By equation \\eqref{pythagoras} it is so, see `\\ref{x}`.
"""
    lesson = vidkit.lesson_from(markdown(tmp_path, text))
    assert contents(lesson) == ["By equation it is so, see `\\ref{x}`."]
    assert lesson.sections[0].title == "Sums: More"


KINDS = {
    "names of emoji": (":rocket: Careful at 10:30:45. :tada:", "Careful at 10:30:45."),
    "what is struck out": ("This is ~~wrong~~ right.", "This is right."),
    "what is marked": ("It is ==here==, and a==b is code.", "It is here, and a==b is code."),
    "a line in bold": ("> **Note**\n> Keep cool.", "Note. Keep cool."),
    "bold within a sentence": ("**Keep**\ncool.", "Keep cool."),
    "admonition of MkDocs": ('!!! warning "Hot"\n    Keep away.', "Hot: Keep away."),
    "admonition without a title": ('!!! note ""\n    Keep away.\n\n    Go.', "Keep away.\n\nGo."),
    "admonition with nothing in it": ("It cools.\n\n??? <table>x\n", "It cools.\n\nX"),
    "details": (
        "<details><summary>Click to see the answer</summary>\n\nIt is 42.\n</details>",
        "It is 42.",
    ),
    "a summary": ("<details><summary>Hint</summary>Use a loop.</details>", "Hint|Use a loop."),
    "formula with spaces": (
        "Let $ a + b = c $ be, for $ 5 or $ 6.",
        "Let $a + b = c$ be, for $ 5 or $ 6.",
    ),
    "citation": ("As they say [@smith2004, p. 3; @b].", "As they say."),
    "reference": ("It is so (see Eq. \\ref{a}), and in Fig.~\\ref{b}.", "It is so, and."),
    "index of LaTeX": (
        "A sample \\index{sample!of all|see{all}} is small. \\newpage",
        "A sample is small.",
    ),
    "references of bookdown": (
        "Cats (Figure \\@ref(fig:cats)) sleep, as Figure \\@ref(fig:b) shows.\n\n(ref:b) A cat.",
        "Cats sleep, as Figure shows.",
    ),
    "a line that a link made long": (
        "We take the numbers from\n[Our House](https://example.org/a/long/address). They are new\n"
        "and nobody has ever looked at them before us.",
        "We take the numbers from Our House. They are new and nobody has ever looked at them "
        "before us.",
    ),
    "formulas with an address between": (
        "Here $a^2$ shows [it](https://x.org/a_b) with $\\sigma$ and $ c^2 $ too.",
        "Here $a^2$ shows it with $\\sigma$ and $c^2$ too.",
    ),
    "pictures of Jekyll": (
        "Look.\n\n![A step.][step]\n\n[step]: {{ page.root }}{% link a.md %}/step.png",
        "Look.",
    ),
    "what the teacher is told": ("::: instructor\n\nPause here.\n\n:::\n\nHello.", "Hello."),
    "a licence and a handle": (
        "Copyright 2016 Ann B. Lee\n\nMIT License: https://example.org/mit\n\n@annlee\n\nHello.",
        "Hello.",
    ),
    "a list that goes on with and": (
        "We toss where\n\n- heads come first and\n- tails come last.",
        "We toss where|heads come first and tails come last.",
    ),
    "commands": (
        "$\\newcommand{\\R}{\\mathbb{R}} \\newcommand{\\n}[1]{(#1)}$ "
        "Let $x \\in \\R$ and $\\n{x} > 0$.",
        "Let $x \\in \\mathbb{R}$ and $({x}) > 0$.",
    ),
    "badges": (
        "[![Open In Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://x.org)\n\nHello.",
        "Hello.",
    ),
    "spans and attributes": (
        'Mind the [gap]{.fragment} here. {fig-align="center"}\n\n`{.r-stretch}` stays.',
        "Mind the gap here.|`{.r-stretch}` stays.",
    ),
    "code that R runs": ('`r fontawesome::fa("code")` Your turn.', "Your turn."),
    "code of another file": ("Look.\n\n<<< @/snippets/a.ts#b", "Look."),
    "layout of LaTeX": (
        "\\vspace{4mm}\n\nKeep cool. \\pause\n\n\\bigskip \\tiny\n\n`\\small` is C:\\small.",
        "Keep cool.|`\\small` is C:\\small.",
    ),
    "a citation within a span": (
        "[As in [@Parr2010, p.\N{NO-BREAK SPACE}147–149]]{.credits}, so it is [see @a].",
        "As in, so it is.",
    ),
    "tabs of MkDocs": (
        '=== "Left"\n\n    Keep left.\n\n=== "Right"\n\n    Keep right.',
        "Left: Keep left.|Right: Keep right.",
    ),
    "links to the pages around": (
        "< [Before](a.ipynb) | [Contents](b.ipynb) | [*After*](c.ipynb) >\n\nSee a, [b](d.md).",
        "See a, b.",
    ),
    "a long text for a picture": (
        f'![](https://x.org/a.png){{alt="Two tables. {"One is by the other. " * 20}"}}\n\nLook.',
        "Look.",
    ),
    "effects and macros of LiaScript": (
        '    {{1-2}}\n****\n\nKeep cool.\n\n@LIA.eval(`["a.cs"]`, `mono`)\n\n@config.semester\n\n'
        "  --{{1}}--\nI say it.",
        "Keep cool.|I say it.",
    ),
    "a stop after what is bold": ("- **A vector**.\n  It has parts.", "A vector. It has parts."),
    "links that other pages define": (
        "Set [the variables][mkdocs.env] by [key][], see a[0][1] and [1][2].",
        "Set the variables by key, see a[0][1] and [1][2].",
    ),
    "notes within a list": (
        "- One\n\n    ::: notes\n    ```\n    x\n    ```\n\n    It is so.\n    :::\n\n- Two",
        "It is so.",
    ),
    "tags of Hugo and Jekyll": (
        "{{< toc >}}\n\nKeep [cool]({{< ref \"a.md\" >}}), see [it]({{ '/b/' | x }}).\n\n"
        '{% hint style="info" %}\nA hint, `{% raw %}`.\n{% endhint %}',
        "Keep cool, see it.|A hint, `{% raw %}`.",
    ),
    "bold within a script without spaces": (
        "它是 **「重要」**的，见**（这里）**吧。",
        "它是 「重要」的，见（这里）吧。",
    ),
    "lists in lists": (
        "1. First\n   - one\n   - two\n2. Second\n\n   Goes on.",
        "First: one; two. Second. Goes on.",
    ),
}


def test_a_long_list_is_shared_out_evenly(tmp_path: Path) -> None:
    """No slide has a single point that others left over; with notes, points go before lines."""
    text = "# Seven\n\n" + "".join(f"- point {n} of them\n" for n in range(7))
    lesson = vidkit.lesson_from(markdown(tmp_path, text))
    assert [len(section.slide["points"]) for section in lesson.sections] == [4, 3]
    head, end = "---\nmarp: true\n---\n\n", "<!-- I speak of them. -->\n\n---\n\n# End\n\nBye."
    deck = f"{head}{text}\nOne line.\n\n{end}"
    lesson = vidkit.lesson_from(markdown(tmp_path, deck, "noted.md"))
    assert contents(lesson)[0] == "I speak of them."
    assert lesson.sections[0].slide["points"] == [f"point {n} of them" for n in range(7)]


def test_a_table_that_is_drawn_with_lines_is_a_table(tmp_path: Path) -> None:
    """Grid tables of Pandoc, with lines that go on, and formulas that come in steps."""
    text = """Sizes:

+------+--------+
| Name | Size   |
|      | in m   |
+======+========+
| a    | 1      |
+------+--------+

# Steps

$$ {1|3|all}
a = b
$$
"""
    lesson = vidkit.lesson_from(markdown(tmp_path, text))
    assert lesson.sections[0].slide["table"] == [["Name", "Size in m"], ["a", "1"]]
    assert lesson.sections[1].slide["equation"] == ["a = b"]


@pytest.mark.parametrize("kind", KINDS)
def test_other_marks_are_read_as_a_person_would(kind: str, tmp_path: Path) -> None:
    """What other tools write into Markdown is understood, or left out where it says nothing."""
    text, said = KINDS[kind]
    lesson = vidkit.lesson_from(markdown(tmp_path, text))
    assert contents(lesson) == ["\n\n".join(said.split("|"))]
    assert not lesson.warnings


def test_commands_that_define_each_other_without_end_are_cut(tmp_path: Path) -> None:
    """A formula of an attacker's grows to no more than a few thousand characters."""
    macros = "".join(
        f"\\newcommand{{\\{c}}}{{\\{d}{'x' * 900}\\{d}}}" for c, d in ("ab", "bc", "ca")
    )
    lesson = vidkit.lesson_from(
        markdown(tmp_path, f"Before.\n\n${macros}$\n\n$\\a\\a\\a\\a$ After.")
    )
    assert contents(lesson)[0].startswith("Before.")
    assert lesson.path.stat().st_size < 20_000


def test_a_formula_is_never_lost(tmp_path: Path) -> None:
    """One without a word beside it is read aloud, and one of many commands has its line."""
    long = (
        "p(\\vec{x}) \\propto \\exp \\left [ - \\frac{1}{2} (\\vec{x} - \\vec{\\mu})^\\mathrm{T} "
        "\\, \\Sigma ^{-1} \\, (\\vec{x} - \\vec{\\mu}) \\right ]"
    )
    cases = "f(x) = \\begin{cases} 1 & x > 0 \\\\ 0 & \\text{otherwise or undefined} \\end{cases}"
    text = f"# One\n\n$$\n{cases}\n$$\n\n# Two\n\nIt is given by\n\n$$\n{long}\n$$\n"
    lesson = vidkit.lesson_from(markdown(tmp_path, text))
    assert contents(lesson) == [f"${cases}$", "It is given by"]
    assert [s.slide["equation"] for s in lesson.sections] == [[cases], [long]]


def test_the_heads_of_a_notebook_give_it_the_highest_as_title(tmp_path: Path) -> None:
    """A line above the title, and the author's under it, are no titles."""
    head = (
        "#### Course 110\n\n# Tracking\n\n### Richard M. Somebody and Natalie Someone, Winter 2024"
    )
    lesson = vidkit.lesson_from(notebook(tmp_path, said(f"{head}\n\nWe begin.")))
    assert (lesson.title, lesson.sections[0].title) == ("Tracking", "Tracking")


def test_what_a_terminal_would_hide_is_not_shown(tmp_path: Path) -> None:
    """Links and colours of a terminal, bars of progress and what was written over are left out;
    what an object shows as HTML alone is its text.
    """
    bar = "\r  0%|          | 0/3\r100%|███| 3/3 [00:00<00:00, 10.1it/s]\n"
    text = f"{bar}\x1b]8;;http://example.org\x1b\\Link\x1b]8;;\x1b\\\nA\x08B\n"
    path = notebook(
        tmp_path,
        said("One."),
        program("run()", printed(text)),
        said("Two."),
        program(
            "show()",
            html("<h2>Mean</h2><p>It is <b>5</b>.</p>", "<IPython.core.display.HTML object>"),
        ),
        said("Three."),
        program("data", html("<div></div>", "<xarray.Dataset>\nDimensions: (x: 3)")),
    )
    outputs = [section.slide["output"] for section in vidkit.lesson_from(path).sections]
    assert outputs == ["Link\nB", "Mean\nIt is 5.", "<xarray.Dataset>\nDimensions: (x: 3)"]


def test_cells_over_several_rows_and_columns_keep_their_places(tmp_path: Path) -> None:
    """A data frame with names in two rows, and with a group over two rows, as pandas writes it."""
    frame = (
        "<table><thead><tr><th></th><th></th><th colspan='2'>bill</th></tr>"
        "<tr><th>species</th><th>island</th><th>min</th><th>max</th></tr></thead>"
        "<tr><th rowspan='2'>Adelie</th><th>Biscoe</th><td>34</td><td>45</td></tr>"
        "<tr><th>Dream</th><td>32</td><td>44</td></tr></table>"
    )
    path = notebook(tmp_path, said("The bills."), program("frame", html(frame)))
    assert vidkit.lesson_from(path).sections[0].slide["table"] == [
        ["species", "island", "bill min", "bill max"],
        ["Adelie", "Biscoe", "34", "45"],
        ["", "Dream", "32", "44"],
    ]


def test_a_formula_that_a_program_gives_is_its_result(tmp_path: Path) -> None:
    """What SymPy shows as LaTeX is on the slide while it is spoken of."""
    latex = {"text/latex": "$\\displaystyle \\int x\\, dx$", "text/plain": "Integral(x, x)"}
    output = {"output_type": "execute_result", "data": latex, "metadata": {}}
    cells = said("We integrate."), program("i", output, output)
    lesson = vidkit.lesson_from(notebook(tmp_path, *cells))
    assert lesson.sections[0].slide["equation"] == ["\\int x\\, dx"] * 2


def test_a_long_formula_is_shown_in_lines(tmp_path: Path) -> None:
    """It is divided between its equations, then where a relation stands between its outermost
    terms; spaces at its end go, and the sides of a short one stay together.
    """
    left = "\\sigma^2_{\\text{total}}(x, y, z) + \\sigma^2_0"
    right = "\\frac{1}{N - \\tau} \\sum_{n=1}^{N-\\tau} (f_n - \\mu_f)(g_n - \\mu_g) + R(x, y, z)"
    rows = (
        "A = \\begin{bmatrix} 0 & 10 \\\\ -1 & 0 \\end{bmatrix} + \\begin{pmatrix}0\\end{pmatrix}"
    )
    second = "y = C(A - B)^{-1} D + E + F + G + H + I"
    text = (
        f"It is\n\n$$\n{left} = {right} \\quad .\n$$\n\n# Two\n\nIt is\n\n$$\n{rows}, "
        f"\\qquad {second}\n$$\n\n# Three\n\nIt is\n\n$$\n{rows} \\, .\n$$\n"
    )
    lesson = vidkit.lesson_from(markdown(tmp_path, text))
    assert [s.slide["equation"] for s in lesson.sections] == [
        [left, f"= {right}"],
        [rows, second],
        [rows],
    ]
    assert main(["slides", str(lesson.path), "-o", str(tmp_path / "sheet.png")]) == 0
    first = "\\mathbb E X = 0 \\cdot \\mathbb P\\{X=0\\} + 1 \\cdot \\mathbb P\\{X=1\\}"
    text = f"So\n\n$$\n{first} = \\mathbb P\\{{X=1\\}} = p\n$$\n"
    lesson = vidkit.lesson_from(markdown(tmp_path, text, "braces.md"))
    shown = lesson.sections[0].slide["equation"]
    assert all(each.count("\\{") == each.count("\\}") for each in shown)
    rows = "".join(f"a_{n} + b_{n} + c_{n} &= d_{n} + e_{n} + f_{n} \\\\ " for n in range(3))
    array = f"$$\n{{1|3|all}}\n\\begin{{array}}{{c}}\n{rows}\\end{{array}}\n$$\n"
    lesson = vidkit.lesson_from(markdown(tmp_path, f"We have\n\n{array}", "array.md"))
    assert len(lesson.sections[0].slide["equation"]) == 3


@pytest.mark.parametrize(("named", "tag"), [("R", "en"), ("Deutsch", "de"), ("fr", "fr")])
def test_a_programming_language_is_no_spoken_one(named: str, tag: str, tmp_path: Path) -> None:
    """A page that says in which language its programs are is a lesson of its own language."""
    text = f"---\ntitle: Tables\nlanguage: {named}\n---\n\nWe read it."
    assert vidkit.lesson_from(markdown(tmp_path, text)).language == tag


def test_a_page_of_lists_is_in_their_language(tmp_path: Path) -> None:
    """Where few words stand outside of lists, theirs tell which language is spoken."""
    text = "# Resumen\n\n- Los cables que van al router son de la red\n- No hay una ruta para el PC"
    assert vidkit.lesson_from(markdown(tmp_path, text)).language == "es"


def test_what_a_directive_is_told_is_no_program(tmp_path: Path) -> None:
    """The options of MyST, as lines of YAML too, are not shown, and a hidden program is not."""
    text = (
        "We set x.\n\n```{code-block} go\n---\nlinenos:\n---\nx := 1\n```\n\nWe draw.\n\n"
        "```{code-cell}\n---\ntags:\n  - hide-input\n---\ndraw(x)\n```\n"
    )
    lesson = vidkit.lesson_from(markdown(tmp_path, text))
    assert [section.slide.get("code") for section in lesson.sections] == ["x := 1", None]


def test_programs_and_figures_in_tags_of_a_site_are_shown(tmp_path: Path) -> None:
    """As Jekyll and Hugo have them; a program that is about such tags keeps its own."""
    (tmp_path / "a_b.png").write_bytes(picture())
    text = (
        "First.\n\n{% highlight sql linenos %}\nSELECT 1;\n\n##a\n{% endhighlight %}\n\nThen.\n\n"
        "{{< highlight go >}}\nx := 1\n{{< /highlight >}}\n\nLook.\n\n"
        '{{< figure src="a_b.png" title="A cell" >}}\n\nWrite:\n\n'
        "```\n{% highlight c %}\n{% endhighlight %}\n```\n"
    )
    lesson = vidkit.lesson_from(markdown(tmp_path, text))
    assert layouts(lesson) == ["code", "code", "picture", "code"]
    codes = [section.slide.get("code") for section in lesson.sections]
    assert codes[:2] == ["SELECT 1;\n\n##a", "x := 1"]
    assert codes[3] == "{% highlight c %}\n{% endhighlight %}"


def test_a_heading_that_names_the_title_of_its_page_has_it(tmp_path: Path) -> None:
    """As pages of Jekyll begin; a program about them keeps its words."""
    text = (
        "---\ntitle: Heat\n---\n\n# {{ page.title }}: aims\n\nSee:\n\n```\n{{ page.title }}\n```\n"
    )
    section = vidkit.lesson_from(markdown(tmp_path, text)).sections[0]
    assert (section.title, section.slide["code"]) == ("Heat: aims", "{{ page.title }}")


def test_a_piece_of_a_formula_is_no_title(tmp_path: Path) -> None:
    """A formula that holds a full stop is whole, and the section keeps its heading's name."""
    text = (
        "# Fluss\n\nDas Feld ist hier:\n\n- Ein Punkt\n- Zwei Punkte\n\n"
        "$$\\Phi_\\text{geschl. Fl.} = \\oint_A B dA = 0$$\n"
    )
    titles = {section.title for section in vidkit.lesson_from(markdown(tmp_path, text)).sections}
    assert titles == {"Fluss"}


def test_a_list_of_dates_is_no_title(tmp_path: Path) -> None:
    """A section that goes on under a heading keeps that where a short sentence has only dates."""
    text = (
        "# Tracking\n\nThe plan is:\n\n- One thing\n- Two things\n\nAuthors:\n\n"
        "- Ann Smith, a University. March, 2015, July 2015, March 2016.\n- Bob Smith\n"
    )
    lesson = vidkit.lesson_from(markdown(tmp_path, text))
    assert [section.title for section in lesson.sections] == ["Tracking", "Tracking"]


def test_an_index_of_a_formula_is_one_sign(tmp_path: Path) -> None:
    """Where LaTeX has no brackets, what follows the sign stands on the line."""
    lesson = vidkit.lesson_from(markdown(tmp_path, "It is\n\n$$\nu = -Kx + k_rr + x^2y_{ab}\n$$\n"))
    assert lesson.sections[0].slide["equation"] == ["u = -Kx + k_{r} r + x^{2} y_{ab}"]


DECKS = {
    "marp": """---
marp: true
title: Light
---

<!-- _class: lead -->

# Light

<!--
Light is fast.

Very fast.
-->

---

## Colours

- Red
- Blue

![bg right:40%](pic.png)

<!-- Colours are lengths. -->
""",
    "slidev": """---
theme: seriph
title: Light
---

# Light

<!--
Light is fast.

Very [click] fast.
-->

---
layout: two-cols
---

## Colours

- Red
- Blue

::right::

![x](pic.png)

<!-- Colours are lengths. -->
""",
    "reveal.js": """# Light

Note:
Light is fast.

Very fast.

---

## Colours

- Red <!-- .element: class="fragment" -->
- Blue

![](pic.png)

Note: Colours are lengths.
""",
    "reveal.js, slides below one another": """---
title: Light
revealOptions:
  transition: fade
---

<!-- .slide: data-background="#fff" -->
# Light

Notes: Light is fast.

Very fast.

--

## Colours <!-- .element: style="color: red" -->

* Red
* Blue

<img src="pic.png" alt="" width="300">

Note:
Colours are lengths.
""",
    "Quarto": """---
title: Light
format: revealjs
---

# Light

::: {.notes}
Light is fast.

Very fast.
:::

## Colours

:::: {.columns}
::: {.column width="50%"}
- Red
- Blue
:::
::: {.column width="50%"}
![](pic.png)
:::
::::

. . .

::: {.notes}
Colours are lengths.
:::
""",
    "Obsidian": """---
theme: night
title: Light
---

# Light

note: Light is fast.

Very fast.

---

## Colours

- Red
- Blue

![[pic.png|300]]

note: Colours are lengths.
""",
}


@pytest.mark.parametrize("flavour", DECKS)
def test_decks_of_slides_say_their_notes_and_show_their_slides(
    flavour: str, tmp_path: Path
) -> None:
    """Speaker notes are the narration, points stand beside the picture, and no mark of the
    deck's own language is seen.
    """
    (tmp_path / "pic.png").write_bytes(picture())
    lesson = vidkit.lesson_from(markdown(tmp_path, DECKS[flavour]))
    assert contents(lesson) == ["Light is fast.\n\nVery fast.", "Colours are lengths."]
    assert [s.title for s in lesson.sections] == ["Light", "Colours"]
    assert lesson.title == "Light"
    assert layouts(lesson)[1] == "picture"
    assert lesson.sections[1].slide["points"] == ["Red", "Blue"]


NESTED = {
    "directives": ":::{note}\n" * 3_000 + "Inside.\n",
    "quotations": ">" * 20_000 + " Inside.\n",
    "lists": "\n".join("  " * n + "- item" for n in range(300)) + "\n",
    "brackets": "[" * 20_000 + "\n",
    "tags": "<div>" * 20_000 + "\n",
    "embeds": "![[" * 5_000 + "\n",
}


@pytest.mark.parametrize("text", NESTED.values(), ids=NESTED)
def test_deep_nesting_is_read_as_far_as_it_goes(text: str, tmp_path: Path) -> None:
    """Whatever is nested in a text, what stands outside of it is said."""
    lesson = vidkit.lesson_from(markdown(tmp_path, f"Before.\n\n{text}"))
    assert contents(lesson)[0].startswith("Before.")


def test_a_document_that_notes_something_is_no_deck(tmp_path: Path) -> None:
    """`Note:` in running text stays where it is, and rules only divide."""
    text = "# One\n\nNote: this stays.\n\n## Two\n\nText.\n\n---\n\nMore text."
    lesson = vidkit.lesson_from(markdown(tmp_path, text))
    assert contents(lesson) == ["Note: this stays.", "Text.", "More text."]


# PowerPoint and PDF


def presentation(path: Path) -> Path:
    """A deck with notes, points beside a picture, a table, and slides from right to left."""
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    deck.core_properties.title = "Cells"
    first = deck.slides.add_slide(deck.slide_layouts[0])
    first.shapes.title.text, first.placeholders[1].text = "Cells", "A first look"
    first.notes_slide.notes_text_frame.text = "Welcome to cells.\nThey are small."
    second = deck.slides.add_slide(deck.slide_layouts[1])
    second.shapes.title.text = "Parts"
    second.placeholders[1].text = "Nucleus\nMembrane"
    second.shapes.add_picture(io.BytesIO(picture()), Inches(5), Inches(4))
    third = deck.slides.add_slide(deck.slide_layouts[5])
    third.shapes.title.text = "Sizes"
    table = third.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(5), Inches(2)).table
    for row, cells in enumerate((("Cell", "µm"), ("Yeast", "5"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    third.notes_slide.notes_text_frame.text = "Cells differ in size."
    fourth = deck.slides.add_slide(deck.slide_layouts[1])
    fourth.shapes.title.text, fourth.placeholders[1].text = "תאים", "תא הוא יחידה\nגרעין"
    deck.save(str(path))
    return path


def test_powerpoint_says_its_notes_and_shows_its_slides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Notes are the narration; text, pictures and tables become slides; without notes the text of
    the slide is said.
    """
    monkeypatch.setenv("PATH", "")
    lesson = vidkit.lesson_from(presentation(tmp_path / "cells.pptx"))
    assert contents(lesson) == [
        "Welcome to cells.\n\nThey are small.",
        "Nucleus. Membrane.",
        "Cells differ in size.",
        "תא הוא יחידה. גרעין.",
    ]
    assert layouts(lesson) == ["statement", "picture", "table", "points"]
    assert lesson.sections[1].slide["points"] == ["Nucleus", "Membrane"]
    assert lesson.sections[2].slide["table"] == [["Cell", "µm"], ["Yeast", "5"]]
    assert [s.source for s in lesson.sections] == [f"slide {n}" for n in (1, 2, 3, 4)]
    assert lesson.title == "Cells"


def document(path: Path, text: str) -> Path:
    import typst

    source = path.with_suffix(".typ")
    source.write_text(text, "utf-8")
    typst.compile(str(source), output=str(path))
    return path


def test_pdf_shows_its_pages_and_says_what_stands_on_them(tmp_path: Path) -> None:
    """Each page is a picture; its text is said as running text, without the number of the page."""
    text = (
        '#set page(width: 16cm, height: 9cm, numbering: "1 / 1")\n= First\nLight bends.\n\n'
        "- One point\n- Another point\n#pagebreak()\n= Second\nThe end."
    )
    lesson = vidkit.lesson_from(document(tmp_path / "pages.pdf", text))
    assert contents(lesson) == ["Light bends. One point. Another point", "The end."]
    assert layouts(lesson) == ["picture", "picture"]
    with Image.open(lesson.sections[0].image or "") as page:
        assert page.size == (1600, 900)
    assert [s.title for s in lesson.sections] == ["First", "Second"]


def test_pdf_says_the_notes_that_are_stuck_on_it(tmp_path: Path) -> None:
    """A note on a page is what is said over it."""
    text = "#set page(width: 16cm, height: 9cm)\n= First\nLight bends.\n"
    path = document(tmp_path / "noted.pdf", text)
    import ctypes

    import pypdfium2 as pdfium
    import pypdfium2.raw as raw

    pdf = pdfium.PdfDocument(path)
    page = pdf[0]
    note = raw.FPDFPage_CreateAnnot(page, raw.FPDF_ANNOT_TEXT)
    words = ctypes.create_string_buffer("Say this — aloud.\0".encode("utf-16-le"))
    value = ctypes.cast(words, ctypes.POINTER(raw.FPDF_WCHAR))
    raw.FPDFAnnot_SetStringValue(note, b"Contents", value)
    raw.FPDFPage_CloseAnnot(note)
    pdf.save(tmp_path / "saved.pdf")
    pdf.close()
    assert contents(vidkit.lesson_from(tmp_path / "saved.pdf")) == ["Say this — aloud."]


@pytest.mark.parametrize("name", ["broken.pptx", "broken.pdf"])
def test_broken_slides_are_told_in_words(name: str, tmp_path: Path) -> None:
    """A damaged file, and one that is missing, is a `LessonError` with the mend."""
    (tmp_path / name).write_bytes(b"PK\x03\x04 %PDF-1.4 nothing")
    with pytest.raises(LessonError, match="save it again"):
        vidkit.lesson_from(tmp_path / name)
    with pytest.raises(LessonError, match="no such file"):
        vidkit.lesson_from(tmp_path / f"no-{name}")


@pytest.mark.parametrize("odd", [".", "/", "", "a\0b.ipynb", "~nobody-here/a.ipynb"])
def test_what_is_no_source_is_told_in_words(odd: str) -> None:
    """A folder without a name, nothing, and what no file can be called."""
    with pytest.raises((LessonError, SettingsError), match=r"this is a folder|source is"):
        vidkit.lesson_from(odd)
    with pytest.raises((LessonError, SettingsError), match=r"this is a folder|source is"):
        vidkit.course_from(odd)


def test_a_lesson_of_another_tool_is_converted(tmp_path: Path) -> None:
    """Its keys are understood by their meaning, and each section says where it came from."""
    beats = [{"speaker": "A", "text": f"This is beat number {n}."} for n in (1, 2)]
    path = tmp_path / "mulmo.json"
    path.write_text(json.dumps({"title": "Beats", "beats": beats}), "utf-8")
    lesson = vidkit.lesson_from(path)
    assert lesson.path.name == "mulmo-lesson.json"
    assert contents(lesson) == ["This is beat number 1.", "This is beat number 2."]
    assert [section.source for section in lesson.sections] == ["section 1", "section 2"]
    path.write_text("[1, 2]", "utf-8")
    with pytest.raises(LessonError, match=r"mulmo\.json"):
        vidkit.lesson_from(path)


# A writer, where somebody asks for one


def written(folder: Path, *answers: object) -> Path:
    """What somebody wrote, section by section, for `recorded:FOLDER`."""
    (folder / "writing").mkdir()
    for index, answer in enumerate(answers):
        text = answer if isinstance(answer, str) else json.dumps(answer)
        (folder / "writing" / f"section_{index}.json").write_text(text, "utf-8")
    return folder


def answer(content: str, layout: str = "as it is", *points: str) -> dict[str, Any]:
    return {"content": content, "layout": layout, "points": list(points)}


def test_a_writer_rewrites_and_what_was_drafted_can_be_taken_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The narration and the slide of words are the writer's; numbers and names that the source
    does not have are to be checked; an answer that is none leaves the section as it was.
    """
    monkeypatch.setenv("VIDKIT_CACHE", str(tmp_path / "store"))
    path = markdown(
        tmp_path, "# Light\n\nLight takes 8 minutes.\n\n# Sound\n\nIt is slow.\n\n# End\n\nBye."
    )
    home = written(
        tmp_path,
        answer("From the Sun, light needs 8 minutes.", "steps", "Sun", "Earth"),
        answer("Sound goes 343 metres in a second, said Newton."),
        "no JSON",
    )
    to = tmp_path / "lesson.json"
    assert main(["draft", str(path), "-o", str(to), "--writer", f"recorded:{home}"]) == 0
    out = capsys.readouterr().out
    lesson = vidkit.load_lesson(to)
    assert contents(lesson)[0] == "From the Sun, light needs 8 minutes."
    assert lesson.sections[0].slide == {"layout": "steps", "points": ["Sun", "Earth"]}
    assert "check section 2: 343, Newton: not in the source" in out
    assert lesson.sections[1].extra["$check"] == ["343", "Newton"]
    assert contents(lesson)[2] == "Bye." and "section 3 stays as it was drafted" in out
    assert main(["draft", str(to), "--take-back", "1,2,3"]) == 0
    assert "taken back: 1, 2" in capsys.readouterr().out
    lesson = vidkit.load_lesson(to)
    assert contents(lesson) == ["Light takes 8 minutes.", "It is slow.", "Bye."]
    assert not lesson.sections[0].slide  # what it shows follows from its words again
    assert not lesson.warnings


def test_a_writer_is_planned_paid_once_and_keeps_to_the_budget(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its price is told before, one broken answer is mended, each answer is paid once, and a
    section that does not fit in the budget stays as it was drafted.
    """
    path = markdown(tmp_path, "# Light\n\nOne.\n\n# Sound\n\nTwo.")
    how = ["draft", str(path), "--writer", "simulated:price=0.5,broken"]
    how += ["--cache-dir", str(tmp_path / "store"), "-o", str(tmp_path / "a.json")]
    assert main([*how, "--plan"]) == 0
    assert "cost at most $2.00" in capsys.readouterr().out
    assert not (tmp_path / "a.json").exists()
    assert main([*how, "--budget", "1.2", "--workers", "1"]) == 0
    assert "section 2 stays as it was drafted: over budget" in capsys.readouterr().out
    assert main(how) == 0
    assert "1 call" in capsys.readouterr().out
    assert main([*how, "--plan"]) == 0
    assert "2 in the store" in capsys.readouterr().out
    settings = vidkit.Settings(cache_dir=tmp_path / "store")
    lesson = vidkit.lesson_from(path, writer="simulated:price=0.5,broken", settings=settings)
    assert contents(lesson) == ["One.", "Two."]


def test_openai_writes_through_the_gate_and_is_asked_again_after_a_429(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A chat model at the address that the environment names answers for each section, once."""
    path = markdown(tmp_path, "# Light\n\nOne.\n\n# Sound\n\nTwo.")
    settings = vidkit.Settings(cache_dir=tmp_path / "store")
    with FakeOpenAI(["429"]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "none-of-yours")
        for _ in range(2):
            lesson = vidkit.lesson_from(path, writer="openai:a-model", settings=settings)
            assert contents(lesson) == ["One. Indeed.", "Two. Indeed."]
        assert len(server.requests) == 3
    monkeypatch.delenv("OPENAI_BASE_URL")
    monkeypatch.delenv("OPENAI_API_KEY")
    assert main(["draft", str(path), "--writer", "openai", "--plan"]) == 0
    assert "openai: 2 calls for sections, $0.0" in capsys.readouterr().out
    lesson = vidkit.lesson_from(path, tmp_path / "x.json", writer="openai", settings=settings)
    assert contents(lesson) == ["One.", "Two."]


def test_an_answer_that_cannot_be_used_is_asked_for_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model is told what was wrong; after a second one the section stays as it was drafted."""
    path = markdown(tmp_path, "# Light\n\nOne.")
    settings = vidkit.Settings(cache_dir=tmp_path / "store")
    answers = ["no JSON", '{"content": "One.", "layout": "spiral", "points": []}', '{"content": 5}']

    def broken(body: dict[str, Any]) -> dict[str, Any]:
        if answers:
            body["choices"][0]["message"]["content"] = answers.pop(0)
        return body

    with FakeOpenAI() as server:
        server.shape = broken
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "none-of-yours")
        lesson = vidkit.lesson_from(path, writer="openai:a-model", settings=settings)
        assert contents(lesson) == ["One."] and len(server.requests) == 2
        assert "it is no JSON object" in server.requests[1].decode()
        lesson = vidkit.lesson_from(path, writer="openai:a-model", settings=settings)
        assert contents(lesson) == ["One. Indeed."] and len(server.requests) == 4


class OddWriter:
    """A writer of one's own, whose answers are none."""

    name, price, places = "odd", 0.5, None

    def shape(self, ask: WriteAsk) -> dict[str, object]:
        return {"text": ask.text}

    async def write(self, ask: WriteAsk, request: Any) -> Any:
        return await request(self.answer)

    async def answer(self) -> Any:
        raise ProviderError("an answer that is none")


def test_what_a_writer_may_have_billed_counts_as_perhaps_paid(tmp_path: Path) -> None:
    """An error that does not say that nothing is owed counts in full, as with pictures."""
    path = markdown(tmp_path, "# Light\n\nOne.")
    settings = vidkit.Settings(cache_dir=tmp_path / "store")
    assert contents(vidkit.lesson_from(path, writer=OddWriter(), settings=settings)) == ["One."]
    with Store(tmp_path / "store") as kept:
        assert [entry.state for entry in kept.journal.entries()] == ["unconfirmed"]


class LostWriter(OddWriter):
    """One that is asked over a network, whose answers do not come."""

    online = True

    def __init__(self) -> None:
        self.asked = 0

    async def answer(self) -> Any:
        self.asked += 1
        raise Unreachable("500") if self.asked < 30 else Refused("enough")


class Leaping:
    """A clock that leaps to whatever is waited for."""

    def __init__(self) -> None:
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], object]) -> asyncio.TimerHandle:
        self.now += delay
        return asyncio.get_running_loop().call_later(0, callback)


def test_what_a_writer_may_have_billed_is_asked_for_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not again and again, as what was never sent is."""
    path, writer = markdown(tmp_path, "# Light\n\nOne."), LostWriter()
    gate = RateLimiter("lost", clock=Leaping())
    monkeypatch.setattr("vidkit.draft.writer.gate_of", lambda *_: gate)
    settings = vidkit.Settings(cache_dir=tmp_path / "store")
    assert contents(vidkit.lesson_from(path, writer=writer, settings=settings)) == ["One."]
    assert writer.asked == 2


def test_a_full_disk_loses_no_answer_of_a_writer_and_pays_for_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was paid for is used though it is not kept; the next section is not asked for, with a
    note that says why.
    """

    def full(*_: object, **__: object) -> None:
        raise StoreError("no room on the disk")

    path = markdown(tmp_path, "# Light\n\nIt is bent.\n\n# Sound\n\nIt is heard.")
    monkeypatch.setattr(Store, "keep", full)
    how = ["--writer", "simulated:price=0.5", "--cache-dir", str(tmp_path / "store")]
    assert main(["draft", str(path), *how, "--workers", "1"]) == 0
    said = capsys.readouterr().out
    assert "section 1 stays" not in said
    assert "section 2 stays as it was drafted: simulated was not asked: what is paid for" in said
    monkeypatch.undo()
    with Store(tmp_path / "store") as kept:
        assert [entry.state for entry in kept.journal.entries()] == ["paid"]


def test_a_writer_that_was_killed_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was answered is kept and not paid again; what was under way counts as perhaps paid."""
    path = markdown(tmp_path, "# Light\n\nOne.\n\n# Sound\n\nTwo.")
    store = tmp_path / "store"
    how = ["draft", str(path), "--writer", "openai:a-model", "--workers", "1"]
    how += ["--cache-dir", str(store)]
    with FakeOpenAI(["", "hang"]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "none-of-yours")
        process = subprocess.Popen([sys.executable, "-m", "vidkit", *how])
        while len(server.requests) < 2 and process.poll() is None:
            time.sleep(0.02)
        process.kill()
        process.wait()
        assert not path.with_suffix(".json").exists()
        assert main(how) == 0
        assert len(server.requests) == 3
    assert contents(vidkit.load_lesson(path.with_suffix(".json"))) == [
        "One. Indeed.",
        "Two. Indeed.",
    ]
    with Store(store) as kept:
        states = [entry.state for entry in kept.journal.entries()]
    assert sorted(states) == ["paid", "paid", "unconfirmed"]


def test_the_prompt_holds_the_format_and_examples_that_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is printed for any chat assistant holds the schema, and two lessons without a fault."""
    assert main(["draft", "--prompt"]) == 0
    text = capsys.readouterr().out
    assert '"$schema"' in text
    examples = re.findall(r"(?ms)^\{\n.*?^\}", text)
    assert len(examples) == 2
    for number, example in enumerate(examples):
        path = tmp_path / f"{number}.json"
        path.write_text(example, "utf-8")
        assert not vidkit.load_lesson(path).warnings
    assert main(["draft"]) == 2


# What holds for all of them


def test_words_that_are_made_up_are_found(tmp_path: Path) -> None:
    """Every draft in these tests is held to its source; here that is seen to fail."""
    path = markdown(tmp_path, "# Light\n\nLight is fast.", "light.md")
    data = {"title": "Light", "sections": [{"content": "Light is very fast."}]}
    assert made_up(data, source_text(path)) == ["very"]


@pytest.mark.parametrize(
    ("text", "new"),
    {
        "Light takes eight minutes.": [],
        "From the Sun, three hundred rays come.": ["three", "hundred"],
        "Galileo said so.": ["Galileo"],
        "Newton's rays, and Newton’s again.": [],
        "Einstein’s idea is old.": ["Einstein"],
        "In 1667 there were 1500 of them.": ["1667"],
        "It is -5 degrees, and was minus 3.": ["-5"],
        "A\u030astro\u0308m measured.": [],
        "Hertz measured.": ["Hertz"],
        "NASA flew an iPhone.": ["NASA", "iPhone"],
        "It takes 3.5 s. It is slow.": ["3.5"],
        "Son pasos: doce.": ["doce"],
    }.items(),
)
def test_numbers_and_names_that_a_writer_adds_are_found(text: str, new: list[str]) -> None:
    """However they are written: as words, below zero, with accents, at the head of a sentence."""
    source = "Light takes 8 minutes from the Sun. Newton saw 1,500 rays at 5 degrees; Åström: −3."
    assert new_facts(text, source) == new


def test_each_step_has_a_title_of_its_own_and_time_to_be_seen(tmp_path: Path) -> None:
    """A step is called what its comment says, a comment that only names something says nothing,
    and what is shown with few words stays for some seconds.
    """
    code = "\n".join(
        ["# Set up the masses", *(f"m{n} = {n}" for n in range(8)), "", "# Add the springs"]
        + [f"k{n} = {n}  # NBVAL_SKIP" for n in range(8)]
        + ["# old = f([1, 2],", "#     g(3))", r"# Turn it by \theta_0"]
    )
    path = notebook(
        tmp_path,
        said("# Springs\n\nTwo masses hang on springs."),
        program(code),
        said("## Motion"),
        program("plt.show()", figure()),
    )
    lesson = vidkit.lesson_from(path)
    assert [s.title for s in lesson.sections] == ["Springs", "Add the springs", "Motion"]
    assert contents(lesson)[1:] == [r"Add the springs. Turn it by $\theta_0$.", "Motion"]
    assert lesson.sections[2].content == "Motion [pause 3s]"
    assert not lesson.warnings


def test_a_section_of_words_is_never_a_bare_headline(tmp_path: Path) -> None:
    """Where no sentence is short enough for a point, one is shown whole."""
    long = "A slow pump that feeds a high tank through a long pipe with many bends and one old "
    long += "valve fills it only after several quiet winter nights."
    lesson = vidkit.lesson_from(markdown(tmp_path, f"# Pumps\n\n{long}"))
    assert lesson.sections[0].slide == {"layout": "statement", "points": [long]}


def test_each_slide_of_a_deck_is_seen(tmp_path: Path) -> None:
    """Slides of headings alone and of programs without words are shown; a few points stand beside
    the program that comes after them; sizes of pictures are not read.
    """
    deck = """---
theme: black
---

# django
# jupyter

The story

---

# Hooray!

---

## Never works

```sh
./manage.py
```

---

## Keys

* Primary key
```sql
CREATE TABLE a
```

{ width=50% }
"""
    lesson = vidkit.lesson_from(markdown(tmp_path, deck))
    assert [s.title for s in lesson.sections] == [
        *("django jupyter", "Hooray!", "Never works", "Keys")
    ]
    assert contents(lesson) == ["The story", "Hooray!", "Never works", "Primary key."]
    assert layouts(lesson)[2:] == ["code", "code"]
    assert lesson.sections[3].slide["points"] == ["Primary key"]
