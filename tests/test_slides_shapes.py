"""Curves: drawn by the words for them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from vidkit.slides.figures import SHAPES, height_of, path, shape_of, together


@pytest.mark.parametrize(
    ("words", "shape"),
    [
        ("rises quickly and then flattens out at a moderate level", "level"),
        ("rises much more slowly but eventually surpasses the blue line", "s"),
        ("cools down fast at first and then slowly", "decay"),
        ("falls steadily", "fall"),
        ("rises steadily in a straight line", "line"),
        ("grows exponentially", "swell"),
        ("swings up and down", "wave"),
        ("rises to a peak and then falls", "bell"),
        ("stays constant", "flat"),
        ("is drawn in blue", None),
    ],
)
def test_a_shape_needs_a_word_for_it(words: str, shape: str | None) -> None:
    """What a description says of a curve gives its shape, and nothing else does."""
    assert shape_of(words) == shape


@pytest.mark.parametrize("shape", SHAPES)
def test_a_path_stays_inside_the_axes(shape: str) -> None:
    """Every curve runs from left to right, between the axis and its height."""
    points = path(shape, 0.8)
    assert all(0 <= x <= 1 and 0 <= y <= 0.8 + 1e-9 for x, y in points)
    assert all(a[0] < b[0] for a, b in pairwise(points))
    assert points == path(shape, 0.8)


def test_a_curve_comes_near_a_level_one_and_does_not_cross_it() -> None:
    """Tea cools to the room's warmth and not below it; growth stays under its limit."""
    tea, room = together([("decay", 0.9), ("flat", 0.28)])
    assert min(y for _, y in tea) >= room[0][1]
    growth, limit = together([("s", 0.9), ("flat", 0.8)])
    assert max(y for _, y in growth) <= limit[0][1]


def test_heights_follow_the_words_and_then_the_shapes() -> None:
    """A moderate plateau is lower than a high one, and steady growth than ever faster growth."""
    assert height_of("flattens at a moderate level", "level") < height_of("reaches more", "s")
    assert height_of("rises", "line") < height_of("grows exponentially", "swell")
