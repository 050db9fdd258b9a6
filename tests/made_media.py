"""Small pictures and tones for the tests, and what can be measured of a finished file.

Everything is decoded by PyAV; no other program is needed.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from PIL import Image, ImageDraw

RATE = 32_000


def picture(number: int = 0, size: tuple[int, int] = (160, 90), kind: str = "PNG") -> bytes:
    """A picture that shows `number`: its own colour, a lighter bar and some noise."""
    image = Image.new("RGB", size, colour(number))
    draw = ImageDraw.Draw(image)
    left = (number * 37) % max(1, size[0] // 2)
    draw.rectangle((left, size[1] // 4, left + size[0] // 3, size[1] // 2), fill="white")
    return saved(image, kind)


def colour(number: int) -> tuple[int, int, int]:
    """A colour that differs clearly from those of the numbers before and after."""
    return (40 + number * 97 % 160, 40 + number * 61 % 160, 40 + number * 149 % 160)


def noise_picture(size: tuple[int, int], seed: int = 0) -> Image.Image:
    """The worst case for an encoder."""
    values = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    return Image.fromarray(values)


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """`image` as the bytes of a file."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def tone(
    seconds: float, rate: int = 24_000, level: float = 0.3, pitch: float = 440.0
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A sine of `level` (1 is full scale)."""
    time = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * pitch * time)).astype(np.float32)


def speech_like(
    seconds: float, rate: int = 24_000, level: float = 0.3, seed: int = 0
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Noise coloured and paced like speech: syllables, pauses, peaks far above the mean."""
    rng = np.random.default_rng(seed)
    count = round(seconds * rate)
    spectrum = np.fft.rfft(rng.normal(size=count))
    pitches = np.fft.rfftfreq(count, 1 / rate)
    spectrum *= (pitches > 90) / (1 + (pitches / 500) ** 2)
    sound = np.fft.irfft(spectrum, count)
    syllables = np.clip(np.sin(2 * np.pi * 2.1 * np.arange(count) / rate) + 0.6, 0, None)
    sound = sound * syllables
    return (level * sound / np.abs(sound).max()).astype(np.float32)


def wav(
    samples: np.ndarray[Any, np.dtype[np.float32]], rate: int = 24_000, channels: int = 1
) -> bytes:
    """`samples` as a 16-bit WAV file; more channels repeat the first."""
    whole = np.round(np.clip(samples, -1, 1) * 32767).astype("<i2")
    file = BytesIO()
    with wave.open(file, "wb") as sink:
        sink.setnchannels(channels)
        sink.setsampwidth(2)
        sink.setframerate(rate)
        sink.writeframes(np.repeat(whole, channels).tobytes())
    return file.getvalue()


def encoded(
    samples: np.ndarray[Any, np.dtype[np.float32]],
    container: str,
    codec: str,
    rate: int = 24_000,
    layout: str = "mono",
) -> bytes:
    """`samples` as a file of another kind, such as ("mp3", "mp3") or ("wav", "pcm_s24le")."""
    file = BytesIO()
    with av.open(file, "w", format=container) as sink:
        stream = sink.add_stream(codec, rate=rate, options={"strict": "-2"})
        stream.layout = layout
        stream.bit_rate = 128_000
        channels = 2 if layout == "stereo" else 1
        frame = av.AudioFrame.from_ndarray(
            np.repeat(samples[np.newaxis], channels, axis=0), format="fltp", layout=layout
        )
        frame.sample_rate = rate
        for made in av.AudioResampler(stream.format, layout, rate).resample(frame):
            sink.mux(stream.encode(made))
        sink.mux(stream.encode(None))
    return file.getvalue()


