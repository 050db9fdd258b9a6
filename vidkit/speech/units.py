"""Units of measurement in words: "5 m/s²" → "5 metres per second squared"."""

from __future__ import annotations

import re

from ..plain import Found, rule

_PREFIXES = {
    "T": "tera",
    "G": "giga",
    "M": "mega",
    "k": "kilo",
    "h": "hecto",
    "d": "deci",
    "c": "centi",
    "m": "milli",
    "μ": "micro",
    "µ": "micro",
    "u": "micro",
    "n": "nano",
    "p": "pico",
    "f": "femto",
}

# Symbol, one of it, the prefixes it takes in lessons. A plural is made with an "s" unless
# `_PLURAL` has it.
_BASES = (
    ("m", "metre", "kdcmμµunf"),
    ("g", "gram", "kmμµun"),
    ("s", "second", "mμµunpf"),
    ("Hz", "hertz", "TGMkm"),
    ("V", "volt", "MkmμµG"),
    ("A", "amp", "kmμµnp"),
    ("W", "watt", "TGMkmμµn"),
    ("Wh", "watt hour", "TGMk"),
    ("Ah", "amp hour", "mk"),
    ("J", "joule", "TGMkmμµ"),
    ("N", "newton", "Mkm"),
    ("Pa", "pascal", "GMkh"),
    ("F", "farad", "mμµunpf"),
    ("H", "henry", "mμµun"),
    ("Ω", "ohm", "GMkm"),
    ("T", "tesla", "mμµn"),
    ("K", "kelvin", "m"),
    ("L", "litre", "mcdhμµ"),
    ("l", "litre", "mcdh"),
    ("mol", "mole", "kmμµn"),
    ("eV", "electron volt", "TGMkm"),
    ("cal", "calorie", "k"),
    ("B", "byte", "TGMk"),
    ("bit", "bit", "TGMk"),
    ("b", "bit", "TGMk"),
    ("bps", "bit per second", "TGMk"),
    ("lm", "lumen", ""),
    ("lx", "lux", "k"),
    ("Bq", "becquerel", "TGMk"),
    ("Sv", "sievert", "mμµ"),
)
_OTHERS = {
    "min": "minute",
    "h": "hour",
    "hr": "hour",
    "hrs": "hour",
    "sec": "second",
    "KB": "kilobyte",
    "PB": "petabyte",
    "KiB": "kibibyte",
    "MiB": "mebibyte",
    "GiB": "gibibyte",
    "TiB": "tebibyte",
    "dB": "decibel",
    "ft": "foot",
    "mi": "mile",
    "lb": "pound",
    "lbs": "pound",
    "oz": "ounce",
    "mph": "mile per hour",
    "kmh": "kilometre per hour",
    "kph": "kilometre per hour",
    "rpm": "revolution per minute",
    "fps": "frame per second",
    "px": "pixel",
    "ppm": "part per million",
    "ppb": "part per billion",
    "ha": "hectare",
    "atm": "atmosphere",
    "Å": "ångström",
    "°C": "degree Celsius",
    "°F": "degree Fahrenheit",
    "° C": "degree Celsius",
    "° F": "degree Fahrenheit",
    "℃": "degree Celsius",
    "℉": "degree Fahrenheit",
    "°": "degree",
}
_SHORT = {"kiloohm": "kilohm", "megaohm": "megohm"}


def _table() -> dict[str, str]:
    units = {}
    for symbol, one, prefixes in _BASES:
        units[symbol] = one
        for prefix in prefixes:
            word = _PREFIXES[prefix] + one
            units[prefix + symbol] = _SHORT.get(word, word)
    return units | _OTHERS


_UNITS = _table()
_PLURAL = {
    "foot": "feet",
    "hertz": "hertz",
    "henry": "henries",
    "lux": "lux",
    "kelvin": "kelvin",
    "tesla": "tesla",
}
_AS_WORD = frozenset(["A", "N", "J", "K", "H", "T", "F", "C", "L", "B", "b", "h", "l", "d"])
"""Symbols that need a space before them: "Figure 5A", "4K" and "5G" are no measures."""
_POWERS = {
    "²": "square",
    "³": "cubic",
    "^2": "square",
    "^3": "cubic",
}

_SYMBOL = "|".join(map(re.escape, sorted(_UNITS, key=len, reverse=True)))
_POWER = r"(?:[²³]|\^[23](?!\d))?"
_BELOW = r"[⁻-][¹²³]"
_MEASURE = (
    rf"({_SYMBOL})({_POWER})"
    rf"(?:[·⋅]({_SYMBOL})({_POWER}))?"
    rf"(?:/({_SYMBOL})({_POWER})|[ ·⋅]({_SYMBOL})({_BELOW}))?"
    r"(?![\w²³⁻^°/])"
)


def _one(symbol: str, power: str) -> str:
    word = _UNITS[symbol]
    if not power:
        return word
    if word.endswith("second"):
        return f"{word} {'squared' if power[-1] in '2²' else 'cubed'}"
    return f"{_POWERS[power]} {word}"


def _many(symbol: str, power: str) -> str:
    first, per, rest = _one(symbol, power).partition(" per ")
    first, degree, scale = first.partition("degree")
    if degree:
        return f"{first}degrees{scale}"
    for one, many in _PLURAL.items():
        if first.endswith(one):
            return first.removesuffix(one) + many + per + rest
    if first.endswith(("squared", "cubed")):
        return first.replace("second", "seconds") + per + rest
    return f"{first}s{per}{rest}"


def _in_words(found: Found) -> str:
    gap, symbol, power, second, second_power, below, below_power, late, late_power = found.groups()
    if gap == "" and symbol in _AS_WORD and not below:
        return found.group()
    before = found.string[max(0, found.start() - 2) : found.start()]
    alone = before[-1:] == "1" and not (before[:-1].isdigit() or before[:-1] in (".", ","))
    number = _one if gap == "-" or alone else _many
    words = number(symbol, power)
    if second:
        words = f"{_one(symbol, power)} {number(second, second_power)}"
    if below:
        words += f" per {_one(below, below_power)}"
    if late:
        words += f" per {_one(late, '' if late_power[-1] == '¹' else late_power[-1])}"
    return f" {words}"


UNITS = (
    rule("minutes of arc", r"(?<=°)( ?\d{1,2})[′']", r"\1 minutes"),
    rule("a number with its unit", r"(?<=[\d⁰¹²³⁴-⁹½¼¾⅓⅔])( ?|-)" + _MEASURE, _in_words),
    rule("millions of a unit", r"(?<=illion|ousand|undred)( )" + _MEASURE, _in_words),
    rule(
        "units without a number",
        r"(?<![\w/])()(?=(?:km|m)/(?:s|h)|kg/m|W/m|[MG][Bb]/s|J/K)" + _MEASURE,
        _in_words,
    ),
    rule("degrees", r" ?°", " degrees"),
)
