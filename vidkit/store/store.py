"""The store: assets by content, found again in whole or not at all."""

from __future__ import annotations

import asyncio
import builtins
import hashlib
import json
import os
import re
import shutil
import stat
import sys
import tempfile
import time
import weakref
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ..core.errors import SettingsError, StoreError
from ..core.paths import is_folder, path_given, shortened, why_unwritable
from .ledger import Journal
from .locks import Flights, Presence, locked, sweep

# Files that are whole or not there: writing them through to the disk, digests and copies.


FICLONE = 0x40049409
"""The request "let this file share the blocks of that one", from Linux's <linux/fs.h>."""

CHUNK = 1 << 20
"""Bytes that are copied at a time."""


def digest(path: Path) -> str:
    """SHA-256 of a file's content, as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(path: Path, data: bytes) -> None:
    """Write a new file through to the disk."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def flush(path: Path) -> None:
    """Have the system put a file's content, or the names in a folder, on the disk."""
    if path.is_dir():
        with suppress(OSError):  # Windows, and some network disks, flush no folders
            _flush(os.open(path, os.O_RDONLY))
    else:
        _flush(os.open(path, os.O_RDWR))


def _flush(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def copy(source: Path, target: Path) -> None:
    """Make `target` a file of its own with the content of `source`.

    Where the disk can (btrfs, XFS, …) the two share their blocks until one of them is
    written to, which costs neither time nor room. What fails leaves no `target`, and raises
    OSError.
    """
    try:
        with source.open("rb") as whence, target.open("wb") as whither:
            if not _clone(whence.fileno(), whither.fileno()):
                shutil.copyfileobj(whence, whither, CHUNK)
    except OSError:
        with suppress(OSError):
            target.unlink()
        raise


if sys.platform == "linux":
    import fcntl

    def _clone(whence: int, whither: int) -> bool:
        try:
            fcntl.ioctl(whither, FICLONE, whence)
        except OSError:
            return False
        return True

else:

    def _clone(whence: int, whither: int) -> bool:
        return False


# The key of an asset: what shapes it, as a digest.


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
    """`value` as JSON that is the same wherever it is written: names sorted, ASCII, no spaces.

    Raises TypeError or ValueError for what JSON does not have.
    """
    return _WRITER.encode(_plain(value))


def without_credentials(value: Any, name: str = "") -> Any:
    """`value` without what a key or a file must not tell: fields that are named as credentials,
    and user, password and credentials of the query in fields whose names end in "url" or
    "endpoint". The texts of a lesson pass as they are.
    """
    if isinstance(value, str):
        return _bare_url(value) if _address(name) else value
    if type(value) in _LEAVES:
        return value
    if isinstance(value, _MAPPINGS):
        return {
            each: without_credentials(inner, str(each))
            for each, inner in value.items()
            if not _secret(str(each))
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


def _plain(value: Any) -> Any:
    """`value` in the types that `json` writes. A name that is no text is refused, since 1 and
    "1" would be one name.
    """
    if type(value) in _LEAVES:
        return value
    if isinstance(value, _MAPPINGS):
        for name in value:
            if not isinstance(name, str):
                raise TypeError(f"the name {name!r} is not text")
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, _LISTS):
        return [_plain(inner) for inner in value]
    return value


# An asset on its shelf: the file, and the facts that tell whether it is still what it was.
#
#     assets/ab/ab34…/1/image.png     take 1 of the asset with the key ab34…
#     assets/ab/ab34…/1/facts.json    its digest, size and time, and what is known about it
#     assets/ab/ab34…/current.json    there where an earlier take was brought back
#
# A take is a folder, filled elsewhere and moved here in one step: it is there in whole or
# not at all.


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


# The shelf: takes of assets, put there in one step, found by key, set aside when damaged.


CURRENT = "current.json"


@dataclass(frozen=True)
class Take:
    """What a look at the shelf tells of one take, without reading it.

    bytes: what its folder holds. used: when it was used last, in seconds since 1970.
    """

    key: str
    folder: Path
    kind: str
    bytes: int
    used: float


class Shelf:
    """The assets of one store. `note` is called with a sentence for each that is set aside."""

    def __init__(self, folder: Path, presence: Presence, note: Callable[[str], None]) -> None:
        self.folder = folder / "assets"
        self.aside = folder / "aside"
        self._presence = presence
        self._note = note

    def place(self, key: str) -> Path:
        """The folder of all takes of a key."""
        return self.folder / key[:2] / key

    def numbers(self, key: str) -> list[int]:
        """The takes that there are, in order."""
        return self._look(key)[0]

    def current(self, key: str) -> int | None:
        """The take that counts: the newest, or the one that was brought back after it came.
        None where there is none, or where the one that counted went.
        """
        numbers, (take, newest) = self._look(key)
        if not numbers:
            return None
        return numbers[-1] if newest != numbers[-1] else take if take in numbers else None

    def take(self, key: str, number: int, *, hashed: bool = False) -> Asset | None:
        """One take, if it is there and whole. A damaged one is set aside, with a note."""
        folder = self.place(key) / str(number)
        try:
            asset = load(folder, key, self._presence.scratch(), hashed=hashed)
        except FileNotFoundError:
            return None
        except Damaged as damage:
            self._set_aside(folder, key, str(damage))
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            self._set_aside(folder, key, f"it cannot be read: {why}")
            return None
        used_now(folder)
        return asset

    def counting(self, key: str) -> Asset | None:
        """The asset that counts for a key, if it is there and whole."""
        number = self.current(key)
        return None if number is None else self.take(key, number)

    def publish(self, key: str, filled: Path, *, fresh: bool) -> Asset:
        """Put the folder `filled`, whose files are on the disk, on the shelf as the newest take.

        Unless it is `fresh`, one that counts already stays, and is given.
        """
        flush(filled)
        place = self.place(key)
        while True:
            # Before the look at what counts, so that of two who keep at once one finds the
            # number taken; past all that ever counted, so that a pointer means no later take.
            numbers, pointer = self._look(key)
            number = max([0, pointer[1], *numbers]) + 1
            if numbers and not fresh and (there := self.counting(key)) is not None:
                return there
            if self._move(filled, place / str(number)):
                break
        asset = self.take(key, number)
        if asset is None:
            raise StoreError(f"{place / str(number)} was removed while it was being kept")
        return asset

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
        """Let an earlier take be the one that counts, until a newer one comes."""
        self._point(key, number, self.numbers(key)[-1])

    def remove(self, take: Take) -> bool:
        """Take one off the shelf and delete it; it leaves the shelf in one step."""
        gone = self._presence.scratch()
        try:
            with suppress(OSError):  # a full disk is no reason not to make room
                self._point_past(take.key, int(take.folder.name))
            take.folder.rename(gone)
        except FileNotFoundError:
            return False
        shutil.rmtree(gone, ignore_errors=True)
        self._tidy(take.folder.parent)
        return True

    def takes(self) -> Iterator[Take]:
        """Every take of every asset, by the names and sizes of its files."""
        for place in self.folder.glob("??/*/"):
            for number in self.numbers(place.name):
                with suppress(OSError):
                    yield _look(place / str(number), place.name)

    def everywhere(self, shut: Callable[[str], None]) -> Iterator[tuple[str, int]]:
        """The key and number of every take, by the names of folders alone. `shut` is called with
        a sentence for each folder that cannot be looked into.
        """
        for group in _folders(self.folder, shut):
            for place in _folders(group, shut):
                for take in _folders(place, shut) if is_key(place.name) else ():
                    if take.name.isascii() and take.name.isdigit():
                        yield place.name, int(take.name)

    def _look(self, key: str) -> tuple[list[int], tuple[int, int]]:
        """The takes that there are, in order, and what the pointer says."""
        try:
            with os.scandir(self.place(key)) as found:
                names = {each.name for each in found}
        except (FileNotFoundError, NotADirectoryError):
            return [], (0, 0)
        numbers = sorted(int(name) for name in names if name.isascii() and name.isdigit())
        return numbers, self._pointer(key) if CURRENT in names else (0, 0)

    def _pointer(self, key: str) -> tuple[int, int]:
        """The take that counts for as long as the second number is the newest take; a first
        number of 0 says that none does.
        """
        try:
            found = json.loads((self.place(key) / CURRENT).read_bytes())
            return int(found["take"]), int(found["of"])
        except FileNotFoundError:
            return 0, 0
        except (OSError, ValueError, KeyError, TypeError):
            (self.place(key) / CURRENT).unlink(missing_ok=True)
            self._note(
                f"which take of {key[:12]} was brought back can no longer be read; "
                "the newest counts again"
            )
            return 0, 0

    def _point(self, key: str, number: int, newest: int) -> None:
        scratch = self._presence.scratch(".json")
        write(scratch, json.dumps({"take": number, "of": newest}).encode())
        scratch.replace(self.place(key) / CURRENT)
        flush(self.place(key))

    def _point_past(self, key: str, number: int) -> None:
        """Before a take goes: let the one that counts stay it, and none count in its place.

        An older take is one that somebody had made anew, for a reason.
        """
        counts = self.current(key)
        rest = [each for each in self.numbers(key) if each != number]
        if rest and counts != rest[-1]:
            self._point(key, 0 if counts in (None, number) else counts, rest[-1])

    def _set_aside(self, folder: Path, key: str, why: str) -> None:
        kind = _kind(folder)
        away = self.aside / f"{kind}-{key[:12]}-{folder.name}-{time.time_ns():x}"
        try:
            self._point_past(key, int(folder.name))
            self.aside.mkdir(exist_ok=True)
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
    """What is in a folder, but for files that are no part of the shelf."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix != ".json")
    except NotADirectoryError:
        return []
    except OSError as error:
        shut(f"{folder} cannot be read: {error.strerror or error}; check its permissions")
        return []


def _look(folder: Path, key: str) -> Take:
    size = sum(each.stat().st_size for each in folder.iterdir())
    return Take(key, folder, _kind(folder), size, (folder / FACTS).stat().st_mtime)


def _kind(folder: Path) -> str:
    """The kind of the asset in a folder, by the name of its file."""
    with suppress(OSError):
        for each in folder.iterdir():
            if each.name != FACTS:
                return each.stem
    return "asset"


# Keeping house: what is in the store, whether it is whole, and making room.


_SET_ASIDE = re.compile(r"[a-z]{1,16}-[0-9a-f]{12}-[\w.]+-([0-9a-f]+)")


@dataclass(frozen=True)
class Verdict:
    """What a look at every byte found. good: how many takes are whole; bad: a sentence for each
    thing that is not, set aside by now, and for each folder that cannot be looked into.
    """

    good: int
    bad: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.bad:
            return f"{_assets(self.good)}, all whole"
        return "\n".join((f"{_assets(self.good)} whole, {len(self.bad)} damaged:", *self.bad))


@dataclass(frozen=True)
class Contents:
    """What is in the store. kinds: (assets, bytes) of each kind; earlier takes count as assets.
    aside: the same of what was set aside. hits: assets that were found; misses: assets that
    had to be made.
    """

    assets: int = 0
    bytes: int = 0
    kinds: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    aside: tuple[int, int] = (0, 0)
    hits: int = 0
    misses: int = 0

    @property
    def rate(self) -> float | None:
        """The part of assets that were found and not made, from 0 to 1; None before the first."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else None

    def __str__(self) -> str:
        lines = [f"{_assets(self.assets)}, {in_size(self.bytes)}"]
        lines += [f"  {n:,} × {kind}, {in_size(b)}" for kind, (n, b) in sorted(self.kinds.items())]
        if self.aside[0]:
            lines.append(f"  {self.aside[0]:,} set aside as damaged, {in_size(self.aside[1])}")
        if self.rate is not None:
            lines.append(f"  {self.rate:.0%} of what was asked for was there")
        return "\n".join(lines)


@dataclass(frozen=True)
class Removal:
    """What was removed, or with `dry` what would be: assets, damaged ones that had been set
    aside, and the bytes of both. held: assets that were to go and stay, since a lesson that
    is not finished needs them.
    """

    assets: int = 0
    aside: int = 0
    bytes: int = 0
    held: int = 0
    dry: bool = False

    def __str__(self) -> str:
        what = _assets(self.assets)
        if self.aside:
            what += f" and {self.aside:,} that were set aside"
        said = f"{'would remove' if self.dry else 'removed'} {what}, {in_size(self.bytes)}"
        if self.held:
            said += f"; {self.held:,} more stay, since lessons that are not finished need them"
        return said


def contents_of(shelf: Shelf, hits: int, misses: int) -> Contents:
    """Count what is on the shelf."""
    kinds: dict[str, tuple[int, int]] = {}
    for take in shelf.takes():
        number, size = kinds.get(take.kind, (0, 0))
        kinds[take.kind] = (number + 1, size + take.bytes)
    aside = _set_aside(shelf.aside)
    return Contents(
        assets=sum(number for number, _ in kinds.values()),
        bytes=sum(size for _, size in kinds.values()),
        kinds=kinds,
        aside=(len(aside), sum(size for _, _, size in aside)),
        hits=hits,
        misses=misses,
    )


def prune_assets(
    shelf: Shelf,
    stays: Callable[[str], bool],
    older_than: timedelta | None,
    keep_bytes: int | None,
    *,
    dry: bool,
) -> Removal:
    """Remove what was not used for `older_than`, and then what was used longest ago until no
    more than `keep_bytes` are left. What was set aside goes first; what has a key
    of which `stays` is true does not go.
    """
    aside = sorted(_set_aside(shelf.aside), key=lambda each: each[1])
    takes = sorted(shelf.takes(), key=lambda take: take.used)
    before = time.time() - older_than.total_seconds() if older_than is not None else 0.0
    total = sum(size for _, _, size in aside) + sum(take.bytes for take in takes)
    room = _Room(total, before, keep_bytes)
    old = [path for path, when, size in aside if room.goes(when, size)]
    free: list[Take] = []
    kept: list[Take] = []
    for take in takes:
        (kept if stays(take.key) else free).append(take)
    going = [take for take in free if room.goes(take.used, take.bytes)]
    held = [take for take in kept if room.would_go(take.used)]
    return _remove(shelf, going, old, len(held), total - room.total, dry)


def clear_assets(shelf: Shelf, stays: Callable[[str], bool], *, dry: bool) -> Removal:
    """Remove everything but what a run that goes on now needs."""
    aside = _set_aside(shelf.aside)
    takes = list(shelf.takes())
    going = [take for take in takes if not stays(take.key)]
    size = sum(size for _, _, size in aside) + sum(take.bytes for take in going)
    return _remove(shelf, going, [path for path, _, _ in aside], len(takes) - len(going), size, dry)


def verify_assets(shelf: Shelf, told: Callable[[], Iterable[str]]) -> Verdict:
    """Hash every take; `told` gives what was said of those that were set aside meanwhile."""
    good = 0
    shut: list[str] = []
    for key, number in list(shelf.everywhere(shut.append)):
        good += shelf.take(key, number, hashed=True) is not None
    return Verdict(good, (*told(), *shut))


def in_size(size: float) -> str:
    """Bytes for a person: 512 B, 3.4 MB (a megabyte is a million bytes)."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _assets(number: int) -> str:
    return f"{number:,} asset{'' if number == 1 else 's'}"


@dataclass
class _Room:
    """What is left while things go: bytes in all, and the two reasons to go."""

    total: int
    before: float
    keep: int | None

    def would_go(self, used: float) -> bool:
        return used < self.before or (self.keep is not None and self.total > self.keep)

    def goes(self, used: float, size: int) -> bool:
        if self.would_go(used):
            self.total -= size
            return True
        return False


def _remove(
    shelf: Shelf, takes: Iterable[Take], aside: Iterable[Path], held: int, size: int, dry: bool
) -> Removal:
    takes, aside = list(takes), list(aside)
    if not dry:
        takes = [take for take in takes if shelf.remove(take)]
        for path in aside:
            shutil.rmtree(path, ignore_errors=True)
    return Removal(len(takes), len(aside), size, held, dry)


def _set_aside(folder: Path) -> list[tuple[Path, float, int]]:
    """What was set aside: where it is, since when (seconds since 1970), and its bytes."""
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        if (named := _SET_ASIDE.fullmatch(path.name)) and path.is_dir():
            size = sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
            found.append((path, int(named[1], 16) / 1e9, size))
    return found


# The store's folder: where it is, and the mark by which it is known.
#
# vidkit-store.json     the mark: this folder is a store, of this layout
# assets/               what was made
# aside/                what was found damaged
# processes/            who uses the store, and their temporary files
# flights/              what is being made just now
# journal-….sqlite      what was asked, and what it cost


MARK = "vidkit-store.json"
LAYOUT = 1
ROOMS = ("assets", "aside", "processes", "flights")
OPENING = "opening.lock"
_OURS = {*ROOMS, OPENING, "mending.lock", MARK, f"{MARK}.new"}
_JOURNAL = re.compile(r"journal-[\w.-]+\.sqlite(-wal|-shm|-journal)?|journal\.json")
_TEXT = {
    "store": "vidkit",
    "layout": LAYOUT,
    "note": "Images, narrations and clips that vidkit made, some of them paid for. "
    "`vidkit cache` shows and tidies them.",
}


def default_folder() -> Path:
    """`VIDKIT_CACHE` from the environment, or vidkit's folder in the user's cache."""
    if named := os.environ.get("VIDKIT_CACHE"):
        return path_given("VIDKIT_CACHE", named, "the folder of the store")
    import platformdirs

    return platformdirs.user_cache_path("vidkit", appauthor=False)


def refuse_strangers(folder: Path) -> None:
    """Raise `StoreError` where the folder carries no mark and holds somebody else's files."""
    names = {path.name for path in folder.iterdir()}
    linked = sorted(room for room in ROOMS if (folder / room).is_symlink())
    if linked:
        raise StoreError(f"{folder / linked[0]} is a link; a store's rooms are folders of its own")
    if marked(folder):
        return
    journals = {name for name in names if _JOURNAL.fullmatch(name)}
    others = sorted(names - _OURS - journals)
    if not others and not journals:
        # no journal and something in the rooms: whatever that is, vidkit did not put it there
        filled = (
            (folder / room, any((folder / room).iterdir())) for room in ROOMS if room in names
        )
        others = [str(room.name) for room, full in filled if full]
    if others:
        raise StoreError(
            f"{folder} is not a store of vidkit and holds other files ({others[0]}, …); "
            "choose an empty folder with VIDKIT_CACHE (cache_dir=)"
        )


def furnish(folder: Path) -> bool:
    """Make the rooms of a store; only under the opening lock.

    Gives True where something was there before, be it without its mark. Raises `StoreError`
    for a layout that a newer vidkit made.
    """
    refuse_strangers(folder)
    known, layout = _read(folder)
    if layout > LAYOUT:
        raise StoreError(
            f"{folder} was made by a newer vidkit (layout {layout}, this one knows {LAYOUT}); "
            "update vidkit, or choose another folder with VIDKIT_CACHE (cache_dir=)"
        )
    for room in ROOMS:
        (folder / room).mkdir(exist_ok=True)
    return known or any((folder / "assets").iterdir())


def put_mark(folder: Path) -> bool:
    """Mark the folder as a store, last of all: what is marked is complete.

    Gives True where it was not marked.
    """
    if marked(folder):
        return False
    scratch = folder / f"{MARK}.new"
    scratch.unlink(missing_ok=True)
    write(scratch, json.dumps(_TEXT, indent=2).encode())
    scratch.replace(folder / MARK)
    return True


def marked(folder: Path) -> bool:
    """True where the folder carries the store's mark."""
    return _read(folder)[0]


def demand_mark(folder: Path) -> None:
    """Raise `StoreError` unless the folder carries the store's mark."""
    if not marked(folder):
        raise StoreError(
            f"{folder} does not carry the mark of a store ({MARK}), so nothing in it is removed; "
            "look whether it is the folder you mean"
        )


def _read(folder: Path) -> tuple[bool, int]:
    """Whether there is a mark, and of which layout."""
    try:
        found = json.loads((folder / MARK).read_text("utf-8"))
    except (FileNotFoundError, ValueError, RecursionError):
        return False, 0
    if not isinstance(found, dict) or found.get("store") != "vidkit":
        return False, 0
    layout = found.get("layout")
    return (True, layout) if isinstance(layout, int) else (False, 0)


WAITS = (0.02, 0.25)
"""Seconds between two looks at a flight: at first, and at most."""

_TALLY = 64
"""Hits and misses are written down after so many, and at the end."""


class Notes:
    """Sentences for a person, kept and passed on."""

    def __init__(self, listener: Callable[[str], None] | None) -> None:
        self.sentences: list[str] = []
        self._listener = listener

    def add(self, sentence: str) -> None:
        """Keep a sentence, and tell it to whoever listens."""
        self.sentences.append(sentence)
        if self._listener is not None:
            self._listener(sentence)


class Store:
    """A folder of assets and its journal, which several processes may use at once.

    folder: None is `VIDKIT_CACHE`, or vidkit's folder in the user's cache. on_note: called
    with each sentence that a person should read (an asset that was damaged, a journal that was
    gone), from the thread that finds it; `notes` keeps them. `journal` is the store's `Journal`.

    Its methods block, and may be called from several threads. Each raises `StoreError` where
    the folder cannot be read or written. A forked child opens a store of its own.
    """

    keeps = True
    """False where nothing is kept (`NoStore`)."""

    def __init__(
        self, folder: Path | None = None, *, on_note: Callable[[str], None] | None = None
    ) -> None:
        named = folder if folder is not None else default_folder()
        self.folder = path_given("cache_dir", named, "the folder of the store").absolute()
        self._told_of = Notes(on_note)
        with self._told("opened"):
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                refuse_strangers(self.folder)
            except StoreError:
                # a new store that somebody else is furnishing in this moment has no mark yet
                if not (self.folder / OPENING).exists() and not marked(self.folder):
                    raise
            with locked(self.folder / OPENING):
                self._open()
        self.shelf = Shelf(self.folder, self._presence, self._told_of.add)
        self._counts = {"hits": 0, "misses": 0}
        self._leave = weakref.finalize(
            self, _leave, self._presence, self.journal, self._flights, self._counts
        )

    def _open(self) -> None:
        if marked(self.folder) and not is_folder(self.folder / "assets"):
            self._told_of.add(
                f"the assets of the store in {self.folder} were gone; they have to be made again"
            )
        used = furnish(self.folder)
        with ExitStack() as undo:
            self._presence = Presence(self.folder / "processes")
            undo.callback(self._presence.leave)
            self.journal = self._open_journal(used)
            undo.callback(self.journal.close)
            self._flights = Flights(self.folder / "flights")
            undo.callback(self._flights.close)
            self._sweep()
            if put_mark(self.folder) and used:
                self._told_of.add(
                    f"the mark of the store in {self.folder} was missing or damaged; put back"
                )
            undo.pop_all()

    def _open_journal(self, used: bool) -> Journal:
        return Journal(self.folder, self._presence.name, self._told_of.add, expected=used)

    @property
    def opening(self) -> str:
        """The name of this opening, unique for all time: processes/<name>.lock is held by it."""
        return self._presence.name

    @property
    def notes(self) -> list[str]:
        """What a person should read of this opening, in the order in which it was found."""
        return self._told_of.sentences

    def find(self, key: str) -> Asset | None:
        """The asset that counts for `key`, if it is there and whole.

        A damaged one is set aside, with a note, and None is given. Its size and time are
        looked at, and its content where they have changed.
        """
        checked_key(key)
        with self._told("read"):
            asset = self.shelf.counting(key)
        if asset is not None:
            self._count("hits")
        return asset

    def keep(
        self,
        key: str,
        data: bytes | Path,
        suffix: str,
        about: Mapping[str, Any],
        *,
        check: Callable[[Path], None] | None = None,
        fresh: bool = False,
    ) -> Asset:
        """Keep what was made for `key`, and give it as it is kept.

        data: the content, or a file with it: one of `scratch` is moved, another is copied.
        about: JSON facts to keep with it; "kind" names its kind. Credentials are left out.
        check: called with the file before it is kept; what it raises goes on up.
        fresh: keep a new take beside those that are there, and let it count. Without it,
        one that is there and whole stays, and is given.
        What fails leaves the store as it was.
        """
        checked_key(key)
        kind, suffix = kind_of(about), checked_suffix(suffix)
        with self._told(f"written: the {kind} {key[:12]} is not kept"):
            filled = self._presence.scratch()
            try:
                filled.mkdir()
                file = filled / f"{kind}{suffix}"
                self._bring(data, file)
                if check is not None:
                    with _passing_on():
                        check(file)
                content = data if isinstance(data, bytes) and check is None else None
                describe(filled, key, file, without_credentials(about), content)
                asset = self.shelf.publish(key, filled, fresh=fresh)
            finally:
                if filled.exists():
                    shutil.rmtree(filled, ignore_errors=True)
        self._count("misses")
        return asset

    def scratch(self, suffix: str) -> Path:
        """A name in the store's folder for a file that is to be kept; it goes if it is not."""
        with self._told("written"):
            return self._presence.scratch(checked_suffix(suffix))

    def takes(self, key: str) -> list[Asset]:
        """All takes of an asset that are whole, the oldest first."""
        checked_key(key)
        with self._told("read"):
            found = (self.shelf.take(key, number) for number in self.shelf.numbers(key))
            return [asset for asset in found if asset is not None]

    def bring_back(self, key: str, take: int) -> Asset:
        """Let an earlier take count again, until a newer one is kept.

        Raises `StoreError` where there is no such take.
        """
        checked_key(key)
        with self._told("written"):
            asset = self.shelf.take(key, take)
            if asset is None:
                there = ", ".join(map(str, self.shelf.numbers(key))) or "none"
                raise StoreError(f"there is no take {take} of {key[:12]}; there are: {there}")
            self.shelf.bring_back(key, take)
        return asset

    @asynccontextmanager
    async def flight(self, key: str) -> AsyncIterator[bool]:
        """Hold the right to make an asset: one task of one process at a time, in all loops.
        Gives whether somebody else had it, and so had to be waited for.

        Look with `find` again inside: somebody else may have made it meanwhile. Hold one at a
        time. The kernel ends the flight of a process that dies.
        """
        checked_key(key)
        wait, longest = WAITS
        while True:
            with self._told("written"):
                end = self._flights.begin(key)
            if end is not None:
                break
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, longest)
        try:
            yield wait > WAITS[0]
        finally:
            end()

    def sweep(self) -> int:
        """Remove what dead processes left: temporary files, locks, and money that they had
        reserved, which is unconfirmed from now on. Gives how many temporary files went.
        An opening does it by itself.
        """
        with self._told("written"), locked(self.folder / OPENING):
            return self._sweep()

    def verify(self) -> Verdict:
        """Read and hash everything; set aside what is damaged, and tell."""
        before = len(self.notes)
        with self._told("read"):
            if wrong := self.journal.check():
                self._told_of.add(f"the journal is damaged: {wrong}")
            return verify_assets(self.shelf, lambda: self.notes[before:])

    def contents(self) -> Contents:
        """What is in the store, and how often it had what was asked for."""
        counts = self._write_counts()
        with self._told("read"):
            return contents_of(self.shelf, counts.get("hits", 0), counts.get("misses", 0))

    def prune(
        self,
        older_than: timedelta | None = None,
        keep_bytes: int | None = None,
        *,
        dry: bool = False,
    ) -> Removal:
        """Remove what was not used for `older_than`, then what was used longest ago until no
        more than `keep_bytes` are left; with `dry` only tell. What a lesson that is not
        finished needs stays, and what is being made. A use counts to the hour.
        Raises `StoreError` where the folder does not carry the store's mark, `SettingsError`
        for what is no time and no size.
        """
        if older_than is not None and not isinstance(older_than, timedelta):
            told = shortened(older_than)
            raise SettingsError(f"older_than is {told}; give a time, such as timedelta(days=30)")
        if keep_bytes is not None and (not isinstance(keep_bytes, int) or keep_bytes < 0):
            told = shortened(keep_bytes)
            raise SettingsError(f"keep_bytes is {told}; give a whole number of bytes")
        demand_mark(self.folder)
        with self._told("written"):
            needed = self.journal.needed()
            return prune_assets(self.shelf, self._stays(needed), older_than, keep_bytes, dry=dry)

    def clear(self, *, dry: bool = False) -> Removal:
        """Remove all assets but those that a run needs which goes on now; with `dry` only tell.
        The journal stays: what was spent was spent. Raises `StoreError` as `prune` does.
        """
        demand_mark(self.folder)
        with self._told("written"):
            needed = self.journal.needed(under_way=True)
            return clear_assets(self.shelf, self._stays(needed), dry=dry)

    def close(self) -> None:
        """Remove the temporary files of this opening and close the journal. What it had
        reserved is unconfirmed from the next opening on.
        """
        self._leave()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _bring(self, data: bytes | Path, file: Path) -> None:
        """Let the content be in `file`, on the disk."""
        if isinstance(data, bytes):
            write(file, data)
            return
        if data.parent == self._presence.folder:
            data.replace(file)
        else:
            copy(data, file)
        flush(file)

    def _stays(self, needed: Collection[str]) -> Callable[[str], bool]:
        return lambda key: key in needed or self._flights.under_way(key)

    def _sweep(self) -> int:
        living, removed = sweep(self.folder / "processes")
        self._flights.sweep()
        self.journal.settle(living)
        return removed

    def _count(self, name: str) -> None:
        self._counts[name] += 1
        if sum(self._counts.values()) >= _TALLY:
            self._write_counts()

    def _write_counts(self) -> dict[str, int]:
        counts = dict(self._counts)
        for name, number in counts.items():
            self._counts[name] -= number
        return self.journal.tally(**counts)

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Tell an error of the system in words for a person."""
        try:
            yield
        except _Passed as passed:
            raise passed.error from None
        except OSError as error:
            why = why_unwritable(self.folder, error, "VIDKIT_CACHE (cache_dir=)")
            raise StoreError(f"the store in {self.folder} cannot be {what}: {why}") from error


class _Passed(Exception):
    """Carries what a check raised past `_told`, which tells the store's own errors alone."""

    def __init__(self, error: Exception) -> None:
        self.error = error


