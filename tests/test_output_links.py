"""A folder that came with a lesson leads nowhere else, whatever links and lists lie in it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from vidkit.errors import OutputError
from vidkit.pipeline.folder import RELATIVE, Folder
from vidkit.pipeline.output import Output
from vidkit.store import Store
from vidkit.store.assets import Asset

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links need rights of another kind")

REPORT: dict[str, Any] = {"vidkit": "2"}
PRIVATE = b"a key of mine"
LINE = b"another text."


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A private folder beside the lesson's."""
    folder = tmp_path / "private"
    folder.mkdir()
    (folder / "id_rsa").write_bytes(PRIVATE)
    return folder


def unharmed(folder: Path) -> bool:
    return [p.name for p in folder.iterdir()] == ["id_rsa"] and (
        (folder / "id_rsa").read_bytes() == PRIVATE
    )


def filled(folder: Path) -> Output:
    """A run's output, with a file of each part."""
    output = Output(folder)
    output.claim(range(2), REPORT)
    output.publish("images/section-01.png", b"image")
    output.publish("clips/section-01.mp4", b"clip")
    output.publish("captions.vtt", b"WEBVTT")
    output.write_report(REPORT)
    output.release()
    return output


@pytest.mark.parametrize("part", ["images", "audio", "clips"])
def test_a_folder_that_is_a_link_is_refused(tmp_path: Path, outside: Path, part: str) -> None:
    """Nothing is written through a link that has the name of one of our folders."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / part).symlink_to(outside, target_is_directory=True)
    with pytest.raises(OutputError, match="is a link"):
        filled(tmp_path / "out")
    assert unharmed(outside)


@pytest.mark.parametrize(
    "name", [".vidkit.json", "report.json", "captions.vtt", "images/section-01.png"]
)
def test_a_file_that_is_a_link_is_not_followed(tmp_path: Path, outside: Path, name: str) -> None:
    """A link in the place of a file of ours is somebody's, or is moved aside: what it leads to
    stays as it is.
    """
    filled(tmp_path / "out")
    (tmp_path / "out" / name).unlink()
    (tmp_path / "out" / name).symlink_to(outside / "id_rsa")
    try:
        filled(tmp_path / "out")
    except OutputError as error:
        assert "out" in str(error)
    assert unharmed(outside)


@pytest.mark.parametrize("name", ["../private/id_rsa", "images/../../private/id_rsa", "images/.."])
def test_a_list_says_nothing_of_files_outside(tmp_path: Path, outside: Path, name: str) -> None:
    """A forged list that names other people's files moves and removes none of them."""
    folder = tmp_path / "out"
    folder.mkdir()
    entry = {"sha256": hashlib.sha256(PRIVATE).hexdigest(), "bytes": len(PRIVATE), "mtime_ns": 1}
    twin = "images/section-01.jpg/../../../private/id_rsa"
    files = {name: entry, twin: entry, "images/section-01.../x": entry}
    (folder / ".vidkit.json").write_text(json.dumps({"vidkit": "2", "files": files}))
    filled(folder)
    assert unharmed(outside)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store of one's own."""
    with Store(tmp_path / "store") as store:
        yield store


def forged(folder: Path, name: str, listed: bytes = PRIVATE) -> Path:
    """A file of somebody's under a name of ours, and a list that claims it as one who knows the
    file would write it: with its size and time, and the digest of `listed`.
    """
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(PRIVATE)
    seal, time = hashlib.sha256(listed).hexdigest(), path.stat().st_mtime_ns
    entry = {"sha256": seal, "bytes": len(PRIVATE), "mtime_ns": time, "proof": "0" * 32}
    files = {name: {**entry, "was": [seal]}}
    (folder / ".vidkit.json").write_text(json.dumps({"vidkit": "2", "files": files}))
    return path


