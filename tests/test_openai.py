"""The provider "openai", through the real SDK, against a server on this machine."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_openai import COST, FakeOpenAI, sound
from fake_server import WAIT
from hypothesis import given, settings
from hypothesis import strategies as st
from stand_ins import written

import vidkit
from vidkit.errors import (
    BadRequest,
    Damaged,
    KeyMissing,
    ModelMissing,
    Offline,
    ProviderError,
    ProviderMissing,
    QuotaExhausted,
    RateLimited,
    Refused,
    SettingsError,
    Unconfirmed,
    Unreachable,
)
from vidkit.media import check_picture, check_sound
from vidkit.providers import ImageAsk, VoiceAsk, account, image_maker, voice_maker
from vidkit.providers.limiter import RateLimiter
from vidkit.providers.openai import STYLE, OpenAIImages, OpenAIVoice

SECRET = "sk-secret-do-not-show"
ASK = ImageAsk("A leaf in the sun.", "Leaves eat light.", "Leaves", "en", (1280, 720))
SAY = VoiceAsk("Leaves eat light.", "en")


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test meets the key or the address of who runs it."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.delenv(name, raising=False)


class Quick:
    """A clock that runs 200 times as fast as the loop's, so that no backoff is waited for."""

    def time(self) -> float:
        return 200 * asyncio.get_running_loop().time()

    def call_later(self, delay: float, callback: Callable[[], object]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(delay / 200, callback)


def gate(ceiling: int = 8) -> RateLimiter:
    return RateLimiter("openai", ceiling, clock=Quick(), chance=random.Random(3))


async def at_once(send: Callable[[], Awaitable[Any]]) -> Any:
    """A way to the provider that retries nothing."""
    return await send()


def drawn(server: FakeOpenAI, ask: ImageAsk = ASK, request: Any = None, **how: Any) -> Any:
    """What comes of one picture, a `Picture` or an error."""

    async def draw() -> Any:
        maker = OpenAIImages(base_url=server.base_url, api_key=SECRET, **how)
        try:
            return await maker.draw(ask, request() if request else at_once)
        except Exception as error:
            return error
        finally:
            await maker.aclose()

    return asyncio.run(draw())


def spoken(server: FakeOpenAI, ask: VoiceAsk = SAY, request: Any = None, **how: Any) -> Any:
    """What comes of one narration, a `Narration` or an error."""

    async def speak() -> Any:
        maker = OpenAIVoice(base_url=server.base_url, api_key=SECRET, **how)
        try:
            return await maker.speak(ask, request() if request else at_once)
        except Exception as error:
            return error
        finally:
            await maker.aclose()

    return asyncio.run(speak())


def test_a_picture_is_drawn_as_the_lesson_describes_it() -> None:
    """The request has the model, the frame's size and, after the style, the lesson's own words;
    what comes decodes.
    """
    with FakeOpenAI() as server:
        picture = drawn(server, quality="low")
    asked = json.loads(server.requests[0])
    assert asked["model"] == "gpt-image-2.6-flare"
    assert (asked["size"], asked["quality"], asked["output_format"]) == ("1280x720", "low", "png")
    assert asked["prompt"] == f"{STYLE}\n\n{ASK.description}"
    check_picture(picture.data, "the answer")
    assert picture.suffix == ".png"
    assert server.headers[0]["authorization"] == f"Bearer {SECRET}"


def test_the_style_is_a_setting_and_part_of_the_key() -> None:
    """Another style, or none, is another prompt and so another picture."""
    plain, chalk = (
        OpenAIImages(api_key=SECRET, style=style) for style in ("", "Chalk on a blackboard:")
    )
    assert plain.prompt(ASK) == ASK.description
    assert chalk.prompt(ASK).startswith("Chalk on a blackboard:")
    assert len({str(maker.shape(ASK)) for maker in (plain, chalk, OpenAIImages(api_key="k"))}) == 3


def test_the_key_of_a_picture_knows_what_shapes_it_and_nothing_else() -> None:
    """Model, quality, size and words are in it; place, key and time-out are not."""
    maker = OpenAIImages(api_key=SECRET)
    same = OpenAIImages(api_key="another", seconds=1)
    assert maker.shape(ASK) == same.shape(replace(ASK, index=5, narration="x", title="y"))
    others = [
        OpenAIImages("gpt-image-2.6-sunburst", api_key=SECRET).shape(ASK),
        OpenAIImages(api_key=SECRET, quality="high").shape(ASK),
        maker.shape(replace(ASK, size=(1920, 1080))),
        maker.shape(replace(ASK, description="A root.")),
        OpenAIImages(api_key=SECRET, base_url="http://localhost:9/v1").shape(ASK),
    ]
    assert len({json.dumps(shape) for shape in (*others, maker.shape(ASK))}) == 6


def test_the_cost_is_what_the_answer_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens of `usage` times the prices of the dated file; of another's server nobody knows."""
    with FakeOpenAI() as server:
        monkeypatch.setattr("vidkit.providers.account.HOME", server.base_url)
        assert drawn(server).cost == pytest.approx(COST)
        assert drawn(server, model="a-model-of-tomorrow").cost is None
        monkeypatch.undo()
        assert drawn(server).cost is None


def test_the_price_is_told_beforehand() -> None:
    """About 0.003, 0.028 and 0.114 dollars for a picture of 1280 × 720, as the model pages say,
    and less than half a cent more for the longest way to count the words.
    """
    for quality, dollars in (("low", 0.003), ("medium", 0.028), ("high", 0.114)):
        price = OpenAIImages(api_key=SECRET, quality=quality).price(ASK)
        assert price is not None and dollars - 0.0005 <= price <= dollars + 0.005, quality
    assert OpenAIImages(api_key=SECRET, quality="auto").price(ASK) is None
    assert OpenAIImages("unknown", api_key=SECRET).price(ASK) is None
    assert OpenAIImages(api_key=SECRET).priced == account.dated() >= "2026-11"


@pytest.mark.parametrize(
    ("quality", "size", "tokens"),
    [
        ("high", (1024, 1024), 7024),
        ("high", (1536, 1024), 5488),
        ("high", (1792, 1024), 5063),
        ("high", (3584, 2048), 12329),
    ],
)
def test_tokens_of_a_picture_are_those_of_openais_calculator(
    quality: str, size: tuple[int, int], tokens: int
) -> None:
    """The formula gives the figures that users read off OpenAI's own calculator."""
    assert account.image_tokens(quality, size) == tokens


@given(st.tuples(st.integers(8, 4096), st.integers(8, 4096)))
@settings(max_examples=200, deadline=None)
def test_every_frame_has_a_size_that_can_be_drawn(half: tuple[int, int]) -> None:
    """Whatever the frame, the size keeps OpenAI's rules, and its shape where they allow it."""
    frame = 2 * half[0], 2 * half[1]
    width, height = account.frame_size("gpt-image-2.6-flare", frame)
    assert width % 16 == height % 16 == 0
    assert max(width, height) <= 3840
    assert 655_360 <= width * height <= 8_294_400
    assert max(width, height) <= 3 * min(width, height)
    shape = min(max(frame[0] / frame[1], 1 / 3), 3)
    assert width / height == pytest.approx(shape, rel=0.04)


def test_the_usual_frames_are_drawn_as_they_are() -> None:
    """1280 × 720 and 2560 × 1440 need no cut, and older models get the nearest that they know."""
    assert account.frame_size("gpt-image-2.6-flare", (1280, 720)) == (1280, 720)
    assert account.frame_size("gpt-image-2.6-flare", (2560, 1440)) == (2560, 1440)
    assert account.frame_size("gpt-image-2.6-flare", (1920, 1080)) == (1920, 1088)
    assert account.frame_size("gpt-image-1-mini", (1920, 1080)) == (1536, 1024)
    assert account.frame_size("gpt-image-1-mini", (1080, 1920)) == (1024, 1536)


def test_speech_is_what_the_lesson_says() -> None:
    """The request has model, voice, manner and the text as it is read; what comes decodes."""
    ask = VoiceAsk("VDD is 5 V.", "en", voice="nova", rate=180, say={"VDD": "vee dee dee"})
    with FakeOpenAI() as server:
        narration = spoken(server, ask)
    asked = json.loads(server.requests[0])
    assert (asked["model"], asked["voice"]) == ("gpt-4o-mini-tts", "nova")
    assert asked["input"].startswith("vee dee dee is")
    assert asked["speed"] == 1.2 and "teacher" in asked["instructions"]
    check_sound(narration.data, "the answer")
    assert narration.suffix == ".wav"
    assert OpenAIVoice(api_key="k").shape(ask) != OpenAIVoice(api_key="k").shape(SAY)


def test_a_model_that_cannot_be_told_how_to_speak_is_not_told() -> None:
    """`tts-1` takes no instructions, and its price is exact."""
    with FakeOpenAI() as server:
        narration = spoken(server, model="tts-1")
    assert "instructions" not in json.loads(server.requests[0])
    assert narration.cost is None  # not OpenAI's own server
    maker = OpenAIVoice("tts-1", api_key=SECRET)
    assert maker.price(VoiceAsk("x" * 1000, "en")) == pytest.approx(0.015)


def test_a_long_narration_is_spoken_in_parts_and_joined() -> None:
    """5,000 characters are three requests side by side, and one sound as long as all of them."""
    text = " ".join(f"Sentence number {i} is about leaves and light." for i in range(110))
    with FakeOpenAI() as server:
        narration = spoken(server, VoiceAsk(text, "en"), request=gate)
    parts = [json.loads(body)["input"] for body in server.requests]
    assert len(parts) == 3 and all(len(part) <= 1800 for part in parts)
    lengths = sum(len(sound(len(part))) - 44 for part in parts)
    assert len(narration.data) == lengths + 44
    check_sound(narration.data, "the narration")


def test_a_sound_whose_head_does_not_know_its_length_is_whole() -> None:
    """Servers that stream write a head with no length; the file that is kept has a true one."""
    with FakeOpenAI(["streamed"]) as server:
        narration = spoken(server)
    assert narration.data == sound(20)


def test_nothing_to_speak_is_told_and_not_paid() -> None:
    """A text of marks alone is refused before it is sent."""
    with FakeOpenAI() as server:
        assert isinstance(spoken(server, VoiceAsk("…!?", "en")), Refused)
    assert not server.requests


FAULTS = [
    ("429", RateLimited, "Rate limit reached"),
    ("429 bare", RateLimited, "Rate limit reached"),
    ("429 words", RateLimited, "try again in"),
    ("500", Unconfirmed, "may have been made and paid for all the same; try again later"),
    ("in 200", Unconfirmed, "had an error"),
    ("drop", Unconfirmed, "may have been made"),
    ("cut", Damaged, "was cut off"),
    ("empty", Unconfirmed, "may have been paid"),
    ("rubbish", Unconfirmed, "may have been paid"),
    ("hang", Unconfirmed, "no answer in 1 s"),
    ("refusal", Refused, r"safety_violations=\[violence\]"),
    ("retired", ModelMissing, "gpt-image-2.6-flare, gpt-image-2.6-sunburst"),
    ("quota", QuotaExhausted, "add credit"),
    ("billing", QuotaExhausted, "add credit"),
    ("key", KeyMissing, "does not accept the key in api_key"),
    ("unverified", ProviderMissing, "must be verified"),
    ("faulty", BadRequest, "Invalid value"),
    ("html", Damaged, "is base_url right"),
]


@pytest.mark.parametrize(("fault", "kind", "words"), FAULTS, ids=[each[0] for each in FAULTS])
def test_each_fault_has_its_own_error_and_is_sent_once(
    fault: str, kind: type[Exception], words: str
) -> None:
    """The error says what went wrong and what to do, the SDK retries nothing by itself, and
    the key is in no message.
    """
    with FakeOpenAI([fault]) as server:
        error = drawn(server, seconds=1 if fault == "hang" else 20)
    assert type(error) is kind
    with pytest.raises(kind, match=words):
        raise error
    assert len(server.requests) == 1
    assert SECRET not in f"{error!r}{error}" and "sk-sec" not in str(error)


@pytest.mark.parametrize("fault", ["429", "500", "in 200", "retired", "quota", "key", "html"])
def test_speech_has_the_same_errors(fault: str) -> None:
    """What is true of pictures is true of speech."""
    with FakeOpenAI([fault]) as server:
        error = spoken(server)
    assert type(error) is {name: kind for name, kind, _ in FAULTS}[fault]


@pytest.mark.parametrize("fault", ["cut", "drop", "rubbish"])
def test_speech_that_did_not_arrive_whole_may_have_been_paid(fault: str) -> None:
    """A broken or useless answer is unconfirmed."""
    with FakeOpenAI([fault]) as server:
        assert type(spoken(server)) is (Damaged if fault == "cut" else Unconfirmed)


def test_a_retired_speech_model_names_what_there_is() -> None:
    """Where every speech model has an end, the last of them and the free voices are named."""
    with FakeOpenAI(["retired"]) as server:
        error = spoken(server)
    assert "gpt-4o-mini-tts (until 2027-01-06)" in str(error) and "voice='auto'" in str(error)


def test_retry_after_arrives_in_seconds() -> None:
    """The header's time is in the error, and None where there is none."""
    with FakeOpenAI(["429", "429 bare"]) as server:
        assert drawn(server).retry_after == WAIT
        assert drawn(server).retry_after is None


def test_the_limits_of_the_headers_reach_the_gate() -> None:
    """`x-ratelimit-…` of an ordinary answer sets the pace before there is any 429."""
    limits = {"x-ratelimit-limit-requests": "30", "x-ratelimit-remaining-requests": "12"}
    one = RateLimiter("openai")
    with FakeOpenAI(limits=limits) as server:
        drawn(server, request=lambda: one)
    assert one.snapshot().pace == 30


@pytest.mark.parametrize(
    "fault", ["429", "429 bare", "429 words", "500", "in 200", "drop", "cut", "hang"]
)
def test_what_may_pass_passes_the_gate_at_the_second_try(fault: str) -> None:
    """Through a gate, each fault that may pass ends in a picture, for one more request."""
    with FakeOpenAI([fault]) as server:
        picture = drawn(server, request=gate, seconds=1 if fault == "hang" else 20)
    check_picture(picture.data, fault)
    assert len(server.requests) == 2


def test_a_hundred_pictures_from_a_server_with_every_fault() -> None:
    """With 30 % of the requests faulty in every way that may pass, all pictures come, and each
    is billed once but for those that were unconfirmed.
    """
    passing = ["429", "429 bare", "429 words", "500", "in 200", "drop", "cut"]
    chance, seen, made = random.Random(5), set(), set()

    def choose(text: str) -> str:
        # what may have been paid is asked for once more only: no asset meets two of these
        fault = chance.choice(passing) if chance.random() < 0.3 else ""
        fault = "hang" if text.endswith("Leaf 7") else fault
        if fault in ("500", "in 200", "drop", "cut", "hang"):
            if text in seen:
                return ""
            seen.add(text)
            made.update({text} if fault in ("drop", "cut", "hang") else ())
        return fault

    async def draw_all(server: FakeOpenAI) -> list[Any]:
        maker = OpenAIImages(base_url=server.base_url, api_key=SECRET, seconds=4.0)
        asks = [replace(ASK, description=f"Leaf {i}") for i in range(100)]
        one = gate(32)
        try:
            return await asyncio.gather(*(maker.draw(ask, one) for ask in asks))
        finally:
            await maker.aclose()

    with FakeOpenAI(seconds=0.01) as server:
        server.choose = choose
        pictures = asyncio.run(draw_all(server))
    assert len(pictures) == 100
    assert {*passing, "hang"} <= set(server.met)
    assert len(server.billed) == 100
    twice = {text for text, times in server.billed.items() if times > 1}
    assert twice == made


def test_a_sliding_window_is_kept_to() -> None:
    """Against a server that bears 20 requests in any third of a second, all 40 pictures come,
    though the provider knows of no limit.
    """

    async def draw_all(server: FakeOpenAI) -> None:
        maker = OpenAIImages(base_url=server.base_url, api_key=SECRET)
        asks = [replace(ASK, description=f"Leaf {i}") for i in range(40)]
        one = gate(32)
        await asyncio.gather(*(maker.draw(ask, one) for ask in asks))
        await maker.aclose()

    with FakeOpenAI(window=(20, 0.3)) as server:
        asyncio.run(draw_all(server))
    assert sum(server.billed.values()) == 40


def test_a_used_up_quota_ends_the_batch_with_one_message() -> None:
    """The first answer that says so is the last request that is sent."""

    async def draw_all(server: FakeOpenAI) -> list[Any]:
        maker = OpenAIImages(base_url=server.base_url, api_key=SECRET)
        one = gate(1)
        calls = (maker.draw(ASK, one) for _ in range(30))
        try:
            return await asyncio.gather(*calls, return_exceptions=True)
        finally:
            await maker.aclose()

    with FakeOpenAI(["", "quota"]) as server:
        ends = asyncio.run(draw_all(server))
    assert len(server.requests) == 2
    assert len({str(end) for end in ends[1:]}) == 1


def test_no_network_is_said_at_once() -> None:
    """A port at which nobody listens: nothing was sent, and the message says what to do."""
    with FakeOpenAI() as server:
        pass
    error = drawn(server)
    assert type(error) is Offline
    assert "check the network" in str(error) and "slides" in str(error)
    error = drawn(server, request=gate)
    assert type(error) is Offline


@pytest.mark.parametrize(
    ("fault", "model", "kind"),
    [
        ("", None, str),
        ("", "gpt-image-1", ModelMissing),
        ("key", None, KeyMissing),
        ("html", None, ProviderMissing),
        ("500", None, Unreachable),
    ],
)
def test_a_check_says_whether_it_can_be_used_and_costs_nothing(
    fault: str, model: str | None, kind: type
) -> None:
    """It asks for the models that there are; key, address and model are found to be right."""

    async def check(server: FakeOpenAI) -> Any:
        maker = OpenAIImages(model, base_url=server.base_url, api_key=SECRET)
        try:
            return await maker.check()
        except ProviderError as error:
            return error
        finally:
            await maker.aclose()

    with FakeOpenAI([fault]) as server:
        found = asyncio.run(check(server))
    assert type(found) is kind
    assert fault or "gpt-image" in str(found)


def test_without_a_key_it_says_what_to_set() -> None:
    """No key: no provider by that name, and the message names the variable and what is free;
    a provider without its key makes nothing, and still knows what the store has of it.
    """
    for find in (image_maker, voice_maker):
        with pytest.raises(KeyMissing, match=r"OPENAI_API_KEY.*slides"):
            find("openai")
    with pytest.raises(KeyMissing, match="OPENAI_API_KEY"):
        asyncio.run(OpenAIImages().draw(ASK, at_once))
    assert OpenAIImages().shape(ASK) == OpenAIImages(api_key=SECRET).shape(ASK)


def test_key_and_address_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """OPENAI_API_KEY and OPENAI_BASE_URL count where nothing is given."""
    with FakeOpenAI() as server:
        monkeypatch.setenv("OPENAI_API_KEY", "from the environment")
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)

        async def draw() -> None:
            maker = image_maker("openai")
            await maker.draw(ASK, at_once)
            await maker.aclose()  # type: ignore[attr-defined]

        asyncio.run(draw())
    assert server.headers[0]["authorization"] == "Bearer from the environment"


