"""What every rule ends with: a slide with its headline and the points that it has room for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..text.markup import only_list
from .analysis import (
    Label,
    Reading,
    capitalised,
    fenced,
    is_formula,
    length,
    likeness,
    plain_name,
    stems,
    with_role,
    words,
)
from .declared import LONGEST_CELL, MOST_CHOICES
from .figures import Question, height_of, shape_of
from .slide import MOST_COLUMNS, MOST_LINES, Curve, Entry, Layout, Loop, Side, Slide
from .summary import (
    LEAST,
    defined_terms,
    glosses,
    headline,
    is_question,
    key_points,
    leans,
    many,
    speaks_to_viewer,
)
from .summary import statement as in_few_words


def draft(
    reading: Reading,
    layout: Layout,
    why: str,
    points: int | None = None,
    said: Sequence[str] = (),
    heading: str | None = None,
    **content: Any,
) -> Slide:
    """A slide of `layout` with `content`, the headline of `reading` and at most `points` points
    (as many as suit its length for None), none of which says again what `said` does.
    """
    own, source = headline(reading)
    if heading is not None and reading.title is None:
        own, source = heading, "the two sides"
    return Slide(
        layout,
        why,
        own,
        points_beside(reading, own, points, said),
        terms=tuple(reading.terms),
        language=reading.language,
        headline_why=source,
        **content,
    )


def points_beside(
    reading: Reading, heading: str, most: int | None = None, said: Sequence[str] = ()
) -> tuple[str, ...]:
    """The points of a section that repeat neither the headline nor `said`."""
    count = many(reading.speech) if most is None else most
    return key_points(reading.speech, reading.terms, count, reading.language, heading, said)


def figure_alone(slide: Slide) -> Slide:
    """`slide` without its points where a single one would stand lost beside the figure."""
    return replace(slide, points=()) if len(slide.points) < 2 else slide


# Rules for slides made of boxes: cards, steps, layers, parts and a timeline.


MOST_BOXES, MOST_CARDS, MOST_PARTS = 8, 9, 12
"""Steps, cards and labelled parts that one slide holds at a readable size."""

_IN_TURN = re.compile(
    r"flow ?chart|flow diagram|process flow|\bsequence\b|\bpipeline\b|\b(?:steps|stages)\b|"
    r"\bcycle\b|\barrows? (?:connect|link|lead|join)|connected by arrows|\bchain\b|\btravels\b|"
    r"ablauf|kreislauf|schritte|étapes|cycle|pasos|ciclo"
)
_ROUND = re.compile(r"\bcycle\b|\bcircular\b|\bin a (?:circle|ring|loop)\b|kreislauf|\bciclo\b")
_AGAIN = re.compile(r"\bover and over\b|\bagain and again\b|\bstarts? (?:all )?over\b|\brepeats?\b")
_STACK = re.compile(r"\blayers?\b|\bstack(?:ed)?\b|\bstrata\b|schicht|ebene|couches?|capas?")
_UPWARD = re.compile(
    r"\b(?:bottom|lowest|first) (?:layer|one|level)\b|\babove (?:it|that)\b|from below|"
    r"\bunterste\b|plus basse|más baja"
)
_ORDERED = re.compile(
    r"\b(?:bottom|top|above|beneath|below|under|upper|lower|stack|floating|deepest|darüber|darunter|"
    r"oberste|spitze|dessus|dessous|encima|debajo)"
)
_BACK = re.compile(r"(?:back )?from ['‘“]([^'’”]+)['’”] (?:back )?to ['‘“]([^'’”]+)['’”]")
_NUMBERED = re.compile(r"(?:^|\s)\(?(\d)[.)]\s+(.+?)(?=\s+\(?\d[.)]\s|$)", re.DOTALL)
_YEAR = r"(?:1\d{3}|20\d{2})"
_DATED = re.compile(
    rf"\b(?i:in|by|since|until|around|from|of|year|before|after|im jahr|im|seit|um|en|depuis|desde|"
    rf"del?)\s+(?i:the year |early |late |about )?(?P<date>(?:[A-Z][^\W\d_]{{2,9}}\s+)?{_YEAR})\b|"
    rf"^(?P<opening>{_YEAR})\b|\((?P<brackets>{_YEAR})\)",
)
_DATE_FIRST = re.compile(
    rf"^(?:in|by|around|since|im jahr|im|um|en|desde)?\s*(?:the year |early |late |about )?"
    rf"(?:[A-Z][^\W\d_]{{2,9}}\s+)?{_YEAR}\s*[,:]?\s*(?=\S)",
    re.IGNORECASE,
)
_ORDINALS = (
    re.compile(r"^(?:first|to begin|start by|begin by|zuerst|zunächst|d'abord|primero)\b", re.I),
    re.compile(
        r"^(?:second|then|next|after that|third|now|dann|danach|ensuite|puis|luego)\b", re.I
    ),
    re.compile(
        r"^(?:finally|last|at last|in the end|zuletzt|schließlich|enfin|finalmente)\b", re.I
    ),
)


def timeline(reading: Reading, asked: bool = False) -> Slide | None:
    """Events in the order of their years, where at least three sentences tell a year."""
    events: dict[str, Entry] = {}
    for sentence in reading.sentences:
        found = _DATED.search(sentence)
        if not found or speaks_to_viewer(sentence, reading.language):
            continue
        date = next(group for group in found.groups() if group)
        rest = _DATE_FIRST.sub("", sentence)
        gloss = in_few_words(rest if length(rest) >= LEAST else sentence, reading.language, 14)
        events.setdefault(date, Entry(date, gloss))
    if len(events) < (2 if asked else 3):
        return None
    if len(events) > MOST_BOXES:
        return None
    ordered = sorted(events.values(), key=lambda entry: int(entry.name[-4:]))
    why = f"the narration tells {len(events)} years"
    return draft(reading, "timeline", why, 0, entries=tuple(ordered))


def terms(reading: Reading, asked: bool = False) -> Slide | None:
    """Cards for three or more "Term: gloss"; steps where the section says that they follow."""
    entries = tuple(defined_terms(reading))
    if not (2 if asked else 3) <= len(entries) <= MOST_CARDS:
        return None
    if not asked and len(entries) <= 5 and _IN_TURN.search(reading.scene):
        loop = _loop(reading, [entry.name for entry in entries])
        why = f"the narration explains {len(entries)} terms, the description shows them in turn"
        return draft(reading, "steps", why, 0, entries=entries, loop=loop)
    why = f"the narration explains {len(entries)} terms one by one"
    return draft(reading, "cards", why, 0, entries=entries)


def steps(reading: Reading, asked: bool = False) -> Slide | None:
    """Boxes joined by arrows, where the description shows a flow, numbers its steps, or the
    narration tells them with "first", "then", "finally".
    """
    numbered = _numbered(reading)
    if len(numbered) >= 3:
        why = f"the description numbers {len(numbered)} steps"
        return draft(reading, "steps", why, 0, entries=numbered, loop=_loop(reading, ()))
    names = _flow(reading)
    if len(names) >= 3 and (asked or _IN_TURN.search(reading.scene)):
        said = glosses(reading, names)
        entries = _even(tuple(Entry(capitalised(n.text), said.get(n.text, "")) for n in names))
        loop = _loop(reading, [name.text for name in names])
        why = f"the description shows a flow with {len(names)} boxes"
        glossed = [entry.gloss for entry in entries if entry.gloss]
        count = 2 if len(glossed) < 2 else 0
        return draft(reading, "steps", why, count, glossed, entries=entries, loop=loop)
    told = _in_order(reading)
    if len(told) >= 3:
        why = f'the narration tells {len(told)} steps ("first", "then", …)'
        return draft(reading, "steps", why, 0, entries=told, loop=_loop(reading, ()))
    return None


def layers(reading: Reading, asked: bool = False) -> Slide | None:
    """Bands on one another, the lowest at the bottom, where the description tells of layers."""
    names = _parts_beside_title(reading)
    if not 3 <= len(names) <= 6:
        return None
    layered = len(_STACK.findall(reading.scene)) >= 2 and _ORDERED.search(reading.scene)
    if not asked and not layered:
        return None
    if _UPWARD.search(reading.scene):
        names = names[::-1]
    entries = _entries(reading, names)
    why = f"the description shows {len(names)} layers on one another"
    said = [entry.gloss for entry in entries if entry.gloss]
    return figure_alone(draft(reading, "layers", why, 3, said, entries=entries))


def parts(reading: Reading, asked: bool = False) -> Slide | None:
    """A list of what the description labels: three things or more, or two that are explained."""
    names = _parts_beside_title(reading)
    entries = _entries(reading, names)
    explained = sum(bool(entry.gloss) for entry in entries)
    if len(entries) < 2 or (len(entries) == 2 and explained < 2 and not asked):
        return None
    most = MOST_BOXES if explained else MOST_PARTS
    notes = (f"the description labels {len(entries)} parts; the slide shows the first {most}",)
    why = f"the description labels {len(names)} parts"
    said = [entry.gloss for entry in entries if entry.gloss]
    found = draft(reading, "parts", why, 3, said, entries=entries[:most])
    return figure_alone(replace(found, notes=notes if len(entries) > most else ()))


def _entries(reading: Reading, names: Sequence[Label]) -> tuple[Entry, ...]:
    """An entry for each label: with the label that the description gives it, or its gloss."""
    own = {label.of: label.text for label in with_role(reading.labels, "gloss")}
    told = glosses(reading, names)
    return _even(
        tuple(
            Entry(capitalised(name.text), own.get(name.text, told.get(name.text, "")))
            for name in names
        )
    )


def _even(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """`entries` without their glosses where most have none: a single one looks like a slip."""
    glossed = sum(bool(entry.gloss) for entry in entries)
    return entries if 2 * glossed >= len(entries) else tuple(Entry(e.name) for e in entries)


def _parts_beside_title(reading: Reading) -> list[Label]:
    """The parts, none named like the section's title, none twice ("Gate", "Gates")."""
    kept: list[Label] = []
    for label in reading.parts:
        if reading.title and label.text.casefold() == reading.title.casefold():
            continue
        if not any(_same_thing(label.text, other.text) for other in kept):
            kept.append(label)
    return kept


