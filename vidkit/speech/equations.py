"""Equations in words: functions, roots, powers, indices, chemical formulas."""

from __future__ import annotations

import re

from ..plain import Found, rule

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
