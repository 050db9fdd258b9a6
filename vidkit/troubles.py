"""What went wrong in a batch, once for all lessons that met the same, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .plain import printable
from .wording import count, in_runs

AGAIN = "run the same call again: it goes on where it stopped, and what is made is kept"
MENDS = {
    "LessonError": "mend the file and run again",
    "SettingsError": "change what was asked for and run again",
    "OutputError": "make room in the folder and the right to write there, and run again",
    "StoreError": "make room and the right to write, and run again",
    "DiskFull": "make room on the disk and run again; nothing more was begun",
    "MediaError": "replace the file, or make it anew with force=",
    "ProviderMissing": "install it or name another provider, and run again",
    "KeyMissing": "set a key that works, and run again",
    "ModelMissing": "name a model that there is, and run again",
    "Refused": "reword these sections, or name a second provider that takes the first one's place",
    "Offline": "run again when the network is back",
    "Unreachable": "run again later",
    "Unconfirmed": "run again later; look at the provider's bill, for it may have been paid",
    "RateLimited": "run again later, or with fewer workers",
    "QuotaExhausted": "top up the account or name another provider, and run again",
    "OverBudget": "raise the budget and run again",
}
"""What to do about an error, by the name of its kind."""

MOST_NAMED = 5
"""Lessons that are named where a trouble is told in one line."""


@dataclass(frozen=True)
class Met:
    """That a lesson, or one of its sections, met an error: its `kind` is the name of its class.
    section counts from 1; None is the lesson as a whole.
    """

    lesson: Path
    section: int | None
    kind: str
    problem: str


@dataclass(frozen=True)
class Trouble:
    """One thing that went wrong, wherever it did.

    kind: the name of the error's class, such as "Refused". problem: what is wrong, and mend:
    what to do about it, as sentences. where: the lessons that met it, each with the numbers of
    its sections, counted from 1; none of them where it met the lesson as a whole.
    """

    kind: str
    problem: str
    mend: str
    where: tuple[tuple[Path, tuple[int, ...]], ...]

    @property
    def lessons(self) -> int:
        """How many lessons met it."""
        return len(self.where)

    @property
    def sections(self) -> int:
        """How many sections met it."""
        return sum(len(numbers) for _, numbers in self.where)

    @property
    def place(self) -> str:
        """Where it was met: "rain: section 3", "7 sections of 2 lessons (rain: 1-4, …)"."""
        named = []
        for path, numbers in self.where[:MOST_NAMED]:
            name = printable(path.stem, line=True)
            named.append(f"{name}: {in_runs(numbers)}" if numbers else name)
        if self.lessons > MOST_NAMED:
            named.append(f"and {self.lessons - MOST_NAMED} more")
        listed = "; ".join(named)
        if self.lessons == 1:
            name, _, numbers_ = listed.partition(": ")
            many = "s" if self.sections > 1 else ""
            return f"{name}: section{many} {numbers_}" if self.sections else name
        of = f"{count(self.sections, 'section')} of " if self.sections else ""
        return f"{of}{count(self.lessons, 'lesson')} ({listed})"

    def __str__(self) -> str:
        return f"{self.place}: {printable(self.problem)}. To do: {self.mend}"

    def as_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "kind": self.kind,
            "problem": self.problem,
            "to_do": self.mend,
            "where": [
                {"lesson": str(path), "sections": list(numbers)} for path, numbers in self.where
            ],
        }


class Troubles:
    """Collects what lessons met; `listed` has each trouble once, the most widespread first."""

    def __init__(self, met: Iterable[Met] = ()) -> None:
        self._where: dict[tuple[str, str], dict[Path, list[int]]] = {}
        for each in met:
            self.add(each)

    def add(self, met: Met) -> None:
        """Take in what one lesson or section met."""
        lessons = self._where.setdefault((met.kind, met.problem), {})
        numbers = lessons.setdefault(met.lesson, [])
        if met.section is not None:
            numbers.append(met.section)

    @property
    def listed(self) -> tuple[Trouble, ...]:
        """All of them."""
        found = [
            Trouble(
                kind,
                problem.rstrip(". "),
                MENDS.get(kind, AGAIN),
                tuple((path, tuple(sorted(numbers))) for path, numbers in lessons.items()),
            )
            for (kind, problem), lessons in self._where.items()
        ]
        return tuple(sorted(found, key=_breadth))


def _breadth(trouble: Trouble) -> tuple[int, int]:
    return (-max(trouble.sections, trouble.lessons), -trouble.lessons)
