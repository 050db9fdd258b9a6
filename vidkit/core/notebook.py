"""What vidkit does in a notebook's kernel, or in IPython, and nowhere else.

Its own errors show their message alone there, and a result shows its video. Nothing of IPython is
imported here: it is there already, or this is no notebook.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from types import TracebackType
from typing import Any

from .errors import VidkitError

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
