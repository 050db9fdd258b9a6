"""What a source says, read by other means than the drafts are: to hold a draft to its source."""

from __future__ import annotations

import json
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from functools import wraps
from html import unescape
from pathlib import Path
from typing import Any

import pytest

import vidkit
from vidkit.draft import course

PAUSE = r" \[pause \ds\](?=\s|$)"
"""How a draft asks for silence, so that one has seen what is shown: no words of a source."""


def texts(value: Any) -> Iterator[str]:
    """All texts in a JSON value; a list of lines as one."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from (key, *texts(each))
    elif isinstance(value, list):
        if all(isinstance(each, str) for each in value):
            yield "".join(value)
        for each in value:
            yield from texts(each)


def source_text(path: Path) -> str:
    """The words of a source, its name among them, and whatever else stands in its file."""
    data = path.read_bytes()
    match path.suffix:
        case ".pptx":
            with zipfile.ZipFile(path) as archive:
                parts = [n for n in archive.namelist() if n.endswith((".xml", ".rels"))]
                text = "\n".join(archive.read(name).decode() for name in parts)
            text = unescape(re.sub(r"<[^>]*?(?:descr=\"([^\"]*)\")?[^>]*>", r" \1 ", text))
        case ".pdf":
            import pypdfium2

            document = pypdfium2.PdfDocument(data)
            pages = [page.get_textpage().get_text_bounded() for page in document]
            title = document.get_metadata_value("Title")
            document.close()
            text = "\n".join(
                [*pages, title, data.decode("latin-1"), data.decode("utf-16-le", "ignore")]
            )
        case ".ipynb" | ".json":
            text = "\n".join(texts(json.loads(data)))
        case _:
            text = data.decode()
    return words(f"{path.stem} {re.sub('</?su[bp]>', '', unescape(text))}")


def words(text: str) -> str:
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))


def contents(lesson: vidkit.Lesson) -> list[str]:
    """What is said in each section, without the pause after it."""
    return [re.sub(PAUSE, "", section.content) for section in lesson.sections]


def made_up(data: dict[str, Any], source: str) -> list[str]:
    """The words that a lesson says or shows, and that do not stand in the source."""
    shown = [data["title"]]
    for section in data["sections"]:
        slide = section.get("slide", {})
        chart = slide.get("chart", {}).get("bars", {})
        shown += [section["content"], section.get("title", ""), *slide.get("points", ()), *chart]
        shown += [cell for row in slide.get("table", ()) for cell in row]
    heard = re.sub(PAUSE, "", " ".join(shown))
    whole = source.replace(" ", "")  # Japanese and Chinese, whose words lines divide
    found = (word for word in words(heard).split() if word not in source)
    return [word for word in found if word.isascii() or word not in whole]


@pytest.fixture
def held_to_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test drafts: each word that is said or shown stands in what it is drafted from."""
    draft_of = course.draft_of

    @wraps(draft_of)
    def held(source: Path, *given: Any, **named: Any) -> list[course.Draft]:
        drafts = draft_of(source, *given, **named)
        for draft in drafts:
            assert not made_up(draft.data, source_text(source)), source
        return drafts

    monkeypatch.setattr(course, "draft_of", held)