def film(
    path: Path,
    seconds: float,
    *,
    size: tuple[int, int] = (64, 36),
    fps: int = 24,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    sound: np.ndarray[Any, np.dtype[np.float32]] | None = None,
    turned: int = 0,
    uneven: bool = False,
    options: dict[str, str] | None = None,
) -> Path:
    """A film that grows redder: by 60 of 255 in a second; its upper left quarter is green.

    `sound` is at 48 kHz; `turned` is what a phone writes that was held so (degrees); `uneven`
    leaves out two of three pictures in the second half.
    """
    count = max(1, round(seconds * fps))
    with av.open(str(path), "w", options=options or {}) as sink:
        pictures = sink.add_stream(codec, rate=fps)
        pictures.width, pictures.height = size
        pictures.pix_fmt = pixels
        if turned:
            pictures.set_display_rotation(turned)
        if sound is not None:
            sounds = sink.add_stream("libopus" if path.suffix == ".webm" else "aac", rate=48_000)
            sounds.layout = "mono"
        for number in range(count):
            if uneven and number > count // 2 and number % 3 and number < count - 1:
                continue
            shown = np.zeros((size[1], size[0], 3), np.uint8)
            shown[:, :, 0] = min(255, round(60 * number / fps))
            shown[: size[1] // 2, : size[0] // 2] = (0, 255, 0)
            frame = av.VideoFrame.from_ndarray(shown, format="rgb24")
            frame = frame.reformat(format=pixels, dst_colorspace="ITU601")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            sink.mux(pictures.encode(frame))
        sink.mux(pictures.encode(None))
        if sound is not None:
            frame = av.AudioFrame.from_ndarray(sound[np.newaxis], format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
            for made in av.AudioResampler(sounds.format, "mono", 48_000).resample(frame):
                sink.mux(sounds.encode(made))
            sink.mux(sounds.encode(None))
    return path


@dataclass(frozen=True)
class Decoded:
    """A video file, decoded: `pictures` are the mean colours of the frames, shape
    (frames, 3); `times` when each is shown, in seconds; `keys` those of the key frames;
    `sound` mono at 48 kHz from time 0."""

    pictures: np.ndarray[Any, np.dtype[np.float64]]
    times: list[Fraction]
    keys: list[Fraction]
    sound: np.ndarray[Any, np.dtype[np.float32]]


def decoded(path: Path) -> Decoded:
    """Decodes every packet of the video in `path`; any fault that FFmpeg sees raises."""
    pictures, times, keys = [], [], []
    sound: list[tuple[int, np.ndarray[Any, np.dtype[np.float32]]]] = []
    scaler = VideoReformatter()
    with av.open(str(path), options={"err_detect": "explode"}) as container:
        for stream in container.streams:
            if stream.type in ("video", "audio"):
                stream.codec_context.options = {"err_detect": "explode"}
        for frame in container.decode(video=0, audio=0):
            if isinstance(frame, av.VideoFrame):
                small = scaler.reformat(frame, 8, 8, "rgb24", src_colorspace="ITU709")
                pictures.append(small.to_ndarray().mean((0, 1)))
                times.append(frame.pts * frame.time_base)
                if frame.key_frame:
                    keys.append(frame.pts * frame.time_base)
            else:
                sound.append((frame.pts, frame.to_ndarray()[0]))
    expected = sound[0][0]
    for at, samples in sound:
        assert at == expected, "the sound has a hole"
        expected += len(samples)
    heard = np.concatenate([samples for _, samples in sound])
    first = sound[0][0]
    heard = np.concatenate([np.zeros(max(0, first), np.float32), heard[max(0, -first) :]])
    return Decoded(np.array(pictures), times, keys, heard)


def picture_at(path: Path, number: int) -> tuple[Any, Any]:
    """Frame `number` of the video in `path` as (luma plane, RGB array), both uint8."""
    with av.open(str(path)) as container:
        for place, frame in enumerate(container.decode(video=0)):
            if place == number:
                rgb = frame.reformat(
                    format="rgb24", src_colorspace="ITU709", interpolation="BICUBIC"
                ).to_ndarray()
                return frame.to_ndarray()[: frame.height], rgb
    raise AssertionError(f"{path} has no frame {number}")


def decibels(one: Any, other: Any) -> float:
    """Peak signal-to-noise ratio of two arrays of 8-bit values."""
    error = np.mean((np.asarray(one, float) - np.asarray(other, float)) ** 2)
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def judged(sound: np.ndarray[Any, Any], rate: int = RATE) -> tuple[float, float]:
    """(integrated loudness in LUFS, true peak in dB) of `sound`, by FFmpeg's `ebur128`."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(
        sample_rate=rate, format="flt", layout="mono", time_base=Fraction(1, rate)
    )
    meter = graph.add("ebur128", "metadata=1:framelog=quiet:peak=true")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(sound, np.float32)[np.newaxis], format="flt", layout="mono"
    )
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    source.push(frame)
    source.push(None)
    said: dict[str, str] = {}
    while True:
        try:
            said |= sink.pull().metadata
        except (av.BlockingIOError, av.EOFError):
            break
    peak = float(said["lavfi.r128.true_peak"])
    return float(said["lavfi.r128.I"]), 20 * float(np.log10(max(peak, 1e-9)))
