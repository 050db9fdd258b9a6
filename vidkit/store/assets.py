"""Assets by content: their keys, their files, and the directory that holds them.

    assets/ab/ab34…/1/image.png     version 1 of the asset with the key ab34…
    assets/ab/ab34…/1/facts.json    its digest, size and time, and what is known about it
    assets/ab/ab34…/current.json    there where an earlier version was brought back
    aside/                          the quarantine: what was found damaged

A version is a folder, filled elsewhere and moved here in one step: it is there in whole or not at
all.
"""

from __future__ import annotations

import builtins
import errno
import hashlib
import json
import os
import re
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ..core.errors import StoreError
from ..core.paths import content_of, write_through
from .locks import ProcessLock

FICLONE = 0x40049409
"""The request "let this file share the blocks of that one", from Linux's <linux/fs.h>."""

CHUNK = 1 << 20
"""Bytes that are copied at a time."""


def digest(path: Path) -> str:
    """SHA-256 of a file's content, as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush(path: Path) -> None:
    """Have the system put a file's content, or the names in a folder, on the disk."""
    is_folder = path.is_dir()
    # Windows, and some network disks, flush no folders
    with suppress(OSError) if is_folder else nullcontext():
        opened = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def copy(source: Path, target: IO[bytes]) -> None:
    """Copy a file into an open one, which is a file of its own.

    Where the disk can (btrfs, XFS, …) the two share their blocks until one of them is
    written to, which costs neither time nor room.
    """
    with source.open("rb") as file:
        if sys.platform == "linux":
            import fcntl

            with suppress(OSError):
                fcntl.ioctl(target.fileno(), FICLONE, file.fileno())
                return
        shutil.copyfileobj(file, target, CHUNK)


SECRETS = {
    "accesskey",
    "accesstoken",
    "apikey",
    "auth",
    "authorization",
    "authtoken",
    "bearer",
    "credentials",
    "password",
    "secret",
    "secretkey",
    "sig",
    "signature",
    "token",
}
"""Names of fields that hold a credential, in small letters without dashes and underscores."""

_LEAVES = frozenset({str, int, float, bool, type(None)})
"""What holds nothing more; looked at first, since most of a shape is of it."""
_MAPPINGS, _LISTS = (dict, Mapping), (list, tuple)

_WRITER = json.JSONEncoder(
    sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False
)


def cache_key(kind: str, shape: Mapping[str, Any]) -> str:
    """The key of the asset of this kind ("image", "audio", "clip", …) and shape: 64 hex digits.

    It is SHA-256 over canonical JSON, the same in every process and on every machine.
    `shape` holds JSON values; tuples count as lists. Credentials are left out of it first
    (`without_credentials`). Raises `StoreError` for a value that JSON does not have.
    """
    try:
        text = canonical({"kind": kind, "shape": without_credentials(shape)})
    except (TypeError, ValueError) as error:
        raise StoreError(
            f"the shape of an asset of kind {kind!r} is not JSON: {error}; "
            "let the provider's shape() give text, numbers, lists and mappings with names"
        ) from None
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(value: Any) -> str:
    """`value`, which `without_credentials` gave, as JSON that is the same wherever it is written:
    names sorted, ASCII, no spaces. Raises TypeError or ValueError for what JSON does not have.
    """
    return _WRITER.encode(value)


def without_credentials(value: Any, name: str = "") -> Any:
    """`value`, in the types that JSON has, without what a key or a file must not tell: fields that
    are named as credentials, and user, password and credentials of the query in fields whose names
    end in "url" or "endpoint". The texts of a lesson pass as they are.

    Raises TypeError for a name that is no text, since 1 and "1" would be one name.
    """
    if isinstance(value, str):
        return _bare_url(value) if _address(name) else value
    if type(value) in _LEAVES:
        return value
    if isinstance(value, _MAPPINGS):
        for each in value:
            if not isinstance(each, str):
                raise TypeError(f"the name {each!r} is not text")
        return {
            each: without_credentials(inner, each)
            for each, inner in value.items()
            if not _secret(each)
        }
    if isinstance(value, _LISTS):
        return [without_credentials(inner, name) for inner in value]
    return value


