"""Voices that speak in processes of their own, and when each word is heard.

A text goes to the process of its voice and comes back as sound with the time of each written word
(`narrated`). That of a neural voice (`speech_process`) stays warm: it is started once, and asked
one narration after the other. Which voices there are is told in `neural` and `espeak`.
"""

from __future__ import annotations

import asyncio
import atexit
import copy
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import wave
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.errors import ProviderError, ProviderMissing, Refused, Unreachable
from ..core.system import in_forked_child
from ..text.captions import Word
from ..text.markup import MappedText
from ..text.speech import paragraphs
from .base import Narration, Request, VoiceAsk

HERE = Path(__file__).parent
START = (
    "import importlib, json, sys, types; "
    "sys.path[:] = json.loads(sys.argv[1])['path']; "
    "here = sys.modules['here'] = types.ModuleType('here'); here.__path__ = [sys.argv[2]]; "
    "importlib.import_module('here.speech_process').main()"
)
"""It sees the packages that this program sees, wherever those were found, and of vidkit only what
lies beside the program, without importing vidkit itself."""
VERSION = 5
"""Counts up when the same text becomes another sound; part of a narration's key."""

LONGEST = 5400
"""Seconds of speech in one narration; its samples take 259 MB."""
PATIENCE = 120.0
"""Seconds to wait for the next piece of sound; a sentence takes less than one."""
RESTART = 200
"""Narrations after which a process is replaced, so that nothing that it gathers can grow."""
MOST_PROCESSES = 2
"""Warm at once. One takes 250 MB with hibari, and 550 MB with kokoro."""
ATTEMPTS = 2
OPENING = 60.0
"""Seconds that a process has to get ready; it takes one on an idle machine."""
FORGIVEN = 30.0
"""Seconds after which a voice that could not be opened is tried again; or ten times as long as it
took to find out, which matters where it hangs."""
SURROUNDINGS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime 1.32 would tell its makers what it does
}


@dataclass(frozen=True)
class Speech:
    """What a process gave: PCM of 16 bits, mono; for each paragraph its first sample and its
    words; the words that it has no sound for."""

    pcm: bytes
    hertz: int
    paragraphs: dict[int, tuple[int, list[list[int]]]]
    unspoken: tuple[str, ...]


class _Ended(Exception):
    """The process ended before its answer. crash: by a fault of the program, which is named."""

    def __init__(self, why: str, crash: str = "") -> None:
        super().__init__(why)
        self.crash = crash


