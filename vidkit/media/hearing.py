"""Where a narration is silent, for the times of words that its voice does not tell."""

from __future__ import annotations

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


def hear(source: Path | bytes, name: str = "") -> dict[str, Any]:
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
