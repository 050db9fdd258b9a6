"""Rules for slides made of boxes: cards, steps, layers, parts, a timeline, and two sides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from .analysis import (
    Label,
    Reading,
    capitalised,
    is_formula,
    length,
    plain_name,
    stems,
    with_role,
    words,
)
from .figures import Edge, Entry, Ring
from .slide import Side, Slide
from .summary import (
    draft,
    figure_alone,
    is_question,
    key_points,
    leans,
    speaks_to_viewer,
    statement,
)

MOST_BOXES, MOST_CARDS, MOST_PARTS = 8, 9, 12
"""Steps, cards and labelled parts that one slide holds at a readable size."""

_IN_TURN = re.compile(
    r"flow ?chart|flow diagram|process flow|\bsequence\b(?! diagram)|\bpipeline\b|"
    r"\b(?:steps|stages)\b|\bcycle\b|\barrows? (?:connect|link|lead|join)|"
    r"connected by arrows|durch pfeile|\bchain\b|\btravels\b|ablauf|kreislauf|(?<!fort)schritte|"
    r"étapes|\bcycles\b|\bpasos\b|\bciclos?\b"
)
_ROUND = re.compile(r"\bcycle\b|\bcircular\b|\bin a (?:circle|ring|loop)\b|kreislauf|\bciclo\b")
_AGAIN = re.compile(r"\bover and over\b|\bagain and again\b|\bstarts? (?:all )?over\b|\brepeats?\b")
_STACK = re.compile(r"\blayers?\b|\bstack(?:ed)?\b|\bstrata\b|schicht|ebene|couches?|capas?")
_UPWARD = re.compile(
    r"\b(?:bottom|lowest|first) (?:layer|one|level)\b|\babove (?:it|that)\b|from below|"
    r"\bfrom the bottom\b|"
    r"\bunterste\b|plus basse|más baja"
)
_ORDERED = re.compile(
    r"\b(?:bottom|top|above|beneath|below|under|upper|lower|stack|floating|deepest|darüber|darunter|"
    r"oberste|spitze|dessus|dessous|encima|debajo)"
)
_ON_ARROW = re.compile(
    r"\barrows? (?:labell?ed|called|marked) *(?:['‘\"“][^'’\"”]*['’\"”](?:,| |and)*)*$"
)
_BACK = re.compile(r"(?:back )?from ['‘“]([^'’”]+)['’”] (?:back )?to ['‘“]([^'’”]+)['’”]")
_NUMBERED = re.compile(r"(?:^|\s)\(?(\d)[.)]\s+(.+?)(?=\s+\(?\d[.)]\s|$)", re.DOTALL)
_YEAR = r"(?:1\d{3}|20\d{2})"
_MONTH = r"(?:\d{1,2}(?:st|nd|rd|th|\.)?\s+)?[A-Z][^\W\d_]{2,9}\s+"
_DATED = re.compile(
    rf"\b(?i:in|on|by|since|until|around|from|of|year|before|after|im jahr|im|am|seit|um|en|depuis|"
    rf"desde|del?|le|el)\s+(?i:the year |early |late |about )?(?P<date>(?:{_MONTH})?{_YEAR})\b|"
    rf"^(?P<opening>{_YEAR})\b|\((?P<brackets>{_YEAR})\)",
)
_DATE_FIRST = re.compile(
    rf"^(?:in|on|by|around|since|im jahr|im|am|um|en|desde|le|el)?\s*(?:the year |early |late |"
    rf"about )?(?:{_MONTH})?{_YEAR}\s*[,:]?\s*(?=\S)",
    re.IGNORECASE,
)
_EARLY = re.compile(
    r"(?:In|En|Im Jahre?) (\d{2,3})(?:, | (?:AD|CE)\b,? *| (?=(?:el|la|los|las|le|les)\b|l['’]))"
)
"""A year before 1000: a number is none but where other sentences tell theirs."""
_ORDINALS = (
    re.compile(r"^(?:first|to begin|start by|begin by|zuerst|zunächst|d'abord|primero)\b", re.I),
    re.compile(
        r"^(?:second|then|next|after that|third|now|dann|danach|anschließend|ensuite|puis|après|"
        r"luego|después|a continuación)\b",
        re.I,
    ),
    re.compile(
        r"^(?:finally|last|at last|in the end|zuletzt|schließlich|zum schluss|enfin|à la fin|"
        r"finalmente|por último|al final)\b",
        re.I,
    ),
)


def timeline(reading: Reading, asked: bool = False) -> Slide | None:
    """Events in the order of their years, where at least three sentences tell a year."""
    events: dict[str, Entry] = {}
    early: dict[str, Entry] = {}
    for sentence in reading.sentences:
        found = _DATED.search(sentence)
        if not found and (old := _EARLY.match(sentence)):
            early[old[1]] = Entry(old[1], statement(sentence[old.end() :], reading.language, 14))
        if not found or speaks_to_viewer(sentence, reading.language):
            continue
        date = next(group for group in found.groups() if group)
        rest = re.sub(rf" (?:in|on|im Jahr|en|el) {re.escape(date)}\W*$", "", sentence)
        rest = _DATE_FIRST.sub("", rest)
        gloss = statement(rest if length(rest) >= 3 else sentence, reading.language, 14)
        if reading.language.startswith("de") and rest[:1].islower():
            gloss = gloss[:1].lower() + gloss[1:]  # its verb follows the date above it
        events.setdefault(date, Entry(date, gloss))
    if len(events) >= 2:
        events |= early
    if len(events) < (2 if asked else 3):
        return None
    if len(events) > 2 * MOST_BOXES:  # what one slide does not hold, the next one does
        return None
    for label in reading.parts:  # "'Bastille' July 1789": the event by its own name
        dated = re.match(rf"\W*(?:in |on )?((?:{_MONTH})?{_YEAR})\b", label.after, re.IGNORECASE)
        meant = [d for d in events if dated and d.lower().endswith(dated[1].lower())]
        if len(meant) == 1:
            events[meant[0]] = Entry(meant[0], label.text)
    ordered = sorted(events.values(), key=lambda entry: int(entry.name[-4:]))
    why = f"the narration tells {len(events)} years"
    return draft(reading, "timeline", why, 0, entries=tuple(ordered))


def terms(reading: Reading, asked: bool = False) -> Slide | None:
    """Cards for three or more "Term: gloss"; steps where the section says that they follow."""
    entries = tuple(defined_terms(reading))
    if not (2 if asked else 3) <= len(entries) <= MOST_CARDS:
        return None
    if not asked and (stack := layers(reading)) is not None:
        return stack
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
    chain, closed = _chain(reading)
    names = [] if closed else _flow(reading)
    if len(names) >= 3 and (asked or _IN_TURN.search(reading.scene)):
        said = glosses(reading, names)
        entries = _even(tuple(Entry(capitalised(n.text), said.get(n.text, "")) for n in names))
        loop = _loop(reading, [name.text for name in names])
        why = f"the description shows a flow with {len(names)} boxes"
        glossed = [entry.gloss for entry in entries if entry.gloss]
        count = 2 if len(glossed) < 2 else 0
        return draft(reading, "steps", why, count, glossed, entries=entries, loop=loop)
    if chain:
        why = f"the description joins {len(chain)} names by arrows"
        if closed:
            ring = Ring(tuple(Entry(capitalised(name)) for name in chain))
            return draft(reading, "diagram", why, 0, figure=ring)
        boxes = tuple(Entry(capitalised(name)) for name in chain)
        return draft(reading, "steps", why, 2, entries=boxes)
    told = _in_order(reading)
    if len(told) >= 3:
        why = f'the narration tells {len(told)} steps ("first", "then", …)'
        return draft(reading, "steps", why, 0, entries=told, loop=_loop(reading, ()))
    return None


def layers(reading: Reading, asked: bool = False) -> Slide | None:
    """Bands on one another, the lowest at the bottom, where the description tells of layers."""
    names = _parts_beside_title(reading)
    if not 3 <= len(names) <= MOST_BOXES:
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
    """What the description labels: three things or more, or two that are explained. Bare names
    say little: where sentences can stand there, these do, and the names where they belong.
    """
    names = _parts_beside_title(reading)
    entries = _entries(reading, names)
    explained = sum(bool(entry.gloss) for entry in entries)
    if len(entries) < 2 or (len(entries) == 2 and explained < 2 and not asked):
        return None
    told = () if explained or asked else key_points(reading.speech, (), 2, reading.language)
    if len(told) == 2:
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
            entries.append(Entry(statement(sentence, reading.language, 14)))
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
        and not _ON_ARROW.search(label.before)
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


_ARROW = re.compile(r"\s*(?:→|⟶|->|=>)\s*")


def _chain(reading: Reading) -> tuple[list[str], bool]:
    """The names of "kidney → renin → pressure → kidney" in the description, and whether the last of
    them leads back to the first; none where the narration does not speak of them.
    """
    for sentence in re.split(r"(?<=[.;])\s|\n", reading.description):
        names = _ARROW.split(sentence)
        if len(names) < 3:
            continue
        names[0], names[-1] = (
            re.split(r"[:,(]|\s(?=['‘\"“])", names[0])[-1],
            re.split(r"[,.;:)]", names[-1])[0],
        )
        names = [name.strip(" '\"‘’“”*") for name in names]
        closed = names[0].casefold() == names[-1].casefold()
        names = names[:-1] if closed else names
        heard = [name for name in names if stems(name, reading.language) & reading.heard]
        short = all(0 < len(name.split()) <= 5 for name in names)
        if 3 <= len(names) <= MOST_BOXES and short and 3 * len(heard) >= 2 * len(names):
            return names, closed
    return [], False


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


def _loop(reading: Reading, names: Sequence[str]) -> Edge | None:
    """The way back that the section tells of: a named one, or round a cycle."""
    back = _BACK.search(reading.description)
    if back and "back" in back[0] and back[1] in names and back[2] in names:
        return Edge(list(names).index(back[1]), list(names).index(back[2]))
    target = _target(reading)
    if target is not None and target in names:
        end = list(names).index(target)
        words = [b.text for b in with_role(reading.labels, "back") if b.text != target]
        return Edge(min(end + 1, len(names) - 1), end, words[0] if words else "")
    told = reading.scene + " " + reading.speech.lower()
    if (
        len(names) >= 3
        and _ROUND.search(told)
        and (_AGAIN.search(told) or _ROUND.search(reading.scene))
    ):
        return Edge(len(names) - 1, 0)
    return None


def _in_order(reading: Reading) -> tuple[Entry, ...]:
    """The sentences of a narration that counts its steps, from "first" to "finally", each with
    what is told before the next: "Stir in the milk." may be a step, too.
    """
    first, then, last = _ORDINALS
    marked = [bool(then.match(s) or last.match(s)) for s in reading.sentences]
    start = next((i for i, s in enumerate(reading.sentences) if first.match(s)), None)
    if start is None or sum(marked[start:]) < 2:
        return ()
    told = [start, *(i for i in range(start + 1, len(marked)) if marked[i])]
    bare = [_unmarked(reading.sentences[i], reading.language) for i in told]
    found = [statement(sentence, reading.language, 14) for sentence in bare]
    whole = len(found) <= MOST_BOXES and all(1 < length(text) <= 20 for text in found)
    ends = [*told[1:], told[-1] + 1]
    between = [
        ". ".join(statement(s, reading.language) for s in reading.sentences[i + 1 : end])
        for i, end in zip(told, ends, strict=True)
    ]
    short = [t.replace("?.", "?") if length(t) <= GLOSSES_LONGEST else "" for t in between]
    return tuple(map(Entry, found, short)) if whole else ()


def _unmarked(sentence: str, language: str) -> str:
    """`sentence` without the "First, " or "Then " that its number on the slide says already."""
    loose = r"[, ]+" if language.startswith("en") else r", +"
    match = next((found for mark in _ORDINALS if (found := mark.match(sentence))), None)
    match = match and re.compile(rf".{{{match.end()}}}{loose}(?=\w)").match(sentence)
    rest = sentence[match.end() :] if match else sentence
    return sentence if re.match(r"(?:comes?|is|are|was|were|of|to)\b", rest) else rest


# What the section says of a thing, in a few words: the small print of a box.


GLOSSES_AIM = 9
GLOSSES_MOST = 14
GLOSSES_LONGEST = 26
"""Words of a gloss: aimed at, the most beside a label, the most on a card of its own."""

_ARTICLES = "the |an? |die |der |das |eine? |le |la |les |el |los "
_TERM = r"[^\W\d_][^\s.,:;?!—–]*(?:[ -][^\s.,:;?!—–]+){0,3}"
_DEFINED = re.compile(
    rf"^(?:and |und |et |y )?(?:finally,? )?(?P<term>{_TERM})"
    r"(?:: |, (?:where|in which|when|wo|bei dem|où|donde) (?:we )?|\s*[—–]\s*)(?P<gloss>\S.*)$",
    re.IGNORECASE,
)
_IS = (
    r"(?:is|are|means|acts as|serves as|has|holds|stores|lets|gives|takes|turns|tells|makes|"
    r"keeps|measures|catches|carries|contains|controls|gets|becomes|will become|needs|helps|"
    r"protects|connects|produces|absorbs|pushes|pulls|attracts|sends|moves|grows|lies|sits|lives|"
    r"works|ist|sind|heißt|bedeutet|hat|est|sont|es|son)"
)
_LONGER_NAME = re.compile(
    r"(?:\S+ ){1,2}(?:is|are|was|were|has|have|had|can|will|ist|sind|hat|haben|est|sont|es|son)\b"
)
_VERB_STAYS = re.compile(r"^(?:is|are|ist|sind|est|sont|es|son|means|bedeutet|heißt)\s+", re.I)
_ARTICLE = re.compile(r"^(?:simply|just|like|essentially|really|einfach)\s+", re.IGNORECASE)


def defined_terms(reading: Reading) -> list[Entry]:
    """The sentences "Term: gloss" and "Term, where gloss" of the narration, as entries."""
    found: dict[str, Entry] = {}
    for sentence in _unrolled(reading.sentences):
        match = _DEFINED.match(sentence)
        if not match or is_question(sentence) or speaks_to_viewer(sentence, reading.language):
            continue
        term = match["term"].strip("'\"‘’“”")
        gloss = _shortened(match["gloss"], reading, GLOSSES_LONGEST)
        if gloss and _may_be_term(term, reading):
            found.setdefault(term.casefold(), Entry(capitalised(term), gloss))
    return list(found.values())


def _unrolled(sentences: Iterable[str]) -> list[str]:
    """The sentences, and from "Four steps: Oxidation, where …" what follows the colon."""
    found = []
    for sentence in sentences:
        head, colon, rest = sentence.partition(": ")
        listed = colon and len(head.split()) > 4 and _DEFINED.match(rest)
        found.append(rest if listed else sentence)
    return found


def _may_be_term(term: str, reading: Reading) -> bool:
    stop = {"it", "this", "that", "here", "so", "the", "there", "then", "we", "you", "i", "they"}
    first = term.split()[0].lower()
    return len(term) > 1 and first not in stop and bool(stems(term, reading.language))


def glosses(reading: Reading, labels: Iterable[Label]) -> dict[str, str]:
    """For each label that the section explains, by its text: the explanation in a few words."""
    labels, found = list(labels), {}
    for label in labels:
        gloss = _beside(label) or _told(plain_name(label.text), reading)
        if gloss and gloss.casefold() != label.text.casefold():
            found[label.text] = gloss
    opened = {label.text: _opened(label, reading) for label in labels if label.text not in found}
    both = found | {name: gloss for name, gloss in opened.items() if gloss}
    return both if len(both) >= 3 and 2 * len(both) >= len(labels) else found


def _opened(label: Label, reading: Reading) -> str:
    """ "Holds the plant up" for the stem in "The stem holds the plant up", "" where no sentence or
    more than one begins so. That this is what it does is sure only where a narration goes through
    the labels: a part of a name ("Gate oxide is …") begins sentences as well.
    """
    opening = re.compile(rf"(?:{_ARTICLES})?{_named(plain_name(label.text))} ", re.IGNORECASE)
    told = [m.string[m.end() :] for s in reading.sentences if (m := opening.match(s))]
    alone = len(told) == 1 and not _LONGER_NAME.match(told[0])
    return _shortened(told[0], reading) if alone else ""


def _named(name: str) -> str:
    """An expression for `name`, one of its kind or many."""
    latin = name.endswith("um") and len(name) > 5
    return re.escape(name[:-2]) + "(?:um|a|en)" if latin else re.escape(name) + "(?:s|n|en)?"


def _beside(label: Label) -> str:
    """ "'Flip-Flop' for memory" in the description: "For memory"."""
    match = re.match(r"\s*,? (for [^,.;()'\"]{3,40})(?=[,.;)]|\s+and\b|$)", label.after)
    return capitalised(match[1].strip()) if match and "animation" not in match[1] else ""


def _told(name: str, reading: Reading) -> str:
    """The gloss of `name` in the narration, "" where it has none."""
    sure = _named(name)
    shapes = (
        rf"^(?:and |finally, )?(?:{_ARTICLES})?['‘\"“]?{sure}['’\"”]?"
        rf"(?:: |, where (?:we )?|, which )(?P<gloss>.+)$",
        rf"^(?:and |but |so |here, )?"
        rf"(?:this |our |{_ARTICLES})?"
        rf"['‘\"“]?{sure}['’\"”]?(?: (?:domain|region|layer|step|stage|approach|mode|phase))?"
        rf",? (?P<verb>{_IS})\s+(?!not\b)(?P<rest>.+)$",
        rf".*\b{sure},? (?:that |(?=an? |the |\d))(?P<gloss>[^,:;]+)$",
    )
    for sentence in reading.sentences:
        if is_question(sentence):
            continue
        for shape in shapes:
            match = re.match(shape, sentence, re.IGNORECASE)
            if match:
                groups = match.groupdict()
                text = groups.get("gloss") or f"{groups['verb']} {groups['rest']}"
                gloss = _shortened(_VERB_STAYS.sub("", text), reading)
                if gloss:
                    return gloss
    return ""


def _shortened(text: str, reading: Reading, most: int = GLOSSES_MOST) -> str:
    """`text` in at most `most` words, as a whole phrase; "" where that cannot be."""
    text = re.split(r"\s*[—–]\s*|[?!]|\. |: (?=[^\W\d_a-zà-ÿ])", _ARTICLE.sub("", text))[0]
    for aim in (GLOSSES_AIM, GLOSSES_MOST):
        short = statement(text, reading.language, aim)
        if 1 < length(short) <= most:
            return short
    return ""


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
    sides = _two_named(reading) or _left_and_right(reading)
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


_ACROSS = re.compile(r"\bleft[- ]to[- ](?:the )?right\b|\bright[- ]to[- ](?:the )?left\b")
_AGAINST = re.compile(
    r"\bcompar|\bversus\b|\bvs\b|\btwo (?:columns|panels|halves|sides)\b|\bside by side\b|"
    r"\bvergleich|\bcompara"
)


def _two_named(reading: Reading) -> tuple[Side, Side] | None:
    """The sides of a description that gives both a title, or compares just two things that it
    labels.
    """
    titles = with_role(reading.labels, "title")
    if len(titles) == 2 and _SPLIT.search(reading.scene):
        one, other = (label.text for label in titles)
    elif len(both := with_role(reading.labels, "part", "title")) == 2 == len(reading.labels):
        if not _AGAINST.search(reading.scene):
            return None
        one, other = (label.text for label in both)
    else:
        return None
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
        short = statement(sentence, reading.language, 13)
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
