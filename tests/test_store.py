"""The store: what was kept is found, what was damaged is not, and takes stand side by side."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vidkit.errors import StoreError
from vidkit.store import Asset, MaintainedStore, Store, cache_key, copy_into

KEY = cache_key("image", {"n": 1})
PNG = b"\x89PNG" + bytes(range(256)) * 40


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store") as store:
        yield store


def keep(store: Store, data: bytes = PNG, **how: object) -> Asset:
    return store.keep(KEY, data, ".png", {"kind": "image", "words": [["a", 0.5, 1]]}, **how)


def temporary(store: Store) -> list[str]:
    """The files that lie about in the folders of processes."""
    found = (store.folder / "processes").rglob("*")
    return [path.name for path in found if path.is_file() and path.suffix != ".lock"]


def test_what_was_kept_is_found_again(store: Store) -> None:
    """An asset comes back with its content, its digest and the facts that were kept with it, also
    to who opens the store later.
    """
    kept = keep(store)
    assert kept.path.read_bytes() == PNG
    assert (kept.bytes, kept.suffix, kept.take) == (len(PNG), ".png", 1)
    assert kept.about["kind"] == "image"
    assert kept.about["words"] == [["a", 0.5, 1]]
    assert store.find(KEY) == kept
    with Store(store.folder) as later:
        assert later.find(KEY) == kept
    assert store.find(cache_key("image", {"n": 2})) is None
    assert not store.notes


def test_a_file_is_kept_too(store: Store, tmp_path: Path) -> None:
    """A scratch file of the store is moved; a file from elsewhere is copied and stays."""
    scratch, own = store.scratch(".mp4"), tmp_path / "own.mp4"
    scratch.write_bytes(b"clip")
    own.write_bytes(b"own")
    one, two = cache_key("clip", {"n": 1}), cache_key("clip", {"n": 2})
    assert store.keep(one, scratch, ".mp4", {"kind": "clip"}).path.read_bytes() == b"clip"
    assert store.keep(two, own, ".mp4", {"kind": "clip"}).path.read_bytes() == b"own"
    assert not scratch.exists()
    assert own.exists()


def grow(asset: Asset) -> None:
    asset.path.write_bytes(PNG + b"more")


def truncate(asset: Asset) -> None:
    asset.path.write_bytes(PNG[:100])


def truncate_in_the_same_moment(asset: Asset) -> None:
    was = asset.path.stat()
    os.truncate(asset.path, 100)
    os.utime(asset.path, ns=(was.st_atime_ns, was.st_mtime_ns))


def rewrite(asset: Asset) -> None:
    asset.path.write_bytes(PNG[::-1])


def delete(asset: Asset) -> None:
    asset.path.unlink()


def replace(asset: Asset) -> None:
    asset.path.unlink()
    asset.path.mkdir()


def delete_facts(asset: Asset) -> None:
    (asset.path.parent / "facts.json").unlink()


def truncate_facts(asset: Asset) -> None:
    (asset.path.parent / "facts.json").write_bytes(b'{"sum":')


def change_facts(asset: Asset) -> None:
    facts = asset.path.parent / "facts.json"
    facts.write_bytes(facts.read_bytes().replace(b"0.5", b"0.7"))


DAMAGE = [
    grow,
    truncate,
    truncate_in_the_same_moment,
    rewrite,
    delete,
    replace,
    delete_facts,
    truncate_facts,
    change_facts,
]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda each: each.__name__)
def test_a_damaged_asset_is_set_aside_and_made_again(
    store: Store, damage: Callable[[Asset], None]
) -> None:
    """Whatever was done to its files, a damaged asset is no hit; it is kept aside, a note says
    so, and the next one takes its place.
    """
    damage(keep(store))
    assert store.find(KEY) is None
    (note,) = store.notes
    aside = [each for each in (store.folder / "aside").iterdir() if str(each) in note]
    assert len(aside) == 1
    assert "damaged" in note
    assert keep(store).path.read_bytes() == PNG
    assert store.find(KEY)
    assert store.notes == [note]


def test_keeping_mends_what_was_damaged(store: Store) -> None:
    """Keeping where a damaged asset stands, without a look before, keeps the new one."""
    truncate(keep(store))
    assert keep(store).path.read_bytes() == PNG
    assert len(store.notes) == 1


def test_a_store_that_was_moved_is_the_same_store(store: Store, tmp_path: Path) -> None:
    """Another time on a file is no damage: the content is hashed."""
    kept = keep(store)
    os.utime(kept.path, (1, 1))
    assert store.find(KEY) == kept
    assert not store.notes
    shutil.copytree(store.folder, tmp_path / "copy", ignore=shutil.ignore_patterns("processes"))
    with Store(tmp_path / "copy") as copy:
        found = copy.find(KEY)
        assert found is not None
        assert found.sha256 == kept.sha256


@pytest.mark.parametrize("opened", [True, False])
def test_rot_is_no_hit(store: Store, opened: bool) -> None:
    """A byte that changes under an unchanged size and time is found by the next look, in the
    process that kept the asset and in any other.
    """
    kept, other = keep(store), cache_key("audio", {})
    store.keep(other, b"sound", ".wav", {"kind": "audio"})
    assert store.find(KEY) == kept
    was = kept.path.stat()
    kept.path.write_bytes(PNG[:-1] + b"?")
    os.utime(kept.path, ns=(was.st_atime_ns, was.st_mtime_ns))
    if opened:
        assert store.find(KEY) is None
        assert "content has changed" in store.notes[0]
    else:
        with Store(store.folder) as later:
            assert later.find(KEY) is None
    assert store.find(other) is not None
    with MaintainedStore(store.folder) as later:
        assert later.verify().bad == ()


def test_an_asset_is_made_once(store: Store) -> None:
    """Where one is there and whole, another one for the same key is not kept."""
    first = keep(store)
    assert keep(store, b"other") == first
    assert len(store.versions(KEY)) == 1


def test_a_fresh_take_stands_beside_the_old_one(store: Store) -> None:
    """What is made anew counts, the earlier take stays and can be brought back, and a newer one
    counts again.
    """
    first = keep(store, b"one")
    second = keep(store, b"two", fresh=True)
    assert store.find(KEY) == second
    assert store.versions(KEY) == [first, second]
    assert store.bring_back(KEY, 1) == first
    assert store.find(KEY) == first
    with Store(store.folder) as later:
        assert later.find(KEY) == first
    third = keep(store, b"three", fresh=True)
    assert store.find(KEY) == third
    assert [asset.take for asset in store.versions(KEY)] == [1, 2, 3]
    with pytest.raises(StoreError, match=r"there is no take 7.*there are: 1, 2, 3"):
        store.bring_back(KEY, 7)


def test_a_damaged_take_is_not_replaced_by_an_older_one(store: Store) -> None:
    """An older take is one that somebody had made anew: where the one that counts is damaged,
    none counts, and both can still be had.
    """
    first = keep(store, b"one")
    truncated = keep(store, b"two", fresh=True)
    truncated.path.write_bytes(b"")
    assert store.find(KEY) is None
    assert store.find(KEY) is None
    assert store.versions(KEY) == [first]
    third = keep(store, b"three")
    assert store.find(KEY) == third
    assert store.bring_back(KEY, 1) == first
    third.path.unlink()
    assert len(store.versions(KEY)) == 1
    assert store.find(KEY) == first


def test_the_next_take_counts_whatever_became_of_the_others(store: Store) -> None:
    """What is made anew counts also where an earlier take was brought back and the newest one
    was damaged.
    """
    keep(store, b"one")
    keep(store, b"two", fresh=True).path.unlink()
    store.bring_back(KEY, 1)
    assert len(store.versions(KEY)) == 1
    third = keep(store, b"three", fresh=True)
    assert store.find(KEY) == third


def test_a_lost_choice_of_take_is_told(store: Store) -> None:
    """Where nobody can read which take was brought back, the newest counts, with a note."""
    keep(store, b"one")
    second = keep(store, b"two", fresh=True)
    store.bring_back(KEY, 1)
    next(store.folder.rglob("current.json")).write_text("{")
    assert store.find(KEY) == second
    assert "newest counts" in store.notes[0]
    assert store.find(KEY) == second
    assert len(store.notes) == 1


@pytest.mark.parametrize("key", ["", "../../x", "A" * 64, KEY + "\n"])
def test_a_key_is_no_path(store: Store, key: str) -> None:
    """Only what cache_key made is a key: nothing else is looked up or written."""
    for call in (
        lambda: store.find(key),
        lambda: store.keep(key, b"", ".png", {}),
        lambda: store.versions(key),
    ):
        with pytest.raises(StoreError, match="is no key"):
            call()


@pytest.mark.parametrize(("suffix", "kind"), [("/../x", "a"), ("", "a"), (".png", "../a")])
def test_names_in_the_store_are_plain(store: Store, suffix: str, kind: str) -> None:
    """A suffix or a kind that would make a path is refused."""
    with pytest.raises(StoreError, match=r"no suffix|no kind"):
        store.keep(KEY, b"", suffix, {"kind": kind})


def test_facts_hold_no_credentials(store: Store) -> None:
    """A key that somebody passes among the facts, or in a base URL, is written nowhere."""
    about = {"kind": "image", "api_key": "hush-1", "base_url": "https://me:hush-2@host/?sig=hush-3"}
    store.keep(cache_key("image", about), PNG, ".png", about)
    store.close()
    files = [path for path in store.folder.rglob("*") if path.is_file()]
    assert len(files) >= 4
    assert not [path for path in files if b"hush" in path.read_bytes()]


def test_a_copy_is_a_file_of_its_own(store: Store, tmp_path: Path) -> None:
    """What is done to a copy does not reach the store; what is gone cannot be copied."""
    kept, out = keep(store), tmp_path / "out.png"
    with out.open("wb") as file:
        copy_into(kept, file)
    assert out.read_bytes() == PNG
    assert out.stat().st_ino != kept.path.stat().st_ino
    assert out.stat().st_nlink == 1
    out.write_bytes(b"scribbled over")
    found = store.find(KEY)
    assert found is not None
    assert found.path.read_bytes() == PNG
    found.path.unlink()
    with out.open("wb") as file, pytest.raises(StoreError, match="made again"):
        copy_into(found, file)


def test_a_full_disk_keeps_nothing_half(tmp_path: Path) -> None:
    """Where the disk takes no more, keeping is a clear error, nothing half is left, what was
    there is there, and once there is room it goes on.
    """
    code = """
