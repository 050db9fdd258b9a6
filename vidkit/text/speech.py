"""Text as written → text as spoken, with a map back.

Voices differ in what they need. One that normalises text well by itself gets it as it is
written, without marks, with equations and the lesson's own words said. One that does not
(espeak-ng, the small neural ones) also gets numbers, units, signs and abbreviations in words,
but only where it is certain how they are read: a rule that is not sure changes nothing.

`rewrite_once` gives each place of a text to the first rule that is sure of it, so that an
identifier is never read as a sum. English has a table of rules; German, French and Spanish
have words for equations and units; every other language has rules that put no word into a text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from functools import lru_cache
from math import prod

from . import maths
from .formulas import equations
from .languages import primary, vocabulary
from .latex import read
from .markup import (
    CODE_LINE_END,
    HIDDEN,
    MARKUP,
    MATHS,
    MATHS_END,
    UNSHIELD,
    Claim,
    Finder,
    Found,
    MappedText,
    Piece,
    Rule,
    after,
    before,
    mark,
    rewrite,
    rewrite_once,
    rule,
)
from .numbers import COUNTS, DATES, IDENTIFIERS, KEEP, MONEY, RANGES, SIZES
from .units import (
    ABBREVIATIONS,
    CHEMISTRY,
    CITED,
    MEASURES,
    QUOTIENTS,
    RAISED_FIGURES,
    UNITS,
)

VERSION = 1
"""Part of a narration's key beside the spoken text itself, which tells of every change."""


def spoken(
    written: str,
    language: str = "en",
    say: Mapping[str, str] | None = None,
    *,
    normalise: bool = True,
) -> MappedText:
    """`written` as a voice of `language` (a tag such as "en-US") should be given it.

    Paragraphs are separated by an empty line. `say` maps words to how they are pronounced:
    whole words, with their own capitals first, then with any; what it says is read by the
    same rules as the rest. With `normalise` off nothing but marks, equations and `say` is
    touched, for a voice that reads numbers well. The text is empty where nothing can be spoken.
    """
    return _spoken(written, primary(language), tuple((say or {}).items()), normalise)


_DASHES = re.compile(r" ?(?:—|(?<= )[–-]{1,3}(?= )|(?<=\w)--(?=\w)) ?")


def spoken_before(written: str, language: str = "en", say: Mapping[str, str] | None = None) -> str:
    """The words that release 0.1.0 handed to every voice, as near as today's rules come to them:
    narrations that were paid for then are kept under these.
    """
    text = spoken(written, language, say).text
    return _DASHES.sub(", ", text) if primary(language) == "en" else text


def paragraphs(text: str) -> list[tuple[int, str]]:
    """The paragraphs of a spoken text that hold a letter or digit, each with its place."""
    found = re.finditer(r"[^\n]+", text)
    return [(each.start(), each.group()) for each in found if re.search(r"[^\W_]", each.group())]


def marked(written: str, said: str) -> str:
    """`said` as a person can compare it with `written`: "It is ⟦5 km → 5 kilometres⟧ long."

    The two are compared word by word; marks that nobody hears are no difference.
    """
    old, new = written.split(), said.split()
    pieces: list[str] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        before, now = " ".join(old[a:b]), " ".join(new[c:d])
        pieces.append(now if kind == "equal" else f"⟦{before or '…'} → {now or '(nothing)'}⟧")
    return " ".join(pieces)


@lru_cache(maxsize=128)
def _spoken(
    written: str, short: str, say: tuple[tuple[str, str], ...], normalise: bool
) -> MappedText:
    text = rewrite(MappedText.of(written), (*CLEAN, *STYLED, *_say(say)))
    if not normalise:
        return rewrite(rewrite_once(text, (_zones(short), _equations(short, latex=True))), SPACES)
    rules = ENGLISH if short == "en" else _others(short)
    text = rewrite_once(text, (_zones(short), *rules))
    return rewrite(text, (*DROP, *TIDY))


# ── the lesson's own words ──────────────────────────────────────────────────────────────────

_TOUCHING = r"[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\uac00-\ud7af]"
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\uac00-\ud7af]"
)


