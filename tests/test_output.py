"""The output folder: what is not ours is left alone, and no file is ever half there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from vidkit.errors import OutputError
from vidkit.pipeline.output import Output

REPORT = {"vidkit": "1", "state": "made"}

FORKS = """
import json, os, sys, traceback
from vidkit.pipeline import output
for line in sys.stdin:
    script, *sys.argv[1:] = json.loads(line)
    if (child := os.fork()) == 0:
        try:
            exec(script, {})
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def ended() -> Iterator[Callable[..., int]]:
    """Carries out a script in a process of its own and gives its exit code: one that has imported
    vidkit forks for each, where a system can.
    """
    if not hasattr(os, "fork"):
        yield (
            lambda *given: (
                subprocess.run([sys.executable, "-c", *map(str, given)], check=False).returncode
            )
        )
        return
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", FORKS], **pipes) as forks:

        def end(*given: object) -> int:
            assert forks.stdin is not None and forks.stdout is not None
            forks.stdin.write(json.dumps([str(each) for each in given]) + "\n")
            forks.stdin.flush()
            return int(forks.stdout.readline())

        yield end


def claimed(folder: Path, sections: int = 3) -> Output:
    output = Output(folder)
    output.claim(range(sections), REPORT)
    return output


@pytest.mark.parametrize(
    "name",
    [
        "final_video.mp4",
        "captions.vtt",
        "images/section-01.png",
        "images/section-03.jpeg",
        "audio/section-02.wav",
        "clips/section-02.mp4",
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
    (tmp_path / "images/section-10.png").write_text("mine")
    (tmp_path / "notes.txt").write_text("mine")
    claimed(tmp_path, sections=3).publish("images/section-01.png", b"ours")
    assert (tmp_path / "images/section-10.png").read_text() == "mine"


def test_a_folder_that_is_removed_meanwhile_is_named(tmp_path: Path) -> None:
    """And not the hidden file that was to be written first."""
    output = claimed(tmp_path / "output")
    shutil.rmtree(tmp_path / "output")
    with pytest.raises(OutputError, match=r"there is no folder \S+output; make it or") as told:
        output.publish("final_video.mp4", b"ours")
    assert ".part" not in str(told.value)


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
    claimed(tmp_path).publish("images/section-01.png", b"first")
    claimed(tmp_path).publish("images/section-01.png", b"second")
    assert (tmp_path / "images/section-01.png").read_bytes() == b"second"


def test_the_manifest_lists_each_file_with_its_digest(tmp_path: Path) -> None:
    """`report.json` holds the report, and the digest and size of every file."""
    output = claimed(tmp_path)
    output.publish("audio/section-01.wav", b"abc")
    output.write_report(REPORT)
    found = json.loads((tmp_path / "report.json").read_text())
    assert found["state"] == "made"
    assert found["files"]["audio/section-01.wav"] == {
        "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "bytes": 3,
        "mtime_ns": (tmp_path / "audio/section-01.wav").stat().st_mtime_ns,
    }


def test_a_file_of_ours_under_another_suffix_goes(tmp_path: Path) -> None:
    """An image that was a PNG and is a JPEG now is there once."""
    output = claimed(tmp_path)
    output.publish("images/section-01.png", b"png")
    output.publish("images/section-01.jpg", b"jpeg")
    assert [p.name for p in (tmp_path / "images").iterdir()] == ["section-01.jpg"]


def test_a_killed_run_knows_its_files_and_leaves_no_half_ones(
    tmp_path: Path, ended: Callable[..., int]
) -> None:
    """After SIGKILL in mid-write the next run goes on, and temporary files are gone."""
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from vidkit.pipeline.output import Output\n"
        "o = Output(Path(sys.argv[1])); o.claim(range(3), {'vidkit': '1'})\n"
        "o.publish('images/section-01.png', b'whole')\n"
        "o.scratch('images/section-02.png').write_bytes(b'half')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert ended(script, tmp_path) == -signal.SIGKILL
    assert len(list(tmp_path.rglob("*.part"))) == 1
    claimed(tmp_path).publish("images/section-01.png", b"again")
    assert [p.name for p in (tmp_path / "images").iterdir()] == ["section-01.png"]


def test_temporary_files_of_the_living_are_left(tmp_path: Path) -> None:
    """Another process that is at work here does not lose what it writes, and a number that no
    process can have is no reason to stop.
    """
    claimed(tmp_path)
    mine = tmp_path / f"images/.section-01.png.{os.getpid()}-7.part"
    for path in (mine, odd := tmp_path / "images/.section-01.png.9999999999-7.part"):
        path.write_text("in work")
    claimed(tmp_path)
    assert mine.exists()
    assert odd.exists()


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
        threading.Thread(target=output.publish, args=(f"images/section-{i + 1:02}.png", b"x" * i))
        for i in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    output.write_report({"vidkit": "1"})
    files = json.loads((tmp_path / "report.json").read_text())["files"]
    assert {name: f["bytes"] for name, f in files.items()} == {
        f"images/section-{i + 1:02}.png": i for i in range(40)
    }


@pytest.mark.parametrize("harm", ["truncate", "rewrite", "remove"])
def test_a_file_of_ours_that_was_harmed_is_put_back(tmp_path: Path, harm: str) -> None:
    """What somebody did to an output is noticed at the next run, mended and named."""
    name = "images/section-01.png"
    put(tmp_path, name, b"whole")
    path = tmp_path / name
    if harm == "remove":
        path.unlink()
    else:
        path.write_bytes(b"wh" if harm == "truncate" else b"WHOLE")
    output = claimed(tmp_path)
    output.publish(name, b"whole")
    assert path.read_bytes() == b"whole"
    assert len(output.notes) == 1
    assert output.notes[0].startswith(name)


def test_a_file_that_stands_already_is_not_written(tmp_path: Path) -> None:
    """The same content under the same name costs a look, and no write."""
    name = "images/section-01.png"
    claimed(tmp_path).publish(name, b"whole")
    before = (tmp_path / name).stat()
    output = claimed(tmp_path)
    output.publish(name, b"whole")
    after = (tmp_path / name).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert output.notes == []


@pytest.mark.parametrize("harm", ["", "not json", "{}"])
@pytest.mark.parametrize("name", ["report.json", ".vidkit.json"])
def test_a_lost_manifest_locks_nobody_out(tmp_path: Path, name: str, harm: str) -> None:
    """Somebody who removes or garbles the report, or the hidden list, still owns the files."""
    claimed(tmp_path).publish("images/section-01.png", b"first")
    if harm:
        (tmp_path / name).write_text(harm)
    else:
        (tmp_path / name).unlink()
    output = claimed(tmp_path)
    output.publish("images/section-01.png", b"second")
    assert (tmp_path / "images/section-01.png").read_bytes() == b"second"
    assert [note.split()[0] for note in output.notes] == (
        ["report.json"] if name == "report.json" else []
    )
    if harm and name == "report.json":
        assert (tmp_path / "report.edited.json").read_text() == harm


def put(folder: Path, name: str, data: bytes) -> Output:
    """A whole run that publishes one file."""
    output = claimed(folder)
    output.publish(name, data)
    output.write_report(REPORT)
    output.release()
    return output


@pytest.mark.parametrize("again", [b"first", b"second"])
def test_what_somebody_has_edited_is_kept_beside(tmp_path: Path, again: bytes) -> None:
    """An edit of ours is never lost, whether the run makes the same file or another: it gets a
    name of its own, each time a new one, and the note says which.
    """
    put(tmp_path, "final_video.mp4", b"first")
    for turn, beside in enumerate(("final_video.edited.mp4", "final_video.edited-2.mp4")):
        (tmp_path / "final_video.mp4").write_bytes(b"mine %d" % turn)
        output = put(tmp_path, "final_video.mp4", again)
        assert (tmp_path / "final_video.mp4").read_bytes() == again
        assert (tmp_path / beside).read_bytes() == b"mine %d" % turn
        assert [str(tmp_path / beside) in note for note in output.notes] == [True]


def test_an_edited_file_under_another_suffix_is_kept_too(tmp_path: Path) -> None:
    """A picture that a new one of another kind would replace goes only if nobody edited it."""
    put(tmp_path, "images/section-01.png", b"png")
    (tmp_path / "images/section-01.png").write_bytes(b"mine")
    put(tmp_path, "images/section-01.jpg", b"jpeg")
    found = {path.name: path.read_bytes() for path in (tmp_path / "images").iterdir()}
    assert found == {"section-01.jpg": b"jpeg", "section-01.edited.png": b"mine"}


def test_a_folder_in_a_files_place_is_kept_beside(tmp_path: Path) -> None:
    """Whatever somebody put under a name of ours moves aside as it is."""
    put(tmp_path, "final_video.mp4", b"video")
    (tmp_path / "final_video.mp4").unlink()
    (tmp_path / "final_video.mp4").mkdir()
    (tmp_path / "final_video.mp4/mine").write_text("mine")
    put(tmp_path, "final_video.mp4", b"video")
    assert (tmp_path / "final_video.mp4").read_bytes() == b"video"
    assert (tmp_path / "final_video.edited.mp4/mine").read_text() == "mine"


def test_an_edited_report_is_kept_beside(tmp_path: Path) -> None:
    """The report is ours to write, and what somebody wrote into it is not lost."""
    put(tmp_path, "final_video.mp4", b"video")
    report = json.loads((tmp_path / "report.json").read_text()) | {"remark": "mine"}
    (tmp_path / "report.json").write_text(json.dumps(report))
    output = put(tmp_path, "final_video.mp4", b"video")
    assert json.loads((tmp_path / "report.edited.json").read_text())["remark"] == "mine"
    assert len(output.notes) == 1
    assert put(tmp_path, "final_video.mp4", b"video").notes == []


@pytest.mark.parametrize("sections", [1, 30])
@pytest.mark.parametrize("before", [0, 1, 2])
def test_a_kill_is_no_edit(
    tmp_path: Path, sections: int, before: int, ended: Callable[..., int]
) -> None:
    """A run that is killed between two of its writes leaves nothing that the next one takes for
    somebody's edit, or for a stranger's file.
    """
    script = (
        "import os, sys; from pathlib import Path\n"
        "from vidkit.pipeline.output import Output\n"
        "o = Output(Path(sys.argv[1])); o.claim(range(40), {'vidkit': '1'})\n"
        "for i in range(int(sys.argv[2])): o.publish(f'images/section-{i + 1:02}.png', b'old')\n"
        "left = int(sys.argv[3])\n"
        "real = os.replace\n"
        "def replace(source, target, **how):\n"
        "    global left\n"
        "    if left == 0: os._exit(9)\n"
        "    left -= 1\n"
        "    return real(source, target, **how)\n"
        "os.replace = replace\n"
        "o.publish('images/section-01.png', b'new'); os._exit(9)\n"
    )
    assert ended(script, tmp_path, sections, before) == 9
    output = claimed(tmp_path, 40)
    output.publish("images/section-01.png", b"third")
    assert output.notes == []
    assert not list(tmp_path.rglob("*edited*"))


@pytest.mark.parametrize("before", [0, 1, 2, 3])
def test_a_kill_of_a_second_run_is_no_edit_either(
    tmp_path: Path, before: int, ended: Callable[..., int]
) -> None:
    """A run over what an earlier one made is killed at any of its first writes, and the next
    one says nothing of changes and removals that nobody made.
    """
    put(tmp_path, "images/section-01.png", b"old")
    script = (
        "import os, sys; from pathlib import Path; from vidkit.pipeline import output\n"
        "left = int(sys.argv[2])\n"
        "real = os.replace\n"
        "def replace(source, target, **how):\n"
        "    global left\n"
        "    if left == 0: os._exit(9)\n"
        "    left -= 1\n"
        "    return real(source, target, **how)\n"
        "os.replace = replace\n"
        "o = output.Output(Path(sys.argv[1])); o.claim(range(40), {'vidkit': '2'})\n"
        "o.publish('images/section-02.png', b'new'); os._exit(9)\n"
    )
    assert ended(script, tmp_path, before) == 9
    output = claimed(tmp_path, 40)
    for name, data in (("images/section-01.png", b"old"), ("images/section-02.png", b"new")):
        output.publish(name, data)
    assert output.notes == []
    assert not list(tmp_path.rglob("*edited*"))


def a_first_layout(folder: Path, edited: bytes | None = None) -> dict[str, bytes]:
    """A folder as the first release left it: three images, the second of them edited since."""
    files = {f"images/section_{n}.png": b"image %d" % n for n in range(3)}
    (folder / "images").mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    entries = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        for name, data in files.items()
    }
    report = json.dumps({"vidkit": "0.1.0", "files": entries})
    (folder / "report.json").write_text(report)
    seal = hashlib.sha256(report.encode()).hexdigest()
    listed = {"vidkit": "0.1.0", "report": [seal], "files": entries}
    (folder / ".vidkit.json").write_text(json.dumps(listed) + "\n")
    if edited is not None:
        (folder / "images/section_1.png").write_bytes(edited)
    return files


def test_a_folder_of_the_first_layout_is_taken_on(tmp_path: Path) -> None:
    """Its files get the names of their sections' numbers; what is edited is spared as ever, and
    a stranger under an earlier name stays as it is.
    """
    files = a_first_layout(tmp_path, b"mine")
    (tmp_path / "images/section_7.png").write_bytes(b"a stranger's")
    output = claimed(tmp_path)
    for number, data in enumerate(files.values(), 1):
        output.publish(f"images/section-{number:02}.png", data)
    output.release()
    found = {path.name: path.read_bytes() for path in (tmp_path / "images").iterdir()}
    assert found == {
        "section-01.png": b"image 0",
        "section-02.png": b"image 1",
        "section-02.edited.png": b"mine",
        "section-03.png": b"image 2",
        "section_7.png": b"a stranger's",
    }
    assert len(output.notes) == 1
    listed = json.loads((tmp_path / "report.json").read_text())
    assert (listed["layout"], sorted(listed["files"])) == (
        2,
        [f"images/section-0{number}.png" for number in (1, 2, 3)],
    )


def test_a_stranger_under_a_new_name_keeps_a_first_layout_as_it_is(tmp_path: Path) -> None:
    """Where a file of somebody's has a name that is about to be used, nothing is renamed."""
    files = a_first_layout(tmp_path)
    (tmp_path / "images/section-02.png").write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"section-02\.png"):
        claimed(tmp_path)
    assert {name: (tmp_path / name).read_bytes() for name in files} == files
    assert (tmp_path / "images/section-02.png").read_bytes() == b"mine"


