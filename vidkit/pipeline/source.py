"""The lessons of a batch, in their order, and the folder to which the output of each goes.

A batch draws them one by one, when a worker is free: a generator of ten thousand lessons is never
held as a list, and no file is opened before its turn.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from ..core.errors import OutputError, SettingsError
from ..core.paths import is_file, is_folder, path_given, resolved, shortened
from ..models.files import is_lesson_name, lesson_files, lesson_order
from ..models.lesson import Lesson
from .batch import Job

Pathlike = str | Path
Lessons = Pathlike | Lesson | Iterable[Pathlike | Lesson]
"""What a batch may be made of: a folder, a glob such as "lessons/*.json", a list of files and
`Lesson`s, or a generator of them."""


class LessonSource:
    """The lessons of a batch. Going through it gives a `Job` for each, and can be done once
    where they come from a generator.

    lessons: as in `Lessons`. output_dir: the folder that the outputs go to, as `output_<name>`
    in folders as they are around the lessons; None is beside each lesson.

    count: how many lessons there are, None where a generator knows. home: the folder for what
    concerns them all, None where they lie in several, or a generator knows where. notes:
    sentences about lessons that were left out, because they were named before.

    Raises `SettingsError` where there is no lesson, or something is named that is none.
    """

    def __init__(self, lessons: Lessons, output_dir: Pathlike | None = None) -> None:
        self.notes: list[str] = []
        self._into = None if output_dir is None else folder_given("output_dir", output_dir)
        self._base: Path | None = None
        self._apart = False
        self._source: Iterable[Path | Lesson]
        self.count: int | None = None
        if isinstance(lessons, str | Path):
            self._base, named = _found(path_given("base_dir", lessons))
            self._source = self._once(named)
        elif isinstance(lessons, Lesson):
            self._source = [lessons]
        elif isinstance(lessons, bytes | Mapping) or not isinstance(lessons, Iterable):
            raise SettingsError(
                f"base_dir is {shortened(lessons)}; give a folder of lessons, a glob, a list of "
                "them or a generator"
            )
        elif isinstance(lessons, Collection):
            listed = [_lesson(each) for each in lessons]
            if not listed:
                raise SettingsError("base_dir is an empty list; name at least one lesson")
            self._base = _common(listed)
            self._source = self._once(listed)
            self._apart = any(_path(each).parent.absolute() != self._base for each in listed)
        else:
            self._source = self._drawn(iter(lessons))
        if isinstance(self._source, list):
            self.count = len(self._source)

    @property
    def home(self) -> Path | None:
        """Where the report of the whole batch goes."""
        return self._into or (None if self._apart else self._base)

    def __iter__(self) -> Iterator[Job]:
        taken: set[str] = set()
        for lesson in self._source:
            path = _path(lesson)
            folder = self._output(path)
            mark = str(folder.absolute()).casefold()
            refusal = None
            if mark in taken:
                refusal = OutputError(
                    f"{path} would be written to {folder}, as another lesson of this batch is; "
                    "rename one of them"
                )
            taken.add(mark)
            yield Job(lesson, folder, refusal)

    def _output(self, path: Path) -> Path:
        if self._into is None:
            return output_folder(path)
        parent = path.parent.absolute()
        for base in (self._base, Path.cwd()):
            if base is not None and parent.is_relative_to(base.absolute()):
                place = self._into / parent.relative_to(base.absolute())
                return output_folder(place / path.name)
        return output_folder(self._into.joinpath(*parent.parts[1:], path.name))

    def _once(self, named: list[Path | Lesson]) -> list[Path | Lesson]:
        """Each lesson once, under its own name rather than that of a link to it."""
        files = {id(each): _file(each) for each in named}
        own = {
            file: each
            for each in reversed(named)
            if (file := files[id(each)]) is not None and not _is_link(each)
        }
        kept: list[Path | Lesson] = []
        for each in named:
            file = files[id(each)]
            if file is None or own.setdefault(file, each) is each:
                kept.append(each)
            else:
                first = own[file]
                how = "was named before" if first == each else f"is the same lesson as {first}"
                self.notes.append(f"{each} {how}, and is made once")
        return kept

    def _drawn(self, source: Iterator[Pathlike | Lesson]) -> Iterator[Path | Lesson]:
        """What a generator gives, each lesson once."""
        seen: set[str] = set()
        for given in source:
            lesson = _lesson(given)
            if (file := _file(lesson)) is not None:
                if file in seen:
                    self.notes.append(f"{lesson} was named before, and is made once")
                    continue
                seen.add(file)
            yield lesson


def output_folder(lesson: Path) -> Path:
    """`output_<name>` beside a lesson's file; `1.JSON` keeps its suffix there, to be told from
    `1.json`.
    """
    odd = lesson.suffix != ".json" and lesson.suffix.casefold() == ".json"
    return lesson.parent / f"output_{lesson.name if odd else lesson.stem}"


def folder_given(name: str, value: object) -> Path:
    """The folder that the argument `name` gives, which need not be there yet."""
    folder = path_given(name, value, "the path of a folder")
    if is_file(folder):
        raise SettingsError(f"{name} is {folder}, which is a file; name a folder")
    return folder


def _lesson(given: object) -> Path | Lesson:
    return given if isinstance(given, Lesson) else path_given("base_dir", given)


def _found(path: Path) -> tuple[Path, list[Path | Lesson]]:
    """The lessons of a folder or of a glob, and the folder that holds them."""
    if is_folder(path) or is_file(path) or not glob.has_magic(str(path)):
        return path, list(lesson_files(path))
    plain = list(path.parts[: next(i for i, p in enumerate(path.parts) if glob.has_magic(p))])
    found = [Path(each) for each in glob.glob(str(path), recursive=True)]  # noqa: PTH207
    lessons = [each for each in found if is_lesson_name(each.name) and not each.is_dir()]
    if not lessons:
        raise SettingsError(f"no lesson fits {path}; check the pattern")
    lessons.sort(key=lesson_order)
    return Path(*plain), list(lessons)


def _common(lessons: list[Path | Lesson]) -> Path | None:
    """The folder in which all lessons lie, however deep; None where that is no folder at all."""
    parents = [os.path.abspath(_path(each).parent) for each in lessons]  # noqa: PTH100
    try:
        common = Path(os.path.commonpath(parents))
    except ValueError:  # on several drives
        return None
    return common if common != Path(common.anchor) else None


def _path(lesson: Path | Lesson) -> Path:
    return lesson.path if isinstance(lesson, Lesson) else lesson


def _file(lesson: Path | Lesson) -> str | None:
    """The file that a path names in the end; None for a `Lesson`, which is as it is."""
    return None if isinstance(lesson, Lesson) else str(resolved(lesson))


def _is_link(lesson: Path | Lesson) -> bool:
    return isinstance(lesson, Path) and os.path.islink(lesson)  # noqa: PTH114 - which never raises
