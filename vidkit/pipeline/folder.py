"""A folder that leads nowhere else: what is in it is opened with no link followed on the way.

An output folder may come with a lesson from anywhere. It is opened once, the folders in it are
opened relative to it, and so are the files: a link that stands in one's place, or is put there
while a run goes on, is refused, and what it leads to is neither read nor written.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from ..core.errors import OutputError
from ..core.paths import resolved
from ..store.assets import Asset, copy_into
from ..store.locks import AnyLock, try_lock

if TYPE_CHECKING:
    from io import BufferedReader

_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
RELATIVE = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
"""Whether the system opens files relative to a folder; elsewhere each step is looked at."""


def _identity(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_dev, found.st_ino, found.st_ctime_ns


class Folder:
    """The folder at `path`, by names in it such as "images/section-01.png". All methods block."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened: dict[str, int] = {}
        self._lock: AnyLock | None = None
        self._opening = threading.Lock()

    def open(self) -> None:
        """Make it, where it is not there, and open it; a link of one's own may lead here. Raises
        `OutputError` for a link that another user has put in its place.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with self._opening:
            if RELATIVE and "" not in self._opened:
                self._opened[""] = self._open_top()

    def _open_top(self) -> int:
        try:
            return os.open(self.path, _FOLDER | _NO_LINK)
        except OSError as error:
            if error.errno not in (errno.ELOOP, errno.ENOTDIR):
                raise
        link, target = self.path.lstat(), resolved(self.path)
        opened = os.open(target, _FOLDER | _NO_LINK)
        ours = stat.S_ISLNK(link.st_mode) and link.st_uid in (os.geteuid(), 0)
        # whoever puts another thing in its place, and it back, cannot put its time of change back
        if ours and _identity(link) == _identity(self.path.lstat()):
            return opened
        os.close(opened)
        raise OutputError(
            f"{self.path} is a link that another user has put there; remove it, or choose another "
            "folder with -o (output_dir=)"
        )

    def lock(self, name: str) -> bool:
        """Take the lock that is a file in it; False where somebody holds it. It is let go with the
        folder at the latest. Raises OSError where the folder keeps no locks.
        """
        # by the folder that was opened: in its path a link may stand by now
        lock = try_lock(name, self._part("")) if RELATIVE else try_lock(self.path / name)
        self._lock = self._lock or lock
        return lock is not None

    def unlock(self) -> None:
        """Let the lock go, and remove its file; nothing where none is held."""
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.let_go()

    def make(self, part: str) -> None:
        """Have a folder in it. Raises `OutputError` where a link, or a file, has its name."""
        where, how = self._at(part)
        try:
            os.mkdir(where, **how)  # noqa: PTH102
        except FileExistsError:
            self._demand_folder(part)

    def __del__(self) -> None:
        for opened in self._opened.values():
            os.close(opened)

    def lstat(self, name: str) -> os.stat_result | None:
        """What stands under a name, a link as such; None where nothing does."""
        try:
            where, how = self._at(name)
            return os.stat(where, follow_symlinks=False, **how)  # noqa: PTH116
        except (FileNotFoundError, NotADirectoryError):
            return None

    def names(self, part: str) -> list[str]:
        """What is in one of its folders, "" for itself; nothing where it is not there."""
        found = self.lstat(part) if part else None
        if part and (found is None or not stat.S_ISDIR(found.st_mode)):
            return []
        return os.listdir(self._part(part) if RELATIVE else self.path / part)  # noqa: PTH208

    def read(self, name: str) -> bytes | None:
        """The content of a file; None for what is no file."""
        try:
            with self._open(name, os.O_RDONLY) as file:
                return file.read()
        except OSError:
            return None

    def digest(self, name: str) -> str | None:
        """SHA-256 of a file, None for what is none."""
        try:
            with self._open(name, os.O_RDONLY) as file:
                return hashlib.file_digest(cast("BufferedReader", file), "sha256").hexdigest()
        except OSError:
            return None

    def write(self, name: str, data: bytes | Asset) -> os.stat_result:
        """Write a new file, through to the disk, and tell what it is like there."""
        with self._open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as file:
            if isinstance(data, bytes):
                file.write(data)
            else:
                copy_into(data, file)
            file.flush()
            os.fsync(file.fileno())
            return os.fstat(file.fileno())

    def append(self, name: str, data: bytes) -> None:
        """Write on at the end of a file."""
        with self._open(name, os.O_WRONLY | os.O_APPEND) as file:
            file.write(data)

    def flush(self, name: str) -> os.stat_result:
        """Have the system put a file's content on disk, so that its name never outlives it."""
        with self._open(name, os.O_RDWR) as file:
            os.fsync(file.fileno())
            return os.fstat(file.fileno())

    def rename(self, name: str, other: str) -> None:
        """Give a file another name, in place of what had it."""
        (where, how), (whither, there) = self._at(name), self._at(other)
        if RELATIVE:
            os.replace(where, whither, src_dir_fd=how["dir_fd"], dst_dir_fd=there["dir_fd"])
        else:
            os.replace(where, whither)  # noqa: PTH105

    def unlink(self, name: str) -> None:
        """Remove a file, or a link; it need not be there."""
        try:
            where, how = self._at(name)
            os.unlink(where, **how)
        except FileNotFoundError:
            pass

    def _open(self, name: str, flags: int) -> IO[bytes]:
        """A file that is no link and no device."""
        where, how = self._at(name)
        opened = os.open(where, flags | _NO_LINK | getattr(os, "O_NONBLOCK", 0), 0o666, **how)
        try:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                raise OSError(errno.ELOOP, "it is no file", str(self.path / name))
            mode = "rb" if flags & 3 == os.O_RDONLY else "r+b" if flags & os.O_RDWR else "wb"
            return open(opened, "ab" if flags & os.O_APPEND else mode)  # noqa: PTH123
        except BaseException:
            os.close(opened)
            raise

    def _at(self, name: str) -> tuple[str | Path, dict[str, Any]]:
        """Where a name is, for the calls of `os`: in an opened folder, or by its path."""
        part, _, base = name.rpartition("/")
        if RELATIVE:
            return base, {"dir_fd": self._part(part)}
        if part:
            self._demand_folder(part)
        return self.path / name, {}

    def _part(self, part: str) -> int:
        """A folder in it, opened."""
        if part not in self._opened:
            if not part:
                self.open()
                return self._opened[""]
            self._demand_folder(part)
        return self._opened[part]

    def _demand_folder(self, part: str) -> None:
        """Raise `OutputError` unless `part` is a folder, and FileNotFoundError without one."""
        if part in self._opened:
            return
        try:
            if RELATIVE:
                above = self._part("")
                with self._opening:
                    if part not in self._opened:
                        self._opened[part] = os.open(part, _FOLDER | _NO_LINK, dir_fd=above)
                return
            if stat.S_ISDIR((self.path / part).lstat().st_mode):
                return
        except OSError as error:
            if error.errno not in (errno.ELOOP, errno.ENOTDIR):
                raise
        if self.path.joinpath(part).is_symlink():
            raise OutputError(
                f"{self.path / part} is a link, which may lead out of the folder; remove it, or "
                "choose another folder with -o (output_dir=)"
            )
        raise FileExistsError(errno.EEXIST, "it is a file", str(self.path / part))
