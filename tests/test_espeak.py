"""The offline voice: real narrations from the real engine, decoded and measured."""

from __future__ import annotations

import array
import asyncio
import hashlib
import io
import os
import subprocess
import sys
import threading
import wave
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from vidkit.errors import ProviderError, ProviderMissing, Refused, Unreachable
from vidkit.providers import Narration, VoiceAsk, VoiceMaker, espeak, speech, voice_maker
from vidkit.providers.espeak import Espeak, installed
from vidkit.text.markup import MappedText

T = TypeVar("T")

LESSON = (
    "A cell is a **factory** of the body: it takes in food, and it makes heat.\n\n"
    "At -5 °C, nothing of the kind happens — does it?"
)


async def at_once(send: Callable[[], Awaitable[T]], /) -> T:
    """A gate that is always open."""
    return await send()


def narrate(text: str, *, maker: Espeak | None = None, **ask: Any) -> Narration:
    """What espeak makes of `text`."""
    asked = VoiceAsk(text, **{"language": "en", **ask})
    return asyncio.run((maker or Espeak()).speak(asked, at_once))


def samples(narration: Narration) -> tuple[array.array[int], int]:
    """The samples of a narration, and their rate."""
    with wave.open(io.BytesIO(narration.data)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        return array.array("h", sound.readframes(sound.getnframes())), sound.getframerate()


def seconds(narration: Narration) -> float:
    """Length of a narration."""
    sound, hertz = samples(narration)
    return len(sound) / hertz


def test_it_is_a_voice_maker_found_by_name() -> None:
    """`espeak` and `espeak:VOICE` name a voice with a few places."""
    maker = voice_maker("espeak:en-gb")
    assert isinstance(maker, VoiceMaker)
    assert maker.name == "espeak"
    assert maker.places is not None and 1 <= maker.places <= 8
    assert maker.shape(VoiceAsk("Hello", "en-US"))["voice"] == "gmw/en"


def test_the_sound_is_speech() -> None:
    """The WAV is 22,050 Hz, loud enough to hear, not clipped, and of a sensible length."""
    sound, hertz = samples(narrate(LESSON))
    assert hertz == 22_050
    assert 3_000 < max(map(abs, sound)) < 32_767
    assert 5 < len(sound) / hertz < 20


def test_the_same_text_gives_the_same_bytes() -> None:
    """Ten narrations of one text, made side by side, do not differ in a single byte."""
    voice = Espeak()

    async def ten() -> list[Narration]:
        ask = VoiceAsk(LESSON, "en")
        return await asyncio.gather(*(voice.speak(ask, at_once) for _ in range(10)))

    made = asyncio.run(ten())
    assert len({hashlib.sha256(each.data).hexdigest() for each in made}) == 1
    assert len({each.words for each in made}) == 1


def test_the_bytes_do_not_hang_on_the_environment() -> None:
    """Another locale, time zone and hash seed give the same bytes."""
    program = (
        "import asyncio, hashlib\n"
        "from vidkit.providers import VoiceAsk, espeak\n"
        "async def at_once(send): return await send()\n"
        f"ask = VoiceAsk({LESSON!r}, 'en')\n"
        "made = asyncio.run(espeak.Espeak(None).speak(ask, at_once))\n"
        "print(hashlib.sha256(made.data).hexdigest())"
    )
    odd = {"LC_ALL": "C", "LANG": "tr_TR.UTF-8", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7"}
    run = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **odd}, capture_output=True, check=True
    )
    assert run.stdout.decode().strip() == hashlib.sha256(narrate(LESSON).data).hexdigest()


@pytest.mark.parametrize(
    "text",
    [
        LESSON,
        "When V_GS > V_th, E = ½ * C_L * VDD² and the slope is -1.",
        "One",
        "- first item\n- second **item**\n\n# A heading\n\n`code_here()` of the day 😀",
        "😀 — … of the of the of the",
        "$5 for 3–5 km, e.g. 10⁻⁹ m → 1,234.5 % (see https://example.com/a?b=c)!",
    ],
)
def test_every_written_word_has_its_time(text: str) -> None:
    """Words are those of the text as written; their times never fall and stay in the sound."""
    made = narrate(text)
    assert [word.text for word in made.words] == text.split()
    at = 0.0
    for word in made.words:
        assert at <= word.start <= word.end
        at = word.start
    assert made.words[-1].end <= seconds(made) + 1e-3


