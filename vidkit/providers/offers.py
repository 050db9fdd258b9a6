"""What providers there are, what each needs and costs, and whether it can be used."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..core import loop
from ..core.errors import VidkitError, in_one_line
from ..models.settings import Settings, settled
from .base import ImageAsk, VoiceAsk, ungated
from .conversation import price
from .registry import AUTO, Kind, image_makers, names, registered, voice_makers

CHECK_SECONDS = 10.0
"""Seconds for which a provider is waited for."""

MINUTE = "A leaf makes sugar out of light. " * 22
"""As many words as are spoken in a minute: 154."""


@dataclass(frozen=True)
class Offer:
    """A provider that there is.

    needs: what it needs and whether that is there, without any secret. cost: what it costs, in
    words. models: those that it can be told to use. package: who registered it, None for
    vidkit's own. usable: whether it can be used, None where nobody looked; `found` says how it
    was found out, or why not.
    """

    kind: Kind
    name: str
    needs: str = ""
    cost: str = ""
    models: tuple[str, ...] = ()
    package: str | None = None
    usable: bool | None = None
    found: str = ""
    maker: Any = field(default=None, repr=False, compare=False)

    def lines(self) -> list[str]:
        """It in words, the name apart."""
        package = f"of the package {self.package}" if self.package else ""
        told = ["; ".join(filter(None, (self.needs, self.cost, package)))]
        if self.models:
            told.append(f"models: {', '.join(self.models)}")
        if self.usable is not None:
            told.append(f"{'can be used' if self.usable else 'cannot be used'}: {self.found}")
        return told


def offers(settings: Settings | None = None) -> list[Offer]:
    """All providers, images first, by name. Nothing is asked of anybody."""
    chosen = settled(settings, {})
    kinds: tuple[Kind, ...] = ("images", "voice")
    return [offer(kind, name, chosen) for kind in kinds for name in names(kind) if name != AUTO]


def check(several: Sequence[Offer], seconds: float = CHECK_SECONDS) -> list[Offer]:
    """The same offers, each with whether it can be used. All are looked at side by side, none
    for longer than `seconds`, and nothing is paid: an offline provider is tried, one that asks
    a service is asked what costs nothing.
    """

    async def all_of_them() -> list[Offer]:
        return list(await asyncio.gather(*(_checked(offer, seconds) for offer in several)))

    return loop.run(all_of_them())


def table(several: Sequence[Offer]) -> str:
    """The offers as text, a line or more for each."""
    width = max((len(offer.name) for offer in several), default=0)
    lines: list[str] = []
    for kind in dict.fromkeys(offer.kind for offer in several):
        lines.append(kind)
        for offer in several:
            if offer.kind == kind:
                head, *rest = offer.lines()
                lines.append(f"  {offer.name:{width}}  {head}".rstrip())
                lines += [f"  {'':{width}}  {line}" for line in rest]
    return "\n".join(lines)


def offer(kind: Kind, name: str, settings: Settings) -> Offer:
    """The provider that is called `name`. Nothing is asked of anybody."""
    if name == AUTO:
        return Offer(kind, name, "nothing: the best voice here speaks that knows the language")
    package = None
    for point in registered(kind):
        if point.name == name:
            package = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
    try:
        # beside another, so that one without its key is given too
        find: Callable[[Settings], Sequence[object]]
        find = image_makers if kind == "images" else voice_makers
        maker, _ = find(settings.with_(**{kind: (name, "simulated")}))
    except Exception as error:
        # a package of somebody else may raise anything
        return Offer(kind, name, package=package, usable=False, found=in_one_line(error))
    online = getattr(maker, "online", False)
    needs = getattr(maker, "needs", "a network" if online else "nothing: it works offline")
    found = Offer(
        kind, name, needs, _cost(kind, maker, settings), getattr(maker, "models", ()), package
    )
    missing = getattr(maker, "missing", None)
    if missing is not None:
        found = replace(found, usable=False, found=in_one_line(missing))
    return replace(found, maker=maker)


def _cost(kind: Kind, maker: object, settings: Settings) -> str:
    """What a picture costs, or a minute of speech."""
    usual: ImageAsk | VoiceAsk = VoiceAsk(MINUTE, "en")
    what = "a minute of speech"
    if kind == "images":
        usual = ImageAsk("A leaf in the sun.", MINUTE, "Leaves", "en", settings.size)
        what = f"a picture of {settings.size[0]} × {settings.size[1]}"
    try:
        dollars = price(maker, usual)
    except VidkitError:
        dollars = None
    if dollars is None:
        return "its price is not known"
    if dollars == 0:
        return "free"
    day = getattr(maker, "priced", None)
    return f"about ${dollars:.2g} for {what}" + (f" (prices of {day})" if day else "")


async def _checked(offer: Offer, seconds: float) -> Offer:
    if offer.usable is not None or offer.maker is None:
        return offer
    maker = offer.maker
    look = getattr(maker, "check", None) or _trial(offer)
    if look is None:
        return replace(offer, found="it has no way to be checked without paying")
    try:
        async with asyncio.timeout(seconds):
            found = await look()
    except TimeoutError:
        return replace(offer, usable=False, found=f"no answer in {seconds:g} s")
    except Exception as error:
        return replace(offer, usable=False, found=in_one_line(error))
    finally:
        if (close := getattr(maker, "aclose", None)) is not None:
            await close()
    return replace(offer, usable=True, found=str(found))


def _trial(offer: Offer) -> Callable[[], Awaitable[str]] | None:
    """Makes something small with a provider that is offline and free."""
    maker = offer.maker
    if getattr(maker, "online", False) or getattr(maker, "price", None) != 0:
        return None

    async def try_it() -> str:
        if offer.kind == "images":
            ask = ImageAsk("A leaf.", "Leaves are green.", "Leaves", "en", (320, 180))
            await maker.draw(ask, ungated)
            return "a picture was drawn"
        await maker.speak(VoiceAsk("Leaves are green.", "en"), ungated)
        return "a sentence was spoken"

    return try_it
