"""Rules of speech for English, as a table: what is looked for, and how it is read.

Their order counts: a measure is read before its "/" can become "over", a range before its
"-" can become "minus".
"""

from __future__ import annotations

import html

from ..plain import Found, rule
from .equations import FUNCTIONS, POWERS
from .latex import LATEX
from .numbers import COUNTS, DATES, FRACTIONS, MONEY
from .signs import GREEK, MINUS, OPERATORS
from .units import UNITS

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
