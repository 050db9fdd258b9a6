"""Which worker makes a lesson, and which workers there are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import ClusterError, VidkitError


@dataclass(eq=False, slots=True)
class _Worker:
    """A worker: how many lessons it makes that may still call providers, of how many it only
    cuts clips, and whether one of them is to be alone there.
    """

    lessons: int = 0
    finishing: int = 0
    alone: bool = False
    kept_free: bool = False

    @property
    def all(self) -> int:
        return self.lessons + self.finishing


class Seats:
    """The workers of a cluster and the lessons on them. Only for the run's loop.

    changed: called with how many workers there are whenever that changes.
    """

    def __init__(self) -> None:
        self.changed: Callable[[int], None] = lambda _: None
        self._workers: dict[str, _Worker] = {}
        self._unfit: dict[str, VidkitError] = {}
        self._news = asyncio.Event()

    def __len__(self) -> int:
        return len(self._workers)

    async def take(self, most: Callable[[], int], *, alone: bool = False) -> str:
        """The address of the worker with the fewest lessons, fewer than `most()`; alone: where
        no other lesson is, or will be meanwhile. Waits for one.

        Raises `ClusterError` where there are none but unfit ones, and what `most` raises.
        """
        kept: _Worker | None = None
        try:
            while True:
                self._demand_some()
                if alone and kept not in self._workers.values():
                    kept = self._keep_free()
                if (found := self._free(most(), kept, alone)) is not None:
                    worker = self._workers[found]
                    worker.lessons += 1
                    worker.alone = alone
                    return found
                await self._news.wait()
        finally:
            if kept is not None:
                kept.kept_free = False

    def finish(self, address: str) -> None:
        """A lesson there calls nobody any more, so that another may begin."""
        if (worker := self._workers.get(address)) is not None:
            worker.lessons -= 1
            worker.finishing += 1
        self.look_again()

    def leave(self, address: str, finishing: bool) -> None:
        """A lesson is no longer made there; finishing: as `finish` said before."""
        if (worker := self._workers.get(address)) is not None:
            worker.finishing -= finishing
            worker.lessons -= not finishing
            worker.alone = False
        self.look_again()

    def join(self, address: str) -> None:
        """A worker has come."""
        self._unfit.pop(address, None)
        self._workers.setdefault(address, _Worker())
        self.changed(len(self))
        self.look_again()

    def drop(self, address: str, why: VidkitError | None = None) -> bool:
        """A worker is gone, or with `why` can make no lesson. True where it was there."""
        was = self._workers.pop(address, None) is not None
        if why is not None:
            self._unfit[address] = why
        self.changed(len(self))
        self.look_again()
        return was

    def look_again(self) -> None:
        """Wake all that wait: what they wait for may be other than it was."""
        self._news.set()
        self._news = asyncio.Event()

    def _demand_some(self) -> None:
        if not self._workers and self._unfit:
            worker, why = next(iter(self._unfit.items()))
            raise ClusterError(f"no worker of the cluster can make lessons; {worker}: {why}")

    def _free(self, most: int, kept: _Worker | None, alone: bool) -> str | None:
        fits = {
            address: worker.lessons
            for address, worker in self._workers.items()
            if (worker is kept and not worker.all)
            or (not alone and worker.lessons < most and not (worker.alone or worker.kept_free))
        }
        return min(fits, key=lambda address: fits[address]) if fits else None

    def _keep_free(self) -> _Worker | None:
        """Send nothing more to the least busy worker, so that it will be free."""
        open_ = [each for each in self._workers.values() if not (each.alone or each.kept_free)]
        worker = min(open_, key=lambda each: each.all, default=None)
        if worker is not None:
            worker.kept_free = True
        return worker
