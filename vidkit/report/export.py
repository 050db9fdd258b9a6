"""Videos as one HTML file that plays anywhere: nothing of it is fetched from anywhere.

The videos and their captions stand in the page as `data:` addresses. A page that is opened from a
disk or from a mail can be played and sought then, also where scripts are switched off; chapters
need the small script, which is the only one that the page allows.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import OutputError
from ..core.format import clock_time, printable
from ..core.paths import is_file, write_whole
from .html import jpeg_address

if TYPE_CHECKING:
    from .reports import SectionReport, VideoReport

MARK = b"<!DOCTYPE html>\n<!-- a video by vidkit -->\n"
"""How such a page begins: another file is never overwritten."""
PIECE = 3 << 18
"""Bytes of a video that are written at once: three of them are four letters."""
POSTER = (1280, 720)
"""Pixels."""
CAPTIONS = "captions.vtt"
"""The name of a video's captions in its folder; they need not be there."""

_STYLE = """
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
    write_whole(path, _page(title, videos), "path=")
    return path


def _is_ours(path: Path) -> bool:
    if not is_file(path):
        return False
    with path.open("rb") as file:
        return file.read(len(MARK)) == MARK


def _page(title: str, videos: Sequence[VideoReport]) -> Iterator[bytes]:
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
        f"<title>{_text(title)}</title><style>{_STYLE}</style></head>\n"
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
    captions = _captions(video.folder / CAPTIONS)
    chapters = "\n".join(map(_chapter, video.sections))
    yield f'">{captions}</video>\n<ol aria-label="Chapters">\n{chapters}\n</ol>\n'.encode()


def _text(text: str) -> str:
    """A text from anywhere, for the page and its attributes."""
    return escape(printable(" ".join(text.splitlines())))


def _captions(file: Path) -> str:
    try:
        data = base64.b64encode(file.read_bytes()).decode()
    except OSError:
        return ""
    return f'<track kind="captions" label="Captions" src="data:text/vtt;base64,{data}">'


def _chapter(section: SectionReport) -> str:
    title = f'<span dir="auto">{_text(section.name)}</span>'
    if section.start is None:
        why = f": {_text(section.error)}" if section.error else ""
        return f'<li class="missing">{title} is not in the video{why}</li>'
    when = f"<time>{clock_time(section.start)}</time>"
    return f'<li><button type="button" value="{section.start:.3f}">{when}{title}</button></li>'
