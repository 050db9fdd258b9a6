"""What a run works with: makers, gates, an editor, cores and a clock."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from ..errors import VidkitError
from ..events import Events
from ..lesson import Lesson, load_lesson
from ..media import Clip, Joined
from ..output import Output
from ..providers import ImageAsk, ImageMaker, Narration, Picture, Request, VoiceAsk, VoiceMaker
from ..providers.recorded import Recorded
from ..store import Budget, NoStore, Store
from ..timeline import Timeline

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


class Reins:
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
    renewed: the keys of what this run made although the store had it. pieces: numbers for the
    pieces of work.
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
    reins: Reins = field(default_factory=Reins)
    renewed: set[str] = field(default_factory=set)
    pieces: Iterator[int] = field(default_factory=lambda: itertools.count(1))
