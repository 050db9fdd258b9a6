"""The wheel: what `pip install` brings, and that it works outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

BUILD = """
import os, sys
from hatchling.build import build_wheel
os.chdir(sys.argv[1])
print(build_wheel(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, built as pip builds it, with nothing fetched."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("dist")
    words = [sys.executable, "-c", BUILD, str(ROOT), str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return folder / done.stdout.split()[-1]


def test_the_wheel_has_all_that_is_needed_and_nothing_else(wheel: Path) -> None:
    """Every module, the slides' template and fonts, the table of models, the notebooks,
    `py.typed`, the licence and the command; no test and no compiled file.
    """
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
        about = next(name for name in names if name.endswith("METADATA"))
        commands = next(name for name in names if name.endswith("entry_points.txt"))
        assert "vidkit = vidkit.__main__:main" in packed.read(commands).decode()
        assert "Requires-Python: >=3.11" in packed.read(about).decode()
    notebooks = {name for name in names if name.startswith("vidkit/notebooks/")}
    assert all((ROOT / name.removeprefix("vidkit/")).is_file() for name in notebooks)
    inside = {name for name in names if name.startswith("vidkit/")} - notebooks
    here = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "vidkit").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert inside == here
    assert "vidkit/py.typed" in inside
    for suffix in (".typ", ".otf", ".toml"):
        assert any(name.endswith(suffix) for name in inside), suffix
    assert all(name.startswith(("vidkit/", "vidkit_lessons-")) for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_makes_a_video_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """Unpacked elsewhere, with nothing of the checkout in sight, the command makes a lesson with
    its default slides and voice.
    """
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "site")
    lesson = tmp_path / "rain.json"
    lesson.write_text('{"sections": [{"image_description": "Rain", "content": "It rains."}]}')
    own = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    own |= {"PYTHONPATH": str(tmp_path / "site")}
    words = [sys.executable, "-P", "-m", "vidkit", "make", str(lesson), "--quiet"]
    subprocess.run([*words, "--size", "320x180"], cwd=tmp_path, env=own, check=True)
    assert (tmp_path / "output_rain/final_video.mp4").stat().st_size > 1000
    where = [sys.executable, "-P", "-c", "import vidkit; print(vidkit.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, env=own, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()).is_relative_to(tmp_path / "site")