@pytest.mark.parametrize("before", range(8))
def test_a_kill_while_a_folder_is_taken_on_loses_nothing(
    tmp_path: Path, before: int, ended: Callable[..., int]
) -> None:
    """Whichever write it comes before, the next run goes on, and takes nothing for an edit."""
    files = a_first_layout(tmp_path)
    script = (
        "import os, sys; from pathlib import Path; from vidkit.pipeline import output\n"
        "left = int(sys.argv[2])\n"
        "real = os.replace\n"
        "def replace(source, target, **how):\n"
        "    global left\n"
        "    if left == 0: os._exit(9)\n"
        "    left -= 1\n"
        "    return real(source, target, **how)\n"
        "os.replace = replace\n"
        "o = output.Output(Path(sys.argv[1])); o.claim(range(3), {'vidkit': '2'}); os._exit(9)\n"
    )
    assert ended(script, tmp_path, before) == 9
    output = claimed(tmp_path)
    for number, data in enumerate(files.values(), 1):
        output.publish(f"images/section-{number:02}.png", data)
    output.release()
    assert output.notes == []
    names = [f"images/section-0{number}.png" for number in (1, 2, 3)]
    assert sorted(json.loads((tmp_path / "report.json").read_text())["files"]) == names
    assert sorted(path.name for path in (tmp_path / "images").iterdir()) == [
        Path(name).name for name in names
    ]


