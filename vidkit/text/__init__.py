"""Text as written, as spoken, as shown, and as captions."""

from .captions import Cue, cues, to_srt, to_vtt
from .markup import MappedText, pauses
from .maths import plain, segments, shown
from .speech import VERSION, changes, paragraphs, spoken, unused_words
from .timing import Word

__all__ = [
    "VERSION",
    "Cue",
    "MappedText",
    "Word",
    "changes",
    "cues",
    "paragraphs",
    "pauses",
    "plain",
    "segments",
    "shown",
    "spoken",
    "to_srt",
    "to_vtt",
    "unused_words",
]
