"""An asset on its shelf: the file, and the facts that tell whether it is still what it was.

    assets/ab/ab34…/1/image.png     take 1 of the asset with the key ab34…
    assets/ab/ab34…/1/facts.json    its digest, size and time, and what is known about it
    assets/ab/ab34…/current.json    there where an earlier take was brought back

A take is a folder, filled elsewhere and moved here in one step: it is there in whole or not at all.
"""

from __future__ import annotations

import builtins
import hashlib
import json
import os
import re
import stat
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import StoreError
from .files import copy, digest, write
from .key import canonical

FACTS = "facts.json"
HOUR = 3600.0
_KEY = re.compile(r"[0-9a-f]{64}")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
_KIND = re.compile(r"[a-z]{1,16}")
_HEAD, _TAIL = '{"sum":"', '",'
_BODY = len(_HEAD) + 64 + len(_TAIL)


@dataclass(frozen=True)
class Asset:
    """One take of an asset.

    path: its file in the store, to be read and never written. sha256, bytes: digest and size
    of the content. suffix: ".png", ".wav", … take: from 1. about: what was kept with it, as
    JSON values (times of words, notes, dollars, …).
    data: the content of an asset that was not kept (`NoStore`), whose `path` may name nothing.
    """

    key: str
    path: Path
    sha256: str
    bytes: int
    suffix: str
    take: int
    about: Mapping[str, Any] = field(default_factory=dict)
    data: builtins.bytes | None = field(default=None, repr=False)

    @property
    def kind(self) -> str:
        """ "image", "audio", "clip", …: what `about` says, or "asset"."""
        return kind_of(self.about)


class Damaged(Exception):
    """What lies on the shelf is not what was put there; the text says in what way."""


def kind_of(about: Mapping[str, Any]) -> str:
    """The kind of asset that `about` names. Raises `StoreError` for one that is no small word."""
    kind = about.get("kind", "asset")
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        raise StoreError(
            f"{kind!r} is no kind of asset; give a word in small letters, such as clip"
        )
    return kind


def is_key(key: str) -> bool:
    """Whether `asset_key` could have made it."""
    return _KEY.fullmatch(key) is not None


def checked_key(key: str) -> str:
    """`key`, or `StoreError` where it is none."""
    if not is_key(key):
        raise StoreError(f"{key[:80]!r} is no key; asset_key makes them")
    return key


def checked_suffix(suffix: str) -> str:
    """`suffix` in small letters, or `StoreError` where it is none."""
    if not _SUFFIX.fullmatch(small := suffix.lower()):
        raise StoreError(f"{suffix[:80]!r} is no suffix of a file; give one such as .png")
    return small


def describe(
    folder: Path, key: str, file: Path, about: Mapping[str, Any], data: builtins.bytes | None = None
) -> None:
    """Write the facts about `file`, which is in `folder`. `about` has no credentials in it.
    data: the file's content, where it is at hand.
    """
    found = file.stat()
    facts = {
        "key": key,
        "file": file.name,
        "sha256": digest(file) if data is None else hashlib.sha256(data).hexdigest(),
        "bytes": found.st_size,
        "mtime_ns": found.st_mtime_ns,
        "made": time.time(),
        "about": about,
    }
    write(folder / FACTS, _sealed(facts))


def load(take: Path, key: str, scratch: Path, *, hashed: bool = False) -> Asset:
    """The asset in the folder `take`, after a look whether it is whole.

    Its content is hashed where its size and time are not what they were, or with `hashed`;
    a time that changed alone is written down, by way of the file `scratch`.
    Raises `Damaged` where it is not whole, FileNotFoundError where there is no such folder.
    """
    facts = _facts(take, key)
    file = take / facts["file"]
    try:
        found = file.lstat()
    except FileNotFoundError:
        raise Damaged("its file is gone") from None
    if not stat.S_ISREG(found.st_mode):
        raise Damaged("its file is something else now")
    if found.st_size != facts["bytes"]:
        raise Damaged(f"{found.st_size:,} bytes instead of {facts['bytes']:,}")
    moved = found.st_mtime_ns != facts["mtime_ns"]
    if (moved or hashed) and digest(file) != facts["sha256"]:
        raise Damaged("its content has changed")
    if moved:
        with suppress(OSError):  # on a full disk it is hashed again next time
            write(scratch, _sealed({**facts, "mtime_ns": found.st_mtime_ns}))
            scratch.replace(take / FACTS)
    return Asset(
        key=key,
        path=file,
        sha256=facts["sha256"],
        bytes=facts["bytes"],
        suffix=file.suffix,
        take=int(take.name),
        about=facts["about"],
    )


def copy_out(asset: Asset, path: Path) -> None:
    """Copy an asset to `path`, as a file of its own that shares blocks where the disk can.

    Write beside and rename: what is at `path` is replaced, and what fails leaves nothing there.
    Raises `StoreError` where the asset is no longer there, OSError where `path` cannot be written.
    """
    if asset.data is not None:
        path.write_bytes(asset.data)
        return
    if not asset.path.is_file():
        raise StoreError(f"{asset.path} is no longer in the store; run again, and it is made again")
    copy(asset.path, path)


def used_now(take: Path) -> None:
    """Note that the asset was used: the time of its facts, no finer than an hour."""
    facts = take / FACTS
    with suppress(OSError):
        if time.time() - facts.stat().st_mtime > HOUR:
            os.utime(facts)


def _sealed(facts: Mapping[str, Any]) -> bytes:
    """Facts as JSON that begins with a digest of the rest, so that a change to it is seen."""
    body = canonical(facts)
    seal = hashlib.sha256(body.encode()).hexdigest()
    return f"{_HEAD}{seal}{_TAIL}{body[1:]}".encode()


def _facts(take: Path, key: str) -> dict[str, Any]:
    try:
        text = (take / FACTS).read_bytes()
    except FileNotFoundError:
        if take.exists():
            raise Damaged("the facts about it are gone") from None
        raise
    seal = hashlib.sha256(b"{" + text[_BODY:]).hexdigest()
    if not text.startswith(f"{_HEAD}{seal}{_TAIL}".encode()):
        raise Damaged("the facts about it have changed")
    facts: dict[str, Any] = json.loads(text)
    if facts["key"] != key:
        raise Damaged("it belongs to another key")
    return facts
