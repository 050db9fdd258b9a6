"""What a lesson may say: one table of its keys, from which come the checks and the JSON Schema.

`LESSON` and `SECTION` are the keys in the order in which people are told of them. `mistake`
checks one value against its row, `json_schema` prints the whole table for an editor. Both
see the value as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from ..errors import Fault
from .jsontext import Odd, quoted, tidied, unsound

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
)

SLIDE: Mapping[str, tuple[bool, str]] = {
    "layout": (False, "The kind of slide."),
    "points": (True, "Lines to show."),
    "equation": (True, "Equations to show, such as v = g * t."),
    "code": (False, "A program to show."),
    "lang": (False, "The programming language of `code`."),
}
"""Keys of `slide` that are checked: whether a list of texts may stand there, and what it is."""

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
                "properties": {key: _slide_property(key) for key in SLIDE},
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
