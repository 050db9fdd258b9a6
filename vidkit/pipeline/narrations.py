"""What is said of narrations before they are made: the words that a voice is handed, and what it
cannot read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..core.errors import ProviderError
from ..models.lesson import Lesson
from ..models.settings import Settings
from ..providers.base import VoiceAsk, VoiceMaker
from ..providers.conversation import Conversation, is_conversation, with_pauses
from ..providers.speakers import order
from ..text.speech import marked
from .assets import voice_ask
from .context import ungated


def handed_text(maker: Any, ask: VoiceAsk) -> str | None:
    """The words that a voice is handed, None where it does not say so."""
    fields = with_pauses(maker, ask).shape(ask)
    parts = fields.get("parts", [fields])
    said = [part.get("spoken", part.get("text")) for part in parts]
    return "\n\n".join(said) if all(isinstance(text, str) for text in said) else None


def spoken_sections(
    lesson: Lesson, settings: Settings, makers: Sequence[VoiceMaker]
) -> Iterator[str]:
    """For each section its text as the one of `makers` that would speak it is handed it, the
    places that differ marked: "It is ⟦5 km → 5 kilometres⟧ long."
    """
    for index, section in enumerate(lesson.sections):
        ask = voice_ask(lesson, index, settings)
        if ask.file is not None:
            yield f"(its own sound: {ask.file.name})"
            continue
        unsaid = ""
        for maker, asked in _speakers(makers, ask):
            try:
                said = handed_text(maker, asked)
            except ProviderError as error:
                unsaid = unsaid or f"({maker.name}: {error})"
                continue
            unsaid = ""
            yield marked(section.content, said) if said is not None else f"({maker.name}: unknown)"
            break
        if unsaid:
            yield unsaid


def _speakers(makers: Sequence[VoiceMaker], ask: VoiceAsk) -> list[tuple[Any, VoiceAsk]]:
    """Who would be asked for a narration, the first before those that take its place."""
    if is_conversation(ask):
        return [(Conversation(ask, makers, [ungated] * len(makers)), ask)]
    return [(makers[n], asked) for n, asked in order(makers, ask)]
