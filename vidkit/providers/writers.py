"""Who rewrites what is said: the third kind of provider, beside images and voices.

`writer="recorded:FOLDER"` takes what somebody else wrote, `writer="simulated"` only pretends.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol, cast, runtime_checkable

from ..core.errors import ProviderError, ProviderMissing, SettingsError
from ..core.paths import is_folder, path_given
from .base import Request

OWN = ("openai", "recorded", "simulated")
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
    return tuple(sorted({*OWN, *(point.name for point in entry_points(group="vidkit.writers"))}))


def writer_maker(spec: str | Writer) -> Writer:
    """The writer that `spec` names, as `name` or `name:argument`.

    Raises `ProviderMissing` for a name nobody registered, `SettingsError` for a faulty argument.
    """
    if not isinstance(spec, str):
        if isinstance(spec, Writer) and not isinstance(spec, type):
            return spec
        raise SettingsError(f"writer is {spec!r}; name a provider, such as writer='openai'")
    name, _, argument = spec.partition(":")
    if name == "recorded":
        folder = path_given("recorded:FOLDER", argument, "a folder")
        if not argument or not is_folder(folder):
            raise ProviderMissing(f"{spec}: there is no such folder; it holds writing/")
        return Recorded(folder)
    if name == "simulated":
        return _simulated(argument)
    for point in entry_points(group="vidkit.writers"):
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