def _same_thing(one: str, other: str) -> bool:
    digits = re.findall(r"\d+", one) == re.findall(r"\d+", other)
    a, b = stems(plain_name(one)), stems(plain_name(other))
    return a == b and bool(a) and digits


def _numbered(reading: Reading) -> tuple[Entry, ...]:
    """The items "1) …" of the description, by their label where that is all they say."""
    items = [match[2].strip() for match in _NUMBERED.finditer(reading.description)]
    entries = []
    for item in items:
        inside = [label for label in reading.labels if label.text in item]
        if len(inside) == 1 and re.search(r"label|called|box|icon", item):
            entries.append(Entry(capitalised(inside[0].text)))
        else:
            sentence = re.split(
                r"(?<=[.!?])\s", re.sub(r"['‘’\"“”](?!\w)|(?<!\w)['‘’\"“”]", "", item)
            )[0]
            entries.append(Entry(in_few_words(sentence, reading.language, 14)))
    whole = len(entries) <= MOST_BOXES and all(length(entry.name) <= 18 for entry in entries)
    return tuple(entries) if whole else ()


def _flow(reading: Reading) -> list[Label]:
    """The boxes of a flowchart in the order of their arrows, each once."""
    boxes = [
        label
        for label in reading.labels
        if label.role in ("part", "back")
        and not label.is_state
        and not is_formula(label.text)
        and not label.text.endswith(("!", "."))
        and length(label.text) <= 5
        and (label.text[:1].isupper() or label.text[:1].isdigit())
    ]
    target = _target(reading)
    kept: list[Label] = []
    for label in boxes:
        twin = next((k for k in kept if _twins(k.text, label.text)), None)
        if twin is None:
            kept.append(label)
        elif target and label.text == target:
            kept[kept.index(twin)] = label
    return kept if len(kept) <= MOST_BOXES else []