@dataclass
class SpeechProcess:
    """The process of one voice. Its calls block; they may come from any thread, and wait for each
    other.

    program: what speaks one narration and then ends; None for one of the neural voices, which
    stays warm.
    """

    voice: Mapping[str, Any]
    program: Path | None = None
    hertz: int = 0
    failure: ProviderMissing | None = None
    _process: subprocess.Popen[bytes] | None = None
    _spoken: int = 0
    _forgiven_at: float = 0.0
    _asker: threading.Event | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def missing(self) -> ProviderMissing | None:
        """Why the voice could not be opened a moment ago."""
        recent = time.monotonic() < self._forgiven_at
        return copy.copy(self.failure) if self.failure is not None and recent else None

    @property
    def busy(self) -> bool:
        """Whether it speaks at this moment."""
        return self._lock.locked()

    @property
    def process_id(self) -> int | None:
        """The number of the process, where one is running."""
        return self._process.pid if self._process is not None else None

    def speak(self, request: Mapping[str, Any], given_up: threading.Event) -> Speech:
        """The answer to a request. A process that ends before it is started again, once.

        Raises `Refused` for a text, `ProviderMissing` for an installation, `Unreachable` where
        there is no answer.
        """
        with self._lock:
            self._asker = given_up
            for _ in range(ATTEMPTS):
                if given_up.is_set():
                    break
                try:
                    self._ready()
                    if given_up.is_set():
                        break
                    return self._asked(request)
                except _Ended as error:
                    self.stop()
                    ended = error
                except ProviderError:
                    raise
                except BaseException:
                    self.stop()
                    raise
                finally:
                    if self.program is not None:
                        self.stop()
        if given_up.is_set():
            raise Unreachable("the narration was given up")
        if ended.crash:
            raise self._broken_down(ended.crash)
        raise Unreachable(
            f"the process that speaks with {self.voice['engine']} was ended by the system {ended}, "
            f"{ATTEMPTS} times; try again with fewer workers"
        )

    def give_up(self, given_up: threading.Event) -> None:
        """Tell the `speak` that was given this event that nobody wants its answer any more, and
        end the process if it speaks for that one. From any thread.
        """
        given_up.set()
        if self.busy and self._asker is given_up:
            self.stop()

    def stop(self) -> None:
        """End the process. From any thread."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what was not written any more
                    continue

    def _ready(self) -> None:
        """A process that is running and not too old."""
        if self._process is not None and (
            self._spoken >= RESTART or self._process.poll() is not None
        ):
            self.stop()
        if self._process is not None:
            return
        if (missing := self.missing) is not None:
            raise missing
        began = time.monotonic()
        try:
            self.hertz = self._opened()
        except ProviderMissing as error:
            self.stop()
            now = time.monotonic()
            self._forgiven_at = now + max(FORGIVEN, 10 * (now - began))
            self.failure = error
            raise copy.copy(error) from None
        self.failure = None

    def _opened(self) -> int:
        """Start the process; gives the samples a second of its sound. Raises `ProviderMissing`
        where it says that it cannot speak, ends or hangs.
        """
        task = json.dumps({**self.voice, "path": [str(Path(each).absolute()) for each in sys.path]})
        program = ["-c", START] if self.program is None else [str(self.program)]
        try:
            self._process = subprocess.Popen(  # noqa: S603 (our own program)
                [sys.executable, "-I", "-S", *program, task, str(HERE)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **SURROUNDINGS},
            )
        except OSError as error:
            raise Unreachable(
                f"the process that speaks did not start ({error}); use fewer workers"
            ) from error
        self._spoken = 0
        try:
            head, _ = self._next(OPENING)
        except _Ended as error:
            if self._process is None:
                raise  # it was stopped for who gave up, and has no fault
            head = {"damaged": f"its process ended before it was ready {error}"}
        if "damaged" in head:
            raise ProviderMissing(
                f"the voice {self.voice['engine']!r} cannot be opened ({head['damaged']}); "
                f"{self.voice['mend']}"
            )
        return int(head["hertz"])

    def _asked(self, request: Mapping[str, Any]) -> Speech:
        process = self._process
        assert process is not None and process.stdin is not None
        with _killed_after(PATIENCE, process):  # a stopped one reads no more than a pipe holds
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        self._spoken += 1
        pcm = bytearray()
        parts: dict[int, tuple[int, list[list[int]]]] = {}
        while True:
            head, sound = self._next(PATIENCE)
            if "done" in head:
                return Speech(bytes(pcm), self.hertz, parts, tuple(head["unspoken"]))
            if "refused" in head:
                raise Refused(f"{head['refused']}; shorten or split the section")
            if "failed" in head:
                raise self._broken_down(head["failed"])
            start, words = parts.setdefault(head["paragraph"], (len(pcm) // 2, []))
            offset = len(pcm) // 2 - start
            words.extend([at, *(offset + each for each in when)] for at, *when in head["words"])
            pcm += sound

    def _broken_down(self, why: str) -> Refused:
        return Refused(
            f"the voice {self.voice['engine']} broke down over this text; shorten its longest "
            f"words, numbers and codes, or choose another voice for it ({why})"
        )

    def _next(self, patience: float) -> tuple[dict[str, Any], bytes]:
        """The next line of the answer, and the bytes that belong to it."""
        process = self._process
        assert process is not None and process.stdout is not None
        with _killed_after(patience, process):
            line = process.stdout.readline()
            head = json.loads(line) if line.endswith(b"\n") else None
            sound = process.stdout.read(head.get("bytes", 0)) if head else b""
        if head is None or len(sound) < head.get("bytes", 0):
            raise _ended(process.wait())
        return head, sound


_FROM_WITHOUT = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP")
"""What ends a process that has no fault; all else is one of the program, or of its text."""


@contextmanager
def _killed_after(patience: float, process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Kill a process that does not do its part in time. Raises `_Ended` where its pipes fail."""
    late = threading.Timer(patience, process.kill)
    late.daemon = True
    late.start()
    try:
        yield
    except OSError as error:  # it is about to end, and says why
        raise _ended(process.wait()) from error
    except ValueError as error:  # what it says is no answer
        process.kill()
        raise _ended(process.wait()) from error
    finally:
        late.cancel()


def _ended(code: int) -> _Ended:
    """Why a process ended, by its exit code."""
    name = {each.value: each.name for each in signal.Signals}.get(-code, f"exit code {code}")
    if name in _FROM_WITHOUT:
        return _Ended("(killed: too slow, or for want of memory)")
    return _Ended(f"({name})", name if code < 0 or code > 255 else "")


