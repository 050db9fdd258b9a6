"""The store's folder: where it is, and the mark by which it is known.

vidkit-store.json     the mark: this folder is a store, of this layout
assets/               what was made
aside/                what was found damaged
processes/            who uses the store, and their temporary files
flights/              what is being made just now
journal-….sqlite      what was asked, and what it cost
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from ..errors import StoreError
from ..paths import path_given
from .files import write

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
