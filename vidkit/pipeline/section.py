"""One section: its image beside its narration, then its clip.

From here on an error is a value. What goes wrong with a section is told in its
`SectionReport` and disturbs nobody else; only a cancelled run passes through.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

from ..captions import Word
from ..errors import Cancelled, OverBudget
from ..events import SectionEnded, State, Step
from ..lesson import Section
from ..media import Clip
from ..output import part_name
from ..report import SectionReport
from ..store import Asset, NoStore
from .asset import obtain
from .choice import PartKind
from .part import Part, PartWork
from .place import Place
from .shape import clip_facts, clip_shape, cut_facts
from .step import Done, Got, done, told

CARD_SECONDS = 3.0
"""How long a placeholder without a narration stands."""


@dataclass
class SectionWork:
    """Makes one section; `cut`, `clip` and `words` are what the join needs of it."""

    place: Place
    index: int
    cut: Clip | None = None
    clip: Asset | None = None
    words: tuple[Word, ...] = ()
    dollars: float = 0.0

    async def make(self) -> SectionReport:
        """Image and narration in a worker slot, then the clip, which holds no slot."""
        async with self.place.slots:
            await self.place.passed()
            image, audio = await self._parts()
        self.place.called()
        clip = await self._clip(image, audio)
        if clip.failure and self.place.settings.on_failure == "placeholder":
            nothing: Done[Part] = Done(None, "vidkit", 0.0)
            clip = replace(await self._clip(nothing, nothing), failure=clip.failure)
        report = self._report(image, audio, clip)
        place = self.place
        place.tell(
            SectionEnded(place.now(), place.position, self.index, report.state, report.error)
        )
        return report

    async def _parts(self) -> tuple[Done[Part], Done[Part]]:
        if not self.place.settings.concurrent_parts:
            return await self._part("image"), await self._part("audio")
        async with asyncio.TaskGroup() as both:
            image = both.create_task(self._part("image"))
            audio = both.create_task(self._part("audio"))
        return image.result(), audio.result()

    async def _part(self, kind: PartKind) -> Done[Part]:
        """The section's image or narration."""
        work = PartWork(self.place, self.index, kind, self._fresh(kind), self._chosen)
        try:
            return await done(self.place, self.index, kind, work.choices[0].name, work.obtain)
        finally:
            self.dollars += work.dollars

    async def _clip(self, image: Done[Part], audio: Done[Part]) -> Done[Path]:
        """The section's clip, or that of its placeholder, or none."""
        whole = image.value is not None and audio.value is not None
        if not whole and self.place.settings.on_failure != "placeholder":
            return Done(None, "vidkit", 0.0)

        async def cut() -> Got[Path]:
            tools, place = self.place.tools, self.place
            if whole and image.value:
                picture = content(image.value.asset)
                seal = image.value.asset.sha256
            else:
                picture = await self._card()
                seal = hashlib.sha256(picture).hexdigest()
            voice = audio.value
            heard = voice.asset.sha256 if voice else None
            key = partial(place.key, "clip", clip_shape(seal, heard, place.frame))

            async def make(key: str) -> Asset:
                async with tools.cores:
                    await tools.reins.passed()
                    with place.working(self.index, "clip", "vidkit"):
                        return await self._cut(
                            key, picture, content(voice.asset) if voice else None
                        )

            asset, kept = await obtain(tools, key, make, fresh=self._fresh("clip"))
            self.words = voice.words if voice else ()
            if effects := place.settings.effects.get(self.index + 1):
                asset, kept = await self._with_effects(asset, effects), False
            name = part_name("clip", self.index, ".mp4")
            path = await tools.aside(place.output.take, name, asset)
            self.clip = asset
            # read where nobody else writes: what somebody does to an output reaches nothing
            source = asset.path if tools.store.keeps and asset.path.is_file() else path
            self.cut = Clip(source, **cut_facts(asset))
            return Got(path, "vidkit", kept)

        return await done(self.place, self.index, "clip", "vidkit", cut)

    async def _card(self) -> bytes:
        """The picture of a placeholder."""
        tools, heading = self.place.tools, f"Section {self.index + 1} is missing"
        return await tools.aside(tools.editor.card, heading, self.title, self.place.frame.size)

    async def _cut(self, key: str, picture: Path | bytes, voice: Path | bytes | None) -> Asset:
        """Make the clip where the store can take it in, and keep it."""
        tools, place = self.place.tools, self.place
        scratch = place.scratch(part_name("clip", self.index, ".mp4"))
        try:
            clip = await place.written(
                scratch,
                tools.editor.clip,
                picture,
                voice,
                scratch,
                place.frame,
                seconds=None if voice else CARD_SECONDS,
            )
            about, fresh = clip_facts(clip), self._fresh("clip")
            return await tools.aside(tools.store.keep, key, scratch, ".mp4", about, fresh=fresh)
        except BaseException:
            place.output.discard(scratch)
            raise

    async def _with_effects(self, plain: Asset, effects: Sequence[Any]) -> Asset:
        """The clip after moviepy's effects. It is not kept: nobody can tell whether a function
        is the one that it was. The words are spread over its new length.
        """
        tools, place = self.place.tools, self.place
        scratch = place.output.scratch(part_name("clip", self.index, ".mp4"))
        try:
            async with tools.cores:
                await tools.reins.passed()
                with place.working(self.index, "clip", "vidkit"):
                    clip = await place.written(
                        scratch, tools.editor.effects, plain.path, effects, scratch, place.frame
                    )
        except BaseException:
            place.output.discard(scratch)
            raise
        finally:
            if not tools.store.keeps:
                place.output.discard(plain.path)
        pace = clip.seconds / plain.about["seconds"]
        self.words = tuple(Word(w.text, w.start * pace, w.end * pace) for w in self.words)
        return await tools.aside(NoStore().keep, plain.key, scratch, ".mp4", clip_facts(clip))

    @property
    def section(self) -> Section:
        """The section as the lesson has it."""
        return self.place.lesson.sections[self.index]

    @property
    def title(self) -> str:
        """The section's title, or its number where it has none."""
        return self.section.title or f"Section {self.index + 1}"

    @property
    def _chosen(self) -> bool:
        """Whether the section is among those that are to be made."""
        only = self.place.settings.only
        return only is None or self.index + 1 in only

    def _fresh(self, kind: Step) -> bool:
        """Whether this is to be made anew although it is in the store."""
        return self._chosen and self.place.settings.force in (kind, "all")

    def _report(self, image: Done[Part], audio: Done[Part], clip: Done[Path]) -> SectionReport:
        steps: dict[Step, Done[Any]] = {"image": image, "audio": audio, "clip": clip}
        failures = {step: done.failure for step, done in steps.items() if done.failure}
        worked = self.place.worked
        state: State = "made"
        if failures:
            over = any(isinstance(failure, OverBudget) for failure in failures.values())
            ended = all(isinstance(failure, Cancelled) for failure in failures.values())
            state = "cancelled" if ended else "over budget" if over else "failed"
            state = "placeholder" if clip.value else state
        return SectionReport(
            index=self.index,
            title=self.section.title,
            state=state,
            image=image.value.path if image.value else None,
            audio=audio.value.path if audio.value else None,
            clip=clip.value,
            image_by=image.by,
            voice_by=audio.by,
            length=self.cut.seconds if self.cut else None,
            seconds={step: done.seconds for step, done in steps.items()},
            work={step: fmean(took) for step in steps if (took := worked.get((self.index, step)))},
            kept=tuple(step for step, done in steps.items() if done.kept),
            dollars=self.dollars,
            error="; ".join(f"{step}: {told(why)}" for step, why in failures.items()) or None,
            kinds=tuple(type(why).__name__ for why in failures.values()),
        )


def content(asset: Asset) -> Path | bytes:
    """Where to read an asset: in the store, which nobody else writes to."""
    return asset.path if asset.data is None else asset.data
