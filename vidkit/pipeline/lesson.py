"""One lesson: its sections beside each other, then joined in the lesson's order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from ..core.errors import (
    Cancelled,
    MediaError,
    NothingMade,
    ProviderError,
    SettingsError,
    StoreError,
    VidkitError,
)
from ..core.events import LessonEnded, LessonStarted, Noticed, SectionEnded
from ..core.format import in_sections, printable
from ..core.loop import run_to_end
from ..core.paths import shortened
from ..core.system import vidkit_version
from ..media.clips import Clip
from ..models.editing import lesson_json
from ..models.files import MOST_SOUND, digest_of
from ..models.lesson import Section
from ..report.reports import SectionReport, VideoReport
from ..store import Asset
from ..store.ledger import Money
from ..text.captions import Cue, Word, cues, to_srt, to_vtt, turn_cues
from ..text.maths import plain
from .assets import (
    MEDIA_VERSION,
    Cached,
    Candidate,
    Content,
    cached,
    candidates_in,
    find_stored,
    keys_of,
)
from .context import LessonContext, as_ours, describe, work_name
from .output import POSTER, SHEET, SRT, VIDEO, VTT
from .review import VERSION as REVIEW_VERSION
from .review import Spoken
from .section import SectionTask, StepRecord


def select_sections(context: LessonContext) -> tuple[int, ...]:
    """The positions of the sections that the video will have: all, or with `only` those; with
    `join="all"` the others too as far as the store has them, and a note says which it has not.
    Blocks.

    Raises `SettingsError` where one beyond the last is to be made, or to have effects.
    """
    there, only = len(context.lesson.sections), context.settings.only
    for name, numbers in (("only", only or ()), ("effects", context.settings.effects)):
        if beyond := [number for number in numbers if number > there]:
            raise SettingsError(
                f"{name}={shortened(beyond[0])}: {context.lesson.path.name} has "
                f"{there} sections, counted from 1"
            )
    if only is None:
        return tuple(range(there))
    chosen = [index for index in range(there) if index + 1 in only]
    if context.settings.join == "only":
        return tuple(chosen)
    others = [index for index in range(there) if index + 1 not in only]
    store = context.runtime.store
    stored = [i for i in others if all(find_stored(part, store) for part in _parts(context, i))]
    if missing := [index + 1 for index in others if index not in stored]:
        context.notes.append(
            f"{in_sections(missing)}: not in the video, for the store has no image or no narration "
            "there; run without `only` to have all made"
        )
    return tuple(sorted(chosen + stored))


def needed_keys(context: LessonContext) -> list[str]:
    """The keys of all images and narrations of the lesson, also of sections that are not to be
    made now: nobody may prune them until it is finished.
    """
    there = range(len(context.lesson.sections))
    return [
        key
        for index in there
        for part in _parts(context, index)
        for _, key in keys_of(part, context.runtime.store)
    ]


_FAULTY = {
    "skip": "is left out of the video",
    "placeholder": "is a card in the video",
    "stop": "stops the lesson",
}


def faults_of_slides(context: LessonContext, indexes: Iterable[int]) -> list[str]:
    """What is wrong with slides that are about to be drawn, before anything is, and what becomes of
    their sections. Blocks.
    """
    name, what = context.lesson.path.name, _FAULTY[context.settings.on_failure]
    faults = []
    for index in indexes:
        several = _parts(context, index)[0] if context.lesson.sections[index].slide else ()
        if [each.maker.name for each in several] != ["slides"]:
            continue  # nothing is wrong that nobody else may make good
        if find_stored(several, context.runtime.store):
            continue
        try:
            several[0].maker.slide(several[0].ask)
        except ProviderError as error:
            faults.append(f"{name}: section {index + 1} {what} until this is mended: {error}")
    return faults


def _parts(context: LessonContext, index: int) -> tuple[tuple[Candidate, ...], ...]:
    """Who may make a section's image, and who its narration."""
    return candidates_in(context, "image", index), candidates_in(context, "audio", index)


