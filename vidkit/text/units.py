"""What is written short: units of measurement, where one surely follows a number, abbreviations,
and formulas of chemistry.
"""

from __future__ import annotations

import re
from unicodedata import normalize

from .markup import Found, after, before, rule

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
    ("l", "litre", "mcdhμµ"),
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
    "min": "minute", "mins": "minute", "h": "hour", "hr": "hour", "hrs": "hour",
    "sec": "second", "secs": "second", "mcg": "microgram",
    "KiB": "kibibyte", "MiB": "mebibyte", "GiB": "gibibyte", "TiB": "tebibyte",
    "dB": "decibel", "ft": "foot", "mi": "mile", "lb": "pound", "lbs": "pound", "oz": "ounce",
    "tbsp": "tablespoon", "tsp": "teaspoon",
    "mmHg": "millimetre of mercury", "mm Hg": "millimetre of mercury",
    "mM": "millimolar", "μM": "micromolar", "µM": "micromolar",
    "mph": "mile per hour", "kmh": "kilometre per hour", "kph": "kilometre per hour",
    "rpm": "revolution per minute", "fps": "frame per second", "px": "pixel",
    "ppm": "part per million", "ppb": "part per billion", "ha": "hectare", "atm": "atmosphere",
    "Å": "ångström", "°C": "degree Celsius", "°F": "degree Fahrenheit",
    "° C": "degree Celsius", "° F": "degree Fahrenheit", "℃": "degree Celsius",
    "℉": "degree Fahrenheit", "ºC": "degree Celsius", "ºF": "degree Fahrenheit",
}  # fmt: skip
_SHORT = {"kiloohm": "kilohm", "megaohm": "megohm"}
_LARGE = {"K": "kilo", "P": "peta"}


def _table() -> dict[str, str]:
    units = {}
    for symbol, one, prefixes in _BASES:
        units[symbol] = one
        for prefix in prefixes:
            word = (_PREFIXES | _LARGE)[prefix] + one
            units[prefix + symbol] = _SHORT.get(word, word)
    del units["bps"]  # 25 bps are as well a quarter of a percent
    return units | _OTHERS


UNITS = _table()
_PLURAL = {
    "foot": "feet", "hertz": "hertz", "henry": "henries", "lux": "lux", "kelvin": "kelvin",
    "tesla": "tesla", "millimetre of mercury": "millimetres of mercury", "molar": "molar",
}  # fmt: skip
_POWERS = {"2": "square", "3": "cubic"}

SYMBOL = "|".join(map(re.escape, sorted(UNITS, key=len, reverse=True)))
_POWER = r"(?:[²³]|\^\{?[23]\}?(?!\d)|(?:(?<=[ckm]m)|(?<=[\d /]m)|(?<=/s))[23])?"
_BELOW = r"(?:[⁻-][¹²³]|\^\{?[-−][123]\}?)"
_EACH = r"(?:person|year|month|week|day|hour|minute|second|capita)\b"
MEASURE = (
    rf"({SYMBOL})({_POWER})"
    rf"(?:(?:[·⋅]|(?<=kg) (?=m(?:[²³]|\^\{{?2\}}?)?/s))({SYMBOL})({_POWER}))?"
    rf"(?:/({SYMBOL})({_POWER})|[ ·⋅]({SYMBOL})({_BELOW}))?"
    rf"(?![\w²³⁻^°])(?:(?<=°[CF])|(?!/(?!{_EACH}|\d)))"
)
"""A unit, or a quotient or product of two; eight groups, which `measure_in_words` takes."""


MEASURED = re.compile(
    rf" ?(?:%|°|(?=\w\w|[°Ω])(?:{SYMBOL})\b)| (?:seconds|minutes|hours|days|weeks|months|years|"
    r"times|inch(?:es)?|feet|miles|met(?:re|er)s|lit(?:re|er)s|pounds|ounces|grams|kilograms|"
    r"degrees|percent|cups|teaspoons|tablespoons|[mb]illion)\b"
)
"""What stands after the number of a measure, in signs or in words."""


def _one(symbol: str, power: str) -> str:
    word = UNITS[symbol]
    power = power.strip("^{}").translate({178: "2", 179: "3"})
    if not power:
        return word
    if word.endswith("second"):
        return f"{word} {'squared' if power == '2' else 'cubed'}"
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
        below, below_power = late, sign if sign in "23²³" else ""
    if below:
        words += f" per {_one(below, below_power)}"
    return words


