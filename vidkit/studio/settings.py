"""How many workers, which providers, and what that would call, cost and take."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import ipywidgets as widgets

from .. import api
from ..api import Run
from ..core import loop
from ..core.errors import VidkitError
from ..core.events import Event, WorkersChanged
from ..core.format import count, took
from ..forecasting.plan import Plan
from ..models.lesson import Lesson
from ..models.settings import MOST_WORKERS, Settings, settled
from ..pipeline.planning import Offer, offer
from ..providers.registry import Kind, names
from .widgets import Tone, button, mark, show, words

# What a run would call, cost and take, worked out aside while somebody chooses.


@dataclass(frozen=True)
class Subject:
    """What to plan for: its name, and what gives the lessons, called aside. While `key`, which
    can be hashed, is the same, so are the lessons.
    """

    name: str
    key: object
    lessons: Callable[[], Iterable[Lesson]] = field(compare=False)


Answer = tuple[str, Plan | VidkitError]

PATIENCE = 0.15
"""Seconds without another choice after which work begins: a number that is turned sends many."""


class Estimate:
    """Plans for `subjects`, one after the other, each handed to `show` with those before it as
    soon as it is there; what was asked for before the last `begin` is never shown.

    `show` is called in vidkit's thread.
    """

    def __init__(self, show: Callable[[Sequence[Answer]], None]) -> None:
        self.subjects: tuple[Subject, ...] = ()
        self.answers: tuple[Answer, ...] = ()
        self._show = show
        self._known: dict[Subject, tuple[Settings, Plan | VidkitError]] = {}
        self._turn = 0
        self._work: loop.Work[None] | None = None

    def begin(self, settings: Settings, *, anew: bool = False) -> None:
        """Work the plans out for these settings. Returns at once. anew: what was worked out
        before may hold no longer, for a run has changed the store.
        """
        self._turn += 1
        if anew:
            self._known.clear()
        self._work = loop.submit(self._answer(self._turn, self.subjects, settings))

    def wait(self) -> tuple[Answer, ...]:
        """Wait for the answers to the last `begin`."""
        work = None
        while work is not self._work:
            work = self._work
            if work is not None:
                work.wait()
        return self.answers

    async def _answer(self, turn: int, subjects: Sequence[Subject], settings: Settings) -> None:
        await asyncio.sleep(PATIENCE)
        answers: tuple[Answer, ...] = ()
        for subject in subjects:
            if turn != self._turn:
                return
            answers += ((subject.name, await self._plan(subject, settings)),)
            if turn == self._turn:
                self.answers = answers
                self._show(answers)

    async def _plan(self, subject: Subject, settings: Settings) -> Plan | VidkitError:
        known = self._known.get(subject)
        if known is not None and known[0] == settings:
            return known[1]
        answer = await asyncio.to_thread(_plan, subject.lessons, settings)
        self._known = {each: was for each, was in self._known.items() if each in self.subjects}
        self._known[subject] = settings, answer
        return answer


def _plan(lessons: Callable[[], Iterable[Lesson]], settings: Settings) -> Plan | VidkitError:
    """The plan, or what is in its way."""
    try:
        return api.plan(lessons(), settings)
    except VidkitError as error:
        return error
    except Exception as error:  # a provider of somebody's own
        return VidkitError(f"{type(error).__name__}: {error}")


# The choice of a provider: its name, what it is told beside, and what it needs and costs.


_TITLES: dict[Kind, tuple[str, str]] = {
    "images": ("Images", "Model, theme or folder"),
    "voice": ("Voice", "Model, voice or folder"),
}


class Provider:
    """Chooses what `images=` or `voice=` of `settings` is; `changed` is called with a choice.

    A provider that is no name, such as an object or a list of names, is offered beside the names.
    """

    def __init__(self, kind: Kind, settings: Settings, changed: Callable[[], None]) -> None:
        self.kind = kind
        self._settings = settings
        self._settling = False
        self._changed = changed
        self._looking: loop.Work[None] | None = None
        title, beside = _TITLES[kind]
        self._name = widgets.Dropdown(description=title)
        self._argument = widgets.Combobox(
            description=beside, placeholder="its own choice", continuous_update=False
        )
        self._about = widgets.HTML()
        for each in (self._name, self._argument):
            each.add_class("vidkit-field")
            each.observe(self._picked, "value")
        pair = widgets.HBox([self._name, self._argument])
        pair.add_class("vidkit-pair")
        self.widget = widgets.VBox([pair, self._about])
        self.spec = getattr(settings, kind)

    @property
    def spec(self) -> Any:
        """The provider as the settings take it: `name`, `name:argument`, or what was given."""
        argument = self._argument.value.strip()
        if self._plain and argument:
            return f"{self._name.value}:{argument}"
        return self._name.value

    @spec.setter
    def spec(self, spec: Any) -> None:
        known = names(self.kind)
        name, _, argument = spec.partition(":") if isinstance(spec, str) else (spec, "", "")
        options: list[tuple[str, Any]] = [(each, each) for each in known]
        if not (isinstance(name, str) and name in known):
            name, argument = spec, ""
            options.append((told(spec), spec))
        self._settling = True
        try:
            self._name.options = options
            self._name.value = name
            self._argument.value = argument
            self._argument.disabled = not self._plain
        finally:
            self._settling = False
        self._look()

    @property
    def _plain(self) -> bool:
        return isinstance(self._name.value, str) and self._name.value in names(self.kind)

    def hold(self, held: bool) -> None:
        """Whether it waits for the end of a run."""
        self._name.disabled = held
        self._argument.disabled = held or not self._plain

    def wait(self) -> None:
        """Wait until what it needs and costs is shown."""
        if self._looking is not None:
            self._looking.wait()

    def _picked(self, change: Any) -> None:
        if self._settling:
            return
        if change["owner"] is self._name:
            # what one provider is told means nothing to another
            self._settling = True
            self._argument.value = ""
            self._argument.disabled = not self._plain
            self._settling = False
            self._look()
        self._changed()

    def _look(self) -> None:
        """Find out aside what it needs: a provider's library may take a second to come in."""
        self._about.value = ""
        self._argument.options = ()
        if self._plain:
            self._looking = loop.submit(self._tell(self._name.value))

    async def _tell(self, name: str) -> None:
        found = await asyncio.to_thread(offer, self.kind, name, self._settings)
        if name == self._name.value:
            self._about.value = words(_about(found), "wrong" if found.usable is False else "small")
            self._argument.options = tuple(model.partition(" ")[0] for model in found.models)


def told(spec: Any) -> str:
    """A provider, or several, in words."""
    if isinstance(spec, list | tuple):
        return ", then ".join(told(each) for each in spec)
    return spec if isinstance(spec, str) else str(getattr(spec, "name", type(spec).__name__))


def _about(found: Offer) -> str:
    """What a provider needs and costs, in a line."""
    needs = f"needs {found.needs}" if found.needs else found.found
    package = f"of the package {found.package}" if found.package else ""
    return "; ".join(filter(None, (needs, found.cost, package)))


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
        for each in self._fields:
            each.observe(lambda _: self._chosen(), "value")
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
        for each in self._fields:
            each.disabled = held
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
