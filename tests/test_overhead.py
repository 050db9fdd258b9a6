"""What a call costs beside the call, in counts: steps of Python, looks into threads, events."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import anyio
import pytest
from stand_ins import NoMedia, written

from vidkit.core.loop import run_virtually
from vidkit.events import Event, Events
from vidkit.forecasting.simulation import NullOutput
from vidkit.models import Settings
from vidkit.pipeline import Batch, Job, Runtime, Source, run_directly
from vidkit.providers import Narration, Picture
from vidkit.providers.limiter import RateLimiter
from vidkit.store import Store


class Instant:
    """A provider that answers at once."""

    name = "instant"
    places = None
    price = 0.0

    def shape(self, ask: Any) -> dict[str, Any]:
        return {"text": getattr(ask, "description", None) or ask.text}

    async def draw(self, ask: Any, request: Any) -> Picture:
        return Picture(await request(lambda: self._answer(ask.description)))

    async def speak(self, ask: Any, request: Any) -> Narration:
        return Narration(await request(lambda: self._answer(ask.text)))

    async def _answer(self, text: str) -> bytes:
        return text.encode()


class Nowhere(NullOutput):
    """A folder that is not there, with one file for all that would be in it."""

    def scratch(self, name: str) -> Path:
        return self.folder / "scratch"


class Count:
    """What one lesson of so many sections took: steps, hops to threads by call, events."""

    def __init__(self, folder: Path, sections: int, store: Store) -> None:
        folder.mkdir(exist_ok=True)
        self.steps = 0
        self.threads: Counter[str] = Counter()
        self.events: Counter[str] = Counter()
        lesson = written(folder, f"lesson {sections}", sections)
        run_virtually(self._make(lesson, sections, folder, store))

    async def _make(self, lesson: Path, sections: int, folder: Path, store: Store) -> None:
        events = Events()
        events.subscribe(self._on_event)
        runtime = Runtime(
            images=[Source(Instant(), RateLimiter("images"))],
            voice=[Source(Instant(), RateLimiter("voice"))],
            media=NoMedia(),
            run_in_thread=self._run_in_thread,
            cores=anyio.CapacityLimiter(2),
            clock=asyncio.get_running_loop().time,
            store=store,
            events=events,
            output=Nowhere,
        )
        batch = Batch(Settings(section_workers=8), runtime)
        sys.setprofile(self._step)
        try:
            report = await batch.make([Job(lesson, folder)])
        finally:
            sys.setprofile(None)
        assert report.made

    async def _run_in_thread(self, call: Any, /, *args: Any, **kwargs: Any) -> Any:
        self.threads[call.__name__] += 1
        return await run_directly(call, *args, **kwargs)

    def _on_event(self, event: Event) -> None:
        self.events[type(event).__name__] += 1

    def _step(self, frame: Any, what: str, _: Any) -> None:
        self.steps += what == "call"


def test_a_call_takes_few_steps_and_no_more_in_a_long_lesson(tmp_path: Path) -> None:
    """Through pipeline and gate, a call enters some hundreds of functions, clip and captions of
    its section included, and as many in a lesson of four hundred sections as in one of forty.
    """
    Count(tmp_path / "first", 1, Store.null())  # imports what is imported when it is needed
    short = Count(tmp_path / "short", 40, Store.null()).steps / 80
    long = Count(tmp_path / "long", 400, Store.null()).steps / 800
    assert short < 1_100
    assert long == pytest.approx(short, rel=0.1)


def test_a_section_tells_thirteen_events(tmp_path: Path) -> None:
    """Three steps with a piece of work each, begun and ended, and the section's end."""
    told = Count(tmp_path, 50, Store.null()).events
    assert {name: number / 50 for name, number in told.items() if number >= 50} == {
        "StepStarted": pytest.approx(3, abs=0.1),
        "StepEnded": pytest.approx(3, abs=0.1),
        "WorkStarted": pytest.approx(3, abs=0.1),
        "WorkEnded": pytest.approx(3, abs=0.1),
        "SectionEnded": 1,
    }


def test_a_section_blocks_elsewhere_no_more_often_than_it_must(
    tmp_path: Path, own_store: Path
) -> None:
    """Each of the three pieces of a section is looked for in one hop to a thread, and kept and
    copied in another, with a store and without; the clip is cut in a third.
    """
    without = Count(tmp_path / "a", 50, Store.null()).threads
    with Store(own_store / "count") as store:
        kept = Count(tmp_path / "b", 50, store).threads
    for threads in (without, kept):
        assert {threads[name] // 50 for name in ("begin", "keep")} == {3}, threads
        assert sum(threads.values()) / 50 < 8, threads


def test_an_output_that_is_not_there_writes_nothing(tmp_path: Path) -> None:
    """Nor a report, whether it was claimed or not."""
    output = NullOutput(tmp_path / "out")
    output.write_report({"vidkit": "1"})
    output.claim([0], {"vidkit": "1"})
    output.write_report({"vidkit": "1"})
    assert not list(tmp_path.iterdir())
