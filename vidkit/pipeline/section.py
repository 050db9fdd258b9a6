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
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any, Generic, TypeVar

from ..core.errors import (
    Cancelled,
    Damaged,
    MediaError,
    OverBudget,
    ProviderError,
    Refused,
    Unreachable,
    VidkitError,
)
from ..core.events import Noticed, Outcome, Paid, SectionEnded, State, Step, StepEnded, StepStarted
from ..core.loop import ended_all
from ..media.clips import Clip
from ..models.lesson import Section
from ..providers.base import Narration
from ..providers.limiter import UNCONFIRMED_TRIES
from ..report.reports import SectionReport
from ..store.ledger import Reservation
from ..store.store import Asset, NoStore
from ..text.captions import Word
from .assets import (
    Candidate,
    Fallback,
    PartKind,
    Tools,
    clip_facts,
    clip_shape,
    cut_facts,
    keep_refusal,
    refusal,
    stored,
)
from .context import LessonContext
from .output import part_name

# An asset: from the store, or made once and kept there, and its money written down.


T = TypeVar("T")


async def obtain(
    tools: Tools,
    key: Callable[[], str],
    make: Callable[[str], Awaitable[Asset]],
    *,
    fresh: bool = False,
) -> tuple[Asset, bool]:
    """The asset under `key`, which is worked out where blocking is allowed, and whether it was
    in the store already.

    `make` makes and keeps it where it was not, or with `fresh` once in the run in any case.
    One maker is at work on a key at a time, in all processes; the others wait, and find what
    it made.
    """

    def found(key: str) -> Asset | None:
        return None if fresh and key not in tools.renewed else tools.store.find(key)

    def sought() -> tuple[str, Asset | None]:
        return (which := key()), found(which)

    which, asset = await tools.aside(sought)
    if asset is not None:
        return asset, True
    async with tools.store.flight(which) as waited:
        # what nobody was making a moment ago is hardly there, and a look at nothing is quick
        asset = await tools.aside(found, which) if waited else found(which)
        if asset is not None:
            return asset, True
        asset = await make(which)
        if fresh:
            tools.renewed.add(which)
        return asset, False


