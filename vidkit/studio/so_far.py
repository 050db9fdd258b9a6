"""What is known of a section so far: plain values that follow the events of its runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..events import (
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

STEPS: tuple[Step, ...] = ("image", "audio", "clip")
"""The steps of a section, in the order in which they are shown."""


@dataclass(frozen=True)
class Ended:
    """A step that is over: how, by whom, after how many seconds, and why it failed."""

    outcome: Outcome
    by: str
    seconds: float
    error: str | None = None


class SoFar:
    """One section of a lesson, as the events tell of it. Every attribute may be read anywhere.

    begun: who does each step that goes on; at_work: how many pieces of each no longer wait.
    ended: the steps that are over. files: what they left. state: None until the section is
    over, `error` why it is not made. dollars: paid for it in all runs that were heard,
    `unsure` what may have been paid besides.
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

    def hear(self, event: Event) -> bool:
        """Take in an event of this section, or of its lesson; True where it tells something.

        A section that was made and comes from the store once more stays what it was: seconds
        and provider are those of its making.
        """
        match event:
            case LessonStarted() if self.state != "made":
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
                self.state, self.error = event.state, event.error
                self.begun.clear()
                self.at_work.clear()
            case _:
                return False
        return True

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

    @property
    def kept(self) -> bool:
        """True where it was made and all of it was in the store already."""
        return self.state == "made" and all(
            step in self.ended and self.ended[step].outcome == "kept" for step in STEPS
        )
