"""Pictures, speech and writing by OpenAI's models, or by a server that speaks their language.

`images="openai"`, `"openai:gpt-image-2.6-sunburst"` or `"openai:quality=low"`;
`voice="openai"` or `"openai:tts-1,voice=nova"`. It needs a key in OPENAI_API_KEY, and it costs
money: prices, sizes and models are in `openai.toml`. OPENAI_BASE_URL names another server, which
may want a field left out, `openai:model=sdxl,quality=`, or one more,
`openai:model=kokoro,response_format=mp3`. `writer="openai"`, or `"openai:MODEL"`, rewrites drafts.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

from ..core.errors import (
    MediaError,
    Refused,
    SettingsError,
)
from ..media.audio import PLAYED, check_sound, sound_suffix
from ..media.images import check_picture, picture_suffix
from ..text.speech import VERSION
from .account import Account, frame_size, image_tokens, text_bound
from .answers import counts, parsed, tokens
from .base import ImageAsk, Narration, Picture, Request, VoiceAsk, WriteAsk, Written, parts
from .service_voice import (
    WORDS_A_MINUTE,
    NoSound,
    ServiceVoice,
    better_of,
    joined_decoded,
    joined_wav,
    longest_speech,
    pieces,
    text_for,
)

PROVIDES = {
    "images": {"openai": "images"},
    "voice": {"openai": "voice"},
    "writers": {"openai": "OpenAIWriter"},
}

IMAGE_MODEL = "gpt-image-2.6-flare"
SPEECH_MODEL = "gpt-4o-mini-tts"
WRITING_MODEL = "gpt-6-luna"
Quality = Literal["low", "medium", "high", "xhigh", "max", "auto"]
QUALITIES = get_args(Quality)
IMAGE_SECONDS = 240.0
"""Seconds to wait for a picture; one of high quality takes up to two minutes."""
SPEECH_SECONDS = WRITING_SECONDS = 120.0
LONGEST_PROMPT = 32_000
MOST_TOKENS = 6_000
"""Tokens that a writer's answer may take, those in which a model thinks among them."""
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

_IMAGE_FIELDS = ("quality", "output_format", "size", "response_format")
_SPEECH_FIELDS = ("response_format", "instructions", "speed")
"""What a server need not take: it makes its own of it then."""


class OpenAIImages(Account):
    """The image provider "openai".

    model: its name. quality: "low", "medium", "high", "xhigh", "max" or "auto". style: what
    the prompt says before the description, "" for nothing. base_url, api_key: from the
    environment unless given. seconds: how long one answer may take. fields: what is sent
    besides, for a server that wants more, or with "" what is not sent.

    Without a key it can be made, and what the store has of it be found; `missing` then holds
    the `KeyMissing` with which every picture fails. Raises `SettingsError` for a quality that
    there is not.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        quality: Quality = "medium",
        style: str = STYLE,
        base_url: str | None = None,
        api_key: str | None = None,
        seconds: float = IMAGE_SECONDS,
        fields: Mapping[str, str] | None = None,
    ) -> None:
        if quality not in QUALITIES:
            raise SettingsError(f"quality is {quality!r}; choose from: {', '.join(QUALITIES)}")
        super().__init__("images", model or IMAGE_MODEL, base_url, api_key, seconds, fields)
        self.quality: Quality = quality
        self.style = style.strip()

    def shape(self, ask: ImageAsk) -> Mapping[str, Any]:
        """Model, prompt, size, quality, and the address where it is not OpenAI's."""
        return self._shape(prompt=self.prompt(ask), size=self._size(ask), quality=self.quality)

    def prompt(self, ask: ImageAsk) -> str:
        """What the model is asked: the style, then the lesson's words."""
        return f"{self.style}\n\n{ask.description}" if self.style else ask.description

    def price(self, ask: ImageAsk) -> float | None:
        """Dollars that the picture will cost at the very most; None where nobody knows."""
        if not self.at_home or self.fields:
            return None
        out = image_tokens(self.quality, self._size(ask))
        if out is None or "sizes" in self.facts:
            return None
        return self.dollars(text_in=text_bound(self.prompt(ask)), image_in=0, image_out=out)

    async def draw(self, ask: ImageAsk, request: Request) -> Picture:
        """The picture, and what it cost. Raises `ProviderError` or one of its kinds."""
        prompt = self.prompt(ask)
        if len(prompt) > LONGEST_PROMPT:
            raise Refused(
                f"openai takes {LONGEST_PROMPT:,} characters to draw from, and these are "
                f"{len(prompt):,}; shorten the image_description"
            )
        width, height = self._size(ask)
        fields = {
            "model": self.model,
            "prompt": prompt,
            "size": f"{width}x{height}",
            "quality": self.quality,
            "output_format": "png",
        }
        return await self.made(request, "/images/generations", fields, self._read, _IMAGE_FIELDS)

    def _size(self, ask: ImageAsk) -> tuple[int, int]:
        return frame_size(self.model, ask.size)

    async def _read(self, content: bytes) -> Picture:
        """The picture in an answer that came with 200; whatever else is odd about it, a picture
        that was made is kept.
        """
        data, body = await self.found(content, picture_suffix, "picture")
        try:
            await asyncio.to_thread(check_picture, data, "the answer")
        except MediaError:
            raise self.damaged("holds a damaged picture") from None
        usage = body.get("usage") if isinstance(body, Mapping) else None
        cost = None
        if self.at_home and (used := tokens(usage)) is not None:
            cost = self.dollars(text_in=used[0], image_in=used[1], image_out=used[2])
        return Picture(data, picture_suffix(data) or "", cost=cost)


