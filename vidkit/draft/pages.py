"""PowerPoint and PDF → blocks, with python-pptx and pypdfium2.

Of PowerPoint the notes are the narration, and the slide is what is shown: where `soffice`
(LibreOffice) is installed as it is drawn, else its text, pictures and tables set anew. The pages of
a PDF are pictures, and notes on them the narration. A page without notes is read as it stands:
those are words to begin with, and to be rewritten.
"""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any

from ..core.errors import Fault, LessonError, ProviderMissing
from ..slides.figures import MOST_BARS
from ..text.languages import main_script
from .blocks import (
    FIGURE,
    GOES_ON,
    Block,
    Heading,
    NoPicture,
    Notes,
    Picture,
    Said,
    Shown,
    Source,
    Turn,
    picture_of,
    points,
)
from .tables import table

DRAWING_SECONDS = 120
"""Seconds that LibreOffice has to draw all slides."""

MOST_BYTES = 1 << 30
"""Bytes of a deck, unpacked."""

_OFFLINE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop>
</item></oor:items>"""
"""LibreOffice's settings: it takes in no picture that is only linked, from an address or from
another file of this machine."""

_REACHES_OUT = re.compile(
    rb"(?:href|src)\s*=\s*[\"']?\s*(?!#|data:image/(?:png|jpe?g|gif|webp)[;,])"
    rb"|url\(\s*[\"']?(?!#)|@import|<!entity|<\?xml-stylesheet",
    re.IGNORECASE,
)
"""What in a drawing (SVG) leads out of it, which that setting does not see."""


def read_powerpoint(path: Path, *, draw: bool = True) -> Source:
    """The slides in the file `path`. Raises `LessonError` where it is no PowerPoint, and
    `ProviderMissing` where python-pptx is not installed.
    """
    try:
        from pptx import Presentation
    except ImportError:
        raise ProviderMissing(
            "PowerPoint is read with python-pptx; install it: pip install python-pptx"
        ) from None
    try:
        _check_size(path)
        deck = Presentation(str(path))
        slides = list(deck.slides)
    except LessonError:
        raise
    except Exception as error:  # a damaged archive or XML surfaces as one of a dozen classes
        fault = Fault("this is no PowerPoint (.pptx), or a damaged one", "save it again")
        raise LessonError(path, [fault]) from error
    title = str(deck.core_properties.title or "").strip()
    source = Source(path.name, title=title, deck=True)
    if source.title.lower() in ("powerpoint presentation", "presentation"):
        source.title = ""
    shown = [(n, s) for n, s in enumerate(slides, start=1) if s.element.get("show") != "0"]
    pictures = _slides_drawn(path, len(shown)) if draw else []
    for (number, slide), picture in zip_longest(shown, pictures):
        where = f"slide {number}"
        try:
            blocks = _slide(slide, where, picture, source.notes)
        except Exception as error:  # damaged XML, as above
            fault = Fault(f"{where} is damaged", "mend it or take it out, and save the file again")
            raise LessonError(path, [fault]) from error
        source.blocks += [Turn(where), *blocks]
    return source


def _check_size(path: Path) -> None:
    """Raise `LessonError` for a deck that unpacks to more than it may have: python-pptx holds all
    of it, and a few kilobytes may be packed gigabytes.
    """
    with zipfile.ZipFile(path) as archive:
        size = sum(part.file_size for part in archive.infolist())
    if size > MOST_BYTES:
        fault = Fault(f"it unpacks to {size // 1_000_000:,} MB", "take films and sounds out of it")
        raise LessonError(path, [fault])


def _slide(slide: Any, where: str, drawn: Picture | None, notes: list[str]) -> list[Block]:
    title = slide.shapes.title
    heading = _line(title.text_frame.text) if title is not None else ""
    blocks: list[Block] = [Heading(heading, 1, where)] if heading else []
    left_out: list[str] = []
    on_slide = [
        block
        for shape in _shapes(slide.shapes)
        if title is None or shape.shape_id != title.shape_id
        for block in _whole_shape(shape, where, left_out)
    ]
    said = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    words = "\n\n".join(filter(None, map(_line, said.text.split("\n")))) if said else ""
    if drawn is None:
        notes += left_out
        blocks += on_slide
    elif heading or words or on_slide or any(not each.is_placeholder for each in slide.shapes):
        texts = [b.text if isinstance(b, Said) else getattr(b, "words", "") for b in on_slide]
        spoken = " ".join(filter(None, texts))
        blocks.append(Shown(where, picture=drawn, words=spoken or heading, must=True))
    return [*blocks, Notes(words, where)] if words else blocks


def _shapes(shapes: Any) -> Iterator[Any]:
    """The shapes of a slide as they are read, those of groups among them: from top to bottom, and
    from the side on which its writing begins.
    """
    texts = [shape.text_frame.text for shape in shapes if shape.has_text_frame]
    leftward = main_script(" ".join(texts)) in ("Hebrew", "Arabic")

    def place(shape: Any) -> tuple[int, int]:
        try:
            left, top = shape.left or 0, shape.top or 0
        except Exception:  # damaged XML, or a placeholder whose like on the layout is gone
            left = top = 0
        return top // 200_000, -left if leftward else left

    for shape in sorted(shapes, key=place):
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes)
        else:
            yield shape


def _whole_shape(shape: Any, where: str, notes: list[str]) -> list[Block]:
    """What a shape holds; nothing, and a note, where that is damaged."""
    try:
        return _shape(shape, where, notes)
    except Exception:  # damaged XML surfaces as one of a dozen classes
        notes.append(f"{where}: {shape.name!r} is damaged, and is not shown")
        return []


def _shape(shape: Any, where: str, notes: list[str]) -> list[Block]:
    """What a shape holds: text, a table, a chart, a picture."""
    if shape.is_placeholder and shape.placeholder_format.type is not None:
        kind = shape.placeholder_format.type.name
        if kind in ("SLIDE_NUMBER", "FOOTER", "DATE", "HEADER"):
            return []
    if getattr(shape, "has_table", False):
        rows = [[_line(cell.text) for cell in row.cells] for row in shape.table.rows]
        shown = table(rows, 1 if shape.table.first_row else 0, where)
        return [shown] if shown else []
    if hasattr(type(shape), "image"):  # to ask for one that is only linked is an error
        return _picture(shape, where, notes)
    if getattr(shape, "has_chart", False) and (found := _chart(shape.chart, where)):
        return found
    if not shape.has_text_frame:
        if not shape.element.tag.endswith("}cxnSp"):  # a line between others
            notes.append(f"{where}: {shape.name!r} is not shown; save it as a picture in the slide")
        return []
    lines = [_line(paragraph.text) for paragraph in shape.text_frame.paragraphs]
    lines = [line for line in lines if re.search(r"\w", line)]
    if any(map(GOES_ON.search, lines[:1])) and all(line[0].islower() for line in lines[1:]):
        lines = [" ".join(lines)]  # one phrase, broken to fit its box
    if len(lines) > 1:
        return points(lines, where)
    return [Said(line, where) for line in lines]


def _chart(chart: Any, where: str) -> list[Block]:
    """A chart as bars, one of several series as a table of its numbers; nothing of another kind."""
    try:
        plot = chart.plots[0]
        names = [_line(str(name)) for name in plot.categories]
        series = [(_line(each.name or ""), list(each.values)) for each in plot.series]
    except (NotImplementedError, ValueError, LookupError):  # in three dimensions, or without a plot
        return []
    if not names or any(len(values) != len(names) for _, values in series):
        return []  # dots over two axes
    title = _line(chart.chart_title.text_frame.text) if chart.has_title else ""
    one = len(series) == 1 and len(set(names)) == len(names) <= MOST_BARS
    if one and all(value is not None and value >= 0 for value in series[0][1]):
        wish = {"layout": "chart", "chart": {"bars": dict(zip(names, series[0][1], strict=True))}}
        return [Shown(where, wish, words=title, must=True)]
    columns = [["", *names]] + [[name, *map(_number, values)] for name, values in series]
    rows = [list(row) for row in zip(*columns, strict=True)]
    shown = table(rows, 1, where)
    return [replace(shown, words=title or shown.words)] if shown else []


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _picture(shape: Any, where: str, notes: list[str]) -> list[Block]:
    try:
        found = picture_of(shape.image.blob)
    except (NoPicture, ValueError, KeyError) as why:  # a picture that is only linked has no part
        notes.append(f"{where}: a picture is not shown: {why}")
        return []
    words = str(shape._element._nvXxPr.cNvPr.get("descr") or "")
    named = re.search(r"\.\w{3,4}$|^(?:picture|image|grafik|bild) ?\d*$|generated", words, re.I)
    return [Shown(where, FIGURE, picture=found, words="" if named else _line(words), must=True)]


def _line(text: str) -> str:
    return " ".join(text.replace("\v", " ").split())


def _slides_drawn(path: Path, count: int) -> list[Picture]:
    """Each slide as LibreOffice draws it; none where there is no LibreOffice, or it fails, or where
    a drawing would have it read what is not in the deck.
    """
    office = shutil.which("soffice")
    if office is None or _leads_out(path):
        return []
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder, "home", "user", "registrymodifications.xcu")
        settings.parent.mkdir(parents=True)
        settings.write_text(_OFFLINE, "utf-8")
        command = [
            *(office, "--headless", "--norestore", f"-env:UserInstallation=file://{folder}/home"),
            *("--convert-to", "pdf", "--outdir", folder, str(path.resolve())),
        ]
        try:
            subprocess.run(  # noqa: S603  its own arguments, and no shell
                command, capture_output=True, timeout=DRAWING_SECONDS, check=True
            )
            found = list(pages(Path(folder, f"{path.stem}.pdf")))
        except (OSError, subprocess.SubprocessError, LessonError, ProviderMissing):
            return []
    return found if len(found) == count else []


def _leads_out(path: Path) -> bool:
    """Whether a drawing in the deck names a file or an address, or is packed and may do so."""
    with zipfile.ZipFile(path) as archive:
        for part in archive.infolist():
            with archive.open(part) as file:
                start = file.read(4096)
                drawn = b"<svg" in start.lower() or b"doctype svg" in start.lower()
                if start[:2] == b"\x1f\x8b" or (drawn and _REACHES_OUT.search(start + file.read())):
                    return True
    return False


# PDF.

PAGE_PIXELS = 1600
"""Pixels of a page's longer side."""