_processes: dict[str, SpeechProcess] = {}
_choosing = threading.Lock()


def process_of(voice: Mapping[str, Any]) -> SpeechProcess:
    """The process of a voice, shared by every run of this program. Starts nothing yet; ends
    those that were asked longest ago where there are too many.
    """
    which = json.dumps(voice, sort_keys=True)
    with _choosing:
        process = _processes.pop(which, None) or SpeechProcess(voice)
        _processes[which] = process
        warm = [each for each in _processes.values() if each.process_id is not None]
        for each in warm[: max(0, len(warm) - MOST_PROCESSES)]:
            if each is not process and not each.busy:
                each.stop()
    return process


@in_forked_child
def _forget() -> None:
    """In a forked child: the processes are the parent's, and nobody would open a lock."""
    global _choosing
    _choosing = threading.Lock()
    _processes.clear()


@atexit.register
def stop_all() -> None:
    """End all processes that speak."""
    for process in _processes.values():
        process.stop()


def silence(hertz: int = 24_000) -> Narration:
    """The narration of a text in which nothing can be spoken."""
    note = f"nothing in the text can be spoken; it is {NOTHING:g} s of silence"
    return Narration(wav(bytes(2 * int(hertz * NOTHING)), hertz), notes=(note,))


async def narrated(
    process: SpeechProcess,
    ask: VoiceAsk,
    text: MappedText,
    request: Request,
    notes: tuple[str, ...],
    hertz: int = 24_000,
) -> Narration:
    """The narration of an ask, whose text is spoken as `text`: WAV of 16 bits, mono, with the
    time of each written word. hertz: of the silence where nothing in it can be spoken.
    """
    parts = paragraphs(text.text)
    if not parts:
        return silence(hertz)
    task = {
        "paragraphs": [paragraph for _, paragraph in parts],
        "rate": ask.rate,
        "limit": LONGEST,
    }
    given_up = threading.Event()

    def work() -> Narration:
        speech = process.speak(task, given_up)
        return _narration(ask.text, text, [place for place, _ in parts], speech, notes)

    async def send() -> Narration:
        try:
            return await asyncio.to_thread(work)
        except asyncio.CancelledError:
            process.give_up(given_up)
            raise

    return await request(send)


def _narration(
    written: str, text: MappedText, places: list[int], speech: Speech, notes: tuple[str, ...]
) -> Narration:
    if not speech.pcm:
        raise Refused("the voice has no sounds for this text; choose another voice for it")
    spoken = [
        Paragraph(places[number], start, words)
        for number, (start, words) in sorted(speech.paragraphs.items())
    ]
    told = any(paragraph.words for paragraph in spoken)
    sound = Sound(speech.pcm, speech.hertz)
    words = word_times(written, text, spoken, sound) if told else ()
    if speech.unspoken:
        some = ", ".join(speech.unspoken[:5])
        notes = (*notes, f"the voice has no sounds for {some}; tell in `say` how it is said")
    return Narration(wav(speech.pcm, speech.hertz), words=words, notes=notes)


# What an engine tells of its words → when each written word is spoken; and a sound as WAV.


NOTHING = 1.0
"""Seconds of silence for a text in which nothing can be spoken."""

LONGEST_WORD = 200
"""Characters without a space. At 400 of A.A.A.… espeak-ng 1.52 writes past its memory and is ended
by the system, and at 300 it is not.
"""

# Thai, Chinese and their neighbours write no spaces, and are not broken
_SPACED = r"[^\s\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\U0010ffff]"
_LONG = re.compile(f"{_SPACED}{{{LONGEST_WORD + 1},}}")


def broken(text: MappedText) -> tuple[MappedText, tuple[str, ...]]:
    """`text` with spaces in words that are too long, and a note where there is one. They come
    after a sign where there is one: before it, a dot would begin a word, which harms as much.
    """
    pieces: list[str] = []
    origin: list[int] = []
    done = 0
    for found in _LONG.finditer(text.text):
        while found.end() - (at := max(done, found.start())) > LONGEST_WORD:
            signs = [n for n in range(at + 1, at + LONGEST_WORD) if not text.text[n - 1].isalnum()]
            end = signs[-1] if signs else at + LONGEST_WORD
            pieces += text.text[done:end], " "
            origin += text.origin[done:end]
            origin.append(text.origin[end - 1])
            done = end
    if not done:
        return text, ()
    note = f"a word of more than {LONGEST_WORD} characters is spoken in pieces; put spaces into it"
    return MappedText("".join(pieces) + text.text[done:], origin + text.origin[done:]), (note,)


