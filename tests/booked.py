"""A provider that writes each call into a book on disk: what machines that share nothing else ask
of one service, by the service's own count.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from vidkit.errors import RateLimited
from vidkit.providers.simulated import Simulated


@dataclass
class Booked(Simulated):
    """A `Simulated` that keeps a book. networked: it counts as one on the network, and so stands
    behind a gate. deadly: what kills the process that asks for it. rejects: calls that it
    answers with a 429 at first.
    """

    book: str = ""
    networked: bool = False
    deadly: str = ""
    rejects: int = 0

    name = "booked"

    @property
    def online(self) -> bool:
        return self.networked

    @property
    def gate_key(self) -> tuple[str, ...]:
        return (self.book,)

    async def _call(self, kind: str, text: str) -> None:
        note(self.book, f"{kind} {text}")
        if self.deadly and self.deadly in text:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.rejects and len(calls(self.book)) <= self.rejects:
            raise RateLimited("too many", 0.2)
        await super()._call(kind, text)


@dataclass(frozen=True)
class Call:
    """A call as the book has it: when, in seconds since 1970, by which process, for what."""

    at: float
    process: int
    what: str


def note(book: str, what: str) -> None:
    """Write a line, whole or not at all, whoever writes beside."""
    line = f"{time.time()} {os.getpid()} {what}\n".encode()
    file = os.open(book, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(file, line)
    finally:
        os.close(file)


def calls(book: str | Path) -> list[Call]:
    """The calls in a book, in their order."""
    path = Path(book)
    lines = path.read_text().splitlines() if path.exists() else []
    found = [line.split(" ", 2) for line in lines]
    return [Call(float(at), int(process), what) for at, process, what in found]


def counts(book: str | Path) -> Counter[str]:
    """How often each thing was asked for."""
    return Counter(call.what for call in calls(book))
