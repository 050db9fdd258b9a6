"""Narrations as they come: recognised, checked, and read piece by piece."""

from __future__ import annotations

import gc
import itertools
import re
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.filter import Graph
from numpy.typing import NDArray

from ..core.errors import MediaError
from .frame import RATE, decoding, unknown

Samples = NDArray[np.float32]
"""Mono sound: shape (samples,), full scale from -1 to 1."""

MOST_HOURS = 4
"""Longer narrations are refused; it is also what a lying header can cost at most."""

RATES = (4_000, 384_000)
"""Samples a second that a file may have; outside of it a header is not believed."""

CODECS = frozenset(
    {"aac", "ac3", "alac", "amrnb", "amrwb", "eac3", "flac", "gsm", "gsm_ms", "mp2", "mp2float"}
    | {"mp3", "mp3float", "opus", "speex", "tta", "vorbis", "wavpack", "wmapro", "wmav1", "wmav2"}
)
KINDS = tuple(
    (re.compile(begins, re.DOTALL), demuxer, suffix)
    for begins, demuxer, suffix in (
        (rb"(RIFF|RF64)....WAVE", "wav", ".wav"),
        (rb"OggS", "ogg", ".ogg"),
        (rb"fLaC", "flac", ".flac"),
        (rb"....ftyp", "mov", ".m4a"),
        (rb"\x1aE\xdf\xa3", "matroska", ".webm"),
        (rb"FORM....AIF[FC]", "aiff", ".aiff"),
        (rb"caff\x00\x01", "caf", ".caf"),
        (rb"\.snd", "au", ".au"),
        (rb"riff\x2e\x91\xcf\x11", "w64", ".w64"),
        (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf", ".wma"),
        (rb"#!AMR", "amr", ".amr"),
        (rb"wvpk", "wv", ".wv"),
        (rb"TTA1", "tta", ".tta"),
        (rb"\x0bw...[\x00-\x57]", "ac3", ".ac3"),
        (rb"\x0bw...[\x58-\x87]", "eac3", ".eac3"),
        (rb"\xff[\xf0\xf1\xf8\xf9]", "aac", ".aac"),
        # a tag, or the head of a frame of layer III or II (ISO/IEC 11172-3, 2.4.2.3)
        (rb"ID3|\xff[\xe2-\xe5\xf2-\xf5\xfa-\xfd][\x00-\xef]", "mp3", ".mp3"),
    )
)
"""The sounds that are read: how each begins, FFmpeg's demuxer for it, and its usual suffix. The
demuxer is chosen here and never by FFmpeg, which would take a text file for a playlist and open
the addresses in it.
"""
PLAYED = (".wav", ".ogg", ".flac", ".m4a", ".webm", ".aac", ".mp3")
"""Those that browsers play."""
_UNKNOWN_LENGTH = 2**31 - 2**20
"""WAV writers that stream, espeak-ng's and OpenAI's among them, put at least this as size."""

_PIECE_BYTES = 1 << 16

CANCELLED = 0.1
"""The energy of a mix as a part of its loudest channel's, below which the channels cancel each
other out. Where only one of two sounds, the mix has 0.25; where they have nothing in common, 0.5.
"""

RUMBLE = 70
"""Hertz below which no voice has anything to say; it falls by 12 dB an octave from there."""


_SINCE_19 = int(av.__version__.partition(".")[0]) >= 19
LENIENT: dict[str, Any] = {} if _SINCE_19 else {"metadata_errors": "ignore"}
"""A title in an unknown encoding is no reason to refuse a sound; PyAV 19 needs no telling."""
_ALONE: dict[str, Any] = {"threads": 1} if _SINCE_19 else {}
"""A resampler needs no threads, and before PyAV 19 nobody could say so."""


@dataclass(frozen=True)
class Sound:
    """A sound file that was recognised; `rate` is in samples a second. Read it with `pieces`."""

    source: Path | bytes
    name: str
    kind: str
    rate: int
    channels: int

    def pieces(self, rate: int | None = None) -> Iterator[Samples]:
        """Its samples, mono, at `rate` a second (its own where None), piece by piece. Channels
        that cancel each other out are not mixed: the loudest of them is heard alone.

        Raises `MediaError` when it comes to damage, or to the end too early.
        """
        try:
            with decoding(self.name):
                yield from resampled(_decoded(self), rate or self.rate, self.channel)
        finally:
            if _SINCE_19:
                # its resamplers point at themselves, and each would keep a megabyte for minutes
                gc.collect(1)

    @cached_property
    def channel(self) -> int | None:
        """The channel that is heard alone, None where all are mixed. Reads a sound in stereo from
        end to end.
        """
        if self.channels != 2:
            return None
        each, mixed = np.zeros(2), 0.0
        with decoding(self.name):
            for channels in _channels(_decoded(self), RATE, "stereo"):
                left, right = np.nan_to_num(channels).astype(np.float64)
                each += float(np.dot(left, left)), float(np.dot(right, right))
                mixed += float(np.square((left + right) / 2).sum())
        return int(each.argmax()) if mixed < each.max() * CANCELLED else None

    def samples(self, rate: int | None = None) -> Samples:
        """All of its `pieces` at once."""
        return np.concatenate([np.zeros(0, np.float32), *self.pieces(rate)])


def open_sound(source: Path | bytes, name: str = "") -> Sound:
    """Recognises the sound in `source`, one of `KINDS`.

    Only its beginning is read. `name` stands for `source` in messages.
    Raises `MediaError` for what is damaged or no sound.
    """
    name = name or (str(source) if isinstance(source, Path) else "the narration")
    with decoding(name):
        with source.open("rb") if isinstance(source, Path) else BytesIO(source) as file:
            start = file.read(64)
            kind, _ = _kind(start)
            if kind is None:
                found = unknown(start, "sound")
                raise MediaError(f"{name} is {found}; give a WAV, MP3, Ogg, FLAC or M4A file")
            if kind == "wav":
                _check_wav(file, name)
        with _opened(Sound(source, name, kind, 0, 0)) as (_, stream):
            rate, channels = stream.codec_context.sample_rate, stream.codec_context.channels
    if not RATES[0] <= rate <= RATES[1]:
        raise MediaError(f"{name} claims {rate} samples a second; make or export it again")
    return Sound(source, name, kind, rate, channels)


def check_sound(source: Path | bytes, name: str = "") -> None:
    """Decodes the whole sound in `source`. Raises `MediaError` as `open_sound` and reading do."""
    sound = open_sound(source, name)
    with decoding(sound.name):
        for _ in _decoded(sound):
            pass


def sound_suffix(data: bytes) -> str | None:
    """The suffix of a sound file, by its first bytes; None where they are no sound."""
    return _kind(data)[1]


def _kind(start: bytes) -> tuple[str, str] | tuple[None, None]:
    """The demuxer for a file that begins with `start`, and its suffix."""
    found = ((demuxer, suffix) for begins, demuxer, suffix in KINDS if begins.match(start))
    return next(found, (None, None))


def _check_wav(file: BinaryIO, name: str) -> None:
    """Compares the size of the samples with what a WAV's header promises: FFmpeg would take
    the smaller of the two without a word."""
    end = file.seek(0, SEEK_END)
    at = 12
    while at + 8 <= end:
        file.seek(at)
        kind, size = struct.unpack("<4sI", file.read(8))
        at += 8
        if kind == b"data":
            if end - at < size * 0.98 - 4096 and size < _UNKNOWN_LENGTH:
                raise MediaError(
                    f"{name} breaks off: its header promises {size} bytes of sound, it holds "
                    f"{end - at}; make or copy it again"
                )
            return
        at += size + size % 2


@contextmanager
def _opened(sound: Sound) -> Iterator[tuple[InputContainer, AudioStream]]:
    source = sound.source
    # A file object, not its name: FFmpeg reads a meaning into names such as "concat:a|b".
    file = source.open("rb") if isinstance(source, Path) else BytesIO(source)
    # Large packets are quicker to read; a WAV says all about itself in its header, and without
    # `probesize` FFmpeg would search the first seconds for disguised DTS (60 ms).
    wav = {"max_size": str(_PIECE_BYTES), "probesize": "32"}
    options = wav if sound.kind == "wav" else {}
    with (
        file,
        av.open(file, format=sound.kind, options=options, **LENIENT) as container,
    ):
        if not container.streams.audio or container.streams.audio[0].codec_context is None:
            raise MediaError(f"{sound.name} holds no sound; give a file with sound in it")
        stream = container.streams.audio[0]
        codec = stream.codec_context.name
        if not codec.startswith(("pcm_", "adpcm_")) and codec not in CODECS:
            raise MediaError(f"{sound.name} holds sound of the kind {codec}; export it as WAV")
        assert isinstance(container, InputContainer)
        yield container, stream


def _decoded(sound: Sound) -> Iterator[av.AudioFrame]:
    """The decoded frames. A packet that cannot be decoded is left out, for files made by
    putting several together have rubbish at their seams; half of them is damage."""
    good = bad = 0
    seconds = 0.0
    with _opened(sound) as (container, stream):
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                bad += 1
                continue
            good += 1
            for frame in frames:
                seconds += frame.samples / frame.sample_rate
                if seconds > MOST_HOURS * 3600:
                    raise MediaError(
                        f"{sound.name} lasts more than {MOST_HOURS} hours; split the section"
                    )
                yield frame
        promised = _promised(sound, stream)
    if seconds == 0 or bad >= good:
        raise MediaError(f"{sound.name} holds no sound that can be decoded; make it again")
    if promised is not None and seconds < 0.98 * promised - 0.1:
        raise MediaError(
            f"{sound.name} breaks off: its header promises {promised:.1f} s, it holds "
            f"{seconds:.1f} s; make or copy it again"
        )


def _promised(sound: Sound, stream: AudioStream) -> float | None:
    """Seconds that the file's header promises; None where it does not know or only guesses."""
    if sound.kind not in _COUNTING or stream.duration is None or stream.time_base is None:
        return None
    return float(stream.duration * stream.time_base)


_COUNTING = ("flac", "mov", "aiff", "au", "wv", "tta")
"""The kinds whose header says how many samples there are."""


def resampled(
    frames: Iterable[av.AudioFrame], rate: int, channel: int | None = None
) -> Iterator[Samples]:
    """Decoded sound as mono pieces at `rate`, also where its kind changes on the way; channel: the
    one that is heard alone, None where all are mixed.
    """
    for channels in _channels(frames, rate, "mono" if channel is None else None):
        samples: Samples = channels[min(channel or 0, len(channels) - 1)]
        if not np.isfinite(samples.sum()):
            samples = np.nan_to_num(samples, posinf=1.0, neginf=-1.0)
        yield samples


def _channels(
    frames: Iterable[av.AudioFrame], rate: int, layout: str | None
) -> Iterator[NDArray[np.float32]]:
    """Decoded sound at `rate` in pieces of the shape (channels, samples), with the channels of
    `layout`, None for its own.
    """
    resampler, shape = None, None
    for frame in itertools.chain(frames, [None]):
        now = frame and (frame.sample_rate, frame.layout.name, frame.format.name)
        if resampler is not None and now != shape:
            yield from _arrays(resampler.resample(None))
        if frame is None:
            return
        if now != shape:
            kept = layout or frame.layout.name
            resampler = av.AudioResampler(format="fltp", layout=kept, rate=rate, **_ALONE)
            shape = now
        frame.pts = None
        assert resampler is not None
        yield from _arrays(resampler.resample(frame))


def _arrays(resampled: Iterable[av.AudioFrame | None]) -> Iterator[NDArray[np.float32]]:
    for frame in resampled:
        if frame is not None and frame.samples:
            channels: NDArray[Any] = frame.to_ndarray()
            yield channels


def filtered(pieces: Iterable[Samples], *filters: tuple[str, str]) -> Iterator[av.AudioFrame]:
    """What libavfilter's `filters`, each a name and its options, make of `pieces` at `RATE`."""
    graph = Graph()
    graph.threads = 1  # a filter of mono sound has no work for more
    chain = [graph.add(name, options) for name, options in filters]
    source = graph.add_abuffer(sample_rate=RATE, format="fltp", layout="mono")
    sink = graph.add("abuffersink")
    graph.link_nodes(source, *chain, sink).configure()
    done = 0
    for piece in itertools.chain(pieces, [None]):
        frame = None
        if piece is not None:
            frame = av.AudioFrame.from_ndarray(piece[np.newaxis], format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, done, Fraction(1, RATE)
            done += len(piece)
        source.push(frame)
        while True:
            try:
                made = sink.pull()
            except (av.BlockingIOError, av.EOFError):
                break
            assert isinstance(made, av.AudioFrame)
            yield made


def without_rumble(pieces: Iterable[Samples]) -> Iterator[Samples]:
    """`pieces` at `RATE` without what is below a voice: steps, hum, a table that is touched, and
    the constant by which a cheap microphone is off.
    """
    for frame in filtered(_from_nought(pieces), ("highpass", f"frequency={RUMBLE}")):
        yield frame.to_ndarray()[0]


def _from_nought(pieces: Iterable[Samples]) -> Iterator[Samples]:
    """`pieces` less their first value: a filter would take a constant's beginning for a knock."""
    first: Any = None
    for piece in pieces:
        if first is None and len(piece):
            first = piece[0]
        yield piece - first if first else piece


def regrouped(pieces: Iterable[Samples], size: int) -> Iterator[Samples]:
    """The same samples in arrays of `size`, the last one shorter. An array is good until the
    next one is asked for."""
    room = np.empty(size, np.float32)
    filled = 0
    for piece in pieces:
        done = 0
        while done < len(piece):
            taken = min(size - filled, len(piece) - done)
            room[filled : filled + taken] = piece[done : done + taken]
            filled += taken
            done += taken
            if filled == size:
                yield room
                filled = 0
    if filled:
        yield room[:filled]
