"""What is in a lesson, as a page to read: its sections, or its faults."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..errors import Fault
from ..lesson import Lesson, Section
from ..report import clock_time, count
from .folder import Hit, Opened, spoken_seconds, spoken_words
from .look import words


def page(opened: Opened, rate: int | None = None, hits: Sequence[Hit] = ()) -> str:
    """A lesson as HTML. rate: words a minute, None for the voice's own. hits: what was looked for
    and found in it; those sections are open.
    """
    if opened.lesson is None:
        return _faults(opened)
    lesson = opened.lesson
    title = words(lesson.title or lesson.name, "heading")
    warnings = "".join(words(f"Note: {warning}", "small") for warning in lesson.warnings)
    open_ = {hit.section for hit in hits}
    sections = "".join(
        _section(number, section, rate, number in open_)
        for number, section in enumerate(lesson.sections, 1)
    )
    return f'{title}{_facts(lesson, rate)}{warnings}<div class="vidkit-text">{sections}</div>'


def _facts(lesson: Lesson, rate: int | None) -> str:
    spoken = sum(map(spoken_words, lesson.sections))
    seconds = spoken_seconds(spoken, rate)
    facts = [
        lesson.path.name,
        count(len(lesson.sections), "section"),
        f"{spoken:,} {'word' if spoken == 1 else 'words'}",
        f"about {clock_time(seconds)} long",
        lesson.language,
    ]
    return words(" · ".join(facts), "small")


def _section(number: int, section: Section, rate: int | None, is_open: bool) -> str:
    spoken = spoken_words(section)
    length = f"{count(spoken, 'word')}, {clock_time(spoken_seconds(spoken, rate))}"
    if section.audio:
        length = f"own sound: {section.audio.name}"
    picture = section.image_description
    if section.image:
        picture = f"own picture: {section.image.name}" + (f" ({picture})" if picture else "")
    texts = (("Narration", section.content), ("Image", picture))
    said = "".join(_passage(name, text) for name, text in texts if text)
    return (
        f"<details{' open' if is_open else ''}><summary>"
        f'<span class="vidkit-number">{number}</span>'
        f'<span class="vidkit-name" dir="auto">{escape(section.title or "Untitled")}</span>'
        f'<span class="vidkit-small">{escape(length)}</span></summary>{said}</details>'
    )


def _passage(name: str, text: str) -> str:
    told = f'<div dir="auto">{escape(text)}</div>'
    return f'<div class="vidkit-passage">{words(name, "small")}{told}</div>'


def _faults(opened: Opened) -> str:
    """Why a file is no lesson, and what to do: the lesson as a whole first, then by section."""
    faults = sorted(opened.faults, key=lambda fault: fault.section or 0)
    rows = "".join(_fault(fault) for fault in faults)
    return (
        words(opened.path.stem, "heading")
        + words(f"{opened.path.name} · {count(len(faults), 'fault')} to mend", "wrong")
        + '<table class="vidkit-table"><thead><tr><th scope="col">Where</th>'
        '<th scope="col">What is wrong</th><th scope="col">What to do</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _fault(fault: Fault) -> str:
    where = f"Section {fault.section}" if fault.section else "The lesson"
    if fault.field:
        where += f", {fault.field}"
    cells = (where, fault.problem, fault.mend)
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
