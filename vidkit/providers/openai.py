"""Pictures and speech by OpenAI's models, or by a server that speaks their language.

`images="openai"`, `"openai:gpt-image-2.6-sunburst"` or `"openai:quality=low"`;
`voice="openai"` or `"openai:tts-1,voice=nova"`. It needs a key in OPENAI_API_KEY, and it costs
money: prices, sizes and models are in `openai.toml`. OPENAI_BASE_URL names another server.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping
from typing import Any, Literal, get_args

import openai

from ..errors import KeyMissing, ProviderError, Refused, SettingsError
from ..gate import Answer
from ..speech import VERSION, spoken
from . import ImageAsk, Narration, Picture, Request, VoiceAsk
from . import _openai_models as models
from ._joined import NoSound, joined_wav, sound_suffix
from ._openai_account import Account
from ._pieces import pieces
from ._together import together

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
        self.priced = models.dated()
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
        return models.current("images")

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
        return models.image_guess(self.model, self.quality, self._size(ask), self.prompt(ask))

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
        return models.frame_size(self.model, ask.size)

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
        used = models.Used(usage.input_tokens - image_in, image_in, usage.output_tokens)
        return models.image_price(self.model, used)

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
        self.manner = manner.strip() if models.takes_manner(self.model) else ""
        self.priced = models.dated()
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
        return models.current("speech")

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
        costs = [models.speech_price(self.model, part)[0] for part in parts]
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
        exact = [models.speech_price(self.model, part) for part in parts]
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
    return spoken(ask.text, ask.language, ask.say).text


def _speed(ask: VoiceAsk) -> float | None:
    """The speed of speech, 1 for the voice's own; None where nobody asks for one."""
    if ask.rate is None:
        return None
    return round(min(max(ask.rate / models.SPEECH_WORDS_A_MINUTE, SPEEDS[0]), SPEEDS[1]), 2)


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
