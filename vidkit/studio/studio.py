"""The first panel: choose a lesson and its workers, *Make*, and watch the sections appear.

The cell that shows it returns at once. The run lives on vidkit's loop; a later cell may
`report = await studio`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from pathlib import Path
from typing import Any

import ipywidgets as widgets
from IPython.display import HTML, display

from .. import calls, loop
from ..errors import Cancelled, VidkitError
from ..lesson import Lesson, lesson_files, load_lesson
from ..report import VideoReport, count
from ..run import Run
from ..settings import MOST_WORKERS, Settings
from .look import STYLE, media, words
from .sections import Sections

PAINTS = 0.1
"""Seconds between two paints: a kernel that sends thousands of updates a second is cut off."""


class Studio:
    """A panel over the lessons of `folder`. Further keywords are settings of the run.

    `make()` does what the button does; `await` gives the report of the last run.
    Raises `LessonError` where the folder is missing or holds no lesson.
    """

    def __init__(self, folder: str | Path = "lessons", **settings: Any) -> None:
        self.settings = Settings(progress=False).with_(**settings)
        paths = lesson_files(folder)
        self.lesson = widgets.Dropdown(
            options=[(path.stem, path) for path in paths],
            description="Lesson",
            layout=widgets.Layout(width="auto"),
        )
        self.workers = widgets.BoundedIntText(
            self.settings.section_workers,
            min=1,
            max=MOST_WORKERS,
            description="Workers",
            layout=widgets.Layout(width="11em"),
        )
        self._make = _button("Make", "Make the video of this lesson", self.make)
        self._cancel = _button("Cancel", "Stop; what is finished is kept", self.cancel)
        self._cancel.disabled = True
        self._status = widgets.HTML()
        self._cards = widgets.VBox()
        self._video = widgets.Output()
        self._video.add_class("vidkit-video")
        choose = widgets.HBox(
            [self.lesson, self.workers, self._make, self._cancel],
            layout=widgets.Layout(flex_flow="row wrap", align_items="center"),
        )
        self.widget = widgets.VBox(
            [widgets.HTML(STYLE), choose, self._status, self._cards, self._video]
        )
        self.widget.add_class("vidkit")
        self._sections: Sections | None = None
        self._run: Run[VideoReport] | None = None
        self._say("Choose a lesson, then Make.")

    def _ipython_display_(self) -> None:
        display(self.widget)

    def make(self) -> None:
        """Start making the chosen lesson; returns at once."""
        if self._run is not None and not self._run.done():
            return
        try:
            lesson = load_lesson(self.lesson.value)
            cards = Sections(lesson, self.settings, self._make_again)
            self._start(lesson, cards)
        except VidkitError as error:
            self._say(str(error), "wrong")
            return
        self._cards.children = (cards.widget,)

    def _make_again(self, lesson: Lesson, **changes: Any) -> Run[VideoReport] | None:
        """Make the lesson of the cards, changed; not while another run goes on."""
        if self._sections is None or (self._run is not None and not self._run.done()):
            return None
        return self._start(lesson, self._sections, **changes)

    def _start(self, lesson: Lesson, cards: Sections, **changes: Any) -> Run[VideoReport]:
        run = calls.start(
            lesson,
            None,
            self.workers.value,
            settings=self.settings.with_(**changes),
            listener=cards.hear,
        )
        self._run, self._sections = run, cards
        self._video.outputs = ()
        self._make.disabled, self._cancel.disabled = True, False
        painter = loop.submit(self._keep_painting(run, cards))
        run.when_done(lambda: self._ended(run, cards, painter))
        return run

    def cancel(self) -> None:
        """Stop the run: calls under way are finished and kept."""
        if self._run is not None:
            self._run.cancel()

    def __await__(self) -> Generator[Any, None, VideoReport]:
        """The report of the run, whatever came of it."""
        if self._run is None:
            raise VidkitError("nothing is being made yet: press Make, or call make()")
        return self._run.__await__()

    def _ended(self, run: Run[VideoReport], cards: Sections, painter: loop.Work[None]) -> None:
        """Say how it went. Called once for each run, however it ended."""
        painter.cancel()
        self._make.disabled, self._cancel.disabled = False, True
        cards.paint()
        try:
            report = run.result()
        except VidkitError as error:
            self._say(str(error), "wrong")
            return
        if report.path is None:
            cancelled = isinstance(report.failure, Cancelled)
            self._say(str(report.failure), "state" if cancelled else "wrong")
            return
        self._say(str(report).splitlines()[0], "wrong" if report.failed else "state")
        self._video.append_display_data(HTML(media(report.path, report.title or report.name)))

    async def _keep_painting(self, run: Run[VideoReport], sections: Sections) -> None:
        while not run.done():
            sections.paint()
            total = len(sections.cards)
            self._say(
                f"{sections.over} of {count(total, 'section')}",
                bar=f'<progress max="{total}" value="{sections.over}"'
                ' aria-label="sections that are over"></progress>',
            )
            await asyncio.sleep(PAINTS)

    def _say(self, text: str, kind: str = "state", bar: str = "") -> None:
        page = f'<div role="status" aria-live="polite">{words(text, kind)}</div>{bar}'
        if self._status.value != page:
            self._status.value = page


def _button(name: str, tooltip: str, does: Any) -> widgets.Button:
    button = widgets.Button(description=name, tooltip=tooltip, layout=widgets.Layout(width="auto"))
    button.on_click(lambda _: does())
    return button
