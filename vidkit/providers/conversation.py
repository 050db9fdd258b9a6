"""Several voices in one narration: speakers in turn, languages within a text, pauses asked for.

A narration that one voice speaks in one go is that voice's own. Every other is cut into spans, each
with a speaker, a language and a voice; each span is an ask of its own, and the sounds are put
together: as loud as each other, from silence to silence, with the breath that belongs between.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, TypeVar

from ..core.errors import ProviderError, ProviderMissing
from ..store.ledger import is_amount
from ..text.captions import Word
from ..text.languages import primary
from ..text.markup import pauses
from . import service_voice
from .base import ImageAsk, Narration, Request, VoiceAsk, WriteAsk, calling
from .registry import order, voice_maker
from .speech import silence, wav

T = TypeVar("T")

VERSION = 3
"""Counts up when the same sounds are put together otherwise; part of a narration's key."""
BETWEEN_SPEAKERS = 0.55
"""Seconds of silence between two speakers."""
BETWEEN_PARAGRAPHS = 0.85
BETWEEN_SENTENCES = 0.42
BETWEEN_WORDS = 0.07
"""Where the language changes within a sentence."""
EDGE = 0.05

_LANG = re.compile(
    r"<lang\b[^<>]{0,200}?\b(?:xml:)?lang\s*=\s*[\"']([A-Za-z0-9-]{1,35})[\"'][^<>]{0,100}>"
    r"|<lang\b[^<>]{0,200}>|</lang\s*>",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?…。！？][\"”’)\]»]*\s*$")


@dataclass(frozen=True)
class Span:
    """A piece of a section's text, from `start` to `end`, that one voice speaks; `pause` is the
    silence before it, and `after` that after the last, in seconds."""

    start: int
    end: int
    language: str
    voice: str | None
    speaker: str | None
    pause: float
    after: float = 0.0


def spans(ask: VoiceAsk) -> list[Span]:
    """The spans of an ask. One alone, over the whole text, where nothing changes within it."""
    found: list[Span] = []
    asked = 0.0
    for start, end, language, turn, pause in _pieces(ask):
        asked += pause
        if not any(map(str.isalnum, ask.text[start:end])):
            continue
        voice = turn.voice if turn is not None and turn.voice else ask.voice
        speaker = turn.speaker if turn is not None else None
        # a voice is that of one language; in another its speaker has the best voice for that
        own = (turn.language if turn is not None else None) or ask.language
        if primary(language) != primary(own):
            voice = None
        pause = asked or (_breath(ask.text, found[-1], start, speaker) if found else 0.0)
        found.append(Span(start, end, language, voice, speaker, pause))
        asked = 0.0
    if found and asked:
        found[-1] = replace(found[-1], after=asked)
    return found


def is_conversation(ask: VoiceAsk) -> bool:
    """Whether an ask needs more than one voice in one go."""
    if not ask.turns and "<lang" not in ask.text.lower():
        return False
    found = {(span.speaker, span.language, span.voice) for span in spans(ask)}
    plain = (ask.language, ask.voice)
    return len(found) > 1 or any((language, voice) != plain for _, language, voice in found)


def with_pauses(maker: Any, ask: VoiceAsk) -> Any:
    """The voice, which leaves the silences that the text asks for, where it asks for some."""
    if ask.file is not None or isinstance(maker, _Parts) or not pauses(ask.text):
        return maker
    return WithPauses(maker, ask)


def _pieces(ask: VoiceAsk) -> Iterator[tuple[int, int, str, Any, float]]:
    """(start, end, language, turn, seconds of the pause before it that the text asks for)."""
    marks: list[tuple[int, int, str, Any]] = [
        (a, b, "pause", seconds) for a, b, seconds in pauses(ask.text)
    ]
    marks += [(m.start(), m.end(), "lang", m.group(1) or "") for m in _LANG.finditer(ask.text)]
    marks.sort()
    for turn in ask.turns or (None,):
        begin, end = (turn.start, turn.end) if turn is not None else (0, len(ask.text))
        own = (turn.language if turn is not None else None) or ask.language
        languages, pause, at = [own], 0.0, begin
        for a, b, kind, value in marks:
            if not begin <= a < end:
                continue
            if ask.text[at:a].strip():
                yield at, a, languages[-1], turn, pause
                pause = 0.0
            at = b
            if kind == "pause":
                pause += float(value)
            elif value:
                languages.append(str(value))
            elif ask.text[a + 1] == "/" and len(languages) > 1:
                languages.pop()
        if pause or ask.text[at:end].strip():
            yield at, end, languages[-1], turn, pause


def _breath(text: str, before: Span, start: int, speaker: str | None) -> float:
    """The silence that belongs between a span and the next."""
    if before.speaker != speaker:
        return BETWEEN_SPEAKERS
    if "\n" in text[before.end - 1 : start + 1].strip(" "):
        return BETWEEN_PARAGRAPHS
    return BETWEEN_SENTENCES if _SENTENCE_END.search(text[: before.end]) else BETWEEN_WORDS


