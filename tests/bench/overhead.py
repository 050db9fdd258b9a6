"""What a call costs beside the call: processor time of pipeline and gate for ten thousand calls
that take no time.

    python tests/bench/overhead.py [--calls N] [--profile]

Every call passes the whole pipeline (section, choice of provider, bill, events, report) and a
gate that feels its way; the clip is cut by a stand-in, and the store is off. `alone` has no folder
and nobody who listens; `watched` has a timeline and three listeners; `in threads` has the
timeline, writes its outputs to a folder and crosses to a thread wherever a run does.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]
# ruff: noqa: E402 - the folders above come first

from stand_ins import NoMedia

from vidkit.events import Events
from vidkit.forecasting.simulation import NullOutput
from vidkit.media import Clip, Joined
from vidkit.models import Lesson, Section, Settings
from vidkit.pipeline import Batch, Job, Runtime, Source, run_directly
from vidkit.pipeline.output import Output
from vidkit.providers import ImageAsk, Narration, Picture, VoiceAsk
from vidkit.providers.limiter import RateLimiter
from vidkit.store import Store

SECTIONS = 50


class Instant:
    """A provider that answers at once."""

    name = "instant"
    places = None
    price = 0.0

    def shape(self, ask: ImageAsk | VoiceAsk) -> Mapping[str, Any]:
        return {"text": ask.description if isinstance(ask, ImageAsk) else ask.text}

    async def draw(self, ask: ImageAsk, request: Any) -> Picture:
        return Picture(await request(lambda: self._answer(ask.description)))

    async def speak(self, ask: VoiceAsk, request: Any) -> Narration:
        return Narration(await request(lambda: self._answer(ask.text)))

    async def _answer(self, text: str) -> bytes:
        return text.encode()


def lessons(calls: int) -> list[Lesson]:
    """So many lessons that each section's two parts are `calls` together."""
    return [
        Lesson(
            path=Path(f"lesson {n}.json"),
            sections=tuple(
                Section(image_description=f"picture {n}.{i}", content=f"words {n}.{i}")
                for i in range(SECTIONS)
            ),
        )
        for n in range(calls // (2 * SECTIONS))
    ]


async def run(calls: int, listeners: int, folder: Path | None) -> float:
    """Processor seconds for so many calls."""
    events = Events()
    for _ in range(listeners):
        events.subscribe(lambda event: None)
    runtime = Runtime(
        images=[Source(Instant(), RateLimiter("images"))],
        voice=[Source(Instant(), RateLimiter("voice"))],
        media=media(),
        run_in_thread=run_directly if folder is None else asyncio.to_thread,
        cores=anyio.CapacityLimiter(2),
        clock=asyncio.get_running_loop().time,
        store=Store.null(),
        events=events,
        output=NoWrites if folder is None else Output,
        **({} if listeners or folder else {"timeline": None}),
    )
    jobs = [
        Job(lesson, (folder or Path("/nowhere")) / lesson.path.stem) for lesson in lessons(calls)
    ]
    began = time.process_time()
    report = await Batch(Settings(section_workers=8), runtime).make(jobs)
    took = time.process_time() - began
    assert report.made, report
    return took


class NoWrites(NullOutput):
    """A folder that is not there; this file stands for all that would be in it."""

    def scratch(self, name: str) -> Path:
        return Path(__file__)


def media() -> NoMedia:
    """One that does nothing where nothing is written."""

    def clip(picture: Any, narration: Any, out: Path, *_: Any, **how: Any) -> Clip:
        if not out.exists():
            out.write_bytes(b"clip")
        return Clip(path=out, seconds=1.0, frames=24, samples=48_000, speech=(0.0, 1.0))

    def join(clips: Any, out: Path, *_: Any, **how: Any) -> Joined:
        if not out.exists():
            out.write_bytes(b"video")
        return Joined(float(len(clips)), ())

    return NoMedia(make_clip=clip, join_clips=join)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    if given.profile:
        profile = cProfile.Profile()
        profile.runcall(lambda: asyncio.run(run(given.calls, 0, None)))
        pstats.Stats(profile).sort_stats("tottime").print_stats(35)
        return
    print(f"{given.calls} calls of no latency, store off: processor time of each")
    for name, listeners, threads in (
        ("alone", 0, False),
        ("watched", 3, False),
        ("in threads", 0, True),
    ):
        took = []
        for _ in range(3):
            with tempfile.TemporaryDirectory() as folder:
                took.append(
                    asyncio.run(run(given.calls, listeners, Path(folder) if threads else None))
                )
        print(f"  {name:12} {min(took) / given.calls * 1000:.3f} ms")


if __name__ == "__main__":
    main()
