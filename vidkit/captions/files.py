"""Cues → WebVTT and SubRip, whatever their text holds."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable, Iterator

from ..plain import HIDDEN, Traced, rewrite
from .cue import Cue


def to_vtt(cues: Iterable[Cue]) -> str:
    """The cues as a WebVTT file. Nothing in their text can end a cue or become a tag."""
    blocks = ["WEBVTT"]
    for number, (cue, lines) in enumerate(_sound(cues), 1):
        escaped = [html.escape(line, quote=False) for line in lines]
        times = f"{_time(cue.start, '.')} --> {_time(cue.end, '.')}"
        blocks.append("\n".join([str(number), times, *escaped]))
    return "\n\n".join(blocks) + "\n"


def to_srt(cues: Iterable[Cue]) -> str:
    """The cues as a SubRip file, in which nothing can be escaped: what a player could take
    for a time or a tag is written with characters that look like it.
    """
    blocks = []
    for number, (cue, lines) in enumerate(_sound(cues), 1):
        plain = [_TAG.sub("(", line.replace("-->", "→").translate(_ANGLES)) for line in lines]
        times = f"{_time(cue.start, ',')} --> {_time(cue.end, ',')}"
        blocks.append("\n".join([str(number), times, *plain]))
    return "\n\n".join(blocks) + "\n" if blocks else ""


_ANGLES = str.maketrans("<>", "‹›")
_TAG = re.compile(r"\{(?=\\|[A-Za-z]:)")


def _sound(cues: Iterable[Cue]) -> Iterator[tuple[Cue, list[str]]]:
    """Cues that a file can hold, by their start, with the lines that are left of their text."""
    usable = (cue for cue in cues if math.isfinite(cue.start) and math.isfinite(cue.end))
    for cue in sorted(usable, key=lambda cue: cue.start):
        text = rewrite(Traced.of(cue.text), HIDDEN).text
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        if lines and cue.end > cue.start >= 0:
            yield cue, lines


def _time(seconds: float, point: str) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}{point}{thousandths:03d}"
