"""Servers other than OpenAI's, as each one's public documentation describes its answers."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import logging
import pickle
import shutil
import ssl
import subprocess
import zlib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_gtts import FakeGoogle
from fake_openai import FakeOpenAI, sound
from fake_server import Reply
from made_media import encoded, picture, tone
from stand_ins import written

from vidkit.api import start
from vidkit.errors import (
    BadRequest,
    Damaged,
    KeyMissing,
    Misconfigured,
    ModelMissing,
    Offline,
    ProviderMissing,
    QuotaExhausted,
    Refused,
    SettingsError,
    Unconfirmed,
    Unreachable,
)
from vidkit.media import check_picture, check_sound
from vidkit.media.audio import PLAYED, open_sound
from vidkit.providers import ImageAsk, VoiceAsk, image_maker, voice_maker
from vidkit.providers.account import Account
from vidkit.providers.answers import retry_after
from vidkit.providers.gtts import GoogleVoice
from vidkit.providers.openai import OpenAIImages, OpenAIVoice
from vidkit.providers.wire import Address

SECRET = "sk-secret-do-not-show"
ASK = ImageAsk("A leaf in the sun.", "Leaves eat light.", "Leaves", "en", (64, 36))
SAY = VoiceAsk("Leaves eat light.", "en")
PNG = picture(size=(64, 36))
B64 = base64.b64encode(PNG).decode()


class Other(FakeOpenAI):
    """Gives `replies` for the faults of that name, a picture at /picture.png, and notes paths."""

    def __init__(self, *script: str, **replies: Reply) -> None:
        super().__init__(script)
        self.replies = replies
        self.paths: list[str] = []

    def text_of(self, path: str, body: bytes) -> str:
        self.paths.append(path)
        return super().text_of(path, body) if body else path

    def made(self, path: str, text: str) -> Reply:
        if path.startswith("/picture"):
            return Reply(200, PNG, {"content-type": "image/png"})
        return super().made(path, text)

    def answer(self, fault: str) -> Reply:
        return self.replies[fault] if fault in self.replies else super().answer(fault)


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test meets the key, the address or the proxy of who runs it."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


async def at_once(send: Callable[[], Awaitable[Any]]) -> Any:
    return await send()


def asked(maker: Any, ask: Any = None) -> Any:
    """What comes of one request, an answer or an error."""

    async def make() -> Any:
        try:
            if isinstance(maker, OpenAIImages):
                return await maker.draw(ask or ASK, at_once)
            return await maker.speak(ask or SAY, at_once)
        except Exception as error:
            return error
        finally:
            await maker.aclose()

    return asyncio.run(make())


def drawn(server: FakeOpenAI, **how: Any) -> Any:
    return asked(OpenAIImages(**{"base_url": server.base_url, "api_key": SECRET} | how))


def spoken(server: FakeOpenAI, **how: Any) -> Any:
    return asked(OpenAIVoice(**{"base_url": server.base_url, "api_key": SECRET} | how))


DATA = f"data:image/png;base64,{B64}"
LINES = "\n".join(B64[i : i + 76] for i in range(0, len(B64), 76))
PICTURES: dict[str, Callable[[str], Any]] = {
    "OpenAI, LiteLLM, Gemini: b64_json": lambda at: {"data": [{"b64_json": B64}]},
    "LocalAI, Together, xAI: url": lambda at: {"data": [{"url": f"{at}/picture.png"}]},
    "xAI: both, one of them null": lambda at: {
        "data": [{"b64_json": None, "url": f"{at}/picture"}]
    },
    "data: in url": lambda at: {"data": [{"url": f"data:image/png;base64,{B64}"}]},
    "data: in b64_json": lambda at: {"data": [{"b64_json": f"data:image/png;base64,{B64}"}]},
    "lines of 76": lambda at: {"data": [{"b64_json": LINES}]},
    "no padding, of addresses": lambda at: {
        "data": [{"b64_json": base64.urlsafe_b64encode(PNG).decode().rstrip("=")}]
    },
    "data as an object": lambda at: {"data": {"b64_json": B64}},
    "Stable Diffusion's images": lambda at: {"images": [B64]},
    "artifacts": lambda at: {"artifacts": [{"base64": B64, "finishReason": "SUCCESS"}]},
    "an empty one first": lambda at: {"data": [{"b64_json": ""}, {"b64_json": B64}]},
    "a list alone": lambda at: [{"b64_json": B64}],
    "OpenRouter: within a chat": lambda at: {
        "choices": [{"message": {"content": "", "images": [{"image_url": {"url": DATA}}]}}]
    },
    "Gemini's own": lambda at: {
        "candidates": [{"content": {"parts": [{"text": "Here."}, {"inlineData": {"data": B64}}]}}]
    },
    "Vertex: predictions": lambda at: {
        "predictions": [{"bytesBase64Encoded": B64, "mimeType": "image/png"}]
    },
    "Cloudflare": lambda at: {"result": {"image": B64}, "success": True, "errors": []},
    "responses": lambda at: {"output": [{"type": "image_generation_call", "result": B64}]},
    "New API": lambda at: {"code": 200, "message": "ok", "data": {"data": [{"b64_json": B64}]}},
    "RunPod": lambda at: {"output": {"image": B64}, "status": "COMPLETED"},
    "Novita": lambda at: {"images": [{"image_url": DATA}], "task": {"task_id": "x"}},
    "wrapped once more": lambda at: {"response": {"data": [{"b64_json": B64}]}},
    "under a name of its own": lambda at: {"image_urls": [DATA], "seed": 7},
}


@pytest.mark.parametrize("shape", PICTURES)
def test_a_picture_is_found_wherever_a_server_puts_it(shape: str) -> None:
    """By b64_json, by url, as data:, in lines, without padding, in another list."""
    with Other() as server:
        server.shape = lambda body: PICTURES[shape](f"http://127.0.0.1:{server.port}")
        made = drawn(server)
    check_picture(made.data, shape)
    assert server.requests and len([p for p in server.paths if "images" in p]) == 1


ODD_LINKS = [
    "http://[::1/x",
    "http://\u2603.example/",
    "http://\ud800/x",
    "http://127.0.0.1:99999/",
]


@pytest.mark.parametrize("link", [*ODD_LINKS, "http://127.0.0.1/" + "x" * 70_000])
def test_a_link_that_is_no_address_is_of_a_picture_that_was_paid_for(link: str) -> None:
    """Its host cannot be written, or its port cannot be: the picture was made all the same, so the
    ledger counts it, and the request is made once more at most.
    """
    with Other() as server:
        server.shape = lambda body: {"data": [{"url": link}]}
        error = drawn(server)
    assert isinstance(error, Unconfirmed) and error.owed and not isinstance(error, Damaged)


@pytest.mark.parametrize("link", ["/picture/@me/1.png", "/picture one.png", "/picture.png#top"])
def test_a_link_with_signs_of_its_own_leads_to_its_picture(link: str) -> None:
    """An `@`, a blank, a fragment: what nobody may write in base_url stands in others' links."""
    with Other() as server:
        server.shape = lambda body: {"data": [{"url": f"http://127.0.0.1:{server.port}{link}"}]}
        check_picture(drawn(server).data, link)


