"""What a run is told: one table of settings.

A setting is one line of `Settings`: its type and limits, what it is, its option on the command
line, the keyword under which a provider takes it, and its field in the panel. Checks, docstring,
`--help`, JSON Schema, reference page and panel are made from that line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn
from urllib.parse import urlsplit, urlunsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic.dataclasses import dataclass as checked

from ..core.errors import SettingsError
from ..core.paths import path_given, shortened
from .table import Row, docstring, in_our_words, rows, setting, unknown

Fit = Literal["contain", "cover"]
Motion = Literal["still", "zoom", "fade"]
Reveal = Literal["follow", "spotlight", "still"]
OnFailure = Literal["skip", "placeholder", "stop"]
Force = Literal["image", "audio", "clip", "all"]
Join = Literal["only", "all"]

MOST_WORKERS = 64
"""More calls at once than this help no provider, and hurt most."""

LEAST_MOVING = 10
"""Frames a second below which nothing moves, but jumps."""

SIZES = (16, 8192)
RATES = (60, 450)

_AUTO = {"section_workers": ("section_ceiling", 4, 16), "video_workers": ("video_ceiling", 2, 4)}
"""By the setting that may be "auto": the one with the most that it may reach, the number to begin
with, and that most where none is given."""


class Secret:
    """A key, or an address that holds one: carried to its provider, and shown nowhere.

    Its `repr` and `str` are `shown`, it is no JSON, and it is not pickled, so that it reaches no
    file and no other machine. `reveal()` gives the text.
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


# What may stand for a setting, where its type does not say it all.


def _providers(value: Any, about: ValidationInfo) -> Any:
    several = tuple(value) if isinstance(value, list) else value
    if not several or not all(several if isinstance(several, tuple) else (several,)):
        name = about.field_name
        raise SettingsError(f"{name} is empty; name a provider, such as {name}='simulated'")
    return several


def _workers(value: object, about: ValidationInfo) -> object:
    if isinstance(value, str):
        raise SettingsError(
            f"{about.field_name} is {shortened(value)}; give a whole number from 1 to "
            f'{MOST_WORKERS}, "auto" or "auto:12"'
        )
    whole(str(about.field_name), value, 1, MOST_WORKERS)
    return value


def _key(value: Any) -> Secret | None:
    """A secret, however it is given; an error does not show it either."""
    if value is None or isinstance(value, Secret):
        return value
    if not isinstance(value, str) or not value.strip():
        raise SettingsError("api_key is no text, or an empty one; leave it out to use none")
    return Secret(value.strip())


def _address(value: Any) -> Secret | str | None:
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


def _in_order(value: Any) -> Any:
    try:
        return tuple(sorted(set(value)))
    except TypeError:
        return value  # which is then refused for what it is


def _folder(value: Any) -> Any:
    if value is not None:
        path_given("cache_dir", value, "the folder of the store")
    return value


def _pair(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Providers = Annotated[
    Any,
    AfterValidator(_providers),
    WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}, "minLength": 1}),
]
Workers = Annotated[
    Any,
    AfterValidator(_workers),
    WithJsonSchema(
        {
            "type": ["integer", "string"],
            "minimum": 1,
            "maximum": MOST_WORKERS,
            "pattern": "^auto(:[0-9]+)?$",
        }
    ),
]
Pace = Annotated[
    int | float,
    Field(gt=0, le=1e6),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": 1e6}),
]
Gap = Annotated[
    int | float,
    Field(ge=0, le=10),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 10}),
]
Side = Annotated[int, Field(ge=SIZES[0], le=SIZES[1], multiple_of=2)]


def _workers_text(text: str) -> int | str:
    try:
        return text if text.startswith("auto") else int(text)
    except ValueError:
        raise SettingsError(f"{text!r}: write a whole number, auto or auto:12") from None


def _size_text(text: str) -> tuple[int, int]:
    try:
        width, height = map(int, text.lower().split("x"))
    except ValueError:
        raise SettingsError(f"{text!r}: write WIDTHxHEIGHT, such as 1280x720") from None
    return width, height


