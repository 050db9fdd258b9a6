"""What a saved notebook shows, and the script that draws a panel."""

from __future__ import annotations

import base64
import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from vidkit.studio.widgets import figure, script, server_folder, url


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A notebook stands in `root/notebooks`, and no server is known."""
    here = tmp_path / "root" / "notebooks"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    for name in ("JPY_PARENT_PID", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    server_folder.cache_clear()
    yield here
    server_folder.cache_clear()


def written(path: Path, data: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A server gives out `root`, and wrote that down as servers do."""
    told = {"root_dir": str(tmp_path / "root"), "pid": 4321}
    written(tmp_path / "runtime" / "jpserver-4321.json", json.dumps(told).encode())
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("JPY_PARENT_PID", "4321")


def test_a_file_beside_the_notebook_has_an_address_with_its_age(folder: Path) -> None:
    """The address is relative, safe in a page, and another one when the file is made anew."""
    path = written(folder / "output a&b" / "sec#1?.png")
    before = url(path)
    assert before is not None
    assert before.startswith("output%20a%26b/sec%231%3F.png?v=")
    os.utime(path, ns=(1, 1))
    assert url(path) == before.split("=")[0] + "=1"
    assert url(Path("output a&b/sec#1?.png")) == url(path)


@pytest.mark.parametrize("name", ["../lessons/a.png", "../../a.png", ".hidden/a.png", "b/.c/a.png"])
def test_what_is_hidden_or_elsewhere_has_none(folder: Path, name: str) -> None:
    """A server gives out no hidden folder, and where none is known nothing above the notebook."""
    assert url(written(folder / name)) is None


def test_a_file_that_is_gone_has_none(folder: Path) -> None:
    """What somebody removed meanwhile is no error."""
    assert url(folder / "gone.png") is None


def test_all_that_the_server_gives_out_has_an_address(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder beside that of the notebook is within reach, and one outside the root is not."""
    served(monkeypatch, tmp_path)
    assert str(url(written(folder / "../lessons/a.png"))).startswith("../lessons/a.png?v=")
    assert url(written(folder / "../../a.png")) is None
    link = tmp_path / "elsewhere"
    link.symlink_to(tmp_path / "root")
    assert url(link / "lessons/a.png") is not None


def test_a_cell_may_change_its_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Addresses are those of the notebook, wherever its kernel stands."""
    served(monkeypatch, tmp_path)
    monkeypatch.setenv("JPY_SESSION_NAME", str(written(folder / "a.ipynb")))
    path = written(folder / "out" / "a.png")
    monkeypatch.chdir(tmp_path)
    assert str(url(path)).startswith("out/a.png?v=")


@pytest.mark.parametrize("told", ["", "[]", "{}", '{"root_dir": null}'])
def test_a_server_that_tells_nothing_of_use_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    """Whatever stands in its file, the panel is shown."""
    served(monkeypatch, tmp_path)
    written(tmp_path / "runtime" / "jpserver-4321.json", told.encode())
    assert server_folder() is None


def test_a_picture_in_a_saved_notebook_is_small_and_needs_no_address(tmp_path: Path) -> None:
    """The copy is a few kilobytes, whatever the size of the picture, and stays within its width
    where a notebook that is not trusted has no styles.
    """
    Image.effect_noise((1280, 720), 80).convert("RGB").save(tmp_path / "large.png")
    shown = figure(tmp_path / "large.png", None, "<A noise>")
    assert 'alt="&lt;A noise&gt;" width="320"' in shown
    data = base64.b64decode(shown.partition("base64,")[2].partition('"')[0])
    assert Image.open(io.BytesIO(data)).size == (320, 180)
    assert len(shown) < 60_000


def test_a_broken_or_missing_picture_leaves_no_room(tmp_path: Path) -> None:
    """What is no picture, or is gone, is not shown at all."""
    (tmp_path / "broken.png").write_bytes(b"no picture")
    assert figure(tmp_path / "broken.png", None, "x") == ""
    assert figure(tmp_path / "gone.png", None, "x") == ""


def test_a_film_in_a_saved_notebook_plays_where_it_can_be_reached(folder: Path) -> None:
    """Beside the notebook it has an address and its picture as a poster; elsewhere the picture
    stands in its place.
    """
    Image.new("RGB", (64, 36)).save(folder / "a.png")
    film = written(folder / "a.mp4")
    shown = figure(folder / "a.png", film, "A film")
    assert '<video controls preload="none" width="320" src="a.mp4?v=' in shown
    assert ' poster="data:image/jpeg;base64,' in shown
    outside = figure(folder / "a.png", written(folder / ".hidden.mp4"), "A film")
    assert outside.startswith("<figure><img ")


def test_the_modules_of_the_page_become_one_script() -> None:
    """Nothing is left of their imports, and one thing is given to the widget manager."""
    text = script()
    assert not re.search(r"^import ", text, re.MULTILINE)
    assert re.findall(r"^export .*", text, re.MULTILINE) == ["export default { render };"]
    assert "innerHTML" not in text
