"""What a run works with, and what the sections of one lesson share."""

from __future__ import annotations

import asyncio
import itertools
import logging
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar

import anyio

from .. import media
from ..core.errors import DiskFull, RateLimited, SectionError, VidkitError, scrubbed
from ..core.events import Event, Events, Noticed, Step, WorkEnded, WorkOutcome, WorkStarted
from ..core.format import in_runs
from ..core.loop import run_in_thread, run_to_end
from ..core.paths import disk_is_full
from ..media.clips import Clip
from ..media.frame import Frame
from ..media.video import Joined
from ..models.lesson import Lesson
from ..models.settings import Settings
from ..providers.base import ImageMaker, Request, VoiceMaker, ungated
from ..providers.files import own_files
from ..report.timeline import Timeline
from ..store import Store, cache_key
from ..store.ledger import Budget
from .output import Output

log = logging.getLogger("vidkit.pipeline")

T = TypeVar("T")
Maker = TypeVar("Maker", ImageMaker, VoiceMaker)

PartKind = Literal["image", "audio"]
PARTS: dict[PartKind, str] = {"image": "image", "audio": "narration"}
"""What people call the parts of a section."""


def frame_of(s: Settings) -> Frame:
    """How every clip of a lesson is made with these settings."""
    return Frame(size=s.size, fps=s.fps, gap=s.gap, fit=s.fit, motion=s.motion)


def work_name(step: str, by: str | None, settings: Settings) -> str:
    """Under which name the ledger remembers what a piece of work took: that of a provider (`by`),
    or of vidkit's own for videos of such a size that move so.
    """
    if by is not None:
        return f"{step} by {by}"
    width, height = settings.size
    return f"{step} of {width}x{height}, {settings.motion}, {settings.reveal}"


class RunInThread(Protocol):
    """Calls a blocking function where it blocks nobody: `core.loop.run_in_thread`.

    Under a virtual clock, which stalls on threads, `run_directly` takes its place.
    """

    async def __call__(self, call: Callable[..., T], /, *args: Any, **kwargs: Any) -> T: ...


