"""OpenAI's models, sizes and prices, from the dated file `openai.toml` beside this one.

What a request may cost is told as an upper bound, for that is what a budget reserves.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

from .listening import longest_speech

FILE = Path(__file__).with_name("openai.toml")
MILLION = 1_000_000
SPARE_TOKENS = 50
"""Tokens that a request may take beside its text."""

Kind = Literal["images", "speech", "writing"]
Size = tuple[int, int]


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))


def dated() -> str:
    """The day of the prices, as 2026-11-22."""
    return str(_data()["dated"])


def models(kind: Kind) -> dict[str, date | None]:
    """The models that are known, and the day on which each ends (None: no such day is known)."""
    return {name: facts.get("ends") for name, facts in _data()[kind].items()}


def current(kind: Kind) -> tuple[str, ...]:
    """The models without an end; where all have one, those that end last, with the day."""
    ends = models(kind)
    if lasting := tuple(name for name, end in ends.items() if end is None):
        return lasting
    last = max(end for end in ends.values() if end is not None)
    return tuple(f"{name} (until {last})" for name, end in ends.items() if end == last)


@dataclass(frozen=True, slots=True)
class Used:
    """Tokens that a picture took, as the answer says."""

    text_in: int
    image_in: int
    out: int


def frame_size(model: str, frame: Size) -> Size:
    """The size to ask `model` for, for a video's frame: (width, height) in pixels.

    The frame's own where the model can draw it, else the nearest shape that it can.
    """
    sizes = _data()["images"].get(model, {}).get("sizes")
    if sizes:
        shape = math.log(frame[0] / frame[1])
        width, height = min(sizes, key=lambda each: abs(math.log(each[0] / each[1]) - shape))
        return width, height
    return _free_size(frame)


def _free_size(frame: Size) -> Size:
    rules = _data()["size"]
    step = rules["step"]
    longer, shorter = max(frame), min(frame)
    ratio = min(longer / shorter, rules["ratio"])
    area = min(max(longer * shorter, rules["fewest"]), rules["most"])
    short = math.sqrt(area / ratio)
    if short * ratio > rules["longest"]:
        short = rules["longest"] / ratio
    # Up to the next step in both, or down where that would be too much.
    sides = [step * math.ceil(side / step - 1e-9) for side in (short * ratio, short)]
    if sides[0] > rules["longest"] or sides[0] * sides[1] > rules["most"]:
        sides = [step * math.floor(side / step + 1e-9) for side in (short * ratio, short)]
    sides[0] = min(sides[0], rules["ratio"] * sides[1])
    return (sides[0], sides[1]) if frame[0] >= frame[1] else (sides[1], sides[0])


def image_tokens(quality: str, size: Size) -> int | None:
    """Tokens of a picture of that quality and size; None where there is no figure for it."""
    factor: int | None = _data()["tokens"].get(quality)
    if factor is None:
        return None
    across = (2 * factor * min(size) + max(size)) // (2 * max(size))
    return math.ceil(factor * across * (2 * MILLION + size[0] * size[1]) / (4 * MILLION))


def image_price(model: str, used: Used) -> float | None:
    """Dollars for so many tokens; None where the price of the model is not known."""
    facts = _data()["images"].get(model, {})
    if "image_out" not in facts:
        return None
    cost = used.text_in * facts["text_in"] + used.image_in * facts["image_in"]
    return float(cost + used.out * facts["image_out"]) / MILLION


def image_bound(model: str, quality: str, size: Size, prompt: str) -> float | None:
    """Dollars that a picture costs at the very most; None where nobody knows a bound."""
    out = image_tokens(quality, size)
    if out is None or _data()["images"].get(model, {}).get("sizes"):
        return None
    return image_price(model, Used(text_bound(prompt), 0, out))


def writing_price(model: str, text_in: int, out: int) -> float | None:
    """Dollars for so many tokens of a chat model; None where its price is not known."""
    facts = _data()["writing"].get(model, {})
    if "text_out" not in facts:
        return None
    return float(text_in * facts["text_in"] + out * facts["text_out"]) / MILLION


def text_bound(text: str) -> int:
    """Tokens that a text is at the very most: no token is less than a byte of UTF-8."""
    return len(text.encode("utf-8", "replace")) + SPARE_TOKENS


def takes_manner(model: str) -> bool:
    """Whether a speech model can be told how to speak; one that is not known is not told."""
    return bool(_data()["speech"].get(model, {}).get("manner"))


def speech_bound(model: str, text: str, manner: str = "", speed: float = 1.0) -> float | None:
    """Dollars that speaking `text` costs at the very most; None where nobody knows a bound.

    It is exact where the model is paid by the character (`is_exact`).
    """
    facts = _data()["speech"].get(model, {})
    if "a_million" in facts:
        return float(len(text) * facts["a_million"]) / MILLION
    if "audio_out" not in facts:
        return None
    heard = longest_speech(text) / speed * facts["audio_tokens_a_second"] * facts["audio_out"]
    return float((text_bound(text) + text_bound(manner)) * facts["text_in"] + heard) / MILLION


def is_exact(model: str) -> bool:
    """Whether a speech model costs what `speech_bound` says, to the cent."""
    return "a_million" in _data()["speech"].get(model, {})
