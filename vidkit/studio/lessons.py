"""The lessons of a folder: pick one, read it, see what is wrong with it, search in all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from html import escape
from itertools import groupby
from pathlib import Path

import ipywidgets as widgets

from .. import loop
from ..errors import SettingsError
from ..events import Event
from ..lesson import Lesson
from ..report import count
from .folder import Folder, Hit, Opened
from .look import button, words
from .part import show
from .reader import page

log = logging.getLogger("vidkit.studio")

MOST_HITS = 40
"""Places that are shown for one search; more of them help nobody."""


class Lessons:
    """The lessons of `folder`, faulty ones among them, and what is in the chosen one.

    `path` is the chosen file and `lesson` what it holds, None where it is faulty. `rate` (words a
    minute, None for the voice's own) only shapes the lengths that are shown. `read_anew` is True
    while those who listen are told that everything was read again.
    Raises `SettingsError` where there is no such folder, or no lesson in it.
    """

    def __init__(self, folder: str | Path = "lessons", rate: int | None = None) -> None:
        self.folder = Folder(folder)
        self.rate = rate
        self.chosen: Opened = self.folder.open(self.folder.paths[0])
        self._calls: list[Callable[[], None]] = []
        self.read_anew = False
        self._hits: list[Hit] = []
        self._settling = False
        self._search = widgets.Text(
            description="Search all lessons", placeholder="a word or a phrase"
        )
        self._list = widgets.Select(description="Lesson", rows=10)
        self._count = widgets.HTML()
        self._found = widgets.HTML()
        self._page = widgets.HTML()
        again = button("Read again", "Read the folder and its lessons anew", self.read_again)
        for field in (self._search, self._list):
            field.add_class("vidkit-field")
        foot = widgets.HBox([self._count, again])
        foot.add_class("vidkit-row")
        left = widgets.VBox([self._search, self._list, foot])
        right = widgets.VBox([self._found, self._page])
        right.add_class("vidkit-page")
        self.widget = widgets.Box([left, right])
        self.widget.add_class("vidkit-lessons")
        self._settle()
        self._list.observe(self._picked, "value")
        self._search.observe(lambda _: self._look_for(), "value")
        self._reading = loop.submit(self._read_all())

    @property
    def path(self) -> Path:
        """The chosen lesson's file."""
        return self.chosen.path

    @property
    def lesson(self) -> Lesson | None:
        """The chosen lesson, as its file is now; None where it is faulty."""
        fresh = self.folder.open(self.path)
        if fresh is not self.chosen:
            self.chosen = fresh
            self._show()
        return fresh.lesson

    def choose(self, path: str | Path) -> None:
        """Choose a lesson by its file, or by the name of it without the folder or ".json".

        Raises `SettingsError` for one that is not here.
        """
        for each in self.folder.paths:
            if str(path) in (str(each), each.name, each.stem):
                if each not in self._values():
                    self._search.value = ""
                self._list.value = each
                return
        raise SettingsError(f"there is no lesson {str(path)!r} in {self.folder.path}")

    def on_choose(self, call: Callable[[], None]) -> None:
        """Call something whenever another lesson is chosen, or the chosen one is read anew."""
        self._calls.append(call)

    def search(self, text: str) -> list[Hit]:
        """Look for words in all lessons, as the field does, and show where they stand."""
        self._search.value = text
        return self._hits

    def read_again(self) -> None:
        """Read the folder and its lessons anew. A chosen lesson that is gone is not chosen any
        more.
        """
        try:
            self.folder.look_again()
        except SettingsError as error:
            self._page.value = words(str(error), "wrong")
            return
        kept = self.path if self.path in self.folder.paths else self.folder.paths[0]
        self.chosen = self.folder.open(kept)
        self._look_for()
        self._reading = loop.submit(self._read_all())
        self.read_anew = True
        try:
            self._tell()
        finally:
            self.read_anew = False

    def wait(self) -> None:
        """Wait until every lesson was opened once, and the list names the faulty ones."""
        self._reading.wait()

    def hear(self, event: Event) -> None:
        """A run changes no lesson."""

    def paint(self) -> None:
        """What is shown changes only when somebody chooses."""

    async def _read_all(self) -> None:
        """Open what was not opened yet, aside, so that the list can name titles and faults."""
        for path in self.folder.paths:
            await asyncio.to_thread(self.folder.open, path)
        self._settle()

    def _picked(self, _: object) -> None:
        if self._settling or self._list.value is None:
            return
        self.chosen = self.folder.open(self._list.value)
        self._show()
        self._tell()

    def _look_for(self) -> None:
        """Narrow the list to the lessons that hold the words."""
        self._hits = self.folder.search(self._search.value)
        self._settle()

    def _settle(self) -> None:
        """Show the list as it should be; the choice stays, or falls on the first that is left."""
        found = {hit.path for hit in self._hits}
        looking = bool(self._search.value.strip())
        paths = [path for path in self.folder.paths if path in found or not looking]
        options = [(self._label(path), path) for path in paths]
        value = self.path if self.path in paths else None
        self._settling = True
        try:
            with self._list.hold_sync():
                if options != list(self._list.options):
                    self._list.options = options
                self._list.value = value
        finally:
            self._settling = False
        total = len(self.folder.paths)
        self._count.value = words(
            f"{len(paths)} of {count(total, 'lesson')}" if looking else count(total, "lesson"),
            "small",
        )
        self._show()

    def _label(self, path: Path) -> str:
        opened = self.folder.known(path)
        if opened is None:
            return path.stem
        if opened.lesson is None:
            return f"⚠ {path.stem} · {count(len(opened.faults), 'fault')}"
        return f"{path.stem} · {opened.lesson.title}" if opened.lesson.title else path.stem

    def _show(self) -> None:
        looked_for = self._search.value.strip()
        self._found.value = _found(self._hits, looked_for) if looked_for else ""
        here = [hit for hit in self._hits if hit.path == self.path]
        self._page.value = page(self.chosen, self.rate, here)

    def _tell(self) -> None:
        for call in self._calls:
            try:
                call()
            except Exception:
                log.exception("what listens to the choice of a lesson failed")

    def _values(self) -> list[Path]:
        return [path for _, path in self._list.options]

    def _ipython_display_(self) -> None:
        show(self)

    def __repr__(self) -> str:
        lessons = count(len(self.folder.paths), "lesson")
        return f"Lessons({str(self.folder.path)!r}): {lessons}, {self.path.name} is chosen"


def _found(hits: list[Hit], looked_for: str) -> str:
    """Where the words stand, lesson by lesson."""
    if not hits:
        return words(f"No lesson holds “{looked_for}”.")
    lessons = len({hit.path for hit in hits})
    parts = [words(f"{count(len(hits), 'place')} in {count(lessons, 'lesson')}", "title")]
    for path, some in groupby(hits[:MOST_HITS], lambda hit: hit.path):
        parts.append(words(path.stem, "small"))
        parts += [_line(hit) for hit in some]
    if len(hits) > MOST_HITS:
        parts.append(words(f"and {len(hits) - MOST_HITS} more", "small"))
    return f'<div class="vidkit-found" role="status" tabindex="0">{"".join(parts)}</div>'


def _line(hit: Hit) -> str:
    where = f"{hit.section} · {hit.field}" if hit.section else hit.field
    return (
        f'<div class="vidkit-hit"><span class="vidkit-small">{escape(where)}</span>'
        f'<span dir="auto">{escape(hit.before)}<mark>{escape(hit.found)}</mark>'
        f"{escape(hit.after)}</span></div>"
    )
