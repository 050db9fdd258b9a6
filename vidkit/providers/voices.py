"""The voices that this machine has, a sample of each, and voices that are fetched by name.

Nothing here is ever called by a run: a voice comes over the network only when somebody asks for
it by its name, and it is checked before it is used.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..core.errors import ProviderError, ProviderMissing, SettingsError
from ..core.loop import run
from ..core.paths import write_whole
from ..text.languages import primary
from .base import Narration, VoiceAsk, ungated
from .neural import Hibari, fetched, find_voice, voices_folder
from .registry import voice_maker

PIPER_VOICES = "https://huggingface.co/rhasspy/piper-voices"
"""Where Piper's own voices are; VIDKIT_VOICES_URL names another place with the same files."""
HIBARI_VOICES = "https://huggingface.co/maureesewilliams/hibari"
LARGEST = 500_000_000
"""Bytes; no voice is as large."""
PATIENCE = 60.0
_PIPER_NAME = re.compile(r"([a-z]{2,3})_([A-Z]{2})-([\w+]{1,60})-(x_low|low|medium|high)")


@dataclass(frozen=True)
class VoiceOffer:
    """A voice of this machine: `spec` is what `voice=` takes, `label` what to call it."""

    spec: str
    label: str
    sound: bytes | None = None
    why: str = ""


@dataclass(frozen=True)
class VoiceOffers:
    """Voices, each with a sample where one was asked for; a notebook shows a player for each."""

    offers: tuple[VoiceOffer, ...]

    def __iter__(self) -> Any:
        return iter(self.offers)

    def __len__(self) -> int:
        return len(self.offers)

    def __str__(self) -> str:
        width = max((len(each.spec) for each in self.offers), default=0)
        whys = (f": {each.why}" if each.why else "" for each in self.offers)
        rows = zip(self.offers, whys, strict=True)
        return "\n".join(f"{each.spec:{width}}  {each.label}{why}" for each, why in rows)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = []
        for each in self.offers:
            player = html.escape(each.why)
            if each.sound is not None:
                data = base64.b64encode(each.sound).decode()
                player = f'<audio controls preload="none" src="data:audio/wav;base64,{data}">'
                player += "</audio>"
            spec, label = html.escape(each.spec), html.escape(each.label)
            rows.append(f"<tr><td><code>{spec}</code></td><td>{label}</td><td>{player}</td></tr>")
        return f"<table>{''.join(rows)}</table>"


def voices(
    language: str = "en", sample: str | None = None, among: Sequence[str] | None = None
) -> VoiceOffers:
    """The voices of this machine that speak a language, the best first.

    language: a tag, such as "es". sample: a text that each of them says. among: those alone, as
    ["hibari", "espeak:en-gb"]. Nothing leaves the machine.
    """
    if not isinstance(language, str) or not re.fullmatch(r"[A-Za-z0-9-]{2,35}", language):
        raise SettingsError(f"language is {language!r}; give a tag such as 'en' or 'pt-BR'")
    found = _all(language) if among is None else [VoiceOffer(spec, spec) for spec in among]
    if sample is not None:
        found = [_with_sample(each, sample, language) for each in found]
    return VoiceOffers(tuple(found))


def _all(language: str) -> list[VoiceOffer]:
    first = primary(language)
    found: list[VoiceOffer] = []
    for provider in ("hibari", "espeak"):
        try:
            maker: Any = voice_maker(provider)
        except ProviderMissing as error:
            found.append(VoiceOffer(provider, "", why=str(error)))
            continue
        if maker.speaks(language):
            pairs = maker.voices(language)
            able = [(name, label) for name, label in pairs if maker.speaks(language, name)]
            if provider == "espeak":
                able = [(name, label) for name, label in able if primary(name) == first]
            found += [VoiceOffer(f"{provider}:{name}", label) for name, label in able]
        if provider == "hibari":
            found += [
                VoiceOffer(f"piper:{each.name}", each.language)
                for each in fetched()
                if primary(each.language) == first
            ]
    return found


def _with_sample(offer: VoiceOffer, text: str, language: str) -> VoiceOffer:
    """The voice, saying the text; or why it does not."""

    if offer.why:
        return offer
    try:
        maker: Any = voice_maker(offer.spec)
        if getattr(maker, "online", False):
            raise ProviderError("it asks a service; samples are of this machine's voices")
        narration: Narration = run(maker.speak(VoiceAsk(text, language), ungated))
    except ProviderError as error:
        return replace(offer, why=str(error))
    return replace(offer, sound=narration.data)


