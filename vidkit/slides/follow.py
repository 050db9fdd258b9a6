"""When each item of a slide is spoken of, and what is shown when: a slide that follows the voice.

`spoken_times` finds the words of the items among those of the narration, both as they are *spoken*:
"v = g * t" meets "v equals g times t", "42 °C" meets "42 degrees Celsius". Its rules, from the
surest:

    run      the item's words, or the first four of them, stand in the narration in this order
    window   all its content words stand close together
    most     most of them, weighed by how rare they are, stand in one sentence
    side     one side of an equation is said: "F = m * g" by "m times g"
    symbols  most of its symbols are said in one sentence, by their letters or their names
    head     what stands before or after ": " or "? ", without its brackets or in them, is said
    initials it is an abbreviation, and words with its letters are said: "ALU"
    gloss    the name is not said, but what is said of it is
    word     its rarest word of five letters or more is said, at most twice
    scene    of its words and of what the picture shows around it two are said close together

`moments` makes of the times what is whole, paler, faint or away from when on.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ..text.captions import Word
from ..text.speech import spoken
from .analysis import grammar, stem
from .slide import Item

VERSION = 3
"""Counts up when the same words give other moments or packets; part of a clip's key."""

Reveal = Literal["follow", "spotlight", "still"]

LEAD = 0.25
"""Seconds by which an item is seen before it is heard."""
LEAST = 0.9
"""Seconds that a state stays at least; what comes sooner appears together."""
SAID = 0.55
"""What is left of the contrast of an item that has been said: text on the light paper keeps
3.6 : 1, above the 3 : 1 that WCAG 2 asks of large text."""
FAINT = 0.17
"""What is left of the contrast of an item that is still to come: one sees where, not what."""
CLOSING = 1.2
"""Seconds at the end in which all of it is whole."""
NEAR = 8
"""Words of the narration within which two words are said close together."""
LONGEST = 6.0
"""Seconds after which something changes although nothing new is spoken of."""

_DIGITS = {"0": "zero", "1": "one", "2": "two"}
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_ELIDED = re.compile(r"[^\W_]+")  # French "l'aspire" is two words
_RELATION = re.compile(r"<=|>=|!=|->|[=≈<>≤≥≠→∝≡]")
_SENTENCE_END = re.compile(r"[.!?…:;。！？]\s|[。！？]|\n")


@dataclass(frozen=True, slots=True)
class Found:
    """When an item is spoken of, in seconds, and the rule that found it."""

    seconds: float
    rule: str


