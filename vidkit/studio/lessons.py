"""The lessons of a folder: pick one, see what is wrong with it, search in all, begin another,
or have one drafted from a notebook, a text or slides.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, RLock
from typing import Any

from ..core import loop
from ..core.errors import Fault, LessonError, SettingsError, VidkitError
from ..core.format import clock_time, count
from ..core.paths import is_file, is_folder, path_given, stamp, write_through
from ..draft import course
from ..models.convert import DRAFTED
from ..models.files import lesson_files
from ..models.lesson import Lesson, Section
from ..models.reading import load_lesson, read_lesson
from ..slides.analysis import length
from ..text.timing import WORDS_A_MINUTE
from .editing import NEW_SECTION
from .widgets import Part

log = logging.getLogger("vidkit.studio")

MOST_HITS = 40
"""Places that are shown for one search; more of them help nobody."""

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

    Raises `SettingsError` where there is no such folder; one that holds no lesson yet is none
    the worse.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser()
        self.paths = _files_of(self.path)
        self._opened: dict[Path, tuple[tuple[int, int] | None, Opened]] = {}
        self._lock = Lock()

    def look_again(self) -> None:
        """List the folder anew, and read every lesson anew when it is asked for: what was wrong
        may have been a file beside it.
        """
        self.paths = _files_of(self.path)
        with self._lock:
            self._opened.clear()

    def open(self, path: Path) -> Opened:
        """What the file holds now."""
        now = stamp(path)
        with self._lock:
            known = self._opened.get(path)
        if known is not None and known[0] == now:
            return known[1]
        try:
            opened = Opened(path, load_lesson(path))
        except LessonError as error:
            opened = Opened(path, None, error.faults)
        with self._lock:
            self._opened[path] = now, opened
        return opened

    @property
    def key(self) -> tuple[object, ...]:
        """Changes whenever a lesson does."""
        return tuple((path, stamp(path)) for path in self.paths)

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


def _files_of(folder: Path) -> list[Path]:
    """The lessons of a folder, none where it has none yet. Raises `SettingsError` where there is
    no such folder.
    """
    try:
        return lesson_files(folder)
    except SettingsError:
        if is_folder(folder) and not any(folder.glob("*.json")):
            return []
        raise


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


def spoken_words(section: Section) -> int:
    """The words that a voice has to speak for a section; none where it brings its own sound."""
    return 0 if section.audio else length(section.content)


def spoken_seconds(words: int, rate: int | None = None) -> float:
    """About how long `words` take at `rate` words a minute, None for the voice's own."""
    return words * 60 / (rate or WORDS_A_MINUTE)


