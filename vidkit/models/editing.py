"""Change the texts of a lesson, and save them into its file.

`edited` gives a lesson with another text in one section, after the same checks as reading.
`save_lesson` writes such texts into the JSON: it replaces them where they stand, so that every
other key, their order and the layout of the file stay as they are.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, replace
from itertools import count
from pathlib import Path
from typing import Any

from ..core.errors import Fault, LessonError, SettingsError
from ..core.paths import write_through
from .lesson import Film, Lesson, Music, Section, keys
from .reading import load_lesson, read_lesson

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
    asked = section_json(before, lesson.path.parent.resolve()) | {
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

    Where more than `TEXTS` was changed, the file is laid out anew, with its own indent.

    Raises `LessonError` where the file is not the one that was read, since somebody changed or
    removed it, or cannot be written.
    """
    path = lesson.path.resolve()
    data = _as_it_was_read(lesson)
    new = _rewritten(data, read_lesson(data, lesson.path), lesson)
    saved = read_lesson(new, lesson.path)
    if replace(saved, warnings=lesson.warnings) != lesson:
        new = _laid_out(data, lesson)
        saved = read_lesson(new, lesson.path)
    if new == data:
        return saved
    scratch = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        write_through(scratch, [new])
        shutil.copymode(path, scratch)
        _keep_beside(path, data)
        _as_it_was_read(lesson)
        scratch.replace(path)
    except OSError as error:
        why = f"the file cannot be saved ({error.strerror or error})"
        raise LessonError(lesson.path, [Fault(why, "make room, or allow it")]) from error
    finally:
        with suppress(OSError):
            scratch.unlink()
    return saved


def lesson_json(lesson: Lesson) -> dict[str, Any]:
    """A lesson as its file would say it, with files relative to its folder."""
    folder = lesson.path.parent.resolve()
    told = _told(lesson, folder)
    if lesson.language == "en":
        del told["language"]
    sections = [section_json(section, folder) for section in lesson.sections]
    return {**told, **lesson.extra, "sections": sections}


def section_json(section: Section, folder: Path) -> dict[str, Any]:
    """A section as the file of a lesson in `folder` would say it; what it has not is left out."""
    told = _told(section, folder)
    if turns := section.spoken_turns:
        told["content"] = [
            {name: value for name, value in vars(turn).items() if value} for turn in turns
        ]
    return told | dict(section.extra)


def _told(whole: Lesson | Section, folder: Path) -> dict[str, Any]:
    """The keys of a lesson or a section, but its sections, with what they hold."""
    kind: type = type(whole)
    rows = keys(kind).values()
    told = {
        row.name: _as_value(getattr(whole, row.attribute), folder)
        for row in sorted(rows, key=lambda row: TEXTS.index(row.name) if row.name in TEXTS else 9)
        if row.name != "sections"
    }
    return {name: value for name, value in told.items() if value}


def _as_value(value: Any, folder: Path) -> Any:
    """A value as JSON has it; a film or music of which nothing but the file is told is that."""
    match value:
        case Path():
            return value.relative_to(folder).as_posix()
        case Film() | Music():
            told = {"file": _as_value(value.file, folder)}
            for each in fields(value):
                if each.name != "file" and getattr(value, each.name) != each.default:
                    told[each.name] = getattr(value, each.name)
            return told if len(told) > 1 else told["file"]
        case Mapping():
            return dict(value)
        case tuple() | list():
            return list(value)
    return value


def _laid_out(data: bytes, lesson: Lesson) -> bytes:
    """The whole lesson as the content of its file, which was `data`, with the indent of that."""
    whole = lesson_json(lesson)
    before = json.loads(data.decode("utf-8-sig"))
    if isinstance(before, dict) and "language" in before:
        whole = {**whole, "language": lesson.language}
        whole["sections"] = whole.pop("sections")
    found = re.search(rb"\n([ \t]+)\S", data)
    indent = found.group(1).decode() if found else (2 if b"\n" in data.strip() else None)
    return (json.dumps(whole, indent=indent, ensure_ascii=False) + "\n").encode("utf-8")


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


def _keep_beside(path: Path, data: bytes) -> None:
    """Keep the old content beside `path`, under the first name that is free."""
    for number in count(1):
        with suppress(FileExistsError):
            beside = path.with_name(f"{path.name}.bak{number if number > 1 else ''}")
            write_through(beside, [data])
            return
