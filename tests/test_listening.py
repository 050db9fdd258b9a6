"""A narration is held against its text: its length, its level, its form."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest
from fake_openai import FakeOpenAI
from made_media import encoded, speech_like, tone, wav
from stand_ins import NoMedia, written

import vidkit
from vidkit.core.events import Event, Noticed, Paid
from vidkit.errors import ProviderError
from vidkit.media import open_sound
from vidkit.media.frame import RATE
from vidkit.media.loudness import audible
from vidkit.models import Settings
from vidkit.pipeline import Batch, Job, Runtime, Source
from vidkit.providers import Narration, VoiceAsk
from vidkit.providers.espeak import Espeak
from vidkit.providers.limiter import RateLimiter
from vidkit.providers.openai import OpenAIVoice
from vidkit.providers.service_voice import (
    NoSound,
    doubt,
    joined_decoded,
    joined_wav,
    longest_speech,
    seconds,
    shortest_speech,
)
from vidkit.providers.simulated import Simulated
from vidkit.store import Budget, Store

WORDS = "A latch keeps one bit for as long as its gate is closed. " * 9
"""117 words, which take about 40 s to say."""
GOOD, SHORT, LONG = 40.0, 2.4, 250.0
PRICE = 0.0157
"""Dollars that its reserve is at least: an upper bound for the model that is asked."""


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOpenAI]:
    """OpenAI itself, as far as prices go, on this machine."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    server = FakeOpenAI()
    with server:
        monkeypatch.setattr("vidkit.providers.account.HOME", server.base_url)
        yield server


def quiet(seconds: float) -> bytes:
    """Silence."""
    return wav(np.zeros(round(seconds * 24_000), np.float32))


@cache
def spoken(seconds: float) -> bytes:
    """Something like speech, the same again and again where it is long."""
    return wav(np.resize(speech_like(min(seconds, 10.0), 24_000), round(seconds * 24_000)))


def streamed(seconds: float) -> bytes:
    """The same from a server that does not know the length when it writes the head."""
    data = bytearray(spoken(seconds))
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    return bytes(data)


def narrated(
    folder: Path,
    server: FakeOpenAI,
    answers: list[bytes],
    content: str = WORDS,
    cap: float = 5.0,
    listener: Callable[[Event], None] = lambda event: None,
) -> tuple[Any, Store]:
    """The report of a lesson of one section that the server speaks: each answer is the next of
    `answers`, the last of them for ever.
    """
    coming = chain(answers, repeat(answers[-1]))
    server.voice = lambda text: next(coming)
    lesson = written(folder, "lesson", [{"image_description": "A latch", "content": content}])
    store = Store(folder / "store")
    maker: Any = OpenAIVoice(base_url=server.base_url, api_key="sk-none-at-all")
    images: Any = Simulated(latency=0.0)

    async def make() -> Any:
        runtime = Runtime(
            images=[Source(images)],
            voice=[Source(maker, RateLimiter("openai"))],
            media=NoMedia(),
            cores=anyio.CapacityLimiter(2),
            clock=asyncio.get_running_loop().time,
            store=store,
            budgets=(Budget("cap", cap),),
        )
        runtime.events.subscribe(listener)
        try:
            return await Batch(Settings(size=(320, 180)), runtime).make(
                [Job(lesson, folder / "out")]
            )
        finally:
            await maker.aclose()

    return asyncio.run(make()), store


ODD = {
    "too short": (spoken(SHORT), "only 2.4 s of the narration can be heard, for 117 words"),
    "too short, of unknown length": (streamed(SHORT), "only 2.4 s of the narration"),
    "too short, then silence": (
        wav(np.concatenate([tone(SHORT), np.zeros(40 * 24_000, np.float32)])),
        "only 2.4 s of the narration",
    ),
    "too long": (spoken(LONG), "lasts 250 s, for 117 words"),
    "silent": (quiet(GOOD), "40.0 s of silence"),
    "hardly to be heard": (wav(tone(GOOD, level=0.001)), "40.0 s of silence"),
    "a constant": (wav(np.full(int(GOOD * 24_000), 0.4, np.float32)), "40.0 s of silence"),
}


