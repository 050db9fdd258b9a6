"""HTTP as vidkit speaks it: to one host, no more than it asked for, no secret in any log.

A `Wire` stands below a client of httpx. It adds what is secret when a request leaves, so that
the client, its log and its errors never hold it; follows no redirect to another host; asks for
no compression and undoes what comes all the same; and reads no more than `most` bytes.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, unquote, urljoin, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

from ..core.errors import Misconfigured, Offline, SettingsError
from ..models.settings import Secret
from .answers import is_document

CONNECT = 4.0
"""Seconds to wait for a connection: time for the second try of TCP, which comes after three (RFC
6298), and less than a person should wait to hear that there is none."""
MOST_BYTES = 128_000_000
"""Bytes of an answer: a picture of 8 megapixels as PNG in base64 takes 45 MB at the very most, a
narration of 8 minutes as WAV 46 MB."""
ERROR_BYTES, ERROR_SECONDS = 1_000_000, 4.0
"""What is read of an answer that is an error, and how long that may take."""
REDIRECTS = 3
UNPACKED = {"gzip", "x-gzip", "deflate"}
PACKINGS = UNPACKED | {"br", "zstd", "compress", "x-compress"}
"""Codings that change a body. Whatever else stands there, `utf-8` or `none`, changes nothing."""

NOT_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
)
"""What httpx says of a request of which nothing has left this machine."""


class BrokenBody(httpx2.ReadError):
    """An answer began, and what came of it is no whole one."""


class Unwanted(httpx2.ReadError):
    """An answer is not what was asked for: too large, or packed so that it cannot be read."""


@dataclass(frozen=True)
class Address:
    """The address of a server: what may be shown, and what is secret in it.

    shown: scheme, host and path. query, userinfo: what stood there besides.
    """

    shown: str
    query: Secret | None = field(default=None, repr=False)
    userinfo: Secret | None = field(default=None, repr=False)

    @classmethod
    def of(cls, text: str, *, given: bool = True) -> Address:
        """Read an address. given: a person gave it, and may have hidden a password in it. Raises
        `SettingsError`, without showing it, for one that is none.
        """
        parts = _split(text.strip(), given)
        userinfo, _, host = parts.netloc.rpartition("@")
        shown = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
        return cls(
            shown,
            Secret(parts.query) if parts.query else None,
            Secret(userinfo) if userinfo else None,
        )

    @property
    def host(self) -> str:
        """The host's name."""
        return urlsplit(self.shown).hostname or ""

    @property
    def plain(self) -> bool:
        """Whether what is sent can be read on its way: without TLS, to another machine."""
        here = self.host in ("localhost", "::1") or self.host.startswith("127.")
        return self.shown.startswith("http:") and not here

    def secrets(self) -> tuple[str, ...]:
        """All that is not to be shown, longest first."""
        found: set[str] = set()
        for secret in (self.query, self.userinfo):
            if secret is not None:
                text = secret.reveal()
                parts = [text, *re.split(r"[:&]", text), *re.split(r"[=&]", text)]
                found.update(each for part in parts for each in (part, unquote(part)))
        if self.userinfo is not None:
            found.add(_basic(self.userinfo))  # a server may show the header that it was sent
        return tuple(sorted((each for each in found if len(each) > 3), key=len, reverse=True))

    def headers(self) -> dict[str, str]:
        """The header that name and password become."""
        if self.userinfo is None:
            return {}
        return {"authorization": f"Basic {_basic(self.userinfo)}"}


def _basic(userinfo: Secret) -> str:
    """Name and password as they are sent."""
    return base64.b64encode(unquote(userinfo.reveal()).encode()).decode()


def _split(text: str, given: bool) -> SplitResult:
    """The parts of an address. An `@` behind the host is the end of a password with a sign in it
    that ends the host, and the rest of the password would stand in every message.
    """
    try:
        parts = urlsplit(text)
        whole = re.fullmatch(r"https?", parts.scheme) and parts.hostname and parts.port != 0
        httpx2.URL(urlunsplit((parts.scheme, parts.netloc, "", "", "")))
    except (ValueError, httpx2.InvalidURL):
        whole = None
    if not whole or re.search(r"[\s\x00-\x1f\u200b-\u200f\u2060\ufeff]", text):
        raise SettingsError(
            "base_url is no address that begins with http:// or https://, as "
            "https://api.openai.com/v1 does"
        )
    if given and (parts.fragment or "@" in parts.path + parts.query):
        raise SettingsError(
            "base_url has an '@' or a '#' behind its host (it is not shown, for it may hold a "
            "password); in a password write # as %23, / as %2F, ? as %3F and @ as %40"
        )
    return parts


