"""Captions: words and their times → cues that can be read → WebVTT and SubRip.

A section's text is cut where a reader would pause, each piece gets the time at which it is
spoken (`vidkit.text.timing`), and the times are moved as little as it takes for every cue to
stay long enough.
"""

from __future__ import annotations

import html
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, pairwise

from .languages import phrases
from .markup import HIDDEN, MappedText, marks, rewrite
from .maths import measures_kept
from .maths import shown as _shown
from .timing import CLAUSE_ENDS, CLOSING, SENTENCE_ENDS, Clock, Span, Word

__all__ = ["Cue", "Word", "cues", "to_srt", "to_vtt"]

# What a caption is, and how much of one a reader can take.


LINE = 42
"""Columns of a line; a Chinese character or its like takes two."""
LINES = 2
SHORTEST = 1.0
"""Seconds that a cue stays at least."""
LONGEST = 7.0
"""Seconds after which a cue begins to look stuck."""
READING = 20
"""Characters that a reader takes in within a second; a cue stays into silence for it."""
THINKING = 0.4
"""Seconds of silence after a question in which its answer is not yet shown."""
FLICKER = 0.3
"""A gap between cues that is shorter than this (seconds) is closed."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption: `text`, one line or two, shown from `start` to `end` (seconds of the video);
    `speaker` is who says it, where somebody is named."""

    start: float
    end: float
    text: str
    speaker: str | None = None


def columns(text: str) -> int:
    """Columns that `text` takes in a line: two for a wide character, such as a Chinese one."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


# Where a text is cut into cues, and a cue into lines.


@dataclass(frozen=True, slots=True)
class Atom:
    """A word, a piece of an endless one, or a character of a text without spaces.

    `space` is what stands before it. `ends` is how good a place to cut there is after it: -1
    an item of a list begins or ends, so that a cut must be, 0 a sentence ends, 1 a clause, 2
    a word, 3 a word that belongs to the next one. `start`
    and `end` are in seconds of the section, `width` in columns.
    """

    text: str
    space: str
    start: float
    end: float
    ends: int
    width: int


_CJK = "\u2e80-\u3029\u3030-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_CLOSERS = "、。，．！？；：」』）》】〉”’…ー"
_RUN = re.compile(r"\S+")
_UNIT = re.compile(
    rf"[「『（《【〈“‘]?[{_CJK}][{_CLOSERS}]{{0,4}}"
    rf"|[^{_CJK}—]*—|[^{_CJK}—]+"
)
_SENTENCE = re.compile(rf"[{re.escape(SENTENCE_ENDS)}][{re.escape(CLOSING)}]*$")
_CLAUSE = re.compile(rf"[{re.escape(CLAUSE_ENDS)}][{re.escape(CLOSING)}]*$|[)\]»”]$")
_LEANING_WORDS = (
    "a an the of to in on at by for from with and or but as is are was were be that which who "
    "its it this these those not no der die das ein eine und le la les un une de du des et el "
    "los las y e il i"
)
_LEANING = frozenset(_LEANING_WORDS.split())


def atoms(written: str, shown: MappedText, clock: Clock, language: str) -> list[Atom]:
    """The atoms of a text as it is shown, each with its time."""
    atoms = []
    ends = _ends_of_lines(written, shown)
    for run in _RUN.finditer(shown.text):
        space = " "
        for begin, end in _units(run.group(), run.start(), language):
            atoms.append(
                Atom(
                    text := shown.text[begin:end],
                    space,
                    clock.at(shown.origin[begin]),
                    clock.at(shown.origin[end - 1] + 1, after=True),
                    ends.get(end, _ending(text)),
                    columns(text),
                )
            )
            space = ""
    return atoms


def _ends_of_lines(written: str, shown: MappedText) -> dict[int, int]:
    """Where lines end, and how good a cut is there: 0, or -1 at an item of a list."""
    if "\n" not in shown.text:
        return {}
    starts = [0, *(found.end() for found in re.finditer("\n", shown.text))]
    first = [shown.origin[place] for place in starts if place < len(shown.text)]
    lines = [written[written.rfind("\n", 0, at) + 1 :].partition("\n")[0] for at in first]
    found = marks(lines)
    return {
        start - 1: -1 if found[k] or found[k + 1] else 0
        for k, start in enumerate(starts[1 : len(first)])
    }


def _units(run: str, at: int, language: str) -> Iterator[tuple[int, int]]:
    """Where the atoms of a run without spaces begin and end; `at` is the run's own place."""
    if run.isascii() and len(run) <= LINE - 4:
        yield at, at + len(run)
        return
    for begin, end in _spans(run, language):
        # Korean letters are wide but stay together as words; forty of them are too many.
        most = (LINE - 4) // max(map(columns, run[begin:end]))
        piece = begin
        while piece < end:
            stop = _whole(run, piece, min(piece + most, end))
            yield at + piece, at + stop
            piece = stop


