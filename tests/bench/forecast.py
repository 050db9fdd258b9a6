"""Forecasts beside real runs on a real clock, and how long a forecast and a sweep take.

    python tests/bench/forecast.py [--image 2] [--voice 0.8] [--limit 20] [--speed]

Four lessons of five to seven sections are made for real, by the simulated providers, at ten
settings, without and with a limit of so many requests a minute, and each is forecast with the
seconds that its clips and joins took. `--speed` leaves the real runs out.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from stand_ins import written

from vidkit import forecast, process_all_videos, sweep
from vidkit.events import Event, LessonEnded, WorkEnded, WorkStarted
from vidkit.providers.simulated import Simulated

SIZES = (7, 5, 6, 6)
TEN_SETTINGS = [(1, 1), (1, 2), (1, 4), (1, 8), (2, 2), (2, 4), (2, 6), (3, 5), (4, 4), (4, 8)]


def lessons(folder: Path) -> list[Path]:
    """The lessons as files."""
    return [written(folder, f"lesson {number}", size) for number, size in enumerate(SIZES)]


def compared(videos: int, sections: int, image: float, voice: float, limit: float | None) -> float:
    """Make them, forecast that, print both; gives the forecast over the run."""
    events: list[Event] = []
    makers = [Simulated(latency=image, per_minute=limit)]
    makers.append(Simulated(latency=voice, seconds=0.5, per_minute=limit))
    workers = {"section_workers": sections, "video_workers": videos}
    with tempfile.TemporaryDirectory() as folder:
        paths = lessons(Path(folder))
        report = process_all_videos(
            paths,
            images=makers[0],
            voice=makers[1],
            size=(160, 90),
            progress=False,
            cache=False,
            listener=events.append,
            **workers,
        )
    assert report.made, report
    clips = [e.seconds for e in events if isinstance(e, WorkEnded) and e.step == "clip"]
    # from its core to the end, poster and sheet included; the quickest waited for no core
    begun = {e.lesson: e.at for e in events if isinstance(e, WorkStarted) and e.step == "join"}
    join = min(e.at - begun[e.lesson] for e in events if isinstance(e, LessonEnded))
    told = forecast(
        SIZES,
        image_s=image,
        voice_s=voice,
        clip_s=statistics.fmean(clips),
        join_s=join,
        per_minute=limit,
        **workers,
    )
    ratio = told.seconds / report.seconds
    rejected = sum(maker.rejected for maker in makers)
    print(
        f"{videos} × {sections}   run {report.seconds:6.1f} s, {rejected:2} 429s   "
        f"forecast {told.seconds:6.1f} s, {told.rejected:2} 429s   {ratio:.3f}",
        flush=True,
    )
    return ratio


def measured(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock, and of a processor."""
    began, worked = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - began, time.process_time() - worked


def speed() -> None:
    """How long a forecast of eight lessons of twelve sections takes, and a sweep of 48."""
    how = {"image_s": 15, "voice_s": 5}
    forecast([12] * 8, **how)
    took = [measured(lambda: forecast([12] * 8, **how)) for _ in range(9)]
    clock, worked = (1000 * min(each) for each in zip(*took, strict=True))
    print(f"forecast of 8 × 12: {clock:.0f} ms, {worked:.0f} of a processor")
    for limit in (None, 50):
        clock, worked = measured(partial(sweep, [12] * 8, per_minute=limit, **how))
        print(f"sweep of 48, {limit or 'no'} a minute: {clock:.2f} s, {worked:.2f} of a processor")


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--image", type=float, default=2.0)
    parser.add_argument("--voice", type=float, default=0.8)
    parser.add_argument("--limit", type=float, default=20.0)
    parser.add_argument("--only", type=int, help="one of the ten settings, from 1")
    parser.add_argument("--speed", action="store_true")
    asked = parser.parse_args()
    speed()
    if asked.speed:
        return
    settings = TEN_SETTINGS if asked.only is None else [TEN_SETTINGS[asked.only - 1]]
    for limit in (None, asked.limit):
        print(f"\n{limit or 'no'} requests a minute   videos × sections at once")
        ratios = [compared(*each, asked.image, asked.voice, limit) for each in settings]
        print(f"furthest from 1: {max(ratios, key=lambda ratio: abs(ratio - 1)):.3f}")


if __name__ == "__main__":
    main()