# ── measures ────────────────────────────────────────────────────────────────────────────────

_LOOSE = frozenset("ABCFHJKLNTVWbdghlmst")
"""Symbols of one letter, which may as well be a letter of the text: "44 B.C.", "A) 6 B) 8"."""
_AMOUNT = re.compile(
    r"(?:[=≈<>≤≥~±×+]|\b(?:is|was|are|were|be|of|about|around|approximately|roughly|only|nearly|almost|over|"
    r"under|than|least|most|exactly|every|measures?|weighs?|weighing|carries|draws|delivers|supplies|"
    r"reach(?:es)?|reached|up to|equals|per|within|takes?|lasts?|for|between|from|to|and|or|by|"
    r"into|ran|walked|fell|rose|climbed|jumped|a|an|the|with|at|runs?|uses?|needs?|has|have|wide|long|high|deep|tall|another|one|each)"
    r") ?[-−]?$",
    re.I,
)
_QUANTITY = re.compile(
    r"^(?:$|[,;?!]| / \d| (?:of|per|at|in|and|or|to|from|for|is|was|are|were|by|with|through|"
    r"across|between|when|if|"
    r"on|above|below|over|under|than|each|away|long|high|wide|tall|deep|thick|apart|later|before|after|"
    r"ahead|supply|battery|power|current|fuse|source|signal|adapter|bulb|lamp|heater|resistor|cell|"
    r"outlet|mains|logic|rail|capacitor|inductor|motor|speaker|amplifier|laser|class|and|a|the)\b)"
)
_NAMED_QUANTITY = re.compile(
    r"\b(?:current|voltage|resistance|force|charge|power|energy|capacity|temperature|mass|weight|"
    r"length|width|depth|distance|height|speed|velocity|field|capacitance|inductance|dose|pressure|"
    r"frequency|wavelength|radius|diameter|thickness|volume) (?:of|is|was|=) $"
)
_THING = re.compile(
    r"^ (?:supply|battery|batteries|current|fuse|source|signal|adapter|bulb|lamp|heater|resistor|"
    r"cell(?!s)|outlet|mains|rail|capacitor|inductor|motor|speaker|amplifier|laser|monitor|disk|"
    r"drive|file|range|limit|cable|lens|film|mixture|cube|tin|can|jar|pack|packet|bag|bottle|bar|vial|"
    r"tablet|capsule|syringe|dose)s?\b"
)
_COURSE = re.compile(
    r"^ (?:run|walk|ride|radius|pole|wall|sprint|dash|race|relay|hurdles|freestyle|butterfly|"
    r"backstroke|breaststroke|mirror|telescope|antenna)\b"
)
_STOP = re.compile(r"^\.(?:$|\s+[A-Z]|[\"”’])")


def _measure(found: Found) -> str | None:
    gap, symbol, at = found[1], found[2], found.start()
    groups = found.groups()[1:]
    compound = any(groups[1:])
    near = before(found, 24)
    if symbol == "nm" and _NAUTICAL.search(found.string[max(0, at - 300) : at + 300]):
        return None
    if re.search(r"[A-Za-z_@#]-?[\d.,]+$", near) and not _UPPER.search(near):
        return None
    if len(symbol) == 1 and not any(groups[1:]) and CITED.search(near):
        return None
    number = re.search(
        r"\d[eE][-+]?\d+$|[\d.,]+$|[⁻⁰¹²³⁴-⁹]+$|[½¼¾⅓⅔]$|\^\{[-−]?\d+\}\ue102?$", near
    )
    if number is None and found.string[found.start() - 1] in "}\ue102":
        return None
    digits = number[0] if number else ""
    lead = before(found)[: -len(digits)] if digits else before(found)
    if compound and re.match(r"\.\d", after(found)):
        return None  # "0m3.585s"
    if not compound and not _is_quantity(found, gap, symbol, digits, lead):
        return None
    if symbol == "bit":
        return None if gap == " " else " bit"
    single = gap == "-" or _ONE.search(before(found)) or _is_noun(found, lead)
    one = bool(single or _thing(found, symbol))
    return " " + measure_in_words(groups, one=one)


