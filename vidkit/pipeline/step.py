"""A step of a section: its begin and its end are told, and its error becomes a value."""

from __future__ import annotations

import asyncio
import logging
import re
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from ..errors import Cancelled, ProviderError, VidkitError
from ..events import Outcome, Step, StepEnded, StepStarted
from ..loop import ended_all
from .place import Place

log = logging.getLogger("vidkit.pipeline")
T = TypeVar("T")


@dataclass(frozen=True)
class Got(Generic[T]):
    """What a step gave, who made it, and whether it was in the store already."""

    value: T
    by: str
    kept: bool


@dataclass(frozen=True)
class Done(Generic[T]):
    """A step that ended: its value or the error in its place, who did it, and for how long."""

    value: T | None
    by: str
    seconds: float
    failure: Exception | None = None
    kept: bool = False


async def done(
    place: Place, index: int, step: Step, by: str, work: Callable[[], Awaitable[Got[T]]]
) -> Done[T]:
    """Do one step of the section at `index`, tell of its begin and end, and make its error a
    value; only a cancelled run passes through. by: who is asked first.
    """
    began = place.now()
    place.tell(StepStarted(began, place.position, index, step, by))

    def over(
        by: str, outcome: Outcome, path: Path | None = None, error: str | None = None
    ) -> float:
        now = place.now()
        seconds = now - began
        place.tell(StepEnded(now, place.position, index, step, by, outcome, seconds, path, error))
        return seconds

    try:
        got = await work()
    except asyncio.CancelledError as error:
        if cancelled():
            over(by, "cancelled")
            raise
        if place.ending:
            return Done(None, by, over(by, "cancelled"), Cancelled("not begun any more"))
        failure: Exception = broken_off(by, error)
    except Exception as error:
        failure = error
    except GeneratorExit:
        raise
    except BaseException as error:  # such as SystemExit, which is not the provider's to raise
        failure = ProviderError(f"{by}: {ended_all(error)}")
    else:
        path = got.value if isinstance(got.value, Path) else getattr(got.value, "path", None)
        seconds = over(got.by, "kept" if got.kept else "made", path)
        return Done(got.value, got.by, seconds, None, got.kept)
    place.met(failure)
    place.stop_at(index, told(failure))
    return Done(None, by, over(by, "failed", error=told(failure)), failure)


def cancelled() -> bool:
    """Whether it is the running task that somebody cancels, and not what it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def broken_off(by: str, error: asyncio.CancelledError) -> ProviderError:
    """The error for a call that its provider cancelled itself."""
    return ProviderError(f"{by} broke off the call: {error or 'cancelled'}")


def told(error: Exception) -> str:
    """An error in words for a person. One that vidkit did not foresee is logged in full."""
    if isinstance(error, VidkitError):
        return scrubbed(str(error))
    log.error("unforeseen: %s", scrubbed("".join(traceback.format_exception(error))))
    return scrubbed(f"unforeseen {type(error).__name__}: {error}")


def scrubbed(text: str) -> str:
    """A text without what looks like a key, or like credentials in an address."""
    text = re.sub(r"//[^/\s@]+@", "//", text)
    return re.sub(r"\b(sk|key)-[\w-]{8,}", r"\1-…", text)