def test_a_server_of_ones_own_needs_no_key() -> None:
    """Another address works without a key; it has no price."""
    with FakeOpenAI() as server:
        maker = OpenAIImages(base_url=server.base_url)
        assert maker.price(ASK) is None

        async def draw() -> Any:
            try:
                return await maker.draw(ASK, at_once)
            finally:
                await maker.aclose()

        check_picture(asyncio.run(draw()).data, "the answer")


def test_the_key_is_nowhere_to_be_read() -> None:
    """Neither in a repr nor in a shape nor in what names the gate; nor is what an address hides."""
    makers = (
        OpenAIImages(api_key=SECRET, base_url=f"https://me:{SECRET}@example.org/v1?k={SECRET}"),
        OpenAIVoice(api_key=SECRET, base_url=f"https://me:{SECRET}@example.org/v1"),
    )
    for maker, ask in zip(makers, (ASK, SAY), strict=True):
        shown = f"{maker!r}{maker.shape(ask)}{maker.gate_key}"
        assert SECRET not in shown and "me:" not in shown
        assert "example.org/v1" in shown
    with pytest.raises(SettingsError) as caught:
        OpenAIImages(api_key=SECRET, base_url=f"me:{SECRET}@nowhere")
    assert SECRET not in str(caught.value)


def test_providers_with_the_same_key_and_model_share_a_gate() -> None:
    """Another key, model or address is another limit."""
    one = OpenAIImages(api_key="one").gate_key
    assert one == OpenAIImages(api_key="one", quality="low").gate_key
    others = {
        OpenAIImages(api_key="two").gate_key,
        OpenAIImages("gpt-image-2", api_key="one").gate_key,
        OpenAIImages(api_key="one", base_url="http://localhost:9/v1").gate_key,
    }
    assert len(others | {one}) == 4