_NAUTICAL = re.compile(
    r"(?i)\b(?:nautical|offshore|runways?|aircraft|airspace|airports?|aerodromes?|knots|VFR|IFR|RWY)\b"
)
"""What tells "nm" to be a mile at sea and in the air."""

CITED = re.compile(
    r"(?:§|\b(?:[Aa]rt(?:\.|icles?|ikel|[ií]culos?)|[Aa]bs(?:\.|atz)|Satz|Ziffer|[Nn][ro]\.|Aufgabe|"
    r"Abb\.|[Ff]ig(?:\.|ures?|uras?)|[Ee]xercices?|[Ee]jercicios?)) ?\d{1,3} ?$"
)
"""What is cited by a number with a letter: "§ 4 g", "Art. 5 V", "figure 3 g"."""

_UPPER = re.compile(rf"\d ?(?:{SYMBOL}) ?[-–] ?[\d.,]+$|\d[eE][-+]?\d+$")
"""The upper end of a range, or a power of ten: "5 kg-10", "1.6e-19"."""


def _thing(found: Found, symbol: str) -> bool:
    """Whether a thing follows that is told by such a quantity: "a 5 A fuse", "the 100 m sprint"."""
    things = _COURSE if symbol in ("m", "km") and _COURSE.match(after(found)) else _THING
    return symbol != "K" and bool(things.match(after(found)))


_ONE = re.compile(r"(?<![\d.,])1$|(?<![\d.,/])(?<!\d )\d/\d+$|(?<!\d)[½¼¾⅓⅔]$")


def _is_noun(found: Found, lead: str) -> bool:
    """Whether it tells more of a thing: "a 100 Mbps line", but not "a 5 km" or "an 8 g of"."""
    of_one = re.search(r"\ban? $", lead, re.I) and (len(found[2]) > 1 or found[2] in "VW")
    return bool(
        of_one and re.match(r" (?!(?:of|at|in|to|from|per|and|or|is|was)\b)\w", after(found))
    )


def _is_quantity(found: Found, gap: str, symbol: str, digits: str, lead: str) -> bool:
    rest = after(found)
    equation = re.search(r"[=≈≤≥~±] ?-?$", lead)
    decimal = bool(re.search(r"\d[.,]\d{1,2}$|\d,\d{3}", digits)) or not re.fullmatch(
        r"\d+", digits
    )
    if gap == "-":
        return (len(symbol) > 1 and bool(re.match(r"^ [a-z]|^-", rest))) or (
            symbol in "VWm" and bool(re.match(r"^ [a-z]", rest))
        )
    if re.match(r"^[)+'’]|^\.\w", rest) and not (
        rest[0] == ")" and (len(symbol) > 1 or "(" in lead[-20:] or equation)
    ):
        return False
    if symbol in "mglL" and _CONVERTED.match(rest):
        return True
    year = bool(re.fullmatch(r"1[0-9]\d\d|20\d\d", digits))
    if len(symbol) > 1:
        if (
            year
            and symbol[0].isupper()
            and re.search(r"\b(?:in|since|by|from|until|before|after) $", lead, re.I)
        ):
            return False
        several = re.search(r"\d[-–]$", lead)
        if symbol in _WORDLIKE and not (
            equation or _AMOUNT.search(lead) or decimal or several or gap == " "
        ):
            return False
        return (
            not re.match(r"^\.", rest)
            or bool(_STOP.match(rest))
            or bool(re.match(r"^\.{2}|^\.\s", rest))
        )
    if symbol not in _LOOSE:
        return True
    if year and not equation:
        return False
    ingredient = symbol == "g" and len(digits) > 1 and bool(re.match(r"^ [a-z]{3}", rest))
    some = symbol in "gmlL" and bool(re.match(r"^ of [a-z]", rest))
    if symbol == "F" and not re.search(
        r"[Cc]apaci|[Ff]arad|\bC ?= ?$", found.string[: found.start()]
    ):
        return False  # "98.6 F"
    round_one = _HUNDREDS.match(rest) or (not decimal and _TENS.search(lead))
    if gap == "" and symbol in "sg" and not equation and round_one:
        return False  # "the 20s", "in the high 30s", "100s of"
    if gap == "" and symbol == "m" and len(digits) < 3 and re.search(r"\b(?:last|past) $", lead):
        return False  # "the last 5m", which are minutes
    strong = equation or decimal or ingredient or some or _NAMED_QUANTITY.search(lead)
    if re.match(r"^\.", rest):
        return bool(_STOP.match(rest)) and bool(
            strong or (symbol in "mgsVW" and _AMOUNT.search(lead))
        )
    thing = _thing(found, symbol)
    if not (strong or _AMOUNT.search(lead) or thing):
        return False
    if gap == "":
        # "5G", "4K", "3D", "the 20s" are names.
        if symbol not in "VWmgsA":
            return False
        counted = _MILLIONS.search(lead) and not _EXTENT.match(rest)
        if symbol == "m" and (counted or re.search(r"[$€£~] ?$", lead)):
            return False
        if symbol in "VW":
            return True
    if symbol in "ABCFHKTLbdt" and not strong:
        return thing or bool(re.match(r"^ (?:of|per|through)\b", rest))
    if re.match(r"^ [A-Z(]", rest):
        return bool(equation)
    return bool(ingredient or thing or _QUANTITY.match(rest))


