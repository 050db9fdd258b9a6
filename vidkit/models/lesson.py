"""A lesson: read from JSON with everything that is wrong with it, edited, and saved.

`jsontext`  text → values, or the place, the problem and the mend
`schema`    one table of the fields, behind the checks and the JSON Schema
`reading`   values → `Lesson`, and the lessons of a folder in the order in which people count
`editing`   other texts in a lesson, and in its file
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import stat
import unicodedata
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from json import JSONDecodeError
from pathlib import Path
from typing import Any, Literal

from ..core.errors import Fault, LessonError, SettingsError

# Bytes → JSON values, and what is wrong with the bytes in plain words.
#
# Stricter than `json.loads`, and kinder: a fault tells the line, the column and the likely mend.
# What JSON allows to be written but means nothing (a key given twice, NaN, a number of 5,000
# digits) stays in its place as `Twice` or `Odd`, so that whoever knows what the values mean can
# say where it stands.


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


_TEXT_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


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


# What a lesson may say: one table of its keys, from which come the checks and the JSON Schema.
#
# `LESSON` and `SECTION` are the keys in the order in which people are told of them. `mistake`
# checks one value against its row, `json_schema` prints the whole table for an editor. Both
# see the value as it was written.


LONGEST_TEXT = 50_000
"""Characters: about an hour of speech at 150 words a minute."""

MOST_SECTIONS = 1_000
MOST_KEYS = 200
MOST_WORDS = 1_000
LONGEST_WORD = 200

IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".gif")
SOUNDS = (".wav", ".mp3", ".ogg", ".oga", ".opus", ".flac", ".m4a")

Kind = Literal["text", "line", "name", "tag", "file", "words", "object", "sections"]


@dataclass(frozen=True)
class Field:
    """One key: what it is, what to write, and its limits (`longest` in characters).

    Where `unless` names a key, this one is needed when that one is not given. The kinds:
    a text, a text of one line, a name, a language tag, a file beside the lesson, words with
    how they are said, an object, the list of sections.
    """

    name: str
    kind: Kind
    about: str
    write: str
    longest: int = LONGEST_TEXT
    unless: str | None = None
    suffixes: tuple[str, ...] = ()
    attribute: str = ""
    """What it is called in Python, where that is not `name`."""


LESSON = (
    Field(
        "sections",
        "sections",
        "The sections of the lesson, in order. Each becomes one clip of the video.",
        "write a list of objects, each with `image_description` and `content`",
    ),
    Field("title", "line", "The title of the lesson.", "write a short text", 300),
    Field(
        "language",
        "tag",
        "The language that is spoken, as a tag such as en, en-GB or zh-Hant; en where not given.",
        "write a tag such as en, en-GB or zh-Hant",
        35,
    ),
    Field(
        "from",
        "line",
        "What the lesson was drafted from, such as the name of a notebook.",
        "write the name of its source",
        300,
        attribute="source",
    ),
)

SECTION = (
    Field(
        "image_description",
        "text",
        "What the picture of the section shows. Not needed where `image` names a file.",
        "write what the picture shows, or name a picture of yours in `image`",
        unless="image",
    ),
    Field(
        "content",
        "text",
        "What is said, word for word. Not needed where `audio` names a file.",
        "write what is to be said, or remove the section",
        unless="audio",
    ),
    Field("title", "line", "The heading of the section.", "write a short text", 300),
    Field(
        "image",
        "file",
        "A picture of your own, used as it is. A path from the lesson's folder, with / in it.",
        "name a file beside the lesson, such as pictures/cell.png",
        1_000,
        suffixes=IMAGES,
    ),
    Field(
        "audio",
        "file",
        "A narration of your own, used as it is. A path from the lesson's folder, with / in it.",
        "name a file beside the lesson, such as sounds/cell.wav",
        1_000,
        suffixes=SOUNDS,
    ),
    Field(
        "voice",
        "name",
        "A voice of the provider that the run uses. A lesson never chooses the provider.",
        "write the name of one voice, such as Anna; the provider is chosen with voice= in the call",
        80,
    ),
    Field(
        "say",
        "words",
        "How words of `content` are pronounced: each word with a spelling that sounds like it.",
        'write {"word": "how it is said"}',
    ),
    Field(
        "slide",
        "object",
        "What the slide of the section shows, for providers that draw slides.",
        'write an object such as {"layout": "points", "points": ["…", "…"]}',
    ),
    Field(
        "from",
        "line",
        "Where in the lesson's source the section comes from, such as cell 7.",
        "write the place in its source, such as cell 7",
        300,
        attribute="source",
    ),
)

SLIDE: Mapping[str, tuple[bool, str]] = {
    "layout": (False, "The kind of slide."),
    "points": (True, "Lines to show."),
    "equation": (True, "Equations to show, such as v = g * t."),
    "code": (False, "A program to show."),
    "lang": (False, "The programming language of `code`."),
    "talk": (True, "What speakers say, each line with its speaker, such as Ana: Good morning."),
    "quote": (False, "Somebody's words, to show in large."),
    "by": (False, "Whose words `quote` has."),
    "question": (False, "A question to show in large."),
    "choices": (True, "What may be chosen from."),
    "answer": (False, "The answer to `question`, held back until it is said."),
    "hero": (False, "An emoji to show very large."),
    "line": (False, "A line beside `hero`."),
    "note": (False, "A line under a table."),
}
"""Keys of `slide` that are checked: whether a list of texts may stand there, and what it is."""

SLIDE_DATA: Mapping[str, tuple[Literal["object", "array"], str]] = {
    "chart": ("object", 'Numbers: {"bars": {"Ice": 2}, "unit": "%"}, or `lines` with `x` and `y`.'),
    "diagram": ("object", 'Boxes and arrows: {"edges": ["Sun -> Sea: heat"]}, or a `ring`.'),
    "table": ("array", "Rows of cells, the first with the names of the columns."),
    "labels": ("array", 'Names in the section\'s `image`: [{"at": [0.4, 0.5], "text": "Cell"}].'),
}
"""Keys of `slide` that hold data; the provider of slides checks what is in them."""

_CONTROL = r"\x00-\x1f\x7f-\x9f"
_TAG = (
    r"[A-Za-z]{2,3}(-[A-Za-z]{3})?(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?"
    r"(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(-x(-[A-Za-z0-9]{1,8})+)?"
)
_NAME = rf"[^\s/\\:.{_CONTROL}-][^/\\:{_CONTROL}]*"
_ADDRESS = r"[A-Za-z][A-Za-z0-9+.\-]*:"
_LOCAL = rf"(?!/|{_ADDRESS})[^\\{_CONTROL}]*"


def mistake(field: Field, value: object) -> Fault | None:
    """What is wrong with `value` as the value of `field`, or None. Opens no file."""
    if field.kind != "sections" and (fault := unsound(field.name, value)):
        return fault
    match field.kind, value:
        case ("words", dict()):
            problem = _words(value)
        case ("object", dict()):
            problem = _slide(value)
        case ("sections", list()):
            return _count(value)
        case (_, str()) if len(value) > field.longest:
            problem = f"has {len(value):,} characters; {field.longest:,} is the most"
            return Fault(f"`{field.name}` {problem}", "shorten it", field=field.name)
        case ("text" | "line" | "name" | "tag" | "file", str()):
            problem = _written(field, value)
        case _:
            problem = f"is {kind_of(value)}"
    return Fault(f"`{field.name}` {problem}", field.write, field=field.name) if problem else None


def given(value: object) -> bool:
    """Whether anything stands there: null and a text nobody can see are as good as nothing."""
    return value is not None and not (isinstance(value, str) and not tidied(value, set()).strip())


def missing(field: Field, value: object, unknown: Mapping[str, object]) -> Fault:
    """The fault of a needed key that is not there, or holds nothing."""
    if isinstance(value, str):
        return Fault(f"`{field.name}` is empty", field.write, field=field.name)
    near = get_close_matches(field.name, [key for key in unknown if len(key) <= 40], 1)
    mend = f"rename {quoted(near[0])}, if that is it" if near else field.write
    return Fault(f"`{field.name}` is missing", mend, field=field.name)


def kind_of(value: object) -> str:
    """What a JSON value is, in words: "a list", "the number 3"."""
    match value:
        case None:
            return "null"
        case Odd():
            return value.name
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}"
        case str():
            return "text"
        case list():
            return "a list"
    return "an object"


def nearest(key: str, fields: tuple[Field, ...]) -> str | None:
    """The known key that `key` is likely meant to be, or None."""
    near = get_close_matches(key[:60].casefold(), [field.name for field in fields], 1, 0.75)
    return near[0] if near else None


def _written(field: Field, value: str) -> str | None:
    if not value.strip():
        return None
    match field.kind:
        case "text" if field.name == "content" and not any(c.isalnum() for c in value):
            return f"is {value.strip()[:20]!r}, which has no word to say"
        case "tag" if not re.fullmatch(_TAG, value):
            return f"is {value!r}, which is not a language tag"
        case "name" if not re.fullmatch(_NAME, value) or not value.isprintable():
            return f"is {value!r}, which is not the name of a voice"
        case "file":
            return _misnamed(field, value)
    return None


def _misnamed(field: Field, value: str) -> str | None:
    shown = quoted(value, 100)
    if re.search(rf"[{_CONTROL}]", value):
        return f"names {shown}, which has a character that cannot be seen"
    if re.match(r"[A-Za-z]:", value) or value.startswith(("/", "\\")):
        return f"names {shown}, which is not inside the lesson's folder"
    if re.match(_ADDRESS, value):
        return f"names {shown}, which is an address and not a file"
    if "\\" in value:
        return f"names {shown} with a backslash, where / belongs"
    if not value.lower().endswith(field.suffixes):
        kinds = ", ".join(suffix[1:] for suffix in field.suffixes)
        return f"names {shown}, which is none of {kinds}"
    return None


def _words(value: dict[str, object]) -> str | None:
    if len(value) > MOST_WORDS:
        return f"has {len(value):,} words; {MOST_WORDS:,} is the most"
    for word, said in value.items():
        if not isinstance(said, str):
            return f"gives {quoted(word)} as {kind_of(said)}"
        if not word.strip() or not said.strip():
            return f"has an empty text at {quoted(word)}"
        if max(len(word), len(said)) > LONGEST_WORD:
            return f"has more than {LONGEST_WORD} characters at {quoted(word)}"
    return None


def _slide(value: dict[str, object]) -> str | None:
    for key, (many, _) in SLIDE.items():
        match value.get(key, ""):
            case str():
                continue
            case list(lines) if many and all(isinstance(line, str) for line in lines):
                continue
            case list() if many:
                return f"has something other than text in `{key}`"
            case other:
                return f"gives `{key}` as {kind_of(other)}"
    for key, (kind, _) in SLIDE_DATA.items():
        data = value.get(key)
        if data is not None and not isinstance(data, dict if kind == "object" else list):
            return f"gives `{key}` as {kind_of(data)}"
    return None


def _count(value: list[object]) -> Fault | None:
    if not value:
        return Fault("`sections` is empty", "write at least one section", field="sections")
    if len(value) > MOST_SECTIONS:
        return Fault(
            f"`sections` has {len(value):,} of them; {MOST_SECTIONS:,} is the most",
            "divide the lesson into several",
            field="sections",
        )
    return None


def json_schema() -> dict[str, Any]:
    """The format as JSON Schema 2020-12.

    It accepts every lesson that `load_lesson` accepts. It cannot see keys given twice,
    whether files exist, and whether a text has a word to say.
    """
    section = _shape(SECTION)
    section["allOf"] = [
        {"anyOf": [_holds(field.name), _holds(field.unless)]} for field in SECTION if field.unless
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A lesson of vidkit",
        "description": "Sections that become clips, and the clips, in order, a narrated video.",
        **_shape(LESSON),
        "required": ["sections"],
        "$defs": {"section": section},
    }


def _shape(fields: tuple[Field, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "maxProperties": MOST_KEYS,
        "properties": {field.name: _property(field) for field in fields},
    }


def _holds(name: str | None) -> dict[str, Any]:
    return {"required": [name], "properties": {name: {"type": "string", "pattern": r"\S"}}}


def _property(field: Field) -> dict[str, Any]:
    schema: dict[str, Any] = {"description": field.about, "type": ["string", "null"]}
    match field.kind:
        case "sections":
            schema |= {"type": "array", "items": {"$ref": "#/$defs/section"}}
            return schema | {"minItems": 1, "maxItems": MOST_SECTIONS}
        case "words":
            word = {"minLength": 1, "maxLength": LONGEST_WORD, "pattern": r"\S"}
            schema |= {"type": ["object", "null"], "maxProperties": MOST_WORDS}
            return schema | {
                "propertyNames": word,
                "additionalProperties": {"type": "string", **word},
            }
        case "object":
            return schema | {
                "type": ["object", "null"],
                "properties": {
                    **{key: _slide_property(key) for key in SLIDE},
                    **{
                        key: {"description": about, "type": [kind, "null"]}
                        for key, (kind, about) in SLIDE_DATA.items()
                    },
                },
            }
        case "tag":
            schema["pattern"] = rf"^\s*$|^{_TAG}$"
        case "name":
            schema["pattern"] = rf"^\s*$|^{_NAME}$"
        case "file":
            schema["pattern"] = rf"^\s*$|^{_LOCAL}\.({_any_case(field.suffixes)})$"
    return schema | {"maxLength": field.longest}


def _slide_property(key: str) -> dict[str, Any]:
    many, about = SLIDE[key]
    text: dict[str, Any] = {"type": "string"}
    if many:
        text = {"type": ["string", "array"], "items": {"type": "string"}}
    return {"description": about, **text}


def _any_case(suffixes: tuple[str, ...]) -> str:
    """`.gif` as `[gG][iI][fF]`: the patterns of JSON Schema know no flags."""
    return "|".join(
        "".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in suffix[1:])
        for suffix in suffixes
    )


# JSON → `Lesson`: what is said and shown, section by section.
#
#     {"title": …, "language": …, "sections": [
#         {"image_description": …, "content": …,
#          "title": …, "image": …, "audio": …, "voice": …, "say": {…}, "slide": {…}}]}
#
# Only `sections` is needed, and in each `image_description` (or a picture of one's own in
# `image`) and `content` (or a sound in `audio`). Everything wrong with a lesson is told at
# once. A key that vidkit does not know is kept in `extra` and named in a warning.


MOST_NAMED = 50
"""Unknown keys that are named one by one in the warnings."""


@dataclass(frozen=True)
class Section:
    """One section. `content` is empty only beside `audio`, `image_description` beside `image`.

    `image` and `audio` are absolute paths of files inside the lesson's folder. `say` maps
    words to how they are said; `slide` is handed to the image provider as it is. `source` is
    the place in what the lesson was drafted from (`from` in the file).
    """

    content: str
    image_description: str
    title: str | None = None
    image: Path | None = None
    audio: Path | None = None
    voice: str | None = None
    say: Mapping[str, str] = field(default_factory=dict)
    slide: Mapping[str, Any] = field(default_factory=dict)
    source: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Lesson:
    """A lesson as it was read from `path`, with what a person should know in `warnings`.

    source: what it was drafted from (`from` in the file), None where somebody wrote it.
    seal: SHA-256 of the bytes it was read from, by which `save_lesson` sees whether the file
    is still what it was.
    """

    path: Path
    sections: tuple[Section, ...]
    title: str | None = None
    language: str = "en"
    source: str | None = None
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
                known[row.attribute or row.name] = fine
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


# Change the texts of a lesson, and save them into its file.
#
# `edited` gives a lesson with another text in one section, after the same checks as reading.
# `save_lesson` writes such texts into the JSON: it replaces them where they stand, so that
# every other key, their order and the layout of the file stay as they are.


TEXTS = ("title", "image_description", "content")
"""The texts of a section that can be edited, by their keys."""


def edited(
    lesson: Lesson,
    index: int,
    *,
    title: str | None = None,
    content: str | None = None,
    image_description: str | None = None,
) -> Lesson:
    """The lesson with new texts in the section at `index` (from 0); None leaves one as it is,
    and an empty title is none. Its file stays as it is until `save_lesson`.

    Raises `LessonError` with every fault that reading the lesson with these texts would find.
    """
    if not 0 <= index < len(lesson.sections):
        raise SettingsError(f"there is no section {index + 1}; there are {len(lesson.sections)}")
    before = lesson.sections[index]
    given = {"title": title, "content": content, "image_description": image_description}
    asked = _as_json(lesson, before) | {
        key: text for key, text in given.items() if text is not None
    }
    try:
        read = read_lesson(json.dumps({"sections": [asked]}).encode(), lesson.path)
    except LessonError as error:
        faults = [replace(fault, section=index + 1) for fault in error.faults]
        raise LessonError(lesson.path, faults) from None
    after = replace(before, **{key: getattr(read.sections[0], key) for key in TEXTS})
    sections = (*lesson.sections[:index], after, *lesson.sections[index + 1 :])
    return replace(lesson, sections=sections)


def save_lesson(lesson: Lesson) -> Lesson:
    """Write the edited texts of a lesson into its file; gives the lesson as it was saved.

    The file as it was is kept beside, as `<name>.json.bak` (`.bak2`, … where there are such).
    The new one takes its place in one step, so that nobody ever reads half of it.

    Raises `LessonError` where the file is not the one that was read, since somebody changed or
    removed it, or cannot be written; `SettingsError` where more than `TEXTS` was changed.
    """
    path = lesson.path.resolve()
    data = _as_it_was_read(lesson)
    new = _rewritten(data, read_lesson(data, lesson.path), lesson)
    saved = read_lesson(new, lesson.path)
    if replace(saved, warnings=lesson.warnings) != lesson:
        raise SettingsError(
            f"only {', '.join(TEXTS)} of its sections are saved into {lesson.path}; "
            "change everything else in the file itself"
        )
    if new == data:
        return saved
    scratch = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        _write(scratch, new)
        shutil.copymode(path, scratch)
        _keep_beside(path, data)
        _as_it_was_read(lesson)
        scratch.replace(path)
    except OSError as error:
        why = f"the file cannot be saved ({error.strerror or error})"
        raise LessonError(lesson.path, [Fault(why, "make room, or allow it")]) from error
    finally:
        scratch.unlink(missing_ok=True)
    return saved


def _as_json(lesson: Lesson, section: Section) -> dict[str, str | None]:
    """A section's texts and files as they are written in JSON."""
    folder = lesson.path.parent.resolve()
    files = {"image": section.image, "audio": section.audio}
    return {key: getattr(section, key) for key in TEXTS} | {
        key: file and file.relative_to(folder).as_posix() for key, file in files.items()
    }


