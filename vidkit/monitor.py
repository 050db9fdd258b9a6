"""What a run uses of the machine, sampled once a second: processor, memory, disk, calls."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from .events import Event, Sampled, WorkEnded, WorkStarted
from .machine import hand_back_memory, usable_cores, usable_memory

_TASKS = Path("/proc/self/task")

SECONDS = 1.0
"""Between two samples."""

TIDYING = 0.005
"""Of a core, at most, for handing back the memory that was freed, so that a sample tells what is
held and memory does not grow with a batch. It takes longer the more a process holds."""


class Monitor:
    """Samples what this process uses, and hands each sample to `tell`.

    tell: gets a `Sampled`. now: seconds since the run began. folder: a place on the disk that
    is watched. worked: seconds of processor time that the process and its children that ended
    have used; clock: seconds, from any origin.

    It hears the run's events to count the provider calls under way.
    """

    def __init__(
        self,
        tell: Callable[[Sampled], None],
        now: Callable[[], float],
        folder: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
        worked: Callable[[], float] | None = None,
    ) -> None:
        self._tell, self._now, self._clock = tell, now, clock
        self._process = psutil.Process()
        self._worked = worked or self._processor_seconds
        self._folder = _there(folder)
        self._calls: set[int] = set()
        # what a container lends does not change while it runs
        self._cores, self._memory = usable_cores(), usable_memory()
        self._at, self._before = clock(), self._worked()
        self._tidy_at = self._at

    def hear(self, event: Event) -> None:
        """Take in one event of the run."""
        match event:
            case WorkStarted() if event.step in ("image", "audio"):
                self._calls.add(event.piece)
            case WorkEnded():
                self._calls.discard(event.piece)
            case _:
                pass

    def sample(self) -> Sampled:
        """What is used now; the cores are those kept busy since the sample before."""
        at, worked = self._clock(), self._worked()
        passed = at - self._at
        cores = (worked - self._before) / passed if passed > 0 else 0.0
        self._at, self._before = at, worked
        return Sampled(
            at=self._now(),
            cores=max(0.0, cores),
            usable_cores=self._cores,
            memory=self._held(),
            memory_limit=self._memory,
            disk_free=shutil.disk_usage(self._folder).free,
            calls=len(self._calls),
        )

    async def watch(self) -> None:
        """Sample every second until it is cancelled; a sample that fails is left out."""
        while True:
            await asyncio.sleep(SECONDS)
            with suppress(OSError, psutil.Error):
                # a disk that does not answer holds up the sampler alone
                self._tell(await asyncio.to_thread(self._tidy_sample))

    def _tidy_sample(self) -> Sampled:
        """A sample, after freed memory was handed back where that is not too dear."""
        began = self._clock()
        if began >= self._tidy_at:
            hand_back_memory()
            self._tidy_at = began + (self._clock() - began) / TIDYING
        return self.sample()

    def look(self) -> None:
        """Take one sample and hand it on; one that fails is left out."""
        with suppress(OSError, psutil.Error):
            self._tell(self.sample())

    def _held(self) -> int:
        """Bytes that the process and its children hold."""
        held: int = self._process.memory_info().rss
        for child in _children(self._process):
            with suppress(psutil.Error):  # it has ended since
                held += psutil.Process(child).memory_info().rss
        return held

    def _processor_seconds(self) -> float:
        times = self._process.cpu_times()
        return float(
            times.user
            + times.system
            + getattr(times, "children_user", 0.0)
            + getattr(times, "children_system", 0.0)
        )


def _children(process: psutil.Process) -> list[int]:
    """The processes that this one has started."""
    try:
        # to ask each process of the machine who started it takes long where there are many
        found = [_started_by(task) for task in _TASKS.iterdir()]
    except OSError:
        return [child.pid for child in process.children()]
    return [int(child) for children in found for child in children]


def _started_by(task: Path) -> list[str]:
    with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended since
        return (task / "children").read_text().split()
    return []


def _there(folder: Path) -> Path:
    """The folder, or the first around it that is there."""
    return next((each for each in (folder, *folder.parents) if each.is_dir()), Path())