@pytest.mark.parametrize("odd", ODD)
def test_what_cannot_be_the_text_is_asked_for_once_more(
    tmp_path: Path, home: FakeOpenAI, odd: str
) -> None:
    """The second answer is taken where it is right, both are in the ledger, and nobody is told."""
    report, store = narrated(tmp_path, home, [ODD[odd][0], spoken(GOOD)])
    with store:
        spent = store.journal.spent(budget="cap")
    assert report.made, str(report)
    assert len(home.requests) == 2
    audio = report.videos[0].sections[0].audio
    assert audible(audio).seconds == pytest.approx(GOOD, abs=0.1)
    assert "section 1" not in str(report)
    assert spent.paid >= 2 * PRICE and not spent.unconfirmed


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_better_is_kept_with_a_warning(
    tmp_path: Path, home: FakeOpenAI, odd: str
) -> None:
    """A second answer that is as odd ends it: the narration is kept, and the section is named in
    the events, in the report and in what the program says at its end, in this run and the next.
    """
    events: list[Event] = []
    answer, said = ODD[odd]
    report, store = narrated(tmp_path, home, [answer], listener=events.append)
    store.close()
    assert report.made and len(home.requests) == 2
    notes = [note for note in report.videos[0].notes if note.startswith("section 1: ")]
    assert len(notes) == 1 and said in notes[0] and "force='audio'" in notes[0]
    assert notes[0] in str(report.videos[0])
    assert notes[0] in {event.message for event in events if isinstance(event, Noticed)}
    again, store = narrated(tmp_path, home, [answer])
    store.close()
    assert notes[0] in again.videos[0].notes and len(home.requests) == 2


def test_the_likelier_of_two_is_kept(tmp_path: Path, home: FakeOpenAI) -> None:
    """Of two that are too short the longer one is kept, whichever came first."""
    for number, answers in enumerate(([2.4, 4.0], [4.0, 2.4])):
        report, store = narrated(tmp_path / str(number), home, [spoken(each) for each in answers])
        store.close()
        assert audible(report.videos[0].sections[0].audio).seconds == pytest.approx(4.0, abs=0.1)


def test_a_cap_that_has_no_room_for_a_second_keeps_the_first(
    tmp_path: Path, home: FakeOpenAI
) -> None:
    """What is paid for is kept where asking again would cost more than may be spent."""
    maker = OpenAIVoice(base_url=home.base_url, api_key="sk-none-at-all")
    cap = (maker.price(VoiceAsk(WORDS, "en")) or 0.0) * 1.5
    report, store = narrated(tmp_path, home, [spoken(SHORT)], cap=cap)
    with store:
        spent = store.journal.spent(budget="cap")
    assert report.made and len(home.requests) == 1
    assert "only 2.4 s" in str(report.videos[0]) and 0 < spent.paid <= cap


def test_a_second_request_that_fails_keeps_the_first(tmp_path: Path, home: FakeOpenAI) -> None:
    """A refusal after a narration was paid for does not lose it."""
    home.script.extend(["", "refusal"])
    report, store = narrated(tmp_path, home, [spoken(SHORT)])
    store.close()
    assert report.made and "only 2.4 s" in str(report.videos[0])


def test_a_run_that_is_cancelled_meanwhile_keeps_the_first(
    tmp_path: Path, home: FakeOpenAI
) -> None:
    """What is paid for is in the store, with its cost in the ledger, though the run ends while it
    is asked for again.
    """
    run: list[asyncio.Task[Any]] = []
    second = threading.Event()
    met = iter(["", "hang"])

    def choose(text: str) -> str:
        fault = next(met)
        if fault == "hang":
            second.set()
        return fault

    home.choose = choose
    home.voice = lambda text: spoken(SHORT)
    lesson = written(tmp_path, "lesson", [{"image_description": "A latch", "content": WORDS}])
    maker: Any = OpenAIVoice(base_url=home.base_url, api_key="sk-none-at-all")
    images: Any = Simulated(latency=0.0)

    async def make(store: Store) -> None:
        runtime = Runtime(
            images=[Source(images)],
            voice=[Source(maker, RateLimiter("openai"))],
            media=NoMedia(),
            cores=anyio.CapacityLimiter(2),
            clock=asyncio.get_running_loop().time,
            store=store,
            budgets=(Budget("cap", 5.0),),
        )
        batch = Batch(Settings(size=(320, 180)), runtime)
        run.append(asyncio.create_task(batch.make([Job(lesson, tmp_path / "out")])))
        await asyncio.to_thread(second.wait, 30)
        run[0].cancel()
        await asyncio.gather(*run, return_exceptions=True)
        await maker.aclose()

    with Store(tmp_path / "store") as store:
        asyncio.run(make(store))
        spent = store.journal.spent(budget="cap")
    assert spent.paid and spent.unconfirmed
    home.choose = None
    asked = len(home.requests)
    report, store = narrated(tmp_path, home, [spoken(GOOD)])
    store.close()
    assert report.made and len(home.requests) == asked


