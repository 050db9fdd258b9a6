"""What goes between the notebook, the scheduler and the workers: letters, many in one envelope."""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .. import errors
from ..errors import LessonError, OverBudget, RateLimited, VidkitError

HUB = "hub"
"""The box of the scheduler itself."""


@dataclass(frozen=True, slots=True)
class Letter:
    """Something to be said to `to`: the hub, a run, or a worker by its address.

    kind: what it is about; what: the rest, all of it small. back: who waits for an answer, and
    under which number. The answer is a letter of the kind "answer" or "error" with that number
    first.
    """

    to: str
    kind: str
    what: tuple[Any, ...] = ()
    back: tuple[str, int] | None = None


def sealed(letters: Iterable[Letter]) -> bytes:
    """Letters as they travel. Dask's own messages are pickles too, from the same senders."""
    return pickle.dumps([(each.to, each.kind, each.what, each.back) for each in letters])


def opened(envelope: bytes) -> list[Letter]:
    """The letters in an envelope, in the order in which they were written."""
    return [Letter(*each) for each in pickle.loads(envelope)]  # noqa: S301


def answer(back: tuple[str, int], value: Any) -> Letter:
    """The letter that answers another."""
    to, number = back
    return Letter(to, "answer", (number, value))


def refusal(back: tuple[str, int], error: Exception) -> Letter:
    """The letter that lets whoever asked have an error."""
    to, number = back
    return Letter(to, "error", (number, portable(error)))


def portable(error: BaseException) -> VidkitError:
    """An error that every machine can read: one of vidkit's own kinds, with the same words."""
    for kind in type(error).__mro__:
        if kind.__module__ != errors.__name__:
            continue
        if type(error) is kind and isinstance(error, VidkitError):
            return error
        if issubclass(kind, RateLimited):
            return kind(str(error), getattr(error, "retry_after", None))
        if issubclass(kind, VidkitError) and not issubclass(kind, LessonError | OverBudget):
            return kind(str(error))
    return VidkitError(f"unforeseen {type(error).__name__}: {error}")
