"""The layouts of slides: the rules that make them, what each is for, and which a section gets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from ..text.latex import RAISED
from ..text.markup import only_list
from .analysis import (
    LONGEST,
    Label,
    Reading,
    equation_lines,
    fenced,
    is_formula,
    length,
    likeness,
    sentences,
    signs_of,
    stems,
    with_role,
)
from .boxes import compare, layers, parts, steps, terms, timeline
from .figures import (
    LONGEST_CELL,
    LONGEST_TURN,
    MOST_BARS,
    MOST_CHOICES,
    MOST_TURNS,
    BarChart,
    Question,
    Talk,
    height_of,
    shape_of,
)
from .follow import spoken_times
from .mentions import Narrated
from .slide import MOST_COLUMNS, MOST_LINES, MOST_POINTS, Curve, Layout, Slide
from .summary import (
    LEAST,
    MOST,
    draft,
    has_predicate,
    is_question,
    leans,
    main_clause,
    repeats,
    speaks_to_viewer,
)
from .summary import statement as in_few_words

# Rules for what must be shown as it is: code, equations, and curves over named axes.


MOST_EQUATIONS = 6

_MATH = re.compile(r"\$\$([^$]{3,400})\$\$|\$([^$\n]{3,400})\$")
_ADDRESS = re.compile(r"(?:https?|ftp)://\S+|www\.\S+|\]\([^()\s]*\)")
_OPERAND = r"(?:\d+(?:[.,]\d+)?)?(?:[^\W\d_][^\W_]?[²³₀-₉]*(?:[_^]\w+)?(?:\([^\W\d_]\))?)?"
_PLAIN_EQUATION = re.compile(  # whole: of "a² + b² = c²" no "b² = c²", of "speed × t = s" nothing
    r"(?<![\w'`=./)])(?<!\S [+−*/·×÷^] )(?<!\S[+−*/·×÷^])"
    rf"((?:(?=[\w(]){_OPERAND} *[-+−*/·×÷] *)*"
    r"(?![²³₀-₉])(?:[^\W\d_]{1,3}|[^\W\d_]_\w{1,6})"
    r"(?:\([^\W\d_]\))?\s*=\s*"
    r"[\w.½¼²³₀-₉^_/*·×+−-]+(?:(?! - [^\W\d_]{3}) *[-+−*/·×^] *[\w.²³₀-₉^_()]+)*)"
    r"(?![\w=′″√(+−*/·×^]|-\d| *[·√]"  # nor does it go on
    r"| +(?:\w*[²³₀-₉^]|[^\W\d_]\d|[α-ω]\b|[^\W\d_aeiouyàAEIOUYÀ]\b(?!['’.-]\w)"  # "m c²"
    r"|[(½¼]?[^\W\d_] *(?:[-+−*/·×=.,;:!?]|$))"  # "F = m a."
    r"| *– *(?:\d|[^\W\d_](?:[\d₀-₉_²³]|\b(?! ?[^\W\d_]))))"  # "v₂ – v₁"
)
_ASSIGNED = re.compile(r"=\s*\d[\d.,]*\s*[^\W\d_]{0,3}$")
_EXPLAINED = re.compile(r"=\s*[^\W\d_]{4,}$")
"""A single word stands on the right, as in "TLS = Transport Layer Security"."""
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


_ONLY_VALUE = re.compile(r"\\?\w+(?:_\{?\w+\}?)? *= *[−-]?[\d.,]+")
_ONLY_FORMULA = re.compile(r"\s*(\$\$?)[^$]+\1[\s.,;:]*")
"""A point that says only what stands above it in large."""
_FORMULA_LAST = re.compile(
    r"(?:[:,]|,? so|,? that is|,? also|,? donc) *(?P<m>\$\$?)([^$]+)(?P=m)[\s.,;:]*$"
)


def equation(reading: Reading, asked: bool = False) -> Slide | None:
    """Equations in large, where the section writes some and labels few parts; a single value,
    such as "t = 0", is none unless it is asked for.
    """
    found = tuple(text for text in equations(reading) if asked or not _ONLY_VALUE.fullmatch(text))
    if not found or (len(reading.parts) >= 3 and not asked):
        return None
    why = f"the section writes {'an equation' if len(found) == 1 else f'{len(found)} equations'}"
    lines = tuple(line for text in found for line in equation_lines(text))
    slide = draft(reading, "equation", why, 3, equations=lines)
    worded = (before_formula(point, found) for point in slide.points)
    return replace(slide, points=tuple(point for point in worded if length(point) > 2))


def before_formula(point: str, shown: Sequence[str]) -> str:
    """ "Divide by two: $q^2 = 2m^2$" without the formulas at its end that stand above in large."""
    known = {_unspaced(text) for text in shown}
    while (ends := _FORMULA_LAST.search(point)) and _unspaced(ends[2]) in known:
        point = point[: ends.start()]
    return "" if _ONLY_FORMULA.fullmatch(point) else point


def equations(reading: Reading) -> tuple[str, ...]:
    """The equations of a section: quoted ones, those between dollar signs, plain ones."""
    found = [label.text for label in reading.labels if is_formula(label.text)]
    for text in (reading.description, reading.speech):
        text = _ADDRESS.sub(" ", text).translate({0x22C5: "·", 0x2219: "·"})
        typeset = (" ".join((m[1] or m[2]).split()) for m in _MATH.finditer(text))
        found += [formula for formula in typeset if is_formula(formula)]
        plain = (match[1].strip(" .,") for match in _PLAIN_EQUATION.finditer(text))
        found += [t for t in plain if not _ASSIGNED.search(t) and not _EXPLAINED.search(t)]
    once: dict[str, str] = {}
    for text in found:
        if text[:1] != "=" and signs_of(text) <= LONGEST:
            key = _unspaced(text)
            once[key] = text if "\\" in text else once.get(key, text)
    kept = list(once.items())
    whole = [text for key, text in kept if not any(key != k and key in k for k, _ in kept)]
    told = _unspaced(reading.speech)
    places = [told.find(_unspaced(text)) for text in whole]
    if min(places, default=-1) >= 0:  # in the order in which they are told: the last one concludes
        whole = [text for _, text in sorted(zip(places, whole, strict=True))]
    return tuple(whole[:MOST_EQUATIONS])


def _unspaced(formula: str) -> str:
    """`formula` as it is however it is written: "p^2 / q^2" for "\\frac{p²}{q²}"."""
    formula = re.sub(r"\\frac\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}\{([^{}]*)\}", r"\1/\2", formula)
    return re.sub(r"[\s{}^·⋅*×]", "", "".join(RAISED.get(sign, sign) for sign in formula))


def curve(reading: Reading, asked: bool = False) -> Slide | None:
    """A sketch of curves, where the description names both axes and says how each curve goes."""
    across, upward = with_role(reading.labels, "x"), with_role(reading.labels, "y")
    if not across or not upward:
        return None
    axes = (across[0].text, upward[0].text)
    named = [_curve(reading, label) for label in with_role(reading.labels, "curve")][:3]
    if named and not all(named):
        return None
    curves = tuple(curve for curve in named if curve)
    if not curves and (shape := shape_of(reading.scene)):
        curves = (Curve(shape),)
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


def _is_code(label: Label) -> bool:
    return label.is_code and bool(_CODE_SIGN.search(label.text) or " " in label.text)


_CHARTED = re.compile(
    r"\bbar (?:charts?|graphs?)\b|\bbars\b|\bchart\b|\b(?:balken|säulen)diagramm|"
    r"\bdiagramme (?:à|en) (?:barres|bâtons)|\bgráfic[oa] de (?:barras|columnas)"
)
_VALUE = r"(?P<value>\d[\d,]*(?:\.\d+)?)\s?(?P<unit>%|per cent|[^\W\d_]+)"
_VALUES = (
    re.compile(rf"\b{_VALUE} in (?P<name>\d{{4}})\b"),
    re.compile(
        r"^(?:(?:The|And|Then) )*(?P<name>[A-Z][^.:;,\d]{1,30}?) (?:is|was|has|had|covers|weighs|"
        rf"takes|reaches|gets|gives|holds) (?:about |around |some |only |just |roughly )?{_VALUE}\b"
    ),
)
_AT = r"with|at|is|has|mit|bei|avec|con"
_DESCRIBED = re.compile(
    r"(?:['‘\"“](?P<label>[^'‘’\"“”]{1,40})['’\"”]|(?<![\w.,])(?P<year>\d{4})|"
    rf"(?P<word>[A-Z][^\W\d_]+(?: [^\W\d_]+)?))(?:[:,]| \(| (?:{_AT}))*? ?"
    rf"(?!\d{{4}}(?::|,? (?:{_AT})\b))(?P<value>\d[\d.,]*\d|\d)"
    rf"(?: ?(?P<unit>%|(?!(?:and|und|et|y|e|in|{_AT})\b)[^\W\d_]+))?(?=\W|$)"
)
"""A bar as a description tells it: "'Ice' 2 %", "1953 with 331,000", "Asia: 60 %"."""
_THOUSANDS = re.compile(r"\d{1,3}(?:([.,])\d{3})+(?!\d)")
_UNITS = {"percent": "%", "per cent": "%", "kilometres": "km", "kilometers": "km", "metres": "m"}


def bars(reading: Reading, asked: bool = False) -> Slide | None:
    """Bars, where the description shows some and it or the narration gives three values or more of
    one unit, each with what it is of.
    """
    if not _CHARTED.search(reading.scene):
        return None
    for shape in _VALUES if reading.language.startswith("en") else ():
        told = [match for s in reading.sentences for match in shape.finditer(s)]
        found = {match["name"]: float(match["value"].replace(",", "")) for match in told}
        units = {match["unit"] for match in told}
        if 3 <= len(found) == len(told) <= MOST_BARS and len(units) == 1:
            (unit,) = units
            figure = BarChart(tuple(found.items()), _UNITS.get(unit, unit))
            why = f"the narration gives {len(found)} values, the description shows bars"
            return draft(reading, "chart", why, 0, figure=figure)
    shown = [
        (m["label"] or m["year"] or m["word"], _number(m["value"], reading.language), m["unit"])
        for m in _DESCRIBED.finditer(reading.description)
    ]
    values = [(name, value) for name, value, _ in shown if value is not None]
    units = {unit or "" for _, _, unit in shown}
    names = {name.casefold() for name, _ in values}
    if 3 <= len(values) == len(names) == len(shown) <= MOST_BARS and len(units) == 1:
        (unit,) = units
        why = f"the description shows {len(values)} bars and tells their values"
        figure = BarChart(tuple(values), _UNITS.get(unit, unit))
        slide = draft(reading, "chart", why, 3, figure=figure)
        fresh = (p for p in slide.points if not any(name in p.casefold() for name in names))
        return replace(slide, points=tuple(fresh))
    return None


def _number(text: str, language: str) -> float | None:
    """The number that `text` writes in `language`; None where it could be two."""
    point, comma = (".", ",") if language.startswith("en") else (",", ".")
    whole, _, rest = text.partition(point)
    if comma in whole and not _THOUSANDS.fullmatch(whole):
        return None
    digits = whole.replace(comma, "")
    return float(f"{digits}.{rest or 0}") if digits.isdigit() and (rest or "0").isdigit() else None


# Rules for slides of lines: points, a statement, a list; and the turn that all rules have.


Rule = Callable[[Reading, bool], Slide | None]
"""A rule gives a slide where it finds its cue; asked for (True), it makes do with less."""

_OPENING = re.compile(
    r"\b(?:cinematic|opening shot|title card|dramatic|epic|zooms? out|zoom-out|photorealistic|"
    r"establishing shot|final shot|sunrise|panorama)\b"
)


def points(reading: Reading, asked: bool = False) -> Slide:
    """Headline and points: what is left where nothing asks for a figure."""
    slide = draft(reading, "points", "nothing in the section asks for a figure")
    if slide.points or asked:
        return slide
    return statement(reading, True)


def statement(reading: Reading, asked: bool = False) -> Slide:
    """One sentence in large, with what supports it."""
    return draft(reading, "statement", "one statement says it", 1)


def _opening(reading: Reading, asked: bool = False) -> Slide | None:
    """A statement, where the description shows a scene with words laid over it."""
    overlaid = [
        label.text
        for label in with_role(reading.labels, "overlay")
        if len(label.text.split()) >= 3 and not is_formula(label.text)
    ]
    if not overlaid or len(reading.parts) > 1:
        return None
    if not _OPENING.search(reading.scene) and not overlaid[0].endswith("?"):
        return None
    slide = draft(reading, "statement", "words laid over a scene, as at an opening", 1)
    own, laid = (stems(text, reading.language) for text in (slide.headline, overlaid[0]))
    same = slide.headline.casefold() == overlaid[0].casefold() or likeness(own, laid) > 0.6
    return slide if same else replace(slide, points=(overlaid[0],))


def listed(reading: Reading, asked: bool = False) -> Slide | None:
    """A narration that is a line and a list: a question with its answers, or points."""
    found = only_list(reading.narration) or _lettered(reading)
    if found is None or max(map(len, found[1])) > LONGEST_CELL:
        return None
    lead, items, lettered = found
    why = f"the narration lists {len(items)} items"
    if lettered and lead.endswith("?") and len(items) <= MOST_CHOICES:
        slide = draft(reading, "question", why, 0, figure=Question(lead, items))
        return replace(slide, terms=())
    notes = left_out(len(items), MOST_POINTS, "points")
    return replace(
        draft(reading, "points", why, 0, notes=notes), points=items[:MOST_POINTS], terms=()
    )


def left_out(count: int, most: int, what: str) -> tuple[str, ...]:
    """A note where there is more than the slide shows."""
    return (f"the slide shows {most} of {count} {what}; divide the section",) * (count > most)


_TURN = re.compile(r"([^\W\d_][^:：.!?,]{0,23})[:：]\s*(\S.*)")


def talk(reading: Reading, asked: bool = False) -> Slide | None:
    """What people say to each other, where each line of the narration is somebody's and one of them
    speaks more than once.
    """
    lines = [line.strip() for line in reading.speech.splitlines() if line.strip()]
    turns = [(turn[1], turn[2]) for turn in map(_TURN.fullmatch, lines) if turn]
    names = {who for who, _ in turns}
    if not 3 <= len(turns) == len(lines) <= MOST_TURNS or max(map(len, lines)) > LONGEST_TURN:
        return None
    if not 2 <= len(names) <= 3 or len(names) == len(turns):
        return None
    why = f"the narration is a conversation in {len(turns)} turns"
    return replace(draft(reading, "talk", why, 0, figure=Talk(tuple(turns))), terms=())


_LETTERS = re.compile(r"(?:^|\s)\(?([A-H](?=[).:])|[a-h](?=\)))[).:]\s+(?=\S)")


def _lettered(reading: Reading) -> tuple[str, tuple[str, ...], bool] | None:
    """A question and its answers "A) … B) …", each a sentence of its own after it."""
    for i, sentence in enumerate(reading.sentences):
        if is_question(sentence):
            parts = _LETTERS.split("\n\n".join(reading.sentences[i + 1 :]))
            letters = "".join(parts[1::2]).upper()
            shown = list(dict.fromkeys(letters))  # once more it tells which one is right
            answers = [sentences(p, reading.language) for p in parts[2 : 2 * len(shown) + 1 : 2]]
            in_turn = letters.startswith("ABCDEFGH"[: len(shown)]) and len(shown) > 1
            if in_turn and not parts[0].strip() and all(answers):
                return sentence, tuple(answer[0].rstrip(".,;") for answer in answers), True
    return None


def _little_to_list(reading: Reading, asked: bool = False) -> Slide | None:
    slide = draft(reading, "statement", "there is little to list: one statement says it", 2)
    return slide if len(slide.points) < 2 else None


_CHOOSE_IN_TURN: tuple[Rule, ...] = (
    code,
    listed,
    timeline,
    terms,
    bars,
    compare,
    _opening,
    steps,
    layers,
    equation,
    talk,
    parts,
    _little_to_list,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A layout as people are told of it: what it is for, and an example of a section's `slide` that
    gives it ("picture" stands beside the section's `image`). `boxes`: its points become boxes with
    a name and a gloss; `drawn`: it shows more than text; `rule`: makes it of a section that gives
    no more than its name, None where a lesson has to give its data.
    """

    about: str
    example: Mapping[str, Any]
    boxes: bool = False
    drawn: bool = False
    rule: Rule | None = None