def _dollars_text(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SettingsError(f"{text!r}: write dollars, such as 2.50") from None


def _numbers_text(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise SettingsError(f"{text!r}: write section numbers, such as 3,5") from None


def _read_auto(given: dict[str, Any]) -> dict[str, Any]:
    """Have a number and its ceiling stand for "auto" and "auto:12"."""
    for name, (ceiling, usual, most) in _AUTO.items():
        value = given.get(name)
        word, _, number = value.partition(":") if isinstance(value, str) else ("", "", "")
        if word == "auto" and (not number or number.isdecimal()):
            most = int(number[:9] or most)
            whole(f"the number of {name}", most, 1, MOST_WORKERS)
            given = given | {name: min(usual, most), ceiling: most}
    return given


@in_our_words(_read_auto)
@checked(frozen=True, kw_only=True, config=ConfigDict(strict=True, extra="forbid"))
class Settings:
    """Everything that can be set for a run. Immutable; `with_(…)` gives a changed copy."""

    images: Providers = setting(
        "slides",
        "who draws: NAME or NAME:ARGUMENT; of several, as openai,slides, each takes the place of "
        "those before it",
        more="Or a provider of your own (see `vidkit.providers`), or a list.",
        option="--images",
        metavar="NAME",
        panel="Pictures by",
        group="Providers",
    )
    voice: Providers = setting(
        "auto",
        "who speaks: as --images, such as gtts,auto",
        option="--voice",
        metavar="NAME",
        panel="Narration by",
    )
    rate: int | None = setting(
        None,
        "speed of speech in words a minute",
        more="None is the voice's own.",
        limits=RATES,
        option="--rate",
        metavar="WPM",
        read=int,
        panel="Words a minute",
    )
    api_key: Annotated[Any, AfterValidator(_key), WithJsonSchema({"type": "string"})] = setting(
        None,
        "the key for openai",
        more="None is what the environment's OPENAI_API_KEY holds, which is the better place for "
        "it. It is shown and written nowhere.",
        takes=("images.openai.api_key", "voice.openai.api_key"),
    )
    base_url: Annotated[Any, AfterValidator(_address), WithJsonSchema({"type": "string"})] = (
        setting(
            None,
            "openai: another server that speaks as it does",
            more="None is OPENAI_BASE_URL, or OpenAI itself.",
            option="--base-url",
            metavar="URL",
            takes=("images.openai.base_url", "voice.openai.base_url"),
        )
    )
    image_style: str | None = setting(
        None,
        "openai: what is asked for before a section's words",
        more='Such as "A chalk drawing on a blackboard:"; "" for nothing, None for an educational '
        "illustration.",
        option="--image-style",
        metavar="TEXT",
        takes=("images.openai.style",),
        panel="Style of all pictures",
    )
    image_quality: str | None = setting(
        None,
        "openai: low, medium, high, xhigh, max or auto",
        more="None is medium.",
        option="--image-quality",
        metavar="WORD",
        takes=("images.openai.quality",),
    )
    voice_manner: str | None = setting(
        None,
        "openai: how to speak",
        more='"" for nothing, None for a patient teacher.',
        option="--voice-manner",
        metavar="TEXT",
        takes=("voice.openai.manner",),
        panel="How the voice speaks",
    )
    voice_tld: str | None = setting(
        None,
        "gtts: the accent, as the end of an address: co.uk",
        option="--voice-tld",
        metavar="TLD",
        takes=("voice.gtts.tld",),
    )
    voice_slow: bool = setting(
        False, "gtts: speak slowly", option="--voice-slow", takes=("voice.gtts.slow",)
    )
    section_workers: Workers = setting(
        4,
        "sections of a lesson made at once; auto, or auto:12, follows from what is measured",
        more='"auto" begins as usual and goes up to 16, or to the number that is given. The '
        "setting is then the number to begin with, and section_ceiling the most.",
        option="--workers",
        metavar="N",
        read=_workers_text,
        panel="Sections at once",
        group="Workers",
    )
    video_workers: Workers = setting(
        2,
        "lessons of a batch made at once; auto as there",
        more='"auto" goes up to 4, or to the number that is given; video_ceiling has it.',
        option="--videos",
        metavar="N",
        read=_workers_text,
        panel="Videos at once",
    )
    section_ceiling: int | None = setting(
        None, "the most sections at once that auto may reach", limits=(1, MOST_WORKERS)
    )
    video_ceiling: int | None = setting(
        None, "the most lessons at once that auto may reach", limits=(1, MOST_WORKERS)
    )
    concurrent_parts: bool = setting(True, "image and narration of a section at the same time")
    adaptive: bool = setting(
        True,
        "find out how many requests an online provider bears, within these numbers",
        more="False makes as many as they allow.",
        panel="Find out what a provider bears",
    )
    pace: Pace | None = setting(
        None,
        "ask an online provider N times a minute at most",
        more="None leaves that to the provider. On a cluster it is kept by all machines together.",
        mend="give requests a minute, such as 60",
        option="--pace",
        metavar="N",
        read=float,
    )
    size: Annotated[tuple[Side, Side], BeforeValidator(_pair)] = setting(
        (1280, 720),
        "the video's frame, in pixels",
        more="(width, height), both even.",
        mend=f"give (width, height) in even pixels from {SIZES[0]} to {SIZES[1]}, "
        "such as (1280, 720)",
        option="--size",
        metavar="WxH",
        read=_size_text,
        panel="Size",
        group="Frame",
    )
    fps: int = setting(24, "frames a second", limits=(1, 120))
    gap: Gap = setting(
        0.4,
        "breath after each section, in seconds",
        mend="give seconds from 0 to 10",
    )
    fit: Fit = setting(
        "contain",
        "pictures of another shape: show them whole (contain), or fill the frame (cover)",
        option="--fit",
        panel="Pictures of another shape",
    )
    motion: Motion = setting(
        "still",
        "pictures stand still, zoom slowly, or fade into each other",
        option="--motion",
        panel="Motion",
    )
    reveal: Reveal = setting(
        "follow",
        "a slide shows each item when it is spoken of (follow), all with a stress on that "
        "(spotlight), or all at once (still)",
        more='Where motion is "zoom" it is "still".',
        option="--reveal",
    )
    effects: Annotated[Any, AfterValidator(_effects), WithJsonSchema({"type": "object"})] = setting(
        {},
        "moviepy effects, or functions from clip to clip, for chosen sections",
        more="By the section's number: {3: [vfx.FadeIn(1)]}. Such a section is made anew in each "
        "run.",
    )
    on_failure: OnFailure = setting(
        "skip",
        "leave a failed section out (skip), put a card in its place, or stop the lesson",
        option="--on-failure",
        panel="When a section fails",
        group="Failures",
    )
    only: (
        Annotated[
            tuple[Annotated[int, Field(ge=1)], ...],
            BeforeValidator(_in_order),
            Field(min_length=1),
        ]
        | None
    ) = setting(
        None,
        "make these sections alone, counted from 1",
        more="The video is of these alone, unless `join` says otherwise.",
        mend="give section numbers counted from 1, such as [3, 5]",
        option="--only",
        metavar="3,5",
        read=_numbers_text,
    )
    join: Join = setting(
        "only",
        "what the video is of where `only` chooses sections: these alone (only), or the others "
        "too as far as the store has them (all)",
        option="--join",
    )
    force: Force | None = setting(
        None,
        "make this anew, although the store has it",
        more="The earlier takes are kept beside.",
        option="--force",
        group="Store",
    )
    budget: Annotated[Any, WithJsonSchema({"type": "number"})] = setting(
        None,
        "spend no more than this in the run",
        more="Or a `Budget` that runs share.",
        option="--budget",
        metavar="DOLLARS",
        read=_dollars_text,
        panel="Spend at most, in dollars",
    )
    cache: bool = setting(
        True, "keep what is made, and use what was", off="keep nothing", option="--no-cache"
    )
    cache_dir: Annotated[str | Path | None, BeforeValidator(_folder)] = setting(
        None,
        "the folder of the store of what was made",
        more="None is what VIDKIT_CACHE names, or the user's cache folder.",
        option="--cache-dir",
        metavar="DIR",
    )
    progress: bool = setting(True, "show bars", off="no progress bars", option="--quiet")

    @model_validator(mode="after")
    def _moves(self) -> Settings:
        if self.motion != "still" and self.fps < LEAST_MOVING:
            raise SettingsError(
                f"motion={self.motion!r} needs fps of {LEAST_MOVING} or more, not {self.fps}"
            )
        return self

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

    def keywords(self, kind: str, provider: str) -> dict[str, Any]:
        """What is set of a provider (`kind` "images" or "voice"), under its own keywords."""
        found = {}
        for name, row in TABLE.items():
            value = getattr(self, name)
            if (keyword := row.keyword(kind, provider)) and value not in (None, False):
                found[keyword] = value.reveal() if isinstance(value, Secret) else value
        return found

    def with_(self, **changes: Any) -> Settings:
        """A copy with some settings changed. Raises `SettingsError` for an unknown one."""
        for name in changes:
            if name not in TABLE:
                raise SettingsError(unknown(Settings, name))
        for workers, (ceiling, _, _) in _AUTO.items():
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


def whole(name: str, value: object, low: int, high: int) -> None:
    """Raises `SettingsError` unless `value` is a whole number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise SettingsError(
            f"{name} is {shortened(value)}; give a whole number from {low} to {high}"
        )


TABLE: Mapping[str, Row] = rows(Settings)
"""The settings by name, in order, for whoever lists them."""

Settings.__doc__ = docstring(Settings)
