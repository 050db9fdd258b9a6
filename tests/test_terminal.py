"""The command line's terminal: closed, full, interrupted, and what may be shown on it."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from stand_ins import written

import vidkit.__main__
from vidkit.cli import main

VIDKIT = [sys.executable, "-m", "vidkit"]
QUICK = ["--images", "simulated:0", "--voice", "simulated:latency=0,seconds=0.3"]
QUICK += ["--size", "64x36"]

posix = pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which `$V` is vidkit; its code is that of vidkit."""
    return subprocess.run(
        ["bash", "-c", f'V="{sys.executable} -m vidkit"; {line}'],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@posix
@pytest.mark.parametrize(
    "line", ["check bad.json", "schema", "--help", "make rain.json --quiet " + " ".join(QUICK)]
)
def test_a_reader_that_leaves_is_no_error(tmp_path: Path, line: str) -> None:
    """`vidkit … | true` ends without a word, as other programs do."""
    written(tmp_path, "rain", 1)
    (tmp_path / "bad.json").write_text('{"sections": [' + '{"content": ""},' * 3000 + "{}]}")
    run = shell(f"$V {line} | true; exit ${{PIPESTATUS[0]}}", tmp_path)
    assert run.stderr == ""
    assert run.returncode in (141, 0)


@posix
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_harm_nothing(tmp_path: Path, closed: str) -> None:
    """Whatever of its three streams is closed, a lesson is made, and no file gets what would
    have been printed.
    """
    written(tmp_path, "rain", 1)
    run = shell(f"$V make rain.json {' '.join(QUICK)} {closed}", tmp_path)
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr
    assert (tmp_path / "output_rain/final_video.mp4").exists()
    for path in tmp_path.rglob("*.*"):
        assert not path.is_file() or b"1 of 1 section" not in path.read_bytes()


@posix
@pytest.mark.parametrize("words", ["check rain.json", "check gone.json", "schema"])
def test_an_output_that_is_full_is_told(tmp_path: Path, words: str) -> None:
    """What could not be printed is told in a sentence, and is a failure."""
    written(tmp_path, "rain", 1)
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    run = shell(f"$V {words} >/dev/full", tmp_path)
    assert run.returncode in (1, 2)
    assert run.stderr.splitlines() == [
        "vidkit: the output cannot be written: No space left on device"
    ]
    if words == "check gone.json":  # where that cannot be told either
        assert shell(f"$V {words} >/dev/full 2>/dev/full", tmp_path).returncode in (1, 2)


@posix
@pytest.mark.parametrize("typed", [b"\x04", b"n\n"])
def test_a_prompt_takes_no_for_an_answer(tmp_path: Path, typed: bytes) -> None:
    """The end of input and "n" remove nothing and end without a traceback."""
    import pty

    lesson = written(tmp_path, "rain", 1)
    assert main(["make", str(lesson), *QUICK]) == 0
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*VIDKIT, "cache", "clear"], stdin=theirs, stdout=theirs, stderr=theirs
    ) as run:
        os.close(theirs)
        said = b""
        while b"[y/N]" not in said:
            said += os.read(ours, 1000)
        os.write(ours, typed)
    said += os.read(ours, 10_000)
    os.close(ours)
    assert run.returncode == 0
    assert b"Traceback" not in said
    assert b"removed" not in said


def test_ctrl_c_at_a_prompt_removes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An interrupt there is one, as anywhere else."""

    def interrupted(_: str) -> str:
        raise KeyboardInterrupt

    assert main(["make", str(written(tmp_path, "rain", 1)), *QUICK]) == 0
    monkeypatch.setattr("builtins.input", interrupted)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert main(["cache", "clear"]) == 130
    assert "removed" not in capsys.readouterr().out


def test_nobody_to_ask_removes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a standard input nothing is removed, and the mend is told."""
    assert main(["make", str(written(tmp_path, "rain", 1)), *QUICK]) == 0
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["cache", "clear"]) == 0
    assert "add --yes" in capsys.readouterr().out


EVIL = "e\x1b[31mvil\r\u202e\x9b"


@posix
@pytest.mark.parametrize("command", ["check", "make", "plan", "slides", "batch"])
def test_what_a_terminal_would_obey_does_not_reach_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Escapes in the names of files, in titles and in unknown keys are shown, not sent."""
    monkeypatch.chdir(tmp_path)
    lesson = written(
        tmp_path,
        EVIL,
        [{"image_description": "x", "content": "y", "title": EVIL, EVIL: 1}, {"content": "z"}],
    )
    words = [command, "." if command == "batch" else lesson.name]
    assert main([*words, *(QUICK if command in ("make", "batch") else [])]) in (1, 2)
    written(tmp_path, EVIL, [{"image_description": "x", "content": "y", "title": EVIL, EVIL: 1}])
    words += QUICK[:2] + QUICK[4:] if command == "slides" else QUICK if command != "check" else []
    if command == "slides":
        words = [command, lesson.name, "--size", "320x180"]
    assert main(words) == 0
    told = capfd.readouterr()
    for text in (told.out, told.err):
        assert not set(text) & set("\x1b\r\u202e\x9b")
    assert "\\x1b[31mvil" in told.out + told.err


def test_wrong_arguments_are_shown_too(capsys: pytest.CaptureFixture[str]) -> None:
    """What somebody typed goes back to the terminal as text."""
    with pytest.raises(SystemExit):
        main(["check", "x.json", "--\x1b[31m"])
    assert "\x1b" not in capsys.readouterr().err


def test_the_command_line_prints_through_say() -> None:
    """`print` would send to a terminal whatever it is given."""
    tree = ast.parse(Path(vidkit.__main__.__file__).read_text())
    called = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not called & {"print", "input"}


@posix
@pytest.mark.parametrize("words", ["make /gone/x.json", "cache", "plan x.json", "check x.json"])
def test_a_folder_that_was_removed_is_told(tmp_path: Path, words: str) -> None:
    """Who stands in a folder that is no more reads so, and no traceback."""
    run = shell(f"mkdir gone && cd gone && rmdir ../gone && $V {words}", tmp_path)
    assert run.returncode == 2
    assert "go to another with cd" in run.stderr
    assert "Traceback" not in run.stderr


@posix
def test_a_program_in_a_removed_folder_makes_lessons_elsewhere(tmp_path: Path) -> None:
    """Paths that are whole need no folder to stand in, with a store and without."""
    lesson = written(tmp_path, "rain", 1)
    code = (
        "import os, sys, vidkit; os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')\n"
        "for cache in (True, False):\n"
        "    vidkit.generate_video_from_json(sys.argv[1], images='simulated:0', cache=cache,\n"
        "        voice='simulated:latency=0,seconds=0.3', size=(64, 36), progress=False)"
    )
    # -P: Python 3.13.0 itself imports no sockets where `-c` has it look in a folder that is gone
    words = [sys.executable, "-P", "-c", code, str(lesson)]
    run = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
