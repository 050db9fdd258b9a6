"""An account at OpenAI, or at a server that speaks its language: key, address, client, errors.

What a request comes to is told by the kind of its error, which the ledger goes by: nothing was
sent (`Offline`, `Misconfigured`), it was refused before any work (429, other 4xx), perhaps made
(5xx, 408, no answer), or made and damaged on its way.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import copy
import hashlib
import json
import logging
import os
import re
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import httpx2
import openai

from ..core.errors import (
    BadRequest,
    Damaged,
    KeyMissing,
    Misconfigured,
    ModelMissing,
    Offline,
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
from .headers import Answer, limits_in, retry_after
from .prices import Kind, current, dated, models
from .wire import (
    CONNECT,
    NOT_SENT,
    Address,
    BrokenBody,
    Unwanted,
    Wire,
    causes_of,
    hopeless,
    proxy_for,
    unsendable,
)

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
                "and offline: images='slides', voice='espeak'"
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
        """What is at an address that an answer names: without a key, unless it is the server's
        own, and without anything of ours. Raises `Damaged` where it does not come.
        """
        try:
            address = Address.of(link.replace(" ", "%20"), given=False)
        except SettingsError:
            raise self.unusable("leads to what is no address") from None
        own = urlsplit(address.shown)[:2] == urlsplit(self.address)[:2]
        wire = Wire(address, self._headers() if own else None)
        error: Exception | None = None
        async with httpx2.AsyncClient(
            transport=wire, timeout=httpx2.Timeout(self.seconds, connect=CONNECT)
        ) as client:
            for _ in range(FETCHES):
                try:
                    answer = await client.get(address.shown)
                except (Unwanted, UnicodeError, httpx2.InvalidURL) as odd:
                    raise self.unusable(f"leads to what cannot be had: {odd}") from None
                except httpx2.TransportError as lost:
                    error = lost
                    continue
                if answer.status_code == 200:
                    return answer.content
        why = f"status {answer.status_code}" if error is None else self._clean(error)
        raise Damaged(
            f"{self._server()} made it, and what it made did not come from {address.host} ({why})"
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
            return self._not_sent(cause)
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

    def _not_sent(self, cause: BaseException) -> Unreachable | Misconfigured:
        proxy = proxy_for(self._url)
        if (why := hopeless(cause, self._url, proxy)) is not None:
            return Misconfigured(why)
        nameless = isinstance(causes_of(cause)[-1], socket.gaierror)
        reason = "its name is not known" if nameless else str(cause).strip() or type(cause).__name__
        through = f", through the proxy that {proxy[0]} names" if proxy else ""
        return Offline(
            f"no connection to {self.address} ({reason}{through}); check the network"
            f"{' and base_url' if nameless and not self.at_home else ''}, or choose a provider "
            "that works offline: images='slides', voice='espeak'"
        )

    def _gone(self, told: str) -> ModelMissing:
        if not self._has_openais_models:
            return ModelMissing(f"{self.address} has no model {self.model!r}: {told}")
        names = ", ".join(current(self.kind))
        where = {"images": "images", "speech": "voice", "writing": "writer"}[self.kind]
        other = ", or voice='espeak' or 'gtts'" if self.kind == "speech" else ""
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


# What servers say, each in its own way: errors, pictures, sounds. Nothing is believed to be in
# its place: a server's sentence, or a picture, is looked for wherever one is known to stand, and
# what stands beside it is of no account.


_WORDS = ("error", "message", "detail", "msg", "errors", "error_message", "description", "title")
"""Where a server says what is wrong: OpenAI's and Gemini's `error.message`, FastAPI's `detail`
and `msg`, LiteLLM's and xAI's `error` as text, problem details' (RFC 9457) `detail`, `title`."""
_CODES = ("code", "type", "status", "reason")
_INNER = ("error", "detail", "details", "inner_error", "innererror")
"""Where codes stand within an error: Azure's `innererror`, Google's `details`."""
_BLOBS = ("b64_json", "b64", "base64", "image_base64", "url", "image_url", "image", "audio", "data")
_LISTS = ("data", "images", "output", "result", "results", "artifacts")
DEEPEST = 6
MOST_DIGITS = 4_000
SHORTEST = 60
"""Letters of base64: no picture and no sound has fewer."""
HTML = re.compile(rb"\s*(<!doctype html|<html|<\?xml|<head|<body)", re.IGNORECASE)


