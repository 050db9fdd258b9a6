"""The sections of a lesson as cards: what each says, how it stands, what can be done with it."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from .. import api
from ..api import Run
from ..core import loop
from ..core.errors import LessonError, VidkitError
from ..core.events import Event, LessonEnded, LessonStarted, RunEnded, RunStarted
from ..core.format import count
from ..models.lesson import Lesson, Section
from ..models.settings import Force, Settings
from ..pipeline.context import PartKind
from ..pipeline.preview import slide_faults
from ..report.reports import VideoReport
from .editing import (
    LARGEST_SOUND,
    Draft,
    OwnFile,
    fields_of,
    head_of,
    layouts,
    own_file,
    sample,
    slide_fields,
    told_faults,
    voices,
)
from .state import NAMES, SectionState, Version, dollars, present, versions
from .widgets import (
    MANY,
    SMALL_THUMBNAIL,
    THUMBNAIL,
    Painter,
    Part,
    figure,
    line,
)

LONGEST_ERROR = 600
"""Characters: a provider may answer with a whole page."""


Make = Callable[..., Run[VideoReport] | None]
"""Starts a run of a lesson with changed settings, such as only=[3], force="image". Gives the run,
or None where it cannot start now: then it is asked again at a later paint. Raises `VidkitError`
where it can never start.
"""


class Sections(Part):
    """The cards of a lesson.

    make: starts a run; without it the cards make their lesson themselves, with `settings`, and
    paint themselves. settings: those of the latest run, by which earlier versions are looked up;
    whoever gives `make` keeps them so. draft: the lesson as somebody has begun to edit it.

    `lesson` is the lesson with the changes that were taken in, `as_filed` whether the run that is
    heard makes it without them. Sections count from 1.
    """

    component = "sections"

    def __init__(
        self,
        lesson: Lesson,
        settings: Settings | None = None,
        make: Make | None = None,
        draft: Draft | None = None,
    ) -> None:
        super().__init__()
        self.draft = draft or Draft(lesson)
        self.settings = settings or Settings()
        self.run: Run[VideoReport] | None = None
        self._alone = make is None
        self._make: Make = make or self._start
        self._lock = threading.RLock()
        self._states: dict[int, SectionState] = {}
        self._line: dict[Force | None, dict[int, None]] = {}
        self._running: tuple[int, ...] = ()
        self.as_filed = False
        self._under_way = False
        self._versions: dict[int, list[Version]] = {}
        self._uploads: dict[tuple[str, str], bytes] = {}
        self._looking: loop.Work[None] | None = None
        self._painting: loop.Work[None] | None = None
        self.look()

    def __repr__(self) -> str:
        return f"{self.lesson.name}: {self._counts()}"

    @property
    def lesson(self) -> Lesson:
        """The lesson with the changes that were taken in."""
        return self.draft.lesson

    def state(self, number: int) -> SectionState:
        """How section `number` stands, counted from 1."""
        return self._of(self.draft.uids[number - 1])

    def _of(self, uid: int) -> SectionState:
        with self._lock:
            return self._states.setdefault(uid, SectionState())

    def _states_now(self) -> list[tuple[SectionState, Section]]:
        """How the sections stand, each with what it says now."""
        uids, lesson = self.draft.step
        return [(self._of(uid), each) for uid, each in zip(uids, lesson.sections, strict=True)]

    @property
    def edited(self) -> bool:
        """Whether it holds changes that are not saved, those in open fields among them."""
        return self.draft.edited

    @property
    def waiting(self) -> bool:
        """Whether something that was asked for here waits to be made."""
        return bool(self._line)

    # ---- what is there

    def look(self) -> None:
        """Find out, aside, what the store and the output folder have. Returns at once."""
        self._looking = loop.submit(asyncio.to_thread(self._find))

    def wait(self) -> None:
        """Wait until what is there is shown."""
        if self._looking is not None:
            self._looking.wait()

    def settle(self) -> None:
        """Wait until nothing that was asked for here waits or is being made."""
        while self._line or self._under_way:
            if (painting := self._painting) is not None:
                painting.wait()
            self.paint()
            if painting is self._painting and not self._under_way and not self._line:
                return

    def _find(self) -> None:
        uids, lesson = self.draft.step
        try:
            found = present(lesson, self.settings)
        except VidkitError as error:
            self.trouble(str(error))
            return
        with self._lock:
            for uid, section, there in zip(uids, lesson.sections, found, strict=True):
                self._of(uid).find(there, section)
        self.show()
        self.store()

    # ---- a part of a panel

    def on_event(self, event: Event) -> None:
        """Take in an event of a run of this lesson."""
        with self._lock:
            position = getattr(event, "section", None)
            match event:
                case RunStarted():
                    self._under_way = True
                    self._running = self.draft.uids
                case RunEnded() | LessonEnded():
                    self._under_way &= isinstance(event, LessonEnded)
                    for state in self._states.values():
                        state.due = False
                case LessonStarted():
                    draft = self.draft
                    uids, lesson = (draft.filed, draft.file) if self.as_filed else draft.step
                    self._running = uids
                    for index, section in enumerate(lesson.sections):
                        if index in event.sections:
                            self._of(uids[index]).on_event(event, section)
                case _ if position is not None:
                    self._pass_on(event, position)
                case _:
                    return
            self._changed = True

    def _pass_on(self, event: Event, index: int) -> None:
        """Tell a section of an event, wherever it stands by now."""
        if index < len(self._running) and (uid := self._running[index]) in self.draft.uids:
            self._of(uid).on_event(event, self.lesson.sections[self.draft.at(uid)])

    def values(self) -> Mapping[str, Any]:
        """The lesson, its sections, and how each stands."""
        uids, lesson = self.draft.step
        folder = lesson.path.parent.resolve()
        pairs = list(zip(uids, lesson.sections, strict=True))
        size = list(self.settings.size)
        return {
            "lesson": {
                "there": True,
                "make": self._alone,
                "name": lesson.path.name,
                **head_of(lesson),
                "tally": self._counts(),
                "unsaved": self.draft.unsaved,
                "undo": bool(self.draft.earlier),
                "said": self.status,
                "tone": self.tone,
            },
            "sections": [
                {
                    "uid": uid,
                    "number": number,
                    "size": size,
                    "origin": _origin(section),
                    "speaking": bool(lesson.speakers or section.spoken_turns),
                    "before": _words_before(section),
                    **fields_of(section, folder, lesson.speakers),
                }
                for number, (uid, section) in enumerate(pairs, start=1)
            ],
            "states": {
                str(uid): self._stand(self._of(uid), section) | {"typed": self.draft.typed.get(uid)}
                for uid, section in pairs
            },
        }

    def _stand(self, state: SectionState, section: Section) -> dict[str, Any]:
        told, tone = state.status(section)
        wrong = [text[:LONGEST_ERROR] for text in (state.error, state.trouble) if text]
        files = state.files
        media = self.media
        return {
            "state": told,
            "tone": tone,
            "steps": state.steps(),
            "wrong": "\n".join(wrong),
            "failed": state.state not in (None, "made"),
            "can_make": state.state is not None,
            "poster": media.poster(files.get("image")),
            "clip": media.file(files.get("clip")) if state.state == "made" else None,
            "audio": media.file(files.get("audio")),
        }

    def paint(self) -> None:
        """Show what changed on all cards, and go on with what waits to be made."""
        if self._line:
            self._go_on()
        super().paint()

    def page(self) -> str:
        """The cards as HTML that needs no kernel: what a saved notebook shows of them."""
        pairs = self._states_now()
        most = THUMBNAIL if len(pairs) <= MANY else SMALL_THUMBNAIL
        cards = []
        for number, (state, section) in enumerate(pairs, start=1):
            told, _ = state.status(section)
            name = f"{number} {section.title or ''}".strip()
            shown = figure(state.files.get("image"), state.files.get("clip"), name, most)
            wrong = line(state.error[:LONGEST_ERROR]) if state.error else ""
            said = line(section.content[:300] + ("…" if len(section.content) > 300 else ""))
            cards.append(f"<li>{line(f'{name} · {told}', bold=True)}{shown}{said}{wrong}</li>")
        return f"{line(self._counts())}<ol>{''.join(cards)}</ol>"

    def _counts(self) -> str:
        """How many sections there are, and how they stand; what was paid."""
        pairs = self._states_now()
        told = [count(len(pairs), "section")]
        stand = Counter(state.status(section)[0] for state, section in pairs)
        told += [f"{number} {how}" for how, number in stand.items()]
        if paid := sum(state.dollars for state, _ in pairs):
            told.append(f"paid {dollars(paid)}")
        if self.draft.unsaved:
            told.append("not saved")
        return " · ".join(told)

    # ---- editing

    def edit(self, number: int, **fields: str) -> Section:
        """Take other fields of a section into the lesson: `title`, `content`, `image_description`,
        `voice`, and what else the editor has. Raises `LessonError` with the faults that they have.
        """
        self.draft.edit(self.draft.uids[number - 1], fields)
        self._edited()
        return self.lesson.sections[number - 1]

    def take_in(self) -> Lesson:
        """Take the texts of all open fields into the lesson, and give it.

        Raises the first `LessonError`; what is wrong is told on the cards.
        """
        faulty = None
        for uid in self.draft.uids:
            state = self._of(uid)
            if uid not in self.draft.typed:
                continue
            try:
                self.draft.edit(uid, self.draft.typed[uid])
                del self.draft.typed[uid]
                state.trouble = ""
            except LessonError as error:
                state.trouble = "\n".join(told_faults(error))
                faulty = faulty or error
        self._edited()
        if faulty is not None:
            raise faulty
        return self.lesson

    def save(self) -> None:
        """Write the changes into the lesson's file; the old one is kept beside.

        Raises `LessonError` for faulty texts, and where somebody changed the file meanwhile.
        """
        self.take_in()
        if not self.draft.unsaved:
            self.say("There is nothing to save: the file says the same.")
            return
        self.draft.save()
        self.say(f"Saved in {self.lesson.path.name}; the old one is beside it, as .bak.")
        self._edited()

    do_save = save

    def _edited(self) -> None:
        self.show()
        self.store()
        self.notify()

    # ---- what somebody does in the page

    def do_type(self, uid: int, fields: dict[str, str]) -> bool:
        """What stands in the open fields of a section by now."""
        before, self.draft.typed[uid] = self.edited, fields
        if not before:
            self.notify()
        return True

    def do_edit_done(self, uid: int, fields: dict[str, str]) -> list[str]:
        """*Done*: take it in; gives what is wrong with it."""
        before = self.lesson
        self.draft.typed[uid] = fields
        try:
            self.draft.edit(uid, fields)
        except LessonError as error:
            return told_faults(error)
        if self.lesson is not before and (wrong := self._slide_fault(uid)):
            self.draft.undo()
            return [wrong]
        self.draft.typed.pop(uid, None)
        self._of(uid).trouble = ""
        self._edited()
        return []

    def _slide_fault(self, uid: int) -> str:
        """What is wrong with the slide that a section asks for; "" where it can be drawn."""
        section = self.lesson.sections[self.draft.at(uid)]
        if section.image is not None and section.slide.get("layout") != "picture":
            return ""
        faults = slide_faults(replace(self.lesson, sections=(section,)), self.settings)
        return faults[0].removeprefix("section 1: ") if faults else ""

    def do_head(self, **fields: str) -> list[str]:
        """The lesson's title, language, music and speakers; gives what is wrong with them."""
        return self._tried(lambda: self.draft.head(fields))

    def do_unrewrite(self, uid: int, fields: dict[str, str]) -> list[str]:
        """Take the words back that a section had before a model rewrote them, after what stands in
        its open fields was taken in; gives what is wrong with that.
        """
        return self.do_edit_done(uid, fields) or self._tried(lambda: self.draft.unrewrite(uid))

    def _tried(self, change: Callable[[], object]) -> list[str]:
        """Change the lesson; gives what is wrong with that."""
        try:
            change()
        except LessonError as error:
            return told_faults(error)
        self._edited()
        return []

    def do_discard(self, uid: int) -> bool:
        """*Discard*: leave it as it was."""
        self.draft.typed.pop(uid, None)
        self.show()
        return True

    def do_add(self, uid: int | None = None) -> int:
        """A new section after this one, or at the end."""
        added = self.draft.add(uid)
        self._edited()
        return added

    def do_duplicate(self, uid: int) -> int:
        """The same section once more, after it."""
        added = self.draft.add(uid, self.lesson.sections[self.draft.at(uid)])
        self._edited()
        return added

    def do_remove(self, uid: int) -> bool:
        """Take it out; *Undo* brings it back."""
        self.draft.remove(uid)
        self._edited()
        return True

    def do_move(self, uid: int, by: int) -> int:
        """Put it earlier or later."""
        self.draft.move(uid, by)
        self._edited()
        return uid

    def do_undo(self) -> None:
        """Take the last change back."""
        self.draft.undo()
        self._edited()

    def do_offers(self) -> dict[str, Any]:
        """What an editor offers to choose from."""
        return {
            "layouts": layouts(self.media),
            "fields": slide_fields(),
            "voices": [list(pair) for pair in voices(self.settings, self.lesson.language)],
        }

    def do_sample(self, voice: str) -> dict[str, str]:
        """A sentence in a voice."""
        try:
            return {"media": sample(self.settings, self.lesson.language, voice, self.media)}
        except VidkitError as error:
            return {"error": str(error)}

    def do_upload(
        self, key: OwnFile, name: str, start: int, data: bytes, more: bool = False
    ) -> dict[str, str]:
        """A picture or a sound of one's own is put beside the lesson. It comes in pieces from
        `start` on, for servers cut off who sends too much at once; more: this is not the last.
        """
        whole = self._uploads.pop((key, name), b"")[:start] + data
        if more and len(whole) <= LARGEST_SOUND:
            self._uploads[key, name] = whole
            return {}
        try:
            return {"file": own_file(self.lesson, key, name, whole)}
        except VidkitError as error:
            return {"error": str(error)}

    def do_versions(self, uid: int) -> list[dict[str, Any]]:
        """What the store has of a section, made at some time, also of earlier words."""
        found = versions(self.draft, uid, self.settings)
        self._versions[uid] = found
        media = self.media
        return [
            {
                "id": at,
                "kind": each.kind,
                "current": each.current,
                "name": _version_name(each),
                "media": (media.poster if each.kind == "image" else media.file)(each.path),
            }
            for at, each in enumerate(found)
        ]

    def do_use(self, uid: int, version: int) -> bool:
        """Have an earlier version count again, with its words, and in the video."""
        wanted = self._versions[uid][version]
        if wanted.reworded:
            section = wanted.lesson.sections[wanted.number - 1]
            now = self.lesson.sections[self.draft.at(uid)]
            keys = ("content", "turns", "language", "voice", "audio", "say")
            if wanted.kind == "audio":
                self.draft.put(uid, replace(now, **{key: getattr(section, key) for key in keys}))
            else:
                self.draft.put(uid, section)
        self.take_back(self.draft.at(uid) + 1, wanted.kind, wanted.take)
        self._edited()
        return True

    def do_again(self, uid: int) -> list[dict[str, Any]]:
        """*Make again*: what was edited or failed at once; else gives what can be made anew."""
        state, at = self._of(uid), self.draft.at(uid)
        if state.state != "made" or state.edited(self.lesson.sections[at]):
            self.make_again(at + 1)
            return []
        return self._anew(at + 1)

    def do_force(self, uid: int, force: Force) -> None:
        """Make a part of a section anew although nothing was edited."""
        self.make_again(self.draft.at(uid) + 1, force)

    def _anew(self, number: int) -> list[dict[str, Any]]:
        section = self.lesson.sections[number - 1]
        parts: list[tuple[str, Force]] = []
        if section.image is None:
            parts.append(("New picture", "image"))
        if section.audio is None:
            parts.append(("New narration", "audio"))
        parts.append(("Both", "all") if len(parts) == 2 else ("New clip", "clip"))
        return [
            {
                "name": f"{name}{self.price(number, force)}",
                "label": f"{name} for section {number}",
                "force": force,
            }
            for name, force in parts
        ]

    # ---- making

    def make(self) -> None:
        """Make the lesson as it is edited; returns at once."""
        try:
            lesson = self.take_in()
            if not self._under_way:
                self._begin(lesson)
        except VidkitError as error:
            self.trouble(str(error))

    do_make = make

    def make_again(self, number: int, force: Force | None = None) -> None:
        """Make a section again, that one alone, now or when the run that goes on is over.

        A part whose text was edited is made of the new text, and others come from the store;
        `force` makes a part anew although nothing was edited.
        """
        if not self.settings.cache:
            raise VidkitError(
                "one section cannot be made alone with cache=False, since nothing of the others "
                "was kept; make the lesson again, or leave the cache on"
            )
        uid = self.draft.uids[number - 1]
        with self._lock:
            self._line.setdefault(force, {})[uid] = None
            self._of(uid).in_line, self._of(uid).trouble = True, ""
        self.show()

    def take_back(self, number: int, part: PartKind, take: int | None = None) -> None:
        """Let an earlier take of the "image" or the narration ("audio") count again, and have it
        in the video. Raises `StoreError` where there is none.
        """
        api.take_back(self.lesson, number, part, take, self.settings)
        self.state(number).forget()
        self.make_again(number)

    def price(self, number: int, force: Force) -> str:
        """What making a part of a section anew may cost, as " ($0.03)"; "" for nothing, or where
        nobody knows.
        """
        try:
            plan = api.plan(self.lesson, self.settings, only=[number], force=force)
        except VidkitError:
            return ""
        return f" ({dollars(plan.dollars)})" if plan.dollars else ""

    def _go_on(self) -> None:
        """Make what waits: all that is to be made in the same way, in one run."""
        with self._lock:
            if self._under_way or not self._line:
                return
            force = next(iter(self._line))
            wanted = [uid for uid in self._line.pop(force) if uid in self.draft.uids]
            if not wanted:
                return
            self._under_way = True
        numbers = tuple(sorted(self.draft.at(uid) + 1 for uid in wanted))
        try:
            started = self._begin(self.lesson, only=numbers, force=force, join="all")
        except VidkitError as error:
            for uid in wanted:
                self._of(uid).in_line, self._of(uid).trouble = False, str(error)
        else:
            if not started:
                with self._lock:
                    waiting = {**dict.fromkeys(wanted), **self._line.pop(force, {})}
                    self._line = {force: waiting, **self._line}
        self._changed = True

    def _begin(self, lesson: Lesson, **changes: Any) -> bool:
        """Start a run, if one can be started now. Raises `VidkitError` where it never can."""
        self._under_way, run = True, None
        self._running = self.draft.uids
        try:
            run = self._make(lesson, **changes)
        finally:
            self._under_way = run is not None
        if run is None:
            return False
        self.run = run
        self.status = ""
        started = run
        run.when_done(lambda: self._over(started))
        return True

    def _over(self, run: Run[VideoReport]) -> None:
        """A run that was begun here is over; one that never told of it is not under way."""
        with self._lock:
            self._under_way = False
            for state in self._states.values():
                state.due = False
        try:
            report = run.result()
        except VidkitError as error:
            self.status, self.tone = str(error), "wrong"
        else:
            if report.path is None:
                self.status, self.tone = report.error or "", "wrong"
        self._changed = True

    def _start(self, lesson: Lesson, **changes: Any) -> Run[VideoReport]:
        """A run of one's own, for cards that stand alone."""
        settings = self.settings.with_(progress=False, **changes)
        run = api.start(lesson, None, settings=settings, listener=self.on_event)
        self._painting = Painter().watch(run, self, after=self.store)
        return run


def _origin(section: Section) -> str:
    """Where a drafted section is from, and which of its words are not in the source."""
    unsure = section.extra.get("$check")
    told = [f"From {section.source}"] if section.source else []
    told += [f"check: {', '.join(map(str, unsure))}"] if isinstance(unsure, list) and unsure else []
    return " · ".join(told)


def _words_before(section: Section) -> str:
    """What was said in a section before a model rewrote it; "" where none did."""
    before = section.extra.get("$draft")
    return str(before.get("content", "")) if isinstance(before, dict) else ""


def _version_name(version: Version) -> str:
    name = NAMES[version.kind].capitalize()
    words = ", of earlier words" if version.reworded else ""
    return f"{name} {version.take}{' (in use)' if version.current else ''}{words}"
