"""Paths that a person gives: taken as they are meant, and what is wrong with them in words."""

from __future__ import annotations

import errno
import os
import stat
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from io import BufferedReader
from pathlib import Path
from typing import Any

from .errors import OutputError, SettingsError

_SQLITE_FULL = 13


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


def several_given(name: str, value: object, what: str) -> list[Any]:
    """The paths, or whatever else, that the argument `name` lists. Raises `SettingsError` for
    what is no list of anything.
    """
    if isinstance(value, bytes | Mapping) or not isinstance(value, Iterable):
        raise SettingsError(f"{name} is {shortened(value)}; give {what}")
    return list(value)


def is_folder(path: Path) -> bool:
    """Whether there is such a folder; no name is too odd for an answer."""
    return os.path.isdir(path)  # noqa: PTH112  Path.is_dir raises for a name that is too long


def is_file(path: Path) -> bool:
    """Whether something is there that is no folder; no name is too odd for an answer."""
    return os.path.exists(path) and not is_folder(path)  # noqa: PTH110  as above


def resolved(path: Path) -> Path:
    """A path without links; one that leads nowhere, or to itself, stays as far as it does."""
    return Path(os.path.realpath(path))


_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0) | _NO_LINK
_FILE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | _NO_LINK


def open_unlinked(path: Path) -> BufferedReader:
    """The file at a path that led through no link when it was looked at, opened to be read.

    Somebody may have put a link in the place of the file, or of a folder on the way, since then:
    each step is opened relative to the one before, and none through a link. Those that stand in
    the root folder are the system's (/tmp, /var), and count as what they lead to. Raises OSError,
    with ELOOP for a link and for what is no file.
    """
    first, *steps = path.absolute().parts[1:]
    top = Path(os.path.realpath(path.absolute().anchor + first))
    if os.open not in os.supports_dir_fd or not hasattr(os, "O_NOFOLLOW"):
        return _opened_by_name(path)
    *folders, name = [*top.parts[1:], *steps]
    at = os.open(top.anchor, _FOLDER)
    try:
        for folder in folders:
            inner = os.open(folder, _FOLDER, dir_fd=at)
            os.close(at)
            at = inner
        opened = os.open(name, _FILE, dir_fd=at)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise OSError(errno.ELOOP, "a link leads elsewhere", str(path)) from None
        raise
    finally:
        os.close(at)
    return _as_file(opened, path)


def content_of(path: Path) -> bytes:
    """What a file holds; no wait for what is none, such as a pipe. Raises OSError."""
    with _as_file(os.open(path, _FILE & ~getattr(os, "O_NOFOLLOW", 0)), path) as file:
        return file.read()


def _opened_by_name(path: Path) -> BufferedReader:
    """The same where a system opens nothing relative to a folder: looked at before and after."""
    file = _as_file(os.open(path, _FILE), path)
    now, there = os.fstat(file.fileno()), os.lstat(path)
    if (now.st_dev, now.st_ino) != (there.st_dev, there.st_ino) or resolved(path) != path:
        file.close()
        raise OSError(errno.ELOOP, "a link leads elsewhere", str(path))
    return file


def _as_file(opened: int, path: Path) -> BufferedReader:
    mode = os.fstat(opened).st_mode
    if not stat.S_ISREG(mode):
        os.close(opened)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        raise OSError(errno.ELOOP, "it is no file", str(path))
    return os.fdopen(opened, "rb")


