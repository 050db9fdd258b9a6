"""How far are captions from the voice, where the voice tells no times?

Usage: python tests/bench/captions.py [LESSON.json …]

Each section is spoken by espeak-ng, which tells when its words are said; the captions are made
once with these times and once without them, from the sound alone. Printed are the differences
between the starts of the cues: the median, and the worst.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from vidkit import load_lesson
from vidkit.media.loudness import find_speech
from vidkit.providers import VoiceAsk
from vidkit.providers.espeak import Espeak
from vidkit.text.captions import Cue, cues
from vidkit.text.timing import estimated_words

T = TypeVar("T")
LESSONS = Path(__file__).parents[2] / "notebooks" / "lessons"
FIGURES = (
    "In 1953, on 28 February, two men said that they had found the secret of life. The helix "
    "turns once in 3.4 nm, and 10 bases lie on each turn. A human cell holds about "
    "6,400,000,000 bases: 2 m of DNA in a nucleus of 6 μm.\n\nWhat does a copy cost? In 2001 "
    "it was $95,263,072; in 2022 it turns it was $525, or 0.0006 % of that. So the price fell "
    "by a factor of 181,453 in 21 years. Moore's law would have given 2^14 = 16,384. At 25 °C "
    "an enzyme copies 1,000 bases per second, and errs once in 10,000,000. That is, 640 "
    "errors per cell: far too many. Repair brings them down to 1 in 10^9, or 6 per cell."
)


async def _at_once(send: Callable[[], Awaitable[T]], /) -> T:
    return await send()


def differences(text: str, language: str) -> list[float]:
    """Seconds by which each cue begins too late or too early without the voice's times."""
    made = asyncio.run(Espeak().speak(VoiceAsk(text, language), _at_once))
    heard = find_speech(made.data)
    speech = (heard["heard"][0], heard["heard"][1])
    pauses = [(start, end) for start, end in heard["pauses"]]
    length = speech[1] + 0.5
    told = cues(text, made.words, 0, length, speech)
    guessed = estimated_words(text, speech, pauses, language)
    hidden = cues(text, guessed, 0, length, speech)
    sure, guess = _starts(told), _starts(hidden)
    return [abs(start - guess[head]) for head, start in sure.items() if head in guess]


def _starts(made: list[Cue]) -> dict[tuple[str, int], float]:
    """The start of each cue, by its first words and how often they were there before."""
    seen: dict[str, int] = {}
    found = {}
    for cue in made:
        head = " ".join(cue.text.split()[:3])
        seen[head] = seen.get(head, 0) + 1
        found[head, seen[head]] = cue.start
    return found


def word_errors(text: str, language: str) -> list[float]:
    """Seconds between when each word is said and when it is thought to be."""
    made = asyncio.run(Espeak().speak(VoiceAsk(text, language), _at_once))
    heard = find_speech(made.data)
    pauses = [(start, end) for start, end in heard["pauses"]]
    guessed = estimated_words(text, tuple(heard["heard"]), pauses, language)
    return [abs(a.start - b.start) for a, b in zip(made.words, guessed, strict=True)]


def main() -> int:
    """0 where the median is under 0.25 s and the worst under 1 s."""
    paths = [Path(name) for name in sys.argv[1:]] or sorted(LESSONS.glob("*.json"))
    texts = [("figures", "en", FIGURES)]
    for path in paths:
        lesson = load_lesson(path)
        texts += [
            (f"{path.stem} {number}", lesson.language, section.content)
            for number, section in enumerate(lesson.sections, 1)
        ]
    whole: list[float] = []
    words: list[float] = []
    for name, language, text in texts:
        found = differences(text, language)
        apart = word_errors(text, language)
        whole += found
        words += apart
        print(f"{name}: cues worst {max(found, default=0):.2f} s; words worst {max(apart):.2f} s")
    median, worst = statistics.median(whole), max(whole)
    held = median < 0.25 and worst < 1.0
    print(
        f"{len(whole)} cues: median {median:.3f} s, worst {worst:.2f} s; {len(words)} words: "
        f"median {statistics.median(words):.3f} s, worst {max(words):.2f} s"
    )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
