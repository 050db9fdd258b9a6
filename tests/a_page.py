"""The page's side of a panel, without a browser: does what the modules in `static/` do."""

from __future__ import annotations

import itertools
from typing import Any

from vidkit.studio.widgets import Part, View

_numbers = itertools.count()


class Page:
    """A page that shows a part of a panel, or a whole Studio."""

    def __init__(self, part: Part) -> None:
        self.view: View = part.widget
        self._answers: list[tuple[dict[str, Any], list[bytes]]] = []
        self.view.send = self._heard  # type: ignore[method-assign]

    def _heard(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        self._answers.append((content, buffers or []))

    def did(self, part: str, do: str, *data: bytes, **given: Any) -> Any:
        """Have something done, and give what came of it."""
        reply = f"page-{next(_numbers)}"
        message = {"part": part, "do": do, "reply": reply, **given}
        self.view._handle_custom_msg(message, list(data))
        return next(told["value"] for told, _ in self._answers if told.get("reply") == reply)

    def fetched(self, token: str) -> tuple[bytes, str]:
        """All of a picture, a sound or a film, piece by piece, and its media type."""
        data, size, kind = b"", 1, ""
        while len(data) < size:
            message = {"part": "media", "do": "piece", "token": token, "offset": len(data)}
            self.view._handle_custom_msg(message, [])
            told, buffers = self._answers[-1]
            if "error" in told:
                raise KeyError(told["error"])
            size, kind = told["size"], told["type"]
            data += buffers[0]
        return data, kind

    def states(self) -> list[str]:
        """How each section stands, in the lesson's order."""
        states = self.view.states
        return [states[str(section["uid"])]["state"] for section in self.view.sections]

    def card(self, number: int) -> dict[str, Any]:
        """What the card of section `number` shows, counted from 1."""
        section: dict[str, Any] = self.view.sections[number - 1]
        return section | self.view.states[str(section["uid"])]
