"""The output folder: what is not ours is left alone, and no file is ever half there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from vidkit.errors import OutputError
from vidkit.output import Output

REPORT = {"vidkit": "1", "state": "made"}


def claimed(folder: Path, sections: int = 3) -> Output:
    output = Output(folder)
    output.claim(range(sections), REPORT)
    return output


@pytest.mark.parametrize(
    "name",
    [
        "final_video.mp4",
        "captions.vtt",
        "images/section_0.png",
        "images/section_2.jpeg",
        "audio/section_1.wav",
        "clips/section_1.mp4",
    ],
)
def test_a_file_that_is_not_listed_is_never_overwritten(tmp_path: Path, name: str) -> None:
    """A stranger under a name of ours stops the run, is named, and stays as it is."""
    stranger = tmp_path / name
    stranger.parent.mkdir(exist_ok=True)
    stranger.write_text("mine")
    with pytest.raises(OutputError, match=stranger.name) as refused:
        claimed(tmp_path)
    assert "-o" in str(refused.value)
    assert stranger.read_text() == "mine"
    assert not (tmp_path / "report.json").exists()


def test_a_stranger_under_a_name_that_is_not_needed_stays(tmp_path: Path) -> None:
    """Files of no concern to the run do not stop it."""
    (tmp_path / "images").mkdir()
    (tmp_path / "images/section_9.png").write_text("mine")
    (tmp_path / "notes.txt").write_text("mine")
    claimed(tmp_path, sections=3).publish("images/section_0.png", b"ours")
    assert (tmp_path / "images/section_9.png").read_text() == "mine"


def test_a_link_to_nowhere_is_a_stranger_too(tmp_path: Path) -> None:
    """A dangling link under a name of ours is not written through."""
    (tmp_path / "final_video.mp4").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError):
        claimed(tmp_path)


@pytest.mark.parametrize("content", ["[]", "{}", "not json", '{"files": {}}'])
def test_somebody_elses_report_is_left_alone(tmp_path: Path, content: str) -> None:
    """A `report.json` that vidkit did not write is refused and kept."""
    (tmp_path / "report.json").write_text(content)
    with pytest.raises(OutputError, match=r"report\.json"):
        claimed(tmp_path)
    assert (tmp_path / "report.json").read_text() == content


def test_our_own_files_are_made_anew(tmp_path: Path) -> None:
    """A second run over the same folder replaces what the first one listed."""
    claimed(tmp_path).publish("images/section_0.png", b"first")
    claimed(tmp_path).publish("images/section_0.png", b"second")
    assert (tmp_path / "images/section_0.png").read_bytes() == b"second"


def test_the_manifest_lists_each_file_with_its_digest(tmp_path: Path) -> None:
    """`report.json` holds the report, and the digest and size of every file."""
    output = claimed(tmp_path)
    output.publish("audio/section_0.wav", b"abc")
    output.write_report(REPORT)
    found = json.loads((tmp_path / "report.json").read_text())
    assert found["state"] == "made"
    assert found["files"]["audio/section_0.wav"] == {
        "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "bytes": 3,
        "mtime_ns": (tmp_path / "audio/section_0.wav").stat().st_mtime_ns,
    }


def test_a_file_of_ours_under_another_suffix_goes(tmp_path: Path) -> None:
    """An image that was a PNG and is a JPEG now is there once."""
    output = claimed(tmp_path)
    output.publish("images/section_0.png", b"png")
    output.publish("images/section_0.jpg", b"jpeg")
    assert [p.name for p in (tmp_path / "images").iterdir()] == ["section_0.jpg"]


def test_a_killed_run_knows_its_files_and_leaves_no_half_ones(tmp_path: Path) -> None:
    """After SIGKILL in mid-write the next run goes on, and temporary files are gone."""
    script = (
        "import os, signal, sys; from pathlib import Path; from vidkit.output import Output\n"
        "o = Output(Path(sys.argv[1])); o.claim(range(3), {'vidkit': '1'})\n"
        "o.publish('images/section_0.png', b'whole')\n"
        "o.scratch('images/section_1.png').write_bytes(b'half')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert len(list(tmp_path.rglob("*.part"))) == 1
    claimed(tmp_path).publish("images/section_0.png", b"again")
    assert [p.name for p in (tmp_path / "images").iterdir()] == ["section_0.png"]


def test_temporary_files_of_the_living_are_left(tmp_path: Path) -> None:
    """Another process that is at work here does not lose what it writes."""
    claimed(tmp_path)
    mine = tmp_path / f"images/.section_0.png.{os.getpid()}-7.part"
    mine.write_text("in work")
    claimed(tmp_path)
    assert mine.exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A file in the folder's place is a clear error with the mend."""
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError, match="is a file"):
        claimed(tmp_path / "out")
    with pytest.raises(OutputError, match="cannot be written"):
        claimed(tmp_path / "out/deeper")


def test_threads_may_publish_at_once(tmp_path: Path) -> None:
    """Files published side by side are all listed."""
    output = claimed(tmp_path, sections=40)
    threads = [
        threading.Thread(target=output.publish, args=(f"images/section_{i}.png", b"x" * i))
        for i in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    files = json.loads((tmp_path / "report.json").read_text())["files"]
    assert {name: f["bytes"] for name, f in files.items()} == {
        f"images/section_{i}.png": i for i in range(40)
    }


@pytest.mark.parametrize("harm", ["truncate", "rewrite", "remove"])
def test_a_file_of_ours_that_was_harmed_is_put_back(tmp_path: Path, harm: str) -> None:
    """What somebody did to an output is noticed at the next run, mended and named."""
    name = "images/section_0.png"
    claimed(tmp_path).publish(name, b"whole")
    path = tmp_path / name
    if harm == "remove":
        path.unlink()
    else:
        path.write_bytes(b"wh" if harm == "truncate" else b"WHOLE")
    output = claimed(tmp_path)
    output.publish(name, b"whole")
    assert path.read_bytes() == b"whole"
    assert output.mended == [name]


def test_a_file_that_stands_already_is_not_written(tmp_path: Path) -> None:
    """The same content under the same name costs a look, and no write."""
    name = "images/section_0.png"
    claimed(tmp_path).publish(name, b"whole")
    before = (tmp_path / name).stat()
    output = claimed(tmp_path)
    output.publish(name, b"whole")
    after = (tmp_path / name).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert output.mended == []


@pytest.mark.parametrize("harm", ["", "not json", "{}"])
@pytest.mark.parametrize("name", ["report.json", ".vidkit.json"])
def test_a_lost_manifest_locks_nobody_out(tmp_path: Path, name: str, harm: str) -> None:
    """Somebody who removes or garbles the report, or the hidden list, still owns the files."""
    claimed(tmp_path).publish("images/section_0.png", b"first")
    if harm:
        (tmp_path / name).write_text(harm)
    else:
        (tmp_path / name).unlink()
    output = claimed(tmp_path)
    output.publish("images/section_0.png", b"second")
    assert (tmp_path / "images/section_0.png").read_bytes() == b"second"
    assert output.mended == (["report.json"] if name == "report.json" else [])
