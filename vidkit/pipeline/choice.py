"""Who may make a section's image or narration, in which order, and under which key.

The one place that says so; a run, its plan, its needs and its takes all ask here.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from ..errors import ProviderError, Refused, StoreError
from ..lesson import Lesson
from ..providers import ImageAsk, Narration, Picture, Request, VoiceAsk
from ..settings import Settings
from ..store import Asset, NoStore, Store, asset_key
from .shape import image_ask, price, voice_ask
from .tools import OwnFiles, Source, straight

PartKind = Literal["image", "audio"]


@dataclass(frozen=True)
class Choice:
    """A provider that may make a part of a section, what it would be asked, and its gate."""

    kind: PartKind
    maker: Any
    gate: Request
    ask: ImageAsk | VoiceAsk

    @property
    def name(self) -> str:
        """The provider's name."""
        name: str = self.maker.name
        return name

    @property
    def price(self) -> float | None:
        """What a request may cost in dollars, None where nobody knows."""
        return price(self.maker, self.ask)

    @property
    def missing(self) -> ProviderError | None:
        """Why the provider cannot be asked now, where it says so itself."""
        why: ProviderError | None = getattr(self.maker, "missing", None)
        return copy.copy(why)

    def key(self) -> str:
        """The key of what it would make. Raises `ProviderError` where it can make nothing of it;
        reads the file where that is the section's own.
        """
        return asset_key(self.kind, self.maker.shape(self.ask))

    async def make(self, request: Request) -> Picture | Narration:
        """What the provider makes. Raises `ProviderError` or one of its kinds."""
        draw = self.maker.draw if self.kind == "image" else self.maker.speak
        made: Picture | Narration = await draw(self.ask, request)
        return made


def choices(
    kind: PartKind,
    lesson: Lesson,
    index: int,
    settings: Settings,
    sources: Sequence[Source[Any]],
    own: OwnFiles,
) -> tuple[Choice, ...]:
    """Who may make the image or the narration of the section at `index`: its own file alone,
    where it names one, or else each of `sources`, the first before the next.

    A section's `voice` is one of the first source's; those of another name that take its place
    speak in their own.
    """
    section = lesson.sections[index]
    ask = (image_ask if kind == "image" else voice_ask)(lesson, index, settings)
    if section.image if kind == "image" else section.audio:
        return (Choice(kind, own, straight, ask),)
    first = sources[0].maker.name
    return tuple(
        Choice(kind, source.maker, source.gate, _in_place(ask, source.maker.name == first))
        for source in sources
    )


def _in_place(ask: ImageAsk | VoiceAsk, same: bool) -> ImageAsk | VoiceAsk:
    return ask if same or isinstance(ask, ImageAsk) else replace(ask, voice=None)


def keys(several: Sequence[Choice]) -> Iterator[tuple[Choice, str]]:
    """Those of the choices that can make something of what they are asked, each with its key."""
    for choice in several:
        try:
            yield choice, choice.key()
        except ProviderError:
            continue


def stored(several: Sequence[Choice], store: Store | NoStore) -> tuple[Choice, Asset] | None:
    """The first of the choices whose asset the store has, and the asset."""
    for choice, key in keys(several):
        if (asset := store.find(key)) is not None:
            return choice, asset
    return None


def refusal_key(key: str) -> str:
    """Where a refusal is kept: that the asset under `key` was asked for and will not be made."""
    return asset_key("refusal", {"of": key})


def refusal(store: Store | NoStore, choice: Choice, key: str) -> Refused | None:
    """The refusal that the store remembers: who refused is not asked again, in this run or the
    next, since each refusal counts against an account, and takes time.
    """
    if (kept := store.find(refusal_key(key))) is None:
        return None
    why = str(kept.about.get("why", f"{choice.name} refused it"))
    return Refused(f"{why} (asked before; force={choice.kind!r} asks again)")


def keep_refusal(store: Store | NoStore, key: str, error: Refused) -> None:
    """Remember a refusal; a store that cannot forgets it, and it is asked for again."""
    about = {"kind": "refusal", "why": str(error)}
    with suppress(StoreError):
        store.keep(refusal_key(key), str(error).encode(), ".txt", about)
