"""Answers that came whole or not, told or packed oddly: what was refused owes nothing, and what was
paid for is found.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from made_media import picture, tone, wav
from raw_server import RawServer, response

from vidkit.errors import Damaged, KeyMissing, RateLimited, Unconfirmed
from vidkit.media import check_picture
from vidkit.media.audio import open_sound
from vidkit.providers import ImageAsk, VoiceAsk
from vidkit.providers.openai import OpenAIImages, OpenAIVoice

KEY = "sk-secret-do-not-show"
ASK = ImageAsk("A leaf in the sun.", "Leaves eat light.", "Leaves", "en", (64, 36))
SAY = VoiceAsk("Leaves eat light.", "en")
PNG = picture(size=(64, 36))
B64 = base64.b64encode(PNG).decode()
ANSWER = json.dumps({"data": [{"b64_json": B64}]}).encode()
WAV = wav(tone(1.0))
"""16 bits, mono: a head of 44 bytes and the samples."""


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test meets the key, the address or the proxy of who runs it."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def asked(server: RawServer, kind: type = OpenAIImages, **how: Any) -> Any:
    """What comes of one request, an answer or an error."""
    maker = kind(**{"base_url": server.base_url, "api_key": KEY} | how)

    async def at_once(send: Callable[[], Awaitable[Any]]) -> Any:
        return await send()

    async def make() -> Any:
        try:
            if kind is OpenAIImages:
                return await maker.draw(ASK, at_once)
            return await maker.speak(SAY, at_once)
        except Exception as error:
            return error
        finally:
            await maker.aclose()

    return asyncio.run(make())


NO = b'{"error": {"message": "No."}}'
TOLD: dict[str, bytes] = {
    "it breaks off": response(429, NO[:9], "retry-after: 7", length=99),
    "its packing was not asked for": response(
        429, b"\x0b", "retry-after: 7", "content-encoding: br"
    ),
    "its packing is broken": response(
        429, b"\x1f\x8bx", "retry-after: 7", "content-encoding: gzip"
    ),
    "its length is none": response(429, b"", "retry-after: 7", "transfer-encoding: chunked")
    + b"zz",
}


@pytest.mark.parametrize("what", TOLD)
def test_a_refusal_is_one_whatever_its_body_is(what: str) -> None:
    """Its status says that nothing was made, and its headers when to come back."""
    with RawServer(TOLD[what]) as server:
        error = asked(server)
    assert isinstance(error, RateLimited) and error.retry_after == 7 and not error.owed


def test_a_refusal_until_a_date_that_is_past_says_no_time() -> None:
    """Whose clock is wrong nobody knows: the limiter waits longer and longer, as without a date."""
    with RawServer(response(429, NO, "retry-after: Thu, 01 Jan 1970 00:00:00 GMT")) as server:
        error = asked(server)
    assert isinstance(error, RateLimited) and error.retry_after is None


@pytest.mark.parametrize(("seconds", "size"), [(0.2, 1_000_000), (None, 1_000)])
def test_a_refusal_without_an_end_is_not_waited_for(
    seconds: float | None, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body that comes for ever is left, after a while or when it is long; the status counts."""
    monkeypatch.setattr("vidkit.providers.wire.ERROR_SECONDS", seconds)
    monkeypatch.setattr("vidkit.providers.wire.ERROR_BYTES", size)
    with RawServer(response(401, NO, length=10**12), endless=b" " * 100) as server:
        assert isinstance(asked(server), KeyMissing)


CHUNKED = "transfer-encoding: chunked"
MEMBERS = gzip.compress(ANSWER[:99]) + gzip.compress(ANSWER[99:])


def chunks(*pieces: bytes) -> bytes:
    """The pieces in chunked coding; an empty one is its end."""
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