@lru_cache(maxsize=16)
def _say(say: tuple[tuple[str, str], ...]) -> tuple[Rule, ...]:
    exact = {word.strip(): way for word, way in say if word.strip()}
    if not exact:
        return ()
    loose = {word.lower(): way for word, way in reversed(exact.items())}

    def way(found: Found) -> str:
        word = found.group()
        new = exact.get(word) or loose.get(word.lower(), word)
        return re.sub(r"\\(?=\d)", "", new)

    return (Rule("the lesson's own words", _words(tuple(exact)), way, flags=re.IGNORECASE),)


def _words(words: tuple[str, ...]) -> str:
    # The longest first, so that "VDD bar" is not taken for "VDD".
    return "|".join(_edge(word) for word in sorted(words, key=len, reverse=True))


def _edge(word: str) -> str:
    # Chinese, Thai and their neighbours write no spaces: a word of theirs begins anywhere.
    # It may touch a word of Latin letters, too.
    joins = [
        bool(re.match(r"\w", sign)) and not _UNSPACED.match(sign) for sign in (word[0], word[-1])
    ]
    start, end = rf"(?<!{_TOUCHING})" * joins[0], rf"(?!{_TOUCHING})" * joins[1]
    return start + re.escape(word) + end


def unspoken_equations(written: str, language: str) -> list[str]:
    """The equations of a text that its voice is handed in signs, for nobody knows what the signs
    are called in its language.
    """
    if vocabulary(language) is not None:
        return []
    text = rewrite(MappedText.of(written), CLEAN)
    return [
        written[text.origin[start] : text.origin[end - 1] + 1]
        for start, end, _ in maths.mathematics(text.text, _LATEX)
    ]


def unused_words(texts: Mapping[str, str] | list[str], say: Mapping[str, str]) -> list[str]:
    """The words of `say` that occur in none of `texts`."""
    whole = "\n\n".join(texts)
    return [
        word
        for word in say
        if word.strip() and not re.search(_words((word.strip(),)), whole, re.IGNORECASE)
    ]


# ── what is not heard ───────────────────────────────────────────────────────────────────────

_ITEM = r"(?:[-*+•‣◦–]|\d{1,3}[.)]|\(?[A-Ha-h]\))"
STOPS = ".!?:;,…。！？：；，、؟؛،।॥።۔"
_NO_STOP = rf"[^\s{STOPS}](?<![{STOPS}][\"'”’)\]»*_])"


def _row(found: Found) -> list[Piece]:
    """The cells of a row with commas between them, and a stop at its end."""
    cells = re.finditer(r" ?\|(?: ?\|)* ?|[^|]", found[1])
    said = [(", " if "|" in cell[0] else cell[0], found.start(1) + cell.start()) for cell in cells]
    return [*said, (".", found.end() - 1)]


def _lettered_line(found: Found) -> str | None:
    """An item of a quiz ("A. Iron") with a comma after its letter, and a stop at its end."""
    lines = found.string[: found.start()].rsplit("\n", 2)[-2:-1]
    following = mark(found.string[found.end() + 1 : found.end() + 60])
    own, last = mark(found[0]), mark(lines[0]) if lines else None
    goes_on = own is not None and own.leads_to(following)
    if own is None or not (goes_on or (last is not None and last.leads_to(own))):
        return None
    stop = "" if found[3][-1] in STOPS else ";" if goes_on else "."
    return rf"\1\2, \3{stop}"


def _numbered(found: Found) -> str | None:
    """An item with a comma after its number, where another line goes on counting: "3. Oktober"
    may begin a line as well.
    """
    value, stop = int(found[1]), re.escape(found[2])
    others = rf"(?m)^ ?(?:{value - 1}|{value + 1}){stop} \S"
    return r"\1, " if re.search(others, found.string) else None