async def make_here(context: LessonContext) -> VideoReport:
    """Make a lesson on this machine, and emit its begin and its end whatever comes of it. Errors
    are as those of `select_sections` and `make_lesson`.
    """
    try:
        indexes = await context.runtime.run_in_thread(select_sections, context)
    except Exception as error:
        now, position, name = context.now(), context.position, context.lesson.name
        context.emit(LessonStarted(now, position, name, (), context.output.folder))
        context.emit(LessonEnded(now, position, name, None, str(as_ours(error))))
        raise
    return await make_lesson(context, indexes)


async def make_lesson(context: LessonContext, indexes: Sequence[int]) -> VideoReport:
    """Make the sections of a lesson at `indexes`, and their video, and give its report; what
    went wrong is in it. A cancelled run writes the report of what there is before it lets go.

    Raises `VidkitError` where the lesson cannot even begin (the folder is not ours to write).
    """
    task, name = LessonTask(context, indexes), context.lesson.name
    folder = context.output.folder
    context.emit(LessonStarted(context.now(), context.position, name, task.indexes, folder))
    for warning in context.lesson.warnings:
        context.emit(Noticed(context.now(), context.position, warning))
    unsubscribe = context.runtime.events.subscribe(context.on_event)
    beginning = asyncio.ensure_future(context.runtime.run_in_thread(task.begin))
    try:
        await asyncio.shield(beginning)
        for fault in await context.runtime.run_in_thread(faults_of_slides, context, indexes):
            context.emit(Noticed(context.now(), context.position, fault))
        return await task.make()
    except Exception as error:
        context.note_error(error)
        task.failure = as_ours(error)
        raise
    except asyncio.CancelledError:
        task.failure = task.failure or Cancelled("cancelled; what was finished is kept")
        raise
    finally:
        unsubscribe()
        await asyncio.wait([beginning])
        # a cancelled run still says what it left behind
        await run_to_end(context.runtime.run_in_thread(task.end))
        why = str(task.failure) if task.failure else None
        context.emit(LessonEnded(context.now(), context.position, name, task.video, why))


