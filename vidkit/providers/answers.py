"""What servers say: of their limits, in headers and in the words of a 429; and in the body of an
answer, which is an error, a picture or a sound.
"""

from __future__ import annotations

import base64
import binascii
import email.utils
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

T = TypeVar("T")

MINUTE = 60.0
LONGEST = 24 * 3600.0
"""Seconds: who is told to come back later than this is told by mistake."""
FEWEST, MOST = 1.0, 1e6
"""Requests a minute: a limit outside of these is a mistake, or one of something else."""


# Limits


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


def _told(body: object) -> float | None:
    """Seconds that a body in JSON tells, wherever it does."""
    for part in _within(body):
        for name in _WAITS if isinstance(part, Mapping) else ():
            said = part.get(name)
            if type(said) in (str, int, float) and (told := span(str(said))) is not None:
                return told
    return None


def _thousandths(said: str) -> float | None:
    number = _number(said)
    return None if number is None else number / 1000


def _seconds_or_date(said: str) -> float | None:
    if (number := _number(said)) is not None:
        return number
    try:
        seconds = email.utils.parsedate_to_datetime(said).timestamp() - time.time()
    except (ValueError, OverflowError, OSError):
        return None
    return seconds if seconds > 0 else None  # a clock is wrong, and which wait is meant is unknown


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


# Bodies: errors, pictures, sounds, by each server in its own way. Nothing is believed to be in its
# place: a server's sentence, or a picture, is looked for wherever one is known to stand, and what
# stands beside it is of no account.


_WORDS = ("error", "message", "detail", "msg", "errors", "error_message", "description", "title")
"""Where a server says what is wrong: OpenAI's and Gemini's `error.message`, FastAPI's `detail`
and `msg`, LiteLLM's and xAI's `error` as text, problem details' (RFC 9457) `detail`, `title`."""
_CODES = ("code", "type", "status", "reason")
_INNER = ("error", "detail", "details", "inner_error", "innererror")
"""Where codes stand within an error: Azure's `innererror`, Google's `details`."""
_PLACES = (
    "b64_json", "b64", "base64", "image_base64", "url", "image_url", "image", "audio", "data",
    "images", "output", "result", "results", "artifacts",
)  # fmt: skip
"""Where a picture or a sound stands, the likeliest first."""
_WAITS = ("retryDelay", "retry_after", "retryAfter", "retry_after_seconds")
DEEPEST = 6
MOST_DIGITS = 4_000
BEGINNINGS = 8
"""Brackets at which the JSON of an answer may begin that has something before it."""
SHORTEST = 60
"""Letters of base64: no picture and no sound has fewer."""
HTML = re.compile(rb"\s*(<!doctype html|<html|<\?xml|<head|<body)", re.IGNORECASE)


def parsed(content: bytes) -> Any:
    """A body as JSON, None where it is none."""
    try:
        return _from_json(content)
    except (ValueError, RecursionError):
        return _streamed(content) or _surrounded(content)


_LENIENT: dict[str, Any] = {
    "strict": False,
    "parse_int": lambda digits: int(digits[:MOST_DIGITS]),
}
"""JSON with lines within its texts, and whatever numbers: Python reads none of more than 4,300
digits."""
_DECODER = json.JSONDecoder(**_LENIENT)


def _from_json(content: bytes) -> Any:
    return json.loads(content, **_LENIENT)


def is_document(content: bytes) -> bool:
    """Whether a body is an object or a list of JSON from its beginning to its end."""
    if content.rstrip()[-1:] not in (b"}", b"]"):  # most that break off are told by their end
        return False
    try:
        return isinstance(_from_json(content), dict | list)
    except (ValueError, RecursionError):
        return False


def _streamed(content: bytes) -> Any:
    """The events of a stream that nobody asked for (`data: {…}` in lines), the last first; None
    where it is no stream.
    """
    if not re.match(rb"\s*(?::|(?:event|data|id|retry):)", content):
        return None
    events = []
    for line in content.splitlines():
        name, _, data = line.partition(b":")
        if name == b"data" and data.lstrip()[:1] in (b"{", b"["):
            try:
                events.append(_from_json(data))
            except (ValueError, RecursionError):
                continue
    return events[::-1] or None


def _surrounded(content: bytes) -> Any:
    """JSON with something before it or behind it: a warning of the server's, or another document,
    as where each line is one. Of several, a list with the last first; None where there is none.
    """
    text = content.decode("utf-8-sig", "replace").lstrip()
    # "[2026-11-30]" and "[WARN]" begin lines of a log, and no list that holds a picture
    if re.match(r'\{|\[\s*[\[{"]', text):
        begins = [0]  # what stands within it is not the whole of it
    elif HTML.match(content):
        return None
    else:
        begins = [found.start() for found in islice(re.finditer(r"\{", text), BEGINNINGS)]
    for begin in begins:
        if found := list(_documents(text, begin)):
            return found[0] if len(found) == 1 else found[::-1]
    return None


_BLANK = re.compile(r"\s*")


