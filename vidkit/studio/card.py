"""One section: how it stands, what was made of it, and what can be done about it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from itertools import takewhile
from typing import Any, Protocol

import ipywidgets as widgets

from ..errors import LessonError, VidkitError
from ..events import Event, LessonStarted, SectionEnded
from ..lesson import Section
from ..pipeline.choice import PartKind
from ..settings import Force
from . import face
from .editor import Editor
from .face import Standing
from .look import Shared
from .others import Choice
from .reach import url
from .so_far import SoFar
from .tools import Tool, Tools


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
        return face.foot(self.so_far, self.trouble)

    def _head_page(self) -> str:
        standing = Standing(self.in_line, self.due, self.edited)
        return face.head(self.number, self.section, self.so_far, standing)

    def _body_page(self, lazy: bool = False) -> str:
        embed = self._embed and not lazy
        given = (self.number, self.section, self.so_far, self._deck.size)
        return face.body(*given, embed=embed, lazy=lazy)

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
