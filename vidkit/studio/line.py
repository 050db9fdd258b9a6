"""Sections that wait to be made again, while a run goes on."""

from __future__ import annotations

from dataclasses import dataclass

from ..settings import Force


@dataclass(frozen=True)
class Wish:
    """Sections, by their numbers from 1, that are to be made again in one run, in one way."""

    numbers: tuple[int, ...]
    force: Force | None


class Line:
    """What was asked for, in the order in which it was asked for the first time."""

    def __init__(self) -> None:
        self._wishes: dict[Force | None, set[int]] = {}

    def add(self, number: int, force: Force | None) -> None:
        """Have a section made again; asked for twice in the same way it is made once."""
        self._wishes.setdefault(force, set()).add(number)

    def take(self) -> Wish | None:
        """All that is to be made in the same way as what has waited longest."""
        for force in self._wishes:
            return Wish(tuple(sorted(self._wishes.pop(force))), force)
        return None

    def put_back(self, wish: Wish) -> None:
        """Have it wait on, before all others."""
        waiting = {*wish.numbers, *self._wishes.pop(wish.force, ())}
        self._wishes = {wish.force: waiting, **self._wishes}

    def __bool__(self) -> bool:
        return bool(self._wishes)