def _documents(text: str, begin: int) -> Iterator[Any]:
    """The JSON that stands from `begin` on, one behind the other."""
    while text[begin : begin + 1] in ("{", "["):
        try:
            value, end = _DECODER.raw_decode(text, begin)
        except (ValueError, RecursionError):
            return
        if value:
            yield value
        begin = _BLANK.match(text, end).end()  # type: ignore[union-attr]  # matches everywhere


def said(body: Any) -> str:
    """The server's own sentence in a body; "" where there is none."""
    return next(filter(None, _texts(_within(body, _WORDS, 3, DEEPEST + 1))), "")


def codes(body: Any) -> frozenset[str]:
    """The words by which a program may tell an error from another, wherever they stand."""
    found = (
        part.get(name)
        for part in _within(body, _INNER, 3)
        if isinstance(part, Mapping)
        for name in _CODES
    )
    return frozenset(str(each) for each in found if isinstance(each, str | int))


def refused_fields(body: Any, sentence: str, sent: Sequence[str]) -> list[str]:
    """Those of the fields that were `sent` which the server says that it does not take: as
    `param` (OpenAI), as the last of `loc` (FastAPI), or by name in a sentence that says so.
    """
    named = set(_named(body))
    if _DOUBT.search(sentence):
        quoted = re.findall(r"['\"`“‘]([a-z_]+)['\"`”’]|\b([a-z]+_[a-z_]+)\b", sentence)
        named.update(word for pair in quoted for word in pair if word)
        named.update(
            re.findall(r"^\W*(?:invalid |unsupported |unknown )?([a-z_]+)\b", sentence, re.I)
        )
    return [field for field in sent if field in named]


_DOUBT = re.compile(
    r"unsupported|not supported|unknown|unrecognized|unexpected|not permitted|not allowed|extra|"
    r"invalid|must be|should be|does not (?:support|accept|take)|not available|no such",
    re.IGNORECASE,
)


def _named(body: Any) -> Iterator[str]:
    for part in _within(body, ("error", "detail"), 20):
        if isinstance(part, Mapping):
            if isinstance(part.get("param"), str):
                yield part["param"].strip("[]'\"").rpartition(".")[2]
            if isinstance(part.get("loc"), list) and part["loc"]:
                yield str(part["loc"][-1])


def blobs(body: Any, is_one: Callable[[bytes], bool]) -> tuple[bytes | None, list[str]]:
    """The first picture or sound in an answer, None where there is none, and the addresses that
    may lead to one. is_one: whether bytes begin as one does. It is looked for where one is known
    to stand, and then everywhere.
    """
    links: list[str] = []
    for text in _texts(_within(body, _PLACES)):
        if re.match(r"https?://", text, re.IGNORECASE):
            links.append(text)
        elif (data := _decoded(text)) is not None and is_one(data):
            return data, links
    if links:
        return None, links
    everywhere = _texts(_within(body, most=None, deepest=2 * DEEPEST + 1))
    anywhere = (_decoded(text) for text in everywhere if len(text) >= SHORTEST)
    return next((data for data in anywhere if data is not None and is_one(data)), None), links


def _texts(parts: Iterable[Any]) -> Iterator[str]:
    return (part.strip() for part in parts if isinstance(part, str))


def _within(
    body: Any,
    names: Iterable[str] | None = None,
    most: int | None = 10,
    deepest: int = DEEPEST,
) -> Iterator[Any]:
    """A value of JSON and what is in it, the outer first: of a mapping what stands under one of
    the `names` (None: under any), of a list the first so many.
    """
    yield body
    inner: Iterable[Any] = ()
    if isinstance(body, Mapping):
        inner = body.values() if names is None else (body[n] for n in names if n in body)
    elif isinstance(body, list):
        inner = body[:most]
    for each in inner if deepest else ():
        yield from _within(each, names, most, deepest - 1)


def _decoded(text: str) -> bytes | None:
    """The bytes of base64 in any of its forms: `data:` before it, lines, no padding, `-_`."""
    if text[:5].lower() == "data:":
        head, _, text = text.partition(",")
        if not head.lower().endswith("base64"):
            return None
    text = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def tokens(usage: Any) -> tuple[int, int, int] | None:
    """Tokens of text, of pictures and of the answer that `usage` tells; None where it makes no
    sense, and then what was reserved is what was paid.
    """
    if not isinstance(usage, Mapping):
        return None
    details = usage.get("input_tokens_details")
    pictures = details.get("image_tokens") if isinstance(details, Mapping) else 0
    told = {**usage, "pictures": pictures or 0}
    found = counts(told, "input_tokens", "pictures", "output_tokens")
    if found is None or not found[2] or found[1] > found[0]:
        return None
    return found[0] - found[1], found[1], found[2]


def counts(told: Any, *names: str) -> list[int] | None:
    """The numbers of tokens that are told under these names; None where one is no such number."""
    found: list[Any] = [told.get(name) for name in names] if isinstance(told, Mapping) else [None]
    return found if all(type(each) is int and 0 <= each <= 10**9 for each in found) else None
