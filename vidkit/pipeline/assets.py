"""Who may make a section's image or narration, in which order, and under which key.

The one place that says so; a run, its plan, its needs and its takes all ask here.
"""

from __future__ import annotations

import asyncio
import copy
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar

import av

from ..core.errors import ProviderError, Refused, StoreError, VidkitError
from ..core.events import Events
from ..core.format import in_runs
from ..media.clips import Clip
from ..media.frame import Frame
from ..media.video import Joined
from ..models.lesson import Lesson, load_lesson
from ..models.settings import Settings
from ..providers.base import ImageAsk, ImageMaker, Narration, Picture, Request, VoiceAsk, VoiceMaker
from ..providers.files import Recorded
from ..report.timeline import Timeline
from ..store.ledger import Budget
from ..store.store import Asset, NoStore, Store, cache_key
from ..text.captions import Cue
from .output import Output

# What shapes each piece: the asks that providers get, and the keys under which pieces are kept.
#
# Nothing here depends on a section's place in its lesson, so an inserted section makes nothing
# anew but itself.


MEDIA_VERSION = f"1 PyAV {av.__version__}"
"""Counts up when the same picture and sound become another clip, or the same clips another
video; packets of different encoders do not go together."""


def image_ask(lesson: Lesson, index: int, settings: Settings) -> ImageAsk:
    """What the section at `index` asks of an image provider."""
    section = lesson.sections[index]
    return ImageAsk(
        description=section.image_description,
        narration=section.content,
        title=section.title,
        language=lesson.language,
        size=settings.size,
        slide=section.slide,
        index=index,
        file=section.image,
    )


def voice_ask(lesson: Lesson, index: int, settings: Settings) -> VoiceAsk:
    """What the section at `index` asks of a voice."""
    section = lesson.sections[index]
    return VoiceAsk(
        text=section.content,
        language=lesson.language,
        voice=section.voice,
        rate=settings.rate,
        say=section.say,
        index=index,
        file=section.audio,
    )


def price(maker: object, ask: ImageAsk | VoiceAsk) -> float | None:
    """What a request may cost in dollars: the provider's `price`, a number or a function of the
    ask; None where it does not say.
    """
    told: float | Callable[[object], float | None] | None = getattr(maker, "price", None)
    return told(ask) if callable(told) else told


def requests(maker: object, ask: ImageAsk | VoiceAsk) -> int:
    """How many requests a provider sends for an ask, where it says so; else one."""
    told: Callable[[object], int] | None = getattr(maker, "requests", None)
    return max(1, told(ask)) if told is not None else 1


def clip_shape(picture: str, voice: str | None, frame: Frame) -> dict[str, Any]:
    """Everything that shapes a clip: the digests of its picture and narration, and the frame."""
    return {
        "version": MEDIA_VERSION,
        "picture": picture,
        "voice": voice,
        "frame": dict(vars(frame)),
    }


def clip_facts(clip: Clip) -> dict[str, Any]:
    """What is known of a clip besides where it lies, to be kept with it."""
    return {
        "kind": "clip",
        "seconds": clip.seconds,
        "frames": clip.frames,
        "samples": clip.samples,
        "speech": list(clip.speech),
    }


def cut_facts(asset: Asset) -> dict[str, Any]:
    """The same from the store, as `media.Clip` takes it."""
    facts = {name: asset.about[name] for name in ("seconds", "frames", "samples")}
    return facts | {"speech": tuple(asset.about["speech"])}


def seam_shape(before: Asset, after: Asset, frame: Frame) -> dict[str, Any]:
    """Everything that shapes the cross-fade between two clips."""
    return {
        "version": MEDIA_VERSION,
        "clips": [before.sha256, after.sha256],
        "frame": dict(vars(frame)),
    }


