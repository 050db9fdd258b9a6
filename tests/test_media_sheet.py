"""Pictures of the result: the poster and the contact sheet."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_media import colour, noise_picture, picture, saved
from PIL import Image

from vidkit.errors import MediaError
from vidkit.media import Frame, contact_sheet, fit_picture, open_picture, poster
from vidkit.media.sheet import _clock, _font_for, _wrapped


def pixels(data: bytes) -> np.ndarray:  # type: ignore[type-arg]
    return np.asarray(open_picture(data))


def test_poster_is_the_picture_as_the_video_shows_it() -> None:
    """The poster has the frame's size and the fitted picture's pixels."""
    data = saved(noise_picture((90, 90)))
    frame = Frame(size=(320, 180))
    wanted = fit_picture(open_picture(data), frame)
    assert np.array_equal(pixels(poster(data, frame)), np.asarray(wanted))


@pytest.mark.parametrize("size", [(1280, 720), (1080, 1920), (1080, 1080)])
@pytest.mark.parametrize("count", [1, 3, 4, 10])
def test_sheet_shows_every_section(size: tuple[int, int], count: int) -> None:
    """Each section's picture is on the sheet, in its colour and in reading order."""
    plain = [saved(Image.new("RGB", size, colour(number))) for number in range(count)]
    sheet = pixels(contact_sheet(plain, frame=Frame(size=size))).astype(int)
    corners = []
    for number in range(count):
        near = np.abs(sheet - colour(number)).max(2) <= 2
        rows, columns = np.nonzero(near)
        assert near.sum() > 10_000
        corners.append((int(rows.min()), int(columns.min())))
    assert corners == sorted(corners)


def test_sheet_has_titles_and_lengths() -> None:
    """A title and a length leave ink under the picture; without them only the number does."""

    def ink(*words: object) -> int:
        sheet = pixels(contact_sheet([picture(1, (1280, 720))], *words))  # type: ignore[arg-type]
        return int((sheet[220:] < 150).all(2).sum())

    assert 0 < ink() < ink((), [61.2]) < ink(["Größe und Länge"], [61.2])


def test_sheet_of_a_damaged_picture_is_refused() -> None:
    """A picture that cannot be shown is an error of vidkit's."""
    with pytest.raises(MediaError):
        contact_sheet([picture(1)[:60]])


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.2, "0:00"), (59.6, "1:00"), (125, "2:05"), (3725, "1:02:05")]
)
def test_lengths_are_told_as_on_a_clock(seconds: float, shown: str) -> None:
    """Minutes and seconds, and hours where there are some."""
    assert _clock(seconds) == shown


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_no_title_leaves_its_place(title: str) -> None:
    """Whatever a title is, it takes two lines at most and stays in its column."""
    font = _font_for(title, 15)
    lines = _wrapped(title, font, 200)
    assert len(lines) <= 2
    assert all(font.getlength(line) <= 200 for line in lines)
