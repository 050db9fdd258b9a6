"""One section: its image beside its narration, then its clip.

From here on an error is a value. What goes wrong with a section is told in its
`SectionReport` and disturbs nobody else; only a cancelled run passes through.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from types import TracebackType
from typing import Any

from ..core.errors import Cancelled, MediaError, OverBudget, ProviderError
from ..core.events import Noticed, Outcome, SectionEnded, State, Step, StepEnded, StepStarted
from ..core.loop import ended_all
from ..media.clips import Clip
from ..models.lesson import Film, Section
from ..providers.base import VoiceAsk
from ..providers.conversation import handed_text
from ..report.reports import SectionReport
from ..store import Asset
from ..store.store import unkept
from ..text.captions import Word
from ..text.maths import plain
from .assets import (
    Cached,
    Candidate,
    Content,
    ProviderCall,
    cached,
    candidates_in,
    clip_key_fields,
    find,
    find_stored,
)
from .context import Fallback, LessonContext, PartKind, describe
from .output import part_stem
from .reveal import Following, reveal_of, spoken_words

CARD_SECONDS = 3.0
"""How long a placeholder without a narration stands."""


@dataclass
class StepRecord:
    """One step of a section, or of the lesson (None), from its begin to its end:

        with StepRecord(context, 3, "clip", "vidkit") as step:
            …
            step.done(path)

    Begin and end are emitted, and an error within becomes its `failure`; only a cancelled run
    passes through. by: who is asked first, and then who did it. hit: the store had it.
    """

    context: LessonContext
    index: int | None
    step: Step
    by: str
    path: Path | None = None
    hit: bool = False
    seconds: float = 0.0
    failure: Exception | None = None
    _began: float = 0.0

    def done(self, path: Path | None, *, by: str | None = None, hit: bool = False) -> None:
        """Say what came of it."""
        self.path, self.by, self.hit = path, by or self.by, hit

    def __enter__(self) -> StepRecord:
        context, self._began = self.context, self.context.now()
        begin = StepStarted(self._began, context.position, self.index, self.step, self.by)
        context.emit(begin)
        return self

    def __exit__(
        self, kind: object, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None:
            self._end("kept" if self.hit else "made")
            return True
        if isinstance(error, GeneratorExit):
            return False
        if isinstance(error, asyncio.CancelledError) and is_cancelled():
            self._end("cancelled")
            return False
        if isinstance(error, asyncio.CancelledError) and self.context.ending:
            self.failure = Cancelled("not begun any more")
            self._end("cancelled")
            return True
        self.failure = _as_failure(self.by, error)
        self.context.note_error(self.failure)
        why = describe(self.failure)
        if self.index is not None:
            self.context.stop_at(self.index, why)
        self._end("failed", why)
        return True

    def _end(self, outcome: Outcome, why: str | None = None) -> None:
        context, now = self.context, self.context.now()
        self.seconds = now - self._began
        which = (context.position, self.index, self.step, self.by)
        context.emit(StepEnded(now, *which, outcome, self.seconds, self.path, why))


def is_cancelled() -> bool:
    """Whether it is the running task that somebody cancels, and not what it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _as_failure(by: str, error: BaseException) -> Exception:
    """What went wrong as an error of the step, by whoever did it."""
    if isinstance(error, asyncio.CancelledError):  # by the provider itself
        return ProviderError(f"{by} broke off the call: {error or 'cancelled'}")
    if isinstance(error, Exception):
        return error
    # such as SystemExit, which is not a provider's to raise
    return ProviderError(f"{by}: {ended_all(error)}")


