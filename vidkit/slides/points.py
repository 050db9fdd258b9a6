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
MOST = 24
LONGEST = 220
"""Words, and characters, of the longest sentence that becomes a point."""
LEAST = 4

_DEFINES = re.compile(
    r"\b(?:is|are) (?:a|an|the|called|known as)\b|\b(?:called|means|stands for|known as|refers to|"
    r"consists? of|depends? on|because|ensures?|allows?|equals?|turns? into|made of|"
    r"ist ein|sind die|heißt|bedeutet|besteht aus|est un|sont des|signifie|es un|significa)\b",
    re.IGNORECASE,
)
_WEIGHS = re.compile(r"\b(?:but|instead|unlike|while|never|only|always|every|nur|nie|immer)\b")
_SIMILE = re.compile(
    r"\b(?:is|are|it's|act|acts|just|kind of|sort of) (?:\w+ )?like an?\b|\bas if\b"
)
_BRACKETS = re.compile(r"\s*\((?=[^()]*\s)[^()]{12,}\)")
_DASHES = re.compile(r"(?<=\w)\s*[—–]\s*[^—–]{3,120}?\s*[—–]\s*(?=\w)")
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
_THESE_ARE = re.compile(r"^[^,]{3,40}, (?:this|that|these|those|it) (?:is|are|was|were)\b")
_PREDICATE = re.compile(
    r"\b(?:am|are|was|were|can|could|will|would|must|may|might|have|had|do|did|we|you|they|it|i|"
    r"(?<!to )\w+(?:s|ed)|built|made|come|become|took|gave|grew|lies?|sat|ran|"
    r"\w+'(?:s|re|ve|ll|t|m))\b",
    re.IGNORECASE,
)


def statement(sentence: str, language: str = "en", aim: int = AIM) -> str:
    """`sentence` as a point of a slide: no lead-in, no full stop, and where it has more than `aim`
    words, without asides and trailing clauses. Only whole clauses go; what is left is the
    lesson's own words in their own order.
    """
    kept = _without_joints(_MARKS.sub("", sentence).strip(' "“”„'), language)
    for shorten in (_without_brackets, _without_inserts, _before_break, _before_trail):
        if length(kept) > aim:
            kept = shorten(kept, language)
    kept = re.sub(r"[\s,;:—–]+$", "", kept)
    if kept.count('"') % 2 == 0 and not kept.endswith(("...", "…")):
        kept = re.sub(r"[.!。！]+$", "", kept)
    return capitalised(kept)


def key_points(
    narration: str, terms: Sequence[str], most: int, language: str = "en", about: str = ""
) -> tuple[str, ...]:
    """The `most` statements that carry `narration`, in its order. Those that mention `terms`, or
    what the slide is `about`, count for more.

    A sentence that leans on the one before ("It …", "This …") is taken only after that one.
    """
    told = sentences(narration, language)
    shown = [statement(sentence, language) for sentence in told]
    worth = _worth(told, shown, terms, language, stems(about, language))
    leaning = _leaning(told, language)
    chosen: list[int] = []
    meanings: list[frozenset[str]] = []
    while len(chosen) < most:
        best = max(
            (
                i
                for i in range(len(told))
                if i not in chosen and (not leaning[i] or i - 1 in chosen)
            ),
            key=lambda i: (worth[i], -i),
            default=None,
        )
        if best is None or worth[best] < 0:
            break
        meaning = stems(shown[best], language)
        if any(likeness(meaning, other) > 0.75 for other in meanings):
            worth[best] = -1.0
            continue
        meanings.append(meaning)
        chosen.append(best)
    return tuple(shown[i] for i in sorted(chosen))


def many(narration: str) -> int:
    """How many points a narration of this length bears, from 2 to 4."""
    size = length(narration)
    return 2 if size < 28 else 3 if size < 100 else 4


