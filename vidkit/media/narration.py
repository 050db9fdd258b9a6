"""A narration as the AAC packets of its section: faded, padded, and apart from its neighbours;
and what lies beneath a voice, such as music.

FFmpeg's AAC packet number j carries the blocks j-1 and j (it "primes" the decoder with block
-1, which is silent), so n blocks make n+1 packets and the last one only ends the sound. As each
section ends in silence, that last packet may be dropped where another section follows.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Protocol

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from numpy.typing import NDArray

from ..core.errors import MediaError
from .audio import Samples, Sound, open_sound, regrouped, without_rumble
from .frame import BLOCK, QUIET_BLOCKS, RATE, Frame, padded
from .loudness import (
    HOP,
    MOST_GAIN,
    Levels,
    Measured,
    level,
    loud_hops,
    measure,
    runs_of,
    true_peak,
)

BIT_RATE = 96_000
"""What a decoder is told; the encoder chooses the widest band and its model of hearing by it."""

QUALITY = 140
"""FFmpeg's global quality, at which speech takes 93 kbit/s and silence none. A constant rate of
96 kbit/s sounds no better (PESQ 4.47 against 4.51) and costs 1.4 times as much, for each block is
coded again and again until it has its size."""

MOST_PEAK = -1.5
"""dB of full scale that the decoded sound stays under, between its samples too."""

CEILING = MOST_PEAK - 1.3
"""dB that no sample is above before it is coded."""
_CODING_MOVES = 2.5
"""dB by which coding moves peaks at most."""
_ATTEMPTS = 5

_FEED = 48 * BLOCK
"""Samples handed to the encoder at once: fewer, larger calls."""

_KEPT_SAMPLES = 120 * RATE
"""Two minutes; a longer narration is read from its file twice, so that memory is bounded."""

_HEADER = bytes.fromhex("1288")
"""AudioSpecificConfig of AAC-LC, 32 kHz, mono (ISO 14496-3, 1.6.2.1)."""


@dataclass(frozen=True)
class Track:
    """The sound of one section.

    `packets` are AAC, one more than its blocks; `samples` its padded length at `RATE`;
    `speech` where sound, and not silence, starts and ends, in seconds from its start; `loudness`
    in LUFS, None where nobody measured it.
    """

    packets: list[bytes]
    samples: int
    speech: tuple[float, float]
    loudness: float | None = None


def set_up_sound(encoder: AudioCodecContext) -> None:
    """Makes a fresh AAC `encoder` one whose packets fit those of all others set up alike."""
    encoder.sample_rate = RATE
    encoder.layout = "mono"
    encoder.format = "fltp"
    encoder.bit_rate = BIT_RATE
    encoder.time_base = Fraction(1, RATE)
    encoder.flags |= av.codec.context.Flags.global_header | av.codec.context.Flags.qscale
    # "fast" sounds as good here as the default coder (PESQ 4.52 against 4.47) at a fourth of
    # its cost. Noise shaping in time only costs (0.5 dB, 8 %). Noise substitution would save
    # bits that are not short, and make a section sound different after each other neighbour.
    encoder.options = {"aac_coder": "fast", "aac_tns": "0", "aac_pns": "0"}
    encoder.options |= {"global_quality": str(QUALITY)}


def narrate(sound: Sound, frame: Frame, bed: Callable[[float], Bed | None] | None = None) -> Track:
    """The track of a section with the narration `sound`; bed: gives what lies beneath it, for a
    section of so many seconds.
    """
    reading = _Rereadable(sound)
    measured = measure(reading)
    samples = padded(measured.samples, frame)
    beneath = bed(samples / RATE) if bed is not None else None
    if beneath is None:
        return levelled_track(reading, measured, samples, measured.speech)
    mixed = Mixed(reading, measured, beneath, samples - QUIET_BLOCKS * BLOCK)
    return levelled_track(mixed, measure(mixed), samples, measured.speech)


def with_music(voice: Iterable[Samples], samples: int, bed: Bed) -> Track:
    """The track of a whole video: its sections' sound, `samples` in all, with music beneath it."""
    mixed = Mixed(voice, measure(voice), bed, samples)
    return levelled_track(mixed, measure(mixed), samples, (0.0, samples / RATE))


