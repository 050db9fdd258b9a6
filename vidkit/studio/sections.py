"""A card for each section, in the lesson's order, that fills in as its parts arrive."""

from __future__ import annotations

from pathlib import Path

import ipywidgets as widgets
from IPython.display import HTML

from ..events import Event, SectionEnded, Step, StepEnded, StepStarted
from ..lesson import Lesson
from .look import media, words

_DOING: dict[Step, str] = {"image": "drawing", "audio": "speaking", "clip": "cutting"}


class Card:
    """One section: its title, what is being done, and the image, narration and clip.

    The events of a run come in any thread and only change plain values; `paint` shows them.
    """

    def __init__(self, number: int, title: str | None) -> None:
        self.number = number
        self.title = title or f"Section {number}"
        self.files: dict[Step, Path] = {}
        self.doing: set[Step] = set()
        self.verdict: str | None = None
        self.wrong = False
        self._changed = True
        self._shown: tuple[Path, ...] = ()
        self._head = widgets.HTML()
        self._media = widgets.Output()
        self.widget = widgets.VBox([self._head, self._media])
        self.widget.add_class("vidkit-card")
        self.paint()

    def hear(self, event: Event) -> None:
        """Take in one event of this section."""
        match event:
            case StepStarted():
                self.doing.add(event.step)
            case StepEnded():
                self.doing.discard(event.step)
                if event.path is not None:
                    self.files[event.step] = event.path
            case SectionEnded():
                self.verdict = event.error or event.state
                self.wrong = event.state != "made"
            case _:
                return
        self._changed = True

    def paint(self) -> None:
        """Show what changed since the last time."""
        if not self._changed:
            return
        self._changed = False
        state = self.verdict or ", ".join(_DOING[step] for step in _DOING if step in self.doing)
        self._head.value = words(f"{self.number}. {self.title}", "title") + words(
            state or "waiting", "wrong" if self.wrong else "state"
        )
        there = tuple(self.files[step] for step in _DOING if step in self.files)
        if there != self._shown:
            self._shown = there
            page = "".join(media(path, f"{self.title}: {path.parent.name}") for path in there)
            self._media.outputs = ()
            self._media.append_display_data(HTML(page))


class Sections:
    """The cards of a lesson."""

    def __init__(self, lesson: Lesson) -> None:
        self.cards = [Card(i + 1, section.title) for i, section in enumerate(lesson.sections)]
        self.widget = widgets.Box([card.widget for card in self.cards])
        self.widget.add_class("vidkit-cards")

    def hear(self, event: Event) -> None:
        """Pass an event on to its card."""
        section = getattr(event, "section", None)
        if section is not None:
            self.cards[section].hear(event)

    def paint(self) -> None:
        """Show what changed on all cards."""
        for card in self.cards:
            card.paint()

    @property
    def over(self) -> int:
        """Sections to which nothing more will happen."""
        return sum(card.verdict is not None for card in self.cards)
