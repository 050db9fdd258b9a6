"""Equations in plain characters."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vidkit.slides.analysis import LONGEST, MOST_TOKENS, is_formula, signs_of, tokens
from vidkit.text.latex import read
from vidkit.text.maths import joined, signs, spoken


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("E = mc²", True),
        ("V_GS > V_th", True),
        ("d = ½ * g * t²", True),
        ("λ = 90nm", True),
        ("A = P(1 + r/n)^(nt)", True),
        ("Vout = HIGH", False),
        ("Design Rules", False),
        ("If x = 2 then stop", False),
        ("x" * 100 + " = 1", False),
        ("Performance = everything considered", False),
    ],
)
def test_equations_are_told_from_sentences(text: str, is_one: bool) -> None:
    """An equation relates symbols; a sentence with a sign in it, or a state, is none."""
    assert is_formula(text) is is_one


def test_indices_powers_roots_and_units_are_read() -> None:
    """Each way to write an index or a power gives the same tokens."""
    assert [(t.text, t.index, t.kind) for t in tokens("V_th")] == [("V", "th", "name")]
    assert tokens("V_{th}") == tokens("V_th")
    assert (
        [(t.text, t.power) for t in tokens("t²")]
        == [("t", "2")]
        == [(t.text, t.power) for t in tokens("t^2")]
    )
    assert [(t.text, t.power) for t in tokens("10⁻³")] == [("10", "−3")]
    assert [t.kind for t in tokens("sqrt(2 g h)")] == ["root"]
    assert [t.text for t in tokens("a*b >= -c")] == ["a", "·", "b", "≥", "−", "c"]
    assert tokens("(1 + r)^(nt)")[-1].power == "nt"
    speed = tokens("g = 9.8 m/s²")
    assert [(t.text, t.kind) for t in speed if t.kind == "unit"] == [("m", "unit"), ("s", "unit")]
    assert speed[-1].power == "2"
    assert all(t.kind != "unit" for t in tokens("F = m * a"))


def test_a_letter_at_a_number_is_a_factor() -> None:
    """As the voice reads it: "p = 2m" is two times m, "l = 2 m" two metres."""
    assert [token.kind for token in tokens("q^2 = 2m^2")] == ["name", "sign", "number", "name"]
    assert tokens("l = 2 m")[-1].kind == tokens("v = 9.8m/s")[-1].kind == "unit"
    assert tokens("λ = 90nm")[-1].kind == "unit"


@given(st.text(max_size=LONGEST))
@example("¼^0")
@settings(max_examples=80, deadline=None)
def test_any_text_has_few_tokens_and_loses_no_letter(text: str) -> None:
    """Whatever is written as an equation keeps its letters."""
    found = tokens(text)
    assert len(found) <= MOST_TOKENS
    kept = "".join(t.text + t.index + t.power for t in found)
    for sign in text:
        if sign.isascii() and sign.isalnum():
            assert sign in kept


@pytest.mark.parametrize(
    ("text", "said", "plain"),
    [
        (r"a \stackrel{?}{=} b", "a equals ? b", "a =? b"),
        (r"x \not= y", "x is not equal to y", "x ≠ y"),
        (r"\omega_0 s", "omega 0 s", "ω₀s"),
        (r"{\rm max}(x)", None, "max(x)"),
        (r"\color{red}{z} + \phantom{q}y", "z plus y", "z + y"),
        (r"\Sigma ^{-1}", "sigma to the power minus 1", "Σ⁻¹"),
        (r"\lVert x \rVert", "x", "‖x‖"),
        (r"5\,\AA", None, "5Å"),
    ],
)
def test_commands_that_stack_negate_or_hide_are_read(
    text: str, said: str | None, plain: str
) -> None:
    """A sign over another, a struck relation, a colour: none of the command's name is seen."""
    assert signs(read(text)) == plain
    assert said is None or joined(spoken(read(text)) or []) == said


def test_what_is_seen_of_an_equation_is_counted() -> None:
    """Commands count as one sign, what only groups or arranges counts for nothing."""
    assert signs_of(r"\frac{a}{b_1} = x^2") == len(r"\ab1 = x2")
    assert signs_of(r"\begin{bmatrix}1&2\\3&4\end{bmatrix}") == len("1234")
    assert signs_of("a + b") == 5
