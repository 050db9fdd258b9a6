"""Text as the rules of a slide see it: cleaned, cut into sentences, counted in words."""

from __future__ import annotations

import math
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Literal

from .slide import Entry

# What a rule must know of a language to choose and shorten its sentences: small word lists.
#
# Each language has a file in `languages/`. One without a file gets an empty grammar: its sentences
# are chosen by their length and the words they share, and are not shortened.


_FOLDER = Path(__file__).parent / "languages"


@dataclass(frozen=True, slots=True)
class Grammar:
    """What the rules know of one language. All words are in lower case.

    stop: words that carry no meaning of their own.
    abbreviations: what may stand before a full stop without ending a sentence.
    joints: words that open a sentence by tying it to the one before and can simply go.
    adverbs: openings that can go where a comma follows.
    leaning: openings that mean something only after the sentence before.
    asides: openings of sentences that speak to the viewer and say nothing of the matter.
    trails: words after a comma that open a clause which the sentence can do without.
    sketch: what is written under a drawn curve.
    """

    stop: frozenset[str] = frozenset()
    abbreviations: frozenset[str] = frozenset()
    joints: tuple[str, ...] = ()
    adverbs: tuple[str, ...] = ()
    leaning: tuple[str, ...] = ()
    asides: tuple[str, ...] = ()
    trails: tuple[str, ...] = ()
    sketch: str = "Sketch, not to scale"


def grammar(language: str) -> Grammar:
    """What is known of `language` ("en", "de-AT", …); an empty grammar where nothing is."""
    return _of_file(language.replace("_", "-").split("-")[0].lower())


@cache
def _of_file(language: str) -> Grammar:
    path = _FOLDER / f"{language}.toml"
    if not re.fullmatch("[a-z]{2,3}", language) or not path.is_file():
        return Grammar()
    lists: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))
    return Grammar(
        stop=frozenset(lists.get("stop", "").split()),
        abbreviations=frozenset(lists.get("abbreviations", "").split()),
        joints=_phrases(lists, "joints"),
        adverbs=_phrases(lists, "adverbs"),
        leaning=_phrases(lists, "leaning"),
        asides=_phrases(lists, "asides"),
        trails=_phrases(lists, "trails"),
        sketch=lists.get("sketch", Grammar().sketch),
    )


