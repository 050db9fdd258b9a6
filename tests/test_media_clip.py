"""Clips: one section's picture and narration as a video file."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest
from made_media import colour, decoded, picture, speech_like, tone, wav

from vidkit.errors import MediaError, OutputError
from vidkit.media import Frame, make_clip, read_clip

SMALL = Frame(size=(160, 90))


def test_clip_shows_the_picture_while_the_narration_is_heard(tmp_path: Path) -> None:
    """A clip shows its picture in every frame, and its sound lasts as long as it says."""
    clip = make_clip(picture(3), wav(tone(2.0)), tmp_path / "clip.mp4", SMALL)
    seen = decoded(clip.path)
    assert len(seen.pictures) == clip.frames
    assert np.ptp(seen.pictures, axis=0).max() < 1
    assert abs(len(seen.sound) - clip.samples) <= 1024
    assert clip.samples % 1024 == 0
    assert clip.seconds == clip.samples / 32_000
    assert clip.seconds == pytest.approx(2.4, abs=0.03)
    assert clip.frames / SMALL.fps >= clip.seconds


def test_clip_is_told_again_from_its_file(tmp_path: Path) -> None:
    """The facts read from a finished file are those that making it gave."""
    clip = make_clip(picture(), wav(tone(1.3)), tmp_path / "clip.mp4", SMALL)
    again = read_clip(clip.path)
    assert (again.path, again.frames, again.samples) == (clip.path, clip.frames, clip.samples)
    assert again.speech == pytest.approx(clip.speech, abs=1e-5)


@pytest.mark.parametrize("fps", [1, 5, 24, 30, 60, 120])
def test_clip_has_a_constant_rate_and_near_key_frames(tmp_path: Path, fps: int) -> None:
    """Frames are evenly spaced, key frames at most 5 s apart and never alone."""
    frame = Frame(size=(64, 64), fps=fps)
    clip = make_clip(picture(), wav(tone(12.1)), tmp_path / "clip.mp4", frame)
    seen = decoded(clip.path)
    gaps = np.diff([float(time) for time in seen.times])
    assert np.allclose(gaps, 1 / fps, atol=1e-6)
    groups = np.diff([*(float(key) for key in seen.keys), clip.frames / fps])
    assert groups.max() <= 5 + 1e-6
    assert groups.min() * fps >= 3 - 1e-6


def test_clip_is_the_same_bytes_again(tmp_path: Path) -> None:
    """The same picture, narration and frame give the same file, byte for byte."""
    one, two = tmp_path / "one.mp4", tmp_path / "two.mp4"
    for path in (one, two):
        make_clip(picture(), wav(tone(1.0)), path, SMALL)
    assert one.read_bytes() == two.read_bytes()


def test_clip_without_a_narration_is_silent(tmp_path: Path) -> None:
    """No narration makes silence of the length asked for, and the gap."""
    clip = make_clip(picture(5), None, tmp_path / "clip.mp4", SMALL, seconds=3)
    seen = decoded(clip.path)
    assert clip.seconds == pytest.approx(3.4, abs=0.03)
    assert np.abs(seen.sound).max() < 1e-4
    corner = np.array(colour(5))
    assert np.abs(seen.pictures.mean(0) - corner).max() < 60


def test_clip_starts_before_it_is_read_whole(tmp_path: Path) -> None:
    """The index stands before the media, so that a browser plays what it has."""
    clip = make_clip(picture(), wav(tone(1.0)), tmp_path / "clip.mp4", SMALL)
    data = clip.path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_clip_says_where_it_cannot_be_written(tmp_path: Path) -> None:
    """A folder that is not there is an error of vidkit's that names the file."""
    missing = tmp_path / "nowhere" / "clip.mp4"
    with pytest.raises(OutputError, match="nowhere"):
        make_clip(picture(), wav(tone(0.5)), missing, SMALL)


def test_file_that_is_no_clip_is_refused(tmp_path: Path) -> None:
    """Reading a clip from another file tells which file is wrong."""
    other = tmp_path / "other.mp4"
    other.write_bytes(b"no video at all" * 100)
    with pytest.raises(MediaError, match=r"other\.mp4"):
        read_clip(other)


def test_clips_made_at_once_are_those_made_alone(tmp_path: Path) -> None:
    """Threads that make clips at the same time do not disturb each other."""

    def make(number: int, folder: str) -> bytes:
        path = tmp_path / f"{folder}{number}.mp4"
        frame = Frame(size=(160, 90), fps=(24, 30)[number % 2])
        make_clip(picture(number), wav(speech_like(0.5, seed=number)), path, frame)
        return path.read_bytes()

    alone = [make(number, "alone") for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(make, range(6), repeat("together")))
    assert together == alone


def memory_for(sections: int, folder: Path) -> float:
    """Megabytes that a process of its own takes at most to make and join `sections`.

    Linux counts the parent's memory at the fork into a child's `ru_maxrss`, so its own high-water
    mark is read where there is one; psutil knows that of Windows.
    """
    code = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from made_media import picture, speech_like, wav
from vidkit.media import Frame, join_clips, make_clip
folder, frame = Path({str(folder)!r}), Frame(size=(640, 360))
sound, clips = wav(speech_like(2.0)), []
for number in range({sections}):
    path = folder / f"{{number}}.mp4"
    make_clip(picture(number, (640, 360)), sound, path, frame)
    clips.append(path)
join_clips(clips, folder / "video.mp4", frame)
try:
    status = Path("/proc/self/status").read_text()
    print(status.split("VmHWM:")[1].split()[0])
except OSError:
    import psutil
    peak = getattr(psutil.Process().memory_info(), "peak_wset", None)
    if peak is None:
        import resource
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(peak)
"""
    root = Path(__file__).parents[1]
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return int(done.stdout) / (1024 if sys.platform == "linux" else 1 << 20)


def test_memory_does_not_grow_with_the_lesson(tmp_path: Path) -> None:
    """A lesson of 60 sections takes the memory of one of 6, and neither takes 250 MB."""
    short, long = memory_for(6, tmp_path), memory_for(60, tmp_path)
    assert long < 250
    assert long < short * 1.1
