"""Everything that can go wrong, as one tree.

    VidkitError
    ├── SettingsError      an argument or a setting is wrong (also a ValueError)
    ├── LessonError        a lesson's file cannot be used; holds every fault at once
    ├── OutputError        the output folder cannot be written, or holds somebody's file
    ├── MediaError         a picture or a sound cannot be used
    ├── StoreError         the store cannot be used: no room, no permission, a newer one
    ├── DiskFull           a disk has no room left, so nothing more was begun
    ├── ProviderError      a provider gave no image or no narration
    │   ├── ProviderMissing    it is not there: no such name, not installed
    │   │   ├── KeyMissing         no key, or one that the provider does not accept
    │   │   ├── ModelMissing       no such model, or a retired one
    │   │   └── Misconfigured      no client can be made: a proxy, a certificate, a name
    │   ├── Refused            it will not make this one; asking again will not help
    │   ├── BadRequest         it does not take the request as it is
    │   ├── Unreachable        no answer, or an answer that is no answer; may help to ask again
    │   │   ├── Offline            no connection could be made; nothing was sent
    │   │   └── Unconfirmed        sent, then no answer; it may have been made, and paid
    │   │       └── Damaged            an answer came, and on its way it was damaged
    │   ├── RateLimited        too many requests; `retry_after` says when to come back
    │   ├── OverBudget         not asked at all: it would not fit in a budget
    │   └── QuotaExhausted     the account's credit or quota is used up; waiting will not help
    ├── ClusterError       the machines of a cluster cannot be used, or were lost
    ├── SectionError       sections failed and the run was asked to stop there
    ├── NothingMade        not one section of a lesson could be made
    └── Cancelled          the run was cancelled; what was finished is kept

Catch `VidkitError` for all of it. Each message is written for the person who
reads it: what is wrong, where, and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from .format import printable


class VidkitError(Exception):
    """Base of all errors that vidkit raises on purpose. Its text may be shown anywhere: what a
    terminal would obey, in the name of a file, say, is made visible.
    """

    def __str__(self) -> str:
        return printable(super().__str__())


class SettingsError(VidkitError, ValueError):
    """An argument or a setting is wrong."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a lesson.

    `section` counts from 1, as people do; None is the lesson as a whole.
    `field` is the JSON key, or None; `problem` and `mend` are sentences without
    a full stop: what is wrong, and what to do about it.
    """

    problem: str
    mend: str
    section: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        where = f"section {self.section}: " if self.section is not None else ""
        return f"{where}{self.problem}; {self.mend}"


class LessonError(VidkitError):
    """A lesson's file cannot be used; `faults` has everything that is wrong with it, and `lesson`
    what could be read all the same, where anything could.
    """

    lesson: Any = None

    def __init__(self, path: Path | str, faults: Sequence[Fault]) -> None:
        self.path = Path(path)
        self.faults = tuple(faults)
        super().__init__(self.path, self.faults)

    def __str__(self) -> str:
        if len(self.faults) == 1:
            return printable(f"{self.path}: {self.faults[0]}")
        lines = "\n".join(f"  - {fault}" for fault in self.faults)
        return printable(f"{self.path} has {len(self.faults)} faults:\n{lines}")


class OutputError(VidkitError):
    """The output folder cannot be written, or holds a file that is not vidkit's."""


class MediaError(VidkitError):
    """A picture or a sound cannot be used: damaged, or of a kind vidkit does not open."""


class StoreError(VidkitError):
    """The store cannot be used: no room, no permission, no store, or one of a newer vidkit."""


class DiskFull(VidkitError):
    """A disk has no room left. Nothing more was begun: it would be paid for and lost."""


class ProviderError(VidkitError):
    """A provider gave no image or no narration.

    `owed` tells the ledger whether the work may have been done, and so paid for: False only
    for the kinds of which it is known that nothing was sent, or that the request was turned
    away before any work.
    """

    owed: ClassVar[bool] = True


class ProviderMissing(ProviderError):
    """The provider is not there: an unknown name, not installed, or without its key.

    A limiter lets no more requests through once it is true for the whole account: a key that
    never was accepted, a retired model, or three such answers in a row.
    """

    owed = False


class KeyMissing(ProviderMissing):
    """The provider needs a key, and there is none, or not one that it accepts."""


class ModelMissing(ProviderMissing):
    """The provider has no such model, or has it no longer."""


class Misconfigured(ProviderMissing):
    """No request can be sent from here, and waiting does not help: a proxy, a certificate or the
    name of the host is to be set right first.
    """


class Refused(ProviderError):
    """The provider will not make this one; asking again will not help."""

    owed = False


class BadRequest(ProviderError):
    """The provider does not take the request as it is, and made nothing of it."""

    owed = False


class Unreachable(ProviderError):
    """No answer, or an answer that is no answer; asking again may help.

    `retry_after` is in seconds, None where the provider did not say. `again` is False once the
    request has been asked again as often as it may be.
    """

    again: bool = True

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Offline(Unreachable):
    """No connection could be made, so nothing was sent and nothing paid."""

    owed = False


class Unconfirmed(Unreachable):
    """The request was sent and no answer came, or one that says nothing of the work, as a
    gateway's 502: it may have been made, and paid for. It is asked for once more at most.
    """


class Damaged(Unconfirmed):
    """An answer came and is damaged: cut off, or somebody else's page. It counts as paid, and is
    asked for again as a failure is: a damage on the way heals.
    """


class RateLimited(ProviderError):
    """Too many requests. `retry_after` is in seconds, None where the provider did not say."""

    owed = False

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class QuotaExhausted(ProviderError):
    """The account's credit or quota is used up; a limiter lets no more requests through."""

    owed = False


class OverBudget(ProviderError):
    """The call was not made: what it may cost does not fit in `budget`, or nobody knows it."""

    owed = False

    def __init__(self, message: str, budget: str) -> None:
        super().__init__(message)
        self.budget = budget

    def __reduce__(self) -> tuple[type[OverBudget], tuple[str, str]]:
        return OverBudget, (str(self), self.budget)


class ClusterError(VidkitError):
    """The machines of a cluster cannot be used, or were lost under a lesson."""


class SectionError(VidkitError):
    """A section failed in a run with `on_failure="stop"`."""


class NothingMade(VidkitError):
    """Not one section of a lesson could be made, so there is no video."""


class Cancelled(VidkitError):
    """The run was cancelled; what was finished is kept."""


E = TypeVar("E", bound=BaseException)


def copy_error(error: E) -> E:
    """A copy of an error for another who gets it, and adds a traceback to it: also of a kind whose
    arguments are not what it keeps of them, which nothing else can copy.
    """
    made = type(error).__new__(type(error), *error.args)
    vars(made).update(vars(error))
    return made


def in_one_line(error: BaseException) -> str:
    """What an error of anybody's code says, without what looks like a key; one of vidkit's says
    enough without its kind.
    """
    told = str(error) if isinstance(error, VidkitError) else f"{type(error).__name__}: {error}"
    return " ".join(scrubbed(told).split())


def scrubbed(text: str) -> str:
    """A text without what looks like a key, or like credentials in an address."""
    text = re.sub(r"//[^/\s@]+@", "//", text)
    return re.sub(r"\b(sk|key)-[\w-]{8,}", r"\1-…", text)
