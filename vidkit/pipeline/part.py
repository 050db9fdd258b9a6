"""A part of a section, its image or its narration: from the store, or made by the first of its
providers that gives one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..captions import Word
from ..errors import MediaError, OverBudget, ProviderError, Refused
from ..events import Noticed
from ..output import part_name
from ..providers import Narration
from ..store import Asset
from .asset import Bill, obtain
from .choice import Choice, PartKind, keep_refusal, refusal, stored
from .falls import Fall
from .place import Place
from .step import Got, broken_off, cancelled, told


@dataclass(frozen=True)
class Part:
    """An image or a narration: the asset, its copy in the output, and when words are spoken."""

    asset: Asset
    path: Path
    words: tuple[Word, ...] = ()


@dataclass
class PartWork:
    """Obtains the image or the narration of the section at `index`.

    fresh: make it anew although the store has it. chosen: whether the section is to be made in
    this run; what it has counts where it is not.
    """

    place: Place
    index: int
    kind: PartKind
    fresh: bool
    chosen: bool
    choices: tuple[Choice, ...] = field(init=False)
    failures: list[tuple[Choice, Exception]] = field(default_factory=list)
    dollars: float = 0.0

    def __post_init__(self) -> None:
        self.choices = self.place.choices(self.kind, self.index)

    async def obtain(self) -> Got[Part]:
        """The part, from the first of the choices that gives one.

        Raises the error of the only one, or one that tells those of all.
        """
        for choice in await self._asked():
            await self.place.passed()
            try:
                return await self._taken(choice, *await self._asset(choice))
            except (ProviderError, MediaError) as error:
                self.failures.append((choice, error))
            except asyncio.CancelledError as error:
                if cancelled() or self.place.ending:
                    raise
                self.failures.append((choice, broken_off(choice.name, error)))
            if earlier := await self._earlier():
                return await self._taken(*earlier, True)
        raise self._failure()

    async def _asked(self) -> Sequence[Choice]:
        """Whom to ask. A section that is not to be made in this run takes what the store has,
        whoever made it.
        """
        if self.chosen or len(self.choices) == 1:
            return self.choices
        tools = self.place.tools
        there = await tools.aside(stored, self.choices, tools.store)
        return [there[0]] if there else self.choices

    async def _asset(self, choice: Choice) -> tuple[Asset, bool]:
        """What a provider gives or gave, and whether the store had it."""
        tools, aside = self.place.tools, self.place.tools.aside
        bill = Bill(self.place, self.index, choice)
        last = choice is self.choices[-1]

        async def make(key: str) -> Asset:
            bill.key = key
            if error := choice.missing:
                raise error
            asked = None if last or self.fresh else await aside(refusal, tools.store, choice, key)
            if asked is not None:
                raise asked
            try:
                return await self._made(choice, key, bill)
            except Refused as error:
                if not last:
                    await aside(keep_refusal, tools.store, key, error)
                raise

        try:
            return await obtain(tools, choice.key, make, fresh=self.fresh)
        finally:
            self.dollars += bill.spent

    async def _made(self, choice: Choice, key: str, bill: Bill) -> Asset:
        """Make it, check it, keep it, and write down what it cost."""
        tools = self.place.tools
        try:
            made = await choice.make(bill.request)
            bill.cost = made.cost
            about: dict[str, Any] = {
                "kind": self.kind,
                "provider": choice.name,
                "notes": list(made.notes),
            }
            name = str(choice.ask.file or f"what {choice.name} gave")
            check = tools.editor.check_picture
            if isinstance(made, Narration):
                check = tools.editor.check_sound
                about["words"] = [[word.text, word.start, word.end] for word in made.words]

            def keep() -> Asset:
                check(made.data, name)
                return tools.store.keep(key, made.data, made.suffix, about, fresh=self.fresh)

            return await tools.aside(keep)
        finally:
            await bill.settle()

    async def _earlier(self) -> tuple[Choice, Asset] | None:
        """An earlier take of a provider that was to make it anew and did not: better than what
        takes its place.
        """
        if not self.fresh or len(self.choices) == 1:
            return None
        tools = self.place.tools
        return await tools.aside(stored, [self.failures[-1][0]], tools.store)

    async def _taken(self, choice: Choice, asset: Asset, kept: bool) -> Got[Part]:
        """The part, copied to the output; what is to be said of it goes into the report."""
        place, tools = self.place, self.place.tools
        number = self.index + 1
        place.notes.extend(f"section {number}: {note}" for note in asset.about.get("notes", ()))
        if self.failures:
            failed = {each.name for each, _ in self.failures}
            by = None if choice.name in failed else choice.name
            section = (place.position, number)
            news = place.falls.add(self.kind, section, by, self._falls())
            if news is not None:
                place.tell(Noticed(place.now(), place.position, news))
        name = part_name(self.kind, self.index, asset.suffix)
        path = await tools.aside(place.output.take, name, asset)
        words = tuple(Word(*word) for word in asset.about.get("words", ()))
        return Got(Part(asset, path, words), choice.name, kept)

    def _falls(self) -> list[Fall]:
        return [
            Fall(choice.name, type(error).__name__, told(error)) for choice, error in self.failures
        ]

    def _failure(self) -> Exception:
        """Why none of the providers gave it."""
        errors = [error for _, error in self.failures]
        if len(errors) == 1 or all(isinstance(error, OverBudget) for error in errors):
            return errors[0]
        return ProviderError("; ".join(map(str, self._falls())))