@lru_cache(maxsize=16)
def _local(spec: str) -> Any:
    """A voice of this machine that a lesson names with its provider. Raises `ProviderError`."""
    provider = spec.partition(":")[0]
    if provider in ("piper", "kokoro"):
        return voice_maker(spec)
    maker: Any = voice_maker(provider)
    if not getattr(maker, "local", False):
        raise ProviderError(
            f"a speaker has the voice {spec!r}, and {provider} asks a service, which no lesson "
            f"chooses; name it yourself, as voice=[{provider!r}, 'auto']"
        )
    return maker


@dataclass(frozen=True)
class _Part:
    """A span, who speaks it, by which gate beside the narration's own, and what is asked."""

    span: Span
    maker: Any
    gate: Request | None
    ask: VoiceAsk

    async def speak(self, request: Request) -> Narration:
        async def gated(send: Callable[[], Awaitable[T]], /) -> T:
            if self.gate is None:
                return await request(send)
            # what is sent once more is reserved once more
            return await self.gate(partial(request, send))

        return await service_voice.speak(self.maker, self.ask, gated)


_Voice = tuple[Any, Request | None, VoiceAsk]
"""Who speaks, by which gate beside the narration's own, and what is asked."""


class _Parts:
    """A narration in spans; `parts` says who speaks them."""

    parts: list[_Part]

    def price(self, ask: VoiceAsk) -> float | None:
        """The most that one request may cost; None where a voice does not say."""
        most = 0.0
        for part in self.parts:
            if (dollars := price(part.maker, part.ask)) is None:
                return None
            most = max(most, dollars)
        return most

    def requests(self, ask: VoiceAsk) -> int:
        """How many requests its voices send."""
        return sum(requests(part.maker, part.ask) for part in self.parts)

    def shape(self, ask: VoiceAsk) -> Mapping[str, Any]:
        """What each of its voices is asked, and the silence between them."""
        parts = [
            {
                **part.maker.shape(part.ask),
                "pause before": part.span.pause,
                "start": part.span.start,
                **({"pause after": part.span.after} if part.span.after else {}),
            }
            for part in self.parts
        ]
        return {"conversation": VERSION, "parts": parts, "written": ask.text}

    async def speak(self, ask: VoiceAsk, request: Request) -> Narration:
        """The spans, spoken and put together: WAV of 16 bits, mono, with the time of each word
        where all its voices tell. Raises what the first voice that fails raises.
        """
        if not self.parts:
            return silence()
        made = await self._spoken(request)
        spans = [part.span for part in self.parts]
        whole, words, pieces = await asyncio.to_thread(_put_together, spans, made)
        notes = dict.fromkeys(note for each in made for note in each.notes)
        costs = [
            0.0 if each.cost is None and price(part.maker, part.ask) == 0 else each.cost
            for part, each in zip(self.parts, made, strict=True)
        ]
        cost = None if None in costs else sum(cost or 0.0 for cost in costs)
        return Narration(
            whole, words=words, notes=tuple(notes), cost=cost, checked=True, pieces=pieces
        )

    async def _spoken(self, request: Request) -> list[Narration]:
        return [await part.speak(request) for part in self.parts]


class WithPauses(_Parts):
    """A voice, with the silences that a text asks for: `<break time="1s"/>`, `[pause]`. In all
    else it is that voice.
    """

    def __init__(self, maker: Any, ask: VoiceAsk) -> None:
        self._maker = maker
        self.parts = [
            _Part(span, maker, None, replace(ask, text=ask.text[span.start : span.end], turns=()))
            for span in spans(ask)
        ]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._maker, name)


