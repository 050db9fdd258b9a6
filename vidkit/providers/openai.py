"""Pictures and speech by OpenAI's models, or by a server that speaks their language.

`images="openai"`, `"openai:gpt-image-2.6-sunburst"` or `"openai:quality=low"`;
`voice="openai"` or `"openai:tts-1,voice=nova"`. It needs a key in OPENAI_API_KEY, and it costs
money: prices, sizes and models are in `openai.toml`. OPENAI_BASE_URL names another server.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import copy
import hashlib
import math
import os
import re
import tomllib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args
from urllib.parse import urlsplit, urlunsplit
from weakref import WeakKeyDictionary

import httpx2
import openai

from ..core.errors import (
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
from ..text.speech import VERSION, spoken
from .adaptive import Answer, limits_in, retry_after
from .base import ImageAsk, Narration, Picture, Request, VoiceAsk
from .chunks import NoSound, joined_wav, pieces, sound_suffix, together

# OpenAI's models, sizes and prices, from the dated file `openai.toml` beside this one.


FILE = Path(__file__).with_name("openai.toml")
MILLION = 1_000_000
LETTERS_A_TOKEN = 4.0
"""Characters in a token, on average of English; a guess for what is not sent yet."""
SPEECH_WORDS_A_MINUTE = 150

Kind = Literal["images", "speech"]
Size = tuple[int, int]


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))


def dated() -> str:
    """The day of the prices, as 2026-11-22."""
    return str(_data()["dated"])


def models(kind: Kind) -> dict[str, date | None]:
    """The models that are known, and the day on which each ends (None: no such day is known)."""
    return {name: facts.get("ends") for name, facts in _data()[kind].items()}


def current(kind: Kind) -> tuple[str, ...]:
    """The models without an end; where all have one, those that end last, with the day."""
    ends = models(kind)
    if lasting := tuple(name for name, end in ends.items() if end is None):
        return lasting
    last = max(end for end in ends.values() if end is not None)
    return tuple(f"{name} (until {last})" for name, end in ends.items() if end == last)


@dataclass(frozen=True, slots=True)
class Used:
    """Tokens that a picture took, as the answer says."""

    text_in: int
    image_in: int
    out: int


def frame_size(model: str, frame: Size) -> Size:
    """The size to ask `model` for, for a video's frame: (width, height) in pixels.

    The frame's own where the model can draw it, else the nearest shape that it can.
    """
    sizes = _data()["images"].get(model, {}).get("sizes")
    if sizes:
        shape = math.log(frame[0] / frame[1])
        width, height = min(sizes, key=lambda each: abs(math.log(each[0] / each[1]) - shape))
        return width, height
    return _free_size(frame)


def _free_size(frame: Size) -> Size:
    rules = _data()["size"]
    step = rules["step"]
    longer, shorter = max(frame), min(frame)
    ratio = min(longer / shorter, rules["ratio"])
    area = min(max(longer * shorter, rules["fewest"]), rules["most"])
    short = math.sqrt(area / ratio)
    if short * ratio > rules["longest"]:
        short = rules["longest"] / ratio
    # Up to the next step in both, or down where that would be too much.
    sides = [step * math.ceil(side / step - 1e-9) for side in (short * ratio, short)]
    if sides[0] > rules["longest"] or sides[0] * sides[1] > rules["most"]:
        sides = [step * math.floor(side / step + 1e-9) for side in (short * ratio, short)]
    sides[0] = min(sides[0], rules["ratio"] * sides[1])
    return (sides[0], sides[1]) if frame[0] >= frame[1] else (sides[1], sides[0])


def image_tokens(quality: str, size: Size) -> int | None:
    """Tokens of a picture of that quality and size; None where there is no figure for it."""
    factor: int | None = _data()["tokens"].get(quality)
    if factor is None:
        return None
    across = (2 * factor * min(size) + max(size)) // (2 * max(size))
    return math.ceil(factor * across * (2 * MILLION + size[0] * size[1]) / (4 * MILLION))


def image_price(model: str, used: Used) -> float | None:
    """Dollars for so many tokens; None where the price of the model is not known."""
    facts = _data()["images"].get(model, {})
    if "image_out" not in facts:
        return None
    cost = used.text_in * facts["text_in"] + used.image_in * facts["image_in"]
    return float(cost + used.out * facts["image_out"]) / MILLION


def image_guess(model: str, quality: str, size: Size, prompt: str) -> float | None:
    """Dollars that a picture will cost, about; None where nobody knows."""
    out = image_tokens(quality, size)
    if out is None or _data()["images"].get(model, {}).get("sizes"):
        return None
    return image_price(model, Used(math.ceil(len(prompt) / LETTERS_A_TOKEN), 0, out))


def takes_manner(model: str) -> bool:
    """Whether a speech model can be told how to speak; one that is not known is not told."""
    return bool(_data()["speech"].get(model, {}).get("manner"))


def speech_price(model: str, text: str) -> tuple[float | None, bool]:
    """Dollars for speaking `text`, and whether that is exact or, by its length, about so."""
    facts = _data()["speech"].get(model, {})
    if "a_million" in facts:
        return len(text) * facts["a_million"] / MILLION, True
    if "audio_out" not in facts:
        return None, False
    seconds = max(1, len(text.split())) * 60 / SPEECH_WORDS_A_MINUTE
    cost = len(text) / LETTERS_A_TOKEN * facts["text_in"]
    cost += seconds * facts["audio_tokens_a_second"] * facts["audio_out"]
    return cost / MILLION, False


# A way to OpenAI, or to a server that speaks its language: key, address, client, errors.


T = TypeVar("T")

HOME = "https://api.openai.com/v1"
KEYS = "https://platform.openai.com/api-keys"
BILLING = "https://platform.openai.com/settings/organization/billing"
CONNECT = 5.0
"""Seconds to wait for a connection; three of them pass before "no network" is said."""
NO_KEY = "none"

_REFUSED = {"moderation_blocked", "content_policy_violation", "content_filter"}
_EXHAUSTED = {
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
    "billing_limit_user_error",
}
_GONE = {"model_not_found", "model_not_available", "model_deprecated", "unknown_model"}
_GONE_WORDS = re.compile(
    r"\bmodel\b.*\b(does not exist|not found|deprecated|shut down|retired|no longer)\b", re.I | re.S
)
_NOT_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)


class Account:
    """A key and an address; from the arguments, else from OPENAI_API_KEY and OPENAI_BASE_URL.

    kind: what is asked for, "images" or "speech". seconds: how long an answer may take.
    `missing` is the `KeyMissing` where OpenAI is to be asked without a key, else None. The key
    is in no text that this gives.
    """

    def __init__(
        self,
        kind: Kind,
        model: str,
        base_url: str | None,
        api_key: str | None,
        seconds: float,
    ) -> None:
        self.kind = kind
        self.model = model
        self.seconds = seconds
        self._url = (base_url or os.environ.get("OPENAI_BASE_URL") or HOME).strip().rstrip("/")
        self._source = "api_key" if api_key else "OPENAI_API_KEY"
        self._key = (api_key or os.environ.get("OPENAI_API_KEY") or "").strip()
        if not re.match(r"https?://[^/\s]", self._url):
            # not shown: it may hold a name and a password
            raise SettingsError(f"base_url does not begin with http:// or https://, as {HOME} does")
        self.missing: KeyMissing | None = None
        if not self._key and self.at_home:
            self.missing = KeyMissing(
                "openai needs a key, and there is none; set the environment variable "
                f"OPENAI_API_KEY (keys are made at {KEYS}), or choose a provider that is free "
                "and offline: images='slides', voice='espeak'"
            )
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, openai.AsyncOpenAI] = (
            WeakKeyDictionary()
        )

    @property
    def at_home(self) -> bool:
        """True where it is OpenAI itself that is asked."""
        return self.address == HOME

    @property
    def needs(self) -> str:
        """What it needs, and whether that is there; never the key itself."""
        where = f"the setting {self._source}" if self._source == "api_key" else self._source
        if self._key:
            return f"a key: set, from {where}"
        return f"a key: {self._source} is not set" if self.at_home else "no key"

    @property
    def address(self) -> str:
        """The address without what somebody may have hidden in it: name, password, query."""
        parts = urlsplit(self._url)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, host, parts.path, "", ""))

    @property
    def gate_key(self) -> tuple[str, ...]:
        """What shares one limit: the same address, key and model. The key is not in it."""
        secret = f"{self._key}\n{self._url}".encode()
        return "openai", self.address, self.model, hashlib.sha256(secret).hexdigest()[:16]

    async def ask(
        self,
        call: Callable[[openai.AsyncOpenAI], Awaitable[Any]],
        read: Callable[[Any], T],
    ) -> Answer[T]:
        """Make one call and read its raw answer. Raises nothing but `ProviderError`s."""
        if self.missing is not None:
            raise copy.copy(self.missing)
        try:
            async with asyncio.timeout(self.seconds):
                raw = await call(self._client())
            return Answer(read(raw), limits_in(raw.headers))
        except openai.APIStatusError as error:
            body = error.body if isinstance(error.body, Mapping) else {}
            raise self.typed(error.status_code, body, error.response.headers, error) from None
        except (TimeoutError, openai.APITimeoutError, openai.APIConnectionError) as error:
            raise self._lost(error) from None
        except openai.OpenAIError as error:
            raise ProviderError(f"openai: {self._clean(error)}") from None

    async def check(self) -> str:
        """Ask which models there are, which costs nothing; gives what was found, in words."""

        async def call(client: openai.AsyncOpenAI) -> Any:
            return await client.models.with_raw_response.list()

        def read(raw: Any) -> list[str]:
            try:
                return [each.id for each in raw.parse().data]
            except (ValueError, AttributeError, TypeError):
                raise self.not_an_api() from None

        names = (await self.ask(call, read)).value
        if self.model not in names:
            raise self._gone("it is not among its models")
        return f"{self._name()} answers, and has {self.model}"

    def typed(
        self,
        status: int,
        body: Mapping[str, Any],
        headers: Mapping[str, str],
        error: object = "",
    ) -> ProviderError:
        """An error that was answered, as one of vidkit's."""
        code, said = str(body.get("code") or ""), self._clean(body.get("message") or error)
        codes = {code, str(body.get("type") or "")}
        if codes & _EXHAUSTED:
            return QuotaExhausted(
                f"openai: the credit or quota of this account is used up ({said}); add credit "
                f"at {BILLING}, then run again: what is made is kept"
            )
        if codes & _REFUSED or "safety system" in said:
            return Refused(f"openai refused this one: {said}; reword it")
        if status == 401 or code == "invalid_api_key":
            return KeyMissing(
                f"{self._name()} does not accept the key in {self._source}; set it to one that "
                f"is valid ({KEYS})"
            )
        if codes & _GONE or (status in (400, 404) and _GONE_WORDS.search(said)):
            return self._gone(said)
        if status == 404:
            return ProviderMissing(
                f"there is nothing at {self.address} that makes {self.kind} (404); is base_url "
                "right? It usually ends in /v1"
            )
        if status == 403:
            return ProviderMissing(f"{self._name()} does not let this account in (403): {said}")
        after = retry_after(headers)
        if status == 429 or "rate_limit_exceeded" in codes or (status == 503 and after is not None):
            return RateLimited(f"openai: {said}", after)
        if status >= 500 or status in (408, 409, 425) or status == 200:
            return Unreachable(f"openai could not answer ({status}: {said}); try again later")
        return ProviderError(f"openai does not take this request ({status}): {said}")

    def unusable(self, what: str) -> ProviderError:
        """An answer that came, was paid perhaps, and is of no use."""
        return Unconfirmed(
            f"openai's answer {what}; it may have been paid for, and is asked for once more"
        )

    def not_an_api(self) -> ProviderError:
        """An answer in no language that a program understands."""
        return ProviderMissing(
            f"{self.address} answers, but not as OpenAI does; is base_url right? It usually "
            "ends in /v1"
        )

    async def aclose(self) -> None:
        """Close the connections that belong to the running loop."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.close()

    def _client(self) -> openai.AsyncOpenAI:
        """The client of the running loop: its connections belong to that loop."""
        loop = asyncio.get_running_loop()
        if (client := self._clients.get(loop)) is None:
            client = self._clients[loop] = openai.AsyncOpenAI(
                api_key=self._key or NO_KEY,
                base_url=self._url,
                max_retries=0,
                timeout=openai.Timeout(self.seconds, connect=CONNECT),
            )
        return client

    def _lost(self, error: Exception) -> Unreachable:
        """A request without an answer: not sent at all, or perhaps made and paid."""
        cause = error.__cause__
        if isinstance(cause, _NOT_SENT):
            return Offline(
                f"no connection to {self.address} ({_reason(cause)}); check the network, or "
                "choose a provider that works offline: images='slides', voice='espeak'"
            )
        late = isinstance(error, TimeoutError | openai.APITimeoutError)
        what = f"gave no answer in {self.seconds:g} s" if late else "broke the connection off"
        return Unconfirmed(
            f"{self._name()} {what}, after it had been asked: the request may have been made, "
            "and paid for"
        )

    def _gone(self, said: str) -> ModelMissing:
        names = ", ".join(current(self.kind))
        where = "images" if self.kind == "images" else "voice"
        other = "" if self.kind == "images" else ", or voice='espeak' or 'gtts'"
        first = current(self.kind)[0].split()[0]
        return ModelMissing(
            f"{self._name()} has no model {self.model!r} (any more): {said}; current as of "
            f"{dated()}: {names}; choose one, such as {where}='openai:{first}'{other}"
        )

    def _name(self) -> str:
        return "openai" if self.at_home else self.address

    def _clean(self, said: object) -> str:
        """What a provider says, fit to be shown: on one line, not too long, without the key."""
        text = " ".join(str(said).split()).rstrip(".")
        for secret in (self._key, urlsplit(self._url).password):
            if secret:
                text = text.replace(secret, "…")
        return text[:300] or "no reason given"

    def __repr__(self) -> str:
        return f"Account({self.kind!r}, {self.model!r}, {self.address!r})"


def _reason(cause: BaseException) -> str:
    return str(cause).strip() or type(cause).__name__


IMAGE_MODEL = "gpt-image-2.6-flare"
SPEECH_MODEL = "gpt-4o-mini-tts"
Quality = Literal["low", "medium", "high", "xhigh", "max", "auto"]
QUALITIES = get_args(Quality)
IMAGE_SECONDS = 240.0
"""Seconds to wait for a picture; one of high quality takes up to two minutes."""
SPEECH_SECONDS = 120.0
LONGEST_PROMPT = 32_000
LONGEST_INPUT = 1_800
"""Characters spoken in one request: the models take 2,000 tokens, one a character at worst."""
SPEEDS = (0.25, 4.0)
VOICE = "coral"

STYLE = (
    "An educational illustration for a video lesson: one clear idea in the middle, simple "
    "shapes, calm colours, plenty of light space, no decoration. Letters only where the "
    "description asks for them, then large, few and spelt exactly so. It shows:"
)
"""What is asked for before a section's own words; they follow as they are written."""

