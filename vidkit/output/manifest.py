"""What is ours in an output folder: the files that its report and a hidden list name.

A file is listed with its digest before it gets its name, so a run that was killed still knows
its own. The hidden list begins with everything that was ours when it was written, and goes on
with a line for each file since: a lesson of thousands of sections writes no list of thousands
for each of them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from ..errors import OutputError

REPORT = "report.json"
LIST = ".vidkit.json"
"""The list of our files once more: somebody may edit or remove the report."""

SELDOM = 2
"""All is written anew when one file in so many is new."""

Entry = dict[str, Any]
"""sha256, bytes, mtime_ns of a file; was: digests of what may stand there until it has its name,
there until then.
"""

ReportState = Literal["none", "ours", "gone", "changed"]


class Manifest:
    """The files of ours in `folder`, by their names in it. Its caller holds a lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, Entry] = {}
        self._report: dict[str, Any] = {}
        self._seals: list[str] = []
        self._new = 0

    def read(self) -> ReportState:
        """Find out what is ours, and what became of the report.

        Raises `OutputError` where there is somebody's report and no list of ours.
        """
        report, there = self.folder / REPORT, os.path.lexists(self.folder / REPORT)
        listed, reported = _listed(self.folder / LIST), _object(report)
        if listed is None and reported is None and there:
            raise OutputError(
                f"{report} is not one of vidkit's reports, and is not overwritten; "
                "move it away or choose another folder with -o"
            )
        self.files = _entries(reported if listed is None else listed)
        if listed is None:
            return "ours" if there else "none"
        seals = listed.get("report")
        if not there:  # the first report may never have been written
            return "none" if isinstance(seals, list) and len(seals) == 1 else "gone"
        seal = _seal(report)
        if reported is not None and (seals is None or (isinstance(seals, list) and seal in seals)):
            self._seals = [str(seal)]
            return "ours"
        return "changed"

    def add(self, name: str, entry: Entry) -> None:
        """List a file, before it gets its name."""
        before = self.files.get(name)
        was = [] if before is None else [*before.get("was", ()), before["sha256"]]
        entry = self.files[name] = {**entry, "was": was}
        self._new += 1
        if self._new * SELDOM >= len(self.files):
            self.save()
            return
        try:
            with (self.folder / LIST).open("a", encoding="utf-8") as file:
                file.write(_line({name: entry}))
        except OSError:
            self._new = len(self.files)  # half a line may be there; the next is not put behind it
            raise

    def settle(self, name: str) -> None:
        """Note that a file has its name, and what it replaced is gone."""
        self.files[name].pop("was", None)

    def tell(self, report: Mapping[str, Any]) -> None:
        """Write the report that says `report`, and the list."""
        self._report = dict(report)
        self.save()

    def save(self) -> None:
        """Write the list and the report."""
        files = dict(sorted(self.files.items()))
        content = json.dumps({**self._report, "files": files}, indent=2, ensure_ascii=False)
        data = (content + "\n").encode("utf-8", "backslashreplace")
        # A kill may come between the two, so the list knows the report before and the one after;
        # and it is first: what it lists is ours even if the report is lost.
        self._seals = [*self._seals[-1:], hashlib.sha256(data).hexdigest()]
        head = {"vidkit": self._report.get("vidkit"), "report": self._seals, "files": files}
        self._write(LIST, _line(head).encode("utf-8", "backslashreplace"))
        self._write(REPORT, data)
        self._new = 0

    def _write(self, name: str, data: bytes) -> None:
        scratch = self.folder / f".{name}.{os.getpid()}-0.part"
        try:
            scratch.write_bytes(data)
            scratch.replace(self.folder / name)
        except OSError:
            scratch.unlink(missing_ok=True)
            raise


def _line(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False) + "\n"


def _object(path: Path) -> dict[str, Any] | None:
    """The object that a file of ours holds, None where it is not there or not ours."""
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and "vidkit" in found else None


def _listed(path: Path) -> dict[str, Any] | None:
    """What the hidden list says; a line that a kill cut off says nothing."""
    if not path.is_file():
        return None
    try:
        first, *rest = path.read_text("utf-8").splitlines()
        found = json.loads(first)
    except (OSError, ValueError, RecursionError):
        return _object(path)
    if not isinstance(found, dict) or "vidkit" not in found:
        return None
    files = found["files"] = _entries(found)
    for line in rest:
        try:
            files |= _entries({"files": json.loads(line)})
        except (ValueError, RecursionError):
            continue
    return found


def _entries(found: Mapping[str, Any] | None) -> dict[str, Entry]:
    files = found.get("files") if found else None
    if not isinstance(files, dict):
        return {}
    return {name: entry for name, entry in files.items() if _is_entry(entry)}


def _is_entry(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("sha256"), str)
        and isinstance(entry.get("bytes"), int)
    )


def _seal(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
