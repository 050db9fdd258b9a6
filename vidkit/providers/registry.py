"""A provider by its name, vidkit's own and those that other packages registered; and of the voices
that a run has, those that speak a language.
"""

from __future__ import annotations

import re
import sys
from ast import literal_eval
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Literal, NoReturn, cast, get_args

from ..core.errors import ProviderMissing, SettingsError, VidkitError, copy_error, in_one_line
from ..models.settings import TABLE, Settings
from .base import (
    ImageAsk,
    ImageMaker,
    Request,
    VoiceAsk,
    VoiceMaker,
    Writer,
    calling,
    unfit,
)

Kind = Literal["images", "voice"]
AnyKind = Kind | Literal["writers"]

AUTO = "auto"
"""As a voice: those of `AUTO_VOICES`, each for the languages that it speaks."""
AUTO_VOICES = ("hibari", "espeak")
"""Free, offline and installed with vidkit, the best first."""


_DECLARED = re.compile(r"^PROVIDES = (\{.*?\})$", re.MULTILINE | re.DOTALL)


@lru_cache(maxsize=2)
def declared(folder: Path = Path(__file__).parent) -> Mapping[AnyKind, Mapping[str, str]]:
    """The providers of each kind that the files in `folder` say they have, by their names, each
    as "module:attribute". `PROVIDES` in a file is read and not run, since what some of them import
    takes half a second.
    """
    found: dict[AnyKind, dict[str, str]] = {kind: {} for kind in (*get_args(Kind), "writers")}
    for file in sorted(folder.glob("*.py")):
        if said := _DECLARED.search(file.read_text("utf-8")):
            for kind, named in literal_eval(said[1]).items():
                places = {name: f"{__package__}.{file.stem}:{what}" for name, what in named.items()}
                found[kind] |= places
    return found


class Absent:
    """Stands for a provider that is not there, where others can take its place: it makes
    nothing, and says why. `missing` is the error.
    """

    places = None
    price = 0.0

    def __init__(self, name: str, missing: ProviderMissing) -> None:
        self.name = name
        self.missing = missing

    def shape(self, ask: ImageAsk | VoiceAsk) -> NoReturn:
        """Raises why it is not there."""
        raise copy_error(self.missing)

    async def draw(self, ask: ImageAsk | VoiceAsk, request: Request) -> NoReturn:
        """Raises why it is not there."""
        raise copy_error(self.missing)

    speak = draw


def names(kind: AnyKind) -> tuple[str, ...]:
    """The names that `images=`, `voice=` or `writer=` accepts, those of other packages included."""
    own = declared()[kind].keys() | ({AUTO} if kind == "voice" else set())
    return tuple(sorted(own | {point.name for point in registered(kind)}))


def registered(kind: AnyKind) -> tuple[EntryPoint, ...]:
    """The providers that other packages registered. All that is installed is looked through for
    them once, and again when a package came or went.
    """
    return _registered(f"vidkit.{'voices' if kind == 'voice' else kind}", _places())


@lru_cache(maxsize=8)
def _registered(group: str, _: tuple[tuple[str, int], ...]) -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=group))


def _places() -> tuple[tuple[str, int], ...]:
    """Where packages are found, and when something was last put there or taken away."""
    changed = dict.fromkeys(sys.path, 0)
    for place in changed:
        with suppress(OSError, ValueError):
            changed[place] = Path(place).stat().st_mtime_ns
    return tuple(changed.items())


def image_maker(spec: str | ImageMaker, settings: Settings | None = None) -> ImageMaker:
    """The image provider that `spec` names, as `name` or `name:argument`, with what `settings`
    say of it.

    Raises `ProviderMissing` for a name nobody registered, `KeyMissing` without its key.
    """
    return cast(ImageMaker, _present(_made("images", spec, settings)))


def voice_maker(spec: str | VoiceMaker, settings: Settings | None = None) -> VoiceMaker:
    """The voice that `spec` names; as `image_maker`."""
    return cast(VoiceMaker, _present(_made("voice", spec, settings)))


def writer_maker(spec: str | Writer) -> Writer:
    """The writer that `spec` names, be its key there or not.

    Raises `ProviderMissing` for a name nobody registered, `SettingsError` for a faulty argument.
    """
    return cast(Writer, _made("writers", spec, None))


def image_makers(settings: Settings, *, keyless: bool = False) -> tuple[ImageMaker, ...]:
    """The image providers that `settings` name, the first before those that take its place.

    Raises `ProviderMissing` where none of them can be asked; with `keyless` one that lacks only
    its key will do, to know its prices.
    """
    return tuple(cast(ImageMaker, each) for each in _several("images", settings, keyless))


def voice_makers(settings: Settings, *, keyless: bool = False) -> tuple[VoiceMaker, ...]:
    """The voices that `settings` name; as `image_makers`."""
    return tuple(cast(VoiceMaker, each) for each in _several("voice", settings, keyless))


def left_aside(settings: Settings) -> list[str]:
    """A sentence for each setting of providers that none of the chosen ones takes."""
    chosen = [
        (kind, spec.partition(":")[0])
        for kind in get_args(Kind)
        for spec in settings.sources(kind)
        if isinstance(spec, str)
    ]
    return [
        f"{name} is set and not used: none of the chosen providers takes it"
        for name, row in TABLE.items()
        if row.takes and getattr(settings, name) not in (None, False)
        if not any(row.keyword(*each) for each in chosen)
    ]


