"""English speech without a network: hibari-tts, whose weights are in its wheel.

`hibari` speaks with the voice "heart"; `hibari:emma` with another, where its file is here
(`vidkit voices get hibari:emma` fetches it). It speaks English and nothing else. The same text
gives the same bytes on one kind of machine, in any process.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..core.errors import ProviderError, ProviderMissing
from ..text.markup import Found, MappedText, after, before, rule
from ..text.scripts import scripts
from ..text.vocabulary import LETTER_A
from .base import VoiceAsk
from .speech import NeuralVoice, process_of

WHEELS = ("hibari-tts", "onnxruntime")
REINSTALL = f"install it with: python -m pip install --force-reinstall {' '.join(WHEELS)}"
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


@dataclass(frozen=True)
class HibariVoice:
    """A voice of hibari's: its file, and the English that it speaks, as a tag."""

    name: str
    model: Path
    language: str
    sha256: str
    about: str

    @property
    def here(self) -> bool:
        """Whether its file is on this machine."""
        return self.model.is_file()


@lru_cache(maxsize=1)
def installed() -> tuple[str, Mapping[str, HibariVoice]]:
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
            name: HibariVoice(
                name,
                (assets if row.get("bundled") else _fetched()) / row["file"],
                row["language"],
                row["sha256"],
                f"{row['accent']} English, {row['gender']}",
            )
            for name, row in table.items()
        }
        if not voices[DEFAULT].here:
            raise FileNotFoundError(voices[DEFAULT].model)
    except (ImportError, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ProviderMissing(
            f"the voice 'hibari' needs the packages {' and '.join(WHEELS)}, which are not here "
            f"or are damaged ({error}); {REINSTALL}"
        ) from error
    return versions[0], voices


def _fetched() -> Path:
    """Where hibari itself looks for voices that are not in its wheel."""
    if home := os.environ.get("HIBARI_HOME"):
        return Path(home)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "hibari"


class Hibari(NeuralVoice):
    """A voice that speaks English with hibari-tts; `default` is that of sections that name none.

    Raises `ProviderMissing` where the package is not installed, `ProviderError` where it has no
    such voice.
    """

    name = "hibari"
    ear = EAR

    def __init__(self, default: str | None = None) -> None:
        self.version, self.voices_by_name = installed()
        self.default = default or DEFAULT
        self._voice(self.default)

    @property
    def missing(self) -> ProviderMissing | None:
        """Why its process could not be opened a moment ago."""
        return process_of(self.task(self.voices_by_name[self.default])).missing

    def speaks(self, language: str, voice: str | None = None) -> bool:
        """Whether it speaks a language, a tag such as "en-GB", with that voice of its own."""
        return language.split("-")[0].lower() == "en" and (
            voice is None or voice in self.voices_by_name
        )

    def voices(self, language: str) -> list[tuple[str, str]]:
        """What a section's `voice` can name, and what to call it: those that are here."""
        here = [each for each in self.voices_by_name.values() if each.here]
        here.sort(key=lambda each: each.language.lower() != language.lower())
        return [(each.name, f"{each.name}, {each.about}") for each in here]

    def chosen(self, ask: VoiceAsk) -> HibariVoice:
        """The voice that an ask names, or the default. Raises `ProviderError` for a language that
        it does not speak.
        """
        if not self.speaks(ask.language):
            raise ProviderError(
                f"hibari speaks English, and not the language {ask.language!r}; "
                "choose voice='auto' or voice='espeak'"
            )
        return self._voice(ask.voice or self.default)

    def plan(self, ask: VoiceAsk) -> tuple[Any, MappedText, tuple[str, ...]]:
        """As `NeuralVoice.plan`; raises `ProviderError` for a text in another script."""
        voice, text, notes = super().plan(ask)
        letters = scripts(text.text)
        if letters["Latin"] < letters.total() / 2:
            raise ProviderError(
                "hibari speaks English, and this text is in another script; give the section's "
                "`language`, or choose voice='espeak'"
            )
        return voice, text, notes

    def sound(self, voice: HibariVoice) -> Mapping[str, Any]:
        """The engine and the voice."""
        return {"engine": f"hibari-tts {self.version}", "voice": voice.name}

    def task(self, voice: HibariVoice) -> Mapping[str, Any]:
        """Its model and its accent."""
        return {
            "engine": "hibari",
            "model": str(voice.model),
            "british": voice.language == "en-GB",
            "mend": REINSTALL,
        }

    def _voice(self, name: str) -> HibariVoice:
        voice = self.voices_by_name.get(name)
        here = [each.name for each in self.voices_by_name.values() if each.here]
        if voice is None:
            raise ProviderError(f"hibari has no voice {name!r}; it has {', '.join(here)}")
        if not voice.here:
            raise ProviderMissing(
                f"the voice {name!r} of hibari is not on this machine; fetch it with: "
                f"vidkit voices get hibari:{name}"
            )
        return voice


def voice(argument: str | None) -> Hibari:
    """The provider `hibari`, or `hibari:VOICE`."""
    return Hibari(argument)