class LessonTask:
    """Makes one lesson. `video` and `failure` say how far it came."""

    def __init__(self, context: LessonContext, indexes: Sequence[int]) -> None:
        self.context = context
        self.indexes = tuple(indexes)
        self.began = context.now()
        self.sections = [SectionTask(context, index) for index in self.indexes]
        self.reports: dict[int, SectionReport] = {}
        self.video: Path | None = None
        self.length = 0.0
        self.failure: VidkitError | None = None
        self.money = Money()
        self.review: Mapping[str, Any] | None = None
        self._joined_in = 0.0
        self._reported = False

    def begin(self) -> None:
        """Claim the folder, and note in the ledger what the lesson needs. Blocks."""
        context, store = self.context, self.context.runtime.store
        context.output.claim(self.indexes, self.report().as_json() | {"state": "under way"})
        keys = needed_keys(context) if store.keeps else []
        context.run = store.journal.begin_run(lesson=context.name_in_ledger, keys=keys)

    def end(self) -> None:
        """Note in the ledger that the run on this lesson is over, and let go of the folder.
        Blocks.
        """
        context = self.context
        try:
            if not self._reported:  # cancelled before its first section
                with suppress(VidkitError):
                    self._write_report()
            if context.run is not None:
                with suppress(StoreError):
                    context.runtime.store.journal.end_run(
                        run=context.run, finished=self.finished, seconds=self._seconds()
                    )
        finally:
            context.output.release()

    def _seconds(self) -> dict[str, float]:
        """What each kind of work usually took, as the ledger remembers it for plans; the join for
        each of its clips. The first of a kind may wait for a process to start, so it is the median.
        """
        took: dict[str, list[float]] = {}
        for report in self.reports.values():
            by = {"image": report.image_by, "audio": report.voice_by, "clip": None}
            for step, seconds in report.work.items():
                what = work_name(step, by[step], self.context.settings)
                took.setdefault(what, []).append(seconds)
        found = {what: median(several) for what, several in took.items()}
        cut = work_name("clip", None, self.context.settings)
        if self._joined_in and cut in found:
            found[work_name("join", None, self.context.settings)] = self._joined_in
        return found

    async def make(self) -> VideoReport:
        """The sections, then the video, then the report."""
        try:
            await self._make_sections()
            await self._join()
        except asyncio.CancelledError:
            self.failure = Cancelled("cancelled; what was finished is kept")
            raise
        except Exception as error:
            self.context.note_error(error)
            self.failure = as_ours(error)
        finally:
            # a cancelled run still says what it left behind
            try:
                await run_to_end(self.context.runtime.run_in_thread(self._write_report))
            except VidkitError as error:
                self.context.note_error(error)
                self.context.notes.append(str(error))
                self.failure = self.failure or error
        return self.report()

    @property
    def finished(self) -> bool:
        """Whether every section of the lesson is in the video as it should be."""
        there = len(self.context.lesson.sections)
        made = sum(report.made for report in self.reports.values())
        return self.video is not None and made == there

    def report(self) -> VideoReport:
        """What came of the lesson so far."""
        context = self.context
        waiting = SectionReport(0, state="cancelled", error="not made")
        return VideoReport(
            lesson=context.lesson.path,
            folder=context.output.folder,
            path=self.video,
            title=context.lesson.title,
            sections=tuple(
                self.reports.get(i)
                or replace(waiting, index=i, title=context.lesson.sections[i].title)
                for i in self.indexes
            ),
            seconds=context.now() - self.began,
            length=self.length,
            failure=self.failure,
            notes=(*context.lesson.warnings, *context.notes, *context.fallbacks),
            dollars=self.money.paid,
            unconfirmed=self.money.unconfirmed,
            review=self.review,
        )

    async def _make_sections(self) -> None:
        """All sections at once, as far as the slots allow. None disturbs another; after a stop
        none begins, and those under way are finished.
        """
        context = self.context
        context.calling = len(self.sections)
        tasks = [asyncio.create_task(self._make_section(section)) for section in self.sections]
        try:
            await asyncio.wait(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        if stop := context.stop or context.runtime.control.stop:
            raise stop
        for task in tasks:
            task.result()

    async def _make_section(self, section: SectionTask) -> None:
        context = self.context
        try:
            self.reports[section.index] = await section.make()
        except asyncio.CancelledError:
            now = context.now()
            context.emit(SectionEnded(now, context.position, section.index, "cancelled"))
            raise

    async def _join(self) -> None:
        """The video of the sections that have a clip, and its pictures."""
        context = self.context
        pieces = self._pieces()
        if not pieces:
            first = next(iter(sorted(self.reports.items())))[1].error
            raise NothingMade(
                f"{context.lesson.path.name}: no section could be made; the first: {first}"
            )
        began, task = context.now(), VideoTask(context, [*pieces.values()], self._captions(pieces))
        video = await task.join()
        self.video, self.length = video.path, video.asset.about["seconds"]
        await task.add_pictures()
        self.review = await self._reviewed(pieces)
        self._joined_in = (context.now() - began) / len(pieces)

    async def _reviewed(self, pieces: dict[int, Piece]) -> Mapping[str, Any] | None:
        """What can be measured of the lesson's teaching, as it was made; None where nobody asks."""
        context, settings = self.context, self.context.settings
        if context.runtime.review is None:
            return None
        spoken = {
            section.index: Spoken(
                section.words,
                pieces[section.index].cut.seconds,
                pieces[section.index].clip.about.get("loudness"),
                section.image,
            )
            for section in self.sections
            if section.index in pieces
        }
        shaping = ("images", "voice", "size", "rate", "gap", "reveal")
        of = [
            REVIEW_VERSION,
            vidkit_version(),
            await context.runtime.run_in_thread(lesson_json, context.lesson),
            [str(getattr(settings, name)) for name in shaping],
            [[index, *each.shaping] for index, each in spoken.items()],
        ]
        try:
            inputs = (context.lesson, settings, spoken)
            measure = context.runtime.review
            found = await drawn(context, "review", of, measure, *inputs, suffix=".json")
            return dict(json.loads(await context.runtime.run_in_thread(found.read)))
        except Exception as error:  # the video is there: what looks at it takes it from nobody
            if not any(describe(error) in (each.error or "") for each in self.reports.values()):
                context.notes.append(f"no review of its teaching: {describe(error)}")
            return None

    def _pieces(self) -> dict[int, Piece]:
        """The clips that there are, by the position of their sections."""
        cuts = [section.cut for section in self.sections if section.cut]
        pieces: dict[int, Piece] = {}
        if not cuts:
            return pieces
        starts = iter(self.context.runtime.media.section_starts(cuts))
        for section in self.sections:
            if section.cut and section.clip:
                start = next(starts)
                pieces[section.index] = Piece(section.title, section.cut, section.clip, start)
                self.reports[section.index] = replace(self.reports[section.index], start=start)
        return pieces

    def _captions(self, pieces: dict[int, Piece]) -> list[Cue]:
        return [
            cue
            for section in self.sections
            if section.index in pieces and self.reports[section.index].audio is not None
            for cue in captions(pieces[section.index], section.section, section.words)
        ]

    def _write_report(self) -> None:
        """Write the lesson's report. Blocks."""
        self._reported, context = True, self.context
        context.notes += context.output.notes
        self.money = context.runtime.store.journal.spent(run=context.run)
        if context.settings.force is None:
            context.notes += self.money.notes
        context.output.write_report(self.report().as_json())


@dataclass(frozen=True)
class Piece:
    """A section's clip as the video has it. cut: where it lies; start: in the video, in seconds."""

    title: str
    cut: Clip
    clip: Asset
    start: float


def captions(piece: Piece, section: Section, words: Sequence[Word]) -> list[Cue]:
    """The captions of a section's clip, at their times in the video."""
    end = piece.start + piece.cut.seconds
    if turns := section.spoken_turns:
        told = [(turn.speaker, turn.text) for turn in turns]
        return turn_cues(told, words, piece.start, end, piece.cut.speech)
    return cues(section.content, words, piece.start, end, piece.cut.speech)


PICTURES_VERSION = 2
"""Counts up when the poster or the contact sheet shows something else of the same clips."""


@dataclass
class VideoTask:
    """Joins the clips of a lesson."""

    context: LessonContext
    pieces: Sequence[Piece]
    cues: Sequence[Cue]

    async def join(self) -> Cached:
        """The lesson's video with its captions in the output folder. Raises what went wrong."""
        context = self.context
        with StepRecord(context, None, "join", "vidkit") as step:
            await context.runtime.run_in_thread(self._publish_captions)
            video = await cached(context, self.key, self.make, stem=Path(VIDEO).stem)
            step.done(video.path, hit=video.hit)
        if step.failure is not None:
            raise step.failure
        return video

    def _publish_captions(self) -> None:
        self.context.output.publish(VTT, to_vtt(self.cues).encode())
        self.context.output.publish(SRT, to_srt(self.cues).encode())

    async def add_pictures(self) -> None:
        """Write the poster and the contact sheet; without them a note says why."""
        context, media, pieces = self.context, self.context.runtime.media, self.pieces
        clips, seals = [p.cut.path for p in pieces], [p.clip.sha256 for p in pieces]
        titles, lengths = [p.title for p in pieces], [p.cut.seconds for p in pieces]
        of = [PICTURES_VERSION, *zip(seals, titles, lengths, strict=True)]
        sheet = (clips, titles, lengths, context.frame)
        first = [PICTURES_VERSION, seals[0]]
        try:
            await drawn(context, "poster", first, media.poster, clips[0], stem=Path(POSTER).stem)
            await drawn(context, "sheet", of, media.contact_sheet, *sheet, stem=Path(SHEET).stem)
        except Exception as error:  # the video is there, as for the review
            context.notes.append(f"no poster or contact sheet: {describe(error)}")

    @property
    def title(self) -> str:
        """The video's title: the lesson's, or its file's name."""
        lesson = self.context.lesson
        return plain(lesson.title or "") or printable(lesson.name, line=True)

    def key(self) -> str:
        """The key of all that shapes the video. Blocks. Raises `ProviderError` where its music
        cannot be read.
        """
        lesson, music = self.context.lesson, self.context.lesson.music
        fields = {
            "version": MEDIA_VERSION,
            "clips": [piece.clip.sha256 for piece in self.pieces],
            "titles": [piece.title for piece in self.pieces],
            "title": self.title,
            "language": lesson.language,
            "frame": dict(vars(self.context.frame)),
            "cues": [
                [cue.start, cue.end, cue.text, *([cue.speaker] if cue.speaker else [])]
                for cue in self.cues
            ],
        }
        if music:
            played = digest_of(music.file, MOST_SOUND)
            fields["music"] = {"sha256": played, "volume": music.volume}
        return self.context.key("video", fields)

    async def make(self, key: str) -> Content:
        """The video, with a cross-fade from each clip to the next where there are to be any."""
        context, music = self.context, self.context.lesson.music
        played: dict[str, Any] = {"music": music} if music else {}
        seams = await self._seams()
        scratch = context.scratch(VIDEO)
        try:
            joined = await context.encode(
                scratch,
                context.runtime.media.join_clips,
                [piece.cut.path for piece in self.pieces],
                step="join",
                titles=[piece.title for piece in self.pieces],
                title=self.title,
                language=context.lesson.language,
                cues=self.cues,
                seams=[seam.asset.path for seam in seams],
                **played,
            )
        finally:
            if not context.runtime.store.keeps:
                for seam in seams:
                    await context.discard(seam.asset.path)
        if music and await context.runtime.run_in_thread(self.key) != key:
            await context.discard(scratch)
            raise MediaError(f"{music.file.name} was changed while it was read; run again")
        return Content(scratch, ".mp4", {"kind": "video", "seconds": joined.seconds})

    async def _seams(self) -> list[Cached]:
        if self.context.frame.motion != "fade":
            return []
        return [await self._seam(*both) for both in pairwise(self.pieces)]

    async def _seam(self, before: Piece, after: Piece) -> Cached:
        """The cross-fade between two clips."""
        context = self.context
        fields = {
            "version": MEDIA_VERSION,
            "clips": [before.clip.sha256, after.clip.sha256],
            "frame": dict(vars(context.frame)),
        }

        async def make(_: str) -> Content:
            scratch, clips = context.scratch(VIDEO), (before.cut.path, after.cut.path)
            await context.encode(scratch, context.runtime.media.make_seam, *clips)
            return Content(scratch, ".mp4", {"kind": "seam"})

        return await cached(context, lambda: context.key("seam", fields), make)


async def drawn(
    context: LessonContext,
    kind: str,
    of: Sequence[object],
    draw: Callable[..., bytes],
    *inputs: object,
    suffix: str = ".png",
    stem: str | None = None,
) -> Cached:
    """A picture of the whole video, or what is measured of it: draw(*inputs). of: all that shapes
    it. stem: as in `cached`.
    """

    async def make(_: str) -> Content:
        async with context.runtime.cores:
            data = await context.runtime.run_in_thread(draw, *inputs)
        return Content(data, suffix, {"kind": kind})

    fields = {"version": MEDIA_VERSION, "of": of}
    return await cached(context, lambda: context.key(kind, fields), make, stem=stem)
