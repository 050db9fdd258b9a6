"""Colours: readable whatever the accent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidkit import slides
from vidkit.errors import SettingsError
from vidkit.slides.render import CONTRAST, contrast, palette


@given(
    st.sampled_from(["light", "dark"]),
    st.tuples(*[st.integers(0, 255)] * 3).map(lambda rgb: "#{:02x}{:02x}{:02x}".format(*rgb)),
)
@settings(max_examples=150, deadline=None)
def test_every_text_can_be_read_on_its_ground(theme: str, accent: str) -> None:
    """Any accent gives texts with a contrast of at least 4.5 to 1."""
    found = palette(theme, accent)
    for text, ground in found.texts():
        assert contrast(text, ground) >= CONTRAST, (text, ground)
    assert found.fill == accent


def test_contrast_is_the_one_of_wcag() -> None:
    """Black on white is 21 to 1, and a colour on itself 1 to 1."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#2b5f8f", "#2b5f8f") == 1


def test_an_accent_may_be_short() -> None:
    """ "#fa0" is "#ffaa00"."""
    assert palette("light", "#fa0") == palette("light", "#ffaa00")


@pytest.mark.parametrize(
    ("theme", "accent"), [("sepia", "#123456"), ("light", "blue"), ("dark", "#12345")]
)
def test_a_wrong_colour_is_refused_with_an_example(theme: str, accent: str) -> None:
    """A theme or an accent that is none raises a SettingsError that shows the mend."""
    with pytest.raises(SettingsError, match=r"choose 'light' or 'dark'|write a colour such as"):
        palette(theme, accent)


def test_the_templates_have_no_colour_of_their_own() -> None:
    """All colours of a slide come from the palette, so that the contrast holds."""
    for template in Path(slides.__file__).parent.glob("*.typ"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"#[0-9a-fA-F]{6}|luma\(|cmyk\(|oklch\(|fill: (?:white|black)", text)
        assert text.count("rgb") == (2 if template.name == "type.typ" else 0)
