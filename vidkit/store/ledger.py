"""The journal: what was asked of whom, for which lesson, and what it cost.

A call is *reserved* before it is made, with the most that it can cost, and ends as one of

    failed        it was not sent, or refused before any work: nothing is owed
    unconfirmed   it was perhaps made: it counts in full
    paid          it was made: what the provider says that it cost, else what was reserved
    free          it was made, and turned out to cost nothing

Whatever is not known to be one of the others is unconfirmed, so that what is paid and what is
unconfirmed are together never less than the bill: a gateway's 502, an answer that never came,
and what a dead process had reserved.
"""

from __future__ import annotations

import math
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from ..core.errors import OverBudget, SettingsError, StoreError
from ..core.paths import shortened
from .locks import locked

# A SQLite file that several processes write, that a kill does not harm, and that is replaced
# by what can be read of it where something else harmed it.
#
# A journal keeps its name for life, and a new one gets a name of its own: SQLite removes its
# side files by name when it closes, and must not meet those of a successor.


T = TypeVar("T")
SECOND = 10**9
PATIENCE = 30.0
"""Seconds to wait for another process's transaction."""

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_WHY = {
    sqlite3.SQLITE_FULL: "the disk is full; make room",
    sqlite3.SQLITE_READONLY: "it cannot be written; check the folder's permissions",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check the folder's permissions and its room",
    sqlite3.SQLITE_IOERR: "the disk reports an error; check it and its room",
    sqlite3.SQLITE_BUSY: f"another process has held it for {PATIENCE:.0f} s; end that process",
}


class Database:
    """The file `<name>-….sqlite` of a folder, or with None one in memory.

    schema: statements, separated by semicolons; version: of that schema. note is called with
    a sentence where the file was gone or damaged; `expected` says that there has to be one.
    mended: puts right, in a file's successor, what follows from the rows that could be read.
    Its methods block, and may be called from several threads, but not from a forked child.
    """

    def __init__(
        self,
        folder: Path | None,
        name: str,
        schema: str,
        version: int,
        note: Callable[[str], None],
        mended: Callable[[sqlite3.Connection], None],
        *,
        expected: bool = False,
    ) -> None:
        self._pid = os.getpid()
        self._mended = mended
        self._folder = folder
        self._name = name
        self._schema = schema
        self._version = version
        self._note = note
        self._lock = threading.RLock()
        self._base: sqlite3.Connection | None = None
        self._path: Path | None = None
        self._file: tuple[int, int] | None = None
        self._looked: int | None = None
        with self._told():
            try:
                self._open(expected)
            except BaseException:
                self.close()
                raise

    def do(self, work: Callable[[sqlite3.Connection], T], *, writes: bool = True) -> T:
        """Call `work` with the connection, in one transaction; nobody else writes beside it
        unless it `writes` nothing itself.

        What it raises undoes the transaction. Raises `StoreError` where the file cannot be used.
        """
        if os.getpid() != self._pid:
            raise StoreError(
                "this journal was opened by the process that forked this one; open it here anew"
            )
        with self._lock, self._told():
            if self._replaced():
                self._open(expected=True)
            try:
                return self._transact(work, writes)
            except sqlite3.DatabaseError as error:
                if self._folder is None or not _is_damage(error):
                    raise
                self._mend()
                return self._transact(work, writes)

    def check(self) -> str | None:
        """What SQLite finds wrong with the file, None where it finds nothing."""

        def look(base: sqlite3.Connection) -> str | None:
            found = base.execute("PRAGMA quick_check(1)").fetchone()[0]
            return None if found == "ok" else str(found)

        return self.do(look, writes=False)

    def close(self) -> None:
        """Close the file; it is opened again if it is used again."""
        if os.getpid() == self._pid:
            with self._lock, suppress(sqlite3.Error):
                self._file = None
                if self._base is not None:
                    self._base.close()

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self.close()

    def _transact(self, work: Callable[[sqlite3.Connection], T], writes: bool = True) -> T:
        assert self._base is not None
        base = self._base
        base.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
        try:
            result = work(base)
            base.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                base.execute("ROLLBACK")
            raise
        return result

    def _replaced(self) -> bool:
        """True where the file is closed, is gone, or has a successor."""
        if self._folder is None:
            return False
        if self._file is None or self._path is None:
            return True
        # a file that comes or goes changes the folder's time; one that changed in this very
        # second may change again and look the same
        changed = self._folder.stat().st_mtime_ns
        if changed == self._looked:
            return False
        if self._path != self._newest() or _identity(self._path) != self._file:
            return True
        self._looked = changed if time.time_ns() - changed > SECOND else None
        return False

    def _newest(self) -> Path | None:
        assert self._folder is not None
        return max(self._folder.glob(f"{self._name}-*.sqlite"), default=None)

    def _open(self, expected: bool) -> None:
        if self._folder is None:
            self._connect(":memory:")
            return
        with locked(self._folder / "mending.lock"):
            self._path = self._newest()
            if expected and (self._path is None or not self._path.stat().st_size):
                self._note(_gone(self._folder))
            self._path = self._path or self._successor(None)
            try:
                self._connect(str(self._path))
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                self._replace()

    def _connect(self, path: str) -> None:
        """Open the file and make its tables. Raises `StoreError` for that of a newer vidkit."""
        if self._base is not None:
            with suppress(sqlite3.Error):
                self._base.close()
        self._base = base = _connected(path)
        version = base.execute("PRAGMA user_version").fetchone()[0]
        if version > self._version:
            base.close()
            raise StoreError(
                f"{self._path} was written by a newer vidkit (version {version}, this one knows "
                f"{self._version}); update vidkit, or choose another folder with VIDKIT_CACHE "
                "(cache_dir=)"
            )
        base.execute("PRAGMA journal_mode = WAL")
        # what a kill cannot harm, a power cut could: money is on the disk before it is spent
        base.execute("PRAGMA synchronous = FULL")
        if version < self._version:
            tables = [statement for statement in self._schema.split(";") if statement.strip()]
            tables.append(f"PRAGMA user_version = {self._version}")
            self._transact(lambda base: [base.execute(statement) for statement in tables])
        self._file = None if self._path is None else _identity(self._path)

    def _mend(self) -> None:
        assert self._folder is not None
        with locked(self._folder / "mending.lock"):
            if self._replaced():
                self._path = self._newest() or self._successor(None)
                self._connect(str(self._path))
            else:
                self._replace()

    def _replace(self) -> None:
        """Go on in a new file, with what can be read of the damaged one."""
        damaged = self._path
        assert damaged is not None
        rows = list(_readable(damaged))
        self._path = self._successor(damaged)
        self._connect(str(self._path))
        saved = self._transact(lambda base: sum(_insert(base, *row) for row in rows))
        self._transact(self._mended)
        self._note(
            f"{damaged} was damaged; {self._path.name} goes on from the {saved} records that "
            "could be read. What could not be is not counted as spent"
        )

    def _successor(self, before: Path | None) -> Path:
        assert self._folder is not None
        number = int(before.stem.split("-")[1]) + 1 if before else 1
        return self._folder / f"{self._name}-{number:04}-{secrets.token_hex(4)}.sqlite"

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell errors of SQLite and of the system in words for a person."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            why = _WHY.get(code, f"{error}; run `vidkit cache verify`")
            raise StoreError(f"{self._path or 'the journal'}: {why}") from error
        except OSError as error:
            raise StoreError(
                f"{self._folder}: {error.strerror or error}; make room, or choose another folder "
                "with VIDKIT_CACHE (cache_dir=)"
            ) from error


