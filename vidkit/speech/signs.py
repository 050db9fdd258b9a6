"""Signs in words: operators, minus signs, Greek letters."""

from __future__ import annotations

from ..plain import Found, rule

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

_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho "
    "sigma sigma tau upsilon phi chi psi omega"
)
_GREEK = {
    **{chr(0x3B1 + k): name for k, name in enumerate(_NAMES.split())},
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
