"""A lesson that is being edited: every field of its sections, their order, and the way back.

Nothing here writes into the lesson's file but `Draft.save`. Every change is checked as reading
the lesson would check it.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

from pydantic.fields import FieldInfo

from ..core import loop
from ..core.errors import Fault, LessonError, OutputError, ProviderError, VidkitError
from ..models.editing import lesson_json, save_lesson, section_json
from ..models.lesson import IMAGES, SLIDE, SOUNDS, Lesson, Section
from ..models.reading import load_lesson, read_lesson
from ..models.settings import Settings
from ..pipeline.context import ungated
from ..providers.base import ImageAsk, VoiceAsk
from ..providers.registry import image_makers, voice_makers
from ..slides.override import ABOUT, EXAMPLES
from ..slides.slide import Layout
from .widgets import Media

LABELS = {
    "title": "Title",
    "content": "Narration",
    "image_description": "What the picture shows",
    "image": "A picture of your own",
    "audio": "A sound of your own",
    "video": "A film of your own",
    "voice": "Voice",
    "language": "Language",
    "say": "How words are said",
    "slide": "Layout",
}
"""The fields of a section as the editor calls them, by their keys."""

Shape = Literal["line", "text", "lines", "rows", "data"]
"""How a value of a slide is written: one line, several, a list of lines, cells in rows, or JSON."""


def _shape(key: str, kind: object) -> Shape:
    if key in ("code", "output"):
        return "text"
    if key == "table":
        return "rows"
    if kind is str:
        return "line"
    return "lines" if list[str] in get_args(kind) else "data"


SHAPES: Mapping[str, Shape] = {
    key: _shape(key, kind) for key, kind in get_type_hints(SLIDE).items() if key != "layout"
}
"""What a section's `slide` may hold beside its layout, and how the editor has it written."""

_ABOUT = {
    key: next((each.description for each in get_args(kind) if isinstance(each, FieldInfo)), "")
    for key, kind in get_type_hints(SLIDE, include_extras=True).items()
}
_HOW = {
    "lines": "One a line",
    "rows": "A row a line, its cells parted by |, the first row with the columns' names",
    "data": "Written as JSON",
}

MOST_STEPS_BACK = 200
LARGEST_PICTURE = 30_000_000
"""Bytes of a picture of one's own."""
LARGEST_SOUND = 200_000_000

_uids = itertools.count(1)


def fields_of(section: Section, folder: Path) -> dict[str, str]:
    """Every field of a section as the editor's text, and what its `slide` has: `say` has a line
    for each word, and lists and tables as `SHAPES` says.
    """
    own = section_json(section, folder)
    texts = ("title", "content", "image_description")
    return {
        **{key: getattr(section, key) or "" for key in texts},
        **{key: str(own.get(key) or "") for key in ("image", "audio", "voice")},
        "video": _film(own.get("video")),
        "language": section.language or "",
        "say": "\n".join(f"{word} = {said}" for word, said in section.say.items()),
        "layout": str(section.slide.get("layout", "")),
        **{key: _as_text(key, section.slide[key]) for key in SHAPES if section.slide.get(key)},
    }


def _film(told: Any) -> str:
    """A film of one's own as its file's name, or as JSON where more is told of it."""
    return told if isinstance(told, str) else json.dumps(told, ensure_ascii=False) if told else ""


def _as_text(key: str, value: Any) -> str:
    """A value of a slide as it is written in its field."""
    if isinstance(value, str):
        return value
    match SHAPES[key]:
        case "lines" if isinstance(value, list | tuple):
            return "\n".join(map(str, value))
        case "rows" if _plain(value):
            return "\n".join(" | ".join(map(str, row)) for row in value)
    return json.dumps(value, ensure_ascii=False, indent=None if SHAPES[key] == "rows" else 2)


def _plain(rows: object) -> bool:
    """Whether a table can be written with | between its cells."""
    return isinstance(rows, list) and all(
        isinstance(row, list) and not any(c in str(cell) for cell in row for c in "|\n")
        for row in rows
    )


def _as_value(key: str, text: str) -> Any:
    """What the text of a field means. Raises `ValueError` for JSON that is none."""
    shape = SHAPES[key]
    if shape == "text":
        return text.strip("\n").rstrip()
    text = text.strip()
    if shape == "data" or (shape == "rows" and text.startswith("[[")):
        return _read(key, text)
    lines = [each.strip() for each in text.splitlines() if each.strip()]
    match shape:
        case "lines":
            return lines[0] if key == "equation" and len(lines) == 1 else lines
        case "rows":
            return [[cell.strip() for cell in line.split("|")] for line in lines]
    return text


