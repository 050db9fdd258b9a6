"""The Python that does what the panel does."""

from __future__ import annotations

import asyncio
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stand_ins import written

from vidkit.models import Settings, edited, load_lesson
from vidkit.providers.simulated import Simulated
from vidkit.store import Budget
from vidkit.studio.studio import making, making_all

QUICK = Settings(
    images="simulated:0",
    voice="simulated:latency=0,seconds=0.3",
    size=(64, 36),
    section_workers=3,
    progress=False,
)


def carried_out(code: str) -> Any:
    """What the cell's last line shows."""
    body = code.splitlines()
    assert body[-1] == "report"
    source = "async def cell():\n" + textwrap.indent("\n".join([*body[:-1], "return report"]), "  ")
    names: dict[str, Any] = {}
    exec(source, names)
    return asyncio.run(names["cell"]())


def test_defaults_are_one_line(tmp_path: Path) -> None:
    """What is as it always is needs no word."""
    assert making(Path("lessons/1.json"), Settings(progress=False)).splitlines() == [
        "import vidkit",
        "",
        "report = await vidkit.generate_video('lessons/1.json')",
        "report",
    ]


def test_it_runs_and_gives_the_same(tmp_path: Path) -> None:
    """The cell makes the same video, with the settings of the panel."""
    path = written(tmp_path, sections=2)
    code = making(path, QUICK)
    report = carried_out(code)
    assert report.made
    assert report.sections[0].image_by == "simulated"
    assert "section_workers=3" in code
    assert "size=(64, 36)" in code
    assert "progress" not in code


def test_edits_that_are_not_saved_are_made_again(tmp_path: Path) -> None:
    """The cell makes what the panel shows, also where the file has other words."""
    path = written(tmp_path, sections=2)
    read = load_lesson(path)
    shown = edited(read, 1, content='It\'s "new"\nand long.', title="New")
    code = making(path, QUICK, shown, read)
    report = carried_out(code)
    assert [section.title for section in report.sections] == [None, "New"]
    names: dict[str, Any] = {}
    exec(code[: code.index("report")], names)
    assert names["lesson"] == shown
    assert making(path, QUICK, read, read) == making(path, QUICK)
    for lesson in (replace(read, title="New"), replace(read, speakers={"Ana": "espeak:es"})):
        assert "press Save lesson first" in making(path, QUICK, lesson, read)


def test_a_whole_folder(tmp_path: Path) -> None:
    """*Make all* is one call too."""
    written(tmp_path, "1", 1)
    written(tmp_path, "2", 1)
    report = carried_out(making_all(tmp_path, QUICK))
    assert [video.made for video in report] == [True, True]


@pytest.mark.parametrize(
    "change",
    [
        {"images": ("simulated:1", "slides")},
        {"budget": Budget("course", 2.5)},
        {"cache_dir": "some/where"},
        {"on_failure": "placeholder", "gap": 0.0, "adaptive": False},
        {"budget": [Budget("a", 1), Budget("b", 2)]},
    ],
)
def test_settings_come_back_as_they_were(change: dict[str, Any]) -> None:
    """What is written evaluates to what was chosen."""
    import vidkit

    code = making(Path("x.json"), Settings(**change))
    given = code[code.index("generate_video(") + len("generate_video('x.json',") : code.rindex(")")]
    found = eval(f"dict({given.partition(',')[2]})", {"vidkit": vidkit})
    assert Settings(**found) == Settings(**change)


def test_what_cannot_be_written_is_asked_for(tmp_path: Path) -> None:
    """An object of somebody's own is named, and a key is nowhere in it."""
    code = making(Path("x.json"), Settings(images=Simulated(), api_key="sk-secret-1234567890"))
    assert "# add images=" in code
    assert "# add api_key=" in code
    assert "sk-secret" not in code
    compile(code.replace("await ", ""), "cell", "exec")
