"""From a narration, the few statements worth reading while it is heard."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from .grammar import grammar
from .words import capitalised, length, likeness, sentences, stem, stems, words

AIM = 16
"""Words of a point that reads at a glance; longer sentences are shortened where that is safe."""
LEAST, MOST, LONGEST = 4, 24, 220
"""Words of the shortest and the longest sentence that becomes a point, and its characters."""

_DEFINES = re.compile(
    r"\b(?:is|are) (?:a|an|the|called|known as)\b|\b(?:called|means|stands for|known as|refers to|"
    r"consists? of|depends? on|because|ensures?|allows?|equals?|turns? into|made of|"
    r"ist ein|sind die|heißt|bedeutet|besteht aus|est un|sont des|signifie|es un|significa)\b"
)
_ANSWERS = re.compile(
    r"\b(?:answer|reason|secret|trick|idea|rule|problem|solution|principle)\b.{0,20}"
    r"\b(?:is|lies|was)\b"
)
_WEIGHS = re.compile(r"\b(?:but|instead|unlike|while|never|only|always|every|nur|nie|immer)\b")
_SIMILE = re.compile(
    r"\b(?:is|are|it's|act|acts|just|kind of|sort of) (?:\w+ )?like an?\b|\bas if\b"
)
_BRACKETS = re.compile(r"\s*\((?=[^()]*\s)[^()]{12,}\)")
_INSERT = re.compile(r"(?<=\w)\s*[—–]\s*[^—–]{3,120}?\s*[—–]\s*(?=\w)")
_BREAK = re.compile(r"\s*[—–;]\s*|\s+-\s+")
_MARKS = re.compile(r"\*\*|__|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)")
# Openings after which the main clause is still to come, and the sign that it has.
_OPENER = re.compile(
    r"(?:when|if|where|once|as|after|before|while|because|since|whenever|unless|although|though|"
    r"every time|only when|until|by|in|on|with|without|for|from|to|at|under|inside|through|using|"
    r"instead|unlike|just|wenn|weil|als|nachdem|bevor|obwohl|sobald|quand|si|lorsque|cuando|al)\b",
    re.IGNORECASE,
)
_MAIN = re.compile(
    r",\s+(?:we|you|they|it|he|she|i|the|a|an|this|that|these|those|our|your|their|its|there|all|"
    r"each|every|no|nothing|one|two|[A-Z]\w*)\b"
)
_PREDICATE = re.compile(
    r"\b(?:am|are|was|were|can|could|will|would|must|may|might|have|had|do|did|we|you|they|it|i|"
    r"(?<!to )(?<!of )\w+(?:s|ed)(?=\W+\w)|built|made|come|become|took|gave|grew|lie|sat|ran|"
    r"\w+'(?:s|re|ve|ll|t|m))\b|ed$",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"^[^,]{3,40}, (?:this|that|these|those|it) (?:is|are|was|were)\b|\w these (?:two|three)\b|"
    r",? (?:too|as well)[.!]?$|^\w+ (?:it|them)\b",
    re.IGNORECASE,
)


def key_points(
    narration: str,
    terms: Sequence[str],
    most: int,
    language: str = "en",
    about: str = "",
    said: Sequence[str] = (),
) -> tuple[str, ...]:
    """The `most` statements that carry `narration`, in its order.

    Those that mention `terms`, or what the slide is `about`, count for more; those that say no more
    than `about`, or again what `said` does, are left out. A sentence that leans on the one before
    ("It …", "This …") is taken only after that one.
    """
    told = sentences(narration, language)
    shown = [statement(sentence, language) for sentence in told]
    worth = _worth(told, shown, terms, about, language)
    leaning = _leaning(told, language)
    meanings = [stems(text, language) for text in said]
    chosen: list[int] = []
    while len(chosen) < most:
        open_to = [
            i for i in range(len(told)) if worth[i] >= 0 and (not leaning[i] or i - 1 in chosen)
        ]
        if not open_to:
            break
        best = max(open_to, key=lambda i: (worth[i], -i))
        worth[best] = -1.0
        meaning = stems(shown[best], language)
        if not any(likeness(meaning, other) > 0.75 for other in meanings):
            meanings.append(meaning)
            chosen.append(best)
    return tuple(shown[i] for i in sorted(chosen))


def many(narration: str) -> int:
    """How many points a narration of this length bears, from 2 to 4."""
    size = length(narration)
    return 2 if size < 28 else 3 if size < 100 else 4


def statement(sentence: str, language: str = "en", aim: int = AIM) -> str:
    """`sentence` as a point of a slide: no lead-in, no full stop, and where it has more than `aim`
    words, without asides and trailing clauses. Only whole clauses go; what is left is the
    lesson's own words in their own order.
    """
    kept = without_joints(_MARKS.sub("", sentence).strip(' "“”„'), language)
    for shorten in (_without_brackets, _without_inserts, _before_break, _before_trail):
        if length(kept) > aim:
            kept = shorten(kept, language)
    kept = kept.rstrip(" ,;:—–")
    if kept.count('"') % 2 == 0 and not kept.endswith(("...", "…")):
        kept = kept.rstrip(".!。！")
    return capitalised(kept)


# ------------------------------------------------------------ what kind of sentence


def leans(sentence: str, before: frozenset[str] = frozenset(), language: str = "en") -> bool:
    """Whether `sentence` means something only after the one before it.

    "This grows a layer" leans; "This layer grows" does not where `before`, the stems of the text
    before, tell of a layer.
    """
    if _POINTS_BACK.search(sentence):
        return True
    if not _opens(sentence, grammar(language).leaning):
        return False
    first, *following = sentence.lower().split()[:4]
    named = frozenset(stem(word.strip(",.;:")) for word in following)
    return first not in ("this", "that", "these", "those", "both") or not named & before


def speaks_to_viewer(sentence: str, language: str = "en") -> bool:
    """Whether `sentence` is addressed to the viewer and says nothing of the matter."""
    asides = grammar(language).asides
    return _opens(sentence, asides) or _opens(without_joints(sentence, language, 1), asides)


def is_question(sentence: str) -> bool:
    """Whether `sentence` asks."""
    return sentence.rstrip("\"'”’)»").endswith(("?", "？", "؟"))


def repeats(headline: str, text: str, language: str = "en") -> bool:
    """Whether `text` says hardly more than `headline`."""
    named, told = stems(headline, language), stems(text, language)
    return bool(named) and named <= told and len(told - named) <= 1


def without_joints(sentence: str, language: str = "en", least: int = LEAST) -> str:
    """`sentence` without "And", "But", "Now, " in front, as many of them as there are, as long as
    `least` words are left.
    """
    known = grammar(language)
    for _ in range(3):
        low = sentence.lower()
        joint = next((j for j in known.joints if low.startswith(j + " ")), None)
        adverb = next((a for a in known.adverbs if low.startswith(a + ", ")), None)
        gone = joint or adverb
        rest = sentence[len(gone) :].lstrip(" ,") if gone else ""
        if length(rest) < least:
            return sentence
        sentence = rest
    return sentence


def _opens(sentence: str, openings: Sequence[str]) -> bool:
    low = sentence.lower().replace("’", "'").lstrip("\"'“‘«¿¡( ")
    return any(
        low.startswith(opening) and not low[len(opening) : len(opening) + 1].isalnum()
        for opening in openings
    )


# ------------------------------------------------------------ what a sentence is worth


def _worth(
    told: Sequence[str], shown: Sequence[str], terms: Sequence[str], about: str, language: str
) -> list[float]:
    """A figure for each sentence: how much of the section's matter it carries; below 0 for none."""
    often = Counter(stem(word) for sentence in told for word in words(sentence, language))
    known = [term.casefold() for term in terms]
    subject = stems(about, language)
    found = []
    for sentence, short in zip(told, shown, strict=True):
        if _can_be_shown(sentence, short, about, language):
            mentions = 0.6 * min(2, len(stems(short, language) & subject))
            found.append(max(0.0, _figure(sentence, short, often, known, language) + mentions))
        else:
            found.append(-1.0)
    if found and found[0] >= 0:
        found[0] += 0.3
    return found


