"""`Section.slide`: what a lesson itself says of a slide wins."""

from __future__ import annotations

from typing import Any

import pytest

from vidkit.errors import Refused
from vidkit.slides.analysis import Reading
from vidkit.slides.override import wished
from vidkit.slides.slide import MOST_LINES, Entry, Side, Slide

READING = Reading.of(
    "Steel is strong but heavy. Wood is light. In 1784 steel became cheap.",
    "Labels 'Beam', 'Plank' and 'Nail'.",
    "Materials",
    "en",
)


def of(**wish: Any) -> Slide:
    """The slide that a wish gets."""
    return wished(wish, READING)


def test_points_of_its_own_stand_as_they_are_written() -> None:
    """A lesson's points replace the chosen ones, word for word."""
    slide = of(layout="points", points=["One thing.", "another"])
    assert slide.points == ("One thing.", "another")
    assert slide.headline == "Materials"
    assert of(points="one\ntwo").points == ("one", "two")


def test_points_make_the_boxes_of_a_layout() -> None:
    """Before ": " stands the name of a box, after it what is said of it."""
    for layout in ("steps", "cards", "layers", "parts", "timeline"):
        slide = of(layout=layout, points=["1784: steel gets cheap", "1900: towers rise"])
        assert slide.layout == layout
        assert slide.entries[0] == Entry("1784", "steel gets cheap")
    assert of(layout="steps", points=["Mix", "Bake"]).entries == (Entry("Mix"), Entry("Bake"))


def test_points_make_the_two_sides_of_a_comparison() -> None:
    """Lines with the same name stand on the same side."""
    slide = of(layout="compare", points=["Steel: strong", "Wood: light", "Steel: heavy"])
    assert slide.sides == (Side("Steel", ("strong", "heavy")), Side("Wood", ("light",)))


def test_points_make_axes_and_curves() -> None:
    """x and y name the axes, every other line a curve and how it goes."""
    slide = of(layout="curve", points=["x: Time", "y: Rust", "Steel: rises steadily"])
    assert slide.axes == ("Time", "Rust")
    assert [(curve.name, curve.shape) for curve in slide.curves] == [("Steel", "line")]


def test_code_and_equations_need_no_layout() -> None:
    """`code` alone makes a listing, `equation` alone an equation, with points beside them."""
    slide = of(code="print(1)\n", lang="Python")
    assert (slide.layout, slide.code, slide.code_language) == ("code", "print(1)", "python")
    assert slide.points
    slide = of(equation="v = g * t", points=["v is the speed"])
    assert (slide.layout, slide.equations) == ("equation", ("v = g * t",))
    assert slide.points == ("v is the speed",)


def test_an_equation_that_is_asked_for_is_not_repeated_below() -> None:
    """Of what is said beside it, only what says more stands there."""
    said = "$T = 2m$. The time is twice the mass. The mass is weighed before it falls."
    slide = wished({"equation": ["T = 2m"]}, Reading.of(said, "", "Time", "en"))
    assert slide.equations == ("T = 2m",)
    assert not any("$T" in point for point in slide.points)
    alone = wished({"equation": ["T = 2m"]}, Reading.of("$T = 2m$", "", "Time", "en"))
    assert alone.points == ()


def test_long_code_has_the_slide_to_itself() -> None:
    """Beside points it would be too small to read; those that the lesson names stay."""
    code = "\n".join(f"line{n} = {n}" for n in range(9))
    assert not of(code=code).points
    assert of(code=code, points=["Nine lines"]).points == ("Nine lines",)


def test_a_layout_alone_is_filled_from_the_section() -> None:
    """A lesson may name the layout and leave the rest to the rules."""
    assert [entry.name for entry in of(layout="steps").entries] == ["Beam", "Plank", "Nail"]
    assert of(layout="statement").headline == "Materials"
    said = Reading.of("Light bends. It is a thing of angles.", "", None, "en")
    slide = wished({"layout": "statement", "points": ["Not a thing", "But light"]}, said)
    assert (slide.headline, slide.points) == ("Not a thing", ("But light",))


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"layout": "stpes"}, "write 'steps'"),
        ({"layout": "qqq"}, "choose from: statement"),
        ({"layout": 3}, "`layout` must be text"),
        ({"points": [1, 2]}, "`points` must be a list of texts"),
        ({"layout": "timeline"}, 'add "points": ["1638'),
        ({"layout": "timeline", "points": ["1638", "1687"]}, "`points` do not fit it"),
        ({"layout": "compare", "points": ["Steel: strong"]}, 'add "points": ["Aristotle'),
        ({"layout": "curve", "points": ["x: a", "y: b", "Steel: is grey"]}, "how the curve"),
        ({"layout": "curve", "points": ["x: a", "Steel: rises"]}, 'add "points": ["x: Time"'),
        ({"layout": "code"}, 'add "code"'),
        ({"layout": "equation"}, 'add "equation"'),
        ({"equation": "x" * 90}, "80 is the most"),
        ({"layout": "steps", "points": ["only one"]}, "`points` do not fit it"),
    ],
)
def test_a_faulty_wish_is_refused_with_the_mend(wish: dict[str, Any], said: str) -> None:
    """The message says what is wrong with `slide` and what to write."""
    with pytest.raises(Refused) as caught:
        wished(wish, READING)
    assert said in str(caught.value)
    assert "`slide` of the section" in str(caught.value)


def test_what_slides_do_not_know_is_noted() -> None:
    """An unknown key is no reason to fail, but it is named."""
    (note,) = of(layout="points", points=["a"], colour="red").notes
    assert "'colour'" in note and "layout" in note


def test_long_code_is_cut_with_a_note() -> None:
    """A slide shows as many lines as can be read and says that there are more."""
    slide = of(code="\n".join(f"line {i}" for i in range(200)))
    assert slide.code.count("\n") + 1 == MOST_LINES
    assert any("200 lines" in note for note in slide.notes)
