"""The cross-fade from one section to the next.

It lies in the breath at the end of a section, in the place of the section's last frames, so
the next one begins with its own picture, whole. It is a file of its own, made of the two clips
beside it: when one section changes, its two seams are all that is encoded besides.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from ..errors import MediaError
from .file import reading, writing
from .frame import Frame
from .motion import Planes, moving, planes_of
from .still import set_up

FADE_SECONDS = 0.5


def make_seam(before: Path, after: Path, out: Path, frame: Frame) -> int:
    """Write the cross-fade between two clips to `out`, and give its length in frames.

    `join_clips` puts it in the place of the last frames of `before`. Raises `MediaError` for
    a clip that cannot be read, `OutputError` where `out` cannot be written.
    """
    one, other = _last_picture(before), _first_picture(after)
    frames = fade_frames(frame)

    def at(number: int) -> Planes:
        part = round(256 * (number + 1) / (frames + 1))
        return tuple(
            ((a.astype(np.int32) * (256 - part) + b.astype(np.int32) * part + 128) >> 8).astype(
                np.uint8
            )
            for a, b in zip(one, other, strict=True)
        )

    with writing(out) as container:
        stream = container.add_stream("libx264", rate=frame.fps)
        encoder = stream.codec_context
        assert isinstance(encoder, VideoCodecContext)
        set_up(encoder, frame.size, frame.fps, moves=True)
        container.start_encoding()
        packets = [p for group in moving(map(at, range(frames)), frames, frame) for p in group]
        for number, data in enumerate(packets):
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, encoder.time_base
            packet.pts = packet.dts = number
            packet.duration, packet.is_keyframe = 1, number == 0
            container.mux_one(packet)
    return frames


def fade_frames(frame: Frame) -> int:
    """Frames in a cross-fade: at least the two that a group of frames must have."""
    return max(2, round(FADE_SECONDS * frame.fps))


def _first_picture(clip: Path) -> Planes:
    with reading(clip) as container:
        for first in container.decode(video=0):
            return planes_of(first)
    raise MediaError(f"{clip} shows nothing; make the section again")


def _last_picture(clip: Path) -> Planes:
    """The picture a clip ends with, decoded from its last key frame on."""
    with reading(clip) as container:
        stream = container.streams.video[0]
        container.seek(stream.duration or 0, stream=stream)
        last = deque(container.decode(video=0), maxlen=1)
    if not last:
        raise MediaError(f"{clip} shows nothing; make the section again")
    return planes_of(last[0])
