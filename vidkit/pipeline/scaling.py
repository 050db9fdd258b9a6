"""Worker counts that follow from what is measured: `section_workers="auto"`.

`policy`    measurements in, a change out
`steering`  takes the measurements from a batch, and changes its workers
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from ..core.events import Event, Sampled, WorkEnded, WorkersChanged, WorkStarted
from ..core.system import hand_back_memory, memory_left, usable_cores, usable_memory
from ..models.settings import Settings
from ..providers.limiter import RateLimiter
from .batch import Batch

# What is to change, from what is measured: the policy behind `section_workers="auto"`.
#
# Pure: measurements in, a change out. More sections while they wait for a worker although the
# providers could bear more calls and a core is free; another video where its lessons' sections
# have workers enough; fewer where memory gets short, or where providers that work on this machine
# keep all its cores busy. A change is given time to show before the next one.


SHORT_OF_MEMORY = 0.10
"""The share of the memory that is to stay free: less, and containers kill."""
BUSY = 0.90
"""The share of the cores from which on nothing is gained by more work for them."""
SETTLING = 2
"""Samples between a change and the next one that goes further."""
SURE = 3
"""Samples in a row that must agree before providers that saturate the machine get fewer."""
CAREFUL = 20
"""Samples after a step down before a step up; twice as many each time that a step down takes
back a step up, so that numbers that would swing come to rest."""


@dataclass(frozen=True)
class Measured:
    """What a run is like at one sample.

    sections, videos: workers as they are set. waiting_sections: sections that wait for a worker;
    waiting_lessons: lessons that do. idle: the providers would bear more calls than there are.
    cores: busy, of usable_cores. memory_left: bytes that are free, of memory_limit (0: nobody
    knows). local: images and narrations are made on this machine's own cores.
    """

    sections: int
    videos: int
    waiting_sections: int
    waiting_lessons: int
    idle: bool
    cores: float
    usable_cores: int
    memory_left: int
    memory_limit: int
    local: bool


@dataclass(frozen=True)
class Change:
    """New worker counts (None: as they are), and why, in words."""

    sections: int | None
    videos: int | None
    reason: str


class Tuning:
    """Decides on worker counts, sample by sample.

    sections, videos: the most that each may reach; None where it is not to be touched.
    """

    def __init__(self, sections: int | None, videos: int | None) -> None:
        self.sections = sections
        self.videos = videos
        self._since_up = self._since_down = CAREFUL
        self._busy = 0
        self._careful = CAREFUL
        self._grew = False

    def decide(self, measured: Measured) -> Change | None:
        """What is to change now, if anything."""
        self._since_up += 1
        self._since_down += 1
        saturated = measured.cores >= BUSY * measured.usable_cores
        self._busy = self._busy + 1 if saturated else 0
        if down := self._fewer(measured):
            self._since_down = self._busy = 0
            self._careful *= 2 if self._grew else 1
            self._grew = False
            return down
        full = saturated or _short_of_memory(measured)
        if full or self._since_up < SETTLING or self._since_down < self._careful:
            return None
        if up := self._more(measured):
            self._since_up = 0
            self._grew = True
        return up

    def _fewer(self, m: Measured) -> Change | None:
        if _short_of_memory(m):
            if self._since_down < SETTLING:
                return None
            why = f"only {m.memory_left / (1 << 20):,.0f} MB of memory are left"
            if self.videos is not None and m.videos > 1:
                return Change(None, m.videos - 1, why)
            if self.sections is not None and m.sections > 1:
                return Change(max(1, m.sections // 2), None, why)
            return None
        most = max(2, m.usable_cores)
        if m.local and self.sections is not None and self._busy >= SURE and m.sections > most:
            why = f"the providers work here, and all {m.usable_cores} cores are busy"
            return Change(most, None, why)
        return None

    def _more(self, m: Measured) -> Change | None:
        if not m.idle:
            return None
        if m.waiting_sections and self.sections is not None and m.sections < self.sections:
            more = min(self.sections, m.sections + max(1, m.sections // 2))
            why = f"{m.waiting_sections} sections wait, and the providers are idle"
            return Change(more, None, why)
        room = self.videos is not None and m.videos < self.videos
        # where sections wait although they have all the workers they may, lessons add none
        if room and m.waiting_lessons and not m.waiting_sections:
            return Change(None, m.videos + 1, "lessons wait, and the providers are idle")
        return None


def _short_of_memory(m: Measured) -> bool:
    return bool(m.memory_limit) and m.memory_left < SHORT_OF_MEMORY * m.memory_limit


# Takes the measurements from a batch, and changes its workers.


class Steering:
    """Steers a batch at each sample, as far as its settings say "auto". What a person changes
    by hand is the person's from then on.

    memory_left: bytes that are free. Only for the batch's loop.
    """

    def __init__(
        self, batch: Batch, settings: Settings, memory_left: Callable[[], int] = memory_left
    ) -> None:
        self._batch = batch
        self._memory_left = memory_left
        self._tuning = Tuning(settings.section_ceiling, settings.video_ceiling)
        self._set = (settings.section_workers, settings.video_workers)
        self._steering = False

    def on_event(self, event: Event) -> None:
        """Leave alone what somebody else changes."""
        if isinstance(event, WorkersChanged):
            if not self._steering:
                if event.sections != self._set[0]:
                    self._tuning.sections = None
                if event.videos != self._set[1]:
                    self._tuning.videos = None
            self._set = (event.sections, event.videos)

    def steer(self, sampled: Sampled) -> None:
        """Change the workers where the policy says so."""
        if self._tuning.sections is None and self._tuning.videos is None:
            return
        change = self._tuning.decide(self._measured(sampled))
        if change is not None:
            self._steering = True
            try:
                self._batch.resize(change.sections, change.videos, change.reason)
            finally:
                self._steering = False

    def _measured(self, sampled: Sampled) -> Measured:
        sections, lessons = self._batch.waiting
        runtime = self._batch.runtime
        first = (runtime.images[0], runtime.voice[0])
        return Measured(
            sections=self._set[0],
            videos=self._set[1],
            waiting_sections=sections,
            waiting_lessons=lessons,
            idle=all(_idle(source.gate) for source in first),
            cores=sampled.cores,
            usable_cores=sampled.usable_cores,
            memory_left=self._memory_left(),
            memory_limit=sampled.memory_limit,
            local=all(getattr(source.maker, "local", False) for source in first),
        )


def _idle(gate: object) -> bool:
    """Whether a provider would bear more calls than it has."""
    if not isinstance(gate, RateLimiter):
        return True
    now = gate.snapshot()
    waits = now.waiting or now.closed or now.pause
    return not waits and now.under_way < now.places


# The cores of this process, and the memory for what they work on: places for encodes.
#
# All runs of the process share them. A clip waits for a place and holds nothing else meanwhile; it
# gets one when a core is free and there is memory for one more of its kind.


ENCODE_BYTES = 20_000_000
"""Bytes that an encode takes besides its pictures: sound, encoder, file."""

PIXEL_BYTES = {"still": 45, "zoom": 90, "fade": 90}
"""Bytes that it takes for each pixel of the frame (measured with noise, which needs most:
`tests/bench/encode_memory.py`)."""

EFFECTS_PIXEL_BYTES = 130
"""The same for a clip that passes through moviepy."""

MEMORY_SHARE = 0.75
"""Of the memory that is left; the rest is for what is not foreseen here."""


def encode_memory(settings: Settings) -> int:
    """Bytes that an encode of a run with these settings holds at its most."""
    each = EFFECTS_PIXEL_BYTES if settings.effects else PIXEL_BYTES[settings.motion]
    return ENCODE_BYTES + each * settings.size[0] * settings.size[1]


class Cores:
    """So many cores, and so many bytes of memory, None where nobody knows. A piece of work that
    needs more memory than there is gets it when nothing else is at work.

    Belongs to one event loop.
    """

    def __init__(self, count: int, memory: int | None = None) -> None:
        self.count = count
        self.memory = memory
        self.busy = 0
        self.held = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return sum(not place.done() for _, place in self._waiting)

    def resize(self, count: int, memory: int | None) -> None:
        """Have so many from now on; what is under way is finished."""
        self.count, self.memory = count, memory
        self._let_in()

    def lend(self, each: int = 0) -> Loan:
        """A way to a place for work that holds `each` bytes: `async with` it, as often as one
        likes and many times at once.
        """
        return Loan(self, each)

    async def take(self, each: int) -> None:
        """Wait for a place."""
        place = asyncio.get_running_loop().create_future()
        self._waiting.append((each, place))
        self._let_in()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.give_back(each)
            else:
                self._let_in()
            raise

    def give_back(self, each: int) -> None:
        """Let go of a place."""
        self.busy -= 1
        self.held -= each
        self._let_in()

    def _let_in(self) -> None:
        """Let in those who have waited longest, as long as there is room."""
        while self._waiting:
            each, place = self._waiting[0]
            if not place.done():
                fits = self.memory is None or self.held + each <= self.memory
                if self.busy >= self.count or not (self.busy == 0 or fits):
                    return
                self.busy += 1
                self.held += each
                place.set_result(None)
            self._waiting.popleft()


@dataclass(frozen=True)
class Loan:
    """A way to a place among `cores` for work that holds `each` bytes."""

    cores: Cores
    each: int

    async def __aenter__(self) -> None:
        await self.cores.take(self.each)

    async def __aexit__(self, *_: object) -> None:
        self.cores.give_back(self.each)


# What a run uses of the machine, sampled once a second: processor, memory, disk, calls.


_TASKS = Path("/proc/self/task")

SAMPLE_SECONDS = 1.0
"""Between two samples."""

TIDY_SHARE = 0.005
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
        self._folder = folder
        self._calls: set[int] = set()
        # what a container lends does not change while it runs
        self._cores, self._memory = usable_cores(), usable_memory()
        self._at, self._before = clock(), self._worked()
        self._tidy_at = self._at

    def on_event(self, event: Event) -> None:
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
        # the folder may not be there yet
        around = (self._folder, *self._folder.parents)
        there = next((each for each in around if each.is_dir()), Path())
        return Sampled(
            at=self._now(),
            cores=max(0.0, cores),
            usable_cores=self._cores,
            memory=self._held(),
            memory_limit=self._memory,
            disk_free=shutil.disk_usage(there).free,
            calls=len(self._calls),
        )

    async def watch(self) -> None:
        """Sample every second until it is cancelled; a sample that fails is left out."""
        while True:
            await asyncio.sleep(SAMPLE_SECONDS)
            with suppress(OSError, psutil.Error):
                # a disk that does not answer holds up the sampler alone
                self._tell(await asyncio.to_thread(self._tidy_sample))

    def _tidy_sample(self) -> Sampled:
        """A sample, after freed memory was handed back where that is not too dear."""
        began = self._clock()
        if began >= self._tidy_at:
            hand_back_memory()
            self._tidy_at = began + (self._clock() - began) / TIDY_SHARE
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
