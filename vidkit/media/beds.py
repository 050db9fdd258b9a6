"""Sound that lies beneath a voice: the music of a video, or a film's own sound in its section.

It is ducked: while somebody speaks it is far softer, and it rises only in pauses that are long
enough. Where the voice comes is known beforehand, so it has gone down when the first word begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..core.errors import MediaError
from .audio import Samples, open_sound, regrouped
from .frame import RATE
from .loudness import HOP, MOST_GAIN, Levels, Measured, loud_hops, measure

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
            if (spoken := next(voice, None)) is not None:
                kept = spoken[: len(mixed)]
                mixed[: len(kept)] += kept
            if (played := next(beneath, None)) is not None:
                kept = played[: len(mixed)]
                mixed[: len(kept)] += self._gains.apply(kept, at)
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
    loud = loud_hops(peaks, _VOICE_RANGE)
    if not len(loud) or not peaks.max(initial=0):
        return np.full(len(times), bed.alone)
    gaps = np.flatnonzero(np.diff(loud) > _SHORT * RATE / HOP)
    begins = loud[np.concatenate([[0], gaps + 1])] * HOP / RATE
    ends = (loud[np.concatenate([gaps, [len(loud) - 1]])] + 1) * HOP / RATE
    corners = [
        (b - _DOWN, b, e + _HOLD, e + _HOLD + _UP) for b, e in zip(begins, ends, strict=True)
    ]
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
        return _again(sound)

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


def _again(sound: Samples) -> Iterator[Samples]:
    """A sound for ever: its end is faded into its beginning, so that no seam is heard."""
    crossed = min(round(CROSSED * RATE), len(sound) // 4)
    body = len(sound) - crossed
    turn = np.linspace(0, np.pi / 2, crossed, dtype=np.float32)
    seam = sound[:crossed] * np.sin(turn) + sound[body:] * np.cos(turn)
    yield sound[:body]
    while True:
        yield seam
        yield sound[crossed:body]
