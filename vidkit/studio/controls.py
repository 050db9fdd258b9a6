"""The buttons that start, hold and end a run, and the line that says how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from ..events import Event, LessonEnded, LessonStarted, RunStarted, SectionEnded
from ..report import clock_time, count
from ..run import Run
from .look import button, words
from .part import reveal


class Controls:
    """*Make*, *Make all*, *Pause* and *Cancel*, and how far the run is.

    make, make_all: what the buttons start; make_all=None for a single lesson. `told` is what
    the line says.
    """

    def __init__(
        self, make: Callable[[], object], make_all: Callable[[], object] | None = None
    ) -> None:
        self._run: Run[Any] | None = None
        self.told = ""
        self._ending = False
        self._began = 0.0
        self._what = ""
        self._forget()
        self._make = button("Make", "Make the video of this lesson", make, chief=True)
        self._make_all = button(
            "Make all", "Make the videos of all lessons, as their files are", make_all or make
        )
        self._pause = button("Pause", "", self.pause)
        self._cancel = button("Cancel", "", self.cancel)
        starts = [self._make, self._make_all] if make_all else [self._make]
        self._row = widgets.HBox([*starts, self._pause, self._cancel])
        self._row.add_class("vidkit-row")
        self._said = widgets.HTML()
        self._bar = widgets.HTML()
        self.widget = widgets.VBox([self._row, self._said, self._bar])
        self.widget.add_class("vidkit-controls")
        self._settle()

    @property
    def run(self) -> Run[Any] | None:
        """The run that goes on, None where none does."""
        return self._run if self._run is not None and not self._run.done() else None

    def add(self, *buttons: widgets.Button) -> None:
        """Put further buttons beside the others."""
        self._row.children += buttons

    def watch(self, run: Run[Any], what: str) -> None:
        """Steer `run` until it is over; `what` is being made, in a few words."""
        self._run, self._what, self._ending = run, what, False
        self._began = time.monotonic()
        self._settle()
        self.paint()
        run.when_done(self._settle)

    def say(self, text: str, kind: str = "state") -> None:
        """Say something in the place of how far it is, until another run begins."""
        self._tell(text, kind)
        if self.run is None:
            reveal(self._bar, False)

    def pause(self) -> None:
        """Hold the run, or let it go on."""
        if (run := self.run) is not None:
            (run.resume if run.snapshot().paused else run.pause)()
            self._settle()
            self.paint()

    def cancel(self) -> None:
        """End the run: calls under way are finished and kept. A second time, those end too."""
        if (run := self.run) is not None:
            self._ending = True
            run.cancel()
            self._settle()
            self.paint()

    def hear(self, event: Event) -> None:
        """Count what is over."""
        match event:
            case RunStarted():
                self._forget()
                self._lessons = event.lessons or 0
            case LessonStarted():
                self._sections += len(event.sections)
            case SectionEnded() if event.state != "cancelled":
                self._over += 1
                self._failed += event.state != "made"
            case LessonEnded():
                self._lessons_over += 1
            case _:
                pass

    def paint(self) -> None:
        """Show how far it is."""
        run = self.run
        if run is None:
            return
        state = "Making"
        if self._ending:
            state = "Cancelling, and finishing what is under way:"
        elif run.snapshot().paused:
            state = "Paused:"
        failed = f", {self._failed} failed" if self._failed else ""
        lessons = ""
        if self._lessons > 1:
            lessons = f"{self._lessons_over} of {count(self._lessons, 'lesson')}, "
        done = f"{lessons}{self._over} of {count(self._sections, 'section')}{failed}"
        self._tell(f"{state} {self._what}: {done}")
        taken = clock_time(time.monotonic() - self._began)
        bar = (
            f'<div class="vidkit-progress"><progress max="{self._sections or 1}" '
            f'value="{self._over}" aria-label="sections that are over"></progress>'
            f'<span class="vidkit-small">{taken}</span></div>'
        )
        if self._bar.value != bar:
            self._bar.value = bar
            reveal(self._bar, True)

    def _forget(self) -> None:
        self._lessons = self._lessons_over = 0
        self._sections = self._over = self._failed = 0

    def _settle(self) -> None:
        """Let each button say what it would do now."""
        run = self.run
        busy = run is not None
        self._make.disabled = self._make_all.disabled = busy
        self._pause.disabled = self._cancel.disabled = not busy
        paused = run is not None and run.snapshot().paused
        self._pause.description = "Resume" if paused else "Pause"
        self._pause.tooltip = (
            "Go on where it was held" if paused else "Begin nothing more until Resume"
        )
        ending = busy and self._ending
        self._cancel.description = "Stop at once" if ending else "Cancel"
        self._cancel.tooltip = (
            "Break off what is under way; calls may have been paid"
            if ending
            else "End the run; what is under way is finished and kept"
        )

    def _tell(self, text: str, kind: str = "state") -> None:
        self.told = text
        page = f'<div role="status" aria-live="polite">{words(text, kind)}</div>'
        if self._said.value != page:
            self._said.value = page