@pytest.mark.parametrize("location", ["http://[::1", "http://\u2603.example/", "//", "http:", "?"])
def test_a_way_on_that_is_no_address_is_told(location: str) -> None:
    """It is an answer of the server's, and no fault of vidkit's."""
    headers = {"location": location.encode("utf-8").decode("latin-1")}
    with Other(*["odd"] * 4, odd=Reply(307, b"", headers)) as server:
        assert isinstance(drawn(server), ProviderMissing)


ANSWER = json.dumps({"data": [{"b64_json": B64}]}).encode()
BODIES: dict[str, Reply] = {
    "the picture itself": Reply(200, PNG, {"content-type": "image/png"}),
    "created": Reply(201, ANSWER),
    "a mark of byte order": Reply(200, b"\xef\xbb\xbf" + ANSWER),
    "a number of 5,000 digits": Reply(200, ANSWER[:-1] + b', "usage": ' + b"9" * 5_000 + b"}"),
    "UTF-16": Reply(200, ANSWER.decode().encode("utf-16")),
    "a stream": Reply(200, b": hello\n\ndata: " + ANSWER + b"\n\ndata: [DONE]\n\n"),
    "a stream of events": Reply(
        200,
        b"event: image_generation.partial_image\ndata: {}\n\nevent: image_generation.completed\n"
        + b"data: "
        + json.dumps({"type": "image_generation.completed", "b64_json": B64}).encode()
        + b"\n\n",
    ),
    "gzip": Reply(200, gzip.compress(ANSWER), {"content-encoding": "gzip"}),
    "deflate": Reply(200, zlib.compress(ANSWER), {"content-encoding": "deflate"}),
    "deflate without its head": Reply(
        200, zlib.compress(ANSWER)[2:-4], {"content-encoding": "deflate"}
    ),
}


