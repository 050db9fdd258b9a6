"""Figures that a lesson declares: data that is checked, drawn in every frame, and only text."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vidkit.errors import Refused
from vidkit.media.clips import in_video_colours
from vidkit.media.follow import Patch, painted
from vidkit.media.images import Planes, planes_of
from vidkit.providers import ImageAsk
from vidkit.providers.slides import Slides, images
from vidkit.slides.figures import figure, ticks
from vidkit.slides.layouts import LAYOUTS
from vidkit.slides.override import ABOUT, EXAMPLES, layouts_page, prompt_page
from vidkit.slides.render import is_drawn, leading_emoji, svg
from vidkit.slides.slide import Spot

SIZES = {"wide": (640, 360), "tall": (360, 640), "square": (360, 360)}
HOSTILE = "#panic() $x$ <b> \\input{/etc/passwd} *a* & \u202e\x07 🌈"


def ask(slide: dict[str, Any], size: tuple[int, int] = (640, 360), file: Path | None = None) -> Any:
    narration = "The Sun warms the sea. The vapour rises and cools."
    return ImageAsk("A picture.", narration, "A title", "en", size, slide, file=file)


def drawn(slide: dict[str, Any], size: tuple[int, int] = (640, 360), theme: str = "light") -> Any:
    slides = images(theme)
    return slides.picture(slides.slide(ask(slide, size)), size)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "cell.png"
    Image.new("RGB", (300, 200), "#88aa88").save(path)
    return path


@pytest.mark.parametrize("form", SIZES)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_drawn_in_every_frame(
    layout: str, theme: str, form: str, own: Path
) -> None:
    """Its example fits, and each of its items has a place inside the frame."""
    size = SIZES[form]
    slides = images(theme)
    slide = slides.slide(ask(dict(EXAMPLES[layout]), size, own))
    assert slide.layout == layout
    picture = slides.picture(slide, size)
    with Image.open(io.BytesIO(picture.data)) as image:
        assert image.size == size
    assert slides.fits(slide, size)
    keys = {region.item.key for region in picture.regions}
    assert keys >= {item.key for item in slide.items() if item.text}
    for region in picture.regions:
        for spot in region.spots:
            left, top, right, bottom = spot.box
            assert left < right and top < bottom
            assert right <= size[0] + 2 and bottom <= size[1] + 2


@pytest.mark.parametrize("form", SIZES)
def test_no_label_of_an_arrow_touches_a_line(form: str) -> None:
    """Whether arrows part or meet, the words on them stand beside them."""
    edges = ["Rain -> Stream: much", "Rain -> Ground: little", "Stream -> Sea: within days"]
    edges += ["Ground -> Sea: in thousands of years", "Sea -> Cloud: vapour"]
    regions = drawn({"diagram": {"edges": edges}}, SIZES[form]).regions
    spots = [spot for region in regions for spot in region.spots if "edge" in region.item.key]
    paths = [spot.path for spot in spots if spot.path]
    labels = [spot.box for spot in spots if not spot.path]
    assert len(labels) == len(paths) == 5
    for path in paths:
        for (x1, y1), (x2, y2) in pairwise(path):
            for k in range(11):
                x, y = x1 + (x2 - x1) * k / 10, y1 + (y2 - y1) * k / 10
                assert not any(a < x < c and b < y < d for a, b, c, d in labels)


def test_all_of_a_question_fades_together() -> None:
    """What hangs below its line is within its place: a tail would stay dark."""
    asked = {"layout": "question", "question": "¿Qué hay (jugo, ç)?"}
    picture = drawn(asked)
    (box,) = [spot.box for r in picture.regions for spot in r.spots if r.item.key == "question.0"]
    with Image.open(io.BytesIO(picture.data)) as image:
        dark = np.asarray(image.convert("RGB")).max(axis=2) < 80
    left, top, right, bottom = box
    assert dark[top:bottom, left:right].any()
    dark[top:bottom, left:right] = False
    assert not dark.any()


def kept_back(lines: dict[str, Any], theme: str = "light") -> tuple[Planes, Planes, Spot]:
    """A chart as it is drawn, and before its first line is spoken of; and where that line is."""
    picture = drawn({"chart": {"x": "Time", "y": "Way", "lines": lines}}, theme=theme)
    with Image.open(io.BytesIO(picture.data)) as image:
        whole = planes_of(in_video_colours(image.convert("RGB")))
    (spots,) = [region.spots for region in picture.regions if region.item.key == "line.0"]
    hidden = painted(whole, [Patch(s.box, 0.0, s.path, s.width, s.ink) for s in spots])
    return whole, hidden, next(spot for spot in spots if spot.ink)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_lies_under_a_line_comes_with_it(theme: str) -> None:
    """Until the line is spoken of there is bare paper down to the axis, which is there at once."""
    whole, hidden, line = kept_back({"Car": [[0, 2], [3, 8]]}, theme)
    middle = (line.box[0] + line.box[2]) // 2
    before, after = (planes[0][:, middle].astype(int) for planes in (whole, hidden))
    paper = int(whole[0][-1, -1])
    line_row, *_, axis_row = np.flatnonzero(abs(before - paper) > 60)
    assert (after[line_row : axis_row - 1] == paper).all()
    assert after[axis_row] == before[axis_row]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_dots_of_a_line_come_with_it(theme: str) -> None:
    """Until the line is spoken of, nothing of its colour is left at its ends."""
    lines = {"Car": [[0, 2], [3, 8]], "Bus": [[0, 4], [3, 3]]}
    whole, hidden, line = kept_back(lines, theme)
    for x, y in (line.path[0], line.path[-1]):
        around = (
            slice(int(y) // 2 - 20, int(y) // 2 + 20),
            slice(int(x) // 2 - 20, int(x) // 2 + 20),
        )
        coloured, left = (
            [abs(plane[around].astype(int) - 128).max() for plane in planes[1:]]
            for planes in (whole, hidden)
        )
        assert max(left) < 10 < 20 < max(coloured)


@pytest.mark.parametrize("points", [[[0, 0], [1, 3], [3, 8]], [[x / 10, x * x] for x in range(12)]])
def test_a_line_leaves_what_is_beside_it(points: list[list[float]]) -> None:
    """Before a line is spoken of the axis is there, close to where it begins, and its numbers."""
    whole, hidden, line = kept_back({"Car": points})
    x, y = map(round, line.path[1])
    numbers, axis = y + 18, slice(x + 60, None)
    assert (hidden[0][numbers:] == whole[0][numbers:]).all()
    assert (hidden[0][y - 1 : y + 2, axis] == whole[0][y - 1 : y + 2, axis]).all()


def test_the_help_names_every_layout() -> None:
    """Each with an example that works."""
    assert set(ABOUT) == set(LAYOUTS)
    assert all(f"{layout}:" in layouts_page() for layout in LAYOUTS)
    assert layouts_page() in prompt_page()
    assert "{layouts}" not in prompt_page()


WRONG = {
    "no object": ({"chart": 3}, "`chart` must be an object"),
    "no numbers": ({"chart": {"bars": {"A": "many"}}}, "no number"),
    "not finite": ({"chart": {"bars": {"A": 1e400}}}, "cannot be drawn"),
    "too many bars": ({"chart": {"bars": {f"b{i}": i for i in range(10_000)}}}, "12 is the most"),
    "nothing to draw": ({"chart": {"unit": "%"}}, "neither `bars` nor `lines`"),
    "no axes": ({"chart": {"lines": {"A": [[0, 0], [1, 1]]}}}, "name both axes"),
    "not rising": (
        {"chart": {"x": "x", "y": "y", "lines": {"A": [[1, 0], [0, 1]]}}},
        "do not rise in x",
    ),
    "strong is none": ({"chart": {"bars": {"A": 1}, "strong": "B"}}, "none of the bars"),
    "an edge to nowhere": ({"diagram": {"edges": ["A"]}}, "from one box to another"),
    "an edge to itself": ({"diagram": {"edges": ["A -> A"]}}, "from a box to itself"),
    "too many edges": ({"diagram": {"edges": [f"a{i} -> b{i}" for i in range(500)]}}, "the most"),
    "too deep": ({"diagram": {"edges": ["a -> b -> c -> d -> e -> f -> g"]}}, "one after the"),
    "an unknown box": ({"diagram": {"edges": ["a -> b"], "icons": {"c": "☀️"}}}, "none of its"),
    "too many cells": ({"table": [["x"] * 50 for _ in range(20)]}, "has 20 rows"),
    "uneven rows": ({"table": [["a", "b"], ["c"]]}, "have 1 and 2 cells"),
    "no emoji": ({"hero": "rainbow"}, "no emoji that there is a drawing of"),
    "two figures": ({"hero": "🌈", "talk": ["A: b"]}, "shows one of them"),
    "two layouts": ({"layout": "steps", "hero": "🌈"}, "leave one of them out"),
    "no picture": ({"layout": "picture"}, "name the file in `image`"),
    "no data": ({"layout": "chart"}, "gives nothing for it"),
    "too long": ({"quote": "word " * 400}, "500 is the most"),
    "too many turns": ({"talk": ["A: b"] * 99}, "8 is the most"),
    "too many choices": ({"question": "Which?", "choices": ["a"] * 9}, "6 is the most"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_data_is_refused_with_the_mend(name: str) -> None:
    """At once, in words that name the field."""
    slide, words = WRONG[name]
    with pytest.raises(Refused, match="`slide`"):
        Slides().slide(ask(slide))
    with pytest.raises(Refused) as caught:
        Slides().slide(ask(slide))
    assert words in str(caught.value)


def test_a_label_outside_of_its_picture_is_refused(own: Path) -> None:
    """Its place counts from 0 to 1."""
    with pytest.raises(Refused, match="outside its picture"):
        labels = [{"at": [2, 0.5], "text": "A"}]
        Slides().slide(ask({"layout": "picture", "labels": labels}, file=own))


@pytest.mark.parametrize(
    ("ink", "theme", "ground"),
    [("black", "dark", (255, 255, 255)), ("white", "dark", None), ("black", "light", None)],
)
def test_a_dark_drawing_with_nothing_behind_it_is_seen_on_a_dark_slide(
    tmp_path: Path, ink: str, theme: str, ground: tuple[int, int, int] | None
) -> None:
    """It stands on white there; one in light ink, or on a light slide, stands on the slide."""
    own = tmp_path / "circle.png"
    drawing = Image.new("RGBA", (64, 36), (0, 0, 0, 0))
    drawing.paste(ink, (0, 0, 64, 4))
    drawing.save(own)
    slides = images(theme)
    made = slides.picture(slides.slide(ask({"layout": "picture"}, file=own)), (640, 360))
    shown = Image.open(io.BytesIO(made.data)).convert("RGB")
    assert shown.getpixel((320, 250)) == (ground or shown.getpixel((2, 2)))


def test_a_file_that_is_no_picture_is_refused_in_words(tmp_path: Path) -> None:
    """They name the file, and nothing of Python's."""
    own = tmp_path / "phone.jpg"
    own.write_bytes(b"\0\0\0\x18ftypheic" + bytes(99))
    slides = Slides()
    with pytest.raises(Refused, match=r"phone.jpg is no picture that can be read") as caught:
        slides.picture(slides.slide(ask({"layout": "picture"}, file=own)), (640, 360))
    assert "<" not in str(caught.value)


