"""What the voice of a service needs: a text in pieces that it takes, asked for side by side, their
sounds put end to end, and a narration held against its text.

A service may end a sound too early under a head that knows no length, repeat itself without an
end, or send silence; each of these decodes. So what a service gives is listened to. What cannot
be its text is asked for once more; if that is no better, the likelier of both is kept, with a
note. The bounds are wide: a narration that is only odd is nobody's business.
"""

from __future__ import annotations

import asyncio
import io
import math
import re
import struct
import unicodedata
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any, TypeVar

from ..core.errors import MediaError, ProviderError, Refused
from ..text.markup import MappedText
from ..text.speech import spoken, spoken_before
from ..text.timing import Word
from .base import Narration, Request, VoiceAsk, VoiceMaker, checked_result
from .speech import wav

T = TypeVar("T")


def text_for(ask: VoiceAsk) -> MappedText:
    """The words that the voice of a service is handed; numbers and units it reads by itself."""
    return spoken(ask.text, ask.language, ask.say, normalise=False)


# A text in pieces that a provider takes: few, and cut where a voice would breathe.


_CLAUSE_END = re.compile(
    r"(?<=[.!?…;:,—–])[\"'”’)\]»]*\s+"  # a mark, then a space: no decimal point
    r"|[。！？；：，、।॥؟،؛][”’」』）]*\s*"
)
_SPEAKABLE = re.compile(r"[^\W_]")


def pieces(text: str, most: int) -> list[str]:
    """`text` in pieces of at most `most` characters, each of which can be spoken.

    Every piece holds as many clauses as it has room for; a clause that is too long is cut
    between words, a word that is too long within. In order, they hold every letter and digit.
    """
    text = " ".join(text.split())
    bounds = [0, *(found.end() for found in _CLAUSE_END.finditer(text)), len(text)]
    packed: list[str] = []
    for start, end in pairwise(bounds):
        for part in _cut(text[start:end], most) if start < end else ():
            if packed and len((packed[-1] + part).rstrip()) <= most:
                packed[-1] += part
            else:
                packed.append(part)
    return [piece.strip() for piece in packed if _SPEAKABLE.search(piece)]


def heard_pieces(
    written: str, said: MappedText, parts: Sequence[str], sounds: Sequence[bytes]
) -> tuple[Word, ...]:
    """The part of `written` that each piece of what is `said` stands for, and from when to when
    its sound is heard; nothing for one piece, or for sounds whose length is not known.
    """
    try:
        ends = list(accumulate(map(seconds, sounds)))
    except NoSound:
        return ()
    if len(parts) < 2:
        return ()
    # in order, the pieces hold every letter and digit
    letters = [found.start() for found in _SPEAKABLE.finditer(said.text)]
    counts = accumulate((len(_SPEAKABLE.findall(part)) for part in parts[:-1]), initial=0)
    firsts = [said.origin[letters[count]] for count in counts]
    places = [0, *firsts[1:], len(written)]
    return tuple(
        Word(written[a:b].strip(), round(start, 3), round(end, 3))
        for (a, b), start, end in zip(pairwise(places), [0.0, *ends], ends, strict=False)
    )


def _cut(clause: str, most: int) -> list[str]:
    parts = []
    while len(clause.rstrip()) > most:
        place = clause.rfind(" ", 0, most + 1) + 1
        if place == 0:
            place = most
            # not between a letter and the marks that belong to it
            while place > 1 and unicodedata.combining(clause[place]):
                place -= 1
        parts.append(clause[:place])
        clause = clause[place:]
    return [*parts, clause]


