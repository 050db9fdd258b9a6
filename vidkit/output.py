"""The folder a lesson is written to, and its manifest.

    output_dir/images/section_0.png   audio/section_0.wav   clips/section_0.mp4
               final_video.mp4   captions.vtt   captions.srt
               poster.png   contact_sheet.png   report.json

`report.json`, and a hidden list beside it, name every file with its digest before the file gets
its name. So a run that was killed still knows its own files, and **a file that is not listed is
never overwritten**: it may have cost somebody money.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .errors import OutputError
from .store import Asset, copy_out

REPORT = "report.json"
LIST = ".vidkit.json"
"""The list of our files once more: somebody may edit or remove the report."""

VIDEO = "final_video.mp4"
VTT, SRT = "captions.vtt", "captions.srt"
POSTER, SHEET = "poster.png", "contact_sheet.png"
PARTS = {"image": "images", "audio": "audio", "clip": "clips"}
_TEMPORARY = ".part"
_SCRATCH = re.compile(
    r"\.(?:section_\d+\.\w+|final_video\.mp4|captions\.\w+|poster\.png|contact_sheet\.png"
    r"|report\.json|\.vidkit\.json)\.(\d{1,10})-\d+\.part"
)
"""The temporary files that are ours, and so may be swept."""
_number = itertools.count()


def part_name(part: str, index: int, suffix: str) -> str:
    """Where a section's image, audio or clip stands, relative to the folder."""
    return f"{PARTS[part]}/section_{index}{suffix}"


