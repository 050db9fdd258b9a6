"""Loudness: sections sound alike, whatever voice spoke them, and nothing clips or clicks.

The judge is FFmpeg's `ebur128` filter, which shares nothing with vidkit's own meter.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_media import decoded, encoded, judged, picture, speech_like, tone, wav

from vidkit.media import Clip, Frame, find_speech, join_clips, make_clip, open_sound
from vidkit.media.frame import BLOCK, RATE, padded
from vidkit.media.loudness import HOP, level, levelled, measure, true_peak
from vidkit.media.narration import MOST_PEAK, decoded_packets, levelled_track

SMALL = Frame(size=(32, 32))


def clip_of(
    folder: Path,
    samples: np.ndarray[Any, Any],
    rate: int = 24_000,
    name: str = "clip",
    frame: Frame = SMALL,
) -> Clip:
    """A clip whose narration is `samples`, stored as floats so that no level is lost."""
    narration = encoded(samples.astype(np.float32), "wav", "pcm_f32le", rate)
    return make_clip(picture(size=(32, 32)), narration, folder / f"{name}.mp4", frame)


@pytest.mark.parametrize("level_in", [0.02, 0.3, 1.0, 4.0])
@pytest.mark.parametrize("rate", [8_000, 24_000, 44_100, 96_000])
def test_sections_sound_alike(tmp_path: Path, level_in: float, rate: int) -> None:
    """However quiet or loud a voice is, its section has -16 LUFS and peaks under -1.5 dB."""
    clip = clip_of(tmp_path, speech_like(4.0, rate, level_in), rate)
    loudness, peak = judged(decoded(clip.path).sound)
    assert loudness == pytest.approx(-16, abs=1)
    assert peak <= -1.5


@pytest.mark.parametrize(
    "sound",
    [
        tone(3.0, level=0.9),
        tone(3.0, 48_000, level=0.9, pitch=11_950),
        np.sign(tone(3.0, level=1.0, pitch=100)),
        np.random.default_rng(0).normal(0, 0.3, 72_000),
        np.where(np.arange(72_000) % 6_000 == 0, 1.0, speech_like(3.0, level=0.05)),
    ],
    ids=["tone", "high tone", "square wave", "noise", "clicks over speech"],
)
def test_hard_sounds_stay_under_the_peak(tmp_path: Path, sound: np.ndarray[Any, Any]) -> None:
    """Sounds that coding makes louder stay under -1.5 dB of true peak too."""
    rate = 48_000 if len(sound) == 144_000 else 24_000
    _, peak = judged(decoded(clip_of(tmp_path, sound, rate).path).sound)
    assert peak <= -1.5


def test_joined_sections_keep_their_levels(tmp_path: Path) -> None:
    """In the video a whispered and a shouted section are equally loud."""
    clips = [
        clip_of(tmp_path, speech_like(3.5, level=loud, seed=number), name=str(number))
        for number, loud in enumerate((0.02, 0.9))
    ]
    joined = join_clips([clip.path for clip in clips], tmp_path / "video.mp4", SMALL)
    sound = decoded(tmp_path / "video.mp4").sound
    seam = round(joined.starts[1] * RATE)
    assert judged(sound[:seam])[0] == pytest.approx(judged(sound[seam:])[0], abs=0.5)


@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.45, 1.0])
def test_short_sounds_are_made(tmp_path: Path, seconds: float) -> None:
    """A sound too short to measure by the book is audible and does not clip."""
    clip = clip_of(tmp_path, tone(seconds, level=0.1))
    sound = decoded(clip.path).sound
    assert 0.05 < np.abs(sound).max() < 0.85
    assert clip.seconds == pytest.approx(seconds + 0.4, abs=0.03)


def test_silence_stays_silent(tmp_path: Path) -> None:
    """A silent narration, or one of faint noise, is not made loud."""
    faint = np.random.default_rng(0).normal(0, 1e-5, 96_000)
    for number, sound in enumerate((np.zeros(96_000), faint)):
        clip = clip_of(tmp_path, sound, name=str(number))
        assert np.abs(decoded(clip.path).sound).max() < 1e-3
        assert clip.speech == pytest.approx((0, 4.0), abs=0.01)


def test_speech_is_found_between_silences(tmp_path: Path) -> None:
    """Where the voice starts and ends is told, its pauses included."""
    quiet = np.zeros(12_000, np.float32)
    sound = np.concatenate([quiet, tone(0.7), quiet, tone(0.3), quiet, quiet])
    clip = clip_of(tmp_path, sound)
    assert clip.speech == pytest.approx((0.5, 2.0), abs=0.01)
    assert clip.seconds == pytest.approx(3.4, abs=0.03)


@pytest.mark.parametrize("off", [0.02, -0.15])
def test_a_constant_in_a_recording_hides_no_pause(tmp_path: Path, off: float) -> None:
    """What a cheap microphone adds is no voice: speech and its pauses are where they are heard."""
    quiet = np.zeros(24_000, np.float32)
    sound = np.concatenate([quiet, tone(0.7), quiet, tone(0.3), quiet]) + np.float32(off)
    assert clip_of(tmp_path, sound).speech == pytest.approx((1.0, 3.0), abs=0.02)
    found = find_speech(wav(sound))
    assert found["heard"] == pytest.approx([1.0, 3.0], abs=0.02)
    assert found["pauses"] == [pytest.approx([1.7, 2.7], abs=0.02)]


def test_no_click_at_a_seam(tmp_path: Path) -> None:
    """A narration that stops in full swing ends softly: no leap and no treble at the seam."""
    # A quarter of a wave more than 200: it stops where it is highest.
    clips = [clip_of(tmp_path, tone(1.00125, level=0.9, pitch=200), name=n) for n in "ab"]
    join_clips([clip.path for clip in clips], tmp_path / "video.mp4", SMALL)
    sound = decoded(tmp_path / "video.mp4").sound
    seam = clips[0].samples
    swing = 2 * np.pi * 200 / RATE * float(np.abs(sound).max())
    for place in (round(1.00125 * RATE), seam):
        around = sound[place - 600 : place + 600]
        assert np.abs(np.diff(around)).max() < 2 * swing


@pytest.mark.parametrize("gap", [0.0, 0.4])
def test_section_needs_nothing_of_its_neighbours(tmp_path: Path, gap: float) -> None:
    """A section sounds the same, sample for sample, whatever stands before or after it.

    It ends in silence. The last block of that is left out: the next section's first packet
    starts there.
    """
    frame = Frame(size=(32, 32), gap=gap)
    # 50 whole blocks that end in mid-syllable.
    clips = [
        clip_of(tmp_path, speech_like(50 * 1024 / RATE, seed=seed), name=str(seed), frame=frame)
        for seed in range(3)
    ]
    alone = decoded(clips[1].path).sound
    joined = join_clips([clip.path for clip in clips], tmp_path / "video.mp4", frame)
    seam = round(joined.starts[1] * RATE)
    beside = decoded(tmp_path / "video.mp4").sound[seam : seam + len(alone) - 1024]
    assert np.abs(alone).max() > 0.1
    assert np.abs(alone[-2048:]).max() < 1e-6
    assert np.array_equal(beside, alone[:-1024])


def test_long_narration_is_read_twice_and_sounds_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A narration too long to keep in memory gives the same clip as one that is kept."""
    sound = speech_like(2.0)
    kept = clip_of(tmp_path, sound, name="kept").path.read_bytes()
    monkeypatch.setattr("vidkit.media.narration._KEPT_SAMPLES", 1000)
    assert clip_of(tmp_path, sound, name="again").path.read_bytes() == kept


