"""The lessons of a batch, where each goes, its slides on a sheet, and who can draw and speak."""

from __future__ import annotations

import asyncio
import glob
import os
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from PIL.PngImagePlugin import PngImageFile

from ..core import loop
from ..core.errors import MediaError, OutputError, ProviderError, SettingsError, VidkitError
from ..core.paths import is_file, is_folder, path_given, resolved, shortened, write_whole
from ..media.audio import check_sound
from ..media.film import first_picture
from ..media.frame import Frame
from ..media.images import check_picture, frame_picture
from ..media.video import sheet
from ..models.files import is_lesson_name, lesson_files, lesson_order
from ..models.lesson import Lesson
from ..models.settings import Settings, settled
from ..providers.base import ImageAsk, VoiceAsk
from ..providers.files import own_on_a_slide
from ..providers.registry import AUTO, Kind, image_makers, names, registered, voice_makers
from ..providers.slides import Slides
from .assets import image_ask, price
from .batch import Job
from .context import scrubbed, ungated
from .output import Output

# The lessons of a batch, in their order, and the folder to which the output of each goes.
#
# A batch draws them one by one, when a worker is free: a generator of ten thousand lessons is
# never held as a list, and no file is opened before its turn.


Pathlike = str | Path
Lessons = Pathlike | Lesson | Iterable[Pathlike | Lesson]
"""What a batch may be made of: a folder, a glob such as "lessons/*.json", a list of files and
`Lesson`s, or a generator of them."""


class LessonSource:
    """The lessons of a batch. Going through it gives a `Job` for each, and can be done once
    where they come from a generator.

    lessons: as in `Lessons`. output_dir: the folder that the outputs go to, as `output_<name>`
    in folders as they are around the lessons; None is beside each lesson.

    count: how many lessons there are, None where a generator knows. home: the folder for what
    concerns them all, None where they lie in several, or a generator knows where. notes:
    sentences about lessons that were left out, because they were named before.

    Raises `SettingsError` where there is no lesson, or something is named that is none.
    """

    def __init__(self, lessons: Lessons, output_dir: Pathlike | None = None) -> None:
        self.notes: list[str] = []
        self._into = None if output_dir is None else folder_given("output_dir", output_dir)
        self._base: Path | None = None
        self._apart = False
        self._source: Iterable[Path | Lesson]
        self.count: int | None = None
        if isinstance(lessons, str | Path):
            self._base, named = _found(path_given("base_dir", lessons))
            self._source = self._once(named)
        elif isinstance(lessons, Lesson):
            self._source = [lessons]
        elif isinstance(lessons, bytes | Mapping) or not isinstance(lessons, Iterable):
            raise SettingsError(
                f"base_dir is {shortened(lessons)}; give a folder of lessons, a glob, a list of "
                "them or a generator"
            )
        elif isinstance(lessons, Collection):
            listed = [_lesson(each) for each in lessons]
            if not listed:
                raise SettingsError("base_dir is an empty list; name at least one lesson")
            self._base = _common(listed)
            self._source = self._once(listed)
            self._apart = any(_path(each).parent.absolute() != self._base for each in listed)
        else:
            self._source = self._drawn(iter(lessons))
        if isinstance(self._source, list):
            self.count = len(self._source)

    @property
    def home(self) -> Path | None:
        """Where the report of the whole batch goes."""
        return self._into or (None if self._apart else self._base)

    def __iter__(self) -> Iterator[Job]:
        taken: set[str] = set()
        for lesson in self._source:
            path = _path(lesson)
            folder = self._output(path)
            mark = str(folder.absolute()).casefold()
            refusal = None
            if mark in taken:
                refusal = OutputError(
                    f"{path} would be written to {folder}, as another lesson of this batch is; "
                    "rename one of them"
                )
            taken.add(mark)
            yield Job(lesson, folder, refusal)

    def _output(self, path: Path) -> Path:
        if self._into is None:
            return output_folder(path)
        parent = path.parent.absolute()
        for base in (self._base, Path.cwd()):
            if base is not None and parent.is_relative_to(base.absolute()):
                place = self._into / parent.relative_to(base.absolute())
                return output_folder(place / path.name)
        return output_folder(self._into.joinpath(*parent.parts[1:], path.name))

    def _once(self, named: list[Path | Lesson]) -> list[Path | Lesson]:
        """Each lesson once, under its own name rather than that of a link to it."""
        files = {id(each): _file(each) for each in named}
        own = {
            file: each
            for each in reversed(named)
            if (file := files[id(each)]) is not None and not _is_link(each)
        }
        kept: list[Path | Lesson] = []
        for each in named:
            file = files[id(each)]
            if file is None or own.setdefault(file, each) is each:
                kept.append(each)
            else:
                first = own[file]
                how = "was named before" if first == each else f"is the same lesson as {first}"
                self.notes.append(f"{each} {how}, and is made once")
        return kept

    def _drawn(self, source: Iterator[Pathlike | Lesson]) -> Iterator[Path | Lesson]:
        """What a generator gives, each lesson once."""
        seen: set[str] = set()
        for given in source:
            lesson = _lesson(given)
            if (file := _file(lesson)) is not None:
                if file in seen:
                    self.notes.append(f"{lesson} was named before, and is made once")
                    continue
                seen.add(file)
            yield lesson


