"""JSON → `Lesson`, with everything that is wrong with it: every fault at once, each with its mend.

A key that nobody knows is kept in `extra` and named in a warning.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..core.errors import Fault, LessonError, SettingsError
from ..text.languages import language_note, name_of
from ..text.speech import unspoken_equations, unused_words
from .convert import hint, meant_by, other_format, to_be_drafted
from .files import Odd, Twice, called, contents, given_twice, parse, quoted, tidied, unsound
from .lesson import (
    IMAGES,
    MOST_KEYS,
    SOUNDS,
    SPOKEN_KEYS,
    TURNS,
    Key,
    Lesson,
    Section,
    Turn,
    Wrong,
    adapter,
    joined,
    keys,
    tag,
)

MOST_NAMED = 50
"""Unknown keys that are named one by one in the warnings."""


def load_lesson(path: str | Path) -> Lesson:
    """The lesson in the file `path`.

    Raises `LessonError` with every fault of it, also where there is no such file.
    """
    if not isinstance(path, str | Path):
        raise SettingsError(f"{path!r} is no path; name the file of a lesson")
    path = Path(path)
    return read_lesson(contents(path), path)


def read_lesson(data: bytes, path: Path) -> Lesson:
    """The lesson that `data` holds, as if `path` were its file: a lesson written in a cell.

    Its pictures and sounds are looked for from the folder of `path`. Raises `LessonError`
    with every fault.
    """
    reading = _Reading(Path(path))
    value = parse(data)
    if isinstance(value, Fault):
        raise LessonError(path, [to_be_drafted(path) or hint(data, value, path)])
    lesson = reading.lesson(value)
    if reading.faults or lesson is None:
        drafted = to_be_drafted(path)
        error = LessonError(path, [drafted] if drafted else reading.faults)
        error.lesson = None if drafted else lesson
        raise error
    return replace(lesson, seal=hashlib.sha256(data).hexdigest())


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
        other = other_format(value, self.path)
        if other is not None:
            self.faults.append(other)
            return None
        if isinstance(value, list):
            mend = 'put it into an object, {"sections": […]}'
            self.faults.append(Fault("the lesson is a bare list of sections", mend))
            value = {"sections": value}
        if not isinstance(value, dict):
            mend = 'write an object, {"sections": […]}'
            self.faults.append(Fault(f"the lesson is {kind_of(value)}", mend))
            return None
        known, extra = self.object(Lesson, value, None)
        if value.get("sections") is None:
            self.faults.append(missing(keys(Lesson)["sections"], None, extra))
        sections = known.pop("sections", ())
        made = tuple(self.section(part, number) for number, part in enumerate(sections, start=1))
        told = [section.content for section in made]
        language = known.get("language", "en")
        notes = [*advice(told, language, [section.say for section in made]), *misplaced(made)]
        warnings = (*self.warnings, *_unknown_keys(self.unknown), *notes)
        return Lesson(self.path, made, warnings=warnings, extra=extra, **known)

    def section(self, value: object, number: int) -> Section:
        if not isinstance(value, dict):
            mend = "write an object with `image_description` and `content`"
            self.fault(Fault(f"this is {kind_of(value)}", mend), number)
            return Section("", "")
        turns = self.turns(value.get("content"), number)
        if turns is not None:
            value = {**value, "content": joined(turns)}
        known, extra = self.object(Section, value, number)
        for row in keys(Section).values():
            if row.unless and not any(_holds(value, name) for name in (row.name, *row.unless)):
                self.fault(missing(row, value.get(row.name), extra), number)
        if known.get("audio") and _holds(value, "video/instead"):
            problem = "`audio` stands beside a `video` whose own sound is to be heard instead"
            mend = 'remove `audio`, or write "sound": "under"'
            self.fault(Fault(problem, mend, field="audio"), number)
        self.warnings += [f"section {number}: {note}" for note in _unseen(known)]
        known["turns"] = turns or ()
        return Section(**{"content": "", "image_description": "", **known}, extra=extra)

    def turns(self, value: object, number: int) -> tuple[Turn, ...] | None:
        """The turns of a narration that is a list; None where it is none."""
        if not isinstance(value, list):
            return None
        write = 'write turns such as {"speaker": "Ana", "text": "Good morning."}'
        row = Key("", write, TURNS, name="content", attribute="content")
        odd = [(n, each) for n, each in enumerate(value, 1) if not isinstance(each, dict)]
        if odd:
            problem = f"`content` is a list, and its item {odd[0][0]} is {kind_of(odd[0][1])}"
            fine: Any = Fault(problem, row.write, field="content")
        else:
            fine = unsound("content", value) or checked(row, value, self.path)
        if isinstance(fine, Fault):
            self.fault(fine, number)
            return (Turn("a fault that was told"),)
        told = dict.fromkeys(key for each in value for key in each if key not in SPOKEN_KEYS)
        self.warnings += [
            f"section {number}: {quoted(key)} is no key of a turn, and is not used"
            for key in list(told)[:MOST_ADVISED]
        ]
        tidy = self.tidied(fine, "`content`", number)
        return tuple(
            Turn(
                each["text"].strip(),
                " ".join(each["speaker"].split()) if each.get("speaker") else None,
                tag(each["language"], self.path) if each.get("language") else None,
            )
            for each in tidy
            if each["text"].strip()
        )

    def object(
        self, kind: type, value: dict[str, object], number: int | None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """What an object of the file says by its known keys, as attributes, and the others."""
        if isinstance(value, Twice):
            self.fault(given_twice(value), number)
        known = {}
        for row in keys(kind).values():
            if (fine := self.value(row, value.get(row.name), number)) is not None:
                known[row.attribute] = fine
        extra = {name: other for name, other in value.items() if name not in keys(kind)}
        if len(value) > MOST_KEYS:
            problem = f"there are {len(value):,} keys; {MOST_KEYS} is the most"
            self.fault(Fault(problem, "remove some"), number)
            return known, {}
        for name, other in extra.items():
            self.unknown.setdefault(name, []).append(number or 0)
            if fault := unsound(name, [name, other]):
                self.fault(fault, number)
        return known, self.tidied(extra, "an unknown key", number)

    def value(self, row: Key, value: Any, number: int | None) -> Any:
        """The value as a `Lesson` or a `Section` has it; None where it has a fault, or is none."""
        if value is None:
            return None
        # the sections are looked at one by one
        fault = None if row.name == "sections" else unsound(row.name, value)
        fine = fault or checked(row, value, self.path)
        if isinstance(fine, Fault):
            self.fault(fine, number)
            return None
        if not given(value):
            return None
        if isinstance(fine, Path) or row.name == "sections":
            return fine
        return self.tidied(fine, f"`{row.name}`", number)

    def tidied(self, value: Any, what: str, number: int | None) -> Any:
        dropped: set[str] = set()
        tidy = tidied(value, dropped)
        if dropped:
            names = ", ".join(called(character) for character in sorted(dropped)[:5])
            where = f"section {number}: " if number else ""
            self.warnings.append(f"{where}{what} held {names}, which nobody sees; left out")
        return tidy


def checked(row: Key, value: object, path: Path) -> Any:
    """The value of a key as a lesson at `path` has it, or the `Fault` of it."""
    try:
        return adapter(row).validate_python(value, context=path)
    except ValidationError as error:
        problem, mend = _problem(error, row.name)
        return Fault(f"`{row.name}` {problem}", mend or row.write, field=row.name)


def _problem(error: ValidationError, name: str) -> tuple[str, str]:
    """What pydantic found, as it follows the key's name, and the mend, "" for the key's own."""
    # of the branches of a union, the one that got furthest
    first = max(error.errors(include_url=False), key=lambda each: len(each["loc"]))
    where, context, value = first["loc"], first.get("ctx", {}), first["input"]
    if isinstance(own := context.get("error"), Wrong):
        return str(own), own.mend
    # but the first, those of a union's branch, and of a key, lead nowhere in the file
    steps = [*where[:1], *(step for step in where[1:] if step not in ("str", "list[str]", "[key]"))]
    named = [f"item {step + 1}" if isinstance(step, int) else quoted(step) for step in steps]
    at = " of ".join(reversed(named))
    match first["type"]:
        case "string_too_long" if not where:
            return f"has {len(value):,} characters; {context['max_length']:,} is the most", (
                "shorten it"
            )
        case "string_too_long":
            return f"has more than {context['max_length']} characters at {at}", ""
        case "string_too_short" | "string_pattern_mismatch" if not value.strip():
            return f"has an empty text at {at}", ""
        case "string_pattern_mismatch":
            return f"gives {at} as {quoted(value)}", keys(Lesson)["language"].write
        case "literal_error" if isinstance(value, str):
            expected = context["expected"].replace("'", '"')
            return f"gives {at} as {quoted(value)}", f"write {expected}"
        case "missing":
            return f"lacks {at}", ""
        case "too_short" | "too_long" if where:
            return f"has {len(value):,} items at {at}", ""
        case "too_short":
            return "is empty", "write at least one section" if name == "sections" else ""
        case "too_long":
            words = "words" if isinstance(value, dict) else "of them"
            mend = "divide the lesson into several" if name == "sections" else ""
            return f"has {len(value):,} {words}; {context['max_length']:,} is the most", mend
    return f"gives {at} as {kind_of(value)}" if where else f"is {kind_of(value)}", ""


def given(value: object) -> bool:
    """Whether anything stands there: null and a text nobody can see are as good as nothing."""
    return value is not None and not (isinstance(value, str) and not tidied(value, set()).strip())


def _holds(section: Mapping[str, Any], name: str) -> bool:
    """Whether anything stands there; `video/instead`: a film whose own sound is heard."""
    if name != "video/instead":
        return given(section.get(name))
    film = section.get("video")
    return isinstance(film, dict) and film.get("sound") == "instead"


def missing(row: Key, value: object, unknown: Mapping[str, object]) -> Fault:
    """The fault of a needed key that is not there, or holds nothing."""
    if isinstance(value, str):
        return Fault(f"`{row.name}` is empty", row.write, field=row.name)
    near = meant_by(row.name, unknown)
    mend = f"rename {quoted(near)}, if that is it" if near else row.write
    return Fault(f"`{row.name}` is missing", mend, field=row.name)


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


def nearest(name: str, kind: type) -> str | None:
    """The known key that `name` is likely meant to be, or None."""
    near = get_close_matches(name[:60].casefold(), list(keys(kind)), 1, 0.75)
    return near[0] if near else None


def _unknown_keys(unknown: Mapping[str, list[int]]) -> list[str]:
    """A warning for each key nobody knows; 0 among its sections is the lesson itself."""
    names = [name for name in unknown if not name.startswith("$")]
    warnings = []
    for name in names[:MOST_NAMED]:
        first, *more = unknown[name]
        where = f"section {first}{f' and {len(more)} more' if more else ''}: " if first else ""
        here, there = (Section, Lesson) if first else (Lesson, Section)
        hint = ""
        if name in keys(there):
            hint = "; it belongs " + ("at the top of the lesson" if first else "in a section")
        elif near := nearest(name, here):
            hint = f"; did you mean `{near}`?"
        warnings.append(f"{where}{quoted(name)} is no key that vidkit knows, and is not used{hint}")
    if len(names) > MOST_NAMED:
        warnings.append(f"{len(names) - MOST_NAMED:,} more keys are not known, and not used")
    return warnings


# What a lesson's words give away, told as notes: another language, stage directions, equations that
# nobody can say, words of `say` that never occur.


_DIRECTION = re.compile(
    r"(?m)^\s*(?:\*\*)?((?:[Nn]arrator|NARRATOR|[Hh]ost|[Vv]oice-?over|VOICE-?OVER|VO|"
    r"[Ss]peaker(?: \d)?|"
    r"[Ss]cene(?: \d+)?|SCENE(?: \d+)?|[Vv]isuals?|[Oo]n[- ]screen))(?:\*\*)?\s?:"
    r"|([\[(](?:[Ss]cene|SCENE|[Mm]usic|MUSIC|[Ss]ound|SOUND|[Ss]fx|SFX|[Ff]ade|"
    r"[Cc]ut to|CUT TO|[Vv]isual|"
    r"[Ss]how|[Ii]ntro|[Oo]utro|[Tt]ransition|[Aa]pplause|[Ll]aughs?|[Ss]miling|[Zz]oom)\b[^\])\n]{0,120}[\])])"
)
MOST_ADVISED = 5


def stage_directions(text: str) -> list[str]:
    """What in a narration is for a stage and would be spoken: "Narrator:", "[music fades in]"."""
    return [found[1] + ":" if found[1] else found[2] for found in _DIRECTION.finditer(text)]


_FILE = re.compile(r"[^\s/\\][^\n]{0,200}\.(\w{3,4})", re.IGNORECASE)
LONG_TITLE = 120
"""Characters of a heading that may have been meant to be said."""


def _unseen(section: Mapping[str, Any]) -> Iterator[str]:
    """Notes on what a section has and does not show, beside a film or a picture of its own."""
    slide = section.get("slide") or {}
    if section.get("video"):
        shown, beneath = "video", ["image", "slide", "focus"]
    else:
        shown, beneath = "image", [] if slide.get("layout") == "picture" else ["slide"]
    mend = '; for its labels write "layout": "picture"' if slide.get("labels") else ""
    if section.get(shown):
        for key in filter(section.get, beneath):
            yield f"`{key}` is not shown, for `{shown}` is{mend if shown == 'image' else ''}"


def misplaced(sections: Sequence[Section]) -> list[str]:
    """Notes on texts of sections that likely belong in another field: the name of a file, and a
    title that is much longer than what is said.
    """
    notes = []
    for number, section in enumerate(sections, 1):
        for key, kinds, place in (
            ("content", SOUNDS, "audio"),
            ("content", IMAGES, "image"),
            ("image_description", IMAGES, "image"),
        ):
            text = getattr(section, key)
            named = _FILE.fullmatch(text)
            there = getattr(section, place) is not None
            if named and f".{named[1].lower()}" in kinds and not there:
                mend = f'write "{place}": "{text}"'
                notes.append(f"section {number}: `{key}` is the name of a file; to use it, {mend}")
        title = section.title or ""
        if len(title) > LONG_TITLE and len(title) > 2 * len(section.content) and section.content:
            notes.append(
                f"section {number}: `title` is much longer than `content`, which is what is said; "
                "are the two in each other's place?"
            )
    return notes


def advice(narrations: Sequence[str], language: str, say: Iterable[Mapping[str, str]]) -> list[str]:
    """Notes on the narrations of a lesson, in order, each with the mend."""
    notes = []
    if note := language_note("\n\n".join(narrations), language):
        notes.append(note)
    directed = [
        (number, each)
        for number, text in enumerate(narrations, 1)
        for each in stage_directions(text)
    ]
    notes += [
        f"section {number}: {each!r} looks like a stage direction, and would be spoken; remove it"
        for number, each in directed[:MOST_ADVISED]
    ]
    if len(directed) > MOST_ADVISED:
        notes.append(f"{len(directed) - MOST_ADVISED} more stage directions would be spoken")
    unsaid = [
        (number, each)
        for number, text in enumerate(narrations, 1)
        for each in unspoken_equations(text, language)
    ]
    if unsaid:
        number, first = unsaid[0]
        others = len(unsaid) - 1
        more = f" and {others} more equation{'s' * (others > 1)}" if others else ""
        notes.append(
            f'section {number}: "{first}"{more} cannot be said in words, for vidkit does not know '
            f"what the signs are called in {name_of(language)}; write them as they are said, or in "
            "`say`"
        )
    words: dict[str, str] = {}
    for each in say:
        words |= each
    notes += [
        f"`say` has {word!r}, which no narration has; look how it is spelt there"
        for word in unused_words(list(narrations), words)[:MOST_ADVISED]
    ]
    return notes
