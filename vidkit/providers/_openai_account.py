"""A way to OpenAI, or to a server that speaks its language: key, address, client, errors."""

from __future__ import annotations

import asyncio
import copy
import hashlib
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit
from weakref import WeakKeyDictionary

import httpx2
import openai

from ..errors import (
    KeyMissing,
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
from ..gate import Answer, limits_in, retry_after
from . import _openai_models as models

T = TypeVar("T")

HOME = "https://api.openai.com/v1"
KEYS = "https://platform.openai.com/api-keys"
BILLING = "https://platform.openai.com/settings/organization/billing"
CONNECT = 5.0
"""Seconds to wait for a connection; three of them pass before "no network" is said."""
NO_KEY = "none"

_REFUSED = {"moderation_blocked", "content_policy_violation", "content_filter"}
_EXHAUSTED = {
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
    "billing_limit_user_error",
}
_GONE = {"model_not_found", "model_not_available", "model_deprecated", "unknown_model"}
_GONE_WORDS = re.compile(
    r"\bmodel\b.*\b(does not exist|not found|deprecated|shut down|retired|no longer)\b", re.I | re.S
)
_NOT_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)


class Account:
    """A key and an address; from the arguments, else from OPENAI_API_KEY and OPENAI_BASE_URL.

    kind: what is asked for, "images" or "speech". seconds: how long an answer may take.
    `missing` is the `KeyMissing` where OpenAI is to be asked without a key, else None. The key
    is in no text that this gives.
    """

    def __init__(
        self,
        kind: models.Kind,
        model: str,
        base_url: str | None,
        api_key: str | None,
        seconds: float,
    ) -> None:
        self.kind = kind
        self.model = model
        self.seconds = seconds
        self._url = (base_url or os.environ.get("OPENAI_BASE_URL") or HOME).strip().rstrip("/")
        self._source = "api_key" if api_key else "OPENAI_API_KEY"
        self._key = (api_key or os.environ.get("OPENAI_API_KEY") or "").strip()
        if not re.match(r"https?://[^/\s]", self._url):
            # not shown: it may hold a name and a password
            raise SettingsError(f"base_url does not begin with http:// or https://, as {HOME} does")
        self.missing: KeyMissing | None = None
        if not self._key and self.at_home:
            self.missing = KeyMissing(
                "openai needs a key, and there is none; set the environment variable "
                f"OPENAI_API_KEY (keys are made at {KEYS}), or choose a provider that is free "
                "and offline: images='slides', voice='espeak'"
            )
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, openai.AsyncOpenAI] = (
            WeakKeyDictionary()
        )

    @property
    def at_home(self) -> bool:
        """True where it is OpenAI itself that is asked."""
        return self.address == HOME

    @property
    def needs(self) -> str:
        """What it needs, and whether that is there; never the key itself."""
        where = f"the setting {self._source}" if self._source == "api_key" else self._source
        if self._key:
            return f"a key: set, from {where}"
        return f"a key: {self._source} is not set" if self.at_home else "no key"

    @property
    def address(self) -> str:
        """The address without what somebody may have hidden in it: name, password, query."""
        parts = urlsplit(self._url)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, host, parts.path, "", ""))

    @property
    def gate_key(self) -> tuple[str, ...]:
        """What shares one limit: the same address, key and model. The key is not in it."""
        secret = f"{self._key}\n{self._url}".encode()
        return "openai", self.address, self.model, hashlib.sha256(secret).hexdigest()[:16]

    async def ask(
        self,
        call: Callable[[openai.AsyncOpenAI], Awaitable[Any]],
        read: Callable[[Any], T],
    ) -> Answer[T]:
        """Make one call and read its raw answer. Raises nothing but `ProviderError`s."""
        if self.missing is not None:
            raise copy.copy(self.missing)
        try:
            async with asyncio.timeout(self.seconds):
                raw = await call(self._client())
            return Answer(read(raw), limits_in(raw.headers))
        except openai.APIStatusError as error:
            body = error.body if isinstance(error.body, Mapping) else {}
            raise self.typed(error.status_code, body, error.response.headers, error) from None
        except (TimeoutError, openai.APITimeoutError, openai.APIConnectionError) as error:
            raise self._lost(error) from None
        except openai.OpenAIError as error:
            raise ProviderError(f"openai: {self._clean(error)}") from None

    async def check(self) -> str:
        """Ask which models there are, which costs nothing; gives what was found, in words."""

        async def call(client: openai.AsyncOpenAI) -> Any:
            return await client.models.with_raw_response.list()

        def read(raw: Any) -> list[str]:
            try:
                return [each.id for each in raw.parse().data]
            except (ValueError, AttributeError, TypeError):
                raise self.not_an_api() from None

        names = (await self.ask(call, read)).value
        if self.model not in names:
            raise self._gone("it is not among its models")
        return f"{self._name()} answers, and has {self.model}"

    def typed(
        self,
        status: int,
        body: Mapping[str, Any],
        headers: Mapping[str, str],
        error: object = "",
    ) -> ProviderError:
        """An error that was answered, as one of vidkit's."""
        code, said = str(body.get("code") or ""), self._clean(body.get("message") or error)
        codes = {code, str(body.get("type") or "")}
        if codes & _EXHAUSTED:
            return QuotaExhausted(
                f"openai: the credit or quota of this account is used up ({said}); add credit "
                f"at {BILLING}, then run again: what is made is kept"
            )
        if codes & _REFUSED or "safety system" in said:
            return Refused(f"openai refused this one: {said}; reword it")
        if status == 401 or code == "invalid_api_key":
            return KeyMissing(
                f"{self._name()} does not accept the key in {self._source}; set it to one that "
                f"is valid ({KEYS})"
            )
        if codes & _GONE or (status in (400, 404) and _GONE_WORDS.search(said)):
            return self._gone(said)
        if status == 404:
            return ProviderMissing(
                f"there is nothing at {self.address} that makes {self.kind} (404); is base_url "
                "right? It usually ends in /v1"
            )
        if status == 403:
            return ProviderMissing(f"{self._name()} does not let this account in (403): {said}")
        after = retry_after(headers)
        if status == 429 or "rate_limit_exceeded" in codes or (status == 503 and after is not None):
            return RateLimited(f"openai: {said}", after)
        if status >= 500 or status in (408, 409, 425) or status == 200:
            return Unreachable(f"openai could not answer ({status}: {said}); try again later")
        return ProviderError(f"openai does not take this request ({status}): {said}")

    def unusable(self, what: str) -> ProviderError:
        """An answer that came, was paid perhaps, and is of no use."""
        return Unconfirmed(
            f"openai's answer {what}; it may have been paid for, and is asked for once more"
        )

    def not_an_api(self) -> ProviderError:
        """An answer in no language that a program understands."""
        return ProviderMissing(
            f"{self.address} answers, but not as OpenAI does; is base_url right? It usually "
            "ends in /v1"
        )

    async def aclose(self) -> None:
        """Close the connections that belong to the running loop."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.close()

    def _client(self) -> openai.AsyncOpenAI:
        """The client of the running loop: its connections belong to that loop."""
        loop = asyncio.get_running_loop()
        if (client := self._clients.get(loop)) is None:
            client = self._clients[loop] = openai.AsyncOpenAI(
                api_key=self._key or NO_KEY,
                base_url=self._url,
                max_retries=0,
                timeout=openai.Timeout(self.seconds, connect=CONNECT),
            )
        return client

    def _lost(self, error: Exception) -> Unreachable:
        """A request without an answer: not sent at all, or perhaps made and paid."""
        cause = error.__cause__
        if isinstance(cause, _NOT_SENT):
            return Offline(
                f"no connection to {self.address} ({_reason(cause)}); check the network, or "
                "choose a provider that works offline: images='slides', voice='espeak'"
            )
        late = isinstance(error, TimeoutError | openai.APITimeoutError)
        what = f"gave no answer in {self.seconds:g} s" if late else "broke the connection off"
        return Unconfirmed(
            f"{self._name()} {what}, after it had been asked: the request may have been made, "
            "and paid for"
        )

    def _gone(self, said: str) -> ModelMissing:
        names = ", ".join(models.current(self.kind))
        where = "images" if self.kind == "images" else "voice"
        other = "" if self.kind == "images" else ", or voice='espeak' or 'gtts'"
        first = models.current(self.kind)[0].split()[0]
        return ModelMissing(
            f"{self._name()} has no model {self.model!r} (any more): {said}; current as of "
            f"{models.dated()}: {names}; choose one, such as {where}='openai:{first}'{other}"
        )

    def _name(self) -> str:
        return "openai" if self.at_home else self.address

    def _clean(self, said: object) -> str:
        """What a provider says, fit to be shown: on one line, not too long, without the key."""
        text = " ".join(str(said).split()).rstrip(".")
        for secret in (self._key, urlsplit(self._url).password):
            if secret:
                text = text.replace(secret, "…")
        return text[:300] or "no reason given"

    def __repr__(self) -> str:
        return f"Account({self.kind!r}, {self.model!r}, {self.address!r})"


def _reason(cause: BaseException) -> str:
    return str(cause).strip() or type(cause).__name__
