"""A picture that follows the voice: painted in states, each a key frame and copied frames.

A state is the picture with some of its regions moved towards the ground they stand on: what was
said is paler, what is to come is faint or not there. Painting works on the Y, U and V planes, so a
state costs its own pixels and one key frame. From state to state a short fade: its first frame is
the key frame, the others are P-frames that differ only where something changes; after the last one
skip frames go on counting (see `clips`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from .clips import CYCLE, in_video_colours, new_encoder, skip_frames
from .frame import KEY_SECONDS, Frame
from .images import Planes, planes_of

FADE_SECONDS = 1 / 8
"""Length of a fade between states: at 24 frames a second three frames, each of which costs some
4 ms of a core more than a copied one."""

LEAST_FADING = 10
"""Frames a second below which states change at once."""

DARKENED = 0.4
"""What is left of the brightness around a light."""

_NEAR = 48.0
"""How far from the line between ground and ink a pixel of that ink may lie, in grey levels."""

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A region of a picture at a `level`: 1 is as it is, 0 is gone, between them it is paler.

    `box` is the region; with `path`, points (x, y) in pixels, it is only what lies within `width`
    pixels of that line and has the colour `ink` ("#rrggbb"), so that lines may cross. The ground is
    the colour at the box's last corner.
    """

    box: Box
    level: float
    path: tuple[tuple[float, float], ...] = ()
    width: float = 0.0
    ink: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """What is shown from `start` seconds on: a page, and what is painted on it, in order.

    light: a region of the picture, left, top, width and height from 0 to 1 of its size as it was
    before it was fitted into the frame; all around it is darkened, softly.
    """

    start: float
    patches: tuple[Patch, ...] = ()
    page: int = 0
    light: tuple[float, float, float, float] | None = None


def following(
    images: Sequence[Image.Image],
    states: Sequence[State],
    frames: int,
    frame: Frame,
    size: tuple[int, int] | None = None,
) -> Iterator[list[bytes]]:
    """The packets of `frames` frames that show `images` (RGB, of the frame's size) in `states`,
    group by group. The first state begins with the first frame. `size` is that of the picture
    before it was fitted, where a state has a light; the frame's where it is None.
    """
    pages = [planes_of(in_video_colours(image)) for image in images]
    firsts = _first_frames(states, frames, frame.fps)
    fade = round(FADE_SECONDS * frame.fps) if frame.fps >= LEAST_FADING else 0
    skips = skip_frames(frame.size, frame.fps).packets
    before: Planes | None = None
    for (first, state), end in zip(firsts, [f for f, _ in firsts[1:]] + [frames], strict=True):
        planes = painted(pages[state.page], state.patches)
        if state.light:
            planes = _lit(planes, fitted_box(state.light, size or frame.size, frame))
        left = end - first
        faded = before is not None and 0 < fade < left - 2
        packets = _fade(before, planes, fade, frame) if faded and before else [_key(planes, frame)]
        while left > 0:
            length = min(left, KEY_SECONDS * frame.fps)
            if 0 < left - length < 2:  # a key frame beside another one would share its idr_pic_id
                length -= 2
            yield [*packets[:length], *(skips[n % CYCLE] for n in range(len(packets), length))]
            left -= length
            if left > 0 and len(packets) > 1:
                packets = [_key(planes, frame)]
        before = planes


def fitted_box(
    light: tuple[float, float, float, float], size: tuple[int, int], frame: Frame
) -> Box:
    """Where the region `light` of a picture of `size` lies in the frame, in pixels."""
    scales = [room / side for room, side in zip(frame.size, size, strict=True)]
    scale = max(scales) if frame.fit == "cover" else min(scales)
    width, height = (side * scale for side in size)
    left, top = (frame.size[0] - width) / 2, (frame.size[1] - height) / 2
    x, y, w, h = light
    box = (left + x * width, top + y * height, left + (x + w) * width, top + (y + h) * height)
    x0, y0, x1, y1 = (round(value) for value in box)
    return x0, y0, x1, y1


