"""Neural voices without a network: hibari for English, Piper and Kokoro for many languages.

`hibari` speaks English with the voice "heart", whose weights are in its wheel; `hibari:emma` with
another, where its file is here.

`piper:NAME` is a voice of the voices' folder, such as `piper:fr_FR-siwis-medium`, one of about a
hundred in forty languages; `piper:/path/voice.onnx` one of yours, with its settings beside it.

`kokoro:/path/model.onnx` is a model whose voices lie beside it or in its folder `voices`, as
`ff_siwis.bin` (510 style vectors of 256 numbers each); `kokoro:/path/model.onnx,ff_siwis` names
the voice of sections that name none. The first letter of a voice says what it speaks.

A voice is fetched by `vidkit voices get NAME` and by nothing else. The same text gives the same
bytes on one kind of machine, in any process. piper-tts, which also gives Kokoro the phonemes of
languages other than English, is under the GPL, and so in a process beside vidkit (`speech`).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import platformdirs

from ..core.errors import ProviderError, ProviderMissing
from ..text.languages import primary, scripts
from ..text.markup import Found, MappedText, Rule, after, before, rewrite, rule
from ..text.speech import VERSION as SPEECH
from ..text.speech import spoken
from ..text.units import LETTER_A
from .base import Narration, Request, VoiceAsk
from .speech import VERSION, broken, narrated, process_of

PROVIDES = {"voice": {"hibari": "Hibari", "kokoro": "Kokoro", "piper": "Piper"}}


@dataclass(frozen=True)
class Voice:
    """A voice: its name, its file, and the language that it speaks, as a tag such as "fr-FR".
    sha256 of the file, and what is to be told of the voice, where that is known.
    """

    name: str
    file: Path
    language: str
    sha256: str = ""
    about: str = ""

    @property
    def here(self) -> bool:
        """Whether its file is on this machine."""
        return self.file.is_file()

    @property
    def label(self) -> str:
        """What people call it."""
        return f"{self.name}, {self.about}" if self.about else f"{self.name} ({self.language})"


class NeuralVoice:
    """What these providers share. Each says which voices are here, which of them speaks an ask, and
    what shapes its sound.
    """

    name: str
    price = 0.0
    local = True
    places: int | None = 1
    ear: tuple[Rule, ...] = ()
    """How an English text is written for it, so that it says what the text says."""
    mend: str
    """How what it needs is installed."""
    default: Voice | None = None
    """The voice of sections that name none; without one that of their language."""

    @property
    def missing(self) -> ProviderMissing | None:
        """Why its process could not be opened a moment ago."""
        return process_of(self.task(self.default)).missing if self.default else None

    def here(self) -> Sequence[Voice]:
        """The voices on this machine."""
        raise NotImplementedError

    def chosen(self, ask: VoiceAsk) -> Voice:
        """The voice for an ask. Raises `ProviderError`."""
        raise NotImplementedError

    def sound(self, voice: Voice) -> Mapping[str, Any]:
        """Whatever beside the text shapes what a voice says."""
        raise NotImplementedError

    def task(self, voice: Voice) -> Mapping[str, Any]:
        """What the process of a voice is started with, and `mend`, what to do where it fails."""
        return {
            "engine": self.name,
            "model": str(voice.file),
            "british": voice.language == "en-GB",
            "mend": self.mend,
        }

    def named(self, name: str) -> Voice:
        """The voice here that has this name. Raises `ProviderError`."""
        here = {each.name: each for each in self.here()}
        if name not in here:
            have = ", ".join(here)
            raise ProviderError(f"{self.name} has no voice {name!r}; it has {have}")
        return here[name]

    def voices(self, language: str) -> list[tuple[str, str]]:
        """What a section's `voice` can name, and what to call it, those of `language` first."""

        def far(voice: Voice) -> tuple[bool, bool]:
            other = voice.language.lower() != language.lower()
            return primary(voice.language) != primary(language), other

        return [(each.name, each.label) for each in sorted(self.here(), key=far)]

    def shape(self, ask: VoiceAsk) -> Mapping[str, Any]:
        """Text as written and as spoken, the voice, rate, versions."""
        voice, text, _ = self.plan(ask)
        return {
            "provider": self.name,
            "process": VERSION,
            "speech": SPEECH,
            **self.sound(voice),
            "rate": ask.rate,
            "written": ask.text,
            "spoken": text.text,
        }

    async def speak(self, ask: VoiceAsk, request: Request) -> Narration:
        """The narration as WAV (mono, 16 bits), with the time of each word.

        Raises `ProviderError` for a voice or language that there is not, `Refused` for a
        text that cannot be spoken, `Unreachable` where the process gave no answer.
        """
        voice, text, notes = self.plan(ask)
        return await narrated(process_of(self.task(voice)), ask, text, request, notes)

    def plan(self, ask: VoiceAsk) -> tuple[Voice, MappedText, tuple[str, ...]]:
        """The voice for an ask, the text as it is handed over, and notes on that."""
        voice = self.chosen(ask)
        text = spoken(ask.text, voice.language, ask.say)
        if voice.language.lower().startswith("en"):
            text = rewrite(text, self.ear)
        return voice, *broken(text)


