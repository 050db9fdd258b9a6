"""What a timeline holds, as plain values. Times are seconds on the run's clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..events import Outcome, WorkOutcome

Kind = Literal["lesson", "image", "audio", "clip", "join"]
"""What a bar is about: a whole lesson, or one of its steps. Each kind has lanes of its own."""

KINDS: tuple[Kind, ...] = ("lesson", "image", "audio", "clip", "join")
ON_CORES: tuple[Kind, ...] = ("clip", "join")
"""Those that wait for a core of this machine. However many wait, they take a lane only when one
is theirs; an image waits on its lane, which is its section's worker.
"""


@dataclass(slots=True)
class Stretch:
    """A time in which a request was under way or a core at work; `end` is None while it lasts.
    Between its stretches a bar waits.
    """

    start: float
    end: float | None = None
    outcome: WorkOutcome | None = None


@dataclass(slots=True)
class Bar:
    """One step of a section, or a lesson: from when it had its place to its end.

    lesson, section: positions from 0, None where it stands for several. name: the lesson's.
    by: the provider, "vidkit" for clips and joins. lane: its place among those of its kind,
    from 0, which it has from `placed` to its end; bars of a lane never overlap. None while it
    waits for a core. end, outcome: None while it lasts. work: when it worked; requests: pieces
    of work that were begun; refused: the moments at which it was told 429. error: why it
    failed. steps: how many steps it stands for, more than one where bars too short to see were
    folded into one.
    """

    kind: Kind
    lesson: int | None
    section: int | None
    name: str
    by: str
    lane: int | None
    placed: float
    start: float
    end: float | None = None
    outcome: Outcome | None = None
    work: list[Stretch] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    error: str | None = None
    requests: int = 0
    steps: int = 1

    def worked(self, now: float) -> float:
        """Seconds in which at least one of its pieces was worked on, until `now` if it lasts."""
        total, reached = 0.0, self.start
        for stretch in sorted(self.work, key=lambda each: each.start):
            end = now if stretch.end is None else stretch.end
            total += max(0.0, end - max(stretch.start, reached))
            reached = max(reached, end)
        return total

    def waited(self, now: float) -> float:
        """Seconds in which it waited: for its gate, for a core, for who makes the same."""
        end = now if self.end is None else self.end
        return max(0.0, end - self.start - self.worked(now))


@dataclass(slots=True)
class Mark:
    """Something a gate did: `kind` is "retried" or the course of its decision, `reason` says why
    in words. `seconds` is for how long nothing starts; `times`: how many such it stands for.
    """

    at: float
    gate: str
    kind: str
    reason: str
    seconds: float = 0.0
    times: int = 1


@dataclass(frozen=True, slots=True)
class Workers:
    """So many sections of a lesson, and lessons, are made at once from `at` on, and why."""

    at: float
    sections: int
    videos: int
    reason: str


@dataclass(slots=True)
class Tally:
    """All steps of one kind by one provider that are over.

    made, kept (in the store already), failed, cancelled: how they ended. requests: pieces of
    work that were begun; refused: those that were told 429. waited, worked: seconds, of all steps
    together; those from the store count for neither. No bar is ever missing here.
    """

    kind: Kind
    by: str
    made: int = 0
    kept: int = 0
    failed: int = 0
    cancelled: int = 0
    requests: int = 0
    refused: int = 0
    waited: float = 0.0
    worked: float = 0.0

    @property
    def steps(self) -> int:
        """Steps that are over."""
        return self.made + self.kept + self.failed + self.cancelled
