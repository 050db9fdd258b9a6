"""Numbers as they are said in English: identifiers, money, dates, times, years, ranges, counts.

Each rule asks for evidence on both sides of what it rewrites. Where there is none the number
stays as it is written: every voice reads a plain number.
"""

from __future__ import annotations

import re

from .latex import HALVES, amount
from .markup import Found, after, before, rule
from .units import MEASURE, MEASURED, SYMBOL

KEEP = r"\0"
"""What is recognised and left as it is, so that no other rule reads it."""


def _groups(text: str) -> str:
    """Groups of digits one by one, a pause after each: "555-0123" → "5 5 5, 0 1 2 3"."""
    return ", ".join(" ".join(group) for group in re.findall(r"[0-9A-Z]+", text))


# ── identifiers ─────────────────────────────────────────────────────────────────────────────

_CALLING = re.compile(
    r"\b(?:call|called|calling|phone|phones|telephone|tel|fax|mobile|dial|dialled|dialed|ring|text|"
    r"hotline|helpline|whatsapp|contact|extension|ext|number(?: is|:))\b[^.!?]{0,40}$"
    r"|\b[Tt]el\. ?$",
    re.IGNORECASE,
)
_CITED = re.compile(
    r"(?:\b(?:pages?|pp?|lines?|verses?|vv?|chapters?|ch|nos?|numbers?|years?|ages?|vols?|volumes?|"
    r"rfcs?|sections?|isbn|issn|rooms?|flights?|lots?|items?|articles?|cases?|models?)\b\.?|§) ?$",
    re.IGNORECASE,
)


def _world_phone(found: Found) -> str | None:
    digits = re.sub(r"\D", "", found[0])
    if not 7 <= len(digits) <= 15 or (not re.search(r"[ .()-]", found[0]) and len(digits) < 9):
        return None
    return "plus " + _groups(found[0])


def _asked_phone(found: Found) -> str | None:
    """ "020 7946 0018", where the text says that it is called."""
    digits = len(re.sub(r"\D", "", found[0]))
    sure = 7 <= digits <= 12 and _CALLING.search(before(found))
    return _groups(found[0]) if sure else None


def _short_phone(found: Found) -> str | None:
    second, context = found[2], before(found)
    if _CITED.search(context):
        return None
    sure = second[0] == "0" or _CALLING.search(context) or _PHONED.search(context)
    return _groups(found[0]) if sure else None


_PHONED = re.compile(r"\d{3}[-.) ]\d{4}(?:,| or| and) $|\d{3}[-.) ]\d{3}[-. ]\d{4}(?:,| or| and) $")


def _address(found: Found) -> str | None:
    parts = [int(part) for part in found[1].split(".")]
    if max(parts) > 255 or re.search(
        r"(?:version|release|v|section|chapter) ?$", before(found), re.I
    ):
        return None
    port = f" port {found[3]}" if found[3] else ""
    width = f" slash {found[2]}" if found[2] else ""
    return found[1].replace(".", " dot ") + width + port


def _code(found: Found) -> str | None:
    """ "12345-6789" falls, and so is a code and no range."""
    first, second = found.groups()
    return _groups(found[0]) if int(first) > int(second) else None


def _verse(found: Found) -> str:
    ends = ", " if found[3] and "," in found[3] else " to "
    chapter = r"\4 " if found[4] else ""
    return r"\1 \2" + (rf"{ends}{chapter}\5" if found[5] else "")


_BOOKS = (
    r"Gen(?:esis)?|Ex(?:od(?:us)?)?|Lev(?:iticus)?|Num(?:bers)?|Deut(?:eronomy)?|Josh(?:ua)?|"
    r"Judg(?:es)?|Ruth|Sam(?:uel)?|Kings|Kgs|Chron(?:icles)?|Chr|Ezra|Neh(?:emiah)?|Esther|Job|"
    r"Ps(?:alms?)?|Prov(?:erbs)?|Eccl(?:esiastes)?|Isa(?:iah)?|Jer(?:emiah)?|Lam(?:entations)?|"
    r"Ezek(?:iel)?|Dan(?:iel)?|Hos(?:ea)?|Joel|Amos|Obad(?:iah)?|Jonah|Micah|Nahum|Hab(?:akkuk)?|"
    r"Zeph(?:aniah)?|Hag(?:gai)?|Zech(?:ariah)?|Mal(?:achi)?|Matt(?:hew)?|Mark|Luke|John|Acts|"
    r"Rom(?:ans)?|Cor(?:inthians)?|Gal(?:atians)?|Eph(?:esians)?|Phil(?:ippians)?|Col(?:ossians)?|"
    r"Thess(?:alonians)?|Tim(?:othy)?|Titus|Philemon|Heb(?:rews)?|James|Pet(?:er)?|Jude|"
    r"Rev(?:elation)?|Solomon|Songs|Qur['’]?an|Koran|Surah?"
)
_BOOK = re.compile(rf"\b(?:{_BOOKS})\.? $")

