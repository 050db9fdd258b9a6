"""How long each call takes: as somebody says, or as it took in an earlier run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Literal

from ..core.errors import KeyMissing, SettingsError
from ..core.paths import is_folder, path_given, several_given
from ..models.files import lesson_files
from ..models.lesson import Lesson, Section
from ..models.reading import load_lesson
from ..models.settings import Settings
from ..pipeline.assets import image_ask, voice_ask
from ..pipeline.context import work_name
from ..pipeline.output import REPORT, read_report
from ..pipeline.run import store_of
from ..pipeline.workload import Kind, Load, Piece, Provider, SectionLoad
from ..providers.base import ImageAsk, VoiceAsk
from ..providers.conversation import price, requests
from ..providers.registry import image_makers, voice_makers
from ..providers.simulated import RateLimit
from ..report.reports import BatchReport, VideoReport
from ..store.ledger import Journal
from ..store.store import default_folder

Seconds = float | tuple[float, float] | Callable[[Section], float]
"""A number; (mean, standard deviation), drawn log-normally, as such times mostly lie; or a
function of the section."""

LONGEST = 3600.0
NAMES = {"image": "image_s", "audio": "voice_s", "clip": "clip_s", "join": "join_s"}


class Earlier:
    """Seconds that pieces took in earlier runs.

    source: a report, several, the path of a `report.json` or of its folder, or a store's
    journal. providers: the names of those who are asked now; a journal tells of others too.
    Raises `SettingsError` for anything else, and where nothing was made in it.
    """

    def __init__(self, source: object, providers: Mapping[str, str]) -> None:
        self._exact: dict[tuple[str, str, int], float] = {}
        self._all: dict[str, list[float]] = {}
        if isinstance(source, Journal):
            for kind, seconds in _journalled(source, providers):
                self._all.setdefault(kind, []).append(seconds)
        else:
            for kind, lesson, index, seconds in _reported(source):
                self._exact[kind, lesson, index] = seconds
                self._all.setdefault(kind, []).append(seconds)
        if not self._all:
            raise SettingsError(
                "from_run holds no piece that was made, and so no time; give a run that made "
                "something, or image_s and voice_s"
            )

    def draw(self, kind: str, lesson: Lesson, index: int, usual: float, chance: Random) -> float:
        """Seconds of this very section, else of any that was made, else what is usual."""
        exact = self._exact.get((kind, lesson.name, index))
        return chance.choice(self._all.get(kind, [usual])) if exact is None else exact


def draw(
    kind: str, given: Seconds | None, usual: float, earlier: Earlier | None, chance: Random
) -> Callable[[Lesson, int], float]:
    """What gives the seconds of each section's piece. `given` counts first, then an earlier
    run, then what is usual. Raises `SettingsError` where `given` is no time.
    """
    if given is None and earlier is not None:
        return lambda lesson, index: earlier.draw(kind, lesson, index, usual, chance)
    if callable(given):
        asked = given
        return lambda lesson, index: checked(kind, asked(lesson.sections[index]))
    match given:
        case (mean, spread):
            mean, spread = checked(kind, mean), checked(kind, spread)
            if not spread or not mean:
                return lambda lesson, index: mean
            # the log-normal distribution with this mean and standard deviation
            sigma = math.sqrt(math.log(1 + min(spread / mean, 1e9) ** 2))
            mu = math.log(mean) - sigma**2 / 2
            return lambda lesson, index: chance.lognormvariate(mu, sigma)
        case _:
            always = usual if given is None else checked(kind, given)
            return lambda lesson, index: always


def checked(kind: str, value: object) -> float:
    """Seconds of a piece of that kind. Raises `SettingsError` for what is none."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LONGEST:
        return float(value)
    raise SettingsError(
        f"{NAMES[kind]} is {value!r}; give seconds from 0 to {LONGEST:g}, (mean, spread), or a "
        "function from a section to seconds"
    )