class Lessons(Part):
    """The lessons of `folder`, faulty ones among them, and what is in the chosen one. Where it is
    one lesson's file, that one is chosen of those beside it.

    `path` is the chosen file and `lesson` what it holds, None where it is faulty or there is none.
    `rate` (words a minute, None for the voice's own) only shapes the lengths that are shown.
    `reader`: whether the chosen lesson can be read here, section by section; a Studio has cards
    for that. `read_anew` is True while those who listen are told that everything was read again.
    Raises `SettingsError` where there is no such folder.
    """

    component = "lessons"

    def __init__(
        self, folder: str | Path = "lessons", rate: int | None = None, reader: bool = True
    ) -> None:
        super().__init__()
        path = path_given("folder", folder, "the folder of your lessons, or one of them")
        one = path if is_file(path) else None
        self.folder = Folder(one.parent if one else path)
        self.rate = rate
        self.reader = reader
        self.read_anew = False
        self.chosen: Opened | None = None
        self._edited: Lesson | None = None
        if self.folder.paths:
            self.chosen = self.folder.open(self.folder.paths[0])
        self._lock = RLock()
        self._search = ""
        self._said: list[str] = []
        self._hits: list[Hit] = []
        self._reading = loop.submit(self._read_all())
        self._drafting: loop.Work[None] | None = None
        if one:
            self.choose(one.name)

    @property
    def path(self) -> Path | None:
        """The chosen lesson's file; None where the folder has none yet."""
        return self.chosen.path if self.chosen else None

    @property
    def lesson(self) -> Lesson | None:
        """The chosen lesson, as its file is now; None where it is faulty."""
        if self.chosen is None:
            return None
        fresh = self.folder.open(self.chosen.path)
        if fresh is not self.chosen:
            self.chosen = fresh
            self.show()
        return fresh.lesson

    def choose(self, path: str | Path) -> None:
        """Choose a lesson by its file, or by the name of it without the folder or ".json".

        Raises `SettingsError` for one that is not here.
        """
        for each in self.folder.paths:
            if str(path) in (str(each), each.name, each.stem):
                if each not in self._listed():
                    self._look_for("")
                self.chosen = self.folder.open(each)
                self.show()
                self.notify()
                return
        raise SettingsError(f"there is no lesson {str(path)!r} in {self.folder.path}")

    def tell_of(self, lesson: Lesson | None) -> None:
        """Tell of the chosen lesson what this one says, which somebody edits and has not saved
        yet; None for what its file says.
        """
        self._edited = lesson
        self.show()

    on_choose = Part.on_change

    def search(self, text: str) -> list[Hit]:
        """Look for words in all lessons, as the field does, and show where they stand."""
        self._look_for(text)
        return self._hits

    do_search = search

    def read_again(self) -> None:
        """Read the folder and its lessons anew. A chosen lesson that is gone is not chosen any
        more.
        """
        self._said = []
        try:
            self.folder.look_again()
        except SettingsError as error:
            self.trouble(str(error))
            return
        paths = self.folder.paths
        kept = self.path if self.path in paths else next(iter(paths), None)
        self.chosen = self.folder.open(kept) if kept else None
        self._look_for(self._search)
        self._reading = loop.submit(self._read_all())
        self.read_anew = True
        self.notify()
        self.read_anew = False

    do_read_again = read_again

    def new(self, name: str, title: str = "", language: str = "") -> Path:
        """Begin a lesson in the folder, and choose it; gives its file.

        Raises `LessonError` for a name, title or language that cannot be, or a file that is there.
        """
        path = new_lesson(self.folder.path, name, title, language)
        self.read_again()
        self.choose(path)
        return path

    def draft(self, source: str | Path) -> list[Path]:
        """Draft a lesson of what somebody has (a notebook, Markdown, PowerPoint, a PDF, the JSON
        of another tool) into the folder, and choose it; gives its file, and those that follow it
        where the source is long. A lesson that is there is never written over.

        Raises `VidkitError` where the source cannot be read.
        """
        lessons, notes = course.new_lessons(Path(source).expanduser(), self.folder.path)
        self.read_again()
        self._said = notes
        self.choose(lessons[0].path)
        return [lesson.path for lesson in lessons]

    def wait(self) -> None:
        """Wait until every lesson was opened once, the list names the faulty ones, and a lesson
        that somebody wants to be drafted is there.
        """
        if self._drafting is not None:
            self._drafting.wait()
        self._reading.wait()

    def trouble(self, text: str) -> None:
        """Tell what went wrong."""
        self._said = [text]
        self.show()

    # ---- what somebody does in the page

    def do_choose(self, at: int) -> None:
        """Another lesson of the list."""
        paths = self.folder.paths
        if 0 <= at < len(paths):
            self.choose(paths[at])

    def do_new(self, name: str, title: str, language: str) -> str:
        """*Create*: gives what is wrong, if anything is."""
        try:
            self.new(name, title, language)
        except LessonError as error:
            return "; ".join(f"{fault.problem}; {fault.mend}" for fault in error.faults)
        except VidkitError as error:
            return str(error)
        return ""

    def do_sources(self) -> dict[str, Any]:
        """What a lesson can be drafted of: `kinds` of files, and the `files` that lie here."""
        here = [Path(), self.folder.path]
        found = [path for folder in here for path in folder.glob("*.*") if not path.is_dir()]
        fit = {str(path) for path in found if path.suffix.lower() in DRAFTED}
        return {"kinds": ",".join(course.READ), "files": sorted(fit)}

    def do_put(self, name: str, start: int, data: bytes, more: bool = False) -> dict[str, str]:
        """A piece of a file of one's own, for `do_draft`; the first begins with `start` 0."""
        if start == 0:
            self._own = tempfile.TemporaryDirectory(prefix="vidkit-")
        with Path(self._own.name, Path(name).name).open("ab") as file:
            file.write(data)
        return {}

    def do_draft(self, source: str, own: bool = False) -> None:
        """*Draft it*: begins to, aside. `own`: it is what came with `do_put`."""
        held = self._own if own else nullcontext(".")
        path = Path(self._own.name, Path(source).name) if own else Path(source)
        self.trouble(f"{path.name} is being read…")
        self._drafting = loop.submit(asyncio.to_thread(self._draft_aside, path, held))

    def _draft_aside(self, path: Path, held: AbstractContextManager[str]) -> None:
        def draft() -> None:
            try:
                self.draft(path)
            except LessonError as error:
                told = (f"{path.name}: {f.problem}; {f.mend}" for f in error.faults)
                raise VidkitError("; ".join(told)) from None

        with held:
            self.attempt(draft)

    # ---- what it shows

    async def _read_all(self) -> None:
        """Open what was not opened yet, aside, so that the list can name titles and faults."""
        for path in self.folder.paths:
            await asyncio.to_thread(self.folder.open, path)
        await asyncio.to_thread(self.show)

    def _look_for(self, text: str) -> None:
        """Narrow the list to the lessons that hold the words."""
        self._search = text
        self._hits = self.folder.search(text)
        self.show()

    def _listed(self) -> list[Path]:
        """The lessons in the list: those that hold the words that are looked for."""
        if not self._search.strip():
            return self.folder.paths
        found = {hit.path for hit in self._hits}
        return [path for path in self.folder.paths if path in found]

    def values(self) -> Mapping[str, Any]:
        """The list, the search, and the chosen lesson."""
        listed, total = self._listed(), count(len(self.folder.paths), "lesson")
        looking = self._search.strip()
        shown = set(listed)
        options = [
            {"at": at, "label": self._label(path)}
            for at, path in enumerate(self.folder.paths)
            if path in shown
        ]
        at = self.folder.paths.index(self.path) if self.path in self.folder.paths else -1
        told: dict[str, Any] = {
            "options": options,
            "chosen": at,
            "search": self._search,
            "count": f"{len(listed)} of {total}" if looking else total,
            "found": self._found(looking) if looking else [],
            "editable": not self.reader,
            "notes": self._said,
        }
        return {"lessons": told | (self._about() if self.chosen else _EMPTY)}

    def _about(self) -> dict[str, Any]:
        assert self.chosen is not None
        lesson = self.chosen.lesson
        if lesson is None:
            faults = sorted(self.chosen.faults, key=lambda fault: fault.section or 0)
            return {
                "title": self.chosen.path.stem,
                "facts": f"{self.chosen.path.name} · {count(len(faults), 'fault')} to mend",
                "faults": [_fault(fault) for fault in faults],
            }
        if self._edited is not None and self._edited.path == lesson.path:
            lesson = self._edited
        told: dict[str, Any] = {
            "title": lesson.title or lesson.name,
            "facts": facts(lesson, self.rate),
        }
        told["notes"] = [*self._said, *lesson.warnings]
        if self.reader:
            here = {hit.section for hit in self._hits if hit.path == self.path}
            told["reader"] = [
                _passages(number, section, self.rate, number in here)
                for number, section in enumerate(lesson.sections, start=1)
            ]
        return told

    def _found(self, looking: str) -> list[dict[str, str]]:
        """Where the words stand."""
        if not self._hits:
            return [{"before": f"No lesson holds “{looking}”."}]
        rows = []
        for hit in self._hits[:MOST_HITS]:
            where = " · ".join(filter(None, (hit.path.stem, str(hit.section or ""), hit.field)))
            rows.append(
                {"where": where, "before": hit.before, "found": hit.found, "after": hit.after}
            )
        if len(self._hits) > MOST_HITS:
            rows.append({"before": f"and {len(self._hits) - MOST_HITS} more"})
        return rows

    def _label(self, path: Path) -> str:
        opened = self.folder.known(path)
        if opened is None:
            return path.stem
        if opened.lesson is None:
            return f"⚠ {path.stem} · {count(len(opened.faults), 'fault')}"
        return f"{path.stem} · {opened.lesson.title}" if opened.lesson.title else path.stem

    def __repr__(self) -> str:
        lessons = count(len(self.folder.paths), "lesson")
        chosen = f"{self.path.name} is chosen" if self.path else "none is chosen"
        return f"Lessons({str(self.folder.path)!r}): {lessons}, {chosen}"