CLEAN = (
    rule("digits grouped by thin spaces", r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?!\d))", ""),
    *HIDDEN,
    rule("marks of direction", "[\u200e\u200f\u061c]", ""),
    rule("ruled lines of a table", r"(?m)^ ?\|[-:| ]{3,}$", ""),
    rule("rows of a table", r"(?m)^ ?\| ([^\n]*[^\s|]) ?\| ?$", _row),
    # An engine takes a stop before a small letter for an abbreviation, so items end in a
    # semicolon where another one follows.
    rule(
        "items are parts of a sentence",
        rf"(?m)^( ?{_ITEM} \S(?:[^\n]*{_NO_STOP})?) ?$(?=\n ?{_ITEM} )",
        r"\1;",
    ),
    rule(
        "headings and last items end in a stop",
        rf"(?m)^( ?(?:#{{1,6}}|{_ITEM}) \S(?:[^\n]*{_NO_STOP})?) ?$",
        r"\1.",
    ),
    rule(
        "lines with a letter are items where the letters go on",
        r"(?m)^ ?(?:\[([A-Ha-h])\]|([A-Ha-h]|[ivx]{1,4})(?:[.:]|-)) ([^\n]*\S) ?$",
        _lettered_line,
    ),
    *MARKUP,
    rule("numbered items", r"(?m)^ ?(\d{1,3})([.)]) (?=\S)", _numbered),
    rule("lettered items", r"(?m)^ ?\(?([A-Ha-h])\) (?=\S)", r"\1, "),
    rule("lines of code are parts of a sentence", f"{CODE_LINE_END}+", ";\n"),
    *UNSHIELD,
    rule("lines of a paragraph", r"(?<!\n) ?\n ?(?!\n)", " "),
)
"""Takes away what is not heard: marks of Markdown and what is hidden. Comes before all else."""


STYLED = (
    rule(
        "styled letters and wide digits are plain ones",
        "[\U0001d400-\U0001d7cb\U0001d7ce-\U0001d7ff\uff01-\uff0b\uff0d-\uff19\uff21-\uff3a"
        "\uff41-\uff5a\u210e\u2115\u211d\u2124\u2126\u212b]",
        lambda found: unicodedata.normalize("NFKC", found[0]),
    ),
    rule("letters under a heap of accents", "[\u0300-\u036f]{4,}", ""),
    rule(
        "letters with their accents apart",
        "[^\\W\\d_][\u0300-\u036f]{1,3}",
        lambda found: unicodedata.normalize("NFC", found[0]),
    ),
)

# ── mathematics ─────────────────────────────────────────────────────────────────────────────

_LATEX = re.compile(r"\\[A-Za-z]|[_^]\{")


@lru_cache(maxsize=32)
def _zones(language: str) -> Finder:
    """Finds equations that the text marks as such."""

    def find(text: str) -> Iterator[Claim]:
        for found in maths.ZONE.finditer(text):
            node = read(found[1])
            said = maths.spoken(node, language) or [(maths.signs(node), 0)]
            gap = " " if re.fullmatch("[A-Za-z0-9]", before(found, 1)) else ""
            pieces = [(gap, found.start()), *_pieces(said, found.start(1))]
            yield found.start(), found.end(), pieces

    return find


@lru_cache(maxsize=32)
def _equations(language: str, *, latex: bool = False) -> Finder:
    """Finds mathematics among words; with `latex` only what is written with marks of LaTeX."""

    def find(text: str) -> Iterator[Claim]:
        for start, end, node in equations(text):
            said = maths.spoken(node, language)
            if said and (not latex or _LATEX.search(text, start, end)):
                yield start, end, _pieces(said, 0)

    return find


def _pieces(said: maths.Said, shift: int) -> list[Piece]:
    return [(text, at + shift) for text, at in maths.spaced(said)]


# ── the web ─────────────────────────────────────────────────────────────────────────────────


def _host(found: Found) -> str:
    return found.group(1).replace(".", " dot ")


def _mail(found: Found) -> str:
    return f"{found.group(1)} at {found.group(2)}".replace(".", " dot ")


_PATH = r"(?:[/?#][^\s<>\"]{0,1500}[\w/]|/)?"
_NAME = r"[\w.+-]{1,80}"
WEB = (
    rule("addresses", rf"(?:https?|ftp)://(?:www\.)?([\w.-]{{1,200}}[\w-])(?::\d+)?{_PATH}", _host),
    rule("addresses without http", rf"(?<![\w.@/-])www\.([\w.-]{{1,200}}\w){_PATH}", _host),
    rule("mail", r"(?<![\w.+-])([\w.+-]{1,64})@([\w-]{1,60}(?:\.[\w-]{1,60}){1,4})", _mail),
    rule("names with @", r"(?<![\w@.])@(?=[A-Za-z]\w+)(?!\w+[.(@])", "at "),
    rule(
        "paths",
        rf"(?<!\w)(?:~|\.{{0,2}})/(?:{_NAME}/){{1,12}}[\w.*+-]{{0,80}}"
        rf"|(?<!\w)(?<!\d )(?=[\d./]{{0,40}}[A-Za-z])(?:{_NAME}/){{2,12}}[\w.*+-]{{1,80}}",
        KEEP,
    ),
)

