"""Opening a store: whose folder it is, what dead processes left, and what is put right."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from rights import bound_by_permissions

from vidkit.errors import StoreError
from vidkit.store import (
    MaintainedStore,
    Reservation,
    Store,
    cache_key,
    default_folder,
    open_store,
)

KEY = cache_key("image", {"n": 1})


def reserve(store: Store, dollars: float = 0.25) -> Reservation:
    return store.journal.reserve(
        run=None, key=KEY, kind="image", provider="p", lesson="l", dollars=dollars
    )


@contextmanager
def living(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the store open, with half a file and a call under way."""
    code = """
import sys
from pathlib import Path
from vidkit.store import Store, cache_key
store = Store(Path(sys.argv[1]))
store.scratch(".mp4").write_bytes(b"half")
key = cache_key("image", {"n": 1})
store.journal.begin_run("its lesson", [key])
store.journal.reserve(run=None, key=key, kind="image", provider="p", lesson="l", dollars=0.25)
print("open", flush=True)
sys.stdin.read()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_folder_is_the_user_s_cache_or_what_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """VIDKIT_CACHE names the folder; without it the user's cache has one for vidkit."""
    monkeypatch.delenv("VIDKIT_CACHE", raising=False)
    assert default_folder().name.lower() in ("vidkit", "cache")
    monkeypatch.setenv("VIDKIT_CACHE", str(tmp_path / "here"))
    assert default_folder() == tmp_path / "here"
    with Store() as store:
        assert store.folder == tmp_path / "here"