import resource, sys
from pathlib import Path
from vidkit.errors import StoreError
from vidkit.store import Budget, MaintainedStore, cache_key
store = MaintainedStore(Path(sys.argv[1]))
one, two = cache_key("image", {"n": 1}), cache_key("image", {"n": 2})
store.keep(one, b"1" * 1000, ".png", {})
room = resource.getrlimit(resource.RLIMIT_FSIZE)
money = store.journal.reserve(run=None, key=two, kind="image", provider="p", lesson="l",
                              dollars=0.01)
sys.dont_write_bytecode = True  # a module compiled from here on would be cut short
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, room[1]))
try:
    store.keep(two, b"2" * 1_000_000, ".png", {})
except StoreError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, room[1]))
try:
    store.journal.begin_run("lesson")
except StoreError as error:
    print(error)
money.paid()
print(store.notes[-1])
resource.setrlimit(resource.RLIMIT_FSIZE, room)
files = [path for path in (store.folder / "processes").rglob("*") if path.is_file()]
assert [path.suffix for path in files] == [".lock"]
assert store.find(one) and not store.find(two) and store.verify().good == 1
assert store.journal.spent().reserved == 0.01 and store.journal.begin_run("lesson")
assert store.keep(two, b"2" * 1_000_000, ".png", {}) == store.find(two)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "store")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    asset, run, paid = done.stdout.splitlines()
    assert "is not kept" in asset
    assert "make room" in asset
    assert "journal" in run
    assert "still noted as reserved" in paid