# ── names and signs of prose ────────────────────────────────────────────────────────────────

_ROMAN = r"(?=[IVXL]{2,8}(?!\w))(?!XL\b|LI\b|LV\b)(?:XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_ROMANS = {"I": 1, "V": 5, "X": 10, "L": 50}


def _value(numeral: str) -> int:
    """The value of a roman numeral."""
    values = [_ROMANS[sign] for sign in numeral]
    return sum(
        -value if value < following else value
        for value, following in zip(values, [*values[1:], 0], strict=True)
    )


_RULERS_WORDS = (
    "Louis Henry Charles George Edward Richard James William John Paul Pius Pope Philip "
    "Frederick Friedrich Alexander Nicholas Catherine Peter Leo Benedict Gregory Innocent "
    "Elizabeth Mary Napoleon Ramesses Ramses Ivan Otto Henri Carlos Felipe Juan Clement Urban "
    "Boniface Julius Christian Gustav Haakon Robert Malcolm Mehmed Selim Murad Darius Xerxes "
    "Ptolemy Cleopatra Antiochus Baldwin Umberto Emmanuel Victor Wilhelm Leopold Ferdinand "
    "Maximilian Francis Joseph Constantine Justinian Theodosius Amenhotep Thutmose Seti "
    "Bonaventure Stephen Casimir Sigismund Rudolf Harold Rameses Artaxerxes Gustavus Edmund Alfonso"
)
_RULERS = frozenset(_RULERS_WORDS.split())
_UNNAMED_WORDS = (
    "The In An And See By Of For From With As At On To Is Was Are Or But If Then When Table "
    "Figure Appendix Book A I It He She They We You This That These Those Where While After "
    "Before Under Over Also Not No"
)
_UNNAMED = frozenset(_UNNAMED_WORDS.split())
_NUMBERED = (
    "[Cc]hapters?|[Pp]arts?|[Pp]hase|[Tt]ype|[Ss]ections?|[Vv]olumes?|[Aa]ct|[Ww]ar|[Ll]evel|[Cc]lass|[Bb]ooks?|"
    "[Aa]ppendix|[Tt]able|[Ff]igure|[Ss]tage|[Aa]rticle|[Tt]itle|[Ss]cene|[Pp]hotosystem|[Gg]rade|"
    "[Mm]eiosis|[Pp]rophase|[Mm]etaphase|[Aa]naphase|[Tt]elophase|[Aa]ngiotensin|[Ff]actor|"
    r"Bowl|[Vv]ol\.|[Bb]k\.|[Cc]h\.|[Ss]ec\.|[Aa]rt\.|[Pp]t\."
)

_FIRST = (
    r"World War|Article(?= I,? [Ss]ection)|"
    r"[Tt]ype(?= I (?:[Ee]rrors?\b|(?:and|or) (?:a )?[Tt]ype II))|"
    r"[Mm]eiosis|[Pp]rophase|[Mm]etaphase|[Aa]naphase|[Tt]elophase|[Aa]ngiotensin|[Pp]hotosystem"
)
"""Before a lone I that is no word: "in Chapter I wrote" is said by somebody."""


def _roman(found: Found) -> str | None:
    name, numeral = found.groups()
    value = _value(numeral)
    if name in _RULERS or re.search(r"\b(?:King|Queen|Pope|Emperor|Tsar|Czar) $", before(found)):
        return rf"\1 the {_ordinal(value)}"
    family = re.search(rf"(?:[A-Z]\.|{'|'.join(_RULERS)}) $", before(found))  # "Henry Ford II"
    if name in _UNNAMED or numeral == "V" or family:
        return None
    return rf"\1 {value}"


