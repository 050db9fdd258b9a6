"""One section as the rules read it: its words cleaned, its labels, sentences and terms found."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from .formula import is_formula
from .grammar import grammar
from .labels import Label, labels, quoted
from .words import clean, script_language, sentences, stems, without_fences

LONGEST_TITLE = 160
LONGEST_DESCRIPTION = 4_000
LONGEST_NARRATION = 12_000
"""Characters that are read: some two thousand words, a quarter of an hour of speech."""

_CAPITALS = re.compile(r"(?<![\w'’])[A-Z][\w-]*(?:\s+(?:of\s+)?[A-Z][\w-]*)*")
_NOT_TERMS = frozenset(
    ("I", "A", "OK", "YES", "NO", "NOT", "AND", "OR", "ON", "OFF", "HIGH", "LOW")
)


@dataclass(frozen=True)
class Reading:
    """A section: what it tells (`narration`), what it shows (`description`), and its own title."""

    narration: str
    description: str
    title: str | None = None
    language: str = "en"

    @classmethod
    def of(cls, narration: str, description: str, title: str | None, language: str) -> Reading:
        """The section with its texts cleaned and cut to what a slide can use."""
        told = clean(narration, LONGEST_NARRATION)
        tongue = script_language(told) or language.replace("_", "-").lower() or "en"
        heading = " ".join(clean(title or "", LONGEST_TITLE).split())
        return cls(told, clean(description, LONGEST_DESCRIPTION), heading or None, tongue)

    @cached_property
    def speech(self) -> str:
        """The narration without blocks of code."""
        return without_fences(self.narration)

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """The sentences of the narration."""
        return sentences(self.speech, self.language)

    @cached_property
    def scene(self) -> str:
        """The description in lower case and without what it quotes: what is to be seen."""
        bare, end = [], 0
        for label in self.labels:
            bare.append(self.description[end : label.start])
            end = label.end
        return "…".join((*bare, self.description[end:])).lower()

    @cached_property
    def labels(self) -> tuple[Label, ...]:
        """The quoted words of the description."""
        return labels(self.description)

    @cached_property
    def parts(self) -> tuple[Label, ...]:
        """Labels that name a thing: no titles, axes, states, sentences or equations."""
        return tuple(
            label
            for label in self.labels
            if label.role in ("part", "curve", "speech")
            and not label.is_state
            and not label.is_code
            and not is_formula(label.text)
            and len(label.text.split()) <= 6
            and not label.text.endswith(("!", "."))
        )

    @cached_property
    def heard(self) -> frozenset[str]:
        """The stems of the narration's words."""
        return stems(self.speech, self.language)

    @cached_property
    def capitals(self) -> list[str]:
        """Names in the narration that are written large inside a sentence, the commonest first."""
        if self.language.startswith("de"):  # where every noun is written large
            return []
        stop = grammar(self.language).stop
        found: Counter[str] = Counter()
        for sentence in self.sentences:
            for match in _CAPITALS.finditer(sentence):
                name = match[0]
                ordinary = match.start() == 0 and not re.search(r"[A-Z_\d]", name[1:])
                if not ordinary and len(name) > 1 and name not in _NOT_TERMS:
                    first, _, rest = name.partition(" ")
                    found[rest if rest and first.lower() in stop else name] += 1
        return [
            name
            for name, count in found.most_common(8)
            if name.lower() not in stop
            and (count > 1 or " " in name or re.search("[A-Z]", name[1:]))
        ]

    @cached_property
    def terms(self) -> list[str]:
        """What the section is about, by name: labels, quoted words and names, each once."""
        names = [plain_name(label.text) for label in self.parts]
        names += [*quoted(self.speech), *self.capitals]
        once = {name.casefold(): name for name in reversed(names) if len(name) > 1}
        return list(reversed(once.values()))


def plain_name(text: str) -> str:
    """A label without what it adds in brackets: "Look-Up Table (LUT)" is "Look-Up Table"."""
    return re.sub(r"\s*\([^()]*\)\s*$", "", text).strip() or text