def _journalled(journal: Journal, providers: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    """Kind and seconds of each paid call to these providers; a free one leaves no trace."""
    for entry in journal.entries():
        asked = entry.state == "paid" and providers.get(entry.kind) == entry.provider
        if asked and entry.ended is not None:
            yield entry.kind, (entry.ended - entry.asked).total_seconds()


def _reported(source: object) -> Iterator[tuple[str, str, int, float]]:
    """Kind, lesson, index and seconds of each piece that was made."""
    match source:
        case VideoReport():
            for section in source.sections:
                for kind, seconds in section.work.items():
                    yield kind, source.name, section.index, round(seconds, 3)  # as its file has it
        case str() | Path():
            if (report := read_report(source)) is None:
                raise SettingsError(_why_unread(Path(source)))
            yield from _reported(report)
        case BatchReport() | list() | tuple():
            for each in source:
                yield from _reported(each)
        case _:
            raise SettingsError(
                f"from_run is {type(source).__name__}; give a report, the folder of an earlier "
                "output, or a store's journal"
            )


def _why_unread(source: Path) -> str:
    """Why there is no report at the path of one, or of its folder."""
    file = source / REPORT if is_folder(source) else source
    try:
        file.read_bytes()
    except (OSError, ValueError) as error:  # of a path that no file can have
        why = error.strerror if isinstance(error, OSError) else error
        return (
            f"from_run: {file} cannot be read: {why}; name a report, or the folder of an earlier "
            "output"
        )
    return (
        f"from_run: {file} is none of vidkit's reports, or is damaged; run again, or give image_s"
    )


# What there is to do, read from lessons, settings and what somebody says of providers.


TYPICAL_SECONDS = {
    "slides": 0.15,
    "espeak": 0.2,
    "hibari": 0.5,
    "piper": 3.0,
    "kokoro": 20.0,
    "recorded": 0.01,
    "gtts": 4.0,
    "openai": 20.0,
}
"""How long a call of a provider takes, roughly; a provider's own `latency` is believed first."""

UNKNOWN_SECONDS = 5.0

CLIP_SECONDS = 0.5
"""A core's work on one section's clip (1280x720, half a minute, following the voice), on a machine
of two cores."""
JOIN_SECONDS = 0.09
"""For each of eleven such clips their join, with captions, poster, contact sheet and review, on the
same machine."""

PerMinute = float | Mapping[str, float]
"""Requests a minute that each provider bears, or {"image": …, "voice": …} for one or both."""
Given = Lesson | str | Path | int
"""A lesson, its file, a folder of them, or a number of sections."""


@dataclass(frozen=True)
class Assumptions:
    """What somebody says of the calls and of the machine; each as `forecast` takes it."""

    image_s: Seconds | None = None
    voice_s: Seconds | None = None
    clip_s: Seconds | None = None
    join_s: float | None = None
    per_minute: PerMinute | None = None
    from_run: object = None
    cores: int | None = None
    seed: int = 0


def load_of(lessons: Given | Iterable[Given], settings: Settings, said: Assumptions) -> Load:
    """The load of making `lessons` with these settings."""
    makers: dict[Kind, Any] = {
        "image": _first("images", image_makers, settings),
        "audio": _first("voice", voice_makers, settings),
    }
    limits = _limits(said.per_minute)
    names: dict[str, str] = {kind: maker.name for kind, maker in makers.items()}
    earlier = None if said.from_run is None else Earlier(said.from_run, names)

    def drawn(kind: str, given: Seconds | None, usual: float) -> Callable[[Lesson, int], float]:
        chance = Random(f"{said.seed} {kind}")  # noqa: S311 - a course of events, no secret
        return draw(kind, given, usual, earlier, chance)

    known = known_seconds(settings)
    usual: dict[Kind, float] = {
        kind: usual_seconds(kind, maker, settings, known) for kind, maker in makers.items()
    }
    image_s = drawn("image", said.image_s, usual["image"])
    voice_s = drawn("audio", said.voice_s, usual["audio"])
    clip_s = drawn("clip", said.clip_s, clip_seconds(settings, known))

    def section(lesson: Lesson, i: int) -> SectionLoad:
        image = _piece(makers["image"], image_ask(lesson, i, settings), image_s(lesson, i))
        audio = _piece(makers["audio"], voice_ask(lesson, i, settings), voice_s(lesson, i))
        return SectionLoad(image, audio, clip_s(lesson, i), lesson.sections[i].title)

    read = list(_read(lessons))
    if not any(lesson.sections for lesson in read):
        raise SettingsError("there is nothing to forecast; name a lesson, or a number of sections")
    work = tuple(tuple(section(lesson, i) for i in range(len(lesson.sections))) for lesson in read)
    joining = join_seconds(settings, known, work)
    return Load(
        lessons=work,
        names=tuple(lesson.name for lesson in read),
        join=joining if said.join_s is None else checked("join", said.join_s),
        images=provider_of(makers["image"], limits.get("image"), said.image_s),
        voice=provider_of(makers["audio"], limits.get("voice"), said.voice_s),
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


def usual_seconds(kind: Kind, maker: Any, settings: Settings, known: Mapping[str, float]) -> float:
    """Seconds that a call of this provider takes, where nobody says: its own `latency`, else what
    it took in earlier runs (`known`, as the ledger's `seconds`), else what such a provider
    typically takes.
    """
    typical = TYPICAL_SECONDS.get(maker.name, UNKNOWN_SECONDS)
    before = known.get(work_name(kind, maker.name, settings), typical)
    usual: float = getattr(maker, "latency", before)
    return usual


def clip_seconds(settings: Settings, known: Mapping[str, float]) -> float:
    """A core's seconds to cut a clip with these settings, where nobody says."""
    return known.get(work_name("clip", None, settings), CLIP_SECONDS)


def join_seconds(
    settings: Settings, known: Mapping[str, float], lessons: Sequence[Sequence[SectionLoad]]
) -> float:
    """Seconds to join the clips of one of the `lessons` with these settings, where nobody says."""
    clips = sum(map(len, lessons)) / max(1, len(lessons))
    return clips * known.get(work_name("join", None, settings), JOIN_SECONDS)


def known_seconds(settings: Settings) -> Mapping[str, float]:
    """What pieces of work took in earlier runs with the store of these settings, where there is
    one; none is made for it.
    """
    folder = Path(settings.cache_dir or default_folder()).expanduser()
    if not settings.cache or not folder.is_dir() or not any(folder.iterdir()):
        return {}
    return store_of(settings).journal.seconds()


def _piece(maker: Any, ask: ImageAsk | VoiceAsk, seconds: float) -> Piece:
    if ask.file is not None:
        return Piece(0.0, own=True)
    return Piece(seconds, requests(maker, ask), price(maker, ask))


def provider_of(
    maker: Any, per_minute: float | None = None, seconds: Seconds | None = None
) -> Provider:
    """What limits a provider. One with a rate limit is on the network. One of this machine whose
    seconds are given stands for any other, and is not bound to its cores.
    """
    if per_minute is None:
        per_minute = getattr(maker, "per_minute", None)
    found = Provider(maker.name, maker.places, bool(getattr(maker, "online", False)), None)
    return found.paced(per_minute, changed=seconds is not None)


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
_GIVEN = "a lesson, a folder of them, a number of sections, or a list of these"


def _read(lessons: Given | Iterable[Given]) -> Iterable[Lesson]:
    if isinstance(lessons, Lesson | str | Path | int):
        lessons = [lessons]
    for number, each in enumerate(several_given("lessons", lessons, _GIVEN), 1):
        if isinstance(each, Lesson):
            yield each
        elif isinstance(each, int):
            yield _blank(f"lesson {number}", each)
        else:
            path = path_given("lessons", each, _GIVEN)
            yield from map(load_lesson, lesson_files(path) if is_folder(path) else [path])


def _blank(name: str, sections: int) -> Lesson:
    """A lesson of so many sections of which nothing else is known."""
    if isinstance(sections, bool) or not 0 < sections <= 10_000:
        raise SettingsError(f"a lesson of {sections} sections; give a number from 1 to 10,000")
    return Lesson(Path(f"{name}.json"), (Section("a picture", "some words"),) * sections)
