"""What a section says of a thing, in a few words: the small print of a card."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .analysis import Label, Reading, capitalised, length, plain_name, stems
from .slide import Entry
from .summary import is_question, speaks_to_viewer, statement

GLOSSES_AIM = 9
GLOSSES_MOST = 14
GLOSSES_LONGEST = 26
"""Words of a gloss: aimed at, the most beside a label, the most on a card of its own."""

_ARTICLES = "the |an? |die |der |das |eine? |le |la |les |el |los "
_TERM = r"[^\W\d_][^\s.,:;?!—–]*(?:[ -][^\s.,:;?!—–]+){0,3}"
_DEFINED = re.compile(
    rf"^(?:and |und |et |y )?(?:finally,? )?(?P<term>{_TERM})"
    r"(?:: |, (?:where|in which|when|wo|bei dem|où|donde) (?:we )?|\s*[—–]\s*)(?P<gloss>\S.*)$",
    re.IGNORECASE,
)
_IS = (
    r"(?:is|are|means|acts as|serves as|has|holds|stores|lets|gives|takes|turns|tells|makes|"
    r"keeps|measures|catches|carries|contains|controls|gets|becomes|will become|needs|helps|"
    r"protects|connects|produces|absorbs|pushes|pulls|attracts|sends|moves|grows|lies|sits|lives|"
    r"works|ist|sind|heißt|bedeutet|hat|est|sont|es|son)"
)
_LONGER_NAME = re.compile(
    r"(?:\S+ ){1,2}(?:is|are|was|were|has|have|had|can|will|ist|sind|hat|haben|est|sont|es|son)\b"
)
_VERB_STAYS = re.compile(r"^(?:is|are|ist|sind|est|sont|es|son|means|bedeutet|heißt)\s+", re.I)
_ARTICLE = re.compile(r"^(?:simply|just|like|essentially|really|einfach)\s+", re.IGNORECASE)


def defined_terms(reading: Reading) -> list[Entry]:
    """The sentences "Term: gloss" and "Term, where gloss" of the narration, as entries."""
    found: dict[str, Entry] = {}
    for sentence in _unrolled(reading.sentences):
        match = _DEFINED.match(sentence)
        if not match or is_question(sentence) or speaks_to_viewer(sentence, reading.language):
            continue
        term = match["term"].strip("'\"‘’“”")
        gloss = _shortened(match["gloss"], reading, GLOSSES_LONGEST)
        if gloss and _may_be_term(term, reading):
            found.setdefault(term.casefold(), Entry(capitalised(term), gloss))
    return list(found.values())


def _unrolled(sentences: Iterable[str]) -> list[str]:
    """The sentences, and from "Four steps: Oxidation, where …" what follows the colon."""
    found = []
    for sentence in sentences:
        head, colon, rest = sentence.partition(": ")
        listed = colon and len(head.split()) > 4 and _DEFINED.match(rest)
        found.append(rest if listed else sentence)
    return found


def _may_be_term(term: str, reading: Reading) -> bool:
    stop = {"it", "this", "that", "here", "so", "the", "there", "then", "we", "you", "i", "they"}
    first = term.split()[0].lower()
    return len(term) > 1 and first not in stop and bool(stems(term, reading.language))


def glosses(reading: Reading, labels: Iterable[Label]) -> dict[str, str]:
    """For each label that the section explains, by its text: the explanation in a few words."""
    labels, found = list(labels), {}
    for label in labels:
        gloss = _beside(label) or _told(plain_name(label.text), reading)
        if gloss and gloss.casefold() != label.text.casefold():
            found[label.text] = gloss
    opened = {label.text: _opened(label, reading) for label in labels if label.text not in found}
    both = found | {name: gloss for name, gloss in opened.items() if gloss}
    return both if len(both) >= 3 and 2 * len(both) >= len(labels) else found


def _opened(label: Label, reading: Reading) -> str:
    """ "Holds the plant up" for the stem in "The stem holds the plant up", "" where no sentence or
    more than one begins so. That this is what it does is sure only where a narration goes through
    the labels: a part of a name ("Gate oxide is …") begins sentences as well.
    """
    opening = re.compile(rf"(?:{_ARTICLES})?{_named(plain_name(label.text))} ", re.IGNORECASE)
    told = [m.string[m.end() :] for s in reading.sentences if (m := opening.match(s))]
    alone = len(told) == 1 and not _LONGER_NAME.match(told[0])
    return _shortened(told[0], reading) if alone else ""


def _named(name: str) -> str:
    """An expression for `name`, one of its kind or many."""
    latin = name.endswith("um") and len(name) > 5
    return re.escape(name[:-2]) + "(?:um|a|en)" if latin else re.escape(name) + "(?:s|n|en)?"


def _beside(label: Label) -> str:
    """ "'Flip-Flop' for memory" in the description: "For memory"."""
    match = re.match(r"\s*,? (for [^,.;()'\"]{3,40})(?=[,.;)]|\s+and\b|$)", label.after)
    return capitalised(match[1].strip()) if match and "animation" not in match[1] else ""


def _told(name: str, reading: Reading) -> str:
    """The gloss of `name` in the narration, "" where it has none."""
    sure = _named(name)
    shapes = (
        rf"^(?:and |finally, )?(?:{_ARTICLES})?['‘\"“]?{sure}['’\"”]?"
        rf"(?:: |, where (?:we )?|, which )(?P<gloss>.+)$",
        rf"^(?:and |but |so |here, )?"
        rf"(?:this |our |{_ARTICLES})?"
        rf"['‘\"“]?{sure}['’\"”]?(?: (?:domain|region|layer|step|stage|approach|mode|phase))?"
        rf",? (?P<verb>{_IS})\s+(?!not\b)(?P<rest>.+)$",
        rf".*\b{sure},? (?:that |(?=an? |the |\d))(?P<gloss>[^,:;]+)$",
    )
    for sentence in reading.sentences:
        if is_question(sentence):
            continue
        for shape in shapes:
            match = re.match(shape, sentence, re.IGNORECASE)
            if match:
                groups = match.groupdict()
                text = groups.get("gloss") or f"{groups['verb']} {groups['rest']}"
                gloss = _shortened(_VERB_STAYS.sub("", text), reading)
                if gloss:
                    return gloss
    return ""


def _shortened(text: str, reading: Reading, most: int = GLOSSES_MOST) -> str:
    """`text` in at most `most` words, as a whole phrase; "" where that cannot be."""
    text = re.split(r"\s*[—–]\s*|[?!]|\. |: (?=[^\W\d_a-zà-ÿ])", _ARTICLE.sub("", text))[0]
    for aim in (GLOSSES_AIM, GLOSSES_MOST):
        short = statement(text, reading.language, aim)
        if 1 < length(short) <= most:
            return short
    return ""
