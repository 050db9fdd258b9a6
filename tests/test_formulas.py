"""Mathematics: one reader, for what is said and what is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidkit.text import maths, plain, segments, shown, spoken

TABLE = Path(__file__).with_name("formulas.txt")


def formulas() -> list[tuple[str, str, str]]:
    """Formula, words and signs of each block of the table."""
    blocks = TABLE.read_text("utf-8").split("\n\n")[1:]
    rows = [[line.strip() for line in block.strip().split("\n")] for block in blocks]
    return [(row[0], row[1], row[2]) for row in rows]


@pytest.mark.parametrize(("formula", "words", "signs"), formulas())
def test_a_formula_is_said_and_shown(formula: str, words: str, signs: str) -> None:
    """Sixty formulas of school and of the first year, as they are taught."""
    assert spoken(f"${formula}$").text.rstrip(".") == words
    assert spoken(f"${formula}$", normalise=False).text == words
    assert shown(f"${formula}$").text == signs


def test_the_table_of_formulas_is_worth_its_name() -> None:
    """There are sixty, and none is there twice."""
    assert len({formula for formula, _, _ in formulas()}) >= 60


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", "x Quadrat plus y Quadrat gleich eins halb"),
        ("fr", "x au carré plus y au carré égale un demi"),
        ("es", "x al cuadrado más y al cuadrado es igual a un medio"),
    ],
)
def test_equations_are_said_in_the_language(language: str, said: str) -> None:
    """Signs and the commonest commands, in each language that has words."""
    told = spoken(r"$x^2 + y^2 = \frac{1}{2}$", language).text
    assert told == said.replace("eins halb", "ein halb")


def test_no_mark_is_left_where_people_read() -> None:
    """Neither LaTeX nor HTML nor Markdown stands in a caption or a title."""
    text = (
        "# The <b>cost</b> &amp; $V_{GS}$ of **x^2**\n\n`code`, $\\frac{a}{b}$ &hellip; &#8594; "
        "\\(\\alpha\\), H_2O, x_{n+1} and <sup>2</sup> &lt;3 \\[ \\sqrt{2} \\]"
    )
    seen = shown(text).text
    assert not any(mark in seen for mark in ("\\", "$", "&amp", "_{", "<b", "<s", "**", "#"))
    assert "V_GS" in seen and "x²" in seen and "a/b" in seen and "H₂O" in seen and "√2" in seen
    assert plain("**Bold** $x^2$\n`code`") == "Bold x² code"


def test_slides_get_equations_apart() -> None:
    """What is typed as an equation is one, and the words around it stay words."""
    found = segments("The voltage V_G rises with x^2, see https://a.b/c?d=e_f.")
    assert [each.text for each in found if each.kind == "maths"] == ["V_G", "x²"]
    assert found[0].text == "The voltage " and "https://a.b/c?d=e_f" in found[-1].text


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="\\frac{}sqrt[]^_ab12+-=()|&~ .leftinum", max_size=80))
def test_any_rubbish_ends(text: str) -> None:
    """Whatever stands between the marks, reading ends, and says no mark."""
    node = maths.read(text)
    assert not set(maths.in_words(node)) & set("\\{}^")
    maths.signs(node)
    list(maths.equations(text))
