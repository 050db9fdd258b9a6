"""One section as a video file of its own: a still picture and its narration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.audio.codeccontext import AudioCodecContext
from av.container import OutputContainer
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import Colorspace, VideoReformatter
from PIL import Image

from ..errors import MediaError
from . import narration as voice
from .file import reading, writing
from .frame import BLOCK, RATE, Frame, frames_in
from .motion import zoomed
from .picture import frame_picture
from .sound import open_sound
from .still import set_up, still

_SPEECH = re.compile(r"speech from ([\d.]+) to ([\d.]+) s")


@dataclass(frozen=True)
class Clip:
    """A finished section.

    `seconds` is its exact length, `samples / RATE`; `frames` cover it, so they may be a little
    longer; `speech` is where the narration's sound, not silence, starts and ends, in seconds.
    """

    path: Path
    seconds: float
    frames: int
    samples: int
    speech: tuple[float, float]


def make_clip(
    picture: Path | bytes,
    narration: Path | bytes | None,
    out: Path,
    frame: Frame,
    *,
    seconds: float | None = None,
) -> Clip:
    """Makes a section of `picture` and `narration` and writes it to `out` as MP4.

    Without a narration the section is silent for `seconds`. The same arguments give the same
    bytes. `out` is written directly and is not whole until this returns.

    Raises `MediaError` for a picture or a narration that cannot be used, `OutputError` when
    `out` cannot be written.
    """
    if narration is None:
        track = voice.silence(seconds or 0.0, frame)
    else:
        track = voice.narrate(open_sound(narration), frame)
    image = frame_picture(picture, frame)
    frames = frames_in(track.samples, frame.fps)
    if frame.motion == "zoom":
        shown = zoomed(image, frames, frame)
    else:
        shown = still(image, frames, frame.fps)
    return write_clip(out, frame, shown, track)


def write_clip(out: Path, frame: Frame, shown: Iterator[list[bytes]], track: voice.Track) -> Clip:
    """Writes the packets that are `shown`, group by group, and those of `track` to `out`."""
    with writing(out) as container:
        picture_stream = container.add_stream("libx264", rate=frame.fps)
        sound_stream = container.add_stream("aac", rate=RATE)
        assert isinstance(picture_stream.codec_context, VideoCodecContext)
        assert isinstance(sound_stream.codec_context, AudioCodecContext)
        set_up(picture_stream.codec_context, frame.size, frame.fps)
        voice.set_up(sound_stream.codec_context)
        begin, end = track.speech
        container.metadata["comment"] = f"speech from {begin:.6f} to {end:.6f} s"
        container.start_encoding()
        _mux(container, picture_stream, sound_stream, shown, track, frame.fps)
    return Clip(
        path=out,
        seconds=track.samples / RATE,
        frames=frames_in(track.samples, frame.fps),
        samples=track.samples,
        speech=track.speech,
    )


def _mux(
    container: OutputContainer,
    picture_stream: Stream,
    sound_stream: Stream,
    groups: Iterator[list[bytes]],
    track: voice.Track,
    fps: int,
) -> None:
    """Writes a section, the sound of each group of frames after its pictures."""
    a_frame, a_sample = Fraction(1, fps), Fraction(1, RATE)
    number = block = 0
    for group in groups:
        for place, data in enumerate(group):
            packet = av.Packet(data)
            packet.stream, packet.time_base = picture_stream, a_frame
            packet.pts = packet.dts = number
            packet.duration, packet.is_keyframe = 1, place == 0
            container.mux_one(packet)
            number += 1
        heard = -(-number * RATE // (fps * BLOCK)) + 1
        for data in track.packets[block:heard]:
            packet = av.Packet(data)
            packet.stream, packet.time_base = sound_stream, a_sample
            packet.pts = packet.dts = (block - 1) * BLOCK
            packet.duration, packet.is_keyframe = BLOCK, True
            container.mux_one(packet)
            block += 1


def picture_of(clip: Path) -> Image.Image:
    """What a finished clip shows first, in RGB: its picture, as the video has it.

    Raises `MediaError` when it is no clip of vidkit's.
    """
    with reading(clip) as container:
        for shown in container.decode(video=0):
            rgb = VideoReformatter().reformat(
                shown, format="rgb24", src_colorspace=Colorspace.ITU709
            )
            return Image.fromarray(rgb.to_ndarray())
    raise MediaError(f"{clip} shows nothing; make the section again")


def read_clip(path: Path) -> Clip:
    """The facts of the finished clip in `path`, without decoding it.

    Raises `MediaError` when it is no clip of vidkit's.
    """
    with reading(path) as container:
        said = _SPEECH.search(container.metadata.get("comment", ""))
        if said is None:
            raise MediaError(f"{path} is no clip that vidkit made; make the section again")
        frames = container.streams.video[0].frames
        samples = (container.streams.audio[0].frames - 1) * BLOCK
    return Clip(path, samples / RATE, frames, samples, (float(said[1]), float(said[2])))
