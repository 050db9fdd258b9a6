"""Slides drawn on this machine: no key, no network, the same bytes every time.

`images="slides"`, or with options: `slides:dark`, `slides:theme=dark,accent=#2a6f97,font=Lato`.
What a slide shows is chosen in `vidkit.slides`; this file sets it with typst.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import typst

from .. import slides
from ..core.errors import ProviderError, SettingsError
from ..core.fonts import Font, Ranges, by_preference, choose_fonts, coverage, replaced, uncovered
from ..core.system import in_forked_child
from ..models.files import MOST_PICTURE, digest
from ..slides.analysis import Reading
from ..slides.layouts import choose
from ..slides.override import wished
from ..slides.render import (
    ACCENT,
    SHORT_SIDE,
    Frame,
    Palette,
    palette,
    regions,
    spec,
    without_emoji,
)
from ..slides.slide import Region, Slide
from ..text.maths import plain
from .base import ImageAsk, Picture, Request, options, some

PROVIDES = {"images": {"slides": "images"}}

FOLDER = Path(slides.__file__).parent
FONTS = FOLDER / "fonts"

_SHAPING = (".py", ".toml", ".typ", ".otf", ".xz")
LEGIBLE = 32
"""Points of 1080 of the smallest text on a slide that is not divided; twelve pixels of a video that
is 400 high."""

_version = cache(version)
_THREADS = 2  # a slide keeps one core busy; more threads than that only hold memory
_compilers = threading.local()


@in_forked_child
def _forget() -> None:
    """In a forked child: threads are the parent's, and what they compile with as well."""
    global _compilers
    _threads.cache_clear()
    _compilers = threading.local()


@dataclass(frozen=True, slots=True)
class Style:
    """How all slides of a run look: `theme` "light" or "dark", `accent` "#rrggbb", `font` a
    family of this machine.
    """

    theme: str = "light"
    accent: str = ACCENT
    font: str | None = None

    @property
    def palette(self) -> Palette:
        """The colours; raises `SettingsError` for a theme or an accent that is none."""
        return palette(self.theme, self.accent)


