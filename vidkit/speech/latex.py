"""LaTeX in the signs of an equation: "\\frac{\\alpha}{2} \\leq x" → "α over 2 ≤ x"."""

from __future__ import annotations

from ..plain import Found, rule

_SMALL = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho "
    "varsigma sigma tau upsilon phi chi psi omega"
)
_SIGNS = (
    "times × cdot · div ÷ pm ± mp ∓ ast × le ≤ leq ≤ ge ≥ geq ≥ ne ≠ neq ≠ ll ≪ gg ≫ lt < gt > "
    "approx ≈ sim ~ equiv ≡ propto ∝ to → rightarrow → longrightarrow → leftarrow ← mapsto → "
    "Rightarrow ⇒ implies ⇒ Leftrightarrow ⇔ iff ⇔ infty ∞ partial ∂ nabla ∇ sum ∑ prod ∏ int ∫ "
    "in ∈ notin ∉ subset ⊂ subseteq ⊆ cup ∪ cap ∩ forall ∀ exists ∃ neg ¬ land ∧ lor ∨ circ ° "
    "prime ′ ldots … dots … cdots … ell l varepsilon ε varphi φ vartheta θ sqrt √"
)
_NAMES = {"hbar": "h bar", "lim": "lim", "gcd": "G C D"}
_SILENT = (
    "left right big Big text textbf textit mathrm mathbf mathit mathcal mathbb operatorname "
    "displaystyle limits vec hat bar overline quad qquad begin end"
)


def _table() -> dict[str, str]:
    small = {name: chr(0x3B1 + k) for k, name in enumerate(_SMALL.split())}
    large = {name.capitalize(): letter.upper() for name, letter in small.items()}
    signs = _SIGNS.split()
    return {
        **large,
        **small,
        **dict(zip(signs[::2], signs[1::2], strict=True)),
        **_NAMES,
        **dict.fromkeys(_SILENT.split(), ""),
    }


_COMMANDS = _table()


def _command(found: Found) -> str:
    word = _COMMANDS.get(found.group(1))
    # A command that is no sign is a name ("\\sin") or a word that somebody meant to be read.
    return r" \1 " if word is None else f"{word} " if word.isalnum() and word.isascii() else word


_INNER = r"((?:[^{}\n]|\{[^{}\n]{0,80}\}){0,200})"

LATEX = (
    rule("spaces of an equation", r"\\[,;:! ()\[\]]|\\\\(?!\w)", " "),
    rule("fractions", rf"\\[dt]?frac ?\{{{_INNER}\}} ?\{{{_INNER}\}}", r" \1 over \2 "),
    rule("roots", rf"\\sqrt ?\{{{_INNER}\}}", r" the square root of \1 "),
    rule("other roots", rf"\\sqrt\[(\w{{1,3}})\] ?\{{{_INNER}\}}", r" the root \1 of \2 "),
    rule("commands", r"\\([A-Za-z]{1,20})(?![A-Za-z])", _command),
)
