"""A narration as the AAC packets of its section: faded, padded, and apart from its neighbours.

FFmpeg's AAC packet number j carries the blocks j-1 and j (it "primes" the decoder with block
-1, which is silent), so n blocks make n+1 packets and the last one only ends the sound. As each
section ends in silence, that last packet may be dropped where another section follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext

from .frame import BLOCK, RATE, Frame, padded
from .sound import Samples, Sound

BIT_RATE = 96_000

_FEED = 16 * BLOCK
"""Samples handed to the encoder at once: fewer, larger calls."""


@dataclass(frozen=True)
class Track:
    """The sound of one section.

    `packets` are AAC, one more than its blocks; `samples` its padded length at `RATE`;
    `speech` where sound, and not silence, starts and ends, in seconds from its start.
    """

    packets: list[bytes]
    samples: int
    speech: tuple[float, float]


def set_up(encoder: AudioCodecContext) -> None:
    """Makes a fresh AAC `encoder` one whose packets fit those of all others set up alike."""
    encoder.sample_rate = RATE
    encoder.layout = "mono"
    encoder.format = "fltp"
    encoder.bit_rate = BIT_RATE
    encoder.time_base = Fraction(1, RATE)
    encoder.flags |= av.codec.context.Flags.global_header
    encoder.options = {"aac_coder": "fast"}


def narrate(sound: Sound, frame: Frame) -> Track:
    """The track of a section with the narration `sound`."""
    pieces = list(sound.pieces(RATE))
    length = sum(map(len, pieces))
    samples = padded(length, frame)
    return Track(_encoded(pieces, samples), samples, (0.0, length / RATE))


def silence(seconds: float, frame: Frame) -> Track:
    """The track of a section without a narration, `seconds` long and its gap."""
    samples = padded(round(seconds * RATE), frame)
    return Track(_encoded((), samples), samples, (0.0, 0.0))


def _encoded(pieces: Iterable[Samples], samples: int) -> list[bytes]:
    encoder = av.CodecContext.create("aac", "w")
    assert isinstance(encoder, AudioCodecContext)
    set_up(encoder)
    packets: list[bytes] = []
    done = 0
    for feed in _feeds(pieces, samples):
        block = av.AudioFrame.from_ndarray(feed[np.newaxis], format="fltp", layout="mono")
        block.sample_rate, block.pts, block.time_base = RATE, done, encoder.time_base
        packets += [bytes(packet) for packet in encoder.encode(block)]
        done += len(feed)
    packets += [bytes(packet) for packet in encoder.encode(None)]
    assert len(packets) == samples // BLOCK + 1
    return packets


def _feeds(pieces: Iterable[Samples], samples: int) -> Iterator[Samples]:
    """`pieces`, then silence, as arrays of `_FEED`; `samples` in all."""
    room = np.zeros(_FEED, np.float32)
    filled = done = 0
    for piece in pieces:
        while len(piece):
            taken = piece[: _FEED - filled]
            room[filled : filled + len(taken)] = taken
            filled += len(taken)
            piece = piece[len(taken) :]
            if filled == _FEED:
                yield room
                done += _FEED
                filled = 0
    room[filled:] = 0
    while done < samples:
        yield room[: samples - done]
        done += _FEED
        room[:filled] = 0
        filled = 0
