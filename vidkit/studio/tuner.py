"""How many workers are enough: sliders for what a provider takes and bears, and for the workers,
with what a run would come to below them. Nothing is called, and nothing is spent.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..core import loop
from ..core.errors import VidkitError
from ..core.format import count, took
from ..forecasting.plan import Forecast, forecast_of, prepared
from ..forecasting.simulation import Simulation
from ..forecasting.sweep import curve
from ..forecasting.workload import Assumptions, Given, PerMinute, Seconds
from ..models.settings import Settings, settled
from ..pipeline.workload import Kind
from .widgets import PAINT_SECONDS, Part

IMAGE_SECONDS, VOICE_SECONDS = 60.0, 30.0
MOST_A_MINUTE = 200
MOST_SECTIONS, MOST_VIDEOS = 16, 8
"""The far ends of the sliders, where nothing that was given is beyond."""
COUNTS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16)
"""The numbers of sections at once that the speed-up is shown for."""
DEBOUNCE = 0.05
"""Seconds without another move after which the speed-up is worked out."""
REMEMBERED = 12
"""Providers whose speed-ups are kept, so that a slider that comes back shows them at once."""

WorkerCounts = tuple[int, int]
Speeds = dict[WorkerCounts, Forecast]


@dataclass
class Slider:
    """A number that can be moved between two ends, or a choice of yes and no. `value` set is the
    slider moved.
    """

    name: str
    label: str
    _value: Any
    low: float
    high: float
    step: float
    moved: Callable[[], None]
    held: bool = False

    @property
    def value(self) -> Any:
        """Where it stands."""
        return self._value

    @value.setter
    def value(self, value: Any) -> None:
        if isinstance(self._value, bool):
            value = bool(value)
        else:
            self.high = max(self.high, value)
            value = type(self._value)(min(max(value, self.low), self.high))
        if value != self._value:
            self._value = value
            self.moved()

    def values(self) -> dict[str, Any]:
        """It for the page."""
        shown = ""
        if not isinstance(self._value, bool):
            limit = self.name.endswith("_limit")
            shown = "no limit" if limit and not self._value else f"{round(self._value, 2):g}"
        return {
            "name": self.name,
            "label": self.label,
            "value": self._value,
            "min": self.low,
            "max": self.high,
            "step": self.step,
            "told": shown,
            "held": self.held,
        }


class Tuner(Part):
    """Sliders, and the forecast that follows them: the timeline of the run, and how many times as
    fast each number of workers is.

    lessons, and the seconds and limits that the sliders begin with: as in `vidkit.forecast`.
    use: called with the settings by *Use these*; without it they are in `settings`.

    The sliders are `image_s`, `voice_s`, `image_limit`, `voice_limit`, `sections`, `videos` and
    `adaptive`: `tuner.image_s.value = 20` is a slider moved. `forecast` is what is shown.
    """

    component = "tuner"

    def __init__(
        self,
        lessons: Given | Iterable[Given],
        settings: Settings | None = None,
        *,
        use: Callable[[Settings], object] | None = None,
        image_s: Seconds | None = None,
        voice_s: Seconds | None = None,
        clip_s: Seconds | None = None,
        join_s: float | None = None,
        per_minute: PerMinute | None = None,
        from_run: object = None,
        cores: int | None = None,
        **changes: Any,
    ) -> None:
        super().__init__()
        self._given = settled(settings, changes)
        said = Assumptions(image_s, voice_s, clip_s, join_s, per_minute, from_run, cores)
        self._base, self._bare = prepared(lessons, self._given, said, {})
        self._use = use
        self._curves: OrderedDict[object, Speeds] = OrderedDict()
        self._turn, self._painted = 0, 0.0
        self._work: loop.Work[None] | None = None
        self._speed = ""
        self._make_sliders()
        self.forecast: Forecast
        self._moved()

    @property
    def settings(self) -> Settings:
        """The settings with the workers that are chosen."""
        return self._given.with_(**self._chosen())

    def use(self) -> None:
        """Hand the settings over: what *Use these* does."""
        chosen = self.settings
        told = (
            f"{count(chosen.section_workers, 'section')} × {count(chosen.video_workers, 'video')}"
        )
        if self._use is None:
            self.say(f"{told} at once: they are in tuner.settings")
            return
        try:
            self._use(chosen)
        except VidkitError as error:
            self.say(str(error))
        else:
            self.say(f"{told} at once: handed over")

    do_use = use

    def do_set(self, name: str, value: float | bool) -> None:
        """Somebody moves a slider."""
        self._sliders[name].value = value

    def wait(self) -> Forecast:
        """Wait until everything is shown, and give the forecast."""
        work = None
        while work is not self._work:
            work = self._work
            if work is not None:
                work.wait()
        return self.forecast

    def values(self) -> Mapping[str, Any]:
        """The sliders, what a run would come to, and the two pictures."""
        least, calls = self.forecast.facts
        told = {
            "sliders": [slider.values() for slider in self._sliders.values()],
            "title": f"{took(self.forecast.seconds)}; {least}",
            "rest": calls,
            "said": self.status,
            "timeline": self.forecast.timeline.html(),
            "speed": self._speed,
        }
        return {"tuner": told}

    def page(self) -> str:
        """The forecast for a saved notebook."""
        return self.forecast._repr_html_()

    def _make_sliders(self) -> None:
        load, given = self._base.load, self._given
        moved = self._moved

        def seconds(name: str, label: str, value: float, most: float) -> Slider:
            return Slider(name, label, float(value), 0, max(most, 2 * value), 0.5, moved)

        def limit(name: str, label: str, value: float | None) -> Slider:
            most = max(MOST_A_MINUTE, 2 * (value or 0))
            return Slider(name, f"{label} (0: no limit)", float(value or 0), 0, most, 5, moved)

        def number(name: str, label: str, value: int, most: int) -> Slider:
            return Slider(name, label, value, 1, max(most, value), 1, moved, most == 1)

        most = min(MOST_VIDEOS, len(load.lessons))
        images, voice = load.mean("image"), load.mean("audio")
        bears = "Find out what the provider bears"
        self.image_s = seconds("image_s", "Seconds an image takes", images, IMAGE_SECONDS)
        self.voice_s = seconds("voice_s", "Seconds a narration takes", voice, VOICE_SECONDS)
        self.image_limit = limit("image_limit", "Image requests a minute", load.images.per_minute)
        self.voice_limit = limit(
            "voice_limit", "Narration requests a minute", load.voice.per_minute
        )
        self.sections = number("sections", "Sections at once", given.section_workers, MOST_SECTIONS)
        self.videos = number("videos", "Videos at once", min(given.video_workers, most), most)
        self.adaptive = Slider("adaptive", bears, given.adaptive, 0, 1, 1, moved)
        # in the order in which they are shown
        self._sliders = {
            each.name: each for each in vars(self).values() if isinstance(each, Slider)
        }

    def _chosen(self) -> dict[str, Any]:
        return {
            "section_workers": self.sections.value,
            "video_workers": self.videos.value,
            "adaptive": self.adaptive.value,
        }

    def _provider(self) -> tuple[object, Simulation]:
        """What the sliders say of the providers, and the simulation with those."""
        seconds: dict[Kind, float] = {"image": self.image_s.value, "audio": self.voice_s.value}
        limits: dict[Kind, float | None] = {
            "image": self.image_limit.value or None,
            "audio": self.voice_limit.value or None,
        }
        key = (*seconds.values(), *limits.values(), self.adaptive.value)
        return key, replace(self._base, load=self._base.load.with_figures(seconds, limits))

    def _moved(self) -> None:
        """Show the forecast at once, and the speed-up as far as it is known."""
        self._turn += 1
        self.status = ""
        key, simulation = self._provider()
        settings = self._bare.with_(**self._chosen())
        self.forecast = forecast_of(simulation, settings)
        known = self._curves.setdefault(key, {})
        self._curves.move_to_end(key)
        while len(self._curves) > REMEMBERED:
            self._curves.popitem(last=False)
        known[_workers(settings)] = replace(self.forecast, events=())
        self._draw(known)
        if any(place not in known for place in self._places()):
            self._work = loop.submit(self._fill(self._turn, simulation, settings, known))

    def _row(self) -> list[int]:
        """The numbers of sections at once that the speed-up is shown for."""
        most = max(map(len, self._base.load.lessons))
        return sorted({each for each in COUNTS if each <= most} | {self.sections.value})

    def _places(self) -> list[WorkerCounts]:
        """What has to be known for it: one alone, and each number with as many videos."""
        return [(1, 1), *((sections, self.videos.value) for sections in self._row())]

    async def _fill(
        self, turn: int, simulation: Simulation, settings: Settings, known: Speeds
    ) -> None:
        """Work out the speed-up where it is not known yet, until a slider moves again."""
        await asyncio.sleep(DEBOUNCE)
        for sections, videos in self._places():
            if turn != self._turn:
                return
            if (sections, videos) in known:
                continue
            with_ = settings.with_(section_workers=sections, video_workers=videos)
            found = await asyncio.to_thread(forecast_of, simulation, with_, watched=False)
            known[sections, videos] = found
            if time.monotonic() > self._painted + PAINT_SECONDS and turn == self._turn:
                self._draw(known)
        if turn == self._turn:
            self._draw(known)

    def _draw(self, known: Speeds) -> None:
        """Show the speed-up as far as it is known."""
        self._painted = time.monotonic()
        if alone := known.get((1, 1)):
            self._speed = curve(dict(known), alone, self._row(), self.forecast)
        self.show()

    def __repr__(self) -> str:
        return repr(self.forecast)


def _workers(settings: Settings) -> WorkerCounts:
    return settings.section_workers, settings.video_workers
