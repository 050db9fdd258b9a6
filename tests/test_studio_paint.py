"""Painting while a run goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from stand_ins import written

from vidkit import api
from vidkit.api import Run
from vidkit.events import Event
from vidkit.studio import Painter
from vidkit.studio.widgets import Part


class Page(Part):
    """A part that counts; it notes whether the run was over at its last paint."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = 0
        self.paints: list[tuple[int, bool]] = []
        self.run: Run[Any] | None = None
        self.over = threading.Event()

    def on_event(self, event: Event) -> None:
        self.heard += 1

    def paint(self) -> None:
        over = self.run is not None and self.run.done()
        self.paints.append((self.heard, over))
        if over:
            self.over.set()


class Torn(Page):
    """A part that cannot be painted."""

    def paint(self) -> None:
        super().paint()
        raise ValueError("torn")


def made(page: Page, folder: Path) -> Run[Any]:
    """A short run that `page` hears."""
    page.run = api.start(
        written(folder, sections=2),
        listener=page.on_event,
        images="simulated:0.05",
        voice="simulated:latency=0.05,seconds=0.2",
        size=(64, 36),
        cache_dir=folder / "store",
        progress=False,
    )
    return page.run


def test_a_run_is_painted_while_it_goes_on_and_once_after_it_ended(tmp_path: Path) -> None:
    """Paints begin before the end, and the last one has seen every event and the end."""
    page = Page()
    run = made(page, tmp_path)
    Painter(0.01).watch(run, page).wait()
    assert not page.paints[0][1]
    assert page.paints[-1] == (page.heard, True)
    # the run may end while a paint is under way: that one may see it, too
    assert [over for _, over in page.paints].count(True) in (1, 2)


def test_a_run_that_is_over_already_is_painted_once(tmp_path: Path) -> None:
    """Whoever comes late sees how it ended."""
    page = Page()
    run = made(page, tmp_path)
    run.result()
    Painter().watch(run, page).wait()
    assert page.paints == [(page.heard, True)]


def test_a_part_that_fails_disturbs_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What cannot be painted is logged, and its neighbours are painted all the same."""
    torn, page = Torn(), Page()
    torn.run = run = made(page, tmp_path)
    with caplog.at_level(logging.ERROR, "vidkit.studio"):
        Painter().watch(run, torn, page).wait()
        assert run.result().made
    assert "Torn could not be painted" in caplog.text


class Slow(Part):
    """A part that counts; whoever looks at it first is held up."""

    def __init__(self) -> None:
        super().__init__()
        self.number = 1
        self.looked, self.go = threading.Event(), threading.Event()

    def values(self) -> Mapping[str, Any]:
        number = self.number
        if not self.looked.is_set():
            self.looked.set()
            self.go.wait()
        return {"run": {"number": number}}


def test_what_was_looked_at_earlier_is_not_shown_later() -> None:
    """A run's thread that is held up while it looks puts nothing over what a click has shown."""
    part = Slow()
    painter = threading.Thread(target=lambda: part.widget)
    painter.start()
    part.looked.wait()
    part.number = 2
    click = threading.Thread(target=part.show)
    click.start()
    click.join(0.1)  # it may have to wait for the first
    part.go.set()
    painter.join()
    click.join()
    assert part.widget.run == {"number": 2}