@pytest.mark.parametrize("body", BODIES)
def test_a_picture_is_found_however_an_answer_is_packed(body: str) -> None:
    """As itself, in a stream that nobody asked for, in another encoding, packed: it is kept at the
    first try, for it was paid.
    """
    with Other("odd", odd=BODIES[body]) as server:
        check_picture(drawn(server).data, body)
    assert len(server.requests) == 1


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip"])
def test_what_nobody_asked_to_be_packed_so_is_told(coding: str) -> None:
    """It was made, and one other try may bring it: the message names the packing."""
    with Other("odd", odd=Reply(200, b"\x0b\x02\x80", {"content-encoding": coding})) as server:
        error = drawn(server)
    assert isinstance(error, Unconfirmed) and not isinstance(error, Damaged)
    assert f"packed as {coding}" in str(error)


def test_what_follows_a_packed_answer_is_not_waited_for() -> None:
    """An answer ends where its packing does, whatever comes behind it without an end."""

    class Packed(Other):
        def made(self, path: str, text: str) -> Reply:
            return BODIES["gzip"]

    with Packed("flood") as server:
        check_picture(drawn(server).data, "the answer")


@pytest.mark.parametrize("fault", ["trickle", "flood"])
def test_an_answer_without_an_end_is_left(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture, a sound, and Google's speech, byte by byte for ever, or more than there can be:
    each is given up in its time, and was perhaps paid for.
    """
    with Other(fault, fault) as server:
        for maker in (
            OpenAIImages("sdxl", base_url=server.base_url, seconds=1),
            OpenAIVoice("kokoro", base_url=server.base_url, seconds=1),
        ):
            assert isinstance(asked(maker), Unconfirmed)
    with FakeGoogle([fault]) as google:
        google.reached(monkeypatch)
        assert isinstance(asked(GoogleVoice(timeout=(0.5, 0.5))), Unreachable)


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "3"}, None, 3),
        ({"retry-after": "0.5"}, None, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, None, 1.5),
        ({"retry-after": "-1"}, None, None),
        ({"retry-after": "soon"}, {"retry_after": 4}, 4),
        ({"retry-after": "9" * 99}, None, None),
        ({"retry-after": "Mon, 01 Jan 0001 00:00:00 GMT"}, None, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, None, 360),
        ({"x-ratelimit-remaining-tokens": "-1", "x-ratelimit-reset-tokens": "0"}, None, None),
        (
            {},
            {"error": {"details": [{"@type": "a"}, {"@type": "RetryInfo", "retryDelay": "17s"}]}},
            17,
        ),
        ({}, [{"error": {"details": [{"retryDelay": "1.5s"}]}}], 1.5),
        ({}, {"error": "slow down", "retryAfter": 9}, 9),
        ({}, {"error": {"retry_after": "2m"}}, 120),
        ({}, {"retry_after": 1e300}, None),
        ({}, {"retry_after": True}, None),
        ({}, {"retry_after": None, "detail": "x"}, None),
    ],
)
def test_when_to_ask_again_is_read_wherever_a_server_says_it(
    headers: dict[str, str], body: Any, seconds: float | None
) -> None:
    """In a header, in each one's form, or in the body; what cannot be meant is ignored."""
    assert retry_after(headers, body)[0] == seconds


def test_a_picture_elsewhere_is_fetched_without_the_key() -> None:
    """What another host keeps is fetched from there, and nothing of ours goes with it."""
    with Other() as keeper, Other() as server:
        server.shape = lambda body: {"data": [{"url": f"http://localhost:{keeper.port}/picture"}]}
        check_picture(drawn(server).data, "the picture")
    assert "authorization" not in keeper.headers[0]
    assert SECRET not in json.dumps(keeper.headers)


ERRORS: dict[str, tuple[int, Any, type[Exception], str]] = {
    "Gemini: a list": (
        400,
        [{"error": {"code": 400, "message": "Bad size."}}],
        BadRequest,
        "Bad size",
    ),
    "xAI: text": (400, {"code": "x", "error": "No such style."}, BadRequest, "No such style"),
    "FastAPI: detail": (
        422,
        {"detail": [{"loc": ["body", "voice"], "msg": "Field required", "type": "missing"}]},
        BadRequest,
        "Field required",
    ),
    "Speaches: not installed": (
        404,
        {"detail": "Model 'kokoro' is not installed locally. You can download it with …"},
        ModelMissing,
        "is not installed locally",
    ),
    "Ollama: not found": (404, {"error": "model 'x' not found"}, ModelMissing, "'x' not found"),
    "vLLM: object": (
        404,
        {"object": "error", "message": "The model `m` does not exist.", "code": 404},
        ModelMissing,
        "does not exist",
    ),
    "LM Studio: a voice": (404, {"error": "Voice 'nova' not found"}, BadRequest, "Voice 'nova'"),
    "FastAPI: no route": (404, {"detail": "Not Found"}, ProviderMissing, "is base_url right"),
    "Go: no route": (404, "404 page not found", ProviderMissing, "is base_url right"),
    "Azure: filter": (
        400,
        {"error": {"code": "content_policy_violation", "message": "Filtered."}},
        Refused,
        "Filtered",
    ),
    "a 503 about safety": (
        503,
        {"error": {"message": "The safety system is overloaded."}},
        Unconfirmed,
        "safety system is overloaded",
    ),
    "Together: no credit": (402, {"error": {"message": "Top up."}}, Exception, "used up"),
    "LiteLLM: key": (401, {"error": {"message": "No key."}}, KeyMissing, "does not accept the key"),
    "problem details": (
        400,
        {"type": "a", "title": "Odd", "detail": "Too long."},
        BadRequest,
        "Too long",
    ),
    "many lines": (
        400,
        {"error": f"First line.\n  File x, key {SECRET}"},
        BadRequest,
        "First line",
    ),
    "Azure: its filter's own words": (
        400,
        {"error": {"code": "400", "inner_error": {"code": "ResponsibleAIPolicyViolation"}}},
        Refused,
        "refused this one",
    ),
    "OpenRouter: flagged": (
        403,
        {"error": {"code": 403, "message": "Your input was flagged by moderation."}},
        Refused,
        "flagged by moderation",
    ),
    "Azure: no such deployment": (
        404,
        {"error": {"code": "DeploymentNotFound", "message": "It does not exist."}},
        ModelMissing,
        "has no model",
    ),
    "Google: the key": (
        400,
        {"error": {"message": "Not valid.", "details": [{"reason": "API_KEY_INVALID"}]}},
        KeyMissing,
        "does not accept the key",
    ),
    "New API: no credit": (
        403,
        {"error": {"code": "insufficient_user_quota", "message": "Nothing left."}},
        QuotaExhausted,
        "Nothing left",
    ),
    "the key in it": (400, {"error": f"key {SECRET} is odd"}, BadRequest, "key … is odd"),
}


@pytest.mark.parametrize("shape", ERRORS)
def test_an_error_is_told_in_the_servers_own_words(shape: str) -> None:
    """Wherever a server puts its sentence, the first line of it is what a person reads."""
    status, body, kind, words = ERRORS[shape]
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    with Other("odd", odd=Reply(status, content, {"content-type": "application/json"})) as server:
        error = drawn(server)
    assert isinstance(error, kind), repr(error)
    assert words in str(error), str(error)
    assert SECRET not in str(error) and "File x" not in str(error)
    assert error.owed == (status >= 500)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "Unknown parameter: 'quality'.", "param": "quality"}},
        {"error": "quality is not supported"},
        {"detail": [{"loc": ["body", "quality"], "msg": "Extra inputs are not permitted"}]},
        {"error": {"message": "Invalid value for `quality`: 'medium' must be one of 'hd'."}},
    ],
)
def test_a_field_that_is_refused_is_left_out_from_then_on(body: Any) -> None:
    """The first refusal is free; the picture comes without the field, and so does the next."""
    with Other("no", no=Reply.of(400, body)) as server:
        for _ in range(2):
            check_picture(drawn(server, model="sdxl").data, "the picture")
    sent = [set(json.loads(body)) for body in server.requests]
    assert len(sent) == 3
    assert "quality" in sent[0] and "quality" not in sent[1] | sent[2]
    assert {"model", "prompt", "size", "output_format"} <= sent[2]


