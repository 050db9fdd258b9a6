"""Text → image, text → speech: what a provider is, and where to find one by name.

A provider is one file. It turns an *ask* into bytes, and knows nothing of
stores, limits, files or the rest of the lesson:

    class Circle:
        name = "circle"
        places = None

        def shape(self, ask):                  # all that shapes the picture
            return {"size": ask.size}

        async def draw(self, ask, request):    # `speak` for a voice
            return Picture(await request(lambda: fetch(ask.description)), ".png")

Use it by handing it over, `images=Circle()`, or register a name for it:
another package does so with an entry point in the group `vidkit.images` or
`vidkit.voices` that names a function from the text after the colon (or None)
to a provider.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar, cast, runtime_checkable

from ..captions import Word
from ..errors import ProviderMissing

T = TypeVar("T")


class Request(Protocol):
    """The gated way to a provider's service.

    A provider wraps each call that it makes in it, `await request(lambda: call())`;
    the call is made when the provider's gate has a place and its pace allows.
    """

    async def __call__(self, send: Callable[[], Awaitable[T]], /) -> T: ...


@dataclass(frozen=True, slots=True)
class ImageAsk:
    """What one section asks of an image provider.

    `size` is (width, height) of the video's frame in pixels. `index` is the section's
    position from 0, for providers that look files up by it; nothing else may use it.
    `file` is the section's own picture, where it has one; `slide` what the section itself
    says of its slide (`Section.slide`).
    """

    description: str
    narration: str
    title: str | None
    language: str
    size: tuple[int, int]
    slide: Mapping[str, Any] = field(default_factory=dict)
    index: int = 0
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class VoiceAsk:
    """What one section asks of a voice.

    `rate` is in words a minute, None for the voice's own. `say` maps words of the
    lesson to how they are pronounced. `index` and `file` as in `ImageAsk`.
    """

    text: str
    language: str
    voice: str | None = None
    rate: int | None = None
    say: Mapping[str, str] = field(default_factory=dict)
    index: int = 0
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A still: the bytes of an image file and its suffix (".png", ".jpg", ".webp", ".gif").

    `notes` are sentences for the person who looks: a missing font, a text that was cut.
    `cost` is what it cost in dollars, where the provider says.
    """

    data: bytes
    suffix: str = ".png"
    notes: tuple[str, ...] = ()
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Narration:
    """Speech: the bytes of a sound file, its suffix (".wav", ".mp3", …) and, where the voice
    tells, when each word of the section's text is spoken. `notes` and `cost` as in `Picture`.
    """

    data: bytes
    suffix: str = ".wav"
    words: tuple[Word, ...] = ()
    notes: tuple[str, ...] = ()
    cost: float | None = None


@runtime_checkable
class ImageMaker(Protocol):
    """Something that draws.

    `places` is how many calls it bears at once at the very most, None where only the
    settings limit it.
    """

    name: str
    places: int | None

    def shape(self, ask: ImageAsk) -> Mapping[str, Any]:
        """Everything that shapes the picture, as JSON values; the key under which it is kept."""

    async def draw(self, ask: ImageAsk, request: Request) -> Picture:
        """The picture for `ask`. Raises `ProviderError` or one of its kinds."""


@runtime_checkable
class VoiceMaker(Protocol):
    """Something that speaks; `places` as in `ImageMaker`."""

    name: str
    places: int | None

    def shape(self, ask: VoiceAsk) -> Mapping[str, Any]:
        """Everything that shapes the narration, as JSON values; the key under which it is kept."""

    async def speak(self, ask: VoiceAsk, request: Request) -> Narration:
        """The narration for `ask`. Raises `ProviderError` or one of its kinds."""


_IMAGES = {
    "slides": "vidkit.providers.slides:images",
    "openai": "vidkit.providers.openai:images",
    "recorded": "vidkit.providers.recorded:images",
    "simulated": "vidkit.providers.simulated:images",
}
_VOICES = {
    "espeak": "vidkit.providers.espeak:voice",
    "openai": "vidkit.providers.openai:voice",
    "gtts": "vidkit.providers.gtts:voice",
    "recorded": "vidkit.providers.recorded:voice",
    "simulated": "vidkit.providers.simulated:voice",
}

Kind = Literal["images", "voice"]


def names(kind: Kind) -> tuple[str, ...]:
    """The names that `images=` (or `voice=`) accepts, those of other packages included."""
    found = {point.name for point in entry_points(group=_group(kind))}
    return tuple(sorted(_builtin(kind).keys() | found))


def image_maker(spec: str | ImageMaker) -> ImageMaker:
    """The image provider that `spec` names, as `name` or `name:argument`.

    Raises `ProviderMissing` for a name nobody registered.
    """
    return spec if isinstance(spec, ImageMaker) else cast(ImageMaker, _find("images", spec))


def voice_maker(spec: str | VoiceMaker) -> VoiceMaker:
    """The voice that `spec` names, as `name` or `name:argument`.

    Raises `ProviderMissing` for a name nobody registered.
    """
    return spec if isinstance(spec, VoiceMaker) else cast(VoiceMaker, _find("voice", spec))


def _find(kind: Kind, spec: str) -> object:
    name, _, argument = spec.partition(":")
    if place := _builtin(kind).get(name):
        module, _, attribute = place.partition(":")
        make = getattr(import_module(module), attribute)
    else:
        points = [point for point in entry_points(group=_group(kind)) if point.name == name]
        if not points:
            choices = ", ".join(names(kind))
            raise ProviderMissing(f"there is no {kind} provider {name!r}; choose from: {choices}")
        make = points[0].load()
    return cast(Callable[[str | None], object], make)(argument or None)


def _builtin(kind: Kind) -> dict[str, str]:
    return _IMAGES if kind == "images" else _VOICES


def _group(kind: Kind) -> str:
    return "vidkit.images" if kind == "images" else "vidkit.voices"