def _can_be_shown(sentence: str, short: str, about: str, language: str) -> bool:
    fits = LEAST <= length(short) <= MOST and len(short) <= LONGEST
    tells = not is_question(sentence) and not speaks_to_viewer(sentence, language)
    return fits and tells and not repeats(about, short, language)


def _figure(
    sentence: str, short: str, often: Counter[str], known: Sequence[str], language: str
) -> float:
    own, low = words(short, language), short.casefold()
    figure = 2 * sum(math.log1p(often[stem(word)]) for word in own) / max(4, len(own))
    figure += min(2.4, 1.2 * sum(term in low for term in known))
    figure += 1.4 * bool(_DEFINES.search(low)) + 1.2 * bool(_ANSWERS.search(low))
    figure += 0.5 * bool(re.search(r"\d", low)) + 0.4 * bool(_WEIGHS.search(low))
    figure -= 1.2 * bool(_SIMILE.search(low)) + 0.6 * leans(sentence, frozenset(), language)
    if language == "en" and not _PREDICATE.search(short):
        figure -= 2.0
    return figure - 0.12 * max(0, length(short) - AIM)


def _leaning(told: Sequence[str], language: str) -> list[bool]:
    """For each sentence whether it means something only after the one before."""
    before: frozenset[str] = frozenset()
    found = []
    for i, sentence in enumerate(told):
        found.append(i > 0 and leans(without_joints(sentence, language), before, language))
        before |= stems(sentence, language)
    return found


# ------------------------------------------------------------ what can go from a sentence


def _without_brackets(sentence: str, language: str) -> str:
    return _BRACKETS.sub("", sentence)


def _without_inserts(sentence: str, language: str) -> str:
    """ "The code—an old one—works" without what stands between the dashes."""
    joint = ", " if _OPENER.match(sentence) else " "
    shorter = _INSERT.sub(joint, sentence, count=1)
    return shorter if length(shorter) > LEAST else sentence


def _before_break(sentence: str, language: str) -> str:
    """What stands before a dash or a semicolon, if it can stand alone."""
    return _head(sentence, _BREAK, LEAST + 1)


def _before_trail(sentence: str, language: str) -> str:
    """What stands before ", which …", ", so …", where that is a whole sentence."""
    trails = "|".join(map(re.escape, grammar(language).trails))
    if not trails:
        return sentence
    return _head(sentence, re.compile(rf",\s+(?:{trails})\b", re.IGNORECASE), LEAST + 2)


def _head(sentence: str, cut: re.Pattern[str], least: int) -> str:
    """`sentence` up to the first `cut` that leaves a main clause of at least `least` words."""
    for found in cut.finditer(sentence):
        head = sentence[: found.start()]
        whole = not _OPENER.match(head) or _MAIN.search(head)
        if whole and length(head) >= least:
            return head
    return sentence
