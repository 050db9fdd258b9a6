"""The meters, fed with events and painted without a browser."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from stand_ins import Rehearsal, written

from vidkit.events import (
    Event,
    GateDecided,
    Paid,
    RunEnded,
    RunStarted,
    Sampled,
    StepEnded,
    StepStarted,
    WorkEnded,
    WorkersChanged,
    WorkStarted,
)
from vidkit.models import Settings
from vidkit.pipeline import Job
from vidkit.providers.simulated import Simulated
from vidkit.store import Budget
from vidkit.studio import Meters
from vidkit.studio.monitor import DECISIONS

EVIL = "<img src=x onerror=alert(1)>"
WHERE = (0, 0, "image", "painter")


def fed(*events: Event, settings: Settings | None = None) -> Meters:
    meters = Meters(settings)
    for event in events:
        meters.on_event(event)
    meters.paint()
    return meters


def told(meters: Meters) -> dict[str, str]:
    """What each meter says, by its name."""
    return {meter.name: meter.status for meter in meters.meters()}


def page(meters: Meters) -> str:
    return json.dumps(meters.widget.meters, ensure_ascii=False)


def test_calls_under_way_and_waiting_are_counted_apart() -> None:
    """A step waits until its request is let through, and again until its retry is."""
    meters = fed(RunStarted(0.0, 1), StepStarted(0.0, *WHERE))
    assert told(meters)["Images by painter"] == "0 under way, 1 waiting"
    meters.on_event(WorkStarted(1.0, *WHERE, 1))
    assert told(meters)["Images by painter"] == "1 under way"
    meters.on_event(WorkEnded(2.0, *WHERE, 1, "too many", 1.0))
    assert told(meters)["Images by painter"] == "0 under way, 1 waiting, told 429 once"
    meters.on_event(WorkStarted(3.0, *WHERE, 2))
    meters.on_event(WorkEnded(4.0, *WHERE, 2, "done", 1.0))
    meters.on_event(StepEnded(4.0, *WHERE, "made", 4.0))
    assert told(meters)["Images by painter"] == "0 under way, told 429 once"
    meters.on_event(RunEnded(4.0))
    assert told(meters)["Images by painter"] == "2 requests, told 429 once"


def test_the_limit_is_the_workers_until_a_gate_says_less() -> None:
    """Before a gate decided, as many may be under way as there are workers; a resize changes it."""
    start = (RunStarted(0.0, 5), StepStarted(0.0, *WHERE), WorkStarted(0.0, *WHERE, 1))
    meters = fed(*start, settings=Settings(section_workers=4, video_workers=2))
    assert told(meters)["Images by painter"] == "1 of 8 under way"
    meters.on_event(WorkersChanged(1.0, 6, 2, "as asked"))
    assert told(meters)["Images by painter"] == "1 of 12 under way"
    meters.on_event(GateDecided(2.0, "painter", "slower", "429", 3, 20.0))
    assert told(meters)["Images by painter"] == "1 of 3 under way, 20 a minute"
    assert meters.meters()[0].full == 1 / 3


def test_a_gate_is_not_taken_for_that_of_the_other_kind() -> None:
    """Where one provider draws and speaks, its two gates have one name: no limit is guessed."""
    voice = (0, 0, "audio", "painter")
    meters = fed(
        WorkStarted(0.0, *WHERE, 1),
        WorkStarted(0.0, *voice, 2),
        GateDecided(1.0, "painter", "slower", "429", 3, 20.0),
    )
    assert told(meters)["Images by painter"] == "1 under way"
    assert "painter slower" in page(meters)


def test_money_is_told_sure_and_unsure_apart() -> None:
    """What was paid, of what may be, and what may have been paid besides."""
    paid = (Paid(0.0, *WHERE, 0.25), Paid(0.0, *WHERE, 0.05, sure=False))
    meters = fed(*paid, settings=Settings(budget=2))
    assert told(meters)["Paid"] == (
        "$0.25 of $2.00; $0.05 more may be gone, for calls never answered"
    )
    shared = fed(*paid[:1], settings=Settings(budget=[5, Budget("course", 40)]))
    assert told(shared)["Paid"] == "$0.25 of $5.00, from the $40.00 of course"
    assert told(fed(*paid[:1]))["Paid"] == "$0.25"


def test_what_is_nearly_used_up_warns() -> None:
    """Money, memory and disk that run out are shown as such."""
    meters = fed(
        Paid(0.0, *WHERE, 1.95),
        Sampled(1.0, 1.5, 2, 7_500_000_000, 8_000_000_000, 300_000_000, 4),
        settings=Settings(budget=2),
    )
    tones = {meter.name: meter.tone for meter in meters.meters()}
    assert tones == {
        "Processor": "working", "Memory": "failed", "Disk": "failed", "Paid": "failed",
    }  # fmt: skip
    assert told(meters)["Memory"] == "7.5 GB of 8.0 GB"
    assert told(meters)["Disk"] == "300 MB free"


def test_the_last_decisions_stay_in_sight() -> None:
    """The latest first, a few of them, each with when and why."""
    meters = fed(*(GateDecided(i, "painter", "slower", f"why {i}", 3) for i in range(9)))
    assert len(meters.widget.meters["decisions"]) == DECISIONS
    assert page(meters).index("why 8") < page(meters).index("why 7")
    assert "why 3" not in page(meters)


def test_nothing_is_sent_while_nothing_changes() -> None:
    """A paint without news costs nothing, and one with news that nobody sees sends nothing."""
    meters = fed(RunStarted(0.0, 1), Sampled(1.0, 1.5, 2, 10**9, 9 * 10**9, 10**11, 4))
    sent: list[object] = []
    meters.widget.observe(sent.append, "meters")
    meters.paint()
    meters.on_event(Sampled(2.0, 1.5, 2, 10**9 + 5, 9 * 10**9, 10**11, 4))
    meters.paint()
    assert not sent


def test_names_and_reasons_are_text() -> None:
    """A provider's name and its message are shown as text, without control characters."""
    meters = fed(
        WorkStarted(0.0, 0, 0, "image", EVIL, 1),
        GateDecided(0.0, EVIL, "waits", f"{EVIL}\x1b[2J", 1, None, 5.0),
    )
    assert EVIL in page(meters)
    assert "<img" not in meters.page()
    assert "\\u001b" not in page(meters)
    assert "\x1b" not in repr(meters)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 300), st.sampled_from([0.0, 0.4]), st.integers(1, 4))
def test_counts_hold_at_every_moment(
    tmp_path_factory: object, heard: int, errors: float, workers: int
) -> None:
    """However much of a run was heard, as many calls are under way as were begun and not ended;
    at its end there is none.
    """
    folder = tmp_path_factory.mktemp("run")  # type: ignore[attr-defined]
    maker = Simulated(latency=3, spread=0.9, errors=errors, seconds=0.1)
    rehearsal = Rehearsal(Settings(section_workers=workers), images=maker)
    rehearsal.make([Job(written(folder, f"l{i}", 5), folder / f"o{i}") for i in range(2)])
    meters, begun = Meters(), 0
    for event in rehearsal.events[:heard]:
        meters.on_event(event)
        begun += isinstance(event, WorkStarted) and event.step != "join"
        begun -= isinstance(event, WorkEnded) and event.step != "join"
    if heard < len(rehearsal.events):
        rows = [meter.status for meter in meters.meters() if "under way" in meter.status]
        assert sum(int(row.split()[0]) for row in rows) == begun
    for event in rehearsal.events[heard:]:
        meters.on_event(event)
    assert not meters._open
    assert not meters._pieces
