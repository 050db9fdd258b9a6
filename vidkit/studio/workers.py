"""How many workers, which providers, and what that would call, cost and take."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, Literal

import ipywidgets as widgets

from ..errors import VidkitError
from ..events import Event, WorkersChanged
from ..planning import Plan
from ..report import count, took
from ..run import Run
from ..settings import MOST_WORKERS, Settings, settled
from .estimate import Answer, Estimate, Subject
from .look import Tone, button, mark, words
from .part import show
from .provider import Provider, told

log = logging.getLogger("vidkit.studio")

Band = Literal["careful", "balanced", "bold"]

BANDS: dict[Band, tuple[int, int]] = {"careful": (3, 1), "balanced": (7, 2), "bold": (64, 64)}
"""For each band the most sections and the most videos at once; the names are the README's."""

AS_ASKED = "as asked"
"""The reason of a change that somebody made by hand."""

_TONES: dict[Band, Tone] = {"careful": "ok", "balanced": "working", "bold": "paid"}
_MEANING: dict[Band, str] = {
    "careful": "careful: no provider minds",
    "balanced": "balanced: what most accounts bear",
    "bold": "bold: for large accounts; others answer “Too Many Requests”",
}
_CEILING = (
    ("a ceiling: find out what a provider bears", True),
    ("fixed: always so many", False),
)


def band(sections: int, videos: int) -> Band:
    """How daring so many sections and videos at once are."""
    for name, (most_sections, most_videos) in BANDS.items():
        if sections <= most_sections and videos <= most_videos:
            return name
    return "bold"


