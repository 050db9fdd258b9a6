"""Every call of a run as a bar on its lane, as it happens."""

from __future__ import annotations

import time
from collections.abc import Callable

import ipywidgets as widgets

from .. import timeline
from ..events import Event, Noticed, RunStarted
from ..showing import Page
from ..showing.html import html
from .look import button
from .part import show
from .stored import Stored

STILL = 0.25
"""Seconds between two paints while nothing happens and bars only grow."""
BYTES_A_SECOND = 250_000
"""What a large picture sends at most, so that a slow connection keeps up."""
RECENT = 120.0
"""Seconds that *Last 2 minutes* shows."""


class Timeline:
    """A run as a picture that grows with it. `timeline` has its bars and their tally as plain
    values, and `png()` is the same picture for a notebook that is to be read later.

    clock: seconds, from any origin; it moves what lasts on between two events.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.timeline = timeline.Timeline()
        self._clock = clock
        self._offset: float | None = None
        self._heard = 0
        self._shown = (-1, False)
        self._painted, self._size = float("-inf"), 0
        self._recent = False
        self._picture = widgets.HTML()
        self._span = button("Last 2 minutes", "Show the last two minutes, or all", self.turn)
        self._span.layout.display = "none"
        self.widget = widgets.VBox([self._picture, self._span])
        self.paint()
        self._painted = float("-inf")
        self._stored: Stored | None = None

    def _ipython_display_(self) -> None:
        self._stored = Stored()
        show(self, self._stored)
        self._store()

    def _store(self) -> None:
        """What a saved notebook shows: the picture when the run is over, words until then."""
        if self._stored is not None:
            over = self.timeline.ended is not None
            page = Page(repr(self), drawing=self.timeline.scene if over else None)
            self._stored.show(html(page))

    def __repr__(self) -> str:
        return self.timeline.sentence(self._now())

    def hear(self, event: Event) -> None:
        """Take in an event of the run, in any thread."""
        if isinstance(event, RunStarted) or self._offset is None:
            self._offset = None if isinstance(event, Noticed) else self._clock() - event.at
        self.timeline.hear(event)
        self._heard += 1

    def turn(self) -> None:
        """Show the last two minutes instead of the whole run, or the whole run again."""
        self._recent = not self._recent
        self._span.description = "Whole run" if self._recent else "Last 2 minutes"
        self.paint()

    def paint(self) -> None:
        """Show what changed; while nothing does, what lasts grows now and then."""
        state, clock = (self._heard, self._recent), self._clock()
        over = self.timeline.ended is not None
        still = state[0] == self._shown[0]
        if state == self._shown and (over or self._offset is None):
            return
        rest = max(self._size / BYTES_A_SECOND, STILL if still else 0.0)
        if not over and state[1] == self._shown[1] and clock < self._painted + rest:
            return
        now = self._now()
        since = max(0.0, now - RECENT) if self._recent else 0.0
        page = self.timeline.html(now=now, since=since)
        self._shown, self._painted, self._size = state, clock, len(page)
        self._picture.value = page
        if over:
            self._store()
        if now > RECENT:
            self._span.layout.display = ""

    def png(self, dark: bool = False) -> bytes:
        """The picture as it is now, as a PNG."""
        return self.timeline.png(dark=dark, now=self._now())

    def _now(self) -> float:
        """Seconds on the run's clock."""
        if self._offset is None or self.timeline.ended is not None:
            return self.timeline.last
        return max(self.timeline.last, self._clock() - self._offset)