def _spans(run: str, language: str) -> Iterator[tuple[int, int]]:
    """The words or phrases of a run, where they are known; else what may stand apart."""
    known: list[str] = []
    for each in [] if run.isascii() else phrases(run, language):
        if known and (each[0] in _CLOSERS or _joined(known[-1][-1], each[0])):
            known[-1] += each
        else:
            known.append(each)
    if len(known) > 1:
        ends = list(accumulate(map(len, known)))
        yield from zip([0, *ends], ends, strict=False)
    else:
        yield from (found.span() for found in _UNIT.finditer(run))


def _whole(run: str, begin: int, end: int) -> int:
    """The last place up to `end` at which no letter is parted from its marks."""
    stop = end
    while begin + 1 < stop < len(run) and _joined(run[stop - 1], run[stop]):
        stop -= 1
    return stop if stop > begin + 1 or not _joined(run[begin], run[begin + 1 : begin + 2]) else end


_AFTER = "\u0e30\u0e32\u0e33\u0e45\u0e46\u0eb0\u0eb2\u0eb3\ufe0e\ufe0f\u200d"
_BEFORE = "\u0e40\u0e41\u0e42\u0e43\u0e44\u0ec0\u0ec1\u0ec2\u0ec3\u0ec4\u200d"
_VIRAMAS = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca\u1039\u17d2"


def _joined(left: str, right: str) -> bool:
    """Whether two characters are of one letter, as a reader sees it (a grapheme cluster)."""
    if not right or not left:
        return False
    mark = (
        unicodedata.category(right) in ("Mn", "Mc", "Me") or "\U0001f3fb" <= right <= "\U0001f3ff"
    )
    return mark or right in _AFTER or left in _BEFORE or left in _VIRAMAS


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
        self.width = _sums(atom.width + len(atom.space) for atom in atoms)
        self.start = [atom.start for atom in atoms] + [atoms[-1].end] if atoms else []
        self.ending = [3.0 + (0, 2, 9, 16)[_ends(atoms, end)] for end in range(1, len(atoms) + 1)]
        # what is better not within a piece: ends of sentences and items, pauses, and a question
        # together with its answer
        self.within = _sums(
            3 * (a.ends <= 0)
            + 300 * (a.ends < 0)
            + 8 * (b.start - a.end > SHORTEST)
            + 60 * (b.start - a.end > THINKING and _asks(a))
            for a, b in pairwise(atoms)
        )

    def __call__(self, begin: int, end: int) -> float:
        width, seconds = self.width[end] - self.width[begin], self.start[end] - self.start[begin]
        cost = self.ending[end - 1] + 4 * (1 - width / (LINES * LINE)) ** 2
        cost += self.within[end - 1] - self.within[begin]
        if seconds < 1.3 * SHORTEST:
            cost += 12 * (1.3 * SHORTEST - seconds)
        elif seconds > LONGEST:
            cost += 4 * (seconds - LONGEST)
        return cost + (0.5 * (15 - width) if width < 15 else 0.0)


def _ends(atoms: Sequence[Atom], end: int) -> int:
    """How good a place to cut there is before the atom `end`; a sentence's first word alone belongs
    to what comes next.
    """
    here = atoms[end - 1].ends
    return 3 if here in (1, 2) and end > 1 and atoms[end - 2].ends <= 0 else max(0, here)