def run(folder: Path, store: Store | None, name: str, data: bytes) -> list[str]:
    """A run that publishes a file; gives its notes of files (a forged list has no report)."""
    output = Output(folder, store)
    output.claim(range(2), REPORT)
    output.publish(name, data)
    output.write_report(REPORT)
    output.release()
    return [note for note in output.notes if not note.startswith("report.json")]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_list_that_the_store_does_not_know_claims_nothing(tmp_path: Path, store: Store) -> None:
    """A forged list that names somebody's picture with its true digest lets nobody overwrite it:
    it is kept under another name, and told. What the run then wrote is known to the next.
    """
    path = forged(tmp_path, "images/section-01.png")
    (note,) = run(tmp_path, store, "images/section-01.png", b"ours")
    assert "section-01.kept.png" in note
    assert run(tmp_path, store, "images/section-01.png", b"next") == []
    assert contents(path.parent) == {"section-01.png": b"next", "section-01.kept.png": PRIVATE}


def test_a_forged_list_removes_and_renames_nothing(tmp_path: Path, store: Store) -> None:
    """A picture in whose place comes one of another kind is kept, and one that has a name of the
    first layout keeps it.
    """
    twin = forged(tmp_path / "a", "images/section-01.jpg")
    run(tmp_path / "a", store, "images/section-01.png", b"ours")
    assert contents(twin.parent) == {"section-01.png": b"ours", "section-01.kept.jpg": PRIVATE}
    early = forged(tmp_path / "b", "images/section_1.png")
    run(tmp_path / "b", store, "images/section-01.png", b"ours")
    assert contents(early.parent) == {"section-01.png": b"ours", "section_1.png": PRIVATE}


@pytest.mark.parametrize("was", [5, None, [None], [["0"]], {"a": 1}])
@pytest.mark.parametrize("kept", [True, False])
def test_an_entry_of_another_form_lists_nothing(
    tmp_path: Path, store: Store, kept: bool, was: Any
) -> None:
    """A list with wrong types in it is no list of ours, and no traceback either."""
    forged(tmp_path, "captions.vtt")
    listed = json.loads((tmp_path / ".vidkit.json").read_text())
    listed["files"]["captions.vtt"]["was"] = was
    (tmp_path / ".vidkit.json").write_text(json.dumps(listed))
    with pytest.raises(OutputError, match=r"captions\.vtt"):
        run(tmp_path, store if kept else None, "captions.vtt", b"ours")
    assert (tmp_path / "captions.vtt").read_bytes() == PRIVATE


@pytest.mark.parametrize("kept", [True, False])
def test_size_and_time_alone_make_no_file_ours(tmp_path: Path, store: Store, kept: bool) -> None:
    """A list that claims for somebody's file what a run is about to write lets it not stand for
    that; also where nothing is kept, and so nothing known.
    """
    path = forged(tmp_path, "captions.vtt", LINE)
    run(tmp_path, store if kept else None, "captions.vtt", LINE)
    assert path.read_bytes() == LINE
    (beside,) = tmp_path.glob("captions.*.vtt")
    assert beside.read_bytes() == PRIVATE


def test_a_proof_is_of_one_file_and_one_store(tmp_path: Path, store: Store) -> None:
    """What proves one file of ours proves no other, and nothing to another store."""
    run(tmp_path / "out", store, "captions.vtt", PRIVATE)
    listed = json.loads((tmp_path / "out" / ".vidkit.json").read_text())["files"]
    assert run(tmp_path / "out", store, "captions.vtt", b"next") == []
    for name, folder in (("captions.srt", "a"), ("captions.vtt", "b")):
        forged(tmp_path / folder, name)
        told = {"vidkit": "2", "files": {name: listed["captions.vtt"]}}
        (tmp_path / folder / ".vidkit.json").write_text(json.dumps(told))
    assert run(tmp_path / "a", store, "captions.srt", b"next")
    with Store(tmp_path / "other") as other:
        assert run(tmp_path / "b", other, "captions.vtt", b"next")


def test_a_folder_of_an_earlier_release_is_known_by_its_content(
    tmp_path: Path, store: Store
) -> None:
    """A list without proofs, and a store whose mark has no secret, as earlier releases wrote
    them: what the store has is replaced as ever, and under its new name.
    """
    mark = tmp_path / "store" / "vidkit-store.json"
    told = json.loads(mark.read_text())
    assert told.pop("secret")
    store.keep("0" * 64, PRIVATE, ".png", {"kind": "image"})
    store.close()
    mark.write_text(json.dumps(told))
    forged(tmp_path / "a", "images/section-01.png")
    early = forged(tmp_path / "b", "images/section_0.png")
    with Store(tmp_path / "store") as again:
        assert again.notes == []
        assert run(tmp_path / "a", again, "images/section-01.png", b"next") == []
        assert run(tmp_path / "b", again, "images/section-02.png", b"next") == []
    assert contents(tmp_path / "a" / "images") == {"section-01.png": b"next"}
    assert contents(early.parent) == {"section-01.png": PRIVATE, "section-02.png": b"next"}


