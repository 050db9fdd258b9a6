"""Narrations held against their texts: how long speaking a text may take, and what came.

A service may end a sound too early under a head that knows no length, repeat itself without an
end, or send silence; each of these decodes. So what a service gives is listened to. What cannot
be its text is asked for once more; if that is no better, the likelier of both is kept, with a
note. The bounds are wide: a narration that is only odd is nobody's business.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ..core.errors import MediaError, ProviderError
from .base import Narration, Request, VoiceAsk, VoiceMaker

WORDS_A_MINUTE = 150
"""Of a voice at its usual speed."""

LETTER, CAPITAL, SIGN, SPACE, PAUSE = 0.12, 0.6, 0.5, 0.1, 0.8
"""Seconds that one character may take at most: a letter of an alphabet, one that may be spelt
out, one that stands for a syllable or a word, a space, a mark at which a voice rests. Who speaks
100 words of 5 letters a minute, which is slow, takes 0.1 s a character."""
NUMBER = 1.2
"""The same for a digit or a symbol, which is spoken as a word or two."""
LEAST = 3.0

QUICK_LETTER, QUICK_SIGN = 0.022, 0.055
"""Seconds that one letter takes at the very least, and one sign for a syllable or a word (Chinese,
kana, Hangul). In seventeen languages speakers say 4.3 to 9.1 syllables a second, pauses left out
(Coupé, Oh, Dediu and Pellegrino 2019, Science Advances 5, eaaw2594); nine syllables of three
letters are 27 letters a second, or nine signs. These bounds allow 45 letters, or 18 signs: twice
as many as the quickest of them, 540 words of English a minute."""

TOO_LONG = 2.0
"""How many times the longest that speaking should take is beyond belief: 40 words a minute."""


def longest_speech(text: str) -> float:
    """Seconds that a voice of usual speed takes for `text` at the very most, pauses included."""
    return LEAST + sum(count * _longest(sign) for sign, count in Counter(text).items())


def shortest_speech(text: str) -> float:
    """Seconds of sound, longer pauses left out, in which a voice of usual speed can say `text` at
    the very least. Marks, symbols and accents may be left out, and count nothing.
    """
    return sum(count * _shortest(sign) for sign, count in Counter(text).items())


@lru_cache(maxsize=4096)
def _longest(sign: str) -> float:
    kind = unicodedata.category(sign)
    if kind[0] == "Z" or sign.isspace():
        return SPACE
    if kind[0] == "P":
        return PAUSE
    if kind[0] in "NS":
        return NUMBER
    if kind[0] == "M":
        return LETTER
    if kind == "Lu":
        return CAPITAL
    return LETTER if kind == "Ll" else SIGN


@lru_cache(maxsize=4096)
def _shortest(sign: str) -> float:
    if not sign.isalnum():
        return 0.0
    syllable = unicodedata.east_asian_width(sign) == "W"
    return QUICK_SIGN if syllable else QUICK_LETTER


@dataclass(frozen=True)
class Doubt:
    """Why a sound can hardly be its text, in half a sentence. `far`: how many times beyond the
    bound it is, by which the lesser of two doubts is found.
    """

    why: str
    far: float

    def note(self, twice: bool) -> str:
        """What a person is told. twice: whether it was asked for again."""
        again = ", also when it was asked for again" if twice else ""
        return f"{self.why}{again}; listen to it, and make it again with force='audio' if need be"


def doubt(text: str, data: bytes, speed: float = 1.0) -> Doubt | None:
    """Why the sound in `data` can hardly be `text`, spoken at `speed` times the usual; None where
    nothing speaks against it, or it does not decode, which others tell. Blocks.
    """
    from ..media.silence import measured

    try:
        heard = measured(data)
    except MediaError:
        return None
    shortest = shortest_speech(text) / max(1.0, speed)
    longest = longest_speech(text) / min(1.0, speed) * TOO_LONG
    if not heard.sounding and shortest:
        return Doubt(f"the narration is {heard.seconds:.1f} s of silence", float("inf"))
    if heard.sounding < shortest:
        spoken = f"only {heard.sounding:.1f} s of the narration can be heard"
        return Doubt(f"{spoken}, for {_amount(text)}", shortest / heard.sounding)
    if heard.seconds > longest:
        return Doubt(
            f"the narration lasts {heard.seconds:.0f} s, for {_amount(text)}",
            heard.seconds / longest,
        )
    return None


def _amount(text: str) -> str:
    """How much a text is: in words where it has those, else in signs."""
    words = len(text.split())
    signs = sum(unicodedata.east_asian_width(sign) == "W" for sign in text)
    if signs > words:
        return f"{signs} signs"
    return f"{words} words" if words != 1 else "one word"


def handed(maker: Any, ask: VoiceAsk) -> str | None:
    """The words that a voice is handed for an ask, None where it does not say so."""
    fields = maker.shape(ask)
    parts = fields.get("parts", [fields])
    said = [part.get("spoken", part.get("text")) for part in parts]
    return "\n\n".join(said) if all(isinstance(text, str) for text in said) else None


async def speak(
    maker: VoiceMaker,
    ask: VoiceAsk,
    request: Request,
    arrived: Callable[[Narration], None] | None = None,
) -> Narration:
    """The narration of an ask. One that a service gave is held against its text, and asked for
    once more where it can hardly be that. arrived: called with what came first, as soon as it is
    there: it is paid for, whatever happens to the second. Raises what the voice raises.
    """
    made = await maker.speak(ask, request)
    if arrived is not None:
        arrived(made)
    if made.checked or not getattr(maker, "online", False):
        return made
    text = handed(maker, ask) or ask.text
    speed = _speed(maker, ask)
    return await better_of(made, lambda: maker.speak(ask, request), text, speed)


async def better_of(
    made: Narration, again: Callable[[], Awaitable[Narration]], text: str, speed: float
) -> Narration:
    """`made` where it may be `text`, else the better of it and what comes `again`."""
    first = await asyncio.to_thread(doubt, text, made.data, speed)
    if first is None:
        return made
    try:
        anew = await again()
    except ProviderError:
        return replace(made, notes=(*made.notes, first.note(twice=False)))
    second = await asyncio.to_thread(doubt, text, anew.data, speed)
    left, kept = second, anew
    if second is not None and first.far < second.far:
        left, kept = first, made
    notes = (*kept.notes, left.note(twice=True)) if left is not None else kept.notes
    cost = None if made.cost is None or anew.cost is None else made.cost + anew.cost
    return replace(kept, cost=cost, notes=notes)


def _speed(maker: Any, ask: VoiceAsk) -> float:
    """How many times its usual speed a voice speaks."""
    told: Callable[[VoiceAsk], float] | None = getattr(maker, "speed", None)
    return told(ask) if told is not None else (ask.rate or WORDS_A_MINUTE) / WORDS_A_MINUTE
