"""The house: tiers, the cost of importing, and files that must say the same."""

from __future__ import annotations

import ast
import graphlib
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

from vidkit.core.system import DISTRIBUTION

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "vidkit"

FLOORS = {
    7: "studio cli",
    6: "api",
    5: "draft cluster forecasting",
    4: "pipeline",
    3: "providers",
    2: "models store report media slides",
    1: "text core",
}
"""The house, as `.github/CONTRIBUTING.md` shows it. A module imports from its own room and from the
floors below; on one floor only from a room further to the right."""

ORDER = [room for floor in sorted(FLOORS, reverse=True) for room in FLOORS[floor].split()]
DOORS = {"__init__", "__main__", "errors", "events"}
"""Modules that only lead to a room, by the names under which others import it."""


def modules() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if room(p) not in DOORS)


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


@cache
def parsed(path: Path) -> ast.Module:
    """The statements of a module."""
    return ast.parse(path.read_text("utf-8"))


def imported_rooms(path: Path) -> set[str]:
    """The rooms of vidkit that a module imports, wherever in its text."""
    here = path.relative_to(ROOT).with_suffix("").parts[:-1]
    found = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = here[: len(here) - node.level + 1]
            target = (*base, *(node.module or "").split("."))[1:]
            found |= {target[0]} if target and target[0] else {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("vidkit"):
            raise AssertionError(f"{path}: import from vidkit relatively")
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_from_lower_floors(path: Path) -> None:
    """No arrow leads up, and none in a circle."""
    mine = room(path)
    assert mine in ORDER, f"{mine} has no floor: give it one in {Path(__file__).name}"
    for other in imported_rooms(path) - {mine}:
        assert other in ORDER, f"{path.name} imports {other}, which has no floor"
        assert ORDER.index(other) > ORDER.index(mine), f"{mine} imports {other} above it"


def imported_files(path: Path) -> set[Path]:
    """The files of vidkit that a module takes something from, wherever in its text."""
    found: set[Path] = set()
    tree = parsed(path)
    typed = [n for n in tree.body if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.dump(n.test)]
    only_types = {id(inner) for outer in typed for inner in ast.walk(outer)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level and id(node) not in only_types:
            base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            found |= {base.with_suffix(".py"), *(base / f"{each.name}.py" for each in node.names)}
    return {each for each in found if each.is_file()}


def test_no_files_import_each_other_in_a_circle() -> None:
    """Within a room too a reader can begin at the ground: no import leads back, however late."""
    graphlib.TopologicalSorter({path: imported_files(path) for path in modules()}).prepare()


def test_the_house_is_small() -> None:
    """One `ls` tells the story, and no file is two things."""
    files = list(PACKAGE.rglob("*.py"))
    assert len(ORDER) <= 15
    assert len(files) <= 155
    long = {p.name for p in files if len(p.read_text("utf-8").splitlines()) > 700}
    assert not long


def test_the_page_for_contributors_shows_this_house() -> None:
    """Its picture has these rooms on these floors, and the files that it names are there."""
    page = (ROOT / ".github" / "CONTRIBUTING.md").read_text("utf-8")
    for floor, rooms in FLOORS.items():
        found = re.search(rf"(?m)^ +{floor} +((?:\w+(?: · )?)+)", page)
        assert found and found[1].replace(" · ", " ").split() == rooms.split(), floor
    named = {name for name in re.findall(r"`([a-z_]+/[a-z_]+\.py)`", page) if "test_" not in name}
    assert len(named) >= 10
    assert all((PACKAGE / name).is_file() for name in named), named


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


HEAVY = {
    "moviepy",
    "openai",
    "gtts",
    "ipywidgets",
    "av",
    "typst",
    "numpy",
    "PIL",
    "IPython",
    "distributed",
    "markdown_it",
}


def test_importing_vidkit_loads_nothing_heavy() -> None:
    """`import vidkit` costs next to nothing: no library of media, network or widgets comes in."""
    loaded = loaded_by("import vidkit; vidkit.Settings(); vidkit.__version__")
    assert not loaded & HEAVY
    assert len(loaded) < 350
    assert "pydantic" not in loaded_by("import vidkit; vidkit.__version__")


def test_the_command_line_loads_nothing_heavy() -> None:
    """`vidkit --help` needs nothing of what makes videos."""
    loaded = loaded_by("import vidkit.cli")
    assert not loaded & (HEAVY - {"markdown_it"})
    assert not {each for each in loaded if each.startswith(("vidkit.media.", "vidkit.pipeline."))}


def test_reading_lessons_loads_nothing_heavy() -> None:
    """`vidkit check` needs no media library."""
    assert not loaded_by("from vidkit import load_lesson") & (HEAVY - {"numpy"})


PUBLIC = {
    "BatchReport",
    "Budget",
    "Forecast",
    "Lesson",
    "Plan",
    "Run",
    "Section",
    "SectionReport",
    "Settings",
    "Snapshot",
    "Studio",
    "Sweep",
    "VideoReport",
    "VidkitError",
    "allow_nested",
    "course_from",
    "edited",
    "forecast",
    "generate_video",
    "generate_video_from_json",
    "lesson_from",
    "load_lesson",
    "plan",
    "process_all_videos",
    "process_videos",
    "save_lesson",
    "start",
    "start_all",
    "sweep",
    "take_back",
    "takes",
}
"""Names that others rest on: one that goes, or changes, is told in `vidkit/CHANGES.md`."""


def test_what_changed_is_told_for_this_version() -> None:
    """The list of changes begins with the version that the project has."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    versions = re.findall(r"(?m)^## (\S+)$", (PACKAGE / "CHANGES.md").read_text("utf-8"))
    assert versions[0] == project["version"]


def test_the_public_names_are_these() -> None:
    """What vidkit promises to keep is pinned."""
    import vidkit

    assert vidkit.__all__ == sorted(vidkit.__all__, key=lambda n: (n[0].islower(), n))
    assert set(vidkit.__all__) == PUBLIC
    for name in vidkit.__all__:
        assert getattr(vidkit, name).__doc__, name
    assert dir(vidkit) == vidkit.__all__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = vidkit.nothing


def test_no_public_name_is_that_of_a_module() -> None:
    """A module that is imported takes the place of what has its name in the package."""
    import vidkit

    assert not {room(path) for path in modules()} & set(vidkit.__all__)


def test_environment_and_project_say_the_same() -> None:
    """`environment.yml` gives the Python that `pyproject.toml` asks for, and installs the
    project itself, whose dependencies are then the same.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [line.strip("- \n") for line in (ROOT / "environment.yml").read_text().splitlines()]
    python = next(line for line in lines if line.startswith("python"))
    assert python.removeprefix("python") == project["requires-python"]
    assert ".[lab,test]" in lines
    assert {"lab", "test"} <= project["optional-dependencies"].keys()
    assert "name: vidkit" in lines


def test_nobody_is_told_to_install_a_stranger_s_package() -> None:
    """`vidkit` is another project's name where packages come from: no page or message asks for it,
    and what is installed from here has a name of its own.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["name"] == DISTRIBUTION != "vidkit"
    asked = re.compile(r"(?:pip3?|uv|pipx|conda) (?:install|add)[^\n]*[\s'\"\\]vidkit(?![-/\w])")
    pages = [*ROOT.glob("*.md"), *ROOT.glob("notebooks/*.ipynb"), *PACKAGE.rglob("*.py")]
    pages += [*PACKAGE.glob("*.md"), *ROOT.glob(".github/**/*.md"), ROOT / "environment.yml"]
    assert not [page.name for page in pages if asked.search(page.read_text("utf-8"))]


def test_what_the_user_named_is_used() -> None:
    """Every package the project was asked to rest on is a dependency, by its name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {re.split(r"[<>=!~ \[]", each)[0] for each in project["dependencies"]}
    needed |= {re.split(r"[<>=!~ \[]", e)[0] for e in project["optional-dependencies"]["test"]}
    named = {"ipywidgets", "nest-asyncio", "moviepy", "openai", "gtts", "tqdm", "nbval"}
    assert named <= needed


NAMED = {"gtts", "nbval", "nest-asyncio", "python-pptx"}
"""Packages that the user asked for by name, although their newest release is old."""


def test_no_dependency_is_left_alone() -> None:
    """Each had a release in the two years before it was looked at; a new one is looked at, too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    needed = [*project["dependencies"], *(each for extra in extras for each in extra)]
    first, *lines = (ROOT / "tests" / "releases.txt").read_text().splitlines()
    months = dict(line.split() for line in lines)
    assert {re.split(r"[<>=!~ \[;]", each)[0].lower() for each in needed} <= months.keys()
    year, month = first.rstrip(".").split()[-1].split("-")
    old = {name for name, when in months.items() if when < f"{int(year) - 2}-{month}"}
    assert old <= NAMED


def test_the_top_level_is_what_was_asked_for() -> None:
    """notebooks, vidkit, tests, environment.yml, README.md, and what a project needs beside."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.splitlines()
    if not listed:
        pytest.skip("not a git checkout: nothing to list")
    visible = {name.split("/")[0] for name in listed if not name.startswith(".")}
    assert visible == {
        "LICENSE",
        "README.md",
        "environment.yml",
        "notebooks",
        "pyproject.toml",
        "tests",
        "vidkit",
    }
