"""A lesson that is being edited: every field of its sections, their order, and the way back.

Nothing here writes into the lesson's file but `Draft.save`. Every change is checked as reading
the lesson would check it.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args, get_type_hints

from pydantic.fields import FieldInfo

from ..core import loop
from ..core.errors import Fault, LessonError, OutputError, ProviderError, VidkitError
from ..core.paths import write_through
from ..draft.writer import unrewritten
from ..models.editing import lesson_json, save_lesson, section_json
from ..models.lesson import IMAGES, SLIDE, SOUNDS, Lesson, Section, keys
from ..models.reading import read_lesson
from ..models.settings import Settings
from ..providers.base import ImageAsk, VoiceAsk, ungated
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
    "focus": "Regions of the picture",
    "slide": "Layout",
    "music": "Music",
    "speakers": "Voices of the speakers",
}
"""The fields of a section and of a lesson as the editor calls them, by their keys."""

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


def fields_of(section: Section, folder: Path, speakers: Collection[str] = ()) -> dict[str, str]:
    """Every field of a section as the editor's text, and what its `slide` has: `content` has a
    paragraph for each turn, `say` and `focus` a line for each, and lists and tables are as `SHAPES`
    says. What cannot be written like that stands there as JSON. speakers: those of the lesson.
    """
    own = section_json(section, folder)
    film = own.get("video", "")
    return {
        **{key: getattr(section, key) or "" for key in ("title", "image_description")},
        **{key: str(own.get(key) or "") for key in ("image", "audio", "voice")},
        "content": _said_by(section, speakers),
        "video": film if isinstance(film, str) else json.dumps(film, ensure_ascii=False),
        "language": section.language or "",
        "say": _in_lines("say", section.say, map(" = ".join, section.say.items()), _pairs),
        "focus": _in_lines("focus", own.get("focus") or [], map(_region, section.focus), _regions),
        "layout": str(section.slide.get("layout", "")),
        **{key: _as_text(key, section.slide[key]) for key in SHAPES if section.slide.get(key)},
    }


def head_of(lesson: Lesson) -> dict[str, str]:
    """What a lesson says of itself as the editor's text: `speakers` has a line for each, and
    `music` its file, and how much louder or softer it is.
    """
    music = lesson_json(lesson).get("music") or ""
    if not isinstance(music, str):
        music = f"{music['file']}, {_short(music['volume'])} dB"
    lines = map(" = ".join, lesson.speakers.items())
    return {
        "title": lesson.title or "",
        "language": lesson.language,
        "voice": lesson.voice or "",
        "music": music,
        "speakers": _in_lines("speakers", lesson.speakers, lines, _pairs),
    }


def _short(number: float) -> str:
    told = f"{number:+g}"
    return told if float(told) == number else f"{number:+}"


def _head_value(key: str, text: str) -> Any:
    """What the text of a lesson's own field means. Raises `ValueError`."""
    if key == "speakers":
        return _pairs(key, text)
    found = re.fullmatch(r"(?s)(.*?),\s*([+\-−]?\d+(?:[.,]\d+)?)\s*dB", text.strip())
    if key == "music" and found:
        volume = float(found[2].replace(",", ".").replace("−", "-"))
        return {"file": found[1].strip(), "volume": volume}
    return text.strip()


def _in_lines(
    key: str, value: Any, lines: Iterable[str], read: Callable[[str, str], object]
) -> str:
    """A value in lines where reading them gives it again, and else as JSON."""
    text = "\n".join(lines)
    try:
        if read(key, text) == value:
            return text
    except ValueError:
        pass
    return json.dumps(value, ensure_ascii=False)


def _pairs(key: str, text: str) -> dict[str, str]:
    """Lines such as `GPU = gee pee you`, or JSON. Raises `ValueError` for a line that is none."""
    if text.lstrip().startswith('{"'):
        return dict(_read(key, text.strip()))
    pairs = {}
    for told in filter(str.strip, text.splitlines()):
        name, sign, said = (part.strip() for part in told.partition("="))
        if not (name and sign and said):
            such = "Ana = hibari:heart" if key == "speakers" else "word = sounds like"
            raise ValueError(f"“{LABELS[key]}” has the line “{told.strip()}”; write {such}")
        pairs[name] = said
    return pairs


