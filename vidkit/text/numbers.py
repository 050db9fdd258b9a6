"""Numbers as they are said: money, dates, times, years, ranges, fractions, versions."""

from __future__ import annotations

import re

from .markup import Found, rule

# ── money ───────────────────────────────────────────────────────────────────────────────────

_COINS = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "€": ("euro", "euros", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "¥": ("yen", "yen", "", ""),
    "₹": ("rupee", "rupees", "paisa", "paise"),
    "₽": ("rouble", "roubles", "kopeck", "kopecks"),
    "₩": ("won", "won", "", ""),
}
_SCALES = {
    "k": "thousand",
    "K": "thousand",
    "m": "million",
    "M": "million",
    "mn": "million",
    "bn": "billion",
    "B": "billion",
    "tn": "trillion",
    "T": "trillion",
}
_COUNTRIES = {"US": "US", "AU": "Australian", "A": "Australian", "C": "Canadian"}
_SIGN = f"[{''.join(_COINS)}]"
_WHOLE = r"\d{1,3}(?:,\d{3}){1,5}(?!\d)|\d{1,15}"


def _money(found: Found) -> str:
    country, sign, whole, _, part, scale, short = found.groups()
    one, many, coin, coins = _COINS[sign]
    where = f" {_COUNTRIES[country]} " if country else " "
    name = one if whole == "1" else many
    if scale or short:
        return rf"\3\4 {scale or _SCALES[short]}{where}{many}"
    if part is None or len(part) != 2:
        return rf"\3\4{where}{many if part else name}"
    if whole == "0" and coin:
        return f"{int(part)} {coin if part == '01' else coins}"
    return rf"\3{where}{name}" + (f" {int(part)}" if part != "00" else "")


def _money_after(found: Found) -> str:
    one, many, *_ = _COINS[found.group(2)]
    return rf"\1 {one if found.group(1) == '1' else many}"


def _money_range(found: Found) -> str:
    sign, _, _, scale, short = found.groups()
    word = scale or (_SCALES[short] if short else "")
    return rf"\2 to \3 {word} {_COINS[sign][1]}"


_NUMBER = rf"(?:{_WHOLE})(?:\.\d{{1,4}})?"
_SCALE = r"(?: (thousand|million|billion|trillion)\b|(k|K|mn|bn|tn|m|M|B|T)\b)?"

MONEY = (
    rule(
        "a range of money",
        rf"({_SIGN})({_NUMBER}) ?[-–] ?{_SIGN}?({_NUMBER}){_SCALE}",
        _money_range,
    ),
    rule("a minus after the sign", rf"({_SIGN})[-−–](?=\d)", r"−\1"),
    rule("money", rf"(?:\b(US|AU|A|C))?({_SIGN}) ?({_WHOLE})(\.(\d{{1,4}}))?{_SCALE}", _money),
    rule("money after its number", rf"(?<![\w.])({_NUMBER}) ?({_SIGN})", _money_after),
    rule("cents", r"(?<=\d) ?¢", " cents"),
)

# ── dates and times ─────────────────────────────────────────────────────────────────────────

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_TENS = [
    "_",
    "tens",
    "twenties",
    "thirties",
    "forties",
    "fifties",
    "sixties",
    "seventies",
    "eighties",
    "nineties",
]


def _date(found: Found) -> str:
    year, month, day = found.groups()
    return f"{int(day)} {MONTHS[int(month) - 1]} {year}"


def _short_month(found: Found) -> str:
    return next(month for month in MONTHS if month.startswith(found.group(1)[:3]))


def _time(found: Found) -> str:
    hours, minutes, half = int(found.group(1)), found.group(2), found.group(3)
    if minutes == "00":
        said = "" if half else " o'clock" if hours <= 12 else " hundred"
    else:
        said = f" oh {minutes[1]}" if minutes[0] == "0" else f" {minutes}"
    return f"{hours}{said}" + (f" {half}m" if half else "")


def _year(found: Found) -> str:
    rest = found.group(3)
    if rest == "00":
        return r"\1\2\3"
    return rf"\1\2 oh {rest[1]}" if rest[0] == "0" else r"\1\2 \3"


def _years(found: Found) -> str:
    first = r"\1\2" if found.group(2) == "00" or found.group(1) == "20" else r"\1 \2"
    rest = found.group(4)
    last = f"oh {rest[1]}" if rest[0] == "0" else r"\4"
    return rf"{first} to \3 {last}" if found.group(3) else rf"{first} to {last}"


