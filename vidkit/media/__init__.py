"""Picture and sound → clip → video.

A section's picture is encoded once, as one key frame; all other frames of it are copies that
say "as before". Its narration is encoded once. Joining copies packets.
"""

from .clip import Clip, make_clip, read_clip
from .frame import Frame
from .join import Chapter, Joined, chapters, join_clips, section_starts
from .picture import check_picture, fit_picture, open_picture
from .sheet import contact_sheet, poster
from .sound import Sound, check_sound, open_sound

__all__ = [
    "Chapter",
    "Clip",
    "Frame",
    "Joined",
    "Sound",
    "chapters",
    "check_picture",
    "check_sound",
    "contact_sheet",
    "fit_picture",
    "join_clips",
    "make_clip",
    "open_picture",
    "open_sound",
    "poster",
    "read_clip",
    "section_starts",
]
