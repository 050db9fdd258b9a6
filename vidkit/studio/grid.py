"""Cards beside and under each other, no more at once than a page and its kernel bear."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets

from .card import Card
from .look import Shared, button, words

AT_ONCE = 60
"""Cards. A server drops what a kernel sends beyond 3,000 messages in three seconds, and a card
is seven of them."""


class Grid:
    """The cards of a lesson; of more than `AT_ONCE`, so many at a time. A card that was never
    shown has no widgets.
    """

    def __init__(self, cards: Sequence[Card], shared: Shared) -> None:
        self._cards = cards
        self._first = 0
        self._where = widgets.HTML()
        earlier, later = f"Show the {AT_ONCE} sections before", f"Show the {AT_ONCE} sections after"
        self._earlier = button("Earlier sections", earlier, lambda: self._turn(-1))
        self._later = button("Later sections", later, lambda: self._turn(1))
        self._turning = widgets.HBox(
            [self._earlier, self._later, self._where], _dom_classes=("vidkit-bar",)
        )
        self._box = widgets.Box(_dom_classes=("vidkit-cards",), layout=shared.layout)
        several = len(cards) > AT_ONCE
        self.widget = widgets.VBox([self._turning, self._box] if several else [self._box])
        self._turn(0)

    @property
    def shown(self) -> Sequence[Card]:
        """The cards that are shown now."""
        return self._cards[self._first : self._first + AT_ONCE]

    def _turn(self, way: int) -> None:
        """Show the cards before those that are shown (-1), or those after them (1)."""
        self._first += way * AT_ONCE
        for card in self.shown:
            card.paint()
        self._box.children = [card.widget for card in self.shown]
        self._earlier.disabled = self._first == 0
        self._later.disabled = self._first + AT_ONCE >= len(self._cards)
        last = self._first + len(self.shown)
        self._where.value = words(f"{self._first + 1} to {last} of {len(self._cards)}")

    def close(self) -> None:
        """Let go of its widgets; the cards close themselves."""
        buttons = (self._earlier, self._later, self._where)
        for each in (*buttons, self._turning, self._box, self.widget):
            each.close()
