"""Sections → lessons on the disk: the JSON of each, and its pictures beside it.

The same source gives the same files. What a person has changed is never written over: the
lesson keeps a digest of itself as it was drafted, in `$draft`.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..core.errors import Fault, LessonError, OutputError, SettingsError
from ..core.paths import content_of, is_file, path_given, why_unwritable, write_whole
from ..models.convert import DRAFTED, Conversion, convert_file, converted
from ..models.files import LARGEST, contents
from ..models.lesson import Lesson
from ..models.reading import load_lesson
from ..models.settings import Settings
from ..text.languages import likely_language
from .blocks import Heading, Shown, Source, Turn
from .deck import read_markdown, read_reveal
from .notebook import read_notebook
from .pages import read_pdf, read_powerpoint
from .sections import Draft, Section, digest, sections_of

MINUTES = 6.0
"""Minutes of a lesson: longer videos are watched to the end by few (Guo 2014)."""

MOST_PLACES = 8
"""Places that a note names."""

_READERS: Mapping[str, Callable[[Path], Source]] = {
    ".ipynb": read_notebook,
    ".pptx": read_powerpoint,
    ".pdf": read_pdf,
    ".html": read_reveal,
    **dict.fromkeys((".md", ".markdown", ".qmd", ".rmd", ".txt"), read_markdown),
}
READ = (*_READERS, ".json")
"""What is read, by the ends of names."""


def lesson_from(
    source: str | Path,
    path: str | Path | None = None,
    *,
    language: str | None = None,
    writer: str | Any = None,
    settings: Settings | None = None,
) -> Lesson:
    """A lesson from a notebook, a text in Markdown, slides of PowerPoint, or a PDF.

    path: where the lesson is written; None is beside the source, as `<its name>.json`. Its
    pictures go to a folder beside it. language: the tag of the spoken language, where the
    source does not say. writer: a chat model that rewrites it for the ear, such as "openai",
    under the budget and the store of `settings`; None is nobody, offline and free. The lesson can
    be edited like any other before anything is made.

    Raises `LessonError` where the source cannot be read or holds no words, and `OutputError`
    where another lesson, or one that somebody changed, stands at `path`.
    """
    source = _source_path(source)
    path = _beside(source) if path is None else Path(path)
    drafts = draft_of(source, path.stem, language=language)
    return write(_rewritten(drafts, writer, settings)[0], path)


def course_from(
    source: str | Path,
    folder: str | Path | None = None,
    *,
    minutes: float = MINUTES,
    language: str | None = None,
    writer: str | Any = None,
    settings: Settings | None = None,
) -> list[Lesson]:
    """The lessons of a long source, in order, each of at most so many `minutes`, divided where
    its headings are.

    folder: where they are written, as `1-….json`; None is beside the source, named as it is.
    Otherwise as `lesson_from`.
    """
    source = _source_path(source)
    folder = source.with_suffix("") if folder is None else Path(folder)
    drafts = draft_of(source, "", minutes=minutes, language=language)
    drafts = _rewritten(drafts, writer, settings)
    return [write(draft, folder / f"{draft.name}.json") for draft in drafts]


def placed(
    source: str | Path,
    output: str | Path | None = None,
    minutes: float | None = None,
    language: str | None = None,
) -> list[tuple[Draft, Path]]:
    """The drafts of `vidkit draft`, each with the file that it is to be written to.

    output: the file of one lesson, `….json`, or a folder for several; None is beside the
    source. A source of more than `minutes` becomes several, but for one file that is named.
    """
    source = _source_path(source)
    if output is not None and str(output).lower().endswith(".json"):
        draft = draft_of(source, Path(output).stem, language=language)[0]
        if draft.minutes > (minutes or MINUTES):
            long = "it is long; name a folder with -o to have it divided"
            draft = replace(draft, notes=(*draft.notes, long))
        return [(draft, Path(output))]
    longest = MINUTES if minutes is None else minutes
    drafts = draft_of(source, _beside(source).stem, minutes=longest, language=language)
    several = source.with_suffix("") if len(drafts) > 1 else source.parent
    folder = several if output is None else Path(output)
    return [(draft, folder / f"{draft.name}.json") for draft in drafts]


def new_lessons(source: str | Path, folder: Path) -> tuple[list[Lesson], list[str]]:
    """Draft `source` into a folder of lessons, several where it is long, under names that are
    free; gives the lessons, and what of the source is not in them. Raises as `lesson_from` does.
    """
    source = _source_path(source)
    pairs = placed(source, folder)
    lessons = []
    for draft, path in pairs:
        if len(pairs) > 1:  # their own names only number them
            path = path.with_stem(f"{source.stem}-{path.stem}")
        named = (path.with_stem(f"{path.stem}-{number}") for number in itertools.count(2))
        free = (each for each in itertools.chain([path], named) if _is_free(each, draft))
        lessons.append(write(draft, next(free)))
    return lessons, list(dict.fromkeys(note for draft, _ in pairs for note in draft.notes))


def convert(source: Path, path: Path) -> Sequence[str]:
    """Write the lesson that a file of another tool means, in the place of what is at `path`; gives
    what became of each key. What can be drafted is, but for Markdown around the JSON of a lesson,
    such as the answer of a chat model. Raises `LessonError`, `OutputError`.
    """
    made = _lesson_within(source)
    if made is None:
        draft = draft_of(source, path.stem)[0]
        write(draft, path, replacing=True)
        return draft.notes
    write_whole(path, [made.text().encode()], "-o")
    return made.notes


def _lesson_within(source: Path) -> Conversion | None:
    """The lesson that stands in a file as JSON; None where the file is to be drafted. Raises
    `LessonError` where it is neither.
    """
    kind = DRAFTED.get(source.suffix.lower())
    if kind is None:
        return convert_file(source)
    if kind != "Markdown" or not is_file(source) or source.stat().st_size > LARGEST:
        return None
    made = converted(contents(source), source)
    return made if isinstance(made, Conversion) else None


def _rewritten(drafts: list[Draft], writer: str | Any, settings: Settings | None) -> list[Draft]:
    if writer is None:
        return drafts
    from .writer import Rewriting  # which loads what a run needs

    return Rewriting.of(drafts, writer, settings).run()


def draft_of(
    source: Path, stem: str, *, minutes: float | None = None, language: str | None = None
) -> list[Draft]:
    """The drafts that `source` makes, in order, and nothing written: one, or with `minutes` as
    many as it takes. `stem` is the name of a single one.
    """
    if minutes is not None and not minutes > 0:
        raise SettingsError(f"minutes is {minutes}; give a number above 0, such as 6")
    if source.suffix.lower() == ".json":
        return [_of_json(source, stem)]
    read = _read(source)
    words = " ".join(block.text for block in read.blocks if not isinstance(block, Shown | Turn))
    shown = (block for block in read.blocks if isinstance(block, Shown))
    lists = " ".join(each.words for each in shown if each.kind in ("points", "steps"))
    likely = likely_language(words) or likely_language(f"{words} {lists}")
    read.language = language or read.language or likely or ""
    heads = itertools.takewhile(lambda block: isinstance(block, Heading | Turn), read.blocks)
    highest = [head for head in heads if isinstance(head, Heading) and head.level == 1]
    read.title = read.title or (highest[0].text.rstrip(" -–—:") if highest else "")
    sections = sections_of(read)
    if not sections:
        fault = Fault("it holds nothing to say", "write some words into it, and save it")
        raise LessonError(source, [fault])
    read.notes += _unseen(read, sections)
    parts = [sections] if minutes is None else _by_minutes(sections, minutes)
    titles = [_title(read, part, len(parts)) for part in parts]
    return [
        _draft(read, part, title, f"{number}{_slug(title)}" if len(parts) > 1 or not stem else stem)
        for number, (part, title) in enumerate(zip(parts, titles, strict=True), start=1)
    ]


def _unseen(read: Source, sections: Sequence[Section]) -> list[str]:
    """What is told of programs, or further steps of them, that no section shows."""
    seen = {section.wish.get("code") for section in sections}
    programs = (each for each in read.blocks if isinstance(each, Shown) and each.kind == "code")
    places = list(dict.fromkeys(each.where for each in programs if each.wish["code"] not in seen))
    more = f" and {len(places) - MOST_PLACES} more" if len(places) > MOST_PLACES else ""
    listed = ", ".join(places[:MOST_PLACES]) + more
    if not places:
        return []
    return [
        f"{listed}: not all of the program is shown, as nothing is said of it; say what it does"
    ]


def _of_json(path: Path, stem: str) -> Draft:
    """The draft of a lesson of another tool. Raises `LessonError`."""
    made = convert_file(path)
    sections = [
        {**each, "from": f"section {number}"}
        for number, each in enumerate(made.lesson["sections"], start=1)
    ]
    lesson = {**made.lesson, "from": path.name, "sections": sections}
    said = [Section([str(each.get("content") or "")]) for each in sections]
    minutes = sum(section.seconds for section in said) / 60
    return Draft(stem or path.stem, lesson, {}, minutes, tuple(made.notes))


def _beside(source: Path) -> Path:
    """The file beside a source that its lesson goes to."""
    path = source.with_suffix(".json")
    return path if path != source else source.with_name(f"{source.stem}-lesson.json")


def _source_path(source: str | Path) -> Path:
    if not isinstance(source, str | Path):
        raise SettingsError(f"{source!r} is no path; name a notebook, or another file of yours")
    path = path_given("source", source, "a notebook, or another file of yours")
    if not path.name:
        raise LessonError(path, [Fault("this is a folder", "name a notebook, or another file")])
    return path


def _read(path: Path) -> Source:
    try:
        path.stat()
        if (reader := _READERS.get(path.suffix.lower())) is not None:
            return reader(path)
    except FileNotFoundError:
        raise LessonError(path, [Fault("there is no such file", "check its name")]) from None
    except OSError as error:
        why = f"it cannot be read ({error.strerror or error})"
        raise LessonError(path, [Fault(why, "take a copy that you may read")]) from None
    mend = f"name a file that ends in {', '.join(READ)}"
    raise LessonError(path, [Fault("this is none of the kinds that are read", mend)])


def _by_minutes(sections: Sequence[Section], minutes: float) -> list[list[Section]]:
    """The sections in lessons of at most so many minutes, cut where the highest headings are."""
    longest = minutes * 60
    if sum(section.seconds for section in sections) <= longest:
        return [list(sections)]
    levels = sorted({section.level for section in sections[1:] if section.level})
    for level in levels:
        parts = _cut(sections, level)
        if len(parts) > 1:
            within = [piece for part in parts for piece in _by_minutes(part, minutes)]
            return _packed(within, longest)
    return _packed([[section] for section in sections], longest)


def _cut(sections: Sequence[Section], level: int) -> list[list[Section]]:
    parts: list[list[Section]] = []
    for section in sections:
        if not parts or 0 < section.level <= level:
            parts.append([])
        parts[-1].append(section)
    return parts


def _packed(parts: Sequence[list[Section]], longest: float) -> list[list[Section]]:
    """Neighbours put together as long as they are not too long."""
    packed: list[list[Section]] = []
    for part in parts:
        both = [*(packed[-1] if packed else []), *part]
        if packed and sum(section.seconds for section in both) <= longest:
            packed[-1] = both
        else:
            packed.append(list(part))
    return packed


def _title(source: Source, sections: Sequence[Section], count: int) -> str:
    first = next((section.title for section in sections if section.title), "")
    return (first if count > 1 else source.title or first) or Path(source.name).stem


def _draft(source: Source, sections: Sequence[Section], title: str, name: str) -> Draft:
    pictures: dict[str, bytes] = {}
    data: dict[str, Any] = {"title": title[:300]}
    if source.language:
        data["language"] = source.language
    data["from"] = source.name
    data["sections"] = [_section(each, name, pictures) for each in sections]
    minutes = sum(section.seconds for section in sections) / 60
    return Draft(name, data, pictures, minutes, tuple(source.notes))


def _section(section: Section, stem: str, pictures: dict[str, bytes]) -> dict[str, Any]:
    """A section as JSON; its picture is added to `pictures`."""
    made: dict[str, Any] = {}
    if section.title:
        made["title"] = section.title[:300]
    made["image_description"] = section.title or section.content[:300]
    made["content"] = section.content
    if section.pause:
        made["content"] += f" [pause {section.pause}s]"
    if section.picture:
        digest = hashlib.sha256(section.picture.data).hexdigest()[:12]
        name = f"{stem}_pictures/{digest}{section.picture.suffix}"
        pictures[name] = section.picture.data
        made["image"] = name
    if section.wish:
        made["slide"] = section.wish
    made["from"] = _places(section.where)
    return made


def _places(where: Sequence[str]) -> str:
    """ "cell 3", "cell 4" as "cells 3, 4"."""
    kinds = {place.rpartition(" ")[0] for place in where}
    if len(where) == 1 or len(kinds) != 1:
        return ", ".join(where)
    numbers = sorted({int(place.rpartition(" ")[2]) for place in where})
    return f"{kinds.pop()}s {', '.join(map(str, numbers))}"


def _slug(title: str) -> str:
    words = re.findall(r"\w+", title.lower())[:6]
    return "".join(f"-{word}" for word in words)[:60]


def write(draft: Draft, path: Path, *, replacing: bool = False) -> Lesson:
    """Write the pictures of a draft, and then its lesson, in one step; in the place of another
    lesson only where `replacing`. Raises `OutputError`.
    """
    text = draft.text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not (replacing or _is_free(path, draft)):
            raise OutputError(
                f"{path} was changed since it was drafted, or is another lesson, and is not "
                "written over; name another file with -o (path= in Python)"
            )
        for name, data in draft.pictures.items():
            file = path.parent / name
            file.parent.mkdir(exist_ok=True)
            if not file.exists() or file.read_bytes() != data:
                write_whole(file, [data], "-o (path= in Python)")
        write_whole(path, [text.encode()], "-o (path= in Python)")
    except OSError as error:
        why = why_unwritable(path, error, "-o (path= in Python)", "file")
        raise OutputError(f"{path} cannot be written: {why}") from error
    return load_lesson(path)


def _is_free(path: Path, draft: Draft) -> bool:
    """Whether nothing stands at `path` but what was drafted from this source, and unchanged."""
    try:
        data = json.loads(content_of(path))
    except FileNotFoundError:
        return True
    except OSError:
        return not os.path.lexists(path)  # what no file can be called is told when it is written
    except ValueError:
        return False
    is_draft = isinstance(data, dict) and data.pop("$draft", None) == digest(data)
    return is_draft and data.get("from") == draft.data["from"]
