"""Mathematics: one reader, for what is said and what is shown."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vidkit.providers import ImageAsk
from vidkit.providers.slides import Slides
from vidkit.slides.render import Frame, runs, spec
from vidkit.slides.slide import Slide
from vidkit.text import maths
from vidkit.text.formulas import equations
from vidkit.text.latex import Node, read
from vidkit.text.maths import plain, segments, shown
from vidkit.text.speech import spoken

TABLE = Path(__file__).with_name("formulas.txt")


def marks_of(value: Any) -> list[str]:
    """All texts of an equation as the template sets it."""
    if isinstance(value, dict):
        own = [value["t"]] if value.get("k") not in ("unit", "big") and "t" in value else []
        return own + [mark for inner in value.values() for mark in marks_of(inner)]
    return [mark for inner in value for mark in marks_of(inner)] if isinstance(value, list) else []


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


def tree(node: dict[str, Any]) -> Node:
    """What the template is given, as it was read."""
    return Node(node["k"], 0, node["t"], tuple(tree(part) for part in node["p"]))


@pytest.mark.parametrize(("formula", "words", "signs"), formulas())
def test_a_formula_is_typeset(formula: str, words: str, signs: str) -> None:
    """In a headline, a point, a card and a label: the same signs as in the captions, no markup."""
    (run,) = runs(f"${formula}$")
    assert run["k"] == "math" and run["t"] == signs
    assert maths.signs(tree(run["n"])) == signs
    assert not re.search(r"[\\$]|[_^]\{", json.dumps(run, ensure_ascii=False).replace('\\"', ""))


@pytest.mark.parametrize("first", range(0, 66, 6))
def test_formulas_are_drawn_as_the_lines_of_a_slide(first: int) -> None:
    """Each in its turn, with ink where it stands."""
    lines = [formula for formula, _, _ in formulas()][first : first + 6]
    ask = ImageAsk("A board.", "Look at this.", "Formulas", "en", (1280, 720), {"equation": lines})
    slides = Slides()
    slide = slides.slide(ask)
    assert slide.equations == tuple(lines) and slides.fits(slide, ask.size)
    picture = slides.picture(slide, ask.size)
    with Image.open(io.BytesIO(picture.data)) as image:
        for region in picture.regions:
            low, high = image.convert("L").crop(region.spots[0].box).getextrema()
            assert high - low > 90, region.item.text


ALIGNED = {
    r"\begin{aligned} F &= m g \\ F &= m a \\[2pt] &\Rightarrow a = g \end{aligned}": (
        "F = m g",
        "F = m a",
        r"\Rightarrow a = g",
    ),
    r"a &= b \\ b &= c": ("a = b", "b = c"),
    r"M = \begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}": (
        r"M = \begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}",
    ),
}


@pytest.mark.parametrize("block", ALIGNED)
def test_lines_of_a_block_follow_the_voice_in_turn(block: str) -> None:
    """Each line of an aligned block is an item of its own; a matrix is one."""
    ask = ImageAsk("A board.", "Look.", "T", "en", (1280, 720), {"equation": [block]})
    slide = Slides().slide(ask)
    assert slide.equations == ALIGNED[block]
    assert [item.key for item in slide.items()] == [
        f"equation.{i}" for i in range(len(ALIGNED[block]))
    ]


def test_wide_spaces_between_equations_are_kept() -> None:
    """`\\qquad` is two widths of an M, and never letters; so is no other space."""
    text = r"x = A x + B, \qquad x \in \mathbb{R}^n \hspace{1em} \frac{a \quad b}{c}"
    slide = Slide("equation", "", "T", equations=(text,))
    (line,) = spec(slide, Frame.of((1280, 720)))["equations"]
    assert [part["n"] for part in line if part["kind"] == "space"] == [2]
    assert "quad" not in json.dumps(line) and '"e"' not in json.dumps(line)


def test_a_space_within_brackets_or_cases_leaves_them_whole() -> None:
    """A formula is parted at spaces only where nothing is open, and `\\ ` is one of them."""
    cases = r"f = \begin{cases} 1 & \quad x > 0 \\ 0 & \quad x < 0 \end{cases}"
    bracket = r"g = \left\{ a \quad b \right.\ mol"
    slide = Slide("equation", "", "T", equations=(cases, bracket))
    first, second = spec(slide, Frame.of((1280, 720)))["equations"]
    assert not [part for part in first if part["kind"] == "space"]
    assert [part["n"] for part in second if part["kind"] == "space"] == [0.3]


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
    assert [each.text for each in found if each.node] == ["V_G", "x²"]
    assert found[0].text == "The voltage " and "https://a.b/c?d=e_f" in found[-1].text


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="\\frac{}sqrt[]^_ab12+-=()|&~ .leftinum", max_size=80))
def test_any_rubbish_ends(text: str) -> None:
    """Whatever stands between the marks, reading ends, and says no mark."""
    node = read(text)
    assert not set(maths.joined(maths.spoken(node) or [])) & set("\\{}^")
    maths.signs(node)
    list(equations(text))


@pytest.mark.parametrize(
    ("written", "said", "seen"),
    [
        ("$$x=1$$where x is small", "x equals 1 where x is small", "x = 1 where x is small"),
        (r"\[x=1\]2 apples", "x equals 1 2 apples", "x = 1 2 apples"),
        (r"\begin{equation}x=1\end{equation}Então", "x equals 1 Então", "x = 1 Então"),
        ("the $$n$$th, le $$n$$ième", "the nth, le nième", "the nth, le nième"),
        ("是$$x=1$$其中", "是x equals 1其中", "是x = 1其中"),
    ],
)
def test_a_word_behind_a_displayed_equation_is_one_of_its_own(
    written: str, said: str, seen: str
) -> None:
    """Whether or not a space is typed, but for the ending of a number, and where none write any."""
    assert (spoken(written, "en").text, shown(written).text) == (said, seen)


def test_an_address_is_no_equation() -> None:
    """What stands in an address, bare or behind a link's words, is not set as an equation."""
    told = "See [this](https://example.org/a?b=c) and https://example.org/x?y=z. Then $V = I R$."
    assert Slides().slide(ImageAsk("A board.", told, "Ohm", "en", (1280, 720), {})).equations == (
        "V = I R",
    )


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("&amp; so on", "& so on"),
        ("5 &lt; 6", "5 < 6"),
        (r"A \textbf{bold \emph{word}}.", "A bold word."),
    ],
)
def test_markup_is_shown_as_it_is_meant(written: str, seen: str) -> None:
    """Entities, and words in a face of LaTeX, leave no mark in captions or on slides."""
    assert plain(written) == seen
    assert "".join(run["t"] for run in runs(written)).replace("\xa0", " ") == seen


@pytest.mark.parametrize("formula", [row[0] for row in formulas()])
def test_no_mark_of_a_formula_is_seen_on_its_slide(formula: str) -> None:
    """Whichever reader of equations sets it, neither commands nor ^, _ and braces are left."""
    ask = ImageAsk("", "It holds.", "T", "en", (640, 360), {"equation": [formula]})
    slide = Slides().slide(ask)
    parts = spec(slide, Frame.of(ask.size))["equations"]
    assert not re.search(r"[\\^_{}]", " ".join(marks_of(parts)))


def test_an_index_in_digits_ends_where_a_letter_follows() -> None:
    """H_2O is water, V_th still one name."""
    parts = [[t["t"], t["index"]] for line in ("H_2O", "V_th") for t in tokens_of(line)]
    assert parts == [["H", "2"], ["O", ""], ["V", "th"]]


def tokens_of(line: str) -> list[dict[str, Any]]:
    """The tokens of an equation without commands, as the template takes them."""
    slide = Slide("equation", "", "T", equations=(line,))
    return list(spec(slide, Frame.of((640, 360)))["equations"][0])
