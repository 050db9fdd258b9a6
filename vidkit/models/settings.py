"""What a run is told: providers, worker counts, the frame, and what to do about failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeGuard, get_args
from urllib.parse import urlsplit, urlunsplit

from ..core.errors import SettingsError
from ..core.paths import path_given, shortened

# A key, or an address that holds one: carried to its provider, and shown nowhere.


class Secret:
    """Text that nobody is to see: its `repr` and `str` are `shown`, it is no JSON, and it is
    not pickled, so that it reaches no file and no other machine. `reveal()` gives the text.
    """

    __slots__ = ("_shown", "_text")

    def __init__(self, text: str, shown: str = "…") -> None:
        self._text = text
        self._shown = shown

    def reveal(self) -> str:
        """The text."""
        return self._text

    def __repr__(self) -> str:
        return self._shown

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _: dict[int, Any]) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise SettingsError(
            "a key is not written down and not sent to other processes; leave api_key out and "
            "set the provider's environment variable there, such as OPENAI_API_KEY"
        )


Fit = Literal["contain", "cover"]
Motion = Literal["still", "zoom", "fade"]
OnFailure = Literal["skip", "placeholder", "stop"]
Force = Literal["image", "audio", "clip", "all"]

MOST_WORKERS = 64
"""More calls at once than this help no provider, and hurt most."""

LEAST_MOVING = 10
"""Frames a second below which nothing moves, but jumps."""

SIZES = (16, 8192)
RATES = (60, 450)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be set for a run. Immutable; `with_(…)` gives a changed copy.

    Providers
        images, voice: `name`, `name:argument`, or a provider of your own (see
        `vidkit.providers`); or several, as images=["openai", "slides"]: each takes the place of
        those before it where they give nothing. The defaults are offline and free: voice="auto"
        takes the best voice that is installed with vidkit and speaks the language, and
        voice=["piper:NAME", "auto"] one of yours before it, for the language of that one.
        rate: speed of speech in words a minute; None is the voice's own.
        api_key: the key for openai; None is what the environment's OPENAI_API_KEY holds, which
        is the better place for it. It is shown and written nowhere.
        base_url: the address of a server that speaks as OpenAI does; None is OPENAI_BASE_URL,
        or OpenAI itself.
        image_style: what openai is asked for before a section's own words, such as "A chalk
        drawing on a blackboard:"; "" for nothing, None for an educational illustration.
        image_quality: openai's "low", "medium" (as None), "high", "xhigh", "max" or "auto".
        voice_manner: how openai is told to speak; "" for nothing, None for a patient teacher.
        voice_tld: the accent of gtts, as the end of a Google address: "co.uk", "com.au".
        voice_slow: lets gtts speak slowly.
    Workers
        section_workers: sections of one lesson made at once. video_workers: lessons of a batch
        made at once. Each is a number, "auto" or "auto:12": begin as usual, and follow from what
        is measured, up to 16 sections (4 videos) or to the number that is given. The setting is
        then the number to begin with, and section_ceiling (video_ceiling) the most.
        concurrent_parts: image and narration of a section at the same time.
        adaptive: find out how many requests an online provider bears, within these numbers;
        False makes as many as they allow.
        pace: requests that may begin in a minute at each online provider, at the very most;
        None leaves that to the provider. On a cluster it is kept by all machines together.
    Frame
        size: (width, height) in pixels, both even. fps: frames a second.
        gap: breath after each section, in seconds.
        fit: "contain" shows a picture of another shape whole, "cover" fills the frame with it.
        motion: "still", "zoom" (a slow pan and zoom), "fade" (a cross-fade between sections).
        effects: for the numbers of chosen sections, moviepy effects or functions from clip to
        clip: {3: [vfx.FadeIn(1)]}. Such a section is made anew in each run.
    Failures
        on_failure: "skip" a failed section, put a "placeholder" card in its place, or
        "stop" the lesson there.
        only: numbers of the sections to make, counted from 1; None makes all. The video has
        the others too as far as the store has them.
    Store
        force: make the "image", "audio", "clip" or "all" of the sections anew, although the
        store has them; the earlier takes are kept beside.
        budget: a hard cap in dollars for the run, or a `Budget` that runs share.
        cache: keep what is made, and use what was. cache_dir: where; None is what VIDKIT_CACHE
        names, or the user's cache folder.
    progress: show bars.

    Raises `SettingsError` (a ValueError) for a value outside its range.
    """

    images: Any = "slides"
    voice: Any = "auto"
    rate: int | None = None
    api_key: Any = field(default=None, repr=False)
    base_url: Any = None
    image_style: str | None = None
    image_quality: str | None = None
    voice_manner: str | None = None
    voice_tld: str | None = None
    voice_slow: bool = False
    section_workers: Any = 4
    video_workers: Any = 2
    section_ceiling: int | None = None
    video_ceiling: int | None = None
    concurrent_parts: bool = True
    adaptive: bool = True
    pace: float | None = None
    size: tuple[int, int] = (1280, 720)
    fps: int = 24
    gap: float = 0.4
    fit: Fit = "contain"
    motion: Motion = "still"
    effects: Mapping[int, Any] = field(default_factory=dict)
    on_failure: OnFailure = "skip"
    only: Sequence[int] | None = None
    force: Force | None = None
    budget: Any = None
    cache: bool = True
    cache_dir: str | Path | None = None
    progress: bool = True

    def __post_init__(self) -> None:
        for name in _CEILINGS:
            self._take_workers(name)
        whole("fps", self.fps, 1, 120)
        if self.rate is not None:
            whole("rate", self.rate, *RATES)
        if not _is_number(self.gap) or not 0 <= self.gap <= 10:
            raise SettingsError(f"gap is {shortened(self.gap)}; give seconds from 0 to 10")
        if self.pace is not None and not _is_pace(self.pace):
            raise SettingsError(
                f"pace is {shortened(self.pace)}; give requests a minute, such as 60"
            )
        for name, choices in _CHOICES.items():
            if (value := getattr(self, name)) not in choices:
                told = " or ".join(map(repr, choices))
                raise SettingsError(f"{name} is {shortened(value)}; choose {told}")
        if self.motion != "still" and self.fps < LEAST_MOVING:
            raise SettingsError(
                f"motion={self.motion!r} needs fps of {LEAST_MOVING} or more, not {self.fps}"
            )
        if self.cache_dir is not None:
            path_given("cache_dir", self.cache_dir, "the folder of the store")
        object.__setattr__(self, "effects", _effects(self.effects))
        object.__setattr__(self, "size", _size(self.size))
        if self.only is not None:
            object.__setattr__(self, "only", _only(self.only))
        for kind in ("images", "voice"):
            if isinstance(several := getattr(self, kind), list):
                object.__setattr__(self, kind, tuple(several))
            if not self.sources(kind) or not all(self.sources(kind)):
                raise SettingsError(f"{kind} is empty; name a provider, such as {kind}='simulated'")
        for name in _TEXTS:
            if not isinstance(getattr(self, name), str | None):
                raise SettingsError(f"{name} is {shortened(getattr(self, name))}; give text")
        for name in _SWITCHES:
            if not isinstance(getattr(self, name), bool):
                told = shortened(getattr(self, name))
                raise SettingsError(f"{name} is {told}; give True or False")
        object.__setattr__(self, "api_key", _hidden("api_key", self.api_key))
        object.__setattr__(self, "base_url", _address(self.base_url))

    def _take_workers(self, name: str) -> None:
        """Read a number of workers, or "auto" and its ceiling."""
        ceiling, most = _CEILINGS[name]
        value = getattr(self, name)
        if isinstance(value, str):
            word, _, number = value.partition(":")
            if word != "auto" or (number and not number.isdecimal()):
                raise SettingsError(
                    f"{name} is {shortened(value)}; give a whole number from 1 to {MOST_WORKERS}, "
                    '"auto" or "auto:12"'
                )
            most = int(number[:9] or most)
            whole(f"the number of {name}", most, 1, MOST_WORKERS)
            usual = getattr(type(self), name)
            object.__setattr__(self, name, min(usual, most))
            object.__setattr__(self, ceiling, most)
        whole(name, getattr(self, name), 1, MOST_WORKERS)

    def sources(self, kind: str) -> tuple[Any, ...]:
        """The providers for "images" or "voice", the first before those that take its place."""
        several = getattr(self, kind)
        return several if isinstance(several, tuple) else (several,)

    @property
    def peak_calls(self) -> int:
        """Provider calls that can be under way at once in a batch."""
        videos: int = max(self.video_workers, self.video_ceiling or 0)
        return videos * self.calls_per_video

    @property
    def calls_per_video(self) -> int:
        """Provider calls that one lesson can have under way at once."""
        sections: int = max(self.section_workers, self.section_ceiling or 0)
        return sections * (2 if self.concurrent_parts else 1)

    def with_(self, **changes: Any) -> Settings:
        """A copy with some settings changed. Raises `SettingsError` for an unknown one."""
        known = {each.name for each in fields(self)}
        for name in changes:
            if name not in known:
                raise SettingsError(
                    f"there is no setting {name!r}; choose from: {', '.join(sorted(known))}"
                )
        for workers, (ceiling, _) in _CEILINGS.items():
            if workers in changes:
                changes.setdefault(ceiling, None)
        return replace(self, **changes)


