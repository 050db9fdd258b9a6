"""A lesson's clips as one video: their packets are copied, nothing is encoded again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from ..captions import Cue
from ..errors import MediaError
from .clip import Clip, read_clip
from .file import reading, writing
from .frame import BLOCK, KEY_SECONDS, RATE, Frame, first_frame, frames_in, starts
from .language import three_letters
from .subtitle import Subtitles


@dataclass(frozen=True)
class Chapter:
    """A part of a video from `start` to `end`, in seconds."""

    start: float
    end: float
    title: str


@dataclass(frozen=True)
class Joined:
    """A finished video: its length and where each section starts, in seconds."""

    seconds: float
    starts: tuple[float, ...]


def section_starts(clips: Iterable[Clip]) -> tuple[float, ...]:
    """Where each of `clips` starts in the video that `join_clips` makes of them, in seconds."""
    return tuple(sample / RATE for sample in starts(clip.samples for clip in clips)[:-1])


def chapters(clips: Sequence[Clip], titles: Sequence[str] = ()) -> tuple[Chapter, ...]:
    """One chapter for each of `clips`; those without a title are numbered."""
    edges = [sample / RATE for sample in starts(clip.samples for clip in clips)]
    named = [" ".join(title.split()) for title in titles] + [""] * len(clips)
    return tuple(
        Chapter(begin, end, title or f"Section {number}")
        for number, (begin, end, title) in enumerate(zip(edges, edges[1:], named, strict=False), 1)
    )


def join_clips(
    clips: Sequence[Path],
    out: Path,
    frame: Frame,
    *,
    titles: Sequence[str] = (),
    title: str = "",
    language: str = "en",
    cues: Sequence[Cue] = (),
    seams: Sequence[Path] = (),
) -> Joined:
    """Joins `clips`, all made for `frame`, in their order and writes the video to `out` as MP4.

    `titles` name the sections' chapters; `cues`, in seconds of the video, become a subtitle
    track in `language` (an IETF tag such as "en" or "pt-BR") that a player can switch on.
    `seams`, where there are any, are the cross-fades from each clip to the next (`make_seam`).
    `out` is written directly and is not whole until this returns.

    Raises `MediaError` for a clip that is damaged or was made for another frame,
    `OutputError` when `out` cannot be written.
    """
    if not clips:
        raise MediaError("there are no clips to join; make a section first")
    facts = [read_clip(path) for path in clips]
    with writing(out) as container:
        video = _Video(container, clips[0], frame, three_letters(language), cues)
        if title:
            container.metadata["title"] = " ".join(title.split())
        marks: list[Any] = [  # PyAV 19 takes a Fraction too, and tells a type of its own
            {
                "id": number,
                "start": round(part.start * 1000),
                "end": round(part.end * 1000),
                "time_base": Fraction(1, 1000),
                "metadata": {"title": part.title},
            }
            for number, part in enumerate(chapters(facts, titles), 1)
        ]
        container.set_chapters(marks)
        for place, clip in enumerate(facts, 1):
            last = place == len(facts)
            video.append(clip, seams[place - 1] if seams and not last else None, last=last)
    return Joined(video.samples / RATE, section_starts(facts))


class _Video:
    """A video that grows by clips; `samples` is its length so far."""

    def __init__(
        self,
        container: OutputContainer,
        model: Path,
        frame: Frame,
        language: str,
        cues: Sequence[Cue],
    ) -> None:
        self.samples = 0
        self._container = container
        self._frame = frame
        with reading(model) as clip:
            pictures, sounds = clip.streams.video[0], clip.streams.audio[0]
            self._made = _made(pictures, sounds)
            self._pictures = container.add_stream_from_template(pictures)
            self._sounds = container.add_stream_from_template(sounds)
        self._sounds.metadata["language"] = language
        self._subtitles = Subtitles(container, cues, language) if cues else None

    def append(self, clip: Clip, seam: Path | None, *, last: bool) -> None:
        """Copies the packets of `clip` behind those that are there, and those of `seam` in the
        place of its last frames.

        The clip may hold one frame more than fits before the next section's first, and its
        last AAC packet only ends the sound: the last clip alone brings both.
        """
        fps, rate = Fraction(1, self._frame.fps), Fraction(1, RATE)
        number, block = first_frame(self.samples, self._frame.fps), self.samples // BLOCK - 1
        self.samples += clip.samples
        frames = first_frame(self.samples, self._frame.fps)
        if last:
            frames = min(number + clip.frames, frames_in(self.samples, self._frame.fps))
        blocks = self.samples // BLOCK - (not last)
        fade = self._fade(seam, frames - number) if seam else []
        frames -= len(fade)
        with reading(clip.path) as container:
            pictures, sounds = container.streams.video[0], container.streams.audio[0]
            self._check(clip, pictures, sounds)
            for packet in container.demux(pictures, sounds):
                if packet.stream is pictures and number < frames and packet.size:
                    if packet.is_keyframe and self._subtitles:
                        self._subtitles.write(float(number * fps) + KEY_SECONDS)
                    packet.stream, packet.time_base = self._pictures, fps
                    packet.pts = packet.dts = number
                    packet.duration = 1
                    number += 1
                elif packet.stream is sounds and block < blocks and packet.size:
                    packet.stream, packet.time_base = self._sounds, rate
                    packet.pts = packet.dts = block * BLOCK
                    packet.duration = BLOCK
                    block += 1
                else:
                    continue
                self._container.mux_one(packet)
        if number < frames or block < blocks:
            raise MediaError(f"{clip.path} breaks off; make the section again")
        for place, data in enumerate(fade):
            packet = av.Packet(data)
            packet.stream, packet.time_base = self._pictures, fps
            packet.pts = packet.dts = number + place
            packet.duration, packet.is_keyframe = 1, place == 0
            self._container.mux_one(packet)

    def _fade(self, seam: Path, room: int) -> list[bytes]:
        """The packets of a cross-fade; none where the section is too short to hold it and two
        frames of its own."""
        with reading(seam, sound=False) as container:
            stream = container.streams.video[0]
            if stream.codec_context.extradata != self._made[0] or stream.frames > room - 2:
                return []
            return [bytes(packet) for packet in container.demux(stream) if packet.size]

    def _check(self, clip: Clip, pictures: VideoStream, sounds: AudioStream) -> None:
        size = (pictures.codec_context.width, pictures.codec_context.height)
        if size != self._frame.size or _made(pictures, sounds) != self._made:
            raise MediaError(
                f"{clip.path} is {size[0]} x {size[1]} or was made with other settings than "
                f"the clips before it; make the section again at {self._frame.size[0]} x "
                f"{self._frame.size[1]}, {self._frame.fps} frames a second"
            )


def _made(pictures: VideoStream, sounds: AudioStream) -> tuple[object, ...]:
    """What clips must have in common for their packets to follow each other: the decoders'
    headers, and the rates."""
    return (
        pictures.codec_context.extradata,
        pictures.average_rate,
        sounds.codec_context.extradata,
        sounds.codec_context.sample_rate,
    )
