"""Documents and decks → blocks: Markdown, and slides of reveal.js in HTML.

In a deck (for Marp, Slidev, reveal.js, Quarto, Obsidian) `---` begins a new slide. Speaker
notes, in comments or after a line `Note:`, are what is said, and then the slide is only shown; a
slide without notes is read as a document is. Pages that a deck names are read from its own folder.
Of HTML nothing runs, and nothing is fetched: of a script only a template of Markdown is read.
"""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

from ..core.errors import Fault, LessonError
from ..text.languages import tag_of
from .blocks import Block, Heading, NoPicture, Notes, Source, Turn, path_inside, read_inside
from .markdown import MOST_NESTED, Reader, is_directive
from .tables import readable

LONGEST_TEXT = 50_000_000
"""Bytes of a text that are read."""
LONGEST_PAGE = 5_000_000
"""Bytes of a page of a deck, and of a deck in HTML, that are read."""

_KEYS_OF_DECKS = {"marp", "paginate", "transition", "theme", "revealOptions", "highlighter"}
_KEYS_OF_DECKS |= {"layout"}
_OF_REVEAL = re.compile(r"<!--\s*\.(?:slide|element)\b")
_DECKS_OF_QUARTO = {"revealjs", "beamer", "pptx"}
_FENCE_MARK = re.compile(r"\s{0,3}(`{3,}|~{3,})")
_RULE = re.compile(r"\s{0,3}(?:-\s*){3,}$|\s{0,3}--\s*$")
_NO_HEADING = re.compile(r"(?:[#>|]|[*+-]\s|\d+[.)]\s|`{3}|~{3}).*|.*[>|]")
"""A line that no dashes after it make a heading: of a list, a table, a fence, of tags."""
_NOTE = re.compile(r"\s{0,3}(?:speaker )?notes?:\s*(.*)$", re.I)
_ASIDE = re.compile(r"\s*<aside\b[^<>]*\bnotes\b[^<>]*>(.*)$", re.I)
_SLOT = re.compile(r"\s*::\s*[\w-]+\s*::\s*")
"""Where Slidev puts what follows on a slide."""
_KEY = re.compile(r"\s*(?:[\w-]+\s*:(?:\s.*)?|#.*|-\s.*|\s+\S.*)?$")


def read_markdown(path: Path) -> Source:
    """The text in the file `path`. Raises `OSError`, and `LessonError` where it is too long."""
    return markdown(_text(path, LONGEST_TEXT), path)


def _text(path: Path, most: int) -> str:
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        mend = "keep its pictures in files of their own, or divide it"
        raise LessonError(path, [Fault(f"it has more than {most // 1_000_000} MB", mend)])
    return data.decode("utf-8-sig", "replace")


def markdown(text: str, path: Path) -> Source:
    """The Markdown `text`, as if `path` were its file."""
    source = Source(path.name)
    head, slides = slides_of(text)
    source.title = head.get("title", "")
    language = head.get("lang") or head.get("language", "")
    is_tag = re.fullmatch(r"[A-Za-z]{2,3}(?:[-_]\w{1,8})*", language)  # "R" is a language too
    source.language = language if is_tag else tag_of(language) or ""
    quarto = bool(_DECKS_OF_QUARTO & {*head, head.get("format", "")})
    reveal = bool(_OF_REVEAL.search(text)) or any(slide.below for slide in slides)
    other = quarto or reveal or any(slide.notes for slide in slides)  # than Slidev
    levels = re.findall(r"\d", head.get("headingDivider", "2" if quarto else ""))
    keyed = other or bool(_KEYS_OF_DECKS & {*head})
    source.deck = bool(levels) or (len(slides) > 1 and keyed)
    reader = Reader(path.parent, notes=source.notes)
    if "marp" in head:
        reader.comments = "all"
    elif source.deck and not other:
        reader.comments = "last"
    for block in blocks_of(text, reader):
        if levels and isinstance(block, Heading) and block.level <= int(levels[-1]):
            source.blocks.append(Turn(block.where))
        if isinstance(block, Heading) and source.title:  # which Jekyll puts where its name stands
            named = re.sub(r"\{\{ *page\.title *\}\}", lambda _: source.title, block.text)
            block = replace(block, text=named)
        source.blocks.append(block)
    if reader.unsaid and len(slides) > 1 and not other and not reader.comments:
        source.notes.append(_of_comments(reader.unsaid))
    return source


def _of_comments(places: Sequence[str]) -> str:
    """What is told of the comments at these places, which may have been meant as notes."""
    several = len(places) > 1
    are = f"{len(places)} comments are" if several else "a comment is"
    first = ", the first of them at" if several else ", at"
    mend = f"to have {'them' if several else 'it'} said, begin the file with `marp: true`"
    return f"{are} left aside{first} {places[0]}; {mend} between two lines of `---`"


