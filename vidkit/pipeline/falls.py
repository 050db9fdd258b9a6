"""Who took whose place: one sentence for each reason, and not one for each section."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..report import in_runs
from .choice import PartKind

PARTS: dict[PartKind, str] = {"image": "image", "audio": "narration"}
"""What people call the parts of a section."""


@dataclass(frozen=True)
class Fall:
    """A provider that gave nothing, and why, in words; `kind` of error folds many into one."""

    provider: str
    kind: str
    why: str

    def __str__(self) -> str:
        said = self.why.lower().startswith((self.provider.lower(), "no connection to "))
        return self.why if said else f"{self.provider}: {self.why}"


@dataclass
class _Fold:
    part: PartKind
    by: str | None
    falls: tuple[Fall, ...]
    sections: set[tuple[int, int]] = field(default_factory=set)
    alike: bool = True

    def __str__(self) -> str:
        numbers = sorted(number for _, number in self.sections)
        part, lessons = PARTS[self.part], {lesson for lesson, _ in self.sections}
        if len(numbers) == 1:
            whose = f"section {numbers[0]}'s {part}"
            how = "stays as it was" if self.by is None else f"by {self.by}"
        else:
            which = in_runs(numbers) if len(lessons) == 1 else f"of {len(lessons)} lessons"
            whose = f"{len(numbers)} sections' {part}s ({which})"
            how = "stay as they were" if self.by is None else f"by {self.by}"
        why = "; ".join(map(str, self.falls))
        return f"{whose} {how}, because {why}" + ("" if self.alike else " (and the like)")


class Falls:
    """The parts of lessons that another than the first provider gave."""

    def __init__(self) -> None:
        self._folds: dict[tuple[str, ...], _Fold] = {}

    def add(
        self, part: PartKind, section: tuple[int, int], by: str | None, falls: Sequence[Fall]
    ) -> str | None:
        """Note that the part of a section, by its lesson's position and its number, came `by`
        another after `falls`, or with None stayed as it was. Gives a sentence where it is the
        first for such a reason.
        """
        which = (part, by or "", *(f"{fall.provider} {fall.kind}" for fall in falls))
        new = which not in self._folds
        fold = self._folds.setdefault(which, _Fold(part, by, tuple(falls)))
        fold.sections.add(section)
        fold.alike &= [fall.why for fall in falls] == [fall.why for fall in fold.falls]
        return str(fold) if new else None

    def __iter__(self) -> Iterator[str]:
        """One sentence for each reason."""
        return map(str, self._folds.values())
