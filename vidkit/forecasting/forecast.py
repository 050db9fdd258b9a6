"""What a run would come to before anything is spent: its time, its calls, its cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..core.events import Event
from ..core.format import count, took
from ..core.system import usable_cores
from ..models.settings import Settings, settled, whole
from ..pipeline.workload import bounds, dollars
from ..report.html import Page, Shown
from ..report.timeline import Timeline
from .simulation import RequestCounts, Simulation
from .workload import Given, PerMinute, Seconds, load_of


@dataclass(frozen=True, repr=False)
class Forecast(Shown):
    """What a run with these settings would come to.

    seconds: until the last video is there. at_least: no run with these settings is quicker, and
    limit says why, in words: "the longest section", "50 image requests a minute". calls:
    requests to providers; rejected: those of them that were one too many (429); peak: the most
    under way at once. dollars: what they cost, None where a price is unknown. events: those of
    the run, in virtual seconds.
    """

    settings: Settings
    lessons: int
    sections: int
    seconds: float
    at_least: float
    limit: str
    calls: int
    rejected: int
    peak: int
    dollars: float | None
    events: tuple[Event, ...] = field(default=(), compare=False)

    @cached_property
    def timeline(self) -> Timeline:
        """Every call as a bar on its lane, waiting apart from working."""
        return Timeline.from_events(self.events)

    def _page(self) -> Page:
        s = self.settings
        cost = "price unknown" if self.dollars is None else f"${self.dollars:.2f}"
        wasted = f", {self.rejected} of them one too many (429)" if self.rejected else ""
        return Page(
            head=f"{count(self.lessons, 'lesson')}, {count(self.sections, 'section')}, "
            f"{count(s.video_workers, 'video')} × {count(s.section_workers, 'section')} at once: "
            f"{took(self.seconds)}",
            lines=(
                f"at least {took(self.at_least)}, for {self.limit}",
                f"{count(self.calls, 'call')}{wasted}, at most {self.peak} at once, {cost}",
            ),
            timeline=self.timeline if self.events else None,
        )


def forecast(
    lessons: Given | Iterable[Given],
    settings: Settings | None = None,
    *,
    image_s: Seconds | None = None,
    voice_s: Seconds | None = None,
    clip_s: Seconds | None = None,
    join_s: float | None = None,
    per_minute: PerMinute | None = None,
    from_run: object = None,
    cores: int | None = None,
    seed: int = 0,
    **changes: Any,
) -> Forecast:
    """What making `lessons` would take, before anything is called: the same pipeline and the
    same gate as in a run, in virtual time.

    lessons: a lesson, its file, a folder of them, a number of sections, or several of these:
    `forecast([12] * 8)` is for eight lessons of twelve sections.
    image_s, voice_s: seconds of one call; clip_s: of a core's work on a clip. Each is a number,
    (mean, standard deviation), or a function from a `Section` to seconds.
    join_s: a core's seconds to join a lesson.
    per_minute: requests that the provider of images, and that of speech, bears in a minute;
    {"image": 50} is for one of them.
    from_run: where no seconds are given they are those of an earlier run: its report, the
    folder of its output, or the journal of a store.
    cores: of the machine; None is as many as this one lends. seed: of all that is by chance.
    Further keywords are settings.

    What nobody says is what such a provider usually takes. Everything counts as not yet made,
    every call as answered in the end, and a budget as enough. Raises `SettingsError` for a
    faulty argument, `LessonError` for a faulty lesson.
    """
    simulation, chosen = prepared(
        lessons,
        settings,
        image_s=image_s,
        voice_s=voice_s,
        clip_s=clip_s,
        join_s=join_s,
        per_minute=per_minute,
        from_run=from_run,
        cores=cores,
        seed=seed,
        **changes,
    )
    return forecast_of(simulation, chosen)


def prepared(
    lessons: Given | Iterable[Given],
    settings: Settings | None = None,
    *,
    image_s: Seconds | None = None,
    voice_s: Seconds | None = None,
    clip_s: Seconds | None = None,
    join_s: float | None = None,
    per_minute: PerMinute | None = None,
    from_run: object = None,
    cores: int | None = None,
    seed: int = 0,
    **changes: Any,
) -> tuple[Simulation, Settings]:
    """What is to be rehearsed, and the settings. Arguments as in `forecast`."""
    # what is there already counts as not there, and effects and budgets change no time
    chosen = settled(settings, changes)
    chosen = chosen.with_(effects={}, force=None, budget=None)
    if cores is not None:
        whole("cores", cores, 1, 4096)
    seconds = {"image": image_s, "audio": voice_s, "clip": clip_s}
    load = load_of(lessons, chosen, seconds, join_s, per_minute, from_run, seed)
    return Simulation(load, cores or usable_cores(), seed), chosen


def forecast_of(simulation: Simulation, settings: Settings, *, watched: bool = True) -> Forecast:
    """The forecast for these settings; with its events, unless nobody watched."""
    events: list[Event] = []
    seconds, counts = simulation.run(settings, *([events.append] if watched else []))
    return forecast_from(simulation, settings, seconds, counts, tuple(events))


def forecast_from(
    simulation: Simulation,
    settings: Settings,
    seconds: float,
    counts: RequestCounts,
    events: tuple[Event, ...] = (),
) -> Forecast:
    """What came of a simulation, as a forecast."""
    load = simulation.load
    bound = bounds(load, settings, simulation.cores)[0]
    sections = [section for lesson in load.asked(settings) for section in lesson]
    return Forecast(
        settings=settings,
        lessons=len(load.lessons),
        sections=len(sections),
        seconds=seconds,
        at_least=bound.seconds,
        limit=bound.limit,
        calls=counts.calls,
        rejected=counts.rejected,
        peak=counts.peak,
        dollars=dollars(sections),
        events=events,
    )