def blocks_of(
    text: str, reader: Reader, page: str = "", within: tuple[Path, ...] = ()
) -> list[Block]:
    """The blocks of a text; of a deck of Slidev with the pages that it names. page: how a place on
    a page begins, which stands `within` others.
    """
    found: list[Block] = []
    head, slides = slides_of(text)
    reader.begin(text, echo=head.get("echo") != "false")
    for slide in slides:
        if "true" in (slide.keys.get("hide"), slide.keys.get("disabled")):
            continue
        place = partial(_place, page, slide.first)
        if len(slides) > 1 or page:
            found.append(Turn(place()))
        body = "\n".join(slide.body).rstrip()
        if reader.comments == "last" and body.endswith("-->"):
            body, _, comment = body.removesuffix("-->").rpartition("<!--")
            if not is_directive(comment):
                slide.notes.append((slide.first + body.count("\n"), comment))
        found += reader.blocks(body, place)
        if slide.notes:
            notes = "\n".join(line for _, line in slide.notes)
            found.append(Notes(reader.words(notes), _place(page, slide.notes[0][0])))
        if "src" in slide.keys:
            found += _page(slide.keys["src"], reader, place(), within)
    return found


def _page(name: str, reader: Reader, where: str, within: tuple[Path, ...]) -> list[Block]:
    """The blocks of a file inside the folder of a deck, which is to stand in its place."""
    folder = reader.folder or Path()
    name = name.partition("#")[0]
    try:
        path = path_inside(name, folder, reader.beside)
        if path in within or len(within) >= MOST_NESTED:
            raise NoPicture("it holds itself, or stands within too many others")
        text = read_inside(path, LONGEST_PAGE).decode("utf-8-sig", "replace")
    except (NoPicture, OSError) as why:
        reader.notes.append(f"{where}: the page {name!r} is not read: {why}")
        return []
    inside = replace(reader, beside=path.parent)
    return blocks_of(text, inside, f"{path.relative_to(folder.resolve())} ", (*within, path))


def _place(page: str, first: int, line: int = 0) -> str:
    """The name of a line, counted from 0, after line `first` of a page."""
    return f"{page}line {first + line + 1}"


@dataclass
class Slide:
    """A slide: the number of its first line, its keys, its lines, its notes with their lines, and
    whether it stands below another, as reveal.js has it. A document that has no slides is one.
    """

    first: int
    keys: dict[str, str] = field(default_factory=dict)
    body: list[str] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)
    below: bool = False


def _front_matter(lines: list[str]) -> tuple[dict[str, str], int]:
    """The keys at the head of a file, as texts, and the line where its text begins."""
    first = lines[0].rstrip() if lines else ""
    if first not in ("---", "+++"):
        return {}, 0
    for end, line in enumerate(lines[1:200], start=1):
        if line.rstrip() in (first, "..."):
            return _keys(lines[1:end]), end + 1
    return {}, 0


def _keys(lines: Sequence[str]) -> dict[str, str]:
    """Keys in YAML or TOML, and their values where those are texts; few of those within others."""
    pairs = (
        re.match(r"([\w-]+|\s+(?:echo|revealjs|beamer|pptx))\s*[:=]\s*(.*?)\s*$", line)
        for line in lines
    )
    return {pair[1].strip(): pair[2].strip("\"'") for pair in pairs if pair}