def unsendable(secret: str) -> str | None:
    """What in a key cannot be sent in a header, in words; None where all of it can."""
    for place, sign in enumerate(secret, 1):
        if not "\x20" <= sign < "\x7f":
            names = {"\n": "a line feed", "\r": "a carriage return", "\t": "a tab"}
            named = names.get(sign, f"U+{ord(sign):04X}, which no key has")
            return f"its character {place} is {named}"
    return None


class Wire(httpx2.AsyncBaseTransport):
    """The way to the host of `address`; `headers` are added to each request, as secret as the
    address. most: bytes that an answer may have.

    Raises `Misconfigured` where no way can be made: a proxy or a certificate is to be set right.
    """

    def __init__(
        self, address: Address, headers: Mapping[str, str] | None = None, most: int = MOST_BYTES
    ) -> None:
        self._address = address
        self._headers = dict(headers or {}) | address.headers()
        self._most = most
        self.proxy = proxy_for(address)
        self._inner = _transport(self.proxy, address.shown.startswith("https:"))

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request with what is secret; the body of the answer is read by the caller."""
        content = await request.aread()
        url = request.url
        for _ in range(REDIRECTS):
            response = await self._inner.handle_async_request(self._dressed(request, url, content))
            onward = _onward(response, url)
            if onward is None:
                break
            await response.aclose()
            url = onward
        whole = self._capped(response)
        return await _told(whole) if whole.status_code >= 400 else whole

    def _dressed(self, request: httpx2.Request, url: httpx2.URL, content: bytes) -> httpx2.Request:
        if self._address.query is not None:
            url = url.copy_merge_params(httpx2.QueryParams(self._address.query.reveal()))
        headers = httpx2.Headers(request.headers)
        headers["accept-encoding"] = "identity"
        headers.update(self._headers)
        return httpx2.Request(
            request.method, url, headers=headers, content=content, extensions=request.extensions
        )

    def _capped(self, response: httpx2.Response) -> httpx2.Response:
        headers = httpx2.Headers(response.headers)
        coding = headers.pop("content-encoding", "").strip().lower()
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        return httpx2.Response(
            response.status_code,
            headers=headers,
            stream=_Body(response.stream, coding, self._most),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


def _onward(response: httpx2.Response, url: httpx2.URL) -> httpx2.URL | None:
    """Where on the same host an answer sends a request on to; None where it does not."""
    there = response.headers.get("location", "")
    if response.status_code not in (307, 308) or not there:
        return None
    try:
        onward = httpx2.URL(urljoin(str(url), there))
    except (ValueError, httpx2.InvalidURL):
        return None
    return onward if (onward.scheme, onward.netloc) == (url.scheme, url.netloc) else None


async def _told(response: httpx2.Response) -> httpx2.Response:
    """An answer that is an error, with what there is of its body: its status says whether anything
    was made, and is not lost with a body that breaks off, cannot be read, or does not end.
    """
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    told = b""
    try:
        async with asyncio.timeout(ERROR_SECONDS):
            async for piece in response.stream:
                told += piece
                if len(told) > ERROR_BYTES:
                    break
    except (TimeoutError, httpx2.TransportError):
        pass  # what came of it is enough
    finally:
        await response.stream.aclose()
    headers = httpx2.Headers(response.headers)
    for framing in ("content-length", "transfer-encoding"):
        headers.pop(framing, None)
    return httpx2.Response(
        response.status_code, headers=headers, content=told, extensions=response.extensions
    )


class _Body(httpx2.AsyncByteStream):
    """The body of an answer, decompressed, as far as it is whole and not too large."""

    def __init__(self, stream: httpx2.AsyncByteStream, coding: str, most: int) -> None:
        self._stream = stream
        self._coding = coding
        self._left = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        unpack, begun = None, False
        got: list[bytes] = []
        pieces = aiter(self._stream)
        try:
            while (piece := await _next(pieces, unpack)) is not None:
                if piece and not begun:
                    unpack, begun = _unpacker(self._coding, piece), True
                while piece:
                    if unpack is not None and unpack.eof:
                        if not piece.startswith(b"\x1f\x8b"):
                            return  # what follows is none of it, and need have no end
                        unpack = _unpacker(self._coding, piece)  # one more member (RFC 1952, 2.2)
                    # one byte more than there may be, to see whether there is one
                    whole = piece if unpack is None else unpack.decompress(piece, self._left + 1)
                    self._left -= len(whole)
                    if self._left < 0:
                        raise Unwanted("is larger than anything that was asked for")
                    got.append(whole)
                    yield whole
                    piece = b"" if unpack is None else unpack.unused_data
        except Unwanted:
            raise
        except (zlib.error, httpx2.RemoteProtocolError, httpx2.ReadError) as error:
            if is_document(b"".join(got)):
                return  # what is missing is the end of its frame, such as the last chunk
            raise BrokenBody(str(error) or "the connection broke off") from error
        if unpack is not None and not unpack.eof:
            raise BrokenBody("the answer breaks off")

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _next(pieces: AsyncIterator[bytes], unpack: Any) -> bytes | None:
    """The next piece of a body, None at its end. Behind what is whole none needs to come: a proxy
    that packs an answer may leave the length that it had before.
    """
    whole = unpack is not None and unpack.eof
    try:
        async with asyncio.timeout(ERROR_SECONDS if whole else None):
            return await anext(pieces, None)
    except (TimeoutError, httpx2.TransportError):
        if whole:
            return None
        raise


def _unpacker(coding: str, start: bytes) -> Any:
    """What undoes `coding` (the header) in a body that begins with `start`, None where nothing is
    packed. Raises `Unwanted` for what cannot be undone.
    """
    codings = [each for each in re.split(r"[,\s]+", coding) if each in PACKINGS]
    if not codings:
        return None
    if len(codings) > 1 or codings[0] not in UNPACKED:
        raise Unwanted(
            f"is packed as {coding[:40]}, which was not asked for: the server, or a proxy before "
            "it, is to send it as it is"
        )
    if codings[0] != "deflate" and start[0] != 0x1F:
        return None  # a proxy unpacked it, and left the header as it was
    # some pack as "deflate" without the head that it has to have (RFC 9110, 8.4.1)
    headed = start[0] & 15 == 8 or start[0] == 0x1F
    return zlib.decompressobj(47 if headed else -zlib.MAX_WBITS)


# A proxy, a certificate: what has to be right before anything can be sent.


def proxy_for(address: Address) -> tuple[str, str] | None:
    """The environment's proxy for an address: the name of the variable, and its value."""
    scheme = urlsplit(address.shown).scheme
    if proxy_bypass(address.host):
        return None
    found = getproxies()
    for kind in (scheme, "all"):
        if value := found.get(kind):
            name = f"{kind}_proxy"
            variable = name if name in os.environ else name.upper()
            return variable, value if "://" in value else f"http://{value}"
    return None


