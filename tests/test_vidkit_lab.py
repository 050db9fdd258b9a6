"""`vidkit lab`: where the notebooks are found, and that JupyterLab opens on the first."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from vidkit.cli import main
from vidkit.core import notebook
from vidkit.core.notebook import FIRST, notebooks
from vidkit.errors import SettingsError, VidkitError

HERE = Path(__file__).parent.parent / "notebooks"


def test_a_checkout_s_notebooks_are_opened_where_they_are() -> None:
    """Nothing is copied where they can be written to."""
    assert notebooks() == HERE


def test_a_new_folder_gets_its_own_notebooks(tmp_path: Path) -> None:
    """They come with their lessons and pictures, and without what was made with them."""
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "new" / "er"):
        assert notebooks(folder) == folder
        assert (folder / FIRST).read_bytes() == (HERE / FIRST).read_bytes()
        assert list((folder / "lessons").glob("*.json"))
        assert not list(folder.glob("output_*"))


def test_notebooks_that_are_there_are_left_alone(tmp_path: Path) -> None:
    """What somebody changed in their folder stays as they left it."""
    notebooks(tmp_path)
    (tmp_path / FIRST).write_text("mine")
    assert notebooks(tmp_path) == tmp_path
    assert (tmp_path / FIRST).read_text() == "mine"


def test_a_folder_of_something_else_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is put between somebody's files, and the message names the folder."""
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(SettingsError, match="something else"):
        notebooks(tmp_path)
    assert main(["lab", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err


def test_an_installed_package_brings_its_notebooks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where they lie within the package they are copied to `vidkit-notebooks`; where they are
    nowhere the message says how to name them.
    """
    monkeypatch.chdir(tmp_path)
    package = tmp_path / "site" / "vidkit"
    package.mkdir(parents=True)
    monkeypatch.setattr(notebook, "_PACKAGE", package)
    with pytest.raises(VidkitError, match="vidkit lab FOLDER"):
        notebooks()
    notebooks_in = package / "notebooks"
    notebooks_in.symlink_to(HERE, target_is_directory=True)
    assert notebooks() == tmp_path / "vidkit-notebooks"
    assert (tmp_path / "vidkit-notebooks" / FIRST).is_file()


def test_without_jupyterlab_the_mend_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody without JupyterLab reads what to install, and no traceback."""
    monkeypatch.setattr(notebook, "find_spec", lambda name: None)
    assert main(["lab"]) == 1
    assert "pip install jupyterlab" in capsys.readouterr().err


def test_jupyterlab_opens_on_the_first_notebook(tmp_path: Path) -> None:
    """The process becomes a JupyterLab over the folder, which ends when it is told to."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = tmp_path / "config"
    config.mkdir()
    told = {"ServerApp": {"allow_root": True}, "IdentityProvider": {"token": "known"}}
    (config / "jupyter_server_config.json").write_text(json.dumps(told))
    own = {"JUPYTER_CONFIG_DIR": config, "JUPYTER_DATA_DIR": tmp_path / "data"}
    own |= {"JUPYTER_RUNTIME_DIR": tmp_path / "run", "IPYTHONDIR": tmp_path / "ipython"}
    words = [sys.executable, "-m", "vidkit", "lab", str(tmp_path / "books"), "--no-browser"]
    process = subprocess.Popen(
        [*words, "--port", str(port)],
        env=os.environ | {name: str(path) for name, path in own.items()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        listed = wait_for(f"http://127.0.0.1:{port}/api/contents?token=known", process)
        assert FIRST in {each["name"] for each in listed["content"]}
    finally:
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=20)[0]
    assert f"lab/tree/{FIRST}" in said


def wait_for(address: str, process: subprocess.Popen[str]) -> dict[str, list[dict[str, str]]]:
    """What a server answers as soon as it does."""
    for _ in range(600):
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                found: dict[str, list[dict[str, str]]] = json.load(answer)
                return found
        except (urllib.error.URLError, OSError):
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.1)
    raise AssertionError("it did not start")
