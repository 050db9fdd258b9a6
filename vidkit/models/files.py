"""Lessons as files: which there are, in which order, what lies beside them, and what they hold.

What they hold is read more strictly than by `json.loads`, and more kindly: a fault tells the line,
the column and the likely mend. What JSON allows to be written but means nothing (a key given twice,
NaN, a number of 5,000 digits) stays in its place as `Twice` or `Odd`, so that whoever knows what
the values mean can say where it stands.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from io import BufferedReader
from json import JSONDecodeError
from pathlib import Path
from typing import Any

from ..core.errors import Fault, LessonError, ProviderError, SettingsError
from ..core.paths import open_unlinked

LARGEST = 10_000_000
"""Bytes. A long lesson of forty sections has 30 thousand."""

DEEPEST = 32
"""Levels of lists and objects in one another. A lesson has 3, its slides a few more."""

MOST_BRACKETS = 100_000
"""Lists and objects in one file: 10 MB of `{}` would take hundreds of MB of memory."""

LONGEST_NUMBER = 100
"""Characters. Beyond it Python may refuse to read a number, or take very long."""

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
    ended = [name for name in beside if name.startswith(f"{path.name}.")]  # its end was left out
    near = ended or get_close_matches(path.name, beside[:1000], 1, 0.75)
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


# Bytes → JSON values, and what is wrong with the bytes in plain words.


@dataclass(frozen=True)
class Odd:
    """A number that JSON does not have, or nobody can use; `name` says which."""

    name: str


class Twice(dict[str, object]):
    """An object in which the keys `names` are given more than once; the last of each counts."""

    names: tuple[str, ...] = ()


def parse(data: bytes) -> object:
    """The value that `data` holds, or the `Fault` that keeps it from being read."""
    if len(data) > LARGEST:
        return too_large()
    text = _decoded(data)
    if isinstance(text, Fault):
        return text
    if not text.strip():
        return Fault("the file is empty", 'write {"sections": […]} with at least one section')
    return _tangle(text) or _value(text)


def too_large() -> Fault:
    """The fault of a file that has more than `LARGEST` bytes."""
    return Fault(
        f"the file is larger than {LARGEST // 1_000_000} MB",
        "divide it into several lessons, and keep pictures and sounds in files of their own",
    )


def _decoded(data: bytes) -> str | Fault:
    head = data[:64]
    if data.startswith((b"PK\x03\x04", b"{\\rtf")):
        return Fault("this is a document of a word processor", "save it as plain text, in UTF-8")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or head.count(0) * 4 >= len(head) > 0:
        return Fault("the file is UTF-16 or UTF-32, or no text at all", "save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        byte = error.object[error.start]
        return Fault(f"line {line}: the byte 0x{byte:02X} is not UTF-8", "save the file as UTF-8")


_TEXT_OR_BRACKET = re.compile(r'"(?>(?:[^"\\]|\\.)*)"?|[\[\]{}]', re.DOTALL)


def _tangle(text: str) -> Fault | None:
    """Refuse deep nesting before `json` meets it: how deep it can go depends on the caller."""
    depth = brackets = 0
    for found in _TEXT_OR_BRACKET.finditer(text):
        if text[found.start()] in "[{":
            depth += 1
            brackets += 1
        elif text[found.start()] in "]}":
            depth -= 1
        if depth > DEEPEST:
            return Fault(
                f"{_place(text, found.start())}: lists and objects are nested deeper than "
                f"{DEEPEST} levels",
                "flatten them",
            )
        if brackets > MOST_BRACKETS:
            return Fault(
                f"the file has more than {MOST_BRACKETS:,} lists and objects",
                "divide it into several lessons",
            )
    return None


def _value(text: str) -> object:
    try:
        return json.loads(
            text,
            object_pairs_hook=_pairs,
            parse_int=lambda digits: _number(digits, int),
            parse_float=lambda digits: _number(digits, float),
            parse_constant=Odd,
        )
    except JSONDecodeError as error:
        at, problem, mend = _diagnosis(error)
        return Fault(f"{_place(text, at)}: {problem}", mend)
    except RecursionError:
        return Fault("the file is nested deeper than can be read here", "flatten it")


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    twice = Twice(plain)
    twice.names = tuple(name for name, n in Counter(name for name, _ in pairs).items() if n > 1)
    return twice


def _number(digits: str, kind: type[int] | type[float]) -> object:
    if len(digits) > LONGEST_NUMBER:
        return Odd(f"a number of {len(digits):,} characters")
    number = kind(digits)
    return Odd(digits) if number in (float("inf"), float("-inf")) else number


def _place(text: str, at: int) -> str:
    line = text.count("\n", 0, at) + 1
    return f"line {line}, column {at - text.rfind(chr(10), 0, at)}"


Diagnosis = tuple[int, str, str]
"""Position in the text, the problem, the mend."""


def _diagnosis(error: JSONDecodeError) -> Diagnosis:
    text, at = error.doc, error.pos
    end = len(text[:at].rstrip())
    before, here, after = text[end - 1 : end], text[at : at + 1], text[at + 1 :].lstrip()[:1]
    if error.msg.startswith(("Invalid control", "Invalid \\", "Unterminated")):
        return _within_text(error.msg, at, here)
    if before == "," and here and here in "]}":
        return end - 1, f"a comma stands before `{here}`", "remove the comma"
    if here == "," and after and after in "]}":
        return at, f"a comma stands before `{after}`", "remove the comma"
    if not here:
        return at, "the file ends before the lesson does", "close every text, list and object"
    if error.msg.startswith("Extra data"):
        return at, "the lesson is over before this", "remove what follows, or move the last bracket"
    if error.msg.startswith("Expecting ','"):
        return _no_comma(at, end, before, here)
    if error.msg.startswith("Expecting ':'") and here in "：=":
        return at, f"`{here}` stands where a colon belongs", "write :"
    if error.msg.startswith("Expecting ':'"):
        return at, "a colon is missing", 'write "key": and then its value'
    return _no_value(text, at, here)


def _within_text(message: str, at: int, here: str) -> Diagnosis:
    if message.startswith("Unterminated"):
        return at, "the text that begins here never ends", "close it with a quotation mark"
    if message.startswith("Invalid \\u"):
        return at, "`\\u` lacks its four hexadecimal digits", "write the character itself"
    if message.startswith("Invalid \\"):
        return at, "a backslash stands alone in a text", "write \\\\ for one backslash"
    if here in ("\n", "\r"):
        return at, "a text runs over the end of the line", "close it, or write \\n for a new line"
    if here == "\t":
        return at, "a tab stands in a text", "write \\t, or spaces"
    return at, f"the control character {called(here)} stands in a text", "remove it"


def _no_comma(at: int, end: int, before: str, here: str) -> Diagnosis:
    if here in "]}":
        opened, closes = ("{", "}") if here == "]" else ("[", "]")
        return at, f"`{here}` comes while `{opened}` is still open", f"write `{closes}` before it"
    if here == ":":
        return at, "a key stands where none can be", "put keys in { }, and close the text before it"
    if here in "，、；;":
        return at, f"`{here}` stands where a comma belongs", "write ,"
    if before.isalnum() and here.isalnum():
        mend = "put text in double quotes, or a comma after the value"
        return at, "a value has ended, and more follows", mend
    if before == '"' and here not in '"[{':
        return (
            at,
            "a text has ended, and more follows",
            'write \\" for a quotation mark inside a text, or a comma after the text',
        )
    return end, "a comma is missing", "write a comma here"


_QUOTES = "'‘’‚“”„«»`"
_PYTHON = {"True": "true", "False": "false", "None": "null"}


def _no_value(text: str, at: int, here: str) -> Diagnosis:
    word = re.match(r"\w*", text[at : at + 40])
    name = word[0] if word else ""
    if here in _QUOTES:
        return at, f"{here} is no quotation mark of JSON", 'write straight double quotes, "so"'
    if name in _PYTHON:
        return at, f"`{name}` is not JSON", f"write `{_PYTHON[name]}`"
    if here in "/#":
        return at, "JSON has no comments", "remove it, or keep it under a key of its own"
    if here in ",:]}":
        return at, f"something is missing before `{here}`", "write it, or remove what leads to it"
    if not here.isprintable() or here.isspace():
        return at, f"the invisible character {called(here)} stands here", "remove it"
    if name:
        return at, f"`{name}` stands without quotation marks", 'write text in double quotes, "so"'
    return at, f"`{here}` is not expected here", "write text in double quotes, a list or an object"


# \b, \f and the others are characters to JSON. Before these letters they are what is left of
# a LaTeX command whose backslash was not doubled, and a voice would say "eta" for \beta.
_LATEX = re.compile(r"[\b\f](?=[a-z])|\t(?=heta|imes|ext\{)|\n(?=abla|eq\b)|\r(?=ho\b|ight\b)")


def unsound(name: str, value: object) -> Fault | None:
    """The first thing in `value`, that of the key `name`, which JSON allows and no one can use."""
    match value:
        case Odd():
            return Fault(f"{quoted(name)} holds {value.name}", "write a plain number", field=name)
        case str() if re.search(r"[\ud800-\udfff]", value):
            problem = f"{quoted(name)} holds half a character (one of \\ud800 to \\udfff)"
            return Fault(problem, "write the character itself", field=name)
        case str() if found := _LATEX.search(value):
            after = value[found.end() : found.end() + 10].split()[0]
            problem = (
                f"{quoted(name)} has {called(found[0])} before '{after}', from a lone backslash"
            )
            return Fault(problem, "write \\\\ for one backslash", field=name)
        case Twice():
            return given_twice(value, name)
        case dict():
            parts: list[object] = [*value.keys(), *value.values()]
        case list():
            parts = value
        case _:
            return None
    return next((fault for part in parts if (fault := unsound(name, part))), None)


def given_twice(value: Twice, name: str | None = None) -> Fault:
    """The fault of an object, that of the key `name` or a whole one, which repeats its keys."""
    keys = ", ".join(quoted(key) for key in value.names[:5])
    where = f"{quoted(name)}: " if name else ""
    return Fault(f"{where}{keys} is given more than once", "keep one", field=name or value.names[0])


_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_UNSEEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")


def tidied(value: Any, dropped: set[str]) -> Any:
    """`value` with every end of line as \\n and without control characters.

    What is left out (U+0000 to U+001F but tab and ends of line, U+007F to U+009F, and code
    points that are no characters) is added to `dropped`.
    """
    match value:
        case str():
            text = _ENDS.sub("\n", value)
            dropped.update(_UNSEEN.findall(text))
            return _UNSEEN.sub("", text)
        case list():
            return [tidied(part, dropped) for part in value]
        case dict():
            return {tidied(key, dropped): tidied(part, dropped) for key, part in value.items()}
    return value


def called(character: str) -> str:
    """A character that cannot be seen, by its number: U+000C."""
    return f"U+{ord(character):04X}"


def quoted(name: str, longest: int = 40) -> str:
    """A key or a file's name as people are shown it: cut to `longest`, nothing unseen in it."""
    shown = "".join(c if c.isprintable() else called(c) for c in name[:longest])
    return f"`{shown}…`" if len(name) > longest else f"`{shown}`"