def test_one_provider_serves_several_loops() -> None:
    """The client belongs to the loop that uses it, and a later loop gets one of its own."""
    with FakeOpenAI() as server:
        maker = OpenAIImages(base_url=server.base_url, api_key=SECRET)

        async def draw() -> bytes:
            try:
                return (await maker.draw(ASK, at_once)).data
            finally:
                await maker.aclose()

        assert asyncio.run(draw()) == asyncio.run(draw())


@pytest.mark.parametrize("spec", ["openai:speed=2", "openai:a,b", "openai:style=", "openai:="])
def test_a_spec_that_is_not_understood_says_how_to_write_it(
    spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Options are model, quality and style; anything else is told."""
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    with pytest.raises(SettingsError, match="write a model"):
        image_maker(spec)


def test_a_spec_names_model_and_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """`openai:MODEL`, `openai:quality=low`, and both."""
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    assert image_maker("openai:gpt-image-2").shape(ASK)["model"] == "gpt-image-2"
    both = image_maker("openai:gpt-image-2,quality=low").shape(ASK)
    assert (both["model"], both["quality"]) == ("gpt-image-2", "low")
    assert voice_maker("openai:tts-1,voice=onyx").shape(SAY)["voice"] == "onyx"
    unsent = image_maker("openai:quality=low,quality=").shape(ASK)
    assert (unsent["quality"], unsent["fields"]) == ("low", {"quality": ""})
    with pytest.raises(SettingsError, match="quality is 'best'"):
        image_maker("openai:quality=best")


def test_a_narration_that_an_earlier_release_paid_for_is_found(tmp_path: Path) -> None:
    """When dashes were still rewritten for every voice, the narration had another key; it is found
    under it, and nobody pays for it again.
    """

    class Earlier(OpenAIVoice):
        def shape(self, ask: VoiceAsk) -> Mapping[str, Any]:
            return {**super().shape(ask), "text": "It rained, for days."}

    section = {"image_description": "Rain.", "content": "It rained — for days."}
    lesson = written(tmp_path, sections=[section])
    how: dict[str, Any] = {"images": "simulated:0", "size": (64, 36), "progress": False}
    with FakeOpenAI() as server:
        for maker in (Earlier, OpenAIVoice):
            voice = maker(base_url=server.base_url, api_key=SECRET)
            assert vidkit.generate_video_from_json(lesson, voice=voice, **how)
            assert vidkit.plan(lesson, voice=voice, **how | {"progress": True}).new == 0
        assert len(server.requests) == 1
