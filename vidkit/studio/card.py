"""One section: how it stands, what was made of it, and what can be done about it."""

from __future__ import annotations

import threading
from collections.abc import Callable
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
from .look import button
from .others import Choice
from .reach import url
from .so_far import SoFar


class Deck(Protocol):
    """What a card asks of those who have the whole lesson. Sections count from 1."""

    size: tuple[int, int]

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
        self._asking: list[widgets.Widget] = []
        self._editor: Editor | None = None
        self._lock = threading.RLock()
        self._changed = True
        self._head, self._foot = widgets.HTML(), widgets.HTML()
        self._body = widgets.Output()
        self._page = ""
        self._tools = widgets.HBox()
        self._tools.add_class("vidkit-row")
        self._buttons: dict[str, widgets.Button] = {}
        self.widget = widgets.VBox([self._head, self._body, self._foot, self._tools])
        self.widget.add_class("vidkit-card")

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
        if not self._changed:
            return
        with self._lock:
            self._changed = False
            self._head.value = self._head_page()
            self._foot.value = face.foot(self.so_far, self.trouble)
            page = self._body_page()
            if page != self._page:
                self._page = page
                self._body.outputs = (_displayed(page),)
            tools = tuple(self._asking or self._row())
            if tools != self._tools.children:
                self._tools.children = tools

    def page(self) -> str:
        """All that it shows, as HTML without what can be clicked."""
        foot = face.foot(self.so_far, self.trouble)
        body = self._body_page(lazy=True)
        return (
            f'<div class="vidkit-card">{self._head_page()}<div>{body}</div><div>{foot}</div></div>'
        )

    def _head_page(self) -> str:
        standing = Standing(self.in_line, self.due, self.edited)
        return face.head(self.number, self.section, self.so_far, standing)

    def _body_page(self, lazy: bool = False) -> str:
        embed = self._embed and not lazy
        given = (self.number, self.section, self.so_far, self._deck.size)
        return face.body(*given, embed=embed, lazy=lazy)

    def _row(self) -> list[widgets.Widget]:
        n, so_far = self.number, self.so_far
        if self._editor is not None:
            return [
                self._editor.widget,
                self._button("Edit", "Done", f"Take these texts for section {n}", self._edit),
                self._again(),
                self._button("Discard", "Discard", "Leave the texts as they were", self._discard),
            ]
        row = [self._button("Edit", "Edit", f"Edit the texts of section {n}", self._edit)]
        if so_far.state is not None:
            row.append(self._again())
        if self.choices:
            tooltip = f"Let another take of section {n} count"
            row.append(self._button("Back", "Take back", tooltip, self._back))
        if not self._embed and any(url(path) is None for path in so_far.files.values()):
            tooltip = f"Show section {n} although its files lie where the notebook cannot reach"
            row.append(self._button("Play", "Play here", tooltip, self._play))
        return row

    def _again(self) -> widgets.Button:
        failed = self.so_far.state not in (None, "made")
        name = "Try again" if failed else "Make again"
        return self._button("Again", name, f"Make section {self.number} alone", self._make_again)

    def _button(
        self, key: str, name: str, tooltip: str, does: Callable[[], None]
    ) -> widgets.Button:
        made = self._buttons.get(key)
        if made is None:
            made = self._buttons[key] = button(name, tooltip, does)
        made.description, made.tooltip = name, tooltip
        return made

    # ---- what can be done

    def edit(self) -> Editor:
        """Open the fields with its texts; they stay open until `take_in` or *Discard*."""
        if self._editor is None:
            self._editor = Editor(self.section)
        self._changed = True
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
            self._ask(self._anew())
        self.paint()

    def _anew(self) -> list[tuple[str, str, Callable[[], None]]]:
        """The parts that can be made anew although nothing was edited."""
        parts: list[tuple[str, Force]] = []
        if self.section.image is None:
            parts.append(("New image", "image"))
        if self.section.audio is None:
            parts.append(("New narration", "audio"))
        parts.append(("Both", "all") if len(parts) == 2 else ("New clip", "clip"))

        def make(force: Force) -> Callable[[], None]:
            return lambda: self._deck.make_again(self.number, force)

        return [
            (f"{name}{self._deck.price(self.number, force)}", "Make it anew", make(force))
            for name, force in parts
        ]

    def _back(self) -> None:
        def back(choice: Choice) -> Callable[[], None]:
            return lambda: self._deck.take_back(self.number, choice.part, choice.take)

        options = [(each.name, "Let this take count again", back(each)) for each in self.choices]
        if len(options) == 1:
            self._try(options[0][2])
        else:
            self._ask(options)
        self.paint()

    def _ask(self, options: list[tuple[str, str, Callable[[], None]]]) -> None:
        """Offer a few buttons in the place of the others, until one is taken."""

        def taken(does: Callable[[], None] | None) -> None:
            asked, self._asking = self._asking, []
            self._changed = True
            if does is not None:
                self._try(does)
            self.paint()
            for each in asked:
                each.close()

        def option(name: str, tooltip: str, does: Callable[[], None] | None) -> widgets.Button:
            return button(name, tooltip, lambda: taken(does))

        self._asking = [option(*each) for each in options]
        self._asking.append(option("Never mind", "Leave it as it is", None))
        self._changed = True

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
        for each in (*self._asking, *self._buttons.values(), self._head, self._body, self._foot):
            each.close()
        for box in (self._tools, self.widget):
            box.close()


def _displayed(page: str) -> dict[str, Any]:
    """HTML as a notebook keeps what was displayed."""
    return {
        "output_type": "display_data",
        "data": {"text/html": page, "text/plain": ""},
        "metadata": {},
    }
