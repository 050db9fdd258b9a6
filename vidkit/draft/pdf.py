"""PDF → blocks, with pypdfium2: pages are pictures, notes on them the narration.

A page without notes is read as it stands: those are words to begin with, and to be rewritten.
"""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from ..core.errors import Fault, LessonError, ProviderMissing
from .blocks import Block, Heading, Notes, Picture, Said, Shown, Source, Turn

PAGE_PIXELS = 1600
"""Pixels of a page's longer side."""

MOST_PAGES = 300
LONGEST_PAGE = 3_000
"""Pages that are read, and characters of one that are said."""


HYPHEN = "\x02"
"""What pdfium has in the place of a hyphen at the end of a line."""

_IN_CONTENTS = re.compile(r"(?:\. ?){5,}\s*\w*$")
"""A line of a table of contents, with dots up to its page."""

_DENSE = re.compile("[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
"""A sign of a script that has no spaces between words."""


def read_pdf(path: Path) -> Source:
    """The pages of the file `path`. Raises `LessonError` where it is no PDF or needs a password,
    and `ProviderMissing` where pypdfium2 is not installed.
    """
    source = Source(path.name, "PDF", deck=True)
    document = _opened(path)
    try:
        title = str(document.get_metadata_value("Title") or "")
        source.title = re.sub(r"[\x00-\x1f]+", " ", title).strip()
        if len(document) > MOST_PAGES:
            source.notes.append(f"only the first {MOST_PAGES} of {len(document)} pages are read")
        texts = [_lines(document[number]) for number in range(min(len(document), MOST_PAGES))]
        running = _running(texts)
        for number, lines in enumerate(texts):
            own = [line for line in lines if _bare(line) not in running]
            source.blocks += _page(document, number, own)
    finally:
        document.close()
    said = [block for block in source.blocks if isinstance(block, Said | Notes)]
    pages = [block.where for block in source.blocks if isinstance(block, Turn)]
    unnoted = sum(isinstance(block, Said) for block in said)
    if unnoted:
        source.notes.append(
            f"{unnoted} pages have no notes, and are read as they stand; write what is to be said"
        )
    silent = [page.removeprefix("page ") for page in pages if page not in {b.where for b in said}]
    if silent:
        source.notes.append(f"pages {', '.join(silent)} hold no text; write what is to be said")
    return source


def pages(path: Path) -> Iterator[Picture]:
    """Each page of the file `path` as a picture. Raises as `read_pdf` does."""
    document = _opened(path)
    try:
        for number in range(min(len(document), MOST_PAGES)):
            yield _drawn(document[number])
    finally:
        document.close()


def _lines(page: Any) -> list[str]:
    """The lines of text of a page."""
    text = page.get_textpage().get_text_bounded().replace(HYPHEN, "-")
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return [line for line in lines if line and not _IN_CONTENTS.search(line)]


def _running(pages: list[list[str]]) -> set[str]:
    """What stands at the head or the foot of most pages, but for the number of the page."""
    ends = Counter(end for lines in pages for end in {*map(_bare, lines[:1] + lines[-1:])})
    return {end for end, count in ends.items() if end and count >= max(3, len(pages) * 0.6)}


def _bare(line: str) -> str:
    return re.sub(r"\W*\d+\W*$|^\W*\d+\W*", "", line).casefold()


def _page(document: Any, number: int, lines: list[str]) -> list[Block]:
    """The blocks of a page, counted from 0, with the lines of its own."""
    where = f"page {number + 1}"
    page = document[number]
    lines = [line for line in lines if re.search(r"\w", line) and not _is_number(line, number)]
    notes = _notes(page)
    heading = lines[0] if lines and len(lines[0]) <= 80 else ""
    blocks: list[Block] = [Turn(where)]
    if heading:
        blocks.append(Heading(heading, 1, where))
    rest = lines[1:] if heading and len(lines) > 1 else lines
    words = _paragraphs(rest)[:LONGEST_PAGE]
    if not notes and words:
        blocks.append(Said(words, where))
    blocks.append(Shown(where, picture=_drawn(page), must=True))
    if notes:
        blocks.append(Notes("\n\n".join(notes), where))
    return blocks


def _paragraphs(lines: list[str]) -> str:
    """Lines of a page as running text: a line that begins a sentence or a point ends the last."""
    text = ""
    for line in lines:
        point = re.match(r"(?:[•◦‣▪–—*·►-]|\d{1,2}[.)])\s*(?=\S)", line)
        line = line[point.end() :] if point else line
        if text and text[-1] not in ".!?:;,…" and (point or line[:1].isupper()):
            text += "."
        if re.search(r"[^\W\d_]-$", text) and line[:1].islower():
            text = text[:-1]
        elif text and not (_DENSE.match(text[-1]) and _DENSE.match(line)):
            text += " "
        text += line
    return text


def _is_number(line: str, number: int) -> bool:
    """Whether a line is the number of its page, as "3", "3 / 20", "page 3" or "iii"."""
    counted = rf"\W*(?:page )?{number + 1}\W*(?:(?:/|of)\s*\d+)?\W*|[ivxlc]{{1,7}}"
    return bool(re.fullmatch(counted, line, re.I))


def _drawn(page: Any) -> Picture:
    width, height = page.get_size()
    image = page.render(scale=PAGE_PIXELS / max(width, height, 1)).to_pil()
    file = BytesIO()
    image.save(file, "PNG")
    return Picture(file.getvalue(), ".png")


def _notes(page: Any) -> list[str]:
    """The texts of the notes that somebody stuck onto a page."""
    import pypdfium2.raw as pdfium

    found = []
    for index in range(pdfium.FPDFPage_GetAnnotCount(page)):
        note = pdfium.FPDFPage_GetAnnot(page, index)
        if pdfium.FPDFAnnot_GetSubtype(note) in (
            pdfium.FPDF_ANNOT_TEXT,
            pdfium.FPDF_ANNOT_FREETEXT,
        ):
            length = pdfium.FPDFAnnot_GetStringValue(note, b"Contents", None, 0)
            buffer = ctypes.create_string_buffer(length)
            value = ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR))
            pdfium.FPDFAnnot_GetStringValue(note, b"Contents", value, length)
            text = " ".join(
                buffer.raw[:length].decode("utf-16-le", "replace").split("\0")[0].split()
            )
            found += [text] if re.search(r"\w", text) else []
        pdfium.FPDFPage_CloseAnnot(note)
    return found


def _opened(path: Path) -> Any:
    try:
        import pypdfium2 as pdfium
    except ImportError:
        raise ProviderMissing(
            "PDF is read with pypdfium2; install it: pip install pypdfium2"
        ) from None
    try:
        return pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        why = "it needs a password" if "password" in str(error).lower() else "it is damaged"
        fault = Fault(f"this PDF cannot be opened: {why}", "save it again without one")
        raise LessonError(path, [fault]) from None
