"""Drafts: a lesson from a notebook, Markdown, PowerPoint or PDF."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

import vidkit


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


def contents(lesson: vidkit.Lesson) -> list[str]:
    return [section.content for section in lesson.sections]


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
    assert layouts(lesson) == ["", "table", "code", "picture"]
    assert contents(lesson)[1:3] == ["Here are the first rows.", "We draw the lengths."]
    assert contents(lesson)[3] == (
        "The figure shows two groups.\n\nThe plot shows that Gentoo bills are long."
    )
    assert [s.title for s in lesson.sections] == ["Penguins", "The data", "Bills", "Bills"]
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
