"""The colours of a timeline, each by what it says, in light and dark."""

from __future__ import annotations

from typing import Literal

Role = Literal[
    "paper", "track", "line", "ink", "quiet", "on",
    "lesson", "image", "audio", "clip", "join", "failed", "gone",
    "lesson-soft", "image-soft", "audio-soft", "clip-soft", "join-soft", "failed-soft",
    "kept", "refused", "pause", "now",
]  # fmt: skip
"""What a colour says. `on` is for text on a bar; `-soft` is for what waits; `gone` for what was
cancelled; `kept` for what came from the store; `refused` is a 429."""

HUES = ("lesson", "image", "audio", "clip", "join", "failed")

LIGHT: dict[Role, str] = {
    "paper": "#ffffff",
    "track": "#f4f5f6",
    "line": "#e1e4e8",
    "ink": "#24292f",
    "quiet": "#616161",
    "on": "#ffffff",
    "lesson": "#5b6672",
    "image": "#2c6cb0",
    "audio": "#a8560c",
    "clip": "#2a7a4b",
    "join": "#7153a8",
    "failed": "#b3261e",
    "gone": "#8b949e",
    "lesson-soft": "#d3d7db",
    "image-soft": "#c3d6ea",
    "audio-soft": "#eed3b8",
    "clip-soft": "#bfdccb",
    "join-soft": "#d6cce8",
    "failed-soft": "#f2c9c6",
    "kept": "#6b7480",
    "refused": "#b3261e",
    "pause": "#f0d48a",
    "now": "#57606a",
}
"""On white. The full hues bear white text, at a contrast of 4.5 or more (WCAG 2, level AA)."""

DARK: dict[Role, str] = {
    "paper": "#1c1e21",
    "track": "#26292d",
    "line": "#373b41",
    "ink": "#e6e8eb",
    "quiet": "#bdbdbd",
    "on": "#14171a",
    "lesson": "#a9b3be",
    "image": "#7fb4ee",
    "audio": "#eba868",
    "clip": "#76c795",
    "join": "#bda5f0",
    "failed": "#ff9a92",
    "gone": "#78818a",
    "lesson-soft": "#454b52",
    "image-soft": "#34495f",
    "audio-soft": "#5b4733",
    "clip-soft": "#335042",
    "join-soft": "#4a4363",
    "failed-soft": "#61403e",
    "kept": "#a3acb6",
    "refused": "#ff9a92",
    "pause": "#6b5823",
    "now": "#98a1ab",
}
"""On a dark ground; the hues bear dark text."""

_ON_ANY_GROUND: dict[Role, str] = {
    "ink": "var(--jp-ui-font-color1,currentColor)",
    "line": "rgba(127,127,127,.25)",
    "track": "rgba(127,127,127,.1)",
}
"""In a page, whose ground is that of JupyterLab's theme, or nobody knows which."""


def css(within: str) -> str:
    """The colours as custom properties of the element `within`, light or dark as JupyterLab is,
    and a class for each: `.f-image` fills, `.s-image` draws a line.
    """
    rules = [f"{within}{{{_properties(LIGHT)}}}"]
    rules.append(f'body[data-jp-theme-light="false"] {within}{{{_properties(DARK)}}}')
    for role in LIGHT:
        rules.append(f"{within} .f-{role}{{fill:var(--{role})}}")
        rules.append(f"{within} .s-{role}{{stroke:var(--{role})}}")
    return "".join(rules)


def _properties(colours: dict[Role, str]) -> str:
    return ";".join(f"--{role}:{colour}" for role, colour in (colours | _ON_ANY_GROUND).items())