def _read(key: str, text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except json.JSONDecodeError as error:
        example = next((each[key] for each in EXAMPLES.values() if each.get(key)), None)
        such = f"; write such as {json.dumps(example, ensure_ascii=False)}" if example else ""
        where = f"in line {error.lineno} at character {error.colno}"
        raise ValueError(f"“{key.capitalize()}” is no JSON {where}: {error.msg}{such}") from None


def _changed(section: Section, folder: Path, fields: Mapping[str, str]) -> dict[str, Any]:
    """A section as JSON with other fields. Only those that were changed are written anew, so that
    what the editor cannot show stays as it is. Raises `ValueError` for a line that says nothing.
    """
    before = fields_of(section, folder)
    told = {key: text for key, text in fields.items() if before.get(key, "") != text}
    changed = section_json(section, folder)
    for key in LABELS:
        if key in told and key not in ("say", "slide"):
            changed[key] = told[key]
    if told.get("video", "").lstrip().startswith("{"):
        changed["video"] = _read("video", told["video"])
    if "say" in told:
        changed["say"] = dict(map(_word, filter(str.strip, told["say"].splitlines())))
    slide = dict(section.slide)
    if "layout" in told:
        slide["layout"] = told["layout"]
    slide |= {key: _as_value(key, told[key]) for key in SHAPES if key in told}
    changed["slide"] = {key: value for key, value in slide.items() if value not in ("", [], None)}
    return {key: value for key, value in changed.items() if value not in ("", {}, None)}


def _word(told: str) -> tuple[str, str]:
    word, sign, said = told.partition("=")
    if not sign or not word.strip() or not said.strip():
        raise ValueError(
            f"“How words are said” has the line “{told.strip()}”; write word = sounds like"
        )
    return word.strip(), said.strip()


def told_faults(error: LessonError) -> list[str]:
    """Faults in words, with the labels of the editor in the place of keys."""
    told = []
    for fault in error.faults:
        text = f"{fault.problem}; {fault.mend}"
        for key, label in LABELS.items():
            text = text.replace(f"`{key}`", f"“{label}”")
        told.append(text)
    return told


@dataclass(frozen=True)
class _Step:
    """The lesson at one moment, each of its sections with a number that it keeps."""

    lesson: Lesson
    uids: tuple[int, ...]


class Draft:
    """A lesson as it is edited. `lesson` is what it says now, `uids` has a number for each of its
    sections that stays with it when it is moved. Belongs to any thread.

    Raises `LessonError` for a change that reading the lesson would refuse, with the section's
    number as people count, and changes nothing then.
    """

    def __init__(self, lesson: Lesson) -> None:
        self._lock = threading.RLock()
        self._now = _Step(lesson, tuple(next(_uids) for _ in lesson.sections))
        self._file = lesson
        self._past: list[_Step] = []

    @property
    def lesson(self) -> Lesson:
        """The lesson with all changes."""
        return self._now.lesson

    @property
    def uids(self) -> tuple[int, ...]:
        """The numbers that its sections keep, in their order."""
        return self._now.uids

    @property
    def step(self) -> tuple[tuple[int, ...], Lesson]:
        """The numbers and the lesson, which belong together."""
        now = self._now
        return now.uids, now.lesson

    @property
    def file(self) -> Lesson:
        """The lesson as its file has it."""
        return self._file

    @property
    def unsaved(self) -> bool:
        """Whether the file says something else."""
        return self._now.lesson != self._file

    @property
    def steps_back(self) -> int:
        """How many changes can be taken back."""
        return len(self._past)

    @property
    def earlier(self) -> list[tuple[tuple[int, ...], Lesson]]:
        """The lesson as it was before each change, the oldest first."""
        with self._lock:
            return [(step.uids, step.lesson) for step in self._past]

    def at(self, uid: int) -> int:
        """The position of a section from 0. Raises `ValueError` where it is gone."""
        return self._now.uids.index(uid)

    def edit(self, uid: int, fields: Mapping[str, str]) -> None:
        """Give a section other fields: `fields_of` with some texts changed."""
        with self._lock:
            at = self.at(uid)
            section = self.lesson.sections[at]
            try:
                told = _changed(section, self._folder, fields)
            except ValueError as error:
                fault = Fault(str(error), "mend that line", at + 1)
                raise LessonError(self.lesson.path, [fault]) from None
            if told == section_json(section, self._folder):
                return
            sections = self._sections()
            sections[at] = told
            self._become(sections, self.uids, {uid})

    def put(self, uid: int, section: Section) -> None:
        """Have another section in the place of one."""
        with self._lock:
            sections = self._sections()
            sections[self.at(uid)] = section_json(section, self._folder)
            self._become(sections, self.uids, {uid})

    def add(self, after: int | None = None, section: Section | None = None) -> int:
        """Put a section after another, at the end where None is named; gives its number. `section`
        is what it says, some words to be replaced where it is None.
        """
        with self._lock:
            at = len(self.uids) if after is None else self.at(after) + 1
            uid = next(_uids)
            number = len(self.uids) + 1
            new = {"title": f"Section {number}", **NEW_SECTION}
            sections = self._sections()
            sections.insert(at, section_json(section, self._folder) if section else new)
            self._become(sections, (*self.uids[:at], uid, *self.uids[at:]), {uid})
            return uid

    def remove(self, uid: int) -> None:
        """Take a section out."""
        with self._lock:
            sections, at = self._sections(), self.at(uid)
            if len(sections) == 1:
                fault = Fault("a lesson needs a section", "add another before this one goes")
                raise LessonError(self.lesson.path, [fault])
            del sections[at]
            self._become(sections, (*self.uids[:at], *self.uids[at + 1 :]), set())

    def move(self, uid: int, by: int) -> None:
        """Put a section `by` places later, or earlier where that is negative."""
        with self._lock:
            at = self.at(uid)
            to = min(max(at + by, 0), len(self.uids) - 1)
            if to == at:
                return
            sections, uids = self._sections(), list(self.uids)
            sections.insert(to, sections.pop(at))
            uids.insert(to, uids.pop(at))
            self._become(sections, uids, set())

    def head(self, title: str, language: str) -> None:
        """Give the lesson another title and language."""
        with self._lock:
            told = {"title": title.strip(), "language": language.strip()}
            if told != {"title": self.lesson.title or "", "language": self.lesson.language}:
                self._become(self._sections(), self.uids, set(), told)

    def undo(self) -> bool:
        """Take the last change back; False where there is none."""
        with self._lock:
            if not self._past:
                return False
            self._now = self._past.pop()
            return True

    def save(self) -> None:
        """Write it into its file; the old one is kept beside, as `.bak`."""
        with self._lock:
            saved = save_lesson(replace(self.lesson, seal=self._file.seal))
            self._file = saved
            self._now = _Step(saved, self.uids)

    def reread(self, lesson: Lesson) -> None:
        """The file was read again, and says the same."""
        with self._lock:
            if self._now.lesson == self._file:
                self._now = _Step(lesson, self.uids)
            self._file = lesson

    @property
    def _folder(self) -> Path:
        return self.lesson.path.parent.resolve()

    def _sections(self) -> list[dict[str, Any]]:
        return list(lesson_json(self.lesson)["sections"])

    def _become(
        self,
        sections: Sequence[Mapping[str, Any]],
        uids: Sequence[int],
        checked: set[int],
        head: Mapping[str, str] | None = None,
    ) -> None:
        whole = {**lesson_json(self.lesson), **(head or {}), "sections": list(sections)}
        whole = {key: value for key, value in whole.items() if value != ""}
        data = json.dumps(whole, ensure_ascii=False).encode("utf-8")
        lesson = replace(read_lesson(data, self.lesson.path), seal=self._file.seal)
        # what nobody touched stays the very same
        before = dict(zip(self.uids, self.lesson.sections, strict=True))
        kept = tuple(
            before[uid] if uid in before and uid not in checked else section
            for uid, section in zip(uids, lesson.sections, strict=True)
        )
        self._past = [*self._past[-MOST_STEPS_BACK + 1 :], self._now]
        self._now = _Step(replace(lesson, sections=kept), tuple(uids))


NEW_SECTION = {
    "image_description": "What the picture shows.",
    "content": "What is said here.",
}
"""What a new section says until somebody writes something better."""


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
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        fault = Fault("there is a lesson of that name", "choose another name")
        raise LessonError(path, [fault]) from None
    except OSError as error:
        fault = Fault(f"it cannot be written ({error.strerror or error})", "make room, or allow it")
        raise LessonError(path, [fault]) from error
    load_lesson(path)
    return path


def own_file(lesson: Lesson, key: Literal["image", "audio"], name: str, data: bytes) -> str:
    """Put a picture or a sound of one's own beside a lesson, in `pictures/` or `sounds/`; gives its
    name as the lesson says it. A file that is there is never overwritten.

    Raises `OutputError` for what is none, is too large, or cannot be written.
    """
    from ..media.audio import check_sound
    from ..media.images import check_picture

    kind, kinds, most = {
        "image": ("picture", IMAGES, LARGEST_PICTURE),
        "audio": ("sound", SOUNDS, LARGEST_SOUND),
    }[key]
    wanted = Path(name.replace("\\", "/")).name
    stem = "".join(c if c.isalnum() or c in "-_ " else "-" for c in Path(wanted).stem).strip("- ")
    suffix = Path(wanted).suffix.lower()
    if suffix not in kinds:
        raise OutputError(f"{wanted} is no {kind}; choose one of {', '.join(kinds)}")
    if len(data) > most:
        raise OutputError(f"{wanted} is larger than {most // 10**6} MB; make it smaller")
    try:
        (check_picture if key == "image" else check_sound)(data)
    except VidkitError:
        raise OutputError(f"{wanted} cannot be read as a {kind}; choose another") from None
    folder = lesson.path.parent / f"{kind}s"
    try:
        folder.mkdir(exist_ok=True)
        return f"{kind}s/{_written(folder, stem or kind, suffix, data)}"
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error.strerror or error})") from error


