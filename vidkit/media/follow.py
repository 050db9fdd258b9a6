"""A picture that follows the voice: painted in states, each a key frame and copied frames.

A state is the picture with some of its regions moved towards the ground they stand on: what was
said is paler, what is to come is faint or not there. Painting works on the Y, U and V planes. From
state to state a short fade: its first frame is the key frame; after its last one skip frames go on
counting (see `clips`).

A picture is cut into bands, each an intra-coded slice of its own (H.264 lets slices of both kinds
stand in one picture), so only bands that change are encoded: a key frame joins the newest slice of
every band, and the other frames of a fade say "as before" for all that stays. Every profile allows
slices of both kinds in one picture (ITU-T H.264, 7.4.3), and FFmpeg, Chromium and Firefox decode
them; decoders in hardware were not at hand. Whole pictures (`_faded`) would be the safest form, for
twice the work: 18 ms more for each state of 720 lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from .clips import (
    CYCLE,
    QUANTISER,
    as_picture,
    encoded,
    flat_frames,
    in_video_colours,
    new_encoder,
    skip_frames,
)
from .frame import KEY_SECONDS, Frame
from .images import Planes, planes_of

FADE_SECONDS = 1 / 10
"""Length of a fade between states: two frames at 24 frames a second, three at 30."""

LEAST_FADING = 10
"""Frames a second below which states change at once."""

PASSING = 22
"""H.264 step of pictures that are passed in a fade: in motion no difference is seen."""

_BLOCK = 16
"""Pixels of a macroblock's side."""

_BAND = 3 * _BLOCK
"""Pixels of a band's height: about a line of text."""

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
    the colour at the box's last corner. A path without a width is the outline of an area that
    stands on the page, whose last corner has the colour of the ground.
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
    fade = round(FADE_SECONDS * frame.fps) if frame.fps >= LEAST_FADING else 1
    skips = skip_frames(frame.size, frame.fps).packets
    bands = _Bands(frame)
    for (first, state), end in zip(firsts, [f for f, _ in firsts[1:]] + [frames], strict=True):
        planes = painted(pages[state.page], state.patches)
        if state.light:
            planes = _lit(planes, fitted_box(state.light, size or frame.size, frame))
        left = end - first
        packets = bands.shown(planes, fade if first and fade < left - 2 else 1)
        while left > 0:
            length = min(left, KEY_SECONDS * frame.fps)
            if 0 < left - length < 2:  # a key frame beside another one would share its idr_pic_id
                length -= 2
            yield [*packets[:length], *(skips[n % CYCLE] for n in range(len(packets), length))]
            left -= length
            packets = [bands.key()]


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
        ground = int((plane if patch.path and not patch.width else part)[-1, -1])
        moved = (((start.astype(np.int32) - ground) * level + 128) >> 8) + ground
        if mask is None:
            part[:] = moved
        else:
            chosen = mask[::2, ::2] | mask[1::2, 1::2] if halved else mask
            np.copyto(part, moved.astype(np.uint8), where=chosen)


def _mask(whole: Planes, box: Box, patch: Patch) -> NDArray[np.bool_]:
    """Which pixels of `box` belong to the line or the area of `patch`."""
    x0, y0, x1, y1 = box
    drawn = Image.new("1", (x1 - x0, y1 - y0))
    points = [(x - x0, y - y0) for x, y in patch.path]
    if not patch.width:  # Pillow fills the row of the lower edge too, which is of what is below
        ImageDraw.Draw(drawn).polygon([(x, y - 1) for x, y in points], fill=1)
        return np.asarray(drawn)
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


