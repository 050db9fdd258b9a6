"""One lesson: its sections beside each other, then joined in the lesson's order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..captions import Cue, cues, to_srt, to_vtt
from ..errors import Cancelled, NothingMade, SettingsError, VidkitError
from ..events import LessonEnded, LessonStarted, Noticed, SectionEnded, StepEnded, StepStarted
from ..media import Clip
from ..output import VIDEO
from ..report import SectionReport, VideoReport
from .section import Place, SectionWork, told


async def make_lesson(place: Place) -> VideoReport:
    """Make the lesson at `place` and give its report; what went wrong is in it.

    A cancelled run writes the report of what there is before it lets go.
    Raises `VidkitError` where the lesson cannot even begin (the folder is not ours to
    write, a section that does not exist was asked for).
    """
    work = LessonWork(place)
    under_way = work.report().as_json() | {"state": "under way"}
    await place.tools.aside(place.output.claim, work.indexes, under_way)
    for warning in place.lesson.warnings:
        place.tell(Noticed(place.now(), place.position, warning))
    place.tell(
        LessonStarted(
            place.now(), place.position, place.lesson.name, work.indexes, place.output.folder
        )
    )
    try:
        return await work.make()
    finally:
        why = str(work.failure) if work.failure else None
        place.tell(LessonEnded(place.now(), place.position, place.lesson.name, work.video, why))


class LessonWork:
    """Makes one lesson. `video` and `error` say how far it came."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.indexes = chosen(place)
        self.began = place.now()
        self.sections = [SectionWork(place, index) for index in self.indexes]
        self.reports: dict[int, SectionReport] = {}
        self.video: Path | None = None
        self.length = 0.0
        self.failure: VidkitError | None = None

    async def make(self) -> VideoReport:
        """The sections, then the video, then the report."""
        try:
            await self._make_sections()
            await self._join()
        except asyncio.CancelledError:
            self.failure = Cancelled("cancelled; what was finished is kept")
            raise
        except Exception as error:
            self.failure = error if isinstance(error, VidkitError) else VidkitError(told(error))
        finally:
            # shielded: a cancelled run still says what it left behind
            await asyncio.shield(self._write_report())
        return self.report()

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
            notes=(*place.lesson.warnings, *place.notes),
        )

    async def _make_sections(self) -> None:
        """All sections at once, as far as the slots allow. None disturbs another, unless the
        run is to stop at the first failure.
        """
        tasks = [asyncio.create_task(self._make_section(work)) for work in self.sections]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        if self.place.stop is not None:
            raise self.place.stop
        for task in tasks:
            task.result()

    async def _make_section(self, work: SectionWork) -> None:
        place = self.place
        try:
            report = await work.make()
        except asyncio.CancelledError:
            place.tell(SectionEnded(place.now(), place.position, work.index, "cancelled"))
            raise
        self.reports[work.index] = report
        if place.stop is not None:
            raise place.stop

    async def _join(self) -> None:
        ready = [(work, work.cut) for work in self.sections if work.cut is not None]
        if not ready:
            first = next(iter(sorted(self.reports.items())))[1].error
            raise NothingMade(
                f"{self.place.lesson.path.name}: no section could be made; the first: {first}"
            )
        works = [work for work, _ in ready]
        clips = [clip for _, clip in ready]
        starts = self.place.tools.editor.starts(clips)
        for work, start in zip(works, starts, strict=True):
            self.reports[work.index] = replace(self.reports[work.index], start=start)
        captions = self._cues(works, clips, starts)
        async with self.place.tools.cores:
            await self._write_video(works, clips, captions)

    def _cues(
        self, works: Sequence[SectionWork], clips: Sequence[Clip], starts: Sequence[float]
    ) -> list[Cue]:
        told: list[Cue] = []
        for work, clip, start in zip(works, clips, starts, strict=True):
            if self.reports[work.index].audio is not None:
                text = self.place.lesson.sections[work.index].content
                told += cues(text, work.words, start, start + clip.seconds, clip.speech)
        return told

    async def _write_video(
        self, works: Sequence[SectionWork], clips: Sequence[Clip], captions: Sequence[Cue]
    ) -> None:
        place, aside = self.place, self.place.tools.aside
        began = place.now()
        place.tell(StepStarted(began, place.position, None, "join", "vidkit"))
        scratch = place.output.scratch(VIDEO)
        try:
            joined = await aside(
                place.tools.editor.join,
                [clip.path for clip in clips],
                scratch,
                place.frame,
                titles=[work.title for work in works],
                title=place.lesson.title or place.lesson.name,
                language=place.lesson.language,
                cues=captions,
            )
            await aside(place.output.publish, "captions.vtt", to_vtt(captions).encode())
            await aside(place.output.publish, "captions.srt", to_srt(captions).encode())
            self.video = await aside(place.output.adopt, VIDEO, scratch)
            self.length = joined.seconds
        finally:
            place.output.discard(scratch)
            now = place.now()
            place.tell(
                StepEnded(
                    now,
                    place.position,
                    None,
                    "join",
                    "vidkit",
                    "made" if self.video else "failed",
                    now - began,
                    self.video,
                )
            )

    async def _write_report(self) -> None:
        await self.place.tools.aside(self.place.output.write_report, self.report().as_json())


def chosen(place: Place) -> tuple[int, ...]:
    """The positions of the sections to make. Raises `SettingsError` for one beyond the last."""
    there = len(place.lesson.sections)
    if place.settings.only is None:
        return tuple(range(there))
    beyond = [number for number in place.settings.only if number > there]
    if beyond:
        raise SettingsError(
            f"only={beyond[0]}: {place.lesson.path.name} has {there} sections, counted from 1"
        )
    return tuple(number - 1 for number in place.settings.only)
