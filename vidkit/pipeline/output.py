"""The folder a lesson is written to.

`manifest`  which files in it are ours, with the digest of each
`folder`    what is written there: whole files, and none over somebody else's
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import itertools
import json
import os
import re
import secrets
import stat
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

import psutil

from ..core.errors import OutputError, VidkitError
from ..core.format import json_in_lines
from ..core.paths import is_folder, why_unwritable
from ..report.reports import AS_TOLD, SectionReport, VideoReport
from ..store import Asset, Store
from .folder import Folder

# What is ours in an output folder: the files that its report and a hidden list name.
#
# A file is listed with its digest before it gets its name, so a run that was killed still knows
# its own. The hidden list begins with everything that was ours when it was written, and goes on
# with a line for each file since: a lesson of thousands of sections writes no list of thousands
# for each of them.
#
# A list may come with a folder from anywhere, so it counts for what the store's secret proves: an
# entry of another store, of an earlier release or of a forger is a claim, and the file somebody's.


REPORT = "report.json"
LIST = ".vidkit.json"
"""The list of our files once more: somebody may edit or remove the report."""

LAYOUT = 2
"""How the files are named, as report and list say it. In the first layout, which said nothing,
`section_0.png` was section 1; the names differ, so that one is never taken for the other.
"""

_FIRST = re.compile(r"(images|audio|clips)/section_(\d{1,9})(\.[a-z0-9]{1,8})")
"""The names of pieces in the first layout."""
_OURS = re.compile(
    r"(?:images|audio|clips)/section[-_]\d{1,9}\.[a-z0-9]{1,8}"
    r"|final_video\.mp4|captions\.(?:vtt|srt)|poster\.png|contact_sheet\.png"
)
"""The names that a run gives to its files."""
_TEMPORARY = ".part"
REWRITE_RATIO = 2
"""All is written anew when one file in so many is new."""

Entry = dict[str, Any]
"""sha256, bytes, mtime_ns of a file; was: digests of what may stand there until it has its name,
there until then; proof: that this store's list said so, in the files alone.
"""

ReportState = Literal["none", "ours", "gone", "changed"]


class Manifest:
    """The files of ours in `folder`, by their names in it. Its caller holds a lock.

    secret: the store's. proven: the names of entries that it, or this run itself, vouches for.
    """

    def __init__(self, folder: Folder, secret: bytes = b"") -> None:
        self.folder = folder
        self.files: dict[str, Entry] = {}
        self.proven: set[str] = set()
        self.secret = secret
        self._report: dict[str, Any] = {}
        self._seals: list[str] = []
        self._new = 0

    def read(self) -> ReportState:
        """Find out what is ours, and what became of the report.

        Raises `OutputError` where there is somebody's report and no list of ours.
        """
        there = self.folder.lstat(REPORT) is not None
        report, text = self.folder.read(REPORT), self.folder.read(LIST)
        listed, reported = _listed(text), _object(report)
        if listed is None and reported is None and there:
            raise OutputError(
                f"{self.folder.path / REPORT} is not one of vidkit's reports, and is not "
                "overwritten; move it away or choose another folder with -o"
            )
        self.files = _entries(reported if listed is None else listed)
        proofs = {name: str(entry.pop("proof", "")) for name, entry in self.files.items()}
        self.proven = {name for name, proof in proofs.items() if self._proves(name, proof)}
        if listed is None:
            return "ours" if there else "none"
        seals = listed.get("report")
        if not there:  # the first report may never have been written
            return "none" if isinstance(seals, list) and len(seals) == 1 else "gone"
        seal = None if report is None else hashlib.sha256(report).hexdigest()
        if reported is not None and (seals is None or (isinstance(seals, list) and seal in seals)):
            self._seals = [str(seal)]
            return "ours"
        return "changed"

    def add(self, name: str, entry: Entry) -> None:
        """List a file, before it gets its name."""
        before = self.files.get(name)
        was = [] if before is None else [*before.get("was", ()), before["sha256"]]
        self.files[name] = {**entry, "was": was}
        self.proven.add(name)
        self._new += 1
        if self._new * REWRITE_RATIO >= len(self.files):
            self.save()
            return
        try:
            line = _line({name: self._entry(name)})
            self.folder.append(LIST, line.encode("utf-8", "backslashreplace"))
        except OSError:
            self._new = len(self.files)  # half a line may be there; the next is not put behind it
            raise

    def settle(self, name: str) -> None:
        """Note that a file has its name and its content, and what it replaced is gone."""
        self.files[name].pop("was", None)
        self.proven.add(name)

    def write(self, report: Mapping[str, Any]) -> None:
        """Write the report that says `report`, and the list."""
        self._report = dict(report)
        self.save()

    def save(self) -> None:
        """Write the list and the report."""
        files = {name: self._entry(name) for name in sorted(self.files)}
        told = {**self._report, "layout": LAYOUT, "files": files}
        data = (json_in_lines(told) + "\n").encode("utf-8", "backslashreplace")
        # A kill may come between the two, so the list knows the report before and the one after;
        # and it is first: what it lists is ours even if the report is lost.
        self._seals = [*self._seals[-1:], hashlib.sha256(data).hexdigest()]
        head = {"vidkit": self._report.get("vidkit"), "report": self._seals, "files": files}
        self._write(LIST, _line(head).encode("utf-8", "backslashreplace"))
        self._write(REPORT, data)
        self._new = 0

    def _entry(self, name: str) -> Entry:
        """An entry as it is written."""
        entry = self.files[name]
        proven = self.secret and name in self.proven
        return {**entry, "proof": self._proof(name)} if proven else entry

    def _proof(self, name: str) -> str:
        said = json.dumps([name, self.files[name]], sort_keys=True)
        return hmac.new(self.secret, said.encode(), "sha256").hexdigest()[:32]

    def _proves(self, name: str, proof: str) -> bool:
        return bool(self.secret) and hmac.compare_digest(
            proof.encode("utf-8", "replace"), self._proof(name).encode()
        )

    def _write(self, name: str, data: bytes) -> None:
        scratch = scratch_name(name)
        try:
            self.folder.write(scratch, data)
            self.folder.rename(scratch, name)
        except OSError:
            self.folder.unlink(scratch)
            raise


def _line(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False) + "\n"


def _object(text: bytes | None) -> dict[str, Any] | None:
    """The object that a file of ours holds, None where it is not there or not ours."""
    try:
        found = json.loads(text or b"")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and "vidkit" in found else None


def _listed(text: bytes | None) -> dict[str, Any] | None:
    """What the hidden list says; a line that a kill cut off says nothing."""
    if text is None:
        return None
    try:
        first, *rest = text.decode().splitlines()
        found = json.loads(first)
    except (ValueError, RecursionError):
        return _object(text)
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
    # a list may come with a folder from anywhere: it says nothing of files that are never ours
    ours = {name: entry for name, entry in files.items() if _OURS.fullmatch(name)}
    return {name: entry for name, entry in ours.items() if _is_entry(entry)}


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict):
        return False
    was = entry.get("was", [])
    seals = [entry.get("sha256"), *(was if isinstance(was, list) else [None])]
    return all(isinstance(seal, str) for seal in seals) and isinstance(entry.get("bytes"), int)


def scratch_name(name: str) -> str:
    """A name for a temporary file in the folder, which nobody can foresee."""
    base = name.rpartition("/")[2]
    return f".{base}.{os.getpid()}-{secrets.token_hex(6)}{_TEMPORARY}"


# The folder a lesson is written to, and its manifest.
#
#     output_dir/images/section-01.png   audio/section-01.wav   clips/section-01.mp4
#                final_video.mp4   captions.vtt   captions.srt
#                poster.png   contact_sheet.png   report.json
#
# The manifest names every file with its digest before the file gets its name, so **a file that is
# not listed is never overwritten**: it may have cost somebody money. A file of ours that somebody
# has edited since keeps the edit beside the new one, as `final_video.edited.mp4`; and so does one
# that is listed but not known to the store, as `final_video.kept.mp4`, unless the store has the
# same content. One run at a time writes to a folder.


T = TypeVar("T")

LOCK = ".vidkit.lock"
"""There while a run writes to the folder; what a killed one leaves holds nobody up."""

VIDEO = "final_video.mp4"
VTT, SRT = "captions.vtt", "captions.srt"
POSTER, SHEET = "poster.png", "contact_sheet.png"
PARTS = {"image": "images", "audio": "audio", "clip": "clips"}
_SCRATCH = re.compile(
    r"\.(?:section[-_]\d+\.\w+|final_video\.mp4|captions\.\w+|poster\.png|contact_sheet\.png"
    r"|report\.json|\.vidkit\.json)\.(\d{1,9})-[0-9a-f]+\.part"
)
"""The temporary files that are ours, and so may be swept."""
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


def part_stem(part: str, index: int) -> str:
    """Where a section's image, audio or clip stands, relative to the folder; no suffix. Sections
    are counted from 1 in it, as people count.
    """
    return f"{PARTS[part]}/section-{index + 1:02}"


class Output:
    """A lesson's output folder. Opening it touches nothing; `claim` does, and `release` lets the
    next run have it.

    store: knows which of the files that are listed are ours; without one that keeps anything, a
    file that is byte for byte as listed is.
    notes: sentences for a person: files that somebody had changed or removed, and where the
    changed ones are now.

    Its methods write, so call them where blocking is allowed; they may be called from
    several threads at once.
    """

    def __init__(self, folder: Path, store: Store | None = None) -> None:
        self.folder = folder
        self.notes: list[str] = []
        self._store = store
        self._kept: list[Path] = []
        self._files = Folder(folder)
        self._manifest = Manifest(self._files)
        self._lock = threading.Lock()
        self._over = False
        self._scratches: set[Path] = set()
        self._dropped: set[Path] = set()

    def claim(self, indexes: Iterable[int], report: Mapping[str, Any]) -> None:
        """Make the folder ready for the sections at `indexes` and write the first report.

        Raises `OutputError` where the folder cannot be written, where another run is writing
        to it, or where it holds a file under a name that is about to be used and that no
        manifest of ours lists.
        """
        try:
            self._files.open()
            self._refuse_odd()
            self._take_lock()
            if self._store is not None:
                self._manifest = Manifest(self._files, self._store.secret)
            state = self._manifest.read()
            self._refuse_strangers(indexes)
            if state == "gone":
                self._note_removed(REPORT)
            elif state == "changed":
                self._spare(REPORT, "edited")
            for part in PARTS.values():
                self._files.make(part)
            self._sweep()
            names = self._list_new_names()
            self.write_report(report)
            if names:
                self._rename_all(names)
                self.write_report(report)
        except (OSError, ValueError) as error:
            self.release()
            raise self._unwritable(error) from error
        except BaseException:
            self.release()
            raise
        if self._over:  # released while it was being claimed
            self.release()

    def demand_free(self, indexes: Iterable[int]) -> None:
        """Raise `OutputError` where `claim` would, as far as that can be seen: nothing is made,
        and nothing is locked.
        """
        try:
            if self.folder.is_dir():
                self._manifest.read()
                self._refuse_strangers(indexes)
            there = next(p for p in (self.folder, *self.folder.absolute().parents) if p.exists())
            if not there.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, "it is a file", str(there))
            if not os.access(there, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, "it may not be written", str(there))
        except (OSError, ValueError) as error:
            raise self._unwritable(error) from error

    def release(self) -> None:
        """Let another run have the folder. From now on nothing is written to it any more; a
        temporary file that somebody still writes goes when it is done.
        """
        with self._lock:
            self._over = True
            for scratch in self._scratches:
                self._remove(scratch)
            self._files.unlock()

    def scratch(self, name: str) -> Path:
        """Where to write what becomes `name` until the file is whole: in the folder itself."""
        return self.folder / scratch_name(name)

    def filled(self, scratch: Path, call: Callable[..., T], /, *arguments: Any, **named: Any) -> T:
        """Call what writes the temporary file `scratch`. Where it is discarded meanwhile,
        because the run was cancelled, it goes when the call has ended.
        """
        with self._lock:
            self._scratches.add(scratch)
        try:
            return call(*arguments, **named)
        finally:
            with self._lock:
                if self._over or scratch in self._dropped:
                    self._remove(scratch)

    def publish(self, name: str, data: bytes) -> Path:
        """Have `data` stand under `name`: the whole file appears at once, or none."""
        seal = hashlib.sha256(data).hexdigest()
        if not self._stands(name, seal):
            self._put(name, seal, data)
        return self.folder / name

    def take(self, name: str, asset: Asset) -> Path:
        """Have a copy of `asset` stand under `name`. A file that was made by `scratch` and
        not kept anywhere is given its name; another is copied, where it is not there yet.
        """
        scratch = asset.path if asset.path.suffix == _TEMPORARY else None
        if not self._stands(name, asset.sha256):
            self._put(name, asset.sha256, asset, scratch)
        elif scratch is not None:
            self.discard(scratch)
        return self.folder / name

    def _put(
        self, name: str, seal: str, content: bytes | Asset, scratch: Path | None = None
    ) -> None:
        """Write a file, unless it is there as `scratch`, and then give it its name."""
        whole = scratch or self.scratch(name)
        try:
            if scratch is None:
                found = self._files.write(whole.name, content)
            else:
                found = self._files.flush(whole.name)
            self._adopt(name, whole, seal, found)
        except OSError as error:
            self.discard(whole)
            raise self._unwritable(error) from error

    def discard(self, scratch: Path) -> None:
        """Remove a temporary file that came to nothing."""
        with self._lock:
            self._dropped.add(scratch)
            self._remove(scratch)

    def write_report(self, report: Mapping[str, Any]) -> None:
        """Write `report.json`: the report, and the list of files. After `release` it stays."""
        with self._lock:
            try:
                if not self._over:
                    self._manifest.write(report)
            except OSError as error:
                raise self._unwritable(error) from error

    def _refuse_odd(self) -> None:
        """Raise `OutputError` where what is no file has a name that is ours alone."""
        for name in (LIST, LOCK):
            found = self._files.lstat(name)
            if found is not None and not stat.S_ISREG(found.st_mode):
                raise OutputError(
                    f"{self.folder / name} is no file, and so not vidkit's; move it away or choose "
                    "another folder with -o (output_dir=)"
                )

    def _take_lock(self) -> None:
        """Raises `OutputError` where another run has the folder. One that keeps no locks, as
        some network disks, is written to without.
        """
        try:
            locked = self._files.lock(LOCK)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            return
        if not locked:
            raise OutputError(
                f"another run is writing to {self.folder}; wait for it, or choose another folder "
                "with -o (output_dir=)"
            )

    def _stands(self, name: str, seal: str) -> bool:
        """Whether the file is there with this content."""
        with self._lock:
            entry = self._manifest.files.get(name)
            if entry is None or entry["sha256"] != seal:
                return False
            stands = self._is_as_listed(name, entry)
            if stands:
                self._manifest.settle(name)
            elif "was" not in entry and self._files.lstat(name) is None:
                self._note_removed(name)
            return stands

    def _adopt(self, name: str, scratch: Path, seal: str, found: os.stat_result) -> None:
        """Give a finished temporary file, which is on the disk as `found` says, its name. Files of
        ours that `name` replaces under another suffix (an image that was a PNG and is a JPEG now)
        go.
        """
        with self._lock:
            if self._over:
                raise OSError(errno.ECANCELED, "the run is over")
            self._spare_edited(name, seal)
            entry = {"sha256": seal, "bytes": found.st_size, "mtime_ns": found.st_mtime_ns}
            self._manifest.add(name, entry)
            self._files.rename(scratch.name, name)
            self._manifest.settle(name)
            self._scratches.discard(scratch)
            self._drop_twins(name)

    def _is_as_listed(self, name: str, entry: Entry) -> bool:
        """Whether a file is what the manifest says: by its size and time, or by its content."""
        found = self._files.lstat(name)
        if found is None or not stat.S_ISREG(found.st_mode) or found.st_size != entry["bytes"]:
            return False
        same_time = found.st_mtime_ns == entry.get("mtime_ns") and name in self._manifest.proven
        return same_time or self._files.digest(name) == entry["sha256"]

    def _spare_edited(self, name: str, seal: str = "") -> None:
        """Keep the file under `name` beside, where somebody has made another of ours, or where
        it is not known to be ours.
        """
        entry = self._manifest.files.get(name)
        if entry is None or self._files.lstat(name) is None:
            return
        if not self._is_known(name):
            if self._files.digest(name) != seal:
                self._spare(name, "kept")
            return
        ours = {seal, *entry.get("was", ())}
        if not self._is_as_listed(name, entry) and self._files.digest(name) not in ours:
            self._spare(name, "edited")

    def _is_known(self, name: str) -> bool:
        """Whether there is evidence for what is listed: the store's proof, or its own content."""
        if not self._manifest.secret or name in self._manifest.proven:
            return True
        return self._files.digest(name) in self._stored

    @cached_property
    def _stored(self) -> set[str]:
        """What the store has; read where a list is in doubt, and for no other."""
        return set() if self._store is None else self._store.directory.digests()

    def _spare(self, name: str, how: Literal["edited", "kept"]) -> None:
        """Give the file under `name`, which somebody has edited or which may be somebody's, a
        name of its own.
        """
        stem, dot, suffix = name.rpartition(".")
        infixes = (f".{how}-{n}" if n > 1 else f".{how}" for n in itertools.count(1))
        beside = next(
            other
            for infix in infixes
            if self._files.lstat(other := f"{stem}{infix}{dot}{suffix}") is None
        )
        self._files.rename(name, beside)
        if how == "edited":
            kept = self.folder / beside
            self.notes.append(f"{name} had been changed; that version is kept as {kept}")
            return
        if self._kept:  # one sentence for all: a folder from elsewhere has many
            self.notes.remove(_kept_note(self._kept))
        self._kept.append(self.folder / beside)
        self.notes.append(_kept_note(self._kept))

    def _note_removed(self, name: str) -> None:
        self.notes.append(f"{name} had been removed, and was put back")

    def _refuse_strangers(self, indexes: Iterable[int]) -> None:
        stems = {Path(part_stem("image", index)).name for index in indexes}
        taken = [VIDEO, VTT, SRT, POSTER, SHEET]
        for part in PARTS.values():
            found = self._files.names(part)
            taken += [f"{part}/{name}" for name in found if Path(name).stem in stems]
        files = self._manifest.files
        strangers = sorted(
            self.folder / name
            for name in taken
            if name not in files and self._files.lstat(name) is not None
        )
        if strangers:
            more = f" and {len(strangers) - 1} more" if len(strangers) > 1 else ""
            raise OutputError(
                f"{strangers[0]}{more}: not made by vidkit, and so not overwritten; "
                "choose another folder with -o (output_dir=), or move the files away"
            )

    def _list_new_names(self) -> dict[str, str]:
        """List the files of the first layout under the names of this one too, before they get
        them: a run that is killed between knows its own by either. Gives new names by old.
        """
        files = self._manifest.files
        first = {name: found for name in files if (found := _FIRST.fullmatch(name))}
        names = {o: f"{n[1]}/section-{int(n[2]) + 1:02}{n[3]}" for o, n in first.items()}
        there = self._files.lstat
        names = {o: n for o, n in names.items() if there(n) is None or there(o) is None}
        names = {o: n for o, n in names.items() if there(o) is None or self._is_known(o)}
        for old, new in names.items():
            files.setdefault(new, dict(files[old]))
        return names

    def _rename_all(self, names: Mapping[str, str]) -> None:
        for old, new in names.items():
            if self._files.lstat(old) is not None:
                self._files.rename(old, new)
            del self._manifest.files[old]

    def _drop_twins(self, name: str) -> None:
        stem, files = name.rpartition(".")[0], self._manifest.files
        if "/" not in stem:
            return
        for other in [n for n in files if n != name and n.rpartition(".")[0] == stem]:
            self._spare_edited(other)
            self._files.unlink(other)
            del files[other]

    def _sweep(self) -> None:
        """Remove temporary files that a process which is gone left behind."""
        for part in ("", *PARTS.values()):
            for name in self._files.names(part):
                ours = _SCRATCH.fullmatch(name)
                if ours and not psutil.pid_exists(int(ours[1])):
                    self._files.unlink(f"{part}/{name}" if part else name)

    def _remove(self, scratch: Path) -> None:
        with suppress(OSError):  # Windows removes no open file; the next claim sweeps it
            if scratch.parent == self.folder:
                self._files.unlink(scratch.name)
            else:
                scratch.unlink(missing_ok=True)

    def _unwritable(self, error: OSError | ValueError) -> OutputError:
        return OutputError(f"{self.folder} cannot be written: {why_unwritable(self.folder, error)}")


