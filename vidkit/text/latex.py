"""LaTeX → the tree of an equation, and the signs that equations are written with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from unicodedata import numeric

from .units import MEASURE, measure_in_words


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an equation, and the place in the text at which it begins.

    kind      text              parts
    row       ""                what stands side by side
    number    its digits
    formula   a chemical one: "H₂O"
    symbol    a letter, Greek or not, one that is written with several ("VDD")
    word      upright words ("\\text{if }x")
    sign      an operator, relation or arrow
    function  "sin", "lim", …
    big       ∑ ∏ ∫ ⋃ ⋂
    fraction  ""                above, below
    binomial  ""                above, below
    root      ""                what it is of, and its degree if that is not 2
    script    ""                base, index, power (an empty row for none)
    fence     its two brackets  what stands inside
    accent    "bar", "hat", …   what stands below it
    lines     ""                the rows of a matrix, or of equations below each other
    """

    kind: str
    at: int
    text: str = ""
    parts: tuple[Node, ...] = ()


# ── what the signs are ──────────────────────────────────────────────────────────────────────

_GREEK_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho "
    "varsigma sigma tau upsilon phi chi psi omega"
)
GREEK = {name: chr(0x3B1 + k) for k, name in enumerate(_GREEK_NAMES.split())}
_SIGN_PAIRS = (
    "times × cdot · div ÷ pm ± mp ∓ ast * star * bullet · le ≤ leq ≤ leqslant ≤ ge ≥ geq ≥ "
    "geqslant ≥ ne ≠ neq ≠ ll ≪ gg ≫ lt < gt > approx ≈ simeq ≈ cong ≅ sim ~ equiv ≡ propto ∝ "
    "to → rightarrow → longrightarrow → leftarrow ← gets ← mapsto ↦ leftrightarrow ↔ "
    "Rightarrow ⇒ Longrightarrow ⇒ implies ⇒ Leftrightarrow ⇔ iff ⇔ rightleftharpoons ⇌ infty "
    "∞ partial ∂ nabla ∇ in ∈ notin ∉ subset ⊂ subseteq ⊆ cup ∪ cap ∩ setminus ∖ forall ∀ "
    "exists ∃ neg ¬ lnot ¬ land ∧ wedge ∧ lor ∨ vee ∨ circ ∘ degree ° prime ′ ldots … dots … "
    "cdots … vdots … emptyset ∅ varnothing ∅ perp ⊥ parallel ∥ angle ∠ triangle △ therefore ∴ "
    "because ∵ mid | vert | lvert | rvert | Vert ‖ lVert ‖ rVert ‖ oplus ⊕ otimes ⊗ colon : "
    "percent % langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ dagger † ddagger ‡ top ⊤ "
    "bot ⊥ doteq ≐ triangleq ≜ coloneqq ≔ lesssim ≲ gtrsim ≳ prec ≺ succ ≻ preceq ⪯ succeq ⪰ "
    "supset ⊃ supseteq ⊇ subsetneq ⊊ ni ∋ nexists ∄ uparrow ↑ downarrow ↓ leadsto ⇝ lbrace { "
    "rbrace } hookrightarrow ↪ models ⊨ vdash ⊢ odot ⊙ "
    "dotsc … dotsb … dotsm … lnot ¬ checkmark ✓ square □ Box □ blacksquare ■"
)
SIGNS = dict(zip(*[iter(_SIGN_PAIRS.split())] * 2, strict=True))
LETTERS = {
    "ell": "ℓ", "hbar": "ℏ", "varepsilon": "ε", "varphi": "φ", "vartheta": "θ", "varrho": "ρ",
    "Re": "Re", "Im": "Im", "imath": "i", "aleph": "ℵ", "AA": "Å",
    **GREEK,
    **{name.capitalize(): letter.upper() for name, letter in GREEK.items()},
}  # fmt: skip
BIG = {"sum": "∑", "prod": "∏", "int": "∫", "oint": "∮", "bigcup": "⋃", "bigcap": "⋂"}
BIG |= {"iint": "∬", "iiint": "∭", "coprod": "∐", "bigoplus": "⨁", "bigotimes": "⨂"}
_FUNCTION_NAMES = (
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log ln lg exp lim max min "
    "sup inf gcd lcm det dim ker arg mod"
)
FUNCTIONS = frozenset(_FUNCTION_NAMES.split())
_UPRIGHT_NAMES = "text textrm textbf textit mathrm mathbf mathit operatorname mbox hbox rm"
UPRIGHT = frozenset(_UPRIGHT_NAMES.split())
_STYLE_NAMES = (
    "mathcal mathbb mathfrak mathsf boldsymbol bm displaystyle textstyle limits nolimits "
    "boxed left right big Big bigg Bigg bigl bigr Bigl Bigr middle cancel nonumber notag mathscr "
    "mathtt mathop mathrel mathbin substack bf it sf tt cal scriptstyle"
)
STYLES = frozenset(_STYLE_NAMES.split())
FRACTIONS = dict.fromkeys(("frac", "dfrac", "tfrac", "cfrac"), "fraction")
FRACTIONS |= dict.fromkeys(("binom", "dbinom", "tbinom"), "binomial")
STACKS = ("stackrel", "overset", "underset", "xrightarrow", "xleftarrow")
"""Commands that set something above or below a sign."""
_UNSEEN_NAMES = "phantom hphantom vphantom hspace vspace label tag color textcolor"
UNSEEN = frozenset(_UNSEEN_NAMES.split())
"""Commands whose (first) argument is not seen."""
NEGATED = {"=": "≠", "\\in": "∉", "\\equiv": "≢", "\\subset": "⊄", "\\exists": "∄"}
ACCENTS = {
    "bar": "bar", "overline": "bar", "hat": "hat", "widehat": "hat", "vec": "vec",
    "overrightarrow": "vec", "dot": "dot", "ddot": "ddot", "tilde": "tilde",
    "widetilde": "tilde", "underline": "", "overbrace": "", "underbrace": "",
}  # fmt: skip
RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵀˣ", "0123456789+−=()niTx", strict=True))
LOWERED = dict(
    zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼᵣᵤᵥ", "0123456789+−=()aeoxhklmnpstijruv", strict=True)
)
UP = {plain: sign for sign, plain in RAISED.items()}
DOWN = {plain: sign for sign, plain in LOWERED.items()}
HALVES = {
    "½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5),
    "⅗": (3, 5), "⅘": (4, 5), "⅙": (1, 6), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8),
}  # fmt: skip
RELATIONS = "=≈≅≤≥≠≡∝<>≪≫∈∉⊂⊆→←↦↔⇒⇔⇌~≔"
OPERATORS = "+−-±∓×·÷*/∪∩∧∨⊕⊗∖∘"
_OTHERS = "…∞∂∇∀∃¬∅⊥∥∠△∴∵°%‰!,;:|‖′'"
WRITTEN = {
    "<=": "≤", ">=": "≥", "!=": "≠", "==": "=", "=/=": "≠", "<=>": "⇔", "=>": "⇒", "->": "→",
    "-->": "→", "<->": "↔", "+-": "±", "+/-": "±", "**": "^", "~=": "≈", ":=": "≔",
}  # fmt: skip
PAIRS = {"(": ")", "[": "]", "{": "}", "⟨": "⟩", "⌊": "⌋", "⌈": "⌉"}
NUMBER = re.compile(r"\d+(?:[,.]\d+)*|\.\d+")
DIGIT = re.compile(r"\d")  # of "\\frac12" each is an argument
A_LETTER = r"(?![\u2070-\u209f¹²³½¼¾⅓-⅞ªº])[^\W\d_]"
LETTER = re.compile(A_LETTER)
WRITTEN_SIGN = re.compile("|".join(map(re.escape, sorted(WRITTEN, key=len, reverse=True))))
RUN_UP = re.compile(f"[{''.join(map(re.escape, RAISED))}]+")
RUN_DOWN = re.compile(f"[{''.join(LOWERED)}]+")
GROUP = re.compile(r"\s?\{((?:[^{}]|\{[^{}]*\}){1,200})\}")
FORMULA = re.compile(r"(?:(?:[A-Z][a-z]?|[()\[\]])[₀-₉]*)+[⁰¹²³⁴-⁹]*[⁺⁻]?")
REACTS = {"+": "+", "<=>": "⇌", "<-": "←"}
EMPTY = Node("row", 0)
FAMOUS = frozenset("fghPFGHO") | frozenset("ΘΩΓ")
CALLED = frozenset("pqruvwxyzEITVNψφΨΦ")
LETTER_NAMES = {sign: name for name, sign in GREEK.items()} | {
    "ς": "sigma", "ϵ": "epsilon", "ϑ": "theta", "ϕ": "phi", "µ": "mu", "∆": "delta", "Ω": "omega",
}  # fmt: skip