def stamp(path: Path) -> tuple[int, int] | None:
    """What changes when a file does: its time in nanoseconds and its bytes; None without one."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size


def from_here(path: Path) -> Path:
    """A path as a person here would say it: without the folder that the process stands in."""
    with suppress(ValueError, OSError):  # it lies elsewhere, or nobody knows where we stand
        return path.relative_to(Path.cwd())
    return path


def demand_here() -> None:
    """Raise `SettingsError` where the folder that the program stands in was removed."""
    try:
        Path.cwd()
    except OSError as error:
        raise SettingsError(
            f"the folder that you are in cannot be used ({error.strerror}); go to another with cd"
        ) from None


def shortened(value: object) -> str:
    """A value for an error, as Python writes it, and not all of one that is long."""
    try:
        said = repr(value)
    except Exception:  # the number of more than 4,300 digits, a class of somebody's own
        return f"a {type(value).__name__} that cannot be shown"
    return said if len(said) <= 80 else f"{said[:79]}…"


def write_through(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a new file of `pieces` through to the disk, or leave none. Raises OSError, also where
    there is one.
    """
    file = path.open("xb")
    try:
        with file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


def write_whole(path: Path, pieces: Iterable[bytes], how: str) -> None:
    """Write a file in one step: `path` holds all of `pieces`, or what it held before. how: what
    chooses another file, such as "-o".

    Raises `OutputError` where it cannot be written.
    """
    scratch = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        write_through(scratch, pieces)
        scratch.replace(path)
    except (OSError, ValueError) as error:
        why = why_unwritable(path, error, how, "file")
        raise OutputError(f"{path} cannot be written: {why}") from error
    finally:
        with suppress(OSError, ValueError):
            scratch.unlink(missing_ok=True)


def disk_is_full(error: BaseException | None) -> bool:
    """Whether an error, or one that led to it, says that a disk has no room left."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF == _SQLITE_FULL:
            return True
        error = error.__cause__ or error.__context__
    return False


def why_unwritable(
    path: Path, error: OSError | ValueError, how: str = "-o (output_dir=)", folder: str = "folder"
) -> str:
    """What keeps a folder, or a file, from being written, and the mend. how: what chooses
    another one.
    """
    elsewhere = f"choose another {folder} with {how}"
    if not isinstance(error, OSError):
        return f"no {folder} can have this name; {elsewhere}"
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"the disk is full; make room or {elsewhere}"
        case errno.EFBIG:
            why = "File too large for this disk, or for `ulimit -f`"
            return f"{why}; make room, raise the limit or {elsewhere}"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            at = _at(path, error)
            at = at if os.path.lexists(at) else at.parent  # where it was to be made
            return f"you may not use {at}; check its permissions or {elsewhere}"
        case errno.ENOENT:
            at = _named(path, error)
            # a bare name is one within the folder, which was opened and is gone
            at = path / at if at.parent == Path() and at.name != path.name else at
            what = f"file {at}" if at.parent.is_dir() else f"folder {at.parent}"
            return f"there is no {what}; make it or {elsewhere}"
        case errno.ENAMETOOLONG:
            return f"the name is too long; choose a shorter one with {how}"
        case errno.ELOOP if (at := _at(path, error)).exists() and not (at.is_file() or at.is_dir()):
            return f"{at} is a pipe or a device; move it away or {elsewhere}"
        case errno.ELOOP:
            return f"a link in it leads to itself; {elsewhere}"
        case errno.EEXIST | errno.ENOTDIR | errno.EISDIR:
            return f"{_in_the_way(_at(path, error))}; move it away or {elsewhere}"
    return f"{error.strerror or error}; make room or {elsewhere}"


def _at(path: Path, error: OSError) -> Path:
    """What the system complains of; of a hidden file of ours, the folder that it was to be in."""
    at = _named(path, error)
    return at.parent if at.name.startswith(".") and at.name != path.name else at


def _named(path: Path, error: OSError) -> Path:
    named = error.filename2 or error.filename
    if not isinstance(named, str | bytes):
        return path
    at = Path(os.fsdecode(named))
    # a bare name was looked for in a folder that is held open
    return path / at if at.name == str(at) != str(path) and path.is_dir() else at


def _in_the_way(path: Path) -> str:
    """What stands where a folder should be, or a folder where a file should be."""
    for each in (*reversed(path.parents), path):
        if each.is_symlink() and not each.exists():
            return f"{each} is a link that leads nowhere"
        if os.path.lexists(each) and not each.is_dir():
            return f"{each} is a file"
    return f"{path} is a folder"
