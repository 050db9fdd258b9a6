"""One section as a video file of its own: a still picture and its narration."""

from __future__ import annotations

import math
import re
import sys
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial
from importlib import import_module
from itertools import accumulate, chain, islice, repeat
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.container import OutputContainer
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray
from PIL import Image

from ..core.errors import MediaError
from .audio import Samples, open_sound
from .film import Film, film_bed, filmed
from .frame import (
    BLOCK,
    RATE,
    Frame,
    frames_in,
    groups,
    padded,
    reading,
    write_packet,
    writing,
)
from .images import Planes, fit_picture, frame_picture, planes_of, rows_of
from .narration import Track, as_it_is, decoded_packets, narrate, set_up_sound, silence

# A still picture as H.264: one key frame that is encoded, and skip frames that are copied.
#
# A skip frame says "as before" for each macroblock. It fits after any key frame of the same
# size and rate, so the few that are needed are encoded once, from a flat picture.


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
    encoder = new_encoder(image.size, fps)
    (packet,) = encoded(encoder, [in_video_colours(image)])
    if encoder.extradata != skip_frames(image.size, fps).header:
        raise AssertionError("this libx264 makes headers that depend on the picture")
    return packet


def new_encoder(size: tuple[int, int], fps: int, *, moves: bool = False) -> VideoCodecContext:
    """An encoder of its own, as `set_up` makes it."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, VideoCodecContext)
    set_up(encoder, size, fps, moves=moves)
    return encoder


def encoded(
    encoder: VideoCodecContext, pictures: Iterable[av.VideoFrame], keys: Container[int] = ()
) -> Iterator[bytes]:
    """A packet for each picture, in order; those at the places in `keys` are made key frames."""
    for number, picture in enumerate(pictures):
        picture.pts, picture.time_base = number, encoder.time_base
        if number in keys:
            picture.pict_type = PictureType.I
        yield from map(bytes, encoder.encode(picture))
    yield from map(bytes, encoder.encode(None))


def flat_frames(encoder: VideoCodecContext, frames: int) -> list[bytes]:
    """The packets of so many frames of one grey: all after the first say "as before"."""
    planes = np.full((encoder.height * 3 // 2, encoder.width), 128, np.uint8)
    flat = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    return list(encoded(encoder, repeat(flat, frames)))


@lru_cache(maxsize=8)
def skip_frames(size: tuple[int, int], fps: int) -> Skips:
    """The skip frames for pictures of `size` (width, height) pixels at `fps` frames a second."""
    encoder = new_encoder(size, fps)
    packets = flat_frames(encoder, CYCLE + 2)
    # x264 varies the last bit, which stands after the end of the picture.
    if packets[CYCLE + 1][:-1] != packets[1][:-1] or len({*map(len, packets[1:])}) > 2:
        raise AssertionError("this libx264 numbers frames in another way")
    return Skips((packets[CYCLE], *packets[1:CYCLE]), bytes(encoder.extradata or b""))


def still(image: Image.Image, frames: int, fps: int) -> Iterator[list[bytes]]:
    """The packets of `frames` frames that show `image`, group by group."""
    key, skips = key_frame(image, fps), skip_frames(image.size, fps)
    for length in groups(frames, fps):
        yield [key, *(skips.packets[number % CYCLE] for number in range(1, length))]


# Pictures that move: each frame is drawn and encoded, a few ahead of each other.


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
    encoder = new_encoder(frame.size, frame.fps, moves=True)
    keys = set(accumulate(lengths, initial=0))
    packets = encoded(encoder, map(as_picture, pictures), keys)
    for length in lengths:
        yield list(islice(packets, length))


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


def as_picture(planes: Planes) -> av.VideoFrame:
    """A frame with these planes; its own rows may be longer than the picture is wide."""
    height, width = planes[0].shape
    picture = av.VideoFrame(width, height, "yuv420p")
    for plane, values in zip(picture.planes, planes, strict=True):
        rows_of(plane)[:] = values
    return picture


_SPEECH = re.compile(r"speech from ([\d.]+) to ([\d.]+) s")


Reveal = Callable[[Image.Image, float, tuple[float, float], int, Frame], Iterator[list[bytes]]]
"""Gives the packets of a section from its picture, its length and where speech is in it,
both in seconds, its frames, and the frame; see `follow`."""


@dataclass(frozen=True)
class Clip:
    """A finished section.

    `seconds` is its exact length, `samples / RATE`; `frames` cover it, so they may be a little
    longer; `speech` is where the narration's sound, not silence, starts and ends, in seconds;
    `loudness` is in LUFS, None where nobody measured it.
    """

    path: Path
    seconds: float
    frames: int
    samples: int
    speech: tuple[float, float]
    loudness: float | None = None


def make_clip(
    picture: Path | bytes,
    narration: Path | bytes | None,
    out: Path,
    frame: Frame,
    *,
    seconds: float | None = None,
    reveal: Reveal | None = None,
    film: Film | None = None,
) -> Clip:
    """Makes a section of `picture` and `narration` and writes it to `out` as MP4.

    Without a narration the section is silent for `seconds`. With `reveal` the picture follows the
    voice, where the frame's motion is not "zoom". With `film` that is played in the place of the
    picture, and its sound, where it is to be "under", is heard beneath. The same arguments give the
    same bytes. `out` is written directly and is not whole until this returns.

    Raises `MediaError` for a picture, a narration or a film that cannot be used, `OutputError`
    when `out` cannot be written.
    """
    if narration is None:
        track = silence(seconds or 0.0, frame)
    else:
        bed = partial(film_bed, film) if film is not None and film.sound == "under" else None
        track = narrate(open_sound(narration), frame, bed)
    frames = frames_in(track.samples, frame.fps)
    if film is not None:
        shown = moving(filmed(film, track.samples / RATE, frames, frame), frames, frame)
        return write_clip(out, frame, shown, track)
    image = frame_picture(picture, frame)
    if frame.motion == "zoom":
        shown = zoomed(image, frames, frame)
    elif reveal is not None:
        shown = reveal(image, track.samples / RATE, track.speech, frames, frame)
    else:
        shown = still(image, frames, frame.fps)
    return write_clip(out, frame, shown, track)


def write_clip(out: Path, frame: Frame, shown: Iterator[list[bytes]], track: Track) -> Clip:
    """Writes the packets that are `shown`, group by group, and those of `track` to `out`."""
    with writing(out) as container:
        picture_stream = container.add_stream("libx264", rate=frame.fps)
        sound_stream = container.add_stream("aac", rate=RATE)
        assert isinstance(picture_stream.codec_context, VideoCodecContext)
        assert isinstance(sound_stream.codec_context, AudioCodecContext)
        set_up(picture_stream.codec_context, frame.size, frame.fps)
        set_up_sound(sound_stream.codec_context)
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
        loudness=track.loudness,
    )


def _mux(
    container: OutputContainer,
    picture_stream: Stream,
    sound_stream: Stream,
    groups: Iterator[list[bytes]],
    track: Track,
    fps: int,
) -> None:
    """Writes a section, the sound of each group of frames after its pictures."""
    a_frame, a_sample = Fraction(1, fps), Fraction(1, RATE)
    number = block = 0
    for group in groups:
        for place, data in enumerate(group):
            write_packet(container, picture_stream, data, number, a_frame, key=place == 0)
            number += 1
        heard = -(-number * RATE // (fps * BLOCK)) + 1
        for data in track.packets[block:heard]:
            at = (block - 1) * BLOCK
            write_packet(container, sound_stream, data, at, a_sample, length=BLOCK)
            block += 1


def picture_of(clip: Path) -> Image.Image:
    """What a finished clip shows at its end, in RGB: its picture, as the video has it, with all
    that was faint or held back before.

    Raises `MediaError` when it is no clip of vidkit's.
    """
    rgb = VideoReformatter().reformat(
        _last_frame(clip, _FADING), format="rgb24", src_colorspace=Colorspace.ITU709, threads=1
    )
    return Image.fromarray(rgb.to_ndarray())


_FADING = 8
"""Frames after which no state still fades (see `follow`), at 60 a second."""


def _last_frame(clip: Path, most: int | None = None) -> av.VideoFrame:
    """The frame that a clip ends with, decoded from its last key frame on; after `most` frames
    where that is not None.
    """
    with reading(clip) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1  # to begin more takes longer than these few frames
        container.seek(stream.duration or 0, stream=stream)
        packets = islice((packet for packet in container.demux(stream) if packet.size), most)
        last = deque((f for p in chain(packets, [None]) for f in stream.decode(p)), maxlen=1)
    if not last:
        raise MediaError(f"{clip} shows nothing; make the section again")
    return last[0]


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


# moviepy, for what people want to do by hand: effects on chosen sections, clips to edit.
#
# A section with effects goes through moviepy and comes back as a clip like all others, so the
# join still copies packets. The other sections never see moviepy.


Effect = Any
"""A moviepy effect such as `vfx.FadeIn(1)`, or a function from a moviepy clip to one."""

_CHUNK = 4 * RATE


def moviepy() -> Any:
    """The package moviepy. On its import it would read a `.env` of the current folder, which may
    name a program for it to run; so it is imported without what reads such files.
    """
    if "moviepy" in sys.modules:
        return sys.modules["moviepy"]
    reader = sys.modules.get("dotenv")
    sys.modules["dotenv"] = None  # type: ignore[assignment]
    try:
        return import_module("moviepy")
    finally:
        del sys.modules["dotenv"]
        if reader is not None:
            sys.modules["dotenv"] = reader


def apply_effects(clip: Path, effects: Sequence[Effect], out: Path, frame: Frame) -> Clip:
    """Write `clip` with `effects`, applied in their order, to `out`.

    The length may change; the words are taken to be spread over it as before. Raises
    `MediaError` where an effect fails or leaves nothing, naming the effect.
    """
    before = read_clip(clip)
    with moviepy().VideoFileClip(str(clip), audio=False) as source:
        changed = source.with_audio(_sound_of(clip)).with_duration(before.seconds)
        for effect in effects:
            changed = _applied(changed, effect)
        seconds = changed.duration
        if not seconds or not math.isfinite(seconds):
            raise MediaError("the effects leave a clip without a length; give it one")
        samples = padded(max(1, round(seconds * RATE) - round(frame.gap * RATE)), frame)
        frames = frames_in(samples, frame.fps)
        pace = seconds / before.seconds
        begin, end = (round(time * pace, 6) for time in before.speech)
        track = as_it_is(_heard(changed), samples, (begin, end))
        pictures = (
            planes_of(in_video_colours(fit_picture(Image.fromarray(shown), frame)))
            for shown in _seen(changed, frames, frame.fps)
        )
        return write_clip(out, frame, moving(pictures, frames, frame), track)


def _sound_of(clip: Path) -> Any:
    """The clip's sound for moviepy, whose own reader repeats one sample where it is asked for more
    than two seconds at once, or for a loop.
    """
    with reading(clip) as container:
        packets = (bytes(packet) for packet in container.demux(audio=0) if packet.size)
        sound = np.concatenate(list(decoded_packets(packets)))
    stereo = np.broadcast_to(sound[:, np.newaxis], (len(sound), 2))
    return import_module("moviepy.audio.AudioClip").AudioArrayClip(stereo, fps=RATE)


def _applied(clip: Any, effect: Effect) -> Any:
    name = getattr(effect, "__name__", type(effect).__name__)
    try:
        own = isinstance(effect, moviepy().Effect)
        changed = clip.with_effects([effect]) if own else effect(clip)
    except Exception as error:
        raise MediaError(f"the effect {name} failed: {error}; mend it or leave it out") from error
    if changed is None:
        raise MediaError(f"the effect {name} gives nothing; let it return the changed clip")
    return changed


def _seen(clip: Any, frames: int, fps: int) -> Iterator[NDArray[np.uint8]]:
    """The clip's pictures; its last one stands where the sound is a little longer."""
    for number in range(frames):
        shown = clip.get_frame(min(number / fps, max(0.0, clip.duration - 1 / fps)))
        # some effects give fractions of a grey level, and some go beyond white
        yield np.clip(np.rint(shown), 0, 255).astype(np.uint8)


