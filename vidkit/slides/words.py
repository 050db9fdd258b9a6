"""Text as the rules of a slide see it: cleaned, cut into sentences, counted in words."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from .grammar import grammar

LONGEST_WORD = 120
"""Letters of a word that are kept; the longest in any dictionary has 45."""
MOST_SENTENCES = 250
"""Sentences that are read; a quarter of an hour of speech has fewer."""

_INVISIBLE = re.compile(
    # Controls, marks that turn the direction of a line, byte-order marks, private use, surrogates.
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069"
    "\ufeff\ufff0-\uffff\ue000-\uf8ff\ud800-\udfff\U000f0000-\U0010ffff]"
)
_FENCE = re.compile(r"^[ \t]*```[ \t]*([\w+#.-]{0,20})[ \t]*\n(.*?)^[ \t]*```", re.S | re.M)
_LIST_MARK = re.compile(r"^[ \t]*(?:[-*•]|\d{1,2}[.)]|#{1,6})[ \t]+", re.M)
_END = re.compile(r"[.!?…؟۔]+[\"'”’)\]»]*(?=\s)|[。！？｡]+[”’」』）]*")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_WORD = re.compile(r"[^\W_][\w'’.-]*(?<![.'’-])")
_SCRIPTS = (
    ("he", re.compile("[\u0590-\u05ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
)


def clean(text: str, most: int) -> str:
    """`text` without what cannot be shown, at most `most` characters, no word beyond reason."""
    text = text[: 2 * most].replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n")
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).expandtabs(4)
    text = re.sub(rf"(\S{{{LONGEST_WORD}}})\S+", r"\1…", text)
    if len(text) <= most:
        return text
    cut = text[:most]
    space = cut.rfind(" ")
    return (cut[:space] if space > most // 2 else cut).rstrip() + "…"


def fenced(text: str) -> tuple[str, str] | None:
    """The first fenced block of code in `text` as (language, code), or None."""
    found = _FENCE.search(text)
    return (found[1].lower(), found[2].strip("\n")) if found else None


def without_fences(text: str) -> str:
    """`text` without its fenced blocks of code."""
    return _FENCE.sub("\n\n", text)


@lru_cache(maxsize=256)
def sentences(text: str, language: str = "en") -> tuple[str, ...]:
    """The first sentences of `text`, in order, each on one line; a blank line ends one too."""
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n|\n(?=[ \t]*(?:[-*•]|\d{1,2}[.)])[ \t])", text):
        line = " ".join(_LIST_MARK.sub("", paragraph).split())
        found += _of_paragraph(line, language)
    return tuple(found[:MOST_SENTENCES])


def _of_paragraph(line: str, language: str) -> list[str]:
    found, start = [], 0
    for end in _END.finditer(line):
        if _goes_on(line, start, end.start(), end.end(), language):
            continue
        found.append(line[start : end.end()].strip())
        start = end.end()
    rest = line[start:].strip()
    return [sentence for sentence in (*found, rest) if sentence]


def _goes_on(line: str, start: int, dot: int, end: int, language: str) -> bool:
    """Whether the stop at `dot` does not end a sentence: an abbreviation, an initial, a lower case
    letter after it."""
    following = line[end:].lstrip().lstrip("\"'“‘([«")
    if following[:1].islower():
        return True
    if line[dot] != "." or not following:
        return False
    last = line[start:dot].rsplit(None, 1)[-1].lstrip("(\"'“‘") if line[start:dot].strip() else ""
    initial = len(last) == 1 and last.isalpha() and last.isupper()
    ordinal = language == "de" and last.isdigit() and len(last) <= 2
    return initial or ordinal or last.lower() in grammar(language).abbreviations


def words(text: str, language: str = "en") -> list[str]:
    """The words of `text` that carry meaning, in lower case, in order."""
    stop = grammar(language).stop
    found = (word.lower().replace("’", "'") for word in _WORD.findall(text))
    return [word for word in found if len(word) > 2 and word not in stop and not word.isdigit()]


def stems(text: str, language: str = "en") -> frozenset[str]:
    """What `words` gives, without endings, so that "layers" meets "layer"."""
    return frozenset(stem(word) for word in words(text, language))


def stem(word: str) -> str:
    """`word` in lower case without the commonest endings of its kind."""
    word = word.lower()
    for ending in ("ies", "ing", "es", "ed", "ly", "en", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word.removesuffix(ending)
    return word


def length(text: str) -> int:
    """The words of `text`; three characters of a script without spaces count as two."""
    return len(text.split()) + 2 * len(_WIDE.findall(text)) // 3


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """How much of the smaller set lies in the larger one, from 0 to 1."""
    return len(one & other) / min(len(one), len(other)) if one and other else 0.0


def script_language(text: str) -> str | None:
    """The language that the script of `text` gives away ("ja", "ar", …), None for the rest."""
    for language, letters in _SCRIPTS:
        if len(letters.findall(text)) * 4 > len(text.replace(" ", "")):
            return language
    return None


def capitalised(text: str) -> str:
    """`text` with its first letter large, unless it opens with a symbol ("x = 2", "pH")."""
    first, _, rest = text.partition(" ")
    symbol = any(sign.isupper() or sign.isdigit() or sign in "_=().+" for sign in first[1:])
    variable = len(first) == 1 and rest[:1] != "" and not rest[:1].isalpha()
    return text if symbol or variable else text[:1].upper() + text[1:]
