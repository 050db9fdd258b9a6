"""What a run would ask for, and what that would cost, before anything is spent.

Nothing is called and nothing is made: the keys of all assets are worked out and looked up in
the store, and what is missing is counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .errors import KeyMissing, ProviderError
from .lesson import Lesson
from .pipeline import Source
from .pipeline.choice import Choice, PartKind, choices, refusal
from .pipeline.falls import PARTS, Fall, Falls
from .providers import ImageMaker, VoiceMaker
from .providers.recorded import own_files
from .report import count, in_sections, took
from .settings import Settings
from .showing import Page, Row, Shown, Table
from .store import NoStore, Store

TYPICAL_SECONDS = {"slides": 0.1, "espeak": 0.15, "recorded": 0.01, "gtts": 4.0, "openai": 20.0}
"""How long a call of a provider takes, roughly; a provider's own `latency` is believed first."""

UNKNOWN_SECONDS = 5.0


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

    def __str__(self) -> str:
        cost = "price unknown" if self.dollars is None else f"${self.dollars:.2f}"
        dated = f" (prices of {self.priced})" if self.priced and self.dollars else ""
        return (
            f"{self.provider}: {count(self.new, 'call')} for {self.kind}s, {cost}{dated}; "
            f"{self.kept} in the store"
        )


@dataclass(frozen=True, repr=False)
class Plan(Shown):
    """What a run would do: `calls` by provider and kind, the `seconds` it would take, roughly,
    `faults`, what would certainly fail, and `notes`, who would take whose place. It counts on
    each provider that can be asked: who takes its place if it fails, is not in it.
    """

    lessons: int
    sections: int
    calls: tuple[Calls, ...]
    seconds: float
    peak_calls: int
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
            f"{count(self.new, 'call')}, cost {cost}, about {took(self.seconds)}; "
            f"at most {self.peak_calls} calls at once"
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
    columns = ("Provider", "For", "Calls", "In the store", "Cost", "A call takes")
    rows = []
    for each in calls:
        cost = "unknown" if each.dollars is None else f"${each.dollars:.2f}"
        dated = f" (prices of {each.priced})" if each.priced and each.dollars else ""
        kept = str(each.kept) if each.kept else ""
        cells = (each.provider, f"{each.kind}s", str(each.new), kept, cost + dated)
        rows.append(Row((*cells, took(each.seconds) if each.seconds else "")))
    return Table(columns, tuple(rows), "provider", frozenset(range(2, 6))).without_empty()


def plan_lessons(
    lessons: Sequence[Lesson],
    settings: Settings,
    images: Sequence[ImageMaker],
    voice: Sequence[VoiceMaker],
    store: Store | NoStore,
) -> Plan:
    """The plan of a run over `lessons`. Blocks while it looks into the store."""
    tally = _Tally(store, settings.force)
    lengths = []
    sources: dict[PartKind, list[Source[Any]]] = {
        "image": [Source(maker) for maker in images],
        "audio": [Source(maker) for maker in voice],
    }
    for position, lesson in enumerate(lessons):
        rounds = []
        for index in _chosen(lesson, settings):
            parts = [
                tally.add(
                    choices(kind, lesson, index, settings, sources[kind], own_files),
                    (position, index + 1),
                )
                for kind in sources
            ]
            rounds.append(max(parts) if settings.concurrent_parts else sum(parts))
        lengths.append(_makespan(rounds, settings.section_workers))
    return Plan(
        lessons=len(lessons),
        sections=sum(len(_chosen(lesson, settings)) for lesson in lessons),
        calls=tally.calls(),
        seconds=_makespan(lengths, settings.video_workers),
        peak_calls=settings.peak_calls if len(lessons) > 1 else settings.calls_per_video,
        faults=tuple(tally.faults()),
        notes=tuple(tally.falls),
    )


class _Tally:
    """Counts assets by kind and provider; the same asset twice is one call."""

    def __init__(self, store: Store | NoStore, force: str | None) -> None:
        self._store = store
        self._force = force
        self._seen: set[str] = set()
        self._calls: dict[tuple[str, str], Calls] = {}
        self._faults: dict[str, list[int]] = {}
        self.falls = Falls()
        self.keyless: dict[str, None] = {}

    def add(self, several: Sequence[Choice], section: tuple[int, int]) -> float:
        """Count what the first of the choices that can be asked makes for a section, by its
        lesson's position and its number; gives the seconds that it would take.
        """
        falls: list[Fall] = []
        for choice in several:
            try:
                seconds = self._count(choice, several)
            except ProviderError as error:
                falls.append(Fall(choice.name, type(error).__name__, str(error)))
            else:
                if falls:
                    self.falls.add(choice.kind, section, choice.name, falls)
                return seconds
        why = f"{PARTS[several[0].kind]}: {'; '.join(map(str, falls))}"
        self._faults.setdefault(why, []).append(section[1])
        return 0.0

    def _count(self, choice: Choice, several: Sequence[Choice]) -> float:
        """Count one asset. Raises `ProviderError` where its provider would not be asked; what the
        only one would cost is counted although its key is still missing.
        """
        key, kind, maker = choice.key(), PARTS[choice.kind], choice.maker
        was = self._calls.get((kind, choice.name)) or Calls(
            kind,
            choice.name,
            priced=getattr(maker, "priced", None),
            seconds=getattr(maker, "latency", TYPICAL_SECONDS.get(maker.name, UNKNOWN_SECONDS)),
        )
        if key in self._seen:
            return 0.0
        fresh = self._force in (choice.kind, "all")
        if not fresh and self._store.find(key) is not None:
            self._seen.add(key)
            self._calls[kind, choice.name] = _more(was, kept=1)
            return 0.0
        if missing := choice.missing:
            if len(several) > 1 or not isinstance(missing, KeyMissing):
                raise missing
            self.keyless[str(missing)] = None
        last = choice is several[-1]
        if not fresh and not last and (refused := refusal(self._store, choice, key)):
            raise refused
        self._seen.add(key)
        self._calls[kind, choice.name] = _more(was, new=1, dollars=choice.price)
        return was.seconds

    def faults(self) -> Iterator[str]:
        """One sentence for each reason why something would fail."""
        yield from self.keyless
        for why, numbers in self._faults.items():
            yield f"{in_sections(numbers)}: {why}"

    def calls(self) -> tuple[Calls, ...]:
        return tuple(self._calls[which] for which in sorted(self._calls))


def _more(calls: Calls, new: int = 0, kept: int = 0, dollars: float | None = 0.0) -> Calls:
    known = calls.dollars is not None and dollars is not None
    total = (calls.dollars or 0.0) + (dollars or 0.0) if known else None
    return replace(calls, new=calls.new + new, kept=calls.kept + kept, dollars=total)


def _chosen(lesson: Lesson, settings: Settings) -> list[int]:
    there = range(len(lesson.sections))
    return [i for i in there if settings.only is None or i + 1 in settings.only]


def _makespan(lengths: Iterable[float], workers: int) -> float:
    """How long `workers` take who begin the pieces in their order (list scheduling)."""
    free = [0.0] * workers
    for length in lengths:
        first = free.index(min(free))
        free[first] += length
    return max(free)
