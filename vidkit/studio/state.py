"""How a section stands: what lies in the store and the output folder, and what its runs told.

A panel that is shown anew begins with what is there, whoever made it and when, so that it agrees
with that after a restart, in a copy of a notebook, and beside another kernel.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import api
from ..core.errors import VidkitError
from ..core.events import (
    Event,
    LessonStarted,
    Outcome,
    Paid,
    SectionEnded,
    State,
    Step,
    StepEnded,
    StepStarted,
    WorkEnded,
    WorkStarted,
)
from ..core.format import took
from ..models.lesson import Lesson, Section
from ..models.settings import Settings
from ..pipeline.assets import candidates, find_stored
from ..pipeline.batch import output_folder
from ..pipeline.context import PartKind, Source
from ..pipeline.output import REPORT, read_report
from ..pipeline.run import store_of
from ..providers.registry import image_makers, voice_makers
from ..report.reports import SectionReport
from .editing import Draft
from .widgets import Tone

PARTS: tuple[PartKind, ...] = ("image", "audio")
STEPS: tuple[Step, ...] = ("image", "audio", "clip")
"""The steps of a section, in the order in which they are shown."""


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


def present(lesson: Lesson, settings: Settings) -> list[Present]:
    """What is there of each section of a lesson, as it says them now. Nothing is made, and nobody
    is asked.
    """
    folder = output_folder(lesson.path)
    report, digests = read_report(folder, lesson.path), _digests(folder)
    told = {each.index: each for each in (report.sections if report else ())}
    sources, store = _sources(settings), store_of(settings)
    found = []
    for index, section in enumerate(lesson.sections):
        files: dict[Step, Path] = {}
        by: dict[Step, str] = {}
        wanted: dict[Step, str] = {}
        for part in PARTS:
            with suppress(VidkitError):
                makers = sources.get(part)
                several = makers and candidates(part, lesson, index, settings, makers)
                if several and (there := find_stored(several, store)):
                    files[part], by[part] = there[1].path, there[0].name
                    wanted[part] = there[1].sha256
            if (own := getattr(section, part)) is not None:
                files[part] = own
                wanted.setdefault(part, _digest(own))
        here = told.get(index)
        near = [here, *told.values()] if here else told.values()
        same = next((each for each in near if _is_cut_of(each, wanted, digests)), None)
        if same is not None:
            files |= {step: getattr(same, step) for step in STEPS}
        elif here is not None and here.error and here.title == section.title:
            same = here
        found.append(Present(files, by, same))
    return found


def _sources(settings: Settings) -> dict[PartKind, list[Source[Any]]]:
    """Who may make each part, where the settings name somebody that there is."""
    found: dict[PartKind, list[Source[Any]]] = {}
    with suppress(VidkitError):
        found["image"] = [Source(maker) for maker in image_makers(settings, keyless=True)]
    with suppress(VidkitError):
        found["audio"] = [Source(maker) for maker in voice_makers(settings, keyless=True)]
    return found


def _is_cut_of(told: SectionReport, wanted: Mapping[Step, str], digests: Mapping[str, str]) -> bool:
    """Whether a clip was cut of the picture and the narration with these digests."""
    if told.state != "made" or told.clip is None:
        return False
    paths: tuple[Path | None, ...] = tuple(getattr(told, part) for part in PARTS)
    return all(
        path is not None and digests.get(f"{path.parent.name}/{path.name}") == wanted.get(part, "")
        for part, path in zip(PARTS, paths, strict=True)
    )


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


def _digests(folder: Path) -> dict[str, str]:
    """The digests of the files in an output folder, by their names, as its report lists them."""
    try:
        files = json.loads((folder / REPORT).read_bytes())["files"]
        return {name: str(entry["sha256"]) for name, entry in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


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
    found: dict[Path, Version] = {}
    uids, now = draft.step
    at, stages = uids.index(uid), [(uids, now), *reversed(draft.earlier)]
    for uids, lesson in stages:
        if uid not in uids:
            continue
        number = uids.index(uid) + 1
        reworded = lesson.sections[number - 1] != now.sections[at]
        for part in PARTS:
            with suppress(VidkitError):
                takes = api.takes(lesson, number, part, settings)
                present = api.present_take(lesson, number, part, settings)
                for take in takes:
                    current = not reworded and present is not None and take.take == present.take
                    version = Version(part, lesson, number, take.take, take.path, current, reworded)
                    found.setdefault(take.path, version)
    return list(found.values())


NAMES: dict[Step, str] = {"image": "picture", "audio": "narration", "clip": "clip"}
OURS = ("vidkit", "recorded")
"""Who is not named while something is made: vidkit itself, and whoever made one's own files."""
_DOING: dict[Step, str] = {"image": "drawing", "audio": "speaking", "clip": "cutting the clip"}


