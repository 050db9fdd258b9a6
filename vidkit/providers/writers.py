"""Who rewrites what is said: the third kind of provider, beside images and voices.

`writer="openai"`, or `"openai:MODEL"`, asks a chat model of OpenAI, or of the server that
OPENAI_BASE_URL names; `writer="recorded:FOLDER"` takes what somebody else wrote,
`writer="simulated"` only pretends.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, cast, runtime_checkable

from ..core.errors import ProviderError, ProviderMissing, Refused, SettingsError
from ..core.paths import is_folder, path_given
from .base import Request
from .registry import registered

OWN = ("openai", "recorded", "simulated")
MODEL = "gpt-6-luna"
MOST_TOKENS = 6_000
"""Tokens that an answer may take, those in which a model thinks among them."""
ANSWER_SECONDS = 120.0

LARGEST_ANSWER = 1_000_000
"""Bytes of an answer that are read."""


@dataclass(frozen=True, slots=True)
class WriteAsk:
    """What one section asks of a writer.

    `instructions` are the same for all sections, `text` is the section, `schema` the JSON Schema
    of the answer. `mended` is what was wrong with the answer before, "" for the first; `answer`
    that answer. `index` is the section's position from 0, for providers that look files up by it.
    """

    instructions: str
    text: str
    schema: Mapping[str, Any]
    index: int = 0
    answer: str = ""
    mended: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """An answer as JSON text, and what it cost in dollars, where the provider says."""

    text: str
    cost: float | None = None


@runtime_checkable
class Writer(Protocol):
    """Something that writes; `places` and what else it may have as in `ImageMaker`."""

    name: str
    places: int | None

    def shape(self, ask: WriteAsk) -> Mapping[str, Any]:
        """Everything that shapes the answer, as JSON values; the key under which it is kept."""

    async def write(self, ask: WriteAsk, request: Request) -> Written:
        """The answer to `ask`. Raises `ProviderError` or one of its kinds."""


class OpenAIWriter:
    """The writer "openai": one request to a chat model for each section.

    model: its name; base_url, api_key: from the environment unless given. The answer is asked for
    as JSON of the schema; a server that knows no schemas is asked without.
    """

    name = "openai"
    places: int | None = None
    online = True
    latency = 15.0

    def __init__(
        self,
        model: str | None = None,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        seconds: float = ANSWER_SECONDS,
    ) -> None:
        from .account import Account
        from .prices import dated

        self.model = model or MODEL
        self.priced = dated()
        self._account = Account("writing", self.model, base_url, api_key, seconds)

    @property
    def missing(self) -> ProviderError | None:
        """The error for want of a key, None where there is one or none is needed."""
        return self._account.missing

    @property
    def gate_key(self) -> tuple[str, ...]:
        """Providers with the same address, key and model share one gate."""
        return self._account.gate_key

    def shape(self, ask: WriteAsk) -> Mapping[str, Any]:
        """Model, messages, schema, and the address where it is not OpenAI's."""
        return {
            "provider": self.name,
            "model": self.model,
            "messages": _messages(replace(ask, answer="", mended="")),
            "schema": dict(ask.schema),
            "address": None if self._account.at_home else self._account.address,
        }

    def price(self, ask: WriteAsk) -> float | None:
        """Dollars that an answer costs at the very most; None where nobody knows."""
        from .prices import text_bound, writing_price

        if not self._account.at_home:
            return None
        sent = json.dumps([_messages(ask), dict(ask.schema)], ensure_ascii=False)
        return writing_price(self.model, text_bound(sent), MOST_TOKENS)

    async def write(self, ask: WriteAsk, request: Request) -> Written:
        """The answer, and what it cost. Raises `ProviderError` or one of its kinds."""
        schema = {"name": "section", "strict": True, "schema": dict(ask.schema)}
        fields = {
            "model": self.model,
            "messages": _messages(ask),
            "response_format": {"type": "json_schema", "json_schema": schema},
            "max_completion_tokens": MOST_TOKENS,
        }
        optional = ("response_format", "max_completion_tokens")
        answer: Any = await request(
            lambda: self._account.ask("/chat/completions", fields, self._read, optional)
        )
        written: Written = answer.value
        return written

    async def aclose(self) -> None:
        """Close the connections that belong to the running loop."""
        await self._account.aclose()

    async def _read(self, content: bytes) -> Written:
        """The text of an answer that came with 200."""
        from .account import parsed

        body = parsed(content)
        try:
            choice = body["choices"][0]
            message = choice["message"]
            refusal, text = message.get("refusal"), message.get("content")
        except (TypeError, KeyError, IndexError, AttributeError):
            raise self._account.unusable("holds no text") from None
        if refusal:
            raise Refused(f"openai refused this one: {str(refusal)[:300]}; write it yourself")
        if not isinstance(text, str) or not text.strip() or choice.get("finish_reason") == "length":
            raise self._account.unusable("was cut off, or holds no text")
        return Written(text, self._cost(body.get("usage")))

    def _cost(self, usage: object) -> float | None:
        """Dollars, by the tokens that the answer tells."""
        from .prices import writing_price

        if not self._account.at_home or not isinstance(usage, Mapping):
            return None
        told = (usage.get("prompt_tokens"), usage.get("completion_tokens"))
        if not all(isinstance(each, int) and each >= 0 for each in told):
            return None
        return writing_price(self.model, *cast(tuple[int, int], told))