_CONVERTED = re.compile(
    r" \((?:about |around |~ ?)?\d[\d.,]*[ -]?(?:ft|feet|foot|inch(?:es)?|miles?|yards?|lbs?|"
    r"pounds?|oz|ounces?|gal(?:lons?)?|pints?|quarts?)\b"
)
"""What tells a measure again in another: "1,234 m (4,049 ft)"."""
_EXTENT = re.compile(
    r" (?:high|tall|long|wide|deep|away|apart|above|below|in (?:height|length|width|depth))\b"
)
_MILLIONS = re.compile(
    r"\b(?:population|inhabitants|people|sales|viewers|users|votes|revenues?|profits?|budget)\b"
    r"(?:[^.;:!?]|\.\d){0,60}$"
)
_TENS = re.compile(r"\b(?:the|in|and|of|at|high|low|mid|early|late|upper|lower|\d0s or) $")
_HUNDREDS = re.compile(r"^ (?:of [a-z]|or [\d,]+s\b)")
_WORDLIKE_WORDS = "min sec ha mi mol cal bit ft hr hrs lb lbs oz"
_WORDLIKE = frozenset(_WORDLIKE_WORDS.split())


_FEET = re.compile(r"\d ?(?:ft|feet|foot)\.?,? \d{1,2}(?:\.\d)?$")
_THICK = re.compile(r"^ (?:thick|long|wide|high|tall|deep|in diameter)\b")


def _inches(found: Found) -> str | None:
    if not (_FEET.search(before(found)) or _THICK.match(after(found))):
        return None
    return " inch" if _ONE.search(before(found)) else " inches"


_SIZED = re.compile(
    r" (?:thick|long|wide|high|tall|deep|in diameter)\b| \(\d[\d.]* ?[cm]m\)"
    r"| (monitor|screen|display|pipe|nail|wheel)\b"
)


def _inch_sign(found: Found) -> str | None:
    """The second mark of a quotation stands after a number as well: "take 5"."""
    lead, sized = before(found), _SIZED.match(after(found))
    one = _ONE.search(lead)
    if found[1]:
        return " inch by " if one else " inches by "
    side = re.search(r"\d\" ?[x×] ?[\d.]+$", lead)
    quoted = found.string.count('"', found.string.rfind("\n", 0, found.start()) + 1, found.start())
    if not side and (not sized or quoted % 2 or re.search(r"['’′]\d+$", lead)):
        return None
    return " inch" if one or (sized and sized[1]) else " inches"


def _scale(found: Found) -> str | None:
    """ "200°C/400F", "400F/200C": two scales tell of each other."""
    name, other = ("Celsius", "F") if found[1] == "C" else ("Fahrenheit", "C")
    own = re.search(rf"(?:(\d{{1,3}}) ?°?{other} ?/ ?)?(?<!\d)(\d{{2,3}})$", before(found))
    later = re.match(rf" ?/ ?(\d{{1,3}}) ?°?{other}(?!\w)", after(found))
    told = own and (own[1] or (later and later[1]))
    if not (own and told):
        return None
    celsius, fahrenheit = (own[2], told) if name == "Celsius" else (told, own[2])
    same = abs(1.8 * int(celsius) + 32 - int(fahrenheit)) <= 10  # as cooks round it
    return f" degrees {name}" if same else None


