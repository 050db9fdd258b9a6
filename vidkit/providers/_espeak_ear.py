"""Text the way espeak-ng must be given it: English words that it says wrongly, spelt the way it
says them right, and words of a length that it bears.
"""

from __future__ import annotations

import re

from ..plain import Traced, rewrite, rule

_OPERATOR = (
    r"equals|squared|cubed|to the power|is (?:at most|at least|less|greater|about|not equal)|"
    r"(?:plus|minus|times|over) (?:\(|\d|[a-z]\b)"
)

EAR = (
    rule("mu is no moo", r"\bmu\b", "mew"),
    rule("xi is no eleven", r"\bxi\b", "zye"),
    rule("the letter a", rf"(?<![\w'’])[aA](?= (?:{_OPERATOR}))", "eh"),
    rule("a product with a", r"(?<=\d )a(?= [a-z]\b)", "eh"),
    rule("the letter A in a sentence", r"(?<=[a-z,;] )A(?=[ .,;:!?)])(?! [A-Z][a-z])", "eh"),
)


LONGEST_WORD = 200
"""Characters without a space. At 400 of A.A.A.… espeak-ng 1.52 writes past its memory and is ended
by the system, and at 300 it is not.
"""

# Thai, Chinese and their neighbours write no spaces, and are not broken
_SPACED = r"[^\s\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\U0010ffff]"
_LONG = re.compile(f"{_SPACED}{{{LONGEST_WORD + 1},}}")


def broken(text: Traced) -> tuple[Traced, tuple[str, ...]]:
    """`text` with spaces in words that are too long, and a note where there is one. They come
    after a sign where there is one: before it, a dot would begin a word, which harms as much.
    """
    pieces: list[str] = []
    origin: list[int] = []
    done = 0
    for found in _LONG.finditer(text.text):
        while found.end() - (at := max(done, found.start())) > LONGEST_WORD:
            signs = [n for n in range(at + 1, at + LONGEST_WORD) if not text.text[n - 1].isalnum()]
            end = signs[-1] if signs else at + LONGEST_WORD
            pieces += text.text[done:end], " "
            origin += text.origin[done:end]
            origin.append(text.origin[end - 1])
            done = end
    if not done:
        return text, ()
    note = f"a word of more than {LONGEST_WORD} characters is spoken in pieces; put spaces into it"
    return Traced("".join(pieces) + text.text[done:], origin + text.origin[done:]), (note,)


def heard(text: Traced, language: str) -> Traced:
    """`text` as espeak-ng must be given it to say what it says."""
    return rewrite(text, EAR) if language.split("-")[0] == "en" else text
