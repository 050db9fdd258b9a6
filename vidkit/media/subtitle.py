"""Captions inside the video file: a track of text that a player can switch on."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction

import av
from av.container import OutputContainer

from ..captions import Cue

_MILLISECOND = Fraction(1, 1000)

_STYLE = "Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0"
# FFmpeg derives the track's default style from the header of an ASS script.
_HEADER = f"""[Script Info]
ScriptType: v4.00+
PlayResX: 384
PlayResY: 288

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, \
Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, \
Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: {_STYLE}

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
""".replace("\n", "\r\n").encode()

_MOST_BYTES = 0xFFFF


class Subtitles:
    """A text track of `container` with `cues`, in the language with the ISO 639-2 code
    `language`. It must be made before anything is written, and written along with the rest.
    """

    def __init__(self, container: OutputContainer, cues: Sequence[Cue], language: str) -> None:
        self._container = container
        self._stream = container.add_stream("mov_text")
        self._stream.codec_context.subtitle_header = _HEADER
        self._stream.codec_context.time_base = self._stream.time_base = _MILLISECOND
        self._stream.metadata["language"] = language
        self._waiting = list(reversed(list(_contiguous(cues))))

    def write(self, until: float) -> None:
        """Writes the cues that start before `until`, in seconds of the video."""
        while self._waiting and self._waiting[-1][0] < until * 1000:
            start, end, text = self._waiting.pop()
            packet = av.Packet(struct.pack(">H", len(text)) + text)
            packet.stream, packet.time_base = self._stream, _MILLISECOND
            packet.pts = packet.dts = start
            packet.duration, packet.is_keyframe = end - start, True
            self._container.mux_one(packet)


def _contiguous(cues: Sequence[Cue]) -> Iterator[tuple[int, int, bytes]]:
    """(start, end, text) in milliseconds without gaps or overlaps: the format has neither, so
    an empty text stands where nothing is shown."""
    now = 0
    for cue in sorted(cues, key=lambda cue: cue.start):
        start, end = max(now, round(cue.start * 1000)), round(cue.end * 1000)
        if end <= start:
            continue
        if start > now:
            yield now, start, b""
        text = cue.text.encode("utf-8", "replace")[:_MOST_BYTES]
        yield start, end, text.decode("utf-8", "ignore").encode()
        now = end