IDENTIFIERS = (
    rule(
        "hexadecimals",
        r"(?<![\w-])0x([0-9A-Fa-f]{1,16})(?![\w-])",
        lambda f: f"hex {' '.join(f[1].upper())}",
    ),
    rule(
        "codes of a machine",
        r"(?<![\w-])(?:[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"
        r"|(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}"
        r"|U\+[0-9A-F]{4,6}|(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{16,64}"
        r"|(?=[0-9A-Fa-f:]*::|(?:[0-9A-Fa-f]{1,4}:){7})[0-9A-Fa-f:]{6,39}(?:/\d{1,3})?)(?![\w-])",
        KEEP,
    ),
    rule(
        "ISBN",
        r"(?<!\w)(IS[BS]N(?:-1[03])?)[: ]{1,2}(\d[\d-]{7,16}[\dX])(?![\w-])",
        lambda f: rf"\1 {_groups(f[2])}",
    ),
    rule(
        "addresses of computers",
        r"(?<![\w.-])(\d{1,3}(?:\.\d{1,3}){3})(?:/(\d{1,2}))?(?::(\d{1,5}))?(?![\w-]|\.\d)",
        _address,
    ),
    rule(
        "phones of the world",
        r"(?<![\w+.-])\+(\d{1,3}(?:[ .-]?\(?\d{1,5}\)?){2,6})(?![\w-]|\.\d)",
        _world_phone,
    ),
    rule(
        "phones with an area",
        r"(?<![\w.+(/-])(?:1-)?(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-.]\d{4}(?![\w-]|\.\d)",
        lambda f: None if _CITED.search(before(f)) else _groups(f[0]),
    ),
    rule(
        "phones that are called",
        r"(?<![\w+.,/-])(?:\(0\d{1,5}\)|0\d{1,5}|1)(?:[ /-]\d{2,8}){1,4}(?![\w-]|[.,]\d)",
        _asked_phone,
    ),
    rule("short phones", r"(?<![\w.+(/,-])(\d{3})-(\d{4})(?![\w-]|[.,]\d)", _short_phone),
    rule(
        "numbers of cards",
        r"(?<![\w.-])(?<!\d )\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?![\w-])(?! \d)",
        lambda f: _groups(f[0]),
    ),
    rule(
        "numbers of accounts",
        r"(?<![\w.-])(?<![\dA-F]{4} )[A-Z]{2}\d{2}(?: [\dA-Z]{4}){3,7}(?: \d{1,3})?(?![\w-])",
        lambda f: _groups(f[0]),
    ),
    rule("postal codes", r"(?<![\w.,/-])(\d{5})-(\d{4})(?![\w-]|[.,]\d)", _code),
    rule(
        "verses",
        r"(?<=[a-z.] )(\d{1,3}):(\d{1,3})(?:(–|-|, ?)(?:(\d{1,3}):)?(\d{1,3}))?(?![\w:–-])",
        lambda f: _verse(f) if _BOOK.search(before(f)) else None,
    ),
)

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
    "k": "thousand", "K": "thousand", "m": "million", "M": "million", "mn": "million",
    "bn": "billion", "B": "billion", "tn": "trillion", "trn": "trillion", "T": "trillion",
}  # fmt: skip
_COUNTRIES = {"US": "US", "AU": "Australian", "A": "Australian", "C": "Canadian", "CA": "Canadian"}
_SIGN = f"[{''.join(_COINS)}]"
_WHOLE = r"\d{1,3}(?:,\d{3}){1,5}(?!\d)|\d{1,15}"


def _in_program(found: Found) -> bool:
    """Whether "$1" is a word of a program: "print $1", "'$2'", "{$3}"."""
    following = after(found, 2)
    around = found.string[max(0, found.start() - 1) : found.start()] + following[:1]
    marked = set(around) & set("{}'\"`;\\=|") or following == ",$"
    told = len(found[0]) == 2 and _PROGRAM.search(found.string)
    return found[0].lstrip("$").isdigit() and bool(marked or told)


_PROGRAM = re.compile(
    r"(?i)\b(?:variables?|reg(?:ular )?exp|captur|grouping|perl|awk|bash|shell|argv)|\$[&!]"
)


