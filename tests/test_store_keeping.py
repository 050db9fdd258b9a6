"""Keeping house: what is in the store, and making room without taking what is needed."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from vidkit.errors import SettingsError, StoreError
from vidkit.store import Asset, MaintainedStore, cache_key
from vidkit.store.maintenance import in_size

DAY = 86_400


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MaintainedStore]:
    with MaintainedStore(tmp_path / "store") as store:
        yield store


def keep(store: MaintainedStore, number: int, *, days: float = 0, kind: str = "image") -> Asset:
    """An asset of 100 kB that was used last so many days ago."""
    data = b"%06d" % number * 16_666
    asset = store.keep(key_of(number), data, ".png", {"kind": kind}, fresh=True)
    when = time.time() - days * DAY
    os.utime(asset.path.parent / "facts.json", (when, when))
    return asset


def key_of(number: int) -> str:
    return cache_key("image", {"n": number})


def left(store: MaintainedStore) -> set[int]:
    """Which assets are there, by a look at the files."""
    there = {path.parent.parent.name for path in store.folder.rglob("facts.json")}
    return {number for number in range(10) if key_of(number) in there}


def test_the_contents_are_counted_by_kind(store: MaintainedStore) -> None:
    """Assets and bytes of each kind, what was set aside, and how often what was asked for was
    there, also over many openings.
    """
    for number in range(3):
        keep(store, number)
    keep(store, 3, kind="clip").path.unlink()
    keep(store, 4, kind="clip")
    assert store.contents().rate == 0
    assert store.find(key_of(3)) is None
    store.find(key_of(0))
    store.close()
    with MaintainedStore(store.folder) as later:
        for _ in range(4):
            later.find(key_of(0))
        found = later.contents()
    assert found.assets == 4
    assert {kind: number for kind, (number, _) in found.kinds.items()} == {"image": 3, "clip": 1}
    assert 400_000 < found.bytes < 410_000
    assert found.aside[0] == 1
    assert (found.hits, found.misses) == (5, 5)
    assert found.rate == 0.5
    assert "50% of what was asked for was there" in str(found)


def test_pruning_takes_what_was_not_used_for_long(store: MaintainedStore) -> None:
    """`older_than` takes what nobody used for so long; a find is a use."""
    for number, days in enumerate((40, 20, 50)):
        keep(store, number, days=days)
    assert store.find(key_of(2))
    assert store.prune(timedelta(days=30)).assets == 1
    assert left(store) == {1, 2}


def test_pruning_takes_what_was_used_longest_ago(store: MaintainedStore) -> None:
    """`keep_bytes` takes one after the other, the longest unused first, until the rest fits, and
    what was set aside before all.
    """
    for number, days in enumerate((3, 5, 1, 2, 9, 7, 8, 6)):
        keep(store, number, days=days)
    keep(store, 8).path.write_bytes(b"")
    assert store.find(key_of(8)) is None
    removal = store.prune(keep_bytes=350_000)
    assert (removal.assets, removal.aside) == (5, 1)
    assert left(store) == {0, 2, 3}
    assert list((store.folder / "aside").iterdir()) == []
    assert store.prune(keep_bytes=350_000).assets == 0


def test_telling_first_removes_nothing(store: MaintainedStore) -> None:
    """With `dry` the same is told and nothing is done."""
    for number in range(4):
        keep(store, number, days=40 * (number < 2))
    told = store.prune(timedelta(days=30), dry=True)
    assert left(store) == {0, 1, 2, 3}
    assert str(told).startswith("would remove 2 assets, 200.")
    done = store.prune(timedelta(days=30))
    assert (done.assets, done.bytes) == (told.assets, told.bytes)
    told = store.clear(dry=True)
    assert left(store) == {2, 3}
    assert store.clear().bytes == told.bytes
    assert left(store) == set()


def test_an_unfinished_lesson_keeps_what_it_needs(store: MaintainedStore) -> None:
    """Pruning takes nothing that a lesson needs which is not finished, and says how much it
    left; clearing takes it, but not what a run needs that goes on.
    """
    for number in range(4):
        keep(store, number, days=40)
    stopped = store.journal.begin_run("adder", [key_of(0)])
    store.journal.end_run(stopped, finished=False)
    done = store.journal.begin_run("shifter", [key_of(1)])
    store.journal.end_run(done, finished=True)
    store.journal.begin_run("latch", [key_of(2)])
    removal = store.prune(timedelta(days=30), keep_bytes=0)
    assert (removal.assets, removal.held) == (2, 2)
    assert "2 more stay" in str(removal)
    assert left(store) == {0, 2}
    removal = store.clear()
    assert (removal.assets, removal.held) == (1, 1)
    assert left(store) == {2}


def test_what_is_being_made_is_not_pruned(store: MaintainedStore) -> None:
    """An asset whose next take is under way stays."""
    keep(store, 0, days=40)

    lock = store.key_lock(key_of(0))
    assert lock.try_acquire()
    assert store.prune(keep_bytes=0).assets == 0
    lock.release()
    assert store.prune(keep_bytes=0).assets == 1


def test_an_old_take_goes_and_the_one_that_counts_stays(store: MaintainedStore) -> None:
    """Takes are pruned one by one: the one in use stays the one that counts."""
    first = keep(store, 0, days=1)
    keep(store, 0, days=40)
    store.bring_back(key_of(0), 1)
    keep(store, 1)
    assert store.prune(timedelta(days=30)).assets == 1
    assert store.find(key_of(0)) == first
    assert len(store.versions(key_of(0))) == 1


def test_clearing_keeps_the_account(store: MaintainedStore) -> None:
    """What was spent was spent: clearing removes assets and no money."""
    keep(store, 0)
    store.journal.reserve(
        run=None, key=key_of(0), kind="image", provider="p", lesson="l", dollars=1
    ).paid()
    store.clear()
    assert store.journal.spent().paid == 1


def test_nothing_is_removed_without_the_mark(store: MaintainedStore) -> None:
    """Where the mark is gone, or says something else, nothing in the folder is removed."""
    keep(store, 0)
    for text in (None, "{}"):
        mark = store.folder / "vidkit-store.json"
        mark.unlink() if text is None else mark.write_text(text)
        for call in (store.clear, lambda: store.prune(keep_bytes=0)):
            with pytest.raises(StoreError, match="does not carry the manifest"):
                call()
    assert left(store) == {0}


def test_strangers_in_the_folder_survive(store: MaintainedStore) -> None:
    """Somebody's files between ours, in any of its rooms, are not removed with them."""
    keep(store, 0)
    strangers = [store.folder / "mine.txt", store.folder / "aside" / "mine.txt"]
    strangers += [store.folder / "assets" / "mine.txt", store.folder / "aside" / "my thesis"]
    for path in strangers[:3]:
        path.write_text("mine")
    strangers[3].mkdir()
    store.clear()
    store.prune(timedelta(0), 0)
    assert all(path.exists() for path in strangers)