@given(seed=st.integers(0, 999), loud=st.floats(0.01, 3.0), rate=st.sampled_from([16_000, RATE]))
@settings(max_examples=15, deadline=None)
def test_meter_agrees_with_others(seed: int, loud: float, rate: int) -> None:
    """vidkit's loudness and FFmpeg's differ by less than a fifth of a decibel, and its true peak
    and that of the whole sound's Fourier interpolation by a twentieth. (FFmpeg's true peak can be
    a quarter low.)
    """
    sound = open_sound(
        encoded(speech_like(3.0, rate, loud, seed), "wav", "pcm_f32le", rate)
    ).pieces(RATE)
    whole = np.concatenate(list(sound))
    assert measure([whole]).loudness == pytest.approx(judged(whole)[0], abs=0.2)
    quiet = np.pad(whole.astype(float), RATE // 10)  # or its end would run into its beginning
    finer = 32 * np.fft.irfft(np.fft.rfft(quiet), 32 * len(quiet))
    highest = 20 * np.log10(np.abs(finer).max())
    assert true_peak(whole, -60) == pytest.approx(highest, abs=0.05)


@given(seed=st.integers(0, 999), crest=st.floats(1, 60))
@settings(max_examples=30, deadline=None)
def test_limiter_never_lets_a_sample_through(seed: int, crest: float) -> None:
    """After the gain no sample is above the ceiling, whatever the peaks, and no gain is odd."""
    rng = np.random.default_rng(seed)
    sound = rng.normal(0, 0.01, RATE).astype(np.float32)
    sound[rng.integers(0, RATE, 20)] *= crest
    levels = level(measure([sound]), -3.0)
    assert np.abs(levels.apply(sound, 0)).max() <= 10 ** (-3 / 20) + 1e-6
    assert len(levels.gains) == RATE // HOP + 1
    assert levels.gains.min() >= 0


def test_wav_of_two_channels_is_heard_as_one(tmp_path: Path) -> None:
    """Stereo is mixed to mono at the same loudness as mono."""
    one, two = (
        make_clip(
            picture(size=(32, 32)),
            wav(speech_like(3.0), channels=channels),
            tmp_path / f"{channels}.mp4",
            SMALL,
        )
        for channels in (1, 2)
    )
    assert judged(decoded(one.path).sound)[0] == pytest.approx(
        judged(decoded(two.path).sound)[0], abs=0.3
    )


@pytest.mark.parametrize("silence", [0, 200, 12_000])
def test_a_sound_that_breaks_off_ends_without_a_click(silence: int) -> None:
    """A part of a narration that ends at its full height, whatever silence follows, is led to
    nothing: its end has no step that its own waves have not."""
    sound = np.cos(np.arange(24_001) * 2 * np.pi * 200 / 24_000) * 0.5
    broken_off = np.concatenate([sound, np.zeros(silence)]).astype(np.float32)
    part, _ = levelled(encoded(broken_off, "wav", "pcm_f32le", 24_000), -2.8)
    steps = np.abs(np.diff(np.append(part, 0)))
    assert steps[-1_000:].max() < 2 * steps[8_000:16_000].max()


@pytest.mark.parametrize("seed", [8, 13, 25])
def test_a_peak_that_coding_raises_is_lowered_where_it_is(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not beside it stays as it was, to the byte, and nothing is too loud."""
    random, times = np.random.default_rng(seed), np.arange(6 * RATE) / RATE
    phase = 2 * np.pi * np.cumsum(120 + 20 * np.sin(3 * times)) / RATE
    voice = sum(np.cos(k * phase) / k for k in range(1, 40))
    sound = voice * np.clip(np.sin(4 * np.pi * times + random.uniform(0, 6)), 0, 1) ** 2 / 10
    for at in random.integers(0, len(sound), 6):
        sound[at : at + 40] += random.normal(0, 1, len(sound[at : at + 40]))
    pieces = [sound.astype(np.float32)]
    measured, samples = measure(pieces), padded(len(sound), Frame())
    once = levelled_track(pieces, measured, samples, (0.0, 1.0))
    monkeypatch.setattr("vidkit.media.narration._ATTEMPTS", 0)
    before = levelled_track(pieces, measured, samples, (0.0, 1.0))

    def peak(packets: list[bytes]) -> float:
        return true_peak(np.concatenate(list(decoded_packets(packets))), -6.0)

    assert peak(before.packets) > MOST_PEAK >= peak(once.packets)
    changed = sum(a != b for a, b in zip(before.packets, once.packets, strict=True))
    assert 0 < changed < samples // BLOCK / 5
