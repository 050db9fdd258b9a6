"""The tree of an equation, and the signs that equations are written with."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an equation, and the place in the text at which it begins.

    kind      text              parts
    row       ""                what stands side by side
    number    its digits
    symbol    a letter, Greek or not, one that is written with several ("VDD")
    word      upright words ("\\text{if }x")
    sign      an operator, relation or arrow
    function  "sin", "lim", …
    big       ∑ ∏ ∫ ⋃ ⋂
    fraction  ""                above, below
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
    "because ∵ mid | vert | lvert | rvert | Vert ‖ oplus ⊕ otimes ⊗ colon : percent %"
)
SIGNS = dict(
    zip(
        *[iter(_SIGN_PAIRS.split())] * 2,
        strict=True,
    )
)
LETTERS = {
    "ell": "ℓ",
    "hbar": "ℏ",
    "varepsilon": "ε",
    "varphi": "φ",
    "vartheta": "θ",
    "varrho": "ρ",
    "Re": "Re",
    "Im": "Im",
    "imath": "i",
    "aleph": "ℵ",
    **GREEK,
    **{name.capitalize(): letter.upper() for name, letter in GREEK.items()},
}
BIG = {"sum": "∑", "prod": "∏", "int": "∫", "oint": "∮", "bigcup": "⋃", "bigcap": "⋂"}
_FUNCTION_NAMES = (
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log ln lg exp lim max min "
    "sup inf gcd lcm det dim ker arg mod"
)
FUNCTIONS = frozenset(_FUNCTION_NAMES.split())
_UPRIGHT_NAMES = "text textrm textbf textit mathrm mathbf mathit operatorname mbox rm"
UPRIGHT = frozenset(_UPRIGHT_NAMES.split())
_STYLE_NAMES = (
    "mathcal mathbb mathfrak mathsf boldsymbol bm displaystyle textstyle limits nolimits "
    "boxed left right big Big bigg Bigg bigl bigr Bigl Bigr middle cancel nonumber notag"
)
STYLES = frozenset(_STYLE_NAMES.split())
ACCENTS = {
    "bar": "bar",
    "overline": "bar",
    "hat": "hat",
    "widehat": "hat",
    "vec": "vec",
    "overrightarrow": "vec",
    "dot": "dot",
    "ddot": "ddot",
    "tilde": "tilde",
    "underline": "",
    "overbrace": "",
    "underbrace": "",
}
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
A_LETTER = r"(?![\u2070-\u209f¹²³½¼¾⅓-⅞ªº])[^\W\d_]"
LETTER = re.compile(A_LETTER)
WRITTEN_SIGN = re.compile("|".join(map(re.escape, sorted(WRITTEN, key=len, reverse=True))))
RUN_UP = re.compile(f"[{''.join(map(re.escape, RAISED))}]+")
RUN_DOWN = re.compile(f"[{''.join(LOWERED)}]+")
EMPTY = Node("row", 0)
FAMOUS = frozenset("fghPFGHO") | frozenset("ΘΩΓ")
CALLED = frozenset("pqruvwxyzEITVNψφΨΦ")
LETTER_NAMES = {sign: name for name, sign in GREEK.items()} | {
    "ς": "sigma", "ϵ": "epsilon", "ϑ": "theta", "ϕ": "phi", "µ": "mu", "∆": "delta", "Ω": "omega",
}  # fmt: skip