def test_a_store_that_is_dropped_goes(tmp_path: Path) -> None:
    """A store that nobody closed leaves no temporary files when it is collected."""
    store = Store(tmp_path / "store")
    store.scratch(".mp4").write_bytes(b"half")
    folder = store.folder
    del store
    gc.collect()
    assert list((folder / "processes").iterdir()) == []


def test_a_forked_child_opens_its_own(tmp_path: Path) -> None:
    """A forked child is told to open the store anew, and its end does not end its parent's hold."""
    if not hasattr(os, "fork"):
        pytest.skip("this system does not fork")
    code = """
import os, sys
from pathlib import Path
from vidkit.errors import StoreError
from vidkit.store import Store, cache_key
store, key = Store(Path(sys.argv[1])), cache_key("image", {})
scratch = store.scratch(".mp4")
scratch.write_bytes(b"half")
child = os.fork()
if not child:
    try:
        store.keep(key, b"", ".png", {})
    except StoreError as error:
        print(error, flush=True)
    try:
        store.journal.spent()
    except StoreError as error:
        print(error, flush=True)
    store.close()
    sys.exit()
os.waitpid(child, 0)
Store(store.folder).close()
assert scratch.exists()
assert store.keep(key, scratch, ".mp4", {}) and store.journal.spent().total == 0
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "store")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("open it here anew") == 2


def test_no_store_does_the_same_and_keeps_nothing(tmp_path: Path) -> None:
    """A run without a store hands on what it makes, and finds nothing again."""
    with Store.null("no room") as none:
        asset = none.keep(KEY, PNG, ".png", {"kind": "image"})
        assert none.find(KEY) is None
        with (tmp_path / "out.png").open("wb") as file:
            copy_into(asset, file)
        assert none.notes == ["no room"]
        money = none.journal.reserve(
            run=None, key=KEY, kind="image", provider="p", lesson="l", dollars=1
        )
        money.paid()
        assert none.journal.spent().paid == 1
    assert (tmp_path / "out.png").read_bytes() == PNG


def test_what_changes_while_it_is_kept_is_not_given_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file whose writer has not let go of it, and changes it after it was looked at, is no asset
    of the store, neither now nor later.
    """
    with Store(tmp_path) as store:
        key, scratch = cache_key("clip", {"n": 1}), store.scratch(".mp4")
        scratch.write_bytes(b"A" * 4000)
        os.utime(scratch, (1, 1))
        move = Path.rename
        with scratch.open("r+b") as writer:

            def moved(path: Path, target: Path) -> Path:
                there = move(path, target)
                writer.write(b"B" * 4000)
                writer.flush()
                return there

            monkeypatch.setattr(Path, "rename", moved)
            with pytest.raises(StoreError):
                store.keep(key, scratch, ".mp4", {"kind": "clip"})
        monkeypatch.undo()
        assert store.find(key) is None
