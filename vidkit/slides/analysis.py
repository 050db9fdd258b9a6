"""Text as the rules of a slide see it: cleaned, cut into sentences, counted in words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

from ..text.languages import primary, scripts, words_of
from ..text.latex import HALVES, LOWERED, RAISED, WRITTEN
from ..text.markup import pauses

# What a rule must know of a language to choose and shorten its sentences: small word lists.
#
# Each language has a file in `languages/`, in which phrases stand between upright strokes. One
# without a file gets an empty grammar: its sentences are chosen by their length and the words they
# share, and are not shortened.


_FOLDER = Path(__file__).parent / "languages"


@dataclass(frozen=True, slots=True)
class Grammar:
    """What the rules know of one language. All words are in lower case.

    stop: words that carry no meaning of their own.
    abbreviations: what may stand before a full stop without ending a sentence.
    numbered: such abbreviations where a number follows ("no. 3"), and words elsewhere ("no.").
    joints: words that open a sentence by tying it to the one before and can simply go.
    adverbs: openings that can go where a comma follows.
    leaning: openings that mean something only after the sentence before.
    asides: openings of sentences that speak to the viewer and say nothing of the matter.
    trails: words after a comma that open a clause which the sentence can do without.
    sketch: what is written under a drawn curve.
    quantities: what is called by a symbol of an equation.
    """

    stop: frozenset[str] = frozenset()
    abbreviations: frozenset[str] = frozenset()
    numbered: frozenset[str] = frozenset()
    joints: tuple[str, ...] = ()
    adverbs: tuple[str, ...] = ()
    leaning: tuple[str, ...] = ()
    asides: tuple[str, ...] = ()
    trails: tuple[str, ...] = ()
    sketch: str = "Sketch, not to scale"
    quantities: Mapping[str, str] = field(default_factory=dict)


@cache
def grammar(language: str) -> Grammar:
    """What is known of `language` ("en", "de-AT", …); an empty grammar where nothing is."""
    lists: dict[str, Any] = dict(words_of(_FOLDER, primary(language)))
    for name in lists.keys() & {"stop", "abbreviations", "numbered"}:
        lists[name] = frozenset(lists[name].split())
    for name in lists.keys() & {"joints", "adverbs", "leaning", "asides", "trails"}:
        phrases = (" ".join(phrase.split()) for phrase in lists[name].split("|"))
        lists[name] = tuple(phrase for phrase in phrases if phrase)
    return Grammar(**lists)


LONGEST_WORD = 120
"""Letters of a word that are kept; the longest in any dictionary has 45."""
MOST_SENTENCES = 250
"""Sentences that are read; a quarter of an hour of speech has fewer."""

_INVISIBLE = re.compile(
    # Controls, marks that turn the direction of a line, byte-order marks, private use, surrogates.
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069"
    "\ufeff\ufff0-\uffff\ue000-\uf8ff\ud800-\udfff\U000f0000-\U0010ffff]"
)
_FENCE = re.compile(r"^[ \t]*```[ \t]*([\w+#.-]{0,20})[ \t]*\n(.*?)^[ \t]*```", re.S | re.M)
_LIST_MARK = re.compile(r"^[ \t]*(?:[-*•]|\d{1,2}[.)]|#{1,6})[ \t]+", re.M)
_END = re.compile(r"[.!?…؟۔।॥።჻។៕]+[\"'”’)\]»]*(?=\s)|[。！？｡]+[”’」』）]*")
_EMOJI = re.compile("(?:[❤⭐✨\U0001f300-\U0001faff][\ufe0f\u200d♀♂\U0001f3fb-\U0001f3ff]* ?)+")
_DOLLAR = re.compile(r"\$(?!\d)")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_WORD = re.compile(r"[^\W_][\w'’.-]*(?<![.'’-])")


def clean(text: str, most: int) -> str:
    """`text` without what cannot be shown, at most `most` characters, no word beyond reason."""
    text = text[: 2 * most].replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n")
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).expandtabs(4)
    text = re.sub(rf"(\S{{{LONGEST_WORD}}})\S+", r"\1…", text)
    if len(text) <= most:
        return text
    cut = text[:most]
    if len(_DOLLAR.findall(cut)) % 2:
        cut = cut[: cut.rfind("$")] + " "  # not within an equation
    space = cut.rfind(" ")
    return (cut[:space] if space > most // 2 else cut).rstrip() + "…"


def fenced(text: str) -> tuple[str, str] | None:
    """The first fenced block of code in `text` as (language, code), or None."""
    found = _FENCE.search(text)
    return (found[1].lower(), found[2].strip("\n")) if found else None


def without_fences(text: str) -> str:
    """`text` without its fenced blocks of code."""
    return _FENCE.sub("\n\n", text)


_IN_BRACKETS = re.compile(
    r"\\\((?P<within>[^\n]{1,300}?)\\\)|\\\[(?P<displayed>(?=[^\]]*[=^_\\])[^$]{1,400}?)\\\]"
)


def _in_dollars(match: re.Match[str]) -> str:
    return f"${match['within']}$" if match["within"] else f"$${match['displayed']}$$"


_LETTERED = re.compile(r"^[ \t]*(?:\(?[A-Ha-h]\)|[A-H]\.)[ \t].*", re.M)
_DISPLAYED = re.compile(r"\$\$[^$]+\$\$[.,;]?(?=\s+([^\W\d_]))")


@lru_cache(maxsize=256)
def sentences(text: str, language: str = "en") -> tuple[str, ...]:
    """The first sentences of `text`, in order, each on one line; a blank line ends one too, and so
    does a displayed equation before a capital letter. A line "A) …" stands for itself."""
    text = _LETTERED.sub(r"\n\n\g<0>\n\n", text)
    text = _DISPLAYED.sub(lambda m: m[0] + "\n\n" * m[1].isupper(), text)
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n|\n(?=[ \t]*(?:[-*•]|\d{1,2}[.)])[ \t])", text):
        line = " ".join(_LIST_MARK.sub("", paragraph).split())
        found += _of_paragraph(line, language)
    return tuple(found[:MOST_SENTENCES])


def _of_paragraph(line: str, language: str) -> list[str]:
    found, start = [], 0
    for end in _END.finditer(line):
        if _goes_on(line, start, end.start(), end.end(), language):
            continue
        found.append(line[start : end.end()].strip())
        start = end.end()
    found.append(line[start:].strip())
    if _EMOJI.fullmatch(found[-1]) and not _EMOJI.match(line):  # each stands behind its sentence
        for i, own in enumerate(map(_EMOJI.match, found)):
            if own:
                found[i] = found[i][own.end() :]
                found[i - 1] = re.sub(r"(?=[.!?…]*$)", f" {own[0].strip()}", found[i - 1], count=1)
    return [sentence for sentence in found if sentence]


def _goes_on(line: str, start: int, dot: int, end: int, language: str) -> bool:
    """Whether the stop at `dot` does not end a sentence: an abbreviation, an initial, a lower case
    letter after it."""
    following = line[end:].lstrip().lstrip("\"'“‘([«")
    if following[:1].islower() and not re.match(r"[a-h]\) ", following):
        return True
    if line[dot] != "." or not following:
        return False
    opened = line.rfind("(", start, dot)
    if opened > start and ")" not in line[opened:dot] and re.match(r"[^()]{0,60}\)", line[end:]):
        return True  # "the third violin (3. Vl.)"
    last = line[start:dot].rsplit(None, 1)[-1].lstrip("(\"'“‘") if line[start:dot].strip() else ""
    counts = following[:1].isdigit()
    initial = len(last) == 1 and last.isalpha() and last.isupper()
    ordinal = language == "de" and last.isdigit() and len(last) <= 2
    known = grammar(language)
    measured = re.search(r"\d \w+$", line[start:dot])  # "It is 5 m. 6 of them fit."
    numbered = counts and last.lower() in known.numbered and not measured
    return initial or ordinal or numbered or last.lower() in known.abbreviations


def words(text: str, language: str = "en") -> list[str]:
    """The words of `text` that carry meaning, in lower case, in order."""
    stop = grammar(language).stop
    found = (word.lower().replace("’", "'") for word in _WORD.findall(text))
    return [word for word in found if len(word) > 2 and word not in stop and not word.isdigit()]


def stems(text: str, language: str = "en") -> frozenset[str]:
    """What `words` gives, without endings, so that "layers" meets "layer"."""
    return frozenset(stem(word) for word in words(text, language))


def stem(word: str) -> str:
    """`word` in lower case without the commonest endings of its kind."""
    word = word.lower()
    for ending in ("ies", "ing", "es", "ed", "ly", "en", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word.removesuffix(ending)
    return word


def length(text: str) -> int:
    """The words of `text`; three characters of a script without spaces count as two."""
    return len(text.split()) + 2 * len(_WIDE.findall(text)) // 3


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """How much of the smaller set lies in the larger one, from 0 to 1."""
    return len(one & other) / min(len(one), len(other)) if one and other else 0.0


def script_language(text: str) -> str | None:
    """The language that the script of `text` gives away ("ja", "ar", …), None for the rest."""
    found, most = scripts(text), len(text.replace(" ", "")) / 4
    return next((tag for script, tag in _SURE.items() if found[script] > most), None)


_SURE = {
    "Hebrew": "he", "Arabic": "ar", "kana": "ja", "Hangul": "ko", "Chinese characters": "zh",
    "Thai": "th",
}  # fmt: skip


def capitalised(text: str) -> str:
    """`text` with its first letter large, unless it opens with a symbol ("x = 2", "pH")."""
    first, _, rest = text.partition(" ")
    symbol = any(sign.isupper() or sign.isdigit() or sign in "_=().+" for sign in first[1:])
    variable = len(first) == 1 and rest[:1] != "" and not rest[:1].isalpha()
    return text if symbol or variable else text[:1].upper() + text[1:]


# Equations written in plain characters, and the tokens that set them as mathematics.


LONGEST = 80
"""Characters of an equation that still fits in one line."""
MOST_TOKENS = 80

_LATEX_RELATION = r"\\(?:to|rightarrow|approx|leq?|geq?|neq?|propto|equiv)(?![A-Za-z])"
_RELATION = re.compile(rf"[=≈≤≥≠∝≡]|(?<=\s)[<>](?=\s)|{_LATEX_RELATION}")
_MATTER = re.compile(rf"[\w)\]}}²³]\s*(?:[=≈≤≥≠∝≡]|\s[<>]\s|{_LATEX_RELATION})\s*[-−+\w(√∑∫Δ.½¼\\]")
_SENTENCE = re.compile(r"\b(?:is|are|the|when|for|if|and|or|of)\b", re.IGNORECASE)
_NO_WORDS = re.compile(r"\\text\w*\s?\{[^{}]*\}|\\(?:begin|end)\{\w+\*?\}|\\[A-Za-z]+")
"""What LaTeX calls by a name, and the words that it sets as such."""
_STATE = re.compile(r"=\s*(?:on|off|high|low|yes|no|true|false)\b", re.IGNORECASE)

_FUNCTIONS = frozenset(("sin", "cos", "tan", "log", "ln", "exp", "lim", "max", "min", "mod", "det"))
_SIGNS = {**WRITTEN, "*": "·", "-": "−"}

_LETTERS = r"[^\W\d_⁰¹²³⁴-⁹ⁿ₀-₉½¼¾]"
_INDEX = r"_\{[^{}]{1,20}\}|_\d{1,3}(?=[^\W\d_])|_\w{1,12}?(?=\b|[\^⁰¹²³⁴-⁹])|[₀-₉]{1,4}"
_POWER = r"\^\{[^{}]{1,20}\}|\^\([^()]{1,20}\)|\^[-−+]?\w{1,12}|[⁰¹²³⁴-⁹⁻⁺ⁿ]{1,6}"
_MARK = re.compile(rf"{_INDEX}|{_POWER}")
_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|sqrt\((?P<root>[^()]{1,40})\)|√\((?P<root2>[^()]{1,40})\)|√(?P<root3>[\w.]+)"
    rf"|(?P<name>{_LETTERS}+|\d+(?:[.,]\d+)*|[½¼¾])(?P<marks>(?:{_INDEX}|{_POWER})*)"
    rf"|(?P<close>[)\]])(?P<raised>{_POWER})"
    r"|(?P<sign><=|>=|!=|->|==|\+-|.)"
)
_UNIT = (
    r"(?:[kMGmcnpμµ]?(?:m|g|s|A|K|N|J|W|V|Pa|Hz|F|C|T|H|L|l|eV|Ω|mol|bit|B)|h|min|°C?|%|dB|rad)"
    r"(?:\^?-?\d|[²³]|⁻[¹²³])?"
)
_WITH_UNIT = re.compile(rf"[=≈]\s*[-−]?[\d.,½¼¾]+\s*(?P<unit>{_UNIT}(?:\s*[/·*]\s*{_UNIT})*)\s*$")


@dataclass(frozen=True, slots=True)
class Token:
    """One mark of an equation.

    `kind` is "name", "number", "upright" (a function), "unit", "root", "sign", "close" (a bracket
    with a power) or "fraction", whose lower part is in `index`.
    """

    text: str
    index: str = ""
    power: str = ""
    kind: str = "name"


_BLOCK = re.compile(
    r"[\s$]*\\begin\{(aligned|align|split|gathered|gather|eqnarray)(\*?)\}(.*)\\end\{\1\2\}[\s$]*",
    re.S,
)
_NEW_LINE = re.compile(r"\\\\(?:\[[^\]]{0,12}\])?")


def equation_lines(text: str) -> tuple[str, ...]:
    """The lines of LaTeX that sets equations under one another; any other text as it is."""
    block = _BLOCK.fullmatch(text)
    body = block[3] if block else text
    if "\\begin" in body or not (block or ("&" in body and _NEW_LINE.search(body))):
        return (text,)
    lines = (" ".join(line.replace("&", " ").split()) for line in _NEW_LINE.split(body))
    return tuple(line for line in lines if line)


def signs_of(text: str) -> int:
    """How many signs an equation shows: of LaTeX, a command is one, and what only arranges others
    none: brackets of groups, what parts cells and rows. A wide space is several.
    """
    text = re.sub(r"\\(q?)quad(?![A-Za-z])", lambda wide: "0000" if wide[1] else "00", text)
    text = re.sub(r"\\(?:begin|end)\{\w+\*?\}|\\\\|(?<!\\)&|\\[,;:! ]", "", text)
    return len(re.sub(r"(?<!\\)[{}^_]", "", re.sub(r"\\[A-Za-z]+ ?", "x", text)))


def is_formula(text: str) -> bool:
    """Whether `text` is an equation ("E = mc²"), not a sentence with a sign in it."""
    text = text.replace("&", " ")
    bare = re.sub(r"\([^()]*\)", "()", text)
    if not _RELATION.search(bare) or not _MATTER.search(text) or signs_of(text) > LONGEST:
        return False
    bare = _NO_WORDS.sub(" ", bare)
    if _SENTENCE.search(bare) or _STATE.search(bare):
        return False
    return len(re.findall(r"[^\W\d_]{6,}", bare)) <= 1


def tokens(text: str) -> tuple[Token, ...]:
    """`text` cut into the marks of an equation. Nothing in it is ever read as markup."""
    text = text.strip()
    unit = _WITH_UNIT.search(text)
    # "2m" is a product, as it is for the voice; "2 m" is a measure.
    if not unit or (len(unit["unit"].strip("²³^23")) == 1 and text[unit.start("unit") - 1] != " "):
        return tuple(_marks(text)[:MOST_TOKENS])
    found = _marks(text[: unit.start("unit")])
    units = [replace(m, kind="unit") if m.kind == "name" else m for m in _marks(unit["unit"])]
    return tuple([*found, Token("\u2009", kind="sign"), *units][:MOST_TOKENS])


def _marks(text: str) -> list[Token]:
    return [_token(match) for match in _TOKEN.finditer(text) if not match["space"]]


def _token(match: re.Match[str]) -> Token:
    root = match["root"] or match["root2"] or match["root3"]
    if root:
        return Token(root, kind="root")
    if match["close"]:
        return Token(match["close"], "", _raised(match["raised"]), "close")
    name = match["name"]
    if not name:
        return Token(_SIGNS.get(match["sign"], match["sign"]), kind="sign")
    marks = _MARK.findall(match["marks"])
    index = next((_lowered(mark) for mark in marks if mark[0] in "_₀₁₂₃₄₅₆₇₈₉"), "")
    if name in HALVES and not marks:
        above, below = HALVES[name]
        return Token(str(above), str(below), kind="fraction")
    power = next((_raised(mark) for mark in marks if mark[0] not in "_₀₁₂₃₄₅₆₇₈₉"), "")
    kind = "upright" if name.lower() in _FUNCTIONS else "number" if name[0].isdigit() else "name"
    return Token(name, index, power, kind)


def _lowered(mark: str) -> str:
    """The index that "_{th}", "_0" or "₀" writes."""
    return "".join(LOWERED.get(sign, sign) for sign in mark.removeprefix("_").strip("{}"))


def _raised(mark: str) -> str:
    """The power that "^{n+1}", "^(nt)", "^2" or "²" writes."""
    bare = mark.removeprefix("^").strip("{}()").replace("-", "−")
    return "".join(RAISED.get(sign, sign) for sign in bare)


# The quoted words of an image description, each with the part that it plays in the picture.


Role = Literal["title", "overlay", "x", "y", "speech", "back", "curve", "gloss", "part"]

LABELS_LONGEST = 90
"""Characters of a label; what is longer is a sentence that somebody quotes."""

_QUOTED = re.compile(
    r"(?<![\w'’])'(?=\S)((?:[^'\n]|(?<=\w)'(?=\w)){1,120}?)'(?!\w)"
    r"|‘([^‘’\n]{1,120})’(?!\w)"
    r"|[\"“„]([^\"“”„\n]{1,120})[\"”“]"
    r"|«\s*([^«»\n]{1,120}?)\s*»"
    r"|「([^「」\n]{1,120})」"
    r"|(?<!`)`([^`\n]{1,120})`(?!`)"
)
_LONE_MARK = re.compile(r"[\W_]|[xX]")
_LISTED = re.compile(r"(?:\s*(?:,|and|und|et|y|&))+\s*['‘\"“«]")
_AMERICAN = re.compile(r"\w,['’\"”](?: and| or)? $")
"""The mark within the quotation before: of “Input,” “Process,” and “Output.” the stop ends the
sentence."""
_LABELS_STATE = re.compile(
    r"(?:on|off|high|low|yes|no|true|false|ok|\d+(?:[.,]\d+)?)\b(?:\s*\(.*\))?", re.IGNORECASE
)
# Each role by the words that stand right before the quotation. The first that fits wins.
_ROLES: tuple[tuple[Role, re.Pattern[str]], ...] = (
    (
        "x",
        re.compile(r"(?:x[- ]?axis|horizontal(?: axis)?|x-achse|eje x|axe des x)[^.,;'\"]{0,18}$"),
    ),
    ("y", re.compile(r"(?:y[- ]?axis|vertical axis|y-achse|eje y|axe des y)[^.,;'\"]{0,18}$")),
    ("back", re.compile(r"(?:loop|back|feedback|return)\b[^.'\"]{0,30}$")),
    (
        "curve",
        re.compile(r"\b(?:line|curve|graph of)\b[^.,;'\"]{0,24}(?:labell?ed|called|for)\s*$"),
    ),
    ("speech", re.compile(r"\b(?:says?|saying|asks?|voiceover|narrator)\s*:?\s*$")),
    (
        "title",
        re.compile(
            r"(?:\b(?:titled?|heading|headline|headed|überschrift|titel|título|titre)\b:?|"
            r"(?:triangle|chart|diagram|map|table|slide|poster|infographic)[^.'\"]{0,12}"
            r"(?:labell?ed|called))\s*$"
        ),
    ),
    (
        "overlay",
        re.compile(
            r"\b(?:text|texts|caption|question|words|overlay|overlaid|reads?|reading|banner|slogan|"
            r"quote|annotated|text:)\b[^.'\"]{0,24}$"
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Label:
    """Quoted words of a description.

    `start` and `end` are where the quotation stands in it, in characters; `before` and `after` the
    words around, in lower case, no further than the sentence goes. `of` is the text of the label
    that this one explains, where its role is "gloss"; `is_code` that it stands between backticks.
    """

    text: str
    role: Role
    start: int
    end: int
    before: str
    after: str
    of: str = ""
    is_code: bool = False

    @property
    def is_state(self) -> bool:
        """Whether it names a state ("ON", "LOW (0V)", "1") and not a thing."""
        return _LABELS_STATE.fullmatch(self.text) is not None


@lru_cache(maxsize=256)
def labels(description: str) -> tuple[Label, ...]:
    """The labels of `description` in order, each text once."""
    found: dict[str, Label] = {}
    for quotation in _QUOTED.finditer(description):
        text = next(group for group in quotation.groups() if group is not None)
        text = text.strip().rstrip(",;:").rstrip()
        if _AMERICAN.search(description[: quotation.start()][-9:]):
            text = re.sub(r"^([^.]{3,})\.$", r"\1", text)
        if text and len(text) <= LABELS_LONGEST and not _LONE_MARK.fullmatch(text):
            found.setdefault(text.casefold(), _label(text, quotation, description))
    return _explained(list(found.values()))


def quoted(text: str) -> list[str]:
    """The quoted words of a narration, four words at most, each once."""
    return [label.text for label in labels(text) if len(label.text.split()) <= 4]


def with_role(found: Iterable[Label], *roles: Role) -> list[Label]:
    """Those of `found` that play one of `roles`."""
    return [label for label in found if label.role in roles]


def _label(text: str, quotation: re.Match[str], description: str) -> Label:
    start, end = quotation.span()
    sentence = max(description.rfind(stop, 0, start) for stop in (". ", "; ", "! ", ".\n"))
    before = description[max(sentence + 1, start - 70) : start].lower()
    after = description[end : end + 90].split(". ")[0].lower()
    role = _role(before, after)
    if role == "overlay" and _LISTED.match(after):
        role = "part"
    return Label(text, role, start, end, before, after, is_code=description[start] == "`")


def _explained(found: list[Label]) -> tuple[Label, ...]:
    """`found` with the role "gloss" for each label that the description gives to another one."""
    done: list[Label] = []
    for label in found:
        last = done[-1].text if done else ""
        target = re.match(r"\s+for (?:the )?['‘\"]?(\w{3,})", label.after)
        if last and re.search(r"['’\"”]\s*[\w ]{0,40}\((?:labell?ed|marked)\s*$", label.before):
            label = replace(label, role="gloss", of=last)
        elif target:
            named = (other.text for other in done if other.text.lower().startswith(target[1]))
            other = next(named, None)
            label = replace(label, role="gloss", of=other) if other else label
        done.append(label)
    return tuple(done)


def _role(before: str, after: str) -> Role:
    axis = re.match(r"\s*\((?:the )?(x|y|horizontal|vertical)(?:[ -]axis)?\)", after)
    if axis:
        return "x" if axis[1] in ("x", "horizontal") else "y"
    return next((role for role, cue in _ROLES if cue.search(before)), "part")


# One section as the rules read it: its words cleaned, its labels, sentences and terms found.


LONGEST_TITLE = 160
LONGEST_DESCRIPTION = 4_000
LONGEST_NARRATION = 12_000
"""Characters that are read: some two thousand words, a quarter of an hour of speech."""

# also with an initial: "Richard M. Murray"
_CAPITALS = re.compile(r"(?<![\w'’])[A-Z][\w-]*(?:\s+(?:of\s+)?(?:[A-Z]\.\s+)*[A-Z][\w-]*)*")
_NOT_TERMS = frozenset(
    ("I", "A", "OK", "YES", "NO", "NOT", "AND", "OR", "ON", "OFF", "HIGH", "LOW")
)


@dataclass(frozen=True)
class Reading:
    """A section: what it tells (`narration`), what it shows (`description`), and its own title."""

    narration: str
    description: str
    title: str | None = None
    language: str = "en"

    @classmethod
    def of(cls, narration: str, description: str, title: str | None, language: str) -> Reading:
        """The section with its texts cleaned and cut to what a slide can use."""
        for start, end, _ in reversed(pauses(narration)):
            narration = f"{narration[:start].rstrip()}{narration[end:]}"
        told = clean(narration, LONGEST_NARRATION)
        tongue = script_language(told) or language.replace("_", "-").lower() or "en"
        heading = " ".join(clean(title or "", LONGEST_TITLE).split())
        return cls(told, clean(description, LONGEST_DESCRIPTION), heading or None, tongue)

    @cached_property
    def speech(self) -> str:
        """The narration without blocks of code, its equations between dollar signs."""
        return _IN_BRACKETS.sub(_in_dollars, without_fences(self.narration))

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """The sentences of the narration."""
        return sentences(self.speech, self.language)

    @cached_property
    def scene(self) -> str:
        """The description in lower case and without what it quotes: what is to be seen."""
        bare, end = [], 0
        for label in self.labels:
            bare.append(self.description[end : label.start])
            end = label.end
        return "…".join((*bare, self.description[end:])).lower()

    @cached_property
    def scenes(self) -> tuple[tuple[str, str], ...]:
        """Each label in lower case with the words that its sentence has around it, without other
        labels."""
        found = []
        for label in self.labels:
            near = self.description[max(0, label.start - 70) : label.start].split(". ")[-1]
            after = self.description[label.end : label.end + 70].split(". ")[0]
            around = f"{near} … {after}"
            for other in self.labels:
                around = around.replace(other.text, "…")
            found.append((label.text.casefold(), around))
        return tuple(found)

    @cached_property
    def labels(self) -> tuple[Label, ...]:
        """The quoted words of the description."""
        return labels(self.description)

    @cached_property
    def parts(self) -> tuple[Label, ...]:
        """Labels that name a thing: no titles, axes, states, sentences or equations."""
        return tuple(
            label
            for label in self.labels
            if label.role in ("part", "curve", "speech")
            and not label.is_state
            and not label.is_code
            and not is_formula(label.text)
            and len(label.text.split()) <= 6
            and not label.text.endswith(("!", "."))
        )

    @cached_property
    def heard(self) -> frozenset[str]:
        """The stems of the narration's words."""
        return stems(self.speech, self.language)

    @cached_property
    def capitals(self) -> list[str]:
        """Names in the narration that are written large inside a sentence, the commonest first."""
        if self.language.startswith("de"):  # where every noun is written large
            return []
        stop = grammar(self.language).stop
        found: Counter[str] = Counter()
        for sentence in self.sentences:
            for match in _CAPITALS.finditer(sentence):
                name = match[0]
                ordinary = match.start() == 0 and not re.search(r"[A-Z_\d]", name[1:])
                if not ordinary and len(name) > 1 and name not in _NOT_TERMS:
                    first, _, rest = name.partition(" ")
                    found[rest if rest and first.lower() in stop else name] += 1
        return [
            name
            for name, count in found.most_common(8)
            if name.lower() not in stop
            and (count > 1 or " " in name or re.search("[A-Z]", name[1:]))
        ]

    @cached_property
    def terms(self) -> list[str]:
        """What the section is about, by name: labels, quoted words and names, each once."""
        names = [plain_name(label.text) for label in self.parts]
        names += [*quoted(self.speech), *self.capitals]
        once = {name.casefold(): name for name in reversed(names) if len(name) > 1}
        return list(reversed(once.values()))


def plain_name(text: str) -> str:
    """A label without what it adds in brackets: "Look-Up Table (LUT)" is "Look-Up Table"."""
    return re.sub(r"\s*\([^()]*\)\s*$", "", text).strip() or text
