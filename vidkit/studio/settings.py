"""The settings of a run as fields, and what a run with them would call, cost and take."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import Any, Literal

from .. import api
from ..api import Run
from ..core import loop
from ..core.errors import SettingsError, VidkitError
from ..core.events import Event, WorkersChanged
from ..core.format import by, count, took
from ..forecasting.plan import Calls, Plan
from ..models.lesson import Lesson
from ..models.settings import MOST_WORKERS, TABLE, Settings, settled
from ..models.table import Row
from ..providers.offers import Offer, offer
from ..providers.registry import AUTO, Kind, names
from .editing import voices
from .widgets import Part, Tone


@dataclass(frozen=True)
class Subject:
    """What to plan for: its name, and what gives the lessons, called aside. While `key`, which
    can be hashed, is the same, so are the lessons. files: how many there should be; those that
    `lessons` does not give have faults.
    """

    name: str
    key: object
    lessons: Callable[[], Iterable[Lesson]] = field(compare=False)
    files: int = 0


Answer = tuple[str, Plan | VidkitError]

DEBOUNCE = 0.15
"""Seconds without another choice after which work begins: a number that is turned sends many."""


class Estimate:
    """Plans for `subjects`, one after the other, each handed to `show` with those before it as
    soon as it is there; what was asked for before the last `begin` is never shown.

    `show` is called in a thread of its own.
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

    def keep(self, names: Collection[str]) -> None:
        """Show nothing more of what bore other names than these."""
        left = tuple(answer for answer in self.answers if answer[0] in names)
        if left != self.answers:
            self.answers = left
            self._show(left)

    def wait(self) -> tuple[Answer, ...]:
        """Wait for the answers to the last `begin`."""
        work = None
        while work is not self._work:
            work = self._work
            if work is not None:
                work.wait()
        return self.answers

    async def _answer(self, turn: int, subjects: Sequence[Subject], settings: Settings) -> None:
        await asyncio.sleep(DEBOUNCE)
        answers: tuple[Answer, ...] = ()
        for subject in subjects:
            if turn != self._turn:
                return
            answers += ((subject.name, await self._plan(subject, settings)),)
            if turn == self._turn:
                self.answers = answers
                await asyncio.to_thread(self._show, answers)

    async def _plan(self, subject: Subject, settings: Settings) -> Plan | VidkitError:
        known = self._known.get(subject)
        if known is not None and known[0] == settings:
            return known[1]
        answer = await asyncio.to_thread(_plan, subject.lessons, settings)
        if isinstance(answer, Plan) and (faulty := subject.files - answer.lessons) > 0:
            faults = (*answer.faults, f"{count(faulty, 'lesson')} with faults")
            answer = replace(answer, faults=faults)
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
_COUNTS = ("section_workers", "video_workers")
_PROVIDERS: tuple[Kind, ...] = ("images", "voice")
_BESIDE = {"images": "Model, theme or folder of pictures", "voice": "Model, voice or folder"}

_SIZES = ((854, 480), (1280, 720), (1920, 1080), (720, 1280), (1080, 1080))
_WORDS = {
    "yes": "yes: as fast as it bears",
    "no": "no: always so many",
    "still": "still pictures",
    "zoom": "a slow zoom",
    "fade": "a fade between sections",
    "skip": "leave the section out",
    "placeholder": "show a card in its place",
    "stop": "stop the lesson",
    "contain": "show all of each",
    "cover": "fill the frame",
}
"""The choices of settings in words."""
_WITHOUT = {"budget": "no limit", "rate": "the voice's own"}
"""What stands in a field for a number that is empty."""


def band(sections: int, videos: int) -> Band:
    """How daring so many sections and videos at once are."""
    for name, (most_sections, most_videos) in BANDS.items():
        if sections <= most_sections and videos <= most_videos:
            return name
    return "bold"


