"""What a provider is asked, what it gives, and how it asks its service.

Beside what `ImageMaker` and `VoiceMaker` demand, a provider may have

    online      True where it asks a service: its gate then feels its way, and retries
    gate_key    what shares the service's limits with it, as a tuple of text: key, address, model
    price       dollars that one request may cost at the very most, or a function from the ask
                to them; without it nobody knows, and under a budget it is not asked
    warnings    sentences that a person should read before anything is sent
    priced      the day of that price, as 2026-11-22
    latency     seconds that a call takes, for plans
    missing     the `ProviderMissing` for which it cannot be asked now, or None
    models      the names of the models that it can be told to use
    needs       what it needs and whether that is there, in words and without any secret
    speed()     of a voice, from an ask: how many times its usual speed it speaks; without it what
                the ask's `rate` says
    local       True where it works on this machine alone: a lesson may name its voices
    speaks()    of a voice, from a language (a tag) and the name of a voice or None: whether it
                speaks that; without it, everything
    voices()    of a voice, from a language: pairs of what a section's `voice` can name and what to
                call it, those of the language first; blocks
    check()     a coroutine: whether it can be used, in words or as a `ProviderError`; it costs
                nothing
    aclose()    a coroutine: closes connections; called when the last run that uses it ends
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

from ..core.errors import ProviderError, SettingsError, VidkitError, in_one_line
from ..slides.slide import Region
from ..text.captions import Word

if TYPE_CHECKING:
    from ..media.film import Film

T = TypeVar("T")


class Request(Protocol):
    """The gated way to a provider's service.

    A provider wraps each call that it makes in it, `await request(lambda: call())`;
    the call is made when the provider's gate has a place and its pace allows.
    """

    async def __call__(self, send: Callable[[], Awaitable[T]], /) -> T: ...


async def ungated(send: Callable[[], Awaitable[T]], /) -> T:
    """The `Request` of what asks no service, and so needs no limiter."""
    return await send()


@dataclass(frozen=True, slots=True)
class ImageAsk:
    """What one section asks of an image provider.

    `size` is (width, height) of the video's frame in pixels. `index` is the section's
    position from 0, for providers that look files up by it; nothing else may use it.
    `file` is the section's own picture, where it has one, or the file of its own `film`, of which
    the first picture is wanted; `slide` what the section itself says of its slide
    (`Section.slide`).
    """

    description: str
    narration: str
    title: str | None
    language: str
    size: tuple[int, int]
    slide: Mapping[str, Any] = field(default_factory=dict)
    index: int = 0
    file: Path | None = None
    film: Film | None = None


@dataclass(frozen=True, slots=True)
class TurnAsk:
    """What one speaker says in a section: its text stands in the section's from `start` to `end`
    (characters). `voice` may name its provider, as "espeak:es"; a turn without one, or without a
    language, has the section's.
    """

    start: int
    end: int
    speaker: str | None = None
    voice: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class VoiceAsk:
    """What one section asks of a voice.

    `rate` is in words a minute, None for the voice's own. `say` maps words of the
    lesson to how they are pronounced. `index`, `file` and `film`, whose own sound is wanted, as
    in `ImageAsk`. `turns`, where several speak, cover the text; a provider never sees them, for
    each turn becomes an ask of its own.
    """

    text: str
    language: str
    voice: str | None = None
    rate: int | None = None
    say: Mapping[str, str] = field(default_factory=dict)
    index: int = 0
    file: Path | None = None
    turns: tuple[TurnAsk, ...] = ()
    film: Film | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A still: the bytes of an image file and its suffix (".png", ".jpg", ".webp", ".gif").

    `notes` are sentences for the person who looks: a missing font, a text that was cut.
    `cost` is what it cost in dollars, where the provider says.
    `pages` are further pictures of the same section, shown after it where their words are spoken.
    `regions` are what appears on its own in the pictures, so that they can follow the voice.
    `headline` is what stands above it, by which the chapter of an untitled section is called.
    `smallest` is the size of its smallest text below that, in points of a frame whose shorter side
    has 1080, where its provider knows.
    """

    data: bytes
    suffix: str = ".png"
    notes: tuple[str, ...] = ()
    cost: float | None = None
    pages: tuple[bytes, ...] = ()
    regions: tuple[Region, ...] = ()
    headline: str = ""
    smallest: float | None = None