def test_fields_are_set_by_hand_in_the_spec(monkeypatch: pytest.MonkeyPatch) -> None:
    """`quality=` leaves it out, `response_format=mp3` asks for that, and both are in the key."""
    mp3 = encoded(tone(1.0), "mp3", "libmp3lame")
    with Other("mp3", mp3=Reply(200, mp3, {"content-type": "audio/mpeg"})) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        voice = voice_maker("openai:model=kokoro,response_format=mp3")
        narration: Any = asked(voice)
        image: Any = image_maker("openai:model=sdxl,quality=,output_format=")
        check_picture(asked(image).data, "the picture")
    check_sound(narration.data, "the narration")
    assert narration.suffix == ".mp3"
    assert json.loads(server.requests[0])["response_format"] == "mp3"
    assert not {"quality", "output_format"} & set(json.loads(server.requests[1]))
    assert image.shape(ASK) != image_maker("openai:model=sdxl").shape(ASK)


def test_a_sound_within_json_is_found() -> None:
    """Some servers wrap a sound as they wrap a picture."""
    body = {"audio": base64.b64encode(sound(20)).decode(), "format": "wav"}
    with Other("json", json=Reply.of(200, body)) as server:
        check_sound(spoken(server).data, "the narration")


def container(kind: str, codec: str, rate: int) -> bytes:
    """A tone in that kind of file."""
    return encoded(tone(1.2, rate), kind, codec, rate)


