"""What a section says in few words: its points, its headline, a slide with them to begin from."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ..text.markup import only_list
from .analysis import (
    LONGEST_TITLE,
    Reading,
    capitalised,
    clean,
    grammar,
    is_formula,
    length,
    likeness,
    plain_name,
    quoted,
    sentences,
    stem,
    stems,
    with_role,
    words,
)
from .slide import Layout, Slide

# From a narration, the few statements worth reading while it is heard.


AIM = 16
"""Words of a point that reads at a glance; longer sentences are shortened where that is safe."""
LEAST, MOST, POINTS_LONGEST = 4, 24, 220
"""Words of the shortest and the longest sentence that becomes a point, and its characters."""
BESIDE = 7
"""Words of the longest point beside a figure: whoever looks at a picture and listens reads no
sentence as well."""

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
# not those of a formula: an even number of dollar signs follows
_BRACKETS = re.compile(r"\s*\((?=[^()]*\s)[^()]{12,}\)(?=[^$]*(?:\$[^$]*\$[^$]*)*$)")
# an en dash without spaces joins: "Gelman–Rubin", "1914–1918"
_DASH = r"(?:\s*—\s*|\s+–\s+)"
_INSERT = re.compile(rf"(?<=\w){_DASH}[^—–]{{3,120}}?{_DASH}(?=\w)")
_NO_ENTITY = "".join(rf"(?<!&[\w#]{{{length}}})" for length in range(2, 8))  # "R&amp;D"
_BREAK = re.compile(rf"{_DASH}|\s*{_NO_ENTITY};\s*|\s+-\s+")
_MARKS = re.compile(
    # and no gap to fill: "She ___ here"
    r"\*\*|(?<![_\s])__(?!_)|(?<!_)__(?![_\s])|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)"
    # of letters in italics inside a word, and no product: "Δ*H*", "*sp*³"
    r"|(?<=\w)\*(?=[^\W\d_]{1,2}\*(?![A-Za-z\d_*(√-]| ?\d))|(?<=[A-Za-z])\*(?=[⁰¹²³⁴-⁹₀-₉⁺⁻])"
)
# Openings after which the main clause is still to come, and the sign that it has.
_OPENER = re.compile(
    r"(?:when|if|where|once|as|after|before|while|because|since|whenever|unless|although|though|"
    r"every time|only when|until|by|in|on|with|without|for|from|to|at|under|inside|through|using|"
    r"instead|unlike|just|wenn|weil|als|nachdem|bevor|obwohl|sobald|quand|si|lorsque|cuando|al)\b",
    re.IGNORECASE,
)
_MAIN = re.compile(
    r",\s+(?:we|you|they|it|he|she|i|the|a|an|this|that|these|those|our|your|their|its|there|all|"
    r"each|every|no|nothing|one|two|(?!\w+(?: [A-Z]\w*)*,)[A-Z]\w*)\b"  # no "her aunt, Ada, …"
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
    longest: int = MOST,
) -> tuple[str, ...]:
    """The `most` statements that carry `narration`, of at most `longest` words, in its order.

    Those that mention `terms`, or what the slide is `about`, count for more; those that say no more
    than `about`, or again what `said` does, are left out, and so are those that lean on the one
    before ("It …", "This …").
    """
    told = sentences(narration, language)
    shown = [statement(sentence, language, min(AIM, longest)) for sentence in told]
    worth = _worth(told, shown, terms, about, language)
    worth = [w if length(s) <= longest else -1.0 for w, s in zip(worth, shown, strict=True)]
    leaning = _leaning(told, language)
    meanings = [stems(text, language) for text in said]
    chosen: list[int] = []
    while len(chosen) < most:
        open_to = [i for i in range(len(told)) if worth[i] >= 0 and not leaning[i]]
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
    lesson's own words in their own order. For the very few words beside a figure, what follows
    from a sentence is not taken from it: its beginning alone would say little.
    """
    kept = without_joints(_unquoted(_MARKS.sub("", sentence).strip()), language)
    ways = (_without_brackets, _without_inserts, _before_break, _before_trail)
    for shorten in ways[: 3 if aim <= BESIDE else 4]:
        if length(kept) > aim:
            shorter = shorten(kept, language)
            ends = ((shorter.count(mark) + kept.count(mark)) % 2 for mark in ("$", "$$"))
            whole = not any(ends)  # not within a formula
            kept = shorter if whole else kept
    kept = kept.rstrip(" ,;:—–")
    if kept.count('"') % 2 == 0 and not kept.endswith(("...", "…")):
        kept = kept.rstrip(".!。！")
    return capitalised(kept)


def _unquoted(sentence: str) -> str:
    """`sentence` without the marks of a quotation around the whole of it, or of one that begins or
    ends elsewhere; what stands within it in quotation marks keeps them.
    """
    whole = re.fullmatch(r'"([^"]*)"|[“„”]([^“„”]*)[“”]', sentence)
    if whole:
        return (whole[1] or whole[2] or "").strip()
    odd = [marks for marks in ('"', "“”„") if sum(map(sentence.count, marks)) % 2]
    return sentence.strip(" " + "".join(odd))


