"""Labels: quoted words of a description and the part they play."""

from __future__ import annotations

import pytest

from vidkit.slides.analysis import labels, quoted, with_role


@pytest.mark.parametrize(
    ("description", "text", "role"),
    [
        ("A triangle labeled 'Pick Two'.", "Pick Two", "title"),
        ("On the left, titled 'Full Custom,' tweezers.", "Full Custom", "title"),
        ("Overlaid text reads: 'Where does it end?'", "Where does it end?", "overlay"),
        ("X-axis: 'Design Time', Y-axis: 'Performance'.", "Design Time", "x"),
        ("X-axis: 'Design Time', Y-axis: 'Performance'.", "Performance", "y"),
        ("A graph of 'Speed' (vertical axis) over time.", "Speed", "y"),
        ("A blue line labeled 'Tea' falls.", "Tea", "curve"),
        ("A loop arrow labeled 'Bugs Found!' leads back.", "Bugs Found!", "back"),
        ("A voiceover says 'Hierarchy'.", "Hierarchy", "speech"),
        ("Labels point to 'Gate' and 'Drain'.", "Drain", "part"),
        ("Sticky notes reading 'Define', 'Test' and 'Build'.", "Define", "part"),
        ("Une étiquette « Jabot » sur le corps.", "Jabot", "part"),
        ("Beschriftet mit „Dativ“.", "Dativ", "part"),
        ('Curly “quotes” and "straight" ones.', "straight", "part"),
    ],
)
def test_a_label_plays_the_part_that_the_words_before_it_give(
    description: str, text: str, role: str
) -> None:
    """Titles, texts, axes, curves, ways back and parts are told apart."""
    assert {label.text: label.role for label in labels(description)}[text] == role


def test_apostrophes_quote_nothing() -> None:
    """The apostrophe of "it's" or "drops'" opens no label."""
    assert labels("It's the designer's choice, isn't it? The drops' colours.") == ()


def test_a_label_explains_the_one_that_it_is_given_to() -> None:
    """ "(labeled …)" right after a label, and "'X' for Y", explain that label."""
    found = labels("The 'Metal' plane (labeled '3λ wide'). Text such as 'Algorithm' for Metal.")
    assert [(label.text, label.of) for label in with_role(found, "gloss")] == [
        ("3λ wide", "Metal"),
        ("Algorithm", "Metal"),
    ]


def test_states_and_code_are_known() -> None:
    """ON, LOW (0V) and numbers name states; what stands between backticks is code."""
    on, low, code = labels("It reads 'ON', the pin is 'LOW (0V)', then `x = f(1)`.")
    assert on.is_state and low.is_state and not on.is_code
    assert code.is_code and not code.is_state


def test_each_label_counts_once_and_long_ones_not_at_all() -> None:
    """A label said twice is one label; a quoted paragraph is none."""
    assert [label.text for label in labels("'Gate' and 'gate', '" + "x " * 60 + "'.")] == ["Gate"]
    assert quoted("We call it the 'field oxide', or 'a thing that has far too many words'.") == [
        "field oxide"
    ]


def test_the_stop_within_the_last_quotation_is_not_the_label_s() -> None:
    """As little as the commas within those before it, which American English sets there."""
    found = labels(
        "A flowchart with boxes labeled “Input,” “Process,” and “Output.” Arrows join them."
    )
    assert [label.text for label in found] == ["Input", "Process", "Output"]
    assert [label.text for label in labels("A sign 'Acme Inc.' and a clock.")] == ["Acme Inc."]
