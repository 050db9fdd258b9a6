"""Markdown → blocks: of a notebook's cell, a document, or a slide.

Read with markdown-it-py, as CommonMark with tables, footnotes, mathematics, definition lists
and the directives and roles of MyST and Quarto. What a person who reads aloud would leave out
(addresses, footnotes, comments, tags) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .blocks import (
    FIGURE,
    Block,
    Heading,
    NoPicture,
    Notes,
    Said,
    Shown,
    picture_at,
    points,
    with_stops,
)
from .code import formula, macros, steps, with_macros
from .tables import ITEM, TAGS, as_marked, of_pipes, read_html, table, without_tags

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

LONGEST_POINT = 180
"""Characters of a line of a list that is shown as a point; lists with longer ones are text."""

MOST_NESTED = 20
"""Directives within directives, and pages within pages, that are read."""

LONGEST_HEADING = 140
"""Characters of a heading; longer ones are text."""

_ASIDES = frozenset(("note", "tip", "hint", "important", "seealso", "admonition"))
_ASIDES |= {"attention", "warning", "caution", "danger", "error"}
_LISTS = ("bullet_list_open", "ordered_list_open", "dl_open")
_DROPPED = frozenset(("toctree", "contents", "raw", "bibliography", "include", "index"))
_DROPPED |= {"instructor"}  # of The Carpentries: what the teacher is told
_CODE = frozenset(("code-cell", "code-block", "code", "sourcecode", "ipython"))
_CODE |= {"python", "r", "julia", "ojs", "bash", "sql", "javascript", "mermaid"}
_UNSAID = re.compile(
    r"(open|run|view|launch|download|source)\b[\w ]{0,20}\b(colab|binder|github|notebook|kaggle)"
    r"[\w ]{0,20}|<<< \S.*|\[\[?TOC\]?\]|(---|===)+|(table of )?contents:?"
    r"|<?https?://\S+>?|(learn|read) more|toc"
    r"|(copyright|©)[ (c)]{1,5}\d{4}\b([^.]|\b[A-Z]\.){0,120}\.?|@[\w.]{2,40}(\(.{0,300}\))?"
    r"|[\w -]{0,20}licen[cs]e:? <?https?://\S+>?"
    r"|(licensed under the|you may obtain a copy of the license|unless required by applicable law|"
    r"(software )?distributed under the license) .{1,1000}"
    r"|click (here )?(to|for) (expand|show|reveal|see|view|open|toggle)\b[^.]{0,40}\.?",
    re.I,
)
"""Lines that nobody reads aloud: links to open a notebook, heads of contents, addresses, the terms
of a licence, what one is to click on, names and the macros of LiaScript.
"""
_RAISED = dict(zip(map(ord, "0123456789+-n"), "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", strict=True))
_LOWERED = dict(zip(map(ord, "0123456789+-"), "₀₁₂₃₄₅₆₇₈₉₊₋", strict=True))
_REFERENCE = re.compile(
    r" ?\(?(?:\b(?:see|cf\.?|in) )?(?:\b(?:Eqs?|Figs?|Secs?|Tabs?)\.?[ ~])?"
    r"\\(?:eq|page|auto|c)?ref\{[^{}]*\}\)?"
    r"|\s?\\index\{(?:[^{}]|\{[^{}]*\})*\}"
    r"|(?<![\w:\\])\\(?:newpage|clearpage|pagebreak|pause|(?:big|med|small)skip|[hv]fill|centering"
    r"|noindent|[hv]space\*?\{[^{}]*\}|tiny|scriptsize|footnotesize|small|normalsize|large)(?!\w)"
    # of bookdown: "(Figure \@ref(fig:cat))", and the words of a caption under its name
    r"|\s?\((?:see )?[A-Z][a-z]+ @ref\([\w:.-]+\)\)|\s?@ref\([\w:.-]+\)|^\(ref:[\w:.-]+\).*",
    re.I,
)
_LINK = re.compile(r"(?m)^ {0,3}\[[^\]\n]{1,200}\]:[ \t]*(?:\n[ \t]*)?<?\S[^\n]{0,2000}$")
_CALLOUT = re.compile(r"\[!(\w+)\][+-]?([^\n]*)\n?")
_FENCE_OF_COLONS = re.compile(r"(\s*):{3,}\s*(.*?)\s*$")
_ATTRIBUTES = re.compile(r"\s*\{[^{}\n]{0,2000}\}\s*$")

_HIDDEN = re.compile(
    r"\b(?:echo|include) *(?:: *false|= *F(?:ALSE)?)\b"
    r"|\btags:[^:]*\b(?:remove|hide)[-_](?:input|cell)",
    re.I,
)
"""How Quarto, R Markdown and MyST say that a program is not shown."""


@dataclass
class Reader:
    """Reads texts of one source: `folder` is where its pictures are, `attached` those that a
    cell brings with it; `beside` is the folder of a page of it. `comments`: which of them are what
    the speaker says, "all" (Marp) or the "last" of a slide (Slidev). `notes` gathers what was left
    out, `unsaid` the places of comments that nobody says, `macros` the commands that formulas
    define for those after them; `links` are those that the text defines, `echo` whether programs
    are shown that do not say so.
    """

    folder: Path | None = None
    attached: Mapping[str, Mapping[str, object]] | None = None
    comments: Literal["", "last", "all"] = ""
    notes: list[str] = field(default_factory=list)
    unsaid: list[str] = field(default_factory=list)
    macros: dict[str, tuple[int, str]] = field(default_factory=dict)
    beside: Path | None = None
    links: Mapping[str, Any] = field(default_factory=dict)
    echo: bool = True

    def begin(self, text: str, *, echo: bool) -> None:
        """Make ready for the slides of `text`, of which each can use a link that one defines."""
        found: dict[str, Any] = {}
        _parser().parse("\n\n".join(_LINK.findall(text)), found)
        self.links, self.echo = found.get("references", {}), echo

    def blocks(self, text: str, where: Callable[[int], str]) -> list[Block]:
        """The blocks of `text`; `where` names the place of a line, counted from 0."""
        return _Walk(self, self.tokens(text), where).all()

    def tokens(self, text: str) -> list[Token]:
        """The tokens of `text`, formulas with the commands of their author written out."""
        tokens = _parser().parse(_prepared(text), {"references": dict(self.links)})
        for token in (one for each in tokens for one in (each, *(each.children or ()))):
            if (
                token.type == "inline"
                and "\\" in token.content
                and not with_macros(token.content, {}).strip()
            ):
                self.macros |= macros(token.content)
                token.children = []
            elif "math" in token.type:
                self.macros |= macros(token.content)
                token.content = with_macros(token.content, self.macros)
        return tokens

    def words(self, text: str) -> str:
        """What the Markdown `text` says, paragraph by paragraph: the notes of a speaker."""
        return _joined(self.blocks(text, lambda _: ""))

    def picture(self, address: str, words: str, where: str) -> list[Block]:
        """The picture at `address`, or its words where it cannot be shown, which is noted."""
        words = _line(words)
        try:
            found = picture_at(address, self.folder, self.attached, self.beside)
        except NoPicture as why:
            short = address if len(address) < 60 else f"{address[:50]}…"
            if not re.search(r"badge|shields\.io", address):
                self.notes.append(f"{where}: the picture {short!r} is not shown: {why}")
            return []
        return [Shown(where, FIGURE, picture=found, words=words, must=True)]


class _Walk:
    """One pass over the tokens of a text."""

    def __init__(
        self, reader: Reader, tokens: Sequence[Token], where: Callable[[int], str], depth: int = 0
    ) -> None:
        self.reader, self.tokens, self.where, self.depth = reader, tokens, where, depth
        self.at = 0
        self.here = where(0)

    def within(self, tokens: Sequence[Token]) -> _Walk:
        """A pass over tokens inside of these."""
        walk = _Walk(self.reader, tokens, self.where, self.depth + 1)
        walk.here = self.here
        return walk

    def all(self) -> list[Block]:
        return [block for token in self.rest() for block in self.one(token)]

    def rest(self) -> Iterator[Token]:
        """The tokens from here on, but for those that are taken with one before them."""
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            if token.map:
                self.here = self.where(token.map[0])
            yield token

    def one(self, token: Token) -> list[Block]:
        """The blocks of the token, which may take those up to its end with it."""
        match token.type:
            case "heading_open":
                inside = self.until("heading_close")
                text = _ATTRIBUTES.sub("", spoken(inside[0].children or ())) if inside else ""
                if not text or _UNSAID.fullmatch(text):
                    return self.beside(inside)
                long = len(text) > LONGEST_HEADING  # which is a text that is set in large letters
                head = (
                    Said(text, self.here) if long else Heading(text, int(token.tag[1]), self.here)
                )
                return [head, *self.beside(inside)]
            case "inline":
                return self.paragraph(token)
            case each if each in _LISTS:
                return self.points(each)
            case "fence" | "code_block":
                return self.fence(token)
            case "colon_fence":
                return self.directive(token.info, token.content)
            case "math_block" | "math_block_label" | "amsmath":
                several = "$$" in token.content  # on one line, with words between them
                return self.line(f"$${token.content}$$") if several else self.formula(token.content)
            case "table_open":
                rows = _rows(self.until("table_close"))
                return [shown] if (shown := table(rows, 1, self.here)) else []
            case "html_block":
                return self.html(token.content)
            case "blockquote_open":
                return self.quotation()
            case "admonition_open":
                inside = self.until("admonition_close")
                titled = bool(inside) and inside[0].type == "admonition_title_open"
                title = spoken(inside[1].children or ()) if titled else ""
                body = inside[3:] if titled else inside
                return _aside(title, self.within(body).all(), self.here)
            case "footnote_block_open":
                self.until("footnote_block_close")
        return []

    def until(self, end: str) -> Sequence[Token]:
        """The tokens up to the next of type `end` on the level of the one before."""
        start = self.at
        level = self.tokens[start - 1].level
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            if token.type == end and token.level == level:
                return self.tokens[start : self.at - 1]
        return self.tokens[start:]

    def paragraph(self, token: Token) -> list[Block]:
        """Words and displayed formulas in their order, and then the pictures among them."""
        found: list[Block] = []
        line: list[Token] = []
        for child in [*(token.children or ()), None]:
            if child is not None and child.type != "math_inline_double":
                line.append(child)
                continue
            text = re.sub(r"(?<=[:.,]) [.,;]$", "", spoken(line))
            text = "" if _are_contents([token]) or _leads_away(token.children or ()) else text
            if re.search(r"\w", text) and not _UNSAID.fullmatch(text):
                found.append(Said(text, self.here))
            found += self.formula(child.content) if child is not None else []
            line = []
        return found + self.beside([token])

    def beside(self, tokens: Sequence[Token]) -> list[Block]:
        """The pictures and comments inside lines of text."""
        found: list[Block] = []
        for child in (child for token in tokens for child in token.children or ()):
            if child.type == "image":
                source = str(child.attrs.get("src", ""))
                found += self.reader.picture(source, _alt(child), self.here)
            elif child.type == "html_inline":
                found += self.html(child.content)
        return found

    def formula(self, text: str) -> list[Block]:
        shown = formula(text, self.here)
        if not shown and text.strip():
            self.reader.notes.append(f"{self.here}: a formula is too long for a slide")
        return list(shown)

    def points(self, opening: str) -> list[Block]:
        """A list as points, and what stands in its items beside words after it."""
        inside = self.until(opening.replace("open", "close"))
        if _are_contents(inside):
            return []
        if any(_is_paragraph(token) for token in inside if token.type == "inline"):
            return self.within(inside).all()
        items, others = self.within(inside).items()
        return [*points(items, self.here, ordered=opening.startswith("ordered")), *others]

    def items(self) -> tuple[list[str], list[Block]]:
        """The lines of a list, and what else stands in it. Short lists within an item are part of
        it; others are lines of this one.
        """
        found: list[str] = []
        others: list[Block] = []
        for token in self.rest():
            if token.type == "list_item_open":
                found.append("")
            elif token.type == "dt_open":
                found.append(spoken(self.until("dt_close")[0].children or ()))
            elif token.type == "inline" and found:
                text = re.sub(r"^\[[ xX]\]\s+", "", spoken(token.children or ()))
                last, term = found[-1], self.tokens[max(0, self.at - 3)].type == "dd_open"
                after = "; " if ": " in last else ": "
                gap = after if term else " " if last.endswith((":", ".", "!", "?")) else ". "
                found[-1] = f"{last}{gap}{text}" if last and text else last or text
                others += self.beside([token])
            elif token.type in _LISTS and found and self.depth < MOST_NESTED:
                inner, more = self.within(self.until(token.type.replace("open", "close"))).items()
                rest = "; ".join(item.rstrip(".,;") for item in inner)
                whole = f"{found[-1].rstrip('.:,;')}: {rest}"
                short = found[-1] and inner and len(whole) <= LONGEST_POINT
                found[-1:] = [whole] if short else [found[-1], *inner]
                others += more
            else:
                others += self.one(token)
        said = [item for item in found if re.search(r"\w", item) and not _UNSAID.fullmatch(item)]
        return said, others

    def quotation(self) -> list[Block]:
        """A quotation, or a callout of Obsidian and GitHub: `> [!note] Title`."""
        inside = self.until("blockquote_close")
        walk = self.within(inside)
        text = next((token for token in inside if token.type == "inline"), None)
        callout = _CALLOUT.match(text.content) if text else None
        if not text or not callout:
            return walk.all()
        title = callout[2].strip() or callout[1].capitalize()
        rest = text.content[callout.end() :]
        text.children = _parser().parseInline(rest)[0].children
        return _aside(title, walk.all(), self.here)

    def fence(self, token: Token) -> list[Block]:
        info = token.info.strip()
        name = re.match(r"\{([\w:.-]+)\}", info)
        if name and name[1].lower() not in _CODE:
            return self.directive(info, token.content)
        if "magic-move" in info:  # of Slidev: programs that become one another
            programs = [each for each in self.reader.tokens(token.content) if each.type == "fence"]
            parts = [set(map(str.strip, each.content.splitlines())) for each in programs]
            last = programs[-1:]
            grown = [now <= then for now, then in pairwise(parts)]
            kept = [each for each, more in zip(programs[:-1], grown, strict=True) if not more]
            return _Walk(self.reader, kept + last, lambda _: self.here, self.depth + 1).all()
        lang = re.split(r"[\s{},:]", re.sub(r"^\{[\w-]+\}\s*(?=\w)", "", info).strip("{. "))[0]
        marked = r"(?:\s*(?:#\||//\||%%\||:\w[\w-]*:).*\n)*"
        options = re.match(rf"---\n(?:.*\n)*?---\n|{marked}" if name else marked, token.content)
        told = info + (options[0] if options else "")
        if lang.lower() in ("mermaid", "plantuml", "dot", "graphviz"):
            self.reader.notes.append(f"{self.here}: a diagram in {lang} is not drawn")
            return []
        if _HIDDEN.search(told) or (
            not self.reader.echo and info.startswith("{") and "echo: true" not in told
        ):
            hidden = "what programs make that are hidden is not in the file"
            self.reader.notes += [hidden] if hidden not in self.reader.notes else []
            return []
        code = token.content[options.end() :] if options else token.content
        return list(steps(code, "" if lang == "code-cell" else lang, self.here))

    def directive(self, info: str, content: str) -> list[Block]:
        """A directive of MyST or a div of Quarto, with what stands in it."""
        found = re.match(r"\{?\.?([\w-]*)\}?\s*(.*)", info.strip(), re.S)
        name, rest = (found[1].lower(), found[2].strip()) if found else ("", "")
        options = re.match(r"(?:\s*:[\w-]+:.*\n)+|\s*---\n(?:.*\n)*?---\n", content)
        body = content[options.end() :] if options else content
        base = self.here
        if name in _DROPPED or self.depth > MOST_NESTED:
            return []
        if name in ("figure", "image"):
            return self.reader.picture(rest, without_tags(body), base)
        if name == "math":
            return self.formula(body)
        inner = _Walk(self.reader, self.reader.tokens(body), lambda _: base, self.depth + 1).all()
        if name == "notes" or ".notes" in info:
            return [Notes(_joined(inner), base)]
        kind = name.removeprefix("callout-")
        if kind in _ASIDES or name.startswith("callout"):
            title = re.search(r'title="([^"]*)"', info)
            heading = title[1] if title else "" if rest.startswith(("{", ".")) else rest.strip("} ")
            return _aside(heading or kind.capitalize(), inner, base)
        return inner

    def html(self, text: str) -> list[Block]:
        if text.lstrip().startswith("<!--"):
            said = re.sub(r"^\s*<!--|-->\s*$", "", text).strip()
            if is_directive(said):
                return []
            if self.reader.comments == "all":
                return [Notes(self.reader.words(said), self.here)]
            self.reader.unsaid.append(self.here)
            return []
        text, fence, rest = text.partition("\n```")  # that no blank line stands before
        found = read_html(text)
        blocks: list[Block] = []
        for level, lines in groupby(found.lines, key=itemgetter(1)):
            items = [_line(line) for line, _ in lines]
            if level == ITEM and not any(len(item) > LONGEST_POINT for item in items):
                blocks += points(items, self.here)
            elif level > 0:
                blocks += [Heading(item, level, self.here) for item in items]
            else:
                blocks += [block for item in items for block in self.line(item)]
        for rows, heads in zip(found.tables, found.heads, strict=True):
            if not heads and len(rows) == 1:  # a table that only puts things side by side
                blocks += [block for cell in rows[0] for block in self.line(cell)]
                continue
            if shown := table(rows, heads, self.here):
                blocks.append(shown)
        for address, words in found.pictures:
            blocks += self.reader.picture(address, words, self.here)
        return blocks + (self.within(self.reader.tokens(fence + rest)).all() if fence else [])

    def line(self, text: str) -> list[Block]:
        """A line of text in HTML, with the formulas that it displays."""
        found: list[Block] = []
        for number, part in enumerate(text.split("$$")):
            if number % 2:
                found += self.formula(part)
            elif re.search(r"\w", part) and not _UNSAID.fullmatch(part.strip()):
                found.append(Said(part.strip(), self.here))
        return found


def is_directive(comment: str) -> bool:
    """Whether a comment tells a program something: `_class: lead`, `.slide: …`, `fit`."""
    lines = [line for line in comment.splitlines() if line.strip()]
    return all(
        re.match(
            r"\s*(?:[$_]?[A-Za-z][\w-]*\s*:|\.(?:slide|element)\b|fit$|prettier|markdownlint)", line
        )
        and not re.match(r"\s*[A-Z]\w*:\s+\S+(?:\s+\S+){3,}", line)
        for line in lines
    )


def spoken(children: Sequence[Token]) -> str:
    """The words of a line of Markdown as a person would read them, mathematics between dollars
    and code between backticks.
    """
    pieces: list[str] = []
    hidden = 0
    raised: dict[int, str] = {}
    ends = (at for at, child in enumerate(children) if child.type == "strong_close")
    bold = next(ends, -9)
    breaks = (each.type == "softbreak" for each in children)
    lines = "".join("\n" if b else c.content for b, c in zip(breaks, children, strict=True))
    stops = iter(with_stops(lines.split("\n")))
    for index, child in enumerate(children):
        match child.type:
            case "text":
                text = _REFERENCE.sub("", child.content)
                pieces.append(text.translate(raised) if not hidden else "")
            case "s_open" | "s_close":  # what is struck out
                hidden += child.nesting
            case "softbreak":
                last = pieces[-1].rstrip() if pieces else ""
                stopped = next(stops).endswith(".") and not last.endswith(".")
                leads = not last.endswith(".") and _leads(children, index, bold)
                pieces.append(". " if stopped or leads else " ")
            case "hardbreak":
                following = "".join(each.content for each in children[index + 1 : index + 4])
                word = re.search(r"\w$", "".join(pieces[-1:]))
                pieces.append(". " if word and not following[:1].islower() else " ")
            case "code_inline":
                code = child.content.strip()
                code = "" if re.match(r"\{?r\}? [\w.:$]+(?:\(|\[|$)", code) else code  # that R runs
                pieces.append(f"`{code}`" if code and "`" not in code else code)
            case "math_inline":
                text = child.content.strip()
                pieces.append(f"${text}$" if text else "")
            case "myst_role":
                pieces.append(_role(str(child.meta.get("name", "")), child.content))
            case "html_inline":
                tag = child.content.lower()
                hidden += tag.startswith(("<script", "<style")) - tag.startswith(
                    ("</script", "</style")
                )
                pieces.append(" " if tag.startswith(("<br", "<img", "<p", "</p", "</kbd")) else "")
                raised = {"<sup>": _RAISED, "<sub>": _LOWERED}.get(tag, raised)
                raised = {} if tag.startswith("</su") else raised
    return _line("".join(pieces))


def _leads(children: Sequence[Token], end: int, bold: int) -> bool:
    """Whether the line up to a break is in bold, which ends at `bold`, and a new sentence follows:
    it is a heading.
    """
    begins = next(child.type for child in children if child.type != "text" or child.content)
    last = children[bold - 1].content if bold > 0 else ""
    following = "".join(child.content for child in children[end : end + 3])
    whole = begins == "strong_open" and end - 2 <= bold < end
    return whole and not last.endswith((".", ":", "!", "?")) and following[:1].isupper()


def _line(text: str) -> str:
    """`text` on one line, its words without what only a program reads."""
    text = re.sub(r":(?:[a-z]+:)?[a-z]+:(?=`)", "", text)  # roles of reStructuredText
    text = re.sub(r"`~?([^`<>]{1,200}?)\s*<[^`<>]{1,300}>`_{0,2}", r"\1", text)
    parts = re.split(r"(\$[^$]+\$|`[^`]*`)", text)
    parts[::2] = map(_bare, parts[::2])
    line = " ".join("".join(parts).split())
    return re.sub(r"(?<=\w) (?=[,.](?:\s|$))", "", line)  # after what is left out


def _bare(text: str) -> str:
    """`text` without the marks of other tools than Markdown."""
    text = re.sub(TAGS, "", text)
    # bold beside a bracket, which CommonMark does not find where no spaces are between words
    dense = "[\u3000-\u9fff\uac00-\ud7af\uff00-\uffef]"
    text = re.sub(rf"\*\*(?={dense})|(?<={dense})\*\*", "", text)
    text = re.sub(r"!?\[\[(?:[^\[\]|]{1,200}\|)?([^\[\]|]{1,200})\]\]", r"\1", text)  # Obsidian
    text = re.sub(
        r"\s\^[\w-]+$|\[click(?::\d+)?\]\s?", "", text
    )  # ids of Obsidian, clicks of Slidev
    text = re.sub(r" ?\[(?:see |cf\. )?-?@[\w:.;,@\s–-]{1,200}\]", "", text)  # citations
    text = re.sub(r"\[([^\[\]]{1,200})\](?=\{[.#])", r"\1", text)  # spans of Quarto
    # links that other pages define, of which each name has a letter: no places of a list
    text = re.sub(
        r"(?<![\w\])])\[([^\W\d_][^\[\]]{0,200})\]\[(?=\]|[^\[\]]*[^\W\d_])[^\[\]]{0,99}\]",
        r"\1",
        text,
    )
    attributes = r"\s*\{:?\s*(?:[.#%]|(?<=:)toc|[\w-]{1,40}=)[^{}]{0,2000}\}"
    text = re.sub(attributes, "", text)
    text = re.sub(r"(?<=\d)--(?=\d)", "–", re.sub(r"((?<=\w) ?|^)--- ?(?=\w)", " — ", text))
    # pictures that are not shown
    text = re.sub(r"!\[[^\[\]]{0,200}\](?:\([^()\s]{0,500}\)|\[[^\[\]]{0,100}\])", "", text)
    text = re.sub(r"\[([^\[\]]{1,200})\]\([^()\s]*[./#][^()\s]*\)", r"\1", text)  # within HTML
    text = re.sub(r"(?<![\w:]):[a-z][a-z0-9_+-]{1,40}:(?![\w:`])", "", text)  # names of emoji
    return re.sub(r"(?<![\w=])==(?=\S)([^=]{1,200})(?<=\S)==(?![\w=])", r"\1", text)  # marked


def _role(name: str, content: str) -> str:
    if name == "math":
        return f"${content}$"
    if name in ("cite", "cite:p", "cite:t", "citep", "footcite", "label", "index"):
        return ""
    found = re.match(r"(.*?)\s*<[^<>]*>$", content)
    return found[1] if found else content.rpartition(".")[2] if content[:1] == "~" else content


def _alt(image: Token) -> str:
    words = spoken(image.children or ())
    title = str(image.attrs.get("title", ""))
    # In Marp the words beside a picture say how large it is and where it goes.
    marp = r"(?:bg|fit|cover|contain|auto|left|right|vertical|center|blur|[wh]:\S+|width:\S+"
    marp += r"|height:\S+|\d+%|brightness\S*|opacity\S*|drop-shadow\S*|grayscale\S*)"
    words = "" if re.fullmatch(rf"{marp}(?:[:\s]+{marp})*(?::\d+%)?", words) else words
    is_name = re.fullmatch(r"\S+\.(?:png|jpe?g|gif|svg|webp)|[A-Za-z\d]+_\w+", words, re.I)
    generic = words.lower() in ("", "png", "image", "img", "alt text", "alt", "figure", "title")
    return title if is_name or generic else words


def _is_paragraph(line: Token) -> bool:
    """Whether a line of a list is too much for a point: it is long, or displays a formula."""
    formulas = any(child.type == "math_inline_double" for child in line.children or ())
    return formulas or len(spoken(line.children or ())) > LONGEST_POINT


def _are_contents(tokens: Sequence[Token]) -> bool:
    """Whether each line of a list is a link into the same text: a table of contents."""
    lines = [token.children or [] for token in tokens if token.type == "inline"]
    return bool(lines) and all(
        line
        and line[0].type == "link_open"
        and str(line[0].attrs.get("href", "")).startswith("#")
        and line[-1].type == "link_close"
        for line in lines
    )


def _leads_away(line: Sequence[Token]) -> bool:
    """Whether a line is links to other pages, with nothing but strokes between them."""
    around, within = "", 0
    for child in line:
        within += child.nesting if child.type.startswith("link_") else 0
        around += "" if within else child.content
    return "|" in around and not re.search(r"\w", re.sub(r"<[^<>]*>", "", around))


def _aside(title: str, inner: list[Block], where: str) -> list[Block]:
    """An admonition: its words, begun with what it is called, where it is."""
    if not re.search(r"\w", title):
        return inner
    for index, block in enumerate(inner):
        if isinstance(block, Said):
            first = replace(block, text=f"{title.rstrip(':.')}: {block.text}")
            return [*inner[:index], first, *inner[index + 1 :]]
    return [Said(title, where), *inner]


def _joined(blocks: Sequence[Block]) -> str:
    texts = [b.text if isinstance(b, Said | Heading) else getattr(b, "words", "") for b in blocks]
    return "\n\n".join(text for text in texts if text)


def _rows(tokens: Sequence[Token]) -> list[list[str]]:
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows:
            rows[-1].append(spoken(token.children or ()))
    return rows


def _prepared(text: str) -> str:
    """`text` as the parser needs it; every line stays where it is."""
    text = re.sub(r"\x1b\[[0-9;]*m|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", text)
    text = re.sub(r"\{% ?link (\S{1,100}) %\}", r"/\1", text)  # of Jekyll, and where it stands:
    text = re.sub(r"\{\{ ?(?:site|page)\.[\w.]{1,40} ?\}\}(?=/)", "", text)
    stepped = r"(?m)^(\$\$(?: *|\n(?=\{[^{}\n]*\|)))\{[\w|*,-]{1,40}\}"  # by Slidev
    text = re.sub(stepped, r"\1", text)
    text = re.sub(r"(?m)^\. \. \.[ \t]*$", "", text)  # pauses of Quarto
    text = as_marked(text)
    text = re.sub(r"\\\\\[([^$]{1,1000}?)\\\\\]", r"$$\1$$", text)
    alone = r"(?m)^`(?:\$\$|\\\[)([^`$]{1,3000})(?:\$\$|\\\])`$"  # as reveal.js has it
    text = re.sub(alone, r"$$\1$$", text)
    text = re.sub(r"\\\\\([ \t]*(\S[^\n]{0,300}?)[ \t]*\\\\\)", _unescaped, text)
    text = re.sub(r"(?m)^\+[-=:+]{3,}\+\n(?:[|+][^\n]*\n)+", of_pipes, text)
    text = re.sub(r"\$\$([^$`]{1,3000})\$\$(?:[ \t]*[.,;](?=\s|$))?", _on_one_line, text)
    # HTML is one piece, where Markdown would end it at a blank line
    pieces = r"(?is)<(table|style|script)\b.*?</\1>"
    text = re.sub(pieces, lambda one: re.sub(r"\n[ \t]*(?=\n)", "\n<!-- -->", one[0]), text)
    text = re.sub(r"!\[\[([^\[\]|\n]{1,200})(?:\|[^\[\]\n]{0,40})?\]\]", r"![](<\1>)", text)
    text = re.sub(r"\\\((?=\S)([^\n]{1,300}?)(?<=\S)\\\)(?!\])", r"$\1$", text)
    # "$ x^2 $", but not from the end of one formula to the beginning of the next
    spaced = (
        r"(?<![\w$\\])\$(?:(?=\S)[^$\n]{1,300}(?<=\S)\$(?!\w)"
        r"| +([^$\n]{0,200}?[\\^_=+<>][^$\n]{0,200}?) +\$(?!\w))"
    )
    text = re.sub(spaced, lambda found: f"${found[1]}$" if found[1] else found[0], text)
    text = re.sub(r"(?m)^\s*\\\\?\[\s*$|^\s*\\\\?\]\s*$", "$$", text)
    return _without_columns(text)


def _unescaped(found: re.Match[str]) -> str:
    """A formula between escaped brackets, in which other signs are escaped from Markdown too."""
    return "$" + re.sub(r"\\(?=[_*]|\\[{}])", "", found[1]) + "$"


def _on_one_line(found: re.Match[str]) -> str:
    """A displayed formula that begins within a paragraph, which its lines would end; the stop
    after it goes.
    """
    return f"$${' '.join(found[1].split())}$$" + "\n" * found[1].count("\n")


def _without_columns(text: str) -> str:
    """Divs of Quarto that only lay out (columns, fragments) opened up, and the others given
    fences of their own length, so that one can stand in another.
    """
    if ":::" not in text:
        return text
    lines = text.split("\n")
    open_: list[tuple[int, bool]] = []
    ends: dict[int, str] = {}
    for number, line in enumerate(lines):
        found = _FENCE_OF_COLONS.fullmatch(line)
        if not found:
            continue
        if found[2]:
            kind = found[2].strip("{}. ").split()[0].lstrip("{.").rstrip("}") if found[2] else ""
            kept = kind in _ASIDES | _DROPPED | {"notes", "figure", "image", "math"}
            kept = kept or kind.startswith("callout") or ".notes" in found[2]
            open_.append((number, kept))
        elif open_:
            start, kept = open_.pop()
            fence = ":" * max(3, 12 - len(open_)) if kept else ""
            ends[number] = f"{found[1]}{fence}"
            ends[start] = _FENCE_OF_COLONS.sub(rf"\1{fence}\2", lines[start]) if kept else ""
    return "\n".join(ends.get(number, line) for number, line in enumerate(lines))


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.admon import admon_plugin
    from mdit_py_plugins.amsmath import amsmath_plugin
    from mdit_py_plugins.colon_fence import colon_fence_plugin
    from mdit_py_plugins.deflist import deflist_plugin
    from mdit_py_plugins.dollarmath import dollarmath_plugin
    from mdit_py_plugins.footnote import footnote_plugin
    from mdit_py_plugins.myst_blocks import myst_block_plugin
    from mdit_py_plugins.myst_role import myst_role_plugin

    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    parser.use(footnote_plugin).use(amsmath_plugin).use(deflist_plugin).use(colon_fence_plugin)
    parser.use(admon_plugin)
    # each link is read as one, and none is followed
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    parser.use(dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True)
    return parser.use(myst_role_plugin).use(myst_block_plugin).disable("myst_line_comment")
