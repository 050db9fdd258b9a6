"""Points: the lesson's own statements, short and whole."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidkit.slides.analysis import length, sentences
from vidkit.slides.summary import (
    BESIDE,
    MOST,
    key_points,
    leans,
    main_clause,
    many,
    repeats,
    speaks_to_viewer,
    statement,
)

WORDS = (
    *("and", "so", "the", "light", "which", "a", "(small", "one)", "gate", "—", "turns;"),
    *("rises,", "it", "when", "of", "cell,", "3.5"),
)
LEAF = (
    "How does a leaf eat? Let's look at one. A leaf makes sugar from light, water and air. It does "
    "so in small green bodies called chloroplasts. But what about the night? At night a leaf lives "
    "on what it has stored. Imagine a pantry full of sugar."
)


@pytest.mark.parametrize(
    ("sentence", "point"),
    [
        ("And so, it works all night.", "It works all night"),
        ("Now, we add the materials we want to shape.", "We add the materials we want to shape"),
        ("Now we go.", "Now we go"),
        ('We call this a "resubstitution estimate"', 'We call this a "resubstitution estimate"'),
        ("„Gut“ ist der Feind von „besser“.", "„Gut“ ist der Feind von „besser“"),
        ("“Go home.”", "Go home"),
        ('"Go home and sleep.', "Go home and sleep"),
        ("But then stop.", "But then stop"),
        ("Is it so?", "Is it so?"),
        ("Well... wait…", "Well... wait…"),
        (
            "We coat the whole wafer in a light-sensitive chemical called photoresist, which is "
            "spun on evenly at high speed.",
            "We coat the whole wafer in a light-sensitive chemical called photoresist",
        ),
        (
            "This entire process—an intricate dance of light, chemistry and physics—is repeated "
            "billions of times on one chip.",
            "This entire process is repeated billions of times on one chip",
        ),
        (
            "Among all the tests of how well several chains of samples have converged so far the "
            "Gelman–Rubin statistic is used most.",
            "Among all the tests of how well several chains of samples have converged so far the "
            "Gelman–Rubin statistic is used most",
        ),
        (
            "It's vastly faster and cheaper to build, but you always sacrifice some of the "
            "hand-tuned performance of the other.",
            "It's vastly faster and cheaper to build, but you always sacrifice some of the "
            "hand-tuned performance of the other",
        ),
        (
            "By controlling billions of these simple switches, turning them on and off many times, "
            "we can perform any calculation at all.",
            "By controlling billions of these simple switches, turning them on and off many times, "
            "we can perform any calculation at all",
        ),
        ("It is **very** important that *all* go.", "It is very important that all go"),
        ("Because of rust, no bridge lasts.", "Because of rust, no bridge lasts"),
        ("Because ice floats, fish survive.", "Because ice floats, fish survive"),
        (
            "As the many thefts show, personal privacy—once a right that nobody would have "
            "questioned—is no longer protected.",
            "As the many thefts show, personal privacy is no longer protected",
        ),
    ],
)
def test_a_statement_is_shortened_by_whole_clauses_only(sentence: str, point: str) -> None:
    """Lead-ins, asides and trailing clauses go; a "but" stays, and so does a main clause."""
    assert statement(sentence) == point


@pytest.mark.parametrize(
    "sentence",
    [
        "It can be done through either physical means, such as high heat and pressure in a closed "
        "vessel, or by chemical means",
        "Sugars form the bulky mass of the matrix while fibrous proteins, like collagen and some "
        "others, provide strength",
        "Autotrophs, such as algae or green bacteria, and heterotrophs, such as purple bacteria, "
        "depend on light of the right colour",
        "Any material or part that obeys the law of Ohm, which says that current follows voltage, "
        "is known as ohmic",
    ],
)
def test_no_point_ends_before_its_other_half(sentence: str) -> None:
    """An "either" keeps its "or", and a subject that is explained in passing its verb."""
    assert statement(f"{sentence}.") == sentence


@pytest.mark.parametrize(
    "sentence",
    [
        "When the voltage of the source becomes negative at the point a of the graph, the current "
        "through the coil begins to decrease until it is zero again.",
        "As an art student with an uncertain future, young Erik met the daughter of a doctor, "
        "Anna Freud, while he was teaching the children of a couple in Vienna.",
    ],
)
def test_a_main_clause_keeps_its_condition_and_is_no_name_in_passing(sentence: str) -> None:
    """The current falls only when the voltage is negative, and Anna was not the one who taught."""
    assert main_clause(sentence) == sentence


def test_points_tell_the_matter_in_its_order() -> None:
    """Questions and words to the viewer are no points; the rest keeps the narration's order."""
    assert key_points(LEAF, [], 3) == (
        "A leaf makes sugar from light, water and air",
        "At night a leaf lives on what it has stored",
    )


@pytest.mark.parametrize(
    "sentence",
    [
        "The viola (2. Va.) plays the tune first.",
        "In the middle of m. 6, the tune is new.",
        "It stands on p. 12 of the score.",
        "The sonata Op. 27 has two parts.",
    ],
)
def test_a_stop_within_brackets_or_before_a_number_ends_no_sentence(sentence: str) -> None:
    """Short words for instruments, bars and pages are parts of their sentence."""
    assert sentences(f"{sentence} Then all join in.") == (sentence, "Then all join in.")
    assert sentences("He left (at last). She stayed.") == ("He left (at last).", "She stayed.")
    assert sentences("We saw it :( last year. He said (yes) at once.") == (
        "We saw it :( last year.",
        "He said (yes) at once.",
    )
    assert sentences("It is 5 m. 6 of them fit.") == ("It is 5 m.", "6 of them fit.")
    assert sentences("We measured x. 3 values were odd.") == (
        "We measured x.",
        "3 values were odd.",
    )