LONGEST = 400
"""Characters of one equation that are read."""
DEEPEST = 12
"""Brackets within brackets that are read."""
BRACE = ("sign", "{")
"""What stands before rows that are cases, where they are written as an array."""
TIGHT_UNIT = re.compile(rf"(?<=\d)(?=..|[°ΩVW])(?![a-z](?![A-Za-zΩ])){MEASURE}")
UNIT_OF_TENS = re.compile(
    r" (?=[A-Za-zµμ]+[·⋅ ][A-Za-zµμ]+(?:[⁻^]|[-−][123])"
    rf"|[A-Za-zµμ]+[²³]?/[A-Za-zµμ]|[A-Zkcµμn]\w){MEASURE}"
)
"""After "3 × 10⁸": "m·s⁻¹", "m/s", "kg"."""
UNIT = re.compile(rf"(?<=\d)(?: |\\,|\\ |~)?{MEASURE}")


def read(text: str) -> Node:
    """The tree of an equation in LaTeX. What it cannot read it keeps as it is written."""
    return Latex(text[:LONGEST]).row("", 0)


class Reader:
    """What the two notations have in common: a text, and how far it is read."""

    def __init__(self, text: str, at: int = 0) -> None:
        self.text = text
        self.at = at

    def measured(self, power: Node) -> Node:
        """A power of ten with the unit that follows it, where one surely does."""
        unit = UNIT_OF_TENS.match(self.text, self.at)
        self.at = unit.end() if unit else self.at
        return measure_node(power, unit) if unit else power

    def peek(self, length: int = 1) -> str:
        return self.text[self.at : self.at + length]

    def run(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def level(self, found: re.Match[str], table: dict[str, str]) -> Node:
        """What stands in small signs above or below the line."""
        plain = "".join(table[sign] for sign in found[0])
        return Latex(plain).row("", 0, shift=found.start())


class Latex(Reader):
    """LaTeX: each letter is a symbol, each command a sign, a letter or a shape."""

    def row(self, until: str, depth: int, shift: int = 0) -> Node:
        """What stands side by side up to `until` ("}", "]", "\\right", "" for the end)."""
        start = self.at
        parts: list[Node] = []
        while self.at < len(self.text) and not (until and self.text.startswith(until, self.at)):
            before = self.at
            node = self.absolute(parts, depth) or self.atom(depth)
            if node is not None:
                if node.kind == "lines" and parts and (parts[-1].kind, parts[-1].text) == BRACE:
                    node = replace(node, at=parts.pop().at, text="cases")
                parts.append(self.scripts(node, depth))
            if self.at == before:
                self.at += 1
        if until and self.at < len(self.text):
            self.at += len(until)
        if shift:
            parts = [_moved(part, shift) for part in parts]
        return Node("row", start + shift, "", tuple(parts))

    def absolute(self, before: list[Node], depth: int) -> Node | None:
        """ "|x|", where a value may begin: what stands between two strokes."""
        if self.peek() != "|" or depth >= DEEPEST:
            return None
        last = before[-1] if before else None
        opens = last is None or last.kind in ("sign", "word", "function") or last.text == "||"
        if not opens or self.text.find("|", self.at + 1, self.at + 60) < 0:
            return None
        at = self.at
        self.at += 1
        return Node("fence", at, "||", (self.row("|", depth + 1),))

    def argument(self, depth: int, digits: re.Pattern[str] = NUMBER) -> Node:
        """The next group or sign, or number of as many `digits`."""
        while self.peek() == " ":
            self.at += 1
        if self.peek() == "{" and depth < DEEPEST:
            self.at += 1
            return self.row("}", depth + 1)
        at = self.at
        number = self.run(digits)  # without a unit: in "\\omega_0 s" the letter stands on the line
        node = Node("number", at, number[0]) if number else self.atom(depth + 1)
        return Node("row", at, "", (node,) if node else ())

    def scripts(self, base: Node, depth: int) -> Node:
        below, above = EMPTY, EMPTY
        while self.at < len(self.text):
            self.run(re.compile(r" +(?=[_^])"))
            if self.peek() == "_":
                self.at += 1
                below = self.argument(depth)
            elif self.peek() == "^" or self.peek(2) == "**":
                self.at += 1 if self.peek() == "^" else 2
                above = self.argument(depth)
            elif found := self.run(RUN_DOWN):
                below = self.level(found, LOWERED)
            elif found := self.run(RUN_UP):
                above = self.level(found, RAISED)
            elif self.peek() in "'′’" and base.kind in ("symbol", "fence", "script"):
                twice = self.peek(2) in ("''", "′′")
                above = Node("row", self.at, "", (Node("sign", self.at, "″" if twice else "′"),))
                self.at += 2 if twice else 1
            elif self.text.startswith(("\\limits", "\\nolimits"), self.at):
                self.at = self.text.index("s", self.at + 6) + 1
            else:
                break
        if below is EMPTY and above is EMPTY:
            return base
        return Node("script", base.at, "", (base, below, above))

    def atom(self, depth: int) -> Node | None:
        at, sign = self.at, self.peek()
        if sign in " &~\n\t":  # or at the end
            self.at += len(sign)
            return None
        if sign == "\\":
            return self.command(depth)
        if found := self.run(NUMBER):
            number = Node("number", at, found[0])
            unit = UNIT.match(self.text, self.at)
            # In an equation "2m" is a product; "5 m" is a measure.
            if unit and unit[0][0] in " \\~" and self.ends(unit.end()):
                self.at = unit.end()
                return measure_node(number, unit)
            return number
        if sign in HALVES:
            self.at += 1
            return half_node(at, sign)
        if sign in "√∛∜":
            self.at += 1
            body = self.argument(depth) if self.peek() != "(" else self.fence(depth)
            degree = {"∛": "3", "∜": "4"}.get(sign)
            return Node("root", at, "", (body, Node("number", at, degree)) if degree else (body,))
        if sign in "([{" and depth < DEEPEST:
            return self.fence(depth)
        if found := self.run(WRITTEN_SIGN):
            return Node("sign", at, WRITTEN[found[0]])
        if LETTER.match(sign):
            run = re.compile(r"[A-Za-z]{2,8}").match(self.text, at)
            if run and run[0] in FUNCTIONS:
                self.at = run.end()
                return Node("function", at, run[0])
            self.at += 1
            return Node("symbol", at, sign)
        self.at += 1
        if sign in BIG.values():
            return Node("big", at, sign)
        return Node("sign", at, "−" if sign == "-" else sign)

    def ends(self, at: int) -> bool:
        """Whether a measure can end here: nothing that it could multiply follows."""
        return not re.match(r"\s*[A-Za-z0-9(\\]", self.text[at : at + 3])

    def fence(self, depth: int) -> Node:
        at, opening = self.at, self.peek()
        self.at += 1
        if opening == "{":
            return self.row("}", depth + 1)
        closing = PAIRS[opening]
        body = self.row(closing, depth + 1)
        return Node("fence", at, opening + closing, (body,))

    def command(self, depth: int) -> Node | None:
        at = self.at
        found = self.run(re.compile(r"\\([A-Za-z]{1,24})\*?|\\(.)|\\", re.S))
        name = (found and (found[1] or found[2])) or ""
        if name in FRACTIONS:
            above, below = self.argument(depth, DIGIT), self.argument(depth, DIGIT)
            return Node(FRACTIONS[name], at, "", (above, below))
        if name == "sqrt":
            degree = None
            if self.peek() == "[":
                self.at += 1
                degree = self.row("]", depth + 1)
            body = self.argument(depth)
            return Node("root", at, "", (body, degree) if degree else (body,))
        if name in STACKS:
            return self.stack(at, name, depth)
        if name == "not" and (found := self.run(re.compile(r"\s*(=|\\[a-z]+\b)"))):
            return Node("sign", at, NEGATED.get(found[1], found[1].strip("\\")))
        if name in UNSEEN:
            self.run(re.compile(r"\s?\{[^{}]{0,200}\}"))
            return None
        if name == "ce" and (found := self.run(GROUP)):
            return Node("row", at, "", tuple(_reaction(found[1], at)))
        if name in UPRIGHT:
            return self.upright(at, depth, name)
        if name in ACCENTS:
            body = self.argument(depth)
            return Node("accent", at, ACCENTS[name], (body,)) if ACCENTS[name] else body
        if name in FUNCTIONS:
            return Node("function", at, name)
        for kind, table in (("big", BIG), ("symbol", LETTERS), ("sign", SIGNS)):
            if name in table:
                return Node(kind, at, table[name])
        if name in ("begin", "end"):
            return self.environment(at, name, depth)
        if name in "{}|%$#&_":
            return Node("sign", at, {"|": "‖"}.get(name, name)) if name else None
        if name == "\\":
            return Node("sign", at, ";")
        if name in STYLES or name in ",;:! ()[]" or name in ("quad", "qquad"):
            if name in ("left", "right") and self.peek() == ".":
                self.at += 1
            return None
        return Node("word" if name.isalpha() else "sign", at, name)

    def stack(self, at: int, name: str, depth: int) -> Node:
        """A sign with something small above or below it: a script that is "stacked"."""
        small = self.argument(depth)
        arrow = {"xrightarrow": "→", "xleftarrow": "←"}.get(name)
        base = Node("sign", at, arrow) if arrow else self.argument(depth)
        base = base.parts[0] if len(base.parts) == 1 else base
        below, above = (small, EMPTY) if name == "underset" else (EMPTY, small)
        return Node("script", at, "stacked", (base, below, above))

    def upright(self, at: int, depth: int, command: str) -> Node:
        group = GROUP.match(self.text, self.at)
        if group and re.search(r"[_^]", group[1]) and (formula := _formula(group[1])):
            self.at = group.end()
            return Node("formula", at, formula)
        found = self.run(re.compile(r"\s?\{([^{}]{0,200})\}"))
        found = found or self.run(re.compile(r"\s+([A-Za-z]{2,20})(?=\s*\})"))  # {\rm max}
        if not found:
            return self.argument(depth)
        unit = (
            re.fullmatch(MEASURE, found[1].strip())
            if re.search(r"(?<!_)[\d}](?:\\[,; ]|~|\s)*$", self.text[max(0, at - 6) : at])
            else None
        )
        if unit:
            raw = Node("word", found.start(1), found[1].strip())
            return Node("unit", found.start(1), measure_in_words(unit.groups()), (raw,))
        if re.search(r"[_^]", found[1]) and command.startswith("math"):  # "\\mathbf{x_i}"
            return Latex(found[1]).row("", depth + 1, shift=found.start(1))
        name = re.sub(r"\\[,;:! ]", " ", found[1]).replace("\\AA", "Å").strip()
        if name in FUNCTIONS:
            return Node("function", at, name)
        return Node("symbol" if len(name) == 1 else "word", found.start(1), name)

    def environment(self, at: int, name: str, depth: int) -> Node | None:
        found = self.run(re.compile(r"\{([A-Za-z]{1,16}\*?)\}(?:\{[lcr|]{1,12}\})?"))
        if name == "end" or not found or depth >= DEEPEST:
            return None
        end = self.text.find(f"\\end{{{found[1]}}}", self.at)
        end = len(self.text) if end < 0 else end
        rows, start = [], self.at
        for line in re.split(r"(\\\\)", self.text[self.at : end]):
            if line.strip() and line != "\\\\":
                cells, place = [], start
                for cell in line.split("&"):
                    inner = Latex(self.text[: place + len(cell)], place).row("", depth + 1)
                    cells.append(inner)
                    place += len(cell) + 1
                rows.append(Node("row", start, "", tuple(cells)))
            start += len(line)
        self.at = min(len(self.text), end + len(found[1]) + 6)
        return Node("lines", at, found[1].strip("*"), tuple(rows))


def _formula(text: str) -> str:
    """A chemical formula with its numbers and its charge in small signs; "" for what is none."""
    text = re.sub(r"\^\{?(\d*[+-])\}?$|(?<=\w)([+-])$", lambda m: _small(m, UP), text.strip())
    text = re.sub(r"_\{?(\d+)\}?|(?<=[A-Za-z)\]])(\d+)", lambda m: _small(m, DOWN), text)
    return text if FORMULA.fullmatch(text) else ""


def _small(match: re.Match[str], table: dict[str, str]) -> str:
    return "".join(table[sign] for sign in (match[1] or match[2]).replace("-", "−"))


def _reaction(text: str, at: int) -> Iterator[Node]:
    """What "\\ce{2H2 + O2 -> 2H2O}" writes: formulas, how many of each, and signs."""
    for count, word in re.findall(r"(\d*)(<?[-=]>|\S+)", text):
        if count:
            yield Node("number", at, count)
        sign = REACTS.get(word) or WRITTEN.get(word, "")
        formula = re.sub(r"\((?:aq|[slg])\)$", "", word)
        if sign:
            yield Node("sign", at, sign)
        elif shown := _formula(formula):
            yield Node("formula", at, shown)
            yield Node("word", at, word[len(formula) :])
        else:
            yield Latex(word).row("", 0, shift=at)


def _moved(node: Node, shift: int) -> Node:
    parts = tuple(_moved(part, shift) for part in node.parts)
    return Node(node.kind, shift, node.text, parts)


def measure_node(number: Node, unit: re.Match[str]) -> Node:
    one = number.text == "1"
    symbol = Node("word", unit.start(1), unit[0].strip(" \\,~"))
    words = measure_in_words(unit.groups(), one=one)
    return Node("measure", number.at, "", (number, Node("unit", symbol.at, words, (symbol,))))


def fraction_node(at: int, above: Node, below: Node) -> Node:
    return Node("fraction", at, "", (above, below))


def amount(number: str) -> float:
    """ "1½" → 1.5."""
    parts = re.findall(rf"\d+|[{''.join(HALVES)}]", number)
    return sum(int(part) if part.isdecimal() else numeric(part) for part in parts)


def half_node(at: int, sign: str) -> Node:
    above, below = (Node("number", at, str(number)) for number in HALVES[sign])
    return Node("fraction", at, sign, (above, below))