def _region(told: Mapping[str, Any]) -> str:
    return f"{' '.join(map(str, told['at']))}: {told['words']}"


def _regions(key: str, text: str) -> list[dict[str, Any]]:
    """Lines such as `0.1 0.2 0.3 0.4: the nucleus`, or JSON. Raises `ValueError`."""
    if text.lstrip().startswith("[{"):
        return list(_read(key, text.strip()))
    regions = []
    for told in filter(str.strip, text.splitlines()):
        places, _, words = told.partition(":")
        try:
            at = [float(each) for each in places.replace(",", " ").split()]
        except ValueError:
            such = "0.1 0.2 0.3 0.4: the nucleus"
            why = f"“{LABELS[key]}” has the line “{told.strip()}”; write such as {such}"
            raise ValueError(why) from None
        regions.append({"at": at, "words": words.strip()})
    return regions


def _said_by(section: Section, speakers: Collection[str]) -> str:
    """A narration as it is written; of several speakers a paragraph each, such as `Ana: Hello.`"""
    if not section.spoken_turns:
        return section.content
    told = section_json(section, Path())["content"]
    paragraphs = []
    for turn in told:
        language = f" ({turn['language']})" if turn.get("language") else ""
        who = f"{turn.get('speaker', '')}{language}".strip()
        paragraphs.append(f"{who}: {turn['text']}" if who else turn["text"])
    text = "\n\n".join(paragraphs)
    if _turns(text, _names(section, speakers)) in (told, section.content):
        return text
    return json.dumps(told, ensure_ascii=False, indent=1)


def _names(section: Section, speakers: Collection[str]) -> set[str]:
    """Who may speak in a section: the lesson's speakers, and those that speak in it already."""
    return {*speakers, *(turn.speaker for turn in section.spoken_turns if turn.speaker)}


def _turns(text: str, names: Collection[str]) -> list[dict[str, str]] | str:
    """The turns of a narration in which some lines begin with who speaks, or JSON; a paragraph that
    begins with nobody is the narrator's. The text as it is where nobody is named.
    """
    if text.lstrip().startswith('[{"'):
        return list(_read("content", text.strip()))
    known = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    begins = re.compile(rf"\s*({known})?\s*(?:\(([\w-]+)\))?\s*[:：]\s*(.*)")
    turns: list[dict[str, str]] = []
    anew = True
    for line in text.split("\n"):
        found = begins.match(line)
        if found and (found[1] or found[2]):
            told = {"speaker": found[1], "text": found[3], "language": found[2]}
            turns.append({key: value for key, value in told.items() if value})
        elif anew and line.strip():
            turns.append({"text": line.strip()})
        elif turns:
            turns[-1]["text"] = f"{turns[-1].get('text', '')}\n{line}"
        anew = not line.strip()
    for turn in turns:
        turn["text"] = turn.get("text", "").strip()
    return turns if any(len(turn) > 1 for turn in turns) else text


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
        label = LABELS.get(key, key.capitalize())
        raise ValueError(f"“{label}” is no JSON {where}: {error.msg}{such}") from None


def _changed(
    section: Section, folder: Path, fields: Mapping[str, str], speakers: Collection[str]
) -> dict[str, Any]:
    """A section as JSON with other fields. Only those that were changed are written anew, so that
    what the editor cannot show stays as it is. Raises `ValueError` for a line that says nothing.
    """
    before = fields_of(section, folder, speakers)
    told = {key: text for key, text in fields.items() if before.get(key, "") != text}
    changed = section_json(section, folder)
    for key in keys(Section):
        if key in told:
            changed[key] = told[key]
    names = _names(section, speakers)
    if "content" in told and (names or section.spoken_turns):
        changed["content"] = _turns(told["content"], names)
    if told.get("video", "").lstrip().startswith("{"):
        changed["video"] = _read("video", told["video"])
    if "say" in told:
        changed["say"] = _pairs("say", told["say"])
    if "focus" in told:
        changed["focus"] = _regions("focus", told["focus"])
    slide = dict(section.slide)
    if "layout" in told:
        slide["layout"] = told["layout"]
    slide |= {key: _as_value(key, told[key]) for key in SHAPES if key in told}
    changed["slide"] = {key: value for key, value in slide.items() if value not in ("", [], None)}
    return {key: value for key, value in changed.items() if value not in ("", {}, [], None)}


