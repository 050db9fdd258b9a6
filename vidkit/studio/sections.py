"""A card for each section, in the lesson's order, that fills in as its parts arrive."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from itertools import takewhile
from pathlib import Path
from typing import Any, Protocol

import ipywidgets as widgets

from .. import api
from ..api import Run, present_take, take_back, takes
from ..core import loop
from ..core.errors import Fault, LessonError, VidkitError
from ..core.events import (
    Event,
    LessonStarted,
    Outcome,
    Paid,
    RunEnded,
    RunStarted,
    SectionEnded,
    State,
    Step,
    StepEnded,
    StepStarted,
    WorkEnded,
    WorkStarted,
)
from ..core.format import count, took
from ..models.editing import edited, save_lesson
from ..models.lesson import Lesson, Section
from ..models.settings import Force, Settings
from ..pipeline.context import PartKind
from ..report.reports import VideoReport
from .widgets import (
    Painter,
    Shared,
    Stored,
    Tone,
    Tool,
    Tools,
    button,
    mark,
    media,
    show,
    url,
    words,
)

# What is known of a section so far: plain values that follow the events of its runs.


STEPS: tuple[Step, ...] = ("image", "audio", "clip")
"""The steps of a section, in the order in which they are shown."""


@dataclass(frozen=True)
class Ended:
    """A step that is over: how, by whom, after how many seconds, and why it failed."""

    outcome: Outcome
    by: str
    seconds: float
    error: str | None = None


class SoFar:
    """One section of a lesson, as the events tell of it. Every attribute may be read anywhere.

    begun: who does each step that goes on; at_work: how many pieces of each no longer wait.
    ended: the steps that are over. files: what they left. state: None until the section is
    over, `error` why it is not made. dollars: paid for it in all runs that were heard,
    `unsure` what may have been paid besides.
    """

    def __init__(self) -> None:
        self.begun: dict[Step, str] = {}
        self.at_work: dict[Step, int] = {}
        self.ended: dict[Step, Ended] = {}
        self.files: dict[Step, Path] = {}
        self.state: State | None = None
        self.error: str | None = None
        self.dollars = 0.0
        self.unsure = 0.0

    def hear(self, event: Event) -> bool:
        """Take in an event of this section, or of its lesson; True where it tells something.

        A section that was made and comes from the store once more stays what it was: seconds
        and provider are those of its making.
        """
        match event:
            case LessonStarted() if self.state != "made":
                self.forget()
            case StepStarted():
                self.begun[event.step] = event.by
            case WorkStarted():
                self._work(event.step, 1)
            case WorkEnded():
                self._work(event.step, -1)
            case StepEnded():
                self._end(event)
            case Paid(sure=True):
                self.dollars += event.dollars
            case Paid():
                self.unsure += event.dollars
            case SectionEnded():
                self.state, self.error = event.state, event.error
                self.begun.clear()
                self.at_work.clear()
            case _:
                return False
        return True

    def forget(self) -> None:
        """It is about to be made, or made again: how it went before counts no longer. Its files
        stay in view until others take their place.
        """
        self.state = self.error = None
        self.ended.clear()

    def _work(self, step: Step, change: int) -> None:
        if change > 0:
            if self.state is not None:
                self.forget()
            self.ended.pop(step, None)
        self.at_work[step] = max(0, self.at_work.get(step, 0) + change)

    def _end(self, event: StepEnded) -> None:
        self.begun.pop(event.step, None)
        self.at_work.pop(event.step, None)
        if event.path is not None:
            self.files[event.step] = event.path
        if not (event.outcome == "kept" and event.step in self.ended):
            self.ended[event.step] = Ended(event.outcome, event.by, event.seconds, event.error)

    @property
    def kept(self) -> bool:
        """True where it was made and all of it was in the store already."""
        return self.state == "made" and all(
            step in self.ended and self.ended[step].outcome == "kept" for step in STEPS
        )


# What a card shows of its section, as HTML. Every text is escaped.


NAMES: dict[Step, str] = {"image": "image", "audio": "narration", "clip": "clip"}
_DOING: dict[Step, str] = {"image": "drawing", "audio": "speaking", "clip": "cutting"}

LONGEST_ERROR = 600
"""Characters: a provider may answer with a whole page."""


@dataclass(frozen=True)
class Standing:
    """How a section stands beside its runs. in_line: it will be made when the run that goes on
    is over. due: a run that goes on will make it. edited: its texts are not those it was made of.
    """

    in_line: bool = False
    due: bool = False
    edited: bool = False


def card_head(number: int, section: Section, so_far: SoFar, standing: Standing) -> str:
    """The number, the title and the state."""
    title = section.title or f"Section {number}"
    return (
        f'<div class="vidkit-head"><span class="vidkit-number">{number}</span>'
        f'<div class="vidkit-title" role="heading" aria-level="4" dir="auto">{escape(title)}</div>'
        f"{mark(*state(so_far, standing))}</div>"
    )


def state(so_far: SoFar, standing: Standing) -> tuple[str, Tone]:
    """How it is with a section, in a word or two and a colour."""
    if standing.in_line:
        return "in line", "waiting"
    match so_far.state:
        case None if any(so_far.at_work.values()):
            return "at work", "working"
        case None:
            return ("waiting" if standing.due or so_far.begun else "not made yet"), "waiting"
        case "made" if standing.edited:
            return "edited", "paid"
        case "made":
            return ("kept", "kept") if so_far.kept else ("made", "ok")
        case "cancelled":
            return "cancelled", "waiting"
        case other:
            return other, "failed"


def card_body(
    number: int,
    section: Section,
    so_far: SoFar,
    size: tuple[int, int],
    *,
    embed: bool = False,
    lazy: bool = False,
) -> str:
    """The clip over its image, or until there is one what it is to show; the narration, to hear
    and to read. `embed`, `lazy`: as for `media`.
    """
    image, audio, clip = (so_far.files.get(step) for step in STEPS)
    wish = section.image_description or "A picture of your own."
    layers = [media(image, f"Section {number}: {wish}", lazy=lazy)] if image else []
    if clip:
        layers.append(media(clip, f"Clip of section {number}", embed=embed, lazy=lazy))
    if not layers:
        layers = [f'<div class="vidkit-wish" dir="auto">{escape(wish)}</div>']
    called = f"Narration of section {number}"
    sound = media(audio, called, embed=embed, lazy=lazy) if audio else ""
    told = escape(section.content)
    said = f'<details class="vidkit-caption"><summary dir="auto">{told}</summary></details>'
    return (
        f'<div class="vidkit-stage" style="aspect-ratio: {size[0]} / {size[1]}">'
        f'{"".join(layers)}</div><div class="vidkit-sound">{sound}</div>{said if told else ""}'
    )


def card_foot(so_far: SoFar, trouble: str = "") -> str:
    """The steps with who does them and how long they took, the money, and what went wrong."""
    rows = "".join(_row(step, so_far) for step in STEPS)
    wrong = (words(cut(each), "wrong") for each in (so_far.error, trouble) if each)
    return f'<div class="vidkit-steps">{rows}</div>{_money(so_far)}{"".join(wrong)}'


def _row(step: Step, so_far: SoFar) -> str:
    tone, by, how = _step(step, so_far)
    by = "" if by == "vidkit" else by
    told = f"vidkit-{tone}" if tone in ("working", "failed") else "vidkit-state"
    return (
        f'<span class="vidkit-mark vidkit-{tone}"><span>{NAMES[step]}</span></span>'
        f"<span>{escape(by)}</span>"
        f'<span class="{told}">{escape(how)}</span>'
    )


def _step(step: Step, so_far: SoFar) -> tuple[Tone, str, str]:
    """The colour of a step, who does it, and how it is."""
    if step in so_far.begun:
        by = so_far.begun[step]
        return (
            ("working", by, _DOING[step]) if so_far.at_work.get(step) else ("waiting", by, "waits")
        )
    ended = so_far.ended.get(step)
    if ended is None:
        return "waiting", "", ""
    match ended.outcome:
        case "made":
            return "ok", ended.by, took(ended.seconds)
        case "failed":
            return "failed", ended.by, "failed"
        case "cancelled":
            return "waiting", ended.by, "cancelled"
    return "kept", ended.by, "kept"


def _money(so_far: SoFar) -> str:
    told = []
    if so_far.dollars:
        told.append(f"paid {dollars(so_far.dollars)}")
    if so_far.unsure:
        told.append(f"perhaps {dollars(so_far.unsure)} {'more' if told else 'paid'}")
    return words(", ".join(told), "paid") if told else ""


def dollars(amount: float) -> str:
    """Money as people write it, with a third digit where there is less than ten cents."""
    return f"${amount:.2f}" if amount >= 0.0995 else f"${amount:.3f}"


def cut(text: str) -> str:
    """The beginning of a text that is too long to be read on a card."""
    return text if len(text) <= LONGEST_ERROR else f"{text[:LONGEST_ERROR]}…"


# The texts of a section in fields, to be edited.


_FIELDS = (
    ("title", "Title", 1),
    ("content", "Narration", 9),
    ("image_description", "What the image shows", 7),
)
"""The key, the label, and the lines of each field."""


class Editor:
    """Fields with the texts of a section, made when somebody wants to edit them, and closed
    after: sixty sections would have 180 of them.
    """

    def __init__(self, section: Section) -> None:
        self._before = {key: getattr(section, key) or "" for key, _, _ in _FIELDS}
        self._fields = {key: _field(self._before[key], label, rows) for key, label, rows in _FIELDS}
        self._faults = widgets.HTML()
        self.widget = widgets.VBox([*self._fields.values(), self._faults])
        self.widget.add_class("vidkit-editor")

    def texts(self) -> dict[str, str]:
        """The texts that were changed, by their keys."""
        now = {key: field.value for key, field in self._fields.items()}
        return {key: text for key, text in now.items() if text != self._before[key]}

    def write(self, **texts: str) -> None:
        """Write into the fields, as a person does."""
        for key, text in texts.items():
            self._fields[key].value = text

    def refuse(self, error: LessonError) -> None:
        """Say what is wrong with the texts, and how to mend it."""
        told = "".join(f"<li>{escape(_in_words(fault))}</li>" for fault in error.faults)
        self._faults.value = f'<div role="alert"><ul class="vidkit-wrong">{told}</ul></div>'

    def close(self) -> None:
        """Let go of the fields."""
        for each in (*self._fields.values(), self._faults, self.widget):
            each.close()


def _in_words(fault: Fault) -> str:
    """A fault with the label of the field in the place of its key."""
    told = f"{fault.problem}; {fault.mend}"
    for key, label, _ in _FIELDS:
        told = told.replace(f"`{key}`", f"“{label}”")
    return told


def _field(text: str, label: str, rows: int) -> widgets.Text | widgets.Textarea:
    kind = widgets.Text if rows == 1 else widgets.Textarea
    field = kind(text, description=label, continuous_update=False)
    if rows > 1:
        field.rows = rows
    field.add_class("vidkit-field")
    return field


# The takes of a section that do not count now, and could.


PARTS: tuple[PartKind, ...] = ("image", "audio")


@dataclass(frozen=True)
class Choice:
    """Another take of a part of a section, that could count instead of the present one."""

    part: PartKind
    take: int
    name: str


def other_takes(lesson: Lesson, number: int, settings: Settings) -> tuple[Choice, ...]:
    """The other takes of the image and the narration of section `number`, the oldest first;
    none where the store cannot be asked. Blocks while it looks.
    """
    return tuple(each for part in PARTS for each in _others(lesson, number, part, settings))


def _others(lesson: Lesson, number: int, part: PartKind, settings: Settings) -> list[Choice]:
    try:
        every = takes(lesson, number, part, settings)
        present = present_take(lesson, number, part, settings) if len(every) > 1 else None
    except VidkitError:
        return []
    if present is None:
        return []
    return [
        Choice(part, each.take, f"{when} {NAMES[part]} (take {each.take})")
        for each in every
        if each.take != present.take
        for when in ("Earlier" if each.take < present.take else "Later",)
    ]


# One section: how it stands, what was made of it, and what can be done about it.


class Deck(Protocol):
    """What a card asks of those who have the whole lesson. Sections count from 1."""

    size: tuple[int, int]
    shared: Shared

    def edit(self, number: int, **texts: str) -> Section:
        """Take new texts into the lesson. Raises `LessonError`."""
        ...

    def make_again(self, number: int, force: Force | None = None) -> None:
        """Make the section again, now or when the run that goes on is over."""
        ...

    def take_back(self, number: int, part: PartKind, take: int | None = None) -> None:
        """Let another take count. Raises `VidkitError`."""
        ...

    def price(self, number: int, force: Force) -> str:
        """What making a part anew may cost, as " ($0.03)"; "" for nothing, or unknown."""
        ...


class Card:
    """The card of one section.

    Events and clicks change plain values; `paint` shows them, in whichever thread it is called.
    """

    def __init__(self, number: int, section: Section, deck: Deck) -> None:
        self.number = number
        self.section = section
        self.so_far = SoFar()
        self.made_of: Section | None = None
        self.in_line = self.due = False
        self.trouble = ""
        self.choices: tuple[Choice, ...] = ()
        self._making: Section | None = None
        self._deck = deck
        self._embed = False
        self._asking: tuple[str, Sequence[Tool]] | None = None
        self._editor: Editor | None = None
        self._lock = threading.RLock()
        self._changed = True
        self._box: widgets.VBox | None = None

    @property
    def widget(self) -> widgets.VBox:
        """The card; made when it is first asked for."""
        if self._box is None:
            shared = self._deck.shared
            text = {"layout": shared.layout, "style": shared.text}
            self._changed = False
            self._page = self._body_page()
            self._head = widgets.HTML(self._head_page(), **text)
            self._foot = widgets.HTML(self._foot_page(), **text)
            self._body = widgets.Output(outputs=(_displayed(self._page),), layout=shared.layout)
            self._slot = widgets.VBox(_dom_classes=("vidkit-slot",), layout=shared.layout)
            self._tools = Tools(self._row(), shared)
            self._box = widgets.VBox(
                [self._head, self._body, self._foot, self._slot, self._tools.widget],
                _dom_classes=("vidkit-card",),
                layout=shared.layout,
            )
        return self._box

    # ---- what happens to it

    def hear(self, event: Event) -> None:
        """Take in one event of this section, or the start of its lesson."""
        if isinstance(event, LessonStarted):
            self.due, self.in_line, self.trouble = True, False, ""
            self._making = self.section
            if self.made_of != self.section:
                self.so_far.forget()
        told = self.so_far.hear(event)
        if isinstance(event, SectionEnded):
            self.due = False
            if event.state == "made":
                self.made_of = self._making
        self._changed |= told

    def change(self, **values: Any) -> None:
        """Set attributes that are shown."""
        for name, value in values.items():
            setattr(self, name, value)
        self._changed = True

    @property
    def edited(self) -> bool:
        """True where it was made of other texts than it has now."""
        return self.made_of is not None and self.made_of != self.section

    # ---- what it shows

    def paint(self) -> None:
        """Show what changed since the last time."""
        if not self._changed or self._box is None:
            return
        with self._lock:
            self._changed = False
            self._head.value = self._head_page()
            self._foot.value = self._foot_page()
            page = self._body_page()
            if page != self._page:
                self._page = page
                self._body.outputs = (_displayed(page),)
            slot = (self._editor.widget,) if self._editor else ()
            if slot != self._slot.children:
                self._slot.children = slot
            self._tools.offer(self._row())

    def page(self) -> str:
        """All that it shows, as HTML without what can be clicked."""
        rows = (self._head_page(), self._body_page(lazy=True), self._foot_page())
        shown = "".join(f"<div>{row}</div>" for row in rows)
        return f'<div class="vidkit-card">{shown}</div>'

    def _foot_page(self) -> str:
        return card_foot(self.so_far, self.trouble)

    def _head_page(self) -> str:
        standing = Standing(self.in_line, self.due, self.edited)
        return card_head(self.number, self.section, self.so_far, standing)

    def _body_page(self, lazy: bool = False) -> str:
        embed = self._embed and not lazy
        given = (self.number, self.section, self.so_far, self._deck.size)
        return card_body(*given, embed=embed, lazy=lazy)

    def _row(self) -> list[Tool]:
        n, so_far = self.number, self.so_far
        failed = so_far.state not in (None, "made")
        again = "Try again" if failed else "Make again"
        make_again = Tool("Again", again, f"Make section {n} alone", self._make_again)
        if self._editor is not None:
            return [
                Tool("Edit", "Done", f"Take these texts for section {n}", self._edit),
                make_again,
                Tool("Discard", "Discard", "Leave the texts as they were", self._discard),
            ]
        row = [Tool("Edit", "Edit", f"Edit the texts of section {n}", self._edit)]
        if so_far.state is not None:
            row.append(make_again)
        if self.choices:
            row.append(Tool("Back", "Take back", f"Have another take of section {n}", self._back))
        if not self._embed and any(url(path) is None for path in so_far.files.values()):
            tooltip = f"Show section {n} although its files lie where the notebook cannot reach"
            row.append(Tool("Play", "Play here", tooltip, self._play))
        return self._asked(row)

    def _asked(self, row: list[Tool]) -> list[Tool]:
        """The row, or while something is asked, the answers after the button that asks."""
        if self._asking is None:
            return row
        asks, answers = self._asking
        before = list(takewhile(lambda tool: tool.key != asks, row))
        return [*before, Tool(asks, "Never mind", "Leave it as it is", self._answered), *answers]

    # ---- what can be done

    def edit(self) -> Editor:
        """Open the fields with its texts; they stay open until `take_in` or *Discard*."""
        if self._editor is None:
            self._editor = Editor(self.section)
        self._asking, self._changed = None, True
        return self._editor

    def take_in(self) -> None:
        """Take the texts of open fields into the lesson. Raises `LessonError`, and the faults
        are told beside the fields, which stay open.
        """
        if self._editor is None:
            return
        try:
            if texts := self._editor.texts():
                self.section = self._deck.edit(self.number, **texts)
        except LessonError as error:
            self._editor.refuse(error)
            raise
        self._close_editor()

    def _close_editor(self) -> None:
        if self._editor is not None:
            closed, self._editor = self._editor, None
            self._changed = True
            self.paint()
            closed.close()

    def _edit(self) -> None:
        if self._editor is None:
            self.edit()
        else:
            self._try(self.take_in)
        self.paint()

    def _discard(self) -> None:
        self._close_editor()
        self.paint()

    def _play(self) -> None:
        self.change(_embed=True)
        self.paint()

    def _make_again(self) -> None:
        if not self._try(self.take_in):
            return
        if self.so_far.state != "made" or self.edited:
            self._try(lambda: self._deck.make_again(self.number))
        else:
            self._ask("Again", self._anew())
        self.paint()

    def _anew(self) -> list[tuple[str, Callable[[], None]]]:
        """The parts that can be made anew although nothing was edited."""
        parts: list[tuple[str, Force]] = []
        if self.section.image is None:
            parts.append(("New image", "image"))
        if self.section.audio is None:
            parts.append(("New narration", "audio"))
        parts.append(("Both", "all") if len(parts) == 2 else ("New clip", "clip"))
        return [
            (
                name + self._deck.price(self.number, force),
                partial(self._deck.make_again, self.number, force),
            )
            for name, force in parts
        ]

    def _back(self) -> None:
        back = partial(self._deck.take_back, self.number)
        answers = [(each.name, partial(back, each.part, each.take)) for each in self.choices]
        if len(answers) == 1:
            self._try(answers[0][1])
        else:
            self._ask("Back", answers)
        self.paint()

    def _ask(self, asks: str, answers: Sequence[tuple[str, Callable[[], None]]]) -> None:
        """Offer a few answers after the button that asks, until one is taken."""
        self._changed = True
        self._asking = (
            asks,
            [
                Tool(f"answer {at}", name, f"Section {self.number}", partial(self._answered, does))
                for at, (name, does) in enumerate(answers)
            ],
        )

    def _answered(self, does: Callable[[], None] | None = None) -> None:
        self._asking, self._changed = None, True
        if does is not None:
            self._try(does)
        self.paint()

    def _try(self, does: Callable[[], Any]) -> bool:
        """Do something; what is wrong with it is said on the card."""
        try:
            does()
        except VidkitError as error:
            if not isinstance(error, LessonError):
                self.change(trouble=str(error))
            return False
        return True

    def close(self) -> None:
        """Let go of its widgets."""
        self._close_editor()
        box, self._box = self._box, None
        if box is not None:
            for each in (self._head, self._body, self._foot, self._slot, self._tools, box):
                each.close()


def _displayed(page: str) -> dict[str, Any]:
    """HTML as a notebook keeps what was displayed."""
    return {
        "output_type": "display_data",
        "data": {"text/html": page, "text/plain": ""},
        "metadata": {},
    }


# Cards beside and under each other, no more at once than a page and its kernel bear.


AT_ONCE = 60
"""Cards. A server drops what a kernel sends beyond 3,000 messages in three seconds, and a card
is seven of them."""


class Grid:
    """The cards of a lesson; of more than `AT_ONCE`, so many at a time. A card that was never
    shown has no widgets.
    """

    def __init__(self, cards: Sequence[Card], shared: Shared) -> None:
        self._cards = cards
        self._first = 0
        self._where = widgets.HTML()
        earlier, later = f"Show the {AT_ONCE} sections before", f"Show the {AT_ONCE} sections after"
        self._earlier = button("Earlier sections", earlier, lambda: self._turn(-1))
        self._later = button("Later sections", later, lambda: self._turn(1))
        self._turning = widgets.HBox(
            [self._earlier, self._later, self._where], _dom_classes=("vidkit-bar",)
        )
        self._box = widgets.Box(_dom_classes=("vidkit-cards",), layout=shared.layout)
        several = len(cards) > AT_ONCE
        self.widget = widgets.VBox([self._turning, self._box] if several else [self._box])
        self._turn(0)

    @property
    def shown(self) -> Sequence[Card]:
        """The cards that are shown now."""
        return self._cards[self._first : self._first + AT_ONCE]

    def _turn(self, way: int) -> None:
        """Show the cards before those that are shown (-1), or those after them (1)."""
        self._first += way * AT_ONCE
        for card in self.shown:
            card.paint()
        self._box.children = [card.widget for card in self.shown]
        self._earlier.disabled = self._first == 0
        self._later.disabled = self._first + AT_ONCE >= len(self._cards)
        last = self._first + len(self.shown)
        self._where.value = words(f"{self._first + 1} to {last} of {len(self._cards)}")

    def close(self) -> None:
        """Let go of its widgets; the cards close themselves."""
        buttons = (self._earlier, self._later, self._where)
        for each in (*buttons, self._turning, self._box, self.widget):
            each.close()


# Sections that wait to be made again, while a run goes on.


@dataclass(frozen=True)
class Wish:
    """Sections, by their numbers from 1, that are to be made again in one run, in one way."""

    numbers: tuple[int, ...]
    force: Force | None


class Line:
    """What was asked for, in the order in which it was asked for the first time."""

    def __init__(self) -> None:
        self._wishes: dict[Force | None, set[int]] = {}

    def add(self, number: int, force: Force | None) -> None:
        """Have a section made again; asked for twice in the same way it is made once."""
        self._wishes.setdefault(force, set()).add(number)

    def take(self) -> Wish | None:
        """All that is to be made in the same way as what has waited longest."""
        for force in self._wishes:
            return Wish(tuple(sorted(self._wishes.pop(force))), force)
        return None

    def put_back(self, wish: Wish) -> None:
        """Have it wait on, before all others."""
        waiting = {*wish.numbers, *self._wishes.pop(wish.force, ())}
        self._wishes = {wish.force: waiting, **self._wishes}

    def __bool__(self) -> bool:
        return bool(self._wishes)


class Make(Protocol):
    """Starts a run of a lesson with changed settings, such as only=[3], force="image".

    Gives the run, or None where it cannot start now: then it is asked again at a later paint.
    Raises `VidkitError` where it can never start.
    """

    def __call__(self, lesson: Lesson, **changes: Any) -> Run[VideoReport] | None: ...


class Sections:
    """The cards of a lesson.

    make: starts a run; without it the cards make their lesson themselves, with `settings`, and
    paint themselves. settings: those of the latest run, by which earlier takes are looked up;
    whoever gives `make` keeps them so.

    `lesson` is the lesson with the edits that were taken in. Sections count from 1.
    """

    def __init__(
        self, lesson: Lesson, settings: Settings | None = None, make: Make | None = None
    ) -> None:
        self.lesson = lesson
        self.settings = settings or Settings()
        self.run: Run[VideoReport] | None = None
        self.size = self.settings.size
        self.shared = Shared()
        self._make = make or self._start
        self._lock = threading.Lock()
        self._line = Line()
        self._under_way = self._ended = False
        self._saved = lesson
        self._stored: Stored | None = None
        self._changed = True
        self.cards = [
            Card(number, section, self) for number, section in enumerate(lesson.sections, start=1)
        ]
        self._tally, self._said = widgets.HTML(), widgets.HTML()
        self._buttons = [button("Save lesson", "Write the edited texts into its file", self._save)]
        if make is None:
            tooltip = "Make the video of this lesson"
            self._buttons.insert(0, button("Make", tooltip, self.make, chief=True))
        self._bar = widgets.HBox([self._tally, *self._buttons], _dom_classes=("vidkit-bar",))
        self._grid = Grid(self.cards, self.shared)
        self.widget = widgets.VBox([self._bar, self._said, self._grid.widget])
        self.paint()

    def _ipython_display_(self) -> None:
        self._stored = Stored()
        show(self, self._stored)
        self._stored.show(self.page())

    def __repr__(self) -> str:
        return f"{self.lesson.name}: {self._counts()}"

    # ---- a part of a panel

    def hear(self, event: Event) -> None:
        """Take in an event of a run of this lesson."""
        section = getattr(event, "section", None)
        match event:
            case RunStarted():
                self._under_way = True
            case RunEnded():
                self._under_way, self._ended = False, True
            case LessonStarted():
                for index in event.sections:
                    self.cards[index].hear(event)
            case _ if section is not None:
                self.cards[section].hear(event)
            case _:
                return
        self._changed = True

    def paint(self) -> None:
        """Show what changed on all cards, and go on with what waits to be made."""
        if not self._changed:
            return
        self._changed = False
        self._go_on()
        for card in self.cards:
            card.paint()
        self._tally.value = words(self._counts(), "state")
        if self._ended:
            self._ended = False
            loop.submit(self._look_for_takes())
            self._store()

    def _store(self) -> None:
        """Have a saved notebook show the cards as they are."""
        if self._stored is not None:
            self._stored.show(self.page())

    def page(self) -> str:
        """The cards as HTML that needs no kernel: what a saved notebook shows of them."""
        cards = "".join(card.page() for card in self._grid.shown)
        return f'{words(self._counts())}<div class="vidkit-cards">{cards}</div>'

    def close(self) -> None:
        """Let go of all widgets, when another lesson takes the place of this one."""
        for card in self.cards:
            card.close()
        for each in (self._tally, self._said, *self._buttons, self._bar, self._grid, self.widget):
            each.close()
        self.shared.close()

    @property
    def over(self) -> int:
        """Sections to which nothing more will happen."""
        return sum(card.so_far.state is not None for card in self.cards)

    def _counts(self) -> str:
        """How many sections there are, and how they are; what was paid."""
        states = Counter(card.so_far.state for card in self.cards)
        told = [count(len(self.cards), "section")]
        told += [f"{number} {state}" for state, number in states.items() if state]
        if paid := sum(card.so_far.dollars for card in self.cards):
            told.append(f"paid {dollars(paid)}")
        return " · ".join(told)

    # ---- editing

    def edit(self, number: int, **texts: str) -> Section:
        """Take a new `title`, `content` or `image_description` of a section into the lesson.

        Raises `LessonError` with the faults that they have.
        """
        self.lesson = edited(self.lesson, number - 1, **texts)
        section = self.lesson.sections[number - 1]
        self.cards[number - 1].change(section=section)
        self._changed = True
        return section

    def take_in(self) -> Lesson:
        """Take the texts of all open fields into the lesson, and give it.

        Raises the first `LessonError`; what is wrong is told beside the fields.
        """
        faulty = None
        for card in self.cards:
            try:
                card.take_in()
            except VidkitError as error:
                faulty = faulty or error
        self.paint()
        self._store()
        if faulty is not None:
            raise faulty
        return self.lesson

    def save(self) -> None:
        """Write the edits into the lesson's file; the old one is kept beside.

        Raises `LessonError` for faulty texts, and where somebody changed the file meanwhile.
        """
        lesson = self.take_in()
        if lesson == self._saved:
            self._say("There is nothing to save: the file has these texts.")
            return
        self._saved = self.lesson = save_lesson(lesson)
        self._say(f"Saved in {self.lesson.path.name}; the old one is beside it, as .bak.")

    def _save(self) -> None:
        try:
            self.save()
        except VidkitError as error:
            self._say(str(error), "wrong")

    def _say(self, text: str, kind: str = "state") -> None:
        self._said.value = f'<div role="status" aria-live="polite">{words(text, kind)}</div>'

    # ---- making

    def make(self) -> None:
        """Make the lesson as it is edited; returns at once."""
        try:
            lesson = self.take_in()
            if not self._under_way:
                self._begin(lesson)
        except VidkitError as error:
            self._say(str(error), "wrong")

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
        self.cards[number - 1].change(in_line=True, trouble="")
        self._line.add(number, force)
        self._changed = True
        self.paint()

    def take_back(self, number: int, part: PartKind, take: int | None = None) -> None:
        """Let an earlier take of the "image" or the narration ("audio") count again, and have it
        in the video. Raises `StoreError` where there is none.
        """
        take_back(self.lesson, number, part, take, self.settings)
        self.cards[number - 1].so_far.forget()
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
        """Make what waits: all that is to be made in the same way in one run."""
        with self._lock:
            wish = None if self._under_way else self._line.take()
            if wish is None:
                return
            self._under_way = True
        try:
            started = self._begin(self.lesson, only=wish.numbers, force=wish.force)
        except VidkitError as error:
            for number in wish.numbers:
                self.cards[number - 1].change(in_line=False, trouble=str(error))
        else:
            if not started:
                self._line.put_back(wish)
        self._changed = True

    def _begin(self, lesson: Lesson, **changes: Any) -> bool:
        """Start a run, if one can be started now. Raises `VidkitError` where it never can."""
        self._under_way, run = True, None
        try:
            run = self._make(lesson, **changes)
        finally:
            self._under_way = run is not None
        if run is None:
            return False
        self.run = run
        self._say("")
        run.when_done(lambda: self._over(run))
        return True

    def _over(self, run: Run[VideoReport]) -> None:
        """A run that was begun here is over; one that never told of it is not under way."""
        self._under_way = False
        try:
            report = run.result()
        except VidkitError as error:
            self._say(str(error), "wrong")
        else:
            if report.path is None:
                self._say(report.error or "", "wrong")
        for card in self.cards:
            if card.due:
                card.change(due=False)
        self._changed = True
        self.paint()

    def _start(self, lesson: Lesson, **changes: Any) -> Run[VideoReport]:
        """A run of one's own, for cards that stand alone."""
        settings = self.settings.with_(progress=False, **changes)
        run = api.start(lesson, None, settings=settings, listener=self.hear)
        Painter().watch(run, self)
        return run

    async def _look_for_takes(self) -> None:
        """See of which sections there are several takes; the store is on a disk."""
        made = [card for card in self.cards if card.so_far.state == "made"]
        for card in made:
            found = await asyncio.to_thread(other_takes, self.lesson, card.number, self.settings)
            if card.choices != found:
                card.change(choices=found)
                card.paint()
