"""A still picture as H.264: one key frame that is encoded, and skip frames that are copied.

A skip frame says "as before" for each macroblock. It fits after any key frame of the same
size and rate, so the few that are needed are encoded once, from a flat picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from PIL import Image

from .frame import groups

QUANTISER = 16
"""H.264 step that keeps the luma of any picture, even noise, above 45 dB (measured: 45.4)."""

MOVING_QUALITY = 21
"""x264's crf for moving pictures: in motion no difference is seen."""

CYCLE = 16
"""x264 numbers the frames after a key frame modulo this, so as many skip frames serve for ever."""

_BT709 = 1
_LIMITED = 1


@dataclass(frozen=True)
class Skips:
    """`packets[n % CYCLE]` is the nth frame after a key frame; `header` is the SPS and PPS that
    a key frame must share with them."""

    packets: tuple[bytes, ...]
    header: bytes


def set_up(
    encoder: VideoCodecContext, size: tuple[int, int], fps: int, *, moves: bool = False
) -> None:
    """Makes a fresh libx264 `encoder` one whose packets fit those of all others set up alike.

    `moves`: for pictures that differ from frame to frame, in which no error is looked at for
    long; they are spared most of the bits.
    """
    encoder.width, encoder.height = size
    encoder.pix_fmt = "yuv420p"
    encoder.framerate = Fraction(fps)
    encoder.time_base = Fraction(1, fps)
    encoder.thread_count = 1
    encoder.flags |= av.codec.context.Flags.global_header
    # Browsers take untagged colour for BT.601.
    encoder.colorspace = encoder.color_primaries = encoder.color_trc = _BT709
    encoder.color_range = _LIMITED
    # stitchable: headers that do not depend on the content.
    common = (
        "keyint=infinite:scenecut=0:bframes=0:ref=1:weightp=0:rc-lookahead=0:sync-lookahead=0:"
        "mbtree=0:sliced-threads=0:open-gop=0:stitchable=1"
    )
    if moves:
        encoder.options = {
            # its headers are those of veryfast (slower presets have others), at less work
            "preset": "superfast",
            "crf": str(MOVING_QUALITY),
            "forced-idr": "1",
            "x264-params": common,
        }
        return
    encoder.options = {
        "preset": "veryfast",
        "qp": str(QUANTISER),
        # no-deblock: the filter that hides block edges blurs text (42 dB with it, 54 without).
        # ipratio: the quantiser above holds for key frames too.
        "x264-params": f"{common}:ipratio=1:aq-mode=0:no-deblock=1",
    }


def in_video_colours(image: Image.Image) -> av.VideoFrame:
    """`image`, RGB, as a yuv420p frame in BT.709 of limited range."""
    return VideoReformatter().reformat(
        av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24"),
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
        # Halving the colours' resolution by area is closest to the original of all ways.
        interpolation=Interpolation.AREA
        | Interpolation.ACCURATE_RND
        | Interpolation.FULL_CHR_H_INP,
        threads=1,
    )


def key_frame(image: Image.Image, fps: int) -> bytes:
    """The packet of `image`, RGB and of the frame's size.

    Each key frame has an encoder of its own: the quality of a second one would depend on the
    first.
    """
    encoder = _encoder(image.size, fps)
    frame = in_video_colours(image)
    frame.pts, frame.time_base = 0, encoder.time_base
    (packet,) = [*encoder.encode(frame), *encoder.encode(None)]
    if encoder.extradata != skip_frames(image.size, fps).header:
        raise AssertionError("this libx264 makes headers that depend on the picture")
    return bytes(packet)


def _encoder(size: tuple[int, int], fps: int) -> VideoCodecContext:
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, VideoCodecContext)
    set_up(encoder, size, fps)
    return encoder


@lru_cache(maxsize=8)
def skip_frames(size: tuple[int, int], fps: int) -> Skips:
    """The skip frames for pictures of `size` (width, height) pixels at `fps` frames a second."""
    encoder = _encoder(size, fps)
    width, height = size
    flat = av.VideoFrame.from_ndarray(
        np.full((height * 3 // 2, width), 128, np.uint8), format="yuv420p"
    )
    flat.time_base = encoder.time_base
    packets = []
    for number in range(CYCLE + 2):
        flat.pts = number
        packets += [bytes(packet) for packet in encoder.encode(flat)]
    packets += [bytes(packet) for packet in encoder.encode(None)]
    # x264 varies the last bit, which stands after the end of the picture.
    if packets[CYCLE + 1][:-1] != packets[1][:-1] or len({*map(len, packets[1:])}) > 2:
        raise AssertionError("this libx264 numbers frames in another way")
    return Skips((packets[CYCLE], *packets[1:CYCLE]), bytes(encoder.extradata or b""))


def still(image: Image.Image, frames: int, fps: int) -> Iterator[list[bytes]]:
    """The packets of `frames` frames that show `image`, group by group."""
    key, skips = key_frame(image, fps), skip_frames(image.size, fps)
    for length in groups(frames, fps):
        yield [key, *(skips.packets[number % CYCLE] for number in range(1, length))]
