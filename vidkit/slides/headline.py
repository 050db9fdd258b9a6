"""The headline of a slide: the section's own title, else what the section says of itself."""

from __future__ import annotations

import re
from collections.abc import Callable

from .formula import is_formula
from .labels import with_role
from .points import LEAST, is_question, key_points, many, speaks_to_viewer, statement
from .reading import Reading, plain_name
from .words import capitalised, length, likeness, stems, words

LONGEST = 64
"""Characters of a derived headline; a title of the lesson's own may be longer."""

Found = tuple[str, str]
"""A headline and why it was taken."""

_WHOLE = re.compile(
    r"\b(?:flow ?chart|diagram|graph|chart|schematic|cross-section|cutaway|layout|map|plot|table|"
    r"animation|illustration|timeline|infographic|comparison|construction)s? "
    r"(?:of|showing|depicting) "
    r"(?:(?:an?|the|one|our|full|single|completed|typical|simple|two|final|its) )*"
    r"([^.,;:()]{3,60})",
    re.IGNORECASE,
)
_EDGE = re.compile(
    r"\s+(?:is|are|was|shows?|showing|on|in|at|that|which|being|appears?|and their|using|from|for|"
    r"where|as|made|to|with|going|having|changing|depicting|labell?ed|titled)\b.*$",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"\b(?:called|known as|need is|step is|comes?|lies in|this is|we call (?:this|it|that)|name is)"
    r" (?:the |an? )?[\"'‘“]?"
    r"([A-Z][\w/-]*(?: (?:of |and |the )?[A-Z][\w/-]*)*|[a-z-]{8,}(?=[,.:;—'’\"”]))"
)
_COUNTED = re.compile(
    r"\b((?:two|three|four|five|six|seven|eight|zwei|drei|vier|fünf|sechs|sieben)"
    r" (?:(?:key|main|basic|big|simple|great|different|wichtige|große) )?[^\W\d_]{4,}(?:s|en|e))\b"
    r"(?=[.,:;]|$| (?:that|of|to|in|make|keep)\b)"
)
_VAGUE = frozenset(("times", "paths", "parts", "things", "days", "years", "sides", "ways"))
_SMALL = frozenset(
    ("a", "an", "the", "and", "or", "of", "in", "on", "to", "for", "with", "by", "at", "from", "as")
)


def headline(reading: Reading) -> Found:
    """The headline for `reading`, and in a few words where it is from."""
    for rule in _RULES:
        found = rule(reading)
        if found is not None:
            return found
    return "…", "the section says nothing"


def _own_title(reading: Reading) -> Found | None:
    return (reading.title, "the section's own title") if reading.title else None


def _titled_label(reading: Reading) -> Found | None:
    titles = with_role(reading.labels, "title")
    if len(titles) == 2:
        return _both(titles[0].text, titles[1].text), "the two titles in the description"
    return (titles[0].text, "titled so in the description") if len(titles) == 1 else None


def _overlaid_text(reading: Reading) -> Found | None:
    for label in with_role(reading.labels, "overlay"):
        size = len(label.text.split())
        if (
            3 <= size <= 12
            and not is_formula(label.text)
            and not _is_similar_to_narration(label.text)
        ):
            return capitalised(label.text), "laid over the picture in the description"
    return None


def _is_similar_to_narration(text: str) -> bool:
    return text.lower().startswith(("like ", "wie "))


def _whole_of_diagram(reading: Reading) -> Found | None:
    for match in _WHOLE.finditer(reading.description):
        name = re.sub(r"['‘’\"“”]", "", _EDGE.sub("", match[1])).strip()
        echoed = stems(name, reading.language) & reading.heard
        if 1 < len(name.split()) <= 6 and len(echoed) >= max(1, len(words(name)) // 2 + 1):
            return title_case(name), "what the diagram in the description is of"
    return None


def _called(reading: Reading) -> Found | None:
    for match in _CALLED.finditer(reading.speech):
        name = match[1]
        if (
            len(name) > 3
            and len(name.split()) <= 5
            and name.split()[0] not in ("It", "This", "That")
        ):
            return title_case(name), "named so in the narration"
    return None


def _counted(reading: Reading) -> Found | None:
    for match in _COUNTED.finditer(reading.speech):
        if match[1].split()[-1] not in _VAGUE:
            return title_case(match[1]), "counted so in the narration"
    return None


def _repeated_name(reading: Reading) -> Found | None:
    speech = reading.speech.casefold()
    named = [*(label.text for label in reading.parts), *reading.capitals]
    names = [plain_name(name) for name in named if len(name) <= LONGEST]
    often = [
        (speech.count(name.casefold()), len(name.split()) > 1, -i, name)
        for i, name in enumerate(names)
        if len(name) > 3
    ]
    if not often or max(often)[0] < 2:
        return None
    return capitalised(max(often)[3]), "named most often"


def _statement(reading: Reading) -> Found | None:
    points = key_points(reading.speech, reading.terms, many(reading.speech), reading.language)
    short = [point for point in points if length(point) <= 10]
    told = [s for s in reading.sentences if not speaks_to_viewer(s, reading.language)]
    questions = [s for s in reading.sentences if is_question(s) and LEAST <= length(s) <= 10]
    rest = [statement(sentence, reading.language, 9) for sentence in (*told, *reading.sentences)]
    for found in (*short[:1], *questions[:1], *points[:1], *rest[:1]):
        return found, "the section's main statement"
    return None


_RULES: tuple[Callable[[Reading], Found | None], ...] = (
    _own_title,
    _titled_label,
    _overlaid_text,
    _whole_of_diagram,
    _counted,
    _called,
    _repeated_name,
    _statement,
)


def _both(one: str, other: str) -> str:
    """ "Full Custom Design" and "Semi-Custom Design": what they share is said once."""
    left, right = one.split(), other.split()
    while len(left) > 1 and len(right) > 1 and left[-1].casefold() == right[-1].casefold():
        left.pop()
        if left[-1:] == right[-1:]:
            break
    return f"{' '.join(left)} · {other}"


def title_case(text: str) -> str:
    """`text` with its words written large, as English headings are, but for the small ones."""
    found = []
    for i, word in enumerate(text.split()):
        keep = any(c.isupper() or c.isdigit() or c == "_" for c in word) or (i and word in _SMALL)
        found.append(word if keep else word[:1].upper() + word[1:])
    return " ".join(found)


def repeats(headline: str, text: str, language: str) -> bool:
    """Whether `text` says no more than `headline`."""
    return (
        likeness(stems(headline, language), stems(text, language)) > 0.99
        and length(text) <= length(headline) + 2
    )
