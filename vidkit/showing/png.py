"""A page as a PNG: what came of it in words, the timeline, and the tables."""

from __future__ import annotations

from ..lettering import cut, width_of
from ..plain import in_brief
from ..timeline.dress import Role
from ..timeline.png import painted, saved
from ..timeline.scene import Line, Scene, Text, moved
from .html import small
from .page import WIDTH, Page, Row, Table

EDGE = 16
HEAD, BODY, NOTE = 15, 12, 11
ROW = 21
GAP = 18
"""Pixels between two columns."""
LEAST = 40
"""Pixels of a column that gives way to others."""
MOST_LINES = 8
MOST_ROWS = 12


def png(page: Page) -> bytes:
    """The page as a PNG, light, with two pixels for each one of its `WIDTH`."""
    scene = Scene(WIDTH, (EDGE, WIDTH - EDGE), height=float(EDGE))
    picture = small(page.picture)
    left = EDGE + (picture.width + GAP if picture is not None else 0)
    top = scene.height
    _lines(scene, page, left)
    if picture is not None:
        scene.height = max(scene.height, top + picture.height + EDGE)
    drawn = page.scene(scene.width - EDGE)
    if drawn is not None:
        _drawing(scene, drawn)
    for table in page.tables:
        if page.timeline is None or not table.detail:
            _table(scene, table)
    scene.height += EDGE - 6
    image = painted(scene)
    if picture is not None:
        large = picture.resize((picture.width * 2, picture.height * 2))
        image.paste(large, (EDGE * 2, round(top) * 2))
        return saved(image, pictured=True)
    return saved(image)


def _lines(scene: Scene, page: Page, left: float) -> None:
    """The head, what went wrong, and what there is to know."""
    room = scene.width - left - EDGE
    for text in wrapped(page.head, HEAD, room, 3):
        _say(scene, text, left, "ink", HEAD, strong=True)
    told: list[tuple[str, Role]] = [(line, "failed") for line in page.wrong]
    told += [(line, "quiet") for line in page.lines]
    for text, colour in told[:MOST_LINES]:
        for line in wrapped(text, BODY, room, 2):
            _say(scene, line, left, colour, BODY)
    if len(told) > MOST_LINES:
        _say(scene, f"… and {len(told) - MOST_LINES} more", left, "quiet", BODY)
    scene.height += 8


def _say(
    scene: Scene, text: str, left: float, colour: Role, size: int, strong: bool = False
) -> None:
    high = size * 1.5
    scene.put(Text(left, scene.height + high / 2, text, colour, size, strong=strong))
    scene.height += high


def wrapped(text: str, size: int, room: float, most: int) -> list[str]:
    """`text` on at most so many lines of `room` pixels, the last cut where it is too long."""
    words = in_brief(text).split()
    lines: list[str] = []
    while words and len(lines) < most:
        if len(lines) == most - 1:
            lines.append(cut(" ".join(words), size, room))
            break
        line = words.pop(0)
        while words and width_of(f"{line} {words[0]}", size) <= room:
            line = f"{line} {words.pop(0)}"
        lines.append(cut(line, size, room))
    return lines


def _drawing(scene: Scene, drawn: Scene) -> None:
    for thing in drawn.things:
        shapes = (moved(shape, 0, scene.height) for shape in thing.shapes)
        scene.add(thing.layer, *shapes)
    scene.height += drawn.height + 10


def _table(scene: Scene, table: Table) -> None:
    """Columns as wide as what is in them; the widest gives way where they do not fit."""
    scene.height += 6
    if table.caption:
        _say(scene, table.caption, EDGE, "quiet", BODY)
    widths = _widths(table, scene.width - 2 * EDGE)
    _row(scene, table, Row(table.columns), widths, "quiet", NOTE)
    rows, left_out = table.at_most(MOST_ROWS)
    for row in rows:
        _row(scene, table, row, widths, "failed" if row.wrong else "ink", BODY)
    if left_out:
        _say(scene, left_out, EDGE, "quiet", BODY)
    scene.height += 10


def _row(
    scene: Scene, table: Table, row: Row, widths: list[float], colour: Role, size: int
) -> None:
    x, y = float(EDGE), scene.height + ROW / 2
    for column, (cell, wide) in enumerate(zip(row.cells, widths, strict=True)):
        text = cut(in_brief(cell), size, wide)
        if column in table.numbers:
            scene.put(Text(x + wide, y, text, colour, size, "end"))
        else:
            scene.put(Text(x, y, text, colour, size))
        x += wide + GAP
    scene.height += ROW
    scene.put(Line(EDGE, scene.height - 0.5, x - GAP, scene.height - 0.5, "line"))


def _widths(table: Table, room: float) -> list[float]:
    columns = [
        [width_of(name, NOTE), *(width_of(in_brief(row.cells[i]), BODY) for row in table.rows)]
        for i, name in enumerate(table.columns)
    ]
    room -= GAP * (len(columns) - 1)
    widths = [min(max(column), room) for column in columns]
    while sum(widths) > room and max(widths) > LEAST:
        widths[widths.index(max(widths))] -= 1
    return widths
