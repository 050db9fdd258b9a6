"""How a report shows itself: as lines in a terminal, as HTML in a notebook, as a file of its own.

A `Page` is what is shown, as plain values; `Shown` is what reports are; `html` makes the page for
a notebook, live or stored, and reads well where styles are taken away. `write_page` writes videos
as one file for who has neither.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from ..core.errors import MediaError, OutputError
from ..core.format import by, clock_time, count, in_brief, printable, times, took
from ..core.paths import from_here, write_whole
from .bars import Tally
from .charts import NAMES
from .drawing import Scene, as_img, as_png
from .timeline import Timeline

if TYPE_CHECKING:
    from .reports import SectionReport, VideoReport

# What a report shows, as plain values. Texts come from anywhere; they are made harmless here
# for a terminal, and escaped where they become HTML.


log = logging.getLogger("vidkit.showing")

WIDTH = 900
"""Pixels at which what is drawn is shown."""


@dataclass(frozen=True)
class Row:
    """A line of a table, as cells by the names of their columns. wrong: it tells of something that
    went wrong.
    """

    cells: Mapping[str, str]
    wrong: bool = False


@dataclass(frozen=True)
class Table:
    """A table of `rows`, each of them a `noun`, such as "section".

    numbers: the columns that stand at the right. paths: those that are files to open. caption:
    what the table tells, where its columns do not say so.
    """

    rows: Sequence[Row]
    noun: str
    numbers: Collection[str] = ()
    paths: Collection[str] = ()
    caption: str = ""

    @property
    def columns(self) -> list[str]:
        """The names of the columns in which any row has something."""
        names = self.rows[0].cells if self.rows else ()
        return [name for name in names if any(row.cells[name] for row in self.rows)]

    def at_most(self, most: int) -> tuple[list[Row], str]:
        """So many rows at most, in their order, those that went wrong among them; and a line on
        the rest.
        """
        wrong = [place for place, row in enumerate(self.rows) if row.wrong]
        right = [place for place, row in enumerate(self.rows) if not row.wrong]
        chosen = sorted([*wrong, *right][:most])
        left, missed = len(self.rows) - len(chosen), max(0, len(wrong) - most)
        told = f"and {count(left, f'more {self.noun}')}" if left else ""
        if missed:
            told += f", {missed} of them not made"
        return [self.rows[place] for place in chosen], told


@dataclass(frozen=True)
class Page:
    """A report as it is shown.

    head: what came of it, in one sentence. lines: what a person should know besides; wrong:
    those of them that went wrong, shown first. told: the text for a terminal, where it differs
    from head, wrong and lines. link: a file to open from a notebook. picture: an image to show
    small; pictures: several, smaller, each with what it shows. drawing: what draws something, so
    many pixels wide.
    """

    head: str
    wrong: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    link: Path | None = None
    picture: Path | None = None
    pictures: tuple[tuple[Path, str], ...] = ()
    drawing: Callable[[int], Scene] | None = field(default=None, repr=False)

    def text(self) -> str:
        """The page for a terminal: nothing in it is obeyed there."""
        rest = (f"  {line}" for line in (*self.wrong, *self.lines))
        return "\n".join(harmless(line) for line in (self.told or (self.head, *rest)))


def harmless(line: str) -> str:
    """A text from anywhere for a terminal; its further lines are indented."""
    first, *more = line.splitlines() or [""]
    return "\n".join([printable(first), *(f"    {printable(each.strip())}" for each in more)])


class Shown(ABC):
    """What shows itself: as lines in a terminal, as HTML in a notebook."""

    @abstractmethod
    def _page(self) -> Page:
        """The report as a page."""

    def __repr__(self) -> str:
        return self._page().text()

    def _repr_html_(self) -> str:
        return html(self._page())


# How long things waited and worked, by step and provider.


def step_table(timeline: Timeline | None) -> tuple[Table, ...]:
    """A row for each step and provider of a run; none where nobody watched it."""
    tallies = _tallies(timeline)
    if not tallies:
        return ()
    rows = [Row(_cells(tally)) for tally in tallies]
    caption = "How long all of a step worked and waited, together:"
    return (Table(rows, "step", numbers=[*rows[0].cells][2:], caption=caption),)


def step_lines(timeline: Timeline | None) -> tuple[str, ...]:
    """The same, a line for each: "images by openai: 11 made, worked 2 min 10 s, waited 5.3 s"."""
    return tuple(_line(tally) for tally in _tallies(timeline))


def _tallies(timeline: Timeline | None) -> list[Tally]:
    return [each for each in timeline.tallies if each.kind != "lesson"] if timeline else []


def _cells(tally: Tally) -> dict[str, str]:
    counts = {
        "Made": tally.made,
        "From the store": tally.kept,
        "Failed": tally.failed,
        "Cancelled": tally.cancelled,
        "Requests": tally.requests,
        "Told 429": tally.refused,
    }
    seconds = {"Worked": tally.worked if tally.requests else 0.0, "Waited": tally.waited}
    return {
        "Step": NAMES[tally.kind],
        "By": {"vidkit": "", "recorded": "files of your own"}.get(tally.by, tally.by),
        **{name: str(number or "") for name, number in counts.items()},
        **{name: took(long) if long >= 0.05 else "" for name, long in seconds.items()},
    }


def _line(tally: Tally) -> str:
    who = by(NAMES[tally.kind], tally.by)
    counted = {
        "made": tally.made,
        "made before": tally.kept,
        "failed": tally.failed,
        "cancelled": tally.cancelled,
    }
    told = [f"{number} {how}" for how, number in counted.items() if number]
    if tally.refused:
        told.append(f"told 429 {times(tally.refused)}")
    if tally.worked >= 0.05:
        told.append(f"worked {took(tally.worked)}")
    if tally.waited >= 0.05:
        told.append(f"waited {took(tally.waited)}")
    return f"{who}: {', '.join(told) or 'nothing'}"


# A page as HTML for a notebook.
#
# Code hosts take styles, SVG and scripts away, so the bare elements say it all: sentences, tables
# whose cells are aligned by attributes, and the timeline as a PNG with words in its place. The
# style only adds JupyterLab's colours; where its theme is dark it turns the PNG dark too.


MOST_ROWS = 40
"""Rows of a table that are shown; what went wrong is among them."""
LONG = 24
"""Letters of a cell that may go over several lines."""
SMALL = 320
"""Pixels of the longer side of a section's small picture."""
THUMBNAIL, MOST_PICTURES = 176, 12
"""Pixels of the longer side of one among many, and how many of them are shown: a saved notebook
holds them all.
"""

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
.vidkit-report .thumbnails img { display: inline-block; border-radius: 4px; margin: 0 6px 6px 0; }
.vidkit-report img { max-width: 100%; height: auto; display: block; margin: .4em 0; }
body[data-jp-theme-light="false"] .vidkit-report .wrong { color: #ff9a92; }
</style>"""


def html(page: Page) -> str:
    """The page as one element. All text is escaped, and nothing in it runs."""
    link = f"<br>{_file(page.link)}" if page.link else ""
    inside = [
        f"<p><strong>{_html_text(page.head)}</strong>{link}</p>",
        _paragraph(page.wrong, ' class="wrong"'),
        _paragraph(page.lines),
        _wrapped(_picture(page.picture, page.head)),
        _thumbnails(page.pictures),
        _drawing(page),
        *map(_table, page.tables),
    ]
    return f'<div class="vidkit-report">{_STYLE}{"".join(inside)}</div>'


def _html_text(text: str) -> str:
    return "<br>".join(escape(in_brief(line)) for line in text.splitlines())


def _paragraph(lines: tuple[str, ...], attributes: str = "") -> str:
    told = "<br>".join(map(_html_text, lines))
    return f"<p{attributes}>{told}</p>" if told else ""


def _file(path: Path) -> str:
    """A file to open: a link where it lies below the notebook, its path where not."""
    shown = _html_text(str(from_here(path)))
    try:
        relative = Path(os.path.relpath(path))
    except ValueError:  # another drive
        relative = path
    if relative.is_absolute() or ".." in relative.parts:
        return shown
    address = escape(quote(relative.as_posix(), errors="surrogateescape"))
    return f'<a href="{address}">{shown}</a>'


def _drawing(page: Page) -> str:
    """What is drawn, as a PNG with words in its place; only the words where it cannot be drawn."""
    if page.drawing is None:
        return ""
    scene = page.drawing(WIDTH)
    try:
        return as_img(as_png(scene), scene)
    except (RuntimeError, OSError):
        log.exception("a report's picture could not be drawn")
        return f"<p>{_html_text(scene.description)}</p>"


def _thumbnails(pictures: tuple[tuple[Path, str], ...]) -> str:
    """Some of the pictures, very small; how many more there are is told."""
    shown = [_picture(path, told, THUMBNAIL) for path, told in pictures[:MOST_PICTURES]]
    left = len(pictures) - MOST_PICTURES
    more = f" and {left} more" if left > 0 else ""
    return _wrapped("\n".join(filter(None, shown)), more, ' class="thumbnails"')


def _wrapped(pictures: str, more: str = "", attributes: str = "") -> str:
    return f"<p{attributes}>{pictures}{more}</p>" if pictures else ""


def _picture(path: Path | None, told: str, side: int = SMALL) -> str:
    """The image at `path`, small; nothing where there is none, or none that can be read."""
    source = jpeg_address(path, (side, side), 82 if side == SMALL else 68)
    name, wide = escape(in_brief(told)), round(side * 0.75)
    return f'<img width="{wide}" alt="{name}" title="{name}" src="{source}">' if source else ""


def jpeg_address(path: Path | None, size: tuple[int, int], quality: int = 82) -> str:
    """The image at `path`, within `size`, as a `data:` address; "" where there is none, or none
    that can be read.
    """
    from ..media.images import jpeg

    if path is None:
        return ""
    try:
        made = jpeg(path, size, quality)
    except (MediaError, OSError):
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(made).decode()}"


def _table(table: Table) -> str:
    columns = table.columns
    heads = "".join(
        f'<th scope="col" align="{_side(table, name)}">{_html_text(name)}</th>' for name in columns
    )
    chosen, left_out = table.at_most(MOST_ROWS)
    rows = "".join(_row(table, columns, row) for row in chosen)
    if left_out:
        whole = f'align="left" colspan="{len(columns)}"'
        rows += f"<tr><td {whole}>{_html_text(left_out)}</td></tr>"
    caption = f"<p>{_html_text(table.caption)}</p>" if table.caption else ""
    return f"{caption}<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _row(table: Table, columns: Sequence[str], row: Row) -> str:
    cells = "".join(_cell(table, name, row.cells[name]) for name in columns)
    return f'<tr class="wrong">{cells}</tr>' if row.wrong else f"<tr>{cells}</tr>"


def _cell(table: Table, column: str, cell: str) -> str:
    """A cell; what is short stays on one line, also where no style says so."""
    side = f'align="{_side(table, column)}"'
    looks = f'class="long" {side}' if len(cell) > LONG else side
    if cell and column in table.paths:
        return f"<td {looks}>{_file(Path(cell))}</td>"
    told = _html_text(cell)
    return f"<td {looks}>{told if len(cell) > LONG else told.replace(' ', '&nbsp;')}</td>"


def _side(table: Table, column: str) -> str:
    return "right" if column in table.numbers else "left"


# Videos as one HTML file that plays anywhere: nothing of it is fetched from anywhere.
#
# The videos and their captions stand in the page as `data:` addresses. A page that is opened from a
# disk or from a mail can be played and sought then, also where scripts are switched off; chapters
# need the small script, which is the only one that the page allows.


MARK = b"<!DOCTYPE html>\n<!-- a video by vidkit -->\n"
"""How such a page begins: another file is never overwritten."""
PIECE = 3 << 18
"""Bytes of a video that are written at once: three of them are four letters."""
POSTER = (1280, 720)
"""Pixels."""
CAPTIONS = "captions.vtt"
"""The name of a video's captions in its folder."""

_VIDEO_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 3rem; }
h1, h2 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin-top: 2.5rem; }
video { display: block; width: 100%; height: auto; border-radius: 8px; background: #000; }
ol { list-style: none; margin: 1rem 0 0; padding: 0; }
button { all: unset; display: flex; gap: .8em; box-sizing: border-box; width: 100%;
  padding: .45rem .6rem; border-radius: 6px; cursor: pointer; overflow-wrap: anywhere; }
button:hover, button[aria-current] { background: #8883; }
button:focus-visible { outline: 2px solid Highlight; }
time { min-width: 3.2em; opacity: .75; font-variant-numeric: tabular-nums; }
.missing { padding: .45rem .6rem; opacity: .75; overflow-wrap: anywhere; }
"""

_SCRIPT = """
for (const video of document.querySelectorAll("video")) {
  const chapters = [...video.parentElement.querySelectorAll("button")];
  const data = video.getAttribute("src");
  if (data.length > 24e6) { // some browsers take no longer address
    const text = atob(data.slice(data.indexOf(",") + 1)), bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
    video.src = URL.createObjectURL(new Blob([bytes], { type: "video/mp4" }));
  }
  for (const chapter of chapters) chapter.addEventListener("click", () => {
    video.currentTime = Number(chapter.value);
    video.play();
  });
  video.addEventListener("timeupdate", () => {
    const now = chapters.findLast((each) => Number(each.value) <= video.currentTime + 0.05);
    for (const chapter of chapters) {
      if (chapter === now) chapter.setAttribute("aria-current", "true");
      else chapter.removeAttribute("aria-current");
    }
  });
}
"""


def write_page(title: str, videos: Sequence[VideoReport], path: Path) -> Path:
    """Write the page of one video or several to `path`, whole or not at all. Gives the path.

    Raises `OutputError` where `path` is a file that is no such page, or cannot be written.
    """
    if os.path.lexists(path) and not _is_ours(path):
        raise OutputError(f"{path} is not one of vidkit's pages; choose another name")
    write_whole(path, _video_page(title, videos), "path=")
    return path


def _is_ours(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(MARK)) == MARK


def _video_page(title: str, videos: Sequence[VideoReport]) -> Iterator[bytes]:
    allowed = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    policy = (
        "default-src 'none'; img-src data:; media-src data: blob:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{allowed}'"
    )
    yield MARK
    yield (
        f'<html><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(title)}</title><style>{_VIDEO_STYLE}</style></head>\n"
        f'<body><h1 dir="auto">{_text(title)}</h1>\n'
    ).encode()
    for video in videos:
        yield b"<section>\n"
        if len(videos) > 1:
            yield f'<h2 dir="auto">{_text(video.title or video.name)}</h2>\n'.encode()
        yield from _video(video)
        yield b"</section>\n"
    yield f"<script>{_SCRIPT}</script></body></html>\n".encode()


def _video(video: VideoReport) -> Iterator[bytes]:
    """A video with its chapters, or why there is none."""
    if video.path is None:
        why = f": {_text(video.error)}" if video.error else ""
        yield f'<p class="missing">There is no video{why}</p>\n'.encode()
        return
    poster = jpeg_address(video.picture, POSTER)
    attributes = f' poster="{poster}"' if poster else ""
    yield (
        f'<video controls playsinline preload="metadata" aria-label="'
        f'{_text(video.title or video.name)}"{attributes} src="data:video/mp4;base64,'
    ).encode()
    with video.path.open("rb") as file:
        while piece := file.read(PIECE):
            yield base64.b64encode(piece)
    captions = ""
    with suppress(OSError):  # they need not be there
        data = base64.b64encode((video.folder / CAPTIONS).read_bytes()).decode()
        captions = f'<track kind="captions" label="Captions" src="data:text/vtt;base64,{data}">'
    chapters = "\n".join(map(_chapter, video.sections))
    yield f'">{captions}</video>\n<ol aria-label="Chapters">\n{chapters}\n</ol>\n'.encode()


def _text(text: str) -> str:
    """A text from anywhere, for the page and its attributes."""
    return escape(printable(" ".join(text.splitlines())))


def _chapter(section: SectionReport) -> str:
    title = f'<span dir="auto">{_text(section.name)}</span>'
    if section.start is None:
        why = f": {_text(section.error)}" if section.error else ""
        return f'<li class="missing">{title} is not in the video{why}</li>'
    when = f"<time>{clock_time(section.start)}</time>"
    return f'<li><button type="button" value="{section.start:.3f}">{when}{title}</button></li>'
