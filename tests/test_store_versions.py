"""What earlier releases made is taken on: their stores, and the folders that they wrote to.

`made_by_version_1.tar.gz` was made by the release whose journal was of version 1: a lesson of two
sections with the providers `simulated`, and a journal with money in it.
"""

from __future__ import annotations

import json
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import vidkit
from vidkit.events import Event, StepEnded
from vidkit.pipeline.output import read_report
from vidkit.store import Budget, Store
from vidkit.store.database import Database

BEFORE = Path(__file__).parent / "made_by_version_1.tar.gz"


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The folder with what version 1 made."""
    with tarfile.open(BEFORE) as packed:
        packed.extractall(tmp_path)  # our own file
    (tmp_path / "store" / "processes").mkdir(exist_ok=True)
    return tmp_path


def test_a_store_of_version_1_opens_and_hits_for_ever(before: Path) -> None:
    """Each asset is found, no money is forgotten, and nothing is set aside; so it is at the next
    opening.
    """
    folder = before / "store"
    keys = {path.parent.parent.name for path in folder.glob("assets/*/*/*/facts.json")}
    for _ in range(2):
        with Store(folder) as store:
            assert store.notes == []
            assert all(store.find(key) for key in keys)
            assert store.journal.spent().paid == 0.25
            assert store.journal.left(Budget("course", 2)) == 1.25
    assert len(keys) == 9


def test_a_lesson_that_version_1_finished_needs_no_call(before: Path) -> None:
    """Its images and narrations are hits, its folder is taken on, and no file is spared as if
    somebody had edited it.
    """
    told: list[Event] = []
    how: dict[str, Any] = {"images": "simulated:0", "voice": "simulated:latency=0,seconds=0.2"}
    report = vidkit.start(
        before / "made_before.json",
        before / "out",
        size=(64, 36),
        progress=False,
        cache_dir=before / "store",
        listener=told.append,
        **how,
    ).result()
    assert report.made
    assert report.notes == ()
    steps = [e for e in told if isinstance(e, StepEnded) and e.step in ("image", "audio")]
    assert [step.outcome for step in steps] == ["kept"] * 4
    out = before / "out"
    assert not list(out.rglob("*.edited*"))
    names = {p.name for part in ("images", "audio", "clips") for p in (out / part).iterdir()}
    assert names == {f"section-0{n}.{suffix}" for n in (1, 2) for suffix in ("png", "wav", "mp4")}
    assert json.loads((out / "report.json").read_text())["layout"] == 2


def test_the_report_of_an_earlier_release_is_read(before: Path) -> None:
    """What a folder of the first layout holds is found, by the sections' numbers."""
    report = read_report(before / "out")
    assert report is not None
    assert report.path == before / "out/final_video.mp4"
    found = {section.number: section.image for section in report.sections}
    assert found == {n + 1: before / f"out/images/section_{n}.png" for n in (0, 1)}


def test_each_migration_is_made_once_and_in_full(tmp_path: Path) -> None:
    """A file of an earlier version goes through the migrations that it lacks, in one transaction:
    one that fails leaves the file as it was.
    """
    first, second = "CREATE TABLE a (n)", "CREATE TABLE b (n)"
    third = "CREATE TABLE c (n); CREATE TABLE a (n)"
    notes: list[str] = []

    def opened(*migrations: str) -> Database:
        return Database(tmp_path, "test", migrations, notes.append, str)

    opened(first).do(lambda base: base.execute("INSERT INTO a VALUES (7)"))
    for _ in range(2):
        base = opened(first, second)
        assert base.do(lambda base: base.execute("SELECT n FROM a").fetchall()) == [(7,)]
        assert base.do(lambda base: base.execute("SELECT n FROM b").fetchall()) == []
        base.close()
    with pytest.raises(vidkit.VidkitError, match="already exists"):
        opened(first, second, third)
    (path,) = tmp_path.glob("test-*.sqlite")
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA user_version").fetchone() == (2,)
        names = {name for (name,) in file.execute("SELECT name FROM sqlite_master")}
    assert names == {"a", "b"}
    assert notes == []