def test_a_picture_of_sixteen_bits_keeps_its_greys_on_a_slide(tmp_path: Path) -> None:
    """As it does where it fills the frame: what is dark in it is not white."""
    own = tmp_path / "cells.png"
    Image.fromarray(np.full((36, 64), 0x4040, np.uint16)).save(own)
    slides = Slides()
    made = slides.picture(slides.slide(ask({"layout": "picture"}, file=own)), (640, 360))
    assert Image.open(io.BytesIO(made.data)).convert("RGB").getpixel((320, 200)) == (64, 64, 64)


@pytest.mark.parametrize(
    "slide",
    [
        {"chart": {"bars": {HOSTILE: 1, "B": 2}, "unit": HOSTILE[:20]}},
        {"diagram": {"edges": [f"A -> B: {HOSTILE}"]}},
        {"diagram": {"ring": [HOSTILE, "B", "C"], "centre": HOSTILE}},
        {"table": [[HOSTILE, "b"], ["c", HOSTILE]]},
        {"talk": [f"A: {HOSTILE}", HOSTILE]},
        {"quote": HOSTILE, "by": HOSTILE},
        {"question": HOSTILE, "choices": [HOSTILE], "answer": HOSTILE},
        {"hero": "🌈", "line": HOSTILE},
    ],
)
def test_what_a_lesson_says_is_only_ever_text(slide: dict[str, Any]) -> None:
    """Nothing in any field is read as markup of the template."""
    assert drawn(slide).data.startswith(b"\x89PNG")


