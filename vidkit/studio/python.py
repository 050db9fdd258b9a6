"""The Python that does what a panel does, ready to paste into a cell."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from ..models.lesson import TEXTS, Lesson
from ..models.settings import Settings
from ..store.ledger import Budget

_PANEL_ONLY = ("progress",)
"""Settings that the panel chooses for itself."""


_TO_SAVE = "# press Save lesson first: the panel has changes that the file does not have"


def making(
    path: Path, settings: Settings, shown: Lesson | None = None, read: Lesson | None = None
) -> str:
    """Makes the video of the lesson in the file `path`. shown, read: the lesson as the panel has
    it, and as its file has it, where both are known; edits between them are made there too.
    """
    changes = _edits(shown, read) if shown and read else []
    if not changes:
        return _cell([], _call("generate_video", repr(str(path)), settings))
    if changes == [_TO_SAVE]:
        return _cell(changes, _call("generate_video", repr(str(path)), settings))
    before = [
        "",
        f"lesson = vidkit.load_lesson({str(path)!r})",
        *changes,
    ]
    return _cell(before, _call("generate_video", "lesson", settings))


def making_all(folder: Path, settings: Settings) -> str:
    """Makes the videos of a folder."""
    return _cell([], _call("process_videos", repr(str(folder)), settings))


def _cell(before: list[str], call: list[str]) -> str:
    return "\n".join(["import vidkit", *(before or [""]), *call, "report"])


def _edits(lesson: Lesson, read: Lesson) -> list[str]:
    """What makes of the lesson in the file the one that the panel has."""
    if len(lesson.sections) != len(read.sections):
        return [_TO_SAVE]
    lines = []
    for index, (now, before) in enumerate(zip(lesson.sections, read.sections, strict=True)):
        if now != replace(before, **{key: getattr(now, key) for key in TEXTS}):
            return [_TO_SAVE]
        texts = {
            key: getattr(now, key) or ""
            for key in TEXTS
            if getattr(now, key) != getattr(before, key)
        }
        given = "".join(f", {key}={text!r}" for key, text in texts.items())
        if given:
            lines.append(f"lesson = vidkit.edited(lesson, {index}{given})")
    return lines


def _call(name: str, subject: str, settings: Settings) -> list[str]:
    lines = [f"    {subject},"]
    unknown = []
    default = Settings()
    for each in fields(Settings):
        value = getattr(settings, each.name)
        if each.name in _PANEL_ONLY or value == getattr(default, each.name):
            continue
        written = _written(value)
        if written is None:
            unknown.append(f"# add {each.name}=, which you gave the panel as an object")
        else:
            lines.append(f"    {each.name}={written},")
    if len(lines) == 1:
        return [*unknown, f"report = await vidkit.{name}({subject})"]
    return [*unknown, f"report = await vidkit.{name}(", *lines, ")"]


def _written(value: Any) -> str | None:
    """A value as Python; None where it is an object that only its maker can write."""
    match value:
        case None | bool() | int() | float() | str():
            return repr(value)
        case Path():
            return repr(str(value))
        case Budget():
            return f"vidkit.Budget({value.name!r}, {value.dollars!r})"
        case list() | tuple():
            parts = [_written(each) for each in value]
            if None in parts:
                return None
            told = ", ".join(part or "" for part in parts)
            if isinstance(value, list):
                return f"[{told}]"
            return f"({told},)" if len(parts) == 1 else f"({told})"
    return None