_EMPTY = {
    "title": "No lesson yet",
    "facts": "This folder has no lesson yet: New lesson begins one.",
}


def facts(lesson: Lesson, rate: int | None = None) -> str:
    """A lesson in a line: its file, sections, words, length, language and source."""
    spoken = sum(map(spoken_words, lesson.sections))
    told = [
        lesson.path.name,
        count(len(lesson.sections), "section"),
        f"{spoken:,} {'word' if spoken == 1 else 'words'}",
        f"about {clock_time(spoken_seconds(spoken, rate))} long",
        lesson.language,
    ]
    if lesson.source:
        told.append(f"from {lesson.source}")
    return " · ".join(told)


def _passages(number: int, section: Section, rate: int | None, is_open: bool) -> dict[str, Any]:
    spoken = spoken_words(section)
    told = f"{count(spoken, 'word')}, {clock_time(spoken_seconds(spoken, rate))}"
    if section.audio:
        told = f"own sound: {section.audio.name}"
    picture = section.image_description
    if section.image:
        picture = f"own picture: {section.image.name}" + (f" ({picture})" if picture else "")
    texts = [
        (name, text) for name, text in (("Narration", section.content), ("Image", picture)) if text
    ]
    title = section.title or "Untitled"
    return {"number": number, "title": title, "length": told, "texts": texts, "open": is_open}


