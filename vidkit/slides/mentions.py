"""Where a narration speaks of something.

Both are compared as they are *spoken*: "v = g * t" meets "v equals g times t", "42 °C" meets
"42 degrees Celsius". The rules of `mentions`, from the surest:

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
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from ..text.speech import spoken
from ..text.timing import Word, placed
from .analysis import grammar, stem
from .figures import Item

NEAR = 8
"""Words of the narration within which two words are said close together."""
_DIGITS = {"0": "zero", "1": "one", "2": "two"}
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_ELIDED = re.compile(r"[^\W_]+")  # French "l'aspire" is two words
_RELATION = re.compile(r"<=|>=|!=|->|[=≈<>≤≥≠→∝≡]")
_ASKING = re.compile(r"[?？؟]")
_SENTENCE_END = re.compile(r"[.!?…:;。！？]\s|[。！？]|\n")


@dataclass(frozen=True, slots=True)
class Mention:
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
        self._asks: set[int] = set()
        places = list(placed(text, words))
        sentence = last = at = 0
        for match in self._token.finditer(told.text):
            passed = told.text[last : match.start() + 1]
            if self.tokens and _SENTENCE_END.search(passed):
                if _ASKING.search(passed):
                    self._asks.add(sentence)
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
        self._stop = _stop_keys(language)

    @property
    def sentence_starts(self) -> list[float]:
        """The seconds at which sentences begin."""
        return [
            time
            for i, time in enumerate(self.times)
            if i == 0 or self.sentence[i] != self.sentence[i - 1]
        ]

    def asked(self, seconds: float) -> float:
        """When the last word is said of the questions that stand one after the other, of which the
        first is asked at `seconds`, or ever where that is below 0; `seconds` where none is.
        """
        if seconds < 0:
            sentence = min(self._asks, default=0)
        else:
            sentence = self.sentence[bisect_right(self.times, seconds) - 1]
        while sentence in self._asks:
            sentence += 1
        ended = bisect_left(self.sentence, sentence)
        return max(seconds, self.times[ended - 1]) if ended else seconds

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


def _key(word: str) -> str:
    return stem(word.lower().replace("’", "'").removesuffix("'s"))


@lru_cache(maxsize=32)
def _stop_keys(language: str) -> frozenset[str]:
    return frozenset(_key(word) for word in grammar(language).stop)


def mentions(item: Item, narrated: Narrated) -> list[Mention]:
    """The places of the surest rule that finds one."""
    if item.kind == "equation":  # of its words only all in a row are evidence
        runs = [Mention(i, 0.0, "run") for i in narrated.runs(narrated.of(item.text))]
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
        return [Mention(i, 0.9, "gloss") for i in said]
    lone = item.kind == "chip" and (" " not in item.text or re.search(r"[\d=<>]", item.text))
    rarest = [] if lone else _by_rarest(item.text, narrated)
    return rarest or _by_scene(item, narrated)


def given(item: Item, asked: str, narrated: Narrated, floor: float) -> list[Mention]:
    """Where an answer is given of which all that was found stands in what was `asked`: "How many
    guesses do I need? Seven are enough." It is in the sentence that follows at `floor`, with a word
    that was not in the question.
    """
    own = set(narrated.content(narrated.of(item.text))) - set(narrated.of(asked))
    start = bisect_right(narrated.times, floor)
    following = narrated.sentence[start : start + 1]
    places = range(start, bisect_right(narrated.sentence, following[0]) if following else start)
    return [Mention(i, 1.2, "head") for i in places if narrated.tokens[i] in own][:1]


def _by_part(text: str, narrated: Narrated) -> list[Mention]:
    """Where a name without its brackets, what stands in them, or one side of ": " is said."""
    bare = re.sub(r"\s*\([^()]*\)", "", text)
    before, *after = re.split(r"\s?[:?!] ", bare, maxsplit=1)
    for part in (before.strip(), *re.findall(r"\(([^()]*)\)", text), *after):
        if part and part != text and (found := _by_words(part, narrated)):
            return [replace(c, cost=c.cost + 0.2, rule="head") for c in found]
    return []


def _by_scene(item: Item, narrated: Narrated) -> list[Mention]:
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
    return [Mention(i, 1.3 + 0.2 * (most - worth), "scene") for i, worth in found.items()]


def _by_variable(text: str, narrated: Narrated) -> list[Mention]:
    """Where the one variable of an equation is said, if its letter has a name: lambda."""
    name, *rest = narrated.of(_RELATION.split(text)[0]) or [""]
    places = narrated.exact([name]) if len(name) > 3 and not rest else []
    return [Mention(i, 1.4, "symbols") for i in places]


def _by_initials(text: str, narrated: Narrated) -> list[Mention]:
    """Where words are said whose first letters are those of an abbreviation."""
    letters = text.lower()
    if not re.fullmatch("[A-Z]{3,6}", text):
        return []
    spelt = "".join(token[0] for token in narrated.tokens)
    places = (match.start() for match in re.finditer(f"(?={letters})", spelt))
    return [Mention(i, 0.4, "initials") for i in places]


def _by_words(text: str, narrated: Narrated) -> list[Mention]:
    tokens = narrated.of(text)
    if not tokens:
        return []
    if runs := narrated.runs(tokens):
        return [Mention(i, 0.0, "run") for i in runs]
    if windows := narrated.windows(tokens):
        loose = 0.02  # for each token too many: the closest one is meant
        return [Mention(i, 0.3 + loose * max(0, n - len(tokens)), "window") for i, n in windows]
    return [Mention(i, 0.6, "most") for i in narrated.most(tokens)]


def _by_side(text: str, narrated: Narrated) -> list[Mention]:
    for side in reversed(_RELATION.split(text)):
        tokens = narrated.of(side)
        if len(tokens) > 1 and (found := narrated.exact(tokens)):
            return [Mention(i, 0.5, "side") for i in found]
    return []


def _by_symbols(text: str, narrated: Narrated) -> list[Mention]:
    """Sentences that say most of the symbols of an equation, by their letters or by name."""
    letters = re.findall(r"(?<![^\W\d_])[^\W\d_](?![^\W\d_])", text)
    symbols = {letter for letter in letters if letter.isalpha()}  # "½" is none
    if len(symbols) < 2 or not narrated.language.startswith("en"):
        return []
    names = {symbol: _quantity(symbol, narrated.language) for symbol in symbols}
    said: dict[int, dict[str, int]] = {}
    for i, token in enumerate(narrated.tokens):
        for symbol in symbols:
            # the article is no symbol
            letter = token == symbol.lower() and token not in ("a", "i")
            if letter or token in names[symbol]:
                said.setdefault(narrated.sentence[i], {}).setdefault(symbol, i)
    most = max(map(len, said.values()), default=0)
    if most < 2 or most < 0.6 * len(symbols):
        return []
    return [
        Mention(min(each.values()), 0.7, "symbols") for each in said.values() if len(each) == most
    ]


@lru_cache(maxsize=256)
def _quantity(symbol: str, language: str) -> frozenset[str]:
    """What the quantity is called, as tokens, that a symbol stands for: "F" for a force."""
    return frozenset(_key(name) for name in grammar(language).quantities.get(symbol, "").split())


def _by_rarest(text: str, narrated: Narrated) -> list[Mention]:
    content = narrated.content(narrated.of(text))
    short = {_key(name) for name in re.findall(r"\b[A-Z]{3,5}\b", text)}  # "HDL" is rare, too
    rare = [t for t in content if (len(t) >= 5 or t in short) and 0 < narrated.count[t] <= 2]
    if not rare or len(rare) * 3 < len(content):
        return []
    best = min(rare, key=lambda t: (narrated.count[t], -len(t)))
    return [Mention(i, 1.2, "word") for i, t in enumerate(narrated.tokens) if t == best]