def _money(found: Found) -> str | None:
    country, sign, whole, point, part, scale, short = found.groups()
    if point and point[0] == "," and (sign != "€" or scale or short):
        return None
    if sign == "$" and _in_program(found) and not country:
        return None
    one, many, coin, coins = _COINS[sign]
    where = f" {_COUNTRIES[country]} " if country else " "
    noun = re.search(r"\b[Aa]n? $", before(found)) and re.match(
        r"(?:/[a-z]{1,6})? (?!of\b|or\b)[a-z]", after(found)
    )
    name = one if whole == "1" or noun else many
    if scale or short:
        return rf"\3\4 {scale or _SCALES[short]}{where}{one if noun else many}"
    if part is None or len(part) != 2:
        return rf"\3\4{where}{many if part and not noun else name}"
    if whole == "0" and coin:
        return f"{int(part)} {coin if part == '01' else coins}"
    if part == "00":
        return rf"\3{where}{name}"
    few = f" {coin if part == '01' else coins}" if part[0] == "0" and coin else ""
    return rf"\3{where}{name} {'and ' * bool(few)}{int(part)}{few}"


def _money_range(found: Found) -> str | None:
    sign, low, high, scale, short = found.groups()
    if float(low.replace(",", "")) >= float(high.replace(",", "")):
        return None
    word = scale or (_SCALES[short] if short else "")
    return rf"\2 to \3 {word} {_COINS[sign][1]}".replace("  ", " ")


_NUMBER = rf"(?:{_WHOLE})(?:\.\d{{1,4}})?"
_SCALE = (
    r"(?:[ -](thousand|million|billion|trillion|lakh|crore)\b"
    r"| ?(mn|bn|trn|tn|m|(?<! )[kKMBT])(?!\w))?"
)

MONEY = (
    rule(
        "a range of money",
        rf"(?<![\w$.])({_SIGN})({_NUMBER}) ?[-–] ?{_SIGN}?({_NUMBER}){_SCALE}(?![\w-]| ?=)",
        _money_range,
    ),
    rule(
        "money below zero",
        rf"(?:(?<=[\s(])|\A)(?:[-−–]({_SIGN})|({_SIGN})[-−–])({_NUMBER})(?![\w-])",
        lambda f: rf"minus \3 {_COINS[f[1] or f[2]][f[3] != '1']}",
    ),
    rule(
        "money",
        rf"(?<![\w$.\\])(US|AU|A|CA|C)?({_SIGN}) ?({_WHOLE})((?:\.|,(?=\d\d(?!\d)))(\d{{1,4}}))?"
        rf"{_SCALE}(?![\w$]|[.,]\d)",
        _money,
    ),
    rule(
        "cents without dollars",
        rf"(?<![\w$.\\])([{''.join(_COINS)}])\.(\d\d)(?![\w]|[.,]\d)",
        lambda f: f"{int(f[2])} {_COINS[f[1]][2 + (f[2] != '01')]}" if _COINS[f[1]][2] else None,
    ),
    rule(
        "money after its number",
        rf"(?<![\w.,])(\d{{1,5}},\d\d(?!\d)|{_NUMBER}) ?([€£₽])(?!\w)",
        lambda f: rf"\1 {_COINS[f[2]][f[1] != '1']}",
    ),
    rule("cents", r"(?<=\d) ?¢", " cents"),
)

# ── dates ───────────────────────────────────────────────────────────────────────────────────

_MONTHS_WORDS = (
    "January February March April May June July August September October November December"
)
MONTHS = _MONTHS_WORDS.split()
_TENS_WORDS = "_ tens twenties thirties forties fifties sixties seventies eighties nineties"
_TENS = _TENS_WORDS.split()


def _day(day: str, month: str, year: str) -> str | None:
    """A date in words, None for one that there is not."""
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return None
    return f"{int(day)} {MONTHS[int(month) - 1]} {_parted(year)}"


def _parted(year: str) -> str:
    """A year as it is said, which engines read as thousands: "1953" → "19 53"."""
    if not re.fullmatch(r"1[1-9]\d\d|[12]0[1-9]\d", year):
        return year
    century, rest = year[:2], year[2:]
    if rest == "00":
        return year
    return f"{century} oh {rest[1]}" if rest[0] == "0" else f"{century} {rest}"


def _date(found: Found) -> str | None:
    year, sign, month, day = found.groups()
    version = sign == "." and _NAMED.search(before(found, 12))
    return _day(day, month, year) if 1000 <= int(year) <= 2200 and not version else None


def _dotted(found: Found) -> str | None:
    first, second, year = found.groups()
    if int(second) > 12 >= int(first) > 0 and int(second) <= 31:
        return _day(second, first, year)
    if int(first) > 12:
        return _day(first, second, year)
    # "5.6.2024" is day first wherever dots are used, and a month first where they are not
    return f"{int(first)} {int(second)} {_parted(year)}" if int(first) and int(second) else None