def _decade(found: Found) -> str:
    century, ten = found.groups()
    if ten == "0":
        return r"\1 hundreds" if century != "20" else "two thousands"
    return rf"\1 {_TENS[int(ten)]}"


_BEFORE_YEAR = (
    r"\b(?:[Ii]n|[Ss]ince|[Uu]ntil|till|[Bb]y|[Bb]efore|[Aa]fter|[Dd]uring|around|circa|[Yy]ear|"
    r"[Ff]rom|[Bb]etween|[Ee]arly|[Ll]ate|of|and|to|"
    + "|".join(f"{month},?" for month in MONTHS)
    + r") |\("
)
_NO_YEAR = r"(?! (?:[a-z]+s\b|times|to the|squared|percent|people|million|[-+*/=×%])|[\d%]|[,.]\d)"

DATES = (
    rule("dates", r"(?<![\d-])(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?![\d-])", _date),
    rule("dates with strokes", r"(?<![\d/])(\d{1,2})/(\d{1,2})/(\d{4})(?![\d/])", r"\1 \2 \3"),
    rule(
        "months",
        r"\b(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)(?:\.(?= \d)|(?= \d{1,4}\b))",
        _short_month,
    ),
    rule(
        "times with seconds",
        r"(?<![\d:])([01]?\d|2[0-3]):([0-5]\d):([0-5]\d)(?![\d:])",
        r"\1 \2 \3",
    ),
    rule(
        "times",
        r"(?<![\d:])([01]?\d|2[0-3]):([0-5]\d)(?![\d:])(?: ?([ap])\.?m\b)?",
        _time,
    ),
    rule("halves of the day", r"(?<=\d) ?([ap])\.m\.(?=\s*(?:$|[A-Z\n]))", r" \1m."),
    rule("halves of the day within", r"(?<=\d) ?([ap])\.m\.?", r" \1m"),
    rule("ratios", r"(?<=\d)(?<!\d{4}):(?=\d)", " to "),
    rule("decades", r"(?<!\w)(?:'|’)?(1[1-9]|20)?(\d)0[’']?s\b", _decade),
    rule(
        "spans of years",
        r"(?<![\w.,-])(1[1-9]|20)(\d\d) ?[-–] ?(1[1-9]|20(?=[1-9]))?(\d\d)(?![\w-]|[.,]\d)",
        _years,
    ),
    rule("years", rf"({_BEFORE_YEAR})(1[1-9]|20(?=[1-9]))(\d\d)\b{_NO_YEAR}", _year),
)

# ── counts, ranges, fractions ───────────────────────────────────────────────────────────────

_HALVES = {
    "½": "one half",
    "⅓": "one third",
    "⅔": "two thirds",
    "¼": "one quarter",
    "¾": "three quarters",
    "⅕": "one fifth",
    "⅖": "two fifths",
    "⅗": "three fifths",
    "⅘": "four fifths",
    "⅙": "one sixth",
    "⅛": "one eighth",
    "⅜": "three eighths",
    "⅝": "five eighths",
    "⅞": "seven eighths",
}
_PARTS = {
    "2": ("half", "halves"),
    "3": ("third", "thirds"),
    "4": ("quarter", "quarters"),
    "5": ("fifth", "fifths"),
    "6": ("sixth", "sixths"),
    "8": ("eighth", "eighths"),
    "10": ("tenth", "tenths"),
    "100": ("hundredth", "hundredths"),
}
_COUNTS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def _half(found: Found) -> str:
    words = _HALVES[found.group(2)]
    return rf"\1 and {words.replace('one ', 'a ')} " if found.group(1) else f"{words} "


def _fraction(found: Found) -> str:
    whole, top, bottom = found.groups()
    if bottom not in _PARTS or int(top) >= int(bottom):
        return found.group()
    words = f"{_COUNTS[int(top)]} {_PARTS[bottom][top != '1']}"
    return rf"\1 and {words.replace('one ', 'a ')}" if whole else words


def _range(found: Found) -> str:
    low, dash, high = found.group(1), found.group(3), found.group(4)
    falls = float(low.replace(",", "")) > float(high.replace(",", ""))
    spelt = len(low) == 4 and len(high) == 2
    # "5-3" falls, and so is no range; "1989-95" does not.
    return r"\1\2 minus \4" if dash == "-" and falls and not spelt else r"\1\2 to \4"


