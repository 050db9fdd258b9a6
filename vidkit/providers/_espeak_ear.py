"""English words that espeak-ng says wrongly, spelt the way it says them right."""

from __future__ import annotations

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


def heard(text: Traced, language: str) -> Traced:
    """`text` as espeak-ng must be given it to say what it says."""
    return rewrite(text, EAR) if language.split("-")[0] == "en" else text