def settled(settings: Settings | None, changes: Mapping[str, Any]) -> Settings:
    """What the arguments `settings` and the keywords beside it say. Raises `SettingsError`."""
    if settings is not None and not isinstance(settings, Settings):
        raise SettingsError(
            f"settings is {shortened(settings)}; give vidkit.Settings(…), "
            "or the settings themselves as keywords, such as size=(640, 360)"
        )
    return (settings or Settings()).with_(**changes)


_CEILINGS = {"section_workers": ("section_ceiling", 16), "video_workers": ("video_ceiling", 4)}
"""The setting that has the most that "auto" may reach, and how many that are by itself."""
_SWITCHES = ("concurrent_parts", "adaptive", "cache", "progress", "voice_slow")
_TEXTS = ("image_style", "image_quality", "voice_manner", "voice_tld")

_CHOICES: dict[str, tuple[str | None, ...]] = {
    "fit": get_args(Fit),
    "motion": get_args(Motion),
    "on_failure": get_args(OnFailure),
    "force": (None, *get_args(Force)),
}


def whole(name: str, value: object, low: int, high: int) -> None:
    """Raises `SettingsError` unless `value` is a whole number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise SettingsError(
            f"{name} is {shortened(value)}; give a whole number from {low} to {high}"
        )


def _is_pace(value: object) -> bool:
    return _is_number(value) and 0 < value <= 1e6


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _hidden(name: str, value: object) -> Secret | None:
    """A secret, however it is given; an error does not show it either."""
    if value is None or isinstance(value, Secret):
        return value
    if not isinstance(value, str) or not value.strip():
        raise SettingsError(f"{name} is no text, or an empty one; leave it out to use none")
    return Secret(value.strip())


def _address(value: object) -> Secret | str | None:
    """An address; one that holds a password or a query is shown without them."""
    if value is None or isinstance(value, Secret):
        return value
    if not isinstance(value, str) or not value.strip():
        raise SettingsError("base_url is no text, or an empty one; leave it out to use none")
    parts = urlsplit(value)
    if "@" in parts.netloc or parts.query:
        host = parts.netloc.rpartition("@")[2]
        return Secret(value, urlunsplit((parts.scheme, host, parts.path, "", "")))
    return value


def _size(value: object) -> tuple[int, int]:
    low, high = SIZES
    match value:
        case (int(width), int(height)) | [int(width), int(height)]:
            sides = (width, height)
            if all(low <= side <= high and side % 2 == 0 for side in sides):
                return sides
    raise SettingsError(
        f"size is {shortened(value)}; give (width, height) in even pixels from {low} to {high}, "
        "such as (1280, 720)"
    )


def _only(value: Sequence[int]) -> tuple[int, ...]:
    try:
        numbers = tuple(sorted(set(value)))
    except TypeError:
        numbers = ()
    if not numbers or any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in numbers):
        raise SettingsError(
            f"only is {shortened(value)}; give section numbers counted from 1, such as [3, 5]"
        )
    return numbers


def _effects(value: object) -> dict[int, tuple[Any, ...]]:
    """Effects by section number, each as a tuple; one alone may stand without a list."""
    if not isinstance(value, Mapping):
        raise SettingsError("effects is a dictionary: {section number: [effect, …]}")
    for number in value:
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            told = shortened(number)
            raise SettingsError(f"effects has {told}; give section numbers, counted from 1")
    several = {n: tuple(e) if isinstance(e, list | tuple) else (e,) for n, e in value.items()}
    for number, effects in several.items():
        for effect in effects:
            # a moviepy effect has `apply`, and moviepy is not imported to see what it is
            if not callable(effect) and not callable(getattr(effect, "apply", None)):
                raise SettingsError(
                    f"effects of section {number}: {shortened(effect)} is no effect; give those "
                    "of moviepy, such as vfx.FadeIn(1), or functions from clip to clip"
                )
    return several