def levelled_track(
    pieces: Iterable[Samples], measured: Measured, samples: int, speech: tuple[float, float]
) -> Track:
    """The track of a sound that can be read again and again, as loud as every section is."""
    levels = level(measured, CEILING)
    packets = encoded(pieces, levels, samples)
    runs = _loud_runs(levels)
    for _ in range(_ATTEMPTS):
        peaks = dict(zip(runs, _peaks(packets, runs), strict=True))
        runs = [run for run in runs if peaks[run] > MOST_PEAK]
        if not runs:
            break
        for first, last in runs:
            over = peaks[first, last] - MOST_PEAK + 0.1
            levels = levels.lowered(first * BLOCK, (last + 1) * BLOCK, over)
        packets = _reencoded(packets, pieces, levels, runs)
    return Track(packets, samples, speech, levels.loudness)


def decoded_packets(packets: Iterable[bytes]) -> Iterator[Samples]:
    """The sound of a section from its AAC packets, a block at a time; the first packet only
    prepares for the second.
    """
    decoder = _decoder()
    heard = (frame for data in packets for frame in decoder.decode(av.Packet(data)))
    for frame in itertools.islice(heard, 1, None):
        yield frame.to_ndarray()[0]


def _decoder() -> AudioCodecContext:
    decoder = av.CodecContext.create("aac", "r")
    assert isinstance(decoder, AudioCodecContext)
    decoder.extradata = _HEADER
    return decoder


def silence(seconds: float, frame: Frame) -> Track:
    """The track of a section without a narration, `seconds` long and its gap."""
    samples = padded(round(seconds * RATE), frame)
    return as_it_is((), samples, (0.0, 0.0))


def as_it_is(pieces: Iterable[Samples], samples: int, speech: tuple[float, float]) -> Track:
    """The track of sound at `RATE` that is levelled already; `samples` in all."""
    return Track(encoded(pieces, None, samples), samples, speech)


class _Rereadable:
    """The pieces of a sound at `RATE`, to be read again and again: from memory while they are
    few, else from the file once more."""

    def __init__(self, sound: Sound) -> None:
        self._sound = sound
        self._kept: list[Samples] | None = None

    def __iter__(self) -> Iterator[Samples]:
        if self._kept is not None:
            yield from self._kept
            return
        kept: list[Samples] = []
        room = _KEPT_SAMPLES
        for piece in without_rumble(self._sound.pieces(RATE)):
            room -= len(piece)
            if room >= 0:
                kept.append(piece)
            else:
                kept.clear()
            yield piece
        if room >= 0:
            self._kept = kept


def encoded(pieces: Iterable[Samples], levels: Levels | None, samples: int) -> list[bytes]:
    """The AAC packets of `pieces`, with their gain where there is one, followed by silence;
    `samples` in all."""
    encoder = av.CodecContext.create("aac", "w")
    assert isinstance(encoder, AudioCodecContext)
    set_up_sound(encoder)
    packets: list[bytes] = []
    done = 0

    def encode(feed: Samples) -> None:
        nonlocal done
        block = av.AudioFrame.from_ndarray(feed[np.newaxis], format="fltp", layout="mono")
        block.sample_rate, block.pts, block.time_base = RATE, done, encoder.time_base
        packets.extend(bytes(packet) for packet in encoder.encode(block))
        done += len(feed)

    for feed in regrouped(pieces, _FEED):
        encode(levels.apply(feed, done) if levels else feed)
    while done < samples:
        encode(np.zeros(min(_FEED, samples - done), np.float32))
    packets.extend(bytes(packet) for packet in encoder.encode(None))
    assert len(packets) == samples // BLOCK + 1
    return packets


def _reencoded(
    packets: list[bytes], pieces: Iterable[Samples], levels: Levels, runs: list[tuple[int, int]]
) -> list[bytes]:
    """`packets` after their `levels` were lowered in the blocks of `runs`: encoded again around
    them alone, where what comes out joins the rest to the byte, else all of them.
    """
    blocks = len(packets) - 1
    mended = list(packets)
    for first, last in runs:
        begin, end = max(0, first - _SETTLED), min(blocks, last + _SETTLED)
        sound = _stretch(pieces, levels, begin * BLOCK, end * BLOCK)
        again = encoded([sound], None, len(sound))
        low, high = max(begin, first - _AROUND), min(end, last + _AROUND)
        joins = (low == 0 or again[low - begin] == packets[low]) and (
            end == blocks or again[high - begin] == packets[high]
        )
        if not joins:
            return encoded(pieces, levels, blocks * BLOCK)
        mended[low : high + 1] = again[low - begin : high - begin + 1]
    return mended


