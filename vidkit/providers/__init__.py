"""Text → image, text → speech: what a provider is, and where to find one by name.

A provider is one file. It turns an *ask* into bytes, and knows nothing of
stores, limits, files or the rest of the lesson:

    class Circle:
        name = "circle"
        places = None

        def shape(self, ask):                  # all that shapes the picture
            return {"size": ask.size}

        async def draw(self, ask, request):    # `speak` for a voice
            return Picture(await request(lambda: fetch(ask.description)), ".png")

Use it by handing it over, `images=Circle()`, or give it a name: a file here
says `PROVIDES = {"images": {"circle": "Circle"}}`, another package has an
entry point in the group `vidkit.images` or `vidkit.voices`. Either names what
makes a provider from the text after the colon (or None). `base` has what a
provider may say of itself besides.
"""

from __future__ import annotations

from .base import ImageAsk, ImageMaker, Narration, Picture, Request, VoiceAsk, VoiceMaker
from .registry import (
    Absent,
    Kind,
    image_maker,
    image_makers,
    left_aside,
    names,
    registered,
    specs,
    voice_maker,
    voice_makers,
)

__all__ = [
    "Absent",
    "ImageAsk",
    "ImageMaker",
    "Kind",
    "Narration",
    "Picture",
    "Request",
    "VoiceAsk",
    "VoiceMaker",
    "image_maker",
    "image_makers",
    "left_aside",
    "names",
    "registered",
    "specs",
    "voice_maker",
    "voice_makers",
]