def _twins(one: str, other: str) -> bool:
    """ "HDL Code" and "HDL Coding" are one box."""
    a, b = stems(one), stems(other)
    same = len(one.split()) == len(other.split()) > 1
    return bool(a) and (
        a == b or (same and one.split()[0] == other.split()[0] and one[:7] == other[:7])
    )


def _target(reading: Reading) -> str | None:
    """Where the way back of the description leads: "back to 'HDL Coding'"."""
    back = with_role(reading.labels, "back")
    return next((b.text for b in back if re.search(r"\bback to (?:the )?$", b.before)), None)


def _loop(reading: Reading, names: Sequence[str]) -> Loop | None:
    """The way back that the section tells of: a named one, or round a cycle."""
    back = _BACK.search(reading.description)
    if back and "back" in back[0] and back[1] in names and back[2] in names:
        return Loop(list(names).index(back[1]), list(names).index(back[2]))
    target = _target(reading)
    if target is not None and target in names:
        end = list(names).index(target)
        words = [b.text for b in with_role(reading.labels, "back") if b.text != target]
        return Loop(min(end + 1, len(names) - 1), end, words[0] if words else "")
    told = reading.scene + " " + reading.speech.lower()
    if (
        len(names) >= 3
        and _ROUND.search(told)
        and (_AGAIN.search(told) or _ROUND.search(reading.scene))
    ):
        return Loop(len(names) - 1, 0)
    return None


