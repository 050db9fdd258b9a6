"""A look at a lesson's slides before anything is made: one sheet, with each layout and why."""

from __future__ import annotations

import asyncio
import os
import uuid
from contextlib import suppress
from pathlib import Path

from PIL.PngImagePlugin import PngImageFile

from .errors import OutputError, SettingsError
from .lesson import Lesson
from .media import open_picture, sheet
from .paths import is_file, path_given, why_unwritable
from .pipeline import straight
from .pipeline.shape import image_ask
from .providers import image_makers
from .providers.slides import Slides
from .settings import Settings


def slide_sheet(lesson: Lesson, settings: Settings, out: Path) -> list[str]:
    """Draw all slides of a lesson and write them as one PNG to `out`; gives, for each section,
    the layout of its slide and why it was chosen.

    Raises `SettingsError` where the images are not slides, `OutputError` where `out` is
    somebody's file or cannot be written.
    """
    makers = [maker for maker in image_makers(settings) if isinstance(maker, Slides)]
    if not makers:
        raise SettingsError("only slides are laid out here: images='slides' or 'slides:dark'")
    out = path_given("-o", out, "the name of a PNG file")
    maker = makers[0]
    _refuse_stranger(out)
    asks = [image_ask(lesson, index, settings) for index in range(len(lesson.sections))]
    reasons = [maker.explain(ask) for ask in asks]

    async def draw() -> list[bytes]:
        pictures = [await maker.draw(ask, straight) for ask in asks]
        return [picture.data for picture in pictures]

    pictures = map(open_picture, asyncio.run(draw()))
    page = sheet(pictures, len(asks), reasons, size=settings.size)
    scratch = out.with_name(f".{uuid.uuid4().hex}.part")
    try:
        scratch.write_bytes(page)
        scratch.replace(out)
    except (OSError, ValueError) as error:
        with suppress(OSError, ValueError):
            scratch.unlink(missing_ok=True)
        why = why_unwritable(out, error, "-o", "file")
        raise OutputError(f"{out} cannot be written: {why}") from error
    return reasons


def _refuse_stranger(out: Path) -> None:
    """Raise `OutputError` where `out` is a file that is no sheet of vidkit's."""
    if not os.path.lexists(out):
        return
    if not is_file(out):
        raise OutputError(f"{out} is no file; choose another name with -o")
    try:
        with out.open("rb") as file:
            ours = PngImageFile(file).text.get("Software") == "vidkit"
    except Exception:
        ours = False
    if not ours:
        raise OutputError(f"{out} is not one of vidkit's sheets; choose another file with -o")