_SETTLED = 32
"""Blocks before which an encoder's first ones no longer tell in what it makes."""

_AROUND = 6
"""Blocks beside changed ones that are encoded otherwise than before, at most."""


def _stretch(pieces: Iterable[Samples], levels: Levels, begin: int, end: int) -> Samples:
    """The samples from `begin` to `end`, with their gain, and silence after the last ones."""
    stretch, at = np.zeros(end - begin, np.float32), 0
    for piece in pieces:
        kept = piece[max(0, begin - at) : max(0, end - at)]
        place = max(0, at - begin)
        stretch[place : place + len(kept)] = kept
        at += len(piece)
        if at >= end:
            break
    heard = min(end, len(levels.peaks) * HOP) - begin
    stretch[:heard] = levels.apply(stretch[:heard], begin)
    return stretch


def _loud_runs(levels: Levels) -> list[tuple[int, int]]:
    """The first and last blocks of each run that went in near `MOST_PEAK`."""
    near = 10 ** ((MOST_PEAK - _CODING_MOVES) / 20)
    return runs_of(np.unique(np.flatnonzero(levels.peaks >= near) * HOP // BLOCK), 4)


def _peaks(packets: list[bytes], runs: list[tuple[int, int]]) -> Iterator[float]:
    """The true peak of each run of blocks as it is heard, in dB."""
    decoder = _decoder()
    for first, last in runs:
        # A block is heard when its second packet is decoded; the packet before the first one
        # sets the decoder up.
        begin = max(0, first - 1)
        heard = [
            frame.to_ndarray()[0]
            for data in packets[begin : last + 2]
            for frame in decoder.decode(av.Packet(data))
        ]
        decoder.flush_buffers()
        yield true_peak(np.concatenate(heard[first - begin + 1 :]), MOST_PEAK - _CODING_MOVES)


# Sound that lies beneath a voice: the music of a video, or a film's own sound in its section.
#
# It is ducked: while somebody speaks it is far softer, and it rises only in pauses that are long
# enough. Where the voice comes is known beforehand, so it has gone down when the first word begins.


UNDER, ALONE = -20.0, -6.0
"""dB to the voice of a lesson's music: while somebody speaks, as WCAG 2 (1.4.7) asks of sound in
the background, and in longer pauses."""

FADE_IN, FADE_OUT = 1.5, 3.0
"""Seconds of the fades at the beginning and the end of a video, where it is long enough."""

CROSSED = 1.5
"""Seconds over which the end of the music fades into its beginning."""

MOST_MUSIC = 600
"""Seconds of a piece of music that are used; they are played again and again."""

_VOICE_RANGE = 35.0
"""dB under its loudest moment below which a voice is silent."""
_DOWN, _HOLD, _UP = 0.35, 0.15, 1.0
"""Seconds in which the sound goes down before the voice, stays down after it, and rises."""
_SHORT = _DOWN + _HOLD + _UP
"""Seconds of a pause in which it does not rise: it would be down again at once."""

_PIECE = 48 * 1024
"""Samples that are mixed at once, a multiple of `HOP`."""


class Music(Protocol):
    """A piece of music, and by how many dB it is louder than usual."""

    @property
    def file(self) -> Path: ...
    @property
    def volume(self) -> float: ...


@dataclass(frozen=True)
class Bed:
    """A sound that lies beneath a voice.

    pieces: gives it at `RATE`, from its beginning. loudness: of it, in LUFS. under, alone: its
    loudness against the voice's in dB, while that speaks and in its pauses. fade_in, fade_out:
    in seconds.
    """

    pieces: Callable[[], Iterator[Samples]]
    loudness: float
    under: float
    alone: float
    fade_in: float
    fade_out: float


class Mixed:
    """A voice and a bed as one sound of so many `samples`, to be read again and again.

    measured: what was measured of the voice.
    """

    def __init__(
        self, voice: Iterable[Samples], measured: Measured, bed: Bed, samples: int
    ) -> None:
        self._voice = voice
        self._measured = measured
        self._bed = bed
        self._samples = samples

    def __iter__(self) -> Iterator[Samples]:
        voice = regrouped(self._voice, _PIECE)
        beneath = regrouped(self._bed.pieces(), _PIECE)
        for at in range(0, self._samples, _PIECE):
            mixed = np.zeros(min(_PIECE, self._samples - at), np.float32)
            spoken = next(voice, mixed[:0])[: len(mixed)]
            mixed[: len(spoken)] += spoken
            played = next(beneath, mixed[:0])[: len(mixed)]
            mixed[: len(played)] += self._gains.apply(played, at)
            yield mixed

    @cached_property
    def _gains(self) -> Levels:
        """What the bed is multiplied by, at each `HOP`."""
        measured, bed = self._measured, self._bed
        hops = -(-self._samples // HOP)
        times = np.asarray(np.arange(hops + 1) * (HOP / RATE), np.float64)
        voice = measured.loudness if np.isfinite(measured.loudness) else -16.0
        decibels = _ducked(measured.peaks, times, bed) + voice - bed.loudness
        gains = np.power(10.0, np.minimum(decibels, MOST_GAIN) / 20)
        whole = self._samples / RATE
        for seconds, left in ((bed.fade_in, times), (bed.fade_out, whole - times)):
            part = np.clip(left / max(1e-3, min(seconds, whole / 4)), 0, 1)
            gains *= np.sin(part * np.pi / 2) ** 2
        return Levels(gains.astype(np.float32), measured.peaks)


def _ducked(
    peaks: NDArray[np.float32], times: NDArray[np.float64], bed: Bed
) -> NDArray[np.float64]:
    """The loudness of a bed against the voice's, in dB at `times`; `peaks` are the voice's."""
    runs = runs_of(loud_hops(peaks, _VOICE_RANGE), _SHORT * RATE / HOP)
    if not runs or not peaks.max(initial=0):
        return np.full(len(times), bed.alone)
    spoken = [(first * HOP / RATE, (last + 1) * HOP / RATE) for first, last in runs]
    corners = [(b - _DOWN, b, e + _HOLD, e + _HOLD + _UP) for b, e in spoken]
    levels = [(bed.alone, bed.under, bed.under, bed.alone)] * len(corners)
    lines: NDArray[np.float64] = np.interp(times, np.ravel(corners), np.ravel(levels))
    return lines


def music_bed(music: Music, seconds: float) -> Bed:
    """A lesson's music for a video of so many seconds, again and again without a seam.

    Raises `MediaError` for what is damaged or no sound, or is silent.
    """
    most = round(min(MOST_MUSIC, seconds + CROSSED) * RATE)
    sound = _beginning(music.file, most)
    measured = measure([sound])
    if not np.isfinite(measured.loudness):
        raise MediaError(f"{music.file.name} is silent; name another piece of music")
    first, last = (round(at * RATE) for at in measured.speech)
    sound = sound[first:last]

    def pieces() -> Iterator[Samples]:
        return _looped(sound)

    under, alone = UNDER + music.volume, ALONE + music.volume
    return Bed(pieces, measured.loud, under, alone, FADE_IN, FADE_OUT)


def _beginning(path: Path, most: int) -> Samples:
    """The first `most` samples of a sound."""
    kept, count = [np.zeros(0, np.float32)], 0
    for piece in open_sound(path, path.name).pieces(RATE):
        kept.append(piece[: most - count])
        count += len(kept[-1])
        if count >= most:
            break
    return np.concatenate(kept)


def _looped(sound: Samples) -> Iterator[Samples]:
    """A sound for ever: its end is faded into its beginning, so that no seam is heard."""
    crossed = min(round(CROSSED * RATE), len(sound) // 4)
    body = len(sound) - crossed
    turn = np.linspace(0, np.pi / 2, crossed, dtype=np.float32)
    seam = sound[:crossed] * np.sin(turn) + sound[body:] * np.cos(turn)
    yield sound[:body]
    while True:
        yield seam
        yield sound[crossed:body]
