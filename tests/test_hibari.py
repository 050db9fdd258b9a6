"""hibari: a natural voice in a warm process of its own."""

from __future__ import annotations

import asyncio
import hashlib
import os
import select
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import wave
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import hibari
import numpy as np
import psutil
import pytest
from stand_ins import written

import vidkit
from vidkit.errors import ProviderError, ProviderMissing
from vidkit.providers import Narration, VoiceAsk, neural, speech, speech_engines
from vidkit.providers.espeak import Espeak
from vidkit.providers.neural import Hibari

T = TypeVar("T")

TEXT = (
    "A rainbow is sunlight, sorted by colour and sent back by falling water. Each drop bends the "
    "light on its way in, mirrors it at its back, and bends it once more on its way out."
)


@pytest.fixture(scope="module", autouse=True)
def ended() -> Iterator[None]:
    """No process of this module is left."""
    yield
    speech.stop_all()


async def straight(send: Callable[[], Awaitable[T]]) -> T:
    return await send()


def said(text: str, voice: Any = None, **more: Any) -> Narration:
    """What hibari says."""
    ask = VoiceAsk(text=text, language=more.pop("language", "en"), **more)
    return asyncio.run((voice or Hibari()).speak(ask, straight))


def samples(narration: Narration) -> tuple[np.ndarray[Any, Any], int]:
    """Its samples, full scale as 1, and how many a second."""
    with wave.open(BytesIO(narration.data)) as sound:
        data = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
        return data.astype(np.float64) / 32768, sound.getframerate()