@dataclass
class Bill:
    """The money of one asset, which a provider is to make for the section at `index`. Its
    `request` is the gated one, with each attempt reserved in the journal before it is sent; a
    call of a free provider leaves no trace there.

    Each request ends as one of four: not sent, refused before any work (both owe nothing),
    perhaps made, made. Whatever is not known to be one of the first two is perhaps made: it
    counts in full, and is asked for once more at most for each asset and run.

    key: that of the asset, known before the first request. dollars: what a request may cost at
    the very most; None where nobody knows. cost: what the provider says
    that all of it cost. spent: what was paid, once it is settled.
    """

    place: LessonContext
    index: int
    choice: Candidate
    key: str = ""
    dollars: float | None = field(init=False)
    cost: float | None = None
    spent: float = 0.0
    _open: list[tuple[Reservation, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dollars = self.choice.price

    async def request(self, send: Callable[[], Awaitable[T]], /) -> T:
        """Pass the gate, reserve, send."""
        await self.place.passed()
        return await self.choice.gate(lambda: self._attempt(send))

    async def _attempt(self, send: Callable[[], Awaitable[T]]) -> T:
        await self.place.passed()
        if self.dollars == 0:
            with self._working():
                return await send()
        dollars = None if self.dollars is None else self.dollars * self._dearer
        reservation = await self._reserve(dollars)
        try:
            with self._working():
                answer = await send()
        except ProviderError as error:
            if error.owed:
                self._count(error)
                await self._leave_open(reservation, dollars)
            else:
                await self._write(reservation.failed)
            raise
        except BaseException:
            # it was sent, and whether it was billed nobody knows
            await self._leave_open(reservation, dollars)
            raise
        self._open.append((reservation, dollars or 0.0))
        return answer

    @property
    def _dearer(self) -> float:
        """How many times as much as was reserved this provider has billed, where that was more."""
        return self.place.tools.dearer.get((self.choice.kind, self.choice.name), 1.0)

    def _count(self, error: ProviderError) -> None:
        """Count a request that was perhaps made; after the second of an asset there is no third.
        A damaged answer is asked for again as any failure is.
        """
        if isinstance(error, Unreachable) and not isinstance(error, Damaged):
            unconfirmed = self.place.tools.unconfirmed
            unconfirmed[self.key] += 1
            error.again = error.again and unconfirmed[self.key] < UNCONFIRMED_TRIES

    def _working(self) -> AbstractContextManager[None]:
        return self.place.working(self.index, self.choice.kind, self.choice.name)

    async def _leave_open(self, reservation: Reservation, dollars: float | None) -> None:
        """Write down that a request was sent and may have been billed."""
        await self._write(reservation.unconfirmed)
        self._tell(dollars or 0.0, sure=False)

    def _tell(self, dollars: float, sure: bool) -> None:
        place = self.place
        step, by = self.choice.kind, self.choice.name
        place.tell(Paid(place.now(), place.position, self.index, step, by, dollars, sure))

    async def _reserve(self, dollars: float | None) -> Reservation:
        """Set a sum aside; a cancel in this very moment gives it back."""
        tools, place = self.place.tools, self.place
        asking = asyncio.ensure_future(
            tools.aside(
                tools.store.journal.reserve,
                run=place.run,
                key=self.key,
                kind=self.choice.kind,
                provider=self.choice.name,
                lesson=place.name_in_journal,
                dollars=dollars,
                budgets=tools.budgets,
            )
        )
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            with suppress(VidkitError):
                await self._write((await asking).failed)
            raise

    async def _write(self, ending: Callable[[], None]) -> None:
        """Write an end into the journal, also while the run is being cancelled."""
        await asyncio.shield(self.place.tools.aside(ending))

    async def settle(self) -> None:
        """Write down what the answered requests cost: what the provider said, or else what was
        reserved. Called when the asset is kept, so that what is killed before is unconfirmed.
        """
        open_, self._open = self._open, []
        for number, (reservation, _) in enumerate(open_):
            share = None if self.cost is None else self.cost if number == 0 else 0.0
            await self._write(partial(reservation.paid, share))
        if not open_:
            return
        reserved = sum(dollars for _, dollars in open_)
        self.spent = reserved if self.cost is None else self.cost
        if self.spent > reserved > 0:
            which = self.choice.kind, self.choice.name
            self.place.tools.dearer[which] = self._dearer * self.spent / reserved
        self._tell(self.spent, sure=True)


# A step of a section: its begin and its end are told, and its error becomes a value.


log = logging.getLogger("vidkit.pipeline")


@dataclass(frozen=True)
class Got(Generic[T]):
    """What a step gave, who made it, and whether it was in the store already."""

    value: T
    by: str
    kept: bool


@dataclass(frozen=True)
class Done(Generic[T]):
    """A step that ended: its value or the error in its place, who did it, and for how long."""

    value: T | None
    by: str
    seconds: float
    failure: Exception | None = None
    kept: bool = False


async def done(
    place: LessonContext, index: int, step: Step, by: str, work: Callable[[], Awaitable[Got[T]]]
) -> Done[T]:
    """Do one step of the section at `index`, tell of its begin and end, and make its error a
    value; only a cancelled run passes through. by: who is asked first.
    """
    began = place.now()
    place.tell(StepStarted(began, place.position, index, step, by))

    def over(
        by: str, outcome: Outcome, path: Path | None = None, error: str | None = None
    ) -> float:
        now = place.now()
        seconds = now - began
        place.tell(StepEnded(now, place.position, index, step, by, outcome, seconds, path, error))
        return seconds

    try:
        got = await work()
    except asyncio.CancelledError as error:
        if cancelled():
            over(by, "cancelled")
            raise
        if place.ending:
            return Done(None, by, over(by, "cancelled"), Cancelled("not begun any more"))
        failure: Exception = broken_off(by, error)
    except Exception as error:
        failure = error
    except GeneratorExit:
        raise
    except BaseException as error:  # such as SystemExit, which is not the provider's to raise
        failure = ProviderError(f"{by}: {ended_all(error)}")
    else:
        path = got.value if isinstance(got.value, Path) else getattr(got.value, "path", None)
        seconds = over(got.by, "kept" if got.kept else "made", path)
        return Done(got.value, got.by, seconds, None, got.kept)
    place.met(failure)
    place.stop_at(index, told(failure))
    return Done(None, by, over(by, "failed", error=told(failure)), failure)


def cancelled() -> bool:
    """Whether it is the running task that somebody cancels, and not what it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def broken_off(by: str, error: asyncio.CancelledError) -> ProviderError:
    """The error for a call that its provider cancelled itself."""
    return ProviderError(f"{by} broke off the call: {error or 'cancelled'}")


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


# A part of a section, its image or its narration: from the store, or made by the first of its
# providers that gives one.


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

    place: LessonContext
    index: int
    kind: PartKind
    fresh: bool
    chosen: bool
    choices: tuple[Candidate, ...] = field(init=False)
    failures: list[tuple[Candidate, Exception]] = field(default_factory=list)
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

    async def _asked(self) -> Sequence[Candidate]:
        """Whom to ask. A section that is not to be made in this run takes what the store has,
        whoever made it.
        """
        if self.chosen or len(self.choices) == 1:
            return self.choices
        tools = self.place.tools
        there = await tools.aside(stored, self.choices, tools.store)
        return [there[0]] if there else self.choices

    async def _asset(self, choice: Candidate) -> tuple[Asset, bool]:
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

    async def _made(self, choice: Candidate, key: str, bill: Bill) -> Asset:
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

    async def _earlier(self) -> tuple[Candidate, Asset] | None:
        """An earlier take of a provider that was to make it anew and did not: better than what
        takes its place.
        """
        if not self.fresh or len(self.choices) == 1:
            return None
        tools = self.place.tools
        return await tools.aside(stored, [self.failures[-1][0]], tools.store)

    async def _taken(self, choice: Candidate, asset: Asset, kept: bool) -> Got[Part]:
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

    def _falls(self) -> list[Fallback]:
        return [
            Fallback(choice.name, type(error).__name__, told(error))
            for choice, error in self.failures
        ]

    def _failure(self) -> Exception:
        """Why none of the providers gave it."""
        errors = [error for _, error in self.failures]
        if len(errors) == 1 or all(isinstance(error, OverBudget) for error in errors):
            return errors[0]
        return ProviderError("; ".join(map(str, self._falls())))


CARD_SECONDS = 3.0
"""How long a placeholder without a narration stands."""


@dataclass
class SectionWork:
    """Makes one section; `cut`, `clip` and `words` are what the join needs of it."""

    place: LessonContext
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