class Slides:
    """The image provider "slides": a slide for each section, set from its own words."""

    name = "slides"
    price = 0.0
    local = True
    places: int | None = None

    def __init__(self, style: Style | None = None) -> None:
        self.style = style if style is not None else Style()
        self._palette = json.dumps(asdict(self.style.palette), sort_keys=True)
        self._own = _family(self.style.font) if self.style.font else ()

    def shape(self, ask: ImageAsk) -> Mapping[str, Any]:
        """All that shapes a slide: the section's words, the style, the template, the fonts."""
        words = json.dumps(
            [ask.title, ask.narration, ask.description, dict(ask.slide)], ensure_ascii=False
        )
        return {
            "title": ask.title,
            "narration": ask.narration,
            "description": ask.description,
            "language": ask.language,
            "slide": dict(ask.slide),
            "size": list(ask.size),
            **({"file": digest(ask.file, MOST_PICTURE)} if ask.file else {}),
            "theme": self.style.theme,
            "accent": self.style.accent,
            "font": self.style.font,
            "fonts": sorted({_file_digest(font.path) for font in self._own}),
            "borrowed": _fingerprint() if uncovered(without_emoji(words), _bundled()) else None,
            "template": _digest(),
            "typst": _version("typst"),
        }

    async def draw(self, ask: ImageAsk, request: Request) -> Picture:
        """The slide for `ask` as a PNG of exactly `ask.size`."""
        loop = asyncio.get_running_loop()

        async def send() -> Picture:
            return await loop.run_in_executor(
                _threads(), lambda: self.picture(self.slide(ask), ask.size)
            )

        return await request(send)

    def slide(self, ask: ImageAsk) -> Slide:
        """What the slide for `ask` shows, with its `layout` and, in `why`, the reason for it.
        Raises `Refused` where the section asks for what cannot be.
        """
        reading = Reading.of(ask.narration, ask.description, ask.title, ask.language)
        return wished(ask.slide, reading, ask.file) if ask.slide else choose(reading)

    def explain(self, ask: ImageAsk) -> str:
        """The layout of the slide for `ask` and why, in a sentence."""
        slide = self.slide(ask)
        return f"{slide.layout}: {slide.why}; the headline is {slide.headline_why}"

    def picture(self, slide: Slide, size: tuple[int, int]) -> Picture:
        """`slide` as a PNG of `size`, with less on it as long as it does not fit. Takes some 50 ms
        and a core; `draw` does it in a thread of its own.
        """
        frame = Frame.of(size)
        shown, drawn = self._fitted(slide, frame)
        whole = shown.entries == slide.entries and (
            shown.points == slide.points or slide.layout != "points"
        )
        readable = drawn.smallest is None or drawn.smallest >= LEGIBLE
        halves = None if whole and readable else slide.halves()
        if halves is None:
            return replace(drawn, notes=(*slide.notes, *drawn.notes))
        (one, drawn), (other, following) = (self._fitted(half, frame) for half in halves)
        moved = {"entry": len(halves[0].entries), "point": len(halves[0].points)}
        notes = (*slide.notes, *drawn.notes)
        if (one.entries, other.entries) != tuple(half.entries for half in halves):
            notes = (*notes, "two slides do not hold all of the section; divide it")
        rest = tuple(_on_next_page(region, moved) for region in following.regions)
        return replace(drawn, notes=notes, pages=(following.data,), regions=drawn.regions + rest)

    def _fitted(self, slide: Slide, frame: Frame) -> tuple[Slide, Picture]:
        """As much of `slide` as fits, and its picture."""
        fitting: Slide | None = slide
        while fitting is not None:
            slide = fitting
            drawn, over = self._set(slide, frame)
            small = drawn.smallest is not None and drawn.smallest < LEGIBLE
            fewer_points = small and slide.entries and slide.points and not slide.halves()
            fewer_points = fewer_points or (small and any(len(s.points) > 1 for s in slide.sides))
            fitting = slide.lighter() if over or fewer_points else None
        return slide, drawn

    def fits(self, slide: Slide, size: tuple[int, int]) -> bool:
        """Whether all of `slide` keeps to its room in a frame of `size`, at sizes one can read."""
        return not self._set(slide, Frame.of(size))[1]

    def _set(self, slide: Slide, frame: Frame) -> tuple[Picture, bool]:
        """The picture, and whether something on it does not fit."""
        text = json.dumps(spec(slide, frame), ensure_ascii=False, sort_keys=True)
        casting = _casting(text, slide.language)
        missing = [sign for sign in uncovered(text, _bundled()) if sign not in casting]
        families = _families(self._own, list(casting.values()))
        inputs = {"slide": replaced(text, missing), "palette": self._palette, "fonts": families}
        compiler = _compiler(system=bool(self._own or casting))
        try:
            drawn = compiler.compile(format="png", ppi=72 * frame.scale, sys_inputs=inputs)
            fits = json.loads(compiler.query("<fit>", field="value"))
            (places,) = json.loads(compiler.query("<places>", field="value"))
        except RuntimeError as error:
            raise ProviderError(f"the slide could not be set: {error}") from error
        if not isinstance(drawn, bytes):
            raise ProviderError("the slide came out as more than one page")
        sizes = [fit["size"] for fit in fits if fit["size"] and fit["what"] != "headline"]
        found = Picture(
            drawn,
            notes=_notes(missing),
            regions=regions(slide, places, frame),
            headline=plain(slide.headline),
            smallest=float(min(sizes, default=SHORT_SIDE)),
        )
        return found, not all(fit["fine"] for fit in fits)


def images(argument: str | None) -> Slides:
    """The provider for `slides:argument`: "dark", "light", or options such as
    "theme=dark,accent=#2a6f97,font=Lato". Raises `SettingsError` for one that it does not know.
    """
    readers = {"theme": some, "accent": some, "font": some}
    how = "theme=dark, accent=#2a6f97 or font=NAME"
    return Slides(Style(**options("slides", argument, readers, how, "theme")))