@contextmanager
def _passing_on() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise _Passed(error) from error


def _leave(
    presence: Presence, journal: Journal, flights: Flights, counts: Mapping[str, int]
) -> None:
    try:
        if any(counts.values()):
            journal.tally(**counts)
    except StoreError:
        pass  # a count of hits is not worth an error at the end
    finally:
        journal.close()
        flights.close()
        presence.leave()


# No store: the same methods, and nothing is kept.


class NoStore:
    """A store that keeps nothing: no file, no thread, no lock; for a run without a cache and
    for a forecast.

    why: a sentence for `notes`. Its journal is in memory, so a budget holds in this process
    and no further.
    """

    keeps = False
    opening = ""
    """No process holds anything here."""

    def __init__(self, why: str = "", *, on_note: Callable[[str], None] | None = None) -> None:
        self.folder: Path | None = None
        self.notes: list[str] = [why] if why else []
        if why and on_note is not None:
            on_note(why)

    @cached_property
    def journal(self) -> Journal:
        """A journal in memory."""
        return Journal()

    def find(self, key: str) -> Asset | None:
        """None."""
        checked_key(key)
        return None

    def keep(
        self,
        key: str,
        data: bytes | Path,
        suffix: str,
        about: Mapping[str, Any],
        *,
        check: Callable[[Path], None] | None = None,
        fresh: bool = False,
    ) -> Asset:
        """The asset, checked and not kept: its `path` is the file that was given, or with
        bytes it names nothing and `data` has them.
        """
        kind, suffix = kind_of(about), checked_suffix(suffix)
        given = data if isinstance(data, bytes) else None
        if isinstance(data, Path):
            path, seal, size = data, digest(data), data.stat().st_size
            if check is not None:
                check(path)
        else:
            path, seal, size = Path(kind + suffix), hashlib.sha256(data).hexdigest(), len(data)
            if check is not None:
                _check(check, data, path.name)
        return Asset(checked_key(key), path, seal, size, suffix, 1, about, given)

    def scratch(self, suffix: str) -> Path:
        """Raises `StoreError`: there is no folder for it."""
        raise StoreError("there is no store to write to; write beside the output instead")

    def takes(self, key: str) -> list[Asset]:
        """None at all."""
        return []

    def bring_back(self, key: str, take: int) -> Asset:
        """Raises `StoreError`: there are no takes."""
        raise StoreError(f"there is no take {take} of {key[:12]}: this run keeps nothing")

    @asynccontextmanager
    async def flight(self, key: str) -> AsyncIterator[bool]:
        """Nothing to wait for: what somebody else makes is not kept either."""
        yield False

    def sweep(self) -> int:
        """0."""
        return 0

    def verify(self) -> Verdict:
        """Nothing is there, and all of it is whole."""
        return Verdict(0)

    def contents(self) -> Contents:
        """Nothing."""
        return Contents()

    def prune(
        self,
        older_than: timedelta | None = None,
        keep_bytes: int | None = None,
        *,
        dry: bool = False,
    ) -> Removal:
        """Nothing to remove."""
        return Removal(dry=dry)

    def clear(self, *, dry: bool = False) -> Removal:
        """Nothing to remove."""
        return Removal(dry=dry)

    def close(self) -> None:
        """Close the journal."""
        if "journal" in self.__dict__:
            self.journal.close()

    def __enter__(self) -> NoStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_store(
    folder: Path | None = None, *, on_note: Callable[[str], None] | None = None
) -> Store | NoStore:
    """The store in `folder` (as `Store`), or where it cannot be used a `NoStore` whose note
    says why: the run goes on, and keeps nothing.
    """
    try:
        return Store(folder, on_note=on_note)
    except StoreError as error:
        return NoStore(f"this run keeps nothing for the next one: {error}", on_note=on_note)