def _month(short: str) -> str:
    return next(month for month in MONTHS if month.startswith(short[:3]))


_SHORT = r"\b(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)"


def _time(found: Found) -> str | None:
    """ "10:05" → "10 oh 5", where a clock is surely meant; else engines read it well enough."""
    hours, minutes, half = int(found[1]), found[2], found[3]
    context = re.search(
        r"\b(?:at|by|until|till|from|since|before|after|around|about|past) $", before(found)
    )
    if not (
        half
        or context
        or minutes[0] == "0"
        or re.match(r",? (?:\d{1,2}:\d\d|o'clock|today|tomorrow|hours|GMT|UTC)", after(found))
    ):
        return None
    said = str(hours) if half and minutes == "00" else _clock(found[1], minutes)
    return said + (f" {half.lower()}m" if half else "")


def _clock(hours: str, minutes: str) -> str:
    if minutes == "00":
        if not int(hours):
            return f"{hours}:00"  # where a recording begins, or midnight
        return f"{int(hours)} o'clock" if int(hours) <= 12 else f"{int(hours)} hundred"
    return f"{int(hours)} " + (f"oh {minutes[1]}" if minutes[0] == "0" else minutes)


def _year(found: Found) -> str | None:
    return rf"\1{_parted(found[2])}" if _parted(found[2]) != found[2] else None


def _years(found: Found) -> str | None:
    century, first, dash, other, last = found.groups()
    start, end = int(century + first), int((other or century) + last)
    cited = _CITED.search(before(found)) and not re.search(r"years?\W{0,2}$", before(found))
    if end <= start or cited or _MANY.match(after(found)) or (dash == "/" and end > start + 1):
        return None
    later = last if not other else f"{other}{last}"
    said = _parted(later) if other else f"oh {last[1]}" if last[0] == "0" else last
    early = _parted(century + first) if century != "20" else century + first
    return f"{early} to {said}"


_MANY = re.compile(
    rf"^ ?-?(?:(?=\S\S){SYMBOL}|people|patients|participants|calories|words|steps|students|men|"
    r"women|children|employees|soldiers|copies|visitors|samples|users|feet|miles|dollars|euros|pounds|per)\b"
)
"""What is counted, and so no span of years stands before it."""


def _decade(found: Found) -> str | None:
    century, ten = found.groups()
    if ten == "0":
        return (
            r"\1 hundreds" if century and century != "20" else "two thousands" if century else None
        )
    if not century and not found[0].startswith(("'", "’")):
        return None
    return rf"\1 {_TENS[int(ten)]}" if century else _TENS[int(ten)]


_BEFORE_YEAR = (
    r"\b(?:[Ii]n|[Ss]ince|[Uu]ntil|[Tt]ill|[Dd]uring|[Cc]irca|[Yy]ear|[Ee]arly|[Ll]ate|[Mm]id|[Bb]y|[Ff]rom|"
    r"[Bb]efore|[Aa]fter|[Ss]pring|[Ss]ummer|[Aa]utumn|[Ww]inter|of|[Bb]orn|(?<=\()[bd]\.|"
    r"(?<=\b1[1-9]\d\d )(?:to|and|or)|"
    + "|".join(MONTHS)
    + r"),? (?:the year |about |around |\d{1,2}(?:st|nd|rd|th)?, )?"
)
_SHORTENED = re.compile(
    rf"(?:\b(?:[Ii]n|[Ss]ince|[Uu]ntil|[Bb]y|[Ff]rom|[Oo]f) {_SHORT}"
    rf"|{_SHORT}(?:\.|\.? [1-3]?\d(?:st|nd|rd|th)?)),? $"
)
_AFTER_YEAR = (
    r"(?=[,;:)!?\"”’]|\.(?!\d)|\s*$|\n| (?:[A-Z]|\(|—|–|"
    r"(?:the|a|an|and|to|when|he|she|it|they|his|her|its|"
    r"their|by|with|as|at|in|on|is|was|were|that|this|after|before|until|there|we|I|but|or|had|for|"
    r"under|while|because|because|who|which|both|some|no|all|only|about|against|between|through)\b))"
)

_RATIO = re.compile(
    r"\b(?:ratio|ratios|odds|scale|proportion|mix|mixed|aspect|dilut\w+|won|lost|beat)\b[^.!?]{0,30}$"
    r"|\bby $",
    re.I,
)
_RATIO_AFTER = re.compile(r" (?:ratio|odds|scale|mix|mixture|dilution|map|lead|win|defeat)\b")
_SIDES = frozenset([("16", "9"), ("4", "3"), ("1", "1"), ("9", "16"), ("3", "2")])