class OpenAIVoice(Account, ServiceVoice):
    """The voice "openai".

    model: its name. voice: of sections that name none. manner: how to speak, for the models
    that can be told; "" for nothing. The rest as in `OpenAIImages`.
    """

    most = LONGEST_INPUT

    def __init__(
        self,
        model: str | None = None,
        *,
        voice: str = VOICE,
        manner: str = MANNER,
        base_url: str | None = None,
        api_key: str | None = None,
        seconds: float = SPEECH_SECONDS,
        fields: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__("speech", model or SPEECH_MODEL, base_url, api_key, seconds, fields)
        self.voice = voice
        self.manner = manner.strip() if self.facts.get("manner") else ""

    def shape(self, ask: VoiceAsk) -> Mapping[str, Any]:
        """Model, text as it is spoken, voice, speed, manner, and another's address."""
        return self._shape(
            speech=VERSION,
            text=text_for(ask).text,
            voice=ask.voice or self.voice,
            speed=_speed(ask),
            manner=self.manner,
        )

    def price(self, ask: VoiceAsk) -> float | None:
        """Dollars that one request of the narration will cost at the very most; None where
        nobody knows.
        """
        if not self.at_home or self.fields:
            return None
        speed = min(1.0, _speed(ask) or 1.0)
        parts = pieces(text_for(ask).text, self.most)
        costs = [self._exactly(part) or self._at_most(part, speed) for part in parts]
        return max((cost for cost in costs if cost is not None), default=None)

    def _exactly(self, text: str) -> float | None:
        """Dollars of a model that is paid by the character; None for another."""
        return self.dollars(a_million=len(text))

    def _at_most(self, text: str, speed: float) -> float | None:
        """Dollars of a model that is paid by the token; None where nobody knows a bound."""
        heard = longest_speech(text) / speed * self.facts.get("audio_tokens_a_second", 0)
        return self.dollars(text_in=text_bound(text) + text_bound(self.manner), audio_out=heard)

    async def piece(self, text: str, ask: VoiceAsk, request: Request, several: bool) -> Narration:
        """A part of a narration, and what it cost. One of several is held against its text here,
        for the whole would not tell.
        """

        async def said() -> Narration:
            data = await self._say(text, ask, request)
            return Narration(data, cost=self._exactly(text) if self.at_home else None)

        made = await said()
        if several:
            made = await better_of(made, said, text, self.speed(ask))
        return replace(made, checked=several)

    def speed(self, ask: VoiceAsk) -> float:
        """How many times its usual speed it speaks; what is set by hand counts."""
        try:
            return min(max(float(self.fields["speed"]), SPEEDS[0]), SPEEDS[1])
        except (KeyError, ValueError):
            return _speed(ask) or 1.0

    async def _say(self, text: str, ask: VoiceAsk, request: Request) -> bytes:
        fields: dict[str, Any] = {
            "model": self.model,
            "voice": ask.voice or self.voice,
            "input": text,
            "response_format": "wav",
        }
        if self.manner:
            fields["instructions"] = self.manner
        if (speed := _speed(ask)) is not None:
            fields["speed"] = speed
        return await self.made(request, "/audio/speech", fields, self._read, _SPEECH_FIELDS)

    async def _read(self, content: bytes) -> bytes:
        """The sound in an answer that came with 200, as it is or within JSON."""
        data, _ = await self.found(content, sound_suffix, "sound")
        try:
            return await asyncio.to_thread(_whole, data)
        except (MediaError, NoSound):
            raise self.damaged("was cut off") from None


class OpenAIWriter(Account):
    """The writer "openai": one request to a chat model for each section.

    model: its name; base_url, api_key: from the environment unless given. The answer is asked for
    as JSON of the schema; a server that knows no schemas is asked without.
    """

    latency = 15.0

    def __init__(
        self,
        model: str | None = None,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        seconds: float = WRITING_SECONDS,
    ) -> None:
        super().__init__("writing", model or WRITING_MODEL, base_url, api_key, seconds)

    def shape(self, ask: WriteAsk) -> Mapping[str, Any]:
        """Model, messages, schema, and the address where it is not OpenAI's."""
        messages = _messages(replace(ask, answer="", mended=""))
        return self._shape(messages=messages, schema=dict(ask.schema))

    def price(self, ask: WriteAsk) -> float | None:
        """Dollars that an answer costs at the very most; None where nobody knows."""
        if not self.at_home:
            return None
        sent = json.dumps([_messages(ask), dict(ask.schema)], ensure_ascii=False)
        return self.dollars(text_in=text_bound(sent), text_out=MOST_TOKENS)

    async def write(self, ask: WriteAsk, request: Request) -> Written:
        """The answer, and what it cost. Raises `ProviderError` or one of its kinds."""
        schema = {"name": "section", "strict": True, "schema": dict(ask.schema)}
        fields = {
            "model": self.model,
            "messages": _messages(ask),
            "response_format": {"type": "json_schema", "json_schema": schema},
            "max_completion_tokens": MOST_TOKENS,
        }
        optional = ("response_format", "max_completion_tokens")
        return await self.made(request, "/chat/completions", fields, self._read, optional)

    async def _read(self, content: bytes) -> Written:
        """The text of an answer that came with 200."""
        body = parsed(content)
        try:
            choice = body["choices"][0]
            message = choice["message"]
            refusal, text = message.get("refusal"), message.get("content")
        except (TypeError, KeyError, IndexError, AttributeError):
            raise self.unusable("holds no text") from None
        if refusal:
            raise Refused(f"openai refused this one: {str(refusal)[:300]}; write it yourself")
        if not isinstance(text, str) or not text.strip() or choice.get("finish_reason") == "length":
            raise self.unusable("was cut off, or holds no text")
        used, cost = counts(body.get("usage"), "prompt_tokens", "completion_tokens"), None
        if self.at_home and used is not None:
            cost = self.dollars(text_in=used[0], text_out=used[1])
        return Written(text, cost)


def _messages(ask: WriteAsk) -> list[dict[str, str]]:
    found = [
        {"role": "system", "content": ask.instructions},
        {"role": "user", "content": ask.text},
    ]
    if ask.mended:
        mend = f"This answer cannot be used: {ask.mended}. Answer again, as you were told."
        found += [{"role": "assistant", "content": ask.answer}, {"role": "user", "content": mend}]
    return found


def images(argument: str | None, **given: Any) -> OpenAIImages:
    """The provider `openai`, `openai:MODEL` or `openai:quality=low`; what stands after the
    colon counts before what is `given`.
    """
    return OpenAIImages(**given | _options(argument, ("model", "quality", "style"), _IMAGE_FIELDS))


def voice(argument: str | None, **given: Any) -> OpenAIVoice:
    """The voice `openai`, `openai:MODEL` or `openai:voice=nova`."""
    return OpenAIVoice(**given | _options(argument, ("model", "voice", "manner"), _SPEECH_FIELDS))


def _whole(data: bytes) -> bytes:
    """A sound that decodes from end to end, as WAV where a browser would not play it. Raises
    `MediaError` or `NoSound`.
    """
    if sound_suffix(data) == ".wav":
        data = joined_wav([data])
    check_sound(data, "the answer")
    return data if sound_suffix(data) in PLAYED else joined_decoded([data])


def _speed(ask: VoiceAsk) -> float | None:
    """The speed of speech, 1 for the voice's own; None where nobody asks for one."""
    if ask.rate is None:
        return None
    return round(min(max(ask.rate / WORDS_A_MINUTE, SPEEDS[0]), SPEEDS[1]), 2)


def _options(argument: str | None, known: Sequence[str], fields: Sequence[str]) -> dict[str, Any]:
    """Read `MODEL` or `name=value,…`; the first of what is known needs no name. One of the fields
    of the request may be left out, `quality=`, or set to what a server wants. Raises
    `SettingsError` for anything else, and for what comes twice: which of two models is to be paid
    for is no guess.
    """
    given: dict[str, Any] = {}
    by_hand: dict[str, str] = {}
    for part, name, value in parts(argument, known[0]):
        into = given if name in known and (value or name not in fields) else by_hand
        if name not in (*known, *fields) or (into is given and not value) or name in into:
            raise SettingsError(
                f"openai:{argument}: {part!r} is not understood; write a model, or name=value "
                f"with a name of: {', '.join(dict.fromkeys((*known, *fields)))}"
            )
        into[name] = value
    return given | ({"fields": by_hand} if by_hand else {})
