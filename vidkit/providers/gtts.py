"""Speech by Google Translate, through gTTS: free, online, without a key and without a promise.

`voice="gtts"`, or with options: `gtts:co.uk`, `gtts:tld=com.au,slow=yes`. A section's `voice`
is the end of a Google address, which decides the accent: "co.uk", "com.au", "ca".
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import version
from typing import Any
from weakref import WeakKeyDictionary

import httpx2
from gtts import gTTS
from gtts.lang import tts_langs

from ..core.errors import (
    BadRequest,
    MediaError,
    ProviderError,
    ProviderMissing,
    RateLimited,
    SettingsError,
    Unconfirmed,
    Unreachable,
)
from ..media.audio import check_sound
from ..text.languages import primary
from ..text.speech import VERSION
from .answers import retry_after
from .base import Narration, Request, VoiceAsk, options
from .service_voice import NoSound, ServiceVoice, joined_mp3, text_for
from .wire import CONNECT, NOT_SENT, Address, Unwanted, Wire, unsent

PROVIDES = {"voice": {"gtts": "voice"}}

MOST = gTTS.GOOGLE_TTS_MAX_CHARS
"""Characters that Google Translate speaks in one request: 100."""
TIMEOUT = (CONNECT, 20.0)
"""Seconds to wait for a connection, and for an answer."""
CHECK_TIMEOUT = (4.0, 4.0)
"""The same for a check."""
MOST_ANSWER = 8_000_000
"""Bytes of an answer: 100 characters are half a minute of speech at most, 120 kB in base64."""
ACCENTS = {
    "en-au": "com.au",
    "en-ca": "ca",
    "en-gb": "co.uk",
    "en-ie": "ie",
    "en-in": "co.in",
    "en-ng": "com.ng",
    "en-us": "us",
    "en-za": "co.za",
    "es-es": "es",
    "es-mx": "com.mx",
    "es-us": "us",
    "pt-br": "com.br",
}
"""The address whose voice speaks like that region, as the documentation of gTTS lists them."""

_SOUND = re.compile(r'jQ1olc","\[\\"(.*?)\\"]')
"""Where an answer holds the sound, in base64."""
_TLD = re.compile(r"[a-z]{2,3}(\.[a-z]{2,3})?")
_NAMES = {"he": "iw", "jv": "jw", "fil": "tl", "nb": "no", "nn": "no", "zh": "zh-CN"}
"""Google's names for languages that go by another one now (ISO 639)."""
_SETTLED = {"zh-hans": "zh-CN", "zh-hant": "zh-TW", "zh-hk": "yue", "zh-sg": "zh-CN"}


class GoogleVoice(ServiceVoice):
    """The voice "gtts".

    tld: the end of the address of sections that name no voice; None goes by the lesson's
    language. slow: speaks slowly. timeout: seconds for the connection, and for an answer.
    """

    name = "gtts"
    places = None
    most = MOST
    price = 0.0
    online = True
    needs = "a network (no key, and no promise by Google)"

    def __init__(
        self, tld: str | None = None, *, slow: bool = False, timeout: tuple[float, float] = TIMEOUT
    ) -> None:
        if tld is not None and not _TLD.fullmatch(tld):
            raise SettingsError(
                f"gtts: tld is {tld!r}; give the end of a Google address, such as 'co.uk'"
            )
        self.tld = tld
        self.slow = slow
        self.timeout = timeout
        self._clients: WeakKeyDictionary[
            asyncio.AbstractEventLoop, dict[str, tuple[httpx2.AsyncClient, Wire]]
        ] = WeakKeyDictionary()

    @property
    def gate_key(self) -> tuple[str, ...]:
        """Google limits by where requests come from: all voices share one gate."""
        return (self.name,)

    def shape(self, ask: VoiceAsk) -> Mapping[str, Any]:
        """The text as it is spoken, its language, accent and speed, and gTTS' version."""
        return {
            "provider": self.name,
            "engine": version("gTTS"),
            "speech": VERSION,
            "text": text_for(ask).text,
            "language": _language(ask.language),
            "tld": self._tld(ask),
            "slow": self.slow,
            "piece": MOST,
        }

    async def piece(self, text: str, ask: VoiceAsk, request: Request, several: bool) -> Narration:
        """A piece of a narration as MP3 (24,000 Hz, mono), by one request.

        Raises `ProviderError` for a language or accent that there is not, and what a gate knows:
        `RateLimited`, `Unreachable`, `Offline`.
        """
        say = partial(self._say, _language(ask.language), self._tld(ask), text)
        notes: tuple[str, ...] = ()
        if ask.rate is not None:
            notes = ("gtts has one speed and a slow one; the rate was left aside",)
        return Narration(await request(say), ".mp3", notes=notes, cost=0.0)

    async def check(self) -> str:
        """Whether it can be used: speaks one word, and gives what was found, in words."""
        tld = self.tld or "com"
        quick = GoogleVoice(tld, timeout=CHECK_TIMEOUT)
        try:
            await quick._say("en", tld, "Yes")
        finally:
            await quick.aclose()
        return f"translate.google.{tld} answers"

    async def aclose(self) -> None:
        """Close the connections that belong to the running loop."""
        for client, _ in self._clients.pop(asyncio.get_running_loop(), {}).values():
            await client.aclose()

    async def _say(self, language: str, tld: str, text: str) -> bytes:
        """One request. gTTS says what to ask and where; it is asked through httpx, for gTTS
        itself takes any certificate, and so anybody's answer.
        """
        speech = gTTS(
            text,
            tld=tld,
            lang=language,
            slow=self.slow,
            lang_check=False,
            pre_processor_funcs=[],
            tokenizer_func=lambda whole: [whole],
        )
        (asked,) = speech._prepare_requests()
        client, wire = self._client(asked.url)
        try:
            # the client's own limit is for each piece of an answer, of which there may be many
            async with asyncio.timeout(sum(self.timeout)):
                answer = await client.post(
                    asked.url, content=asked.body, headers=dict(asked.headers)
                )
        except TimeoutError:
            raise Unreachable("gtts: Google Translate did not answer in time") from None
        except httpx2.TransportError as error:
            raise _lost(error, tld, wire.proxy) from None
        if answer.status_code != 200:
            raise _typed(answer.status_code, answer.headers, language, tld)
        # an answer without sound is one that gTTS would pass over, and say nothing
        sounds = _SOUND.findall(answer.text)
        if len(sounds) != 1:
            raise Unreachable(f"gtts: Google Translate sent no sound for {text[:40]!r}")
        try:
            return await asyncio.to_thread(_whole, sounds[0])
        except NoSound:
            raise Unreachable("gtts: what Google Translate sent is no sound") from None
        except (MediaError, binascii.Error):
            raise Unreachable("gtts: Google Translate's answer is damaged") from None

    def _client(self, url: str) -> tuple[httpx2.AsyncClient, Wire]:
        """The running loop's client for a host, and the wire below it."""
        clients = self._clients.setdefault(asyncio.get_running_loop(), {})
        address = Address.of(url)
        if address.host not in clients:
            wire = Wire(address, most=MOST_ANSWER)
            connect, read = self.timeout
            timeout = httpx2.Timeout(read, connect=connect)
            clients[address.host] = httpx2.AsyncClient(transport=wire, timeout=timeout), wire
        return clients[address.host]

    def _tld(self, ask: VoiceAsk) -> str:
        tld = ask.voice or self.tld or ACCENTS.get(ask.language.lower(), "com")
        if not _TLD.fullmatch(tld):
            raise ProviderError(
                f"gtts has no voice {tld!r}; name the end of a Google address, such as 'co.uk'"
            )
        return tld


