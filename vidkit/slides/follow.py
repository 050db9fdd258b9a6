"""When each item of a slide is spoken of, and what is shown when: a slide that follows the voice.

`spoken_times` finds the words of the items among those of the narration (`mentions`), and
`moments` makes of their times what is whole, paler, faint or away from when on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from .figures import Item
from .mentions import Mention, Narrated, given, mentions

VERSION = 6
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
LONGEST = 6.0
"""Seconds after which something changes although nothing new is spoken of."""
STILL = 9.0
"""Seconds through which all that was said may stand there whole: only then it grows paler again."""


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
        options = [mentions(items[i], narrated) for i in members]
        for place, i in enumerate(members):
            if items[i].held or items[i].kind == "choice":
                floor = _latest(items[i].after, items, found)
                if items[i].held:
                    floor = narrated.asked(floor)
                later = [c for c in options[place] if narrated.times[c.token] > floor]
                if items[i].held and options[place] and not later:
                    asked = " ".join(item.text for item in items if item.key in items[i].after)
                    later = given(items[i], asked, narrated, floor)
                options[place] = later
        if items[members[0]].kind == "choice":
            read = _read_out(options, members, items, narrated)
            for i, named in zip(members, read, strict=False):
                found[i] = Found(narrated.times[named.token], named.rule)
            continue
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


def _read_out(
    choices: Sequence[Sequence[Mention]],
    members: Sequence[int],
    items: Sequence[Item],
    narrated: Narrated,
) -> list[Mention]:
    """Where the choices of a question are read out, one after the other and before its answer is
    given; empty where they are not, and only shown.
    """
    read: list[Mention] = []
    for options in choices:
        after = read[-1].token if read else -1
        later = [c for c in options if c.token > after]
        if not later:
            return []
        read.append(min(later, key=lambda c: c.token))
    answer = next((item for item in items if item.held), None)
    places = mentions(answer, narrated) if answer else []
    asked = narrated.asked(narrated.times[read[0].token - 1] if read[0].token else -1.0)
    given = [c.token for c in places if narrated.times[c.token] > asked]
    return read if not given or read[0].token <= min(given) else []


def _cheapest(candidate: Mention) -> tuple[float, int]:
    return round(candidate.cost, 2), candidate.token


def _kind(item: Item) -> str:
    """Items of one kind are ordered among themselves; the points of each side for themselves."""
    return item.key.rpartition(".")[0] if item.key.startswith("sidepoint") else item.kind


def _latest(keys: Sequence[str], items: Sequence[Item], found: Sequence[Found | None]) -> float:
    times = [f.seconds for i, f in zip(items, found, strict=True) if f and i.key in keys]
    return max(times, default=-1.0)


def _rising(options: Sequence[Sequence[Mention]]) -> list[Mention | None]:
    """The cheapest choice of one candidate each, or none at the cost of 2, in rising order."""
    ways: dict[int, tuple[float, list[Mention | None]]] = {-1: (0.0, [])}
    for each in options:
        following: dict[int, tuple[float, list[Mention | None]]] = {}
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
        if item.kind == "choice":  # nobody reads them out: they stand there with the question
            out[i] = Found(max(0.0, _latest(item.after, items, out)), "between")
            continue
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
        if item.key in self.always or (item.kind == "question" and item.key not in self._order):
            return 1.0  # a question stands where a headline does: there is none to read without it
        if item.key in self._order and item.kind in ("question", "choice"):
            answered = any(other.held and other.key in self._order for other in self._items)
            return SAID if answered and not _is_answer(item, self._items) else 1.0
        if item.key in self._order:
            return 1.0 if item.key in now or item.held else SAID
        if not (item.text or item.gloss) and item.after:  # an arrow: it comes with its ends
            if any(key not in self._order for key in item.after):
                return SAID if self._spotlight else FAINT
            return 1.0 if max(item.after, key=self._order.__getitem__) in now else SAID
        if item.held or any(key not in self._order for key in item.after if item.kind == "choice"):
            return 0.0
        return SAID if self._spotlight else FAINT


def _is_answer(item: Item, items: Sequence[Item]) -> bool:
    """Whether it is the choice that the answer names."""
    answers = (other.text for other in items if other.held)
    said = item.text.casefold().strip(" .")
    return item.kind == "choice" and said in (each.casefold().strip(" .") for each in answers)


def _group(key: str) -> str:
    """Items of one group take each other's place as what is spoken of now."""
    kind = key.split(".")[0].rpartition("/")[2]
    return kind if "point" in kind else "figure"


def _unhurried(found: Sequence[Moment], items: Sequence[Item]) -> list[Moment]:
    """`found` with rests in each gap that is too long: what was said becomes whole again, and what
    is to come, but for what is held back, a little clearer; it stays so.
    """
    open_ = [item.key for item in items if not item.held]
    held = {item.key for item in items if item.held}
    answers = held | {item.key for item in items if _is_answer(item, items)}
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
            lit = answers if any(levels[key] for key in held) else set()
            left = found[i + 1].start - out[-1].start
            if levels == dict(out[-1].levels) and left > STILL:  # nothing of it is spoken of now
                levels = {
                    key: SAID if level >= 1 and key not in lit else level
                    for key, level in levels.items()
                }
            if levels != dict(out[-1].levels):
                out.append(Moment(moment.start + gap * (n + 1) / (rests + 1), levels, moment.page))
    return out