def _asks(atom: Atom) -> bool:
    return atom.text.rstrip(CLOSING).endswith(("?", "？", "؟"))


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
            uneven = abs(sides[0] - sides[1]) + (0, 4, 10, 24)[_ends(piece, cut)]
            choices.append((uneven, cut, [upper, lower]))
    return min(choices)[-1]


def text_of(piece: Sequence[Atom]) -> str:
    """The text of a piece in one line."""
    return "".join(atom.space + atom.text for atom in piece).strip()


# Cues → WebVTT and SubRip, whatever their text holds.


def to_vtt(cues: Iterable[Cue]) -> str:
    """The cues as a WebVTT file. Nothing in their text can end a cue or become a tag; a voice tag
    names the speaker where another begins."""
    blocks = ["WEBVTT"]
    latest: str | None = None
    for number, (cue, lines) in enumerate(_sound(cues), 1):
        escaped = [html.escape(line, quote=False) for line in lines]
        if cue.speaker != latest and cue.speaker:
            name = html.escape(" ".join(cue.speaker.split()), quote=False)
            escaped[0] = f"<v {name}>{escaped[0]}"
            escaped[-1] += "</v>"
        latest = cue.speaker
        times = f"{_time(cue.start, '.')} --> {_time(cue.end, '.')}"
        blocks.append("\n".join([str(number), times, *escaped]))
    return "\n\n".join(blocks) + "\n"


def to_srt(cues: Iterable[Cue]) -> str:
    """The cues as a SubRip file, in which nothing can be escaped: what a player could take
    for a time or a tag is written with characters that look like it.
    """
    blocks = []
    for number, (cue, lines) in enumerate(_sound(cues), 1):
        plain = [_TAG.sub("(", line.replace("-->", "→").translate(_ANGLES)) for line in lines]
        times = f"{_time(cue.start, ',')} --> {_time(cue.end, ',')}"
        blocks.append("\n".join([str(number), times, *plain]))
    return "\n\n".join(blocks) + "\n" if blocks else ""


_ANGLES = str.maketrans("<>", "‹›")
_TAG = re.compile(r"\{(?=\\|[A-Za-z]:)")


def _sound(cues: Iterable[Cue]) -> Iterator[tuple[Cue, list[str]]]:
    """Cues that a file can hold, by their start, with the lines that are left of their text."""
    usable = (cue for cue in cues if math.isfinite(cue.start) and math.isfinite(cue.end))
    for cue in sorted(usable, key=lambda cue: cue.start):
        text = rewrite(MappedText.of(cue.text), HIDDEN).text
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        if lines and cue.end > cue.start >= 0:
            yield cue, lines


def _time(seconds: float, point: str) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}{point}{thousandths:03d}"


def cues(
    text: str,
    words: Sequence[Word],
    start: float,
    end: float,
    speech: Span | None = None,
    *,
    pauses: Sequence[Span] = (),
    language: str = "en",
    say: Mapping[str, str] | None = None,
) -> list[Cue]:
    """The captions of one section, which is shown from `start` to `end` (seconds of the video).

    `words` are those of `text` with their times; without them the text is laid out by the
    length of its spoken form over `speech`, the seconds of the section in which there is sound
    (all of it for None), its sentences by the `pauses` in that sound. Marks are not shown.
    Cues are in order, apart, within the section, at least `SHORTEST` long (or all of a shorter
    section), and of at most `LINES` lines of `LINE` columns; a text that is far too long for
    its time is cut, with "…". A text without a letter or digit has no cues.
    """
    first, last = math.ceil(start * 1000), math.floor(end * 1000)
    if last <= first:
        return []
    said = tuple(say.items()) if say else ()
    laid = _laid_out(text, tuple(words), last - first, speech, tuple(pauses), language, said)
    return [Cue((first + a) / 1000, (first + b) / 1000, shown) for a, b, shown in laid]


