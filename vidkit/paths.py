"""Paths that a person gives: taken as they are meant, and what is wrong with them in words."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from .errors import SettingsError

_ELSEWHERE = "choose another folder with -o (output_dir=)"


def path_given(name: str, value: object, what: str = "the path of a lesson") -> Path:
    """The path that the argument `name` gives; `~` is the home folder.

    what: what the argument should be, for the error. Raises `SettingsError` for what no file
    can be called.
    """
    if not isinstance(value, str | Path) or not str(value):
        raise SettingsError(f"{name} is {shortened(value)}; give {what}")
    if "\0" in str(value):
        raise SettingsError(f"{name} is {shortened(value)}: no name has a NUL in it; rename it")
    try:
        return Path(value).expanduser()
    except RuntimeError:
        user = Path(value).parts[0]
        raise SettingsError(
            f"{name} is {shortened(value)}: there is no home folder {user}; write the whole path, "
            f"or ./{user} for a folder of that name"
        ) from None


def shortened(value: object, most: int = 80) -> str:
    """A value for an error, as Python writes it, and not all of one that is long."""
    try:
        said = repr(value)
    except Exception:  # the number of more than 4,300 digits, a class of somebody's own
        return f"a {type(value).__name__} that cannot be shown"
    return said if len(said) <= most else f"{said[: most - 1]}…"


def why_unwritable(path: Path, error: OSError | ValueError) -> str:
    """What keeps an output folder from being written, and the mend."""
    if not isinstance(error, OSError):
        return f"no folder can have this name; {_ELSEWHERE}"
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"the disk is full; make room or {_ELSEWHERE}"
        case errno.EFBIG:
            return f"File too large for this disk, or for `ulimit -f`; raise that or {_ELSEWHERE}"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return f"you may not write to {_at(path, error)}; allow it or {_ELSEWHERE}"
        case errno.ENAMETOOLONG:
            return "the name is too long; choose a shorter one with -o (output_dir=)"
        case errno.ELOOP:
            return f"a link in it leads to itself; {_ELSEWHERE}"
        case errno.EEXIST | errno.ENOTDIR | errno.EISDIR:
            return f"{_in_the_way(_at(path, error))}; move it away or {_ELSEWHERE}"
    return f"{error.strerror or error}; make room or {_ELSEWHERE}"


def _at(path: Path, error: OSError) -> Path:
    named = error.filename2 or error.filename
    return Path(os.fsdecode(named)) if isinstance(named, str | bytes) else path


def _in_the_way(path: Path) -> str:
    """What stands where a folder should be, or a folder where a file should be."""
    for each in (*reversed(path.parents), path):
        if each.is_symlink() and not each.exists():
            return f"{each} is a link that leads nowhere"
        if os.path.lexists(each) and not each.is_dir():
            return f"{each} is a file"
    return f"{path} is a folder"