def slides_of(text: str) -> tuple[dict[str, str], list[Slide]]:
    """The keys at the head of a text, and its slides."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    head, at = _front_matter(lines)
    slides = [Slide(at, head)]
    noted, fence, aside = False, "", False
    while at < len(lines):
        line, slide = lines[at], slides[-1]
        mark = _FENCE_MARK.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and fence and mark[1].startswith(fence) and not line.strip().strip("`~"):
            fence = ""
        if not fence and (found := _ASIDE.match(line)):
            aside, line = True, found[1]
        if aside:
            said, end, _ = line.partition("</aside>")
            slide.notes.append((at, said))
            slide.body.append("")
            aside = not end
        elif not fence and _RULE.match(line) and (noted or _is_rule(line, slide.body)):
            start, at = at, _after_keys(lines, at)
            keys = _keys(lines[start + 1 : at])
            slides.append(Slide(at + 1, keys, below=line.strip() == "--"))
            noted = False
        elif not fence and not noted and (found := _NOTE.match(line)) and _ends_slide(lines, at):
            noted = True
            slide.notes.append((at, found[1]))
        elif noted:
            slide.notes.append((at, line))
        else:
            slide.body.append("" if _SLOT.fullmatch(line) and not fence else line)
        at += 1
    return head, slides


def _is_rule(line: str, before: Sequence[str]) -> bool:
    """Whether dashes after the lines `before` divide slides, and do not make a heading of them."""
    last = before[-1].strip() if before else ""
    return not last or line.strip() == "--" or bool(_NO_HEADING.fullmatch(last))


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
    """The last line of the keys that Slidev writes after a rule, or the rule itself: with empty
    lines among them they are small letters, and hold no list.
    """
    end = at + 1
    while end < len(lines) and end < at + 40 and _KEY.match(lines[end]):
        end += 1
    found = lines[at + 1 : end]
    keyed = bool(found and re.match(r"[\w-]+\s*:", found[0]))
    sure = all(found) or not any(re.match(r"[A-Z]|\s*-", line) for line in found)
    return end if keyed and sure and end < len(lines) and lines[end].strip() == "---" else at


def read_reveal(path: Path) -> Source:
    """The slides in the file `path`. Raises `OSError`, and `LessonError` where there are none."""
    parser = _Sections()
    parser.feed(readable(_text(path, LONGEST_PAGE)))  # as in `read_html`
    slides = [slide for slide in map("".join, parser.slides) if slide.strip()]
    if not slides:
        mend = "name a deck of reveal.js, or the notebook or text that the page was made from"
        raise LessonError(path, [Fault("this page holds no slides of reveal.js", mend)])
    source = Source(path.name, title=parser.title.strip(), language=parser.language)
    source.deck = True
    reader = Reader(path.parent, notes=source.notes)
    for number, slide in enumerate(slides, start=1):
        place = f"slide {number}"
        source.blocks += [
            replace(each, where=place) for each in blocks_of(slide, reader, f"{place}, ")
        ]
    return source


class _Sections(HTMLParser):
    """Gathers the sections of a deck, each as pieces of HTML and of Markdown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.slides: list[list[str]] = []
        self.title, self.language = "", ""
        self._deck, self._open = False, 0
        self._until, self._kind, self._unseen = "", "", False
        self._kept: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        words = given.get("class", "").split()
        template = tag == "textarea" or (tag == "script" and "template" in given.get("type", ""))
        self._deck = self._deck or "slides" in words
        if self._until:
            if self._kind.startswith("code") and tag == "code":
                self._kind = "code" + next((re.sub("^lang(uage)?-", "", w) for w in words), "")
            elif tag in ("script", "style"):
                self._unseen = not template
            elif self._kind == "markdown" and not template:
                self._kept.append(self.get_starttag_text() or "")
        elif tag == "html":
            self.language = given.get("lang", "")
        elif tag == "title":
            self._until, self._kind = tag, tag
        elif tag == "section" and self._deck:
            self._section(given)
        elif tag in ("script", "style", "textarea", "pre"):
            self._until, self._kind = tag, "code" if tag == "pre" else "markdown" * template
        elif tag == "aside" and "notes" in words:
            self._add('\n<aside class="notes">\n')
        else:
            self._add(self.get_starttag_text() or "")

    def _section(self, given: dict[str, str]) -> None:
        page = " ".join(given.get("data-markdown", "").split())
        self.slides.append([f"---\nsrc: {page}\n---\n"] if page else [])
        self._open += 1
        if "data-markdown" in given or given.get("data-visibility") == "hidden":
            self._until, self._kind = "section", "markdown" * ("data-markdown" in given)

    def handle_endtag(self, tag: str) -> None:
        if not self._until:
            self._add("\n</aside>\n" if tag == "aside" else f"</{tag}>" * (tag != "section"))
        elif tag == self._until:
            self._whole("".join(self._kept))
        elif tag in ("script", "style"):
            self._unseen = False
        elif self._kind == "markdown" and tag != "textarea":
            self._kept.append(f"</{tag}>")
        if tag == "section" and not self._until and self._open:
            self._open -= 1
            self.slides.append([])  # what stands between two that lie in a third

    def _whole(self, text: str) -> None:
        """Put what stood up to the end of a program, a template or a title to where it belongs."""
        kind, self._until, self._kept = self._kind, "", []
        if kind == "title":
            self.title = self.title or html.unescape(text)
        elif kind == "markdown":
            self._add(f"\n\n{textwrap.dedent(text).strip()}\n\n", trim=False)
        elif kind:
            code = textwrap.dedent(html.unescape(text).strip("\n"))
            self._add(f"\n\n`````{kind[4:]}\n{code}\n`````\n\n", trim=False)

    def handle_data(self, data: str) -> None:
        if not self._until:
            self._add(data)
        elif not self._unseen:
            self._kept.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")

    def _add(self, text: str, *, trim: bool = True) -> None:
        """Put a piece to the slide that is open; HTML without what Markdown takes for its own."""
        if self._open:
            self.slides[-1].append(re.sub(r"\s*\n\s*", "\n", text) if trim else text)