def fetch(name: str) -> Path:
    """Fetch a voice by its name, `fr_FR-siwis-medium` of Piper or `hibari:emma`, and check it by
    the SHA-256 that its place tells; gives its file, which a run then finds under that name.

    Raises `ProviderError` where there is no such voice, no network, or where what came is not
    what was promised: then nothing is left. `OutputError` where it cannot be written.
    """
    if name.startswith("hibari:"):
        return _fetch_hibari(name.partition(":")[2])
    name = name.removeprefix("piper:")
    parts = _PIPER_NAME.fullmatch(name)
    if parts is None:
        raise ProviderError(
            f"{name!r} is no name of a voice; write one of Piper's, such as fr_FR-siwis-medium, "
            "or hibari:emma"
        )
    language, region, speaker, quality = parts.groups()
    base = os.environ.get("VIDKIT_VOICES_URL", PIPER_VOICES).rstrip("/")
    path = f"{language}/{language}_{region}/{speaker}/{quality}/{name}.onnx"
    folder = voices_folder()
    model, settings = folder / f"{name}.onnx", folder / f"{name}.onnx.json"
    told = _pointer(f"{base}/raw/main/{path}", name)
    facts = _get(f"{base}/resolve/main/{path}.json", name, 10_000_000)
    try:
        if not isinstance(json.loads(facts)["audio"]["sample_rate"], int):
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise ProviderError(f"the settings of {name} that came are damaged; try again") from None
    _download(f"{base}/resolve/main/{path}", model, told, name)
    write_whole(settings, [facts], "VIDKIT_VOICES")
    return find_voice(name).file


def _fetch_hibari(name: str) -> Path:
    voices_by_name = Hibari().voices_by_name
    voice = voices_by_name.get(name)
    if voice is None:
        raise ProviderError(f"hibari has no voice {name!r}; it has {', '.join(voices_by_name)}")
    if not voice.here:
        base = os.environ.get("VIDKIT_VOICES_URL", HIBARI_VOICES).rstrip("/")
        url = f"{base}/resolve/main/voices/{voice.file.name}"
        _download(url, voice.file, voice.sha256, f"hibari:{name}")
    return voice.file


def _pointer(url: str, name: str) -> str:
    """The SHA-256 of a large file, as the pointer in its place tells it (Git LFS, version 1)."""
    text = _get(url, name, 10_000).decode("utf-8", "replace")
    found = re.search(r"^oid sha256:([0-9a-f]{64})$", text, re.MULTILINE)
    if found is None:
        raise ProviderError(f"{url} does not tell the SHA-256 of {name}, so it is not fetched")
    return found.group(1)


def _get(url: str, name: str, most: int) -> bytes:
    with _opened(url, name) as answer:
        data: bytes = answer.read(most + 1)
    if len(data) > most:
        raise ProviderError(f"{url} is larger than {most} bytes, and is not what was asked for")
    return data


def _opened(url: str, name: str) -> Any:
    if not url.startswith(("https://", "http://")):
        raise ProviderError(f"{url!r} is no address; set VIDKIT_VOICES_URL to one, or unset it")
    try:
        return urllib.request.urlopen(url, timeout=PATIENCE)  # noqa: S310 - checked above
    except urllib.error.HTTPError as error:
        if error.code == 404:
            raise ProviderError(f"there is no voice {name} at {url}; check its name") from None
        raise ProviderError(f"{url} answers with {error.code}; try again later") from None
    except (OSError, ValueError) as error:
        raise ProviderError(
            f"{url} cannot be reached ({error}); check the network, or put the voice's two files "
            f"into {voices_folder()}"
        ) from None


def _download(url: str, target: Path, sha256: str, name: str) -> None:
    """Fetch a large file, which has its name once it is what was promised."""
    with suppress(OSError):  # the next line tells why it cannot be
        target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, _checked(url, sha256, name), "VIDKIT_VOICES")


def _checked(url: str, sha256: str, name: str) -> Iterator[bytes]:
    """What comes from an address, block by block; raises `ProviderError`, at the latest behind
    the last of them, where it is not what was promised.
    """
    digest, size = hashlib.sha256(), 0
    try:
        with _opened(url, name) as answer:
            while block := answer.read(1 << 20):
                size += len(block)
                if size > LARGEST:
                    raise ProviderError(f"{url} is larger than a voice can be; not used")
                digest.update(block)
                yield block
    except OSError as error:
        raise ProviderError(f"{name} did not come whole from {url} ({error}); try again") from None
    if digest.hexdigest() != sha256:
        raise ProviderError(
            f"what came from {url} is not what it promises (its SHA-256 differs), and was "
            "thrown away; try again"
        )
