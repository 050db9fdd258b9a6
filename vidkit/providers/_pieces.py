"""A text in pieces that a provider takes: few, and cut where a voice would breathe."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

_CLAUSE_END = re.compile(
    r"(?<=[.!?…;:,—–])[\"'”’)\]»]*\s+"  # a mark, then a space: no decimal point
    r"|[。！？；：，、।॥؟،؛][”’」』）]*\s*"
)
_SPEAKABLE = re.compile(r"[^\W_]")


def pieces(text: str, most: int) -> list[str]:
    """`text` in pieces of at most `most` characters, each of which can be spoken.

    Every piece holds as many clauses as it has room for; a clause that is too long is cut
    between words, a word that is too long within. In order, they hold every letter and digit.
    """
    packed: list[str] = []
    for clause in _clauses(" ".join(text.split())):
        for part in _cut(clause, most):
            if packed and len((packed[-1] + part).rstrip()) <= most:
                packed[-1] += part
            else:
                packed.append(part)
    return [piece.strip() for piece in packed if _SPEAKABLE.search(piece)]


def _clauses(text: str) -> list[str]:
    """The clauses of a text, each with the space after it."""
    ends = [found.end() for found in _CLAUSE_END.finditer(text)]
    bounds = [0, *ends, len(text)]
    return [text[a:b] for a, b in pairwise(bounds) if a < b]


def _cut(clause: str, most: int) -> list[str]:
    parts = []
    while len(clause.rstrip()) > most:
        place = clause.rfind(" ", 0, most + 1) + 1
        if place == 0:
            place = most
            # not between a letter and the marks that belong to it
            while place > 1 and unicodedata.combining(clause[place]):
                place -= 1
        parts.append(clause[:place])
        clause = clause[place:]
    return [*parts, clause]