FOUND: dict[str, bytes] = {
    "a proxy unpacked it and left the header": response(200, ANSWER, "content-encoding: gzip"),
    "its last chunk is missing": response(200, b"", CHUNKED) + chunks(ANSWER),
    "its length is too long": response(200, ANSWER, length=len(ANSWER) + 1),
    "packed in members": response(200, MEMBERS, "content-encoding: gzip"),
    "each member is a chunk": response(200, b"", "content-encoding: gzip", CHUNKED)
    + chunks(gzip.compress(ANSWER[:99]), gzip.compress(ANSWER[99:]), b""),
    "packed by a proxy that left the length": response(
        200, gzip.compress(ANSWER), "content-encoding: gzip", length=len(ANSWER) + 9_999
    ),
    "a coding that is none": response(200, ANSWER, "content-encoding: utf-8"),
    "lines within base64": response(
        200, ANSWER.replace(B64[:60].encode(), B64[:60].encode() + b"\n")
    ),
    "a warning before it": response(200, b"<br />\n<b>Warning</b>: {x} is odd\n" + ANSWER),
    "a line of a log before it": response(200, b"[2026-11-30] WARN {x} is odd\n" + ANSWER),
    "a warning in brackets before it": response(200, b"[warning] it is slow today\n" + ANSWER),
    "a list with something behind it": response(200, b"[\n " + ANSWER + b"]\0"),
    "something behind it": response(200, ANSWER + b"\0"),
    "a document in each line": response(
        200, b'{"status": "at work"}\n' + ANSWER + b'\n{"done": true}\n'
    ),
    "an empty line before a stream": response(200, b"\r\n\r\ndata: " + ANSWER + b"\n\n"),
    "base64 alone": response(200, B64.encode(), "content-type: text/plain"),
    "data: alone": response(200, b"data:image/png;base64," + B64.encode()),
}


@pytest.mark.parametrize("body", [chunks(ANSWER[:-1]), chunks(PNG)])
def test_an_answer_without_its_last_chunk_is_damaged_where_nothing_shows_it_whole(
    body: bytes,
) -> None:
    """A document that ends too early, and a picture of which more may have been to come."""
    with RawServer(response(200, b"", CHUNKED) + body) as server:
        assert isinstance(asked(server), Damaged)


@pytest.mark.parametrize("what", FOUND)
def test_a_picture_that_was_paid_for_is_found(what: str) -> None:
    """Whatever stands around it, or is said of it."""
    with RawServer(FOUND[what]) as server:
        check_picture(asked(server).data, what)
    assert len(server.requests) == 1


def test_a_picture_is_fetched_from_where_its_address_sends_on_to() -> None:
    """As where a server hands a file out from a storage; the key goes to the server alone."""
    with RawServer(response(200, PNG)) as storage:
        there = f"location: http://localhost:{storage.port}/signed?sig=1"
        with RawServer(
            lambda port: response(200, json.dumps({"url": f"http://127.0.0.1:{port}/a"}).encode()),
            response(302, b"", "location: /files/1.png"),
            response(303, b"", there),
        ) as server:
            check_picture(asked(server).data, "the picture")
    assert [KEY.encode() in head for head in server.requests] == [True] * 3
    assert storage.requests[0].startswith(b"GET /signed?sig=1 ")
    assert KEY.encode() not in storage.requests[0]


@pytest.mark.parametrize("location", ["/round", "http://[::1", "//", "file:///etc/passwd"])
def test_a_picture_whose_address_leads_nowhere_was_paid_for(location: str) -> None:
    """In a circle, to what is no address, or to a file of this machine."""
    with RawServer(
        lambda port: response(200, json.dumps({"url": f"http://127.0.0.1:{port}/a"}).encode()),
        response(302, b"", f"location: {location}"),
    ) as server:
        error = asked(server)
    assert isinstance(error, Unconfirmed) and error.owed
    assert len(server.requests) <= 6


def test_a_password_that_a_server_shows_is_not_shown_on() -> None:
    """As it was sent, in base64, in an error that lists the request's headers."""
    sent = base64.b64encode(b"me:open sesame").decode()
    told = json.dumps({"error": f"400 for authorization: Basic {sent}"}).encode()
    with RawServer(response(400, told)) as server:
        address = server.base_url.replace("//", "//me:open%20sesame@")
        error = str(asked(server, base_url=address))
    assert sent not in error and "authorization: Basic …" in error


def sized(size: int) -> bytes:
    """The sound with a head that claims so many bytes of samples."""
    return WAV[:40] + struct.pack("<I", size) + WAV[44:]


HEADS: dict[str, tuple[bytes, float]] = {
    "two thousand million bytes, as pocket-tts writes": (sized(2_000_000_000), 1.0),
    "all ones, as OpenAI writes": (sized(0xFFFF_FFFF), 1.0),
    "none": (sized(0), 1.0),
    "each piece is a file": (WAV * 3, 3.0),
    "each piece has a head that knows nothing": (sized(0xFFFF_FFFF) * 2, 2.0),
}


@pytest.mark.parametrize("what", HEADS)
def test_a_sound_that_was_streamed_is_heard_whole(what: str) -> None:
    """Whatever its head says of its length, and however many heads there are."""
    data, seconds = HEADS[what]
    with RawServer(response(200, data, "content-type: audio/wav")) as server:
        narration = asked(server, OpenAIVoice)
    sound = open_sound(narration.data, what)
    assert len(sound.samples()) / sound.rate == pytest.approx(seconds, abs=0.01)
    assert narration.data.count(b"WAVEfmt ") == 1
