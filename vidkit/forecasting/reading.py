"""What there is to do, read from lessons, settings and what somebody says of providers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Literal

from ..errors import KeyMissing, SettingsError
from ..lesson import Lesson, Section, lesson_files, load_lesson
from ..pipeline.shape import image_ask, price, requests, voice_ask
from ..planning import TYPICAL_SECONDS, UNKNOWN_SECONDS
from ..providers import ImageAsk, VoiceAsk, image_makers, voice_makers
from ..providers._limit import RateLimit
from ..settings import Settings
from .load import ANY, Kind, Load, Piece, Provider, SectionLoad
from .seconds import Earlier, Seconds, checked, draw

CLIP_SECONDS = 0.25
"""A core's work on one section's clip (1280x720, half a minute), on a machine of two cores."""
JOIN_SECONDS = 0.3
"""The join of eleven such clips, with captions, poster and contact sheet, on the same machine."""

PerMinute = float | Mapping[str, float]
"""Requests a minute that each provider bears, or {"image": …, "voice": …} for one or both."""
Given = Lesson | str | Path | int
"""A lesson, its file, a folder of them, or a number of sections."""


def load_of(
    lessons: Given | Iterable[Given],
    settings: Settings,
    seconds: Mapping[str, Seconds | None],
    join_s: float | None,
    per_minute: PerMinute | None,
    from_run: object,
    seed: int,
) -> Load:
    """The load of making `lessons` with these settings.

    seconds: those of "image", "audio" and "clip" as in `forecast`; the rest as there too.
    """
    makers: dict[Kind, Any] = {
        "image": _first("images", image_makers, settings),
        "audio": _first("voice", voice_makers, settings),
    }
    limits = _limits(per_minute)
    names: dict[str, str] = {kind: maker.name for kind, maker in makers.items()}
    earlier = None if from_run is None else Earlier(from_run, names)

    def drawn(kind: str, usual: float) -> Callable[[Lesson, int], float]:
        chance = Random(f"{seed} {kind}")  # noqa: S311 - a course of events, no secret
        return draw(kind, seconds.get(kind), usual, earlier, chance)

    image_s = drawn("image", _usual(makers["image"]))
    voice_s = drawn("audio", _usual(makers["audio"]))
    clip_s = drawn("clip", CLIP_SECONDS)

    def section(lesson: Lesson, i: int) -> SectionLoad:
        image = _piece(makers["image"], image_ask(lesson, i, settings), image_s(lesson, i))
        audio = _piece(makers["audio"], voice_ask(lesson, i, settings), voice_s(lesson, i))
        return SectionLoad(image, audio, clip_s(lesson, i), lesson.sections[i].title)

    read = list(_read(lessons))
    if not any(lesson.sections for lesson in read):
        raise SettingsError("there is nothing to forecast; name a lesson, or a number of sections")
    return Load(
        lessons=tuple(
            tuple(section(lesson, i) for i in range(len(lesson.sections))) for lesson in read
        ),
        names=tuple(lesson.name for lesson in read),
        join=JOIN_SECONDS if join_s is None else checked("join", join_s),
        images=_provider(makers["image"], limits.get("image"), seconds.get("image")),
        voice=_provider(makers["audio"], limits.get("voice"), seconds.get("audio")),
    )


class _Keyless:
    """A provider of which nothing is known but its name: there is no key to ask with."""

    places = None
    online = True

    def __init__(self, spec: str) -> None:
        self.name = spec.partition(":")[0]


def _first(
    kind: Literal["images", "voice"],
    find: Callable[[Settings], Sequence[object]],
    settings: Settings,
) -> Any:
    """The provider that will be asked, if nothing fails: the first that is there."""
    try:
        return next(maker for maker in find(settings) if not getattr(maker, "missing", None))
    except KeyMissing:
        return _Keyless(str(settings.sources(kind)[0]))


def _usual(maker: Any) -> float:
    usual: float = getattr(maker, "latency", TYPICAL_SECONDS.get(maker.name, UNKNOWN_SECONDS))
    return usual


def _piece(maker: Any, ask: ImageAsk | VoiceAsk, seconds: float) -> Piece:
    if ask.file is not None:
        return Piece(0.0, own=True)
    return Piece(seconds, requests(maker, ask), price(maker, ask))


def _provider(maker: Any, per_minute: float | None, seconds: Seconds | None) -> Provider:
    """What limits a provider. One with a rate limit is on the network. One of this machine whose
    seconds are given stands for any other, and is not bound to its cores.
    """
    if per_minute is None:
        per_minute = getattr(maker, "per_minute", None)
    online = bool(getattr(maker, "online", False)) or per_minute is not None
    if seconds is not None and not getattr(maker, "online", False):
        return Provider(ANY, None, online, per_minute)
    return Provider(maker.name, maker.places, online, per_minute)


def _limits(per_minute: PerMinute | None) -> Mapping[str, float]:
    if per_minute is None:
        return {}
    both = per_minute if isinstance(per_minute, Mapping) else dict.fromkeys(_LIMITED, per_minute)
    if strange := set(both) - set(_LIMITED):
        raise SettingsError(
            f"per_minute names {min(strange, key=str)!r}; "
            'give a number, or {"image": …, "voice": …}'
        )
    for number in both.values():
        RateLimit(number)  # raises for what is none
    return both


_LIMITED = ("image", "voice")


def _read(lessons: Given | Iterable[Given]) -> Iterable[Lesson]:
    if isinstance(lessons, Lesson | str | Path | int):
        lessons = [lessons]
    for number, each in enumerate(lessons, 1):
        if isinstance(each, Lesson):
            yield each
        elif isinstance(each, int):
            yield _blank(f"lesson {number}", each)
        else:
            path = Path(each).expanduser()
            yield from map(load_lesson, lesson_files(path) if path.is_dir() else [path])


def _blank(name: str, sections: int) -> Lesson:
    """A lesson of so many sections of which nothing else is known."""
    if isinstance(sections, bool) or not 0 < sections <= 10_000:
        raise SettingsError(f"a lesson of {sections} sections; give a number from 1 to 10,000")
    return Lesson(Path(f"{name}.json"), (Section("a picture", "some words"),) * sections)