@lru_cache(maxsize=1024)
def _address(name: str) -> bool:
    return name.lower().endswith(("url", "endpoint"))


@lru_cache(maxsize=1024)
def _secret(name: str) -> bool:
    return name.lower().replace("_", "").replace("-", "") in SECRETS


def _bare_url(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.rpartition("@")[2]
    host = parts.netloc.rpartition("@")[2]
    asked = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in asked if not _secret(name) and name.lower() != "key"]
    query = parts.query if len(kept) == len(asked) else urlencode(kept)
    return urlunsplit((parts.scheme, host, parts.path, query, parts.fragment))


PASSING = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE, errno.ETIMEDOUT, errno.EBUSY}
PASSING |= {errno.EAGAIN, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT, errno.EROFS}
"""Errors of the process, the moment or the permissions: what cannot be read for them is whole, and
was perhaps paid for.
"""
FACTS = "facts.json"
HOUR = 3600.0
MOST_VERIFIED = 10_000
"""Files that are remembered as hashed."""
_KEY = re.compile(r"[0-9a-f]{64}")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
_KIND = re.compile(r"[a-z]{1,16}")
_HEAD, _TAIL = '{"sum":"', '",'
_BODY = len(_HEAD) + 64 + len(_TAIL)


@dataclass(frozen=True)
class Asset:
    """One version of an asset.

    path: its file in the store, to be read and never written. sha256, bytes: digest and size
    of the content. suffix: ".png", ".wav", … take: its
    version, from 1. about: what was kept with it, as
    JSON values (times of words, notes, dollars, …).
    data: the content of an asset that was not kept, whose `path` may name nothing.
    """

    key: str
    path: Path
    sha256: str
    bytes: int
    suffix: str
    take: int
    about: Mapping[str, Any] = field(default_factory=dict)
    data: builtins.bytes | None = field(default=None, repr=False)


class Damaged(Exception):
    """An asset is not what was put there; the text says in what way."""


def kind_of(about: Mapping[str, Any]) -> str:
    """The kind of asset that `about` names. Raises `StoreError` for one that is no small word."""
    kind = about.get("kind", "asset")
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        raise StoreError(
            f"{kind!r} is no kind of asset; give a word in small letters, such as clip"
        )
    return kind


def is_key(key: str) -> bool:
    """Whether `cache_key` could have made it."""
    return _KEY.fullmatch(key) is not None


def checked_key(key: str) -> str:
    """`key`, or `StoreError` where it is none."""
    if not is_key(key):
        raise StoreError(f"{key[:80]!r} is no key; cache_key makes them")
    return key


def checked_suffix(suffix: str) -> str:
    """`suffix` in small letters, or `StoreError` where it is none."""
    if not _SUFFIX.fullmatch(small := suffix.lower()):
        raise StoreError(f"{suffix[:80]!r} is no suffix of a file; give one such as .png")
    return small


