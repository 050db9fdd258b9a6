"""The journal: what was asked of whom, for which lesson, and what it cost.

A call is *reserved* before it is made, with the most that it can cost, and ends as one of

    failed        it was not sent, or refused before any work: nothing is owed
    unconfirmed   it was perhaps made: it counts in full
    paid          it was made: what the provider says that it cost, else what was reserved

Whatever is not known to be one of the others is unconfirmed, so that what is paid and what is
unconfirmed are together never less than the bill: a gateway's 502, an answer that never came,
and what a dead process had reserved.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partialmethod
from inspect import signature
from pathlib import Path
from typing import Any, Literal, TypeGuard

from ..core.errors import OverBudget, SettingsError, StoreError
from ..core.paths import shortened
from .database import Database

PaymentState = Literal["reserved", "paid", "unconfirmed", "failed"]
MILLION = 1_000_000
"""Dollars are counted in whole millionths, so that a hundred cents are a dollar. What may be spent
is rounded up, and what there is to spend is rounded down."""


@dataclass(frozen=True)
class Budget:
    """A hard cap in US dollars, shared by all who give it the same name in one store: runs,
    notebooks and processes. A run's own cap is a budget with a name of its own.
    """

    name: str
    dollars: float

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise SettingsError(
                f"a budget's name is {shortened(self.name)}; give it a word, such as course"
            )
        if not is_amount(self.dollars):
            raise SettingsError(
                f"budget {self.name!r} is {shortened(self.dollars)}; give dollars, from 0 to 1e9"
            )


@dataclass(frozen=True)
class Money:
    """What was spent, in US dollars.

    paid: billed. unconfirmed: perhaps made, and so perhaps billed. reserved: being
    asked just now. again: assets of one run that an earlier one had paid for too. What was billed
    at a price that nobody knows is in none of these.
    """

    paid: float = 0.0
    unconfirmed: float = 0.0
    reserved: float = 0.0
    again: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of it, where nothing was made anew on purpose."""
        if not self.again:
            return ()
        return (
            f"paid again for {self.again} of the images and narrations: they had been paid for "
            "before, and were gone from the store",
        )

    @property
    def total(self) -> float:
        """The most that it can come to, unknown prices aside."""
        return round(self.paid + self.unconfirmed + self.reserved, 6)


@dataclass(frozen=True)
class Entry:
    """One call in the journal.

    dollars: what it cost, or while nobody knows what was set aside for it; None where nobody
    knew its price. asked, ended: when, in UTC.
    """

    id: int
    run: int | None
    lesson: str
    key: str
    kind: str
    provider: str
    state: PaymentState
    dollars: float | None
    asked: datetime
    ended: datetime | None
    budgets: tuple[str, ...]


def millionths_up(dollars: float) -> int:
    """Dollars in millionths, rounded up. Raises `SettingsError` for what is no sum of money."""
    if not is_amount(dollars):
        raise SettingsError(f"a price is {dollars!r}; give dollars, 0 or more")
    # a thousandth of a millionth is the error of a sum of floats, and no money
    return math.ceil(round(dollars * MILLION, 3))


def millionths_down(dollars: float) -> int:
    """Dollars in millionths, rounded down."""
    return math.floor(round(dollars * MILLION, 3))


def in_words(millionths: int) -> str:
    """A sum for a person: $0.05, $0.0034."""
    dollars = max(millionths, 0) / MILLION
    return f"${dollars:.2f}" if millionths % 10_000 == 0 else f"${dollars:.6f}".rstrip("0")


def is_amount(dollars: object) -> TypeGuard[float]:
    """Whether it is a sum of money that somebody can mean."""
    good = isinstance(dollars, int | float) and not isinstance(dollars, bool)
    return good and 0 <= dollars <= 1e9  # type: ignore[operator]


class Reservation:
    """Money that is set aside for one call. The first way in which it ends stands. Ending it never
    raises: where the journal cannot be written it stays reserved, which counts in full.
    """

    def __init__(self, journal: Journal, entry: int) -> None:
        self.id = entry
        self._journal = journal
        self._ended = False

    def paid(self, dollars: float | None = None) -> None:
        """The provider answered; it cost so much, or what was reserved where that is None or no
        sum of money.
        """
        self._end("paid", dollars if is_amount(dollars) else None)

    def failed(self) -> None:
        """It was not made, and nothing is owed."""
        self._end("failed")

    def unconfirmed(self) -> None:
        """It was sent and never answered; it may have been billed, and counts in full."""
        self._end("unconfirmed")

    def _end(self, state: PaymentState, dollars: float | None = None) -> None:
        if self._ended:
            return
        self._ended = True
        try:
            self._journal.end(entry=self.id, state=state, dollars=dollars)
        except StoreError as error:
            self._journal.note(f"a call that was {state} is still noted as reserved: {error}")


