"""Music beneath a video: measured in what is heard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_media import decoded, encoded, judged, picture, tone, wav
from test_film import QUICK, at_pitch, made, written

from vidkit.errors import LessonError, MediaError
from vidkit.media import Frame, join_clips, make_clip
from vidkit.media.narration import ALONE, FADE_OUT, UNDER
from vidkit.models import Music, load_lesson

FRAME = Frame(size=(64, 48), gap=0.2)
PITCH = 2_000.0


def voice(seconds: float, pause: float = 0.0) -> bytes:
    """Syllables at 300 Hz, with a pause in the middle."""
    sound = tone(seconds, pitch=300) * (np.sin(np.arange(round(seconds * 24_000)) / 1500) > -0.6)
    silence = np.zeros(round(pause * 24_000), np.float32)
    return wav(np.concatenate([sound, silence, sound]).astype(np.float32))


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two sections, 17 s: speech to 4 s, nothing to 10, speech to the end."""
    folder = tmp_path_factory.mktemp("clips")
    made = [
        make_clip(picture(n), voice(seconds, pause), folder / f"{n}.mp4", FRAME)
        for n, (seconds, pause) in enumerate([(4, 6), (1.5, 0)])
    ]
    return [clip.path for clip in made]


@pytest.fixture(scope="module")
def piece(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of music: one pitch, not a whole number of its waves."""
    path = tmp_path_factory.mktemp("music") / "m.mp3"
    path.write_bytes(encoded(tone(3.0001, 48_000, pitch=PITCH), "mp3", "mp3", 48_000))
    return path


def levels(sound: np.ndarray[Any, Any], step: float = 0.25) -> list[float]:
    """How loud the music is, a quarter of a second at a time, in dB."""
    size = round(step * 32_000)
    return [at_pitch(sound[at : at + size], PITCH) - 3 for at in range(0, len(sound) - size, size)]


def test_music_is_soft_under_the_voice_and_rises_in_a_long_pause(
    tmp_path: Path, clips: list[Path], piece: Path
) -> None:
    """At least 14 dB under the voice while somebody speaks, and then 14 dB louder; the video is as
    loud as one without, and as far from full scale.
    """
    out = tmp_path / "video.mp4"
    join_clips(clips, out, FRAME, music=Music(piece))
    heard = decoded(out).sound
    loud = levels(heard)
    spoken, alone = np.median(loud[6:15]), np.median(loud[24:36])
    speech = judged(heard[48_000 : 4 * 32_000])[0]
    assert speech - spoken > 14
    assert alone - spoken == pytest.approx(ALONE - UNDER, abs=1.5)
    assert max(loud[30:39]) == max(loud)
    assert loud[41] - spoken < 3, "it is down again when somebody speaks"
    loudness, peak = judged(heard)
    assert loudness == pytest.approx(-16, abs=0.7)
    assert peak < -1


def test_music_fades_in_and_out(tmp_path: Path, clips: list[Path], piece: Path) -> None:
    """It begins and ends in silence, and falls all through the last seconds."""
    out = tmp_path / "video.mp4"
    join_clips(clips, out, FRAME, music=Music(piece))
    heard = decoded(out).sound
    loud = levels(heard)
    assert loud[0] < loud[7] - 6
    last = loud[-round(FADE_OUT / 0.25) :]
    assert last[-1] < last[0] - 12
    assert np.abs(heard[-300:]).max() < 0.003


def test_nobody_hears_where_the_music_begins_again(tmp_path: Path, piece: Path) -> None:
    """Three seconds, again and again under ten of silence: nowhere a click or a hole."""
    make_clip(picture(), None, tmp_path / "c.mp4", FRAME, seconds=12)
    out = tmp_path / "video.mp4"
    join_clips([tmp_path / "c.mp4"], out, FRAME, music=Music(piece))
    heard = decoded(out).sound[64_000:-128_000]
    size = 640
    spectra = np.abs(np.fft.rfft(heard[: len(heard) // size * size].reshape(-1, size)))
    whole = np.sqrt((spectra**2).sum(1))
    own = np.sqrt((spectra[:, 36:45] ** 2).sum(1))
    assert ((whole - own) / whole.max()).max() < 0.12, "a click is heard at all pitches"
    assert np.abs(np.diff(heard)).max() < 1.3 * np.median(np.abs(np.diff(heard))) * np.pi / 2
    strength = np.abs(heard[: len(heard) // 3200 * 3200]).reshape(-1, 3200).max(1)
    assert strength.min() > 0


def test_the_pictures_are_those_of_a_video_without(
    tmp_path: Path, clips: list[Path], piece: Path
) -> None:
    """Only the sound is encoded again; chapters, length and rate stay."""
    plain = join_clips(clips, tmp_path / "plain.mp4", FRAME, titles=["One", "Two"])
    other = join_clips(
        clips, tmp_path / "music.mp4", FRAME, titles=["One", "Two"], music=Music(piece)
    )
    assert plain == other
    one, two = decoded(tmp_path / "plain.mp4"), decoded(tmp_path / "music.mp4")
    assert np.array_equal(one.pictures, two.pictures) and one.times == two.times
    assert len(one.sound) == len(two.sound)


def test_volume_moves_it_by_so_many_decibels(
    tmp_path: Path, clips: list[Path], piece: Path
) -> None:
    """In the file of a lesson it is `volume`."""
    found = []
    for volume in (0, -10):
        join_clips(clips, tmp_path / "v.mp4", FRAME, music=Music(piece, volume))
        found.append(np.median(levels(decoded(tmp_path / "v.mp4").sound)[6:15]))
    assert found[0] - found[1] == pytest.approx(10, abs=1.5)


def test_silence_is_no_music(tmp_path: Path, clips: list[Path]) -> None:
    """It is told by its name, as what cannot be decoded is."""
    (tmp_path / "m.wav").write_bytes(wav(np.zeros(24_000, np.float32)))
    with pytest.raises(MediaError, match=r"m\.wav is silent"):
        join_clips(clips, tmp_path / "v.mp4", FRAME, music=Music(tmp_path / "m.wav"))
    (tmp_path / "m.wav").write_text("la la la")
    with pytest.raises(MediaError, match=r"m\.wav is no sound"):
        join_clips(clips, tmp_path / "v.mp4", FRAME, music=Music(tmp_path / "m.wav"))


def test_music_makes_no_clip_again(tmp_path: Path) -> None:
    """Added, changed and taken away it is the join that is made, and nothing else."""
    section = {"content": "One sentence is enough.", "image_description": "A lamp."}
    path = written(tmp_path, section)
    plain, _ = made(path, QUICK)
    without = plain.path.read_bytes()
    (tmp_path / "m.wav").write_bytes(wav(tone(2)))
    for music in ("m.wav", {"file": "m.wav", "volume": -6}):
        _, steps = made(written(tmp_path, section, music=music), QUICK)
        assert {step for step, what in steps.items() if what == "made"} == {"join"}
    (tmp_path / "m.wav").write_bytes(wav(tone(2, pitch=500)))
    assert made(path, QUICK)[1]["join"] == "made"
    report, steps = made(written(tmp_path, section), QUICK)
    assert set(steps.values()) == {"kept"}
    assert report.path.read_bytes() == without


@pytest.mark.parametrize(
    ("music", "told"),
    [
        ("../m.wav", "which leaves the lesson's folder"),
        ("m.mp4", "which is none of wav, mp3"),
        ("https://example.org/m.mp3", "which is an address"),
        ({"file": "m.wav", "volume": 6}, "gives `volume` as the number 6"),
        ({"volume": -3}, "names no file"),
    ],
)
def test_what_a_lesson_may_not_say_of_its_music_is_told(
    tmp_path: Path, music: object, told: str
) -> None:
    """With the field and the mend."""
    inside = tmp_path / "in"
    inside.mkdir()
    for folder in (inside, tmp_path):
        (folder / "m.wav").write_bytes(wav(tone(0.2)))
    with pytest.raises(LessonError) as error:
        load_lesson(written(inside, {"content": "A.", "image_description": "B."}, music=music))
    (fault,) = error.value.faults
    assert told in fault.problem and (fault.section, fault.field) == (None, "music")
