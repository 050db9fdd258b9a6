"""What a run would call, cost and take, worked out aside while somebody chooses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from .. import calls, loop
from ..errors import VidkitError
from ..lesson import Lesson
from ..planning import Plan
from ..settings import Settings


@dataclass(frozen=True)
class Subject:
    """What to plan for: its name, and what gives the lessons, called aside. While `key`, which
    can be hashed, is the same, so are the lessons.
    """

    name: str
    key: object
    lessons: Callable[[], Iterable[Lesson]] = field(compare=False)


Answer = tuple[str, Plan | VidkitError]

PATIENCE = 0.15
"""Seconds without another choice after which work begins: a number that is turned sends many."""


class Estimate:
    """Plans for `subjects`, one after the other, each handed to `show` with those before it as
    soon as it is there; what was asked for before the last `begin` is never shown.

    `show` is called in vidkit's thread.
    """

    def __init__(self, show: Callable[[Sequence[Answer]], None]) -> None:
        self.subjects: tuple[Subject, ...] = ()
        self.answers: tuple[Answer, ...] = ()
        self._show = show
        self._known: dict[Subject, tuple[Settings, Plan | VidkitError]] = {}
        self._turn = 0
        self._work: loop.Work[None] | None = None

    def begin(self, settings: Settings, *, anew: bool = False) -> None:
        """Work the plans out for these settings. Returns at once. anew: what was worked out
        before may hold no longer, for a run has changed the store.
        """
        self._turn += 1
        if anew:
            self._known.clear()
        self._work = loop.submit(self._answer(self._turn, self.subjects, settings))

    def wait(self) -> tuple[Answer, ...]:
        """Wait for the answers to the last `begin`."""
        work = None
        while work is not self._work:
            work = self._work
            if work is not None:
                work.wait()
        return self.answers

    async def _answer(self, turn: int, subjects: Sequence[Subject], settings: Settings) -> None:
        await asyncio.sleep(PATIENCE)
        answers: tuple[Answer, ...] = ()
        for subject in subjects:
            if turn != self._turn:
                return
            answers += ((subject.name, await self._plan(subject, settings)),)
            if turn == self._turn:
                self.answers = answers
                self._show(answers)

    async def _plan(self, subject: Subject, settings: Settings) -> Plan | VidkitError:
        known = self._known.get(subject)
        if known is not None and known[0] == settings:
            return known[1]
        answer = await asyncio.to_thread(_plan, subject.lessons, settings)
        self._known = {each: was for each, was in self._known.items() if each in self.subjects}
        self._known[subject] = settings, answer
        return answer


def _plan(lessons: Callable[[], Iterable[Lesson]], settings: Settings) -> Plan | VidkitError:
    """The plan, or what is in its way."""
    try:
        return calls.plan(lessons(), settings)
    except VidkitError as error:
        return error
    except Exception as error:  # a provider of somebody's own
        return VidkitError(f"{type(error).__name__}: {error}")
