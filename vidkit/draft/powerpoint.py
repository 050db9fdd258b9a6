"""PowerPoint → blocks, with python-pptx: notes are the narration, the slide is what is shown.

Where `soffice` (LibreOffice) is installed, each slide is shown as it is drawn; else its text,
pictures and tables are set anew.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from ..core.errors import Fault, LessonError, ProviderMissing
from ..slides.declared import MOST_BARS
from ..text.languages import main_script
from .blocks import FIGURE, Block, Heading, Notes, Picture, Said, Shown, Source, Turn, points
from .pictures import NoPicture, picture_of
from .tables import table

DRAWING_SECONDS = 120
"""Seconds that LibreOffice has to draw all slides."""


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
        deck = Presentation(str(path))
        slides = list(deck.slides)
    except Exception as error:  # a damaged archive or XML surfaces as one of a dozen classes
        fault = Fault("this is no PowerPoint (.pptx), or a damaged one", "save it again")
        raise LessonError(path, [fault]) from error
    title = str(deck.core_properties.title or "").strip()
    source = Source(path.name, title=title, deck=True)
    if source.title.lower() in ("powerpoint presentation", "presentation"):
        source.title = ""
    shown = [(n, s) for n, s in enumerate(slides, start=1) if s.element.get("show") != "0"]
    pictures = _drawn(path, len(shown)) if draw else []
    for (number, slide), picture in zip_longest(shown, pictures):
        where = f"slide {number}"
        source.blocks += [Turn(where), *_slide(slide, where, picture, source.notes)]
    return source


def _slide(slide: Any, where: str, drawn: Picture | None, notes: list[str]) -> list[Block]:
    title = slide.shapes.title
    heading = _line(title.text_frame.text) if title is not None else ""
    blocks: list[Block] = [Heading(heading, 1, where)] if heading else []
    left_out: list[str] = []
    on_slide = [
        block
        for shape in _shapes(slide.shapes)
        if title is None or shape.shape_id != title.shape_id
        for block in _shape(shape, where, left_out)
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
        left = shape.left or 0
        return (shape.top or 0) // 200_000, -left if leftward else left

    for shape in sorted(shapes, key=place):
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes)
        else:
            yield shape


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
    if hasattr(shape, "image"):
        return _picture(shape, where, notes)
    if getattr(shape, "has_chart", False) and (found := _chart(shape.chart, where)):
        return found
    if not shape.has_text_frame:
        if not shape.element.tag.endswith("}cxnSp"):  # a line between others
            notes.append(f"{where}: {shape.name!r} is not shown; save it as a picture in the slide")
        return []
    lines = [_line(paragraph.text) for paragraph in shape.text_frame.paragraphs]
    lines = [line for line in lines if re.search(r"\w", line)]
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


def _drawn(path: Path, count: int) -> list[Picture]:
    """Each slide as LibreOffice draws it; none where there is no LibreOffice, or it fails."""
    office = shutil.which("soffice")
    if office is None:
        return []
    from .pdf import pages

    with tempfile.TemporaryDirectory() as folder:
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