def _ratio(found: Found) -> str | None:
    sides = found[1], found[2]
    if _NAMED.search(before(found, 12)):
        return None
    sure = _RATIO.search(before(found)) or _RATIO_AFTER.match(after(found)) or sides in _SIDES
    return r"\1 to \2" if sure else None


_SCORED = re.compile(
    r"\b(?:won|win|lost|lose|beat|defeated|drew|scored?|led|leads?|victory|passed|voted)\b"
    r"[^.;:!?\d]{0,30}(?:\d{1,3}[-–]\d{1,3},? (?:and )?)*$"
)

DATES = (
    rule(
        "scores",
        r"(?<![\w.,–-])(\d{1,3})[-–](?=\d{1,3}(?![\w–-]|[.,:]\d| ?%))",
        lambda f: r"\1 to " if _SCORED.search(before(f)) else None,
    ),
    rule(
        "dates with a short month",
        rf"(?<![\w-])(\d{{1,2}})-{_SHORT}-([12]\d{{3}})(?![\w-])",
        lambda f: rf"\1 {_month(f[2])} {_parted(f[3])}",
    ),
    rule(
        "dates",
        r"(?<![\w./-])(\d{4})([-/.])(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?![\w/-]|\.\d)",
        _date,
    ),
    # "25-12-2024", but not "05-06-2024", which nobody can be sure of
    rule(
        "dates with hyphens",
        r"(?<![\w.-])(\d\d)-(\d\d)-([12]\d{3})(?![\w-])",
        lambda f: _dotted(f) if max(int(f[1]), int(f[2])) > 12 else None,
    ),
    rule("dates with points", r"(?<![\w.])(\d{1,2})\.(\d{1,2})\.(\d{4})(?![\w]|\.\d)", _dotted),
    rule("dates with strokes", r"(?<![\w/.-])(\d{1,2})/(\d{1,2})/(\d{4})(?![\w/])", _dotted),
    rule(
        "months before a day",
        rf"{_SHORT}\.?(?= (?:[12]?\d|3[01])(?:st|nd|rd|th)?(?:,|\b(?!\.\d|[:%])))",
        lambda f: _month(f[1]),
    ),
    rule("months before a year", rf"(?<!/){_SHORT}\.?(?=,? [12]\d\d\d\b)", lambda f: _month(f[1])),
    rule(
        "months after a day",
        rf"(?<=\d ){_SHORT}\b\.?(?=,? (?:[12]\d\d\d\b|at\b|[12]?\d:\d\d))",
        lambda f: _month(f[1]),
    ),
    rule(
        "times from to",
        r"(?<![\w:.])([01]?\d|2[0-4]):([0-5]\d) ?[-–] ?([01]?\d|2[0-4]):([0-5]\d)(?![\w:]|\.\d)",
        lambda f: f"{_clock(f[1], f[2])} to {_clock(f[3], f[4])}",
    ),
    rule(
        "times",
        r"(?<![\w:.+])([01]?\d|2[0-3]):([0-5]\d)(?![\w:]|\.\d)"
        r"(?: ?([apAP])(?:\.[mM]\.(?= [a-z]|[,;:)–-])|\.?[mM]\b))?",
        _time,
    ),
    rule("times with half of the day", r"(?<![\w:.])([01]?\d):([0-5]\d)([apAP])[mM]\b", _time),
    rule(
        "ratios",
        r"(?<![\w:.+])(\d{1,4}(?:\.\d)?):(\d{1,3}(?:,\d{3})+|\d{1,7}(?:\.\d)?)(?![\w:]|[.,]\d|[-–]\d)",
        _ratio,
    ),
    rule("decades", r"(?<![\w.])(?:'|’)?(1[1-9]|20)?(\d)0[’']?s\b", _decade),
    rule(
        "spans of years",
        r"(?<![\w.,:/-])(1\d|20)(\d\d) ?([-–/]) ?(1\d|20(?=[0-9]))?(\d\d)(?![\w/–-]|[.,:]\d| ?%)",
        _years,
    ),
    rule("years", rf"({_BEFORE_YEAR})(1\d\d\d|20[1-9]\d){_AFTER_YEAR}", _year),
    rule(
        "years after a short month",
        rf"(?<=[a-z\d.,] )(1\d\d\d|20[1-9]\d){_AFTER_YEAR}",
        lambda f: (
            _parted(f[1])
            if _SHORTENED.search(before(f, 24)) and not re.match(f",? {_SHORT}", after(f))
            else None  # "in Jan 1250, Feb 1310", which are amounts
        ),
    ),
)

