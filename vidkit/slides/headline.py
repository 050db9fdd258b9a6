"""The headline of a slide: the section's own title, else what the section says of itself."""

from __future__ import annotations

import re
from collections.abc import Callable

from .formula import is_formula
from .labels import quoted, with_role
from .points import LEAST, is_question, key_points, leans, many, speaks_to_viewer, statement
from .reading import LONGEST_TITLE, Reading, plain_name
from .words import capitalised, clean, length, stems

LONGEST = 64
"""Characters of a derived headline; a title of the lesson's own may be longer."""

Found = tuple[str, str]
"""A headline and why it was taken."""

_WHOLE = re.compile(
    r"\b(?:flow ?chart|diagram|graph|chart|schematic|cross-section|cutaway|layout|map|plot|table|"
    r"animation|illustration|timeline|infographic|comparison|construction)s? "
    r"(?:of|showing|depicting) "
    r"(?:(?:an?|the|one|our|its|full|single|completed|typical|simple|primary|main|whole|two|final)"
    r" )*"
    r"([^.,;:()]{3,60})",
    re.IGNORECASE,
)
_EDGE = re.compile(
    r"\s+(?:is|are|was|shows?|showing|on|in|at|that|which|being|appears?|and their|using|from|for|"
    r"where|as|made|to|with|going|having|again|changing|depicting|labell?ed|titled)\b.*$",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"(?i:\b(?:called|known as|need is|step is|this is|we call (?:this|it|that)|name is)"
    r"(?: the| an?)? [\"'‘“]?)"
    r"(?:(?P<name>[A-Z][\w/-]*(?: (?:of |and |the )?[A-Z][\w/-]*)*)|"
    r"(?P<word>(?<=called )[\"'‘“]?[a-z][a-z-]{5,}|(?<=step is )[a-z]{3,}ing)\b)"
)
_REVEALED = re.compile(
    r"\w: (?:the |an? |der |die |das |eine? |le |la |el )"
    r"([^\s,.;:!?—–()]+(?: [^\s,.;:!?—–()]+){0,2})(?:[,.!—–]|$)"
)
_LAW = re.compile(
    r"\b(?:formula|equation|law|theorem|formel|gesetz|formule|loi|fórmula|ley) (?:for|of|für|de) "
    r"((?:[^\W\d_][\w-]*)(?: (?!is\b|are\b|says\b|in\b|to\b)[^\W\d_][\w-]*){0,2})",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"(?:when|if|once|as|before|after|while|because|wenn|als|quand|si)\b", re.I)
