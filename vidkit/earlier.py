"""The report of a lesson that was made earlier, read back from its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .errors import VidkitError
from .output import REPORT
from .report import SectionReport, VideoReport


def read_report(folder: str | Path, lesson: str | Path | None = None) -> VideoReport | None:
    """What `report.json` in an output folder tells of the last run there; None where there is
    none, or none that can be read. Files that are gone since are left out.

    lesson: the lesson's file, where it is not where it was.
    """
    folder = Path(folder)
    try:
        told = json.loads((folder / REPORT).read_bytes())
        return _report(told, folder, Path(lesson or told["lesson"]))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _report(told: Mapping[str, Any], folder: Path, lesson: Path) -> VideoReport:
    return VideoReport(
        lesson=lesson,
        folder=folder,
        path=_file(folder, told["video"]),
        title=told["title"],
        sections=tuple(_section(section, folder) for section in told["sections"]),
        seconds=float(told["seconds"]),
        length=float(told["length"]),
        failure=VidkitError(told["error"]) if told["error"] else None,
        notes=tuple(map(str, told["notes"])),
        dollars=float(told["dollars"]),
        unconfirmed=float(told["unconfirmed"]),
    )


def _section(told: Mapping[str, Any], folder: Path) -> SectionReport:
    return SectionReport(
        index=int(told["number"]) - 1,
        title=told["title"],
        state=told["state"],
        image=_file(folder, told["image"]),
        audio=_file(folder, told["audio"]),
        clip=_file(folder, told["clip"]),
        image_by=told["image_by"],
        voice_by=told["voice_by"],
        start=told["start"],
        length=told["length"],
        seconds=dict(told["seconds"]),
        work=dict(told.get("work", {})),
        kept=tuple(told["from_store"]),
        dollars=float(told["dollars"]),
        error=told["error"],
    )


def _file(folder: Path, name: str | None) -> Path | None:
    """A file that the report names, if it is still there; none outside of its folder."""
    if name is None:
        return None
    path = folder / name
    inside = not Path(name).is_absolute() and ".." not in Path(name).parts
    return path if inside and path.is_file() else None