@dataclass
class PartTask:
    """Has the image or the narration of the section at `index`: from the store, or made by the
    first of its candidates that gives one.

    fresh: make it anew although the store has it. chosen: whether the section is to be made in
    this run; what it has counts where it is not. had: the part, None where there is none.
    """

    context: LessonContext
    index: int
    kind: PartKind
    fresh: bool
    chosen: bool
    candidates: tuple[Candidate, ...] = field(init=False)
    step: StepRecord = field(init=False)
    had: Cached | None = None
    taken: Candidate | None = None
    dollars: float = 0.0
    _failures: list[tuple[Candidate, Exception]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.candidates = candidates_in(self.context, self.kind, self.index)
        self.step = StepRecord(self.context, self.index, self.kind, self.candidates[0].name)

    async def run(self) -> PartTask:
        """Have the part; an error is its step's."""
        with self.step:
            await self._obtain()
        return self

    async def _obtain(self) -> None:
        """Ask one candidate after the other.

        Raises the error of the only one, or one that tells those of all.
        """
        for candidate in await self._asked():
            await self.context.checkpoint()
            try:
                return self._take(candidate, await self._ask(candidate))
            except (ProviderError, MediaError) as error:
                self._failures.append((candidate, error))
            except asyncio.CancelledError as error:
                if is_cancelled() or self.context.ending:
                    raise
                self._failures.append((candidate, _as_failure(candidate.name, error)))
            if earlier := await self._earlier(candidate):
                return self._take(candidate, earlier)
        raise self._failure()

    async def _asked(self) -> Sequence[Candidate]:
        """Whom to ask. A section that is not to be made in this run takes what the store has,
        whoever made it.
        """
        if self.chosen or len(self.candidates) == 1:
            return self.candidates
        runtime = self.context.runtime
        there = await runtime.run_in_thread(find_stored, self.candidates, runtime.store)
        return [there[0]] if there else self.candidates

    async def _ask(self, candidate: Candidate) -> Cached:
        """What a provider gives or gave."""
        last = candidate is self.candidates[-1]
        call = ProviderCall(self.context, self.index, candidate, self.fresh, last)
        try:
            return await cached(
                self.context,
                lambda: candidate.key(self.context.runtime.store),
                call.make,
                stem=self._stem,
                fresh=self.fresh,
            )
        finally:
            call.emit_spent()
            self.dollars += call.spent or 0.0

    async def _earlier(self, candidate: Candidate) -> Cached | None:
        """An earlier version by a provider that was to make it anew and did not: better than
        what takes its place.
        """
        if not self.fresh or len(self.candidates) == 1:
            return None
        return await self.context.runtime.run_in_thread(self._find_earlier, candidate)

    def _find_earlier(self, candidate: Candidate) -> Cached | None:
        with suppress(ProviderError):
            return find(self.context, candidate.key(self.context.runtime.store), self._stem)
        return None

    def _take(self, candidate: Candidate, had: Cached) -> None:
        """Be content with this; what is to be said of it goes into the report."""
        context, number = self.context, self.index + 1
        notes = [f"section {number}: {note}" for note in had.asset.about.get("notes", ())]
        context.notes.extend(notes)
        if getattr(candidate.maker, "online", False) and not had.hit:
            # what a service gave that is not as it should be: somebody may still listen to it
            for note in notes:
                context.emit(Noticed(context.now(), context.position, note))
        if self._failures:
            failed = {each.name for each, _ in self._failures}
            by = None if candidate.name in failed else candidate.name
            section = (context.position, number)
            news = context.fallbacks.add(self.kind, section, by, self._fallbacks())
            if news is not None:
                context.emit(Noticed(context.now(), context.position, news))
        elif candidate.why and candidate.why not in context.notes:
            context.notes.append(candidate.why)
        self.had, self.taken = had, candidate
        self.step.done(had.path, by=candidate.name, hit=had.hit)

    @property
    def spoken(self) -> str | None:
        """The words that the voice was handed, where it says so."""
        if self.taken is None or not isinstance(self.taken.ask, VoiceAsk):
            return None
        with suppress(ProviderError):
            return handed_text(self.taken.maker, self.taken.ask)
        return None

    @property
    def _stem(self) -> str:
        return part_stem(self.kind, self.index)

    def _fallbacks(self) -> list[Fallback]:
        return [
            Fallback(candidate.name, type(error).__name__, describe(error))
            for candidate, error in self._failures
        ]

    def _failure(self) -> Exception:
        """Why none of the providers gave it."""
        errors = [error for _, error in self._failures]
        if len(errors) == 1 or all(isinstance(error, OverBudget) for error in errors):
            return errors[0]
        return ProviderError("; ".join(map(str, self._fallbacks())))


@dataclass
class ClipTask:
    """Cuts a clip from a picture and a narration, or from a picture alone.

    seal: the digest of the picture. following: how the picture follows the voice. film: what is
    played in its place.
    """

    context: LessonContext
    index: int
    picture: Path | bytes
    seal: str
    voice: Cached | None
    following: Following | None = None
    film: Film | None = None

    def key(self) -> str:
        """The clip's key. Blocks."""
        voice, frame = self.voice.asset.sha256 if self.voice else None, self.context.frame
        fields = clip_key_fields(self.seal, voice, frame, self.following, self.film)
        return self.context.key("clip", fields)

    async def make(self, key: str) -> Content:
        """The clip, where the store can take it in."""
        context = self.context
        scratch = context.scratch(f"{part_stem('clip', self.index)}.mp4")
        clip = await context.encode(
            scratch,
            context.runtime.media.make_clip,
            self.picture,
            self.voice.content if self.voice else None,
            section=self.index,
            step="clip",
            seconds=None if self.voice else CARD_SECONDS,
            **({"reveal": self.following} if self.following else {}),
            **({"film": self.film} if self.film else {}),
        )
        if self.film and await context.runtime.run_in_thread(self.key) != key:
            await context.discard(scratch)
            raise MediaError(f"{self.film.file.name} was changed while it was read; run again")
        return Content(scratch, ".mp4", clip_facts(clip))


def clip_facts(clip: Clip) -> dict[str, Any]:
    """What is known of a clip besides where it lies, to be kept with it."""
    loudness = clip.loudness  # -inf is that of silence, and no number that JSON has
    return {
        "kind": "clip",
        "seconds": clip.seconds,
        "frames": clip.frames,
        "samples": clip.samples,
        "speech": list(clip.speech),
        **({"loudness": round(loudness, 2)} if loudness is not None and loudness > -100 else {}),
    }


@dataclass
class SectionTask:
    """Makes one section; `cut`, `clip` and `words` are what the join needs of it, and `image` what
    the review looks at.
    """

    context: LessonContext
    index: int
    cut: Clip | None = None
    clip: Asset | None = None
    words: tuple[Word, ...] = ()
    headline: str = ""
    image: Cached | None = None

    async def make(self) -> SectionReport:
        """Image and narration in a worker slot, then the clip, which holds no slot."""
        context = self.context
        async with context.slots:
            await context.checkpoint()
            image, audio = await self._parts()
        context.calls_made()
        clip = await self._make_clip(image, audio)
        if clip.failure and context.settings.on_failure == "placeholder":
            failure, clip = clip.failure, await self._make_clip(None, None)
            clip.failure = failure
        report = self._report(image, audio, clip)
        context.emit(
            SectionEnded(context.now(), context.position, self.index, report.state, report.error)
        )
        return report

    async def _parts(self) -> tuple[PartTask, PartTask]:
        image, audio = self._part("image"), self._part("audio")
        if not self.context.settings.concurrent_parts:
            return await image.run(), await audio.run()
        async with asyncio.TaskGroup() as both:
            both.create_task(image.run())
            both.create_task(audio.run())
        return image, audio

    def _part(self, kind: PartKind) -> PartTask:
        return PartTask(self.context, self.index, kind, self._fresh(kind), self._chosen)

    async def _make_clip(self, image: PartTask | None, audio: PartTask | None) -> StepRecord:
        """The section's clip, or that of its placeholder, or none."""
        step = StepRecord(self.context, self.index, "clip", "vidkit")
        drawn, spoken = image.had if image else None, audio.had if audio else None
        if (drawn and spoken) or self.context.settings.on_failure == "placeholder":
            with step:
                language, about = self.context.lesson.language, spoken.asset.about if spoken else {}
                self.words = spoken_words(about, self.section, language)
                task = await self._clip_task(drawn, spoken)
                await self._cut(task, step)
        return step

    async def _clip_task(self, drawn: Cached | None, spoken: Cached | None) -> ClipTask:
        """What is to be cut: the section's own picture, or the card of a placeholder."""
        if drawn and spoken:
            self.image = drawn
            self.headline = str(drawn.asset.about.get("headline", ""))
            seal, context = drawn.asset.sha256, self.context
            if (film := self.section.video) is not None:
                return ClipTask(context, self.index, drawn.content, seal, spoken, film=film)
            following = reveal_of(
                drawn.asset.about,
                self.words,
                self.section,
                context.lesson.language,
                context.settings,
                drawn.content,
            )
            return ClipTask(context, self.index, drawn.content, seal, spoken, following)
        runtime, heading = self.context.runtime, f"Section {self.index + 1} is missing"
        size = self.context.frame.size
        card = await runtime.run_in_thread(runtime.card, heading, self.title, size)
        return ClipTask(self.context, self.index, card, hashlib.sha256(card).hexdigest(), spoken)

    async def _cut(self, task: ClipTask, step: StepRecord) -> None:
        """Have the clip, with its effects where it has any."""
        context = self.context
        effects = context.settings.effects.get(self.index + 1)
        stem = None if effects else part_stem("clip", self.index)
        had = await cached(context, task.key, task.make, stem=stem, fresh=self._fresh("clip"))
        if effects:
            had = await self._with_effects(had.asset, effects)
        assert had.path is not None
        self.clip = had.asset
        # read where nobody else writes: what somebody does to an output reaches nothing
        kept, about = context.runtime.store.keeps and not effects, had.asset.about
        facts = {name: about[name] for name in ("seconds", "frames", "samples")}
        path = had.asset.path if kept else had.path
        self.cut = Clip(path, **facts, speech=tuple(about["speech"]))
        step.done(had.path, hit=had.hit)

    async def _with_effects(self, plain: Asset, effects: Sequence[Any]) -> Cached:
        """The clip after moviepy's effects. It is not kept: nobody can tell whether a function
        is the one that it was. The words are spread over its new length.
        """
        context, runtime = self.context, self.context.runtime
        name = f"{part_stem('clip', self.index)}.mp4"
        scratch = context.output.scratch(name)
        try:
            clip = await context.encode(
                scratch,
                runtime.media.apply_effects,
                plain.path,
                effects,
                section=self.index,
                step="clip",
            )
        finally:
            if not runtime.store.keeps:
                await context.discard(plain.path)
        pace = clip.seconds / plain.about["seconds"]
        self.words = tuple(Word(w.text, w.start * pace, w.end * pace) for w in self.words)
        asset = await runtime.run_in_thread(
            unkept, plain.key, scratch, "clip", ".mp4", clip_facts(clip)
        )
        return Cached(asset, await runtime.run_in_thread(context.output.take, name, asset), False)

    @property
    def section(self) -> Section:
        """The section as the lesson has it."""
        return self.context.lesson.sections[self.index]

    @property
    def title(self) -> str:
        """The section's title, or the headline of its slide, or its number where it has none."""
        title = plain(self.section.title or "") or self.headline
        return title or f"Section {self.index + 1}"

    @property
    def _chosen(self) -> bool:
        """Whether the section is among those that are to be made."""
        only = self.context.settings.only
        return only is None or self.index + 1 in only

    def _fresh(self, kind: Step) -> bool:
        """Whether this is to be made anew although it is in the store."""
        return self._chosen and self.context.settings.force in (kind, "all")

    def _report(self, image: PartTask, audio: PartTask, clip: StepRecord) -> SectionReport:
        steps: dict[Step, StepRecord] = {"image": image.step, "audio": audio.step, "clip": clip}
        failures = {step: record.failure for step, record in steps.items() if record.failure}
        worked = self.context.worked
        return SectionReport(
            index=self.index,
            title=self.section.title,
            state=_state([*failures.values()], clip.path),
            image=image.step.path,
            audio=audio.step.path,
            clip=clip.path,
            image_by=image.step.by,
            voice_by=audio.step.by,
            spoken=audio.spoken,
            length=self.cut.seconds if self.cut else None,
            seconds={step: record.seconds for step, record in steps.items()},
            work={step: fmean(took) for step in steps if (took := worked.get((self.index, step)))},
            kept=tuple(step for step, record in steps.items() if record.hit),
            dollars=image.dollars + audio.dollars,
            error="; ".join(f"{step}: {describe(why)}" for step, why in failures.items()) or None,
            kinds=tuple(type(why).__name__ for why in failures.values()),
        )


def _state(failures: Sequence[Exception], clip: Path | None) -> State:
    """How a section ended, from what failed, and whether it has a clip nevertheless."""
    if not failures:
        return "made"
    if clip is not None:
        return "placeholder"
    if all(isinstance(failure, Cancelled) for failure in failures):
        return "cancelled"
    return "over budget" if any(isinstance(f, OverBudget) for f in failures) else "failed"
