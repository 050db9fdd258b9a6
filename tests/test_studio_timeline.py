"""The timeline's panel, fed with events and painted without a browser."""

from __future__ import annotations

from vidkit.events import (
    Event,
    LessonStarted,
    Noticed,
    RunEnded,
    RunStarted,
    StepEnded,
    StepStarted,
    WorkEnded,
    WorkStarted,
)
from vidkit.studio import Timeline
from vidkit.studio.monitor import BYTES_A_SECOND, STILL

EVIL = "<img src=x onerror=alert(1)></svg>"


class Clock:
    """A clock that stands still until it is set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def a_panel(*events: Event) -> tuple[Timeline, Clock]:
    clock = Clock()
    panel = Timeline(clock)
    assert panel.widget.timeline  # it is shown before the run begins
    clock.now += 60
    for event in events:
        panel.on_event(event)
    return panel, clock


def page(panel: Timeline) -> str:
    return str(panel.widget.timeline["picture"])


def test_a_call_is_a_bar_as_soon_as_it_begins() -> None:
    """What began is in the picture at the next paint, told in words besides."""
    panel, _ = a_panel(RunStarted(0.0, 1), StepStarted(0.0, 0, 4, "image", "painter"))
    panel.paint()
    assert 'role="img"' in page(panel)
    assert "1 image waiting" in page(panel)
    assert "section 5: image by painter" in page(panel)


def test_what_lasts_grows_with_the_clock() -> None:
    """While nothing is heard the picture moves on, and at most a few times a second."""
    panel, clock = a_panel(RunStarted(0.0, 1), StepStarted(0.0, 0, 0, "image", "painter"))
    panel.paint()
    before = page(panel)
    clock.now += STILL / 2
    panel.paint()
    assert page(panel) == before
    clock.now += 5
    panel.paint()
    assert "lasts, 5.1 s" in page(panel)


def test_after_the_end_nothing_is_sent() -> None:
    """A run that is over is painted once more, and then never."""
    panel, clock = a_panel(RunStarted(0.0, 1), StepStarted(0.0, 0, 0, "image", "painter"))
    panel.paint()
    panel.on_event(StepEnded(7.0, 0, 0, "image", "painter", "made", 7.0))
    panel.on_event(RunEnded(7.0))
    panel.paint()
    assert "Timeline of 7.0 s: 1 image made" in page(panel)
    sent: list[object] = []
    panel.widget.observe(sent.append, "timeline")
    clock.now += 60
    panel.paint()
    assert not sent


def test_a_note_from_before_the_run_sets_no_clock() -> None:
    """A note of the store says nothing about when the run began."""
    panel, clock = a_panel(Noticed(0.0, None, "the store is full"))
    clock.now += 50
    panel.on_event(RunStarted(0.0, 1))
    panel.on_event(StepStarted(0.0, 0, 0, "image", "painter"))
    panel.paint()
    assert "lasts, 0.0 s" in page(panel)


def test_the_panel_can_be_opened_in_the_middle_of_a_run() -> None:
    """The run's clock is taken from the first event that is heard."""
    panel, _ = a_panel(StepStarted(300.0, 0, 0, "image", "painter"))
    panel.paint()
    assert "Timeline of 5 min 00 s so far" in page(panel)


def test_a_large_picture_is_sent_less_often() -> None:
    """What is sent stays under what a slow connection bears, whatever happens in the run."""
    panel, clock = a_panel(RunStarted(0.0, 1))
    sent: list[int] = []
    panel.widget.observe(lambda change: sent.append(len(change.new["picture"])), "timeline")
    for number in range(300):
        clock.now += 0.1
        where, at = (0, number, "image", "painter"), number / 10
        panel.on_event(StepStarted(at, *where))
        panel.on_event(WorkStarted(at, *where, number))
        panel.on_event(WorkEnded(at + 0.05, *where, number, "done", 0.05))
        panel.on_event(StepEnded(at + 0.05, *where, "made", 0.05))
        panel.paint()
    assert sum(sent) <= 30 * BYTES_A_SECOND + max(sent)
    assert len(sent) > 60


def test_the_last_two_minutes_alone() -> None:
    """The button leaves out what was over before, and brings it back."""
    events: list[Event] = [RunStarted(0.0, 1)]
    for number in range(30):
        where = (0, number, "image", "painter")
        events += [StepStarted(number * 10.0, *where)]
        events += [StepEnded(number * 10.0 + 9, *where, "failed", 9.0)]
    panel, clock = a_panel(*events)
    clock.now += 10
    panel.paint()
    assert panel.widget.timeline["long"]
    assert "section 2:" in page(panel)
    panel.turn()
    assert "section 2:" not in page(panel)
    assert "section 30:" in page(panel)
    panel.turn()
    assert "section 2:" in page(panel)


def test_names_are_text() -> None:
    """Whatever a lesson is called, the picture holds it as text."""
    panel, _ = a_panel(
        RunStarted(0.0, 2),
        *(LessonStarted(0.0, i, EVIL, (0,), None) for i in range(2)),  # type: ignore[arg-type]
        *(StepStarted(0.0, i, 0, "image", EVIL) for i in range(2)),
        StepEnded(9.0, 0, 0, "image", EVIL, "failed", 9.0, None, EVIL),
    )
    panel.paint()
    assert "&lt;img" in page(panel)
    assert "<img" not in page(panel)
    assert page(panel).count("</svg>") == page(panel).count("<svg")


def test_the_same_picture_as_a_png() -> None:
    """For a notebook that is read later there is a PNG."""
    panel, _ = a_panel(RunStarted(0.0, 1), StepStarted(0.0, 0, 0, "image", "painter"))
    assert panel.png().startswith(b"\x89PNG")
    assert "1 image waiting" in repr(panel)
