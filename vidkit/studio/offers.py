"""What an editor offers to choose from: layouts with their pictures, voices with samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from ..core import loop
from ..core.errors import ProviderError, VidkitError
from ..models.settings import Settings
from ..pipeline.context import ungated
from ..providers.base import ImageAsk, VoiceAsk
from ..providers.registry import image_makers, voice_makers
from .widgets import Media

SAMPLES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "statement": ("One sentence", {}),
    "points": ("Points", {"points": ["Light comes in", "It bends", "Colours part"]}),
    "cards": ("Cards", {"points": ["Rain: drops of water", "Hail: balls of ice", "Snow: stars"]}),
    "compare": ("Comparison", {"points": ["Steel: strong but heavy", "Wood: light but weak"]}),
    "steps": ("Steps", {"points": ["Mix", "Bake", "Cool"]}),
    "layers": ("Layers", {"points": ["Air", "Water", "Rock"]}),
    "timeline": ("Timeline", {"points": ["1638: Galileo", "1687: Newton", "1915: Einstein"]}),
    "equation": ("Equation", {"equation": "v = g * t"}),
    "code": ("Code", {"code": "for n in range(3):\n    print(n)", "lang": "python"}),
    "parts": ("Parts", {"points": ["Root: drinks", "Stem: carries", "Leaf: makes sugar"]}),
    "curve": ("Curve", {"points": ["x: Time", "y: Speed", "Falling body: rises steadily"]}),
}
"""Each layout: what it is called, and what a sample of it shows."""

SAID = "This is how a narration sounds in this voice."
SAMPLE_SIZE = (320, 180)


def layouts(media: Media) -> list[dict[str, Any]]:
    """The layouts of slides to choose from, each with a picture; first that the slide decides."""
    drawn: list[dict[str, Any]] = [{"layout": "", "label": "Automatic", "media": None}]
    for layout, (label, _) in SAMPLES.items():
        token = media.made(f"layout|{layout}", "image/png", lambda layout=layout: _drawn(layout))  # type: ignore[misc]
        drawn.append({"layout": layout, "label": label, "media": token})
    return drawn


@cache
def _drawn(layout: str) -> bytes:
    """A sample of a layout, as a PNG."""
    makers = image_makers(Settings(images="slides"))
    label, slide = SAMPLES[layout]
    words = "A picture says it. The words say it again, in order."
    ask = ImageAsk("A sample.", words, label, "en", SAMPLE_SIZE)
    ask = replace(ask, slide={"layout": layout, **slide})
    return loop.run(makers[0].draw(ask, ungated)).data


def voices(settings: Settings, language: str) -> list[tuple[str, str]]:
    """The voices of the chosen provider, those of the lesson's language first, each with what it
    is called; first that the provider decides. Blocks while the provider looks.
    """
    chosen: list[tuple[str, str]] = [("", "The provider's own choice")]
    try:
        maker: Any = voice_makers(settings, keyless=True)[0]
        listed = getattr(maker, "voices", None)
        if callable(listed):
            chosen += [(str(value), str(label)) for value, label in listed(language)]
    except VidkitError:
        return chosen
    return chosen


def sample(settings: Settings, language: str, voice: str, media: Media) -> str:
    """A token for a sentence in a voice of an offline provider. Blocks while it is spoken.

    Raises `ProviderError` where that would cost something, or the voice cannot be had.
    """
    maker: Any = voice_makers(settings)[0]
    if getattr(maker, "online", False) and getattr(maker, "price", None) != 0:
        raise ProviderError(
            f"a sample of {maker.name} would be paid for; make a section to hear it"
        )
    spoken = loop.run(maker.speak(VoiceAsk(SAID, language, voice=voice or None), ungated))
    data: bytes = spoken.data
    kind = "audio/mpeg" if spoken.suffix == ".mp3" else "audio/wav"
    return media.made(f"sample|{maker.name}|{language}|{voice}", kind, lambda: data)
