"""`asyncio.run(...)` in notebook cells of one's own, for those who want it.

vidkit's calls never need this: they run on vidkit's loop. A cell that calls
`asyncio.run` itself finds the kernel's loop running and fails, unless that loop is
patched to nest. Importing vidkit never patches anything; `allow_nested` does.
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from .errors import VidkitError


def allow_nested() -> str:
    """Let `asyncio.run` be called in this notebook's cells. Gives the name of what did it.

    `nest-asyncio` is archived, and on ipykernel 7 "Run All" hangs under it; its successor
    `nest-asyncio2` serves on 6 and 7, and comes with ipykernel 7.4. So the successor is
    taken where it is there, the old one on ipykernel 6 alone.
    Raises `VidkitError` where neither is safe, or no loop is running.
    """
    module = _safe()
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise VidkitError(
            "there is no running loop to nest in: asyncio.run works here as it is"
        ) from None
    import_module(module).apply()
    return module


def _safe() -> str:
    if find_spec("nest_asyncio2"):
        return "nest_asyncio2"
    try:
        kernel = int(version("ipykernel").partition(".")[0])
    except PackageNotFoundError:
        kernel = 0
    if kernel < 7 and find_spec("nest_asyncio"):
        return "nest_asyncio"
    raise VidkitError(
        f"nest-asyncio hangs on ipykernel {kernel}: pip install nest-asyncio2, "
        "or use await in the cell instead of asyncio.run"
    )
