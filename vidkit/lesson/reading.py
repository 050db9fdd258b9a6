"""JSON → `Lesson`: what is said and shown, section by section.

    {"title": …, "language": …, "sections": [
        {"image_description": …, "content": …,
         "title": …, "image": …, "audio": …, "voice": …, "say": {…}, "slide": {…}}]}

Only `sections` is needed, and in each `image_description` (or a picture of one's own in
`image`) and `content` (or a sound in `audio`). Everything wrong with a lesson is told at
once. A key that vidkit does not know is kept in `extra` and named in a warning.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..errors import Fault, LessonError, SettingsError
from .jsontext import (
    LARGEST,
    Twice,
    called,
    given_twice,
    parse,
    quoted,
    tidied,
    too_large,
    unsound,
)
from .schema import (
    LESSON,
    MOST_KEYS,
    SECTION,
    Field,
    given,
    kind_of,
    missing,
    mistake,
    nearest,
)

MOST_NAMED = 50
"""Unknown keys that are named one by one in the warnings."""


@dataclass(frozen=True)
class Section:
    """One section. `content` is empty only beside `audio`, `image_description` beside `image`.

    `image` and `audio` are absolute paths of files inside the lesson's folder. `say` maps
    words to how they are said; `slide` is handed to the image provider as it is.
    """

    content: str
    image_description: str
    title: str | None = None
    image: Path | None = None
    audio: Path | None = None
    voice: str | None = None
    say: Mapping[str, str] = field(default_factory=dict)
    slide: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Lesson:
    """A lesson as it was read from `path`, with what a person should know in `warnings`.

    seal: SHA-256 of the bytes it was read from, by which `save_lesson` sees whether the file
    is still what it was.
    """

    path: Path
    sections: tuple[Section, ...]
    title: str | None = None
    language: str = "en"
    warnings: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    seal: str = field(default="", compare=False, repr=False)

    @property
    def name(self) -> str:
        """The name of the file without its suffix, under which the lesson is shown."""
        return self.path.stem


def load_lesson(path: str | Path) -> Lesson:
    """The lesson in the file `path`.

    Raises `LessonError` with every fault of it, also where there is no such file.
    """
    if not isinstance(path, str | Path):
        raise SettingsError(f"{path!r} is no path; name the file of a lesson")
    path = Path(path)
    data = _contents(path)
    if isinstance(data, Fault):
        raise LessonError(path, [data])
    return read_lesson(data, path)


def read_lesson(data: bytes, path: Path) -> Lesson:
    """The lesson that `data` holds, as if `path` were its file: a lesson written in a cell.

    Its pictures and sounds are looked for from the folder of `path`. Raises `LessonError`
    with every fault.
    """
    reading = _Reading(Path(path))
    value = parse(data)
    if isinstance(value, Fault):
        raise LessonError(path, [value])
    lesson = reading.lesson(value)
    if reading.faults or lesson is None:
        raise LessonError(path, reading.faults)
    return replace(lesson, seal=hashlib.sha256(data).hexdigest())


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
        raise SettingsError(f"there is no folder {folder}; check its name") from None
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


def _contents(path: Path) -> bytes | Fault:
    """The bytes of a lesson's file, at most one more than a lesson may have."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return Fault("this is a folder", "name one lesson in it, or make them all as a batch")
        if not stat.S_ISREG(mode):
            return Fault("this is a pipe or a device", "name the file of a lesson")
        data = _beginning(path, LARGEST + 1)
    except (OSError, ValueError) as error:
        return _unreadable(path, error)
    return too_large() if len(data) > LARGEST else data


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


def _elsewhere(path: Path) -> str:
    """The mend of a missing file: the name beside it that is most like it."""
    try:
        beside = sorted(file.name for file in path.parent.iterdir() if file.name.isprintable())
    except (OSError, ValueError):
        return "check the name of its folder"
    near = get_close_matches(path.name, beside[:1000], 1, 0.75)
    return f"there is {near[0]!r} in its folder" if near else "check its name"