def told_faults(error: LessonError) -> list[str]:
    """Faults in words, with the labels of the editor in the place of keys."""
    told = []
    for fault in error.faults:
        text = f"{fault.problem}; {fault.mend}"
        for key, label in LABELS.items():
            text = text.replace(f"`{key}`", f"“{label}”")
        told.append(text)
    return told


class Step(NamedTuple):
    """The lesson at one moment, each of its sections with a number that it keeps."""

    uids: tuple[int, ...]
    lesson: Lesson


class Draft:
    """A lesson as it is edited. `lesson` is what it says now, `uids` has a number for each of its
    sections that stays with it when it is moved, and `step` has both, which belong together. `file`
    is the lesson as its file has it, `filed` the numbers of the sections there, and `earlier` what
    it was before each change that can be taken back, the oldest first; `typed` is what stands in
    fields that are open, by the number of their section. Belongs to any thread.

    Raises `LessonError` for a change that reading the lesson would refuse, with the section's
    number as people count, and changes nothing then.
    """

    def __init__(self, lesson: Lesson) -> None:
        self._lock = threading.RLock()
        self.step = Step(tuple(next(_uids) for _ in lesson.sections), lesson)
        self.file, self.filed = lesson, self.step.uids
        self.earlier: list[Step] = []
        self.typed: dict[int, dict[str, str]] = {}

    def copy(self) -> Draft:
        """The same once more, to be edited apart from this one."""
        with self._lock:
            twin = Draft(self.file)
            twin.step, twin.earlier, twin.typed = self.step, self.earlier, dict(self.typed)
            twin.filed = self.filed
            return twin

    @property
    def lesson(self) -> Lesson:
        """The lesson with all changes."""
        return self.step.lesson

    @property
    def uids(self) -> tuple[int, ...]:
        """The numbers that its sections keep, in their order."""
        return self.step.uids

    @property
    def unsaved(self) -> bool:
        """Whether the file says something else."""
        return self.step.lesson != self.file

    @property
    def edited(self) -> bool:
        """Whether it holds changes that are not saved, those in open fields among them."""
        return self.unsaved or not self.typed.keys().isdisjoint(self.uids)

    def at(self, uid: int) -> int:
        """The position of a section from 0. Raises `ValueError` where it is gone."""
        return self.step.uids.index(uid)

    def edit(self, uid: int, fields: Mapping[str, str]) -> None:
        """Give a section other fields: `fields_of` with some texts changed."""
        with self._lock:
            at = self.at(uid)
            section = self.lesson.sections[at]
            try:
                told = _changed(section, self._folder, fields, self.lesson.speakers)
            except ValueError as error:
                fault = Fault(str(error), "mend that line", at + 1)
                raise LessonError(self.lesson.path, [fault]) from None
            if told != section_json(section, self._folder):
                self._put(uid, told)

    def put(self, uid: int, section: Section) -> None:
        """Have another section in the place of one."""
        with self._lock:
            self._put(uid, section_json(section, self._folder))

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

    def head(self, fields: Mapping[str, str]) -> None:
        """Have the lesson say something else of itself: `head_of` with some texts changed."""
        with self._lock:
            before = head_of(self.lesson)
            try:
                told = {
                    key: _head_value(key, text)
                    for key, text in fields.items()
                    if text.strip() != before.get(key)
                }
            except ValueError as error:
                raise LessonError(self.lesson.path, [Fault(str(error), "mend that line")]) from None
            if told:
                self._become(self._sections(), self.uids, set(), told)

    def unrewrite(self, uid: int) -> None:
        """Give a section the words back that it had before a writer rewrote them."""
        with self._lock:
            if before := unrewritten(self._sections()[self.at(uid)]):
                self._put(uid, before)

    def undo(self) -> bool:
        """Take the last change back; False where there is none."""
        with self._lock:
            if not self.earlier:
                return False
            *self.earlier, self.step = self.earlier
            return True

    def save(self) -> None:
        """Write it into its file; the old one is kept beside, as `.bak`."""
        with self._lock:
            saved = save_lesson(replace(self.lesson, seal=self.file.seal))
            self.file, self.filed = saved, self.uids
            self.step = Step(self.uids, saved)

    def reread(self, lesson: Lesson) -> None:
        """The file was read again, and says the same."""
        with self._lock:
            if self.step.lesson == self.file:
                self.step = Step(self.uids, lesson)
            self.file = lesson

    @property
    def _folder(self) -> Path:
        return self.lesson.path.parent.resolve()

    def _sections(self) -> list[dict[str, Any]]:
        return list(lesson_json(self.lesson)["sections"])

    def _put(self, uid: int, told: Mapping[str, Any]) -> None:
        sections: list[Mapping[str, Any]] = [*self._sections()]
        sections[self.at(uid)] = told
        self._become(sections, self.uids, {uid})

    def _become(
        self,
        sections: Sequence[Mapping[str, Any]],
        uids: Sequence[int],
        checked: set[int],
        head: Mapping[str, Any] | None = None,
    ) -> None:
        whole = {**lesson_json(self.lesson), **(head or {}), "sections": list(sections)}
        whole = {key: value for key, value in whole.items() if value != ""}
        data = json.dumps(whole, ensure_ascii=False).encode("utf-8")
        lesson = replace(read_lesson(data, self.lesson.path), seal=self.file.seal)
        # what nobody touched stays the very same
        before = dict(zip(self.uids, self.lesson.sections, strict=True))
        kept = tuple(
            before[uid] if uid in before and uid not in checked else section
            for uid, section in zip(uids, lesson.sections, strict=True)
        )
        self.earlier = [*self.earlier[-MOST_STEPS_BACK + 1 :], self.step]
        self.step = Step(tuple(uids), replace(lesson, sections=kept))


