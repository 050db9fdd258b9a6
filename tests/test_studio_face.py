"""What a card shows, as HTML."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidkit.events import SectionEnded, StepEnded
from vidkit.models import Section
from vidkit.studio.sections import SoFar, Standing, dollars
from vidkit.studio.sections import card_body as body
from vidkit.studio.sections import card_foot as foot
from vidkit.studio.sections import card_head as head

MARKUP = st.text(st.sampled_from("<>&\"'/=! -sciptonerlg;#x0\u202e\u05d0\n"), max_size=60)


def page(text: str) -> str:
    """A card on which everything that comes from outside is `text`."""
    so_far = SoFar()
    so_far.hear(StepEnded(1, 0, 0, "image", text, "failed", 1.0, None, text))
    so_far.hear(SectionEnded(1, 0, 0, "failed", text))
    section = Section(text, text, text)
    rows = (head(1, section, so_far, Standing()), body(1, section, so_far, (64, 36)))
    return "".join((*rows, foot(so_far, text)))


@given(MARKUP | st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_text_adds_an_element_or_an_attribute(text: str) -> None:
    """Whatever it is, a card has the elements and attributes that it has for a plain word."""
    tags = re.compile(r"<[^>]*>")
    assert tags.findall(page(f"x{text}x")) == tags.findall(page("plain"))


@pytest.mark.parametrize(
    ("amount", "told"), [(0.003, "$0.003"), (0.0996, "$0.10"), (1.5, "$1.50"), (0.05, "$0.050")]
)
def test_small_sums_keep_a_third_digit(amount: float, told: str) -> None:
    """What costs a third of a cent is not told as nothing."""
    assert dollars(amount) == told