@dataclass(frozen=True, slots=True)
class Moment:
    """From `start` seconds on each item has its level: 1 is whole, 0 is away. `page` is the slide
    of the section that is shown, from 0.
    """

    start: float
    levels: Mapping[str, float] = field(default_factory=dict)
    page: int = 0


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A place in the narration, by its token, where an item may be meant; cheaper is surer."""

    token: int
    cost: float
    rule: str


class Narrated:
    """A narration as the tokens that are spoken, each with its time and the number of its sentence.

    Where `words` is empty the tokens are laid over `speech`, from and to which there is sound, by
    their letters.
    """

    def __init__(
        self,
        text: str,
        words: Sequence[Word],
        language: str = "en",
        say: Mapping[str, str] | None = None,
        speech: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        self.language, self._say = language, say
        self._token = _TOKEN if language.startswith("en") else _ELIDED
        told = spoken(text, language, say)
        self.tokens: list[str] = []
        self.times: list[float] = []
        self.sentence: list[int] = []
        places = _placed(text, words)
        sentence = last = at = 0
        for match in self._token.finditer(told.text):
            if self.tokens and _SENTENCE_END.search(told.text[last : match.start() + 1]):
                sentence += 1
            last = match.end()
            origin = told.origin[match.start()]
            while at + 1 < len(places) and places[at + 1][0] <= origin:
                at += 1
            if places:
                start, end, word = places[at]
                part = min(1.0, max(0.0, (origin - start) / max(1, end - start)))
                time = word.start + part * (word.end - word.start)
            else:
                part = match.start() / max(1, len(told.text))
                time = speech[0] + part * (speech[1] - speech[0])
            self.tokens.append(_key(match[0]))
            self.times.append(time)
            self.sentence.append(sentence)
        self.count = Counter(self.tokens)
        self._stop = frozenset(_key(word) for word in grammar(language).stop)

    @property
    def sentence_starts(self) -> list[float]:
        """The seconds at which sentences begin."""
        return [
            time
            for i, time in enumerate(self.times)
            if i == 0 or self.sentence[i] != self.sentence[i - 1]
        ]

    def of(self, text: str) -> list[str]:
        """`text` as it would be spoken, in tokens; a bare year as a year."""
        if re.fullmatch(r"\s*(?:1\d|20)\d\d\s*", text):
            return self.of(f"in {text}")[1:]
        if text in _DIGITS and self.language.startswith("en") and text not in self.count:
            return [_DIGITS[text]]
        told = spoken(text, self.language, self._say).text
        return [self._as_said(_key(token)) for token in self._token.findall(told)]

    def _as_said(self, token: str) -> str:
        """The token of the narration that differs from a long `token` only by how it ends, or is
        the last part of it, or of which it is the beginning: "reconfigure" for "reconfigurable",
        "mask" for "photomask", "specification" for "specs".
        """
        if token in self.count or len(token) < 4:
            return token
        near = [
            said
            for said in self.count
            if (len(token) >= 7 and said[:7] == token[:7])
            or (len(said) > 3 and token[3:].endswith(said))
            or (len(said) >= 2 * len(token) and said.startswith(token))
        ]
        return near[0] if len(near) == 1 else token

    def content(self, tokens: Sequence[str]) -> list[str]:
        """Those of `tokens` that carry meaning, or all where none does."""
        kept = [t for t in tokens if t not in self._stop and (len(t) > 1 or t.isdigit())]
        return kept or list(tokens)

    def runs(self, tokens: Sequence[str]) -> list[int]:
        """Where all of `tokens`, or four of the first ones, stand one after the other."""
        whole = self.exact(tokens)
        if whole or len(tokens) < 5:
            return whole
        for start in range(min(3, len(tokens) - 3)):
            if found := self.exact(tokens[start : start + 4]):
                return found
        return []

    def first(self, text: str) -> float:
        """The seconds at which `text` is first said, or most of it; infinite where it is not."""
        tokens = self.of(text)
        places = self.runs(tokens) or [i for i, _ in self.windows(tokens)] or self.most(tokens)
        return self.times[places[0]] if places else math.inf

    def exact(self, tokens: Sequence[str]) -> list[int]:
        """Where all of `tokens` stand one after the other."""
        n = len(tokens)
        if not n:
            return []
        first, rest = tokens[0], list(tokens)
        return [
            i
            for i in range(len(self.tokens) - n + 1)
            if self.tokens[i] == first and self.tokens[i : i + n] == rest
        ]

    def windows(self, tokens: Sequence[str]) -> list[tuple[int, int]]:
        """Where the content words of `tokens` stand close together, in any order: the place, and
        how many tokens it takes; of places that overlap the shortest.
        """
        wanted = set(self.content(tokens))
        room = 2 * len(wanted) + 3
        found: list[tuple[int, int]] = []
        for i, token in enumerate(self.tokens):
            if token not in wanted:
                continue
            missing, end = set(wanted), i
            while missing and end < min(len(self.tokens), i + room):
                missing.discard(self.tokens[end])
                end += 1
            if missing:
                continue
            if found and i < found[-1][0] + found[-1][1]:
                if end - i < found[-1][1]:
                    found[-1] = (i, end - i)
                continue
            found.append((i, end - i))
        return found

    def most(self, tokens: Sequence[str], least: float = 0.6) -> list[int]:
        """Where a sentence has at least the share `least` of what `tokens` mean."""
        wanted = set(self.content(tokens))
        weight = {t: 1 / math.log2(2 + self.count[t]) if self.count[t] else 1.0 for t in wanted}
        total = sum(weight.values())
        inside: dict[int, list[int]] = {}
        for i, token in enumerate(self.tokens):
            if token in wanted:
                inside.setdefault(self.sentence[i], []).append(i)
        found = []
        for places in inside.values():
            hit = {self.tokens[i] for i in places}
            enough = sum(weight[t] for t in hit) >= least * total
            if enough and (len(hit) > 1 or len(wanted) == 1):
                found.append(places[0])
        return found


def _placed(text: str, words: Sequence[Word]) -> list[tuple[int, int, Word]]:
    """Where each timed word is written in `text`."""
    found, at = [], 0
    for word in words:
        place = text.find(word.text, at)
        if place >= 0:
            found.append((place, place + len(word.text), word))
            at = place + len(word.text)
    return found


def _key(word: str) -> str:
    return stem(word.lower().replace("’", "'").removesuffix("'s"))


# ------------------------------------------------------------ from items to times


def spoken_times(items: Sequence[Item], narrated: Narrated) -> list[Found | None]:
    """When each of `items` is spoken of; None for one that is not, or has no words.

    Items of a kind that has an order are given times that do not fall, but for a step to which a
    way back leads and that is only spoken of then; a held one is looked for after those that it
    follows.
    """
    found: list[Found | None] = [None] * len(items)
    if not narrated.tokens:
        return found
    back = {item.after[-1] for item in items if item.kind == "loop"}
    kinds: dict[str, list[int]] = {}
    for i, item in enumerate(items):
        if item.text or item.gloss:
            kinds.setdefault(_kind(item), []).append(i)
    for members in kinds.values():
        options = [_candidates(items[i], narrated) for i in members]
        for place, i in enumerate(members):
            if items[i].held or items[i].kind == "choice":
                floor = _latest(items[i].after, items, found)
                options[place] = [c for c in options[place] if narrated.times[c.token] > floor]
        if items[members[0]].ordered:
            chosen = _rising(options)
        else:
            chosen = [
                min(o, key=lambda c: (round(c.cost, 1), c.token), default=None) for o in options
            ]
        for i, candidate in zip(members, chosen, strict=True):
            if candidate is not None:
                found[i] = Found(narrated.times[candidate.token], candidate.rule)
        for i, candidates in zip(members, options, strict=True):
            if found[i] is None and candidates and items[i].key in back:
                again = min(candidates, key=_cheapest)
                found[i] = Found(narrated.times[again.token], again.rule)
    return found


def _cheapest(candidate: _Candidate) -> tuple[float, int]:
    return round(candidate.cost, 2), candidate.token


def _kind(item: Item) -> str:
    """Items of one kind are ordered among themselves; the points of each side for themselves."""
    return item.key.rpartition(".")[0] if item.key.startswith("sidepoint") else item.kind


def _latest(keys: Sequence[str], items: Sequence[Item], found: Sequence[Found | None]) -> float:
    times = [f.seconds for i, f in zip(items, found, strict=True) if f and i.key in keys]
    return max(times, default=-1.0)


def _candidates(item: Item, narrated: Narrated) -> list[_Candidate]:
    """The places of the surest rule that finds one."""
    if item.kind == "equation":  # of its words only all in a row are evidence
        runs = [_Candidate(i, 0.0, "run") for i in narrated.runs(narrated.of(item.text))]
        found = runs or _by_side(item.text, narrated) or _by_symbols(item.text, narrated)
        return found or _by_scene(item, narrated) or _by_variable(item.text, narrated)
    places = _by_words(item.text, narrated)
    if not places or places[0].rule == "most":  # a part that stands together is surer
        parts = _by_part(item.text, narrated)
        surer = [c for c in parts if not places or c.cost < places[0].cost]
        places = surer or places
    places = places or _by_initials(item.text, narrated)
    gloss = narrated.of(item.gloss) if item.gloss else []
    said = (narrated.runs(gloss) or narrated.most(gloss, 0.7)) if gloss else []
    if places and said:  # a name that is said more than once is meant where its gloss is nearest
        apart = {c.token: min(abs(g - c.token) for g in said) for c in places}
        best = min(apart.values())
        return [replace(c, cost=c.cost + (-0.2 if apart[c.token] == best else 0.2)) for c in places]
    if places:
        return places
    if said:
        return [_Candidate(i, 0.9, "gloss") for i in said]
    rarest = [] if item.kind == "chip" else _by_rarest(item.text, narrated)
    return rarest or _by_scene(item, narrated)


def _by_part(text: str, narrated: Narrated) -> list[_Candidate]:
    """Where a name without its brackets, what stands in them, or one side of ": " is said."""
    bare = re.sub(r"\s*\([^()]*\)", "", text)
    before, *after = re.split(r"\s?[:?!] ", bare, maxsplit=1)
    for part in (before.strip(), *re.findall(r"\(([^()]*)\)", text), *after):
        if part and part != text and (found := _by_words(part, narrated)):
            return [replace(c, cost=c.cost + 0.2, rule="head") for c in found]
    return []


def _by_scene(item: Item, narrated: Narrated) -> list[_Candidate]:
    """Where two of the words of an item, and of what the picture shows around it, are said close
    together, or a long one that is said only once; the more of them, the cheaper.
    """
    own = "" if item.scene and _RELATION.search(item.text) and item.kind == "chip" else item.text
    wanted = set(narrated.content(narrated.of(f"{item.scene} {own}")))
    if not item.scene and len(wanted) < 3:
        return []
    alone = wanted if item.kind == "chip" else set(narrated.of(own)) if item.scene else ()
    weight = {t: 1 / math.log2(2 + narrated.count[t]) for t in wanted if narrated.count[t]}
    found: dict[int, float] = {}
    for i, token in enumerate(narrated.tokens):
        if token in weight:
            close = {t for t in narrated.tokens[i : i + NEAR] if t in weight}
            if len(close) > 1:
                found[i] = sum(weight[t] for t in close)
            elif token in alone and len(token) >= 6 and narrated.count[token] == 1:
                found[i] = 0.0
    most = max(found.values(), default=0.0)
    return [_Candidate(i, 1.3 + 0.2 * (most - worth), "scene") for i, worth in found.items()]


def _by_variable(text: str, narrated: Narrated) -> list[_Candidate]:
    """Where the one variable of an equation is said, if its letter has a name: lambda."""
    name, *rest = narrated.of(_RELATION.split(text)[0]) or [""]
    places = narrated.exact([name]) if len(name) > 3 and not rest else []
    return [_Candidate(i, 1.4, "symbols") for i in places]


def _by_initials(text: str, narrated: Narrated) -> list[_Candidate]:
    """Where words are said whose first letters are those of an abbreviation."""
    letters = text.lower()
    if not re.fullmatch("[A-Z]{3,6}", text):
        return []
    spelt = "".join(token[0] for token in narrated.tokens)
    places = (match.start() for match in re.finditer(f"(?={letters})", spelt))
    return [_Candidate(i, 0.4, "initials") for i in places]


def _by_words(text: str, narrated: Narrated) -> list[_Candidate]:
    tokens = narrated.of(text)
    if not tokens:
        return []
    if runs := narrated.runs(tokens):
        return [_Candidate(i, 0.0, "run") for i in runs]
    if windows := narrated.windows(tokens):
        loose = 0.02  # for each token too many: the closest one is meant
        return [_Candidate(i, 0.3 + loose * max(0, n - len(tokens)), "window") for i, n in windows]
    return [_Candidate(i, 0.6, "most") for i in narrated.most(tokens)]


def _by_side(text: str, narrated: Narrated) -> list[_Candidate]:
    for side in reversed(_RELATION.split(text)):
        tokens = narrated.of(side)
        if len(tokens) > 1 and (found := narrated.exact(tokens)):
            return [_Candidate(i, 0.5, "side") for i in found]
    return []


def _by_symbols(text: str, narrated: Narrated) -> list[_Candidate]:
    """Sentences that say most of the symbols of an equation, by their letters or by name."""
    letters = re.findall(r"(?<![^\W\d_])[^\W\d_](?![^\W\d_])", text)
    symbols = {letter for letter in letters if letter.isalpha()}  # "½" is none
    if len(symbols) < 2 or not narrated.language.startswith("en"):
        return []
    said: dict[int, dict[str, int]] = {}
    for i, token in enumerate(narrated.tokens):
        for symbol in symbols:
            # the article is no symbol
            letter = token == symbol.lower() and token not in ("a", "i")
            if letter or token in _QUANTITIES.get(symbol, ()):
                said.setdefault(narrated.sentence[i], {}).setdefault(symbol, i)
    most = max(map(len, said.values()), default=0)
    if most < 2 or most < 0.6 * len(symbols):
        return []
    return [
        _Candidate(min(each.values()), 0.7, "symbols")
        for each in said.values()
        if len(each) == most
    ]


_QUANTITIES: Mapping[str, frozenset[str]] = {
    symbol: frozenset(_key(name) for name in names.split())
    for symbol, names in {
        "F": "force weight",
        "m": "mass",
        "a": "acceleration area",
        "A": "area amplitude",
        "v": "speed velocity",
        "V": "volume voltage potential",
        "t": "time",
        "T": "temperature period tension",
        "d": "distance",
        "s": "distance displacement",
        "E": "energy",
        "W": "work weight",
        "P": "power pressure",
        "p": "pressure momentum",
        "U": "voltage",
        "I": "current",
        "R": "resistance",
        "r": "radius",
        "c": "speed concentration",
        "f": "frequency",
        "q": "charge",
        "Q": "heat charge",
        "h": "height",
        "n": "number",
    }.items()
}
"""What symbols of equations are called, in English."""


def _by_rarest(text: str, narrated: Narrated) -> list[_Candidate]:
    content = narrated.content(narrated.of(text))
    short = {_key(name) for name in re.findall(r"\b[A-Z]{3,5}\b", text)}  # "HDL" is rare, too
    rare = [t for t in content if (len(t) >= 5 or t in short) and 0 < narrated.count[t] <= 2]
    if not rare or len(rare) * 3 < len(content):
        return []
    best = min(rare, key=lambda t: (narrated.count[t], -len(t)))
    return [_Candidate(i, 1.2, "word") for i, t in enumerate(narrated.tokens) if t == best]


def _rising(options: Sequence[Sequence[_Candidate]]) -> list[_Candidate | None]:
    """The cheapest choice of one candidate each, or none at the cost of 2, in rising order."""
    ways: dict[int, tuple[float, list[_Candidate | None]]] = {-1: (0.0, [])}
    for each in options:
        following: dict[int, tuple[float, list[_Candidate | None]]] = {}
        for last, (cost, path) in ways.items():
            for choice in (None, *(c for c in each if c.token >= last)):
                at = last if choice is None else choice.token
                total = cost + (2.0 if choice is None else choice.cost)
                if at not in following or total < following[at][0]:
                    following[at] = (total, [*path, choice])
        ways = following
    return min(ways.items(), key=lambda way: (round(way[1][0], 2), way[0]))[1][1]


def between(
    items: Sequence[Item], found: Sequence[Found | None], narrated: Narrated, end: float
) -> list[Found | None]:
    """`found` with a time for every item that has words: one of which nothing is said comes with
    the sentence nearest to the middle between its neighbours, a held one with the last sentence. A
    label at the foot that is not spoken of gets none: it is there all the time.
    """
    out = list(found)
    starts = narrated.sentence_starts or [0.0]
    for i, item in enumerate(items):
        if out[i] is not None or not (item.text or item.gloss) or item.kind == "chip":
            continue
        if item.held:
            out[i] = Found(max(starts[-1], _latest(item.after, items, out) + LEAST), "between")
            continue
        same = [j for j, other in enumerate(items) if _kind(other) == _kind(item)]
        before = [f.seconds for j in same if j < i and (f := out[j])]
        if item.kind == "choice":
            before.append(_latest(item.after, items, out))
        after = [f.seconds for j in same if j > i and (f := found[j])]
        low = max(before, default=0.0)
        high = min((t for t in after if t >= low), default=end)
        open_ = 1
        for j in same:
            if j > i:
                if found[j] is not None:
                    break
                open_ += 1
        wanted = low + (high - low) / (open_ + 1) if before else low
        inside = [s for s in starts if low <= s < high] or [low]
        out[i] = Found(min(inside, key=lambda s: abs(s - wanted)), "between")
    return out


# ------------------------------------------------------------ from times to what is shown


def moments(
    items: Sequence[Item],
    times: Sequence[Found | None],
    seconds: float,
    reveal: Reveal = "follow",
    pages: Mapping[str, int] | None = None,
) -> list[Moment]:
    """What is shown of `items` from when on, over `seconds`; the first moment is at 0.

    `pages` tells on which slide of the section an item stands, the first for those that it does
    not name. Without a single time there is one moment, in which all is whole.
    """
    pages = pages or {}
    if reveal == "still" and not any(pages.values()):
        return [Moment(0.0)]
    steps = _steps(items, times)
    if not steps:
        return [Moment(0.0)]
    shown = _Shown(items, reveal, pages)
    shown.always = {
        item.key
        for item, when in zip(items, times, strict=True)
        if when is None and (item.text or item.gloss)
    }
    found = [Moment(0.0, shown.levels(), shown.page)] if steps[0][0] > 0 else []
    for start, keys in steps:
        shown.say(keys)
        found.append(Moment(start, shown.levels(), shown.page))
    if reveal == "still":  # nothing is paler, but the slides of the section take turns
        turns = [m for i, m in enumerate(found) if not i or m.page != found[i - 1].page]
        return [Moment(m.start, shown.whole(), m.page) for m in turns]
    close = seconds - CLOSING
    if len(found) > 1 and close > found[-1].start + LEAST:
        found.append(Moment(close, shown.whole(), shown.page))
    return _unhurried(found, items)


def _steps(items: Sequence[Item], times: Sequence[Found | None]) -> list[tuple[float, list[str]]]:
    """The keys that appear together, and when, in order."""
    timed = [(f.seconds, item) for item, f in zip(items, times, strict=True) if f]
    steps: list[tuple[float, list[str]]] = []
    for when, item in sorted(timed, key=lambda each: each[0]):
        start = max(0.0, when - LEAD)
        if steps and start - steps[-1][0] < LEAST and not item.held:
            steps[-1][1].append(item.key)
        else:
            start = max(start, steps[-1][0] + LEAST) if steps else start
            steps.append((start, [item.key]))
    if steps and steps[0][0] < LEAST:  # a bare headline that goes at once tells nobody anything
        steps[0] = (0.0, steps[0][1])
    return steps


class _Shown:
    """What has been said so far, and the levels that follow from it."""

    def __init__(self, items: Sequence[Item], reveal: Reveal, pages: Mapping[str, int]) -> None:
        self._items, self._pages = items, pages
        self._spotlight = reveal == "spotlight"
        self._order: dict[str, int] = {}
        self._now: dict[str, set[str]] = {}
        self.always: set[str] = set()
        self.page = min((pages.get(item.key, 0) for item in items), default=0)

    def say(self, keys: Sequence[str]) -> None:
        """`keys` are spoken of from now on."""
        panels = {f"side.{key.split('.')[1]}" for key in keys if key.startswith("sidepoint")}
        keys = [*keys, *sorted(panels - set(keys))]
        groups = {_group(key) for key in keys}
        for group in groups:
            self._now[group] = {key for key in keys if _group(key) == group}
        for key in keys:
            self._order[key] = max(self._order.values(), default=-1) + 1
            self.page = self._pages.get(key, 0)

    def levels(self) -> dict[str, float]:
        """The level of each item now."""
        now = set().union(*self._now.values()) if self._now else set()
        if self._spotlight and not now:
            return {item.key: 0.0 if item.held else 1.0 for item in self._items}
        return {item.key: self._level(item, now) for item in self._items}

    def whole(self) -> dict[str, float]:
        """All that there is, whole."""
        return {item.key: 1.0 for item in self._items}

    def _level(self, item: Item, now: set[str]) -> float:
        if item.key in self.always:
            return 1.0
        if item.key in self._order:
            return 1.0 if item.key in now else SAID
        if not (item.text or item.gloss) and item.after:  # an arrow: it comes with its ends
            if not self._joined(item):
                return SAID if self._spotlight else FAINT
            return 1.0 if max(item.after, key=self._order.__getitem__) in now else SAID
        if item.held or any(key not in self._order for key in item.after if item.kind == "choice"):
            return 0.0
        return SAID if self._spotlight else FAINT

    def _joined(self, item: Item) -> bool:
        wordless = not (item.text or item.gloss)
        return wordless and bool(item.after) and all(key in self._order for key in item.after)


def _group(key: str) -> str:
    """Items of one group take each other's place as what is spoken of now."""
    kind = key.split(".")[0].rpartition("/")[2]
    return kind if "point" in kind else "figure"


