"""A folder of lessons, each opened when it is first wanted, and a search over all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from ..errors import Fault, LessonError
from ..lesson import Lesson, Section, lesson_files, load_lesson
from ..slides.words import length

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
