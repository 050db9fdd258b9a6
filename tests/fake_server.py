"""A provider's server on this machine: real HTTP, faults by script, and its own books.

What a fault is called and does:

    "429"        too many requests, with Retry-After
    "429 bare"   the same without a time
    "429 words"  the same with the time in the message
    "500"        a fault of the server
    "hang"       the request is read, and no answer comes
    "drop"       the request is read, and the connection closed
    "cut"        the answer breaks off in its middle
    "html"       an answer of somebody else, with status 200
    "trickle"    half of the answer, and then byte by byte without an end
    "flood"      the whole answer, and then megabyte by megabyte without an end
    "502", "504", "520", "524"  the work was done, and a gateway answers in the server's place

and whatever more the server of a provider knows (`FakeServer.answer`).
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WAIT = 0.05
"""Seconds that a 429 asks for."""
GATEWAY = {"502", "504", "520", "524"}
ENDLESS = {"trickle": 0.01, "flood": 0.0}
"""Faults whose answer never ends, and the seconds between its pieces."""
MADE = {"", "hang", "drop", "cut", "html", *ENDLESS} | GATEWAY
"""Faults after which the work was done, and is billed, though the answer may not arrive."""


@dataclass(frozen=True)
class Reply:
    """Status, body and headers of an answer."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, status: int, body: Any, **headers: str) -> Reply:
        """An answer in JSON."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, json.dumps(body).encode(), {"content-type": "application/json"} | named)


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has gone, or trusts no such server: no fault of a test."""

    # 5 by default: of 32 connections at once, the system would leave some unheard for a second
    request_queue_size = 256


class FakeServer(ABC):
    """Serves while it is open (`with`). What each request meets is the next of `script`; ""
    and what comes after its end is an answer as it should be.

    window: (requests, seconds) that it bears, by a sliding window. seconds: an answer takes.
    `requests` are the bodies that came; `billed` counts what was made, by its text; `peak` is
    the most that were under way at once, `most_since` the same since it was last set to 0.
    While it `holds`, an answer waits until `let_go` releases it.
    """

    def __init__(
        self,
        script: Iterable[str] = (),
        window: tuple[int, float] | None = None,
        seconds: float = 0.0,
    ) -> None:
        self.script = deque(script)
        self.window = window
        self.seconds = seconds
        self.requests: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.billed: Counter[str] = Counter()
        self.met: Counter[str] = Counter()
        self.under_way = 0
        self.peak = 0
        self.most_since = 0
        self.choose: Callable[[str], str] | None = None
        self.holds = False
        self._let_go = threading.Semaphore(0)
        self._arrivals: deque[float] = deque()
        self._lock = threading.Lock()
        self._over = threading.Event()

    @abstractmethod
    def text_of(self, path: str, body: bytes) -> str:
        """The text that a request asks to be drawn or spoken."""

    @abstractmethod
    def made(self, path: str, text: str) -> Reply:
        """The answer as it should be."""

    @abstractmethod
    def answer(self, fault: str) -> Reply:
        """The answer to a request that meets `fault`."""

    def encrypted(self, tls: ssl.SSLContext) -> None:
        """Speak TLS from now on; who does not trust the certificate sends nothing."""
        self._http.socket = tls.wrap_socket(
            self._http.socket, server_side=True, do_handshake_on_connect=False
        )

    def let_go(self, answers: int) -> None:
        """Answer so many of the requests that are held, or that come next."""
        self._let_go.release(answers)

    def __enter__(self) -> FakeServer:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                fake._serve(self)

            def do_GET(self) -> None:
                fake._serve(self)

        self._http = _Http(("127.0.0.1", 0), Handler)
        self.port = self._http.server_port
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.let_go(1000)
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("content-length", 0))
        body = handler.rfile.read(length)
        if len(body) < length:
            return  # who asked has gone
        text = self.text_of(handler.path, body)
        with self._lock:
            fault = self._fault(text)
            self.requests.append(body)
            self.headers.append({key.lower(): value for key, value in handler.headers.items()})
            self.met[fault] += 1
            self.billed[text] += fault in MADE
            self.under_way += 1
            self.peak = max(self.peak, self.under_way)
            self.most_since = max(self.most_since, self.under_way)
        try:
            if self.holds:
                self._let_go.acquire()
            if fault in MADE and self.seconds:
                self._over.wait(self.seconds)
            if fault == "hang":
                self._over.wait(30)
        finally:
            with self._lock:
                self.under_way -= 1
        self._send(handler, fault, text)

    def _fault(self, text: str) -> str:
        if self.choose is not None:
            fault = self.choose(text)
        else:
            fault = self.script.popleft() if self.script else ""
        if self.window is not None and not fault:
            most, seconds = self.window
            now = time.monotonic()
            while self._arrivals and self._arrivals[0] < now - seconds:
                self._arrivals.popleft()
            if len(self._arrivals) >= most:
                return "429"
            self._arrivals.append(now)
        return fault

    def _send(self, handler: BaseHTTPRequestHandler, fault: str, text: str) -> None:
        handler.close_connection = fault in ("hang", "drop", "cut", *ENDLESS)
        if fault in ("hang", "drop"):
            return
        if fault in ("", "cut", *ENDLESS):
            reply = self.made(handler.path, text)
        elif fault in GATEWAY:
            page = b"<html><head><title>Bad gateway</title></head></html>"
            reply = Reply(int(fault), page, {"content-type": "text/html"})
        elif fault == "html":
            reply = Reply(200, b"<html>Welcome</html>", {"content-type": "text/html"})
        else:
            reply = self.answer(fault)
        try:
            handler.send_response(reply.status)
            for name, value in reply.headers.items():
                handler.send_header(name, value)
            if fault not in ENDLESS:
                handler.send_header("content-length", str(len(reply.body)))
            handler.end_headers()
            half = reply.body[: len(reply.body) // 2]
            handler.wfile.write(half if fault in ("cut", "trickle") else reply.body)
            while fault in ENDLESS and not self._over.wait(ENDLESS[fault]):
                handler.wfile.write(b"A" if fault == "trickle" else bytes(1 << 20))
        except OSError:
            handler.close_connection = True  # who asked has gone
