"""Lessons and stand-ins that take no time, for tests of order, counts and virtual time."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import anyio

from vidkit.core.loop import run_virtually
from vidkit.events import Event, Events
from vidkit.media import Clip, Joined
from vidkit.models import Settings
from vidkit.pipeline import Batch, Job, Media, RunInThread, Runtime, Source, run_directly, ungated
from vidkit.providers import Request
from vidkit.providers.simulated import Simulated


def written(
    folder: Path, name: str = "lesson", sections: int | list[dict[str, Any]] = 3, **more: Any
) -> Path:
    """A lesson on disk: so many sections that can be told apart, or those that are given."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    if isinstance(sections, int):
        sections = [
            {"image_description": f"{name} picture {i}", "content": f"{name} words {i}."}
            for i in range(sections)
        ]
    path.write_text(json.dumps({"sections": sections, **more}), "utf-8")
    return path


class NoMedia:
    """Work on media that takes no time and leaves empty files; `changed` takes the place of some
    of it.
    """

    def __init__(self, **changed: Any) -> None:
        vars(self).update(changed)

    def check_picture(self, data: bytes, name: str) -> None:
        """Nothing is wrong with it."""

    def check_sound(self, data: bytes, name: str) -> None:
        """Nothing is wrong with it."""

    def find_speech(self, data: bytes, name: str) -> dict[str, Any]:
        """Nothing is to be said of it."""
        return {}

    def make_clip(self, picture: Any, narration: Any, out: Path, frame: Any, **how: Any) -> Clip:
        out.write_bytes(b"clip")
        return Clip(path=out, seconds=1.0, frames=24, samples=48_000, speech=(0.0, 1.0))

    def apply_effects(self, clip: Path, effects: Any, out: Path, frame: Any) -> Clip:
        return self.make_clip(clip, None, out, frame)

    def make_seam(self, before: Path, after: Path, out: Path, frame: Any) -> None:
        out.write_bytes(b"seam")

    def join_clips(self, clips: Sequence[Path], out: Path, frame: Any, **how: Any) -> Joined:
        out.write_bytes(b"\n".join(path.name.encode() for path in clips))
        return Joined(float(len(clips)), tuple(float(i) for i in range(len(clips))))

    def poster(self, clip: Path) -> bytes:
        return b"poster"

    def contact_sheet(self, *of: Any) -> bytes:
        return b"sheet"

    def section_starts(self, clips: Sequence[Clip]) -> tuple[float, ...]:
        return tuple(float(i) for i in range(len(clips)))


class Rehearsal:
    """A run under a virtual clock; keeps its events and its batch to look at."""

    def __init__(
        self,
        settings: Settings | None = None,
        images: Any = None,
        voice: Any = None,
        media: Media | None = None,
        gates: tuple[Request, Request] = (ungated, ungated),
    ) -> None:
        self.settings = settings or Settings()
        self.images = images or Simulated(latency=15, seconds=0.1)
        self.voice = voice or Simulated(latency=15, seconds=0.1)
        self.media: Media = media or NoMedia()
        self.gates = gates
        self.events: list[Event] = []
        self.seconds = 0.0

    def make(self, jobs: Iterable[Job]) -> Any:
        """Make all jobs; gives the `BatchReport`."""
        return run_virtually(self._make(jobs))

    async def _make(self, jobs: Iterable[Job], run_in_thread: RunInThread = run_directly) -> Any:
        loop = asyncio.get_running_loop()
        events = Events()
        events.subscribe(self.events.append)
        runtime = Runtime(
            images=[Source(self.images, self.gates[0])],
            voice=[Source(self.voice, self.gates[1])],
            media=self.media,
            card=lambda *_: b"card",
            run_in_thread=run_in_thread,
            cores=anyio.CapacityLimiter(2),
            clock=loop.time,
            events=events,
        )
        self.batch = Batch(self.settings, runtime)
        report = await self._carried_out(self.batch, jobs)
        self.seconds = loop.time()
        return report

    async def _carried_out(self, batch: Batch, jobs: Iterable[Job]) -> Any:
        """Make the batch; a rehearsal of something that goes beside it begins it here."""
        return await batch.make(jobs)

    def told(self, kind: type[Event]) -> list[Any]:
        """The events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]


class Held(Simulated):
    """A provider whose calls wait until they are let go, so that a test waits for an event and
    not for the clock.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        self._free = threading.Semaphore(0)
        self._open = False

    def let_go(self, calls: int) -> None:
        """Let so many of the calls end that are under way, or come next."""
        self._free.release(calls)

    def open(self) -> None:
        """Let all calls end."""
        self._open = True

    async def _call(self, kind: str, text: str) -> None:
        self.calls += 1
        self.under_way += 1
        self.peak = max(self.peak, self.under_way)
        try:
            # polled, since it is let go from another thread
            while not self._open and not self._free.acquire(blocking=False):  # noqa: ASYNC110
                await asyncio.sleep(0.002)
        finally:
            self.under_way -= 1
