"""A card for each section, in the lesson's order, that fills in as its parts arrive."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from typing import Any, Protocol

import ipywidgets as widgets

from .. import calls, loop
from ..errors import VidkitError
from ..events import Event, LessonStarted, RunEnded, RunStarted
from ..lesson import Lesson, Section, edited, save_lesson
from ..pipeline.choice import PartKind
from ..report import VideoReport, count
from ..retakes import take_back
from ..run import Run
from ..settings import Force, Settings
from .card import Card
from .face import dollars
from .grid import Grid
from .line import Line
from .look import Shared, button, words
from .others import other_takes
from .paint import Painter
from .part import show
from .stored import Stored


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
            plan = calls.plan(self.lesson, self.settings, only=[number], force=force)
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
        run = calls.start(lesson, None, settings=settings, listener=self.hear)
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