def _fault(fault: Fault) -> list[str]:
    """Where a fault is, what it is, and what to do."""
    where = f"Section {fault.section}" if fault.section else "The lesson"
    if fault.field:
        where += f", {fault.field}"
    return [where, fault.problem, fault.mend]


def new_lesson(folder: Path, name: str, title: str, language: str) -> Path:
    """Begin a lesson of one section in `folder`; gives its file. `name` needs no ".json".

    Raises `LessonError` for a title or language that is none, and where the file is there already.
    """
    stem = Path(name.strip()).name.removesuffix(".json").strip()
    path = folder / f"{stem}.json"
    if not stem or stem.startswith("."):
        raise LessonError(path, [Fault("the lesson has no name", "give its file a name")])
    head = {"title": title.strip(), "language": language.strip()}
    section = {"title": title.strip() or "Introduction", **NEW_SECTION}
    whole = {key: value for key, value in head.items() if value} | {"sections": [section]}
    data = (json.dumps(whole, indent=2, ensure_ascii=False) + "\n").encode("utf-8")
    read_lesson(data, path)
    try:
        write_through(path, [data])
    except FileExistsError:
        fault = Fault("there is a lesson of that name", "choose another name")
        raise LessonError(path, [fault]) from None
    except OSError as error:
        fault = Fault(f"it cannot be written ({error.strerror or error})", "make room, or allow it")
        raise LessonError(path, [fault]) from error
    return path