_POINTS = {"N": "north", "S": "south", "E": "east", "W": "west"}


def _place(found: Found) -> str | None:
    if not (found[1] or found[3]):
        return None
    minutes, seconds = (r" \1 minutes" if found[1] else ""), (r" \2 seconds" if found[2] else "")
    return " degrees" + minutes + seconds + (f" {_POINTS[found[3]]}" if found[3] else "")


def _hours(found: Found) -> str:
    names = zip((1, 2, 3), ("hour", "minute", "second"), strict=True)
    return " ".join(
        rf"\{k} {name}{'' if found[k] == '1' else 's'}" for k, name in names if found[k]
    )


_PRICE = re.compile(r"[$€£¥₹] ?\d[\d.,]*$")
_SOLD_WORDS = (
    "month year hour day week night person unit seat user share barrel head ton gallon pound mile"
)
_SOLD = {word: word for word in _SOLD_WORDS.split()} | {
    "mo": "month", "yr": "year", "wk": "week", "bbl": "barrel", "gal": "gallon", "t": "tonne",
}  # fmt: skip


def _price(found: Found) -> str | None:
    name = _SOLD.get(found[1]) or UNITS.get(found[1])
    return f" per {name}" if name and _PRICE.search(before(found)) else None


def _square(found: Found) -> str:
    number = _one if _ONE.search(before(found).strip()) else _many
    return ("square " if found[1] == "sq" else "cubic ") + number(found[2], "")


QUOTIENTS = (
    rule(
        "sizes with units",
        r"(?<![\w.,*/+-])(\d+(?:\.\d+)? ?)([cm]?m|ft) ?[×x] ?(?=\d+(?:\.\d+)? ?\2(?![\w²³^*/]))",
        lambda f: (
            None
            if re.search("=[^,;.!?]*$", before(f, 20)) or re.match("[^,;.!?]*=", after(f))
            else rf"\1 {measure_in_words((f[2], *[None] * 7), one=f[1].strip() == '1')} by "
        ),
    ),
    rule(
        "the last side of a size",
        r"(?<=\d) ?([cm]?m|ft)(?![\w²³^*/])",
        lambda f: (
            " " + measure_in_words((f[1], *[None] * 7), one=bool(_ONE.search(before(f))))
            if re.search(r"(?:metres?|foot|feet) by [\d.]+$", before(f))
            else None
        ),
    ),
    rule(
        "squares and cubes without a number",
        r"(?:(?<=\b[Pp]er )|(?<=\b[Aa] )|(?<=\b[Ii]n )|(?<=\b[Oo]f ))(?=[kcm]m[²³])" + MEASURE,
        lambda f: measure_in_words(f.groups(), one=not before(f).lower().endswith(("in ", "of "))),
    ),
    rule(
        "micromoles without a number",
        rf"(?<![\w.])(?<!\d )[µμ]mol(?:/({SYMBOL}))?(?![\w/²³])",
        lambda f: "micromoles" + (f" per {_one(f[1], '')}" if f[1] else ""),
    ),
    rule("newton metres", r"(?<![\w/.·⋅]) ?N[·⋅]m(?![\w/·⋅])", " newton metres"),
    rule(
        "quotients by a product",
        rf"(?<=\d)( ?)({SYMBOL})/(?:\(({SYMBOL})({_POWER})(?:[·⋅ ]({SYMBOL}))?\)"
        rf"|({SYMBOL})({_POWER})[·⋅ ]?(K|mol|°C))(?!\w)",
        lambda f: (
            f" {(_one if _ONE.search(before(f)) else _many)(f[2], '')}"
            f" per {_one(f[3] or f[6], f[4] or f[7] or '')}"
            + (f" {_one(f[5] or f[8], '')}" if f[5] or f[8] else "")
        ),
    ),
)
"""Units that an equation would take for variables: "4.18 J/(g·K)"."""