class SectionState:
    """How one section stands: what the events of its runs told, or what was found of it.

    begun: who does each step that goes on; at_work: how many pieces of each no longer wait.
    ended: who did the steps that are over, and how. files: what they left. state: None until the
    section is over, `error` why it is not made. dollars: paid for it in all runs that were heard,
    `unsure` what may have been paid besides. made_of: the section that it was made of.
    in_line: it will be made when the run that goes on is over; due: that run will make it.
    """

    def __init__(self) -> None:
        self.begun: dict[Step, str] = {}
        self.at_work: dict[Step, int] = {}
        self.ended: dict[Step, str] = {}
        self.files: dict[Step, Path] = {}
        self.state: State | None = None
        self.error: str | None = None
        self.dollars = 0.0
        self.unsure = 0.0
        self.made_of: Section | None = None
        self.making: Section | None = None
        self.in_line = self.due = False
        self.trouble = ""

    def on_event(self, event: Event, section: Section | None) -> None:
        """Take in an event of this section, or the start of its lesson. section: as the lesson
        says it now, where that is known.

        A section that was made and comes from the store once more stays what it was: seconds
        and provider are those of its making.
        """
        match event:
            case LessonStarted():
                self.due, self.in_line, self.trouble, self.making = True, False, "", section
                if self.made_of != section or self.state != "made":
                    self.forget()
            case StepStarted():
                self.begun[event.step] = event.by
            case WorkStarted():
                self._work(event.step, 1)
            case WorkEnded():
                self._work(event.step, -1)
            case StepEnded():
                self._end(event)
            case Paid(sure=True):
                self.dollars += event.dollars
            case Paid():
                self.unsure += event.dollars
            case SectionEnded():
                self.state, self.error, self.due = event.state, event.error, False
                self.begun.clear()
                self.at_work.clear()
                if event.state == "made":
                    self.made_of = self.making or section
            case _:
                pass

    def find(self, there: Present, section: Section) -> None:
        """Take in what lies in the store and the output folder, where no run has told more."""
        if self.state is not None or self.begun or self.due:
            return
        self.files = dict(there.files)
        report = there.report
        if there.made:
            self.state, self.made_of = "made", section
        elif report is not None and report.error:
            self.state, self.error = report.state, report.error
        self.ended = {step: _who(there.by.get(step), "kept", 0.0) for step in self.files}
        if report is not None and there.made:
            for step, seconds in report.seconds.items():
                by = {"image": report.image_by, "audio": report.voice_by}.get(step)
                self.ended[step] = _who(by, "kept" if step in report.kept else "made", seconds)

    def forget(self) -> None:
        """It is about to be made, or made again: how it went before counts no longer. Its files
        stay in view until others take their place.
        """
        self.state = self.error = None
        self.ended.clear()

    def _work(self, step: Step, change: int) -> None:
        if change > 0:
            if self.state is not None:
                self.forget()
            self.ended.pop(step, None)
        self.at_work[step] = max(0, self.at_work.get(step, 0) + change)

    def _end(self, event: StepEnded) -> None:
        self.begun.pop(event.step, None)
        self.at_work.pop(event.step, None)
        if event.path is not None:
            self.files[event.step] = event.path
        if not (event.outcome == "kept" and event.step in self.ended):
            self.ended[event.step] = _who(event.by, event.outcome, event.seconds)

    # ---- in words

    def status(self, section: Section) -> tuple[str, Tone]:
        """How it stands, in a word or two and a colour."""
        if self.in_line:
            return "waits for its turn", "waiting"
        match self.state:
            case None if any(self.at_work.values()):
                return "being made", "working"
            case None if self.due or self.begun:
                return "waiting", "waiting"
            case None if {"image", "audio"} <= set(self.files) and not self.edited(section):
                return "ready to join", "kept"
            case None:
                return "not made yet", "waiting"
            case "made" if self.edited(section):
                return "edited", "paid"
            case "made":
                return "made", "ok"
            case "cancelled":
                return "cancelled", "waiting"
            case other:
                return other, "failed"

    def edited(self, section: Section) -> bool:
        """True where it was made of other words than it has now."""
        return self.made_of is not None and self.made_of != section

    def steps(self) -> str:
        """What is being done, or who made what and in which time."""
        told = []
        for step in STEPS:
            if (by := self.begun.get(step)) is not None:
                doing = _DOING[step] if self.at_work.get(step) else f"{NAMES[step]} waits"
                told.append(doing if by in OURS else f"{doing} ({by})")
            elif who := self.ended.get(step):
                told.append(who)
        if self.dollars:
            told.append(f"paid {dollars(self.dollars)}")
        if self.unsure:
            told.append(f"perhaps {dollars(self.unsure)} more")
        return " · ".join(told)


def _who(by: str | None, outcome: Outcome, seconds: float) -> str:
    """Who made a part, and in which time: "openai 12 s"; "" for what vidkit itself made."""
    if by in (None, "", "vidkit"):
        return ""
    made_in = took(seconds) if outcome == "made" and seconds else ""
    how = outcome if outcome in ("failed", "cancelled") else made_in
    return f"{'your own' if by == 'recorded' else by} {how}".strip()


def dollars(amount: float) -> str:
    """Money as people write it, with a third digit where there is less than ten cents."""
    return f"${amount:.2f}" if amount >= 0.0995 else f"${amount:.3f}"
