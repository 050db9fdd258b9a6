"""The shapes of curves, by the words that a description has for them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

POINTS = 49

Path = tuple[tuple[float, float], ...]
"""Points (x, y) of a curve, both from 0 to 1, x rising."""

_SHAPES: dict[str, Callable[[float], float]] = {
    "level": lambda t: (1 - math.exp(-4.2 * t)) / (1 - math.exp(-4.2)),
    "swell": lambda t: math.expm1(3 * t) / math.expm1(3),
    "line": lambda t: t,
    "fall": lambda t: 1 - 0.92 * t,
    "decay": lambda t: math.exp(-3.4 * t),
    "s": lambda t: 1 / (1 + math.exp(-11 * (t - 0.52))),
    "drop": lambda t: 1 - 0.94 / (1 + math.exp(-18 * (t - 0.5))),
    "bell": lambda t: math.exp(-((t - 0.5) ** 2) / 0.035),
    "dip": lambda t: 1 - 0.9 * math.exp(-((t - 0.5) ** 2) / 0.035),
    "wave": lambda t: 0.5 + 0.5 * math.sin(4 * math.pi * t),
    "flat": lambda _: 1.0,
}
SHAPES: tuple[str, ...] = tuple(_SHAPES)

# What a description says of a curve, the more special before the more general.
_CUES: tuple[tuple[str, str], ...] = (
    ("wave", r"\b(?:sine|cosine|wav[ey]|oscillat\w*|periodic\w*|swings? up and down)\b"),
    (
        "bell",
        r"\b(?:bell|hump|peaks?\b.{0,40}\b(?:falls?|drops?|declin\w*)|rises? and (?:then )?falls?)",
    ),
    ("dip", r"\b(?:u-shaped|dips?|falls? and (?:then )?rises?|valley)\b"),
    ("drop", r"\b(?:drops? (?:sharply|steeply|vertically|suddenly)|inverted s|sharp drop)"),
    ("s", r"\b(?:s-?shaped|s-?curve|sigmoid\w*|logistic)\b"),
    (
        "swell",
        r"\b(?:exponential(?:ly)?(?! decay)|accelerat\w*|steeper and steeper|faster and faster)",
    ),
    ("s", r"\b(?:slowly|late)\b.{0,80}\b(?:surpass\w*|overtak\w*|plateau|then (?:fast|steep)\w*)"),
    (
        "level",
        r"\b(?:flattens?|levels? off|plateaus?|saturat\w*|approach\w* a (?:limit|maximum)|"
        r"diminishing|abflach\w*|sättigt)\b",
    ),
    ("decay", r"\b(?:decay\w*|half-?life|cools? (?:down|off)|exponential\w* (?:decay|fall\w*))\b"),
    (
        "fall",
        r"\b(?:falls?|drops?|decreas\w*|sinks?|declin\w*|goes down|slopes? down\w*|fällt|sinkt)\b",
    ),
    ("line", r"\b(?:straight|linear\w*|steadily|proportional\w*|gerade)\b"),
    ("swell", r"\b(?:rises? slowly|slowly (?:rises?|climbs?))\b"),
    ("line", r"\b(?:rises?|grows?|increas\w*|climbs?|goes up|steigt|wächst)\b"),
    ("flat", r"\b(?:constant|flat|horizontal line|unchanged)\b"),
)
_WHERE = r"\b(?:{})\b[^,.]{{0,20}}\b(?:level|plateau|value|height|line|place|\w+ level|niveau)\b"
_LOW = re.compile(_WHERE.format("low|lower|lowest|small"))
_MIDDLE = re.compile(_WHERE.format("moderate|modest|medium|middle"))


def shape_of(words: str) -> str | None:
    """The shape that `words` tell of, None where they tell of none."""
    low = words.lower()
    return next((shape for shape, cue in _CUES if re.search(cue, low)), None)


def height_of(words: str, shape: str = "line") -> float:
    """How high the curve gets, of the axis: what `words` say, else what is usual for its shape
    beside others, so that what grows ever faster ends above what grows steadily.
    """
    low = words.lower()
    usual = {"line": 0.62, "level": 0.62, "flat": 0.5}.get(shape, 0.9)
    return 0.55 if _MIDDLE.search(low) else 0.28 if _LOW.search(low) else usual


def path(shape: str, height: float = 0.9, floor: float = 0.03) -> Path:
    """The points of `shape` between `floor` and `height`."""
    course = _SHAPES[shape]
    steps = (i / (POINTS - 1) for i in range(POINTS))
    return tuple(
        (round(0.97 * t, 4), round(floor + (height - floor) * course(t), 4)) for t in steps
    )


def together(curves: Sequence[tuple[str, float]]) -> list[Path]:
    """The paths of curves (shape, height) in one sketch: where one is level all along, the others
    come near it and do not cross it.
    """
    line = next((height for shape, height in curves if shape == "flat"), None)
    found = []
    for shape, height in curves:
        if line is not None and shape == "decay" and line < 0.5:
            found.append(path(shape, height, line))
        elif line is not None and shape in ("level", "s") and line >= 0.5:
            found.append(path(shape, line - 0.02))
        else:
            found.append(path(shape, height))
    return found
