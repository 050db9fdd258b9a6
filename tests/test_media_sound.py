"""Sounds: whatever a voice or a teacher gives is heard, or refused by name."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path

import numpy as np
import pytest
from made_media import encoded, speech_like, tone, wav

from vidkit.errors import MediaError
from vidkit.media import check_sound, open_sound
from vidkit.media.audio import without_rumble
from vidkit.media.frame import RATE

CODECS = [
    ("wav", "pcm_u8"),
    ("wav", "pcm_s16le"),
    ("wav", "pcm_s24le"),
    ("wav", "pcm_s32le"),
    ("wav", "pcm_f32le"),
    ("wav", "pcm_f64le"),
    ("mp3", "mp3"),
    ("ogg", "vorbis"),
    ("ogg", "libopus"),
    ("flac", "flac"),
    ("ipod", "aac"),
]
THERE_IS_NONE: list[tuple[str, str | int]] = [
    ("vorbis", "mono"), ("mp3", 96_000), ("libopus", 96_000),
]  # fmt: skip
"""What FFmpeg does not encode."""


@pytest.mark.parametrize(
    ("container", "codec", "layout", "rate"),
    [
        (container, codec, layout, rate)
        for (container, codec), layout, rate in itertools.product(
            CODECS, ("mono", "stereo"), (8_000, 24_000, 48_000, 96_000)
        )
        if (codec, layout) not in THERE_IS_NONE and (codec, rate) not in THERE_IS_NONE
    ],
)
def test_kinds_and_rates_are_opened(container: str, codec: str, layout: str, rate: int) -> None:
    """Each kind, depth, rate and number of channels is heard: its tone, level and length."""
    data = encoded(tone(1.0, rate), container, codec, rate, layout)
    sound = open_sound(data)
    heard = np.concatenate(list(sound.pieces(48_000)))
    assert len(heard) / 48_000 == pytest.approx(1.0, abs=0.16)
    middle = heard[12_000:36_000]
    spectrum = np.abs(np.fft.rfft(middle))
    assert int(spectrum.argmax()) * 2 == pytest.approx(440, abs=4)
    assert np.sqrt((middle**2).mean()) == pytest.approx(0.3 / np.sqrt(2), rel=0.45)


def test_samples_are_those_of_the_file() -> None:
    """At its own rate a 16-bit WAV gives its values exactly."""
    samples = tone(0.25)
    sound = open_sound(wav(samples))
    assert sound.rate == 24_000
    assert np.abs(sound.samples() - samples).max() < 1 / 32_000


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b'{"error": "quota"}',
        b"#EXTM3U\nhttp://example.org/a.mp3\n",
        b"ffconcat version 1.0\nfile 'secret.wav'\n",
        b"RIFF\0\0\0\0AVI LIST",
        b"\x00" * 200,
        b"http://example.org/a.mp3",
    ],
)
def test_what_is_no_sound_is_refused(data: bytes) -> None:
    """A playlist, an address, a text or an empty answer is refused, and never followed."""
    with pytest.raises(MediaError, match=r"answer is .*; give a WAV, MP3"):
        check_sound(data, "answer")


def test_missing_sound_is_refused_by_name(tmp_path: Path) -> None:
    """A narration that is not there is named."""
    with pytest.raises(MediaError, match=r"voice\.wav is not there"):
        open_sound(tmp_path / "voice.wav")


def test_truncated_wav_is_refused() -> None:
    """A WAV that ends before its header says is refused with both sizes."""
    data = wav(tone(4.0))
    with pytest.raises(MediaError, match=r"voice\.wav breaks off: .*192000 bytes.* 48000"):
        check_sound(data[: 44 + 48_000], "voice.wav")


def test_truncated_flac_is_refused() -> None:
    """A FLAC that ends before its header says is refused with both lengths."""
    data = encoded(np.random.default_rng(0).normal(0, 0.1, 96_000).astype("f4"), "flac", "flac")
    with pytest.raises(MediaError, match=r"voice\.flac breaks off: .*4\.0 s.* 1\.\d s"):
        check_sound(data[: len(data) * 3 // 8], "voice.flac")


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF000, 0x7FFFFFFF])
def test_streamed_wav_is_heard_to_its_end(size: int) -> None:
    """The sizes that streaming writers put, for they know none, mean "to the end"."""
    data = bytearray(wav(tone(1.0)))
    data[4:8] = struct.pack("<I", min(size + 36, 0xFFFFFFFF))
    data[40:44] = struct.pack("<I", size)
    assert len(open_sound(bytes(data)).samples()) == 24_000


@pytest.mark.parametrize("rate", [0, 1, 4_000_000_000])
def test_impossible_rate_is_refused(rate: int) -> None:
    """A header with a rate that no sound has is refused."""
    data = bytearray(wav(tone(0.5)))
    data[24:28] = struct.pack("<I", rate)
    with pytest.raises(MediaError, match=r"voice\.wav"):
        check_sound(bytes(data), "voice.wav")


FORMS = {"wav": "pcm_s16le", "mp3": "libmp3lame", "ogg": "libopus", "flac": "flac", "ipod": "aac"}
FORMS |= {"aiff": "pcm_s24be", "caf": "pcm_f32le", "au": "pcm_s16be", "ac3": "ac3", "eac3": "eac3"}
FORMS |= {"w64": "pcm_s16le", "asf": "wmav2", "wv": "wavpack", "tta": "tta", "mp2": "mp2"}


@pytest.mark.parametrize("container", FORMS)
def test_a_sound_of_any_form_is_heard_in_its_whole_length(container: str) -> None:
    """Whatever FFmpeg decodes, recognised by how it begins."""
    sound = open_sound(encoded(tone(1.2, 48_000), container, FORMS[container], 48_000))
    assert len(sound.samples()) / sound.rate == pytest.approx(1.2, abs=0.1)


@pytest.mark.parametrize("container", ["aiff", "au", "wv", "tta"])
def test_half_of_a_sound_that_tells_its_length_is_refused(container: str) -> None:
    """Half of a narration is not taken for the whole."""
    data = encoded(speech_like(3.0, 48_000), container, FORMS[container], 48_000)
    with pytest.raises(MediaError, match="voice"):
        check_sound(data[: len(data) // 2], "voice")


@pytest.mark.parametrize("container", FORMS)
def test_garbled_sound_is_refused_or_heard(container: str) -> None:
    """Whatever bytes are broken, the answer is a sound or an error that names the file."""
    data = encoded(tone(0.5, 48_000), container, FORMS[container], 48_000)
    rng = np.random.default_rng(1)
    for _ in range(40):
        broken = bytearray(data)
        for place in rng.integers(12, len(data), 20):
            broken[place] = int(rng.integers(256))
        try:
            heard = open_sound(bytes(broken), "voice").samples()
        except MediaError as error:
            assert "voice" in str(error)
        else:
            assert np.isfinite(heard).all()


def test_sounds_put_together_are_heard_whole() -> None:
    """MP3 answers that were put behind each other, as gTTS does, are heard to the end."""
    one = encoded(tone(1.0), "mp3", "mp3")
    assert len(open_sound(one * 3).samples()) / 24_000 == pytest.approx(3.1, abs=0.2)


def test_endless_sound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A narration beyond the limit is refused as soon as the limit is passed."""
    monkeypatch.setattr("vidkit.media.audio.MOST_HOURS", 1 / 3600)
    with pytest.raises(MediaError, match="lasts more than"):
        check_sound(wav(tone(1.5)), "voice.wav")


