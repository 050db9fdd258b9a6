"""Tables as a slide can hold them: the first rows and columns, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence

from .blocks import Shown

MOST_ROWS = 8
MOST_COLUMNS = 7
LONGEST_CELL = 40
"""Rows, columns and characters of a cell that can still be read on a slide."""

ROWS_READ_ALOUD = 6


def table(rows: Sequence[Sequence[str]], heads: int, where: str, shape: str = "") -> Shown | None:
    """A table of which the first `heads` rows are names of columns; None where it is empty.

    shape: how large it is, in words of the source. Its own words are the cells of a small one.
    """
    width = max(map(len, rows), default=0)
    filled = [[*row, *[""] * (width - len(row))] for row in rows if any(row)]
    if not filled or width == 0:
        return None
    head = _head(filled[:heads], width)
    body = filled[heads:]
    if not body:
        return None
    shown = [[_cut(cell) for cell in _columns(row)] for row in (head, *body[:MOST_ROWS])]
    if len(body) > MOST_ROWS:
        shown.append(["…"] * len(shown[0]))
    small = len(body) <= ROWS_READ_ALOUD and width <= 4
    words = " ".join(_read(row) for row in (head, *body) if any(row)) if small else ""
    wish = {"layout": "table", "rows": shown} | ({"note": shape} if shape else {})
    return Shown(where, wish, words=words)


def _head(rows: list[list[str]], width: int) -> list[str]:
    """The names of the columns: the last of several rows of names wins, where it has one."""
    head = [""] * width
    for row in rows:
        head = [new or old for old, new in zip(head, row, strict=True)]
    return head


def _columns(row: list[str]) -> list[str]:
    if len(row) <= MOST_COLUMNS:
        return row
    return [*row[: MOST_COLUMNS - 2], "…", row[-1]]


def _cut(cell: str) -> str:
    return cell if len(cell) <= LONGEST_CELL else f"{cell[: LONGEST_CELL - 1]}…"


def _read(row: list[str]) -> str:
    return ", ".join(cell for cell in row if cell).rstrip(".") + "."
