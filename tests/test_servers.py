"""Servers other than OpenAI's, as each one's public documentation describes its answers."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import logging
import pickle
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from fake_openai import FakeOpenAI, sound
from fake_server import Reply
from made_media import encoded, picture, tone

from vidkit.errors import (
    BadRequest,
    Damaged,
    KeyMissing,
    Misconfigured,
    ModelMissing,
    Offline,
    ProviderMissing,
    Refused,
    SettingsError,
    Unconfirmed,
)
from vidkit.media import check_picture, check_sound
from vidkit.providers import ImageAsk, VoiceAsk, image_maker, voice_maker
from vidkit.providers.account import Account
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
}


@pytest.mark.parametrize("shape", PICTURES)
def test_a_picture_is_found_wherever_a_server_puts_it(shape: str) -> None:
    """By b64_json, by url, as data:, in lines, without padding, in another list."""
    with Other() as server:
        server.shape = lambda body: PICTURES[shape](f"http://127.0.0.1:{server.port}")
        made = drawn(server)
    check_picture(made.data, shape)
    assert server.requests and len([p for p in server.paths if "images" in p]) == 1


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