def parsed(content: bytes) -> Any:
    """A body as JSON, None where it is none."""
    try:
        return _from_json(content)
    except (ValueError, RecursionError):
        return _streamed(content)


def _from_json(content: bytes) -> Any:
    """JSON, whatever numbers stand in it: Python reads none of more than 4,300 digits."""
    return json.loads(content, parse_int=lambda digits: int(digits[:MOST_DIGITS]))


def _streamed(content: bytes) -> Any:
    """The events of a stream that nobody asked for (`data: {…}` in lines), the last first; None
    where it is no stream.
    """
    if not re.match(rb"(?::|(?:event|data|id|retry):)", content):
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


def said(body: Any, depth: int = 0) -> str:
    """The server's own sentence in a body; "" where there is none."""
    if isinstance(body, str):
        return body.strip()
    if depth > DEEPEST:
        return ""
    if isinstance(body, Mapping):
        found = (said(body[name], depth + 1) for name in _WORDS if name in body)
    elif isinstance(body, Sequence) and not isinstance(body, bytes):
        found = (said(each, depth + 1) for each in body[:3])
    else:
        return ""
    return next((text for text in found if text), "")


def codes(body: Any, depth: int = 0) -> frozenset[str]:
    """The words by which a program may tell an error from another, wherever they stand."""
    if depth > DEEPEST:
        return frozenset()
    if isinstance(body, Mapping):
        own = {str(body[name]) for name in _CODES if isinstance(body.get(name), str | int)}
        inner = [codes(body[name], depth + 1) for name in _INNER if name in body]
        return frozenset(own).union(*inner)
    if isinstance(body, list):
        return frozenset().union(*(codes(each, depth + 1) for each in body[:3]))
    return frozenset()


def refused_fields(body: Any, sentence: str, sent: Sequence[str]) -> list[str]:
    """Those of the fields that were `sent` which the server says that it does not take: as
    `param` (OpenAI), as the last of `loc` (FastAPI), or by name in a sentence that says so.
    """
    named = set(_named(body, 0))
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


def _named(body: Any, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        return
    if isinstance(body, Mapping):
        if isinstance(body.get("param"), str):
            yield body["param"].strip("[]'\"").rpartition(".")[2]
        if isinstance(body.get("loc"), list) and body["loc"]:
            yield str(body["loc"][-1])
        for name in ("error", "detail"):
            yield from _named(body.get(name), depth + 1)
    elif isinstance(body, list):
        for each in body[:20]:
            yield from _named(each, depth + 1)


def blobs(body: Any, is_one: Callable[[bytes], bool]) -> tuple[bytes | None, list[str]]:
    """The first picture or sound in an answer, None where there is none, and the addresses that
    may lead to one. is_one: whether bytes begin as one does. It is looked for where one is known
    to stand, and then everywhere.
    """
    links: list[str] = []
    for text in _texts(body, 0):
        if re.match(r"https?://", text, re.IGNORECASE):
            links.append(text)
        elif (data := _decoded(text)) is not None and is_one(data):
            return data, links
    if links:
        return None, links
    anywhere = (_decoded(text) for text in _strings(body) if len(text) >= SHORTEST)
    return next((data for data in anywhere if data is not None and is_one(data)), None), links


def _strings(body: Any, depth: int = 0) -> Iterator[str]:
    """All texts in an answer."""
    if isinstance(body, str):
        yield body.strip()
    elif depth <= 2 * DEEPEST and isinstance(body, Mapping | list):
        for each in body.values() if isinstance(body, Mapping) else body:
            yield from _strings(each, depth + 1)


def _texts(body: Any, depth: int) -> Iterator[str]:
    """What stands where a picture or a sound may stand, the likeliest first."""
    if depth > DEEPEST:
        return
    if isinstance(body, str):
        yield body.strip()
    elif isinstance(body, Mapping):
        for name in dict.fromkeys((*_BLOBS, *_LISTS)):
            yield from _texts(body.get(name), depth + 1)
    elif isinstance(body, list):
        for each in body[:10]:
            yield from _texts(each, depth + 1)


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
    pictures = _count(details.get("image_tokens") or 0) if isinstance(details, Mapping) else 0
    whole, out = _count(usage.get("input_tokens")), _count(usage.get("output_tokens"))
    if whole is None or pictures is None or not out or pictures > whole:
        return None
    return whole - pictures, pictures, out


def _count(value: object) -> int | None:
    """A number of tokens; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10**9:
        return None
    return value
