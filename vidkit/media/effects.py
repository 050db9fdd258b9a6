"""moviepy, for what people want to do by hand: effects on chosen sections, clips to edit.

A section with effects goes through moviepy and comes back as a clip like all others, so the
join still copies packets. The other sections never see moviepy.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import MediaError
from .clip import Clip, read_clip, write_clip
from .frame import RATE, Frame, frames_in, padded
from .motion import moving, planes_of
from .narration import as_it_is
from .picture import fit_picture
from .sound import Samples
from .still import in_video_colours

Effect = Any
"""A moviepy effect such as `vfx.FadeIn(1)`, or a function from a moviepy clip to one."""

_CHUNK = 4 * RATE


def apply_effects(clip: Path, effects: Sequence[Effect], out: Path, frame: Frame) -> Clip:
    """Write `clip` with `effects`, applied in their order, to `out`.

    The length may change; the words are taken to be spread over it as before. Raises
    `MediaError` where an effect fails or leaves nothing, naming the effect.
    """
    from moviepy import VideoFileClip

    before = read_clip(clip)
    with VideoFileClip(str(clip)) as source:
        changed = source
        for effect in effects:
            changed = _applied(changed, effect)
        seconds = changed.duration
        if not seconds or not math.isfinite(seconds):
            raise MediaError("the effects leave a clip without a length; give it one")
        samples = padded(max(1, round(seconds * RATE) - round(frame.gap * RATE)), frame)
        frames = frames_in(samples, frame.fps)
        pace = seconds / before.seconds
        begin, end = (round(time * pace, 6) for time in before.speech)
        track = as_it_is(_heard(changed), samples, (begin, end))
        pictures = (
            planes_of(in_video_colours(fit_picture(Image.fromarray(shown), frame)))
            for shown in _seen(changed, frames, frame.fps)
        )
        return write_clip(out, frame, moving(pictures, frames, frame), track)


def _applied(clip: Any, effect: Effect) -> Any:
    from moviepy import Effect as MoviepyEffect

    try:
        if isinstance(effect, MoviepyEffect):
            return clip.with_effects([effect])
        return effect(clip)
    except Exception as error:
        name = getattr(effect, "__name__", type(effect).__name__)
        raise MediaError(f"the effect {name} failed: {error}; mend it or leave it out") from error


def _seen(clip: Any, frames: int, fps: int) -> Iterator[NDArray[np.uint8]]:
    """The clip's pictures; its last one stands where the sound is a little longer."""
    for number in range(frames):
        shown = clip.get_frame(min(number / fps, max(0.0, clip.duration - 1 / fps)))
        # some effects give fractions of a grey level, and some go beyond white
        yield np.clip(np.rint(shown), 0, 255).astype(np.uint8)


def _heard(clip: Any) -> Iterator[Samples]:
    """The clip's sound as mono pieces; nothing where it has none."""
    if clip.audio is None:
        return
    total = round(min(clip.audio.duration, clip.duration) * RATE)
    for start in range(0, total, _CHUNK):
        times = np.arange(start, min(total, start + _CHUNK)) / RATE
        piece = np.asarray(clip.audio.get_frame(times), np.float32)
        yield np.asarray(piece.mean(axis=1) if piece.ndim == 2 else piece, np.float32)
