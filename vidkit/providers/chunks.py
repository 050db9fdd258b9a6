"""Sounds of one voice put end to end: MP3 by frames, WAV by samples."""

from __future__ import annotations

import asyncio
import io
import math
import re
import struct
import unicodedata
from collections.abc import Coroutine, Iterable, Sequence
from itertools import accumulate, pairwise
from typing import Any, TypeVar

from ..text.markup import MappedText
from ..text.timing import Word
from .word_times import wav


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


def _wav(data: bytes) -> tuple[bytes, bytes]:
    """What a WAV says of its form, and its samples."""
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
    unknown = size >= 0x7FFF_F000 or size == 0
    if not unknown and size > len(data):
        raise NoSound(f"a WAV that ends after {len(data)} of {size} bytes")
    samples = data if unknown else data[:size]
    if not block or len(samples) < block:
        raise NoSound("a WAV without sound")
    return samples[: len(samples) // block * block]


def seconds(data: bytes) -> float:
    """How long an MP3 or WAV file is heard when it is joined with others. Raises `NoSound`."""
    if data[:4] == b"RIFF":
        form, samples = _wav(data)
        kind, _, hertz, _, block = struct.unpack_from("<HHIIH", form)
        packed = kind in (2, 17) and len(form) >= 20  # ADPCM has many samples in a block
        in_a_block = struct.unpack_from("<18xH", form)[0] if packed else 1
        return float(len(samples) / block * in_a_block / hertz)
    return math.fsum(length for _, length in _mp3_frames(data))


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