def video_shape(
    clips: Sequence[Asset],
    titles: Sequence[str],
    title: str,
    language: str,
    frame: Frame,
    cues: Sequence[Cue],
) -> dict[str, Any]:
    """Everything that shapes a video."""
    return {
        "version": MEDIA_VERSION,
        "clips": [clip.sha256 for clip in clips],
        "titles": list(titles),
        "title": title,
        "language": language,
        "frame": dict(vars(frame)),
        "cues": [[cue.start, cue.end, cue.text] for cue in cues],
    }


# What a run works with: makers, gates, an editor, cores and a clock.


T = TypeVar("T")
Maker = TypeVar("Maker", ImageMaker, VoiceMaker)


class Aside(Protocol):
    """Calls a blocking function where it blocks nobody: in a thread, `asyncio.to_thread`.

    Under a virtual clock, which stalls on threads, `directly` takes its place.
    """

    async def __call__(self, call: Callable[..., T], /, *args: Any, **kwargs: Any) -> T: ...


async def directly(call: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """Call a function here and now: the `Aside` for functions that take no time."""
    return call(*args, **kwargs)


async def straight(send: Callable[[], Awaitable[T]], /) -> T:
    """A gate that stands open, for what asks no provider."""
    return await send()


@dataclass(frozen=True)
class Source(Generic[Maker]):
    """Where images or narrations come from: a provider, and its gate."""

    maker: Maker
    gate: Request = straight


@dataclass(frozen=True)
class Editor:
    """What checks the pieces and cuts them into clips and a video; all of it blocks.

    The functions of `media`, and the card of the slides, in a real run; stand-ins that
    take no time in a forecast.

    check_picture, check_sound: (bytes, name for the error); `MediaError` unless whole.
    card: (heading, smaller line, size) to a PNG. clip, effects, seam, join, poster, sheet: as
    `media.make_clip`, `apply_effects`, `make_seam`, `join_clips`, `poster`, `contact_sheet`.
    starts: where each clip will begin in the joined video, in seconds.
    """

    check_picture: Callable[[bytes, str], None]
    check_sound: Callable[[bytes, str], None]
    card: Callable[[str, str, tuple[int, int]], bytes]
    clip: Callable[..., Clip]
    effects: Callable[..., Clip]
    seam: Callable[..., int]
    join: Callable[..., Joined]
    poster: Callable[..., bytes]
    sheet: Callable[..., bytes]
    starts: Callable[[Sequence[Clip]], tuple[float, ...]]


class OwnFiles(Protocol):
    """What reads the pictures and sounds that sections name themselves: an `ImageMaker` and a
    `VoiceMaker` that asks nobody.
    """

    name: str
    places: int | None

    def shape(self, ask: ImageAsk | VoiceAsk) -> Mapping[str, Any]:
        """The digest of the file."""

    async def draw(self, ask: ImageAsk, request: Request) -> Picture:
        """The section's picture."""

    async def speak(self, ask: VoiceAsk, request: Request) -> Narration:
        """The section's narration."""


class RunControl:
    """How a run is held: `stop` is why nothing more may begin, `ended` is set from then on, and
    while `hold` lasts nothing does. Only for the run's loop.
    """

    def __init__(self) -> None:
        self.stop: VidkitError | None = None
        self.ended = asyncio.Event()
        self._going = asyncio.Event()
        self._going.set()

    @property
    def held(self) -> bool:
        """True between `hold` and `go`."""
        return not self._going.is_set()

    def hold(self) -> None:
        """Let nothing more begin until `go`; what is under way goes on."""
        self._going.clear()

    def go(self) -> None:
        """Go on after `hold`."""
        self._going.set()

    def end(self, why: VidkitError) -> None:
        """Let nothing more begin; what is under way is finished and kept."""
        self.stop = self.stop or why
        self.ended.set()
        self._going.set()

    async def passed(self) -> None:
        """Wait while the run is held. Raises CancelledError where nothing more may begin."""
        await self._going.wait()
        if self.stop is not None:
            raise asyncio.CancelledError


@dataclass
class Tools:
    """Everything that a run is handed.

    images, voice: the providers, each with its gate; one is asked where those before it gave
    nothing. cores: entered many times at once, it lets as many pieces of processor work go on as
    there are cores. clock: seconds, from any origin. store: where assets are kept,
    and the journal of money. budgets: what the run may spend, each of them a hard cap.
    own: reads sections' own files. read: a lesson's file to the lesson. output: the folder
    that a lesson is written to. timeline: draws the run; None where nobody looks.
    renewed: the keys of what this run made although the store had it. unconfirmed: requests of
    this run that were perhaps made, by the key of their asset. dearer: how many times what was
    reserved a provider has billed, where that was more. pieces: numbers for the pieces of work.
    """

    images: Sequence[Source[ImageMaker]]
    voice: Sequence[Source[VoiceMaker]]
    editor: Editor
    aside: Aside
    cores: AbstractAsyncContextManager[None]
    clock: Callable[[], float]
    store: Store | NoStore = field(default_factory=NoStore)
    budgets: tuple[Budget, ...] = ()
    own: OwnFiles = field(default_factory=Recorded)
    read: Callable[[Path], Lesson] = load_lesson
    output: Callable[[Path], Output] = Output
    timeline: Timeline | None = field(default_factory=Timeline)
    events: Events = field(default_factory=Events)
    reins: RunControl = field(default_factory=RunControl)
    renewed: set[str] = field(default_factory=set)
    unconfirmed: Counter[str] = field(default_factory=Counter)
    dearer: dict[tuple[str, str], float] = field(default_factory=dict)
    pieces: Iterator[int] = field(default_factory=lambda: itertools.count(1))


PartKind = Literal["image", "audio"]


@dataclass(frozen=True)
class Candidate:
    """A provider that may make a part of a section, what it would be asked, and its gate."""

    kind: PartKind
    maker: Any
    gate: Request
    ask: ImageAsk | VoiceAsk

    @property
    def name(self) -> str:
        """The provider's name."""
        name: str = self.maker.name
        return name

    @property
    def price(self) -> float | None:
        """What a request may cost in dollars, None where nobody knows."""
        return price(self.maker, self.ask)

    @property
    def missing(self) -> ProviderError | None:
        """Why the provider cannot be asked now, where it says so itself."""
        why: ProviderError | None = getattr(self.maker, "missing", None)
        return copy.copy(why)

    def key(self) -> str:
        """The key of what it would make. Raises `ProviderError` where it can make nothing of it;
        reads the file where that is the section's own.
        """
        return cache_key(self.kind, self.maker.shape(self.ask))

    async def make(self, request: Request) -> Picture | Narration:
        """What the provider makes. Raises `ProviderError` or one of its kinds."""
        draw = self.maker.draw if self.kind == "image" else self.maker.speak
        made: Picture | Narration = await draw(self.ask, request)
        return made


def choices(
    kind: PartKind,
    lesson: Lesson,
    index: int,
    settings: Settings,
    sources: Sequence[Source[Any]],
    own: OwnFiles,
) -> tuple[Candidate, ...]:
    """Who may make the image or the narration of the section at `index`: its own file alone,
    where it names one, or else each of `sources`, the first before the next.

    A section's `voice` is one of the first source's; those of another name that take its place
    speak in their own.
    """
    section = lesson.sections[index]
    ask = (image_ask if kind == "image" else voice_ask)(lesson, index, settings)
    if section.image if kind == "image" else section.audio:
        return (Candidate(kind, own, straight, ask),)
    first = sources[0].maker.name
    return tuple(
        Candidate(kind, source.maker, source.gate, _in_place(ask, source.maker.name == first))
        for source in sources
    )


def _in_place(ask: ImageAsk | VoiceAsk, same: bool) -> ImageAsk | VoiceAsk:
    return ask if same or isinstance(ask, ImageAsk) else replace(ask, voice=None)


def keys(several: Sequence[Candidate]) -> Iterator[tuple[Candidate, str]]:
    """Those of the choices that can make something of what they are asked, each with its key."""
    for choice in several:
        try:
            yield choice, choice.key()
        except ProviderError:
            continue


def stored(several: Sequence[Candidate], store: Store | NoStore) -> tuple[Candidate, Asset] | None:
    """The first of the choices whose asset the store has, and the asset."""
    for choice, key in keys(several):
        if (asset := store.find(key)) is not None:
            return choice, asset
    return None


def refusal_key(key: str) -> str:
    """Where a refusal is kept: that the asset under `key` was asked for and will not be made."""
    return cache_key("refusal", {"of": key})


def refusal(store: Store | NoStore, choice: Candidate, key: str) -> Refused | None:
    """The refusal that the store remembers: who refused is not asked again, in this run or the
    next, since each refusal counts against an account, and takes time.
    """
    if (kept := store.find(refusal_key(key))) is None:
        return None
    why = str(kept.about.get("why", f"{choice.name} refused it"))
    return Refused(f"{why} (asked before; force={choice.kind!r} asks again)")


def keep_refusal(store: Store | NoStore, key: str, error: Refused) -> None:
    """Remember a refusal; a store that cannot forgets it, and it is asked for again."""
    about = {"kind": "refusal", "why": str(error)}
    with suppress(StoreError):
        store.keep(refusal_key(key), str(error).encode(), ".txt", about)


# Who took whose place: one sentence for each reason, and not one for each section.


PARTS: dict[PartKind, str] = {"image": "image", "audio": "narration"}
"""What people call the parts of a section."""


@dataclass(frozen=True)
class Fallback:
    """A provider that gave nothing, and why, in words; `kind` of error folds many into one."""

    provider: str
    kind: str
    why: str

    def __str__(self) -> str:
        said = self.why.lower().startswith((self.provider.lower(), "no connection to "))
        return self.why if said else f"{self.provider}: {self.why}"


@dataclass
class _Fold:
    part: PartKind
    by: str | None
    falls: tuple[Fallback, ...]
    sections: set[tuple[int, int]] = field(default_factory=set)
    alike: bool = True

    def __str__(self) -> str:
        numbers = sorted(number for _, number in self.sections)
        part, lessons = PARTS[self.part], {lesson for lesson, _ in self.sections}
        if len(numbers) == 1:
            whose = f"section {numbers[0]}'s {part}"
            how = "stays as it was" if self.by is None else f"by {self.by}"
        else:
            which = in_runs(numbers) if len(lessons) == 1 else f"of {len(lessons)} lessons"
            whose = f"{len(numbers)} sections' {part}s ({which})"
            how = "stay as they were" if self.by is None else f"by {self.by}"
        why = "; ".join(map(str, self.falls))
        return f"{whose} {how}, because {why}" + ("" if self.alike else " (and the like)")


class Fallbacks:
    """The parts of lessons that another than the first provider gave."""

    def __init__(self) -> None:
        self._folds: dict[tuple[str, ...], _Fold] = {}

    def add(
        self, part: PartKind, section: tuple[int, int], by: str | None, falls: Sequence[Fallback]
    ) -> str | None:
        """Note that the part of a section, by its lesson's position and its number, came `by`
        another after `falls`, or with None stayed as it was. Gives a sentence where it is the
        first for such a reason.
        """
        which = (part, by or "", *(f"{fall.provider} {fall.kind}" for fall in falls))
        new = which not in self._folds
        fold = self._folds.setdefault(which, _Fold(part, by, tuple(falls)))
        fold.sections.add(section)
        fold.alike &= [fall.why for fall in falls] == [fall.why for fall in fold.falls]
        return str(fold) if new else None

    def __iter__(self) -> Iterator[str]:
        """One sentence for each reason."""
        return map(str, self._folds.values())
