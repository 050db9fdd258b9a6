"""What a run used of the machine: peaks and means of its samples."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from ..events import Event, Sampled
from ..showing import Page, Shown
from ..wording import count

_MB = 1 << 20


@dataclass(frozen=True, repr=False)
class Resources(Shown):
    """What a run used, as it was sampled while it went on.

    samples: how many there are. peak_cores, mean_cores: processor cores that were busy, of
    usable_cores. peak_memory, mean_memory: bytes that the process held, of memory_limit.
    least_disk: bytes that were left where the store is. peak_calls, mean_calls: provider calls
    that were under way at once.
    """

    samples: int
    peak_cores: float
    mean_cores: float
    usable_cores: int
    peak_memory: int
    mean_memory: int
    memory_limit: int
    least_disk: int
    peak_calls: int
    mean_calls: float

    def _page(self) -> Page:
        return Page(
            head=f"sampled {count(self.samples, 'time')}",
            lines=(
                f"processor: {self.mean_cores:.1f} of {count(self.usable_cores, 'core')} on "
                f"average, {self.peak_cores:.1f} at most",
                f"memory: {self.mean_memory / _MB:,.0f} MB on average, "
                f"{self.peak_memory / _MB:,.0f} MB at most"
                + (f", of {self.memory_limit / _MB:,.0f} MB" if self.memory_limit else ""),
                f"disk: {self.least_disk / _MB:,.0f} MB left at least",
                f"provider calls at once: {self.mean_calls:.1f} on average, "
                f"{self.peak_calls} at most",
            ),
        )


class ResourceTally:
    """Listens to a run and sums up its samples, in the room of one."""

    def __init__(self) -> None:
        self._samples = 0
        self._sums = [0.0, 0.0, 0.0]
        self._peaks = [0.0, 0, 0]
        self._least_disk = sys.maxsize
        self._last: Sampled | None = None

    def hear(self, event: Event) -> None:
        """Take in one event of the run."""
        if not isinstance(event, Sampled):
            return
        used = (event.cores, event.memory, event.calls)
        self._sums = [total + one for total, one in zip(self._sums, used, strict=True)]
        self._peaks = [max(peak, one) for peak, one in zip(self._peaks, used, strict=True)]
        self._least_disk = min(self._least_disk, event.disk_free)
        self._samples += 1
        self._last = event

    @property
    def resources(self) -> Resources | None:
        """What was used so far, None where nothing was sampled."""
        if self._last is None:
            return None
        cores, memory, calls = (total / self._samples for total in self._sums)
        return Resources(
            samples=self._samples,
            peak_cores=self._peaks[0],
            mean_cores=cores,
            usable_cores=self._last.usable_cores,
            peak_memory=int(self._peaks[1]),
            mean_memory=round(memory),
            memory_limit=self._last.memory_limit,
            least_disk=self._least_disk,
            peak_calls=int(self._peaks[2]),
            mean_calls=calls,
        )
