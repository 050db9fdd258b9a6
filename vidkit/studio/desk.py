"""The cards of the chosen lesson: kept while they hold edits, and told what the run has done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import ipywidgets as widgets

from ..errors import VidkitError
from ..events import Event, RunEnded, RunStarted
from ..lesson import Lesson
from ..settings import Settings
from .sections import Make, Sections


class Desk:
    """Shows one lesson's cards at a time. make: starts a run of a lesson, for its cards."""

    def __init__(self, make: Make) -> None:
        self.sections: Sections | None = None
        self.widget = widgets.VBox()
        self._make = make
        self._lock = Lock()
        self._paths: tuple[Path, ...] = ()
        self._heard: list[Event] = []
        self._kept: dict[Path, Sections] = {}
        self._read: dict[Path, Lesson] = {}

    def show(self, path: Path, lesson: Lesson | None, settings: Settings, anew: bool) -> None:
        """Show the cards of `lesson`, which the file `path` holds now; none where it is faulty.

        Cards with edits stay as they are. anew: not where the file was changed besides.
        """
        if self.sections is not None and self.sections.lesson.path != path:
            self._leave(self.sections)
        sections = self._kept.get(path) or self.sections
        if sections is not None and self._still(sections, lesson, anew):
            if lesson is not None and sections.lesson == lesson:
                self._read[path] = lesson
        elif sections is not None:
            self._drop(sections)
            sections = None
        if sections is None and lesson is not None:
            self._read[path] = lesson
            sections = Sections(lesson, settings, self._make)
        self._place(sections)

    def settle(self, settings: Settings) -> None:
        """The next run has these settings: earlier takes and prices are looked up by them."""
        if self.sections is not None:
            self.sections.settings = settings

    def begin(self, paths: Sequence[Path]) -> None:
        """A run over these lessons begins."""
        with self._lock:
            self._paths, self._heard = tuple(paths), []

    def hear(self, event: Event) -> None:
        """Pass an event of the run on to the cards, if it concerns their lesson, and keep it for
        those that are shown later.
        """
        with self._lock:
            self._heard.append(event)
            for sections in self._all():
                if self._concerns(event, sections):
                    sections.hear(event)

    def paint(self) -> None:
        """Show what changed on the cards, and let those that wait make their sections."""
        for sections in self._all():
            sections.paint()

    def _all(self) -> list[Sections]:
        shown = [] if self.sections is None else [self.sections]
        return [*shown, *(kept for kept in self._kept.values() if kept not in shown)]

    def _still(self, sections: Sections, lesson: Lesson | None, anew: bool) -> bool:
        """Whether cards show what they should: the file as it is, or edits of it."""
        path = sections.lesson.path
        if lesson is not None and lesson in (sections.lesson, self._read.get(path)):
            return True
        return not anew and self._edited(sections)

    def _edited(self, sections: Sections) -> bool:
        try:
            return sections.take_in() != self._read.get(sections.lesson.path)
        except VidkitError:
            return True  # faulty texts in an open field

    def _leave(self, sections: Sections) -> None:
        """Another lesson is shown: keep the cards where they hold edits."""
        path = sections.lesson.path
        if self._edited(sections):
            self._kept[path] = sections
            self.sections = None
        else:
            self._drop(sections)

    def _drop(self, sections: Sections) -> None:
        path = sections.lesson.path
        self._kept.pop(path, None)
        self._read.pop(path, None)
        self.widget.children = ()
        with self._lock:
            if self.sections is sections:
                self.sections = None
        sections.close()

    def _place(self, sections: Sections | None) -> None:
        """Put cards on the desk, told of everything that their lesson's run did."""
        if sections is self.sections and self.widget.children:
            return
        with self._lock:
            if sections is not None and sections.lesson.path not in self._kept:
                for event in self._heard:
                    if self._concerns(event, sections):
                        sections.hear(event)
            self.sections = sections
        if sections is not None:
            self._kept.pop(sections.lesson.path, None)
            sections.paint()
        self.widget.children = (sections.widget,) if sections else ()

    def _concerns(self, event: Event, sections: Sections) -> bool:
        lesson = getattr(event, "lesson", None)
        if lesson is None:
            mine = sections.lesson.path in self._paths
            return mine and isinstance(event, RunStarted | RunEnded)
        return bool(lesson < len(self._paths) and self._paths[lesson] == sections.lesson.path)
