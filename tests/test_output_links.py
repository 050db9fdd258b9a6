"""A folder that came with a lesson leads nowhere else, whatever links and lists lie in it."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from vidkit.errors import OutputError
from vidkit.pipeline.output import Output
from vidkit.store.assets import Asset

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links need rights of another kind")

REPORT: dict[str, Any] = {"vidkit": "2"}
PRIVATE = b"a key of mine"


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
    from vidkit.store import Store

    os.umask(0o022)
    with Store(tmp_path / "store") as store:
        store.keep("0" * 64, b"x", ".png", {})
        (journal,) = (tmp_path / "store").glob("journal-*.sqlite")
        assert journal.stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "store").stat().st_mode & 0o777 == 0o700