_CONDITIONAL = re.compile(
    r"(?:only )?(?:if|when|where|unless|without|until|wenn|si|cuando)\b", re.I
)
_HALF = re.compile(
    r"\beither\b(?!.*\bor\b)|\bneither\b(?!.*\bnor\b)|\bnot only\b(?!.*\bbut\b)|"
    r"\bentweder\b(?!.*\boder\b)|\bweder\b(?!.*\bnoch\b)|\bnicht nur\b(?!.*\bsondern\b)|"
    r"\b(?:while|whereas)(?: \w+){1,2}$|"
    r"^\w+(?: \w+){0,3}, (?:such as|like|including)\b[^,]*, (?:and|or) \w+(?: \w+)?$",
    re.IGNORECASE,
)
"""What ends before its other half: "by either heat", "is bulky while fibres"."""
_VERB_AFTER = re.compile(
    r",\s+(?:is|are|was|were|has|have|can|could|will|would|may|might|must|do|does|"
    r"ist|sind|wird|werden|kann|können|est|sont|peut|peuvent|se|está|están|puede|pueden)\b"
)
"""The verb of a subject that what is cut only explains: "Plants, which …, are …"."""


def main_clause(sentence: str, language: str = "en") -> str:
    """`sentence` without what comes before its main clause, where it is too long for a point."""
    opened = without_joints(sentence, language)
    cuts = _OPENER.match(opened) and not _CONDITIONAL.match(opened) and length(opened) > MOST
    main = _MAIN.search(opened) if cuts else None
    return opened[main.start() :].lstrip(", ") if main else sentence


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


def has_predicate(text: str, language: str = "en") -> bool:
    """Whether `text` has a verb, as far as can be told; "Elegant, and easy to understand" has none
    and leans on the sentence before.
    """
    return language != "en" or bool(_PREDICATE.search(text))


def repeats(headline: str, text: str, language: str = "en") -> bool:
    """Whether `text` says hardly more than `headline`; a number that is not there is more."""
    named, told = stems(headline, language), stems(text, language)
    counted = set(re.findall(r"\d+", text)) <= set(re.findall(r"\d+", headline))
    return bool(named) and named <= told and len(told - named) <= 1 and counted


def without_joints(sentence: str, language: str = "en", least: int = LEAST) -> str:
    """`sentence` without "And", "But", "Now, " in front, as many of them as there are, as long as
    `least` words are left.
    """
    known = grammar(language)
    for _ in range(3):
        low = sentence.lower()
        joint = next((j for j in known.joints if low.startswith(j + " ")), None)
        if joint == "because" and ("," in low or low.startswith("because of ")):
            return sentence  # "Because it is hot, …", whose main clause is still to come
        adverb = next((a for a in known.adverbs if low.startswith(a + ", ")), None)
        gone = joint or adverb
        rest = sentence[len(gone) :].lstrip(" ,") if gone else ""
        if length(rest) < least or (language.startswith("de") and _VERB_FIRST.match(rest)):
            return sentence
        sentence = rest
    return sentence


_VERB_FIRST = re.compile(r"(?:ist|sind|war|waren|hat|haben|wird|werden|kann|können|gibt)\b", re.I)
"""How a German sentence goes on after a word in front that cannot go."""


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
    fits = LEAST <= length(short) <= MOST and len(short) <= POINTS_LONGEST
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
    if not has_predicate(short, language):
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
    insert = _INSERT.search(sentence)
    opens = insert and _OPENER.match(sentence) and "," not in sentence[: insert.start()]
    shorter = _INSERT.sub(", " if opens else " ", sentence, count=1)
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
        opens = _OPENER.match(head) and not _MAIN.search(head)
        half = _HALF.search(head) or _VERB_AFTER.search(sentence, found.end())
        if not opens and not half and length(head) >= least:
            return head
    return sentence


# The headline of a slide: the section's own title, else what the section says of itself.


HEADLINE_LONGEST = 64
"""Characters of a derived headline; a title of the lesson's own may be longer."""

Found = tuple[str, str]
"""A headline and why it was taken."""

