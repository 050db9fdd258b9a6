"""Programs and formulas as slides: in steps of at most 12 lines, and what their comments say; in
lines that a slide can hold, and with the commands that an author defined.
"""

from __future__ import annotations

import ast
import io
import re
import textwrap
import tokenize
from collections.abc import Mapping, Sequence
from functools import partial

from ..slides.analysis import signs_of
from .blocks import Shown, sentence, with_stops

MOST_LINES = 12
"""Lines of a program that one slide shows."""

MOST_COLUMNS = 80
"""Characters of a line that can be read; longer ones go on in the next."""

DEEPEST = 20
"""Columns that a line which is too long keeps before it, of more."""

WORDS_BESIDE = 3
"""Words of a comment at the end of a line that are said; fewer only name something."""

LONGEST_CODE = 20_000
"""Characters of one cell's program that are read."""

_SETTING = re.compile(r"\s*%(?:matplotlib|load_ext|reload_ext|autoreload|config|pylab|vidkit)\b.*")
_SETTINGS = re.compile(
    r"\s*(?:#.*|import .*|from .* import .*|[%!].*|warnings\..*|plt\.(?:rc|style).*|try:|except.*:"
    r"|print\(.*__version__.*\)|(?:sns|seaborn)\.set\w*\(.*|np\.(?:random\.seed|set_print).*)?"
)
_BESIDE = re.compile(r"(.*[^\s#].*?)\s+(# \S.*)")
_MAGIC = re.compile(r"(?m)^[ \t]*[%!?].*$|^[^#\n]*\?$")
_GREEK = re.compile(
    r"(?<![\w\\$:])\\(?i:alpha|beta|gamma|delta|epsilon|zeta|eta|theta|kappa|lambda|mu|nu|xi|pi|rho"
    r"|sigma|tau|phi|chi|psi|omega)(?:_\w+)?\b"
)
"""A Greek letter in a comment, as mathematics writes it."""
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
    lines, told = code.split("\n"), _comments(code, lang)
    found = []
    for start, end in _parts(lines):
        part = textwrap.dedent("\n".join(lines[start:end])).strip("\n").rstrip()
        docstrings = _docstrings(part) if lang == "python" else []
        words = " ".join(map(sentence, docstrings + _blocks(told[start:end])))
        if part:
            found.append(Shown(where, {**wish, "code": part}, words=words, must=must))
    return found


