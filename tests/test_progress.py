"""Bars and lines, fed with events."""

from __future__ import annotations

import io
from pathlib import Path

from vidkit.events import (
    Event,
    LessonEnded,
    LessonStarted,
    Noticed,
    RunEnded,
    RunStarted,
    SectionEnded,
    StepEnded,
    StepStarted,
)
from vidkit.report.progress import Bars, Lines, bars

OUT = Path("out")


def a_run() -> list[Event]:
    """A lesson of two sections, of which one fails."""
    return [
        RunStarted(0, 1),
        LessonStarted(0, 0, "rain", (0, 1), OUT),
        StepStarted(0, 0, 0, "image", "slides"),
        StepEnded(1, 0, 0, "image", "slides", "made", 1.0),
        SectionEnded(1, 0, 0, "made"),
        Noticed(1, 0, "a key that nobody knows"),
        SectionEnded(2, 0, 1, "failed", "image: refused"),
        LessonEnded(3, 0, "rain", OUT / "final_video.mp4"),
        RunEnded(3),
    ]


def test_a_file_gets_lines_and_no_control_characters() -> None:
    """In a log each section and each lesson is one plain line."""
    stream = io.StringIO()
    watcher = bars(1, 1, stream)
    for event in a_run():
        watcher(event)
    assert isinstance(watcher, Lines)
    assert stream.getvalue().splitlines() == [
        "rain: section 1 made (1 of 2)",
        "note: a key that nobody knows",
        "rain: section 2 failed: image: refused (2 of 2)",
        f"rain: {OUT / 'final_video.mp4'}",
    ]
    assert "\r" not in stream.getvalue()


def test_a_terminal_gets_a_bar_for_each_lesson_under_way() -> None:
    """The bar counts sections that are over, and says what is under way and what failed."""
    watcher = Bars(1, 1)
    bar = watcher._bars[0]
    events = a_run()
    for event in events[:3]:
        watcher(event)
    assert (bar.n, bar.total, bar.desc, bar.postfix) == (0, 2, "rain", "drawing 1")
    for event in events[3:7]:
        watcher(event)
    assert (bar.n, bar.postfix) == (2, "1 failed")
    for event in events[7:]:
        watcher(event)
    assert bar.disable or bar.n == 2


def test_more_lessons_than_bars_take_turns() -> None:
    """A bar that is free goes to the next lesson, and the whole is counted once."""
    watcher = Bars(3, 1)
    assert watcher._whole is not None
    for lesson in range(3):
        watcher(LessonStarted(0, lesson, f"lesson {lesson}", (0,), OUT))
        watcher(SectionEnded(1, lesson, 0, "made"))
        watcher(LessonEnded(2, lesson, f"lesson {lesson}", OUT))
    assert watcher._whole.n == 3
    assert len(watcher._bars) == 1
    watcher.close()


def test_a_cancelled_section_is_not_counted() -> None:
    """The bar does not lie: what was cancelled is not over."""
    watcher = Bars(1, 1)
    watcher(LessonStarted(0, 0, "rain", (0, 1), OUT))
    watcher(SectionEnded(1, 0, 0, "cancelled"))
    assert watcher._bars[0].n == 0
    watcher.close()


def test_a_lesson_that_never_began_is_counted() -> None:
    """A faulty file ends without having taken a bar."""
    watcher = Bars(2, 2)
    watcher(LessonEnded(0, 0, "broken", None, "no such file"))
    assert watcher._whole is not None
    assert watcher._whole.n == 1
    watcher.close()
