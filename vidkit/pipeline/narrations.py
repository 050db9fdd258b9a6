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
from ..providers.conversation import with_pauses
from ..providers.files import own_files
from ..text.speech import marked
from .assets import candidates, voice_ask
from .context import Source


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
    sources = [Source(maker) for maker in makers]
    for index, section in enumerate(lesson.sections):
        ask = voice_ask(lesson, index, settings)
        if ask.file is not None:
            yield f"(its own sound: {ask.file.name})"
            continue
        unsaid = ""
        for each in candidates("audio", lesson, index, settings, sources, own_files):
            assert isinstance(each.ask, VoiceAsk)
            try:
                said = handed_text(each.maker, each.ask)
            except ProviderError as error:
                unsaid = unsaid or f"({each.name}: {error})"
                continue
            yield marked(section.content, said) if said is not None else f"({each.name}: unknown)"
            break
        else:
            yield unsaid