def _written(folder: Path, stem: str, suffix: str, data: bytes) -> str:
    for number in itertools.count(1):
        path = folder / f"{stem}{'' if number == 1 else f'-{number}'}{suffix}"
        if path.exists() and path.read_bytes() == data:
            return path.name
        try:
            with path.open("xb") as file:
                file.write(data)
        except FileExistsError:
            continue
        return path.name
    raise AssertionError("unreachable")


SAID = "This is how a narration sounds in this voice."
SAMPLE_SIZE = (320, 180)


def slide_fields() -> list[dict[str, Any]]:
    """The fields of a slide: under which layouts each is shown, and an example for each of them."""
    fields = []
    for key, shape in SHAPES.items():
        used = {name: _as_text(key, wish[key]) for name, wish in EXAMPLES.items() if key in wish}
        note = " ".join(filter(None, (_ABOUT[key], _HOW.get(shape, "")))).replace("`", "")
        rows = {"line": 0, "lines": 3}.get(shape, 5)
        field = {"key": key, "label": key.capitalize(), "note": note, "rows": rows}
        fields.append(field | {"layouts": used})
    return fields


def layouts(media: Media) -> list[dict[str, Any]]:
    """The layouts of slides to choose from, each with a picture; first that the slide decides."""
    drawn: list[dict[str, Any]] = [
        {"layout": "", "label": "Automatic", "about": "what fits the words", "media": None}
    ]
    for layout in EXAMPLES:
        token = None  # "picture" shows a picture of one's own, and there is none to show here
        if layout != "picture":
            token = media.made(f"layout|{layout}", "image/png", partial(_drawn, layout))
        told = {"layout": layout, "label": layout.capitalize(), "about": ABOUT[layout]}
        drawn.append(told | {"media": token})
    return drawn


