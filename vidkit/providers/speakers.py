"""Who speaks a text: of the voices that a run has, those that speak its language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .base import VoiceAsk


def speaks(maker: Any, language: str, voice: str | None = None) -> bool:
    """Whether a voice speaks a language, with that voice of its own; one that does not say so
    speaks them all.
    """
    told = getattr(maker, "speaks", None)
    return told is None or bool(told(language, voice))


def order(makers: Sequence[Any], ask: VoiceAsk) -> list[tuple[int, VoiceAsk]]:
    """The places in `makers` of those that can speak `ask`, the first before those that take its
    place, each with what it would be asked; all of them where none can.

    A voice that the ask names, as "f3" or with its provider as "espeak:en+f3", is that of the
    first provider that has it, which then comes first; the others speak in their own.
    """
    able = [n for n, maker in enumerate(makers) if speaks(maker, ask.language)]
    able = able or list(range(len(makers)))
    if ask.voice is None:
        return [(n, ask) for n in able]
    owner, voice = _owner(makers, able, ask)
    first = [n for n in range(len(makers)) if makers[n].name == makers[owner].name and n in able]
    others = [n for n in able if n not in first]
    plain, named = replace(ask, voice=None), replace(ask, voice=voice)
    return [(n, named) for n in first or [owner]] + [(n, plain) for n in others]


def chosen_because(maker: Any, language: str) -> str:
    """A sentence for the report on why "auto" took this voice."""
    return (
        f"narrations in the language {language!r} are spoken by {maker.name}, "
        "the best voice here that speaks it"
    )


def _owner(makers: Sequence[Any], able: Sequence[int], ask: VoiceAsk) -> tuple[int, str | None]:
    """The provider whose voice the ask names, and the voice as that one calls it."""
    provider, colon, name = (ask.voice or "").partition(":")
    for n, maker in enumerate(makers):
        if colon and maker.name == provider:
            return n, name or None
    for n in able:
        if speaks(makers[n], ask.language, ask.voice):
            return n, ask.voice
    return able[0], ask.voice
