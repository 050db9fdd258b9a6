"""The voice "gtts", through the real gTTS, against a server on this machine."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from typing import Any

import av
import pytest
from fake_gtts import FakeGoogle, sound
from hypothesis import given, settings
from hypothesis import strategies as st
from made_media import encoded, tone, wav

from vidkit.errors import (
    BadRequest,
    Offline,
    ProviderError,
    ProviderMissing,
    RateLimited,
    Refused,
    SettingsError,
    Unreachable,
)
from vidkit.media import check_sound
from vidkit.media.audio import sound_suffix
from vidkit.providers import VoiceAsk, voice_maker
from vidkit.providers.gtts import GoogleVoice
from vidkit.providers.limiter import RateLimiter
from vidkit.providers.service_voice import NoSound, joined_mp3, joined_wav, pieces

SAY = VoiceAsk("Leaves eat light.", "en")
EDGES = 2304
"""Samples of silence that an encoder puts around a sound, at most, and that a decoder takes off
again where a file of its own says so."""
LONG = (
    "Photosynthesis converts light energy into chemical energy, storing it in sugars. Plants, "
    "algae and some bacteria perform it every day. "
) * 7


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGoogle]:
    """Google Translate on this machine."""
    google = FakeGoogle()
    with google:
        google.reached(monkeypatch)
        yield google


class Quick:
    """A clock that runs 200 times as fast as the loop's, so that no backoff is waited for."""

    def time(self) -> float:
        return 200 * asyncio.get_running_loop().time()

    def call_later(self, delay: float, callback: Callable[[], object]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(delay / 200, callback)


async def at_once(send: Callable[[], Awaitable[Any]]) -> Any:
    """A way to the provider that retries nothing."""
    return await send()


def gate(ceiling: int = 16) -> RateLimiter:
    return RateLimiter("gtts", ceiling, clock=Quick(), chance=random.Random(1))


def spoken(ask: VoiceAsk = SAY, request: Any = None, **how: Any) -> Any:
    """What comes of one narration, a `Narration` or an error."""

    async def speak() -> Any:
        maker = GoogleVoice(**how)
        try:
            return await maker.speak(ask, request() if request else at_once)
        except Exception as error:
            return error
        finally:
            await maker.aclose()

    return asyncio.run(speak())


def seconds(data: bytes) -> float:
    """How long a sound is that decodes without any fault."""
    with av.open(BytesIO(data), options={"err_detect": "explode"}) as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
        return samples / container.streams.audio[0].rate


def test_a_narration_is_spoken_in_pieces_and_decodes_to_its_whole_length(
    server: FakeGoogle,
) -> None:
    """944 characters are 14 requests; their sounds together are one MP3 that is as long as all."""
    narration = spoken(VoiceAsk(LONG, "en"))
    asked = [text for text, _, _ in server.asked()]
    assert len(LONG.strip()) == 944
    assert len(asked) <= 14 and all(len(text) <= 100 for text in asked)
    check_sound(narration.data, "the narration")
    assert narration.suffix == ".mp3" and narration.cost == 0.0
    whole = sum(seconds(sound(len(text))) for text in asked)
    assert 0 <= seconds(narration.data) - whole <= len(asked) * EDGES / 24_000


def test_a_narration_tells_when_its_pieces_are_heard(server: FakeGoogle) -> None:
    """What was written of each request, one after the other, up to the end of the whole sound."""
    written = LONG.replace("\n", " ").strip()
    narration = spoken(VoiceAsk(f"**Note:** {written}", "en"))
    texts = [piece.text for piece in narration.pieces]
    assert len(texts) == len(server.asked()) > 3
    assert " ".join(texts).split() == f"**Note:** {written}".split()
    assert all(a.end == b.start for a, b in pairwise(narration.pieces))
    assert abs(narration.pieces[-1].end - seconds(narration.data)) < 0.06
    assert not spoken(VoiceAsk("One short sentence.", "en")).pieces


def test_pieces_come_in_the_order_of_the_text(server: FakeGoogle) -> None:
    """Whichever answer is first, the sounds stand in the order of the words."""
    tried: list[str] = []

    def choose(text: str) -> str:
        tried.append(text)
        return "500" if tried.count(text) == 1 and text.startswith("The first") else ""

    server.choose = choose
    first = "The first sentence tells of leaves, of roots, and of all that grows in a garden."
    second = "The second is shorter, and yet it has no room beside the first."
    narration = spoken(VoiceAsk(f"{first} {second}", "en"), request=lambda: gate(1))
    assert tried == [first, second, first]
    assert narration.data == joined_mp3([sound(len(first)), sound(len(second))])


def test_the_requests_of_one_narration_pass_the_gate_one_by_one(server: FakeGoogle) -> None:
    """They go side by side, but no more at once than the gate lets through."""
    server.seconds = 0.05
    one = RateLimiter("gtts", 3, adaptive=False)
    narration = spoken(VoiceAsk(LONG, "en"), request=lambda: one)
    check_sound(narration.data, "the narration")
    assert server.peak == 3
    assert one.snapshot().sent == len(server.requests)


def test_many_at_once_are_really_at_once(server: FakeGoogle) -> None:
    """32 requests at once wait for each other nowhere."""
    server.seconds = 0.3
    one = RateLimiter("gtts", 32, adaptive=False)
    spoken(VoiceAsk(LONG * 4, "en"), request=lambda: one)
    assert server.peak > 16


def test_language_accent_and_speed_are_asked_for(server: FakeGoogle) -> None:
    """The lesson's language, its region's address, and slow, as set; a section's voice wins."""
    spoken(VoiceAsk("Bonjour.", "fr"), slow=True)
    assert server.asked()[0] == ("Bonjour.", "fr", True)
    shape = GoogleVoice().shape
    assert shape(VoiceAsk("Hi.", "en-GB"))["tld"] == "co.uk"
    assert shape(VoiceAsk("Hi.", "en-GB", voice="com.au"))["tld"] == "com.au"
    assert GoogleVoice("ca").shape(SAY)["tld"] == "ca"
    for tag, name in (
        ("zh-Hans", "zh-CN"), ("zh-Hant", "zh-TW"), ("he", "iw"), ("pt-PT", "pt-PT"),
        ("pt-BR", "pt"), ("fr-CA", "fr-CA"), ("de-AT", "de"), ("en_US", "en"),
    ):  # fmt: skip
        assert shape(VoiceAsk("x", tag))["language"] == name, tag


def test_what_shapes_the_sound_is_in_its_key() -> None:
    """Text, language, accent, speed and pronunciation; not the place in the lesson."""
    shape = GoogleVoice().shape(SAY)
    assert shape == GoogleVoice(timeout=(1, 1)).shape(replace(SAY, index=4))
    others = [
        GoogleVoice("co.uk").shape(SAY),
        GoogleVoice(slow=True).shape(SAY),
        GoogleVoice().shape(replace(SAY, text="Roots drink.")),
        GoogleVoice().shape(replace(SAY, language="de")),
        GoogleVoice().shape(replace(SAY, say={"light": "lite"})),
    ]
    assert len({str(each) for each in (shape, *others)}) == 6
    assert GoogleVoice().price == 0.0


FAULTS = [
    ("429", RateLimited, "too many requests"),
    ("500", Unreachable, "no sound"),
    ("403", ProviderMissing, "lets nobody in"),
    ("404", BadRequest, "choose another end"),
    ("silent", Unreachable, "sent no sound"),
    ("no sound", Unreachable, "sent no sound"),
    ("rubbish", Unreachable, "is no sound"),
    ("drop", Unreachable, "did not answer"),
    ("cut", Unreachable, "Google Translate"),
    ("hang", Unreachable, "did not answer"),
    ("html", Unreachable, "sent no sound"),
]


@pytest.mark.parametrize(("fault", "kind", "words"), FAULTS, ids=[each[0] for each in FAULTS])
def test_each_fault_has_its_own_error(
    server: FakeGoogle, fault: str, kind: type[Exception], words: str
) -> None:
    """The error tells what went wrong, and no traceback of a library is in it."""
    server.script.append(fault)
    error = spoken(timeout=(2, 0.3) if fault == "hang" else (5, 20))
    assert type(error) is kind and re.search(words, str(error))
    assert error.__context__ is None or error.__suppress_context__


def test_retry_after_is_read_from_the_answer(server: FakeGoogle) -> None:
    """gTTS hides it in the answer that its error holds."""
    server.script.append("429")
    assert spoken().retry_after == 37


def test_a_chunk_that_gtts_drops_in_silence_is_asked_for_again(server: FakeGoogle) -> None:
    """Of 14 answers two hold no sound, which gTTS passes over; the narration is whole."""
    server.script.extend(["", "silent", "", "", "silent"])
    narration = spoken(VoiceAsk(LONG, "en"), request=gate)
    asked = pieces(LONG, 100)
    assert len(server.requests) == len(asked) + 2
    assert narration.data == joined_mp3([sound(len(text)) for text in asked])


def test_through_a_gate_every_narration_is_whole(server: FakeGoogle) -> None:
    """With a third of the answers faulty in all ways that may pass, nothing is missing."""
    chance = random.Random(2)
    passing = ["429 bare", "500", "silent", "no sound", "rubbish", "drop", "cut", "html"]
    server.choose = lambda text: chance.choice(passing) if chance.random() < 0.3 else ""
    asks = [VoiceAsk(f"Lesson {i}. {LONG}", "en") for i in range(4)]

    async def speak() -> list[Any]:
        voice, one = GoogleVoice(), gate()
        try:
            return await asyncio.gather(*(voice.speak(ask, one) for ask in asks))
        finally:
            await voice.aclose()

    for ask, narration in zip(asks, asyncio.run(speak()), strict=True):
        parts = pieces(ask.text, 100)
        assert narration.data == joined_mp3([sound(len(part)) for part in parts])


def test_no_network_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody listens, the message says what to do; through a gate, after three tries."""
    google = FakeGoogle()
    with google:
        pass
    google.reached(monkeypatch)
    error = spoken()
    assert type(error) is Offline and "voice='auto'" in str(error)
    assert type(spoken(VoiceAsk(LONG, "en"), request=gate)) is Offline


def test_a_check_says_whether_it_can_be_used(server: FakeGoogle) -> None:
    """One word is spoken; what comes of it is told."""
    assert asyncio.run(GoogleVoice().check()) == "translate.google.com answers"
    server.script.append("403")
    with pytest.raises(ProviderMissing):
        asyncio.run(GoogleVoice().check())


@pytest.mark.parametrize("text", ["…", "?! —", "  \n "])
def test_a_text_without_a_word_is_not_sent(server: FakeGoogle, text: str) -> None:
    """Marks alone are refused, and nobody is asked."""
    assert type(spoken(VoiceAsk(text, "en"))) is Refused
    assert not server.requests


def test_a_language_or_accent_that_there_is_not_is_told(server: FakeGoogle) -> None:
    """Before anything is sent, with what there is."""
    error = spoken(VoiceAsk("nuqneH", "tlh"))
    assert type(error) is ProviderError and "de" in str(error)
    error = spoken(VoiceAsk("Hi.", "en", voice="com/@elsewhere"))
    assert type(error) is ProviderError and "co.uk" in str(error)
    assert not server.requests


def test_a_rate_is_left_aside_with_a_note(server: FakeGoogle) -> None:
    """Google Translate has no speed in words a minute."""
    assert "rate" in spoken(replace(SAY, rate=200)).notes[0]


@pytest.mark.parametrize("spec", ["gtts:slow=perhaps", "gtts:speed=2", "gtts:com/x"])
def test_a_spec_that_is_not_understood_says_how_to_write_it(spec: str) -> None:
    """Accent and slowness are all there is to set."""
    with pytest.raises(SettingsError, match=r"co\.uk"):
        voice_maker(spec)


def test_a_spec_names_accent_and_slowness() -> None:
    """`gtts:co.uk` and `gtts:tld=co.uk,slow=yes`."""
    assert voice_maker("gtts:co.uk").shape(SAY)["tld"] == "co.uk"
    both = voice_maker("gtts:tld=com.au,slow=yes").shape(SAY)
    assert (both["tld"], both["slow"]) == ("com.au", True)
    assert voice_maker("gtts:co.uk,tld=de").shape(SAY)["tld"] == "de", "the last one counts"


@given(st.text(max_size=600), st.integers(4, 120))
@settings(max_examples=200, deadline=None)
def test_pieces_hold_every_letter_and_are_never_too_long(text: str, most: int) -> None:
    """Nothing that can be spoken is lost, doubled or moved, and no piece is empty."""
    found = pieces(text, most)
    assert all(0 < len(piece) <= most and piece == piece.strip() for piece in found)
    assert re.findall(r"[^\W_]", "".join(found)) == re.findall(r"[^\W_]", text)


def test_pieces_end_where_a_voice_would_breathe() -> None:
    """At the ends of clauses, not within a number; in Chinese too."""
    text = "One, two. Pi is 3.14159, and that is enough of it; is it not? Yes."
    assert pieces(text, 30) == [
        "One, two. Pi is 3.14159,",
        "and that is enough of it;",
        "is it not? Yes.",
    ]
    chinese = "光合作用是植物利用光能把二氧化碳和水转化为糖的过程。" * 10
    assert all(piece.endswith("。") for piece in pieces(chinese, 100))
    assert len(pieces(chinese, 100)) == 4


def test_a_word_that_is_too_long_is_cut_with_its_marks() -> None:
    """A letter keeps its accent, also where it is written in two characters."""
    word = "e\u0301" * 40
    assert all(not piece.startswith("\u0301") for piece in pieces(word, 15))


@pytest.mark.parametrize(
    ("hertz", "layout"), [(24_000, "mono"), (44_100, "stereo"), (8_000, "mono")]
)
def test_joined_mp3_is_as_long_as_its_parts(hertz: int, layout: str) -> None:
    """MPEG 1, 2 and 2.5: a file of three decodes to three, though each counts only its own."""
    parts = [
        encoded(tone(length, hertz), "mp3", "libmp3lame", hertz, layout)
        for length in (0.5, 1.0, 0.25)
    ]
    whole = joined_mp3(parts)
    assert 0 <= seconds(whole) - sum(map(seconds, parts)) <= len(parts) * EDGES / hertz
    assert sound_suffix(whole) == sound_suffix(parts[0]) == ".mp3"


def test_tags_do_not_come_between() -> None:
    """ID3 tags, before and after, are left out."""
    part = encoded(tone(0.5), "mp3", "libmp3lame")
    tagged = (
        b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10) + joined_mp3([part]) + b"TAG" + bytes(125)
    )
    assert joined_mp3([tagged, tagged]) == 2 * joined_mp3([part])


@pytest.mark.parametrize("data", [b"", b"no sound", bytes(5000), b"ID3" + bytes(300)])
def test_what_is_no_sound_is_not_joined(data: bytes) -> None:
    """Bytes without a frame are told."""
    with pytest.raises(NoSound):
        joined_mp3([encoded(tone(0.2), "mp3", "libmp3lame"), data])
    with pytest.raises(NoSound):
        joined_wav([data])
    assert sound_suffix(data) in (None, ".mp3")


def test_joined_wav_has_a_true_head() -> None:
    """Samples of all parts, one head; a piece of a file, or another form, is told."""
    one, two = wav(tone(0.5)), wav(tone(0.25))
    assert seconds(joined_wav([one, two])) == 0.75
    with pytest.raises(NoSound, match="ends after"):
        joined_wav([one[:-100]])
    with pytest.raises(NoSound, match="different forms"):
        joined_wav([one, wav(tone(0.5), 8_000)])
