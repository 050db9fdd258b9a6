"""An account at OpenAI, or at a server that speaks its language: key, address, client, errors, and
what its models cost.

What a request comes to is told by the kind of its error, which the ledger goes by: nothing was
sent (`Offline`, `Misconfigured`), it was refused before any work (429, other 4xx), perhaps made
(5xx, 408, no answer), or made and damaged on its way.
"""

from __future__ import annotations

import asyncio
import copy
import hashlib
import logging
import math
import os
import re
import tomllib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urljoin, urlsplit
from weakref import WeakKeyDictionary

import httpx2
import openai

from ..core.errors import (
    BadRequest,
    Damaged,
    KeyMissing,
    Misconfigured,
    ModelMissing,
    ProviderError,
    ProviderMissing,
    QuotaExhausted,
    RateLimited,
    Refused,
    SettingsError,
    Unconfirmed,
    Unreachable,
)
from ..models.settings import Secret
from .answers import (
    HTML,
    Answer,
    blobs,
    codes,
    limits_in,
    parsed,
    refused_fields,
    retry_after,
    said,
)
from .base import Request
from .wire import (
    CONNECT,
    NOT_SENT,
    REDIRECTS,
    Address,
    BrokenBody,
    Unwanted,
    Wire,
    proxy_for,
    unsendable,
    unsent,
)

_FILE = Path(__file__).with_name("openai.toml")
"""OpenAI's models, sizes and prices."""
MILLION = 1_000_000
SPARE_TOKENS = 50
"""Tokens that a request may take beside its text."""

Kind = Literal["images", "speech", "writing"]
Size = tuple[int, int]
T = TypeVar("T")
log = logging.getLogger("vidkit.providers")

HOME = "https://api.openai.com/v1"
KEYS = "https://platform.openai.com/api-keys"
BILLING = "https://platform.openai.com/settings/organization/billing"
NO_KEY = "none"
FETCHES = 3
"""Times that a picture is fetched from the address where the answer says that it is."""

_REFUSED = {
    "moderation_blocked",
    "content_policy_violation",
    "content_filter",
    "content_blocked",
    "contentFilter",
    "ResponsibleAIPolicyViolation",
}
_REFUSED_WORDS = re.compile(r"safety system|\bflagged\b.*\bmoderation\b", re.I | re.S)
_EXHAUSTED = {
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
    "billing_limit_user_error",
    "insufficient_user_quota",
    "insufficient_balance",
}
_BAD_KEY = {"invalid_api_key", "API_KEY_INVALID"}
_GONE = {
    "model_not_found",
    "model_not_available",
    "model_deprecated",
    "unknown_model",
    "DeploymentNotFound",
}
_GONE_WORDS = re.compile(
    r"\bmodel\b.*\b(does not exist|not found|not installed|not available|not supported|unknown|"
    r"deprecated|shut down|retired|no longer)\b|\b(unknown|no such|invalid) model\b",
    re.IGNORECASE | re.DOTALL,
)
_NO_ROUTE = re.compile(r"(404\W*)?(page |route )?not found\W*|invalid url.*|", re.I | re.S)
_PERHAPS_MADE = {408, 499}
"""Beside 5xx: a gateway that waited too long for the model, which may be at work on it."""

_left_out: dict[tuple[str, str], set[str]] = {}
"""The fields that a server did not take, by its address and model."""