async def together(calls: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What all `calls` give, in their order. The first error ends the others, and is raised."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


# Sounds of one voice put end to end: MP3 by frames, WAV by samples.


class NoSound(ValueError):
    """The bytes are not a sound of that kind, or only a piece of one."""


def joined_mp3(parts: Sequence[bytes]) -> bytes:
    """MP3 files as one, which decodes to the length of all.

    Tags go, and so do the frames in which a file counts its own frames: a player would
    believe the first of them and stop there. Raises `NoSound` for what has no frames.
    """
    return b"".join(frame for part in parts for frame, _ in _mp3_frames(part))


def joined_wav(parts: Sequence[bytes]) -> bytes:
    """WAV files of the same form as one, with a head that is true.

    A server that streams does not know the length when it writes the head; then what is
    there counts. The form is copied and not looked into: whole numbers, floating point, µ-law.
    Raises `NoSound` where a file is cut off or of another form.
    """
    forms, samples = zip(*(_wav(part) for part in parts), strict=True)
    if len(set(forms)) != 1:
        raise NoSound("sounds of different forms")
    body = b"WAVE" + _chunk(b"fmt ", forms[0]) + _chunk(b"data", b"".join(samples))
    return _chunk(b"RIFF", body)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", name, len(content)) + content + bytes(len(content) % 2)


def joined_decoded(parts: Sequence[bytes]) -> bytes:
    """Sounds of any kind as one WAV of 16 bits, mono, at the highest of their rates.

    Raises `MediaError` for what cannot be decoded.
    """
    import numpy as np

    from ..media.audio import open_sound

    sounds = [open_sound(part, "the narration") for part in parts]
    rate = max(sound.rate for sound in sounds)
    whole = np.concatenate([piece for sound in sounds for piece in sound.pieces(rate)])
    return wav(np.clip(whole * 32767, -32768, 32767).astype("<i2").tobytes(), rate)


def _mp3_frames(data: bytes) -> list[tuple[bytes, float]]:
    """The frames of an MP3 file that hold sound, each with its seconds; FFmpeg passes over tags and
    the frame that counts the others. Raises `NoSound`.
    """
    import av

    try:
        with av.open(io.BytesIO(data), "r", format="mp3") as file:
            packets = [packet for packet in file.demux(audio=0) if packet.size]
            found = [(bytes(p), float((p.duration or 0) * (p.time_base or 0))) for p in packets]
    except (av.FFmpegError, IndexError) as error:
        raise NoSound("no MP3") from error
    if not found:
        raise NoSound("no MP3")
    return found


_HEAD = re.compile(rb"RIFF.{4}WAVEfmt ", re.DOTALL)
LONGEST_SAMPLES = 0x0800_0000
"""Bytes of samples: a head that tells of more does not know its length."""


def _wav(data: bytes) -> tuple[bytes, bytes]:
    """What a WAV says of its form, and its samples. Some that stream send a head with each of
    their pieces, so it may be several, one behind the other.
    """
    begins = [0, *(found.start() for found in _HEAD.finditer(data) if found.start())]
    found = [_one_wav(data[a:b]) for a, b in pairwise([*begins, len(data)])]
    forms = {form for form, _ in found}
    if len(forms) > 1:
        raise NoSound("sounds of different forms")
    return forms.pop(), b"".join(samples for _, samples in found)


def _one_wav(data: bytes) -> tuple[bytes, bytes]:
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise NoSound("no WAV")
    at, form = 12, b""
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        at += 8
        if name == b"fmt " and 16 <= size <= len(data) - at:
            form = data[at : at + size]
        elif name == b"data" and form:
            return form, _samples(data[at:], size, struct.unpack_from("<12xH", form)[0])
        at += size + size % 2
    raise NoSound("a WAV without sound")


def _samples(data: bytes, size: int, block: int) -> bytes:
    """The samples that are there, in whole blocks (bytes that belong together)."""
    unknown = size == 0 or size > max(len(data), LONGEST_SAMPLES)
    if not unknown and size > len(data):
        raise NoSound(f"a WAV that ends after {len(data)} of {size} bytes")
    samples = data if unknown else data[:size]
    if not block or len(samples) < block:
        raise NoSound("a WAV without sound")
    return samples[: len(samples) // block * block]


def joined(sounds: Sequence[bytes]) -> tuple[bytes, str]:
    """Sounds as one file, and its suffix. Raises `NoSound`, `MediaError`."""
    from ..media.audio import sound_suffix

    kinds = {sound_suffix(sound) or ".mp3" for sound in sounds}
    if len(sounds) == 1:
        return sounds[0], kinds.pop()
    if kinds == {".mp3"}:
        return joined_mp3(sounds), ".mp3"
    if kinds == {".wav"}:
        with suppress(NoSound):
            return joined_wav(sounds), ".wav"
    return joined_decoded(sounds), ".wav"


def seconds(data: bytes) -> float:
    """How long an MP3 or WAV file is heard when it is joined with others. Raises `NoSound`."""
    if data[:4] == b"RIFF":
        form, samples = _wav(data)
        kind, _, hertz, _, block = struct.unpack_from("<HHIIH", form)
        if not hertz:
            raise NoSound("a WAV without a rate")
        packed = kind in (2, 17) and len(form) >= 20  # ADPCM has many samples in a block
        in_a_block = struct.unpack_from("<18xH", form)[0] if packed else 1
        return float(len(samples) / block * in_a_block / hertz)
    return math.fsum(length for _, length in _mp3_frames(data))


class ServiceVoice:
    """The voice of a service that takes at most so many characters at once: a longer text is asked
    for in pieces, side by side.
    """

    name: str
    most: int

    def shape(self, ask: VoiceAsk) -> Mapping[str, Any]:
        """As `VoiceMaker.shape`; the words as they are handed over are its `text`."""
        raise NotImplementedError

    async def piece(self, text: str, ask: VoiceAsk, request: Request, several: bool) -> Narration:
        """A piece of what is asked, whose sound is joined with those of others."""
        raise NotImplementedError

    def earlier_shape(self, ask: VoiceAsk) -> Mapping[str, Any]:
        """What shaped the narration when all voices were handed the same words."""
        return {**self.shape(ask), "text": spoken_before(ask.text, ask.language, ask.say)}

    def requests(self, ask: VoiceAsk) -> int:
        """One, and more for a narration that is longer than a request may be."""
        return len(pieces(text_for(ask).text, self.most))

    async def speak(self, ask: VoiceAsk, request: Request) -> Narration:
        """The narration, as the service gives it. Raises `ProviderError`s."""
        handed = text_for(ask)
        parts = pieces(handed.text, self.most)
        if not parts:
            raise Refused(f"{self.name}: nothing in the text can be spoken; write a sentence")
        made = await together(self.piece(part, ask, request, len(parts) > 1) for part in parts)
        sounds = [each.data for each in made]
        try:
            data, suffix = await asyncio.to_thread(joined, sounds)
        except (NoSound, MediaError) as error:
            raise ProviderError(
                f"{self.name}: the parts of a long narration do not fit together ({error}); "
                "split the section"
            ) from None
        costs = [each.cost for each in made if each.cost is not None]
        return Narration(
            data,
            suffix,
            notes=tuple(dict.fromkeys(note for each in made for note in each.notes)),
            cost=sum(costs) if len(costs) == len(parts) else None,
            checked=all(each.checked for each in made),
            pieces=heard_pieces(ask.text, handed, parts, sounds),
        )


# Narrations held against their texts: how long speaking a text may take, and what came.


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
    from ..media.loudness import audible

    try:
        heard = audible(data)
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

    async def asked() -> Narration:
        return checked_result(maker, await maker.speak(ask, request), Narration)

    made = await asked()
    if arrived is not None:
        arrived(made)
    if made.checked or not getattr(maker, "online", False):
        return made
    text = handed(maker, ask) or ask.text
    told: Callable[[VoiceAsk], float] | None = getattr(maker, "speed", None)
    speed = told(ask) if told is not None else (ask.rate or WORDS_A_MINUTE) / WORDS_A_MINUTE
    return await better_of(made, asked, text, speed)


async def better_of(
    made: Narration, again: Callable[[], Awaitable[Narration]], text: str, speed: float
) -> Narration:
    """`made` where it may be `text`, else the better of it and what comes `again`."""
    first = await asyncio.to_thread(doubt, text, made.data, speed)
    if first is None:
        return made
    try:
        anew = await again()
    except ProviderError as error:
        # what may have been paid for too is not in what the first cost
        cost = None if error.owed else made.cost
        return replace(made, cost=cost, notes=(*made.notes, first.note(twice=False)))
    second = await asyncio.to_thread(doubt, text, anew.data, speed)
    left, kept = second, anew
    if second is not None and first.far < second.far:
        left, kept = first, made
    notes = (*kept.notes, left.note(twice=True)) if left is not None else kept.notes
    cost = None if made.cost is None or anew.cost is None else made.cost + anew.cost
    return replace(kept, cost=cost, notes=notes)
