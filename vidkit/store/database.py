"""A SQLite file that several processes write, that a kill does not harm, and that is replaced
by what can be read of it where something else harmed it.

A journal keeps its name for life, and a new one gets a name of its own: SQLite removes its
side files by name when it closes, and must not meet those of a successor.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from ..errors import StoreError
from .locks import locked

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
