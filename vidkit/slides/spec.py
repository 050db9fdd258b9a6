"""A slide as the template takes it: plain JSON values, every text cut into runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .formula import tokens
from .grammar import grammar
from .shapes import Path, together
from .slide import Entry, Slide

SHORT_SIDE = 1080
"""Points of the design on the shorter side of a frame; the template's sizes are meant for it."""

_RUN = re.compile(
    r"\*\*(?P<strong>[^*\n]{1,80})\*\*|(?<![\w*])\*(?P<em>[^*\s][^*\n]{0,80}?)\*(?![\w*])"
    r"|`(?P<code>[^`\n]{1,80})`"
    r"|\b(?P<symbol>[A-Za-zα-ωΑ-Ωλμ]{1,2}_\{?[A-Za-z0-9]{1,10}\}?|[A-Za-z]\^\{?[0-9n]{1,3}\}?)(?![\w^_])"
)
_COMPOUND = re.compile(
    r"\b(?:CO2|H2O2?|O[23]|N2O?|H2|CH4|NH3|[NS]O2|SiO2|Si3N4|C6H12O6|H2SO4|H2CO3|HNO3|CaCO3|"
    r"NaHCO3|Fe2O3|Al2O3|TiO2)\b"
)
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_RTL = ("ar", "he", "fa", "ur", "yi")
Run = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of `size` pixels in points of the design.

    `scale` is pixels per point, `page` (width, height), `area` (left, top, width, height) of the
    room inside the margins; very long frames keep their content together in the middle.
    """

    form: str
    scale: float
    page: tuple[float, float]
    area: tuple[float, float, float, float]

    @classmethod
    def of(cls, size: tuple[int, int]) -> Frame:
        """The frame for `size`, (width, height) in pixels."""
        scale = min(size) / SHORT_SIDE
        width, height = size[0] / scale, size[1] / scale
        ratio = width / height
        form = "wide" if ratio >= 1.25 else "square" if ratio > 0.8 else "tall"
        side, top, bottom = {"wide": (124, 92, 84), "square": (92, 92, 84), "tall": (84, 150, 150)}[
            form
        ]
        room = min(width - 2 * side, 2 * SHORT_SIDE), min(height - top - bottom, 2 * SHORT_SIDE)
        left = (width - room[0]) / 2
        above = top + (height - top - bottom - room[1]) / 2
        return cls(form, scale, (width, height), (left, above, *room))


def spec(slide: Slide, frame: Frame) -> dict[str, Any]:
    """What the template needs to set `slide` into `frame`."""
    language = slide.language.split("-")[0]
    terms = () if slide.layout == "statement" else slide.terms
    return {
        "layout": slide.layout,
        "headline": typographic(slide.headline),
        "points": [runs(point, terms) for point in slide.points],
        "entries": [_entry(entry) for entry in slide.entries],
        "sides": [
            {"name": typographic(side.name), "points": [runs(point) for point in side.points]}
            for side in slide.sides
        ],
        "arrow": slide.arrow,
        "loop": slide.loop
        and {
            "from": slide.loop.start,
            "to": slide.loop.end,
            "label": typographic(slide.loop.label),
        },
        "equations": [_tokens(text) for text in slide.equations],
        "code": slide.code,
        "code_language": slide.code_language,
        "curve": {
            "x": typographic(slide.axes[0]),
            "y": typographic(slide.axes[1]),
            "curves": [
                {"name": typographic(curve.name), "points": points}
                for curve, points in zip(slide.curves, _paths(slide), strict=True)
            ],
            "caption": grammar(slide.language).sketch,
        },
        "lang": language if re.fullmatch(r"[a-z]{2,3}", language) else "en",
        "dir": "rtl" if language in _RTL else "ltr",
        "form": frame.form,
        "page": list(frame.page),
        "area": list(frame.area),
    }


def _paths(slide: Slide) -> list[Path]:
    return together([(curve.shape, curve.height) for curve in slide.curves])


def typographic(text: str) -> str:
    """`text` with curly quotation marks, tied where no line should end, long words breakable."""
    text = re.sub(r"(?<=\w)'(?=\w)", "’", text)
    text = re.sub(r"(?:(?<=^)|(?<=[\s(\[—–]))'(?=\S)", "‘", text).replace("'", "’")
    text = re.sub(r"(?:(?<=^)|(?<=[\s(\[—–]))\"(?=\S)", "“", text).replace('"', "”")
    text = re.sub(r"(?<=\S)\s*—\s*(?=\S)", "\u200a\u2060—\u200a", text).replace("...", "…")
    text = re.sub(r" (?=[?!:;»])|(?<=«) |(?<=\d) (?=[%°])", "\u00a0", text)
    if text.count(" ") > 4:  # a short name has too few places to break as it is
        text = re.sub(r"(?<=\d) (?=[^\W\d_]{1,8}\b)", "\u00a0", text)
    text = re.sub(r"(?<![\w-])(\w{1,2})-(?=\w)", "\\1-\u2060", text)  # "P-type" stays whole
    text = _COMPOUND.sub(lambda match: match[0].translate(_LOWERED), text)
    return _bound(re.sub(r"\S{25,}", _breakable, text))


def runs(text: str, terms: Sequence[str] = ()) -> list[Run]:
    """`text` as runs {"t": words, "k": kind}; the first mention of each term is emboldened."""
    found: list[Run] = []
    start = 0
    text = typographic(text)
    for match in _RUN.finditer(text):
        found += _with_terms(text[start : match.start()], terms)
        start = match.end()
        if match["strong"]:
            found.append({"t": match["strong"], "k": "b"})
        elif match["em"]:
            found.append({"t": match["em"], "k": "em"})
        elif match["code"]:
            found.append({"t": match["code"], "k": "code"})
        else:
            found.append(symbol_run(match["symbol"]))
    return found + _with_terms(text[start:], terms)


def symbol_run(text: str) -> Run:
    """ "V_th" as one symbol with its index."""
    return {"k": "sym"} | _tokens(text)[0]


def _tokens(text: str) -> list[dict[str, str]]:
    """An equation as the template takes it."""
    return [
        {"t": token.text, "index": token.index, "power": token.power, "kind": token.kind}
        for token in tokens(text)
    ]


def _entry(entry: Entry) -> dict[str, Any]:
    return {"name": typographic(entry.name), "gloss": runs(entry.gloss) if entry.gloss else []}


def _with_terms(text: str, terms: Sequence[str]) -> list[Run]:
    names = sorted({term for term in terms if len(term) > 2}, key=lambda term: (-len(term), term))
    if not text or not names:
        return [{"t": text, "k": ""}] if text else []
    any_case = "|".join(
        re.escape(typographic(name)) if name.isupper() else f"(?i:{re.escape(typographic(name))})"
        for name in names
    )
    found: list[Run] = []
    start = 0
    for match in list(re.finditer(rf"(?<![\w-])(?:{any_case})s?(?![\w-])", text))[:2]:
        if match.start() > start:
            found.append({"t": text[start : match.start()], "k": ""})
        found.append({"t": match[0], "k": "b"})
        start = match.end()
    if start < len(text):
        found.append({"t": text[start:], "k": ""})
    return found


def _bound(text: str) -> str:
    """`text` with its last two words tied together where they are short."""
    head, space, last = text.rpartition(" ")
    short = len(last) <= 6 and len(head.rpartition(" ")[2]) + len(last) <= 14
    return f"{head}\u00a0{last}" if space and short and head.count(" ") >= 2 else text


def _breakable(match: re.Match[str]) -> str:
    word = match[0]
    mark = "\u00ad" if word.isalpha() else "\u200b"
    return mark.join(word[i : i + 10] for i in range(0, len(word), 10))
