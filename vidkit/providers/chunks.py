"""Sounds of one voice put end to end: MP3 by frames, WAV by samples."""

from __future__ import annotations

import asyncio
import io
import re
import struct
import unicodedata
import wave
from collections import Counter
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeVar

_BITRATES = {
    1: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Of layer III, in kilobits a second, by version (ISO/IEC 11172-3 and 13818-3)."""
_HERTZ = (44_100, 48_000, 32_000)
_COUNTS = (b"Xing", b"Info", b"VBRI")


class NoSound(ValueError):
    """The bytes are not a sound of that kind, or only a piece of one."""


def sound_suffix(data: bytes) -> str | None:
    """The suffix of a sound file, by its first bytes; None where they are no sound."""
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return ".wav"
    if data[:3] == b"ID3" or (len(data) > 3 and _frame(data, 0) is not None):
        return ".mp3"
    return {b"OggS": ".ogg", b"fLaC": ".flac"}.get(data[:4])


def joined_mp3(parts: Sequence[bytes]) -> bytes:
    """MP3 files as one, which decodes to the length of all.

    Tags go, and so do the frames in which a file counts its own frames: a player would
    believe the first of them and stop there. Raises `NoSound` for what has no frames.
    """
    return b"".join(frame for part in parts for frame in _own_frames(part))


def joined_wav(parts: Sequence[bytes]) -> bytes:
    """WAV files of the same form as one, with a head that is true.

    A server that streams does not know the length when it writes the head; then what is
    there counts. Raises `NoSound` where a file is cut off or of another form.
    """
    forms, samples = zip(*(_wav(part) for part in parts), strict=True)
    if len(set(forms)) != 1:
        raise NoSound(f"sounds of different forms: {sorted(set(forms))}")
    channels, hertz, width = forms[0]
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(width)
        sound.setframerate(hertz)
        sound.writeframes(b"".join(samples))
    return out.getvalue()


def _own_frames(data: bytes) -> Iterator[bytes]:
    frames = list(_frames(data))
    if frames and any(count in frames[0][:48] for count in _COUNTS):
        frames = frames[1:]
    if not frames:
        raise NoSound("no MP3")
    yield from frames


def _frames(data: bytes) -> Iterator[bytes]:
    """The whole frames of an MP3 file, between its tags."""
    at = 0
    if data[:3] == b"ID3" and len(data) > 10:
        # four bytes of seven bits each (ID3v2, 3.1)
        size = 0
        for byte in data[6:10]:
            size = size << 7 | byte & 0x7F
        at = 10 + size + (10 if data[5] & 0x10 else 0)
    while at + 4 <= len(data):
        length = _frame(data, at)
        if length is None:
            if data[at : at + 3] == b"TAG":
                return
            at += 1
        elif at + length <= len(data):
            yield data[at : at + length]
            at += length
        else:
            return


def _frame(data: bytes, at: int) -> int | None:
    """The length in bytes of the frame of layer III that begins at `at`, None if none does."""
    head = int.from_bytes(data[at : at + 4], "big")
    version, layer = (head >> 19) & 3, (head >> 17) & 3
    bitrate, hertz = (head >> 12) & 15, (head >> 10) & 3
    if head >> 21 != 0x7FF or version == 1 or layer != 1 or hertz == 3 or bitrate in (0, 15):
        return None
    first = version == 3
    rate = _HERTZ[hertz] // {3: 1, 2: 2, 0: 4}[version]
    kilobits = _BITRATES[1 if first else 2][bitrate - 1]
    return (144 if first else 72) * 1000 * kilobits // rate + ((head >> 9) & 1)


def _wav(data: bytes) -> tuple[tuple[int, int, int], bytes]:
    """Channels, samples a second, bytes a sample; and the samples."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise NoSound("no WAV")
    at, form = 12, None
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        at += 8
        if name == b"fmt " and at + 16 <= len(data):
            kind, channels, hertz, _, _, bits = struct.unpack_from("<HHIIHH", data, at)
            if kind not in (1, 0xFFFE) or not channels or not hertz or bits not in (8, 16, 24, 32):
                raise NoSound("a WAV that is compressed or damaged")
            form = (channels, hertz, bits // 8)
        elif name == b"data" and form is not None:
            return form, _samples(data[at:], size, form[0] * form[2])
        at += size + size % 2
    raise NoSound("a WAV without sound")


def _samples(data: bytes, size: int, frame: int) -> bytes:
    unknown = size >= 0x7FFF_F000 or size == 0
    if not unknown and size > len(data):
        raise NoSound(f"a WAV that ends after {len(data)} of {size} bytes")
    samples = data if unknown else data[:size]
    if len(samples) < frame:
        raise NoSound("a WAV without sound")
    return samples[: len(samples) // frame * frame]


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
    packed: list[str] = []
    for clause in _clauses(" ".join(text.split())):
        for part in _cut(clause, most):
            if packed and len((packed[-1] + part).rstrip()) <= most:
                packed[-1] += part
            else:
                packed.append(part)
    return [piece.strip() for piece in packed if _SPEAKABLE.search(piece)]


def _clauses(text: str) -> list[str]:
    """The clauses of a text, each with the space after it."""
    ends = [found.end() for found in _CLAUSE_END.finditer(text)]
    bounds = [0, *ends, len(text)]
    return [text[a:b] for a, b in pairwise(bounds) if a < b]


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


# Several requests of one asset, side by side.


T = TypeVar("T")


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


# How long speaking a text may take.


LETTER, CAPITAL, SIGN, SPACE, PAUSE = 0.12, 0.6, 0.5, 0.1, 0.8
"""Seconds that one character may take at most: a letter of an alphabet, one that may be spelt
out, one that stands for a syllable or a word, a space, a mark at which a voice rests. Who speaks
100 words of 5 letters a minute, which is slow, takes 0.1 s a character."""
NUMBER = 1.2
"""The same for a digit or a symbol, which is spoken as a word or two."""
LEAST = 3.0


def longest_speech(text: str) -> float:
    """Seconds that a voice of usual speed takes for `text` at the very most, pauses included."""
    return LEAST + sum(count * _longest(sign) for sign, count in Counter(text).items())


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