WAV = container("wav", "pcm_s16le", 24_000)
HEAD = WAV.index(b"data") + 4
SOUNDS: dict[str, Callable[[], bytes]] = {
    "AAC in ADTS": lambda: container("adts", "aac", 44_100),
    "AAC in MP4": lambda: container("mp4", "aac", 44_100),
    "Opus in WebM": lambda: container("webm", "libopus", 48_000),
    "Opus in Ogg": lambda: container("ogg", "libopus", 48_000),
    "FLAC": lambda: container("flac", "flac", 24_000),
    "AIFF": lambda: container("aiff", "pcm_s16be", 24_000),
    "CAF of floats": lambda: container("caf", "pcm_f32le", 24_000),
    "Sun's AU": lambda: container("au", "pcm_mulaw", 8_000),
    "AC-3": lambda: container("ac3", "ac3", 48_000),
    "WMA": lambda: container("asf", "wmav2", 44_100),
    "8 bits": lambda: container("wav", "pcm_u8", 24_000),
    "24 bits": lambda: container("wav", "pcm_s24le", 24_000),
    "A-law": lambda: container("wav", "pcm_alaw", 8_000),
    "µ-law": lambda: container("wav", "pcm_mulaw", 8_000),
    "double precision": lambda: container("wav", "pcm_f64le", 24_000),
    "ADPCM": lambda: container("wav", "adpcm_ima_wav", 24_000),
    "a length of all ones": lambda: (
        WAV[:4] + b"\xff" * 4 + WAV[8:HEAD] + b"\xff" * 4 + WAV[HEAD + 4 :]
    ),
    "a list before the form": lambda: WAV[:12] + b"LIST\x0a\0\0\0INFOISFT\0\0" + WAV[12:],
    "MP3 with a picture before it": lambda: (
        b"ID3\x04\0\0\0\0\x20\0" + bytes(0x20 << 7) + container("mp3", "libmp3lame", 48_000)
    ),
    "MP3 with a tag at its end": lambda: (
        container("mp3", "libmp3lame", 48_000) + b"TAG" + bytes(125)
    ),
    "Google's JSON": lambda: json.dumps({"audioContent": base64.b64encode(WAV).decode()}).encode(),
    "ElevenLabs' JSON": lambda: json.dumps(
        {"alignment": {}, "audio_base64": base64.b64encode(WAV).decode()}
    ).encode(),
    "a chat's JSON": lambda: json.dumps(
        {"choices": [{"message": {"audio": {"id": "x", "data": base64.b64encode(WAV).decode()}}}]}
    ).encode(),
}


