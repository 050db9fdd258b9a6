"""Lessons as files: which there are, in which order, what they hold, and what lies beside them."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from functools import lru_cache
from io import BufferedReader
from pathlib import Path
from typing import Any

from ..core.errors import Fault, LessonError, ProviderError, SettingsError
from ..core.paths import open_unlinked
from .jsontext import LARGEST, quoted, too_large

MOST_PICTURE = 300_000_000
"""Bytes of a picture; a photograph of 100 megapixels as PNG takes about 200 MB."""
MOST_SOUND = 1_000_000_000
"""Bytes of a narration; an hour and a half of WAV in stereo at 48 kHz."""
MOST_FILM = 4_000_000_000
"""Bytes of a film; an hour and a half at 6 Mbit/s. It is read where it lies, and never held."""


def lesson_order(path: str | Path) -> tuple[Any, ...]:
    """A key that sorts lessons as people count, 2.json before 10.json, whatever the case."""
    path = Path(path)
    return tuple(_counted(part) for part in path.parent.parts), _counted(path.stem), str(path)


def lesson_files(folder: str | Path) -> list[Path]:
    """The lessons of a folder, in order: its files `*.json` without hidden ones and reports.

    Looks into no folder within. Raises `SettingsError` where there is none to be found.
    """
    folder = Path(folder)
    try:
        found = [path for path in folder.iterdir() if not path.is_dir()]
    except NotADirectoryError:
        raise SettingsError(f"{folder} is a file; name the folder that holds it") from None
    except FileNotFoundError:
        mend = _elsewhere(folder, folders=True)
        raise SettingsError(f"there is no folder {folder}; {mend}") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(
            f"the folder {folder} cannot be read: {why}; name the folder of your lessons"
        ) from None
    lessons = [path for path in found if is_lesson_name(path.name)]
    if not lessons:
        raise SettingsError(f"the folder {folder} has no lessons; put one there, as 1.json")
    return sorted(lessons, key=lesson_order)


def is_lesson_name(name: str) -> bool:
    """Whether a file is taken for a lesson by its name: `*.json`, not hidden and no report."""
    name = name.casefold()
    reports = ("report.json", "batch_report.json")
    return name.endswith(".json") and not name.startswith(".") and name not in reports


def _counted(name: str) -> tuple[tuple[str, int, str], ...]:
    """Text and digits in turn; digits compare by how many they are and then as text.

    That is the order of their values, and `int` refuses more than 4,300 digits.
    """
    pieces = re.split(r"([0-9]+)", unicodedata.normalize("NFKC", name).casefold())
    digits = [piece.lstrip("0") for piece in pieces[1::2]]
    return tuple(
        (text, len(number), number) for text, number in zip(pieces[::2], [*digits, ""], strict=True)
    )


def contents(path: Path) -> bytes:
    """The bytes of a lesson's file. Raises `LessonError` where they cannot be read."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            mend = "name one lesson in it, or make them all as a batch"
            fault = Fault("this is a folder", mend)
        elif not stat.S_ISREG(mode):
            fault = Fault("this is a pipe or a device", "name the file of a lesson")
        elif len(data := _beginning(path, LARGEST + 1)) <= LARGEST:
            return data
        else:
            fault = too_large()
    except (OSError, ValueError) as error:
        fault = _unreadable(path, error)
    raise LessonError(path, [fault])


def section_count(lesson: object) -> int | None:
    """How many sections a lesson has, or its file, at a glance: it is not checked. 0 where it
    cannot be read at all, None where that takes a closer look.
    """
    if not isinstance(lesson, Path):
        return len(getattr(lesson, "sections", ()))
    try:
        sections = json.loads(contents(lesson))["sections"]
    except LessonError:
        return 0
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return len(sections) if isinstance(sections, list) else None


