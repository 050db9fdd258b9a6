"""HTML, tags of sites and tables: what a person sees of them. Scripts are dropped, long tables
are cut.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import zip_longest

from ..slides.analysis import signs_of
from .blocks import Shown

_UNSEEN = {"script", "style", "head", "template", "noscript", "svg", "iframe", "object", "title"}
_LINES = {"p", "div", "li", "ul", "ol", "br", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "pre"}
_LINES |= {"summary", "details", "center", "blockquote", "dt", "dd", "caption", "figcaption", "hr"}
_LINES |= {"section", "article", "header", "footer"}
MOST_CELLS = 20_000
ITEM = -1
"""The level of a line that is one of a list."""


@dataclass
class Found:
    """What a piece of HTML holds: `lines` of text, each with its level as a heading, 0 for none,
    `ITEM` for one of a list; pictures as (address, words), tables as rows of cells, and how many
    of the first rows are heads.
    """

    lines: list[tuple[str, int]] = field(default_factory=list)
    pictures: list[tuple[str, str]] = field(default_factory=list)
    tables: list[list[list[str]]] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)


def read_html(text: str) -> Found:
    """What a person would see of `text`; nothing in it runs, and nothing is fetched."""
    parser = _Parser()
    # not closed: that would read what never ends over and over
    parser.feed(f"{readable(text)}<br>")
    parser.end_line()
    return parser.found


def readable(text: str) -> str:
    """HTML without what `html.parser` gives up on: a marked section of an unknown kind, which
    browsers pass over as they do what begins with `<?`.
    """
    return _ODD_SECTION.sub("<?", text)


_ODD_SECTION = re.compile(r"<!(?=\[(?!(?:cdata|temp|ignore|include|rcdata|if|else|endif)\b))", re.I)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found = Found()
        self._line: list[str] = []
        self._level = 0
        self._hidden = 0
        self._cell: list[str] | None = None
        self._row: list[str] | None = None
        self._span = 1
        self._head = True
        self._cells = 0
        self._deep = 1
        self._thead = False
        self._below: dict[int, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _UNSEEN:
            self._hidden += 1
        if self._hidden:
            return
        if tag == "img" and (address := given.get("src") or given.get("data-src")):
            words = " ".join((given.get("alt") or given.get("title", "")).split())
            self.found.pictures.append((address, words))
        elif tag == "table":
            self.end_line()
            self.found.tables.append([])
            self._below = {}
            self.found.heads.append(0)
        elif tag == "tr" and self.found.tables:
            self._end_row()
            self._row, self._head = [], True
        elif tag in ("td", "th") and self._row is not None:
            self._end_cell()
            self._cell = []
            self._head = self._head and tag == "th"
            self._span, self._deep = _count(given.get("colspan")), _count(given.get("rowspan"))
        elif tag == "thead":
            self._thead = True
        elif tag in _LINES:
            self._break()
            self._level = int(tag[1]) if re.fullmatch("h[1-6]", tag) else self._level
            self._level = ITEM if tag == "li" else self._level

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in ("td", "th"):
            self._end_cell()
        elif tag in ("tr", "table", "thead", "tbody"):
            self._end_row()
            self._thead = self._thead and tag == "tr"
        elif tag in _LINES:
            self._break()
            self._level = 0

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._cell is not None:
            self._cell.append(data)
        elif self._row is None:
            self._line.append(data)

    def _break(self) -> None:
        if self._cell is not None:
            self._cell.append(" ")
        else:
            self.end_line()

    def end_line(self) -> None:
        """A line of text ends here, if there is one."""
        line = " ".join("".join(self._line).split())
        self._line = []
        if line:
            self.found.lines.append((line, self._level))
            self._level = 0

    def _end_cell(self) -> None:
        if self._cell is None or self._row is None:
            return
        self._cells += self._span
        self._from_above()
        if self._cells <= MOST_CELLS:
            text = " ".join("".join(self._cell).split())
            if self._deep > 1:
                here = range(len(self._row), len(self._row) + self._span)
                self._below |= dict.fromkeys(here, self._deep)
            self._row += [text, *[text if self._thead else ""] * (self._span - 1)]
        self._cell = None

    def _from_above(self) -> None:
        """Empty cells, where those of a row above go on in this one."""
        while self._row is not None and self._below.get(len(self._row), 0) > 1:
            self._below[len(self._row)] -= 1
            self._row.append("")

    def _end_row(self) -> None:
        self._end_cell()
        if self._row:
            rows = self.found.tables[-1]
            if self._head and len(rows) == self.found.heads[-1]:
                self.found.heads[-1] += 1
            rows.append(self._row)
        self._row = None


def _count(digits: str | None) -> int:
    """How many columns or rows a cell takes."""
    return min(int(digits), 50) if digits and re.fullmatch("[1-9][0-9]{0,2}", digits) else 1


def without_tags(text: str) -> str:
    """`text` without tags and comments, on one line."""
    return " ".join(re.sub(r"<!--.*?-->|</?[A-Za-z][^<>]{0,1000}>", " ", text, flags=re.S).split())


TAGS = r"\{\{[<%].{1,500}?[>%]\}\}|\{%.{1,500}?%\}"
"""What Hugo, Quarto and Jekyll run within a text."""

_MARKS = re.compile(
    r"(^ {0,3}(`{3,}|~{3,}).*?^ {0,3}\2)"  # programs, that stay as they are
    r"|^[ \t]*(?:\{%-?|\{\{[<%]) *highlight +([\w+#-]+)[^\n]*\n"
    r"((?:[^{]|\{(?!(?:%-?|\{[<%]) *highlight)){0,20000}?)"
    r"^[ \t]*(?:\{%-? *end|\{\{[<%] */ *)highlight[^\n]*"
    r"|\{\{[<%] *figure\b([^{}\n]*)[>%]\}\}"
    r"|(?<=\]\()\{\{[<%]? *(?:(?:rel)?ref +)?[\"']?([^\"'{}|<>\s]*)[^{}\n]*\}\}"  # addresses
    r"|^(#{2,6})(?=\*{0,2}[^\W\d_])"  # old headings
    r'|^([ \t]*)===[!+]{0,2}(?= "[^"\n]*"[ \t]*$)'  # tabs of MkDocs
    r"|^[ \t]*(?:--)?\{\{\d[^{}\n]{0,60}\}\}(?:--)?[ \t]*",  # effects of LiaScript
    re.M | re.S,
)


def as_marked(text: str) -> str:
    """`text` with what sites of Jekyll, Hugo and others mark outside of programs as Markdown
    has it; every line stays where it is.
    """
    return _MARKS.sub(_in_markdown, text)


def _in_markdown(found: re.Match[str]) -> str:
    program, _, lang, code, figure, address, heading, tab = found.groups()
    if figure is not None:
        given = dict(re.findall(r'(\w+)="([^"]*)"', figure))
        words = given.get("caption") or given.get("title") or given.get("alt", "")
        return f"![{words}](<{given.get('src', '')}>)"
    if lang:
        return f"```{lang}\n{code}```"
    return (
        program or address or (f"{heading} " if heading else "" if tab is None else f"{tab}!!! tab")
    )


MOST_ROWS = 7
MOST_COLUMNS = 6
LONGEST_CELL = 40
LONGEST_OF_FEW = 80
"""Rows, columns and characters of a cell that can still be read on a slide; more in few columns."""

LONGEST_ROW = 90
"""Characters of the words that stand side by side in a row: they cannot be broken."""

ROWS_READ_ALOUD = 6


def table(rows: Sequence[Sequence[str]], heads: int, where: str, shape: str = "") -> Shown | None:
    """A table of which the first `heads` rows are names of columns; None where it is empty.

    shape: how large it is, in words of the source. Its own words are the cells of a small one.
    """
    width = max(map(len, rows), default=0)
    filled = [[*row, *[""] * (width - len(row))] for row in rows]
    head = _head(filled[:heads], width)
    body = [row for row in filled[heads:] if any(row)]
    if not body or (width == 1 and len(body) == 1):
        return None
    rows = [_columns(row) for row in (head, *body[:MOST_ROWS])]
    word = LONGEST_ROW // len(rows[0])
    most = max(LONGEST_CELL, min(LONGEST_OF_FEW, 2 * LONGEST_OF_FEW // len(rows[0])))
    shown = [[_cut(cell, word, most) for cell in row] for row in rows]
    if len(body) > MOST_ROWS:
        shown.append(["…"] * len(shown[0]))
    small = len(body) <= ROWS_READ_ALOUD and width <= 4
    words = " ".join(_read(row) for row in (head, *body) if any(row)) if small else ""
    wish = {"layout": "table", "table": shown} | ({"points": [shape]} if shape else {})
    return Shown(where, wish, words=words)


def _head(rows: list[list[str]], width: int) -> list[str]:
    """The names of the columns: those of several rows one after the other."""
    columns = zip(*rows, strict=True) if rows else [()] * width
    return [" ".join(dict.fromkeys(filter(None, names))) for names in columns]


def _columns(row: list[str]) -> list[str]:
    if len(row) <= MOST_COLUMNS:
        return row
    return [*row[: MOST_COLUMNS - 2], "…", row[-1]]


def _cut(cell: str, word: int, most: int) -> str:
    """A cell, cut to so many characters at `most`, and words in it to `word`."""
    parts = re.split(r"(\$[^$]+\$)", cell)
    if len(parts) > 1:  # formulas, each whole or not at all
        found = ""
        for part in parts:
            if signs_of(found + part) > most:
                return f"{found.rstrip()} …"
            found += part
        return cell
    cell = cell if len(cell) <= most else f"{cell[: most - 1]}…"
    return re.sub(rf"\S{{{word + 1},}}", lambda found: f"{found[0][: word - 1]}…", cell)


def _read(row: list[str]) -> str:
    return ", ".join(cell for cell in row if cell).rstrip(".") + "."


def of_pipes(found: re.Match[str]) -> str:
    """A table that Pandoc draws with lines, as the table of pipes that it means."""
    rows: list[list[str]] = []
    for line in found[0].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("+"):
            rows.append([])
        elif len(rows[-1]) in (0, len(cells)):
            rows[-1] = [
                " ".join(both).strip() for both in zip_longest(rows[-1], cells, fillvalue="")
            ]
    lines = [f"|{'|'.join(row)}|" for row in rows if row]
    lines.insert(1, "|---" * len(rows[0]) + "|")
    return "\n".join(lines) + "\n" * max(1, found[0].count("\n") - len(lines) + 1)