def test_somebody_s_folder_is_refused(tmp_path: Path) -> None:
    """A folder with other files in it is no store, and nothing is written there."""
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(StoreError, match=r"thesis\.txt.*VIDKIT_CACHE"):
        Store(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_place_that_cannot_be_a_folder_is_an_error_or_no_store(tmp_path: Path) -> None:
    """Where there can be no folder, opening is a clear error, or a run that keeps nothing and
    says why.
    """
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be opened: .*cache_dir="):
        Store(tmp_path / "file" / "store")
    none = open_store(tmp_path / "file" / "store")
    assert not none.keeps
    assert "keeps nothing" in none.notes[0]
    assert isinstance(open_store(tmp_path / "store"), Store)


def test_a_folder_that_may_only_be_read_is_an_error(tmp_path: Path) -> None:
    """Without the right to write, opening is a clear error, for a new store and for an old one."""
    if os.name == "nt":
        pytest.skip("Windows has rights of another kind")
    old, new = tmp_path / "old", tmp_path / "new"
    Store(old).close()
    new.mkdir()
    for folder in (old, new):
        folder.chmod(0o555)
    try:
        with bound_by_permissions():
            for folder in (old, new):
                with pytest.raises(StoreError, match="check its permissions"):
                    Store(folder)
    finally:
        for folder in (old, new):
            folder.chmod(0o755)


def test_what_a_dead_process_left_goes_and_what_a_living_one_has_stays(tmp_path: Path) -> None:
    """An opening removes the temporary files of processes that were killed, and counts what they
    had reserved as unconfirmed; those of a living process are left alone.
    """
    with living(tmp_path) as one, living(tmp_path):
        one.kill()
        one.wait()
        with Store(tmp_path) as store:
            halves = list((tmp_path / "processes").rglob("*.mp4"))
            assert len(halves) == 1
            money = store.journal.spent()
            assert (money.unconfirmed, money.reserved) == (0.25, 0.25)
            assert len(store.journal.needed(under_way=True)) == 1
    with Store(tmp_path) as store:
        assert not list((tmp_path / "processes").rglob("*.mp4"))
        money = store.journal.spent()
        assert (money.unconfirmed, money.reserved) == (0.5, 0.0)
        assert store.journal.needed() == {KEY}
        assert store.journal.needed(under_way=True) == set()


def test_the_number_of_a_process_is_no_proof_of_life(tmp_path: Path) -> None:
    """A dead process whose number a living one has by now is swept all the same."""
    with Store(tmp_path):
        (own,) = (path for path in (tmp_path / "processes").iterdir() if path.suffix == ".lock")
        dead = own.with_name(f"{own.name.partition('.')[0]}.{os.getpid()}.17a-1.lock")
        dead.touch()
        dead.with_suffix("").mkdir()
        (dead.with_suffix("") / "1.mp4").touch()
        Store(tmp_path).close()
        assert not dead.exists()
        assert not dead.with_suffix("").exists()
        assert own.exists()


def test_another_machine_is_given_a_day(tmp_path: Path) -> None:
    """The lock of another machine may not be seen from here, so its files go only after a day
    without a change.
    """
    with Store(tmp_path):
        lock = tmp_path / "processes" / "elsewhere.1.17a-1.lock"
        half = lock.with_suffix("") / "1.mp4"
        half.parent.mkdir()
        for path in (lock, half):
            path.touch()
        Store(tmp_path).close()
        assert half.exists()
        for path in (lock, half, half.parent):
            os.utime(path, (0, time.time() - 90_000))
        Store(tmp_path).close()
        assert not half.parent.exists()


def test_two_openings_of_one_process_are_two(tmp_path: Path) -> None:
    """A second opening in the same process sweeps nothing of the first, and settles nothing."""
    with Store(tmp_path) as one:
        half = one.scratch(".mp4")
        half.touch()
        reserve(one)
        with Store(tmp_path) as other:
            assert half.exists()
            assert other.journal.spent().reserved == 0.25
        assert half.exists()
    with Store(tmp_path) as later:
        assert later.journal.spent().unconfirmed == 0.25


def test_locks_of_flights_that_fell_are_removed(tmp_path: Path) -> None:
    """The lock file that a killed maker left is gone after the next opening."""
    with Store(tmp_path):
        (tmp_path / "flights" / f"{KEY}.lock").touch()
    with Store(tmp_path):
        assert [path.name for path in (tmp_path / "flights").iterdir()] == []


@pytest.mark.parametrize("text", ["", "{}", "[[", '{"store": "vidkit"}', None])
def test_a_lost_mark_is_put_back(tmp_path: Path, text: str | None) -> None:
    """A store whose mark was damaged or deleted gets it back at the next opening, with a note."""
    with Store(tmp_path) as store:
        kept = store.keep(KEY, b"x", ".png", {})
        assert store.notes == []
    mark = tmp_path / "vidkit-store.json"
    if text is None:
        mark.unlink()
    else:
        mark.write_text(text)
    with Store(tmp_path) as store:
        assert "put back" in store.notes[0]
        assert store.find(KEY) == kept
    with Store(tmp_path) as store:
        assert store.notes == []


def test_a_newer_store_is_left_alone(tmp_path: Path) -> None:
    """The folder and the journal of a newer vidkit are not touched, and the error says so."""
    Store(tmp_path).close()
    mark = tmp_path / "vidkit-store.json"
    was = mark.read_text()
    mark.write_text(json.dumps({"store": "vidkit", "layout": 2}))
    with pytest.raises(StoreError, match=r"newer vidkit.*update vidkit"):
        Store(tmp_path)
    mark.write_text(was)
    (journal,) = tmp_path.glob("journal-*.sqlite")
    base = sqlite3.connect(journal)
    base.execute("PRAGMA user_version = 1000")
    base.close()
    with pytest.raises(StoreError, match=r"newer vidkit.*update vidkit"):
        Store(tmp_path)
    assert [path.suffix for path in (tmp_path / "processes").iterdir()] == []


def garbage(path: Path) -> None:
    path.write_bytes(b"garbage" * 5000)


def half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def nothing(path: Path) -> None:
    os.truncate(path, 0)


def holes(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * 8192 + data[12288:])


def swapped(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"garbage" * 5000)
    other.replace(path)


def gone(path: Path) -> None:
    path.unlink()


DAMAGE = [garbage, half, nothing, holes, swapped, gone]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda each: each.__name__)
@pytest.mark.parametrize("opened", [False, True], ids=["closed", "open"])
def test_a_damaged_journal_loses_no_asset(
    tmp_path: Path, damage: Callable[[Path], None], opened: bool
) -> None:
    """Whatever was done to the journal, also under a store that is open: no traceback, a note
    that says what it means for the money, all assets are there, and money is counted anew.
    """
    store = Store(tmp_path)
    kept = store.keep(KEY, b"x" * 1000, ".png", {})
    for _ in range(300):
        reserve(store, 0.01)
    if opened:
        store.journal.close()
        store.journal.spent()
    else:
        store.close()
    damage(max(tmp_path.glob("journal-*.sqlite")))
    if not opened:
        store = Store(tmp_path)
    assert store.find(KEY) == kept
    reserve(store, 1.0)
    entries = store.journal.entries()
    assert entries[-1].dollars == 1.0
    assert store.journal.spent().total == pytest.approx(sum(e.dollars or 0 for e in entries))
    store.close()
    with Store(tmp_path) as later:
        assert later.journal.check() is None or damage is holes  # where nothing is read, say
        if len(later.journal.entries()) < 301:
            assert "journal" in [*store.notes, *later.notes][0]


