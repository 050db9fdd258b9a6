"""Languages: what things are called in them, the scripts that they use, and in which a text is."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any


def primary(language: str) -> str:
    """The first part of a tag, in small letters: "de" for "de-AT"."""
    return language.replace("_", "-").split("-")[0].lower()


# ── what things are called ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one language, as its file in `words` has them.

    `signs` names operators and relations, `functions` what is written with a name, `units` symbols
    in the plural, `singulars` those of them that lose more or less than their -s (English has rules
    for its own). Templates hold the parts in the order in which they are written: "{0} over {1}".
    """

    signs: Mapping[str, str]
    functions: Mapping[str, str]
    of: str
    over: str
    all_over: str
    binomial: str
    root: str
    roots: Mapping[str, str]
    nth_root: str
    powers: Mapping[str, str]
    power: str
    base: str
    sums: Mapping[str, str]
    bounds: str
    lower: str
    limit: str
    tends: str
    given: str
    absolute: str
    factorial: str
    by: str
    partial: str
    matrix: str
    accents: Mapping[str, str]
    small: Mapping[str, str]
    degrees: str
    percent: str
    per: str
    units: Mapping[str, str]
    singulars: Mapping[str, str]

    def unit(self, symbol: str, *, one: bool) -> str:
        """What a unit ("km") is called, of one or of many. Raises KeyError for one that is not in
        `units`.
        """
        many = self.units[symbol]
        return (self.singulars.get(many) or re.sub("(?<=[a-z])s$", "", many)) if one else many


def vocabulary(language: str) -> Vocabulary | None:
    """The words of a language (a tag such as "de-AT"), None where there are none."""
    told = words_of(_WORDS_FOLDER, primary(language))
    return Vocabulary(**told) if told else None


_WORDS_FOLDER = Path(__file__).parent / "words"


@cache
def words_of(folder: Path, language: str) -> Mapping[str, Any]:
    """What a folder has in the file of a language ("de"); empty where there is none."""
    path = folder / f"{language}.toml"
    if not re.fullmatch("[a-z]{2,3}", language) or not path.is_file():
        return {}
    return tomllib.loads(path.read_text(encoding="utf-8"))


# ── scripts ─────────────────────────────────────────────────────────────────────────────────

_OF_LANGUAGE = {
    "Greek": "el grc", "Cyrillic": "ru uk bg be sr mk kk ky mn tt ba cv tk", "Armenian": "hy hyw",
    "Hebrew": "he iw yi", "Arabic": "ar fa ur ps sd ug ku", "Devanagari": "hi mr ne sa kok bpy",
    "Bengali": "bn as bpy", "Gurmukhi": "pa", "Gujarati": "gu", "Oriya": "or", "Tamil": "ta",
    "Telugu": "te", "Kannada": "kn", "Malayalam": "ml", "Sinhala": "si", "Thai": "th", "Lao": "lo",
    "Myanmar": "my shn", "Georgian": "ka", "Hangul": "ko", "Ethiopic": "am ti", "Khmer": "km",
    "kana": "ja", "Chinese characters": "zh cmn yue hak ja ko",
}  # fmt: skip
_USUAL = {script: tags.split()[0] for script, tags in _OF_LANGUAGE.items()}
NAMES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian",
    "pt": "Portuguese", "nl": "Dutch", "pl": "Polish", "sv": "Swedish", "da": "Danish",
    "tr": "Turkish", "el": "Greek", "ru": "Russian", "uk": "Ukrainian", "he": "Hebrew",
    "ar": "Arabic", "fa": "Persian", "hi": "Hindi", "bn": "Bengali", "ta": "Tamil",
    "te": "Telugu", "th": "Thai", "ko": "Korean", "ja": "Japanese", "zh": "Chinese",
    "ka": "Georgian", "hy": "Armenian", "am": "Amharic",
}  # fmt: skip

_OWN_NAMES = {
    "deutsch": "de", "francais": "fr", "espanol": "es", "castellano": "es", "italiano": "it",
    "portugues": "pt", "nederlands": "nl", "polski": "pl", "svenska": "sv", "dansk": "da",
    "turkce": "tr", "ελληνικα": "el", "русскии": "ru", "українська": "uk", "עברית": "he",
    "العربية": "ar", "فارسی": "fa", "हिन्दी": "hi", "ไทย": "th", "한국어": "ko", "日本語": "ja",
    "中文": "zh", "catala": "ca", "galego": "gl", "euskara": "eu",
}  # fmt: skip

# Words that are common in one language and rare in the others.
_COMMON = {
    "en": "the of and to is that it was for with as are this from have not they which you were",
    "de": "der die und das nicht ist ein eine den mit dem auch sich auf wird sind werden von zu im",
    "fr": "les des est une dans que qui pour pas sur avec sont plus par ce cette il et de la le",
    "es": "los las una que por con para del como más está son esta pero hay cuando y el de la en",
    "it": "il che di non una per sono della con gli del anche nel alla questo più come è dei la e",
    "pt": "não uma os que para com do da em são mais dos das como está pelo isso também e o de",
    "nl": "het een van niet dat zijn voor met worden ook maar aan door deze wordt naar is de",
    "pl": "nie jest się na do że to w z są jak przez dla oraz które tym lub ale czy po",
    "sv": "och att det som en är för inte med till den har av ett om så kan var men på",
    "da": "og at det som en er for ikke med til den har af et om så kan var men på der",
    "tr": "bir ve bu için ile çok daha olan olarak gibi kadar sonra ne da de en var her ama",
}
_WORDS = {language: frozenset(words.split()) for language, words in _COMMON.items()}
_LEAST_LETTERS = 20
_LEAST_WORDS = 12
UNREAD = 0.2
"""Share of a text's letters that a voice may be unable to read; a foreign name or two."""


