"""Files of Markdown → blocks: documents, and decks for Marp, Slidev, reveal.js and Obsidian.

`---` begins a new slide. Speaker notes, in comments or after a line `Note:`, are what is said,
and then the slide is only shown; a slide without notes is read as a document is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from .blocks import Notes, Source, Turn
from .markdown import Reader

_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})")
_RULE = re.compile(r"\s{0,3}(?:-\s*){3,}$|\s{0,3}--\s*$")
_NOTE = re.compile(r"\s{0,3}(?:speaker )?notes?:\s*(.*)$", re.I)
_KEY = re.compile(r"\s*(?:[\w-]+\s*:(?:\s.*)?|#.*|-\s.*|\s+\S.*)$")
_KEYS_OF_DECKS = (
    "marp",
    "paginate",
    "transition",
    "theme",
    "revealOptions",
    "highlighter",
    "layout",
)


def read_markdown(path: Path) -> Source:
    """The text in the file `path`. Raises `OSError`."""
    return markdown(path.read_bytes().decode("utf-8-sig", "replace"), path)


def markdown(text: str, path: Path) -> Source:
    """The Markdown `text`, as if `path` were its file."""
    source = Source(path.name, "Markdown")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    head, start = _front_matter(lines)
    source.title, source.language = head.get("title", ""), head.get("lang", "")
    slides = list(_slides(lines, start))
    deck = len(slides) > 1 and (
        any(key in head for key in _KEYS_OF_DECKS) or any(notes for _, _, notes in slides)
    )
    reader = Reader(path.parent, comments=deck or "marp" in head, notes=source.notes)
    for first, body, notes in slides:
        if len(slides) > 1:
            source.blocks.append(Turn(_place(first)))
        source.blocks += reader.blocks("\n".join(body), partial(_place, first))
        if notes:
            text = "\n".join(line for _, line in notes)
            source.blocks.append(Notes(reader.words(text), _place(notes[0][0])))
    return source


def _place(first: int, line: int = 0) -> str:
    """The name of a line, counted from 0, after line `first`."""
    return f"line {first + line + 1}"


def _front_matter(lines: list[str]) -> tuple[dict[str, str], int]:
    """The keys at the head of a file, as texts, and the line where its text begins."""
    if not lines or lines[0].rstrip() != "---":
        return {}, 0
    for end, line in enumerate(lines[1:200], start=1):
        if line.rstrip() in ("---", "..."):
            pairs = (re.match(r"([\w-]+)\s*:\s*(.*?)\s*$", one) for one in lines[1:end])
            return {p[1]: p[2].strip("\"'") for p in pairs if p}, end + 1
    return {}, 0


def _slides(lines: list[str], start: int) -> Iterator[tuple[int, list[str], list[tuple[int, str]]]]:
    """Each slide: the number of its first line, its lines, and its notes with their lines."""
    first = start
    body: list[str] = []
    notes: list[tuple[int, str]] = []
    noted, fence = False, ""
    at = start
    while at < len(lines):
        line = lines[at]
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and fence and mark[1].startswith(fence) and not line.strip().strip("`~"):
            fence = ""
        rule = (
            not fence
            and bool(_RULE.match(line))
            and (noted or not body or not body[-1].strip() or line.strip() == "--")
        )
        if rule:
            yield first, body, notes
            at = _after_keys(lines, at)
            first, body, notes, noted = at + 1, [], [], False
        elif not fence and not noted and (found := _NOTE.match(line)) and _ends_slide(lines, at):
            noted = True
            notes.append((at, found[1]))
        elif noted:
            notes.append((at, line))
        else:
            body.append(line)
        at += 1
    yield first, body, notes


def _ends_slide(lines: list[str], at: int) -> bool:
    """Whether `Note:` at this line begins notes: it stands after a blank line, and slides follow
    or the file ends; a document that notes something goes on with a heading.
    """
    for line in lines[at + 1 : at + 200]:
        if _RULE.match(line):
            return True
        if line.startswith("#"):
            return False
    return True


def _after_keys(lines: list[str], at: int) -> int:
    """The last line of the keys that Slidev writes after a rule, or the rule itself."""
    end = at + 1
    while end < len(lines) and end < at + 40 and _KEY.match(lines[end]):
        end += 1
    keyed = end > at + 1 and re.match(r"[\w-]+\s*:", lines[at + 1])
    return end if keyed and end < len(lines) and lines[end].strip() == "---" else at
