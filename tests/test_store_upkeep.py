"""A store that is opened to make room, on a disk where nothing can be written any more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vidkit.errors import StoreError
from vidkit.store import MaintainedStore, Store, cache_key

FULL = """
import resource, sys
from datetime import timedelta
from pathlib import Path
from vidkit.errors import StoreError
from vidkit.store import Store, MaintainedStore
folder = Path(sys.argv[1])
sys.dont_write_bytecode = True  # a module compiled from here on would be cut short
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
try:
    Store(folder)
except StoreError as error:
    print("no store:", error)
with MaintainedStore(folder) as store:
    print(store.contents().assets, "there,", len(store.notes), "note")
    print("whole:", store.verify().good)
    try:
        print(store.prune(keep_bytes=0).assets, "pruned")
    except StoreError as error:
        print("not pruned:", error)
    try:
        print(store.clear(dry=True).assets, "would go,", store.clear().assets, "went")
    except StoreError as error:
        print("not cleared:", error)
"""


def filled(folder: Path, *, unfinished: bool) -> None:
    """A store with three assets, that a run which was killed needs, or nobody."""
    code = (
        "import os, sys; from pathlib import Path; from vidkit.store import Store, cache_key\n"
        "store = Store(Path(sys.argv[1]))\n"
        "keys = [cache_key('image', {'n': n}) for n in range(3)]\n"
        "if int(sys.argv[2]): store.journal.begin_run('lesson', keys)\n"
        "for key in keys: store.keep(key, b'x' * 1000, '.png', {'kind': 'image'})\n"
        "os._exit(9) if int(sys.argv[2]) else store.close()\n"
    )
    words = [sys.executable, "-c", code, str(folder), str(int(unfinished))]
    subprocess.run(words, check=False)


def on_a_full_disk(folder: Path) -> list[str]:
    words = [sys.executable, "-c", FULL, str(folder)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.parametrize("unfinished", [False, True])
def test_room_can_be_made_on_a_full_disk(tmp_path: Path, unfinished: bool) -> None:
    """Where nothing can be written the store still shows, verifies and clears, and removes
    nothing that it cannot tell is needed; with room again it is a store as before.
    """
    folder = tmp_path / "store"
    filled(folder, unfinished=unfinished)
    shut, there, whole, pruned, cleared = on_a_full_disk(folder)
    assert shut.startswith("no store:")
    assert there == "3 there, 1 note"
    assert whole == "whole: 3"
    assert "not pruned" in pruned or pruned == "0 pruned"
    assert cleared == "3 would go, 3 went"
    with Store(folder) as store:
        assert store.find(cache_key("image", {"n": 1})) is None
        store.keep(cache_key("image", {"n": 1}), b"again", ".png", {"kind": "image"})


def test_nothing_is_cleared_under_another_process(tmp_path: Path) -> None:
    """What another process needs cannot be told on a full disk, so it is ended first."""
    folder = tmp_path / "store"
    with MaintainedStore(folder) as store:
        filled(folder, unfinished=True)
        told = on_a_full_disk(folder)[-1]
        assert "not cleared" in told
        assert "another process" in told
        assert store.contents().assets == 3


def test_with_room_it_is_a_store_like_any_other(tmp_path: Path) -> None:
    """Opened where there is room, it keeps what runs need."""
    with MaintainedStore(tmp_path / "store") as store:
        key = cache_key("image", {"n": 1})
        store.keep(key, b"x", ".png", {"kind": "image"})
        run = store.journal.begin_run("lesson", [key])
        assert store.notes == []
        assert store.clear().held == 1
        store.journal.end_run(run, finished=True)
        assert store.clear().assets == 1


def test_strangers_are_refused_all_the_same(tmp_path: Path) -> None:
    """A folder of somebody's is no store, whatever the room."""
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(StoreError, match=r"thesis\.txt"):
        MaintainedStore(tmp_path)
