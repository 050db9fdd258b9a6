"""What watching costs: `python tests/bench/timeline.py`.

A run of 60 sections, 8 at once, in virtual time, watched by the timeline and the meters at 10 Hz;
then a batch of 1,000 lessons. Prints processor time, and what is sent to the page.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from stand_ins import Rehearsal, written
from test_timeline import a_long_run

from vidkit.events import Event
from vidkit.models import Settings
from vidkit.pipeline import Job
from vidkit.providers.simulated import Simulated
from vidkit.report import Timeline as Bars
from vidkit.studio import Meters, Timeline


def a_run(folder: Path, sections: int) -> list[Event]:
    """The events of a lesson in virtual time."""
    maker = Simulated(latency=6, spread=0.5, seconds=0.1)
    rehearsal = Rehearsal(Settings(section_workers=8), images=maker)
    rehearsal.make([Job(written(folder, sections=sections), folder / "out")])
    return rehearsal.events


def watched(events: list[Event]) -> None:
    """Feed the panels as a run does, painting every tenth of a second."""
    now, sent, heard, spent = 0.0, 0, 0, 0.0

    def count(change: dict[str, Any]) -> None:
        nonlocal sent
        sent += len(json.dumps(change["new"]))

    panels = (Timeline(lambda: now), Meters(Settings(section_workers=8)))
    for panel in panels:
        panel.widget.observe(count, panel.component)
    while heard < len(events):
        now += 0.1
        began = time.process_time()
        while heard < len(events) and events[heard].at <= now:
            for panel in panels:
                panel.on_event(events[heard])
            heard += 1
        for panel in panels:
            panel.paint()
        spent += time.process_time() - began
    print(
        f"60 sections in {now:.0f} s: {100 * spent / now:.2f} % of a core, "
        f"{sent / now / 1000:.0f} KB/s to the page"
    )


def long_batch() -> None:
    """A thousand lessons: what is kept, and what a picture of it takes."""
    events = a_long_run(1000)
    began = time.process_time()
    bars = Bars.from_events(events)
    each = (time.process_time() - began) / len(events)
    print(f"1000 lessons: {each * 1e6:.1f} µs an event, {len(bars.bars)} bars kept")
    for form in ("html", "png"):
        began = time.process_time()
        size = len(getattr(bars, form)())
        spent = time.process_time() - began
        print(f"  {form}: {spent * 1000:.0f} ms, {size / 1000:.0f} KB")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        watched(a_run(Path(folder), 60))
    long_batch()
