"""Pictures and narrations that are files already: a section's own, or a folder of them.

`recorded` uses the files a lesson's sections name (`image`, `audio`);
`recorded:FOLDER` also a folder laid out like an output, `images/section_<n>.png` and
`audio/section_<n>.wav`, n from 0, in any format that vidkit opens.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ProviderError, ProviderMissing
from ..paths import is_folder, path_given
from . import ImageAsk, Narration, Picture, Request, VoiceAsk

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif")
SOUNDS = (".wav", ".mp3", ".ogg", ".oga", ".opus", ".flac", ".m4a")


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
        path = self._find(ask)
        return {"provider": self.name, "sha256": hashlib.sha256(_read(path)).hexdigest()}

    async def draw(self, ask: ImageAsk, request: Request) -> Picture:
        """The section's picture, as it is on disk."""
        path = self._find(ask)
        data = await request(lambda: asyncio.to_thread(_read, path))
        return Picture(data, path.suffix.lower())

    async def speak(self, ask: VoiceAsk, request: Request) -> Narration:
        """The section's narration, as it is on disk."""
        path = self._find(ask)
        data = await request(lambda: asyncio.to_thread(_read, path))
        return Narration(data, path.suffix.lower())

    async def check(self) -> str:
        """Whether it can be used, in words."""
        return f"reads {self.folder or 'the files that sections name'}"

    def _find(self, ask: ImageAsk | VoiceAsk) -> Path:
        if ask.file is not None:
            return ask.file
        drawn = isinstance(ask, ImageAsk)
        field, part, suffixes = (
            ("image", "images", PICTURES) if drawn else ("audio", "audio", SOUNDS)
        )
        if self.folder is None:
            raise ProviderError(
                f"nothing is recorded for this section; name a file in its `{field}`, "
                "or give a folder: recorded:FOLDER"
            )
        stem = self.folder / part / f"section_{ask.index}"
        for suffix in suffixes:
            if (path := stem.with_name(stem.name + suffix)).is_file():
                return path
        raise ProviderError(f"there is no {stem}{suffixes[0]} (nor {', '.join(suffixes[1:])})")


own_files = Recorded()
"""What reads the files that sections name themselves."""


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ProviderError(f"{path} cannot be read: {error.strerror or error}") from error


def _recorded(argument: str | None) -> Recorded:
    if argument is None:
        return Recorded()
    folder = path_given("recorded:FOLDER", argument, "a folder")
    if not is_folder(folder):
        raise ProviderMissing(
            f"recorded:{argument}: there is no such folder; it holds images/ and audio/"
        )
    return Recorded(folder)


def images(argument: str | None) -> Recorded:
    """`recorded` or `recorded:FOLDER` as a provider of images."""
    return _recorded(argument)


def voice(argument: str | None) -> Recorded:
    """`recorded` or `recorded:FOLDER` as a voice."""
    return _recorded(argument)