MANNER = "Speak clearly and calmly, like a patient teacher who explains something new."
"""How a model that can be told is told to speak."""

_SIGNS = {b"\x89PNG\r\n\x1a\n": ".png", b"\xff\xd8\xff": ".jpg", b"GIF8": ".gif"}


class OpenAIImages:
    """The image provider "openai".

    model: its name. quality: "low", "medium", "high", "xhigh", "max" or "auto". style: what
    the prompt says before the description, "" for nothing. base_url, api_key: from the
    environment unless given. seconds: how long one answer may take.

    Without a key it can be made, and what the store has of it be found; `missing` then holds
    the `KeyMissing` with which every picture fails. Raises `SettingsError` for a quality that
    there is not.
    """

    name = "openai"
    places = None
    online = True

    def __init__(
        self,
        model: str | None = None,
        *,
        quality: Quality = "medium",
        style: str = STYLE,
        base_url: str | None = None,
        api_key: str | None = None,
        seconds: float = IMAGE_SECONDS,
    ) -> None:
        if quality not in QUALITIES:
            raise SettingsError(f"quality is {quality!r}; choose from: {', '.join(QUALITIES)}")
        self.model = model or IMAGE_MODEL
        self.quality: Quality = quality
        self.style = style.strip()
        self.priced = dated()
        self._account = Account("images", self.model, base_url, api_key, seconds)

    @property
    def missing(self) -> KeyMissing | None:
        """The error for want of a key, None where there is one or none is needed."""
        return self._account.missing

    @property
    def needs(self) -> str:
        """What it needs and whether that is there, in words."""
        return self._account.needs

    @property
    def models(self) -> tuple[str, ...]:
        """The models that are current."""
        return current("images")

    @property
    def gate_key(self) -> tuple[str, ...]:
        """Providers with the same address, key and model share one gate."""
        return self._account.gate_key

    def shape(self, ask: ImageAsk) -> Mapping[str, Any]:
        """Model, prompt, size, quality, and the address where it is not OpenAI's."""
        return {
            "provider": self.name,
            "model": self.model,
            "prompt": self.prompt(ask),
            "size": self._size(ask),
            "quality": self.quality,
            "address": None if self._account.at_home else self._account.address,
        }

    def prompt(self, ask: ImageAsk) -> str:
        """What the model is asked: the style, then the lesson's words."""
        return f"{self.style}\n\n{ask.description}" if self.style else ask.description

    def price(self, ask: ImageAsk) -> float | None:
        """Dollars that the picture will cost, about; None where nobody knows."""
        if not self._account.at_home:
            return None
        return image_guess(self.model, self.quality, self._size(ask), self.prompt(ask))

    async def draw(self, ask: ImageAsk, request: Request) -> Picture:
        """The picture, and what it cost. Raises `ProviderError` or one of its kinds."""
        prompt = self.prompt(ask)
        if len(prompt) > LONGEST_PROMPT:
            raise Refused(
                f"openai takes {LONGEST_PROMPT:,} characters to draw from, and these are "
                f"{len(prompt):,}; shorten the image_description"
            )
        width, height = self._size(ask)

        async def call(client: openai.AsyncOpenAI) -> Any:
            return await client.images.with_raw_response.generate(
                model=self.model,
                prompt=prompt,
                size=f"{width}x{height}",
                quality=self.quality,
                output_format="png",
            )

        answer: Answer[Picture] = await request(lambda: self._account.ask(call, self._read))
        return answer.value

    async def check(self) -> str:
        """Whether it can be used, without paying: what was found, or a `ProviderError`."""
        return await self._account.check()

    async def aclose(self) -> None:
        """Close the connections that belong to the running loop."""
        await self._account.aclose()

    def _size(self, ask: ImageAsk) -> tuple[int, int]:
        return frame_size(self.model, ask.size)

    def _read(self, raw: Any) -> Picture:
        """The picture in an answer that came with 200."""
        try:
            answer = raw.parse()
        except ValueError:
            raise self._account.unusable("was cut off") from None
        if isinstance(answer, str):
            raise self._account.not_an_api()
        if isinstance(error := getattr(answer, "error", None), Mapping):
            raise self._account.typed(200, error, raw.headers)
        images = answer.data or []
        if not images or not images[0].b64_json:
            raise self._account.unusable("holds no picture")
        try:
            data = base64.b64decode(images[0].b64_json, validate=True)
        except (binascii.Error, ValueError):
            raise self._account.unusable("holds a damaged picture") from None
        suffix = next((end for sign, end in _SIGNS.items() if data.startswith(sign)), None)
        if suffix is None and data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            suffix = ".webp"
        if suffix is None:
            raise self._account.unusable("holds no picture")
        return Picture(data, suffix, cost=self._cost(answer.usage))

    def _cost(self, usage: Any) -> float | None:
        """Dollars, by the tokens that the answer tells and the prices of the file."""
        if usage is None or not self._account.at_home:
            return None
        told = getattr(usage, "input_tokens_details", None)
        image_in = getattr(told, "image_tokens", 0) or 0
        used = Used(usage.input_tokens - image_in, image_in, usage.output_tokens)
        return image_price(self.model, used)

    def __repr__(self) -> str:
        return f"OpenAIImages({self.model!r}, quality={self.quality!r}, {self._account!r})"


