"""One section as a video file of its own: a still picture and its narration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.audio.codeccontext import AudioCodecContext
from av.container import InputContainer, OutputContainer
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext

from ..errors import MediaError, OutputError
from . import narration as voice
from .frame import BLOCK, RATE, Frame, frames_in
from .picture import frame_picture
from .sound import open_sound
from .still import key_frame, set_up, skip_frames, still

_SPEECH = re.compile(r"speech from ([\d.]+) to ([\d.]+) s")
_NO_PROBING = {"probesize": "32", "analyzeduration": "0"}


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
    title: str = "",
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
    clip = Clip(
        path=out,
        seconds=track.samples / RATE,
        frames=frames_in(track.samples, frame.fps),
        samples=track.samples,
        speech=track.speech,
    )
    skips = skip_frames(frame.size, frame.fps)
    with writing(out) as container:
        picture_stream = container.add_stream("libx264", rate=frame.fps)
        sound_stream = container.add_stream("aac", rate=RATE)
        encoder = picture_stream.codec_context
        assert isinstance(encoder, VideoCodecContext)
        assert isinstance(sound_stream.codec_context, AudioCodecContext)
        set_up(encoder, frame.size, frame.fps)
        voice.set_up(sound_stream.codec_context)
        begin, end = track.speech
        container.metadata["comment"] = f"speech from {begin:.6f} to {end:.6f} s"
        if title:
            container.metadata["title"] = title
        container.start_encoding()
        if encoder.extradata != skips.header:
            raise AssertionError("this libx264 makes headers that depend on the picture")
        key = key_frame(encoder, image)
        groups = still(key, skips, clip.frames, frame.fps)
        _mux(container, picture_stream, sound_stream, groups, track, frame.fps)
    return clip


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


@contextmanager
def reading(path: Path) -> Iterator[InputContainer]:
    """A finished clip, opened. Raises `MediaError` when it is none."""
    try:
        # The file's index says all; FFmpeg need not decode its first frames to find out more.
        with av.open(f"file:{path}", format="mp4", container_options=_NO_PROBING) as container:
            if not container.streams.video or not container.streams.audio:
                raise MediaError(f"{path} has no picture or no sound; make the section again")
            yield container
    except av.FFmpegError as error:
        raise MediaError(
            f"{path} cannot be read as a clip ({error.strerror}); make the section again"
        ) from error


@contextmanager
def writing(out: Path) -> Iterator[OutputContainer]:
    """An MP4 file that starts playing before it is read whole."""
    try:
        # "file:" keeps FFmpeg from reading a protocol into a name that holds a colon.
        with av.open(
            f"file:{out}", "w", format="mp4", options={"movflags": "+faststart"}
        ) as container:
            yield container
    except OSError as error:
        raise OutputError(f"{out} cannot be written ({error.strerror or error})") from error