def specs(kind: Kind, text: str) -> tuple[str, ...]:
    """The providers in a text such as "openai:quality=low,slides". A comma begins another
    where a provider's name follows it, and belongs to the argument where none does.
    """
    found: list[str] = []
    known = names(kind)
    for part in text.split(","):
        fresh = part.strip().partition(":")[0] in known
        if found and not fresh and ":" in found[-1]:
            found[-1] += f",{part}"
        else:
            found.append(part.strip())
    return tuple(found)


def _several(kind: Kind, settings: Settings, keyless: bool) -> Sequence[object]:
    wanted = _expanded(kind, settings)
    makers: list[object] = []
    for spec in wanted:
        try:
            makers.append(_made(kind, spec, settings))
        except ProviderMissing as error:
            makers.append(Absent(str(spec).partition(":")[0], error))
    asked = keyless and not isinstance(makers[0], Absent)
    if not asked and all(getattr(maker, "missing", None) for maker in makers):
        _present(makers[0])
    return makers


def _expanded(kind: Kind, settings: Settings) -> list[object]:
    """The providers that the settings name, with those that "auto" stands for in its place."""
    named = settings.sources(kind)
    own = [voice for voice in AUTO_VOICES if voice not in named] if kind == "voice" else []
    expanded: list[object] = []
    for spec in named:
        expanded += own if kind == "voice" and spec == AUTO else [spec]
    return expanded


def _present(maker: object) -> object:
    """The provider. Raises what it misses."""
    missing: ProviderMissing | None = getattr(maker, "missing", None)
    if missing is not None:
        raise copy_error(missing)
    return maker


def _made(kind: AnyKind, spec: object, settings: Settings | None) -> object:
    if not isinstance(spec, str):
        if not (lack := unfit(kind, spec)):
            return spec
        setting = "writer" if kind == "writers" else kind
        raise SettingsError(
            f"{setting} is {spec!r}; name a provider, such as {setting}='simulated', or give one: "
            f"{lack}"
        )
    name, _, argument = spec.partition(":")
    if place := declared()[kind].get(name):
        module, _, attribute = place.partition(":")
        make = getattr(import_module(module), attribute)
        given = settings.keywords(kind, name) if settings and kind != "writers" else {}
        return make(argument or None, **given)
    for point in registered(kind):
        if point.name == name:
            return _anothers(kind, point, argument)
    if kind != "writers" and len(several := specs(kind, spec)) > 1:
        raise SettingsError(f"{kind} is {spec!r}; give several as a list: {kind}={list(several)}")
    if kind == "voice" and name == AUTO:
        raise SettingsError(f"voice is {spec!r}; write 'auto', or who speaks, such as 'espeak:es'")
    what = "writer" if kind == "writers" else f"{kind} provider"
    raise ProviderMissing(f"there is no {what} {name!r}; choose from: {', '.join(names(kind))}")


def _anothers(kind: AnyKind, point: EntryPoint, argument: str) -> object:
    """The provider of another package. Raises `ProviderMissing` for whatever goes wrong in it."""
    maker: object = None
    try:
        maker = point.load()(argument or None)
        why = unfit(kind, maker)
    except VidkitError:
        raise
    except Exception as error:
        why = in_one_line(error)[:300]
    if not why:
        return maker
    package = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
    raise ProviderMissing(
        f"{point.name!r} of the package {package} cannot be used ({why}); update or remove that "
        "package, or choose another provider"
    )


def speaks(maker: Any, language: str, voice: str | None = None) -> bool:
    """Whether a voice speaks a language, with that voice of its own; one that does not say so
    speaks them all.
    """
    told = getattr(maker, "speaks", None)
    with calling(maker, "speaks()"):
        return told is None or bool(told(language, voice))


def order(makers: Sequence[Any], ask: VoiceAsk) -> list[tuple[int, VoiceAsk]]:
    """The places in `makers` of those that can speak `ask`, the first before those that take its
    place, each with what it would be asked; all of them where none can.

    A voice that the ask names, as "f3" or with its provider as "espeak:en+f3", is that of the
    first provider that has it, which then comes first; the others speak in their own.
    """
    able = [n for n, maker in enumerate(makers) if speaks(maker, ask.language)]
    able = able or list(range(len(makers)))
    if ask.voice is None:
        return [(n, ask) for n in able]
    owner, voice = _owner(makers, able, ask)
    first = [n for n in range(len(makers)) if makers[n].name == makers[owner].name and n in able]
    others = [n for n in able if n not in first]
    plain, named = replace(ask, voice=None), replace(ask, voice=voice)
    return [(n, named) for n in first or [owner]] + [(n, plain) for n in others]


def chosen_because(maker: Any, language: str) -> str:
    """A sentence for the report on why "auto" took this voice."""
    return (
        f"narrations in the language {language!r} are spoken by {maker.name}, "
        "the best voice here that speaks it"
    )


def _owner(makers: Sequence[Any], able: Sequence[int], ask: VoiceAsk) -> tuple[int, str | None]:
    """The provider whose voice the ask names, and the voice as that one calls it."""
    provider, colon, name = (ask.voice or "").partition(":")
    for n, maker in enumerate(makers):
        if colon and maker.name == provider:
            return n, name or None
    for n in able:
        if speaks(makers[n], ask.language, ask.voice):
            return n, ask.voice
    return able[0], ask.voice
