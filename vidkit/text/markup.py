"""Text as written → plain text, each character of which knows where it was written.

A `Rule` rewrites what its pattern finds. `rewrite` applies rules one after the other;
`rewrite_once` lets each place of the text be rewritten by one rule only, the first that is
sure of it. Both keep the map. `MARKUP` understands what nobody should see or hear: tags,
entities, Markdown; `vidkit.text.maths` reads the equations that it marks
and adds what is shown, `vidkit.text.speech` what is spoken.

The patterns are made for any input: each looks a bounded way ahead, so that the
time grows with the length of the text and not with its square.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

Found = re.Match[str]
Piece = tuple[str, int]
"""A part of what is written instead, and the place (in the searched text) that it comes from."""
Replacement = str | Sequence[Piece] | None
Claim = tuple[int, int, Sequence[Piece]]
"""From where to where a finder rewrites a text, and what it writes instead."""
Finder = Callable[[str], Iterator[Claim]]
"""Something beside a rule that finds what it is sure of, in order and apart."""


@dataclass(frozen=True, slots=True)
class MappedText:
    """Text, and for each of its characters the place it came from in the text as written.

    `origin` has the length of `text`; its values never fall.
    """

    text: str
    origin: list[int]

    @classmethod
    def of(cls, written: str) -> MappedText:
        """Text that nothing has happened to yet."""
        return cls(written, list(range(len(written))))


@dataclass(frozen=True, eq=False)
class Rule:
    """What to look for, and what to write instead.

    `write` is a template, or a function from the match to one: `\\1` stands for a group,
    whose characters keep their places (groups come in their order), and the rest is placed
    at what it replaces. A function may also give pieces with a place each, or None where it is
    not sure: then the text stays as it is. With `by_character` a function gives the text
    itself, of the match's own length, and each character stays where it is.
    """

    name: str
    source: str
    write: str | Callable[[Found], Replacement]
    by_character: bool = field(default=False, kw_only=True)
    flags: re.RegexFlag = field(default=re.NOFLAG, kw_only=True)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """`source`, compiled when the first text comes that it may be found in."""
        return re.compile(self.source, self.flags)

    @cached_property
    def needs(self) -> tuple[frozenset[str], ...]:
        """Sets of which a text has a sign each (see `_signs`) where the pattern is found."""
        parsed = _PARSER.parse(self.source, self.flags) if _PARSER else ()
        if parsed and parsed.state.flags & re.IGNORECASE:
            return tuple(each for each in _needed(parsed) if not any(map(_has_case, each)))
        return _needed(parsed)


rule = Rule
"""As the tables of rules write it."""


def rewrite(text: MappedText, rules: tuple[Rule, ...]) -> MappedText:
    """`text` after all `rules`, in their order."""
    done = 0
    while True:
        for k in _useful(rules, _signs(text.text)):
            if k >= done and (edits := list(_edits(rules[k], text))):
                text, done = _edited(text, edits), k + 1
                break
        else:
            return text


def rewrite_once(text: MappedText, rules: tuple[Rule | Finder, ...]) -> MappedText:
    """`text` in which each place is rewritten by the first of `rules` that is sure of it.

    All of them see the text as it came, so that no rule reads what another one wrote.
    """
    taken = bytearray(len(text.text))
    edits: list[_Edit] = []
    for each in (rules[k] for k in _useful(rules, _signs(text.text))):
        found = _edits(each, text, taken) if isinstance(each, Rule) else _claims(each, text, taken)
        for edit in found:
            taken[edit[0] : edit[1]] = b"\1" * (edit[1] - edit[0])
            edits.append(edit)
    return _edited(text, sorted(edits, key=lambda edit: edit[0])) if edits else text


_Edit = tuple[int, int, str, list[int]]
"""From where to where, what is written instead, and the places of its characters."""


def _edits(rule: Rule, text: MappedText, taken: bytearray | None = None) -> Iterator[_Edit]:
    at = 0
    while found := rule.pattern.search(text.text, at):
        start, end = found.span()
        at = end if end > start else end + 1
        if taken is not None and (clash := taken.find(1, start, end)) >= 0:
            free = taken.find(0, clash)
            at = max(start + 1, len(taken) if free < 0 else free)
            if free < 0:
                return
            continue
        new = rule.write if isinstance(rule.write, str) else rule.write(found)
        if new is None or start == end:
            continue
        if not isinstance(new, str):
            yield (start, end, *_placed(new, start, end, text.origin))
        elif rule.by_character:
            yield start, end, new, text.origin[start:end]
        else:
            yield (start, end, *_filled(new, found, text.origin))


def _claims(find: Finder, text: MappedText, taken: bytearray) -> Iterator[_Edit]:
    for start, end, pieces in find(text.text):
        if start < end and taken.find(1, start, end) < 0:
            yield (start, end, *_placed(pieces, start, end, text.origin))


def _edited(before: MappedText, edits: Iterable[_Edit]) -> MappedText:
    pieces: list[str] = []
    origin: list[int] = []
    done = 0
    for start, end, new, places in edits:
        pieces += before.text[done:start], new
        origin += before.origin[done:start]
        origin += places
        done = end
    return MappedText("".join(pieces) + before.text[done:], origin + before.origin[done:])


def _filled(template: str, found: Found, places: list[int]) -> tuple[str, list[int]]:
    text, origin = "", []
    at, last = found.start(), found.end() - 1
    for part in _parts(template):
        if isinstance(part, int):
            start, end = found.span(part)
            if start < 0:
                continue
            text += found.string[start:end]
            origin += places[start:end]
            at = max(at, end)
        else:
            # "5 km" → "5 kilometres": the new word belongs to "km", not to the space before.
            while at < last and found.string[at].isspace():
                at += 1
            text += part
            origin += [places[min(at, last)]] * len(part)
    return text, origin


def _placed(
    parts: Iterable[Piece], start: int, end: int, places: list[int]
) -> tuple[str, list[int]]:
    text, origin, reached = "", [], start
    for part, at in parts:
        reached = max(reached, min(at, end - 1))
        text += part
        origin += [places[reached]] * len(part)
    return text, origin


@lru_cache(maxsize=1024)
def _parts(template: str) -> tuple[str | int, ...]:
    pieces = re.split(r"\\(\d)", template)
    parts = [int(piece) if turn % 2 else piece for turn, piece in enumerate(pieces)]
    return tuple(part for part in parts if part != "")


def before(found: Found, length: int = 60) -> str:
    """The text of the line right before what was found."""
    return found.string[max(0, found.start() - length) : found.start()].rpartition("\n")[2]


def after(found: Found, length: int = 40) -> str:
    """The text of the line right after what was found."""
    return found.string[found.end() : found.end() + length].partition("\n")[0]


# ── which rules a text can do without ───────────────────────────────────────────────────────

# Nobody promises this part of the standard library; without it every rule looks at every text.
_PARSER: Any = getattr(re, "_parser", None)
_ZEROS = str.maketrans("123456789", "0" * 9)
_BEYOND = "\x80"
"""Stands for every sign that is not ASCII; "0" for every digit."""


def _signs(text: str) -> frozenset[str]:
    """The characters of a text, and what stands for those that are not ASCII and for digits."""
    if text.isascii():
        return frozenset(text.translate(_ZEROS))
    return frozenset(["0" if sign.isdecimal() else sign for sign in set(text)]) | {_BEYOND}


@lru_cache(maxsize=512)
def _useful(rules: tuple[Rule | Finder, ...], signs: frozenset[str]) -> tuple[int, ...]:
    """The places of the rules that may find something in a text of such signs."""
    return tuple(
        k
        for k, each in enumerate(rules)
        if not (isinstance(each, Rule) and any(map(signs.isdisjoint, each.needs)))
    )


def _has_case(sign: str) -> bool:
    return not sign.isascii() or sign.isalpha()


def _needed(parsed: Iterable[tuple[Any, Any]]) -> tuple[frozenset[str], ...]:
    """Sets of signs, of each of which one must be there for all items of a parsed pattern."""
    return tuple({each for kind, value in parsed for each in _needed_by(kind.name, value)})


def _needed_by(kind: str, value: Any) -> Iterable[frozenset[str]]:
    """As `_needed`, of one item; nothing is known of a kind that is not listed here."""
    match kind:
        case "LITERAL":
            return (_signs(chr(value)) - {_BEYOND},)
        case "RANGE":
            low = _signs("".join(map(chr, range(value[0], min(value[1], 127) + 1))))
            return (low | {_BEYOND} if value[1] > 127 else low,)
        case "CATEGORY" if value.name == "CATEGORY_DIGIT":
            return (frozenset("0"),)
        case "IN":
            return _one_of([_needed_by(inner.name, what) for inner, what in value])
        case "BRANCH":
            return _one_of([_needed(branch) for branch in value[1]])
        case "SUBPATTERN" if not value[1]:
            return _needed(value[3])
        case "ASSERT":
            return _needed(value[1])
        case "ATOMIC_GROUP":
            return _needed(value)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT" if value[0]:
            return _needed(value[2])
    return ()


def _one_of(ways: Sequence[Iterable[frozenset[str]]]) -> Iterable[frozenset[str]]:
    """What is needed where one of several ways must be gone: of each the smallest set."""
    least = [min(each, key=len, default=frozenset[str]()) for each in ways]
    return (frozenset().union(*least),) if all(least) else ()


# ── what nobody sees ────────────────────────────────────────────────────────────────────────

HIDDEN = (
    rule("one kind of line end", "\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]", "\n"),
    rule(
        "controls, direction overrides, byte-order marks, private use, half characters",
        "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u202a-\u202e\u2060-\u206f\ufeff"
        "\ufff0-\ufffb\ufffe\uffff\ue000-\uf8ff\ud800-\udfff\U000e0000-\U000e0fff"
        "\U000f0000-\U0010ffff]+",
        "",
    ),
    rule("one kind of space", r"[^\S\n]{2,}|[^\S\n ]", " "),
    rule("digits on keys", "([0-9#*])\ufe0f?\u20e3", r"\1"),
)
"""Takes away what nobody sees. Lines end with a line feed after it, and no space is doubled."""

# ── what stands for something else while Markdown is read ───────────────────────────────────

_SHIELD = str.maketrans({mark: chr(0xE000 + ord(mark)) for mark in "*_~`[]<>#|$\\!&-=:\n"})
_UNSHIELD = {ord(new): old for old, new in _SHIELD.items()}
CODE_LINE_END = _SHIELD[ord("\n")]
MATHS, MATHS_END = "\ue101", "\ue102"
"""What stands around an equation that the text marks as one, after `MARKUP`."""


def _shielded(found: Found) -> str:
    text, (start, end) = found.group(), found.span(1)
    start, end = start - found.start(), end - found.start()
    return text[:start] + text[start:end].translate(_SHIELD) + text[end:]


def unshielded(text: str) -> str:
    """`text` with the marks that `MARKUP` had put aside."""
    return text.translate(_UNSHIELD)


# "$1 or the variable $HOME; $" and "$<user@host>$" are no equations.
_NO_EQUATION = re.compile(r"[^\\]*(?:(?:\b[a-z]{2,} ){3}|\b[a-z]{4,} [a-z]{4,}\b|\w@\w)[^\\]*")


# "\\[sinners\\]" and "\\[Ar\\]4s" are words in escaped brackets, and no displayed equations.
_BRACKETED = re.compile(r"[^\\=^_$&<>→]*")


def _equation(found: Found) -> list[Piece] | None:
    k = next(k for k, group in enumerate(found.groups(), 1) if group is not None)
    if _NO_EQUATION.fullmatch(found[k]):
        return None
    if found[0].startswith("\\[") and "\\" not in found[k]:
        touched = re.search(r"\w", f"{before(found, 1)} {after(found, 1)}")
        worded = re.search(r"[^\W\d_]{3}", found[k])
        if _BRACKETED.fullmatch(found[k]) and (touched or worded):
            return None
        if touched and (worded or found[k].lstrip()[:1] in ("=", "^")):
            return None  # "--color\\[=WHEN\\]", "He\\[^1\\] said"
    inner = [(each, at) for at, each in enumerate(found[k].translate(_SHIELD), found.start(k))]
    displayed = found[0].startswith(("$$", "\\[", "\\begin"))
    end = f"{MATHS_END} " if displayed and _WORD.match(after(found)) else MATHS_END
    return [(MATHS, found.start(k)), *inner, (end, found.end(k) - 1)]


# At a letter or digit emphasis and equations cannot begin or end outwards; those of Chinese, Thai
# and their neighbours do not count, for they write no spaces.
_TOUCHING = r"[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\uffff]"
# A word behind a displayed equation stands in a line of its own, but for an ending as in "$$n$$th".
_WORD = re.compile(
    rf"(?!(?:th|st|nd|rd|te[nrs]?|i?[eè]me|[eé]sim[oa])\b)(?:\d|{_TOUCHING}{{2}})", re.IGNORECASE
)
_TEX = r"((?:[^$\n]|\n(?! ?\n)){1,1200}?)"

EQUATIONS = rule(
    "equations",
    # A price is no equation: no space stands inside the marks, and no digit right after them.
    rf"(?<!{_TOUCHING})(?<![$\\])\$\$(?!\$)" + _TEX + r"\$\$(?!\$)"
    # "${name}", "$'" and "$!" are words of a program.
    rf"|(?<!{_TOUCHING})(?<![$\\])\$(?![\s$'\"!;]|\{{\^?[A-Za-z_])((?:\\\$|[^$\n]){{1,300}}?)"
    rf"(?<![\s\\])\$(?!(?!(?:th|st|nd|rd|s)\b){_TOUCHING}|[${{])"
    r"|\\\((?!\s*\\\))([^\n]{1,300}?)\\\)"
    r"|\\\[" + _TEX + r"\\\]"
    r"|(\\begin\{(?:equation|align|gather|eqnarray|displaymath)\*?\}"
    + _TEX
    + r"\\end\{\w{1,14}\*?\})",
    _equation,
)

# ── tags ────────────────────────────────────────────────────────────────────────────────────

_TAGS = (
    "a abbr acronym address article aside audio b bdi bdo big blockquote body br button caption "
    "center cite code col colgroup data dd del details dfn div dl dt em emphasis figcaption figure "
    "font footer h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label lexeme li "
    "link main mark math media menu meta nav object ol option p paragraph phoneme picture pre "
    "prosody q s samp say-as script section select sentence small source span speak strike strong "
    "style sub summary sup svg table tbody td template textarea tfoot th thead time title token tr "
    "tt u ul var video voice w wbr bookmark audio lang break"
)
_TAG = "|".join(sorted(_TAGS.split(), key=len, reverse=True))
_ATTRIBUTES = r"(?:\s[^<>]{0,300}=[^<>]{0,300}|\s(?:controls|hidden|checked|selected|disabled))?\s?"
_SECONDS = r"(\d{1,5}(?:\.\d{1,3})?) ?(ms|milliseconds?|s|sec|seconds?)"
_STRENGTHS = {
    "none": 0.0, "x-weak": 0.15, "weak": 0.3, "medium": 0.5, "strong": 0.8, "x-strong": 1.2,
}  # fmt: skip
PAUSE = 0.7
"""Seconds of a pause whose length nobody wrote."""
LONGEST_PAUSE = 30.0

_PAUSES = re.compile(
    rf"<break(?:\s[^<>]{{0,200}})?/?>(?:\s?</break>)?"
    rf"|[\[(](?:(?:short|long|brief)\s)?(?:pause|beat|silence)(?:\s?[:,=]?\s?(?:for\s)?{_SECONDS})?[\])]",
    re.IGNORECASE,
)


def pauses(text: str) -> list[tuple[int, int, float]]:
    """The pauses that a narration asks for: (start, end) in the text, and seconds.

    `<break time="1s"/>`, `<break strength="strong"/>`, `[pause]`, `(pause 2s)`, `[beat]`; not
    those inside `code`.
    """
    code = [found.span() for found in _CODE.finditer(text)] if "`" in text else []
    return [
        (found.start(), found.end(), _seconds(found))
        for found in _PAUSES.finditer(text)
        if not any(start <= found.start() < end for start, end in code)
    ]


def _seconds(found: Found) -> float:
    told = re.search(rf"{_SECONDS}", found[0])
    if told:
        seconds = float(told[1]) / (1000 if told[2].startswith("m") else 1)
    else:
        strength = re.search(r"strength\s?=\s?[\"']([\w-]+)", found[0])
        word = found[0].lower()
        usual = 1.5 if "long" in word else 0.4 if "short" in word or "beat" in word else PAUSE
        seconds = _STRENGTHS.get(strength[1].lower(), PAUSE) if strength else usual
    return min(seconds, LONGEST_PAUSE)


def _entity(found: Found) -> str | None:
    character = html.unescape(found.group())
    if character == found.group():
        return None
    return character if all(each.isprintable() or each == "\u00a0" for each in character) else " "


_SMALL = r"[0-9+−–-]{1,8}"
_FEW = r"[^\W\d_]{1,2}"
_RAISED = str.maketrans("0123456789+−–-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
_LOWERED = str.maketrans("0123456789+−–-", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋")

TAGS = (
    rule("pauses", _PAUSES.pattern, " ", flags=re.IGNORECASE),
    rule("comments", r"<!--(?:[^-]|-(?!->)){0,2000}-->", " "),
    rule(
        "programs and styles",
        r"<(?:script|style)(?:\s[^<>]{0,300})?>(?:[^<]|<(?!/)){0,4000}</(?:script|style)\s?>",
        " ",
        flags=re.IGNORECASE,
    ),
    rule("endings that are raised", r"(?<=\d)<sup>([a-zè]{1,3})</sup>", r"\1", flags=re.IGNORECASE),
    rule(
        "raised numbers",
        rf"(?<![a-z]{{3}})<sup>({_SMALL})</sup>",
        lambda f: f[1].translate(_RAISED),
    ),
    rule(
        "lowered numbers",
        rf"(?<![a-z]{{3}})<sub>({_SMALL})</sub>",
        lambda f: f[1].translate(_LOWERED),
    ),
    rule("raised tags", r"<sup>([^<>\n]{1,40})</sup>", r"^{\1}", flags=re.IGNORECASE),
    rule("lowered tags", r"<sub>([^<>\n]{1,40})</sub>", r"_{\1}", flags=re.IGNORECASE),
    rule("breaks", r"<(?:br|hr|/p|/li|/div|/h[1-6]|/tr)\s?/?>", "\n", flags=re.IGNORECASE),
    rule("sentences", r"</(?:s|sentence)>(?=<(?:s|sentence)\b)", " ", flags=re.IGNORECASE),
    rule(
        "tags",
        rf"</?(?:{_TAG}|(?:amazon|mstts|google|w):[\w-]{{1,30}}){_ATTRIBUTES}/?>",
        "",
        flags=re.IGNORECASE,
    ),
    rule(
        "tags of other languages",
        r"<([A-Za-z][\w:-]{0,30})(?:\s[^<>]{0,300})?>([^<>]{0,600})</\1>",
        r"\2",
    ),
    rule("entities", r"&(?:[A-Za-z][A-Za-z0-9]{1,31}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});", _entity),
    rule("entities of entities", r"&(?:amp|lt|gt|quot|nbsp|apos);", _entity),
)
"""Drops tags of HTML and of speech, and writes entities as the characters that they stand for."""

# ── Markdown ────────────────────────────────────────────────────────────────────────────────


def _emphasis(marks: str) -> Rule:
    mark = re.escape(marks[0])
    alone = r"(?<=\w)_(?=\w)" if marks[0] == "_" else rf"(?<=\s){mark}(?=\s)"
    inside = rf"(?:[^{mark}\n]|\n(?!\n)|{alone}){{0,600}}"
    return rule(
        f"emphasis with {marks}",
        rf"(?<!{_TOUCHING})(?<![{mark}\\/).]){re.escape(marks)}(?![\s{mark}./])"
        rf"({inside}(?<![\s\\/])){re.escape(marks)}(?!{_TOUCHING}|{mark})",
        r"\1",
    )


def _line(marks: str) -> str:
    return rf"(?m)^ ?{marks}"


_LINK = (
    r"\((?:<[^<>\n]{0,500}>|[^\s()]{0,500}(?:\([^\s()]{0,200}\)[^\s()]{0,200})?)"
    r"(?: \"[^\"\n]{0,200}\")?\)"
)

# "- 5 + 3" is a list where another line goes on with it, and a number below zero where not.
_NO_LIST = r"(?!(?<![^\n])(?<!\n)- ?\d[^\n]*(?:\Z|\n(?! ?-)))"
# an atomic group: Python 3.11.2 reads a possessive "*+" beyond what the lookaheads forbid
_BLOCK = r"(?m)^ ?```[^\n`]*\n((?>(?:[^`\n]|`(?!``)|\n(?! ?```))*))\n ?```"
_INLINE = r"(?<![`\w])`(?!`)([^`\n]{1,600})`(?![`\w])"
_CODE = re.compile(f"{_BLOCK}|{_INLINE}")


def _named_link(found: Found) -> str | None:
    """The words of a link whose address stands elsewhere, under its name: "[name]: https://…"."""
    return r"\1" if f"[{found[2] or found[1]}]:".lower() in found.string.lower() else None


_LATEX_WORDS = rule(
    "words that LaTeX sets in another face",
    r"\\(?:text(?:bf|it|tt|sc|sf|rm|sl)?|emph|underline|mbox|title|chapter|(?:sub){0,2}section|"
    r"paragraph)\*?\{([^{}\n]{0,300})\}",
    r"\1",
)
_LATEX_LAYOUT = (
    rule(
        "what LaTeX refers to",
        r"[ ~]?\\(?:cite[tp]?|ref|eqref|autoref|label)\*?(?:\[[^\[\]\n]{0,80}\])?"
        r"\{[^{}\n]{0,200}\}",
        "",
    ),
    rule("surroundings of LaTeX", r"(?m)^ ?\\(?:begin|end)\{[a-z]{1,20}\*?\}\n?", ""),
    rule("items of LaTeX", r"(?m)^ ?\\item (?=\S)", "- "),
)

_ALONE_WORDS = (
    "pm ± times × mu µ sim ~ approx ≈ le ≤ leq ≤ ge ≥ geq ≥ cdot · to → rightarrow → Omega Ω "
    "Delta Δ alpha α beta β gamma γ sigma σ pi π"
)
_ALONE = dict(zip(_ALONE_WORDS.split()[::2], _ALONE_WORDS.split()[1::2], strict=True))


def _index(found: Found) -> str:
    """ "CO$_2$" → "CO₂", "10$^{-3}$" → "10^{-3}"."""
    inner = found[2] or found[3]
    table = _LOWERED if found[1] == "_" else _RAISED
    small = inner.translate(table)
    word = after(found, 1).isalpha() or before(found, 1).isalpha()
    return small if word and not set(small) & set(inner) else r"\1{\2\3}"


MARKUP = (
    # Marks inside code and equations are no Markdown: private characters stand in for them.
    rule("code blocks are shielded", _BLOCK, _shielded, by_character=True),
    rule("fences", _line(r"(?:```|~~~)[^\n]*$\n?"), ""),
    rule("code is shielded", _INLINE, _shielded, by_character=True),
    *TAGS,
    rule("degrees of LaTeX", r"\$ ?\^ ?\{?\\circ\}? ?\$", "°"),
    rule(
        "an index that is an equation alone",
        r"(?:(?<=[\w)])|(?<!\w)(?=\$\^\{?\d{1,3}\}?\$[A-Z]))"
        r"\$([_^])(?:\{([^{}$\n]{1,20})\}|([\w+-]))\$",
        _index,
    ),
    rule(
        "a sign that is an equation alone",
        rf"\$\\({'|'.join(_ALONE)})\$(?=\w)|(?<=\w)\$\\({'|'.join(_ALONE)})\$",
        lambda found: _ALONE[found[1] or found[2]],
    ),
    EQUATIONS,
    _LATEX_WORDS,
    _LATEX_WORDS,  # once more, for one within another
    *_LATEX_LAYOUT,
    rule("raised by carets", r"(?<=\w)\^([\w+-]{1,4})\^(?![\w^])", r"^{\1}"),
    rule("lowered by tildes", r"(?<=[A-Za-z)])~(\d{1,2})~", r"_{\1}"),
    rule(
        "addresses of links by name",
        r"(?m)^ ?\[[^\[\]\n]{1,100}\]: (?=\S*(?:[/#:@]|\.\w))\S+(?: \"[^\"\n]*\")? ?$",
        "",
    ),
    rule("code", r"(?<![`\w])``? ?([^`\n]{1,600}?) ?``?(?![`\w])", r"\1"),
    rule("rules and underlines", _line(r"(?:[-=*_|:+] ?+){3,}+$"), ""),
    rule("quotations", _line(r"(?:> ?)++(?=\S)"), ""),
    rule("headings", _line(r"#{1,6} (?=\S)"), ""),
    rule("list marks", _line(rf"{_NO_LIST}[-*+•‣◦–] (?:\[[ xX]\] )?(?=\S)"), ""),
    rule("pictures", r"!\[([^\[\]\n]{0,300})\]" + _LINK, r"\1"),
    rule("links", r"(?<!\w)\[((?:[^\[\]\\\n]|\\.){1,300})\]" + _LINK, r"\1"),
    rule(
        "links by name",
        r"(?<!\w)\[(?=[^\[\]\n]{0,200}[^\W\d_]{3})([^\[\]\n]{1,300})\]\[([^\[\]\n]{0,100})\]",
        _named_link,
    ),
    rule("footnote marks", r"\[\^[\w-]{1,40}\]:?", ""),
    rule("bare links", r"<(https?://[^<>\s]{1,500}|[\w.+-]{1,64}@[\w.-]{1,200})>", r"\1"),
    rule(
        "letters in italics before others",
        rf"(?<![\w*\\])\*({_FEW})\*(?=[Δδ∆₀-₉⁰¹²³⁴-⁹⁺⁻]|[_^]\{{)",
        r"\1",
    ),
    *(_emphasis(marks) for marks in ("***", "**", "*", "**", "___", "__", "_")),
    # "2*πr*", "Δ*H*", "1*s*²"; no sign of multiplication stands before what ends
    rule(
        "letters in italics after numbers",
        rf"(?<=\d)\*({_FEW})\*(?![\w*(√^⁺⁻-]| ?\d)",
        rf"{MATHS}\1{MATHS_END}",
    ),
    rule(
        "letters in italics after others",
        rf"(?<=\w)\*({_FEW})\*(?:(?=[_^]\{{)|(?![A-Za-z\d_*(√-]| ?\d))",
        r"\1",
    ),
    rule("letters in bold after numbers", rf"(?<=\d)\*\*({_FEW})\*\*(?![A-Za-z\d_*(√-])", r"\1"),
    rule("emphasis inside a word", r"(?<=[a-z]{2})\*{1,2}([a-z]{2,40})\*{1,2}(?=[a-z])", r"\1"),
    rule("struck out", r"~~([^~\n]{1,600})~~", r"\1"),
    rule("highlights", r"(?<![\w=])==(?![\s=])([^=\n]{1,300})(?<!\s)==(?![\w=])", r"\1"),
    rule("escaped marks", r"\\([\\`*_{}\[\]()#+.!|~><$&-])", r"\1"),
)
"""Takes away tags, entities and the marks of Markdown, and leaves their text. Code stays
shielded until `UNSHIELD`; equations stand between `MATHS` and `MATHS_END`.
"""

UNSHIELD = (
    rule(
        "shielded marks come back",
        f"[{''.join(map(chr, _UNSHIELD))}]+",
        lambda found: unshielded(found.group()),
        by_character=True,
    ),
)

# ── lines that are items of a list ──────────────────────────────────────────────────────────

_LABEL = re.compile(r"[ \t]*([\[(]?)([A-Ha-h]|\d{1,2}|[ivx]{1,4})([\])]|[.:)]|-)[ \t]+(?=\S)")
_BULLET = re.compile(r"[ \t]*[-*+•‣◦–][ \t]+(?:\[[ xX]\] )?(?=\S)")
_ROMANS = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands before an item of a list, "A) …", "(b) …", "1. …", "c- …", "[D] …", "• …": how
    it is spelt, its letter or number as one, and its length.
    """

    spelling: str
    value: int
    length: int

    def leads_to(self, other: Mark | None) -> bool:
        """Whether `other` is the mark of the next item."""
        if other is None or self.spelling != other.spelling:
            return False
        return self.spelling == "bullet" or other.value == self.value + 1


