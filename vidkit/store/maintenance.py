"""Looking after a store: what is in it, whether it is whole, and making room."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .assets import AssetDirectory, Version

_QUARANTINED = re.compile(r"[a-z]{1,16}-[0-9a-f]{12}-[\w.]+-([0-9a-f]+)")


@dataclass(frozen=True)
class Verdict:
    """What a look at every byte found. good: how many versions are whole; bad: a sentence for each
    thing that is not, set aside by now, and for each folder that cannot be looked into.
    """

    good: int
    bad: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.bad:
            return f"{_assets(self.good)}, all whole"
        return "\n".join((f"{_assets(self.good)} whole, {len(self.bad)} damaged:", *self.bad))


@dataclass(frozen=True)
class Contents:
    """What is in the store. kinds: (assets, bytes) of each kind; earlier versions count as assets.
    aside: the same of what was set aside. hits: assets that were found; misses: assets that
    had to be made.
    """

    assets: int = 0
    bytes: int = 0
    kinds: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    aside: tuple[int, int] = (0, 0)
    hits: int = 0
    misses: int = 0

    @property
    def rate(self) -> float | None:
        """The part of assets that were found and not made, from 0 to 1; None before the first."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else None

    def __str__(self) -> str:
        lines = [f"{_assets(self.assets)}, {in_size(self.bytes)}"]
        lines += [f"  {n:,} × {kind}, {in_size(b)}" for kind, (n, b) in sorted(self.kinds.items())]
        if self.aside[0]:
            lines.append(f"  {self.aside[0]:,} set aside as damaged, {in_size(self.aside[1])}")
        if self.rate is not None:
            lines.append(f"  {self.rate:.0%} of what was asked for was there")
        return "\n".join(lines)


@dataclass(frozen=True)
class Removal:
    """What was removed, or with `dry` what would be: assets, damaged ones that had been set
    aside, and the bytes of both. held: assets that were to go and stay, since a lesson that
    is not finished needs them.
    """

    assets: int = 0
    aside: int = 0
    bytes: int = 0
    held: int = 0
    dry: bool = False

    def __str__(self) -> str:
        what = _assets(self.assets)
        if self.aside:
            what += f" and {self.aside:,} that were set aside"
        said = f"{'would remove' if self.dry else 'removed'} {what}, {in_size(self.bytes)}"
        if self.held:
            said += f"; {self.held:,} more stay, since lessons that are not finished need them"
        return said


def contents_of(directory: AssetDirectory, hits: int, misses: int) -> Contents:
    """Count what is on the directory."""
    kinds: dict[str, tuple[int, int]] = {}
    for version in directory.versions():
        number, size = kinds.get(version.kind, (0, 0))
        kinds[version.kind] = (number + 1, size + version.bytes)
    aside = _quarantined(directory.quarantined)
    return Contents(
        assets=sum(number for number, _ in kinds.values()),
        bytes=sum(size for _, size in kinds.values()),
        kinds=kinds,
        aside=(len(aside), sum(size for _, _, size in aside)),
        hits=hits,
        misses=misses,
    )


def prune_assets(
    directory: AssetDirectory,
    stays: Callable[[str], bool],
    before: float,
    keep_bytes: int | None = None,
    *,
    dry: bool,
) -> Removal:
    """Remove what was not used since `before` (seconds since 1970), and then what was used longest
    ago until no more than `keep_bytes` are left. What was set aside goes first; what has a key of
    which `stays` is true does not go.
    """
    aside = sorted(_quarantined(directory.quarantined), key=lambda each: each[1])
    versions = sorted(directory.versions(), key=lambda version: version.used)
    total = sum(size for _, _, size in aside) + sum(version.bytes for version in versions)
    most = total if keep_bytes is None else keep_bytes
    staying = {version.key for version in versions if stays(version.key)}
    old: list[Path] = []
    going: list[Version] = []
    removed = 0
    for path, when, size in aside:
        if when < before or total - removed > most:
            old.append(path)
            removed += size
    for version in versions:
        if version.key not in staying and (version.used < before or total - removed > most):
            going.append(version)
            removed += version.bytes
    too_many = total - removed > most
    held = sum(v.key in staying and (v.used < before or too_many) for v in versions)
    if not dry:
        going = [version for version in going if directory.remove(version)]
        for path in old:
            shutil.rmtree(path, ignore_errors=True)
    return Removal(len(going), len(old), removed, held, dry)


def verify_assets(directory: AssetDirectory, told: Callable[[], Iterable[str]]) -> Verdict:
    """Hash every version; `told` gives what was said of those that were set aside meanwhile."""
    good = 0
    shut: list[str] = []
    for key, number in list(directory.everywhere(shut.append)):
        good += directory.version(key, number, hashed=True) is not None
    return Verdict(good, (*told(), *shut))


def in_size(size: float) -> str:
    """Bytes for a person: 512 B, 3.4 MB (a megabyte is a million bytes)."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _assets(number: int) -> str:
    return f"{number:,} asset{'' if number == 1 else 's'}"


def _quarantined(folder: Path | None) -> list[tuple[Path, float, int]]:
    """What was set aside: where it is, since when (seconds since 1970), and its bytes."""
    found = []
    for path in folder.iterdir() if folder is not None and folder.is_dir() else ():
        if (named := _QUARANTINED.fullmatch(path.name)) and path.is_dir():
            size = sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
            found.append((path, int(named[1], 16) / 1e9, size))
    return found