def test_a_damaged_journal_is_set_aside_with_its_money_told(tmp_path: Path) -> None:
    """The damaged file is kept in the quarantine, and the note says what can still be read of the
    money in it; what was reserved from it ends nothing in the new one.
    """
    store = Store(tmp_path)
    late = [reserve(store, 0.2) for _ in range(4)]
    late[0].paid(0.1)
    path = max(tmp_path.glob("journal-*.sqlite"))
    store.journal.close()
    with closing(sqlite3.connect(path)) as base:
        base.execute("DROP TABLE budget")
        base.commit()
    fresh = reserve(store, 0.5)
    for each in late:
        each.failed()
    assert store.journal.spent().reserved == 0.5
    assert "$0.10 paid and $0.60 unconfirmed" in store.notes[0]
    assert (tmp_path / "aside" / path.name).is_file()
    fresh.paid()
    store.close()


@pytest.mark.parametrize(
    "sql",
    [
        "DROP VIEW call",
        "ALTER TABLE entry RENAME COLUMN reserved TO other",
        "ALTER TABLE run ADD COLUMN more TEXT",
        "PRAGMA user_version = 0",
        "PRAGMA user_version = -3",
        "PRAGMA writable_schema = 1; UPDATE sqlite_master SET sql = 'x' WHERE name = 'entry'",
    ],
)
def test_tables_that_somebody_changed_are_no_traceback(tmp_path: Path, sql: str) -> None:
    """A journal whose tables are not as they were made is set aside, and told."""
    with Store(tmp_path) as store:
        reserve(store, 0.25)
    with closing(sqlite3.connect(max(tmp_path.glob("journal-*.sqlite")))) as base:
        base.executescript(sql)
        base.commit()
    with MaintainedStore(tmp_path) as store:
        assert "set aside" in store.notes[0]
        reserve(store, 0.5).paid()
        assert store.verify().good == 0
        assert store.journal.spent().paid == 0.5


def test_a_journal_that_may_not_be_opened_is_named_with_its_mend(tmp_path: Path) -> None:
    """Permissions, or a folder in its place, are in the way, and no want of room."""
    with Store(tmp_path) as store:
        reserve(store)
    (journal,) = tmp_path.glob("journal-*.sqlite")
    journal.chmod(0)
    with bound_by_permissions():
        assert f"you may not use {journal};" in open_store(tmp_path).notes[0]
    journal.unlink()
    journal.mkdir()
    assert f"{journal} is a folder; move it away" in open_store(tmp_path).notes[0]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes among files here")
def test_a_pipe_in_a_store_is_not_waited_for(tmp_path: Path) -> None:
    """In the place of the facts about an asset it is damage; in that of the mark the folder cannot
    be opened as a store, and that is told.
    """
    with Store(tmp_path) as store:
        facts = store.keep(KEY, b"x", ".png", {}).path.with_name("facts.json")
        facts.unlink()
        os.mkfifo(facts)
    with Store(tmp_path) as store:
        assert store.find(KEY) is None
        assert "it is no file" in store.notes[-1]
    mark = tmp_path / "vidkit-store.json"
    mark.unlink()
    os.mkfifo(mark)
    with pytest.raises(StoreError, match=r"opened: .*store.json is a pipe or a device"):
        Store(tmp_path)


