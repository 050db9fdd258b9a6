"""Counts what widgets send: each message is work for the kernel, the server and the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import comm
from comm.base_comm import BaseComm


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """The messages that widgets send from here on, by their kind: comm_open, comm_msg, …"""
    sent: Counter[str] = Counter()

    class Counting(BaseComm):
        def publish_msg(self, msg_type: str, *what: Any, **more: Any) -> None:
            sent[msg_type] += 1

    before = comm.create_comm
    comm.create_comm = Counting
    try:
        yield sent
    finally:
        comm.create_comm = before
