"""The layout of a slide, chosen from the section alone: the rules, and the turn that they have."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from ..text.markup import only_list
from .analysis import (
    Label,
    Reading,
    capitalised,
    equation_lines,
    fenced,
    is_formula,
    length,
    likeness,
    sentences,
    stems,
    with_role,
    words,
)
from .boxes import layers, parts, steps, terms, timeline
from .declared import LONGEST_CELL, MOST_BARS, MOST_CHOICES
from .figures import Bar, BarChart, Question, height_of, shape_of
from .follow import spoken_times
from .mentions import Narrated
from .slide import MOST_COLUMNS, MOST_LINES, Curve, Layout, Side, Slide
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

_MATH = re.compile(r"\$\$?([^$\n]{3,80})\$\$?")
_ADDRESS = re.compile(r"(?:https?|ftp)://\S+|www\.\S+|\]\([^()\s]*\)")
_PLAIN_EQUATION = re.compile(
    r"(?<![\w'`=./])((?:[^\W\d_]{1,3}|[^\W\d_]_\w{1,6})(?:\([^\W\d_]\))?\s*=\s*"
    r"[\w.½¼²³₀-₉^_/*·×+−-]+(?:\s*[-+−*/·×^]\s*[\w.²³₀-₉^_()]+)*)(?![\w=])"
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
_ONLY_FORMULA = re.compile(r"\s*\$[^$]+\$[\s.,;:]*")
"""A point that says only what stands above it in large."""
_FORMULA_LAST = re.compile(r"(?:[:,]|,? so|,? that is|,? also|,? donc) *\$([^$]+)\$[\s.,;:]*$")


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
    while (ends := _FORMULA_LAST.search(point)) and _unspaced(ends[1]) in known:
        point = point[: ends.start()]
    return "" if _ONLY_FORMULA.fullmatch(point) else point


def equations(reading: Reading) -> tuple[str, ...]:
    """The equations of a section: quoted ones, those between dollar signs, plain ones."""
    found = [label.text for label in reading.labels if is_formula(label.text)]
    for text in (reading.description, reading.speech):
        text = _ADDRESS.sub(" ", text)
        found += [match[1].strip() for match in _MATH.finditer(text) if is_formula(match[1])]
        plain = (match[1].strip(" .,") for match in _PLAIN_EQUATION.finditer(text))
        found += [t for t in plain if not _ASSIGNED.search(t) and not _EXPLAINED.search(t)]
    once: dict[str, str] = {}
    for text in found:
        if text[:1] != "=" and len(text) <= 80:
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
    return re.sub(r"[\s{}^·*×]", "", formula.translate(_RAISED))


_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


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
            figure = BarChart(
                tuple(Bar(name, value) for name, value in found.items()), _UNITS.get(unit, unit)
            )
            why = f"the narration gives {len(found)} values, the description shows bars"
            return draft(reading, "chart", why, 0, figure=figure)
    shown = [
        (m["label"] or m["year"] or m["word"], _number(m["value"], reading.language), m["unit"])
        for m in _DESCRIBED.finditer(reading.description)
    ]
    values = [Bar(name, value) for name, value, _ in shown if value is not None]
    units = {unit or "" for _, _, unit in shown}
    names = {bar.name.casefold() for bar in values}
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


# The rule for a comparison: two sides of a picture, each with what is said of it.


_SPLIT = re.compile(
    r"\b(?:on the |to the |the |at )?(left|right)(?:[- ]hand)?(?: side| half| panel)?\b"
)
_NOUN = r"(?:(?:an?|the|one|two) )?((?:[\w₀-₉/+-]+ ){0,4}?[\w₀-₉/+-]+)"
_SHOWN = (
    re.compile(
        rf"(?:showing|shows?|is|of|with|see|:|,) {_NOUN} (?:is |are |appears? )?(?:on|to|at) the $"
    ),
    re.compile(
        rf"^[^.]{{0,12}}?(?:,| is| shows?| we see| there is|:)\s*{_NOUN}(?= (?:that|which|with|"
        r"labell?ed|appears?|is|are|of|in|where|being|places?|glow\w*)\b|[,.;:(…]|$)"
    ),
    re.compile(rf"^[^.]{{0,12}}?, where {_NOUN} (?:is|are|appears?)\b"),
)
_PLAIN = re.compile(
    r"(?:detailed|complex|glowing|clean|animated|realistic|styli[sz]ed|massive|sleek|beautiful|same|"
    r"stunning|intricate|simple|large|small|big|little|modern|full|photo|image|picture|view|drawing)\b",
    re.IGNORECASE,
)


_REFERS = re.compile(
    r"\b(?:it|it's|its|they|they're|their|them|he|his|she|her|this|these|every|you|er|sie|es|il|elle)\b"
)


def compare(reading: Reading, asked: bool = False) -> Slide | None:
    """Two panels, where the description shows one thing left and another right, and both have a
    name and something said of them.
    """
    sides = _titled(reading) or _against_each_other(reading) or _left_and_right(reading)
    if sides is None:
        return None
    one, other = (_as_long_as(side, sides) for side in sides)
    arrow = bool(re.search(r"\barrow\b|\bturns? into\b|\btransform", reading.scene))
    own = _named_apart(one.name, other.name)
    heading = f"{own[0]} {'→' if arrow else 'vs.'} {own[1]}"
    why = "the description sets two sides against each other"
    bare = all(length(" ".join(side.points)) <= 4 for side in (one, other))
    slide = draft(
        reading,
        "compare",
        why,
        2 if bare else 0,
        heading=heading if len(heading) <= 64 else None,
        sides=(one, other),
        arrow=arrow,
    )
    return slide if asked or all(side.points for side in (one, other)) else None


def _as_long_as(side: Side, sides: tuple[Side, Side]) -> Side:
    """`side` with at most one point more than the other has."""
    return Side(side.name, side.points[: min(len(s.points) for s in sides) + 1])


def _titled(reading: Reading) -> tuple[Side, Side] | None:
    """The sides of a description that gives both a title."""
    titles = with_role(reading.labels, "title")
    if len(titles) != 2 or not _SPLIT.search(reading.scene):
        return None
    one, other = titles[0].text, titles[1].text
    return Side(one, _told_of(reading, one, other)), Side(other, _told_of(reading, other, one))


_ACROSS = re.compile(r"\bleft[- ]to[- ](?:the )?right\b|\bright[- ]to[- ](?:the )?left\b")
_AGAINST = re.compile(
    r"\bcompar|\bversus\b|\bvs\b|\btwo (?:columns|panels|halves|sides)\b|\bside by side\b|"
    r"\bvergleich|\bcompara"
)


def _against_each_other(reading: Reading) -> tuple[Side, Side] | None:
    """The sides of a description that compares just two things that it labels."""
    names = [label.text for label in with_role(reading.labels, "part", "title")]
    if len(names) != 2 or len(reading.labels) != 2 or not _AGAINST.search(reading.scene):
        return None
    one, other = names
    return Side(one, _told_of(reading, one, other)), Side(other, _told_of(reading, other, one))


def _left_and_right(reading: Reading) -> tuple[Side, Side] | None:
    """The sides of a description that says "on the left" and "on the right"."""
    low = _ACROSS.sub(lambda match: "-" * len(match[0]), reading.description.lower())
    places = {match[1]: match for match in reversed(list(_SPLIT.finditer(low)))}
    if set(places) != {"left", "right"} or places["left"].start() > places["right"].start():
        return None
    left, right = places["left"], places["right"]
    cut = low.rfind(".", left.end(), right.start()) + 1 or right.start()
    spans = ((max(0, left.start() - 60), left, cut), (cut, right, len(low)))
    sides = []
    for start, place, end in spans:
        name = _shown(reading.description, start, place, end)
        if not stems(name, reading.language) & reading.heard:
            name = ""
        inside = [
            label.text
            for label in reading.labels
            if label.role in ("part", "title")
            and start <= label.start < min(end, place.end() + 200)
            and not is_formula(label.text)
        ]
        sides.append((name, inside))
    names = [name or (inside[0] if inside else "") for name, inside in sides]
    if not all(names) or names[0].casefold() == names[1].casefold():
        return None
    found = []
    for (name, inside), own, against in zip(sides, names, names[::-1], strict=True):
        tags = tuple(capitalised(tag) for tag in inside if tag != own)[:3] if name else ()
        found.append(Side(own, _told_of(reading, own, against) or tags))
    return found[0], found[1]


def _shown(description: str, start: int, place: re.Match[str], end: int) -> str:
    """The noun that the description puts at `place`, "" where it is not plain."""
    before, after = description[start : place.start()], description[place.end() : end]
    opening = re.sub(r"(?:on|to|at) the $", "", before) + "on the "
    for text, shape in ((opening, _SHOWN[0]), (after, _SHOWN[2]), (after, _SHOWN[1])):
        match = shape.search(text)
        if match:
            name = match[1].split()
            while name and _PLAIN.fullmatch(name[0]):
                name.pop(0)
            if 0 < len(name) <= 5 and words(" ".join(name)):
                return capitalised(" ".join(name))
    return ""


def _told_of(reading: Reading, name: str, other: str) -> tuple[str, ...]:
    """What the narration says of `name` and not of `other`: from the first sentence that names it
    to the first that names the other.
    """
    own = stems(name, reading.language) - stems(other, reading.language)
    against = stems(other, reading.language) - stems(name, reading.language)
    told: list[str] = []
    inside = introduced = False
    for sentence in reading.sentences:
        meaning = stems(sentence, reading.language)
        named = bool(meaning & own) and not meaning & against
        # A sentence after one that names the side is still of it while it says "it" or "they".
        # So is all that follows one that does nothing but name it.
        refers = introduced or _refers_back(sentence)
        inside = named or (inside and not meaning & against and refers)
        if not inside or is_question(sentence) or speaks_to_viewer(sentence, reading.language):
            continue
        short = in_few_words(sentence, reading.language, 13)
        only_named = len(stems(short, reading.language) - stems(name, reading.language)) < 2
        introduced = introduced or (named and only_named)
        if length(short) <= 24 and not only_named and (told or not leans(sentence)):
            told.append(short)
    return tuple(told[:3])


def _refers_back(sentence: str) -> bool:
    opening = " ".join(sentence.lower().split()[:4])
    return bool(_REFERS.search(opening) or re.search(r"\b(?:him|her|it|them)\W*$", sentence))


def _named_apart(one: str, other: str) -> tuple[str, str]:
    """ "Full Custom Design", "Semi-Custom Design": what both end with is said once."""
    left, right = one.split(), other.split()
    if len(left) > 1 and len(right) > 1 and left[-1].casefold() == right[-1].casefold():
        left.pop()
    return " ".join(left), other


# The layout of a slide, chosen from the section alone: the first rule that finds its cue.


Rule = Callable[[Reading, bool], Slide | None]
"""A rule gives a slide where it finds its cue; asked for (True), it makes do with less."""

_OPENING = re.compile(
    r"\b(?:cinematic|opening shot|title card|dramatic|epic|zooms? out|zoom-out|photorealistic|"
    r"establishing shot|final shot|sunrise|panorama)\b"
)


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
        shown = [point for point in told if point not in slide.points]
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
    if found is None or len(found[1]) > MOST_CHOICES or max(map(len, found[1])) > LONGEST_CELL:
        return None
    lead, items, lettered = found
    why = f"the narration lists {len(items)} items"
    if lettered and lead.endswith("?"):
        slide = draft(reading, "question", why, 0, figure=Question(lead, items))
        return replace(slide, terms=())
    return replace(draft(reading, "points", why, 0), points=items, terms=())


_LETTERS = re.compile(r"(?:^|\s)\(?([A-H])[).:]\s+(?=\S)")


def _lettered(reading: Reading) -> tuple[str, tuple[str, ...], bool] | None:
    """A question and its answers "A) … B) …", each a sentence of its own after it."""
    for i, sentence in enumerate(reading.sentences):
        if is_question(sentence):
            parts = _LETTERS.split(" ".join(reading.sentences[i + 1 :]))
            letters, answers = parts[1::2], [sentences(p, reading.language) for p in parts[2::2]]
            in_turn = "".join(letters) == "ABCDEFGH"[: len(letters)] and len(letters) > 1
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
    parts,
    _little_to_list,
)

BY_LAYOUT: Mapping[Layout, Rule] = {
    "statement": statement,
    "points": points,
    "cards": terms,
    "compare": compare,
    "steps": steps,
    "layers": layers,
    "timeline": timeline,
    "equation": equation,
    "code": code,
    "parts": parts,
    "curve": curve,
}
"""The rule that makes each layout when a lesson asks for it."""
