"""Rules of speech for any language: not one of them puts a word into the text."""

from __future__ import annotations

import unicodedata

from ..plain import CODE_LINE_END, HIDDEN, MARKUP, UNSHIELD, Found, rule

_ITEM = r"(?:[-*+•‣◦–]|\d{1,3}[.)])"
STOPS = ".!?:;,…。！？：；，、؟؛،"


CLEAN = (
    rule("digits grouped by thin spaces", r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?!\d))", ""),
    *HIDDEN,
    rule("marks of direction", "[\u200e\u200f\u061c]", ""),
    rule("ruled lines of a table", r"(?m)^ ?\|[-:| ]{3,}$", ""),
    rule("rows of a table", r"(?m)^ ?\| ([^\n]*[^\s|]) ?\| ?$", r"\1."),
    # An engine takes a stop before a small letter for an abbreviation, so items end in a
    # semicolon where another one follows.
    rule(
        "items are parts of a sentence",
        rf"(?m)^( ?{_ITEM} \S(?:[^\n]*[^\s{STOPS}])?) ?$(?=\n ?{_ITEM} )",
        r"\1;",
    ),
    rule(
        "headings and last items end in a stop",
        rf"(?m)^( ?(?:#{{1,6}}|{_ITEM}) \S(?:[^\n]*[^\s{STOPS}])?) ?$",
        r"\1.",
    ),
    *MARKUP,
    rule("numbered items", r"(?m)^ ?(\d{1,3})[.)] (?=\S)", r"\1, "),
    rule("lines of code are parts of a sentence", f"{CODE_LINE_END}+", ";\n"),
    *UNSHIELD,
    rule("lines of a paragraph", r"(?<!\n) ?\n ?(?!\n)", " "),
)
"""Takes away what is not heard: marks of Markdown and what is hidden. Comes before all else."""


def _plain_letters(found: Found) -> str:
    return unicodedata.normalize("NFKC", found.group())


def _composed(found: Found) -> str:
    return unicodedata.normalize("NFC", found.group())


STYLED = (
    rule(
        "styled letters and wide digits are plain ones",
        "[\U0001d400-\U0001d7cb\U0001d7ce-\U0001d7ff\uff01-\uff0b\uff0d-\uff19\uff21-\uff3a"
        "\uff41-\uff5a\u210e\u2115\u211d\u2124\u2126\u212b]",
        _plain_letters,
    ),
    rule("letters under a heap of accents", "[\u0300-\u036f]{4,}", ""),
    rule("letters with their accents apart", "[^\\W\\d_][\u0300-\u036f]{1,3}", _composed),
)

WORDLESS = (
    rule("a star between numbers", r"(?<=\d) ?\* ?(?=\d)", " × "),
    rule("a minus before a number", r"(?<![\w).-])-(?=\.?\d)", "−"),
    rule("a minus between numbers", r"(?<=\d) - (?=\d)", " − "),
)
"""What other languages have for the rules of English: signs that an engine can name."""

DROP = (
    rule("cells of a table", r" ?\|(?: ?\|)* ?", ", "),
    rule(
        "emoji and ornaments",
        "[\U0001f000-\U0001faff\u2300-\u23ff\u2500-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d"
        "\ufe0e\ufe0f\u20d0-\u20ff†‡•‣◦©®™]+",
        " ",
    ),
    rule("joiners without letters", r"(?<!\w)[\u200c\u200d]+|[\u200c\u200d]+(?!\w)", ""),
    rule("stray marks", r"[*_`~\\^{}<>#]+", " "),
)
"""Takes away what no rule had a word for."""


def _gap(found: Found) -> str:
    return "\n\n" if found.group().count("\n") > 1 else " "


TIDY = (
    rule("spaces and empty lines", r"[ \n]{2,}|\n", _gap),
    rule("no space before a stop", r" (?=[)\]’”]|[,.;:!?]+(?:\s|\Z|[)\"’”]))", ""),
    rule("no space after a bracket", r"(?<=[(\[“‘]) ", ""),
    rule("one comma is enough", r",(?: ?,)+", ","),
    rule("nor is one beside a stop", r", ?(?=[.;:!?])|(?<=[.;:!?]),", ""),
    rule("no comma begins a paragraph", r"(?<=\n)[ ,]+", ""),
    rule("what that left behind", r"[ \n]{2,}", _gap),
    rule("ends", r"\A[\s,]+|\s+\Z", ""),
)
