"""Speak with a neural voice: a program of its own that stays warm between narrations.

    argv:   the voice as JSON: `engine` ("hibari", "piper" or "kokoro") and what that one takes
    stdin:  one request a line, JSON: `paragraphs` (texts), `rate` (words a minute, or null),
            `limit` (seconds of speech)
    stdout: lines of JSON. {"hertz"} once it is ready; then for each request
            {"paragraph", "words", "bytes"} with as many bytes of PCM16LE, mono, for each piece of
            sound, and {"done", "unspoken"}. A word is [character from 1, first and last sample
            of the piece]. In place of any of them a sentence: {"refused"} for a text, {"failed"}
            for a fault, {"damaged"} for an installation.

It imports no vidkit, so that it is light, and so that piper, which is under the GPL, stays a
program beside it. It ends when its input does, when its parent is gone, and after a while without
a request.
"""

from __future__ import annotations

import gc
import json
import os
import queue
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .speech_engines import ENGINES, Engine, Piece, trimmed, written

SENTENCE_PAUSE = 0.42
"""Seconds of silence between sentences; people who read aloud take 0.25 to 0.6 s."""
PARAGRAPH_PAUSE = 0.85
CLAUSE_PAUSE = 0.15
"""Where a sentence is cut only because it is too long for the model."""
EDGE = 0.05
"""Seconds of near silence that are kept before and after a narration."""

FEW_WORDS = 20
"""Below this a text's own words a minute say little: one long word is no slow speech."""
LETTERS_A_WORD = 4.8
SLOWEST, FASTEST = 2.0, 0.5
"""How far speech is stretched at the most."""
IDLE = 90.0
"""Seconds without a request after which the program ends."""

Answer = Callable[..., None]
"""Takes the head of an answer, and the sound that belongs to it."""


class Refused(Exception):
    """A text that cannot be spoken."""


# Sentences


_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”’)\]»]*\s+(?=\S)|(?<=[。！？।])[”’」』）]*\s*(?=\S)")
_NO_END = re.compile(
    r"(?:^|[\s(\[\"“‘])(?:[A-Z]|Mrs?|Ms|Dr|Prof|St|Jr|Sr|Sra?|Mme|Mlle|Nr|No|Fig|Eq|vs|cf|approx)\.$"
)


def sentences(paragraph: str) -> Iterator[tuple[int, str]]:
    """The sentences of a paragraph, each with its place."""
    start = 0
    for found in _SENTENCE_END.finditer(paragraph):
        before = paragraph[max(start, found.start() - 12) : found.start()]
        if paragraph[found.end()].islower() or _NO_END.search(before):
            continue
        yield start, paragraph[start : found.start()]
        start = found.end()
    if paragraph[start:].strip():
        yield start, paragraph[start:]


# Narrations


@dataclass(frozen=True)
class Breath:
    """A piece, the paragraph and the place in it of its sentence, and the pause before it."""

    piece: Piece
    paragraph: int
    place: int
    pause: float


def _breaths(engine: Engine, paragraphs: Sequence[str], unspoken: set[str]) -> list[Breath]:
    found: list[Breath] = []
    for number, paragraph in enumerate(paragraphs):
        pause = PARAGRAPH_PAUSE
        for place, sentence in sentences(paragraph):
            for piece in engine.pieces(sentence, unspoken):
                found.append(Breath(piece, number, place, pause if found else 0.0))
                pause = CLAUSE_PAUSE
            pause = SENTENCE_PAUSE if found and found[-1].paragraph == number else pause
    return found