@pytest.mark.parametrize("gap", ["__", "___", "____", "______"])
def test_a_gap_to_fill_stays_as_long_as_it_is(gap: str) -> None:
    """Its lines are no marks of bold words."""
    assert statement(f"She {gap} __never__ in London.") == f"She {gap} never in London"


def test_a_number_is_more_than_the_headline_says() -> None:
    """Of "Ports" each short sentence about one of them is a point."""
    told = ("SSH uses port 22", "DNS uses port 53", "SMTP uses port 25")
    narration = ". ".join((*told, "Ports matter."))
    assert key_points(narration, (), 3, about="Ports") == told


def test_an_emoji_behind_a_sentence_stays_with_it() -> None:
    """Where the last one stands behind the last sentence, so do the others; in front of the first,
    in front of all."""
    behind = sentences("Eat your fruit. 🍎🥦 Do not smoke! 🚭 Sleep. ❤️")
    assert behind == ("Eat your fruit 🍎🥦.", "Do not smoke 🚭!", "Sleep ❤️.")
    before = ("🍎 Eat your fruit.", "🚭 Do not smoke.")
    assert sentences(" ".join(before)) == before
    assert sentences("We go on. 💡 Tip: take notes.")[1] == "💡 Tip: take notes."


def test_a_displayed_equation_is_not_cut() -> None:
    """A minus in it is no dash, after which a sentence could end."""
    formula = r"$$\sin x = x - \frac{x^3}{3!} + \frac{x^5}{5!} - \cdots$$"
    told = f"{formula} is the series of the sine for every x that there is"
    assert statement(told, aim=8).startswith(formula)


def test_italics_inside_a_word_leave_no_star() -> None:
    """Letters of formulas lose both their marks, and a product keeps its signs."""
    told = "The change Δ*H* is small for *sp*³ bonds, and a*b*c is not"
    assert statement(told) == "The change ΔH is small for sp³ bonds, and a*b*c is not"


def test_a_sign_that_is_spelt_out_is_no_break() -> None:
    """A point is not cut at the end of "&amp;"."""
    told = (
        "The firm spent ever more of what it had on R&amp;D in the years after the war had ended "
        "and its owners had come home from far away to live on the farm"
    )
    assert "R&amp;D in" in statement(told, aim=12)


def test_a_sentence_that_leans_is_no_point() -> None:
    """ "It …" says nothing to whoever reads it alone."""
    for most in (1, 2, 3):
        points = key_points(LEAF, ["chloroplasts"], most)
        assert not any(point.startswith("It ") for point in points)


def test_what_is_said_elsewhere_on_the_slide_is_not_said_again() -> None:
    """Points repeat neither the headline nor the small print of the figure."""
    points = key_points(LEAF, [], 3, about="A leaf makes sugar from light, water and air")
    assert all("sugar from light" not in point for point in points)
    points = key_points(LEAF, [], 3, said=["lives on what it has stored at night"])
    assert all("At night" not in point for point in points)
    assert repeats("The trade-off triangle", "It all comes to this: the trade-off triangle")


@given(
    st.lists(
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=40).map(
            lambda words: " ".join(words).capitalize() + "."
        ),
        min_size=1,
        max_size=8,
    ).map(" ".join)
)
@settings(max_examples=60, deadline=None)
def test_a_point_says_only_what_the_lesson_says(narration: str) -> None:
    """The words of a point stand in one sentence of the narration, in the same order."""
    told = [re.findall(r"\w+", sentence.lower()) for sentence in sentences(narration)]
    for point in key_points(narration, ["gate"], 4):
        assert length(point) <= MOST
        words = re.findall(r"\w+", point.lower())
        assert any(_in_order(words, sentence) for sentence in told)


def _in_order(words: list[str], sentence: list[str]) -> bool:
    rest = iter(sentence)
    return all(word in rest for word in words)


def test_no_consequence_is_cut_off_for_a_place_beside_a_figure() -> None:
    """ "The right side is twice something" says nothing without what follows from it."""
    told = "The right side is twice something, so its square is even. The left side is odd."
    assert key_points(told, [], 3, longest=BESIDE) == ("The left side is odd",)


def test_a_german_sentence_keeps_the_word_before_its_verb() -> None:
    """Without "doch" the statement "Doch ist jede …" would be a question."""
    assert statement("Und doch ist jede eine Fabrik.", "de") == "Doch ist jede eine Fabrik"
    assert statement("Und jede ist eine Fabrik.", "de") == "Jede ist eine Fabrik"


def test_leaning_and_speaking_to_the_viewer_are_told_apart() -> None:
    """A pronoun leans, a named "this layer" does not; "let's" speaks to the viewer."""
    assert leans("It does so.")
    assert leans("This grows a layer.", frozenset({"layer"})) is True or leans("This grows.")
    assert not leans("This layer is thin.", frozenset({"layer"}))
    assert leans("In our city, these are called rules.")
    assert not leans("Water rises.")
    assert speaks_to_viewer("So let's begin.")
    assert not speaks_to_viewer("Letters are signs.")
    assert leans("Er steigt auf.", language="de")
    assert speaks_to_viewer("Imaginez une ruche.", "fr")


def test_longer_narrations_have_more_points() -> None:
    """Two points for a few words, four at most."""
    assert [many("word " * count) for count in (5, 50, 400)] == [2, 3, 4]
