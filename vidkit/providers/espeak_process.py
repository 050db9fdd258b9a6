"""Speak paragraphs with espeak-ng: a program of its own, run once for each narration.

    argv:   the voice as JSON: `library` and `home` (paths), `voice`, `language`, `rate` (words a
            minute), `limit` (seconds of speech)
    stdin:  a line of JSON: `paragraphs` (texts); the input's end is the end of who asks, and ends
            the program
    stdout: what `speech_process` answers, one piece of sound for each paragraph

espeak-ng keeps the state of its wave generator for as long as its process lives,
so only a fresh process gives the same bytes each time. It is started as
`python -I -S`, which takes 20 ms, and so imports the standard library alone.
"""

from __future__ import annotations

import _thread
import ctypes
import json
import os
import sys
from ctypes import POINTER, byref, c_char, c_char_p, c_int, c_short, c_size_t, c_ubyte, c_uint
from typing import Any

PARAGRAPH_PAUSE = 0.45
"""Seconds of silence between paragraphs, beside the engine's own 0.35 s after a sentence."""

SYNCHRONOUS = 2
NO_EXIT = 0x8000
UTF8 = 1
END_PAUSE = 0x1000
RATE = 1
WORD = 1


class _Failure(Exception):
    """ "refused" for a text, "damaged" for an installation, and a sentence: the answer instead."""


class _Id(ctypes.Union):
    _fields_ = (("number", c_int), ("name", c_char_p), ("string", c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", c_int),
        ("unique", c_uint),
        ("character", c_int),
        ("length", c_int),
        ("milliseconds", c_int),
        ("sample", c_int),
        ("user", ctypes.c_void_p),
        ("id", _Id),
    )


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", c_char_p),
        ("languages", c_char_p),
        ("identifier", c_char_p),
        ("gender", c_ubyte),
        ("age", c_ubyte),
        ("variant", c_ubyte),
        ("unused", c_ubyte),
        ("score", c_int),
        ("spare", ctypes.c_void_p),
    )


_Callback = ctypes.CFUNCTYPE(c_int, POINTER(c_short), c_int, POINTER(_Event))


class _Recorder:
    """Collects what the engine hands over: samples, and when words come."""

    def __init__(self, limit: int) -> None:
        self.sound = bytearray()
        self.words: list[tuple[int, int]] = []
        self.limit = limit

    def __call__(self, wave: Any, count: int, events: Any) -> int:
        if wave and count > 0:
            self.sound += ctypes.string_at(wave, count * 2)
        position = 0
        while (event := events[position]).type:
            if event.type == WORD:
                self.words.append((event.character, event.sample))
            position += 1
        return int(len(self.sound) > 2 * self.limit)


def _open(task: dict[str, Any]) -> tuple[Any, int]:
    # A data path of 160 bytes or more makes the engine look elsewhere without a word,
    # so the path that it is given is the shortest there is.
    os.chdir(task["home"])
    try:
        engine = ctypes.CDLL(task["library"])
    except OSError as error:
        raise _Failure("damaged", f"the library of espeak-ng cannot be loaded: {error}") from None
    engine.espeak_Initialize.argtypes = [c_int, c_int, c_char_p, c_int]
    engine.espeak_Synth.argtypes = [
        c_char_p,
        c_size_t,
        c_uint,
        c_int,
        c_uint,
        c_uint,
        POINTER(c_uint),
        ctypes.c_void_p,
    ]
    hertz = engine.espeak_Initialize(SYNCHRONOUS, 0, b".", NO_EXIT)
    if hertz <= 0:
        raise _Failure("damaged", "espeak-ng did not start: its data is missing or damaged")
    return engine, int(hertz)


def _choose(engine: Any, task: dict[str, Any]) -> None:
    if engine.espeak_SetVoiceByName(task["voice"].encode()) != 0:
        wanted = _Voice(languages=task["language"].encode())
        if engine.espeak_SetVoiceByProperties(byref(wanted)) != 0:
            raise _Failure("damaged", f"espeak-ng cannot load its voice {task['voice']}")
    engine.espeak_SetParameter(RATE, task["rate"], 0)


def _speak(engine: Any, paragraph: str, recorder: _Recorder) -> None:
    callback = _Callback(recorder)
    engine.espeak_SetSynthCallback(callback)
    text = paragraph.encode() + b"\0"
    failed = engine.espeak_Synth(text, len(text), 0, UTF8, 0, UTF8 | END_PAUSE, None, None)
    engine.espeak_Synchronize()
    if failed:
        raise _Failure("refused", f"espeak-ng gave up on a text (code {failed})")


def _answer_all(engine: Any, hertz: int, voice: dict[str, Any], answer: Any) -> None:
    request = json.loads(sys.stdin.buffer.readline())
    _thread.start_new_thread(_read_to_end, ())
    left, before = voice["limit"] * hertz, b""
    for number, paragraph in enumerate(request["paragraphs"]):
        recorder = _Recorder(left)
        _speak(engine, paragraph, recorder)
        left -= len(recorder.sound) // 2
        if left < 0:
            raise _Failure(
                "refused", f"the text takes more than {voice['limit'] // 60} minutes to speak"
            )
        words = [(character, len(before) // 2 + sample) for character, sample in recorder.words]
        answer({"paragraph": number, "words": words}, before + recorder.sound)
        if recorder.sound:
            before = bytes(2 * int(hertz * PARAGRAPH_PAUSE))
    answer({"done": True, "unspoken": []})


def _read_to_end() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


def main() -> None:
    # Whatever the engine prints must not get between the bytes of the answer.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def answer(head: dict[str, Any], sound: bytes = b"") -> None:
        out.write(json.dumps({**head, "bytes": len(sound)}).encode() + b"\n" + sound)
        out.flush()

    voice = json.loads(sys.argv[1])
    try:
        engine, hertz = _open(voice)
        _choose(engine, voice)
        answer({"hertz": hertz})
        _answer_all(engine, hertz, voice, answer)
    except _Failure as error:
        answer(dict([error.args]))


if __name__ == "__main__":
    main()