def _in_order(reading: Reading) -> tuple[Entry, ...]:
    """The sentences of a narration that counts its steps, from "first" to "finally"."""
    first, then, last = _ORDINALS
    marked = [bool(then.match(s) or last.match(s)) for s in reading.sentences]
    start = next((i for i, s in enumerate(reading.sentences) if first.match(s)), None)
    if start is None or sum(marked[start:]) < 2:
        return ()
    told = [start, *(i for i in range(start + 1, len(marked)) if marked[i])]
    bare = [_unmarked(reading.sentences[i], reading.language) for i in told]
    found = [in_few_words(sentence, reading.language, 14) for sentence in bare]
    whole = len(found) <= MOST_BOXES and all(1 < length(text) <= 20 for text in found)
    return tuple(Entry(text) for text in found) if whole else ()


def _unmarked(sentence: str, language: str) -> str:
    """`sentence` without the "First, " or "Then " that its number on the slide says already."""
    loose = r"[, ]+" if language.startswith("en") else r", +"
    match = re.match(
        rf"(?:first|second|third|then|next|finally|after that|now){loose}(?=\w)", sentence, re.I
    )
    rest = sentence[match.end() :] if match else sentence
    return sentence if re.match(r"(?:comes?|is|are|was|were|of|to)\b", rest) else rest


# Rules for what must be shown as it is: code, equations, and curves over named axes.


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
    sides = _titled(reading) or _left_and_right(reading)
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


def _left_and_right(reading: Reading) -> tuple[Side, Side] | None:
    """The sides of a description that says "on the left" and "on the right"."""
    low = reading.description.lower()
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
    inside = False
    for sentence in reading.sentences:
        meaning = stems(sentence, reading.language)
        named = bool(meaning & own) and not meaning & against
        # A sentence after one that names the side is still of it while it says "it" or "they".
        inside = named or (inside and not meaning & against and _refers_back(sentence))
        if not inside or is_question(sentence) or speaks_to_viewer(sentence, reading.language):
            continue
        short = in_few_words(sentence, reading.language, 13)
        only_named = len(stems(short, reading.language) - stems(name, reading.language)) < 2
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
    return with_labels(_chosen(reading), reading)


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
    found = only_list(reading.narration)
    if found is None or len(found[1]) > MOST_CHOICES or max(map(len, found[1])) > LONGEST_CELL:
        return None
    lead, items, lettered = found
    why = f"the narration lists {len(items)} items"
    if lettered and lead.endswith("?"):
        slide = draft(reading, "question", why, 0, figure=Question(lead, items))
        return replace(slide, terms=())
    return replace(draft(reading, "points", why, 0), points=items, terms=())


def _little_to_list(reading: Reading, asked: bool = False) -> Slide | None:
    slide = draft(reading, "statement", "there is little to list: one statement says it", 2)
    return slide if len(slide.points) < 2 else None


_CHOOSE_IN_TURN: tuple[Rule, ...] = (
    code,
    listed,
    timeline,
    terms,
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
