"""Where a narration is silent: for the times of words that its voice does not tell, and to see
whether there is a narration at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .audio import open_sound, regrouped
from .frame import RATE
from .loudness import HOP, STEP, loud_hops

SHORTEST_PAUSE = 0.12
"""Seconds of silence that count as a pause; the closure of a consonant lasts up to 0.1 s."""

PAUSE_RANGE = 34.0
"""dB under the loudest moment below which nobody speaks: breath and the room's noise stay under."""


def find_speech(source: Path | bytes, name: str = "") -> dict[str, Any]:
    """Decodes the whole sound in `source`, as `check_sound` does, and says where it is silent.

    "heard": from when to when there is sound, in seconds; "pauses": the silences in between of at
    least `SHORTEST_PAUSE`, (start, end) each.
    """
    peaks: list[NDArray[Any]] = []
    samples = 0
    for piece in regrouped(open_sound(source, name).pieces(RATE), 10 * STEP):
        samples += len(piece)
        whole = np.zeros(-(-len(piece) // HOP) * HOP, np.float32)
        whole[: len(piece)] = np.abs(piece)
        peaks.append(whole.reshape(-1, HOP).max(1))
    loud = loud_hops(np.concatenate([np.zeros(0, np.float32), *peaks]), PAUSE_RANGE)
    if not len(loud):
        return {"heard": [0.0, samples / RATE], "pauses": []}
    gaps = np.flatnonzero(np.diff(loud) > SHORTEST_PAUSE * RATE / HOP)
    edges = [(int(loud[gap]) + 1, int(loud[gap + 1])) for gap in gaps]
    heard = int(loud[0]), int(loud[-1]) + 1
    seconds = [[round(place * HOP / RATE, 3) for place in edge] for edge in (heard, *edges)]
    return {"heard": seconds[0], "pauses": seconds[1:]}


AUDIBLE = 10 ** (-50 / 20)
"""Full scale is 1; what swings less is not heard as speech, even after the greatest gain that a
narration gets (`loudness.MOST_GAIN`)."""
BRIDGED = 1.0
"""Seconds; a shorter pause belongs to the speech around it."""
BLOCKS = 100
"""Looks at a sound in each second of it."""


@dataclass(frozen=True)
class Heard:
    """The length of a sound, and for how much of it something can be heard, in seconds."""

    seconds: float
    sounding: float


def measured(source: Path | bytes, name: str = "") -> Heard:
    """Decodes the whole sound in `source` and measures how much of it can be heard. A constant is
    silence, however large. Raises `MediaError` as `check_sound` does.
    """
    sound = open_sound(source, name)
    size = max(1, sound.rate // BLOCKS)
    swings: list[NDArray[Any]] = []
    samples = 0
    for piece in regrouped(sound.pieces(), BLOCKS * size):
        samples += len(piece)
        blocks = piece[: len(piece) // size * size].reshape(-1, size)
        swings.append((blocks.max(1) - blocks.min(1)) / 2)
    loud = np.flatnonzero(np.concatenate([np.zeros(0, np.float32), *swings]) >= AUDIBLE)
    gaps = np.diff(loud)
    bridged = gaps[gaps <= BRIDGED * BLOCKS].sum() + (gaps > BRIDGED * BLOCKS).sum()
    sounding = (int(bridged) + bool(len(loud))) * size / sound.rate
    return Heard(samples / sound.rate, sounding)
