"""Pauses that a narration asks for, in any voice: `<break time="1s"/>`, `[pause]`.

The text is split there, each part is spoken by the voice, and silence stands in between. A text
without a pause is the voice's alone, and has the key that it always had.
"""

from __future__ import annotations

import asyncio
import io
import re
import wave
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..text.markup import pauses
from ..text.timing import Word
from . import listening
from .base import Narration, Request, VoiceAsk, VoiceMaker

Part = str | float
"""A text to be spoken, or seconds of silence."""


def parts(text: str) -> list[Part]:
    """A text in parts, with the silences between them; the text alone where it asks for none."""
    found: list[Part] = []
    at = 0
    for start, end, seconds in pauses(text):
        found += [text[at:start], seconds]
        at = end
    if not found:
        return [text]
    return [each for each in [*found, text[at:]] if isinstance(each, float) or _speakable(each)]


def _speakable(text: str) -> bool:
    return bool(re.search(r"[^\W_]", text))


def asks(ask: VoiceAsk) -> list[VoiceAsk]:
    """What a voice is asked for each part of a text that is spoken."""
    each = parts(ask.text)
    return [replace(ask, text=part) for part in each if isinstance(part, str)] or [ask]


def has_pauses(ask: object) -> bool:
    """Whether it is a narration that asks for pauses, and is spoken by a voice."""
    return isinstance(ask, VoiceAsk) and ask.file is None and bool(pauses(ask.text))


def key_fields(maker: VoiceMaker, ask: VoiceAsk) -> Mapping[str, Any]:
    """Everything that shapes a narration with pauses."""
    each = parts(ask.text)
    return {
        "parts": [
            dict(maker.shape(replace(ask, text=part))) if isinstance(part, str) else part
            for part in each
        ]
    }


async def speak(maker: VoiceMaker, ask: VoiceAsk, request: Request) -> Narration:
    """The narration with its pauses, as WAV. Raises what the voice raises."""
    told: list[Narration | float] = []
    for part in parts(ask.text):
        if isinstance(part, str):
            told.append(await listening.speak(maker, replace(ask, text=part), request))
        else:
            told.append(part)
    if not any(isinstance(each, Narration) for each in told):
        return await maker.speak(ask, request)
    spoken = [each for each in told if isinstance(each, Narration)]
    data, words, pieces = await asyncio.to_thread(_joined, told)
    costs = [each.cost for each in spoken]
    return Narration(
        data,
        ".wav",
        words=words if all(each.words for each in spoken) else (),
        notes=tuple(dict.fromkeys(note for each in spoken for note in each.notes)),
        cost=None if None in costs else sum(cost or 0.0 for cost in costs),
        pieces=pieces,
    )


def _joined(
    told: Sequence[Narration | float],
) -> tuple[bytes, tuple[Word, ...], tuple[Word, ...]]:
    """The sounds one after the other, as WAV; their words and pieces at their new times."""
    import numpy as np

    from ..media.audio import open_sound

    sounds = [
        open_sound(each.data, "the narration") for each in told if isinstance(each, Narration)
    ]
    rate = max(sound.rate for sound in sounds)
    following = iter(sounds)
    samples: list[Any] = []
    words: list[Word] = []
    pieces: list[Word] = []
    at = 0
    for each in told:
        if isinstance(each, float):
            samples.append(np.zeros(round(each * rate), np.float32))
        else:
            samples += next(following).pieces(rate)
            gone = at / rate
            words += [Word(w.text, w.start + gone, w.end + gone) for w in each.words]
            pieces += [Word(p.text, p.start + gone, p.end + gone) for p in each.pieces]
        at = sum(map(len, samples))
    whole = np.clip(np.concatenate(samples) * 32767, -32768, 32767).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(whole.tobytes())
    return file.getvalue(), tuple(words), tuple(pieces)
