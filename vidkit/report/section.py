"""What came of a section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..events import State, Step
from ..showing import Page, Row, Shown, Table
from ..wording import clock_time, took


@dataclass(frozen=True, repr=False)
class SectionReport(Shown):
    """What came of one section.

    index: its position from 0; `number` is the same from 1. state: "made", "placeholder",
    "failed" or "cancelled". image, audio, clip: the files, where they were made.
    image_by, voice_by: the providers. seconds: how long each step took; work: how long one
    piece of it took on average, a request or a core's work on the clip, without any waiting; kept:
    the steps whose piece was in the store already; dollars: what was paid for the others; error:
    why it failed, and kinds: the names of its errors' classes, such as "Refused".
    """

    index: int
    title: str | None = None
    state: State = "made"
    image: Path | None = None
    audio: Path | None = None
    clip: Path | None = None
    image_by: str | None = None
    voice_by: str | None = None
    start: float | None = None
    length: float | None = None
    seconds: dict[Step, float] = field(default_factory=dict)
    work: dict[Step, float] = field(default_factory=dict)
    kept: tuple[Step, ...] = ()
    dollars: float = 0.0
    error: str | None = None
    kinds: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """The section's number as people count."""
        return self.index + 1

    @property
    def made(self) -> bool:
        """True where the section stands in the video as its lesson wants it."""
        return self.state == "made"

    @property
    def from_store(self) -> bool:
        """True where nothing had to be made for it."""
        return self.made and set(self.kept) >= {"image", "audio", "clip"}

    def made_by(self, step: Step) -> str:
        """Who made the image, the narration or the clip, and in what time: "openai, 12 s",
        "slides, from the store"; "" where it is not there.
        """
        if step not in self.seconds or getattr(self, step) is None:
            return ""
        by = {"image": self.image_by, "audio": self.voice_by}.get(step)
        how = "from the store" if step in self.kept else took(self.seconds[step])
        return f"{by}, {how}" if by else how

    def _page(self) -> Page:
        parts: tuple[tuple[Step, str], ...] = (
            ("image", "image"), ("audio", "narration"), ("clip", "clip"),
        )  # fmt: skip
        told = [f"{name}: {self.made_by(step)}" for step, name in parts if self.made_by(step)]
        long = f", {clock_time(self.length)} long" if self.length else ""
        title = f", {self.title}" if self.title else ""
        return Page(
            head=f"section {self.number}{title}: {self.state}{long}",
            wrong=(self.error,) if self.error else (),
            lines=(*told, *([f"paid ${self.dollars:.2f}"] if self.dollars else [])),
            picture=self.image,
        )

    def as_json(self, folder: Path) -> dict[str, Any]:
        """JSON values; paths are relative to the output `folder`."""
        return {
            "number": self.number,
            "title": self.title,
            "state": self.state,
            "error": self.error,
            "image_by": self.image_by,
            "voice_by": self.voice_by,
            "start": rounded(self.start),
            "length": rounded(self.length),
            "seconds": {step: rounded(taken) for step, taken in self.seconds.items()},
            "work": {step: rounded(taken) for step, taken in self.work.items()},
            "from_store": list(self.kept),
            "dollars": self.dollars,
            **{part: relative(getattr(self, part), folder) for part in ("image", "audio", "clip")},
        }


def section_table(sections: Sequence[SectionReport]) -> Table:
    """What came of each section, and who made it."""
    columns = ("No.", "Section", "Image", "Narration", "Clip", "Length", "Paid", "State")
    rows = tuple(
        Row(
            (
                str(section.number),
                section.title or "",
                section.made_by("image"),
                section.made_by("audio"),
                section.made_by("clip"),
                clock_time(section.length) if section.length else "",
                f"${section.dollars:.2f}" if section.dollars else "",
                section.state,
            ),
            not section.made,
        )
        for section in sections
    )
    numbers = frozenset((0, 5, 6))
    return Table(columns, rows, "section", numbers, detail=True).without_empty()


def relative(path: Path | None, folder: Path) -> str | None:
    return path.relative_to(folder).as_posix() if path else None


def rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
