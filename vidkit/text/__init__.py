"""Text as written, as spoken, and as captions."""

from .captions import Cue, Word, cues, to_srt, to_vtt
from .speech import VERSION, paragraphs, spoken

__all__ = [
    "VERSION",
    "Cue",
    "Word",
    "cues",
    "paragraphs",
    "spoken",
    "to_srt",
    "to_vtt",
]