@dataclass
class _Reading:
    """One pass over a lesson, which gathers what is wrong instead of stopping at it."""

    path: Path
    faults: list[Fault] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    unknown: dict[str, list[int]] = field(default_factory=dict)

    def fault(self, fault: Fault, number: int | None) -> None:
        self.faults.append(replace(fault, section=number))

    def lesson(self, value: object) -> Lesson | None:
        if isinstance(value, list):
            mend = 'put it into an object, {"sections": […]}'
            self.faults.append(Fault("the lesson is a bare list of sections", mend))
            value = {"sections": value}
        if not isinstance(value, dict):
            mend = 'write an object, {"sections": […]}'
            self.faults.append(Fault(f"the lesson is {kind_of(value)}", mend))
            return None
        known, extra = self.fields(LESSON, value, None)
        if value.get("sections") is None:
            self.faults.append(missing(LESSON[0], None, extra))
        sections = known.pop("sections", ())
        made = tuple(self.section(part, number) for number, part in enumerate(sections, start=1))
        warnings = (*self.warnings, *_unknown_keys(self.unknown))
        return Lesson(self.path, made, warnings=warnings, extra=extra, **known)

    def section(self, value: object, number: int) -> Section:
        if not isinstance(value, dict):
            mend = "write an object with `image_description` and `content`"
            self.fault(Fault(f"this is {kind_of(value)}", mend), number)
            return Section("", "")
        known, extra = self.fields(SECTION, value, number)
        for row in SECTION:
            if row.unless and not (given(value.get(row.name)) or given(value.get(row.unless))):
                self.fault(missing(row, value.get(row.name), extra), number)
        return Section(**{"content": "", "image_description": "", **known}, extra=extra)

    def fields(
        self, table: tuple[Field, ...], value: dict[str, object], number: int | None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The keys of an object that `table` has, as vidkit uses them, and the others."""
        if isinstance(value, Twice):
            self.fault(given_twice(value), number)
        known = {}
        for row in table:
            fine = self.known(row, value.get(row.name), number)
            if fine is not None:
                known[row.name] = fine
        extra = {key: other for key, other in value.items() if key not in _names(table)}
        if len(value) > MOST_KEYS:
            problem = f"there are {len(value):,} keys; {MOST_KEYS} is the most"
            self.fault(Fault(problem, "remove some"), number)
            return known, {}
        for key, other in extra.items():
            self.unknown.setdefault(key, []).append(number or 0)
            if fault := unsound(key, [key, other]):
                self.fault(fault, number)
        return known, self.tidied(extra, "an unknown key", number)

    def known(self, row: Field, value: Any, number: int | None) -> Any:
        """The value as a `Lesson` or a `Section` has it; None where it has a fault, or is none."""
        if value is None:
            return None
        if fault := mistake(row, value):
            self.fault(fault, number)
            return None
        if not given(value):
            return None
        match row.kind:
            case "sections":
                return value
            case "tag":
                return _usual_case(value)
            case "file":
                path = _beside(self.path, row, value)
                if isinstance(path, Fault):
                    self.fault(path, number)
                return path
        tidy = self.tidied(value, f"`{row.name}`", number)
        if row.kind == "line":
            return " ".join(tidy.split())
        return tidy.strip() if isinstance(tidy, str) else tidy

    def tidied(self, value: Any, what: str, number: int | None) -> Any:
        dropped: set[str] = set()
        tidy = tidied(value, dropped)
        if dropped:
            names = ", ".join(called(character) for character in sorted(dropped)[:5])
            where = f"section {number}: " if number else ""
            self.warnings.append(f"{where}{what} held {names}, which nobody sees; left out")
        return tidy


def _names(table: tuple[Field, ...]) -> frozenset[str]:
    return frozenset(row.name for row in table)


def _unknown_keys(unknown: Mapping[str, list[int]]) -> list[str]:
    """A warning for each key nobody knows; 0 among its sections is the lesson itself."""
    keys = [key for key in unknown if not key.startswith("$")]
    warnings = []
    for key in keys[:MOST_NAMED]:
        first, *more = unknown[key]
        where = f"section {first}{f' and {len(more)} more' if more else ''}: " if first else ""
        here, there = (SECTION, LESSON) if first else (LESSON, SECTION)
        hint = ""
        if key in _names(there):
            hint = "; it belongs " + ("at the top of the lesson" if first else "in a section")
        elif near := nearest(key, here):
            hint = f"; did you mean `{near}`?"
        warnings.append(f"{where}{quoted(key)} is no key that vidkit knows, and is not used{hint}")
    if len(keys) > MOST_NAMED:
        warnings.append(f"{len(keys) - MOST_NAMED:,} more keys are not known, and not used")
    return warnings


def _usual_case(tag: str) -> str:
    """`zh-hant-tw` as `zh-Hant-TW`; what follows an `x` is private and stays small."""
    first, *rest = tag.lower().split("-")
    private = rest.index("x") if "x" in rest else len(rest)
    named = [{2: part.upper(), 4: part.title()}.get(len(part), part) for part in rest[:private]]
    return "-".join([first, *named, *rest[private:]])


def _beside(lesson: Path, row: Field, name: str) -> Path | Fault:
    """The file that a section names, by its absolute path, or what is wrong with it."""
    copy = "put a copy beside the lesson and name that"
    try:
        folder = lesson.parent.resolve()
        path = (folder / name).resolve()
        if _climbs(name):
            problem, mend = "which leaves the lesson's folder with `..`", copy
        elif not path.is_relative_to(folder):
            problem, mend = "which leaves the lesson's folder through a link", copy
        elif not stat.S_ISREG(path.stat().st_mode):
            problem, mend = "which is not a file", row.write
        elif not _beginning(path, 1):
            problem, mend = "which is empty", "save it again"
        else:
            return path
    except (OSError, ValueError, RuntimeError) as error:
        fault = _unreadable(lesson.parent / name, error)
        problem, mend = f"and {fault.problem}", fault.mend
    return Fault(f"`{row.name}` names {quoted(name, 100)}, {problem}", mend, field=row.name)


def _climbs(name: str) -> bool:
    """Whether a path leaves its folder on the way, even if it comes back."""
    level = 0
    for part in name.split("/"):
        level += {"": 0, ".": 0, "..": -1}.get(part, 1)
        if level < 0:
            return True
    return False