def test_no_store_has_nothing_to_look_after() -> None:
    """What can be asked of a store can be asked of one that keeps nothing."""
    with MaintainedStore.null() as none:
        assert none.contents().assets == 0
        assert none.verify().good == 0
        assert none.prune(timedelta(0)).assets == none.clear().assets == 0
        assert none.versions(key_of(0)) == []


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (3_400_000, "3.4 MB"), (5e12, "5.0 TB")]
)
def test_sizes_are_told_as_people_do(size: float, text: str) -> None:
    """A size has a unit that leaves a small number."""
    assert in_size(size) == text


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"older_than": 5}, "older_than is 5; give a time"),
        ({"keep_bytes": "5"}, "keep_bytes is '5'; give a whole number"),
        ({"keep_bytes": -1}, "keep_bytes is -1"),
    ],
)
def test_pruning_by_what_is_no_size_is_told(store: MaintainedStore, asked: Any, says: str) -> None:
    """Nothing goes for an argument of another kind."""
    keep(store, 1)
    with pytest.raises(SettingsError, match=says):
        store.prune(**asked)
    assert left(store) == {1}


def test_pruning_by_giant_numbers_keeps_everything(store: MaintainedStore) -> None:
    """More time and more room than there is are fine."""
    keep(store, 1)
    assert store.prune(timedelta.max, 10**30).assets == 0


def test_what_cannot_be_read_is_not_whole(
    store: MaintainedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that nobody may look into, and a take that is no folder, are told."""
    first, second, third = (keep(store, number) for number in range(3))
    shut = first.path.parent.parent.parent
    real = Path.iterdir

    def iterdir(path: Path) -> Iterator[Path]:
        if path == shut:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    shutil.rmtree(second.path.parent)
    second.path.parent.write_text("no folder")
    verdict = store.verify()
    assert verdict.good == 1
    told = "\n".join(verdict.bad)
    assert f"{shut} cannot be read: Permission denied" in told
    assert second.key[:12] in told
    assert third.path.is_file()
    assert (store.contents().assets, store.prune(keep_bytes=0, dry=True).assets) == (1, 1)
    assert sum(f"{shut} cannot be read" in note for note in store.notes) == 1


def test_assets_that_were_removed_whole_are_told(store: MaintainedStore) -> None:
    """A store whose assets somebody deleted opens with a note, and goes on."""
    keep(store, 1)
    store.close()
    shutil.rmtree(store.folder / "assets")
    with MaintainedStore(store.folder) as again:
        assert any("were gone" in note for note in again.notes)
        assert again.find(key_of(1)) is None
        keep(again, 1)


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE])
def test_what_a_process_cannot_read_now_is_not_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """Too many open files, or no memory, is told; the asset, which was paid for, stays where it
    is, and so does the word on which version counts.
    """
    key = cache_key("image", {"of": "a latch"})
    with MaintainedStore(tmp_path / "store") as store:
        store.keep(key, b"one", ".png", {"kind": "image"})
        store.keep(key, b"other", ".png", {"kind": "image"}, fresh=True)
        store.bring_back(key, 1)

        def fails(path: Path) -> bytes:
            raise OSError(code, os.strerror(code), str(path))

        with monkeypatch.context() as short:
            short.setattr("vidkit.store.assets.content_of", fails)
            with pytest.raises(StoreError):
                store.find(key)
        found = store.find(key)
        assert found is not None and found.take == 1 and not store.notes