class Conversation(_Parts):
    """The voice of a narration with several spans. `rank`: 0 asks for each span the voice that
    comes first; each further one, below `ranks`, passes over some of the voices.

    sources: the voices of the run, each with the gated way to it.
    """

    places = None
    online = False

    def __init__(
        self, ask: VoiceAsk, makers: Sequence[Any], gates: Sequence[Request], rank: int = 0
    ) -> None:
        self._makers, self._gates = [*makers], [*gates]
        self.parts = []
        self._failure: ProviderError | None = None
        self._absent: ProviderError | None = None
        self.ranks = 1
        try:
            self.parts = self._choose(ask, rank)
        except ProviderError as error:
            self._failure = error
        self.name = " + ".join(dict.fromkeys(part.maker.name for part in self.parts)) or "voice"

    @property
    def missing(self) -> ProviderMissing | None:
        """Why one of its voices cannot be asked now."""
        for part in self.parts:
            why: ProviderMissing | None = getattr(part.maker, "missing", None)
            if why is not None:
                return why
        return None

    def shape(self, ask: VoiceAsk) -> Mapping[str, Any]:
        """What each of its voices is asked, and the silence between them. Raises why one of them
        cannot be.
        """
        if self._failure is not None:
            raise self._failure
        return super().shape(ask)

    async def _spoken(self, request: Request) -> list[Narration]:
        """Side by side; the others go on where one fails."""
        if self._failure is not None:
            raise self._failure
        several = (part.speak(request) for part in self.parts)
        made: list[Narration] = []
        for result in await asyncio.gather(*several, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result
            made.append(result)
        return made

    def _choose(self, ask: VoiceAsk, rank: int) -> list[_Part]:
        """Who speaks each span: the first of its voices that is not passed over. A voice may be
        the first of one span and the second of another, so it is passed over in all of them.
        """
        several = spans(ask)
        found = [
            self._voices(
                replace(
                    ask,
                    text=ask.text[span.start : span.end],
                    language=span.language,
                    voice=span.voice,
                    turns=(),
                )
            )
            for span in several
        ]
        makers = [*self._makers, *(maker for voices in found for maker, *_ in voices)]
        ids = list(dict.fromkeys(map(id, makers)))
        ways: list[list[_Voice]] = []
        for passed in [ids[:n] for n in range(len(ids))] + [ids[n:] for n in range(1, len(ids))]:
            way = [next((v for v in some if id(v[0]) not in passed), some[-1]) for some in found]
            if way not in ways:
                ways.append(way)
        self.ranks = len(ways)
        if self._absent is not None:  # the first of all asks for it, so that the report says why
            self.ranks += 1
            if not rank:
                raise self._absent
            rank -= 1
        return [_Part(span, *voice) for span, voice in zip(several, ways[rank], strict=True)]

    def _voices(self, each: VoiceAsk) -> list[_Voice]:
        """Who can speak a span, the best first, by which gate, and what is asked."""
        makers: list[Any] = self._makers
        gates: list[Request | None] = [*self._gates]
        named = each.voice or ""
        provider, colon, _ = named.partition(":")
        beside = colon and all(maker.name != provider for maker in makers)
        whole = provider in ("piper", "kokoro")  # the name is all of its argument
        if beside and whole:
            each = replace(each, voice=None)
        found = order(makers, each)
        if beside:
            try:
                makers, gates = [_local(named), *makers], [None, *gates]
            except ProviderError as error:
                if not whole:
                    raise
                # the run's own voices take the place of one that is not here
                self._absent = self._absent or error
            else:
                others = ((n + 1, one) for n, one in found)
                found = [(0, each), *others] if whole else order(makers, each)
        return [(makers[n], gates[n], asked) for n, asked in found]


def _put_together(
    parts: Sequence[Span], made: Sequence[Narration]
) -> tuple[bytes, tuple[Word, ...], tuple[Word, ...]]:
    """The sounds one after the other, as WAV; their words, where each tells its own, and pieces at
    their new times."""
    import numpy as np

    from ..media.frame import RATE
    from ..media.loudness import levelled
    from ..media.narration import CEILING

    sounds: list[Any] = []
    words: list[Word] = []
    pieces: list[Word] = []
    at = 0
    for span, narration in zip(parts, made, strict=True):
        sound, cut = levelled(narration.data, CEILING)
        pause = round((span.pause if sounds else EDGE + span.pause) * RATE)
        at += pause
        sounds += [np.zeros(pause, np.float32), sound]
        heard = at / RATE, (at + len(sound)) / RATE
        words += _moved(narration.words, cut, *heard)
        pieces += _moved(narration.pieces, cut, *heard)
        at += len(sound)
    silence = np.zeros(round((EDGE + parts[-1].after) * RATE), np.float32)
    whole = np.concatenate([*sounds, silence])
    told = tuple(words) if all(each.words for each in made) else ()
    return wav((whole * 32767).astype("<i2").tobytes(), RATE), told, tuple(pieces)


def _moved(words: Sequence[Word], cut: float, begin: float, end: float) -> Iterator[Word]:
    """Words of a sound that lost `cut` seconds before it, and is heard from `begin` to `end`."""
    for word in words:
        times = (min(end, max(begin, t - cut + begin)) for t in (word.start, word.end))
        yield Word(word.text, *(round(t, 4) for t in times))


def price(maker: Any, ask: ImageAsk | VoiceAsk | WriteAsk) -> float | None:
    """What a request may cost in dollars: the provider's `price`, a number or a function of the
    ask; None where it does not say. Raises `ProviderError` for what is no sum of money.
    """
    maker = with_pauses(maker, ask) if isinstance(ask, VoiceAsk) else maker
    told: float | Callable[[object], float | None] | None = getattr(maker, "price", None)
    with calling(maker, "price"):
        dollars = told(ask) if callable(told) else told
    if dollars is not None and not is_amount(dollars):
        raise ProviderError(
            f"{maker.name}'s price is {dollars!r}; give dollars, 0 or more, or None"
        )
    return dollars


def requests(maker: object, ask: ImageAsk | VoiceAsk) -> int:
    """How many requests a provider sends for an ask, where it says so; else one."""
    maker = with_pauses(maker, ask) if isinstance(ask, VoiceAsk) else maker
    told: Callable[[object], int] | None = getattr(maker, "requests", None)
    return max(1, told(ask)) if told is not None else 1


def handed_text(maker: Any, ask: VoiceAsk) -> str | None:
    """The words that a voice is handed, None where it does not say so."""
    return service_voice.handed(with_pauses(maker, ask), ask)