@lru_cache(maxsize=512)
def scripts(text: str) -> Counter[str]:
    """How many letters of each script a text has."""
    found = Counter(Latin=0)
    for sign, count in Counter(text).items():
        if script := _script(sign):
            found[script] += count
    return +found


@lru_cache(maxsize=4096)
def _script(sign: str) -> str | None:
    """The script of a letter or of a mark on one, by the first word of its Unicode name."""
    first = re.split("[ -]", unicodedata.name(sign, ""))[0].capitalize()
    script = {"Cjk": "Chinese characters", "Hiragana": "kana", "Katakana": "kana"}.get(first, first)
    known = script == "Latin" or script in _OF_LANGUAGE
    return script if known and unicodedata.category(sign)[0] in "LM" else None


def main_script(text: str) -> str:
    """The script of most letters; "" where there are none."""
    found = scripts(text)
    if found["kana"] and found["kana"] + found["Chinese characters"] > found.total() / 2:
        return "kana"
    return max(found, key=lambda name: found[name], default="")


def likely_language(text: str) -> str | None:
    """The language that a text is likely in ("de"), None where nothing speaks for one: formulas
    and code within it are in none.
    """
    text = re.sub(r"\$[^$\n]{1,200}\$|`[^`\n]{1,200}`", " ", text)
    script = main_script(text)
    if not script or scripts(text).total() < _LEAST_LETTERS:
        return None
    if script != "Latin":
        return _of_letters(text, script)
    words = re.findall(r"[^\W\d_]+", text.lower())
    if len(words) < _LEAST_WORDS:
        return None
    shares = {name: sum(map(common.__contains__, words)) for name, common in _WORDS.items()}
    first, second, *_ = sorted(shares, key=lambda name: -shares[name])
    sure = shares[first] >= 0.12 * len(words) and shares[first] >= 1.4 * shares[second] + 1
    return first if sure else None


def _of_letters(text: str, script: str) -> str:
    """The language of a script; letters that only one of several uses decide."""
    if script == "Arabic" and re.search("[پچژگ]", text):
        return "ur" if re.search("[ٹڈڑے]", text) else "fa"
    if script == "Cyrillic" and re.search("[іїєґ]", text):
        return "uk"
    return _USUAL[script]


def name_of(language: str) -> str:
    """ "German (de)"."""
    name = NAMES.get(language)
    return f"{name} ({language})" if name else f"the language {language!r}"


def tag_of(name: str) -> str | None:
    """The tag of a language by its name in English or in itself: "es" for "español"; None where
    it is none that is known here.
    """
    known = {name.lower(): tag for tag, name in NAMES.items()} | _OWN_NAMES
    plain = _plain(name)
    return next((tag for known_as, tag in known.items() if _plain(known_as) == plain), None)


def _plain(name: str) -> str:
    """A name without accents, in small letters."""
    parts = unicodedata.normalize("NFD", name.casefold().strip())
    return "".join(part for part in parts if not unicodedata.combining(part))


def reads(language: str, script: str) -> bool:
    """Whether people who write a language (a tag) use a script."""
    short = primary(language)
    if script == "Latin":
        return True
    return short in _OF_LANGUAGE.get(script, "").split()


def language_note(text: str, language: str) -> str | None:
    """What is odd about a text in a lesson of `language`, with the mend; None for nothing."""
    likely, short = likely_language(text), primary(language)
    if likely is None or likely == short:
        return None
    script = main_script(text)
    known = short in _WORDS or script != "Latin"
    if not known or (script != "Latin" and reads(language, script)):
        return None
    return (
        f"the text looks like {name_of(likely)}, and the lesson's language is {language!r}; "
        f'write "language": "{likely}" if that is so'
    )


def unreadable(text: str, language: str, cannot: str = "") -> str | None:
    """The script of a text that a voice of `language` cannot read, None where it can read it.

    `cannot` is a script that the voice cannot read although its language uses it.
    """
    found = scripts(text)
    for script, count in found.most_common():
        able = reads(language, script) and script != cannot
        if not able and count > UNREAD * found.total():
            return script
    return None


# ── where a text without spaces may be broken ───────────────────────────────────────────────

_TRADITIONAL = re.compile(r"^zh[-_](?:hant|tw|hk|mo)\b", re.IGNORECASE)


def phrases(run: str, language: str) -> list[str]:
    """A run without spaces of Japanese, Chinese or Thai in the phrases at which a reader would
    break it; the run alone in other scripts, or where BudouX is not installed (the extra "words").
    """
    script = main_script(run)
    if script == "Chinese characters":
        short = language[:2].lower()
        traditional = _TRADITIONAL.match(language)
        script = "kana" if short == "ja" else "traditional" if traditional else script
    parser = _parser(script)
    return parser.parse(run) if parser else [run]


@lru_cache(maxsize=8)
def _parser(script: str) -> Any:
    try:
        import budoux
    except ImportError:
        return None
    makers = {
        "kana": budoux.load_default_japanese_parser,
        "Chinese characters": budoux.load_default_simplified_chinese_parser,
        "traditional": budoux.load_default_traditional_chinese_parser,
        "Thai": budoux.load_default_thai_parser,
    }
    return makers[script]() if script in makers else None
