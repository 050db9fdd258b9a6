"""Mathematics as people type it, LaTeX or plain signs → a tree → words, plain signs; and texts with
some as they are shown: in captions, titles and chapters, in parts on slides.

One reader for slides, voices and captions: `read` makes the tree of LaTeX, `equations` finds what
is surely mathematics in prose ("q^2 = 2m^2", "V_GS", "f(x) = x² - 4x + 3"), `spoken` says a tree
in a language, `signs` writes it in the characters of ordinary text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .formulas import equations
from .languages import Vocabulary, primary, vocabulary
from .latex import (
    CALLED,
    DOWN,
    EMPTY,
    FAMOUS,
    HALVES,
    LETTER_NAMES,
    LOWERED,
    RAISED,
    UP,
    Node,
    read,
)
from .markup import (
    HIDDEN,
    MARKUP,
    MATHS,
    MATHS_END,
    UNSHIELD,
    Claim,
    MappedText,
    rewrite,
    rewrite_once,
    rule,
)

# ── said ────────────────────────────────────────────────────────────────────────────────────

Said = list[tuple[str, int]]
"""Words, and the place of each."""


def spoken(node: Node, language: str = "en") -> Said | None:
    """An equation in the words of a language; None where its words are not known."""
    words = vocabulary(language)
    return _Speaker(words, language).row(node) if words else None


def joined(said: Said) -> str:
    """Words with the spaces between them."""
    return "".join(text for text, _ in spaced(said))


def spaced(said: Said) -> Iterator[tuple[str, int]]:
    """Words with a space before each that needs one."""
    before = ""
    for text, at in said:
        gap = before and before[-1] not in "([" and text[0] not in ",;)]:."
        yield (" " if gap else "") + text, at
        before = text


class _Speaker:
    def __init__(self, words: Vocabulary, language: str) -> None:
        self.words = words
        self.language = primary(language)

    def row(self, node: Node) -> Said:
        parts = node.parts if node.kind == "row" else (node,)
        said: Said = []
        chemical = any(part.kind == "formula" for part in parts)
        for k, part in enumerate(parts):
            if chemical and part.kind == "name":  # "CO", "NO" among "CO₂", "NO₂"
                said.append((" ".join(part.text), part.at))
                continue
            before = parts[k - 1] if k else None
            after = parts[k + 1] if k + 1 < len(parts) else None
            said += self.part(part, before, after)
        return said

    def part(self, node: Node, before: Node | None, after: Node | None) -> Said:
        match node.kind:
            case "sign":
                return self.sign(node, before, after)
            case "fence":
                return self.fence(node, before)
            case "function":
                return self.function(node, EMPTY, EMPTY, after)
            case "script":
                base, below, above = node.parts
                if node.text == "stacked":
                    small = self.row(above) or self.row(below)
                    return [*self.part(base, before, after), *small]
                if base.kind == "function":
                    return self.function(base, below, above, after)
                if base.kind == "big":
                    return self.big(base, below, above, after)
                return self.script(node)
            case "big":
                return self.big(node, EMPTY, EMPTY, after)
        return self.single(node)

    def single(self, node: Node) -> Said:
        match node.kind:
            case "row":
                return self.row(node)
            case "symbol":
                return [(self.words.signs.get(node.text) or letter_name(node.text), node.at)]
            case "number" if node.text.startswith("."):
                return [(f"0{node.text}", node.at)]
            case "formula":
                return [(_elements(node.text, self.words), node.at)]
            case "measure":
                number, unit = node.parts
                name = self.unit(unit, one=number.text == "1")
                return [*self.single(number), (name, unit.at)]
            case "unit":
                return [(self.unit(node), node.at)]
            case "fraction":
                return self.fraction(node)
            case "binomial":
                return self.template(self.words.binomial, [*map(self.row, node.parts)], node.at)
            case "root":
                return self.root(node)
            case "accent":
                name = self.words.accents[node.text]
                said = self.row(node.parts[0])
                first = node.text == "vec"
                return [(name, node.at), *said] if first else [*said, (name, _last(said, node.at))]
            case "call":
                base, fence = node.parts
                inner = self.row(fence.parts[0])
                said = self.single(base) if base.kind != "script" else self.script(base)
                return [*said, (self.words.of, fence.at), *inner]
            case "lines":
                return self.lines(node)
            case "script" | "fence" | "function" | "big" | "sign":
                return self.part(node, None, None)
        return [(node.text, node.at)] if node.text else []

    def unit(self, node: Node, *, one: bool = False) -> str:
        """The name of a unit: "Kilometer pro Stunde"; in English the reader has found it."""
        symbol, names = _divided(node.parts[0].text), self.words.units
        if self.language == "en":
            return node.text
        above, _, below = symbol.partition("/")
        if above in names and below in names:
            below = self.words.unit(below, one=True)
            return f"{self.words.unit(above, one=one)} {self.words.per} {below}"
        return self.words.unit(symbol, one=one) if symbol in names else node.parts[0].text

    def sign(self, node: Node, before: Node | None, after: Node | None) -> Said:
        sign = node.text
        if sign == "!":
            return [(self.words.factorial, node.at)]
        if sign == "|" and before is not None:
            return [(self.words.given, node.at)]
        if sign in ",;:.":
            return [(sign, node.at)]
        if sign in ("%", "°", "∘") and before is not None and before.kind == "number":
            return [(self.words.percent if sign == "%" else self.words.degrees, node.at)]
        if sign == "°":
            return [(self.words.degrees, node.at)]
        if sign == "∂":
            return [(self.words.partial, node.at)]
        if sign in "′″":
            return [(self.words.powers[sign], node.at)]
        word = self.words.signs.get(sign, "" if sign in "|‖()[]{}⟨⟩_^\\$&#" else sign)
        return [(word, node.at)] if word else []

    def fence(self, node: Node, before: Node | None) -> Said:
        inner = self.row(node.parts[0])
        if node.text == "||":
            return [(self.words.absolute, node.at), *inner]
        if (
            before is not None
            and before.kind in ("symbol", "script")
            and self.is_call(node, before)
        ):
            return [(self.words.of, node.at), *inner]
        if before is not None and is_function(before):
            return inner
        if not inner:
            return []
        (first, at), (last, end) = inner[0], inner[-1]
        opening, closing = ("[", "]") if node.text == "[]" else ("(", ")")
        if len(inner) == 1:
            return [(f"{opening}{first}{closing}", at)]
        return [(f"{opening}{first}", at), *inner[1:-1], (f"{last}{closing}", end)]

    def is_call(self, fence: Node, letter: Node) -> bool:
        base = letter.parts[0] if letter.kind == "script" else letter
        parts = fence.parts[0].parts
        simple = len(parts) == 1 and parts[0].kind in ("symbol", "accent")
        listed = bool(parts) and all(
            part.kind in ("symbol", "number") or part.text in ",|" for part in parts
        )
        return base.text in FAMOUS or (
            base.text in CALLED and (simple or (listed and len(parts) > 1))
        )

    def function(self, node: Node, below: Node, above: Node, after: Node | None) -> Said:
        words, name = self.words, self.words.functions.get(node.text, node.text)
        of = [(words.of, node.at)] if after is not None and not _is_sign(after) else []
        if node.text == "lim" and below.parts:
            condition = [
                (words.tends, at) if text == words.signs["→"] else (text, at)
                for text, at in self.row(below)
            ]
            return self.template(words.limit, [condition], node.at)
        if node.text in ("log", "lg", "ln") and below.parts:
            said = self.template(words.base, [self.row(below)], node.at)
            return said if of else said[:-1]
        if node.text == "mod":
            return [(name, node.at)]
        said = [(name, node.at)]
        if below.parts:
            said += self.template(words.lower, [self.row(below)], below.parts[0].at)
        if above.parts:
            said += self.power(above)
        return [*said, *of]

    def big(self, node: Node, below: Node, above: Node, after: Node | None) -> Said:
        words, said = self.words, [(self.words.sums.get(node.text, node.text), node.at)]
        template = words.bounds if above.parts else words.lower
        if below.parts:
            bounds = [self.row(below), self.row(above)]
            said += self.template(template, bounds, below.parts[0].at)
        elif self.language == "de":
            said.append(("über", node.at))
        if self.language == "en" or not below.parts:
            of = words.of if self.language != "de" else ""
            said += [(of, said[-1][1])] if of and after is not None else []
        return said

    def template(self, template: str, parts: Sequence[Said], at: int) -> Said:
        """Words with parts in them: "from {0} to {1}"."""
        said: Said = []
        for piece in re.split(r"(\{\d\})", template):
            if re.fullmatch(r"\{\d\}", piece):
                said += parts[int(piece[1])]
                at = _last(said, at)
            elif piece.strip():
                said.append((piece.strip(), at))
        return said

    def fraction(self, node: Node) -> Said:
        above, below = node.parts
        top, bottom = self.row(above), self.row(below)
        if len(top) == len(bottom) == 1 and top[0][0].isdigit() and bottom[0][0].isdigit():
            whole = f"{int(top[0][0][:6])}/{int(bottom[0][0][:6])}"
            if whole in self.words.small:
                return [(self.words.small[whole], node.at)]
        head = _head(above)
        if head and head == _head(below):
            of = (
                [(self.words.of, _last(bottom, node.at))]
                if len(top) == 1 and len(bottom) > 1
                else []
            )
            return [*top, (self.words.by, _last(top, node.at)), *bottom, *of]
        over = self.words.all_over if _long(above) else self.words.over
        return [*top, (over, _last(top, node.at)), *bottom]

    def root(self, node: Node) -> Said:
        words, degree = self.words, ""
        if len(node.parts) > 1:
            degree = joined(self.row(node.parts[1]))
        body = node.parts[0]
        inner = self.row(body.parts[0] if body.kind == "fence" else body)
        name = (
            words.root if not degree else words.roots.get(degree) or words.nth_root.format(degree)
        )
        return [(name, node.at), *inner]

    def script(self, node: Node) -> Said:
        base, below, above = node.parts
        said = self.single(base)
        counts = any(part.text == "=" for part in below.parts)
        if (base.kind == "fence" or base.text == "}") and counts and above.parts:  # "(x_n)_{n=1}^N"
            first = below.parts[0].at
            bounds = self.words.bounds.partition("{1}")[0] + "{1}"
            ends = [self.row(below), self.row(above)]
            return [*said, (",", first), *self.template(bounds, ends, first)]
        if below.parts:
            index = below.parts
            plain = all(part.kind in ("symbol", "name", "number") for part in index)
            if plain and (len(index) > 1 or index[0].kind == "name"):
                said.append((self.index("".join(part.text for part in index)), index[0].at))
            else:
                said += self.row(below)
        if above.parts:
            said += self.power(above)
        return said

    def power(self, above: Node) -> Said:
        at, inner = above.parts[0].at, self.row(above)
        if len(above.parts) == 1:
            part = above.parts[0]
            text = part.parts[0].text if part.kind == "row" and part.parts else part.text
            text = "T" if text == "⊤" else text
            if part.kind in ("number", "symbol", "sign") and text in self.words.powers:
                return [(self.words.powers[text], at)]
            if part.kind in ("word", "name") and text in ("th", "st", "nd", "rd"):
                return [(f"-{text}", at)]
        if (
            len(above.parts) == 2
            and above.parts[1].text in ("+", "−")
            and above.parts[0].kind == "number"
        ):
            return inner
        return [(self.words.power, at), *inner]

    def index(self, text: str) -> str:
        """ "GS" is said letter by letter, "out" as a word."""
        vowels = re.search("[aeiouy]", text)
        if (
            not text.isalpha()
            or len(text) == 1
            or (len(text) > 2 and vowels and not text.isupper())
        ):
            return text
        if text == "in" or (text.isupper() and len(text) > 3):
            return text
        return " ".join(text.upper())

    def lines(self, node: Node) -> Said:
        said: Said = []
        matrix = _is_matrix(node)
        for k, line in enumerate(node.parts):
            if k:
                said.append((";", line.at))
            for n, cell in enumerate(line.parts):
                said += [(",", cell.at)] if n and matrix else []
                said += self.row(cell)
        return [(self.words.matrix, node.at), *said] if matrix else said


_PUNCTUATION = frozenset("=≈≅≤≥≠≡∝<>→⇒⇔,;:.+−·×/")


def _is_matrix(lines: Node) -> bool:
    return "matrix" in lines.text or lines.text == "array"


def _is_sign(node: Node) -> bool:
    return node.kind == "sign" and node.text in _PUNCTUATION


def is_function(node: Node) -> bool:
    return node.kind == "function" or (node.kind == "script" and node.parts[0].kind == "function")


def _divided(unit: str) -> str:
    """ "m·s⁻²" and "m/s2" → "m/s²"."""
    unit = re.sub(r"[·⋅ ]([A-Za-zµμ]+)(?:⁻|[-−]|\^\{?[-−])([123¹²³])\}?$", r"/\1\2", unit)
    return re.sub(r"[\^{}1¹]", "", unit).translate(str.maketrans("23", "²³"))


def _last(said: Said, at: int) -> int:
    return said[-1][1] if said else at


def _head(row: Node) -> str:
    """ "d" or "∂" where a row is half of a derivative."""
    if not row.parts:
        return ""
    first = row.parts[0].parts[0] if row.parts[0].kind == "script" else row.parts[0]
    return first.text if first.text in ("d", "∂") else ""


def _long(row: Node) -> bool:
    """Whether a row is said with an operator in it, so that "over" alone could be misheard."""
    return any(part.kind == "sign" and part.text in "+−±∓" for part in row.parts[1:])


def letter_name(letter: str) -> str:
    """The English name of a Greek letter; any other letter as it is."""
    return LETTER_NAMES.get(letter) or LETTER_NAMES.get(letter.lower()) or letter


def _elements(formula: str, words: Vocabulary) -> str:
    """A chemical formula letter by letter: "CaCO₃" → "C A C O 3"."""
    said = []
    for part in re.findall(r"[A-Za-z]|[₀-₉]+|[⁰¹²³⁴-⁹]+|[⁺⁻]", formula):
        if part in "⁺⁻":
            said.append(words.signs["+" if part == "⁺" else "−"])
        else:
            plain = "".join(LOWERED.get(sign) or RAISED.get(sign) or sign for sign in part)
            said.append(plain.upper())
    return " ".join(said)


# ── written in the characters of ordinary text ──────────────────────────────────────────────


def signs(node: Node) -> str:
    """An equation in plain characters, for captions and titles: "x²", "√2", "(a + b)/c"."""
    text = re.sub(r" {2,}", " ", _row_signs(node))
    return text.strip()


_SPACED = frozenset("=≈≅≤≥≠≡∝<>≪≫∈∉⊂⊆→←↦↔⇒⇔⇌~≔+−±∓×÷∪∩∧∨⊕⊗")


_PLAIN = {"*": "·", "∘": "°"}


def _row_signs(node: Node) -> str:
    parts = node.parts if node.kind == "row" else (node,)
    text = ""
    for k, part in enumerate(parts):
        following = parts[k + 1] if k + 1 < len(parts) else None
        if part.kind == "fraction" and following is not None and following.kind != "sign":
            text += _half_sign(part) or f"({_sign(part)})"
        elif part.kind == "sign" and part.text in _SPACED:
            unary = k == 0 or (
                parts[k - 1].kind == "sign" and parts[k - 1].text in _SPACED | {",", ";", "|"}
            )
            text += part.text if unary else f" {part.text} "
        elif part.kind == "sign":
            text += f"{part.text} " if part.text in ",;:" else _PLAIN.get(part.text, part.text)
        elif part.kind == "big" or (part.kind == "script" and part.parts[0].kind == "big"):
            text += f"{_sign(part)} "
        elif is_function(part) or (part.kind in ("word",)):
            gap = " " if text and text[-1].isalnum() else ""
            after = " " if following is not None and following.kind not in ("fence", "sign") else ""
            text += gap + _sign(part) + after
        else:
            text += _sign(part)
    return text


def _sign(node: Node) -> str:
    match node.kind:
        case "row":
            return _row_signs(node)
        case "measure":
            return node.parts[0].text + _sign(node.parts[1])
        case "unit":
            return " " + node.parts[0].text.replace("^2", "²").replace("^3", "³")
        case "fraction" if node.text:
            return node.text
        case "fraction":
            above, below = (_closed(part) for part in node.parts)
            return f"{above}/{below}"
        case "binomial":
            return f"C({', '.join(map(_row_signs, node.parts))})"
        case "root":
            degree = _row_signs(node.parts[1]) if len(node.parts) > 1 else ""
            body = node.parts[0]
            inner = _row_signs(body.parts[0] if body.kind == "fence" else body)
            return f"{_up(degree)}√{inner if len(inner) == 1 or inner.isdigit() else f'({inner})'}"
        case "script":
            return _script_signs(node)
        case "fence":
            return f"{node.text[0]}{_row_signs(node.parts[0])}{node.text[1]}"
        case "call":
            return "".join(_sign(part) for part in node.parts)
        case "accent":
            mark = {"bar": "\u0304", "hat": "\u0302", "vec": "\u20d7", "dot": "\u0307",
                    "ddot": "\u0308", "tilde": "\u0303"}.get(node.text, "")  # fmt: skip
            inner = _row_signs(node.parts[0])
            return inner + mark if len(inner) == 1 else inner
        case "lines":
            between = ", " if _is_matrix(node) else ""
            rows = "; ".join(between.join(map(_row_signs, line.parts)) for line in node.parts)
            return f"({rows})" if between else rows
    return node.text


_ALONE = re.compile(r"\d[\d.,]*|√?[^\W\d_]′?[²³¹⁰⁴-⁹ⁿ₀-₉]*|d²?\w?²?|∂²?\w?²?|\w\([^()]*\)|[½¼¾⅓⅔]")


def _half_sign(node: Node) -> str:
    """ "½" for a fraction that has a character of its own, "" for any other."""
    above, below = (_row_signs(row) for row in node.parts)
    pairs = {(str(a), str(b)): sign for sign, (a, b) in HALVES.items()}
    return pairs.get((above, below), "")


def _closed(node: Node) -> str:
    text = _row_signs(node)
    return text if _ALONE.fullmatch(text) else f"({text})"


def _script_signs(node: Node) -> str:
    base, below, above = node.parts
    if node.text == "stacked":
        return f" {_sign(base)}{_row_signs(above) or _row_signs(below)} "
    text = _sign(base)
    if below.parts:
        inner = _row_signs(below).replace(" ", "")
        low = "".join(DOWN.get(sign, "") for sign in inner)
        single = len(low) == len(inner) and (len(inner) == 1 or not inner.isalpha())
        text += low if single else f"_{inner}" if inner.isalnum() else f"_({inner})"
    if above.parts:
        inner = _row_signs(above).replace(" ", "")
        if inner in ("′", "″", "∘", "*"):
            text += {"∘": "°"}.get(inner, inner)
        elif all(sign in UP for sign in inner):
            text += _up(inner)
        else:
            text += f"^{inner}" if re.fullmatch(r"\w", inner) else f"^({inner})"
    return text


def _up(text: str) -> str:
    return "".join(UP.get(sign, sign) for sign in text)


# ── texts as they are shown ─────────────────────────────────────────────────────────────────

_SPACES = rule("one space", r"\s{2,}|[^\S ]", lambda found: "\n" if "\n" in found.group() else " ")
ZONE = re.compile(f"{MATHS}([^{MATHS}{MATHS_END}]*){MATHS_END}")
_TYPED = re.compile(r"[\^_\\]")


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a text: `text` is what is shown of it in plain characters, `node` the tree of an
    equation.
    """

    text: str
    node: Node | None = None


