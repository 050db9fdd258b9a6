"""How every clip of a lesson is made, and the arithmetic that keeps picture and sound together.

Lengths are counted in samples at `RATE`, because sound cannot be cut anywhere but between
AAC blocks; a picture's first frame is always the running count of samples, rounded once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal

import av
from av.container import InputContainer, OutputContainer
from av.stream import Stream

from ..core.errors import MediaError, OutputError

RATE = 32_000
"""Samples a second of every clip's sound: all of speech, whose voices give 24 kHz at most and
whose sibilants end near 14 kHz, at two thirds of what 48 kHz would cost to encode."""

BLOCK = 1024
"""Samples in one AAC frame; every section is a whole number of them."""

QUIET_BLOCKS = 3
"""Silent blocks that end a section at least: its packets then need nothing of the next one."""

LEAST_FRAMES = 3
"""Pictures in a section at least: the join may take one, and a lone key frame beside another
key frame would share its `idr_pic_id`, which H.264 forbids."""

KEY_SECONDS = 5
"""Key frames are at most this far apart, so that a seek shows its picture at once."""


@dataclass(frozen=True)
class Frame:
    """What all clips of a video have in common.

    `size` is (width, height) in pixels, both even; `fps` whole frames a second; `gap` the
    breath after a narration in seconds; `fit` says whether a picture of another shape is shown
    whole ("contain") or fills the frame and loses its edges ("cover"); `motion` whether it
    stands ("still"), is slowly moved into ("zoom"), or fades into the next one ("fade").
    """

    size: tuple[int, int] = (1280, 720)
    fps: int = 24
    gap: float = 0.4
    fit: Literal["contain", "cover"] = "contain"
    motion: Literal["still", "zoom", "fade"] = "still"


def padded(samples: int, frame: Frame) -> int:
    """Samples of the section whose narration has `samples`: with its gap, in whole blocks."""
    quiet = max(round(frame.gap * RATE), QUIET_BLOCKS * BLOCK)
    least = -(-LEAST_FRAMES * RATE // frame.fps)
    return -(-max(samples + quiet, least) // BLOCK) * BLOCK


def first_frame(samples: int, fps: int) -> int:
    """The frame that shows when `samples` have been heard: the nearest one, halves upwards."""
    return (2 * samples * fps + RATE) // (2 * RATE)


def frames_in(samples: int, fps: int) -> int:
    """Frames that cover `samples`; the join leaves the last one out where it is not needed."""
    return -(-samples * fps // RATE)


def groups(frames: int, fps: int) -> list[int]:
    """Shares `frames` out evenly among groups that start with a key frame, `KEY_SECONDS` at most.

    >>> groups(121, 24)
    [61, 60]
    """
    count = -(-frames // (KEY_SECONDS * fps))
    least, longer = divmod(frames, count)
    return [least + (number < longer) for number in range(count)]


def starts(lengths: Iterable[int]) -> list[int]:
    """Running counts: where each section of `lengths` samples starts, and where the last ends."""
    return list(accumulate(lengths, initial=0))


# Files of somebody's own: what is wrong with them.


@contextmanager
def decoding(
    name: str,
    what: str = "sound",
    mend: str = "make or export",
    damage: tuple[type[Exception], ...] = (OSError, ValueError, IndexError, av.FFmpegError),
) -> Iterator[None]:
    """Makes a `MediaError` of what a decoder or the file system says of the file `name`.

    damage: the errors by which a damaged file shows.
    """
    try:
        yield
    except MediaError:
        raise
    except FileNotFoundError as error:
        raise MediaError(f"{name} is not there; name a {what} that exists") from error
    except damage as error:
        said = getattr(error, "strerror", None) or error
        raise MediaError(
            f"{name} is damaged and cannot be decoded ({said}); {mend} it again"
        ) from error


def unknown(start: bytes, what: str) -> str:
    """What a file seems to be that begins with `start` and is no `what` that is known."""
    if not start:
        return "empty"
    text = start[:24].decode("latin-1")
    return f"no {what} (it starts with {text!r})" if text.isprintable() else f"no known {what}"


# MP4 files of vidkit's own, opened for reading and for writing.


_NO_PROBING = {"probesize": "32", "analyzeduration": "0", "fflags": "nofillin+noparse"}


@contextmanager
def reading(path: Path, *, sound: bool = True) -> Iterator[InputContainer]:
    """A finished clip, or without `sound` a seam, opened. Raises `MediaError` when it is none."""
    try:
        # The file's index says all; FFmpeg need not decode its first frames to find out more.
        with av.open(f"file:{path}", format="mp4", container_options=_NO_PROBING) as container:
            if not container.streams.video or (sound and not container.streams.audio):
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


def write_packet(
    container: OutputContainer,
    stream: Stream,
    data: bytes | av.Packet[Any],
    at: int,
    unit: Fraction,
    *,
    length: int = 1,
    key: bool = True,
) -> None:
    """Writes a packet to a `stream`, for `length` from `at` on, both counted in a `unit` of
    seconds; key: whether it needs nothing of those before it.
    """
    packet = av.Packet(data) if isinstance(data, bytes) else data
    packet.stream, packet.time_base = stream, unit
    packet.pts = packet.dts = at
    packet.duration, packet.is_keyframe = length, key
    container.mux_one(packet)
