"""What came of a run as files for others: a page with its videos, and `batch_report.json`."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any

from ..core.errors import OutputError
from ..core.format import clock_time, printable
from ..core.paths import is_file, why_unwritable, write_whole
from ..core.system import vidkit_version
from .html import jpeg_address
from .reports import BatchReport, SectionReport, Trouble, Troubles, VideoReport

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
    picture = next((section.image for section in video.sections if section.image), None)
    poster = jpeg_address(picture, POSTER)
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
    title = f'<span dir="auto">{_text(section.title or f"Section {section.number}")}</span>'
    if section.start is None:
        why = f": {_text(section.error)}" if section.error else ""
        return f'<li class="missing">{title} is not in the video{why}</li>'
    when = f"<time>{clock_time(section.start)}</time>"
    return f'<li><button type="button" value="{section.start:.3f}">{when}{title}</button></li>'


# `batch_report.json`: what came of a batch so far, for people and programs that look at it from
# outside while it goes on, and after it was killed.


SUMMARY = "batch_report.json"
SELDOM = 1.0
"""Seconds between two writings; a batch of ten thousand is not written ten thousand times."""
HOUR = 3600.0


class Summary:
    """The file in `folder` that tells of a batch: claimed before its first lesson, written as
    lessons end, and at its end. count: how many lessons there are, None where nobody knows.

    A file of that name that is not vidkit's is left alone. `notes` says so, and where the file
    cannot be written; the batch goes on without it. The methods block.
    """

    def __init__(
        self, folder: Path, count: int | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.path = folder / SUMMARY
        self.notes: list[str] = []
        self._count = count
        self._clock = clock
        self._began = self._written = clock()
        self._ours = False
        self._troubles = Troubles()
        self._rows: dict[int, str] = {}
        self._made = 0
        self._dollars = self._unconfirmed = 0.0

    def claim(self) -> None:
        """Take the name, and write that the batch is under way."""
        if os.path.lexists(self.path) and not _is_summary(self.path):
            self.notes.append(
                f"{self.path} was not made by vidkit, and so is not overwritten; move it away, "
                "and the next run sums up there"
            )
            return
        self._ours = True
        with suppress(OSError):
            for left in self.path.parent.glob(f".{SUMMARY}.*.part"):
                if time.time() - left.stat().st_mtime > HOUR:
                    left.unlink()
        self._write("under way", self._so_far())

    def heard(self, position: int, video: VideoReport) -> None:
        """Take in the report of a lesson that is over."""
        self._troubles.add(video)
        self._made += video.made
        self._dollars += video.dollars
        self._unconfirmed += video.unconfirmed
        self._rows[position] = json.dumps(self._row(video), ensure_ascii=False)
        if self._clock() - self._written >= SELDOM:
            self._write("under way", self._so_far())

    def over(self, report: BatchReport) -> None:
        """Write what came of the whole batch."""
        for position, video in enumerate(report.videos):
            if position not in self._rows:
                self._rows[position] = json.dumps(self._row(video), ensure_ascii=False)
        state = "made" if report.made else "partly made" if self._made else "failed"
        about = self._so_far() | {
            "seconds": round(report.seconds, 3),
            "lessons": len(report.videos) if report.failure is None else self._count,
            "workers": report.workers,
            "least_seconds": report.least,
            "resources": asdict(report.resources) if report.resources else None,
            "error": str(report.failure) if report.failure else None,
            "notes": list(report.notes),
            "to_do": _as_json(report.troubles),
        }
        self._write(state, about)

    def _so_far(self) -> dict[str, Any]:
        return {
            "lessons": self._count,
            "over": len(self._rows),
            "made": self._made,
            "seconds": round(self._clock() - self._began, 3),
            "dollars": self._dollars,
            "unconfirmed": self._unconfirmed,
            "to_do": _as_json(self._troubles.listed),
        }

    def _row(self, video: VideoReport) -> dict[str, Any]:
        return {
            "lesson": self._from_here(video.lesson),
            "state": video.state,
            "video": self._from_here(video.path) if video.path else None,
            "sections": len(video.sections),
            "made": sum(section.made for section in video.sections),
            "length": round(video.length, 3),
            "seconds": round(video.seconds, 3),
            "dollars": video.dollars,
            "error": video.error,
        }

    def _from_here(self, path: Path) -> str:
        home, there = self.path.parent.absolute(), path.absolute()
        return there.relative_to(home).as_posix() if there.is_relative_to(home) else str(there)

    def _write(self, state: str, about: Mapping[str, Any]) -> None:
        """The whole file appears at once, or none."""
        if not self._ours:
            return
        head = json.dumps({"vidkit": vidkit_version(), "state": state, **about}, indent=1)
        rows = ",\n  ".join(self._rows[position] for position in sorted(self._rows))
        text = f'{head[:-2]},\n "videos": [\n  {rows}\n ]\n}}\n'
        scratch = self.path.with_name(f".{SUMMARY}.{os.getpid()}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            scratch.write_text(text, "utf-8", "backslashreplace")
            scratch.replace(self.path)
        except OSError as error:
            with suppress(OSError):
                scratch.unlink()
            self._ours = False
            why = why_unwritable(self.path.parent, error, "output_dir=")
            self.notes.append(f"{self.path} cannot be written: {why}")
        self._written = self._clock()


def _as_json(troubles: tuple[Trouble, ...]) -> list[dict[str, Any]]:
    return [trouble.as_json() for trouble in troubles]


def _is_summary(path: Path) -> bool:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "vidkit" in found and isinstance(found.get("videos"), list)