MOST_PAGES = 300
LONGEST_PAGE = 3_000
"""Pages that are read, and characters of one that are said."""

MANY_PAGES = 10
"""Pages from which on it shows what several lines at their heads and feet have in common."""

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
    source = Source(path.name, deck=True)
    with closing(_opened(path)) as document:
        title = str(document.get_metadata_value("Title") or "")
        source.title = re.sub(r"[\x00-\x1f]+", " ", title).strip()
        if len(document) > MOST_PAGES:
            source.notes.append(f"only the first {MOST_PAGES} of {len(document)} pages are read")
        pages = [_read(page) for page in _pages(path, document)]
    steps = {n for n, (page, after) in enumerate(pairwise(pages)) if _grows(page, after)}
    running = _running([page.lines for n, page in enumerate(pages) if n not in steps])
    for number, page in enumerate(pages):
        own = [line for line in page.lines if _bare(line) not in running]
        source.blocks += _blocks(page, number, own) if number not in steps else []
    if steps:
        listed = ", ".join(str(n + 1) for n in sorted(steps))
        source.notes.append(f"pages {listed} are only steps of those after them, and are not shown")
    said = [block for block in source.blocks if isinstance(block, Said | Notes)]
    seen = [block.where for block in source.blocks if isinstance(block, Turn)]
    unnoted = sum(isinstance(block, Said) for block in said)
    if unnoted:
        source.notes.append(
            f"{unnoted} pages have no notes, and are read as they stand; write what is to be said"
        )
    silent = [page.removeprefix("page ") for page in seen if page not in {b.where for b in said}]
    if silent:
        source.notes.append(f"pages {', '.join(silent)} hold no text; write what is to be said")
    return source


