"""The buttons of a card. A button that stays keeps its focus, whatever it is called next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ipywidgets as widgets

from .look import Shared, button


@dataclass(frozen=True)
class Tool:
    """What a button is called, says when hovered, and does. `key` tells which button it is."""

    key: str
    name: str
    tooltip: str
    does: Callable[[], None]


class Tools:
    """A row of buttons, each made when it is first offered.

    A page makes all buttons of a row anew from the first one that changed, and the focus is
    lost with them: so what is offered beside others comes after them.
    """

    def __init__(self, tools: Sequence[Tool], shared: Shared) -> None:
        self._buttons: dict[str, widgets.Button] = {}
        self._does: dict[str, Callable[[], None]] = {}
        self._shared = shared
        self.widget = widgets.HBox(
            self._row(tools), _dom_classes=("vidkit-row",), layout=shared.layout
        )

    def offer(self, tools: Sequence[Tool]) -> None:
        """Have these buttons, and no others, in this order."""
        row = self._row(tools)
        if row != self.widget.children:
            self.widget.children = row

    def _row(self, tools: Sequence[Tool]) -> tuple[widgets.Button, ...]:
        for tool in tools:
            self._does[tool.key] = tool.does
            made = self._buttons.get(tool.key)
            if made is None:
                made = self._buttons[tool.key] = self._made(tool)
            made.description, made.tooltip = tool.name, tool.tooltip
        return tuple(self._buttons[tool.key] for tool in tools)

    def _made(self, tool: Tool) -> widgets.Button:
        key, shared = tool.key, self._shared
        return button(tool.name, tool.tooltip, lambda: self._does[key](), shared=shared)

    def close(self) -> None:
        """Let go of the buttons."""
        for each in (*self._buttons.values(), self.widget):
            each.close()