def test_a_journal_is_mended_once_for_all(tmp_path: Path) -> None:
    """Of two openings that meet the same damaged journal one mends it, and both go on in one."""
    with Store(tmp_path) as one, Store(tmp_path) as two:
        reserve(one, 0.25)
        one.journal.close()
        two.journal.close()
        garbage(max(tmp_path.glob("journal-*.sqlite")))
        reserve(one, 0.5)
        reserve(two, 1.0)
        assert one.journal.spent() == two.journal.spent()
        assert two.journal.spent().reserved == 1.5
        assert len(one.notes) + len(two.notes) == 1


def test_the_count_of_assets_costs_an_opening_nothing(tmp_path: Path) -> None:
    """Opening a store and finding an asset touch as many files with 300 assets as with three."""
    code = """
import sys
from pathlib import Path
from vidkit.store import Store, cache_key
keys = [cache_key("image", {"n": n}) for n in range(300)]
touched = []
def count():
    touched.clear()
    with Store(Path(sys.argv[1])) as store:
        opening = len(touched)
        assert store.find(keys[0])
        print(opening, len(touched) - opening)
events = ("open", "os.listdir", "os.scandir", "sqlite3.connect")
sys.addaudithook(lambda event, _: touched.append(event) if event in events else None)
for number in (3, 300):
    with Store(Path(sys.argv[1])) as store:
        for key in keys[:number]:
            store.keep(key, b"x", ".png", {})
    count()
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "store")],
        capture_output=True,
        text=True,
        check=True,
    )
    few, many = done.stdout.splitlines()
    assert few == many
    assert all(int(number) < 40 for number in few.split())


def test_a_store_taken_away_is_a_clear_error(tmp_path: Path) -> None:
    """Where somebody removes the folder under an open store, its calls raise clear errors or go
    on, and never a traceback from below.
    """
    store = MaintainedStore(tmp_path / "store")
    store.keep(KEY, b"x", ".png", {})
    shutil.rmtree(tmp_path / "store")
    assert store.find(KEY) is None
    for call in (
        lambda: store.keep(KEY, b"x", ".png", {}),
        lambda: reserve(store),
        store.contents,
        store.verify,
        store.clear,
    ):
        try:
            call()
        except StoreError as error:
            assert str(tmp_path) in str(error)
    store.close()


def test_somebodys_folder_is_not_taken_for_a_store(tmp_path: Path) -> None:
    """A folder whose folders happen to have the names of ours keeps everything that is in it."""
    for name in ("aside/holiday-2024/photo.jpg", "flights/poetry.lock", "processes/run1/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(StoreError, match="not a store"):
        Store(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_strangers_in_a_store_are_left_alone(tmp_path: Path) -> None:
    """What vidkit did not put into a store's rooms is neither swept nor cleared."""
    Store(tmp_path).close()
    strangers = ("aside/photos-cafe/a.jpg", "processes/backup/a.txt", "flights/poetry.lock")
    for name in strangers:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("mine")
        os.utime(tmp_path / name, (1, 1))
        os.utime((tmp_path / name).parent, (1, 1))
    with MaintainedStore(tmp_path) as store:
        store.clear()
    assert all((tmp_path / name).read_text() == "mine" for name in strangers)


def test_a_room_that_is_a_link_is_refused(tmp_path: Path) -> None:
    """A store does not reach out of its folder."""
    (tmp_path / "victim").mkdir()
    (tmp_path / "store").mkdir()
    (tmp_path / "store/processes").symlink_to(tmp_path / "victim")
    with pytest.raises(StoreError, match="is a link"):
        Store(tmp_path / "store")


def test_a_new_store_may_be_opened_by_several_at_once(tmp_path: Path) -> None:
    """Whoever comes while somebody else furnishes the folder waits, and takes it for a store."""
    told: list[Exception] = []

    def turn(folder: Path) -> None:
        try:
            Store(folder).close()
        except StoreError as error:
            told.append(error)

    for number in range(30):
        threads = [threading.Thread(target=turn, args=(tmp_path / str(number),)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert told == []