class Silent(Simulated):
    """A voice that gives silence for 3 cents of the 5 that it may cost, and then, once it was
    asked for again, `ends` or nothing more.
    """

    online = True

    def __init__(self, *ends: Exception) -> None:
        super().__init__(latency=0, price=0.05)
        self.ends = list(ends)
        self.again = asyncio.Event()

    async def speak(self, ask: VoiceAsk, request: Any) -> Narration:
        await request(lambda: asyncio.sleep(0))
        if not self._asked["first"]:
            self._asked["first"] += 1
            return Narration(quiet(3.0), cost=0.03)
        self.again.set()
        if not self.ends:
            await asyncio.Event().wait()
        raise self.ends[0]


@pytest.mark.parametrize("ends", [[], [ProviderError("no sound")]])
def test_a_second_that_was_paid_for_nothing_counts(tmp_path: Path, ends: list[Exception]) -> None:
    """The first tells what it cost alone: where the second was answered, and the run is cancelled
    or there is no sound in it, what was reserved for both counts.
    """
    lesson = written(tmp_path, "lesson", [{"image_description": "A latch", "content": WORDS}])

    async def make(store: Store) -> None:
        voice = Silent(*ends)
        runtime = Runtime(
            images=[Source(Simulated(latency=0.0))],
            voice=[Source(voice, RateLimiter("voice"))],
            media=NoMedia(),
            cores=anyio.CapacityLimiter(2),
            clock=asyncio.get_running_loop().time,
            store=store,
        )
        batch = Batch(Settings(size=(320, 180)), runtime)
        run = asyncio.create_task(batch.make([Job(lesson, tmp_path / "out")]))
        await voice.again.wait()
        if not ends:
            run.cancel()
        await asyncio.gather(run, return_exceptions=True)

    with Store(tmp_path / "store") as store:
        asyncio.run(make(store))
        assert store.journal.spent().paid == pytest.approx(0.1)


def test_a_part_of_a_long_narration_is_asked_for_again_alone(
    tmp_path: Path, home: FakeOpenAI
) -> None:
    """Of a narration of several requests, the one that ended early is paid for twice."""
    paid: list[Event] = []
    report, store = narrated(
        tmp_path,
        home,
        [spoken(110), spoken(110), spoken(SHORT), spoken(110)],
        content=WORDS * 10,
        listener=lambda event: paid.append(event) if isinstance(event, Paid) else None,
    )
    store.close()
    assert report.made and len(home.requests) == 4, str(report)
    assert audible(report.videos[0].sections[0].audio).seconds > 300
    assert "section 1" not in str(report)


FORMS = ["pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le", "pcm_mulaw", "pcm_alaw"]
FORMS += ["adpcm_ms", "adpcm_ima_wav"]