_WHOLE = re.compile(
    r"\b(?:flow ?chart|diagram|graph|chart|schematic|cross-section|cutaway|drawing|sketch|layout|"
    r"map|plot|table|animation|illustration|timeline|infographic|comparison|construction)s? "
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
_HEADLINE_SIMILE = re.compile(r"(?:like|wie|comme|como)\b", re.IGNORECASE)
_SCENE = re.compile(r"zoom|camera|cinematic|final shot")
_COUNTED = re.compile(
    r"(?<![\w-])((?:three|four|five|six|seven|eight|drei|vier|fünf|sechs|sieben)"
    r" (?:(?:key|main|basic|big|simple|great|different|wichtige|große) )?[^\W\d_]{4,}(?:s|en|e))\b"
    r"(?=[.,:;]|$| (?:that|of|to|in|make|keep)\b)"
)
_VAGUE = re.compile(
    r"times|paths|parts|things|sides|ways|degrees|miles|grams|litres|(?:kilo)?met(?:re|er)s|"
    r"(?:second|minute|hour|day|week|month|year)s|sekunden|minuten|stunden|tagen?|wochen|"
    r"monaten?|jahren?",
    re.IGNORECASE,
)
_SMALL = frozenset(
    ("a", "an", "the", "and", "or", "of", "in", "on", "to", "for", "with", "by", "at", "from", "as")
)


def headline(reading: Reading, shown: Sequence[str] = ()) -> Found:
    """The headline for `reading`, and in a few words where it is from; no statement that is one of
    the texts `shown` below it, where there is another.
    """
    again: Found | None = None
    for rule in _RULES:
        found = rule(reading)
        if found is None or (rule is not _own_title and _is_bare(found[0])):
            continue
        if rule is _own_title or length(found[0]) < 5 or found[0] not in shown:
            return clean(found[0], LONGEST_TITLE), found[1]
        again = again or found
    if again is not None:
        return clean(again[0], LONGEST_TITLE), again[1]
    return "…", "the section says nothing"


def _is_bare(text: str) -> bool:
    """Whether `text` is a short word that tells nobody what it is about: "Source", "Linear"."""
    name = text.strip("\"'“”")
    return len(name) < 7 and name.isalpha() and not any(sign.isupper() for sign in name[1:])


def _own_title(reading: Reading) -> Found | None:
    return (reading.title, "the section's own title") if reading.title else None


def _titled_label(reading: Reading) -> Found | None:
    titles = with_role(reading.labels, "title")
    return (titles[0].text, "titled so in the description") if len(titles) == 1 else None


def _above_a_list(reading: Reading) -> Found | None:
    found = only_list(reading.narration)
    if found is None or not found[0]:
        return None
    lead = found[0] if found[0].endswith("?") else found[0].rstrip(".:")
    return lead, "the line above the list"


def _overlaid_text(reading: Reading) -> Found | None:
    for label in with_role(reading.labels, "overlay"):
        text, size = label.text, len(label.text.split())
        headed = size == 2 and all(word[:1].isupper() for word in text.split())
        if not headed and not 3 <= size <= 17:
            continue
        if (
            not is_formula(text)
            and not re.search("[=>]", text)
            and not _HEADLINE_SIMILE.match(text)
        ):
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
        if not _VAGUE.fullmatch(match[1].split()[-1]):
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
        if 3 < len(name) <= HEADLINE_LONGEST and (" " in name or re.search(r"[A-Z]", name[1:]))
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


def _points(reading: Reading) -> tuple[str, ...]:
    return key_points(reading.speech, reading.terms, many(reading.speech), reading.language)


def _short_statement(reading: Reading) -> Found | None:
    """The shortest of the points, where one is as short as a headline."""
    short = [point for point in _points(reading) if length(point) <= 10]
    alone = [p for p in short if not leans(p, frozenset(), reading.language)]
    plain = [p for p in alone if not p.lower().startswith(("when ", "if ", "the first "))]
    found = min(plain or alone, key=length, default=None)
    return (found, "a short statement of the narration") if found else None


def _statement(reading: Reading) -> Found | None:
    language = reading.language
    questions = [s for s in reading.sentences if is_question(s) and LEAST <= length(s) <= 10]
    told = [s for s in reading.sentences if not speaks_to_viewer(s, language)]
    rest = [statement(sentence, language, 9) for sentence in (*told, *reading.sentences)]
    for found in (*questions[:1], *sorted(_points(reading), key=length), *rest):
        return found, "the section's main statement"
    return None


_RULES: tuple[Callable[[Reading], Found | None], ...] = (
    _own_title,
    _titled_label,
    _above_a_list,
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


# A slide with its headline and the points that it has room for.


def draft(
    reading: Reading,
    layout: Layout,
    why: str,
    points: int | None = None,
    said: Sequence[str] = (),
    heading: str | None = None,
    **content: Any,
) -> Slide:
    """A slide of `layout` with `content`, the headline of `reading` and at most `points` points
    (as many as suit its length for None), none of which says again what `said` does.
    """
    own, source = headline(reading, [entry.name for entry in content.get("entries", ())])
    count = many(reading.speech) if points is None else points
    told = reading.speech, reading.terms, count, reading.language, own, said
    beside = key_points(*told, BESIDE if layout in _WITH_FIGURE else MOST)
    if not beside and layout in ("equation", "code"):  # of which the voice names hardly a part
        beside = key_points(*told)
    if heading is not None and reading.title is None:
        own, source = heading, "the two sides"
    return Slide(
        layout,
        why,
        own,
        beside,
        terms=tuple(reading.terms),
        scenes=reading.scenes,
        language=reading.language,
        headline_why=source,
        **content,
    )


_WITH_FIGURE: frozenset[Layout] = frozenset(
    ("parts", "layers", "steps", "curve", "chart", "equation", "code")
)


def figure_alone(slide: Slide) -> Slide:
    """`slide` without its points where a single one would stand lost beside the figure; beside a
    few bare names it does not.
    """
    few_names = 0 < len(slide.entries) <= 6 and not any(entry.gloss for entry in slide.entries)
    return replace(slide, points=()) if len(slide.points) < 2 and not few_names else slide