def mark(line: str) -> Mark | None:
    """The mark at the beginning of a line; None where there is none."""
    if found := _BULLET.match(line):
        return Mark("bullet", 0, found.end())
    found = _LABEL.match(line)
    if found is None:
        return None
    opening, label, closing = found.groups()
    if label in _ROMANS:
        kind, value = "i", _ROMANS.index(label)
    elif label.isdigit():
        kind, value = "1", int(label)
    elif len(label) == 1:
        kind, value = "a" if label.islower() else "A", ord(label)
    else:
        return None
    return Mark(opening + kind + closing, value, found.end())


def marks(lines: Sequence[str]) -> list[Mark | None]:
    """For each line its mark where it is surely an item of a list, else None.

    One line with a letter before it may be anything ("A. Einstein wrote"). It is an item where the
    line before or after it goes on with the next letter or number, spelt in the same way.
    """
    found = [None, *(mark(line) for line in lines), None]
    return [
        each
        if each and (each.leads_to(following) or (before is not None and before.leads_to(each)))
        else None
        for before, each, following in zip(found, found[1:], found[2:], strict=False)
    ]


def only_list(text: str) -> tuple[str, tuple[str, ...], bool] | None:
    """A text that is a list, with a line or none above it and below it: the line above, the items
    without their marks, and whether letters stand before them; None for any other text.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    found = marks(lines)
    first = 1 if found and found[0] is None else 0
    below = lines[-1][:1] if len(found) > first + 2 and found[-1] is None else " "
    goes_on = below.isspace() or below.islower()
    rest = found[first:] if goes_on else found[first:-1]
    if len(rest) < 2 or None in rest:
        return None
    items = [
        line[each.length :].strip() for line, each in zip(lines[first:], rest, strict=False) if each
    ]
    lettered = all(each and each.spelling.strip("[()].:-").lower() == "a" for each in rest)
    return lines[0].strip() * first, tuple(items), lettered
