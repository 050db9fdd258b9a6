"""What shapes each piece: the asks that providers get, and the keys under which pieces are kept.

Nothing here depends on a section's place in its lesson, so an inserted section makes nothing
anew but itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import av

from ..captions import Cue
from ..lesson import Lesson
from ..media import Clip, Frame
from ..providers import ImageAsk, VoiceAsk
from ..settings import Settings
from ..store import Asset

MEDIA_VERSION = f"1 PyAV {av.__version__}"
"""Counts up when the same picture and sound become another clip, or the same clips another
video; packets of different encoders do not go together."""


def image_ask(lesson: Lesson, index: int, settings: Settings) -> ImageAsk:
    """What the section at `index` asks of an image provider."""
    section = lesson.sections[index]
    return ImageAsk(
        description=section.image_description,
        narration=section.content,
        title=section.title,
        language=lesson.language,
        size=settings.size,
        slide=section.slide,
        index=index,
        file=section.image,
    )


def voice_ask(lesson: Lesson, index: int, settings: Settings) -> VoiceAsk:
    """What the section at `index` asks of a voice."""
    section = lesson.sections[index]
    return VoiceAsk(
        text=section.content,
        language=lesson.language,
        voice=section.voice,
        rate=settings.rate,
        say=section.say,
        index=index,
        file=section.audio,
    )


def price(maker: object, ask: ImageAsk | VoiceAsk) -> float | None:
    """What a request may cost in dollars: the provider's `price`, a number or a function of the
    ask; None where it does not say.
    """
    told: float | Callable[[object], float | None] | None = getattr(maker, "price", None)
    return told(ask) if callable(told) else told


def requests(maker: object, ask: ImageAsk | VoiceAsk) -> int:
    """How many requests a provider sends for an ask, where it says so; else one."""
    told: Callable[[object], int] | None = getattr(maker, "requests", None)
    return max(1, told(ask)) if told is not None else 1


def clip_shape(picture: str, voice: str | None, frame: Frame) -> dict[str, Any]:
    """Everything that shapes a clip: the digests of its picture and narration, and the frame."""
    return {
        "version": MEDIA_VERSION,
        "picture": picture,
        "voice": voice,
        "frame": dict(vars(frame)),
    }


def clip_facts(clip: Clip) -> dict[str, Any]:
    """What is known of a clip besides where it lies, to be kept with it."""
    return {
        "kind": "clip",
        "seconds": clip.seconds,
        "frames": clip.frames,
        "samples": clip.samples,
        "speech": list(clip.speech),
    }


def cut_facts(asset: Asset) -> dict[str, Any]:
    """The same from the store, as `media.Clip` takes it."""
    facts = {name: asset.about[name] for name in ("seconds", "frames", "samples")}
    return facts | {"speech": tuple(asset.about["speech"])}


def seam_shape(before: Asset, after: Asset, frame: Frame) -> dict[str, Any]:
    """Everything that shapes the cross-fade between two clips."""
    return {
        "version": MEDIA_VERSION,
        "clips": [before.sha256, after.sha256],
        "frame": dict(vars(frame)),
    }


def video_shape(
    clips: Sequence[Asset],
    titles: Sequence[str],
    title: str,
    language: str,
    frame: Frame,
    cues: Sequence[Cue],
) -> dict[str, Any]:
    """Everything that shapes a video."""
    return {
        "version": MEDIA_VERSION,
        "clips": [clip.sha256 for clip in clips],
        "titles": list(titles),
        "title": title,
        "language": language,
        "frame": dict(vars(frame)),
        "cues": [[cue.start, cue.end, cue.text] for cue in cues],
    }