# ── ranges ──────────────────────────────────────────────────────────────────────────────────

_PLAIN = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,9}(?:\.\d{1,6})?"
_NOUN_AFTER = re.compile(
    rf"^(?: ?(?:%|°|percent\b)| ?(?=\w\w|[°Ω])(?:{SYMBOL})(?!\w|\.\w)"
    r"| ?-?(?:[gmshVW]|hours?|minutes?|days?|weeks?|"
    r"months?|years?|bit|inch|foot|point|page|person|ton|mile|metre|meter)\b(?![.)+])"
    r"| (?:[a-z]{2,12} ){0,2}"
    r"(?:[a-z]{3,}s|people|men|women|children|percent|feet|million|billion|thousand|"
    r"hundred|dozen|pm|am|AM|PM|a\.m|p\.m|BC|BCE|AD|CE)\b)"
)
_NOUN_BEFORE = re.compile(
    r"(?:\b(?:pages?|pp?\.?|lines?|verses?|vv?\.|chapters?|[Cc]h(?:s|ap)?\.|nos?\.|[Nn]umbers?|ages?|aged|grades?|"
    r"items?|eqs?\.|equations?|figs?\.|figures?|[Tt]ables?|[Ss]ections?|[Ss]teps?|[Vv]olumes?|[Vv]ols?\.|years?|days?|weeks?|"
    r"rows?|columns?|levels?|[Ll]essons?|[Qq]uestions?|[Pp]arts?|"
    r"bits|from|between|about|around|roughly|approximately|every|of|in|takes?|for|range) |"
    r"(?:" + "|".join(MONTHS) + r") )$",
    re.I,
)


_ONE_NUMBER = re.compile(r"\b(?:no\.|number|№|#) ?$", re.I)


def _scored(found: Found) -> bool:
    """Whether it stands among pairs of which one falls: "6–4, 3–6" are scores."""
    near = _PAIR.findall(f"{before(found, 16)} {after(found, 16)}")
    return any(int(first) >= int(second) for first, second in near)


_PAIR = re.compile(r"(?<![\w.–-])(\d{1,3})[–-](\d{1,3})(?![\w–-]|\.\d)")
_NAMED = re.compile(r"(?:RFC|ISO|IEC|IEEE|DIN|EN|UTF|Boeing|Airbus|Route|[Vv]ersion|Standard|§) ?$")


_BEFORE_CHRIST = re.compile(r" B\. ?C\b| BCE?\b")


def _range(found: Found) -> str | None:
    low, middle, dash, high = found.groups()
    start, end = (float(number.replace(",", "")) for number in (low, high))
    if start > end and _BEFORE_CHRIST.match(after(found)):
        return r"\1 to \4"
    padded = len(low) > 1 and low[0] == "0" and low[1] != "."
    if start >= end or padded or _NAMED.search(before(found, 12)) or _scored(found):
        return None
    if dash == "-" and _ONE_NUMBER.search(before(found, 12)) and len(high) > 2:
        return None
    named = _NOUN_BEFORE.search(before(found, 24))
    counted = _NOUN_AFTER.match(after(found)) or middle
    unlike = ("." in low) != ("." in high) or len(high) - len(low) > 2
    measured = MEASURED.match(after(found))
    if not (named or counted) and (dash == "-" or ("." in low) > ("." in high)):
        return None
    if dash == "-" and unlike and not middle and not measured:
        return None
    if dash.strip() != dash and not counted:
        return None
    degrees = middle and "°" in middle and "C" not in middle
    return (r"\1 degrees" if degrees else r"\1\2") + r" to \4"


_VULGAR = "".join(HALVES)
_DAYS = "(?:Mon|Tue|Tues|Wed|Thu|Thurs|Fri|Sat|Sun)(?:day|sday|nesday|rsday|urday)?|" + "|".join(
    MONTHS
)

