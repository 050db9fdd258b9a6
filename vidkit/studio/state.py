"""How a section stands: what the events of its runs told of it, or what was found of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
from ..models.lesson import Section
from .present import Present
from .widgets import Tone

STEPS: tuple[Step, ...] = ("image", "audio", "clip")
"""The steps of a section, in the order in which they are shown."""
NAMES: dict[Step, str] = {"image": "picture", "audio": "narration", "clip": "clip"}
_DOING: dict[Step, str] = {"image": "drawing", "audio": "speaking", "clip": "cutting the clip"}


@dataclass(frozen=True)
class Ended:
    """A step that is over: how, by whom, after how many seconds, and why it failed."""

    outcome: Outcome
    by: str
    seconds: float
    error: str | None = None


class SectionState:
    """How one section stands: what the events of its runs told, or what was found of it.

    begun: who does each step that goes on; at_work: how many pieces of each no longer wait.
    ended: the steps that are over. files: what they left. state: None until the section is
    over, `error` why it is not made. dollars: paid for it in all runs that were heard,
    `unsure` what may have been paid besides. made_of: the section that it was made of.
    in_line: it will be made when the run that goes on is over; due: that run will make it.
    typed: what stands in its open fields, None where they are closed.
    """

    def __init__(self) -> None:
        self.begun: dict[Step, str] = {}
        self.at_work: dict[Step, int] = {}
        self.ended: dict[Step, Ended] = {}
        self.files: dict[Step, Path] = {}
        self.state: State | None = None
        self.error: str | None = None
        self.dollars = 0.0
        self.unsure = 0.0
        self.made_of: Section | None = None
        self.making: Section | None = None
        self.in_line = self.due = False
        self.trouble = ""
        self.typed: dict[str, str] | None = None

    def hear(self, event: Event, section: Section | None) -> None:
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
        self.ended = {
            step: Ended("kept", there.by.get(step, ""), 0.0) for step in STEPS if step in self.files
        }
        if report is not None and there.made:
            for step, seconds in report.seconds.items():
                by = {"image": report.image_by, "audio": report.voice_by}.get(step) or ""
                outcome: Outcome = "kept" if step in report.kept else "made"
                self.ended[step] = Ended(outcome, by, seconds)

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
            self.ended[event.step] = Ended(event.outcome, event.by, event.seconds, event.error)

    # ---- in words

    def told(self, section: Section) -> tuple[str, Tone]:
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
            if step in self.begun:
                doing = _DOING[step] if self.at_work.get(step) else f"{NAMES[step]} waits"
                told.append(
                    f"{doing} ({self.begun[step]})" if self.begun[step] != "vidkit" else doing
                )
            elif (
                step != "clip"
                and (ended := self.ended.get(step))
                and ended.by not in ("", "vidkit")
            ):
                took_it = took(ended.seconds) if ended.seconds and ended.outcome == "made" else ""
                how = took_it or (ended.outcome if ended.outcome in ("failed", "cancelled") else "")
                told.append(f"{ended.by} {how}".strip())
        if self.dollars:
            told.append(f"paid {dollars(self.dollars)}")
        if self.unsure:
            told.append(f"perhaps {dollars(self.unsure)} more")
        return " · ".join(told)


def dollars(amount: float) -> str:
    """Money as people write it, with a third digit where there is less than ten cents."""
    return f"${amount:.2f}" if amount >= 0.0995 else f"${amount:.3f}"
