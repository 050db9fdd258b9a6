"""Rules for what must be shown as it is: code, equations, and curves over named axes."""

from __future__ import annotations

import re
from dataclasses import replace

from .draft import draft
from .formula import is_formula
from .labels import Label, with_role
from .reading import Reading
from .shapes import height_of, shape_of
from .slide import MOST_COLUMNS, MOST_LINES, Curve, Slide
from .words import fenced

MOST_EQUATIONS = 3

_MATH = re.compile(r"\$\$?([^$\n]{3,80})\$\$?")
_PLAIN_EQUATION = re.compile(
    r"(?<![\w'`=])((?:[^\W\d_]{1,3}|[^\W\d_]_\w{1,6})(?:\([^\W\d_]\))?\s*=\s*"
    r"[\w.½¼²³₀-₉^_/*·×+−-]+(?:\s*[-+−*/·×^]\s*[\w.²³₀-₉^_()]+)*)(?![\w=])"
)
_VALUE = re.compile(r"=\s*\d[\d.,]*\s*[^\W\d_]{0,3}$")
_PROGRAM = re.compile(
    r"\b(?:code|program|function|script|terminal|editor|listing|command|quelltext)\b"
)
_CODE_SIGN = re.compile(
    r"[(){}\[\];=<>]|^\s*(?:\$|>>>)|\b(?:def|import|print|for|while|return|let)\b"
)


def code(reading: Reading, asked: bool = False) -> Slide | None:
    """A listing, where the narration or the description has a fenced block, or the description
    quotes code between backticks.
    """
    block = fenced(reading.narration) or fenced(reading.description)
    why = "the section has a block of code"
    if block is None and (asked or _PROGRAM.search(reading.scene)):
        lines = [label.text for label in reading.labels if _is_code(label)]
        block = ("", "\n".join(lines)) if lines else None
        why = "the description shows code"
    if block is None or not block[1].strip():
        return None
    language, text = block
    shown, notes = cut_code(text)
    return draft(reading, "code", why, 3, code=shown, code_language=language, notes=notes)


def cut_code(text: str) -> tuple[str, tuple[str, ...]]:
    """`text` with as many lines and columns as can be read, and a note where that is not all."""
    lines = text.expandtabs(4).rstrip().split("\n")
    shown = [line[:MOST_COLUMNS] + ("…" if len(line) > MOST_COLUMNS else "") for line in lines]
    if len(shown) > MOST_LINES:
        shown = [*shown[: MOST_LINES - 1], "…"]
    if shown == lines:
        return "\n".join(shown), ()
    note = (
        f"the code has {len(lines)} lines, up to {max(map(len, lines))} characters wide; the slide "
        f"shows {MOST_LINES} lines of {MOST_COLUMNS}"
    )
    return "\n".join(shown), (note,)


def equation(reading: Reading, asked: bool = False) -> Slide | None:
    """Equations in large, where the section writes some and labels few parts."""
    found = equations(reading)
    if not found or (len(reading.parts) >= 3 and not asked):
        return None
    why = f"the section writes {'an equation' if len(found) == 1 else f'{len(found)} equations'}"
    return draft(reading, "equation", why, 3, equations=found)


def equations(reading: Reading) -> tuple[str, ...]:
    """The equations of a section: quoted ones, those between dollar signs, plain ones."""
    found = [label.text for label in reading.labels if is_formula(label.text)]
    for text in (reading.description, reading.speech):
        found += [match[1].strip() for match in _MATH.finditer(text) if is_formula(match[1])]
        plain = (match[1].strip(" .,") for match in _PLAIN_EQUATION.finditer(text))
        found += [text for text in plain if not _VALUE.search(text)]
    once = {re.sub(r"[\s·*×]+", "", text): text for text in reversed(found) if len(text) <= 80}
    kept = list(reversed(once.items()))
    whole = [text for key, text in kept if not any(key != k and key in k for k, _ in kept)]
    return tuple(whole[:MOST_EQUATIONS])


def curve(reading: Reading, asked: bool = False) -> Slide | None:
    """A sketch of curves, where the description names both axes and says how each curve goes."""
    across, upward = with_role(reading.labels, "x"), with_role(reading.labels, "y")
    if not across or not upward:
        return None
    axes = (across[0].text, upward[0].text)
    named = [_curve(reading, label) for label in with_role(reading.labels, "curve")][:3]
    if named and not all(named):
        return None
    curves = tuple(curve for curve in named if curve) or _only_curve(reading)
    if len(curves) == 1:
        curves = (replace(curves[0], height=max(curves[0].height, 0.9)),)
    if not curves:
        return None
    why = "the description names both axes and how the curve goes"
    return draft(reading, "curve", why, 3, axes=axes, curves=curves)


def _curve(reading: Reading, label: Label) -> Curve | None:
    """The curve that `label` names, None where the description does not say how it goes."""
    words = reading.description[label.end : label.end + 260].split(". ")[0]
    shape = shape_of(words)
    return Curve(shape, label.text, height_of(words, shape)) if shape else None


def _only_curve(reading: Reading) -> tuple[Curve, ...]:
    shape = shape_of(reading.scene)
    return (Curve(shape),) if shape else ()


def _is_code(label: Label) -> bool:
    return label.is_code and bool(_CODE_SIGN.search(label.text) or " " in label.text)