@cache
def _drawn(layout: Layout) -> bytes:
    """A sample of a layout, as a PNG."""
    makers = image_makers(Settings(images="slides"))
    words = "A picture says it. The words say it again, in order."
    ask = ImageAsk("A sample.", words, layout.capitalize(), "en", SAMPLE_SIZE)
    ask = replace(ask, slide=EXAMPLES[layout])
    return loop.run(makers[0].draw(ask, ungated)).data


def voices(settings: Settings, language: str) -> list[tuple[str, str]]:
    """The voices of the chosen provider, those of the lesson's language first, each with what it
    is called; first that the provider decides. Blocks while the provider looks.
    """
    chosen: list[tuple[str, str]] = [("", "The provider's own choice")]
    try:
        makers: Sequence[Any] = voice_makers(settings, keyless=True)
        for maker in makers:
            listed = getattr(maker, "voices", None)
            by = f" ({maker.name})" if len(makers) > 1 else ""
            if callable(listed):
                chosen += [(value, f"{label}{by}") for value, label in listed(language)]
    except VidkitError:
        return chosen
    return chosen


def _has(maker: Any, voice: str, language: str) -> bool:
    """Whether a provider has a voice."""
    listed = getattr(maker, "voices", None)
    return callable(listed) and (not voice or voice in dict(listed(language)))


def sample(settings: Settings, language: str, voice: str, media: Media) -> str:
    """A token for a sentence in a voice of an offline provider. Blocks while it is spoken.

    Raises `ProviderError` where that would cost something, or the voice cannot be had.
    """
    makers: Sequence[Any] = voice_makers(settings)
    maker = next((each for each in makers if _has(each, voice, language)), makers[0])
    if getattr(maker, "online", False) and getattr(maker, "price", None) != 0:
        raise ProviderError(
            f"a sample of {maker.name} would be paid for; make a section to hear it"
        )
    spoken = loop.run(maker.speak(VoiceAsk(SAID, language, voice=voice or None), ungated))
    data: bytes = spoken.data
    kind = "audio/mpeg" if spoken.suffix == ".mp3" else "audio/wav"
    return media.made(f"sample|{maker.name}|{language}|{voice}", kind, lambda: data)
