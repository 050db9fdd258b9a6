"""What a provider says of its limits: in the headers of an answer, in the words of a 429."""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests that the provider bears in a minute, and how many of them are left now."""

    per_minute: float
    left: float


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What a request may give where the answer tells of limits too: a gate looks for it."""

    value: T
    limits: Limits | None = None


def limits_in(headers: Mapping[str, str]) -> Limits | None:
    """The limits in an answer's `x-ratelimit-…-requests` headers, or None.

    They are counted by the minute, as OpenAI's and most others' are.
    """
    limit = _number(headers.get("x-ratelimit-limit-requests"))
    left = _number(headers.get("x-ratelimit-remaining-requests"))
    if limit is None or left is None or limit <= 0:
        return None
    return Limits(limit, max(0.0, left))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds until the provider wants to be asked again, by its headers; None where unsaid.

    `Retry-After` is in seconds or a date (RFC 9110, 10.2.3), `retry-after-ms` in milliseconds.
    """
    if (thousandths := _number(headers.get("retry-after-ms"))) is not None:
        return max(0.0, thousandths / 1000)
    said = headers.get("retry-after")
    if said is None or (seconds := _number(said)) is not None:
        return None if said is None else max(0.0, seconds or 0.0)
    try:
        date = email.utils.parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(0.0, date.timestamp() - time.time())


_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_UNIT = r"(?:ms|milliseconds?|s|sec(?:onds?)?|m|min(?:utes?)?|h|hours?)\b"
_SPAN = re.compile(
    rf"\b(?:in|after|wait(?:\s+for)?)\s+((?:\d+(?:\.\d+)?\s*{_UNIT[:-2]}\s*)+)\b", re.IGNORECASE
)
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.IGNORECASE)


def seconds_in(message: str) -> float | None:
    """Seconds to wait, as a message says: "try again in 1m20s", "after 51.84 seconds"."""
    if (found := _SPAN.search(message)) is None:
        return None
    total = 0.0
    for number, unit in _PART.findall(found[1]):
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