class OpenAIVoice:
    """The voice "openai".

    model: its name. voice: of sections that name none. manner: how to speak, for the models
    that can be told; "" for nothing. The rest as in `OpenAIImages`.
    """

    name = "openai"
    places = None
    online = True

    def __init__(
        self,
        model: str | None = None,
        *,
        voice: str = VOICE,
        manner: str = MANNER,
        base_url: str | None = None,
        api_key: str | None = None,
        seconds: float = SPEECH_SECONDS,
    ) -> None:
        self.model = model or SPEECH_MODEL
        self.voice = voice
        self.manner = manner.strip() if takes_manner(self.model) else ""
        self.priced = dated()
        self._account = Account("speech", self.model, base_url, api_key, seconds)

    @property
    def missing(self) -> KeyMissing | None:
        """The error for want of a key, None where there is one or none is needed."""
        return self._account.missing

    @property
    def needs(self) -> str:
        """What it needs and whether that is there, in words."""
        return self._account.needs

    @property
    def models(self) -> tuple[str, ...]:
        """The models that are current."""
        return current("speech")

    @property
    def gate_key(self) -> tuple[str, ...]:
        """Providers with the same address, key and model share one gate."""
        return self._account.gate_key

    def shape(self, ask: VoiceAsk) -> Mapping[str, Any]:
        """Model, text as it is spoken, voice, speed, manner, and another's address."""
        return {
            "provider": self.name,
            "model": self.model,
            "speech": VERSION,
            "text": _spoken(ask),
            "voice": ask.voice or self.voice,
            "speed": _speed(ask),
            "manner": self.manner,
            "address": None if self._account.at_home else self._account.address,
        }

    def price(self, ask: VoiceAsk) -> float | None:
        """Dollars that one request of the narration will cost, about; None where unknown."""
        if not self._account.at_home:
            return None
        parts = pieces(_spoken(ask), LONGEST_INPUT)
        costs = [speech_price(self.model, part)[0] for part in parts]
        return max((cost for cost in costs if cost is not None), default=None)

    def requests(self, ask: VoiceAsk) -> int:
        """One, and more for a narration that is longer than a request may be."""
        return len(pieces(_spoken(ask), LONGEST_INPUT))

    async def speak(self, ask: VoiceAsk, request: Request) -> Narration:
        """The narration, as WAV or as what the server gives. Raises `ProviderError`s."""
        parts = pieces(_spoken(ask), LONGEST_INPUT)
        if not parts:
            raise Refused("openai: nothing in the text can be spoken; write a sentence")
        sounds = await together(self._say(part, ask, request) for part in parts)
        exact = [speech_price(self.model, part) for part in parts]
        known = self._account.at_home and all(sure for _, sure in exact)
        cost = sum(price or 0.0 for price, _ in exact) if known else None
        if len(sounds) == 1 and not sounds[0].startswith(b"RIFF"):
            return Narration(sounds[0], sound_suffix(sounds[0]) or ".mp3", cost=cost)
        try:
            return Narration(await asyncio.to_thread(joined_wav, sounds), ".wav", cost=cost)
        except NoSound as error:
            raise ProviderError(
                f"openai: the parts of a long narration do not fit together ({error}); "
                "split the section"
            ) from None

    async def _say(self, text: str, ask: VoiceAsk, request: Request) -> bytes:
        more: dict[str, Any] = {"instructions": self.manner} if self.manner else {}
        if (speed := _speed(ask)) is not None:
            more["speed"] = speed

        async def call(client: openai.AsyncOpenAI) -> Any:
            return await client.audio.speech.with_raw_response.create(
                model=self.model,
                voice=ask.voice or self.voice,
                input=text,
                response_format="wav",
                **more,
            )

        answer: Answer[bytes] = await request(lambda: self._account.ask(call, self._read))
        return answer.value

    async def check(self) -> str:
        """Whether it can be used, without paying: what was found, or a `ProviderError`."""
        return await self._account.check()

    async def aclose(self) -> None:
        """Close the connections that belong to the running loop."""
        await self._account.aclose()

    def _read(self, raw: Any) -> bytes:
        """The sound in an answer that came with 200."""
        data: bytes = raw.content
        suffix = sound_suffix(data)
        if suffix == ".wav":
            try:
                return joined_wav([data])
            except NoSound:
                raise self._account.unusable("was cut off") from None
        if suffix is not None:
            return data
        try:
            answer = raw.http_response.json()
        except ValueError:
            answer = None
        if isinstance(answer, Mapping) and isinstance(answer.get("error"), Mapping):
            raise self._account.typed(200, answer["error"], raw.headers)
        if "html" in raw.headers.get("content-type", ""):
            raise self._account.not_an_api()
        raise self._account.unusable("holds no sound")

    def __repr__(self) -> str:
        return f"OpenAIVoice({self.model!r}, voice={self.voice!r}, {self._account!r})"


