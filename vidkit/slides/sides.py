"""The rule for a comparison: two sides of a picture, each with what is said of it."""

from __future__ import annotations

import re

from .draft import draft
from .formula import is_formula
from .labels import with_role
from .points import is_question, leans, speaks_to_viewer, statement
from .reading import Reading
from .slide import Side, Slide
from .words import capitalised, length, stems, words

_SPLIT = re.compile(
    r"\b(?:on the |to the |the |at )?(left|right)(?:[- ]hand)?(?: side| half| panel)?\b"
)
_NOUN = r"(?:(?:an?|the|one|two) )?((?:[\w₀-₉/+-]+ ){0,4}?[\w₀-₉/+-]+)"
_SHOWN = (
    re.compile(
        rf"(?:showing|shows?|is|of|with|see|:|,) {_NOUN} (?:is |are |appears? )?(?:on|to|at) the $"
    ),
    re.compile(
        rf"^[^.]{{0,12}}?(?:,| is| shows?| we see| there is|:)\s*{_NOUN}(?= (?:that|which|with|"
        r"labell?ed|appears?|is|are|of|in|where|being|places?|glow\w*)\b|[,.;:(…]|$)"
    ),
    re.compile(rf"^[^.]{{0,12}}?, where {_NOUN} (?:is|are|appears?)\b"),
)
_PLAIN = re.compile(
    r"(?:detailed|complex|glowing|clean|animated|realistic|styli[sz]ed|massive|sleek|beautiful|same|"
    r"stunning|intricate|simple|large|small|big|little|modern|full|photo|image|picture|view|drawing)\b",
    re.IGNORECASE,
)


_REFERS = re.compile(
    r"\b(?:it|it's|its|they|they're|their|them|he|his|she|her|this|these|every|you|er|sie|es|il|elle)\b"
)


def compare(reading: Reading, asked: bool = False) -> Slide | None:
    """Two panels, where the description shows one thing left and another right, and both have a
    name and something said of them.
    """
    sides = _titled(reading) or _left_and_right(reading)
    if sides is None:
        return None
    one, other = (_as_long_as(side, sides) for side in sides)
    arrow = bool(re.search(r"\barrow\b|\bturns? into\b|\btransform", reading.scene))
    own = _named_apart(one.name, other.name)
    heading = f"{own[0]} {'→' if arrow else 'vs.'} {own[1]}"
    why = "the description sets two sides against each other"
    bare = all(length(" ".join(side.points)) <= 4 for side in (one, other))
    slide = draft(
        reading,
        "compare",
        why,
        2 if bare else 0,
        heading=heading if len(heading) <= 64 else None,
        sides=(one, other),
        arrow=arrow,
    )
    return slide if asked or all(side.points for side in (one, other)) else None


def _as_long_as(side: Side, sides: tuple[Side, Side]) -> Side:
    """`side` with at most one point more than the other has."""
    return Side(side.name, side.points[: min(len(s.points) for s in sides) + 1])


def _titled(reading: Reading) -> tuple[Side, Side] | None:
    """The sides of a description that gives both a title."""
    titles = with_role(reading.labels, "title")
    if len(titles) != 2 or not _SPLIT.search(reading.scene):
        return None
    one, other = titles[0].text, titles[1].text
    return Side(one, _told_of(reading, one, other)), Side(other, _told_of(reading, other, one))


def _left_and_right(reading: Reading) -> tuple[Side, Side] | None:
    """The sides of a description that says "on the left" and "on the right"."""
    low = reading.description.lower()
    places = {match[1]: match for match in reversed(list(_SPLIT.finditer(low)))}
    if set(places) != {"left", "right"} or places["left"].start() > places["right"].start():
        return None
    left, right = places["left"], places["right"]
    cut = low.rfind(".", left.end(), right.start()) + 1 or right.start()
    spans = ((max(0, left.start() - 60), left, cut), (cut, right, len(low)))
    sides = []
    for start, place, end in spans:
        name = _shown(reading.description, start, place, end)
        if not stems(name, reading.language) & reading.heard:
            name = ""
        inside = [
            label.text
            for label in reading.labels
            if label.role in ("part", "title")
            and start <= label.start < min(end, place.end() + 200)
            and not is_formula(label.text)
        ]
        sides.append((name, inside))
    names = [name or (inside[0] if inside else "") for name, inside in sides]
    if not all(names) or names[0].casefold() == names[1].casefold():
        return None
    found = []
    for (name, inside), own, against in zip(sides, names, names[::-1], strict=True):
        tags = tuple(capitalised(tag) for tag in inside if tag != own)[:3] if name else ()
        found.append(Side(own, _told_of(reading, own, against) or tags))
    return found[0], found[1]


def _shown(description: str, start: int, place: re.Match[str], end: int) -> str:
    """The noun that the description puts at `place`, "" where it is not plain."""
    before, after = description[start : place.start()], description[place.end() : end]
    opening = re.sub(r"(?:on|to|at) the $", "", before) + "on the "
    for text, shape in ((opening, _SHOWN[0]), (after, _SHOWN[2]), (after, _SHOWN[1])):
        match = shape.search(text)
        if match:
            name = match[1].split()
            while name and _PLAIN.fullmatch(name[0]):
                name.pop(0)
            if 0 < len(name) <= 5 and words(" ".join(name)):
                return capitalised(" ".join(name))
    return ""


def _told_of(reading: Reading, name: str, other: str) -> tuple[str, ...]:
    """What the narration says of `name` and not of `other`: from the first sentence that names it
    to the first that names the other.
    """
    own = stems(name, reading.language) - stems(other, reading.language)
    against = stems(other, reading.language) - stems(name, reading.language)
    told: list[str] = []
    inside = False
    for sentence in reading.sentences:
        meaning = stems(sentence, reading.language)
        named = bool(meaning & own) and not meaning & against
        # A sentence after one that names the side is still of it while it says "it" or "they".
        inside = named or (inside and not meaning & against and _refers_back(sentence))
        if not inside or is_question(sentence) or speaks_to_viewer(sentence, reading.language):
            continue
        short = statement(sentence, reading.language, 13)
        only_named = len(stems(short, reading.language) - stems(name, reading.language)) < 2
        if length(short) <= 24 and not only_named and (told or not leans(sentence)):
            told.append(short)
    return tuple(told[:3])


def _refers_back(sentence: str) -> bool:
    opening = " ".join(sentence.lower().split()[:4])
    return bool(_REFERS.search(opening) or re.search(r"\b(?:him|her|it|them)\W*$", sentence))


def _named_apart(one: str, other: str) -> tuple[str, str]:
    """ "Full Custom Design", "Semi-Custom Design": what both end with is said once."""
    left, right = one.split(), other.split()
    if len(left) > 1 and len(right) > 1 and left[-1].casefold() == right[-1].casefold():
        left.pop()
    return " ".join(left), other