@pytest.mark.parametrize("form", FORMS)
def test_whatever_ffmpeg_decodes_is_taken_as_it_is(
    tmp_path: Path, home: FakeOpenAI, form: str
) -> None:
    """A WAV in any form is asked for once, and sounds in the store as it came."""
    data = encoded(tone(GOOD), "wav", form, 24_000, "mono")
    report, store = narrated(tmp_path, home, [data])
    store.close()
    assert report.made and len(home.requests) == 1, str(report)
    heard = open_sound(report.videos[0].sections[0].audio).samples()[24_000:48_000]
    assert int(np.abs(np.fft.rfft(heard)).argmax()) == 440
    assert np.sqrt((heard**2).mean()) == pytest.approx(0.3 / np.sqrt(2), rel=0.05)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [0, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_parts_of_any_form_are_joined(form: str, size: int) -> None:
    """WAVs of one form, whose heads may not know their length, are one of the length of both."""
    part = bytearray(encoded(tone(2.0), "wav", form, 24_000, "mono"))
    at = part.index(b"data") + 4
    assert len(part) - at - 4 <= int.from_bytes(part[at : at + 4], "little") + 1, "sound comes last"
    part[at : at + 4] = size.to_bytes(4, "little")
    whole = audible(joined_wav([bytes(part)] * 2))
    assert whole.seconds == pytest.approx(4.0, abs=0.15)
    assert whole.sounding == pytest.approx(4.0, abs=0.15)


def test_a_sound_without_a_rate_has_no_length() -> None:
    """A head that says 0 Hz is told as that, and divides nothing."""
    data = bytearray(wav(tone(0.3)))
    data[24:28] = bytes(4)
    with pytest.raises(NoSound, match="without a rate"):
        seconds(bytes(data))


def test_parts_of_different_forms_are_joined() -> None:
    """What a server gave in two forms is paid for, and becomes one sound nevertheless."""
    parts = [wav(tone(1.0)), encoded(tone(1.0, 44_100), "mp3", "mp3", 44_100, "stereo")]
    assert audible(joined_decoded(parts)).seconds == pytest.approx(2.0, abs=0.1)


def stereo(left: Any, right: Any) -> bytes:
    """Two channels as a WAV."""
    data = bytearray(wav(np.stack([left, right], 1).reshape(-1)))
    data[22], data[32] = 2, 4  # channels, bytes of a sample of all
    return bytes(data)


@pytest.mark.parametrize("other", [-1.0, -0.9, -1.1])
def test_stereo_in_antiphase_is_heard(other: float) -> None:
    """Channels that cancel each other out do not become silence."""
    left = tone(2.0)
    heard = np.concatenate(list(open_sound(stereo(left, other * left)).pieces(RATE)))
    assert np.sqrt((heard[3200:-3200] ** 2).mean()) == pytest.approx(0.3 / np.sqrt(2), rel=0.15)


@pytest.mark.parametrize("other", [1.0, 0.0, 0.5])
def test_other_stereo_is_mixed(other: float) -> None:
    """Channels that do not cancel each other out are mixed as ever."""
    left = tone(2.0)
    sound = open_sound(stereo(left, other * left))
    assert sound.channel is None
    assert float(np.abs(sound.samples()).max()) == pytest.approx(
        0.3 * (1 + other) / 2**0.5, rel=0.02
    )


TEXTS = {
    "en": "The latch keeps its bit. Strengths, screeched: eight hundred and ten!",
    "de": "Das Schloss behält sein Bit, und die Rechtschreibung bleibt schwierig.",
    "es": "La memoria guarda un bit mientras la puerta está cerrada.",
    "fr": "Les beaux oiseaux mangeaient beaucoup; eux aussi étaient nombreux.",
    "fi": "Salpa säilyttää bittinsä niin kauan kuin portti on kiinni.",
    "hi": "जब तक द्वार बंद है, कुंडी अपना बिट रखती है।",
    "ja": "ゲートがとじているあいだ、ラッチはビットをほじする。",
    "cmn": "只要门关着，锁存器就会保持它的一位。",
    "ru": "Защёлка хранит свой бит, пока затвор закрыт.",
    "ar": "يحتفظ المزلاج بالبت ما دامت البوابة مغلقة.",
    "ko": "게이트가 닫혀 있는 동안 래치는 비트를 유지한다.",
}


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("rate", [None, 80, 300])
def test_what_a_voice_really_says_is_never_doubted(language: str, rate: int | None) -> None:
    """A voice that speaks the text, at its own speed, slowly or quickly, lies within the bounds
    with room on both sides.
    """
    text = TEXTS[language] * 3
    ask = VoiceAsk(text, language, rate=rate)

    async def through(send: Any) -> Any:
        return await send()

    made = asyncio.run(Espeak().speak(ask, through))
    speed = (rate or 150) / 150
    assert doubt(text, made.data, speed) is None
    heard = audible(made.data)
    assert shortest_speech(text) / max(1.0, speed) < 0.8 * heard.sounding
    assert heard.seconds < longest_speech(text) / min(1.0, speed)


@pytest.mark.parametrize(
    "text", ["", "…", "-----", "🎉", "1", "A", "I/O", "$x^2$", "https://x.org"]
)
def test_little_to_say_is_not_doubted_for_being_short(text: str) -> None:
    """A text of next to nothing may be spoken in next to no time."""
    assert doubt(text, wav(tone(0.3))) is None


def test_silence_for_a_text_without_words_is_right() -> None:
    """Where there is nothing to speak, silence is no fault."""
    assert doubt("…", quiet(1.0)) is None


def test_a_second_narration_that_is_none_keeps_the_first(tmp_path: Path) -> None:
    """A voice of one's own that gives nothing the second time is named, and what it gave first is
    used.
    """
    coming: Iterator[Any] = iter([Narration(spoken(SHORT), ".wav"), None])

    class Forgetful(Simulated):
        name, online = "forgetful", True

        async def speak(self, ask: VoiceAsk, request: Any) -> Narration:
            made: Narration = next(coming)
            return made

    lesson = written(tmp_path, "lesson", [{"image_description": "A latch", "content": WORDS}])
    quick: Any = {"images": "simulated:0", "size": (64, 36), "progress": False, "cache": False}
    report = vidkit.start(lesson, tmp_path / "out", voice=Forgetful(latency=0.0), **quick).result()
    assert report.made and "only 2.4 s of the narration" in str(report)