def test_the_largest_figures_fit() -> None:
    """What the checks let through is set at a size that can be read."""
    long = "A name of quite some length"
    slides = Slides()
    for slide in (
        {"chart": {"bars": {f"{long} {i}": i + 1 for i in range(12)}, "unit": "%"}},
        {"table": [["a column"] * 5 for _ in range(12)]},
        {"diagram": {"edges": [f"Box {i} -> Box {j}" for i in range(3) for j in range(3, 6)]}},
    ):
        assert slides.fits(slides.slide(ask(slide)), (640, 360))


def test_an_answer_is_held_back() -> None:
    """The only item that is not there before it is said."""
    items = Slides().slide(ask(dict(EXAMPLES["question"]))).items()
    assert [item.key for item in items if item.held] == ["answer.0"]


def test_numbers_are_written_as_people_write_them() -> None:
    """With a true minus, and thousands apart from five digits on."""
    assert figure(97.2, "%") == "97.2\u00a0%"
    assert figure(-7.5) == "−7.5"
    assert figure(3000) == "3000"
    assert figure(384000, "km") == "384\u202f000\u00a0km"


@pytest.mark.parametrize(
    ("low", "high"), [(0, 29.4), (0, 1), (-3, 8), (5, 5), (0.001, 0.004), (0, 5e-324)]
)
def test_an_axis_has_round_numbers_around_its_values(low: float, high: float) -> None:
    """A few of them, evenly apart, also where the values are as good as one."""
    found = ticks(low, high)
    assert 3 <= len(found) <= 8
    assert found[0] <= low and found[-1] >= high


def test_emoji_are_drawn_whatever_fonts_there_are() -> None:
    """A picture is one with its variation or without; a sign of text stays text."""
    assert leading_emoji("☀️ Sunlight") == ("☀️", "Sunlight")
    assert leading_emoji("Sunlight") == ("", "Sunlight")
    assert svg("☀") == svg("☀️")
    assert is_drawn("🌈")
    assert not is_drawn("©")
    assert drawn({"layout": "cards", "points": ["☀️ Sun: warm", "🌧️ Rain: wet"]}).notes == ()
    assert drawn({"layout": "points", "points": ["It rains 🌧️ today", "No sun"]}).notes == ()
