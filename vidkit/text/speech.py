"""Text as written → text as spoken, with a map back.

A voice that is given a lesson's text as it stands reads its marks aloud ("asterisk"),
passes over its minus signs and spells its units. `spoken` writes such text out in
words, as a person would read it, and remembers for each character where it came from,
so that the time of a spoken word is the time of the written one.

English has a table of rules (`english`); every other language has only those that put
no word into a text (`neutral`).
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from .markup import CODE_LINE_END, HIDDEN, MARKUP, UNSHIELD, Found, MappedText, Rule, rewrite, rule
from .numbers import COUNTS, DATES, FRACTIONS, MONEY, UNITS

# Equations in words: functions, roots, powers, indices, chemical formulas.


# ── functions and roots ─────────────────────────────────────────────────────────────────────

_FUNCTIONS = {
    "sin": "sine", "cos": "cosine", "tan": "tangent", "log": "log", "ln": "natural log",
    "exp": "exponential", "lim": "limit", "sinh": "hyperbolic sine", "cosh": "hyperbolic cosine",
    "sqrt": "the square root", "arcsin": "arc sine", "arccos": "arc cosine",
    "arctan": "arc tangent",
}  # fmt: skip
_BIG = {"∑": "sum", "∏": "product", "∫": "integral"}


def _function(found: Found) -> str:
    return rf"{_FUNCTIONS[found.group(1)]} of \2"


def _letter(found: Found) -> str:
    return rf"\1{' prime' if found.group(2) else ''} of \3"


def _big(found: Found) -> str:
    limits = r" from \1\2 to \3\4" if found.lastindex else ""
    return f" the {_BIG[found.group()[0]]}{limits} of "


_NAME = "|".join(sorted(_FUNCTIONS, key=len, reverse=True))

FUNCTIONS = (
    rule("a condition", r"(?<=P\()([^()|\n]{1,20}) ?\| ?([^()|\n]{1,20})(?=\))", r"\1 given \2"),
    rule("a logarithm's base", r"\blog(?:_\{?(\w{1,3})\}?|([₀-₉]{1,3}))", r"log base \1\2"),
    rule("bases in brackets", r"(?<=log base )(\w{1,6}) ?\(([^()\n]{1,40})\)", r"\1 of \2"),
    rule(
        "functions with a power",
        r"\b(sin|cos|tan)(?=[²³^⁻])",
        lambda found: _FUNCTIONS[found.group()],
    ),
    rule("logarithms of a letter", r"(log base [\w₀-₉]{1,3}) (?=[a-z]\b)", r"\1 of "),
    rule("functions by name", rf"\b({_NAME}) ?\(([^()\n]{{1,40}})\)", _function),
    rule(
        "functions of a letter",
        r"\b(?:(?:sin|cos|tan)(?= ?[α-ωΑ-Ω]| [xyztnk]\b)|ln(?= \w))",
        lambda found: f"{_FUNCTIONS[found.group()]} of ",
    ),
    *(
        rule("functions by letter", r"\b([fghpEFGHOPTΘΩΓ])([′']?)\(([^()\n]{1,40})\)", _letter)
        for _ in range(2)
    ),
    rule("second derivatives", r"\bd[²2] ?([a-z])/d([a-z])[²2]", r"d squared \1 by d \2 squared"),
    rule("derivatives", r"\bd([a-zA-Zθφ])/d([a-zθφ])(?![a-z])", r"d \1 by d \2"),
    rule("operators of derivation", r"\bd/d([a-zθφ])(?![a-z])", r"d by d \1 of "),
    rule("partial derivatives", r"∂(\w?)/∂(\w)", r"partial \1 by partial \2"),
    rule(
        "sums with limits",
        r"[∑∏∫]_(?:\{([^{}\n]{1,40})\}|(\w))\^(?:\{([^{}\n]{1,40})\}|([\w∞]))",
        _big,
    ),
    rule("sums", "[∑∏∫]", _big),
    rule("a limit", r"\blim(?:it)? ?_\{([^{}\n]{1,40})\}", r"the limit as \1 of "),
    rule("roots in brackets", r"√ ?[({]([^(){}\n]{1,40})[)}]", r" the square root of \1"),
    rule("roots", "√", " the square root of "),
    rule("cube roots", "∛", " the cube root of "),
    rule(
        "absolute values",
        r"(?<![\w|)])\|(?!\s)([^|\n]{1,20})(?<!\s)\|(?![\w|])",
        r" the absolute value of \1",
    ),
    rule(
        "factorials",
        r"(\b\d{1,3}|\b[nk]|(?<=[a-z\d])\))!(?= ?[=+*/×÷)≈−-]| [a-z])",
        r"\1 factorial",
    ),
    rule("primes", r"(?<=\b[a-zA-Z])[′’](?!\w)|(?<=\b[fghuvwxyz])'(?= ?[=(+])", " prime"),
)

# ── powers and indices ──────────────────────────────────────────────────────────────────────

_RAISED = "⁰¹²³⁴-⁹⁺⁻ⁿⁱᵀ"
_LOWERED = "₀-₉₊₋ₐₑₒₓₕ-ₜᵢⱼ"
_LEVEL = str.maketrans(
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱᵀ₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼ", "0123456789+-niT0123456789+-aeoxhklmnpstij"
)
_POWERS = {
    "2": " squared ",
    "3": " cubed ",
    "T": " transpose ",
    "-1": " to the power minus 1 ",
    "+": " plus ",
    "-": " minus ",
}


def _level(text: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[a-z])", " ", text.translate(_LEVEL))
    return re.sub(r"-(?=\w)", "minus ", spaced).replace("+", " plus ")


def _raised(found: Found) -> str:
    return _POWERS.get(found.group().translate(_LEVEL), f" to the power {_level(found.group())} ")


def _power(found: Found) -> str:
    exponent = next(filter(None, found.groups()))
    return _POWERS.get(exponent, rf" to the power \{found.lastindex} ")


def _lowered(found: Found) -> str:
    return f" {_level(found.group())} "


def _ion(found: Found) -> str:
    many = found.group(1).translate(_LEVEL)
    return f" {many} {'plus' if found.group(2) == '⁺' else 'minus'}"


def _formula(found: Found) -> str:
    spaced = " ".join(found.group().translate(_LEVEL))
    return f" {re.sub(r'(?<=[0-9]) (?=[0-9])', '', spaced)} "


def _isotope(found: Found) -> str:
    return rf"{found.group(1).translate(_LEVEL)} \2"


def _index(found: Found) -> str:
    # "V_GS" is said letter by letter, "V_out" as a word.
    index = found.group(2)
    vowels = re.search("[aeiouy]", index)
    if not index.isalpha() or len(index) == 1 or (len(index) > 2 and vowels) or index == "in":
        return r"\1 \2"
    return rf"\1 {' '.join(index.upper())} "


POWERS = (
    rule("h bar", "[ħℏ]", "h bar"),
    rule("letters with a bar", r"(?<!\w)([A-Za-z])[\u0304\u0305](?!\w)", r"\1 bar"),
    rule(
        "products of letters",
        r"(?<![\w.])(\d{1,4})(?!st|nd|rd|th|am|pm)([a-z])([a-z])(?!\w)",
        r"\1 \2 \3",
    ),
    rule("products with powers", r"(?<![A-Za-z])([a-z])([a-z])(?=[²³^])", r"\1 \2"),
    rule("ions", rf"(?<=[A-Za-z{_LOWERED}])([²³⁴]?)([⁺⁻])(?![{_RAISED}])", _ion),
    rule(
        "chemical formulas",
        r"(?<![A-Za-z])(?=[A-Za-z]{0,12}[₀-₉])(?:[A-Z][a-z]?[₀-₉]{0,3}){1,12}(?![a-z])",
        _formula,
    ),
    rule("short formulas", r"\b(C|N|S)(O)([2-4])\b", r"\1 \2 \3"),
    rule("isotopes", r"(?<!\w)([⁰¹²³⁴-⁹]{1,3})([A-Z][a-z]?)(?![a-z])", _isotope),
    rule("raised", f"[{_RAISED}]+", _raised),
    rule("powers in brackets", r"\^ ?(?:\{([^{}\n]{1,60})\}|\(([^()\n]{1,60})\))", _power),
    rule("powers", r"(?<=[\w)\]}]) ?\^ ?([-−+]?[A-Za-z](?![A-Za-z])|[-−+]?\d{1,9})", _power),
    rule("powers of a program", r"(?<=[\w)\]]) ?\*\* ?([-−]?\d{1,9}|\w+)", _power),
    rule("lowered", f"[{_LOWERED}]+", _lowered),
    rule("indices in brackets", r"([A-Za-zΑ-ω)])_\{([^{}\n]{1,40})\}", _index),
    rule("indices", r"(?<![A-Za-z0-9_])([A-Za-zΑ-ω])_([A-Za-z0-9]{1,6})(?![A-Za-z0-9_])", _index),
    rule("names of programs", r"(?<=[A-Za-z0-9)])_+(?=[A-Za-z0-9])", " "),
    rule("calls without arguments", r"(?<=\w)\(\)", ""),
)


# LaTeX in the signs of an equation: "\frac{\alpha}{2} \leq x" → "α over 2 ≤ x".


_SMALL = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho "
    "varsigma sigma tau upsilon phi chi psi omega"
)
_SIGNS = (
    "times × cdot · div ÷ pm ± mp ∓ ast × le ≤ leq ≤ ge ≥ geq ≥ ne ≠ neq ≠ ll ≪ gg ≫ lt < gt > "
    "approx ≈ sim ~ equiv ≡ propto ∝ to → rightarrow → longrightarrow → leftarrow ← mapsto → "
    "Rightarrow ⇒ implies ⇒ Leftrightarrow ⇔ iff ⇔ infty ∞ partial ∂ nabla ∇ sum ∑ prod ∏ int ∫ "
    "in ∈ notin ∉ subset ⊂ subseteq ⊆ cup ∪ cap ∩ forall ∀ exists ∃ neg ¬ land ∧ lor ∨ circ ° "
    "prime ′ ldots … dots … cdots … ell l varepsilon ε varphi φ vartheta θ sqrt √"
)
_NAMES = {"hbar": "h bar", "lim": "lim", "gcd": "G C D"}
_SILENT = (
    "left right big Big text textbf textit mathrm mathbf mathit mathcal mathbb operatorname "
    "displaystyle limits vec hat bar overline quad qquad begin end"
)


def _table() -> dict[str, str]:
    small = {name: chr(0x3B1 + k) for k, name in enumerate(_SMALL.split())}
    large = {name.capitalize(): letter.upper() for name, letter in small.items()}
    signs = _SIGNS.split()
    return {
        **large,
        **small,
        **dict(zip(signs[::2], signs[1::2], strict=True)),
        **_NAMES,
        **dict.fromkeys(_SILENT.split(), ""),
    }


_COMMANDS = _table()


def _command(found: Found) -> str:
    word = _COMMANDS.get(found.group(1))
    # A command that is no sign is a name ("\\sin") or a word that somebody meant to be read.
    return r" \1 " if word is None else f"{word} " if word.isalnum() and word.isascii() else word


_INNER = r"((?:[^{}\n]|\{[^{}\n]{0,80}\}){0,200})"

LATEX = (
    rule("spaces of an equation", r"\\[,;:! ()\[\]]|\\\\(?!\w)", " "),
    rule("fractions", rf"\\[dt]?frac ?\{{{_INNER}\}} ?\{{{_INNER}\}}", r" \1 over \2 "),
    rule("roots", rf"\\sqrt ?\{{{_INNER}\}}", r" the square root of \1 "),
    rule("other roots", rf"\\sqrt\[(\w{{1,3}})\] ?\{{{_INNER}\}}", r" the root \1 of \2 "),
    rule("commands", r"\\([A-Za-z]{1,20})(?![A-Za-z])", _command),
)


# Signs in words: operators, minus signs, Greek letters.


# ── operators ───────────────────────────────────────────────────────────────────────────────

_WORDS = (
    ("is equivalent to", "⇔|<=>|≡"),
    ("is in equilibrium with", "⇌"),
    ("to and from", "↔|<-+>|⟷"),
    ("is not equal to", "≠|!==?|=/=|<>"),
    ("is at most", "≤|<=|⩽"),
    ("is at least", "≥|>=|⩾"),
    ("implies", "⇒|=>|⟹"),
    ("to", "→|-+>|⟶|↦|[➔➙➜➝➞➡]"),
    ("from", "←|<-{1,2}(?![\\d.-])"),
    ("is much less than", "≪|<<(?!<)"),
    ("is much greater than", "≫|>>(?!>)"),
    ("is about", "≈|≅|≃|~=|(?<= )~(?= )"),
    ("is defined as", ":="),
    ("plus or minus", r"±|\+/-|\+-(?=\d)"),
    ("minus or plus", "∓"),
    ("minus equals", "[-−]="),
    ("times", r"[×·⋅✕✖]|(?<=[\w)]) \* (?=[\w(√-])|(?<=[\w)])\*(?=[\w(])"),
    ("divided by", "÷"),
    ("and", "&&?|∧"),
    ("or", r"\|\||∨"),
    ("not", "¬"),
    ("equals", "={1,3}"),
    ("plus", r"\+"),
    ("is proportional to", "∝"),
    ("is not in", "∉"),
    ("in", "∈"),
    ("is a subset of", "[⊂⊆]"),
    ("union", "∪"),
    ("intersection", "∩"),
    ("for all", "∀"),
    ("there exists", "∃"),
    ("infinity", "∞"),
    ("partial", "∂"),
    ("nabla", "∇"),
    ("therefore", "∴"),
    ("because", "∵"),
    ("is perpendicular to", "⊥"),
    ("is parallel to", "∥"),
    ("angle", "∠"),
    ("up", "↑"),
    ("down", "↓"),
    ("per mille", "‰"),
)
_OPERAND = (
    r"(?:[\d(√πΑ-Ωα-ω∞$€£]|\.\d|(?!I [a-z])[A-Za-z](?![A-Za-z'’])|"
    r"(?:log|ln|sine|cosine|tangent|exp|sqrt|the square root)\b)"
)
_CLAUSE = r"(?:[^=.,;:!?\n–-]|[.,](?=\d)){0,80}?"

_MORE = "(?:faster|slower|more|less|as|larg|small|bigger|cheap|better|the)"

OPERATORS = (
    rule("sizes", r"(?<![.\d])(\d{2,5})(?:[x×]| x )(?=\d{2,5}(?!\d| ?=))", r"\1 by "),
    rule("small sizes", r"(?<=\d)x(?=\d)|(?<=\d) x (?=\d{1,5}(?! ?=))", " by "),
    rule("times of a number", rf"(?<=\d)(?:×|x(?= {_MORE}))(?! ?[\d(])", " times"),
    rule("less than a number", r"(?<![^\s(])<(?=\.?\d)", "less than "),
    rule("more than a number", r"(?<![^\s(])>(?=\.?\d)", "more than "),
    rule("about a number", r"(?<![\w~])~ ?(?=[\d$€£])", "about "),
    rule("less than a negative", r"<-(?=\.?\d)", "< -"),
    *(rule(words, f" ?(?:{signs}) ?", f" {words} ") for words, signs in _WORDS),
    rule("greater", r" > |(?<=[\w)])>(?=[\w(-])", " is greater than "),
    rule("less", r" < |(?<=[\w)])<(?=[\w(-])", " is less than "),
)

MINUS = (
    rule("signs of minus", "[−﹣－]", " minus "),
    rule("a minus before a value", rf"(?<![\w).\]–-])[-–](?={_OPERAND})", "minus "),
    rule(
        "a minus after a word of an equation",
        r"(?:(?<=equals )|(?<=than )|(?<=times )|(?<=plus )|(?<=over )|(?<=most )|(?<=least ))"
        r"[-–](?=\w)",
        "minus ",
    ),
    rule(
        "a minus apart from its value",
        r"(?:(?<=equals )|(?<=than )|(?<=times )|(?<=plus )|(?<=\()|(?<![^\n]))[-–] (?=[\d(])",
        "minus ",
    ),
    rule(
        "a minus between values",
        rf"(?:(?<=[\d)\]] )|(?<=(?<![A-Za-z'’])[B-HJ-Zb-z] )|(?<=squared )|(?<=cubed )) ?[-–] "
        rf"(?={_OPERAND})",
        " minus ",
    ),
    *(
        rule("a minus after an equals sign", rf"(equals {_CLAUSE}) ?[-–] (?=\S)", r"\1 minus ")
        for _ in range(3)
    ),
    rule("a minus after a letter", r"(?<![A-Za-z])([a-z])-(?=\d)|(?<=\))-(?=[\w(])", r"\1 minus "),
    rule("a minus after a number", r"(?<=\d)-(?=\(|[a-z](?![A-Za-z]))", " minus "),
    *(
        rule(
            "a minus within an equation",
            rf"(equals {_CLAUSE}(?<![A-Za-z])[A-Za-z\d)]{{1,2}})-(?=[\d(]|[A-Za-z](?![a-z]))",
            r"\1 minus ",
        )
        for _ in range(3)
    ),
)

# ── Greek letters ───────────────────────────────────────────────────────────────────────────

_SIGNS_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho "
    "sigma sigma tau upsilon phi chi psi omega"
)
_GREEK = {
    **{chr(0x3B1 + k): name for k, name in enumerate(_SIGNS_NAMES.split())},
    "ϵ": "epsilon",
    "ϑ": "theta",
    "ϕ": "phi",
    "µ": "mu",
    "∆": "delta",
}


def _letters(found: Found) -> str:
    names = [_GREEK.get(letter.lower(), letter) for letter in found.group()]
    return f" {' '.join(names)} "


_LETTER = "Α-Ωα-ωϵϑϕµ∆"

GREEK = (
    # Three and more in a row are a Greek word, and not for us to read.
    rule("Greek letters", rf"(?<![{_LETTER}ά-ώ])[{_LETTER}]{{1,2}}(?![{_LETTER}ά-ώ])", _letters),
)


# Rules of speech for English, as a table: what is looked for, and how it is read.
#
# Their order counts: a measure is read before its "/" can become "over", a range before its
# "-" can become "minus".


# ── the web ─────────────────────────────────────────────────────────────────────────────────


def _host(found: Found) -> str:
    return found.group(1).replace(".", " dot ")


def _mail(found: Found) -> str:
    return f"{found.group(1)} at {found.group(2)}".replace(".", " dot ")


def _entity(found: Found) -> str:
    character = html.unescape(found.group())
    return character if len(character) == 1 and character.isprintable() else " "


WEB = (
    rule(
        "pairs of tags",
        r"<(b|i|u|em|strong|p|span|div|code|small|mark|h\d)>([^<>\n]{0,600})</\1>",
        r"\2",
    ),
    rule("raised tags", r"<sup>([^<>\n]{1,40})</sup>", r"^{\1}"),
    rule("lowered tags", r"<sub>([^<>\n]{1,40})</sub>", r"_{\1}"),
    rule("breaks and notes", r"<br ?/?>|<!--(?:[^-]|-(?!->)){0,2000}-->", " "),
    rule("other tags", r"</?([A-Za-z][A-Za-z0-9]{0,20})(?: [^<>\n]{0,300})?/?>", r" \1 "),
    rule("entities", r"&(?:amp|lt|gt|quot|apos|nbsp|ndash|mdash|times|deg|#\d{1,6});", _entity),
    rule(
        "addresses",
        r"(?:https?|ftp)://(?:www\.)?([\w.-]{1,200}[\w-])(?::\d+)?(?:[/?#][^\s<>\"]{0,1500}[\w/])?",
        _host,
    ),
    rule("addresses without http", r"\bwww\.([\w.-]{1,200}\w)(?:/[^\s<>\"]{0,1500}[\w/])?", _host),
    rule("mail", r"(?<![\w.+-])([\w.+-]{1,64})@([\w-]{1,60}(?:\.[\w-]{1,60}){1,4})", _mail),
    rule("highlights", r"(?<![\w=])==(?![\s=])([^=\n]{1,300})(?<!\s)==(?![\w=])", r"\1"),
    rule("names with @", r"(?<!\w)@(?=\w)", "at "),
)

# ── abbreviations ───────────────────────────────────────────────────────────────────────────

_ABBREVIATIONS = (
    ("versus", r"vs\.?"),
    ("compare", r"cf\."),
    ("and others", r"et al\."),
    ("approximately", r"approx\."),
    ("with respect to", r"w\.r\.t\."),
    ("also known as", r"a\.k\.a\.|aka"),
    ("without", r"w/o"),
    ("A to B", r"A/B(?= ?-?test)"),
    ("I O", r"I/O"),
    ("not applicable", r"N/A"),
    ("Doctor", r"Dr\.(?= [A-Z])"),
    ("Mister", r"Mr\."),
    ("Missus", r"Mrs\."),
    ("Miz", r"Ms\."),
    ("Professor", r"Prof\."),
    ("Saint", r"St\.(?= [A-Z])"),
    ("Figures", r"[Ff]igs\."),
    ("Figure", r"[Ff]ig\."),
    ("Equation", r"[Ee]q\.(?= ?\(?\d)"),
    ("Section", r"[Ss]ec\.(?= ?\d)"),
    ("Chapter", r"[Cc]h\.(?= ?\d)"),
    ("Volume", r"[Vv]ol\.(?= ?\d)"),
    ("pages", r"pp\.(?= ?\d)"),
    ("page", r"p\.(?= ?\d)"),
    ("number", r"[Nn]o\.(?= ?\d)|№"),
    ("around", r"ca\.(?= ?\d)|c\.(?= ?\d{3})"),
    ("maximum", r"max\.(?= [a-z\d])"),
    ("minimum", r"(?<!\d )(?<!\d)min\.(?= [a-z\d])"),
    ("Junior", r"Jr\."),
    ("Incorporated", r"Inc\."),
    ("Limited", r"Ltd\."),
)

ABBREVIATIONS = (
    rule("et cetera at the end", r"\betc\.(?=\s*\Z|\s+[A-Z]|\n)", "et cetera."),
    rule("et cetera", r"\betc\b\.?", "et cetera"),
    rule("for example", r"(?<![\w.])e\. ?g\.,? ?", "for example, "),
    rule("that is", r"(?<![\w.])i\. ?e\.,? ?", "that is, "),
    *(rule(words, rf"(?<![\w.])(?:{pattern})(?!\w)", words) for words, pattern in _ABBREVIATIONS),
)

# ── names and signs of prose ────────────────────────────────────────────────────────────────

_NUMERALS = "II III IV VI VII VIII IX XI XII XIII XIV XV XVI XVII XVIII XIX XX XXI V X"
_ROMAN = _NUMERALS.split()
_VALUES = [*range(2, 5), *range(6, 10), *range(11, 22), 5, 10]
_NUMBERED = "[Cc]hapter|[Pp]art|[Pp]hase|[Tt]ype|[Ss]ection|[Vv]olume|[Aa]ct|War|[Ll]evel|[Cc]lass"
_PER = r"(?:year|month|week|day|hour|minute|second|person|unit|user)\b"


def _roman(found: Found) -> str:
    return rf"\1 {_VALUES[_ROMAN.index(found.group(2))]}"


def _hex(found: Found) -> str:
    return f"hex {' '.join(found.group(1).upper())}"


NAMES = (
    rule("hexadecimals", r"\b0x([0-9A-Fa-f]{1,16})\b", _hex),
    rule("C++", r"\b([CG])\+\+", r"\1 plus plus"),
    rule("C#", r"\b([A-G])[#♯](?!\w)", r"\1 sharp"),
    rule("flats", r"\b([A-G])♭", r"\1 flat"),
    rule("numbers with #", r"#(?=\d)", "number "),
    rule("letters and letters", r"\b([A-Z])&([A-Z])\b", r"\1 and \2"),
    rule("AT&T", r"\bAT&T\b", "A T and T"),
    rule("numerals after a name", rf"\b([A-Z][a-z]{{1,30}}) ({'|'.join(_ROMAN[:-2])})\b", _roman),
    rule("numerals of parts", rf"\b({_NUMBERED}) ({'|'.join(_ROMAN)})\b", _roman),
    rule("paragraphs", r"§§? ?", "section "),
    rule("with", r"\bw/(?= ?\w)", "with "),
    rule("per", rf"(?<=[a-z])/(?={_PER})", " per "),
    rule("trademarks", "[™®©]", ""),
)

PAUSES = (
    rule("a point before digits", r"(?<![\w.])\.(?=\d)", "point "),
    rule("dashes", r" ?(?:—|(?<= )[–-]{1,3}(?= )|(?<=\w)--(?=\w)) ?", ", "),
    rule("a dash at a line's end", r" [–-]{1,2}(?=\Z|\n)", ""),
)

_ONE_SPACE = rule("one space", " {2,}", " ")

ENGLISH = (
    *LATEX,
    *WEB,
    *ABBREVIATIONS,
    *MONEY,
    *DATES,
    *COUNTS,
    _ONE_SPACE,
    *UNITS,
    *NAMES,
    *FUNCTIONS,
    *POWERS,
    _ONE_SPACE,
    *FRACTIONS,
    *OPERATORS,
    _ONE_SPACE,
    *MINUS,
    *GREEK,
    *PAUSES,
)
"""All rules, in the order in which they are applied."""


# Rules of speech for any language: not one of them puts a word into the text.


_ITEM = r"(?:[-*+•‣◦–]|\d{1,3}[.)])"
STOPS = ".!?:;,…。！？：；，、؟؛،"


CLEAN = (
    rule("digits grouped by thin spaces", r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?!\d))", ""),
    *HIDDEN,
    rule("marks of direction", "[\u200e\u200f\u061c]", ""),
    rule("ruled lines of a table", r"(?m)^ ?\|[-:| ]{3,}$", ""),
    rule("rows of a table", r"(?m)^ ?\| ([^\n]*[^\s|]) ?\| ?$", r"\1."),
    # An engine takes a stop before a small letter for an abbreviation, so items end in a
    # semicolon where another one follows.
    rule(
        "items are parts of a sentence",
        rf"(?m)^( ?{_ITEM} \S(?:[^\n]*[^\s{STOPS}])?) ?$(?=\n ?{_ITEM} )",
        r"\1;",
    ),
    rule(
        "headings and last items end in a stop",
        rf"(?m)^( ?(?:#{{1,6}}|{_ITEM}) \S(?:[^\n]*[^\s{STOPS}])?) ?$",
        r"\1.",
    ),
    *MARKUP,
    rule("numbered items", r"(?m)^ ?(\d{1,3})[.)] (?=\S)", r"\1, "),
    rule("lines of code are parts of a sentence", f"{CODE_LINE_END}+", ";\n"),
    *UNSHIELD,
    rule("lines of a paragraph", r"(?<!\n) ?\n ?(?!\n)", " "),
)
"""Takes away what is not heard: marks of Markdown and what is hidden. Comes before all else."""


def _plain_letters(found: Found) -> str:
    return unicodedata.normalize("NFKC", found.group())


def _composed(found: Found) -> str:
    return unicodedata.normalize("NFC", found.group())


STYLED = (
    rule(
        "styled letters and wide digits are plain ones",
        "[\U0001d400-\U0001d7cb\U0001d7ce-\U0001d7ff\uff01-\uff0b\uff0d-\uff19\uff21-\uff3a"
        "\uff41-\uff5a\u210e\u2115\u211d\u2124\u2126\u212b]",
        _plain_letters,
    ),
    rule("letters under a heap of accents", "[\u0300-\u036f]{4,}", ""),
    rule("letters with their accents apart", "[^\\W\\d_][\u0300-\u036f]{1,3}", _composed),
)

WORDLESS = (
    rule("a star between numbers", r"(?<=\d) ?\* ?(?=\d)", " × "),
    rule("a minus before a number", r"(?<![\w).-])-(?=\.?\d)", "−"),
    rule("a minus between numbers", r"(?<=\d) - (?=\d)", " − "),
)
"""What other languages have for the rules of English: signs that an engine can name."""

DROP = (
    rule("cells of a table", r" ?\|(?: ?\|)* ?", ", "),
    rule(
        "emoji and ornaments",
        "[\U0001f000-\U0001faff\u2300-\u23ff\u2500-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d"
        "\ufe0e\ufe0f\u20d0-\u20ff†‡•‣◦©®™]+",
        " ",
    ),
    rule("joiners without letters", r"(?<!\w)[\u200c\u200d]+|[\u200c\u200d]+(?!\w)", ""),
    rule("stray marks", r"[*_`~\\^{}<>#]+", " "),
)
"""Takes away what no rule had a word for."""


def _gap(found: Found) -> str:
    return "\n\n" if found.group().count("\n") > 1 else " "


TIDY = (
    rule("spaces and empty lines", r"[ \n]{2,}|\n", _gap),
    rule("no space before a stop", r" (?=[)\]’”]|[,.;:!?]+(?:\s|\Z|[)\"’”]))", ""),
    rule("no space after a bracket", r"(?<=[(\[“‘]) ", ""),
    rule("one comma is enough", r",(?: ?,)+", ","),
    rule("nor is one beside a stop", r", ?(?=[.;:!?])|(?<=[.;:!?]),", ""),
    rule("no comma begins a paragraph", r"(?<=\n)[ ,]+", ""),
    rule("what that left behind", r"[ \n]{2,}", _gap),
    rule("ends", r"\A[\s,]+|\s+\Z", ""),
)


VERSION = 1
"""Counts up when the same text is spoken differently; part of a narration's key."""


