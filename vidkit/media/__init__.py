"""Picture and sound → clip → video.

A section's picture is encoded once, as one key frame; all other frames of it are copies that
say "as before". Its narration is encoded once. Joining copies packets.
"""

from __future__ import annotations

from .audio import check_sound, open_sound
from .clips import Clip, apply_effects, make_clip, make_seam, read_clip
from .frame import Frame
from .images import check_picture, fit_picture, open_picture
from .loudness import find_speech
from .video import (
    Joined,
    chapters,
    contact_sheet,
    join_clips,
    poster,
    section_starts,
)

__all__ = [
    "Clip",
    "Frame",
    "Joined",
    "apply_effects",
    "chapters",
    "check_picture",
    "check_sound",
    "contact_sheet",
    "find_speech",
    "fit_picture",
    "join_clips",
    "make_clip",
    "make_seam",
    "open_picture",
    "open_sound",
    "poster",
    "read_clip",
    "section_starts",
]
