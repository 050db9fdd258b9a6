"""What a panel shows agrees with what is there: after papermill, nbconvert, a restart, a copy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from a_notebook import notebook
from a_page import Page
from some_lessons import GOOD
from stand_ins import written

from vidkit.studio import Studio

pytestmark = pytest.mark.filterwarnings("ignore")

CELL = """from vidkit.studio import Studio
studio = Studio("lessons", images="simulated:0.01", voice="simulated:latency=0.01,seconds=0.3",
                size=(320, 180), cache_dir="store")
studio"""
MAKE = "studio.make()\nreport = await studio"


def studio(folder: Path, store: str = "store") -> Studio:
    """What the cell shows, in a kernel that has just been started."""
    pretend = {"images": "simulated:0.01", "voice": "simulated:latency=0.01,seconds=0.3"}
    made = Studio(folder / "lessons", size=(320, 180), cache_dir=folder / store, **pretend)
    assert made.sections is not None
    made.sections.wait()
    return made


RAN_AND_SHOWN = """
import papermill
from nbconvert.nbconvertapp import main

papermill.execute_notebook(
    "notebook.ipynb", "ran.ipynb", kernel_name="python3", progress_bar=False
)
main(["--to", "html", "--embed-images", "ran.ipynb"])
"""


def run(folder: Path, code: str) -> None:
    """Run a program of Python in a folder, with nothing but it."""
    own = {name: str(folder / ".own" / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=os.environ | own,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_papermill_and_nbconvert_keep_what_was_made(tmp_path: Path) -> None:
    """A notebook that papermill ran shows every section as made, and so does the page that
    nbconvert makes of it, with its pictures in it.
    """
    pytest.importorskip("papermill")
    written(tmp_path / "lessons", "rainbow", 3, title="How a Rainbow Forms")
    notebook(tmp_path, CELL, MAKE)
    run(tmp_path, RAN_AND_SHOWN)
    ran = nbformat.read(tmp_path / "ran.ipynb", as_version=4)
    pages = [
        output["data"]["text/html"]
        for output in ran.cells[0].outputs
        if "text/html" in output.get("data", {})
    ]
    assert len(pages) == 1
    assert pages[0].count("· made") == 3
    assert "not made yet" not in pages[0]
    page = (tmp_path / "ran.html").read_text("utf-8")
    assert page.count("data:image/jpeg;base64,") >= 3
    assert "not made yet" not in page


def test_what_is_there_is_shown_anew(tmp_path: Path) -> None:
    """A new kernel shows what an earlier one made, film and cards, and what is gone as gone; so
    does a copy in another folder.
    """
    written(tmp_path / "lessons", "rainbow", 3, title="How a Rainbow Forms")
    first = studio(tmp_path)
    first.make()
    assert first.run is not None
    first.run.result()
    for again in (tmp_path, Path(shutil.copytree(tmp_path, tmp_path / "copy"))):
        page = Page(studio(again))
        assert page.states() == ["made"] * 3
        film, kind = page.fetched(page.view.player["film"])
        assert kind == "video/mp4"
        assert film == (again / "lessons/output_rainbow/final_video.mp4").read_bytes()
        assert page.fetched(page.card(2)["clip"])[1] == "video/mp4"
    shutil.rmtree(tmp_path / "lessons/output_rainbow")
    page = Page(studio(tmp_path))
    assert page.view.player.get("film") is None
    assert page.states() == ["ready to join"] * 3
    assert Page(studio(tmp_path, "another store")).states() == ["not made yet"] * 3


def test_what_was_edited_elsewhere_is_shown_as_it_is_now(tmp_path: Path) -> None:
    """A section that another program reworded is not made yet, and the others are."""
    written(tmp_path / "lessons", "rainbow", 3, title="How a Rainbow Forms")
    first = studio(tmp_path)
    first.make()
    assert first.run is not None
    first.run.result()
    lesson = first.lessons.lesson
    assert lesson is not None
    told = [
        {"title": each.title, "image_description": each.image_description, "content": each.content}
        for each in lesson.sections
    ]
    told[1] = {**GOOD, "title": "Another"}
    told = [{key: text for key, text in each.items() if text} for each in told]
    written(tmp_path / "lessons", "rainbow", told, title="How a Rainbow Forms")
    assert Page(studio(tmp_path)).states() == ["made", "not made yet", "made"]


def test_why_a_section_that_was_made_alone_failed_is_told_on_its_own_card(tmp_path: Path) -> None:
    """A report of the second section says nothing of the first, which it has none of."""
    written(tmp_path / "lessons", "rainbow", 3)
    first = studio(tmp_path)
    first.make()
    assert first.run is not None
    report = first.run.result().folder / "report.json"
    told = json.loads(report.read_bytes())
    told["sections"] = [told["sections"][1] | {"state": "failed", "error": "refused"}]
    report.write_text(json.dumps(told))
    page = Page(studio(tmp_path, "another store"))
    assert page.states() == ["not made yet", "failed", "not made yet"]
