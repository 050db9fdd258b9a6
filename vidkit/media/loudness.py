"""How loud a narration is, the gain that makes all sections alike, and where a sound is silent.

Loudness as in ITU-R BS.1770-4: the mean squares of 400 ms, weighted and measured by libavfilter,
gated at -70 LUFS and at 10 LU under the mean of the rest. One gain then serves the whole section;
only its peaks are held down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from .audio import Samples, filtered, open_sound, regrouped, without_rumble
from .frame import RATE

TARGET = -16.0
"""LUFS of each section: what AES TD1008 advises for speech that is played on phones."""

MOST_GAIN = 40.0
"""dB; a narration that needs more is noise."""

SILENCE = -70.0
"""LUFS and dB below which there is nothing to hear (BS.1770-4's absolute gate)."""

STEP = RATE // 10
"""Samples of one measurement, 100 ms; a gating block is four of them."""

HOP = 64
"""Samples between two values of the gain. A multiple of it is `STEP`."""

_HOLD = 4
"""Hops for which the limiter looks ahead and holds: 8 ms each way."""

_WIDTH = 2 * _HOLD + 1
_STEPS = (1, 2, 4, 1)
"""The least of `_WIDTH` neighbours is that of pairs of pairs: 1 + 1 + 2 + 4 + 1 = 9."""

_SPEECH_RANGE = 40.0
"""dB under the loudest moment at which speech counts as begun."""


@dataclass(frozen=True)
class Measured:
    """What a first reading of a narration finds, at `RATE` samples a second.

    `blocks` are the K-weighted mean squares of 400 ms at each 100 ms, shape (blocks,); `peaks` the
    largest sample of each `HOP`, shape (hops,); both with full scale as 1.
    """

    samples: int
    blocks: NDArray[np.float64]
    peaks: NDArray[np.float32]

    @property
    def loudness(self) -> float:
        """Integrated loudness in LUFS, -inf for silence."""
        return _integrated(self.blocks)

    @property
    def loud(self) -> float:
        """Its loudness, or more where some moments are far louder than that: 6 LU under them."""
        most = float(self.blocks.max(initial=0))
        highest = -0.691 + 10 * np.log10(most) if most > 0 else -np.inf
        return max(self.loudness, float(highest) - 6)

    @property
    def speech(self) -> tuple[float, float]:
        """Where the sound starts and ends, in seconds; all of it where it is silent."""
        loud = loud_hops(self.peaks, _SPEECH_RANGE)
        if not len(loud):
            return 0.0, self.samples / RATE
        return int(loud[0]) * HOP / RATE, min((int(loud[-1]) + 1) * HOP, self.samples) / RATE


def loud_hops(peaks: NDArray[np.float32], below: float) -> NDArray[np.intp]:
    """The hops in which there is sound: at most so many dB `below` the loudest."""
    least = max(float(peaks.max(initial=0)) * _ratio(-below), _ratio(SILENCE))
    return np.flatnonzero(peaks >= least)


def runs_of(places: NDArray[np.intp], gap: float) -> list[tuple[int, int]]:
    """The first and the last of each run in `places`, which rise; steps up to `gap` end none."""
    if not len(places):
        return []
    ends = np.flatnonzero(np.diff(places) > gap)
    firsts, lasts = places[np.append(0, ends + 1)], places[np.append(ends, len(places) - 1)]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def measure(pieces: Iterable[Samples]) -> Measured:
    """Measures the narration that `pieces` at `RATE` make, with libavfilter's `ebur128`."""
    peaks: list[NDArray[Any]] = []
    samples = 0

    def whole() -> Iterator[Samples]:
        nonlocal samples
        for piece in regrouped(pieces, 10 * STEP):
            samples += len(piece)
            peaks.append(_peaks(piece))
            yield np.pad(piece, (0, -len(piece) % STEP))

    meter = filtered(whole(), ("ebur128", "metadata=1:framelog=quiet"))
    momentary = [float(frame.metadata["lavfi.r128.M"]) for frame in meter]
    return Measured(
        samples,
        _blocks(momentary),
        np.concatenate([np.zeros(0, np.float32), *peaks]),
    )


def _peaks(piece: Samples) -> NDArray[np.float32]:
    """The largest sample of each `HOP`, the last of which may be shorter."""
    whole = np.pad(np.abs(piece), (0, -len(piece) % HOP))
    peaks: NDArray[np.float32] = whole.reshape(-1, HOP).max(1)
    return peaks


def _blocks(momentary: Sequence[float]) -> NDArray[np.float64]:
    """The mean squares of the gating blocks, from the loudness of the 400 ms before each 100 ms.
    The first of them are not whole; a sound that has no whole one is a block by itself.
    """
    blocks: NDArray[np.float64] = 10 ** ((np.array(momentary, np.float64) + 0.691) / 10)
    few = len(blocks)
    return blocks[3:] if few >= 4 else blocks[-1:] * (4 / max(1, few))


def _integrated(blocks: NDArray[np.float64]) -> float:
    heard = blocks[blocks > 10 ** ((SILENCE + 0.691) / 10)]
    if not len(heard):
        return -np.inf
    heard = heard[heard > heard.mean() / 10]
    return float(-0.691 + 10 * np.log10(heard.mean()))


def _ratio(decibels: float) -> float:
    return float(10 ** (decibels / 20))


@dataclass(frozen=True)
class Levels:
    """The gain of a section: `gains` at each multiple of `HOP` samples and at the end, shape
    (hops + 1,), to be joined by straight lines. `peaks` is what it makes of the peaks, and
    `loudness` of the loudness, in LUFS."""

    gains: Samples
    peaks: NDArray[np.float32]
    loudness: float = -np.inf

    def apply(self, piece: Samples, at: int) -> Samples:
        """`piece`, which starts `at` a multiple of `HOP` samples, with its gain."""
        hops = -(-len(piece) // HOP)
        gains = self.gains[at // HOP : at // HOP + hops + 1]
        if gains[0] == gains[-1] and (gains == gains[0]).all():
            return piece * np.float32(gains[0])
        lines = gains[:-1, np.newaxis] + np.diff(gains)[:, np.newaxis] * _RAMP
        return np.multiply(piece, lines.reshape(-1)[: len(piece)], dtype=np.float32)

    def lowered(self, begin: int, end: int, decibels: float) -> Levels:
        """The same, but for the samples from `begin` to `end`, which are so much softer."""
        needed = np.ones(len(self.peaks), np.float32)
        needed[begin // HOP : -(-end // HOP)] = _ratio(-decibels)
        factors = _smoothed(needed)
        peaks = self.peaks * np.maximum(factors[:-1], factors[1:])
        return Levels(self.gains * factors, peaks, self.loudness)


_RAMP = (np.arange(HOP, dtype=np.float32) / HOP)[np.newaxis]


def level(measured: Measured, ceiling: float) -> Levels:
    """The gain that brings a section to `TARGET`, with no sample above `ceiling` dB.

    Its first and last milliseconds fade, so that no seam clicks. Silence keeps its level.
    """
    gain = 1.0
    edges: Samples = np.ones(len(measured.peaks) + 1, np.float32)
    loudness = measured.loudness
    for _ in range(6):
        if not np.isfinite(loudness) or abs(TARGET - loudness) < 0.05:
            break
        gain = min(gain * _ratio(TARGET - loudness), _ratio(MOST_GAIN))
        edges = _limiter(measured.peaks * gain, _ratio(ceiling))
        loudness = _integrated(measured.blocks * gain**2 * _kept(edges, measured.peaks))
    gains = (edges * _fades(len(edges)) * gain).astype(np.float32)
    return Levels(gains, measured.peaks * np.maximum(gains[:-1], gains[1:]), loudness)


def _limiter(peaks: NDArray[np.float32], ceiling: float) -> Samples:
    """Factors at the edges of the hops, at most 1, that keep `peaks` at or below `ceiling`."""
    needed = np.minimum(1, ceiling / np.maximum(peaks, 1e-9)).astype(np.float32)
    if not len(needed) or needed.min() == 1:
        return np.ones(len(peaks) + 1, np.float32)
    return _smoothed(needed)


def _smoothed(needed: Samples) -> Samples:
    """Factors at the edges of hops, from what each hop `needed`: the mean of what is least nearby
    is never above what is needed here, and has no corners.
    """
    least = np.pad(needed, 2 * _HOLD, constant_values=1)
    for step in _STEPS:
        least = np.minimum(least[:-step], least[step:])
    sums = np.cumsum(np.append(0, least), dtype=np.float64)
    smooth = (sums[_WIDTH:] - sums[:-_WIDTH]) / _WIDTH
    factors = np.minimum(np.append(smooth, 1), np.append(1, smooth))
    return np.asarray(factors, np.float32)


def _kept(edges: Samples, peaks: NDArray[np.float32]) -> NDArray[np.float64]:
    """The share of its energy that each gating block keeps under the factors `edges`, taking the
    energy of a hop to follow the square of its peak."""
    per_step = STEP // HOP
    before = np.zeros((-(-len(peaks) // per_step) * per_step, 2))
    before[: len(peaks), 0] = np.square(peaks, dtype=np.float64) + 1e-20
    before[: len(peaks), 1] = before[: len(peaks), 0] * ((edges[:-1] + edges[1:]) / 2) ** 2
    energies = before.reshape(-1, per_step, 2).sum(1)
    if len(energies) >= 4:
        energies = sliding_window_view(energies, 4, axis=0).sum(-1)
    else:
        energies = energies.sum(0, keepdims=True)
    kept: NDArray[np.float64] = energies[:, 1] / energies[:, 0]
    return kept


def _fades(edges: int) -> Samples:
    """From silence in 4 ms and back; the last hop is silent, for it may be of any length."""
    steps = np.arange(edges, dtype=np.float32)
    fades: Samples = np.clip(np.minimum(steps, steps[::-1] - 1) / 3, 0, 1)
    return fades


_PHASES, _TAPS = 8, 24


def _between() -> Samples:
    """Filters that give the values at eighths between two samples, shape (taps, phases):
    the sinc function under a Hann window, as exact as BS.1770-4's own filter or more."""
    at = np.arange(_TAPS)[:, np.newaxis] - (_TAPS // 2 - 1 + np.arange(_PHASES) / _PHASES)
    filters = np.sinc(at) * np.cos(np.pi * at / (_TAPS + 1)) ** 2
    between: Samples = (filters / filters.sum(0)).astype(np.float32)
    return between


_BETWEEN = _between()


def true_peak(samples: Samples, least: float) -> float:
    """The highest value that the sound reaches between its samples too, in dB of full scale.

    Only what is next to samples above `least` dB is looked at; -inf where there are none.
    """
    loud = np.flatnonzero(np.abs(samples) >= _ratio(least))
    if not len(loud):
        return -np.inf
    beside = np.zeros(len(samples) + 1, np.bool_)
    beside[loud] = beside[loud + 1] = True
    room = np.zeros(_TAPS, np.float32)
    around = sliding_window_view(np.concatenate([room, samples, room]), _TAPS)
    chosen = around[_TAPS // 2 + np.flatnonzero(beside)]
    return 20 * float(np.log10(np.abs(np.einsum("ij,jk->ik", chosen, _BETWEEN)).max()))


_FADED = 42.0
"""dB below a sound's peak: what is quieter at its end is its echo, or a resampler's."""


def levelled(data: bytes, ceiling: float) -> tuple[Samples, float]:
    """The sound in `data` at `RATE`, as loud as a section and with no sample above `ceiling` dB,
    from its first heard moment to its last with a fade of 5 ms at each end; and the seconds cut
    off before it.

    The fade is over where the sound is, so that one that breaks off (espeak-ng ends the Spanish r
    at its full height) does not click.
    """
    sound = open_sound(data).samples(RATE)
    measured = measure([sound]) if len(sound) else Measured(0, np.zeros(0), np.zeros(0, np.float32))
    first, last = (round(seconds * RATE) for seconds in measured.speech)
    fade = RATE // 200
    first, last = max(0, first - fade), min(len(sound), last + 4 * fade)
    heights = np.abs(sound[first:last])
    heard = np.flatnonzero(heights > heights.max(initial=0) * _ratio(-_FADED))
    last = first + int(heard[-1]) + 1 if len(heard) else last
    near = level(measured, ceiling).apply(sound, 0)  # what its peaks cost is but estimated
    kept = level(measure([near]), ceiling).apply(near, 0)[first:last]
    ramp = np.sin(np.linspace(0, np.pi / 2, fade, dtype=np.float32))[: len(kept)] ** 2
    kept[: len(ramp)] *= ramp
    kept[len(kept) - len(ramp) :] *= ramp[::-1]
    return kept, first / RATE


# Where a sound is silent: for the times of words that its voice does not tell, and to see whether
# there is a narration at all.


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
    for piece in regrouped(without_rumble(open_sound(source, name).pieces(RATE)), 10 * STEP):
        samples += len(piece)
        peaks.append(_peaks(piece))
    loud = loud_hops(np.concatenate([np.zeros(0, np.float32), *peaks]), PAUSE_RANGE)
    runs = runs_of(loud, SHORTEST_PAUSE * RATE / HOP)
    if not runs:
        return {"heard": [0.0, samples / RATE], "pauses": []}
    edges = [round(place * HOP / RATE, 3) for first, last in runs for place in (first, last + 1)]
    pauses = [list(pause) for pause in zip(edges[1:-1:2], edges[2:-1:2], strict=True)]
    return {"heard": [edges[0], edges[-1]], "pauses": pauses}


AUDIBLE = 10 ** (-50 / 20)
"""Full scale is 1; what swings less is not heard as speech, even after the greatest gain that a
narration gets (`MOST_GAIN`)."""
BRIDGED = 1.0
"""Seconds; a shorter pause belongs to the speech around it."""
BLOCKS = 100
"""Looks at a sound in each second of it."""


@dataclass(frozen=True)
class Audible:
    """The length of a sound, and for how much of it something can be heard, in seconds."""

    seconds: float
    sounding: float


def audible(source: Path | bytes) -> Audible:
    """Decodes the whole sound in `source` and measures how much of it can be heard. A constant is
    silence, however large. Raises `MediaError` as `check_sound` does.
    """
    sound = open_sound(source)
    size = max(1, sound.rate // BLOCKS)
    swings: list[NDArray[Any]] = []
    samples = 0
    for piece in regrouped(sound.pieces(), BLOCKS * size):
        samples += len(piece)
        blocks = piece[: len(piece) // size * size].reshape(-1, size)
        swings.append((blocks.max(1) - blocks.min(1)) / 2)
    loud = np.flatnonzero(np.concatenate([np.zeros(0, np.float32), *swings]) >= AUDIBLE)
    sounding = sum(last + 1 - first for first, last in runs_of(loud, BRIDGED * BLOCKS))
    return Audible(samples / sound.rate, sounding * size / sound.rate)
