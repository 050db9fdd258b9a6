"""The IPython extension: `%vidkit` and `%%lesson`, in a shell and in a real kernel."""

from __future__ import annotations

import atexit
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from stand_ins import written
from traitlets.config import Config

import vidkit
from vidkit import Plan
from vidkit.core.loop import Interrupted
from vidkit.report import BatchReport, VideoReport

QUICK = "--images simulated:0.01 --voice simulated:latency=0.01,seconds=0.5 --size 160x90 --quiet"
LESSON = json.dumps({"title": "Two", "sections": [{"image_description": "a", "content": "b."}] * 2})


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """An IPython shell with the extension, that stands in an empty folder."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.chdir(tmp_path)
    made = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    made.extension_manager.load_extension("vidkit")
    yield made
    # each shell would collect the garbage of the whole process when that ends
    atexit.unregister(made.atexit_operations)


def test_a_command_gives_its_report(shell: InteractiveShell, tmp_path: Path) -> None:
    """`%vidkit` runs what the command line runs, and the report can be kept in a variable."""
    written(tmp_path, "one", 2)
    written(tmp_path, "two", 1)
    report = shell.run_line_magic("vidkit", f"make one.json --workers 2 {QUICK}")
    assert isinstance(report, VideoReport) and report.made
    assert report.path == Path("output_one/final_video.mp4")
    plan = shell.run_line_magic("vidkit", "plan one.json two.json")
    assert isinstance(plan, Plan) and plan.sections == 3
    assert isinstance(shell.run_line_magic("vidkit", f"batch . {QUICK}"), BatchReport)


def test_what_a_command_says_is_printed(
    shell: InteractiveShell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command without a report prints what it says; `%vidkit` alone says what there is."""
    written(tmp_path, "one", 2)
    assert shell.run_line_magic("vidkit", "check one.json") is None
    assert "2 sections, no faults" in capsys.readouterr().out
    assert shell.run_line_magic("vidkit", "") is None
    assert "make one lesson's video" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("make nowhere.json", "nowhere.json"),
        ("make one.json --workers 99", "section_workers"),
        ("make one.json --size tiny", "WIDTHxHEIGHT"),
        ("sing", "invalid choice"),
        ("make 'one.json", "No closing quotation"),
        ("lab", "a notebook already"),
    ],
)
def test_what_goes_wrong_is_said_without_a_traceback(
    shell: InteractiveShell,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    line: str,
    told: str,
) -> None:
    """No error of ours and no exit of the command line ends a cell."""
    written(tmp_path, "one", 1)
    assert shell.run_line_magic("vidkit", line) is None
    said = capsys.readouterr().err
    assert told in said and "Traceback" not in said


def test_a_lesson_in_a_cell_is_made_and_shown(
    shell: InteractiveShell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its output goes to a folder of its name; the lesson itself leaves no file."""
    report = shell.run_cell_magic("lesson", f"rain/bow {QUICK}", LESSON)
    assert isinstance(report, VideoReport) and report.made and report.title == "Two"
    assert (tmp_path / "rain/output_bow/final_video.mp4").is_file()
    assert not list(tmp_path.rglob("bow.json"))
    assert shell.run_cell_magic("lesson", QUICK, LESSON).name == "lesson"


@pytest.mark.parametrize("cell", ["{", '{"sections": []}', "\ud800"])
def test_a_faulty_lesson_in_a_cell_is_told(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str
) -> None:
    """Its faults are named as those of a file are."""
    assert shell.run_cell_magic("lesson", "rainbow", cell) is None
    said = capsys.readouterr().err
    assert "rainbow.json" in said and "Traceback" not in said


def test_the_extension_is_found_and_costs_nothing_before() -> None:
    """`%load_ext vidkit` finds it on the package, where it is no public name of ours."""
    assert vidkit.load_ipython_extension.__doc__
    assert "load_ipython_extension" not in vidkit.__all__


CELLS = (
    "%load_ext vidkit",
    "import asyncio\nasync def one(): return 'nested'\nasyncio.run(one())",
    "%vidkit make nowhere.json",
    f"%%lesson rainbow {QUICK}\n{LESSON}",
)

QUICKLY = (
    "dict(images='simulated:0', voice='simulated:latency=0,seconds=0.3', size=(160, 90),"
    " cache=False)"
)
RESULTS = (
    f"import vidkit\nquick = {QUICKLY}\n"
    "for _ in range(2):\n"
    "    path = vidkit.generate_video_from_json('one.json', 'out', **quick)\n"
    "path",
    "print(path, isinstance(path, __import__('pathlib').Path))",
    "vidkit.generate_video_from_json('one.json', 'out', progress=False, **quick)",
    "vidkit.load_lesson('nowhere.json')",
    "%tb",
    "1 / 0",
    "vidkit.process_all_videos(['one.json'], progress=False, **quick)",
)


def run_cells(cells: tuple[str, ...], folder: Path) -> list[list[Any]]:
    """What each cell puts out in a real kernel."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(
        notebook, timeout=60, kernel_name="python3", allow_errors=True, resources=resources
    )
    client.create_kernel_manager().kernel_spec.argv[0] = sys.executable
    client.execute()
    return [cell.outputs for cell in notebook.cells]