def test_links_that_are_swapped_in_while_a_run_goes_on_are_not_followed(
    tmp_path: Path, outside: Path
) -> None:
    """Somebody puts a link in the place of a folder, again and again: nothing outside is read,
    written or renamed.
    """
    folder, over = tmp_path / "out", threading.Event()
    filled(folder)

    def swap() -> None:
        while not over.is_set():
            for step in (
                lambda: (folder / "images").rename(folder / "aside"),
                lambda: (folder / "images").symlink_to(outside, target_is_directory=True),
                lambda: (folder / "images").unlink(),
                lambda: (folder / "aside").rename(folder / "images"),
            ):
                with suppress(OSError):  # the run makes its folder anew where it is gone
                    step()

    swapping = threading.Thread(target=swap)
    swapping.start()
    try:
        for number in range(200):
            output = Output(folder)
            try:
                output.claim(range(2), REPORT)
                output.publish("images/section-01.png", b"image %d" % number)
                output.take("images/section-02.png", asset(b"other %d" % number))
                output.write_report(REPORT)
            except OutputError:
                continue
            finally:
                output.release()
    finally:
        over.set()
        swapping.join()
    assert unharmed(outside)


def asset(data: bytes) -> Asset:
    seal = hashlib.sha256(data).hexdigest()
    return Asset(seal, Path("image.png"), seal, len(data), ".png", 1, {}, data)


def test_a_store_is_its_owners_alone(tmp_path: Path) -> None:
    """Nobody else reads what was paid for, and what was asked."""
    os.umask(0o022)
    with Store(tmp_path / "store") as store:
        store.keep("0" * 64, b"x", ".png", {})
        (journal,) = (tmp_path / "store").glob("journal-*.sqlite")
        assert journal.stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "store").stat().st_mode & 0o777 == 0o700


def test_a_journal_that_all_could_run_is_made_its_owners_alone(tmp_path: Path) -> None:
    """A copy with every right, as from another disk, is read and written by its owner only."""
    with Store(tmp_path / "store") as store:
        store.keep("0" * 64, b"x", ".png", {})
    (journal,) = (tmp_path / "store").glob("journal-*.sqlite")
    journal.chmod(0o777)
    with Store(tmp_path / "store"):
        assert journal.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not RELATIVE, reason="files are opened by their paths here")
