"""Equations in plain characters."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidkit.slides.analysis import LONGEST, MOST_TOKENS, is_formula, tokens


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


@given(st.text(max_size=LONGEST))
@settings(max_examples=80, deadline=None)
def test_any_text_has_few_tokens_and_loses_no_letter(text: str) -> None:
    """Whatever is written as an equation keeps its letters."""
    found = tokens(text)
    assert len(found) <= MOST_TOKENS
    kept = "".join(t.text + t.index + t.power for t in found)
    for sign in text:
        if sign.isascii() and sign.isalnum():
            assert sign in kept
