"""What a provider says of its limits: in the headers of an answer, in the words of a 429."""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

MINUTE = 60.0
LONGEST = 24 * 3600.0
"""Seconds: who is told to come back later than this is told by mistake."""
FEWEST, MOST = 1.0, 1e6
"""Requests a minute: a limit outside of these is a mistake, or one of something else."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests that the provider bears in a minute, and how many of them are left now."""

    per_minute: float
    left: float


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What a request may give where the answer tells of limits too: a limiter looks for it.

    odd: what it says of limits that cannot be meant so, for a note.
    """

    value: T
    limits: Limits | None = None
    odd: str | None = None


def limits_in(headers: Mapping[str, str]) -> tuple[Limits | None, str | None]:
    """The limits in an answer's `x-ratelimit-…-requests` headers, and a header that cannot be
    meant as it is written, with its value.

    `limit` and `remaining` count requests, by the minute as OpenAI's and most others' do; where
    `reset`, the time until all of them are there again, shows that they come back more slowly,
    as those of a day do, that rate counts.
    """
    name = "x-ratelimit-limit-requests"
    limit, left = _number(headers.get(name)), _number(headers.get("x-ratelimit-remaining-requests"))
    if limit is None or left is None:
        return None, None
    if not FEWEST <= limit <= MOST:
        return None, f"{name}: {headers[name]}"
    reset = span(headers.get("x-ratelimit-reset-requests"))
    back = MINUTE * (limit - left) / reset if reset and left < limit else limit
    return Limits(back if FEWEST <= back < limit / 2 else limit, left), None


def retry_after(headers: Mapping[str, str], body: object = None) -> tuple[float | None, str | None]:
    """Seconds until the provider wants to be asked again, by its headers or its `body`, None where
    they do not say; and a header that cannot be meant as it is written, with its value.

    `Retry-After` is in seconds or a date (RFC 9110, 10.2.3), `retry-after-ms` in milliseconds;
    where both are missing and no request is left, `x-ratelimit-reset-requests` counts, and
    `…-tokens` where it is tokens that are used up; then `retryDelay` (Google's RetryInfo) and
    `retry_after` of the body.
    """
    odd = None
    for name, read in (("retry-after-ms", _thousandths), ("retry-after", _seconds_or_date)):
        if (said := headers.get(name)) is None:
            continue
        seconds = read(said)
        if seconds is not None and seconds <= LONGEST:
            return seconds, odd
        odd = f"{name}: {said[:40]}"
    for what in ("requests", "tokens"):
        left = _number(headers.get(f"x-ratelimit-remaining-{what}"))
        reset = span(headers.get(f"x-ratelimit-reset-{what}"))
        if left is not None and left < 1 and reset is not None and reset <= LONGEST:
            return reset, odd
    told = _told(body)
    return told if told is not None and told <= LONGEST else None, odd


def _told(body: object, depth: int = 0) -> float | None:
    """Seconds that a body in JSON tells, wherever it does."""
    if depth > 6 or not isinstance(body, Mapping | list):
        return None
    if isinstance(body, Mapping):
        for name in ("retryDelay", "retry_after", "retryAfter", "retry_after_seconds"):
            said = body.get(name)
            if isinstance(said, str | int | float) and not isinstance(said, bool):
                return span(str(said))
    inner = body.values() if isinstance(body, Mapping) else body[:10]
    return next((told for each in inner if (told := _told(each, depth + 1)) is not None), None)


def _thousandths(said: str) -> float | None:
    number = _number(said)
    return None if number is None else number / 1000


def _seconds_or_date(said: str) -> float | None:
    if (number := _number(said)) is not None:
        return number
    try:
        return max(0.0, email.utils.parsedate_to_datetime(said).timestamp() - time.time())
    except (ValueError, OverflowError, OSError):
        return None


_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_UNIT = r"(?:ms|milliseconds?|s|sec(?:onds?)?|m|min(?:utes?)?|h|hours?)\b"
_SPAN = re.compile(
    rf"\b(?:in|after|wait(?:\s+for)?)\s+((?:\d+(?:\.\d+)?\s*{_UNIT[:-2]}\s*)+)\b", re.IGNORECASE
)
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.IGNORECASE)
_WHOLE = re.compile(r"(?:\d{1,9}(?:\.\d{1,9})?(?:h|ms|m|s))+")


def seconds_in(message: str) -> float | None:
    """Seconds to wait, as a message says: "try again in 1m20s", "after 51.84 seconds"."""
    found = _SPAN.search(message)
    seconds = None if found is None else _sum(found[1])
    return seconds if seconds is not None and seconds <= LONGEST else None


def span(said: str | None) -> float | None:
    """Seconds in "1s", "6m0s", "120ms", "1h2m3.5s" or a bare number of them; None for no such."""
    if said is None or (number := _number(said)) is not None:
        return None if said is None else number
    return _sum(said.strip()) if _WHOLE.fullmatch(said.strip()) else None


def _sum(parts: str) -> float:
    total = 0.0
    for number, unit in _PART.findall(parts):
        short = unit.lower()
        key = "ms" if short.startswith(("ms", "mil")) else short[0]
        total += float(number) * _UNITS[key]
    return total


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
