"""Picture and sound → clip → video.

A section's picture is encoded once, as one key frame; all other frames of it are copies that
say "as before". Its narration is encoded once. Joining copies packets.
"""

from .clip import Clip, make_clip, picture_of, read_clip
from .effects import Effect, apply_effects
from .frame import Frame
from .join import Chapter, Joined, chapters, join_clips, section_starts
from .picture import check_picture, fit_picture, open_picture
from .seam import make_seam
from .sheet import contact_sheet, poster, sheet
from .sound import Sound, check_sound, open_sound

__all__ = [
    "Chapter",
    "Clip",
    "Effect",
    "Frame",
    "Joined",
    "Sound",
    "apply_effects",
    "chapters",
    "check_picture",
    "check_sound",
    "contact_sheet",
    "fit_picture",
    "join_clips",
    "make_clip",
    "make_seam",
    "open_picture",
    "open_sound",
    "picture_of",
    "poster",
    "read_clip",
    "section_starts",
    "sheet",
]
