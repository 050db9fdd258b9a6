"""Pictures of the result: the poster and the contact sheet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_media import colour, picture, saved
from PIL import Image

from vidkit.core.fonts import font_for
from vidkit.errors import MediaError
from vidkit.media import Frame, contact_sheet, fit_picture, make_clip, open_picture, poster
from vidkit.media.video import _wrapped


def pixels(data: bytes) -> np.ndarray:  # type: ignore[type-arg]
    return np.asarray(open_picture(data))


def clip(folder: Path, data: bytes, frame: Frame, name: str = "0") -> Path:
    """A short silent clip of a picture."""
    return make_clip(data, None, folder / f"{name}.mp4", frame, seconds=0.1).path


def test_poster_is_the_picture_as_the_video_shows_it(tmp_path: Path) -> None:
    """The poster has the frame's size and, but for the coding, the fitted picture's pixels."""
    frame = Frame(size=(320, 180))
    shown = pixels(poster(clip(tmp_path, picture(3, (90, 90)), frame))).astype(int)
    wanted = np.asarray(fit_picture(open_picture(picture(3, (90, 90))), frame), int)
    assert shown.shape == wanted.shape
    assert np.abs(shown - wanted).mean() < 2


@pytest.fixture(scope="module", params=[(640, 360), (540, 960), (540, 540)], ids=str)
def ten_clips(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Frame, list[Path]]:
    """A frame, and clips of ten colours in it."""
    folder, frame = tmp_path_factory.mktemp("clips"), Frame(size=request.param)
    return frame, [
        clip(folder, saved(Image.new("RGB", frame.size, colour(number))), frame, str(number))
        for number in range(10)
    ]


@pytest.mark.parametrize("count", [1, 3, 4, 10])
def test_sheet_shows_every_section(ten_clips: tuple[Frame, list[Path]], count: int) -> None:
    """Each section's picture is on the sheet, in its colour and in reading order."""
    frame, clips = ten_clips[0], ten_clips[1][:count]
    sheet = pixels(contact_sheet(clips, frame=frame)).astype(np.int16)
    corners = []
    for number in range(count):
        parts = enumerate(colour(number))
        near = np.logical_and.reduce([abs(sheet[:, :, n] - part) <= 4 for n, part in parts])
        rows, columns = np.nonzero(near)
        assert near.sum() > 10_000
        corners.append((int(rows.min()), int(columns.min())))
    assert corners == sorted(corners)


def test_sheet_has_titles_and_lengths(tmp_path: Path) -> None:
    """A title and a length leave ink under the picture; without them only the number does."""
    one = clip(tmp_path, picture(1, (1280, 720)), Frame())

    def ink(*words: object) -> int:
        sheet = pixels(contact_sheet([one], *words))  # type: ignore[arg-type]
        return int((sheet[220:] < 150).all(2).sum())

    assert 0 < ink() < ink((), [61.2]) < ink(["Größe und Länge"], [61.2])


def test_sheet_of_a_damaged_clip_is_refused(tmp_path: Path) -> None:
    """A clip that cannot be shown is an error of vidkit's."""
    (tmp_path / "0.mp4").write_bytes(b"no clip")
    with pytest.raises(MediaError):
        contact_sheet([tmp_path / "0.mp4"])


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_no_title_leaves_its_place(title: str) -> None:
    """Whatever a title is, it takes two lines at most and stays in its column."""
    font = font_for(title, 15)
    lines = _wrapped(title, font, 200)
    assert len(lines) <= 2
    assert all(font.getlength(line) <= 200 for line in lines)
