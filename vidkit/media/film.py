"""A film of the section's own: recognised, checked, and read as the frames and sound of its clip.

However it was recorded (turned, with an uneven rate, with ten bits, in odd sizes), what comes out
are pictures of the video's frame at its constant rate. A film that is shorter than its section is
slowed a little, and then its last picture stands.
"""

from __future__ import annotations

import itertools
import math
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from av.video.stream import VideoStream
from PIL import Image

from ..core.errors import MediaError
from ..core.paths import open_unlinked
from .audio import CODECS, LENIENT, MOST_HOURS, Samples, filtered, resampled
from .frame import RATE, Frame, decoding
from .images import Planes, planes_of
from .loudness import measure
from .narration import Bed

SLOWEST = 0.8
"""The least part of its speed at which a film is played; below it movement looks wrong."""

UNDER, ALONE = -18.0, -10.0
"""dB to the voice of a film's own sound: while somebody speaks, and in longer pauses."""

MOST_PIXELS = 40_000_000
"""Larger films are refused before they are decoded: 8K has 33 million."""

MOST_MINUTES = 60
"""A film whose own sound stands for the narration is played for no longer than this."""

_PICTURES = frozenset(
    {"av1", "dnxhd", "ffv1", "h263", "h264", "hevc", "mjpeg", "mpeg2video", "mpeg4", "png"}
    | {"prores", "qtrle", "rawvideo", "theora", "vp8", "vp9"}
)
_NEAR = 0.002
"""Seconds by which a picture's time may be rounded in its file."""
_BLACK = (16, 128, 128)
_UNSAID = 2
"""The colour space of a film that does not say its own (ITU-T H.273)."""
_HIGH = 720
"""Lines from which on a film that does not say is of BT.709, as players take it."""


class Film(Protocol):
    """What is played of a film: the `file` from `start` to `end` seconds (None: to its end), its
    `sound` "off", "under" the narration, or "instead" of it.
    """

    @property
    def file(self) -> Path: ...
    @property
    def sound(self) -> str: ...
    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float | None: ...


# Opening.


@contextmanager
def _opened(film: Film) -> Iterator[InputContainer]:
    """The film, undecoded. What goes wrong inside becomes a `MediaError` with its name."""
    name, limit = film.file.name, {"max_pixels": str(MOST_PIXELS)}
    # a file object, and the demuxer by its first bytes: FFmpeg would read a meaning into names, and
    # take a text for a list of addresses
    with decoding(name, "film", "copy or export"), open_unlinked(film.file) as file:
        kind = _kind(file.read(16), name)
        file.seek(0)
        with av.open(file, format=kind, options=limit, **LENIENT) as container:
            assert isinstance(container, InputContainer)
            _check(container, name)
            yield container


