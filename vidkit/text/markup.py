"""Text as written → plain text, each character of which knows where it was written.

A `Rule` rewrites what its pattern finds; `rewrite` applies rules one after the
other and keeps the map. `MARKDOWN` and `HIDDEN` take away what nobody should
see or hear; `vidkit.speech` adds what is spoken, `vidkit.captions` what is shown.

The patterns are made for any input: each looks a bounded way ahead, so that the
time grows with the length of the text and not with its square.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

Found = re.Match[str]


@dataclass(frozen=True, slots=True)
class MappedText:
    """Text, and for each of its characters the place it came from in the text as written.

    `origin` has the length of `text`; its values never fall.
    """

    text: str
    origin: list[int]

    @classmethod
    def of(cls, written: str) -> MappedText:
        """Text that nothing has happened to yet."""
        return cls(written, list(range(len(written))))


@dataclass(frozen=True, slots=True)
class Rule:
    """What to look for, and what to write instead.

    `write` is a template, or a function from the match to one: `\\1` stands for a group,
    whose characters keep their places (groups come in their order), and the rest is placed
    at what it replaces. With `by_character` a function gives the text itself, of the
    match's own length, and each character stays where it is.
    """

    name: str
    pattern: re.Pattern[str]
    write: str | Callable[[Found], str]
    by_character: bool = False


def rule(
    name: str,
    pattern: str,
    write: str | Callable[[Found], str],
    *,
    by_character: bool = False,
    flags: re.RegexFlag = re.NOFLAG,
) -> Rule:
    """A `Rule` from the source of its pattern."""
    return Rule(name, re.compile(pattern, flags), write, by_character)


def rewrite(text: MappedText, rules: Iterable[Rule]) -> MappedText:
    """`text` after all `rules`, in their order."""
    for each in rules:
        text = _apply(each, text)
    return text


def _apply(rule: Rule, before: MappedText) -> MappedText:
    pieces: list[str] = []
    origin: list[int] = []
    done = 0
    for found in rule.pattern.finditer(before.text):
        start, end = found.span()
        if start == end:
            continue
        pieces.append(before.text[done:start])
        origin += before.origin[done:start]
        done = end
        new = rule.write if isinstance(rule.write, str) else rule.write(found)
        if rule.by_character:
            pieces.append(new)
            origin += before.origin[start:end]
        else:
            _fill(new, found, before.origin, pieces, origin)
    if not done:
        return before
    pieces.append(before.text[done:])
    origin += before.origin[done:]
    return MappedText("".join(pieces), origin)


def _fill(
    template: str, found: Found, places: list[int], pieces: list[str], origin: list[int]
) -> None:
    at, last = found.start(), found.end() - 1
    for part in _parts(template):
        if isinstance(part, int):
            start, end = found.span(part)
            if start < 0:
                continue
            pieces.append(found.string[start:end])
            origin += places[start:end]
            at = max(at, end)
        else:
            # "5 km" → "5 kilometres": the new word belongs to "km", not to the space before.
            while at < last and found.string[at].isspace():
                at += 1
            pieces.append(part)
            origin += [places[min(at, last)]] * len(part)


@lru_cache(maxsize=1024)
def _parts(template: str) -> tuple[str | int, ...]:
    pieces = re.split(r"\\(\d)", template)
    parts = [int(piece) if turn % 2 else piece for turn, piece in enumerate(pieces)]
    return tuple(part for part in parts if part != "")


HIDDEN = (
    rule("one kind of line end", "\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]", "\n"),
    rule(
        "controls, direction overrides, byte-order marks, private use, half characters",
        "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u202a-\u202e\u2060-\u206f\ufeff"
        "\ufff0-\ufffb\ufffe\uffff\ue000-\uf8ff\ud800-\udfff\U000e0000-\U000e0fff"
        "\U000f0000-\U0010ffff]+",
        "",
    ),
    rule("one kind of space", r"[^\S\n]{2,}|[^\S\n ]", " "),
)
"""Takes away what nobody sees. Lines end with a line feed after it, and no space is doubled."""

_SHIELD = str.maketrans({mark: chr(0xE000 + ord(mark)) for mark in "*_~`[]<>#|$\\!\n"})
_UNSHIELD = {ord(new): old for old, new in _SHIELD.items()}
CODE_LINE_END = _SHIELD[ord("\n")]


def _shielded(found: Found) -> str:
    text, (start, end) = found.group(), found.span(1)
    start, end = start - found.start(), end - found.start()
    return text[:start] + text[start:end].translate(_SHIELD) + text[end:]


# At a letter or digit emphasis cannot begin or end outwards; those of Chinese and its
# neighbours do not count, for they write no spaces.
_TOUCHING = r"[^\W\u2e80-\uffff]"


def _emphasis(marks: str) -> Rule:
    mark = re.escape(marks[0])
    alone = r"(?<=\w)_(?=\w)" if marks[0] == "_" else rf"(?<=\s){mark}(?=\s)"
    inside = rf"(?:[^{mark}\n]|\n(?!\n)|{alone}){{0,600}}"
    return rule(
        f"emphasis with {marks}",
        rf"(?<!{_TOUCHING})(?<![{mark}\\]){re.escape(marks)}(?![\s{mark}])"
        rf"({inside}(?<![\s\\])){re.escape(marks)}(?!{_TOUCHING}|{mark})",
        r"\1",
    )


def _line(marks: str) -> str:
    return rf"(?m)^ ?{marks}"


_LINK = (
    r"\((?:<[^<>\n]{0,500}>|[^\s()]{0,500}(?:\([^\s()]{0,200}\)[^\s()]{0,200})?)"
    r"(?: \"[^\"\n]{0,200}\")?\)"
)

# "- 5 + 3" is a list where another line goes on with it, and a number below zero where not.
_NO_LIST = r"(?!(?<![^\n])(?<!\n)- ?\d[^\n]*(?:\Z|\n(?! ?-)))"

MARKUP = (
    # Marks inside code and equations are no Markdown: private characters stand in for them.
    rule(
        "code blocks are shielded",
        r"(?m)^ ?```[^\n`]*\n((?:[^`\n]|`(?!``)|\n(?! ?```))*+)\n ?```",
        _shielded,
        by_character=True,
    ),
    rule("fences", _line(r"(?:```|~~~)[^\n]*$\n?"), ""),
    rule("code is shielded", r"(?<!`)`(?!`)([^`\n]{1,600})`(?!`)", _shielded, by_character=True),
    rule("code", r"``? ?([^`\n]{1,600}?) ?``?", r"\1"),
    rule(
        "equations are shielded",
        r"(?<![\w$\\])\$\$?(?![\s$])([^$\n]{1,300})(?<!\s)\$\$?(?![\w$])",
        _shielded,
        by_character=True,
    ),
    rule("equations", r"(?<![\w$\\])\$\$?(?![\s$])([^$\n]{1,300})(?<!\s)\$\$?(?![\w$])", r"\1"),
    rule("rules and underlines", _line(r"(?:[-=*_|:+] ?+){3,}+$"), ""),
    rule("quotations", _line(r"(?:> ?)++(?=\S)"), ""),
    rule("headings", _line(r"#{1,6} (?=\S)"), ""),
    rule("list marks", _line(rf"{_NO_LIST}[-*+•‣◦–] (?:\[[ xX]\] )?(?=\S)"), ""),
    rule("pictures", r"!\[([^\[\]\n]{0,300})\]" + _LINK, r"\1"),
    rule("links", r"(?<!\w)\[([^\[\]\n]{1,300})\]" + _LINK, r"\1"),
    rule("links by name", r"(?<!\w)\[([^\[\]\n]{1,300})\]\[[^\[\]\n]{0,100}\]", r"\1"),
    rule("footnote marks", r"\[\^[^\[\]\s]{1,40}\]:?", ""),
    rule("bare links", r"<(https?://[^<>\s]{1,500}|[\w.+-]{1,64}@[\w.-]{1,200})>", r"\1"),
    *(_emphasis(marks) for marks in ("***", "**", "*", "**", "___", "__", "_")),
    rule("emphasis inside a word", r"(?<=[a-z]{2})\*{1,2}([a-z]{2,40})\*{1,2}(?=[a-z])", r"\1"),
    rule("struck out", r"~~([^~\n]{1,600})~~", r"\1"),
    rule("escaped marks", r"\\([\\`*_{}\[\]()#+.!|~><$-])", r"\1"),
)
"""Takes away the marks of Markdown and leaves its text; code stays shielded until `UNSHIELD`."""

UNSHIELD = (
    rule(
        "shielded marks come back",
        f"[{''.join(map(chr, _UNSHIELD))}]+",
        lambda found: found.group().translate(_UNSHIELD),
        by_character=True,
    ),
)
