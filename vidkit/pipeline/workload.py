"""What there is to do: how long each piece of each section takes, what it costs, who limits it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Literal

from ..models.settings import Settings

ANY = "the provider"
"""The name of a provider of which nothing is known but its seconds."""

Kind = Literal["image", "audio"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One image or narration: `requests` side by side, each of `seconds` and `dollars` (None
    where nobody knows). `own` is a file of the section's own, which asks nobody.
    """

    seconds: float
    requests: int = 1
    dollars: float | None = 0.0
    own: bool = False

    def taking(self, factor: float, more: float) -> Piece:
        """The same, so many times as long and so many seconds more; a file is there at once."""
        return self if self.own else replace(self, seconds=factor * self.seconds + more)


@dataclass(frozen=True, slots=True)
class SectionLoad:
    """What one section takes; `clip` is seconds of a core."""

    image: Piece
    audio: Piece
    clip: float
    title: str | None = None

    def piece(self, kind: Kind) -> Piece:
        """Its image, or its narration."""
        return self.image if kind == "image" else self.audio

    def calls(self, together: bool) -> float:
        """Seconds that its calls take, the image beside the narration or before it."""
        parts = (self.image.seconds, self.audio.seconds)
        return max(parts) if together else sum(parts)


@dataclass(frozen=True)
class Provider:
    """What limits a provider: `places` for calls at once, and requests a minute."""

    name: str
    places: int | None
    online: bool
    per_minute: float | None

    def told(self, per_minute: float | None, *, changed: bool) -> Provider:
        """The same with another limit. With other seconds (`changed`) one that is bound to the
        cores of this machine stands for any other.
        """
        online = self.online or per_minute is not None
        if changed and not self.online:
            return Provider(ANY, None, online, per_minute)
        return replace(self, online=online, per_minute=per_minute)


@dataclass(frozen=True)
class Load:
    """Everything that a forecast starts from, the same for any worker counts.

    lessons: the sections of each. names: of the lessons. join: a core's seconds to join a
    lesson. images, voice: who is asked.
    """

    lessons: tuple[tuple[SectionLoad, ...], ...]
    names: tuple[str, ...]
    join: float
    images: Provider
    voice: Provider

    def asked(self, settings: Settings) -> list[list[SectionLoad]]:
        """The sections of each lesson that are to be made with these settings."""
        only = settings.only
        return [
            [s for number, s in enumerate(lesson, 1) if only is None or number in only]
            for lesson in self.lessons
        ]

    def mean(self, kind: Kind) -> float:
        """Seconds that an image, or a narration, takes on average; 0 where all are files."""
        asked = [
            piece.seconds
            for lesson in self.lessons
            for section in lesson
            if not (piece := section.piece(kind)).own
        ]
        return fmean(asked) if asked else 0.0

    def told(self, seconds: Mapping[Kind, float], per_minute: Mapping[Kind, float | None]) -> Load:
        """The same with other providers: with other mean seconds, spread over the sections as
        before, and with other limits.
        """
        share = {kind: _share(mean, self.mean(kind)) for kind, mean in seconds.items()}
        return replace(
            self,
            lessons=tuple(
                tuple(
                    replace(
                        section,
                        image=section.image.taking(*share["image"]),
                        audio=section.audio.taking(*share["audio"]),
                    )
                    for section in lesson
                )
                for lesson in self.lessons
            ),
            images=self.images.told(per_minute["image"], changed=share["image"] != SAME),
            voice=self.voice.told(per_minute["audio"], changed=share["audio"] != SAME),
        )


SAME = (1.0, 0.0)


def _share(mean: float, was: float) -> tuple[float, float]:
    """A factor and a summand that make of seconds with the mean `was` such with `mean`."""
    if abs(mean - was) < 1e-9:
        return SAME
    return (mean / was, 0.0) if was else (0.0, mean)


def dollars(sections: Iterable[SectionLoad]) -> float | None:
    """What these sections cost; None where a price is unknown."""
    total = 0.0
    for section in sections:
        for piece in (section.image, section.audio):
            if piece.dollars is None:
                return None
            total += piece.dollars * piece.requests
    return total
