"""Lessons and stand-ins that take no time, for tests of order, counts and virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import anyio

from vidkit.core.loop import virtually
from vidkit.events import Event, Events
from vidkit.media import Clip, Joined
from vidkit.models import Settings
from vidkit.pipeline import Aside, Batch, Editor, Job, Source, Tools, directly, straight
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


def no_editor() -> Editor:
    """An editor whose work takes no time and leaves empty files."""

    def clip(picture: Any, narration: Any, out: Path, frame: Any, **how: Any) -> Clip:
        out.write_bytes(b"clip")
        return Clip(path=out, seconds=1.0, frames=24, samples=48_000, speech=(0.0, 1.0))

    def join(clips: Sequence[Path], out: Path, frame: Any, **how: Any) -> Joined:
        out.write_bytes(b"\n".join(path.name.encode() for path in clips))
        return Joined(float(len(clips)), tuple(float(i) for i in range(len(clips))))

    return Editor(
        check_picture=lambda data, name: None,
        check_sound=lambda data, name: None,
        card=lambda heading, line, size: b"card",
        clip=clip,
        effects=clip,
        seam=lambda before, after, out, frame: out.write_bytes(b"seam"),
        join=join,
        poster=lambda *what: b"poster",
        sheet=lambda *what: b"sheet",
        starts=lambda clips: tuple(float(i) for i in range(len(clips))),
    )


class Rehearsal:
    """A run under a virtual clock; keeps its events and its tools to look at."""

    def __init__(
        self,
        settings: Settings | None = None,
        images: Any = None,
        voice: Any = None,
        editor: Editor | None = None,
        gates: tuple[Request, Request] = (straight, straight),
    ) -> None:
        self.settings = settings or Settings()
        self.images = images or Simulated(latency=15, seconds=0.1)
        self.voice = voice or Simulated(latency=15, seconds=0.1)
        self.editor = editor or no_editor()
        self.gates = gates
        self.events: list[Event] = []
        self.seconds = 0.0

    def make(self, jobs: Iterable[Job]) -> Any:
        """Make all jobs; gives the `BatchReport`."""
        return virtually(self._make(jobs))

    async def _make(self, jobs: Iterable[Job], aside: Aside = directly) -> Any:
        loop = asyncio.get_running_loop()
        events = Events()
        events.subscribe(self.events.append)
        tools = Tools(
            images=[Source(self.images, self.gates[0])],
            voice=[Source(self.voice, self.gates[1])],
            editor=self.editor,
            aside=aside,
            cores=anyio.CapacityLimiter(2),
            clock=loop.time,
            events=events,
        )
        self.batch = Batch(self.settings, tools)
        report = await self._carried_out(self.batch, jobs)
        self.seconds = loop.time()
        return report

    async def _carried_out(self, batch: Batch, jobs: Iterable[Job]) -> Any:
        """Make the batch; a rehearsal of something that goes beside it begins it here."""
        return await batch.make(jobs)

    def told(self, kind: type[Event]) -> list[Any]:
        """The events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]