def test_a_cell_ends_in_what_was_made(tmp_path: Path) -> None:
    """A call in a cell ends in one player and a true line, and gives a path; with `progress=False`
    it is silent. A report shows its video first. An error shows its message and no internals,
    which `%tb` has, and other errors are as ever.
    """
    written(tmp_path, "one", 2, title="<b>One")
    first, printed, silent, wrong, whole, other, batch = run_cells(RESULTS, tmp_path)
    texts = [output["data"]["text/plain"] for output in first]
    assert sum("100%|" in text and "2/2 sections, took" in text for text in texts) == 2
    players = [output for output in first if WIDGET in output["data"]]
    assert len(players) == 1
    saved = [page(output) for output in first if "text/html" in output["data"]]
    assert len(saved) == 1
    assert "&lt;b&gt;One" in saved[0] and "<b>One" not in saved[0]
    assert len(saved[0]) < 60_000
    assert printed[0]["text"] == "out/final_video.mp4 True\n"
    assert [set(output["data"]) for output in silent] == [{"text/plain"}]
    told = "\n".join(wrong[0]["traceback"])
    assert told.startswith("LessonError: nowhere.json: there is no such file")
    assert len(told.splitlines()) == 3
    assert "Traceback" in "\n".join(whole[0]["traceback"])
    assert "Traceback" in "\n".join(other[0]["traceback"])
    assert WIDGET in batch[0]["data"]
    assert "1 of 1 lesson complete" in page(batch[-1])


WIDGET = "application/vnd.jupyter.widget-view+json"


def test_a_real_kernel_shows_video_and_report(tmp_path: Path) -> None:
    """In a notebook the cell's lesson is followed by its video and its report, an error is a
    line of text, and `asyncio.run` works.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in CELLS])
    client = NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.create_kernel_manager().kernel_spec.argv[0] = sys.executable
    client.execute()
    _, nested, wrong, made = (cell.outputs for cell in notebook.cells)
    assert nested[0]["data"]["text/plain"] == "'nested'"
    assert [each["text"] for each in wrong if each["output_type"] == "stream"] == [
        "vidkit: nowhere.json: there is no such file; check its name\n"
    ]
    pages = [page(output) for output in made if "text/html" in output.get("data", {})]
    assert 'src="output_rainbow/final_video.mp4?v=' in pages[0]
    assert "2 of 2" in pages[1]


def page(output: Any) -> str:
    """The HTML of an output."""
    return str(output["data"]["text/html"])


def test_an_interrupted_call_shows_no_internals() -> None:
    """A cell shows of Ctrl-C that the run was cancelled; a script still sees the interrupt."""
    stopped = Interrupted("cancelled; what was finished is kept")
    assert isinstance(stopped, KeyboardInterrupt)
    assert stopped._render_traceback_() == [f"KeyboardInterrupt: {stopped}"]
