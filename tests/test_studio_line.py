"""Sections that wait to be made again."""

from __future__ import annotations

from vidkit.studio.sections import Line, Wish


def test_what_is_made_in_one_way_is_made_together() -> None:
    """The way that was asked for first comes first, each section once, in their order."""
    line = Line()
    for number, force in ((3, "image"), (2, None), (1, "image"), (3, "image")):
        line.add(number, force)  # type: ignore[arg-type]
    assert line
    assert line.take() == Wish((1, 3), "image")
    assert line.take() == Wish((2,), None)
    assert line.take() is None
    assert not line


def test_what_cannot_be_made_now_waits_on_before_the_others() -> None:
    """It keeps its place, with what was asked for meanwhile."""
    line = Line()
    line.add(1, "audio")
    wish = line.take()
    assert wish is not None
    line.add(5, None)
    line.add(4, "audio")
    line.put_back(wish)
    assert line.take() == Wish((1, 4), "audio")
    assert line.take() == Wish((5,), None)
