"""A look at a lesson before anything is made: what would fail, what its slides show, and which
words its voices would be handed. Nobody is asked, and nothing is paid.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from PIL.PngImagePlugin import PngImageFile

from ..core.errors import MediaError, OutputError, ProviderError, SettingsError
from ..core.paths import path_given, write_whole
from ..media.audio import check_sound
from ..media.film import first_picture
from ..media.frame import Frame
from ..media.images import check_picture, frame_picture
from ..media.video import sheet
from ..models.lesson import Lesson
from ..models.settings import Settings
from ..providers.base import ImageAsk, VoiceAsk, VoiceMaker, ungated
from ..providers.conversation import handed_text
from ..providers.files import own_on_a_slide
from ..providers.registry import image_makers
from ..providers.slides import Slides
from ..slides.slide import Slide
from ..text.speech import marked
from .assets import candidates, image_ask, voice_ask
from .batch import Job
from .context import Source
from .output import Output


def slide_faults(lesson: Lesson, settings: Settings) -> list[str]:
    """What is wrong with the slides that sections ask for, in words, the first section first.
    Nothing is drawn.
    """
    slides = _slides_of(lesson, settings)
    return [f"section {n}: {each}" for n, each in slides if isinstance(each, ProviderError)]


def slide_notes(lesson: Lesson, settings: Settings) -> list[str]:
    """What is not shown of the slides that sections ask for, in words. Nothing is drawn."""
    slides = [(n, each) for n, each in _slides_of(lesson, settings) if isinstance(each, Slide)]
    return [f"section {number}: {note}" for number, slide in slides for note in slide.notes]


def _slides_of(lesson: Lesson, settings: Settings) -> Iterator[tuple[int, Slide | ProviderError]]:
    """The slide of each section that asks for one, by its number, or what is wrong with it."""
    slides = Slides()
    for index, section in enumerate(lesson.sections):
        if section.slide:
            try:
                yield index + 1, slides.slide(image_ask(lesson, index, settings))
            except ProviderError as error:
                yield index + 1, error


def faults_before(job: Job, lesson: Lesson, settings: Settings) -> list[str]:
    """Why a run would fail, or a section of it, as far as that can be seen before it is made: in
    the files that the lesson brings, its slides, its output folder. Nobody is asked.
    """
    found = [str(job.refusal)] if job.refusal else []
    try:
        Output(job.folder).demand_free(range(len(lesson.sections)))
    except OutputError as error:
        found.append(str(error))
    for number, section in enumerate(lesson.sections, 1):
        checks: list[Callable[[], object]] = []
        if section.image:
            checks.append(partial(check_picture, section.image))
        if section.audio:
            checks.append(partial(check_sound, section.audio))
        if section.video:
            checks.append(partial(first_picture, section.video, (160, 90)))
        found += [f"section {number}: {why}" for check in checks if (why := _wrong(check))]
    if lesson.music and (why := _wrong(partial(check_sound, lesson.music.file))):
        found.append(why)
    return [*found, *slide_faults(lesson, settings)]


def _wrong(check: Callable[[], object]) -> str | None:
    """What a check of a file complains of."""
    try:
        check()
    except (MediaError, OSError) as error:
        return str(error)
    return None


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
    if out.suffix.lower() in (".pdf", ".svg", ".html"):
        raise SettingsError(f"the sheet is a PNG picture, and {out} is not: end its name in .png")
    maker = makers[0]
    _refuse_stranger(out)
    asks = [image_ask(lesson, index, settings) for index in range(len(lesson.sections))]
    own = [ask.film is not None or (bool(ask.file) and not own_on_a_slide(ask)) for ask in asks]
    reasons = [_own(ask) if its else maker.explain(ask) for its, ask in zip(own, asks, strict=True)]

    async def draw() -> list[bytes | Path]:
        return [
            _picture_of(ask) if its else (await maker.draw(ask, ungated)).data
            for its, ask in zip(own, asks, strict=True)
        ]

    frame = Frame(settings.size, fit=settings.fit)
    pictures = (frame_picture(each, frame) for each in asyncio.run(draw()))
    page = sheet(pictures, len(asks), reasons, size=settings.size)
    write_whole(out, [page], "-o")
    return reasons


def _own(ask: ImageAsk) -> str:
    """Where a section's picture comes from that is none of ours."""
    its = ask.film.file if ask.film is not None else ask.file
    return f"its own {'film' if ask.film is not None else 'picture'}: {its.name if its else ''}"


def _picture_of(ask: ImageAsk) -> bytes | Path:
    """A section's own picture, or what is first shown of its own film."""
    if ask.film is not None:
        return first_picture(ask.film, ask.size)
    assert ask.file is not None
    return ask.file


def _refuse_stranger(out: Path) -> None:
    """Raise `OutputError` where `out` is a file that is no sheet of vidkit's."""
    if not os.path.lexists(out):
        return
    if not out.is_file():
        raise OutputError(f"{out} is no file; choose another name with -o")
    try:
        with out.open("rb") as file:
            ours = PngImageFile(file).text.get("Software") == "vidkit"
    except Exception:  # a damaged picture surfaces as one of many classes
        ours = False
    if not ours:
        raise OutputError(f"{out} is not one of vidkit's sheets; choose another file with -o")


def spoken_sections(
    lesson: Lesson, settings: Settings, makers: Sequence[VoiceMaker]
) -> Iterator[str]:
    """For each section its text as the one of `makers` that would speak it is handed it, the
    places that differ marked: "It is ⟦5 km → 5 kilometres⟧ long."
    """
    sources = [Source(maker) for maker in makers]
    for index, section in enumerate(lesson.sections):
        ask = voice_ask(lesson, index, settings)
        if ask.file is not None:
            yield f"(its own sound: {ask.file.name})"
            continue
        unsaid = ""
        for each in candidates("audio", lesson, index, settings, sources):
            assert isinstance(each.ask, VoiceAsk)
            try:
                said = handed_text(each.maker, each.ask)
            except ProviderError as error:
                unsaid = unsaid or f"({each.name}: {error})"
                continue
            yield marked(section.content, said) if said is not None else f"({each.name}: unknown)"
            break
        else:
            yield unsaid
