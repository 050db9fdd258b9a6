"""Units of measurement: their symbols, and how a measure is said."""

from __future__ import annotations

import re
from functools import cache

_PREFIXES = {
    "T": "tera", "G": "giga", "M": "mega", "k": "kilo", "h": "hecto", "d": "deci", "c": "centi",
    "m": "milli", "μ": "micro", "µ": "micro", "u": "micro", "n": "nano", "p": "pico", "f": "femto",
}  # fmt: skip

# Symbol, one of it, the prefixes it takes in lessons. A plural is made with an "s" unless
# `_PLURAL` has it. No "pm" (the afternoon), no "Mm", no "PA".
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
    ("B", "byte", "TGMkKP"),
    ("bit", "bit", "TGMk"),
    ("b", "bit", "TGMk"),
    ("bps", "bit per second", "TGMk"),
    ("lm", "lumen", ""),
    ("lx", "lux", "k"),
    ("Bq", "becquerel", "TGMk"),
    ("Sv", "sievert", "mμµ"),
)
_OTHERS = {
    "min": "minute", "h": "hour", "hr": "hour", "hrs": "hour", "sec": "second",
    "KiB": "kibibyte", "MiB": "mebibyte", "GiB": "gibibyte", "TiB": "tebibyte",
    "dB": "decibel", "ft": "foot", "mi": "mile", "lb": "pound", "lbs": "pound", "oz": "ounce",
    "mph": "mile per hour", "kmh": "kilometre per hour", "kph": "kilometre per hour",
    "rpm": "revolution per minute", "fps": "frame per second", "px": "pixel",
    "ppm": "part per million", "ppb": "part per billion", "ha": "hectare", "atm": "atmosphere",
    "Å": "ångström", "°C": "degree Celsius", "°F": "degree Fahrenheit",
    "° C": "degree Celsius", "° F": "degree Fahrenheit", "℃": "degree Celsius",
    "℉": "degree Fahrenheit", "ºC": "degree Celsius", "ºF": "degree Fahrenheit",
}  # fmt: skip
_SHORT = {"kiloohm": "kilohm", "megaohm": "megohm", "Kilobyte": "kilobyte"}
_LARGE = {"K": "kilo", "P": "peta"}


def _table() -> dict[str, str]:
    units = {}
    for symbol, one, prefixes in _BASES:
        units[symbol] = one
        for prefix in prefixes:
            word = (_PREFIXES | _LARGE)[prefix] + one
            units[prefix + symbol] = _SHORT.get(word, word)
    return units | _OTHERS


UNITS = _table()
_PLURAL = {
    "foot": "feet", "hertz": "hertz", "henry": "henries", "lux": "lux", "kelvin": "kelvin",
    "tesla": "tesla",
}  # fmt: skip
_POWERS = {"²": "square", "³": "cubic", "^2": "square", "^3": "cubic"}

SYMBOL = "|".join(map(re.escape, sorted(UNITS, key=len, reverse=True)))
_POWER = r"(?:[²³]|\^\{?[23]\}?(?!\d))?"
_BELOW = r"(?:[⁻-][¹²³]|\^\{?[-−][123]\}?)"
MEASURE = (
    rf"({SYMBOL})({_POWER})"
    rf"(?:[·⋅]({SYMBOL})({_POWER}))?"
    rf"(?:/\(?({SYMBOL})({_POWER})\)?|[ ·⋅]({SYMBOL})({_BELOW}))?"
    r"(?![\w²³⁻^°/])"
)
"""A unit, or a quotient or product of two; eight groups, which `measure_in_words` takes."""

# German, French and Spanish: one, many; only symbols that cannot be taken for anything else.
_ROMANCE_AND_GERMAN = {
    "de": "km Kilometer|m Meter|cm Zentimeter|mm Millimeter|nm Nanometer|µm Mikrometer|kg Kilogramm"
    "|g Gramm|mg Milligramm|s Sekunden|ms Millisekunden|min Minuten|h Stunden|Hz Hertz"
    "|kHz Kilohertz|MHz Megahertz|GHz Gigahertz|V Volt|kV Kilovolt|mV Millivolt|A Ampere"
    "|mA Milliampere|W Watt|kW Kilowatt|MW Megawatt|kWh Kilowattstunden|J Joule|kJ Kilojoule"
    "|N Newton|Pa Pascal|hPa Hektopascal|Ω Ohm|kΩ Kiloohm|K Kelvin|l Liter|ml Milliliter"
    "|°C Grad Celsius|dB Dezibel|MB Megabyte|GB Gigabyte|kB Kilobyte|KB Kilobyte|TB Terabyte"
    "|mol Mol|ha Hektar|t Tonnen",
    "fr": "km kilomètres|m mètres|cm centimètres|mm millimètres|nm nanomètres|µm micromètres"
    "|kg kilogrammes|g grammes|mg milligrammes|s secondes|ms millisecondes|min minutes"
    "|h heures|Hz hertz|kHz kilohertz|MHz mégahertz|GHz gigahertz|V volts|kV kilovolts"
    "|mV millivolts|A ampères|mA milliampères|W watts|kW kilowatts|MW mégawatts"
    "|kWh kilowattheures|J joules|kJ kilojoules|N newtons|Pa pascals|hPa hectopascals|Ω ohms"
    "|kΩ kiloohms|K kelvins|l litres|ml millilitres|°C degrés Celsius|dB décibels"
    "|Mo mégaoctets|Go gigaoctets|ko kilooctets|To téraoctets|MB mégaoctets|GB gigaoctets"
    "|mol moles|ha hectares",
    "es": "km kilómetros|m metros|cm centímetros|mm milímetros|nm nanómetros|µm micrómetros"
    "|kg kilogramos|g gramos|mg miligramos|s segundos|ms milisegundos|min minutos|h horas"
    "|Hz hercios|kHz kilohercios|MHz megahercios|GHz gigahercios|V voltios|kV kilovoltios"
    "|mV milivoltios|A amperios|mA miliamperios|W vatios|kW kilovatios|MW megavatios"
    "|kWh kilovatios hora|J julios|kJ kilojulios|N newtons|Pa pascales|hPa hectopascales"
    "|Ω ohmios|kΩ kiloohmios|K kelvin|l litros|ml mililitros|°C grados Celsius|dB decibelios"
    "|MB megabytes|GB gigabytes|KB kilobytes|kB kilobytes|TB terabytes|mol moles|ha hectáreas",
}


@cache
def units_of(language: str) -> dict[str, str]:
    """Symbol → its name in the plural, of German, French or Spanish; empty for others."""
    pairs = _ROMANCE_AND_GERMAN.get(language, "").split("|")
    table = dict(pair.split(" ", 1) for pair in pairs if pair)
    return table | {"μm": table["µm"]} if table else table


def _one(symbol: str, power: str) -> str:
    word = UNITS[symbol]
    power = power.replace("{", "").replace("}", "")
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


def measure_in_words(groups: tuple[str | None, ...], *, one: bool = False) -> str:
    """The words of a measure from the eight groups of `MEASURE`, in the plural unless `one`."""
    symbol, power, second, second_power, below, below_power, late, late_power = (
        group or "" for group in groups
    )
    number = _one if one else _many
    words = number(symbol, power)
    if second:
        words = f"{_one(symbol, power)} {number(second, second_power)}"
    if late:
        sign = late_power.strip("{}")[-1]
        below, below_power = late, {"2": "²", "3": "³", "²": "²", "³": "³"}.get(sign, "")
    if below:
        words += f" per {_one(below, below_power)}"
    return words
