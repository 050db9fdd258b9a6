"""What is measured of a lesson's teaching."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidkit import Settings, start
from vidkit.models import load_lesson
from vidkit.pipeline.output import read_report
from vidkit.pipeline.review import Review, Spoken, review
from vidkit.text.captions import Word

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


@cache
def reviewed(path: Path) -> Review:
    """The review of a lesson that stands in a file, made once."""
    return review(load_lesson(path))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_the_lessons_of_the_package_teach_well(path: Path) -> None:
    """They are what others copy."""
    assert reviewed(path).share >= 90


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
    assert review(load_lesson(path)) == reviewed(path)


QUESTION = {
    "title": "What bends?",
    "image_description": "A straw in a glass.",
    "content": "What happens to a straw in water? Think for a moment. It looks bent, since light "
    "bends where it leaves the water.",
    "slide": {"question": "What happens to a straw in water?", "answer": "It looks bent"},
}
HERO = {**PLAIN, "slide": {"hero": "💡", "points": ["Light bends", "It is fast"]}}
CROWDED = {
    **PLAIN,
    "content": "A lens is a piece of glass. " + "It is said again and again and again. " * 30,
    "slide": {"points": ["said again and again and again"] * 4},
}
CHARTED = {
    **PLAIN,
    "content": "In spring there are five lamps, and in autumn nine. A lamp is a kind of light.",
    "slide": {"chart": {"bars": {"Spring": 5, "Autumn": 9}}},
}
SECTIONS = [PLAIN, QUESTION, HERO, CROWDED, CHARTED, {**PLAIN, "content": "A lens and a lamp."}]


@given(st.lists(st.sampled_from(SECTIONS), min_size=2, max_size=4), st.data())
@settings(max_examples=8, deadline=None)
def test_nothing_that_is_taken_away_raises_the_score(
    tmp_path_factory: pytest.TempPathFactory, sections: list[dict[str, object]], data: st.DataObject
) -> None:
    """No section, and no picture or question of one."""
    folder = tmp_path_factory.getbasetemp()
    whole = lesson(folder, *sections).score
    at = data.draw(st.integers(0, len(sections) - 1))
    without = {key: value for key, value in sections[at].items() if key != "slide"}
    assert lesson(folder, *sections[:at], *sections[at + 1 :]).score <= whole
    assert lesson(folder, *sections[:at], without, *sections[at + 1 :]).score <= whole


def test_a_term_is_explained_before_it_is_used(tmp_path: Path) -> None:
    """It is named with the section that uses it too early."""
    early = {**PLAIN, "content": "Light goes through a prism and comes out in colours."}
    told = {**PLAIN, "content": "A prism is a block of glass with three sides."}
    (fault,) = [f for f in lesson(tmp_path, early, told).faults if "terms" in f.name]
    assert fault.where == ("'prism' in section 1, explained in 2",)
    assert not [f for f in lesson(tmp_path, told, early).faults if "terms" in f.name]


def test_a_term_in_another_script_is_explained_by_nobody(tmp_path: Path) -> None:
    """A section in another script than the lesson's language explains no English term, whoever
    draws it.
    """
    early = {**PLAIN, "content": "Light goes through a prism and comes out in colours."}
    other = "これは光の話です。光は水の中で曲がり、色に分かれます。\nA prism is a block of glass."
    path = tmp_path / "lesson.json"
    path.write_text(json.dumps({"sections": [early, {**PLAIN, "content": other}]}))
    for images in ("slides", "simulated"):
        found = review(load_lesson(path), Settings(images=images)).measures
        (terms,) = [each for each in found if "terms" in each.name]
        assert terms.value == 0, images


def test_what_was_made_is_measured_as_it_was_made(tmp_path: Path) -> None:
    """Its own times and its loudness take the place of what is reckoned."""
    path = tmp_path / "lesson.json"
    path.write_text(json.dumps({"sections": [PLAIN]}))
    words = tuple(Word(word, n * 0.2, n * 0.2 + 0.2) for n, word in enumerate(["a", "b", "c", "d"]))
    found = review(load_lesson(path), spoken={0: Spoken(words, 71.0, -30.0)})
    values = {measure.name: measure.value for measure in found.measures}
    assert values["seconds"] == 71 and values["words a minute"] == 300
    assert {"seconds", "loudness in LUFS", "words a minute"} <= {f.name for f in found.faults}


def test_a_language_that_nobody_speaks_is_a_fault(tmp_path: Path) -> None:
    """The voices of the run are asked, not the lesson."""
    faults = lesson(tmp_path, {**PLAIN, "language": "tlh"}).faults
    assert any("voice speaks" in fault.name for fault in faults)


def test_the_report_of_a_lesson_has_its_review(tmp_path: Path) -> None:
    """As JSON, measured once: a second run finds it in the store."""
    path = tmp_path / "lesson.json"
    path.write_text(json.dumps({"sections": [PLAIN]}))
    how = Settings(size=(320, 180), voice="espeak", progress=False)
    once = start(path, tmp_path / "out", settings=how).result()
    told = json.loads((tmp_path / "out" / "report.json").read_text())["review"]
    assert told == once.review and told["score"] <= told["most"]
    loudness = next(m for m in told["measures"] if m["name"] == "loudness in LUFS")
    assert loudness["value"] == pytest.approx(-16, abs=1)
    again = start(path, tmp_path / "out", settings=how).result()
    assert again.review == once.review
    assert read_report(tmp_path / "out").review == told


@pytest.mark.parametrize("size", [(16, 16), (16, 720), (640, 16)])
def test_a_small_frame_is_measured_too(tmp_path: Path, size: tuple[int, int]) -> None:
    """Also one with fewer pixels than places that are looked at."""
    path = tmp_path / "lesson.json"
    path.write_text(json.dumps({"sections": [PLAIN]}))
    assert review(load_lesson(path), Settings(size=size)).score > 0


def test_no_slide_is_measured_where_a_picture_of_ones_own_is_shown(tmp_path: Path) -> None:
    """Nor what is written for one: nobody sees it."""
    (tmp_path / "lamp.png").write_bytes(b"any")
    own = {**PLAIN, "image": "lamp.png"}
    slide = {"points": ["Something else"]}
    assert lesson(tmp_path, {**own, "slide": slide}) == lesson(tmp_path, own)
