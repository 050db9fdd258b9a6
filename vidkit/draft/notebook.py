"""Jupyter notebooks → blocks: text, programs, and what came of them.

Read as the JSON that they are (nbformat 4; older ones by nbformat, where it is installed).
Nothing is run, and nothing is fetched. Tags of a cell choose: `vidkit:skip`, `vidkit:notes`
(said, not shown), `vidkit:show` (shown also where nothing is said of it); those of nbconvert
and Jupyter Book that remove or hide a cell, its input or its output are followed, too.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..core.errors import Fault, LessonError
from .blocks import (
    FIGURE,
    Block,
    NoPicture,
    Notes,
    Said,
    Shown,
    Source,
    from_base64,
    picture_of,
)
from .code import LONGEST_CODE, MOST_COLUMNS, formula, steps, titles
from .markdown import Reader
from .tables import read_html, table

LARGEST_NOTEBOOK = 500_000_000
"""Bytes of a notebook that are read."""

LONGEST_HTML = 2_000_000
MOST_OUTPUT_LINES = 12
OUTPUT_BESIDE_CODE = 6
"""Lines of what a program printed that are shown, and that have room under the program."""

_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")
_INTERACTIVE = re.compile(
    r"application/(?:vnd\.(?:plotly|vega|bokeh|holoviews|jupyter\.widget)|javascript)"
)
_ANSI = re.compile(
    r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-_]|[^\n]\x08"
)
_BAR = re.compile(r"[^\n]*\d+%\|[█▉▊▋▌▍▎▏▒░#\d ]*\|[^\n]*|[^\n]*\d+it \[\d\d:\d\d, [^\n]*")
"""A line on which a program shows how far it is, as tqdm does."""
_REPR = re.compile(r"[\[( ]*<[\w.]+(?:[ :(][^\n]*)?(?: at 0x[0-9a-f]+|>)[^\n]*|Text\([^\n]*\)")
"""A line that only names an object."""

_NO_CELLS = Fault("this is no notebook: it has no list of cells", "name a notebook (.ipynb)")
_SHAPE = re.compile(r"\[?(\d[\d,]* rows? [x×] \d+ columns?)\]?")


def read_notebook(path: Path) -> Source:
    """The notebook in the file `path`. Raises `LessonError` where it is none, and `OSError`."""
    return notebook(_json(path), path)


def notebook(data: Mapping[str, Any], path: Path) -> Source:
    """The notebook whose JSON is `data`, as if `path` were its file."""
    data = _fourth(data, path)
    source = Source(path.name)
    meta = _object(data.get("metadata"))
    kernel, info = _object(meta.get("kernelspec")), _object(meta.get("language_info"))
    lang = str(info.get("name") or kernel.get("language") or "python")
    source.title = str(meta.get("title") or "")
    reader = Reader(path.parent, notes=source.notes)
    for number, cell in enumerate(data["cells"], start=1):
        if isinstance(cell, dict):
            source.blocks += _cell(cell, f"cell {number}", reader, lang)
    return source


def _cell(cell: Mapping[str, Any], where: str, reader: Reader, lang: str) -> list[Block]:
    meta = _object(cell.get("metadata"))
    tagged = meta.get("tags")
    listed = tagged if isinstance(tagged, list) else ()
    tags = {tag.replace("_", "-") for tag in listed if isinstance(tag, str)}
    turn = str(_object(meta.get("slideshow")).get("slide_type", ""))
    if tags & {"vidkit:skip", "remove-cell", "hide-cell"} or turn == "skip":
        return []
    text = _text(cell.get("source"))
    match cell.get("cell_type"):
        case "markdown":
            reader.attached = _object(cell.get("attachments"))
            blocks = reader.blocks(text, lambda _: where)
            quiet = "vidkit:notes" in tags or turn == "notes"
            return _only_said(blocks) if quiet else blocks
        case "code":
            return _program(cell, text, where, reader, lang, tags)
    return []


def _only_said(blocks: Sequence[Block]) -> list[Block]:
    found: list[Block] = []
    for block in blocks:
        if isinstance(block, Said):
            found.append(replace(block, quiet=True))
        elif isinstance(block, Notes):
            found.append(Said(block.text, block.where, quiet=True))
        elif isinstance(block, Shown) and block.words:
            found.append(Said(block.words, block.where, quiet=True))
    return found


def _program(
    cell: Mapping[str, Any], text: str, where: str, reader: Reader, lang: str, tags: set[str]
) -> list[Block]:
    """A program and what came of it. What is without words of its own has those of its comments."""
    show = "vidkit:show" in tags
    form = _object(cell.get("metadata")).get("cellView") == "form"
    code = steps(text, lang, where, must=show)
    if tags & {"remove-input", "hide-input", "vidkit:notes"} or form:
        code = []
    if tags & {"remove-output", "hide-output"}:
        return list(code)
    title = titles(text[:LONGEST_CODE])
    results: list[Block] = []
    printed: list[str] = []
    given = cell.get("outputs")
    for output in given if isinstance(given, list) else ():
        if isinstance(output, dict):
            results += _output(output, where, reader, printed)
    results = [
        replace(each, title=title) if isinstance(each, Shown) and each.picture else each
        for each in results
    ]
    lines = _tidy("".join(printed))
    if lines and code and len(lines) <= OUTPUT_BESIDE_CODE and not results:
        code[-1] = replace(code[-1], wish={**code[-1].wish, "output": "\n".join(lines)})
    elif lines:
        shown = "\n".join([*lines[: MOST_OUTPUT_LINES - 1], "…"][: len(lines)])
        results.append(Shown(where, {"layout": "code", "lang": "text", "code": shown}, must=show))
    return [*code, *results]


def _output(
    output: Mapping[str, Any], where: str, reader: Reader, printed: list[str]
) -> list[Block]:
    """One output: what it shows. Text is added to `printed`."""
    match output.get("output_type"):
        case "stream":
            if output.get("name") != "stderr":
                printed.append(_text(output.get("text"), 20_000))
        case "error":
            name, value = output.get("ename", ""), output.get("evalue", "")
            printed.append(f"\n{name}: {str(value)[:500]}\n" if value else f"\n{name}\n")
        case "display_data" | "execute_result" | "pyout":
            return _bundle(_object(output.get("data")), where, reader, printed)
    return []


def _bundle(data: Mapping[str, Any], where: str, reader: Reader, printed: list[str]) -> list[Block]:
    """The richest of the forms in which an output is given that can be shown."""
    unseen = ""
    for kind in _PICTURES:
        if kind not in data:
            continue
        try:
            svg = kind == "image/svg+xml"
            value = data[kind]
            picture = picture_of(_text(value).encode() if svg else from_base64(value))
            return [Shown(where, FIGURE, picture=picture, must=True)]
        except NoPicture as why:
            unseen = f"{where}: a picture is not shown: {why}"
    if interactive := next((kind for kind in data if _INTERACTIVE.match(kind)), ""):
        if "widget" not in interactive:
            reader.notes.append(
                f"{where}: an interactive figure has no picture in the file; save it with one "
                "(a renderer such as png), and draft again"
            )
        return []
    if "text/html" in data:
        blocks = _html(_text(data["text/html"], LONGEST_HTML), where, reader)
        if blocks:
            return blocks
    if "text/markdown" in data:
        return reader.blocks(_text(data["text/markdown"], 50_000), lambda _: where)
    if "text/latex" in data:
        return _latex(_text(data["text/latex"], 5_000), where)
    if unseen:
        reader.notes.append(unseen)
    plain = _text(data.get("text/plain"), 20_000)
    if plain.lstrip().startswith(("array([", "(array([")) or all(
        map(_REPR.fullmatch, plain.strip().split("\n"))
    ):
        seen = read_html(_text(data.get("text/html"), LONGEST_HTML)).lines
        plain = "\n".join(line for line, _ in seen)
    if plain.strip() and not unseen:
        printed.append(plain if plain.endswith("\n") else f"{plain}\n")
    return []


def _html(text: str, where: str, reader: Reader) -> list[Block]:
    """The tables and pictures of an output in HTML; other HTML is shown as the plain text that
    comes with it.
    """
    found = read_html(text)
    blocks: list[Block] = []
    shape = next((m[1] for line, _ in found.lines if (m := _SHAPE.search(line))), "")
    shape = shape.replace(" x ", " × ")
    for rows, heads in zip(found.tables, found.heads, strict=True):
        if shown := table(rows, heads, where, shape):
            blocks.append(replace(shown, words=""))
    for address, words in found.pictures:
        blocks += reader.picture(address, words, where)
    return blocks


def _latex(text: str, where: str) -> list[Block]:
    bare = re.sub(r"^\s*\$+(?:\\displaystyle)?|\$+\s*$", "", text.strip())
    return [replace(shown, words="") for shown in formula(bare, where)]


def _tidy(text: str) -> list[str]:
    """Printed text as a terminal shows it in the end: no colours, bars as they ended."""
    lines = _ANSI.sub("", text).expandtabs(8).split("\n")
    lines = [line.rstrip("\r").rpartition("\r")[2].rstrip() for line in lines]
    lines = [line for line in lines if not _BAR.fullmatch(line)]
    text = re.sub(r"[^\S\n]*[\x00-\x08\x0b-\x1f\x7f]", "", "\n".join(lines))
    lines = re.sub(r"\n{3,}", "\n\n", text).strip("\n").split("\n") if text.strip() else []
    return [line if len(line) <= MOST_COLUMNS else f"{line[: MOST_COLUMNS - 1]}…" for line in lines]


def _json(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > LARGEST_NOTEBOOK:
            fault = Fault("it has more than 500 MB", "clear its outputs, and save it again")
            raise LessonError(path, [fault])
        data = json.loads(path.read_bytes().decode("utf-8-sig", "surrogateescape"))
    except (ValueError, RecursionError):
        fault = Fault("this is no notebook: its JSON is damaged", "open it in Jupyter and save it")
        raise LessonError(path, [fault]) from None
    if not isinstance(data, dict):
        raise LessonError(path, [_NO_CELLS])
    return data


def _fourth(data: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    """The notebook in the fourth format."""
    if "cells" not in data and "worksheets" in data:
        try:
            import nbformat

            data = nbformat.convert(nbformat.from_dict(data), 4)  # type: ignore[no-untyped-call]
        except ImportError:
            fault = Fault("it is a notebook of an old format", "open it in Jupyter and save it")
            raise LessonError(path, [fault]) from None
        except Exception as error:  # whatever a broken file of an old format makes it raise
            fault = Fault(f"it cannot be read ({error})", "open it in Jupyter and save it")
            raise LessonError(path, [fault]) from error
    if not isinstance(data.get("cells"), list):
        raise LessonError(path, [_NO_CELLS])
    return data


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object, most: int = 1_000_000) -> str:
    """A text that may be written as a list of its lines, at most so many characters of it."""
    text = "".join(map(str, value)) if isinstance(value, list) else value
    return text[:most].encode("utf-8", "ignore").decode() if isinstance(text, str) else ""


def running_notebook(names: Mapping[str, object]) -> Path | None:
    """The file of the notebook that runs here, as its front end tells it; else the latest one of
    this folder with a cell `%vidkit this`. names: the notebook's own, of which VS Code fills one.
    """
    for told in (names.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")):
        if isinstance(told, str) and told.endswith(".ipynb") and Path(told).is_file():
            return Path(told)
    asks = re.compile(r"(?m)^\s*%vidkit this\b")
    here = [p for p in Path.cwd().glob("*.ipynb") if any(map(asks.search, saved_cells(p)))]
    return max(here, key=lambda path: path.stat().st_mtime, default=None)


def saved_cells(path: Path) -> dict[str, int | None]:
    """The programs that the notebook's file holds, each with its number in brackets as saved."""
    try:
        cells = _fourth(_json(path), path)["cells"]
    except (LessonError, OSError):
        return {}
    programs = [cell for cell in cells if _object(cell).get("cell_type") == "code"]
    return {_text(cell.get("source")).strip(): cell.get("execution_count") for cell in programs}


def is_saved(path: Path, ran: Mapping[int, str]) -> bool:
    """Whether the file holds the cells that ran, with what came of the latest: `ran` has their
    programs by their numbers, the one that asks not among them.
    """
    saved = saved_cells(path)
    latest = {program.strip(): number for number, program in ran.items() if program.strip()}
    return all(saved.get(program, number) == number for program, number in latest.items()) and (
        not latest or any(program in saved for program in latest)
    )