def _kept_note(kept: Sequence[Path]) -> str:
    which = str(kept[0]) if len(kept) == 1 else f"{kept[0]} and {len(kept) - 1} more"
    return (
        "what stood in the output folder and is not known to this machine's store as vidkit's "
        f"own is kept beside: {which}"
    )


# The report of a lesson that was made earlier, read back from its folder.


def read_report(where: str | Path, lesson: str | Path | None = None) -> VideoReport | None:
    """What `report.json`, itself or its folder, tells of the last run there; None where there is
    none, or none that can be read. Files that are gone since are left out.

    lesson: the lesson's file, where it is not where it was.
    """
    file = Path(where) / REPORT if is_folder(Path(where)) else Path(where)
    try:
        told = json.loads(file.read_bytes())
        return _report(told, file.parent, Path(lesson or told["lesson"]))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _report(told: Mapping[str, Any], folder: Path, lesson: Path) -> VideoReport:
    return VideoReport(
        lesson=lesson,
        folder=folder,
        path=_file(folder, told["video"]),
        title=told["title"],
        sections=tuple(_section(section, folder) for section in told["sections"]),
        seconds=float(told["seconds"]),
        length=float(told["length"]),
        failure=VidkitError(told["error"]) if told["error"] else None,
        notes=tuple(map(str, told["notes"])),
        dollars=float(told["dollars"]),
        unconfirmed=float(told["unconfirmed"]),
        review=told.get("review"),
    )


def _section(told: Mapping[str, Any], folder: Path) -> SectionReport:
    return SectionReport(
        index=int(told["number"]) - 1,
        **{name: told[name] for name in AS_TOLD if name != "spoken"},
        spoken=told.get("spoken"),  # not told in earlier releases
        image=_file(folder, told["image"]),
        audio=_file(folder, told["audio"]),
        clip=_file(folder, told["clip"]),
        start=told["start"],
        length=told["length"],
        seconds={step: float(taken) for step, taken in told["seconds"].items()},
        work={step: float(taken) for step, taken in told.get("work", {}).items()},
        kept=tuple(told["from_store"]),
        dollars=float(told["dollars"]),
    )


def _file(folder: Path, name: str | None) -> Path | None:
    """A file that the report names, if it is still there; none outside of its folder."""
    if name is None:
        return None
    path = folder / name
    inside = not Path(name).is_absolute() and ".." not in Path(name).parts
    return path if inside and path.is_file() else None
