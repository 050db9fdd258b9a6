"""The lessons of a folder: pick one, read it, see what is wrong with it, search in all."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path
from threading import Lock

import ipywidgets as widgets

from ..core import loop
from ..core.errors import Fault, LessonError, SettingsError
from ..core.events import Event
from ..core.format import clock_time, count
from ..models.lesson import Lesson, Section, lesson_files, load_lesson
from ..slides.analysis import length
from .widgets import button, show, words

# A folder of lessons, each opened when it is first wanted, and a search over all of them.


WORDS_A_MINUTE = 175
"""How fast a lesson is spoken where nobody says, pauses included: the default voice with the five
English lessons in `notebooks/lessons` (171 to 182)."""

EXCERPT = 60
"""Characters that are shown before and after what was found."""


@dataclass(frozen=True)
class Opened:
    """What a file holds: a lesson, or the faults that keep it from being one."""

    path: Path
    lesson: Lesson | None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Hit:
    """A place where the words that were looked for stand: in a section (None: the lesson itself),
    in one of its fields, with some text `before` and `after` what was `found`.
    """

    path: Path
    section: int | None
    field: str
    before: str
    found: str
    after: str


class Folder:
    """The lessons of `path`. Nothing is read before it is asked for, and nothing twice unless
    its file has changed since. May be asked from several threads.

    Raises `SettingsError` where there is no such folder, or no lesson in it.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser()
        self.paths = lesson_files(self.path)
        self._opened: dict[Path, tuple[tuple[int, int] | None, Opened]] = {}
        self._lock = Lock()

    def look_again(self) -> None:
        """List the folder anew, and read every lesson anew when it is asked for: what was wrong
        may have been a file beside it.
        """
        self.paths = lesson_files(self.path)
        with self._lock:
            self._opened.clear()

    def open(self, path: Path) -> Opened:
        """What the file holds now."""
        stamp = _stamp(path)
        with self._lock:
            known = self._opened.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        try:
            opened = Opened(path, load_lesson(path))
        except LessonError as error:
            opened = Opened(path, None, error.faults)
        with self._lock:
            self._opened[path] = stamp, opened
        return opened

    @property
    def key(self) -> tuple[object, ...]:
        """Changes whenever a lesson does."""
        return tuple((path, _stamp(path)) for path in self.paths)

    def lessons(self) -> list[Lesson]:
        """All lessons that have no faults. Opens them."""
        opened = (self.open(path).lesson for path in self.paths)
        return [lesson for lesson in opened if lesson is not None]

    def known(self, path: Path) -> Opened | None:
        """What the file held when it was last opened; None where it was not yet."""
        with self._lock:
            found = self._opened.get(path)
        return found[1] if found else None

    def search(self, text: str) -> list[Hit]:
        """Every place that holds the words of `text`, one after the other, whatever their case:
        file names, titles, narrations and image descriptions. Opens all lessons.
        """
        words = text.split()
        if not words:
            return []
        pattern = re.compile(r"\s+".join(map(re.escape, words)), re.IGNORECASE)
        return [hit for path in self.paths for hit in self._hits(path, pattern)]

    def _hits(self, path: Path, pattern: re.Pattern[str]) -> Iterator[Hit]:
        for section, field, text in _texts(self.open(path)):
            if found := pattern.search(text):
                start, end = found.span()
                before = ("…" if start > EXCERPT else "") + text[max(0, start - EXCERPT) : start]
                after = text[end : end + EXCERPT] + ("…" if len(text) > end + EXCERPT else "")
                yield Hit(path, section, field, before, found.group(), after)


def _texts(opened: Opened) -> Iterator[tuple[int | None, str, str]]:
    """All that can be searched in a lesson: section number, field and text."""
    yield None, "file", opened.path.name
    if opened.lesson is None:
        return
    yield None, "title", opened.lesson.title or ""
    for number, section in enumerate(opened.lesson.sections, 1):
        yield number, "title", section.title or ""
        yield number, "narration", section.content
        yield number, "image description", section.image_description


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def spoken_words(section: Section) -> int:
    """The words that a voice has to speak for a section; none where it brings its own sound."""
    return 0 if section.audio else length(section.content)


def spoken_seconds(words: int, rate: int | None = None) -> float:
    """About how long `words` take at `rate` words a minute, None for the voice's own."""
    return words * 60 / (rate or WORDS_A_MINUTE)


# What is in a lesson, as a page to read: its sections, or its faults.


def page(opened: Opened, rate: int | None = None, hits: Sequence[Hit] = ()) -> str:
    """A lesson as HTML. rate: words a minute, None for the voice's own. hits: what was looked for
    and found in it; those sections are open.
    """
    if opened.lesson is None:
        return _faults(opened)
    lesson = opened.lesson
    title = words(lesson.title or lesson.name, "heading")
    warnings = "".join(words(f"Note: {warning}", "small") for warning in lesson.warnings)
    open_ = {hit.section for hit in hits}
    sections = "".join(
        _section(number, section, rate, number in open_)
        for number, section in enumerate(lesson.sections, 1)
    )
    return f'{title}{_facts(lesson, rate)}{warnings}<div class="vidkit-text">{sections}</div>'


def _facts(lesson: Lesson, rate: int | None) -> str:
    spoken = sum(map(spoken_words, lesson.sections))
    seconds = spoken_seconds(spoken, rate)
    facts = [
        lesson.path.name,
        count(len(lesson.sections), "section"),
        f"{spoken:,} {'word' if spoken == 1 else 'words'}",
        f"about {clock_time(seconds)} long",
        lesson.language,
    ]
    return words(" · ".join(facts), "small")


def _section(number: int, section: Section, rate: int | None, is_open: bool) -> str:
    spoken = spoken_words(section)
    length = f"{count(spoken, 'word')}, {clock_time(spoken_seconds(spoken, rate))}"
    if section.audio:
        length = f"own sound: {section.audio.name}"
    picture = section.image_description
    if section.image:
        picture = f"own picture: {section.image.name}" + (f" ({picture})" if picture else "")
    texts = (("Narration", section.content), ("Image", picture))
    said = "".join(_passage(name, text) for name, text in texts if text)
    return (
        f"<details{' open' if is_open else ''}><summary>"
        f'<span class="vidkit-number">{number}</span>'
        f'<span class="vidkit-name" dir="auto">{escape(section.title or "Untitled")}</span>'
        f'<span class="vidkit-small">{escape(length)}</span></summary>{said}</details>'
    )


def _passage(name: str, text: str) -> str:
    told = f'<div dir="auto">{escape(text)}</div>'
    return f'<div class="vidkit-passage">{words(name, "small")}{told}</div>'


def _faults(opened: Opened) -> str:
    """Why a file is no lesson, and what to do: the lesson as a whole first, then by section."""
    faults = sorted(opened.faults, key=lambda fault: fault.section or 0)
    rows = "".join(_fault(fault) for fault in faults)
    return (
        words(opened.path.stem, "heading")
        + words(f"{opened.path.name} · {count(len(faults), 'fault')} to mend", "wrong")
        + '<table class="vidkit-table"><thead><tr><th scope="col">Where</th>'
        '<th scope="col">What is wrong</th><th scope="col">What to do</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _fault(fault: Fault) -> str:
    where = f"Section {fault.section}" if fault.section else "The lesson"
    if fault.field:
        where += f", {fault.field}"
    cells = (where, fault.problem, fault.mend)
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


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
