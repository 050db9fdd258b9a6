"""Headlines: the section's own title, else what the section says of itself."""

from __future__ import annotations

import pytest

from vidkit.slides.analysis import LONGEST_TITLE, Reading
from vidkit.slides.summary import headline


def of(narration: str, description: str = "A picture.", title: str | None = None) -> str:
    """The headline of a section."""
    return headline(Reading.of(narration, description, title, "en"))[0]


def test_an_own_title_always_wins() -> None:
    """Whatever the section offers, its title is the headline."""
    assert of("This is called Osmosis.", "A chart titled 'Water'.", "My title") == "My title"


@pytest.mark.parametrize(
    ("narration", "description", "found"),
    [
        ("Pick any two.", "A triangle labeled 'The Trade-off'.", "The Trade-off"),
        ("Look around you.", "Text overlay: 'The Thing We Build'", "The Thing We Build"),
        (
            "It is a 'self-made process'.",
            "Labels 'Self-Made Process', 'Mask'.",
            "Self-made Process",
        ),
        ("Each step of the flow counts.", "A flowchart of the Design Flow.", "Design Flow"),
        ("They rely on four key principles.", "Boxes.", "Four Key Principles"),
        ("A technique called photolithography is used.", "Light.", "Photolithography"),
        ("We use an intermediate step: a stick diagram.", "Lines.", "Stick Diagram"),
        (
            "It grows silicon dioxide on top.",
            "A layer 'Silicon Dioxide (SiO₂)'.",
            "Silicon Dioxide",
        ),
        ("Here is the formula for compound interest. It grows.", "A slide.", "Compound Interest"),
        ("Your heart is a double pump. It beats.", "A heart.", "Your heart is a double pump"),
        (
            "What sets the price of bread? Two forces meet.",
            "A loaf.",
            "What sets the price of bread?",
        ),
        (
            "So how does it work? A low input gives a high output.",
            "A gate.",
            "A low input gives a high output",
        ),
    ],
)
def test_a_headline_comes_from_the_best_cue(narration: str, description: str, found: str) -> None:
    """Titles in the picture, names, counts and definitions come before plain sentences."""
    assert of(narration, description) == found


@pytest.mark.parametrize("narration", ["", "…", "Hm?", "Go. Stop. Go.", "word " * 900])
def test_there_is_always_a_headline_and_never_a_page_of_it(narration: str) -> None:
    """A section that says nothing still has a headline; one that says all has a short one."""
    assert 0 < len(of(narration)) <= LONGEST_TITLE + 1


def test_a_headline_says_no_step_again() -> None:
    """Where the narration begins with the first step, what the drawing is of stands above."""
    told = "First, the bean drinks water. Then a root comes out. Finally, the leaves open."
    reading = Reading.of(told, "Four drawings of a growing bean.", None, "en")
    assert headline(reading, ["The bean drinks water"])[0] == "Growing Bean"


def test_a_film_scene_is_no_diagram() -> None:
    """ "A final zoom-out, starting from a diagram of …" does not name the section."""
    found = of("The journey ends here for us.", "A final zoom-out of a diagram of the NOR gate.")
    assert "NOR" not in found