def test_the_lock_of_a_folder_that_became_a_link_stays_in_it(
    tmp_path: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link that is put in the place of the folder after it was opened gets no lock of ours."""
    folder, aside = tmp_path / "out", tmp_path / "aside"

    take = Folder.lock

    def swapped(opened: Folder, name: str) -> bool:
        folder.rename(aside)
        folder.symlink_to(outside, target_is_directory=True)
        return take(opened, name)

    monkeypatch.setattr(Folder, "lock", swapped)
    output = Output(folder)
    output.claim(range(2), REPORT)
    assert unharmed(outside)
    assert (aside / ".vidkit.lock").exists()
    output.release()
    assert unharmed(outside)
    assert not (aside / ".vidkit.lock").exists()


VICTIM = """
import hashlib, os, sys
from pathlib import Path
from vidkit.core.paths import open_unlinked
from vidkit.errors import OutputError
from vidkit.pipeline.folder import RELATIVE, Folder
from vidkit.pipeline.output import Output
from vidkit.store.assets import Asset

os.setgroups([])
os.setgid(int(sys.argv[1]))
os.setuid(int(sys.argv[1]))
folder, runs = Path(sys.argv[2]), 0
swaps, over = folder.parent / "swaps", folder.parent / "over"
while runs < 150 or not (swaps.exists() and swaps.stat().st_size > 150):
    runs += 1
    output = Output(folder)
    data = b"image %d" % runs
    seal = hashlib.sha256(data).hexdigest()
    try:
        output.claim(range(2), {"vidkit": "2"})
        output.publish("images/section_0.png", data)
        output.take(
            "images/section_1.png", Asset(seal, Path("a.png"), seal, len(data), ".png", 1, {}, data)
        )
        output.write_report({"vidkit": "2"})
    except OutputError:
        pass
    finally:
        output.release()
    try:
        with open_unlinked(folder.parent / "lesson" / "own" / "id_rsa") as file:
            assert file.read() == b"a picture", "what lies outside was read"
    except OSError:
        pass
over.touch()
"""

ATTACKER = """
import os, sys
from contextlib import suppress
from pathlib import Path

os.setgroups([])
os.setgid(int(sys.argv[1]))
os.setuid(int(sys.argv[1]))
folder, private = Path(sys.argv[2]), Path(sys.argv[3])
swaps = open(folder.parent / "swaps", "ab", 0)
while not (folder.parent / "over").exists():
    for place in (folder / "images", folder, folder.parent / "lesson" / "own"):
        aside = place.with_name("aside")
        for step in (
            lambda: place.rename(aside),
            lambda: place.symlink_to(private, target_is_directory=True),
            lambda: place.unlink(),
            lambda: aside.rename(place),
        ):
            with suppress(OSError):
                step()
    swaps.write(b".")
"""


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root becomes other users"
)
def test_another_user_leads_nobody_astray(tmp_path: Path) -> None:
    """Where everybody may write beside the output folder and in it, another user swaps links for
    folders as fast as it can: nothing private is read, written or renamed.
    """
    me, other = 65_533, 65_532
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        top = Path(name)
        private, folder = top / "private", top / "shared" / "out"
        for each in (folder, top / "shared" / "lesson" / "own"):
            each.mkdir(parents=True)
        private.mkdir(mode=0o700)
        (private / "id_rsa").write_bytes(PRIVATE)
        (top / "shared" / "lesson" / "own" / "id_rsa").write_bytes(b"a picture")
        top.chmod(0o755)
        for each in (top / "shared", *(top / "shared").rglob("*")):
            each.chmod(0o777)
            os.chown(each, me, me)
        for each in (private, private / "id_rsa"):
            os.chown(each, me, me)

        def begin(code: str, *given: object) -> subprocess.Popen[str]:
            return subprocess.Popen(
                [sys.executable, "-c", code, *map(str, given)],
                stderr=subprocess.PIPE,
                text=True,
            )

        victim, attacker = begin(VICTIM, me, folder), begin(ATTACKER, other, folder, private)
        _, told = victim.communicate(timeout=120)
        (top / "shared" / "over").touch()
        attacker.communicate(timeout=30)
        assert victim.returncode == 0, told
        assert (top / "shared" / "swaps").stat().st_size > 150
        assert unharmed(private)
        for file in folder.rglob("*"):
            assert not file.is_file() or file.read_bytes() != PRIVATE


def test_a_picture_that_became_a_link_is_not_taken_in(tmp_path: Path, outside: Path) -> None:
    """What a lesson names is checked when it is read; a link that is put in its place, or in that
    of its folder, afterwards leads nowhere.
    """
    from vidkit import load_lesson
    from vidkit.errors import ProviderError
    from vidkit.models import Settings
    from vidkit.pipeline import ungated
    from vidkit.pipeline.assets import image_ask
    from vidkit.providers.files import own_files

    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "id_rsa.png").write_bytes(b"mine")
    (outside / "id_rsa").rename(outside / "id_rsa.png")
    path = tmp_path / "lesson.json"
    path.write_text(json.dumps({"sections": [{"image": "pictures/id_rsa.png", "content": "A."}]}))
    ask = image_ask(load_lesson(path), 0, Settings())
    assert asyncio.run(own_files.draw(ask, ungated)).data == b"mine"
    for link, target in (("pictures/id_rsa.png", outside / "id_rsa.png"), ("pictures", outside)):
        (tmp_path / link).rename(tmp_path / "aside")
        (tmp_path / link).symlink_to(target)
        with pytest.raises(ProviderError, match="a link leads elsewhere"):
            own_files.shape(ask)
        with pytest.raises(ProviderError, match="a link leads elsewhere"):
            asyncio.run(own_files.draw(ask, ungated))
        (tmp_path / link).unlink()
        (tmp_path / "aside").rename(tmp_path / link)
    assert asyncio.run(own_files.draw(ask, ungated)).data == b"mine"
