"""A provider that only pretends: it waits, and gives a coloured card or a murmur.

For tests, demonstrations and forecasts. `simulated:0.5` takes half a second a call;
`simulated:latency=2,spread=0.3,errors=0.33,price=0.04,seconds=5,per_minute=50,seed=1` sets all
there is.
It waits on the running loop's clock, so a virtual clock passes in an instant, and what it
gives depends on nothing but the seed and the text.
"""

from __future__ import annotations

import asyncio
import colorsys
import hashlib
import io
import itertools
import json
import math
import random
from array import array
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ..core.errors import ProviderError, RateLimited, SettingsError
from ..text.captions import Word
from .base import ImageAsk, Narration, Picture, Request, VoiceAsk, WriteAsk, Written, options
from .speech import wav

PROVIDES = {
    "images": {"simulated": "simulated"},
    "voice": {"simulated": "simulated"},
    "writers": {"simulated": "writer"},
}

# A pretended rate limit, as providers count it: a bucket of requests that refills.


REJECTION = 0.3
"""Seconds that a 429 takes to come back; a provider that is quicker says no as quickly."""


class RateLimit:
    """So many requests a minute, on the running loop's clock.

    A minute's worth lies ready at first and after a quiet minute, and comes back evenly. That
    is how most providers count; where one more is asked for, `pass_` says when to come back.
    `rejected` counts those.

    Raises `SettingsError` for a number that is not above 0.
    """

    def __init__(self, per_minute: float) -> None:
        number = isinstance(per_minute, int | float) and not isinstance(per_minute, bool)
        if not number or not 0 < per_minute <= 1_000_000:
            raise SettingsError(
                f"per_minute is {per_minute!r}; give the requests a minute, more than 0"
            )
        self.per_minute = per_minute
        self.rejected = 0
        self._ready = max(1.0, per_minute)
        self._at = 0.0

    async def pass_(self, name: str, latency: float) -> None:
        """Count one request to `name`, whose answers take `latency` seconds. Raises
        `RateLimited`, after a moment, where it is one too many.
        """
        now = asyncio.get_running_loop().time()
        refill = self.per_minute / 60
        self._ready = min(max(1.0, self.per_minute), self._ready + (now - self._at) * refill)
        self._at = now
        # a hair less than one, or the very request that was told to come now would be refused
        if self._ready >= 1 - 1e-6:
            self._ready -= 1
            return
        self.rejected += 1
        wait = (1 - self._ready) / refill
        await asyncio.sleep(min(REJECTION, latency))
        raise RateLimited(f"{name}: more than {self.per_minute:g} requests a minute", wait)


WORDS_A_MINUTE = 150
SOUND_RATE = 8_000
_number = itertools.count(1)


@dataclass
class Simulated:
    """The pretended provider, for images and for speech.

    latency: seconds a call takes. spread: how far it strays from that, as a fraction of it.
    errors: fraction of the calls that fail, 0 to 1. price: dollars a call.
    seconds: length of each narration; None is as long as speaking the text would take.
    per_minute: requests it bears in a minute, with a 429 for each that is too many; with one it
    is treated as a provider on the network. seed: another seed is another course of events.

    `calls`, `under_way` and `peak` count the calls made, those under way, and the most at once,
    `rejected` the 429s.
    """

    latency: float = 0.5
    spread: float = 0.0
    errors: float = 0.0
    price: float = 0.0
    seconds: float | None = None
    per_minute: float | None = None
    seed: int = 0

    name = "simulated"
    places = None

    calls: int = field(default=0, init=False)
    under_way: int = field(default=0, init=False)
    peak: int = field(default=0, init=False)
    _asked: Counter[str] = field(default_factory=Counter, init=False, repr=False)
    _limit: RateLimit | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.per_minute is not None:
            self._limit = RateLimit(self.per_minute)
        self._account = str(next(_number))
        if self.price < 0 or (self.seconds is not None and not 0 < self.seconds <= 3600):
            raise SettingsError(
                "simulated: price is in dollars, 0 or more, and seconds more than 0, "
                f"not {self.price}, {self.seconds}"
            )
        if not 0 <= self.latency <= 3600 or not 0 <= self.spread <= 1 or not 0 <= self.errors <= 1:
            raise SettingsError(
                "simulated: latency is in seconds (0 to 3600), spread and errors are fractions "
                f"(0 to 1), not {self.latency}, {self.spread}, {self.errors}"
            )

    @property
    def online(self) -> bool:
        """Whether a gate feels its way: there is a limit to find."""
        return self._limit is not None

    @property
    def gate_key(self) -> tuple[str, ...]:
        """Each has a limit of its own, and so a gate; those without one share theirs."""
        return () if self._limit is None else (self._account,)

    @property
    def rejected(self) -> int:
        """How many calls were one too many."""
        return 0 if self._limit is None else self._limit.rejected

    def shape(self, ask: ImageAsk | VoiceAsk) -> Mapping[str, Any]:
        """The seed, the text, and the size or the length."""
        what: dict[str, Any] = {"provider": self.name, "seed": self.seed}
        if isinstance(ask, ImageAsk):
            return what | {"text": ask.description, "title": ask.title, "size": ask.size}
        return what | {"text": ask.text, "seconds": self.seconds, "rate": ask.rate}

    async def draw(self, ask: ImageAsk, request: Request) -> Picture:
        """A card in a colour that the description decides."""
        await request(lambda: self._call("image", ask.description))
        return Picture(_card(f"{self.seed}|{ask.description}", ask.size))

    async def speak(self, ask: VoiceAsk, request: Request) -> Narration:
        """A murmur as long as the text, with the time of each word."""
        await request(lambda: self._call("voice", ask.text))
        words = ask.text.split()
        seconds = self.seconds or max(1, len(words)) * 60 / (ask.rate or WORDS_A_MINUTE)
        step = seconds / max(1, len(words))
        times = tuple(Word(w, i * step, (i + 0.8) * step) for i, w in enumerate(words))
        return Narration(_murmur(seconds, step), ".wav", times, checked=True)

    async def _call(self, kind: str, text: str) -> None:
        what = f"{kind}|{self.seed}|{text}"
        self._asked[what] += 1
        chance = random.Random(f"{what}|{self._asked[what]}")  # noqa: S311 - no secret, a course of events
        self.calls += 1
        self.under_way += 1
        self.peak = max(self.peak, self.under_way)
        try:
            if self._limit is not None:
                await self._limit.pass_(self.name, self.latency)
            await asyncio.sleep(self.latency * (1 + self.spread * chance.uniform(-1, 1)))
        finally:
            self.under_way -= 1
        if chance.random() < self.errors:
            raise ProviderError("simulated: this call was to fail")
        del self._asked[what]  # what was given is not asked again, and a batch may be long


