"""Colours: readable whatever the accent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidkit import slides
from vidkit.errors import SettingsError
from vidkit.slides.render import CONTRAST, Palette, palette


def contrast(one: str, other: str) -> float:
    """The contrast of two colours "#rrggbb", from 1 to 21, of WCAG 2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return sum(a * b for a, b in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def texts(colours: Palette) -> list[tuple[str, str]]:
    """Every (text, ground) that the template sets."""
    grounds, soft = (colours.paper, colours.card), (colours.accent_soft, colours.other_soft)
    found = [(text, ground) for text in (colours.ink, colours.mute) for ground in grounds + soft]
    found += [(colours.ink, ground) for ground in colours.bands]
    found += [(colours.accent, ground) for ground in (*grounds, colours.accent_soft)]
    found += [(colours.other, ground) for ground in (*grounds, colours.other_soft)]
    return [*found, (colours.on_fill, colours.fill)]


@given(
    st.sampled_from(["light", "dark"]),
    st.tuples(*[st.integers(0, 255)] * 3).map(lambda rgb: "#{:02x}{:02x}{:02x}".format(*rgb)),
)
@settings(max_examples=150, deadline=None)
def test_every_text_can_be_read_on_its_ground(theme: str, accent: str) -> None:
    """Any accent gives texts with a contrast of at least 4.5 to 1."""
    found = palette(theme, accent)
    for text, ground in texts(found):
        assert contrast(text, ground) >= CONTRAST, (text, ground)
    assert found.fill == accent


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
