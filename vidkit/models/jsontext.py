"""Bytes → JSON values, and what is wrong with the bytes in plain words.

Stricter than `json.loads`, and kinder: a fault tells the line, the column and the likely mend.
What JSON allows to be written but means nothing (a key given twice, NaN, a number of 5,000
digits) stays in its place as `Twice` or `Odd`, so that whoever knows what the values mean can
say where it stands.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from json import JSONDecodeError
from typing import Any

from ..core.errors import Fault

LARGEST = 10_000_000
"""Bytes. A long lesson of forty sections has 30 thousand."""

DEEPEST = 32
"""Levels of lists and objects in one another. A lesson has 3, its slides a few more."""

MOST_BRACKETS = 100_000
"""Lists and objects in one file: 10 MB of `{}` would take hundreds of MB of memory."""

LONGEST_NUMBER = 100
"""Characters. Beyond it Python may refuse to read a number, or take very long."""


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
