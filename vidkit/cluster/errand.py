"""What a worker is sent: one lesson, and what it needs to know to make it. Never a key."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import SettingsError, VidkitError
from ..lesson import Lesson
from ..report import VideoReport
from ..settings import Settings

_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
_KEY = re.compile(rb"\bsk-[\w-]{8,}")
SHORTEST = 8
"""A secret of fewer characters would be found everywhere."""


@dataclass(frozen=True)
class Errand:
    """One try at one lesson. run, number: of which run, and which try of the run. version: the
    client's vidkit. settings: as `packed` gives them. position: the lesson's in the run. notes:
    for the lesson's report. store, owner: the shared store's folder and the client's opening of
    it; None where nothing is kept. again: another worker was lost while it made the lesson.
    """

    run: str
    number: int
    version: str
    settings: bytes
    lesson: Lesson
    folder: Path
    position: int
    notes: tuple[str, ...] = ()
    store: Path | None = None
    owner: str | None = None
    again: bool = False


@dataclass(frozen=True)
class Held:
    """How a run is held: sections made at once, whether nothing may begin now, and why nothing
    may begin any more.
    """

    sections: int
    held: bool = False
    stop: VidkitError | None = None


@dataclass(frozen=True)
class Start:
    """What a worker is told when it begins: seconds since the run began, and how it is held."""

    at: float
    how: Held


@dataclass(frozen=True)
class Unfit:
    """What came of a try on a worker that can make no lesson of this run: why not."""

    why: VidkitError


Outcome = VideoReport | VidkitError | Unfit
"""What a worker sends back: a report, the error that kept the lesson from beginning, or the
reason why it is not the worker for it."""


def packed(settings: Settings) -> bytes:
    """Settings as they are sent, without what the client keeps: its budget and its bars.

    Raises `SettingsError` where a provider cannot be sent, or would take a key along.
    """
    from distributed.protocol.pickle import dumps

    try:
        bare = settings.with_(budget=None, progress=False, cache_dir=None)
        sent: bytes = dumps(bare)
    except SettingsError:
        raise
    except Exception as error:
        raise SettingsError(
            f"a provider or an effect cannot be sent to the workers ({error}); name a provider by "
            "its text, such as images='openai', or let it be one that can be pickled"
        ) from None
    for name, value in os.environ.items():
        if _SECRET.search(name) and len(value) >= SHORTEST and value.encode() in sent:
            raise _holds_key(f"what is in {name}")
    if _KEY.search(sent):
        raise _holds_key("a key")
    return sent


def unpacked(sent: bytes) -> Settings:
    """The settings that `packed` sent."""
    from distributed.protocol.pickle import loads

    settings: Settings = loads(sent)
    return settings


def _holds_key(what: str) -> SettingsError:
    return SettingsError(
        f"a provider holds {what}, and keys are not sent to workers; set the key in the "
        "environment of each worker, and name the provider by its text, such as images='openai'"
    )