_SIMILE = re.compile(r"(?:like|wie|comme|como)\b", re.IGNORECASE)
_SCENE = re.compile(r"zoom|camera|cinematic|final shot")
_COUNTED = re.compile(
    r"\b((?:three|four|five|six|seven|eight|drei|vier|fünf|sechs|sieben)"
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
            return clean(found[0], LONGEST_TITLE), found[1]
    return "…", "the section says nothing"


def _own_title(reading: Reading) -> Found | None:
    return (reading.title, "the section's own title") if reading.title else None


def _titled_label(reading: Reading) -> Found | None:
    titles = with_role(reading.labels, "title")
    return (titles[0].text, "titled so in the description") if len(titles) == 1 else None


def _overlaid_text(reading: Reading) -> Found | None:
    for label in with_role(reading.labels, "overlay"):
        text, size = label.text, len(label.text.split())
        headed = size == 2 and all(word[:1].isupper() for word in text.split())
        if not headed and not 3 <= size <= 17:
            continue
        if not is_formula(text) and not re.search("[=>]", text) and not _SIMILE.match(text):
            return capitalised(text), "laid over the picture in the description"
    return None


def _quoted_label(reading: Reading) -> Found | None:
    told = {text.casefold(): text for text in quoted(reading.speech)}
    labelled = " ".join(label.text for label in reading.parts).casefold()
    both = [text for key, text in told.items() if key in labelled and len(key) > 5]
    named = both or [text for text in told.values() if text[:1].isupper() and " " in text]
    return (title_case(named[0]), "quoted in the narration") if len(named) == 1 else None


def _whole_heard(reading: Reading) -> Found | None:
    for name in _wholes(reading):
        if stems(name.split()[-1], reading.language) & reading.heard:
            return title_case(name), "what the diagram in the description is of"
    return None


def _whole_shown(reading: Reading) -> Found | None:
    name = next(iter(_wholes(reading)), None)
    return (title_case(name), "what the diagram in the description is of") if name else None


def _wholes(reading: Reading) -> list[str]:
    """What the diagrams of the description are of, in a few words; nothing for a film scene."""
    if _SCENE.search(reading.scene):
        return []
    found = []
    for match in _WHOLE.finditer(reading.description):
        name = re.sub(r"['‘’\"“”]", "", _EDGE.sub("", match[1])).strip()
        if 2 <= len(name.split()) <= 6:
            found.append(name)
    return found


def _counted(reading: Reading) -> Found | None:
    for match in _COUNTED.finditer(reading.speech):
        if match[1].split()[-1] not in _VAGUE:
            return title_case(match[1]), "counted so in the narration"
    return None


def _called(reading: Reading) -> Found | None:
    for match in _CALLED.finditer(reading.speech):
        name = match["name"] or match["word"]
        if len(name) > 3 and len(name.split()) <= 5:
            return title_case(name), "named so in the narration"
    return None


def _revealed(reading: Reading) -> Found | None:
    for sentence in reading.sentences:
        match = _REVEALED.search(sentence)
        if match and len(match[1]) > 3:
            return title_case(match[1]), "led up to in the narration"
    return None


def _heard_label(reading: Reading) -> Found | None:
    found = []
    for label in reading.parts:
        name = plain_name(label.text)
        own = stems(name, reading.language)
        if 2 <= len(name.split()) <= 5 and len(own) > 1 and own <= reading.heard:
            found.append(capitalised(name))
    why = "labelled in the description and told in the narration"
    # One of many parts is not what the section is about.
    return (found[0], why) if len(found) == 1 and len(reading.parts) <= 4 else None


def _repeated_name(reading: Reading) -> Found | None:
    speech = reading.speech.casefold()
    names = [plain_name(label.text) for label in reading.parts] + reading.capitals
    often = [
        (speech.count(name.casefold()), len(name.split()) > 1, -i, name)
        for i, name in enumerate(names)
        if 3 < len(name) <= LONGEST and (" " in name or re.search(r"[A-Z]", name[1:]))
    ]
    if not often or max(often)[0] < 3:
        return None
    return capitalised(max(often)[3]), "named most often"


def _formula_for(reading: Reading) -> Found | None:
    match = _LAW.search(reading.speech)
    return (title_case(match[1]), "what the formula in the narration is for") if match else None


def _first_sentence(reading: Reading) -> Found | None:
    """The opening of the narration, where it is a short statement or a short question."""
    language = reading.language
    for sentence in reading.sentences[:2]:
        short = statement(sentence, language, 9)
        vague = len(stems(short, language)) < 2
        if is_question(sentence):
            if LEAST <= length(short) <= 10 and not vague:
                return short, "the question that the narration opens with"
            continue
        if speaks_to_viewer(sentence, language):
            continue
        alone = not leans(sentence, frozenset(), language) and not _CONDITION.match(short)
        if alone and LEAST <= length(short) <= 12 and not vague:
            return short, "the narration's first statement"
        return None
    return None


def _short_statement(reading: Reading) -> Found | None:
    """The shortest of the points, where one is as short as a headline."""
    points = key_points(reading.speech, reading.terms, many(reading.speech), reading.language)
    short = [point for point in points if length(point) <= 10]
    alone = [p for p in short if not leans(p, frozenset(), reading.language)]
    plain = [p for p in alone if not p.lower().startswith(("when ", "if ", "the first "))]
    found = min(plain or alone, key=length, default=None)
    return (found, "a short statement of the narration") if found else None


def _statement(reading: Reading) -> Found | None:
    language = reading.language
    points = key_points(reading.speech, reading.terms, many(reading.speech), language)
    questions = [s for s in reading.sentences if is_question(s) and LEAST <= length(s) <= 10]
    told = [s for s in reading.sentences if not speaks_to_viewer(s, language)]
    rest = [statement(sentence, language, 9) for sentence in (*told, *reading.sentences)]
    for found in (*questions[:1], *sorted(points, key=length), *rest):
        return found, "the section's main statement"
    return None


_RULES: tuple[Callable[[Reading], Found | None], ...] = (
    _own_title,
    _titled_label,
    _overlaid_text,
    _quoted_label,
    _whole_heard,
    _counted,
    _called,
    _revealed,
    _heard_label,
    _repeated_name,
    _formula_for,
    _first_sentence,
    _short_statement,
    _whole_shown,
    _statement,
)


def title_case(text: str) -> str:
    """`text` with its words written large, as English headings are, but for the small ones."""
    found = []
    for i, word in enumerate(text.split()):
        keep = any(c.isupper() or c.isdigit() or c == "_" for c in word) or (i and word in _SMALL)
        found.append(word if keep else word[:1].upper() + word[1:])
    return " ".join(found)
