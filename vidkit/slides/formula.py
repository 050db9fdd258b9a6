"""Equations written in plain characters, and the tokens that set them as mathematics."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

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
