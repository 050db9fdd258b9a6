"""What a run would call, cost and take, worked out aside while somebody chooses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from .. import calls, loop
from ..errors import VidkitError
from ..lesson import Lesson
from ..planning import Plan
from ..settings import Settings

Subject = tuple[str, Callable[[], Iterable[Lesson]]]
"""What to plan for: its name, and what gives the lessons, called aside."""

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
        self._turn = 0
        self._work: loop.Work[None] | None = None

    def begin(self, settings: Settings) -> None:
        """Work the plans out for these settings. Returns at once."""
        self._turn += 1
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
        for name, lessons in subjects:
            if turn != self._turn:
                return
            answers += ((name, await asyncio.to_thread(_plan, lessons, settings)),)
            if turn == self._turn:
                self.answers = answers
                self._show(answers)


def _plan(lessons: Callable[[], Iterable[Lesson]], settings: Settings) -> Plan | VidkitError:
    """The plan, or what is in its way."""
    try:
        return calls.plan(lessons(), settings)
    except VidkitError as error:
        return error
    except Exception as error:  # a provider of somebody's own
        return VidkitError(f"{type(error).__name__}: {error}")
