"""Equations written in plain characters, and the tokens that set them as mathematics."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

MOST_TOKENS = 80

_RELATION = re.compile(r"[=≈≤≥≠∝≡]|(?<=\s)[<>](?=\s)")
_MATTER = re.compile(r"[\wα-ωΑ-Ω)\]}²³]\s*(?:[=≈≤≥≠∝≡]|\s[<>]\s)\s*[-−+\w(√∑∫Δ.½¼]")
_ENGLISH_IN_IT = re.compile(r"\b(?:is|are|the|when|for|if|and|or|of)\b", re.IGNORECASE)
_FUNCTIONS = frozenset(("sin", "cos", "tan", "log", "ln", "exp", "lim", "max", "min", "mod", "det"))
_POWERS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ", "0123456789−+n", strict=True))
_INDICES = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
_FRACTIONS = {"½": ("1", "2"), "¼": ("1", "4"), "¾": ("3", "4")}
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
_UNIT = (
    r"(?:[kMGmcnpμµ]?(?:m|g|s|A|K|N|J|W|V|Pa|Hz|F|C|T|H|L|l|eV|Ω|mol|bit|B)|h|min|°C?|%|dB|rad|kWh)"
    r"(?:\^?-?\d|[²³]|⁻[¹²³])?"
)
_WITH_UNIT = re.compile(rf"(?<=[\d½¼¾])\s*({_UNIT}(?:\s*[/·*]\s*{_UNIT})*)\s*$")
_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|sqrt\((?P<root>[^()]{1,40})\)"
    r"|√(?:\((?P<root2>[^()]{1,40})\)|(?P<root3>[\w.]+))"
    r"|(?P<name>[^\W\d_]+|\d+(?:[.,]\d+)*|[½¼¾])(?P<marks>(?:_\{[^{}]{1,20}\}|_\w{1,12}?(?=\b|[\^⁰¹²³⁴-⁹])|"
    r"\^\{[^{}]{1,20}\}|\^[-−+]?\w{1,12}|[⁰¹²³⁴-⁹⁻⁺ⁿ]{1,6}|[₀-₉]{1,4})*)"
    r"|(?P<sign><=|>=|!=|->|==|\+-|.)"
)


@dataclass(frozen=True, slots=True)
class Token:
    """One mark of an equation: its `kind` is "name", "number", "upright" (a function), "unit",
    "root", "sign" or "fraction", whose lower part is in `index`.
    """

    text: str
    index: str = ""
    power: str = ""
    kind: str = "name"


def is_formula(text: str) -> bool:
    """Whether `text` is an equation ("E = mc²"), not a sentence with a sign in it."""
    bare = re.sub(r"\([^()]*\)", "()", text)
    if not _RELATION.search(bare) or not _MATTER.search(text) or _ENGLISH_IN_IT.search(bare):
        return False
    states = re.search(r"=\s*(?:on|off|high|low|yes|no|true|false)\b", bare, re.IGNORECASE)
    return not states and len(re.findall(r"[^\W\d_]{6,}", bare)) <= 1 and len(text) <= 80


def tokens(text: str) -> tuple[Token, ...]:
    """`text` cut into the marks of an equation. Nothing in it is ever read as markup."""
    text = text.strip()
    unit = _WITH_UNIT.search(text) if re.search(r"[=≈]\s*[-−]?[\d.,]+\s*\S+$", text) else None
    found = _marks(text[: unit.start()] if unit else text)
    if unit:
        found += [Token("\u2009", kind="sign"), *(_as_unit(mark) for mark in _marks(unit[1]))]
    return tuple(found[:MOST_TOKENS])


def _as_unit(mark: Token) -> Token:
    return replace(mark, kind="unit") if mark.kind == "name" else mark


def _marks(text: str) -> list[Token]:
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        if match["space"]:
            continue
        root = match["root"] or match["root2"] or match["root3"]
        if root:
            found.append(Token(root, kind="root"))
        elif match["name"] in _FRACTIONS:
            found.append(Token(*_FRACTIONS[match["name"]], kind="fraction"))
        elif match["name"]:
            found.append(_named(match["name"], match["marks"]))
        else:
            sign = match["sign"]
            found.append(Token(_SIGNS.get(sign, sign), kind="sign"))
    return found


def _named(name: str, marks: str) -> Token:
    index = power = ""
    for mark in re.findall(
        r"_\{[^{}]*\}|_\w+|\^\{[^{}]*\}|\^[-−+]?\w+|[⁰¹²³⁴-⁹⁻⁺ⁿ]+|[₀-₉]+", marks
    ):
        if mark[0] == "_":
            index = mark[1:].strip("{}")
        elif mark[0] == "^":
            power = mark[1:].strip("{}").replace("-", "−")
        elif mark[0] in _INDICES:
            index = "".join(_INDICES[digit] for digit in mark)
        else:
            power = "".join(_POWERS.get(digit, digit) for digit in mark)
    kind = "upright" if name.lower() in _FUNCTIONS else "number" if name[0].isdigit() else "name"
    return Token(name, index, power, kind)