class Workers:
    """The worker counts and providers of a run, with what they would call, cost and take.

    settings, changes: what is chosen at first, and what of the `Settings` cannot be chosen here.
    `settings` are those that are chosen now. While a run that it watches goes on, *Fewer* and
    *More workers* resize it.
    """

    def __init__(self, settings: Settings | None = None, **changes: Any) -> None:
        self.given = settled(settings, changes)
        self._calls: list[Callable[[], None]] = []
        self._run: Run[Any] | None = None
        self._now: tuple[int, int] | None = None
        self._reason = ""
        self._settling = False
        self._sections = _number("Sections at once", self.given.section_workers)
        self._videos = _number("Videos at once", self.given.video_workers)
        self._adaptive = _choice("These numbers are", _CEILING, self.given.adaptive)
        self._images = Provider("images", self.given, self._chosen)
        self._voice = Provider("voice", self.given, self._chosen)
        self._line = widgets.HTML()
        self._plan = widgets.HTML()
        self._estimate = Estimate(self._planned)
        self._fields = (self._sections, self._videos, self._adaptive)
        self.widget = widgets.VBox([self._choices(), self._line, self._plan])
        self.widget.add_class("vidkit-workers")
        for field in self._fields:
            field.observe(lambda _: self._chosen(), "value")
        self._show()

    @property
    def settings(self) -> Settings:
        """What is chosen now."""
        return self.given.with_(
            section_workers=self._sections.value,
            video_workers=self._videos.value,
            adaptive=self._adaptive.value,
            images=self._images.spec,
            voice=self._voice.spec,
        )

    def choose(self, **changes: Any) -> None:
        """Choose other settings, those for which there is no field among them.

        Raises `SettingsError` for what a run would not take.
        """
        chosen = self.settings.with_(**changes)
        self.given = chosen
        self._settling = True
        try:
            self._sections.value = chosen.section_workers
            self._videos.value = chosen.video_workers
            self._adaptive.value = chosen.adaptive
            self._images.spec, self._voice.spec = chosen.images, chosen.voice
        finally:
            self._settling = False
        self._chosen()

    def on_change(self, call: Callable[[], None]) -> None:
        """Call something whenever another setting is chosen."""
        self._calls.append(call)

    def plan_for(self, *subjects: Subject) -> None:
        """Show from now on what a run over each of these would do. It is worked out aside; what was
        chosen last wins.
        """
        self._estimate.subjects = subjects
        self._estimate.begin(self.settings)

    def wait(self) -> tuple[Answer, ...]:
        """Wait for what is being worked out, and give the plans, in the order of `plan_for`."""
        return self._estimate.wait()

    def watch(self, run: Run[Any]) -> None:
        """Steer `run` until it is over: the buttons resize it, and the fields wait."""
        self._run = run
        self._now, self._reason = None, ""
        self._hold(True)
        run.when_done(lambda: self._released(run))

    def fewer(self) -> None:
        """One section less at once."""
        self._step(-1, 0)

    def more(self) -> None:
        """One section more at once."""
        self._step(1, 0)

    def hear(self, event: Event) -> None:
        """Take in that the run has other workers now."""
        if isinstance(event, WorkersChanged):
            self._now = event.sections, event.videos
            self._reason = "" if event.reason == AS_ASKED else event.reason

    def paint(self) -> None:
        """Show the numbers that the run works with."""
        now, self._now = self._now, None
        if now is None:
            return
        self._settling = True
        try:
            self._sections.value, self._videos.value = now
        finally:
            self._settling = False
        self._show()

    def _choices(self) -> widgets.Widget:
        steps = [
            button(
                "Fewer workers", "One section less at once, also while a run goes on", self.fewer
            ),
            button("More workers", "One section more at once, also while a run goes on", self.more),
            button("Fewer videos", "One video less at once", lambda: self._step(0, -1)),
            button("More videos", "One video more at once", lambda: self._step(0, 1)),
        ]
        pairs = [
            widgets.HBox([self._sections, *steps[:2]]),
            widgets.HBox([self._videos, *steps[2:]]),
            widgets.HBox([self._adaptive]),
        ]
        for pair in pairs:
            pair.add_class("vidkit-pair")
        choices = widgets.Box([*pairs[:2], self._images.widget, self._voice.widget, *pairs[2:]])
        choices.add_class("vidkit-pairs")
        return choices

    def _step(self, sections: int, videos: int) -> None:
        wanted = (
            _within(self._sections.value + sections),
            _within(self._videos.value + videos),
        )
        self._settling = True
        try:
            self._sections.value, self._videos.value = wanted
        finally:
            self._settling = False
        if self._run is not None and not self._run.done():
            self._run.resize(*wanted)
        self._chosen()

    def _chosen(self) -> None:
        if self._settling:
            return
        self._show()
        if self._run is None:
            self._estimate.begin(self.settings)
        for call in self._calls:
            try:
                call()
            except Exception:
                log.exception("what listens to the choice of workers failed")

    def _released(self, run: Run[Any]) -> None:
        if self._run is run:
            self._run = None
            self.paint()
            self._hold(False)
            self._estimate.begin(self.settings, anew=True)

    def _hold(self, held: bool) -> None:
        for field in self._fields:
            field.disabled = held
        self._images.hold(held)
        self._voice.hold(held)

    def _show(self) -> None:
        chosen = self.settings
        sections, videos = chosen.section_workers, chosen.video_workers
        daring = band(sections, videos)
        told = (
            f"{count(videos, 'video')} × {count(sections, 'section')}"
            + (" × 2" if chosen.concurrent_parts else "")
            + f" = at most {count(chosen.peak_calls, 'call')} at once"
        )
        self._line.value = (
            f'<div class="vidkit-row" role="status"><span class="vidkit-title">{told}</span>'
            f"{mark(_MEANING[daring], _TONES[daring])}{words(self._reason, 'small')}</div>"
        )

    def _planned(self, plans: Sequence[Answer]) -> None:
        """Show what was worked out."""
        self._plan.value = "".join(_planned(name, plan) for name, plan in plans)

    def _ipython_display_(self) -> None:
        show(self)

    def __repr__(self) -> str:
        chosen = self.settings
        return (
            f"Workers: {chosen.video_workers} videos × {chosen.section_workers} sections, "
            f"images by {told(chosen.images)}, voice by {told(chosen.voice)}"
        )


def _planned(name: str, plan: Plan | VidkitError) -> str:
    """A plan as a line with its calls below it, or what is in its way."""
    if isinstance(plan, VidkitError):
        told = words(str(plan), "wrong")
    else:
        cost = "cost unknown" if plan.dollars is None else f"at most ${plan.dollars:.2f}"
        cost = "free" if plan.dollars == 0 else cost
        line = f"{count(plan.new, 'call')}, {cost}, about {took(plan.seconds)}"
        told = words(line if plan.new else "nothing to call: the store has all of it", "title")
        told += "".join(words(str(calls), "small") for calls in plan.calls)
        told += "".join(words(f"will fail: {fault}", "wrong") for fault in plan.faults)
    return f'<div class="vidkit-plan">{words(name)}{told}</div>'


def _within(number: int) -> int:
    return max(1, min(number, MOST_WORKERS))


def _number(name: str, value: int) -> widgets.BoundedIntText:
    field = widgets.BoundedIntText(value, min=1, max=MOST_WORKERS, description=name)
    field.add_class("vidkit-field")
    field.add_class("vidkit-count")
    return field


def _choice(name: str, options: Sequence[tuple[str, Any]], value: Any) -> widgets.Dropdown:
    field = widgets.Dropdown(options=options, value=value, description=name)
    field.add_class("vidkit-field")
    return field
