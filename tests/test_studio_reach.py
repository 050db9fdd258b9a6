"""Which files a notebook can show, and by which address."""

from __future__ import annotations

import base64
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from vidkit.studio.widgets import LARGEST_EMBEDDED, embedded, media, server_folder, url


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
    """What somebody removed meanwhile is told, and no error."""
    assert url(folder / "gone.png") is None
    assert "gone.wav" in media(folder / "gone.wav", "Narration")


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


def test_a_picture_out_of_reach_is_shown_as_a_small_copy(tmp_path: Path) -> None:
    """The copy is a few kilobytes, whatever the size of the picture."""
    path = tmp_path / "large.png"
    Image.effect_noise((1280, 720), 40).save(path)
    address = str(embedded(path))
    assert address.startswith("data:image/jpeg;base64,")
    with Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))) as small:
        assert small.size == (320, 180)
    assert len(address) < 20_000
    assert address in media(path, "A picture")


def test_a_sound_out_of_reach_is_shown_when_it_is_asked_for(tmp_path: Path) -> None:
    """Its bytes are sent only then, and not where a server would drop them."""
    path = written(tmp_path / "a.wav", b"sound")
    assert str(path) in media(path, "Narration")
    assert "data:audio/wav;base64,c291bmQ=" in media(path, "Narration", embed=True)
    written(path, bytes(LARGEST_EMBEDDED + 1))
    assert str(path) in media(path, "Narration", embed=True)


def test_a_broken_picture_is_named(tmp_path: Path) -> None:
    """What is no picture is told by its path."""
    assert "a.png" in media(written(tmp_path / "a.png"), "A picture")