def _heard(clip: Any) -> Iterator[Samples]:
    """The clip's sound as mono pieces; nothing where it has none."""
    if clip.audio is None:
        return
    total = round(min(clip.audio.duration, clip.duration) * RATE)
    for start in range(0, total, _CHUNK):
        times = np.arange(start, min(total, start + _CHUNK)) / RATE
        piece = np.asarray(clip.audio.get_frame(times), np.float32)
        yield np.asarray(piece.mean(axis=1) if piece.ndim == 2 else piece, np.float32)


# The cross-fade from one section to the next.
#
# It lies in the breath at the end of a section, in the place of the section's last frames, so
# the next one begins with its own picture, whole. It is a file of its own, made of the two clips
# beside it: when one section changes, its two seams are all that is encoded besides.


FADE_SECONDS = 0.5


def make_seam(before: Path, after: Path, out: Path, frame: Frame) -> int:
    """Write the cross-fade between two clips to `out`, and give its length in frames.

    `join_clips` puts it in the place of the last frames of `before`. Raises `MediaError` for
    a clip that cannot be read, `OutputError` where `out` cannot be written.
    """
    one, other = planes_of(_last_frame(before)), _first_picture(after)
    frames = max(2, round(FADE_SECONDS * frame.fps))  # a group of frames has two at least

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
            write_packet(container, stream, data, number, encoder.time_base, key=number == 0)
    return frames


def _first_picture(clip: Path) -> Planes:
    with reading(clip) as container:
        for first in container.decode(video=0):
            return planes_of(first)
    raise MediaError(f"{clip} shows nothing; make the section again")
