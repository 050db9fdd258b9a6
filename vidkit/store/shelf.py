"""The shelf: takes of assets, put there in one step, found by key, set aside when damaged."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import StoreError
from .asset import FACTS, Asset, Damaged, is_key, load, used_now
from .files import flush, write
from .presence import Presence

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
