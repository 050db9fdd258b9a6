"""A narration as the AAC packets of its section: faded, padded, and apart from its neighbours.

FFmpeg's AAC packet number j carries the blocks j-1 and j (it "primes" the decoder with block
-1, which is silent), so n blocks make n+1 packets and the last one only ends the sound. As each
section ends in silence, that last packet may be dropped where another section follows.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from numpy.typing import NDArray

from .audio import Samples, Sound, regrouped, without_rumble
from .beds import Bed, Mixed
from .frame import BLOCK, QUIET_BLOCKS, RATE, Frame, padded
from .loudness import HOP, Levels, Measured, level, measure, true_peak

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
    reading = _Twice(sound)
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
        packets = _mended(packets, pieces, levels, runs)
    return Track(packets, samples, speech, levels.loudness)


def decoded_packets(packets: Iterable[bytes]) -> Iterator[Samples]:
    """The sound of a section from its AAC packets, a block at a time; the first packet only
    prepares for the second.
    """
    decoder = av.CodecContext.create("aac", "r")
    assert isinstance(decoder, AudioCodecContext)
    decoder.extradata = _HEADER
    heard = (frame for data in packets for frame in decoder.decode(av.Packet(data)))
    for frame in itertools.islice(heard, 1, None):
        yield frame.to_ndarray()[0]


def silence(seconds: float, frame: Frame) -> Track:
    """The track of a section without a narration, `seconds` long and its gap."""
    samples = padded(round(seconds * RATE), frame)
    return as_it_is((), samples, (0.0, 0.0))


def as_it_is(pieces: Iterable[Samples], samples: int, speech: tuple[float, float]) -> Track:
    """The track of sound at `RATE` that is levelled already; `samples` in all."""
    return Track(encoded(pieces, None, samples), samples, speech)


class _Twice:
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


def _mended(
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
    return list(_runs(np.unique(np.flatnonzero(levels.peaks >= near) * HOP // BLOCK)))


def _peaks(packets: list[bytes], runs: list[tuple[int, int]]) -> Iterator[float]:
    """The true peak of each run of blocks as it is heard, in dB."""
    decoder = av.CodecContext.create("aac", "r")
    assert isinstance(decoder, AudioCodecContext)
    decoder.extradata = _HEADER
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


def _runs(blocks: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """(first, last) of each run in `blocks`, which rise; small gaps do not end a run."""
    if len(blocks):
        ends = np.flatnonzero(np.diff(blocks) > 4)
        firsts = blocks[np.concatenate([[0], ends + 1])]
        lasts = blocks[np.concatenate([ends, [len(blocks) - 1]])]
        yield from zip(firsts.tolist(), lasts.tolist(), strict=True)
