"""Joining: clips become one video, and picture and sound stay together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_media import decoded, picture, tone, wav

from vidkit.errors import MediaError
from vidkit.media import Clip, Frame, join_clips, make_clip, section_starts

SMALL = Frame(size=(64, 48), gap=0.1)


def made(folder: Path, lengths: list[float], frame: Frame = SMALL) -> list[Clip]:
    """One clip for each length in seconds, every picture unlike its neighbours."""
    return [
        make_clip(picture(number, frame.size), wav(tone(seconds)), folder / f"{number}.mp4", frame)
        for number, seconds in enumerate(lengths)
    ]


def seams(path: Path) -> tuple[list[float], list[float]]:
    """When the picture changes and when a sound begins after silence, in seconds."""
    seen = decoded(path)
    changes = np.abs(np.diff(seen.pictures, axis=0)).max(1) > 4
    shown = [0.0, *(float(seen.times[place + 1]) for place in np.flatnonzero(changes))]
    loud = np.abs(seen.sound) > 0.02
    # A sound begins where 50 ms of quiet come before it.
    counted = np.cumsum([*[False] * 1600, *loud])
    heard = np.flatnonzero(loud & (counted[1599:-1] == counted[:-1600])) / 32_000
    return shown, heard.tolist()


@pytest.mark.parametrize("fps", [10, 24, 30])
def test_picture_and_sound_change_together(tmp_path: Path, fps: int) -> None:
    """At each of 100 seams picture and sound change within a frame, the last like the first."""
    frame = Frame(size=(64, 48), gap=0.1, fps=fps)
    seven = made(tmp_path, [0.4 + 0.037 * number for number in range(7)], frame)
    clips = [seven[number % 7].path for number in range(100)]
    joined = join_clips(clips, tmp_path / "video.mp4", frame)
    shown, heard = seams(tmp_path / "video.mp4")
    assert len(shown) == len(heard) == 100
    apart = np.abs(np.subtract(shown, heard))
    assert apart.max() <= 1 / fps
    assert apart[-10:].max() <= apart[:50].max() + 0.25 / fps
    assert heard == pytest.approx(joined.starts, abs=0.003)


def test_starts_are_known_before_joining(tmp_path: Path) -> None:
    """What `section_starts` tells of the clips is what the video then has."""
    clips = made(tmp_path, [0.5, 1.2, 0.3])
    joined = join_clips([clip.path for clip in clips], tmp_path / "video.mp4", SMALL)
    assert joined.starts == section_starts(clips)
    assert joined.seconds == pytest.approx(sum(clip.seconds for clip in clips))


def test_video_has_a_constant_rate(tmp_path: Path) -> None:
    """No frame is missing or doubled at a seam, and the sound has no hole."""
    clips = made(tmp_path, [0.5, 5.4, 0.31, 0.9])
    out = tmp_path / "video.mp4"
    joined = join_clips([clip.path for clip in clips], out, SMALL)
    seen = decoded(out)
    assert np.allclose(np.diff([float(time) for time in seen.times]), 1 / 24, atol=1e-4)
    assert len(seen.pictures) / 24 == pytest.approx(joined.seconds, abs=1 / 24)
    assert len(seen.sound) / 32_000 == pytest.approx(joined.seconds, abs=0.022)


def test_clips_of_another_frame_are_refused(tmp_path: Path) -> None:
    """A clip of another size or rate is named instead of spoiling the video."""
    one = make_clip(picture(), wav(tone(0.5)), tmp_path / "one.mp4", SMALL)
    for other_frame in (Frame(size=(80, 48)), Frame(size=(64, 48), fps=30)):
        other = make_clip(picture(), wav(tone(0.5)), tmp_path / "other.mp4", other_frame)
        with pytest.raises(MediaError, match=r"other\.mp4"):
            join_clips([one.path, other.path], tmp_path / "video.mp4", SMALL)


def test_no_clips_are_refused(tmp_path: Path) -> None:
    """A video of nothing is an error that says so."""
    with pytest.raises(MediaError, match="no clips"):
        join_clips([], tmp_path / "video.mp4", SMALL)
