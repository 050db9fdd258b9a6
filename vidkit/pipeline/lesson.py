"""One lesson: its sections beside each other, then joined in the lesson's order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

from ..core.errors import Cancelled, NothingMade, SettingsError, StoreError, VidkitError
from ..core.events import (
    LessonEnded,
    LessonStarted,
    Noticed,
    Outcome,
    SectionEnded,
    StepEnded,
    StepStarted,
)
from ..core.format import printable
from ..core.paths import shortened
from ..report.reports import SectionReport, VideoReport
from ..store.ledger import Money
from ..store.store import Asset
from ..text.captions import Cue, cues, to_srt, to_vtt
from .assets import MEDIA_VERSION, Candidate, Tools, keys, seam_shape, stored, video_shape
from .context import LessonContext
from .output import POSTER, SHEET, SRT, VIDEO, VTT
from .section import SectionWork, obtain, told

# What is wanted of a lesson: which sections its video will have, and the assets they need.


def chosen(place: LessonContext) -> tuple[int, ...]:
    """The positions of the sections that the video will have: all, or with `only` those, and
    the others as far as the store has them. Raises `SettingsError` where one beyond the last is
    to be made, or to have effects.
    """
    there, only = len(place.lesson.sections), place.settings.only
    for name, numbers in (("only", only or ()), ("effects", place.settings.effects)):
        if beyond := [number for number in numbers if number > there]:
            raise SettingsError(
                f"{name}={shortened(beyond[0])}: {place.lesson.path.name} has "
                f"{there} sections, counted from 1"
            )
    if only is None:
        return tuple(range(there))
    return tuple(index for index in range(there) if index + 1 in only or _kept(place, index))


def part_keys(place: LessonContext) -> list[str]:
    """The keys of all images and narrations of the lesson, also of sections that are not to be
    made now: nobody may prune them until it is finished.
    """
    there = range(len(place.lesson.sections))
    return [key for index in there for part in _parts(place, index) for _, key in keys(part)]


def _parts(place: LessonContext, index: int) -> tuple[tuple[Candidate, ...], ...]:
    """Who may make a section's image, and who its narration."""
    return place.choices("image", index), place.choices("audio", index)


def _kept(place: LessonContext, index: int) -> bool:
    """Whether the store has a section's image and narration."""
    store = place.tools.store
    return all(stored(part, store) is not None for part in _parts(place, index))


Draw = Callable[[], bytes]


async def make_here(place: LessonContext) -> VideoReport:
    """Make the lesson at `place` on this machine, and tell of its begin and its end whatever comes
    of it. Errors are as those of `chosen` and `make_lesson`.
    """
    try:
        indexes = await place.tools.aside(chosen, place)
    except Exception as error:
        now, position, name = place.now(), place.position, place.lesson.name
        place.tell(LessonStarted(now, position, name, (), place.output.folder))
        place.tell(LessonEnded(now, position, name, None, str(as_ours(error))))
        raise
    return await make_lesson(place, indexes)


async def make_lesson(place: LessonContext, indexes: Sequence[int]) -> VideoReport:
    """Make the sections at `indexes` of the lesson at `place`, and their video, and give its
    report; what went wrong is in it. A cancelled run writes the report of what there is before
    it lets go.

    Raises `VidkitError` where the lesson cannot even begin (the folder is not ours to write).
    """
    work = LessonWork(place, indexes)
    name = place.lesson.name
    place.tell(LessonStarted(place.now(), place.position, name, work.indexes, place.output.folder))
    for warning in place.lesson.warnings:
        place.tell(Noticed(place.now(), place.position, warning))
    deaf = place.tools.events.subscribe(place.hear)
    beginning = asyncio.ensure_future(place.tools.aside(work.begin))
    try:
        await asyncio.shield(beginning)
        return await work.make()
    except Exception as error:
        place.met(error)
        work.failure = as_ours(error)
        raise
    except asyncio.CancelledError:
        work.failure = work.failure or Cancelled("cancelled; what was finished is kept")
        raise
    finally:
        deaf()
        await asyncio.wait([beginning])
        # shielded: a cancelled run still says what it left behind
        await asyncio.shield(place.tools.aside(work.end))
        why = str(work.failure) if work.failure else None
        place.tell(LessonEnded(place.now(), place.position, name, work.video, why))