def images(argument: str | None, **given: Any) -> OpenAIImages:
    """The provider `openai`, `openai:MODEL` or `openai:quality=low`; what stands after the
    colon counts before what is `given`.
    """
    return OpenAIImages(**given | _options(argument, "model", {"model", "quality", "style"}))


def voice(argument: str | None, **given: Any) -> OpenAIVoice:
    """The voice `openai`, `openai:MODEL` or `openai:voice=nova`."""
    return OpenAIVoice(**given | _options(argument, "model", {"model", "voice", "manner"}))


def _spoken(ask: VoiceAsk) -> str:
    return spoken(ask.text, ask.language, ask.say, normalise=False).text


def _speed(ask: VoiceAsk) -> float | None:
    """The speed of speech, 1 for the voice's own; None where nobody asks for one."""
    if ask.rate is None:
        return None
    return round(min(max(ask.rate / SPEECH_WORDS_A_MINUTE, SPEEDS[0]), SPEEDS[1]), 2)


def _options(argument: str | None, first: str, known: set[str]) -> dict[str, Any]:
    """Read `MODEL` or `name=value,…`. Raises `SettingsError` for what is neither."""
    given: dict[str, Any] = {}
    for part in (argument or "").split(","):
        name, equals, value = part.strip().partition("=")
        if not equals:
            name, value = first, name
        if part.strip() and (name not in known or not value or name in given):
            raise SettingsError(
                f"openai:{argument}: {part.strip()!r} is not understood; write a model, or "
                f"name=value with a name of: {', '.join(sorted(known))}"
            )
        if part.strip():
            given[name] = value
    return given
