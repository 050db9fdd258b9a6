"""Text as the rules of a slide see it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidkit.slides.analysis import (
    LONGEST_WORD,
    capitalised,
    clean,
    fenced,
    length,
    script_language,
    sentences,
    stems,
    without_fences,
)
from vidkit.slides.render import runs, typographic


@given(st.text(max_size=400), st.integers(10, 200))
@settings(max_examples=60, deadline=None)
def test_cleaned_text_is_short_and_can_be_shown(text: str, most: int) -> None:
    """Cleaned text keeps to its length and holds no control, no surrogate, no turn of direction."""
    cleaned = clean(text, most)
    assert len(cleaned) <= most + 1
    for sign in cleaned:
        assert sign in "\n" or unicodedata.category(sign) not in ("Cc", "Cs", "Co")
        assert sign not in "\u202e\u2066\ufeff"


@pytest.mark.parametrize(
    ("text", "strong"), [("The ion Cu²⁺ is blue", []), ("The area Cu² is blue", ["Cu²"])]
)
def test_no_part_of_an_ion_stands_out(text: str, strong: list[str]) -> None:
    """The charge belongs to "Cu²⁺": a term is not found in it."""
    assert [run["t"] for run in runs(text, ["Cu²", "Cu"]) if run["k"] == "b"] == strong


def test_a_word_of_a_megabyte_is_cut() -> None:
    """No word is longer than any dictionary's."""
    assert max(map(len, clean("x" * 1_000_000 + " end", 5_000).split())) <= LONGEST_WORD + 1


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("One. Two! Three? Four", "en", ["One.", "Two!", "Three?", "Four"]),
        ("It costs 3.5 euros. No more.", "en", ["It costs 3.5 euros.", "No more."]),
        ("Ask Dr. Smith, e.g. today. Then go.", "en", ["Ask Dr. Smith, e.g. today.", "Then go."]),
        ("It is a PNG (a.k.a. 'retina'). Good.", "en", ["It is a PNG (a.k.a. 'retina').", "Good."]),
        ("She said no. See no. 3. Go on.", "en", ["She said no.", "See no. 3.", "Go on."]),
        ("J. K. Rowling wrote it. We read.", "en", ["J. K. Rowling wrote it.", "We read."]),
        ('He said "stop." Then he left.', "en", ['He said "stop."', "Then he left."]),
        ("Wait... what? Yes.", "en", ["Wait... what?", "Yes."]),
        ("Am 3. Mai fiel Schnee. Er blieb.", "de", ["Am 3. Mai fiel Schnee.", "Er blieb."]),
        ("植物制造糖。水上升！", "zh", ["植物制造糖。", "水上升！"]),
        ("Title\n\nFirst line\nruns on. End.", "en", ["Title", "First line runs on.", "End."]),
        ("- one thing\n- another", "en", ["one thing", "another"]),
        ("", "en", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, language: str, found: list[str]) -> None:
    """Abbreviations, initials, decimals and ordinals end no sentence; a blank line does."""
    assert list(sentences(text, language)) == found


def test_a_number_keeps_its_unit_where_lines_run_from_the_right() -> None:
    """On slides of Arabic and Hebrew as in captions, and with no mark in other texts."""
    assert "\u200e100\u00a0°C" in typographic("يغلي الماء عند 100 °C")
    assert "\u200e340 m/s" in typographic("מהירות 340 m/s")
    assert "\u200e" not in typographic("It boils at 100 °C")


def test_a_text_is_not_cut_within_an_equation() -> None:
    """What a cut leaves of an equation would show its marks."""
    assert "$" not in clean("so the mass is energy: $E = mc^2$ and more", 28)
    assert clean("it costs $5 and then it goes on", 14).count("$") == 1


def test_fenced_code_is_found_and_kept_from_the_sentences() -> None:
    """A block between three backticks is code with a language, and not part of the speech."""
    text = "Look at this.\n```python\nfor i in x:\n    go(i)\n```\nIt loops."
    assert fenced(text) == ("python", "for i in x:\n    go(i)")
    assert sentences(without_fences(text)) == ("Look at this.", "It loops.")
    assert fenced("no code") is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("the gate", "The gate"),
        ("a gate", "A gate"),
        ("x = 2 + y", "x = 2 + y"),
        ("pH falls", "pH falls"),
        ("n+ Source", "n+ Source"),
        ("v_th rises", "v_th rises"),
        ("élan", "Élan"),
    ],
)
def test_a_first_letter_is_made_large_unless_it_is_a_symbol(text: str, shown: str) -> None:
    """Points begin large; symbols stay what they are."""
    assert capitalised(text) == shown


def test_words_meet_across_their_endings() -> None:
    """ "Layers" meets "layer"; words without meaning are left out."""
    assert stems("the layers") == stems("a layer") == frozenset({"layer"})
    assert length("two words") == 2
    assert length("植物制造") == 3


def test_a_script_gives_its_language_away() -> None:
    """Scripts of one language are known by their letters, Latin ones are not."""
    assert script_language("叶绿体吸收光能") == "zh"
    assert script_language("يدخل الهواء") == "ar"
    assert script_language("plain text") is None


def test_a_long_word_breaks_with_a_hyphen() -> None:
    """Whatever stands behind it; one with a hyphen of its own breaks there."""
    assert "\u200b" not in typographic("Donaudampfschifffahrtsgesellschaft, sagt er")
    assert typographic("Passwort-Authentifizierung") == "Passwort-Authentifizierung"