def output_folder(lesson: Path) -> Path:
    """`output_<name>` beside a lesson's file; `1.JSON` keeps its suffix there, to be told from
    `1.json`.
    """
    odd = lesson.suffix != ".json" and lesson.suffix.casefold() == ".json"
    return lesson.parent / f"output_{lesson.name if odd else lesson.stem}"


def folder_given(name: str, value: object) -> Path:
    """The folder that the argument `name` gives, which need not be there yet."""
    folder = path_given(name, value, "the path of a folder")
    if is_file(folder):
        raise SettingsError(f"{name} is {folder}, which is a file; name a folder")
    return folder


def _lesson(given: object) -> Path | Lesson:
    return given if isinstance(given, Lesson) else path_given("base_dir", given)


def _found(path: Path) -> tuple[Path, list[Path | Lesson]]:
    """The lessons of a folder or of a glob, and the folder that holds them."""
    if is_folder(path) or is_file(path) or not glob.has_magic(str(path)):
        return path, list(lesson_files(path))
    plain = list(path.parts[: next(i for i, p in enumerate(path.parts) if glob.has_magic(p))])
    found = [Path(each) for each in glob.glob(str(path), recursive=True)]  # noqa: PTH207
    lessons = [each for each in found if is_lesson_name(each.name) and not each.is_dir()]
    if not lessons:
        raise SettingsError(f"no lesson fits {path}; check the pattern")
    lessons.sort(key=lesson_order)
    return Path(*plain), list(lessons)


def _common(lessons: list[Path | Lesson]) -> Path | None:
    """The folder in which all lessons lie, however deep; None where that is no folder at all."""
    parents = [os.path.abspath(_path(each).parent) for each in lessons]  # noqa: PTH100
    try:
        common = Path(os.path.commonpath(parents))
    except ValueError:  # on several drives
        return None
    return common if common != Path(common.anchor) else None


def _path(lesson: Path | Lesson) -> Path:
    return lesson.path if isinstance(lesson, Lesson) else lesson


def _file(lesson: Path | Lesson) -> str | None:
    """The file that a path names in the end; None for a `Lesson`, which is as it is."""
    return None if isinstance(lesson, Lesson) else str(resolved(lesson))


def _is_link(lesson: Path | Lesson) -> bool:
    return isinstance(lesson, Path) and os.path.islink(lesson)  # noqa: PTH114 - which never raises


# A look at a lesson's slides before anything is made: one sheet, with each layout and why.


def slide_faults(lesson: Lesson, settings: Settings) -> list[str]:
    """What is wrong with the slides that sections ask for, in words, the first section first.
    Nothing is drawn.
    """
    slides, faults = Slides(), []
    for index, section in enumerate(lesson.sections):
        if section.slide:
            try:
                slides.slide(image_ask(lesson, index, settings))
            except ProviderError as error:
                faults.append(f"section {index + 1}: {error}")
    return faults


def slide_notes(lesson: Lesson, settings: Settings) -> list[str]:
    """What is not shown of the slides that sections ask for, in words. Nothing is drawn."""
    slides, notes = Slides(), []
    for index, section in enumerate(lesson.sections):
        with suppress(ProviderError):  # a fault, which `slide_faults` tells
            shown = slides.slide(image_ask(lesson, index, settings)) if section.slide else None
            notes += [f"section {index + 1}: {note}" for note in (shown.notes if shown else ())]
    return notes


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
    if not is_file(out):
        raise OutputError(f"{out} is no file; choose another name with -o")
    try:
        with out.open("rb") as file:
            ours = PngImageFile(file).text.get("Software") == "vidkit"
    except Exception:  # a damaged picture surfaces as one of many classes
        ours = False
    if not ours:
        raise OutputError(f"{out} is not one of vidkit's sheets; choose another file with -o")


# What providers there are, what each needs and costs, and whether it can be used.


CHECK_SECONDS = 10.0
"""Seconds for which a provider is waited for."""

MINUTE = "A leaf makes sugar out of light. " * 22
"""As many words as are spoken in a minute: 154."""


@dataclass(frozen=True)
class Offer:
    """A provider that there is.

    needs: what it needs and whether that is there, without any secret. cost: what it costs, in
    words. models: those that it can be told to use. package: who registered it, None for
    vidkit's own. usable: whether it can be used, None where nobody looked; `found` says how it
    was found out, or why not.
    """

    kind: Kind
    name: str
    needs: str = ""
    cost: str = ""
    models: tuple[str, ...] = ()
    package: str | None = None
    usable: bool | None = None
    found: str = ""
    maker: Any = field(default=None, repr=False, compare=False)

    def lines(self) -> list[str]:
        """It in words, the name apart."""
        package = f"of the package {self.package}" if self.package else ""
        told = ["; ".join(filter(None, (self.needs, self.cost, package)))]
        if self.models:
            told.append(f"models: {', '.join(self.models)}")
        if self.usable is not None:
            told.append(f"{'can be used' if self.usable else 'cannot be used'}: {self.found}")
        return told