class Output:
    """A lesson's output folder. Opening it touches nothing; `claim` does.

    mended: names of files that somebody had changed or removed, and that were put back.

    Its methods write, so call them where blocking is allowed; they may be called from
    several threads at once.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mended: list[str] = []
        self._files: dict[str, dict[str, Any]] = {}
        self._report: dict[str, Any] = {}
        self._lock = threading.Lock()

    def claim(self, indexes: Iterable[int], report: Mapping[str, Any]) -> None:
        """Make the folder ready for the sections at `indexes` and write the first report.

        Raises `OutputError` where the folder cannot be written, or holds a file under a
        name that is about to be used and that no manifest of ours lists.
        """
        if self.folder.exists() and not self.folder.is_dir():
            raise OutputError(f"{self.folder} is a file; choose a folder with -o")
        self._files = self._listed()
        self._refuse_strangers(indexes)
        try:
            for part in PARTS.values():
                (self.folder / part).mkdir(parents=True, exist_ok=True)
            self._sweep()
            self.write_report(report)
        except OSError as error:
            raise self._unwritable(error) from error

    def scratch(self, name: str) -> Path:
        """A name beside `name` to write under until the file is whole."""
        final = self.folder / name
        return final.with_name(f".{final.name}.{os.getpid()}-{next(_number)}{_TEMPORARY}")

    def publish(self, name: str, data: bytes) -> Path:
        """Have `data` stand under `name`: the whole file appears at once, or none."""
        seal = hashlib.sha256(data).hexdigest()
        if self._stands(name, seal):
            return self.folder / name
        scratch = self.scratch(name)
        try:
            scratch.write_bytes(data)
            return self._adopt(name, scratch, seal)
        except OSError as error:
            scratch.unlink(missing_ok=True)
            raise self._unwritable(error) from error

    def take(self, name: str, asset: Asset) -> Path:
        """Have a copy of `asset` stand under `name`. A file that was made by `scratch` and
        not kept anywhere is given its name; another is copied, where it is not there yet.
        """
        if self._stands(name, asset.sha256):
            if asset.path.suffix == _TEMPORARY:
                self.discard(asset.path)
            return self.folder / name
        scratch = asset.path if asset.path.suffix == _TEMPORARY else self.scratch(name)
        try:
            if scratch != asset.path:
                copy_out(asset, scratch)
            return self._adopt(name, scratch, asset.sha256)
        except OSError as error:
            scratch.unlink(missing_ok=True)
            raise self._unwritable(error) from error

    def _stands(self, name: str, seal: str) -> bool:
        """Whether the file is there with this content. One that should be, and was changed or
        removed by somebody, is noted in `mended`.
        """
        with self._lock:
            listed = self._files.get(name)
            if listed is None or listed["sha256"] != seal:
                return False
            path = self.folder / name
            if _is_as_listed(path, listed):
                return True
            self.mended.append(name)
            return False

    def _adopt(self, name: str, scratch: Path, seal: str) -> Path:
        """Give a finished temporary file its name. Files of ours that `name` replaces under
        another suffix (an image that was a PNG and is a JPEG now) go.
        """
        final = self.folder / name
        _flush(scratch)
        found = scratch.stat()
        with self._lock:
            self._files[name] = {
                "sha256": seal,
                "bytes": found.st_size,
                "mtime_ns": found.st_mtime_ns,
            }
            self._save()
            scratch.replace(final)
            self._drop_twins(name)
        return final

    def discard(self, scratch: Path) -> None:
        """Remove a temporary file that came to nothing."""
        scratch.unlink(missing_ok=True)

    def write_report(self, report: Mapping[str, Any]) -> Path:
        """Write `report.json`: the report, and the list of files."""
        with self._lock:
            self._report = dict(report)
            try:
                self._save()
            except OSError as error:
                raise self._unwritable(error) from error
        return self.folder / REPORT

    def _save(self) -> None:
        files = dict(sorted(self._files.items()))
        # the list first: what it lists is ours even if the report is lost
        self._write(LIST, {"vidkit": self._report.get("vidkit"), "files": files})
        self._write(REPORT, {**self._report, "files": files})

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        scratch = self.scratch(name)
        try:
            scratch.write_text(
                json.dumps(content, indent=2, ensure_ascii=False) + "\n",
                "utf-8",
                "backslashreplace",
            )
            scratch.replace(self.folder / name)
        except OSError:
            scratch.unlink(missing_ok=True)
            raise

    def _listed(self) -> dict[str, dict[str, Any]]:
        """The files that are ours: those of the hidden list, and where that was lost, those of
        the report. None where there is neither. Raises `OutputError` for somebody's report.
        """
        listed, report = (self._read(name) for name in (LIST, REPORT))
        if listed is None and report is None and os.path.lexists(self.folder / REPORT):
            raise OutputError(
                f"{self.folder / REPORT} is not one of vidkit's reports, and is not overwritten; "
                "move it away or choose another folder with -o"
            )
        if listed is not None and report is None:
            self.mended.append(REPORT)
        return listed if listed is not None else report or {}

    def _read(self, name: str) -> dict[str, dict[str, Any]] | None:
        """The files that a manifest lists, None where it is not there or not ours."""
        path = self.folder / name
        if not path.is_file():
            return None
        try:
            found = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return None
        if not isinstance(found, dict) or "vidkit" not in found:
            return None
        files = found.get("files")
        if not isinstance(files, dict):
            return {}
        return {name: facts for name, facts in files.items() if _is_entry(facts)}

    def _refuse_strangers(self, indexes: Iterable[int]) -> None:
        stems = {f"section_{index}" for index in indexes}
        taken = [self.folder / name for name in (VIDEO, VTT, SRT, POSTER, SHEET)]
        for part in PARTS.values():
            if (self.folder / part).is_dir():
                taken += [p for p in (self.folder / part).iterdir() if p.stem in stems]
        strangers = sorted(
            path
            for path in taken
            if os.path.lexists(path) and path.relative_to(self.folder).as_posix() not in self._files
        )
        if strangers:
            more = f" and {len(strangers) - 1} more" if len(strangers) > 1 else ""
            raise OutputError(
                f"{strangers[0]}{more}: not made by vidkit, and so not overwritten; "
                "choose another folder with -o (output_dir=), or move the files away"
            )

    def _drop_twins(self, name: str) -> None:
        path = Path(name)
        for other in [n for n in self._files if n != name]:
            if Path(other).with_suffix("") == path.with_suffix("") and path.parent != Path():
                (self.folder / other).unlink(missing_ok=True)
                del self._files[other]

    def _sweep(self) -> None:
        """Remove temporary files that a process which is gone left behind."""
        places = (self.folder, *(self.folder / part for part in PARTS.values()))
        for path in (path for place in places for path in place.glob(f".*{_TEMPORARY}")):
            ours = _SCRATCH.fullmatch(path.name)
            if ours and path.is_file() and not _alive(int(ours[1])):
                path.unlink(missing_ok=True)

    def _unwritable(self, error: OSError) -> OutputError:
        return OutputError(
            f"{self.folder} cannot be written: {error.strerror or error}; "
            "make room or choose another folder with -o (output_dir=)"
        )


def _is_entry(facts: object) -> bool:
    return (
        isinstance(facts, dict)
        and isinstance(facts.get("sha256"), str)
        and isinstance(facts.get("bytes"), int)
    )


def _is_as_listed(path: Path, listed: Mapping[str, Any]) -> bool:
    """Whether a file is what the manifest says: by its size and time, or else by its content."""
    try:
        found = path.stat()
        if found.st_size != listed["bytes"]:
            return False
        return found.st_mtime_ns == listed.get("mtime_ns") or _digest(path) == listed["sha256"]
    except OSError:
        return False


def _flush(path: Path) -> None:
    """Have the system put a file's content on disk, so that its name never outlives it."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _alive(pid: int) -> bool:
    if os.name == "nt":  # where signal 0 would end the process that is asked after
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True
