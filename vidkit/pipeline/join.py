"""The last steps of a lesson: its clips to one video, with captions, poster and contact sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from ..core.format import printable
from ..media.clips import Clip
from ..store.store import Asset
from ..text.captions import Cue, Word, cues, to_srt, to_vtt
from .assets import MEDIA_VERSION, Cached, Content, cached, seam_key_fields, video_key_fields
from .context import LessonContext, describe
from .output import POSTER, SHEET, SRT, VIDEO, VTT
from .section import StepRecord


@dataclass(frozen=True)
class Piece:
    """A section's clip as the video has it. cut: where it lies; start: in the video, in seconds."""

    title: str
    cut: Clip
    clip: Asset
    start: float


def captions(piece: Piece, text: str, words: Sequence[Word]) -> list[Cue]:
    """The captions of a section's clip, at their times in the video."""
    end = piece.start + piece.cut.seconds
    return cues(text, words, piece.start, end, piece.cut.speech)


@dataclass
class VideoTask:
    """Joins the clips of a lesson."""

    context: LessonContext
    pieces: Sequence[Piece]
    cues: Sequence[Cue]

    @property
    def title(self) -> str:
        """The video's title: the lesson's, or its file's name."""
        lesson = self.context.lesson
        return lesson.title or printable(lesson.name, line=True)

    def key(self) -> str:
        """The video's key. Blocks."""
        lesson = self.context.lesson
        clips, titles = [p.clip for p in self.pieces], [p.title for p in self.pieces]
        frame = self.context.frame
        fields = video_key_fields(clips, titles, self.title, lesson.language, frame, self.cues)
        return self.context.key("video", fields)

    async def make(self, key: str) -> Content:
        """The video, with a cross-fade from each clip to the next where there are to be any."""
        context = self.context
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
            )
        finally:
            if not context.runtime.store.keeps:
                for seam in seams:
                    await context.discard(seam.asset.path)
        return Content(scratch, ".mp4", {"kind": "video", "seconds": joined.seconds})

    async def _seams(self) -> list[Cached]:
        if self.context.frame.motion != "fade":
            return []
        tasks = [SeamTask(self.context, *both) for both in pairwise(self.pieces)]
        return [await cached(self.context, task.key, task.make) for task in tasks]


@dataclass
class SeamTask:
    """Makes the cross-fade between two clips."""

    context: LessonContext
    before: Piece
    after: Piece

    def key(self) -> str:
        """The cross-fade's key. Blocks."""
        fields = seam_key_fields(self.before.clip, self.after.clip, self.context.frame)
        return self.context.key("seam", fields)

    async def make(self, key: str) -> Content:
        """The cross-fade."""
        context, scratch = self.context, self.context.scratch(VIDEO)
        clips = (self.before.cut.path, self.after.cut.path)
        await context.encode(scratch, context.runtime.media.make_seam, *clips)
        return Content(scratch, ".mp4", {"kind": "seam"})


@dataclass
class PictureTask:
    """Draws a picture of the whole video: draw(*inputs). of: all that shapes it."""

    context: LessonContext
    kind: str
    of: Sequence[object]
    draw: Callable[..., bytes]
    inputs: tuple[object, ...] = field(repr=False)

    def key(self) -> str:
        """The picture's key. Blocks."""
        return self.context.key(self.kind, {"version": MEDIA_VERSION, "of": self.of})

    async def make(self, key: str) -> Content:
        """The picture."""
        async with self.context.runtime.cores:
            data = await self.context.runtime.run_in_thread(self.draw, *self.inputs)
        return Content(data, ".png", {"kind": self.kind})


async def join(context: LessonContext, pieces: Sequence[Piece], cues: Sequence[Cue]) -> Cached:
    """The lesson's video with its captions in the output folder. Raises what went wrong."""
    task = VideoTask(context, pieces, cues)
    with StepRecord(context, None, "join", "vidkit") as step:
        await context.runtime.run_in_thread(_publish_captions, context, cues)
        video = await cached(context, task.key, task.make, stem=Path(VIDEO).stem)
        step.done(video.path, hit=video.hit)
    if step.failure is not None:
        raise step.failure
    return video


def _publish_captions(context: LessonContext, cues: Sequence[Cue]) -> None:
    context.output.publish(VTT, to_vtt(cues).encode())
    context.output.publish(SRT, to_srt(cues).encode())


async def add_pictures(context: LessonContext, pieces: Sequence[Piece]) -> None:
    """Write the poster and the contact sheet; without them a note says why."""
    media = context.runtime.media
    clips, seals = [p.cut.path for p in pieces], [p.clip.sha256 for p in pieces]
    titles, lengths = [p.title for p in pieces], [p.cut.seconds for p in pieces]
    of = [*zip(seals, titles, lengths, strict=True)]
    sheet = (clips, titles, lengths, context.frame)
    try:
        for name, task in (
            (POSTER, PictureTask(context, "poster", seals[:1], media.poster, (clips[0],))),
            (SHEET, PictureTask(context, "sheet", of, media.contact_sheet, sheet)),
        ):
            await cached(context, task.key, task.make, stem=Path(name).stem)
    except Exception as error:
        context.notes.append(f"no poster or contact sheet: {describe(error)}")
