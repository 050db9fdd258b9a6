"""What `vidkit.lesson.schema` promises: one table behind the checks and the JSON Schema."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from some_lessons import GOOD, LESSONS, VALUES

from vidkit.errors import LessonError
from vidkit.models import Lesson, Section, json_schema, read_lesson
from vidkit.models.lesson import keys
from vidkit.models.reading import kind_of, nearest

CHECK = jsonschema.Draft202012Validator(json_schema())


def accepted(value: object) -> bool:
    try:
        read_lesson(json.dumps(value).encode(), Path("lesson.json"))
    except LessonError:
        return False
    return True


def test_the_schema_is_one() -> None:
    """The schema holds to JSON Schema 2020-12 and survives being printed."""
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert json.loads(json.dumps(json_schema())) == json_schema()


def test_every_key_is_described_and_has_a_place_in_the_lesson() -> None:
    """The table, the schema and the dataclasses name the same keys."""
    schema = json_schema()
    for made, properties in (
        (Lesson, schema["properties"]),
        (Section, schema["$defs"]["section"]["properties"]),
    ):
        assert set(keys(made)) == set(properties)
        attributes = {key.attribute for key in keys(made).values()}
        besides = {"path", "warnings", "seal", "extra", "turns"}
        assert attributes | besides == set(made.__dataclass_fields__) | besides
        assert all(len(part["description"]) > 10 for part in properties.values())


def test_the_patterns_work_in_any_dialect() -> None:
    """Patterns use nothing that only Python's regular expressions have."""
    patterns = re.findall(r'"pattern": "(.*?)"', json.dumps(json_schema()))
    assert patterns
    for pattern in patterns:
        assert not re.search(r"\(\?[a-zA-Z<#P]|\\[AZz]|[*+?}]\+", json.loads(f'"{pattern}"'))


@given(VALUES | LESSONS)
@settings(max_examples=200, deadline=None)
def test_what_is_loaded_the_schema_accepts(value: Any) -> None:
    """An editor with the schema never complains of a lesson that vidkit takes."""
    for lesson in (value, {"sections": [value]}, {"sections": [{**GOOD, "extra": value}]}):
        if accepted(lesson):
            CHECK.validate(lesson)


@given(
    st.sampled_from(list(keys(Section))),
    st.text() | st.dictionaries(st.text(max_size=3), st.text()) | VALUES,
)
@example("voice", "Anna ")
@example("image", "\x1f")
@example("say", {"a\x00": "b"})
@settings(max_examples=200, deadline=None)
def test_what_is_loaded_of_a_section_the_schema_accepts(key: str, value: Any) -> None:
    """The same for sections with anything at one of their keys."""
    lesson = {"sections": [{**GOOD, key: value}]}
    if accepted(lesson):
        CHECK.validate(lesson)


BAD_SECTIONS: list[Any] = [
    {},
    [],
    "text",
    None,
    {"content": "Leaves."},
    {"image_description": "A leaf."},
    {"content": "Leaves.", "image": ""},
    {"content": "Leaves.", "image": None},
    {**GOOD, "content": " "},
    {**GOOD, "content": 1},
    {**GOOD, "content": "a" * 50_001},
    {**GOOD, "title": []},
    {**GOOD, "title": "a" * 301},
    {**GOOD, "voice": "openai:alloy"},
    {**GOOD, "voice": "a/b"},
    {**GOOD, "voice": "-x"},
    {**GOOD, "say": {"a": 1}},
    {**GOOD, "say": {"": "a"}},
    {**GOOD, "say": ["a"]},
    {**GOOD, "say": {"a": "b" * 201}},
    {**GOOD, "slide": []},
    {**GOOD, "slide": {"points": [1]}},
    {**GOOD, "slide": {"code": ["a"]}},
    {**GOOD, "image": "/etc/a.png"},
    {**GOOD, "image": "a\\b.png"},
    {**GOOD, "image": "C:/a.png"},
    {**GOOD, "image": "https://example.org/a.png"},
    {**GOOD, "image": "a.svg"},
    {**GOOD, "audio": "a.png"},
    {**GOOD, **{str(n): n for n in range(200)}},
]

BAD_LESSONS: list[Any] = [
    [GOOD],
    [],
    {},
    "text",
    {"sections": []},
    {"sections": None},
    {"sections": {}},
    {"sections": [GOOD] * 1001},
    {"sections": [GOOD], "title": 1},
    {"sections": [GOOD], "language": "en_GB"},
    {"sections": [GOOD], "language": "English"},
    *({"sections": [GOOD, section]} for section in BAD_SECTIONS),
]


@pytest.mark.parametrize("lesson", BAD_LESSONS, ids=range(len(BAD_LESSONS)))
def test_faults_of_shape_are_refused_by_both(lesson: object) -> None:
    """What is wrong in shape is refused by the schema as by `load_lesson`."""
    assert not accepted(lesson)
    assert not CHECK.is_valid(lesson)


def test_a_section_of_files_needs_no_words(tmp_path: Path) -> None:
    """A picture stands for its description and a sound for the content, for both."""
    (tmp_path / "Leaf.PNG").write_bytes(b"png")
    (tmp_path / "leaf.m4a").write_bytes(b"m4a")
    lesson = {"sections": [{"image": "Leaf.PNG", "audio": "leaf.m4a"}]}
    CHECK.validate(lesson)
    (section,) = read_lesson(json.dumps(lesson).encode(), tmp_path / "lesson.json").sections
    assert (section.content, section.image_description) == ("", "")


@pytest.mark.parametrize(
    ("key", "known"),
    [
        ("contents", "content"),
        ("Image", "image"),
        ("image_desc", None),
        ("say_", "say"),
        ("x", None),
    ],
)
def test_the_nearest_key_is_found_and_not_guessed(key: str, known: str | None) -> None:
    """A suggestion is made only where it is close."""
    assert nearest(key, Section) == known
    assert nearest(key * 10_000, Section) is None


def test_a_value_is_named_in_words() -> None:
    """Each kind of JSON value has a name that people use."""
    values = [None, True, 3, 2.5, "a", [], {}]
    names = "null, true, the number 3, the number 2.5, text, a list, an object"
    assert ", ".join(map(kind_of, values)) == names