def _transport(proxy: tuple[str, str] | None, tls: bool) -> httpx2.AsyncHTTPTransport:
    try:
        # one without certificates trusts nobody, and takes no time to be made
        empty = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context = httpx2.create_ssl_context() if tls else empty
    except (OSError, ssl.SSLError, ValueError) as error:
        names = [n for n in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(n)]
        raise Misconfigured(
            f"no connection can be made: the certificates that {' or '.join(names) or 'are set'} "
            f"names cannot be read ({getattr(error, 'strerror', None) or error}); set it right, "
            "or unset it"
        ) from None
    try:
        return httpx2.AsyncHTTPTransport(
            verify=context, proxy=None if proxy is None else httpx2.Proxy(proxy[1])
        )
    except (ImportError, ValueError, OSError, httpx2.InvalidURL, KeyError) as error:
        variable = proxy[0] if proxy else "the environment"
        why = "it needs the package socksio" if isinstance(error, ImportError) else "of that kind"
        raise Misconfigured(
            f"no connection can be made through the proxy that {variable} names ({why}); set it "
            "to http://…, or unset it"
        ) from None


def unsent(
    error: BaseException, address: Address, proxy: tuple[str, str] | None, instead: str
) -> Misconfigured | Offline:
    """Why a request was not sent: for what is to be mended first, or for want of a connection.
    instead: what works without one.
    """
    causes = causes_of(error)
    told = " ".join(str(cause) for cause in causes)
    if any(isinstance(each, ssl.SSLCertVerificationError) for each in causes) or (
        "CERTIFICATE_VERIFY_FAILED" in told
    ):
        return Misconfigured(
            f"the certificate of {address.host} is not one that this machine trusts; where a "
            "proxy of your own stands between, set SSL_CERT_FILE to its certificate, else do not "
            "go on: somebody may be reading along"
        )
    if any(isinstance(each, httpx2.ProxyError) for each in causes) and proxy is not None:
        return Misconfigured(
            f"the proxy that {proxy[0]} names lets nothing through; set it right, or unset it"
        )
    if isinstance(error, httpx2.UnsupportedProtocol | httpx2.LocalProtocolError):
        return Misconfigured(
            f"a request to {address.shown} cannot be made; set base_url and the key right"
        )
    nameless = isinstance(causes[-1], socket.gaierror)
    reason = "its name is not known" if nameless else str(error).strip() or type(error).__name__
    through = f", through the proxy that {proxy[0]} names" if proxy else ""
    return Offline(
        f"no connection to {address.shown} ({reason}{through}); check the network, or choose "
        f"{instead}"
    )


def causes_of(error: BaseException) -> list[BaseException]:
    """An error and what led to it, the first cause last."""
    found = [error]
    while (cause := found[-1].__cause__ or found[-1].__context__) and len(found) < 12:
        found.append(cause)
    return found