# hibari


WHEELS = ("hibari-tts", "onnxruntime")
HIBARI_MEND = f"install it with: python -m pip install --force-reinstall {' '.join(WHEELS)}"
DEFAULT = "heart"

SIGNS = {
    "∞": "infinity", "√": "the root of", "∂": "partial", "∇": "nabla", "∀": "for all",
    "∃": "there is", "≈": "about", "§": "section", "‰": "per thousand",
}  # fmt: skip


def _apart(found: Found) -> str | None:
    if "," not in found[0] or re.fullmatch(r"\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d+)?", found[0]):
        return None
    return re.sub(r"(?<=\d),(?=\d)", ", ", found[0])


_SMALL = "(?:THE|OF|TO|YOUR|WITH|FROM|FOR|HOW|WHY|WHAT|NOT|AND|ARE)"


def _shouted(found: Found) -> str | None:
    """A word in small letters where one that is no name stands in capitals beside it."""
    loud = re.search(rf"\b{_SMALL}(?: [A-Z]+)* $", before(found)) or re.match(
        rf"(?: [A-Z]+)* {_SMALL}\b", after(found)
    )
    return found[0].lower() if loud and re.search("[AEIOUY]", found[0]) else None


EAR = (
    LETTER_A,
    rule("shouted words", r"(?<![\w.'’-])[A-Z]{4,}(?!\w)", _shouted),
    rule("commas that part no thousands", r"(?<![\d.,])\d[\d.,]*\d", _apart),
    rule(
        "noughts behind a point",
        r"(?<![\w.])(\d[\d,]*)\.(\d*0)(?!\w|\.\d)",
        lambda found: rf"\1 point {' '.join(found[2])}",
    ),
    rule(
        "noughts in front",
        r"(?<![\w.,:/-])0\d+(?!\w|[.,:/-]\d)",
        lambda found: " ".join(found[0]),
    ),
    rule("signs", f" ?[{''.join(SIGNS)}] ?", lambda found: f" {SIGNS[found[0].strip()]} "),
)
"""What hibari's rules read wrongly, kokoro's English too: "THE WIRES" as W I R E S, "3,1,2" as 312,
"3.10" as 3.1, "007" as 7, and signs as nothing."""