def _check(check: Callable[[Path], None], data: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        check(path)


# A store that is opened to be looked after, also where its disk is full: to make room.


class Upkeep(Store):
    """A store whose journal may be one that cannot be written, or not even be read, for want of
    room; `notes` says so. Everything else is as in `Store`.
    """

    def __init__(
        self, folder: Path | None = None, *, on_note: Callable[[str], None] | None = None
    ) -> None:
        self._unread = self._unsettled = False
        super().__init__(folder, on_note=on_note)

    def prune(
        self,
        older_than: timedelta | None = None,
        keep_bytes: int | None = None,
        *,
        dry: bool = False,
    ) -> Removal:
        """As `Store.prune`. Raises `StoreError` where the journal cannot be read: nobody knows
        then what unfinished lessons need.
        """
        if self._unread:
            raise StoreError(
                "what unfinished lessons need cannot be read, so that nothing is pruned; make room "
                "elsewhere, or remove everything with: vidkit cache clear"
            )
        return super().prune(older_than, keep_bytes, dry=dry)

    def clear(self, *, dry: bool = False) -> Removal:
        """As `Store.clear`. Where what dead runs left cannot be written down, all assets go, if
        no other process has the store open; `StoreError` where one has.
        """
        if not self._unread and not self._unsettled:
            return super().clear(dry=dry)
        living, _ = sweep(self.folder / "processes")
        if living - {self.opening}:
            raise StoreError(
                f"{self.notes[-1]}; another process has the store open, and what it needs cannot "
                "be told: end it first"
            )
        with self._told("written"):
            removal = clear_assets(self.shelf, lambda _: False, dry=dry)
        if not dry:
            with suppress(StoreError):
                super()._sweep()
        return removal

    def _open_journal(self, used: bool) -> Journal:
        try:
            return super()._open_journal(used)
        except StoreError as error:
            self._told_of.add(str(error))
            self._unread = True
            return Journal()

    def _sweep(self) -> int:
        try:
            return super()._sweep()
        except StoreError as error:
            self._told_of.add(str(error))
            self._unsettled = True
            return 0

    def _write_counts(self) -> dict[str, int]:
        try:
            return super()._write_counts()
        except StoreError:
            return {}
