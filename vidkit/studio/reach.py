"""Whether the notebook can show a file, and by which address.

A notebook's server gives out what lies in its folder, and nothing hidden. What lies elsewhere
has no address; it is shown from its bytes, where it is small enough for a kernel's message.
"""

from __future__ import annotations

import base64
import io
import json
import os
from functools import cache
from pathlib import Path
from urllib.parse import quote

from ..lesson import IMAGES

LARGEST_EMBEDDED = 1_500_000
"""Bytes. A notebook's server drops what a kernel sends beyond 3 MB in three seconds, and
base64 makes 4 bytes of 3."""

THUMBNAIL = (320, 320)
"""Pixels: ten of them leave a saved notebook under 200 KB."""

_KINDS = {
    ".mp4": "video/mp4",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
}


def url(path: Path) -> str | None:
    """A file's address relative to the notebook, with its age, so that a file that was made
    anew is loaded anew. None where the notebook cannot reach it, or it is gone.
    """
    try:
        age = path.stat().st_mtime_ns
    except OSError:
        return None
    here = notebook_folder()
    path = Path(os.path.abspath(path))  # noqa: PTH100 - `..` goes, links stay
    inside = _inside(path, server_folder() or here)
    if inside is None or any(part.startswith(".") for part in inside.parts):
        return None
    relative = Path(os.path.relpath(path, here))
    return f"{quote(relative.as_posix())}?v={age}"


def _inside(path: Path, folder: Path) -> Path | None:
    """`path` as seen from `folder`, as it is written or as it is; None where it is outside."""
    for one, other in ((path, folder), (path.resolve(), folder.resolve())):
        if one.is_relative_to(other):
            return one.relative_to(other)
    return None


def notebook_folder() -> Path:
    """The folder of the notebook, also where a cell has changed the working directory."""
    notebook = Path(os.environ.get("JPY_SESSION_NAME", ""))
    return notebook.parent if notebook.is_absolute() and notebook.is_file() else Path.cwd()


@cache
def server_folder() -> Path | None:
    """The folder that the notebook's server gives out, as it wrote it down; None without one."""
    server = os.environ.get("JPY_PARENT_PID")
    try:
        from jupyter_core.paths import jupyter_runtime_dir

        told = json.loads(
            (Path(jupyter_runtime_dir()) / f"jpserver-{server}.json").read_text("utf-8")
        )
        return Path(told["root_dir"])
    except (ImportError, OSError, ValueError, KeyError, TypeError):
        return None


def embedded(path: Path) -> str | None:
    """A file as a `data:` address: a small copy of a picture, and a sound or a video as it is.
    None where it is too large, or cannot be read.
    """
    try:
        if path.suffix in _KINDS:
            if path.stat().st_size > LARGEST_EMBEDDED:
                return None
            return _address(_KINDS[path.suffix], path.read_bytes())
        return _address("image/jpeg", _thumbnail(path)) if path.suffix in IMAGES else None
    except (OSError, ValueError):
        return None


def _address(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _thumbnail(path: Path) -> bytes:
    from PIL import Image

    small = io.BytesIO()
    with Image.open(path) as picture:
        picture.thumbnail(THUMBNAIL)
        picture.convert("RGB").save(small, "JPEG", quality=72)
    return small.getvalue()