class Account:
    """A model, and the key and the address by which it is asked: those that are given, else
    OPENAI_API_KEY and OPENAI_BASE_URL. What the providers "openai" have in common.

    kind: what is asked for, "images", "speech" or "writing". seconds: how long an answer may take.
    fields: what is sent besides, for a server that wants more, or with "" what is not sent.
    `missing` is the `KeyMissing` where OpenAI is to be asked without a key, or with one that
    cannot be sent, else None. The key is in no text that this gives.
    """

    name = "openai"
    places = None
    online = True

    def __init__(
        self,
        kind: Kind,
        model: str,
        base_url: str | None,
        api_key: str | None,
        seconds: float,
        fields: Mapping[str, str] | None = None,
    ) -> None:
        self.kind = kind
        self.model = model
        self.seconds = seconds
        self.fields = dict(fields or {})
        self.priced = dated()
        self.facts: Mapping[str, Any] = _data()[kind].get(model, {})
        self._url = Address.of(base_url or os.environ.get("OPENAI_BASE_URL") or HOME)
        self._source = "api_key" if api_key else "OPENAI_API_KEY"
        self._key = Secret((api_key or os.environ.get("OPENAI_API_KEY") or "").strip())
        self.missing = self._missing()
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, openai.AsyncOpenAI] = (
            WeakKeyDictionary()
        )

    def _missing(self) -> KeyMissing | None:
        key = self._key.reveal()
        if not key and self.at_home:
            return KeyMissing(
                "openai needs a key, and there is none; set the environment variable "
                f"OPENAI_API_KEY (keys are made at {KEYS}), or choose a provider that is free "
                "and offline: images='slides', voice='auto'"
            )
        if (why := unsendable(key)) is not None:
            return KeyMissing(
                f"the key in {self._source} cannot be sent: {why}; copy it again, without what "
                "stands around it"
            )
        return None

    @property
    def at_home(self) -> bool:
        """True where it is OpenAI itself that is asked."""
        return self.address == HOME

    @property
    def _has_openais_models(self) -> bool:
        """Whether it is one of OpenAI's models that is asked for, there or by way of another."""
        return self.at_home or self.model in models(self.kind)

    @property
    def models(self) -> tuple[str, ...]:
        """The models that are current."""
        return current(self.kind)

    @property
    def needs(self) -> str:
        """What it needs, and whether that is there; never the key itself."""
        where = f"the setting {self._source}" if self._source == "api_key" else self._source
        if self._key.reveal():
            return f"a key: set, from {where}"
        return f"a key: {self._source} is not set" if self.at_home else "no key"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know before anything is sent."""
        if not self._url.plain or not (self._key.reveal() or self._url.userinfo):
            return ()
        return (
            f"the key goes to {self.address} over plain http, where anybody on the way can read "
            "it; use https:// if the server has it",
        )

    @property
    def address(self) -> str:
        """The address without what somebody may have hidden in it: name, password, query."""
        return self._url.shown

    @property
    def gate_key(self) -> tuple[str, ...]:
        """What shares one limit: the same address, key and model. The key is not in it."""
        hidden = (self._key, self._url.userinfo, self._url.query)
        secret = "\n".join(each.reveal() for each in hidden if each is not None).encode()
        return "openai", self.address, self.model, hashlib.sha256(secret).hexdigest()[:16]

    def _shape(self, **own: Any) -> dict[str, Any]:
        """What shapes an asset: provider, model, what is its own, and another's address."""
        address = None if self.at_home else self.address
        shape = {"provider": self.name, "model": self.model, **own, "address": address}
        return shape | ({"fields": self.fields} if self.fields else {})

    def dollars(self, **tokens: float) -> float | None:
        """Dollars for so many tokens of each kind; None where the model's price of one is not
        known.
        """
        if not tokens.keys() <= self.facts.keys():
            return None
        return float(sum(count * self.facts[kind] for kind, count in tokens.items())) / MILLION

    async def made(
        self,
        request: Request,
        path: str,
        fields: Mapping[str, Any],
        read: Callable[[bytes], Awaitable[T]],
        optional: Sequence[str] = (),
    ) -> T:
        """What `ask` reads, through the gate, with the fields that are set by hand; one that is
        set to "" is left out.
        """
        sent = {name: value for name, value in {**fields, **self.fields}.items() if value != ""}
        answer: Answer[T] = await request(lambda: self.ask(path, sent, read, optional))
        return answer.value

    async def found(
        self, content: bytes, suffix: Callable[[bytes], str | None], what: str
    ) -> tuple[bytes, Any]:
        """The picture or sound in an answer that came with 200: it itself, in base64, somewhere
        in JSON, or where that leads to; and the JSON, whatever else is odd about it. suffix: of a
        file that begins so, None for what is none.
        """
        if suffix(content) is not None:
            return content, None

        def look() -> tuple[Any, bytes | None, list[str]]:
            body = parsed(content)
            where = body if body is not None else content.decode("ascii", "replace")
            return body, *blobs(where, lambda each: suffix(each) is not None)

        body, data, links = await asyncio.to_thread(look)
        if data is None and links:
            data = await self.fetch(links[0])
        if data is None or suffix(data) is None:
            raise self._without(content, body, what)
        return data, body

    def _without(self, content: bytes, body: Any, what: str) -> ProviderError:
        """What an answer is that came with 200 and holds nothing of use."""
        if HTML.match(content):
            return self.not_an_api()
        if isinstance(body, Mapping) and body.get("error") and said(body):
            return self.typed(200, content, {})
        if body is None and content[:1] in (b"{", b"["):
            return self.damaged("was cut off")
        if body is None and not content:
            return self.damaged("is empty")
        return self.unusable(f"holds no {what}")

    async def ask(
        self,
        path: str,
        fields: Mapping[str, Any],
        read: Callable[[bytes], Awaitable[T]],
        optional: Sequence[str] = (),
    ) -> Answer[T]:
        """Ask for one thing and read the body of the answer. Raises nothing but
        `ProviderError`s.

        optional: fields that are left out where a server other than OpenAI's does not take them;
        it has made nothing then, and is asked again without.
        """
        left_out = _left_out.setdefault((self.address, self.model), set())
        while True:
            sent = {name: value for name, value in fields.items() if name not in left_out}
            try:
                return await self._ask(path, sent, read)
            except _FieldsRefused as error:
                more = [] if self.at_home else [each for each in error.fields if each in optional]
                if not more:
                    raise error.refusal from None
                log.info("%s does not take %s; it is left out", self.address, ", ".join(more))
                left_out.update(more)

    async def _ask(
        self, path: str, fields: Mapping[str, Any] | None, read: Callable[[bytes], Awaitable[T]]
    ) -> Answer[T]:
        if self.missing is not None:
            raise copy.copy(self.missing)
        try:
            async with asyncio.timeout(self.seconds):
                raw = await self._send(path, fields)
                return Answer(await read(raw.content), *limits_in(raw.headers))
        except openai.APIStatusError as error:
            response = error.response
            typed = self.typed(response.status_code, response.content, response.headers)
            if type(typed) is BadRequest:
                body = parsed(response.content)
                names = refused_fields(body, said(body), list(fields or ()))
                raise _FieldsRefused(typed, names) from None
            raise typed from None
        except (TimeoutError, openai.APIConnectionError) as error:
            raise self._lost(error) from None
        except openai.OpenAIError as error:
            raise ProviderError(f"openai: {self._clean(error)}") from None

    async def _send(self, path: str, fields: Mapping[str, Any] | None) -> httpx2.Response:
        try:
            client = self._client()
            if fields is None:
                return await client.get(path, cast_to=httpx2.Response)
            return await client.post(path, cast_to=httpx2.Response, body=dict(fields))
        except (UnicodeError, httpx2.InvalidURL, httpx2.LocalProtocolError) as error:
            raise Misconfigured(
                f"a request to {self.address} cannot be made ({self._clean(error)}); set what "
                "the environment's OPENAI_ variables say right"
            ) from None

    async def fetch(self, link: str) -> bytes:
        """What is at an address that an answer names, or at the one that this sends on to: without
        a key, unless it is the server's own, and without anything of ours. Raises `Damaged` where
        it does not come.
        """
        for _ in range(REDIRECTS + 1):
            host, answer = await self._get(link)
            onward = answer.headers.get("location", "") if answer.has_redirect_location else ""
            if not onward:
                break
            link = self._joined(link, onward)
        if answer.is_success:
            return answer.content
        raise self._not_fetched(host, f"status {answer.status_code}")

    def _joined(self, link: str, onward: str) -> str:
        try:
            return urljoin(link, onward)
        except ValueError:
            raise self.unusable("leads to what is no address") from None

    async def _get(self, link: str) -> tuple[str, httpx2.Response]:
        """The host of a link, and its answer. Raises `Unconfirmed`, `Damaged`."""
        try:
            address = Address.of(link.replace(" ", "%20"), given=False)
        except SettingsError:
            raise self.unusable("leads to what is no address") from None
        own = urlsplit(address.shown)[:2] == urlsplit(self.address)[:2]
        wire = Wire(address, self._headers() if own else None)
        why = ""
        async with httpx2.AsyncClient(
            transport=wire, timeout=httpx2.Timeout(self.seconds, connect=CONNECT)
        ) as client:
            for _ in range(FETCHES):
                try:
                    answer = await client.get(address.shown)
                except (Unwanted, UnicodeError, httpx2.InvalidURL) as odd:
                    raise self.unusable(f"leads to what cannot be had: {odd}") from None
                except httpx2.TransportError as lost:
                    why = self._clean(lost)
                    continue
                if answer.status_code < 400:
                    return address.host, answer
                why = f"status {answer.status_code}"
        raise self._not_fetched(address.host, why)

    def _not_fetched(self, host: str, why: str) -> Damaged:
        return Damaged(
            f"{self._server()} made it, and what it made did not come from {host} ({why})"
        )

    async def check(self) -> str:
        """Ask which models there are, which costs nothing; gives what was found, in words.
        Another's server need not have such a list.
        """

        async def read(content: bytes) -> set[str]:
            if HTML.match(content):
                raise ProviderMissing(str(self.not_an_api()))
            body = parsed(content)
            listed = body.get("data", body.get("models")) if isinstance(body, Mapping) else body
            several = listed if isinstance(listed, list) else []
            names = [each.get("id", each.get("name")) for each in several if isinstance(each, dict)]
            return {str(name) for name in names if name}

        try:
            names = (await self._ask("/models", None, read)).value
        except (_FieldsRefused, ProviderMissing) as error:
            routeless = type(error) is ProviderMissing and " (404)" in str(error)
            if self.at_home or not (routeless or isinstance(error, _FieldsRefused)):
                raise error.refusal if isinstance(error, _FieldsRefused) else error from None
            return f"{self._server()} answers, and has no list of its models"
        except Unconfirmed as error:
            raise Unreachable(f"{self._server()} could not answer; try again later") from error
        if self.model in names:
            return f"{self._server()} answers, and has {self.model}"
        if self._has_openais_models:
            raise self._gone("it is not among its models")
        return f"{self._server()} answers; {self.model} is not in its list of models"

    def typed(self, status: int, content: bytes, headers: Mapping[str, str]) -> ProviderError:
        """An answer that is an error, as one of vidkit's."""
        body = None if HTML.match(content) else parsed(content)
        known = codes(body)
        words = said(body) or (
            "" if HTML.match(content) else content[:300].decode(errors="replace")
        )
        told = self._clean(words)
        early = 400 <= status < 500 and status not in _PERHAPS_MADE
        if (early or status == 200) and (error := self._about_the_account(status, known, told)):
            return error
        if 300 <= status < 400:
            there = _host(headers.get("location", ""))
            return ProviderMissing(
                f"{self.address} sends on to {there} ({status}), where nothing of yours is sent; "
                "set base_url to the address itself, if it is right"
            )
        if status == 407 and (proxy := proxy_for(self._url)) is not None:
            return Misconfigured(
                f"the proxy that {proxy[0]} names asks for a name and a password (407); set it to "
                "http://name:password@host:port, or unset it"
            )
        after, odd = retry_after(headers, body)
        if status == 429 or (status == 200 and "rate_limit_exceeded" in known):
            note = f" ({odd} is ignored as a mistake)" if odd else ""
            return RateLimited(f"openai: {told}{note}", after)
        if early:
            return self._not_taken(status, words, told, isinstance(body, dict | list))
        return Unconfirmed(
            f"openai could not answer ({status}: {told}), and the request may have been made and "
            "paid for all the same; try again later",
            after,
        )

    def _about_the_account(
        self, status: int, known: frozenset[str], told: str
    ) -> ProviderError | None:
        """An error about the account, its key, its model, or what may not be asked for."""
        if known & _EXHAUSTED or status == 402:
            return QuotaExhausted(
                f"openai: the credit or quota of this account is used up ({told}); add credit "
                f"at {BILLING}, then run again: what is made is kept"
            )
        if known & _REFUSED or (status != 429 and _REFUSED_WORDS.search(told)):
            return Refused(f"openai refused this one: {told}; reword it")
        if status == 401 or known & _BAD_KEY:
            return KeyMissing(
                f"{self._server()} does not accept the key in {self._source}; set it to one that "
                f"is valid ({KEYS})"
            )
        if known & _GONE or (status in (400, 404, 422) and _GONE_WORDS.search(told)):
            return self._gone(told)
        return None

    def _not_taken(self, status: int, words: str, told: str, structured: bool) -> ProviderError:
        """An error of the request's own, or of its address: nothing was made."""
        if status in (404, 405) and (not structured or _NO_ROUTE.fullmatch(words.strip())):
            return ProviderMissing(
                f"there is nothing at {self.address} that makes {self.kind} ({status}); is "
                "base_url right? It usually ends in /v1"
            )
        if status == 403:
            return ProviderMissing(f"{self._server()} does not let this account in (403): {told}")
        return BadRequest(f"{self._server()} does not take this request ({status}): {told}")

    def unusable(self, what: str) -> Unconfirmed:
        """An answer that came whole, was paid perhaps, and is of no use."""
        return Unconfirmed(
            f"openai's answer {what}; it may have been paid for, and is asked for once more"
        )

    def damaged(self, what: str) -> Damaged:
        """An answer that came in pieces, or was put in the place of another."""
        return Damaged(f"openai's answer {what}; it may have been paid for, and is asked for again")

    def not_an_api(self) -> Damaged:
        """An answer in no language that a program understands."""
        return Damaged(
            f"{self.address} answers, but not as OpenAI does; is base_url right? It usually "
            "ends in /v1"
        )

    async def aclose(self) -> None:
        """Close the connections that belong to the running loop."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.close()

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._key.reveal() or NO_KEY}"}

    def _client(self) -> openai.AsyncOpenAI:
        """The client of the running loop: its connections belong to that loop. It knows no key:
        the wire below it adds that.
        """
        loop = asyncio.get_running_loop()
        if (client := self._clients.get(loop)) is None:
            timeout = httpx2.Timeout(self.seconds, connect=CONNECT)
            http = httpx2.AsyncClient(
                transport=Wire(self._url, self._headers()), timeout=timeout, follow_redirects=False
            )
            client = self._clients[loop] = openai.AsyncOpenAI(
                api_key=NO_KEY,
                base_url=self.address,
                max_retries=0,
                timeout=timeout,
                http_client=http,
            )
        return client

    def _lost(self, error: Exception) -> ProviderError:
        """A request without an answer: not sent at all, perhaps made, or made and damaged."""
        cause = error.__cause__
        if isinstance(cause, NOT_SENT):
            instead = "a provider that works offline: images='slides', voice='auto'"
            if not self.at_home:
                instead = f"another base_url, or {instead}"
            return unsent(cause, self._url, proxy_for(self._url), instead)
        if isinstance(cause, BrokenBody):
            return self.damaged(f"was cut off ({self._clean(cause)})")
        if isinstance(cause, Unwanted):
            return self.unusable(self._clean(cause))
        late = isinstance(error, TimeoutError | openai.APITimeoutError)
        what = f"gave no answer in {self.seconds:g} s" if late else "broke the connection off"
        return Unconfirmed(
            f"{self._server()} {what}, after it had been asked: the request may have been made, "
            "and paid for"
        )

    def _gone(self, told: str) -> ModelMissing:
        if not self._has_openais_models:
            return ModelMissing(f"{self.address} has no model {self.model!r}: {told}")
        names = ", ".join(current(self.kind))
        where = {"images": "images", "speech": "voice", "writing": "writer"}[self.kind]
        other = ", or voice='auto' or 'gtts'" if self.kind == "speech" else ""
        first = current(self.kind)[0].split()[0]
        return ModelMissing(
            f"{self._server()} has no model {self.model!r} (any more): {told}; current as of "
            f"{dated()}: {names}; choose one, such as {where}='openai:{first}'{other}"
        )

    def _server(self) -> str:
        return "openai" if self.at_home else self.address

    def _clean(self, told: object) -> str:
        """What a provider says, fit to be shown: its first line, not too long, without a key."""
        lines = [line.strip() for line in str(told).splitlines() if line.strip()]
        text = " ".join((lines or [""])[0].split()).rstrip(".")
        for secret in (self._key.reveal(), *self._url.secrets()):
            if secret:
                text = text.replace(secret, "…")
        return text[:300] or "no reason given"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.kind!r}, {self.model!r}, {self.address!r})"


class _FieldsRefused(Exception):
    """A server does not take the request, and perhaps only for some of its fields."""

    def __init__(self, refusal: BadRequest, fields: Sequence[str]) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal
        self.fields = fields


def _host(location: str) -> str:
    """The host that an answer sends on to, as far as it names one."""
    try:
        return urlsplit(location).hostname or "elsewhere"
    except ValueError:
        return "elsewhere"


# OpenAI's models, sizes and prices, from a dated file. What a request may cost is told as an upper
# bound, for that is what a budget reserves.


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))


def dated() -> str:
    """The day of the prices, as 2026-11-22."""
    return str(_data()["dated"])


def models(kind: Kind) -> dict[str, date | None]:
    """The models that are known, and the day on which each ends (None: no such day is known)."""
    return {name: facts.get("ends") for name, facts in _data()[kind].items()}


def current(kind: Kind) -> tuple[str, ...]:
    """The models without an end; where all have one, those that end last, with the day."""
    ends = models(kind)
    if lasting := tuple(name for name, end in ends.items() if end is None):
        return lasting
    last = max(end for end in ends.values() if end is not None)
    return tuple(f"{name} (until {last})" for name, end in ends.items() if end == last)


def frame_size(model: str, frame: Size) -> Size:
    """The size to ask `model` for, for a video's frame: (width, height) in pixels.

    The frame's own where the model can draw it, else the nearest shape that it can.
    """
    sizes = _data()["images"].get(model, {}).get("sizes")
    if sizes:
        shape = math.log(frame[0] / frame[1])
        width, height = min(sizes, key=lambda each: abs(math.log(each[0] / each[1]) - shape))
        return width, height
    return _free_size(frame)


def _free_size(frame: Size) -> Size:
    rules = _data()["size"]
    step = rules["step"]
    longer, shorter = max(frame), min(frame)
    ratio = min(longer / shorter, rules["ratio"])
    area = min(max(longer * shorter, rules["fewest"]), rules["most"])
    short = math.sqrt(area / ratio)
    if short * ratio > rules["longest"]:
        short = rules["longest"] / ratio
    # Up to the next step in both, or down where that would be too much.
    sides = [step * math.ceil(side / step - 1e-9) for side in (short * ratio, short)]
    if sides[0] > rules["longest"] or sides[0] * sides[1] > rules["most"]:
        sides = [step * math.floor(side / step + 1e-9) for side in (short * ratio, short)]
    sides[0] = min(sides[0], rules["ratio"] * sides[1])
    return (sides[0], sides[1]) if frame[0] >= frame[1] else (sides[1], sides[0])


def image_tokens(quality: str, size: Size) -> int | None:
    """Tokens of a picture of that quality and size; None where there is no figure for it."""
    factor: int | None = _data()["tokens"].get(quality)
    if factor is None:
        return None
    across = (2 * factor * min(size) + max(size)) // (2 * max(size))
    return math.ceil(factor * across * (2 * MILLION + size[0] * size[1]) / (4 * MILLION))


def text_bound(text: str) -> int:
    """Tokens that a text is at the very most: no token is less than a byte of UTF-8."""
    return len(text.encode("utf-8", "replace")) + SPARE_TOKENS