@lru_cache(maxsize=512)
def _laid_out(
    text: str,
    words: tuple[Word, ...],
    length: int,
    speech: Span | None,
    pauses: tuple[Span, ...],
    language: str,
    say: tuple[tuple[str, str], ...],
) -> tuple[tuple[int, int, str], ...]:
    """As `cues`, of a section of `length` milliseconds: from when to when, and the lines. A lesson
    that is finished asks for the same ones again.
    """
    most = max(1, length // 1000)
    text = text[: 4 * LINES * LINE * (most + 2)]
    if not any(character.isalnum() for character in text):
        return ()
    shown = _shown(text)
    if not any(character.isalnum() for character in shown.text):
        return ()
    clock = Clock.of(
        text, words, speech, length / 1000, pauses=pauses, language=language, say=dict(say)
    )
    # A line of Arabic that begins with a Latin word would run the wrong way without a mark.
    mark = "\u200f" if _right_to_left(shown.text) else ""
    room, kept = LINE - 4 * len(mark), measures_kept if mark else str
    pieces = cut(atoms(text, shown, clock, language), most, room)
    return tuple(
        (a, b, "\n".join(mark + kept(line) for line in lines(piece, room)))
        for piece, (a, b) in zip(pieces, _settle(pieces, length), strict=True)
    )


def turn_cues(
    turns: Sequence[tuple[str | None, str]],
    words: Sequence[Word],
    start: float,
    end: float,
    speech: Span | None = None,
    language: str = "en",
) -> list[Cue]:
    """The captions of a section that several speak: for each turn who says it (None where nobody
    is named) and its text. No cue holds the words of two. `words` are those of all turns, in
    order; further arguments as in `cues`.
    """
    parts = _words_of_turns([text for _, text in turns], words)
    first, last = speech or (0.0, end - start)
    begins = [part[0].start if part else None for part in parts]
    begins[:1] = [min(first, begins[0]) if begins and begins[0] is not None else first]
    found: list[Cue] = []
    for number, ((speaker, text), part) in enumerate(zip(turns, parts, strict=True)):
        begin = begins[number]
        following = next((each for each in begins[number + 1 :] if each is not None), None)
        if begin is None or (number and not part):
            continue
        until = end - start if following is None else following
        shifted = [replace(w, start=w.start - begin, end=w.end - begin) for w in part]
        spoken = (0.0, max(0.0, (last if following is None else until) - begin))
        made = cues(text, shifted, start + begin, start + until, spoken, language=language)
        found += [replace(cue, speaker=speaker) for cue in made]
    return found


def _words_of_turns(texts: Sequence[str], words: Sequence[Word]) -> list[list[Word]]:
    """The words of each turn, as far as they stand in it, in order."""
    parts: list[list[Word]] = []
    left = list(words)
    for text in texts:
        part, at = [], 0
        while left and (place := text.find(left[0].text, at)) >= 0:
            at = place + len(left[0].text)
            part.append(left.pop(0))
        parts.append(part)
    return parts


def _right_to_left(text: str) -> bool:
    if text.isascii():
        return False
    sides = [unicodedata.bidirectional(character) for character in text]
    return sum(side in ("R", "AL") for side in sides) > sides.count("L")


def _settle(pieces: Sequence[Sequence[Atom]], length: int) -> list[tuple[int, int]]:
    """From when to when each piece is shown, in milliseconds of a section of `length`."""
    least = int(SHORTEST * 1000)
    if len(pieces) == 1 and length < least:
        return [(0, length)]
    starts = [round(piece[0].start * 1000) for piece in pieces]
    for k, start in enumerate(starts):
        starts[k] = max(start, starts[k - 1] + least if k else 0)
    latest = length
    for k in reversed(range(len(starts))):
        latest = starts[k] = min(starts[k], latest - least)
    settled = []
    for piece, start, following in zip(pieces, starts, [*starts[1:], length], strict=True):
        read = round(1000 * len(text_of(piece)) / READING)
        end = min(following, max(round(piece[-1].end * 1000), start + max(least, read)))
        if following - end < 1000 * FLICKER and following < length:
            end = following
        settled.append((start, end))
    return settled