@pytest.mark.parametrize("channels", [3, 6])
def test_many_channels_are_heard(channels: int) -> None:
    """A recording of more than two channels is heard, or refused by name."""
    try:
        heard = open_sound(wav(tone(0.5), channels=channels), "voice.wav").samples()
    except MediaError as error:
        assert "voice.wav" in str(error)
    else:
        assert np.abs(heard).max() > 0.05


def test_not_a_number_is_silence() -> None:
    """Samples that are no numbers do not spread."""
    samples = tone(0.2)
    data = bytearray(encoded(samples, "wav", "pcm_f32le"))
    data[-400:-200] = np.full(50, np.nan, "<f4").tobytes()
    assert np.isfinite(open_sound(bytes(data)).samples()).all()


def test_rumble_goes_and_the_voice_stays() -> None:
    """What is below a voice, as of a touched table, loses 12 dB and more; the rest nothing."""
    time = np.arange(2 * RATE) / RATE
    hum, voice = np.sin(2 * np.pi * 25 * time), np.sin(2 * np.pi * 220 * time)
    mixed = (0.2 * hum + 0.2 * voice).astype(np.float32)
    heard = np.concatenate(list(without_rumble([mixed[:50_000], mixed[50_000:]])))
    assert len(heard) == len(mixed)
    lines = np.abs(np.fft.rfft(heard[RATE:])) / (RATE / 2)
    assert lines[25] < 0.2 / 4
    assert lines[220] == pytest.approx(0.2, rel=0.02)
