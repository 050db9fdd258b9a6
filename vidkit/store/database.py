"""A SQLite file that several processes write and that a kill does not harm.

Its tables are brought up to date by a list of migrations. A file that something else harmed goes
into quarantine, and a new one is begun.
"""

from __future__ import annotations

import os
import re
import secrets
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from ..core.errors import StoreError
from ..core.paths import why_unwritable
from .locks import locked

T = TypeVar("T")
SECOND = 10**9
PATIENCE = 30.0
"""Seconds to wait for another process's transaction."""
MOST_ROWS = 10**9
"""Numbers of rows that a file has for itself, so that those of a quarantined one mean nothing in
the next."""

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_NOT_AS_MADE = re.compile(r"no such (table|column)|has no column|has \d+ columns|UTF-8|malformed")
_WHY = {
    sqlite3.SQLITE_FULL: "the disk is full; make room",
    sqlite3.SQLITE_READONLY: "it cannot be written; check the folder's permissions",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check the folder's permissions and its room",
    sqlite3.SQLITE_IOERR: "the disk reports an error; check it and its room",
    sqlite3.SQLITE_BUSY: f"another process has held it for {PATIENCE:.0f} s; end that process",
}


class Database:
    """The file `<name>-….sqlite` of a folder, which several processes write and which a kill does
    not harm; or with None one in memory.

    migrations: SQL statements, separated by semicolons. The first makes the tables of version 1,
    each further one those of the next, within a transaction. note:
    called with a sentence where the file was gone or damaged; `expected` says that there has to
    be one. A damaged file is put into the folder's quarantine, and a new one is begun; `epitaph`
    says what that means.

    A file keeps its name for life, and a new one gets a name of its own: SQLite removes its side
    files by name when it closes, and must not meet those of a successor.

    Its methods block, and may be called from several threads, but not from a forked child.
    """

    def __init__(
        self,
        folder: Path | None,
        name: str,
        migrations: Sequence[str],
        note: Callable[[str], None],
        epitaph: Callable[[Path], str],
        *,
        expected: bool = False,
    ) -> None:
        self._pid = os.getpid()
        self._folder = folder
        self._name = name
        self._migrations = migrations
        self.note = note
        self._epitaph = epitaph
        self._lock = threading.RLock()
        self._base: sqlite3.Connection | None = None
        self._path: Path | None = None
        self._file: tuple[int, int] | None = None
        self._looked: int | None = None
        with self._in_words():
            try:
                self._open(expected)
            except BaseException:
                self.close()
                raise

    @property
    def first_row(self) -> int:
        """The number of this file's first row in each table."""
        number = _number_of(self._path) if self._path else 1
        return (number - 1) * MOST_ROWS + 1

    def do(self, work: Callable[[sqlite3.Connection], T], *, writes: bool = True) -> T:
        """Call `work` with the connection, in one transaction; nobody else writes beside it
        unless it `writes` nothing itself.

        What it raises undoes the transaction. Raises `StoreError` where the file cannot be used.
        """
        if os.getpid() != self._pid:
            raise StoreError(
                "this journal was opened by the process that forked this one; open it here anew"
            )
        with self._lock, self._in_words():
            if self._replaced():
                self._open(expected=True)
            try:
                return self._transact(work, writes)
            except sqlite3.DatabaseError as error:
                if self._folder is None or not _is_damage(error):
                    raise
                self._mend(error)
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
                self.note(
                    f"the journal of {self._folder} was gone, and a new one is begun. What was "
                    "spent before is not counted"
                )
            self._path = self._path or self._new_path(None)
            try:
                self._connect(str(self._path))
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                self._quarantine(error)

    def _connect(self, path: str) -> None:
        """Open the file, and bring its tables up to date. Raises `StoreError` for that of a newer
        vidkit.
        """
        if self._base is not None:
            with suppress(sqlite3.Error):
                self._base.close()
        if self._path is not None:
            # made where it is not there yet
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
            os.close(os.open(self._path, flags, 0o600))
            make_private(self._path, self._path.parent)
        self._base = base = sqlite3.connect(
            path, timeout=PATIENCE, isolation_level=None, check_same_thread=False
        )
        version, newest = base.execute("PRAGMA user_version").fetchone()[0], len(self._migrations)
        if version > newest:
            base.close()
            raise StoreError(
                f"{self._path} was written by a newer vidkit (version {version}, this one knows "
                f"{newest}); update vidkit, or choose another folder with VIDKIT_CACHE "
                "(cache_dir=)"
            )
        base.execute("PRAGMA journal_mode = WAL")
        # what a kill cannot harm, a power cut could: money is on the disk before it is spent
        base.execute("PRAGMA synchronous = FULL")
        if version < newest:
            self._transact(self._migrate)
        self._demand_tables(base)
        self._file = None if self._path is None else _identity(self._path)

    def _migrate(self, base: sqlite3.Connection) -> None:
        """Bring the tables up to date; somebody else may just have done it."""
        version = base.execute("PRAGMA user_version").fetchone()[0]
        if version < 0 or (version == 0 and _columns(base)):
            raise sqlite3.DatabaseError("malformed: there are tables, and no version of them")
        for script in self._migrations[version:]:
            _execute(base, script)
        base.execute(f"PRAGMA user_version = {len(self._migrations)}")

    def _demand_tables(self, base: sqlite3.Connection) -> None:
        """Raise DatabaseError where the tables are not those that the migrations make."""
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as ideal:
            for script in self._migrations:
                _execute(ideal, script)
            wanted = _columns(ideal)
        found = _columns(base)
        if {name: found.get(name) for name in wanted} != wanted:
            raise sqlite3.DatabaseError("malformed: its tables are not as they were made")

    def _mend(self, error: sqlite3.DatabaseError) -> None:
        assert self._folder is not None
        with locked(self._folder / "mending.lock"):
            if self._replaced():
                self._path = self._newest() or self._new_path(None)
                self._connect(str(self._path))
            else:
                self._quarantine(error)

    def _quarantine(self, error: sqlite3.DatabaseError) -> None:
        """Put the damaged file aside, and go on with a new one."""
        damaged, folder = self._path, self._folder
        assert damaged is not None
        assert folder is not None
        epitaph = self._epitaph(damaged)
        if self._base is not None:
            with suppress(sqlite3.Error):
                self._base.close()
        away = folder / "aside"
        away.mkdir(mode=0o700, exist_ok=True)
        self._path = self._new_path(damaged)
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                damaged.with_name(damaged.name + suffix).rename(away / (damaged.name + suffix))
        self._connect(str(self._path))
        self.note(
            f"the journal {damaged} was damaged ({error}); it is set aside in {away} and a new one "
            f"is begun. {epitaph}"
        )

    def _new_path(self, before: Path | None) -> Path:
        assert self._folder is not None
        number = _number_of(before) + 1 if before else 1
        return self._folder / f"{self._name}-{number:04}-{secrets.token_hex(4)}.sqlite"

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Tell errors of SQLite and of the system in words for a person."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            why = _WHY.get(code, f"{error}; run `vidkit cache verify`")
            raise StoreError(f"{self._path or 'the journal'}: {why}") from error
        except OSError as error:
            why = why_unwritable(self._folder or Path(), error, "VIDKIT_CACHE (cache_dir=)")
            raise StoreError(f"the journal in {self._folder}: {why}") from error


def _execute(base: sqlite3.Connection, script: str) -> None:
    """Execute statements one by one: `executescript` would end the transaction."""
    for statement in filter(str.strip, script.split(";")):
        base.execute(statement)


def _columns(base: sqlite3.Connection) -> dict[str, list[str]]:
    """The columns of each table and view."""
    names = base.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
    return {
        name: [row[1] for row in base.execute(f'PRAGMA table_info("{name}")')]
        for (name,) in names.fetchall()
    }


def _number_of(path: Path) -> int:
    """Which file it is of those that followed each other."""
    number = path.stem.split("-")[1]
    return int(number) if number.isdecimal() else 1


def make_private(path: Path, folder: Path) -> None:
    """Let nobody else look into what is at `path`, unless `folder` is one of a group (setgid)."""
    with suppress(OSError):
        mode = path.stat().st_mode
        if mode & 0o077 and not folder.stat().st_mode & stat.S_ISGID:
            path.chmod(mode & (0o700 if path.is_dir() else 0o600))


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in _DAMAGED or _NOT_AS_MADE.search(str(error)) is not None
