"""Pictures of the result: a poster for the lesson, and one sheet with all its sections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw
from PIL.ImageFont import FreeTypeFont
from PIL.PngImagePlugin import PngInfo

from ..lettering import font_for
from .clip import picture_of
from .frame import Frame

_WIDTH = 320
_MARGIN = 28
_SPACE = 20
_TITLE, _SMALL = 15, 13
_LINES = 2

_PAPER, _INK, _FAINT, _LINE = "#f6f5f2", "#23262b", "#6d727a", "#d9d7d1"


def poster(clip: Path) -> bytes:
    """The PNG of what `clip` shows, in the size of its video.

    Raises `MediaError` for a clip that cannot be read.
    """
    return _png(picture_of(clip))


def contact_sheet(
    clips: Sequence[Path],
    titles: Sequence[str] = (),
    seconds: Sequence[float] = (),
    frame: Frame = Frame(),  # noqa: B008 (it is immutable)
) -> bytes:
    """A PNG with every section's picture, number, title and length, in their order.

    `clips` are their clips, made for `frame`; `titles` and `seconds` belong to those of the
    same place, and either may be shorter. Raises `MediaError` for a clip that cannot be read.
    """
    lengths = [_clock(length) for length in seconds]
    return sheet(map(picture_of, clips), len(clips), titles, lengths, frame.size)


def sheet(
    pictures: Iterable[Image.Image],
    number: int,
    titles: Sequence[str] = (),
    notes: Sequence[str] = (),
    size: tuple[int, int] = (1280, 720),
) -> bytes:
    """A PNG of so many `pictures`, all of `size` and read one after the other, each with its
    number, title and, at the right, note."""
    wide, high = size
    width = _WIDTH if wide >= high else _WIDTH * 9 // 16
    height = max(1, round(width * high / wide))
    columns = max(1, min(number, 4 if wide >= high else 6))
    rows = -(-number // columns)
    cell = height + 12 + (_LINES + 1) * 20
    page = Image.new(
        "RGB",
        (
            2 * _MARGIN + columns * width + (columns - 1) * _SPACE,
            2 * _MARGIN + rows * cell + max(0, rows - 1) * _SPACE,
        ),
        _PAPER,
    )
    for place, picture in enumerate(pictures):
        row, column = divmod(place, columns)
        corner = (_MARGIN + column * (width + _SPACE), _MARGIN + row * (cell + _SPACE))
        page.paste(picture.resize((width, height), Image.Resampling.LANCZOS), corner)
        ImageDraw.Draw(page).rectangle(
            (corner[0] - 1, corner[1] - 1, corner[0] + width, corner[1] + height), outline=_LINE
        )
        title = titles[place] if place < len(titles) else ""
        note = notes[place] if place < len(notes) else ""
        _caption(page, (corner[0], corner[1] + height + 10), width, place + 1, title, note)
    return _png(page)


def _caption(
    sheet: Image.Image, at: tuple[int, int], width: int, number: int, title: str, length: str
) -> None:
    draw = ImageDraw.Draw(sheet)
    left, top = at
    bold, plain = font_for(title, _TITLE), font_for(length, _SMALL)
    draw.text((left, top), str(number), fill=_FAINT, font=bold)
    draw.text((left + width, top + 1), length, fill=_FAINT, font=plain, anchor="ra")
    indent = round(draw.textlength(f"{number} ", font=bold)) + 4
    room = width - indent - round(draw.textlength(length, font=plain)) - 10
    for line in _wrapped(title, bold, room):
        draw.text((left + indent, top), line, fill=_INK, font=bold)
        top += 20


def _wrapped(text: str, font: FreeTypeFont, room: int) -> list[str]:
    """`text` in at most `_LINES` lines of `room` pixels, the last one cut where it is too long."""
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < _LINES:
        line, *words = words
        while words and font.getlength(f"{line} {words[0]}") <= room:
            line = f"{line} {words.pop(0)}"
        if len(lines) == _LINES - 1 and words:
            line = f"{line} {words[0]}…"
            words.clear()
        lines.append(line if font.getlength(line) <= room else _cut(line, font, room))
    return lines


def _cut(line: str, font: FreeTypeFont, room: int) -> str:
    line = line.removesuffix("…")
    while line and font.getlength(f"{line}…") > room:
        line = line[:-1]
    return f"{line.rstrip()}…"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _png(image: Image.Image) -> bytes:
    file = BytesIO()
    by_vidkit = PngInfo()
    by_vidkit.add_text("Software", "vidkit")
    image.save(file, "PNG", compress_level=6, pnginfo=by_vidkit)
    return file.getvalue()
