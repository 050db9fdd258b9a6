"""What a lesson's words give away, told as notes: another language, stage directions, equations
that nobody can say, words of `say` that never occur.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ..text.scripts import language_note, name_of
from ..text.speech import unspoken_equations, unused_words
from .lesson import IMAGES, SOUNDS, Section

_DIRECTION = re.compile(
    r"(?m)^\s*(?:\*\*)?((?:[Nn]arrator|NARRATOR|[Hh]ost|[Vv]oice-?over|VOICE-?OVER|VO|"
    r"[Ss]peaker(?: \d)?|"
    r"[Ss]cene(?: \d+)?|SCENE(?: \d+)?|[Vv]isuals?|[Oo]n[- ]screen))(?:\*\*)?\s?:"
    r"|([\[(](?:[Ss]cene|SCENE|[Mm]usic|MUSIC|[Ss]ound|SOUND|[Ss]fx|SFX|[Ff]ade|"
    r"[Cc]ut to|CUT TO|[Vv]isual|"
    r"[Ss]how|[Ii]ntro|[Oo]utro|[Tt]ransition|[Aa]pplause|[Ll]aughs?|[Ss]miling|[Zz]oom)\b[^\])\n]{0,120}[\])])"
)
MOST_NAMED = 5


def stage_directions(text: str) -> list[str]:
    """What in a narration is for a stage and would be spoken: "Narrator:", "[music fades in]"."""
    return [found[1] + ":" if found[1] else found[2] for found in _DIRECTION.finditer(text)]


_FILE = re.compile(r"[^\s/\\][^\n]{0,200}\.(\w{3,4})", re.IGNORECASE)
LONG_TITLE = 120
"""Characters of a heading that may have been meant to be said."""


def misplaced(sections: Sequence[Section]) -> list[str]:
    """Notes on texts of sections that likely belong in another field: the name of a file, and a
    title that is much longer than what is said.
    """
    notes = []
    for number, section in enumerate(sections, 1):
        for key, kinds, place in (
            ("content", SOUNDS, "audio"),
            ("content", IMAGES, "image"),
            ("image_description", IMAGES, "image"),
        ):
            text = getattr(section, key)
            named = _FILE.fullmatch(text)
            there = getattr(section, place) is not None
            if named and f".{named[1].lower()}" in kinds and not there:
                mend = f'write "{place}": "{text}"'
                notes.append(f"section {number}: `{key}` is the name of a file; to use it, {mend}")
        title = section.title or ""
        if len(title) > LONG_TITLE and len(title) > 2 * len(section.content) and section.content:
            notes.append(
                f"section {number}: `title` is much longer than `content`, which is what is said; "
                "are the two in each other's place?"
            )
    return notes


def advice(narrations: Sequence[str], language: str, say: Iterable[Mapping[str, str]]) -> list[str]:
    """Notes on the narrations of a lesson, in order, each with the mend."""
    notes = []
    if note := language_note("\n\n".join(narrations), language):
        notes.append(note)
    directed = [
        (number, each)
        for number, text in enumerate(narrations, 1)
        for each in stage_directions(text)
    ]
    notes += [
        f"section {number}: {each!r} looks like a stage direction, and would be spoken; remove it"
        for number, each in directed[:MOST_NAMED]
    ]
    if len(directed) > MOST_NAMED:
        notes.append(f"{len(directed) - MOST_NAMED} more stage directions would be spoken")
    unsaid = [
        (number, each)
        for number, text in enumerate(narrations, 1)
        for each in unspoken_equations(text, language)
    ]
    if unsaid:
        number, first = unsaid[0]
        others = len(unsaid) - 1
        more = f" and {others} more equation{'s' * (others > 1)}" if others else ""
        notes.append(
            f'section {number}: "{first}"{more} cannot be said in words, for vidkit does not know '
            f"what the signs are called in {name_of(language)}; write them as they are said, or in "
            "`say`"
        )
    words: dict[str, str] = {}
    for each in say:
        words |= each
    notes += [
        f"`say` has {word!r}, which no narration has; look how it is spelt there"
        for word in unused_words(list(narrations), words)[:MOST_NAMED]
    ]
    return notes
