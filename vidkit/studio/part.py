"""What every part of a panel has, and how one is shown by itself."""

from __future__ import annotations

from typing import Protocol

import ipywidgets as widgets
from IPython.core.getipython import get_ipython
from IPython.display import display

from ..events import Event
from .look import STYLE
from .stored import Stored

KEYS = """<style onload="this.closest('.vidkit')?.addEventListener('focusin', ({target}) => {
  if (target.matches('select, audio, video, [tabindex]')) {
    target.setAttribute('data-lm-suppress-shortcuts', 'true') } })">.vidkit { }</style>"""
"""Leaves the arrow keys to lists, players and what can be scrolled: JupyterLab would take them, and
go to another cell. It asks for this very attribute, which no widget has."""


class Part(Protocol):
    """A part of a panel: cards, a timeline, meters. It has no base class, only this shape.

    widget: what is shown; `show` gives it the look that all parts share.
    """

    widget: widgets.Widget

    def hear(self, event: Event) -> None:
        """Take in an event of a run. Called in any thread; changes plain values only, quick."""
        ...

    def paint(self) -> None:
        """Show what changed since the last time; called at 10 Hz at most."""
        ...


def reveal(widget: widgets.Widget, there: bool) -> None:
    """Show a widget, or leave no room for one that holds nothing."""
    (widget.remove_class if there else widget.add_class)("vidkit-nothing")


def panel(*parts: widgets.Widget, stored: Stored | None = None) -> widgets.VBox:
    """Widgets under each other, with the look that all parts share. `stored` is out of sight as
    long as they are there.
    """
    box = widgets.VBox([widgets.HTML(STYLE + KEYS + (stored.hidden if stored else "")), *parts])
    box.add_class("vidkit")
    return box


def show(part: Part, stored: Stored | None = None) -> None:
    """Display one part by itself: what its `_ipython_display_` does. Where no widgets are shown,
    in a terminal, it is the part's `repr`. `stored` is shown by whoever has its page.
    """
    part.paint()
    if get_ipython() is None:
        print(repr(part))
        return
    bundle = panel(part.widget, stored=stored)._repr_mimebundle_()
    display(bundle | {"text/plain": repr(part)}, raw=True)