def _connected(path: str) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    lost = isinstance(error, sqlite3.OperationalError) and "no such table" in str(error)
    return lost or getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def _gone(folder: Path) -> str:
    return (
        f"the journal of {folder} was gone, and a new one is begun. What was spent before is "
        "not counted"
    )


def _readable(path: Path) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The rows of a damaged file, table by table, as far as each can be read."""
    with closing(_connected(str(path))) as base:
        tables: Iterable[Any] = ()
        with suppress(sqlite3.Error):
            tables = base.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid"
            ).fetchall()
        for (table,) in tables:
            with suppress(sqlite3.Error):
                for row in base.execute(f'SELECT * FROM "{table}"'):  # noqa: S608
                    yield table, row


def _insert(base: sqlite3.Connection, table: str, row: tuple[Any, ...]) -> bool:
    marks = ", ".join("?" * len(row))
    try:
        base.execute(f'INSERT OR IGNORE INTO "{table}" VALUES ({marks})', row)  # noqa: S608
    except sqlite3.Error:
        return False
    return True


# Money: budgets, what was spent, and what each call came to.
#
# Dollars are counted in whole millionths, so that a hundred cents are a dollar. What may be
# spent is rounded up and what there is to spend is rounded down.


PaymentState = Literal["reserved", "paid", "free", "unconfirmed", "failed"]
MILLION = 1_000_000


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
        if not _is_sum(self.dollars):
            raise SettingsError(
                f"budget {self.name!r} is {shortened(self.dollars)}; give dollars, from 0 to 1e9"
            )


@dataclass(frozen=True)
class Money:
    """What was spent, in US dollars.

    paid: billed. unconfirmed: perhaps made, and so perhaps billed. reserved: being
    asked just now. unknown: calls that were billed at a price that nobody knows. again: assets
    of one run that an earlier one had paid for too.
    """

    paid: float = 0.0
    unconfirmed: float = 0.0
    reserved: float = 0.0
    unknown: int = 0
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
    if not _is_sum(dollars):
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


def _is_sum(dollars: object) -> bool:
    good = isinstance(dollars, int | float) and not isinstance(dollars, bool)
    return good and 0 <= dollars <= 1e9  # type: ignore[operator]


# Money that is set aside for one call, until it is known what became of it.


class Reservation:
    """Money that is set aside for one call. The first way in which it ends stands.

    As a context manager it is unconfirmed unless it was ended within. Ending it never
    raises: where the journal cannot be written it stays reserved, which counts in full.
    """

    def __init__(self, journal: Journal, entry: int) -> None:
        self.id = entry
        self._journal = journal
        self._ended = False

    def paid(self, dollars: float | None = None) -> None:
        """The provider answered; it cost so much, or None: what was reserved."""
        self._end("paid", dollars)

    def free(self) -> None:
        """It was made and cost nothing."""
        self._end("free")

    def failed(self) -> None:
        """It was not made, and nothing is owed."""
        self._end("failed")

    def unconfirmed(self) -> None:
        """It was sent and never answered; it may have been billed, and counts in full."""
        self._end("unconfirmed")

    def __enter__(self) -> Reservation:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._ended:
            self.unconfirmed()

    def _end(self, state: PaymentState, dollars: float | None = None) -> None:
        if self._ended:
            return
        self._ended = True
        try:
            self._journal.end(self.id, state, dollars)
        except StoreError as error:
            self._journal.note(f"a call that was {state} is still noted as reserved: {error}")


VERSION = 1
SCHEMA = """
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