def _as_it_was_read(lesson: Lesson) -> bytes:
    """The bytes of the lesson's file, which are still those that it was read from."""
    try:
        data = lesson.path.read_bytes()
    except OSError as error:
        load_lesson(lesson.path)  # which tells what is wrong with it
        fault = Fault(f"the file cannot be read ({error.strerror})", "try again")
        raise LessonError(lesson.path, [fault]) from error
    if hashlib.sha256(data).hexdigest() != lesson.seal:
        fault = Fault(
            "the file was changed since it was read, and is not overwritten",
            "load the lesson again, and edit that",
        )
        raise LessonError(lesson.path, [fault])
    return data


def _rewritten(data: bytes, before: Lesson, after: Lesson) -> bytes:
    """The file's content with the texts of `after` in the place of those of `before`."""
    text = data.decode("utf-8")
    root = _past_space(text, 1 if text.startswith("\ufeff") else 0)
    start, _ = dict(_values(text, root))["sections"]
    changes: list[tuple[int, int, str]] = []
    sections = zip(_values(text, start), before.sections, after.sections, strict=False)
    for (_, (at, _)), old, new in sections:
        there = dict(_values(text, at))
        for key in TEXTS:
            if getattr(old, key) == getattr(new, key):
                continue
            value = json.dumps(getattr(new, key) or "", ensure_ascii=False)
            if key in there:
                changes.append((*there[key], value))
            else:
                first = _past_space(text, at + 1)
                changes.append((first, first, f'"{key}": {value},{text[at + 1 : first] or " "}'))
    for start, end, value in sorted(changes, reverse=True):
        text = text[:start] + value + text[end:]
    return text.encode("utf-8")


_decode = json.JSONDecoder().raw_decode
_SPACE = re.compile(r"[ \t\n\r]*")


def _values(text: str, at: int) -> Iterator[tuple[str, tuple[int, int]]]:
    """The values of the object or the list that begins at `at`, each with its key ("" in a
    list) and where it stands in `text`, which is valid JSON.
    """
    keyed = text[at] == "{"
    at = _past_space(text, at + 1)
    while text[at] not in "]}":
        key = ""
        if keyed:
            key, at = _decode(text, at)
            at = _past_space(text, _past_space(text, at) + 1)
        _, end = _decode(text, at)
        yield key, (at, end)
        at = _past_space(text, end)
        if text[at] == ",":
            at = _past_space(text, at + 1)


def _past_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _keep_beside(path: Path, data: bytes) -> Path:
    """Keep the old content beside `path`, under the first name that is free."""
    number = 1
    while True:
        beside = path.with_name(f"{path.name}.bak{number if number > 1 else ''}")
        try:
            _write(beside, data)
        except FileExistsError:
            number += 1
        else:
            return beside


def _write(path: Path, data: bytes) -> None:
    """Write a new file through to the disk."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
