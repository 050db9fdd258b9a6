"""One run in virtual time: the pipeline and the rate limiters of every run, amid stand-ins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import anyio

from ..core.errors import RateLimited
from ..core.events import Event, Events, Listener
from ..core.loop import run_virtually_in_thread
from ..media.clips import Clip
from ..media.video import Joined
from ..models.lesson import Lesson, Section
from ..models.settings import Settings
from ..pipeline.batch import Batch, Job
from ..pipeline.context import Runtime, Source
from ..pipeline.output import Output
from ..pipeline.workload import Kind, Load, Piece, Provider, SectionLoad
from ..providers.base import ImageAsk, Narration, Picture, Request, VoiceAsk
from ..providers.limiter import RateLimiter
from ..providers.service_voice import together
from ..providers.simulated import RateLimit
from ..store import Asset, Store
from ..store.ledger import JournalProxy, Money

# Stand-ins for all that a run works with: they take the time that is said, and leave nothing.
#
# No file, no thread, no process: a virtual clock would run away from those.


T = TypeVar("T")

NOWHERE = Path("nowhere")


def lesson_of(load: Load, position: int) -> Lesson:
    """A lesson of which the descriptions, and the voices, are the places of its sections, "2 7"."""

    def section(index: int, it: SectionLoad) -> Section:
        place = f"{position} {index}"
        return Section(
            image_description=place,
            content="",
            title=it.title,
            image=NOWHERE if it.image.own else None,
            audio=NOWHERE if it.audio.own else None,
            voice=place,
        )

    sections = tuple(section(i, it) for i, it in enumerate(load.lessons[position]))
    return Lesson(Path(f"{load.names[position]}.json"), sections)


def at(load: Load, place: str) -> SectionLoad:
    """The section at a place, "2 7"."""
    lesson, _, section = place.partition(" ")
    return load.lessons[int(lesson)][int(section)]


@dataclass
class RequestCounts:
    """Requests of a run: all of them, those of them that were one too many (429), those that
    are under way, and the most that were at once.
    """

    calls: int = 0
    rejected: int = 0
    under_way: int = 0
    peak: int = 0


class OwnFiles:
    """Sections' own files, which are there at once."""

    name = "recorded"
    places: int | None = None

    def shape(self, ask: ImageAsk | VoiceAsk) -> Mapping[str, Any]:
        """The place."""
        return {"place": _place(ask)}

    def price(self, ask: ImageAsk | VoiceAsk) -> float | None:
        """Dollars a request."""
        return 0.0

    async def draw(self, ask: ImageAsk, request: Request) -> Picture:
        """A picture of no bytes but its place."""
        await self._ask(ask, request)
        return Picture(_place(ask).encode())

    async def speak(self, ask: VoiceAsk, request: Request) -> Narration:
        """A narration of no bytes but its place."""
        await self._ask(ask, request)
        return Narration(_place(ask).encode())

    async def _ask(self, ask: ImageAsk | VoiceAsk, request: Request) -> None:
        """Nobody is asked."""


class SimulatedProvider(OwnFiles):
    """A provider of images or speech that takes its time, under its limit."""

    def __init__(self, load: Load, kind: Kind, counts: RequestCounts) -> None:
        provider = load.images if kind == "image" else load.voice
        self.name = provider.name
        self.places = provider.places
        self._load = load
        self._counts = counts
        self._kind = kind
        self._limit = RateLimit(provider.per_minute) if provider.per_minute is not None else None

    def price(self, ask: ImageAsk | VoiceAsk) -> float | None:
        """As the load says."""
        return self._piece(ask).dollars

    async def _ask(self, ask: ImageAsk | VoiceAsk, request: Request) -> None:
        piece = self._piece(ask)
        send = partial(self._call, piece.seconds)
        if piece.requests == 1:
            await request(send)
        else:
            await together(request(send) for _ in range(piece.requests))

    async def _call(self, seconds: float) -> None:
        counts = self._counts
        counts.calls += 1
        counts.under_way += 1
        counts.peak = max(counts.peak, counts.under_way)
        try:
            if self._limit is not None:
                await self._limit.pass_(self.name, seconds)
            await asyncio.sleep(seconds)
        except RateLimited:
            counts.rejected += 1
            raise
        finally:
            counts.under_way -= 1

    def _piece(self, ask: ImageAsk | VoiceAsk) -> Piece:
        return at(self._load, _place(ask)).piece(self._kind)


def _place(ask: ImageAsk | VoiceAsk) -> str:
    return ask.description if isinstance(ask, ImageAsk) else ask.voice or ""