_AGAIN = """
SELECT COUNT(DISTINCT now.key) FROM entry AS now JOIN entry AS before ON before.key = now.key
WHERE now.run = ? AND now.state = 'paid' AND before.state = 'paid' AND before.id < now.id
    AND before.run IS NOT now.run
"""


class Journal:
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
        self._note = note
        self._base = Database(
            folder, "journal", SCHEMA, VERSION, note, _total_again, expected=expected
        )

    def settle(self, living: Collection[str]) -> int:
        """Let what processes that live no more had reserved be unconfirmed, and their runs
        unfinished. Gives how many calls that were.
        """

        def work(base: sqlite3.Connection) -> int:
            at_work = base.execute(
                "SELECT process FROM run WHERE ended IS NULL "
                "UNION SELECT process FROM entry WHERE state = 'reserved'"
            )
            dead = [(time.time(), process) for (process,) in at_work if process not in living]
            base.executemany("UPDATE run SET ended = ? WHERE ended IS NULL AND process = ?", dead)
            return base.executemany(
                "UPDATE entry SET state = 'unconfirmed', ended = ? "
                "WHERE state = 'reserved' AND process = ?",
                dead,
            ).rowcount

        return self._base.do(work)

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
            row = (lesson, self._process, time.time())
            cursor = base.execute("INSERT INTO run (lesson, process, began) VALUES (?, ?, ?)", row)
            assert cursor.lastrowid is not None
            _need(base, cursor.lastrowid, keys)
            return cursor.lastrowid

        return self._base.do(work)

    def need(self, run: int, keys: Iterable[str]) -> None:
        """Note further assets that a run needs."""
        self._base.do(lambda base: _need(base, run, keys))

    def end_run(self, run: int, *, finished: bool) -> None:
        """Note that a run ended. What one needs that did not finish its lesson stays needed."""

        def work(base: sqlite3.Connection) -> None:
            done = (time.time(), finished, run)
            base.execute("UPDATE run SET ended = ?, finished = ? WHERE id = ?", done)
            if finished:
                base.execute("DELETE FROM need WHERE run = ?", (run,))

        self._base.do(work)

    def needed(self, *, under_way: bool = False) -> set[str]:
        """The keys that unfinished lessons need; `under_way`: those of runs that go on now."""
        sql = "SELECT DISTINCT key, run.ended FROM need JOIN run ON run.id = need.run"
        return {key for key, ended in self._rows(sql) if ended is None or not under_way}

    def unfinished(self) -> list[str]:
        """The lessons that are not finished and hold assets in the store."""
        sql = "SELECT DISTINCT lesson FROM need JOIN run ON run.id = need.run ORDER BY lesson"
        return [lesson for (lesson,) in self._rows(sql)]

    def forget(self, lesson: str) -> None:
        """Give up what a lesson needs that will not be finished, so that it can be pruned."""
        sql = "DELETE FROM need WHERE run IN (SELECT id FROM run WHERE lesson = ?)"
        self._base.do(lambda base: base.execute(sql, (lesson,)))

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
                "INSERT INTO entry (run, lesson, key, kind, provider, process, state, asked, "
                "reserved) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            assert cursor.lastrowid is not None
            charges = [(name, cursor.lastrowid) for name in caps]
            base.executemany("INSERT INTO charge VALUES (?, ?)", charges)
            _count(base, cursor.lastrowid, millionths or 0)
            return cursor.lastrowid

        return Reservation(self, self._base.do(work))

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

        self._base.do(work)

    def spent(self, run: int | None = None, budget: str | None = None) -> Money:
        """What was spent: by a run, under a budget, by a run under a budget, or at all."""
        where, values = _where(run=run, budget=budget)
        sql = f"SELECT state, SUM(cost), SUM(cost IS NULL) FROM call {where} GROUP BY 1"  # noqa: S608
        found = {state: (total or 0, unknown) for state, total, unknown in self._rows(sql, values)}
        sums = {state: total / MILLION for state, (total, _) in found.items()}
        return Money(
            paid=sums.get("paid", 0.0),
            unconfirmed=sums.get("unconfirmed", 0.0),
            reserved=sums.get("reserved", 0.0),
            unknown=sum(found.get(s, (0, 0))[1] for s in ("paid", "unconfirmed")),
            again=self._rows(_AGAIN, (run,))[0][0] if run is not None and "paid" in found else 0,
        )

    def left(self, budget: Budget) -> float:
        """Dollars that the budget still has."""
        return (
            max(
                millionths_down(budget.dollars)
                - self._base.do(lambda b: _spent(b, budget.name), writes=False),
                0,
            )
            / MILLION
        )

    def entries(
        self,
        *,
        run: int | None = None,
        lesson: str | None = None,
        key: str | None = None,
        state: PaymentState | None = None,
        budget: str | None = None,
        last: int | None = None,
    ) -> list[Entry]:
        """The calls that are so, the oldest first; `last`: no more than the newest so many."""
        where, values = _where(run=run, lesson=lesson, key=key, state=state, budget=budget)
        sql = (
            "SELECT id, run, lesson, key, kind, provider, state, cost, asked, ended, "  # noqa: S608
            "(SELECT group_concat(budget, char(0)) FROM charge WHERE entry = call.id) "
            f"FROM call {where} ORDER BY id DESC LIMIT {-1 if last is None else last:d}"
        )
        return [_entry(row) for row in reversed(self._rows(sql, values))]

    def tally(self, **more: int) -> dict[str, int]:
        """Add to counts that are kept by name, and give all of them."""

        def work(base: sqlite3.Connection) -> dict[str, int]:
            for name, number in more.items():
                base.execute("INSERT OR IGNORE INTO tally VALUES (?, 0)", (name,))
                base.execute("UPDATE tally SET number = number + ? WHERE name = ?", (number, name))
            return dict(base.execute("SELECT name, number FROM tally").fetchall())

        return self._base.do(work)

    def check(self) -> str | None:
        """What is wrong with the file, None where nothing is."""
        return self._base.check()

    def note(self, sentence: str) -> None:
        """Tell whoever opened the journal."""
        self._note(sentence)

    def close(self) -> None:
        """Close the file. It is opened again if it is used again."""
        self._base.close()

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        return self._base.do(lambda base: base.execute(sql, values).fetchall(), writes=False)


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


