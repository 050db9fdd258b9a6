"""What a person can paste into any chat assistant to have a lesson written."""

from __future__ import annotations

import json
from typing import Any

from ..models.lesson import json_schema
from ..slides.override import EXAMPLES

_SHORT: dict[str, Any] = {
    "title": "Why the Sky Is Blue",
    "language": "en",
    "sections": [
        {
            "title": "A Question of Colour",
            "image_description": "A child looks up at a blue sky",
            "content": "Sunlight is white, and the air has no colour. So why is the sky blue?",
            "slide": {"question": "Why is the sky blue?", "choices": ["The sea", "The air"]},
        },
        {
            "title": "Light Meets Air",
            "image_description": "Sunlight passes through the air and blue light goes astray",
            "content": "Sunlight holds all colours. On its way through the air, blue light is "
            "thrown about much more than red. So blue comes to your eyes from everywhere.",
            "slide": {"layout": "steps", "points": ["☀️ White light", "🌍 Air", "🔵 Blue astray"]},
        },
    ],
}
_LONG: dict[str, Any] = {
    "title": "Halves",
    "language": "en",
    "sections": [
        {
            "title": "Half of a Half",
            "image_description": "A bar that is cut into halves again and again",
            "content": "Take a half, and a half of that, and so on. Together they come as close to "
            "one as you like: $1/2 + 1/4 + 1/8 + …$ is one.",
            "slide": {"equation": ["1/2 + 1/4 + 1/8 + … = 1"]},
        },
        {
            "title": "In Python",
            "image_description": "A short program that adds halves",
            "content": "The program adds ten of these halves. The sum is almost one.",
            "slide": {"code": "print(sum(0.5**n for n in range(1, 11)))", "lang": "python"},
        },
        {
            "title": "How Close?",
            "image_description": "A table with the sums after 1, 2 and 10 steps",
            "content": "After two steps a quarter is missing. After ten steps it is a thousandth.",
            "slide": {"table": [["Steps", "Sum"], ["1", "0.5"], ["2", "0.75"], ["10", "0.999"]]},
        },
    ],
}

_HEAD = """\
Write a lesson as JSON for a narrated video, from what I give you at the end: a topic, my notes, or
a page of text. Answer with the JSON alone, without a fence around it.

- A lesson takes 3 to 6 minutes: 6 to 14 sections, each of 40 to 90 words in `content`.
- `content` is spoken. Write short sentences for somebody who hears them once. Say what a term means
  before you use it. Write numbers, units and formulas as usual; formulas in LaTeX between dollar
  signs. No headings, lists, emoji or stage directions in it.
- Begin with a question or a puzzle, and answer it later. Ask one question in between. End with what
  to remember.
- `slide` shows what is said and does not repeat it: points have 2 to 7 words. Prefer a chart, a
  table, a diagram, an equation or steps over points wherever there is something to show, and take
  numbers only from what I give you.
- `image_description` says in one sentence what a picture of the section would show.
- State only what you know for certain. From notes or a page, state nothing that is not in it.
- Write in the language of my text, and set `language` to its tag.
"""


def prompt() -> str:
    """Instructions, the format, each kind of slide and two examples, as one text."""
    parts = [
        _HEAD,
        "# The format, as JSON Schema\n",
        _compact(json_schema()),
        "\n# The kinds of slides: what may stand in `slide`\n",
        "\n".join(f"{name}: {_compact(example)}" for name, example in EXAMPLES.items()),
        "\n# Two examples\n",
        json.dumps(_SHORT, ensure_ascii=False, indent=1),
        "",
        json.dumps(_LONG, ensure_ascii=False, indent=1),
        "\n# My topic, my notes, or my page\n",
    ]
    return "\n".join(parts)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