_TABLES = """
CREATE TABLE run (id INTEGER PRIMARY KEY, lesson TEXT NOT NULL, process TEXT NOT NULL,
    began REAL NOT NULL, ended REAL, finished INTEGER NOT NULL DEFAULT 0);
CREATE TABLE need (run INTEGER NOT NULL, key TEXT NOT NULL, PRIMARY KEY (run, key)) WITHOUT ROWID;
CREATE TABLE entry (id INTEGER PRIMARY KEY, run INTEGER, lesson TEXT NOT NULL, key TEXT NOT NULL,
    kind TEXT NOT NULL, provider TEXT NOT NULL, process TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('reserved', 'paid', 'free', 'unconfirmed', 'failed')),
    asked REAL NOT NULL, ended REAL, reserved INTEGER, paid INTEGER);
CREATE INDEX entry_run ON entry (run);
CREATE INDEX entry_key ON entry (key);
CREATE INDEX entry_reserved ON entry (process) WHERE state = 'reserved';
CREATE TABLE budget (name TEXT PRIMARY KEY, spent INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE charge (budget TEXT NOT NULL, entry INTEGER NOT NULL,
    PRIMARY KEY (budget, entry)) WITHOUT ROWID;
CREATE INDEX charge_entry ON charge (entry);
CREATE VIEW call AS SELECT *, CASE state WHEN 'paid' THEN paid WHEN 'reserved' THEN reserved
    WHEN 'unconfirmed' THEN reserved ELSE 0 END AS cost FROM entry;
CREATE TABLE tally (name TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
"""


_PACE = "CREATE TABLE pace (what TEXT PRIMARY KEY, seconds REAL NOT NULL) WITHOUT ROWID"
"""Version 2 knows how long pieces of work take on this machine."""

MIGRATIONS = (_TABLES, _PACE)
"""The first makes the tables of version 1; each further one changes them to the next version, and
stays as it is for ever."""


_ENTRIES = """
SELECT id, run, lesson, key, kind, provider, state, cost, asked, ended,
    (SELECT group_concat(budget, char(0)) FROM charge WHERE entry = call.id)
FROM call ORDER BY id
"""

_AGAIN = """
SELECT COUNT(DISTINCT now.key) FROM entry AS now JOIN entry AS before ON before.key = now.key
WHERE now.run = ? AND now.state = 'paid' AND before.state = 'paid' AND before.id < now.id
    AND before.run IS NOT now.run
"""


