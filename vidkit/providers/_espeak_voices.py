"""The voices of an espeak-ng, and which of them speaks a language."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from ..errors import ProviderError

PREFERRED = {"en": "en-us"}
"""Where a language has several voices and espeak-ng's first is not ours."""
USUAL = ("en-us", "en-gb", "de", "fr-fr", "es", "it", "pt-br", "cmn", "hi", "ar")
UNRANKED = 5


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

    def rank(self, language: str) -> int | None:
        """How well it speaks `language`; None for not at all."""
        return dict(self.ranks).get(language)


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
        if (rank := voice.rank(tag)) is not None
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