def pages(path: Path) -> Iterator[Picture]:
    """Each page of the file `path` as a picture. Raises as `read_pdf` does."""
    with closing(_opened(path)) as document:
        for page in _pages(path, document):
            yield _drawn(page)


def _pages(path: Path, document: Any) -> Iterator[Any]:
    """The pages that are read. Raises `LessonError` for one that is damaged."""
    from pypdfium2 import PdfiumError

    for number in range(min(len(document), MOST_PAGES)):
        try:
            page = document[number]
        except PdfiumError:
            fault = Fault(f"page {number + 1} of this PDF is damaged", "save it again")
            raise LessonError(path, [fault]) from None
        yield page


@dataclass(frozen=True)
class _Page:
    """A page: its lines of text, the notes on it, and its picture."""

    lines: list[str]
    notes: list[str]
    picture: Picture


def _read(page: Any) -> _Page:
    text = page.get_textpage().get_text_bounded().replace(HYPHEN, "-")
    text = re.sub(r"[\x00-\x08\x0e-\x1f]", " ", text)  # signs that their font does not name
    lines = [" ".join(line.split()) for line in text.splitlines()]
    lines = [line for line in lines if line and not _IN_CONTENTS.search(line)]
    return _Page(lines, _notes(page), _drawn(page))


def _grows(page: _Page, after: _Page) -> bool:
    """Whether a page is a step of the next, which holds all that is on it: its lines in their
    order, and its picture.
    """
    from PIL import Image

    rest = iter(after.lines)
    if page.notes or len(page.lines) < 2 or not all(line in rest for line in page.lines):
        return False
    small = (Image.open(BytesIO(each.picture.data)).convert("L") for each in (page, after))
    one, other = (each.resize((160, 90)).tobytes() for each in small)
    paper = Counter(one).most_common(1)[0][0]
    gone = [abs(was - paper) > abs(now - paper) + 40 for was, now in zip(one, other, strict=True)]
    return sum(gone) < len(gone) // 1000