RANGES = (
    rule(
        "ranges",
        rf"(?<![\w.,:=+*/^−–$#-])(?<![=+*/^] )({_PLAIN})( ?(?:%|°C?|percent))?"
        rf"( ?– ?|--?)({_PLAIN})(?![\w–-]*[–-]\w| ?=|[:/.,]\d|\w*\()"
        r"(?!th|st|nd|rd)(?![a-zA-Z](?![a-zA-Z°]))",
        _range,
    ),
    rule("ranges from below zero", r"(?<=[-−]\d)–(?=\d)|(?<=[-−]\d\d)–(?=\d)", " to "),
    rule(
        "ranges of ordinals",
        r"(?<![\w–-])(\d{1,2})(st|nd|rd|th)[-–](?=(\d{1,3})(?:st|nd|rd|th)(?![\w–-]))",
        lambda f: r"\1\2 to " if int(f[1]) < int(f[3]) else None,
    ),
    rule(
        "ranges from a fraction",
        rf"(?<=[{_VULGAR}])[-–](?=(\d{{1,2}}[{_VULGAR}]?|[{_VULGAR}]) [a-z])",
        lambda f: " to " if amount(re.findall(r"\d*.$", before(f, 3))[0]) < amount(f[1]) else None,
    ),
    rule("spans of two eras", r"(?:(?<=\d BCE)|(?<=\d BC))[–-](?=\d{1,4} (?:B?CE?|AD)\b)", " to "),
    rule("ranges of percent", r"(?<=\d%) ?[-–] ?(?=\d{1,3}(?:\.\d+)?%)", " to "),
    rule("hours", r"(?i)(?:(?<=\d[ap]m)|(?<=\d [ap]m)|(?<=[ap]\.m\.)) ?[–-] ?(?=\d)", " to "),
    rule("ranges of measures", rf"(?<=\d) ?({SYMBOL}) ?[-–] ?(?=\d[\d.,]* ?\1(?!\w))", " to "),
    rule("from A to Z", r"(?<![\w\[])(A|a)[-–](?=[Zz]\b)", r"\1 to "),
    rule("spans of days", rf"\b({_DAYS}) ?[-–] ?(?!\1\b)(?=(?:{_DAYS})\b)", r"\1 to "),
)

# ── counts and fractions ────────────────────────────────────────────────────────────────────

_PARTS = {
    "2": ("half", "halves"), "3": ("third", "thirds"), "4": ("quarter", "quarters"),
    "5": ("fifth", "fifths"), "6": ("sixth", "sixths"), "8": ("eighth", "eighths"),
    "10": ("tenth", "tenths"), "16": ("sixteenth", "sixteenths"),
    "100": ("hundredth", "hundredths"),
}  # fmt: skip
_COUNTS_WORDS = "zero one two three four five six seven eight nine"
_COUNTS = _COUNTS_WORDS.split()
_HALVES = {sign: f"{_COUNTS[a]} {_PARTS[str(b)][a > 1]}" for sign, (a, b) in HALVES.items()}
_OF = re.compile(
    r"^(?:-inch| (?:of|inch|inches|cups?|miles?|teaspoons?|tablespoons?|pounds?|hour|price|full|"
    r"majority|scale)\b)"
)
_COUNTED = re.compile(
    r"\b(?:[Pp]art|[Ll]ayer|[Pp]age|[Nn]o\.|[Cc]hapter|on|USB|[Dd]isk|[Vv]ol\w*) $"
)
_METRES = re.compile(r"\b(?:2/4|4/4|6/8)\b")
_CERTAIN = frozenset([("1", "2"), ("1", "3"), ("2", "3"), ("1", "4"), ("3", "4")])


def _half(found: Found) -> str:
    words = _HALVES[found[2]]
    if re.match(r" (?:an?|the) ", after(found)) and not found[1] and words == "one half":
        return "half"
    gap = " " if after(found, 1).isalnum() else ""
    return (rf"\1 and {words.replace('one ', 'a ')}" if found[1] else words) + gap


def _fraction(found: Found) -> str | None:
    whole, top, bottom = found.groups()
    named = re.search(r"(?<!^)(?<![.!?] )[A-Z][A-Za-z]*\+? $", before(found))  # "GTK+ 2/3"
    named = named or _METRES.search(before(found, 12) + "," + after(found, 12))
    if bottom not in _PARTS or int(top) >= int(bottom) or after(found).startswith(" time"):
        return None
    certain = (top, bottom) in _CERTAIN and (whole or not (named or _COUNTED.search(before(found))))
    if not (certain and "-" not in found[0]) and not _OF.match(after(found)):
        return None
    words = f"{_COUNTS[int(top)]} {_PARTS[bottom][top != '1']}"
    return rf"\1 and {words.replace('one ', 'a ')}" if whole else words


def _exponent(found: Found) -> str | None:
    if not found[2] and "." not in found[1]:
        return None
    sign = "minus " if found[2] == "-" else ""
    return rf"\1 times 10 to the power {sign}\3"


def _joined(found: Found) -> str:
    return found[0].replace(" ", "").replace("_", "").replace("\u202f", "")


_TILED = r"(?:grid|block|board|matri(?:x\b|ces)|square|array|table|pixel|kernel|filter|image)"

