"""How long each call takes: as somebody says, or as it took in an earlier run."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

from ..errors import SettingsError
from ..lesson import Lesson, Section
from ..output import REPORT
from ..report import BatchReport, VideoReport
from ..store import Journal

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

    def draw(self, kind: str, lesson: Lesson, index: int, chance: Random) -> float | None:
        """Seconds of this very section, else of any that was made, or None."""
        exact = self._exact.get((kind, lesson.name, index))
        if exact is not None or kind not in self._all:
            return exact
        return chance.choice(self._all[kind])


def draw(
    kind: str, given: Seconds | None, usual: float, earlier: Earlier | None, chance: Random
) -> Callable[[Lesson, int], float]:
    """What gives the seconds of each section's piece. `given` counts first, then an earlier
    run, then what is usual. Raises `SettingsError` where `given` is no time.
    """
    if given is None and earlier is not None:

        def as_before(lesson: Lesson, index: int) -> float:
            seconds = earlier.draw(kind, lesson, index, chance)
            return usual if seconds is None else seconds

        return as_before
    if callable(given):
        asked = given
        return lambda lesson, index: checked(kind, asked(lesson.sections[index]))
    match given:
        case (mean, spread):
            mean, spread = checked(kind, mean), checked(kind, spread)
            if not spread or not mean:
                return lambda lesson, index: mean
            # the log-normal distribution with this mean and standard deviation
            sigma = math.sqrt(math.log(1 + (spread / mean) ** 2))
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
    for entry in journal.entries(state="paid"):
        if entry.ended is not None and providers.get(entry.kind) == entry.provider:
            yield entry.kind, (entry.ended - entry.asked).total_seconds()


def _reported(source: object) -> Iterator[tuple[str, str, int, float]]:
    """Kind, lesson, index and seconds of each piece that was made."""
    match source:
        case VideoReport():
            yield from _told(source.as_json())
        case str() | Path():
            yield from _told(_opened(Path(source)))
        case BatchReport() | list() | tuple():
            for each in source:
                yield from _reported(each)
        case _:
            raise SettingsError(
                f"from_run is {type(source).__name__}; give a report, the folder of an earlier "
                "output, or a store's journal"
            )


def _opened(path: Path) -> Mapping[str, Any]:
    """The report in a file, or in an output folder."""
    file = path / REPORT if path.is_dir() else path
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(f"from_run: {file} is no report that can be read: {error}") from None
    if not isinstance(found, dict) or "vidkit" not in found:
        raise SettingsError(f"from_run: {file} is not one of vidkit's reports")
    return found


def _told(report: Mapping[str, Any]) -> Iterator[tuple[str, str, int, float]]:
    try:
        lesson = Path(report["lesson"]).stem
        sections: Iterable[Mapping[str, Any]] = report["sections"]
        for section in sections:
            for kind, seconds in section.get("work", {}).items():
                yield kind, lesson, int(section["number"]) - 1, float(seconds)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise SettingsError("from_run: the report is damaged; run again, or give image_s") from None
