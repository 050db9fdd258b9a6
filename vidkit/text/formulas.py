"""What is surely mathematics among the words of a text → the trees of its equations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .latex import (
    A_LETTER,
    ACCENTS,
    BIG,
    CALLED,
    DEEPEST,
    EMPTY,
    FAMOUS,
    FUNCTIONS,
    HALVES,
    LETTER,
    LETTER_NAMES,
    LETTERS,
    LONGEST,
    LOWERED,
    NUMBER,
    OPERATORS,
    PAIRS,
    RAISED,
    RELATIONS,
    RUN_DOWN,
    RUN_UP,
    SIGNS,
    TIGHT_UNIT,
    UNIT,
    WRITTEN,
    WRITTEN_SIGN,
    Latex,
    Node,
    Reader,
    fraction_node,
    half_node,
    measure_node,
)

_TAKES = re.compile(r" (?:sin|cos|tan|log|ln|exp|sqrt)(?: ?[α-ω(]| [a-z]\b|[₀-₉²_])")
_GOES_ON = re.compile(
    r" (?!(?:and|or|so|is|gives?|where|for|with|then|if|when|the|we|und|oder|et|ou|y|o)\b)"
    r"[^\W\d_]"
)
_STOP_WORDS = (
    "the a an it this that these those and but or which who we they he she I you so not in on "
    "at of for with to by from as is are was were there then now maybe perhaps i.e e.g if "
    "when where like just only also very about"
)
_STOPS = frozenset(_STOP_WORDS.split())
_ATOM = r"[A-Z][a-z]?[₀-₉]{0,3}"
_CHEMICAL = re.compile(
    r"(?=[A-Za-z()₀-₉]*[²³]?[₀-₉⁺⁻])(?![A-Z]\([A-Z][₀-₉]*[), ]|\([A-Za-z₀-₉]*\)(?![A-Z₀-₉(]))"
    rf"(?:p(?=C?O))?(?:{_ATOM}|\((?:{_ATOM}){{1,8}}\)[₀-₉]{{0,3}}){{1,16}}[⁰¹²³⁴-⁹]?[⁺⁻]{{0,2}}"
    r"(?![\w⁰¹²³⁴-⁹])"
)
_QUANTITY = re.compile(r"(?<!\S)(?![HNOFI]₂|O₃|P₄|S₈|T[₃₄])[A-Z][₀-₉](?!\S)")  # "V₁", but not "O₂"
_RECKONED = re.compile(" ?[=≈<>≤≥∝+−×·]")
_DERIVATIVE = re.compile(
    r"(d|∂)(\^2|²)?([A-Za-zΑ-ω])?/(?:d|∂)([A-Za-zΑ-ω])(\^2|²)?(?![A-Za-z0-9_(])"
)
_INDEX = re.compile(
    r"\{([^{}\n]{1,40})\}|\d{1,3}(?![\d_])|[A-Za-z][A-Za-z0-9]{0,7}(?![A-Za-z0-9_])"
)
_POWER = re.compile(
    r"\{([^{}\n]{1,60})\}|\(([^()\n]{1,60})\)|[-−+]?(?:\d{1,9}(?!\w|[-−+](?:[\s,.;)]|\Z))|[A-Za-zα-ω](?![A-Za-z]))"
)


_TENS = re.compile(r"[eE]([-+]?)(\d{1,3})(?!\w)")


def _of_tens(number: Node, tens: re.Match[str]) -> Node:
    """ "1.6e-19" as 1.6 × 10⁻¹⁹."""
    at = tens.start()
    sign = [Node("sign", at, "−")] if tens[1] == "-" else []
    power = Node("row", at, "", (*sign, Node("number", tens.start(2), tens[2])))
    ten = Node("script", at, "", (Node("number", at, "10"), EMPTY, power))
    return Node("row", number.at, "", (number, Node("sign", at, "×"), ten))


@dataclass(slots=True)
class _Evidence:
    """What speaks for a run of prose being mathematics."""

    sure: bool = False
    relation: bool = False
    dashes: int = 0
    names: int = 0


_HINT = re.compile(
    r"\\[A-Za-z]|[=≈≅≤≥≠≡∝<>≪≫∈∉⊂⊆→↔⇒⇔⇌^_×·÷±∓−*∪∩√∛∑∏∫∂∞⁰¹²³⁴-⁹⁺⁻ⁿ₀-₉₊₋½⅓⅔¼¾]|[A-Za-z]\("
    r"|\b[a-zA-Z] [-+–] |\b[a-zA-Z][-+/]|\d ?[-+] ?[\w(]|\b(?:sin|cos|tan|log|ln|lim)\b|!"
)
_START = re.compile(
    r"(?<![\w.\-/@#$&\\'’^_{}°*·%])(?=[A-Za-zµΑ-ω\d(\[√∛∑∏∫∂½⅓⅔¼¾|∞]|\.\d|[-−±∓](?=[\w(√.])|\\[a-z])"
)
_WEB = re.compile(r"\S{0,20}(?:://|www\.)\S{1,2000}")
_TIMES = re.compile(r"[\d ]*(?:s|secs?|mins?|hr?s?|d|w) - \d+ (?:sec|min|hour|day|week)\w*\b(?! =)")
_SLIPS = frozenset(["a", "I", "A"])
_RAISABLE = ("symbol", "number", "fence", "script", "name", "big", "function", "call")


def equations(text: str) -> Iterator[tuple[int, int, Node]]:
    """What is surely mathematics in plain `text`: where it begins and ends, and its tree."""
    if not _HINT.search(text):
        return
    at = 0
    for line in text.split("\n"):
        end_of_line, place = at + len(line), at
        if _HINT.search(line):
            web = [found.span() for found in _WEB.finditer(text, at, end_of_line)]
            while (start := _START.search(text, place, end_of_line)) is not None:
                inside = next((end for begin, end in web if begin <= start.start() < end), 0)
                if inside:
                    place = inside
                    continue
                reader = Prose(text, start.start(), end_of_line)
                node = reader.expression()
                if node is not None and reader.certain(start.start()):
                    yield start.start(), reader.at, node
                    place = reader.at
                else:
                    measured = node is not None and node.parts[-1].kind == "measure"
                    place = reader.at if measured else _next_word(text, start.start())
        at = end_of_line + 1


def _next_word(text: str, at: int) -> int:
    found = re.compile(r"\w+|.", re.S).match(text, at)
    return found.end() if found else at + 1


class Prose(Reader):
    """Mathematics as it is typed among words, read as far as it surely goes."""

    def __init__(self, text: str, at: int, end: int, depth: int = 0) -> None:
        super().__init__(text[: min(end, at + LONGEST)], at)
        self.start = at
        self.depth = depth
        self.glued = False
        self.evidence = _Evidence()

    def certain(self, start: int) -> bool:
        """Whether what was read is mathematics beyond doubt."""
        after = self.text[self.at : self.at + 1] if self.at < len(self.text) else ""
        if after and (after.isalnum() or after in "_^\\&/@*") and after not in "′":
            return False
        if after == "." and self.text[self.at + 1 : self.at + 2].islower():
            return False  # "R_ext/RS.h"
        return self.evidence.sure and (self.evidence.relation or not self.evidence.dashes)

    def expression(self) -> Node | None:
        """Operands and what stands between them, up to the last operand."""
        start, parts = self.at, []
        node = self.operand(first=True)
        if node is None:
            return None
        parts += node
        while self.depth < DEEPEST and len(parts) < 120:
            back, seen = self.at, (self.evidence.sure, self.evidence.relation)
            more = self.operation(parts)
            if more is None:
                self.at = back
                self.evidence.sure, self.evidence.relation = seen
                break
            parts += more
        return Node("row", start, "", tuple(parts))

    def operation(self, before: Sequence[Node]) -> list[Node] | None:
        """An operator or relation and what follows it, None where that is not sure."""
        left = before[-1]
        spaced = self.peek() == " "
        self.at += spaced
        at, sign = self.at, self.peek()
        if found := self.run(WRITTEN_SIGN):
            sign, written = WRITTEN[found[0]], found[0]
        elif sign and (sign in RELATIONS + OPERATORS or (sign == "–" and spaced)):
            self.at += 1
            written = sign
        elif sign == "x" and spaced and self.peek(2) == "x " and left.kind == "number":
            self.at += 1
            sign = written = "×"
        elif sign == "!" and not spaced:
            return self.factorial(at)
        else:
            return None
        if sign in "^':,;%" or (written == "+-" and left.kind in ("name", "word")):
            return None
        after = self.peek() == " "
        self.at += after
        if spaced != after and sign not in "→⇒=":
            return None
        if written == "=" and spaced != after and (not spaced or left.kind in ("word", "name")):
            return None  # "separate =item"
        if sign in "=→" and not spaced and self.glued:
            return None  # "VAR1=x", "dc=com"
        right = self.operand(first=False)
        if right is None or (sign in "=→" and not spaced and _wordy(right[0])):
            return None
        first = next((each for each in right if each.kind != "sign"), right[0])
        if first.text in _SLIPS and re.match(r" [a-z]{2}", self.text[self.at : self.at + 3]):
            return None  # "10^9 - a billion": the article
        if first.kind == "symbol" and re.match(r"\. ?\d", self.text[self.at : self.at + 3]):
            return None  # "c. 1600 - c. 1700"
        kinds, both = {left.kind, first.kind}, f"{left.text} {first.text}"
        arrow = kinds == {"name"} and re.search(r"→ ?$", self.text[self.start : left.at])
        told = self.evidence.relation or _RECKONED.match(self.text, self.at)
        alike = kinds == {"formula"} and not (told and sign == "/" and _QUANTITY.search(both))
        carrier = kinds == {"formula", "name"} and re.search("ADP?H", both)
        if (arrow or alike or carrier) and sign in "-/" and not spaced:
            return [Node("sign", at, ","), *right]  # "Na⁺/K⁺", "K⁺-H⁺", "→ SYN-ACK"
        if not self.allowed(left, first, sign, spaced, written):
            return None
        return [Node("sign", at, "−" if sign in "-–" else sign), *right]

    def factorial(self, at: int) -> list[Node] | None:
        self.at += 1
        more = r" ?[=+*/×÷)≈−-](?!-)" + (r"|$|[.,;)]" if self.evidence.relation else "")
        if not re.match(more, self.text[self.at : self.at + 3]):
            return None
        return [Node("sign", at, "!")]

    def allowed(self, left: Node, right: Node, sign: str, spaced: bool, written: str) -> bool:
        """Whether `sign` between the two is an operation, and what it proves."""
        evidence = self.evidence
        plain = sign == "=" or (sign in "+-−×·*/" and evidence.relation)
        wordy = ("word",) if plain else ("word", "row")
        words = (left.kind in wordy) + (right.kind in wordy)
        if sign in RELATIONS:
            if sign == "~" or (
                (words and (not spaced or sign in "<>∈⊂")) and not (words == 1 and spaced)
            ):
                return False
            if words == 2 and sign != "=":
                return False
            if written in ("->", "=>", "-->", "<->", "==", "!=", "<=", ">=") and words:
                return False
            key = right.text.istitle() and self.text[left.at - 1 : left.at].isalpha()
            prose = right.kind == "word" and (left.kind != "number" or key)
            if sign in "<>" and (prose or not (spaced or (_single(left) and _single(right)))):
                return False  # "xz -z > zeros", "F1 > Developer"
            if sign == "<" and not spaced and re.match(r"[^\s<>]*>", self.text[right.at :]):
                return False  # "List<T>"
            evidence.sure = evidence.relation = True
            return True
        if words:
            return evidence.relation and spaced and sign in "+−-×·*/"
        numbers = left.kind == "number" and right.kind in ("number", "measure")
        if sign == "–":
            return self.dash(left, right, numbers)
        if sign == "-":
            if not spaced and re.match(r"-[^\W\d_]{2}", self.text[self.at : self.at + 3]):
                return False  # "→ G-C-rich"
            if evidence.relation:
                return True
            lower = any(
                each.kind not in ("number", "name")
                and not (each.kind == "symbol" and each.text in _SLIPS)
                and (each.kind != "symbol" or each.text.islower())
                and (each.kind != "fence" or _reckons(each))
                for each in (left, right)
            )
            if not spaced:
                return left.kind == "fence" or self.step(left, right)
            listed = _listed(left) or _listed(right) or left.text == "[]"
            if listed or _TIMES.match(self.text, left.at):
                return False  # "(blob) - S_book", "HDL - s5", "45s - 1 minute"
            more = re.match(r" ?[-+−=≈]", self.text[self.at : self.at + 2])
            if left.kind == right.kind == "measure" and not (more or evidence.relation):
                return False  # "64 MHz - 1.7 GHz"
            evidence.sure = evidence.sure or (lower and not numbers)
            return True
        if sign in "/":
            return not spaced or not numbers
        if sign == "*":
            named = left.kind == "name" and right.kind in ("script", "symbol")
            listed = (_listed(left) and not named) or _listed(right) or right.text == "[]"
            if spaced and listed and not evidence.relation:
                return False  # the mark of an item: "RSS 1.0 * RSS 2.0"
            ok = spaced or not {left.kind, right.kind} & {"row", "name"}
            if not spaced and left.kind == right.kind == "symbol" and left.text.isupper():
                return evidence.relation  # "M*A*S*H"
            if not spaced and numbers and min(len(left.text), len(right.text)) > 2:
                return evidence.relation  # "640*200 pixels"
            if ok and not spaced and left.kind == right.kind == "symbol" and not evidence.names:
                # "g*n" may be a word with a hole in it; "a*b*c" is none
                evidence.names += 1
                return True
            evidence.sure = evidence.sure or ok
            return ok
        evidence.sure = evidence.sure or sign != "+" or spaced or not numbers
        return True

    def dash(self, left: Node, right: Node, numbers: bool) -> bool:
        """A dash with spaces around it, which is a minus where a relation proves it ("G – T > 0",
        "3 – 0 – 1 = 2") or brackets do ("(n – 1)").
        """
        if numbers and not self.evidence.relation:
            rest = r"[\d.,]+(?: [-+−–] [\d.,]+)* = (?![A-Za-z]{2})"
            return bool(re.match(rest, self.text[right.at :]))
        lower = left.kind == "symbol" and left.text.islower() and right.kind == "number"
        self.evidence.sure = self.evidence.sure or bool(self.depth and lower)
        self.evidence.dashes += 1
        return _single(left) and _single(right)

    def step(self, left: Node, right: Node) -> bool:
        """ "n-1": a lone letter and a number below ten."""
        sure = left.kind == "symbol" and left.text in "hijklmnpqrtxyz" and right.kind == "number"
        if sure and re.match(rf"\d+(?:{left.text}\b|-\d)", self.text[right.at : self.at + 2]):
            return False  # "2k-4k", "n-3-1"
        self.evidence.sure = self.evidence.sure or sure
        return sure or (left.kind == "script" and right.kind in ("number", "symbol", "script"))

    def operand(self, first: bool) -> list[Node] | None:
        """One factor or several that touch: "2", "-x", "4ac", "n(n+1)", "5 m"."""
        parts: list[Node] = []
        if self.peek() in ("-", "−", "±", "∓", "+") and not (first and self.peek() == "+"):
            if self.text[self.at + 1 : self.at + 2] in (" ", ""):
                return None
            parts.append(Node("sign", self.at, "−" if self.peek() == "-" else self.peek()))
            if parts[0].text in "±∓" or self.peek() == "−":
                self.evidence.sure = True
            self.at += 1
        factor = self.factor(first=first)
        if factor is None:
            return None
        parts.append(factor)
        while self.touches(parts[-1]):
            back = self.at
            more = self.factor(first=False, joined=True)
            if more is None or (more.kind == "number" and re.match(r"0\d", more.text)):
                self.at = back  # "c0000" is an address
                break
            parts.append(more)
        self.glued = factor.kind in ("row", "name")
        return parts

    def touches(self, left: Node) -> bool:
        following = self.peek()
        if left.kind in ("symbol", "number", "script") and _TAKES.match(self.text, self.at):
            self.at += 1
            return True
        if not following or following in " \n":
            return left.kind in ("function",) or (
                left.kind == "script" and left.parts[0].kind in ("function", "big")
            )
        if following in "√∛∑∏∫":
            return True
        if left.kind == "word":
            return False
        if left.kind == "number":
            return bool(
                re.match(r"(?!(?:st|nd|rd|th)\b)[A-Za-zΑ-ω(∂]", self.text[self.at : self.at + 3])
            )
        return following == "(" or bool(re.match(r"[A-Za-zΑ-ω\d½]", following))

    def factor(self, first: bool, joined: bool = False) -> Node | None:
        at, sign = self.at, self.peek()
        node: Node | None = None
        if found := _DERIVATIVE.match(self.text, at):
            self.at = found.end()
            self.evidence.sure = True
            return _derivative(found)
        counted = re.search(r"(?:\d|\)[₀-₉])$", self.text[max(0, at - 2) : at])  # "2HNO₃"
        if (found := _CHEMICAL.match(self.text, at)) and (counted or not joined):
            self.at = found.end()
            self.evidence.sure = True
            return Node("formula", at, found[0])
        if re.match(r"0[xXbB][0-9A-Fa-f]", self.text[at : at + 3]):
            return None
        if found := self.run(NUMBER):
            node = self.number(found)
        elif sign and sign in HALVES:
            self.at += 1
            node = half_node(at, sign)
        elif sign and sign in "√∛∜":
            node = self.root(at, sign)
        elif sign and sign in "∑∏∫∮":
            self.at += 1
            self.evidence.sure = True
            node = Node("big", at, sign)
        elif sign and sign in "∞∂∇":
            self.at += 1
            node = Node("sign", at, sign)
        elif sign and sign in "([":
            node = self.bracket(at, sign)
        elif sign == "|":
            node = self.absolute(at)
        elif sign == "\\":
            node = self.command(at)
        elif sign and LETTER.match(sign):
            node = self.name(first, joined)
        if node is None:
            return None
        return self.scripts(node)

    def number(self, found: re.Match[str]) -> Node:
        number = Node("number", found.start(), found[0])
        if tens := self.run(_TENS):
            number = _of_tens(number, tens)
        unit = UNIT.match(self.text, self.at) or TIGHT_UNIT.match(self.text, self.at)
        if unit is None or not self.is_unit(unit):
            return number
        self.at = unit.end()
        return measure_node(number, unit)

    def is_unit(self, unit: re.Match[str]) -> bool:
        """Whether a unit after a number is one here, and not a variable or a letter of prose."""
        symbol, before = unit[1], self.text[self.start : self.at]
        rest = self.text[unit.end() : unit.end() + 3]
        if unit[0][:1] != " ":
            return len(symbol) > 1 or symbol in "ΩVW°"
        if re.search(r"(?<![A-Za-z])[a-z](?:\^|[²³])", before) and len(symbol) == 1:
            return False
        if len(symbol) > 1 or unit[2] or unit[3] or unit[5] or unit[7]:
            return True
        ends = not rest or re.match(r" [-+−=×·*/<>≤≥≈]|[,;:)]|\.(?:\s|$)|\.?$", rest)
        return bool(re.search(r"[=≈<>≤≥+×-]", before)) and bool(ends)

    def root(self, at: int, sign: str) -> Node | None:
        self.at += 1
        self.at += self.peek() == " " and self.text[self.at + 1 : self.at + 2] == "("
        self.evidence.sure = True
        inner = self.factor(first=False, joined=True)
        if inner is None:
            return None
        degree = {"∛": "3", "∜": "4"}.get(sign)
        return Node("root", at, "", (inner, Node("number", at, degree)) if degree else (inner,))

    def bracket(self, at: int, sign: str) -> Node | None:
        if PAIRS[sign] not in self.text[at:]:  # a thousand open ones are not read into each other
            return None
        self.at += 1
        rows: list[Node] = []
        while len(rows) < 12:
            inner = Prose(self.text, self.at, len(self.text), self.depth + 1)
            row = inner.expression() if self.depth < DEEPEST else None
            if row is None:
                return None
            self.at = inner.at
            self.evidence.sure = self.evidence.sure or inner.evidence.sure
            rows += row.parts
            if self.peek() == "|" or self.peek(3) == " | ":
                rows.append(Node("sign", self.at, "|"))
                self.at += 1 if self.peek() == "|" else 3
                continue
            if self.peek() == PAIRS[sign]:
                self.at += 1
                return Node(
                    "fence", at, sign + PAIRS[sign], (Node("row", at + 1, "", tuple(rows)),)
                )
            if self.peek() not in (",", ";"):
                return None
            rows.append(Node("sign", self.at, self.peek()))
            self.at += 1
            self.at += self.peek() == " "
        return None

    def absolute(self, at: int) -> Node | None:
        self.at += 1
        inner = Prose(self.text, self.at, len(self.text), self.depth + 1)
        row = inner.expression() if self.depth < DEEPEST else None
        if row is None or self.text[inner.at : inner.at + 1] != "|":
            return None
        self.at = inner.at + 1
        if not re.match(r" ?[=<>≤≥≈+×·−-]", self.text[self.at : self.at + 2]):
            return None
        return Node("fence", at, "||", (row,))

    def command(self, at: int) -> Node | None:
        """A command of LaTeX in the middle of prose: "\\frac{a}{b} \\leq \\sqrt{x}"."""
        reader = Latex(self.text, at)
        found = re.compile(r"\\([A-Za-z]{1,24})").match(self.text, at)
        known = SIGNS.keys() | LETTERS.keys() | BIG.keys() | FUNCTIONS | ACCENTS.keys()
        if not found or not (found[1] in known or found[1] in ("frac", "dfrac", "tfrac", "sqrt")):
            return None
        node = reader.atom(0)
        self.at = reader.at
        self.evidence.sure = True
        return node

    def name(self, first: bool, joined: bool) -> Node | None:
        """A letter, a name of several, a function, or a word of a sentence."""
        found = re.compile(rf"(?:{A_LETTER})+").match(self.text, self.at)
        if not found:
            return None
        at, run = self.at, found[0]
        if run == "HEAD" or (run == "v" and re.match(r"\d+\.\d", self.text[at + 1 :])):
            return None  # of git, and versions
        if run in FUNCTIONS or run == "sqrt":
            return self.function(at, run)
        if len(run) == 1 or run[0] in LETTER_NAMES or re.match("[A-Za-z]?[Α-Ψα-ω∆µϕ]", run):
            self.at += 1
            return self.call(Node("symbol", at, run[0]))
        if re.match(r"[\d_](?!\{)", self.text[found.end() : found.end() + 2]) and not run.isupper():
            return None
        if run.isupper() and run.isascii() and len(run) <= 4:
            self.at = found.end()
            return Node("name", at, run)
        if joined or (run.islower() and len(run) <= 3 and run not in _STOPS and not _is_word(run)):
            if len(run) > 3 or not (run.isascii() and run.islower()) or _is_word(run):
                return None
            spoken = set(run) & set("aeiouy") and not joined
            if spoken and (len(run) > 2 or _GOES_ON.match(self.text, found.end())):
                return None  # a word of some language: "x = un número", "X - und"
            self.at = found.end()
            letters = tuple(Node("symbol", at + k, letter) for k, letter in enumerate(run))
            if self.peek() in tuple("^²³⁻") or not self.peek():
                last = self.scripts(letters[-1])
                return Node("row", at, "", (*letters[:-1], last))
            return Node("row", at, "", letters)
        if run.lower() in _STOPS or len(run) > 24:
            return None
        self.at = found.end()
        if not first and re.match(r" [A-Za-z]|-", self.text[self.at : self.at + 2]):
            return None
        return Node("word", at, run)

    def function(self, at: int, run: str) -> Node | None:
        rest = self.text[at + len(run) : at + len(run) + 3]
        if run == "sqrt":
            if rest[:1] != "(":
                return None
            self.at = at + 4
            inner = self.bracket(self.at, "(")
            self.evidence.sure = self.evidence.sure or inner is not None
            return Node("root", at, "", inner.parts) if inner else None
        strong = run in ("sin", "cos", "tan", "log", "ln", "exp", "lim", "sinh", "cosh", "tanh")
        letter = r" ?[α-ωΑ-Ω(]| [b-hj-z](?![\w'])|[²³⁻₀-₉_^]" if strong else r"\(|_\{"
        if not re.match(letter, rest):
            return None
        self.at = at + len(run)
        node = self.scripts(Node("function", at, run))
        self.at += self.peek() == " "
        back = self.at
        argument = self.factor(first=False)
        if argument is None or argument.kind == "word":
            self.at = back
            return None
        # "ln(1)" is a page of a manual
        page = run == "ln" and re.match(r"\(\d\)", rest + self.text[at + len(run) + 3 :][:1])
        self.evidence.sure = self.evidence.sure or not page
        return Node("row", at, "", (node, argument))

    def call(self, letter: Node) -> Node:
        """ "f(x)": the letter of a function with what it is of."""
        back, primes = self.at, 0
        while self.peek() in ("'", "′", "’"):
            self.at, primes = self.at + 1, primes + 1
        if self.peek() != "(" or letter.text not in FAMOUS | CALLED:
            self.at = back
            return letter
        inner = Prose(self.text, self.at, len(self.text), self.depth + 1)
        fence = inner.bracket(self.at, "(") if self.depth < DEEPEST else None
        parts = fence.parts[0].parts if fence else ()
        simple = len(parts) == 1 and parts[0].kind == "symbol"
        famous = letter.text in FAMOUS and all(
            part.kind not in ("word",) and not (part.kind == "symbol" and part.text == "s")
            for part in parts
        )
        if fence is None or not (simple or famous) or (letter.text in "PE" and len(parts) > 9):
            self.at = back
            return letter
        number = len(parts) == 1 and parts[0].kind == "number"
        self.at = inner.at
        self.evidence.sure = self.evidence.sure or not number or letter.text in "fghP"
        mark = (Node("sign", back, "′" if primes == 1 else "″"),) if primes else ()
        base = (
            Node("script", letter.at, "", (letter, EMPTY, Node("row", back, "", mark)))
            if mark
            else letter
        )
        return Node("call", letter.at, "", (base, fence))

    def scripts(self, base: Node) -> Node:
        below, above = EMPTY, EMPTY
        raisable = base.kind in _RAISABLE
        while raisable and self.at < len(self.text):
            back = self.at
            if self.peek() == "_" and base.kind in ("symbol", "fence", "big", "function"):
                self.at += 1
                found = self.run(_INDEX)
                if not found or below is not EMPTY:
                    self.at = back
                    break
                below = self.inner(found, 1)
            elif self.peek() == "^" or (self.peek(2) == "**" and self.peek(3) != "***"):
                self.at += 1 if self.peek() == "^" else 2
                loose = self.text[back : back + 2] == "**" or base.kind == "number"
                self.at += self.peek() == " " and loose
                found = self.run(_POWER)
                if not found or above is not EMPTY:
                    self.at = back
                    break
                above = self.inner(found, 1, 2)
            elif self.peek(4) == " ** " and base.kind in ("symbol", "number"):
                self.at += 4
                found = self.run(_POWER)
                if not found:
                    self.at = back
                    break
                above = self.inner(found, 1, 2)
            elif found := self.run(RUN_DOWN):
                below = self.level(found, LOWERED)
            elif found := self.run(RUN_UP):
                above = self.level(found, RAISED)
            elif (self.peek() == "′" and base.kind != "number") or (
                self.peek() in ("'", "’")
                and base.kind == "symbol"
                and self.text[base.at - 1 : base.at] not in tuple("'‘’")
                and re.match(r"\(| ?[=+]", self.text[self.at + 1 : self.at + 3])
            ):
                above = Node("row", self.at, "", (Node("sign", self.at, "′"),))
                self.at += 1
            else:
                break
            self.evidence.sure = True
        if below is EMPTY and above is EMPTY:
            return base
        if base.kind == "big" and self.peek() == " ":
            self.at += 1
        power = Node("script", base.at, "", (base, below, above))
        return self.measured(power) if base.text == "10" else power

    def inner(self, found: re.Match[str], *groups: int) -> Node:
        """What stands in an index or power."""
        k = next((k for k in groups if found[k] is not None), 0)
        if k == 0 and re.fullmatch(r"[A-Za-z]{2,8}", found[0]):
            return Node("row", found.start(), "", (Node("name", found.start(), found[0]),))
        row = Latex(self.text[: found.end(k)], found.start(k)).row("", 1)
        if found[k].isalpha() and found[k].isascii() and len(found[k]) > 1:
            return Node("row", found.start(k), "", (Node("name", found.start(k), found[k]),))
        return row


_SHORT_WORDS = (
    "is in of or if at to as by on an so be we he it no up us do go me my am pm bit sum age "
    "day set end new old one two six ten top low net odd sea sun tax pay per use van red mid "
    "via fee big men map job ice oil air gas cup box run win hit key log sky law war art car "
    "cat dog bus far few for and not but the you are was had has his her its our out off all "
    "any can may who why how yes ago add act arm ask bad bag bed boy buy cut eat egg eye fat "
    "fit fly get got him ink let lie lot man mix mud nor now own pot put ran raw row sad sat "
    "saw say see she sit son tea tie too try way wet yet int var str max min ms ex hi oh ok "
    "vs etc aka"
)
_SHORT = frozenset(_SHORT_WORDS.split())


def _is_word(run: str) -> bool:
    return run in _SHORT


def _wordy(node: Node) -> bool:
    """Whether several letters that touch may be a word: "com", and not "mx"."""
    letters = {part.text for part in node.parts}
    return node.kind == "name" or (node.kind == "row" and bool(letters & set("aeiou")))


def _reckons(fence: Node) -> bool:
    """Whether brackets hold more than a word: "(x + 1)", not "(man)"."""
    return any(part.kind in ("number", "script", "sign") for part in fence.parts[0].parts)


def _listed(node: Node) -> bool:
    """Whether it may as well be the last or first word of an item of a list."""
    return node.kind == "name" or (node.kind == "fence" and not _reckons(node))


def _single(node: Node) -> bool:
    return node.kind in ("number", "symbol", "script", "fence", "measure", "call")


def _derivative(found: re.Match[str]) -> Node:
    d, twice, above, below, squared = found.groups()
    sign = "∂" if d == "∂" else "d"

    def part(at: int, letter: str | None, power: str | None, on_letter: bool) -> Node:
        head = Node("symbol" if sign == "d" else "sign", at, sign)
        parts = [head] if not (power and not on_letter) else [_squared(head)]
        if letter:
            node = Node("symbol", at + 1, letter)
            parts.append(_squared(node) if power and on_letter else node)
        return Node("row", at, "", tuple(parts))

    return fraction_node(
        found.start(),
        part(found.start(), above, twice, False),
        part(found.start(4) - 1, below, squared, True),
    )


def _squared(node: Node) -> Node:
    two = Node("row", node.at, "", (Node("number", node.at, "2"),))
    return Node("script", node.at, "", (node, EMPTY, two))