def offers(settings: Settings | None = None) -> list[Offer]:
    """All providers, images first, by name. Nothing is asked of anybody."""
    chosen = settled(settings, {})
    kinds: tuple[Kind, ...] = ("images", "voice")
    return [offer(kind, name, chosen) for kind in kinds for name in names(kind) if name != AUTO]


def check(several: Sequence[Offer], seconds: float = CHECK_SECONDS) -> list[Offer]:
    """The same offers, each with whether it can be used. All are looked at side by side, none
    for longer than `seconds`, and nothing is paid: an offline provider is tried, one that asks
    a service is asked what costs nothing.
    """

    async def all_of_them() -> list[Offer]:
        return list(await asyncio.gather(*(_checked(offer, seconds) for offer in several)))

    return loop.run(all_of_them())


def table(several: Sequence[Offer]) -> str:
    """The offers as text, a line or more for each."""
    width = max((len(offer.name) for offer in several), default=0)
    lines: list[str] = []
    for kind in dict.fromkeys(offer.kind for offer in several):
        lines.append(kind)
        for offer in several:
            if offer.kind == kind:
                head, *rest = offer.lines()
                lines.append(f"  {offer.name:{width}}  {head}".rstrip())
                lines += [f"  {'':{width}}  {line}" for line in rest]
    return "\n".join(lines)


def offer(kind: Kind, name: str, settings: Settings) -> Offer:
    """The provider that is called `name`. Nothing is asked of anybody."""
    if name == AUTO:
        return Offer(kind, name, "nothing: the best voice here speaks that knows the language")
    point = next((point for point in registered(kind) if point.name == name), None)
    package = _package(point)
    try:
        # beside another, so that one without its key is given too
        maker: object
        if kind == "images":
            maker, _ = image_makers(settings.with_(images=(name, "simulated")))
        else:
            maker, _ = voice_makers(settings.with_(voice=(name, "simulated")))
    except Exception as error:
        # a package of somebody else may raise anything
        return Offer(kind, name, package=package, usable=False, found=_why(error))
    online = getattr(maker, "online", False)
    needs = getattr(maker, "needs", "a network" if online else "nothing: it works offline")
    found = Offer(
        kind, name, needs, _cost(kind, maker, settings), getattr(maker, "models", ()), package
    )
    missing = getattr(maker, "missing", None)
    if missing is not None:
        found = replace(found, usable=False, found=_why(missing))
    return replace(found, maker=maker)


def _package(point: EntryPoint | None) -> str | None:
    if point is None:
        return None
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value


def _asks(kind: Kind, settings: Settings) -> ImageAsk | VoiceAsk:
    """Something usual to ask for: a picture, or a minute of speech."""
    if kind == "images":
        return ImageAsk("A leaf in the sun.", MINUTE, "Leaves", "en", settings.size)
    return VoiceAsk(MINUTE, "en")


def _cost(kind: Kind, maker: object, settings: Settings) -> str:
    try:
        dollars = price(maker, _asks(kind, settings))
    except VidkitError:
        dollars = None
    if dollars is None:
        return "its price is not known"
    if dollars == 0:
        return "free"
    what = "a minute of speech"
    if kind == "images":
        what = f"a picture of {settings.size[0]} × {settings.size[1]}"
    day = getattr(maker, "priced", None)
    return f"about ${dollars:.2g} for {what}" + (f" (prices of {day})" if day else "")


async def _checked(offer: Offer, seconds: float) -> Offer:
    if offer.usable is not None or offer.maker is None:
        return offer
    maker = offer.maker
    look = getattr(maker, "check", None) or _trial(offer)
    if look is None:
        return replace(offer, found="it has no way to be checked without paying")
    try:
        async with asyncio.timeout(seconds):
            found = await look()
    except TimeoutError:
        return replace(offer, usable=False, found=f"no answer in {seconds:g} s")
    except Exception as error:
        return replace(offer, usable=False, found=_why(error))
    finally:
        if (close := getattr(maker, "aclose", None)) is not None:
            await close()
    return replace(offer, usable=True, found=str(found))


def _trial(offer: Offer) -> Callable[[], Awaitable[str]] | None:
    """Makes something small with a provider that is offline and free."""
    maker = offer.maker
    if getattr(maker, "online", False) or getattr(maker, "price", None) != 0:
        return None

    async def try_it() -> str:
        if offer.kind == "images":
            ask = ImageAsk("A leaf.", "Leaves are green.", "Leaves", "en", (320, 180))
            await maker.draw(ask, ungated)
            return "a picture was drawn"
        await maker.speak(VoiceAsk("Leaves are green.", "en"), ungated)
        return "a sentence was spoken"

    return try_it


def _why(error: Exception) -> str:
    """An error on one line."""
    text = str(error) if isinstance(error, VidkitError) else f"{type(error).__name__}: {error}"
    return " ".join(scrubbed(text).split())