MEASURES = (
    rule(
        "places on the globe",
        r"(?<=\d)°(?: ?(\d{1,2}(?:\.\d+)?)[′'’](?: ?(\d{1,2}(?:\.\d+)?)[″\"”])?)?"
        r"(?: ?([NSEW])(?!\w|\.\w))?",
        _place,
    ),
    rule(
        "hours, minutes and seconds",
        r"(?<![\w.,:])(\d{1,3}) ?h(?:rs?)?,? ?(\d{1,2}) ?m(?:ins?)?"
        r"(?:,? ?(\d{1,2}(?:\.\d+)?) ?s)?\b",
        _hours,
    ),
    rule(
        "so much for 100 of it",
        rf"(?<=\d)( ?)({SYMBOL})/(100 ?)({SYMBOL})(?![\w/²³])",
        lambda f: rf" {_many(f[2], '')} per 100 {_many(f[4], '')}",
    ),
    rule("square and cubic", r"(?<=\d )(sq|cu)\.? ?(km|mi|ft|cm|mm|m)\b(?:\.(?= [a-z]))?", _square),
    rule(
        "units shortened with a stop",
        r"(?<=\d)( ?)(ft|lbs?|oz|mi|mins?|secs?|hrs?|tsp|tbsp|[kcm]m|kg|ml)\."
        r"(?= [a-z]| \d{1,2} ?(?:in|oz)\b)",
        lambda f: " " + (_one if _ONE.search(before(f)) else _many)(f[2], ""),
    ),
    rule(
        "inches as a sign",
        r"(?<=[\d½¼¾⅓⅔])\"(?:( ?[x×] ?)(?=\d[\d.]*\"))?",
        _inch_sign,
    ),
    rule("Fahrenheit beside Celsius", r"(?<=\d\d)([CF])(?!\w)", _scale),
    rule("square inches", r"(?<=\d) ?in²", " square inches"),
    rule("inches", r"(?<=\d) ?in\b(?:\.(?= [a-z,]))?", _inches),
    rule("a number with its unit", r"(?<=[\d⁰¹²³⁴-⁹½¼¾⅓⅔}\ue102])( ?|-)" + MEASURE, _measure),
    rule(
        "millions of a unit",
        r"(?<=illion|ousand|undred)( )(?=[a-zA-ZΩμµ]{2,}|[mgV]\b[ ,])" + MEASURE,
        lambda f: (
            " " + measure_in_words(f.groups()[1:]) if len(f[2]) > 1 or after(f, 1) == "," else None
        ),
    ),
    rule(
        "units without a number",
        r"(?<![\w/.])(?=(?:km|m)/(?:s|h)|kg/m|W/m|[MG][Bb]/s|J/K)" + MEASURE,
        lambda f: measure_in_words(f.groups()),
    ),
    rule(
        "so many for one",
        r"(?:(?<=[a-z]s)|(?<=people)|(?<=\d))/"
        rf"(?=(?:min|sec|hr|kg|m[Ll]|dL|ha|mol|[kcm]?m[²³23])(?![\w/])){MEASURE}",
        lambda f: f" per {measure_in_words(f.groups(), one=True)}",
    ),
    rule("a price for one", r"(?<=\d)/([A-Za-z]{1,6})(?![\w/])", _price),
    rule(
        "degrees",
        r"(?<=\d) ?°(?![A-Za-z])",
        lambda f: (
            " degree"
            if _ONE.search(before(f))
            or (re.search(r"\ba \d+$", before(f)) and after(f, 2)[1:].islower())
            else " degrees"
        ),
    ),
)

# ── abbreviations ───────────────────────────────────────────────────────────────────────────

_STREET = re.compile(r"(?:\d|[A-Z][a-z]+) ?$")


_TITLES_WORDS = (
    "Dr Doctor St Saint Mt Mount Ft Fort Prof Professor Mr Mister Mrs Missus Ms Miz Gov Governor "
    "Sen Senator Rep Representative Gen General Col Colonel Maj Major Capt Captain Lt Lieutenant "
    "Sgt Sergeant Rev Reverend"
)
_TITLES = dict(zip(_TITLES_WORDS.split()[::2], _TITLES_WORDS.split()[1::2], strict=True))


def _title(found: Found) -> str | None:
    """ "Dr. Smith" is a doctor, "12 Elm Dr. Chicago" none, and "Ms. Arabe 5036" a manuscript."""
    street = found[1] in ("Dr", "St", "Mt") and _STREET.search(before(found))
    script = found[1] == "Ms" and re.match(r" [A-Z][a-z]+ \d", after(found))
    return None if street or script else _TITLES[found[1]]