def _beginning(path: Path, count: int) -> bytes:
    """The first `count` bytes of a file. A pipe that took its place since it was looked at
    gives nothing, where an ordinary opening would wait for it.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        return file.read(count)


def _unreadable(path: Path, error: Exception) -> Fault:
    """What keeps the file `path` from being read, and the mend."""
    match error:
        case FileNotFoundError() | NotADirectoryError():
            if path.is_symlink():
                return Fault(
                    "the file that this link leads to is gone", "put the file in its place"
                )
            return Fault("there is no such file", _elsewhere(path))
        case PermissionError():
            return Fault("you may not read this file", "allow it, or take a copy that you may read")
        case OSError(errno=errno.ENAMETOOLONG):
            return Fault("the name is too long for a file", "shorten it")
        case OSError(errno=errno.ELOOP) | RuntimeError():
            return Fault("this is a link that leads to itself", "put the file in its place")
        case OSError():
            return Fault(f"the file cannot be read ({error.strerror})", "take a copy elsewhere")
    return Fault("no file can have this name", "rename it")


def _elsewhere(path: Path, *, folders: bool = False) -> str:
    """The mend of a missing file, or folder: the name beside it that is most like it."""
    try:
        there = [each for each in path.parent.iterdir() if each.name.isprintable()]
        beside = sorted(each.name for each in there if not folders or each.is_dir())
    except (OSError, ValueError):
        return "check the name of its folder"
    near = get_close_matches(path.name, beside[:1000], 1, 0.75)
    if near and folders:
        return f"did you mean {str(path.parent / near[0])!r}?"
    return f"there is {near[0]!r} in its folder" if near else "check its name"


def beside(lesson: Path, name: str) -> Path | tuple[str, str]:
    """The file that a section of `lesson` names, by its absolute path; or what is wrong with it,
    and the mend ("" where it is to name a file at all).
    """
    copy = "put a copy beside the lesson and name that"
    try:
        folder = lesson.parent.resolve()
        path = (folder / name).resolve()
        if _climbs(name):
            problem, mend = "which leaves the lesson's folder with `..`", copy
        elif not path.is_relative_to(folder):
            problem, mend = "which leaves the lesson's folder through a link", copy
        elif not stat.S_ISREG(path.stat().st_mode):
            problem, mend = "which is not a file", ""
        elif not _beginning(path, 1):
            problem, mend = "which is empty", "save it again"
        else:
            return path
    except (OSError, ValueError, RuntimeError) as error:
        fault = _unreadable(lesson.parent / name, error)
        problem, mend = f"and {fault.problem}", fault.mend
    return f"names {quoted(name, 100)}, {problem}", mend


def _climbs(name: str) -> bool:
    """Whether a path leaves its folder on the way, even if it comes back."""
    level = 0
    for part in name.split("/"):
        level += {"": 0, ".": 0, "..": -1}.get(part, 1)
        if level < 0:
            return True
    return False


@contextmanager
def opened(path: Path, most: int) -> Iterator[BufferedReader]:
    """The file, after a look at its size. A section's own is where it was when the lesson was
    read, and no link has come in between.
    """
    try:
        with open_unlinked(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > most:
                raise ProviderError(
                    f"{path} has {size / 1e6:,.0f} MB, and {most / 1e6:,.0f} MB is the most; "
                    "save it smaller, or split the section"
                )
            yield file
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ProviderError(
            f"{path} cannot be read: {why}; put a file that can be read in its place"
        ) from error


def digest(path: Path, most: int) -> str:
    """SHA-256 of a file of somebody's own, of at most so many bytes. Raises `ProviderError`."""
    with opened(path, most) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of(path: Path, most: int) -> str:
    """The same, worked out once for as long as the file stays as it is."""
    with opened(path, most) as file:
        found = os.fstat(file.fileno())
    return _digest(path, most, found.st_size, found.st_mtime_ns, found.st_ino)


@lru_cache(maxsize=256)
def _digest(path: Path, most: int, *_: int) -> str:
    return digest(path, most)
