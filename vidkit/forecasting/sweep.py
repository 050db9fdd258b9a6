"""All worker counts at once: the whole surface, and the point from which more is of no use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import SettingsError
from ..settings import MOST_WORKERS, Settings, whole
from ..showing import Page, Shown
from ..timeline.scene import Scene
from ..timeline.svg import drawn, fluid
from ..wording import count, took
from .bound import bounds
from .forecast import Forecast, prepared, told
from .picture import Column, in_times, laid_out
from .picture import told as in_words
from .reading import Given, PerMinute
from .rehearsal import Rehearsal
from .seconds import Seconds

ENOUGH = 0.05
"""How much longer than the best a run may take whose worker counts are called enough."""


@dataclass(frozen=True, repr=False)
class Sweep(Shown):
    """Forecasts for all worker counts, by (sections of a lesson, videos) at once.

    apart: those counts that differ from each other, as there is enough to do for all workers.
    best: the quickest. knee: the one with the fewest workers that is within 5 % of it, and of
    those the one with the fewest videos. reason: why more workers are of no use, in words.
    """

    forecasts: Mapping[tuple[int, int], Forecast]
    apart: frozenset[tuple[int, int]]
    best: Forecast
    knee: Forecast
    reason: str

    @property
    def settings(self) -> Settings:
        """The settings of the knee, to run with."""
        return self.knee.settings

    @property
    def alone(self) -> Forecast:
        """The forecast with the fewest workers: what others are measured against."""
        return self.forecasts[min(self.forecasts, key=lambda at: (at[0] * at[1], at))]

    def speedup(self, sections: int, videos: int = 1) -> float:
        """How many times as fast as with the fewest workers."""
        return self.alone.seconds / max(self.forecasts[sections, videos].seconds, 1e-9)

    def svg(self, width: int = 960) -> str:
        """The surface as an SVG element, `width` pixels wide where there is room for it: a row
        for each number of videos, a column for each number of sections at once.
        """
        return drawn(self._scene(width))

    def png(self, width: int = 960, dark: bool = False) -> bytes:
        """The same picture as a PNG, with two pixels for each of the `width`."""
        from ..timeline.png import drawn

        return drawn(self._scene(width), dark)

    def _scene(self, width: int) -> Scene:
        return laid_out(self._columns(), width, repr(self))

    def _columns(self) -> dict[tuple[int, int], Column]:
        shown = {place: f for place, f in self.forecasts.items() if place in self.apart}
        return columns(shown, self.alone, self.best, self.knee)

    def _page(self) -> Page:
        slow, best = self.alone, self.best
        return Page(
            head=f"{count(slow.lessons, 'lesson')}, {count(slow.sections, 'section')}, "
            f"{len(self.forecasts)} settings: from {took(slow.seconds)} with {_at(slow)} "
            f"to {took(best.seconds)} with {_at(best)}",
            lines=(f"enough: {_at(self.knee)}, {took(self.knee.seconds)}; {self.reason}",),
            drawing=self._scene,
        )


def sweep(
    lessons: Given | Iterable[Given],
    settings: Settings | None = None,
    sections: Iterable[int] = range(1, 13),
    videos: Iterable[int] = range(1, 5),
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
) -> Sweep:
    """Forecasts for all of these worker counts: how many sections and videos at once are enough.

    sections, videos: the counts to try. Further arguments as in `forecast`.
    """
    tall, wide = _counts("sections", sections), _counts("videos", videos)
    rehearsal, chosen = prepared(
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
    return swept(rehearsal, chosen, [(s, v) for v in wide for s in tall])


def curve(
    forecasts: Mapping[tuple[int, int], Forecast], alone: Forecast, row: Sequence[int], at: Forecast
) -> str:
    """How many times as fast as `alone` each number of sections in `row` is, as a page: of the
    forecasts that are there, by (sections, videos). `at` is the one that is chosen.
    """
    videos = at.settings.video_workers
    there = {place: f for place, f in forecasts.items() if place[1] == videos}
    quick = min(there.values(), key=lambda f: f.seconds, default=at)
    best = knee = None
    if all((sections, videos) in there for sections in row):
        near = [f for f in there.values() if f.seconds <= (1 + ENOUGH) * quick.seconds]
        best, knee = quick, min(near, key=_workers)
    words = f"{in_times(alone.seconds / max(at.seconds, 1e-9))} as fast as one section at a time"
    return fluid(laid_out(columns(there, alone, best, knee, at), 860, words, row))


def columns(
    forecasts: Mapping[tuple[int, int], Forecast],
    alone: Forecast,
    best: Forecast | None,
    knee: Forecast | None,
    chosen: Forecast | None = None,
) -> dict[tuple[int, int], Column]:
    """Forecasts, by (sections, videos), as the columns of a picture, measured against `alone`."""
    fewest = alone.settings.section_workers * alone.settings.video_workers
    return {
        (sections, videos): Column(
            times := alone.seconds / max(each.seconds, 1e-9),
            sections * videos / fewest,
            in_words(sections, videos, each.seconds, times, each.limit),
            near=best is not None and each.seconds <= (1 + ENOUGH) * best.seconds,
            knee=each is knee,
            chosen=chosen is not None and each.settings == chosen.settings,
        )
        for (sections, videos), each in forecasts.items()
    }


def swept(rehearsal: Rehearsal, settings: Settings, places: Sequence[tuple[int, int]]) -> Sweep:
    """The sweep over these worker counts, (sections, videos)."""
    load = rehearsal.load
    most = max(map(len, load.lessons)), len(load.lessons)
    # workers beyond what there is to do change nothing, and are not tried again
    same = {place: (min(place[0], most[0]), min(place[1], most[1])) for place in places}
    tried = list(dict.fromkeys(same.values()))
    outcomes = dict(zip(tried, rehearsal.run_all([_with(settings, p) for p in tried]), strict=True))
    forecasts = {
        place: told(rehearsal, _with(settings, place), *outcomes[same[place]]) for place in places
    }
    best = min(forecasts.values(), key=lambda f: (round(f.seconds, 6), *_workers(f)))
    near = [f for f in forecasts.values() if f.seconds <= (1 + ENOUGH) * best.seconds]
    knee = min(near, key=_workers)
    apart = frozenset({one: place for place, one in reversed(same.items())}.values())
    return Sweep(forecasts, apart, best, knee, _reason(rehearsal, knee, best, places, most))


def _with(settings: Settings, place: tuple[int, int]) -> Settings:
    return settings.with_(section_workers=place[0], video_workers=place[1])


def _workers(forecast: Forecast) -> tuple[int, int]:
    s = forecast.settings
    return s.section_workers * s.video_workers, s.video_workers


def _reason(
    rehearsal: Rehearsal,
    knee: Forecast,
    best: Forecast,
    places: Sequence[tuple[int, int]],
    most: tuple[int, int],
) -> str:
    """Why more workers than those of the knee are of no use, or that nobody tried.

    most: the sections and videos that there are to be made at once.
    """
    used = knee.settings.section_workers, knee.settings.video_workers
    for i, name in enumerate(("sections", "videos")):
        tried = max(place[i] for place in places)
        if used[i] == tried < most[i]:
            return f"more {name} at once than the {tried} that were tried may be quicker still"
    limits = bounds(rehearsal.load, best.settings, rehearsal.cores)
    return f"beyond that the limit is {next(b.limit for b in limits if not b.workers)}"


def _at(forecast: Forecast) -> str:
    s = forecast.settings
    return f"{count(s.section_workers, 'section')} × {count(s.video_workers, 'video')} at once"


def _counts(name: str, numbers: Iterable[int]) -> list[int]:
    try:
        given = sorted(set(numbers))
    except TypeError:
        given = []
    if not given:
        raise SettingsError(f"{name} is {numbers!r}; give worker counts, such as range(1, 13)")
    for number in given:
        whole(name, number, 1, MOST_WORKERS)
    return given