class _Bands:
    """The picture that was shown last, as the slices of its bands."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        width, height = frame.size
        edges = [*range(0, height, _BAND), height]
        self._edges = list(pairwise(edges))
        self._planes: Planes | None = None
        self._slices: list[Slice] = []
        self._firsts = [top // _BLOCK * -(-width // _BLOCK) for top in edges]
        self._encoders: dict[tuple[int, int], VideoCodecContext] = {}

    def shown(self, planes: Planes, frames: int) -> list[bytes]:
        """The packets of `frames` frames that lead from the last picture to `planes`: a key frame a
        little on the way, and frames in which only what changes is sent.
        """
        before, self._planes = self._planes, planes
        if before is None:
            everywhere = range(len(self._edges))
            self._slices = [self._encoded(self._band(planes, k), k, QUANTISER) for k in everywhere]
            return [self.key()]
        parts = {
            k: (one, other)
            for k in range(len(self._edges))
            for one, other in [(self._band(before, k), self._band(planes, k))]
            if any((a != b).any() for a, b in zip(one, other, strict=True))
        }
        if 0 in parts and frames > 1:
            for k, (_, other) in parts.items():
                self._slices[k] = self._encoded(other, k, QUANTISER)
            return _faded(before, planes, frames, self._frame)
        packets: list[bytes] = []
        for number in range(1, frames + 1):
            changed = {}
            for k, (one, other) in parts.items():
                last = number == frames
                mixed = other if last else _mixed(one, other, number / frames)
                changed[k] = self._encoded(mixed, k, QUANTISER if last else PASSING)
            for k, found in changed.items():
                self._slices[k] = found
            packets.append(self._changes(changed, number - 1) if packets else self.key())
        return packets

    def key(self) -> bytes:
        """A key frame of the picture as it is now."""
        return b"".join(
            found.key(first) for found, first in zip(self._slices, self._firsts, strict=False)
        )

    def _changes(self, changed: Mapping[int, Slice], number: int) -> bytes:
        """The frame with the `number` after a key frame, in which the bands `changed` are new."""
        slices: list[bytes] = []
        kept = 0
        for k in [*changed, len(self._edges)]:
            if k > kept:
                height = self._edges[k - 1][1] - self._edges[kept][0]
                same = _skipped((self._frame.size[0], height), self._frame.fps)
                slices.append(same.later(self._firsts[kept], number))
            if k in changed:
                slices.append(changed[k].later(self._firsts[k], number))
            kept = k + 1
        return b"".join(slices)

    def _band(self, planes: Planes, number: int) -> Planes:
        top, bottom = self._edges[number]
        y, u, v = planes
        return y[top:bottom], u[top // 2 : bottom // 2], v[top // 2 : bottom // 2]

    def _encoded(self, band: Planes, number: int, quantiser: int) -> Slice:
        """A band as an intra-coded slice. What comes before one does not shape it."""
        top, bottom = self._edges[number]
        kind = bottom - top, quantiser
        if kind not in self._encoders:
            encoder = new_encoder((self._frame.size[0], bottom - top), self._frame.fps)
            # Each band is a key frame that is wanted at once, and nothing is ever searched in it:
            # with subme=0 x264 prepares no search, which is a fifth of the work.
            encoder.options |= {
                "x264-params": encoder.options["x264-params"] + ":keyint=1:subme=0",
                "tune": "zerolatency",
                "qp": str(quantiser),
            }
            self._encoders[kind] = encoder
        (packet,) = self._encoders[kind].encode(as_picture(band))
        return Slice.read(bytes(packet))


def _faded(one: Planes, other: Planes, frames: int, frame: Frame) -> list[bytes]:
    """A fade in whole frames: programs take a frame that begins with an intra-coded slice for a key
    frame, so one whose uppermost band changes is coded from the frame before.
    """
    mixed = (_mixed(one, other, number / frames) for number in range(1, frames + 1))
    return list(encoded(new_encoder(frame.size, frame.fps), map(as_picture, mixed)))


def _mixed(one: Planes, other: Planes, part: float) -> Planes:
    """A picture `part` of the way from `one` to `other`: slow, fast, slow."""
    share = round(256 * part * part * (3 - 2 * part))
    # 255 × 256 and a half still fit into 16 bits
    weight, rest, half = np.uint16(share), np.uint16(256 - share), np.uint16(128)
    return tuple(
        ((a * rest + b * weight + half) >> 8).astype(np.uint8)
        for a, b in zip(one, other, strict=True)
    )


@lru_cache(maxsize=256)
def _skipped(size: tuple[int, int], fps: int) -> Slice:
    """A slice of `size` pixels that stays as it was."""
    return Slice.read(flat_frames(new_encoder(size, fps), 2)[1])


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice of a picture: the bits that end its header, and its coded data.

    Header and data are apart at a byte, so a slice can be set into another picture or at another
    place of it by a new header (ITU-T H.264, 7.3.3).
    """

    intra: bool
    ending: str
    data: bytes

    @classmethod
    def read(cls, packet: bytes) -> Slice:
        """The only slice of a packet that an encoder set up by `clips.set_up` has made."""
        begin = max(packet.rfind(_KEY), packet.rfind(_LATER))
        intra = packet.startswith(_KEY, begin)
        start = begin + len(_KEY)
        bits = "".join(f"{byte:08b}" for byte in packet[start : start + 16])
        at = 0

        def number() -> None:
            nonlocal at
            at += 2 * (bits.index("1", at) - at) + 1

        number()  # first_mb_in_slice
        number()  # slice_type
        number()  # pic_parameter_set_id
        at += 4  # frame_num
        if intra:
            number()  # idr_pic_id
            at += 2  # no_output_of_prior_pics_flag, long_term_reference_flag
        ending = at
        if not intra:
            at += 3  # num_ref_idx_active_override, ref_pic_list_modification, adaptive_ref_pic_…
            number()  # cabac_init_idc
        number()  # slice_qp_delta
        number()  # disable_deblocking_filter_idc
        return cls(intra, bits[ending:at], packet[start + -(-at // 8) :])

    def key(self, first: int) -> bytes:
        """As a part of a key frame, from its macroblock `first` on."""
        return _KEY + self._after(f"{_golomb(first)}{_golomb(7)}1{0:04b}{_golomb(0)}00")

    def later(self, first: int, number: int) -> bytes:
        """As a part of the frame with the `number` after a key frame."""
        kind = _golomb(2) + "1" if self.intra else _golomb(0) + "1"
        marking = "0" if self.intra else ""
        return _LATER + self._after(f"{_golomb(first)}{kind}{number % CYCLE:04b}{marking}")

    def _after(self, header: str) -> bytes:
        bits = header + self.ending
        bits += "1" * (-len(bits) % 8)
        return int(bits, 2).to_bytes(len(bits) // 8, "big") + self.data


_KEY, _LATER = b"\0\0\1\x65", b"\0\0\1\x41"
"""What a slice of a key frame begins with, and one of another frame."""


def _golomb(number: int) -> str:
    """`number` in the Exp-Golomb code of headers (ITU-T H.264, 9.1)."""
    bits = f"{number + 1:b}"
    return "0" * (len(bits) - 1) + bits