def _language(tag: str) -> str:
    """Google's name for a language tag. Raises `ProviderError` where it speaks no such one."""
    there: dict[str, str] = {name.lower(): name for name in tts_langs()}
    low = tag.lower().replace("_", "-")
    root = primary(tag)
    for name in (_SETTLED.get(low), low, _NAMES.get(root), root):
        if name is not None and name.lower() in there:
            return there[name.lower()]
    raise ProviderError(
        f"gtts does not speak {tag!r}; set the lesson's language to one of: "
        f"{', '.join(sorted(there.values()))}"
    )


def _whole(text: str) -> bytes:
    """The MP3 in an answer's base64, which decodes from end to end."""
    data = joined_mp3([base64.b64decode(text, validate=True)])
    check_sound(data, "the answer")
    return data


def _lost(error: httpx2.TransportError, tld: str, proxy: tuple[str, str] | None) -> ProviderError:
    """A request without an answer."""
    if isinstance(error, Unwanted):
        return Unconfirmed(f"gtts: what Google Translate sent {error}")
    if not isinstance(error, NOT_SENT):
        return Unreachable(f"gtts: Google Translate did not answer ({type(error).__name__})")
    address = Address(f"https://translate.google.{tld}")
    return unsent(error, address, proxy, "a voice that works offline: voice='auto'")


def _typed(status: int, headers: Mapping[str, str], language: str, tld: str) -> ProviderError:
    """An answer that is none, as an error, by its status."""
    after, _ = retry_after(headers)
    if status == 429 or (status == 503 and "retry-after" in headers):
        return RateLimited("gtts: too many requests for Google Translate", after)
    if status == 403:
        return ProviderMissing(
            "gtts: Google Translate lets nobody in from here (403); wait some hours, install a "
            "newer gTTS, or choose another voice, such as voice='auto'"
        )
    if status == 404:
        return BadRequest(
            f"gtts: translate.google.{tld} speaks nothing (404); choose another end of the "
            "address, such as 'com'"
        )
    if status >= 500 or status in (408, 425):
        return Unreachable(
            f"gtts: Google Translate sent no sound in {language!r} (status {status}); try later"
        )
    return BadRequest(f"gtts: Google Translate does not take this request (status {status})")


def _yes(value: str) -> bool:
    return {"yes": True, "true": True, "no": False, "false": False}[value.lower()]


def voice(argument: str | None, **given: Any) -> GoogleVoice:
    """The voice `gtts`, `gtts:co.uk` or `gtts:tld=co.uk,slow=yes`; what stands after the colon
    counts before what is `given`.
    """
    readers: dict[str, Callable[[str], object]] = {"tld": str, "slow": _yes}
    how = "an accent such as co.uk, or tld=co.uk,slow=yes"
    return GoogleVoice(**given | options("gtts", argument, readers, how, "tld"))
