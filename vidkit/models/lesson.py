"""A lesson: what its file may say, as a table, and the JSON Schema of it.

    {"title": …, "language": …, "voice": …, "music": …, "sections": [
        {"image_description": …, "content": …,
         "title": …, "image": …, "audio": …, "video": …, "voice": …, "say": {…}, "slide": {…}}]}

Only `sections` is needed, and in each `image_description` (or a picture of one's own in `image`)
and `content` (or a sound in `audio`). A key of the file is a line of `Lesson` or `Section`: its
type, as pydantic checks it, what it is, and what to write. From it come the checks, the sentences
(`reading`) and the JSON Schema. A key that nobody knows is kept in `extra`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Required

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationInfo,
    WithJsonSchema,
)
from typing_extensions import TypedDict

from ..text.languages import tag_of
from .files import beside, quoted

LONGEST_TEXT = 50_000
"""Characters: about an hour of speech at 150 words a minute."""

MOST_SECTIONS = 1_000
MOST_KEYS = 200
MOST_WORDS = 1_000
MOST_TURNS = 500
MOST_FOCUS = 40
LONGEST_WORD = 200

IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif", ".tif", ".tiff", ".bmp")
_PLAYED = (".wav", ".mp3", ".ogg", ".oga", ".opus", ".flac", ".m4a", ".aac", ".webm")
_DECODED = (".aif", ".aiff", ".caf", ".au", ".w64", ".wma", ".amr", ".wv", ".tta", ".ac3", ".mp2")
SOUNDS = _PLAYED + _DECODED
FILMS = (".mp4", ".m4v", ".mov", ".webm", ".mkv")

LONGEST_FILM = 14_400
"""Seconds, four hours: as much as a sound may have."""

QUIETEST, LOUDEST = -30, 5
"""dB by which music may be changed; with 5 it still is 15 dB under the voice."""

_CONTROL = r"\x00-\x1f\x7f-\x9f"
_TAG = (
    r"[A-Za-z]{2,3}(-[A-Za-z]{3})?(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?"
    r"(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(-x(-[A-Za-z0-9]{1,8})+)?"
)
_NAME = rf"[^\s/\\:.{_CONTROL}-][^/\\:{_CONTROL}]*"
_ADDRESS = r"[A-Za-z][A-Za-z0-9+.\-]*:"
_LOCAL = rf"(?!/|{_ADDRESS})[^\\{_CONTROL}]*"


# The types of the values. A check gives the value as a lesson at a path has it, or raises `Wrong`.

Check = Callable[[str, Path], Any]


class Wrong(ValueError):
    """What is wrong with a value, as it follows the key's name; `mend` where the key's own
    `write` does not do.
    """

    def __init__(self, problem: str, mend: str = "") -> None:
        super().__init__(problem)
        self.mend = mend


def _trimmed(text: str, _: Path) -> str:
    return text.strip()


def _one_line(text: str, _: Path) -> str:
    return " ".join(text.split())


def _said(text: str, _: Path) -> str:
    if not any(character.isalnum() for character in text):
        raise Wrong(f"is {text.strip()[:20]!r}, which has no word to say")
    return text.strip()


def tag(text: str, _: Path) -> str:
    """`zh-hant-tw` as `zh-Hant-TW`; what follows an `x` is private and stays small."""
    if not re.fullmatch(_TAG, text):
        known = tag_of(text)
        mend = f'write the tag of that language, "{known}"' if known else ""
        raise Wrong(f"is {text!r}, which is not a language tag", mend)
    first, *rest = text.lower().split("-")
    private = rest.index("x") if "x" in rest else len(rest)
    named = [{2: part.upper(), 4: part.title()}.get(len(part), part) for part in rest[:private]]
    return "-".join([first, *named, *rest[private:]])


def _voice(text: str, _: Path) -> str:
    provider, colon, name = text.partition(":")
    if colon and provider.isalnum() and re.fullmatch(_NAME, name):
        mend = f"write {name!r} alone; the provider is chosen with voice= in the call"
        raise Wrong(f"is {text!r}, the name of a voice with its provider", mend)
    if not re.fullmatch(_NAME, text) or not text.isprintable():
        raise Wrong(f"is {text!r}, which is not the name of a voice")
    return text.strip()


def _file(suffixes: tuple[str, ...]) -> Check:
    def found(name: str, lesson: Path) -> Path:
        if problem := _misnamed(name, suffixes):
            raise Wrong(problem)
        path = beside(lesson, name)
        if isinstance(path, tuple):
            raise Wrong(*path)
        return path

    return found


def _misnamed(name: str, suffixes: tuple[str, ...]) -> str | None:
    shown = quoted(name, 100)
    if re.search(rf"[{_CONTROL}]", name):
        return f"names {shown}, which has a character that cannot be seen"
    if re.match(r"[A-Za-z]:", name) or name.startswith(("/", "\\")):
        return f"names {shown}, which is not inside the lesson's folder"
    if re.match(_ADDRESS, name):
        return f"names {shown}, which is an address and not a file"
    if "\\" in name:
        return f"names {shown} with a backslash, where / belongs"
    if not name.lower().endswith(suffixes):
        kinds = ", ".join(suffix[1:] for suffix in suffixes)
        return f"names {shown}, which is none of {kinds}"
    return None


def text(most: int = LONGEST_TEXT, check: Check = _trimmed, pattern: str = "") -> Any:
    """The type of a text of at most `most` characters; `check` gives the value of it. pattern:
    what an editor checks it by. A text that is blank is as good as none.
    """
    told: dict[str, Any] = {"type": "string", "maxLength": most}
    if pattern:
        told["pattern"] = rf"^\s*$|^{pattern}$"

    def value(given: str, about: ValidationInfo) -> Any:
        return check(given, Path(about.context or "")) if given.strip() else ""

    limits = Field(strict=True, max_length=most)
    return Annotated[str, limits, AfterValidator(value), WithJsonSchema(told)]


def _any_case(suffixes: tuple[str, ...]) -> str:
    """`.gif` as `[gG][iI][fF]`: the patterns of JSON Schema know no flags."""
    return "|".join(
        "".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in suffix[1:])
        for suffix in suffixes
    )


def a_file(suffixes: tuple[str, ...]) -> Any:
    """The type of a file beside the lesson."""
    return text(1_000, _file(suffixes), rf"{_LOCAL}\.({_any_case(suffixes)})")


TEXT = text()
SAID = text(check=_said)
LINE = text(300, _one_line)
TAG = text(35, tag, _TAG)
VOICE = text(80, _voice, _NAME)
PICTURE = a_file(IMAGES)
SOUND = a_file(SOUNDS)
SECTIONS = Annotated[list[Any], Field(min_length=1, max_length=MOST_SECTIONS)]

Word = Annotated[str, Field(strict=True, min_length=1, max_length=LONGEST_WORD, pattern=r"\S")]
WORDS = Annotated[dict[Word, Word], Field(max_length=MOST_WORDS)]


class SLIDE(TypedDict, total=False):
    """What is checked of a section's `slide`; the provider that draws it knows the rest."""

    __pydantic_config__ = ConfigDict(extra="allow", strict=True)  # type: ignore[misc]

    layout: Annotated[str, Field(description="The kind of slide.")]
    points: Annotated[str | list[str], Field(description="Lines to show.")]
    equation: Annotated[str | list[str], Field(description="Equations to show, such as v = g * t.")]
    code: Annotated[str, Field(description="A program to show.")]
    lang: Annotated[str, Field(description="The programming language of `code`.")]
    chart: Annotated[
        dict[str, Any] | None,
        Field(description='Numbers: {"bars": {"Ice": 2}, "unit": "%"}, or `lines`, `x` and `y`.'),
    ]
    diagram: Annotated[
        dict[str, Any] | None,
        Field(description='Boxes and arrows: {"edges": ["Sun -> Sea: heat"]}, or a `ring`.'),
    ]
    table: Annotated[
        list[Any] | None, Field(description="Rows of cells, the first with the columns' names.")
    ]
    note: Annotated[str, Field(description="A line under a table.")]
    output: Annotated[str, Field(description="What `code` prints.")]
    talk: Annotated[
        str | list[str], Field(description="What speakers say: Ana: Good morning. One line each.")
    ]
    quote: Annotated[str, Field(description="Somebody's words, to show in large.")]
    by: Annotated[str, Field(description="Whose words `quote` has.")]
    question: Annotated[str, Field(description="A question to show in large.")]
    choices: Annotated[str | list[str], Field(description="What may be chosen from.")]
    answer: Annotated[str, Field(description="The answer, held back until it is said.")]
    hero: Annotated[str, Field(description="An emoji to show very large.")]
    line: Annotated[str, Field(description="A line beside `hero`.")]
    labels: Annotated[
        list[Any] | None,
        Field(description='Names in the section\'s `image`: [{"at": [0.4, 0.5], "text": "Cell"}].'),
    ]