class Journal(Database):
    """The journal of a store's folder, or with None one in memory that ends with its process.

    process: the name of this opening of the store. note: called with a sentence where the
    file was gone or damaged. All methods block, and may be called from several threads; they
    raise `StoreError` where the journal cannot be used.
    """

    def __init__(
        self,
        folder: Path | None = None,
        process: str = "here",
        note: Callable[[str], None] = lambda _: None,
        *,
        expected: bool = False,
    ) -> None:
        self._process = process
        super().__init__(folder, "journal", MIGRATIONS, note, _epitaph, expected=expected)

    def settle(self, living: Collection[str]) -> None:
        """Let what processes that live no more had reserved be unconfirmed, and their runs
        unfinished.
        """

        def work(base: sqlite3.Connection) -> None:
            at_work = base.execute(
                "SELECT process FROM run WHERE ended IS NULL "
                "UNION SELECT process FROM entry WHERE state = 'reserved'"
            )
            dead = [(time.time(), process) for (process,) in at_work if process not in living]
            base.executemany("UPDATE run SET ended = ? WHERE ended IS NULL AND process = ?", dead)
            base.executemany(
                "UPDATE entry SET state = 'unconfirmed', ended = ? "
                "WHERE state = 'reserved' AND process = ?",
                dead,
            )

        self.do(work)

    def begin_run(self, lesson: str, keys: Iterable[str] = ()) -> int:
        """Note that a run on a lesson begins and which assets it needs; gives its number.

        The needs of earlier runs on the lesson that did not finish are forgotten: this one
        goes on where they stopped.
        """

        def work(base: sqlite3.Connection) -> int:
            base.execute(
                "DELETE FROM need WHERE run IN "
                "(SELECT id FROM run WHERE lesson = ? AND ended IS NOT NULL)",
                (lesson,),
            )
            row = (self.first_row, lesson, self._process, time.time())
            cursor = base.execute(
                "INSERT INTO run (id, lesson, process, began) VALUES "
                "((SELECT max(coalesce(max(id), 0) + 1, ?) FROM run), ?, ?, ?)",
                row,
            )
            assert cursor.lastrowid is not None
            _need(base, cursor.lastrowid, keys)
            return cursor.lastrowid

        return self.do(work)

    def need(self, run: int, keys: Iterable[str]) -> None:
        """Note further assets that a run needs."""
        self.do(lambda base: _need(base, run, keys))

    def end_run(
        self, run: int, *, finished: bool, seconds: Mapping[str, float] | None = None
    ) -> None:
        """Note that a run ended. What one needs that did not finish its lesson stays needed.

        seconds: what a piece of work took on average, by its name; counts half, and what was
        known before the other half.
        """

        def work(base: sqlite3.Connection) -> None:
            done = (time.time(), finished, run)
            base.execute("UPDATE run SET ended = ?, finished = ? WHERE id = ?", done)
            if finished:
                base.execute("DELETE FROM need WHERE run = ?", (run,))
            base.executemany(
                "INSERT INTO pace VALUES (?, ?) ON CONFLICT (what) "
                "DO UPDATE SET seconds = (seconds + excluded.seconds) / 2",
                tuple((seconds or {}).items()),
            )

        self.do(work)

    def seconds(self) -> dict[str, float]:
        """What a piece of work took in earlier runs, by its name."""
        return dict(self._rows("SELECT what, seconds FROM pace"))

    def needed(self, *, under_way: bool = False) -> set[str]:
        """The keys that unfinished lessons need; `under_way`: those of runs that go on now."""
        sql = "SELECT DISTINCT key, run.ended FROM need JOIN run ON run.id = need.run"
        return {key for key, ended in self._rows(sql) if ended is None or not under_way}

    def reserve(
        self,
        *,
        run: int | None,
        key: str,
        kind: str,
        provider: str,
        lesson: str,
        dollars: float | None,
        budgets: Sequence[Budget] = (),
    ) -> Reservation:
        """Set aside what a call may cost at most, before it is made.

        dollars: None where nobody knows; a call that costs more in the end overdraws.
        Raises `OverBudget`, and notes nothing, where it does not fit in each of the budgets,
        or where nobody knows what it costs and there is a budget.
        """
        millionths = None if dollars is None else millionths_up(dollars)
        caps = {
            budget.name: min(b.dollars for b in budgets if b.name == budget.name)
            for budget in budgets
        }
        row = (run, lesson, key, kind, provider, self._process, "reserved", time.time(), millionths)

        def work(base: sqlite3.Connection) -> int:
            for name, cap in caps.items():
                _refuse(base, f"this {kind} by {provider}", millionths, Budget(name, cap))
            cursor = base.execute(
                "INSERT INTO entry (id, run, lesson, key, kind, provider, process, state, asked, "
                "reserved) VALUES ((SELECT max(coalesce(max(id), 0) + 1, ?) FROM entry), "
                "?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (self.first_row, *row),
            )
            assert cursor.lastrowid is not None
            charges = [(name, cursor.lastrowid) for name in caps]
            base.executemany("INSERT INTO charge VALUES (?, ?)", charges)
            _count(base, cursor.lastrowid, millionths or 0)
            return cursor.lastrowid

        return Reservation(self, self.do(work))

    def end(self, entry: int, state: PaymentState, dollars: float | None = None) -> None:
        """End a reserved call, or one that was unconfirmed; another is left as it is.

        dollars: what was paid; None is what was reserved.
        """
        paid = None if dollars is None else millionths_up(dollars)

        def work(base: sqlite3.Connection) -> None:
            row = base.execute(
                "SELECT state, reserved FROM entry WHERE id = ?", (entry,)
            ).fetchone()
            if row is None or row[0] not in ("reserved", "unconfirmed"):
                return
            reserved = row[1]
            cost = (reserved if paid is None else paid) if state == "paid" else None
            base.execute(
                "UPDATE entry SET state = ?, paid = ?, ended = ? WHERE id = ?",
                (state, cost, time.time(), entry),
            )
            after = {"paid": cost, "unconfirmed": reserved}.get(state) or 0
            _count(base, entry, after - (reserved or 0))

        self.do(work)

    def spent(self, run: int | None = None, budget: str | None = None) -> Money:
        """What was spent: by a run, under a budget, by a run under a budget, or at all."""
        given = {"run = ?": run, "id IN (SELECT entry FROM charge WHERE budget = ?)": budget}
        asked = {part: value for part, value in given.items() if value is not None}
        where, values = " AND ".join(asked) or "1", tuple(asked.values())
        sql = f"SELECT state, TOTAL(cost) FROM call WHERE {where} GROUP BY 1"  # noqa: S608
        sums = {state: total / MILLION for state, total in self._rows(sql, values)}
        again = self._rows(_AGAIN, (run,))[0][0] if run is not None and "paid" in sums else 0
        return Money(
            paid=sums.get("paid", 0.0),
            unconfirmed=sums.get("unconfirmed", 0.0),
            reserved=sums.get("reserved", 0.0),
            again=again,
        )

    def left(self, budget: Budget) -> float:
        """Dollars that the budget still has."""
        spent = self.do(lambda base: _spent(base, budget.name), writes=False)
        return max(millionths_down(budget.dollars) - spent, 0) / MILLION

    def entries(self) -> list[Entry]:
        """All calls, the oldest first."""
        return [
            Entry(
                *(number, run, lesson, key, kind, provider, state),
                dollars=None if cost is None else cost / MILLION,
                asked=datetime.fromtimestamp(asked, UTC),
                ended=None if ended is None else datetime.fromtimestamp(ended, UTC),
                budgets=tuple(budgets.split("\0")) if budgets else (),
            )
            for number, run, lesson, key, kind, provider, state, cost, asked, ended, budgets in (
                self._rows(_ENTRIES)
            )
        ]

    def tally(self, **more: int) -> dict[str, int]:
        """Add to counts that are kept by name, and give all of them."""

        def work(base: sqlite3.Connection) -> dict[str, int]:
            for name, number in more.items():
                base.execute("INSERT OR IGNORE INTO tally VALUES (?, 0)", (name,))
                base.execute("UPDATE tally SET number = number + ? WHERE name = ?", (number, name))
            return dict(base.execute("SELECT name, number FROM tally").fetchall())

        return self.do(work)

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        return self.do(lambda base: base.execute(sql, values).fetchall(), writes=False)