def _card(seed: str, size: tuple[int, int]) -> bytes:
    """A PNG an eighth of the frame's size, with a lighter band below, so that up is up."""
    from PIL import Image

    hue = hashlib.sha256(seed.encode()).digest()[0] / 256
    width, height = (max(2, side // 8) for side in size)
    deep, light = (
        tuple(round(255 * part) for part in colorsys.hls_to_rgb(hue, level, 0.45))
        for level in (0.45, 0.7)
    )
    image = Image.new("RGB", (width, height), deep)
    image.paste(light, (0, height * 3 // 4, width, height))
    out = io.BytesIO()
    image.save(out, "png")
    return out.getvalue()


def _murmur(seconds: float, word: float) -> bytes:
    """A WAV of `seconds` with a low tone that swells once for each `word` seconds."""
    count = max(1, round(seconds * SOUND_RATE))
    span = max(1, round(word * SOUND_RATE))
    wave_of_word = array(
        "h",
        (
            round(
                6000
                * math.sin(math.pi * min(1, n / span / 0.8)) ** 2
                * math.sin(2 * math.pi * 180 * n / SOUND_RATE)
            )
            for n in range(span)
        ),
    )
    samples = (wave_of_word * (count // span + 1))[:count]
    return wav(samples.tobytes(), SOUND_RATE)


@dataclass
class SimulatedWriter:
    """Pretends: its answer is the section's own narration, after `latency` seconds, for `price`
    dollars. With `broken` the first answer is no JSON, so that it is to be mended.
    """

    latency: float = 0.0
    price: float = 0.0
    broken: bool = False

    name = "simulated"
    places: int | None = None

    def shape(self, ask: WriteAsk) -> Mapping[str, Any]:
        """The text."""
        return {"provider": self.name, "text": ask.text}

    async def write(self, ask: WriteAsk, request: Request) -> Written:
        """The section's own words, as the schema wants them."""
        await request(lambda: asyncio.sleep(self.latency))
        if self.broken and not ask.mended:
            return Written("no JSON at all")
        section = json.loads(ask.text)["section"]
        answer = {"content": section["content"], "layout": "as it is", "points": []}
        return Written(json.dumps(answer, ensure_ascii=False))


def simulated(argument: str | None) -> Simulated:
    """`simulated` as a provider of images, or as a voice: `simulated:0.5`, or with options as
    `latency=0.5,errors=0.1`. Raises `SettingsError` for anything else.
    """
    readers: dict[str, Callable[[str], float]]
    readers = {part.name: _finite for part in fields(Simulated) if part.init}
    readers["seed"] = lambda value: int(float(value))
    how = f"seconds, or name=number with a name of: {', '.join(sorted(readers))}"
    return Simulated(**options("simulated", argument, readers, how, "latency"))


def writer(argument: str | None) -> SimulatedWriter:
    """`simulated` as a writer. Raises `SettingsError` for options that it does not know."""
    # checked here: `SimulatedWriter` takes any number
    readers = {
        "latency": _not_negative,
        "price": _not_negative,
        "broken": {"broken": True}.__getitem__,
    }
    how = "latency=0.5, price=0.01 or broken"
    return SimulatedWriter(**options("simulated", argument, readers, how, "broken"))


def _finite(value: str) -> float:
    """A number; whether it may be that one is for its owner to say."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _not_negative(value: str) -> float:
    number = _finite(value)
    if number < 0:
        raise ValueError(value)
    return number
