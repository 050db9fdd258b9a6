"""Paints parts while a run goes on, so that they need no thread or clock of their own."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from .. import loop
from ..run import Run
from .part import Part

log = logging.getLogger("vidkit.studio")

PAINTS = 0.1
"""Seconds between two paints: a kernel that sends thousands of updates a second is cut off."""


class Painter:
    """Paints parts every `seconds` while a run goes on, and once after it ended."""

    def __init__(self, seconds: float = PAINTS) -> None:
        self.seconds = seconds

    def watch(self, run: Run[Any], *parts: Part) -> None:
        """Paint `parts` from now on until `run` is over, in vidkit's thread. Returns at once.

        A part to which nothing happened sends nothing, so waiting costs a look at each part.
        """
        painting = loop.submit(self._paint_on(run, parts))
        run.when_done(painting.cancel)
        run.when_done(lambda: paint(parts))

    async def _paint_on(self, run: Run[Any], parts: tuple[Part, ...]) -> None:
        while not run.done():
            paint(parts)
            await asyncio.sleep(self.seconds)


def paint(parts: tuple[Part, ...]) -> None:
    """Paint each part; one that fails is logged and disturbs neither the run nor the others."""
    for part in parts:
        try:
            part.paint()
        except Exception:
            log.exception("%s could not be painted", type(part).__name__)
