"""What the lessons that come with vidkit promise."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from vidkit.models import Settings, json_schema, lesson_files, load_lesson
from vidkit.pipeline.assets import image_ask
from vidkit.providers.slides import Slides
from vidkit.slides.analysis import labels

FOLDER = Path(__file__).parent.parent / "notebooks" / "lessons"
LESSONS = lesson_files(FOLDER)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_sample_lesson_loads_without_a_warning(path: Path) -> None:
    """Each lesson is valid, also for an editor with the schema, and has a title."""
    lesson = load_lesson(path)
    assert lesson.warnings == ()
    assert lesson.title
    assert 6 <= len(lesson.sections) <= 12
    jsonschema.validate(json.loads(path.read_text(encoding="utf-8")), json_schema())


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_sample_section_is_a_quarter_to_half_a_minute(path: Path) -> None:
    """Each section has its own title and a narration of 40 to 80 words in full sentences."""
    lesson = load_lesson(path)
    assert len({section.title for section in lesson.sections}) == len(lesson.sections)
    for section in lesson.sections:
        assert section.title
        assert 40 <= len(section.content.split()) <= 80, section.title
        assert section.content.endswith((".", "!", "?"))


def bare(text: str) -> str:
    """The words of `text`."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_the_slides_of_a_sample_show_what_its_pictures_label(path: Path) -> None:
    """Every label of a description stands on the slide of its section."""
    lesson = load_lesson(path)
    for place, section in enumerate(lesson.sections):
        slide = Slides().slide(image_ask(lesson, place, Settings()))
        shown = bare(" ".join(slide.texts()))
        for label in labels(section.image_description or ""):
            assert bare(label.text) in shown, f"{section.title}: {label.text}"


def test_the_samples_are_numbered_in_reading_order() -> None:
    """The files come in the order of their numbers, and one of them is not in English."""
    assert [int(path.stem.split("-")[0]) for path in LESSONS] == list(range(1, len(LESSONS) + 1))
    assert {load_lesson(path).language for path in LESSONS} > {"en"}


def searches() -> list[Callable[[list[Any], Any], int | None]]:
    """The functions `find` that the lesson on searching shows."""
    found = []
    for section in load_lesson(FOLDER / "3-search.json").sections:
        code = str(section.slide.get("code", ""))
        if "def find" in code:
            place: dict[str, Any] = {}
            exec(code, place)
            found.append(place["find"])
    return found


@pytest.mark.parametrize("names", [[], ["Ada"], ["Ada", "Ben", "Cleo", "Dev", "Eli", "Fay", "Gus"]])
def test_the_code_of_the_samples_finds_what_it_says(names: list[str]) -> None:
    """Every function that a lesson shows gives the place of a name, and None where it is not."""
    assert len(searches()) == 3
    for find in searches():
        assert [find(names, name) for name in names] == list(range(len(names)))
        assert [find(names, name) for name in ("", "Dan", "Zoe")] == [None] * 3


class Counted(list[int]):
    """A list that counts the looks at it."""

    looks = 0

    def __getitem__(self, place: Any) -> Any:
        self.looks += 1
        return super().__getitem__(place)


def test_the_looks_are_as_few_as_the_lesson_says() -> None:
    """Binary search takes at most 7 looks for a hundred numbers and 10 for a thousand."""
    _, halve, _ = searches()
    for length, looks in ((100, 7), (1000, 10)):
        most = 0
        for wanted in range(length):
            numbers = Counted(range(length))
            assert halve(numbers, wanted) == wanted
            most = max(most, numbers.looks)
        # The function of the slide looks at the middle twice in a round: == and then <.
        assert (most + 1) // 2 == looks


def test_the_equations_of_the_samples_give_their_numbers() -> None:
    """The speeds and distances that are spoken follow from the equations that are shown."""
    said = " ".join(section.content for section in load_lesson(FOLDER / "2-falling.json").sections)
    for seconds in (1, 2, 3):
        assert f"{9.8 * seconds:.3g}" in said
        assert f"{9.8 * seconds**2 / 2:.3g}" in said
