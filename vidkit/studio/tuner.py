"""How many workers are enough: sliders for what a provider takes and bears, and for the workers,
with what a run would come to below them. Nothing is called, and nothing is spent.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import ipywidgets as widgets

from ..core import loop
from ..core.errors import VidkitError
from ..core.events import Event
from ..core.format import count, took
from ..forecasting.forecast import Forecast, forecast_of, prepared
from ..forecasting.simulation import Rehearsal
from ..forecasting.sweep import curve
from ..forecasting.workload import Given, PerMinute, Seconds
from ..models.settings import Settings, settled
from ..pipeline.workload import Kind
from .widgets import NAMES, Stored, button, count_slider, limit_slider, seconds_slider, show, words

IMAGE_SECONDS, VOICE_SECONDS = 60.0, 30.0
MOST_A_MINUTE = 200
MOST_SECTIONS, MOST_VIDEOS = 16, 8
"""The far ends of the sliders, where nothing that was given is beyond."""
COUNTS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16)
"""The numbers of sections at once that the speed-up is shown for."""
PATIENCE = 0.05
"""Seconds without another move after which the speed-up is worked out."""
PAINTS = 0.1
REMEMBERED = 12
"""Providers whose speed-ups are kept, so that a slider that comes back shows them at once."""

LessonContext = tuple[int, int]
Speeds = dict[LessonContext, Forecast]


class Tuner:
    """Sliders, and the forecast that follows them: the timeline of the run, and how many times as
    fast each number of workers is.

    lessons, and the seconds and limits that the sliders begin with: as in `vidkit.forecast`.
    use: called with the settings by *Use these*; without it they are in `settings`.

    The sliders (`image_s`, `voice_s`, `image_limit`, `voice_limit`, `sections`, `videos`,
    `adaptive`) are widgets: `tuner.image_s.value = 20` is a slider moved. `forecast` is what is
    shown.
    """

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
        self._given = settled(settings, changes)
        self._base, self._bare = prepared(
            lessons,
            self._given,
            image_s=image_s,
            voice_s=voice_s,
            clip_s=clip_s,
            join_s=join_s,
            per_minute=per_minute,
            from_run=from_run,
            cores=cores,
        )
        self._use = use
        self._stored = Stored()
        self._curves: OrderedDict[object, Speeds] = OrderedDict()
        self._turn, self._painted = 0, 0.0
        self._work: loop.Work[None] | None = None
        self._make_sliders()
        self._status, self._timeline, self._speed = (widgets.HTML() for _ in range(3))
        self._said = widgets.HTML()
        pictures = widgets.VBox([self._timeline, self._speed])
        pictures.add_class("vidkit-forecast")
        tip = "Hand these worker counts over" if use else "Keep these worker counts in `settings`"
        hand = widgets.HBox([button("Use these", tip, self.use, chief=True), self._said])
        hand.add_class("vidkit-row")
        sliders = widgets.Box(self._sliders)
        sliders.add_class("vidkit-sliders")
        self.widget = widgets.VBox([widgets.HTML(NAMES), sliders, self._status, hand, pictures])
        self.widget.add_class("vidkit-tuner")
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
            self._said.value = words(f"{told} at once: they are in tuner.settings", "small")
            return
        try:
            self._use(chosen)
        except VidkitError as error:
            self._said.value = words(str(error), "wrong")
        else:
            self._said.value = words(f"{told} at once: handed over", "small")

    def wait(self) -> Forecast:
        """Wait until everything is shown, and give the forecast."""
        work = None
        while work is not self._work:
            work = self._work
            if work is not None:
                work.wait()
        return self.forecast

    def hear(self, event: Event) -> None:
        """Nothing of a run changes a forecast."""

    def paint(self) -> None:
        """Nothing: it is shown when a slider moves."""

    def _make_sliders(self) -> None:
        load, given = self._base.load, self._given
        self.image_s = seconds_slider("Seconds an image takes", load.mean("image"), IMAGE_SECONDS)
        self.voice_s = seconds_slider(
            "Seconds a narration takes", load.mean("audio"), VOICE_SECONDS
        )
        self.image_limit = limit_slider(
            "Image requests a minute", load.images.per_minute, MOST_A_MINUTE
        )
        self.voice_limit = limit_slider(
            "Narration requests a minute", load.voice.per_minute, MOST_A_MINUTE
        )
        self.sections = count_slider("Sections at once", given.section_workers, MOST_SECTIONS)
        most = min(MOST_VIDEOS, len(load.lessons))
        self.videos = count_slider("Videos at once", min(given.video_workers, most), most)
        self.videos.disabled = most == 1
        self.adaptive = widgets.Checkbox(
            given.adaptive, description="Find out what the provider bears", indent=False
        )
        self._sliders = (
            self.image_s,
            self.voice_s,
            self.image_limit,
            self.voice_limit,
            self.sections,
            self.videos,
            self.adaptive,
        )
        for slider in self._sliders:
            slider.observe(lambda _: self._moved(), "value")

    def _chosen(self) -> dict[str, Any]:
        return {
            "section_workers": self.sections.value,
            "video_workers": self.videos.value,
            "adaptive": self.adaptive.value,
        }

    def _provider(self) -> tuple[object, Rehearsal]:
        """What the sliders say of the providers, and the rehearsal with those."""
        seconds: dict[Kind, float] = {"image": self.image_s.value, "audio": self.voice_s.value}
        limits: dict[Kind, float | None] = {
            "image": self.image_limit.value or None,
            "audio": self.voice_limit.value or None,
        }
        key = (*seconds.values(), *limits.values(), self.adaptive.value)
        return key, replace(self._base, load=self._base.load.told(seconds, limits))

    def _moved(self) -> None:
        """Show the forecast at once, and the speed-up as far as it is known."""
        self._turn += 1
        self._said.value = ""
        key, rehearsal = self._provider()
        settings = self._bare.with_(**self._chosen())
        self.forecast = forecast_of(rehearsal, settings)
        self._status.value = _status(self.forecast)
        self._timeline.value = self.forecast.timeline.html()
        known = self._curves.setdefault(key, {})
        self._curves.move_to_end(key)
        while len(self._curves) > REMEMBERED:
            self._curves.popitem(last=False)
        known[_workers(settings)] = replace(self.forecast, events=())
        self._draw(known)
        if any(place not in known for place in self._places()):
            self._work = loop.submit(self._fill(self._turn, rehearsal, settings, known))

    def _row(self) -> list[int]:
        """The numbers of sections at once that the speed-up is shown for."""
        most = max(map(len, self._base.load.lessons))
        return sorted({each for each in COUNTS if each <= most} | {self.sections.value})

    def _places(self) -> list[LessonContext]:
        """What has to be known for it: one alone, and each number with as many videos."""
        return [(1, 1), *((sections, self.videos.value) for sections in self._row())]

    async def _fill(
        self, turn: int, rehearsal: Rehearsal, settings: Settings, known: Speeds
    ) -> None:
        """Work out the speed-up where it is not known yet, until a slider moves again."""
        await asyncio.sleep(PATIENCE)
        for sections, videos in self._places():
            if turn != self._turn:
                return
            if (sections, videos) in known:
                continue
            with_ = settings.with_(section_workers=sections, video_workers=videos)
            found = await asyncio.to_thread(forecast_of, rehearsal, with_, watched=False)
            known[sections, videos] = found
            if time.monotonic() > self._painted + PAINTS and turn == self._turn:
                self._draw(known)
        if turn == self._turn:
            self._draw(known)

    def _draw(self, known: Speeds) -> None:
        """Show the speed-up as far as it is known."""
        self._painted = time.monotonic()
        if alone := known.get((1, 1)):
            self._speed.value = curve(dict(known), alone, self._row(), self.forecast)

    def _ipython_display_(self) -> None:
        self._stored = Stored()
        show(self, self._stored)
        self._stored.show(self.forecast._repr_html_())

    def __repr__(self) -> str:
        return repr(self.forecast)


def _workers(settings: Settings) -> LessonContext:
    return settings.section_workers, settings.video_workers


def _status(forecast: Forecast) -> str:
    """What a run would come to, told also to who does not see it."""
    cost = "price unknown" if forecast.dollars is None else f"${forecast.dollars:.2f}"
    wasted = f", {forecast.rejected} of them one too many (429)" if forecast.rejected else ""
    head = f"{took(forecast.seconds)}; at least {took(forecast.at_least)}, for {forecast.limit}"
    rest = f"{count(forecast.calls, 'call')}{wasted}, at most {forecast.peak} at once, {cost}"
    page = words(head, "title") + words(rest, "small")
    return f'<div role="status" aria-live="polite">{page}</div>'
