"""OpenAI's two endpoints on this machine; more faults than `fake_server` has:

"in 200"      an error in an answer with status 200
"refusal"     the safety system says no
"retired"     the model is gone
"quota"       the credit is used up
"billing"     the limit of the bill is met, with status 400
"key"         the key is not accepted
"unverified"  the account is not let in
"faulty"      the request is not understood
"nowhere"     there is nothing at that address
"empty"       an answer without a picture
"rubbish"     an answer with something that is no picture and no sound
"streamed"    a sound whose head does not know its length
"cut json"    the text of an answer ends in its middle
"cut png", "cut wav"  a picture, or a sound, that ends in its middle

`shape` changes the body of a picture's answer, as another server would write it; `voice` makes
the sound of a text.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from fake_server import WAIT, FakeServer, Reply
from made_media import picture, tone, wav

MESSAGES: dict[str, tuple[int, str, str, str]] = {
    "429": (429, "Rate limit reached for images", "requests", "rate_limit_exceeded"),
    "429 bare": (429, "Rate limit reached for images", "requests", "rate_limit_exceeded"),
    "429 words": (
        429,
        f"Rate limit reached. Please try again in {WAIT * 1000:g}ms.",
        "requests",
        "rate_limit_exceeded",
    ),
    "500": (500, "The server had an error", "server_error", ""),
    "in 200": (200, "The server had an error", "server_error", ""),
    "refusal": (
        400,
        "Your request was rejected by the safety system. safety_violations=[violence].",
        "image_generation_user_error",
        "moderation_blocked",
    ),
    "retired": (
        404,
        "The model `gpt-image-1` has been deprecated, learn more here: …",
        "invalid_request_error",
        "model_not_found",
    ),
    "quota": (
        429,
        "You exceeded your current quota, please check your plan and billing details.",
        "insufficient_quota",
        "insufficient_quota",
    ),
    "billing": (
        400,
        "Billing hard limit has been reached.",
        "billing_limit_user_error",
        "billing_hard_limit_reached",
    ),
    "key": (
        401,
        "Incorrect API key provided: sk-sec*****ret.",
        "invalid_request_error",
        "invalid_api_key",
    ),
    "unverified": (403, "Your organization must be verified", "invalid_request_error", ""),
    "nowhere": (404, "Not Found", "", ""),
    "faulty": (400, "Invalid value: 'prompt'", "image_generation_user_error", "invalid_value"),
}
USAGE = {
    "input_tokens": 50,
    "output_tokens": 900,
    "total_tokens": 950,
    "input_tokens_details": {"text_tokens": 50, "image_tokens": 0},
}
COST = (50 * 5 + 900 * 30) / 1_000_000
"""Dollars for that usage, by hand."""


@cache
def _picture() -> str:
    return base64.b64encode(picture(size=(320, 176))).decode()


@cache
def sound(letters: int) -> bytes:
    """A tone of a twentieth of a second for each letter, as WAV."""
    return wav(tone(max(0.1, letters / 20)))


class FakeOpenAI(FakeServer):
    """Draws and speaks; `limits` go into the headers of its answers, `models` are what it has."""

    models = ("gpt-image-2.6-flare", "gpt-4o-mini-tts")

    def __init__(self, script: Iterable[str] = (), **how: Any) -> None:
        self.limits: dict[str, str] = how.pop("limits", {})
        self.shape: Callable[[dict[str, Any]], Any] = how.pop("shape", lambda body: body)
        self.voice: Callable[[str], bytes] = how.pop("voice", lambda text: sound(len(text)))
        super().__init__(script, **how)

    @property
    def base_url(self) -> str:
        """What to give a client."""
        return f"http://127.0.0.1:{self.port}/v1"

    def text_of(self, path: str, body: bytes) -> str:
        if path.endswith("/models"):
            return path
        asked = json.loads(body)
        if "chat" in path:
            return str(asked["messages"][1]["content"])
        return str(asked["input"] if "speech" in path else asked["prompt"])

    def made(self, path: str, text: str) -> Reply:
        if path.endswith("/models"):
            models = [{"id": name, "object": "model"} for name in self.models]
            return Reply.of(200, {"object": "list", "data": models})
        if "chat" in path:
            content = json.loads(text)["section"]["content"]
            answer = {"content": f"{content} Indeed.", "layout": "as it is", "points": []}
            choice = {"message": {"content": json.dumps(answer)}, "finish_reason": "stop"}
            usage = {"prompt_tokens": 400, "completion_tokens": 100}
            return Reply.of(200, self.shape({"choices": [choice], "usage": usage}), **self.limits)
        if "speech" in path:
            return Reply(200, self.voice(text), {"content-type": "audio/wav"} | self.limits)
        body = {"created": 1, "data": [{"b64_json": _picture()}], "usage": USAGE}
        return Reply.of(200, self.shape(body), **self.limits)

    def answer(self, fault: str) -> Reply:
        if fault == "empty":
            return Reply.of(200, {"created": 1, "data": []})
        if fault == "rubbish":
            rubbish = base64.b64encode(b"no picture at all").decode()
            return Reply.of(200, {"created": 1, "data": [{"b64_json": rubbish}]})
        if fault == "cut json":
            whole = self.made("/images", "").body
            return Reply(200, whole[: len(whole) // 2], {"content-type": "application/json"})
        if fault == "cut png":
            half = base64.b64encode(base64.b64decode(_picture())[:-200]).decode()
            return Reply.of(200, {"created": 1, "data": [{"b64_json": half}]})
        if fault == "cut wav":
            return Reply(200, sound(20)[:-500], {"content-type": "audio/wav"})
        if fault == "streamed":
            whole = bytearray(sound(20))
            whole[4:8] = whole[40:44] = b"\xff\xff\xff\xff"
            return Reply(200, bytes(whole), {"content-type": "audio/wav"})
        status, message, kind, code = MESSAGES[fault]
        body = {"error": {"message": message, "type": kind, "code": code or None, "param": None}}
        headers = {"retry_after_ms": f"{WAIT * 1000:g}"} if fault == "429" else {}
        return Reply.of(status, body, **headers)