def _unhurried(found: Sequence[Moment], items: Sequence[Item]) -> list[Moment]:
    """`found` with rests in each gap that is too long: what was said becomes whole again, and what
    is to come, but for what is held back, a little clearer; it stays so.
    """
    open_ = [item.key for item in items if not item.held]
    clear = 0.0
    out: list[Moment] = []
    for i, moment in enumerate(found):
        levels = {
            key: max(level, clear) if 0 < level < SAID else level
            for key, level in moment.levels.items()
        }
        out.append(replace(moment, levels=levels))
        if i + 1 == len(found):
            break
        gap = found[i + 1].start - moment.start
        rests = math.ceil(gap / LONGEST) - 1 if gap > LONGEST + LEAST else 0
        clear = max(clear, FAINT) if rests else clear
        clearer = min(FAINT, (SAID - 0.05 - clear) / max(1, rests))
        for n in range(rests):
            clear = round(clear + clearer, 3)
            levels = {
                key: level if key not in open_ or not level else 1.0 if level >= SAID else clear
                for key, level in levels.items()
            }
            if levels == dict(out[-1].levels):  # then nothing of it is spoken of any more
                levels = {key: SAID if level >= 1 else level for key, level in levels.items()}
            if levels != dict(out[-1].levels):
                out.append(Moment(moment.start + gap * (n + 1) / (rests + 1), levels, moment.page))
    return out