class Workers(Part):
    """The worker counts, providers and further settings of a run, with what they would call, cost
    and take.

    settings, changes: what is chosen at first, and what of the `Settings` cannot be chosen here.
    `settings` are those that are chosen now. While a run that it watches goes on, *Fewer* and
    *More workers* resize it.
    """

    component = "settings"

    def __init__(self, settings: Settings | None = None, **changes: Any) -> None:
        super().__init__()
        self._lock = RLock()
        self.settings = settled(settings, changes)
        self._run: Run[Any] | None = None
        self._reason = ""
        # looked up once: it takes a tenth of a second, among all packages that are installed
        self._known = {kind: names(kind) for kind in _PROVIDERS}
        self._offers: dict[tuple[str, str, str], tuple[Offer, list[tuple[str, str]]]] = {}
        self._language = "en"
        self._looking: loop.Work[None] | None = None
        self._estimate = Estimate(lambda _: self.show())
        self._look()

    def choose(self, **changes: Any) -> None:
        """Choose other settings, those for which there is no field among them.

        Raises `SettingsError` for what a run would not take.
        """
        with self._lock:
            self.settings = self.settings.with_(**changes)
        self._chosen()

    def speak(self, language: str) -> None:
        """Offer the voices of this language first."""
        self._language = language
        self._look()

    def plan_for(self, *subjects: Subject) -> None:
        """Show from now on what a run over each of these would do. It is worked out aside; what was
        chosen last wins.
        """
        self._estimate.subjects = subjects
        self._estimate.keep({subject.name for subject in subjects})
        self._estimate.begin(self.settings)

    def wait(self) -> tuple[Answer, ...]:
        """Wait for what is being worked out, and give the plans, in the order of `plan_for`."""
        if self._looking is not None:
            self._looking.wait()
        return self._estimate.wait()

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The plans that are worked out by now."""
        return self._estimate.answers

    def watch(self, run: Run[Any]) -> None:
        """Steer `run` until it is over: the buttons resize it, and the fields wait."""
        self._run, self._reason = run, ""
        self.show()
        run.when_done(lambda: self._released(run))

    def fewer(self) -> None:
        """One section less at once."""
        self.do_step("section_workers", -1)

    def more(self) -> None:
        """One section more at once."""
        self.do_step("section_workers", 1)

    def on_event(self, event: Event) -> None:
        """Take in that the run has other workers now."""
        if isinstance(event, WorkersChanged):
            with self._lock:
                chosen = self.settings
                self.settings = chosen.with_(
                    section_workers=event.sections,
                    video_workers=event.videos,
                    section_ceiling=chosen.section_ceiling,
                    video_ceiling=chosen.video_ceiling,
                )
                self._reason = "" if event.reason == AS_ASKED else event.reason
                self._changed = True

    # ---- what somebody does in the page

    def do_set(self, name: str, value: Any) -> None:
        """Something else in a field."""
        with self._lock:
            self.status = ""
            self.settings = self.settings.with_(**self._meant(name, value))
        self._chosen()

    def do_step(self, name: str, by: int) -> None:
        """One more, or one less."""
        with self._lock:
            number = max(1, min(getattr(self.settings, name) + by, MOST_WORKERS))
            self.settings = self.settings.with_(**{name: number})
            run = self._run
        if run is not None and not run.done():
            which = {"section_workers": "sections", "video_workers": "videos"}[name]
            run.resize(**{which: number})
        self._chosen()

    def _meant(self, name: str, value: Any) -> dict[str, Any]:
        """What a field means as settings."""
        if name in _PROVIDERS:
            given = getattr(self.settings, name)
            return {} if value == described(given) else {name: value}
        if name.endswith("_with"):
            kind = name.removesuffix("_with")
            chosen = str(getattr(self.settings, kind)).partition(":")[0]
            return {kind: f"{chosen}:{value.strip()}" if value.strip() else chosen}
        match name:
            case "size":
                return {"size": tuple(int(side) for side in str(value).split("x"))}
            case "auto":
                now = {each: getattr(self.settings, each) for each in _COUNTS}
                return dict.fromkeys(_COUNTS, "auto") if value == "yes" else now
            case "section_workers" | "video_workers":
                if not isinstance(value, int | float):
                    raise SettingsError("the number of workers is empty; write one from 1 to 64")
                return {name: int(value)}
        return {name: _read(TABLE[name], value) if name in TABLE else value}

    # ---- what it shows

    def _chosen(self) -> None:
        self._look()
        self.show()
        if self._run is None:
            self._estimate.begin(self.settings)
        self.notify()

    def _released(self, run: Run[Any]) -> None:
        if self._run is run:
            self._run = None
            self._changed = True
            self._estimate.begin(self.settings, anew=True)

    def _look(self) -> None:
        """Find out aside what the providers need: a library may take a second to come in."""
        wanted = [
            kind for kind in _PROVIDERS if (key := self._key(kind)) and key not in self._offers
        ]
        if wanted:
            self._looking = loop.submit(self._find(wanted))

    async def _find(self, wanted: Sequence[Kind]) -> None:
        for kind in wanted:
            if (key := self._key(kind)) is not None:
                self._offers[key] = await asyncio.to_thread(self._offer, kind, *key[1:])
        await asyncio.to_thread(self.show)

    def _offer(self, kind: Kind, name: str, language: str) -> tuple[Offer, list[tuple[str, str]]]:
        """What a provider needs, and its voices but for its own choice."""
        found = offer(kind, name, self.settings)
        spoken = kind == "voice" and name != AUTO
        return found, voices(self.settings.with_(voice=name), language)[1:] if spoken else []

    def _key(self, kind: Kind) -> tuple[str, str, str] | None:
        """Under which a provider is known that is chosen; voices are told for a language."""
        name = self._named(kind)
        return (kind, name, self._language if kind == "voice" else "") if name else None

    def _named(self, kind: Kind) -> str | None:
        """The known name of the provider that is chosen; None for an object, a list, or a name
        that nobody knows.
        """
        spec = getattr(self.settings, kind)
        name = spec.partition(":")[0] if isinstance(spec, str) else None
        return name if name in self._known[kind] else None

    def values(self) -> Mapping[str, Any]:
        """The fields, what they mean together, and the plans."""
        chosen = self.settings
        sections, videos = chosen.section_workers, chosen.video_workers
        daring = band(sections, videos)
        told = (
            f"{count(videos, 'video')} × {count(sections, 'section')}"
            + (" × 2" if chosen.concurrent_parts else "")
            + f" = at most {count(chosen.peak_calls, 'call')} at once"
        )
        words = self.status or " · ".join(filter(None, (told, _MEANING[daring], self._reason)))
        shown = {
            "fields": self._fields(),
            "line": words,
            "tone": "wrong" if self.status else _TONES[daring],
            "plans": [_planned(name, plan) for name, plan in self._estimate.answers],
        }
        return {"settings": shown}

    def _fields(self) -> list[dict[str, Any]]:
        held = self._run is not None and not self._run.done()
        chosen = self.settings
        fields = [field for kind in _PROVIDERS for field in self._provider(kind)]
        for name, unit in zip(_COUNTS, ("workers", "videos"), strict=True):
            steps = [[f"Fewer {unit}", -1], [f"More {unit}", 1]]
            number = _number(name, TABLE[name].panel, getattr(chosen, name), 1, MOST_WORKERS)
            fields.append(number | {"steps": steps})
        which = (("no", "as above"), ("yes", "found out while it runs"))
        auto = _text_of(bool(chosen.section_ceiling or chosen.video_ceiling))
        more = [_choice("auto", "How many at once", which, auto)]
        shown = {*_PROVIDERS, *_COUNTS}
        rows = [row for row in TABLE.values() if row.panel and row.name not in shown]
        more += [_field(row, getattr(chosen, row.name)) for row in rows]
        fields += [field | {"more": True} for field in more]
        return [field | {"held": held} for field in fields]

    def _provider(self, kind: Kind) -> list[dict[str, Any]]:
        spec, named = getattr(self.settings, kind), self._named(kind)
        options = [(each, each) for each in self._known[kind]]
        value = named
        if named is None:
            value = described(spec)
            options.append((value, value))
        found, spoken = self._offers.get(self._key(kind) or ("", "", ""), (None, []))
        models = [(model.partition(" ")[0],) * 2 for model in found.models] if found else []
        beside = str(spec).partition(":")[2] if named else ""
        about = _about(found) if found else ""
        tone = "wrong" if found is not None and found.usable is False else None
        return [
            _choice(kind, TABLE[kind].panel, options, value) | {"note": about, "tone": tone},
            {
                "name": f"{kind}_with",
                "kind": "combo",
                "label": _BESIDE[kind],
                "value": beside,
                "placeholder": "its own choice",
                "options": [list(pair) for pair in (*models, *spoken)],
            },
        ]

    def __repr__(self) -> str:
        chosen = self.settings
        return (
            f"Workers: {chosen.video_workers} videos × {chosen.section_workers} sections, "
            f"images by {described(chosen.images)}, voice by {described(chosen.voice)}"
        )


def described(spec: Any) -> str:
    """A provider, or several, in words."""
    if isinstance(spec, list | tuple):
        return ", then ".join(described(each) for each in spec)
    return spec if isinstance(spec, str) else str(getattr(spec, "name", type(spec).__name__))


def _about(found: Offer) -> str:
    """What a provider needs and costs, in a line."""
    needs = f"needs {found.needs}" if found.needs else found.found
    package = f"of the package {found.package}" if found.package else ""
    return "; ".join(filter(None, (needs, found.cost, package)))


def _planned(name: str, plan: Plan | VidkitError) -> dict[str, Any]:
    """A plan as a line with its calls below it, or what is in its way."""
    if isinstance(plan, VidkitError):
        return {"name": name, "title": "", "lines": [], "wrong": [str(plan)]}
    cost = "Cost unknown" if plan.dollars is None else f"At most ${plan.dollars:.2f}"
    cost = "Free" if plan.dollars == 0 else cost
    lines = [_asked(each) for each in plan.calls if each.new]
    if plan.new or plan.clips:
        title = f"{cost}, about {took(plan.seconds)}"
        lines = lines or [f"{count(plan.clips, 'clip')} to cut"]
    else:
        title = "Nothing to make" if plan.faults else "Nothing to make: all of it is there"
    faults = [f"will fail: {fault}" for fault in plan.faults]
    return {
        "name": name,
        "title": title,
        "lines": lines,
        "wrong": faults,
    }


_PARTS = {"image": "picture", "narration": "narration"}


def _asked(calls: Calls) -> str:
    """What a provider would make, in words."""
    cost = "price unknown" if calls.dollars is None else f"${calls.dollars:.2f}"
    told = by(count(calls.new, _PARTS.get(calls.kind, calls.kind)), calls.provider)
    there = f", {calls.kept} there already" if calls.kept else ""
    return told + (f", {cost}" if calls.dollars != 0 else "") + there


def _field(row: Row, value: Any) -> dict[str, Any]:
    """The field of a setting, as the table of settings tells it."""
    if row.name == "size":
        sizes = [(f"{w}x{h}", f"{w} × {h}") for w, h in sorted({*_SIZES, tuple(value)})]
        return _choice(row.name, row.panel, sizes, "{}x{}".format(*value))
    if row.choices:
        options = [_text_of(each) for each in row.choices]
        words = [(each, _WORDS.get(each, each)) for each in options]
        return _choice(row.name, row.panel, words, _text_of(value))
    if row.read in (int, float):
        given = value if isinstance(value, int | float) else None
        number = _number(row.name, row.panel, given, row.low or 0, row.high)
        step = {} if row.read is int else {"step": "any"}
        return number | {"placeholder": _WITHOUT.get(row.name)} | step
    return {"name": row.name, "kind": "text", "label": row.panel, "value": value or ""}


def _text_of(value: object) -> str:
    """A choice as the page has it."""
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)


def _read(row: Row, value: Any) -> Any:
    """What the field of a setting means."""
    if row.switch:
        return value == "yes"
    given = value.strip() if isinstance(value, str) else value
    if given in ("", None):
        return row.default
    return row.read(given) if row.read else given


def _number(
    name: str, label: str, value: float | None, low: float, high: float | None
) -> dict[str, Any]:
    return {"name": name, "kind": "number", "label": label, "value": value, "min": low, "max": high}


def _choice(
    name: str, label: str, options: Iterable[Sequence[str]], value: str | None
) -> dict[str, Any]:
    pairs = [list(pair) for pair in options]
    return {"name": name, "kind": "choice", "label": label, "value": value, "options": pairs}