KINDS: Mapping[Layout, Kind] = {
    "statement": Kind(
        "one sentence in large",
        {"layout": "statement", "points": ["A rainbow is light, not a thing"]},
        rule=statement,
    ),
    "points": Kind(
        "a headline and two to five points",
        {"layout": "points", "points": ["Light bends", "Light bounces back"]},
        rule=points,
    ),
    "cards": Kind(
        "two to nine things side by side, each with a name and what it is",
        {
            "layout": "cards",
            "points": ["☀️ Sunlight: from behind you", "🌧️ Raindrops: in front of you"],
        },
        boxes=True,
        rule=terms,
    ),
    "compare": Kind(
        "two sides, each with its points; a name twice for its second point",
        {
            "layout": "compare",
            "points": ["Aristotle: heavy things fall faster", "Galileo: all things fall alike"],
        },
        rule=compare,
    ),
    "steps": Kind(
        "what follows one another",
        {"layout": "steps", "points": ["🥣 Mix", "🔥 Bake", "❄️ Cool"]},
        boxes=True,
        rule=steps,
    ),
    "layers": Kind(
        "what lies on one another, the top first",
        {"layout": "layers", "points": ["Crust: thin", "Mantle: hot rock", "Core: iron"]},
        boxes=True,
        rule=layers,
    ),
    "timeline": Kind(
        "events with their hours, days, years or eras",
        {
            "layout": "timeline",
            "points": ["1638: Galileo publishes his law", "1687: Newton explains it"],
        },
        boxes=True,
        drawn=True,
        rule=timeline,
    ),
    "equation": Kind(
        "one to six equations, aligned; the last of three or more is the conclusion",
        {"equation": ["F = m * g", "F = m * a", "a = g"]},
        drawn=True,
        rule=equation,
    ),
    "code": Kind(
        "a program",
        {"code": "for n in range(3):\n    print(n)", "lang": "python"},
        drawn=True,
        rule=code,
    ),
    "parts": Kind(
        "names in boxes, beside what is said of them",
        {"layout": "parts", "points": ["Sun", "Observer", "Raindrops"]},
        boxes=True,
        rule=parts,
    ),
    "curve": Kind(
        "a sketch without numbers; for numbers use a chart",
        {
            "layout": "curve",
            "points": ["x: Time", "y: Speed", "Falling body: rises steadily"],
        },
        drawn=True,
        rule=curve,
    ),
    "chart": Kind(
        "bars, or lines over two axes with numbers",
        {
            "chart": {
                "bars": {"Oceans": 97, "Ice": 2, "The rest": 1},
                "unit": "%",
                "strong": "Oceans",
            }
        },
        drawn=True,
    ),
    "diagram": Kind(
        "boxes and arrows, as a flow or a ring",
        {
            "diagram": {
                "edges": ["Sun -> Sea: heat", "Sea -> Cloud: vapour", "Cloud -> Sea: rain"],
                "icons": {"Sun": "☀️", "Sea": "🌊", "Cloud": "☁️"},
            }
        },
        drawn=True,
    ),
    "table": Kind(
        "rows and columns; ! marks a cell, *…* stresses a part of it",
        {
            "table": [
                ["", "singular", "plural"],
                ["1st", "qu*ie*ro", "queremos"],
                ["2nd", "qu*ie*res", "queréis"],
            ]
        },
        drawn=True,
    ),
    "talk": Kind(
        "what speakers say to each other",
        {"talk": ["Luis: ¿Qué desea?", "Ana: Un café, por favor."]},
    ),
    "quote": Kind(
        "somebody's words",
        {
            "quote": "If I have seen further, it is by standing on the shoulders of giants.",
            "by": "Isaac Newton, 1675",
        },
    ),
    "question": Kind(
        "a question; the answer is held back until it is said",
        {
            "question": "Which one lands first?",
            "choices": ["The heavy ball", "The light ball", "Both at once"],
            "answer": "Both at once",
        },
    ),
    "hero": Kind(
        "one large emoji beside the headline, with a line or a few points",
        {"hero": "🌈", "line": "Where does a rainbow end?"},
        drawn=True,
    ),
    "picture": Kind(
        "the section's own image with labels; at counts from 0 to 1, from the top left",
        {"layout": "picture", "labels": [{"at": [0.4, 0.5], "text": "Nucleus"}]},
        drawn=True,
    ),
}
"""The layouts, in the order in which people are told of them."""

