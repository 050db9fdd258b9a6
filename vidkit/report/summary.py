"""`batch_report.json`: what came of a batch so far, for people and programs that look at it from
outside while it goes on, and after it was killed.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..core.paths import why_unwritable
from ..core.system import vidkit_version
from .reports import BatchReport, Trouble, Troubles, VideoReport

SUMMARY = "batch_report.json"
SELDOM = 1.0
"""Seconds between two writings; a batch of ten thousand is not written ten thousand times."""
HOUR = 3600.0


class Summary:
    """The file in `folder` that tells of a batch: claimed before its first lesson, written as
    lessons end, and at its end; one that is not claimed is not written. count: how many lessons
    there are, None where nobody knows.

    A file of that name that is not vidkit's is left alone. `notes` says so, and where the file
    cannot be written; the batch goes on without it. The methods block.
    """

    def __init__(
        self, folder: Path, count: int | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.path = folder / SUMMARY
        self.notes: list[str] = []
        self._count = count
        self._clock = clock
        self._began = self._written = clock()
        self._ours = False
        self._troubles = Troubles()
        self._rows: dict[int, str] = {}
        self._made = 0
        self._dollars = self._unconfirmed = 0.0

    def claim(self) -> None:
        """Take the name, and write that the batch is under way."""
        if os.path.lexists(self.path) and not _is_summary(self.path):
            self.notes.append(
                f"{self.path} was not made by vidkit, and so is not overwritten; move it away, "
                "and the next run sums up there"
            )
            return
        self._ours = True
        with suppress(OSError):
            for left in self.path.parent.glob(f".{SUMMARY}.*.part"):
                if time.time() - left.stat().st_mtime > HOUR:
                    left.unlink()
        self._write("under way", self._so_far())

    def heard(self, position: int, video: VideoReport) -> None:
        """Take in the report of a lesson that is over."""
        if not self._ours:
            return
        self._troubles.add(video)
        self._made += video.made
        self._dollars += video.dollars
        self._unconfirmed += video.unconfirmed
        self._rows[position] = json.dumps(self._row(video), ensure_ascii=False)
        if self._clock() - self._written >= SELDOM:
            self._write("under way", self._so_far())

    def over(self, report: BatchReport) -> None:
        """Write what came of the whole batch."""
        if not self._ours:
            return
        for position, video in enumerate(report.videos):
            if position not in self._rows:
                self._rows[position] = json.dumps(self._row(video), ensure_ascii=False)
        state = "made" if report.made else "partly made" if self._made else "failed"
        about = self._so_far() | {
            "seconds": round(report.seconds, 3),
            "lessons": len(report.videos) if report.failure is None else self._count,
            "workers": report.workers,
            "least_seconds": report.least,
            "resources": asdict(report.resources) if report.resources else None,
            "error": str(report.failure) if report.failure else None,
            "notes": list(report.notes),
            "to_do": _as_json(report.troubles),
        }
        self._write(state, about)

    def _so_far(self) -> dict[str, Any]:
        return {
            "lessons": self._count,
            "over": len(self._rows),
            "made": self._made,
            "seconds": round(self._clock() - self._began, 3),
            "dollars": self._dollars,
            "unconfirmed": self._unconfirmed,
            "to_do": _as_json(self._troubles.listed),
        }

    def _row(self, video: VideoReport) -> dict[str, Any]:
        return {
            "lesson": self._from_here(video.lesson),
            "state": video.state,
            "video": self._from_here(video.path) if video.path else None,
            "sections": len(video.sections),
            "made": sum(section.made for section in video.sections),
            "length": round(video.length, 3),
            "seconds": round(video.seconds, 3),
            "dollars": video.dollars,
            "error": video.error,
        }

    def _from_here(self, path: Path) -> str:
        home, there = self.path.parent.absolute(), path.absolute()
        return there.relative_to(home).as_posix() if there.is_relative_to(home) else str(there)

    def _write(self, state: str, about: Mapping[str, Any]) -> None:
        """The whole file appears at once, or none."""
        head = json.dumps({"vidkit": vidkit_version(), "state": state, **about}, indent=1)
        rows = ",\n  ".join(self._rows[position] for position in sorted(self._rows))
        text = f'{head[:-2]},\n "videos": [\n  {rows}\n ]\n}}\n'
        scratch = self.path.with_name(f".{SUMMARY}.{os.getpid()}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            scratch.write_text(text, "utf-8", "backslashreplace")
            scratch.replace(self.path)
        except OSError as error:
            with suppress(OSError):
                scratch.unlink()
            self._ours = False
            why = why_unwritable(self.path.parent, error, "output_dir=")
            self.notes.append(f"{self.path} cannot be written: {why}")
        self._written = self._clock()


def _as_json(troubles: tuple[Trouble, ...]) -> list[dict[str, Any]]:
    return [trouble.as_json() for trouble in troubles]


def _is_summary(path: Path) -> bool:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "vidkit" in found and isinstance(found.get("videos"), list)
