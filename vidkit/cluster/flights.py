"""Who makes an asset: one worker of the cluster at a time.

A lock of the shared folder would do where the file system keeps locks between machines; some
keep them for each machine alone, and tell nobody. The scheduler sees all machines.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

Asset = tuple[str, str]
"""A store's folder, and the key of an asset in it."""
Who = tuple[str, int]
"""A worker's address, and the number of a flight there."""


@dataclass(frozen=True, slots=True)
class Flight:
    """A worker's right, or wish, to make an asset. back: where its beginning is to be told."""

    run: str
    who: Who
    back: tuple[str, int]


class Flights:
    """The flights of all assets, by store and key, first come, first served.

    begin: called with the flight that may begin now, and whether its run made this asset
    since it began, so that what is to be made anew is made anew once in a run.
    """

    def __init__(self, begin: Callable[[Flight, bool], None]) -> None:
        self._begin = begin
        self._lines: dict[Asset, deque[Flight]] = {}
        self._made: dict[str, set[Asset]] = {}

    def ask(self, asset: Asset, flight: Flight) -> None:
        """Stand in the line of an asset."""
        line = self._lines.setdefault(asset, deque())
        line.append(flight)
        if line[0] is flight:
            self._start(asset, flight)

    def land(self, asset: Asset, who: Who, made: bool) -> None:
        """End a flight, or the wish for it; made: the asset was made anew, as the run wants it."""
        line = self._lines.get(asset, deque())
        for flight in [each for each in line if each.who == who]:
            if made:
                self._made.setdefault(flight.run, set()).add(asset)
            self._drop(asset, flight)

    def lost(self, worker: str) -> None:
        """End all flights and wishes of a worker that is gone."""
        for asset, line in list(self._lines.items()):
            for flight in [each for each in line if each.who[0] == worker]:
                self._drop(asset, flight)

    def over(self, run: str) -> None:
        """Forget what a run made."""
        self._made.pop(run, None)

    def _drop(self, asset: Asset, flight: Flight) -> None:
        line = self._lines[asset]
        held = line[0] is flight
        line.remove(flight)
        if not line:
            del self._lines[asset]
        elif held:
            self._start(asset, line[0])

    def _start(self, asset: Asset, flight: Flight) -> None:
        self._begin(flight, asset in self._made.get(flight.run, ()))
