"""A server that answers with the very bytes that a test gives it, right or wrong."""

from __future__ import annotations

import socketserver
import threading
from collections import deque
from collections.abc import Callable
from typing import Any


def response(status: int, body: bytes, *headers: str, length: int | None = None) -> bytes:
    """An answer of HTTP. length: what it claims to be long, where it is not that."""
    lines = [f"HTTP/1.1 {status} Odd", *headers, f"content-length: {length or len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


class RawServer:
    """Sends the next of its `answers` to each request, the last to all that follow, and closes
    the connection; while it is open (`with`).

    endless: what is sent behind each answer, again and again. `requests` are the heads that came.
    """

    def __init__(self, *answers: bytes | Callable[[int], bytes], endless: bytes = b"") -> None:
        self.answers = deque(answers)
        self.endless = endless
        self.requests: list[bytes] = []
        self._over = threading.Event()

    @property
    def base_url(self) -> str:
        """What to give a client."""
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> RawServer:
        fake = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                fake._answer(self)

        self._tcp = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._tcp.daemon_threads = True
        self.port: int = self._tcp.server_address[1]
        self._thread = threading.Thread(target=self._tcp.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._tcp.shutdown()
        self._thread.join()
        self._tcp.server_close()

    def _answer(self, handler: Any) -> None:
        lines = list(iter(handler.rfile.readline, b"\r\n"))
        named = dict(line.lower().split(b": ", 1) for line in lines[1:])
        handler.rfile.read(int(named.get(b"content-length", 0)))
        self.requests.append(b"".join(lines))
        answer = self.answers.popleft() if len(self.answers) > 1 else self.answers[0]
        try:
            handler.wfile.write(answer(self.port) if callable(answer) else answer)
            while self.endless and not self._over.wait(0.01):
                handler.wfile.write(self.endless)
        except OSError:
            pass  # who asked has gone