def _number(found: Found) -> str | None:
    """ "No. 5", but not the answer "No." before a sentence that begins with a number."""
    lead = before(found)
    answer = not lead.strip() or re.search(r"[.!?:\"“”'’—-]\s?$", lead)
    if (found[0][0] == "N" and answer) or re.search(r"\b(?:sa(?:y|ys|id)|answer(?:s|ed)?) $", lead):
        return None
    return f"{found[0][0]}umber "


_LISTED = (
    ("versus", r"vs\."),
    ("compare", r"cf\."),
    ("and others", r"et al\.(?= ?[,;)a-z\d(]|$)"),
    ("approximately", r"approx\.(?= )"),
    ("with respect to", r"w\.r\.t\."),
    ("also known as", r"a\.k\.a\."),
    ("without", r"w/o(?= )"),
    ("A B", r"A/B(?= ?-?test)"),
    ("I O", r"I/O"),
    ("not applicable", r"N/A"),
    ("control", r"[Cc]trl"),
    ("World War 1", "WW(?:I|1)(?!I)"),
    ("World War 2", "WW(?:II|2)(?!I)"),
    ("P H D", r"Ph\.? ?D\.(?=[ ,;)])"),
    ("Figures ", r"[Ff]igs\. ?(?=\d)"),
    ("Figure ", r"[Ff]ig\. ?(?=\d)"),
    ("Equations ", r"[Ee]qs\. ?(?=\(?\d)"),
    ("Equation ", r"[Ee]q\. ?(?=\(?\d)"),
    ("Section ", r"[Ss]ec(?:t)?\. ?(?=\d)"),
    ("numbers ", r"[Nn]os\. ?(?=\d)"),
    ("Chapter ", r"[Cc]h(?:ap)?\. ?(?=\d)"),
    ("Volume ", r"[Vv]ol\. ?(?=\d)"),
    ("pages ", r"pp\. ?(?=\d)"),
    ("page ", r"(?<![.] )p\. ?(?=\d)"),
    ("Opus ", r"Op\. ?(?=\d)"),
    ("around ", r"ca\. ?(?=\d)|(?<=[( ])c\. ?(?=\d{3})"),
)

ABBREVIATIONS = (
    rule("et cetera at the end", r"(?<![\w./])etc\.(?=\s*\Z|\s+[A-Z]|\n)", "et cetera."),
    rule("et cetera", r"(?<![\w./])etc\.", lambda f: "et cetera" + " " * after(f, 1).isalnum()),
    rule("for example", r"(?<![\w.])e\. ?g\.,? ?(?=[\w(\[\"'“‘$`<\\/-])", "for example, "),
    rule("that is", r"(?<![\w.])i\. ?e\.,? ?(?=[\w(\"'“‘$`<\\/-])", "that is, "),
    rule("Doctor", r"(?<![\w.])(Dr|Mrs?)\.(?= [A-Z]| (?:&|and) (?:M|Dr))", _title),
    rule(
        "Captain",
        rf"(?<![\w.])({'|'.join(_TITLES)})\.(?= (?:[A-Z]\. ?){{0,3}}[A-ZÀ-Þ][a-zà-ÿ])"
        r"(?! [A-Z][a-z]{2,3}\. ?[a-z)\d])",
        _title,
    ),
    rule("numbers by name", r"(?<![\w.])[Nn]o\. ?(?=\d)", _number),
    rule("number sign", "№ ?(?=\\d)", "number "),
    rule(
        "Incorporated",
        r"(?<=[A-Za-z,] )(Inc|Ltd|Jr)\.(?=[, )])(?! [A-Z])",
        lambda f: {"Inc": "Incorporated", "Ltd": "Limited", "Jr": "Junior"}[f[1]],
    ),
    *(
        rule(words, rf"(?<![\w./@-])(?:{pattern})(?![A-Za-z_@])", words)
        for words, pattern in _LISTED
    ),
)

_METAL = "Li|Na|Mg|Ca|Ba|Al|Fe|Cu|Zn|Ag|Pb|Mn|Ni|Cr|Ti"
_ELEMENT = (
    f"{_METAL}|Si|Cl|Br|He|Ne|Ar|Be|Sc|Co|Ga|As|Se|Kr|Rb|Sr|Zr|Mo|Ru|Pd|Cd|Sn|Sb|Te|Xe|Cs|"
    "Pt|Au|Hg|Bi|[HBCNOFPSKIUW]"
)