def _total_again(base: sqlite3.Connection) -> None:
    """After damage: no budget has spent less than its entries say."""
    base.execute("INSERT OR IGNORE INTO budget SELECT DISTINCT budget, 0 FROM charge")
    base.execute(
        "UPDATE budget SET spent = max(spent, coalesce((SELECT SUM(cost) FROM charge "
        "JOIN call ON call.id = charge.entry WHERE charge.budget = budget.name), 0))"
    )


def _need(base: sqlite3.Connection, run: int, keys: Iterable[str]) -> None:
    base.executemany("INSERT OR IGNORE INTO need VALUES (?, ?)", [(run, key) for key in keys])


def _where(budget: str | None = None, **equal: object) -> tuple[str, list[Any]]:
    """The condition that an entry fits all of these that are not None, and its values."""
    asked = {name: value for name, value in equal.items() if value is not None}
    parts, values = [f"{name} = ?" for name in asked], list(asked.values())
    if budget is not None:
        parts.append("id IN (SELECT entry FROM charge WHERE budget = ?)")
        values.append(budget)
    return ("WHERE " + " AND ".join(parts) if parts else ""), values


def _entry(row: Sequence[Any]) -> Entry:
    number, run, lesson, key, kind, provider, state, cost, asked, ended, budgets = row
    return Entry(
        id=number,
        run=run,
        lesson=lesson,
        key=key,
        kind=kind,
        provider=provider,
        state=state,
        dollars=None if cost is None else cost / MILLION,
        asked=datetime.fromtimestamp(asked, UTC),
        ended=None if ended is None else datetime.fromtimestamp(ended, UTC),
        budgets=tuple(budgets.split("\0")) if budgets else (),
    )