def _wrapped(line: str) -> list[str]:
    """A long line in several, the others further in: broken after a comma, an operator, a word. A
    comment at its end goes above it, and one that stands far in is brought forward.
    """
    if len(line) <= MOST_COLUMNS:
        return [line]
    indent = len(line) - len(line.lstrip())
    beside = _BESIDE.fullmatch(line) if len(line) < 4 * MOST_COLUMNS else None
    if beside and not any(beside[1].count(quote) % 2 for quote in "\"'"):
        return [*_wrapped(" " * indent + beside[2]), *_wrapped(beside[1].rstrip())]
    indent = max(min(indent, DEEPEST), indent + MOST_COLUMNS - len(line))
    line = " " * indent + line.lstrip()
    inner = " " * (indent if line.lstrip().startswith("#") else indent + 4)
    found: list[str] = []
    while len(line) > MOST_COLUMNS and len(found) < MOST_LINES:
        room = line[len(inner) : MOST_COLUMNS + 1].replace("()", "))")[:-1]
        ends = [room.rfind(mark) + len(mark) for mark in (", ", "(", " ")]
        cut = len(inner) + next((end for end in ends if end > MOST_COLUMNS // 3), len(room))
        found.append(line[:cut].rstrip())
        mark = "# " if line.lstrip().startswith("#") else ""
        line = inner + mark + line[cut:].lstrip()
    return [*found, line]


def _only_settings(code: str, lang: str) -> bool:
    """Whether a program only imports and sets what others need: nobody has to see that."""
    if lang != "python":
        return False
    if re.search(r"(?m)^(?:import|from) ", code):  # what is called beside them sets something
        code = re.sub(r"(?m)^[\w.]+\([^()\n]*\)$", "", code)
    return all(_SETTINGS.fullmatch(line) for line in code.split("\n"))


def _parts(lines: list[str]) -> list[tuple[int, int]]:
    """Where `lines` are cut, at blank lines and outermost ones, into few parts of a like length;
    three lines of the last say something.
    """
    count = -(-len(lines) // MOST_LINES)
    told = [at for at, line in enumerate(lines) if re.search(r"\w", line)]
    last = told[-3] if len(told) > 2 else len(lines)
    parts: list[tuple[int, int]] = []
    start = 0
    while (rest := len(lines) - start) > MOST_LINES:
        fair = max(MOST_LINES // 2, -(-rest // max(1, count - len(parts))))
        most = max(MOST_LINES // 2, min(MOST_LINES, last - start))
        end = start + _best_cut(lines[start : start + most + 1], min(fair, most))
        parts.append((start, end))
        start = end
    return [*parts, (start, len(lines))]


def _best_cut(lines: list[str], fair: int) -> int:
    """How many of the lines make a part: up to before the outermost line that is near `fair`."""

    def cost(cut: int) -> tuple[int, int]:
        line, before = lines[cut], lines[cut - 1]
        inside = len(line) - len(line.lstrip()) if line.strip() else 0
        closing = line.lstrip().startswith((")", "]", "}", "else", "elif", "except", "finally"))
        header = before.rstrip().endswith((":", "(", "[", "{", ",", "\\"))
        header = header or before.lstrip().startswith(("@", "#", "//"))
        away = abs(cut - fair)
        return inside + 8 * closing + 12 * header - 4 * (not before.strip()) + away, away

    return min(range(3, len(lines)), key=cost)


def _blocks(lines: Sequence[str]) -> list[str]:
    """What comments say, those that go on over lines as one text; an empty line ends one. Code
    that was commented out says nothing, and neither does a single word.
    """
    found: list[str] = []
    block: list[str] = []
    for text in [*lines, ""]:
        if text and not _is_code(text):
            block.append(text)
        elif block:
            whole = " ".join(with_stops(block))
            words = re.findall(r"[^\W\d_]{2,}|[\u3040-\u30ff\u3400-\u9fff]{2}", whole)
            if len(words) > 1 and not re.match(r"Copyright\b|Licensed under\b|SPDX-", whole):
                found.append(_GREEK.sub(r"$\g<0>$", whole))
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


def _comments(code: str, lang: str) -> list[str]:
    """The words of the comment on each line of its own; an empty text for any other line. Where
    there are none, those of comments that stand beside code, and are long enough to be sentences.
    """
    found = [""] * (code.count("\n") + 1)
    if lang != "python":
        mark = _COMMENT.get(lang, "//" if lang in ("js", "c", "cpp", "java", "rust", "go") else "")
        for number, line in enumerate(code.split("\n") if mark else ()):
            if re.match(rf"\s*(?:{mark}+(?:\W|$)|{mark}')", line):
                found[number] = _bare(line.strip(), mark)
        return found
    beside = list(found)
    try:
        for token in tokenize.generate_tokens(io.StringIO(_MAGIC.sub("", code)).readline):
            if token.type == tokenize.COMMENT:
                alone = token.line.strip() == token.string
                (found if alone else beside)[token.start[0] - 1] = _bare(token.string, "#")
    except (tokenize.TokenError, SyntaxError):
        pass  # a program that is not whole: its comments up to there
    if any(found):
        return found
    return [text if len(text.split()) >= WORDS_BESIDE else "" for text in beside]


def _bare(text: str, mark: str) -> str:
    if text.startswith("#!"):  # what runs the program
        return ""
    text = text.lstrip(mark).strip().strip("-=*#~ ").strip()
    text = re.sub(r"^@(?:title|markdown)\s+|\s*\{[^{}]*\}$", "", text)
    return "" if text.startswith(("@param", "noqa", "type:", "pylint", "%%", "!", "|")) else text


def _is_code(text: str) -> bool:
    """Whether a line of a comment is a program, or a piece of one, and no words."""
    if re.fullmatch(r"\w*[_\d]\w*", text):
        return True
    plain = re.search(r"[^\W\d_]{2,} [^\W\d_]{2,}", text)
    if not plain and re.search(r"\w[(\[].*[)\](\[{},;]$", text):
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
"""Signs of a formula, and formulas, that a slide can hold."""
ONE_LINE, ALONE = 44, 10
"""Signs of a formula that is well read on one line, and the fewest that have a line of their own
where the rest is cut off."""

LONGEST_EXPANDED = 4_000
"""Characters by which a formula may grow, where commands of its author are written out."""

_ENVIRONMENT = re.compile(r"\s*\\begin\{(\w+)\*?\}(.*)\\end\{\1\*?\}\s*", re.S)
_LINED = re.compile(r"align\w*|gather\w*|eqnarray|split|multline|flalign")
_END_OF_FORMULA = re.compile(r"(?:\\q?quad|\\[,;:! ]|[ ,;]|(?<!\\right)\.)+$")
_NESTS = re.compile(r"(\\left\b ?\\?.|\\begin\b|\\\{|[{(])|(\\right\b ?\\?.|\\end\b|\\\}|[})])|\\.")
"""What opens a group, a bracket or a matrix, and what closes one."""
_DEFINED = re.compile(
    r"\\(?:(?:re|provide)?newcommand\*?|def|DeclareMathOperator\*?)\s*\{?(\\[A-Za-z]+)\}?"
    r"(?:\[(\d)\])?(?:#\d)*\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
)
_WIDE = re.compile(r"\\q?quad(?![A-Za-z])")
_SCRIPT = re.compile(r"(?<!\\)([_^])([A-Za-z0-9])(?=[A-Za-z0-9])")
"""A script without brackets, which in LaTeX is a single sign, and elsewhere goes on."""
_RELATION = re.compile(r"(?<=.)(?:=|\\(?:approx|equiv|sim|propto|leq?|geq?|implies|iff)\b)")


def formula(text: str, where: str) -> list[Shown]:
    """A displayed formula in LaTeX, its lines as equations one under the other; nothing where
    one of them is too long for a slide.
    """
    text = re.sub(r"\\(?:large|Large|displaystyle|small)\b", "", text)
    text = re.sub(r"\\(?:label|tag|notag|nonumber)\b\*?(?:\{[^{}]*\})?|(?<!\\)%.*", "", text)
    around = _ENVIRONMENT.fullmatch(text)
    if around and around[1] == "array" and signs_of(text) > LONGEST_FORMULA:
        around = _ENVIRONMENT.fullmatch(re.sub(r"array\}\s*\{[^{}]*\}|array\}", "gather}", text))
    if around and not _LINED.fullmatch(around[1]):
        lines = [around[2] if around[1] in ("equation", "displaymath") else text]
    else:
        body = around[2] if around else text
        nested = "\\begin" in body
        lines = [body] if nested else re.split(r"\\\\(?:\[[^\]]*\])?", body)
        lines = [line if nested else re.sub(r"(?<!\\)&", "", line) for line in lines]
    tidy = [re.sub(r"(\\right) \.", r"\1.", " ".join(line.split())) for line in lines]
    tidy = [_END_OF_FORMULA.sub("", _SCRIPT.sub(r"\1{\2} ", line)) for line in tidy]
    groups: list[list[str]] = [[]]
    for pieces in (_short_formulas(line) for line in tidy if line):
        if max(map(signs_of, pieces)) > LONGEST_FORMULA:
            return []
        if groups[-1] and len(groups[-1]) + len(pieces) > MOST_FORMULAS:
            groups.append([])
        groups[-1] += pieces
    return [
        Shown(where, {"layout": "equation", "equation": each}, words=f"${'$, $'.join(each)}$")
        for each in groups
        if each
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
    """A formula in pieces: whole where it is short, else one for each equation in it, the long ones
    of them cut where they can be, each piece but the first beginning with a relation ("=").
    """
    if signs_of(line) <= ONE_LINE:
        return [line]
    if several := _outermost(_WIDE, line):
        first = _END_OF_FORMULA.sub("", line[: several[0]])
        second = _WIDE.sub("", line[several[0] :], count=1).strip()
        return [*_at_relations(first), *_at_relations(second)]
    few = ALONE if signs_of(line) <= LONGEST_FORMULA else 0
    ends = [end for end in _outermost(_RELATION, line) if signs_of(line[:end]) >= few]
    fitting = [end for end in ends if signs_of(line[:end]) <= ONE_LINE] or ends
    if not fitting:
        return [line]
    return [line[: fitting[-1]].rstrip(), *_at_relations(line[fitting[-1] :])]


def _outermost(pattern: re.Pattern[str], line: str) -> list[int]:
    """Where `pattern` is found in a formula outside of its groups, brackets and matrices."""
    nests = [(each.start(), bool(each[1]) - bool(each[2])) for each in _NESTS.finditer(line)]
    places = [found.start() for found in pattern.finditer(line)]
    return [place for place in places if sum(depth for at, depth in nests if at < place) <= 0]


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
