"""Times and numbers as people say them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any


def took(seconds: float) -> str:
    """Seconds as people say them: "0.8 s", "12 s", "3 min 20 s", "2 h 05 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def clock_time(seconds: float) -> str:
    """A length as players show it: "5:07", "1:02:03"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def count(number: int, noun: str) -> str:
    """A number with its noun: "1 lesson", "2 lessons"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def by(what: str, who: str) -> str:
    """What somebody made: "images by slides"; "images of your own" where it is their file, and
    "clips" for what vidkit itself makes.
    """
    return {"vidkit": what, "recorded": f"{what} of your own"}.get(who, f"{what} by {who}")


def times(number: int) -> str:
    """How often: "once", "3 times"."""
    return "once" if number == 1 else f"{number} times"


def in_runs(numbers: Iterable[int]) -> str:
    """Numbers as people write them: "1, 3-7, 9"."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ", ".join("-".join(map(str, run)) for run in runs)


def in_sections(numbers: Collection[int]) -> str:
    """Numbers of sections: "section 3", "sections 1, 4-7"."""
    return f"section{'s' if len(set(numbers)) > 1 else ''} {in_runs(numbers)}"


def same(problem: str) -> str:
    """What is the same in problems that are one: a budget's differ in their sums."""
    return re.sub(r"\$[\d.]*\d", "$", problem) if "over budget: " in problem else problem


def told_once(alike: Collection[str]) -> str:
    """Problems that are one, in the words of the first."""
    return next(iter(alike)) + (" (and the like)" if len(alike) > 1 else "")


def json_in_lines(value: Any, levels: int = 2, margin: str = "") -> str:
    """`value` as JSON with a line for each entry of its `levels` outermost objects and lists; what
    is in an entry stands in its line. `json` itself writes lines in Python, ten times as slowly.
    """
    inner = f"{margin}  "
    if not levels or not value or not isinstance(value, (Mapping, list, tuple)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise TypeError("a name in JSON is text")
        named = ((json.dumps(name, ensure_ascii=False), each) for name, each in value.items())
        rows = [f"{name}: {json_in_lines(each, levels - 1, inner)}" for name, each in named]
        return "{\n" + ",\n".join(inner + row for row in rows) + f"\n{margin}}}"
    rows = [json_in_lines(each, levels - 1, inner) for each in value]
    return "[\n" + ",\n".join(inner + row for row in rows) + f"\n{margin}]"


_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str, *, line: bool = False) -> str:
    """A text for a terminal, with what it would obey instead of showing (escape sequences,
    directions, half characters) as Python writes it, `\\x1b`: the name of a file can be told from
    another. With `line` line ends too.
    """
    shown = _UNPRINTABLE.sub(lambda found: repr(found.group())[1:-1], text)
    return shown.replace("\n", "\\n") if line else shown


def in_brief(text: str, most: int = 1000) -> str:
    """A text from anywhere on one line of at most so many characters, `printable`."""
    shown = printable(" ".join(text.splitlines()))
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
