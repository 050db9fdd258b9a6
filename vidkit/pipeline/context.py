"""Where the sections of one lesson are made, and what they share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import anyio

from ..core.errors import DiskFull, RateLimited, SectionError
from ..core.events import Event, Noticed, Step, WorkEnded, WorkOutcome, WorkStarted
from ..core.paths import disk_is_full
from ..media.frame import Frame
from ..models.lesson import Lesson
from ..models.settings import Settings
from ..store.store import cache_key
from .assets import Candidate, Fallbacks, PartKind, Source, Tools, choices
from .output import Output

T = TypeVar("T")


@dataclass
class LessonContext:
    """Where the sections of one lesson are made: the lesson, its folder, and what they share.

    slots: the lesson's section workers. notes: sentences for the lesson's report. stop: the
    failure after which no section may begin, with on_failure="stop". run: the number of the
    lesson's run in the journal. worked: seconds of each finished piece of work, by section and
    step. calling: sections that may still call providers; calls_over is called when none does
    any more. falls: who took whose place.
    """

    position: int
    lesson: Lesson
    output: Output
    settings: Settings
    tools: Tools
    slots: anyio.CapacityLimiter
    started: float
    notes: list[str] = field(default_factory=list)
    stop: SectionError | None = None
    run: int | None = None
    worked: dict[tuple[int | None, Step], list[float]] = field(default_factory=dict)
    calling: int = 0
    calls_over: Callable[[], None] = lambda: None
    falls: Fallbacks = field(default_factory=Fallbacks)

    @property
    def frame(self) -> Frame:
        """How every clip of the lesson is made."""
        s = self.settings
        return Frame(size=s.size, fps=s.fps, gap=s.gap, fit=s.fit, motion=s.motion)

    async def passed(self) -> None:
        """Wait while the run is held. Raises CancelledError where nothing more may begin."""
        await self.tools.reins.passed()
        if self.stop is not None:
            raise asyncio.CancelledError

    def called(self) -> None:
        """Say that a section calls no provider any more."""
        self.calling -= 1
        if self.calling == 0:
            self.calls_over()

    def choices(self, kind: PartKind, index: int) -> tuple[Candidate, ...]:
        """Who may make the image or the narration of the section at `index`, in order."""
        tools = self.tools
        sources: Sequence[Source[Any]] = tools.images if kind == "image" else tools.voice
        return choices(kind, self.lesson, index, self.settings, sources, tools.own)

    @property
    def ending(self) -> bool:
        """Whether nothing more may begin."""
        return self.stop is not None or self.tools.reins.stop is not None

    def met(self, error: BaseException) -> None:
        """Take note of an error. Where a disk is full, the whole run begins nothing more: what
        would be made is paid for and lost.
        """
        if disk_is_full(error):
            self.tools.reins.end(
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

    def key(self, kind: str, shape: Mapping[str, Any]) -> str:
        """The key of an asset of this shape. Notes that the lesson needs it, so that nobody
        prunes it until it is finished. Blocks.
        """
        key = cache_key(kind, shape)
        if self.run is not None and self.tools.store.keeps:
            self.tools.store.journal.need(self.run, [key])
        return key

    @contextmanager
    def working(self, section: int | None, step: Step, by: str) -> Iterator[None]:
        """Tell of a piece of work, from the moment when it no longer waits."""
        began, piece = self.now(), next(self.tools.pieces)
        self.tell(WorkStarted(began, self.position, section, step, by, piece))
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
            self.tell(WorkEnded(now, self.position, section, step, by, piece, outcome, now - began))

    @property
    def name_in_journal(self) -> str:
        """The lesson's file, wherever the program stands; a name that is no text as such."""
        path = str(self.lesson.path.absolute())
        return path.encode("utf-8", "backslashreplace").decode()

    def scratch(self, name: str) -> Path:
        """Where to write a file that is to be kept: in the store, or beside `name`."""
        store = self.tools.store
        return store.scratch(Path(name).suffix) if store.keeps else self.output.scratch(name)

    async def written(
        self, scratch: Path, call: Callable[..., T], /, *arguments: Any, **named: Any
    ) -> T:
        """Call what writes the file `scratch`, where blocking is allowed. Of a call that goes on
        although the run was cancelled nothing is left.
        """
        return await self.tools.aside(self.output.filled, scratch, call, *arguments, **named)

    def now(self) -> float:
        """Seconds since the run began."""
        return self.tools.clock() - self.started

    def hear(self, event: Event) -> None:
        """Take what concerns the whole run, such as a note of the store, into the report."""
        if isinstance(event, Noticed) and event.lesson is None and event.message not in self.notes:
            self.notes.append(event.message)

    def tell(self, event: Event) -> None:
        """Pass an event on."""
        self.tools.events.tell(event)