def leans(sentence: str, before: frozenset[str] = frozenset(), language: str = "en") -> bool:
    """Whether `sentence` means something only after the one before it.

    "This grows a layer" leans; "This layer grows" does not where `before`, the stems of the text
    before, tell of a layer.
    """
    if _THESE_ARE.search(sentence):
        return True
    if not _opens(sentence, grammar(language).leaning):
        return False
    first, *following = sentence.lower().split()[:4]
    named = frozenset(stem(word.strip(",.;:")) for word in following)
    return first not in ("this", "that", "these", "those", "both") or not named & before


def speaks_to_viewer(sentence: str, language: str = "en") -> bool:
    """Whether `sentence` is addressed to the viewer and says nothing of the matter."""
    rest = _without_joints(sentence, language)
    asides = grammar(language).asides
    return _opens(sentence, asides) or _opens(rest, asides)


def is_question(sentence: str) -> bool:
    """Whether `sentence` asks."""
    return sentence.rstrip("\"'”’)»").endswith(("?", "？", "؟"))


def _worth(
    told: Sequence[str],
    shown: Sequence[str],
    terms: Sequence[str],
    language: str,
    about: frozenset[str],
) -> list[float]:
    """A figure for each sentence: how much of the section's matter it carries; below 0 for none."""
    often = Counter(stem(word) for sentence in told for word in words(sentence, language))
    known = [term.casefold() for term in terms]
    return [
        _of_sentence(sentence, short, often, known, language)
        + 0.6 * min(2, len(stems(short, language) & about))
        + (0.3 if i == 0 else 0.0)
        for i, (sentence, short) in enumerate(zip(told, shown, strict=True))
    ]


def _of_sentence(
    sentence: str, short: str, often: Counter[str], known: Sequence[str], language: str
) -> float:
    size = length(short)
    if is_question(sentence) or not LEAST <= size <= MOST or len(short) > LONGEST:
        return -1.0
    if speaks_to_viewer(sentence, language):
        return -1.0
    own = words(short, language)
    low = short.casefold()
    figure = 2 * sum(math.log1p(often[stem(word)]) for word in own) / max(4, len(own))
    figure += min(2.4, 1.2 * sum(term in low for term in known))
    figure += 1.4 * bool(_DEFINES.search(low)) + 0.5 * bool(re.search(r"\d", low))
    figure += 0.4 * bool(_WEIGHS.search(low))
    figure -= 1.2 * bool(_SIMILE.search(low)) + 0.6 * leans(sentence, frozenset(), language)
    if language == "en" and not _PREDICATE.search(short):
        figure -= 2.0
    figure -= 0.12 * max(0, size - AIM)
    return max(figure, 0.0)


def _leaning(told: Sequence[str], language: str) -> list[bool]:
    """For each sentence whether it means something only after the one before."""
    before: frozenset[str] = frozenset()
    found = []
    for i, sentence in enumerate(told):
        found.append(i > 0 and leans(_without_joints(sentence, language), before, language))
        before |= stems(sentence, language)
    return found


def _opens(sentence: str, openings: Sequence[str]) -> bool:
    low = sentence.lower().replace("’", "'").lstrip("\"'“‘«¿¡( ")
    return any(
        low.startswith(opening) and not low[len(opening) : len(opening) + 1].isalnum()
        for opening in openings
    )


def _without_joints(sentence: str, language: str) -> str:
    """Without "And", "But", "Now, " in front: as many of them as there are."""
    known = grammar(language)
    for _ in range(3):
        low = sentence.lower()
        joint = next((j for j in known.joints if low.startswith(j + " ")), None)
        adverb = next((a for a in known.adverbs if low.startswith(a + ", ")), None)
        if joint is None and adverb is None:
            return sentence
        gone = len(joint) if joint is not None else len(adverb or "") + 1
        rest = sentence[gone:].lstrip(" ,")
        if length(rest) < LEAST:
            return sentence
        sentence = rest
    return sentence


def _without_brackets(sentence: str, language: str) -> str:
    return _BRACKETS.sub("", sentence)


def _without_inserts(sentence: str, language: str) -> str:
    """ "The code—an old one—works" without what stands between the dashes."""
    joint = ", " if _OPENER.match(sentence) else " "
    shorter = _DASHES.sub(joint, sentence, count=1)
    return shorter if length(shorter) >= LEAST + 1 else sentence


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