def card(heading: str, line: str, size: tuple[int, int]) -> bytes:
    """A quiet card with `heading` and a `line` under it, as a PNG of `size`."""
    slide = Slide("statement", "a card", heading, (line,) if line else ())
    return Slides().picture(slide, size).data


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="vidkit-slides")


def _on_next_page(region: Region, moved: Mapping[str, int]) -> Region:
    """`region` of a section's second slide, its items counted on from those of the first."""
    kind, _, number = region.item.key.partition(".")
    key = f"{kind}.{int(number) + moved[kind]}" if kind in moved else region.item.key
    return replace(region, page=1, item=replace(region.item, key=key))


def _compiler(*, system: bool) -> typst.Compiler:
    """This thread's compiler, with the machine's fonts or without: one that two threads share
    raises "Already borrowed".
    """
    name = "system" if system else "bundled"
    if not hasattr(_compilers, name):
        made = typst.Compiler(
            input=str(FOLDER / "slide.typ"), root=str(FOLDER), font_paths=_typst_fonts(system)
        )
        setattr(_compilers, name, made)
    found: typst.Compiler = getattr(_compilers, name)
    return found


@cache
def _typst_fonts(system: bool) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=system, font_paths=[str(FONTS)])


@cache
def _bundled() -> Ranges:
    return coverage(str(FONTS / "Inter-Regular.otf"))


@cache
def _on_this_machine() -> tuple[Font, ...]:
    found = typst.Fonts(include_system_fonts=True, include_embedded_fonts=False).fonts()
    return tuple(Font(font.family, font.path, font.index) for font in found if font.path)


def _family(name: str) -> tuple[Font, ...]:
    """The files of the font family `name`. Raises `SettingsError` where this machine has none."""
    files = tuple(font for font in _on_this_machine() if font.family.casefold() == name.casefold())
    if not files:
        families = sorted({font.family for font in _on_this_machine()})
        near = get_close_matches(name, families, 3, 0.5) or families[:3]
        raise SettingsError(
            f"there is no font {name!r} on this machine; there is: {', '.join(near) or 'none'}"
        )
    return files


def _casting(text: str, language: str) -> dict[str, Font]:
    """The fonts of this machine for the characters of `text` that no bundled font has."""
    signs = uncovered(text, _bundled())
    return choose_fonts(signs, by_preference(_on_this_machine(), language)) if signs else {}


def _families(own: Sequence[Font], borrowed: Sequence[Font]) -> str:
    """The template's fonts, as JSON: for each kind of text the families in the order of trial."""
    chosen = [own[0].family] if own else []
    others = list(dict.fromkeys(font.family for font in borrowed))
    return json.dumps(
        {
            "head": [*(chosen or ["Libertinus Serif"]), "Inter", *others],
            "body": [*chosen, "Inter", "Libertinus Serif", *others],
            "mono": ["DejaVu Sans Mono", "Inter", *others],
        }
    )


def _notes(missing: Sequence[str]) -> tuple[str, ...]:
    if not missing:
        return ()
    signs = " ".join(f"{sign} (U+{ord(sign):04X})" for sign in missing[:5])
    more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
    return (
        f"no font on this machine has {signs}{more}, so the slide leaves it out; "
        "install a font that has, such as Noto",
    )


@cache
def _fingerprint() -> str:
    """What tells one set of installed fonts from another: their names, files and sizes."""
    lines = [f"{font.family} {font.path} {font.index}" for font in _on_this_machine()]
    files = {font.path for font in _on_this_machine()}
    lines += [f"{path} {Path(path).stat().st_size}" for path in files if Path(path).is_file()]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


@cache
def _file_digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@cache
def _digest() -> str:
    """SHA-256 over rules, word lists, templates and bundled fonts, in the order of their names."""
    digest = hashlib.sha256()
    for path in sorted(path for path in FOLDER.rglob("*") if path.suffix in _SHAPING):
        digest.update(path.relative_to(FOLDER).as_posix().encode())
        digest.update(bytes.fromhex(_file_digest(str(path))))
    return digest.hexdigest()
