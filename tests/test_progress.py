"""The line that says how far a run is, and plain lines, fed with events."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import pytest

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
from vidkit.report.progress import COLUMNS, Bar, Lines, Progress, bars, on_terminal

OUT = Path("out")


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Drawn:
    """Keeps the lines of a run."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: str, last: bool) -> None:
        self.lines.append(line)


def section(lesson: int, number: int, state: str = "made") -> list[Event]:
    """All steps of a section."""
    parts = ("image", "audio", "clip")
    steps = [
        event
        for step in parts
        for event in (
            StepStarted(0, lesson, number, step, "by"),  # type: ignore[arg-type]
            StepEnded(1, lesson, number, step, "by", "made", 1.0),  # type: ignore[arg-type]
        )
    ]
    return [*steps, SectionEnded(1, lesson, number, state)]  # type: ignore[arg-type]


def lesson(number: int, sections: int, path: Path | None = OUT) -> list[Event]:
    """A lesson from its beginning to its end."""
    indexes = tuple(range(sections))
    events: list[Event] = [LessonStarted(0, number, f"lesson {number}", indexes, OUT)]
    for index in indexes:
        events += section(number, index)
    join = StepEnded(1, number, None, "join", "vidkit", "made", 1.0)
    events += [StepStarted(0, number, None, "join", "vidkit"), join]
    return [*events, LessonEnded(3, number, f"lesson {number}", path)]


def shares(progress: Progress, events: Sequence[Event]) -> list[float]:
    """How much is done after each event."""
    told = []
    for event in events:
        progress.on_event(event)
        told.append(progress.share)
    return told


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
    watcher = bars(1, [2], stream)
    for event in a_run():
        watcher(event)
    assert isinstance(watcher, Lines)
    assert stream.getvalue().splitlines() == [
        "rain: section 1 made (1 of 2)",
        "note: a key that nobody knows",
        "rain: section 2 failed: image: refused (2 of 2)",
        f"rain: {OUT / 'final_video.mp4'}",
    ]
    assert all(letter.isprintable() for letter in stream.getvalue().replace("\n", ""))


def test_the_total_is_known_from_the_first_line() -> None:
    """All sections of all lessons are one count, before the first of them is begun."""
    drawn = Drawn()
    Bar(Progress(3, [4, 6, 2]), drawn)
    assert drawn.lines == ["  0%|          | 0/3 lessons, 0/12 sections"]


@pytest.mark.parametrize("counted", [[4, 1, 6], [4, None, 6], [], [1, 1, 1], [9, 9, 9]])
def test_the_bar_never_falls_and_ends_at_the_whole(counted: list[int | None]) -> None:
    """Whatever was known before of the lessons, and whatever fails in them: what is done stays
    done, and the whole is reached when all is over, and no sooner.
    """
    events = [*lesson(0, 4), *lesson(1, 1), *lesson(2, 6, None)]
    told = shares(Progress(3, counted), events)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert told[-2] < 1.0


def test_the_bar_moves_with_each_step() -> None:
    """A section that takes long does not leave it standing: its picture counts, too."""
    told = shares(Progress(1, [2]), [LessonStarted(0, 0, "rain", (0, 1), OUT), *section(0, 0)])
    assert len(set(told)) == 4


def test_the_time_to_go_is_the_forecast_and_then_the_run() -> None:
    """Before anything is made it is what the forecast says; when half is made, as it went."""
    clock = Clock()
    progress = Progress(1, [2], clock)
    assert progress.to_go is None
    progress.on_event(LessonStarted(0, 0, "rain", (0, 1), OUT))
    progress.expect(70, 7)
    assert progress.to_go == pytest.approx(70)
    clock.now = 20
    assert progress.to_go == pytest.approx(50)
    for event in section(0, 0):
        progress.on_event(event)
    for event in section(0, 1)[:2]:
        progress.on_event(event)
    assert progress.to_go == pytest.approx(20 * 3 / 4)
    clock.now = 1000
    assert progress.to_go is None


def test_what_the_store_has_takes_no_time() -> None:
    """Only what is made counts for the time to go."""
    progress = Progress(1, [2], Clock())
    progress.expect(40, 4)
    progress.on_event(LessonStarted(0, 0, "rain", (0, 1), OUT))
    for part in ("image", "audio", "clip"):
        progress.on_event(StepStarted(0, 0, 0, part, "by"))  # type: ignore[arg-type]
        progress.on_event(StepEnded(0, 0, 0, part, "by", "kept", 0.0))  # type: ignore[arg-type]
    assert progress.share > 0
    assert progress.to_go == pytest.approx(40)


@pytest.mark.parametrize("lessons", [1, 40])
def test_a_line_fits_into_sixty_columns(lessons: int) -> None:
    """Whatever there is to be told, and however long a name is, no line is wrapped."""
    drawn = Drawn()
    bar = Bar(Progress(lessons, [90] * lessons), drawn)
    bar.expect(12_345, 4_000)
    for number in range(lessons):
        bar(LessonStarted(0, number, "a name that does not end " * 9, tuple(range(90)), OUT))
        for index in range(4):
            bar(StepStarted(0, number, index, "image", "by"))
            bar(SectionEnded(0, number, index + 9, "failed", "x"))
    drawn(bar.text(), False)
    bar.close()
    assert max(map(len, drawn.lines)) <= COLUMNS
    assert "4 failed" in drawn.lines[-1] or "160 failed" in drawn.lines[-1]


def test_the_last_line_is_true_and_stays() -> None:
    """It says what was made, drawn once, whoever closes it again."""
    stream = io.StringIO()
    bar = Bar(Progress(1, [2], Clock()), on_terminal(stream))
    for event in lesson(0, 2):
        bar(event)
    bar(RunEnded(3))
    bar.close()
    last = stream.getvalue().split("\r")[-1]
    assert last.split("|")[2].rstrip(" ") == " 2/2 sections, took 0.0 s\n"
    assert last.startswith("lesson 0 100%|")


def test_a_cancelled_run_says_so() -> None:
    """What was cancelled is not counted, and the last line tells that it was."""
    drawn = Drawn()
    bar = Bar(Progress(1, [2]), drawn)
    bar(LessonStarted(0, 0, "rain", (0, 1), OUT))
    for event in section(0, 0):
        bar(event)
    bar(SectionEnded(1, 0, 1, "cancelled"))
    bar(LessonEnded(1, 0, "rain", None, "cancelled; what was finished is kept"))
    bar.close()
    assert "1/2 sections, cancelled" in drawn.lines[-1]
    assert bar.progress.share < 1


def test_nobody_may_know_how_many_there_are() -> None:
    """Lessons of a generator are counted without a whole."""
    progress = Progress(None)
    for event in lesson(0, 2):
        progress.on_event(event)
    assert progress.status_lines()[:2] == ["1 lesson", "2 sections"]


def test_a_lesson_that_never_began_is_counted() -> None:
    """A faulty file ends without having begun."""
    progress = Progress(2, [None, 1])
    progress.on_event(LessonEnded(0, 0, "broken", None, "no such file"))
    for event in lesson(1, 1):
        progress.on_event(event)
    assert (progress.over, progress.share) == (2, 1.0)
