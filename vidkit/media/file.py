"""MP4 files of vidkit's own, opened for reading and for writing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer

from ..errors import MediaError, OutputError

_NO_PROBING = {"probesize": "32", "analyzeduration": "0"}


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
