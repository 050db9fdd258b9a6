"""What a report shows, as plain values. Texts come from anywhere; they are made harmless here
for a terminal, and escaped where they become HTML.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..plain import printable
from ..timeline import Timeline
from ..timeline.scene import Scene
from ..wording import count

log = logging.getLogger("vidkit.showing")

WIDTH = 900
"""Pixels at which the PNG of a page is shown."""


@dataclass(frozen=True)
class Row:
    """A line of a table. wrong: it tells of something that went wrong."""

    cells: tuple[str, ...]
    wrong: bool = False


@dataclass(frozen=True)
class Table:
    """A table of `rows`, each of them a `noun`, such as "section".

    numbers: the columns that stand at the right. paths: those that are files to open. caption:
    what the table tells, where its columns do not say so. detail: what the rest of the page
    says in brief, and a small picture of it leaves out.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    noun: str
    numbers: frozenset[int] = frozenset()
    paths: frozenset[int] = frozenset()
    caption: str = ""
    detail: bool = False

    def without_empty(self) -> Table:
        """The table without the columns in which no row has anything."""
        there = [i for i in range(len(self.columns)) if any(row.cells[i] for row in self.rows)]
        return replace(
            self,
            columns=tuple(self.columns[i] for i in there),
            rows=tuple(Row(tuple(row.cells[i] for i in there), row.wrong) for row in self.rows),
            numbers=frozenset(place for place, i in enumerate(there) if i in self.numbers),
            paths=frozenset(place for place, i in enumerate(there) if i in self.paths),
        )

    def at_most(self, most: int) -> tuple[list[Row], str]:
        """So many rows at most, in their order, those that went wrong among them; and a line on
        the rest.
        """
        wrong = [place for place, row in enumerate(self.rows) if row.wrong]
        right = [place for place, row in enumerate(self.rows) if not row.wrong]
        chosen = sorted([*wrong, *right][:most])
        left, missed = len(self.rows) - len(chosen), max(0, len(wrong) - most)
        told = f"and {count(left, f'more {self.noun}')}" if left else ""
        if missed:
            told += f", {missed} of them not made"
        return [self.rows[place] for place in chosen], told


@dataclass(frozen=True)
class Page:
    """A report as it is shown.

    head: what came of it, in one sentence. lines: what a person should know besides; wrong:
    those of them that went wrong, shown first. told: the text for a terminal, where it differs
    from head, wrong and lines. link: a file to open from a notebook. picture: an image to show
    small. timeline: a run to draw; drawing: what draws something else, so many pixels wide.
    """

    head: str
    wrong: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    link: Path | None = None
    picture: Path | None = None
    timeline: Timeline | None = field(default=None, repr=False)
    drawing: Callable[[int], Scene] | None = field(default=None, repr=False)

    def scene(self, width: int) -> Scene | None:
        """What is drawn, if anything is."""
        if self.drawing is not None:
            return self.drawing(width)
        if self.timeline is None or not self.timeline.bars:
            return None
        from ..timeline.layout import laid_out

        return laid_out(self.timeline, width, self.timeline.last, 0.0)

    def text(self) -> str:
        """The page for a terminal: nothing in it is obeyed there."""
        rest = (f"  {line}" for line in (*self.wrong, *self.lines))
        return "\n".join(harmless(line) for line in (self.told or (self.head, *rest)))


def harmless(line: str) -> str:
    """A text from anywhere for a terminal; its further lines are indented."""
    first, *more = line.splitlines() or [""]
    return "\n".join([printable(first), *(f"    {printable(each.strip())}" for each in more)])


class Shown(ABC):
    """What shows itself: as lines in a terminal, as HTML with a PNG beside in a notebook."""

    @abstractmethod
    def _page(self) -> Page:
        """The report as a page."""

    def __repr__(self) -> str:
        return self._page().text()

    def _repr_html_(self) -> str:
        from .html import html

        return html(self._page())

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The report in each form that is asked for, and the size of its PNG in pixels."""
        page = self._page()
        makes = {"text/plain": _text, "text/html": _html, "image/png": _png}
        wanted = [kind for kind in makes if include is None or kind in include]
        data: dict[str, Any] = {}
        for kind in wanted:
            if exclude is None or kind not in exclude:
                try:
                    data[kind] = makes[kind](page)
                except Exception:
                    # a report must be read also where a picture of it cannot be drawn
                    log.exception("%s of a report could not be made", kind)
        about = {"image/png": {"width": WIDTH}} if "image/png" in data else {}
        return data, about


def _text(page: Page) -> str:
    return page.text()


def _html(page: Page) -> str:
    from .html import html

    return html(page)


def _png(page: Page) -> bytes:
    from .png import png

    return png(page)