def gaps(narration: Narration) -> list[float]:
    """The silences of a narration between its words, in seconds, that last a fifth of one."""
    sound, hertz = samples(narration)
    hop = hertz // 200
    peaks = np.abs(sound[: len(sound) // hop * hop]).reshape(-1, hop).max(1)
    loud = np.flatnonzero(peaks > peaks.max() / 100)
    silent = (np.diff(loud) - 1) * hop / hertz
    return [round(float(each), 3) for each in silent if each >= 0.2]


def process_id() -> int:
    """The number of hibari's process."""
    ids = [each.process_id for each in speech._processes.values() if each.process_id is not None]
    return ids[-1]


def alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_text_is_spoken_with_the_time_of_every_word() -> None:
    """Each written word has its time, in order, within the sound, where the sound is."""
    narration = said(TEXT)
    sound, hertz = samples(narration)
    assert [word.text for word in narration.words] == TEXT.split()
    times = [time for word in narration.words for time in (word.start, word.end)]
    assert times == sorted(times) and times[-1] <= len(sound) / hertz
    assert narration.notes == ()
    first = np.flatnonzero(np.abs(sound) > 0.03)[0] / hertz
    assert abs(narration.words[0].start - first) < 0.05
    fast = [word.end - word.start for word in narration.words]
    assert 0.05 < np.median(fast) < 0.5


def test_the_same_text_gives_the_same_bytes() -> None:
    """In one process after other texts, and in a fresh one."""
    first = said(TEXT).data
    said("Something else.", rate=140)
    again = said(TEXT).data
    speech.stop_all()
    assert first == again == said(TEXT).data


@pytest.mark.parametrize("rate", [110, 150, 210])
def test_a_rate_is_kept(rate: int) -> None:
    """Words a minute, pauses included, within a twentieth of what was asked."""
    sound, hertz = samples(said(TEXT, rate=rate))
    heard = len(TEXT.split()) * 60 * hertz / len(sound)
    assert abs(heard / rate - 1) < 0.05


def test_one_long_word_is_not_hurried() -> None:
    """A rate is one of ordinary words: a section of a single long one is not squeezed into the
    time of a short one."""
    own, _ = samples(said("Photosynthesis."))
    asked, _ = samples(said("Photosynthesis.", rate=170))
    assert 0.8 < len(asked) / len(own) < 1.4


def test_breath_between_sentences_and_paragraphs() -> None:
    """A sentence is followed by 0.25 to 0.6 s of silence, a paragraph by 0.7 to 1.0 s, and no
    join clicks: the sound comes from silence and goes back to it."""
    narration = said("The sun is high. The sea is calm.\n\nThen comes the wind.")
    pauses = gaps(narration)
    assert len(pauses) == 2
    assert 0.25 <= pauses[0] <= 0.6
    assert 0.7 <= pauses[1] <= 1.0
    sound, hertz = samples(narration)
    heard = np.flatnonzero(sound)
    joins = np.flatnonzero(np.diff(heard) > hertz // 50)
    beside = sound[np.concatenate([heard[joins], heard[joins + 1], heard[[0, -1]]])]
    assert len(beside) >= 6 and np.abs(beside).max() < 0.002


def test_titles_and_initials_end_no_sentence() -> None:
    """ "Dr. Curie" is said in one breath."""
    assert max(gaps(said("We ask Dr. Curie and J. K. Smith about it.")), default=0.0) < 0.3


def test_what_cannot_be_spoken_is_told() -> None:
    """Nothing to say is silence with a note; a sign without a sound is named; another script and
    another language are refused with the mend."""
    assert "nothing in the text" in said("😀🎉").notes[0]
    assert "nothing in the text" in said("").notes[0]
    for word in ("水", "вода", "νερό"):
        assert word in said(f"The word {word} means water.").notes[0]
    with pytest.raises(ProviderError, match="another script"):
        said("水是生命之源。太阳很大。")
    with pytest.raises(ProviderError, match="another script"):
        said("Η γη γυρίζει γύρω από τον ήλιο.")
    with pytest.raises(ProviderError, match="speaks English"):
        said("Bonjour.", language="fr")
    with pytest.raises(ProviderError, match="has no voice 'Anna'; it has heart"):
        Hibari("Anna")


@pytest.mark.parametrize(
    ("written", "handed"),
    [
        ("f(1,2) of [3,1,2] is 12,5 and 3.5,2.5", "f of 1, 2 of [3, 1, 2] is 12, 5 and 3.5, 2.5"),
        ("1,234 or 1,00,000 or 1,234.5", "1,234 or 1,00,000 or 1,234.5"),
        ("Python 3.10 is no 3.1.", "Python 3 point 1 0 is no 3.1."),
        ("Version 2.0. It costs 1,200.50.", "Version 2 point 0. It costs 1,200 point 5 0."),
        ("Agent 007 at 0.05 at 7:05", "Agent 0 0 7 at 0.05 at 7 oh 5"),
        ("DO NOT TOUCH THE WIRES, says NASA.", "DO NOT touch THE wires, says NASA."),
        ("§ 5 holds up to ∞.", " section 5 holds up to infinity ."),
    ],
)  # fmt: skip
def test_a_text_is_handed_over_as_hibari_reads_it_right(written: str, handed: str) -> None:
    """It reads "3,1,2" as 312, "3.10" as 3.1 and "007" as 7, spells words in capitals, and leaves
    out some signs."""
    _, text, _ = Hibari().plan(VoiceAsk(text=written, language="en"))
    assert text.text == handed


def test_a_number_beyond_all_names_is_read_by_its_digits() -> None:
    """No rule of others that breaks down leaves a section without a voice."""
    digits = "1234567890" * 5
    narration = said(f"It has {digits} stars.")
    assert [word.text for word in narration.words] == ["It", "has", digits, "stars."]
    assert 8 < narration.words[2].end - narration.words[2].start < 40


def test_a_sentence_without_an_end_is_spoken() -> None:
    """More phonemes than the model bears are cut at a clause or a word; every word is timed."""
    text = "one more word, and " * 80 + "the end"
    narration = said(text)
    assert len(narration.words) == len(text.split())
    assert max(gaps(narration), default=0.0) < 0.6


@pytest.fixture(scope="module")
def rules() -> Any:
    """hibari's rules of pronunciation, which take a while to be read."""
    from hibari.g2p import G2P

    return G2P(british=False)


@pytest.mark.parametrize("word", ["a/b/c/d/", "getItNow", "x-1.", "a&b@c#"])
def test_words_of_many_parts_are_looked_up_in_proportion(
    monkeypatch: pytest.MonkeyPatch, rules: Any, word: str
) -> None:
    """A path, a formula without spaces: twice as long is twice the work, not eight times."""

    class Counting:
        count = 0

        def __call__(self, *token: Any) -> Any:
            self.count += 1
            return lexicon(*token)

    lexicon, counting = rules.lexicon, Counting()
    monkeypatch.setattr(rules, "lexicon", counting)
    counts = []
    for times in (10, 20):
        counting.count = 0
        assert any(each.phonemes for each in speech_engines._read(rules, word * times))
        counts.append(counting.count)
    assert counts[1] < 3 * counts[0]


@pytest.mark.parametrize("harm", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
def test_a_process_that_fails_in_mid_section_is_replaced(
    monkeypatch: pytest.MonkeyPatch, harm: signal.Signals
) -> None:
    """Whatever ends or stops the process that speaks, the section is made, with the same bytes."""
    text = "A drop bends the light. It is mirrored. It is bent once more. It is sorted."
    whole = said(text).data
    number = process_id()
    after = speech.SpeechProcess._next
    answers = 0

    def harmed(process: speech.SpeechProcess, patience: float = speech.PATIENCE) -> Any:
        nonlocal answers
        answers += 1
        if answers == 3:
            os.kill(number, harm)
        stopped = answers >= 3 and process.process_id == number
        return after(process, 0.5 if stopped else patience)

    monkeypatch.setattr(speech.SpeechProcess, "_next", harmed)
    assert said(text).data == whole
    assert process_id() != number and not alive(number)


def test_a_stopped_process_is_replaced_although_a_text_is_longer_than_a_pipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To be asked it takes no longer than to answer."""
    voice = Hibari()
    whole = said(TEXT, voice).data
    process = speech.process_of(voice.task(voice.chosen(VoiceAsk(text=TEXT, language="en"))))
    number = process_id()
    os.kill(number, signal.SIGSTOP)
    monkeypatch.setattr(speech, "PATIENCE", 0.5)
    request = {"paragraphs": [TEXT], "rate": None, "limit": 60, "more": " " * 200_000}
    opened = speech.SpeechProcess._opened

    def patient(process: speech.SpeechProcess) -> int:
        monkeypatch.undo()
        return opened(process)

    monkeypatch.setattr(speech.SpeechProcess, "_opened", patient)
    assert process.speak(request, threading.Event()).pcm == whole[44:]
    assert process_id() != number and not alive(number)


def test_nothing_leaves_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that speaks opens no connection, and gathers nothing that could be sent."""
    speech.stop_all()
    for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    said(TEXT)
    assert psutil.Process(process_id()).net_connections() == []
    speech.stop_all()
    assert [*tmp_path.rglob("*")] == []


def test_processes_are_replaced_before_they_grow_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many narrations another process takes over, and nobody hears it."""
    monkeypatch.setattr(speech, "RESTART", 2)
    speech.stop_all()
    sounds, numbers = set(), set()
    for _ in range(3):
        sounds.add(hashlib.sha256(said("Again.").data).hexdigest())
        numbers.add(process_id())
    assert len(sounds) == 1 and len(numbers) == 2


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")
@pytest.mark.parametrize("voice", ["hibari", "espeak"])
def test_no_process_outlives_who_started_it(voice: str) -> None:
    """Killed without a word in mid-section, a program leaves none of ours behind."""
    program = textwrap.dedent(
        """
        import asyncio, sys, psutil
        from vidkit.providers import VoiceAsk, voice_maker

        async def straight(send):
            return await send()

        async def main():
            ask = VoiceAsk(text="Go on and on. " * 2_000, language="en")
            voice = asyncio.create_task(voice_maker(sys.argv[1]).speak(ask, straight))
            while not (children := psutil.Process().children()):
                await asyncio.sleep(0.01)
            print(children[0].pid, flush=True)
            await voice

        asyncio.run(main())
        """
    )
    command = [sys.executable, "-c", program, voice]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        end = os.pidfd_open(int(run.stdout.readline()))
        assert not select.select([end], [], [], 0)[0]
        run.kill()
        assert select.select([end], [], [], 60)[0]
        os.close(end)


@pytest.mark.natural_voice
def test_auto_takes_hibari_for_english_and_espeak_for_the_rest(tmp_path: Path) -> None:
    """Report and plan say which and why."""
    english = written(tmp_path, "english", sections=1)
    french = written(tmp_path, "french", sections=1, language="fr")
    plan = vidkit.plan([english, french], progress=False)
    assert {(each.provider, each.new) for each in plan.calls if each.kind == "narration"} == {
        ("hibari", 1),
        ("espeak", 1),
    }
    report = vidkit.process_all_videos([english, french], progress=False, size=(320, 180))
    assert [video.sections[0].voice_by for video in report.videos] == ["hibari", "espeak"]
    for video, language, name in zip(
        report.videos, ("en", "fr"), ("hibari", "espeak"), strict=True
    ):
        assert any(f"{language!r} are spoken by {name}" in note for note in video.notes)
        assert any(f"{language!r} are spoken by {name}" in note for note in plan.notes)


@pytest.mark.natural_voice
def test_espeak_speaks_where_hibari_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package that is missing, or a model that cannot be read: the video is made, and the report
    says why it sounds otherwise."""
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(b"no model")
    version, voices = neural.installed()
    broken = {"heart": replace(voices["heart"], file=damaged)}
    monkeypatch.setattr(neural, "installed", lambda: (version, broken))
    lesson = written(tmp_path, sections=2)
    how = {"progress": False, "size": (320, 180)}
    (video,) = vidkit.process_all_videos([lesson], **how).videos
    assert {section.voice_by for section in video.sections} == {"espeak"}
    assert any("hibari" in note and "force-reinstall" in note for note in video.notes)

    def gone() -> Any:
        raise ProviderMissing("the voice 'hibari' needs the packages hibari-tts and onnxruntime")

    monkeypatch.setattr(neural, "installed", gone)
    (video,) = vidkit.process_all_videos([lesson], **how).videos
    assert any("needs the packages" in note for note in video.notes)


def another_hibari(monkeypatch: pytest.MonkeyPatch, folder: Path, file: str, content: str) -> None:
    """Hibari's package is another one from here on, in which one file differs."""
    package = folder / "broken" / "hibari"
    shutil.copytree(Path(hibari.__file__).parent, package)
    (package / file).write_text(content)
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.setattr(speech, "_processes", {})


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("assets/voices.json", "[]"),
        ("assets/voices.json", "{}"),
        ("assets/voices.json", '{"heart": 3}'),
        ("assets/voices.json", '{"heart": {"file": "none", "bundled": true, "sha256": "", '
         '"language": "en-US", "accent": "", "gender": ""}}'),
    ],
    ids=["a list", "no voice", "a number", "no model"],
)  # fmt: skip
def test_a_package_whose_parts_do_not_fit_is_a_missing_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, content: str
) -> None:
    """It is told how to install it again, and another voice can speak."""
    monkeypatch.delitem(sys.modules, "hibari")
    another_hibari(monkeypatch, tmp_path, file, content)
    neural.installed.cache_clear()
    try:
        with pytest.raises(ProviderMissing, match="force-reinstall"):
            Hibari()
    finally:
        neural.installed.cache_clear()


@pytest.mark.natural_voice
@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        ("dsp.py", "raise ImportError('half a package')", "half a package"),
        ("dsp.py", "import os; os.abort()", "ended before it was ready"),
        ("dsp.py", "N_FFT, pulses, ex = 1200, lambda: None, lambda x: x", "positional argument"),
        ("dsp.py", "import threading; threading.Event().wait()", "ended before it was ready"),
        ("assets/oov.json", "{", "JSONDecodeError"),
    ],
    ids=["no import", "crash", "other functions", "hang", "no unknown words"],
)
def test_espeak_speaks_where_hibari_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, content: str, why: str
) -> None:
    """A package that cannot be imported, that crashes, that has other functions, hangs, or cannot
    guess a word: the video is made, it is asked once, and the report says why it sounds otherwise.
    """
    speech.stop_all()
    told = neural.installed()
    monkeypatch.setattr(neural, "installed", lambda: told)
    monkeypatch.setattr(speech, "OPENING", 1.0 if "Event" in content else 60.0)
    another_hibari(monkeypatch, tmp_path, file, content)
    lesson = written(tmp_path, sections=3)
    (video,) = vidkit.process_all_videos([lesson], progress=False, size=(320, 180)).videos
    assert [section.voice_by for section in video.sections] == ["espeak"] * 3
    assert any("hibari" in note and why in note for note in video.notes)


@pytest.mark.natural_voice
def test_a_section_keeps_the_voice_of_espeak_that_it_names(tmp_path: Path) -> None:
    """A lesson that names a voice of espeak's, made when that was the default, still gets it."""
    section = {"image_description": "A leaf.", "content": "A leaf.", "voice": "en-gb+f3"}
    lesson = written(tmp_path, sections=[section])
    (video,) = vidkit.process_all_videos([lesson], progress=False, size=(320, 180)).videos
    assert video.sections[0].voice_by == "espeak"


def test_an_old_narration_of_espeak_has_its_old_key() -> None:
    """What the release before made with espeak is found where espeak is named."""
    voice = Espeak()
    shape = voice.shape(VoiceAsk(text="A leaf.", language="en"))
    assert {**shape, "engine": "e"} == {
        "provider": "espeak",
        "engine": "e",
        "speech": 1,
        "voice": "gmw/en-US",
        "language": "en-us",
        "rate": 160,
        "pause": 0.45,
        "written": "A leaf.",
        "spoken": "A leaf.",
    }
