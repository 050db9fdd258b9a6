"""Stand-ins for all that a run works with: they take the time that is said, and leave nothing.

No file, no thread, no process: a virtual clock would run away from those.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ..errors import RateLimited
from ..lesson import Lesson, Section
from ..media import Clip, Joined
from ..output import Output
from ..pipeline import Editor
from ..providers import ImageAsk, Narration, Picture, Request, VoiceAsk
from ..providers._limit import RateLimit
from ..providers._together import together
from ..store import Asset, Journal, Money, NoStore, Reservation
from .load import Kind, Load, Piece, SectionLoad

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
class Tally:
    """Requests of a run: all of them, those of them that were one too many (429), those that
    are under way, and the most that were at once.
    """

    calls: int = 0
    rejected: int = 0
    under_way: int = 0
    peak: int = 0


class Pretender:
    """A provider of images or speech that takes its time, under its limit."""

    def __init__(self, load: Load, kind: Kind, tally: Tally) -> None:
        provider = load.images if kind == "image" else load.voice
        self.name = provider.name
        self.places = provider.places
        self._load = load
        self._tally = tally
        self._kind = kind
        self._limit = RateLimit(provider.per_minute) if provider.per_minute is not None else None

    def shape(self, ask: ImageAsk | VoiceAsk) -> Mapping[str, Any]:
        """The place."""
        return {"place": _place(ask)}

    def price(self, ask: ImageAsk | VoiceAsk) -> float | None:
        """Dollars a request."""
        return self._piece(ask).dollars

    async def draw(self, ask: ImageAsk, request: Request) -> Picture:
        """A picture of no bytes but its place."""
        await self._ask(ask, request)
        return Picture(_place(ask).encode())

    async def speak(self, ask: VoiceAsk, request: Request) -> Narration:
        """A narration of no bytes but its place."""
        await self._ask(ask, request)
        return Narration(_place(ask).encode())

    async def _ask(self, ask: ImageAsk | VoiceAsk, request: Request) -> None:
        piece = self._piece(ask)
        send = partial(self._call, piece.seconds)
        if piece.requests == 1:
            await request(send)
        else:
            await together(request(send) for _ in range(piece.requests))

    async def _call(self, seconds: float) -> None:
        tally = self._tally
        tally.calls += 1
        tally.under_way += 1
        tally.peak = max(tally.peak, tally.under_way)
        try:
            if self._limit is not None:
                await self._limit.pass_(self.name, seconds)
            await asyncio.sleep(seconds)
        except RateLimited:
            tally.rejected += 1
            raise
        finally:
            tally.under_way -= 1

    def _piece(self, ask: ImageAsk | VoiceAsk) -> Piece:
        section = at(self._load, _place(ask))
        return section.image if self._kind == "image" else section.audio


def _place(ask: ImageAsk | VoiceAsk) -> str:
    return ask.description if isinstance(ask, ImageAsk) else ask.voice or ""


class OwnFiles:
    """Sections' own files, which are there at once."""

    name = "recorded"
    places: int | None = None
    price = 0.0

    def shape(self, ask: ImageAsk | VoiceAsk) -> Mapping[str, Any]:
        """The place."""
        return {"place": _place(ask)}

    async def draw(self, ask: ImageAsk, request: Request) -> Picture:
        """A picture of no bytes but its place."""
        return Picture(_place(ask).encode())

    async def speak(self, ask: VoiceAsk, request: Request) -> Narration:
        """A narration of no bytes but its place."""
        return Narration(_place(ask).encode())


class Cutting:
    """An editor that makes nothing, and an `Aside` that takes the time its work would take."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._owed = 0.0
        self.editor = Editor(
            check_picture=_nothing,
            check_sound=_nothing,
            card=lambda *_: b"0 0",
            clip=self._clip,
            effects=self._clip,
            seam=lambda *_: 0,
            join=self._join,
            poster=lambda *_: b"poster",
            sheet=lambda *_: b"sheet",
            starts=lambda clips: tuple(float(i) for i in range(len(clips))),
        )

    async def aside(self, call: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
        """Call it here and now, and wait for as long as it would take."""
        result = call(*args, **kwargs)
        if owed := self._owed:
            self._owed = 0.0
            await asyncio.sleep(owed)
        return result

    def _clip(self, picture: bytes, narration: object, out: Path, *_: Any, **__: Any) -> Clip:
        self._owed = at(self._load, picture.decode()).clip
        return Clip(out, 1.0, 24, 32_000, (0.0, 1.0))

    def _join(self, clips: Sequence[Path], *_: Any, **__: Any) -> Joined:
        self._owed = self._load.join
        return Joined(float(len(clips)), ())


def _nothing(*_: object) -> None:
    pass


class NoFolder(Output):
    """An output folder that is not there; every name in it stands for the folder."""

    def scratch(self, name: str) -> Path:
        """The folder."""
        return self.folder

    def claim(self, indexes: Iterable[int], report: Mapping[str, Any]) -> None:
        """Nothing to claim."""

    def release(self) -> None:
        """Nothing to let go."""

    def filled(self, scratch: Path, call: Callable[..., T], /, *arguments: Any, **named: Any) -> T:
        """What the call gives."""
        return call(*arguments, **named)

    def publish(self, name: str, data: bytes) -> Path:
        """The folder."""
        return self.folder

    def take(self, name: str, asset: Asset) -> Path:
        """The folder."""
        return self.folder

    def discard(self, scratch: Path) -> None:
        """Nothing to remove."""

    def write_report(self, report: Mapping[str, Any]) -> Path:
        """The folder."""
        return self.folder


class NoBooks(Journal):
    """A journal in which nothing is written."""

    def __init__(self) -> None:
        self._none = Money()

    def begin_run(self, lesson: str, keys: Iterable[str] = ()) -> int:
        """No number."""
        return 0

    def need(self, run: int, keys: Iterable[str]) -> None:
        """Nothing to note."""

    def end_run(self, run: int, *, finished: bool) -> None:
        """Nothing to note."""

    def reserve(self, **_: Any) -> Reservation:
        """Sets nothing aside."""
        return Reservation(self, 0)

    def end(self, entry: int, state: Any, dollars: float | None = None) -> None:
        """Nothing to note."""

    def spent(self, *_: Any, **__: Any) -> Money:
        """Nothing."""
        return self._none


class NoShelf(NoStore):
    """A store that has nothing and keeps nothing, not even for as long as a look takes."""

    def __init__(self) -> None:
        super().__init__()
        self.journal = NoBooks()

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
        check: Callable[[Path], None] | None = None,
        fresh: bool = False,
    ) -> Asset:
        """The asset, whose key is its digest."""
        given = data if isinstance(data, bytes) else None
        return Asset(key, NOWHERE, key, 0, suffix, 1, about, given)

    @asynccontextmanager
    async def flight(self, key: str) -> AsyncIterator[bool]:
        """Nothing to wait for."""
        yield False