def _spelt(found: Found) -> str | None:
    """A chemical formula letter by letter, where an element of two letters tells it from "W3C"."""
    if not re.search("[a-z]", found[0]) or len(re.findall("[A-Z]", found[0])) < 2:
        return None
    return (" " if before(found, 1).isdigit() else "") + _letters(found[0])


def _letters(formula: str) -> str:
    """ "CO₂H" → "C O 2 H"."""
    return " ".join(re.findall(r"[A-Z]|\d+", normalize("NFKC", formula).upper()))


CHEMISTRY = (
    rule(
        "formulas",
        rf"(?<![A-Za-z_.$-])(?=[A-Za-z]{{0,9}}\d)(?:(?:{_ELEMENT})\d{{0,2}}){{2,8}}(?![\w-])",
        _spelt,
    ),
    rule("salts and oxides", rf"(?<![\w.$-])(?:{_METAL})(?:Cl|Br|OH|CN|O|S|F|I)(?![\w-])", _spelt),
    rule(
        "ions",
        rf"(?<![\w.$-])({_METAL})(\d?)\+(?![\w+])",
        lambda f: " ".join([*f[1].upper(), *f[2], "plus"]),
    ),
)

_RAISED = "[⁰¹²³⁴-⁹]"
_ORBITAL = rf"[1-7][spdf]{_RAISED}{{1,2}}"
_CHORD = r"(?:VII|VI|IV|III|II|vii|vi|iv|iii|ii)"


def _orbitals(found: Found) -> str:
    """ "1s² 2s² 2p⁶" → "1 s 2, 2 s 2, 2 p 6": where electrons are, and no powers."""
    each = re.findall(rf"(\d)([spdf])({_RAISED}+)", found[0])
    return normalize("NFKC", ", ".join(map(" ".join, each)))


RAISED_FIGURES = (
    rule(
        "electrons of an atom",
        rf"(?<![\w.])(?:{_ORBITAL}(?: ?{_ORBITAL})+|(?<=[A-Z][a-z]\]){_ORBITAL})(?!\w)",
        _orbitals,
    ),
    rule(
        "mixed orbitals",
        r"(?<![\w.])(?<![=+−*/] )(?:d²)?sp(?:[²³]|\^(?:[23]|\{[23]\}))(?:d²?)?(?![\w^])",
        lambda f: " ".join(re.findall(r"\w", normalize("NFKC", f[0]))),
    ),
    rule(
        "chords with a figure",
        rf"(?<!\w)({_CHORD}|(?:(?<=[IV⁰-⁹][–-])|(?<=[IV⁰-⁹] [–-] ))[IV]"
        rf"|[IV](?={_RAISED}(?: ?[–-] ?[IViv]| chord)))({_RAISED})"
        rf"(?:/({_RAISED}))?(?!\w)",
        lambda f: " ".join([r"\1", *normalize("NFKC", f[2] + (f[3] or ""))]),
    ),
    rule(
        "bonds of two atoms",
        rf"(?<!\w)({_ELEMENT})−(?=(?:{_ELEMENT})(?: single| double| triple)? bonds?\b)",
        r"\1-",
    ),
    rule(
        "bonds of a group",
        r"(?<![\w)])−([A-Z][A-Za-z₀-₉]{0,8})(?= (?:groups?|ligands?)\b)",
        lambda f: _letters(f[1]) if re.search("[₀-₉]", f[1]) else r"\1",
    ),
    rule(
        "ends of a strand",
        r"(?<![\w.])([35])[′'’](?=-OH| (?:ends?|cap|UTR|carbon|untranslated|phosphate)\b)",
        r"\1 prime",
    ),
    rule(
        "from end to end of a strand",
        r"(?<![\w.])([35])′(?: to | ?(?:→|-|–) ?)([35])′",
        r"\1 prime to \2 prime",
    ),
)
"""What an equation would take for powers, derivatives and sums."""

LETTER_A = rule(
    "the letter A among others",
    r"(?<=\b[A-Z] )A(?= (?:[A-Z\d]\b|plus\b))|(?<![\w'’])A(?= [A-Z] (?:[A-Z\d]\b|plus\b))",
    "eh",
)
"""Of voices that take it for an article."""
