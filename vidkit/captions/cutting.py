"""Where a text is cut into cues, and a cue into lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from ..plain import Traced
from .clock import Clock
from .cue import LINE, LINES, LONGEST, SHORTEST, columns


@dataclass(frozen=True, slots=True)
class Atom:
    """A word, a piece of an endless one, or a character of a text without spaces.

    `space` is what stands before it. `ends` is how good a place to cut there is after it: 0
    a sentence ends, 1 a clause, 2 a word, 3 a word that belongs to the next one. `start`
    and `end` are in seconds of the section, `width` in columns.
    """

    text: str
    space: str
    start: float
    end: float
    ends: int
    width: int


_CJK = "\u2e80-\u3029\u3030-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_RUN = re.compile(r"\S+")
_UNIT = re.compile(
    rf"[「『（《【〈“‘]?[{_CJK}][、。，．！？；：」』）》】〉”’…ー]{{0,4}}"
    rf"|[^{_CJK}—]{{0,{LINE - 3}}}—|[^{_CJK}—]{{1,{LINE - 2}}}"
)
_SENTENCE = re.compile(r"[.!?…。！？؟۔][\"'”’)\]»」』）]*$")
_CLAUSE = re.compile(r"[,;:—–،؛，、；：][\"'”’)\]»」』）]*$|[)\]»”]$")
_LEANING_WORDS = (
    "a an the of to in on at by for from with and or but as is are was were be that which who "
    "its it this these those not no der die das ein eine und le la les un une de du des et el "
    "los las y e il i"
)
_LEANING = frozenset(_LEANING_WORDS.split())


def atoms(shown: Traced, clock: Clock) -> list[Atom]:
    """The atoms of a text, each with its time."""
    atoms = []
    for run in _RUN.finditer(shown.text):
        space = " "
        for begin, end in _units(run.group(), run.start()):
            ends_line = shown.text[end : end + 1] == "\n"
            atoms.append(
                Atom(
                    text := shown.text[begin:end],
                    space,
                    clock.at(shown.origin[begin]),
                    clock.at(shown.origin[end - 1] + 1, after=True),
                    0 if ends_line else _ending(text),
                    columns(text),
                )
            )
            space = ""
    return atoms


def _units(run: str, at: int) -> Iterator[tuple[int, int]]:
    """Where the atoms of a run without spaces begin and end; `at` is the run's own place."""
    for found in _UNIT.finditer(run):
        begin, end = found.span()
        # Korean letters are wide but stay together as words; forty of them are too many.
        most = (LINE - 2) // max(map(columns, found.group()))
        for piece in range(begin, end, most):
            yield at + piece, at + min(piece + most, end)


def _ending(word: str) -> int:
    if _SENTENCE.search(word):
        return 0
    if _CLAUSE.search(word):
        return 1
    return 3 if word.lower() in _LEANING else 2


def cut(atoms: Sequence[Atom], most: int, room: int) -> list[Sequence[Atom]]:
    """`atoms` in pieces of at most two lines of `room` columns, at most `most` of them, cut
    where it costs the reader least.
    """
    pieces = _cheapest(atoms, room, _Cost(atoms))
    if len(pieces) > most:
        pieces = _cheapest(atoms, room, lambda begin, end: 1.0)
    if len(pieces) > most:
        pieces = [*pieces[: most - 1], _cut_off(pieces[most - 1], room)]
    return pieces


def _cut_off(piece: Sequence[Atom], room: int) -> Sequence[Atom]:
    while True:
        *others, last = piece
        short = [
            *others,
            replace(last, text=(text := last.text[: LINE - 3] + "…"), width=columns(text)),
        ]
        if 0 in _begins(short, len(short), room):
            return short
        piece = others


def _cheapest(
    atoms: Sequence[Atom], room: int, cost: Callable[[int, int], float]
) -> list[Sequence[Atom]]:
    best, cuts = [0.0], [0]
    for end in range(1, len(atoms) + 1):
        choices = [(best[k] + cost(k, end), k) for k in _begins(atoms, end, room)]
        cheapest, begin = min(choices)
        best.append(cheapest)
        cuts.append(begin)
    pieces, end = [], len(atoms)
    while end:
        pieces.append(atoms[cuts[end] : end])
        end = cuts[end]
    return pieces[::-1]


def _begins(atoms: Sequence[Atom], end: int, room: int) -> Iterator[int]:
    """Where a piece can begin that ends before `end` and fits its lines, the nearest first."""
    line, used = 1, 0
    for begin in range(end - 1, -1, -1):
        # What stands before an atom is no part of a line that it begins.
        if used + atoms[begin].width > room:
            line, used = line + 1, 0
        if line > LINES:
            return
        yield begin
        used += atoms[begin].width + len(atoms[begin].space)


class _Cost:
    """What a piece from atom `begin` up to atom `end` costs its reader."""

    def __init__(self, atoms: Sequence[Atom]) -> None:
        self.atoms = atoms
        self.width = _sums(atom.width + len(atom.space) for atom in atoms)
        self.sentences = _sums(atom.ends == 0 for atom in atoms)
        self.pauses = _sums(b.start - a.end > SHORTEST for a, b in pairwise(atoms))

    def __call__(self, begin: int, end: int) -> float:
        first, last = self.atoms[begin], self.atoms[end - 1]
        over = self.atoms[end].start if end < len(self.atoms) else last.end
        width, seconds = self.width[end] - self.width[begin], over - first.start
        cost = 3.0 + (0, 2, 9, 16)[last.ends] + 4 * (1 - width / (LINES * LINE)) ** 2
        cost += 3 * (self.sentences[end - 1] - self.sentences[begin])
        cost += 8 * (self.pauses[end - 1] - self.pauses[begin])
        cost += 12 * max(0.0, 1.3 * SHORTEST - seconds) + 4 * max(0.0, seconds - LONGEST)
        return cost + 0.5 * max(0, 15 - width)


def _sums(each: Iterable[int]) -> list[int]:
    return list(accumulate(each, initial=0))


def lines(piece: Sequence[Atom], room: int) -> list[str]:
    """The one line or two of a piece, cut at a clause or about the middle."""
    whole = text_of(piece)
    if columns(whole) <= room:
        return [whole]
    choices = []
    for cut in range(1, len(piece)):
        upper, lower = text_of(piece[:cut]), text_of(piece[cut:])
        sides = columns(upper), columns(lower)
        if max(sides) <= room:
            uneven = abs(sides[0] - sides[1]) + (0, 4, 10, 24)[piece[cut - 1].ends]
            choices.append((uneven, cut, [upper, lower]))
    return min(choices)[-1]


def text_of(piece: Sequence[Atom]) -> str:
    """The text of a piece in one line."""
    return "".join(atom.space + atom.text for atom in piece).strip()