class LessonWork:
    """Makes one lesson. `video` and `error` say how far it came."""

    def __init__(self, place: LessonContext, indexes: Sequence[int]) -> None:
        self.place = place
        self.indexes = tuple(indexes)
        self.began = place.now()
        self.sections = [SectionWork(place, index) for index in self.indexes]
        self.reports: dict[int, SectionReport] = {}
        self.video: Path | None = None
        self.length = 0.0
        self.failure: VidkitError | None = None
        self.money = Money()
        self.reported = False

    def begin(self) -> None:
        """Claim the folder, and note in the journal what the lesson needs. Blocks."""
        place = self.place
        place.output.claim(self.indexes, self.report().as_json() | {"state": "under way"})
        keys = part_keys(place) if place.tools.store.keeps else []
        place.run = place.tools.store.journal.begin_run(place.name_in_journal, keys)

    def end(self) -> None:
        """Note in the journal that the run on this lesson is over, and let go of the folder.
        Blocks.
        """
        place = self.place
        try:
            if not self.reported:  # cancelled before its first section
                with suppress(VidkitError):
                    self._write_report()
            if place.run is not None:
                with suppress(StoreError):
                    place.tools.store.journal.end_run(place.run, finished=self.finished)
        finally:
            place.output.release()

    async def make(self) -> VideoReport:
        """The sections, then the video, then the report."""
        try:
            await self._make_sections()
            await self._join()
        except asyncio.CancelledError:
            self.failure = Cancelled("cancelled; what was finished is kept")
            raise
        except Exception as error:
            self.place.met(error)
            self.failure = as_ours(error)
        finally:
            # shielded: a cancelled run still says what it left behind
            try:
                await asyncio.shield(self.place.tools.aside(self._write_report))
            except VidkitError as error:
                self.place.met(error)
                self.place.notes.append(str(error))
                self.failure = self.failure or error
        return self.report()

    @property
    def finished(self) -> bool:
        """Whether every section of the lesson is in the video as it should be."""
        there = len(self.place.lesson.sections)
        made = sum(report.made for report in self.reports.values())
        return self.video is not None and made == there

    def report(self) -> VideoReport:
        """What came of the lesson so far."""
        place = self.place
        waiting = SectionReport(0, state="cancelled", error="not made")
        return VideoReport(
            lesson=place.lesson.path,
            folder=place.output.folder,
            path=self.video,
            title=place.lesson.title,
            sections=tuple(
                self.reports.get(i)
                or replace(waiting, index=i, title=place.lesson.sections[i].title)
                for i in self.indexes
            ),
            seconds=place.now() - self.began,
            length=self.length,
            failure=self.failure,
            notes=(*place.lesson.warnings, *place.notes, *place.falls),
            dollars=self.money.paid,
            unconfirmed=self.money.unconfirmed,
        )

    async def _make_sections(self) -> None:
        """All sections at once, as far as the slots allow. None disturbs another; after a stop
        none begins, and those under way are finished.
        """
        place = self.place
        place.calling = len(self.sections)
        tasks = [asyncio.create_task(self._make_section(work)) for work in self.sections]
        try:
            await asyncio.wait(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        if stop := place.stop or place.tools.reins.stop:
            raise stop
        for task in tasks:
            task.result()

    async def _make_section(self, work: SectionWork) -> None:
        place = self.place
        try:
            self.reports[work.index] = await work.make()
        except asyncio.CancelledError:
            place.tell(SectionEnded(place.now(), place.position, work.index, "cancelled"))
            raise

    async def _join(self) -> None:
        works = [work for work in self.sections if work.cut is not None]
        if not works:
            first = next(iter(sorted(self.reports.items())))[1].error
            raise NothingMade(
                f"{self.place.lesson.path.name}: no section could be made; the first: {first}"
            )
        starts = self.place.tools.editor.starts([work.cut for work in works if work.cut])
        for work, start in zip(works, starts, strict=True):
            self.reports[work.index] = replace(self.reports[work.index], start=start)
        captions = self._cues(works, starts)
        await self._step(lambda: self._write_video(works, captions))
        try:
            await self._write_pictures(works)
        except Exception as error:
            self.place.notes.append(f"no poster or contact sheet: {told(error)}")

    def _cues(self, works: Sequence[SectionWork], starts: Sequence[float]) -> list[Cue]:
        told: list[Cue] = []
        for work, start in zip(works, starts, strict=True):
            if work.cut and self.reports[work.index].audio is not None:
                text, end = work.section.content, start + work.cut.seconds
                told += cues(text, work.words, start, end, work.cut.speech)
        return told

    async def _write_video(self, works: Sequence[SectionWork], captions: Sequence[Cue]) -> bool:
        """The video and its captions; gives whether the store had it."""
        place, tools = self.place, self.place.tools
        lesson, titles = place.lesson, [work.title for work in works]
        title = lesson.title or printable(lesson.name, line=True)
        clips = [work.clip for work in works if work.clip]
        shape = video_shape(clips, titles, title, lesson.language, place.frame, captions)

        async def join(key: str) -> Asset:
            seams = await self._seams(works)
            scratch = place.scratch(VIDEO)
            try:
                async with tools.cores:
                    with place.working(None, "join", "vidkit"):
                        joined = await place.written(
                            scratch,
                            tools.editor.join,
                            [work.cut.path for work in works if work.cut],
                            scratch,
                            place.frame,
                            titles=titles,
                            title=title,
                            language=lesson.language,
                            cues=captions,
                            seams=[seam.path for seam in seams],
                        )
                about = {"kind": "video", "seconds": joined.seconds}
                return await tools.aside(tools.store.keep, key, scratch, ".mp4", about)
            except BaseException:
                place.output.discard(scratch)
                raise
            finally:
                for seam in seams:
                    if not tools.store.keeps:
                        place.output.discard(seam.path)

        video, kept = await obtain(tools, partial(place.key, "video", shape), join)

        def publish() -> Path:
            place.output.publish(VTT, to_vtt(captions).encode())
            place.output.publish(SRT, to_srt(captions).encode())
            return place.output.take(VIDEO, video)

        self.video = await tools.aside(publish)
        self.length = video.about["seconds"]
        return kept

    async def _seams(self, works: Sequence[SectionWork]) -> list[Asset]:
        """The cross-fades from each section to the next, where there are to be any."""
        place, tools = self.place, self.place.tools
        if place.frame.motion != "fade":
            return []
        return [await self._seam(tools, one, other) for one, other in pairwise(works)]

    async def _seam(self, tools: Tools, before: SectionWork, after: SectionWork) -> Asset:
        place = self.place
        assert before.cut and before.clip and after.cut and after.clip
        shape = seam_shape(before.clip, after.clip, place.frame)
        clips = (before.cut.path, after.cut.path)

        async def make(key: str) -> Asset:
            scratch = place.scratch(VIDEO)
            try:
                async with tools.cores:
                    await place.written(scratch, tools.editor.seam, *clips, scratch, place.frame)
                return await tools.aside(tools.store.keep, key, scratch, ".mp4", {"kind": "seam"})
            except BaseException:
                place.output.discard(scratch)
                raise

        asset, _ = await obtain(tools, partial(place.key, "seam", shape), make)
        return asset

    async def _write_pictures(self, works: Sequence[SectionWork]) -> None:
        """The poster and the contact sheet."""
        place, tools = self.place, self.place.tools
        clips = [work.cut.path for work in works if work.cut]
        seals = [work.clip.sha256 for work in works if work.clip]
        titles = [work.title for work in works]
        lengths = [work.cut.seconds for work in works if work.cut]
        for name, kind, draw, what in (
            (POSTER, "poster", lambda: tools.editor.poster(clips[0]), seals[:1]),
            (
                SHEET,
                "sheet",
                lambda: tools.editor.sheet(clips, titles, lengths, place.frame),
                [*zip(seals, titles, lengths, strict=True)],
            ),
        ):
            shape = {"version": MEDIA_VERSION, "of": what}

            async def make(key: str, kind: str = kind, draw: Draw = draw) -> Asset:
                async with tools.cores:
                    data = await tools.aside(draw)
                return await tools.aside(tools.store.keep, key, data, ".png", {"kind": kind})

            asset, _ = await obtain(tools, partial(place.key, kind, shape), make)
            await tools.aside(place.output.take, name, asset)

    async def _step(self, work: Callable[[], Awaitable[bool]]) -> None:
        """Join, and tell of its begin and end."""
        place, began = self.place, self.place.now()
        place.tell(StepStarted(began, place.position, None, "join", "vidkit"))
        outcome: Outcome = "failed"
        why: str | None = None
        try:
            outcome = "kept" if await work() else "made"
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        except Exception as error:
            why = told(error)
            raise
        finally:
            now = place.now()
            place.tell(
                StepEnded(
                    now,
                    place.position,
                    None,
                    "join",
                    "vidkit",
                    outcome,
                    now - began,
                    self.video,
                    why,
                )
            )

    def _write_report(self) -> None:
        self.reported, place = True, self.place
        place.notes += place.output.notes
        self.money = place.tools.store.journal.spent(place.run)
        if place.settings.force is None:
            place.notes += self.money.notes
        place.output.write_report(self.report().as_json())


def as_ours(error: Exception) -> VidkitError:
    """An error as a person can read it; one that vidkit did not foresee is logged in full."""
    return error if isinstance(error, VidkitError) else VidkitError(told(error))