def test_words_follow_the_sound() -> None:
    """A word after a pause begins with the sound, and the one before ends with it."""
    made = narrate("The first part ends here. Then begins another.")
    sound, hertz = samples(made)
    before, after = made.words[4], made.words[5]
    pause = sound[int(before.end * hertz) + 120 : int(after.start * hertz) - 120]
    assert after.start - before.end > 0.2
    assert max(map(abs, pause)) < 300
    heard = sound[int(after.start * hertz) : int((after.start + 0.15) * hertz)]
    assert max(map(abs, heard)) > 1_000


def test_no_word_starts_in_the_silence_before_it() -> None:
    """The first sample of a word that follows a pause is heard."""
    made = narrate("Time. Places. Seven. Cats. Back. Far.\n\nPlain. Six. Two. Thin. Chess.")
    sound, hertz = samples(made)
    assert len(made.words) == 11
    for word in made.words:
        at = round(word.start * hertz)
        assert max(map(abs, sound[at : at + hertz // 200])) > 150, word


def test_chinese_has_times_within_the_sentence() -> None:
    """Text without spaces is told clause by clause, in order."""
    made = narrate("你好世界。今天我们学习，光合作用。", language="zh-CN")
    assert [word.text for word in made.words] == ["你好世界。", "今天我们学习，", "光合作用。"]
    assert [word.start for word in made.words] == sorted(word.start for word in made.words)
    assert made.words[1].start > 0.5


def test_a_paragraph_is_a_longer_pause_than_a_sentence() -> None:
    """Between paragraphs there is more silence than between sentences, and words know it."""
    one, two = narrate("It ends. It begins."), narrate("It ends.\n\nIt begins.")
    near = one.words[2].start - one.words[1].end
    far = two.words[2].start - two.words[1].end
    assert far > near + 0.3
    assert abs((seconds(two) - seconds(one)) - (far - near)) < 0.25


def test_items_of_a_list_are_heard_apart() -> None:
    """Between the items of a list there is a pause."""
    words = narrate("- milk\n- eggs\n- bread").words
    milk, eggs, bread = (word for word in words if word.text != "-")
    assert eggs.start - milk.end > 0.1 and bread.start - eggs.end > 0.1


def test_voice_and_language_choose_the_speaker() -> None:
    """A language finds its voice, a voice wins over it, and a variant changes either."""
    default = Espeak()

    def chosen(maker: Espeak = default, **ask: Any) -> object:
        return maker.shape(VoiceAsk("Hello", **{"language": "en", **ask}))["voice"]

    assert chosen() == "gmw/en-US"
    assert chosen(language="en-US") == "gmw/en-US"
    assert chosen(language="en_GB") == "gmw/en"
    assert chosen(language="de-AT") == "gmw/de"
    assert chosen(language="pt-BR") == "roa/pt-BR"
    assert chosen(language="zh-Hans-CN") == "sit/cmn"
    assert chosen(voice="fr-fr") == "roa/fr"
    assert chosen(voice="German") == "gmw/de"
    assert chosen(voice="en-gb+F3") == "gmw/en+f3"
    assert chosen(Espeak("+f3"), language="de") == "gmw/de+f3"
    assert chosen(Espeak("de")) == "gmw/de"
    assert chosen(Espeak("de"), voice="it") == "roa/it"
    assert narrate("Hello", maker=Espeak("+f3")).data != narrate("Hello").data


def test_an_unknown_voice_is_named_with_some_that_exist() -> None:
    """A voice, variant or language that there is not is an error that names others."""
    with pytest.raises(ProviderError, match=r"no voice 'klingonese'; it has .*en-us"):
        asyncio.run(Espeak().speak(VoiceAsk("Hello", "en", voice="klingonese"), at_once))
    with pytest.raises(ProviderError, match=r"language 'xx'; it has .*en-us"):
        narrate("Hello", language="xx")
    with pytest.raises(ProviderError, match=r"no variant 'f33'; it has .*f3"):
        Espeak("en+f33")
    with pytest.raises(ProviderError, match="no voice 'nobody'"):
        Espeak("nobody")


def test_the_rate_is_heard() -> None:
    """Twice the words a minute take about half the time; what is too slow is said."""
    slow, fast = narrate(LESSON, rate=110), narrate(LESSON, rate=220)
    assert 1.5 < seconds(slow) / seconds(fast) < 2.5
    assert "no slower than 80" in narrate("Hello", rate=60).notes[0]


def test_say_changes_the_sound_and_not_the_words() -> None:
    """A word of `say` is spoken another way and keeps its written form."""
    plain, said = narrate("The SQL here."), narrate("The SQL here.", say={"SQL": "sequel"})
    assert plain.data != said.data
    assert [word.text for word in said.words] == ["The", "SQL", "here."]


def test_the_shape_holds_what_shapes_the_sound() -> None:
    """The key changes with text, voice, rate and pronunciation, and not with the place."""
    voice, ask = Espeak(), VoiceAsk("The SQL here", "en")
    others = [
        replace(ask, text="The sql here"),
        replace(ask, language="de"),
        replace(ask, voice="en-gb"),
        replace(ask, rate=200),
        replace(ask, say={"SQL": "sequel"}),
    ]
    shapes = [str(voice.shape(each)) for each in [ask, *others]]
    assert len(set(shapes)) == len(shapes)
    assert voice.shape(replace(ask, index=7)) == voice.shape(ask)


@pytest.mark.parametrize("text", ["", " \n ", "😀", "…", "— * —", "\x00\ud800"])
def test_a_text_without_words_is_a_short_silence(text: str) -> None:
    """Where nothing can be spoken there is a second of silence and a note."""
    made = narrate(text)
    sound, hertz = samples(made)
    assert (len(sound), max(sound), made.words) == (hertz, 0, ())
    assert "nothing in the text can be spoken" in made.notes[0]


def test_a_narration_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too much text for one narration is refused with the mend."""
    monkeypatch.setattr(espeak, "LONGEST", 3)
    with pytest.raises(Refused, match="split the section"):
        narrate("never ending story " * 40)


def test_a_deep_folder_is_no_trap(tmp_path: Path) -> None:
    """Data below a path of more than 160 bytes gives the same sound."""
    deep = tmp_path / ("d" * 90) / ("e" * 90)
    deep.mkdir(parents=True)
    here = installed()
    (deep / "espeak-ng-data").symlink_to(here.home / "espeak-ng-data")
    made = narrate("Grüße", maker=Espeak(engine=replace(here, home=deep)), language="de")
    assert made.data == narrate("Grüße", language="de").data


def test_a_missing_engine_is_told_with_its_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the wheel, or with half of it, the error says what to install."""
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(ProviderMissing, match=r"pip install .*espeakng-loader"):
        Espeak()


def test_an_engine_that_cannot_start_is_an_error(tmp_path: Path) -> None:
    """A library that does not load, or data that is damaged, ends in a ProviderError."""
    here = installed()
    broken = tmp_path / "broken.so"
    broken.write_bytes(b"not a library")
    with pytest.raises(ProviderMissing, match=r"cannot be loaded.*force-reinstall"):
        narrate("Hello", maker=Espeak(engine=replace(here, binary=broken)))
    data = tmp_path / "espeak-ng-data"
    data.mkdir()
    (data / "lang").symlink_to(here.home / "espeak-ng-data" / "lang")
    with pytest.raises(ProviderMissing, match=r"data is missing or damaged.*force-reinstall"):
        narrate("Hello", maker=Espeak(engine=replace(here, home=tmp_path)))


@pytest.mark.parametrize("word", ["A.B." * 100, "A.B." * 750, "x" * 5000])
def test_a_word_of_any_length_is_spoken(word: str) -> None:
    """A word that the engine breaks down over is given to it in pieces, which a note tells."""
    made = narrate(f"Before {word} after.")
    assert "in pieces" in made.notes[0]
    assert [said.text for said in made.words] == ["Before", word, "after."]


@pytest.mark.parametrize(("language", "word"), [("zh", "电" * 300), ("th", "ก" * 300)])
def test_a_script_without_spaces_is_not_broken(language: str, word: str) -> None:
    """Where nobody writes spaces a long line is no long word."""
    assert narrate(word, language=language).notes == ()


READY = "import json, os, sys, time; print(json.dumps({'hertz': 22050}), flush=True); "


def standing_in(folder: Path, program: str) -> Path:
    """A program that is started instead of the one that speaks."""
    path = folder / "program.py"
    path.write_text(program)
    return path


@pytest.mark.parametrize(
    ("program", "kind", "tells"),
    [
        (READY + "os.abort()", Refused, "longest words.*SIGABRT"),
        (READY + "os.kill(os.getpid(), 11)", Refused, "longest words.*SIGSEGV"),
        (READY + "os.kill(os.getpid(), 9)", Unreachable, "fewer workers"),
        (READY + "raise MemoryError", Unreachable, "fewer workers"),
        ("raise SystemError", ProviderMissing, "before it was ready.*install it"),
    ],
)
def test_a_process_that_breaks_down_is_told_in_words(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    kind: type[ProviderError],
    tells: str,
) -> None:
    """However the engine ends, a teacher reads what to do, and no traceback."""
    monkeypatch.setattr(espeak, "PROGRAM", standing_in(tmp_path, program))
    with pytest.raises(kind, match=tells) as told:
        narrate("Hello")
    assert type(told.value) is kind
    assert "Traceback" not in str(told.value)


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


def test_cancelling_leaves_no_process() -> None:
    """A narration that is cancelled, or takes too long, leaves no process behind."""
    ask = VoiceAsk("never ending story " * 4000, "en")

    async def cancelled() -> None:
        before = _children()
        task = asyncio.create_task(Espeak().speak(ask, at_once))
        while not (started := _children() - before):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(30):
            while started & _children():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    asyncio.run(cancelled())


WAITS = """
import json, os, sys, time

folder = json.loads(sys.argv[1])["folder"]


def wait_for(name):
    while not os.path.exists(os.path.join(folder, name)):
        time.sleep(0.01)


with open(os.path.join(folder, "starts"), "a") as starts:
    starts.write("a start\\n")
wait_for("may open")
print(json.dumps({"hertz": 22050}), flush=True)
sys.stdin.readline()
open(os.path.join(folder, "speaks"), "w").close()
wait_for("may end")
print(json.dumps({"paragraph": 0, "words": [], "bytes": 44100}))
print("ab" * 22050, end="")
print(json.dumps({"done": True, "unspoken": []}), flush=True)
"""
"""A process that opens and ends when a file of its folder says so, and notes how far it is."""


def waiting(folder: Path) -> speech.SpeechProcess:
    """A voice that several share, whose process waits for files in `folder`."""
    voice = {"engine": "waiting", "folder": str(folder), "mend": "mend it"}
    return speech.SpeechProcess(voice, standing_in(folder, WAITS))


def asked_of(process: speech.SpeechProcess) -> asyncio.Task[Narration]:
    """A narration by that process, under way."""
    ask = VoiceAsk("Leaves eat light.", "en")
    text = MappedText.of(ask.text)
    return asyncio.create_task(speech.narrated(process, ask, text, at_once, ()))


async def there(path: Path) -> None:
    """Come back when the file is there."""
    while not path.exists():  # noqa: ASYNC110, ASYNC240
        await asyncio.sleep(0.01)


def test_cancelling_ends_no_narration_of_somebody_else(tmp_path: Path) -> None:
    """Those that wait for the same voice may be cancelled: the one that speaks comes whole, from
    the process that it began with, and the voice is not missing.
    """
    process = waiting(tmp_path)

    async def spoken() -> Narration:
        (tmp_path / "may open").touch()
        speaking = asked_of(process)
        await there(tmp_path / "speaks")
        for _ in range(2):
            queued = asked_of(process)
            await asyncio.sleep(0)  # it begins, and waits for its turn
            queued.cancel()
            await asyncio.wait([queued])
        (tmp_path / "may end").touch()
        return await speaking

    assert seconds(asyncio.run(spoken())) == 1.0
    assert process.missing is None
    assert len((tmp_path / "starts").read_text().splitlines()) == 1


def test_cancelling_while_a_voice_opens_does_not_make_it_a_missing_one(tmp_path: Path) -> None:
    """Its process was ended for who gave up, and not by a fault of the installation."""
    process = waiting(tmp_path)

    async def cancelled() -> None:
        opening = asked_of(process)
        await there(tmp_path / "starts")
        opening.cancel()
        await asyncio.wait([opening])

    asyncio.run(cancelled())
    assert process.missing is None and process.process_id is None


def test_what_was_given_up_while_it_waited_starts_no_process(tmp_path: Path) -> None:
    """When its turn comes nobody wants it any more."""
    process, given_up = waiting(tmp_path), threading.Event()
    (tmp_path / "may open").touch()
    given_up.set()
    with pytest.raises(Unreachable, match="given up"):
        process.speak({}, given_up)
    assert not (tmp_path / "starts").exists()


def test_patience_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that gives no answer in time is unreachable, not a hang."""
    monkeypatch.setattr(espeak, "PROGRAM", standing_in(tmp_path, READY + "time.sleep(60)"))
    monkeypatch.setattr(speech, "PATIENCE", 0.1)
    with pytest.raises(Unreachable, match="too slow"):
        narrate("Hello")


def test_it_speaks_from_a_loop_in_a_daemon_thread() -> None:
    """vidkit's loop lives in a thread that is not the main one."""
    made: list[Narration] = []

    def run(work: Callable[[], Coroutine[Any, Any, Narration]]) -> None:
        made.append(asyncio.run(work()))

    thread = threading.Thread(
        target=run,
        args=(lambda: Espeak().speak(VoiceAsk("Hello there", "en"), at_once),),
        daemon=True,
    )
    thread.start()
    thread.join()
    assert made[0].data == narrate("Hello there").data
