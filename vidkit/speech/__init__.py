"""Text as written → text as spoken, with a map back.

A voice that is given a lesson's text as it stands reads its marks aloud ("asterisk"),
passes over its minus signs and spells its units. `spoken` writes such text out in
words, as a person would read it, and remembers for each character where it came from,
so that the time of a spoken word is the time of the written one.

English has a table of rules (`english`); every other language has only those that put
no word into a text (`neutral`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from ..plain import Rule, Traced, rewrite
from .english import ENGLISH
from .neutral import CLEAN, DROP, STYLED, TIDY, WORDLESS

VERSION = 1
"""Counts up when the same text is spoken differently; part of a narration's key."""


def spoken(written: str, language: str = "en", say: Mapping[str, str] | None = None) -> Traced:
    """`written` as a voice of `language` (a tag such as "en-US") should be given it.

    Paragraphs are separated by an empty line. `say` maps words to how they are pronounced:
    whole words, with their own capitals first, then with any; what it says is read by the
    same rules as the rest. The text is empty where nothing can be spoken.
    """
    return _spoken(written, language.lower(), tuple((say or {}).items()))


def paragraphs(text: str) -> list[tuple[int, str]]:
    """The paragraphs of a spoken text that hold a letter or digit, each with its place."""
    found = re.finditer(r"[^\n]+", text)
    return [(each.start(), each.group()) for each in found if re.search(r"[^\W_]", each.group())]


@lru_cache(maxsize=64)
def _spoken(written: str, language: str, say: tuple[tuple[str, str], ...]) -> Traced:
    words = ENGLISH if language.split("-")[0] == "en" else WORDLESS
    return rewrite(Traced.of(written), (*CLEAN, *STYLED, *_say(dict(say)), *words, *DROP, *TIDY))


def _say(say: Mapping[str, str]) -> tuple[Rule, ...]:
    exact = {word.strip(): way for word, way in say.items() if word.strip()}
    if not exact:
        return ()
    loose = {word.lower(): way for word, way in reversed(exact.items())}
    # The longest first, so that "VDD bar" is not taken for "VDD".
    words = sorted(exact, key=len, reverse=True)
    pattern = "|".join(_edge(word) for word in words)

    def way(found: re.Match[str]) -> str:
        word = found.group()
        new = exact.get(word) or loose.get(word.lower(), word)
        return re.sub(r"\\(?=\d)", "", new)

    return (Rule("the lesson's own words", re.compile(pattern, re.IGNORECASE), way),)


def _edge(word: str) -> str:
    before = r"(?<!\w)" if word[0].isalnum() or word[0] == "_" else ""
    after = r"(?!\w)" if word[-1].isalnum() or word[-1] == "_" else ""
    return before + re.escape(word) + after