def _running(pages: list[list[str]]) -> set[str]:
    """What stands at the head or the foot of most pages, but for the number of the page; and their
    first lines where most have that of the page before them: the parts of a talk.
    """
    head, foot = (5, 3) if len(pages) >= MANY_PAGES else (1, 1)
    ends = Counter(end for lines in pages for end in {*map(_bare, lines[:head] + lines[-foot:])})
    found = {end for end, count in ends.items() if end and count >= max(3, len(pages) * 0.6)}
    own = [[line for line in map(_bare, lines) if line not in found] for lines in pages]
    firsts = [lines[0] if lines else "" for lines in own]
    same = sum(one == other for one, other in pairwise(firsts))
    parts = Counter(firsts) if len(pages) >= MANY_PAGES and same >= len(pages) * 0.6 else Counter()
    return found | {first for first, count in parts.items() if count > 1}


def _bare(line: str) -> str:
    return re.sub(r"(\W*\d+)+\W*$|^\W*\d+\W*", "", line).casefold()


def _blocks(page: _Page, number: int, lines: list[str]) -> list[Block]:
    """The blocks of a page, counted from 0, with the lines of its own."""
    where = f"page {number + 1}"
    lines = [line for line in lines if re.search(r"\w", line)]
    lines = [line for line in lines if not _is_number(line, number, line in (lines[0], lines[-1]))]
    notes = page.notes
    heading = lines[0] if lines and len(lines[0]) <= 80 else ""
    blocks: list[Block] = [Turn(where)]
    if heading:
        blocks.append(Heading(heading, 1, where))
    rest = lines[1:] if heading and len(lines) > 1 else lines
    words = _paragraphs(rest)[:LONGEST_PAGE]
    if not notes and words:
        blocks.append(Said(words, where))
    blocks.append(Shown(where, picture=page.picture, must=True))
    if notes:
        blocks.append(Notes("\n\n".join(notes), where))
    return blocks


def _paragraphs(lines: list[str]) -> str:
    """Lines of a page as running text: a line that begins a sentence or a point ends the last."""
    text = ""
    drawn = "I (?=[A-Z])|" if sum(bool(re.match("I [A-Z]", line)) for line in lines) > 1 else ""
    for line in lines:
        point = re.match(drawn + r"(?:[•◦‣▪–—*·►▶▸■●○-]|\d{1,2}[.)])\s*(?=\S)", line)
        line = line[point.end() :] if point else line
        if text and text[-1] not in ".!?:;,…" and (point or line[:1].isupper()):
            text += "."
        if re.search(r"[^\W\d_]-$", text) and line[:1].islower():
            text = text[:-1]
        elif text and not (_DENSE.match(text[-1]) and _DENSE.match(line)):
            text += " "
        text += line
    return text


def _is_number(line: str, number: int, ends: bool) -> bool:
    """Whether a line is the number of its page, as "3", "3 / 20", "page 3" or "iii"; one that ends
    the page may be that of a slide, of which there are fewer.
    """
    told = r"\W*(?:page )?(?:(\d+)|[ivxlc]{1,7})\W*(?:(?:/|of)\s*(?:\d+|[ivx]+))?\W*"
    found = re.fullmatch(told, line, re.I)
    counted = int(found[1] or number + 1) if found else -1
    return counted == number + 1 or (ends and 0 <= counted <= number)


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