class SimulatedMedia:
    """`media` that makes nothing, and a `run_in_thread` that takes the time its work would take."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._owed = 0.0
        self.check_picture = self.check_sound = self.make_seam = _nothing
        self.find_speech: Callable[[bytes, str], Mapping[str, Any]] = lambda *_: {}
        self.make_clip = self.apply_effects = self._clip
        self.join_clips = self._join
        self.poster = self.contact_sheet = lambda *_: b"picture"

    async def run_in_thread(self, call: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
        """Call it here and now, and wait for as long as it would take."""
        result = call(*args, **kwargs)
        if owed := self._owed:
            self._owed = 0.0
            await asyncio.sleep(owed)
        return result

    def section_starts(self, clips: Sequence[Clip]) -> tuple[float, ...]:
        """A second for each."""
        return tuple(map(float, range(len(clips))))

    def _clip(self, picture: bytes, narration: object, out: Path, *_: Any, **__: Any) -> Clip:
        self._owed = at(self._load, picture.decode()).clip
        return Clip(out, 1.0, 24, 32_000, (0.0, 1.0))

    def _join(self, clips: Sequence[Path], *_: Any, **__: Any) -> Joined:
        self._owed = self._load.join
        return Joined(float(len(clips)), ())


def _nothing(*_: object) -> None:
    pass


class NullOutput(Output):
    """An output folder that is not there, in which everything stands already."""

    def __init__(self, folder: Path, store: Store | None = None) -> None:
        super().__init__(folder, store)
        self._over = True  # so nothing is written, whether it was claimed or not

    def claim(self, indexes: Iterable[int], report: Mapping[str, Any]) -> None:
        """Nothing to claim."""

    def _stands(self, name: str, seal: str) -> bool:
        return True

    def _remove(self, scratch: Path) -> None:
        pass


_ANSWERS: Mapping[str, Any] = {"begin_run": 0, "reserve": 0, "spent": Money(), "seconds": {}}
"""Those of a journal in which nothing is written, by the name of its method."""


def _answer(call: str, **_: Any) -> Any:
    return _ANSWERS.get(call)


class NullStore(Store):
    """A store that has nothing and keeps nothing, not even for as long as a look takes."""

    def find(self, key: str) -> Asset | None:
        """None."""
        return None

    def keep(
        self,
        key: str,
        data: bytes | Path,
        suffix: str,
        about: Mapping[str, Any],
        *,
        fresh: bool = False,
    ) -> Asset:
        """The asset, whose key is its digest."""
        given = data if isinstance(data, bytes) else None
        return Asset(key, NOWHERE, key, 0, suffix, 1, about, given)


@dataclass(frozen=True)
class Simulation:
    """Runs of one load in virtual time. cores: of the machine; seed: of the limiters' chance."""

    load: Load
    cores: int
    seed: int = 0

    def run(self, settings: Settings, *listeners: Listener) -> tuple[float, RequestCounts]:
        """Seconds that it takes, and its requests. The listeners hear its events, whose times
        are virtual.
        """
        return run_virtually_in_thread(self._run(settings, listeners))

    async def _run(
        self, settings: Settings, listeners: Sequence[Listener]
    ) -> tuple[float, RequestCounts]:
        load, clock, counts = self.load, asyncio.get_running_loop().time, RequestCounts()
        began, events, media = clock(), Events(), SimulatedMedia(load)
        for listener in listeners:
            events.subscribe(listener)

        def limiter(provider: Provider, seed: int) -> RateLimiter:
            feels = settings.adaptive and provider.online
            chance = Random(seed)  # noqa: S311 - spreads pauses, keeps no secret
            made = RateLimiter(
                provider.name,
                provider.places,
                adaptive=feels,
                retry=provider.online,
                pace=settings.pace if provider.online else None,
                chance=chance,
            )
            if listeners:
                made.subscribe(lambda event: events.emit(_since(began, event)))
            return made

        images = SimulatedProvider(load, "image", counts)
        voice = SimulatedProvider(load, "audio", counts)
        runtime = Runtime(
            images=[Source(images, limiter(load.images, 2 * self.seed))],
            voice=[Source(voice, limiter(load.voice, 2 * self.seed + 1))],
            media=media,
            run_in_thread=media.run_in_thread,
            cores=anyio.CapacityLimiter(self.cores),
            clock=clock,
            store=NullStore.null(journal=JournalProxy(_answer, _nothing)),
            own=OwnFiles(),
            output=NullOutput,
            events=events,
            timeline=None,
        )
        jobs = [Job(lesson_of(load, i), Path(name)) for i, name in enumerate(load.names)]
        report = await Batch(settings, runtime).make(jobs)
        if report.failure is not None:
            raise report.failure
        for video in report.failed:
            raise video.failure or AssertionError(str(video))
        return clock() - began, counts


def _since(began: float, event: Event) -> Event:
    return replace(event, at=event.at - began)