def test_what_never_was_had_not_been_removed(tmp_path: Path, ended: Callable[..., int]) -> None:
    """A first report, or a file, that a full disk kept from being written is no loss."""
    script = (
        "import os, sys; from pathlib import Path; from vidkit.pipeline import output\n"
        "real = os.replace\n"
        "def replace(source, target, **how):\n"
        "    if Path(target).name == 'report.json': os._exit(9)\n"
        "    return real(source, target, **how)\n"
        "os.replace = replace\n"
        "output.Output(Path(sys.argv[1])).claim(range(40), {'vidkit': '1'})\n"
    )
    assert ended(script, tmp_path) == 9
    assert claimed(tmp_path).notes == []


def test_a_second_run_is_locked_out(tmp_path: Path) -> None:
    """A folder that a run is writing to refuses another, also one of another process, says what
    to do, and is free again afterwards with no lock left in it.
    """
    first = claimed(tmp_path)
    with pytest.raises(OutputError, match=r"another run is writing to .* wait for it.* -o"):
        claimed(tmp_path)
    script = (
        "import sys; from pathlib import Path\n"
        "from vidkit.pipeline.output import Output\n"
        "Output(Path(sys.argv[1])).claim(range(3), {'vidkit': '1'})"
    )
    again = [sys.executable, "-c", script, str(tmp_path)]
    refused = subprocess.run(again, capture_output=True, text=True, check=False)
    assert "another run is writing" in refused.stderr
    first.publish("final_video.mp4", b"video")
    first.release()
    assert subprocess.run(again, check=False).returncode == 0
    claimed(tmp_path).release()
    assert not list(tmp_path.glob(".*lock"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_holds_no_folder_and_frees_none(tmp_path: Path) -> None:
    """What a run has locked is neither let go by a child of its process, nor held by one that
    outlives it.
    """
    script = (
        "import os, sys; from pathlib import Path\n"
        "from vidkit.pipeline.output import Output\n"
        "o = Output(Path(sys.argv[1])); o.claim(range(3), {'vidkit': '1'})\n"
        "if (child := os.fork()) == 0:\n"
        "    o.release()\n"
        "    print('forked', flush=True)\n"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdin is not None and run.stdout is not None
        assert run.stdout.readline() == "forked\n"
        with pytest.raises(OutputError, match="another run is writing"):
            claimed(tmp_path)
        run.kill()
        run.wait()
        claimed(tmp_path).release()


def test_the_lock_of_a_killed_run_holds_nobody_up(
    tmp_path: Path, ended: Callable[..., int]
) -> None:
    """The system drops the lock of a process that is gone, and the next run tidies its file."""
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from vidkit.pipeline.output import Output\n"
        "o = Output(Path(sys.argv[1])); o.claim(range(3), {'vidkit': '1'})\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert ended(script, tmp_path) == -signal.SIGKILL
    assert list(tmp_path.glob(".*lock"))
    claimed(tmp_path).release()
    assert not list(tmp_path.glob(".*lock"))


def test_a_refused_claim_holds_no_lock(tmp_path: Path) -> None:
    """A run that was refused for a stranger's file leaves the folder as it found it."""
    (tmp_path / "final_video.mp4").write_text("mine")
    for _ in range(2):
        with pytest.raises(OutputError, match="not made by vidkit"):
            claimed(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["final_video.mp4"]


def test_a_run_that_is_over_writes_nothing(tmp_path: Path) -> None:
    """A thread that a cancelled run left behind gives no file its name, writes no report, and
    its temporary file goes when it ends.
    """
    output = claimed(tmp_path)
    scratch = output.scratch("clips/section-01.mp4")

    def write() -> None:
        output.release()
        scratch.write_bytes(b"late")

    output.filled(scratch, write)
    with pytest.raises(OutputError):
        output.publish("final_video.mp4", b"late")
    output.write_report({**REPORT, "state": "late"})
    assert json.loads((tmp_path / "report.json").read_text())["state"] == "made"
    assert not list(tmp_path.rglob("*.part"))
    assert not (tmp_path / "final_video.mp4").exists()


def test_the_manifest_of_many_files_is_seldom_written_whole(tmp_path: Path) -> None:
    """What is written of the manifest grows with the number of files and not with its square,
    and each file is listed all the same.
    """
    output = claimed(tmp_path, 600)
    written = 0
    last = b""
    for index in range(600):
        output.publish(f"images/section-{index + 1:02}.png", b"x")
        report = (tmp_path / "report.json").read_bytes()
        written += len(report) if report != last else 0
        last = report
    assert written < 15 * len(last)
    output.release()
    assert claimed(tmp_path, 600).notes == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("x" * 300, "too long"),
        ("a\0b", "no folder can have this name"),
        ("file", "is a file"),
        ("file/deeper", "is a file"),
        ("nowhere", "leads nowhere"),
        ("loop/in", "leads to itself"),
    ],
)
def test_an_odd_folder_is_a_clear_error(tmp_path: Path, name: str, said: str) -> None:
    """What no folder can be is an `OutputError` that says why, and what to do."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(OutputError, match=said) as told:
        claimed(tmp_path / name)
    assert "-o" in str(told.value)
