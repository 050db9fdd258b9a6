"""Pictures and narrations that are files already: a section's own, or a folder of them.

`recorded` uses the files a lesson's sections name (`image`, `audio`);
`recorded:FOLDER` also a folder laid out like an output, `images/section-01.png` and
`audio/section-01.wav` for the first section, in any format that vidkit opens. As the first
release named them, `section_0.png`, they are found too.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import ProviderError, ProviderMissing
from ..core.paths import is_folder, path_given, resolved
from ..models.files import MOST_FILM, MOST_PICTURE, MOST_SOUND, digest, digest_of, opened
from ..models.lesson import IMAGES, SOUNDS
from .base import ImageAsk, ImageMaker, Narration, Picture, Request, VoiceAsk, WriteAsk, Written

if TYPE_CHECKING:
    from ..media.film import Film

PROVIDES = {
    "images": {"recorded": "recorded"},
    "voice": {"recorded": "recorded"},
    "writers": {"recorded": "writer"},
}

LARGE_SOUND = 32_000_000
"""Bytes from which a narration is copied as a file, and never held in memory: a lesson of a few
kilobytes may come with gigabytes of them."""


MOST_WRITTEN = 1_000_000
"""Bytes of a writer's answer that are read."""


def own_on_a_slide(ask: ImageAsk | VoiceAsk) -> bool:
    """Whether the section's own picture is to stand on a slide, with its headline and labels."""
    if not isinstance(ask, ImageAsk) or ask.film is not None:
        return False
    return ask.slide.get("layout") == "picture"


def _slides() -> ImageMaker:
    """What sets slides, where the run has no slides of its own; it loads typst."""
    from .slides import Slides

    return Slides()


class Recorded:
    """Reads what others made. `folder` is None where only sections' own files count."""

    name = "recorded"
    places: int | None = None
    price = 0.0
    needs = "files of your own, named in sections or in recorded:FOLDER"

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder

    def shape(self, ask: ImageAsk | VoiceAsk) -> Mapping[str, Any]:
        """The digest of the file, and so of nothing but its content."""
        if isinstance(ask, ImageAsk) and own_on_a_slide(ask):
            return _slides().shape(ask)
        if (film := ask.film) is not None:
            part: dict[str, Any] = {"start": film.start}
            part |= {"size": list(ask.size)} if isinstance(ask, ImageAsk) else {"end": film.end}
            sha256 = digest_of(film.file, MOST_FILM)
            return {"provider": self.name, "sha256": sha256, "film": part}
        return {"provider": self.name, "sha256": digest(*self._find(ask))}

    async def draw(self, ask: ImageAsk, request: Request) -> Picture:
        """The section's picture, as it is on disk. Raises `ProviderError` for one of more than
        `MOST_PICTURE` bytes.
        """
        if own_on_a_slide(ask):
            return await _slides().draw(ask, request)
        if (film := ask.film) is not None:
            return await request(lambda: asyncio.to_thread(_first_picture, film, ask.size))
        path, most = self._find(ask)
        data = await request(lambda: asyncio.to_thread(_read, path, most))
        return Picture(data, path.suffix.lower())

    async def speak(self, ask: VoiceAsk, request: Request) -> Narration:
        """The section's narration, as it is on disk. Raises `ProviderError` for one of more than
        `MOST_SOUND` bytes.
        """
        if (film := ask.film) is not None:
            from ..media.film import own_narration

            data = await request(lambda: asyncio.to_thread(own_narration, film))
            return Narration(data, ".wav")
        path, most = self._find(ask)
        data = await request(lambda: asyncio.to_thread(_read, path, most))
        return Narration(data, path.suffix.lower())

    def copied(self, ask: VoiceAsk, to: Path) -> bool:
        """Copy a large narration to a new file, and say whether it is one; another is for
        `speak`. Blocks. Raises `ProviderError`.
        """
        if ask.film is not None:
            return False
        path, most = self._find(ask)
        with opened(path, most) as file:
            if os.fstat(file.fileno()).st_size < LARGE_SOUND:
                return False
            with to.open("xb") as out:
                shutil.copyfileobj(file, out, 1 << 20)
        return True

    async def check(self) -> str:
        """Whether it can be used, in words."""
        return f"reads {self.folder or 'the files that sections name'}"

    def _find(self, ask: ImageAsk | VoiceAsk) -> tuple[Path, int]:
        """The file for a section, and the most bytes that it may have."""
        drawn = isinstance(ask, ImageAsk)
        most = MOST_PICTURE if drawn else MOST_SOUND
        if ask.file is not None:
            return ask.file, most
        field, part, suffixes = ("image", "images", IMAGES) if drawn else ("audio", "audio", SOUNDS)
        if self.folder is None:
            raise ProviderError(
                f"nothing is recorded for this section; name a file in its `{field}`, "
                "or give a folder: recorded:FOLDER"
            )
        first, *others = (self.folder / part / name for name in _names(ask.index))
        for stem in (first, *others):
            for suffix in suffixes:
                if (path := stem.with_name(stem.name + suffix)).is_file():
                    return resolved(path), most
        raise ProviderError(f"there is no {first}{suffixes[0]} (nor {', '.join(suffixes[1:])})")


def _names(index: int) -> tuple[str, ...]:
    """What a section's file may be called, without its suffix: as outputs are, by the number that
    people count, and as they were in the first layout, which counted from 0.
    """
    return f"section-{index + 1:02}", f"section-{index + 1}", f"section_{index}"


class RecordedWriter:
    """Takes `FOLDER/writing/section_<n>.json`, n from 0: what a person or another tool wrote."""

    name = "recorded"
    places: int | None = None
    price = 0.0

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def shape(self, ask: WriteAsk) -> Mapping[str, Any]:
        """The digest of the file."""
        digest = hashlib.sha256(self._read(ask).encode()).hexdigest()
        return {"provider": self.name, "sha256": digest}

    async def write(self, ask: WriteAsk, request: Request) -> Written:
        """What stands in the file. Raises `ProviderError` where there is none."""
        return Written(await request(lambda: asyncio.to_thread(self._read, ask)))

    def _read(self, ask: WriteAsk) -> str:
        path = self.folder / "writing" / f"section_{ask.index}.json"
        try:
            with path.open("rb") as file:
                return file.read(MOST_WRITTEN).decode("utf-8-sig", "replace")
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise ProviderError(f"{path} cannot be read: {why}; write this section there") from None


own_files = Recorded()
"""What reads the files that sections name themselves."""


def _read(path: Path, most: int) -> bytes:
    with opened(path, most) as file:
        return file.read(most)


def _first_picture(film: Film, size: tuple[int, int]) -> Picture:
    from ..media.film import first_picture, has_sound

    silent = film.sound == "under" and not has_sound(film)
    notes = (f"{film.file.name} has no sound that could be heard",) if silent else ()
    return Picture(first_picture(film, size), notes=notes)


def recorded(argument: str | None) -> Recorded:
    """`recorded` or `recorded:FOLDER` as a provider of images, or as a voice."""
    if argument is None:
        return Recorded()
    return Recorded(_folder(argument, "images/ and audio/"))


def writer(argument: str | None) -> RecordedWriter:
    """`recorded:FOLDER` as a writer."""
    return RecordedWriter(_folder(argument or "", "writing/"))


def _folder(argument: str, holds: str) -> Path:
    folder = path_given("recorded:FOLDER", argument, "a folder")
    if not argument or not is_folder(folder):
        raise ProviderMissing(f"recorded:{argument}: there is no such folder; it holds {holds}")
    return folder