@dataclass(frozen=True, slots=True)
class Narration:
    """Speech: the bytes of a sound file, its suffix (".wav", ".mp3", …) and, where the voice
    tells, when each word of the section's text is spoken. `notes` and `cost` as in `Picture`.
    `checked` says that nobody need hold it against its text: its provider has, or only pretends.
    `pieces` are the parts of the text that were asked for one by one, where there were several,
    and from when to when each is heard.
    """

    data: bytes
    suffix: str = ".wav"
    words: tuple[Word, ...] = ()
    notes: tuple[str, ...] = ()
    cost: float | None = None
    checked: bool = False
    pieces: tuple[Word, ...] = ()


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


@dataclass(frozen=True, slots=True)
class WriteAsk:
    """What one section asks of a writer.

    `instructions` are the same for all sections, `text` is the section, `schema` the JSON Schema
    of the answer. `mended` is what was wrong with the answer before, "" for the first; `answer`
    that answer. `index` is the section's position from 0, for providers that look files up by it.
    """

    instructions: str
    text: str
    schema: Mapping[str, Any]
    index: int = 0
    answer: str = ""
    mended: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """An answer as JSON text, and what it cost in dollars, where the provider says."""

    text: str
    cost: float | None = None


@runtime_checkable
class Writer(Protocol):
    """Something that writes; `places` and what else it may have as in `ImageMaker`."""

    name: str
    places: int | None

    def shape(self, ask: WriteAsk) -> Mapping[str, Any]:
        """Everything that shapes the answer, as JSON values; the key under which it is kept."""

    async def write(self, ask: WriteAsk, request: Request) -> Written:
        """The answer to `ask`. Raises `ProviderError` or one of its kinds."""


METHODS = {"images": "draw", "voice": "speak", "writers": "write"}
"""What a provider of each kind does, beside `shape`."""


def unfit(kind: str, maker: object) -> str:
    """What a provider of a kind lacks to be one, in words; "" where it is one."""
    for method in ("shape", METHODS[kind]):
        if not callable(getattr(maker, method, None)):
            return f"it has no method {method}()"
    if isinstance(maker, type):
        return "it is a class, and not what that makes"
    if not isinstance(name := getattr(maker, "name", None), str):
        return f"its name is {name!r}; give a text"
    places: object = getattr(maker, "places", "not said")
    if not isinstance(places, int | float | None):
        return f"its places are {places!r}; give how many calls it bears at once, or None"
    if not isinstance(missing := getattr(maker, "missing", None), ProviderError | None):
        return f"its missing is {missing!r}; give a ProviderError, or None"
    return ""


@contextmanager
def calling(maker: Any, what: str) -> Iterator[None]:
    """Around code of a provider, which may be anybody's: an error in it is a `ProviderError` that
    names the provider and `what` it was to give.
    """
    try:
        yield
    except VidkitError:
        raise
    except Exception as error:
        why = in_one_line(error)[:300]
        raise ProviderError(f"{maker.name}'s {what} cannot be used ({why}); mend it") from None


def checked_result(maker: Any, made: object, kind: type[T]) -> T:
    """What a provider gave, where that is what it is to give. Raises `ProviderError`."""
    if isinstance(made, kind):
        return made
    raise ProviderError(
        f"{maker.name} gave {type(made).__name__}, and is to give a {kind.__name__}; mend it"
    )


def unkeepable(name: str, why: str) -> ProviderError:
    """The error of a provider that is not asked while the store takes nothing in."""
    return ProviderError(
        f"{name} was not asked: what is paid for could not be kept, and would be paid for again "
        f"({why}); turn the store off with cache=False (--no-cache) to do so"
    )


def parts(argument: str | None, first: str = "") -> Iterator[tuple[str, str, str]]:
    """The parts of what stands after the colon in "NAME:value,option=value", each with its name
    and its value; one without a name goes by that of the `first` option.
    """
    for part in filter(None, map(str.strip, (argument or "").split(","))):
        name, equals, value = part.partition("=")
        yield part, *((name, value) if equals else (first, part))


def options(
    provider: str,
    argument: str | None,
    readers: Mapping[str, Callable[[str], Any]],
    how: str,
    first: str = "",
) -> dict[str, Any]:
    """What stands after the colon in "NAME:value,option=value", as keywords. readers: what reads
    the value of each option there is, and raises `ValueError` for one that is none; a value
    without a name is that of the `first`, and of an option that comes twice the last value counts.
    how: what may be written.

    Raises `SettingsError` for what is not understood.
    """
    given: dict[str, Any] = {}
    for part, name, value in parts(argument, first):
        try:
            given[name] = readers[name](value)
        except (LookupError, ValueError, OverflowError):
            raise SettingsError(
                f"{provider}:{argument}: {part!r} is not understood; write {how}"
            ) from None
    return given


def some(value: str) -> str:
    """An option's value that is not empty. Raises `ValueError`."""
    if not value:
        raise ValueError("empty")
    return value