def _ordinal(value: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(value % 10 if value // 10 != 1 else 0, "th")
    return f"{value}{ending}"


_FOLDERS_WORDS = (
    "bin boot build config debian dev dist doc docs etc examples home images include lib media mnt "
    "opt proc root sbin scripts src static sys test tests tmp usr var www"
)
_FOLDERS = frozenset(_FOLDERS_WORDS.split())
_SLASHED = re.compile(r"[a-z]+/[a-z]+|[A-Z]{2,6}/[A-Z]{2,6}|[A-Z][a-z]+/[A-Z][a-z]+")


_PRONOUNS = re.compile(r"(?:s?he|his|hers?|him)/(?:s?he|his|hers?|him)", re.IGNORECASE)


def _stroke(found: Found) -> str | None:
    left, right = found.groups()
    if after(found).startswith(" ratio"):
        return r"\1 to \2"
    if not _SLASHED.fullmatch(found[0]) or left in _FOLDERS or {left, right} & UNITS.keys():
        return None
    if _PRONOUNS.fullmatch(found[0]):
        return r"\1 or \2"
    return r"\1 \2"


def _greek(found: Found) -> str:
    names = " ".join(map(maths.letter_name, found[0]))
    left = " " if before(found, 1).isalnum() else ""
    return f"{left}{names} " if after(found, 1).isalnum() else left + names


_NOTES = {"♭": "flat", "♯": "sharp", "♮": "natural"}
_PER = r"(?:year|month|week|day|hour|minute|second|person|capita)(?!\w)"

NAMES = (
    rule("C++", r"(?<!\w)([CG])\+\+(?!\w)", r"\1 plus plus"),
    rule("flats of a scale", r"(?<!\w)([A-G])b(?= (?:major|minor)\b)", r"\1 flat"),
    rule("C#", r"(?<!\w)([A-G])[#♯](?![\w#])", r"\1 sharp"),
    rule("double flats", " ?(?:♭♭|𝄫) ?", " double flat "),
    rule("signs of notes", " ?([♭♯♮]) ?", lambda f: f" {_NOTES[f[1]]} "),
    rule("AT&T", r"(?<!\w)AT&T(?!\w)", "A T and T"),
    rule("letters and letters", r"(?<![\w&;])([A-Z])&([A-Z])(?![\w;])", r"\1 and \2"),
    rule(
        "numerals of parts",
        rf"(?<!\w)({_NUMBERED}) ({_ROMAN})(?![\w'’-]|\.\w)",
        lambda f: rf"\1 {_value(f[2])}",
    ),
    rule("the first of several", rf"(?<!\w)({_FIRST}) I(?![\w'’])", r"\1 1"),
    rule(
        "numerals after a name",
        rf"(?<![\w-])([A-Z][a-z]{{2,30}}) ({_ROMAN}|V(?!\.))(?![\w-]|\.\w)",
        _roman,
    ),
    rule(
        "numerals before what they count",
        rf"(?<=\b[Tt]he )({_ROMAN})(?= (?:century|[Dd]ynasty|Olympiad|Corps|Legion)\b)",
        lambda f: _ordinal(_value(f[1])),
    ),
    rule("short formulas", r"(?<![\w/.-])(C|N|S)(O)(?:_\{?)?([2-4])\}?(?![\w^-])", r"\1 \2 \3"),
    rule(
        "isotopes",
        r"(?<!\w)([⁰¹²³⁴-⁹]{1,3})([A-Z][a-z]?)(?![a-z])",
        lambda f: rf"{''.join(str('⁰¹²³⁴⁵⁶⁷⁸⁹'.index(d)) for d in f[1])} \2",
    ),
    rule("with", r"(?<![\w/])w/(?= \w)", "with"),
    rule("per", rf"(?<=[a-z])(?<!day)(?<!week)(?<!month)(?<!year)/(?={_PER})", " per "),
    rule(
        "one of two",
        r"(?<![\w/.~@:#%=&?-])([A-Za-z]{2,20})/([A-Za-z]{2,20})(?![\w/.@:(=-])",
        _stroke,
    ),
    rule(
        "names of programs",
        r"(?<![\w.])[A-Za-z][a-z0-9]+(?:_[a-z0-9]+){1,6}(?:\(\))?(?![\w.])",
        lambda f: (
            [(f[0].replace("_", " ").removesuffix("()"), f.start())] if len(f[0]) > 3 else None
        ),
    ),
    rule("calls without arguments", r"(?<=[a-z]{2})\(\)", ""),
    rule("arrows", r"(?<=[\w)]) (?:→|⟶) (?=[\w(])|(?<=[A-Z\d)]) --?> (?=[A-Z\d(])", " to "),
    rule("arrows without spaces", r"(?<=\w)→(?=\w)", " to "),
    rule(
        "signs of minus", " ?[−﹣－] ?", lambda f: " minus "[before(f, 1) in ("", "(", "[", " ") :]
    ),
    rule("Greek letters", r"(?<![Α-Ωα-ωϵϑϕµ∆ά-ώ])[Α-Ωα-ωϵϑϕµ∆]{1,2}(?![Α-Ωα-ωϵϑϕµ∆ά-ώ])", _greek),
)

MINUS = (
    rule("a minus in a sum", r"(?<=\d) [-–] (?=\d[\d.,]* =(?! [A-Za-z]{2}))", " minus "),
    rule("a minus apart from its number", r"(?<![^\n])[-–] (?=\d[\d.,]* ?[-+×*/=] ?\d)", "minus "),
    rule(
        "a minus before a number",
        r"(?:(?<=[(\[,])|(?<=[(\[,] )|(?<![^\n])|(?<=\b(?:is|to|of|at|or|by) )"
        r"|(?<=\b(?:was|and) )|(?<=\bbelow )|(?<=\bbetween )|(?<=\bfrom )|(?<=\bthan )"
        r"|(?<=\babout )|(?<=[=≈<>≤≥] ))[-–](?=\d[\d.,]*(?![\w-])(?! [a-z]+s\b))(?![12]\d{3}\b)",
        "minus ",
    ),
    rule(
        "a minus before degrees",
        r"(?<![\w).\]–-])[-–](?=\d[\d.,]* ?(?:°|%|degrees\b|K\b|V\b))",
        "minus ",
    ),
    rule("plus or minus", r"(?:±|\+/-|(?<![A-Za-z+])\+-) ?(?=\d)", "plus or minus "),
)

ENGLISH: tuple[Rule | Finder, ...] = (
    *WEB,
    *IDENTIFIERS,
    *MONEY,
    *DATES,
    *SIZES,
    *QUOTIENTS,
    *RAISED_FIGURES,
    _equations("en"),
    *RANGES,
    *COUNTS,
    *MEASURES,
    *CHEMISTRY,
    *ABBREVIATIONS,
    *NAMES,
    *MINUS,
)
"""All rules, in the order in which a place of the text is offered to them."""

# ── other languages ─────────────────────────────────────────────────────────────────────────

WORDLESS = (
    rule("a star between numbers", r"(?<=\d) ?\* ?(?=\d)", " × "),
    rule(
        "a minus before a number",
        r"(?:(?<=[\s(\[])|(?<![^\n]))-(?=\.?\d[\d.,]*(?![\w-]))(?![12]\d{3}\b)",
        "−",
    ),
    rule("a dash before degrees", r"(?<=[\s(])–(?=\d[\d.,]* ?°)", "−"),
    rule("a minus in a sum", r"(?<=\d) - (?=\d[\d.,]* =)", " − "),
)
"""What other languages have for the rules of English: signs that an engine can name."""


_GRAMS = re.compile(
    r"(?:(?<!\w)[a-zäöüß]+ (?<!und )(?<!bis )(?<!oder )|\()(?:\d{2,4}|\d{1,4},\d{1,3})$"
)
"""An amount before a German noun: "mit 250 g Mehl"; no number of a house, a platform or a law."""

_QUOTIENT = r"\d{1,12}(?:\.\d{3})*(?:,\d{1,12})?"


def _comes_out(found: Found) -> bool:
    """Whether the quotient around a " : " is the number behind its equals sign."""
    told = re.search(rf"(?<![\d.,])({_QUOTIENT}(?: : {_QUOTIENT})?)$", before(found))
    end = r"(?![\w:]|[.,]\d| [:+*/·×−–-])"
    rest = re.match(rf"({_QUOTIENT}(?: : {_QUOTIENT})?) = ({_QUOTIENT}){end}", after(found))
    if not (told and rest):
        return False
    first, *others = (_decimal(each) for each in f"{told[1]} : {rest[1]}".split(" : "))
    decimals = len(rest[2].partition(",")[2])
    divisor = prod(others)
    return bool(divisor) and abs(first / divisor - _decimal(rest[2])) <= 0.5 * 10**-decimals


def _decimal(number: str) -> float:
    """ "1.250,5" → 1250.5."""
    return float(number.replace(".", "").replace(",", "."))


@lru_cache(maxsize=16)
def _others(language: str) -> tuple[Rule | Finder, ...]:
    """The rules of a language other than English."""
    words = vocabulary(language)
    if words is None:
        return WORDLESS
    raised = str.maketrans("23", "²³")
    typed = {symbol.replace("²", "2").replace("³", "3") for symbol in words.units}  # "km2"
    symbols = "|".join(map(re.escape, sorted({*words.units, *typed}, key=len, reverse=True)))

    def measure(found: Found) -> str | None:
        gap, symbol, hundred, below, late, power = found.groups()
        symbol, below = symbol.translate(raised), below and below.translate(raised)
        if late and power in "2²":
            late = f"{late}²" if f"{late}²" in words.units else ""
        if symbol == "s²" or late == "" or re.search(r"[^\W\d_]-?[\d.,]+$", before(found)):
            return None
        below = below or late
        if len(symbol) == 1 and not below:
            equal = symbol in "mgsVWΩ" or re.search(r"[=≈<>] ?[\d.,]+$", before(found))
            goes_on = re.match(r"^(?:$|[,;?!]| [a-zà-ÿ]|\.$)", after(found))
            of_a_noun = symbol == "g" and _GRAMS.search(before(found)) and language == "de"
            if not (gap and equal and (goes_on or of_a_noun)) or CITED.search(before(found)):
                return None
        if hundred and symbol == below != "g":
            return None  # "50 m/100 m": the one or the other
        rest = f" {words.per} {'100 ' if hundred else ''}" if below else ""
        rest += words.unit(below, one=not hundred) if below else ""
        one = re.search(r"(?<![\d.,])1$", before(found))
        return f" {words.unit(symbol, one=bool(one))}{rest}"

    return (
        *(rule(each.name, each.source, r"\1") for each in WEB[:2]),
        *(rule(each.name, each.source, KEEP) for each in (WEB[2], WEB[4])),
        rule(
            "division",
            r"(?<=\d) : (?=\d)",
            lambda f: f" {words.signs['÷']} " if _comes_out(f) else None,
        ),
        rule("dates and versions", r"(?<![\w])\d{1,4}(?:[.:/-]\d{1,4}){2,5}(?![\w])", KEEP),
        *RAISED_FIGURES[:2],  # electrons and their orbitals: digits and letters alone
        _equations(language),
        rule(
            "measures",
            rf"(?<=\d)( ?)({symbols})(?:/(100 ?)?({symbols})"
            rf"|[·⋅.]({symbols})(?:⁻|[-−]|\^\{{?[-−])([12¹²])\}}?)?(?![\w²³⁻^°/'’]|\.\w)|(?!)",
            measure,
        ),
        *WORDLESS,
    )


# ── what is left ────────────────────────────────────────────────────────────────────────────

DROP = (
    rule("marks of equations", f"[{MATHS}{MATHS_END}]", ""),
    rule("marks of trade", r"(?<=\w)[®™]+(?!\w)", ""),
    rule(
        "emoji and ornaments",
        "[\U0001f000-\U0001faff\u2300-\u23ff\u2500-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d"
        "\ufe0e\ufe0f\u20d0-\u20ff†‡•‣◦©®™]+",
        " ",
    ),
    rule("joiners without letters", r"(?<!\w)[\u200c\u200d]+|[\u200c\u200d]+(?!\w)", ""),
    rule("braces", "[{}]+", " "),
    rule("commands", r"(?<!\S)\\+(?=[A-Za-z])|\\+(?=[*_#$%&])", ""),
    rule("ticks and carets", r"(?<![\w\[)])(?!\^[A-Z]\b)[`^]+(?=\w)|(?<=\w)[`^]+(?!\w)|``+", ""),
    rule(
        "stray marks",
        r"(?<![\w*_~./)^`-])(?:[*_]|~~)+(?=[\w(\"“])|(?<=[!?)\"”])(?:[*_]|~~)+(?![\w*_~/.])",
        "",
    ),
)
"""Takes away what no rule had a word for and no voice should name."""


def _gap(found: Found) -> str:
    return "\n\n" if found.group().count("\n") > 1 else " "


SPACES = (
    rule("marks of equations", f"[{MATHS}{MATHS_END}]", ""),
    rule("spaces and empty lines", r"[ \n]{2,}|\n", _gap),
    rule("ends", r"\A\s+|\s+\Z", ""),
)

TIDY = (
    rule("spaces and empty lines", r"[ \n]{2,}|\n", _gap),
    rule("no space before a stop", r"(?<=\w) (?=[,.;:!?]+(?:\s|\Z))", ""),
    rule("no comma begins a paragraph", r"(?<=\n)[ ,]+", ""),
    rule("what that left behind", r"[ \n]{2,}", _gap),
    rule("ends", r"\A[\s,]+|\s+\Z", ""),
)