@lru_cache(maxsize=1)
def installed() -> tuple[str, Mapping[str, Voice]]:
    """The version of the package, and its voices by name. Raises `ProviderMissing`.

    It is not imported, which would take half a second.
    """
    try:
        found = find_spec("hibari")
        versions = [version(wheel) for wheel in WHEELS]
        if found is None or not found.submodule_search_locations:
            raise ImportError("no module hibari")
        assets = Path(found.submodule_search_locations[0]) / "assets"
        table = json.loads((assets / "voices.json").read_text(encoding="utf-8"))
        voices = {
            name: Voice(
                name,
                (assets if row.get("bundled") else _fetched()) / row["file"],
                row["language"],
                row["sha256"],
                f"{row['accent']} English, {row['gender']}",
            )
            for name, row in table.items()
        }
        if not voices[DEFAULT].here:
            raise FileNotFoundError(voices[DEFAULT].file)
    except (ImportError, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ProviderMissing(
            f"the voice 'hibari' needs the packages {' and '.join(WHEELS)}, which are not here "
            f"or are damaged ({error}); {HIBARI_MEND}"
        ) from error
    return versions[0], voices


def _fetched() -> Path:
    """Where hibari itself looks for voices that are not in its wheel."""
    if home := os.environ.get("HIBARI_HOME"):
        return Path(home)
    return platformdirs.user_cache_path("hibari", appauthor=False, opinion=False)


class Hibari(NeuralVoice):
    """A voice that speaks English with hibari-tts; `default` is that of sections that name none.

    Raises `ProviderMissing` where the package is not installed, `ProviderError` where it has no
    such voice.
    """

    name = "hibari"
    ear = EAR
    mend = HIBARI_MEND

    def __init__(self, default: str | None = None) -> None:
        self.version, self.voices_by_name = installed()
        self.default: Voice = self.named(default or DEFAULT)

    def speaks(self, language: str, voice: str | None = None) -> bool:
        """Whether it speaks a language, a tag such as "en-GB", with that voice of its own."""
        known = voice is None or voice in self.voices_by_name
        return known and primary(language) == "en"

    def here(self) -> list[Voice]:
        """As `NeuralVoice.here`."""
        return [each for each in self.voices_by_name.values() if each.here]

    def chosen(self, ask: VoiceAsk) -> Voice:
        """The voice that an ask names, or the default. Raises `ProviderError` for a language that
        it does not speak.
        """
        if not self.speaks(ask.language):
            raise ProviderError(
                f"hibari speaks English, and not the language {ask.language!r}; "
                "choose voice='auto' or voice='espeak'"
            )
        return self.named(ask.voice) if ask.voice else self.default

    def plan(self, ask: VoiceAsk) -> tuple[Voice, MappedText, tuple[str, ...]]:
        """As `NeuralVoice.plan`; raises `ProviderError` for a text in another script."""
        voice, text, notes = super().plan(ask)
        letters = scripts(text.text)
        if letters["Latin"] < letters.total() / 2:
            raise ProviderError(
                "hibari speaks English, and this text is in another script; give the section's "
                "`language`, or choose voice='espeak'"
            )
        return voice, text, notes

    def sound(self, voice: Voice) -> Mapping[str, Any]:
        """The engine and the voice."""
        return {"engine": f"hibari-tts {self.version}", "voice": voice.name}

    def named(self, name: str) -> Voice:
        """As `NeuralVoice.named`; raises `ProviderMissing` for one that can be fetched."""
        voice = self.voices_by_name.get(name)
        if voice is not None and not voice.here:
            raise ProviderMissing(
                f"the voice {name!r} of hibari is not on this machine; fetch it with: "
                f"vidkit voices get hibari:{name}"
            )
        return super().named(name)


# Piper


PIPER = "piper-tts"
PIPER_MEND = f"install it with: python -m pip install {PIPER}"


def voices_folder() -> Path:
    """Where fetched voices are kept: VIDKIT_VOICES, or a folder of the user's."""
    if named := os.environ.get("VIDKIT_VOICES"):
        return Path(named).expanduser()
    return platformdirs.user_data_path("vidkit") / "voices"


def find_voice(wanted: str) -> Voice:
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
    return Voice(model.name.removesuffix(".onnx"), model, str(language).replace("_", "-"))


def fetched() -> list[Voice]:
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
    mend = PIPER_MEND

    def __init__(self, default: str | None = None) -> None:
        try:
            self.engine = f"{PIPER} {version(PIPER)}"
        except PackageNotFoundError as error:
            raise ProviderMissing(f"the voice 'piper' needs {PIPER}; {PIPER_MEND}") from error
        if default is None:
            have = ", ".join(f"piper:{each.name}" for each in fetched())
            raise ProviderMissing(
                "name a voice of Piper, as voice='piper:fr_FR-siwis-medium'; "
                + (f"here are {have}" if have else "`vidkit voices get NAME` fetches one")
            )
        self.default: Voice = find_voice(default)

    def speaks(self, language: str, voice: str | None = None) -> bool:
        """Whether its voice, or the one that is named, speaks a language."""
        try:
            chosen = find_voice(voice) if voice else self.default
        except ProviderMissing:
            return False
        return primary(chosen.language) == primary(language)

    def here(self) -> list[Voice]:
        """As `NeuralVoice.here`: those in the voices' folder."""
        return fetched()

    def chosen(self, ask: VoiceAsk) -> Voice:
        """The voice that an ask names, or the default. Raises `ProviderError` for a language that
        it does not speak.
        """
        voice = find_voice(ask.voice) if ask.voice else self.default
        if primary(voice.language) != primary(ask.language):
            raise ProviderError(
                f"the voice piper:{voice.name} speaks {voice.language!r}, and not the language "
                f"{ask.language!r}; name another, or put 'auto' behind it"
            )
        return voice

    def sound(self, voice: Voice) -> Mapping[str, Any]:
        """The engine, the voice and its model's digest."""
        return {"engine": self.engine, "voice": voice.name, "model": digest(voice.file)}


def digest(path: Path) -> str:
    """The SHA-256 of a file, read again when it changed."""
    state = path.stat()
    return _digest(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=32)
def _digest(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# Kokoro


KOKORO_LANGUAGES = {
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
KOKORO_MEND = "install it with: python -m pip install hibari-tts onnxruntime piper-tts"


class Kokoro(NeuralVoice):
    """A voice that speaks with Kokoro; `argument` is its model, and after a comma a voice.

    Raises `ProviderMissing` where the model or its voices are not here.
    """

    name = "kokoro"
    ear = EAR
    mend = KOKORO_MEND

    def __init__(self, argument: str | None = None) -> None:
        model, _, default = (argument or "").partition(",")
        if not model:
            raise ProviderMissing(
                "name the model of Kokoro, as voice='kokoro:/path/kokoro-v1.0.int8.onnx,ff_siwis'"
            )
        if find_spec("hibari") is None or find_spec("onnxruntime") is None:
            raise ProviderMissing(
                f"the voice 'kokoro' needs packages that are not here; {KOKORO_MEND}"
            )
        self.model = Path(model).expanduser()
        if not self.model.is_file():
            raise ProviderMissing(f"there is no model of Kokoro at {self.model}; name its file")
        self._here = _voices(self.model.parent)
        if not self._here:
            raise ProviderMissing(
                f"there are no voices beside {self.model}; put them there, as ff_siwis.bin"
            )
        if default:
            self.default = self.named(default)

    def speaks(self, language: str, voice: str | None = None) -> bool:
        """Whether it has a voice for a language, or that voice for it."""
        return any(voice in (None, each.name) for each in self._able(language))

    def here(self) -> list[Voice]:
        """As `NeuralVoice.here`: those beside its model."""
        return self._here

    def chosen(self, ask: VoiceAsk) -> Voice:
        """The voice that an ask names, or the one for its language. Raises `ProviderError`."""
        return self.named(ask.voice) if ask.voice else self._usual(ask.language)

    def sound(self, voice: Voice) -> Mapping[str, Any]:
        """The digests of model and voice, and what the voice speaks."""
        return {
            "voice": digest(voice.file),
            "model": digest(self.model),
            "language": voice.language,
        }

    def task(self, voice: Voice) -> Mapping[str, Any]:
        """Its model, its style and its language."""
        own = {"model": str(self.model), "style": str(voice.file), "language": voice.language}
        return {**super().task(voice), **own}

    def _able(self, language: str) -> list[Voice]:
        """The voices for a language."""
        return [each for each in self.here() if primary(each.language) == primary(language)]

    def _usual(self, language: str) -> Voice:
        """The voice for a language: the default, where it speaks it, or the first that does."""
        able = self._able(language)
        if not able:
            have = ", ".join(sorted({v.language for v in self.here()}))
            raise ProviderError(
                f"kokoro has no voice here for the language {language!r}, but for {have}; "
                "put one beside its model, or 'auto' behind it"
            )
        exact = [v for v in able if v.language.lower() == language.lower()] or able
        return self.default if self.default in able else exact[0]


def _voices(folder: Path) -> list[Voice]:
    """The voices in a folder and in its folder `voices`, by name."""
    files = [*folder.glob("*.bin"), *(folder / "voices").glob("*.bin")]
    return [
        Voice(path.stem, path, KOKORO_LANGUAGES[path.stem[0]])
        for path in sorted(files, key=lambda path: path.stem)
        if path.stem[:1] in KOKORO_LANGUAGES and path.stem[2:3] == "_"
        if (size := path.stat().st_size) and size % STYLE_BYTES == 0
    ]