def _kind(start: bytes, name: str) -> str:
    if start[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "mov"
    if start[:4] == b"\x1aE\xdf\xa3":
        return "matroska"
    raise MediaError(f"{name} is no film that can be read; give an MP4, MOV, WebM or MKV file")


def _check(container: InputContainer, name: str) -> None:
    """Raise `MediaError` for what is not to be decoded, by what the header says."""
    if not container.streams.video:
        raise MediaError(f"{name} holds no pictures; name a sound in `audio`, and a film here")
    stream = container.streams.video[0]
    codec = stream.codec_context
    if codec is None or codec.codec.canonical_name not in _PICTURES:
        kind = codec.name if codec is not None else "an unknown kind"
        raise MediaError(f"{name} holds pictures of the kind {kind}; export it as MP4 (H.264)")
    if not 0 < codec.width * codec.height <= MOST_PIXELS:
        raise MediaError(
            f"{name} is {codec.width} x {codec.height} pixels, and {MOST_PIXELS // 1_000_000} "
            "million are the most; export it smaller"
        )
    if (seconds := _promised(container, stream)) and seconds > MOST_HOURS * 3600:
        raise MediaError(f"{name} lasts more than {MOST_HOURS} hours; cut out what is to be shown")
    codec.options = {"max_pixels": str(MOST_PIXELS)}
    codec.thread_count = 1  # a piece of work has one core


def _promised(container: InputContainer, stream: VideoStream) -> float | None:
    """The seconds of pictures by the header, None where it does not say."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration else None


def _length(container: InputContainer) -> float:
    """The seconds of the film, by its header or else by its packets, which are not decoded."""
    stream = container.streams.video[0]
    if seconds := _promised(container, stream):
        return seconds
    ends = (
        float((packet.pts + (packet.duration or 0)) * packet.time_base)
        for packet in container.demux(stream)
        if packet.pts is not None and packet.time_base
    )
    seconds = max(ends, default=0.0) - _origin(container)
    container.seek(0)
    return seconds


def _origin(container: InputContainer) -> float:
    """The time at which the film begins, by its own clock."""
    return (container.start_time or 0) / av.time_base


# Its pictures.


def played(film: Film) -> float:
    """How many seconds of the film are to be played. Raises `MediaError` where `start` lies
    beyond its end, and as opening does.
    """
    with _opened(film) as container:
        return _played(film, _length(container))


def _played(film: Film, length: float) -> float:
    if film.start and film.start >= length:
        raise MediaError(
            f"{film.file.name} lasts {length:.1f} s, and `start` is {film.start:g}; write less"
        )
    end = length if film.end is None else min(film.end, length)
    return max(0.0, end - film.start)


def speed(film: Film, seconds: float) -> float:
    """At which part of its speed the film is played in a section of so many `seconds`."""
    if film.sound == "instead":
        return 1.0
    return min(1.0, max(SLOWEST, played(film) / seconds))


def filmed(film: Film, seconds: float, frames: int, frame: Frame) -> Iterator[Planes]:
    """`frames` pictures of the film for a section of `seconds`; the last one stands for as long as
    the film is too short.

    Raises `MediaError` where the film is damaged or breaks off.
    """
    pace = speed(film, seconds)
    times = (film.start + number * pace / frame.fps for number in range(frames))
    shown: VideoFrame | None = None
    with _opened(film) as container:
        fitting = _Fitting(frame, _aspect(container))
        wanted = next(times, None)
        for at, decoded in _pictures(container, film):
            if shown is not None and wanted is not None and wanted < at - _NEAR:
                planes = fitting.planes(shown)
                while wanted is not None and wanted < at - _NEAR:
                    yield planes
                    wanted = next(times, None)
            if wanted is None:
                return
            shown = decoded
        if shown is None:
            raise MediaError(f"{film.file.name} shows no picture; export it again")
        planes = fitting.planes(shown)
        for _ in itertools.chain([wanted], times):
            yield planes


def first_picture(film: Film, size: tuple[int, int]) -> bytes:
    """What is first shown of the film, as a PNG that fits into `size`.

    Raises `MediaError` for what is no film, is damaged, or is longer or larger than it may be.
    """
    played(film)
    with _opened(film) as container:
        last: VideoFrame | None = None
        for at, decoded in _pictures(container, film):
            if last is not None and at > film.start:
                break
            last = decoded
        if last is None:
            raise MediaError(f"{film.file.name} shows no picture; export it again")
        across, down = _upright_size(last, _aspect(container))
        scale = min(size[0] / across, size[1] / down)
        width, height = (max(2, round(side * scale)) for side in (across, down))
        if last.rotation % 180:
            width, height = height, width
        rgb = _reformatted(last, width, height, "rgb24").to_ndarray()
        image = Image.fromarray(np.ascontiguousarray(np.rot90(rgb, round(last.rotation / 90))))
    file = BytesIO()
    image.save(file, "PNG", compress_level=6)
    return file.getvalue()


def _pictures(container: InputContainer, film: Film) -> Iterator[tuple[float, VideoFrame]]:
    """The decoded frames around and after the film's `start` and before its `end`, each with its
    time. Raises `MediaError` where half of them are damaged, or the file ends before its time.
    """
    stream, origin, name = container.streams.video[0], _origin(container), film.file.name
    promised = container.duration / av.time_base if container.duration else None
    rate = float(stream.average_rate or stream.guessed_rate or 25)
    if film.start > 0:
        container.seek(math.floor((film.start + origin) * av.time_base))
    good = bad = 0
    at = reached = film.start
    for packet in container.demux():
        if packet.pts is not None and packet.time_base:
            reached = max(reached, float(packet.pts * packet.time_base) - origin)
        if packet.stream is not stream:
            continue
        try:
            frames = packet.decode()
        except av.FFmpegError:
            bad += 1
            continue
        for decoded in frames:
            assert isinstance(decoded, VideoFrame)
            if decoded.width * decoded.height > MOST_PIXELS:
                raise MediaError(f"{name} becomes larger than it may be; export it again")
            bad += decoded.is_corrupt
            good += not decoded.is_corrupt
            at = at + 1 / rate if decoded.time is None else decoded.time - origin
            if good and film.end is not None and at >= film.end:
                return
            yield at, decoded
    if bad > good:
        raise MediaError(
            f"{name} is damaged: most of its pictures cannot be seen; copy or export it again"
        )
    if promised is not None and reached < 0.95 * promised - 1:
        raise MediaError(
            f"{name} breaks off: its header promises {promised:.1f} s, it holds {reached:.1f} s; "
            "copy or export it again"
        )


def _aspect(container: InputContainer) -> float:
    """How many times as wide as high its pixels are."""
    return float(container.streams.video[0].sample_aspect_ratio or 1)


def _upright_size(picture: VideoFrame, aspect: float) -> tuple[float, float]:
    """Width and height as it is to be seen: with square pixels, and turned."""
    across = picture.width * aspect
    return (picture.height, across) if picture.rotation % 180 else (across, picture.height)


def _reformatted(picture: VideoFrame, width: int, height: int, kind: str) -> VideoFrame:
    """The picture in another size and kind; what is for the video in BT.709 of limited range."""
    unsaid = picture.colorspace == _UNSAID and picture.height >= _HIGH
    colours: dict[str, Any] = {"src_colorspace": Colorspace.ITU709} if unsaid else {}
    if kind != "rgb24":
        colours |= {"dst_colorspace": Colorspace.ITU709, "dst_color_range": ColorRange.MPEG}
    smaller = width < picture.width and height < picture.height
    how = Interpolation.AREA if smaller else Interpolation.BICUBIC
    return VideoReformatter().reformat(
        picture, width, height, kind, interpolation=how, threads=1, **colours
    )


class _Fitting:
    """How pictures are set into the frame: scaled, turned, and cut or with black edges."""

    def __init__(self, frame: Frame, aspect: float) -> None:
        self._frame = frame
        self._aspect = aspect
        self._shape: tuple[object, ...] = ()
        self._size = frame.size

    def planes(self, picture: VideoFrame) -> Planes:
        """The picture as a frame of the video."""
        shape = (picture.width, picture.height, picture.rotation)
        turns = round(picture.rotation / 90)
        if shape != self._shape:
            self._shape, self._size = shape, self._fitted(picture)
        width, height = self._size if turns % 2 == 0 else self._size[::-1]
        scaled = planes_of(_reformatted(picture, width, height, "yuv420p"))
        turned = [np.rot90(plane, turns) for plane in scaled]
        return tuple(
            self._placed(plane, ground, halved)
            for plane, ground, halved in zip(turned, _BLACK, (0, 1, 1), strict=True)
        )

    def _fitted(self, picture: VideoFrame) -> tuple[int, int]:
        """The size that it gets, in whole pixels of colour."""
        sides = _upright_size(picture, self._aspect)
        scales = [room / side for room, side in zip(self._frame.size, sides, strict=True)]
        scale = max(scales) if self._frame.fit == "cover" else min(scales)
        width, height = (max(2, round(side * scale / 2) * 2) for side in sides)
        return width, height

    def _placed(self, plane: Any, ground: int, halved: int) -> Any:
        width, height = (side >> halved for side in self._frame.size)
        room = np.full((height, width), ground, np.uint8)
        spans = []
        for full, have in zip(self._frame.size[::-1], self._size[::-1], strict=True):
            offset = abs(full - have) // 4 * 2 >> halved
            length = min(full, have) >> halved
            there, here = slice(offset, offset + length), slice(0, length)
            spans.append((there, here) if have <= full else (here, there))
        (rows, from_rows), (columns, from_columns) = spans
        room[rows, columns] = plane[from_rows, from_columns]
        return room


# Its sound.


def has_sound(film: Film) -> bool:
    """Whether the film brings a sound that can be decoded."""
    with _opened(film) as container:
        return _sounding(container) is not None


def _sounding(container: InputContainer) -> AudioStream | None:
    for stream in container.streams.audio:
        codec = stream.codec_context
        if codec is not None and (codec.name in CODECS or codec.name.startswith("pcm_")):
            codec.options = {"threads": "1"}
            return stream
    return None


def film_sound(film: Film) -> Iterator[Samples]:
    """The film's own sound from its `start` to its `end`, mono at `RATE`; nothing where it has
    none. What comes late is preceded by silence.
    """
    with _opened(film) as container:
        stream = _sounding(container)
        if stream is None:
            return
        left = round(_played(film, _length(container)) * RATE)
        frames = _sounds(container, stream, film)
        if (first := next(frames, None)) is None:
            return
        begins = (first.time or 0.0) - _origin(container)
        skipped = round((film.start - begins) * RATE)
        if skipped < 0:
            yield np.zeros(min(left, -skipped), np.float32)
            left += skipped
        for piece in resampled(itertools.chain([first], frames), RATE):
            if left <= 0:
                return
            kept = piece[max(0, skipped) :][:left]
            skipped -= len(piece)
            left -= len(kept)
            if len(kept):
                yield kept


def _sounds(container: InputContainer, stream: AudioStream, film: Film) -> Iterator[av.AudioFrame]:
    origin = _origin(container)
    if film.start > 0:
        container.seek(math.floor((film.start + origin) * av.time_base))
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue
        for frame in frames:
            ends = (frame.time or 0.0) - origin + frame.samples / frame.sample_rate
            if ends > film.start:
                yield frame


def own_narration(film: Film) -> bytes:
    """The film's own sound as a WAV file, to stand for a narration.

    Raises `MediaError` where it has none, or lasts more than `MOST_MINUTES`.
    """
    name = film.file.name
    if played(film) > MOST_MINUTES * 60:
        raise MediaError(
            f"{name} would be played for more than {MOST_MINUTES} minutes; "
            "write `start` and `end`, or divide the section"
        )
    file = BytesIO()
    with wave.open(file, "wb") as sink:
        sink.setnchannels(1)
        sink.setsampwidth(2)
        sink.setframerate(RATE)
        for piece in film_sound(film):
            sink.writeframes(np.round(np.clip(piece, -1, 1) * 32767).astype("<i2").tobytes())
        if not sink.tell():
            raise MediaError(
                f'{name} has no sound that can be decoded; write "sound": "off", and what is said '
                "in `content`"
            )
    return file.getvalue()


def film_bed(film: Film, seconds: float) -> Bed | None:
    """The film's own sound beneath the narration of a section of so many `seconds`, slowed as the
    pictures are; None where there is nothing to hear.
    """
    pace = speed(film, seconds)

    def pieces() -> Iterator[Samples]:
        if pace == 1:
            yield from film_sound(film)
            return
        for frame in filtered(film_sound(film), ("atempo", f"tempo={pace:.6f}")):
            yield frame.to_ndarray()[0]

    measured = measure(pieces())
    if not measured.samples or not np.isfinite(measured.loudness):
        return None
    return Bed(pieces, measured.loud, UNDER, ALONE, fade_in=0.3, fade_out=0.5)