@lru_cache(maxsize=256)
def shown(text: str) -> MappedText:
    """`text` without marks, its equations in plain signs ("x²", "V_GS", "√2"), with a map back."""
    bare = rewrite(MappedText.of(text), (*HIDDEN, *MARKUP, *UNSHIELD))
    return rewrite(rewrite_once(bare, (_in_signs,)), (_SPACES,))


def _in_signs(text: str) -> Iterator[Claim]:
    for start, end, node in mathematics(text):
        yield start, end, [(signs(node), start)]


def plain(text: str) -> str:
    """`shown` as a line of text, for a title, a headline or a chapter."""
    return " ".join(shown(text).text.split())


def segments(text: str) -> list[Segment]:
    """`text` without marks, in parts: equations apart, so that a slide can typeset them.

    Equations are what the text marks as such, and what is typed as one: "V_G", "x^2", "H_2O".
    """
    bare = rewrite(MappedText.of(text), (*HIDDEN, *MARKUP, *UNSHIELD)).text
    found: list[Segment] = []
    at = 0
    for start, end, node in mathematics(bare):
        if at < start:
            found.append(Segment(bare[at:start]))
        found.append(Segment(signs(node), node))
        at = end
    return [*found, Segment(bare[at:])] if at < len(bare) else found


_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_MEASURE = re.compile(r"(?<![\w.,])(?=\d[\d.,]*\s?(?:%|°|[A-Za-zµμΩ]))")


def measures_kept(line: str) -> str:
    """A line in which a number keeps its Latin unit on its right side, also where the line runs
    from right to left.
    """
    return _MEASURE.sub("\u200e", line) if _RIGHT_TO_LEFT.search(line) else line


def mathematics(text: str, typed: re.Pattern[str] = _TYPED) -> list[tuple[int, int, Node]]:
    """The equations of a text after `MARKUP` that are marked as such or hold what is `typed`, and
    so would not be shown by plain characters as they are meant.
    """
    zones = [found.span() for found in ZONE.finditer(text)]
    found = [(a, b, read(text[a + 1 : b - 1])) for a, b in zones]
    if typed.search(text):
        for start, end, node in equations(text):
            inside = any(a < end and start < b for a, b in zones)
            if not inside and typed.search(text, start, end):
                found.append((start, end, node))
    return sorted(found, key=lambda each: each[0])
