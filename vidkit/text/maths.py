"""Mathematics as people type it, LaTeX or plain signs → a tree → words, plain signs.

One reader for slides, voices and captions: `read` makes the tree of LaTeX, `equations` finds what
is surely mathematics in prose ("q^2 = 2m^2", "V_GS", "f(x) = x² - 4x + 3"), `spoken` says a tree
in a language, `signs` writes it in the characters of ordinary text.
"""

from .formulas import equations
from .latex import read
from .notation import Node
from .wording import Said, in_words, letter_name, signs, spaced, spoken

__all__ = [
    "Node",
    "Said",
    "equations",
    "in_words",
    "letter_name",
    "read",
    "signs",
    "spaced",
    "spoken",
]
