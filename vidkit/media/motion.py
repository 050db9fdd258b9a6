"""Pictures that move: each frame is drawn and encoded, a few ahead of each other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import accumulate, islice
from typing import Any

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from numpy.typing import NDArray
from PIL import Image

from .frame import Frame, groups
from .still import in_video_colours, set_up

Planes = tuple[NDArray[np.uint8], ...]
"""A frame as its Y, U and V planes; U and V have half the width and height."""

ZOOM_A_SECOND, MOST_ZOOM = 0.004, 0.1
"""How much larger a picture becomes in a second, and at most: seen, but not watched."""

DRIFT = 0.25
"""Where the zoom looks at its end: this part of the way from the centre to the top left, the
side from which most slides are read."""

_AHEAD = 4
"""Frames that are drawn while earlier ones are encoded."""


def zoomed(image: Image.Image, frames: int, frame: Frame) -> Iterator[list[bytes]]:
    """The packets of `frames` frames that slowly move into `image` (RGB, of the frame's size),
    group by group.
    """
    still = planes_of(in_video_colours(image))
    reach = min(MOST_ZOOM, ZOOM_A_SECOND * frames / frame.fps)

    def at(number: int) -> Planes:
        part = number / max(1, frames - 1)
        return _closer(still, 1 + reach * part, 0.5 - DRIFT * part / 2)

    return moving(_drawn(at, frames), frames, frame)


def moving(pictures: Iterable[Planes], frames: int, frame: Frame) -> Iterator[list[bytes]]:
    """The packets of `frames` different `pictures`, each group beginning with a key frame."""
    lengths = groups(frames, frame.fps)
    packets = _encoded(pictures, set(accumulate(lengths, initial=0)), frame)
    for length in lengths:
        yield list(islice(packets, length))


def _encoded(pictures: Iterable[Planes], keys: Container[int], frame: Frame) -> Iterator[bytes]:
    """A packet for each picture, in order; those at the places in `keys` are key frames."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, VideoCodecContext)
    set_up(encoder, frame.size, frame.fps, moves=True)
    for number, planes in enumerate(pictures):
        picture = _picture(planes)
        picture.pts, picture.time_base = number, encoder.time_base
        picture.pict_type = PictureType.I if number in keys else PictureType.NONE
        yield from map(bytes, encoder.encode(picture))
    yield from map(bytes, encoder.encode(None))


def _closer(planes: Planes, scale: float, focus: float) -> Planes:
    """`planes` magnified around the point at `focus` of the width and height, exact below the
    pixel: a zoom that moves by whole pixels trembles.
    """
    closer = []
    for plane in planes:
        height, width = plane.shape
        w, h = width / scale, height / scale
        left, top = (width - w) * focus, (height - h) * focus
        image = Image.fromarray(plane).resize(
            (width, height), Image.Resampling.BILINEAR, box=(left, top, left + w, top + h)
        )
        closer.append(np.asarray(image))
    return tuple(closer)


def _drawn(at: Callable[[int], Planes], frames: int) -> Iterator[Planes]:
    """`at(0)`, `at(1)`, …: drawn a few ahead in other threads, while earlier ones are encoded."""
    with ThreadPoolExecutor(2, thread_name_prefix="vidkit-motion") as pool:
        ahead: deque[Future[Planes]] = deque()
        for number in range(frames):
            ahead.append(pool.submit(at, number))
            if len(ahead) > _AHEAD:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _picture(planes: Planes) -> av.VideoFrame:
    """A frame with these planes; its own rows may be longer than the picture is wide."""
    height, width = planes[0].shape
    picture = av.VideoFrame(width, height, "yuv420p")
    for plane, values in zip(picture.planes, planes, strict=True):
        _rows(plane)[:] = values
    return picture


def planes_of(frame: av.VideoFrame) -> Planes:
    """The planes of a yuv420p frame, without the padding of their rows."""
    return tuple(_rows(plane) for plane in frame.planes)


def _rows(plane: Any) -> NDArray[np.uint8]:
    """The pixels of a PyAV plane, shared with it."""
    return np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
