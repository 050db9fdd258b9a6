"""One run in virtual time: the pipeline and the gate of every run, with stand-ins around them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import anyio

from ..events import Event, Events, Listener
from ..gate import Gate
from ..pipeline import Batch, Job, Source, Tools
from ..settings import Settings
from ..virtual import virtually_aside
from .load import Load, Provider
from .pretence import Cutting, NoFolder, NoShelf, OwnFiles, Pretender, Tally, lesson_of


@dataclass(frozen=True)
class Rehearsal:
    """Runs of one load in virtual time. cores: of the machine; seed: of the gates' chance."""

    load: Load
    cores: int
    seed: int = 0

    def run(self, settings: Settings, *listeners: Listener) -> tuple[float, Tally]:
        """Seconds that it takes, and its requests. The listeners hear its events, whose times
        are virtual.
        """
        return virtually_aside(self._run(settings, listeners))

    def run_all(self, variants: Sequence[Settings]) -> list[tuple[float, Tally]]:
        """The same of several settings, one after another."""

        async def run() -> list[tuple[float, Tally]]:
            return [await self._run(each, ()) for each in variants]

        return virtually_aside(run())

    async def _run(self, settings: Settings, listeners: Sequence[Listener]) -> tuple[float, Tally]:
        load, clock, tally = self.load, asyncio.get_running_loop().time, Tally()
        began, events, cutting = clock(), Events(), Cutting(load)
        for listener in listeners:
            events.subscribe(listener)

        def gate(provider: Provider, seed: int) -> Gate:
            feels = settings.adaptive and provider.online
            chance = Random(seed)  # noqa: S311 - spreads pauses, keeps no secret
            made = Gate(
                provider.name,
                provider.places,
                adaptive=feels,
                retry=provider.online,
                pace=settings.pace if provider.online else None,
                chance=chance,
            )
            if listeners:
                made.subscribe(lambda event: events.tell(_since(began, event)))
            return made

        tools = Tools(
            images=[Source(Pretender(load, "image", tally), gate(load.images, 2 * self.seed))],
            voice=[Source(Pretender(load, "audio", tally), gate(load.voice, 2 * self.seed + 1))],
            editor=cutting.editor,
            aside=cutting.aside,
            cores=anyio.CapacityLimiter(self.cores),
            clock=clock,
            store=NoShelf(),
            own=OwnFiles(),
            output=NoFolder,
            events=events,
            timeline=None,
        )
        jobs = [Job(lesson_of(load, i), Path(name)) for i, name in enumerate(load.names)]
        report = await Batch(settings, tools).make(jobs)
        if report.failure is not None:
            raise report.failure
        for video in report.failed:
            raise video.failure or AssertionError(str(video))
        return clock() - began, tally


def _since(began: float, event: Event) -> Event:
    return replace(event, at=event.at - began)