class Focus(TypedDict):
    """A region of a section's picture, left, top, width and height from 0 to 1, and its words."""

    at: Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=4, max_length=4)]
    words: Annotated[str, Field(min_length=1, max_length=LONGEST_WORD)]


class SpokenTurn(TypedDict, total=False):
    """What one speaker says; a turn without a speaker is the narrator's."""

    speaker: Annotated[str, Field(max_length=60, pattern=r"\S")]
    text: Required[Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S")]]
    language: Annotated[str, Field(max_length=35, pattern=rf"^{_TAG}$")]


SPOKEN_KEYS = SpokenTurn.__annotations__.keys()
TURNS = Annotated[list[SpokenTurn], Field(min_length=1, max_length=MOST_TURNS)]
SPEAKERS = Annotated[
    dict[
        Annotated[str, Field(strict=True, min_length=1, max_length=60, pattern=r"\S")],
        Annotated[str, Field(strict=True, min_length=1, max_length=200, pattern=r"\S")],
    ],
    Field(max_length=MOST_KEYS),
]

FOCUS = Annotated[list[Focus], Field(max_length=MOST_FOCUS)]


# A film and music: a file's name, or an object with more about it.


@dataclass(frozen=True)
class Film:
    """A film that a section plays from `start` to `end` seconds, None for its end. sound: of its
    own is "off", or heard "under" the narration or "instead" of it. `file` is an absolute path.
    """

    file: Path
    sound: str = "off"
    start: float = 0.0
    end: float | None = None


@dataclass(frozen=True)
class Music:
    """Music beneath a video, so many dB louder than usual. `file` is an absolute path."""

    file: Path
    volume: float = 0.0


_FILM_FILE, _MUSIC_FILE = a_file(FILMS), a_file(SOUNDS)
_SECONDS = Annotated[float, Field(strict=True, ge=0, le=LONGEST_FILM)]


class AskedFilm(TypedDict, total=False):
    """A film in the file of a lesson."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    file: Required[_FILM_FILE]  # type: ignore[valid-type]
    sound: Literal["off", "under", "instead"]
    start: _SECONDS
    end: Annotated[_SECONDS, Field(gt=0)] | None


class AskedMusic(TypedDict, total=False):
    """Music in the file of a lesson."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    file: Required[_MUSIC_FILE]  # type: ignore[valid-type]
    volume: Annotated[float, Field(strict=True, ge=QUIETEST, le=LOUDEST)]


def _asked_film(asked: Mapping[str, Any]) -> Film | None:
    start, end = asked.get("start", 0.0), asked.get("end")
    if end is not None and end <= start:
        raise Wrong(f"is to end at {end:g} s, before its `start`", "write a later `end`")
    return Film(**{**asked, "start": start, "end": end}) if asked["file"] else None


def _asked_music(asked: Mapping[str, Any]) -> Music | None:
    return Music(**asked) if asked["file"] else None


def _file_or_object(kind: Any, made: Callable[[Any], object]) -> Any:
    """The type of a file's name, or of an object with it and more; `made` gives the value."""
    whole = TypeAdapter(kind).json_schema()
    name = whole["properties"]["file"]
    told = {**whole, **name, "type": ["string", "object"]}

    def opened(given: object) -> object:
        if isinstance(given, dict) and not str(given.get("file", " ")).strip():
            raise Wrong("names no file")
        return {"file": given} if isinstance(given, str) else given

    return Annotated[kind, BeforeValidator(opened), AfterValidator(made), WithJsonSchema(told)]


VIDEO = _file_or_object(AskedFilm, _asked_film)
MUSIC = _file_or_object(AskedMusic, _asked_music)


# The keys of the file.


@dataclass(frozen=True)
class Key:
    """A key of the file: what it is, what to write, and its type, as pydantic checks it.

    unless: the keys beside any of which this one is not needed (`video/instead`: one whose own
    sound is heard); a key without them never is. name, and
    attribute: what it is called in the file, and in Python.
    """

    about: str
    write: str
    type: Any
    unless: tuple[str, ...] = ()
    name: str = ""
    attribute: str = ""


def key(kind: Any, about: str, write: str, *, default: Any = None, **more: Any) -> Any:
    """A field of `Lesson` or `Section` that stands in the file. more: the rest of its `Key`."""
    how: dict[str, Any] = {"metadata": {"key": Key(about, write, kind, **more)}}
    if default == {}:
        return field(default_factory=dict, **how)
    return field(**how) if default is ... else field(default=default, **how)


@dataclass(frozen=True)
class Turn:
    """What one speaker of a section says; None for the narrator, and the lesson's language."""

    text: str
    speaker: str | None = None
    language: str | None = None


@dataclass(frozen=True)
class Section:
    """One section. `content` is empty only beside `audio`, `image_description` beside `image`.

    `image` and `audio` are absolute paths of files inside the lesson's folder. `say` maps
    words to how they are said; `slide` is handed to the image provider as it is. `source` is
    the place in what the lesson was drafted from (`from` in the file). Where `content` is a list
    of turns in the file, it is their texts, a paragraph each, and `turns` has who says them.
    """

    content: str = key(
        SAID,
        "What is said, word for word; or a list of turns, each with `text`, and with `speaker` and "
        "`language` where they change. Not needed where `audio` names a file.",
        "write what is to be said, or remove the section",
        default=...,
        unless=("audio", "video/instead"),
    )
    image_description: str = key(
        TEXT,
        "What the picture of the section shows. Not needed where `image` or `video` names a file.",
        "write what the picture shows, or name a picture of yours in `image`",
        default=...,
        unless=("image", "video"),
    )
    title: str | None = key(LINE, "The heading of the section.", "write a short text")
    image: Path | None = key(  # noqa: RUF009 - a field, and no default
        PICTURE,
        "A picture of your own, used as it is. A path from the lesson's folder, with / in it.",
        "name a file beside the lesson, such as pictures/cell.png",
    )
    audio: Path | None = key(  # noqa: RUF009
        SOUND,
        "A narration of your own, used as it is. A path from the lesson's folder, with / in it.",
        "name a file beside the lesson, such as sounds/cell.wav",
    )
    video: Film | None = key(  # noqa: RUF009 - a field, and no default
        VIDEO,
        "A film of your own, played in the place of a picture: a path from the lesson's folder, or "
        "an object with it as `file`, and with `start` and `end` (seconds of the film that are "
        'played) and `sound`: "off", or "under" the narration, or "instead" of it.',
        'name a file beside the lesson, such as "films/cell.mp4", or write {"file": '
        '"films/cell.mp4", "sound": "under", "start": 3, "end": 9}',
    )
    voice: str | None = key(
        VOICE,
        "A voice of the provider that the run uses. A lesson never chooses the provider.",
        "write the name of one voice, such as Anna; the provider is chosen with voice= in the call",
    )
    language: str | None = key(
        TAG,
        "The language of this section, where it is not the lesson's.",
        "write a tag such as en, en-GB or zh-Hant",
    )
    say: Mapping[str, str] = key(
        WORDS,
        "How words of `content` are pronounced: each word with a spelling that sounds like it.",
        'write {"word": "how it is said"}',
        default={},
    )
    slide: Mapping[str, Any] = key(
        SLIDE,
        "What the slide of the section shows, for providers that draw slides.",
        'write an object such as {"layout": "points", "points": ["…", "…"]}',
        default={},
    )
    focus: Sequence[Mapping[str, Any]] = key(
        FOCUS,
        "Regions of the section's picture, each lit while its words are spoken.",
        'write [{"at": [0.1, 0.2, 0.3, 0.4], "words": "the nucleus"}], counted from 0 to 1',
        default=(),
    )
    source: str | None = key(
        LINE,
        "Where in the lesson's source the section comes from, such as cell 7.",
        "write the place in its source, such as cell 7",
        name="from",
    )
    turns: tuple[Turn, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def spoken_turns(self) -> tuple[Turn, ...]:
        """Its turns, unless `content` was changed since they were read."""
        return self.turns if joined(self.turns) == self.content else ()


def joined(turns: Sequence[Turn]) -> str:
    """The texts of turns as one, a paragraph each."""
    return "\n\n".join(turn.text for turn in turns)


@dataclass(frozen=True)
class Lesson:
    """A lesson as it was read from `path`, with what a person should know in `warnings`.

    source: what it was drafted from (`from` in the file), None where somebody wrote it.
    seal: SHA-256 of the bytes it was read from, by which `save_lesson` sees whether the file
    is still what it was.
    """

    path: Path
    sections: tuple[Section, ...] = key(
        SECTIONS,
        "The sections of the lesson, in order. Each becomes one clip of the video.",
        "write a list of objects, each with `image_description` and `content`",
        default=...,
    )
    title: str | None = key(LINE, "The title of the lesson.", "write a short text")
    language: str = key(
        TAG,
        "The language that is spoken, as a tag such as en, en-GB or zh-Hant; en where not given.",
        "write a tag such as en, en-GB or zh-Hant",
        default="en",
    )
    voice: str | None = key(
        VOICE,
        "The voice of every section that names none of its own, as a section's `voice`.",
        "write the name of one voice, such as Anna; the provider is chosen with voice= in the call",
    )
    speakers: Mapping[str, str] = key(
        SPEAKERS,
        "The voices of the speakers that turns name: each as the name of one, or with its provider "
        "where that works on this machine, such as hibari:heart or espeak:es.",
        'write {"Ana": "hibari:heart", "Luis": "espeak:es"}',
        default={},
    )
    music: Music | None = key(  # noqa: RUF009
        MUSIC,
        "Music beneath the whole video, again and again where it is shorter, and soft while "
        "somebody speaks: a path from the lesson's folder, or an object with it as `file`, and "
        f"with `volume`: dB louder ({LOUDEST} at most) or softer ({QUIETEST}) than usual.",
        'name a file beside the lesson, such as "music.mp3", or write {"file": "music.mp3", '
        '"volume": -6}',
    )
    source: str | None = key(
        LINE,
        "What the lesson was drafted from, such as the name of a notebook.",
        "write the name of its source",
        name="from",
    )
    warnings: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    seal: str = field(default="", compare=False, repr=False)

    @property
    def name(self) -> str:
        """The name of the file without its suffix, under which the lesson is shown."""
        return self.path.stem


@cache
def keys(kind: Any) -> Mapping[str, Key]:
    """The keys of an object of the file, by their names there."""
    found = {}
    for each in fields(kind):
        if "key" in each.metadata:
            one: Key = each.metadata["key"]
            name = one.name or each.name
            found[name] = replace(one, name=name, attribute=each.name)
    return found


@cache
def adapter(row: Key) -> TypeAdapter[Any]:
    """What checks the value of a key, made once."""
    return TypeAdapter(row.type)


# The JSON Schema.


def json_schema() -> dict[str, Any]:
    """The format as JSON Schema 2020-12.

    It accepts every lesson that `load_lesson` accepts. It cannot see keys given twice,
    whether files exist, and whether a text has a word to say.
    """
    section = _shape(Section)
    section["allOf"] = [
        {"anyOf": [_holds(name) for name in (row.name, *row.unless)]}
        for row in keys(Section).values()
        if row.unless
    ]
    lesson = _shape(Lesson)
    lesson["properties"]["sections"]["items"] = {"$ref": "#/$defs/section"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A lesson of vidkit",
        "description": "Sections that become clips, and the clips, in order, a narrated video.",
        **lesson,
        "required": ["sections"],
        "$defs": {"section": section},
    }


def _shape(kind: type) -> dict[str, Any]:
    properties = {}
    for row in keys(kind).values():
        told = adapter(row).json_schema()
        if row.attribute == "content":
            told = {"anyOf": [told, _turns_schema(), {"type": "null"}]}
        elif row.name != "sections":
            kinds = told["type"] if isinstance(told["type"], list) else [told["type"]]
            told["type"] = [*kinds, "null"]
        properties[row.name] = told | {"description": row.about}
    return {"type": "object", "maxProperties": MOST_KEYS, "properties": properties}


def _turns_schema() -> dict[str, Any]:
    """A narration as a list of turns, with nothing referred to elsewhere."""
    told = TypeAdapter(TURNS).json_schema()
    turn = told.pop("$defs")["SpokenTurn"]
    return {**told, "items": turn}


def _holds(name: str) -> dict[str, Any]:
    if name == "video/instead":
        sound = {"required": ["sound"], "properties": {"sound": {"const": "instead"}}}
        return {"required": ["video"], "properties": {"video": {"type": "object", **sound}}}
    kinds = ["string", *{"content": ["array"], "video": ["object"]}.get(name, [])]
    return {"required": [name], "properties": {name: {"type": kinds, "pattern": r"\S"}}}
