"""What is to change, from what is measured: the policy behind `section_workers="auto"`.

Pure: measurements in, a change out. More sections while they wait for a worker although the
providers could bear more calls and a core is free; another video where its lessons' sections
have workers enough; fewer where memory gets short, or where providers that work on this machine
keep all its cores busy. A change is given time to show before the next one.
"""

from __future__ import annotations

from dataclasses import dataclass

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
