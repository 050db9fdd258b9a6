"""The quoted words of an image description, each with the part that it plays in the picture."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

Role = Literal["title", "overlay", "x", "y", "speech", "back", "curve", "gloss", "part"]

LONGEST = 90
"""Characters of a label; what is longer is a sentence that somebody quotes."""

_QUOTED = re.compile(
    r"(?<![\w'’])'(?=\S)((?:[^'\n]|(?<=\w)'(?=\w)){1,120}?)'(?!\w)"
    r"|‘([^‘’\n]{1,120})’(?!\w)"
    r"|[\"“„]([^\"“”„\n]{1,120})[\"”“]"
    r"|«\s*([^«»\n]{1,120}?)\s*»"
    r"|「([^「」\n]{1,120})」"
    r"|(?<!`)`([^`\n]{1,120})`(?!`)"
)
_LONE_MARK = re.compile(r"[\W_]|[xX]")
_LISTED = re.compile(r"(?:\s*(?:,|and|und|et|y|&))+\s*['‘\"“«]")
_STATE = re.compile(
    r"(?:on|off|high|low|yes|no|true|false|ok|\d+(?:[.,]\d+)?)\b(?:\s*\(.*\))?", re.IGNORECASE
)
# Each role by the words that stand right before the quotation. The first that fits wins.
_ROLES: tuple[tuple[Role, re.Pattern[str]], ...] = (
    (
        "x",
        re.compile(r"(?:x[- ]?axis|horizontal(?: axis)?|x-achse|eje x|axe des x)[^.,;'\"]{0,18}$"),
    ),
    ("y", re.compile(r"(?:y[- ]?axis|vertical axis|y-achse|eje y|axe des y)[^.,;'\"]{0,18}$")),
    ("back", re.compile(r"(?:loop|back|feedback|return)\b[^.'\"]{0,30}$")),
    (
        "curve",
        re.compile(r"\b(?:line|curve|graph of)\b[^.,;'\"]{0,24}(?:labell?ed|called|for)\s*$"),
    ),
    ("speech", re.compile(r"\b(?:says?|saying|asks?|voiceover|narrator)\s*:?\s*$")),
    (
        "title",
        re.compile(
            r"(?:\b(?:titled?|heading|headline|headed|überschrift|titel|título|titre)\b:?|"
            r"(?:triangle|chart|diagram|map|table|slide|poster|infographic)[^.'\"]{0,12}"
            r"(?:labell?ed|called))\s*$"
        ),
    ),
    (
        "overlay",
        re.compile(
            r"\b(?:text|texts|caption|question|words|overlay|overlaid|reads?|reading|banner|slogan|"
            r"quote|annotated|text:)\b[^.'\"]{0,24}$"
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Label:
    """Quoted words of a description.

    `start` and `end` are where the quotation stands in it, in characters; `before` and `after` the
    words around, in lower case, no further than the sentence goes. `of` is the text of the label
    that this one explains, where its role is "gloss"; `is_code` that it stands between backticks.
    """

    text: str
    role: Role
    start: int
    end: int
    before: str
    after: str
    of: str = ""
    is_code: bool = False

    @property
    def is_state(self) -> bool:
        """Whether it names a state ("ON", "LOW (0V)", "1") and not a thing."""
        return _STATE.fullmatch(self.text) is not None


@lru_cache(maxsize=256)
def labels(description: str) -> tuple[Label, ...]:
    """The labels of `description` in order, each text once."""
    found: dict[str, Label] = {}
    for quotation in _QUOTED.finditer(description):
        text = next(group for group in quotation.groups() if group is not None)
        text = text.strip().rstrip(",;:").rstrip()
        if text and len(text) <= LONGEST and not _LONE_MARK.fullmatch(text):
            found.setdefault(text.casefold(), _label(text, quotation, description))
    return _explained(list(found.values()))


def quoted(text: str) -> list[str]:
    """The quoted words of a narration, four words at most, each once."""
    return [label.text for label in labels(text) if len(label.text.split()) <= 4]


def with_role(found: Iterable[Label], *roles: Role) -> list[Label]:
    """Those of `found` that play one of `roles`."""
    return [label for label in found if label.role in roles]


def _label(text: str, quotation: re.Match[str], description: str) -> Label:
    start, end = quotation.span()
    sentence = max(description.rfind(stop, 0, start) for stop in (". ", "; ", "! ", ".\n"))
    before = description[max(sentence + 1, start - 70) : start].lower()
    after = description[end : end + 90].split(". ")[0].lower()
    role = _role(before, after)
    if role == "overlay" and _LISTED.match(after):
        role = "part"
    return Label(text, role, start, end, before, after, is_code=description[start] == "`")


def _explained(found: list[Label]) -> tuple[Label, ...]:
    """`found` with the role "gloss" for each label that the description gives to another one."""
    done: list[Label] = []
    for label in found:
        last = done[-1].text if done else ""
        target = re.match(r"\s+for (?:the )?['‘\"]?(\w{3,})", label.after)
        if last and re.search(r"['’\"”]\s*[\w ]{0,40}\((?:labell?ed|marked)\s*$", label.before):
            label = replace(label, role="gloss", of=last)
        elif target:
            named = (other.text for other in done if other.text.lower().startswith(target[1]))
            other = next(named, None)
            label = replace(label, role="gloss", of=other) if other else label
        done.append(label)
    return tuple(done)


def _role(before: str, after: str) -> Role:
    axis = re.match(r"\s*\((?:the )?(x|y|horizontal|vertical)(?:[ -]axis)?\)", after)
    if axis:
        return "x" if axis[1] in ("x", "horizontal") else "y"
    return next((role for role, cue in _ROLES if cue.search(before)), "part")