async def run_directly(call: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """Call a function here and now: the `RunInThread` for functions that take no time."""
    return call(*args, **kwargs)


@dataclass(frozen=True)
class Source(Generic[Maker]):
    """Where images or narrations come from: a provider, and its rate limiter."""

    maker: Maker
    gate: Request = ungated


class Media(Protocol):
    """What checks the pieces and cuts them into clips and a video, as the functions of the room
    `media` do; all of it blocks. A forecast gives one that takes no time.
    """

    def check_picture(self, data: bytes, name: str, /) -> object: ...
    def check_sound(self, data: bytes, name: str, /) -> object: ...
    def find_speech(self, data: bytes, name: str, /) -> Mapping[str, Any]: ...
    def make_clip(self, *of: Any, **how: Any) -> Clip: ...
    def apply_effects(self, *of: Any, **how: Any) -> Clip: ...
    def make_seam(self, *of: Any, **how: Any) -> object: ...
    def join_clips(self, *of: Any, **how: Any) -> Joined: ...
    def poster(self, *of: Any) -> bytes: ...
    def contact_sheet(self, *of: Any) -> bytes: ...
    def section_starts(self, clips: Sequence[Clip], /) -> tuple[float, ...]: ...


class RunControl:
    """How a run is held: `stop` is why nothing more may begin, `ended` is set from then on, and
    while `hold` lasts nothing does. Only for the run's loop. changed: called when it is held
    otherwise than before. waiting: requests that wait for their turn, each with the context of its
    lesson.
    """

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._changed = changed
        self.stop: VidkitError | None = None
        self.ended = asyncio.Event()
        self.waiting: dict[asyncio.Future[Any], LessonContext] = {}
        self._going = asyncio.Event()
        self._going.set()

    @property
    def held(self) -> bool:
        """True between `hold` and `go`."""
        return not self._going.is_set()

    def hold(self) -> None:
        """Let nothing more begin until `go`; what is under way goes on."""
        self._going.clear()
        self._changed()

    def go(self) -> None:
        """Go on after `hold`."""
        self._going.set()
        self._changed()

    def end(self, why: VidkitError) -> None:
        """Let nothing more begin; what is under way is finished and kept."""
        self.stop = self.stop or why
        self.ended.set()
        self._going.set()
        for request in self.waiting:
            request.cancel()
        self._changed()

    async def checkpoint(self) -> None:
        """Wait while the run is held. Raises CancelledError where nothing more may begin."""
        await self._going.wait()
        if self.stop is not None:
            raise asyncio.CancelledError


def card(heading: str, line: str, size: tuple[int, int]) -> bytes:
    """The picture of a placeholder, a PNG. The slides come in only where one is drawn."""
    from ..providers import slides

    return slides.card(heading, line, size)


@dataclass
class Runtime:
    """Everything that a run is handed.

    images, voice: the providers, each with its limiter; one is asked where those before it gave
    nothing. cores: entered many times at once, it lets as many pieces of processor work go on as
    there are cores. clock: seconds, from any origin. card: draws a placeholder.
    store: where assets are kept, and the ledger of money. budgets: what the run may spend, each
    of them a hard cap. own: an `ImageMaker` and a `VoiceMaker` that reads sections' own files.
    output: the folder that a lesson is written to. timeline: draws the run; None where nobody
    looks. review: measures the teaching of a lesson that was made; None where nobody asks.
    renewed: the keys of what this run made although the store had it. unconfirmed:
    requests of this run that were perhaps made, by the key of their asset. dearer: how many times
    what was reserved a provider has billed, where that was more. pieces: numbers for the pieces
    of work.
    """

    images: Sequence[Source[ImageMaker]]
    voice: Sequence[Source[VoiceMaker]]
    cores: AbstractAsyncContextManager[None]
    clock: Callable[[], float]
    media: Media = media
    card: Callable[[str, str, tuple[int, int]], bytes] = card
    run_in_thread: RunInThread = run_in_thread
    store: Store = field(default_factory=Store.null)
    budgets: tuple[Budget, ...] = ()
    own: Any = own_files
    output: Callable[[Path, Store], Output] = Output
    timeline: Timeline | None = field(default_factory=Timeline)
    events: Events = field(default_factory=Events)
    control: RunControl = field(default_factory=RunControl)
    review: Callable[..., bytes] | None = None
    renewed: set[str] = field(default_factory=set)
    unconfirmed: Counter[str] = field(default_factory=Counter)
    dearer: dict[tuple[str, str], float] = field(default_factory=dict)
    pieces: Iterator[int] = field(default_factory=lambda: itertools.count(1))


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
class _Group:
    """The parts of sections that came by the same provider, after the same failures."""

    part: PartKind
    by: str | None
    failed: tuple[Fallback, ...]
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
        why = "; ".join(map(str, self.failed))
        return f"{whose} {how}, because {why}" + ("" if self.alike else " (and the like)")


class Fallbacks:
    """The parts of lessons that another than the first provider gave: one sentence for each
    reason, and not one for each section.
    """

    def __init__(self) -> None:
        self._groups: dict[tuple[str, ...], _Group] = {}

    def add(
        self, part: PartKind, section: tuple[int, int], by: str | None, failed: Sequence[Fallback]
    ) -> str | None:
        """Note that the part of a section, by its lesson's position and its number, came `by`
        another after those that `failed`, or with None stayed as it was. Gives a sentence where
        it is the first for such a reason.
        """
        which = (part, by or "", *(f"{each.provider} {each.kind}" for each in failed))
        new = which not in self._groups
        group = self._groups.setdefault(which, _Group(part, by, tuple(failed)))
        group.sections.add(section)
        group.alike &= [each.why for each in failed] == [each.why for each in group.failed]
        return str(group) if new else None

    def __iter__(self) -> Iterator[str]:
        """One sentence for each reason."""
        return map(str, self._groups.values())


@dataclass
class LessonContext:
    """Where the sections of one lesson are made: the lesson, its folder, and what they share.

    slots: the lesson's section workers. notes: sentences for the lesson's report. stop: the
    failure after which no section may begin, with on_failure="stop". run: the number of the
    lesson's run in the ledger. worked: seconds of each finished piece of work, by section and
    step. calling: sections that may still call providers; calls_over is called when none does
    any more. fallbacks: who took whose place.
    """

    position: int
    lesson: Lesson
    output: Output
    settings: Settings
    runtime: Runtime
    slots: anyio.CapacityLimiter
    started: float
    notes: list[str] = field(default_factory=list)
    stop: SectionError | None = None
    run: int | None = None
    worked: dict[tuple[int | None, Step], list[float]] = field(default_factory=dict)
    calling: int = 0
    calls_over: Callable[[], None] = lambda: None
    fallbacks: Fallbacks = field(default_factory=Fallbacks)

    @property
    def frame(self) -> Frame:
        """How every clip of the lesson is made."""
        return frame_of(self.settings)

    async def checkpoint(self) -> None:
        """Wait while the run is held. Raises CancelledError where nothing more may begin."""
        await self.runtime.control.checkpoint()
        if self.stop is not None:
            raise asyncio.CancelledError

    def calls_made(self) -> None:
        """Say that a section calls no provider any more."""
        self.calling -= 1
        if self.calling == 0:
            self.calls_over()

    @property
    def ending(self) -> bool:
        """Whether nothing more may begin."""
        return self.stop is not None or self.runtime.control.stop is not None

    def note_error(self, error: BaseException) -> None:
        """Take note of an error. Where a disk is full, the whole run begins nothing more: what
        would be made is paid for and lost.
        """
        if disk_is_full(error):
            self.runtime.control.end(
                DiskFull(
                    f"a disk is full, and so nothing more was begun ({error}). Make room and run "
                    "again"
                )
            )

    def stop_at(self, index: int, why: str) -> None:
        """After a failure of the section at `index`: with on_failure="stop" no call begins."""
        if self.settings.on_failure == "stop" and self.stop is None:
            self.stop = SectionError(
                f"stopped at section {index + 1}: {why}; "
                'mend it, or choose on_failure="skip" or "placeholder"'
            )
            for request, context in self.runtime.control.waiting.items():
                if context is self:
                    request.cancel()

    def key(self, kind: str, fields: Mapping[str, Any]) -> str:
        """The key of the asset with these `fields`. Notes that the lesson needs it, so that
        nobody prunes it until it is finished. Blocks.
        """
        key = cache_key(kind, fields)
        if self.run is not None and self.runtime.store.keeps:
            self.runtime.store.journal.need(run=self.run, keys=[key])
        return key

    @contextmanager
    def working(self, section: int | None, step: Step, by: str) -> Iterator[None]:
        """Emit the events of a piece of work, from the moment when it no longer waits."""
        began, piece = self.now(), next(self.runtime.pieces)
        self.emit(WorkStarted(began, self.position, section, step, by, piece))
        outcome: WorkOutcome = "failed"
        try:
            yield
            outcome = "done"
        except RateLimited:
            outcome = "too many"
            raise
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        finally:
            now = self.now()
            if outcome == "done":
                self.worked.setdefault((section, step), []).append(now - began)
            self.emit(WorkEnded(now, self.position, section, step, by, piece, outcome, now - began))

    @property
    def name_in_ledger(self) -> str:
        """The lesson's file, wherever the program stands; a name that is no text as such."""
        path = str(self.lesson.path.absolute())
        return path.encode("utf-8", "backslashreplace").decode()

    def scratch(self, name: str) -> Path:
        """Where to write a file that is to be kept: in the store, or beside `name`."""
        store = self.runtime.store
        return store.scratch(Path(name).suffix) if store.keeps else self.output.scratch(name)

    async def encode(
        self,
        scratch: Path,
        call: Callable[..., T],
        *inputs: object,
        section: int | None = None,
        step: Step | None = None,
        **how: object,
    ) -> T:
        """Let a function of `media` write `scratch` from its inputs, on a core of its own, and
        emit that as a piece of `step`. Whatever goes wrong leaves no file.
        """
        runtime = self.runtime
        try:
            async with runtime.cores:
                if step == "clip":
                    await runtime.control.checkpoint()
                with self.working(section, step, "vidkit") if step else nullcontext():
                    return await runtime.run_in_thread(
                        self.output.filled, scratch, call, *inputs, scratch, self.frame, **how
                    )
        except BaseException:
            await self.discard(scratch)
            raise

    async def discard(self, scratch: Path) -> None:
        """Remove a temporary file that came to nothing."""
        await run_to_end(self.runtime.run_in_thread(self.output.discard, scratch))

    def now(self) -> float:
        """Seconds since the run began."""
        return self.runtime.clock() - self.started

    def on_event(self, event: Event) -> None:
        """Take what concerns the whole run, such as a note of the store, into the report."""
        if isinstance(event, Noticed) and event.lesson is None and event.message not in self.notes:
            self.notes.append(event.message)

    def emit(self, event: Event) -> None:
        """Pass an event on."""
        self.runtime.events.emit(event)


def describe(error: Exception) -> str:
    """An error in words for a person. One that vidkit did not foresee is logged in full."""
    if isinstance(error, VidkitError):
        return scrubbed(str(error))
    log.error("unforeseen: %s", scrubbed("".join(traceback.format_exception(error))))
    return scrubbed(f"unforeseen {type(error).__name__}: {error}")


def as_ours(error: Exception) -> VidkitError:
    """An error as a person can read it; one that vidkit did not foresee is logged in full."""
    return error if isinstance(error, VidkitError) else VidkitError(describe(error))
