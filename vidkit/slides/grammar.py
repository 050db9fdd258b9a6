"""What a rule must know of a language to choose and shorten its sentences: small word lists.

Each language has a file in `languages/`. One without a file gets an empty grammar: its sentences
are chosen by their length and the words they share, and are not shortened.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "languages"


@dataclass(frozen=True, slots=True)
class Grammar:
    """What the rules know of one language. All words are in lower case.

    stop: words that carry no meaning of their own.
    abbreviations: what may stand before a full stop without ending a sentence.
    joints: words that open a sentence by tying it to the one before and can simply go.
    adverbs: openings that can go where a comma follows.
    leaning: openings that mean something only after the sentence before.
    asides: openings of sentences that speak to the viewer and say nothing of the matter.
    trails: words after a comma that open a clause which the sentence can do without.
    sketch: what is written under a drawn curve.
    """

    stop: frozenset[str] = frozenset()
    abbreviations: frozenset[str] = frozenset()
    joints: tuple[str, ...] = ()
    adverbs: tuple[str, ...] = ()
    leaning: tuple[str, ...] = ()
    asides: tuple[str, ...] = ()
    trails: tuple[str, ...] = ()
    sketch: str = "Sketch, not to scale"


def grammar(language: str) -> Grammar:
    """What is known of `language` ("en", "de-AT", …); an empty grammar where nothing is."""
    return _of_file(language.replace("_", "-").split("-")[0].lower())


@cache
def _of_file(language: str) -> Grammar:
    path = _FOLDER / f"{language}.toml"
    if not re.fullmatch("[a-z]{2,3}", language) or not path.is_file():
        return Grammar()
    lists: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))
    return Grammar(
        stop=frozenset(lists.get("stop", "").split()),
        abbreviations=frozenset(lists.get("abbreviations", "").split()),
        joints=_phrases(lists, "joints"),
        adverbs=_phrases(lists, "adverbs"),
        leaning=_phrases(lists, "leaning"),
        asides=_phrases(lists, "asides"),
        trails=_phrases(lists, "trails"),
        sketch=lists.get("sketch", Grammar().sketch),
    )


def _phrases(lists: dict[str, str], name: str) -> tuple[str, ...]:
    """The phrases of a list, which stand between upright strokes."""
    phrases = (" ".join(phrase.split()) for phrase in lists.get(name, "").split("|"))
    return tuple(phrase for phrase in phrases if phrase)
