"""Programs and formulas as slides: in steps of at most 12 lines, and what their comments say; in
lines that a slide can hold, and with the commands that an author defined.
"""

from __future__ import annotations

import ast
import io
import re
import textwrap
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from ..slides.analysis import signs_of
from .blocks import Shown

MOST_LINES = 12
"""Lines of a program that one slide shows."""

MOST_COLUMNS = 80
"""Characters of a line that can be read; longer ones go on in the next."""

LONGEST_CODE = 20_000
"""Characters of one cell's program that are read."""

_SETTING = re.compile(r"\s*%(?:matplotlib|load_ext|reload_ext|autoreload|config|pylab|vidkit)\b.*")
_SETTINGS = re.compile(
    r"\s*(?:#.*|import .*|from .* import .*|[%!].*|warnings\..*|plt\.(?:rc|style).*|try:|except.*:"
    r"|print\(.*__version__.*\)|(?:sns|seaborn)\.set\w*\(.*|np\.(?:random\.seed|set_print).*)?"
)
_CELL_MAGIC = re.compile(r"\s*%%(\w+)[^\n]*\n?")
_LANGUAGES = {"bash": "bash", "sh": "bash", "html": "html", "javascript": "js", "js": "js"} | {
    name: name for name in ("latex", "ruby", "perl", "sql", "svg", "markdown", "r", "julia")
}
_COMMENT = {"python": "#", "r": "#", "julia": "#", "bash": "#", "ruby": "#", "": "#"}


def steps(code: str, lang: str, where: str, *, must: bool = False) -> list[Shown]:
    """`code` as slides, each with the words of its comments and docstrings as its own."""
    lang = "python" if lang.lower().startswith("ipython") else lang.lower()
    if magic := _CELL_MAGIC.match(code):
        code = code[magic.end() :]
        lang = _LANGUAGES.get(magic[1].lower(), lang)
    lines = [line for line in code[:LONGEST_CODE].split("\n") if not _SETTING.fullmatch(line)]
    lines = [part for line in lines for part in _wrapped(line.expandtabs(4).rstrip())]
    code = "\n".join(lines).strip("\n")
    if not code or (not must and _only_settings(code, lang)):
        return []
    wish = {"layout": "code", "lang": lang or "text"}
    return [
        Shown(where, {**wish, "code": part}, words=comments(part, lang), must=must)
        for part in _parts(code)
    ]


