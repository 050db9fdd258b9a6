"""What vidkit does in a notebook's kernel, or in IPython; and JupyterLab, opened on its notebooks.

Its own errors show their message alone there, and a result shows its video. Nothing of IPython is
imported here: it is there already, or this is no notebook.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

from .errors import SettingsError, VidkitError
from .paths import is_file, is_folder, path_given, why_unwritable

_PLAYERS = "vidkit.studio.videos"
"""What shows a video. It stands floors above and costs half a second, so it is named here and
loaded in a kernel alone."""


def running_shell() -> Any:
    """The IPython that this process is, None where it is another program."""
    there = sys.modules.get("IPython")
    found = getattr(there, "get_ipython", None)  # not yet, while IPython itself is being imported
    return found() if found is not None else None


def in_kernel() -> bool:
    """Whether there is a notebook that shows what is displayed."""
    return getattr(running_shell(), "kernel", None) is not None


def put(data: Mapping[str, str], name: str, *, again: bool = False) -> None:
    """Display something in the cell under a name; later, `again`, other data in its place."""
    from IPython.display import display

    shown: Any = display  # it is not typed
    shown(dict(data), raw=True, display_id=name, update=again)


def show_video(report: object) -> None:
    """Show the videos of a report in a notebook, to be played there; nothing elsewhere."""
    if in_kernel():
        import_module(_PLAYERS).show(report)


def show_latest(report: object) -> None:
    """The same for a cell that makes several: it ends in one player, with the latest video."""
    if in_kernel():
        import_module(_PLAYERS).show_latest(report)


def shorten_errors() -> None:
    """Have vidkit's errors in a cell show their message alone; `%tb` has the rest. What somebody
    has set for other errors stays, and wins.
    """
    shell = running_shell()
    if shell is None or VidkitError in shell.custom_exceptions:
        return
    before, handler = shell.custom_exceptions, shell.CustomTB

    def show(
        shell: Any,
        kind: type[BaseException],
        error: BaseException,
        where: TracebackType | None,
        tb_offset: int | None = None,
    ) -> list[str]:
        if isinstance(error, before):
            shown: list[str] = handler(kind, error, where, tb_offset=tb_offset)
            return shown
        sys.last_type, sys.last_value, sys.last_traceback = kind, error, where  # what %tb shows
        told = [f"{kind.__name__}: {error}", "", "%tb shows where it was raised."]
        shell._showtraceback(kind, error, told)
        return told

    shell.set_custom_exc((*before, VidkitError), show)


# `vidkit lab`: JupyterLab, open on vidkit's first notebook.
#
# In a checkout the notebooks are opened where they are. An installed vidkit carries a copy of them,
# which is put into a folder of one's own: notebooks are there to be changed, and a package is not.


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
