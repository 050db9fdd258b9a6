"""Kokoro-82M without a network, for seven languages beside English: the extra `kokoro`.

`kokoro:/path/model.onnx` is a model whose voices lie beside it or in its folder `voices`, as
`ff_siwis.bin` (510 style vectors of 256 numbers each); `kokoro:/path/model.onnx,ff_siwis` names
the voice of sections that name none. The first letter of a voice says what it speaks. Phonemes
of languages other than English come from piper-tts, which is under the GPL, in a process of
their own. Nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..core.errors import ProviderError, ProviderMissing
from .base import VoiceAsk
from .hibari import EAR
from .piper import digest
from .speech import NeuralVoice

LANGUAGES = {
    "a": "en-US",
    "b": "en-GB",
    "e": "es",
    "f": "fr",
    "h": "hi",
    "i": "it",
    "j": "ja",
    "p": "pt-BR",
    "z": "zh",
}
"""What a voice speaks, by the first letter of its name."""
STYLE_BYTES = 256 * 4
INSTALL = "install it with: python -m pip install hibari-tts onnxruntime piper-tts"


@dataclass(frozen=True)
class KokoroVoice:
    """A voice: its name, its file, the language that it speaks."""

    name: str
    style: Path
    language: str


class Kokoro(NeuralVoice):
    """A voice that speaks with Kokoro; `argument` is its model, and after a comma a voice.

    Raises `ProviderMissing` where the model or its voices are not here.
    """

    name = "kokoro"
    ear = EAR

    def __init__(self, argument: str | None = None) -> None:
        model, _, default = (argument or "").partition(",")
        if not model:
            raise ProviderMissing(
                "name the model of Kokoro, as voice='kokoro:/path/kokoro-v1.0.int8.onnx,ff_siwis'"
            )
        if find_spec("hibari") is None or find_spec("onnxruntime") is None:
            raise ProviderMissing(f"the voice 'kokoro' needs packages that are not here; {INSTALL}")
        self.model = Path(model).expanduser()
        if not self.model.is_file():
            raise ProviderMissing(f"there is no model of Kokoro at {self.model}; name its file")
        self.voices_by_name = {each.name: each for each in _voices(self.model.parent)}
        if not self.voices_by_name:
            raise ProviderMissing(
                f"there are no voices beside {self.model}; put them there, as ff_siwis.bin"
            )
        self.default = default or None
        if self.default:
            self._voice(self.default)

    def speaks(self, language: str, voice: str | None = None) -> bool:
        """Whether it has a voice for a language, or that voice for it."""
        first = language.split("-")[0].lower()
        able = [v for v in self.voices_by_name.values() if v.language.split("-")[0] == first]
        return any(voice in (None, each.name) for each in able)

    def voices(self, language: str) -> list[tuple[str, str]]:
        """What a section's `voice` can name, those of `language` first."""
        first = language.split("-")[0].lower()
        found = list(self.voices_by_name.values())
        found.sort(key=lambda v: (v.language.split("-")[0] != first, v.name))
        return [(each.name, f"{each.name} ({each.language})") for each in found]

    def chosen(self, ask: VoiceAsk) -> KokoroVoice:
        """The voice that an ask names, or the one for its language. Raises `ProviderError`."""
        return self._voice(ask.voice or self._usual(ask.language))

    def sound(self, voice: KokoroVoice) -> Mapping[str, Any]:
        """The digests of model and voice, and what the voice speaks."""
        return {
            "voice": digest(voice.style),
            "model": digest(self.model),
            "language": voice.language,
        }

    def task(self, voice: KokoroVoice) -> Mapping[str, Any]:
        """Its model, its style and its language."""
        return {
            "engine": "kokoro",
            "model": str(self.model),
            "style": str(voice.style),
            "language": voice.language,
            "british": voice.language == "en-GB",
            "mend": INSTALL,
        }

    def _usual(self, language: str) -> str:
        """The voice for a language: the default, where it speaks it, or the first that does."""
        first = language.split("-")[0].lower()
        able = [v for v in self.voices_by_name.values() if v.language.split("-")[0] == first]
        if not able:
            have = ", ".join(sorted({v.language for v in self.voices_by_name.values()}))
            raise ProviderError(
                f"kokoro has no voice here for the language {language!r}, but for {have}; "
                "put one beside its model, or 'auto' behind it"
            )
        exact = [v for v in able if v.language.lower() == language.lower()] or able
        names = [voice.name for voice in able]
        return self.default if self.default in names else exact[0].name

    def _voice(self, name: str) -> KokoroVoice:
        voice = self.voices_by_name.get(name)
        if voice is None:
            raise ProviderError(
                f"kokoro has no voice {name!r} here; it has {', '.join(self.voices_by_name)}"
            )
        return voice


def _voices(folder: Path) -> list[KokoroVoice]:
    """The voices in a folder and in its folder `voices`, by name."""
    files = [*folder.glob("*.bin"), *(folder / "voices").glob("*.bin")]
    return [
        KokoroVoice(path.stem, path, LANGUAGES[path.stem[0]])
        for path in sorted(files, key=lambda path: path.stem)
        if path.stem[:1] in LANGUAGES and path.stem[2:3] == "_" and _whole(path)
    ]


def _whole(path: Path) -> bool:
    size = path.stat().st_size
    return size > 0 and size % STYLE_BYTES == 0


def voice(argument: str | None) -> Kokoro:
    """The provider `kokoro:MODEL` or `kokoro:MODEL,VOICE`."""
    return Kokoro(argument)