def _wrapped(line: str) -> list[str]:
    """A long line in several, the others further in: broken after a comma, an operator, a word."""
    further = 0 if line.lstrip().startswith("#") else 4
    inner = " " * (len(line) - len(line.lstrip()) + further)
    found: list[str] = []
    while len(line) > MOST_COLUMNS and len(found) < MOST_LINES:
        room = line[len(inner) : MOST_COLUMNS]
        ends = [room.rfind(mark) + len(mark) for mark in (", ", "(", " ")]
        cut = len(inner) + next((end for end in ends if end > MOST_COLUMNS // 3), len(room))
        found.append(line[:cut].rstrip())
        comment = re.search(r"(?:^|\s)# ", line[:cut])
        line = inner + ("# " if comment else "") + line[cut:].lstrip()
    return [*found, line]


def _only_settings(code: str, lang: str) -> bool:
    """Whether a program only imports and sets what others need: nobody has to see that."""
    if lang != "python":
        return False
    if re.search(r"(?m)^(?:import|from) ", code):  # what is called beside them sets something
        code = re.sub(r"(?m)^[\w.]+\([^()\n]*\)$", "", code)
    return all(_SETTINGS.fullmatch(line) for line in code.split("\n"))


def _parts(code: str) -> list[str]:
    """`code` cut at its blank lines and its outermost lines, into few parts of a like length."""
    lines = code.split("\n")
    if len(lines) <= MOST_LINES:
        return [textwrap.dedent(code)]
    count = -(-len(lines) // MOST_LINES)
    parts: list[str] = []
    start = 0
    while start < len(lines):
        rest = len(lines) - start
        if rest <= MOST_LINES:
            end = len(lines)
        else:
            fair = max(MOST_LINES // 2, -(-rest // max(1, count - len(parts))))
            end = start + _best_cut(lines[start : start + MOST_LINES + 1], min(fair, MOST_LINES))
        part = textwrap.dedent("\n".join(lines[start:end])).strip("\n").rstrip()
        if part:
            parts.append(part)
        start = end
    return parts


def _best_cut(lines: list[str], fair: int) -> int:
    """How many of the lines make a part: up to before the outermost line that is near `fair`."""

    def cost(cut: int) -> tuple[int, int]:
        line, before = lines[cut], lines[cut - 1]
        inside = len(line) - len(line.lstrip()) if line.strip() else 0
        closing = line.lstrip().startswith((")", "]", "}", "else", "elif", "except", "finally"))
        header = before.rstrip().endswith((":", "(", "[", "{", ",", "\\")) or before.startswith("@")
        away = abs(cut - fair)
        return inside + 8 * closing + 12 * header - 4 * (not before.strip()) + away, away

    return min(range(3, len(lines)), key=cost)


def comments(code: str, lang: str) -> str:
    """What the comments and docstrings of `code` say, as sentences; those at the end of a line of
    code only where there are no others. Code that was commented out says nothing.
    """
    mark = _COMMENT.get(lang, "//" if lang in ("js", "c", "cpp", "java", "rust", "go") else "")
    docstrings = _docstrings(code) if lang == "python" else []
    beside: list[str] = []
    above = _of_python(code, beside) if lang == "python" else _above(code, mark)
    found = docstrings + _blocks(above)
    found = found or _blocks(part for text in beside for part in (text, ""))
    return " ".join(text if text[-1] in ".!?:" else f"{text}." for text in found)


def _blocks(lines: Iterable[str]) -> list[str]:
    """Comments that go on over lines as one text; an empty line ends one."""
    found: list[str] = []
    block: list[str] = []
    for text in [*lines, ""]:
        if text and not _is_code(text):
            block.append(text)
        elif block:
            found.append(" ".join(block))
            block = []
    return found


def titles(code: str) -> str:
    """The title that a program gives its picture: a text in `title=`, `set_title`, `suptitle`."""
    pattern = (
        r"\b(?:title|set_title|suptitle|ggtitle|plt\.title)\s*(?:=|\()\s*(?:label\s*=\s*)?"
        r"r?([\"'])((?:(?!\1)[^\n\\]|\\.){3,100})\1"
    )
    found = [match[2] for match in re.finditer(pattern, code)]
    found = [text.replace("\\n", " ") for text in found if not re.search(r"[{}%\\]", text)]
    return found[0].strip() if found else ""


def _above(code: str, mark: str) -> Iterator[str]:
    """The words of each comment on a line of its own; an empty text for any other line."""
    for line in code.split("\n") if mark else ():
        bare = line.strip()
        yield _bare(bare, mark) if re.match(rf"{mark}+(?:\W|$)|{mark}'", bare) else ""


def _of_python(code: str, beside: list[str]) -> Iterator[str]:
    """As `_above`; comments at the end of a line of code are added to `beside`."""
    line = -1
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type != tokenize.COMMENT:
                continue
            if token.line.strip() != token.string:
                beside.append(_bare(token.string, "#"))
                continue
            if token.start[0] != line + 1:
                yield ""
            line = token.start[0]
            yield _bare(token.string, "#")
    except (tokenize.TokenError, SyntaxError):
        return  # a part of a program, or one with magics: its comments up to there


def _bare(text: str, mark: str) -> str:
    text = text.lstrip(f"{mark}!").strip().strip("-=*#~ ").strip()
    text = re.sub(r"^@(?:title|markdown)\s+|\s*\{[^{}]*\}$", "", text)
    return "" if text.startswith(("@param", "noqa", "type:", "pylint", "%%", "!", "|")) else text


def _is_code(text: str) -> bool:
    """Whether a comment is no sentence: fewer than two words, or a program that reads as one."""
    words = re.findall(r"[^\W\d_]{2,}", text)
    if len(words) < 2:
        return True
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return bool(re.search(r"\w\([\w\s,=\"'.]*\)\s*$|^\w+ = ", text))
    return not all(
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Name) for node in tree.body
    )


def _docstrings(code: str) -> list[str]:
    """The first sentence or paragraph of each docstring."""
    found = []
    for match in re.finditer(r":[ \t]*\n\s*[rRuU]?(\"\"\"|''')(.+?)\1", code, re.S):
        first = " ".join(match[2].strip().split("\n\n")[0].split())
        if len(re.findall(r"\w+", first)) > 1 and len(first) < 400:
            found.append(first)
    return found


# Formulas

LONGEST_FORMULA = 80
MOST_FORMULAS = 4
"""Characters of a formula, and formulas, that a slide can hold."""

LONGEST_EXPANDED = 4_000
"""Characters by which a formula may grow, where commands of its author are written out."""

_ENVIRONMENT = re.compile(r"\s*\\begin\{(\w+)\*?\}(.*)\\end\{\1\*?\}\s*", re.S)
_LINED = re.compile(r"align\w*|gather\w*|eqnarray|split|multline|flalign")
_END_OF_FORMULA = re.compile(r"(?:\\q?quad|\\[,;:! ]|[ ,.;])+$")
_NESTS = re.compile(r"\\(?:left|right|begin|end)\b|\\.|[{}]")
_DEFINED = re.compile(
    r"\\(?:(?:re|provide)?newcommand\*?|def|DeclareMathOperator\*?)\s*\{?(\\[A-Za-z]+)\}?"
    r"(?:\[(\d)\])?(?:#\d)*\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
)
_RELATION = re.compile(r"(?<=.)(?:=|\\(?:approx|equiv|sim|propto|leq?|geq?|implies|iff)\b)")


def formula(text: str, where: str) -> list[Shown]:
    """A displayed formula in LaTeX, its lines as equations one under the other; nothing where
    one of them is too long for a slide.
    """
    text = re.sub(r"\\(?:large|Large|displaystyle|small)\b", "", text)
    text = re.sub(r"\\(?:label|tag|notag|nonumber)\b\*?(?:\{[^{}]*\})?|(?<!\\)%.*", "", text)
    around = _ENVIRONMENT.fullmatch(text)
    if around and not _LINED.fullmatch(around[1]):
        lines = [around[2] if around[1] in ("equation", "displaymath") else text]
    else:
        body = around[2] if around else text
        nested = "\\begin" in body
        lines = [body] if nested else re.split(r"\\\\(?:\[[^\]]*\])?", body)
        lines = [line if nested else re.sub(r"(?<!\\)&", "", line) for line in lines]
    tidy = [_END_OF_FORMULA.sub("", " ".join(line.split())) for line in lines]
    tidy = [part for line in tidy if line for part in _short_formulas(line)]
    if not tidy or max(map(signs_of, tidy)) > LONGEST_FORMULA:
        return []
    groups = [tidy[at : at + MOST_FORMULAS] for at in range(0, len(tidy), MOST_FORMULAS)]
    return [
        Shown(where, {"layout": "equation", "equation": each}, words=f"${'$, $'.join(each)}$")
        for each in groups
    ]


def _compact(line: str) -> str:
    """A formula without what only sets its spaces, and the size of its brackets."""
    line = re.sub(r"\\(?:left|right|[bB]igg?[lrm]?)(?![A-Za-z])\s*\.?|\\[,;:!]|(?<!\\)~", "", line)
    return re.sub(r"\s*([{}()\[\]=+^_,-])\s*", r"\1", line)


def _short_formulas(line: str) -> list[str]:
    """A formula in pieces that a slide can hold, without what only spaces it if it has to be."""
    parts = _at_relations(line)
    return parts if max(map(signs_of, parts)) <= LONGEST_FORMULA else _at_relations(_compact(line))


def _at_relations(line: str) -> list[str]:
    """A formula in pieces, each but the first beginning with a relation such as "="; whole where
    it is short, or has none between its outermost terms.
    """
    if len(line) <= LONGEST_FORMULA:
        return [line]
    depths = {"{": 1, "\\left": 1, "\\begin": 1, "}": -1, "\\right": -1, "\\end": -1}
    nests = [(found.start(), depths.get(found[0], 0)) for found in _NESTS.finditer(line)]
    ends = [
        found.start()
        for found in _RELATION.finditer(line)
        if not sum(depth for at, depth in nests if at < found.start())
    ]
    fitting = [end for end in ends if end <= LONGEST_FORMULA] or ends
    if not fitting:
        return [line]
    return [line[: fitting[-1]].rstrip(), *_at_relations(line[fitting[-1] :])]


def macros(text: str) -> dict[str, tuple[int, str]]:
    """The commands that a text in LaTeX defines: how many arguments each takes, and what it is."""
    found = {}
    for match in _DEFINED.finditer(text):
        count = int(match[2] or len(re.findall(r"#\d", match[0].partition("{")[0])))
        body = f"\\operatorname{{{match[3]}}}" if "DeclareMath" in match[0] else match[3]
        found[match[1]] = (count, body)
    return found


def with_macros(text: str, known: Mapping[str, tuple[int, str]]) -> str:
    """`text` without definitions, each command of `known` written out; cut if endless."""
    text = _DEFINED.sub("", text)
    braces = r"\s*(\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}|[^\s{}\\])"
    most = len(text) + LONGEST_EXPANDED
    for _ in range(3):  # those that are defined by others
        for name, (count, body) in known.items():
            pattern = re.escape(name) + r"(?![A-Za-z])" + braces * count
            text = re.sub(pattern, partial(_written, body), text) if name in text else text
            if len(text) > most:
                return text[:most]
    return text


def _written(body: str, found: re.Match[str]) -> str:
    """What a command stands for, with its arguments."""
    given = dict(enumerate(found.groups(), start=1))
    return re.sub(r"#(\d)", lambda place: given.get(int(place[1]), ""), body)