def _measures(found: Found) -> str:
    falls = float(found.group(1).replace(",", "")) > float(found.group(4).replace(",", ""))
    equation = "=" in found.string[found.end() : found.end() + 8]
    taken = "-" in found.group(3) and (falls or equation)
    return r"\1\2 minus \4" if taken else r"\1\2 to \4"


def _exponent(found: Found) -> str:
    sign = "minus " if found.group(2) == "-" else ""
    return rf"\1 times 10 to the power {sign}\3"


def _joined(found: Found) -> str:
    return found.group().replace(" ", "")


_DAYS = (
    "(?:Mon|Tue|Tues|Wed|Thu|Thurs|Fri|Sat|Sun)(?:day|sday|nesday|rsday|urday)?|"
    "Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|"
    "Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?"
)
_UNIT = r"[A-Za-z°Ωμµ%][A-Za-z°/²³]{0,4}"
_PLAIN = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,9}(?:\.\d{1,6})?"

COUNTS = (
    rule("digits in groups", r"(?<![\d.,])\d{1,3}(?: \d{3}){2,5}(?![\d,])", _joined),
    rule("digits joined by underscores", r"(?<=\d)_(?=\d{3})", ""),
    rule("powers of ten", r"(?<![\w.])(\d{1,9}(?:\.\d{1,9})?)[eE]([+-]?)(\d{1,3})\b", _exponent),
    rule("versions", r"(?<![\w.])[vV](\d{1,4}\.\d)", r"version \1"),
    rule(
        "numbers of three parts", r"(?<![\w.])(\d{1,4})\.(\d{1,4})\.(?=\d)", r"\1 point \2 point "
    ),
    rule("all the time, half and half", r"\b(24|50)/(7|50)\b", r"\1 \2"),
    rule("halves", rf"(?:(\d) ?)?([{''.join(_HALVES)}])", _half),
    rule("fractions", r"(?<![\w./])(?:(\d{1,3}) )?(\d)/(\d{1,3})(?![\w./]\w|\w|/)", _fraction),
    rule(
        "ranges",
        rf"(?<![\w.,=+*/^−–-])(?<![=+*/^] )({_PLAIN})( ?(?:%|°C?|percent))?"
        rf"( ?– ?|-)({_PLAIN})(?![\w–-]*[–-]\d| ?=)",
        _range,
    ),
    rule("ranges from below zero", r"(?<=[-−]\d)–(?=[\d−-])|(?<=[-−]\d\d)–(?=[\d−-])", " to "),
    rule("ranges of percent", r"(?<=%) ?[-–] ?(?=\d)", " to "),
    rule(
        "ranges of measures", rf"({_PLAIN})( ?{_UNIT})( [-–] |–)({_PLAIN})(?= ?{_UNIT})", _measures
    ),
    rule("hours of a day", r"(?<=[ap]m)–(?=\d)", " to "),
    rule("from A to Z", r"\b(A|a)[-–](?=[Zz]\b)", r"\1 to "),
    rule("spans of days", rf"\b({_DAYS})[-–](?=(?:{_DAYS})\b)", r"\1 to "),
    rule("names with a dash", r"(?<=[A-Za-z])–(?=[A-Za-z])", "-"),
    rule("percent", r" ?%", " percent"),
)

FRACTIONS = (
    rule("numbers over numbers", r"(?<=\d)/(?=\d)", " over "),
    rule(
        "values over values",
        r"(?:(?<=(?<![A-Za-z])[A-Za-z])|(?<=[\d)])) ?/ ?(?=\(|\d|[A-Za-z](?![A-Za-z])|[A-Za-z]_)"
        r"|(?<=(?<![A-Za-z])[a-z]) ?/ ?(?=[A-Z]{2,3}(?![A-Za-z]))",
        " over ",
    ),
    rule("one over, over two", r"(?<=\b1)/(?=[A-Za-z])|(?<=[a-z])/(?=\d)", " over "),
    rule("he or she", r"\b([Hh]e|[Hh]is|[Hh]er|[Ss]he|[Hh]im)/(?=s?h|h)", r"\1 or "),
    rule("words with a stroke", r"(?<=\w)/(?=\w)", " "),
)


# Units of measurement in words: "5 m/s²" → "5 metres per second squared".


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
