"""One section: its image beside its narration, then its clip.

From here on an error is a value. What goes wrong with a section is told in its
`SectionReport` and disturbs nobody else; only a cancelled run passes through.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any, Generic, Literal, TypeVar

from ..captions import Word
from ..errors import Cancelled, OverBudget, ProviderError, SectionError, VidkitError
from ..events import (
    Outcome,
    SectionEnded,
    State,
    Step,
    StepEnded,
    StepStarted,
)
from ..lesson import Section
from ..media import Clip
from ..output import part_name
from ..providers import Narration, Picture, Request
from ..report import SectionReport
from ..store import Asset, NoStore, asset_key
from .asset import Bill, obtain
from .place import Place
from .shape import clip_facts, clip_shape, cut_facts, image_ask, price, voice_ask
from .tools import straight

log = logging.getLogger("vidkit.pipeline")
T = TypeVar("T")

CARD_SECONDS = 3.0
"""How long a placeholder without a narration stands."""


@dataclass(frozen=True)
class Got(Generic[T]):
    """What a step gave, and whether it was in the store already."""

    value: T
    kept: bool
    dollars: float = 0.0


@dataclass(frozen=True)
class Done(Generic[T]):
    """A step that ended: its value or the error in its place, who did it, and for how long."""

    value: T | None
    by: str
    seconds: float
    failure: Exception | None = None
    kept: bool = False
    dollars: float = 0.0


@dataclass(frozen=True)
class Part:
    """An image or a narration: the asset, its copy in the output, and when words are spoken."""

    asset: Asset
    path: Path
    words: tuple[Word, ...] = ()


@dataclass
class SectionWork:
    """Makes one section; `cut`, `clip` and `words` are what the join needs of it."""

    place: Place
    index: int
    cut: Clip | None = None
    clip: Asset | None = None
    words: tuple[Word, ...] = ()

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

    def _stop_at(self, failure: Exception | None) -> None:
        """Set the stop at once, so that no call begins after a failure."""
        place = self.place
        if failure and place.settings.on_failure == "stop" and place.stop is None:
            place.stop = SectionError(
                f"stopped at section {self.index + 1}: {told(failure)}; "
                'mend it, or choose on_failure="skip" or "placeholder"'
            )

    async def _parts(self) -> tuple[Done[Part], Done[Part]]:
        if not self.place.settings.concurrent_parts:
            return await self._image(), await self._audio()
        async with asyncio.TaskGroup() as both:
            image = both.create_task(self._image())
            audio = both.create_task(self._audio())
        return image.result(), audio.result()

    async def _image(self) -> Done[Part]:
        place, tools = self.place, self.place.tools
        maker = tools.own if self.section.image else tools.images[0].maker
        ask = image_ask(place.lesson, self.index, place.settings)

        async def draw() -> Got[Part]:
            async def make(bill: Bill) -> tuple[Picture, dict[str, Any]]:
                picture = await maker.draw(ask, bill.request)
                bill.cost = picture.cost
                name = str(self.section.image or f"what {maker.name} gave")
                await tools.aside(tools.editor.check_picture, picture.data, name)
                return picture, {}

            shape = await tools.aside(maker.shape, ask)
            gate: Request = straight if self.section.image else tools.images[0].gate
            return await self._part("image", maker.name, price(maker, ask), shape, gate, make)

        return await self._step("image", maker.name, draw)

    async def _audio(self) -> Done[Part]:
        place, tools = self.place, self.place.tools
        maker = tools.own if self.section.audio else tools.voice[0].maker
        ask = voice_ask(place.lesson, self.index, place.settings)

        async def speak() -> Got[Part]:
            async def make(bill: Bill) -> tuple[Narration, dict[str, Any]]:
                narration = await maker.speak(ask, bill.request)
                bill.cost = narration.cost
                name = str(self.section.audio or f"what {maker.name} gave")
                await tools.aside(tools.editor.check_sound, narration.data, name)
                words = [[word.text, word.start, word.end] for word in narration.words]
                return narration, {"words": words}

            shape = await tools.aside(maker.shape, ask)
            gate: Request = straight if self.section.audio else tools.voice[0].gate
            return await self._part("audio", maker.name, price(maker, ask), shape, gate, make)

        return await self._step("audio", maker.name, speak)

    async def _part(
        self,
        kind: Literal["image", "audio"],
        provider: str,
        dollars: float | None,
        shape: Mapping[str, Any],
        gate: Request,
        make: Callable[[Bill], Awaitable[tuple[Picture | Narration, dict[str, Any]]]],
    ) -> Got[Part]:
        """An image or a narration: from the store, or made, kept, and copied to the output."""
        place, tools = self.place, self.place.tools
        key = asset_key(kind, shape)
        await place.passed()
        bill = Bill(place, self.index, gate, key, kind, provider, dollars)

        async def keep() -> Asset:
            fresh = self._fresh(kind)
            try:
                made, about = await make(bill)
                about |= {"kind": kind, "provider": provider, "notes": list(made.notes)}
                return await tools.aside(
                    tools.store.keep, key, made.data, made.suffix, about, fresh=fresh
                )
            finally:
                await bill.settle()

        asset, kept = await obtain(tools, key, keep, fresh=self._fresh(kind))
        self._note(asset.about.get("notes", ()))
        name = part_name(kind, self.index, asset.suffix)
        path = await tools.aside(place.output.take, name, asset)
        words = tuple(Word(*word) for word in asset.about.get("words", ()))
        return Got(Part(asset, path, words), kept, 0.0 if kept else bill.spent)

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
            key = asset_key("clip", clip_shape(seal, heard, place.frame))
            await place.need(key)

            async def make() -> Asset:
                async with tools.cores:
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
            return Got(path, kept)

        return await self._step("clip", "vidkit", cut)

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

    async def _step(self, step: Step, by: str, work: Callable[[], Awaitable[Got[T]]]) -> Done[T]:
        """Do one piece of work, tell of its begin and end, and make its error a value."""
        place, began = self.place, self.place.now()
        place.tell(StepStarted(began, place.position, self.index, step, by))

        def over(outcome: Outcome, path: Path | None = None, error: str | None = None) -> float:
            now = place.now()
            place.tell(
                StepEnded(
                    now,
                    place.position,
                    self.index,
                    step,
                    by,
                    outcome,
                    now - began,
                    path,
                    error,
                )
            )
            return now - began

        try:
            got = await work()
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                over("cancelled")
                raise
            if place.stop or place.tools.reins.stop:
                return Done(None, by, over("cancelled"), Cancelled("not begun any more"))
            failure: Exception = ProviderError(f"{by} broke off the call: {error or 'cancelled'}")
        except Exception as error:
            failure = error
        else:
            path = got.value if isinstance(got.value, Path) else getattr(got.value, "path", None)
            seconds = over("kept" if got.kept else "made", path)
            return Done(got.value, by, seconds, None, got.kept, got.dollars)
        self._stop_at(failure)
        return Done(None, by, over("failed", error=told(failure)), failure)

    @property
    def section(self) -> Section:
        """The section as the lesson has it."""
        return self.place.lesson.sections[self.index]

    @property
    def title(self) -> str:
        """The section's title, or its number where it has none."""
        return self.section.title or f"Section {self.index + 1}"

    def _fresh(self, kind: Step) -> bool:
        """Whether this is to be made anew although it is in the store."""
        settings = self.place.settings
        chosen = settings.only is None or self.index + 1 in settings.only
        return chosen and settings.force in (kind, "all")

    def _note(self, notes: Iterable[str]) -> None:
        self.place.notes.extend(f"section {self.index + 1}: {note}" for note in notes)

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
            dollars=image.dollars + audio.dollars,
            error="; ".join(f"{step}: {told(why)}" for step, why in failures.items()) or None,
        )


def told(error: Exception) -> str:
    """An error in words for a person. One that vidkit did not foresee is logged in full."""
    if isinstance(error, VidkitError):
        return scrubbed(str(error))
    log.error("unforeseen: %s", scrubbed("".join(traceback.format_exception(error))))
    return scrubbed(f"unforeseen {type(error).__name__}: {error}")


def scrubbed(text: str) -> str:
    """A text without what looks like a key, or like credentials in an address."""
    text = re.sub(r"//[^/\s@]+@", "//", text)
    return re.sub(r"\b(sk|key)-[\w-]{8,}", r"\1-…", text)


def content(asset: Asset) -> Path | bytes:
    """Where to read an asset: in the store, which nobody else writes to."""
    return asset.path if asset.data is None else asset.data