# Chinese and Japanese write no spaces; there a "word" ends at their punctuation.
_WRITTEN = re.compile(
    r"[^\s、。，．！？；：]+[、。，．！？；：]*[」』）”’》】]*|[、。，．！？；：]+"
)

QUIET = 150
"""Samples below this (-47 dB of full scale) are silence."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A spoken paragraph: its place in the spoken text (characters) and in the sound
    (samples), and its words as the engine told them: (character from 1, sample), or with the
    sample at which the word ends, where the engine tells that, too.
    """

    place: int
    start: int
    words: Sequence[Sequence[int]]


class Sound:
    """Samples of one narration, mono, 16 bits."""

    def __init__(self, pcm: bytes, hertz: int) -> None:
        self.samples = array("h", pcm)
        self.hertz = hertz

    def __len__(self) -> int:
        return len(self.samples)

    def first_heard(self, start: int, end: int) -> int:
        """Where the sound rises that begins at `start` or later, before `end` (samples); `start`
        where all of that is silence.
        """
        loud = (at for at in range(start, end) if abs(self.samples[at]) > QUIET)
        return next(loud, start)

    def last_heard(self, start: int, end: int) -> int:
        """Where the sound that begins at `start` falls silent before `end` (samples)."""
        step = self.hertz // 200
        while end - step > start:
            block = self.samples[end - step : end]
            if max(block) > QUIET or min(block) < -QUIET:
                break
            end -= step
        return end


def word_times(
    written: str, text: MappedText, paragraphs: Sequence[Paragraph], sound: Sound
) -> tuple[Word, ...]:
    """A `Word` for every word of `written`, in order, none before the one that precedes it.

    The engine gives some words no time of their own (it joins "of the"), and a sign that is
    not spoken has none: these share the time of what stands before them, by their letters.
    A word that is told in the silence before it starts where it is heard.
    """
    spans = [found.span() for found in _WRITTEN.finditer(written)]
    if not spans:
        return ()
    starts, ends = _known(spans, text, paragraphs)
    _share([_letters(written[a:b]) for a, b in spans], starts, sound)
    words = []
    filled = [start or 0 for start in starts]
    next_ones = [*filled[1:], len(sound)]
    for (a, b), told, following, told_end in zip(spans, filled, next_ones, ends, strict=True):
        end = following if told_end is None else min(told_end, following)
        start = sound.first_heard(told, end)
        if told_end is None:
            end = sound.last_heard(start, following)
        words.append(Word(written[a:b], round(start / sound.hertz, 4), round(end / sound.hertz, 4)))
    return tuple(words)


def _known(
    spans: Sequence[tuple[int, int]], text: MappedText, paragraphs: Sequence[Paragraph]
) -> tuple[list[int | None], list[int | None]]:
    """The first and the last sample of each written word that the engine told of."""
    firsts = [a for a, _ in spans]
    starts: list[int | None] = [None] * len(spans)
    ends = starts.copy()
    latest, reached = 0, -1
    for paragraph in paragraphs:
        for character, sample, *last in paragraph.words:
            place = paragraph.place + character - 1
            if character < 1 or place >= len(text.origin):
                continue
            word = max(0, bisect_right(firsts, text.origin[place]) - 1)
            latest = max(latest, paragraph.start + sample)
            # A time for an earlier word would make those after it run backwards.
            if word > reached:
                starts[word] = latest
                reached = word
            if last and word == reached:
                ends[word] = max(latest, paragraph.start + last[0])
    return starts, ends


def _share(letters: Sequence[int], starts: list[int | None], sound: Sound) -> None:
    for first, end in _gaps(starts):
        begin = first - 1 if first > 0 else 0
        low = starts[begin] or 0
        following = starts[end] if end < len(starts) else None
        high = sound.last_heard(low, len(sound) if following is None else following)
        total = sum(letters[begin:end])
        passed = 0
        for word in range(begin, end):
            starts[word] = low + (high - low) * passed // max(1, total)
            passed += letters[word]


def _gaps(starts: Sequence[int | None]) -> Iterator[tuple[int, int]]:
    word = 0
    while word < len(starts):
        end = word
        while end < len(starts) and starts[end] is None:
            end += 1
        if end > word:
            yield word, end
        word = end + 1


def _letters(word: str) -> int:
    return sum(character.isalnum() for character in word)


def wav(pcm: bytes, hertz: int) -> bytes:
    """PCM of 16 bits, mono, as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(hertz)
        sound.writeframes(pcm)
    return file.getvalue()