@pytest.mark.parametrize("form", SOUNDS)
def test_a_sound_is_taken_in_whatever_form_a_server_gives(form: str) -> None:
    """It says of none of them what it is but by its content, and is heard in its whole length."""
    with Other("odd", odd=Reply(200, SOUNDS[form](), {"content-type": "audio/wav"})) as server:
        narration = spoken(server)
    assert len(server.requests) == 1
    assert narration.suffix in PLAYED
    sound = open_sound(narration.data, form)
    assert len(sound.samples()) / sound.rate == pytest.approx(1.2, abs=0.1)


@pytest.mark.parametrize(
    ("place", "value"), [(22, b"\0\0"), (24, bytes(4)), (24, b"\1\0\0\0"), (24, b"\0\x94\x35\x77")]
)
def test_a_wav_that_claims_what_cannot_be_is_asked_for_again(place: int, value: bytes) -> None:
    """No channel, or no, one, or two thousand million samples a second."""
    odd = WAV[:place] + value + WAV[place + len(value) :]
    with Other("odd", odd=Reply(200, odd, {"content-type": "audio/wav"})) as server:
        assert isinstance(spoken(server), Damaged)


def test_a_server_without_a_list_of_models_can_be_used() -> None:
    """`/models` is a convenience."""

    async def check(server: FakeOpenAI) -> str:
        account = Account("images", "sdxl", server.base_url, SECRET, 5)
        try:
            return await account.check()
        finally:
            await account.aclose()

    with Other("gone", gone=Reply(404, b"404 page not found")) as server:
        assert "no list of its models" in asyncio.run(check(server))


# What goes out, and what comes in.


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """All that is logged, by whomever."""
    with caplog.at_level(logging.DEBUG):
        yield caplog


def test_what_an_address_hides_reaches_its_server_and_nothing_else(
    log: pytest.LogCaptureFixture,
) -> None:
    """Name, password and query are sent, and stand in no log, error, repr or shape."""
    with Other("", "429") as server:
        address = f"http://me:p%40ssword@127.0.0.1:{server.port}/v1?api-key=hidden-query"
        maker = OpenAIImages(base_url=address)
        check_picture(asked(maker).data, "the picture")
        error = asked(OpenAIImages(base_url=address))
    told = base64.b64encode(b"me:p@ssword").decode()
    assert server.headers[0]["authorization"] == f"Basic {told}"
    assert server.paths[0] == "/v1/images/generations?api-key=hidden-query"
    shown = f"{log.text}{error!r}{error}{maker!r}{maker.shape(ASK)}{maker.gate_key}"
    for secret in ("ssword", "hidden-query", told):
        assert secret not in shown


@pytest.mark.parametrize(
    "address",
    [
        "https://me:pa#ss@host/v1",
        "https://me:pa/ss@host/v1",
        "https://me:pa?ss@host/v1",
        "ftp://x",
        "",
    ],
)
def test_an_address_that_would_show_its_password_is_refused_unshown(address: str) -> None:
    """A sign that ends the host, in a password, would leave the rest of it in every message."""
    with pytest.raises(SettingsError) as caught:
        Address.of(address)
    assert "ss@" not in str(caught.value) and "pa" not in str(caught.value).split("(")[0][:12]


def test_the_key_reaches_no_log_and_no_pickle(log: pytest.LogCaptureFixture) -> None:
    """Nor does what is sent with it."""
    with Other() as server:
        drawn(server)
    assert SECRET not in log.text
    account = Account("images", "m", "http://127.0.0.1:9/v1", SECRET, 5)
    with pytest.raises(Exception, match=r"key is not written down|pickle"):
        pickle.dumps(account)


def test_a_redirect_to_another_host_gets_nothing() -> None:
    """A 307 to elsewhere is an error that names where; to the same host it is followed."""
    with Other() as elsewhere, Other("away", "home") as server:
        to = f"http://localhost:{elsewhere.port}/v1/images/generations"
        server.replies["away"] = Reply(307, b"", {"location": to})
        server.replies["home"] = Reply(307, b"", {"location": "/v1/images/generations?again"})
        error = drawn(server)
        assert isinstance(error, ProviderMissing) and "sends on to localhost" in str(error)
        check_picture(drawn(server).data, "the picture")
    assert not elsewhere.requests


