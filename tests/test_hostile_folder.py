"""Nothing of the current folder acts on vidkit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ASK = """
import os
from vidkit.media.clips import moviepy
moviepy()
from moviepy.config import FFMPEG_BINARY
print(FFMPEG_BINARY, os.environ.get("OPENAI_BASE_URL"))
"""


def test_a_dotenv_of_the_current_folder_is_not_read(tmp_path: Path) -> None:
    """moviepy would read it on import, and run the program that it names."""
    run = tmp_path / "run.sh"
    run.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    run.chmod(0o755)
    (tmp_path / ".env").write_text("FFMPEG_BINARY=./run.sh\nOPENAI_BASE_URL=http://evil.invalid\n")
    told = subprocess.run(
        [sys.executable, "-c", ASK], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "run.sh" not in told.stdout and "evil" not in told.stdout
    assert not (tmp_path / "ran").exists()


MODULES = ["av", "gtts", "hibari", "moviepy", "numpy", "openai", "PIL", "piper", "sitecustomize"]
MODULES += ["typst", "usercustomize", "vidkit_plugin", "json", "wave", "tqdm", "espeakng_loader"]
PROGRAMS = ["ffmpeg", "ffprobe", "typst", "espeak-ng", "espeak", "git", "soffice"]

MAKE = """
from vidkit import Settings, generate_video_from_json
settings = Settings(size=(64, 36), cache=False, progress=False)
generate_video_from_json("lesson.json", {out!r}, settings=settings)
"""

WITH_MOVIEPY = """
from vidkit.media.clips import moviepy
moviepy()
"""


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A folder as it may come with a lesson: all that a library might read, import or run there
    leaves a file behind when it is.
    """
    folder = tmp_path / "course"
    folder.mkdir()
    leave = "import pathlib; pathlib.Path({!r}).touch()\n"
    for name in MODULES:
        (folder / f"{name}.py").write_text(leave.format(str(tmp_path / f"imported {name}")))
    for name in PROGRAMS:
        program = folder / name
        program.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran {name}'\n")
        program.chmod(0o755)
    environment = "FFMPEG_BINARY=./ffmpeg\nIMAGEMAGICK_BINARY=./ffmpeg\nVIDKIT_CACHE=./planted\n"
    (folder / ".env").write_text(environment + "OPENAI_BASE_URL=http://evil.invalid\n")
    for name in ("espeak-ng-data", "fonts", "vidkit-0.dist-info"):
        (folder / name).mkdir()
    (folder / "espeak-ng-data" / "phontab").write_bytes(b"rubbish")
    (folder / "fonts" / "Inter-Regular.otf").write_bytes(b"rubbish")
    (folder / "slide.typ").write_text("#panic()")
    plugin = "[vidkit.images]\nslides = vidkit_plugin:images\n"
    (folder / "vidkit-0.dist-info" / "entry_points.txt").write_text(plugin)
    (folder / "vidkit-0.dist-info" / "METADATA").write_text("Name: vidkit-plugin\nVersion: 0\n")
    (folder / "openai.toml").write_text('dated = "never"')
    (folder / "pyproject.toml").write_text("[tool.vidkit]\nimages = 'openai'\n")
    lesson = {"sections": [{"image_description": "A latch", "content": "A latch keeps a bit."}]}
    (folder / "lesson.json").write_text(json.dumps(lesson))
    return folder


def acted(planted: Path) -> list[str]:
    """What was imported or run, or stands where it was not to be."""
    traces = [path.name for path in planted.parent.iterdir()]
    return [name for name in traces if name.startswith(("imported", "ran"))] + [
        path.name for path in planted.iterdir() if path.name == "planted"
    ]


def run(planted: Path, *command: str, **how: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [*command],
        cwd=planted,
        capture_output=True,
        text=True,
        timeout=300,
        env=environment | how,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "vidkit", "make", "lesson.json", "-o", "OUT", "--voice", "espeak"],
        ["SCRIPT"],
        ["-P", "-i", "-c", MAKE.format(out="../out") + WITH_MOVIEPY + "raise SystemExit"],
    ],
    ids=["command", "script", "REPL"],
)
def test_nothing_that_lies_in_the_current_folder_acts(planted: Path, command: list[str]) -> None:
    """No settings, program, module, font, voice or plugin of the folder that one stands in is read,
    imported or run: by the command, by a script that lies elsewhere, nor by Python itself where it
    is told to leave the folder out (-P). Without that, `python -c`, a REPL and a notebook's kernel
    put the folder before all packages, and a module there takes the place of any: that is Python's
    own doing, before vidkit is there.
    """
    out = str(planted.parent / "out")
    script = planted.parent / "script.py"
    script.write_text(MAKE.format(out=out) + WITH_MOVIEPY)
    given = [{"OUT": out, "SCRIPT": str(script)}.get(each, each) for each in command]
    python = [sys.executable]
    if given[0] == "-m":
        python, given = [str(Path(sys.executable).with_name("vidkit"))], given[2:]
        if not Path(python[0]).exists():
            pytest.skip("the command is not installed here")
    run(planted, *python, *given)
    assert (planted.parent / "out" / "final_video.mp4").exists()
    assert acted(planted) == []


@pytest.mark.parametrize("where", ["kernel", "Dask worker"])
def test_beside_python_s_own_rule_nothing_acts_there(planted: Path, where: str) -> None:
    """In a kernel, and in a Dask worker, modules of the folder come first by Python's own rule;
    what is no module of those names acts there no more than elsewhere.
    """
    for name in MODULES:
        (planted / f"{name}.py").unlink()
    out = str(planted.parent / "out")
    code = MAKE.format(out=out) + WITH_MOVIEPY
    if where == "kernel":
        code = (
            "from IPython.core.interactiveshell import InteractiveShell\n"
            f"result = InteractiveShell.instance().run_cell({code!r})\n"
            "result.raise_error()\n"
        )
    else:
        pytest.importorskip("distributed")
        code = (
            "if __name__ == '__main__':\n"
            "    from distributed import Client\n"
            "    one = {'n_workers': 1, 'threads_per_worker': 1, 'dashboard_address': None}\n"
            "    with Client(**one) as client:\n"
            f"        client.submit(exec, {code!r}, {{}}).result()\n"
        )
    (planted.parent / "script.py").write_text(code)
    run(planted, sys.executable, str(planted.parent / "script.py"), PYTHONPATH=str(planted))
    assert (planted.parent / "out" / "final_video.mp4").exists()
    assert acted(planted) == []
