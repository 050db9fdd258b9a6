"""What is measured of a lesson's teaching."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vidkit.models import load_lesson
from vidkit.pipeline.review import Review, review

FOLDER = Path(__file__).parent.parent / "notebooks" / "lessons"


def lesson(tmp_path: Path, *sections: dict[str, object]) -> Review:
    path = tmp_path / "lesson.json"
    path.write_text(json.dumps({"sections": list(sections)}))
    return review(load_lesson(path))


PLAIN = {
    "title": "Light",
    "image_description": "A lamp.",
    "content": "Light bends when it passes from air into water, or back into air. It is fast.",
}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_the_lessons_of_the_package_teach_well(path: Path) -> None:
    """They are what others copy."""
    assert review(load_lesson(path)).score >= 90


def test_each_fault_names_its_bound_its_mend_and_its_source(tmp_path: Path) -> None:
    """A number alone helps nobody."""
    faults = lesson(tmp_path, PLAIN).faults
    names = {fault.name for fault in faults}
    assert {"share of sections with a picture", "questions", "share of words said alike"} <= names
    assert all(fault.mend and fault.source and fault.principle for fault in faults)
    assert "at least 0.7" in str(next(f for f in faults if "picture" in f.name))


def test_leaving_out_does_not_help(tmp_path: Path) -> None:
    """A slide without points is still one without anything to see."""
    bare = {**PLAIN, "slide": {"layout": "statement", "points": []}}
    pictured = {**PLAIN, "slide": {"hero": "💡", "points": ["Light bends", "It is fast"]}}
    assert lesson(tmp_path, bare).score < lesson(tmp_path, pictured).score


def test_the_same_lesson_has_the_same_measures() -> None:
    """Nothing hangs on the day or the machine."""
    path = next(iter(sorted(FOLDER.glob("*.json"))))
    assert review(load_lesson(path)) == review(load_lesson(path))
