"""Ctrl-C while the command line is still being imported: quiet, and with the right exit code.

Importing this does it, where this process is the command line and not a program that calls it.
It is the first thing that the command line imports, and so imports next to nothing itself.
"""

from __future__ import annotations

import os
import sys
from types import TracebackType

INTERRUPTED = 130
"""The exit code of a process that was interrupted."""

PROGRAM = os.path.basename(sys.argv[0]) in ("vidkit", "__main__.py", "-m")  # noqa: PTH119
"""Whether this process is the command line."""


def _quiet(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    if kind is KeyboardInterrupt:
        sys.stderr.write("\n")
    elif isinstance(error.__cause__, KeyboardInterrupt):  # came while a class was being made
        os._exit(INTERRUPTED)
    else:
        sys.__excepthook__(kind, error, where)


if PROGRAM:
    sys.excepthook = _quiet