def spoken(written: str, language: str = "en", say: Mapping[str, str] | None = None) -> MappedText:
    """`written` as a voice of `language` (a tag such as "en-US") should be given it.

    Paragraphs are separated by an empty line. `say` maps words to how they are pronounced:
    whole words, with their own capitals first, then with any; what it says is read by the
    same rules as the rest. The text is empty where nothing can be spoken.
    """
    return _spoken(written, language.lower(), tuple((say or {}).items()))


def paragraphs(text: str) -> list[tuple[int, str]]:
    """The paragraphs of a spoken text that hold a letter or digit, each with its place."""
    found = re.finditer(r"[^\n]+", text)
    return [(each.start(), each.group()) for each in found if re.search(r"[^\W_]", each.group())]


@lru_cache(maxsize=64)
def _spoken(written: str, language: str, say: tuple[tuple[str, str], ...]) -> MappedText:
    words = ENGLISH if language.split("-")[0] == "en" else WORDLESS
    return rewrite(
        MappedText.of(written), (*CLEAN, *STYLED, *_say(dict(say)), *words, *DROP, *TIDY)
    )


def _say(say: Mapping[str, str]) -> tuple[Rule, ...]:
    exact = {word.strip(): way for word, way in say.items() if word.strip()}
    if not exact:
        return ()
    loose = {word.lower(): way for word, way in reversed(exact.items())}
    # The longest first, so that "VDD bar" is not taken for "VDD".
    words = sorted(exact, key=len, reverse=True)
    pattern = "|".join(_edge(word) for word in words)

    def way(found: re.Match[str]) -> str:
        word = found.group()
        new = exact.get(word) or loose.get(word.lower(), word)
        return re.sub(r"\\(?=\d)", "", new)

    return (Rule("the lesson's own words", re.compile(pattern, re.IGNORECASE), way),)


def _edge(word: str) -> str:
    before = r"(?<!\w)" if word[0].isalnum() or word[0] == "_" else ""
    after = r"(?!\w)" if word[-1].isalnum() or word[-1] == "_" else ""
    return before + re.escape(word) + after
