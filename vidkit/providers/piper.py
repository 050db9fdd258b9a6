"""Voices of Piper, about a hundred in forty languages, without a network: the extra `piper`.

`piper:NAME` is a voice of the voices' folder, such as `piper:fr_FR-siwis-medium`, which
`vidkit voices get NAME` fetches, and nothing else does; `piper:/path/voice.onnx` one of yours,
with its settings beside it. piper-tts is under the GPL, and so a program beside vidkit.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..core.errors import ProviderError, ProviderMissing
from .base import VoiceAsk
from .speech import NeuralVoice, process_of

WHEEL = "piper-tts"
INSTALL = f"install it with: python -m pip install {WHEEL}"


def voices_folder() -> Path:
    """Where fetched voices are kept: VIDKIT_VOICES, or a folder of the user's."""
    if named := os.environ.get("VIDKIT_VOICES"):
        return Path(named).expanduser()
    import platformdirs

    return platformdirs.user_data_path("vidkit") / "voices"


@dataclass(frozen=True)
class PiperVoice:
    """A voice: its name, its file, the language that it speaks, as a tag such as "fr-FR"."""

    name: str
    model: Path
    language: str


def find_voice(wanted: str) -> PiperVoice:
    """The voice of a name, or in a file. Raises `ProviderMissing` where it is not here."""
    named = not wanted.endswith(".onnx")
    model = voices_folder() / f"{wanted}.onnx" if named else Path(wanted).expanduser()
    settings = Path(f"{model}.json")
    if not (model.is_file() and settings.is_file()):
        mend = f"fetch it with: vidkit voices get {wanted}" if named else "put both there"
        raise ProviderMissing(
            f"the voice 'piper:{wanted}' needs {model} and {settings.name} beside it; {mend}"
        )
    try:
        told = json.loads(settings.read_text(encoding="utf-8"))
        language = (told.get("language") or {}).get("code") or told["espeak"]["voice"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProviderMissing(
            f"the settings of a Piper voice, {settings}, cannot be read ({error}); fetch the voice "
            "again"
        ) from error
    return PiperVoice(model.name.removesuffix(".onnx"), model, str(language).replace("_", "-"))


def fetched() -> list[PiperVoice]:
    """The voices in the folder, by name."""
    found = []
    for path in sorted(voices_folder().glob("*.onnx")):
        try:
            found.append(find_voice(path.stem))
        except ProviderMissing:
            continue
    return found


class Piper(NeuralVoice):
    """A voice that speaks with Piper; `default` is that of sections that name none.

    Raises `ProviderMissing` where the package or the voice is not here.
    """

    name = "piper"

    def __init__(self, default: str | None = None) -> None:
        try:
            self.engine = f"{WHEEL} {version(WHEEL)}"
        except PackageNotFoundError as error:
            raise ProviderMissing(f"the voice 'piper' needs {WHEEL}; {INSTALL}") from error
        if default is None:
            have = ", ".join(f"piper:{each.name}" for each in fetched())
            raise ProviderMissing(
                "name a voice of Piper, as voice='piper:fr_FR-siwis-medium'; "
                + (f"here are {have}" if have else "`vidkit voices get NAME` fetches one")
            )
        self.default = find_voice(default)

    @property
    def missing(self) -> ProviderMissing | None:
        """Why its process could not be opened a moment ago."""
        return process_of(self.task(self.default)).missing

    def speaks(self, language: str, voice: str | None = None) -> bool:
        """Whether its voice, or the one that is named, speaks a language."""
        try:
            chosen = find_voice(voice) if voice else self.default
        except ProviderMissing:
            return False
        return chosen.language.split("-")[0].lower() == language.split("-")[0].lower()

    def voices(self, language: str) -> list[tuple[str, str]]:
        """What a section's `voice` can name: the voices of the folder."""
        first = language.split("-")[0].lower()
        found = sorted(fetched(), key=lambda v: (v.language.split("-")[0] != first, v.name))
        return [(each.name, f"{each.name} ({each.language})") for each in found]

    def chosen(self, ask: VoiceAsk) -> PiperVoice:
        """The voice that an ask names, or the default. Raises `ProviderError` for a language that
        it does not speak.
        """
        voice = find_voice(ask.voice) if ask.voice else self.default
        if voice.language.split("-")[0].lower() != ask.language.split("-")[0].lower():
            raise ProviderError(
                f"the voice piper:{voice.name} speaks {voice.language!r}, and not the language "
                f"{ask.language!r}; name another, or put 'auto' behind it"
            )
        return voice

    def sound(self, voice: PiperVoice) -> Mapping[str, Any]:
        """The engine, the voice and its model's digest."""
        return {"engine": self.engine, "voice": voice.name, "model": digest(voice.model)}

    def task(self, voice: PiperVoice) -> Mapping[str, Any]:
        """Its model."""
        return {"engine": "piper", "model": str(voice.model), "mend": INSTALL}


def digest(path: Path) -> str:
    """The SHA-256 of a file, read again when it changed."""
    state = path.stat()
    return _digest(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=32)
def _digest(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def voice(argument: str | None) -> Piper:
    """The provider `piper:NAME` or `piper:PATH`."""
    return Piper(argument)
