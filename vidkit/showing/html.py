"""A page as HTML for a notebook.

Code hosts take styles, SVG and scripts away, so the bare elements say it all: sentences, tables
whose cells are aligned by attributes, and the timeline as a PNG with words in its place. The
style only adds JupyterLab's colours; where its theme is dark it turns the PNG dark too.
"""

from __future__ import annotations

import base64
import os
from html import escape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from ..paths import from_here
from ..plain import in_brief
from .page import WIDTH, Page, Row, Table

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_ROWS = 40
"""Rows of a table that are shown; what went wrong is among them."""
LONG = 24
"""Letters of a cell that may go over several lines."""
SMALL = 320
"""Pixels of the longer side of a section's small picture."""

_STYLE = """<style>
.vidkit-report { color: var(--jp-ui-font-color1); max-width: 900px; overflow-x: auto; }
.vidkit-report p { margin: 0 0 .6em; overflow-wrap: anywhere; }
.vidkit-report .wrong { color: var(--jp-error-color0, #b3261e); }
.vidkit-report table { margin: 0 0 1em; border-collapse: collapse; table-layout: auto;
  font-variant-numeric: tabular-nums; }
.vidkit-report th, .vidkit-report td { padding: 3px 14px 3px 0; vertical-align: top;
  border-bottom: 1px solid var(--jp-border-color2); }
.vidkit-report .long { overflow-wrap: anywhere; min-width: 10em; }
.vidkit-report table tr, .vidkit-report table tbody tr:nth-child(n) { background: none; }
.vidkit-report table tr > [align=left] { text-align: left; }
.vidkit-report table tr > [align=right] { text-align: right; }
.vidkit-report img { max-width: 100%; height: auto; display: block; margin: .4em 0; }
body[data-jp-theme-light="false"] .vidkit-report .wrong { color: #ff9a92; }
body[data-jp-theme-light="false"] .vidkit-report .drawn {
  filter: invert(.9) hue-rotate(180deg); }
</style>"""


def html(page: Page) -> str:
    """The page as one element. All text is escaped, and nothing in it runs."""
    inside = [
        f"<p><strong>{_text(page.head)}</strong>{_link(page.link)}</p>",
        _paragraph(page.wrong, ' class="wrong"'),
        _paragraph(page.lines),
        _picture(page.picture, page.head),
        _drawing(page),
        *map(_table, page.tables),
    ]
    return f'<div class="vidkit-report">{_STYLE}{"".join(inside)}</div>'


def _text(text: str) -> str:
    return "<br>".join(escape(in_brief(line)) for line in text.splitlines())


def _paragraph(lines: tuple[str, ...], attributes: str = "") -> str:
    told = "<br>".join(map(_text, lines))
    return f"<p{attributes}>{told}</p>" if told else ""


def _link(path: Path | None) -> str:
    return f"<br>{_file(path)}" if path else ""


def _file(path: Path) -> str:
    """A file to open: a link where it lies below the notebook, its path where not."""
    shown = _text(str(from_here(path)))
    try:
        relative = Path(os.path.relpath(path))
    except ValueError:  # another drive
        relative = path
    if relative.is_absolute() or ".." in relative.parts:
        return shown
    address = escape(quote(relative.as_posix(), errors="surrogateescape"))
    return f'<a href="{address}">{shown}</a>'


def _drawing(page: Page) -> str:
    scene = page.scene(WIDTH)
    if scene is None:
        return ""
    from ..timeline.png import drawn

    data = base64.b64encode(drawn(scene)).decode()
    told = "&#10;".join(escape(in_brief(line)) for line in scene.told.splitlines())
    source = f"data:image/png;base64,{data}"
    return f'<p><img class="drawn" width="{WIDTH}" alt="{told}" src="{source}"></p>'


def _picture(path: Path | None, told: str) -> str:
    image = small(path)
    if image is None:
        return ""
    file = BytesIO()
    image.save(file, "JPEG", quality=82)
    data = base64.b64encode(file.getvalue()).decode()
    wide = round(image.width * 0.75)
    source = f"data:image/jpeg;base64,{data}"
    return f'<p><img width="{wide}" alt="{_text(told)}" src="{source}"></p>'


def small(path: Path | None) -> Image | None:
    """The image at `path`, small; None where there is none, or none that can be read."""
    from ..errors import MediaError
    from ..media import open_picture

    if path is None:
        return None
    try:
        image = open_picture(path)
    except (MediaError, OSError):
        return None
    image.thumbnail((SMALL, SMALL))
    return image


def _table(table: Table) -> str:
    heads = "".join(
        f'<th scope="col" align="{_side(table, i)}">{_text(name)}</th>'
        for i, name in enumerate(table.columns)
    )
    chosen, left_out = table.at_most(MOST_ROWS)
    rows = "".join(_row(table, row) for row in chosen)
    if left_out:
        whole = f'align="left" colspan="{len(table.columns)}"'
        rows += f"<tr><td {whole}>{_text(left_out)}</td></tr>"
    caption = f"<p>{_text(table.caption)}</p>" if table.caption else ""
    return f"{caption}<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _row(table: Table, row: Row) -> str:
    cells = "".join(_cell(table, i, cell) for i, cell in enumerate(row.cells))
    return f'<tr class="wrong">{cells}</tr>' if row.wrong else f"<tr>{cells}</tr>"


def _cell(table: Table, column: int, cell: str) -> str:
    """A cell; what is short stays on one line, also where no style says so."""
    side = f'align="{_side(table, column)}"'
    looks = f'class="long" {side}' if len(cell) > LONG else side
    if cell and column in table.paths:
        return f"<td {looks}>{_file(Path(cell))}</td>"
    told = _text(cell)
    return f"<td {looks}>{told if len(cell) > LONG else told.replace(' ', '&nbsp;')}</td>"


def _side(table: Table, column: int) -> str:
    return "right" if column in table.numbers else "left"