def describe(
    folder: Path, key: str, file: Path, about: Mapping[str, Any], data: builtins.bytes | None = None
) -> dict[str, Any]:
    """Write the facts about `file`, which is in `folder`, and give them as they are read back.
    `about` has no credentials in it. data: the file's content, where it is at hand.
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
    body = canonical(facts)
    # it begins with a digest of the rest, so that a change to it is seen
    seal = hashlib.sha256(body.encode()).hexdigest()
    write_through(folder / FACTS, [f"{_HEAD}{seal}{_TAIL}{body[1:]}".encode()])
    told: dict[str, Any] = json.loads(body)
    return told


def _state(file: Path, facts: Mapping[str, Any]) -> tuple[int, ...]:
    """What a file is like from outside. A disk may forget what it was given without a change of
    the file's size and time. Raises `Damaged` where it cannot be the one of the facts.
    """
    try:
        found = file.lstat()
    except FileNotFoundError:
        raise Damaged("its file is gone") from None
    if not stat.S_ISREG(found.st_mode):
        raise Damaged("its file is something else now")
    if found.st_size != facts["bytes"]:
        raise Damaged(f"{found.st_size:,} bytes instead of {facts['bytes']:,}")
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def copy_into(asset: Asset, file: IO[bytes]) -> None:
    """Copy an asset into an open file, as `copy` does. Raises `StoreError` where the asset is no
    longer there.
    """
    if asset.data is not None:
        file.write(asset.data)
        return
    try:
        copy(asset.path, file)
    except FileNotFoundError:
        raise StoreError(
            f"{asset.path} is no longer in the store; run again, and it is made again"
        ) from None


def _facts(folder: Path, key: str) -> dict[str, Any]:
    try:
        text = content_of(folder / FACTS)
    except FileNotFoundError:
        if folder.exists():
            raise Damaged("the facts about it are gone") from None
        raise
    seal = hashlib.sha256(b"{" + text[_BODY:]).hexdigest()
    if not text.startswith(f"{_HEAD}{seal}{_TAIL}".encode()):
        raise Damaged("the facts about it have changed")
    facts: dict[str, Any] = json.loads(text)
    if facts["key"] != key:
        raise Damaged("it belongs to another key")
    return facts


CURRENT = "current.json"


@dataclass(frozen=True)
class Version:
    """What a look at the directory tells of one version, without reading it.

    bytes: what its folder holds. used: when it was used last, in seconds since 1970.
    """

    key: str
    folder: Path
    kind: str
    bytes: int
    used: float


class AssetDirectory:
    """The assets of one store. `note` is called with a sentence for each that is quarantined.

    With None for the store's folder there are none, and none can be put there.
    """

    def __init__(
        self, folder: Path | None, process: ProcessLock | None, note: Callable[[str], None]
    ) -> None:
        self.folder = None if folder is None else folder / "assets"
        self.quarantined = None if folder is None else folder / "aside"
        self._process = process
        self._note = note
        self._verified: dict[Path, tuple[int, ...]] = {}

    def scratch(self, suffix: str = "") -> Path:
        """A name for a temporary file or folder. Raises `StoreError` where nothing is kept."""
        if self._process is None:
            raise StoreError("there is no store to write to; write beside the output instead")
        return self._process.scratch(suffix)

    def place(self, key: str) -> Path:
        """The folder of all versions of a key."""
        assert self.folder is not None
        return self.folder.joinpath(key[:2], key)

    def numbers(self, key: str) -> list[int]:
        """The versions that there are, in order."""
        return self._look(key)[0]

    def current(self, key: str) -> int | None:
        """The version that counts: the newest, or the one that was brought back after it came.
        None where there is none, or where the one that counted went.
        """
        numbers, (take, newest) = self._look(key)
        if not numbers:
            return None
        return numbers[-1] if newest != numbers[-1] else take if take in numbers else None

    def version(self, key: str, number: int, *, hashed: bool = False) -> Asset | None:
        """One version, if it is there and whole. A damaged one is quarantined, with a note."""
        folder = self.place(key) / str(number)
        try:
            asset = self._load(folder, key, hashed=hashed)
        except FileNotFoundError:
            return None
        except Damaged as damage:
            self._quarantine(folder, key, str(damage))
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            if isinstance(error, OSError) and error.errno in PASSING:
                raise
            why = error.strerror if isinstance(error, OSError) else error
            self._quarantine(folder, key, f"it cannot be read: {why}")
            return None
        with suppress(OSError):  # the time of its last use, no finer than an hour
            if time.time() - (folder / FACTS).stat().st_mtime > HOUR:
                os.utime(folder / FACTS)
        return asset

    def _load(self, folder: Path, key: str, *, hashed: bool) -> Asset:
        """The version in `folder`, after a look whether it is whole.

        Its content is hashed where this process has not done so before, or where the file was
        touched since, or with `hashed`. Raises `Damaged` where it is not whole, FileNotFoundError
        where there is no such folder.
        """
        facts = _facts(folder, key)
        file = folder / facts["file"]
        state = _state(file, facts)
        if (hashed or self._verified.get(file) != state) and digest(file) != facts["sha256"]:
            raise Damaged("its content has changed")
        return self._as_verified(folder, facts, state)

    def _as_verified(self, folder: Path, facts: Mapping[str, Any], state: tuple[int, ...]) -> Asset:
        """The version in `folder`, whose content is known to be what the facts say for as long as
        its file is in this `state`.
        """
        file = folder / facts["file"]
        if len(self._verified) >= MOST_VERIFIED:
            self._verified.clear()
        self._verified[file] = state
        return Asset(
            key=facts["key"],
            path=file,
            sha256=facts["sha256"],
            bytes=facts["bytes"],
            suffix=file.suffix,
            take=int(folder.name),
            about=facts["about"],
        )

    def counting(self, key: str) -> Asset | None:
        """The asset that counts for a key, if it is there and whole."""
        number = self.current(key)
        return None if number is None else self.version(key, number)

    def publish(self, filled: Path, facts: Mapping[str, Any], *, fresh: bool) -> Asset:
        """Put the folder `filled`, whose files are on the disk, in the directory as the newest
        version of the asset that `facts` describe.

        Unless it is `fresh`, one that counts already stays, and is given.
        """
        flush(filled)
        key = facts["key"]
        place = self.place(key)
        while True:
            # Before the look at what counts, so that of two who keep at once one finds the
            # number taken; past all that ever counted, so that a pointer means no later version.
            numbers, pointer = self._look(key)
            number = max([0, pointer[1], *numbers]) + 1
            if numbers and not fresh and (there := self.counting(key)) is not None:
                return there
            if self._move(filled, place / str(number)):
                break
        asset = self._as_described(place / str(number), facts) or self.version(key, number)
        if asset is None:
            raise StoreError(f"{place / str(number)} was removed while it was being kept")
        return asset

    def _as_described(self, folder: Path, facts: Mapping[str, Any]) -> Asset | None:
        """What was described a moment ago and is now in `folder`, without reading it again; None
        where somebody has touched it since.
        """
        with suppress(Damaged):
            state = _state(folder / facts["file"], facts)
            if state[1] == facts["mtime_ns"]:
                return self._as_verified(folder, facts, state)
        return None

    def _move(self, filled: Path, target: Path) -> bool:
        """Move a folder to its place for good. False where somebody else was quicker."""
        place = target.parent
        new = [each for each in (place, place.parent) if not each.exists()]
        place.mkdir(parents=True, exist_ok=True)
        try:
            filled.rename(target)
        except OSError:
            # the number was taken meanwhile, or the empty place tidied away
            if target.exists() or (filled.exists() and not place.exists()):
                return False
            raise
        for each in (place, *(each.parent for each in new)):
            flush(each)
        return True

    def bring_back(self, key: str, number: int) -> None:
        """Let an earlier version be the one that counts, until a newer one comes."""
        self._point(key, number, self.numbers(key)[-1])

    def remove(self, version: Version) -> bool:
        """Take one out of it and delete it; it leaves the directory in one step."""
        gone = self.scratch()
        try:
            with suppress(OSError):  # a full disk is no reason not to make room
                self._point_past(version.key, int(version.folder.name))
            version.folder.rename(gone)
        except FileNotFoundError:
            return False
        shutil.rmtree(gone, ignore_errors=True)
        self._tidy(version.folder.parent)
        return True

    def versions(self, shut: Callable[[str], None] = lambda _: None) -> Iterator[Version]:
        """Every version of every asset, by the names and sizes of its files. `shut` as in
        `everywhere`.
        """
        for key, number in self.everywhere(shut):
            folder = self.place(key) / str(number)
            with suppress(OSError):
                size = sum(each.stat().st_size for each in folder.iterdir())
                yield Version(key, folder, _kind(folder), size, (folder / FACTS).stat().st_mtime)

    def digests(self) -> set[str]:
        """SHA-256 of everything in it, as the facts about it say."""
        found = set()
        for version in self.versions():
            with suppress(OSError, Damaged):
                found.add(str(_facts(version.folder, version.key)["sha256"]))
        return found

    def everywhere(self, shut: Callable[[str], None]) -> Iterator[tuple[str, int]]:
        """The key and number of every version, by the names of folders alone. `shut` is called with
        a sentence for each folder that cannot be looked into.
        """
        for group in _folders(self.folder, shut) if self.folder is not None else ():
            for place in _folders(group, shut):
                for take in _folders(place, shut) if is_key(place.name) else ():
                    if take.name.isascii() and take.name.isdigit():
                        yield place.name, int(take.name)

    def _look(self, key: str) -> tuple[list[int], tuple[int, int]]:
        """The versions that there are, in order, and what the pointer says."""
        if self.folder is None:
            return [], (0, 0)
        try:
            with os.scandir(self.place(key)) as found:
                names = {each.name for each in found}
        except (FileNotFoundError, NotADirectoryError):
            return [], (0, 0)
        numbers = sorted(int(name) for name in names if name.isascii() and name.isdigit())
        return numbers, self._pointer(key) if CURRENT in names else (0, 0)

    def _pointer(self, key: str) -> tuple[int, int]:
        """The version that counts for as long as the second number is the newest take; a first
        number of 0 says that none does.
        """
        try:
            found = json.loads(content_of(self.place(key) / CURRENT))
            return int(found["take"]), int(found["of"])
        except FileNotFoundError:
            return 0, 0
        except (OSError, ValueError, KeyError, TypeError) as error:
            if isinstance(error, OSError) and error.errno in PASSING:
                raise
            (self.place(key) / CURRENT).unlink(missing_ok=True)
            self._note(
                f"which version of {key[:12]} was brought back can no longer be read; "
                "the newest counts again"
            )
            return 0, 0

    def _point(self, key: str, number: int, newest: int) -> None:
        scratch = self.scratch(".json")
        write_through(scratch, [json.dumps({"take": number, "of": newest}).encode()])
        scratch.replace(self.place(key) / CURRENT)
        flush(self.place(key))

    def _point_past(self, key: str, number: int) -> None:
        """Before a version goes: let the one that counts stay it, and none count in its place.

        An older version is one that somebody had made anew, for a reason.
        """
        counts = self.current(key)
        rest = [each for each in self.numbers(key) if each != number]
        if rest and counts != rest[-1]:
            self._point(key, 0 if counts in (None, number) else counts, rest[-1])

    def _quarantine(self, folder: Path, key: str, why: str) -> None:
        kind = _kind(folder)
        assert self.quarantined is not None
        away = self.quarantined / f"{kind}-{key[:12]}-{folder.name}-{time.time_ns():x}"
        try:
            self._point_past(key, int(folder.name))
            self.quarantined.mkdir(exist_ok=True)
            folder.rename(away)
        except FileNotFoundError:
            return  # somebody else did, or removed it
        except OSError as error:
            self._note(f"the {kind} {key[:12]} in the store is damaged ({why}): {folder}; {error}")
            return
        self._tidy(folder.parent)
        self._note(
            f"the {kind} {key[:12]} in the store was damaged ({why}); "
            f"it is set aside in {away} and has to be made again"
        )

    def _tidy(self, place: Path) -> None:
        """Remove the folder of a key of which nothing is left."""
        if not self.numbers(place.name):
            with suppress(OSError):
                (place / CURRENT).unlink(missing_ok=True)
                place.rmdir()


def _folders(folder: Path, shut: Callable[[str], None]) -> list[Path]:
    """What is in a folder, but for files that are no part of the directory."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix != ".json")
    except NotADirectoryError:
        return []
    except OSError as error:
        shut(f"{folder} cannot be read: {error.strerror or error}; check its permissions")
        return []


def _kind(folder: Path) -> str:
    """The kind of the asset in a folder, by the name of its file."""
    with suppress(OSError):
        for each in folder.iterdir():
            if each.name != FACTS:
                return each.stem
    return "asset"