class JournalProxy(Journal):
    """What a run takes for its journal where that is elsewhere, or nowhere.

    ask: called with the name of a method of `Journal` and its arguments; gives what that gives, and
    for `reserve` the number of the entry. note: as for `Journal`.
    """

    def __init__(self, ask: Callable[..., Any], note: Callable[[str], None]) -> None:
        self._ask = ask
        self.note = note

    def _forward(self, call: str, *given: Any, **named: Any) -> Any:
        names = [*signature(getattr(Journal, call)).parameters][1:]  # without self
        return self._ask(call, **dict(zip(names, given, strict=False)), **named)

    def reserve(self, **asked: Any) -> Reservation:
        """As `Journal.reserve`."""
        return Reservation(self, self._ask("reserve", **asked))

    def close(self) -> None:
        """Nothing is open here."""


for _call in ("begin_run", "need", "end_run", "seconds", "end", "spent", "tally"):
    setattr(JournalProxy, _call, partialmethod(JournalProxy._forward, _call))


def _refuse(base: sqlite3.Connection, what: str, millionths: int | None, budget: Budget) -> None:
    """Raise `OverBudget` where a call does not fit in a budget."""
    left = millionths_down(budget.dollars) - _spent(base, budget.name)
    if millionths is None:
        why = "has no known price"
    elif millionths > left:
        why = f"may cost {in_words(millionths)}, and {in_words(left)} is left"
    else:
        return
    raise OverBudget(
        f"over budget: {what} {why}; budget {budget.name!r} is "
        f"{in_words(millionths_down(budget.dollars))}. "
        "What is made is kept; raise the budget and run again",
        budget.name,
    )


def _spent(base: sqlite3.Connection, budget: str) -> int:
    row = base.execute("SELECT spent FROM budget WHERE name = ?", (budget,)).fetchone()
    return int(row[0]) if row else 0


def _count(base: sqlite3.Connection, entry: int, more: int) -> None:
    """Let the budgets of an entry be charged so many millionths more."""
    for (name,) in base.execute("SELECT budget FROM charge WHERE entry = ?", (entry,)).fetchall():
        base.execute("INSERT OR IGNORE INTO budget VALUES (?, 0)", (name,))
        base.execute("UPDATE budget SET spent = spent + ? WHERE name = ?", (more, name))


def _need(base: sqlite3.Connection, run: int, keys: Iterable[str]) -> None:
    base.executemany("INSERT OR IGNORE INTO need VALUES (?, ?)", [(run, key) for key in keys])


def _epitaph(path: Path) -> str:
    """What it means for the money that a damaged file is gone."""
    sql = "SELECT SUM(paid), SUM(CASE WHEN state != 'paid' THEN reserved END) FROM entry"
    with suppress(sqlite3.Error, OSError, TypeError):
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as base:
            paid, unconfirmed = base.execute(
                f"{sql} WHERE state IN ('paid', 'reserved', 'unconfirmed')"
            ).fetchone()
        told = f"{in_words(int(paid or 0))} paid and {in_words(int(unconfirmed or 0))} unconfirmed"
        return f"As far as it can be read, {told} stand in it; budgets begin anew without them"
    return "What was spent can no longer be read from it, and budgets begin anew"
