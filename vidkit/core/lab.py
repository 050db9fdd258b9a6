"""`vidkit lab`: JupyterLab, open on vidkit's first notebook.

In a checkout the notebooks are opened where they are. An installed vidkit carries a copy of them,
which is put into a folder of one's own: notebooks are there to be changed, and a package is not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from .errors import SettingsError, VidkitError
from .paths import is_file, is_folder, path_given, why_unwritable

FIRST = "1-first-video.ipynb"
FOLDER = "vidkit-notebooks"
"""Where an installed vidkit puts them, unless another folder is named."""

_PACKAGE = Path(__file__).parent.parent


def open_lab(
    folder: Path | None = None,
    *,
    browser: bool = True,
    port: int | None = None,
    further: Sequence[str] = (),
) -> int:
    """Open JupyterLab on the first notebook, and give its exit code; where a process can become
    another one it does not come back.

    folder: where notebooks are, or are to be put; None is the checkout's, or `vidkit-notebooks`
    here. further: options that JupyterLab gets as they are.
    Raises `VidkitError` where JupyterLab is not installed, `SettingsError` for a folder that holds
    something else.
    """
    if find_spec("jupyterlab") is None:
        raise VidkitError("JupyterLab is not installed; install it with: pip install jupyterlab")
    root = notebooks(folder)
    first = FIRST if is_file(root / FIRST) else _others(root)[0].name
    words = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={root}"]
    words += [f"--LabApp.default_url=/lab/tree/{quote(first)}"]
    words += [] if browser else ["--no-browser"]
    words += [] if port is None else [f"--ServerApp.port={port}"]
    words += further
    sys.stdout.flush()
    if os.name == "posix":
        # signals reach JupyterLab and nobody else, and no process waits beside it
        os.execv(sys.executable, words)  # noqa: S606 - this very Python, and no shell
    return subprocess.call(words)  # noqa: S603


def notebooks(folder: Path | None = None) -> Path:
    """The folder with the notebooks, put there first where there are none. Nothing in it is
    overwritten. Raises `SettingsError` for one that holds something else.
    """
    source = _source()
    if folder is None and source is not None and source.parent != _PACKAGE:
        return source
    chosen = path_given("lab", folder or FOLDER, "a folder for the notebooks").absolute()
    if is_file(chosen / FIRST) or _others(chosen):
        return chosen
    if source is None:
        raise VidkitError(
            "vidkit was installed without its notebooks; name the folder in which they are: "
            "vidkit lab FOLDER"
        )
    if is_file(chosen) or (is_folder(chosen) and any(chosen.iterdir())):
        raise SettingsError(
            f"{chosen} holds something else than vidkit's notebooks; name an empty folder, or a "
            "new one"
        )
    try:
        shutil.copytree(source, chosen, ignore=_results, dirs_exist_ok=True)
    except OSError as error:
        why = why_unwritable(chosen, error, "vidkit lab FOLDER")
        raise SettingsError(f"the notebooks cannot be put into {chosen}: {why}") from error
    return chosen


def _others(folder: Path) -> list[Path]:
    """Notebooks that somebody has in a folder."""
    return sorted(folder.glob("*.ipynb")) if is_folder(folder) else []


def _source() -> Path | None:
    """The notebooks beside the package, in a checkout, or within it; None where there are none."""
    for place in (_PACKAGE.parent / "notebooks", _PACKAGE / "notebooks"):
        if (place / FIRST).is_file():
            return place
    return None


def _results(_: str, names: list[str]) -> set[str]:
    """What is no part of the notebooks: what was made with them."""
    return {name for name in names if name.startswith(("output_", "."))}