def _messages(ask: WriteAsk) -> list[dict[str, str]]:
    found = [
        {"role": "system", "content": ask.instructions},
        {"role": "user", "content": ask.text},
    ]
    if ask.mended:
        mend = f"This answer cannot be used: {ask.mended}. Answer again, as you were told."
        found += [{"role": "assistant", "content": ask.answer}, {"role": "user", "content": mend}]
    return found


class Recorded:
    """Takes `FOLDER/writing/section_<n>.json`, n from 0: what a person or another tool wrote."""

    name = "recorded"
    places: int | None = None
    price = 0.0

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def shape(self, ask: WriteAsk) -> Mapping[str, Any]:
        """The digest of the file."""
        digest = hashlib.sha256(self._read(ask).encode()).hexdigest()
        return {"provider": self.name, "sha256": digest}

    async def write(self, ask: WriteAsk, request: Request) -> Written:
        """What stands in the file. Raises `ProviderError` where there is none."""
        return Written(await request(lambda: asyncio.to_thread(self._read, ask)))

    def _read(self, ask: WriteAsk) -> str:
        path = self.folder / "writing" / f"section_{ask.index}.json"
        try:
            with path.open("rb") as file:
                return file.read(LARGEST_ANSWER).decode("utf-8-sig", "replace")
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise ProviderError(f"{path} cannot be read: {why}; write this section there") from None


@dataclass
class Simulated:
    """Pretends: its answer is the section's own narration, after `latency` seconds, for `price`
    dollars. With `broken` the first answer is no JSON, so that it is to be mended.
    """

    latency: float = 0.0
    price: float = 0.0
    broken: bool = False

    name = "simulated"
    places: int | None = None

    def shape(self, ask: WriteAsk) -> Mapping[str, Any]:
        """The text."""
        return {"provider": self.name, "text": ask.text}

    async def write(self, ask: WriteAsk, request: Request) -> Written:
        """The section's own words, as the schema wants them."""
        await request(lambda: asyncio.sleep(self.latency))
        if self.broken and not ask.mended:
            return Written("no JSON at all")
        section = json.loads(ask.text)["section"]
        answer = {"content": section["content"], "layout": "as it is", "points": []}
        return Written(json.dumps(answer, ensure_ascii=False))


def writer_names() -> tuple[str, ...]:
    """The names that `writer=` accepts, those of other packages included."""
    return tuple(sorted({*OWN, *(point.name for point in registered("writers"))}))


def writer_maker(spec: str | Writer) -> Writer:
    """The writer that `spec` names, as `name` or `name:argument`.

    Raises `ProviderMissing` for a name nobody registered, `SettingsError` for a faulty argument.
    """
    if not isinstance(spec, str):
        if isinstance(spec, Writer) and not isinstance(spec, type):
            return spec
        raise SettingsError(f"writer is {spec!r}; name a provider, such as writer='openai'")
    name, _, argument = spec.partition(":")
    if name == "openai":
        return OpenAIWriter(argument or None)
    if name == "recorded":
        folder = path_given("recorded:FOLDER", argument, "a folder")
        if not argument or not is_folder(folder):
            raise ProviderMissing(f"{spec}: there is no such folder; it holds writing/")
        return Recorded(folder)
    if name == "simulated":
        return _simulated(argument)
    for point in registered("writers"):
        if point.name == name:
            return cast(Writer, point.load()(argument or None))
    raise ProviderMissing(f"there is no writer {name!r}; choose from: {', '.join(writer_names())}")


def _simulated(argument: str) -> Simulated:
    given: dict[str, Any] = {}
    for part in filter(None, argument.split(",")):
        name, _, value = part.strip().partition("=")
        if name == "broken" and not value:
            given["broken"] = True
        elif name in ("latency", "price") and re.fullmatch(r"\d+(\.\d+)?", value):
            given[name] = float(value)
        else:
            raise SettingsError(
                f"simulated: {part!r} is not understood; write latency=0.5, price=0.01 or broken"
            )
    return Simulated(**given)
