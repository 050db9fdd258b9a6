"""What is there of a lesson, whoever made it and when: in the store, and in the output folder.

A panel that is shown anew begins with this, so that it agrees with what is there after a restart,
in a copy of a notebook, and beside another kernel. Everything here blocks while it looks at disks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import api
from ..core.errors import VidkitError
from ..core.events import Step
from ..models.lesson import Lesson
from ..models.settings import Settings
from ..pipeline.assets import candidates, find_stored
from ..pipeline.context import PartKind, Source
from ..pipeline.output import REPORT, read_report
from ..pipeline.planning import output_folder
from ..pipeline.shared import store_of
from ..providers.files import own_files
from ..providers.registry import image_makers, voice_makers
from ..report.reports import SectionReport, VideoReport
from ..store.store import Asset
from .editing import Draft

PARTS: tuple[PartKind, ...] = ("image", "audio")


@dataclass(frozen=True)
class Present:
    """What is there of one section. files: its picture and narration as it says them now, and the
    clip that was cut of these two. report: what the folder's report tells of that clip, or why
    the section failed.
    """

    files: dict[Step, Path] = field(default_factory=dict)
    by: dict[Step, str] = field(default_factory=dict)
    report: SectionReport | None = None

    @property
    def made(self) -> bool:
        """Whether all of it is there."""
        return "clip" in self.files


def report_of(lesson: Path) -> VideoReport | None:
    """The report of the latest run of a lesson, as its folder has it."""
    return read_report(output_folder(lesson), lesson)


def present(lesson: Lesson, settings: Settings) -> list[Present]:
    """What is there of each section of a lesson, as it says them now. Nothing is made, and nobody
    is asked.
    """
    report = report_of(lesson.path)
    digests = _digests(output_folder(lesson.path))
    told = list(report.sections) if report else []
    assets = _Assets(lesson, settings)
    found = []
    for index, section in enumerate(lesson.sections):
        parts = {part: assets.of(index, part) for part in PARTS}
        own = {"image": section.image, "audio": section.audio}
        wanted = {part: _digest(parts[part], own[part]) for part in PARTS}
        files: dict[Step, Path] = {
            part: asset.path for part, (_, asset) in ((p, f) for p, f in parts.items() if f)
        }
        files |= {part: path for part, path in own.items() if path is not None}  # type: ignore[misc]
        by: dict[Step, str] = {
            part: name for part, (name, _) in ((p, f) for p, f in parts.items() if f)
        }
        same = next((each for each in _near(told, index) if _is(each, wanted, digests)), None)
        if same is not None and same.clip is not None:
            files |= {"clip": same.clip}
            if same.image is not None:
                files["image"] = same.image
            if same.audio is not None:
                files["audio"] = same.audio
        elif index < len(told) and told[index].error and told[index].title == section.title:
            same = told[index]
        found.append(Present(files, by, same))
    return found


def _near(told: Sequence[SectionReport], index: int) -> Iterator[SectionReport]:
    """The sections of a report, the one at the same place first."""
    if index < len(told):
        yield told[index]
    yield from (each for at, each in enumerate(told) if at != index)


def _is(told: SectionReport, wanted: dict[PartKind, str | None], digests: dict[str, str]) -> bool:
    """Whether a clip was cut of this picture and this narration."""
    if told.state != "made" or told.clip is None:
        return False
    for part, path in (("image", told.image), ("audio", told.audio)):
        if path is None or wanted[part] is None:  # type: ignore[index]
            return False
        if digests.get(f"{path.parent.name}/{path.name}") != wanted[part]:  # type: ignore[index]
            return False
    return True


def _digest(found: tuple[str, Asset] | None, own: Path | None) -> str | None:
    if found is not None:
        return found[1].sha256
    try:
        return hashlib.sha256(own.read_bytes()).hexdigest() if own is not None else None
    except OSError:
        return None


def _digests(folder: Path) -> dict[str, str]:
    """The digests of the files in an output folder, by their names, as its report lists them."""
    try:
        files = json.loads((folder / REPORT).read_bytes())["files"]
        return {name: str(entry["sha256"]) for name, entry in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


class _Assets:
    """The pictures and narrations that the store has of a lesson."""

    def __init__(self, lesson: Lesson, settings: Settings) -> None:
        self._lesson, self._settings = lesson, settings
        self._store = store_of(settings)
        self._sources: dict[PartKind, list[Source[Any]]] = {}
        for part, makers in (("image", image_makers), ("audio", voice_makers)):
            try:
                given = makers(settings, keyless=True)
                self._sources[part] = [Source(maker) for maker in given]  # type: ignore[index]
            except VidkitError:
                continue

    def of(self, index: int, part: PartKind) -> tuple[str, Asset] | None:
        """The asset that a section would get now, with the name of who made it."""
        if part not in self._sources:
            return None
        try:
            several = candidates(
                part, self._lesson, index, self._settings, self._sources[part], own_files
            )
            found = find_stored(several, self._store)
        except VidkitError:
            return None
        return (found[0].name, found[1]) if found is not None else None


@dataclass(frozen=True)
class Version:
    """A picture or a narration of a section that was made at some time: under which words, as
    which take of them, and whether it is the present one.
    """

    kind: PartKind
    lesson: Lesson
    number: int
    take: int
    path: Path
    current: bool
    reworded: bool


def versions(draft: Draft, uid: int, settings: Settings) -> list[Version]:
    """All versions of a section that the store has, also those of earlier words: as the draft had
    it before, and as the file has it. The present ones first, then the latest.
    """
    found: list[Version] = []
    seen: set[Path] = set()
    now = draft.lesson
    stages = [(draft.uids, now), *reversed(draft.earlier)]
    for uids, lesson in stages:
        if uid not in uids:
            continue
        number = uids.index(uid) + 1
        section = lesson.sections[number - 1]
        reworded = section != now.sections[draft.at(uid)]
        for part in PARTS:
            for take in _takes(lesson, number, part, settings):
                if take.path in seen:
                    continue
                seen.add(take.path)
                present_one = _present_take(lesson, number, part, settings)
                current = not reworded and take.take == present_one
                found.append(Version(part, lesson, number, take.take, take.path, current, reworded))
    return found


def _takes(lesson: Lesson, number: int, part: PartKind, settings: Settings) -> list[Asset]:
    try:
        return api.takes(lesson, number, part, settings)
    except VidkitError:
        return []


def _present_take(lesson: Lesson, number: int, part: PartKind, settings: Settings) -> int | None:
    try:
        found = api.present_take(lesson, number, part, settings)
    except VidkitError:
        return None
    return found.take if found else None
