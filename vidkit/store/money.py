"""Money: budgets, what was spent, and what each call came to.

Dollars are counted in whole millionths, so that a hundred cents are a dollar. What may be
spent is rounded up and what there is to spend is rounded down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ..errors import SettingsError
from ..paths import shortened

PaymentState = Literal["reserved", "paid", "free", "unconfirmed", "failed"]
MILLION = 1_000_000


@dataclass(frozen=True)
class Budget:
    """A hard cap in US dollars, shared by all who give it the same name in one store: runs,
    notebooks and processes. A run's own cap is a budget with a name of its own.
    """

    name: str
    dollars: float

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise SettingsError(
                f"a budget's name is {shortened(self.name)}; give it a word, such as course"
            )
        if not _is_sum(self.dollars):
            raise SettingsError(
                f"budget {self.name!r} is {shortened(self.dollars)}; give dollars, from 0 to 1e9"
            )


@dataclass(frozen=True)
class Money:
    """What was spent, in US dollars.

    paid: billed. unconfirmed: asked and never answered, and perhaps billed. reserved: being
    asked just now. unknown: calls that were billed at a price that nobody knows. again: assets
    of one run that an earlier one had paid for too.
    """

    paid: float = 0.0
    unconfirmed: float = 0.0
    reserved: float = 0.0
    unknown: int = 0
    again: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of it, where nothing was made anew on purpose."""
        if not self.again:
            return ()
        return (
            f"paid again for {self.again} of the images and narrations: they had been paid for "
            "before, and were gone from the store",
        )

    @property
    def total(self) -> float:
        """The most that it can come to, unknown prices aside."""
        return round(self.paid + self.unconfirmed + self.reserved, 6)


@dataclass(frozen=True)
class Entry:
    """One call in the journal.

    dollars: what it cost, or while nobody knows what was set aside for it; None where nobody
    knew its price. asked, ended: when, in UTC.
    """

    id: int
    run: int | None
    lesson: str
    key: str
    kind: str
    provider: str
    state: PaymentState
    dollars: float | None
    asked: datetime
    ended: datetime | None
    budgets: tuple[str, ...]


def millionths_up(dollars: float) -> int:
    """Dollars in millionths, rounded up. Raises `SettingsError` for what is no sum of money."""
    if not _is_sum(dollars):
        raise SettingsError(f"a price is {dollars!r}; give dollars, 0 or more")
    # a thousandth of a millionth is the error of a sum of floats, and no money
    return math.ceil(round(dollars * MILLION, 3))


def millionths_down(dollars: float) -> int:
    """Dollars in millionths, rounded down."""
    return math.floor(round(dollars * MILLION, 3))


def in_words(millionths: int) -> str:
    """A sum for a person: $0.05, $0.0034."""
    dollars = max(millionths, 0) / MILLION
    return f"${dollars:.2f}" if millionths % 10_000 == 0 else f"${dollars:.6f}".rstrip("0")


def _is_sum(dollars: object) -> bool:
    good = isinstance(dollars, int | float) and not isinstance(dollars, bool)
    return good and 0 <= dollars <= 1e9  # type: ignore[operator]