def _stretch(engine: Engine, breaths: Sequence[Breath], texts: Sequence[str], rate: int) -> float:
    """How many times longer than the model's own its speech must be for `rate` words a minute."""
    text = " ".join(texts)
    words, pauses = float(len(written(text))), sum(breath.pause for breath in breaths)
    if words < FEW_WORDS:
        words, pauses = sum(map(str.isalnum, text)) / LETTERS_A_WORD, 0.0
    wanted = max(0.1, words * 60 / rate - pauses)
    stretch = 1.0
    for _ in range(engine.passes):
        seconds = sum(engine.seconds(breath.piece, stretch) for breath in breaths)
        stretch = min(SLOWEST, max(FASTEST, stretch * wanted / max(0.1, seconds)))
    return stretch


def narrate(engine: Engine, request: Mapping[str, Any], answer: Answer) -> None:
    """Speak the paragraphs of a request, and answer piece by piece."""
    engine.begin()
    unspoken: set[str] = set()
    breaths = _breaths(engine, request["paragraphs"], unspoken)
    rate = request["rate"]
    stretch = _stretch(engine, breaths, request["paragraphs"], rate) if rate and breaths else 1.0
    left = request["limit"] * engine.hertz
    edge = np.zeros(round(EDGE * engine.hertz), np.float32)
    for number, breath in enumerate(breaths):
        samples, words = engine.speak(breath.piece, stretch)
        samples, cut = trimmed(samples, engine.hertz)
        before = np.zeros(round(breath.pause * engine.hertz), np.float32) if number else edge
        left -= len(before) + len(samples)
        if left < 0:
            raise Refused(f"the text takes more than {request['limit'] // 60} minutes to speak")
        told = []
        for at, *seconds in words:
            times = (min(len(samples), max(0, round(s * engine.hertz) - cut)) for s in seconds)
            told.append((breath.place + at + 1, *(len(before) + time for time in times)))
        after = [edge] if number == len(breaths) - 1 else []
        pcm = np.clip(np.concatenate([before, samples, *after]), -1, 1) * 32767
        answer({"paragraph": breath.paragraph, "words": told}, pcm.astype("<i2").tobytes())
    answer({"done": True, "unspoken": sorted(unspoken)[:20]})


# The program


def _requests() -> queue.Queue[bytes]:
    """The lines of the input as they come. A thread reads them, so that the end of the input,
    which is the end of who asks, ends the program in the middle of a text, too.
    """
    lines: queue.Queue[bytes] = queue.Queue()

    def read() -> None:
        for line in sys.stdin.buffer:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return lines


def _answer_all(engine: Engine, lines: queue.Queue[bytes], answer: Answer, parent: int) -> None:
    """Answer the requests until there are none for a while, or nobody is left to ask."""
    idle = 0.0
    while idle < IDLE and os.getppid() == parent:
        try:
            request = json.loads(lines.get(timeout=0.5))
        except queue.Empty:
            idle += 0.5
            continue
        idle = 0.0
        try:
            narrate(engine, request, answer)
        except Refused as error:
            answer({"refused": str(error)})
        except MemoryError:
            os._exit(1)  # a fresh process has some again
        except Exception as error:  # whatever a text brings about in rules and models of others
            answer({"failed": f"{type(error).__name__}: {error}"})


def main() -> None:
    """Open the voice, and answer until nobody asks any more."""
    parent, lines = os.getppid(), _requests()
    # Whatever a library prints must not get between the bytes of the answer.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def answer(head: Mapping[str, Any], sound: bytes = b"") -> None:
        if os.getppid() != parent:
            os._exit(0)
        line = json.dumps({**head, "bytes": len(sound)} if sound else head)
        out.write(line.encode() + b"\n" + sound)
        out.flush()

    try:
        voice = json.loads(sys.argv[1])
        gc.disable()  # which would look at a million words again and again
        engine = ENGINES[voice["engine"]](voice)
        gc.freeze()
        gc.enable()
    except Exception as error:  # whatever a damaged package or model brings about
        answer({"damaged": f"{type(error).__name__}: {error}"})
        os._exit(1)
    answer({"hertz": engine.hertz})
    _answer_all(engine, lines, answer, parent)
    os._exit(0)  # at once, although a thread still reads
