"""Programs as slides: steps of at most 12 lines, and what their comments say."""

from __future__ import annotations

import ast
import io
import re
import textwrap
import tokenize
from collections.abc import Iterable, Iterator

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
    inner = " " * (len(line) - len(line.lstrip()) + 4)
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
        yield _bare(bare, mark) if bare.startswith(mark) else ""


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