def _lit(planes: Planes, box: Box) -> Planes:
    """`planes`, darker outside of `box`, with a soft edge around it."""
    height, width = planes[0].shape
    soft = max(2, min(width, height) // 24)
    across = np.arange(width, dtype=np.float32)
    upward = np.arange(height, dtype=np.float32)
    apart = [
        np.clip(np.maximum(low - line, line - high) / soft, 0, 1)
        for line, low, high in ((across, box[0], box[2]), (upward, box[1], box[3]))
    ]
    outside = np.maximum(apart[0][None, :], apart[1][:, None])
    share = 1 - (1 - DARKENED) * outside * outside * (3 - 2 * outside)
    luma = 16 + (planes[0].astype(np.float32) - 16) * share + 0.5
    half = share[::2, ::2]
    chroma = [128 + (plane.astype(np.float32) - 128) * half + 0.5 for plane in planes[1:]]
    return tuple(plane.astype(np.uint8) for plane in (luma, *chroma))


def painted(planes: Planes, patches: Sequence[Patch]) -> Planes:
    """`planes` with `patches` painted one after the other."""
    if not patches:
        return planes
    out = tuple(plane.copy() for plane in planes)
    for patch in patches:
        _paint(out, planes, patch)
    return out


def _first_frames(states: Sequence[State], frames: int, fps: int) -> list[tuple[int, State]]:
    """Each state with its first frame, at least two frames apart; the last of those that would
    stand closer wins.
    """
    found: list[tuple[int, State]] = []
    for state in states:
        first = min(round(state.start * fps), frames - 2) if found else 0
        if found and first - found[-1][0] < 2:
            found[-1] = (found[-1][0], state)
        else:
            found.append((first, state))
    return found


def _paint(out: Planes, whole: Planes, patch: Patch) -> None:
    height, width = whole[0].shape
    x0, y0 = max(0, patch.box[0]) & ~1, max(0, patch.box[1]) & ~1
    x1, y1 = min(width, patch.box[2] + 1) & ~1, min(height, patch.box[3] + 1) & ~1
    if x1 - x0 < 2 or y1 - y0 < 2:
        return
    level = round(256 * patch.level)
    mask = _mask(whole, (x0, y0, x1, y1), patch) if patch.path else None
    for k, plane in enumerate(out):
        halved = 1 if k else 0
        part = plane[y0 >> halved : y1 >> halved, x0 >> halved : x1 >> halved]
        # along a path others may have been painted: start from what was there
        start = (
            part
            if mask is None
            else whole[k][y0 >> halved : y1 >> halved, x0 >> halved : x1 >> halved]
        )
        ground = int(part[-1, -1])
        moved = (((start.astype(np.int32) - ground) * level + 128) >> 8) + ground
        if mask is None:
            part[:] = moved
        else:
            chosen = mask[::2, ::2] | mask[1::2, 1::2] if halved else mask
            np.copyto(part, moved.astype(np.uint8), where=chosen)


def _mask(whole: Planes, box: Box, patch: Patch) -> NDArray[np.bool_]:
    """Which pixels of `box` belong to the line of `patch`."""
    x0, y0, x1, y1 = box
    drawn = Image.new("1", (x1 - x0, y1 - y0))
    points = [(x - x0, y - y0) for x, y in patch.path]
    ImageDraw.Draw(drawn).line(points, fill=1, width=max(1, round(patch.width)), joint="curve")
    near = np.asarray(drawn)
    if not patch.ink:
        return near
    y, u, v = (plane.astype(np.float32) for plane in whole)
    chroma = [
        np.repeat(np.repeat(c[y0 // 2 : y1 // 2, x0 // 2 : x1 // 2], 2, 0), 2, 1) for c in (u, v)
    ]
    found = [y[y0:y1, x0:x1], *chroma]
    ground = np.array([plane[-1, -1] for plane in found])
    ink = np.array(_video_colour(patch.ink)) - ground
    offset = [plane - g for plane, g in zip(found, ground, strict=True)]
    share = sum(o * i for o, i in zip(offset, ink, strict=True)) / max(1.0, float(ink @ ink))
    apart = sum((o - share * i) ** 2 for o, i in zip(offset, ink, strict=True))
    return np.asarray(near & (apart < _NEAR**2) & (share > 0.04))


@lru_cache(maxsize=64)
def _video_colour(ink: str) -> tuple[float, float, float]:
    """ "#rrggbb" as Y, U and V."""
    rgb = Image.new("RGB", (2, 2), ink)
    y, u, v = planes_of(in_video_colours(rgb))
    return float(y[0, 0]), float(u[0, 0]), float(v[0, 0])


def _key(planes: Planes, frame: Frame) -> bytes:
    """A key frame of `planes`, with an encoder of its own."""
    encoder = new_encoder(frame.size, frame.fps)
    picture = _as_frame(planes)
    picture.pts, picture.time_base = 0, encoder.time_base
    (packet,) = [*encoder.encode(picture), *encoder.encode(None)]
    return bytes(packet)


def _fade(one: Planes, other: Planes, frames: int, frame: Frame) -> list[bytes]:
    """From `one` to `other`: a key frame a little on the way, and P-frames up to `other`."""
    parts = [_changed(a, b) for a, b in zip(one, other, strict=True)]
    # 255 × 256 and a half still fit into 16 bits
    from_, to = (
        [plane[part].astype(np.uint16) for plane, part in zip(planes, parts, strict=True)]
        for planes in (one, other)
    )
    mixed = tuple(plane.copy() for plane in other)
    encoder = new_encoder(frame.size, frame.fps)
    packets: list[bytes] = []
    for number in range(1, frames + 1):
        part = number / frames
        share = round(256 * part * part * (3 - 2 * part))  # slow, fast, slow
        for plane, where, a, b in zip(mixed, parts, from_, to, strict=True):
            plane[where] = (a * np.uint16(256 - share) + b * np.uint16(share) + np.uint16(128)) >> 8
        picture = _as_frame(mixed)
        picture.pts, picture.time_base = number - 1, encoder.time_base
        packets += map(bytes, encoder.encode(picture))
    return [*packets, *map(bytes, encoder.encode(None))]


def _changed(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> tuple[slice, slice]:
    """The rows and columns between which `one` and `other` differ."""
    apart = one != other
    rows, columns = np.flatnonzero(apart.any(axis=1)), np.flatnonzero(apart.any(axis=0))
    if not len(rows):
        return slice(0, 0), slice(0, 0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _as_frame(planes: Planes) -> av.VideoFrame:
    height, width = planes[0].shape
    packed = np.empty((height * 3 // 2, width), np.uint8)
    packed[:height] = planes[0]
    packed[height:].reshape(-1)[: height * width // 4] = planes[1].reshape(-1)
    packed[height:].reshape(-1)[height * width // 4 :] = planes[2].reshape(-1)
    return av.VideoFrame.from_ndarray(packed, format="yuv420p")
