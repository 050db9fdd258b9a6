"""What a run would ask for, what that would cost, and how long it would take, before anything is
spent.

Nothing is called and nothing is made. For a plan the keys of all assets are worked out and looked
up in the store, and what is missing is counted; in a forecast everything is. It is made on a
virtual clock by the pipeline of every run, so that a plan, a forecast and the Tuner reckon alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from ..core.errors import KeyMissing, ProviderError
from ..core.events import Event
from ..core.format import count, in_sections, took
from ..core.system import usable_cores
from ..models.lesson import Lesson
from ..models.settings import Settings, settled, whole
from ..pipeline.assets import Candidate, candidates, clip_key_fields, refusal
from ..pipeline.context import PARTS, Fallback, Fallbacks, PartKind, Source, frame_of
from ..pipeline.reveal import reveal_of, spoken_words
from ..pipeline.workload import Load, Piece, SectionLoad, bounds, dollars
from ..providers.base import ImageMaker, VoiceMaker
from ..providers.conversation import requests
from ..report.html import Page, Row, Shown, Table
from ..report.timeline import Timeline
from ..store import Asset, Store, cache_key
from .simulation import RequestCounts, Simulation
from .workload import (
    Assumptions,
    Given,
    PerMinute,
    Seconds,
    clip_seconds,
    join_seconds,
    load_of,
    provider_of,
    usual_seconds,
)


@dataclass(frozen=True)
class Calls:
    """The calls of one kind to one provider.

    new: calls to make. kept: assets that the store has. dollars: what the new ones may cost
    together, None where the provider has no known price. priced: the day of the price, where
    the provider names one. seconds: what one call takes, roughly.
    """

    kind: str
    provider: str
    new: int = 0
    kept: int = 0
    dollars: float | None = 0.0
    priced: str | None = None
    seconds: float = 0.0

    @property
    def cost(self) -> str:
        """What the new ones may cost, and by the prices of which day, in words."""
        if self.dollars is None:
            return "unknown"
        dated = f" (prices of {self.priced})" if self.priced and self.dollars else ""
        return f"${self.dollars:.2f}{dated}"

    def __str__(self) -> str:
        cost = "price unknown" if self.dollars is None else self.cost
        asked = f"{self.provider}: {count(self.new, 'call')} for {self.kind}s"
        return f"{asked}, {cost}; {self.kept} in the store"


@dataclass(frozen=True, repr=False)
class Plan(Shown):
    """What a run would do: `calls` by provider and kind, the `seconds` it would take, roughly,
    `faults`, what would certainly fail, and `notes`, who would take whose place. It counts on
    each provider that can be asked: who takes its place if it fails, is not in it.

    clips: those to be cut. seconds: from the first call to the last video. peak_calls: calls
    under way at once, at most.
    """

    lessons: int
    sections: int
    calls: tuple[Calls, ...]
    seconds: float
    peak_calls: int
    clips: int = 0
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def new(self) -> int:
        """Calls to make."""
        return sum(calls.new for calls in self.calls)

    @property
    def dollars(self) -> float | None:
        """What they may cost together; None where one of the prices is unknown."""
        costs = [calls.dollars for calls in self.calls]
        return None if None in costs else math.fsum(cost or 0.0 for cost in costs)

    def _page(self) -> Page:
        cost = "unknown" if self.dollars is None else f"at most ${self.dollars:.2f}"
        head = (
            f"{count(self.lessons, 'lesson')}, {count(self.sections, 'section')}: "
            f"{count(self.new, 'call')}, {count(self.clips, 'clip')}, cost {cost}, "
            f"about {took(self.seconds)}; at most {count(self.peak_calls, 'call')} at once"
        )
        wrong = tuple(f"will fail: {fault}" for fault in self.faults)
        notes = tuple(f"note: {note}" for note in self.notes)
        told = (*map(str, self.calls), *wrong, *notes)
        return Page(
            head=head,
            wrong=wrong,
            lines=notes,
            told=(head, *(f"  {line}" for line in told)),
            tables=(_table(self.calls),) if self.calls else (),
        )


def _table(calls: Sequence[Calls]) -> Table:
    """What is asked of whom."""
    rows = [
        Row(
            {
                "Provider": each.provider,
                "For": f"{each.kind}s",
                "Calls": str(each.new),
                "In the store": str(each.kept or ""),
                "Cost": each.cost,
                "A call takes": took(each.seconds) if each.seconds else "",
            }
        )
        for each in calls
    ]
    return Table(rows, "provider", numbers=("Calls", "In the store", "Cost", "A call takes"))


def plan_lessons(
    lessons: Sequence[Lesson],
    settings: Settings,
    images: Sequence[ImageMaker],
    voice: Sequence[VoiceMaker],
    store: Store,
) -> Plan:
    """The plan of a run over `lessons` on this machine. Blocks while it looks into the store."""
    sources: dict[PartKind, list[Source[Any]]] = {
        "image": [Source(maker) for maker in images],
        "audio": [Source(maker) for maker in voice],
    }
    counts = _RequestCounter(settings, sources, store)
    sections, todo = 0, {}
    for position, lesson in enumerate(lessons):
        work = tuple(counts.section(lesson, position, i) for i in _chosen(lesson, settings))
        sections += len(work)
        if any(each.clip or not (each.image.own and each.audio.own) for each in work):
            todo[position] = work
    load = Load(
        lessons=tuple(todo.values()),
        names=tuple(lessons[position].name for position in todo),
        join=join_seconds(settings, counts.known, tuple(todo.values())),
        images=provider_of(images[0]),
        voice=provider_of(voice[0]),
    )
    return Plan(
        lessons=len(lessons),
        sections=sections,
        calls=counts.calls(),
        seconds=_seconds(load, settings),
        peak_calls=_peak(load, settings),
        clips=counts.clips,
        faults=tuple(counts.faults()),
        notes=(*counts.fallbacks, *counts.reasons),
    )


def _seconds(load: Load, settings: Settings) -> float:
    """Seconds of the run on a virtual clock; what is paced by 429s is not known before."""
    if not load.lessons:
        return 0.0
    plain = settings.with_(only=None, force=None, budget=None, effects={})
    return Simulation(load, usable_cores()).run(plain)[0]


def _peak(load: Load, settings: Settings) -> int:
    """Calls under way at once, at most: no more than there are workers, and calls to make."""
    most = settings.calls_per_video
    calls = (
        sum(not part.own for section in lesson for part in (section.image, section.audio))
        for lesson in load.lessons
    )
    of_lessons = sorted((min(each, most) for each in calls), reverse=True)
    return sum(of_lessons[: settings.peak_calls // most])


NOTHING = Piece(0.0, own=True)
"""A part that is there already."""


class _RequestCounter:
    """Counts assets by kind and provider; the same asset twice is one call."""

    def __init__(
        self,
        settings: Settings,
        sources: Mapping[PartKind, Sequence[Source[Any]]],
        store: Store,
    ) -> None:
        self._settings = settings
        self._sources = sources
        self._store = store
        self.known = store.journal.seconds()
        self._seen: set[str] = set()
        self._calls: dict[tuple[str, str], Calls] = {}
        self._faults: dict[str, list[int]] = {}
        self._keyless: dict[str, None] = {}
        self.fallbacks = Fallbacks()
        self.reasons: dict[str, None] = {}
        self.clips = 0

    def section(self, lesson: Lesson, position: int, index: int) -> SectionLoad:
        """Count what is to be made of the section at `index`, and say how long it would take."""
        (image, drawn), (audio, spoken) = (
            self._part(
                candidates(kind, lesson, index, self._settings, sources),
                (position, index + 1),
            )
            for kind, sources in self._sources.items()
        )
        clip = (
            0.0
            if self._has_clip(lesson, index, drawn, spoken)
            else clip_seconds(self._settings, self.known)
        )
        self.clips += bool(clip)
        return SectionLoad(image, audio, clip, lesson.sections[index].title)

    def _has_clip(
        self, lesson: Lesson, index: int, drawn: Asset | None, spoken: Asset | None
    ) -> bool:
        if drawn is None or spoken is None or self._settings.force in ("clip", "all"):
            return False
        s = self._settings
        section, film = lesson.sections[index], lesson.sections[index].video
        following = None
        if not film:
            words = spoken_words(spoken.about, section, lesson.language)
            following = reveal_of(drawn.about, words, section, lesson.language, s)
        fields = clip_key_fields(drawn.sha256, spoken.sha256, frame_of(s), following, film)
        return self._store.find(cache_key("clip", fields)) is not None

    def _part(
        self, several: Sequence[Candidate], section: tuple[int, int]
    ) -> tuple[Piece, Asset | None]:
        """Count what the first of the candidates that can be asked makes for a section, by its
        lesson's position and its number: what it takes, and the asset where the store has it.
        """
        failed: list[Fallback] = []
        for candidate in several:
            try:
                found = self._count(candidate, several)
            except ProviderError as error:
                failed.append(Fallback(candidate.name, type(error).__name__, str(error)))
            else:
                if failed:
                    self.fallbacks.add(candidate.kind, section, candidate.name, failed)
                elif candidate.why:
                    self.reasons[candidate.why] = None
                return found
        why = f"{PARTS[several[0].kind]}: {'; '.join(map(str, failed))}"
        self._faults.setdefault(why, []).append(section[1])
        return NOTHING, None

    def _count(
        self, candidate: Candidate, several: Sequence[Candidate]
    ) -> tuple[Piece, Asset | None]:
        """Count one asset. Raises `ProviderError` where its provider would not be asked; what the
        only one would cost is counted although its key is still missing.
        """
        key, kind, maker = candidate.key(self._store), PARTS[candidate.kind], candidate.maker
        seconds = usual_seconds(candidate.kind, maker, self._settings, self.known)
        was = self._calls.get((kind, candidate.name)) or Calls(
            kind, candidate.name, priced=getattr(maker, "priced", None), seconds=seconds
        )
        fresh = self._settings.force in (candidate.kind, "all")
        found = None if fresh else self._store.find(key)
        if key in self._seen:
            return NOTHING, found
        if found is not None:
            self._seen.add(key)
            self._calls[kind, candidate.name] = _more(was, kept=1)
            return NOTHING, found
        if missing := candidate.missing:
            if len(several) > 1 or not isinstance(missing, KeyMissing):
                raise missing
            self._keyless[str(missing)] = None
        last = candidate is several[-1]
        if not fresh and not last and (refused := refusal(self._store, candidate, key)):
            raise refused
        self._seen.add(key)
        self._calls[kind, candidate.name] = _more(was, new=1, dollars=candidate.price)
        if candidate.ask.file is not None:
            return NOTHING, None
        return Piece(seconds, requests(maker, candidate.ask), candidate.price), None

    def faults(self) -> Iterator[str]:
        """One sentence for each reason why something would fail."""
        yield from self._keyless
        for why, numbers in self._faults.items():
            yield f"{in_sections(numbers)}: {why}"

    def calls(self) -> tuple[Calls, ...]:
        """What is asked of whom, by kind and provider."""
        return tuple(self._calls[which] for which in sorted(self._calls))


def _more(calls: Calls, new: int = 0, kept: int = 0, dollars: float | None = 0.0) -> Calls:
    known = calls.dollars is not None and dollars is not None
    total = (calls.dollars or 0.0) + (dollars or 0.0) if known else None
    return replace(calls, new=calls.new + new, kept=calls.kept + kept, dollars=total)


def _chosen(lesson: Lesson, settings: Settings) -> list[int]:
    there = range(len(lesson.sections))
    return [i for i in there if settings.only is None or i + 1 in settings.only]


# What a run of any size would take, as somebody says or as an earlier run went.


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

    @property
    def facts(self) -> tuple[str, str]:
        """The shortest time there is and why, and the calls, in two lines."""
        cost = "price unknown" if self.dollars is None else f"${self.dollars:.2f}"
        wasted = f", {self.rejected} of them one too many (429)" if self.rejected else ""
        calls = f"{count(self.calls, 'call')}{wasted}, at most {self.peak} at once, {cost}"
        return f"at least {took(self.at_least)}, for {self.limit}", calls

    def _page(self) -> Page:
        s = self.settings
        return Page(
            head=f"{count(self.lessons, 'lesson')}, {count(self.sections, 'section')}, "
            f"{count(s.video_workers, 'video')} × {count(s.section_workers, 'section')} at once: "
            f"{took(self.seconds)}",
            lines=self.facts,
            drawing=self.timeline.drawing if self.events else None,
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
    said = Assumptions(image_s, voice_s, clip_s, join_s, per_minute, from_run, cores, seed)
    return forecast_of(*prepared(lessons, settings, said, changes))


def prepared(
    lessons: Given | Iterable[Given],
    settings: Settings | None,
    said: Assumptions,
    changes: Mapping[str, Any],
) -> tuple[Simulation, Settings]:
    """What is to be run in virtual time, and with which settings. changes: further settings.

    Raises as `forecast` does.
    """
    # what is there already counts as not there, and effects and budgets change no time
    chosen = settled(settings, changes).with_(effects={}, force=None, budget=None)
    if said.cores is not None:
        whole("cores", said.cores, 1, 4096)
    load = load_of(lessons, chosen, said)
    return Simulation(load, said.cores or usable_cores(), said.seed), chosen


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
