"""Blocks → sections of a lesson: what is said, over what it is shown.

Words go to what is shown next. Words that look back ("the plot shows …") go to what was
shown before. A figure is always shown; a program or a table only where something is said
of it. Nothing is made up: where a figure has no words at all, its title is said, or the
heading that it stands under.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

from ..slides.analysis import Reading, sentences
from ..slides.layouts import choose
from ..slides.summary import is_question, leans, main_clause, speaks_to_viewer, statement
from ..text.maths import plain
from ..text.timing import WORDS_A_MINUTE
from .blocks import Block, Heading, Notes, Picture, Said, Shown, Source, Turn, sentence
from .code import MOST_FORMULAS

WORDS_OF_A_SECTION = 90
"""Words after which text without anything to show goes on in a new section: some 36 s."""

LONGEST_TITLE = 60
"""Characters of two headings that are put together."""

WORDS_OF_A_TITLE = 12
LONGEST_SENTENCE = 80
"""Words and characters of a sentence that serves as a title."""

LONGEST_SHOWN = 280
"""Characters of a sentence that is shown whole."""

WORDS_BEFORE_POINTS = 35
"""Words that may be said while none of the points on a slide is spoken of yet."""

SECONDS_BETWEEN = 0.6
"""Seconds between two sections, by which lengths are foretold."""

SECONDS_TO_SEE, SEEN_AT = 4.0, 150
"""Seconds that a picture, a table or a program is there at least, and the words a minute by which
that is reckoned: a pause is a part of the narration, whose key changes with it."""

_FIGURE = (
    r"(?:plots?|figures?|charts?|graphs?|histograms?|scatter ?plots?|heat ?maps?|curves?|"
    r"diagrams?|images?|pictures?)"
)
_LOOKS_BACK = re.compile(
    r"^\W*(?:(?:as|here|now|so|thus|clearly|indeed|from this|from the \w+),? )*(?:"
    r"(?:we|you|one) (?:can |may |now )*(?:clearly |also |already )?"
    r"(?:see|observe|notice|read off)\b"
    r"|(?:notice|observe|note|see) (?:that|how|the)\b"
    rf"|(?:the|this|that|these|those|our) (?:\w+ ){{0,2}}(?:{_FIGURE}|tables?|outputs?|results?) "
    r"(?:above )?(?:shows?|confirms?|suggests?|indicates?|reveals?|illustrates?|tells?|looks?|is|"
    r"are)\b"
    r"|(?:the )?above\b|it (?:looks|seems|appears)\b)",
    re.I,
)
"""How an English sentence begins that speaks of what was just shown."""

_PICTURED = re.compile(rf"\b{_FIGURE}\b", re.I)
MOST_POINTS = 6
"""Lines and points that can be read on a slide with notes; where there are more, points alone."""
MOST_BESIDE = 4
"""Points that have room beside a picture."""

LONGEST_REMARK = 40
"""Words after the last figure, or formula, under a heading that are still said over it."""

LONGEST_SPOKEN_FORMULA = 60
"""Characters of a displayed formula that is read aloud; longer ones, and several, are shown alone,
where something else is said.
"""

_IN_FLOW = ("points", "steps", "equation")
"""Layouts that stand within the text."""


@dataclass
class Section:
    """A section to be: what is said and shown, and from where; `level` of the heading that it
    begins, 0 within.
    """

    said: list[str] = field(default_factory=list)
    where: list[str] = field(default_factory=list)
    title: str = ""
    wish: dict[str, Any] = field(default_factory=dict)
    picture: Picture | None = None
    level: int = 0

    @property
    def content(self) -> str:
        """What is said."""
        return "\n\n".join(text for text in self.said if text)

    @property
    def pause(self) -> int:
        """Seconds of silence after its words, where they are over before one has seen the slide."""
        seen = count_words(self.content) * 60 / SEEN_AT + SECONDS_BETWEEN
        seeable = self.picture or self.wish.get("layout", "statement") != "statement"
        return max(0, ceil(SECONDS_TO_SEE - seen)) if seeable else 0

    @property
    def seconds(self) -> float:
        """How long it is likely to be."""
        spoken = count_words(self.content) * 60 / WORDS_A_MINUTE
        return spoken + self.pause + SECONDS_BETWEEN


def count_words(text: str) -> int:
    """Words of `text`; two signs of a script without spaces count as one."""
    dense = len(re.findall("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]", text))
    return len(re.findall(r"[^\W_]+(?:['’.,][^\W_]+)*", text)) + dense // 2


def sections_of(source: Source) -> list[Section]:
    """The sections that the blocks of `source` make, in order."""
    found: list[Section] = []
    title, level = "", 0
    stem = re.sub(r"[\W_]+", " ", source.name.rpartition(".")[0]).strip() or source.name
    for group in _groups(source.blocks, source.deck):
        if heading := next((block for block in group if isinstance(block, Heading)), None):
            title, level = heading.text, heading.level
        items = _with_notes([block for block in group if not isinstance(block, Heading)])
        language = source.language or "en"
        heard = title or source.title or stem
        made = _with_whole_formulas(_of_group(items, heard, language))
        heads = [n for n, each in enumerate(made) if each.content == heard]
        made = [
            each for n, each in enumerate(made) if "code" not in each.wish or n not in heads[1:]
        ]
        for index, section in enumerate(made):
            first = heading if not index else None
            section.level = level if first else 0
            if first and section.title and not section.picture:  # a label on the slide
                both = f"{title}: {section.title}"
                section.title = both if len(both) <= LONGEST_TITLE else title
            section.title = section.title or ("" if first else _own_title(section, language))
            section.title = section.title or title
            if first and first.where not in section.where:
                section.where.insert(0, first.where)
            section.wish = section.wish or _in_words(section, language)
        found += made
    return found


def _with_whole_formulas(sections: Sequence[Section]) -> list[Section]:
    """The sections, a formula of which only itself is said on the slide of the one before it."""
    found: list[Section] = []
    for section in sections:
        alone = re.fullmatch(r"\$[^$]+\$[.,;]?", section.content)
        before = found[-1].wish.get("equation") if found and alone else None
        both = [*(before or ()), *section.wish.get("equation", ())]
        if before and len(before) < len(both) <= MOST_FORMULAS:
            last = found[-1]
            last.wish["equation"] = both
            last.said += section.said
            last.where += [each for each in section.where if each not in last.where]
        else:
            found.append(section)
    return found


def _own_title(section: Section, language: str) -> str:
    """A title for a section that goes on under a heading: a short sentence of its own that needs
    no other to be understood; nothing where there is none.
    """
    points = section.wish.get("points", ())
    for text in sentences(section.content, language):
        short = statement(main_clause(plain(text), language), language)
        fits = 2 <= count_words(short) <= WORDS_OF_A_TITLE and len(short) <= LONGEST_SENTENCE
        whole = not (re.search(r"^[(.…]|[.!?] .|\$", text) or text[-1] in ":…")
        stands = not (leans(text, language=language) or is_question(text))
        new = not any(point.startswith(text.rstrip(".")) for point in points)
        # dates alone ("March 2015, July 2016") state nothing
        states = not re.search(r"\d", short) or bool(re.search(r"(?<!\w)[^\W\d_A-Z]", short))
        if fits and whole and stands and new and states and not speaks_to_viewer(text, language):
            return short
    return ""


def _in_words(section: Section, language: str) -> dict[str, Any]:
    """The slide of a section that has nothing to show, and of which a slide would show no more than
    its title: a sentence of it.
    """
    if section.picture or not section.title:
        return {}
    shown = choose(Reading.of(section.content, section.title, section.title, language))
    bare = shown.layout == "statement" and not (shown.points or shown.entries)
    told = [text for text in sentences(section.content, language) if len(text) <= LONGEST_SHOWN]
    same = _bare(section.content) == _bare(section.title) or not told
    if not bare or same or _bare(told[0]) == _bare(section.title):
        return {}
    several = 1 < len(told) <= MOST_BESIDE and sum(map(len, told)) <= LONGEST_SHOWN
    return (
        {"layout": "points", "points": told}
        if several
        else {"layout": "statement", "points": told[:1]}
    )


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip().casefold()


def _groups(blocks: Iterable[Block], deck: bool) -> list[list[Block]]:
    """Blocks from one heading, or one slide, to the next; a heading right under another takes
    its place where nothing stands between them. In a `deck`, each slide is something to see.
    """
    groups: list[list[Block]] = [[]]
    turned = False
    for block in blocks:
        if isinstance(block, Turn):
            turned = True
            continue
        here = groups[-1]
        heading = isinstance(block, Heading)
        if (turned or heading) and here and not (heading and not turned and _only_heading(here)):
            groups.append([])
        groups[-1].append(block)
        turned = False
    slides = [_as_slide(group) for group in groups] if deck else groups
    return [
        _outermost(group, number == 0)
        for number, group in enumerate(slides)
        if not _only_heading(group)
    ]


def _only_heading(group: Sequence[Block]) -> bool:
    return all(isinstance(block, Heading) for block in group)


def _as_slide(group: Sequence[Block]) -> list[Block]:
    """The group of a slide: headings of one level that follow each other are one heading. Where
    there are no words but those, they are said; programs are shown, also without words.
    """
    found: list[Block] = []
    for block in group:
        last = found[-1] if found else None
        if isinstance(block, Heading) and isinstance(last, Heading) and block.level == last.level:
            found[-1] = replace(last, text=f"{last.text} {block.text}")
        else:
            found.append(block)
    heads = [b.text for b in found if isinstance(b, Heading) and re.search(r"\w", b.text)]
    others = [block for block in found if not isinstance(block, Heading)]
    if not others:
        said = " ".join([*map(sentence, heads[:-1]), *heads[-1:]])
        return [*found, Said(said, group[-1].where)] if heads else []
    silent = all(isinstance(block, Shown) and not block.words for block in others)
    noted = any(isinstance(block, Notes) for block in others)
    return [
        replace(each, must=True)
        if isinstance(each, Shown) and (silent or (each.kind == "code" and not noted))
        else each
        for each in found
    ]


def _outermost(group: list[Block], first: bool) -> list[Block]:
    """The group with one heading: the last and the one that it stands under, where both are short,
    else the last; over the `first` group that of the whole. One with nothing under it, not even a
    heading of a lower level, is left out.
    """
    trail: list[Heading] = []
    for head in (block for block in group if isinstance(block, Heading)):
        trail = [*(each for each in trail if each.level < head.level), head]
    if not trail:
        return group
    same = len(trail) > 1 and _bare(trail[-1].text) in _bare(trail[-2].text)
    both = ": ".join(head.text.rstrip(":") for head in trail[-1 if same else -2 :])
    short = len(both) <= LONGEST_TITLE
    text = both if short else trail[0 if first else -1].text
    one = replace(trail[-1], text=text, level=trail[0].level)
    return [one, *(block for block in group if not isinstance(block, Heading))]


def _with_notes(group: list[Block]) -> list[Said | Shown]:
    """The group of a slide with notes: they are said, and what stands on it is shown."""
    notes = [block for block in group if isinstance(block, Notes) and re.search(r"\w", block.text)]
    plain = [block for block in group if isinstance(block, Said | Shown)]
    if not notes:
        return plain
    said: list[Said | Shown] = [
        Said(text, note.where) for note in notes for text in re.split(r"\n\s*\n", note.text)
    ]
    shown = [replace(b, words="") for b in _entitled(plain) if isinstance(b, Shown)]
    others = [b for b in shown if b.kind not in ("points", "steps")]
    titles = {b.title for b in others}
    lines: list[tuple[str, bool]] = []
    for block in plain:
        if isinstance(block, Shown) and block.kind in ("points", "steps"):
            lines += [(text, True) for text in block.wish["points"]]
        elif isinstance(block, Said) and not block.quiet and block.text not in titles:
            lines.append((block.text, False))
    if lines:
        where = plain[0].where
        points = [text for text, is_point in lines if is_point]
        both = points if points and len(lines) > MOST_POINTS else [text for text, _ in lines]
        steps = len(plain) == 1 and shown[0].kind == "steps" if shown else False
        layout = "steps" if steps else "points" if len(both) > 1 else "statement"
        own = Shown(where, {"layout": layout, "points": both}, must=not others)
        others = _side_by_side([own, *others])
    return [*said, *others]


def _entitled(blocks: Sequence[Said | Shown]) -> list[Said | Shown]:
    """The blocks, each short line right before a program or a table among several its title: all
    of them are to be seen.
    """
    found = list(blocks)
    several = sum(isinstance(b, Shown) and b.kind in ("code", "table") for b in blocks) > 1
    for at, block in enumerate(blocks):
        before = blocks[at - 1] if at else None
        if several and isinstance(block, Shown) and block.kind in ("code", "table"):
            short = isinstance(before, Said) and len(before.text) <= LONGEST_TITLE
            title = before.text.rstrip(" :") if isinstance(before, Said) and short else ""
            found[at] = replace(block, title=title, must=True)
    return found


def _of_group(items: Sequence[Said | Shown], title: str, language: str) -> list[Section]:
    """The sections of what stands under one heading: runs of text, each with what follows it."""
    found: list[Section] = []
    text: list[Said] = []
    shown: list[Shown] = []
    for index, item in enumerate(items):
        if isinstance(item, Shown):
            shown.append(item)
        elif not shown:
            text.append(item)
        else:
            ends = not any(isinstance(each, Shown) for each in items[index:])
            back, ahead = _looking_back(item, shown[-1], ends=ends, language=language)
            found += _told(text, shown, back, title, language)
            text, shown = ahead, []
    return found + (_told(text, shown, [], title, language) if shown else _alone(text, language))


def _looking_back(
    text: Said, shown: Shown, *, ends: bool, language: str
) -> tuple[list[Said], list[Said]]:
    """The first sentences of a text that speak of what was just shown, and the others. A short
    remark in the end speaks of it as a whole, and so does what goes on after a formula.
    """
    short = ends and count_words(text.text) <= LONGEST_REMARK
    if shown.kind == "equation" and (short or text.text[:1].islower()):
        return [text], []
    if short and _is_result(shown):
        return [text], []
    parts = sentences(text.text, language)
    count = 0
    while count < len(parts) and _LOOKS_BACK.match(parts[count]):
        count += 1
    if not count:
        return [], [text]
    back = replace(text, text=" ".join(parts[:count]))
    ahead = [replace(text, text=" ".join(parts[count:]))] if count < len(parts) else []
    return [back], ahead


def _told(
    text: Sequence[Said], shown: Sequence[Shown], back: Sequence[Said], title: str, language: str
) -> list[Section]:
    """The sections of one run: `text`, what is shown then, and the words that look `back`."""
    shown = _side_by_side(shown)
    most = WORDS_BEFORE_POINTS if shown[0].kind in ("points", "steps") else WORDS_OF_A_SECTION
    before, text = _too_long(text, most, language)
    words = _shared(text, shown, language)
    last = _last_result(shown)
    shown = _commented(shown, [*words[:last], [*words[last], *back], *words[last + 1 :]], language)
    found = _alone(before, language)
    for section in found if shown[0].picture and not shown[0].wish else ():
        section.picture = shown[0].picture  # a page, on which its words stand
    for index, (each, own) in enumerate(zip(shown, words, strict=True)):
        after = back if index == last else []
        said = [one.text for one in own]
        if each.words and (_flows(each) or not (own or after)):
            said.append(each.words)
        said += [one.text for one in after]
        if not any(said) and each.must:
            said = [each.title or title]
        if any(said):
            where = [*(one.where for one in own), each.where, *(one.where for one in after)]
            places = list(dict.fromkeys(where))
            # what a program's comments say stands in it already
            wish = dict(each.wish)
            if each.kind == "code" and said == [each.words]:
                wish.setdefault("points", [])
            found.append(Section(said, places, each.title, wish, each.picture))
    return found


def _flows(shown: Shown) -> bool:
    """Whether its own words are part of the text, and are said in any case."""
    if shown.kind == "equation":
        lines = shown.wish["equation"]
        return bool(shown.words) and len(lines) == 1 and len(lines[0]) <= LONGEST_SPOKEN_FORMULA
    return shown.kind in _IN_FLOW or "points" in shown.wish


def _side_by_side(shown: Sequence[Shown]) -> list[Shown]:
    """What is shown, with a few points beside the picture or the short program that comes after
    them, and formulas that a program gives under one another.
    """
    found: list[Shown] = []
    for each in shown:
        last = found[-1] if found else None
        lines = str(each.wish.get("code", "")).count("\n") + 1
        most = MOST_BESIDE if each.picture else MOST_BESIDE - 1 - lines // 6
        points = last.wish["points"] if last and last.kind in ("points", "statement") else ()
        beside = 0 < len(points) <= most and (each.picture or each.kind == "code")
        if last and beside and not each.words:
            wish = {**each.wish, "points": points}
            found[-1] = replace(each, wish=wish, words=last.words)
        elif last and last.kind == each.kind == "equation" and _can_join(last, each):
            both = [*last.wish["equation"], *each.wish["equation"]]
            found[-1] = replace(last, wish={**last.wish, "equation": both})
        else:
            found.append(each)
    return found


def _can_join(one: Shown, other: Shown) -> bool:
    """Whether two formulas are results of one program, and have room on one slide."""
    count = len(one.wish["equation"]) + len(other.wish["equation"])
    return not (one.words or other.words) and one.where == other.where and count <= MOST_FORMULAS


def _commented(
    shown: Sequence[Shown], words: Sequence[Sequence[Said]], language: str
) -> list[Shown]:
    """What is shown, with the comments of programs where they serve: beside text of its own a
    program with a figure keeps quiet, and the last comment before a figure without words is
    that of the figure.
    """
    found = list(shown)
    results = [i for i, each in enumerate(shown) if _is_result(each)]
    if not results:
        return found
    for i, each in enumerate(shown):
        if any(words) and each.kind == "code" and i < results[0]:
            found[i] = replace(each, words="")
    for i in results:
        program = next((k for k in range(i - 1, -1, -1) if found[k].kind == "code"), None)
        if words[i] or found[i].words or program is None or found[program].where != found[i].where:
            continue
        if found[program].words and not words[program]:
            *others, last = sentences(found[program].words, language)
            found[program] = replace(found[program], words=" ".join(others))
            found[i] = replace(found[i], words=last)
    return found


def _too_long(text: Sequence[Said], most: int, language: str) -> tuple[list[Said], list[Said]]:
    """What stands before something that is shown, parted: what is said before it comes up, and
    the last words, at most so many where sentences end so, over it.
    """
    pieces = [piece for one in text for piece in _pieces(one, most, language)]
    start, count = len(pieces), 0
    while start and (start == len(pieces) or count + count_words(pieces[start - 1].text) <= most):
        start -= 1
        count += count_words(pieces[start].text)
    return pieces[:start], pieces[start:]


def _shared(text: Sequence[Said], shown: Sequence[Shown], language: str) -> list[list[Said]]:
    """For each thing that is shown the words of `text` that are said over it."""
    words: list[list[Said]] = [[] for _ in shown]
    if not text:
        return words
    results = [i for i, each in enumerate(shown) if _is_result(each) and not each.words]
    parts = [replace(one, text=part) for one in text for part in sentences(one.text, language)]
    if (shown[0].kind in _IN_FLOW and not _is_result(shown[0])) or not results or len(shown) == 1:
        return [list(text), *words[1:]]
    if results[0]:  # the first sentences are of what stands before the first figure
        speaks = next((i for i, p in enumerate(parts) if i and _PICTURED.search(p.text)), 0)
        kept = speaks or max(0, len(parts) - len(results))
        words[0], parts = _joined(parts[:kept]), parts[kept:]
    over = max(1, len(parts) - len(results) + 1)  # those are said over the first figure
    words[results[0]] = _joined(parts[:over])
    for index, part in zip(results[1:], parts[over:], strict=False):
        words[index] = [part]
    return words


def _joined(parts: Sequence[Said], most: int = sys.maxsize) -> list[Said]:
    """Sentences that follow each other in the same place, as texts of at most so many words."""
    found: list[Said] = []
    for part in parts:
        both = count_words(f"{found[-1].text} {part.text}") if found else 0
        if found and found[-1].where == part.where and both <= most:
            found[-1] = replace(found[-1], text=f"{found[-1].text} {part.text}")
        else:
            found.append(part)
    return found


def _is_result(shown: Shown) -> bool:
    result = shown.kind == "equation" and not shown.words  # of a program
    labelled = shown.kind == "code" and bool(shown.title)  # one of several on a slide
    return shown.picture is not None or shown.kind in ("table", "chart") or result or labelled


def _last_result(shown: Sequence[Shown]) -> int:
    results = [i for i, each in enumerate(shown) if _is_result(each)]
    return results[-1] if results else len(shown) - 1


def _alone(text: Sequence[Said], language: str) -> list[Section]:
    """Text with nothing to show, in sections that do not go on for too long."""
    found: list[Section] = []
    pieces = [piece for one in text for piece in _pieces(one, WORDS_OF_A_SECTION, language)]
    for piece in pieces:
        count = count_words(piece.text)
        if not found or count_words(found[-1].content) + count > WORDS_OF_A_SECTION:
            found.append(Section())
        found[-1].said.append(piece.text)
        if piece.where not in found[-1].where:
            found[-1].where.append(piece.where)
    return found


def _pieces(text: Said, most: int, language: str) -> list[Said]:
    """A paragraph, cut between sentences where it has more than so many words."""
    if count_words(text.text) <= most:
        return [text]
    return _joined([replace(text, text=part) for part in sentences(text.text, language)], most)


@dataclass(frozen=True)
class Draft:
    """A lesson as it is to be written, under `name`: `data` is its JSON, `pictures` the files
    beside it, by their names in the lesson. `minutes` is how long it is likely to be; `notes` say
    what of the source is not in it.
    """

    name: str
    data: dict[str, Any]
    pictures: dict[str, bytes]
    minutes: float
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The JSON, with the digest by which it is seen whether somebody changed it."""
        data = {**self.data, "$draft": digest(self.data)}
        return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def digest(data: dict[str, Any]) -> str:
    """The digest of a lesson's JSON, in hexadecimal digits."""
    written = json.dumps(data, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()