SIZES = (
    rule("sizes", r"(?<![\w.])(?!80x)(\d{2,5})(?:[x×]| x )(?=\d{2,5}(?!\w|\.\d| ?=))", r"\1 by "),
    rule("small sizes", r"(?<![\w.])(?!\d{1,2}x86)(\d{1,2})x(?=\d{1,2}(?![\w.]| ?=))", r"\1 by "),
    rule("sizes of a thing", r"(?<=\b[Aa] )(\d{1,5}) ?× ?(?=\d{1,5} [a-z])", r"\1 by "),
    rule("sizes of things", rf"(?<![\w.])(\d{{1,5}})×(?=\d{{1,5}} {_TILED})", r"\1 by "),
)

_SOME = r"[€£]?\.?\d|\$(?:\d{2}|\d[.,]\d)"
"""A number or money; "<$1" may be a shell's."""

COUNTS = (
    rule(
        "digits in groups before a unit",
        rf"(?<![\d.,])\d{{1,3}}(?: \d{{3}}){{1,5}}(?= {MEASURE})",
        _joined,
    ),
    rule(
        "digits in groups of noughts",
        r"(?<![\w.,])\d{1,3}(?: \d{3}){0,4}(?: 000){1,5}(?!\w|[.,]\d| \d)",
        _joined,
    ),
    rule("digits joined by underscores", r"(?<![\w.])\d{1,3}(?:_\d{3}){1,6}(?![\w])", _joined),
    rule(
        "powers of ten",
        r"(?<![\w.-])(\d{1,9}(?:\.\d{1,9})?)[eE]([+-]?)(\d{1,3})(?![\w.-])",
        _exponent,
    ),
    rule("versions", r"(?<![\w.])[vV](\d{1,4})\.(\d{1,4})\.(?=\d)", r"version \1 point \2 point "),
    rule("short versions", r"(?<![\w.])[vV](?=\d{1,4}\.\d{1,4}(?!\w|\.\d))", "version "),
    rule(
        "numbers of four parts",
        r"(?<![\w.,$-])(\d{1,4})\.(\d{1,4})\.(\d{1,4})\.(?=\d{1,4}(?![\w.]))",
        r"\1 point \2 point \3 point ",
    ),
    rule(
        "numbers of three parts",
        r"(?<![\w.,$-])(?!\d{1,3}\.\d{3}\.\d{3}\b)(\d{1,4})\.(\d{1,4})\.(?=\d{1,4}(?!\.?\d|\w))",
        r"\1 point \2 point ",
    ),
    rule("all the time, half and half", r"(?<![\w/.-])(24|50)/(7|50)(?![\w/.-]\w|\w)", r"\1 \2"),
    rule("halves", rf"(?:(?<![\w.,])(\d{{1,4}}) ?)?([{''.join(_HALVES)}])", _half),
    rule(
        "fractions",
        r"(?<![\w./,:-])(?:(\d{1,3})[ -])?(\d)/(\d{1,3})(?![\w./:]\w|\w|/|-\d)",
        _fraction,
    ),
    rule(
        "blood pressure",
        r"(?<![\w/.,-])(\d{2,3})/(?=\d{2,3}(?![\w/-]|[.,]\d))",
        lambda f: (
            r"\1 over " if re.search(r"\b(?:BP|[Pp]ressure)\b[^.;]{0,20}$", before(f)) else None
        ),
    ),
    rule("percent", r"(?<=\d)(?:%| %(?! ?\d))(?![\w%])", " percent"),
    rule("a point before digits", r"(?<![\w.)\]/\\*'\"])\.(?=\d+(?![\w.]))", "point "),
    rule("numbers with #", r"(?:(?<=[\s(])|\A)#(?=\d{1,4}(?![\w-]))", "number "),
    rule("about a number", rf"(?:(?<=[\s(])|\A)~ ?(?={_SIGN}?\d)", "about "),
    rule(
        "less than a number",
        rf"(?:(?<=[\s(])|\A)(?<!\bI )<(?={_SOME})(?![^\s<>]{{1,60}}>)"
        r"(?!\d+[A-Za-z]\w*[.@]\w|3(?:\Z|[.!?\n]| (?:you|u|my|this|it)\b))",
        "less than ",
    ),
    rule("more than a number", rf"(?:(?<=[\s(])|\A)>(?={_SOME})", "more than "),
    rule("at most a number", rf"(?:(?<=[\s(])|\A)(?:≤|<=) ?(?={_SIGN}?\d)", "at most "),
    rule("at least a number", rf"(?:(?<=[\s(])|\A)(?:≥|>=) ?(?={_SIGN}?\d)", "at least "),
    rule(
        "times of a number",
        r"(?<=\d)(?:×|x)(?= (?:faster|slower|more|less|as|larger|smaller|bigger|cheaper|better|"
        r"the)\b)|(?<=\d)×(?= ?[a-z.,;)]|$)",
        " times",
    ),
)