LAYOUTS = tuple(KINDS)
BY_LAYOUT: Mapping[Layout, Rule] = {name: kind.rule for name, kind in KINDS.items() if kind.rule}
"""The rule that makes each layout when a lesson asks for it."""

# What the slide of a section shows: by the first rule that finds its cue, and what is added then.


MOST_CHIPS = 8
"""Labels in the row at the foot."""


def choose(reading: Reading) -> Slide:
    """What the slide of a section shows; nothing that the description quotes gets lost."""
    return with_labels(without_rests(_chosen(reading), reading), reading)


LONGEST_REST, WORDS_A_SECOND = 9.0, 2.6
"""Seconds of speech through which a slide of few lines may say nothing new, and its usual pace."""


def without_rests(slide: Slide, reading: Reading) -> Slide:
    """`slide` with a line more for each long part of the narration of which it shows nothing, where
    it is made of lines and has room.
    """
    narrated = Narrated(
        reading.speech, (), reading.language, None, (0.0, length(reading.speech) / WORDS_A_SECOND)
    )
    while slide.layout in ("points", "statement") and len(slide.points) < MOST_LINES_ADDED:
        times = [f.seconds for f in spoken_times(slide.items(), narrated) if f]
        marks = [0.0, *sorted(times), narrated.times[-1] if narrated.times else 0.0]
        start, end = max(pairwise(marks), key=lambda gap: gap[1] - gap[0])
        told = _told_between(reading, slide.headline, narrated, start, end)
        held = " ".join(map(_bare, slide.points))
        shown = [point for point in told if _bare(point) not in held]
        if end - start <= LONGEST_REST or not shown:
            break
        lines = [*slide.points, shown[len(shown) // 2]]
        lines.sort(key=lambda line: narrated.first(line))
        slide = replace(slide, points=tuple(lines))
    return slide


MOST_LINES_ADDED = 4


def _told_between(
    reading: Reading, heading: str, narrated: Narrated, start: float, end: float
) -> list[str]:
    """The sentences between two times, in few words, that can stand alone under `heading`."""
    found = []
    for sentence in reading.sentences:
        short = in_few_words(main_clause(sentence, reading.language), reading.language)
        tells = not is_question(sentence) and not speaks_to_viewer(sentence, reading.language)
        fits = LEAST <= length(short) <= MOST and not leans(short, frozenset(), reading.language)
        fits = fits and has_predicate(short, reading.language)
        fits = fits and not repeats(heading, short, reading.language)
        if tells and fits and start + 2 < narrated.first(short) < end - 1:
            found.append(short)
    return found


def with_labels(slide: Slide, reading: Reading) -> Slide:
    """`slide` with those of the description's labels at its foot that stand nowhere on it."""
    shown = _bare(" ".join(slide.texts()))
    lost = [label.text for label in reading.labels if _bare(label.text) not in shown]
    lost = [text for text in lost if re.search(r"\w", text) and not _told_again(text, lost)]
    return replace(slide, labels=tuple(lost[:MOST_CHIPS]))


def _bare(text: str) -> str:
    return " ".join(text.casefold().split())


def _told_again(text: str, others: Sequence[str]) -> bool:
    """Whether one of `others` says all of `text` and more."""
    return any(text != other and _bare(text) in _bare(other) for other in others)


def _chosen(reading: Reading) -> Slide:
    for rule in _CHOOSE_IN_TURN:
        slide = rule(reading, False)
        if slide is not None:
            return slide
    return points(reading, True)