NEW_SECTION = {
    "image_description": "What the picture shows.",
    "content": "What is said here.",
}
"""What a new section says until somebody writes something better."""


OwnFile = Literal["image", "audio", "music"]


def own_file(lesson: Lesson, key: OwnFile, name: str, data: bytes) -> str:
    """Put a picture or a sound of one's own beside a lesson, in `pictures/` or `sounds/`; gives its
    name as the lesson says it. A file that is there is never overwritten.

    Raises `OutputError` for what is none, is too large, or cannot be written.
    """
    from ..media.audio import check_sound
    from ..media.images import check_picture

    sound = "sound", SOUNDS, LARGEST_SOUND
    kind, kinds, most = ("picture", IMAGES, LARGEST_PICTURE) if key == "image" else sound
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
            write_through(path, [data])
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
    chosen: list[tuple[str, str]] = [("", "Usual voice")]
    with suppress(VidkitError):
        makers: Sequence[Any] = voice_makers(settings, keyless=True)
        for maker in makers:
            by = f" ({maker.name})" if len(makers) > 1 else ""
            chosen += [(value, f"{label}{by}") for value, label in _voices_of(maker, language)]
    return chosen


def _voices_of(maker: Any, language: str) -> list[tuple[str, str]]:
    """The voices that a provider lists, of those that do."""
    return list(maker.voices(language)) if callable(getattr(maker, "voices", None)) else []


def sample(settings: Settings, language: str, voice: str, media: Media) -> str:
    """A token for a sentence in a voice of an offline provider. Blocks while it is spoken.

    Raises `ProviderError` where that would cost something, or the voice cannot be had.
    """
    makers: Sequence[Any] = voice_makers(settings)
    lists = ((each, dict(_voices_of(each, language))) for each in makers)
    maker = next((each for each, has in lists if has and voice in (*has, "")), makers[0])
    if getattr(maker, "online", False) and getattr(maker, "price", None) != 0:
        raise ProviderError(
            f"a sample of {maker.name} would be paid for; make a section to hear it"
        )
    spoken = loop.run(maker.speak(VoiceAsk(SAID, language, voice=voice or None), ungated))
    data: bytes = spoken.data
    kind = "audio/mpeg" if spoken.suffix == ".mp3" else "audio/wav"
    return media.made(f"sample|{maker.name}|{language}|{voice}", kind, lambda: data)