def _phrases(lists: dict[str, str], name: str) -> tuple[str, ...]:
    """The phrases of a list, which stand between upright strokes."""
    phrases = (" ".join(phrase.split()) for phrase in lists.get(name, "").split("|"))
    return tuple(phrase for phrase in phrases if phrase)


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
_END = re.compile(r"[.!?…؟۔]+[\"'”’)\]»]*(?=\s)|[。！？｡]+[”’」』）]*")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_WORD = re.compile(r"[^\W_][\w'’.-]*(?<![.'’-])")
_SCRIPTS = (
    ("he", re.compile("[\u0590-\u05ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
)


def clean(text: str, most: int) -> str:
    """`text` without what cannot be shown, at most `most` characters, no word beyond reason."""
    text = text[: 2 * most].replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n")
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).expandtabs(4)
    text = re.sub(rf"(\S{{{LONGEST_WORD}}})\S+", r"\1…", text)
    if len(text) <= most:
        return text
    cut = text[:most]
    space = cut.rfind(" ")
    return (cut[:space] if space > most // 2 else cut).rstrip() + "…"


def fenced(text: str) -> tuple[str, str] | None:
    """The first fenced block of code in `text` as (language, code), or None."""
    found = _FENCE.search(text)
    return (found[1].lower(), found[2].strip("\n")) if found else None


def without_fences(text: str) -> str:
    """`text` without its fenced blocks of code."""
    return _FENCE.sub("\n\n", text)


@lru_cache(maxsize=256)
def sentences(text: str, language: str = "en") -> tuple[str, ...]:
    """The first sentences of `text`, in order, each on one line; a blank line ends one too."""
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
    rest = line[start:].strip()
    return [sentence for sentence in (*found, rest) if sentence]


def _goes_on(line: str, start: int, dot: int, end: int, language: str) -> bool:
    """Whether the stop at `dot` does not end a sentence: an abbreviation, an initial, a lower case
    letter after it."""
    following = line[end:].lstrip().lstrip("\"'“‘([«")
    if following[:1].islower():
        return True
    if line[dot] != "." or not following:
        return False
    last = line[start:dot].rsplit(None, 1)[-1].lstrip("(\"'“‘") if line[start:dot].strip() else ""
    initial = len(last) == 1 and last.isalpha() and last.isupper()
    ordinal = language == "de" and last.isdigit() and len(last) <= 2
    return initial or ordinal or last.lower() in grammar(language).abbreviations


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
    for language, letters in _SCRIPTS:
        if len(letters.findall(text)) * 4 > len(text.replace(" ", "")):
            return language
    return None


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

_RELATION = re.compile(r"[=≈≤≥≠∝≡]|(?<=\s)[<>](?=\s)")
_MATTER = re.compile(r"[\w)\]}²³]\s*(?:[=≈≤≥≠∝≡]|\s[<>]\s)\s*[-−+\w(√∑∫Δ.½¼]")
_SENTENCE = re.compile(r"\b(?:is|are|the|when|for|if|and|or|of)\b", re.IGNORECASE)
_STATE = re.compile(r"=\s*(?:on|off|high|low|yes|no|true|false)\b", re.IGNORECASE)

_FUNCTIONS = frozenset(("sin", "cos", "tan", "log", "ln", "exp", "lim", "max", "min", "mod", "det"))
_FRACTIONS = {"½": ("1", "2"), "¼": ("1", "4"), "¾": ("3", "4")}
_POWERS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ", "0123456789−+n", strict=True))
_INDICES = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
_SIGNS = {
    "*": "·",
    "<=": "≤",
    ">=": "≥",
    "!=": "≠",
    "->": "→",
    "==": "=",
    "-": "−",
    "+-": "±",
}

_LETTERS = r"[^\W\d_⁰¹²³⁴-⁹ⁿ₀-₉½¼¾]"
_INDEX = r"_\{[^{}]{1,20}\}|_\w{1,12}?(?=\b|[\^⁰¹²³⁴-⁹])|[₀-₉]{1,4}"
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


def is_formula(text: str) -> bool:
    """Whether `text` is an equation ("E = mc²"), not a sentence with a sign in it."""
    bare = re.sub(r"\([^()]*\)", "()", text)
    if not _RELATION.search(bare) or not _MATTER.search(text):
        return False
    if _SENTENCE.search(bare) or _STATE.search(bare) or len(text) > LONGEST:
        return False
    return len(re.findall(r"[^\W\d_]{6,}", bare)) <= 1


def tokens(text: str) -> tuple[Token, ...]:
    """`text` cut into the marks of an equation. Nothing in it is ever read as markup."""
    text = text.strip()
    unit = _WITH_UNIT.search(text)
    if not unit:
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
    if name in _FRACTIONS:
        return Token(*_FRACTIONS[name], kind="fraction")
    marks = _MARK.findall(match["marks"])
    index = next((_lowered(mark) for mark in marks if mark[0] in "_₀₁₂₃₄₅₆₇₈₉"), "")
    power = next((_raised(mark) for mark in marks if mark[0] not in "_₀₁₂₃₄₅₆₇₈₉"), "")
    kind = "upright" if name.lower() in _FUNCTIONS else "number" if name[0].isdigit() else "name"
    return Token(name, index, power, kind)


def _lowered(mark: str) -> str:
    """The index that "_{th}", "_0" or "₀" writes."""
    return "".join(_INDICES.get(sign, sign) for sign in mark.removeprefix("_").strip("{}"))


def _raised(mark: str) -> str:
    """The power that "^{n+1}", "^(nt)", "^2" or "²" writes."""
    bare = mark.removeprefix("^").strip("{}()").replace("-", "−")
    return "".join(_POWERS.get(sign, sign) for sign in bare)


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

_CAPITALS = re.compile(r"(?<![\w'’])[A-Z][\w-]*(?:\s+(?:of\s+)?[A-Z][\w-]*)*")
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
        told = clean(narration, LONGEST_NARRATION)
        tongue = script_language(told) or language.replace("_", "-").lower() or "en"
        heading = " ".join(clean(title or "", LONGEST_TITLE).split())
        return cls(told, clean(description, LONGEST_DESCRIPTION), heading or None, tongue)

    @cached_property
    def speech(self) -> str:
        """The narration without blocks of code."""
        return without_fences(self.narration)

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


# From a narration, the few statements worth reading while it is heard.


AIM = 16
"""Words of a point that reads at a glance; longer sentences are shortened where that is safe."""
LEAST, MOST, POINTS_LONGEST = 4, 24, 220
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


# The headline of a slide: the section's own title, else what the section says of itself.


HEADLINE_LONGEST = 64
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
_HEADLINE_SIMILE = re.compile(r"(?:like|wie|comme|como)\b", re.IGNORECASE)
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


# What the section says of a thing, in a few words: the small print of a card.


GLOSSES_AIM = 9
GLOSSES_MOST = 14
GLOSSES_LONGEST = 26
"""Words of a gloss: aimed at, the most beside a label, the most on a card of its own."""

_TERM = r"[^\W\d_][^\s.,:;?!—–]*(?:[ -][^\s.,:;?!—–]+){0,3}"
_DEFINED = re.compile(
    rf"^(?:and |und |et |y )?(?:finally,? )?(?P<term>{_TERM})"
    r"(?:: |, (?:where|in which|when|wo|bei dem|où|donde) (?:we )?|\s*[—–]\s*)(?P<gloss>\S.*)$",
    re.IGNORECASE,
)
_IS = (
    r"(?:is|are|means|acts as|serves as|has|holds|stores|lets|gives|takes|turns|tells|makes|"
    r"keeps|measures|catches|carries|contains|controls|ist|sind|heißt|bedeutet|hat|est|sont|es|son)"
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
    found: dict[str, str] = {}
    for label in labels:
        gloss = _beside(label) or _told(plain_name(label.text), reading)
        if gloss and gloss.casefold() != label.text.casefold():
            found[label.text] = gloss
    return found


def _beside(label: Label) -> str:
    """ "'Flip-Flop' for memory" in the description: "For memory"."""
    match = re.match(r"\s*,? (for [^,.;()'\"]{3,40})(?=[,.;)]|\s+and\b|$)", label.after)
    return capitalised(match[1].strip()) if match and "animation" not in match[1] else ""


def _told(name: str, reading: Reading) -> str:
    """The gloss of `name` in the narration, "" where it has none."""
    sure = re.escape(name)
    shapes = (
        rf"^(?:and |finally, )?(?:the |an? |die |der |das |le |la |el )?['‘\"“]?{sure}['’\"”]?"
        rf"(?:: |, where (?:we )?|, which )(?P<gloss>.+)$",
        rf"^(?:and |but |so |here, )?(?:the |an? |die |der |das |eine? |le |la |les |el |los )?"
        rf"['‘\"“]?{sure}s?['’\"”]?(?: (?:domain|region|layer|step|stage|approach|mode|phase))?"
        rf",? (?P<verb>{_IS})\s+(?!not\b)(?P<rest>.+)$",
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
    text = re.split(r"\s*[—–]\s*|[?!]|\. ", _ARTICLE.sub("", text))[0]
    for aim in (GLOSSES_AIM, GLOSSES_MOST):
        short = statement(text, reading.language, aim)
        if 1 < length(short) <= most:
            return short
    return ""
