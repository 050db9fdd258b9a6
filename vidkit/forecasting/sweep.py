"""All worker counts at once: the whole surface, and the point from which more is of no use."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.errors import SettingsError
from ..core.fonts import width_of
from ..core.format import count, took
from ..models.settings import MOST_WORKERS, Settings, whole
from ..pipeline.workload import bounds
from ..report.charts import GUTTER, MARGIN, legend
from ..report.drawing import SMALL, TINY, Box, Role, Scene, Shape, Sign, Text, as_png, as_svg, fluid
from ..report.html import Page, Shown
from .plan import Forecast, forecast_from, prepared
from .simulation import Simulation
from .workload import Assumptions, Given, PerMinute, Seconds

# A sweep as a picture: how many times as fast each worker count is, a column for each.
#
# A row for each number of videos at once, in it a column for each number of sections. Behind each
# stands how fast so many workers would be if nothing held them up.


HIGH = 46
"""Pixels of the highest column."""
HEAD = 16
"""Pixels above a column, for its number."""
WIDEST = 48


@dataclass(frozen=True)
class Column:
    """One pair of worker counts. `times`: how many times as fast as the fewest workers, and how
    many if nothing held them up. `near` is within 5 % of the best, `knee` has the fewest workers
    of those; `chosen` is what somebody chose. `description` says it in words.
    """

    times: float
    ideal: float
    description: str
    near: bool = False
    knee: bool = False
    chosen: bool = False


def in_times(times: float) -> str:
    """How many times as fast: "1×", "2.5×", "12×"."""
    return f"{times:.0f}×" if times >= 9.95 else f"{times:.1f}".removesuffix(".0") + "×"


def laid_out(
    columns: Mapping[tuple[int, int], Column],
    width: int,
    words: str,
    tall: Sequence[int] = (),
) -> Scene:
    """The picture of `columns`, by (sections, videos) at once, `width` pixels wide; `words` says
    what it shows. tall: the numbers of sections that there is room for, also where a column is
    still missing.
    """
    tall = tall or sorted({sections for sections, _ in columns})
    wide = sorted({videos for _, videos in columns})
    plot = (float(GUTTER), float(max(width - MARGIN, GUTTER + 20)))
    page = Scene(width, plot, description=words)
    legend(page, _kinds_of(columns.values()))
    top = max((column.times for column in columns.values()), default=1.0)
    for videos in wide:
        row = [columns.get((sections, videos)) for sections in tall]
        _row(page, videos, row, top, plot)
    _axis(page, tall, plot)
    return page


def _row(
    page: Scene,
    videos: int,
    row: Sequence[Column | None],
    top: float,
    plot: tuple[float, float],
) -> None:
    """The columns for one number of videos at once."""
    y, (left, right) = page.height, plot
    ground = y + HEAD + HIGH
    page.add(0, Box(left - 4, y, right - left + 8, HEAD + HIGH, "track", 3))
    page.put(Text(left - 12, y + (HEAD + HIGH) / 2, count(videos, "video"), "ink", SMALL, "end"))
    slot = (right - left) / len(row)
    for number, column in enumerate(row):
        if column is not None:
            _column(page, column, left + slot * (number + 0.5), ground, slot, top)
    page.height = ground + 8


def _column(page: Scene, column: Column, x: float, ground: float, slot: float, top: float) -> None:
    """One column around `x`, with its number above it."""
    wide = min(0.62 * slot, WIDEST)
    high = HIGH * column.times / top
    behind = HIGH * min(column.ideal / top, 1.0)
    fill: Role = "clip" if column.knee else "clip-soft" if column.near else "lesson-soft"
    shapes: list[Shape] = [
        Box(x - wide / 2, ground - behind, wide, behind, "line"),
        Box(x - wide / 2, ground - high, wide, high, fill),
    ]
    name = in_times(column.times)
    if width_of(name, TINY) + 4 <= slot:
        strong = column.knee or column.chosen
        y = ground - high - 7
        shapes.append(Text(x, y, name, "ink", TINY, "middle", strong))
    if column.chosen:
        shapes.append(Sign(x, ground + 4, "up", "ink", 4))
    page.add(2, *shapes, title=column.description)


def _axis(page: Scene, tall: Sequence[int], plot: tuple[float, float]) -> None:
    """The numbers of sections, below the last row."""
    left, right = plot
    slot = (right - left) / max(len(tall), 1)
    y = page.height + 5
    for number, sections in enumerate(tall):
        page.add(3, Text(left + slot * (number + 0.5), y, str(sections), "quiet", TINY, "middle"))
    page.put(Text(left - 12, y, "sections at once", "quiet", TINY, "end"))
    page.height = y + 12


def _kinds_of(columns: Collection[Column]) -> list[tuple[Shape, str]]:
    """What the colours say, those that are there."""
    near = any(column.near and not column.knee for column in columns)
    entries: list[tuple[bool, Role, str]] = [
        (any(each.knee for each in columns), "clip", "enough, with the fewest workers"),
        (near, "clip-soft", "within 5 % of the best"),
        (not all(each.near for each in columns), "lesson-soft", "slower"),
        (True, "line", "if nothing held them up"),
    ]
    return [(Box(0, -5, 14, 10, fill), name) for there, fill, name in entries if there]


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
        return as_svg(self._scene(width))

    def png(self, width: int = 960, dark: bool = False) -> bytes:
        """The same picture as a PNG, with two pixels for each of the `width`."""
        return as_png(self._scene(width), dark)

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
    said = Assumptions(image_s, voice_s, clip_s, join_s, per_minute, from_run, cores, seed)
    simulation, chosen = prepared(lessons, settings, said, changes)
    return swept(simulation, chosen, [(s, v) for v in wide for s in tall])


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
            f"{_at(each)}: {took(each.seconds)}, {in_times(times)} as fast; limit: {each.limit}",
            near=best is not None and each.seconds <= (1 + ENOUGH) * best.seconds,
            knee=each is knee,
            chosen=chosen is not None and each.settings == chosen.settings,
        )
        for (sections, videos), each in forecasts.items()
    }


def swept(simulation: Simulation, settings: Settings, places: Sequence[tuple[int, int]]) -> Sweep:
    """The sweep over these worker counts, (sections, videos)."""
    load = simulation.load
    most = max(map(len, load.lessons)), len(load.lessons)
    # workers beyond what there is to do change nothing, and are not tried again
    same = {place: (min(place[0], most[0]), min(place[1], most[1])) for place in places}
    outcomes = {place: simulation.run(_with(settings, place)) for place in set(same.values())}
    forecasts = {
        place: forecast_from(simulation, _with(settings, place), *outcomes[same[place]])
        for place in places
    }
    best = min(forecasts.values(), key=lambda f: (round(f.seconds, 6), *_workers(f)))
    near = [f for f in forecasts.values() if f.seconds <= (1 + ENOUGH) * best.seconds]
    knee = min(near, key=_workers)
    apart = frozenset({one: place for place, one in reversed(same.items())}.values())
    return Sweep(forecasts, apart, best, knee, _reason(simulation, knee, best, places, most))


def _with(settings: Settings, place: tuple[int, int]) -> Settings:
    return settings.with_(section_workers=place[0], video_workers=place[1])


def _workers(forecast: Forecast) -> tuple[int, int]:
    s = forecast.settings
    return s.section_workers * s.video_workers, s.video_workers


def _reason(
    simulation: Simulation,
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
    limits = bounds(simulation.load, best.settings, simulation.cores)
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