def test_a_key_over_plain_http_to_another_machine_is_warned_of() -> None:
    """On this machine nobody reads along; with https nobody can."""
    assert OpenAIImages(base_url="http://example.org/v1", api_key=SECRET).warnings
    for address in ("http://127.0.0.1:8000/v1", "http://localhost/v1", "https://example.org/v1"):
        assert not OpenAIImages(base_url=address, api_key=SECRET).warnings


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A packed answer of 200 MB, and a sound without an end, are left after what an answer may
    have.
    """
    monkeypatch.setattr("vidkit.providers.wire.Wire.__init__.__defaults__", (None, 2_000_000))
    packed = gzip.compress(bytes(200_000_000))
    reply = Reply(200, packed, {"content-encoding": "gzip", "content-type": "application/json"})
    with Other("bomb", "endless", bomb=reply, endless=Reply(200, bytes(9_000_000))) as server:
        for _ in range(2):
            error = drawn(server)
            assert isinstance(error, Unconfirmed) and "larger than anything" in str(error)
            assert not isinstance(error, Damaged)


# An outage, or a mistake.


@pytest.mark.parametrize("value", ["socks5://127.0.0.1:1", "nonsense://x"])
def test_a_proxy_that_cannot_be_used_is_told_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """No client can be made: that does not heal by waiting."""
    monkeypatch.setenv("ALL_PROXY", value)
    error = asked(OpenAIImages(base_url="http://example.org/v1", api_key=SECRET))
    assert isinstance(error, Misconfigured) and not error.owed
    assert "ALL_PROXY" in str(error)


def test_certificates_that_are_not_there_are_told_with_their_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same for a file of certificates."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/at/all.pem")
    error = asked(OpenAIImages(base_url="https://example.org/v1", api_key=SECRET))
    assert isinstance(error, Misconfigured) and "SSL_CERT_FILE" in str(error)


def test_a_name_that_nobody_knows_is_told() -> None:
    """Nothing was sent, and the message says what may be wrong."""
    error = asked(OpenAIImages(base_url="http://no-such-host.invalid/v1", api_key=SECRET))
    assert isinstance(error, Offline) and not error.owed
    assert "its name is not known" in str(error) and "base_url" in str(error)


@pytest.fixture
def false_certificate(tmp_path: Path) -> tuple[str, str]:
    """A certificate that nobody has signed, for any name, and its key."""
    made = [str(tmp_path / name) for name in ("cert.pem", "key.pem")]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=localhost", "-out", made[0]]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", made[1], *names], check=True, capture_output=True)
    return made[0], made[1]


def told_as_the_fallback_speaks(provider: str, address: str, folder: Path) -> str:
    """What the report of a lesson says whose first voice cannot be used, and whose second is."""
    how = {"base_url": f"{address}/v1", "api_key": SECRET} if provider == "openai" else {}
    voices = [provider, "simulated:latency=0,seconds=0.1"]
    lesson = written(folder, sections=3)
    report = start(
        lesson, images="simulated:0", voice=voices, size=(64, 36), progress=False, **how
    ).result()
    assert {section.voice_by for section in report.sections} == {"simulated"}
    (note,) = report.notes
    return note


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no certificate can be made")
@pytest.mark.parametrize("provider", ["openai", "gtts"])
def test_a_false_certificate_ends_it_at_once_and_the_fallback_speaks(
    provider: str,
    false_certificate: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever stands between with a certificate of their own gets neither the key nor a word of
    the lesson; one try is enough, the message says what to set, and another voice speaks.
    """
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*false_certificate)
    with Other() if provider == "openai" else FakeGoogle() as server:
        server.encrypted(tls)
        address = f"https://127.0.0.1:{server.port}"
        monkeypatch.setattr(
            "gtts.tts._translate_url", lambda tld="com", path="": f"{address}/{path}"
        )
        note = told_as_the_fallback_speaks(provider, address, tmp_path)
        assert not server.requests
    assert "certificate" in note and "SSL_CERT_FILE" in note and SECRET not in note


@pytest.mark.parametrize("provider", ["openai", "gtts"])
@pytest.mark.parametrize(
    ("variable", "value"),
    [("ALL_PROXY", "socks5://127.0.0.1:1"), ("SSL_CERT_FILE", "/nowhere/at/all.pem")],
)
def test_what_no_waiting_heals_is_told_with_its_variable_and_the_fallback_speaks(
    provider: str, variable: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy of a kind that cannot be used, certificates that are not there: nothing is sent."""
    monkeypatch.setenv(variable, value)
    note = told_as_the_fallback_speaks(provider, "https://example.org", tmp_path)
    assert variable in note and "unset it" in note
